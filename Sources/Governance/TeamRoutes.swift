import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct TeamList: Sendable {
    let list: Listing<StewardTeam>
    let areas: [AreaID: Area]
    let places: [Area]
    let bodies: [Body]
}

struct TeamView: Sendable {
    let team: StewardTeam
    let area: Area
    let body: Body?
    let members: [TeamMember]
    let badges: [Badge]
    let duties: [PersonID: [HeldPost]]
    let people: [PersonID: String]
    let mayEdit: Bool
    let today: Day
}

/// A badge as it is printed and as anybody sees it by its code.
struct BadgeView: Sendable {
    let badge: Badge
    let name: String
    let team: String
    let area: String
    let organisation: String
    let duties: [HeldPost]
    let holds: Bool

    var title: Phrase {
        let roles = Set(duties.map(\.role))
        return roles == [.grid] ? .kindGridOfficer : roles.count > 1 ? .badgeBoth : .badgeRole
    }
}

extension GovernanceShapes {
    static let team = Shape<StewardTeam>.object("StewardTeam") {
        Member("id", .id()) { $0.id }
        Member("area", .id()) { $0.area }
        Member("organisation", .id()) { $0.organisation }
        Member("name", .words) { $0.name }
        Member("version", .whole) { $0.version }
    }
    struct TeamMemberRow: Sendable {
        let member: TeamMember
        let name: String?
        let duties: [HeldPost]
    }
    static let teamMember = Shape<TeamMemberRow>.object("StewardTeamMember") {
        Member("id", .id()) { ID<AreaTag>($0.member.id) }
        Member("person", .id()) { $0.member.person }
        Member("name", name) { $0.name }
        Member("lead", .flag) { $0.member.lead }
        Member("from", .day) { $0.member.from }
        Member("roles", DirectoryShapes.role.list(), "Steward, grid officer or both, by the posts of today.") {
            $0.duties.map(\.role)
        }
        Member("version", .whole) { $0.member.version }
    }
    static let badge = Shape<Badge>.object("Badge") {
        Member("id", .id()) { $0.id }
        Member("person", .id()) { $0.person }
        Member("year", .whole, "Of its number.") { $0.year }
        Member("serial", .whole) { $0.serial }
        Member("code", .words, "By which anybody checks it.") { $0.code }
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("withdrawn", Shape<Instant>.time.orNull) { $0.withdrawn }
        Member("withdrawn_words", .words) { $0.withdrawnWords }
        Member("version", .whole) { $0.version }
    }
    static let teamDetail = Shape<TeamView>.object("StewardTeamDetail") {
        Member("team", team) { $0.team }
        Member("members", teamMember.list()) { view in
            view.members.map {
                TeamMemberRow(member: $0, name: view.people[$0.person], duties: view.duties[$0.person] ?? [])
            }
        }
        Member("badges", badge.list(), "The newest first.") { $0.badges }
    }
    static let badgeCheck = Shape<BadgeView>.object("BadgeCheck") {
        Member("year", .whole) { $0.badge.year }
        Member("serial", .whole) { $0.badge.serial }
        Member("holds", .flag) { $0.holds }
        Member("name", name, "Null for one that no longer holds.") { $0.holds ? $0.name : nil }
        Member("team", name) { $0.holds ? $0.team : nil }
        Member("area", name) { $0.holds ? $0.area : nil }
        Member("to", .day) { $0.badge.to }
    }
}

extension GovernanceHouse {
    func teamRoutes(_ table: RouteTable) {
        let list = Room<TeamList>(
            page: "/desk/teams", access: .verb(.governanceRead),
            load: { request, context in try await teams(Part(request), context.actor) },
            title: { $1.words(.teamsTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/teams", .verb(.governanceEdit), list, table) { sent, context in
            let team = StewardTeam(
                id: world.id(), area: try sent.id("area"), organisation: try sent.id("organisation"),
                name: sent["name"])
            try await desk.addTeam(team, by: context.actor)
            return Href("/desk/teams/", team.id.text)
        }
        let one = Room<TeamView>(
            page: "/desk/teams/:id", access: .verb(.governanceRead),
            load: { _, context in try await team(context.id("id"), context.actor) },
            title: { view, _ in view.team.name }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/teams/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", TeamTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.team(id, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "member":
                try await desk.addMember(try named(sent), lead: sent["lead"] == "1", toTeam: id, by: actor)
            case "memberEnd":
                try await desk.endMember(
                    try sent.id("member", AreaTag.self).raw, ofTeam: id, was: try sent.version(), by: actor)
            case "badge":
                try await desk.giveBadge(
                    to: try sent.id("person"), of: id, until: try sent.day("to"), by: actor)
            case let way where way.hasPrefix("withdraw-"):
                try await desk.withdrawBadge(
                    try sent.id("badge"), of: id, words: sent["why"], was: try sent.version(), by: actor)
            case "end":
                try await desk.endTeam(id, was: try sent.version(), by: actor)
                return Href("/desk/teams")
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Href("/desk/teams/", id.text)
        }
        table.get("/desk/team-badges/:id", .verb(.governanceRead)) { _, context in
            let id = try context.id("id", BadgeTag.self)
            let actor = context.actor
            let badge = try await database.read { transaction in
                guard let badge = try TeamStore.badge(id, transaction) else { throw GovernanceRefusal.notFound }
                _ = try GovernanceDesk.team(badge.team, .governanceRead, actor, transaction)
                return badge
            }
            return try await paper(badge.code, context)
        }
        table.get("/badges/:id", .everyone) { _, context in
            let view = try await badge(context.parameters.get("id") ?? "")
            let kit = Kit(context)
            let number = view.badge.number(context.words)
            let about: HTML =
                view.holds
                ? kit.facts([
                    (.governancePerson, "\(view.name)"), (.badgeRole, "\(context.words(view.title))"),
                    (.teamName, "\(view.team)"), (.teamPlace, "\(view.area)"),
                    (.badgeUntil, "<span class=num>\(view.badge.to.description)</span>"),
                ]) : .empty
            let main = kit.page(
                number, context.words(.badgeCheck),
                view.holds ? kit.state(.ok, .badgeHolds) : kit.state(.late, .badgeOver), about)
            return directory.shown(Page(title: number, frame: .open, main: main), nil, context)
        }
        teamAPI(table)
    }

    private struct TeamAsked: Asked {
        let area: AreaID
        let organisation: OrganisationID
        let name: String
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id(), "An estate or a community.")
            organisation = try ask.body("organisation", .id(), "Who keeps the team.")
            name = try ask.body.typed("name", 1...40)
        }
    }
    private struct BadgeAsked: Asked {
        let id: ID<TeamTag>
        let person: PersonID
        let to: Day
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            person = try ask.body("person", .id(), "A member of the team.")
            to = try ask.body("to", .day, "Its last day.")
        }
    }
    private struct CodeAsked: Asked {
        let code: String
        init(_ ask: Ask) throws { code = try ask.path("id", .text(1...40), "The code of the badge.") }
    }

    private func teamAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/teams", .verb(.governanceRead), .list("Teams of red stewards."), ListAsked.self,
            GovernanceShapes.team.slices
        ) { asked, call in .ok(try await teams(Part(asked.paging), call.actor).list.slice { $0 }) }
        table.post(
            "/api/v1/teams", .verb(.governanceEdit),
            .act("Makes a team.", [.wrongLevel, .badChoice(""), .bodyTaken]), TeamAsked.self, Made.shape, makes: true
        ) { asked, call in
            let team = StewardTeam(
                id: world.id(), area: asked.area, organisation: asked.organisation, name: asked.name)
            try await desk.addTeam(team, by: call.actor)
            return .made(Made(team.id.text), at: "/api/v1/teams/\(team.id.text)")
        }
        table.get(
            "/api/v1/teams/:id", .verb(.governanceRead), .one("One team with its members and badges."),
            OneAsked<TeamTag>.self, GovernanceShapes.teamDetail
        ) { asked, call in
            let view = try await team(asked.id, call.actor)
            return .ok(view, version: view.team.version)
        }
        table.post(
            "/api/v1/teams/:id/members", .verb(.governanceEdit),
            .act("Adds a steward or a grid officer to a team.", [.linkedTwice, .noSteward]), MemberAsked<TeamTag>.self,
            .nothing
        ) { asked, call in
            try await desk.addMember(try named(asked.person), lead: asked.lead, toTeam: asked.id, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/teams/:id/members/:part/end", .verb(.governanceEdit),
            .act("Somebody leaves a team; their badge goes with it.", [.changedMeanwhile]),
            PartAsked<TeamTag, AreaTag>.self, .nothing
        ) { asked, call in
            try await desk.endMember(asked.part.raw, ofTeam: asked.id, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/teams/:id/end", .verb(.governanceEdit), .act("Dissolves a team.", matches: true),
            SeenAsked<TeamTag>.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) { try await desk.endTeam(asked.id, was: $0, by: call.actor) }
        }
        table.post(
            "/api/v1/teams/:id/badges", .verb(.governanceEdit),
            .act("Gives a member a badge.", [.badChoice(""), .badDay(""), .noSteward, .badgedAlready]),
            BadgeAsked.self, .nothing
        ) { asked, call in
            try await desk.giveBadge(to: asked.person, of: asked.id, until: asked.to, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/teams/:id/badges/:part/withdrawal", .verb(.governanceEdit),
            .act("Takes a badge back.", [.changedMeanwhile]), TakenBackAsked<TeamTag, BadgeTag>.self, .nothing
        ) { asked, call in
            try await desk.withdrawBadge(
                asked.part, of: asked.id, words: asked.why, was: asked.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/badges/:id", .everyone, .one("Whether a badge holds, by the code that it shows."),
            CodeAsked.self, GovernanceShapes.badgeCheck
        ) { asked, _ in .ok(try await badge(asked.code)) }
    }

    private func teams(_ part: Part, _ actor: Actor) async throws -> TeamList {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        return try await database.read { transaction in
            let found = try TeamStore.list(scope, after: part.cursor, limit: part.limit + 1, transaction)
            return TeamList(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try offer.places(5...6, limit: 300, transaction),
                bodies: try offer.bodies(in: scope, transaction)
                    .filter { !$0.kind.revealsMembers })
        }
    }

    private func team(_ id: ID<TeamTag>, _ actor: Actor) async throws -> TeamView {
        let today = today
        return try await database.read { transaction in
            let (found, area, _) = try GovernanceDesk.team(id, .governanceRead, actor, transaction)
            let members = try TeamStore.members(of: id, transaction)
            let badges = try TeamStore.badges(of: id, transaction)
            var duties: [PersonID: [HeldPost]] = [:]
            for member in members {
                duties[member.person] = try GovernanceDesk.duties(
                    of: member.person, at: area, on: today, transaction)
            }
            return TeamView(
                team: found, area: area, body: try BodyStore.body(found.organisation, transaction),
                members: members, badges: badges, duties: duties,
                people: try DirectoryStore.names(of: members.map(\.person) + badges.map(\.person), transaction),
                mayEdit: actor.may(.governanceEdit, at: area.path), today: today)
        }
    }

    /// A badge by its code: it holds while it is in date and not withdrawn, and its holder is in the team and has the post.
    private func badge(_ code: String) async throws -> BadgeView {
        let today = today
        // What is no code at all is not asked for.
        guard code.utf8.count == 12, code.utf8.allSatisfy({ (0x32...0x5A).contains($0) }) else {
            throw GovernanceRefusal.notFound
        }
        return try await database.read { transaction in
            guard let badge = try TeamStore.badge(code, transaction),
                let team = try TeamStore.load(badge.team, transaction),
                let area = try DirectoryStore.area(team.area, transaction)
            else { throw GovernanceRefusal.notFound }
            let duties = try GovernanceDesk.duties(of: badge.person, at: area, on: today, transaction)
            let isMember = try TeamStore.members(of: team.id, transaction).contains { $0.person == badge.person }
            return BadgeView(
                badge: badge, name: try DirectoryStore.personName(badge.person, transaction) ?? "", team: team.name,
                area: area.name, organisation: try BodyStore.body(team.organisation, transaction)?.name ?? "",
                duties: duties,
                holds: badge.withdrawn == nil && team.ended == nil && badge.from <= today && today <= badge.to
                    && isMember && !duties.isEmpty)
        }
    }

    /// The badge for paper.
    private func paper(_ code: String, _ context: WebContext) async throws -> Response {
        let view = try await badge(code)
        let words = context.words
        let address = "\(directory.settings.publicURL)/badges/\(view.badge.code)"
        let picture: HTML =
            QRCode(address).map { "<div class=\"qrcode\">\($0.svg(label: words(.badgeQR)))</div>" } ?? .empty
        let duties = view.duties.map { post -> HTML in
            "<p>\(Self.duty(post, words))</p>"
        }
        // Said by a post of theirs already, as a rule.
        let isSaid = view.duties.contains { $0.organisationName == view.organisation }
        let body: HTML = isSaid ? .empty : "<p>\(view.organisation)</p>"
        let state: HTML = view.holds ? .empty : "<p><span class=\"state late\">\(words(.badgeOver))</span></p>"
        let main: HTML = """
            <article class="card stack narrow poster"><p class="num">\(view.badge.number(words))</p>\(state)
            <h1>\(view.name)</h1><p class="lead">\(words(view.title))</p><p><b>\(view.team)</b></p>
            <p>\(view.area)</p>\(HTML.joined(duties))\(body)\(picture)
            <p class="small">\(words(.badgeUntilDay, view.badge.to.description))</p></article>
            <p class="no-print help">\(words(.badgePrint))</p>
            """
        return directory.shown(
            directory.staffPage(view.badge.number(words), main, context), nil, context)
    }

    private static func main(_ list: TeamList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.list.rows.map { team in
            kit.link(Href("/desk/teams/", team.id.text), team.name, list.areas[team.area]?.name ?? "")
        }
        let add: HTML =
            list.places.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/teams"), .teamAdd, kit.text("add", "name", .teamName, most: 40),
                kit.pair(
                    kit.select("add", "area", .teamPlace, kit.places(list.places)),
                    kit.select(
                        "add", "organisation", .teamBy, list.bodies.map { (value: $0.id.text, label: $0.name) })))
        return kit.page(
            words(.teamsTitle), "", kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/teams"), kit.context), ExportLinks.make("teams", kit.context), add)
    }

    static func duty(_ post: HeldPost, _ words: Words) -> String {
        "\(post.organisationName) · \(words(post.role.phrase)) · \(post.areaName)"
    }

    private static func main(_ view: TeamView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/teams/", view.team.id.text)
        let members = view.members.map { m -> HTML in
            let duties = (view.duties[m.person] ?? []).map { duty($0, words) }
            return kit.row(
                view.people[m.person] ?? "",
                "\(duties.isEmpty ? words(.teamNoDuty) : duties.joined(separator: " / "))",
                tag: m.lead ? words(.teamLead) : "",
                end: view.mayEdit
                    ? kit.button(
                        "memberEnd", here, .teamMemberEnd,
                        hidden: [("member", m.text), ("version", String(m.version))]) : .empty)
        }
        let badges = view.badges.map { b -> HTML in
            let isOn = b.isRunning(on: view.today)
            return kit.link(
                Href("/desk/team-badges/", b.id.text), view.people[b.person] ?? "",
                "\(kit.days(b.from, b.to)) \(b.withdrawnWords)", tag: b.number(words),
                state: isOn ? kit.state(.ok, .badgeHolds) : kit.state(.plain, .badgeOver))
        }
        var forms = HTML.empty
        if view.mayEdit {
            let bare = view.members.filter { m in
                !view.badges.contains { $0.person == m.person && $0.withdrawn == nil }
            }
            forms += kit.form(
                "member", here, .teamMemberAdd, kit.person("member"),
                kit.checks("member", "lead", .teamRole, [("1", words(.teamLead))]))
            if !bare.isEmpty {
                forms += kit.form(
                    "badge", here, .badgeGive, primary: false,
                    kit.pair(
                        kit.select(
                            "badge", "person", .badgeFor,
                            bare.map { (value: $0.person.text, label: view.people[$0.person] ?? "") }),
                        kit.day("badge", "to", .badgeUntil, value: view.today.adding(364))))
            }
            for b in view.badges.prefix(50) where b.withdrawn == nil {
                let way = "withdraw-\(b.id.text)"
                forms += kit.form(
                    way, here, .badgeWithdraw, hidden: [("badge", b.id.text), ("version", String(b.version))],
                    primary: false, "<p class=\"help\">\(b.number(words)) \(view.people[b.person] ?? "")</p>",
                    kit.text(way, "why", .governanceWhy, most: 200))
            }
            forms += kit.button("end", here, .teamEnd, hidden: [("version", String(view.team.version))])
        }
        return kit.page(
            view.team.name, view.area.name,
            kit.facts([(.teamPlace, "\(view.area.name)"), (.teamBy, "\(view.body?.name ?? "")")]),
            kit.section(
                .teamMembers,
                kit.rows(members, none: .governanceNone)
                    + ExportLinks.inside("team-members", view.team.id.text, kit.context)),
            kit.section(
                .badgesTitle,
                kit.rows(badges, none: .governanceNone)
                    + ExportLinks.inside("team-badges", view.team.id.text, kit.context)), forms)
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// Who is who at a place: every slot with its holder or its vacancy, or the roll-up of the communities below.
struct WhoView: Sendable {
    struct Line: Sendable {
        let place: Area
        let zone: GovernanceZone?
        let slot: Slot
        let holder: SlotHolder?
    }
    struct Roll: Sendable {
        let area: Area
        let filled: Int
        let all: Int
    }
    let area: Area
    var lines: [Line] = []
    var rolls: [Roll] = []
    var projects: [AreaID: ProjectType] = [:]
    var bodies: [OrganisationID: Body] = [:]
    var people: [PersonID: String] = [:]
    var choices: [Body] = []
    var mayEdit = false
    var mayParty = false

    func shows(_ line: Line) -> Bool { mayParty || !line.slot.reveals }
    var vacant: Int { lines.filter { $0.holder == nil }.count }
}

extension GovernanceShapes {
    struct WhoLine: Sendable {
        let line: WhoView.Line
        let body: String?
        let contact: String?
    }
    static let whoLine = Shape<WhoLine>.object("WhoSlot") {
        Member("place", .id()) { $0.line.place.id }
        Member("place_name", .words) { $0.line.place.name }
        Member("zone", Shape<AreaID>.id().orNull) { $0.line.zone.map { AreaID($0.id) } }
        Member("zone_name", name) { $0.line.zone?.name }
        Member("slot", slot) { $0.line.slot }
        Member("organisation", Shape<OrganisationID>.id().orNull, "Null where it is vacant.") {
            $0.line.holder?.organisation
        }
        Member("organisation_name", name) { $0.body }
        Member("contact", name, "Null where one may not see it.") { $0.contact }
        Member("since", day) { $0.line.holder?.from }
        Member("version", .whole, "0 where it is vacant.") { $0.line.holder?.version ?? 0 }
    }
    static let slot = Shape<Slot>.choice(Slot.allCases) { $0.code }
    static let project = Shape<ProjectType>.choice(ProjectType.allCases) { $0.code }
    struct EstateProject: Sendable {
        let estate: AreaID
        let type: ProjectType
    }
    static let estateProject = Shape<EstateProject>.object("EstateProject") {
        Member("estate", .id()) { $0.estate }
        Member("project", project, "What it was built for.") { $0.type }
    }
    static let roll = Shape<WhoView.Roll>.object("WhoBelow") {
        Member("area", .id()) { $0.area.id }
        Member("name", .words) { $0.area.name }
        Member("filled", .whole) { Int64($0.filled) }
        Member("slots", .whole) { Int64($0.all) }
    }
    static let who = Shape<WhoView>.object("Who") {
        Member("area", .id()) { $0.area.id }
        Member("name", .words) { $0.area.name }
        Member("slots", whoLine.list(), "Of a community or an estate.") { view in
            view.lines.map { line in
                WhoLine(
                    line: line, body: line.holder.flatMap { view.bodies[$0.organisation]?.name },
                    contact: view.shows(line) ? line.holder?.person.flatMap { view.people[$0] } : nil)
            }
        }
        Member("projects", estateProject.list()) { view in
            view.projects.sorted { $0.key < $1.key }.map { EstateProject(estate: $0.key, type: $0.value) }
        }
        Member("below", roll.list(), "The communities of anything wider.") { $0.rolls }
    }
    static let place = Shape<Area>.object("WhoPlace") {
        Member("area", .id()) { $0.id }
        Member("name", .words) { $0.name }
        Member("level", DirectoryShapes.level) { $0.level }
    }
}

extension GovernanceHouse {
    func slotRoutes(_ table: RouteTable) {
        table.get("/desk/who", .verb(.governanceRead)) { _, context in
            let areas = try await whoPlaces(context.actor)
            if areas.count == 1 { return Answer.redirect(Href("/desk/who/", areas[0].id.text)) }
            let kit = Kit(context)
            let rows = areas.map {
                kit.link(Href("/desk/who/", $0.id.text), $0.name, context.words($0.level.phrase))
            }
            let main = kit.page(
                context.words(.whoTitle), "", kit.rows(rows, none: .governanceNone), ExportLinks.make("who", context))
            return directory.shown(directory.staffPage(context.words(.whoTitle), main, context), nil, context)
        }
        let room = Room<WhoView>(
            page: "/desk/who/:id", access: .verb(.governanceRead),
            load: { _, context in try await who(context.id("id"), context.actor) },
            title: { view, context in context.words(.whoOf, view.area.name) }, main: { Self.main($0, Kit($2, $1)) })
        open(room, table)
        write("/desk/who/:id", .verb(.governanceEdit), room, table) { sent, context in
            let page = try context.id("id", AreaTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.place(page, .governanceEdit, actor, $0) }
            if sent["way"] == "project" {
                try await desk.setProject(
                    try sent.choice("project", \ProjectType.code), of: try sent.id("area"),
                    was: try sent.choice("was", \ProjectType.code), by: actor)
                return Href("/desk/who/", page.text)
            }
            try await desk.fill(
                try sent.choice("slot", \Slot.code), at: try sent.id("area"),
                zone: try sent.optionalID("zone", AreaTag.self)?.raw ?? 0,
                with: try sent.optionalID("organisation"), contact: try await contact(sent["phone"], sent["name"]),
                was: try sent.number("version", 0...Int64.max >> 1), by: actor)
            return Href("/desk/who/", page.text)
        }
        slotAPI(table)
    }

    private struct FillAsked: Asked {
        let id: AreaID
        let slot: Slot
        let zone: AreaID?
        let organisation: OrganisationID?
        let phone: String
        let name: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            slot = try ask.body("slot", GovernanceShapes.slot)
            zone = try ask.body.optional("zone", .id(), "The grid whose slot it is.")
            organisation = try ask.body.optional("organisation", .id(), "Missing leaves it vacant.")
            phone = try ask.body.typedOrNone("phone", 24, "Of the contact, who is known already.")
            name = try ask.body.typedOrNone("name", 40, "Of the contact.")
            version = try ask.body("version", Seen.versions, "The edition that was read; 0 for a vacancy.")
        }
    }
    private struct ProjectAsked: Asked {
        let id: AreaID
        let project: ProjectType
        let was: ProjectType
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            project = try ask.body("project", GovernanceShapes.project)
            was = try ask.body("was", GovernanceShapes.project, "What was read.")
        }
    }

    private func slotAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/who", .verb(.governanceRead), .list("The places of one's own posts."), Nothing.self,
            GovernanceShapes.place.slices
        ) { _, call in .ok(Slice(try await whoPlaces(call.actor))) }
        table.get(
            "/api/v1/who/:id", .verb(.governanceRead),
            .one("Who is who at a place: every slot with its holder or its vacancy."), OneAsked<AreaTag>.self,
            GovernanceShapes.who
        ) { asked, call in .ok(try await who(asked.id, call.actor)) }
        table.post(
            "/api/v1/who/:id/slots", .verb(.governanceEdit),
            .act("Fills a slot of a place, or leaves it vacant.", [.slotDoesNotFit, .wrongLevel, .changedMeanwhile]),
            FillAsked.self, .nothing
        ) { asked, call in
            let actor = call.actor
            _ = try await database.read { try GovernanceDesk.place(asked.id, .governanceEdit, actor, $0) }
            try await desk.fill(
                asked.slot, at: asked.id, zone: asked.zone?.raw ?? 0, with: asked.organisation,
                contact: try await contact(asked.phone, asked.name), was: asked.version, by: actor)
            return .done
        }
        table.post(
            "/api/v1/who/:id/project", .verb(.governanceEdit),
            .act("Says what an estate was built for.", [.wrongLevel, .changedMeanwhile]), ProjectAsked.self, .nothing
        ) { asked, call in
            try await desk.setProject(asked.project, of: asked.id, was: asked.was, by: call.actor)
            return .done
        }
    }

    private func whoPlaces(_ actor: Actor) async throws -> [Area] {
        let ids = Set(try actor.scope(.governanceRead).places.map(\.area)).sorted()
        let areas = try await database.read { try DirectoryStore.areas(ids, $0) }
        return ids.compactMap { areas[$0] }
    }

    /// Somebody named by phone; nil when no phone was sent.
    private func contact(_ phone: String, _ name: String) async throws -> PersonID? {
        guard !phone.isEmpty else { return nil }
        let named = try NamedPerson(phone: phone, name: name, secrets: directory.secrets, world: world)
        let now = world.now()
        return try await database.write { try named.find(at: now, $0) }
    }

    private func who(_ id: AreaID, _ actor: Actor) async throws -> WhoView {
        let (view, post) = try await database.read { transaction in
            let (area, _) = try GovernanceDesk.place(id, .governanceRead, actor, transaction)
            var view = WhoView(area: area)
            view.mayEdit = actor.may(.governanceEdit, at: area.path)
            let party = actor.post(for: .partyRead, at: area.path)
            view.mayParty = party != nil
            if area.level < .community {
                view.rolls = try Self.rolls(area, transaction)
                return (view, party)
            }
            try Self.fill(&view, transaction)
            return (view, party)
        }
        if let post, view.lines.contains(where: { $0.slot.reveals && $0.holder?.person != nil }) {
            try await desk.looked("who", id.raw, at: view.area, by: actor, post)
        }
        return view
    }

    private static func rolls(_ area: Area, _ transaction: any ReadTransaction) throws -> [WhoView.Roll] {
        try DirectoryStore.areas(under: area.path, level: .community, transaction).map { community in
            var view = WhoView(area: community)
            try fill(&view, transaction)
            return WhoView.Roll(area: community, filled: view.lines.count - view.vacant, all: view.lines.count)
        }
    }

    static func fill(_ view: inout WhoView, _ transaction: any ReadTransaction) throws {
        let area = view.area
        let estates =
            area.level == .estate
            ? [area]
            : area.level == .community
                ? try DirectoryStore.areas(under: area.path, level: .estate, transaction) : []
        let zones = area.level == .community ? try ZoneStore.zones(at: area.id, transaction) : []
        let held = try SlotStore.held([area.id] + estates.map(\.id), transaction)
        func holder(_ place: AreaID, _ zone: Int64, _ slot: Slot) -> SlotHolder? {
            held.first { $0.area == place && $0.zone == zone && $0.slot == slot }
        }
        if area.level == .community {
            view.lines = Slot.community.map {
                WhoView.Line(place: area, zone: nil, slot: $0, holder: holder(area.id, 0, $0))
            }
        }
        for estate in estates {
            view.lines += Slot.estate.map {
                WhoView.Line(place: estate, zone: nil, slot: $0, holder: holder(estate.id, 0, $0))
            }
            view.projects[estate.id] = try BodyStore.project(of: estate.id, transaction)
        }
        for zone in zones where zone.kind.isGrid {
            view.lines += Slot.grid.map {
                WhoView.Line(place: area, zone: zone, slot: $0, holder: holder(area.id, zone.id, $0))
            }
        }
        view.bodies = try BodyStore.bodies(Set(view.lines.compactMap { $0.holder?.organisation }), transaction)
        let people = view.lines.filter(view.shows).compactMap { $0.holder?.person }
        view.people = try DirectoryStore.names(of: people, transaction)
        guard view.mayEdit else { return }
        view.choices = try BodyStore.bodies(serving: area.path, transaction)
        for estate in estates where estate.id != area.id {
            view.choices += try BodyStore.bodies(serving: estate.path, transaction).filter {
                $0.organisation.area == estate.id
            }
        }
    }

    private static func main(_ view: WhoView, _ kit: Kit) -> HTML {
        let words = kit.words
        if view.area.level < .community {
            let rows = view.rolls.map { roll -> HTML in
                kit.link(
                    Href("/desk/who/", roll.area.id.text), roll.area.name,
                    words(.whoFilled, String(roll.filled), String(roll.all)),
                    state: roll.filled == roll.all ? kit.state(.ok, .whoAll) : kit.state(.wait, .whoVacant))
            }
            return kit.page(
                words(.whoOf, view.area.name), words(view.area.level.phrase), kit.rows(rows, none: .governanceNone),
                ExportLinks.make("who", kit.context))
        }
        var groups: [(title: String, tag: String, lines: [WhoView.Line])] = []
        for line in view.lines {
            let title = line.zone?.name ?? line.place.name
            if groups.last?.title == title {
                groups[groups.count - 1].lines.append(line)
            } else {
                let tag =
                    line.zone.map { words($0.kind.phrase) }
                    ?? (line.place.level == .estate
                        ? words((view.projects[line.place.id] ?? .unsaid).phrase) : words(line.place.level.phrase))
                groups.append((title, tag, [line]))
            }
        }
        let sections = groups.map { group -> HTML in
            let rows = group.lines.map { Self.line($0, view, kit) }
            let place = group.lines[0].place
            let project: HTML =
                view.mayEdit && group.lines[0].zone == nil && place.level == .estate
                ? projectForm(place, view, kit) : .empty
            return """
                <section class="stack-s"><h2>\(group.title) <span class="tag">\(group.tag)</span></h2>\
                <ul class="card rows">\(HTML.joined(rows))</ul>\(project)</section>
                """
        }
        let sum: HTML = """
            <p>\(words(.whoFilled, String(view.lines.count - view.vacant), String(view.lines.count)))</p>
            """
        let hidden: HTML = view.mayParty ? .empty : "<p class=\"help\">\(words(.governanceHidden))</p>"
        return kit.page(
            words(.whoOf, view.area.name), words(view.area.level.phrase), sum + hidden, HTML.joined(sections),
            ExportLinks.make("who", kit.context))
    }

    private static func line(_ line: WhoView.Line, _ view: WhoView, _ kit: Kit) -> HTML {
        let words = kit.words
        let body = line.holder.flatMap { view.bodies[$0.organisation] }
        let name = view.shows(line) ? line.holder?.person.flatMap { view.people[$0] } ?? "" : ""
        let about = [
            body.map { words($0.kind.phrase) } ?? "", name, line.holder.map { kit.days($0.from, $0.to) } ?? "",
        ].filter { !$0.isEmpty }.joined(separator: " · ")
        let state = line.holder == nil ? kit.state(.wait, .whoVacant) : .empty
        let way = "fill-\(line.slot.code)-\(line.place.id.text)-\(line.zone.map { String($0.id) } ?? "")"
        let fitting = view.choices.filter { line.slot.kinds.contains($0.kind) }
        let form: HTML =
            view.mayEdit
            ? kit.form(
                way, Href("/desk/who/", view.area.id.text), .slotFill,
                hidden: [
                    ("slot", line.slot.code), ("area", line.place.id.text),
                    ("zone", line.zone.map { ID<AreaTag>($0.id).text } ?? ""),
                    ("version", String(line.holder?.version ?? 0)),
                ], primary: false,
                kit.select(
                    way, "organisation", .slotHolder, fitting.map { (value: $0.id.text, label: $0.name) },
                    value: line.holder?.organisation.text ?? "", required: false),
                kit.pair(
                    kit.text(way, "phone", .slotContactPhone, most: 24, required: false),
                    kit.text(way, "name", .governancePerson, most: 40, required: false)))
            : .empty
        return """
            <li class="row"><span class="grow"><b>\(words(line.slot.phrase))</b> \(body?.name ?? "") \(state)\
            <small>\(about)</small></span>\(form)</li>
            """
    }

    private static func projectForm(_ estate: Area, _ view: WhoView, _ kit: Kit) -> HTML {
        let type = view.projects[estate.id] ?? .unsaid
        return kit.form(
            "project", Href("/desk/who/", view.area.id.text), .projectChange,
            hidden: [("area", estate.id.text), ("was", type.code)], primary: false,
            kit.select(
                "project", "project", .projectType,
                ProjectType.allCases.map { (value: $0.code, label: kit.words($0.phrase)) }, value: type.code))
    }
}

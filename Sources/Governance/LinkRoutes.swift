import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct LinkLists: Sendable {
    let list: Listing<LinkList>
    let areas: [AreaID: Area]
    let places: [Area]
    let bodies: [Body]
    let mayParty: Bool
}

struct LinkView: Sendable {
    let list: LinkList
    let area: Area
    let links: [HouseholdLink]
    let people: [PersonID: String]
    let places: [AreaID: String]
    let units: [(value: String, label: String)]
    let mayEdit: Bool
}

struct MyLinks: Sendable {
    let links: [HouseholdLink]
    let places: [AreaID: String]
    let today: Day
}

struct LinkRow: Sendable {
    let link: HouseholdLink
    let name: String?
    let place: String?
}

extension GovernanceShapes {
    static let linkList = Shape<LinkList>.object("HouseholdLinks") {
        Member("id", .id()) { ID<AreaTag>($0.id) }
        Member("area", .id()) { $0.area }
        Member("organisation", .id()) { $0.organisation }
        Member("name", .words) { $0.name }
        Member("reveals_membership", .flag, "Seen only by those who may know who is in the party.") { $0.reveals }
    }
    static let link = Shape<LinkRow>.object("HouseholdLink") {
        Member("id", .id()) { ID<AreaTag>($0.link.id) }
        Member("name", name, "Who looks after the home.") { $0.name }
        Member("unit", .id()) { $0.link.unit }
        Member("place", name) { $0.place }
        Member("since", .day) { $0.link.from }
        Member("visits", .whole) { $0.link.visits }
        Member("last_visit", day) { $0.link.lastVisit }
        Member("version", .whole) { $0.link.version }
    }
    static let linkDetail = Shape<LinkView>.object("HouseholdLinksDetail") {
        Member("list", linkList) { $0.list }
        Member("links", link.list()) { view in
            view.links.map { LinkRow(link: $0, name: view.people[$0.person], place: view.places[$0.unit]) }
        }
    }
}

extension GovernanceHouse {
    func linkRoutes(_ table: RouteTable) {
        let lists = Room<LinkLists>(
            page: "/desk/links", access: .verb(.governanceRead),
            load: { request, context in try await linkLists(Part(request), context.actor) },
            title: { $1.words(.linksTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(lists, table)
        write("/desk/links", .verb(.governanceEdit), lists, table) { sent, context in
            let list = LinkList(
                id: world.nextID(), area: try sent.id("area"), organisation: try sent.id("organisation"),
                name: sent["name"], reveals: sent["reveals"] == "1")
            try await desk.addList(list, by: context.actor)
            return Href("/desk/links/", list.text)
        }
        let one = Room<LinkView>(
            page: "/desk/links/:id", access: .verb(.governanceRead),
            load: { _, context in try await linkView(context.id("id", AreaTag.self).raw, context.actor) },
            title: { view, _ in view.list.name }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/links/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", AreaTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.linkList(id.raw, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "link": try await desk.addLink(try named(sent), unit: try sent.id("unit"), to: id.raw, by: actor)
            case "end":
                try await desk.endLink(
                    try sent.id("link", AreaTag.self).raw, of: id.raw, was: try sent.version(), by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Href("/desk/links/", id.text)
        }
        let mine = Room<MyLinks>(
            page: "/my/links", access: .signedIn, load: { _, context in try await myLinks(context.actor) },
            title: { $1.words(.myLinksTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(mine, table)
        write("/my/links", .signedIn, mine, table) { sent, context in
            let id = try sent.id("link", AreaTag.self)
            try await desk.visit(id.raw, on: try sent.day("day"), words: sent["words"], by: context.actor)
            return Href("/my/links")
        }
        linkAPI(table)
    }

    private struct AddListAsked: Asked {
        let area: AreaID
        let organisation: OrganisationID
        let name: String
        let reveals: Bool
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id())
            organisation = try ask.body("organisation", .id(), "Whose list it is.")
            name = try ask.body.typed("name", 1...60)
            reveals = try ask.body.optional("reveals", .flag, "Who is on it is in the party.") ?? false
        }
    }
    private struct AddLinkAsked: Asked {
        let id: AreaID
        let person: PersonAsked
        let unit: AreaID
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            person = try PersonAsked(ask)
            unit = try ask.body("unit", .id(), "The home.")
        }
    }
    private struct VisitAsked: Asked {
        let id: AreaID
        let day: Day
        let words: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            day = try ask.body("day", .day, "Of the last 31 days.")
            words = try ask.body.typed("words", 1...400)
        }
    }

    private func linkAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/links", .verb(.governanceRead), .list("Lists of who looks after which homes."), ListAsked.self,
            GovernanceShapes.linkList.slices
        ) { asked, call in .ok(try await linkLists(Part(asked.paging), call.actor).list.slice { $0 }) }
        table.post(
            "/api/v1/links", .verb(.governanceEdit),
            .act("Begins a list.", [.membersOnly, .wrongLevel, .badChoice("")]), AddListAsked.self, Made.shape,
            makes: true
        ) { asked, call in
            let list = LinkList(
                id: world.nextID(), area: asked.area, organisation: asked.organisation, name: asked.name,
                reveals: asked.reveals)
            try await desk.addList(list, by: call.actor)
            return .made(Made(list.text), at: "/api/v1/links/\(list.text)")
        }
        table.get(
            "/api/v1/links/:id", .verb(.governanceRead), .one("One list with its homes."), OneAsked<AreaTag>.self,
            GovernanceShapes.linkDetail
        ) { asked, call in .ok(try await linkView(asked.id.raw, call.actor)) }
        table.post(
            "/api/v1/links/:id/links", .verb(.governanceEdit),
            .act("Gives a home to somebody.", [.linkedTwice, .badChoice("")]), AddLinkAsked.self, .nothing
        ) { asked, call in
            try await desk.addLink(try named(asked.person), unit: asked.unit, to: asked.id.raw, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/links/:id/links/:part/end", .verb(.governanceEdit),
            .act("Takes a home from somebody.", [.changedMeanwhile]), PartAsked<AreaTag, AreaTag>.self, .nothing
        ) { asked, call in
            try await desk.endLink(asked.part.raw, of: asked.id.raw, was: asked.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/my/links", .signedIn, .list("The homes that one looks after."), Nothing.self,
            GovernanceShapes.link.slices
        ) { _, call in
            let view = try await myLinks(call.actor)
            return .ok(Slice(view.links.map { LinkRow(link: $0, name: nil, place: view.places[$0.unit]) }))
        }
        table.post(
            "/api/v1/my/links/:id/visits", .signedIn, .act("Keeps a visit to a home.", [.badDay("")]),
            VisitAsked.self, .nothing
        ) { asked, call in
            try await desk.visit(asked.id.raw, on: asked.day, words: asked.words, by: call.actor)
            return .done
        }
    }

    private func myLinks(_ actor: Actor) async throws -> MyLinks {
        let (person, today) = (try person(actor), today)
        return try await database.read { transaction in
            let links = try LinkStore.links(of: person, transaction)
            return MyLinks(links: links, places: try Self.labels(links.map(\.unit), transaction), today: today)
        }
    }

    /// Building and door of units.
    static func labels(_ units: [AreaID], _ transaction: any ReadTransaction) throws -> [AreaID: String] {
        let found = try DirectoryStore.areas(units, transaction)
        let buildings = try DirectoryStore.areas(found.values.compactMap(\.parent), transaction)
        return found.mapValues { unit in
            [unit.parent.flatMap { buildings[$0]?.name } ?? "", unit.name].filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    private func linkLists(_ part: Part, _ actor: Actor) async throws -> LinkLists {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        let party = actor.may(.partyRead) ? try actor.scope(.partyRead) : nil
        return try await database.read { transaction in
            let found = try LinkStore.lists(
                scope, party: party, after: part.cursor, limit: part.limit + 1, transaction)
            return LinkLists(
                list: Listing(found, limit: part.limit, id: \.id),
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try offer.places(5...7, limit: 600, transaction),
                bodies: try offer.bodies(in: scope, transaction),
                mayParty: party != nil)
        }
    }

    private func linkView(_ id: Int64, _ actor: Actor) async throws -> LinkView {
        let (view, post) = try await database.read { transaction in
            let (list, area, post) = try GovernanceDesk.linkList(id, .governanceRead, actor, transaction)
            let links = try LinkStore.links(of: id, transaction)
            let mayEdit = actor.may(.governanceEdit, at: area.path)
            var units: [(value: String, label: String)] = []
            if mayEdit {
                let free = try DirectoryStore.areas(under: area.path, level: .unit, limit: 800, transaction)
                    .filter { unit in !links.contains { $0.unit == unit.id } }
                let labels = try Self.labels(free.map(\.id), transaction)
                units = free.map { ($0.id.text, labels[$0.id] ?? $0.name) }
            }
            return (
                LinkView(
                    list: list, area: area, links: links,
                    people: try DirectoryStore.names(of: links.map(\.person), transaction),
                    places: try Self.labels(links.map(\.unit), transaction), units: units, mayEdit: mayEdit),
                actor.post(for: .partyRead, at: area.path) ?? post
            )
        }
        if view.list.reveals { try await desk.looked("links", id, at: view.area, by: actor, post) }
        return view
    }

    private static func main(_ view: LinkLists, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = view.list.rows.map { list in
            kit.link(
                Href("/desk/links/", list.text), list.name, view.areas[list.area]?.name ?? "",
                tag: list.reveals ? words(.linkReveals) : "")
        }
        let guarded: HTML =
            view.mayParty ? kit.checks("add", "reveals", .linkClass, [("1", words(.linkReveals))]) : .empty
        let bodies = view.bodies.filter { view.mayParty || !$0.kind.revealsMembers }
        let add: HTML =
            view.places.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/links"), .linkListAdd, kit.text("add", "name", .zoneName, most: 60),
                kit.pair(
                    kit.select("add", "area", .appointmentPlace, kit.places(view.places)),
                    kit.select(
                        "add", "organisation", .linkBody, bodies.map { (value: $0.id.text, label: $0.name) })),
                guarded)
        let hidden: HTML = view.mayParty ? .empty : "<p class=\"help\">\(words(.governanceHidden))</p>"
        return kit.page(
            words(.linksTitle), "", hidden, kit.rows(rows, none: .governanceNone),
            view.list.more(Href("/desk/links"), kit.context),
            ExportLinks.make("links", kit.context)
                + ExportLinks.make("link-homes", kit.context, title: .linkHomesTitle), add)
    }

    private static func main(_ view: LinkView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/links/", view.list.text)
        let rows = view.links.map { link in
            kit.row(
                view.places[link.unit] ?? "",
                "\(words(.linkVisits, String(link.visits), link.lastVisit?.description ?? "–"))",
                tag: view.people[link.person] ?? "",
                end: view.mayEdit
                    ? kit.button(
                        "end", here, .zoneMemberEnd, hidden: [("link", link.text), ("version", String(link.version))])
                    : .empty)
        }
        let form: HTML =
            view.mayEdit
            ? kit.form(
                "link", here, .linkAdd, kit.person("link"), kit.select("link", "unit", .linkUnit, view.units)) : .empty
        let file: HTML =
            view.list.reveals ? .empty : ExportLinks.inside("link-list-homes", view.list.text, kit.context)
        return kit.page(view.list.name, view.area.name, kit.rows(rows, none: .governanceNone), file, form)
    }

    private static func main(_ view: MyLinks, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = view.links.map { link in
            kit.row(
                view.places[link.unit] ?? "",
                "\(words(.linkVisits, String(link.visits), link.lastVisit?.description ?? "–"))")
        }
        let options = view.links.map { (value: $0.text, label: view.places[$0.unit] ?? "") }
        let form: HTML =
            options.isEmpty
            ? .empty
            : kit.form(
                "visit", Href("/my/links"), .linkVisit, kit.select("visit", "link", .linkUnit, options),
                kit.day("visit", "day", .dutyDay, value: view.today), kit.long("visit", "words", .dutyWords))
        return kit.page(words(.myLinksTitle), "", kit.rows(rows, none: .governanceNone), form)
    }

}

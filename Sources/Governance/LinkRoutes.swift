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

extension GovernanceHouse {
    func linkRoutes(_ table: RouteTable) {
        let lists = Room<LinkLists>(
            page: "/desk/links", api: "/api/v1/links", access: .verb(.governanceRead),
            load: { request, context in try await linkLists(request, context) },
            title: { $1.words(.linksTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { view in view.list.json(Self.json) })
        open(lists, table)
        write(page: "/desk/links", api: "/api/v1/links", .verb(.governanceEdit), lists, table) { sent, context in
            let list = LinkList(
                id: world.nextID(), area: try sent.id("area"), organisation: try sent.id("organisation"),
                name: sent["name"], reveals: sent["reveals"] == "1")
            try await desk.addList(list, by: context.actor)
            return Made(list.text, Href("/desk/links/", list.text))
        }
        let one = Room<LinkView>(
            page: "/desk/links/:id", api: "/api/v1/links/:id", access: .verb(.governanceRead),
            load: { _, context in try await linkView(context.id("id", AreaTag.self).raw, context) },
            title: { view, _ in view.list.name }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(one, table)
        write(page: "/desk/links/:id", api: "/api/v1/links/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", AreaTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.linkList(id.raw, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "link":
                let named = try NamedPerson(
                    phone: sent["phone"], name: sent["name"], secrets: directory.secrets, world: world)
                try await desk.addLink(named, unit: try sent.id("unit"), to: id.raw, by: actor)
            case "end":
                try await desk.endLink(
                    try sent.id("link", AreaTag.self).raw, of: id.raw, was: try sent.version(), by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Made(id.text, Href("/desk/links/", id.text))
        }
        let mine = Room<MyLinks>(
            page: "/my/links", api: "/api/v1/my/links", access: .signedIn,
            load: { _, context in
                let (person, today) = (try person(context), today)
                return try await database.read { transaction in
                    let links = try LinkStore.links(of: person, transaction)
                    return MyLinks(links: links, places: try Self.labels(links.map(\.unit), transaction), today: today)
                }
            },
            title: { $1.words(.myLinksTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { view in
                .object([("items", .array(view.links.map { Self.json($0, name: nil, view.places) }))])
            })
        open(mine, table)
        write(page: "/my/links", api: "/api/v1/my/links", .signedIn, mine, table) { sent, context in
            _ = try person(context)
            let id = try sent.id("link", AreaTag.self)
            try await desk.visit(id.raw, on: try sent.day("day"), words: sent["words"], by: context.actor)
            return Made(id.text, Href("/my/links"))
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

    private func linkLists(_ request: Request, _ context: WebContext) async throws -> LinkLists {
        let actor = context.actor
        let scope = try actor.scope(.governanceRead)
        let editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
        let party = actor.may(.partyRead) ? try actor.scope(.partyRead) : nil
        let (limit, after) = (try limit(request), try cursor(request))
        return try await database.read { transaction in
            let found = try LinkStore.lists(scope, party: party, after: after, limit: limit + 1, transaction)
            return LinkLists(
                list: Listing(found, limit: limit, id: \.id),
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try editing.map { try DirectoryStore.areas(in: $0, levels: 5...7, limit: 600, transaction) }
                    ?? [],
                bodies: editing == nil
                    ? [] : try BodyStore.bodies(in: scope, kind: nil, after: nil, limit: 300, transaction),
                mayParty: party != nil)
        }
    }

    private func linkView(_ id: Int64, _ context: WebContext) async throws -> LinkView {
        let actor = context.actor
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
            view.list.more(Href("/desk/links"), kit.context), add)
    }

    private static func main(_ view: LinkView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/links/", view.list.text)
        let rows = view.links.map { link in
            kit.row(
                view.places[link.unit] ?? "",
                words(.linkVisits, String(link.visits), link.lastVisit?.description ?? "–"),
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
        return kit.page(view.list.name, view.area.name, kit.rows(rows, none: .governanceNone), form)
    }

    private static func main(_ view: MyLinks, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = view.links.map { link in
            kit.row(
                view.places[link.unit] ?? "",
                words(.linkVisits, String(link.visits), link.lastVisit?.description ?? "–"))
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

    private static func json(_ list: LinkList) -> JSON {
        .object([
            ("id", .string(list.text)), ("area", .string(list.area.text)),
            ("organisation", .string(list.organisation.text)), ("name", .string(list.name)),
            ("reveals_membership", .bool(list.reveals)),
        ])
    }

    private static func json(_ link: HouseholdLink, name: String?, _ places: [AreaID: String]) -> JSON {
        .object([
            ("id", .string(link.text)), ("name", .optional(name)), ("unit", .string(link.unit.text)),
            ("place", .optional(places[link.unit])), ("since", .string(link.from.description)),
            ("visits", .int(link.visits)), ("last_visit", .optional(link.lastVisit?.description)),
            ("version", .int(link.version)),
        ])
    }

    private static func json(_ view: LinkView) -> JSON {
        .object([
            ("list", json(view.list)),
            ("links", .array(view.links.map { json($0, name: view.people[$0.person], view.places) })),
        ])
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The list of bodies in scope, and one body with its terms and posts.
struct BodyList: Sendable {
    let bodies: Listing<Body>
    let names: [AreaID: Area]
    let places: [Area]
    let parents: [Body]
}

struct BodyView: Sendable {
    let body: Body
    let area: Area
    let parent: Body?
    let terms: [Term]
    let appointments: [Appointment]
    let people: [PersonID: String]
    let hidden: Int
    let mayEdit: Bool
}

extension GovernanceHouse {
    func bodyRoutes(_ table: RouteTable) {
        let list = Room<BodyList>(
            page: "/desk/bodies", api: "/api/v1/bodies", access: .verb(.governanceRead),
            load: { request, context in try await bodyList(request, context) },
            title: { $1.words(.bodiesTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { list in list.bodies.json { Self.json($0, list.names) } })
        open(list, table)
        write(page: "/desk/bodies", api: "/api/v1/bodies", .verb(.governanceEdit), list, table) { sent, context in
            let id = try await desk.addBody(
                try sent.choice("kind", \OrganisationKind.code), name: sent["name"],
                at: try sent.id("area"), under: try sent.optionalID("parent"), by: context.actor)
            return Made(id.text, Href("/desk/bodies/", id.text))
        }
        let one = Room<BodyView>(
            page: "/desk/bodies/:id", api: "/api/v1/bodies/:id", access: .verb(.governanceRead),
            load: { _, context in try await bodyView(context.id("id"), context) },
            title: { view, _ in view.body.name }, main: { Self.main($0, Kit($2, $1)) },
            json: { Self.json($0) })
        open(one, table)
        write(page: "/desk/bodies/:id", api: "/api/v1/bodies/:id", .verb(.governanceEdit), one, table) {
            sent, context in
            let id = try context.id("id", OrganisationTag.self)
            let actor = context.actor
            // What is out of reach is not found, whatever was sent.
            _ = try await database.read { try GovernanceDesk.body(id, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "kind":
                try await desk.setKind(
                    try sent.choice("kind", \OrganisationKind.code), of: id,
                    was: try sent.choice("was", \OrganisationKind.code), by: actor)
            case "term":
                try await desk.addTerm(
                    Term(
                        id: world.nextID(), organisation: id, number: 0, from: try sent.day("from"),
                        to: try sent.day("to"), seats: try sent.number("seats", 1...99),
                        owners: try sent.number("owners", 0...99, empty: 0),
                        women: try sent.number("women", 0...99, empty: 0), basis: sent["basis"], version: 1),
                    by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Made(id.text, Href("/desk/bodies/", id.text))
        }
    }

    private func bodyList(_ request: Request, _ context: WebContext) async throws -> BodyList {
        let scope = try context.actor.scope(.governanceRead)
        let limit = try limit(request)
        let after = try cursor(request).map { OrganisationID($0) }
        let wanted = request.asked("kind")
        let kind = OrganisationKind.allCases.first { $0.code == wanted }
        guard wanted.isEmpty || kind != nil else { throw GovernanceRefusal.badChoice("kind") }
        let editing = context.actor.may(.governanceEdit) ? try context.actor.scope(.governanceEdit) : nil
        return try await database.read { transaction in
            let found = try BodyStore.bodies(
                in: scope, kind: kind, after: after, limit: limit + 1, transaction)
            return BodyList(
                bodies: Listing(found, limit: limit) { $0.id.raw },
                names: try DirectoryStore.areas(found.map(\.organisation.area), transaction),
                places: try editing.map { try DirectoryStore.areas(in: $0, levels: 3...6, transaction) } ?? [],
                parents: editing == nil
                    ? []
                    : try BodyStore.bodies(in: scope, kind: nil, after: nil, limit: 300, transaction))
        }
    }

    private func bodyView(_ id: OrganisationID, _ context: WebContext) async throws -> BodyView {
        let (actor, today) = (context.actor, today)
        let (view, place, post) = try await database.read { transaction in
            let (body, area, post) = try GovernanceDesk.body(id, .governanceRead, actor, transaction)
            let all = try AppointmentStore.ofBody(id, on: today, transaction)
            let mayParty = actor.may(.partyRead, at: area.path)
            let shown = all.filter { mayParty || !$0.reveals }
            let view = BodyView(
                body: body, area: area, parent: try body.parent.flatMap { try BodyStore.body($0, transaction) },
                terms: try TermStore.terms(of: id, transaction), appointments: shown,
                people: try DirectoryStore.names(of: shown.map(\.person), transaction),
                hidden: all.count - shown.count, mayEdit: actor.may(.governanceEdit, at: area.path))
            return (view, area, actor.post(for: .partyRead, at: area.path) ?? post)
        }
        if view.appointments.contains(where: \.reveals) {
            try await desk.looked("body", id.raw, at: place, by: actor, post)
        }
        return view
    }

    private static func main(_ list: BodyList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.bodies.rows.map { body -> HTML in
            kit.link(
                Href("/desk/bodies/", body.id.text), body.name,
                "\(words(body.kind.phrase)) · \(list.names[body.organisation.area]?.name ?? "")",
                tag: words(body.organisation.party.phrase))
        }
        let kinds = OrganisationKind.allCases.filter { $0 != .other }.map { (value: $0.code, label: words($0.phrase)) }
        let add: HTML =
            list.places.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/bodies"), .bodyAdd,
                kit.pair(
                    kit.select("add", "kind", .bodyKind, kinds),
                    kit.select("add", "area", .organisationArea, kit.places(list.places))),
                kit.text("add", "name", .organisationName, most: 60),
                kit.select(
                    "add", "parent", .bodyParent, list.parents.map { (value: $0.id.text, label: $0.name) },
                    required: false))
        return kit.page(
            words(.bodiesTitle), "", kit.rows(rows, none: .governanceNone),
            list.bodies.more(Href("/desk/bodies"), kit.context), add)
    }

    private static func main(_ view: BodyView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/bodies/", view.body.id.text)
        let terms = view.terms.map { term -> HTML in
            kit.row(
                words(.termNumber, String(term.number)),
                "\(kit.days(term.from, term.to)) · \(words(.termMade, String(term.seats), String(term.owners), String(term.women))) · \(term.basis)"
            )
        }
        let people = view.appointments.map { one -> HTML in
            kit.link(
                Href("/desk/appointments/", one.id.text), view.people[one.person] ?? "",
                "\(words(one.kind.phrase)) · \(kit.days(one.from, one.to))")
        }
        let kinds = OrganisationKind.allCases.filter { $0.party == view.body.organisation.party }
            .map { (value: $0.code, label: words($0.phrase)) }
        let hidden: HTML = view.hidden == 0 ? .empty : "<p class=\"help\">\(words(.governanceHidden))</p>"
        let forms: HTML =
            !view.mayEdit
            ? .empty
            : kit.form(
                "term", here, .termAdd,
                kit.pair(kit.day("term", "from", .governanceFrom), kit.day("term", "to", .governanceTo)),
                kit.pair(
                    kit.text("term", "seats", .termSeats, most: 2, numeric: true),
                    kit.text("term", "owners", .termOwners, most: 2, required: false, numeric: true),
                    kit.text("term", "women", .termWomen, most: 2, required: false, numeric: true)),
                kit.text("term", "basis", .termBasis, most: 120))
                + kit.form(
                    "kind", here, .bodyKindChange, hidden: [("was", view.body.kind.code)],
                    kit.select("kind", "kind", .bodyKind, kinds, value: view.body.kind.code))
        return kit.page(
            view.body.name, words(view.body.kind.phrase),
            kit.facts([
                (.organisationArea, "\(view.area.name)"),
                (.organisationParty, "\(words(view.body.organisation.party.phrase))"),
                (
                    .bodyParent,
                    view.parent.map { "<a href=\"\(Href("/desk/bodies/", $0.id.text))\">\($0.name)</a>" } ?? .empty
                ),
            ]),
            kit.section(.termsTitle, kit.rows(terms, none: .termsNone)),
            kit.section(.bodyPeople, hidden + kit.rows(people, none: .governanceNone)), forms)
    }

    private static func json(_ body: Body, _ names: [AreaID: Area]) -> JSON {
        .object([
            ("id", .string(body.id.text)), ("name", .string(body.name)), ("kind", .string(body.kind.code)),
            ("party", .string(String(describing: body.organisation.party))),
            ("area", .string(body.organisation.area.text)),
            ("area_name", .optional(names[body.organisation.area]?.name)), ("parent", .optional(body.parent?.text)),
        ])
    }

    private static func json(_ view: BodyView) -> JSON {
        .object([
            ("body", json(view.body, [view.area.id: view.area])),
            (
                "terms",
                .array(
                    view.terms.map { term in
                        .object([
                            ("number", .int(term.number)), ("from", .string(term.from.description)),
                            ("to", .string(term.to.description)), ("seats", .int(term.seats)),
                            ("owners", .int(term.owners)), ("women", .int(term.women)),
                            ("basis", .string(term.basis)),
                        ])
                    })
            ),
            (
                "appointments",
                .array(view.appointments.map { $0.json(name: view.people[$0.person] ?? "") })
            ),
        ])
    }
}

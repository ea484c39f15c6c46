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
    var slice: Slice<BodyRow> {
        bodies.slice { BodyRow(body: $0, areaName: names[$0.organisation.area]?.name) }
    }
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

struct BodyRow: Sendable {
    let body: Body
    let areaName: String?
}

extension GovernanceShapes {
    static let body = Shape<BodyRow>.object("Body") {
        Member("id", .id()) { $0.body.id }
        Member("name", .words) { $0.body.name }
        Member("kind", organisationKind) { $0.body.kind }
        Member("party", DirectoryShapes.party) { $0.body.organisation.party }
        Member("area", .id()) { $0.body.organisation.area }
        Member("area_name", name) { $0.areaName }
        Member("parent", Shape<OrganisationID>.id().orNull) { $0.body.parent }
    }
    static let term = Shape<Term>.object("Term") {
        Member("number", .whole) { $0.number }
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("seats", .whole) { $0.seats }
        Member("owners", .whole, "Members who own a home there.") { $0.owners }
        Member("women", .whole) { $0.women }
        Member("basis", .words, "What it was elected or set up by.") { $0.basis }
    }
    static let bodyDetail = Shape<BodyView>.object("BodyDetail") {
        Member("body", body) { BodyRow(body: $0.body, areaName: $0.area.name) }
        Member("terms", term.list(), "The latest 50.") { $0.terms }
        Member("appointments", appointment.list(), "Those in force that one may see.") { view in
            view.appointments.map { AppointmentRow(appointment: $0, name: view.people[$0.person]) }
        }
        Member("hidden", .whole, "Appointments that one may not see.") { Int64($0.hidden) }
    }
}

extension GovernanceHouse {
    func bodyRoutes(_ table: RouteTable) {
        let list = Room<BodyList>(
            page: "/desk/bodies", access: .verb(.governanceRead),
            load: { request, context in
                let wanted = request.asked("kind")
                let kind = OrganisationKind.allCases.first { $0.code == wanted }
                guard wanted.isEmpty || kind != nil else { throw GovernanceRefusal.badChoice("kind") }
                return try await bodyList(Part(request), kind: kind, context.actor)
            },
            title: { $1.words(.bodiesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/bodies", .verb(.governanceEdit), list, table) { sent, context in
            let id = try await desk.addBody(
                try sent.choice("kind", \OrganisationKind.code), name: sent["name"],
                at: try sent.id("area"), under: try sent.optionalID("parent"), by: context.actor)
            return Href("/desk/bodies/", id.text)
        }
        let one = Room<BodyView>(
            page: "/desk/bodies/:id", access: .verb(.governanceRead),
            load: { _, context in try await bodyView(context.id("id"), context.actor) },
            title: { view, _ in view.body.name }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/bodies/:id", .verb(.governanceEdit), one, table) { sent, context in
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
            return Href("/desk/bodies/", id.text)
        }
        bodyAPI(table)
    }

    private struct KindAsked: Asked {
        let kind: OrganisationKind?
        let paging: Paging
        init(_ ask: Ask) throws {
            kind = try ask.query.optional("kind", GovernanceShapes.organisationKind)
            paging = try Paging(ask)
        }
    }
    private struct AddAsked: Asked {
        let kind: OrganisationKind
        let name: String
        let area: AreaID
        let parent: OrganisationID?
        init(_ ask: Ask) throws {
            kind = try ask.body("kind", GovernanceShapes.organisationKind)
            name = try ask.body.typed("name", 1...OrganisationActions.longestName)
            area = try ask.body("area", .id(), "Where it sits.")
            parent = try ask.body.optional("parent", .id(), "The body above it.")
        }
    }
    private struct ChangeKindAsked: Asked {
        let id: OrganisationID
        let kind: OrganisationKind
        let was: OrganisationKind
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            kind = try ask.body("kind", GovernanceShapes.organisationKind)
            was = try ask.body("was", GovernanceShapes.organisationKind, "The kind that was read.")
        }
    }
    private struct TermAsked: Asked {
        let id: OrganisationID
        let from: Day
        let to: Day
        let seats: Int64
        let owners: Int64
        let women: Int64
        let basis: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            from = try ask.body("from", .day)
            to = try ask.body("to", .day)
            seats = try ask.body("seats", .whole(1...99))
            owners = try ask.body.optional("owners", .whole(0...99), "Members who own a home there.") ?? 0
            women = try ask.body.optional("women", .whole(0...99)) ?? 0
            basis = try ask.body.typed("basis", 1...120, "What it was elected or set up by.")
        }
    }

    private func bodyAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/bodies", .verb(.governanceRead), .list("Bodies of every kind."), KindAsked.self,
            GovernanceShapes.body.slices
        ) { asked, call in .ok(try await bodyList(Part(asked.paging), kind: asked.kind, call.actor).slice) }
        table.post(
            "/api/v1/bodies", .verb(.governanceEdit),
            .act("Adds a body.", [.wrongLevel, .bodyTaken, .otherEstateBody(""), .badChoice("")]), AddAsked.self,
            Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.addBody(
                asked.kind, name: asked.name, at: asked.area, under: asked.parent, by: call.actor)
            return .made(Made(id.text), at: "/api/v1/bodies/\(id.text)")
        }
        table.get(
            "/api/v1/bodies/:id", .verb(.governanceRead), .one("One body with its terms and who sits in it."),
            OneAsked<OrganisationTag>.self, GovernanceShapes.bodyDetail
        ) { asked, call in .ok(try await bodyView(asked.id, call.actor)) }
        table.post(
            "/api/v1/bodies/:id/kind", .verb(.governanceEdit),
            .act("Says of what kind a body is.", [.badChoice(""), .otherEstateBody(""), .changedMeanwhile]),
            ChangeKindAsked.self, .nothing
        ) { asked, call in
            try await desk.setKind(asked.kind, of: asked.id, was: asked.was, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/bodies/:id/terms", .verb(.governanceEdit),
            .act(
                "Begins the next term of a body, held against the limits of its kind.",
                [.termTooLong(""), .seatsOutside("", ""), .seatsEven, .ownersTooFew, .noWoman, .termOverlaps]),
            TermAsked.self, .nothing
        ) { asked, call in
            try await desk.addTerm(
                Term(
                    id: world.nextID(), organisation: asked.id, number: 0, from: asked.from, to: asked.to,
                    seats: asked.seats, owners: asked.owners, women: asked.women, basis: asked.basis, version: 1),
                by: call.actor)
            return .done
        }
    }

    private func bodyList(_ part: Part, kind: OrganisationKind?, _ actor: Actor) async throws -> BodyList {
        let scope = try actor.scope(.governanceRead)
        let after = part.cursor.map { OrganisationID($0) }
        let offer = try FormOffer(actor)
        return try await database.read { transaction in
            let found = try BodyStore.bodies(
                in: scope, kind: kind, after: after, limit: part.limit + 1, transaction)
            return BodyList(
                bodies: Listing(found, limit: part.limit) { $0.id.raw },
                names: try DirectoryStore.areas(found.map(\.organisation.area), transaction),
                places: try offer.places(3...6, transaction),
                parents: try offer.bodies(in: scope, transaction))
        }
    }

    private func bodyView(_ id: OrganisationID, _ actor: Actor) async throws -> BodyView {
        let today = today
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
            list.bodies.more(Href("/desk/bodies"), kit.context),
            ExportLinks.make("bodies", kit.context), add)
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
                    "kind", here, .bodyKindChange, hidden: [("was", view.body.kind.code)], primary: false,
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
            kit.section(
                .termsTitle,
                kit.rows(terms, none: .termsNone)
                    + ExportLinks.inside("body-terms", view.body.id.text, kit.context)),
            kit.section(
                .bodyPeople,
                hidden + kit.rows(people, none: .governanceNone)
                    + ExportLinks.inside("body-people", view.body.id.text, kit.context)), forms)
    }

}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct CounterList: Sendable {
    let list: Listing<Counter>
    let areas: [AreaID: Area]
    let places: [Area]
}

struct CounterView: Sendable {
    let counter: Counter
    let area: Area
    let seats: [CounterSeat]
    let services: [CounterService]
    let people: [PersonID: String]
    let mayEdit: Bool
}

struct ServiceRow: Sendable {
    let service: CounterService
    let steward: String?
}
struct SeatRow: Sendable {
    let seat: CounterSeat
    let name: String?
}

extension GovernanceShapes {
    static let counter = Shape<Counter>.object("Counter") {
        Member("id", .id()) { ID<AreaTag>($0.id) }
        Member("area", .id()) { $0.area }
        Member("name", .words) { $0.name }
        Member("place", .words) { $0.place }
        Member("hours", .words) { $0.hours }
    }
    static let seat = Shape<SeatRow>.object("CounterSeat") {
        Member("id", .id()) { ID<AreaTag>($0.seat.id) }
        Member("name", name) { $0.name }
        Member("community", .flag, "Has the permissions of the community today.") { $0.seat.hasCommunity }
        Member("property", .flag, "Has the permissions of the company today.") { $0.seat.hasProperty }
        Member("since", .day) { $0.seat.from }
        Member("version", .whole) { $0.seat.version }
    }
    static let service = Shape<ServiceRow>.object("CounterService") {
        Member("id", .id()) { ID<AreaTag>($0.service.id) }
        Member("name", .words) { $0.service.name }
        Member("party", DirectoryShapes.party) { $0.service.party }
        Member("needs", .words, "What to bring.") { $0.service.needs }
        Member("price", .words) { $0.service.price }
        Member("days", .whole, "Until it is done; 0 if not said.") { $0.service.days }
        Member("steward", name, "Whose package it is.") { $0.steward }
        Member("version", .whole) { $0.service.version }
    }
    static let counterDetail = Shape<CounterView>.object("CounterDetail") {
        Member("counter", counter) { $0.counter }
        Member("area_name", .words) { $0.area.name }
        Member("seats", seat.list()) { view in
            view.seats.map { SeatRow(seat: $0, name: view.people[$0.person]) }
        }
        Member("services", service.list()) { view in
            view.services.map { one in ServiceRow(service: one, steward: one.steward.flatMap { view.people[$0] }) }
        }
    }
}

extension GovernanceHouse {
    func counterRoutes(_ table: RouteTable) {
        let list = Room<CounterList>(
            page: "/desk/counters", access: .verb(.governanceRead),
            load: { request, context in try await counters(Part(request), context.actor) },
            title: { $1.words(.countersTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/counters", .verb(.governanceEdit), list, table) { sent, context in
            let counter = Counter(
                id: world.nextID(), area: try sent.id("area"), name: sent["name"], place: sent["place"],
                hours: sent["hours"])
            try await desk.addCounter(counter, by: context.actor)
            return Href("/desk/counters/", counter.text)
        }
        let one = Room<CounterView>(
            page: "/desk/counters/:id", access: .verb(.governanceRead),
            load: { _, context in try await counter(context.id("id", AreaTag.self).raw, context.actor) },
            title: { view, _ in view.counter.name }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/counters/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", AreaTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.counter(id.raw, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "seat":
                try await desk.seat(try named(sent), at: id.raw, by: actor)
            case "leave":
                try await desk.endSeat(
                    try sent.id("seat", AreaTag.self).raw, at: id.raw, was: try sent.version(), by: actor)
            case "service":
                let service = CounterService(
                    id: world.nextID(), party: sent["party"] == "property" ? .property : .community,
                    name: sent["service"], needs: sent["needs"], price: sent["price"],
                    days: try sent.number("days", 0...365, empty: 0), steward: nil, version: 1)
                try await desk.addService(
                    service, steward: sent["phone"].isEmpty ? nil : try named(sent), to: id.raw, by: actor)
            case "drop":
                try await desk.endService(
                    try sent.id("service", AreaTag.self).raw, of: id.raw, was: try sent.version(), by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Href("/desk/counters/", id.text)
        }
        counterAPI(table)
    }

    private struct AddAsked: Asked {
        let area: AreaID
        let name: String
        let place: String
        let hours: String
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id())
            name = try ask.body.typed("name", 1...60)
            place = try ask.body.typed("place", 1...80)
            hours = try ask.body.typed("hours", 1...80)
        }
    }
    private struct SeatAsked: Asked {
        let id: AreaID
        let person: PersonAsked
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            person = try PersonAsked(ask)
        }
    }
    private struct ServiceAsked: Asked {
        let id: AreaID
        let party: Party
        let service: String
        let needs: String
        let price: String
        let days: Int64
        let phone: String
        let name: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            party = try ask.body("party", GovernanceShapes.side)
            service = try ask.body.typed("service", 1...60, "What it is called.")
            needs = try ask.body.typedOrNone("needs", 200, "What to bring.")
            price = try ask.body.typedOrNone("price", 60)
            days = try ask.body.optional("days", .whole(0...365), "Until it is done.") ?? 0
            phone = try ask.body.typedOrNone("phone", 24, "Of the steward whose package it is.")
            name = try ask.body.typedOrNone("name", 40, "Of the steward.")
        }
    }

    private func counterAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/counters", .verb(.governanceRead), .list("Merged front desks."), ListAsked.self,
            GovernanceShapes.counter.slices
        ) { asked, call in .ok(try await counters(Part(asked.paging), call.actor).list.slice { $0 }) }
        table.post(
            "/api/v1/counters", .verb(.governanceEdit), .act("Opens a merged front desk.", [.wrongLevel]),
            AddAsked.self, Made.shape, makes: true
        ) { asked, call in
            let counter = Counter(
                id: world.nextID(), area: asked.area, name: asked.name, place: asked.place, hours: asked.hours)
            try await desk.addCounter(counter, by: call.actor)
            return .made(Made(counter.text), at: "/api/v1/counters/\(counter.text)")
        }
        table.get(
            "/api/v1/counters/:id", .verb(.governanceRead), .one("One front desk with its seats and services."),
            OneAsked<AreaTag>.self, GovernanceShapes.counterDetail
        ) { asked, call in .ok(try await counter(asked.id.raw, call.actor)) }
        table.post(
            "/api/v1/counters/:id/seats", .verb(.governanceEdit),
            .act("Seats somebody who has both sets of permissions.", [.seatWithoutPosts, .linkedTwice]),
            SeatAsked.self, .nothing
        ) { asked, call in
            try await desk.seat(try named(asked.person), at: asked.id.raw, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/counters/:id/seats/:part/end", .verb(.governanceEdit),
            .act("Somebody leaves their seat.", [.changedMeanwhile]), PartAsked<AreaTag, AreaTag>.self, .nothing
        ) { asked, call in
            try await desk.endSeat(asked.part.raw, at: asked.id.raw, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/counters/:id/services", .verb(.governanceEdit),
            .act("Adds a service to the catalogue.", [.bodyTaken, .badChoice("")]), ServiceAsked.self, .nothing
        ) { asked, call in
            let service = CounterService(
                id: world.nextID(), party: asked.party, name: asked.service, needs: asked.needs, price: asked.price,
                days: asked.days, steward: nil, version: 1)
            let steward =
                asked.phone.isEmpty
                ? nil
                : try NamedPerson(
                    phone: asked.phone, name: asked.name, secrets: directory.secrets, world: world)
            try await desk.addService(service, steward: steward, to: asked.id.raw, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/counters/:id/services/:part/end", .verb(.governanceEdit),
            .act("Takes a service out of the catalogue.", [.changedMeanwhile]), PartAsked<AreaTag, AreaTag>.self,
            .nothing
        ) { asked, call in
            try await desk.endService(asked.part.raw, of: asked.id.raw, was: asked.version, by: call.actor)
            return .done
        }
    }

    private func counters(_ part: Part, _ actor: Actor) async throws -> CounterList {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        return try await database.read { transaction in
            let found = try CounterStore.list(scope, after: part.cursor, limit: part.limit + 1, transaction)
            return CounterList(
                list: Listing(found, limit: part.limit, id: \.id),
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try offer.places(5...6, transaction))
        }
    }

    private func counter(_ id: Int64, _ actor: Actor) async throws -> CounterView {
        let today = today
        return try await database.read { transaction in
            let (found, area, _) = try GovernanceDesk.counter(id, .governanceRead, actor, transaction)
            let seats = try CounterStore.seats(of: id, at: area, on: today, transaction)
            let services = try CounterStore.services(of: id, transaction)
            return CounterView(
                counter: found, area: area, seats: seats, services: services,
                people: try DirectoryStore.names(
                    of: seats.map(\.person) + services.compactMap(\.steward), transaction),
                mayEdit: actor.may(.governanceEdit, at: area.path))
        }
    }

    private static func main(_ view: CounterList, _ kit: Kit) -> HTML {
        let rows = view.list.rows.map { c in
            kit.link(
                Href("/desk/counters/", c.text), c.name, "\(c.place) · \(c.hours)", tag: view.areas[c.area]?.name ?? "")
        }
        let add: HTML =
            view.places.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/counters"), .counterAdd,
                kit.pair(
                    kit.select("add", "area", .appointmentPlace, kit.places(view.places)),
                    kit.text("add", "name", .zoneName, most: 60)),
                kit.pair(kit.text("add", "place", .counterPlace), kit.text("add", "hours", .counterHours)))
        return kit.page(
            kit.words(.countersTitle), "", kit.rows(rows, none: .governanceNone),
            view.list.more(Href("/desk/counters"), kit.context),
            ExportLinks.make("counters", kit.context), add)
    }

    private static func main(_ view: CounterView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/counters/", view.counter.text)
        let seats = view.seats.map { seat -> HTML in
            let state = kit.state(seat.hasBoth ? .ok : .late, seat.phrase)
            return kit.row(
                view.people[seat.person] ?? "", "\(words(.governanceSince, seat.from.description))", state: state,
                end: view.mayEdit
                    ? kit.button(
                        "leave", here, .zoneMemberEnd,
                        hidden: [("seat", ID<AreaTag>(seat.id).text), ("version", String(seat.version))]) : .empty)
        }
        let services = view.services.map { s -> HTML in
            let about = [s.needs, s.price, s.days > 0 ? words(.counterDays, String(s.days)) : ""]
                .filter { !$0.isEmpty }.joined(separator: " · ")
            let tag = s.steward.map { words(.counterPackage, view.people[$0] ?? "") } ?? words(s.party.phrase)
            return kit.row(
                s.name, "\(about)", tag: tag,
                end: view.mayEdit
                    ? kit.button(
                        "drop", here, .counterDrop,
                        hidden: [("service", ID<AreaTag>(s.id).text), ("version", String(s.version))]) : .empty)
        }
        let sides: [(value: String, label: String)] = [
            ("community", words(Party.community.phrase)), ("property", words(Party.property.phrase)),
        ]
        let forms: HTML =
            !view.mayEdit
            ? .empty
            : kit.form("seat", here, .counterSeat, kit.person("seat"))
                + kit.form(
                    "service", here, .counterService, primary: false,
                    kit.pair(
                        kit.select("service", "party", .counterSide, sides),
                        kit.text("service", "service", .zoneName, most: 60)),
                    kit.text("service", "needs", .counterNeeds, most: 200, required: false),
                    kit.pair(
                        kit.text("service", "price", .counterPrice, most: 60, required: false),
                        kit.text("service", "days", .counterDaysLabel, most: 3, required: false, numeric: true)),
                    kit.pair(
                        kit.text("service", "phone", .counterStewardPhone, most: 24, required: false),
                        kit.text("service", "name", .governancePerson, most: 40, required: false)))
        return kit.page(
            view.counter.name, view.area.name, "<p>\(view.counter.place) · \(view.counter.hours)</p>",
            kit.section(
                .counterSeats,
                kit.rows(seats, none: .governanceNone)
                    + ExportLinks.inside("counter-seats", view.counter.text, kit.context)),
            kit.section(
                .counterServices,
                kit.rows(services, none: .governanceNone)
                    + ExportLinks.inside("counter-services", view.counter.text, kit.context)), forms)
    }

}

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

extension GovernanceHouse {
    func counterRoutes(_ table: RouteTable) {
        let list = Room<CounterList>(
            page: "/desk/counters", api: "/api/v1/counters", access: .verb(.governanceRead),
            load: { request, context in try await counters(request, context) },
            title: { $1.words(.countersTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { view in view.list.json(Self.json) })
        open(list, table)
        write(page: "/desk/counters", api: "/api/v1/counters", .verb(.governanceEdit), list, table) { sent, context in
            let counter = Counter(
                id: world.nextID(), area: try sent.id("area"), name: sent["name"], place: sent["place"],
                hours: sent["hours"])
            try await desk.addCounter(counter, by: context.actor)
            return Made(counter.text, Href("/desk/counters/", counter.text))
        }
        let one = Room<CounterView>(
            page: "/desk/counters/:id", api: "/api/v1/counters/:id", access: .verb(.governanceRead),
            load: { _, context in try await counter(context.id("id", AreaTag.self).raw, context) },
            title: { view, _ in view.counter.name }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(one, table)
        write(page: "/desk/counters/:id", api: "/api/v1/counters/:id", .verb(.governanceEdit), one, table) {
            sent, context in
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
            return Made(id.text, Href("/desk/counters/", id.text))
        }
    }

    private func named(_ sent: Sent) throws -> NamedPerson {
        try NamedPerson(phone: sent["phone"], name: sent["name"], secrets: directory.secrets, world: world)
    }

    private func counters(_ request: Request, _ context: WebContext) async throws -> CounterList {
        let actor = context.actor
        let scope = try actor.scope(.governanceRead)
        let editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
        let (limit, after) = (try limit(request), try cursor(request))
        return try await database.read { transaction in
            let found = try CounterStore.list(scope, after: after, limit: limit + 1, transaction)
            return CounterList(
                list: Listing(found, limit: limit, id: \.id),
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try editing.map { try DirectoryStore.areas(in: $0, levels: 5...6, transaction) } ?? [])
        }
    }

    private func counter(_ id: Int64, _ context: WebContext) async throws -> CounterView {
        let (actor, today) = (context.actor, today)
        return try await database.read { transaction in
            let (found, area, _) = try GovernanceDesk.counter(id, .governanceRead, actor, transaction)
            let seats = try CounterStore.seats(of: id, transaction).map { seat in
                var seat = seat
                (seat.hasCommunity, seat.hasProperty) = try GovernanceDesk.sets(
                    seat.person, at: area, on: today, transaction)
                return seat
            }
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
            view.list.more(Href("/desk/counters"), kit.context), add)
    }

    private static func main(_ view: CounterView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/counters/", view.counter.text)
        let seats = view.seats.map { seat -> HTML in
            let state =
                seat.hasCommunity && seat.hasProperty
                ? kit.state(.ok, .counterBoth)
                : kit.state(.late, seat.hasProperty ? .counterNoCommunity : .counterNoProperty)
            return kit.row(
                view.people[seat.person] ?? "", words(.governanceSince, seat.from.description), state: state,
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
                s.name, about, tag: tag,
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
                    "service", here, .counterService,
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
            kit.section(.counterSeats, kit.rows(seats, none: .governanceNone)),
            kit.section(.counterServices, kit.rows(services, none: .governanceNone)), forms)
    }

    private static func json(_ c: Counter) -> JSON {
        .object([
            ("id", .string(c.text)), ("area", .string(c.area.text)), ("name", .string(c.name)),
            ("place", .string(c.place)), ("hours", .string(c.hours)),
        ])
    }

    private static func json(_ view: CounterView) -> JSON {
        .object([
            ("counter", json(view.counter)),
            (
                "seats",
                .array(
                    view.seats.map { seat in
                        .object([
                            ("id", .string(ID<AreaTag>(seat.id).text)), ("name", .optional(view.people[seat.person])),
                            ("community", .bool(seat.hasCommunity)), ("property", .bool(seat.hasProperty)),
                            ("version", .int(seat.version)),
                        ])
                    })
            ),
            (
                "services",
                .array(
                    view.services.map { s in
                        .object([
                            ("id", .string(ID<AreaTag>(s.id).text)), ("name", .string(s.name)),
                            ("party", .string(String(describing: s.party))), ("needs", .string(s.needs)),
                            ("price", .string(s.price)), ("days", .int(s.days)),
                            ("steward", .optional(s.steward.flatMap { view.people[$0] })), ("version", .int(s.version)),
                        ])
                    })
            ),
        ])
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct VehicleView: Sendable {
    let list: Listing<Vehicle>
    let places: [AreaID: String]
    let units: [(value: String, label: String)]
    let isMine: Bool
    var shown: String?
    var slice: Slice<VehicleRow> { list.slice { VehicleRow(vehicle: $0, place: places[$0.unit]) } }
}

struct VehicleRow: Sendable {
    let vehicle: Vehicle
    let place: String?
}

extension GovernanceShapes {
    static let vehicle = Shape<VehicleRow>.object("Vehicle") {
        Member("id", .id()) { $0.vehicle.id }
        Member("unit", .id()) { $0.vehicle.unit }
        Member("place", name) { $0.place }
        Member("plate_masked", .words) { $0.vehicle.masked }
        Member("kind", plateKind, "What the form of the plate says.") { $0.vehicle.kind }
        Member("since", .day) { $0.vehicle.from }
        Member("version", .whole) { $0.vehicle.version }
    }
    static let plateKind = Shape<Plate.Kind>.choice(Plate.Kind.allCases) { $0.code }
    static let plate = Shape<String>.object("Plate") { Member("plate", .words) { $0 } }
}

extension GovernanceHouse {
    func vehicleRoutes(_ table: RouteTable) {
        let room = Room<VehicleView>(
            page: "/desk/vehicles", access: .verb(.vehicleEdit),
            load: { request, context in try await vehicles(Part(request), context.actor) },
            title: { $1.words(.vehiclesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(room, table)
        write("/desk/vehicles", .verb(.vehicleEdit), room, table) { sent, context in
            try await change(sent, context)
            return Href("/desk/vehicles")
        }
        // By POST, so that no plate stands in an address.
        table.post("/desk/vehicles/find", .verb(.vehicleEdit)) { request, context in
            let sent = Sent(try await context.form(request))
            do {
                let view = try await vehicles(
                    Part(request), context.actor, only: try plateIndex(sent["plate"]))
                return directory.shown(
                    directory.staffPage(context.words(.vehiclesTitle), Self.main(view, Kit(context)), context), nil,
                    context)
            } catch GovernanceRefusal.badPlate {
                return try await show(
                    room, Returned(sent: sent, refusal: GovernanceRefusal.badPlate), request, context)
            }
        }
        table.post("/desk/vehicles/:id/plate", .verb(.vehicleEdit)) { request, context in
            let sent = Sent(try await context.form(request))
            let plate = try await desk.unmask(context.id("id"), why: sent["why"], by: context.actor)
            var view = try await vehicles(Part(request), context.actor)
            view.shown = plate
            let main = Self.main(view, Kit(context))
            return directory.shown(
                directory.staffPage(context.words(.vehiclesTitle), main, context), nil, context)
        }
        let mine = Room<VehicleView>(
            page: "/my/vehicles", access: .signedIn,
            load: { _, context in try await myVehicles(context.actor) },
            title: { $1.words(.myVehiclesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(mine, table)
        write("/my/vehicles", .signedIn, mine, table) { sent, context in
            try await change(sent, context)
            return Href("/my/vehicles")
        }
        vehicleAPI(table)
    }

    private func change(_ sent: Sent, _ context: WebContext) async throws {
        switch sent["way"] {
        case "add": try await desk.addVehicle(sent["plate"], to: try sent.id("unit"), by: context.actor)
        case "end":
            try await desk.endVehicle(
                try sent.id("vehicle", VehicleTag.self), was: try sent.version(), by: context.actor)
        default: throw GovernanceRefusal.badChoice("way")
        }
    }

    private struct PlateAsked: Asked {
        let plate: String
        let paging: Paging
        init(_ ask: Ask) throws {
            plate = try ask.body.typed("plate", 1...20, "The whole plate.")
            paging = try Paging(ask)
        }
    }
    private struct BindAsked: Asked {
        let plate: String
        let unit: AreaID
        init(_ ask: Ask) throws {
            plate = try ask.body.typed("plate", 1...20)
            unit = try ask.body("unit", .id(), "The home.")
        }
    }
    private struct UnmaskAsked: Asked {
        let id: ID<VehicleTag>
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            why = try ask.body.typed("why", 1...100, "Why it is needed; this is recorded.")
        }
    }

    private func vehicleAPI(_ table: RouteTable) {
        let shape = GovernanceShapes.vehicle.slices
        table.get(
            "/api/v1/vehicles", .verb(.vehicleEdit), .list("Vehicles of the homes that one serves, plates masked."),
            ListAsked.self, shape
        ) { asked, call in .ok(try await vehicles(Part(asked.paging), call.actor).slice) }
        table.get(
            "/api/v1/my/vehicles", .signedIn, .list("Vehicles of one's own homes, at most 200."), Nothing.self, shape
        ) { _, call in .ok(try await myVehicles(call.actor).slice) }
        table.post(
            "/api/v1/vehicles/search", .verb(.vehicleEdit),
            API(
                .governance, "The vehicles of a plate. By POST, so that no plate stands in an address.",
                refuses: [GovernanceRefusal.badPlate], repeats: .none), PlateAsked.self, shape
        ) { asked, call in
            .ok(try await vehicles(Part(asked.paging), call.actor, only: try plateIndex(asked.plate)).slice)
        }
        table.post(
            "/api/v1/vehicles/:id/plate", .verb(.vehicleEdit),
            API(
                .governance, "The plate in clear, with a reason that is recorded.",
                refuses: [
                    GovernanceRefusal.notFound, GovernanceRefusal.reasonNeeded, GovernanceRefusal.numberInReason,
                ], repeats: .none),
            UnmaskAsked.self, GovernanceShapes.plate
        ) { asked, call in .ok(try await desk.unmask(asked.id, why: asked.why, by: call.actor)) }
        for (path, access) in [("/api/v1/vehicles", Access.verb(.vehicleEdit)), ("/api/v1/my/vehicles", .signedIn)] {
            table.post(
                path, access, .act("Binds a vehicle to a home.", [.badPlate, .vehicleTaken]), BindAsked.self,
                Made.shape, makes: true
            ) { asked, call in
                .made(Made(try await desk.addVehicle(asked.plate, to: asked.unit, by: call.actor).text))
            }
            table.post(
                path + "/:id/end", access, .act("Ends a binding today.", [.changedMeanwhile]),
                EndAsked<VehicleTag>.self, .nothing
            ) { asked, call in
                try await desk.endVehicle(asked.id, was: asked.version, by: call.actor)
                return .done
            }
        }
    }

    private func plateIndex(_ typed: String) throws -> [UInt8] {
        guard let plate = Plate(typed) else { throw GovernanceRefusal.badPlate }
        return directory.secrets.index(plate.text, purpose: "plate")
    }

    private func vehicles(_ part: Part, _ actor: Actor, only wanted: [UInt8]? = nil) async throws -> VehicleView {
        let scope = try actor.scope(.vehicleEdit)
        let today = today
        return try await database.read { transaction in
            let found = try VehicleStore.list(
                scope, index: wanted, on: today, after: part.cursor, limit: part.limit + 1, transaction)
            let units = try DirectoryStore.areas(in: scope, levels: 8...8, limit: 1000, transaction)
            let labels = try Self.labels(units.map(\.id), transaction)
            return VehicleView(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                places: try Self.labels(found.map(\.unit), transaction),
                units: units.map { ($0.id.text, labels[$0.id] ?? $0.name) }, isMine: false)
        }
    }

    private func myVehicles(_ actor: Actor) async throws -> VehicleView {
        let today = today
        return try await database.read { transaction in
            let units = actor.homes.map(\.unit)
            let found =
                try actor.person.map { try VehicleStore.of(units, seenBy: $0, on: today, transaction) } ?? []
            return VehicleView(
                list: Listing(found, limit: 200) { $0.id.raw }, places: try Self.labels(units, transaction),
                units: actor.homes.map { ($0.unit.text, $0.label) }, isMine: true)
        }
    }

    private static func main(_ view: VehicleView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = view.isMine ? Href("/my/vehicles") : Href("/desk/vehicles")
        let rows = view.list.rows.map { v -> HTML in
            let unmask: HTML =
                view.isMine
                ? .empty
                : kit.form(
                    "unmask-\(v.id.text)", Href("/desk/vehicles/", v.id.text, "/plate"), .vehicleUnmask, primary: false,
                    kit.text("unmask-\(v.id.text)", "why", .governanceWhy, most: 100))
            return kit.row(
                v.masked, "\(view.places[v.unit] ?? "") · \(kit.days(v.from, v.to))",
                end: unmask
                    + kit.button(
                        "end", here, .vehicleEnd, hidden: [("vehicle", v.id.text), ("version", String(v.version))]))
        }
        let shown: HTML =
            view.shown.map { "<p class=\"note\" role=\"status\">\(words(.vehicleShown, $0))</p>" } ?? .empty
        let find: HTML =
            view.isMine
            ? .empty
            : kit.form(
                "find", Href("/desk/vehicles/find"), .vehicleFind, primary: view.units.isEmpty,
                kit.text("find", "plate", .vehiclePlate, most: 12))
        let add: HTML =
            view.units.isEmpty
            ? .empty
            : kit.form(
                "add", here, .vehicleAdd, kit.text("add", "plate", .vehiclePlate, most: 12),
                kit.select("add", "unit", .linkUnit, view.units))
        return kit.page(
            words(view.isMine ? .myVehiclesTitle : .vehiclesTitle), "", shown, find,
            kit.rows(rows, none: .governanceNone), view.list.more(Href("/desk/vehicles"), kit.context),
            view.isMine ? .empty : ExportLinks.make("vehicles", kit.context), add)
    }

}

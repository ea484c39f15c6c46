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
}

extension GovernanceHouse {
    func vehicleRoutes(_ table: RouteTable) {
        let room = Room<VehicleView>(
            page: "/desk/vehicles", api: "/api/v1/vehicles", access: .verb(.vehicleEdit),
            load: { request, context in try await vehicles(request, context) },
            title: { $1.words(.vehiclesTitle) }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(room, table)
        write(page: "/desk/vehicles", api: "/api/v1/vehicles", .verb(.vehicleEdit), room, table) { sent, context in
            try await change(sent, context, back: Href("/desk/vehicles"))
        }
        // By POST, so that no plate stands in an address.
        table.post("/desk/vehicles/find", .verb(.vehicleEdit)) { request, context in
            let sent = Sent(try await context.form(request))
            guard let plate = Plate(sent["plate"]) else {
                return try await show(
                    room, Returned(sent: sent, refusal: GovernanceRefusal.badPlate), request, context)
            }
            let index = directory.secrets.index(plate.text, purpose: "plate")
            let main = Self.main(try await vehicles(request, context, only: index), Kit(context))
            return directory.shown(
                directory.staffPage(context.words(.vehiclesTitle), main, context), nil, context)
        }
        table.post("/desk/vehicles/:id/plate", .verb(.vehicleEdit)) { request, context in
            let sent = Sent(try await context.form(request))
            let plate = try await desk.unmask(context.id("id"), why: sent["why"], by: context.actor)
            var view = try await vehicles(request, context)
            view.shown = plate
            let main = Self.main(view, Kit(context))
            return directory.shown(
                directory.staffPage(context.words(.vehiclesTitle), main, context), nil, context)
        }
        table.post("/api/v1/vehicles/:id/plate", .verb(.vehicleEdit)) { request, context in
            let id = try context.id("id", VehicleTag.self)
            let sent = Sent(["why": try await context.json(request)["why"]?.stringValue ?? ""])
            let plate = try await desk.unmask(id, why: sent["why"], by: context.actor)
            return Answer.json(.object([("plate", .string(plate))]))
        }
        let mine = Room<VehicleView>(
            page: "/my/vehicles", api: "/api/v1/my/vehicles", access: .signedIn,
            load: { _, context in try await myVehicles(context) },
            title: { $1.words(.myVehiclesTitle) }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(mine, table)
        write(page: "/my/vehicles", api: "/api/v1/my/vehicles", .signedIn, mine, table) { sent, context in
            _ = try person(context)
            return try await change(sent, context, back: Href("/my/vehicles"))
        }
    }

    private func change(_ sent: Sent, _ context: WebContext, back: Href) async throws -> Made {
        switch sent["way"] {
        case "add":
            let id = try await desk.addVehicle(sent["plate"], to: try sent.id("unit"), by: context.actor)
            return Made(id.text, back)
        case "end":
            let id = try sent.id("vehicle", VehicleTag.self)
            try await desk.endVehicle(id, was: try sent.version(), by: context.actor)
            return Made(id.text, back)
        default: throw GovernanceRefusal.badChoice("way")
        }
    }

    private func vehicles(
        _ request: Request, _ context: WebContext, only wanted: [UInt8]? = nil
    ) async throws -> VehicleView {
        let scope = try context.actor.scope(.vehicleEdit)
        let (limit, after, today) = (try limit(request), try cursor(request), today)
        return try await database.read { transaction in
            let found = try VehicleStore.list(
                scope, index: wanted, on: today, after: after, limit: limit + 1, transaction)
            let units = try DirectoryStore.areas(in: scope, levels: 8...8, limit: 1000, transaction)
            let labels = try Self.labels(units.map(\.id), transaction)
            return VehicleView(
                list: Listing(found, limit: limit) { $0.id.raw },
                places: try Self.labels(found.map(\.unit), transaction),
                units: units.map { ($0.id.text, labels[$0.id] ?? $0.name) }, isMine: false)
        }
    }

    private func myVehicles(_ context: WebContext) async throws -> VehicleView {
        let actor = context.actor
        _ = try person(context)
        let today = today
        return try await database.read { transaction in
            let units = actor.homes.map(\.unit)
            let found = try VehicleStore.of(units, on: today, transaction)
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
                    "unmask-\(v.id.text)", Href("/desk/vehicles/", v.id.text, "/plate"), .vehicleUnmask,
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
                "find", Href("/desk/vehicles/find"), .vehicleFind, kit.text("find", "plate", .vehiclePlate, most: 12))
        let add: HTML =
            view.units.isEmpty
            ? .empty
            : kit.form(
                "add", here, .vehicleAdd, kit.text("add", "plate", .vehiclePlate, most: 12),
                kit.select("add", "unit", .linkUnit, view.units))
        return kit.page(
            words(view.isMine ? .myVehiclesTitle : .vehiclesTitle), "", shown, find,
            kit.rows(rows, none: .governanceNone), view.list.more(Href("/desk/vehicles"), kit.context), add)
    }

    private static func json(_ view: VehicleView) -> JSON {
        view.list.json { v in
            .object([
                ("id", .string(v.id.text)), ("unit", .string(v.unit.text)), ("place", .optional(view.places[v.unit])),
                ("plate_masked", .string(v.masked)), ("kind", .string(v.kind.code)),
                ("since", .string(v.from.description)), ("version", .int(v.version)),
            ])
        }
    }
}

import Hummingbird
import Kernel
import Storage
import Web

extension DirectoryHouse {
    /// The tree of areas: for those who edit the directory, and for those who check homes.
    static let areaReaders: Verbs = [.directoryEdit, .residentApprove]

    func areaRoutes(_ table: RouteTable) {
        table.get("/desk/areas", .staff) { _, context in
            let scope = try context.actor.scope(anyOf: Self.areaReaders)
            // An area that was moved is in the scope by its former paths too.
            let ids = Set(scope.places.map(\.area)).sorted()
            if ids.count == 1 { return Answer.redirect(Href("/desk/areas/", ids[0].text)) }
            let tops = try await database.read { transaction in
                try ids.compactMap { try DirectoryStore.area($0, transaction) }
            }
            let main = AreaPage.tops(tops, context)
            return shown(staffPage(context.words(.areasTitle), main, context), nil, context)
        }
        table.get("/desk/areas/:id", .staff) { request, context in
            let id = try context.id("id", AreaTag.self)
            let from = Int(request.asked("from")) ?? 0
            return try await area(id, from: from, AreaPage.Typed(), context)
        }
        table.post("/desk/areas/:id", .verb(.directoryEdit)) { request, context in
            let sent = try await typed(request, context)
            let id = try context.id("id", AreaTag.self)
            var typed = AreaPage.Typed(
                way: sent["way"], name: sent.trimmed("name"), before: sent.trimmed("before"),
                numbers: sent.trimmed("numbers"), count: sent.trimmed("count"), after: sent.trimmed("after"))
            do {
                switch typed.way {
                case "add": try await areas.add(to: id, names: [typed.name], by: context.actor)
                case "many":
                    let names = try AreaNames.list(
                        numbers: typed.numbers, count: typed.count, before: typed.before, after: typed.after)
                    try await areas.add(to: id, names: names, by: context.actor)
                case "rename": try await areas.rename(id, to: typed.name, was: sent["was"], by: context.actor)
                default: throw WebRefusal.malformed
                }
                return Answer.redirect(Href("/desk/areas/", id.text))
            } catch let refusal as any Refusal {
                typed.refusal = refusal
                return try await area(id, from: 0, typed, context)
            }
        }
    }

    private func area(
        _ id: AreaID, from: Int, _ typed: AreaPage.Typed, _ context: WebContext
    ) async throws -> Response {
        let actor = context.actor
        let scope = try actor.scope(anyOf: Self.areaReaders)
        let today = Zone.shanghai.day(of: world.now())
        let offset = max(0, min(from, Int(AreaActions.mostChildren)))
        let view: AreaPage? = try await database.read { transaction in
            guard let area = try DirectoryStore.area(id, transaction), scope.contains(area.path) else { return nil }
            var page = AreaPage(area: area, typed: typed)
            page.mayEdit = actor.may(.directoryEdit, at: area.path)
            page.mayInvite = area.level == .unit && actor.may(.residentApprove, at: area.path)
            page.offset = offset
            for above in area.path.ids.dropLast() {
                guard let one = try DirectoryStore.area(above, transaction) else { continue }
                page.above.append((one, scope.contains(one.path)))
            }
            if area.level == .unit {
                page.households = try HouseholdStore.households(of: id, on: today, transaction)
                page.members = try HouseholdStore.members(
                    of: id, on: today, names: page.mayInvite, transaction)
            } else {
                page.total = Int(try AreaStore.countChildren(of: id, transaction))
                page.children = try AreaStore.children(
                    of: id, from: offset, limit: AreaPage.most, transaction)
            }
            return page
        }
        guard let view else { throw DirectoryRefusal.notFound }
        return shown(
            staffPage(view.area.name, view.main(context, say(context)), context), typed.refusal, context)
    }
}

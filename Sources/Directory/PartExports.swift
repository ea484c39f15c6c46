import Kernel
import Storage
import Tables
import Web

/// The lists inside the page of one area or one import, as tables with the rights of that page.
extension DirectoryHouse {
    package var partExports: [ListExport] { [areaParts, areaPeople, areaPast, importKept] }

    /// An area within reach; any other is not found.
    private func area(_ ask: ListExport.Ask, _ transaction: any ReadTransaction) throws -> Area {
        let id: AreaID = try ask.thing()
        guard let area = try DirectoryStore.area(id, transaction), ask.scope.contains(area.path) else {
            throw DirectoryRefusal.notFound
        }
        return area
    }

    /// What is directly below an area; there may be thousands.
    private var areaParts: ListExport {
        ListExport(
            "area-parts", .areaParts, Self.areaReaders, [.columnName, .columnLevel],
            filters: [ListExport.ofThing]
        ) { ask, transaction in
            let found = try AreaStore.children(
                of: try area(ask, transaction).id, after: try ask.id().map { AreaID($0) }, limit: ask.limit,
                transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
                [.text(one.name), .text(ask.words(one.level.phrase))]
            }
        }
    }

    /// Who is bound to a home, for those who check homes there.
    private var areaPeople: ListExport {
        ListExport(
            inside: "area-people", .householdTitle, [.residentApprove],
            [.columnPerson, .columnRelation, .householdColumn, .columnFrom, .columnTo]
        ) { ask, transaction in
            let unit = try area(ask, transaction)
            guard unit.level == .unit else { throw DirectoryRefusal.notFound }
            let numbers = Dictionary(
                try HouseholdStore.households(of: unit.id, on: ask.today, transaction).map { ($0.id, $0.number) },
                uniquingKeysWith: { $1 })
            return try HouseholdStore.members(of: unit.id, on: ask.today, names: true, transaction).map { one in
                [
                    .text(one.name), .text(ask.words(one.relation.phrase)),
                    one.household.flatMap { numbers[$0] }.map { .int($0) } ?? .empty, .day(one.from),
                    DirectoryExports.last(one.to),
                ]
            }
        }
    }

    private var areaPast: ListExport {
        ListExport(
            inside: "area-past", .areaPastTitle, [.directoryEdit], [.columnUnder, .columnTo]
        ) { ask, transaction in
            let (area, _) = try AreaActions.place(try ask.thing(), ask.actor, transaction)
            return try AreaPastStore.past(of: area.id, transaction).map { [.text($0.parentName), .moment($0.until)] }
        }
    }

    /// What an import made and could not take back.
    private var importKept: ListExport {
        ListExport(
            "import-kept", .importKeptList, DirectoryExports.readers, [.columnName, .columnState],
            filters: [ListExport.ofThing]
        ) { ask, transaction in
            let record = try imports.load(try ask.thing(), ask.actor, transaction)
            let found = try keptRows(record.id, below: try ask.id() ?? .max, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.number) }) { one in
                [.text(one.name), .text(ask.words(ImportPage.why(one.reason)))]
            }
        }
    }
}

import Cases
import Directory
import Kernel
import Storage
import Tables
import Web

/// The numbers of estates, and the list behind each, as tables.
extension InsightHouse {
    package var exports: [ListExport] { [estateList, countedList] }

    private var estateList: ListExport {
        ListExport(
            "screen-estates", .screenEstates, [.statisticsRead],
            [
                .columnEstate, .columnUnder, .screenKept, .screenBroken, .screenPending, .countOverdue, .countSoon,
                .countOpen,
            ], filters: ["place"]
        ) { ask, transaction in
            let place = try Self.place(ask.filter("place"))
            let (reach, _, _) = try Self.reach(place, ask.scope, transaction)
            let now = world.now()
            let model = try Self.model(reach, Self.areas(reach, now, transaction), nil, now, transaction)
            // All at one moment: a district has a thousand of them.
            let rows = model.places.map { one -> [Cell] in
                [
                    .text(one.name), .text(one.above), .int(one.kept), .int(one.broken), .int(one.pending),
                    .int(one.pressing.overdue), .int(one.pressing.soon), .int(one.open.total),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    /// The cases behind a number, as the page shows them.
    private var countedList: ListExport {
        ListExport(
            "screen-cases", .exportCounted, [.statisticsRead],
            [.columnTitle, .columnEstate, .columnPlace, .exportCountedWhat, .columnAt],
            filters: ["what", "place", "day", "to", "since"]
        ) { ask, transaction in
            guard let what = Counted(code: ask.filter("what")) else { throw InsightRefusal.notFound }
            var asked = ListAsked(what: what, place: try Self.place(ask.filter("place")), limit: ask.limit)
            asked.day = ask.filter("day")
            asked.to = ask.filter("to")
            asked.since = ask.filter("since")
            asked.cursor = ask.cursor ?? ""
            let list = try Self.list(asked, ask.scope, at: world.now(), transaction)
            let rows = list.items.map { item -> [Cell] in
                [
                    .text(item.title), .text(item.estate), .text(item.place), .text(what.title(ask.words)),
                    .moment(item.row.at),
                ]
            }
            return ListExport.Rows(rows, next: list.next?.text)
        }
    }

    private static func place(_ text: String) throws -> AreaID? {
        guard !text.isEmpty else { return nil }
        guard let id = AreaID(text: text) else { throw InsightRefusal.notFound }
        return id
    }
}

import Cases
import Kernel
import Storage

/// Keeps the read model. A step reads a consistent view (events that wait, what the cases say now, what is kept), and
/// then writes the difference together with the marks of the events, if nobody changed the model since the view. So an
/// event that comes twice, late or out of turn changes nothing that it should not; of several servers one wins and the
/// others begin anew; and a server that is killed in between has done nothing.
package struct Projection: Sendable {
    let database: any Database
    let world: World

    package init(database: any Database, world: World) {
        self.database = database
        self.world = world
    }

    /// What a step did.
    package enum Step: Sendable, Equatable {
        case nothing
        /// The model says what is new at these paths.
        case took(Set<String>)
        /// Somebody else changed the model meanwhile: it is to be done again.
        case overtaken
    }

    /// Takes in events that wait.
    package func step(events limit: Int = 300) async throws -> Step {
        let now = world.now()
        let horizon = FactRules.horizon(now)
        let view = try await database.read { transaction -> View? in
            let events = try Outbox().look(InsightStore.consumer, limit: limit, transaction)
            guard !events.isEmpty else { return nil }
            let ids = Set(events.filter { $0.kind == "case.changed" }.map { CaseID($0.subject) }).sorted()
            let change = FactRules.change(
                from: try InsightStore.facts(of: ids, transaction), to: try CaseStates.load(ids, transaction),
                horizon: horizon)
            return View(
                edition: try InsightStore.walk(transaction).edition, change: change, events: events.map(\.id),
                // Rows that came without events of their own.
                isImport: events.contains { $0.kind == "case.imported" },
                paths: Set(events.map(\.payload)).union(change.paths))
        }
        guard let view else { return .nothing }
        let taken = try await database.write { transaction in
            guard try InsightStore.take(view.edition, transaction) else { return false }
            try InsightStore.apply(view.change, transaction)
            if view.isImport { try InsightStore.walkAgain(transaction) }
            try Outbox().markDone(view.events, at: now, transaction)
            return true
        }
        return taken ? .took(view.paths) : .overtaken
    }

    private struct View: Sendable {
        let edition: Int64
        let change: FactRules.Change
        let events: [Int64]
        let isImport: Bool
        let paths: Set<String>
    }

    /// Goes on with the walk through all cases: of a house whose cases are older than the model, after an import, and
    /// after `again`. False when it is over.
    package func walk(cases limit: Int = 500) async throws -> Bool {
        let now = world.now()
        let horizon = FactRules.horizon(now)
        let since = Zone.shanghai.instant(horizon)
        let view = try await database.read { transaction -> (edition: Int64, to: Int64?, FactRules.Change)? in
            let walk = try InsightStore.walk(transaction)
            guard let from = walk.to else { return nil }
            let page = try CaseStates.page(after: from, limit: limit, since: since, transaction)
            let kept = try InsightStore.facts(after: from, upTo: page.last, horizon: horizon, transaction)
            return (walk.edition, page.last, FactRules.change(from: kept, to: page.cases, horizon: horizon))
        }
        guard let (edition, to, change) = view else { return false }
        try await database.write { transaction in
            guard try InsightStore.take(edition, transaction) else { return }
            try InsightStore.apply(change, transaction)
            try InsightStore.walked(to: to, at: now, transaction)
        }
        return true
    }

    /// Throws the model away and lets the walk make it again. Days that are older than single facts keep their counts.
    package func again() async throws {
        let horizon = FactRules.horizon(world.now())
        try await database.write { transaction in
            try InsightStore.empty(transaction, from: horizon)
            try InsightStore.walkAgain(transaction)
        }
    }

    /// Drops single facts that are too old; their counts stay.
    @discardableResult
    package func prune() async throws -> Int {
        let horizon = FactRules.horizon(world.now())
        return try await database.write { transaction in
            let walk = try InsightStore.walk(transaction)
            guard try InsightStore.take(walk.edition, transaction) else { return 0 }
            return try InsightStore.prune(before: horizon, transaction)
        }
    }

    /// What differs between the model and the cases.
    package struct Difference: Sendable, Equatable {
        /// Facts that are missing, wrong or too many.
        package var facts: Int64 = 0
        /// Places whose counts of a day, or of what stands open, are not the sum of their facts.
        package var counts: Int64 = 0
        package var cases: Int64 = 0
        package var waiting = false
        package var isWalking = false
        package var isNone: Bool { facts == 0 && counts == 0 }
    }

    /// Compares all that is kept with what the cases say, in parts; changes nothing. Events that wait show as facts.
    package func check(cases limit: Int = 2000) async throws -> Difference {
        let horizon = FactRules.horizon(world.now())
        let since = Zone.shanghai.instant(horizon)
        var difference = try await database.read { transaction in
            var first = Difference()
            first.waiting = try Outbox().isWaiting(InsightStore.consumer, transaction)
            first.isWalking = try InsightStore.walk(transaction).to != nil
            first.counts = try InsightStore.wrongCounts(from: horizon, transaction)
            return first
        }
        var from: Int64? = 0
        while let after = from {
            let part = try await database.read { transaction in
                let page = try CaseStates.page(after: after, limit: limit, since: since, transaction)
                let kept = try InsightStore.facts(after: after, upTo: page.last, horizon: horizon, transaction)
                let change = FactRules.change(from: kept, to: page.cases, horizon: horizon)
                return (last: page.last, wrong: max(change.gone.count, change.new.count), cases: page.cases.count)
            }
            difference.facts += Int64(part.wrong)
            difference.cases += Int64(part.cases)
            from = part.last
        }
        return difference
    }
}

extension InsightStore {
    /// Places whose counts are not the sums of their facts, of days of which single facts are kept and of what is open.
    package static func wrongCounts(from horizon: Day, _ transaction: any ReadTransaction) throws -> Int64 {
        var counted: [FactRules.PlaceDay: DayNumbers] = [:]
        var open: [FactRules.Place: QueueNumbers] = [:]
        for (kind, day, path, about, clock, n) in try transaction.query(
            """
            select kind, day, path, about_family, clock, count(*) from insight_fact
            where kind >= 9 or day >= \(horizon) group by kind, day, path, about_family, clock
            """,
            { row in
                (
                    try row.raw(0, FactKind.self), try row.day(1), try row.path(2), try row.int(3), try row.int(4),
                    try row.int(5)
                )
            })
        {
            let place = FactRules.Place(path: path, about: about)
            if kind == .open {
                if let index = QueueNumbers.queues.firstIndex(where: { $0.rawValue == clock }) {
                    open[place, default: QueueNumbers()].values[index] += n
                }
            } else if let column = DayNumbers.column(kind, clock) {
                counted[FactRules.PlaceDay(place: place, day: day), default: DayNumbers()].values[column] += n
            }
        }
        var wrong: Int64 = 0
        for (key, numbers) in try allDays(from: horizon, transaction) {
            if counted.removeValue(forKey: key) ?? DayNumbers() != numbers { wrong += 1 }
        }
        for (place, numbers) in try allOpen(transaction) {
            if open.removeValue(forKey: place) ?? QueueNumbers() != numbers { wrong += 1 }
        }
        return wrong + Int64(counted.count + open.count)
    }

    private static func allDays(
        from horizon: Day, _ transaction: any ReadTransaction
    ) throws -> [(FactRules.PlaceDay, DayNumbers)] {
        try transaction.query(
            "select day, path, about_family, \(dayColumns) from insight_day where day >= \(horizon)"
        ) { row in
            (
                FactRules.PlaceDay(
                    place: FactRules.Place(path: try row.path(1), about: try row.int(2)), day: try row.day(0)),
                try numbers(row, from: 3)
            )
        }
    }

    private static func allOpen(
        _ transaction: any ReadTransaction
    ) throws -> [(FactRules.Place, QueueNumbers)] {
        try transaction.query(
            """
            select path, about_family, intake, dispatch, handling, feedback, rating, strike_off, paused
            from insight_open
            """
        ) { row in
            (
                FactRules.Place(path: try row.path(0), about: try row.int(1)),
                QueueNumbers(try QueueNumbers.queues.indices.map { try row.int(2 + $0) })
            )
        }
    }
}

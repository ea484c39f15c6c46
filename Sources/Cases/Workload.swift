import Directory
import Kernel
import Storage

/// What one person has and did, of what the reader may see.
package struct Workload: Sendable, Equatable {
    package var open: Int64 = 0
    package var overdue: Int64 = 0
    /// Handled since Monday, and since the first of the month.
    package var week: Int64 = 0
    package var month: Int64 = 0
    /// From arriving to handled, of the month, by the clock on the wall; nil where nothing was handled.
    package var medianMs: Int64?
}

/// A number of the workload, and the list behind it.
package enum WorkloadList: String, CaseIterable, Sendable {
    case open, overdue, week, month

    var phrase: Phrase {
        switch self {
        case .open: .workloadOpen
        case .overdue: .workloadOverdue
        case .week: .workloadWeek
        case .month: .workloadMonth
        }
    }
}

/// When the week and the month of a moment began, in China.
package struct WorkloadTimes: Sendable {
    package let week: Instant
    package let month: Instant
    package let now: Instant

    package init(now: Instant) {
        let today = Zone.shanghai.day(of: now)
        week = Zone.shanghai.instant(today.adding(1 - today.weekday))
        month = Zone.shanghai.instant(today.adding(1 - today.civil.day))
        self.now = now
    }

    /// The earlier of the two: what has to be read.
    var first: Instant { min(week, month) }
}

/// Every SQL word about who has and did how much. Each statement reads the rows of one person by an index.
package enum WorkloadStore {
    /// Within the places of a scope, and about nobody of the reader's own.
    private static func within(_ scope: Scope) -> SQL {
        let places = scope.places.map { place -> SQL in
            "(c.path >= \(place.path.text) and c.path < \(place.path.upperBound))"
        }
        var sql: SQL = "(\(SQL.joined(places, separator: " or ")))"
        for family in scope.families { sql += " and " + CaseStore.hides(family) }
        return sql
    }

    static func countSQL(_ person: PersonID, _ scope: Scope, at now: Instant) -> SQL {
        """
        select count(*), coalesce(sum(case when c.due_ms < \(now) then 1 else 0 end), 0) from cases_case c
        where c.assignee_id = \(person) and c.assignee_id > 0 and c.queue <> 0 and \(within(scope))
        """
    }

    static func idsSQL(_ person: PersonID, _ scope: Scope, before: Instant?, limit: Int) -> SQL {
        let late: SQL = before.map { "and c.due_ms < \($0)" } ?? .empty
        return """
            select c.id from cases_case c
            where c.assignee_id = \(person) and c.assignee_id > 0 and c.queue <> 0 \(late) and \(within(scope))
            order by c.due_ms, c.id limit \(limit)
            """
    }

    static func handledSQL(_ person: PersonID, _ scope: Scope, since: Instant) -> SQL {
        """
        select e.case_id, e.at_ms, k.started_ms from cases_event e
        join cases_case c on c.id = e.case_id
        join cases_clock k on k.case_id = e.case_id and k.round = e.round and k.kind = \(ClockKind.handle)
        where e.kind = 6 and e.actor_id = \(person) and e.actor_id > 0 and e.at_ms >= \(since) and \(within(scope))
        order by e.at_ms, e.id limit 2000
        """
    }

    /// Open cases that were given to somebody, by time left.
    static func assigned(
        _ person: PersonID, _ scope: Scope, before: Instant? = nil, limit: Int = 100,
        _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        let ids = try transaction.query(idsSQL(person, scope, before: before, limit: limit)) {
            try $0.id(0, CaseTag.self)
        }
        return try inOrder(ids, transaction)
    }

    private static func inOrder(_ ids: [CaseID], _ transaction: any ReadTransaction) throws -> [CaseLine] {
        let lines = Dictionary(
            try CaseStore.lines(ids, transaction).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return ids.compactMap { lines[$0] }
    }

    /// Cases that somebody handled, the newest first, each once.
    static func handled(
        _ person: PersonID, _ scope: Scope, since: Instant, limit: Int = 100, _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        let found = try transaction.query(handledSQL(person, scope, since: since)) { try $0.id(0, CaseTag.self) }
        var seen = Set<CaseID>()
        let ids = found.reversed().filter { seen.insert($0).inserted }.prefix(limit)
        return try inOrder(Array(ids), transaction)
    }

    static func workload(
        _ person: PersonID, _ scope: Scope, _ times: WorkloadTimes, _ transaction: any ReadTransaction
    ) throws -> Workload {
        var result = Workload()
        if let counts = try transaction.first(
            countSQL(person, scope, at: times.now), { (try $0.int(0), try $0.int(1)) })
        {
            (result.open, result.overdue) = counts
        }
        let done = try transaction.query(handledSQL(person, scope, since: times.first)) {
            (id: try $0.int(0), at: try $0.instant(1), from: try $0.instant(2))
        }
        result.week = Int64(Set(done.filter { $0.at >= times.week }.map { $0.id }).count)
        let month = done.filter { $0.at >= times.month }
        result.month = Int64(Set(month.map { $0.id }).count)
        result.medianMs = median(month.map { max(0, $0.at.ms - $0.from.ms) })
        return result
    }

    /// The middle one; of an even number the mean of the two in the middle, rounded down.
    static func median(_ values: [Int64]) -> Int64? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

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

/// Where a part of such a list ended: the time and the row by which it is ordered.
package struct WorkloadCursor: Sendable, Equatable {
    package let at: Instant
    package let row: Int64
    package var text: String { "\(at.ms)-\(ID<CaseTag>(row).text)" }

    package init(at: Instant, row: Int64) {
        self.at = at
        self.row = row
    }

    /// Nil for what is no cursor.
    package init?(text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let ms = Int64(parts[0]), let id = CaseID(text: parts[1]) else { return nil }
        self.init(at: Instant(ms: ms), row: id.raw)
    }
}

struct WorkloadPart: Sendable {
    let lines: [CaseLine]
    /// Nil after the last.
    let next: WorkloadCursor?
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

    static func idsSQL(
        _ person: PersonID, _ scope: Scope, before: Instant?, after: WorkloadCursor? = nil, limit: Int
    ) -> SQL {
        let late: SQL = before.map { "and c.due_ms < \($0)" } ?? .empty
        let page: SQL = after.map { "and (c.due_ms, c.id) > (\($0.at), \($0.row))" } ?? .empty
        return """
            select c.id, c.due_ms, c.id from cases_case c
            where c.assignee_id = \(person) and c.assignee_id > 0 and c.queue <> 0 \(late) \(page)
                and \(within(scope))
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

    /// The cases that somebody handled, each once, by the last time: the latest first.
    static func handledIDsSQL(
        _ person: PersonID, _ scope: Scope, since: Instant, after: WorkloadCursor? = nil, limit: Int
    ) -> SQL {
        let page: SQL = after.map { "and (e.at_ms, e.id) < (\($0.at), \($0.row))" } ?? .empty
        return """
            select e.case_id, e.at_ms, e.id from cases_event e
            join cases_case c on c.id = e.case_id
            join cases_clock k on k.case_id = e.case_id and k.round = e.round and k.kind = \(ClockKind.handle)
            where e.kind = 6 and e.actor_id = \(person) and e.actor_id > 0 and e.at_ms >= \(since) \(page)
                and \(within(scope)) and not exists (
                    select 1 from cases_event f where f.case_id = e.case_id and f.kind = 6
                        and f.actor_id = \(person) and (f.at_ms, f.id) > (e.at_ms, e.id))
            order by e.at_ms desc, e.id desc limit \(limit)
            """
    }

    /// Open cases that were given to somebody, by time left.
    static func assigned(
        _ person: PersonID, _ scope: Scope, before: Instant? = nil, after: WorkloadCursor? = nil, limit: Int = 100,
        _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        try part(idsSQL(person, scope, before: before, after: after, limit: limit), limit: limit, transaction).lines
    }

    /// A part of the list behind a number, with the cursor to the next.
    static func behind(
        _ list: WorkloadList, of person: PersonID, _ scope: Scope, _ times: WorkloadTimes, after: WorkloadCursor?,
        limit: Int, _ transaction: any ReadTransaction
    ) throws -> WorkloadPart {
        let sql =
            switch list {
            case .open: idsSQL(person, scope, before: nil, after: after, limit: limit + 1)
            case .overdue: idsSQL(person, scope, before: times.now, after: after, limit: limit + 1)
            case .week: handledIDsSQL(person, scope, since: times.week, after: after, limit: limit + 1)
            case .month: handledIDsSQL(person, scope, since: times.month, after: after, limit: limit + 1)
            }
        return try part(sql, limit: limit, transaction)
    }

    private static func part(
        _ sql: SQL, limit: Int, _ transaction: any ReadTransaction
    ) throws -> WorkloadPart {
        let found = try transaction.query(sql) {
            (id: try $0.id(0, CaseTag.self), cursor: WorkloadCursor(at: try $0.instant(1), row: try $0.int(2)))
        }
        let shown = found.prefix(limit)
        let lines = Dictionary(
            try CaseStore.lines(shown.map { $0.id }, transaction).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first })
        return WorkloadPart(
            lines: shown.compactMap { lines[$0.id] }, next: found.count > limit ? shown.last?.cursor : nil)
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

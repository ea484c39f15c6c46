import Cases
import Directory
import Kernel
import Storage

/// What a number counts, by the name that its address carries.
package enum Counted: Hashable, Sendable {
    /// Steps of a day.
    case step(FactKind)
    /// Promises that were kept, or were broken, on a day; of one clock or all.
    case kept(ClockKind?)
    case broken(ClockKind?)
    /// Promises that fall due today and have not yet.
    case pending
    /// Promises that are broken now, of any day.
    case overdue
    /// Promises past their warning, not yet broken.
    case soon
    /// Cases that stand open, in one queue or all.
    case open(CaseQueue?)

    package static let all: [Counted] = {
        var all: [Counted] = [.kept(nil), .broken(nil), .pending, .overdue, .soon, .open(nil)]
        for kind in [FactKind.registered, .attended, .handled, .fedBack, .struckOff] { all.append(.step(kind)) }
        for clock in ClockKind.allCases { all += [.kept(clock), .broken(clock)] }
        for queue in QueueNumbers.queues { all.append(.open(queue)) }
        return all
    }()

    package var code: String {
        switch self {
        case .step(let kind): String(describing: kind)
        case .kept(let clock): clock.map { "kept-\($0.code)" } ?? "kept"
        case .broken(let clock): clock.map { "broken-\($0.code)" } ?? "broken"
        case .pending: "pending"
        case .overdue: "overdue"
        case .soon: "soon"
        case .open(let queue): queue.map { "open-\($0.code)" } ?? "open"
        }
    }

    package init?(code: String) {
        guard let found = Counted.all.first(where: { $0.code == code }) else { return nil }
        self = found
    }

    /// Whether it is counted by the day; else it is about now.
    package var isOfADay: Bool {
        switch self {
        case .step, .kept, .broken: true
        default: false
        }
    }
}

/// A row of a list: what is counted, and where its case stood.
package struct CountedRow: Sendable, Hashable {
    package let caseID: CaseID
    package let ref: Int64
    package let kind: FactKind
    package let at: Instant
    package let path: AreaPath
    package let clock: Int64
    package var cursor: CountedCursor { CountedCursor(at: at, caseID: caseID, ref: ref) }
}

/// Where a page of a list ends.
package struct CountedCursor: Sendable, Hashable {
    let at: Instant
    let caseID: CaseID
    let ref: Int64

    init(at: Instant, caseID: CaseID, ref: Int64) { (self.at, self.caseID, self.ref) = (at, caseID, ref) }

    package init?(text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let at = Int64(parts[0]), let id = CaseID(text: parts[1]), let ref = Int64(parts[2])
        else { return nil }
        self.init(at: Instant(ms: at), caseID: id, ref: ref)
    }
    package var text: String { "\(at.ms)-\(caseID.text)-\(ref)" }
}

extension InsightStore {
    /// One stretch of an index: a kind of fact, perhaps a day, perhaps a range of moments.
    struct Stretch: Sendable {
        var kind: FactKind
        var day: Day?
        var clock: Int64?
        var before: Instant?
        var from: Instant?
        /// Past their warning then.
        var warned: Instant?
    }

    /// - Parameters:
    ///   - day: of what is counted by the day.
    ///   - since: of steps, only those from then on.
    static func stretches(_ what: Counted, day: Day, since: Instant? = nil, at now: Instant) -> [Stretch] {
        switch what {
        case .step(let kind): return [Stretch(kind: kind, day: day, from: since)]
        case .kept(let clock): return [Stretch(kind: .kept, day: day, clock: clock?.rawValue)]
        case .broken(let clock):
            return [
                Stretch(kind: .broken, day: day, clock: clock?.rawValue),
                Stretch(kind: .running, day: day, clock: clock?.rawValue, before: now),
            ]
        case .pending:
            return [Stretch(kind: .running, day: Zone.shanghai.day(of: now), from: now)]
        case .overdue: return [Stretch(kind: .running, before: now)]
        case .soon: return [Stretch(kind: .running, from: now, warned: now)]
        case .open(let queue):
            let queues = queue.map { [$0] } ?? QueueNumbers.queues
            return queues.map { Stretch(kind: .open, day: Day(number: Int32($0.rawValue))) }
        }
    }

    /// - Parameter isOnePlace: the path has nothing below it that is counted: an estate.
    static func listSQL(
        _ stretch: Stretch, _ path: AreaPath, isOnePlace: Bool, hiding families: [OrganisationID],
        after: CountedCursor?, limit: Int
    ) -> SQL {
        var conditions: [SQL] = []
        var index: SQL = .empty
        // Said as its index says it.
        if stretch.kind == .running, stretch.day == nil {
            conditions.append("kind = 8")
            // In the order that is asked for; else SQLite sorts all clocks that run.
            if !isOnePlace { index = .led(by: "insight_fact_due") }
        } else {
            conditions.append("kind = \(stretch.kind)")
        }
        if let day = stretch.day { conditions.append("day = \(day)") }
        conditions.append(
            isOnePlace ? "path = \(path.text)" : Reach.inside(path))
        if let clock = stretch.clock { conditions.append("clock = \(clock)") }
        if let before = stretch.before { conditions.append("at_ms < \(before)") }
        if let from = stretch.from { conditions.append("at_ms >= \(from)") }
        if let warned = stretch.warned { conditions.append("warn_ms <= \(warned)") }
        for family in families { conditions.append("about_family <> \(family)") }
        if let after { conditions.append("(at_ms, case_id, ref) > (\(after.at), \(after.caseID), \(after.ref))") }
        return """
            select case_id, ref, kind, at_ms, path, clock from insight_fact\(index)
            where \(SQL.joined(conditions, separator: " and ")) order by at_ms, case_id, ref limit \(limit)
            """
    }

    /// The list behind a number, the earliest first.
    package static func list(
        _ what: Counted, _ reach: Reach, day: Day, since: Instant? = nil, at now: Instant, isOnePlace: Bool,
        after: CountedCursor? = nil, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [CountedRow] {
        var rows: [CountedRow] = []
        for stretch in stretches(what, day: day, since: since, at: now) {
            for path in reach.paths {
                rows += try transaction.query(
                    listSQL(
                        stretch, path, isOnePlace: isOnePlace, hiding: reach.families, after: after, limit: limit),
                    counted)
            }
        }
        rows.sort { ($0.at, $0.caseID, $0.ref) < ($1.at, $1.caseID, $1.ref) }
        return Array(rows.prefix(limit))
    }

    private static func counted(_ row: any Row) throws -> CountedRow {
        CountedRow(
            caseID: try row.id(0), ref: try row.int(1), kind: try row.raw(2), at: try row.instant(3),
            path: try row.path(4), clock: try row.int(5))
    }

    /// What came in since a moment, the latest first, with at most as many as asked for.
    package static func registered(
        _ reach: Reach, since: Instant, until now: Instant, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [CountedRow] {
        let days = (Zone.shanghai.day(of: since), Zone.shanghai.day(of: now))
        return try transaction.query(
            """
            select case_id, ref, kind, at_ms, path, clock from insight_fact
            where kind = 1 and day between \(days.0) and \(days.1) and at_ms >= \(since) and \(reach.ofFacts)
            order by day desc, at_ms desc, case_id desc limit \(limit)
            """, counted)
    }

    /// The same by place.
    package static func registeredByPlace(
        _ reach: Reach, since: Instant, until now: Instant, _ transaction: any ReadTransaction
    ) throws -> [AreaPath: Int64] {
        let days = (Zone.shanghai.day(of: since), Zone.shanghai.day(of: now))
        let rows = try transaction.query(
            """
            select path, count(*) from insight_fact
            where kind = 1 and day between \(days.0) and \(days.1) and at_ms >= \(since) and \(reach.ofFacts)
            group by path
            """
        ) { (try $0.path(0), try $0.int(1)) }
        return Dictionary(rows, uniquingKeysWith: +)
    }

    /// A note of an estate's day.
    package struct DayNote: Sendable {
        package let path: AreaPath
        package let kind: FactKind
        package let at: Instant
        package let party: Party
    }

    /// The day of some estates, for their scores.
    static func notes(
        of paths: [AreaPath], hiding families: [OrganisationID], day: Day, _ transaction: any ReadTransaction
    ) throws -> [DayNote] {
        guard !paths.isEmpty else { return [] }
        let list = SQL.joined(paths.map { "\($0)" })
        let hidden = SQL.joined(families.map { " and about_family <> \($0)" as SQL }, separator: "")
        return try transaction.query(
            """
            select path, kind, at_ms, party from insight_fact
            where path in (\(list)) and kind in (1, 2, 3, 4, 5, 7, 8) and day = \(day)\(hidden) limit 4000
            """
        ) { row in
            DayNote(
                path: try row.path(0), kind: try row.raw(1), at: try row.instant(2), party: try row.raw(3))
        }
    }

    static func latestSQL(_ kind: FactKind, _ reach: Reach, day: Day, limit: Int) -> SQL {
        """
        select case_id, ref, kind, at_ms, path, clock from insight_fact
        where kind = \(kind) and day = \(day) and \(reach.ofFacts)
        order by at_ms desc, case_id desc, ref desc limit \(limit)
        """
    }

    /// The latest steps of a day.
    static func latest(
        _ reach: Reach, day: Day, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [CountedRow] {
        var rows: [CountedRow] = []
        for kind in [FactKind.registered, .attended, .handled, .fedBack, .struckOff] {
            rows += try transaction.query(latestSQL(kind, reach, day: day, limit: limit), counted)
        }
        rows.sort { ($0.at, $0.caseID, $0.ref) > ($1.at, $1.caseID, $1.ref) }
        return Array(rows.prefix(limit))
    }
}

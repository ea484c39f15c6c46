import Cases
import Directory
import Kernel
import Storage

/// Where somebody may look: paths that do not overlap, without complaints about the families of their posts. Made of a
/// scope, so that nobody can look without one.
package struct Reach: Sendable, Hashable {
    package let paths: [AreaPath]
    package let families: [OrganisationID]
    /// Estates, below which nothing is counted by itself.
    let isNarrow: Bool

    package init(_ scope: Scope) {
        self.init(
            paths: scope.places.map(\.path), families: scope.families,
            isNarrow: scope.places.allSatisfy { $0.level >= .estate })
    }

    /// What of it lies at some paths; nil when nothing does.
    ///
    /// - Parameter isEstate: they are where one estate stands and stood.
    package func narrowed(to wanted: [AreaPath], isEstate: Bool) -> Reach? {
        let found = wanted.filter { one in paths.contains { $0.contains(one) } }
        return found.isEmpty ? nil : Reach(paths: found, families: families, isNarrow: isEstate)
    }

    private init(paths: [AreaPath], families: [OrganisationID], isNarrow: Bool) {
        self.paths = paths
        self.families = families
        self.isNarrow = isNarrow
    }

    /// A condition on the columns `path` and `about_family`.
    var condition: SQL {
        let places = SQL.joined(
            paths.map { "(path >= \($0.text) and path < \($0.upperBound))" as SQL }, separator: " or ")
        return "(\(places))\(hidden)"
    }

    /// The same on `insight_fact`. An estate has its own part of an index; of wider places the lists by kind and time
    /// are read, and the place only says which of their rows count.
    var ofFacts: SQL {
        let places = paths.map { isNarrow ? "path = \($0.text)" as SQL : Self.inside($0) }
        return "(\(SQL.joined(places, separator: " or ")))\(hidden)"
    }

    /// For values that it does not know, PostgreSQL takes a place for the rarest of all conditions, and reads everything
    /// that ever happened there: so the place is said in a way that no index knows.
    static func inside(_ path: AreaPath) -> SQL {
        let column: SQL = .unindexed("path")
        return "(\(column) >= \(path.text) and \(column) < \(path.upperBound))"
    }

    var hidden: SQL { SQL.joined(families.map { " and about_family <> \($0)" as SQL }, separator: "") }
}

/// Every SQL word of the read model. No decisions.
package enum InsightStore {
    package static let consumer = "insight"

    // MARK: The state

    package struct Walk: Sendable {
        let edition: Int64
        /// Nil when the walk through the cases is over.
        package let to: Int64?
    }

    package static func walk(_ transaction: any ReadTransaction) throws -> Walk {
        try transaction.first("select edition, walked_to from insight_state where id = 1") {
            Walk(edition: try $0.int(0), to: try $0.optionalInt(1))
        } ?? Walk(edition: 0, to: nil)
    }

    /// Takes the model for a change by whoever read it in this edition. False when somebody changed it since.
    static func take(_ edition: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            "update insight_state set edition = edition + 1 where id = 1 and edition = \(edition)") == 1
    }

    static func walked(to id: Int64?, at now: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run("update insight_state set walked_to = \(id), walked_ms = \(now) where id = 1")
    }

    /// The walk begins anew; what is counted stands until it comes by.
    static func walkAgain(_ transaction: any WriteTransaction) throws {
        try transaction.run("update insight_state set edition = edition + 1, walked_to = 0 where id = 1")
    }

    static func empty(_ transaction: any WriteTransaction, from horizon: Day) throws {
        try transaction.run("delete from insight_fact")
        try transaction.run("delete from insight_open")
        try transaction.run("delete from insight_day where day >= \(horizon)")
    }

    /// Drops single facts of days before one; their counts stay.
    static func prune(before day: Day, _ transaction: any WriteTransaction) throws -> Int {
        var gone = 0
        for kind in FactKind.allCases where kind != .running && kind != .open {
            gone += try transaction.run("delete from insight_fact where kind = \(kind) and day < \(day)")
        }
        return gone
    }

    // MARK: Facts

    private static let columns: SQL = "case_id, ref, kind, day, at_ms, warn_ms, path, about_family, clock, party"

    private static func fact(_ row: any Row) throws -> Fact {
        Fact(
            caseID: try row.id(0), ref: try row.int(1), kind: try row.raw(2), day: try row.day(3),
            at: try row.instant(4), warn: try row.instant(5), path: try row.path(6), about: try row.int(7),
            clock: try row.int(8), party: try row.raw(9))
    }

    static func facts(of ids: [CaseID], _ transaction: any ReadTransaction) throws -> [Fact] {
        guard !ids.isEmpty else { return [] }
        let list = SQL.joined(ids.map { "\($0)" })
        return try transaction.query("select \(columns) from insight_fact where case_id in (\(list))", fact)
    }

    /// Those of a walk's stretch that the walk looks after.
    static func facts(
        after id: Int64, upTo last: Int64?, horizon: Day, _ transaction: any ReadTransaction
    ) throws -> [Fact] {
        try transaction.query(
            """
            select \(columns) from insight_fact
            where case_id > \(id) and case_id <= \(last ?? Int64.max) and (kind >= 8 or day >= \(horizon))
            """, fact)
    }

    static func apply(_ change: FactRules.Change, _ transaction: any WriteTransaction) throws {
        for fact in change.gone {
            try transaction.run("delete from insight_fact where case_id = \(fact.caseID) and ref = \(fact.ref)")
        }
        try transaction.insert(
            into: "insight_fact",
            columns: [
                "case_id", "ref", "kind", "day", "at_ms", "warn_ms", "path", "about_family", "clock", "party",
            ],
            rows: change.new.map { fact in
                [
                    .int(fact.caseID.raw), .int(fact.ref), .int(fact.kind.rawValue), .int(Int64(fact.day.number)),
                    .int(fact.at.ms), .int(fact.warn.ms), .text(fact.path.text), .int(fact.about), .int(fact.clock),
                    .int(fact.party.rawValue),
                ]
            })
        // In one order, so that two servers never wait for each other crosswise.
        let days = change.days.sorted {
            ($0.key.day, $0.key.place.path.text, $0.key.place.about)
                < ($1.key.day, $1.key.place.path.text, $1.key.place.about)
        }
        for (key, numbers) in days { try add(numbers.values, key, transaction) }
        let open = change.open.sorted { ($0.key.path.text, $0.key.about) < ($1.key.path.text, $1.key.about) }
        for (place, numbers) in open { try add(numbers.values, place, transaction) }
    }

    private static func add(
        _ n: [Int64], _ key: FactRules.PlaceDay, _ transaction: any WriteTransaction
    ) throws {
        let known = try transaction.run(
            """
            update insight_day set registered = registered + \(n[0]), attended = attended + \(n[1]),
                handled = handled + \(n[2]), fed_back = fed_back + \(n[3]), struck_off = struck_off + \(n[4]),
                kept_attend = kept_attend + \(n[5]), kept_handle = kept_handle + \(n[6]),
                kept_feedback = kept_feedback + \(n[7]), broken_attend = broken_attend + \(n[8]),
                broken_handle = broken_handle + \(n[9]), broken_feedback = broken_feedback + \(n[10]),
                due_attend = due_attend + \(n[11]), due_handle = due_handle + \(n[12]),
                due_feedback = due_feedback + \(n[13])
            where day = \(key.day) and path = \(key.place.path) and about_family = \(key.place.about)
            """)
        guard known == 0 else { return }
        try transaction.run(
            """
            insert into insight_day (day, path, about_family, registered, attended, handled, fed_back, struck_off,
                kept_attend, kept_handle, kept_feedback, broken_attend, broken_handle, broken_feedback, due_attend,
                due_handle, due_feedback)
            values (\(key.day), \(key.place.path), \(key.place.about), \(n[0]), \(n[1]), \(n[2]), \(n[3]), \(n[4]),
                \(n[5]), \(n[6]), \(n[7]), \(n[8]), \(n[9]), \(n[10]), \(n[11]), \(n[12]), \(n[13]))
            """)
    }

    private static func add(
        _ n: [Int64], _ place: FactRules.Place, _ transaction: any WriteTransaction
    ) throws {
        let known = try transaction.run(
            """
            update insight_open set intake = intake + \(n[0]), dispatch = dispatch + \(n[1]),
                handling = handling + \(n[2]), feedback = feedback + \(n[3]), rating = rating + \(n[4]),
                strike_off = strike_off + \(n[5]), paused = paused + \(n[6])
            where path = \(place.path) and about_family = \(place.about)
            """)
        guard known == 0 else { return }
        try transaction.run(
            """
            insert into insight_open
                (path, about_family, intake, dispatch, handling, feedback, rating, strike_off, paused)
            values (\(place.path), \(place.about), \(n[0]), \(n[1]), \(n[2]), \(n[3]), \(n[4]), \(n[5]), \(n[6]))
            """)
    }

    // MARK: Numbers

    static let dayColumns: SQL = """
        registered, attended, handled, fed_back, struck_off, kept_attend, kept_handle, kept_feedback, broken_attend,
        broken_handle, broken_feedback, due_attend, due_handle, due_feedback
        """
    private static let daySums: SQL = """
        sum(registered), sum(attended), sum(handled), sum(fed_back), sum(struck_off), sum(kept_attend),
        sum(kept_handle), sum(kept_feedback), sum(broken_attend), sum(broken_handle), sum(broken_feedback),
        sum(due_attend), sum(due_handle), sum(due_feedback)
        """

    static func numbers(_ row: any Row, from column: Int) throws -> DayNumbers {
        DayNumbers(try (0..<DayNumbers.width).map { try row.int(column + $0) })
    }

    static func daySQL(_ reach: Reach, _ day: Day) -> SQL {
        "select path, \(dayColumns) from insight_day where day = \(day) and \(reach.condition)"
    }

    /// One day by place.
    package static func day(
        _ reach: Reach, _ day: Day, _ transaction: any ReadTransaction
    ) throws -> [AreaPath: DayNumbers] {
        var result: [AreaPath: DayNumbers] = [:]
        for (path, one) in try transaction.query(
            daySQL(reach, day), { (try $0.path(0), try numbers($0, from: 1)) })
        {
            result[path, default: DayNumbers()] += one
        }
        return result
    }

    /// Some days by place, all together.
    package static func days(
        _ reach: Reach, from first: Day, to last: Day, _ transaction: any ReadTransaction
    ) throws -> [AreaPath: DayNumbers] {
        var result: [AreaPath: DayNumbers] = [:]
        for (path, one) in try transaction.query(
            """
            select path, \(daySums) from insight_day
            where day between \(first) and \(last) and \(reach.condition) group by path
            """, { (try $0.path(0), try numbers($0, from: 1)) })
        {
            result[path, default: DayNumbers()] += one
        }
        return result
    }

    /// Some days, all places together.
    package static func trend(
        _ reach: Reach, from first: Day, to last: Day, _ transaction: any ReadTransaction
    ) throws -> [Day: DayNumbers] {
        let rows = try transaction.query(
            """
            select day, \(daySums) from insight_day
            where day between \(first) and \(last) and \(reach.condition) group by day
            """
        ) { (try $0.day(0), try numbers($0, from: 1)) }
        return Dictionary(rows, uniquingKeysWith: { $1 })
    }

    static func openSQL(_ reach: Reach) -> SQL {
        """
        select path, intake, dispatch, handling, feedback, rating, strike_off, paused from insight_open
        where \(reach.condition)
        """
    }

    /// Cases that stand open, by place.
    package static func open(
        _ reach: Reach, _ transaction: any ReadTransaction
    ) throws -> [AreaPath: QueueNumbers] {
        var result: [AreaPath: QueueNumbers] = [:]
        for (path, one) in try transaction.query(
            openSQL(reach),
            { row in
                (
                    try row.path(0),
                    QueueNumbers(try QueueNumbers.queues.indices.map { try row.int(1 + $0) })
                )
            })
        {
            result[path, default: QueueNumbers()] += one
        }
        return result
    }

    /// Clocks that run and are past their warning, by place: those past their due, those of them that fell due today by
    /// clock, and those that are soon due.
    package struct Pressing: Sendable {
        package var overdue: Int64 = 0
        package var today: [Int64] = [0, 0, 0]
        package var soon: Int64 = 0
    }

    static func pressingSQL(_ reach: Reach, at now: Instant, midnight: Instant) -> SQL {
        // Else SQLite takes the list of all clocks that run for the shorter one.
        let index: SQL = reach.isNarrow ? .empty : .led(by: "insight_fact_warn")
        return """
            select path, clock, sum(case when at_ms < \(now) then 1 else 0 end),
                sum(case when at_ms < \(now) and at_ms > \(midnight) then 1 else 0 end),
                sum(case when at_ms >= \(now) then 1 else 0 end)
            from insight_fact\(index) where kind = 8 and warn_ms <= \(now) and \(reach.ofFacts) group by path, clock
            """
    }

    /// - Parameter midnight: the first moment of the day. What was due at it belongs to the day before.
    package static func pressing(
        _ reach: Reach, at now: Instant, midnight: Instant, _ transaction: any ReadTransaction
    ) throws -> [AreaPath: Pressing] {
        var result: [AreaPath: Pressing] = [:]
        for (path, clock, overdue, today, soon) in try transaction.query(
            pressingSQL(reach, at: now, midnight: midnight),
            { (try $0.path(0), try $0.int(1), try $0.int(2), try $0.int(3), try $0.int(4)) })
        {
            var one = result[path] ?? Pressing()
            one.overdue += overdue
            one.soon += soon
            if (1...3).contains(clock) { one.today[Int(clock) - 1] += today }
            result[path] = one
        }
        return result
    }
}

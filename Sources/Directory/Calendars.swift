import Kernel
import Storage
import Synchronization

/// What one server tells the others when the calendar, a category or a policy was edited.
package enum StandingWords {
    package static let changed = "standing"
}

/// The working calendar as the database has it. Read at most every ten seconds, and at once after an edit.
package final class Calendars: Sendable {
    private struct State {
        var calendar: WorkCalendar?
        var read = Instant(ms: 0)
    }
    private let state = Mutex(State())
    private let database: any Database
    private static let freshMs: Int64 = 10_000

    package init(database: any Database) { self.database = database }

    package func current(at now: Instant) async throws -> WorkCalendar {
        let kept: WorkCalendar? = state.withLock { state in
            guard let calendar = state.calendar, abs(now.ms - state.read.ms) < Self.freshMs else { return nil }
            return calendar
        }
        if let kept { return kept }
        let calendar = try await database.read { try CalendarStore.load($0) }
        state.withLock { $0 = State(calendar: calendar, read: now) }
        return calendar
    }

    package func forget() { state.withLock { $0 = State() } }
}

package enum CalendarStore {
    package static func load(_ transaction: any ReadTransaction) throws -> WorkCalendar {
        let days = try transaction.query(
            "select day, kind, name from directory_calendar_day order by day limit 100000"
        ) { row -> (Day, DayKind) in
            (try row.day(0), try row.int(1) == 2 ? .makeUpWorkday : .rest(name: try row.text(2)))
        }
        let years = try transaction.query("select year from directory_calendar_year order by year limit 1000") {
            Int(try $0.int(0))
        }
        return WorkCalendar(days: Dictionary(days, uniquingKeysWith: { $1 }), confirmedYears: Set(years))
    }

    package static func put(
        _ day: Day, kind: DayKind?, source: String, by person: PersonID?, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run("delete from directory_calendar_day where day = \(day)")
        guard let kind else { return }
        let (number, name): (Int, String) =
            switch kind {
            case .rest(let name): (1, name)
            case .makeUpWorkday: (2, "")
            case .normal: (0, "")
            }
        guard number > 0 else { return }
        try transaction.run(
            """
            insert into directory_calendar_day (day, kind, name, source, edited_by)
            values (\(day), \(number), \(name), \(source), \(person))
            """)
    }

    package static func confirm(
        year: Int, source: String, by person: PersonID?, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_calendar_year (year, source, confirmed_by) values (\(year), \(source), \(person))
            on conflict (year) do update set source = excluded.source, confirmed_by = excluded.confirmed_by
            """)
    }

    package static func days(
        of year: Int, _ transaction: any ReadTransaction
    ) throws -> [(day: Day, kind: Int64, name: String, source: String)] {
        guard let first = Day(year: year, month: 1, day: 1), let last = Day(year: year, month: 12, day: 31) else {
            return []
        }
        return try transaction.query(
            """
            select day, kind, name, source from directory_calendar_day where day >= \(first) and day <= \(last)
            order by day
            """
        ) { (try $0.day(0), try $0.int(1), try $0.text(2), try $0.text(3)) }
    }

    /// Of all years, in their order.
    package static func days(
        after: Day?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [(day: Day, kind: Int64, name: String, source: String)] {
        let page: SQL = after.map { "where day > \($0)" } ?? .empty
        return try transaction.query(
            "select day, kind, name, source from directory_calendar_day \(page) order by day limit \(limit)"
        ) { (try $0.day(0), try $0.int(1), try $0.text(2), try $0.text(3)) }
    }

    package static func source(of year: Int, _ transaction: any ReadTransaction) throws -> String? {
        try transaction.first("select source from directory_calendar_year where year = \(year)") { try $0.text(0) }
    }

    /// The facts of 2004 to 2026, once, into an empty table.
    package static func seed(_ transaction: any WriteTransaction) throws {
        guard try transaction.first("select year from directory_calendar_year limit 1", { try $0.int(0) }) == nil
        else { return }
        for row in ChinaCalendarSeed.rows {
            try put(row.day, kind: row.kind, source: row.source, by: nil, transaction)
        }
        for year in ChinaCalendarSeed.years {
            try confirm(year: year, source: ChinaCalendarSeed.notice(of: year), by: nil, transaction)
        }
    }
}

/// The duty roster (A053): who answers when, and every hour that nobody covers.
package struct Shift: Sendable {
    package let id: Int64
    package let person: PersonID
    package let name: String
    package let squad: String
    package let from: Instant
    package let to: Instant
    package let kind: RosterKind
    /// Where, in words; may be empty.
    package let place: String
    /// The pattern that it came from; 0 for one that was entered alone.
    package let series: Int64
    package let version: Int64

    package init(
        id: Int64, person: PersonID, name: String, squad: String, from: Instant, to: Instant,
        kind: RosterKind = .squads, place: String = "", series: Int64 = 0, version: Int64 = 1
    ) {
        self.id = id
        self.person = person
        self.name = name
        self.squad = squad
        self.from = from
        self.to = to
        self.kind = kind
        self.place = place
        self.series = series
        self.version = version
    }

    package func meets(_ other: Shift) -> Bool { from < other.to && other.from < to }
}

package enum RosterStore {
    package static func shifts(
        area: AreaID, from: Instant, to: Instant, _ transaction: any ReadTransaction
    ) throws -> [Shift] {
        // No shift is longer than a day, so an earlier start cannot reach in.
        let earliest = from.adding(days: -1)
        return try transaction.query(
            """
            select \(columns) from directory_shift s join directory_person n on n.id = s.person_id
            where s.area_id = \(area) and s.from_ms >= \(earliest) and s.from_ms < \(to)
            order by s.from_ms, s.id limit 5000
            """, shift
        ).filter { $0.to > from }
    }

    private static let columns: SQL = """
        s.id, s.person_id, n.name, s.squad, s.from_ms, s.to_ms, s.kind, s.place, s.series_id, s.version
        """

    private static func shift(_ row: any Row) throws -> Shift {
        Shift(
            id: try row.int(0), person: try row.id(1), name: try row.text(2), squad: try row.text(3),
            from: try row.instant(4), to: try row.instant(5), kind: try row.raw(6), place: try row.text(7),
            series: try row.int(8), version: try row.int(9))
    }

    package static func shift(
        _ id: Int64, area: AreaID, _ transaction: any ReadTransaction
    ) throws -> Shift? {
        try transaction.first(
            """
            select \(columns) from directory_shift s join directory_person n on n.id = s.person_id
            where s.id = \(id) and s.area_id = \(area)
            """, shift)
    }

    /// The shifts of these people in a time, wherever they are.
    package static func shifts(
        of people: some Collection<PersonID>, from: Instant, to: Instant, _ transaction: any ReadTransaction
    ) throws -> [Shift] {
        guard !people.isEmpty else { return [] }
        let list = SQL.joined(Set(people).sorted().map { "\($0)" })
        let earliest = from.adding(days: -1)
        return try transaction.query(
            """
            select \(columns) from directory_shift s join directory_person n on n.id = s.person_id
            where s.person_id in (\(list)) and s.from_ms >= \(earliest) and s.from_ms < \(to)
            order by s.from_ms, s.id limit 5000
            """, shift
        ).filter { $0.to > from }
    }

    /// The estates where somebody is on duty now, or was until not long ago.
    package static func estates(
        of person: PersonID, since: Instant, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> [AreaID] {
        try transaction.query(
            """
            select area_id from directory_shift
            where person_id = \(person) and from_ms >= \(since.adding(days: -1)) and from_ms <= \(now)
                and to_ms > \(since)
            order by from_ms desc limit 100
            """
        ) { try $0.id(0) }
    }

    /// False when somebody else changed it since.
    static func save(
        _ shift: Shift, area: AreaID, was version: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_shift set person_id = \(shift.person), from_ms = \(shift.from), to_ms = \(shift.to),
                place = \(shift.place), version = \(version + 1)
            where id = \(shift.id) and area_id = \(area) and version = \(version)
            """) == 1
    }

    /// What was done to a shift, by whom and why.
    static func keep(
        _ id: Int64, _ what: ShiftChange.What, _ shift: Shift, area: AreaID, why: String, by person: PersonID,
        at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_shift_change (id, area_id, shift_id, what, kind, person_id, from_ms, to_ms, why,
                changed_by, at_ms)
            values (\(id), \(area), \(shift.id), \(what), \(shift.kind), \(shift.person), \(shift.from),
                \(shift.to), \(why), \(person), \(now))
            """)
    }

    package static func changes(
        area: AreaID, limit: Int = 20, _ transaction: any ReadTransaction
    ) throws -> [ShiftChange] {
        try transaction.query(
            """
            select c.what, n.name, c.from_ms, c.to_ms, c.why, b.name, c.at_ms from directory_shift_change c
            join directory_person n on n.id = c.person_id join directory_person b on b.id = c.changed_by
            where c.area_id = \(area) and c.what > 1 order by c.id desc limit \(limit)
            """
        ) { row in
            ShiftChange(
                what: try row.raw(0), name: try row.text(1), from: try row.instant(2), to: try row.instant(3),
                why: try row.text(4), by: try row.text(5), at: try row.instant(6))
        }
    }

    package static func insert(
        _ shift: Shift, area: AreaID, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into directory_shift (id, area_id, person_id, squad, from_ms, to_ms, created_by, created_ms, kind,
                place, series_id, version)
            values (\(shift.id), \(area), \(shift.person), \(shift.squad), \(shift.from), \(shift.to), \(person),
                \(now), \(shift.kind), \(shift.place), \(shift.series), 1)
            on conflict do nothing
            """) == 1
    }

    package static func delete(_ id: Int64, area: AreaID, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from directory_shift where id = \(id) and area_id = \(area)") == 1
    }
}

package enum Roster {
    package static let longestShiftMs = Instant.dayMs
    package static let horizonDays = 14

    /// The whole hours in `from..<to` that no shift covers to their end.
    package static func gaps(_ shifts: [Shift], from: Instant, to: Instant) -> [Instant] {
        var gaps: [Instant] = []
        let sorted = shifts.sorted { $0.from < $1.from }
        var covered = from
        var index = 0
        var hour = from
        while hour < to {
            let end = hour.adding(hours: 1)
            while index < sorted.count, sorted[index].from <= max(covered, hour) {
                covered = max(covered, sorted[index].to)
                index += 1
            }
            // A shift that begins inside the hour may still close it if the hour before it is covered.
            var reach = covered
            for shift in sorted[index...] {
                guard shift.from < end else { break }
                if shift.from <= reach { reach = max(reach, shift.to) }
            }
            if covered < hour || reach < end { gaps.append(hour) }
            hour = end
        }
        return gaps
    }
}

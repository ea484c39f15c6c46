/// The hours in which an office is open: one window for each weekday, none on days off.
///
/// A day follows the calendar first: closed on its days off; on a make-up workday open in the window of its weekday
/// or, where that has none, in the first window of the week. Any other day follows its weekday alone, so an office may
/// well be open on Saturdays. Times are local to `zone`; data without a zone uses `Zone.wall`.
package struct BusinessHours: Sendable {
    /// Minutes since local midnight. Open from the first moment of `opens` up to and not including `closes`.
    package struct Window: Hashable, Sendable {
        package let opens: Int
        package let closes: Int

        /// Returns nil unless 0 <= opens < closes <= 1440.
        package init?(opens: Int, closes: Int) {
            guard opens >= 0, opens < closes, closes <= 1440 else { return nil }
            self.opens = opens
            self.closes = closes
        }

        fileprivate var opensMs: Int64 { Int64(opens) * Instant.minuteMs }
        fileprivate var closesMs: Int64 { Int64(closes) * Instant.minuteMs }
    }

    package let calendar: WorkCalendar
    package let zone: Zone
    /// Monday first.
    private let week: [Window?]
    private let makeUp: Window
    /// Open on Monday to Friday only: then the open days are the working days of the calendar, and counting is quick.
    private let followsCalendar: Bool

    /// - Parameter week: by ISO weekday, 1 = Monday to 7 = Sunday.
    /// - Returns: nil when no weekday has a window.
    package init?(week: [Int: Window], calendar: WorkCalendar, zone: Zone = .shanghai) {
        self.week = (1...7).map { week[$0] }
        guard let first = self.week.lazy.compactMap(\.self).first else { return nil }
        makeUp = first
        followsCalendar = self.week.prefix(5).allSatisfy { $0 != nil } && self.week.suffix(2).allSatisfy { $0 == nil }
        self.calendar = calendar
        self.zone = zone
    }

    /// Monday to Friday in the same window.
    package init(weekdays window: Window, calendar: WorkCalendar, zone: Zone = .shanghai) {
        week = Array(repeating: window, count: 5) + [nil, nil]
        makeUp = window
        followsCalendar = true
        self.calendar = calendar
        self.zone = zone
    }

    /// The open time of a day; nil when it is closed.
    package func window(on day: Day) -> Window? {
        let weekday = day.weekday
        let usual = week[weekday - 1]
        // A calendar that agrees with the weekday needs no look at the row, except for a day off at the weekend.
        if calendar.isWorkday(day) == (weekday <= 5), weekday <= 5 || usual == nil { return usual }
        switch calendar.days[day] {
        case .rest: return nil
        case .makeUpWorkday: return usual ?? makeUp
        case .normal, nil: return usual
        }
    }

    package func isOpen(at moment: Instant) -> Bool {
        guard let window = window(on: zone.day(of: moment)) else { return false }
        return (window.opensMs..<window.closesMs).contains(zone.msOfDay(moment))
    }

    /// The moment itself while the office is open, or else the start of the next window.
    package func nextOpening(at moment: Instant) -> Instant {
        let day = zone.day(of: moment)
        let time = zone.msOfDay(moment)
        if let window = window(on: day), time < window.closesMs {
            return time >= window.opensMs ? moment : zone.instant(day, msOfDay: window.opensMs)
        }
        let (next, window) = openDay(after: day)
        return zone.instant(next, msOfDay: window.opensMs)
    }

    /// The moment at which so many minutes of open time have passed. A count that is used up as the office closes is
    /// used up then, not at the next opening. The next opening for 0 or less; more than ten million count as ten
    /// million.
    package func add(minutes: Int, to moment: Instant) -> Instant {
        var at = nextOpening(at: moment)
        var left = Int64(max(0, min(minutes, 10_000_000))) * Instant.minuteMs
        // Each round but the first uses up a whole window, of a minute at least.
        while left > 0 {
            let day = zone.day(of: at)
            let closes = zone.instant(day, msOfDay: window(on: day)?.closesMs ?? 0)
            if at.ms + left <= closes.ms { return at.adding(ms: left) }
            left -= closes.ms - at.ms
            let (next, window) = openDay(after: day)
            at = zone.instant(next, msOfDay: window.opensMs)
        }
        return at
    }

    /// The same time of day so many open days later: what comes in outside hours counts from the next opening. On a
    /// day with another window the time is drawn into it. The next opening for 0 or less; more than 100,000 count as
    /// 100,000.
    package func add(openDays n: Int, to moment: Instant) -> Instant {
        let start = nextOpening(at: moment)
        guard n > 0 else { return start }
        var day = zone.day(of: start)
        if followsCalendar {
            day = calendar.after(day, workdays: min(n, Self.most))
        } else {
            for _ in 0..<min(n, Self.most) { day = openDay(after: day).0 }
        }
        let hours = window(on: day) ?? makeUp
        let time = min(max(zone.msOfDay(start), hours.opensMs), hours.closesMs)
        return zone.instant(day, msOfDay: time)
    }

    /// How many open days lie after the day on which `start` counts, up to and including the day of `end`: the reverse
    /// of `add(openDays:to:)`. 0 when `end` is not later; at most 100,000.
    package func openDays(from start: Instant, to end: Instant) -> Int {
        let first = Int(zone.day(of: nextOpening(at: start)).number)
        let last = Int(zone.day(of: end).number)
        guard first < last else { return 0 }
        if followsCalendar {
            return min(
                calendar.workdays(from: Day(number: Int32(first + 1)), through: Day(number: Int32(last))), Self.most)
        }
        var count = 0
        for number in (first + 1)...min(last, first + 7 * Self.most) where count < Self.most {
            if window(on: Day(number: Int32(clamping: number))) != nil { count += 1 }
        }
        return count
    }

    private static let most = 100_000

    /// The next open day. Of any seven days in a row one is open unless the calendar has a row for it, so the number
    /// of rows bounds the search.
    private func openDay(after day: Day) -> (Day, Window) {
        var next = day
        for _ in 0..<(7 * (calendar.days.count + 2)) {
            next = next.adding(1)
            if let window = window(on: next) { return (next, window) }
        }
        return (next, makeUp)
    }
}

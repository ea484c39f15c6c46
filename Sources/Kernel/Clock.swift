/// How long something may take.
package enum ClockLimit: Hashable, Sendable {
    /// Minutes that run day and night, on days off as well (rules.md 0.2: hours are continuous).
    case hours(minutes: Int)
    /// Working days: over at 24:00 of the nth, the start day not counted (Civil Code arts 201, 203).
    case workdays(Int)

    package static func hours(_ hours: Int) -> ClockLimit { .hours(minutes: hours * 60) }
}

/// A time in which a clock stands: from its first moment up to and not including `to`; nil while it lasts.
package struct Pause: Hashable, Sendable {
    package let from: Instant
    package let to: Instant?

    package init(from: Instant, to: Instant?) {
        self.from = from
        self.to = to
    }

    /// The same time as pauses in order that neither touch nor overlap. Empty and reversed ones are dropped; nothing
    /// follows one without an end.
    package static func normalised(_ pauses: [Pause]) -> [Pause] {
        if pauses.count < 2 { return pauses.filter { !$0.isEmpty } }
        var result: [Pause] = []
        for pause in pauses.filter({ !$0.isEmpty }).sorted(by: { $0.from < $1.from }) {
            guard let last = result.last, let end = last.to else {
                if result.isEmpty { result.append(pause) }
                continue
            }
            if end < pause.from {
                result.append(pause)
            } else {
                result[result.count - 1] = Pause(from: last.from, to: pause.to.map { max(end, $0) })
            }
        }
        return result
    }

    private var isEmpty: Bool { to.map { $0 <= from } ?? false }
}

/// What is left of a limit while its clock stands.
package enum ClockRemainder: Hashable, Sendable {
    case time(ms: Int64)
    /// The working days whose 24:00 must still be reached.
    case workdays(Int)
}

/// What a clock says.
package struct ClockReading: Hashable, Sendable {
    /// The last moment that keeps the limit; nil while the clock stands.
    package let due: Instant?
    /// When 80 % are used, a warning falls due. Nil when the clock stands and has not come so far.
    package let warnAt: Instant?
    /// What is left; nil while the clock runs, for then `due` says it.
    package let remaining: ClockRemainder?
    /// The years without a confirmed calendar that the count went through: the due may change when they are confirmed.
    /// Always empty for hours.
    package let unconfirmedYears: [Int]

    package init(
        due: Instant?, warnAt: Instant? = nil, remaining: ClockRemainder? = nil, unconfirmedYears: [Int] = []
    ) {
        self.due = due
        self.warnAt = warnAt
        self.remaining = remaining
        self.unconfirmedYears = unconfirmedYears
    }

    /// A pause without an end holds the clock.
    package var isStopped: Bool { due == nil }

    /// Whether something that happened then kept the limit. Exactly at the due is kept; while the clock stands
    /// everything is.
    package func verdict(stoppedAt moment: Instant) -> ClockVerdict {
        guard let due else { return .kept }
        return moment <= due ? .kept : .missed
    }
}

package enum ClockVerdict: String, Hashable, Sendable {
    case kept, missed
}

/// The arithmetic of limits: pure, without a clock of its own. A reading depends on facts only (start, limit, pauses,
/// calendar), so it need not be stored.
///
/// - A limit in hours moves by the length of each pause, as far as it lies between the start and the moved due.
/// - A limit in working days ends at 24:00 of the nth. It moves by each working day at whose 24:00 a pause was in
///   force, up to the moved due. 24:00 belongs to the day that it ends: a pause up to it counts for that day, one that
///   begins with it counts for the next. So a pause of whole days moves the due by exactly their working days, and a
///   pause that begins at the due, with either kind of limit, comes too late to move it.
package enum Clock {
    /// - Parameters:
    ///   - pauses: in any order; may overlap, precede the start or follow the due.
    ///   - zone: whose midnights end the working days.
    package static func reading(
        start: Instant, limit: ClockLimit, pauses: [Pause] = [], calendar: WorkCalendar, zone: Zone = .shanghai
    ) -> ClockReading {
        let pauses = Pause.normalised(pauses)
        switch limit {
        case .hours(let minutes):
            return hours(start: start, ms: Int64(max(0, min(minutes, mostMinutes))) * Instant.minuteMs, pauses: pauses)
        case .workdays(let count):
            return workdays(start: start, count: max(0, count), pauses: pauses, calendar: calendar, zone: zone)
        }
    }

    /// A thousand years; keeps milliseconds inside 64 bits.
    private static let mostMinutes = 525_960_000

    /// The warning is due when 80 % of the minutes of running time are used, moved by the pauses before it.
    private static func hours(start: Instant, ms: Int64, pauses: [Pause]) -> ClockReading {
        let warn = run(from: start, ms: ms / 5 * 4, pauses: pauses)
        let end = run(from: start, ms: ms, pauses: pauses)
        return ClockReading(
            due: end.at, warnAt: warn.at, remaining: end.at == nil ? .time(ms: end.left) : nil, unconfirmedYears: [])
    }

    /// The moment at which `ms` of running time are used, or nil and what is left at the pause that does not end.
    private static func run(from start: Instant, ms: Int64, pauses: [Pause]) -> (at: Instant?, left: Int64) {
        var due = start.adding(ms: ms)
        for pause in pauses {
            let from = max(pause.from, start)
            if from >= due { break }
            guard let to = pause.to else { return (nil, due.ms - from.ms) }
            if to > from { due = due.adding(ms: to.ms - from.ms) }
        }
        return (due, 0)
    }

    /// The warning is due at 80 % of the span from the start to the due, both as they stand: it moves with the due,
    /// by 80 % of the way, and always lies between the two.
    private static func workdays(
        start: Instant, count: Int, pauses: [Pause], calendar: WorkCalendar, zone: Zone
    ) -> ClockReading {
        let startDay = zone.day(of: start)
        var day = calendar.after(startDay, workdays: count)
        for pause in pauses {
            // The first day at whose 24:00 the pause is in force: 24:00 of a day is later than its start.
            let first = max(zone.day(of: pause.from), startDay.adding(1))
            if first > day { break }
            guard let to = pause.to else {
                return ClockReading(
                    due: nil, warnAt: nil, remaining: .workdays(calendar.workdays(from: first, through: day)),
                    unconfirmedYears: calendar.unconfirmedYears(from: startDay, through: day))
            }
            let last = zone.day(of: to).adding(-1)
            day = calendar.after(day, workdays: calendar.workdays(from: first, through: last))
        }
        let due = zone.endOfDay(day)
        return ClockReading(
            due: due, warnAt: start.adding(ms: (due.ms - start.ms) * 4 / 5), remaining: nil,
            unconfirmedYears: calendar.unconfirmedYears(from: startDay, through: day))
    }
}

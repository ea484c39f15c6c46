/// A moment: milliseconds since 1970-01-01T00:00Z.
package struct Instant: Hashable, Comparable, Sendable {
    package let ms: Int64
    package init(ms: Int64) { self.ms = ms }
    package static func < (a: Self, b: Self) -> Bool { a.ms < b.ms }

    package static let minuteMs: Int64 = 60_000
    package static let hourMs: Int64 = 3_600_000
    package static let dayMs: Int64 = 86_400_000

    package func adding(ms delta: Int64) -> Instant { Instant(ms: ms + delta) }
    package func adding(minutes: Int) -> Instant { adding(ms: Int64(minutes) * Self.minuteMs) }
    package func adding(hours: Int) -> Instant { adding(ms: Int64(hours) * Self.hourMs) }
    package func adding(days: Int) -> Instant { adding(ms: Int64(days) * Self.dayMs) }
    /// The earliest and latest moments that the product accepts from outside: years 2000 to 2199.
    package static let accepted = Instant(ms: 946_684_800_000)..<Instant(ms: 7_258_118_400_000)
}

/// A Gregorian day without a zone, counted from 1970-01-01.
package struct Day: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int32
    package init(number: Int32) { self.number = number }
    package static func < (a: Self, b: Self) -> Bool { a.number < b.number }

    /// Returns nil for a day that does not exist, such as 30 February.
    package init?(year: Int, month: Int, day: Int) {
        guard (1600...9999).contains(year), (1...12).contains(month),
            (1...Day.length(year: year, month: month)).contains(day)
        else { return nil }
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yoe = y - era * 400
        let doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy
        number = Int32(era * 146_097 + doe - 719_468)
    }

    /// Reads `2026-03-18`.
    package init?(text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2, parts[2].utf8.count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    package var civil: (year: Int, month: Int, day: Int) {
        let z = Int(number) + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let doe = z - era * 146_097
        let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146_096) / 365
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
        let mp = (5 * doy + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yoe + era * 400 + (month <= 2 ? 1 : 0), month, doy - (153 * mp + 2) / 5 + 1)
    }

    /// 1 = Monday … 7 = Sunday (ISO 8601).
    package var weekday: Int {
        let value = (Int(number) + 3) % 7
        return (value < 0 ? value + 7 : value) + 1
    }

    package func adding(_ days: Int) -> Day { Day(number: number + Int32(days)) }

    package static func length(year: Int, month: Int) -> Int {
        switch month {
        case 2: return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    package var description: String {
        let (year, month, day) = civil
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}

/// A zone with a fixed offset. China has one zone and no daylight saving; `wall` serves data whose times are local
/// and come without a zone.
package struct Zone: Hashable, Sendable {
    package let offsetMinutes: Int
    package init(offsetMinutes: Int) { self.offsetMinutes = offsetMinutes }
    package static let shanghai = Zone(offsetMinutes: 480)
    package static let wall = Zone(offsetMinutes: 0)

    private func local(_ instant: Instant) -> Int64 { instant.ms + Int64(offsetMinutes) * Instant.minuteMs }

    package func day(of instant: Instant) -> Day {
        let value = local(instant)
        let days = value >= 0 ? value / Instant.dayMs : (value - Instant.dayMs + 1) / Instant.dayMs
        return Day(number: Int32(clamping: days))
    }

    /// Milliseconds since local midnight, 0..<86,400,000.
    package func msOfDay(_ instant: Instant) -> Int64 {
        local(instant) - Int64(day(of: instant).number) * Instant.dayMs
    }

    package func instant(_ day: Day, msOfDay: Int64 = 0) -> Instant {
        Instant(ms: Int64(day.number) * Instant.dayMs + msOfDay - Int64(offsetMinutes) * Instant.minuteMs)
    }

    package func instant(_ day: Day, hour: Int, minute: Int = 0) -> Instant {
        instant(day, msOfDay: Int64(hour) * Instant.hourMs + Int64(minute) * Instant.minuteMs)
    }

    /// 24:00 of the day: the first moment of the next.
    package func endOfDay(_ day: Day) -> Instant { instant(day.adding(1)) }
}

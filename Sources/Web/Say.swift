import Kernel

/// Says time the way people do, in Asia/Shanghai. The exact time goes into `datetime` and `title`.
package struct Say: Sendable {
    package let words: Words
    package let now: Instant
    private let zone = Zone.shanghai

    package init(_ words: Words, now: Instant) {
        self.words = words
        self.now = now
    }

    package static func clock(_ instant: Instant) -> String {
        let minutes = Zone.shanghai.msOfDay(instant) / Instant.minuteMs
        let minute = minutes % 60
        return "\(minutes / 60):\(minute < 10 ? "0" : "")\(minute)"
    }

    /// `2026-03-18 15:20`
    package static func exact(_ instant: Instant) -> String {
        let text = clock(instant)
        return "\(Zone.shanghai.day(of: instant)) \(text.utf8.count == 4 ? "0" : "")\(text)"
    }

    /// `2026-03-18T15:20:00+08:00`
    package static func iso(_ instant: Instant) -> String {
        let seconds = Zone.shanghai.msOfDay(instant) / 1000
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return
            "\(Zone.shanghai.day(of: instant))T\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))+08:00"
    }

    package func weekday(_ day: Day) -> String {
        let names: [Phrase] = [.monday, .tuesday, .wednesday, .thursday, .friday, .saturday, .sunday]
        return words(names[day.weekday - 1])
    }

    /// 今天, 昨天, 周五 within the week around, else the date.
    package func day(_ day: Day) -> String {
        let today = zone.day(of: now)
        switch day.number - today.number {
        case 0: return words(.today)
        case -1: return words(.yesterday)
        case 1: return words(.tomorrow)
        case 2...6: return weekday(day)
        case -6 ... -2: return weekday(day)
        default:
            let civil = day.civil
            let here = today.civil.year
            return civil.year == here
                ? words(.monthDay, String(civil.month), String(civil.day))
                : words(.yearMonthDay, String(civil.year), String(civil.month), String(civil.day))
        }
    }

    package func moment(_ instant: Instant) -> String {
        "\(day(zone.day(of: instant)))\u{00A0}\(Say.clock(instant))"
    }

    /// The end of a day limit is said as 24:00 of its last day.
    package func deadline(_ instant: Instant) -> String {
        guard zone.msOfDay(instant) == 0 else { return moment(instant) }
        return "\(day(zone.day(of: instant).adding(-1)))\u{00A0}24:00"
    }

    /// A length of time, rounded down to minutes; days from 48 hours.
    package func length(ms: Int64) -> String {
        let minutes = max(0, ms) / Instant.minuteMs
        if minutes < 60 { return words(.minutes, String(max(minutes, ms > 0 ? 1 : 0))) }
        let hours = minutes / 60
        if hours < 48 {
            return minutes % 60 == 0
                ? words(.hours, String(hours)) : words(.hoursMinutes, String(hours), String(minutes % 60))
        }
        return words(.days, String(hours / 24))
    }

    /// A `<time>` element with the exact time on hover.
    package func time(_ instant: Instant) -> HTML {
        "<time class=num datetime=\"\(Say.iso(instant))\" title=\"\(Say.exact(instant))\">\(moment(instant))</time>"
    }
}

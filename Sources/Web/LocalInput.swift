import Kernel

/// Reads what `<input type=date>` and `<input type=datetime-local>` send, strictly, as local time of China.
package enum LocalInput {
    /// `2026-03-18T15:20`, with seconds too if a browser adds them as `:00`. Nil for anything else, and for moments
    /// that the product does not accept.
    package static func instant(_ text: String) -> Instant? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2, let day = day(String(halves[0])) else { return nil }
        let parts = halves[1].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || (parts.count == 3 && parts[2] == "00"),
            let hour = two(parts[0]), hour < 24, let minute = two(parts[1]), minute < 60
        else { return nil }
        let instant = Zone.shanghai.instant(day, hour: hour, minute: minute)
        return Instant.accepted.contains(instant) ? instant : nil
    }

    /// RFC 3339: `2026-03-18T15:20:00+08:00`, the seconds with or without a fraction, which is dropped. Nil for
    /// anything else, and for moments that the product does not accept.
    package static func moment(_ text: String) -> Instant? {
        let bytes = Array(text.utf8)
        guard (20...40).contains(bytes.count), bytes[10] == 0x54 || bytes[10] == 0x74, bytes[13] == 0x3A,
            bytes[16] == 0x3A
        else { return nil }
        func two(_ at: Int) -> Int? {
            guard at + 1 < bytes.count, (48...57).contains(bytes[at]), (48...57).contains(bytes[at + 1]) else {
                return nil
            }
            return Int(bytes[at] - 48) * 10 + Int(bytes[at + 1] - 48)
        }
        guard let day = day(String(decoding: bytes[..<10], as: UTF8.self)), let hour = two(11), hour < 24,
            let minute = two(14), minute < 60, let second = two(17), second <= 60
        else { return nil }
        var at = 19
        if bytes[at] == 0x2E {
            at += 1
            let start = at
            while at < bytes.count, (48...57).contains(bytes[at]) { at += 1 }
            guard at > start else { return nil }
        }
        guard at < bytes.count else { return nil }
        var offset = 0
        switch bytes[at] {
        case 0x5A, 0x7A: guard at + 1 == bytes.count else { return nil }
        case 0x2B, 0x2D:
            guard at + 6 == bytes.count, bytes[at + 3] == 0x3A, let hours = two(at + 1), hours < 24,
                let minutes = two(at + 4), minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (bytes[at] == 0x2B ? 1 : -1)
        default: return nil
        }
        let instant = Zone(offsetMinutes: offset).instant(day, hour: hour, minute: minute)
            .adding(ms: Int64(second) * 1000)
        return Instant.accepted.contains(instant) ? instant : nil
    }

    /// `2026-03-18`, in the years 2000 to 2199.
    package static func day(_ text: String) -> Day? {
        guard let day = Day(text: text), (2000...2199).contains(day.civil.year) else { return nil }
        return day
    }

    /// The reverse, for the `value` of an input.
    package static func text(_ instant: Instant) -> String {
        let minutes = Zone.shanghai.msOfDay(instant) / Instant.minuteMs
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(Zone.shanghai.day(of: instant))T\(two(minutes / 60)):\(two(minutes % 60))"
    }

    private static func two(_ text: Substring) -> Int? {
        guard text.utf8.count == 2, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}

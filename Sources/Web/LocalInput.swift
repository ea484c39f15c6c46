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

/// What a row of a calendar says about one day.
package enum DayKind: Hashable, Sendable {
    /// A day off whatever its weekday. The name is a holiday code (`springFestival`) or words of an administrator.
    case rest(name: String)
    /// A Saturday or Sunday that is worked in exchange for a day off.
    case makeUpWorkday
    /// Says outright that the day follows its weekday: Monday to Friday worked, Saturday and Sunday off.
    case normal

    /// The stable name that a table stores: `rest`, `makeUp` or `normal`.
    package var code: String {
        switch self {
        case .rest: return "rest"
        case .makeUpWorkday: return "makeUp"
        case .normal: return "normal"
        }
    }

    /// The reverse of `code`; nil for any other text. `name` matters to days off only.
    package init?(code: String, name: String) {
        switch code {
        case "rest": self = .rest(name: name)
        case "makeUp": self = .makeUpWorkday
        case "normal": self = .normal
        default: return nil
        }
    }
}

/// One exceptional day as a table keeps it.
package struct CalendarRow: Hashable, Sendable {
    package let day: Day
    package let kind: DayKind
    /// The code of the holiday that the day belongs to, such as `springFestival`; also on make-up workdays. May be
    /// empty.
    package let holiday: String
    /// The notice that says so, for people to check.
    package let source: String

    package init(day: Day, kind: DayKind, holiday: String, source: String) {
        self.day = day
        self.kind = kind
        self.holiday = holiday
        self.source = source
    }
}

/// Which days are worked: a pure value over a table of exceptional days.
///
/// `isWorkday(d)` = d is a make-up workday, or d is Monday to Friday and no day off (rules.md 1.3). A year counts only
/// when its calendar is confirmed; the product never guesses one. For any other year Monday to Friday are worked, rows
/// of that year are not looked at, and `unconfirmedYears(from:through:)` names it so that a page can say so.
///
/// Counting is by rank: the number of working days since 1970 up to a day, read from bit sets inside the confirmed
/// years and from arithmetic outside. A count costs the same for one working day as for a thousand, and every loop is
/// bounded by the size of the table.
package struct WorkCalendar: Sendable {
    /// The exceptional days of confirmed years.
    package let days: [Day: DayKind]
    package let confirmedYears: Set<Int>

    /// The table covers `low ..< low + 64 × words.count`; bit `i` of word `w` is day `low + 64 w + i`.
    private let low: Int
    private let words: [UInt64]
    /// Before word `w`: the working days of the table in the words before it, on top of those before `low`.
    private let ranks: [Int]

    /// - Parameters:
    ///   - days: the exceptional days; those of years that are not confirmed are dropped.
    ///   - confirmedYears: the years whose calendar is known, 1600 to 9999; others are dropped.
    package init(days: [Day: DayKind], confirmedYears: Set<Int>) {
        let years = confirmedYears.filter { (1600...9999).contains($0) }
        self.confirmedYears = years
        self.days = days.filter { years.contains($0.key.civil.year) }
        guard let first = years.min(), let last = years.max(), let start = Day(year: first, month: 1, day: 1),
            let end = Day(year: last, month: 12, day: 31)
        else {
            low = 0
            words = []
            ranks = [Self.weekdays(before: 0)]
            return
        }
        low = Int(start.number)
        var words = [UInt64](repeating: 0, count: (Int(end.number) - low) / 64 + 1)
        for index in 0..<(words.count * 64) where Day(number: Int32(low + index)).weekday <= 5 {
            words[index >> 6] |= 1 << UInt64(index & 63)
        }
        for (day, kind) in self.days {
            let index = Int(day.number) - low
            switch kind {
            case .rest: words[index >> 6] &= ~(1 << UInt64(index & 63))
            case .makeUpWorkday: words[index >> 6] |= 1 << UInt64(index & 63)
            case .normal: break
            }
        }
        var ranks = [Self.weekdays(before: low)]
        ranks.reserveCapacity(words.count + 1)
        for (index, word) in words.enumerated() { ranks.append(ranks[index] + word.nonzeroBitCount) }
        self.words = words
        self.ranks = ranks
    }

    /// The calendar of a table. A day that has several rows follows the last.
    package init(rows: some Sequence<CalendarRow>, confirmedYears: Set<Int>) {
        self.init(
            days: Dictionary(rows.map { ($0.day, $0.kind) }, uniquingKeysWith: { $1 }), confirmedYears: confirmedYears)
    }

    /// Monday to Friday, no year confirmed.
    package static let weekdaysOnly = WorkCalendar(days: [:], confirmedYears: [])

    package func isConfirmed(_ year: Int) -> Bool { confirmedYears.contains(year) }

    package func isWorkday(_ day: Day) -> Bool {
        let index = Int(day.number) - low
        guard index >= 0, index < words.count * 64 else { return day.weekday <= 5 }
        return words[index >> 6] & (1 << UInt64(index & 63)) != 0
    }

    /// The nth working day after a day, which is not counted itself (Civil Code art. 201: the start day is not
    /// counted). The day itself for n of 0 or less; n above 1,000,000 counts as 1,000,000.
    package func after(_ day: Day, workdays n: Int) -> Day {
        guard n > 0 else { return day }
        return select(rank(through: day) + min(n, Self.most))
    }

    /// The moment at which n working days after `instant` are over: 24:00 of the nth, local time of `zone` (Civil Code
    /// art. 203). 24:00 of the start day itself for n of 0 or less.
    package func endOf(workdays n: Int, after instant: Instant, zone: Zone = .shanghai) -> Instant {
        zone.endOfDay(after(zone.day(of: instant), workdays: n))
    }

    /// How many days of `first...last` are worked; 0 when `last` comes before `first`.
    package func workdays(from first: Day, through last: Day) -> Int {
        last < first ? 0 : rank(through: last) - rank(through: Day(number: first.number - 1))
    }

    /// The years of `first...last` without a confirmed calendar, in order, at most the first 100 of them.
    package func unconfirmedYears(from first: Day, through last: Day) -> [Int] {
        let from = first.civil.year
        let through = min(last.civil.year, from + confirmedYears.count + 100)
        guard from <= through else { return [] }
        return Array((from...through).lazy.filter { !confirmedYears.contains($0) }.prefix(100))
    }

    /// No limit of the product comes near it; it keeps day numbers inside 32 bits.
    static let most = 1_000_000

    /// The working days since the epoch up to and including a day. Only differences mean something.
    func rank(through day: Day) -> Int {
        let index = Int(day.number) + 1 - low
        if index <= 0 || words.isEmpty { return Self.weekdays(before: low + index) }
        let end = words.count * 64
        if index >= end {
            let after = Self.weekdays(before: low + index) - Self.weekdays(before: low + end)
            return ranks[words.count] + after
        }
        let mask = (UInt64(1) << UInt64(index & 63)) - 1
        return ranks[index >> 6] + (words[index >> 6] & mask).nonzeroBitCount
    }

    /// The working day with a rank: the first day `d` with `rank(through: d) == rank`.
    func select(_ rank: Int) -> Day {
        if words.isEmpty || rank <= ranks[0] { return Self.weekday(rank: rank) }
        if rank > ranks[words.count] {
            let before = Self.weekdays(before: low + words.count * 64)
            return Self.weekday(rank: before + rank - ranks[words.count])
        }
        // The last word with fewer working days before it than `rank`.
        var below = 0
        var above = words.count
        while above - below > 1 {
            let middle = (below + above) / 2
            if ranks[middle] < rank { below = middle } else { above = middle }
        }
        var word = words[below]
        for _ in 1..<max(1, rank - ranks[below]) { word &= word - 1 }
        return Day(number: Int32(low + below * 64 + word.trailingZeroBitCount))
    }

    /// Mondays to Fridays from 1969-12-29, a Monday, up to and not including a day number; negative before.
    private static func weekdays(before number: Int) -> Int {
        let days = number + 3
        let week = days >= 0 ? days / 7 : (days - 6) / 7
        return week * 5 + min(days - week * 7, 5)
    }

    /// The Monday to Friday with `weekdays(before: day + 1) == rank`.
    private static func weekday(rank: Int) -> Day {
        let position = rank - 1
        let week = position >= 0 ? position / 5 : (position - 4) / 5
        return Day(number: Int32(clamping: week * 7 + (position - week * 5) - 3))
    }
}

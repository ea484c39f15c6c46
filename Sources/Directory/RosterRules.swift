import Kernel

/// The rosters of an estate. Squads answer around the clock; the others have the hours that they have.
package enum RosterKind: Int64, CaseIterable, Sendable {
    case desk = 1
    case stewards = 2
    case hotline = 3
    case squads = 4
    package var code: String { String(describing: self) }

    package var phrase: Phrase {
        switch self {
        case .desk: .rosterDesk
        case .stewards: .rosterStewards
        case .hotline: .rosterHotline
        case .squads: .rosterSquads
        }
    }
}

/// What was done to a shift.
package struct ShiftChange: Sendable {
    package enum What: Int64, Sendable {
        case entered = 1
        case changed = 2
        case removed = 3
    }
    package let what: What
    package let name: String
    package let from: Instant
    package let to: Instant
    package let why: String
    package let by: String
    package let at: Instant
}

/// The same shift again and again, until a day.
package struct ShiftPattern: Sendable {
    package var kind: RosterKind
    package var squad = ""
    package var place = ""
    package var people: [PersonID]
    package var first: Day
    package var last: Day
    /// 1 Monday to 7 Sunday.
    package var weekdays: Set<Int>
    /// Minutes of the day. An end that is not after the start is of the next day.
    package var start: Int
    package var end: Int
    package var skipsHolidays = false

    package init(
        kind: RosterKind, squad: String = "", place: String = "", people: [PersonID], first: Day, last: Day,
        weekdays: Set<Int>, start: Int, end: Int, skipsHolidays: Bool = false
    ) {
        self.kind = kind
        self.squad = squad
        self.place = place
        self.people = people
        self.first = first
        self.last = last
        self.weekdays = weekdays
        self.start = start
        self.end = end
        self.skipsHolidays = skipsHolidays
    }

    /// When each begins and ends. A day off of the calendar is left out where holidays are skipped; plain weekends are
    /// the weekdays' affair.
    package func times(_ calendar: WorkCalendar) -> [(from: Instant, to: Instant)] {
        guard first <= last, last.number - first.number <= Int32(Roster.longestPatternDays) else { return [] }
        return (0...Int(last.number - first.number)).compactMap { offset in
            let day = first.adding(offset)
            guard weekdays.contains(day.weekday) else { return nil }
            if skipsHolidays, case .rest = calendar.days[day] { return nil }
            let midnight = Zone.shanghai.instant(day)
            let over = end <= start ? 24 * 60 : 0
            return (midnight.adding(minutes: start), midnight.adding(minutes: end + over))
        }
    }
}

extension Roster {
    package static let longestPatternDays = 190
    /// Shifts that one form may make.
    package static let mostShifts = 400

    /// The Monday of a day's week.
    package static func monday(_ day: Day) -> Day { day.adding(1 - day.weekday) }

    /// Shifts of one person that lie over each other, by their ids.
    package static func overlaps(_ shifts: [Shift]) -> Set<Int64> {
        var found = Set<Int64>()
        for (_, own) in Dictionary(grouping: shifts, by: \.person) {
            let sorted = own.sorted { $0.from < $1.from }
            for (index, one) in sorted.enumerated() {
                for other in sorted[(index + 1)...] {
                    guard other.from < one.to else { break }
                    found.formUnion([one.id, other.id])
                }
            }
        }
        return found
    }

    /// `0–8` and `22–24`: from the start of the first hour to the end of the last.
    package static func ranges(_ hours: [Int]) -> [String] {
        var parts: [String] = []
        var index = 0
        while index < hours.count {
            var last = index
            while last + 1 < hours.count, hours[last + 1] == hours[last] + 1 { last += 1 }
            parts.append("\(hours[index])–\(hours[last] + 1)")
            index = last + 1
        }
        return parts
    }
}

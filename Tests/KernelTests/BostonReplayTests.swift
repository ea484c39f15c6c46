import Kernel
import Testing

/// Replays the service requests of Boston, January to September 2015: learns the limits from the promised times, and
/// compares the verdicts with the city's own.
@Suite(.enabled(if: SharedData.has("311-boston-2015/cases.csv.gz")))
struct BostonReplayTests {
    private struct Case {
        let type: Int
        let opened: Instant
        let target: Instant?
        let closed: Instant?
        /// The city's verdict; 147 rows have none.
        let onTime: ClockVerdict?
    }

    /// The days on which the city's clocks stood, read from the data. Evacuation Day (17 March), Bunker Hill Day
    /// (17 June) and the eve of Independence Day (3 July 2015) are days off for some offices but promised times count
    /// them as business days, so they have no rows.
    private static let holidays = [
        "2015-01-01 New Year's Day", "2015-01-19 Martin Luther King Day", "2015-02-16 Presidents' Day",
        "2015-04-20 Patriots' Day", "2015-05-25 Memorial Day", "2015-09-07 Labor Day", "2015-10-12 Columbus Day",
        "2015-11-11 Veterans Day", "2015-11-26 Thanksgiving", "2015-12-25 Christmas Day", "2016-01-01 New Year's Day",
        "2016-01-18 Martin Luther King Day", "2016-02-15 Presidents' Day", "2016-04-18 Patriots' Day",
        "2016-05-30 Memorial Day", "2016-07-04 Independence Day", "2016-09-05 Labor Day", "2016-10-10 Columbus Day",
        "2016-11-11 Veterans Day", "2016-11-24 Thanksgiving", "2016-12-26 Christmas Day",
    ]

    private static func hours(alsoClosed more: [String] = []) throws -> BusinessHours {
        let rows = (holidays + more).map {
            let name = String($0.dropFirst(11))
            return CalendarRow(
                day: day(String($0.prefix(10))), kind: .rest(name: name), holiday: name, source: "311-boston-2015")
        }
        let window = try #require(BusinessHours.Window(opens: 510, closes: 1020))
        return BusinessHours(
            weekdays: window, calendar: WorkCalendar(rows: rows, confirmedYears: [2015, 2016]), zone: .wall)
    }

    private static func cases() throws -> (cases: [Case], types: [String]) {
        let verdicts: [String: ClockVerdict] = ["ONTIME": .kept, "OVERDUE": .missed]
        var cases: [Case] = []
        var types: [String: Int] = [:]
        var isHeader = true
        try readCSV(SharedData.unzipped("311-boston-2015/cases.csv.gz")) { line in
            if isHeader {
                isHeader = false
                #expect(line.string(1) == "opened" && line.string(11) == "type")
                return
            }
            let name = line.string(11)
            let type = types[name] ?? types.count
            types[name] = type
            cases.append(
                Case(
                    type: type, opened: try #require(try line.wall(1)), target: try line.wall(2),
                    closed: try line.wall(3), onTime: verdicts[line.string(4)]))
        }
        return (cases, types.sorted { $0.value < $1.value }.map(\.key))
    }

    @Test func limitsAndVerdictsOfTheCityAreFoundAgain() throws {
        let clock = ContinuousClock()
        let started = clock.now
        let hours = try Self.hours()
        let (cases, types) = try Self.cases()
        #expect(cases.count == 93_963)
        let read = clock.now

        var samples: [Int: [LimitSample]] = [:]
        for item in cases {
            guard let target = item.target else { continue }
            samples[item.type, default: []].append(LimitSample(opened: item.opened, target: target))
        }
        let learned = LimitLearning.learn(samples, hours: hours)
        // The types that a naive script finds to follow business days, and how well the engine's limits explain them.
        let naive = NaiveReplay(hours: try Self.hours(alsoClosed: ["2015-07-03 Independence Day, observed"]))
        let found = samples.filter { naive.isBusiness($0.value) }
        let naiveHits = found.values.reduce(0) { $0 + naive.hits($1) }
        let named = total(found.keys.compactMap { learned[$0] })
        print("Boston: a naive script finds \(found.count) types,", terminator: " ")
        print("within a minute \(percent(naiveHits, named.rows)); the engine \(percent(named.explained, named.rows))")
        #expect(found.count == 27)
        #expect(named.rows == 31_068)
        #expect(naiveHits * 1000 >= named.rows * 956)
        #expect(named.explained * 100 >= named.rows * 95)
        // The wide net: 80 % of a type explained is enough.
        let business = learned.filter { $0.value.followsBusinessDays() }
        for (type, limit) in business.sorted(by: { $0.value.samples > $1.value.samples }) {
            print("  \(types[type]): \(limit.limit), \(limit.explained) of \(limit.samples)")
        }
        let wide = total(business.values)
        print("Boston: \(business.count) of \(learned.count) types follow business days,", terminator: " ")
        print("targets within a minute \(percent(wide.explained, wide.rows))")
        #expect(business.count >= 36)
        #expect(wide.rows >= 48_850)
        #expect(wide.explained * 100 >= wide.rows * 95)
        // The fine net: 95 %.
        let sure = learned.values.filter { $0.followsBusinessDays(percent: 95) }
        let fine = total(sure)
        print("Boston: at 95 % of a type \(sure.count) types,", terminator: " ")
        print("targets within a minute \(percent(fine.explained, fine.rows))")
        #expect(sure.count >= 25)
        #expect(fine.explained * 100 >= fine.rows * 99)
        let learnedAt = clock.now

        var closed = 0
        var unjudged = 0
        var agreed = 0
        var judged = 0
        var judgedAlike = 0
        for item in cases {
            guard let target = item.target, let end = item.closed else { continue }
            closed += 1
            if item.onTime == nil { unjudged += 1 }
            // Whole minutes that end at the recorded target, so that the clock does the work.
            let minutes = Int((target.ms - item.opened.ms) / Instant.minuteMs)
            let reading = Clock.reading(
                start: target.adding(minutes: -minutes), limit: .hours(minutes: minutes), calendar: hours.calendar,
                zone: .wall)
            if reading.verdict(stoppedAt: end) == item.onTime { agreed += 1 }
            if let limit = business[item.type]?.limit {
                judged += 1
                let due = ClockReading(due: limit.target(opened: item.opened, hours: hours))
                if due.verdict(stoppedAt: end) == item.onTime { judgedAlike += 1 }
            }
        }
        print("Boston: verdicts from the recorded target \(percent(agreed, closed));", terminator: " ")
        print("\(unjudged) have no verdict of the city and count as different")
        print("Boston: verdicts from learned limits \(percent(judgedAlike, judged))")
        #expect(closed == 62_068)
        #expect(agreed == closed - unjudged)
        #expect(agreed * 1000 >= closed * 998)
        #expect(judgedAlike * 100 >= judged * 98)
        print("Boston: read in \(read - started), learned in \(learnedAt - read),", terminator: " ")
        print("replayed in \(clock.now - learnedAt)")
    }

    private func total(_ limits: some Sequence<LearnedLimit>) -> (rows: Int, explained: Int) {
        limits.reduce((0, 0)) { ($0.0 + $1.samples, $0.1 + $1.explained) }
    }

    private func percent(_ part: Int, _ whole: Int) -> String {
        let value = part * 10_000 / max(1, whole)
        return "\(part) of \(whole) = \(value / 100).\(value % 100 < 10 ? "0" : "")\(value % 100) %"
    }
}

/// The replay as a short script would do it, apart from the engine: business time in seconds between opening and promise,
/// its median as the limit of the type, and that much business time added again.
private struct NaiveReplay {
    private let hours: BusinessHours
    private let first: Int32
    /// How many open days lie before each day since `first`.
    private let before: [Int]
    private let open: [Day]
    private static let opens: Int64 = 510 * 60
    private static let length = 510 * 60.0

    init(hours: BusinessHours) {
        self.hours = hours
        first = day("2015-01-01").number
        let first = first
        let days = (0..<2200).map { Day(number: first + $0) }
        open = days.filter { hours.window(on: $0) != nil }
        var count = 0
        before = days.map { day in
            defer { if hours.window(on: day) != nil { count += 1 } }
            return count
        }
    }

    /// Open seconds since the first day.
    private func position(_ moment: Instant) -> Double {
        let day = Zone.wall.day(of: moment)
        let base = Double(before[Int(day.number - first)]) * Self.length
        guard hours.window(on: day) != nil else { return base }
        let seconds = Double(Zone.wall.msOfDay(moment)) / 1000 - Double(Self.opens)
        return base + min(max(seconds, 0), Self.length)
    }

    private func moment(_ position: Double) -> Double {
        let index = (position / Self.length).rounded(.down)
        let start = Zone.wall.instant(open[Int(index)], msOfDay: Self.opens * 1000)
        return Double(start.ms) / 1000 + position - index * Self.length
    }

    /// Promises that the median explains in less than a minute.
    func hits(_ samples: [LimitSample]) -> Int {
        let spans = samples.map { position($0.target) - position(hours.nextOpening(at: $0.opened)) }.sorted()
        let limit = (spans[(spans.count - 1) / 2] + spans[spans.count / 2]) / 2
        guard limit >= 0 else { return 0 }
        return samples.count { sample in
            let due = moment(position(hours.nextOpening(at: sample.opened)) + limit)
            return abs(due - Double(sample.target.ms) / 1000) < 60
        }
    }

    func isBusiness(_ samples: [LimitSample]) -> Bool {
        samples.count >= 100 && hits(samples) * 10 >= samples.count * 9
    }
}

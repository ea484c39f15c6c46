import Kernel
import Testing

/// A second way to tell the time: walks through a history minute by minute (or midnight by midnight) and counts. It
/// shares no step with `Clock`: no sorting, no merging, no arithmetic on spans.
private struct Oracle {
    /// Where a clock stands after its walk, in minutes from the origin; nil when a pause held it to the end.
    struct Answer {
        var due: Int?
        var warn: Int?
        var left: Int
    }

    let kinds: [Day: DayKind]

    func worked(_ day: Day) -> Bool {
        switch kinds[day] {
        case .makeUpWorkday: return true
        case .rest: return false
        case .normal, nil: return day.weekday < 6
        }
    }

    /// How many pauses begin less end at each minute; `pauses` in minutes, an end of nil is never.
    private func depths(_ pauses: [(from: Int, to: Int?)], horizon: Int) -> [Int8] {
        var depths = [Int8](repeating: 0, count: horizon + 1)
        for pause in pauses {
            if let to = pause.to, to <= pause.from { continue }
            depths[min(max(pause.from, 0), horizon)] += 1
            if let to = pause.to { depths[min(max(to, 0), horizon)] -= 1 }
        }
        return depths
    }

    func hours(start: Int, minutes: Int, pauses: [(from: Int, to: Int?)], horizon: Int) -> Answer {
        let depths = depths(pauses, horizon: horizon)
        var depth: Int8 = 0
        var used = 0
        var warn: Int?
        var minute = 0
        while minute < horizon {
            depth &+= depths[minute]
            if minute >= start {
                if warn == nil, used * 5 >= minutes * 4 { warn = minute }
                if used == minutes { return Answer(due: minute, warn: warn, left: 0) }
                if depth == 0 { used &+= 1 }
            }
            minute &+= 1
        }
        return Answer(due: nil, warn: warn, left: minutes - used)
    }

    /// `first` is the day of minute 0. Looks at the last minute of each day: is a pause in force?
    func workdays(first: Day, start: Int, count: Int, pauses: [(from: Int, to: Int?)], horizon: Int) -> Answer {
        let depths = depths(pauses, horizon: horizon)
        var depth: Int8 = 0
        var left = count
        var ofDay = 0
        var day = first
        var minute = 0
        let startDay = first.adding(start / 1440)
        while minute < horizon {
            depth &+= depths[minute]
            ofDay &+= 1
            minute &+= 1
            if ofDay == 1440 {
                if day > startDay, depth == 0, worked(day) {
                    left -= 1
                    if left == 0 { return Answer(due: minute, warn: nil, left: 0) }
                }
                ofDay = 0
                day = day.adding(1)
            }
        }
        return Answer(due: nil, warn: nil, left: left)
    }

    /// The same from midnight to midnight, for long counts.
    func midnights(first: Day, start: Int, count: Int, pauses: [(from: Int, to: Int?)], horizon: Int) -> Answer {
        var left = count
        for index in (start / 1440 + 1)..<(horizon / 1440) where worked(first.adding(index)) {
            let lastMinute = index * 1440 + 1439
            if pauses.contains(where: { $0.from <= lastMinute && $0.to ?? .max > lastMinute }) { continue }
            left -= 1
            if left == 0 { return Answer(due: lastMinute + 1, warn: nil, left: 0) }
        }
        return Answer(due: nil, warn: nil, left: left)
    }
}

@Suite struct ClockOracleTests {
    private let china = ChinaCalendarSeed.calendar
    private let exceptions = ChinaCalendarSeed.rows.map(\.day)
    private let oracle = Oracle(
        kinds: Dictionary(uniqueKeysWithValues: ChinaCalendarSeed.rows.map { ($0.day, $0.kind) }))

    /// Half of the days are close to a holiday or a shifted workday.
    private func anyDay(_ random: inout SeededRandom) -> Day {
        let first = Int32(12_418)  // 2004-01-01
        return Bool.random(using: &random)
            ? Day(number: Int32.random(in: first...(first + 8_350), using: &random))
            : exceptions[Int.random(in: 0..<exceptions.count, using: &random)]
                .adding(Int.random(in: -8...1, using: &random))
    }

    private func pauses(
        _ random: inout SeededRandom, from: Range<Int>, length: Range<Int>, most: Int, step: Int = 1
    ) -> [(from: Int, to: Int?)] {
        (0..<Int.random(in: 0...most, using: &random)).map { _ in
            let begin = Int.random(in: from, using: &random) / step * step
            if Int.random(in: 0..<25, using: &random) == 0 { return (begin, nil) }
            return (begin, begin + Int.random(in: length, using: &random) / step * step)
        }
    }

    private func instants(_ pauses: [(from: Int, to: Int?)], origin: Instant) -> [Pause] {
        pauses.map { Pause(from: origin.adding(minutes: $0.from), to: $0.to.map { origin.adding(minutes: $0) }) }
    }

    @Test func hourClocksAgreeWithSteppingThroughTheMinutes() {
        var random = SeededRandom(seed: 20_260_318)
        var wrong = 0
        var stopped = 0
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            for _ in 0..<70_000 {
                let origin = Zone.shanghai.instant(anyDay(&random))
                let start = Int.random(in: 0..<1440, using: &random)
                let minutes = Int.random(in: 0...40, using: &random) * 5
                let list = pauses(
                    &random, from: (start - 200)..<(start + 500), length: -5..<120, most: 6)
                let horizon = start + minutes + 1 + list.reduce(0) { $0 + max(0, ($1.to ?? $1.from) - $1.from) }
                let answer = oracle.hours(start: start, minutes: minutes, pauses: list, horizon: horizon)
                let reading = Clock.reading(
                    start: origin.adding(minutes: start), limit: .hours(minutes: minutes),
                    pauses: instants(list, origin: origin), calendar: china)
                let left = answer.due == nil ? ClockRemainder.time(ms: Int64(answer.left) * 60_000) : nil
                if reading.due != answer.due.map({ origin.adding(minutes: $0) })
                    || reading.warnAt != answer.warn.map({ origin.adding(minutes: $0) }) || reading.remaining != left
                {
                    wrong += 1
                }
                if reading.isStopped { stopped += 1 }
            }
        }
        print("70,000 histories of hour clocks, \(stopped) of them stopped: \(wrong) wrong, \(elapsed)")
        #expect(wrong == 0)
        #expect(stopped > 1_000)
    }

    @Test func dayClocksAgreeWithSteppingThroughTheMinutes() {
        var random = SeededRandom(seed: 7)
        run(&random, histories: 5_000, most: 3, lengths: 0..<3_000, spread: 6, name: "stepped by minutes") {
            oracle.workdays(first: $0, start: $1, count: $2, pauses: $3, horizon: $4)
        }
    }

    @Test func dayClocksAgreeWithSteppingThroughTheMidnights() {
        var random = SeededRandom(seed: 8)
        run(&random, histories: 25_000, most: 15, lengths: -100..<9_000, spread: 30, name: "stepped by midnights") {
            oracle.midnights(first: $0, start: $1, count: $2, pauses: $3, horizon: $4)
        }
    }

    private func run(
        _ random: inout SeededRandom, histories: Int, most: Int, lengths: Range<Int>, spread: Int, name: String,
        answer: (Day, Int, Int, [(from: Int, to: Int?)], Int) -> Oracle.Answer
    ) {
        var wrong = 0
        var stopped = 0
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            for history in 0..<histories {
                let first = anyDay(&random)
                let origin = Zone.shanghai.instant(first)
                let start = Int.random(in: 0..<1440, using: &random)
                let count = Int.random(in: 1...most, using: &random)
                // Every third history has pauses of whole days, which begin and end at midnight.
                let list = pauses(
                    &random, from: (start - 1440)..<(start + spread * 1440), length: lengths, most: 4,
                    step: history % 3 == 0 ? 1440 : 1)
                // Beyond the last moment at which the count could end, if it ends: holidays are 10 days at most.
                let paused = list.reduce(0) { $0 + max(0, ($1.to ?? $1.from) - $1.from) / 1440 + 1 }
                let horizon = ((count + paused) * 3 + 22) * 1440
                let answer = answer(first, start, count, list, horizon)
                let reading = Clock.reading(
                    start: origin.adding(minutes: start), limit: .workdays(count),
                    pauses: instants(list, origin: origin), calendar: china)
                let left = answer.due == nil ? ClockRemainder.workdays(answer.left) : nil
                if reading.due != answer.due.map({ origin.adding(minutes: $0) }) || reading.remaining != left {
                    wrong += 1
                }
                if reading.isStopped { stopped += 1 }
            }
        }
        print("\(histories) histories of day clocks \(name), \(stopped) of them stopped: \(wrong) wrong, \(elapsed)")
        #expect(wrong == 0)
        #expect(stopped > histories / 100)
    }
}

import Cases
import Kernel
import Web

extension Counted {
    /// What it is called above its list.
    func title(_ words: Words) -> String {
        switch self {
        case .step(let kind): words(Self.phrase(kind))
        case .kept(let clock): Self.join(words(.countKept), clock, words)
        case .broken(let clock): Self.join(words(.countBroken), clock, words)
        case .pending: words(.countPending)
        case .overdue: words(.countOverdue)
        case .soon: words(.countSoon)
        case .open(let queue): queue.map { words(Self.phrase($0)) } ?? words(.countOpen)
        }
    }

    private static func join(_ title: String, _ clock: ClockKind?, _ words: Words) -> String {
        clock.map { "\(title) · \(words(phrase($0)))" } ?? title
    }

    static func phrase(_ kind: FactKind) -> Phrase {
        switch kind {
        case .registered: .countRegistered
        case .attended: .countAttended
        case .handled: .countHandled
        case .fedBack: .countFedBack
        case .struckOff: .countStruckOff
        case .kept: .countKept
        case .broken, .running: .countBroken
        case .open: .countOpen
        }
    }

    static func phrase(_ clock: ClockKind) -> Phrase {
        switch clock {
        case .attend: .clockNameAttend
        case .handle: .clockNameHandle
        case .feedback: .clockNameFeedback
        }
    }

    static func phrase(_ queue: CaseQueue) -> Phrase {
        switch queue {
        case .intake: .queueIntake
        case .dispatch: .queueDispatch
        case .handling: .queueInHand
        case .feedback: .queueToFeedBack
        case .rating: .queueToRate
        case .strikeOff, .publication, .none: .queueToStrikeOff
        case .paused: .queueStopped
        }
    }

    /// The address of the list behind a number.
    func href(_ place: String = "", day: String = "", to: String = "", since: Instant? = nil) -> Href {
        Href(
            "/desk/screen/cases",
            query: [
                ("what", code), ("place", place), ("day", day), ("to", to), ("since", since.map { "\($0.ms)" } ?? ""),
            ])
    }
}

/// One line of the trend: a value for each of fourteen days, and what it says.
struct ScreenTrend: Sendable {
    static let pastDays = 13
    let title: Phrase
    let what: Counted
    /// By day, nil where there is nothing to tell.
    let points: [Double?]
    /// The last seven days and the seven before, in words.
    let value: String
    let before: String
    /// How it compares with the seven days before; nil where that cannot be said.
    let isBetter: Bool?

    /// Kept ÷ (kept + broken), what still runs past its limit counted as broken (rules.md 11). Nothing promised is no
    /// data, not 0 % or 100 %.
    static func all(_ model: ScreenModel, _ words: Words) -> [ScreenTrend] {
        let days = (0..<14).map { index -> DayNumbers in
            let day = model.day.adding(index - pastDays)
            if day == model.day { return model.today }
            // Of a day that is over, what still runs is broken.
            var numbers = model.past[day] ?? DayNumbers()
            for clock in ClockKind.allCases {
                guard let broken = DayNumbers.column(.broken, clock.rawValue),
                    let running = DayNumbers.column(.running, clock.rawValue)
                else { continue }
                numbers.values[broken] += numbers.values[running]
            }
            return numbers
        }
        let clocks: [(Phrase, ClockKind)] = [
            (.screenOnTimeAttend, .attend), (.screenOnTimeHandle, .handle), (.screenOnTimeFeedback, .feedback),
        ]
        return clocks.map { share($0, $1, days, words) }
            + [
                count(.screenReports, .registered, days, words), count(.screenStruck, .struckOff, days, words),
            ]
    }

    private static func share(
        _ title: Phrase, _ clock: ClockKind, _ days: [DayNumbers], _ words: Words
    ) -> ScreenTrend {
        func share(_ days: some Collection<DayNumbers>) -> Double? {
            let kept = days.reduce(0) { $0 + $1[.kept, clock] }
            let all = days.reduce(kept) { $0 + $1[.broken, clock] }
            return all == 0 ? nil : Double(kept) / Double(all)
        }
        let (now, before) = (share(days.suffix(7)), share(days.prefix(7)))
        func say(_ value: Double?) -> String {
            value.map { percent($0) } ?? words(.screenNoData)
        }
        return ScreenTrend(
            title: title, what: .broken(clock), points: days.map { share(CollectionOfOne($0)) }, value: say(now),
            before: words(.screenWeekBefore, say(before)), isBetter: now.flatMap { now in before.map { now >= $0 } })
    }

    private static func count(
        _ title: Phrase, _ kind: FactKind, _ days: [DayNumbers], _ words: Words
    ) -> ScreenTrend {
        let values = days.map { $0[kind] }
        func mean(_ values: some Collection<Int64>) -> Double { Double(values.reduce(0, +)) / Double(values.count) }
        let (now, before) = (mean(values.suffix(7)), mean(values.prefix(7)))
        return ScreenTrend(
            title: title, what: .step(kind), points: values.map(Double.init), value: tenths(now),
            before: words(.screenPerDay, words(.screenWeekBefore, tenths(before))), isBetter: nil)
    }

    /// One decimal: rounded only to be shown.
    static func percent(_ share: Double) -> String { tenths(share * 100) + "%" }

    static func tenths(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0 && value >= 100 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }

    /// 100 × 40, without a scale of its own: the line only shows the way.
    func drawing() -> HTML {
        let known = points.compactMap(\.self)
        guard known.count > 1, let low = known.min(), let high = known.max() else {
            return "<svg class=\"trend\" viewBox=\"0 0 100 40\" aria-hidden=\"true\"></svg>"
        }
        let span = high - low
        func place(_ index: Int, _ value: Double) -> HTML {
            let x = Double(index) * 100 / Double(points.count - 1)
            let y = span == 0 ? 20 : 34 - 28 * (value - low) / span
            return "\(x) \(y)"
        }
        let path = points.enumerated().compactMap { index, value in value.map { place(index, $0) } }
        let last = path.last ?? .empty
        let tone: HTML = isBetter == false ? " wait" : ""
        return """
            <svg class="trend" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">\
            <path class="run" d="M\(HTML.joined(path, separator: "L"))"/>\
            <path class="dot\(tone)" d="M\(last)h0"/></svg>
            """
    }
}

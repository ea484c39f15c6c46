/// One promise of the past: when something came in and when it was due.
package struct LimitSample: Hashable, Sendable {
    package let opened: Instant
    package let target: Instant

    package init(opened: Instant, target: Instant) {
        self.opened = opened
        self.target = target
    }
}

/// How a promised time follows from the time at which something came in.
package enum PromisedLimit: Hashable, Sendable {
    /// The same time of day so many open days later; outside hours it counts from the next opening.
    case openDays(Int)
    /// So many minutes later, day and night.
    case elapsed(minutes: Int)

    package func target(opened: Instant, hours: BusinessHours) -> Instant {
        switch self {
        case .openDays(let days): return hours.add(openDays: days, to: opened)
        case .elapsed(let minutes): return opened.adding(minutes: minutes)
        }
    }

    /// Whether the promise was this limit, give or take `LimitLearning.toleranceMs`.
    package func explains(_ sample: LimitSample, hours: BusinessHours) -> Bool {
        abs(target(opened: sample.opened, hours: hours).ms - sample.target.ms) <= LimitLearning.toleranceMs
    }
}

/// The limit that explains most samples of one type.
package struct LearnedLimit: Hashable, Sendable {
    package let limit: PromisedLimit
    /// How many samples there were.
    package let samples: Int
    /// How many of them the limit explains within a minute.
    package let explained: Int

    package init(limit: PromisedLimit, samples: Int, explained: Int) {
        self.limit = limit
        self.samples = samples
        self.explained = explained
    }

    /// Whether the type follows business days well enough to be proposed: an open-day limit that explains at least
    /// `percent` of no fewer than `atLeast` samples.
    package func followsBusinessDays(atLeast: Int = 100, percent: Int = 80) -> Bool {
        guard case .openDays = limit else { return false }
        return samples >= atLeast && explained * 100 >= samples * percent
    }
}

/// Learns limits from promises of the past, so that an import can propose a policy. Pure; the answer depends on the
/// samples only, not on their order.
package enum LimitLearning {
    /// One minute: old systems round to it.
    package static let toleranceMs = Instant.minuteMs

    /// The most frequent implied limit: in open days and in minutes, whichever of the two explains more samples, open
    /// days when both explain the same number, the shorter one of equally frequent ones. Nil without samples.
    package static func learn(_ samples: [LimitSample], hours: BusinessHours) -> LearnedLimit? {
        guard !samples.isEmpty else { return nil }
        var days: [Int: Int] = [:]
        var minutes: [Int: Int] = [:]
        for sample in samples where sample.target >= sample.opened {
            let count = hours.openDays(from: sample.opened, to: sample.target)
            if PromisedLimit.openDays(count).explains(sample, hours: hours) { days[count, default: 0] += 1 }
            let ms = sample.target.ms - sample.opened.ms
            minutes[Int((ms + toleranceMs / 2) / Instant.minuteMs), default: 0] += 1
        }
        let candidates: [PromisedLimit?] = [
            mostFrequent(days).map { .openDays($0) }, mostFrequent(minutes).map { .elapsed(minutes: $0) },
        ]
        var best: LearnedLimit?
        for limit in candidates.compactMap(\.self) {
            let explained = samples.count { limit.explains($0, hours: hours) }
            if explained > best?.explained ?? -1 {
                best = LearnedLimit(limit: limit, samples: samples.count, explained: explained)
            }
        }
        return best
    }

    /// `learn` for each type.
    package static func learn<Key: Hashable>(
        _ samples: [Key: [LimitSample]], hours: BusinessHours
    ) -> [Key: LearnedLimit] {
        samples.compactMapValues { learn($0, hours: hours) }
    }

    private static func mostFrequent(_ counts: [Int: Int]) -> Int? {
        counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
    }
}

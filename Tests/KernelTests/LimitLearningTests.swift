import Kernel
import Testing

@Suite struct LimitLearningTests {
    private let hours: BusinessHours

    init() throws {
        let window = try #require(BusinessHours.Window(opens: 510, closes: 1020))
        hours = BusinessHours(weekdays: window, calendar: ChinaCalendarSeed.calendar)
    }

    private func samples(_ limit: PromisedLimit, count: Int, seed: UInt64) -> [LimitSample] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in
            let opened = at("2026-01-05 00:00").adding(minutes: Int.random(in: 0..<300_000, using: &random))
            let rounding = Int64.random(in: -30_000...30_000, using: &random)
            return LimitSample(opened: opened, target: limit.target(opened: opened, hours: hours).adding(ms: rounding))
        }
    }

    @Test(arguments: [PromisedLimit.openDays(0), .openDays(1), .openDays(5), .openDays(45), .elapsed(minutes: 180)])
    func theLimitBehindThePromisesIsFound(limit: PromisedLimit) {
        let other = samples(.openDays(3), count: 40, seed: 5)
        let learned = LimitLearning.learn(samples(limit, count: 200, seed: 4) + other, hours: hours)
        #expect(learned?.limit == limit)
        #expect(learned?.samples == 240)
        #expect((200...240).contains(learned?.explained ?? 0))
    }

    @Test func aTypeFollowsBusinessDaysOnlyWithEnoughSamplesThatAgree() {
        let many = LearnedLimit(limit: .openDays(5), samples: 100, explained: 80)
        #expect(many.followsBusinessDays())
        #expect(!many.followsBusinessDays(percent: 81))
        #expect(!many.followsBusinessDays(atLeast: 101))
        #expect(!LearnedLimit(limit: .elapsed(minutes: 60), samples: 100, explained: 100).followsBusinessDays())
    }

    @Test func nothingIsLearnedFromNothing() {
        #expect(LimitLearning.learn([], hours: hours) == nil)
        let backwards = LimitSample(opened: at("2026-03-18 09:00"), target: at("2026-03-17 09:00"))
        #expect(LimitLearning.learn([backwards], hours: hours) == nil)
        #expect(LimitLearning.learn(["a": [backwards]], hours: hours).isEmpty)
    }

    @Test func theOrderOfTheSamplesDoesNotMatter() {
        let list = samples(.openDays(2), count: 30, seed: 1) + samples(.openDays(4), count: 30, seed: 2)
        #expect(LimitLearning.learn(list, hours: hours) == LimitLearning.learn(list.reversed(), hours: hours))
        #expect(LimitLearning.learn(list, hours: hours)?.limit == .openDays(2))
    }
}

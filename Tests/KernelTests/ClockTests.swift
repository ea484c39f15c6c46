import Kernel
import Testing

@Suite struct ClockTests {
    let china = ChinaCalendarSeed.calendar

    private func read(_ start: String, _ limit: ClockLimit, _ pauses: [Pause] = []) -> ClockReading {
        Clock.reading(start: at(start), limit: limit, pauses: pauses, calendar: china)
    }

    private func pause(_ from: String, _ to: String?) -> Pause { Pause(from: at(from), to: to.map { at($0) }) }

    @Test func hoursRunThroughTheNightAndHolidays() {
        let reading = read("2026-02-16 22:30", .hours(3))
        #expect(reading.due == at("2026-02-17 01:30"))
        #expect(reading.warnAt == at("2026-02-17 00:54"))
        #expect(!reading.isStopped)
        #expect(reading.remaining == nil)
    }

    @Test func workingDaysEndAtMidnightInShanghai() {
        let reading = read("2026-02-13 09:00", .workdays(5))
        #expect(reading.due == at("2026-02-28 00:00"))
        #expect(reading.unconfirmedYears == [])
    }

    @Test func theMinuteBeforeMidnightBelongsToTheStartDay() {
        #expect(read("2026-03-17 23:59", .workdays(1)).due == at("2026-03-19 00:00"))
        #expect(read("2026-03-18 00:00", .workdays(1)).due == at("2026-03-20 00:00"))
    }

    @Test func endingExactlyAtTheDueIsKept() {
        let reading = read("2026-03-18 09:00", .hours(3))
        #expect(reading.verdict(stoppedAt: at("2026-03-18 12:00")) == .kept)
        #expect(reading.verdict(stoppedAt: at("2026-03-18 12:00").adding(ms: 1)) == .missed)
    }

    @Test func hoursMoveByEachPauseButOnlyByWhatOverlapsTheRunningTime() {
        let pauses = [
            pause("2026-03-18 13:00", "2026-03-18 14:00"),  // after the moved due
            pause("2026-03-18 11:50", "2026-03-18 12:20"),  // only because the one below moves the due
            pause("2026-03-18 08:00", "2026-03-18 09:10"),  // 10 minutes after the start
            pause("2026-03-18 10:00", "2026-03-18 10:10"),
            pause("2026-03-18 10:05", "2026-03-18 10:12"),  // 2 minutes more
        ]
        #expect(read("2026-03-18 09:00", .hours(3), pauses).due == at("2026-03-18 12:52"))
    }

    @Test func aPauseThatBeginsAtTheDueComesTooLate() {
        #expect(read("2026-03-18 09:00", .hours(3), [pause("2026-03-18 12:00", nil)]).due == at("2026-03-18 12:00"))
        #expect(read("2026-03-18 09:00", .workdays(1), [pause("2026-03-20 00:00", nil)]).due == at("2026-03-20 00:00"))
    }

    @Test func anOpenPauseStopsTheClockAndKeepsWhatIsLeft() {
        let hours = read("2026-03-18 09:00", .hours(3), [pause("2026-03-18 11:00", nil)])
        #expect(hours.isStopped)
        #expect(hours.due == nil)
        #expect(hours.warnAt == nil)
        #expect(hours.remaining == .time(ms: Instant.hourMs))
        #expect(hours.verdict(stoppedAt: at("2027-01-01 00:00")) == .kept)

        let days = read("2026-03-18 09:00", .workdays(5), [pause("2026-03-23 11:00", nil)])
        #expect(days.isStopped)
        #expect(days.remaining == .workdays(3))
    }

    @Test func aWarningThatCameBeforeThePauseStays() {
        let reading = read("2026-03-18 09:00", .hours(5), [pause("2026-03-18 13:30", nil)])
        #expect(reading.isStopped)
        #expect(reading.warnAt == at("2026-03-18 13:00"))
    }

    @Test func aDayLimitMovesByWorkingDaysWhoseMidnightIsPaused() {
        // From Friday noon to Monday noon: of three midnights only Friday's ends a working day.
        let weekend = [pause("2026-03-20 12:00", "2026-03-23 12:00")]
        #expect(read("2026-03-18 09:00", .workdays(3), weekend).due == at("2026-03-25 00:00"))
        // Within one day nothing moves.
        let lunch = [pause("2026-03-19 09:00", "2026-03-19 23:59")]
        #expect(read("2026-03-18 09:00", .workdays(3), lunch).due == at("2026-03-24 00:00"))
        // A make-up Saturday is a working day.
        let saturday = [pause("2026-02-28 20:00", "2026-03-01 08:00")]
        #expect(read("2026-02-26 09:00", .workdays(2), saturday).due == at("2026-03-03 00:00"))
    }

    @Test func aPauseOfWholeDaysMovesTheDueByTheirWorkingDays() {
        let wednesday = [pause("2026-03-18 00:00", "2026-03-19 00:00")]
        #expect(read("2026-03-16 09:00", .workdays(2), wednesday).due == at("2026-03-20 00:00"))
        let weekend = [pause("2026-03-21 00:00", "2026-03-23 00:00")]
        #expect(read("2026-03-18 09:00", .workdays(3), weekend).due == at("2026-03-24 00:00"))
    }

    @Test func theStartDayDoesNotCountSoItsPauseDoesNotEither() {
        let pauses = [pause("2026-03-18 10:00", "2026-03-19 08:00")]
        #expect(read("2026-03-18 09:00", .workdays(1), pauses).due == at("2026-03-20 00:00"))
    }

    @Test func aMovedDueCanRunIntoALaterPause() {
        let pauses = [
            pause("2026-03-24 20:00", "2026-03-25 08:00"), pause("2026-03-23 20:00", "2026-03-24 08:00"),
        ]
        #expect(read("2026-03-18 09:00", .workdays(3), pauses).due == at("2026-03-26 00:00"))
    }

    @Test func theWarningOfADayLimitIsAtFourFifthsOfTheWay() {
        #expect(read("2026-03-16 00:00", .workdays(4)).warnAt == at("2026-03-20 00:00"))
        let moved = read("2026-03-16 00:00", .workdays(4), [pause("2026-03-17 12:00", "2026-03-18 12:00")])
        // One working day on goes over the weekend: 21 to 24 March.
        #expect(moved.due == at("2026-03-24 00:00"))
        #expect(moved.warnAt == at("2026-03-16 00:00").adding(ms: 8 * Instant.dayMs * 4 / 5))
    }

    @Test func aCountIntoAYearWithoutANoticeSaysSo() {
        let reading = read("2026-12-30 09:00", .workdays(2))
        #expect(reading.due == at("2027-01-02 00:00"))
        #expect(reading.unconfirmedYears == [2027])
        let stopped = read("2026-12-30 09:00", .workdays(2), [pause("2026-12-30 12:00", nil)])
        #expect(stopped.remaining == .workdays(2))
        #expect(stopped.unconfirmedYears == [2027])
        #expect(read("2027-01-05 09:00", .hours(3)).unconfirmedYears == [])
    }

    @Test func noLimitIsOverAtOnce() {
        #expect(read("2026-03-18 09:00", .hours(0)).due == at("2026-03-18 09:00"))
        #expect(read("2026-03-18 09:00", .hours(minutes: -5)).due == at("2026-03-18 09:00"))
        #expect(read("2026-03-18 09:00", .workdays(0)).due == at("2026-03-19 00:00"))
    }

    @Test func absurdLimitsDoNotTrap() {
        #expect(read("2026-03-18 09:00", .hours(minutes: .max)).due != nil)
        #expect(read("2026-03-18 09:00", .workdays(.max)).due != nil)
    }

    @Test func pausesAreNormalised() {
        let pauses = [
            pause("2026-03-18 12:00", "2026-03-18 13:00"), pause("2026-03-18 09:00", "2026-03-18 10:00"),
            pause("2026-03-18 10:00", "2026-03-18 10:30"), pause("2026-03-18 12:30", "2026-03-18 12:40"),
            pause("2026-03-18 11:00", "2026-03-18 11:00"), pause("2026-03-18 11:30", "2026-03-18 11:10"),
        ]
        #expect(
            Pause.normalised(pauses) == [
                pause("2026-03-18 09:00", "2026-03-18 10:30"), pause("2026-03-18 12:00", "2026-03-18 13:00"),
            ])
        let open = pauses + [pause("2026-03-18 12:10", nil), pause("2026-03-18 20:00", "2026-03-18 21:00")]
        #expect(
            Pause.normalised(open) == [
                pause("2026-03-18 09:00", "2026-03-18 10:30"), pause("2026-03-18 12:00", nil),
            ])
    }
}

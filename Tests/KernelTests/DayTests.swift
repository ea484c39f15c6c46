import Kernel
import Testing

@Suite struct DayTests {
    /// 1600-01-01, a Saturday, is 135,140 days before 1970-01-01.
    @Test func everyDayFrom1600To2400ConvertsThereAndBack() throws {
        var number: Int32 = -135_140
        var weekday = 6
        var wrong = 0
        for year in 1600...2400 {
            let leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
            for (month, length) in [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for date in 1...length {
                    let day = Day(year: year, month: month + 1, day: date)
                    let civil = Day(number: number).civil
                    if day?.number != number || day?.weekday != weekday || civil != (year, month + 1, date) {
                        wrong += 1
                    }
                    number += 1
                    weekday = weekday % 7 + 1
                }
                #expect(Day(year: year, month: month + 1, day: length + 1) == nil)
            }
        }
        #expect(wrong == 0)
        #expect(Day(year: 1970, month: 1, day: 1)?.number == 0)
    }

    @Test func textReadsBack() {
        for number in stride(from: Int32(-135_140), to: 160_000, by: 97) {
            let day = Day(number: number)
            #expect(Day(text: day.description) == day)
        }
    }

    @Test(arguments: [
        "", "2026", "2026-3-18", "2026-03-8", "26-03-18", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
        "2026-01-32", "2026-03-18 ", "2026/03/18", "+026-03-18", "2026-03-18-", "1599-12-31",
    ])
    func refusesWhatIsNoDay(text: String) {
        #expect(Day(text: text) == nil)
    }

    @Test func aDayOfShanghaiBeginsEightHoursEarlier() {
        let midnight = Zone.shanghai.instant(day("2026-03-18"))
        #expect(midnight.ms == Zone.wall.instant(day("2026-03-17"), hour: 16).ms)
        #expect(Zone.shanghai.day(of: midnight) == day("2026-03-18"))
        #expect(Zone.shanghai.day(of: midnight.adding(ms: -1)) == day("2026-03-17"))
        #expect(Zone.shanghai.msOfDay(midnight.adding(ms: -1)) == Instant.dayMs - 1)
        #expect(Zone.shanghai.endOfDay(day("2026-03-17")) == midnight)
    }

    @Test func momentsBefore1970HaveTheirDayToo() {
        #expect(Zone.wall.day(of: Instant(ms: -1)) == day("1969-12-31"))
        #expect(Zone.wall.msOfDay(Instant(ms: -1)) == Instant.dayMs - 1)
        #expect(Zone.wall.day(of: Instant(ms: -Instant.dayMs)) == day("1969-12-31"))
    }
}

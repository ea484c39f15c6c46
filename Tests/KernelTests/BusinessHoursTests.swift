import Kernel
import Testing

@Suite struct BusinessHoursTests {
    private let office: BusinessHours
    private let shop: BusinessHours

    init() throws {
        let window = try #require(BusinessHours.Window(opens: 510, closes: 1020))
        office = BusinessHours(weekdays: window, calendar: ChinaCalendarSeed.calendar)
        let saturday = try #require(BusinessHours.Window(opens: 600, closes: 720))
        shop = try #require(
            BusinessHours(week: [1: window, 3: window, 6: saturday], calendar: ChinaCalendarSeed.calendar))
    }

    @Test func aWindowLiesWithinOneDay() {
        #expect(BusinessHours.Window(opens: 0, closes: 1440) != nil)
        #expect(BusinessHours.Window(opens: 600, closes: 600) == nil)
        #expect(BusinessHours.Window(opens: -1, closes: 600) == nil)
        #expect(BusinessHours.Window(opens: 600, closes: 1441) == nil)
        #expect(BusinessHours(week: [:], calendar: .weekdaysOnly) == nil)
    }

    @Test(arguments: [
        ("2026-03-18 07:00", "2026-03-18 08:30"), ("2026-03-18 08:30", "2026-03-18 08:30"),
        ("2026-03-18 16:59", "2026-03-18 16:59"), ("2026-03-18 17:00", "2026-03-19 08:30"),
        ("2026-03-20 18:00", "2026-03-23 08:30"),
        ("2026-02-14 18:00", "2026-02-24 08:30"),  // the Spring Festival begins
        ("2026-02-27 18:00", "2026-02-28 08:30"),  // a make-up Saturday
    ])
    func whatComesInOutsideHoursWaitsForTheNextOpening(moment: String, opening: String) {
        #expect(office.nextOpening(at: at(moment)) == at(opening))
        #expect(office.isOpen(at: at(moment)) == (moment == opening))
    }

    @Test(arguments: [
        ("2026-03-18 09:00", 60, "2026-03-18 10:00"), ("2026-03-18 16:30", 60, "2026-03-19 09:00"),
        ("2026-03-18 16:30", 30, "2026-03-18 17:00"), ("2026-03-18 20:00", 510, "2026-03-19 17:00"),
        ("2026-03-20 16:00", 61, "2026-03-23 08:31"), ("2026-03-18 20:00", 0, "2026-03-19 08:30"),
        ("2026-03-18 09:00", 5 * 510, "2026-03-25 09:00"),
    ])
    func minutesOfOpenTimeSkipTheNightAndTheWeekend(moment: String, minutes: Int, end: String) {
        #expect(office.add(minutes: minutes, to: at(moment)) == at(end))
    }

    @Test(arguments: [
        ("2026-03-18 09:15", 1, "2026-03-19 09:15"), ("2026-03-18 19:00", 1, "2026-03-20 08:30"),
        ("2026-02-13 09:15", 2, "2026-02-24 09:15"), ("2026-03-21 12:00", 0, "2026-03-23 08:30"),
    ])
    func openDaysKeepTheTimeOfDay(moment: String, days: Int, end: String) {
        #expect(office.add(openDays: days, to: at(moment)) == at(end))
        #expect(office.openDays(from: at(moment), to: at(end)) == days)
    }

    @Test func everyWeekdayHasItsOwnWindow() {
        #expect(shop.nextOpening(at: at("2026-03-17 09:00")) == at("2026-03-18 08:30"))
        #expect(shop.nextOpening(at: at("2026-03-20 09:00")) == at("2026-03-21 10:00"))
        #expect(shop.add(openDays: 1, to: at("2026-03-18 16:00")) == at("2026-03-21 12:00"))
        #expect(shop.openDays(from: at("2026-03-16 09:00"), to: at("2026-03-31 09:00")) == 6)
        // Off on the Saturday of a holiday; open on a make-up Saturday and, in the hours of Monday, on such a Sunday.
        #expect(shop.nextOpening(at: at("2026-02-20 09:00")) == at("2026-02-25 08:30"))
        #expect(shop.nextOpening(at: at("2026-02-28 09:00")) == at("2026-02-28 10:00"))
        #expect(shop.nextOpening(at: at("2026-01-04 07:00")) == at("2026-01-04 08:30"))
    }

    @Test func openMinutesAgreeWithSteppingThroughTheMinutes() {
        var random = SeededRandom(seed: 3)
        var wrong = 0
        for hours in [office, shop] {
            for _ in 0..<150 {
                let start = at("2026-02-01 00:00").adding(minutes: Int.random(in: 0..<60_000, using: &random))
                let minutes = Int.random(in: 1...900, using: &random)
                var left = minutes
                var moment = start
                while left > 0 {
                    if hours.isOpen(at: moment) { left -= 1 }
                    moment = moment.adding(minutes: 1)
                }
                if hours.add(minutes: minutes, to: start) != moment { wrong += 1 }
            }
        }
        #expect(wrong == 0)
    }

    @Test func aYearOfDaysOffIsPassedOver() throws {
        let first = day("2026-01-01").number
        let days = (first..<(first + 365)).map { (Day(number: $0), DayKind.rest(name: "closed")) }
        let calendar = WorkCalendar(days: Dictionary(uniqueKeysWithValues: days), confirmedYears: [2026])
        let window = try #require(BusinessHours.Window(opens: 510, closes: 1020))
        let hours = BusinessHours(weekdays: window, calendar: calendar)
        #expect(hours.nextOpening(at: at("2026-01-01 09:00")) == at("2027-01-01 08:30"))
    }
}

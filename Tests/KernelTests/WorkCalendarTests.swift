import Kernel
import Testing

@Suite struct WorkCalendarTests {
    let china = ChinaCalendarSeed.calendar

    /// rules.md 1.4.
    @Test(arguments: [
        ("2025-01-24", 3, "2025-02-05"), ("2025-01-24", 5, "2025-02-07"), ("2025-04-25", 5, "2025-05-06"),
        ("2025-09-26", 5, "2025-10-10"), ("2025-09-30", 3, "2025-10-11"), ("2025-12-31", 3, "2026-01-06"),
        ("2026-02-13", 3, "2026-02-25"), ("2026-02-13", 5, "2026-02-27"), ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-24", 3, "2026-09-30"), ("2026-09-30", 5, "2026-10-13"), ("2026-12-24", 5, "2026-12-31"),
    ])
    func workingDaysAfterADayEndAsTheVectorsSay(start: String, count: Int, due: String) {
        #expect(china.after(day(start), workdays: count) == day(due))
        #expect(china.workdays(from: day(start).adding(1), through: day(due)) == count)
        let noon = Zone.shanghai.instant(day(start), hour: 12)
        #expect(china.endOf(workdays: count, after: noon) == Zone.shanghai.endOfDay(day(due)))
    }

    @Test(.enabled(if: SharedData.has("cn-workdays/workdays.csv")))
    func everyDayAgreesWithThePublishedCalendar() throws {
        var days = 0
        var named = 0
        let rows = Dictionary(uniqueKeysWithValues: ChinaCalendarSeed.rows.map { ($0.day, $0) })
        try readCSV(SharedData.bytes("cn-workdays/workdays.csv")) { line in
            guard let day = Day(text: line.string(0)) else { return }
            days += 1
            #expect(day.weekday == Int(line.string(1)))
            #expect(china.isWorkday(day) == (line.string(2) == "1"), "\(day)")
            #expect((rows[day] != nil) == !line.isEmpty(3), "\(day)")
            if rows[day] != nil { named += 1 }
        }
        #expect(days == 8401)
        #expect(named == rows.count)
    }

    @Test func theSeedHasOneRowADayInOrderWithKnownHolidays() {
        let rows = ChinaCalendarSeed.rows
        #expect(rows.count == 771)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.day < $1.day })
        #expect(Set(rows.map(\.holiday)) == Set(ChinaCalendarSeed.holidays))
        for row in rows where row.kind == .makeUpWorkday { #expect(row.day.weekday >= 6, "\(row.day)") }
        for row in rows { #expect(DayKind(code: row.kind.code, name: row.holiday) == row.kind) }
        for year in [2025, 2026] {
            let first = day("\(year)-01-01")
            let last = day("\(year)-12-31")
            #expect(china.workdays(from: first, through: last) == 248)
        }
    }

    @Test func countsAgreeWithALoopOverTheDays() {
        let kinds = Dictionary(uniqueKeysWithValues: ChinaCalendarSeed.rows.map { ($0.day, $0.kind) })
        func worked(_ day: Day) -> Bool {
            switch kinds[day] {
            case .makeUpWorkday: return true
            case .rest: return false
            case .normal, nil: return day.weekday < 6
            }
        }
        var wrong = 0
        let first = day("2003-12-01").number
        for number in first...day("2027-03-31").number {
            let start = Day(number: number)
            var next = start
            for count in 1...10 {
                repeat { next = next.adding(1) } while !worked(next)
                if china.after(start, workdays: count) != next { wrong += 1 }
                if china.workdays(from: start.adding(1), through: next) != count { wrong += 1 }
            }
        }
        #expect(wrong == 0)
    }

    @Test func longCountsAgreeWithALoopOverTheDays() {
        for start in ["1999-06-01", "2003-12-31", "2004-01-01", "2015-05-05", "2026-12-30", "2030-02-28"].map(day) {
            var next = start
            for count in 1...7_000 {
                repeat { next = next.adding(1) } while !china.isWorkday(next)
                guard china.after(start, workdays: count) == next else {
                    Issue.record("\(count) after \(start)")
                    break
                }
            }
        }
    }

    @Test func aDayIsItsOwnEndOfNoWorkingDays() {
        #expect(china.after(day("2026-10-03"), workdays: 0) == day("2026-10-03"))
        #expect(china.after(day("2026-10-03"), workdays: -4) == day("2026-10-03"))
        #expect(china.workdays(from: day("2026-10-03"), through: day("2026-10-02")) == 0)
        #expect(china.after(day("2026-10-03"), workdays: .max) > day("2200-01-01"))
    }

    @Test func aYearWithoutANoticeFallsBackToMondayToFridayAndSaysSo() {
        #expect(china.isConfirmed(2026))
        #expect(!china.isConfirmed(2027))
        #expect(china.isWorkday(day("2027-01-01")))
        #expect(!china.isWorkday(day("2027-01-02")))
        #expect(china.unconfirmedYears(from: day("2026-12-30"), through: day("2026-12-31")) == [])
        #expect(china.unconfirmedYears(from: day("2026-12-30"), through: day("2028-01-03")) == [2027, 2028])
        #expect(china.unconfirmedYears(from: day("2003-12-30"), through: day("2004-01-03")) == [2003])
    }

    @Test func rowsOfAYearThatIsNotConfirmedAreNotLookedAt() {
        let days: [Day: DayKind] = [
            day("2027-01-01"): .rest(name: "newYear"), day("2028-01-03"): .rest(name: "newYear"),
            day("2028-01-08"): .makeUpWorkday, day("2028-01-04"): .normal,
        ]
        let calendar = WorkCalendar(days: days, confirmedYears: [2028])
        #expect(calendar.isWorkday(day("2027-01-01")))
        #expect(!calendar.isWorkday(day("2028-01-03")))
        #expect(calendar.isWorkday(day("2028-01-04")))
        #expect(calendar.isWorkday(day("2028-01-08")))
        let none = WorkCalendar.weekdaysOnly
        #expect(none.after(day("2027-01-01"), workdays: 1) == day("2027-01-04"))
        #expect(none.unconfirmedYears(from: day("2027-01-01"), through: day("2027-01-01")) == [2027])
    }

    @Test func confirmedYearsWithAGapBetweenCountAcrossIt() {
        let days: [Day: DayKind] = [day("2030-01-01"): .rest(name: "x")]
        let calendar = WorkCalendar(days: days, confirmedYears: [2026, 2030, 12, 99_999])
        #expect(calendar.confirmedYears == [2026, 2030])
        #expect(calendar.unconfirmedYears(from: day("2026-01-01"), through: day("2030-12-31")) == [2027, 2028, 2029])
        #expect(calendar.after(day("2029-12-31"), workdays: 1) == day("2030-01-02"))
    }
}

import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Directory

extension District {
    var roster: StaffActions {
        StaffActions(
            database: database, world: still.world, journal: actions.journal, calendars: Calendars(database: database))
    }
    var notes: HandoverActions {
        HandoverActions(database: database, world: still.world, journal: actions.journal, inbox: inbox)
    }
    var templates: TemplateActions {
        TemplateActions(database: database, world: still.world, journal: actions.journal)
    }
    func scope(_ key: String, _ verb: Verb = .caseRead) async throws -> Scope { try await actor(key).scope(verb) }
}

@Suite struct RosterTests {
    private func pattern(
        _ people: [PersonID], first: Day, last: Day, weekdays: Set<Int> = [1, 2, 3, 4, 5, 6, 7], start: Int = 480,
        end: Int = 1200, skips: Bool = false, kind: RosterKind = .desk
    ) -> ShiftPattern {
        ShiftPattern(
            kind: kind, people: people, first: first, last: last, weekdays: weekdays, start: start, end: end,
            skipsHolidays: skips)
    }

    @Test func aPatternSkipsHolidaysAndCrossesMidnight() throws {
        let april = try #require(Day(year: 2026, month: 4, day: 1))
        let calendar = WorkCalendar(rows: ChinaCalendarSeed.rows, confirmedYears: Set(ChinaCalendarSeed.years))
        func days(_ one: ShiftPattern) -> [Int] {
            one.times(calendar).map { Zone.shanghai.day(of: $0.from).civil.day }
        }
        // Tomb-Sweeping Day of 2026 is 4 to 6 April, Saturday to Monday.
        let week = pattern([], first: april, last: april.adding(8), weekdays: [1, 2, 3, 4, 5], skips: true)
        #expect(days(week) == [1, 2, 3, 7, 8, 9])
        var all = week
        all.skipsHolidays = false
        #expect(days(all) == [1, 2, 3, 6, 7, 8, 9])
        let night = pattern([], first: april, last: april, start: 1200, end: 480).times(calendar)
        #expect(night.count == 1 && night[0].to == Zone.shanghai.instant(april.adding(1), hour: 8))
        let whole = pattern([], first: april, last: april, start: 480, end: 480).times(calendar)
        #expect(whole[0].to.ms - whole[0].from.ms == Instant.dayMs)
        #expect(pattern([], first: april, last: april.adding(-1)).times(calendar).isEmpty)
        #expect(pattern([], first: april, last: april.adding(191)).times(calendar).isEmpty)
    }

    @Test func aPatternIsEnteredWholeOrNotAtAll() async throws {
        try await District.with { d in
            let (desk, estate) = (try await d.actor("desk"), d.area("estate1").id)
            let today = Zone.shanghai.day(of: d.still.now)
            let (steward, branch) = (d.person("steward"), d.person("branch"))
            let made = try await d.roster.addPattern(
                pattern([steward, branch], first: today, last: today.adding(6)), estate: estate, by: desk)
            #expect(made == 14)
            // Of another kind, but the same person at the same time.
            let over = try await coverRefused {
                try await d.roster.addPattern(
                    pattern([steward], first: today.adding(-2), last: today, start: 600, end: 660, kind: .hotline),
                    estate: estate, by: desk)
            }
            guard case .shiftOverlaps(let which) = over else {
                Issue.record("\(String(describing: over))")
                return
            }
            #expect(which.contains("steward") && which.contains("2026-03-18"))
            #expect(try await d.count("select count(*) from directory_shift") == 14)
            for (bad, refusal) in [
                (pattern([], first: today, last: today), CoverRefusal.nobodyChosen),
                (pattern([steward], first: today, last: today.adding(-1)), .endsBeforeItBegins),
                (pattern([steward], first: today, last: today.adding(200)), .tooManyShifts),
                (pattern([steward], first: today, last: today, weekdays: []), .noDays),
            ] {
                #expect(
                    try await coverRefused { try await d.roster.addPattern(bad, estate: estate, by: desk) } == refusal)
            }
            // A resident, or staff of another estate, is nobody here; nor is this estate theirs.
            for person in ["resident", "desk2"] {
                await #expect(throws: DirectoryRefusal.notFound) {
                    try await d.roster.addPattern(
                        pattern([d.person(person)], first: today, last: today), estate: estate, by: desk)
                }
            }
            let other = try await d.actor("desk2")
            await #expect(throws: DirectoryRefusal.notFound) {
                try await d.roster.addPattern(pattern([steward], first: today, last: today), estate: estate, by: other)
            }
        }
    }

    @Test func aWeekIsCopiedOnceAndAChangeSaysWhy() async throws {
        try await District.with { d in
            let (desk, estate) = (try await d.actor("desk"), d.area("estate1").id)
            let monday = Roster.monday(Zone.shanghai.day(of: d.still.now))
            try await d.roster.addPattern(
                pattern([d.person("steward"), d.person("branch")], first: monday, last: monday.adding(6)),
                estate: estate, by: desk)
            let (post, day) = (d.post("branch"), Zone.shanghai.day(of: d.still.now).adding(-1))
            try await d.database.write {
                try $0.run("update directory_post set to_day = \(day) where id = \(post)")
            }
            let next = monday.adding(7)
            let results = try await withThrowingTaskGroup(of: RosterResult.self) { group in
                for _ in 0..<3 {
                    group.addTask { try await d.roster.copyWeek(next, kind: .desk, estate: estate, by: desk) }
                }
                return try await group.reduce(into: [RosterResult]()) { $0.append($1) }
            }
            // The colleague who left is not copied; three copies at once are one.
            #expect(results.map(\.made).sorted() == [0, 0, 7] && results.allSatisfy { $0.made + $0.skipped == 14 })
            let from = Zone.shanghai.instant(next)
            let shifts = try await d.database.read {
                try RosterStore.shifts(area: estate, from: from, to: from.adding(days: 7), $0)
            }
            let shift = try #require(shifts.first)
            #expect(shifts.count == 7 && shifts.allSatisfy { $0.kind == .desk && $0.name == "steward" })
            func change(_ version: Int64, why: String = "换人") async throws {
                try await d.roster.changeShift(
                    shift.id, estate: estate, person: d.person("grid"), from: shift.from, to: shift.to, place: "门岗",
                    why: why, was: version, by: desk)
            }
            #expect(try await coverRefused { try await change(1, why: "") } == .badWords("why"))
            try await change(1)
            #expect(try await coverRefused { try await change(1) } == .changedMeanwhile)
            await #expect(throws: DirectoryRefusal.shiftTaken) {
                try await d.roster.changeShift(
                    shifts[1].id, estate: estate, person: d.person("grid"), from: shift.from, to: shift.to, place: "",
                    why: "x", was: 1, by: desk)
            }
            try await d.roster.deleteShift(shift.id, estate: estate, why: "停电", by: desk)
            await #expect(throws: DirectoryRefusal.notFound) {
                try await d.roster.deleteShift(shift.id, estate: estate, why: "停电", by: desk)
            }
            let log = try await d.database.read { try RosterStore.changes(area: estate, $0) }
            #expect(log.map(\.why) == ["停电", "换人"] && log.allSatisfy { $0.by == "desk" && $0.name == "grid" })
        }
    }

    @Test func whoIsOnDutyAtNightAndOnLeaveIsTold() async throws {
        try await District.with { d in
            let (desk, estate) = (try await d.actor("desk"), d.area("estate1").id)
            let today = Zone.shanghai.day(of: d.still.now)
            try await d.roster.addPattern(
                pattern([d.person("steward")], first: today, last: today, start: 1200, end: 480, kind: .stewards),
                estate: estate, by: desk)
            d.still.now = Zone.shanghai.instant(today.adding(1), hour: 3)
            func on() async throws -> [OnDuty] {
                let now = d.still.now
                return try await d.database.read { try OnDuty.now(estate, at: now, $0) }
            }
            let night = try await on()
            #expect(night.map(\.shift.name) == ["steward"] && night[0].leave == nil)
            _ = try await d.leave("steward", standIn: "branch", by: "desk")
            #expect(try await on().first?.leave?.standInName == "branch")
            d.still.now = Zone.shanghai.instant(today.adding(1), hour: 8)
            #expect(try await on().isEmpty)
        }
    }

    @Test func oneShiftOverAnotherIsFound() {
        let start = District.start
        func shift(_ id: Int64, _ person: Int64, _ from: Int, _ to: Int) -> Shift {
            Shift(
                id: id, person: PersonID(person), name: "", squad: "", from: start.adding(minutes: from),
                to: start.adding(minutes: to))
        }
        #expect(Roster.overlaps([shift(1, 1, 0, 60), shift(2, 1, 60, 120), shift(3, 2, 30, 90)]) == [])
        #expect(Roster.overlaps([shift(1, 1, 0, 61), shift(2, 1, 60, 120), shift(3, 1, 100, 130)]) == [1, 2, 3])
    }
}

@Suite struct HandoverTests {
    @Test func aNoteIsWrittenOnDutyTakenOnceAndThenStands() async throws {
        try await District.with { d in
            let (desk, estate) = (try await d.actor("desk"), d.area("estate1").id)
            let steward = try await d.actor("steward")
            let id = try await d.brought(to: .dispatched)
            let far = try await d.report(by: "resident2", at: "unit3")
            let item = HandoverItem(id: id, line: "等配件")
            func write(_ actor: Actor, _ items: [HandoverItem]) async throws -> HandoverID {
                try await d.notes.write(estate: estate, kind: .stewards, words: "两件没完", items: items, by: actor)
            }
            #expect(try await coverRefused { _ = try await write(steward, [item]) } == .notOnDuty)
            let now = d.still.now
            for (key, from, to) in [("steward", -8, 0), ("branch", 0, 8)] {
                try await d.roster.addShift(
                    estate: estate, person: d.person(key), squad: "", from: now.adding(hours: from),
                    to: now.adding(hours: to), kind: .stewards, by: desk)
            }
            #expect(try await refused { _ = try await write(steward, [HandoverItem(id: far, line: "")]) } == .notFound)
            let note = try await write(steward, [item])
            #expect(try await d.messages("branch").contains("steward left a hand-over note (Estate 1)"))
            for (key, waiting) in [("grid", 1), ("grid2", 0)] {
                let scope = try await d.scope(key)
                let count = try await d.database.read { try HandoverStore.open(scope, $0) }
                #expect(count == waiting, "\(key)")
            }
            try await d.notes.change(note, words: "三件没完", items: [item], was: 1, by: steward)
            for (actor, version, expected) in [
                (steward, 2, CoverRefusal.ownNote), (try await d.actor("desk2"), 2, .notFound),
                (desk, 1, .changedMeanwhile),
            ] {
                #expect(
                    try await coverRefused { try await d.notes.take(note, was: Int64(version), by: actor) } == expected)
            }
            let takers = [try await d.actor("branch"), desk, try await d.actor("grid")]
            let outcomes = try await withThrowingTaskGroup(of: CoverRefusal?.self) { group in
                for actor in takers {
                    group.addTask { try await coverRefused { try await d.notes.take(note, was: 2, by: actor) } }
                }
                return try await group.reduce(into: [CoverRefusal?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1 && outcomes.count { $0 == .acknowledged } == 2)
            #expect(
                try await coverRefused {
                    try await d.notes.change(note, words: "改", items: [], was: 2, by: steward)
                } == .acknowledged)
            let kept = try #require(try await d.database.read { try HandoverStore.load(note, $0) })
            #expect(kept.words == "三件没完" && kept.items.map(\.line) == ["等配件"] && kept.taken != nil)
            // Twelve hours after the shift there is nothing to hand over any more.
            d.still.advance(minutes: 13 * 60)
            #expect(try await coverRefused { _ = try await write(steward, []) } == .notOnDuty)
        }
    }
}

@Suite struct TemplateTests {
    @Test func aTemplateFillsWhatItMayAndNothingAboutPeople() throws {
        func template(_ body: String, _ use: TemplateUse = .reply) -> ReplyTemplate {
            ReplyTemplate(
                id: TemplateID(1), area: AreaID(1), organisation: nil, use: use, name: "n", body: body, ended: false,
                version: 1)
        }
        func fill(_ body: String, _ use: TemplateUse = .reply) throws -> String {
            try TemplateRules.fill(
                template(body, use), number: "0318-01", category: "漏水", promise: "今天 17:00", estate: "桂花苑")
        }
        #expect(try fill("{编号}号（{类别}），{承诺时间}前到") == "0318-01号（漏水），今天 17:00前到")
        #expect(try fill("{number} {category} {estate}") == "0318-01 漏水 桂花苑")
        #expect(try fill("没有花括号") == "没有花括号")
        for bad in ["{name}", "{姓名}", "{电话}", "{", "a{number", "{}", "{{number}}", "{place}"] {
            for use in TemplateUse.allCases {
                #expect(throws: CoverRefusal.self) { try TemplateRules.check(bad, use: use) }
            }
        }
        #expect(throws: Never.self) { try TemplateRules.check("{编号} {promise}", use: .reply) }
        for bad in ["打 13800000001", "138-0000-0001", "138 0000 0001", "{promise}前好", "找 6543210"] {
            #expect(throws: CoverRefusal.personalInPublic) { try TemplateRules.check(bad, use: .publication) }
        }
        #expect(throws: Never.self) { try TemplateRules.check("{estate} 3 号楼，2026 年 3 月修好", use: .publication) }
    }

    @Test func everyVersionIsKeptWithWhoAndWhyAndOthersAreOutOfReach() async throws {
        try await District.with { d in
            let (desk, estate) = (try await d.actor("desk"), d.area("estate1").id)
            let own = try #require(d.posts["desk"]?.post.organisation)
            func add(
                _ actor: Actor, _ use: TemplateUse = .reply, at area: AreaID? = nil, organisation: OrganisationID? = nil
            ) async throws -> TemplateID {
                try await d.templates.add(
                    area: area ?? estate, organisation: organisation, use: use, name: "回话", body: "{number} 好了",
                    why: "常说", by: actor)
            }
            let id = try await add(desk, organisation: own)
            for (actor, use, area) in [
                (try await d.actor("desk2"), TemplateUse.reply, estate), (desk, .publication, estate),
                (desk, .reply, d.area("community1").id), (desk, .reply, d.area("estate2").id),
                (try await d.actor("steward"), .reply, estate),
            ] {
                #expect(try await coverRefused { _ = try await add(actor, use, at: area) } == .notFound)
            }
            #expect(
                try await coverRefused { _ = try await add(desk, organisation: d.families["property2"]) } == .notFound)
            let shared = try await add(try await d.actor("grid"), at: d.area("community1").id)
            let outcomes = try await withThrowingTaskGroup(of: CoverRefusal?.self) { group in
                for text in ["甲", "乙", "丙"] {
                    group.addTask {
                        try await coverRefused {
                            try await d.templates.change(
                                id, name: "回话", body: text, ends: false, why: "改", was: 1, by: desk)
                        }
                    }
                }
                return try await group.reduce(into: [CoverRefusal?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1 && outcomes.count { $0 == .changedMeanwhile } == 2)
            // What is offered for a case: the nearest first, of one's own organisation or for all.
            let case1 = try await d.load(try await d.brought(to: .handled))
            func offered(_ key: String) async throws -> [TemplateID] {
                let actor = try await d.actor(key)
                return try await d.database.read { try TemplateStore.offered(case1, actor, $0).map(\.id) }
            }
            #expect(try await offered("desk") == [id, shared])
            #expect(try await offered("grid") == [shared])
            #expect(try await offered("moderator") == [])
            try await d.templates.change(id, name: "", body: "", ends: true, why: "不用了", was: 2, by: desk)
            #expect(
                try await coverRefused {
                    try await d.templates.change(id, name: "a", body: "b", ends: false, why: "c", was: 3, by: desk)
                } == .templateEnded)
            #expect(try await offered("desk") == [shared])
            let versions = try await d.database.read { try TemplateStore.versions(id, $0) }
            #expect(versions.map(\.version) == [3, 2, 1] && versions.map(\.why) == ["不用了", "改", "常说"])
            #expect(versions.allSatisfy { $0.author == "desk" } && versions[0].ended)
        }
    }
}

@Suite struct WorkloadTests {
    @Test func theNumbersAreThoseOfTheCasesBehindThem() async throws {
        try await District.with { d in
            // Wednesday; the week began on Monday, the month on the first.
            _ = try await d.brought(to: .handled)
            d.still.advance(minutes: 5)
            _ = try await d.brought(to: .attended)
            let late = try await d.brought(to: .dispatched)
            let far = try await d.report(by: "resident2", at: "unit3")
            try await d.triage("grid2", far)
            try await d.dispatch("grid2", far, to: "grid2")
            d.still.advance(minutes: 200)
            let times = WorkloadTimes(now: d.still.now)
            #expect(Zone.shanghai.day(of: times.week).weekday == 1 && Zone.shanghai.day(of: times.month).civil.day == 1)
            let steward = d.person("steward")
            func load(_ key: String, of person: PersonID) async throws -> Workload {
                let scope = try await d.scope(key)
                return try await d.database.read { try WorkloadStore.workload(person, scope, times, $0) }
            }
            let seen = try await load("grid", of: steward)
            #expect(seen == Workload(open: 3, overdue: 2, week: 1, month: 1, medianMs: 120_000))
            #expect(try await load("district", of: steward) == seen)
            #expect(try await load("grid2", of: steward) == Workload())
            let scope = try await d.scope("grid")
            let behind = try await d.database.read { transaction in
                (
                    try WorkloadStore.assigned(steward, scope, transaction),
                    try WorkloadStore.assigned(steward, scope, before: times.now, transaction),
                    try WorkloadStore.behind(
                        .month, of: steward, scope, times, after: nil, limit: 100, transaction
                    ).lines
                )
            }
            #expect(behind.0.count == 3 && behind.1.count == 2 && behind.2.count == 1)
            #expect(behind.1.contains { $0.id == late })
            // Next month the count begins anew.
            d.still.advance(minutes: 14 * 1440)
            let later = WorkloadTimes(now: d.still.now)
            let fresh = try await d.database.read { try WorkloadStore.workload(steward, scope, later, $0) }
            #expect(fresh.month == 0 && fresh.week == 0 && fresh.medianMs == nil && fresh.open == 3)
        }
        #expect(WorkloadStore.median([]) == nil && WorkloadStore.median([5]) == 5)
        #expect(WorkloadStore.median([9, 1]) == 5 && WorkloadStore.median([9, 1, 2]) == 2)
    }
}

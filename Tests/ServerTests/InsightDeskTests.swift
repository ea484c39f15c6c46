import Cases
import Directory
import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageSQLite
import StorageTesting
import Synchronization
import Testing
import Web

@testable import Insight
@testable import Server

/// The pages and programs over the read model: the county screen, its lists, the wall, the street's morning page.
@Suite struct InsightDeskTests {
    private func number(_ json: JSON?, _ name: String) throws -> Int64 {
        try #require(json?[name]?.intValue, "\(name)")
    }

    /// Every page of a list.
    private func all(_ h: TestHouse, _ session: TestHouse.Session, _ path: String) async throws -> [JSON] {
        var items: [JSON] = []
        var cursor: String?
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await h.json(session, .get, "\(path)&limit=7\(more)")
            #expect(answer.status == 200, "\(path): \(answer.text)")
            let json = try answer.json()
            items += json["items"]?.items ?? []
            cursor = json["next_cursor"]?.stringValue
        } while cursor != nil && items.count < 10_000
        return items
    }

    @Test func everyNumberIsTheLengthOfItsList() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            for index in 0..<12 {
                _ = try await h.report("灯不亮 \(index)", by: "resident", at: home, key: "n\(index)")
                h.still.advance(minutes: 20)
            }
            h.still.advance(minutes: 60)
            try await InsightTests.settle(h)
            let district = try h.program("district")
            for place in ["", try await h.area("桂花苑").text] {
                let narrowed = place.isEmpty ? "" : "&place=\(place)"
                let screen = try await h.json(district, .get, "/api/v1/screen?\(narrowed.dropFirst())").json()
                let sums = screen["sums"]
                #expect(screen["complete"]?.boolValue == true)
                for (name, what) in [
                    ("kept", "kept"), ("broken", "broken"), ("pending", "pending"), ("overdue", "overdue"),
                    ("soon", "soon"), ("registered", "registered"), ("attended", "attended"), ("handled", "handled"),
                    ("fed_back", "fedBack"), ("struck_off", "struckOff"),
                ] {
                    let list = try await all(h, district, "/api/v1/screen/cases?what=\(what)\(narrowed)")
                    #expect(Int64(list.count) == (try number(sums, name)), "\(name) \(place)")
                }
                for (name, what) in [
                    ("total", "open"), ("intake", "open-intake"), ("dispatch", "open-dispatch"),
                    ("handling", "open-handling"), ("feedback", "open-feedback"), ("rating", "open-rating"),
                    ("strike_off", "open-strikeOff"), ("paused", "open-paused"),
                ] {
                    let list = try await all(h, district, "/api/v1/screen/cases?what=\(what)\(narrowed)")
                    #expect(Int64(list.count) == (try number(sums?["open"], name)), "\(name) \(place)")
                }
                #expect(try number(sums, "overdue") > 5 && number(sums?["open"], "total") > 12)
            }
            // The sums are those of the estates, each once whatever the size of a page.
            let estates = try await all(h, district, "/api/v1/screen/estates?")
            #expect(Set(estates.compactMap { $0["area"]?.stringValue }).count == estates.count && estates.count == 3)
            let total = try await h.json(district, .get, "/api/v1/screen").json()["sums"]
            for name in ["kept", "broken", "overdue", "registered"] {
                let sum = try estates.reduce(Int64(0)) { try $0 + number($1["numbers"], name) }
                #expect(try sum == number(total, name), "\(name)")
            }
            // The page says the same, and each of its numbers leads somewhere.
            let session = try await h.signIn("district")
            let page = try await h.send(session, .get, "/desk/screen")
            #expect(page.status == 200 && page.text.contains("桂花苑") && page.text.contains("领秀新都"))
            #expect(page.text.contains("超时 \(try number(total, "overdue"))") || estates.count > 1)
            let links = Set(page.text.matches(of: /href="(\/desk\/(?:screen|morning)[^"]*)"/).map { String($0.1) })
            #expect(links.count > 20)
            for link in links {
                let answer = try await h.send(session, .get, link.replacing("&amp;", with: "&"))
                #expect(answer.status == 200, "\(link)")
                #expect(!answer.text.contains("Optional("), "\(link)")
            }
        }
    }

    @Test func aStreetSeesItsOwnEstatesAndNobodyElseSeesAny() async throws {
        try await TestHouse.with { h in
            try await InsightTests.settle(h)
            let guihua = try await h.area("桂花苑")
            let xinglong = try await h.area("兴隆花园")
            let desk = try h.program("desk")
            let mine = try await h.json(desk, .get, "/api/v1/screen/estates").json()
            #expect(mine["items"]?.items.compactMap { $0["area"]?.stringValue } == [guihua.text])
            for path in ["screen?", "screen/estates?", "screen/cases?what=open&", "morning?"] {
                #expect(try await h.json(desk, .get, "/api/v1/\(path)place=\(guihua.text)").status == 200)
                for place in [xinglong.text, ID<AreaTag>(4_611_686_018_427_387_903).text] {
                    #expect(try await h.json(desk, .get, "/api/v1/\(path)place=\(place)").status == 404, "\(path)")
                }
                #expect(try await h.json(h.program("resident"), .get, "/api/v1/\(path)a=1").status == 403)
                #expect(try await h.json(h.program("steward"), .get, "/api/v1/\(path)a=1").status == 403)
            }
            let session = try await h.signIn("desk")
            for path in ["/desk/screen?", "/desk/screen?big=1&", "/desk/screen/cases?what=open&", "/desk/morning?"] {
                #expect(try await h.send(session, .get, "\(path)place=\(guihua.text)").status == 200, "\(path)")
                for place in [xinglong.text, "nothing", "%00"] {
                    #expect(try await h.send(session, .get, "\(path)place=\(place)").status == 404, "\(path) \(place)")
                }
            }
            for path in [
                "/desk/screen/cases", "/desk/screen/cases?what=all", "/desk/screen?page=0", "/desk/screen?page=x",
                "/desk/screen?page=999999",
            ] {
                #expect(try await h.send(session, .get, path).status == 404, "\(path)")
            }
            for path in ["day=2026-03-20", "day=2026-01-01", "day=x", "after=1", "after=a-b-c", "since=x"] {
                #expect(
                    try await h.send(session, .get, "/desk/screen/cases?what=kept&\(path)").status == 422, "\(path)")
            }
            // Far behind the last page there is nothing, and that is said.
            #expect(try await h.send(session, .get, "/desk/screen?page=50").status == 200)
            // Complaints about the company are in nobody's numbers there.
            let home = try await h.area("3 号楼", under: guihua)
            let before = try await number(h.json(desk, .get, "/api/v1/screen").json()["sums"], "registered")
            let grid = try h.program("grid")
            let others = try await number(h.json(grid, .get, "/api/v1/screen").json()["sums"], "registered")
            _ = try await h.report("没人来修，催了三次", by: "resident", at: home, key: "c1")
            try await InsightTests.settle(h)
            #expect(try await number(h.json(desk, .get, "/api/v1/screen").json()["sums"], "registered") == before)
            #expect(try await number(h.json(grid, .get, "/api/v1/screen").json()["sums"], "registered") == others + 1)
            let list = try await all(h, desk, "/api/v1/screen/cases?what=registered")
            #expect(!list.contains { $0["title"]?.stringValue?.contains("没人来修") == true })
        }
    }

    /// Roles that may see numbers may see the cases that they count.
    @Test func whoCountsMayRead() {
        for role in Role.allCases where role.verbs.contains(.statisticsRead) {
            #expect(role.verbs.contains(.caseRead), "\(role)")
        }
    }

    @Test func theWallNamesNobodyAndLoadsItselfAgain() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            _ = try await h.report("王阿姨家漏水，电话 13800000001", by: "resident", at: home, key: "w")
            try await InsightTests.settle(h)
            let session = try await h.signIn("street")
            let wall = try await h.send(session, .get, "/desk/screen?big=1").text
            #expect(wall.contains("class=\"dark wall\"") && wall.contains("http-equiv=\"refresh\" content=\"15\""))
            #expect(wall.contains("桂花苑") && !wall.contains("<form") && !wall.contains("/desk/cases/"))
            let people = try await h.house.database.read {
                try $0.query("select name from directory_person") { try $0.text(0) }
            }
            #expect(people.count > 10)
            for secret in people + ["漏水", "13800000001", "楼道", "下水"] {
                #expect(!wall.contains(secret), "\(secret)")
            }
            let titled = try await h.send(session, .get, "/desk/screen").text
            #expect(titled.contains("漏水") && !titled.contains("http-equiv"))
            // Whatever the browser's own modes are.
            let elder = try await h.send(session, .get, "/desk/screen?big=1", headers: ["mode": "en.elder.light"]).text
            #expect(elder.contains("class=\"dark wall\""))
            // The model itself holds no words and no people.
            let columns = try TableCatalogue(House.schema).tables.filter { $0.name.hasPrefix("insight_") }
            #expect(columns.count == 4)
            for table in columns {
                for column in table.columns where column.kind == .text { #expect(column.name == "path") }
                #expect(!table.columns.contains { $0.name.contains("person") || $0.name.contains("name") })
            }
        }
    }

    @Test func aDayEndsAtMidnightInChina() async throws {
        try await TestHouse.with { h in
            try await InsightTests.settle(h)
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let district = try h.program("district")
            func sums() async throws -> JSON? {
                try await h.json(district, .get, "/api/v1/screen").json()["sums"]
            }
            let day = Zone.shanghai.day(of: h.still.now)
            let midnight = Zone.shanghai.endOfDay(day)
            let before = try number(try await sums(), "registered")
            h.still.now = midnight.adding(ms: -1)
            _ = try await h.report("灯不亮一", by: "resident", at: home, key: "d1")
            try await InsightTests.settle(h)
            #expect(try number(try await sums(), "registered") == before + 1)
            // Without any event, and although the numbers are a millisecond old.
            h.still.now = midnight
            #expect(try number(try await sums(), "registered") == 0)
            _ = try await h.report("灯不亮二", by: "resident", at: home, key: "d2")
            try await InsightTests.settle(h)
            #expect(try number(try await sums(), "registered") == 1)
            let yesterday = try await all(h, district, "/api/v1/screen/cases?what=registered&day=\(day)")
            #expect(Int64(yesterday.count) == before + 1)
            // Due exactly at 24:00: kept until then, broken after it, and on the day that it ends.
            let due = FactRules.day(due: midnight)
            #expect(due == day && FactRules.day(due: midnight.adding(ms: 1)) == day.adding(1))
            // A promise breaks by time alone, a millisecond after it was due.
            let case1 = try await h.house.database.read { transaction in
                try transaction.first("select attend_due_ms from cases_case order by id desc limit 1") {
                    try $0.instant(0)
                }
            }
            h.still.now = try #require(case1)
            h.house.insight.keep.forget()
            let kept = try number(try await sums(), "broken")
            h.still.advance(ms: 1)
            h.house.insight.keep.forget()
            #expect(try number(try await sums(), "broken") == kept + 1)
        }
    }

    @Test func anEstateThatMovesLeavesItsPastBehind() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let guihua = try await h.area("桂花苑")
            let old = try await h.area("桂花社区")
            let new = try await h.area("翠微社区")
            let grid = try h.program("grid")
            let grid2 = try h.program("grid2")
            try await InsightTests.settle(h)
            func registered(_ session: TestHouse.Session) async throws -> Int64 {
                h.house.insight.keep.forget()
                return try await number(h.json(session, .get, "/api/v1/screen").json()["sums"], "registered")
            }
            let (before, before2) = (try await registered(grid), try await registered(grid2))
            #expect(before > 0)
            let path = try await h.house.database.read { try DirectoryStore.area(guihua, $0)?.path }
            let district = try await h.area("城北区")
            try await h.house.database.write { transaction in
                // As `AreaActions.move` does it, by somebody who may.
                let admin = try transaction.first(
                    "select id from directory_person where name = (select min(name) from directory_person)"
                ) { try $0.int(0) }
                let name = try DirectoryStore.area(old, transaction)?.name ?? ""
                try transaction.run(
                    """
                    insert into directory_area_past (id, area_id, parent_id, parent_name, path, until_ms, moved_by)
                    values (1, \(guihua), \(old), \(name), \(path?.text ?? ""), \(h.still.now), \(admin ?? 1))
                    """)
                let to = try DirectoryStore.area(new, transaction)?.path.appending(guihua)
                try transaction.run("update directory_area set parent_id = \(new) where id = \(guihua)")
                let length = (path?.text.utf8.count ?? 0) + 1
                try transaction.run(
                    """
                    update directory_area set path = cast(\(to?.text ?? "") as text)
                        || substr(path, cast(\(length) as integer))
                    where path >= \(path?.text ?? "") and path < \(path?.upperBound ?? "")
                    """)
            }
            _ = district
            _ = try await h.report("灯不亮", by: "resident", at: home, key: "moved")
            try await InsightTests.settle(h)
            // The old community keeps what was written, as a place that has moved; the new one has what comes now.
            #expect(try await registered(grid) == before)
            #expect(try await registered(grid2) == before2 + 1)
            let rows = try await h.json(grid, .get, "/api/v1/screen/estates").json()["items"]?.items ?? []
            let left = try #require(rows.first { $0["area"]?.stringValue == guihua.text })
            #expect(try left["moved"]?.boolValue == true && number(left["numbers"], "registered") == before)
            let rows2 = try await h.json(grid2, .get, "/api/v1/screen/estates").json()["items"]?.items ?? []
            let came = try #require(rows2.first { $0["area"]?.stringValue == guihua.text })
            #expect(try came["moved"]?.boolValue == false && number(came["numbers"], "registered") == 1)
            // Each list holds its own part; the staff of the estate itself see both.
            let listed = try await all(h, grid, "/api/v1/screen/cases?what=registered&place=\(guihua.text)")
            #expect(Int64(listed.count) == before)
            let listed2 = try await all(h, grid2, "/api/v1/screen/cases?what=registered&place=\(guihua.text)")
            #expect(listed2.count == 1)
            #expect(try await registered(h.program("desk")) > 1)
            let found = try await h.house.insight.projection.check()
            #expect(found.isNone)
        }
    }

    @Test func theMorningPageSaysWhatItsListsSay() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let home = try await h.area("3 号楼", under: guihua)
            let street = try h.program("street")
            // Thursday, after the close, and Friday before eight.
            h.still.now = Zone.shanghai.instant(Zone.shanghai.day(of: TestHouse.start), hour: 18, minute: 5)
            _ = try await h.report("夜里灯不亮", by: "resident", at: home, key: "e1")
            h.still.advance(minutes: 13 * 60)
            _ = try await h.report("早上灯不亮", by: "resident", at: home, key: "e2")
            h.still.advance(minutes: 20)
            try await InsightTests.settle(h)
            let morning = try await h.json(street, .get, "/api/v1/morning").json()
            #expect(morning["since"]?.stringValue == "2026-03-19T18:00:00+08:00")
            #expect(morning["reported"]?.items.count == 1)
            #expect(try number(morning["reported"]?.items.first, "n") == 2)
            #expect(morning["latest"]?.items.first?["title"]?.stringValue == "早上灯不亮")
            #expect(morning["broken_from"]?.stringValue == "2026-03-19")
            let broken = try (morning["broken"]?.items ?? []).reduce(Int64(0)) { try $0 + number($1, "n") }
            let list = try await all(h, street, "/api/v1/screen/cases?what=broken&day=2026-03-19")
            #expect(Int64(list.count) == broken && broken > 0)
            #expect(try number(morning, "overdue_count") > 0 && morning["overdue"]?.items.isEmpty == false)
            // 领秀新都 has no case at all; 桂花苑 has one of this morning.
            let silent = morning["silent"]?.items.compactMap { $0["name"]?.stringValue } ?? []
            #expect(silent.contains("领秀新都") && !silent.contains("桂花苑"))
            #expect(morning["duty"]?.items.isEmpty == false)
            let since = Zone.shanghai.instant(Zone.shanghai.day(of: TestHouse.start), hour: 18).ms
            let page = try await h.send(try await h.signIn("street"), .get, "/desk/morning").text
            #expect(page.contains("夜里灯不亮") && page.contains("领秀新都") && page.contains("since=\(since)"))
            // Monday looks back to Friday, and beyond a holiday to the day before it.
            h.still.now = Zone.shanghai.instant(Day(number: 20535), hour: 7)
            h.house.insight.keep.forget()
            let monday = try await h.json(street, .get, "/api/v1/morning").json()
            #expect(monday["broken_from"]?.stringValue == "2026-03-20")
            let calendar = WorkCalendar(
                days: [Day(number: 20529): .rest(name: "x"), Day(number: 20528): .rest(name: "x")],
                confirmedYears: [2026])
            #expect(MorningRules.lastWorkday(before: Day(number: 20530), calendar) == Day(number: 20525))
        }
    }

    @Test func anEmptyDistrictSaysSo() async throws {
        try await TestHouse.with { h in
            try await InsightTests.settle(h)
            try await h.house.database.write { transaction in
                for table: SQL in ["insight_fact", "insight_day", "insight_open"] {
                    try transaction.run("delete from \(table)")
                }
            }
            h.house.insight.keep.forget()
            let session = try await h.signIn("street")
            let page = try await h.send(session, .get, "/desk/screen").text
            #expect(page.contains("今天还没有到点的承诺") && page.contains("今天还没有动静") && page.contains("没有数据"))
            #expect(try await h.send(session, .get, "/desk/morning").text.contains("都守住了"))
            #expect(try await h.send(session, .get, "/desk/screen/cases?what=open").text.contains("没有。"))
        }
    }

    @Test func aThousandEstatesFitOnPagesOfTwenty() async throws {
        try await TestHouse.with { h in
            let community = try await h.area("翠微社区")
            let path = try await h.house.database.read { try #require(try DirectoryStore.area(community, $0)?.path) }
            let now = h.still.now
            let day = Zone.shanghai.day(of: now)
            try await h.house.database.write { transaction in
                var facts: [[SQLValue]] = []
                for index in 0..<1000 {
                    let id = AreaID(7_000_000_000_000_000 + Int64(index))
                    let place = path.appending(id)
                    _ = try DirectoryStore.insertArea(
                        Area(
                            id: id, parent: community, level: .estate, name: "第 \(index) 小区", path: place, estate: id),
                        code: "", at: now, transaction)
                    for ref in 0..<4 {
                        facts.append([
                            .int(Int64(index * 4 + ref + 1) << 30), .int(5), .int(8), .int(Int64(day.number)),
                            .int(now.ms - 1000 * Int64(index) * Int64(ref)), .int(now.ms - 5_000_000),
                            .text(place.text),
                            .int(0), .int(1), .int(1),
                        ])
                    }
                    try transaction.run(
                        """
                        insert into insight_day (day, path, about_family, registered, attended, handled, fed_back,
                            struck_off, kept_attend, kept_handle, kept_feedback, broken_attend, broken_handle,
                            broken_feedback, due_attend, due_handle, due_feedback)
                        values (\(day), \(place), 0, 1, 1, 1, 1, 1, \(index % 7), 0, 0, 0, 0, 0, 4, 0, 0)
                        """)
                }
                try transaction.insert(
                    into: "insight_fact",
                    columns: [
                        "case_id", "ref", "kind", "day", "at_ms", "warn_ms", "path", "about_family", "clock", "party",
                    ], rows: facts)
            }
            let district = try await h.signIn("district")
            var seen = Set<String>()
            for number in [1, 2, 50, 51] {
                let page = try await h.send(district, .get, "/desk/screen?page=\(number)").text
                #expect(page.utf8.count < 40_000, "\(page.utf8.count)")
                let rows = page.matches(of: /<details id="(e[^"]*)"/).map { String($0.1) }
                #expect(rows.count == (number == 51 ? 3 : 20))
                #expect(seen.isDisjoint(with: rows))
                seen.formUnion(rows)
            }
            let items = try await all(h, h.program("district"), "/api/v1/screen/estates?")
            #expect(items.count == 1003)
            #expect(Set(items.compactMap { $0["area"]?.stringValue }).count == 1003)
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    @Test func numbersAreMadeOnceForManyWhoAsk() async throws {
        try await TestHouse.with { h in
            try await InsightTests.settle(h)
            let actor = try await h.actor(h.program("district"))
            let reach = try await h.house.insight.reach(nil, actor).reach
            let first = try await h.house.insight.model(reach)
            #expect(try await h.house.insight.model(reach) === first)
            // Another place's change is nothing to it; its own is, and so is a second.
            h.house.insight.changed(["elsewhere/"])
            #expect(try await h.house.insight.model(reach) === first)
            h.house.insight.changed([reach.paths[0].text])
            let second = try await h.house.insight.model(reach)
            #expect(second !== first)
            h.still.advance(ms: 1000)
            #expect(try await h.house.insight.model(reach) !== second)
            // However many ask at once, one makes it: for the first time, when it is old, and on a new day.
            let keep = ScreenKeep()
            let made = Counter()
            for (ms, isNewDay) in [(Int64(0), true), (1500, false), (Instant.dayMs, true)] {
                h.still.advance(ms: ms)
                let now = h.still.now
                let before = made.value
                let got = try await withThrowingTaskGroup(of: ScreenModel.self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            try await keep.model(reach, at: now) { _, _ in
                                made.add()
                                for _ in 0..<20 { await Task.yield() }
                                return (
                                    ScreenModel(
                                        at: now, reach: reach, title: "", places: [], past: [:], isWalking: false),
                                    ScreenAreas(at: now, title: "", estates: [], names: [:])
                                )
                            }
                        }
                    }
                    return try await group.reduce(into: [ScreenModel]()) { $0.append($1) }
                }
                #expect(made.value == before + 1)
                #expect(got.allSatisfy { $0.day == Zone.shanghai.day(of: now) })
                if isNewDay { #expect(Set(got.map { ObjectIdentifier($0) }).count == 1) }
            }
        }
    }

    @Test func theListsAndSumsReadIndexes() async throws {
        try await TestHouse.with { h in
            try await InsightTests.settle(h)
            let now = h.still.now
            let day = Zone.shanghai.day(of: now)
            let base = try await h.house.database.read { transaction in
                try #require(
                    try transaction.first("select path from directory_area where name = '梅江街道'") { try $0.path(0) })
            }
            // 400 places of which the street has a fortieth, and a month of facts.
            try await h.house.database.write { transaction in
                var random = SeededRandom(seed: 5)
                var facts: [[SQLValue]] = []
                for index in 0..<60_000 {
                    let place = index % 400
                    let path = place % 40 == 0 ? base.appending(AreaID(Int64(place + 9))) : AreaPath("z\(place)/")
                    let kind = Int64.random(in: 1...9, using: &random)
                    let ago = Int64.random(in: 0..<30, using: &random)
                    let at = now.ms - ago * Instant.dayMs + Int64.random(in: -9_000_000..<9_000_000, using: &random)
                    let queue = Int64.random(in: 1...6, using: &random)
                    facts.append([
                        .int(Int64(index + 1) << 24), .int(5), .int(kind),
                        .int(kind == 9 ? queue : Int64(day.number) - ago), .int(at), .int(at - 4_000_000),
                        .text(path.text), .int(0), .int(kind == 9 ? queue : 1 + queue % 3), .int(1),
                    ])
                }
                try transaction.insert(
                    into: "insight_fact",
                    columns: [
                        "case_id", "ref", "kind", "day", "at_ms", "warn_ms", "path", "about_family", "clock", "party",
                    ], rows: facts)
                // So many that PostgreSQL has a reason to look into the index.
                try transaction.insert(
                    into: "insight_open",
                    columns: [
                        "path", "about_family", "intake", "dispatch", "handling", "feedback", "rating", "strike_off",
                        "paused",
                    ],
                    rows: (0..<20_000).map { place in
                        [.text("z\(place)/"), .int(0), .int(1), .int(1), .int(1), .int(1), .int(1), .int(1), .int(1)]
                    })
                for place in 0..<400 {
                    for ago in 0..<30 {
                        try transaction.run(
                            """
                            insert into insight_day (day, path, about_family, registered, attended, handled, fed_back,
                                struck_off, kept_attend, kept_handle, kept_feedback, broken_attend, broken_handle,
                                broken_feedback, due_attend, due_handle, due_feedback)
                            values (\(day.adding(-ago)), \("z\(place)/"), 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 4, 0, 0)
                            """)
                    }
                }
            }
            try await h.house.database.takeStatistics()
            let actor = try await h.actor(h.program("street"))
            let reach = try await h.house.insight.reach(nil, actor).reach
            let estate = base.appending(AreaID(9))
            var statements: [(String, SQL)] = [
                ("day", InsightStore.daySQL(reach, day)), ("open", InsightStore.openSQL(reach)),
                (
                    "pressing",
                    InsightStore.pressingSQL(reach, at: now, midnight: Zone.shanghai.instant(day))
                ),
                ("latest", InsightStore.latestSQL(.handled, reach, day: day, limit: 8)),
            ]
            for what in Counted.all {
                for (index, stretch) in InsightStore.stretches(what, day: day, at: now).enumerated() {
                    statements.append(
                        (
                            "\(what.code) \(index)",
                            InsightStore.listSQL(
                                stretch, base, isOnePlace: false, hiding: [], after: nil, limit: 50)
                        ))
                    statements.append(
                        (
                            "\(what.code) \(index) of one",
                            InsightStore.listSQL(
                                stretch, estate, isOnePlace: true, hiding: [], after: nil, limit: 50)
                        ))
                }
            }
            for (name, sql) in statements {
                let plan: [String]
                if let postgres = h.house.database as? PostgresDatabase {
                    plan = try await postgres.plan(sql)
                } else {
                    plan = try await (try #require(h.house.database as? SQLiteDatabase)).plan(sql)
                }
                #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("Seq Scan") }, "\(name): \(plan)")
                // Of many estates nobody reads all that ever happened there.
                let isOfPlace = plan.contains { $0.contains("insight_fact_place") }
                #expect(!isOfPlace || name.hasSuffix("of one"), "\(name): \(plan)")
                // Not all clocks that run, for those past a moment.
                let led = ["pressing": "insight_fact_warn", "overdue 0": "insight_fact_due"]
                if h.house.database is SQLiteDatabase, let index = led[name] {
                    #expect(plan.contains { $0.contains(index) }, "\(name): \(plan)")
                }
            }
        }
    }
}

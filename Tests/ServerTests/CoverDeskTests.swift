import Cases
import Directory
import Foundation
import Kernel
import Storage
import Testing
import Web

@testable import Server

/// Shifts and cover through the doors: as pages without JavaScript and as JSON.
@Suite struct CoverDeskTests {
    private func object(_ pairs: [String: String]) -> JSON {
        .object(pairs.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private func post(
        _ h: TestHouse, _ session: TestHouse.Session, _ path: String, _ fields: [(String, String)]
    ) async throws -> TestHouse.Answered {
        let body = (fields + [("_form", session.form)]).map { "\($0.0)=\(TestHouse.encoded($0.1))" }
        return try await h.send(
            session, .post, path, body: Array(body.joined(separator: "&").utf8),
            type: "application/x-www-form-urlencoded")
    }

    private func triaged(_ h: TestHouse, _ count: Int, at home: AreaID, by login: String = "resident") async throws
        -> [String]
    {
        let grid = try h.program(login == "resident" ? "grid" : "grid2")
        var ids: [String] = []
        for index in 0..<count {
            let id = try await h.report("水管漏水\(index)", by: login, at: home, key: "c\(login)\(index)").text
            let done = try await h.json(grid, .post, "/api/v1/cases/\(id)/triage", object([:]))
            #expect(done.status == 200, "\(done.text)")
            ids.append(id)
        }
        return ids
    }

    private func postOf(_ h: TestHouse, _ login: String) async throws -> String {
        try #require(try await h.actor(h.program(login)).posts.first).id.text
    }

    @Test func severalCasesGoToOneColleagueInOneForm() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let ids = try await triaged(h, 4, at: home)
            let desk = try await h.signIn("desk")
            let page = try await h.send(desk, .get, "/desk/pick").text
            let boxes = page.matches(of: /name=case value="([0-9a-z.]+)"/).map { String($0.1) }
            #expect(ids.allSatisfy { id in boxes.contains { $0.hasPrefix(id + ".") } })
            let key = try #require(page.firstMatch(of: /name=key value="([0-9a-z]+)"/)?.1)
            let steward = try await postOf(h, "steward")
            // Somebody else was faster with one of them.
            let grid = try h.program("grid")
            let other = try await postOf(h, "steward2")
            _ = try await h.json(grid, .post, "/api/v1/cases/\(ids[3])/dispatch", object(["post": other]))
            let wanted = boxes.filter { box in ids.contains { box.hasPrefix($0) } }
            let fields = wanted.map { ("case", $0) } + [("post", steward), ("key", String(key))]
            let done = try await post(h, desk, "/desk/pick", fields)
            #expect(done.status == 303, "\(done.text)")
            let to = try #require(done.headers[.location])
            let result = try await h.send(desk, .get, to)
            #expect(result.text.contains("派出 3 件，没派成 1 件") && result.text.contains("水管漏水3"))
            // Nobody else reads it; the same form again is the same answer.
            #expect(try await h.send(try await h.signIn("grid"), .get, to).status == 404)
            #expect(try await post(h, desk, "/desk/pick", fields).headers[.location] == to)
            // What is missing comes back with what was ticked.
            let back = try await post(h, desk, "/desk/pick", [("case", wanted[0]), ("post", ""), ("key", "k")])
            #expect(back.status == 422)
            #expect(try await post(h, desk, "/desk/pick", [("post", steward), ("key", "z")]).status == 422)
            // The plain list has no boxes.
            #expect(!(try await h.send(desk, .get, "/desk").text.contains("type=checkbox")))
        }
    }

    @Test func manyCasesAsJSONEachWithItsOutcome() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let far = try await h.area("1 号楼", under: try await h.area("兴隆花园"))
            let ids = try await triaged(h, 2, at: home)
            let foreign = try await h.report("丙字密语", by: "resident3", at: far, key: "f").text
            let desk = try h.program("desk")
            let body = JSON.object([
                ("cases", .array((ids + [foreign]).map { .string($0) })),
                ("post", .string(try await postOf(h, "steward"))),
            ])
            var answers: [String] = []
            for _ in 0..<2 {
                let answer = try await h.json(
                    desk, .post, "/api/v1/dispatches", body, headers: ["Idempotency-Key": "b1"])
                #expect(answer.status == 200, "\(answer.text)")
                answers.append(answer.text)
            }
            #expect(answers[0] == answers[1])
            let json = try JSONReader.read(Array(answers[0].utf8))
            #expect(json["items"]?.items.compactMap { $0["outcome"]?.stringValue } == ["done", "done", "notFound"])
            #expect(json["done"]?.intValue == 2 && json["refused"]?.intValue == 1)
            #expect(!answers[0].contains("密语"))
            let events = try await h.json(desk, .get, "/api/v1/cases/\(ids[0])").json()["events"]?.items ?? []
            #expect(events.count { $0["kind"]?.stringValue == "dispatched" } == 1)
            let many = JSON.object([
                ("cases", .array((0..<51).map { _ in .string(ids[0]) })), ("post", .string(ids[0])),
            ])
            #expect(try await h.json(desk, .post, "/api/v1/dispatches", many).status == 422)
        }
    }

    @Test func aTemplateFillsTheFormOfTheCaseByALink() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let estate = try await h.area("桂花苑").text
            let desk = try await h.signIn("desk")
            let fields = [
                ("way", "add"), ("use", "returned"), ("area", estate), ("organisation", ""), ("name", "不归我们管"),
                ("body", "{编号}{类别}不归{小区}管"), ("why", "常退"),
            ]
            var bad = fields
            bad[5].1 = "{姓名}"
            let back = try await post(h, desk, "/desk/templates", bad)
            #expect(back.status == 422 && back.text.contains("{姓名}") && back.text.contains("常退"))
            let made = try await post(h, desk, "/desk/templates", fields)
            #expect(made.status == 303)
            let id = try #require(made.headers[.location]?.split(separator: "/").last.map(String.init))
            let report = try await h.report("水管漏水", by: "resident", at: home, key: "t1").text
            let page = try await h.send(desk, .get, "/desk/cases/\(report)").text
            #expect(page.contains("/desk/cases/\(report)?template=\(id)"))
            let filled = try await h.send(desk, .get, "/desk/cases/\(report)?template=\(id)").text
            #expect(filled.contains("不归桂花苑管</textarea>"))
            #expect(try await h.send(desk, .get, "/desk/cases/\(report)?template=\(report)").status == 404)
            let said = try await h.json(try h.program("desk"), .get, "/api/v1/cases/\(report)/templates").json()
            #expect(said["items"]?.items.contains { $0["text"]?.stringValue?.hasSuffix("不归桂花苑管") == true } == true)
            // Another estate's desk neither sees nor changes it.
            for login in ["desk2", "grid2"] {
                let other = try h.program(login)
                #expect(try await h.json(other, .get, "/api/v1/templates/\(id)").status == 404)
                let change = JSON.object([
                    ("version", .int(1)), ("name", .string("a")), ("body", .string("b")), ("why", .string("c")),
                ])
                #expect(try await h.json(other, .post, "/api/v1/templates/\(id)", change).status == 404)
                let list = try await h.json(other, .get, "/api/v1/templates").json()
                #expect(list["items"]?.items.contains { $0["id"]?.stringValue == id } == false)
            }
            let change = try await post(
                h, desk, "/desk/templates/\(id)",
                [("way", "change"), ("version", "1"), ("name", "退"), ("body", "退{编号}"), ("why", "改短")])
            #expect(change.status == 303)
            let old = try await post(
                h, desk, "/desk/templates/\(id)",
                [("way", "change"), ("version", "1"), ("name", "退"), ("body", "再改"), ("why", "慢了")])
            #expect(old.status == 409 && old.text.contains("再改"))
            let versions = try await h.json(try h.program("desk"), .get, "/api/v1/templates/\(id)").json()["versions"]
            #expect(versions?.items.compactMap { $0["why"]?.stringValue } == ["改短", "常退"])
        }
    }

    @Test func leaveIsAskedForApprovedAndTheQueueShown() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let ids = try await triaged(h, 1, at: home)
            let steward = try await h.signIn("steward")
            let second = try await h.signIn("steward2")
            let desk = try await h.signIn("desk")
            let own = try await postOf(h, "steward")
            let standIn = try #require(try await h.actor(second).person).text
            _ = try await h.json(
                try h.program("grid"), .post, "/api/v1/cases/\(ids[0])/dispatch", object(["post": own]))
            let (from, to) = (h.still.now, h.still.now.adding(days: 2))
            let form = [
                ("way", "ask"), ("post", own), ("standin", standIn), ("from", LocalInput.text(from)),
                ("to", LocalInput.text(to)), ("why", "看病"),
            ]
            var wrong = form
            wrong[4].1 = LocalInput.text(from.adding(days: -1))
            let back = try await post(h, steward, "/desk/leaves", wrong)
            #expect(back.status == 422 && back.text.contains("看病"))
            #expect(try await post(h, steward, "/desk/leaves", form).status == 303)
            let list = try await h.json(try h.program("desk"), .get, "/api/v1/leaves").json()
            let leave = try #require(list["items"]?.items.first { $0["status"]?.stringValue == "asked" })
            let id = try #require(leave["id"]?.stringValue)
            #expect(!(try await h.send(second, .get, "/desk/mine").text.contains("水管漏水0")))
            // Another estate's desk has nothing to say.
            let other = try await h.signIn("desk2")
            let yes = [("do", "approve"), ("version", "1"), ("why", "")]
            #expect(try await post(h, other, "/desk/leaves/\(id)", yes).status == 404)
            let far = try await h.json(try h.program("desk2"), .get, "/api/v1/leaves").json()
            #expect(far["items"]?.items.isEmpty == true)
            #expect(try await post(h, desk, "/desk/leaves/\(id)", yes).status == 303)
            h.still.advance(minutes: 1)
            let mine = try await h.send(second, .get, "/desk/mine").text
            #expect(mine.contains("水管漏水0") && mine.contains("替李师傅"))
            let page = try await h.send(second, .get, "/desk/cases/\(ids[0])").text
            #expect(page.contains("value=\"accept\""))
            let queues = try await h.json(try h.program("steward2"), .get, "/api/v1/me/queues").json()["items"]
            #expect(queues?.items.count == 2 && queues?.items[1]["leave"]?["name"]?.stringValue == "李师傅")
            let accept = JSON.object([("promise", .string(Say.iso(h.still.now.adding(minutes: 30))))])
            let done = try await h.json(try h.program("steward2"), .post, "/api/v1/cases/\(ids[0])/accept", accept)
            #expect(done.status == 200 && done.text.contains("\"for\":\"李师傅\""), "\(done.text)")
            #expect(try await h.send(desk, .get, "/desk/cases/\(ids[0])").text.contains("张师傅（替李师傅）"))
            let end = try await post(
                h, steward, "/desk/leaves/\(id)", [("do", "end"), ("version", "2"), ("why", "好了")])
            #expect(end.status == 303)
            #expect(!(try await h.send(second, .get, "/desk/mine").text.contains("水管漏水0")))
        }
    }

    @Test func rostersOfEachKindAreEnteredShownAndCopied() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑").text
            let desk = try await h.signIn("desk")
            let person = try #require(try await h.actor(h.program("steward2")).person).text
            let base = [("estate", estate), ("kind", "desk"), ("week", "2026-03-23")]
            let pattern =
                base + [
                    ("way", "pattern"), ("person", person), ("weekday", "1"), ("weekday", "3"), ("start", "22:00"),
                    ("end", "06:00"), ("first", "2026-03-23"), ("last", "2026-03-29"), ("place", "值班室"),
                ]
            let made = try await post(h, desk, "/desk/roster", pattern)
            #expect(made.status == 303 && made.headers[.location]?.contains("made=2") == true, "\(made.text)")
            let page = try await h.send(desk, .get, try #require(made.headers[.location])).text
            #expect(page.contains("值班室") && page.contains("没人值班的钟点") && page.contains("排了 2 个班"))
            let twice = try await post(h, desk, "/desk/roster", pattern)
            #expect(twice.status == 409 && twice.text.contains("张师傅 2026-03-23 22:00"))
            let copy = [("estate", estate), ("kind", "desk"), ("week", "2026-03-30"), ("way", "copy")]
            #expect(try await post(h, desk, "/desk/roster", copy).headers[.location]?.contains("made=2") == true)
            #expect(
                try await post(h, desk, "/desk/roster", copy).headers[.location]?.contains("made=0&skipped=2") == true)
            let week = "/api/v1/rosters/\(estate)/week?kind=desk&week=2026-03-31"
            let json = try await h.json(try h.program("desk"), .get, week).json()
            #expect(json["shifts"]?.items.count == 2 && json["gaps"]?.items.count == 7 * 24 - 16)
            let shift = try #require(json["shifts"]?.items.first?["id"]?.stringValue)
            let path = "/desk/roster/\(shift)"
            #expect(try await h.send(desk, .get, path + "?estate=\(estate)&kind=desk").text.contains("值班室"))
            #expect(try await h.send(desk, .get, path).status == 404)
            let nowhy = try await post(h, desk, path + "/delete", base + [("way", "delete"), ("why", "")])
            #expect(nowhy.status == 422)
            let gone = try await post(h, desk, path + "/delete", base + [("way", "delete"), ("why", "停电")])
            #expect(gone.status == 303)
            let log = try await h.send(desk, .get, "/desk/roster?estate=\(estate)&kind=desk").text
            #expect(log.contains("停电"))
            // Now, over midnight, for whoever looks after the estate; nobody else.
            h.still.now = Zone.shanghai.instant(Day(number: 20531).adding(5), hour: 1)
            let now = try await h.json(try h.program("grid"), .get, "/api/v1/rosters/\(estate)/now").json()["items"]
            #expect(
                now?.items.contains {
                    $0["shift"]?["kind"]?.stringValue == "desk" && $0["on_leave"]?.boolValue == false
                } == true)
            let later = try await h.signIn("desk")
            #expect(try await h.send(later, .get, "/desk/duty").text.contains("张师傅"))
            for path in ["/api/v1/rosters/\(estate)/now", week] {
                #expect(try await h.json(try h.program("desk2"), .get, path).status == 404, "\(path)")
            }
            #expect(try await h.send(try await h.signIn("desk2"), .get, "/desk/duty?estate=\(estate)").status == 404)
        }
    }

    @Test func aNoteWaitsOnTheDeskUntilItIsTaken() async throws {
        try await TestHouse.with { h in
            let desk = try await h.signIn("desk")
            let grid = try await h.signIn("grid")
            // The demo has the desk's shift of the squads from 8 to 20.
            let form = try await h.send(desk, .get, "/desk/handover?kind=squads").text
            let estate = try await h.area("桂花苑").text
            #expect(form.contains("name=estate value=\"\(estate)\"") || form.contains(estate))
            let before = try await h.send(grid, .get, "/desk").text.contains("/desk/handovers")
            let sent = [("way", "write"), ("estate", estate), ("kind", "squads"), ("words", "三号楼等配件")]
            let made = try await post(h, desk, "/desk/handover", sent)
            #expect(made.status == 303, "\(made.text)")
            let to = try #require(made.headers[.location])
            let waiting = try await h.send(grid, .get, "/desk").text
            #expect(waiting.contains("href=/desk/handovers"), "\(before)")
            #expect(
                !(try await h.send(try await h.signIn("grid2"), .get, "/desk").text.contains("href=/desk/handovers")))
            #expect(try await h.send(try await h.signIn("grid2"), .get, to).status == 404)
            #expect(try await h.send(grid, .get, to).text.contains("三号楼等配件"))
            #expect(try await post(h, grid, to, [("do", "take"), ("version", "1")]).status == 303)
            let late = try await post(h, desk, to, [("way", "change"), ("version", "1"), ("words", "改一改")])
            #expect(late.status == 409)
            let notes = try await h.json(try h.program("grid"), .get, "/api/v1/handovers?open=true").json()["items"]
            #expect(notes?.items.contains { to.hasSuffix($0["id"]?.stringValue ?? "-") } == false)
            let refused = try await post(
                h, grid, "/desk/handover", [("way", "write"), ("estate", estate), ("kind", "desk"), ("words", "x")])
            #expect(refused.status == 403)
        }
    }

    @Test func theWorkloadIsOfOnesOwnAreasWithTheCasesBehindIt() async throws {
        try await TestHouse.with { h in
            let desk = try h.program("desk")
            let rows = try await h.json(desk, .get, "/api/v1/workload").json()["items"]?.items ?? []
            let steward = try #require(rows.first { $0["name"]?.stringValue == "李师傅" })
            let id = try #require(steward["person"]?.stringValue)
            for (list, field) in [
                ("open", "open"), ("overdue", "overdue"), ("week", "handled_this_week"),
                ("month", "handled_this_month"),
            ] {
                let behind = try await h.json(desk, .get, "/api/v1/workload/\(id)?list=\(list)").json()["items"]
                #expect(Int64(behind?.items.count ?? -1) == steward[field]?.intValue, "\(list)")
            }
            #expect((steward["handled_this_month"]?.intValue ?? 0) > 0 && steward["median_minutes"]?.isNull == false)
            let page = try await h.send(try await h.signIn("desk"), .get, "/desk/workload").text
            #expect(page.contains("/desk/workload/\(id)?list=month"))
            // Page by page, each once.
            var found: [String] = []
            var cursor: String? = ""
            while let at = cursor {
                let part = try await h.json(
                    try h.program("district"), .get, "/api/v1/workload?limit=2" + (at.isEmpty ? "" : "&cursor=\(at)")
                ).json()
                found += part["items"]?.items.compactMap { $0["person"]?.stringValue } ?? []
                cursor = part["next_cursor"]?.stringValue
            }
            #expect(found.count > 4 && Set(found).count == found.count)
            #expect(try await h.json(try h.program("desk2"), .get, "/api/v1/workload/\(id)").status == 404)
            #expect(try await h.json(try h.program("steward"), .get, "/api/v1/workload").status == 403)
        }
    }
}

import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Server

/// The loop as JSON, with personal tokens, over HTTP.
@Suite struct APITests {
    private func object(_ pairs: [String: String]) -> JSON {
        .object(pairs.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private func post(_ h: TestHouse, _ area: String, of login: String) async throws -> String {
        let me = try await h.json(try h.program(login), .get, "/api/v1/me").json()
        let found: String? = me["posts"]?.items.first?[area]?.stringValue
        return try #require(found)
    }

    private func home(_ h: TestHouse, _ login: String) async throws -> JSON {
        let me = try await h.json(try h.program(login), .get, "/api/v1/me").json()
        let found: JSON? = me["homes"]?.items.first
        return try #require(found)
    }

    @Test func theWholeLoopRunsAsJSON() async throws {
        try await TestHouse.with { h in
            let unit = try #require(try await home(h, "resident")["unit"]?.stringValue)
            let resident = try h.program("resident")
            let made = try await h.json(
                resident, .post, "/api/v1/cases", object(["area": unit, "words": "厨房水管漏水"]),
                headers: ["Idempotency-Key": "loop-1"])
            #expect(made.status == 201)
            let id = try #require(try made.json()["id"]?.stringValue)
            #expect(made.headers[.location] == "/api/v1/cases/\(id)")
            let steward = try await post(h, "id", of: "steward")
            let steps: [(String, String, [String: String], String)] = [
                ("grid", "triage", ["lead": "property"], "triaged"),
                ("grid", "dispatch", ["post": steward], "dispatched"),
                ("steward", "accept", [:], "dispatched"), ("steward", "attend", [:], "attended"),
                ("steward", "suspension", ["reason": "waitingForParts", "words": "等配件"], "attended"),
                ("steward", "resumption", [:], "attended"), ("steward", "note", ["words": "到了"], "attended"),
                ("steward", "handle", ["words": "换好了"], "handled"), ("desk", "feedback", ["words": "换好了"], "fedBack"),
                ("resident", "reopening", ["words": "还漏"], "triaged"),
                ("desk", "dispatch", ["post": steward], "dispatched"),
                ("steward", "attend", [:], "attended"), ("steward", "handle", ["words": "又换了"], "handled"),
                ("desk", "feedback", ["words": "又换了"], "fedBack"),
            ]
            for (login, noun, fields, status) in steps {
                h.still.advance(minutes: 1)
                let answer = try await h.json(
                    try h.program(login), .post, "/api/v1/cases/\(id)/\(noun)", object(fields))
                #expect(answer.status == 200, "\(login) \(noun): \(answer.text)")
                #expect(try answer.json()["status"]?.stringValue == status, "\(noun)")
            }
            let rating = try await h.json(
                resident, .post, "/api/v1/cases/\(id)/rating", .object([("score", .int(5)), ("words", .string("好"))]))
            #expect(try rating.json()["score"]?.intValue == 5)
            #expect(try rating.json()["queue"]?.stringValue == "strikeOff")
            let struck = try await h.json(
                try h.program("approver"), .post, "/api/v1/cases/\(id)/strike-off", object(["words": "回访过"]))
            #expect(try struck.json()["status"]?.stringValue == "struckOff")
            let published = try await h.json(
                try h.program("moderator"), .post, "/api/v1/cases/\(id)/publication",
                object(["title": "水管漏水", "place": "3 号楼", "words": "换了角阀"]))
            #expect(published.status == 200, "\(published.text)")
            #expect(try published.json()["status"]?.stringValue == "published")
            let estate = try #require(try await home(h, "resident")["estate"]?.stringValue)
            let ledger = try await h.json(TestHouse.Session(login: ""), .get, "/api/v1/ledger/\(estate)").json()
            #expect(ledger["items"]?.items.first?["title"]?.stringValue == "水管漏水")
            // The reporter sees the open steps, not the notes among staff.
            let own = try await h.json(resident, .get, "/api/v1/cases/\(id)").json()
            let kinds = own["events"]?.items.compactMap { $0["kind"]?.stringValue } ?? []
            #expect(kinds.first == "reported" && kinds.last == "published" && !kinds.contains("noted"))
            #expect(own["round"]?.intValue == 2)
        }
    }

    @Test func aRefusalIsAProblemWithItsNameFieldAndLanguage() async throws {
        try await TestHouse.with { h in
            let resident = try h.program("resident")
            let unit = try #require(try await home(h, "resident")["unit"]?.stringValue)
            let tries: [(TestHouse.Answered, Int, String, String?)] = [
                (
                    try await h.json(resident, .post, "/api/v1/cases", object(["area": unit, "words": " "])), 422,
                    "tooShort", "what"
                ),
                (
                    try await h.json(resident, .post, "/api/v1/cases", object(["words": "x"])), 422, "missingField",
                    "area"
                ),
                (
                    try await h.json(resident, .post, "/api/v1/cases", object(["area": unit, "wordz": "x"])), 422,
                    "unknownField", "wordz"
                ),
                (try await h.json(resident, .get, "/api/v1/cases/nothing"), 404, "badIdentifier", nil),
                (try await h.json(resident, .get, "/api/v1/cases?limit=0"), 422, "badField", "limit"),
                (try await h.json(resident, .get, "/api/v1/cases?cursor=x"), 422, "badCursor", nil),
                (try await h.json(try h.program("grid"), .get, "/api/v1/cases?cursor=1-x"), 422, "badCursor", nil),
                (try await h.json(try h.program("auditor"), .get, "/api/v1/nowhere"), 404, "notFound", nil),
                (try await h.json(TestHouse.Session(login: ""), .get, "/api/v1/me"), 401, "signInFirst", nil),
                (
                    try await h.send(
                        resident, .post, "/api/v1/cases", body: Array("{".utf8), type: "application/json"), 422,
                    "malformed", nil
                ),
            ]
            for (answer, status, name, field) in tries {
                #expect(answer.status == status, "\(name): \(answer.text)")
                #expect(answer.type.hasPrefix("application/problem+json"), "\(name)")
                let problem = try answer.json()
                #expect(problem["code"]?.stringValue == name)
                #expect(problem["type"]?.stringValue == "urn:redsteward:refusal:\(name)")
                #expect(problem["status"]?.intValue == Int64(status))
                #expect(problem["field"]?.stringValue == field, "\(name)")
                #expect(problem["title"]?.stringValue?.isEmpty == false)
                #expect(problem["instance"]?.stringValue == answer.headers[.init("X-Request-Id")!], "\(name)")
            }
            let english = try await h.json(
                resident, .get, "/api/v1/cases?limit=0", headers: ["Accept-Language": "en-GB"])
            let words = try #require(try english.json()["title"]?.stringValue)
            #expect(!words.unicodeScalars.contains { TextTerms.isHan($0) })
        }
    }

    @Test func theSameKeyMakesOneCase() async throws {
        try await TestHouse.with { h in
            let resident = try h.program("resident")
            let unit = try #require(try await home(h, "resident")["unit"]?.stringValue)
            let report = object(["area": unit, "words": "灯不亮"])
            let answers = try await withThrowingTaskGroup(of: TestHouse.Answered.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await h.json(
                            resident, .post, "/api/v1/cases", report, headers: ["Idempotency-Key": "twenty"])
                    }
                }
                return try await group.reduce(into: [TestHouse.Answered]()) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 201 }.count == 1)
            #expect(answers.filter { $0.status == 200 }.count == 19)
            #expect(Set(try answers.map { try $0.json()["id"]?.stringValue }).count == 1)
            let other = try await h.json(
                resident, .post, "/api/v1/cases", object(["area": unit, "words": "别的"]),
                headers: ["Idempotency-Key": "twenty"])
            #expect(other.status == 409)
            #expect(try other.json()["code"]?.stringValue == "keyUsedForOther")
        }
    }

    @Test func pagesOfAListHaveNoGapAndNoRepeat() async throws {
        try await TestHouse.with { h in
            let unit = try #require(try await home(h, "resident")["unit"]?.stringValue)
            let resident = try h.program("resident")
            // Many at one moment, so that their limits fall due together.
            for index in 0..<23 {
                let made = try await h.json(
                    resident, .post, "/api/v1/cases", object(["area": unit, "words": "灯不亮 \(index)"]))
                #expect(made.status == 201)
            }
            for login in ["resident", "desk", "street"] {
                let session = try h.program(login)
                let whole = try await h.json(session, .get, "/api/v1/cases?limit=100").json()
                let all = whole["items"]?.items.compactMap { $0["id"]?.stringValue } ?? []
                #expect(all.count >= 23 && Set(all).count == all.count)
                #expect(whole["next_cursor"]?.isNull == true)
                var found: [String] = []
                var cursor: String?
                for _ in 0..<100 {
                    let next = cursor.map { "&cursor=\($0)" } ?? ""
                    let page = try await h.json(session, .get, "/api/v1/cases?limit=4\(next)").json()
                    found += page["items"]?.items.compactMap { $0["id"]?.stringValue } ?? []
                    cursor = page["next_cursor"]?.stringValue
                    if cursor == nil { break }
                }
                #expect(found == all, "\(login)")
            }
            // The ledger too, where several were struck off in one moment.
            let guihua = try await h.area("桂花苑")
            let ids = try await h.house.database.read { transaction in
                try transaction.query("select id from cases_case where title like '灯不亮%' order by id limit 9") {
                    try $0.id(0, CaseTag.self)
                }
            }
            let now = h.still.now
            try await h.house.database.write { transaction in
                for id in ids {
                    try CaseHistoryStore.putPublication(
                        Publication(
                            caseID: id, title: id.text, body: "b", place: "", status: 1, struck: now, published: now),
                        estate: guihua.raw, moderator: PersonID(1), transaction)
                }
            }
            let nobody = TestHouse.Session(login: "")
            let whole = try await h.json(nobody, .get, "/api/v1/ledger/\(guihua.text)?limit=100").json()
            let all = whole["items"]?.items.compactMap { $0["title"]?.stringValue } ?? []
            #expect(all.count >= 9)
            var found: [String] = []
            var cursor: String?
            for _ in 0..<50 {
                let next = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await h.json(nobody, .get, "/api/v1/ledger/\(guihua.text)?limit=2\(next)").json()
                found += page["items"]?.items.compactMap { $0["title"]?.stringValue } ?? []
                cursor = page["next_cursor"]?.stringValue
                if cursor == nil { break }
            }
            #expect(found == all)
        }
    }

    @Test func aTokenNeedsNoFormTokenAndACookieDoes() async throws {
        try await TestHouse.with { h in
            let unit = try #require(try await home(h, "resident")["unit"]?.stringValue)
            let report = object(["area": unit, "words": "灯不亮"])
            let program = try h.program("resident")
            #expect(
                try await h.json(program, .post, "/api/v1/cases", report, headers: ["Sec-Fetch-Site": "cross-site"])
                    .status == 201)
            let browser = try await h.signIn("resident")
            let refused = try await h.json(browser, .post, "/api/v1/cases", report)
            #expect(refused.status == 403)
            #expect(try refused.json()["code"]?.stringValue == "crossSite")
            let other = try await h.signIn("tenant")
            #expect(
                try await h.json(browser, .post, "/api/v1/cases", report, headers: ["X-Form-Token": other.form]).status
                    == 403)
            #expect(
                try await h.json(browser, .post, "/api/v1/cases", report, headers: ["X-Form-Token": browser.form])
                    .status == 201)
            var wrong = program
            wrong.bearer = "rs_wrong"
            #expect(try await h.json(wrong, .get, "/api/v1/me").status == 401)
        }
    }

    @Test func aTokenIsLimitedToItsPost() async throws {
        try await TestHouse.with { h in
            // The token of a resident who has no post, and of staff without homes.
            let resident = try await h.json(try h.program("resident"), .get, "/api/v1/me").json()
            #expect(resident["posts"]?.items.isEmpty == true && resident["homes"]?.items.count == 1)
            let desk = try await h.json(try h.program("desk"), .get, "/api/v1/me").json()
            #expect(desk["posts"]?.items.count == 1 && desk["homes"]?.items.isEmpty == true)
            #expect(try await h.send(try h.program("resident"), .get, "/desk").status == 403)
            // Never for the account itself.
            #expect(try await h.send(try h.program("desk"), .get, "/me").status == 403)
        }
    }
}

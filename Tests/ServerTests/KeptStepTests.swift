import Attachments
import Cases
import Kernel
import Storage
import Testing
import Web

@testable import Server

/// A step that was refused comes back in its own form and in no other one, on the desk and on the pages of residents.
@Suite struct KeptStepTests {
    private static let correct = "您填的都还在，改一下再交。"
    private static let secret = "内部：住户不在家，钥匙在门岗"

    private func reported(_ h: TestHouse, _ key: String = "k1") async throws -> String {
        let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
        return try await h.report("厨房水管漏水", by: "resident", at: home, key: key).text
    }

    private func post(of login: String, _ h: TestHouse) async throws -> String {
        try #require(try await h.actor(h.program(login)).posts.first).id.text
    }

    /// As programs of others do it, so that a page that is open knows nothing of it.
    private func steps(_ h: TestHouse, _ id: String, _ steps: [(String, String, [String: String])]) async throws {
        for (login, noun, fields) in steps {
            h.still.advance(minutes: 1)
            let answer = try await h.json(
                try h.program(login), .post, "/api/v1/cases/\(id)/\(noun)", .object(fields.map { ($0, .string($1)) }))
            #expect(answer.status == 200, "\(noun): \(answer.text)")
        }
    }

    private func dispatched(_ h: TestHouse, _ key: String = "k1") async throws -> String {
        let id = try await reported(h, key)
        try await steps(
            h, id,
            [
                ("grid", "triage", ["lead": "property"]),
                ("grid", "dispatch", ["post": try await post(of: "steward", h)]),
            ])
        return id
    }

    /// What stands in a field of text.
    private func area(_ id: String, _ page: String) -> String? {
        guard let start = page.ranges(of: "<textarea class=\"in\" id=\"\(id)\"").first else { return nil }
        return String(page[start.upperBound...].drop { $0 != ">" }.dropFirst().prefix { $0 != "<" })
    }

    /// What is chosen in a list.
    private func chosen(_ name: String, _ page: String) -> String? {
        let field = "<select class=\"in\" id=\"\(name)\" name=\"\(name)\""
        guard let start = page.ranges(of: field).first else { return nil }
        let list = page[start.upperBound...]
        let end = list.ranges(of: "</select>").first?.lowerBound ?? list.endIndex
        return list[..<end].firstMatch(of: /value="([^"]*)" selected/).map { String($0.1) }
    }

    private func count(_ text: String, _ page: String) -> Int { page.ranges(of: text).count }

    @Test func aNoteThatCameTooLateStandsInItsOwnFormOnly() async throws {
        try await TestHouse.with { h in
            let grid = try await h.signIn("grid")
            let id = try await dispatched(h)
            try await steps(h, id, [("steward", "attend", [:]), ("steward", "handle", ["words": "角阀换好了"])])
            let answer = try await h.send(
                grid, .post, "/desk/cases/\(id)", form: ["do": "note", "version": "1", "words": Self.secret])
            #expect(answer.status == 409 && answer.text.contains(Self.correct))
            #expect(area("nw", answer.text) == Self.secret && count(Self.secret, answer.text) == 1)
            #expect(area("fw", answer.text) == "角阀换好了")
            #expect(answer.text.contains("<details class=\"more\" open>"))
            // The page itself folds it.
            let page = try await h.send(grid, .get, "/desk/cases/\(id)").text
            #expect(page.contains("<details class=\"more\">") && area("nw", page) == "")
        }
    }

    @Test func whereTheFormIsGoneWhatWasTypedIsReadOnly() async throws {
        try await TestHouse.with { h in
            let steward = try await h.signIn("steward")
            let grid = try await h.signIn("grid")
            let id = try await dispatched(h)
            try await steps(h, id, [("steward", "attend", [:]), ("steward", "handle", ["words": "角阀换好了"])])
            for session in [steward, grid] {
                let answer = try await h.send(
                    session, .post, "/desk/cases/\(id)", form: ["do": "handle", "version": "4", "words": Self.secret])
                #expect(answer.status == 409 && !answer.text.contains(Self.correct), "\(session.login)")
                #expect(count(Self.secret, answer.text) == 1)
                #expect(answer.text.contains("<blockquote class=\"say\"><p>\(Self.secret)</p></blockquote>"))
                #expect(answer.text.contains("<details class=\"more\">"))
            }
            // A button that needs no words leaves nothing to correct.
            let button = try await h.send(steward, .post, "/desk/cases/\(id)", form: ["do": "attend", "version": "3"])
            #expect(button.status == 409 && !button.text.contains(Self.correct))
            #expect(!button.text.contains("<h2>您填的都还在</h2>"))
        }
    }

    @Test func whatWasChosenIsStillChosen() async throws {
        try await TestHouse.with { h in
            let grid = try await h.signIn("grid")
            let id = try await reported(h)
            let path = "/desk/cases/\(id)"
            let page = try await h.send(grid, .get, path).text
            let list = page.ranges(of: "id=\"category\" name=\"category\"").first.map { page[$0.upperBound...] } ?? ""
            let all = list[..<(list.ranges(of: "</select>").first?.lowerBound ?? list.startIndex)]
            let other = try #require(
                all.matches(of: /value="([^"]+)"/).map { String($0.1) }.first { $0 != chosen("category", page) })
            let about = try #require(
                page.ranges(of: "name=\"about\"").first.flatMap {
                    page[$0.upperBound...].firstMatch(of: /<option value="([0-9a-z]+)"/).map { String($0.1) }
                })
            let body = [
                ("_form", grid.form), ("do", "triage"), ("version", "99"), ("category", other),
                ("urgency", "emergency"), ("level", "5"), ("lead", "2"), ("assist", "1"), ("assist", "3"),
                ("about", about),
            ].map { "\($0.0)=\(TestHouse.encoded($0.1))" }.joined(separator: "&")
            let back = try await h.send(
                grid, .post, path, body: Array(body.utf8), type: "application/x-www-form-urlencoded")
            #expect((400..<500).contains(back.status) && back.text.contains(Self.correct))
            for (name, value) in [
                ("category", other), ("urgency", "emergency"), ("level", "5"), ("lead", "2"), ("about", about),
            ] {
                #expect(chosen(name, back.text) == value, "\(name)")
            }
            let ticked = back.text.matches(of: /name="assist" value="(\d)" checked/).map { String($0.1) }
            #expect(ticked == ["1", "3"])

            // Another case of the place to merge into, and a colleague who is not the first one.
            let twin = try await reported(h, "k2")
            _ = try await reported(h, "k3")
            try await steps(h, id, [("grid", "triage", ["lead": "property"])])
            func refused(_ fields: [String: String]) async throws -> String {
                let answer = try await h.send(
                    grid, .post, path, form: fields.merging(["version": "99"]) { old, _ in old })
                #expect((400..<500).contains(answer.status), "\(fields) \(answer.status)")
                return answer.text
            }
            for login in ["steward2", "steward"] {
                let post = try await post(of: login, h)
                #expect(chosen("post", try await refused(["do": "dispatch", "post": post])) == post, "\(login)")
            }
            // Who cannot be chosen is replaced by nobody, not by the first of the list.
            #expect(chosen("post", try await refused(["do": "dispatch", "post": twin])) == "")
            #expect(chosen("into", try await refused(["do": "merge", "into": twin])) == twin)
            let merged = try await h.send(grid, .get, path).text
            #expect(chosen("into", merged) == nil)
            let text = try await refused(
                ["do": "suspend", "reason": "weather", "expected": "2026-03-25T10:00", "words": " "])
            #expect(chosen("reason", text) == "weather")
            #expect(text.contains("name=\"expected\" value=\"2026-03-25T10:00\""))
            // What is wrong with a field stands beside it.
            let version = try #require(merged.firstMatch(of: /name=version value="(\d+)"/).map { String($0.1) })
            let empty = try await refused(["do": "suspend", "reason": "weather", "words": " ", "version": version])
            #expect(count("<p class=\"bad\" id=\"words-error\">", empty) == 1 && chosen("reason", empty) == "weather")
            // What another form sent is in this one only.
            let note = try await refused(["do": "note", "words": "x", "reason": "weather"])
            #expect(chosen("reason", note) != "weather" && area("nw", note) == "x" && area("sw", note) == "")
        }
    }

    @Test func theReasonForANumberComesBackWithItsFoldOpen() async throws {
        try await TestHouse.with { h in
            let grid = try await h.signIn("grid")
            let id = try await reported(h)
            let answer = try await h.send(
                grid, .post, "/desk/cases/\(id)/phone", form: ["words": "回拨 13800000002"])
            #expect(answer.status == 422 && answer.text.contains(Self.correct))
            #expect(answer.text.contains("value=\"回拨 13800000002\" aria-invalid=true"))
            #expect(answer.text.contains("<details open><summary class=\"small\">"))
            #expect(count("回拨 13800000002", answer.text) == 1)
        }
    }

    @Test func aResidentsWordsComeBackInTheirOwnForm() async throws {
        try await TestHouse.with { h in
            let resident = try await h.signIn("resident")
            let id = try await dispatched(h)
            let path = "/my/cases/\(id)"
            let words = "又漏了，地板湿了"
            let photo = try await h.upload(
                resident, path, fields: ["do": "note", "words": words, "key": "n1"],
                files: [("a.jpg", Array("%PDF-1.7 no picture".utf8))])
            #expect((400..<500).contains(photo.status) && photo.text.contains(Self.correct))
            #expect(photo.text.contains("照片没有留下，请再选一次。") && photo.text.contains("id=\"photo-error\""))
            #expect(area("more", photo.text) == words && count(words, photo.text) == 1)
            let long = String(repeating: "长", count: 501)
            let withdrawal = try await h.send(resident, .post, path, form: ["do": "withdraw", "words": long])
            #expect(withdrawal.status == 422 && withdrawal.text.contains("required value=\"\(long)\""))
            #expect(count(long, withdrawal.text) == 1)

            try await steps(h, id, [("steward", "attend", [:]), ("steward", "handle", ["words": "角阀换好了"])])
            let gone = try await h.send(resident, .post, path, form: ["do": "withdraw", "words": words])
            #expect(gone.status == 409 && !gone.text.contains(Self.correct))
            #expect(gone.text.contains("<blockquote class=\"say\"><p>\(words)</p></blockquote>"))
            #expect(count(words, gone.text) == 1)

            try await steps(h, id, [("desk", "feedback", ["words": "换好了"])])
            let reopening = try await h.send(resident, .post, path, form: ["do": "reopen", "words": long])
            #expect(reopening.status == 422 && area("rw", reopening.text) == long && area("say", reopening.text) == "")
            #expect(reopening.text.contains("name=\"score\" value=\"5\" checked"))
            let rating = try await h.send(
                resident, .post, path, form: ["do": "rate", "score": "2", "words": long])
            #expect(rating.status == 422 && area("say", rating.text) == long && area("rw", rating.text) == "")
            #expect(rating.text.contains("name=\"score\" value=\"2\" checked"))
            #expect(!rating.text.contains("name=\"score\" value=\"5\" checked"))
        }
    }

    @Test func aNoteSentTwiceStandsOnce() async throws {
        try await TestHouse.with { h in
            let resident = try await h.signIn("resident")
            let id = try await reported(h)
            let path = "/my/cases/\(id)"
            let page = try await h.send(resident, .get, path).text
            let key = try #require(page.firstMatch(of: /name=key value="([0-9a-z]+)"/).map { String($0.1) })
            func send(_ words: String, _ key: String) async throws -> TestHouse.Answered {
                try await h.upload(resident, path, fields: ["do": "note", "words": words, "key": key], files: [])
            }
            for _ in 0..<2 { #expect(try await send("又漏了一点", key).status == 303) }
            #expect(count("又漏了一点", try await h.send(resident, .get, path).text) == 1)
            // Something else under the same key is told, and goes with the key of the page that says so.
            let other = try await send("厨房也湿了", key)
            #expect(other.status == 409 && area("more", other.text) == "厨房也湿了")
            let fresh = try #require(other.text.firstMatch(of: /name=key value="([0-9a-z]+)"/).map { String($0.1) })
            #expect(fresh != key)
            #expect(try await send("厨房也湿了", fresh).status == 303)
            #expect(try await send("又漏了一点", String(repeating: "k", count: 71)).status == 422)
            // It is answered like the first, whatever happened to the case meanwhile.
            try await steps(h, id, [("grid", "return", ["words": "不归这里"])])
            #expect(try await send("厨房也湿了", fresh).status == 303)
            #expect(try await send("再看一看", "another").status == 409)
            let last = try await h.send(resident, .get, path).text
            #expect(count("厨房也湿了", last) == 1 && count("又漏了一点", last) == 1)
        }
    }

    @Test func whoeverHoldsTheCodeAddsWordsAndPhotos() async throws {
        try await TestHouse.with { h in
            let nobody = try await h.visitor()
            let estate = try await h.area("桂花苑").text
            let made = try await h.json(
                nobody, .post, "/api/v1/reports",
                .object([("area", .string(estate)), ("words", .string("门口路灯不亮"))]),
                headers: ["Idempotency-Key": "a1"])
            let code = try #require(try made.json()["code"]?.stringValue)
            let id = try #require(try made.json()["id"]?.stringValue)
            let path = "/look-up?code=\(code)"
            let page = try await h.send(nobody, .get, path).text
            let key = try #require(page.firstMatch(of: /name=key value="([0-9a-z]+)"/).map { String($0.1) })
            let photo = try SamplePicture(.jpeg, 64, 64).drawn()
            let fields = ["do": "note", "code": code, "words": "就在东门", "key": key]
            for _ in 0..<2 {
                let answer = try await h.upload(nobody, "/look-up", fields: fields, files: [("a.jpg", photo)])
                #expect(answer.status == 303 && answer.headers[.location] == path, "\(answer.text)")
            }
            let seen = try await h.send(nobody, .get, path).text
            #expect(count("就在东门", seen) == 1 && count("class=\"shot\"", seen) == 1)
            #expect(try await h.send(try await h.signIn("grid"), .get, "/desk/cases/\(id)").text.contains("就在东门"))
            // What is refused stands in its own form.
            let wrong = try await h.upload(
                nobody, "/look-up", fields: ["do": "note", "code": code, "words": "西门也不亮", "key": "n2"],
                files: [("a.jpg", Array("%PDF-1.7 no picture".utf8))])
            #expect((400..<500).contains(wrong.status) && area("more", wrong.text) == "西门也不亮")
            #expect(count("西门也不亮", wrong.text) == 1)
            // The same by the API; never for a case whose reporter is known.
            let more = try await h.json(
                nobody, .post, "/api/v1/look-up/note",
                .object([("code", .string(code)), ("words", .string("北门也不亮"))]))
            #expect(more.status == 200 && more.text.contains("北门也不亮"), "\(more.text)")
            let stranger = try await h.send(
                nobody, .post, "/look-up", form: ["do": "note", "code": "23456-23456", "words": "x"])
            #expect(stranger.status == 404)
        }
    }

    @Test func aPromiseDoesNotMoveTheLimit() async throws {
        try await TestHouse.with { h in
            let steward = try await h.signIn("steward")
            let id = try await dispatched(h)
            let path = "/desk/cases/\(id)"
            let number = try #require(CaseID(text: id))
            let record = try await h.house.database.read { try #require(try CaseStore.load(number, $0)) }
            let due = try #require(record.clocks.attend.due)
            let far = try await h.send(
                steward, .post, path,
                form: ["do": "accept", "version": String(record.version), "promise": "2026-04-10T10:00"])
            #expect(far.status == 422 && far.text.contains("约的时间不能晚于上门时限。"))
            #expect(
                far.text.contains(
                    "name=\"promise\" value=\"2026-04-10T10:00\" aria-invalid=true aria-describedby=\"promise-error\""))
            #expect(far.text.contains("<p class=\"bad\" id=\"promise-error\">"))
            func promise(_ at: Instant, _ id: String) async throws -> TestHouse.Answered {
                try await h.json(
                    try h.program("steward"), .post, "/api/v1/cases/\(id)/accept",
                    .object([("promise", .string(Say.iso(at)))]))
            }
            let late = try await promise(due.adding(minutes: 1), id)
            #expect(late.status == 422 && late.text.contains("promiseAfterLimit"), "\(late.text)")
            #expect(try await promise(due, id).status == 200)

            // Once the limit is over, a time within bounds tells the resident when somebody comes, and that it is late.
            let other = try await dispatched(h, "k2")
            h.still.advance(minutes: 600)
            let soon = h.still.now.adding(minutes: 120)
            #expect(try await promise(h.still.now.adding(days: 91), other).status == 422)
            #expect(try await promise(soon, other).status == 200)
            let page = try await h.send(try await h.signIn("resident"), .get, "/my/cases/\(other)").text
            let card = page.ranges(of: "id=\"pr\"").first.map { String(page[$0.upperBound...].prefix(400)) } ?? ""
            #expect(card.contains("state late") && !card.contains("state wait"), "\(card)")
        }
    }
}

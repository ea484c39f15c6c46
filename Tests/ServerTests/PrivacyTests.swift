import Directory
import Foundation
import Kernel
import Messaging
import Storage
import Synchronization
import Testing
import Web

@testable import Privacy
@testable import Server

/// A way into the data whose server dies after so many writes: what it began to write is kept or not, as a whole.
final class DyingDatabase: Database {
    struct Killed: Error {}
    private let inner: any Database
    private let left: Mutex<Int>
    init(_ inner: any Database, after writes: Int) {
        self.inner = inner
        left = Mutex(writes)
    }
    var engine: Engine { inner.engine }
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        try await inner.read(body)
    }
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
        let lives = left.withLock { left -> Bool in
            left -= 1
            return left >= 0
        }
        return try await inner.write { transaction in
            let result = try body(transaction)
            // After the work, so that all of it has to be taken back.
            guard lives else { throw Killed() }
            return result
        }
    }
    @discardableResult
    func exclusively<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T { try await inner.exclusively(body) }
    func close() async throws {}
}

/// The notice, consents, what people ask about their own data.
@Suite struct PrivacyTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func allows(_ person: PersonID, _ code: String, _ h: TestHouse) async throws -> Bool {
        try await h.house.database.read { try ConsentStore.allows(person, code, $0) }
    }
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func chief(_ h: TestHouse) async throws -> Actor { try await h.actor(h.program("administrator")) }
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }
    private static let text = String(repeating: "这一版写了新的内容。", count: 4)

    private func publish(_ h: TestHouse) async throws -> Int64 {
        let last = try await h.house.database.read { try NoticeStore.last($0) }
        return try await h.house.privacy.desk.publishNotice(
            zh: Self.text, en: "A new version with other words in it.", from: today(h), why: "法律有变化", was: last,
            by: chief(h))
    }
    private func send(
        _ session: TestHouse.Session, _ path: String, _ pairs: [(String, JSON)], _ h: TestHouse
    ) async throws -> TestHouse.Answered {
        try await h.json(session, .post, path, .object(pairs), headers: ["X-Form-Token": session.form])
    }
    private func work(_ h: TestHouse) async throws {
        while try await h.house.privacy.work.step(worker: "t") {}
    }
    /// Through the page, without looking at a page that the notice closes.
    private func enter(_ login: String, _ h: TestHouse) async throws -> TestHouse.Session {
        let visitor = try await h.visitor()
        let answer = try await h.send(
            visitor, .post, "/sign-in/password", form: ["login": login, "password": try h.account(login).password])
        #expect(answer.status == 303)
        var session = TestHouse.Session(login: login)
        let cookie: String = try #require(TestHouse.cookie("rs_s", answer))
        session.cookies["rs_s"] = cookie
        session.form = h.house.secrets.formToken(cookie)
        return session
    }

    // MARK: The notice

    @Test func aNewNoticeIsAskedAtTheNextSignInAndNothingTypedIsLost() async throws {
        try await TestHouse.with { h in
            let before = try await h.signIn("resident")
            #expect(try await publish(h) == 2)
            // Who is in stays in; who signs in is asked.
            #expect(try await h.send(before, .get, "/home").status == 200)
            let session = try await enter("resident", h)
            let home = try await h.send(session, .get, "/my/cases?x=1")
            #expect(home.status == 303)
            #expect(home.headers[.location] == "/my/notice?next=%2Fmy%2Fcases%3Fx%3D1")
            let page = try await h.send(session, .get, "/my/notice?next=%2Fmy%2Fcases")
            #expect(page.status == 200 && page.text.contains("这一版写了新的内容") && page.text.contains("value=accept"))
            // A form that was open elsewhere comes back with its words and the way to the notice.
            let words = "厨房的水管又漏了，地上都是水"
            let form = try await h.send(session, .post, "/me/name", form: ["name": words])
            #expect(form.status == 403 && form.text.contains(words) && form.text.contains("href=\"/my/notice\""))
            #expect(try await code(h.json(session, .get, "/api/v1/me/homes")) == "noticeFirst")
            // Public pages, rights and the way out stay open.
            for path in ["/look-up", "/my/privacy", "/privacy", "/api/v1/me", "/api/v1/me/privacy"] {
                #expect(try await h.send(session, .get, path).status == 200, "\(path)")
            }
            let declined = try await h.send(session, .post, "/my/notice", form: ["number": "2", "do": "decline"])
            #expect(declined.headers[.location] == "/my/privacy?declined=1")
            let rights = try await h.send(session, .get, "/my/privacy?declined=1").text
            #expect(rights.contains("您没有同意隐私告知") && rights.contains("action=\"/sign-out\""))
            #expect(try await h.send(session, .get, "/home").status == 303)
            // The version that was read, not another.
            let old = try await h.send(session, .post, "/my/notice", form: ["number": "1", "do": "accept"])
            #expect(old.status == 409 && old.text.contains("新版本"))
            for bad in ["", "x", "99999999999999999999", "-1"] {
                let answer = try await h.send(session, .post, "/my/notice", form: ["number": bad, "do": "accept"])
                #expect([409, 422].contains(answer.status), "\(bad)")
            }
            let yes = try await h.send(
                session, .post, "/my/notice", form: ["number": "2", "do": "accept", "next": "/my/cases?x=1"])
            #expect(yes.status == 303 && yes.headers[.location] == "/my/cases?x=1")
            #expect(try await h.send(session, .get, "/home").status == 200)
            let elsewhere = try await h.send(
                session, .post, "/my/notice", form: ["number": "2", "do": "accept", "next": "//evil.example/"])
            #expect(elsewhere.headers[.location] == "/home")
            let audits = try await count(
                "select count(*) from storage_audit where verb in ('notice.accept', 'notice.decline') and subject_id = 2",
                h)
            #expect(audits == 2)
            // Staff are not asked.
            #expect(try await h.send(try await enter("desk", h), .get, "/desk").status == 200)
        }
    }

    @Test func twoAcceptAndTwoPublishAtOnce() async throws {
        try await TestHouse.with { h in
            _ = try await publish(h)
            let resident = try await person("resident", h)
            let desk = h.house.privacy.desk
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { try? await desk.answerNotice(2, accept: true, channel: "page", by: resident) }
                }
            }
            #expect(
                try await count(
                    "select count(*) from privacy_acceptance where person_id = \(resident) and notice = 2", h) == 1)
            #expect(
                try await count(
                    "select count(*) from storage_audit where verb = 'notice.accept' and actor_id = \(resident)", h)
                    == 2)
            let (actor, day) = (try await chief(h), today(h))
            let made = await withTaskGroup { group in
                for index in 0..<4 {
                    group.addTask {
                        (try? await desk.publishNotice(
                            zh: Self.text + "\(index)", en: Self.text, from: day, why: "w", was: 2, by: actor)) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1)
            #expect(try await count("select count(*) from privacy_notice", h) == 3)
        }
    }

    @Test func aNoticeIsEditedByItsVerbOnlyAndBadInputIsRefused() async throws {
        try await TestHouse.with { h in
            let chief = try await h.signIn("administrator")
            let page = try await h.send(chief, .get, "/desk/privacy/notice").text
            #expect(page.contains("第 1 版"))
            let good = [
                "way": "new", "version": "1", "from": today(h).description, "why": "换了联系人", "zh": Self.text,
                "en": "Another contact than until now.",
            ]
            for (name, value) in [
                ("from", "2020-01-01"), ("from", "x"), ("from", "2199-01-01"), ("why", ""), ("zh", "短"), ("en", ""),
                ("zh", String(repeating: "长", count: 4_001)), ("why", "a\u{202E}b"), ("version", "x"),
            ] {
                var bad = good
                bad[name] = value
                let answer = try await h.send(chief, .post, "/desk/privacy/notice", form: bad)
                #expect(answer.status == 422 && answer.text.contains("换了联系人") == (name != "why"), "\(name) \(value)")
            }
            #expect(try await h.send(chief, .post, "/desk/privacy/notice", form: good).status == 303)
            #expect(try await h.send(chief, .post, "/desk/privacy/notice", form: good).status == 409)
            for login in ["desk", "grid", "resident"] {
                let session = try await enter(login, h)
                let answer = try await h.send(session, .post, "/desk/privacy/notice", form: good)
                #expect(answer.status == 403, "\(login)")
                #expect(try await h.json(session, .get, "/api/v1/privacy/notices").status == 403, "\(login)")
            }
            let list = try await h.json(try h.program("administrator"), .get, "/api/v1/privacy/notices?limit=1").json()
            #expect(list["items"]?.items.first?["number"]?.intValue == 2 && list["next_cursor"]?.stringValue == "2")
            #expect(try await h.json(TestHouse.Session(login: ""), .get, "/api/v1/notice").status == 200)
        }
    }

    // MARK: Consents

    @Test func aConsentHoldsFromTheNextReadOnAndTheLedgerOnlyGrows() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("resident2")
            let resident = try await person("resident2", h)
            let path = "/my/privacy/consents"
            #expect(try await !allows(resident, "sharing", h))
            #expect(try await h.send(session, .post, path, form: ["purpose": "sharing", "do": "give"]).status == 303)
            #expect(try await allows(resident, "sharing", h))
            // The same again is no news.
            #expect(try await h.send(session, .post, path, form: ["purpose": "sharing", "do": "give"]).status == 303)
            #expect(try await h.send(session, .get, "/my/privacy").text.contains("撤回同意 提供给其他单位"))
            let no: [(String, JSON)] = [("purpose", .string("sharing")), ("given", .bool(false))]
            #expect(try await send(session, "/api/v1/me/privacy/consents", no, h).status == 204)
            #expect(try await !allows(resident, "sharing", h))
            let rows = try await h.house.database.read { transaction in
                try transaction.query(
                    "select number, given, channel from privacy_consent where person_id = \(resident) order by number"
                ) { "\(try $0.int(0)) \(try $0.flag(1)) \(try $0.text(2))" }
            }
            #expect(rows == ["1 true page", "2 false api"])
            // What rests on law asks nobody, and what nobody knows is not allowed.
            #expect(try await allows(resident, "service", h))
            #expect(try await !allows(resident, "nothing", h))
            for bad in ["service", "nothing", "", "' or 1=1"] {
                let answer = try await h.send(session, .post, path, form: ["purpose": bad, "do": "withdraw"])
                #expect(answer.status == 422, "\(bad)")
            }
            #expect(try await h.send(session, .post, path, form: ["purpose": "sharing", "do": "x"]).status == 422)
            #expect(try await code(h.json(h.program("resident2"), .get, "/api/v1/me/privacy")) == "notYours")
        }
    }

    @Test func anotherVersionOfAPurposeAsksAgain() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident", h)
            #expect(try await allows(resident, "marketing", h))
            let purpose: [(String, JSON)] = [
                ("code", .string("marketing")), ("version", .int(1)), ("basis", .string("consent")),
                ("separate", .bool(true)), ("zh", .string("推送")), ("en", .string("Offers")),
                ("about_zh", .string("范围变了")), ("about_en", .string("It covers more")),
                ("source", .string("第24条")), ("since", .string("2026-03-01")), ("in_force", .bool(true)),
            ]
            let chief = try h.program("administrator")
            #expect(try await send(chief, "/api/v1/privacy/purposes", purpose, h).status == 204)
            #expect(try await send(chief, "/api/v1/privacy/purposes", purpose, h).status == 409)
            #expect(try await !allows(resident, "marketing", h))
            let page = try await h.send(try await h.signIn("resident"), .get, "/my/privacy").text
            #expect(page.contains("有变化，要重新同意"))
            try await h.house.privacy.desk.consent("marketing", given: true, channel: "page", by: resident)
            #expect(try await allows(resident, "marketing", h))
            let desk = try h.program("desk")
            #expect(try await send(desk, "/api/v1/privacy/purposes", purpose, h).status == 403)
        }
    }

    @Test func answersAtTheSameMomentAreEnteredOneAfterTheOther() async throws {
        try await TestHouse.with { h in
            let resident = try await person("tenant", h)
            let desk = h.house.privacy.desk
            await withTaskGroup { group in
                for index in 0..<12 {
                    group.addTask {
                        try? await desk.consent("sharing", given: index % 2 == 0, channel: "api", by: resident)
                    }
                }
            }
            let rows = try await h.house.database.read { transaction in
                try transaction.query(
                    "select number, given from privacy_consent where person_id = \(resident) order by number"
                ) { (try $0.int(0), try $0.flag(1)) }
            }
            // Numbers without a gap, and each entry turns the one before it.
            #expect(rows.map(\.0) == rows.indices.map { Int64($0) + 1 })
            #expect(!rows.isEmpty && rows.enumerated().allSatisfy { $0.element.1 == ($0.offset % 2 == 0) })
            try await desk.consent("sharing", given: false, channel: "api", by: resident)
            #expect(try await !allows(resident, "sharing", h))
        }
    }

    // MARK: Copies

    private func copy(_ h: TestHouse, _ login: String) async throws -> RequestID {
        try await h.house.privacy.desk.ask(
            .copy, words: "", confirmed: false, language: .zh, by: person(login, h))
    }
    private func table(_ json: JSON, _ name: String) -> [JSON] {
        json["tables"]?.items.first { $0["name"]?.stringValue == name }?["rows"]?.items ?? []
    }

    @Test func aCopyHoldsEverythingAndIsForThePersonAlone() async throws {
        try await TestHouse.with { h in
            let building = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let marker = "水管漏水<script>alert(1)</script>"
            _ = try await h.report(marker, by: "resident", at: building, key: "p1")
            let session = try await h.signIn("resident")
            #expect(
                try await h.send(session, .post, "/my/privacy/requests", form: ["kind": "copy"]).status == 303)
            // One at a time.
            let again = try await h.send(session, .post, "/my/privacy/requests", form: ["kind": "copy"])
            #expect(again.status == 409)
            try await work(h)
            let page = try await h.send(session, .get, "/my/privacy").text
            let id = String(try #require(page.firstMatch(of: /requests\/([0-9a-z]{13})\/page/)).1)
            let file = try await h.send(session, .get, "/my/privacy/requests/\(id)/data")
            #expect(file.status == 200 && file.headers[.contentDisposition]?.contains("attachment") == true)
            let json = try file.json()
            #expect(table(json, "person").first?["name"]?.stringValue == "王阿姨")
            #expect(table(json, "person").first?["phone"]?.stringValue == "13800000001")
            #expect(table(json, "homes").first?["place"]?.stringValue?.contains("502") == true)
            #expect(table(json, "cases").contains { $0["body"]?.stringValue?.contains("<script>") == true })
            #expect(!table(json, "sessions").isEmpty && !table(json, "consents").isEmpty)
            #expect(!table(json, "messages").isEmpty && table(json, "notices").count == 1)
            let people = try await h.send(session, .get, "/my/privacy/requests/\(id)/page")
            #expect(people.text.hasSuffix("</body></html>\n") && people.text.contains("王阿姨"))
            #expect(!people.text.contains("<script>") && people.text.contains("&lt;script&gt;"))
            let program = try await h.send(session, .get, "/api/v1/me/privacy/requests/\(id)/file")
            #expect(program.status == 200 && program.text == file.text)
            // The neighbour, the desk, a program and nobody.
            for login in ["resident2", "desk", "administrator"] {
                let other = try await h.signIn(login)
                for path in ["/my/privacy/requests/\(id)/data", "/api/v1/me/privacy/requests/\(id)/file"] {
                    #expect(try await h.send(other, .get, path).status == 404, "\(login) \(path)")
                }
            }
            #expect(
                try await h.send(h.program("resident"), .get, "/my/privacy/requests/\(id)/data").status == 403)
            // At rest nobody reads it.
            let sealed = try await h.house.database.read { transaction in
                try transaction.query("select sealed from privacy_file") { try $0.bytes(0) }
            }
            #expect(!sealed.isEmpty && !sealed.contains { String(decoding: $0, as: UTF8.self).contains("王阿姨") })
            #expect(try await count("select count(*) from storage_audit where verb = 'data.export'", h) == 1)
        }
    }

    @Test func aKilledCopyIsMadeAnewAndEveryRowIsInItOnce() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident2", h)
            try await h.house.database.write { transaction in
                for index in 0..<1300 {
                    try transaction.run(
                        """
                        insert into messaging_item (id, person_id, notice, arguments, link, created_ms)
                        values (\(9_000_000 + index), \(resident), \(String(repeating: "字", count: 200)), '', '/', 1)
                        """)
                }
            }
            let id = try await copy(h, "resident2")
            // It dies with pieces of the file written; somebody else takes over when its lease has run out.
            for writes in [2, 3, 4] {
                var dying = h.house.privacy.work
                dying.database = DyingDatabase(h.house.database, after: writes)
                await #expect(throws: DyingDatabase.Killed.self) { _ = try await dying.step(worker: "a") }
                h.still.advance(minutes: 2)
            }
            #expect(try await count("select count(*) from privacy_file", h) > 0)
            try await work(h)
            let file = try await h.house.privacy.file(id, .json, resident)
            #expect(file.status == .ok)
            let session = try await h.signIn("resident2")
            let json = try await h.send(session, .get, "/my/privacy/requests/\(id.text)/data").json()
            let held = try await count("select count(*) from messaging_item where person_id = \(resident)", h)
            #expect(held >= 1300 && table(json, "messages").count == Int(held) - 1)
            #expect(try await count("select count(*) from privacy_request where id = \(id) and status = 3", h) == 1)
        }
    }

    @Test func aWithdrawalWhileACopyIsMadeIsNotLost() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident", h)
            #expect(try await allows(resident, "sensitive", h))
            let id = try await copy(h, "resident")
            let (house, desk) = (h.house, h.house.privacy.desk)
            async let made: Void = work(h)
            async let withdrawn: Void = desk.consent("sensitive", given: false, channel: "page", by: resident)
            _ = try await (made, withdrawn)
            #expect(try await !allows(resident, "sensitive", h))
            #expect(try await house.privacy.file(id, .html, resident).status == .ok)
            #expect(
                try await count(
                    "select count(*) from privacy_consent where person_id = \(resident) and purpose = 'sensitive'", h)
                    == 2)
        }
    }

    // MARK: Corrections

    @Test func aCorrectionIsAnsweredByItsOwnEstateOnceAndInTime() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("resident3")
            let path = "/my/privacy/requests"
            for bad in ["", "x", String(repeating: "长", count: 1001), "a\u{202E}bc"] {
                let form = ["way": "correct", "kind": "correction", "words": bad]
                #expect(try await h.send(session, .post, path, form: form).status == 422, "\(bad.prefix(4))")
            }
            #expect(try await h.send(session, .post, path, form: ["kind": "x"]).status == 422)
            let form = ["way": "correct", "kind": "correction", "words": "手机号换了，最后四位应是 9999"]
            #expect(try await h.send(session, .post, path, form: form).status == 303)
            // Thursday: fifteen working days on, over the holiday of early April.
            let grid = try h.program("grid")
            let rows = try await h.json(grid, .get, "/api/v1/privacy/requests").json()["items"]?.items ?? []
            let request = try #require(rows.first { $0["person"]?.stringValue == "马兰" }?["request"])
            let due = try #require(request["due"]?.stringValue)
            let day = try #require(Day(text: due))
            #expect(day >= today(h).adding(21) && day <= today(h).adding(24), "\(due)")
            let id = try #require(request["id"]?.stringValue)
            let answer: [(String, JSON)] = [
                ("done", .bool(true)), ("answer", .string("已改好")), ("version", .int(1)),
            ]
            // Another community's officer has never heard of it.
            let far = "/api/v1/privacy/requests/\(id)/answer"
            #expect(try await send(h.program("grid2"), far, answer, h).status == 404)
            let theirs = try await h.json(h.program("grid2"), .get, "/api/v1/privacy/requests").text
            #expect(!theirs.contains(id) && !theirs.contains("马兰"))
            #expect(try await send(h.program("desk"), far, answer, h).status == 403)
            let officer = try await h.signIn("grid")
            let bare = ["way": "a", "result": "done", "answer": "", "version": "1"]
            #expect(try await h.send(officer, .post, "/desk/privacy/requests/\(id)", form: bare).status == 422)
            h.still.advance(ms: 30 * Instant.dayMs)
            let late = try await h.signIn("grid")
            #expect(try await h.send(late, .get, "/desk/privacy").text.contains("超期"))
            #expect(try await send(grid, far, answer, h).status == 204)
            #expect(try await code(send(grid, far, answer, h)) == "requestOver")
            let mine = try await h.send(try await h.signIn("resident3"), .get, "/my/privacy").text
            #expect(mine.contains("已改好"))
        }
    }
}

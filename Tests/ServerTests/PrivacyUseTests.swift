import Cases
import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Attachments
@testable import Privacy
@testable import Server
@testable import Transfers

/// What rests on a consent of its own, what other floors hold about people, and files that nothing names any more.
@Suite struct PrivacyUseTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func consent(_ code: String, _ given: Bool, _ login: String, _ h: TestHouse) async throws {
        try await h.house.privacy.desk.consent(code, given: given, channel: "page", by: try await person(login, h))
    }
    private func object(_ fields: [String: String]) -> JSON { .object(fields.map { ($0.key, .string($0.value)) }) }

    // MARK: Transfers

    @Test func ordersOfTheHotLineAreInTheCallersCopyAndGoWithTheAccount() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let desk = try await h.actor(h.program("desk"))
            func take(_ number: String, _ name: String, _ phone: String) async throws {
                var order = NewTransfer(
                    kind: .hotline, source: "12345", number: number, area: estate, grade: .general,
                    received: h.still.now.adding(hours: -1), words: "\(name)反映楼道灯坏了")
                (order.name, order.phone) = (name, phone)
                _ = try await h.house.transfers.desk.take(order, by: desk)
            }
            // This number is one person's; the other one a household's, where the name says whose order it is.
            try await take("P-1", "刘先生", "13800000002")
            try await take("P-2", "王磊", "13800000001")
            try await take("P-3", "", "13800000001")
            try await take("P-4", "外人", "13911119999")
            let source = try #require(h.house.privacy.sources.first { $0.name == "transfers" })
            func numbers(_ name: String) async throws -> [PersonalValue] {
                try await h.house.database.read { transaction in
                    let id = try transaction.first("select id from directory_person where name = \(name)") {
                        try $0.id(0, PersonTag.self)
                    }
                    return try source.tables[0].read(try #require(id), 0, 50, transaction).map { $0.values[0] }
                }
            }
            #expect(try await numbers("刘建国") == [.text("P-1")])
            #expect(try await numbers("王磊") == [.text("P-2")])
            #expect(try await numbers("王阿姨") == [])
            try await h.house.database.write {
                try $0.run("update transfers_transfer set answer = '刘先生您好', reason = '延期' where number = 'P-1'")
            }
            let neighbour = try await person("resident2", h)
            let now = h.still.now
            for expected in [1, 0] {
                let touched = try await h.house.database.write { try source.erase(neighbour, now, 200, $0) }
                #expect(touched == expected)
            }
            // Its number, limit and result stay; who called is told nowhere.
            #expect(
                try await count(
                    """
                    select count(*) from transfers_transfer t join cases_case c on c.id = t.case_id
                    where t.number = 'P-1' and t.answer = '' and t.reason = '' and t.caller_index is null
                        and c.reporter_name = '' and c.contact_sealed is null and c.contact_masked = ''
                    """, h) == 1)
            #expect(
                try await count(
                    "select count(*) from cases_case where reporter_name = '王磊' and contact_sealed is not null", h) == 1
            )
            #expect(try await numbers("刘建国") == [])
            // What was answered three years ago loses its words by itself.
            try await h.house.database.write {
                try $0.run("update transfers_transfer set answer = 'x', answered_ms = 5 where number = 'P-4'")
            }
            let period = try #require(House.retention.first { $0.name == "transfers" })
            let swept = try await h.house.database.write { try period.sweep(Instant(ms: 6), 200, $0) }
            #expect(swept.count == 1)
            #expect(try await count("select count(*) from transfers_transfer where answer <> ''", h) == 0)
        }
    }

    // MARK: Names in public

    /// A report of the resident that is struck off the ledger.
    private func struckOff(_ key: String, _ h: TestHouse) async throws -> String {
        let me = try await h.json(try h.program("resident"), .get, "/api/v1/me").json()
        let unit = try #require(me["homes"]?.items.first?["unit"]?.stringValue)
        let made = try await h.json(
            try h.program("resident"), .post, "/api/v1/cases", object(["area": unit, "words": "厨房水管漏水"]),
            headers: ["Idempotency-Key": key])
        let id = try #require(try made.json()["id"]?.stringValue)
        let steward = try await h.actor(h.program("steward"))
        let post = try #require(steward.posts.first).id.text
        let steps: [(String, String, JSON)] = [
            ("grid", "triage", object(["lead": "property"])), ("grid", "dispatch", object(["post": post])),
            ("steward", "attend", .object([])), ("steward", "handle", object(["words": "换好了"])),
            ("desk", "feedback", object(["words": "换好了"])), ("resident", "rating", .object([("score", .int(5))])),
            ("approver", "strike-off", object(["words": "回访过"])),
        ]
        for (login, noun, fields) in steps {
            h.still.advance(minutes: 1)
            let answer = try await h.json(try h.program(login), .post, "/api/v1/cases/\(id)/\(noun)", fields)
            #expect(answer.status == 200, "\(noun): \(answer.text)")
        }
        return id
    }

    private func ledger(_ h: TestHouse) async throws -> String {
        let estate = try await h.area("桂花苑")
        let answer = try await h.send(TestHouse.Session(login: ""), .get, "/api/v1/ledger/\(estate.text)")
        return answer.text
    }

    @Test func nobodyIsNamedInPublicWithoutAConsentAndTheTextGoesWithIt() async throws {
        try await TestHouse.with { h in
            let id = try await struckOff("named-1", h)
            let moderator = try h.program("moderator")
            func publish(_ words: String, _ place: String = "3 号楼") async throws -> TestHouse.Answered {
                try await h.json(
                    moderator, .post, "/api/v1/cases/\(id)/publication",
                    object(["title": "水管漏水", "place": place, "words": words]))
            }
            let refused = try await publish("王 阿姨家换了角阀")
            #expect(refused.status == 422 && refused.text.contains("单独同意"), "\(refused.text)")
            #expect(try await publish("换了角阀", "3 号楼 2 单元 502").status == 422)
            try await consent("publishName", true, "resident", h)
            let named = try await publish("王阿姨家换了角阀")
            #expect(named.status == 200, "\(named.text)")
            let shown = try await ledger(h)
            #expect(shown.contains("王阿姨家"))
            // Withdrawn: the words go at that moment, the case stays published.
            try await consent("publishName", false, "resident", h)
            let after = try await ledger(h)
            #expect(!after.contains("王阿姨") && after.contains("撤回了同意"))
            #expect(try await count("select count(*) from cases_named", h) == 0)
            #expect(
                try await count(
                    "select count(*) from storage_audit where verb = 'case.unpublished'", h) == 1
            )
            #expect(try await h.json(moderator, .post, "/api/v1/cases/\(id)/publication/removal").status == 200)
            // Another version of the purpose asks everybody anew.
            try await consent("publishName", true, "resident", h)
            #expect(try await publish("王阿姨家又换了角阀").status == 200)
            let purpose = try #require(try await h.house.database.read { try ConsentStore.purpose("publishName", $0) })
            let next = Purpose(
                code: purpose.code, version: 2, basis: purpose.basis, separate: true, zh: purpose.zh, en: purpose.en,
                aboutZh: "换了说法", aboutEn: "other words", source: purpose.source, since: purpose.since, inForce: true)
            try await h.house.privacy.desk.putPurpose(next, by: try await h.actor(h.program("administrator")))
            let asked = try await ledger(h)
            #expect(!asked.contains("王阿姨"))
            // Who named nobody needs nobody's consent.
            #expect(try await h.json(moderator, .post, "/api/v1/cases/\(id)/publication/removal").status == 200)
            #expect(try await publish("换了角阀").status == 200)
            #expect(try await count("select count(*) from cases_named", h) == 0)
        }
    }

    private struct Seen: Equatable {
        let name: String
        let phone: Int
        let page: Bool
        let steps: Bool
        static let all = Seen(name: "马兰", phone: 200, page: true, steps: true)
    }

    /// What somebody sees of who reported a case.
    private func look(_ login: String, _ id: CaseID, _ h: TestHouse) async throws -> Seen {
        let session = try await h.signIn(login)
        let program = try h.program(login)
        let seen = try await h.send(program, .get, "/api/v1/cases/\(id.text)").json()
        let phone = try await h.json(
            program, .post, "/api/v1/cases/\(id.text)/phone", object(["words": "约上门时间"]))
        let steps = try await h.send(session, .get, "/desk/export/case-steps?case=\(id.text)&format=csv")
        let page = try await h.send(session, .get, "/desk/cases/\(id.text)")
        return Seen(
            name: seen["reporter"]?.stringValue ?? "", phone: phone.status, page: page.text.contains("马兰"),
            steps: steps.text.contains("马兰"))
    }

    @Test func aContractorKnowsWhoReportedItOnlyByConsent() async throws {
        try await TestHouse.with { h in
            let flat = try #require(try await h.actor(h.program("resident3")).homes.first).unit
            let id = try await h.report("楼道灯坏了", by: "resident3", at: flat, key: "c-1")
            let inside = try await look("desk2", id, h)
            #expect(inside == .all, "\(inside)")
            try await h.house.database.write {
                try $0.run("update directory_organisation set kind = 10 where name = '兴隆物业服务中心'")
            }
            let outside = try await look("desk2", id, h)
            #expect(outside == Seen(name: "", phone: 403, page: false, steps: false), "\(outside)")
            // The community's officer is no contractor.
            #expect(try await look("grid", id, h).name == "马兰")
            try await consent("sharing", true, "resident3", h)
            let shared = try await look("desk2", id, h)
            #expect(shared == .all, "\(shared)")
            try await consent("sharing", false, "resident3", h)
            #expect(try await look("desk2", id, h).phone == 403)
        }
    }

    // MARK: The register of sharing

    @Test func theRegisterOfSharingKeepsEveryVersion() async throws {
        try await TestHouse.with { h in
            let chief = try h.program("administrator")
            let place = "/api/v1/privacy/sharing"
            let before = try #require(try await h.send(chief, .get, place).json()["items"]?.items.count)
            #expect(before == 2)
            func entry(_ more: [String: String]) -> JSON {
                object(
                    [
                        "kind": "entrusted", "recipient": "甲公司", "contact": "000-1", "data": "手机号", "purpose": "发短信",
                        "basis": "contract", "contract": "合同 1", "measures": "到期删除", "from": "2026-03-01",
                    ].merging(more) { $1 })
            }
            for (bad, field) in [
                (["contract": ""], "contract"), (["basis": "consent"], "consent"),
                (["basis": "consent", "consent": "marketing"], "consent"), (["to": "2026-02-28"], "to"),
            ] {
                let answer = try await h.json(chief, .post, place, entry(bad))
                #expect(answer.status == 422 && answer.text.contains("\"\(field)\""), "\(bad) \(answer.text)")
            }
            let made = try await h.json(chief, .post, place, entry([:]))
            #expect(made.status == 201, "\(made.text)")
            let id = try #require(try made.json()["id"]?.stringValue)
            func change(_ to: String) async throws -> Int {
                guard case .object(var fields) = entry(["id": id, "to": to]) else { return 0 }
                fields.append(("version", .int(1)))
                return try await h.json(chief, .post, place, .object(fields)).status
            }
            // With its id and without the version that was seen it is no new one.
            #expect(try await h.json(chief, .post, place, entry(["id": id])).status == 409)
            // Two at once: one is kept, the other one hears of it.
            async let one = change("2026-12-31")
            async let two = change("2027-12-31")
            let both = try await [one, two]
            #expect(both.sorted() == [201, 409])
            let versions = try await h.send(chief, .get, "\(place)/\(id)/versions").json()["items"]?.items ?? []
            #expect(versions.compactMap { $0["version"]?.intValue } == [2, 1])
            #expect(versions.map { $0["to"]?.stringValue == nil } == [false, true])
            #expect(try await h.send(chief, .get, place).json()["items"]?.items.count == 3)
            // The page, its form, its table; nobody else has it.
            let session = try await h.signIn("administrator")
            let page = try await h.send(session, .get, "/desk/privacy/sharing").text
            #expect(page.contains("甲公司") && page.contains("以前的各版") && page.contains("云岭短信公司"))
            var form = [
                "way": "sharing", "kind": "provided", "recipient": "乙公司", "contact": "000-2", "data": "姓名",
                "purpose": "理赔", "basis": "consent", "consent": "sharing", "contract": "", "measures": "逐件同意",
                "from": "2026-03-01", "to": "乱写",
            ]
            let wrong = try await h.send(session, .post, "/desk/privacy/sharing", form: form)
            #expect(wrong.status == 422 && wrong.text.contains("乙公司"))
            form["to"] = ""
            #expect(try await h.send(session, .post, "/desk/privacy/sharing", form: form).status == 303)
            let file = try await h.send(session, .get, "/desk/export/sharing?format=csv").text
            #expect(file.contains("乙公司") && file.contains("甲公司") && file.contains("进行中"), "\(file)")
            for login in ["desk", "street", "resident"] {
                #expect([403, 404].contains(try await h.send(try h.program(login), .get, place).status), "\(login)")
            }
        }
    }

    // MARK: Files

    private func files(_ h: TestHouse) async throws -> Set<String> {
        var names: Set<String> = []
        try await FileStore(folder: h.house.configuration.folder + "/files").list { name, _ in names.insert(name.text) }
        return names
    }

    private func report(_ login: String, _ photo: [UInt8], _ key: String, _ h: TestHouse) async throws -> String {
        let session = try await h.signIn(login)
        let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
        let answer = try await h.upload(
            session, "/report", fields: ["what": "厨房水管漏水", "area": home.text, "key": key], files: [("a.jpg", photo)])
        #expect(answer.status == 303, "\(answer.text)")
        return String(try #require(answer.headers[.location]).suffix(13))
    }

    /// A day's run of the periods, and all that can be deleted after it.
    private func daysPass(_ h: TestHouse) async throws {
        for _ in 0..<3 {
            h.still.advance(minutes: 60 * 25)
            try await h.house.privacy.work.schedule()
            while try await h.house.privacy.work.step(worker: "t") {}
            while try await h.house.fileSweep.step() > 0 {}
        }
    }

    @Test func photosLeaveTheStoreWhenNothingElseHasTheirBytes() async throws {
        try await TestHouse.with { h in
            let old = try await files(h)
            let photo = try SamplePicture(.jpeg, 640, 480).drawn()
            let mine = try await report("resident", photo, "photo-1", h)
            let theirs = try await report("resident2", photo, "photo-2", h)
            let kept = try await files(h)
            let mineAlone = kept.count - old.count
            #expect(mineAlone > 0)
            func withdraw(_ login: String, _ id: String) async throws {
                let answer = try await h.json(
                    try h.program(login), .post, "/api/v1/cases/\(id)/withdrawal", object(["words": "自己修好了"]))
                #expect(answer.status == 200, "\(answer.text)")
            }
            // The same bytes belong to the neighbour's report as well.
            try await withdraw("resident", mine)
            let own = CaseID(text: mine)?.raw ?? 0
            #expect(try await count("select count(*) from cases_photo where case_id = \(own)", h) == 0)
            try await daysPass(h)
            #expect(try await files(h) == kept)
            #expect(try await count("select count(*) from attachments_waste", h) == 0)
            // The other one goes with the account, also past killed servers.
            let neighbour = try await person("resident2", h)
            let cases = try #require(h.house.privacy.sources.first { $0.name == "cases" })
            let now = h.still.now
            _ = try await h.house.database.write { try cases.erase(neighbour, now, 200, $0) }
            h.still.advance(minutes: 60 * 25)
            try await h.house.privacy.work.schedule()
            while try await h.house.privacy.work.step(worker: "t") {}
            #expect(try await count("select count(*) from attachments_waste", h) == mineAlone)
            #expect(try await h.house.fileSweep.step() == 0)
            #expect(try await files(h) == kept)
            h.still.advance(minutes: 60 * 25)
            for writes in 0...2 {
                var dying = h.house.fileSweep
                dying.database = DyingDatabase(h.house.database, after: writes)
                await #expect(throws: DyingDatabase.Killed.self) { try await dying.step() }
                h.still.advance(minutes: 3)
            }
            while try await h.house.fileSweep.step() > 0 {}
            #expect(try await files(h) == old)
            #expect(try await count("select count(*) from attachments_waste", h) == 0)
            _ = theirs
            // The log says that two pictures went.
            #expect(
                try await count(
                    "select coalesce(sum(count), 0) from privacy_deletion where class = 'loosePictures'", h) == 2)
        }
    }

    @Test func aPictureThatComesInAgainWhileItIsDeletedIsKept() async throws {
        try await TestHouse.with { h in
            let attachments = h.house.cases.attachments
            let database = h.house.database
            let photo = try SamplePicture(.jpeg, 64, 48).drawn()
            let store = try FileStore(folder: h.house.configuration.folder + "/files")
            func names(_ id: Int64) async throws -> [ContentName] {
                var found: [ContentName] = []
                for size in [Attachments.Size.full, .medium, .square] {
                    found.append(try #require(try await attachments.name(id, size, from: database)))
                }
                return found
            }
            for round in 0..<12 {
                let first = try await attachments.store(photo, in: database)
                let all = try await names(first)
                // Nothing has it: its row goes, and its bytes are due at once.
                h.still.advance(minutes: 1)
                let now = h.still.now
                try await database.write { transaction in
                    _ = try Attachments.forgetLoose(before: now, limit: 100, inUse: { _, _ in [] }, transaction)
                    try transaction.run("update attachments_waste set since_ms = 1")
                }
                // One deletes while another one brings the same bytes.
                async let going = h.house.fileSweep.step()
                if round % 3 == 1 { try await Task.sleep(for: .milliseconds(round)) }
                async let coming = attachments.store(photo, in: database)
                let (_, second) = (try await going, try await coming)
                while try await h.house.fileSweep.step() > 0 {}
                for name in all { #expect(try await store.exists(name), "round \(round)") }
                #expect(try await names(second) == all)
                try await database.write {
                    try $0.run("delete from attachments_picture where id = \(second)")
                    try $0.run("delete from attachments_loose where picture_id = \(second)")
                }
            }
            // An upload whose server was killed gives its contents up after an hour.
            let left = try await names(try await attachments.store(photo, in: database))
            let now = h.still.now
            try await database.write { transaction in
                try transaction.run("delete from attachments_picture where full_name = \(left[0].text)")
                try Attachments.claim(77, left.map(\.text), at: now, transaction)
            }
            #expect(try await h.house.fileSweep.step() == 0)
            h.still.advance(minutes: 61)
            #expect(try await h.house.fileSweep.step() == 0)
            h.still.advance(minutes: 60 * 25)
            #expect(try await h.house.fileSweep.step() == Set(left).count)
            for name in left { #expect(try await !store.exists(name)) }
            // While somebody deletes them nobody may claim them.
            let (later, again) = (h.still.now, left.map(\.text))
            try await database.write { transaction in
                try transaction.run(
                    "insert into attachments_waste (name, since_ms, until_ms) values (\(again[1]), 1, \(later.adding(ms: 9)))"
                )
            }
            await #expect(throws: Attachments.Going.self) {
                try await database.write { try Attachments.claim(78, again, at: later, $0) }
            }
            #expect(try await count("select count(*) from attachments_claim", h) == 0)
        }
    }
}

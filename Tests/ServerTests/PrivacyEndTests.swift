import Directory
import Foundation
import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Privacy
@testable import Server

/// What ends: accounts, data over its period. And the registers, and children.
@Suite struct PrivacyEndTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }
    private func work(_ h: TestHouse) async throws {
        while try await h.house.privacy.work.step(worker: "t") {}
    }
    private func send(
        _ session: TestHouse.Session, _ path: String, _ pairs: [(String, JSON)], _ h: TestHouse
    ) async throws -> TestHouse.Answered {
        try await h.json(session, .post, path, .object(pairs), headers: ["X-Form-Token": session.form])
    }

    // MARK: Closing

    /// Rows that say who somebody is.
    private func traces(_ person: PersonID, _ name: String, _ h: TestHouse) async throws -> [Int64] {
        let queries: [SQL] = [
            "select count(*) from directory_session where person_id = \(person)",
            "select count(*) from directory_token where person_id = \(person)",
            "select count(*) from directory_account where person_id = \(person)",
            "select count(*) from directory_person where id = \(person) and (name = \(name) or phone_masked <> '')",
            "select count(*) from directory_home where person_id = \(person) and to_day > \(today(h))",
            "select count(*) from messaging_item where person_id = \(person)",
            "select count(*) from cases_case where reporter_id = \(person)",
            "select count(*) from cases_case where reporter_name = \(name)",
            "select count(*) from cases_event where actor_id = \(person) and actor_name <> ''",
            "select count(*) from cases_join where person_id = \(person)",
            "select count(*) from governance_vehicle where created_by = \(person)",
            "select count(*) from privacy_file where request_id in (select id from privacy_request where person_id = \(person))",
        ]
        var result: [Int64] = []
        for query in queries { result.append(try await count(query, h)) }
        return result
    }

    @Test func anAccountIsClosedAfterItsPauseAlsoByWhoComesAfterAKilledServer() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident2", h)
            let building = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let caseID = try await h.report("刘建国家的水管漏水", by: "resident2", at: building, key: "c1")
            let home = try #require(try await h.actor(h.program("resident2")).homes.first)
            let session = try await h.signIn("resident2")
            let car = ["way": "add", "plate": "赣B12345", "unit": home.unit.text]
            #expect(try await h.send(session, .post, "/my/vehicles", form: car).status == 303)
            try await h.house.database.write { transaction in
                for index in 0..<450 {
                    try transaction.run(
                        """
                        insert into messaging_item (id, person_id, notice, arguments, link, created_ms)
                        values (\(9_000_000 + index), \(resident), 'x', '', '/', 1)
                        """)
                }
            }
            let path = "/my/privacy/requests"
            let unsure = try await h.send(session, .post, path, form: ["way": "close", "kind": "closing"])
            #expect(unsure.status == 422 && unsure.text.contains("请先勾选确认"))
            let form = ["way": "close", "kind": "closing", "confirm": "1"]
            #expect(try await h.send(session, .post, path, form: form).status == 303)
            #expect(try await h.send(session, .post, path, form: form).status == 409)
            // Nothing happens before its time, and until then it can be taken back.
            try await work(h)
            h.still.advance(ms: 3 * Instant.dayMs)
            try await work(h)
            #expect(try await h.send(session, .get, "/home").status == 200)
            let page = try await h.send(session, .get, "/my/privacy").text
            let id = String(try #require(page.firstMatch(of: /requests\/([0-9a-z]{13})\/withdrawal/)).1)
            #expect(
                try await h.send(try await h.signIn("resident"), .post, "\(path)/\(id)/withdrawal", form: [:]).status
                    == 404)
            #expect(try await h.send(session, .post, "\(path)/\(id)/withdrawal", form: [:]).status == 303)
            #expect(try await h.send(session, .post, "\(path)/\(id)/withdrawal", form: [:]).status == 409)
            h.still.advance(ms: 8 * Instant.dayMs)
            try await work(h)
            #expect(try await h.send(session, .get, "/home").status == 200)
            // Meant this time. Killed again and again in the midst, each time further on.
            #expect(try await h.send(session, .post, path, form: form).status == 303)
            h.still.advance(ms: 7 * Instant.dayMs + 1)
            let messages = try await count(
                "select count(*) from messaging_item where person_id = \(resident)", h)
            for writes in [2, 4, 5, 6] {
                var dying = h.house.privacy.work
                dying.database = DyingDatabase(h.house.database, after: writes)
                await #expect(throws: DyingDatabase.Killed.self) { _ = try await dying.step(worker: "a") }
                h.still.advance(minutes: 2)
            }
            let left = try await count("select count(*) from messaging_item where person_id = \(resident)", h)
            #expect(left < messages)
            try await work(h)
            #expect(try await traces(resident, "刘建国", h) == Array(repeating: 0, count: 12))
            #expect(try await h.send(session, .get, "/me").status == 303)
            #expect(
                try await count(
                    """
                    select count(*) from privacy_request where person_id = \(resident) and status = 3 and kind = 3
                        and count >= \(messages)
                    """, h) == 1)
            #expect(try await count("select count(*) from storage_audit where verb = 'account.closed'", h) == 1)
            // The case goes on without a name, and is not found by it any more.
            let record = try #require(try await h.house.database.read { try CaseStore.load(caseID, $0) })
            #expect(record.reporter == nil && record.reporterName.isEmpty && record.title.contains("水管漏水"))
            let desk = try await h.signIn("desk")
            #expect(try await h.send(desk, .get, "/desk/cases/\(caseID.text)").status == 200)
            // Done again, it changes nothing.
            let source = h.house.privacy.sources
            let now = h.still.now
            for one in source {
                let touched = try await h.house.database.write { try one.erase(resident, now, 200, $0) }
                #expect(touched == 0, "\(one.name)")
            }
            // The number is nobody's: who signs in by it is somebody new.
            let signIn = h.house.directory.signIn
            let code = try #require(try await signIn.requestCode(phone: "13800000002"))
            guard
                case .entered(let entry) = try await signIn.byCode(
                    phone: "13800000002", code: code, chosen: nil, device: ""), let fresh = entry.started
            else {
                Issue.record("not started")
                return
            }
            #expect(fresh.person != resident)
        }
    }

    @Test func whoHoldsAPostHandsItOverFirst() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("desk")
            let form = ["way": "close", "kind": "closing", "confirm": "1"]
            #expect(try await h.send(session, .post, "/my/privacy/requests", form: form).status == 409)
            // Given a post while the pause runs, the closing is refused, with its reason.
            let resident = try await person("resident", h)
            let id = try await h.house.privacy.desk.ask(
                .closing, words: "", confirmed: true, language: .zh, by: resident)
            let (area, day, now) = (try await h.area("桂花苑"), today(h), h.still.now)
            let body: OrganisationID = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first("select id from directory_organisation where name = '桂花苑物业服务中心'") {
                        try $0.id(0)
                    }
                })
            try await h.house.database.write { transaction in
                try DirectoryStore.insertPost(
                    PostID(77), person: resident, organisation: body, role: .steward, area: area, title: "维修",
                    from: day, to: day.adding(400), at: now, transaction)
            }
            h.still.advance(ms: 7 * Instant.dayMs + 1)
            try await work(h)
            let request = try #require(try await h.house.database.read { try RequestStore.load(id, $0) })
            #expect(request.status == .refused && request.answer.contains("岗位"))
            #expect(
                try await count("select count(*) from directory_person where id = \(resident) and name = '王阿姨'", h) == 1
            )
        }
    }

    // MARK: Periods

    @Test func whatIsOverItsPeriodGoesInBatchesAndTheLogCountsItOnce() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident", h)
            let now = h.still.now
            let old = now.adding(days: -200)
            try await h.house.database.write { transaction in
                for index in 0..<500 {
                    let at = old.adding(minutes: index)
                    try transaction.run(
                        """
                        insert into directory_session
                            (id, digest, person_id, staff, created_ms, seen_ms, expires_ms, device, awaits_notice)
                        values (\(5_000_000 + index), \(Array("d\(index)".utf8)), \(resident), \(false), \(at), \(at),
                            \(at), 'x', 0)
                        """)
                }
            }
            let kept = try await count(
                "select count(*) from directory_session where expires_ms > \(old.adding(days: 5))", h)
            try await h.house.privacy.work.schedule()
            try await h.house.privacy.work.schedule()
            #expect(
                try await count("select count(*) from storage_job where kind = 'privacy.periods'", h) == 1)
            for writes in [2, 2] {
                var dying = h.house.privacy.work
                dying.database = DyingDatabase(h.house.database, after: writes)
                await #expect(throws: DyingDatabase.Killed.self) { _ = try await dying.step(worker: "a") }
                h.still.advance(minutes: 2)
            }
            #expect(try await count("select count(*) from directory_session where device = 'x'", h) > 0)
            try await work(h)
            #expect(try await count("select count(*) from directory_session where device = 'x'", h) == 0)
            #expect(try await count("select count(*) from directory_session", h) == kept)
            let log = try await h.house.database.read { try PeriodStore.deletions(before: nil, limit: 50, $0) }
            let sessions = try #require(log.first { $0.name == "sessions" })
            #expect(sessions.count == 500 && sessions.from == old && sessions.to == old.adding(minutes: 499))
            #expect(sessions.run == today(h))
            let page = try await h.send(try await h.signIn("administrator"), .get, "/desk/privacy/periods").text
            #expect(page.contains("登录记录") && page.contains(">500<"))
            let list = try await h.json(try h.program("administrator"), .get, "/api/v1/privacy/deletions").json()
            #expect(list["items"]?.items.contains { $0["count"]?.intValue == 500 } == true)
            // Once a day: the next run is another day's.
            h.still.advance(ms: Instant.dayMs)
            try await h.house.privacy.work.schedule()
            try await work(h)
            #expect(try await count("select count from privacy_deletion where class = 'sessions'", h) == 500)
        }
    }

    @Test func aPeriodIsNeverShorterThanTheLawAndItsHistoryStays() async throws {
        try await TestHouse.with { h in
            let chief = try await h.signIn("administrator")
            let path = "/desk/privacy/periods"
            let good = [
                "way": "period-sessions", "class": "sessions", "version": "1", "days": "365", "source": "本单位制度",
                "since": "2026-03-19", "why": "多留半年",
            ]
            for (name, value) in [
                ("days", "179"), ("days", "0"), ("days", "-1"), ("days", "99999"), ("days", "x"), ("class", "x"),
                ("source", ""), ("why", ""), ("since", "x"),
            ] {
                var bad = good
                bad[name] = value
                #expect(try await h.send(chief, .post, path, form: bad).status == 422, "\(name) \(value)")
            }
            #expect(try await h.send(chief, .post, path, form: good).status == 303)
            #expect(try await h.send(chief, .post, path, form: good).status == 409)
            let history = try await h.house.database.read { try PeriodStore.history("sessions", $0) }
            #expect(history.map(\.days) == [365, 180] && history.first?.author == "管理员")
            #expect(try await h.send(try await h.signIn("grid"), .post, path, form: good).status == 403)
            // One that begins later holds from that day on.
            var later = good
            (later["version"], later["days"], later["since"]) = ("2", "200", "2026-04-01")
            #expect(try await h.send(chief, .post, path, form: later).status == 303)
            let one = try #require(House.retention.first { $0.name == "sessions" })
            for (day, days) in [("2026-03-31", Int64(365)), ("2026-04-01", 200)] {
                let on = try #require(Day(text: day))
                #expect(try await h.house.database.read { try PeriodStore.days(one, on: on, $0) } == days, "\(day)")
            }
            // A limit of law has its source and its date, and the edition that was seen.
            let limit: [(String, JSON)] = [
                ("key", .string("requestWorkdays")), ("value", .int(10)), ("source", .string("街道规定")),
                ("since", .string("2026-03-01")), ("version", .int(1)),
            ]
            let program = try h.program("administrator")
            #expect(try await send(program, "/api/v1/privacy/limits", limit, h).status == 204)
            #expect(try await send(program, "/api/v1/privacy/limits", limit, h).status == 409)
        }
    }

    @Test func anOldCaseLosesWhoReportedItAndIsStillCounted() async throws {
        try await TestHouse.with { h in
            let unit = try #require(try await h.actor(h.program("resident")).homes.first).unit
            let id = try await h.report("王阿姨家水管漏水，电话 13800000001", by: "resident", at: unit, key: "old")
            let closed = h.still.now.adding(days: -1)
            try await h.house.database.write { transaction in
                try transaction.run("update cases_case set status = 8, closed_ms = \(closed) where id = \(id)")
            }
            let total = try await count("select count(*) from cases_case", h)
            h.still.advance(ms: 1097 * Instant.dayMs)
            try await h.house.privacy.work.schedule()
            try await work(h)
            let found = try await h.house.database.read { transaction in
                try transaction.first(
                    """
                    select title, body, place, reporter_id, reporter_name, contact_masked, unit_id, path
                    from cases_case where id = \(id)
                    """
                ) {
                    (
                        words:
                            "\(try $0.text(0)) \(try $0.text(1)) \(try $0.text(2)) \(try $0.text(4)) \(try $0.text(5))",
                        reporter: try $0.int(3), unit: try $0.int(6), path: try $0.path(7)
                    )
                }
            }
            let row = try #require(found)
            for word in ["王阿姨", "13800000001", "502", "水管"] { #expect(!row.words.contains(word), "\(row.words)") }
            #expect(row.reporter == 0 && row.unit == 0 && row.path.ids.last != unit)
            #expect(try await count("select count(*) from cases_case", h) == total)
            #expect(try await count("select count(*) from cases_event where case_id = \(id) and words <> ''", h) == 0)
            let again = try await count("select count from privacy_deletion where class = 'workOrders'", h)
            #expect(again >= 1)
        }
    }

    // MARK: Registers

    @Test func aBreachHasItsHoursAndARegisterItsFields() async throws {
        try await TestHouse.with { h in
            let chief = try await h.signIn("administrator")
            let known = h.still.now.adding(hours: -30)
            let good = [
                "way": "record", "title": "错发名单", "what": "发错群", "data": "姓名", "people": "12", "harm": "骚扰",
                "known": LocalInput.text(known),
            ]
            let path = "/desk/privacy/breaches"
            for (name, value) in [
                ("title", ""), ("what", ""), ("known", ""), ("known", "x"), ("known", "2199-01-01T00:00"),
                ("told", "2020-01-01T00:00"), ("harm", String(repeating: "长", count: 1001)),
            ] {
                var bad = good
                bad[name] = value
                #expect(try await h.send(chief, .post, path, form: bad).status == 422, "\(name) \(value.prefix(9))")
            }
            #expect(try await h.send(chief, .post, path, form: good).status == 303)
            let all = try await h.house.database.read { try RecordStore.all(.breach, before: nil, limit: 9, $0) }
            let one = try #require(all.first { $0.title == "错发名单" })
            #expect(one.reportBy == one.known?.adding(hours: 24) && one.tellBy == one.known?.adding(hours: 72))
            #expect(try await h.send(chief, .get, path).text.contains("state late"))
            // Told in time; the entry that was seen is the one that is changed.
            var change = good
            change["record"] = one.id.text
            change["version"] = "1"
            change["told"] = LocalInput.text(h.still.now.adding(hours: -1))
            #expect(try await h.send(chief, .post, path, form: change).status == 422, "a change says why")
            change["why"] = "已经告知本人"
            #expect(try await h.send(chief, .post, path, form: change).status == 303)
            #expect(try await h.send(chief, .post, path, form: change).status == 409)
            // Not by way of another register, nor one that is not there.
            change["version"] = "2"
            #expect(try await h.send(chief, .post, "/desk/privacy/assessments", form: change).status == 422)
            change["record"] = "0000000000000"
            #expect([404, 409, 422].contains(try await h.send(chief, .post, path, form: change).status))
            let program = try h.program("administrator")
            let list = try await h.json(program, .get, "/api/v1/privacy/records?kind=breach&limit=1").json()
            #expect(list["items"]?.items.count == 1 && list["next_cursor"]?.stringValue != nil)
            #expect(try await h.json(program, .get, "/api/v1/privacy/records?kind=x").status == 422)
            let entry: [(String, JSON)] = [
                ("kind", .string("processing")), ("title", .string("车辆登记")), ("data", .string("车牌")),
                ("purpose", .string("停车")), ("basis", .string("合同")), ("kept", .string("一年")),
            ]
            #expect(try await send(program, "/api/v1/privacy/records", entry, h).status == 201)
            for login in ["desk", "grid", "resident"] {
                #expect(try await h.send(try await h.signIn(login), .get, path).status == 403)
                #expect(try await send(h.program(login), "/api/v1/privacy/records", entry, h).status == 403)
            }
            #expect(try await count("select count(*) from storage_audit where verb = 'register.breach'", h) == 3)
        }
    }

    // MARK: Children

    @Test func aChildIsEnteredByAGuardianWithoutAnyContact() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("resident")
            let unit = try #require(try await h.actor(session).homes.first).unit.text
            let good = ["unit": unit, "name": "王小宝", "birth": "2018-05", "agrees": "1"]
            for (name, value) in [
                ("phone", "13911112222"), ("photo", "x.jpg"), ("email", "a@b.c"), ("wechat", "wx1"),
                ("name", "13911112222"), ("name", ""), ("birth", "2018-13"), ("birth", "2027-01"), ("birth", "x"),
                ("birth", "2011-03"), ("agrees", ""), ("unit", "x"),
                ("unit", try #require(try await h.actor(h.program("resident3")).homes.first).unit.text),
            ] {
                var bad = good
                bad[name] = value
                let answer = try await h.send(session, .post, "/my/household", form: bad)
                #expect(answer.status == 422, "\(name) \(value): \(answer.status)")
            }
            // Fourteen this month: the day is not known, so a guardian still agrees.
            var edge = good
            edge["birth"] = "2012-03"
            edge["name"] = "王大宝"
            #expect(try await h.send(session, .post, "/my/household", form: edge).status == 303)
            #expect(try await h.send(session, .post, "/my/household", form: good).status == 303)
            #expect(try await h.send(session, .post, "/my/household", form: good).status == 303)
            let page = try await h.send(session, .get, "/my/household").text
            #expect(page.contains("王小宝") && page.contains("2018-05") && page.contains("监护人 王阿姨"))
            #expect(try await count("select count(*) from directory_minor", h) == 2)
            // A file with the form is not taken either.
            let picture = try await h.upload(
                session, "/my/household", fields: good, files: [(name: "a.jpg", bytes: [0xFF, 0xD8, 0xFF])])
            #expect((400..<500).contains(picture.status), "\(picture.status)")
            // By a program: with a number it is refused by name.
            let child: [(String, JSON)] = [
                ("unit", .string(unit)), ("name", .string("王三宝")), ("birth", .string("2020-01")),
                ("agrees", .bool(true)),
            ]
            let number = try await send(
                session, "/api/v1/me/minors", child + [("phone", .string("13911112222"))], h)
            #expect(try number.json()["code"]?.stringValue == "minorContact")
            #expect(try await send(session, "/api/v1/me/minors", child + [("mail", .string("x"))], h).status == 422)
            #expect(try await send(session, "/api/v1/me/minors", child, h).status == 201)
            #expect(try await send(h.program("resident"), "/api/v1/me/minors", child, h).status == 403)
            #expect(
                try await count(
                    """
                    select count(*) from directory_minor m join directory_person p on p.id = m.person_id
                    where p.phone_sealed is not null or p.phone_masked <> ''
                    """, h) == 0)
            // Another's child is as good as missing; one's own can be forgotten.
            let list = try await h.json(session, .get, "/api/v1/me/minors").json()["items"]?.items ?? []
            let id = try #require(list.first { $0["name"]?.stringValue == "王小宝" }?["id"]?.stringValue)
            let other = try await h.signIn("resident3")
            #expect(try await h.send(other, .post, "/my/household/\(id)/remove", form: [:]).status == 404)
            // What an import entered waits for the guardian's word; nobody else gives it.
            let one = try #require(PersonID(text: id))
            try await h.house.database.write {
                try $0.run("update directory_minor set agreed_ms = null where person_id = \(one)")
            }
            #expect(try await h.send(session, .get, "/my/household").text.contains("等您作为监护人同意"))
            #expect(try await h.send(other, .post, "/my/household/\(id)/agree", form: [:]).status == 404)
            for _ in 0..<2 {
                #expect(try await h.send(session, .post, "/my/household/\(id)/agree", form: [:]).status == 303)
            }
            #expect(try await count("select count(*) from storage_audit where verb = 'minor.agree'", h) == 1)
            #expect(try await !h.send(session, .get, "/my/household").text.contains("等您作为监护人同意"))
            #expect(try await h.send(session, .post, "/my/household/\(id)/remove", form: [:]).status == 303)
            #expect(try await count("select count(*) from directory_person where name = '王小宝'", h) == 0)
            // With the guardian's account the children go as well.
            let resident = try await person("resident", h)
            _ = try await h.house.privacy.desk.ask(
                .closing, words: "", confirmed: true, language: .zh, by: resident)
            h.still.advance(ms: 7 * Instant.dayMs + 1)
            try await work(h)
            #expect(try await count("select count(*) from directory_minor", h) == 0)
            #expect(
                try await count("select count(*) from directory_person where name in ('王大宝', '王三宝')", h) == 0)
        }
    }

    @Test func anImportTakesNoNumberOfAChildAndAsksForItsGuardian() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let text = """
                姓名,手机号,楼栋,单元,房号,关系,出生年月,监护人
                赵一,13911110001,5,1,101,业主,1985-02,
                赵小一,,5,1,101,家人,2018-05,赵一
                赵小二,13911110002,5,1,101,家人,2019-05,赵一
                赵小三,,5,1,101,家人,2019-06,
                赵小四,,5,1,101,家人,2019-07,邻居
                赵小五,,5,1,101,业主,2019-08,赵一
                赵小六,,5,1,101,家人,2031-08,赵一
                赵小七,,5,1,101,家人,2020年6月,赵小一
                赵小一,13911110003,5,1,101,家人,,

                """
            let path = h.house.configuration.folder + "/minors.csv"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            var job = TableImport(.residents, file: path)
            job.area = estate
            let record = try await job.run(h.house).record
            let reasons = try await h.house.database.read { transaction in
                try transaction.query(
                    "select line, field, reason from directory_import_bad where import_id = \(record.id) order by number"
                ) { "\(try $0.int(0)) \(try $0.text(1)) \(try $0.text(2))" }
            }
            #expect(
                reasons == [
                    "4 phone minorContact", "5 guardian minorGuardian", "6 guardian minorGuardian",
                    "7 relation minorRelation", "8 birth minorBirth", "9 guardian minorGuardian",
                    "10 phone minorContact",
                ])
            #expect(record.fresh == 2, "\(record)")
            let minors = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    select p.name, m.birth, g.name, p.phone_masked from directory_minor m
                    join directory_person p on p.id = m.person_id join directory_person g on g.id = m.guardian_id
                    """
                ) { "\(try $0.text(0)) \(BirthMonth(number: try $0.int(1)).text) \(try $0.text(2)) \(try $0.text(3))" }
            }
            #expect(minors == ["赵小一 2018-05 赵一 "])
            #expect(try await count("select count(*) from directory_minor where agreed_ms is null", h) == 1)
            // Of grown people no birth is kept, and an undo takes the child too.
            try await h.house.directory.imports.undo(record.id, by: nil)
            while try await h.house.importWork.step(worker: "t") {}
            #expect(try await count("select count(*) from directory_minor", h) == 0)
            #expect(try await count("select count(*) from directory_person where name in ('赵一', '赵小一')", h) == 0)
        }
    }

    @Test func theMonthOfBirthDecides() throws {
        let day = try #require(Day(text: "2026-03-19"))
        #expect(try #require(BirthMonth("2012-03")).isBelow(14, on: day))
        #expect(try !#require(BirthMonth("2012-02")).isBelow(14, on: day))
        #expect(BirthMonth("2012-2")?.text == "2012-02" && BirthMonth("2012-02-29")?.text == "2012-02")
        for bad in ["", "2012", "2012-00", "2012-13", "12-01", "2012-01-32", "2012-01-01-01", "二〇一二-01"] {
            #expect(BirthMonth(bad) == nil, "\(bad)")
        }
        #expect(try #require(BirthMonth("2026-04")).isAfter(day))
    }
}

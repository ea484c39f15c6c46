import Directory
import Foundation
import Governance
import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Privacy
@testable import Server

/// What people who answer for personal data are told, what goes after its period, and what registers keep.
@Suite struct PrivacyDueTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func run(_ h: TestHouse) async throws {
        try await h.house.privacy.work.schedule()
        while try await h.house.privacy.work.step(worker: "t") {}
    }
    private func write(_ h: TestHouse, _ statements: [SQL]) async throws {
        try await h.house.database.write { transaction in
            for one in statements { try transaction.run(one) }
        }
    }

    // MARK: Requests that come due

    @Test func whoAnswersIsToldOnceBeforeTheDayAndOnceAfterIt() async throws {
        try await TestHouse.with { h in
            let resident = try await person("resident", h)
            let desk = h.house.privacy.desk
            try await write(h, ["delete from privacy_file", "delete from privacy_request"])
            let id = try await desk.ask(
                .correction, words: "名字写错了", confirmed: false, language: .zh, by: resident)
            let copy = try await desk.ask(.copy, words: "", confirmed: false, language: .zh, by: resident)
            func told(_ notice: String) async throws -> Int64 {
                try await count("select count(*) from messaging_item where notice = \(notice)", h)
            }
            func several() async throws {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { try await h.house.privacy.desk.remind() } }
                    try await group.waitForAll()
                }
            }
            let area = try await h.house.database.read { transaction in
                try #require(try RequestStore.load(id, transaction)).area
            }
            let today = Zone.shanghai.day(of: h.still.now)
            let people = try await h.house.database.read { transaction in
                let path = try #require(try DirectoryStore.area(area, transaction)).path
                return Set(
                    try DirectoryStore.colleagues(at: path, may: .privacyHandle, on: today, transaction).map(\.person))
            }
            #expect(!people.isEmpty)
            try await several()
            #expect(try await told("privacy.due") == 0, "fifteen working days are left")
            // Thursday; three working days on is Tuesday. The copy makes itself.
            try await write(h, ["update privacy_request set due_day = \(today.adding(5)) where status <= 2"])
            try await several()
            #expect(try await told("privacy.due") == Int64(people.count))
            #expect(try await told("privacy.late") == 0)
            let reader = try #require(people.first)
            #expect(
                try await count(
                    """
                    select count(*) from messaging_item where person_id = \(reader) and notice = 'privacy.due'
                        and link = '/desk/privacy' and arguments = \(today.adding(5).description)
                    """, h) == 1)
            h.still.advance(ms: 6 * Instant.dayMs)
            try await several()
            try await several()
            #expect(try await told("privacy.due") == Int64(people.count))
            #expect(try await told("privacy.late") == 2 * Int64(people.count), "the copy hangs as well")
            // What is settled is not told.
            try await write(
                h,
                [
                    "delete from privacy_told", "update privacy_request set status = 3 where id = \(id)",
                    "update privacy_request set status = 5 where id = \(copy)",
                ])
            try await several()
            #expect(try await told("privacy.late") == 2 * Int64(people.count))
        }
    }

    // MARK: Former staff

    private func note(
        _ id: Int64, by author: PersonID, taken taker: PersonID, at moment: Instant, _ estate: AreaID
    ) -> SQL {
        """
        insert into cases_handover (id, area_id, kind, shift_id, author_id, author_name, words, at_ms, version, taken_by,
            taken_name, taken_ms)
        values (\(id), \(estate), 1, 0, \(author), '陈静', '四号楼的电梯等配件', \(moment), 1, \(taker), '李师傅', \(moment))
        """
    }

    @Test func theNameOfWhoLeftLongAgoGoesFromTheStepsAndNobodyElses() async throws {
        try await TestHouse.with { h in
            let (desk, steward) = (try await person("desk", h), try await person("steward", h))
            let estate = try await h.area("桂花苑")
            func named(_ person: PersonID) async throws -> Int64 {
                try await count(
                    "select count(*) from cases_event where actor_id = \(person) and actor_name <> ''", h)
            }
            let (own, others) = (try await named(desk), try await named(steward))
            #expect(own > 0 && others > 0)
            let all = try await count("select count(*) from cases_event", h)
            let end = Zone.shanghai.day(of: h.still.now).adding(1)
            // A note of yesterday, so that its own period is not over first.
            let late = h.still.now.adding(days: 300)
            try await write(
                h,
                [
                    "update directory_post set to_day = \(end) where person_id = \(desk)",
                    note(1, by: desk, taken: steward, at: late, estate),
                ])
            h.still.advance(ms: 1000 * Instant.dayMs)
            try await run(h)
            #expect(try await named(desk) == own, "not before its time")
            h.still.advance(ms: 99 * Instant.dayMs)
            try await run(h)
            #expect(try await named(desk) == 0)
            #expect(try await named(steward) == others)
            #expect(try await count("select count(*) from cases_event", h) == all, "the steps stay")
            #expect(
                try await count(
                    "select count(*) from cases_handover where id = 1 and author_name = '' and taken_name <> ''", h)
                    == 1)
            #expect(
                try await count("select sum(count) from privacy_deletion where class = 'formerStaff'", h) >= own + 1)
            #expect(try await count("select count(*) from cases_former where person_id = \(desk)", h) == 1)
            // Somebody who comes back and leaves again is counted from the second time.
            let again = Zone.shanghai.day(of: h.still.now)
            try await write(
                h,
                [
                    "update directory_post set to_day = \(again) where person_id = \(desk)",
                    """
                    update cases_event set actor_name = '陈静' where id = (
                        select max(id) from cases_event where actor_id = \(desk))
                    """,
                ])
            h.still.advance(ms: 30 * Instant.dayMs)
            try await run(h)
            #expect(try await named(desk) == 1)
            h.still.advance(ms: 1100 * Instant.dayMs)
            try await run(h)
            #expect(try await named(desk) == 0)
        }
    }

    private func rows(_ person: PersonID, _ table: String, _ h: TestHouse) async throws -> [[PersonalValue]] {
        let found = try #require(h.house.privacy.sources.flatMap(\.tables).first { $0.name == table })
        return try await h.house.database.read { transaction in
            var (result, after): ([[PersonalValue]], Int64) = ([], 0)
            // One at a time, so that the cursor is needed.
            while let row = try found.read(person, after, 1, transaction).last {
                result.append(row.values)
                after = row.cursor
            }
            return result
        }
    }

    @Test func leaveAndNotesAreInThePersonsCopyAndGoWithTheAccount() async throws {
        try await TestHouse.with { h in
            let (desk, steward) = (try await person("desk", h), try await person("steward", h))
            let estate = try await h.area("桂花苑")
            let post = try #require(try await h.actor(h.program("desk")).posts.first)
            let (from, to) = (h.still.now.adding(days: 1), h.still.now.adding(days: 2))
            let leave = Leave(
                id: LeaveID(77), person: desk, post: post.id, standIn: steward, area: estate, from: from, to: to,
                status: .approved, why: "做个小手术")
            try await h.house.database.write {
                try LeaveStore.insert(leave, askedBy: desk, decidedBy: desk, at: from, $0)
            }
            try await write(h, [note(1, by: desk, taken: steward, at: h.still.now, estate)])
            let own = try await rows(desk, "leaves", h)
            let covered = try await rows(steward, "leaves", h)
            #expect(own.filter { $0.contains(.text("做个小手术")) && $0.contains(.flag(false)) }.count == 1)
            #expect(covered.contains { $0.contains(.flag(true)) && $0.contains(.time(from)) })
            #expect(!covered.contains { $0.contains(.text("做个小手术")) }, "the reason is the other's")
            #expect(try await rows(desk, "handovers", h).contains { $0.contains(.text("四号楼的电梯等配件")) })
            let taken = try await rows(steward, "handovers", h)
            #expect(taken.contains { $0.contains(.time(h.still.now)) })
            #expect(!taken.contains { $0.contains(.text("四号楼的电梯等配件")) })
            let steps = try await rows(desk, "steps", h)
            let named = try await count(
                """
                select count(*) from cases_event v join cases_case c on c.id = v.case_id
                where v.actor_id = \(desk) and v.actor_name <> '' and c.reporter_id <> \(desk)
                """, h)
            #expect(named > 0 && Int64(steps.count) == named)
            // The account goes.
            for source in h.house.privacy.sources {
                while try await h.house.database.write({ try source.erase(desk, h.still.now, 3, $0) }) > 0 {}
            }
            #expect(try await rows(desk, "steps", h).isEmpty)
            #expect(try await rows(desk, "handovers", h).isEmpty)
            #expect(!(try await rows(desk, "leaves", h)).contains { $0.contains(.text("做个小手术")) })
            #expect(try await count("select count(*) from cases_handover where author_name = '陈静'", h) == 0)
            #expect(
                try await count("select count(*) from cases_event where actor_id = \(steward) and actor_name <> ''", h)
                    > 0)
            let page = try await h.send(try await h.signIn("steward"), .get, "/desk/handovers")
            #expect(page.status == 200 && page.text.contains("离任人员") && !page.text.contains("陈静 ·"))
            // After its period the whole of it goes.
            h.still.advance(ms: 1110 * Instant.dayMs)
            try await run(h)
            #expect(try await count("select count(*) from directory_leave", h) == 0)
            #expect(try await count("select count(*) from cases_handover", h) == 0)
        }
    }

    // MARK: Governance

    @Test func whatGovernanceHoldsGoesAfterItsPeriodWithWhatHangsOnIt() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let today = Zone.shanghai.day(of: h.still.now)
            let now = h.still.now
            // One that is over for longer than its period, and one a day short of it.
            func pair(_ days: Int, _ make: (Int64, Day) -> [SQL]) -> [SQL] {
                make(1, today.adding(-days - 1)) + make(2, today.adding(-days + 1))
            }
            var statements = pair(3653) { id, day in
                [
                    """
                    insert into governance_appointment (id, kind, year, serial, person_id, organisation_id, area_id,
                        selection_id, reveals, duties, from_day, to_day, revoke_words, version, created_by, created_ms)
                    values (\(id), 1, 1999, \(id), 7, 7, \(estate), 0, \(false), '', \(day), \(day), '', 1, 1, \(now))
                    """,
                    """
                    insert into governance_task (id, appointment_id, from_day, to_day)
                    values (\(id), \(id), \(day), \(day))
                    """,
                    """
                    insert into governance_record (id, appointment_id, area_id, topic, problem, words, day, created_by,
                        created_ms) values (\(id), \(id), \(estate), 1, \(false), '看过', \(day), 1, \(now))
                    """,
                ]
            }
            statements += pair(1096) { id, day in
                [
                    """
                    insert into governance_selection (id, area_id, organisation_id, kind, title, words, seats, from_day,
                        to_day, result, status, version, created_by, created_ms)
                    values (\(id), \(estate), 7, 1, '旧', '', 1, \(day), \(day), '', 2, 1, 1, \(now))
                    """,
                    """
                    insert into governance_candidate (id, selection_id, person_id, words, status, created_ms)
                    values (\(id), \(id), 7, '我来', 4, \(now))
                    """,
                    """
                    insert into governance_link_list (id, area_id, organisation_id, name, reveals, version, created_by,
                        created_ms) values (\(id), \(estate), 7, '旧', \(false), 1, 1, \(now))
                    """,
                    """
                    insert into governance_link (id, list_id, person_id, unit_id, from_day, to_day, version, created_by,
                        created_ms) values (\(id), \(id), 7, \(id), \(day), \(day), 1, 1, \(now))
                    """,
                    """
                    insert into governance_link_visit (id, link_id, day, words, created_by, created_ms)
                    values (\(id), \(id), \(day), '去过', 1, \(now))
                    """,
                ]
            }
            statements += pair(90) { id, day in
                [
                    """
                    insert into governance_vehicle (id, unit_id, estate_id, plate_index, plate_sealed, plate_masked,
                        kind, from_day, to_day, by_resident, version, created_by, created_ms)
                    values (\(id), 1, \(estate), \([UInt8(id)]), \([1]), '', 1, \(day), \(day), \(true), 1, 1, \(now))
                    """
                ]
            }
            statements += pair(1827) { id, day in
                [
                    """
                    insert into governance_notice (id, area_id, organisation_id, appointment_id, year, serial, title,
                        words, issuer_id, issuer_family, status, round, due_day, late_told, version, created_ms)
                    values (\(id), \(estate), 7, 0, 1999, \(id), '旧', '', 7, 7, 4, 1, \(day), \(false), 1, \(now))
                    """,
                    """
                    insert into governance_notice_step (id, notice_id, step, person_id, words, at_ms)
                    values (\(id), \(id), 1, 7, '', \(now))
                    """,
                ]
            }
            // Open, and older than all: it stays.
            statements.append(
                """
                insert into governance_notice (id, area_id, organisation_id, appointment_id, year, serial, title,
                    words, issuer_id, issuer_family, status, round, due_day, late_told, version, created_ms)
                values (3, \(estate), 7, 0, 1998, 3, '旧', '', 7, 7, 1, 1, \(today.adding(-4000)), \(true), 1, \(now))
                """)
            try await write(h, statements)
            try await run(h)
            let left: [(SQL, [Int64])] = [
                ("select id from governance_appointment where id < 10 order by id", [2]),
                ("select id from governance_task where id < 10 order by id", [2]),
                ("select id from governance_record where id < 10 order by id", [2]),
                ("select id from governance_selection where id < 10 order by id", [1, 2]),
                ("select id from governance_candidate where id < 10 order by id", [2]),
                ("select id from governance_link where id < 10 order by id", [2]),
                ("select id from governance_link_visit where id < 10 order by id", [2]),
                ("select id from governance_vehicle where id < 10 order by id", [2]),
                ("select id from governance_notice where id < 10 order by id", [2, 3]),
                ("select id from governance_notice_step where id < 10 order by id", [2]),
            ]
            for (query, ids) in left {
                let found = try await h.house.database.read { try $0.query(query) { try $0.int(0) } }
                #expect(found == ids, "\(query)")
            }
            for name in ["letters", "candidates", "links", "vehicles", "notices"] {
                #expect(try await count("select count from privacy_deletion where class = \(name)", h) == 1, "\(name)")
            }
            let page = try await h.send(try await h.signIn("administrator"), .get, "/desk/privacy/periods").text
            for words in ["注销的车辆", "离任人员", "请假记录", "交接班记录"] { #expect(page.contains(words)) }
        }
    }

    // MARK: Registers

    @Test func aRegisterKeepsWhatStoodBeforeWithWhoAndWhy() async throws {
        try await TestHouse.with { h in
            let chief = try await h.signIn("administrator")
            let path = "/desk/privacy/processing"
            var form = [
                "way": "record", "title": "停车登记", "data": "车牌", "purpose": "停车", "basis": "合同", "kept": "一年",
            ]
            #expect(try await h.send(chief, .post, path, form: form).status == 303)
            let all = try await h.house.database.read { try RecordStore.all(.processing, before: nil, limit: 9, $0) }
            let one = try #require(all.first { $0.title == "停车登记" })
            // As one that was entered before there were versions.
            try await write(h, ["delete from privacy_record_version where record_id = \(one.id)"])
            (form["record"], form["version"], form["kept"]) = (one.id.text, "1", "三个月")
            #expect(try await h.send(chief, .post, path, form: form).status == 422, "a change says why")
            form["why"] = "一年太久"
            // Two at once: one of them.
            let sent = form
            let states = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 { group.addTask { try await h.send(chief, .post, path, form: sent).status } }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(states.sorted() == [303, 409])
            let program = try h.program("administrator")
            let list = try await h.json(program, .get, "/api/v1/privacy/records/\(one.id.text)/versions").json()
            let items = list["items"]?.items ?? []
            #expect(items.map { $0["version"]?.intValue } == [2, 1])
            #expect(items.first?["why"]?.stringValue == "一年太久")
            #expect(items.last?["fields"]?.items.contains { $0["value"]?.stringValue == "一年" } == true)
            let page = try await h.send(chief, .get, path).text
            #expect(page.contains("以前的各版") && page.contains("一年太久") && page.contains("改了：保存期限"), "\(page.count)")
            let en = try await h.send(chief, .get, path, headers: ["mode": "en"]).text
            #expect(en.contains("Versions before") && en.contains("Changed: "))
            let missing = RecordID(5).text
            #expect(try await h.json(program, .get, "/api/v1/privacy/records/\(missing)/versions").status == 404)
            #expect(
                try await h.json(try h.program("desk"), .get, "/api/v1/privacy/records/\(one.id.text)/versions").status
                    == 403)
        }
    }

    // MARK: Posts of party bodies

    @Test func whoEditsPostsAndSeesThoseOfThePartyIsKept() async throws {
        try await TestHouse.with { h in
            func looks() async throws -> Int64 {
                try await count("select count(*) from storage_audit where verb = 'party.look'", h)
            }
            func organisation(_ login: String) async throws -> String {
                try #require(try await h.actor(h.program(login)).posts.first).organisation.text
            }
            let (chief, program) = (try await h.signIn("administrator"), try h.program("administrator"))
            let before = try await looks()
            let plain = try await organisation("desk")
            #expect(try await h.send(chief, .get, "/desk/organisations/\(plain)").status == 200)
            #expect(try await h.send(program, .get, "/api/v1/organisations/\(plain)/posts").status == 200)
            #expect(try await looks() == before)
            let party = try await organisation("party")
            #expect(try await h.send(chief, .get, "/desk/organisations/\(party)").text.contains("黄霞"))
            #expect(try await looks() == before + 1)
            #expect(try await h.send(program, .get, "/api/v1/organisations/\(party)/posts").text.contains("黄霞"))
            #expect(try await looks() == before + 2)
            let kept = try await count(
                """
                select count(*) from storage_audit where verb = 'party.look'
                    and actor_id = \(try await person("administrator", h))
                    and subject_id = \(try #require(OrganisationID(text: party)))
                """, h)
            #expect(kept == 2)
            // A form that comes back shows them too; one that is refused at the door shows nothing.
            let bad = ["way": "rename", "name": "", "was": "x"]
            #expect(try await h.send(chief, .post, "/desk/organisations/\(party)", form: bad).status >= 400)
            #expect(try await looks() == before + 3)
            #expect(try await h.send(try await h.signIn("desk"), .get, "/desk/organisations/\(party)").status == 403)
            #expect(try await looks() == before + 3)
        }
    }
}

import Foundation
import Governance
import Kernel
import Storage
import Testing
import Web

@testable import Directory
@testable import Privacy
@testable import Server

/// What near relatives may ask of the data of a person who has died, and what people arrange before.
@Suite struct PrivacyRelativeTests {
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
    private func request(_ id: RequestID, _ h: TestHouse) async throws -> PrivacyRequest {
        try #require(try await h.house.database.read { try RequestStore.load(id, $0) })
    }
    private func actor(of person: PersonID, _ h: TestHouse) async throws -> Actor {
        let today = today(h)
        return try #require(try await h.house.database.read { try DirectoryStore.actor(person, on: today, $0) })
    }
    private func sent(
        _ kind: RequestKind, _ estate: AreaID, _ h: TestHouse, name: String = "林小雨"
    ) -> RelativeSent {
        RelativeSent(
            kind: kind, name: name, relation: .child, estate: estate, home: "7 号楼", words: "生日写错了",
            interest: "办理继承", proof: "死亡证明、户口簿", died: today(h).adding(-10))
    }
    /// A request of the resident about the tenant, with the dead person named by the grid officer where it is wanted.
    private func ask(
        _ kind: RequestKind, named: Bool, dead: PersonID? = nil, _ h: TestHouse
    ) async throws -> RequestID {
        let desk = h.house.privacy.desk
        let estate = try await h.area("桂花苑")
        let id = try await desk.askRelative(
            sent(kind, estate, h), language: .zh, by: try await person("resident", h))
        guard named else { return id }
        // The tokens of somebody who was said to be dead before are gone.
        let found: PersonID
        if let dead { found = dead } else { found = try await person("tenant", h) }
        try await desk.identify(
            id, dead: found, on: today(h).adding(-10), evidence: "看过死亡证明原件", endsHomes: true,
            was: 1, by: try await h.actor(h.program("grid")))
        return id
    }
    private func refusal(_ body: () async throws -> Void) async throws -> PrivacyRefusal? {
        do {
            try await body()
            return nil
        } catch let refusal as PrivacyRefusal {
            return refusal
        }
    }

    // MARK: The whole way

    @Test func aRelativeAsksByThePageAndGetsTheCopyAndNothingOfOthers() async throws {
        try await TestHouse.with { h in
            let (tenant, resident) = (try await person("tenant", h), try await person("resident", h))
            let estate = try await h.area("桂花苑")
            _ = try await h.report("租客自己报的水管漏水", by: "tenant", at: estate, key: "r1")
            let child: PersonID = h.house.world.id()
            let home = try await h.house.database.read {
                try $0.first("select unit_id from directory_home where person_id = \(tenant) and status = 1") {
                    try $0.id(0, AreaTag.self)
                }
            }
            let unit = try #require(home)
            let now = h.still.now
            try await h.house.database.write { transaction in
                try DirectoryStore.insertPerson(child, name: "林小宝", phone: nil, at: now, transaction)
                try MinorStore.insert(
                    child, guardian: tenant, unit: unit, birth: try #require(BirthMonth("2018-05")), agreed: now,
                    by: tenant, at: now, transaction)
                // A letter and a post that say that somebody is in the party, and one of each that do not.
                for (number, reveals) in [(1, true), (2, false)] as [(Int64, Bool)] {
                    try transaction.run(
                        """
                        insert into governance_appointment (id, kind, year, serial, person_id, organisation_id, area_id,
                            selection_id, reveals, duties, from_day, to_day, revoke_words, version, created_by, created_ms)
                        select \(9_000_000 + number), 1, 2020, \(900 + number), \(tenant), min(o.id), \(estate), 0,
                            \(reveals), \(reveals ? "甲类职责" : "乙类职责"), 18000, 18100, '', 1, 0, 0
                        from directory_organisation o where o.kind not in (1, 2)
                        """)
                }
            }
            try await h.house.privacy.desk.arrange(
                Arrangement(nobody: false, excluded: ["vehicles", "consents"]),
                of: h.house.privacy.kinTables.map(\.name), by: tenant)
            let dead = try await h.signIn("tenant")
            let relative = try await h.signIn("resident")
            let good = [
                "way": "relative", "name": "林小雨", "relation": "child", "estate": estate.text, "home": "7 号楼",
                "died": today(h).adding(-3).description, "kind": "copy", "interest": "办理继承手续", "proof": "死亡证明",
            ]
            #expect(try await h.send(relative, .get, "/my/privacy/relative").text.contains("逝者姓名"))
            for (name, value) in [
                ("name", ""), ("name", String(repeating: "长", count: 41)), ("relation", "uncle"), ("estate", "x"),
                ("estate", unit.text), ("died", today(h).adding(1).description), ("died", "1890-01-01"), ("died", ""),
                ("interest", ""), ("interest", String(repeating: "长", count: 401)), ("proof", ""), ("kind", "x"),
                ("home", ""),
            ] {
                let answer = try await h.send(
                    relative, .post, "/my/privacy/relative", form: good.merging([name: value]) { $1 })
                #expect(answer.status == 422, "\(name) \(value)")
                if name != "interest" { #expect(answer.text.contains("办理继承手续"), "\(name)") }
            }
            let correction = good.merging(["kind": "correction"]) { $1 }
            #expect(try await h.send(relative, .post, "/my/privacy/relative", form: correction).status == 422)
            #expect(try await h.send(relative, .post, "/my/privacy/relative", form: good).status == 303)
            #expect(try await h.send(relative, .post, "/my/privacy/relative", form: good).status == 409, "it is open")
            // One's own copy is another thing.
            #expect(
                try await h.send(relative, .post, "/my/privacy/requests", form: ["kind": "copy"]).status == 303)
            let id = try #require(
                try await h.house.database.read {
                    try $0.first("select id from privacy_request where dead_name = '林小雨'") {
                        try $0.id(0, RequestTag.self)
                    }
                })
            #expect(try await h.send(relative, .get, "/my/privacy").text.contains("关于逝者 林小雨"))
            // Who handles it sees it, with its day; others do not.
            let grid = try await h.signIn("grid")
            let list = try await h.send(grid, .get, "/desk/privacy").text
            let due = try await request(id, h).due
            let path = "/desk/privacy/requests/\(id.text)"
            #expect(list.contains(path) && list.contains("关于逝者 林小雨") && list.contains(due.description))
            #expect(try await h.send(grid, .get, "/messages").text.contains("已故亲属"))
            let far = try await h.signIn("grid2")
            #expect(try await !h.send(far, .get, "/desk/privacy").text.contains(path))
            let identity = [
                "way": "identity", "dead": tenant.text, "died": today(h).adding(-5).description,
                "evidence": "看过死亡证明和户口簿原件", "homes": "1", "version": "1",
            ]
            for part in ["", "/identity", "/decision"] {
                let form = part.isEmpty ? nil : identity.merging(["result": "refuse", "answer": "x"]) { $1 }
                let way: [String: String]? = form
                let answer = try await h.send(far, part.isEmpty ? .get : .post, path + part, form: way)
                #expect(answer.status == 404, "\(part)")
                let desk = try await h.send(
                    try await h.signIn("desk"), part.isEmpty ? .get : .post, path + part, form: way)
                #expect(desk.status == 403, "\(part)")
            }
            // Nothing is guessed: the name alone finds nobody until it is looked for, and the look is kept.
            let looks = try await count("select count(*) from storage_audit where verb = 'privacy.relative.look'", h)
            #expect(try await !h.send(grid, .get, path).text.contains(tenant.text))
            let found = try await h.send(grid, .get, path + "?name=\(TestHouse.encoded("林小雨"))").text
            #expect(found.contains(tenant.text) && found.contains("138****0003") && !found.contains("13800000003"))
            #expect(
                try await count("select count(*) from storage_audit where verb = 'privacy.relative.look'", h)
                    == looks + 2)
            #expect(
                try await h.send(
                    grid, .post, path + "/decision", form: ["way": "decision", "result": "accept", "version": "1"]
                ).status == 409, "who died is not known yet")
            let outsider = try await person("resident3", h)
            for (name, value, status) in [
                ("dead", outsider.text, 404), ("dead", resident.text, 422), ("dead", "x", 422), ("evidence", "", 422),
                ("evidence", String(repeating: "长", count: 401), 422), ("died", "x", 422),
                ("died", today(h).adding(1).description, 422), ("version", "7", 409),
            ] {
                let answer = try await h.send(
                    grid, .post, path + "/identity", form: identity.merging([name: value]) { $1 })
                #expect(answer.status == status, "\(name) \(value) \(answer.status)")
            }
            #expect(try await h.send(dead, .get, "/home").status == 200)
            #expect(try await h.send(grid, .post, path + "/identity", form: identity).status == 303)
            #expect(try await h.send(grid, .post, path + "/identity", form: identity).status == 409)
            // Nobody is signed in as the dead any more, and the home ended on that day.
            #expect(try await h.send(dead, .get, "/home").status == 303)
            #expect(try await count("select count(*) from directory_token where person_id = \(tenant)", h) == 0)
            #expect(
                try await count(
                    """
                    select count(*) from directory_home
                    where person_id = \(tenant) and to_day <= case when from_day > \(today(h).adding(-5))
                        then from_day else \(today(h).adding(-5)) end
                    """, h) == 1)
            #expect(try await count("select count(*) from storage_audit where verb = 'home.end'", h) == 1)
            let page = try await h.send(grid, .get, path).text
            #expect(page.contains("看过死亡证明和户口簿原件") && page.contains("value=\"accept\""))
            #expect(
                try await h.send(
                    grid, .post, path + "/decision", form: ["way": "decision", "result": "accept", "version": "2"]
                ).status == 303)
            try await work(h)
            let done = try await request(id, h)
            #expect(done.status == .done && done.fileBytes > 0)
            for verb in ["ask", "identify", "accept"] {
                #expect(
                    try await count(
                        """
                        select count(*) from storage_audit where verb = \("privacy.relative.\(verb)")
                            and subject_id = \(id)
                        """, h) == 1, "\(verb)")
            }
            // The copy: what is the dead person's own, and nothing else.
            let data = try await h.send(relative, .get, "/my/privacy/requests/\(id.text)/data")
            #expect(data.status == 200)
            let file = try data.json()
            #expect(file["person"]?.stringValue == tenant.text && file["for_relative"]?.stringValue == resident.text)
            let tables = file["tables"]?.items.compactMap { $0["name"]?.stringValue } ?? []
            #expect(
                Set(tables) == [
                    "person", "homes", "posts", "transfers", "cases", "sayings", "ratings", "joins", "letters",
                    "notices", "requests",
                ], "\(tables)")
            #expect(data.text.contains("租客自己报的水管漏水") && data.text.contains("乙类职责"))
            #expect(!data.text.contains("林小宝") && !data.text.contains("甲类职责"))
            #expect(try await h.send(relative, .get, "/my/privacy/requests/\(id.text)/page").text.contains("近亲属副本"))
            let other = try await h.signIn("resident2")
            #expect(try await h.send(other, .get, "/my/privacy/requests/\(id.text)/data").status == 404)
            // It stands in the relative's own copy, and in the table of the desk.
            let csv = try await h.send(grid, .get, "/desk/export/privacy-requests?format=csv").text
            #expect(csv.contains("林小雨") && csv.contains("儿子或者女儿") && !csv.contains("办理继承手续"))
            let own = try #require(
                try await h.house.database.read {
                    try $0.first("select id from privacy_request where person_id = \(resident) and dead_name = ''") {
                        try $0.id(0, RequestTag.self)
                    }
                })
            _ = try await request(own, h)
            let table = try #require(PrivacyHouse.personalData.tables.first { $0.name == "requests" })
            let rows = try await h.house.database.read { try table.read(resident, 0, 50, $0) }
            #expect(rows.contains { $0.values.contains(.text("办理继承手续")) && !$0.isForKin })
        }
    }

    /// A table that somebody adds goes to relatives only when somebody decided so.
    @Test func whatRelativesGetIsNamed() async throws {
        try await TestHouse.with { h in
            #expect(
                Set(h.house.privacy.kinTables.map(\.name)) == [
                    "person", "homes", "posts", "transfers", "cases", "sayings", "ratings", "joins", "letters",
                    "vehicles",
                    "notices", "consents", "requests",
                ])
        }
    }

    // MARK: Deletion

    @Test func aDeletionHasItsPauseAndWhoIsAliveStopsIt() async throws {
        try await TestHouse.with { h in
            let tenant = try await person("tenant", h)
            let desk = h.house.privacy.desk
            let grid = try await h.actor(h.program("grid"))
            let id = try await ask(.closing, named: true, h)
            try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid)
            let waits = try await request(id, h)
            #expect(waits.status == .waiting && waits.act == h.still.now.adding(days: 7) && !waits.awaitsDecision)
            #expect(
                try await refusal { try await desk.decideRelative(id, accept: true, words: "x", was: 3, by: grid) }
                    == .requestOver)
            let lives: SQL = "select count(*) from directory_home where person_id = \(tenant) and to_day >= \(today(h))"
            #expect(try await count(lives, h) == 0)
            try await work(h)
            #expect(try await request(id, h).status == .waiting)
            // Not dead at all: signs in again, reads it and ends it.
            let session = try await h.signIn("tenant")
            let page = try await h.send(session, .get, "/my/privacy").text
            #expect(page.contains("有人说您已经去世") && !page.contains("办理继承"))
            #expect(try await h.send(session, .get, "/messages").text.contains("说您已去世"))
            let twin = try await h.json(session, .get, "/api/v1/me/privacy").json()
            #expect(twin["claims"]?.items.count == 1)
            #expect(
                try await h.send(h.signIn("resident2"), .post, "/my/privacy/requests/\(id.text)/alive", form: [:])
                    .status == 404)
            #expect(
                try await h.send(session, .post, "/my/privacy/requests/\(id.text)/alive", form: [:]).status == 303)
            #expect(
                try await h.send(session, .post, "/my/privacy/requests/\(id.text)/alive", form: [:]).status == 409)
            let ended = try await request(id, h)
            #expect(ended.status == .refused && ended.answer.contains("在世"))
            // The home that ended because of it is there again, and nothing is left to object to.
            #expect(try await count(lives, h) == 1)
            #expect(try await count("select count(*) from storage_audit where verb = 'home.restore'", h) == 1)
            #expect(try await h.json(session, .get, "/api/v1/me/privacy").json()["claims"]?.items.isEmpty == true)
            h.still.advance(ms: 9 * Instant.dayMs)
            try await work(h)
            #expect(try await count("select count(*) from directory_account where person_id = \(tenant)", h) == 1)
            // Once more, and nobody says anything: the account is closed after the pause.
            let again = try await ask(.closing, named: false, h)
            try await desk.identify(
                again, dead: tenant, on: today(h).adding(-2), evidence: "派出所注销户口证明", endsHomes: false, was: 1, by: grid)
            try await desk.decideRelative(again, accept: true, words: "按规定删除", was: 2, by: grid)
            h.still.advance(ms: 6 * Instant.dayMs)
            try await work(h)
            #expect(try await request(again, h).status == .waiting)
            h.still.advance(ms: 2 * Instant.dayMs)
            try await work(h)
            let closed = try await request(again, h)
            #expect(closed.status == .done && closed.count > 0 && closed.answer == "按规定删除")
            #expect(
                try await count(
                    """
                    select count(*) from directory_person where id = \(tenant) and name = '已注销用户'
                        and phone_sealed is null
                    """, h) == 1)
            #expect(try await count("select count(*) from directory_account where person_id = \(tenant)", h) == 0)
            // The relative's account is as it was.
            let resident = try await person("resident", h)
            #expect(try await count("select count(*) from directory_account where person_id = \(resident)", h) == 1)
            // What stays is named.
            #expect(h.house.privacy.sources.flatMap(\.remains).contains { $0.what.zh.contains("近亲属") })
            // The record goes with its period, both halves of it.
            h.still.advance(ms: 1100 * Instant.dayMs)
            try await h.house.privacy.work.schedule()
            try await work(h)
            #expect(try await count("select count(*) from privacy_relative", h) == 0)
            #expect(try await count("select count(*) from privacy_request where id = \(again)", h) == 0)
        }
    }

    /// Staff of a place declare nobody dead who has a home or a post elsewhere.
    @Test func whoHasMoreThanThePlaceIsNotDeclaredDeadThere() async throws {
        try await TestHouse.with { h in
            let desk = h.house.privacy.desk
            let (grid, tenant) = (try await h.actor(h.program("grid")), try await person("tenant", h))
            let (estate, today) = (try await h.area("桂花苑"), today(h))
            func identify(_ id: RequestID) async throws {
                try await desk.identify(
                    id, dead: tenant, on: today, evidence: "看过证明", endsHomes: true, was: 1, by: grid)
            }
            let id = try await ask(.closing, named: false, h)
            let sessions: SQL = "select count(*) from directory_token where person_id = \(tenant)"
            let before = try await count(sessions, h)
            let post: SQL = "select id from directory_post where role = \(Role.district) limit 1"
            let held = try #require(try await h.house.database.read { try $0.first(post) { try $0.int(0) } })
            let holder = try await count("select person_id from directory_post where id = \(held)", h)
            func give(_ to: Int64) async throws {
                try await h.house.database.write {
                    try $0.run("update directory_post set person_id = \(to) where id = \(held)")
                }
            }
            try await give(tenant.raw)
            #expect(try await refusal { try await identify(id) } == .deadElsewhere)
            #expect(before > 0)
            #expect(try await count(sessions, h) == before)
            try await give(holder)
            // A home of another community.
            let far = try await count(
                """
                select u.id from directory_area u join directory_area b on b.id = u.parent_id
                where u.level = 8 and b.parent_id <> \(estate) and not exists (
                    select 1 from directory_area e join directory_area c on c.id = e.parent_id
                    where e.id = b.parent_id and c.name = '桂花社区') order by u.id limit 1
                """, h)
            #expect(far > 0)
            do {
                let (row, now) = (h.house.world.nextID(), h.still.now)
                try await h.house.database.write { transaction in
                    let area = try #require(try DirectoryStore.area(AreaID(far), transaction))
                    _ = try DirectoryStore.insertHome(
                        person: tenant, unit: area, relation: .owner, active: true, from: today.adding(-5),
                        to: HomeStore.forever, decidedBy: nil, id: row, at: now, transaction)
                }
                #expect(try await refusal { try await identify(id) } == .deadElsewhere)
                try await h.house.database.write { try $0.run("delete from directory_home where id = \(row)") }
            }
            // Nor is it accepted when the post came between.
            try await identify(id)
            try await give(tenant.raw)
            #expect(
                try await refusal { try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid) }
                    == .deadElsewhere)
            #expect(try await request(id, h).relative?.accepted == nil)
        }
    }

    /// In the pause staff can still say no; who was named after a refusal, too, says that they are alive.
    @Test func aMistakeIsMendedByStaffAndByWhoIsAlive() async throws {
        try await TestHouse.with { h in
            let desk = h.house.privacy.desk
            let (grid, tenant) = (try await h.actor(h.program("grid")), try await person("tenant", h))
            let lives: SQL = "select count(*) from directory_home where person_id = \(tenant) and to_day >= \(today(h))"
            let id = try await ask(.closing, named: true, h)
            try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid)
            let clerk = try await h.signIn("grid")
            let page = try await h.send(clerk, .get, "/desk/privacy/requests/\(id.text)").text
            #expect(page.contains("value=\"refuse\"") && !page.contains("value=\"accept\""))
            #expect(
                try await h.send(
                    clerk, .post, "/desk/privacy/requests/\(id.text)/decision",
                    form: ["way": "decision", "version": "3", "result": "refuse", "answer": "认错人了"]
                ).status == 303)
            #expect(try await request(id, h).answer == "认错人了")
            // Another tab still has the form: it is told, and what was typed stands there.
            let late = try await h.send(
                clerk, .post, "/desk/privacy/requests/\(id.text)/decision",
                form: ["way": "decision", "version": "3", "result": "refuse", "answer": "户口簿还没看"])
            #expect(late.status == 409 && late.text.contains("户口簿还没看"))
            #expect(late.text.contains(PrivacyRefusal.requestOver.message.text(.zh)))
            h.still.advance(ms: 9 * Instant.dayMs)
            try await work(h)
            #expect(try await count("select count(*) from directory_account where person_id = \(tenant)", h) == 1)
            // Refused, and the home is still gone: whoever is alive gets it back.
            #expect(try await count(lives, h) == 0)
            let session = try await h.signIn("tenant")
            #expect(try await h.send(session, .get, "/my/privacy").text.contains("有人说您已经去世"))
            #expect(
                try await h.send(session, .post, "/my/privacy/requests/\(id.text)/alive", form: [:]).status == 303)
            #expect(try await count(lives, h) == 1)
            #expect(try await request(id, h).answer == "认错人了")
            #expect(try await !h.send(session, .get, "/my/privacy").text.contains("有人说您已经去世"))
        }
    }

    @Test func whoHoldsAPostIsNotDeletedBeforeItEnds() async throws {
        try await TestHouse.with { h in
            let desk = h.house.privacy.desk
            let (grid, steward) = (try await h.actor(h.program("grid")), try await person("steward", h))
            let estate = try await h.area("桂花苑")
            let id = try await ask(.closing, named: false, h)
            let tenant = try await person("tenant", h)
            // A member of staff is found only where they live.
            #expect(
                try await refusal {
                    try await desk.identify(
                        id, dead: steward, on: today(h), evidence: "看过证明", endsHomes: false, was: 1, by: grid)
                } == .notFound)
            try await h.house.database.write { transaction in
                try transaction.run(
                    """
                    update directory_post set person_id = \(tenant) where person_id = \(steward)
                    """)
            }
            try await desk.identify(
                id, dead: tenant, on: today(h), evidence: "看过证明", endsHomes: true, was: 1, by: grid)
            #expect(
                try await refusal { try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid) }
                    == .deadPosts)
            #expect(try await request(id, h).relative?.accepted == nil)
            // Nor where the post comes in the pause.
            try await h.house.database.write {
                try $0.run("update directory_post set person_id = \(steward) where person_id = \(tenant)")
            }
            try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid)
            try await h.house.database.write {
                try $0.run("update directory_post set person_id = \(tenant) where person_id = \(steward)")
            }
            h.still.advance(ms: 8 * Instant.dayMs)
            try await work(h)
            let over = try await request(id, h)
            #expect(over.status == .refused && over.answer.contains("岗位"))
            #expect(estate.raw > 0)
        }
    }

    @Test func childrenOfAGuardianWhoDiedStayWithAnotherAdult() async throws {
        try await TestHouse.with { h in
            let desk = h.house.privacy.desk
            let (grid, tenant) = (try await h.actor(h.program("grid")), try await person("tenant", h))
            let now = h.still.now
            let home = try await h.house.database.read {
                try $0.first("select unit_id from directory_home where person_id = \(tenant) and status = 1") {
                    try $0.id(0, AreaTag.self)
                }
            }
            let unit = try #require(home)
            let (child, aunt): (PersonID, PersonID) = (h.house.world.id(), h.house.world.id())
            let today = today(h)
            func settle(_ person: PersonID, _ name: String) async throws {
                let row = h.house.world.nextID()
                try await h.house.database.write { transaction in
                    let area = try #require(try DirectoryStore.area(unit, transaction))
                    try DirectoryStore.insertPerson(person, name: name, phone: nil, at: now, transaction)
                    _ = try DirectoryStore.insertHome(
                        person: person, unit: area, relation: .family, active: true, from: today.adding(-100),
                        to: HomeStore.forever, decidedBy: nil, id: row, at: now, transaction)
                }
            }
            // The owner of a let home is nobody of the household.
            let owner = try await person("resident2", h)
            let row = h.house.world.nextID()
            try await h.house.database.write { transaction in
                try transaction.run("delete from directory_home where unit_id = \(unit) and person_id <> \(tenant)")
                let area = try #require(try DirectoryStore.area(unit, transaction))
                _ = try DirectoryStore.insertHome(
                    person: owner, unit: area, relation: .owner, active: true, from: today.adding(-100),
                    to: HomeStore.forever, decidedBy: nil, id: row, at: now, transaction)
            }
            try await settle(child, "林小宝")
            try await h.house.database.write { transaction in
                try MinorStore.insert(
                    child, guardian: tenant, unit: unit, birth: try #require(BirthMonth("2018-05")), agreed: now,
                    by: tenant, at: now, transaction)
            }
            let id = try await ask(.closing, named: true, h)
            #expect(
                try await refusal { try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid) }
                    == .deadGuardian)
            try await settle(aunt, "林阿姨")
            try await desk.decideRelative(id, accept: true, words: "", was: 2, by: grid)
            #expect(
                try await count("select count(*) from directory_minor where guardian_id = \(tenant)", h) == 1,
                "not before the pause is over")
            h.still.advance(ms: 8 * Instant.dayMs)
            try await work(h)
            #expect(try await request(id, h).status == .done)
            #expect(
                try await count(
                    """
                    select count(*) from directory_minor m join directory_person p on p.id = m.person_id
                    where m.person_id = \(child) and m.guardian_id = \(aunt) and m.agreed_ms is null and p.name = '林小宝'
                    """, h) == 1)
        }
    }

    // MARK: Arrangements

    @Test func whatThePersonArrangedHolds() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("tenant")
            let tenant = try await person("tenant", h)
            let desk = h.house.privacy.desk
            let grid = try await h.actor(h.program("grid"))
            #expect(try await h.send(session, .get, "/my/privacy/arrangement").text.contains("身后不许任何人"))
            let form = ["way": "arrangement", "nobody": "1"]
            #expect(try await h.send(session, .post, "/my/privacy/arrangement", form: form).status == 303)
            #expect(try await h.send(session, .post, "/my/privacy/arrangement", form: form).status == 303)
            #expect(
                try await count("select count(*) from privacy_arrangement where person_id = \(tenant)", h) == 1,
                "the same again is nothing new")
            #expect(
                try await refusal {
                    try await desk.arrange(
                        Arrangement(nobody: false, excluded: ["sessions"]),
                        of: h.house.privacy.kinTables.map(\.name), by: tenant)
                } == .badChoice("excluded"))
            let bad = try await h.json(
                session, .post, "/api/v1/me/privacy/arrangement",
                .object([("nobody", .bool(false)), ("excluded", .string("sessions"))]),
                headers: ["X-Form-Token": session.form])
            #expect(bad.status == 422)
            let id = try await ask(.copy, named: true, h)
            let refused = try await request(id, h)
            #expect(refused.status == .refused && refused.answer.contains("第49条"))
            #expect(
                try await count(
                    "select count(*) from storage_job where kind = 'privacy.copy' and subject_id = \(id)", h) == 0)
            #expect(try await h.send(h.signIn("resident"), .get, "/messages").text.contains("答复"))
            // It may be lifted, and written down again between the look and the decision.
            let back = try await h.signIn("tenant")
            #expect(
                try await h.json(
                    back, .post, "/api/v1/me/privacy/arrangement",
                    .object([("nobody", .bool(false)), ("excluded", .string("cases person"))]),
                    headers: ["X-Form-Token": back.form]
                ).status == 204)
            let mine = try await h.json(back, .get, "/api/v1/me/privacy").json()
            #expect(mine["arrangement"]?["excluded"]?.items.compactMap(\.stringValue) == ["cases", "person"])
            let second = try await ask(.copy, named: true, dead: tenant, h)
            #expect(try await request(second, h).status == .waiting)
            try await desk.arrange(
                Arrangement(nobody: true, excluded: []), of: h.house.privacy.kinTables.map(\.name), by: tenant)
            try await desk.decideRelative(second, accept: true, words: "", was: 2, by: grid)
            #expect(try await request(second, h).status == .refused)
            // Also in the pause of a deletion.
            try await desk.arrange(.none, of: h.house.privacy.kinTables.map(\.name), by: tenant)
            let third = try await ask(.closing, named: true, dead: tenant, h)
            try await desk.decideRelative(third, accept: true, words: "", was: 2, by: grid)
            try await desk.arrange(
                Arrangement(nobody: true, excluded: []), of: h.house.privacy.kinTables.map(\.name), by: tenant)
            h.still.advance(ms: 8 * Instant.dayMs)
            try await work(h)
            #expect(try await request(third, h).answer.contains("第49条"))
            #expect(try await count("select count(*) from directory_account where person_id = \(tenant)", h) == 1)
            // With the account it goes.
            try await h.house.database.write { transaction in
                _ = try PrivacyHouse.personalData.erase(tenant, h.still.now, 100, transaction)
            }
            #expect(try await count("select count(*) from privacy_arrangement where person_id = \(tenant)", h) == 0)
        }
    }

    // MARK: Who decides

    @Test func oneWinsAndNobodyDecidesTheirOwn() async throws {
        try await TestHouse.with { h in
            let desk = h.house.privacy.desk
            let grid = try await h.actor(h.program("grid"))
            let street = try await h.actor(h.program("street"))
            let tenant = try await person("tenant", h)
            let estate = try await h.area("桂花苑")
            let id = try await ask(.correction, named: false, h)
            let day = today(h)
            @Sendable func race(_ body: @escaping @Sendable (Actor) async throws -> Void) async -> [String] {
                await withTaskGroup(of: String.self) { group in
                    for actor in [grid, street, grid, street] {
                        group.addTask {
                            do {
                                try await body(actor)
                                return "won"
                            } catch { return "\(error)" }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            let named = await race {
                try await desk.identify(
                    id, dead: tenant, on: day, evidence: "看过证明", endsHomes: true, was: 1, by: $0)
            }
            #expect(named.filter { $0 == "won" }.count == 1, "\(named)")
            #expect(named.filter { ["identified", "changedMeanwhile"].contains($0) }.count == 3, "\(named)")
            let decided = await race { try await desk.decideRelative(id, accept: true, words: "改好了", was: 2, by: $0) }
            #expect(decided.filter { $0 == "won" }.count == 1, "\(decided)")
            #expect(decided.filter { ["requestOver", "changedMeanwhile"].contains($0) }.count == 3, "\(decided)")
            #expect(try await request(id, h).status == .done)
            #expect(
                try await count(
                    "select count(*) from storage_audit where verb = 'privacy.relative.accept' and subject_id = \(id)",
                    h)
                    == 1)
            // A grid officer who asks does not decide, neither that nor a correction of their own.
            let officer = try #require(grid.person)
            let own = try await desk.askRelative(sent(.copy, estate, h, name: "林老先生"), language: .zh, by: officer)
            #expect(
                try await refusal {
                    try await desk.identify(
                        own, dead: tenant, on: day, evidence: "看过", endsHomes: false, was: 1, by: grid)
                } == .ownRequest)
            #expect(
                try await refusal { try await desk.decideRelative(own, accept: false, words: "x", was: 1, by: grid) }
                    == .ownRequest)
            #expect(
                try await h.send(h.signIn("grid"), .get, "/desk/privacy/requests/\(own.text)").text.contains("别人来办"))
            try await desk.decideRelative(own, accept: false, words: "没有证明", was: 1, by: street)
            #expect(try await request(own, h).answer == "没有证明")
            let correction = try await desk.ask(
                .correction, words: "名字错了", confirmed: false, language: .zh, by: officer)
            try await h.house.database.write {
                try $0.run("update privacy_request set area_id = \(estate) where id = \(correction)")
            }
            #expect(
                try await refusal { try await desk.answer(correction, done: true, words: "改了", was: 1, by: grid) }
                    == .ownRequest)
            // Not without end.
            let resident = try await person("resident", h)
            var last: PrivacyRefusal?
            for number in 1...6 {
                last = try await refusal {
                    try await desk.askRelative(
                        sent(.copy, estate, h, name: "第\(number)位"), language: .zh, by: resident)
                }
            }
            #expect(last == .tooManyRelatives)
            #expect(
                try await refusal { try await desk.decideRelative(id, accept: false, words: "", was: 3, by: grid) }
                    == .requestOver)
        }
    }

    @Test func remindersCountRelativesToo() async throws {
        try await TestHouse.with { h in
            try await h.house.database.write {
                try $0.run("delete from privacy_file")
                try $0.run("delete from privacy_request")
            }
            _ = try await ask(.copy, named: false, h)
            let day = today(h)
            try await h.house.database.write { try $0.run("update privacy_request set due_day = \(day.adding(1))") }
            try await h.house.privacy.desk.remind()
            #expect(try await count("select count(*) from messaging_item where notice = 'privacy.due'", h) > 0)
        }
    }
}

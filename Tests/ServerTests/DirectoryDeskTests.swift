import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Testing

@testable import Server

/// What staff keep about places, organisations and posts, through the pages as an administrator uses them.
@Suite struct DirectoryDeskTests {
    private static let phone = "13900000001"

    private func organisation(_ name: String, _ h: TestHouse) async throws -> OrganisationID {
        try #require(
            try await h.house.database.read { transaction in
                try transaction.first("select id from directory_organisation where name = \(name) limit 1") {
                    try $0.id(0, OrganisationTag.self)
                }
            })
    }

    private func children(_ id: AreaID, _ h: TestHouse) async throws -> [String] {
        try await h.house.database.read { try DirectoryStore.children(of: id, $0).map(\.name) }
    }

    private func posts(_ person: PersonID, _ h: TestHouse) async throws -> [Post] {
        let day = Zone.shanghai.day(of: h.still.now)
        return try await h.house.database.read { try DirectoryStore.posts(of: person, on: day, $0) }
    }

    private func audits(_ verb: String, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { transaction in
            try transaction.first("select count(*) from storage_audit where verb = \(verb)") { try $0.int(0) } ?? 0
        }
    }

    /// An administrator of one estate only.
    private func localAdministrator(_ estate: AreaID, _ h: TestHouse) async throws -> Actor {
        let actions = OrganisationActions(
            database: h.house.database, world: h.house.world, journal: h.house.cases.journal,
            secrets: h.house.secrets)
        let chief = try await h.actor(h.program("administrator"))
        var grant = OrganisationActions.Grant(
            organisation: try await organisation("桂花苑物业服务中心", h), role: .administrator, area: estate,
            from: Zone.shanghai.day(of: h.still.now), phone: "13900000099")
        grant.name = "小管"
        try await actions.grant(grant, by: chief)
        let day = Zone.shanghai.day(of: h.still.now)
        let person = try await h.house.database.read { transaction in
            try transaction.first("select id from directory_person where name = '小管'") {
                try $0.id(0, PersonTag.self)
            }
        }
        let found = try #require(person)
        return try #require(try await h.house.database.read { try DirectoryStore.actor(found, on: day, $0) })
    }

    // MARK: Areas

    @Test func anAdministratorBuildsTheTreeDownToItsUnitsAndSeesItAtOnce() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let community = try await h.area("桂花社区")
            func add(_ parent: AreaID, _ fields: [String: String]) async throws -> TestHouse.Answered {
                try await h.send(session, .post, "/desk/areas/\(parent.text)", form: fields)
            }
            #expect(try await add(community, ["way": "add", "name": "  新  苑 "]).status == 303)
            let estate = try await h.area("新 苑", under: community)
            #expect(try await add(estate, ["way": "many", "count": "2", "after": "号楼"]).status == 303)
            let building = try await h.area("1 号楼", under: estate)
            #expect(
                try await add(
                    building, ["way": "many", "before": "1 单元", "numbers": "101 – 104，201-202、101"]
                ).status == 303)
            #expect(
                try await children(building, h)
                    == ["1 单元 101", "1 单元 102", "1 单元 103", "1 单元 104", "1 单元 201", "1 单元 202"])
            let unit = try await h.area("1 单元 104", under: building)
            let area = try #require(try await h.house.database.read { try DirectoryStore.area(unit, $0) })
            #expect(area.level == .unit && area.estate == estate)
            // A resident finds the new estate when joining a home.
            let resident = try await h.signIn("resident")
            #expect(try await h.send(resident, .get, "/me/join").text.contains("新 苑"))
            #expect(try await add(unit, ["way": "add", "name": "里间"]).status == 422)
            #expect(try await audits("area.add", h) == 9)
        }
    }

    @Test func aNameIsBoundedAndUniqueAmongSiblingsAndWhatWasTypedIsKept() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let estate = try await h.area("桂花苑")
            let building = try await h.area("1 号楼", under: estate)
            let before = try await children(building, h)
            let long = String(repeating: "长", count: 61)
            func send(_ id: AreaID, _ fields: [String: String]) async throws -> TestHouse.Answered {
                try await h.send(session, .post, "/desk/areas/\(id.text)", form: fields)
            }
            for name in [long, "", "  ", "\u{200B}", "甲\u{202E}乙"] {
                let answer = try await send(estate, ["way": "add", "name": name])
                #expect(answer.status == 422, "\(name)")
                if name == long { #expect(answer.text.contains("value=\"\(long)\"")) }
            }
            let taken = try await send(estate, ["way": "add", "name": "1 号楼"])
            #expect(taken.status == 409 && taken.text.contains("“1 号楼”"))
            // One name that is taken, and none is added.
            let many = try await send(building, ["way": "many", "before": "1 单元", "numbers": "901-903, 101"])
            #expect(many.status == 409 && many.text.contains("901-903, 101"))
            for bad in [
                ["numbers": "104-101"], ["numbers": "1-501"], ["count": "501"], ["count": "0"], [:],
                ["numbers": "1", "count": "2"],
            ] {
                #expect(try await send(building, bad.merging(["way": "many"]) { $1 }).status == 422, "\(bad)")
            }
            #expect(try await children(building, h) == before)
            #expect(try await send(building, ["way": "many", "before": "x", "count": "500"]).status == 303)
            #expect(try await children(building, h).count == before.count + 500)
            let second = try await h.send(session, .get, "/desk/areas/\(building.text)?from=480")
            #expect(second.status == 200 && second.text.contains("x 500"))
        }
    }

    @Test func ofTwoWhoAddTheSameAtOnceOneWinsAndTheOtherIsTold() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let actor = try await h.actor(h.program("administrator"))
            let areas = AreaActions(
                database: h.house.database, world: h.house.world, journal: h.house.cases.journal)
            @Sendable func add() async throws -> DirectoryRefusal? {
                do {
                    try await areas.add(to: estate, names: ["8 号楼东", "9 号楼"], by: actor)
                    return nil
                } catch let refusal as DirectoryRefusal {
                    return refusal
                }
            }
            async let one = add()
            async let two = add()
            let both = try await [one, two]
            #expect(both.contains(nil) && both.contains(.areaTaken("8 号楼东")))
            #expect(try await children(estate, h).count { $0 == "9 号楼" } == 1)
        }
    }

    @Test func renamingChangesThePlaceAndNotWhatCasesSaid() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let estate = try await h.area("桂花苑")
            let building = try await h.area("3 号楼", under: estate)
            let id = try await h.report("水管漏水", by: "resident", at: building, key: "r1")
            let path = "/desk/areas/\(building.text)"
            func rename(_ name: String, was: String) async throws -> TestHouse.Answered {
                try await h.send(session, .post, path, form: ["way": "rename", "name": name, "was": was])
            }
            #expect(try await rename("4 号楼", was: "3 号楼").status == 409)
            #expect(try await rename("丙座", was: "3 号楼").status == 303)
            #expect(try await h.send(session, .get, path).text.contains("<h1>丙座</h1>"))
            // The other one of two people who rename at once is told.
            let late = try await rename("丁座", was: "3 号楼")
            #expect(late.status == 409 && late.text.contains("丁座"))
            let desk = try await h.signIn("desk")
            #expect(try await h.send(desk, .get, "/desk/cases/\(id.text)").text.contains("3 号楼"))
        }
    }

    @Test func whatIsOutOfScopeIsNotFoundAndNamesAreForThoseWhoCheckHomes() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let other = try await h.area("兴隆花园")
            let actor = try await localAdministrator(estate, h)
            let areas = AreaActions(
                database: h.house.database, world: h.house.world, journal: h.house.cases.journal)
            try await areas.add(to: estate, names: ["9 号楼"], by: actor)
            await #expect(throws: DirectoryRefusal.notFound) {
                try await areas.add(to: other, names: ["9 号楼"], by: actor)
            }
            await #expect(throws: DirectoryRefusal.notFound) {
                try await areas.rename(try await h.area("桂花社区"), to: "别处", was: "桂花社区", by: actor)
            }
            let building = try await h.area("3 号楼", under: estate)
            let unit = try await h.area("2 单元 502", under: building)
            let path = "/desk/areas/\(unit.text)"
            let desk = try await h.send(try await h.signIn("desk"), .get, path)
            #expect(desk.status == 200 && desk.text.contains("王阿姨") && desk.text.contains("王磊"))
            #expect(try await h.send(try await h.signIn("desk2"), .get, path).status == 404)
            #expect(try await h.send(try await h.signIn("auditor"), .get, path).status == 403)
            let administrator = try await h.send(try await h.signIn("administrator"), .get, path)
            #expect(administrator.status == 200 && !administrator.text.contains("王阿姨"))
            #expect(administrator.text.contains("第 1 户人家") && administrator.text.contains("2 人"))
            #expect(try await h.send(try await h.signIn("desk"), .post, path, form: ["way": "add"]).status == 403)
        }
    }

    // MARK: Organisations and posts

    @Test func aNewPersonGetsAPostAndSignsInAndASecondPostIsTheSamePersons() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let estate = try await h.area("兴隆花园")
            let made = try await h.send(
                session, .post, "/desk/organisations",
                form: ["party": "1", "name": "新物业", "area": estate.text])
            #expect(made.status == 303)
            let body = try await organisation("新物业", h)
            let path = "/desk/organisations/\(body.text)"
            var form = [
                "way": "grant", "phone": Self.phone, "name": "新师傅", "role": "steward", "area": estate.text,
                "title": "维修", "from": "2026-03-19", "to": "2026-12-31", "login": "xin", "password": "first-password",
            ]
            #expect(try await h.send(session, .post, path, form: form).status == 303)
            // The same once more, as after a second press of the button.
            #expect(try await h.send(session, .post, path, form: form).status == 409)
            let entry = try await h.house.directory.signIn.byPassword(
                login: "xin", password: "first-password", device: "")
            let started = try #require(entry.started)
            #expect(started.staff)
            // By the phone alone the same person gets another post (A041).
            form["role"] = "desk"
            form["name"] = ""
            form["login"] = ""
            form["password"] = ""
            #expect(try await h.send(session, .post, path, form: form).status == 303)
            #expect(try await posts(started.person, h).map(\.role) == [.steward, .desk])
            let page = try await h.send(session, .get, path)
            #expect(page.text.contains("新师傅") && page.text.contains("2026-12-31"))
            #expect(try await audits("post.grant", h) == 2)
            let again = try await h.send(
                session, .post, "/desk/organisations",
                form: ["party": "1", "name": "新物业", "area": estate.text])
            #expect(again.status == 409 && again.text.contains("value=\"新物业\""))
            #expect(
                try await h.send(
                    session, .post, path, form: ["way": "rename", "name": "新新物业", "was": "新物业"]
                ).status == 303)
            #expect(try await h.send(session, .get, "/desk/organisations").text.contains("新新物业"))
        }
    }

    @Test func aPostIsRefusedByNameAndWhatWasTypedIsKept() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let estate = try await h.area("桂花苑")
            let path = "/desk/organisations/\(try await organisation("桂花苑物业服务中心", h).text)"
            let good = [
                "way": "grant", "phone": Self.phone, "name": "新师傅", "role": "steward", "area": estate.text,
                "from": "2026-03-19",
            ]
            func status(_ change: [String: String], says text: String = "") async throws -> Int {
                let answer = try await h.send(session, .post, path, form: good.merging(change) { $1 })
                #expect(text.isEmpty || answer.text.contains(text), "\(change)")
                let isKept = answer.text.contains("value=\"\(change["phone"] ?? Self.phone)\"")
                if answer.status == 422 { #expect(isKept, "\(change)") }
                return answer.status
            }
            #expect(try await status(["to": "2026-03-18"], says: "不能早于") == 422)
            #expect(try await status(["from": "2026-02-30"]) == 422)
            #expect(try await status(["from": "2026-01-01", "to": "2026-03-18"]) == 422)
            #expect(try await status(["phone": "12345"]) == 422)
            #expect(try await status(["name": ""]) == 422)
            #expect(try await status(["title": String(repeating: "长", count: 41)]) == 422)
            #expect(try await status(["login": "xin", "password": "short"]) == 422)
            #expect(try await status(["login": "no spaces", "password": "long enough word"]) == 422)
            #expect(try await status(["login": "desk", "password": "long enough word"]) == 409)
            // Beyond what the organisation serves, and no place at all.
            #expect(try await status(["area": try await h.area("兴隆花园").text]) == 422)
            #expect(try await status(["area": AreaID(77).text]) == 403)
            // Somebody else's phone: the name on it is not told, and a new person must be meant.
            let taken = try await h.send(
                session, .post, path, form: good.merging(["phone": "13800000002"]) { $1 })
            #expect(taken.status == 409 && !taken.text.contains("刘建国") && taken.text.contains("name=\"another\""))
            // The phone of two people needs a name.
            #expect(try await status(["phone": "13800000001", "name": ""]) == 422)
            // Nobody gets a password for an account of another.
            #expect(
                try await status([
                    "phone": "13800000002", "name": "刘建国", "login": "liu", "password": "long enough word",
                ]) == 422)
            #expect(try await audits("post.grant", h) == 0)
            #expect(try await status(["phone": "13800000002", "another": "1"]) == 303)
        }
    }

    @Test func nobodyGrantsBeyondTheirScopeNorEndsTheLastAdministrator() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let actor = try await localAdministrator(estate, h)
            let actions = OrganisationActions(
                database: h.house.database, world: h.house.world, journal: h.house.cases.journal,
                secrets: h.house.secrets)
            let today = Zone.shanghai.day(of: h.still.now)
            let own = try await organisation("桂花苑物业服务中心", h)
            let urban = try await organisation("城管中队", h)
            let operators = try await organisation("平台运维", h)
            func grant(_ body: OrganisationID, _ area: AreaID, _ role: Role) async throws {
                var grant = OrganisationActions.Grant(
                    organisation: body, role: role, area: area, from: today, phone: Self.phone)
                grant.name = "新师傅"
                try await actions.grant(grant, by: actor)
            }
            let street = try await h.area("梅江街道")
            let other = try await h.area("兴隆花园")
            await #expect(throws: DirectoryRefusal.beyondScope) { try await grant(own, street, .street) }
            await #expect(throws: DirectoryRefusal.beyondScope) { try await grant(own, other, .steward) }
            await #expect(throws: DirectoryRefusal.notFound) { try await grant(urban, estate, .department) }
            await #expect(throws: DirectoryRefusal.beyondScope) {
                try await actions.add(party: .property, name: "别处物业", area: other, by: actor)
            }
            try await grant(own, estate, .steward)

            // The administrator of the district cannot go before another has come.
            let session = try await h.signIn("administrator")
            let chief = try #require(try await h.actor(session).posts.first)
            let path = "/desk/organisations/\(operators.text)"
            let last = today.adding(1000).description
            let end = ["way": "end", "post": chief.id.text, "was": last, "last": today.description]
            #expect(try await h.send(session, .post, path, form: end).status == 409)
            #expect(try await h.send(session, .post, path, form: end.merging(["last": "x"]) { $1 }).status == 422)
            let district = try await h.area("城北区")
            #expect(
                try await h.send(
                    session, .post, path,
                    form: [
                        "way": "grant", "phone": Self.phone, "name": "接手人", "another": "1",
                        "role": "administrator", "area": district.text, "from": today.description,
                    ]
                ).status == 303)
            #expect(try await h.send(session, .post, path, form: end).status == 303)
        }
    }

    @Test func aPostEndsOnItsDayAndOfTwoPeopleOneIsTold() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let steward = try await h.signIn("steward")
            let person = try #require(try await h.actor(steward).person)
            let post = try #require(try await h.actor(steward).posts.first)
            let today = Zone.shanghai.day(of: h.still.now)
            let path = "/desk/organisations/\(post.organisation.text)"
            let seen = today.adding(1000).description
            func end(_ day: Day, _ other: [String: String] = [:]) async throws -> Int {
                let form = ["way": "end", "post": post.id.text, "was": seen, "last": day.description]
                return try await h.send(session, .post, path, form: form.merging(other) { $1 }).status
            }
            #expect(try await end(today.adding(-401)) == 422)
            #expect(try await end(today.adding(1001)) == 422)
            #expect(try await end(today, ["post": PostID(77).text]) == 404)
            #expect(try await end(today.adding(-1)) == 303)
            #expect(try await posts(person, h).isEmpty)
            #expect(try await h.send(steward, .get, "/desk").status == 403)
            #expect(try await end(today) == 409)
            #expect(try await audits("post.end", h) == 1)
            // One that has not begun is taken back.
            let estate = try await h.area("桂花苑")
            let later = today.adding(30).description
            #expect(
                try await h.send(
                    session, .post, path,
                    form: [
                        "way": "grant", "phone": Self.phone, "name": "新师傅", "role": "steward",
                        "area": estate.text, "from": later,
                    ]
                ).status == 303)
            let future = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first("select id from directory_post where from_day > \(today) limit 1") {
                        try $0.id(0, PostTag.self)
                    }
                })
            #expect(
                try await h.send(
                    session, .post, path,
                    form: ["way": "end", "post": future.text, "was": "9999-12-31", "last": later]
                ).status == 303)
            #expect(!(try await h.send(session, .get, path).text.contains("新师傅")))
        }
    }

    // MARK: Invitations and households

    @Test func staffHandOutAnInvitationOnceAndMayTakeItBack() async throws {
        try await TestHouse.with { h in
            let desk = try await h.signIn("desk")
            let building = try await h.area("5 号楼", under: try await h.area("桂花苑"))
            let unit = try await h.area("1 单元 301", under: building)
            let make = [
                "way": "make", "unit": unit.text, "relation": "tenant", "from": "2026-03-20", "to": "2026-09-30",
            ]
            func made(_ change: [String: String] = [:]) async throws -> String {
                let answer = try await h.send(
                    desk, .post, "/desk/invitations", form: make.merging(change) { $1 })
                #expect(answer.status == 200 && answer.text.contains("class=\"qr\""))
                let code = try #require(answer.text.firstMatch(of: /invitation=([0-9a-z-]+)/)?.1)
                return String(code)
            }
            let code = try await made()
            let guest = try await h.signIn("resident3")
            let page = try await h.send(guest, .get, "/me/join?invitation=\(code)")
            #expect(page.text.contains("value=\"\(code)\""))
            let join = ["way": "invitation", "invitation": code]
            #expect(try await h.send(guest, .post, "/me/join", form: join).status == 303)
            let person = try #require(try await h.actor(guest).person)
            func lives(_ day: String) async throws -> Bool {
                let day = try #require(Day(text: day))
                return try await h.house.database.read {
                    try DirectoryStore.homes(of: person, on: day, $0).contains { $0.unit == unit }
                }
            }
            #expect(try await !lives("2026-03-19"))
            #expect(try await lives("2026-03-20"))
            #expect(try await lives("2026-09-30"))
            #expect(try await !lives("2026-10-01"))

            // The second is revoked from the list: it opens nothing, and nobody revokes it twice.
            let second = try await made(["relation": "family"])
            let list = try await h.send(desk, .get, "/desk/invitations").text
            #expect(!list.contains(second))
            let digest = try #require(list.firstMatch(of: /name=digest value="([^"]+)"/)?.1)
            let revoke = ["way": "revoke", "digest": String(digest)]
            let elsewhere = try await h.signIn("desk2")
            let foreignList = try await h.send(elsewhere, .post, "/desk/invitations", form: revoke)
            #expect(foreignList.status == 404 && !foreignList.text.contains("5 号楼"))
            #expect(try await h.send(desk, .post, "/desk/invitations", form: revoke).status == 303)
            #expect(try await h.send(desk, .post, "/desk/invitations", form: revoke).status == 409)
            let dead = ["way": "invitation", "invitation": second]
            #expect(try await h.send(guest, .post, "/me/join", form: dead).status == 422)

            // Days in the wrong order, a unit elsewhere.
            let back = try await h.send(
                desk, .post, "/desk/invitations", form: make.merging(["to": "2026-03-19"]) { $1 })
            #expect(back.status == 422 && back.text.contains("value=\"2026-03-19\""))
            let far = try await h.area("1 号楼", under: try await h.area("兴隆花园"))
            let foreign = try await h.area("1 单元 101", under: far)
            let answer = try await h.send(
                desk, .post, "/desk/invitations", form: make.merging(["unit": foreign.text]) { $1 })
            #expect(answer.status == 422)
        }
    }

    @Test func residentsOfOneUnitShareAHouseholdAndACaseStaysItsReporters() async throws {
        try await TestHouse.with { h in
            let database = h.house.database
            let estate = try await h.area("桂花苑")
            let building = try await h.area("6 号楼", under: estate)
            let unit = try await h.area("2 单元 201", under: building)
            let today = Zone.shanghai.day(of: h.still.now)
            let desk = try await h.signIn("desk")
            func household(_ login: String) async throws -> Int64? {
                let person = try #require(try await h.actor(h.program(login)).person)
                return try await database.read { try HouseholdStore.household(of: person, in: unit, on: today, $0) }
            }
            func ask(_ login: String, _ relation: String) async throws {
                let session = try await h.signIn(login)
                let sent = try await h.send(
                    session, .post, "/me/join", form: ["way": "ask", "unit": unit.text, "relation": relation])
                #expect(sent.status == 303)
                let list = try await h.send(desk, .get, "/desk/homes").text
                let id = try #require(list.matches(of: /id="home-([0-9a-z]+)"/).last?.1)
                let accepted = try await h.send(
                    desk, .post, "/desk/homes/\(id)", form: ["decision": "accept"])
                #expect(accepted.status == 303)
            }
            // Family alone founds nothing; the owner does, and then all belong to it.
            try await ask("resident2", "family")
            #expect(try await household("resident2") == nil)
            try await ask("resident3", "owner")
            let shared = try #require(try await household("resident3"))
            #expect(try await household("resident2") == shared)
            try await ask("tenant", "tenant")
            #expect(try await household("tenant") == shared)
            let rows = try await database.read { try HouseholdStore.households(of: unit, on: today, $0) }
            #expect(rows.map(\.number) == [1] && rows.map(\.from) == [today])

            let id = try await h.report("厨房漏水", by: "resident3", at: unit, key: "hh")
            #expect(try await h.send(try await h.signIn("resident3"), .get, "/my/cases/\(id.text)").status == 200)
            #expect(try await h.send(try await h.signIn("resident2"), .get, "/my/cases/\(id.text)").status == 404)
        }
    }

    @Test func homesFromBeforeHouseholdsAreGivenThem() async throws {
        var template = Array("/tmp/redsteward-households-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestEngine.withPlace(in: folder) { place in
            let database = try await TestEngine.open(place)
            let now = TestHouse.start
            let old = DirectoryMigrations.all.filter {
                // What is found by goes along with every area.
                $0.id < "directory-005" || $0.id == "directory-120-find"
            }
            try await Schema(old).migrate(database, at: now)
            try await database.write { transaction in
                for (id, level) in [(1, AreaLevel.building), (2, .unit), (3, .unit)] {
                    let parent: AreaID? = id == 1 ? nil : AreaID(1)
                    let path = (parent.map { AreaPath.root.appending($0) } ?? .root).appending(AreaID(Int64(id)))
                    let area = Area(
                        id: AreaID(Int64(id)), parent: parent, level: level, name: "\(id)", path: path, estate: nil)
                    _ = try DirectoryStore.insertArea(area, code: "", at: now, transaction)
                }
                for id in 1...4 {
                    try DirectoryStore.insertPerson(
                        PersonID(Int64(id)), name: "p\(id)", phone: nil, at: now, transaction)
                }
                // Owner and family of one unit, somebody who waits there, and family alone in another.
                for (id, unit, relation, status) in [(1, 2, 4, 1), (2, 2, 1, 1), (3, 2, 3, 0), (4, 3, 4, 1)] {
                    try transaction.run(
                        """
                        insert into directory_home
                            (id, person_id, unit_id, estate_id, relation, status, from_day, to_day, created_ms)
                        values (\(id), \(id), \(unit), 0, \(relation), \(status), \(100 + id), \(9000 + id), 5)
                        """)
                }
            }
            let landed = try await Schema(DirectoryMigrations.all).migrate(database, at: now)
            #expect(landed.first == "directory-005-households")
            let homes = try await database.read { transaction in
                try transaction.query("select id, household_id from directory_home order by id") {
                    (try $0.int(0), try $0.optionalInt(1))
                }
            }
            #expect(homes.map(\.1) == [1, 1, nil, nil])
            let households = try await database.read {
                try HouseholdStore.households(of: AreaID(2), on: Day(number: 0), $0)
            }
            #expect(households.map(\.number) == [1])
            #expect(households.map(\.from.number) == [101] && households.map(\.to.number) == [9002])
            try await database.close()
        }
    }

    @Test func aServiceTelephoneIsANumberAndOneOfTwoEditorsIsTold() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let list = try await h.send(session, .get, "/desk/organisations")
            let path = String(try #require(list.text.firstMatch(of: /href="(\/desk\/organisations\/[0-9a-z]{13})"/)?.1))
            func put(_ line: String, was: String) async throws -> TestHouse.Answered {
                try await h.send(session, .post, path, form: ["way": "line", "line": line, "was": was])
            }
            let page = try await h.send(session, .get, path)
            let before = String(
                try #require(
                    page.text.firstMatch(of: /name=way value=line><input type=hidden name=was value="([^"]*)"/)?.1))
            for wrong in ["12", "call me", "0595-1234<b>", "1234567890123456"] {
                let answer = try await put(wrong, was: before)
                #expect(answer.status == 422 && answer.text.contains("line-error"), "\(wrong) \(answer.status)")
                #expect(
                    answer.text.contains("value=\"\(wrong.replacing("<", with: "&lt;").replacing(">", with: "&gt;"))\"")
                )
            }
            #expect(try await put("0000 555 0199", was: before).status == 303)
            #expect(try await put("0000 555 0177", was: before).status == 409)
            #expect(try await h.send(session, .get, path).text.contains("value=\"0000 555 0199\""))
            #expect(try await put("", was: "0000 555 0199").status == 303)
        }
    }
}

import Cases
import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Governance
@testable import Server

/// Bodies, slots, appointments, notices and contracts, as people use them and as programs do.
@Suite struct GovernanceTests {
    private func body(_ name: String, _ h: TestHouse) async throws -> OrganisationID {
        try #require(
            try await h.house.database.read { transaction in
                try transaction.first("select id from directory_organisation where name = \(name) limit 1") {
                    try $0.id(0, OrganisationTag.self)
                }
            })
    }
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? 0 }
    }
    private func audits(_ verb: String, _ h: TestHouse) async throws -> Int64 {
        try await count("select count(*) from storage_audit where verb = \(verb)", h)
    }
    private func actor(_ login: String, _ h: TestHouse) async throws -> Actor { try await h.actor(h.program(login)) }
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func contract(
        _ h: TestHouse, _ number: String, from: Day, to: Day, renews: Int64 = 0
    ) async throws -> Contract {
        Contract(
            id: h.house.world.id(), estate: try await h.area("兴隆花园"), company: try await body("兴隆物业服务中心", h),
            owners: "业主代表", number: number, signed: from.adding(-5), from: from, to: to, hundredthsSquareMetre: 0,
            feeStandard: "1.2", filingNumber: "B1", filed: from.adding(-1), renews: renews, ended: nil, endedWords: "",
            version: 1)
    }

    // MARK: Moves

    @Test func thePastOfAnEstateThatMovesStaysWithTheOldStreetAndItsOwnPeopleSeeBoth() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("兴隆花园")
            let (old, new) = (try await h.area("桂花社区"), try await h.area("翠微社区"))
            let home = try await h.area("1 号楼", under: estate)
            let before = try await h.report("搬家之前，水管漏水", by: "resident3", at: home, key: "m1")
            let session = try await h.signIn("administrator")
            let page = "/desk/areas/\(estate.text)/place"
            #expect(try await h.send(session, .get, page).text.contains("桂花社区"))
            let moved = try await h.send(session, .post, page, form: ["parent": new.text, "was": old.text])
            #expect(moved.status == 303)
            let after = try await h.report("搬家之后，电梯停运", by: "resident3", at: home, key: "m2")
            func sees(_ login: String, _ id: CaseID) async throws -> Bool {
                try await h.send(try h.program(login), .get, "/desk/cases/\(id.text)").status == 200
            }
            for (login, id) in [("grid", before), ("grid2", after), ("desk2", before), ("desk2", after)] {
                #expect(try await sees(login, id), "\(login)")
            }
            for (login, id) in [("grid2", before), ("grid", after)] {
                #expect(try await !sees(login, id), "\(login)")
            }
            let list = try await h.send(try h.program("desk2"), .get, "/api/v1/cases?limit=100")
            #expect(list.text.contains(before.text) && list.text.contains(after.text))
            #expect(try await audits("area.move", h) == 1)
            #expect(try await h.send(session, .get, page).text.contains("以前归谁"))
            // Every unit below stands under the new place, none under the old.
            let wrong = try await h.house.database.read { transaction in
                try DirectoryStore.areas(
                    under: #require(try DirectoryStore.area(old, transaction)).path, level: .unit, transaction
                ).filter { $0.estate == estate }.count
            }
            #expect(wrong == 0)
            // Moved back: the paths of then are found again, nothing is refused.
            #expect(
                try await h.send(session, .post, page, form: ["parent": old.text, "was": new.text]).status == 303)
            for (login, id) in [("grid", before), ("desk2", after), ("grid2", after)] {
                #expect(try await sees(login, id), "\(login)")
            }
        }
    }

    @Test func anAreaIsNotMovedUnderItselfNorTwiceAtOnceNorToAnotherLevel() async throws {
        try await TestHouse.with { h in
            let (community, other) = (try await h.area("桂花社区"), try await h.area("翠微社区"))
            let (estate, street) = (try await h.area("兴隆花园"), try await h.area("梅江街道"))
            let building = try await h.area("1 号楼", under: estate)
            let program = try h.program("administrator")
            func move(_ id: AreaID, _ parent: AreaID, _ was: AreaID) async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, "/api/v1/areas/\(id.text)/place",
                    .object([("parent", .string(parent.text)), ("was", .string(was.text))]))
            }
            #expect(try await code(move(community, estate, street)) == "areaUnderItself")
            #expect(try await code(move(estate, estate, community)) == "areaUnderItself")
            #expect(try await code(move(building, other, estate)) == "areaStays")
            #expect(try await code(move(estate, street, community)) == "badNewPlace")
            #expect(try await code(move(estate, other, other)) == "changedMeanwhile")
            #expect(try await move(estate, other, community).status == 200)
            #expect(try await code(move(estate, other, community)) == "changedMeanwhile")
            #expect(try await h.send(h.program("grid"), .get, "/api/v1/areas/\(estate.text)/place").status == 403)
        }
    }

    // MARK: Bodies and slots

    @Test func aTermIsHeldAgainstTheLimitsOfItsBody() throws {
        func term(_ seats: Int64, _ owners: Int64, _ women: Int64, days: Int = 1000) -> Term {
            let from = Day(number: 20_000)
            return Term(
                id: 1, organisation: OrganisationID(1), number: 0, from: from, to: from.adding(days), seats: seats,
                owners: owners, women: women, basis: "x", version: 1)
        }
        func refused(_ kind: OrganisationKind, _ term: Term) -> GovernanceRefusal? {
            let values: [LimitKey: Int64] = [
                .committeeSeatsLeast: 5, .committeeSeatsMost: 11, .committeeYears: 5, .managementSeatsLeast: 7,
                .managementYears: 3, .residentsSeatsLeast: 5, .residentsSeatsMost: 9, .residentsYears: 5,
            ]
            do {
                try TermRules.check(term, TermRules.bounds(kind) { values[$0] ?? 0 })
                return nil
            } catch { return error as? GovernanceRefusal }
        }
        #expect(refused(.ownersCommittee, term(5, 5, 0)) == nil)
        #expect(refused(.ownersCommittee, term(6, 5, 0)) == .seatsEven)
        #expect(refused(.ownersCommittee, term(13, 5, 0)) == .seatsOutside("5", "11"))
        #expect(refused(.managementCommittee, term(7, 4, 0)) == nil)
        #expect(refused(.managementCommittee, term(7, 3, 0)) == .ownersTooFew)
        #expect(refused(.managementCommittee, term(7, 4, 0, days: 1094)) == nil)
        #expect(refused(.managementCommittee, term(7, 4, 0, days: 1095)) == .termTooLong("3"))
        #expect(refused(.residentsCommittee, term(5, 0, 0)) == .noWoman)
        #expect(refused(.residentsCommittee, term(6, 0, 1)) == nil)
        #expect(refused(.volunteers, term(40, 0, 0)) == nil)
        #expect(refused(.volunteers, term(4, 0, 0, days: -1)) == .endsBeforeItBegins)
    }

    @Test func anEstateHasOneBodyOfItsOwnersAndABodySitsAtItsLevel() async throws {
        try await TestHouse.with { h in
            let program = try h.program("approver")
            let (guihua, community) = (try await h.area("桂花苑"), try await h.area("桂花社区"))
            func add(_ kind: String, _ name: String, _ area: AreaID) async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, "/api/v1/bodies",
                    .object([("kind", .string(kind)), ("name", .string(name)), ("area", .string(area.text))]))
            }
            #expect(try await code(add("residentsCouncil", "议事会", guihua)) == "otherEstateBody")
            #expect(try await code(add("residentsCouncil", "议事会", community)) == "wrongLevel")
            #expect(try await code(add("volunteers", "桂花社区居民委员会", community)) == "bodyTaken")
            #expect(try await code(add("nothing", "x", community)) == "badField")
            #expect(try await add("volunteers", "桂花志愿队", community).status == 201)
            // Out of scope is not found.
            let far = try await h.area("翠微社区")
            #expect(try await add("volunteers", "远队", far).status == 404)
            let list = try await h.send(program, .get, "/api/v1/bodies?limit=2").json()
            #expect(list["items"]?.items.count == 2)
            let next = try #require(list["next_cursor"]?.stringValue)
            let more = try await h.send(program, .get, "/api/v1/bodies?limit=2&cursor=\(next)").json()
            #expect(more["items"]?.items.first?["id"]?.stringValue != list["items"]?.items.first?["id"]?.stringValue)
        }
    }

    @Test func whoIsWhoShowsVacanciesAndOnlyPartyAffairsSeesWhoIsAMember() async throws {
        try await TestHouse.with { h in
            let community = try await h.area("桂花社区")
            let page = "/desk/who/\(community.text)"
            let looks = try await audits("party.look", h)
            let seen = try await h.send(try await h.signIn("approver"), .get, page)
            #expect(seen.status == 200 && seen.text.contains("空缺") && seen.text.contains("桂花第一网格"))
            #expect(seen.text.contains("孙委员") && !seen.text.contains("周书记</") && !seen.text.contains("李师傅"))
            #expect(try await audits("party.look", h) == looks)
            let party = try await h.send(try await h.signIn("party"), .get, page)
            #expect(party.text.contains("周书记") && party.text.contains("李师傅"))
            #expect(try await audits("party.look", h) == looks + 1)
            // The same as JSON, and the roll-up above.
            let api = try await h.send(try h.program("approver"), .get, "/api/v1/who/\(community.text)").json()
            let slots = try #require(api["slots"]?.items)
            #expect(
                slots.filter { $0["slot"]?.stringValue == "partyBody" }.allSatisfy { $0["contact"]?.isNull == true })
            #expect(slots.contains { $0["slot"]?.stringValue == "volunteers" && $0["organisation"]?.isNull == true })
            let street = try await h.area("梅江街道")
            let roll = try await h.send(try h.program("street"), .get, "/api/v1/who/\(street.text)").json()
            #expect(roll["below"]?.items.count == 2)
            #expect(try await h.send(h.program("grid2"), .get, "/api/v1/who/\(community.text)").status == 404)
            // Two at once: the second is told. A body that does not fit is refused.
            let guihua = try await h.area("桂花苑")
            let actor = try await actor("approver", h)
            let committee = try await body("桂花苑业主委员会", h)
            let desk = h.house.governance.desk
            try await desk.fill(
                .ownersBody, at: guihua, zone: 0, with: nil, contact: nil, was: 1, by: actor)
            await #expect(throws: GovernanceRefusal.changedMeanwhile) {
                try await desk.fill(
                    .ownersBody, at: guihua, zone: 0, with: committee, contact: nil, was: 1, by: actor)
            }
            await #expect(throws: GovernanceRefusal.slotDoesNotFit) {
                try await desk.fill(
                    .property, at: guihua, zone: 0, with: committee, contact: nil, was: 1, by: actor)
            }
        }
    }

    // MARK: Appointments

    @Test func anAppointmentHasANumberALetterATermAndARevocation() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("approver")
            let building = try await h.area("5 号楼", under: try await h.area("桂花苑"))
            let committee = try await body("桂花社区居民委员会", h)
            let day = today(h)
            func form(_ from: Day, _ to: Day) -> [String: String] {
                [
                    "way": "add", "kind": "buildingLeader", "organisation": committee.text, "area": building.text,
                    "from": from.description, "to": to.description, "duties": "走访", "phone": "13900000031",
                    "name": "秦大姐",
                ]
            }
            let bad = try await h.send(
                session, .post, "/desk/appointments", form: form(day, day.adding(-1)))
            #expect(bad.status == 422 && bad.text.contains("秦大姐"))
            #expect(
                try await h.send(session, .post, "/desk/appointments", form: form(day, day.adding(1200))).status == 422)
            let made = try await h.send(session, .post, "/desk/appointments", form: form(day, day.adding(700)))
            #expect(made.status == 303)
            #expect(
                try await h.send(session, .post, "/desk/appointments", form: form(day, day.adding(10))).status == 409)
            let place = try #require(made.headers[.location])
            let letter = try await h.send(session, .get, place + "/letter").text
            #expect(letter.contains("聘书") && letter.contains("秦大姐") && letter.contains("5 号楼"))
            #expect(letter.contains(day.description) && letter.contains("聘〔2026〕"))
            // Revoked with a reason, once, and only as it was seen.
            #expect(
                try await h.send(session, .post, place, form: ["way": "revoke", "why": "", "version": "1"]).status
                    == 422)
            #expect(
                try await h.send(session, .post, place, form: ["way": "revoke", "why": "搬走了", "version": "7"]).status
                    == 409)
            #expect(
                try await h.send(session, .post, place, form: ["way": "revoke", "why": "搬走了", "version": "1"]).status
                    == 303)
            #expect(try await h.send(session, .get, place + "/letter").text.contains("搬走了"))
            #expect(
                try await h.send(session, .post, place, form: ["way": "revoke", "why": "再", "version": "2"]).status
                    == 409)
            #expect(try await h.send(try await h.signIn("grid2"), .get, place).status == 404)
            #expect(try await h.send(try await h.signIn("resident"), .get, place).status == 403)
        }
    }

    @Test func manyAppointedAtOnceGetDifferentNumbers() async throws {
        try await TestHouse.with { h in
            let actor = try await actor("approver", h)
            let committee = try await body("桂花社区居民委员会", h)
            let guihua = try await h.area("桂花苑")
            let (desk, day) = (h.house.governance.desk, today(h))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        let named = try NamedPerson(
                            phone: "1390000010\(index % 10)", name: "人\(index)", secrets: h.house.secrets,
                            world: h.house.world)
                        // Two share a phone under different names: one of them is refused, none is lost silently.
                        do {
                            try await desk.appoint(
                                NewAppointment(
                                    kind: .propertySupervisor, organisation: committee, area: guihua, from: day,
                                    to: day.adding(30), duties: ""), named, by: actor)
                        } catch DirectoryRefusal.phoneTaken {}
                    }
                }
                try await group.waitForAll()
            }
            let serials = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    select serial from governance_appointment where organisation_id = \(committee) and year = 2026
                    order by serial
                    """
                ) { try $0.int(0) }
            }
            #expect(serials.count == 13 && serials == Array(1...13).map(Int64.init))
        }
    }

    @Test func whatRevealsMembershipIsMissingForEverybodyElse() async throws {
        try await TestHouse.with { h in
            let id = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first("select id from governance_appointment where kind = 2") {
                        try $0.id(0, AppointmentTag.self)
                    }
                })
            for login in ["approver", "grid", "desk", "street", "district", "grid2"] {
                let program = try h.program(login)
                #expect(
                    try await h.send(program, .get, "/api/v1/appointments/\(id.text)").status == 404, "\(login)")
                let list = try await h.send(program, .get, "/api/v1/appointments?limit=100")
                #expect(list.status == 200 && !list.text.contains("coreHousehold"), "\(login)")
                #expect(try await !h.send(program, .get, "/api/v1/links").text.contains("联户"), "\(login)")
            }
            let looks = try await audits("party.look", h)
            let party = try h.program("party")
            #expect(try await h.send(party, .get, "/api/v1/appointments/\(id.text)").status == 200)
            #expect(try await h.send(party, .get, "/api/v1/appointments").text.contains("coreHousehold"))
            #expect(try await h.send(party, .get, "/api/v1/links").text.contains("联户"))
            #expect(try await audits("party.look", h) == looks + 2)
            // One's own is one's own to see.
            #expect(try await h.send(h.program("resident2"), .get, "/api/v1/my/duties").text.contains("coreHousehold"))
            #expect(try await h.send(h.program("resident"), .get, "/api/v1/my/duties/\(id.text)").status == 404)
            // Nobody else makes one, by any door.
            let unit = try await h.area("2 单元 501", under: try await h.area("3 号楼", under: try await h.area("桂花苑")))
            let made = try await h.json(
                try h.program("approver"), .post, "/api/v1/appointments",
                .object([
                    ("kind", .string("coreHousehold")), ("area", .string(unit.text)),
                    ("organisation", .string(try await body("桂花社区居民委员会", h).text)),
                    ("from", .string("2026-03-19")), ("to", .string("2026-12-31")), ("phone", .string("13900000044")),
                    ("name", .string("某人")),
                ]))
            #expect(try made.status == 403 && code(made) == "membersOnly")
        }
    }

    @Test func visitsArePlannedOnceAPeriodAndCountedByPerson() async throws {
        try await TestHouse.with { h in
            let house = h.house.governance
            try await house.sweep()
            try await house.sweep()
            let first = try await count("select count(*) from governance_task", h)
            #expect(first == 3)
            h.still.advance(minutes: 1440 * 8)
            try await house.sweep()
            #expect(try await count("select count(*) from governance_task", h) > first)
            let session = try await h.signIn("resident")
            let duties = try await h.send(session, .get, "/my/duties")
            let link = try #require(duties.text.ranges(of: "/my/duties/").first)
            let place = "/my/duties/" + duties.text[link.upperBound...].prefix(13)
            let form = ["way": "record", "topic": "visit", "words": "又走访一遍", "day": today(h).description]
            #expect(try await h.send(session, .post, place, form: form).status == 303)
            #expect(try await h.send(try await h.signIn("resident2"), .post, place, form: form).status == 404)
            var late = form
            late["day"] = today(h).adding(1).description
            #expect(try await h.send(session, .post, place, form: late).status == 422)
            let figures = try await h.send(try h.program("approver"), .get, "/api/v1/duties").json()
            let mine = try #require(figures["items"]?.items.first { $0["kind"]?.stringValue == "buildingLeader" })
            #expect(mine["records"]?.intValue == 2 && mine["kept"]?.intValue == 1)
        }
    }

    @Test func anOpenSelectionGoesFromItsNoticeToItsLetters() async throws {
        try await TestHouse.with { h in
            let tenant = try await h.signIn("tenant")
            let list = try await h.send(tenant, .get, "/my/selections")
            let link = try #require(list.text.ranges(of: "/my/selections/").first)
            let id = String(list.text[link.upperBound...].prefix(13))
            let place = "/my/selections/\(id)"
            #expect(try await h.send(try await h.signIn("resident"), .get, place).status == 404)
            let stand = ["way": "stand", "words": "我常住这里"]
            #expect(try await h.send(tenant, .post, place, form: stand).status == 303)
            #expect(try await h.send(tenant, .post, place, form: stand).status == 409)
            #expect(try await h.send(tenant, .post, place, form: ["way": "withdraw"]).status == 303)
            #expect(try await h.send(tenant, .post, place, form: stand).status == 303)
            let staff = try await h.signIn("approver")
            let person = try #require(try await actor("tenant", h).person)
            func decide(_ elected: String, _ version: String) async throws -> TestHouse.Answered {
                try await h.send(
                    staff, .post, "/desk/selections/\(id)",
                    form: [
                        "way": "decide", "elected": elected, "result": "居民评议通过", "from": "2026-04-01",
                        "to": "2028-04-01", "version": version,
                    ])
            }
            #expect(try await decide(person.text, "1").status == 409)
            h.still.advance(minutes: 1440 * 7)
            let later = try await h.signIn("approver")
            let letters = try await count("select count(*) from governance_appointment", h)
            func again(_ elected: String, _ version: String) async throws -> TestHouse.Answered {
                try await h.send(
                    later, .post, "/desk/selections/\(id)",
                    form: [
                        "way": "decide", "elected": elected, "result": "居民评议通过", "from": "2026-04-01",
                        "to": "2028-04-01", "version": version,
                    ])
            }
            let stranger = try #require(try await actor("resident3", h).person)
            #expect(try await again(stranger.text, "1").status == 422)
            #expect(try await count("select count(*) from governance_appointment", h) == letters)
            #expect(try await again(person.text, "1").status == 303)
            #expect(try await again(person.text, "1").status == 409)
            #expect(try await count("select count(*) from governance_appointment", h) == letters + 1)
            #expect(try await h.send(tenant, .get, place).text.contains("林小雨"))
            // A neighbour reads the whole name only with the consent of the one who was chosen.
            try await h.house.database.write { transaction in
                let neighbour = try #require(
                    try transaction.first("select id from directory_person where name = '刘建国'") { try $0.int(0) })
                try transaction.run(
                    """
                    update directory_home set unit_id = (select unit_id from directory_home where person_id = \(person))
                    where person_id = \(neighbour)
                    """)
            }
            let neighbour = try await h.signIn("resident2")
            let masked = try await h.send(neighbour, .get, place).text
            #expect(masked.contains("林**") && !masked.contains("林小雨"))
            try await h.house.privacy.desk.consent("boardName", given: true, channel: "page", by: person)
            #expect(try await h.send(neighbour, .get, place).text.contains("林小雨"))
        }
    }

    // MARK: Notices

    @Test func aNoticeGoesFromIssueToCloseAndNobodyChecksTheirOwnWork() async throws {
        try await TestHouse.with { h in
            let id = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first("select id from governance_notice") { try $0.id(0, CorrectiveTag.self) }
                })
            func step(_ login: String, _ way: String, _ version: Int64) async throws -> TestHouse.Answered {
                try await h.json(
                    try h.program(login), .post, "/api/v1/notices/\(id.text)/\(way)",
                    .object([("words", .string("看过了")), ("version", .int(version))]))
            }
            #expect(try await step("desk", "check", 2).status == 403)
            #expect(try await step("desk2", "answer", 2).status == 404)
            #expect(try await code(step("approver", "closure", 2)) == "noticeNotThere")
            #expect(try await step("approver", "return", 2).status == 204)
            #expect(try await code(step("approver", "return", 2)) == "changedMeanwhile")
            let due = try await h.send(try h.program("desk"), .get, "/api/v1/notices/\(id.text)").json()
            // Five working days after Thursday, 19 March.
            #expect(due["notice"]?["due"]?.stringValue == "2026-03-26" && due["notice"]?["round"]?.intValue == 2)
            h.still.advance(minutes: 1440 * 8)
            let told = try await count("select count(*) from messaging_item where notice = 'governance.noticeLate'", h)
            try await h.house.governance.sweep()
            try await h.house.governance.sweep()
            #expect(
                try await count("select count(*) from messaging_item where notice = 'governance.noticeLate'", h)
                    == told + 2)
            #expect(try await step("desk", "answer", 3).status == 204)
            #expect(try await step("approver", "check", 4).status == 204)
            #expect(try await step("approver", "closure", 5).status == 204)
            #expect(try await code(step("approver", "closure", 6)) == "noticeNotThere")
        }
    }

    // MARK: Contracts

    @Test func contractsOfOneEstateNeverCoverTheSameDay() async throws {
        try await TestHouse.with { h in
            let desk = h.house.governance.desk
            let actor = try await actor("approver", h)
            let day = today(h)
            let first = try await contract(h, "N1", from: day.adding(501), to: day.adding(600))
            try await desk.register(first, by: actor)
            let backwards = try await contract(h, "N2", from: day.adding(700), to: day.adding(699))
            await #expect(throws: GovernanceRefusal.endsBeforeItBegins) {
                try await desk.register(backwards, by: actor)
            }
            let over = try await contract(h, "N3", from: day.adding(600), to: day.adding(900))
            await #expect(throws: GovernanceRefusal.contractOverlaps("N1")) { try await desk.register(over, by: actor) }
            let early = try await contract(
                h, "N4", from: day.adding(550), to: day.adding(900), renews: first.id.raw)
            await #expect(throws: GovernanceRefusal.renewalBeforeEnd) { try await desk.register(early, by: actor) }
            // Two clerks at once: one contract.
            let a = try await contract(h, "N5", from: day.adding(601), to: day.adding(900), renews: first.id.raw)
            let b = try await contract(h, "N6", from: day.adding(601), to: day.adding(950), renews: first.id.raw)
            let kept = await withTaskGroup(of: Bool.self) { group in
                for c in [a, b] { group.addTask { (try? await desk.register(c, by: actor)) != nil } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(kept == 1)
            // What was ended early makes room from the next day on.
            try await desk.endContract(first.id, on: day.adding(560), words: "协商解除", was: 1, by: actor)
            await #expect(throws: GovernanceRefusal.changedMeanwhile) {
                try await desk.endContract(first.id, on: day.adding(550), words: "再次", was: 1, by: actor)
            }
            try await desk.register(
                try await contract(h, "N7", from: day.adding(561), to: day.adding(600)), by: actor)
        }
    }

    @Test func eachDateOfAContractIsToldOnceByTheLimitsAsTheyStand() async throws {
        try await TestHouse.with { h in
            let governance = h.house.governance
            func told() async throws -> Int64 {
                try await count("select count(*) from messaging_item where notice = 'governance.contract'", h)
            }
            func reminders() async throws -> Int64 {
                try await count("select count(*) from governance_contract_reminder", h)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await governance.sweep() } }
                try await group.waitForAll()
            }
            // 75 days before its end the contract of Guihua is past its 90th; that of Xinglong was never filed.
            #expect(try await reminders() == 2)
            let first = try await told()
            #expect(first > 0)
            h.still.advance(minutes: 1440 * 14)
            try await governance.sweep()
            #expect(try await reminders() == 2)
            h.still.advance(minutes: 1440 * 1)
            try await governance.sweep()
            try await governance.sweep()
            #expect(try await reminders() == 3)
            #expect(try await told() > first)
            // A limit that was changed makes other dates.
            let admin = try h.program("administrator")
            let set = try await h.json(
                admin, .post, "/api/v1/limits/contractOwnersDays",
                .object([
                    ("value", .int(61)), ("source", .string("试验")),
                    ("since", .string("2026-01-01")), ("version", .int(1)),
                ]))
            #expect(set.status == 204)
            try await governance.sweep()
            #expect(try await reminders() == 4)
        }
    }

    // MARK: Zones and links

    @Test func aBuildingIsInOneGridAndAHomeHasOnePersonOnAList() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let community = try await h.area("桂花社区")
            let program = try h.program("approver")
            func draw(_ name: String, _ parts: [AreaID], kind: String = "grid") async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, "/api/v1/zones",
                    .object([
                        ("kind", .string(kind)), ("area", .string(community.text)), ("name", .string(name)),
                        ("part", .array(parts.map { .string($0.text) })),
                    ]))
            }
            let three = try await h.area("3 号楼", under: guihua)
            let five = try await h.area("5 号楼", under: guihua)
            let far = try await h.area("1 号楼", under: try await h.area("领秀新都"))
            #expect(try await code(draw("二", [three, five])) == "buildingInOtherZone")
            #expect(try await code(draw("二", [far])) == "partOutside")
            #expect(try await draw("二", [five], kind: "partyZone").status == 404)
            #expect(try await draw("二", [five]).status == 201)
            // The party zone is known to be there; who is in it is not told.
            let zones = try await h.send(program, .get, "/api/v1/zones").json()
            let zone = try #require(zones["items"]?.items.first { $0["kind"]?.stringValue == "partyZone" })
            let id = try #require(zone["id"]?.stringValue)
            #expect(try await h.send(program, .get, "/api/v1/zones/\(id)").json()["members"]?.isNull == true)
            let looks = try await audits("party.look", h)
            let party = try h.program("party")
            #expect(try await h.send(party, .get, "/api/v1/zones/\(id)").text.contains("刘建国"))
            #expect(try await audits("party.look", h) == looks + 1)

            let lists = try await h.send(party, .get, "/api/v1/links").json()
            let list = try #require(lists["items"]?.items.first?["id"]?.stringValue)
            let unit = try await h.area("2 单元 502", under: three)
            let twice = try await h.json(
                party, .post, "/api/v1/links/\(list)/links",
                .object([
                    ("phone", .string("13800000013")), ("name", .string("赵敏")),
                    ("unit", .string(unit.text)),
                ]))
            #expect(try code(twice) == "linkedTwice")
            let session = try await h.signIn("resident2")
            let mine = try await h.send(session, .get, "/api/v1/my/links").json()
            let link = try #require(mine["items"]?.items.first?["id"]?.stringValue)
            let form = ["way": "visit", "link": link, "day": today(h).description, "words": "送去通知"]
            #expect(try await h.send(session, .post, "/my/links", form: form).status == 303)
            #expect(try await h.send(try await h.signIn("resident"), .post, "/my/links", form: form).status == 404)
            #expect(try await h.send(session, .get, "/my/links").text.contains("1 次"))
        }
    }
}

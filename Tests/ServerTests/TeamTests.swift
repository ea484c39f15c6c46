import Directory
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Governance
@testable import Server

/// Teams of red stewards and their badges.
@Suite struct TeamTests {
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func body(_ name: String, _ h: TestHouse) async throws -> OrganisationID {
        try await h.house.database.read { transaction in
            try #require(
                try transaction.first("select id from directory_organisation where name = \(name) limit 1") {
                    try $0.id(0, OrganisationTag.self)
                })
        }
    }

    @Test func aTeamHoldsStewardsAndABadgeHoldsWhileItsHolderIsOne() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let program = try h.program("approver")
            let today = Zone.shanghai.day(of: h.still.now)
            let company = try await body("桂花苑物业服务中心", h)
            func post(_ path: String, _ pairs: [(String, JSON)]) async throws -> TestHouse.Answered {
                try await h.json(program, .post, path, .object(pairs))
            }
            func make(_ area: AreaID, _ by: OrganisationID) async throws -> TestHouse.Answered {
                try await post(
                    "/api/v1/teams",
                    [
                        ("area", .string(area.text)), ("organisation", .string(by.text)), ("name", .string("桂花红管家队")),
                    ])
            }
            // No body of the party keeps one, nor is it of a building or out of reach.
            #expect(try await code(make(guihua, body("桂花社区党委", h))) == "badChoice")
            #expect(try await code(make(h.area("3 号楼", under: guihua), company)) == "wrongLevel")
            #expect(try await make(h.area("领秀新都"), company).status == 404)
            let made = try await make(guihua, company)
            #expect(made.status == 201, "\(made.text)")
            #expect(try await code(make(guihua, company)) == "bodyTaken")
            let here = try #require(made.headers[.location])
            let page = here.replacing("/api/v1", with: "/desk")
            func join(_ phone: String, _ name: String) async throws -> TestHouse.Answered {
                try await post(
                    here + "/members", [("phone", .string(phone)), ("name", .string(name)), ("lead", .bool(true))])
            }
            #expect(try await code(join("13800000001", "王阿姨")) == "noSteward")
            #expect(try await join("13800000012", "李师傅").status == 204)
            #expect(try await code(join("13800000012", "李师傅")) == "linkedTwice")
            let view = try await h.json(program, .get, here).json()
            let member = try #require(view["members"]?.items.first)
            let person = try #require(member["person"]?.stringValue)
            #expect(member["roles"]?.items.compactMap(\.stringValue) == ["steward"])
            func give(_ to: Day) async throws -> TestHouse.Answered {
                try await post(
                    here + "/badges", [("person", .string(person)), ("to", .string(to.description))])
            }
            #expect(try await code(give(today.adding(-1))) == "badDay")
            // Two clerks at once: one badge.
            let wanted = JSON.object([
                ("person", .string(person)), ("to", .string(today.adding(364).description)),
            ])
            async let one = h.json(program, .post, here + "/badges", wanted)
            async let two = h.json(program, .post, here + "/badges", wanted)
            #expect(try await [one, two].map(\.status).sorted() == [204, 409])
            let badge = try #require(try await h.json(program, .get, here).json()["badges"]?.items.first)
            let sign = try #require(badge["code"]?.stringValue)
            let id = try #require(badge["id"]?.stringValue)
            #expect(sign.count == 12)
            // On paper: name, post, team, estate, number and picture; nothing of the party, though he is in its branch.
            let session = try await h.signIn("approver")
            let paper = try await h.send(session, .get, "/desk/team-badges/\(id)").text
            for part in ["李师傅", "桂花红管家队", "桂花苑", "管〔2026〕", "红管家", "<svg"] {
                #expect(paper.contains(part), "\(part)")
            }
            let sheet = try #require(paper.firstMatch(of: /<article.*<\/article>/.dotMatchesNewlines()))
            #expect(!sheet.output.contains("党"))
            #expect(try await h.send(try await h.signIn("grid2"), .get, "/desk/team-badges/\(id)").status == 404)
            // Anybody sees by the code whether it holds, and nothing without it.
            let visitor = try await h.visitor()
            func check() async throws -> (page: String, holds: Bool?, name: String?) {
                let api = try await h.send(visitor, .get, "/api/v1/badges/\(sign)").json()
                let page = try await h.send(visitor, .get, "/badges/\(sign)").text
                return (page, api["holds"]?.boolValue, api["name"]?.stringValue)
            }
            let good = try await check()
            #expect(good.holds == true && good.name == "李师傅" && good.page.contains("有效"))
            #expect(good.page.contains("李师傅") && !good.page.contains("党支部"))
            for bad in [id, "0", "nothing", String(sign.dropLast())] {
                #expect(try await h.send(visitor, .get, "/badges/\(bad)").status == 404, "\(bad)")
                #expect(try await h.send(visitor, .get, "/api/v1/badges/\(bad)").status == 404, "\(bad)")
            }
            // His post ends: it no longer holds and names nobody. With the post it holds again.
            func postEnds(_ day: Day) async throws {
                try await h.house.database.write { transaction in
                    try transaction.run(
                        """
                        update directory_post set to_day = \(day)
                        where person_id = \(PersonID(text: person) ?? PersonID(0)) and role = \(Role.steward)
                        """)
                }
            }
            try await postEnds(today.adding(-1))
            let gone = try await check()
            #expect(gone.holds == false && gone.name == nil && !gone.page.contains("李师傅"))
            #expect(gone.page.contains("已失效"))
            try await postEnds(today.adding(900))
            #expect(try await check().holds == true)
            // Withdrawn with a reason, in the edition that was seen; a new one has the next number.
            func withdraw(_ version: Int64) async throws -> TestHouse.Answered {
                try await post(
                    here + "/badges/\(id)/withdrawal", [("why", .string("丢了")), ("version", .int(version))])
            }
            #expect(try await code(withdraw(9)) == "changedMeanwhile")
            #expect(try await withdraw(1).status == 204)
            #expect(try await check().holds == false)
            #expect(try await give(today.adding(364)).status == 204)
            let badges = try await h.json(program, .get, here).json()["badges"]?.items ?? []
            #expect(badges.count == 2)
            #expect(Set(badges.compactMap { $0["serial"]?.intValue }).count == 2)
            // Who leaves the team leaves the badge; a team that ends takes them all.
            let leaves = try await h.send(
                session, .post, page,
                form: [
                    "way": "memberEnd", "member": member["id"]?.stringValue ?? "", "version": "1",
                ])
            #expect(leaves.status == 303)
            let after = try await h.json(program, .get, here).json()
            #expect(after["members"]?.items.isEmpty == true)
            #expect(after["badges"]?.items.allSatisfy { $0["withdrawn"]?.isNull == false } == true)
            #expect(try await h.send(session, .post, page, form: ["way": "end", "version": "1"]).status == 303)
            #expect(try await h.send(session, .get, page).status == 404)
        }
    }
}

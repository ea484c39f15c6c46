import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Governance
@testable import Server

/// Plates and vehicles, cross posts, merged front desks, limits: pure rules, and the same through the doors.
@Suite struct GovernanceDeskTests {
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? 0 }
    }

    @Test func platesAreReadByTheirFormAndShownMasked() {
        let good: [(String, Plate.Kind)] = [
            ("赣B12345", .ordinary), ("豫A123G7", .ordinary), ("赣BD12345", .smallNewEnergy),
            ("鲁BAF1234", .smallNewEnergy), ("赣B12345D", .largeNewEnergy), ("粤Z1234港", .special),
            ("鲁b·12345", .ordinary), ("京 A1234警", .special),
            ("赣X1234应急", .special), ("使014578", .special), ("沪A1234领", .special), ("临鲁B12345", .special),
            ("鲁B12345临", .special), ("鲁B1234临", .special),
        ]
        for (text, kind) in good { #expect(Plate(text)?.kind == kind, "\(text)") }
        for bad in [
            "京AI1234", "青A8888O", "B12345", "赣I12345", "赣B1234", "赣B123456", "赣BL12345", "台B12345", "",
            "赣B1234５", "赣B12345DD",
            "使01457", "使01457A", "赣X1234急", "赣X12应急", "临赣BD12345", "临临鲁B12345", "鲁B123临", "应急赣X1234",
            String(repeating: "赣", count: 500),
        ] {
            #expect(Plate(bad) == nil, "\(bad.prefix(12))")
        }
        #expect(Plate("鲁b·12345")?.text == "鲁B12345")
        #expect(Plate("赣BD12345")?.masked == "赣B****45")
    }

    @Test func aVehicleIsBoundToAHomeByThoseWhoLiveThereOrServeItAndIsMasked() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("resident")
            let home = try #require(try await h.actor(session).homes.first)
            let add = ["way": "add", "plate": "赣B·D12345", "unit": home.unit.text]
            #expect(try await h.send(session, .post, "/my/vehicles", form: add).status == 303)
            #expect(try await h.send(session, .post, "/my/vehicles", form: add).status == 409)
            var bad = add
            bad["plate"] = "赣BI1234"
            let back = try await h.send(session, .post, "/my/vehicles", form: bad)
            #expect(back.status == 422 && back.text.contains("赣BI1234"))
            let page = try await h.send(session, .get, "/my/vehicles").text
            #expect(page.contains("赣B****45") && !page.contains("赣BD12345"))
            // A neighbour may not, nor staff of another estate.
            #expect(try await h.send(try await h.signIn("tenant"), .post, "/my/vehicles", form: add).status == 404)
            let far = try await h.json(
                try h.program("desk2"), .post, "/api/v1/vehicles",
                .object([("plate", .string("赣B99999")), ("unit", .string(home.unit.text))]))
            #expect(far.status == 404)
            // The desk finds it by the whole plate, and sees the plate for a reason that is kept.
            let desk = try await h.signIn("desk")
            let found = try await h.send(
                desk, .post, "/desk/vehicles/find", form: ["way": "find", "plate": "赣BD12345"])
            #expect(found.status == 200 && found.text.contains("赣B****45"))
            let none = try await h.send(desk, .post, "/desk/vehicles/find", form: ["way": "find", "plate": "赣BD99999"])
            #expect(none.status == 200 && !none.text.contains("赣B****45"))
            let list = try await h.send(try h.program("desk"), .get, "/api/v1/vehicles").json()
            let vehicle = try #require(
                list["items"]?.items.first { $0["plate_masked"]?.stringValue?.hasPrefix("赣") ?? false })
            let id = try #require(vehicle["id"]?.stringValue)
            #expect(
                try await h.send(desk, .post, "/desk/vehicles/\(id)/plate", form: ["why": ""]).status == 422)
            let shown = try await h.send(desk, .post, "/desk/vehicles/\(id)/plate", form: ["why": "挡住消防通道"])
            #expect(shown.text.contains("赣BD12345"))
            #expect(try await count("select count(*) from storage_audit where verb = 'vehicle.unmask'", h) == 1)
            // Those who audit read why, on the page, in its file and as JSON; the digest of the row proves it.
            let auditor = try await h.signIn("auditor")
            for place in ["/desk/audit?kind=looks", "/desk/audit?way=export&kind=looks"] {
                #expect(try await h.send(auditor, .get, place).text.contains("挡住消防通道"), "\(place)")
            }
            let looks = try await h.send(try h.program("auditor"), .get, "/api/v1/audit?kind=looks").json()
            #expect(
                looks["items"]?.items.first { $0["act"]?.stringValue == "vehicle.unmask" }?["reason"]?.stringValue
                    == "挡住消防通道")
            #expect(
                try await h.send(try await h.signIn("desk2"), .post, "/desk/vehicles/\(id)/plate", form: ["why": "x"])
                    .status == 404)
            // No table holds it in clear.
            #expect(
                try await count(
                    "select count(*) from governance_vehicle where plate_masked like '%D123%'", h) == 0)
            let end = ["way": "end", "vehicle": id, "version": "1"]
            #expect(try await h.send(session, .post, "/my/vehicles", form: end).status == 303)
            #expect(try await h.send(session, .post, "/my/vehicles", form: end).status == 409)
            #expect(try await h.send(session, .post, "/my/vehicles", form: add).status == 303)
        }
    }

    @Test func conflictsAreFoundByRuleWhereThePlacesMeet() {
        let district = AreaPath.root.appending(AreaID(1))
        let estate = district.appending(AreaID(2))
        let other = district.appending(AreaID(3))
        let person = PersonID(9)
        func hold(
            _ party: Party, _ kind: OrganisationKind, role: Role? = nil, appointment: AppointmentKind? = nil,
            at path: AreaPath, by who: PersonID = person
        ) -> Holding {
            Holding(
                person: who, role: role, appointment: appointment, kind: kind, party: party, organisationName: "o",
                path: path)
        }
        let manager = hold(.property, .propertyProject, role: .desk, at: estate)
        func findings(_ holdings: Holding...) -> [CrossFinding] { CrossRules.find(holdings).map(\.finding) }
        let supervisor = hold(.community, .residentsCommittee, appointment: .propertySupervisor, at: district)
        #expect(findings(manager, supervisor) == [.companyAndSupervisor])
        #expect(findings(supervisor, manager) == [.companyAndSupervisor])
        #expect(
            findings(manager, hold(.community, .partyBody, appointment: .branchSupervisor, at: other)) == [])
        #expect(
            findings(manager, hold(.committee, .residentsCouncil, appointment: .member, at: estate))
                == [.companyAndOwners])
        #expect(
            findings(
                hold(.community, .residentsCommittee, appointment: .member, at: district),
                hold(.community, .supervisoryCommittee, appointment: .member, at: district))
                == [.committeeAndItsSupervisor])
        let deputy = hold(.community, .residentsCommittee, role: .grid, at: district)
        #expect(findings(manager, deputy) == [.declared])
        #expect(
            findings(manager, hold(.community, .residentsCommittee, role: .approver, at: district))
                == [.handlerAndApprover, .declared])
        // Two people are no cross post.
        #expect(
            findings(manager, hold(.community, .residentsCommittee, role: .grid, at: district, by: PersonID(8))) == [])
        #expect(CrossRules.covered([estate, other], by: [manager, deputy]) == [estate])
    }

    @Test func aMergedCounterSeatsWhoHoldsBothPermissionSetsAndShowsWhoLostOne() async throws {
        try await TestHouse.with { h in
            let program = try h.program("approver")
            let estate = try await h.area("桂花苑")
            let made = try await h.json(
                program, .post, "/api/v1/counters",
                .object([
                    ("area", .string(estate.text)), ("name", .string("桂花苑综合窗口")), ("place", .string("东门")),
                    ("hours", .string("8:00–20:00")),
                ]))
            let id = try #require(try made.json()["id"]?.stringValue)
            func act(_ noun: String, _ pairs: [String: String], days: Int64 = 0) async throws -> TestHouse.Answered {
                let days = noun == "services" ? [("days", JSON.int(days))] : []
                return try await h.json(
                    program, .post, "/api/v1/counters/\(id)/\(noun)",
                    .object(pairs.map { ($0.key, .string($0.value)) } + days))
            }
            let seat = ["phone": "13800000011", "name": "陈静"]
            #expect(try await code(act("seats", seat)) == "seatWithoutPosts")
            // The administrator gives the second post; both sets are hers from then on.
            let chief = try await h.actor(h.program("administrator"))
            let actions = OrganisationActions(
                database: h.house.database, world: h.house.world, journal: h.house.cases.journal,
                secrets: h.house.secrets)
            let committee: OrganisationID = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first("select id from directory_organisation where name = '桂花社区居民委员会'") {
                        try $0.id(0)
                    }
                })
            let day = Zone.shanghai.day(of: h.still.now)
            var grant = OrganisationActions.Grant(
                organisation: committee, role: .grid, area: try await h.area("桂花社区"), from: day, to: day.adding(5),
                phone: "13800000011")
            grant.name = "陈静"
            try await actions.grant(grant, by: chief)
            #expect(try await act("seats", seat).status == 204)
            #expect(try await code(act("seats", seat)) == "linkedTwice")
            let cross = try await h.send(program, .get, "/api/v1/cross-posts").json()
            #expect(cross["items"]?.items.contains { $0["finding"]?.stringValue == "declared" } == true)
            let cover = try await h.send(program, .get, "/api/v1/cross-posts/estates").json()
            #expect(cover["items"]?.items.filter { $0["covered"]?.boolValue == true }.count == 1)
            #expect(cover["covered"]?.intValue == 1)
            // A catalogue of both sides, and a package of a steward.
            #expect(
                try await act("services", ["party": "property", "service": "装修登记"], days: 3).status == 204)
            #expect(try await act("services", ["party": "community", "service": "居住证明"]).status == 204)
            #expect(try await code(act("services", ["party": "community", "service": "居住证明"])) == "bodyTaken")
            #expect(
                try await act(
                    "services",
                    [
                        "party": "property", "service": "精品管家", "price": "每月 30 元", "phone": "13800000012",
                        "name": "李师傅",
                    ]
                ).status == 204)
            #expect(
                try await code(
                    act(
                        "services",
                        ["party": "property", "service": "别的套餐", "phone": "13800000013", "name": "赵敏"]))
                    == "badChoice")
            let view = try await h.send(program, .get, "/api/v1/counters/\(id)").json()
            #expect(view["services"]?.items.count == 3)
            #expect(view["seats"]?.items.first?["community"]?.boolValue == true)
            // A post that ends takes its set away, and the page says so.
            h.still.advance(minutes: 1440 * 6)
            let later = try await h.send(program, .get, "/api/v1/counters/\(id)").json()
            #expect(later["seats"]?.items.first?["community"]?.boolValue == false)
            #expect(try await h.send(try h.program("grid2"), .get, "/api/v1/counters/\(id)").status == 404)
        }
    }

    @Test func aStewardIsAppraisedInEachLineByTheSuperiorOfThatLineAlone() async throws {
        try await TestHouse.with { h in
            let steward = try #require(try await h.actor(h.program("steward")).person)
            let desk = try #require(try await h.actor(h.program("desk")).person)
            func act(
                _ login: String, _ person: PersonID, _ noun: String, _ pairs: [(String, JSON)]
            ) async throws -> TestHouse.Answered {
                try await h.json(
                    try h.program(login), .post, "/api/v1/stewards/\(person.text)/\(noun)",
                    .object([("party", .string("property"))] + pairs))
            }
            func line(_ login: String, _ superior: PersonID, of person: PersonID) async throws -> TestHouse.Answered {
                try await act(
                    login, person, "line", [("version", .int(0)), ("superior", .string(superior.text))])
            }
            func appraise(
                _ login: String, quarter: String = "2026-Q1", score: Int64 = 92
            ) async throws -> TestHouse.Answered {
                try await act(
                    login, steward, "appraisals",
                    [("quarter", .string(quarter)), ("score", .int(score)), ("words", .string("手脚快又仔细"))])
            }
            #expect(try await code(line("approver", steward, of: steward)) == "sameSuperior")
            #expect(try await line("desk", desk, of: steward).status == 404)
            #expect(try await line("grid2", desk, of: steward).status == 404)
            #expect(try await line("approver", desk, of: steward).status == 204)
            #expect(try await code(line("approver", desk, of: steward)) == "changedMeanwhile")
            #expect(try await code(line("approver", steward, of: desk)) == "sameSuperior")
            #expect(try await appraise("approver").status == 403)
            #expect(try await appraise("desk").status == 204)
            #expect(try await code(appraise("desk")) == "appraisedTwice")
            #expect(try await appraise("desk", quarter: "2026-Q5").status == 422)
            #expect(try await appraise("desk", score: 101).status == 422)
            // Between the two of a line and those who keep it; who is a member of the party stands in no such list.
            for (login, sees) in [("desk", true), ("steward", true), ("approver", true), ("steward2", false)] {
                let page = try await h.send(try await h.signIn(login), .get, "/desk/stewards").text
                #expect(page.contains("手脚快又仔细") == sees, "\(login)")
                #expect(!page.contains("黄霞"), "\(login)")
            }
        }
    }

    @Test func aLimitIsChangedByItsEditionAndSaysWhereItStands() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let page = try await h.send(session, .get, "/desk/limits").text
            #expect(page.contains("民法典第946条") && page.contains("2021-01-01"))
            func change(_ value: String, _ version: String) async throws -> Int {
                try await h.send(
                    session, .post, "/desk/limits",
                    form: [
                        "way": "edit-noticeWorkdays", "key": "noticeWorkdays", "value": value, "source": "区文件",
                        "since": "2026-03-01", "version": version,
                    ]
                ).status
            }
            #expect(try await change("3", "1") == 303)
            #expect(try await change("4", "1") == 409)
            #expect(try await change("0", "2") == 422)
            #expect(try await h.send(session, .get, "/desk/limits").text.contains("区文件"))
            #expect(try await h.send(try await h.signIn("grid"), .post, "/desk/limits", form: [:]).status == 403)
        }
    }

    @Test func everyPageOfGovernanceIsShownInBothLanguages() async throws {
        try await TestHouse.with { h in
            let pages = [
                "/desk/governance", "/desk/who", "/desk/bodies", "/desk/appointments", "/desk/selections",
                "/desk/duties", "/desk/notices", "/desk/contracts", "/desk/zones", "/desk/links", "/desk/limits",
                "/desk/regions",
                "/desk/cross-posts", "/desk/counters", "/desk/stewards",
            ]
            let session = try await h.signIn("approver")
            for page in pages {
                for mode in ["zh", "en"] {
                    let answer = try await h.send(session, .get, page, headers: ["mode": mode])
                    #expect(answer.status == 200 || answer.status == 303, "\(page) \(mode): \(answer.status)")
                }
            }
            let resident = try await h.signIn("resident")
            for page in ["/my/duties", "/my/selections", "/my/links", "/my/vehicles"] {
                #expect(try await h.send(resident, .get, page).status == 200, "\(page)")
            }
        }
    }
}

import Directory
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Governance
@testable import Server

/// What comes to an end and what changes: notices of contracts, terms of building leaders.
@Suite struct GovernanceChangeTests {
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? 0 }
    }
    private func told(_ notice: String, _ h: TestHouse) async throws -> Int64 {
        try await count("select count(*) from messaging_item where notice = \(notice)", h)
    }
    private func body(_ name: String, _ h: TestHouse) async throws -> OrganisationID {
        try await h.house.database.read { transaction in
            try #require(
                try transaction.first("select id from directory_organisation where name = \(name) limit 1") {
                    try $0.id(0, OrganisationTag.self)
                })
        }
    }
    /// In 兴隆花园, whose first contract is over on a day before this one begins.
    private func contract(
        _ h: TestHouse, _ number: String, from: Day, to: Day, signed: Day? = nil
    ) async throws -> Contract {
        Contract(
            id: h.house.world.id(), estate: try await h.area("兴隆花园"), company: try await body("兴隆物业服务中心", h),
            owners: "业主代表", number: number, signed: signed ?? from.adding(-5), from: from, to: to,
            hundredthsSquareMetre: 0, feeStandard: "1.2", filingNumber: "B1", filed: from.adding(-1), renews: 0,
            ended: nil, endedWords: "", version: 1)
    }
    /// Ends what the demo has there, so that there is room.
    private func clear(_ h: TestHouse, by actor: Actor) async throws {
        let estate = try await h.area("兴隆花园")
        let old = try #require(try await h.house.database.read { try ContractStore.of(estate, $0).first })
        try await h.house.governance.desk.endContract(
            old.id, on: old.from.adding(1), words: "让位", was: old.version, by: actor)
    }
    private func sweepOften(_ h: TestHouse) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await h.house.governance.sweep() } }
            try await group.waitForAll()
        }
    }

    // MARK: Contracts

    @Test func howNearADateIsAndWhenANoticeEndsAContract() async throws {
        let day = Day(number: 20_000)
        let date = ContractDate(kind: .company, day: day)
        func stage(_ ahead: Int, _ date: ContractDate) -> Int64? {
            ContractRules.stage(date, first: 30, second: 7, on: day.adding(-ahead))
        }
        #expect([31, 30, 8, 7, 1, 0, -1].map { stage($0, date) } == [nil, 1, 1, 2, 2, nil, nil])
        let filing = ContractDate(kind: .filing, day: day)
        #expect([30, 8, 7, 0].map { stage($0, filing) } == [nil, nil, 2, nil])
        func contract(to: Day, continues: Day? = nil) -> Contract {
            Contract(
                id: ID(1), estate: AreaID(1), company: OrganisationID(1), owners: "", number: "", signed: day,
                from: day,
                to: to, hundredthsSquareMetre: 0, feeStandard: "", filingNumber: "", filed: day, renews: 0, ended: nil,
                endedWords: "", version: 1, continues: continues)
        }
        let fixed = contract(to: day.adding(365))
        func end(_ c: Contract, _ side: ContractSide, _ at: Int, _ days: Int64) -> [Int] {
            let (ends, inTime) = ContractRules.end(c, side: side, day: day.adding(at), days: days)
            return [Int(ends.number - day.number), inTime ? 1 : 0]
        }
        #expect(end(fixed, .company, 275, 90) == [365, 1] && end(fixed, .company, 276, 90) == [365, 0])
        #expect(end(fixed, .owners, 100, 60) == [160, 1] && end(fixed, .owners, 305, 60) == [365, 1])
        #expect(end(fixed, .owners, 306, 60) == [365, 0])
        for c in [contract(to: HomeStore.forever), contract(to: day.adding(365), continues: day.adding(366))] {
            #expect(c.isIndefinite && c.last == HomeStore.forever)
            #expect(end(c, .owners, 400, 60) == [460, 1] && end(c, .company, 400, 60) == [460, 1])
        }
    }

    @Test func aDateIsToldAheadTwiceAndOnTheDayOnceEachUnderManySweeps() async throws {
        try await TestHouse.with { h in
            let actor = try await h.actor(h.program("approver"))
            try await h.house.governance.sweep()
            try await clear(h, by: actor)
            let desk = h.house.governance.desk
            // The company's last day is 40 days from now, the owners' 70.
            let c = try await contract(h, "A1", from: today(h).adding(-500), to: today(h).adding(130))
            try await desk.register(c, by: actor)
            /// How often it was told ahead of a day, and on one.
            func times() async throws -> [Int64] {
                [
                    try await count("select count(*) from governance_contract_lead where contract_id = \(c.id)", h),
                    try await count(
                        "select count(*) from governance_contract_reminder where contract_id = \(c.id)", h),
                ]
            }
            func pass(_ days: Int) async throws {
                h.still.advance(minutes: 1440 * days)
                try await sweepOften(h)
            }
            try await pass(9)
            #expect(try await times() == [0, 0])
            let before = try await told("governance.contractSoon", h)
            try await pass(1)
            #expect(try await times() == [1, 0])
            let first = try await told("governance.contractSoon", h)
            #expect(first > before)
            try await pass(22)
            #expect(try await times() == [1, 0])
            try await pass(1)
            #expect(try await times() == [2, 0])
            #expect(try await told("governance.contractSoon", h) - first == first - before)
            try await pass(7)
            // The last legal day itself; the owners' thirtieth is today as well.
            #expect(try await times() == [3, 1])
            // Once a side has given notice nobody is told to give one.
            try await desk.giveNotice(
                NewContractNotice(side: .company, day: today(h), means: .mailed, words: "不再续签"), of: c.id, by: actor)
            try await pass(30)
            #expect(try await times() == [3, 1])
            // Its end is told ahead instead: thirty days before.
            try await pass(30)
            #expect(
                try await count(
                    "select count(*) from governance_contract_lead where contract_id = \(c.id) and kind = 'end'", h)
                    == 1)
            // Who comes late to the register hears of the nearer time alone.
            try await desk.endContract(c.id, on: today(h), words: "协商", was: 1, by: actor)
            let late = try await contract(h, "A2", from: today(h).adding(1), to: today(h).adding(95))
            try await desk.register(late, by: actor)
            try await sweepOften(h)
            let stages = try await h.house.database.read { try ContractNoticeStore.stages(of: late.id, $0) }
            #expect(stages == [ContractDate(kind: .company, day: today(h).adding(5)): [2]])
        }
    }

    @Test func noticesAreKeptWithWhetherTheyWereInTimeAndRefusedWhereTheyCannotBe() async throws {
        try await TestHouse.with { h in
            let actor = try await h.actor(h.program("approver"))
            try await clear(h, by: actor)
            let desk = h.house.governance.desk
            let today = today(h)
            let c = try await contract(h, "N1", from: today.adding(-300), to: today.adding(65))
            try await desk.register(c, by: actor)
            let program = try h.program("approver")
            let here = "/api/v1/contracts/\(c.id.text)"
            func give(_ side: String, _ day: Day, means: String = "mailed", _ words: String = "到期不再续签") async throws
                -> TestHouse.Answered
            {
                try await h.json(
                    program, .post, here + "/notices",
                    .object([
                        ("side", .string(side)), ("day", .string(day.description)), ("means", .string(means)),
                        ("words", .string(words)),
                    ]))
            }
            #expect(try await code(give("company", c.signed.adding(-1))) == "badDay")
            #expect(try await code(give("company", today.adding(1))) == "badDay")
            #expect(try await code(give("company", today, means: "spoken")) == "badField")
            #expect(try await code(give("company", today, " ")) == "badField")
            #expect(try await give("company", today).status == 204)
            #expect(try await code(give("company", today)) == "noticedTwice")
            // Two clerks at once: one notice.
            let kept = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let new = NewContractNotice(side: .owners, day: today, means: .handed, words: "另选物业")
                        return (try? await desk.giveNotice(new, of: c.id, by: actor)) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(kept == 1)
            let one = try await h.json(program, .get, here).json()
            let notices = one["notices"]?.items ?? []
            #expect(notices.map { $0["side"]?.stringValue } == ["company", "owners"])
            // Ninety days are too many for 65; sixty are not, and they end it five days early.
            #expect(notices.map { $0["in_time"]?.boolValue } == [false, true])
            #expect(notices.map { $0["days_of_notice"]?.intValue } == [90, 60])
            #expect(
                notices.map { $0["ends"]?.stringValue } == [c.to.description, today.adding(60).description])
            let page = try await h.send(program, .get, "/desk/contracts/\(c.id.text)").text
            #expect(page.contains("兴隆物业服务中心 通知 业主代表") && page.contains("没有提前够") && page.contains("按期"))
            #expect(page.contains("按通知，合同最早这天终止") && page.contains("最早终止 \(today.adding(60))"))
            // Taken back with a reason, in the edition that was seen, once; then the side may give notice again.
            let id = try #require(notices.first?["id"]?.stringValue)
            func back(_ version: Int64) async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, here + "/notices/\(id)/withdrawal",
                    .object([("why", .string("登记错了")), ("version", .int(version))]))
            }
            #expect(try await code(back(2)) == "changedMeanwhile")
            #expect(try await back(1).status == 204)
            #expect(try await code(back(2)) == "changedMeanwhile")
            #expect(try await give("company", today.adding(-30)).status == 204)
            #expect(try await h.json(program, .get, here).json()["notices"]?.items.count == 3)
            // Others neither see nor do it, by page or program.
            for login in ["grid2", "desk2"] {
                let answer = try await h.json(
                    try h.program(login), .post, here + "/notices",
                    .object([
                        ("side", .string("owners")), ("day", .string(today.description)), ("means", .string("mailed")),
                        ("words", .string("x")),
                    ]))
                #expect([403, 404].contains(answer.status), "\(login)")
            }
            try await desk.endContract(c.id, on: today.adding(60), words: "业主解聘", was: 1, by: actor)
            #expect(try await code(give("owners", today)) == "contractEnded")
        }
    }

    @Test func aContractGoesOnWithoutATermAndEndsSixtyDaysAfterANotice() async throws {
        try await TestHouse.with { h in
            let actor = try await h.actor(h.program("approver"))
            try await clear(h, by: actor)
            let desk = h.house.governance.desk
            let start = today(h)
            let c = try await contract(h, "G1", from: start.adding(-300), to: start.adding(10))
            try await desk.register(c, by: actor)
            await #expect(throws: GovernanceRefusal.contractRunsStill) {
                try await desk.goOn(c.id, was: 1, by: actor)
            }
            h.still.advance(minutes: 1440 * 20)
            let now = today(h)
            let session = try await h.signIn("approver")
            let page = "/desk/contracts/\(c.id.text)"
            let stale = try await h.send(session, .post, page, form: ["way": "goOn", "version": "7"])
            #expect(stale.status == 409)
            #expect(try await h.send(session, .post, page, form: ["way": "goOn", "version": "1"]).status == 303)
            #expect(try await h.send(session, .post, page, form: ["way": "goOn", "version": "2"]).status == 409)
            // It covers every day from now on: no other contract comes beside it.
            let next = try await contract(h, "G2", from: now.adding(200), to: now.adding(900))
            await #expect(throws: GovernanceRefusal.contractOverlaps("G1")) { try await desk.register(next, by: actor) }
            // A notice of the time without a term was not given before that began.
            let form = [
                "way": "notice", "side": "company", "means": "handed", "words": "解除合同", "day": c.to.description,
            ]
            let early = try await h.send(session, .post, page, form: form)
            #expect(early.status == 422 && early.text.contains("解除合同"))
            var good = form
            good["day"] = now.adding(-2).description
            #expect(try await h.send(session, .post, page, form: good).status == 303)
            #expect(try await h.send(session, .post, page, form: good).status == 409)
            let end = now.adding(58)
            let shown = try await h.send(session, .get, page).text
            #expect(shown.contains("不定期，\(c.to.adding(1)) 起") && shown.contains(end.description))
            #expect(try await h.send(session, .get, "/desk/contracts").text.contains("最早终止 \(end)"))
            let row = try await h.json(try h.program("approver"), .get, "/api/v1/contracts/\(c.id.text)").json()
            #expect(row["continues"]?.stringValue == c.to.adding(1).description)
            #expect(
                row["dates"]?.items.contains {
                    $0["kind"]?.stringValue == "end" && $0["day"]?.stringValue == end.description
                } == true)
            // Thirty days ahead, seven days ahead and on the day it is told; each once.
            func told() async throws -> [Int64] {
                [
                    try await count("select count(*) from governance_contract_lead where contract_id = \(c.id)", h),
                    try await count(
                        """
                        select count(*) from governance_contract_reminder where contract_id = \(c.id) and kind = 'end'
                        """, h),
                ]
            }
            for (days, expected) in [(27, [0, 0]), (1, [1, 0]), (23, [2, 0]), (7, [2, 1])] as [(Int, [Int64])] {
                h.still.advance(minutes: 1440 * days)
                try await sweepOften(h)
                #expect(try await told() == expected, "\(days)")
            }
            try await desk.endContract(c.id, on: end, words: "通知期满", was: 2, by: actor)
            try await desk.register(next, by: actor)
        }
    }

    @Test func aContractDoesNotGoOnAgainstANoticeNorBesideAnother() async throws {
        try await TestHouse.with { h in
            let actor = try await h.actor(h.program("approver"))
            try await clear(h, by: actor)
            let desk = h.house.governance.desk
            let start = today(h)
            let c = try await contract(h, "S1", from: start.adding(-300), to: start.adding(95))
            try await desk.register(c, by: actor)
            let notice = try await desk.giveNotice(
                NewContractNotice(side: .company, day: start, means: .mailed, words: "不续"), of: c.id, by: actor)
            h.still.advance(minutes: 1440 * 100)
            await #expect(throws: GovernanceRefusal.noticeStands) { try await desk.goOn(c.id, was: 1, by: actor) }
            try await desk.withdrawNotice(notice, of: c.id, words: "双方同意", was: 1, by: actor)
            let next = try await contract(h, "S2", from: start.adding(96), to: start.adding(400))
            try await desk.register(next, by: actor)
            await #expect(throws: GovernanceRefusal.contractOverlaps("S2")) {
                try await desk.goOn(c.id, was: 1, by: actor)
            }
        }
    }

    // MARK: Leaders

    private func letter(
        _ building: AreaID, to: Day, _ phone: String, _ h: TestHouse, from: Day? = nil
    ) async throws -> ID<AppointmentTag> {
        let actor = try await h.actor(h.program("approver"))
        return try await h.house.governance.desk.appoint(
            NewAppointment(
                kind: .buildingLeader, organisation: try await body("桂花社区居民委员会", h), area: building,
                from: from ?? today(h).adding(-100), to: to, duties: "走访"),
            try NamedPerson(phone: phone, name: "楼\(phone.suffix(2))", secrets: h.house.secrets, world: h.house.world),
            by: actor)
    }

    @Test func theEndOfALeadersTermIsToldOnceInTimeAndListedUntilSomebodyFollows() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let five = try await h.area("5 号楼", under: guihua)
            let id = try await letter(five, to: today(h).adding(91), "13900000051", h)
            try await sweepOften(h)
            #expect(try await told("governance.leader", h) == 0)
            let session = try await h.signIn("approver")
            #expect(try await !h.send(session, .get, "/desk/appointments").text.contains("任期快到的楼栋长"))
            h.still.advance(minutes: 1440)
            try await sweepOften(h)
            let first = try await told("governance.leader", h)
            let people = try await h.house.database.read { transaction in
                let area = try #require(try DirectoryStore.area(five, transaction))
                let found = try DirectoryStore.colleagues(
                    at: area.path, may: .governanceEdit, on: self.today(h), transaction)
                return Set(found.map(\.person)).count
            }
            #expect(first == Int64(people) && people > 0)
            let later = try await h.signIn("approver")
            let page = try await h.send(later, .get, "/desk/appointments").text
            #expect(page.contains("任期快到的楼栋长") && page.contains("5 号楼 · \(today(h).adding(90)) 到期"))
            let list = try await h.json(try h.program("approver"), .get, "/api/v1/leader-terms?limit=1").json()
            #expect(list["items"]?.items.map { $0["id"]?.stringValue } == [id.text])
            let far = try await h.json(h.program("grid2"), .get, "/api/v1/leader-terms").json()
            #expect(far["items"]?.items.isEmpty == true)
            let bad = try await h.json(h.program("approver"), .get, "/api/v1/leader-terms?cursor=x")
            #expect(bad.status == 422)
            // The next leader has a letter: nothing more to prepare, for this building or the next.
            _ = try await letter(
                five, to: today(h).adding(600), "13900000052", h, from: today(h).adding(91))
            #expect(try await !h.send(later, .get, "/desk/appointments").text.contains("任期快到的楼栋长"))
            let seven = try await h.area("7 号楼", under: guihua)
            _ = try await letter(seven, to: today(h).adding(30), "13900000053", h)
            _ = try await letter(seven, to: today(h).adding(500), "13900000054", h, from: today(h).adding(31))
            try await sweepOften(h)
            #expect(try await told("governance.leader", h) == first)
        }
    }

    @Test func theTimeBeforeALeadersTermEndsIsThatOfThePlaceAndLongListsGoOn() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let five = try await h.area("5 号楼", under: guihua)
            let seven = try await h.area("7 号楼", under: guihua)
            _ = try await letter(five, to: today(h).adding(70), "13900000061", h)
            _ = try await letter(seven, to: today(h).adding(50), "13900000062", h)
            let program = try h.program("approver")
            let all = try await h.json(program, .get, "/api/v1/leader-terms?limit=1").json()
            let next = try #require(all["next_cursor"]?.stringValue)
            let more = try await h.json(program, .get, "/api/v1/leader-terms?limit=1&cursor=\(next)").json()
            #expect(
                [all, more].map { $0["items"]?.items.first?["area"]?.stringValue } == [seven.text, five.text])
            #expect(more["next_cursor"]?.isNull == true)
            // Qingdao says sixty days: one of the two is not near yet.
            let chosen = try await h.json(
                try h.program("administrator"), .post, "/api/v1/regions",
                .object([("region", .string("qingdao")), ("area", .string(guihua.text)), ("why", .string("试点"))]))
            #expect(chosen.status == 204)
            let near = try await h.json(program, .get, "/api/v1/leader-terms").json()
            #expect(near["items"]?.items.map { $0["area"]?.stringValue } == [seven.text])
            try await sweepOften(h)
            #expect(
                try await count("select count(*) from governance_told where name = 'leader'", h) == 1)
        }
    }

    @Test func oneNoticeSelectsLeadersForSeveralBuildingsEachWithItsOwnSeats() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let three = try await h.area("3 号楼", under: guihua)
            let five = try await h.area("5 号楼", under: guihua)
            let seven = try await h.area("7 号楼", under: guihua)
            let far = try await h.area("1 号楼", under: try await h.area("兴隆花园"))
            let program = try h.program("approver")
            let day = today(h)
            let committee = try await body("桂花社区居民委员会", h)
            func announce(_ area: AreaID, _ buildings: [AreaID], kind: String = "buildingLeader") async throws
                -> TestHouse.Answered
            {
                try await h.json(
                    program, .post, "/api/v1/selections",
                    .object([
                        ("area", .string(area.text)), ("buildings", .array(buildings.map { .string($0.text) })),
                        ("organisation", .string(committee.text)), ("kind", .string(kind)), ("title", .string("一起选")),
                        ("words", .string("三栋楼一起选楼栋长")), ("seats", .int(1)), ("from", .string(day.description)),
                        ("to", .string(day.adding(6).description)),
                    ]))
            }
            #expect(try await code(announce(guihua, [three, far])) == "badChoice")
            #expect(try await code(announce(three, [three])) == "wrongLevel")
            #expect(try await code(announce(guihua, [three], kind: "propertySupervisor")) == "wrongLevel")
            let made = try await announce(guihua, [three, five, seven])
            #expect(made.status == 201, "\(made.text)")
            let here = try #require(made.headers[.location])
            let id = try #require(here.split(separator: "/").last.map(String.init))
            // Residents stand for the building where they live, and for no other.
            let tenant = try await h.signIn("tenant")
            let home = try #require(try await h.actor(tenant).homes.first)
            let own = try #require([three, five, seven].first { home.path.ids.contains($0) })
            let other = try #require([three, five, seven].first { $0 != own })
            let place = "/my/selections/\(id)"
            #expect(try await h.send(tenant, .get, place).text.contains("一起选"))
            var stand = ["way": "stand", "words": "我常住这里", "building": other.text]
            #expect(try await h.send(tenant, .post, place, form: stand).status == 422)
            stand["building"] = own.text
            #expect(try await h.send(tenant, .post, place, form: stand).status == 303)
            // Staff put others up, each for a building of the notice.
            func putUp(_ phone: String, _ building: AreaID?) async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, here + "/candidates",
                    .object(
                        [("phone", .string(phone)), ("name", .string("候\(phone.suffix(2))")), ("words", .string("热心"))]
                            + (building.map { [("building", .string($0.text))] } ?? [])))
            }
            #expect(try await code(putUp("13900000071", nil)) == "badChoice")
            #expect(try await code(putUp("13900000071", far)) == "badChoice")
            #expect(try await putUp("13900000071", other).status == 204)
            #expect(try await putUp("13900000072", other).status == 204)
            h.still.advance(minutes: 1440 * 7)
            let seen = try await h.json(program, .get, here).json()
            let candidates = seen["candidates"]?.items ?? []
            #expect(candidates.count == 3 && seen["buildings"]?.items.count == 3)
            let ids = candidates.compactMap { $0["person"]?.stringValue }
            func decide(_ elected: [String]) async throws -> TestHouse.Answered {
                try await h.json(
                    program, .post, here + "/decision",
                    .object([
                        ("elected", .array(elected.map { .string($0) })), ("result", .string("居民评议通过")),
                        ("from", .string(day.adding(10).description)), ("to", .string(day.adding(700).description)),
                        ("version", .int(1)),
                    ]))
            }
            let letters = try await count("select count(*) from governance_appointment", h)
            // Two for one seat, though three seats are there in all: nobody is appointed.
            #expect(try await code(decide(ids)) == "tooManyElected")
            #expect(try await count("select count(*) from governance_appointment", h) == letters)
            #expect(try await decide(Array(ids.prefix(2))).status == 204)
            let rows = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    select area_id from governance_appointment where selection_id =
                        \(ID<SelectionTag>(text: id)?.raw ?? 0) order by area_id
                    """
                ) { try $0.id(0, AreaTag.self) }
            }
            #expect(rows == [own, other].sorted())
            // Each building has its result; the third stays without a leader.
            let after = try await h.json(program, .get, here).json()["buildings"]?.items ?? []
            let names = Dictionary(
                after.map { ($0["building"]?.stringValue ?? "", $0["chosen"]?.items.count ?? -1) }
            ) { $1 }
            #expect(names[own.text] == 1 && names[other.text] == 1)
            #expect(names.values.sorted() == [0, 1, 1])
            let page = try await h.send(try await h.signIn("approver"), .get, "/desk/selections/\(id)").text
            #expect(page.contains("各楼结果") && page.contains("没有人"))
            #expect(try await h.send(tenant, .get, place).text.contains("各楼结果"))
        }
    }
}

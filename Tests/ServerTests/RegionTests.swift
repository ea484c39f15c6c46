import Kernel
import Storage
import Testing
import Web

@testable import Directory
@testable import Governance
@testable import Server

/// What of a region's numbers the house goes by: each changes what happens at the places that chose it.
@Suite struct RegionTests {
    private func choose(_ region: String, _ area: AreaID, _ h: TestHouse) async throws {
        let answer = try await h.json(
            try h.program("administrator"), .post, "/api/v1/regions",
            .object([("region", .string(region)), ("area", .string(area.text)), ("why", .string("试点"))]))
        #expect(answer.status == 204, "\(answer.text)")
    }
    private func set(_ item: RegionItem, _ value: Int64, of region: String, _ h: TestHouse) async throws {
        let answer = try await h.json(
            try h.program("administrator"), .post, "/api/v1/regions",
            .object([
                ("region", .string(region)), ("item", .string(item.rawValue)), ("value", .int(value)),
                ("why", .string("新条例")),
            ]))
        #expect(answer.status == 204, "\(answer.text)")
    }
    private func dates(_ id: ID<ContractTag>, _ h: TestHouse) async throws -> [ContractDate.Kind: Day] {
        try await h.house.database.read { transaction in
            let c = try #require(try ContractStore.load(id, transaction))
            let all = try GovernanceDesk.dates(c, transaction)
            return Dictionary(all.map { ($0.kind, $0.day) }, uniquingKeysWith: { $1 })
        }
    }
    private func body(_ name: String, _ h: TestHouse) async throws -> OrganisationID {
        try await h.house.database.read { transaction in
            try #require(
                try transaction.first("select id from directory_organisation where name = \(name) limit 1") {
                    try $0.id(0, OrganisationTag.self)
                })
        }
    }
    private func told(_ notice: String, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read {
            try $0.first("select count(*) from messaging_item where notice = \(notice)") { try $0.int(0) } ?? 0
        }
    }
    private func contract(_ number: String, _ from: Day, _ to: Day, _ h: TestHouse) async throws -> Contract {
        Contract(
            id: h.house.world.id(), estate: try await h.area("兴隆花园"), company: try await body("兴隆物业服务中心", h),
            owners: "业主代表", number: number, signed: from.adding(-5), from: from, to: to, hundredthsSquareMetre: 0,
            feeStandard: "1.2", filingNumber: "", filed: nil, renews: 0, ended: nil, endedWords: "", version: 1)
    }

    @Test func aContractIsFiledAndLeftByTheDaysOfItsRegion() async throws {
        try await TestHouse.with { h in
            let desk = h.house.governance.desk
            let actor = try await h.actor(h.program("approver"))
            let today = Zone.shanghai.day(of: h.still.now)
            let estate = try await h.area("兴隆花园")
            let c = try await contract("R1", today.adding(501), today.adding(600), h)
            try await desk.register(c, by: actor)
            let plain = try await dates(c.id, h)
            #expect(plain[.filing] == c.signed.adding(10) && plain[.leave] == nil)
            try await choose("hangzhou", estate, h)
            // It fixes when the old company is gone, and leaves filing to the house.
            #expect(try await dates(c.id, h)[.leave] == c.to.adding(15))
            #expect(try await dates(c.id, h)[.filing] == c.signed.adding(10))
            try await set(.contractFilingDays, 20, of: "hangzhou", h)
            try await set(.leaveDays, 25, of: "hangzhou", h)
            #expect(try await dates(c.id, h)[.filing] == c.signed.adding(20))
            #expect(try await dates(c.id, h)[.leave] == c.to.adding(25))
            let page = try await h.send(try h.program("approver"), .get, "/desk/contracts/\(c.id.text)").text
            #expect(page.contains("原物业最晚这天撤出") && page.contains(c.to.adding(25).description))
            // Ended early it counts from that day; a company that goes on leaves nowhere.
            try await desk.endContract(c.id, on: today.adding(550), words: "协商", was: 1, by: actor)
            #expect(try await dates(c.id, h) == [.leave: today.adding(575)])
            let next = try await contract("R2", today.adding(560), today.adding(700), h)
            try await desk.register(next, by: actor)
            #expect(try await dates(c.id, h).isEmpty)
            #expect(try await dates(next.id, h)[.leave] == today.adding(725))
        }
    }

    @Test func theDayOfLeavingIsToldOnceAndNotLongAfterwards() async throws {
        try await TestHouse.with { h in
            let desk = h.house.governance.desk
            let actor = try await h.actor(h.program("approver"))
            let today = Zone.shanghai.day(of: h.still.now)
            let estate = try await h.area("兴隆花园")
            let c = try #require(
                try await h.house.database.read { try ContractStore.of(estate, $0).first { $0.ended == nil } })
            try await desk.endContract(c.id, on: today, words: "协商", was: c.version, by: actor)
            func leaving() async throws -> Int64 {
                try await h.house.database.read {
                    try $0.first("select count(*) from governance_contract_reminder where kind = 'leave'") {
                        try $0.int(0)
                    } ?? 0
                }
            }
            h.still.advance(minutes: 1440 * 14)
            try await h.house.governance.sweep()
            #expect(try await leaving() == 0)
            try await choose("hangzhou", estate, h)
            try await h.house.governance.sweep()
            #expect(try await leaving() == 0)
            h.still.advance(minutes: 1440)
            let before = try await told("governance.contract", h)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await h.house.governance.sweep() } }
                try await group.waitForAll()
            }
            #expect(try await leaving() == 1)
            #expect(try await told("governance.contract", h) > before)
            // A number that was changed long after makes no new message.
            h.still.advance(minutes: 1440 * 32)
            try await set(.leaveDays, 16, of: "hangzhou", h)
            try await h.house.governance.sweep()
            #expect(try await leaving() == 1)
        }
    }

    @Test func aCommunityHearsOfTheEndOfATermWhenItsRegionSaysSo() async throws {
        try await TestHouse.with { h in
            let today = Zone.shanghai.day(of: h.still.now)
            let estate = try await h.area("桂花苑")
            try await h.house.database.write { transaction in
                let committee = try #require(
                    try BodyStore.estateBodies(at: estate, transaction).first { $0.kind == .ownersCommittee })
                let changed = try transaction.run(
                    "update governance_term set to_day = \(today.adding(120)) where organisation_id = \(committee.id)")
                #expect(changed == 1)
            }
            try await h.house.governance.sweep()
            let before = try await told("governance.term", h)
            try await set(.renewalDays, 119, of: "beijing", h)
            try await choose("beijing", estate, h)
            try await h.house.governance.sweep()
            #expect(try await told("governance.term", h) == before)
            try await set(.renewalDays, 120, of: "beijing", h)
            try await h.house.governance.sweep()
            #expect(try await told("governance.term", h) > before)
        }
    }

    @Test func thePageSaysWhatIsUsedAndWhatIsNotYet() async throws {
        try await TestHouse.with { h in
            for (mode, used, unused) in [("zh", "在用", "还没用上"), ("en", "used", "not used by this house yet")] {
                let page = try await h.send(
                    try await h.signIn("administrator"), .get, "/desk/regions", headers: ["mode": mode]
                ).text
                let rows = page.split(separator: "<tr>").filter { $0.contains("scope=\"row\"") }
                #expect(rows.count == RegionItem.allCases.count)
                #expect(rows.filter { $0.contains("state ok\">\(used)") }.count == 10)
                #expect(rows.filter { $0.contains(">\(unused)<") }.count == RegionItem.allCases.count - 10)
            }
            let list = try await h.send(try h.program("desk"), .get, "/api/v1/regions").json()
            let numbers = list["items"]?.items.flatMap { $0["numbers"]?.items ?? [] } ?? []
            let used = Set(
                numbers.filter { $0["used"]?.boolValue == true }.compactMap { $0["item"]?.stringValue })
            #expect(used == ["seatsLeast", "seatsMost", "years", "leaveDays", "renewalDays", "contractFilingDays"])
            // Numbers that came with a newer version are planted beside what was edited.
            try await set(.leaveDays, 40, of: "beijing", h)
            try await h.house.database.write { transaction in
                try transaction.run("delete from governance_region_value where item = 'renewalDays'")
                try RegionStore.plant(transaction)
            }
            let beijing = try await h.house.database.read { try RegionStore.all($0).first { $0.code == "beijing" } }
            #expect(beijing?.values[.leaveDays] == 40 && beijing?.values[.renewalDays] == 180)
        }
    }
}

import Directory
import Governance
import Kernel
import Storage

/// Who answers for what in the demo district, made by the same actions as real ones. Nobody in it exists.
struct DemoGovernance: Sendable {
    let house: House
    let areas: [String: Area]
    let organisations: [String: Organisation]
    let staff: [String: (person: PersonID, post: PostID)]
    let people: [String: PersonID]

    private struct Missing: Error {}

    private func area(_ key: String) throws -> AreaID {
        guard let area = areas[key] else { throw Missing() }
        return area.id
    }
    private func body(_ key: String) throws -> OrganisationID {
        guard let body = organisations[key] else { throw Missing() }
        return body.id
    }
    private func actor(_ person: PersonID?, on day: Day) async throws -> Actor {
        guard let person, let actor = try await house.database.read({ try DirectoryStore.actor(person, on: day, $0) })
        else { throw Missing() }
        return actor
    }
    private func person(_ phone: String, _ name: String) throws -> NamedPerson {
        try NamedPerson(phone: phone, name: name, secrets: house.secrets, world: house.world)
    }

    func plant(on day: Day) async throws {
        let desk = house.governance.desk
        let kinds: [(String, OrganisationKind)] = [
            ("property", .propertyProject), ("property2", .propertyProject), ("community", .residentsCommittee),
            ("community2", .residentsCommittee), ("committee", .ownersCommittee), ("urban", .department),
            ("street", .streetOffice), ("district", .department),
        ]
        let known = try kinds.map { (try body($0.0), $0.1) }
        try await house.database.write { transaction in
            for (id, kind) in known { _ = try BodyStore.setKind(kind, of: id, was: .other, transaction) }
        }
        let street = try await actor(staff["street"]?.person, on: day)
        let approver = try await actor(staff["approver"]?.person, on: day)
        let party = try await actor(staff["party"]?.person, on: day)
        let front = try await actor(staff["desk"]?.person, on: day)

        for name in ["梅江派出所", "梅江市场监管所", "梅江司法所"] {
            try await desk.addBody(.department, name: name, at: try area("street"), under: nil, by: street)
        }
        let partyBody = try await desk.addBody(
            .partyBody, name: "桂花社区党委", at: try area("community"), under: nil, by: party)
        let branch = try await desk.addBody(
            .propertyBranch, name: "桂花苑物业党支部", at: try area("guihua"), under: try body("property"), by: party)
        let linkage = try await desk.addBody(
            .linkageCommittee, name: "桂花社区党员服务群众委员会", at: try area("community"), under: partyBody, by: party)
        try await desk.addBody(
            .residentsCouncil, name: "兴隆花园居民议事会", at: try area("xinglong"), under: nil, by: approver)
        try await desk.addBody(
            .managementCommittee, name: "领秀新都物业管理委员会", at: try area("lingxiu"), under: nil, by: street)
        try await desk.addTerm(
            Term(
                id: house.world.nextID(), organisation: try body("committee"), number: 0, from: day.adding(-900),
                to: day.adding(60), seats: 5, owners: 5, women: 2, basis: "业主大会选举", version: 1), by: approver)
        try await desk.addTerm(
            Term(
                id: house.world.nextID(), organisation: try body("community"), number: 0, from: day.adding(-30),
                to: day.adding(1700), seats: 7, owners: 0, women: 3, basis: "居民选举", version: 1), by: approver)
        try await desk.setProject(.residential, of: try area("guihua"), was: .unsaid, by: approver)
        try await desk.setProject(.mixed, of: try area("xinglong"), was: .unsaid, by: approver)
        try await slots(desk, partyBody, branch, party, approver)
        try await contracts(desk, approver, on: day)
        try await people(desk, partyBody, linkage, party, approver, front, on: day)
    }

    private func slots(
        _ desk: GovernanceDesk, _ partyBody: OrganisationID, _ branch: OrganisationID, _ party: Actor, _ approver: Actor
    ) async throws {
        let community = try area("community")
        let guihua = try area("guihua")
        try await desk.fill(
            .partyBody, at: community, zone: 0, with: partyBody, contact: staff["approver"]?.person, was: 0, by: party)
        try await desk.fill(
            .residentsCommittee, at: community, zone: 0, with: try body("community"),
            contact: staff["grid"]?.person, was: 0, by: approver)
        try await desk.fill(
            .ownersBody, at: guihua, zone: 0, with: try body("committee"), contact: staff["committee"]?.person, was: 0,
            by: approver)
        try await desk.fill(
            .property, at: guihua, zone: 0, with: try body("property"), contact: staff["desk"]?.person, was: 0,
            by: approver)
        let grid = try await desk.addZone(
            GovernanceZone(
                id: house.world.nextID(), kind: .grid, area: community, name: "桂花第一网格", households: 320, ended: nil,
                version: 1),
            parts: try (1...4).map { try area("guihua-\($0)") }, by: approver)
        try await desk.addMember(try person("13800000013", "赵敏"), lead: true, to: grid, by: approver)
        try await desk.fill(
            .partyBody, at: community, zone: grid, with: partyBody, contact: nil, was: 0, by: party)
        try await desk.fill(
            .propertyBranch, at: community, zone: grid, with: branch, contact: staff["steward"]?.person, was: 0,
            by: party)
        try await desk.fill(
            .lawEnforcement, at: community, zone: grid, with: try body("urban"), contact: staff["department"]?.person,
            was: 0, by: approver)
        let zone = try await desk.addZone(
            GovernanceZone(
                id: house.world.nextID(), kind: .partyZone, area: community, name: "桂花苑党员责任区", households: 160,
                ended: nil, version: 1),
            parts: [try area("guihua-3"), try area("guihua-4")], by: party)
        try await desk.addMember(try person("13800000002", "刘建国"), lead: true, to: zone, by: party)
    }

    private func contracts(_ desk: GovernanceDesk, _ approver: Actor, on day: Day) async throws {
        func contract(_ estate: String, _ company: String, _ number: String, to: Int, filed: Bool) throws -> Contract {
            Contract(
                id: house.world.id(), estate: try area(estate), company: try body(company), owners: "业主委员会",
                number: number, signed: day.adding(to - 1100), from: day.adding(to - 1094), to: day.adding(to),
                hundredthsSquareMetre: 8_600_000, feeStandard: "每月每平方米 1.80 元",
                filingNumber: filed ? "备-\(number)" : "",
                filed: filed ? day.adding(to - 1095) : nil, renews: 0, ended: nil, endedWords: "", version: 1)
        }
        try await desk.register(
            try contract("guihua", "property", "GH-2023-01", to: 75, filed: true), by: approver)
        try await desk.register(
            try contract("xinglong", "property2", "XL-2024-01", to: 500, filed: false), by: approver)
    }

    private func people(
        _ desk: GovernanceDesk, _ partyBody: OrganisationID, _ linkage: OrganisationID, _ party: Actor,
        _ approver: Actor, _ front: Actor, on day: Day
    ) async throws {
        let community = try body("community")
        func new(_ kind: AppointmentKind, _ place: String, _ duties: String, by organisation: OrganisationID) throws
            -> NewAppointment
        {
            NewAppointment(
                kind: kind, organisation: organisation, area: try area(place), from: day.adding(-45),
                to: day.adding(680), duties: duties)
        }
        let leader = try await desk.appoint(
            try new(.buildingLeader, "guihua-3", "每周走访，听意见，报隐患", by: community),
            try person("13800000001", "王阿姨"), by: approver)
        let supervisor = try await desk.appoint(
            try new(.propertySupervisor, "guihua", "监督保洁、秩序、维修", by: community),
            try person("13800000002", "刘建国"), by: approver)
        _ = try await desk.appoint(
            try new(.opinionReporter, "xinglong", "收集反馈民情民意", by: community),
            try person("13800000004", "马兰"), by: approver)
        _ = try await desk.appoint(
            try new(.coreHousehold, "guihua-3-2-402", "联系邻里，带头服务", by: partyBody),
            try person("13800000002", "刘建国"), by: party)
        try await desk.record(
            leader, topic: .visit, problem: false, words: "走访二单元六户，都好。", on: day.adding(-3),
            by: try await actor(people["resident"], on: day))
        try await desk.record(
            supervisor, topic: .cleaning, problem: true, words: "地下车库三天没有清扫。", on: day.adding(-2),
            by: try await actor(people["resident2"], on: day))
        let notice = try await desk.issue(
            NewNotice(
                area: try area("guihua"), organisation: try body("property"), appointment: supervisor.raw,
                title: "地下车库保洁", words: "请安排每日清扫并公示清扫记录。"), by: approver)
        try await desk.take(.answer, of: notice, words: "已安排两人每日清扫，记录贴在出入口。", was: 1, by: front)
        try await desk.announce(
            Selection(
                id: house.world.id(), area: try area("guihua-7"), organisation: community, kind: .buildingLeader,
                title: "7 号楼公开选聘楼栋长", words: "热心公益、常住本楼的居民都可以报名。", seats: 1, from: day,
                to: day.adding(6), result: "", status: .announced, version: 1), by: approver)
        let list = LinkList(
            id: house.world.nextID(), area: try area("guihua"), organisation: linkage, name: "桂花苑党员联户名单",
            reveals: true)
        try await desk.addList(list, by: party)
        try await desk.addLink(
            try person("13800000002", "刘建国"), unit: try area("guihua-3-2-502"), to: list.id, by: party)
        try await counter(desk, approver)
        try await team(desk, approver, on: day)
        // Nobody has this number.
        try await desk.addVehicle(
            "苏A00000", to: try area("xinglong-1-1-201"), by: try await actor(people["resident3"], on: day))
    }

    private func team(_ desk: GovernanceDesk, _ approver: Actor, on day: Day) async throws {
        let team = StewardTeam(
            id: house.world.id(), area: try area("guihua"), organisation: try body("property"), name: "桂花苑红管家队")
        try await desk.addTeam(team, by: approver)
        try await desk.addMember(try person("13800000012", "李师傅"), lead: true, toTeam: team.id, by: approver)
        try await desk.addMember(try person("13800000013", "赵敏"), lead: false, toTeam: team.id, by: approver)
        guard let steward = staff["steward"]?.person else { throw Missing() }
        try await desk.giveBadge(to: steward, of: team.id, until: day.adding(365), by: approver)
    }

    private func counter(_ desk: GovernanceDesk, _ approver: Actor) async throws {
        let counter = Counter(
            id: house.world.nextID(), area: try area("guihua"), name: "桂花苑融合前台", place: "物业服务中心一楼",
            hours: "每天 08:00 至 20:00")
        try await desk.addCounter(counter, by: approver)
        let services: [(Party, String, String, String, Int64, NamedPerson?)] = [
            (.community, "居住证明", "身份证、房屋合同", "免费", 1, nil),
            (.community, "老年人优待证代办", "身份证、照片一张", "免费", 5, nil),
            (.property, "装修登记", "图纸、施工单位营业执照", "免费", 2, nil),
            (.property, "上门换水龙头", "", "人工 30 元，材料另计", 1, try person("13800000012", "李师傅")),
        ]
        for (party, name, needs, price, days, steward) in services {
            try await desk.addService(
                CounterService(
                    id: house.world.nextID(), party: party, name: name, needs: needs, price: price, days: days,
                    steward: nil, version: 1), steward: steward, to: counter.id, by: approver)
        }
    }
}

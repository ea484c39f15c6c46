import Cases
import Directory
import Foundation
import Kernel
import Messaging
import Storage

/// A demo district: two communities, three estates, people of every role, and cases in every state, made by the same
/// actions as real ones. Nobody in it exists.
package struct DemoSeed: Sendable {
    package struct Account: Codable, Sendable {
        package let role: String
        package let name: String
        package let login: String
        package let password: String
        package let token: String
        package let area: String
    }

    let house: House

    package init(_ house: House) { self.house = house }

    private struct Staff {
        let code: String
        let name: String
        let role: Role
        let organisation: String
        let area: String
        let title: String
        var phone: String
    }

    /// Plants the district once; afterwards it only reads the accounts again from the folder.
    package func plant() async throws -> [Account] {
        let kept = house.configuration.folder + "/demo-accounts.json"
        if let data = FileManager.default.contents(atPath: kept) {
            return try JSONDecoder().decode([Account].self, from: data)
        }
        let now = house.world.now()
        var areas: [String: Area] = [:]
        var organisations: [String: Organisation] = [:]
        let database = house.database
        let world = house.world

        func area(_ key: String, _ level: AreaLevel, _ name: String, under parent: String?) -> Area {
            let id: AreaID = world.id()
            let above = parent.flatMap { areas[$0] }
            let path = (above?.path ?? .root).appending(id)
            let estate = level == .estate ? id : above?.estate
            let made = Area(id: id, parent: above?.id, level: level, name: name, path: path, estate: estate)
            areas[key] = made
            return made
        }
        var order: [Area] = []
        order.append(area("district", .district, "城北区", under: nil))
        order.append(area("street", .street, "梅江街道", under: "district"))
        order.append(area("community", .community, "桂花社区", under: "street"))
        order.append(area("community2", .community, "翠微社区", under: "street"))
        for (key, name, parent) in [
            ("guihua", "桂花苑", "community"), ("xinglong", "兴隆花园", "community"), ("lingxiu", "领秀新都", "community2"),
        ] {
            order.append(area(key, .estate, name, under: parent))
            for building in 1...(key == "guihua" ? 8 : 3) {
                order.append(area("\(key)-\(building)", .building, "\(building) 号楼", under: key))
                for staircase in 1...2 {
                    for floor in 1...5 {
                        for door in 1...2 {
                            order.append(
                                area(
                                    "\(key)-\(building)-\(staircase)-\(floor)0\(door)", .unit,
                                    "\(staircase) 单元 \(floor)0\(door)", under: "\(key)-\(building)"))
                        }
                    }
                }
            }
        }
        func organisation(_ key: String, _ party: Party, _ name: String, _ area: String) -> Organisation {
            let id: OrganisationID = world.id()
            let made = Organisation(
                id: id, family: id, party: party, name: name, area: areas[area]?.id ?? AreaID(0))
            organisations[key] = made
            return made
        }
        let bodies = [
            organisation("property", .property, "桂花苑物业服务中心", "guihua"),
            organisation("property2", .property, "兴隆物业服务中心", "xinglong"),
            organisation("community", .community, "桂花社区居民委员会", "community"),
            organisation("community2", .community, "翠微社区居民委员会", "community2"),
            organisation("committee", .committee, "桂花苑业主委员会", "guihua"),
            organisation("urban", .department, "城管中队", "street"),
            organisation("street", .department, "梅江街道办事处", "street"),
            organisation("district", .department, "城北区住建局", "district"),
            organisation("operator", .community, "平台运维", "district"),
        ]
        let staff: [Staff] = [
            Staff(
                code: "desk", name: "陈静", role: .desk, organisation: "property", area: "guihua", title: "前台",
                phone: "13800000011"),
            Staff(
                code: "steward", name: "李师傅", role: .steward, organisation: "property", area: "guihua", title: "维修",
                phone: "13800000012"),
            Staff(
                code: "grid", name: "赵敏", role: .grid, organisation: "community", area: "community", title: "网格员",
                phone: "13800000013"),
            Staff(
                code: "approver", name: "周书记", role: .approver, organisation: "community", area: "community",
                title: "核对销号", phone: "13800000014"),
            Staff(
                code: "moderator", name: "吴编辑", role: .moderator, organisation: "community", area: "community",
                title: "公示编辑", phone: "13800000015"),
            Staff(
                code: "committee", name: "孙委员", role: .committee, organisation: "committee", area: "guihua",
                title: "业委会委员", phone: "13800000016"),
            Staff(
                code: "department", name: "钱队长", role: .department, organisation: "urban", area: "street",
                title: "城管中队", phone: "13800000017"),
            Staff(
                code: "street", name: "郑主任", role: .street, organisation: "street", area: "street", title: "街道城建办",
                phone: "13800000018"),
            Staff(
                code: "district", name: "冯科长", role: .district, organisation: "district", area: "district",
                title: "物业科", phone: "13800000019"),
            Staff(
                code: "administrator", name: "管理员", role: .administrator, organisation: "operator", area: "district",
                title: "系统管理员", phone: "13800000020"),
            Staff(
                code: "auditor", name: "审计员", role: .auditor, organisation: "operator", area: "district",
                title: "审计管理员", phone: "13800000021"),
            Staff(
                code: "security", name: "安全员", role: .security, organisation: "operator", area: "district",
                title: "安全管理员", phone: "13800000041"),
            Staff(
                code: "desk2", name: "何平", role: .desk, organisation: "property2", area: "xinglong", title: "前台",
                phone: "13800000022"),
            Staff(
                code: "steward2", name: "张师傅", role: .steward, organisation: "property", area: "guihua", title: "维修",
                phone: "13800000023"),
            Staff(
                code: "party", name: "黄霞", role: .partyAffairs, organisation: "community", area: "community",
                title: "党务专干", phone: "13800000025"),
            Staff(
                code: "grid2", name: "许晴", role: .grid, organisation: "community2", area: "community2", title: "网格员",
                phone: "13800000024"),
        ]
        let residents: [(code: String, name: String, unit: String, relation: HomeRelation, phone: String)] = [
            ("resident", "王阿姨", "guihua-3-2-502", .owner, "13800000001"),
            ("resident2", "刘建国", "guihua-3-2-402", .owner, "13800000002"),
            ("tenant", "林小雨", "guihua-7-1-301", .tenant, "13800000003"),
            ("resident3", "马兰", "xinglong-1-1-201", .owner, "13800000004"),
            ("family", "王磊", "guihua-3-2-502", .family, "13800000001"),
        ]
        var accounts: [Account] = []
        let day = Zone.shanghai.day(of: now)
        let fixed = (areas: areas, organisations: organisations)
        let planned = order
        try await database.write { transaction in
            for area in planned { _ = try DirectoryStore.insertArea(area, code: "", at: now, transaction) }
            for body in bodies { try DirectoryStore.insertOrganisation(body, parent: nil, at: now, transaction) }
            // No area code begins with 000: nobody has these numbers.
            for (key, phone) in [
                ("property", "000-5550-0101"), ("property2", "000-5550-0102"), ("community", "000-5550-0103"),
                ("community2", "000-5550-0104"), ("street", "000-5550-0105"),
            ] {
                if let body = fixed.organisations[key] { try ServiceLineStore.put(phone, for: body.id, transaction) }
            }
        }
        var posts: [String: (person: PersonID, post: PostID)] = [:]
        var people: [String: PersonID] = [:]
        let secrets = house.secrets
        for one in staff {
            let person: PersonID = world.id()
            let post: PostID = world.id()
            guard let area = fixed.areas[one.area], let body = fixed.organisations[one.organisation],
                let phone = Phone(one.phone)
            else { continue }
            let sealed = try secrets.seal(phone, person: person, world: world)
            try await database.write { transaction in
                try DirectoryStore.insertPerson(person, name: one.name, phone: sealed, at: now, transaction)
                try DirectoryStore.insertPost(
                    post, person: person, organisation: body.id, role: one.role, area: area.id, title: one.title,
                    from: day.adding(-400), to: day.adding(1000), at: now, transaction)
            }
            posts[one.code] = (person, post)
            accounts.append(
                try await account(one.code, one.name, person, post: post, area: area.name, now: now))
        }
        for one in residents {
            let person: PersonID = world.id()
            guard let unit = fixed.areas[one.unit], let phone = Phone(one.phone) else { continue }
            let sealed = try secrets.seal(phone, person: person, world: world)
            let home = world.nextID()
            try await database.write { transaction in
                try DirectoryStore.insertPerson(person, name: one.name, phone: sealed, at: now, transaction)
                _ = try DirectoryStore.insertHome(
                    person: person, unit: unit, relation: one.relation, active: true, from: day.adding(-300),
                    to: one.relation == .tenant ? day.adding(200) : day.adding(36500), decidedBy: nil, id: home,
                    at: now, transaction)
            }
            people[one.code] = person
            let place = fixed.areas[String(one.unit.prefix { $0 != "-" })]?.name ?? ""
            accounts.append(
                try await account(one.code, one.name, person, post: nil, area: "\(place) \(unit.name)", now: now))
        }
        // The roster of the next fortnight, with one gap that the page shows.
        if let estate = fixed.areas["guihua"], let desk = posts["desk"], let steward = posts["steward"] {
            let midnight = Zone.shanghai.instant(day)
            var shifts: [Shift] = []
            for index in 0..<15 {
                let start = midnight.adding(days: index)
                shifts.append(
                    Shift(
                        id: world.nextID(), person: desk.person, name: "", squad: "service",
                        from: start.adding(hours: 8), to: start.adding(hours: 20)))
                if index != 3 {
                    shifts.append(
                        Shift(
                            id: world.nextID(), person: steward.person, name: "", squad: "engineering",
                            from: start.adding(hours: 20), to: start.adding(hours: 32)))
                }
            }
            shifts.append(
                Shift(
                    id: world.nextID(), person: steward.person, name: "", squad: "engineering", from: midnight,
                    to: midnight.adding(hours: 8)))
            let rows = shifts
            try await database.write { transaction in
                for shift in rows {
                    _ = try RosterStore.insert(shift, area: estate.id, by: desk.person, at: now, transaction)
                }
            }
        }
        try await DemoGovernance(
            house: house, areas: fixed.areas, organisations: fixed.organisations, staff: posts, people: people
        ).plant(on: day)
        try await DemoPrivacy(house: house, staff: posts, people: people).plant(on: day)
        try await DemoCases(house: house, areas: fixed.areas, staff: posts, people: people).play(until: now)
        if let estate = fixed.areas["guihua"], let community = fixed.areas["community"] {
            try await DemoCover(house: house, estate: estate.id, community: community.id, staff: posts).plant(on: day)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(accounts).write(to: URL(fileURLWithPath: kept), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: kept)
        return accounts
    }

    private func account(
        _ code: String, _ name: String, _ person: PersonID, post: PostID?, area: String, now: Instant
    ) async throws -> Account {
        let password = "demo-\(code)-2026"
        let hash = try await house.secrets.hashPassword(password)
        let role = String(code.prefix { !$0.isNumber })
        guard
            let actor = try await house.database.write({ transaction in
                guard
                    try house.directory.signIn.plantAccount(
                        person: person, login: code, hash: hash, at: now, transaction)
                else { throw DirectoryRefusal.badName }
                return try DirectoryStore.actor(person, on: Zone.shanghai.day(of: now), transaction)
            })
        else { throw DirectoryRefusal.notFound }
        let token = try await house.directory.signIn.makeToken(for: actor, post: post, name: "demo", days: 366)
        return Account(
            role: role == "tenant" || role == "family" ? "resident" : role, name: name, login: code,
            password: password, token: token, area: area)
    }
}

import Directory
import Kernel
import Storage

/// Grids (rules 9.1) and responsibility zones of the party (A036): lists of buildings with responsible people.
package enum ZoneKind: Int64, CaseIterable, Sendable {
    case grid = 1
    case microGrid = 2
    case specialGrid = 3
    /// 党员责任区: its members are members of the party.
    case partyZone = 4

    package var code: String { String(describing: self) }
    package var isGrid: Bool { self != .partyZone }
    package var reveals: Bool { self == .partyZone }
    /// The limits that say how many households are usual; outside of them a warning, never a refusal.
    var usual: (least: LimitKey, most: LimitKey)? {
        switch self {
        case .grid: (.gridLeast, .gridMost)
        case .microGrid: (.microGridLeast, .microGridMost)
        default: nil
        }
    }
    package var phrase: Phrase {
        switch self {
        case .grid: .zoneGrid
        case .microGrid: .zoneMicro
        case .specialGrid: .zoneSpecial
        case .partyZone: .zoneParty
        }
    }
}

package struct GovernanceZone: Sendable {
    package let id: Int64
    package let kind: ZoneKind
    package let area: AreaID
    package let name: String
    package let households: Int64
    package let ended: Instant?
    package let version: Int64

    package init(
        id: Int64, kind: ZoneKind, area: AreaID, name: String, households: Int64, ended: Instant?, version: Int64
    ) {
        self.id = id
        self.kind = kind
        self.area = area
        self.name = name
        self.households = households
        self.ended = ended
        self.version = version
    }
    package var text: String { ID<AreaTag>(id).text }
}

/// A part that came to a zone or left it.
package struct ZoneChange: Sendable {
    package let area: AreaID
    package let added: Bool
    package let by: PersonID
    package let at: Instant
}

package struct ZoneMember: Sendable {
    package let id: Int64
    package let person: PersonID
    package let lead: Bool
    package let from: Day
    package let to: Day
    package let version: Int64
}

/// Every SQL word about grids and zones.
package enum ZoneStore {
    private static let columns: SQL = "z.id, z.kind, z.area_id, z.name, z.households, z.ended_ms, z.version"
    private static func zone(_ row: any Row) throws -> GovernanceZone {
        GovernanceZone(
            id: try row.int(0), kind: try row.raw(1), area: try row.id(2), name: try row.text(3),
            households: try row.int(4), ended: try row.optionalInstant(5), version: try row.int(6))
    }

    package static func zone(_ id: Int64, _ transaction: any ReadTransaction) throws -> GovernanceZone? {
        try transaction.first("select \(columns) from governance_zone z where z.id = \(id)", zone)
    }

    package static func zones(at area: AreaID, _ transaction: any ReadTransaction) throws -> [GovernanceZone] {
        try transaction.query(
            """
            select \(columns) from governance_zone z where z.area_id = \(area) and z.ended_ms is null
            order by z.kind, z.name, z.id limit 500
            """, zone)
    }

    static func list(
        _ scope: Scope, after: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [GovernanceZone] {
        let page: SQL = after.map { " and z.id > \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from governance_zone z
            where z.area_id in \(DirectoryStore.areas(in: scope)) and z.ended_ms is null\(page)
            order by z.id limit \(limit)
            """, zone)
    }

    static func insert(
        _ z: GovernanceZone, parts: [AreaID], by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_zone (id, kind, area_id, name, households, version, created_by, created_ms)
            values (\(z.id), \(z.kind), \(z.area), \(z.name), \(z.households), 1, \(person), \(now))
            """)
        for part in Set(parts).sorted() { try put(part, in: z.id, transaction) }
    }

    static func put(_ part: AreaID, in zone: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run("insert into governance_zone_part (zone_id, area_id) values (\(zone), \(part))")
    }

    /// False for a place that is no part of it.
    static func take(_ part: AreaID, from zone: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from governance_zone_part where zone_id = \(zone) and area_id = \(part)") == 1
    }

    static func keep(
        _ change: ZoneChange, of zone: Int64, id: Int64, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_zone_change (id, zone_id, area_id, added, created_by, created_ms)
            values (\(id), \(zone), \(change.area), \(change.added), \(change.by), \(change.at))
            """)
    }

    /// The newest first.
    static func changes(of zone: Int64, _ transaction: any ReadTransaction) throws -> [ZoneChange] {
        try transaction.query(
            """
            select area_id, added, created_by, created_ms from governance_zone_change where zone_id = \(zone)
            order by id desc limit 100
            """
        ) { ZoneChange(area: try $0.id(0), added: try $0.flag(1), by: try $0.id(2), at: try $0.instant(3)) }
    }

    /// The next edition of a zone; false when it is another by now.
    static func change(
        _ id: Int64, households: Int64, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_zone set households = \(households), version = version + 1
            where id = \(id) and version = \(seen) and ended_ms is null
            """) == 1
    }

    /// How many households are usual for a kind at a place, by its region or the house's limits; nil where nothing is,
    /// or the two contradict each other.
    static func usual(
        _ kind: ZoneKind, at path: AreaPath, _ transaction: any ReadTransaction
    ) throws -> ClosedRange<Int64>? {
        guard let keys = kind.usual else { return nil }
        let least = try LimitStore.value(keys.least, at: path, transaction)
        let most = try LimitStore.value(keys.most, at: path, transaction)
        return least <= most ? least...most : nil
    }

    static func parts(of id: Int64, _ transaction: any ReadTransaction) throws -> [AreaID] {
        try transaction.query("select area_id from governance_zone_part where zone_id = \(id) order by area_id") {
            try $0.id(0)
        }
    }

    /// A zone of the same kind that holds one of the places already, or what it lies in, or a part of it.
    static func holding(
        _ parts: [AreaPath], kind: ZoneKind, _ transaction: any ReadTransaction
    ) throws -> GovernanceZone? {
        let above = SQL.joined(Set(parts.flatMap(\.ids)).sorted().map { "\($0)" })
        let below = SQL.joined(
            parts.map { " or (a.path >= \($0.text) and a.path < \($0.upperBound))" as SQL }, separator: "")
        return try transaction.first(
            """
            select \(columns) from governance_zone_part p join governance_zone z on z.id = p.zone_id
            join directory_area a on a.id = p.area_id
            where z.kind = \(kind) and z.ended_ms is null and (p.area_id in (\(above))\(below))
            order by z.id limit 1
            """, zone)
    }

    static func isNameTaken(_ z: GovernanceZone, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first(
            """
            select id from governance_zone
            where area_id = \(z.area) and kind = \(z.kind) and name = \(z.name) and ended_ms is null limit 1
            """
        ) { try $0.int(0) } != nil
    }

    static func end(_ id: Int64, was seen: Int64, at now: Instant, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update governance_zone set ended_ms = \(now), version = version + 1
            where id = \(id) and version = \(seen) and ended_ms is null
            """) == 1
    }

    static func members(of id: Int64, _ transaction: any ReadTransaction) throws -> [ZoneMember] {
        try transaction.query(
            """
            select id, person_id, lead, from_day, to_day, version from governance_zone_member
            where zone_id = \(id) order by to_day desc, lead desc, id limit 200
            """
        ) { row in
            ZoneMember(
                id: try row.int(0), person: try row.id(1), lead: try row.flag(2), from: try row.day(3),
                to: try row.day(4), version: try row.int(5))
        }
    }

    static func insertMember(
        _ m: ZoneMember, zone: Int64, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_zone_member (id, zone_id, person_id, lead, from_day, to_day, version, created_by,
                created_ms)
            values (\(m.id), \(zone), \(m.person), \(m.lead), \(m.from), \(m.to), 1, \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func endMember(
        _ id: Int64, zone: Int64, on day: Day, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_zone_member set to_day = \(day), version = version + 1
            where id = \(id) and zone_id = \(zone) and version = \(seen) and to_day = \(HomeStore.forever)
            """) == 1
    }
}

extension GovernanceDesk {
    /// Draws a grid or zone of a community over some of its buildings or estates. A building is in one grid of each kind.
    @discardableResult
    package func addZone(_ z: GovernanceZone, parts: [AreaID], by actor: Actor) async throws -> Int64 {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(z.name, "name", 1...40)
        guard (1...300).contains(parts.count) else { throw GovernanceRefusal.badChoice("part") }
        let now = world.now()
        try await database.write { transaction in
            let (area, post) = try Self.place(
                z.area, z.kind.reveals ? .partyRead : .governanceEdit, actor, transaction)
            guard area.level == .community else { throw GovernanceRefusal.wrongLevel }
            let found = try Self.parts(parts, in: area, transaction)
            if let other = try ZoneStore.holding(found.values.map(\.path), kind: z.kind, transaction) {
                throw GovernanceRefusal.buildingInOtherZone(other.name)
            }
            guard try !ZoneStore.isNameTaken(z, transaction) else { throw GovernanceRefusal.bodyTaken }
            try ZoneStore.insert(z, parts: parts, by: person, at: now, transaction)
            try audit("zone.add", z.id, "\(z.kind.code) \(z.name)", at: area, by: actor, post, transaction)
        }
        return z.id
    }

    private static func parts(
        _ parts: [AreaID], in area: Area, _ transaction: any ReadTransaction
    ) throws -> [AreaID: Area] {
        let found = try DirectoryStore.areas(parts, transaction)
        guard found.count == Set(parts).count,
            found.values.allSatisfy({ area.path.contains($0.path) && $0.level >= .estate && $0.level < .unit })
        else { throw GovernanceRefusal.partOutside }
        return found
    }

    /// Parts leave a zone and others come to it, in its edition that was seen: all of them or none. One place is in one
    /// zone of a kind, once; a zone keeps a part at least.
    ///
    /// - Parameter households: nil for as many as before.
    package func changeParts(
        of id: Int64, adding: [AreaID], removing: [AreaID], households: Int64? = nil, was seen: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (adding, removing) = (Set(adding).sorted(), Set(removing).sorted())
        guard adding.count <= 300, removing.count <= 300, !adding.isEmpty || !removing.isEmpty || households != nil,
            Set(adding).isDisjoint(with: removing)
        else { throw GovernanceRefusal.badChoice("part") }
        let now = world.now()
        let rows = (adding.count + removing.count)
        let ids = (0..<rows).map { _ in world.nextID() }
        try await database.write { transaction in
            let (zone, area, post) = try Self.zone(id, edit: true, actor, transaction)
            let isMine = try ZoneStore.change(
                id, households: households ?? zone.households, was: seen, transaction)
            guard isMine else { throw GovernanceRefusal.changedMeanwhile }
            for part in removing {
                guard try ZoneStore.take(part, from: id, transaction) else { throw GovernanceRefusal.badChoice("part") }
            }
            if !adding.isEmpty {
                let found = try Self.parts(adding, in: area, transaction)
                let paths = found.values.map(\.path)
                // Nor one of them within another.
                let isNested = paths.contains { one in paths.contains { $0 != one && $0.contains(one) } }
                guard !isNested else { throw GovernanceRefusal.badChoice("part") }
                if let other = try ZoneStore.holding(paths, kind: zone.kind, transaction) {
                    throw GovernanceRefusal.buildingInOtherZone(other.name)
                }
                for part in adding { try ZoneStore.put(part, in: id, transaction) }
            }
            let left = try ZoneStore.parts(of: id, transaction).count
            guard left > 0 else { throw GovernanceRefusal.zoneWithoutParts }
            guard left <= 300 else { throw GovernanceRefusal.badChoice("part") }
            let changes = removing.map { ($0, false) } + adding.map { ($0, true) }
            for (row, change) in zip(ids, changes) {
                try ZoneStore.keep(
                    ZoneChange(area: change.0, added: change.1, by: person, at: now), of: id, id: row, transaction)
            }
            let detail = changes.map { "\($0.1 ? "+" : "-")\($0.0.text)" }.joined(separator: " ")
            try audit("zone.parts", id, detail, at: area, by: actor, post, transaction)
        }
    }

    package func endZone(_ id: Int64, was seen: Int64, by actor: Actor) async throws {
        let now = world.now()
        try await database.write { transaction in
            let (_, area, post) = try Self.zone(id, edit: true, actor, transaction)
            guard try ZoneStore.end(id, was: seen, at: now, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("zone.end", id, "", at: area, by: actor, post, transaction)
        }
    }

    package func addMember(
        _ named: NamedPerson, lead: Bool, to zone: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today, id) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (_, area, post) = try Self.zone(zone, edit: true, actor, transaction)
            let member = try named.find(at: now, transaction)
            let isNew = try ZoneStore.insertMember(
                ZoneMember(
                    id: id, person: member, lead: lead, from: today, to: HomeStore.forever, version: 1), zone: zone,
                by: person, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.linkedTwice }
            try audit("zone.member", zone, member.text, at: area, by: actor, post, transaction)
        }
    }

    package func endMember(_ id: Int64, of zone: Int64, was seen: Int64, by actor: Actor) async throws {
        let today = today
        try await database.write { transaction in
            let (_, area, post) = try Self.zone(zone, edit: true, actor, transaction)
            guard try ZoneStore.endMember(id, zone: zone, on: today, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("zone.memberEnd", zone, ID<AreaTag>(id).text, at: area, by: actor, post, transaction)
        }
    }

    /// A zone within reach. Whoever may not see membership knows that a party zone is there, and changes nothing of it.
    static func zone(
        _ id: Int64, edit: Bool, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (GovernanceZone, Area, Post) {
        guard let found = try ZoneStore.zone(id, transaction), found.ended == nil || !edit,
            let area = try DirectoryStore.area(found.area, transaction),
            let post = actor.post(
                for: !edit ? .governanceRead : found.kind.reveals ? .partyRead : .governanceEdit, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }
}

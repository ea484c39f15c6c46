import Directory
import Kernel
import Storage
import Web

package enum TeamTag {}
package enum BadgeTag {}

/// A service team of red stewards (A029): stewards and grid officers of an estate or a community. It says nothing about
/// membership of the party, and no body of the party keeps one.
package struct StewardTeam: Sendable {
    package let id: ID<TeamTag>
    package let area: AreaID
    package let organisation: OrganisationID
    package let name: String
    package let ended: Instant?
    package let version: Int64

    package init(
        id: ID<TeamTag>, area: AreaID, organisation: OrganisationID, name: String, ended: Instant? = nil,
        version: Int64 = 1
    ) {
        self.id = id
        self.area = area
        self.organisation = organisation
        self.name = name
        self.ended = ended
        self.version = version
    }
}

package struct TeamMember: Sendable {
    package let id: Int64
    package let person: PersonID
    package let lead: Bool
    package let from: Day
    package let to: Day
    package let version: Int64
    package var text: String { ID<AreaTag>(id).text }
}

/// What a steward wears: a number, and a code by which anybody sees whether it still holds.
package struct Badge: Sendable {
    package let id: ID<BadgeTag>
    package let team: ID<TeamTag>
    package let person: PersonID
    package let year: Int64
    package let serial: Int64
    package let code: String
    package let from: Day
    package let to: Day
    package let withdrawn: Instant?
    package let withdrawnWords: String
    package let version: Int64

    func isRunning(on day: Day) -> Bool { withdrawn == nil && to >= day }
    func number(_ words: Words) -> String { words(.badgeNumber, String(year), String(serial)) }
}

package enum TeamMigrations {
    package static let all: [Migration] = [
        Migration(
            "governance-053-teams",
            """
            create table governance_team (
                id ID primary key,
                area_id INT64 not null,
                organisation_id INT64 not null,
                name TEXT not null,
                ended_ms INT64,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_team_name on governance_team(area_id, name) where ended_ms is null;
            create table governance_team_member (
                id ID primary key,
                team_id ID not null references governance_team(id),
                person_id INT64 not null,
                lead FLAG not null,
                from_day INT64 not null,
                to_day INT64 not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_team_member_once on governance_team_member(team_id, person_id)
                where to_day = 2932896;
            create index governance_team_member_person on governance_team_member(person_id, id);
            create table governance_badge (
                id ID primary key,
                team_id ID not null references governance_team(id),
                person_id INT64 not null,
                year INT64 not null,
                serial INT64 not null,
                code TEXT not null,
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                withdrawn_ms INT64,
                withdrawn_by INT64,
                withdrawn_words TEXT not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_badge_code on governance_badge(code);
            create unique index governance_badge_once on governance_badge(team_id, person_id) where withdrawn_ms is null;
            create index governance_badge_person on governance_badge(person_id, id);
            """)
    ]
}

/// Every SQL word about teams and badges.
package enum TeamStore {
    private static let columns: SQL = "id, area_id, organisation_id, name, ended_ms, version"
    private static func team(_ row: any Row) throws -> StewardTeam {
        StewardTeam(
            id: try row.id(0), area: try row.id(1), organisation: try row.id(2), name: try row.text(3),
            ended: try row.optionalInstant(4), version: try row.int(5))
    }

    package static func load(_ id: ID<TeamTag>, _ transaction: any ReadTransaction) throws -> StewardTeam? {
        try transaction.first("select \(columns) from governance_team where id = \(id)", team)
    }

    static func list(
        _ scope: Scope, after: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [StewardTeam] {
        let page: SQL = after.map { " and id > \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from governance_team
            where area_id in \(DirectoryStore.areas(in: scope)) and ended_ms is null\(page) order by id limit \(limit)
            """, team)
    }

    /// False for a name that another team of the place has.
    static func insert(
        _ t: StewardTeam, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_team (id, area_id, organisation_id, name, version, created_by, created_ms)
            values (\(t.id), \(t.area), \(t.organisation), \(t.name), 1, \(person), \(now)) on conflict do nothing
            """) == 1
    }

    static func end(
        _ id: ID<TeamTag>, was seen: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_team set ended_ms = \(now), version = version + 1
            where id = \(id) and version = \(seen) and ended_ms is null
            """) == 1
    }

    /// Those who are in it, the lead first.
    static func members(of id: ID<TeamTag>, _ transaction: any ReadTransaction) throws -> [TeamMember] {
        try transaction.query(
            """
            select id, person_id, lead, from_day, to_day, version from governance_team_member
            where team_id = \(id) and to_day = \(HomeStore.forever) order by lead desc, id limit 300
            """
        ) {
            TeamMember(
                id: try $0.int(0), person: try $0.id(1), lead: try $0.flag(2), from: try $0.day(3), to: try $0.day(4),
                version: try $0.int(5))
        }
    }

    static func insert(
        _ m: TeamMember, of team: ID<TeamTag>, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_team_member (id, team_id, person_id, lead, from_day, to_day, version, created_by,
                created_ms)
            values (\(m.id), \(team), \(m.person), \(m.lead), \(m.from), \(m.to), 1, \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func endMember(
        _ id: Int64, of team: ID<TeamTag>, on day: Day, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_team_member set to_day = \(day), version = version + 1
            where id = \(id) and team_id = \(team) and version = \(seen) and to_day = \(HomeStore.forever)
            """) == 1
    }

    private static let badgeColumns: SQL = """
        id, team_id, person_id, year, serial, code, from_day, to_day, withdrawn_ms, withdrawn_words, version
        """
    private static func badge(_ row: any Row) throws -> Badge {
        Badge(
            id: try row.id(0), team: try row.id(1), person: try row.id(2), year: try row.int(3),
            serial: try row.int(4), code: try row.text(5), from: try row.day(6), to: try row.day(7),
            withdrawn: try row.optionalInstant(8), withdrawnWords: try row.text(9), version: try row.int(10))
    }

    /// The newest first; those that were withdrawn as well.
    static func badges(of team: ID<TeamTag>, _ transaction: any ReadTransaction) throws -> [Badge] {
        try transaction.query(
            """
            select \(badgeColumns) from governance_badge where team_id = \(team)
            order by id desc limit 500
            """, badge)
    }

    static func badge(_ id: ID<BadgeTag>, _ transaction: any ReadTransaction) throws -> Badge? {
        try transaction.first("select \(badgeColumns) from governance_badge where id = \(id)", badge)
    }

    static func badge(_ code: String, _ transaction: any ReadTransaction) throws -> Badge? {
        try transaction.first("select \(badgeColumns) from governance_badge where code = \(code)", badge)
    }

    /// False for somebody who has one in this team.
    static func insert(
        _ b: Badge, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_badge (id, team_id, person_id, year, serial, code, from_day, to_day, withdrawn_words,
                version, created_by, created_ms)
            values (\(b.id), \(b.team), \(b.person), \(b.year), \(b.serial), \(b.code), \(b.from), \(b.to), '', 1,
                \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func withdraw(
        _ id: ID<BadgeTag>, of team: ID<TeamTag>, words: String, by person: PersonID, was seen: Int64,
        at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_badge set withdrawn_ms = \(now), withdrawn_by = \(person), withdrawn_words = \(words),
                version = version + 1
            where id = \(id) and team_id = \(team) and version = \(seen) and withdrawn_ms is null
            """) == 1
    }
}

extension GovernanceDesk {
    package func addTeam(_ t: StewardTeam, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(t.name, "name", 1...40)
        let now = world.now()
        try await database.write { transaction in
            let (area, post) = try Self.place(t.area, .governanceEdit, actor, transaction)
            guard (.community ... .estate).contains(area.level) else { throw GovernanceRefusal.wrongLevel }
            guard let body = try BodyStore.body(t.organisation, transaction), !body.kind.revealsMembers,
                let home = try DirectoryStore.area(body.organisation.area, transaction),
                home.path.contains(area.path) || area.path.contains(home.path)
            else { throw GovernanceRefusal.badChoice("organisation") }
            guard try TeamStore.insert(t, by: person, at: now, transaction) else { throw GovernanceRefusal.bodyTaken }
            try audit("team.add", t.id.raw, t.name, at: area, by: actor, post, transaction)
        }
    }

    package func endTeam(_ id: ID<TeamTag>, was seen: Int64, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let now = world.now()
        try await database.write { transaction in
            let (team, area, post) = try Self.team(id, .governanceEdit, actor, transaction)
            guard try TeamStore.end(id, was: seen, at: now, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            for badge in try TeamStore.badges(of: id, transaction) where badge.withdrawn == nil {
                _ = try TeamStore.withdraw(
                    badge.id, of: id, words: team.name, by: person, was: badge.version, at: now, transaction)
            }
            try audit("team.end", id.raw, "", at: area, by: actor, post, transaction)
        }
    }

    /// Adds somebody who holds a post of a steward or a grid officer that meets the place of the team.
    package func addMember(
        _ named: NamedPerson, lead: Bool, toTeam id: ID<TeamTag>, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today, row) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (_, area, post) = try Self.team(id, .governanceEdit, actor, transaction)
            let member = try named.find(at: now, transaction)
            guard try !Self.duties(of: member, at: area, on: today, transaction).isEmpty else {
                throw GovernanceRefusal.noSteward
            }
            let isNew = try TeamStore.insert(
                TeamMember(id: row, person: member, lead: lead, from: today, to: HomeStore.forever, version: 1),
                of: id, by: person, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.linkedTwice }
            try audit("team.member", id.raw, member.text, at: area, by: actor, post, transaction)
        }
    }

    /// Somebody leaves a team; their badge is withdrawn with it.
    package func endMember(
        _ member: Int64, ofTeam id: ID<TeamTag>, was seen: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today) = (world.now(), today)
        try await database.write { transaction in
            let (team, area, post) = try Self.team(id, .governanceEdit, actor, transaction)
            let found = try TeamStore.members(of: id, transaction).first { $0.id == member }
            guard let found, try TeamStore.endMember(member, of: id, on: today, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            for badge in try TeamStore.badges(of: id, transaction)
            where badge.person == found.person && badge.withdrawn == nil {
                _ = try TeamStore.withdraw(
                    badge.id, of: id, words: team.name, by: person, was: badge.version, at: now, transaction)
            }
            try audit("team.memberEnd", id.raw, found.person.text, at: area, by: actor, post, transaction)
        }
    }

    /// Gives a member of a team a badge with the next number of its organisation; one at a time.
    @discardableResult
    package func giveBadge(
        to person: PersonID, of id: ID<TeamTag>, until day: Day, by actor: Actor
    ) async throws -> ID<BadgeTag> {
        guard let author = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today) = (world.now(), today)
        let badge: ID<BadgeTag> = world.id()
        let code = Self.code(world.randomBytes(32))
        guard day >= today, day <= today.adding(1830) else { throw GovernanceRefusal.badDay("to") }
        try await database.write { transaction in
            let (team, area, post) = try Self.team(id, .governanceEdit, actor, transaction)
            guard try TeamStore.members(of: id, transaction).contains(where: { $0.person == person }) else {
                throw GovernanceRefusal.badChoice("person")
            }
            guard try !Self.duties(of: person, at: area, on: today, transaction).isEmpty else {
                throw GovernanceRefusal.noSteward
            }
            let year = Int64(today.civil.year)
            let serial = try AppointmentStore.nextSerial(team.organisation, year: year, kind: 3, transaction)
            let isNew = try TeamStore.insert(
                Badge(
                    id: badge, team: id, person: person, year: year, serial: serial, code: code, from: today, to: day,
                    withdrawn: nil, withdrawnWords: "", version: 1), by: author, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.badgedAlready }
            try audit("badge.give", badge.raw, person.text, at: area, by: actor, post, transaction)
        }
        return badge
    }

    package func withdrawBadge(
        _ badge: ID<BadgeTag>, of id: ID<TeamTag>, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        guard let author = actor.person else { throw GovernanceRefusal.notFound }
        guard !words.isEmpty else { throw GovernanceRefusal.reasonNeeded }
        _ = try Self.words(words, "why", 1...200)
        let now = world.now()
        try await database.write { transaction in
            let (_, area, post) = try Self.team(id, .governanceEdit, actor, transaction)
            let isDone = try TeamStore.withdraw(
                badge, of: id, words: words, by: author, was: seen, at: now, transaction)
            guard isDone else { throw GovernanceRefusal.changedMeanwhile }
            try audit("badge.withdraw", badge.raw, words, at: area, by: actor, post, transaction)
        }
    }

    /// Twelve signs that nobody guesses or misreads.
    private static func code(_ bytes: [UInt8]) -> String {
        let signs = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ")
        return String(bytes.filter { $0 < 240 }.prefix(12).map { signs[Int($0) % 30] })
    }

    /// The posts that make somebody a steward or a grid officer at a place; nothing that reveals membership of the party.
    static func duties(
        of person: PersonID, at area: Area, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [HeldPost] {
        try HeldPostStore.posts(of: person, on: day, transaction).filter {
            !$0.reveals && ($0.role == .steward || $0.role == .grid)
                && (area.path.contains($0.path) || $0.path.contains(area.path))
        }
    }

    static func team(
        _ id: ID<TeamTag>, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (StewardTeam, Area, Post) {
        guard let found = try TeamStore.load(id, transaction), found.ended == nil,
            let area = try DirectoryStore.area(found.area, transaction), let post = actor.post(for: verb, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }
}

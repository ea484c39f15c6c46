import Directory
import Kernel
import Storage

/// A list of who looks after which households (A024).
package struct LinkList: Sendable {
    package let id: Int64
    package let area: AreaID
    package let organisation: OrganisationID
    package let name: String
    /// Whoever is on it is by that a member of the party.
    package let reveals: Bool

    package init(
        id: Int64, area: AreaID, organisation: OrganisationID, name: String, reveals: Bool
    ) {
        self.id = id
        self.area = area
        self.organisation = organisation
        self.name = name
        self.reveals = reveals
    }
    package var text: String { ID<AreaTag>(id).text }
}

package struct HouseholdLink: Sendable {
    package let id: Int64
    package let list: Int64
    package let person: PersonID
    package let unit: AreaID
    package let from: Day
    package let to: Day
    package let version: Int64
    package let visits: Int64
    package let lastVisit: Day?
    package var text: String { ID<AreaTag>(id).text }
}

/// Every SQL word about household linkage.
package enum LinkStore {
    private static func list(_ row: any Row) throws -> LinkList {
        LinkList(
            id: try row.int(0), area: try row.id(1), organisation: try row.id(2), name: try row.text(3),
            reveals: try row.flag(4))
    }
    private static let listColumns: SQL = "id, area_id, organisation_id, name, reveals"

    static func lists(
        _ scope: Scope, party: Scope?, after: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [LinkList] {
        let page: SQL = after.map { " and id > \($0)" } ?? .empty
        let guarded: SQL =
            party.map { " and (reveals = \(false) or area_id in \(DirectoryStore.areas(in: $0)))" }
            ?? " and reveals = \(false)"
        return try transaction.query(
            """
            select \(listColumns) from governance_link_list
            where area_id in \(DirectoryStore.areas(in: scope))\(guarded)\(page) order by id limit \(limit)
            """, list)
    }

    static func list(_ id: Int64, _ transaction: any ReadTransaction) throws -> LinkList? {
        try transaction.first("select \(listColumns) from governance_link_list where id = \(id)", list)
    }

    static func insert(
        _ l: LinkList, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_link_list (id, area_id, organisation_id, name, reveals, version, created_by, created_ms)
            values (\(l.id), \(l.area), \(l.organisation), \(l.name), \(l.reveals), 1, \(person), \(now))
            """)
    }

    private static let columns: SQL = """
        k.id, k.list_id, k.person_id, k.unit_id, k.from_day, k.to_day, k.version,
        (select count(*) from governance_link_visit v where v.link_id = k.id),
        (select max(v.day) from governance_link_visit v where v.link_id = k.id)
        """
    private static func link(_ row: any Row) throws -> HouseholdLink {
        HouseholdLink(
            id: try row.int(0), list: try row.int(1), person: try row.id(2), unit: try row.id(3),
            from: try row.day(4), to: try row.day(5), version: try row.int(6), visits: try row.int(7),
            lastVisit: try row.optionalInt(8).map { Day(number: Int32(clamping: $0)) })
    }

    static func links(of list: Int64, _ transaction: any ReadTransaction) throws -> [HouseholdLink] {
        try transaction.query(
            """
            select \(columns) from governance_link k where k.list_id = \(list) and k.to_day = \(HomeStore.forever)
            order by k.person_id, k.id limit 1000
            """, link)
    }

    static func links(of person: PersonID, _ transaction: any ReadTransaction) throws -> [HouseholdLink] {
        try transaction.query(
            """
            select \(columns) from governance_link k where k.person_id = \(person) and k.to_day = \(HomeStore.forever)
            order by k.id limit 200
            """, link)
    }

    static func link(_ id: Int64, _ transaction: any ReadTransaction) throws -> HouseholdLink? {
        try transaction.first("select \(columns) from governance_link k where k.id = \(id)", link)
    }

    /// False when somebody on the list looks after the home already.
    static func insert(
        _ k: HouseholdLink, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_link (id, list_id, person_id, unit_id, from_day, to_day, version, created_by,
                created_ms)
            values (\(k.id), \(k.list), \(k.person), \(k.unit), \(k.from), \(k.to), 1, \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func end(_ k: HouseholdLink, on day: Day, was seen: Int64, _ transaction: any WriteTransaction) throws
        -> Bool
    {
        try transaction.run(
            """
            update governance_link set to_day = \(day), version = version + 1
            where id = \(k.id) and version = \(seen) and to_day = \(HomeStore.forever)
            """) == 1
    }

    static func visit(
        _ id: Int64, _ link: Int64, on day: Day, words: String, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_link_visit (id, link_id, day, words, created_by, created_ms)
            values (\(id), \(link), \(day), \(words), \(person), \(now))
            """)
    }
}

extension GovernanceDesk {
    package func addList(_ l: LinkList, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(l.name, "name", 1...60)
        let now = world.now()
        try await database.write { transaction in
            let (area, post) = try Self.place(l.area, .governanceEdit, actor, transaction)
            guard area.level >= .community, area.level <= .building else { throw GovernanceRefusal.wrongLevel }
            guard let body = try BodyStore.body(l.organisation, transaction),
                let home = try DirectoryStore.area(body.organisation.area, transaction), home.path.contains(area.path)
            else { throw GovernanceRefusal.badChoice("organisation") }
            let reveals = l.reveals || body.kind.revealsMembers
            guard !reveals || actor.may(.partyRead, at: area.path) else { throw GovernanceRefusal.membersOnly }
            try LinkStore.insert(
                LinkList(id: l.id, area: l.area, organisation: l.organisation, name: l.name, reveals: reveals),
                by: person, at: now, transaction)
            try audit("link.list", l.id, l.name, at: area, by: actor, post, transaction)
        }
    }

    /// Gives a home to somebody to look after; a home has one person on a list.
    package func addLink(_ named: NamedPerson, unit: AreaID, to list: Int64, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today, id) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (_, area, post) = try Self.linkList(list, .governanceEdit, actor, transaction)
            guard let home = try DirectoryStore.area(unit, transaction), home.level == .unit,
                area.path.contains(home.path)
            else { throw GovernanceRefusal.badChoice("unit") }
            let who = try named.find(at: now, transaction)
            let isNew = try LinkStore.insert(
                HouseholdLink(
                    id: id, list: list, person: who, unit: unit, from: today, to: HomeStore.forever, version: 1,
                    visits: 0, lastVisit: nil), by: person, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.linkedTwice }
            try audit("link.add", list, "\(who.text) \(unit.text)", at: area, by: actor, post, transaction)
        }
    }

    package func endLink(_ id: Int64, of list: Int64, was seen: Int64, by actor: Actor) async throws {
        let today = today
        try await database.write { transaction in
            let (_, area, post) = try Self.linkList(list, .governanceEdit, actor, transaction)
            guard let link = try LinkStore.link(id, transaction), link.list == list else {
                throw GovernanceRefusal.notFound
            }
            guard try LinkStore.end(link, on: max(link.from, today), was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("link.end", list, link.unit.text, at: area, by: actor, post, transaction)
        }
    }

    /// A visit by the person who looks after the home.
    package func visit(_ link: Int64, on day: Day, words: String, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(words, "words")
        let (now, today, id) = (world.now(), today, world.nextID())
        guard day <= today, day >= today.adding(-31) else { throw GovernanceRefusal.badDay("day") }
        try await database.write { transaction in
            guard let found = try LinkStore.link(link, transaction), found.person == person,
                found.to >= HomeStore.forever, let unit = try DirectoryStore.area(found.unit, transaction)
            else { throw GovernanceRefusal.notFound }
            try LinkStore.visit(id, link, on: day, words: words, by: person, at: now, transaction)
            try audit("link.visit", link, day.description, at: unit, by: actor, nil, transaction)
        }
    }

    static func linkList(
        _ id: Int64, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (LinkList, Area, Post) {
        guard let found = try LinkStore.list(id, transaction),
            let area = try DirectoryStore.area(found.area, transaction),
            let post = actor.post(for: verb, at: area.path), !found.reveals || actor.may(.partyRead, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }
}

import Kernel
import Storage

/// Every SQL word about areas, organisations, people, posts and homes.
package enum DirectoryStore {
    static let areaColumns: SQL = "a.id, a.parent_id, a.level, a.name, a.path, a.estate_id"

    static func area(_ row: any Row) throws -> Area {
        let estate = try row.int(5)
        return Area(
            id: try row.id(0), parent: try row.optionalID(1), level: try row.raw(2), name: try row.text(3),
            path: try row.path(4), estate: estate == 0 ? nil : AreaID(estate))
    }

    package static func area(_ id: AreaID, _ transaction: any ReadTransaction) throws -> Area? {
        try transaction.first("select \(areaColumns) from directory_area a where a.id = \(id)", area)
    }

    package static func areas(_ ids: [AreaID], _ transaction: any ReadTransaction) throws -> [AreaID: Area] {
        guard !ids.isEmpty else { return [:] }
        let list = SQL.joined(Set(ids).map { "\($0)" })
        let found = try transaction.query("select \(areaColumns) from directory_area a where a.id in (\(list))", area)
        return Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    /// An area and everything above it, the widest first; nil for one that is not there.
    package static func chain(of id: AreaID, _ transaction: any ReadTransaction) throws -> AreaChain? {
        guard let area = try area(id, transaction) else { return nil }
        let found = try areas(area.path.ids, transaction)
        return AreaChain(area: area, line: area.path.ids.compactMap { found[$0] })
    }

    package static func children(of id: AreaID, limit: Int = 2000, _ transaction: any ReadTransaction) throws -> [Area]
    {
        try transaction.query(
            """
            select \(areaColumns) from directory_area a where a.parent_id = \(id)
            order by a.level, length(a.name), a.name, a.id limit \(limit)
            """, area)
    }

    /// The estates at or below a path, by name.
    package static func estates(
        under path: AreaPath, limit: Int = 2000, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(areaColumns) from directory_area a
            where a.path >= \(path.text) and a.path < \(path.upperBound) and a.level = \(AreaLevel.estate)
            order by a.name, a.id limit \(limit)
            """, area)
    }

    package static func insertArea(
        _ area: Area, code: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        let isNew =
            try transaction.run(
                """
                insert into directory_area (id, parent_id, level, name, code, path, estate_id, created_ms)
                values (\(area.id), \(area.parent), \(area.level), \(area.name), \(code), \(area.path),
                    \(area.estate?.raw ?? 0), \(now))
                on conflict do nothing
                """) == 1
        if isNew { try FindStore.put(area, transaction) }
        return isNew
    }

    // MARK: Organisations

    static func organisation(_ row: any Row) throws -> Organisation {
        Organisation(
            id: try row.id(0), family: try row.id(1), party: try row.raw(2), name: try row.text(3), area: try row.id(4))
    }

    package static func organisation(
        _ id: OrganisationID, _ transaction: any ReadTransaction
    ) throws -> Organisation? {
        try transaction.first(
            "select id, family_id, party, name, area_id from directory_organisation where id = \(id)", organisation)
    }

    /// Organisations that serve an estate: those of the estate and of every area above it.
    package static func organisations(
        serving path: AreaPath, _ transaction: any ReadTransaction
    ) throws -> [Organisation] {
        var result: [Organisation] = []
        for id in path.ids {
            result += try transaction.query(
                """
                select id, family_id, party, name, area_id from directory_organisation
                where area_id = \(id) order by party, name limit 50
                """, organisation)
        }
        return result
    }

    package static func insertOrganisation(
        _ value: Organisation, parent: OrganisationID?, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_organisation (id, family_id, parent_id, party, name, area_id, created_ms)
            values (\(value.id), \(value.family), \(parent), \(value.party), \(value.name), \(value.area), \(now))
            """)
    }

    // MARK: People, posts, homes

    package static func insertPerson(
        _ id: PersonID, name: String, phone: SealedPhone?, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_person
                (id, name, phone_sealed, phone_index, phone_tail, phone_masked, created_ms)
            values (\(id), \(name), \(phone?.sealed), \(phone?.index), \(phone?.tail), \(phone?.masked ?? ""), \(now))
            """)
    }

    package static func personName(_ id: PersonID, _ transaction: any ReadTransaction) throws -> String? {
        try transaction.first("select name from directory_person where id = \(id)") { try $0.text(0) }
    }

    package static func insertPost(
        _ id: PostID, person: PersonID, organisation: OrganisationID, role: Role, area: AreaID, title: String,
        from: Day, to: Day, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_post
                (id, person_id, organisation_id, role, area_id, title, from_day, to_day, created_ms)
            values (\(id), \(person), \(organisation), \(role), \(area), \(title), \(from), \(to), \(now))
            """)
        try FindStore.settle(person, at: FindStore.place(of: area, transaction), transaction)
    }

    /// The posts in force on a day.
    package static func posts(
        of person: PersonID, on day: Day, only: PostID? = nil, _ transaction: any ReadTransaction
    ) throws -> [Post] {
        let limit: SQL = only.map { "and p.id = \($0)" } ?? .empty
        let found = try transaction.query(
            """
            select p.id, p.role, p.organisation_id, o.family_id, o.party, p.area_id, a.level, a.path, p.title
            from directory_post p
            join directory_organisation o on o.id = p.organisation_id
            join directory_area a on a.id = p.area_id
            where p.person_id = \(person) and p.from_day <= \(day) and p.to_day >= \(day) \(limit)
            order by p.id
            """
        ) { row in
            Post(
                id: try row.id(0), role: try row.raw(1), organisation: try row.id(2), family: try row.id(3),
                party: try row.raw(4), area: try row.id(5), level: try row.raw(6), path: try row.path(7),
                title: try row.text(8))
        }
        return try AreaPastStore.withFormer(found, transaction)
    }

    /// The units that a person is bound to on a day.
    package static func homes(
        of person: PersonID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Home] {
        try transaction.query(
            """
            select h.unit_id, u.parent_id, h.estate_id, u.path, h.relation, b.name, u.name, e.name
            from directory_home h
            join directory_area u on u.id = h.unit_id
            join directory_area b on b.id = u.parent_id
            join directory_area e on e.id = h.estate_id
            where h.person_id = \(person) and h.status = 1 and h.from_day <= \(day) and h.to_day >= \(day)
            order by h.id
            """
        ) { row in
            Home(
                unit: try row.id(0), building: try row.id(1), estate: try row.id(2), path: try row.path(3),
                relation: try row.raw(4), label: "\(try row.text(5)) \(try row.text(6))", estateName: try row.text(7))
        }
    }

    package static func actor(
        _ person: PersonID, on day: Day, onlyPost: PostID? = nil, byToken: Bool = false,
        _ transaction: any ReadTransaction
    ) throws -> Actor? {
        guard let name = try personName(person, transaction) else { return nil }
        return Actor(
            person: person, name: name,
            posts: try posts(of: person, on: day, only: onlyPost, transaction),
            homes: onlyPost == nil ? try homes(of: person, on: day, transaction) : [], byToken: byToken)
    }

    /// Who may take work in an estate by a verb, in force on a day.
    package static func colleagues(
        at path: AreaPath, may verb: Verb, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Colleague] {
        var result: [Colleague] = []
        for id in path.ids {
            result += try transaction.query(
                """
                select p.person_id, n.name, p.id, p.role, p.title, p.organisation_id, o.name, o.family_id, o.party,
                    a.path
                from directory_post p
                join directory_person n on n.id = p.person_id
                join directory_organisation o on o.id = p.organisation_id
                join directory_area a on a.id = p.area_id
                where p.area_id = \(id) and p.from_day <= \(day) and p.to_day >= \(day)
                order by p.id limit 200
                """, colleague
            ).filter { $0.role.verbs.contains(verb) }
        }
        return result
    }

    package static func colleague(
        post: PostID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> Colleague? {
        try transaction.first(
            """
            select p.person_id, n.name, p.id, p.role, p.title, p.organisation_id, o.name, o.family_id, o.party, a.path
            from directory_post p
            join directory_person n on n.id = p.person_id
            join directory_organisation o on o.id = p.organisation_id
            join directory_area a on a.id = p.area_id
            where p.id = \(post) and p.from_day <= \(day) and p.to_day >= \(day)
            """, colleague)
    }

    private static func colleague(_ row: any Row) throws -> Colleague {
        Colleague(
            person: try row.id(0), name: try row.text(1), post: try row.id(2), role: try row.raw(3),
            title: try row.text(4), organisation: try row.id(5), organisationName: try row.text(6),
            family: try row.id(7), party: try row.raw(8), path: try row.path(9))
    }

    /// Binds a person to a unit. One that is in force belongs to the unit's household from then on. False when the
    /// same home was there already.
    package static func insertHome(
        person: PersonID, unit: Area, relation: HomeRelation, active: Bool, from: Day, to: Day, decidedBy: PersonID?,
        id: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        let isNew =
            try transaction.run(
                """
                insert into directory_home
                    (id, person_id, unit_id, estate_id, relation, status, from_day, to_day, decided_by, created_ms)
                values (\(id), \(person), \(unit.id), \(unit.estate?.raw ?? 0), \(relation), \(active ? 1 : 0),
                    \(from), \(to), \(decidedBy), \(now))
                on conflict do nothing
                """) == 1
        if isNew, active { try HouseholdStore.settle(unit.id, at: now, transaction) }
        if isNew { try FindStore.settle(person, at: unit.estate?.raw ?? 0, transaction) }
        return isNew
    }

    package struct WaitingHome: Sendable {
        package let id: Int64
        package let person: PersonID
        package let name: String
        package let phoneMasked: String
        package let unitPath: AreaPath
        package let place: String
        package let relation: HomeRelation
        package let created: Instant
    }

    package static func waitingHomes(
        _ scope: Scope, after: Int64 = 0, limit: Int = 100, _ transaction: any ReadTransaction
    ) throws -> [WaitingHome] {
        var result: [WaitingHome] = []
        for place in scope.places {
            result += try transaction.query(
                """
                select h.id, h.person_id, n.name, n.phone_masked, u.path, e.name, b.name, u.name, h.relation,
                    h.created_ms
                from directory_home h
                join directory_area u on u.id = h.unit_id
                join directory_area b on b.id = u.parent_id
                join directory_area e on e.id = h.estate_id
                join directory_person n on n.id = h.person_id
                where h.status = 0 and u.path >= \(place.path.text) and u.path < \(place.path.upperBound)
                    and h.id > \(after)
                order by h.created_ms, h.id limit \(limit)
                """
            ) { row in
                WaitingHome(
                    id: try row.int(0), person: try row.id(1), name: try row.text(2), phoneMasked: try row.text(3),
                    unitPath: try row.path(4),
                    place: "\(try row.text(5)) \(try row.text(6)) \(try row.text(7))", relation: try row.raw(8),
                    created: try row.instant(9))
            }
        }
        return result
    }

    package static func waitingHome(
        _ id: Int64, _ transaction: any ReadTransaction
    ) throws -> (person: PersonID, unitPath: AreaPath, estate: AreaID)? {
        try transaction.first(
            """
            select h.person_id, u.path, h.estate_id from directory_home h join directory_area u on u.id = h.unit_id
            where h.id = \(id) and h.status = 0
            """
        ) { (try $0.id(0), try $0.path(1), try $0.id(2)) }
    }

    package static func decideHome(
        _ id: Int64, accept: Bool, by person: PersonID, _ transaction: any WriteTransaction
    ) throws -> Bool {
        let isDecided =
            try transaction.run(
                """
                update directory_home set status = \(accept ? 1 : 2), decided_by = \(person)
                where id = \(id) and status = 0
                """) == 1
        let home = try transaction.first("select person_id, estate_id from directory_home where id = \(id)") {
            (try $0.id(0, PersonTag.self), try $0.int(1))
        }
        if isDecided, let home { try FindStore.settle(home.0, at: home.1, transaction) }
        return isDecided
    }

    package static func phone(
        of person: PersonID, _ transaction: any ReadTransaction
    ) throws -> (masked: String, sealed: [UInt8]?)? {
        try transaction.first("select phone_masked, phone_sealed from directory_person where id = \(person)") {
            (try $0.text(0), try $0.optionalBytes(1))
        }
    }

    package static func rename(_ person: PersonID, _ name: String, _ transaction: any WriteTransaction) throws {
        try FindStore.forget(person, transaction)
        try transaction.run("update directory_person set name = \(name) where id = \(person)")
        try FindStore.put(person, transaction)
    }
}

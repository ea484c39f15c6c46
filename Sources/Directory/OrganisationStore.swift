import Kernel
import Storage

/// An organisation of a list, with the name of the area that it serves.
struct OrganisationRow: Sendable {
    let id: OrganisationID
    let party: Party
    let name: String
    let area: AreaID
    let areaName: String
}

/// A post with its person and place, whether in force, over or still to come.
struct PostRow: Sendable {
    let id: PostID
    let person: PersonID
    let name: String
    let role: Role
    let title: String
    let organisation: OrganisationID
    let areaName: String
    let path: AreaPath
    let from: Day
    let to: Day
}

/// SQL about organisations and posts beside `DirectoryStore`'s.
enum OrganisationStore {
    /// The organisations of areas in the scope.
    static func organisations(
        _ scope: Scope, limit: Int = 500, _ transaction: any ReadTransaction
    ) throws -> [OrganisationRow] {
        var result: [OrganisationRow] = []
        for place in scope.places {
            result += try transaction.query(
                """
                select o.id, o.party, o.name, o.area_id, a.name
                from directory_area a join directory_organisation o on o.area_id = a.id
                where a.path >= \(place.path.text) and a.path < \(place.path.upperBound)
                order by o.party, a.path, o.name, o.id limit \(limit)
                """, row)
        }
        return result
    }

    /// The same by id, from after one.
    static func organisations(
        _ scope: Scope, after: OrganisationID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [OrganisationRow] {
        var result: [OrganisationRow] = []
        for place in scope.places {
            result += try transaction.query(
                """
                select o.id, o.party, o.name, o.area_id, a.name
                from directory_area a join directory_organisation o on o.area_id = a.id
                where a.path >= \(place.path.text) and a.path < \(place.path.upperBound)
                    and o.id > \(after?.raw ?? 0)
                order by o.id limit \(limit)
                """, row)
        }
        return Array(result.sorted { $0.id < $1.id }.prefix(limit))
    }

    private static func row(_ row: any Row) throws -> OrganisationRow {
        OrganisationRow(
            id: try row.id(0), party: try row.raw(1), name: try row.text(2), area: try row.id(3),
            areaName: try row.text(4))
    }

    static func isTaken(
        _ name: String, area: AreaID, except id: OrganisationID?, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            select id from directory_organisation
            where area_id = \(area) and name = \(name) and id <> \(id?.raw ?? 0) limit 1
            """
        ) { try $0.int(0) } != nil
    }

    /// False when the organisation has another name by now than the one that was seen.
    static func rename(
        _ id: OrganisationID, to name: String, was seen: String, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            "update directory_organisation set name = \(name) where id = \(id) and name = \(seen)") == 1
    }

    private static let postColumns: SQL = """
        p.id, p.person_id, n.name, p.role, p.title, p.organisation_id, a.name, a.path, p.from_day, p.to_day
        from directory_post p
        join directory_person n on n.id = p.person_id
        join directory_area a on a.id = p.area_id
        """

    private static func post(_ row: any Row) throws -> PostRow {
        PostRow(
            id: try row.id(0), person: try row.id(1), name: try row.text(2), role: try row.raw(3),
            title: try row.text(4), organisation: try row.id(5), areaName: try row.text(6), path: try row.path(7),
            from: try row.day(8), to: try row.day(9))
    }

    /// The posts of an organisation, those that last longest first.
    static func posts(
        of organisation: OrganisationID, limit: Int = 300, _ transaction: any ReadTransaction
    ) throws -> [PostRow] {
        try transaction.query(
            """
            select \(postColumns) where p.organisation_id = \(organisation)
            order by p.to_day desc, p.role, p.id limit \(limit)
            """, post)
    }

    /// The same by id, from after one.
    static func posts(
        of organisation: OrganisationID, after: PostID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PostRow] {
        try transaction.query(
            """
            select \(postColumns) where p.organisation_id = \(organisation) and p.id > \(after?.raw ?? 0)
            order by p.id limit \(limit)
            """, post)
    }

    static func post(_ id: PostID, _ transaction: any ReadTransaction) throws -> PostRow? {
        try transaction.first("select \(postColumns) where p.id = \(id)", post)
    }

    /// Whether the person has the same post already on one of the days.
    static func hasPost(
        _ person: PersonID, organisation: OrganisationID, role: Role, area: AreaID, from: Day, to: Day,
        _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            select id from directory_post
            where person_id = \(person) and organisation_id = \(organisation) and role = \(role)
                and area_id = \(area) and from_day <= \(to) and to_day >= \(from) limit 1
            """
        ) { try $0.int(0) } != nil
    }

    /// False when the post has another last day by now than the one that was seen.
    static func endPost(
        _ id: PostID, on last: Day, was seen: Day, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run("update directory_post set to_day = \(last) where id = \(id) and to_day = \(seen)") == 1
    }

    /// Takes back a post that has not begun; nothing can refer to it.
    static func cancelPost(_ id: PostID, before day: Day, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from directory_post where id = \(id) and from_day > \(day)") == 1
    }
}

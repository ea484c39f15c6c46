import Kernel
import Storage

/// A post in force with its person and organisation: for what is found over all posts of a place.
package struct HeldPost: Sendable, Hashable {
    package let post: PostID
    package let person: PersonID
    package let role: Role
    package let title: String
    package let organisation: OrganisationID
    package let organisationName: String
    package let family: OrganisationID
    package let party: Party
    package let kind: OrganisationKind
    package let path: AreaPath
    package let areaName: String

    /// Whether holding it says that somebody is a member of the party.
    package var reveals: Bool { kind.revealsMembers || role == .partyAffairs }
}

package enum HeldPostStore {
    private static let columns: SQL = """
        p.id, p.person_id, p.role, p.title, p.organisation_id, o.name, o.family_id, o.party, o.kind, a.path, a.name
        from directory_post p
        join directory_organisation o on o.id = p.organisation_id
        join directory_area a on a.id = p.area_id
        """
    private static func held(_ row: any Row) throws -> HeldPost {
        HeldPost(
            post: try row.id(0), person: try row.id(1), role: try row.raw(2), title: try row.text(3),
            organisation: try row.id(4), organisationName: try row.text(5), family: try row.id(6),
            party: try row.raw(7), kind: try row.raw(8), path: try row.path(9), areaName: try row.text(10))
    }

    /// The first posts in force on a day in a scope: for the choices of a form.
    package static func posts(
        in scope: Scope, on day: Day, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [HeldPost] {
        try transaction.query(
            """
            select \(columns) where p.area_id in \(DirectoryStore.areas(in: scope)) and p.from_day <= \(day)
                and p.to_day >= \(day) order by p.person_id, p.id limit \(limit)
            """, held)
    }

    /// The posts of one person in force on a day.
    package static func posts(
        of person: PersonID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [HeldPost] {
        try transaction.query(
            """
            select \(columns) where p.person_id = \(person) and p.from_day <= \(day) and p.to_day >= \(day)
            order by p.id limit 100
            """, held)
    }

    // MARK: Pages

    /// Says nothing about membership of the party; over `p` and `o`.
    private static let isOpen: SQL = """
        p.role <> \(Role.partyAffairs)
        and o.kind not in (\(SQL.joined(OrganisationKind.allCases.filter(\.revealsMembers).map { "\($0)" })))
        """

    /// The people of posts in force on a day in a scope after one person, as a part of a statement: a person for each
    /// post, without the posts that reveal membership of the party.
    package static func holders(in scope: Scope, on day: Day, after: PersonID?) -> SQL {
        "\(all(in: scope, on: day, after: after)) and \(isOpen)"
    }

    private static func all(in scope: Scope, on day: Day, after: PersonID?) -> SQL {
        """
        select p.person_id from directory_post p join directory_organisation o on o.id = p.organisation_id
        where p.area_id in \(DirectoryStore.areas(in: scope)) and p.from_day <= \(day) and p.to_day >= \(day)
            and p.person_id > \(after?.raw ?? 0)
        """
    }

    /// Who holds one of some roles on a day in a scope, in the order of their ids.
    /// - Parameter revealing: whether posts that reveal membership of the party count: then nothing but the person
    ///   may be told of them.
    package static func people(
        in scope: Scope, roles: [Role], revealing: Bool = false, on day: Day, after: PersonID?, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [PersonID] {
        let open: SQL = revealing ? .empty : " and \(isOpen)"
        return try transaction.query(
            """
            \(all(in: scope, on: day, after: after)) and p.role in (\(SQL.joined(roles.map { "\($0)" })))\(open)
            group by p.person_id order by p.person_id limit \(limit)
            """
        ) { try $0.id(0) }
    }

    /// Who holds posts of the company and of the community at once, in the order of their ids.
    package static func crossing(
        in scope: Scope, on day: Day, after: PersonID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PersonID] {
        try transaction.query(
            """
            \(holders(in: scope, on: day, after: after)) and o.party in (\(Party.community), \(Party.property))
            group by p.person_id having count(distinct o.party) = 2 order by p.person_id limit \(limit)
            """
        ) { try $0.id(0) }
    }

    /// The posts of some people in force on a day in a scope; not those that reveal membership of the party.
    package static func posts(
        of people: [PersonID], in scope: Scope, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [HeldPost] {
        guard !people.isEmpty else { return [] }
        return try transaction.query(
            """
            select \(columns) where p.person_id in (\(SQL.joined(people.map { "\($0)" })))
                and p.area_id in \(DirectoryStore.areas(in: scope)) and p.from_day <= \(day) and p.to_day >= \(day)
                and \(isOpen) order by p.person_id, p.id
            """, held)
    }

    /// Who holds a post of a party at one of some areas of a scope, by name: those whose name begins so.
    package static func people(
        at areas: [AreaID], of party: Party, in scope: Scope, named: String, on day: Day, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [(person: PersonID, name: String)] {
        guard !areas.isEmpty else { return [] }
        let begins: SQL =
            named.isEmpty ? .empty : " and n.name >= \(named) and n.name < \(named + "\u{10FFFF}")"
        return try transaction.query(
            """
            select distinct n.name, n.id from directory_post p
            join directory_organisation o on o.id = p.organisation_id
            join directory_person n on n.id = p.person_id
            where p.area_id in (\(SQL.joined(areas.map { "\($0)" })))
                and p.area_id in \(DirectoryStore.areas(in: scope)) and o.party = \(party)
                and p.from_day <= \(day) and p.to_day >= \(day) and \(isOpen)\(begins)
            order by n.name, n.id limit \(limit)
            """
        ) { (person: try $0.id(1), name: try $0.text(0)) }
    }
}

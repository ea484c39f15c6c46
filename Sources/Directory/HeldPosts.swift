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

    /// The posts in force on a day in a scope.
    package static func posts(
        in scope: Scope, on day: Day, limit: Int = 5000, _ transaction: any ReadTransaction
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
}

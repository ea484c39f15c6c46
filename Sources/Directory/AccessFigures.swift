import Kernel
import Storage

/// How accounts of staff stand, in numbers: for the audit of compliance. Never who.
package struct AccessFigures: Sendable, Equatable {
    /// People with a post in force.
    package var staff: Int64 = 0
    package var withFactor: Int64 = 0
    /// Whose role asks for a second factor, and who have none.
    package var lackingFactor: Int64 = 0
    /// Sessions of staff whose last post has ended.
    package var endedSessions: Int64 = 0
    /// Tokens for programs whose post has ended.
    package var endedTokens: Int64 = 0
    /// Accounts with a password, older than `unusedDays`, by which nobody signed in for as long.
    package var unused: Int64 = 0

    package static let unusedDays = 180
    package init() {}
}

/// A post as it is named without its holder.
package struct PostLabel: Sendable {
    package let role: Role
    package let organisation: String
    package let area: String
    /// Who holds it is a member of the party: it is not named where that may not be known.
    package let reveals: Bool
}

package enum AccessFigureStore {
    /// Over the areas at or below a path; nil for the whole house.
    package static func figures(
        under path: AreaPath?, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> AccessFigures {
        let day = Zone.shanghai.day(of: now)
        func of(_ post: SQL) -> SQL {
            path.map { "and \(post).area_id in \(DirectoryStore.areas(under: $0))" } ?? .empty
        }
        let needed = try SecurityStore.policy(at: now, transaction)?.factorRoles ?? []
        let needs: SQL = needed.isEmpty ? "1 = 0" : "p.role in (\(SQL.joined(needed.map { "\($0)" })))"
        var result = AccessFigures()
        let staff = try transaction.first(
            """
            select count(distinct p.person_id), count(distinct f.person_id),
                count(distinct case when \(needs) and f.person_id is null then p.person_id else null end)
            from directory_post p left join directory_factor f on f.person_id = p.person_id
            where p.from_day <= \(day) and p.to_day >= \(day) \(of("p"))
            """
        ) { (try $0.int(0), try $0.int(1), try $0.int(2)) }
        if let staff { (result.staff, result.withFactor, result.lackingFactor) = staff }
        func count(_ sql: SQL) throws -> Int64 { try transaction.first(sql) { try $0.int(0) } ?? 0 }
        let once: SQL =
            path == nil
            ? .empty : "and exists (select 1 from directory_post q where q.person_id = s.person_id \(of("q")))"
        result.endedSessions = try count(
            """
            select count(*) from directory_session s
            where s.staff = \(true) and s.expires_ms > \(now) and not exists (
                select 1 from directory_post p
                where p.person_id = s.person_id and p.from_day <= \(day) and p.to_day >= \(day)) \(once)
            """)
        result.endedTokens = try count(
            """
            select count(*) from directory_token t join directory_post p on p.id = t.post_id
            where t.expires_ms > \(now) and (p.to_day < \(day) or p.from_day > \(day)) \(of("p"))
            """)
        let since = now.adding(days: -AccessFigures.unusedDays)
        result.unused = try count(
            """
            select count(*) from directory_account c
            where c.created_ms < \(since) and exists (
                    select 1 from directory_post p
                    where p.person_id = c.person_id and p.from_day <= \(day) and p.to_day >= \(day) \(of("p")))
                and not exists (
                    select 1 from storage_audit w
                    where w.actor_id = c.person_id and w.verb = 'signIn' and w.at_ms >= \(since))
            """)
        return result
    }

    /// Posts, ended ones too, by their role, organisation and place.
    package static func labels(
        of posts: [PostID], _ transaction: any ReadTransaction
    ) throws -> [PostID: PostLabel] {
        guard !posts.isEmpty else { return [:] }
        let found = try transaction.query(
            """
            select p.id, p.role, o.name, a.name, o.kind from directory_post p
            join directory_organisation o on o.id = p.organisation_id
            join directory_area a on a.id = p.area_id
            where p.id in (\(SQL.joined(Set(posts).sorted().map { "\($0)" })))
            """
        ) {
            let role: Role = try $0.raw(1)
            return (
                try $0.id(0, PostTag.self),
                PostLabel(
                    role: role, organisation: try $0.text(2), area: try $0.text(3),
                    reveals: try role == .partyAffairs || $0.raw(4, OrganisationKind.self).revealsMembers)
            )
        }
        return Dictionary(found, uniquingKeysWith: { $1 })
    }

    /// How many people have a number, by which they may sign in.
    package static func reachable(_ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first("select count(*) from directory_person where phone_index is not null") {
            try $0.int(0)
        } ?? 0
    }
}

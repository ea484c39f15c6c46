import Kernel
import Storage

/// What a person sees of their own homes, in force and waiting.
struct HomeRow: Sendable {
    let id: Int64
    let unit: AreaID
    let place: String
    let relation: HomeRelation
    let isWaiting: Bool
    let from: Day
    let to: Day

    var isLasting: Bool { to >= HomeStore.forever }
    var mayInvite: Bool { !isWaiting && (relation == .owner || relation == .coOwner) }
}

/// SQL about homes and invitations beside `DirectoryStore`'s.
package enum HomeStore {
    /// 9999-12-31: until somebody says otherwise.
    package static let forever = Day(number: 2_932_896)

    static func rows(of person: PersonID, on day: Day, _ transaction: any ReadTransaction) throws -> [HomeRow] {
        try transaction.query(
            """
            select h.unit_id, e.name, b.name, u.name, h.relation, h.status, h.from_day, h.to_day, h.id
            from directory_home h
            join directory_area u on u.id = h.unit_id
            join directory_area b on b.id = u.parent_id
            join directory_area e on e.id = h.estate_id
            where h.person_id = \(person) and h.status < 2 and h.to_day >= \(day)
            order by h.status desc, h.id limit 50
            """
        ) { row in
            HomeRow(
                id: try row.int(8), unit: try row.id(0),
                place: "\(try row.text(1)) \(try row.text(2)) \(try row.text(3))", relation: try row.raw(4),
                isWaiting: try row.int(5) == 0, from: try row.day(6), to: try row.day(7))
        }
    }

    /// Puts in force what the person asked for, or was refused today, at a unit.
    static func admit(
        _ person: PersonID, unit: AreaID, relation: HomeRelation, from: Day, to: Day, by decider: PersonID,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        let isAdmitted =
            try transaction.run(
                """
                update directory_home set status = 1, to_day = \(to), decided_by = \(decider)
                where person_id = \(person) and unit_id = \(unit) and relation = \(relation)
                    and (status = 0 or from_day = \(from))
                """) > 0
        if isAdmitted { try FindStore.settle(person, at: FindStore.place(of: unit, transaction), transaction) }
        return isAdmitted
    }

    static func decision(
        _ id: Int64, _ transaction: any ReadTransaction
    ) throws -> (path: AreaPath, isWaiting: Bool)? {
        try transaction.first(
            """
            select u.path, h.status from directory_home h join directory_area u on u.id = h.unit_id where h.id = \(id)
            """
        ) { (try $0.path(0), try $0.int(1) == 0) }
    }

    static func openInvitations(
        by person: PersonID, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> Int64 {
        try transaction.first(
            """
            select count(*) from directory_invitation
            where made_by = \(person) and used_by is null and revoked_by is null and expires_ms > \(now)
            """
        ) { try $0.int(0) } ?? 0
    }

    /// Every invitation that may still be used in the scope, the one that lasts longest first.
    static func openInvitations(
        _ scope: Scope, at now: Instant, limit: Int = 100, _ transaction: any ReadTransaction
    ) throws -> [OpenInvitation] {
        var result: [OpenInvitation] = []
        for place in scope.places {
            result += try transaction.query(
                """
                select i.digest, e.name, b.name, u.name, i.relation, n.name, i.expires_ms, i.from_day, i.to_day
                from directory_invitation i
                join directory_area u on u.id = i.unit_id
                join directory_area b on b.id = u.parent_id
                join directory_area e on e.id = u.estate_id
                join directory_person n on n.id = i.made_by
                where i.used_by is null and i.revoked_by is null and i.expires_ms > \(now)
                    and u.path >= \(place.path.text) and u.path < \(place.path.upperBound)
                order by i.expires_ms desc, i.digest limit \(limit)
                """, open)
        }
        return result
    }

    /// The same by digest, from after one.
    static func invitations(
        _ scope: Scope, at now: Instant, after: [UInt8], limit: Int, _ transaction: any ReadTransaction
    ) throws -> [OpenInvitation] {
        var result: [OpenInvitation] = []
        for place in scope.places {
            result += try transaction.query(
                """
                select i.digest, e.name, b.name, u.name, i.relation, n.name, i.expires_ms, i.from_day, i.to_day
                from directory_invitation i
                join directory_area u on u.id = i.unit_id
                join directory_area b on b.id = u.parent_id
                join directory_area e on e.id = u.estate_id
                join directory_person n on n.id = i.made_by
                where i.used_by is null and i.revoked_by is null and i.expires_ms > \(now)
                    and u.path >= \(place.path.text) and u.path < \(place.path.upperBound) and i.digest > \(after)
                order by i.digest limit \(limit)
                """, open)
        }
        return Array(result.sorted { $0.digest.lexicographicallyPrecedes($1.digest) }.prefix(limit))
    }

    private static func open(_ row: any Row) throws -> OpenInvitation {
        OpenInvitation(
            digest: try row.bytes(0),
            place: "\(try row.text(1)) \(try row.text(2)) \(try row.text(3))", relation: try row.raw(4),
            maker: try row.text(5), expires: try row.instant(6),
            from: try row.optionalInt(7).map { Day(number: Int32(clamping: $0)) },
            to: try row.optionalInt(8).map { Day(number: Int32(clamping: $0)) })
    }

    /// False when it was used or revoked before.
    static func revokeInvitation(
        digest: [UInt8], by person: PersonID, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_invitation set revoked_by = \(person)
            where digest = \(digest) and used_by is null and revoked_by is null
            """) == 1
    }
}

/// An invitation that nobody has used yet. Its code is known to whoever made it only; the digest names it.
struct OpenInvitation: Sendable {
    let digest: [UInt8]
    let place: String
    let relation: HomeRelation
    let maker: String
    let expires: Instant
    let from: Day?
    let to: Day?
}

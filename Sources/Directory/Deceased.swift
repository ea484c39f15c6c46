import Kernel
import Storage

/// Somebody who was or is at home in an estate, as one who looks for a person who died sees them.
package struct DeadCandidate: Sendable {
    package let person: PersonID
    package let name: String
    /// Masked; empty for a member of the household without a number of their own.
    package let phone: String
    package let place: String
    package let relation: HomeRelation
    package let from: Day
    package let to: Day
    /// Signs in with an account or a number.
    package let hasAccount: Bool
    package let isMinor: Bool
}

/// What the directory does about a person who has died. Each is a part of the caller's transaction.
package enum Deceased {
    /// At most so many are shown.
    package static let most = 40

    private static func candidates(
        _ wanted: SQL, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [DeadCandidate] {
        try transaction.query(
            """
            select n.id, n.name, n.phone_masked, b.name, u.name, h.relation, h.from_day, h.to_day,
                n.phone_index is not null or exists (
                    select 1 from directory_account c where c.person_id = n.id),
                exists (select 1 from directory_minor m where m.person_id = n.id)
            \(wanted)
            order by n.id, h.id limit \(limit)
            """
        ) { row in
            DeadCandidate(
                person: try row.id(0), name: try row.text(1), phone: try row.text(2),
                place: "\(try row.text(3)) \(try row.text(4))", relation: try row.raw(5), from: try row.day(6),
                to: try row.day(7), hasAccount: try row.flag(8), isMinor: try row.flag(9))
        }
    }

    /// Those of one estate who share or shared a home with somebody.
    package static func housemates(
        of person: PersonID, in estate: AreaID, _ transaction: any ReadTransaction
    ) throws -> [DeadCandidate] {
        try candidates(
            """
            from directory_home o
            join directory_home h on h.unit_id = o.unit_id and h.status = 1 and h.person_id <> o.person_id
            join directory_area u on u.id = h.unit_id
            join directory_area b on b.id = u.parent_id
            join directory_person n on n.id = h.person_id
            where o.person_id = \(person) and o.status = 1 and h.estate_id = \(estate)
            """, limit: most, transaction)
    }

    /// Those of one estate, now or before, with exactly this name. Goes through the homes of the estate and no other.
    package static func named(
        _ name: String, in estate: AreaID, _ transaction: any ReadTransaction
    ) throws -> [DeadCandidate] {
        try candidates(
            """
            from directory_area b
            join directory_area u on u.parent_id = b.id
            join directory_home h on h.unit_id = u.id and h.status = 1
            join directory_person n on n.id = h.person_id
            where b.parent_id = \(estate) and n.name = \(name)
            """, limit: most, transaction)
    }

    /// Whether somebody is or was at home in an estate.
    package static func isOf(
        _ estate: AreaID, _ person: PersonID, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            select id from directory_home where person_id = \(person) and estate_id = \(estate) and status = 1 limit 1
            """
        ) { try $0.int(0) } != nil
    }

    /// Whether all that somebody holds today or later lies within reach of a verb: every home and every post. Who has more
    /// than that elsewhere is not for staff of one place to declare dead.
    package static func isWithin(
        _ person: PersonID, of actor: Actor, _ verb: Verb, on day: Day, _ transaction: any ReadTransaction
    ) throws -> Bool {
        let homes = try transaction.query(
            """
            select a.path from directory_home h join directory_area a on a.id = h.unit_id
            where h.person_id = \(person) and h.status = 1 and h.to_day >= \(day) order by h.id limit 500
            """
        ) { try $0.path(0) }
        let posts = try DirectoryStore.postPaths(of: person, from: day, transaction)
        return (homes + posts).allSatisfy { actor.post(for: verb, at: $0) != nil }
    }

    /// The children of a guardian, each with an adult who is at home with them on a day and could be the next guardian;
    /// nil where there is none.
    private static func wards(
        of person: PersonID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [(child: PersonID, next: PersonID?)] {
        let children = try transaction.query(
            "select person_id, unit_id from directory_minor where guardian_id = \(person) order by person_id limit 100"
        ) { (child: try $0.id(0, PersonTag.self), unit: try $0.id(1, AreaTag.self)) }
        return try children.map { one in
            let next = try transaction.first(
                """
                select h.person_id from directory_home h join directory_person n on n.id = h.person_id
                where h.unit_id = \(one.unit) and h.status = 1 and h.from_day <= \(day) and h.to_day >= \(day)
                    and h.person_id <> \(person) and h.relation in (\(try fitting(person, one.unit, day, transaction)))
                    and not exists (select 1 from directory_minor m where m.person_id = h.person_id)
                order by case when n.phone_index is null then 1 else 0 end, h.relation, h.id limit 1
                """
            ) { try $0.id(0, PersonTag.self) }
            return (one.child, next)
        }
    }

    /// How somebody is bound to a home who lives together with a person bound to it: of tenants not the owner, of owners
    /// not the tenant.
    private static func fitting(
        _ person: PersonID, _ unit: AreaID, _ day: Day, _ transaction: any ReadTransaction
    ) throws -> SQL {
        let own = try transaction.first(
            """
            select relation from directory_home where person_id = \(person) and unit_id = \(unit) and status = 1
            order by to_day desc, id desc limit 1
            """
        ) { try $0.raw(0, HomeRelation.self) }
        let isLet =
            try transaction.first(
                """
                select id from directory_home where unit_id = \(unit) and status = 1 and relation = \(HomeRelation.tenant)
                    and from_day <= \(day) and to_day >= \(day) limit 1
                """
            ) { try $0.int(0) } != nil
        let together: [HomeRelation] =
            switch own {
            case .tenant: [.tenant, .family]
            case .owner, .coOwner: [.owner, .coOwner, .family]
            default: isLet ? [.tenant, .family] : [.owner, .coOwner, .family]
            }
        return SQL.joined(together.map { "\($0)" })
    }

    /// Whether every child of a guardian has another adult at home.
    package static func mayHandOver(
        childrenOf person: PersonID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try wards(of: person, on: day, transaction).allSatisfy { $0.next != nil }
    }

    /// Gives the children of a guardian who died to another adult at home, who has to agree like any guardian: they do
    /// not go with the account. Nil, and nothing is done, where a child has nobody.
    package static func handOver(
        childrenOf person: PersonID, on day: Day, _ transaction: any WriteTransaction
    ) throws -> [(child: PersonID, next: PersonID)]? {
        let wards = try wards(of: person, on: day, transaction)
        let given = wards.compactMap { one in one.next.map { (child: one.child, next: $0) } }
        guard given.count == wards.count else { return nil }
        for (child, next) in given {
            try transaction.run(
                """
                update directory_minor set guardian_id = \(next), agreed_ms = null
                where person_id = \(child) and guardian_id = \(person)
                """)
        }
        return given
    }

    /// Ends every session and token of a person, and sign-ins that have begun. Answers how many sessions and tokens
    /// there were.
    package static func endAccess(_ person: PersonID, _ transaction: any WriteTransaction) throws -> Int {
        try transaction.run("delete from directory_sign_in_step where person_id = \(person)")
        return try transaction.run("delete from directory_session where person_id = \(person)")
            + transaction.run("delete from directory_token where person_id = \(person)")
    }
}

/// A home that ended because its person was said to have died: the last day that it had, and has.
package struct HomeEnded: Sendable, Equatable {
    package let id: Int64
    package let was: Day
    package let ended: Day
    package init(id: Int64, was: Day, ended: Day) {
        self.id = id
        self.was = was
        self.ended = ended
    }
}

extension HomeEndActions {
    /// Gives homes their last day back: their person is alive. Those that were ended or changed since stay. Answers how
    /// many there were. What a home had besides, such as plates, is entered anew.
    package static func revived(
        _ person: PersonID, _ homes: [HomeEnded], at now: Instant, journal: any Journal,
        _ transaction: any WriteTransaction
    ) throws -> Int {
        var count = 0
        for one in homes {
            guard let home = try HomeEndStore.load(one.id, transaction), home.person == person, home.to == one.ended,
                try HomeEndStore.end(one.id, on: one.was, was: one.ended, transaction)
            else { continue }
            count += 1
            try FindStore.settle(person, at: home.estate.raw, transaction)
            if let household = home.household { try HouseholdStore.shorten(household, transaction) }
            try HouseholdStore.settle(home.unit, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: home.estate, actor: person, verb: "home.restore", subject: one.id, detail: "\(one.was)"),
                at: now, transaction)
        }
        return count
    }

    /// Ends the homes of a person who died on the day of the death, or on their first day where they began later: those
    /// within reach of a verb. Children of the person stay where they are. What the household leaves behind ends when
    /// nobody of it remains. Answers which homes ended; done again it changes nothing.
    package static func died(
        _ person: PersonID, on day: Day, by actor: Actor, _ verb: Verb, at now: Instant, journal: any Journal,
        hooks: ResidentHooks, _ transaction: any WriteTransaction
    ) throws -> [HomeEnded] {
        let ids = try transaction.query(
            """
            select id from directory_home where person_id = \(person) and status = 1 and to_day > \(day)
            order by id limit 200
            """
        ) { try $0.int(0) }
        var homes: [HomeEnded] = []
        for id in ids {
            guard let home = try HomeEndStore.load(id, transaction), let post = actor.post(for: verb, at: home.path)
            else { continue }
            let last = max(day, home.from)
            guard last < home.to, try HomeEndStore.end(id, on: last, was: home.to, transaction) else { continue }
            homes.append(HomeEnded(id: id, was: home.to, ended: last))
            try FindStore.settle(person, at: home.estate.raw, transaction)
            if let household = home.household { try HouseholdStore.shorten(household, transaction) }
            try HouseholdStore.settle(home.unit, at: now, transaction)
            let left = try leave(home, last, hooks, transaction)
            try journal.audit(
                AuditEntry(
                    area: home.estate, actor: actor.person, post: post.id, verb: "home.end", subject: id,
                    detail: "\(last) left=\(left) died"), at: now, transaction)
        }
        return homes
    }
}

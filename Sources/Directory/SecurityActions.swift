import Kernel
import Storage
import Web

extension Role {
    /// System, security and audit administration: none can do the others' work, and nobody holds two of them at once
    /// unless the policy lets them (rules.md 12.4).
    package static let separate: [Role] = [.administrator, .security, .auditor]
}

/// Who may not hold which posts together.
enum Separation {
    /// Refuses a post that would put two separate ones into one hand on any day.
    static func check(
        _ person: PersonID, _ role: Role, from: Day, to: Day, at now: Instant, _ transaction: any ReadTransaction
    ) throws {
        guard try isBroken(by: role, of: person, from: from, to: to, at: now, transaction) else { return }
        throw DirectoryRefusal.separatePosts
    }

    static func isBroken(
        by role: Role, of person: PersonID, from: Day, to: Day, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> Bool {
        guard Role.separate.contains(role) else { return false }
        if try SecurityStore.policy(at: now, transaction)?.combines ?? false { return false }
        let others = SQL.joined(Role.separate.filter { $0 != role }.map { "\($0)" })
        return try transaction.first(
            """
            select id from directory_post where person_id = \(person) and role in (\(others))
                and from_day <= \(to) and to_day >= \(from) limit 1
            """
        ) { try $0.int(0) } != nil
    }
}

/// What the security administrator does. Each is one transaction, by a post that reaches the person, and is audited.
/// Whoever is out of reach is as good as missing.
package struct SecurityActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal

    /// A policy as it was asked for.
    package struct Draft: Sendable {
        package var profile = ""
        package var factorRoles: [Role] = []
        package var combines = false
        package var why = ""
        /// Nil for now.
        package var from: Instant?
        package init() {}
    }

    /// The farthest that a change may be planned.
    package static let horizonDays = 366

    /// Writes a new version of the policy of the whole house. Sessions of staff who need a second factor from now on
    /// and have none end, but not those of whoever decides.
    ///
    /// - Parameter seen: the newest version that the person saw; if somebody wrote another since, nothing changes.
    package func setPolicy(_ draft: Draft, was seen: Int64, by actor: Actor) async throws {
        let now = world.now()
        guard let person = actor.person, let post = Self.housePost(actor) else { throw DirectoryRefusal.noPost }
        guard (1...120).contains(draft.why.unicodeScalars.count), TextRules.isPlain(draft.why) else {
            throw DirectoryRefusal.badWhy
        }
        let from = draft.from ?? now
        guard from >= now, from <= now.adding(days: Self.horizonDays) else { throw DirectoryRefusal.badStart }
        let made = SecurityPolicy(
            version: seen + 1, profile: draft.profile, factorRoles: draft.factorRoles, combines: draft.combines,
            why: draft.why, from: from, by: person, at: now)
        let today = Zone.shanghai.day(of: now)
        try await database.write { [journal] transaction in
            guard try SecurityStore.profiles(transaction).contains(where: { $0.code == draft.profile }) else {
                throw DirectoryRefusal.badProfile
            }
            let newest = try SecurityStore.policies(limit: 1, transaction).first?.version ?? 0
            guard newest == seen, try SecurityStore.put(made, transaction) else {
                throw DirectoryRefusal.changedMeanwhile
            }
            if from == now, !draft.factorRoles.isEmpty {
                let roles = SQL.joined(draft.factorRoles.map { "\($0)" })
                try transaction.run(
                    """
                    delete from directory_session where staff = \(true) and person_id <> \(person)
                        and person_id in (
                            select person_id from directory_post where role in (\(roles))
                                and from_day <= \(today) and to_day >= \(today))
                        and person_id not in (select person_id from directory_factor)
                    """)
            }
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: person, post: post.id, verb: "security.policy", subject: made.version,
                    detail: "\(made.profile) \(made.factorRoles.map(\.code)) \(made.combines) \(from.ms) \(made.why)"),
                at: now, transaction)
        }
    }

    /// The post by which somebody decides for the whole house: at one of its highest areas.
    package static func housePost(_ actor: Actor) -> Post? {
        actor.housePost(for: .securityEdit)
    }

    /// Ends the lock of a password and of a second factor.
    package func unlock(_ person: PersonID, by actor: Actor) async throws {
        try await act(on: person, "security.unlock", "", actor) { transaction in
            try SignInStore.setFailures(person, 0, lockedUntil: Instant(ms: 0), transaction)
            try SecurityStore.setFailures(ofFactor: person, 0, lockedUntil: Instant(ms: 0), transaction)
        }
    }

    /// Takes a second factor away from somebody who lost it, with every session. Nobody does it for themselves.
    package func resetFactor(of person: PersonID, why: String, by actor: Actor) async throws {
        guard (1...120).contains(why.unicodeScalars.count), TextRules.isPlain(why), !TextRules.holdsNumber(why) else {
            throw DirectoryRefusal.badWhy
        }
        guard person != actor.person else { throw DirectoryRefusal.notOneself }
        try await act(on: person, "factor.reset", why, isReason: true, actor) { transaction in
            guard try SecurityStore.deleteFactor(person, transaction) else { throw DirectoryRefusal.noFactor }
            try SecurityStore.dropSteps(of: person, transaction)
            try SignInStore.endAll(person, transaction)
        }
    }

    /// Ends every session of a person and, where asked, every token.
    package func end(_ person: PersonID, tokens: Bool, by actor: Actor) async throws {
        try await act(on: person, tokens ? "session.endAll" : "session.endPerson", "", actor) { transaction in
            try SignInStore.endAll(person, transaction)
            try SecurityStore.dropSteps(of: person, transaction)
            if tokens { try transaction.run("delete from directory_token where person_id = \(person)") }
        }
    }

    /// Ends one session of somebody in reach.
    package func end(session: Int64, by actor: Actor) async throws {
        let owner = try await database.read { transaction in
            try transaction.first(
                "select person_id from directory_session where id = \(session) and staff = \(true)"
            ) { try $0.id(0, PersonTag.self) }
        }
        guard let owner else { throw DirectoryRefusal.notFound }
        try await act(on: owner, "session.end", String(session), actor) { transaction in
            try SignInStore.end(session, transaction)
        }
    }

    private func act(
        on person: PersonID, _ verb: String, _ detail: String, isReason: Bool = false, _ actor: Actor,
        _ change: @escaping @Sendable (any WriteTransaction) throws -> Void
    ) async throws {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        try await database.write { [journal] transaction in
            let posts = try DirectoryStore.posts(of: person, on: today, transaction)
            let reach = posts.lazy.compactMap { one in
                actor.post(for: .securityEdit, at: one.path).map { (by: $0, at: one) }
            }.first
            guard let reach else { throw DirectoryRefusal.notFound }
            try change(transaction)
            try journal.audit(
                AuditEntry(
                    area: reach.at.area, actor: author, post: reach.by.id, verb: verb, subject: person.raw,
                    detail: detail, isReason: isReason), at: now, transaction)
        }
    }
}

// MARK: Lists

/// A session of somebody who works in reach.
package struct StaffSession: Sendable {
    package let id: Int64
    package let person: PersonID
    package let name: String
    package let device: String
    package let created: Instant
    package let seen: Instant
}

/// Somebody who works in reach, as the security administrator sees them.
package struct StaffAccount: Sendable {
    package let person: PersonID
    package let name: String
    /// Empty where they sign in by phone alone.
    package let login: String
    package let lockedUntil: Instant
    package let passwordSet: Instant
    package let factorSince: Instant?
    package let tokens: Int64
    package var roles: [Role] = []
}

extension SecurityStore {
    private static func reach(_ scope: Scope, _ day: Day) -> SQL {
        """
        (select p.person_id from directory_post p where p.area_id in \(DirectoryStore.areas(in: scope))
            and p.from_day <= \(day) and p.to_day >= \(day))
        """
    }

    /// Sessions of staff that hold, by their age.
    static func sessions(
        _ scope: Scope, on day: Day, at now: Instant, after: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [StaffSession] {
        try transaction.query(
            """
            select s.id, s.person_id, n.name, s.device, s.created_ms, s.seen_ms
            from directory_session s join directory_person n on n.id = s.person_id
            where s.staff = \(true) and s.id > \(after) and s.expires_ms > \(now)
                and s.seen_ms > \(now.adding(ms: -SignInLimits.staffIdleMs)) and s.person_id in \(reach(scope, day))
            order by s.id limit \(limit)
            """
        ) {
            StaffSession(
                id: try $0.int(0), person: try $0.id(1), name: try $0.text(2), device: try $0.text(3),
                created: try $0.instant(4), seen: try $0.instant(5))
        }
    }

    static func accounts(
        _ scope: Scope, on day: Day, after: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [StaffAccount] {
        var found = try transaction.query(
            """
            select n.id, n.name, coalesce(c.login, ''), coalesce(c.locked_until_ms, 0), coalesce(c.password_ms, 0),
                f.created_ms, coalesce(f.locked_until_ms, 0),
                (select count(*) from directory_token t where t.person_id = n.id)
            from (
                select distinct p.person_id as person_id from directory_post p
                where p.person_id > \(after) and p.area_id in \(DirectoryStore.areas(in: scope))
                    and p.from_day <= \(day) and p.to_day >= \(day)
                order by p.person_id limit \(limit)) x
            join directory_person n on n.id = x.person_id
            left join directory_account c on c.person_id = n.id
            left join directory_factor f on f.person_id = n.id
            order by n.id
            """
        ) {
            StaffAccount(
                person: try $0.id(0), name: try $0.text(1), login: try $0.text(2),
                lockedUntil: max(try $0.instant(3), try $0.instant(6)), passwordSet: try $0.instant(4),
                factorSince: try $0.optionalInstant(5), tokens: try $0.int(7))
        }
        guard !found.isEmpty else { return [] }
        let people = SQL.joined(found.map { "\($0.person)" })
        let roles = try transaction.query(
            """
            select person_id, role from directory_post
            where person_id in (\(people)) and from_day <= \(day) and to_day >= \(day) order by id
            """
        ) { (try $0.id(0, PersonTag.self), try $0.raw(1, Role.self)) }
        for index in found.indices { found[index].roles = roles.filter { $0.0 == found[index].person }.map(\.1) }
        return found
    }
}

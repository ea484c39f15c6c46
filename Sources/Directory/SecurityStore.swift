import Kernel
import Storage

/// What a house asks of everybody who signs in, as decided at one time: a row that says who, when and why.
package struct SecurityPolicy: Sendable, Equatable {
    package let version: Int64
    package let profile: String
    /// Staff of these roles need a second factor.
    package let factorRoles: [Role]
    /// Whether one person may hold two of the posts of `Role.separate`.
    package let combines: Bool
    package let why: String
    package let from: Instant
    package let by: PersonID?
    package let at: Instant

    func needsFactor(_ posts: [Post]) -> Bool { posts.contains { factorRoles.contains($0.role) } }
}

/// A second factor, as it is kept.
struct Factor: Sendable {
    let sealed: [UInt8]
    let lastStep: Int64
    let failures: Int64
    let lockedUntil: Instant
    let created: Instant
}

/// Every SQL word about profiles, the policy, second factors and the steps of a sign-in.
package enum SecurityStore {
    // MARK: Profiles and the policy

    /// Once, into a house without them; what is there stays.
    package static func plant(at now: Instant, _ transaction: any WriteTransaction) throws {
        for p in SecuritySeed.profiles {
            try transaction.run(
                """
                insert into directory_password_profile
                    (code, least, classes, age_days, history, failures, lock_minutes, source, since_day)
                values (\(p.code), \(p.least), \(p.classes), \(p.ageDays), \(p.history), \(p.failures),
                    \(p.lockMinutes), \(p.source), \(p.since)) on conflict do nothing
                """)
        }
        try transaction.run(
            """
            insert into directory_security_policy
                (version, profile, factor_roles, combines, why, from_ms, edited_by, edited_ms)
            values (1, \(SecuritySeed.standard.code), '', \(false), \(SecuritySeed.firstWhy), 0, null, \(now))
            on conflict do nothing
            """)
    }

    package static func profiles(_ transaction: any ReadTransaction) throws -> [PasswordProfile] {
        try transaction.query(
            """
            select code, least, classes, age_days, history, failures, lock_minutes, source, since_day
            from directory_password_profile order by code limit 20
            """, profile)
    }

    /// The profile in force.
    package static func profile(at now: Instant, _ transaction: any ReadTransaction) throws -> PasswordProfile {
        try transaction.first(
            """
            select code, least, classes, age_days, history, failures, lock_minutes, source, since_day
            from directory_password_profile where code = (
                select profile from directory_security_policy where from_ms <= \(now)
                order by from_ms desc, version desc limit 1)
            """, profile) ?? SecuritySeed.standard
    }

    private static func profile(_ row: any Row) throws -> PasswordProfile {
        PasswordProfile(
            code: try row.text(0), least: try row.int(1), classes: try row.int(2), ageDays: try row.int(3),
            history: try row.int(4), failures: try row.int(5), lockMinutes: try row.int(6), source: try row.text(7),
            since: try row.day(8))
    }

    /// The policy in force: of those that have begun the one that began last, the newest of equals.
    package static func policy(at now: Instant, _ transaction: any ReadTransaction) throws -> SecurityPolicy? {
        try transaction.first(
            """
            select \(policyColumns) from directory_security_policy where from_ms <= \(now)
            order by from_ms desc, version desc limit 1
            """, policy)
    }

    /// The newest first, those to come among them.
    package static func policies(limit: Int = 50, _ transaction: any ReadTransaction) throws -> [SecurityPolicy] {
        try transaction.query(
            "select \(policyColumns) from directory_security_policy order by version desc limit \(limit)", policy)
    }

    private static let policyColumns: SQL =
        "version, profile, factor_roles, combines, why, from_ms, edited_by, edited_ms"

    private static func policy(_ row: any Row) throws -> SecurityPolicy {
        let codes = Set(try row.text(2).split(separator: " ").map(String.init))
        return SecurityPolicy(
            version: try row.int(0), profile: try row.text(1),
            factorRoles: Role.allCases.filter { codes.contains($0.code) }, combines: try row.flag(3),
            why: try row.text(4), from: try row.instant(5), by: try row.optionalID(6), at: try row.instant(7))
    }

    /// False when somebody else wrote this version first.
    static func put(_ p: SecurityPolicy, _ transaction: any WriteTransaction) throws -> Bool {
        let roles = p.factorRoles.map(\.code).joined(separator: " ")
        return try transaction.run(
            """
            insert into directory_security_policy
                (version, profile, factor_roles, combines, why, from_ms, edited_by, edited_ms)
            values (\(p.version), \(p.profile), \(roles), \(p.combines), \(p.why), \(p.from), \(p.by), \(p.at))
            on conflict do nothing
            """) == 1
    }

    // MARK: Second factors

    static func factor(of person: PersonID, _ transaction: any ReadTransaction) throws -> Factor? {
        try transaction.first(
            """
            select sealed, last_step, failures, locked_until_ms, created_ms from directory_factor
            where person_id = \(person)
            """
        ) {
            Factor(
                sealed: try $0.bytes(0), lastStep: try $0.int(1), failures: try $0.int(2),
                lockedUntil: try $0.instant(3), created: try $0.instant(4))
        }
    }

    /// False where there is one already.
    static func insertFactor(
        _ person: PersonID, sealed: [UInt8], step: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into directory_factor (person_id, sealed, last_step, failures, locked_until_ms, created_ms)
            values (\(person), \(sealed), \(step), 0, 0, \(now)) on conflict do nothing
            """) == 1
    }

    /// Uses up a step and forgets the failures. False when it was used before.
    static func use(_ person: PersonID, step: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update directory_factor set last_step = \(step), failures = 0, locked_until_ms = 0
            where person_id = \(person) and last_step < \(step)
            """) == 1
    }

    static func setFailures(
        ofFactor person: PersonID, _ failures: Int64, lockedUntil: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update directory_factor set failures = \(failures), locked_until_ms = \(lockedUntil)
            where person_id = \(person)
            """)
    }

    /// With its recovery codes. False where there was none.
    static func deleteFactor(_ person: PersonID, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from directory_recovery_code where person_id = \(person)")
        return try transaction.run("delete from directory_factor where person_id = \(person)") == 1
    }

    static func setRecovery(
        _ person: PersonID, _ digests: [[UInt8]], _ transaction: any WriteTransaction
    ) throws {
        try transaction.run("delete from directory_recovery_code where person_id = \(person)")
        for digest in digests {
            try transaction.run(
                "insert into directory_recovery_code (person_id, digest) values (\(person), \(digest))")
        }
    }

    static func useRecovery(
        _ person: PersonID, _ digest: [UInt8], at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_recovery_code set used_ms = \(now)
            where person_id = \(person) and digest = \(digest) and used_ms is null
            """) == 1
    }

    static func recoveryLeft(_ person: PersonID, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            "select count(*) from directory_recovery_code where person_id = \(person) and used_ms is null"
        ) { try $0.int(0) } ?? 0
    }

    // MARK: Steps of a sign-in

    struct StepRow: Sendable {
        let person: PersonID
        let kind: StepKind
        let sealed: [UInt8]?
        let byPassword: Bool
        let isOwn: Bool
        let tries: Int64
    }

    static func step(_ digest: [UInt8], at now: Instant, _ transaction: any ReadTransaction) throws -> StepRow? {
        try transaction.first(
            """
            select person_id, kind, sealed, by_password, is_own, tries from directory_sign_in_step
            where digest = \(digest) and expires_ms > \(now)
            """
        ) {
            StepRow(
                person: try $0.id(0), kind: try $0.raw(1), sealed: try $0.optionalBytes(2), byPassword: try $0.flag(3),
                isOwn: try $0.flag(4), tries: try $0.int(5))
        }
    }

    /// What the person left lying is cleared away.
    static func insertStep(
        _ row: StepRow, digest: [UInt8], at now: Instant, expires: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            "delete from directory_sign_in_step where person_id = \(row.person) and expires_ms <= \(now)")
        try transaction.run(
            """
            insert into directory_sign_in_step
                (digest, person_id, kind, sealed, by_password, is_own, tries, expires_ms)
            values (\(digest), \(row.person), \(row.kind.rawValue), \(row.sealed), \(row.byPassword), \(row.isOwn), 0,
                \(expires))
            """)
    }

    static func countTry(ofStep digest: [UInt8], _ transaction: any WriteTransaction) throws {
        try transaction.run("update directory_sign_in_step set tries = tries + 1 where digest = \(digest)")
    }

    /// False when it was spent before.
    static func spend(step digest: [UInt8], _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from directory_sign_in_step where digest = \(digest)") == 1
    }

    static func dropSteps(of person: PersonID, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from directory_sign_in_step where person_id = \(person)")
    }

    // MARK: Past passwords

    static let keptPasswords = 12

    static func pastHashes(
        _ person: PersonID, limit: Int64, _ transaction: any ReadTransaction
    ) throws -> [String] {
        try transaction.query(
            """
            select hash from directory_password_past where person_id = \(person) order by id desc limit \(limit)
            """
        ) { try $0.text(0) }
    }

    static func keep(
        _ hash: String, of person: PersonID, id: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_password_past (id, person_id, hash, at_ms) values (\(id), \(person), \(hash), \(now))
            """)
        try transaction.run(
            """
            delete from directory_password_past where person_id = \(person) and id not in (
                select id from directory_password_past where person_id = \(person)
                order by id desc limit \(keptPasswords))
            """)
    }
}

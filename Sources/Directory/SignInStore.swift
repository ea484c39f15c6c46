import Kernel
import Storage
import Web

/// Every SQL word about accounts, sessions, tokens, codes and invitations.
enum SignInStore {
    struct Account: Sendable {
        let person: PersonID
        let hash: String
        let failures: Int64
        let lockedUntil: Instant
        let login: String
        /// 0 for one that somebody else chose.
        let passwordSet: Instant
    }

    private static let accountColumns: SQL =
        "person_id, password_hash, failures, locked_until_ms, login, password_ms"

    static func account(login: String, _ transaction: any ReadTransaction) throws -> Account? {
        try transaction.first(
            "select \(accountColumns) from directory_account where login = \(login)", account)
    }

    static func account(person: PersonID, _ transaction: any ReadTransaction) throws -> Account? {
        try transaction.first(
            "select \(accountColumns) from directory_account where person_id = \(person)", account)
    }

    private static func account(_ row: any Row) throws -> Account {
        Account(
            person: try row.id(0), hash: try row.text(1), failures: try row.int(2), lockedUntil: try row.instant(3),
            login: try row.text(4), passwordSet: try row.instant(5))
    }

    static func insertAccount(
        person: PersonID, login: String, hash: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into directory_account (person_id, login, password_hash, failures, locked_until_ms, created_ms)
            values (\(person), \(login), \(hash), 0, 0, \(now)) on conflict do nothing
            """) == 1
    }

    static func setFailures(
        _ person: PersonID, _ failures: Int64, lockedUntil: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update directory_account set failures = \(failures), locked_until_ms = \(lockedUntil)
            where person_id = \(person)
            """)
    }

    static func setPassword(
        _ person: PersonID, _ hash: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update directory_account set password_hash = \(hash), password_ms = \(now) where person_id = \(person)
            """)
    }

    static func people(phoneIndex: [UInt8], _ transaction: any ReadTransaction) throws -> [(PersonID, String)] {
        try transaction.query(
            "select id, name from directory_person where phone_index = \(phoneIndex) order by id limit 12"
        ) { (try $0.id(0), try $0.text(1)) }
    }

    /// By what a person signs in, as it stood when they proved that they have it: a session begins only while it stands.
    struct Proven: Sendable, Equatable {
        let person: PersonID
        let hash: String?
        let phone: [UInt8]?
    }

    static func proven(_ person: PersonID, _ transaction: any ReadTransaction) throws -> Proven {
        let phone = try transaction.first("select phone_index from directory_person where id = \(person)") {
            try $0.optionalBytes(0)
        }
        return Proven(person: person, hash: try account(person: person, transaction)?.hash, phone: phone ?? nil)
    }

    // MARK: Sessions

    struct Session: Sendable {
        let id: Int64
        let person: PersonID
        let staff: Bool
        let created: Instant
        var seen: Instant
        let expires: Instant
        let device: String
        /// Waits for the person's answer to the privacy notice.
        let awaitsNotice: Bool
    }

    static func session(digest: [UInt8], _ transaction: any ReadTransaction) throws -> Session? {
        try transaction.first(
            """
            select id, person_id, staff, created_ms, seen_ms, expires_ms, device, awaits_notice from directory_session
            where digest = \(digest)
            """, session)
    }

    static func sessions(of person: PersonID, _ transaction: any ReadTransaction) throws -> [Session] {
        try transaction.query(
            """
            select id, person_id, staff, created_ms, seen_ms, expires_ms, device, awaits_notice from directory_session
            where person_id = \(person) order by seen_ms desc, id desc limit 50
            """, session)
    }

    private static func session(_ row: any Row) throws -> Session {
        Session(
            id: try row.int(0), person: try row.id(1), staff: try row.flag(2), created: try row.instant(3),
            seen: try row.instant(4), expires: try row.instant(5), device: try row.text(6),
            awaitsNotice: try row.int(7) == 1)
    }

    /// Refuses when the session that asks is over. What makes another way in asks for it in its own transaction.
    static func require(_ session: Int64?, of person: PersonID, _ transaction: any ReadTransaction) throws {
        guard let session else { return }
        let stands = try transaction.first(
            "select person_id from directory_session where id = \(session) and person_id = \(person)"
        ) { try $0.int(0) }
        guard stands != nil else { throw WebRefusal.signInFirst }
    }

    static func insertSession(
        id: Int64, digest: [UInt8], person: PersonID, staff: Bool, now: Instant, expires: Instant, device: String,
        awaitsNotice: Bool, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_session
                (id, digest, person_id, staff, created_ms, seen_ms, expires_ms, device, awaits_notice)
            values (\(id), \(digest), \(person), \(staff), \(now), \(now), \(expires), \(device),
                \(awaitsNotice ? 1 : 0))\(SQL.unmarked)
            """)
    }

    /// Who keeps a session writes the time into it.
    static func touch(_ id: Int64, _ now: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run("update directory_session set seen_ms = \(now) where id = \(id)\(SQL.unmarked)")
    }

    static func end(_ id: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from directory_session where id = \(id)")
    }

    static func endAll(_ person: PersonID, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from directory_session where person_id = \(person)")
    }

    static func endOthers(_ person: PersonID, keeping id: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from directory_session where person_id = \(person) and id <> \(id)")
    }

    // MARK: Tokens

    struct Token: Sendable {
        let id: Int64
        let person: PersonID
        let post: PostID?
        let expires: Instant
        let scopes: Scopes
    }

    struct TokenRow: Sendable {
        let id: Int64
        let name: String
        let expires: Instant
        let post: PostID?
        let scopes: Scopes
    }

    /// What a row says; nothing where it says what is not known here.
    private static func scopes(_ text: String) -> Scopes { Scopes(text: text) ?? Scopes([]) }

    static func token(digest: [UInt8], _ transaction: any ReadTransaction) throws -> Token? {
        try transaction.first(
            "select person_id, post_id, expires_ms, scopes, id from directory_token where digest = \(digest)"
        ) {
            Token(
                id: try $0.int(4), person: try $0.id(0), post: try $0.optionalID(1), expires: try $0.instant(2),
                scopes: scopes(try $0.text(3)))
        }
    }

    static func insertToken(
        id: Int64, digest: [UInt8], person: PersonID, post: PostID?, name: String, scopes: Scopes, expires: Instant,
        now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_token (id, digest, person_id, post_id, name, scopes, expires_ms, created_ms)
            values (\(id), \(digest), \(person), \(post), \(name), \(scopes.text), \(expires), \(now))\(SQL.unmarked)
            """)
    }

    static func tokens(of person: PersonID, _ transaction: any ReadTransaction) throws -> [TokenRow] {
        try transaction.query(
            """
            select id, name, expires_ms, post_id, scopes from directory_token where person_id = \(person)
            order by id desc limit 50
            """
        ) {
            TokenRow(
                id: try $0.int(0), name: try $0.text(1), expires: try $0.instant(2), post: try $0.optionalID(3),
                scopes: scopes(try $0.text(4)))
        }
    }

    static func revokeToken(_ id: Int64, of person: PersonID, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from directory_token where id = \(id) and person_id = \(person)") == 1
    }

    // MARK: One-time codes

    struct Code: Sendable {
        let digest: [UInt8]
        let tries: Int64
        let sent: Instant
        let expires: Instant
        let hourStart: Instant
        let hourCount: Int64
        let dayStart: Instant
        let dayCount: Int64
    }

    static func code(phoneIndex: [UInt8], _ transaction: any ReadTransaction) throws -> Code? {
        try transaction.first(
            """
            select digest, tries, sent_ms, expires_ms, hour_start_ms, hour_count, day_start_ms, day_count
            from directory_code where phone_index = \(phoneIndex)
            """
        ) {
            Code(
                digest: try $0.bytes(0), tries: try $0.int(1), sent: try $0.instant(2), expires: try $0.instant(3),
                hourStart: try $0.instant(4), hourCount: try $0.int(5), dayStart: try $0.instant(6),
                dayCount: try $0.int(7))
        }
    }

    static func putCode(_ phoneIndex: [UInt8], _ code: Code, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into directory_code
                (phone_index, digest, tries, sent_ms, expires_ms, hour_start_ms, hour_count, day_start_ms, day_count)
            values (\(phoneIndex), \(code.digest), \(code.tries), \(code.sent), \(code.expires), \(code.hourStart),
                \(code.hourCount), \(code.dayStart), \(code.dayCount))
            on conflict (phone_index) do update set digest = excluded.digest, tries = excluded.tries,
                sent_ms = excluded.sent_ms, expires_ms = excluded.expires_ms, hour_start_ms = excluded.hour_start_ms,
                hour_count = excluded.hour_count, day_start_ms = excluded.day_start_ms, day_count = excluded.day_count
            """)
    }

    static func countTry(_ phoneIndex: [UInt8], _ transaction: any WriteTransaction) throws {
        try transaction.run("update directory_code set tries = tries + 1 where phone_index = \(phoneIndex)")
    }

    static func spendCode(_ phoneIndex: [UInt8], _ transaction: any WriteTransaction) throws {
        try transaction.run("update directory_code set expires_ms = 0 where phone_index = \(phoneIndex)")
    }

    // MARK: Invitations

    static func insertInvitation(
        digest: [UInt8], unit: AreaID, relation: HomeRelation, from: Day?, to: Day?, by person: PersonID,
        expires: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_invitation (digest, unit_id, relation, made_by, expires_ms, from_day, to_day)
            values (\(digest), \(unit), \(relation), \(person), \(expires), \(from), \(to))
            """)
    }

    struct Invitation: Sendable {
        let unit: AreaID
        let relation: HomeRelation
        let by: PersonID
        let from: Day?
        let to: Day?
    }

    static func invitation(digest: [UInt8], _ transaction: any ReadTransaction) throws -> Invitation? {
        try transaction.first(
            "select unit_id, relation, made_by, from_day, to_day from directory_invitation where digest = \(digest)"
        ) { row in
            Invitation(
                unit: try row.id(0), relation: try row.raw(1), by: try row.id(2),
                from: try row.optionalInt(3).map { Day(number: Int32(clamping: $0)) },
                to: try row.optionalInt(4).map { Day(number: Int32(clamping: $0)) })
        }
    }

    static func useInvitation(
        digest: [UInt8], by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_invitation set used_by = \(person)
            where digest = \(digest) and used_by is null and revoked_by is null and expires_ms > \(now)
            """) == 1
    }
}

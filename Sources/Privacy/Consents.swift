import Directory
import Kernel
import Storage

/// On what the use of data rests (Personal Information Protection Law art. 13).
package enum LegalBasis: Int64, CaseIterable, Sendable {
    case consent = 1
    case contract = 2
    case duty = 3
    case emergency = 4
    case interest = 5
    package var code: String { String(describing: self) }
}

/// What data is used for: one version of a purpose.
package struct Purpose: Sendable {
    /// Never changes; programs and floors above name a purpose by it.
    package let code: String
    package let version: Int64
    package let basis: LegalBasis
    /// Asks for a consent of its own.
    package let separate: Bool
    package let zh: String
    package let en: String
    package let aboutZh: String
    package let aboutEn: String
    package let source: String
    package let since: Day
    package let inForce: Bool
}

/// A purpose as one person stands to it.
package struct ConsentState: Sendable {
    package let purpose: Purpose
    /// The last entry of the ledger; nil before the first.
    package let given: Bool?
    /// The version of the purpose that the entry is about.
    package let version: Int64?
    package let at: Instant?

    /// What the data may be used for now.
    package var allows: Bool {
        guard purpose.inForce else { return false }
        guard purpose.basis == .consent else { return true }
        // Another version asks again.
        return given == true && version == purpose.version
    }
}

package struct ConsentEntry: Sendable {
    package let purpose: String
    package let number: Int64
    package let version: Int64
    package let given: Bool
    package let channel: String
    package let at: Instant
}

/// Every SQL word about purposes and consents.
package enum ConsentStore {
    private static let columns: SQL = """
        p.code, p.version, p.basis, p.separate, p.zh, p.en, p.about_zh, p.about_en, p.source, p.since_day, p.in_force
        """

    private static func purpose(_ row: any Row) throws -> Purpose {
        Purpose(
            code: try row.text(0), version: try row.int(1), basis: try row.raw(2), separate: try row.flag(3),
            zh: try row.text(4), en: try row.text(5), aboutZh: try row.text(6), aboutEn: try row.text(7),
            source: try row.text(8), since: try row.day(9), inForce: try row.flag(10))
    }

    /// The last version of each purpose.
    package static func purposes(_ transaction: any ReadTransaction) throws -> [Purpose] {
        try transaction.query(
            """
            select \(columns) from privacy_purpose p
            where p.version = (select max(q.version) from privacy_purpose q where q.code = p.code)
            order by p.basis desc, p.code limit 200
            """, purpose)
    }

    package static func purpose(_ code: String, _ transaction: any ReadTransaction) throws -> Purpose? {
        try transaction.first(
            "select \(columns) from privacy_purpose p where p.code = \(code) order by p.version desc limit 1", purpose)
    }

    static func insert(
        _ purpose: Purpose, by person: PersonID?, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into privacy_purpose
                (code, version, basis, separate, zh, en, about_zh, about_en, source, since_day, in_force, created_by,
                created_ms)
            values (\(purpose.code), \(purpose.version), \(purpose.basis), \(purpose.separate), \(purpose.zh),
                \(purpose.en), \(purpose.aboutZh), \(purpose.aboutEn), \(purpose.source), \(purpose.since),
                \(purpose.inForce), \(person?.raw ?? 0), \(now))
            on conflict do nothing
            """) == 1
    }

    static func last(
        _ person: PersonID, _ code: String, _ transaction: any ReadTransaction
    ) throws -> ConsentEntry? {
        try transaction.first(
            """
            select purpose, number, version, given, channel, at_ms from privacy_consent
            where person_id = \(person) and purpose = \(code) order by number desc limit 1
            """, entry)
    }

    static func entry(_ row: any Row) throws -> ConsentEntry {
        ConsentEntry(
            purpose: try row.text(0), number: try row.int(1), version: try row.int(2), given: try row.flag(3),
            channel: try row.text(4), at: try row.instant(5))
    }

    /// How one person stands to every purpose in force.
    package static func states(
        of person: PersonID, _ transaction: any ReadTransaction
    ) throws -> [ConsentState] {
        try purposes(transaction).filter(\.inForce).map { purpose in
            let last = purpose.basis == .consent ? try self.last(person, purpose.code, transaction) : nil
            return ConsentState(purpose: purpose, given: last?.given, version: last?.version, at: last?.at)
        }
    }

    /// Whether a person's data may be used for a purpose at this moment: true for a purpose in force that rests on
    /// something other than consent, and where the person's last word on its present version was yes. False for a
    /// purpose that nobody knows. Floors above ask it in the transaction in which they use the data.
    package static func allows(
        _ person: PersonID, _ code: String, _ transaction: any ReadTransaction
    ) throws -> Bool {
        guard let purpose = try purpose(code, transaction) else { return false }
        let last = purpose.basis == .consent ? try last(person, code, transaction) : nil
        return ConsentState(purpose: purpose, given: last?.given, version: last?.version, at: last?.at).allows
    }

    /// Adds an entry to the ledger. Nothing happens when the last one says the same; false when another was added
    /// meanwhile.
    static func add(
        _ person: PersonID, _ purpose: Purpose, given: Bool, channel: String, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Added {
        let last = try last(person, purpose.code, transaction)
        if last.map({ $0.given == given && (!given || $0.version == purpose.version) }) ?? !given { return .same }
        return try transaction.run(
            """
            insert into privacy_consent (person_id, purpose, number, version, given, channel, at_ms)
            values (\(person), \(purpose.code), \((last?.number ?? 0) + 1), \(purpose.version), \(given), \(channel),
                \(now))
            on conflict do nothing
            """) == 1 ? .new : .overtaken
    }
    enum Added: Sendable { case new, same, overtaken }
}

extension PrivacyDesk {
    /// Gives or withdraws one's consent. It holds from the next read on.
    package func consent(_ code: String, given: Bool, channel: String, by person: PersonID) async throws {
        let now = world.now()
        for _ in 0..<5 {
            let added = try await database.write { transaction -> ConsentStore.Added in
                guard let purpose = try ConsentStore.purpose(code, transaction), purpose.inForce else {
                    throw PrivacyRefusal.badChoice("purpose")
                }
                guard purpose.basis == .consent else { throw PrivacyRefusal.notConsent }
                let added = try ConsentStore.add(person, purpose, given: given, channel: channel, at: now, transaction)
                if added == .new {
                    try audit(
                        given ? "consent.give" : "consent.withdraw", person.raw,
                        "\(code) \(purpose.version) \(channel)",
                        by: person, transaction)
                    if !given { try ended(person, code, now, transaction) }
                }
                return added
            }
            // Two answers at the same moment: each is entered, one after the other.
            if added != .overtaken { return }
        }
        throw PrivacyRefusal.changedMeanwhile
    }

    /// Makes the next version of a purpose, or a new one. Who had agreed to another version is asked again.
    package func putPurpose(_ purpose: Purpose, by actor: Actor) async throws {
        let (person, post) = try editor(actor)
        guard (2...40).contains(purpose.code.utf8.count),
            purpose.code.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) })
        else { throw PrivacyRefusal.badWords("code") }
        _ = try Self.words(purpose.zh, "zh", 1...60)
        _ = try Self.words(purpose.en, "en", 1...100)
        _ = try Self.words(purpose.aboutZh, "aboutZh")
        _ = try Self.words(purpose.aboutEn, "aboutEn", 1...800)
        _ = try Self.words(purpose.source, "source", 1...200)
        let now = world.now()
        try await database.write { transaction in
            let known = try ConsentStore.purpose(purpose.code, transaction)?.version ?? 0
            guard known + 1 == purpose.version, try ConsentStore.insert(purpose, by: person, at: now, transaction)
            else { throw PrivacyRefusal.changedMeanwhile }
            if known > 0 { try ended(nil, purpose.code, now, transaction) }
            try audit(
                "purpose.edit", purpose.version, "\(purpose.code) \(purpose.basis.code) \(purpose.inForce)",
                at: post.area, by: person, post, transaction)
        }
    }
}

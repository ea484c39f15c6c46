import Directory
import Kernel
import Storage
import Tables

package enum SharingTag {}
package typealias SharingID = ID<SharingTag>

package enum SharingKind: Int64, CaseIterable, Sendable {
    /// On our behalf, by a contract (Personal Information Protection Law art. 21).
    case entrusted = 1
    /// To somebody who decides alone what to do with it (art. 23).
    case provided = 2
    /// Decided together (art. 20).
    case joint = 3
    package var code: String { String(describing: self) }
}

/// Who gets which class of data, on what ground, from when to when: one version of an entry. Records of it are kept for
/// three years at least (Network Data Regulations art. 12); nothing here is ever deleted.
package struct Sharing: Sendable {
    package var id: SharingID
    package var version: Int64
    package var kind: SharingKind
    package var recipient: String
    package var contact: String
    package var data: String
    package var purpose: String
    package var basis: LegalBasis
    /// The code of the purpose to which people consent on its own; empty where it rests on something else.
    package var consent: String
    package var contract: String
    package var measures: String
    package var from: Day
    /// The last day; nil for without an end.
    package var to: Day?
    package var author = ""
    package var changed = Instant(ms: 0)

    package enum State: String, CaseIterable, Sendable { case planned, running, over }
    package func state(on day: Day) -> State { day < from ? .planned : to.map { $0 < day } ?? false ? .over : .running }

    package init(
        id: SharingID, version: Int64, kind: SharingKind, recipient: String, contact: String, data: String,
        purpose: String, basis: LegalBasis, consent: String, contract: String, measures: String, from: Day, to: Day?
    ) {
        self.id = id
        self.version = version
        self.kind = kind
        self.recipient = recipient
        self.contact = contact
        self.data = data
        self.purpose = purpose
        self.basis = basis
        self.consent = consent
        self.contract = contract
        self.measures = measures
        self.from = from
        self.to = to
    }
}

/// Every SQL word about the register of sharing.
package enum SharingStore {
    private static let columns: SQL = """
        s.id, s.version, s.kind, s.recipient, s.contact, s.data, s.purpose, s.basis, s.consent, s.contract,
            s.measures, s.from_day, s.to_day, p.name, s.changed_ms
        from privacy_sharing s left join directory_person p on p.id = s.changed_by
        """

    private static func sharing(_ row: any Row) throws -> Sharing {
        var result = Sharing(
            id: try row.id(0), version: try row.int(1), kind: try row.raw(2), recipient: try row.text(3),
            contact: try row.text(4), data: try row.text(5), purpose: try row.text(6), basis: try row.raw(7),
            consent: try row.text(8), contract: try row.text(9), measures: try row.text(10), from: try row.day(11),
            to: try row.optionalInt(12).map { Day(number: Int32(clamping: $0)) })
        (result.author, result.changed) = (try row.optionalText(13) ?? "", try row.instant(14))
        return result
    }

    /// The last version of each entry, the newest entry first.
    package static func all(
        before: SharingID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Sharing] {
        let page: SQL = before.map { "and s.id < \($0)" } ?? .empty
        return try transaction.query(
            "select \(columns) where s.is_last \(page) order by s.id desc limit \(limit)", sharing)
    }

    /// Every version of one entry, the newest first.
    package static func versions(
        _ id: SharingID, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Sharing] {
        try transaction.query(
            "select \(columns) where s.id = \(id) order by s.version desc limit \(limit)", sharing)
    }

    /// False when somebody changed it since.
    static func put(
        _ s: Sharing, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        if s.version > 1 {
            let count = try transaction.run(
                """
                update privacy_sharing set is_last = \(false)
                where id = \(s.id) and version = \(s.version - 1) and is_last
                """)
            guard count == 1 else { return false }
        }
        try transaction.run(
            """
            insert into privacy_sharing
                (id, version, is_last, kind, recipient, contact, data, purpose, basis, consent, contract, measures,
                from_day, to_day, changed_by, changed_ms)
            values (\(s.id), \(s.version), \(true), \(s.kind), \(s.recipient), \(s.contact), \(s.data), \(s.purpose),
                \(s.basis), \(s.consent), \(s.contract), \(s.measures), \(s.from), \(s.to), \(person), \(now))
            """)
        return true
    }
}

extension PrivacyDesk {
    /// Enters into the register of sharing, or adds the next version of an entry that nobody changed since.
    /// - Parameter sent: its id and version do not matter.
    @discardableResult
    package func putSharing(
        _ sent: Sharing, _ id: SharingID?, was seen: Int64, by actor: Actor
    ) async throws -> SharingID {
        let (person, post) = try editor(actor)
        _ = try Self.words(sent.recipient, "recipient", 1...100)
        _ = try Self.words(sent.contact, "contact", 1...200)
        _ = try Self.words(sent.data, "data", 1...1000)
        _ = try Self.words(sent.purpose, "purpose", 1...400)
        _ = try Self.words(sent.contract, "contract", 0...200)
        _ = try Self.words(sent.measures, "measures", 1...1000)
        guard sent.to.map({ $0 >= sent.from }) ?? true else { throw PrivacyRefusal.badDay("to") }
        if sent.kind == .entrusted, sent.contract.isEmpty { throw PrivacyRefusal.contractNeeded }
        var entry = sent
        entry.id = id ?? world.id()
        entry.version = id == nil ? 1 : seen + 1
        if entry.basis != .consent { entry.consent = "" }
        let (kept, now) = (entry, world.now())
        return try await database.write { transaction in
            if kept.basis == .consent {
                guard let purpose = try ConsentStore.purpose(kept.consent, transaction), purpose.inForce,
                    purpose.basis == .consent, purpose.separate
                else { throw PrivacyRefusal.consentNeeded }
            }
            if id != nil {
                let last = try SharingStore.versions(kept.id, limit: 1, transaction).first
                guard let last else { throw PrivacyRefusal.notFound }
                guard last.version == seen else { throw PrivacyRefusal.changedMeanwhile }
            }
            guard try SharingStore.put(kept, by: person, at: now, transaction) else {
                throw PrivacyRefusal.changedMeanwhile
            }
            try audit(
                "register.sharing", kept.id.raw, "\(kept.recipient) \(kept.version)", at: post.area, by: person, post,
                transaction)
            return kept.id
        }
    }
}

/// The register as a table, by the rights of its page.
package enum PrivacyExports {
    package static let all: [ListExport] = [sharing]

    private static let sharing = ListExport(
        "sharing", .sharingTitle, [.privacyEdit],
        [
            .sharingRecipient, .sharingKind, .recordData, .recordPurpose, .recordBasis, .sharingConsent,
            .sharingContract, .sharingContact, .recordMeasures, .sharingFrom, .sharingTo, .sharingState,
            .sharingVersion,
        ]
    ) { ask, transaction in
        // It is the whole house's: of an estate's administrator it shows nothing.
        let isWhole = ask.scope.places.contains { $0.path.ids.count == 1 }
        let found =
            isWhole
            ? try SharingStore.all(before: try ask.id().map { SharingID($0) }, limit: ask.limit, transaction) : []
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            [
                .text(one.recipient), .text(ask.words(one.kind.phrase)), .text(one.data), .text(one.purpose),
                .text(ask.words(one.basis.phrase)), .text(one.consent), .text(one.contract), .text(one.contact),
                .text(one.measures), .day(one.from), one.to.map { .day($0) } ?? .empty,
                .text(ask.words(one.state(on: ask.today).phrase)), .int(one.version),
            ]
        }
    }
}

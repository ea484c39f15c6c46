import Crypto
import Kernel

/// Who reads the outbox. Written as a literal it hears every kind of event: `"insight"`.
package struct OutboxConsumer: Sendable, ExpressibleByStringLiteral {
    package let name: String
    private let kinds: Set<String>?

    /// - Parameter kinds: the kinds that it hears; nil for all.
    package init(_ name: String, kinds: Set<String>? = nil) {
        self.name = name
        self.kinds = kinds
    }
    package init(stringLiteral name: String) { self.init(name) }

    func hears(_ kind: String) -> Bool { kinds?.contains(kind) ?? true }
}

/// Writes audit rows and outbox events beside an action's own changes.
///
/// Audit rows go in unchained, so actions in one area do not wait for each other; the `Sealer` chains them afterwards.
package struct StandardJournal: Journal {
    private let consumers: [OutboxConsumer]
    /// Begun with the key, which takes as long as a short entry itself.
    private let begun: HMAC<SHA256>
    private let nextID: @Sendable () -> Int64
    private let randomBytes: @Sendable (Int) -> [UInt8]

    /// - Parameters:
    ///   - auditKey: the key of the digests, at least 32 bytes, kept outside the database.
    ///   - nextID: `World.nextID`.
    ///   - randomBytes: `World.randomBytes`, for the salts of addresses.
    package init(
        consumers: [OutboxConsumer], auditKey: [UInt8], nextID: @escaping @Sendable () -> Int64,
        randomBytes: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.consumers = consumers
        begun = HMAC<SHA256>(key: SymmetricKey(data: auditKey))
        self.nextID = nextID
        self.randomBytes = randomBytes
    }

    package func audit(_ entry: AuditEntry, at now: Instant, _ transaction: any WriteTransaction) throws {
        let id = nextID()
        let digest = AuditDigest.make(id: id, at: now, entry, begun)
        let caller = Caller.address.map { AuditAddress($0, row: id, salt: randomBytes(AuditAddress.saltBytes)) }
        let words = entry.isReason && !entry.detail.isEmpty ? entry.detail : nil
        try transaction.run(
            """
            insert into storage_audit (id, area_id, at_ms, actor_id, post_id, verb, subject_id, digest, address,
                address_salt, address_proof, words)
            values (\(id), \(entry.area), \(now), \(entry.actor), \(entry.post), \(entry.verb), \(entry.subject), \
            \(digest), \(caller?.text), \(caller?.salt), \(caller?.proof), \(words))
            """)
    }

    /// Writes one row for each consumer that hears this kind, so each marks its own as done.
    package func emit(_ event: OutboxEvent, at now: Instant, _ transaction: any WriteTransaction) throws {
        for consumer in consumers where consumer.hears(event.kind) {
            try transaction.run(
                """
                insert into storage_outbox (id, consumer, kind, area_id, subject_id, payload, at_ms)
                values (\(nextID()), \(consumer.name), \(event.kind), \(event.area), \(event.subject), \
                \(event.payload), \(now))
                """)
        }
    }
}

/// What an audit row keeps of an entry's detail. Whoever has the detail and the key can prove what it said; from the
/// row alone nobody can read it.
package enum AuditDigest {
    /// True when the row with this digest was written for exactly this entry.
    package static func proves(
        _ digest: [UInt8], id: Int64, at: Instant, _ entry: AuditEntry, auditKey: [UInt8]
    ) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            digest, authenticating: bytes(id: id, at: at, entry), using: SymmetricKey(data: auditKey))
    }

    static func make(id: Int64, at: Instant, _ entry: AuditEntry, _ begun: HMAC<SHA256>) -> [UInt8] {
        var mac = begun
        mac.update(data: bytes(id: id, at: at, entry))
        return Array(mac.finalize())
    }

    private static func bytes(id: Int64, at: Instant, _ entry: AuditEntry) -> [UInt8] {
        var bytes = Canonical("audit-1")
        bytes.add(id)
        bytes.add(entry.area.raw)
        bytes.add(at.ms)
        bytes.add(entry.actor?.raw)
        bytes.add(entry.post?.raw)
        bytes.add(entry.verb)
        bytes.add(entry.subject)
        bytes.add(entry.detail)
        return bytes.bytes
    }
}

/// Fields as bytes such that different fields never make the same bytes: each says its kind and its length.
struct Canonical {
    private(set) var bytes: [UInt8] = []

    /// - Parameter purpose: keeps what is hashed for one purpose from passing for another.
    init(_ purpose: StaticString) { add(purpose.description) }

    mutating func add(_ value: Int64?) {
        guard let value else { return bytes.append(0) }
        bytes.append(1)
        withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
    }

    mutating func add(_ value: String) { add(Array(value.utf8)) }

    mutating func add(_ value: [UInt8]) {
        bytes.append(2)
        withUnsafeBytes(of: Int64(value.count).bigEndian) { bytes += $0 }
        bytes += value
    }
}

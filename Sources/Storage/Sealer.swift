import Crypto
import Kernel

/// Chains the audit rows of each area in batches, and signs each batch with a key that the database does not hold.
///
/// A seal covers rows that carry its number, not a range of ids: a row that is committed late with a smaller id is
/// simply part of a later seal. Changing, removing, adding or moving a sealed row, or a seal, breaks the chain.
package struct Sealer: Sendable {
    /// The most rows that one seal covers.
    package static let batchRows = 1_000
    /// The most areas that one transaction seals.
    package static let batchAreas = 100
    private static let leaseName = "storage.sealer"
    private static let leaseMs: Int64 = 30_000

    private let key: SymmetricKey
    private let holder: String

    /// - Parameters:
    ///   - key: at least 32 bytes, kept outside the database; not the audit key.
    ///   - holder: names this server, for the lease.
    package init(key: [UInt8], holder: String) {
        self.key = SymmetricKey(data: key)
        self.holder = holder
    }

    /// Seals what waits, up to `batchRows` of each of `batchAreas` areas. Returns how many rows were sealed: 0 when
    /// none waits or another server holds the lease. Call it about every second, and at once again after a full batch.
    package func seal(_ database: any Database, at now: Instant) async throws -> Int {
        let areas = try await database.read { transaction in
            try transaction.query(
                """
                select distinct area_id from storage_audit where seal_seq is null
                order by area_id limit \(Self.batchAreas)
                """
            ) { try $0.id(0, AreaTag.self) }
        }
        guard !areas.isEmpty else { return 0 }
        return try await database.write { transaction in
            guard try Leases().acquire(Self.leaseName, holder: holder, leaseMs: Self.leaseMs, at: now, transaction)
            else { return 0 }
            return try areas.reduce(0) { try $0 + seal($1, at: now, transaction) }
        }
    }

    private func seal(_ area: AreaID, at now: Instant, _ transaction: any WriteTransaction) throws -> Int {
        let last = try transaction.first(
            "select seq, hash from storage_seal where area_id = \(area) order by seq desc limit 1"
        ) { (seq: try $0.int(0), hash: try $0.bytes(1)) }
        let seq = (last?.seq ?? 0) + 1
        // One statement marks the rows and returns them, so no row can be marked and not hashed.
        let rows = try transaction.query(
            """
            update storage_audit set seal_seq = \(seq)
            where seal_seq is null and id in (
                select id from storage_audit where area_id = \(area) and seal_seq is null
                order by id limit \(Self.batchRows))
            returning \(AuditRow.columns)
            """, AuditRow.init
        ).sorted { $0.id < $1.id }
        guard let first = rows.first, let final = rows.last else { return 0 }
        var seal = Seal(
            area: area, seq: seq, firstID: first.id, lastID: final.id, count: Int64(rows.count), at: now,
            previousHash: last?.hash ?? [])
        seal.hash = seal.computeHash(rows)
        seal.signature = Array(HMAC<SHA256>.authenticationCode(for: seal.signedBytes, using: key))
        try transaction.run(
            """
            insert into storage_seal (\(Seal.columns))
            values (\(seal.area), \(seal.seq), \(seal.firstID), \(seal.lastID), \(seal.count), \(seal.at), \
            \(seal.previousHash), \(seal.hash), \(seal.signature))
            """)
        return rows.count
    }
}

/// An audit row as it is chained.
struct AuditRow {
    static let columns: SQL = """
        id, at_ms, actor_id, post_id, verb, subject_id, digest, address, address_salt, address_proof, words
        """

    /// The same, of data that may be from before there were addresses, or words: a backup, or a house not started since.
    static func columns(_ transaction: any ReadTransaction) throws -> SQL {
        let steps = try transaction.query(
            """
            select id from storage_migration
            where id in ('storage-004-audit-address', 'storage-005-audit-words') order by id
            """
        ) { try $0.text(0) }
        let address: SQL =
            steps.contains("storage-004-audit-address") ? "address, address_salt, address_proof" : "null, null, null"
        let words: SQL = steps.contains("storage-005-audit-words") ? "words" : "null"
        return "id, at_ms, actor_id, post_id, verb, subject_id, digest, \(address), \(words)"
    }

    let id: Int64
    let at: Instant
    let actor: Int64?
    let post: Int64?
    let verb: String
    let subject: Int64
    let digest: [UInt8]
    let address: String?
    let salt: [UInt8]?
    let proof: [UInt8]?
    let words: String?

    init(_ row: any Row) throws {
        id = try row.int(0)
        at = try row.instant(1)
        actor = try row.optionalInt(2)
        post = try row.optionalInt(3)
        verb = try row.text(4)
        subject = try row.int(5)
        digest = try row.bytes(6)
        address = try row.optionalText(7)
        salt = try row.optionalBytes(8)
        proof = try row.optionalBytes(9)
        words = try row.optionalText(10)
    }

    /// Whether the address, while it is there, is the one that was kept.
    var isTrueToAddress: Bool {
        guard let address else { return salt == nil }
        return proof == AuditAddress.proof(address, salt ?? [], row: id)
    }

    /// Whether the reason, while it is there, is the one that was typed.
    func isTrueToWords(_ area: AreaID, _ auditKey: [UInt8]) -> Bool {
        guard let words else { return true }
        let entry = AuditEntry(
            area: area, actor: actor.map { PersonID($0) }, post: post.map { PostID($0) }, verb: verb, subject: subject,
            detail: words)
        return AuditDigest.proves(digest, id: id, at: at, entry, auditKey: auditKey)
    }

    func add(to bytes: inout Canonical) {
        bytes.add(id)
        bytes.add(at.ms)
        bytes.add(actor)
        bytes.add(post)
        bytes.add(verb)
        bytes.add(subject)
        bytes.add(digest)
        // The row after this one begins with a number: rows without a proof make the bytes that they always made.
        if let proof { bytes.add(proof) }
    }
}

/// A link of an area's chain.
struct Seal {
    static let columns: SQL = "area_id, seq, first_id, last_id, row_count, at_ms, prev_hash, hash, signature"

    let area: AreaID
    let seq: Int64
    let firstID: Int64
    let lastID: Int64
    let count: Int64
    let at: Instant
    let previousHash: [UInt8]
    var hash: [UInt8] = []
    var signature: [UInt8] = []

    /// SHA-256 over the link before, this link's own fields and its rows in the order of their ids.
    func computeHash(_ rows: [AuditRow]) -> [UInt8] {
        var bytes = Canonical("seal-1")
        bytes.add(previousHash)
        for value in [area.raw, seq, firstID, lastID, count, at.ms] { bytes.add(value) }
        for row in rows { row.add(to: &bytes) }
        return Array(SHA256.hash(data: bytes.bytes))
    }

    var signedBytes: [UInt8] {
        var bytes = Canonical("seal-signature-1")
        bytes.add(area.raw)
        bytes.add(seq)
        bytes.add(hash)
        return bytes.bytes
    }
}

extension Seal {
    init(_ row: any Row) throws {
        self.init(
            area: try row.id(0), seq: try row.int(1), firstID: try row.int(2), lastID: try row.int(3),
            count: try row.int(4), at: try row.instant(5), previousHash: try row.bytes(6), hash: try row.bytes(7),
            signature: try row.bytes(8))
    }
}

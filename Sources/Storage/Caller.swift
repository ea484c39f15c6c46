import Crypto
import Kernel

/// Who sent the request that is being answered. What a server does by itself has no caller.
package enum Caller {
    /// The address as the server sees it, in its shortest usual form; at most 60 characters.
    @TaskLocal package static var address: String?

    /// For engines, whose transactions run on threads of their own: the same closure, with the caller of this task.
    package static func carry<T>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) -> @Sendable (any WriteTransaction) throws -> T {
        guard let address else { return body }
        return { transaction in try $address.withValue(address) { try body(transaction) } }
    }
}

/// An address as an audit row keeps it. The row is sealed over the proof alone, so the address can go and the seal holds;
/// without the salt nobody can try addresses against the proof.
struct AuditAddress {
    let text: String
    let salt: [UInt8]
    let proof: [UInt8]

    static let saltBytes = 16

    init(_ text: String, row: Int64, salt: [UInt8]) {
        self.text = text
        self.salt = salt
        proof = Self.proof(text, salt, row: row)
    }

    static func proof(_ text: String, _ salt: [UInt8], row: Int64) -> [UInt8] {
        var bytes = Canonical("audit-address-1")
        bytes.add(row)
        bytes.add(text)
        bytes.add(salt)
        return Array(SHA256.hash(data: bytes.bytes))
    }
}

extension AuditBook {
    /// Takes the addresses off at most so many rows that are older than a moment. Returns the moments of those rows.
    package static func dropAddresses(
        before: Instant, limit: Int, _ transaction: any WriteTransaction
    ) throws -> [Instant] {
        try transaction.query(
            """
            update storage_audit set address = null, address_salt = null where id in (
                select id from storage_audit where address is not null and at_ms < \(before) order by id limit \(limit))
            returning at_ms
            """
        ) { try $0.instant(0) }
    }

    /// The same for reasons.
    package static func dropWords(
        before: Instant, limit: Int, _ transaction: any WriteTransaction
    ) throws -> [Instant] {
        try transaction.query(
            """
            update storage_audit set words = null where id in (
                select id from storage_audit where words is not null and at_ms < \(before) order by id limit \(limit))
            returning at_ms
            """
        ) { try $0.instant(0) }
    }
}

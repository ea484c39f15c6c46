import Crypto
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The name of a stored file: the SHA-256 of its content as 64 lower-case hexadecimal characters. No other text makes
/// one, so that a name can never lead out of the store.
package struct ContentName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: some StringProtocol) throws(BlobFault) {
        guard text.utf8.count == 64,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw .badName }
        self.text = String(text)
    }

    package init(of bytes: [UInt8]) { self.init(SHA256.hash(data: bytes)) }

    init(_ digest: SHA256Digest) { text = Hex.text(digest) }

    package var description: String { text }

    /// Where the file lies in a store: `ab/cd/abcd…`, the same on disk and in a bucket.
    package var place: String { "\(text.prefix(2))/\(text.dropFirst(2).prefix(2))/\(text)" }
}

enum Hex {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        hex.reserveCapacity(64)
        for byte in bytes {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        return String(decoding: hex, as: UTF8.self)
    }
}

/// What goes wrong with stored files, in the same words for every store.
package enum BlobFault: Error, Sendable, Equatable {
    /// Not 64 lower-case hexadecimal characters.
    case badName
    case missing
    /// The content does not match its name.
    case corrupt
    /// The store has no room.
    case full
    /// The store answers and will not: keys, rights, a bucket that is not there. In the store's own word.
    case refused(String)
    /// Whoever answers cannot prove to be the store (TLS). Nothing was sent.
    case untrusted(String)
    /// No answer in time, or only answers that say "later", after all attempts.
    case unreachable(String)
    /// The system's call and its error number.
    case system(String, Int32)

    /// Whether there is no room, or nothing may be written at all.
    package var isFull: Bool {
        switch self {
        case .full: true
        case .system(_, let number): number == ENOSPC || number == EDQUOT || number == EROFS
        default: false
        }
    }
}

/// Where files lie, by their content.
///
/// Guarantees of every store: when `put` returns, the whole file is kept durably; a fault, a crash or a cut leaves the
/// whole file or none; the same content is kept once; several processes may use the same place at once. No call holds
/// more than a few hundred KiB of a file in memory. Everything throws `BlobFault`.
package protocol BlobStore: Sendable {
    /// For people; holds no secret.
    var place: String { get }
    /// Keeps the file at `path`. Throws `corrupt`, and keeps nothing, when its content is not that of the name.
    func put(path: String, as name: ContentName) async throws
    /// Throws `missing` when there is no such file.
    func reader(_ name: ContentName) async throws -> BlobReader
    func exists(_ name: ContentName) async throws -> Bool
    /// Nothing happens when there is no such file.
    func delete(_ name: ContentName) async throws
    /// Every file with its length in bytes, in no particular order; what is no content's name is passed over.
    func list(_ each: (ContentName, Int) async throws -> Void) async throws
    /// Where the file lies on this machine's disk, if it does.
    func localPath(of name: ContentName) async throws -> String?
    /// Throws what stands in the way of keeping files here.
    func check() async throws
}

/// A stored file on its way out, a chunk at a time, as fast as it is asked for. One caller at a time.
///
/// The last chunk is handed out only when the content has proved to be that of the name: who gets all of `length` has
/// the right bytes; else `next` throws `corrupt`.
package actor BlobReader {
    package nonisolated let name: ContentName
    /// In bytes.
    package nonisolated let length: Int
    private var source: (any AsyncIteratorProtocol<ByteBuffer, any Error>)?
    private var waiting: [ByteBuffer] = []
    private var digest = SHA256()
    private var seen = 0
    private var busy = false

    init(_ name: ContentName, length: Int, _ source: sending any AsyncIteratorProtocol<ByteBuffer, any Error>) {
        self.name = name
        self.length = length
        self.source = source
    }

    /// Fetches the first chunks, so that a fault comes before anything is promised.
    package func begin() async throws {
        precondition(!busy, "one caller at a time")
        busy = true
        defer { busy = false }
        while waiting.count < 2, let chunk = try await pull() { waiting.append(chunk) }
    }

    /// Nil at the end.
    package func next() async throws -> ByteBuffer? {
        try await begin()
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    private func pull() async throws -> ByteBuffer? {
        while var current = source {
            source = nil
            guard let chunk = try await current.next(isolation: self) else {
                guard seen == length, ContentName(digest.finalize()) == name else { throw BlobFault.corrupt }
                return nil
            }
            seen += chunk.readableBytes
            guard seen <= length else { throw BlobFault.corrupt }
            chunk.withUnsafeReadableBytes { digest.update(bufferPointer: $0) }
            source = current
            if chunk.readableBytes > 0 { return chunk }
        }
        return nil
    }
}

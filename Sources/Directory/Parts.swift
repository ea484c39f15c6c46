import Kernel
import Storage
import Synchronization
import Tables

/// A file in sealed pieces in the database, where every server of the house finds it.
struct PartsSource: ByteSource {
    static let pieceBytes = 1 << 18
    let owner: Int64
    let count: Int
    let database: any Database
    let secrets: Secrets
    /// The piece that was read last.
    private let held = Held()

    private final class Held: Sendable {
        let state = Mutex<(number: Int64, bytes: [UInt8])>((-1, []))
    }

    init(owner: Int64, count: Int, database: any Database, secrets: Secrets) {
        self.owner = owner
        self.count = count
        self.database = database
        self.secrets = secrets
    }

    func read(at offset: Int, count: Int) async throws -> [UInt8] {
        guard offset >= 0, offset < self.count, count > 0 else { return [] }
        let end = min(offset + count, self.count)
        var result: [UInt8] = []
        var at = offset
        while at < end {
            let number = Int64(at / Self.pieceBytes)
            let piece = try await piece(number)
            let start = Int(number) * Self.pieceBytes
            let stop = min(end - start, piece.count)
            guard at - start < stop else { throw TableFault.damaged }
            result += piece[(at - start)..<stop]
            at = start + stop
        }
        return result
    }

    private func piece(_ number: Int64) async throws -> [UInt8] {
        if let bytes = held.state.withLock({ $0.number == number ? $0.bytes : nil }) { return bytes }
        let owner = owner
        guard let sealed = try await database.read({ try ImportStore.part(owner, number, $0) }) else {
            throw TableFault.damaged
        }
        let bytes = try secrets.openPart(sealed, of: owner, number: number)
        held.state.withLock { $0 = (number, bytes) }
        return bytes
    }
}

/// Takes bytes as they come and keeps them in sealed pieces, each a transaction of its own.
struct PartsSink {
    let owner: Int64
    let database: any Database
    let secrets: Secrets
    private var waiting: [UInt8] = []
    private var number: Int64 = 0
    private(set) var count = 0

    init(owner: Int64, database: any Database, secrets: Secrets) {
        self.owner = owner
        self.database = database
        self.secrets = secrets
    }

    mutating func add(_ bytes: [UInt8]) async throws {
        waiting += bytes
        count += bytes.count
        while waiting.count >= PartsSource.pieceBytes {
            try await write(Array(waiting[..<PartsSource.pieceBytes]))
            waiting.removeFirst(PartsSource.pieceBytes)
        }
    }

    mutating func finish() async throws {
        if !waiting.isEmpty { try await write(waiting) }
        waiting = []
    }

    private mutating func write(_ piece: [UInt8]) async throws {
        let (owner, number) = (owner, number)
        let sealed = try secrets.sealPart(piece, of: owner, number: number)
        try await database.write {
            try ImportStore.addPart(owner, number, bytes: piece.count, sealed, $0)
        }
        self.number += 1
    }
}

import CZlib

/// What a table may be at most. Hard: what is beyond is refused before it is in memory.
package struct TableLimits: Sendable {
    /// Of the file as it comes.
    package var fileBytes = 128 << 20
    /// Of one part, unpacked.
    package var entryBytes = 2 << 30
    /// Of all parts together, as the file itself says.
    package var totalBytes = 3 << 30
    /// Unpacked to packed, for what is more than 8 MiB unpacked. Sheets of real tables stay below 60.
    package var ratio = 400
    package var entries = 2_000
    package var rows = 1_048_576
    package var columns = 512
    /// Different texts of a workbook, and their bytes: these are held in memory.
    package var texts = 4_000_000
    package var textBytes = 128 << 20
    package var cellBytes = 65_536
    package var merges = 100_000
    package init() {}
}

/// The parts of a ZIP file, by its central directory: nothing is unpacked yet.
struct ZipDirectory: Sendable {
    struct Entry: Sendable {
        let name: String
        let isPacked: Bool
        let packed: Int
        let unpacked: Int
        let checksum: UInt32
        let offset: Int
    }
    let entries: [String: Entry]

    /// Throws `TableFault` for what is damaged, encrypted or beyond the limits.
    init(_ source: any ByteSource, _ limits: TableLimits) async throws {
        let tailStart = max(0, source.count - 65_557)
        let tail = try await source.read(at: tailStart, count: 65_557)
        guard tail.count >= 22,
            let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
                tail[$0] == 0x50 && tail[$0 + 1] == 0x4B && tail[$0 + 2] == 5 && tail[$0 + 3] == 6
            })
        else { throw TableFault.damaged }
        let count = Self.short(tail, end + 10)
        let size = Self.long(tail, end + 12)
        let start = Self.long(tail, end + 16)
        guard count <= limits.entries, size <= 1 << 20 else { throw TableFault.tooManyEntries }
        guard start + size <= tailStart + end else { throw TableFault.damaged }
        let bytes = try await source.read(at: start, count: size)
        guard bytes.count == size else { throw TableFault.damaged }
        var entries: [String: Entry] = [:]
        var (at, packed, unpacked) = (0, 0, 0)
        for _ in 0..<count {
            guard at + 46 <= size, Self.long(bytes, at) == 0x0201_4B50 else { throw TableFault.damaged }
            let (nameSize, extra, comment) = (
                Self.short(bytes, at + 28), Self.short(bytes, at + 30), Self.short(bytes, at + 32)
            )
            let next = at + 46 + nameSize + extra + comment
            guard next <= size else { throw TableFault.damaged }
            guard Self.short(bytes, at + 8) & 1 == 0 else { throw TableFault.encrypted }
            let method = Self.short(bytes, at + 10)
            guard method == 0 || method == 8 else { throw TableFault.damaged }
            let entry = Entry(
                name: String(decoding: bytes[(at + 46)..<(at + 46 + nameSize)], as: UTF8.self), isPacked: method == 8,
                packed: Self.long(bytes, at + 20), unpacked: Self.long(bytes, at + 24),
                checksum: UInt32(Self.long(bytes, at + 16)), offset: Self.long(bytes, at + 42))
            packed += entry.packed
            unpacked += entry.unpacked
            let isHuge = entry.unpacked > 8 << 20 && entry.unpacked / max(1, entry.packed) > limits.ratio
            guard entry.unpacked <= limits.entryBytes, unpacked <= limits.totalBytes, !isHuge else {
                throw TableFault.unpacksTooFar
            }
            // Parts that lie on each other make a small file into a large one.
            guard packed <= source.count, entry.offset < source.count else { throw TableFault.unpacksTooFar }
            entries[entry.name] = entry
            at = next
        }
        self.entries = entries
    }

    static func short(_ bytes: [UInt8], _ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
    static func long(_ bytes: [UInt8], _ at: Int) -> Int { short(bytes, at) | short(bytes, at + 2) << 16 }
}

/// Unpacks one part, a piece at a time, and proves its length and checksum at the end.
final class ZipStream {
    private let source: any ByteSource
    private let entry: ZipDirectory.Entry
    private let limits: TableLimits
    private var stream = z_stream()
    private var isOpen = false
    private var at = 0
    private var taken = 0
    private(set) var made = 0
    private var checksum: UInt = 0
    private var input: [UInt8] = []
    private var used = 0
    private var isDone = false
    private static let pieceBytes = 1 << 17

    init(_ source: any ByteSource, _ entry: ZipDirectory.Entry, _ limits: TableLimits) {
        self.source = source
        self.entry = entry
        self.limits = limits
    }

    deinit { if isOpen { inflateEnd(&stream) } }

    /// How far it is, 0 to 1.
    var fraction: Double { entry.packed > 0 ? min(1, Double(taken) / Double(entry.packed)) : 1 }

    private func begin() async throws {
        let head = try await source.read(at: entry.offset, count: 30)
        guard head.count == 30, ZipDirectory.long(head, 0) == 0x0403_4B50 else { throw TableFault.damaged }
        at = entry.offset + 30 + ZipDirectory.short(head, 26) + ZipDirectory.short(head, 28)
        guard at + entry.packed <= source.count else { throw TableFault.damaged }
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, -15, ZLIB_VERSION, size) == Z_OK else { throw TableFault.damaged }
        isOpen = true
    }

    /// The next bytes, or nil at the end. Throws `TableFault`.
    func next() async throws -> [UInt8]? {
        if isDone { return nil }
        if !isOpen { try await begin() }
        while true {
            if used == input.count, taken < entry.packed {
                input = try await source.read(at: at + taken, count: min(1 << 16, entry.packed - taken))
                guard !input.isEmpty else { throw TableFault.damaged }
                taken += input.count
                used = 0
            }
            let (piece, ended) = entry.isPacked ? try inflatePiece() : (Array(input[used...]), taken == entry.packed)
            if !entry.isPacked { used = input.count }
            made += piece.count
            guard made <= entry.unpacked, made <= limits.entryBytes else { throw TableFault.damaged }
            // Of nothing, zlib would tell where a checksum starts.
            if !piece.isEmpty {
                checksum = piece.withUnsafeBufferPointer { crc32(checksum, $0.baseAddress, UInt32(piece.count)) }
            }
            if ended {
                isDone = true
                guard made == entry.unpacked, UInt32(truncatingIfNeeded: checksum) == entry.checksum else {
                    throw TableFault.damaged
                }
                return piece.isEmpty ? nil : piece
            }
            if !piece.isEmpty { return piece }
            guard taken < entry.packed || used < input.count else { throw TableFault.damaged }
        }
    }

    private func inflatePiece() throws -> ([UInt8], Bool) {
        var status: Int32 = Z_OK
        let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { output, size in
            input.withUnsafeMutableBufferPointer { bytes in
                stream.next_in = bytes.baseAddress.map { $0 + used }
                stream.avail_in = UInt32(bytes.count - used)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(Self.pieceBytes)
                status = inflate(&stream, Z_NO_FLUSH)
                used = bytes.count - Int(stream.avail_in)
            }
            size = Self.pieceBytes - Int(stream.avail_out)
        }
        guard
            status == Z_OK || status == Z_STREAM_END || (status == Z_BUF_ERROR && !piece.isEmpty)
                || (status == Z_BUF_ERROR && taken < entry.packed)
        else { throw TableFault.damaged }
        return (piece, status == Z_STREAM_END)
    }

    /// All of a small part.
    func all(atMost most: Int) async throws -> [UInt8] {
        var result: [UInt8] = []
        while let piece = try await next() {
            result += piece
            guard result.count <= most else { throw TableFault.unpacksTooFar }
        }
        return result
    }
}

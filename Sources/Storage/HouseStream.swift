import Crypto
import Kernel

/// A house as bytes that no engine owns: what a backup holds.
///
/// A record is its kind (1 byte), its length (4 bytes, highest first) and its content. They come in this order: header;
/// for each section its shape, its rows in pieces, its end with count and digest; files in pieces, each ended by its
/// digest; the trailer, which also digests every byte before it. So a lost, changed, repeated or missing record is noticed.
package enum HouseRecord: Sendable, Equatable {
    package struct Header: Sendable, Equatable {
        package let created: Instant
        package let landed: [LandedStep]
        package init(created: Instant, landed: [LandedStep]) {
            self.created = created
            self.landed = landed
        }
    }

    package struct Trailer: Sendable, Equatable {
        package var rows: Int64 = 0
        package var files: Int64 = 0
        package var fileBytes: Int64 = 0
        package var missingFiles: Int64 = 0
        /// `HouseDigest.digest`.
        package var digest: [UInt8] = []
        package init() {}
    }

    case header(Header)
    case section(Int)
    case rows(HouseBatch)
    case sectionEnd(SectionDigest)
    case file(name: String, size: Int64)
    case fileBytes([UInt8])
    case fileEnd
    /// A file that the rows name and that was not there to be kept.
    case missing(name: String)
    case trailer(Trailer)

    fileprivate enum Kind: UInt8 {
        case header = 1
        case section, rows, sectionEnd, file, fileBytes, fileEnd, missing, trailer
    }
}

/// Writes the stream. Calls come in the stream's order.
package struct HouseStreamWriter {
    /// The form of the stream; a reader knows its own and older ones.
    package static let form = 1
    /// Rows are cut into pieces of about this size.
    static let pieceBytes = 256 << 10

    private let sink: ([UInt8]) throws -> Void
    private let header: HouseRecord.Header
    private var digests: [SectionDigest] = []
    private var trailer = HouseRecord.Trailer()
    private var fileHash = SHA256()
    private var allHash = SHA256()

    /// - Parameter sink: takes the bytes as they come.
    package init(_ header: HouseRecord.Header, _ sink: @escaping ([UInt8]) throws -> Void) throws {
        self.sink = sink
        self.header = header
        var bytes: [UInt8] = []
        RowCode.append("redsteward house", to: &bytes)
        RowCode.append(UInt32(Self.form), to: &bytes)
        RowCode.append(UInt64(bitPattern: header.created.ms), to: &bytes)
        RowCode.append(UInt32(header.landed.count), to: &bytes)
        for step in header.landed {
            RowCode.append(step.id, to: &bytes)
            RowCode.append(step.checksum, to: &bytes)
            RowCode.append(UInt64(bitPattern: step.appliedMs), to: &bytes)
        }
        try put(.header, bytes)
    }

    package mutating func begin(_ index: Int, _ section: HouseSection) throws {
        var bytes: [UInt8] = []
        RowCode.append(UInt32(index), to: &bytes)
        RowCode.append(section.name, to: &bytes)
        for column in section.columns {
            RowCode.append(column.name, to: &bytes)
            bytes.append(column.kind.rawValue)
        }
        try put(.section, bytes)
    }

    package mutating func rows(_ batch: HouseBatch) throws {
        var bytes: [UInt8] = []
        var count = 0
        for (index, row) in batch.rows.enumerated() {
            for value in row { RowCode.append(value, to: &bytes) }
            count += 1
            guard bytes.count >= Self.pieceBytes || index == batch.rows.count - 1 else { continue }
            var head: [UInt8] = []
            RowCode.append(UInt32(count), to: &head)
            try put(.rows, head + bytes)
            bytes.removeAll(keepingCapacity: true)
            count = 0
        }
    }

    package mutating func end(_ digest: SectionDigest) throws {
        digests.append(digest)
        trailer.rows += digest.rows
        var bytes: [UInt8] = []
        RowCode.append(digest.name, to: &bytes)
        RowCode.append(UInt64(digest.rows), to: &bytes)
        RowCode.append(digest.digest, to: &bytes)
        try put(.sectionEnd, bytes)
    }

    package mutating func file(_ name: String, size: Int64) throws {
        fileHash = SHA256()
        trailer.files += 1
        var bytes: [UInt8] = []
        RowCode.append(name, to: &bytes)
        RowCode.append(UInt64(size), to: &bytes)
        try put(.file, bytes)
    }

    package mutating func fileBytes(_ content: [UInt8]) throws {
        guard !content.isEmpty else { return }
        fileHash.update(data: content)
        trailer.fileBytes += Int64(content.count)
        try put(.fileBytes, content)
    }

    package mutating func fileEnd() throws { try put(.fileEnd, Array(fileHash.finalize())) }

    package mutating func missing(_ name: String) throws {
        trailer.missingFiles += 1
        var bytes: [UInt8] = []
        RowCode.append(name, to: &bytes)
        try put(.missing, bytes)
    }

    /// Ends the stream and returns what it holds.
    package mutating func finish() throws -> (digest: HouseDigest, trailer: HouseRecord.Trailer) {
        let digest = HouseDigest(landed: header.landed, sections: digests)
        trailer.digest = digest.digest
        var bytes: [UInt8] = []
        for number in [trailer.rows, trailer.files, trailer.fileBytes, trailer.missingFiles] {
            RowCode.append(UInt64(number), to: &bytes)
        }
        RowCode.append(trailer.digest, to: &bytes)
        RowCode.append(Array(allHash.finalize()), to: &bytes)
        try put(.trailer, bytes)
        return (digest, trailer)
    }

    private mutating func put(_ kind: HouseRecord.Kind, _ content: [UInt8]) throws {
        var bytes: [UInt8] = [kind.rawValue]
        RowCode.append(UInt32(content.count), to: &bytes)
        bytes += content
        allHash.update(data: bytes)
        try sink(bytes)
    }
}

/// Reads the stream and holds it against itself: order, counts, digests, end. Throws `HouseFault`.
package struct HouseStreamReader {
    /// No record is larger: more than the largest row.
    private static let longestRecord = 64 << 20

    private let source: () throws -> [UInt8]?
    private let schema: Schema
    private var buffer: [UInt8] = []
    private var used = 0
    private var header: HouseRecord.Header?
    package private(set) var sections: [HouseSection] = []
    private var run = DigestRun([])
    private var open: (index: Int, rows: Int64)?
    private var ended: [SectionDigest] = []
    private var file: (left: Int64, hash: SHA256)?
    private var found = HouseRecord.Trailer()
    private var isOver = false
    private var allHash = SHA256()

    /// - Parameters:
    ///   - schema: the program's: the stream must be of a part of it.
    ///   - source: the next bytes, nil at the end.
    package init(_ schema: Schema, _ source: @escaping () throws -> [UInt8]?) {
        self.schema = schema
        self.source = source
    }

    /// The next record; nil after the trailer.
    package mutating func next() throws -> HouseRecord? {
        if isOver {
            guard try take(1) == nil else { throw HouseFault.damaged("something follows the end") }
            return nil
        }
        guard let head = try take(5) else { throw HouseFault.cutShort }
        guard let kind = HouseRecord.Kind(rawValue: head[0]) else { throw HouseFault.damaged("unknown record") }
        let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.longestRecord else { throw HouseFault.damaged("a record is too long") }
        guard let content = try take(length) else { throw HouseFault.cutShort }
        if kind != .trailer {
            allHash.update(data: head)
            allHash.update(data: content)
        }
        do {
            return try record(kind, content)
        } catch is CodeReader.Cut {
            throw HouseFault.damaged("a record cannot be read")
        }
    }

    private mutating func take(_ count: Int) throws -> [UInt8]? {
        while buffer.count - used < count {
            guard let more = try source() else {
                guard buffer.count == used else { throw HouseFault.cutShort }
                return nil
            }
            buffer.removeFirst(used)
            used = 0
            buffer += more
        }
        defer { used += count }
        return Array(buffer[used..<used + count])
    }

    private mutating func record(_ kind: HouseRecord.Kind, _ content: [UInt8]) throws -> HouseRecord {
        guard (header == nil) == (kind == .header) else { throw HouseFault.damaged("the header is not first") }
        guard (file != nil) == (kind == .fileBytes || kind == .fileEnd) else {
            throw HouseFault.damaged("a file is out of place")
        }
        var reader = CodeReader(content)
        switch kind {
        case .header: return try readHeader(&reader)
        case .section: return try readSection(content, &reader)
        case .rows: return try readRows(&reader)
        case .sectionEnd: return try readSectionEnd(&reader)
        case .file:
            try expectSectionsDone()
            let name = try reader.text()
            let size = try reader.int64()
            guard size >= 0 else { throw HouseFault.damaged("a file is shorter than nothing") }
            file = (size, SHA256())
            found.files += 1
            return .file(name: name, size: size)
        case .fileBytes:
            guard let left = file?.left, left >= content.count else { throw HouseFault.damaged("a file is too long") }
            file?.left = left - Int64(content.count)
            file?.hash.update(data: content)
            found.fileBytes += Int64(content.count)
            return .fileBytes(content)
        case .fileEnd:
            guard file?.left == 0, file.map({ Array($0.hash.finalize()) }) == content else {
                throw HouseFault.damaged("a file is not what was kept")
            }
            file = nil
            return .fileEnd
        case .missing:
            try expectSectionsDone()
            found.missingFiles += 1
            return .missing(name: try reader.text())
        case .trailer: return try readTrailer(&reader)
        }
    }

    private mutating func readHeader(_ reader: inout CodeReader) throws -> HouseRecord {
        guard try reader.text() == "redsteward house" else { throw HouseFault.damaged("this is no house") }
        let form = Int(try reader.uint32())
        guard form <= HouseStreamWriter.form else { throw HouseFault.newerForm(form) }
        let created = Instant(ms: try reader.int64())
        let count = try reader.uint32()
        guard count < 100_000 else { throw HouseFault.damaged("too many steps") }
        let landed = try (0..<count).map { _ in
            LandedStep(id: try reader.text(), checksum: try reader.content(), appliedMs: try reader.int64())
        }
        let header = HouseRecord.Header(created: created, landed: landed)
        sections = try TableCatalogue(schema.restricted(to: landed)).sections
        run = DigestRun(sections)
        self.header = header
        return .header(header)
    }

    private mutating func readSection(_ content: [UInt8], _ reader: inout CodeReader) throws -> HouseRecord {
        let index = Int(try reader.uint32())
        guard open == nil, index == ended.count, index < sections.count, try reader.text() == sections[index].name
        else { throw HouseFault.damaged("a table is out of place") }
        for column in sections[index].columns {
            guard try reader.text() == column.name, try reader.byte() == column.kind.rawValue else {
                throw HouseFault.damaged("the columns of \(sections[index].name) are others")
            }
        }
        guard reader.isAtEnd else { throw HouseFault.damaged("\(sections[index].name) has more columns") }
        open = (index, 0)
        return .section(index)
    }

    private mutating func readRows(_ reader: inout CodeReader) throws -> HouseRecord {
        guard let open else { throw HouseFault.damaged("rows without a table") }
        let columns = sections[open.index].columns
        let count = try reader.uint32()
        var rows: [[SQLValue]] = []
        for _ in 0..<count {
            rows.append(
                try columns.map { column in
                    let value = try reader.value()
                    guard column.takes(value) else { throw HouseFault.damaged("\(column.name) holds another kind") }
                    return value
                })
        }
        guard reader.isAtEnd, !rows.isEmpty else { throw HouseFault.damaged("rows cannot be read") }
        let batch = HouseBatch(section: open.index, before: open.rows, rows: rows)
        run.add(rows)
        self.open = (open.index, open.rows + Int64(rows.count))
        return .rows(batch)
    }

    private mutating func readSectionEnd(_ reader: inout CodeReader) throws -> HouseRecord {
        guard open != nil else { throw HouseFault.damaged("an end without a table") }
        let digest = run.end()
        let told = SectionDigest(name: try reader.text(), rows: try reader.int64(), digest: try reader.content())
        guard told == digest else { throw HouseFault.damaged("\(digest.name) is not what was kept") }
        open = nil
        ended.append(digest)
        found.rows += digest.rows
        return .sectionEnd(digest)
    }

    private mutating func readTrailer(_ reader: inout CodeReader) throws -> HouseRecord {
        try expectSectionsDone()
        var told = HouseRecord.Trailer()
        told.rows = try reader.int64()
        told.files = try reader.int64()
        told.fileBytes = try reader.int64()
        told.missingFiles = try reader.int64()
        told.digest = try reader.content()
        found.digest = HouseDigest(landed: header?.landed ?? [], sections: ended).digest
        guard told == found, try reader.content() == Array(allHash.finalize()), reader.isAtEnd else {
            throw HouseFault.damaged("the end tells of another house")
        }
        isOver = true
        return .trailer(told)
    }

    private func expectSectionsDone() throws {
        guard open == nil, ended.count == sections.count, !sections.isEmpty else {
            throw HouseFault.damaged("tables are missing")
        }
    }

    /// What was read, after the trailer.
    package var digest: HouseDigest { HouseDigest(landed: header?.landed ?? [], sections: ended) }
}

extension TableShape.Column {
    /// Whether the value is of this column's kind.
    func takes(_ value: SQLValue) -> Bool {
        switch (kind, value) {
        case (_, .null), (.int, .int), (.real, .real), (.text, .text), (.terms, .text), (.bytes, .bytes),
            (.flag, .flag):
            true
        default: false
        }
    }
}

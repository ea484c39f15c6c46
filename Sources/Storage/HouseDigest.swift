import Crypto
import Kernel

/// A part of a house on its way: the rows of a table, or what those rows could not say at first.
package struct HouseSection: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case rows = 1
        /// Key and reference of the rows that point at a later row of their own table.
        case links
    }
    package let table: TableShape
    package let kind: Kind

    package var name: String { kind == .rows ? table.name : table.name + ".links" }

    package var columns: [TableShape.Column] {
        switch kind {
        case .rows: table.columns
        case .links: [table.columns[table.key[0]], table.columns[table.selfReference ?? 0]]
        }
    }

    /// Places of the key in `columns`.
    package var key: [Int] { kind == .rows ? table.key : [0] }
}

extension TableCatalogue {
    /// In the order in which they travel.
    package var sections: [HouseSection] {
        tables.flatMap { table in
            [HouseSection(table: table, kind: .rows)]
                + (table.selfReference == nil ? [] : [HouseSection(table: table, kind: .links)])
        }
    }
}

/// Rows of one section, in the order of their keys.
package struct HouseBatch: Sendable, Equatable {
    /// The place of the section in `TableCatalogue.sections`.
    package let section: Int
    /// How many rows of the section come before these.
    package let before: Int64
    package let rows: [[SQLValue]]
    package init(section: Int, before: Int64, rows: [[SQLValue]]) {
        self.section = section
        self.before = before
        self.rows = rows
    }
}

/// Values as bytes: the same for both engines, and no two rows alike.
enum RowCode {
    static func append(_ value: SQLValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(0)
        case .int(let number):
            bytes.append(1)
            append(UInt64(bitPattern: number), to: &bytes)
        case .real(let number):
            bytes.append(2)
            // SQLite keeps no negative zero.
            append((number == 0 ? 0 : number).bitPattern, to: &bytes)
        case .text(let text):
            bytes.append(3)
            append(Array(text.utf8), to: &bytes)
        case .bytes(let content):
            bytes.append(4)
            append(content, to: &bytes)
        case .flag(let flag): bytes.append(flag ? 6 : 5)
        }
    }

    static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    /// With its length before it.
    static func append(_ content: [UInt8], to bytes: inout [UInt8]) {
        append(UInt32(content.count), to: &bytes)
        bytes += content
    }

    static func append(_ text: String, to bytes: inout [UInt8]) { append(Array(text.utf8), to: &bytes) }
}

/// Reads what `RowCode` wrote; never beyond the end.
struct CodeReader {
    struct Cut: Error {}
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    mutating func byte() throws -> UInt8 {
        guard place < bytes.count else { throw Cut() }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func take(_ count: Int) throws -> [UInt8] {
        guard count >= 0, bytes.count - place >= count else { throw Cut() }
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    mutating func uint32() throws -> UInt32 { try take(4).reduce(0) { $0 << 8 | UInt32($1) } }
    mutating func uint64() throws -> UInt64 { try take(8).reduce(0) { $0 << 8 | UInt64($1) } }
    mutating func int64() throws -> Int64 { Int64(bitPattern: try uint64()) }
    mutating func content() throws -> [UInt8] { try take(Int(try uint32())) }

    mutating func text() throws -> String {
        guard let text = String(validating: try content(), as: UTF8.self) else { throw Cut() }
        return text
    }

    mutating func value() throws -> SQLValue {
        switch try byte() {
        case 0: return .null
        case 1: return .int(try int64())
        case 2: return .real(Double(bitPattern: try uint64()))
        case 3: return .text(try text())
        case 4: return .bytes(try content())
        case 5: return .flag(false)
        case 6: return .flag(true)
        default: throw Cut()
        }
    }
}

/// What a section held.
package struct SectionDigest: Sendable, Equatable {
    package let name: String
    package let rows: Int64
    /// SHA-256 of all rows in the order of their keys.
    package let digest: [UInt8]
    package init(name: String, rows: Int64, digest: [UInt8]) {
        self.name = name
        self.rows = rows
        self.digest = digest
    }
}

/// Proves what rows a house holds: equal digests are equal rows, whatever the engine.
package struct HouseDigest: Sendable, Equatable {
    package let sections: [SectionDigest]
    /// SHA-256 over the steps of the schema and all sections.
    package let digest: [UInt8]

    package init(landed: [LandedStep], sections: [SectionDigest]) {
        var bytes: [UInt8] = []
        for step in landed {
            RowCode.append(step.id, to: &bytes)
            RowCode.append(step.checksum, to: &bytes)
            RowCode.append(UInt64(bitPattern: step.appliedMs), to: &bytes)
        }
        for section in sections {
            RowCode.append(section.name, to: &bytes)
            RowCode.append(UInt64(section.rows), to: &bytes)
            RowCode.append(section.digest, to: &bytes)
        }
        self.sections = sections
        digest = Array(SHA256.hash(data: bytes))
    }

    package var rows: Int64 { sections.reduce(0) { $0 + $1.rows } }

    /// 64 hexadecimal digits.
    package var text: String { digest.hexadecimal }

    /// The sections in which two houses differ.
    package func differences(from other: HouseDigest) -> [String] {
        let names =
            sections.map(\.name)
            + other.sections.map(\.name).filter { name in
                !sections.contains { $0.name == name }
            }
        return names.filter { name in
            sections.first { $0.name == name } != other.sections.first { $0.name == name }
        }
    }
}

extension [UInt8] {
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Counts and digests rows as they pass.
struct DigestRun {
    private let sections: [HouseSection]
    private var done: [SectionDigest] = []
    private var hash = SHA256()
    private var rows: Int64 = 0

    init(_ sections: [HouseSection]) { self.sections = sections }

    /// The rows of the section that is open.
    mutating func add(_ batch: [[SQLValue]]) {
        var bytes: [UInt8] = []
        for row in batch {
            for value in row { RowCode.append(value, to: &bytes) }
        }
        hash.update(data: bytes)
        rows += Int64(batch.count)
    }

    /// Ends the section that is open.
    @discardableResult
    mutating func end() -> SectionDigest {
        let digest = SectionDigest(name: sections[done.count].name, rows: rows, digest: Array(hash.finalize()))
        done.append(digest)
        hash = SHA256()
        rows = 0
        return digest
    }

    func result(_ landed: [LandedStep]) -> HouseDigest { HouseDigest(landed: landed, sections: done) }
}

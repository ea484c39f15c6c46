internal import CPostgres
import Storage

/// The types of the schema's words, and those that PostgreSQL's own functions return, by their numbers.
enum PostgresType {
    static let flag: Oid = 16
    static let bytes: Oid = 17
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let unknown: Oid = 705
    static let bpchar: Oid = 1042
    static let varchar: Oid = 1043
    static let numeric: Oid = 1700

    static func isText(_ type: Oid) -> Bool { [text, varchar, bpchar, name, unknown].contains(type) }

    /// The type whose arrays go into `unnest`, and its name. Nil for what the schema's words do not make.
    static func arrayElement(_ type: Oid) -> String? {
        switch type {
        case flag: "boolean"
        case bytes: "bytea"
        case int8: "bigint"
        case int4: "integer"
        case text: "text"
        case float8: "double precision"
        default: nil
        }
    }
}

/// Values on their way to the server, in its binary form where it has one for the type that it inferred, and as text
/// elsewhere. A value of another kind than its place is converted where nothing is lost, as SQLite does, and refused
/// as a constraint where it would be.
struct Parameters {
    private(set) var count = 0
    /// Begins with a byte that no value uses, so that an empty value has a place.
    private var bytes: [UInt8] = [0]
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(count: Int) {
        starts.reserveCapacity(count)
        lengths.reserveCapacity(count)
        formats.reserveCapacity(count)
        bytes.reserveCapacity(count * 16 + 1)
    }

    mutating func add(_ value: SQLValue, as type: Oid) throws(Trouble) {
        count += 1
        let start = bytes.count
        let form = try Encoding.append(value, as: type, to: &bytes)
        starts.append(form == nil ? nil : start)
        lengths.append(Int32(clamping: bytes.count - start))
        formats.append(form == .text ? 0 : 1)
        // A zero ends what goes as text.
        if form == .text { bytes.append(0) }
    }

    /// A column of rows as one array.
    mutating func add(_ rows: ArraySlice<[SQLValue]>, column: Int, as type: Oid) throws(Trouble) {
        count += 1
        let start = bytes.count
        for head in [1, 1, Int32(type), Int32(rows.count), 1] { Encoding.append(head, to: &bytes) }
        for row in rows {
            let length = bytes.count
            Encoding.append(Int32(-1), to: &bytes)
            switch try Encoding.append(row[column], as: type, to: &bytes) {
            case nil: continue
            case .text: throw .misuse(.constraint("a value does not fit column \(column)"))
            case .binary: Encoding.set(Int32(clamping: bytes.count - length - 4), at: length, in: &bytes)
            }
        }
        starts.append(start)
        lengths.append(Int32(clamping: bytes.count - start))
        formats.append(1)
    }

    func withPointers<T>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> T
    ) -> T {
        bytes.withUnsafeBytes { raw in
            let base = raw.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
            return pointers.withUnsafeBufferPointer { pointers in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}

/// One value as bytes.
enum Encoding {
    enum Form { case binary, text }

    /// Nil for NULL, of which no byte is written.
    static func append(_ value: SQLValue, as type: Oid, to bytes: inout [UInt8]) throws(Trouble) -> Form? {
        switch value {
        case .null: return nil
        case .int(let value): return try append(value, as: type, to: &bytes)
        case .flag(let value):
            if type == PostgresType.flag {
                bytes.append(value ? 1 : 0)
                return .binary
            }
            return try append(value ? 1 : 0, as: type, to: &bytes)
        case .real(let value):
            // SQLite keeps it as NULL.
            guard !value.isNaN else { throw .misuse(.unstorable("a number that is none")) }
            if type == PostgresType.float8 {
                append(value.bitPattern, to: &bytes)
                return .binary
            }
            if type == PostgresType.int8, let whole = Int64(exactly: value) {
                return try append(whole, as: type, to: &bytes)
            }
            guard type != PostgresType.bytes, type != PostgresType.flag else { throw misfit(type) }
            bytes += Array(String(value).utf8)
            return .text
        case .text(let value):
            guard type != PostgresType.bytes, type != PostgresType.flag else { throw misfit(type) }
            guard !value.holdsNUL else { throw .misuse(.nulInText) }
            bytes += value.utf8
            return PostgresType.isText(type) ? .binary : .text
        case .bytes(let value):
            guard type == PostgresType.bytes else { throw misfit(type) }
            bytes += value
            return .binary
        }
    }

    private static func append(_ value: Int64, as type: Oid, to bytes: inout [UInt8]) throws(Trouble) -> Form {
        switch type {
        case PostgresType.int8: append(value, to: &bytes)
        case PostgresType.int4:
            guard let narrow = Int32(exactly: value) else { throw misfit(type) }
            append(narrow, to: &bytes)
        case PostgresType.int2:
            guard let narrow = Int16(exactly: value) else { throw misfit(type) }
            append(narrow, to: &bytes)
        case PostgresType.float8: append(Double(value).bitPattern, to: &bytes)
        case PostgresType.flag:
            guard value == 0 || value == 1 else { throw misfit(type) }
            bytes.append(UInt8(value))
        case PostgresType.bytes: throw misfit(type)
        default:
            bytes += Array(String(value).utf8)
            return .text
        }
        return .binary
    }

    static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes += $0 }
    }

    static func set(_ value: Int32, at place: Int, in bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { raw in
            for (offset, byte) in raw.enumerated() { bytes[place + offset] = byte }
        }
    }

    private static func misfit(_ type: Oid) -> Trouble {
        .misuse(.constraint("a value of another kind for type \(type)"))
    }
}

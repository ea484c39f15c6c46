internal import CPostgres
import Glibc
import Storage

/// A row of a result. A value of another kind, a NULL and a column that is not there are decoding failures.
struct PostgresRow: Row {
    let result: PostgresResult
    let row: Int32

    func isNull(_ column: Int) -> Bool {
        column < 0 || column >= Int(PQnfields(result.handle)) || PQgetisnull(result.handle, row, Int32(column)) == 1
    }

    /// Whole numbers, also sums, which PostgreSQL makes as decimals; and truth as 0 and 1, as SQLite has it.
    func int(_ column: Int) throws -> Int64 {
        let bytes = try bytes(of: column)
        switch PQftype(result.handle, Int32(column)) {
        case PostgresType.int8 where bytes.count == 8: return bytes.loadBig(Int64.self)
        case PostgresType.int4 where bytes.count == 4: return Int64(bytes.loadBig(Int32.self))
        case PostgresType.int2 where bytes.count == 2: return Int64(bytes.loadBig(Int16.self))
        case PostgresType.oid where bytes.count == 4: return Int64(bytes.loadBig(UInt32.self))
        case PostgresType.flag where bytes.count == 1: return Int64(bytes[0])
        case PostgresType.numeric:
            guard let whole = Numeric(bytes)?.whole else { throw wrong(column, "an integer") }
            return whole
        default: throw wrong(column, "an integer")
        }
    }

    func real(_ column: Int) throws -> Double {
        let bytes = try bytes(of: column)
        switch PQftype(result.handle, Int32(column)) {
        case PostgresType.float8 where bytes.count == 8: return Double(bitPattern: bytes.loadBig(UInt64.self))
        case PostgresType.float4 where bytes.count == 4: return Double(Float(bitPattern: bytes.loadBig(UInt32.self)))
        case PostgresType.numeric:
            guard let value = Numeric(bytes)?.real else { throw wrong(column, "a real") }
            return value
        default: throw wrong(column, "a real")
        }
    }

    func text(_ column: Int) throws -> String {
        let bytes = try bytes(of: column)
        guard PostgresType.isText(PQftype(result.handle, Int32(column))) else { throw wrong(column, "text") }
        return String(decoding: bytes, as: UTF8.self)
    }

    func bytes(_ column: Int) throws -> [UInt8] {
        let bytes = try bytes(of: column)
        guard PQftype(result.handle, Int32(column)) == PostgresType.bytes else { throw wrong(column, "bytes") }
        return [UInt8](bytes)
    }

    func flag(_ column: Int) throws -> Bool {
        switch try int(column) {
        case 0: return false
        case 1: return true
        default: throw StorageFailure.decoding("column \(column) holds no flag")
        }
    }

    private func bytes(of column: Int) throws -> UnsafeRawBufferPointer {
        guard !isNull(column) else { throw StorageFailure.decoding("column \(column) is NULL or missing") }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result.handle, row, Int32(column)),
            count: Int(PQgetlength(result.handle, row, Int32(column))))
    }

    private func wrong(_ column: Int, _ what: StaticString) -> StorageFailure {
        .decoding("column \(column) is not \(what)")
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func loadBig<T: FixedWidthInteger>(_ type: T.Type) -> T {
        T(bigEndian: loadUnaligned(as: T.self))
    }
}

/// A decimal as PostgreSQL sends it: digits to the base 10,000.
private struct Numeric {
    private let weight: Int
    private let isNegative: Bool
    private let digits: [Int64]

    /// Nil for what is no finite number.
    init?(_ bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt16 {
            UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        }
        guard bytes.count >= 8, bytes.count == 8 + 2 * Int(word(0)), word(2) == 0 || word(2) == 0x4000 else {
            return nil
        }
        weight = Int(Int16(bitPattern: word(1)))
        isNegative = word(2) == 0x4000
        digits = (0..<Int(word(0))).map { Int64(word(4 + $0)) }
    }

    /// Nil when it has a fraction or more than 64 bits.
    var whole: Int64? {
        var value: Int64 = 0
        for place in 0..<max(digits.count, weight + 1) {
            let digit = place < digits.count ? digits[place] : 0
            if place > weight {
                guard digit == 0 else { return nil }
                continue
            }
            // Below zero there is room for one more.
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10_000)
            let (difference, overflow) = product.subtractingReportingOverflow(digit)
            guard !tooLarge, !overflow else { return nil }
            value = difference
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    var real: Double? {
        let text = digits.map { String(String($0 + 10_000).dropFirst()) }.joined()
        return Double((isNegative ? "-" : "") + "0" + text + "e\((weight + 1 - digits.count) * 4)")
    }
}

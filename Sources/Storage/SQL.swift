import Glibc
import Kernel

/// A value that a statement binds. There is no way to paste one into the text.
package enum SQLValue: Hashable, Sendable {
    case null
    case int(Int64)
    case real(Double)
    case text(String)
    case bytes([UInt8])
    case flag(Bool)
}

extension String {
    /// Whether it holds what no engine keeps. One call for all bytes, because every text that is bound passes here.
    package var holdsNUL: Bool {
        let found = utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        }
        return found ?? utf8.contains(0)
    }
}

/// What an interpolation may bind.
package protocol SQLBindable: Sendable {
    var sqlValue: SQLValue { get }
}
extension Int64: SQLBindable { package var sqlValue: SQLValue { .int(self) } }
extension Int: SQLBindable { package var sqlValue: SQLValue { .int(Int64(self)) } }
extension Int32: SQLBindable { package var sqlValue: SQLValue { .int(Int64(self)) } }
extension Double: SQLBindable { package var sqlValue: SQLValue { .real(self) } }
extension String: SQLBindable { package var sqlValue: SQLValue { .text(self) } }
extension Bool: SQLBindable { package var sqlValue: SQLValue { .flag(self) } }
extension [UInt8]: SQLBindable { package var sqlValue: SQLValue { .bytes(self) } }
extension ID: SQLBindable { package var sqlValue: SQLValue { .int(raw) } }
extension Instant: SQLBindable { package var sqlValue: SQLValue { .int(ms) } }
extension Day: SQLBindable { package var sqlValue: SQLValue { .int(Int64(number)) } }
extension Fen: SQLBindable { package var sqlValue: SQLValue { .int(value) } }
extension AreaPath: SQLBindable { package var sqlValue: SQLValue { .text(text) } }
extension AreaLevel: SQLBindable { package var sqlValue: SQLValue { .int(rawValue) } }
extension Party: SQLBindable { package var sqlValue: SQLValue { .int(rawValue) } }
extension Optional: SQLBindable where Wrapped: SQLBindable {
    package var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

/// The engines. Text that differs between them is a Storage type, never a branch in a Store.
package enum Engine: Sendable { case sqlite, postgres }

/// One statement in the common subset of SQLite and PostgreSQL. Its literal parts are the program's own text;
/// everything interpolated is bound as `$1…$n`, so a value can never become SQL. Statements compose by interpolating
/// one into another; parameters are numbered when it is rendered.
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    enum Part: Sendable {
        /// A literal of the program, known by where it lies: an engine can find a prepared statement by it.
        case fixed(StaticString)
        case text(String)
        case bind(SQLValue)
        case perEngine(sqlite: [Part], postgres: [Part])
    }
    var parts: [Part]

    package init(stringLiteral value: StaticString) { parts = [.fixed(value)] }
    package init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }
    init(parts: [Part]) { self.parts = parts }

    package static let empty: SQL = ""

    package static func + (a: SQL, b: SQL) -> SQL { SQL(parts: a.parts + b.parts) }
    package static func += (a: inout SQL, b: SQL) { a.parts += b.parts }

    /// A column of text, said so that no engine looks for it in an index: for a condition that another one leads.
    package static func unindexed(_ column: StaticString) -> SQL {
        SQL(parts: [
            .perEngine(
                sqlite: [.fixed("+"), .fixed(column)], postgres: [.fixed("("), .fixed(column), .fixed(" || '')")])
        ])
    }

    /// Said after a table's name: SQLite reads it by this index, or refuses the statement. PostgreSQL, which counts what
    /// its tables hold, chooses by itself.
    package static func led(by index: StaticString) -> SQL {
        SQL(parts: [.perEngine(sqlite: [.fixed(" indexed by "), .fixed(index)], postgres: [])])
    }

    /// Said at the end of a change that leaves true whatever anybody keeps of its table: no `ChangeMark` moves for it.
    package static let unmarked: SQL = " /* unmarked */"
    /// Whether a statement ends so.
    package static func isUnmarked(_ text: String) -> Bool { text.hasSuffix("/* unmarked */") }

    /// Joins statements' parts with a separator, for lists of columns, conditions and values.
    package static func joined(_ items: [SQL], separator: SQL = ", ") -> SQL {
        var result: [Part] = []
        for (index, item) in items.enumerated() {
            if index > 0 { result += separator.parts }
            result += item.parts
        }
        return SQL(parts: result)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        var parts: [Part] = []
        package init(literalCapacity: Int, interpolationCount: Int) {
            parts.reserveCapacity(interpolationCount * 2 + 1)
        }
        package mutating func appendLiteral(_ literal: StaticString) {
            if literal.utf8CodeUnitCount > 0 { parts.append(.fixed(literal)) }
        }
        package mutating func appendInterpolation(_ value: some SQLBindable) { parts.append(.bind(value.sqlValue)) }
        package mutating func appendInterpolation<T: SQLBindable>(_ value: T?) {
            parts.append(.bind(value?.sqlValue ?? .null))
        }
        package mutating func appendInterpolation(_ value: SQLValue) { parts.append(.bind(value)) }
        package mutating func appendInterpolation(_ sql: SQL) { parts += sql.parts }
        package mutating func appendInterpolation(_ value: some RawRepresentable<Int64> & Sendable) {
            parts.append(.bind(.int(value.rawValue)))
        }
    }

    /// What makes two statements the same text for an engine, without making the text: the places of the literals, and
    /// marks where values are bound. Nil for a statement that has text of its own. The values are appended.
    package func shape(for engine: Engine, _ values: inout [SQLValue]) -> [UInt]? {
        var shape: [UInt] = []
        shape.reserveCapacity(parts.count + 4)
        return Self.shape(parts, engine, &shape, &values) ? shape : nil
    }

    private static func shape(
        _ parts: [Part], _ engine: Engine, _ shape: inout [UInt], _ values: inout [SQLValue]
    ) -> Bool {
        for part in parts {
            switch part {
            case .fixed(let literal):
                // Addresses have 48 bits; the length tells a literal from one that begins at the same place.
                shape.append(UInt(bitPattern: literal.utf8Start) ^ UInt(literal.utf8CodeUnitCount) << 48)
            case .text: return false
            case .bind(let value):
                values.append(value)
                shape.append(1)
            case .perEngine(let sqlite, let postgres):
                guard self.shape(engine == .sqlite ? sqlite : postgres, engine, &shape, &values) else { return false }
            }
        }
        return true
    }

    /// The text with `$1…$n` and the values in that order.
    package func rendered(for engine: Engine) -> (text: String, values: [SQLValue]) {
        var text = ""
        var values: [SQLValue] = []
        Self.render(parts, engine, &text, &values)
        return (text, values)
    }

    private static func render(_ parts: [Part], _ engine: Engine, _ text: inout String, _ values: inout [SQLValue]) {
        for part in parts {
            switch part {
            case .fixed(let literal): text += literal.description
            case .text(let literal): text += literal
            case .bind(let value):
                values.append(value)
                text += "$"
                text += String(values.count)
            case .perEngine(let sqlite, let postgres):
                render(engine == .sqlite ? sqlite : postgres, engine, &text, &values)
            }
        }
    }
}

/// A full-text index. The terms are made by `TextTerms` in Swift once, so both engines find the same rows.
/// A migration creates it with the statement `TEXTINDEX name`.
package struct TextIndex: Sendable {
    package let name: StaticString
    package init(_ name: StaticString) { self.name = name }

    /// A condition that holds for rows whose id column is in the index under every term of the query.
    /// `idColumn` is the program's own text. An empty list of terms matches nothing.
    package func matches(_ terms: [String], idColumn: StaticString) -> SQL {
        guard !terms.isEmpty else { return "1 = 0" }
        let fts5 = terms.map { "\"\($0)\"" }.joined(separator: " AND ")
        let tsquery = terms.map { "'\($0)'" }.joined(separator: " & ")
        return SQL(parts: [
            .fixed(idColumn), .fixed(" in "),
            .perEngine(
                sqlite: [
                    .fixed("(select rowid from "), .fixed(name), .fixed(" where "), .fixed(name), .fixed(" match "),
                    .bind(.text(fts5)), .fixed(")"),
                ],
                postgres: [
                    .fixed("(select id from "), .fixed(name), .fixed(" where terms @@ ("), .bind(.text(tsquery)),
                    .fixed(")::tsquery)"),
                ]),
        ])
    }

    /// Replaces what is indexed for a row.
    package func put(_ id: Int64, _ terms: [String], _ transaction: any WriteTransaction) throws {
        try remove(id, transaction)
        try add(id, terms, transaction)
    }

    /// Indexes a row that was never indexed: what imports use, which make many rows.
    package func add(_ id: Int64, _ terms: [String], _ transaction: any WriteTransaction) throws {
        guard !terms.isEmpty else { return }
        try transaction.run(
            SQL(parts: [
                .fixed("insert into "), .fixed(name),
                .perEngine(
                    sqlite: [
                        .fixed(" (rowid, terms) values ("), .bind(.int(id)), .fixed(", "),
                        .bind(.text(terms.joined(separator: " "))), .fixed(")"),
                    ],
                    postgres: [
                        .fixed(" (id, terms) values ("), .bind(.int(id)),
                        .fixed(", array_to_tsvector(string_to_array("),
                        .bind(.text(terms.joined(separator: " "))), .fixed(", ' ')))"),
                    ]),
            ]))
    }

    package func remove(_ id: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            SQL(parts: [
                .fixed("delete from "), .fixed(name),
                .perEngine(sqlite: [.fixed(" where rowid = ")], postgres: [.fixed(" where id = ")]), .bind(.int(id)),
            ]))
    }
}

/// Cuts text into search terms: runs of Han characters into overlapping pairs (a lone character stands alone), Latin
/// letters and digits into lower-case words. The same terms feed FTS5 and `tsvector`.
package enum TextTerms {
    package static func isHan(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: true
        default: false
        }
    }

    /// For indexing: pairs, and every single character as well, so that one-character queries match.
    package static func index(_ text: String, limit: Int = 4000) -> [String] { cut(text, singles: true, limit: limit) }
    /// For a query: pairs where a run has two or more characters.
    package static func query(_ text: String, limit: Int = 16) -> [String] { cut(text, singles: false, limit: limit) }

    private static func cut(_ text: String, singles: Bool, limit: Int) -> [String] {
        var seen = Set<String>()
        var result: [String] = []
        func add(_ term: String) {
            if result.count < limit, seen.insert(term).inserted { result.append(term) }
        }
        var run: [Unicode.Scalar] = []
        var word = ""
        func flush() {
            if !run.isEmpty {
                if singles || run.count == 1 { for scalar in run { add(String(Character(scalar))) } }
                if run.count > 1 {
                    for (a, b) in zip(run, run.dropFirst()) { add(String(Character(a)) + String(Character(b))) }
                }
                run.removeAll()
            }
            if !word.isEmpty {
                // Bounded in bytes too, which a letter with its marks is not.
                add(String(String.UnicodeScalarView(word.unicodeScalars.prefix(40))))
                word = ""
            }
        }
        for scalar in text.unicodeScalars {
            if scalar.isASCII {
                switch scalar.value {
                case 0x30...0x39, 0x61...0x7A:
                    if !run.isEmpty { flush() }
                    word.unicodeScalars.append(scalar)
                case 0x41...0x5A:
                    if !run.isEmpty { flush() }
                    word.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value + 0x20)))
                default: flush()
                }
            } else if isHan(scalar) {
                if !word.isEmpty { flush() }
                run.append(scalar)
            } else if scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal {
                if !run.isEmpty { flush() }
                word += scalar.properties.lowercaseMapping.unicodeScalars.filter {
                    $0.properties.isAlphabetic || $0.properties.numericType == .decimal
                }.map { String(Character($0)) }.joined()
            } else {
                flush()
            }
        }
        flush()
        return result
    }
}

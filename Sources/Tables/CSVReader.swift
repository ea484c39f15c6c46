/// Reads CSV (RFC 4180: quotes, doubled quotes, line breaks inside quotes; `\n` or `\r\n`) as its bytes arrive. Memory
/// is bounded by the longest row that is allowed.
///
/// A row that breaks the rules costs its first line only: reading goes on with the next line, so that a forgotten quote
/// does not swallow the rest of the file.
package struct CSVReader {
    package static let maxFieldBytes = 65_536
    package static let maxRowBytes = 262_144
    /// So much of a bad row is kept for the person who looks into it.
    package static let keptBytes = 262_144

    package enum Fault: Sendable, Hashable {
        case fieldTooLong, rowTooLong, openQuote, textAfterQuote, notUTF8, nul
    }

    /// A row whose text is valid UTF-8. Fields are cut out only when they are asked for.
    package struct Record: Sendable {
        package let line: Int
        let bytes: [UInt8]
        fileprivate let fields: [Field]

        package var count: Int { fields.count }
        package var raw: String { String(decoding: bytes, as: UTF8.self) }

        package func text(_ index: Int) -> String {
            let field = fields[index]
            if field.from == field.to { return "" }
            if !field.isEscaped { return String(decoding: bytes[field.from..<field.to], as: UTF8.self) }
            var clean: [UInt8] = []
            clean.reserveCapacity(field.to - field.from)
            var at = field.from
            while at < field.to {
                clean.append(bytes[at])
                at += bytes[at] == 0x22 ? 2 : 1
            }
            return String(decoding: clean, as: UTF8.self)
        }
    }

    fileprivate struct Field: Sendable {
        var from: Int
        var to: Int
        var isEscaped: Bool
    }

    package enum Item: Sendable {
        case record(Record)
        case bad(line: Int, Fault, raw: String)
    }

    private enum Scan { case more, record(end: Int, next: Int), bad(Fault) }

    private var buffer: [UInt8] = []
    private var start = 0
    private var line = 1
    private var isFinished = false
    /// Inside a line that is too long to be held: drops bytes up to its end.
    private var isSkipping = false
    private var isFirst = true
    private var fields: [Field] = []

    private let separator: UInt8

    /// - Parameter separator: what stands between fields: a comma, a semicolon or a tab.
    package init(separator: UInt8 = 0x2C) { self.separator = separator }

    package mutating func feed(_ bytes: [UInt8]) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer += bytes
    }

    /// There are no more bytes.
    package mutating func finish() { isFinished = true }

    /// The next row, or nil when more bytes are needed, or, after `finish`, at the end.
    package mutating func next() -> Item? {
        if isFirst {
            guard isFinished || buffer.count >= 3 else { return nil }
            isFirst = false
            if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        }
        if isSkipping {
            guard let end = newline(from: start) else {
                start = buffer.count
                return nil
            }
            start = end + 1
            line += 1
            isSkipping = false
        }
        while true {
            // Empty lines are no rows.
            while start < buffer.count, buffer[start] == 0x0A || (buffer[start] == 0x0D && emptyLine(start)) {
                if buffer[start] == 0x0A { line += 1 }
                start += 1
            }
            guard start < buffer.count else { return nil }
            switch scan() {
            case .more: return nil
            case .bad(let fault): return bad(fault)
            case .record(let end, let next):
                let bytes = Array(buffer[start..<end])
                guard isUTF8(bytes) else { return bad(.notUTF8, end: end, next: next) }
                if bytes.contains(0) { return bad(.nul, end: end, next: next) }
                let record = Record(line: line, bytes: bytes, fields: fields)
                advance(to: next)
                return .record(record)
            }
        }
    }

    private func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    private func emptyLine(_ at: Int) -> Bool { at + 1 < buffer.count ? buffer[at + 1] == 0x0A : isFinished }

    private func newline(from: Int) -> Int? { buffer[from...].firstIndex(of: 0x0A) }

    private mutating func advance(to next: Int) {
        line += buffer.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return 0 }
            var lines = 0
            var at = start
            while at < next {
                if base[at] == 0x0A { lines += 1 }
                at += 1
            }
            return lines
        }
        start = next
    }

    /// Gives up a row that was read to its end.
    private mutating func bad(_ fault: Fault, end: Int, next: Int) -> Item {
        let item = Item.bad(line: line, fault, raw: kept(end))
        advance(to: next)
        return item
    }

    /// Gives up the first line of a row.
    private mutating func bad(_ fault: Fault) -> Item {
        let end = newline(from: start)
        let item = Item.bad(line: line, fault, raw: kept(end ?? buffer.count))
        if let end {
            advance(to: end + 1)
        } else {
            start = buffer.count
            isSkipping = true
        }
        return item
    }

    private func kept(_ end: Int) -> String {
        String(decoding: buffer[start..<min(end, start + Self.keptBytes)], as: UTF8.self)
    }

    /// Finds the end of the row at `start`. Fields are counted from there.
    private mutating func scan() -> Scan {
        fields.removeAll(keepingCapacity: true)
        var found: [Field] = []
        let (start, isFinished, separator) = (start, isFinished, separator)
        let result = buffer.withUnsafeBufferPointer { text -> Scan in
            guard let base = text.baseAddress else { return .more }
            let count = text.count
            var at = start
            /// What an unfinished row means: it is too long, or more is to come.
            func unfinished() -> Scan { count - start > Self.maxRowBytes ? .bad(.rowTooLong) : .more }
            func ended(_ end: Int, _ next: Int) -> Scan {
                end - start > Self.maxRowBytes ? .bad(.rowTooLong) : .record(end: end, next: next)
            }
            while true {
                var field = Field(from: at, to: at, isEscaped: false)
                if at < count, base[at] == 0x22 {
                    at += 1
                    field.from = at
                    while true {
                        while at < count, base[at] != 0x22 { at += 1 }
                        if at - field.from > Self.maxFieldBytes { return .bad(.fieldTooLong) }
                        if at == count { return isFinished ? .bad(.openQuote) : unfinished() }
                        if at + 1 == count, !isFinished { return unfinished() }
                        guard at + 1 < count, base[at + 1] == 0x22 else { break }
                        field.isEscaped = true
                        at += 2
                    }
                    field.to = at
                    at += 1
                } else {
                    while at < count, base[at] != separator, base[at] != 0x0A { at += 1 }
                    if at - field.from > Self.maxFieldBytes { return .bad(.fieldTooLong) }
                    field.to = at
                    if at > field.from, base[at - 1] == 0x0D, at == count || base[at] == 0x0A { field.to -= 1 }
                }
                let end = at
                field.from -= start
                field.to -= start
                found.append(field)
                if at == count { return isFinished ? ended(end, count) : unfinished() }
                if base[at] == separator {
                    at += 1
                    continue
                }
                if base[at] == 0x0A { return ended(end, at + 1) }
                if base[at] == 0x0D {
                    if at + 1 == count { return isFinished ? ended(end, count) : unfinished() }
                    if base[at + 1] == 0x0A { return ended(end, at + 2) }
                }
                return .bad(.textAfterQuote)
            }
        }
        fields = found
        return result
    }
}

import Kernel

#if canImport(Glibc)
    import Glibc
#endif

/// Reads the rows of a sheet as they are unpacked. Memory is bounded by the workbook's texts and one piece of the sheet.
///
/// Formulas count as the values that the workbook keeps for them; nothing is computed. Numbers come as their digits, so
/// an id in a number cell loses nothing that the file still holds; where Excel has already cut it (more than 15 digits),
/// the cell is marked. A cell merged downwards fills the rows that it covers, in its own column; what it covers beside
/// that column is empty, and told as covered.
final class SheetReader {
    private let stream: ZipStream
    private let xml: XMLStream
    private let rows: SheetRows
    private var isDone = false
    private let merges: [Merge]
    private var mergeAt = 0
    /// At most one for each column: where a damaged file has several, the one that begins last.
    private var open: [Int: Open] = [:]

    private struct Open {
        let merge: Merge
        let value: String
        let isLossy: Bool
    }

    struct Merge {
        let from: Int, to: Int
        let columns: ClosedRange<Int>
    }

    /// How many cells are merged downwards and begin below a line.
    func merged(below line: Int) -> Int { merges.count { $0.from > line && $0.to > $0.from } }

    init(_ book: Workbook, sheet: Int) async throws {
        guard book.sheets.indices.contains(sheet), let part = book.directory.entries[book.sheets[sheet].part] else {
            throw TableFault.noSheet
        }
        merges = try await Self.merges(book, part)
        let formats = try await book.formats()
        rows = SheetRows(try await book.texts(), formats, book.limits, is1904: book.is1904)
        stream = ZipStream(book.source, part, book.limits)
        xml = XMLStream(rows)
    }

    var fraction: Double { stream.fraction }

    func next() async throws -> TableRow? {
        while rows.ready.isEmpty {
            if isDone { return nil }
            if let piece = try await stream.next() {
                try xml.feed(piece)
            } else {
                try xml.feed([], isFinal: true)
                isDone = true
            }
            if let fault = rows.fault { throw fault }
            rows.ready.reverse()
        }
        guard let row = rows.ready.popLast() else { return nil }
        return filled(row)
    }

    /// Merged cells say their value in their first row only.
    private func filled(_ row: TableRow) -> TableRow {
        guard mergeAt < merges.count || !open.isEmpty else { return row }
        var row = row
        open = open.filter { $0.value.merge.to >= row.line }
        while mergeAt < merges.count, merges[mergeAt].from <= row.line {
            let merge = merges[mergeAt]
            mergeAt += 1
            guard merge.to >= row.line else { continue }
            // A first row that the file leaves out is empty: then so is what it covers.
            let isFirst = merge.from == row.line
            let column = merge.columns.lowerBound
            open[column] = Open(
                merge: merge, value: isFirst ? row[column] : "", isLossy: isFirst && row.lossy.contains(column))
        }
        for (column, one) in open {
            if one.merge.columns.count > 1 { row.covered.append(column + 1...one.merge.columns.upperBound) }
            guard one.merge.from < row.line, !one.value.isEmpty else { continue }
            while row.cells.count <= column { row.cells.append("") }
            guard row.cells[column].isEmpty else { continue }
            row.cells[column] = one.value
            if one.isLossy { row.lossy.insert(column) }
        }
        return row
    }

    /// They stand behind the rows, so the part is unpacked once before: without being understood up to there.
    private static func merges(_ book: Workbook, _ part: ZipDirectory.Entry) async throws -> [Merge] {
        let stream = ZipStream(book.source, part, book.limits)
        let word = Array("mergeCell ".utf8)
        var result: [Merge] = []
        var tail: [UInt8] = []
        while let piece = try await stream.next() {
            let bytes = tail + piece
            var at = 0
            while let found = find(word, bytes, at) {
                guard let end = bytes[found...].firstIndex(of: 0x3E) else { break }
                if let merge = merge(
                    String(decoding: bytes[found..<end], as: UTF8.self), columns: book.limits.columns)
                {
                    guard result.count < book.limits.merges else { throw TableFault.tooManyEntries }
                    result.append(merge)
                }
                at = end
            }
            tail = Array(bytes[max(at, bytes.count - 256)...])
        }
        return result.sorted { $0.from < $1.from }
    }

    private static func find(_ word: [UInt8], _ bytes: [UInt8], _ from: Int) -> Int? {
        bytes.withUnsafeBytes { buffer in
            word.withUnsafeBytes { wanted in
                guard let base = buffer.baseAddress, let start = wanted.baseAddress else { return nil }
                var at = from
                while at + wanted.count <= buffer.count,
                    let found = memchr(base + at, Int32(wanted[0]), buffer.count - at)
                {
                    at = UnsafeRawPointer(found) - base
                    if at + wanted.count <= buffer.count, memcmp(found, start, wanted.count) == 0 { return at }
                    at += 1
                }
                return nil
            }
        }
    }

    /// `mergeCell ref="A3:B9"`.
    private static func merge(_ text: String, columns: Int) -> Merge? {
        guard let quote = text.firstIndex(where: { $0 == "\"" || $0 == "'" }) else { return nil }
        let reference = text[text.index(after: quote)...].prefix { $0 != "\"" && $0 != "'" }
        let parts = reference.split(separator: ":")
        guard parts.count == 2, let from = SheetRows.place(Array(parts[0].utf8)),
            let to = SheetRows.place(Array(parts[1].utf8)), to.row >= from.row, to.column >= from.column,
            from.column < columns
        else { return nil }
        return Merge(from: from.row, to: to.row, columns: from.column...min(to.column, columns))
    }
}

/// Hears a sheet and makes rows of text.
private final class SheetRows: XMLHandler {
    private let texts: SharedTexts
    private let formats: CellFormats
    private let limits: TableLimits
    private let is1904: Bool
    var ready: [TableRow] = []
    private(set) var fault: TableFault?

    private var line = 0
    private var cells: [String] = []
    private var lossy: Set<Int> = []
    private var column = -1
    private enum Kind { case number, shared, inline, text, flag, failure, day }
    private var kind = Kind.number
    private var format = 0
    private var value: [UInt8] = []
    private enum Inside { case nothing, value, inline }
    private var inside = Inside.nothing
    private var isAid = false

    init(_ texts: SharedTexts, _ formats: CellFormats, _ limits: TableLimits, is1904: Bool) {
        self.texts = texts
        self.formats = formats
        self.limits = limits
        self.is1904 = is1904
    }

    func start(_ name: UnsafePointer<CChar>, _ attributes: XMLAttributes) {
        guard fault == nil else { return }
        // Short names first: they are nearly all of a sheet.
        switch (name[0], name[1]) {
        case (0x63, 0): startCell(attributes)
        case (0x76, 0): inside = .value
        case (0x74, 0): inside = isAid ? .nothing : .inline
        default:
            if XMLStream.is(name, "row") {
                line = attributes["r"].flatMap { Int(String(cString: $0)) } ?? line + 1
                guard (1...limits.rows).contains(line) else { return fault = .tooManyRows }
                cells.removeAll(keepingCapacity: true)
                lossy = []
                column = -1
            } else if XMLStream.is(name, "rPh") {
                isAid = true
            }
        }
    }

    private func startCell(_ attributes: XMLAttributes) {
        value.removeAll(keepingCapacity: true)
        column += 1
        kind = .number
        format = 0
        guard var at = attributes.pairs else { return }
        while let key = at.pointee, let text = at[1] {
            switch key[0] {
            case 0x72 where key[1] == 0:
                if let place = Self.column(text) { column = place }
            case 0x73 where key[1] == 0: format = Int(atol(text))
            case 0x74 where key[1] == 0: kind = Self.kind(text)
            default: break
            }
            at += 2
        }
        if column >= limits.columns { fault = .tooManyColumns }
    }

    private static func kind(_ text: UnsafePointer<CChar>) -> Kind {
        switch (text[0], text[1]) {
        case (0x73, 0): .shared
        case (0x62, 0): .flag
        case (0x65, 0): .failure
        case (0x64, 0): .day
        case (0x73, _): .text
        case (0x69, _): .inline
        default: .number
        }
    }

    func end(_ name: UnsafePointer<CChar>) {
        guard fault == nil else { return }
        switch (name[0], name[1]) {
        case (0x63, 0): endCell()
        case (0x76, 0), (0x74, 0): inside = .nothing
        default:
            if XMLStream.is(name, "row") {
                while cells.last?.isEmpty == true { cells.removeLast() }
                if !cells.isEmpty { ready.append(TableRow(line: line, cells: cells, lossy: lossy)) }
            } else if XMLStream.is(name, "rPh") {
                isAid = false
            }
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard inside != .nothing, column >= 0 else { return }
        guard value.count + bytes.count <= limits.cellBytes else { return fault = .cellTooLong }
        value.append(contentsOf: bytes)
    }

    private func endCell() {
        guard column >= 0, !value.isEmpty else { return }
        let plain = String(decoding: value, as: UTF8.self)
        let text: String
        switch kind {
        case .shared: text = Int(plain).flatMap { texts.text($0) } ?? ""
        case .inline, .text, .failure: text = plain
        case .flag: text = plain == "1" ? "TRUE" : "FALSE"
        case .day: text = plain.hasSuffix("T00:00:00") ? String(plain.dropLast(9)) : plain
        case .number: text = number(plain)
        }
        guard !text.isEmpty else { return }
        while cells.count < column { cells.append("") }
        if cells.count == column { cells.append(text) } else { cells[column] = text }
    }

    private func number(_ plain: String) -> String {
        let shown = formats[format]
        if shown != .number, let serial = Double(plain),
            let text = CellFormats.text(serial, shown, is1904: is1904)
        {
            return text
        }
        let (text, isCut) = NumberText.plain(plain)
        if isCut { lossy.insert(column) }
        return text
    }

    /// `BC12` is column 54 of row 12.
    static func place(_ reference: [UInt8]) -> (row: Int, column: Int)? {
        var (column, row) = (0, 0)
        for byte in reference {
            switch byte {
            case 0x41...0x5A where row == 0: column = column * 26 + Int(byte) - 0x40
            case 0x30...0x39: row = row * 10 + Int(byte) - 0x30
            case 0x24: break
            default: return nil
            }
            guard column <= 16_384, row <= 1_048_576 else { return nil }
        }
        return column > 0 && row > 0 ? (row, column - 1) : nil
    }

    private static func column(_ text: UnsafePointer<CChar>) -> Int? {
        var at = text
        var column = 0
        while (0x41...0x5A).contains(at.pointee), column < 20_000 {
            column = column * 26 + Int(at.pointee) - 0x40
            at += 1
        }
        return column > 0 ? column - 1 : nil
    }
}

/// Numbers as people see them in a cell.
package enum NumberText {
    /// The digits without an exponent, and whether the number has lost some: above 15 digits Excel keeps none.
    package static func plain(_ text: String) -> (String, isCut: Bool) {
        let bytes = Array(text.utf8)
        if bytes.allSatisfy({ (0x30...0x39).contains($0) }) { return (text, bytes.count > 15) }
        var (digits, point, exponent, isNegative): ([UInt8], Int?, Int, Bool) = ([], nil, 0, false)
        var at = 0
        if bytes.first == 0x2D { (isNegative, at) = (true, 1) }
        while at < bytes.count {
            switch bytes[at] {
            case 0x30...0x39: digits.append(bytes[at])
            case 0x2E where point == nil: point = digits.count
            case 0x45, 0x65:
                guard let power = Int(String(decoding: bytes[(at + 1)...].drop { $0 == 0x2B }, as: UTF8.self)),
                    abs(power) <= 40
                else { return (text, false) }
                exponent = power
                at = bytes.count
            default: return (text, false)
            }
            at += 1
        }
        guard !digits.isEmpty else { return (text, false) }
        var place = (point ?? digits.count) + exponent
        let zeros = digits.prefix { $0 == 0x30 }.count
        digits.removeFirst(zeros)
        place -= zeros
        let wholeDigits = place
        // Binary fractions such as 89.540000000000006 are what 89.54 became.
        if digits.count > 15 {
            let up = digits[15] >= 0x35
            digits = Array(digits[..<15])
            if up {
                var index = 14
                while index >= 0, digits[index] == 0x39 {
                    digits[index] = 0x30
                    index -= 1
                }
                if index >= 0 {
                    digits[index] += 1
                } else {
                    digits.insert(0x31, at: 0)
                    place += 1
                }
            }
        }
        while digits.last == 0x30 { digits.removeLast() }
        guard !digits.isEmpty else { return ("0", false) }
        var result: [UInt8] = isNegative ? [0x2D] : []
        if place <= 0 {
            result += [0x30, 0x2E] + [UInt8](repeating: 0x30, count: -place) + digits
        } else if digits.count <= place {
            result += digits + [UInt8](repeating: 0x30, count: place - digits.count)
        } else {
            result += digits[..<place] + [0x2E] + digits[place...]
        }
        return (String(decoding: result, as: UTF8.self), wholeDigits > 15)
    }
}

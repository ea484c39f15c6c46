/// A row of a table as it stands in the file.
package struct TableRow: Sendable, Equatable {
    /// The line of a text file or the number of a sheet's row, from 1.
    package let line: Int
    package var cells: [String]
    /// Numbers of more than 15 digits, of which the file has lost some.
    package var lossy: Set<Int> = []
    /// Columns that a merged cell of the row covers beside its own: what was meant for them nobody can tell.
    package var covered: [ClosedRange<Int>] = []
    /// Why a line of a text file is no row; then its only cell is the line.
    package var fault: CSVReader.Fault?

    package init(line: Int, cells: [String], lossy: Set<Int> = [], fault: CSVReader.Fault? = nil) {
        self.line = line
        self.cells = cells
        self.lossy = lossy
        self.fault = fault
    }

    /// The text of a column; empty where the row has none.
    package subscript(_ column: Int) -> String { cells.indices.contains(column) ? cells[column] : "" }
}

/// What a file is, by its content; its name does not matter.
package enum TableFormat: Sendable, Equatable {
    case csv(TextEncoding, separator: UInt8)
    case xlsx

    /// Throws `TableFault` for everything that is no table, in words that say what it is.
    package static func detect(_ source: any ByteSource, limits: TableLimits = TableLimits()) async throws
        -> TableFormat
    {
        guard source.count > 0 else { throw TableFault.empty }
        let head = try await source.read(at: 0, count: 4096)
        if head.starts(with: [0x50, 0x4B, 3, 4]) || head.starts(with: [0x50, 0x4B, 5, 6]) { return .xlsx }
        if head.starts(with: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
            throw try await isSealed(source) ? TableFault.encrypted : TableFault.oldExcel
        }
        let known: [[UInt8]] = [
            Array("%PDF".utf8), [0x1F, 0x8B], [0x89, 0x50, 0x4E, 0x47], [0xFF, 0xD8, 0xFF], Array("Rar!".utf8),
            [0x37, 0x7A, 0xBC, 0xAF], Array("{\\rtf".utf8), Array("SQLite format 3".utf8),
        ]
        if known.contains(where: { head.starts(with: $0) }) { throw TableFault.otherFile }
        let text = String(decoding: head.prefix(512), as: UTF8.self).lowercased()
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<table")
            || start.hasPrefix("<?xml") || start.hasPrefix("<meta")
        {
            throw TableFault.html
        }
        let encoding = try await TextEncoding.detect(source)
        var decoder = Transcoder(encoding)
        let first = decoder.feed(head)
        let isText = encoding == .utf16le || encoding == .utf16be || !head.contains(0)
        guard isText else { throw TableFault.otherFile }
        return .csv(encoding, separator: separator(first))
    }

    /// The one of comma, tab and semicolon that the first lines hold most of.
    private static func separator(_ bytes: [UInt8]) -> UInt8 {
        var best: (sign: UInt8, count: Int) = (0x2C, 0)
        for sign: UInt8 in [0x2C, 0x09, 0x3B] {
            let count = bytes.count { $0 == sign }
            if count > best.count { best = (sign, count) }
        }
        return best.sign
    }

    /// A workbook with a password is an old container with a stream of this name.
    private static func isSealed(_ source: any ByteSource) async throws -> Bool {
        let word: [UInt8] = "EncryptedPackage".utf8.flatMap { [$0, 0] as [UInt8] }
        let ends = [0, max(0, source.count - (1 << 20))]
        for at in ends {
            let bytes = try await source.read(at: at, count: 1 << 20)
            if bytes.indices.contains(where: { bytes[$0] == 0x45 && bytes[$0...].starts(with: word) }) { return true }
        }
        return false
    }
}

/// Reads any table row by row, in bounded memory.
package final class TableReader {
    private let source: any ByteSource
    private let limits: TableLimits
    private var reader = CSVReader()
    private var decoder = Transcoder(.utf8)
    private var sheet: SheetReader?
    private var at = 0
    private var isFinished = false
    private var count = 0

    package init(
        _ source: any ByteSource, _ format: TableFormat, sheet: Int = 0, limits: TableLimits = TableLimits()
    ) async throws {
        guard source.count <= limits.fileBytes else { throw TableFault.unpacksTooFar }
        self.source = source
        self.limits = limits
        switch format {
        case .csv(let encoding, let separator):
            reader = CSVReader(separator: separator)
            decoder = Transcoder(encoding)
        case .xlsx: self.sheet = try await SheetReader(Workbook(source, limits: limits), sheet: sheet)
        }
    }

    /// How far it is, 0 to 1.
    package var fraction: Double {
        if let sheet { return sheet.fraction }
        return source.count > 0 ? min(1, Double(at) / Double(source.count)) : 1
    }

    /// How many cells are merged downwards and begin below a line: each says its value for every row that it covers.
    package func merged(below line: Int) -> Int { sheet?.merged(below: line) ?? 0 }

    /// The next row that is not empty, or nil at the end. Throws `TableFault`.
    package func next() async throws -> TableRow? {
        while let row = try await step() {
            guard row.fault != nil || row.cells.contains(where: { !$0.allSatisfy(\.isWhitespace) }) else { continue }
            count += 1
            guard count <= limits.rows else { throw TableFault.tooManyRows }
            return row
        }
        return nil
    }

    private func step() async throws -> TableRow? {
        if let sheet { return try await sheet.next() }
        while true {
            if let item = reader.next() { return try row(item) }
            guard !isFinished else { return nil }
            let bytes = try await source.read(at: at, count: 1 << 16)
            at += bytes.count
            if bytes.isEmpty {
                reader.feed(decoder.finish())
                reader.finish()
                isFinished = true
            } else {
                reader.feed(decoder.feed(bytes))
            }
        }
    }

    private func row(_ item: CSVReader.Item) throws -> TableRow {
        switch item {
        case .bad(let line, let fault, let raw):
            return TableRow(line: line, cells: [String(raw.prefix(2000))], fault: fault)
        case .record(let record):
            guard record.count <= limits.columns else { throw TableFault.tooManyColumns }
            return TableRow(line: record.line, cells: (0..<record.count).map { record.text($0) })
        }
    }
}

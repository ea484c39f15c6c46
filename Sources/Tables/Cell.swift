import Kernel

/// What a table says in one cell.
package enum Cell: Sendable, Equatable {
    case empty
    /// Written as text in every format: also what looks like a number, such as a telephone number.
    case text(String)
    case int(Int64)
    /// In hundredths, such as square metres.
    case hundredths(Int64)
    case day(Day)
    /// Said in the time of China.
    case moment(Instant)

    /// As a person reads it.
    package var plain: String {
        switch self {
        case .empty: ""
        case .text(let text): text
        case .int(let value): String(value)
        case .hundredths(let value): Fen(value).yuan
        case .day(let day): day.description
        case .moment(let instant): Self.moment(instant)
        }
    }

    private static func moment(_ instant: Instant) -> String {
        let minutes = Zone.shanghai.msOfDay(instant) / Instant.minuteMs
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(Zone.shanghai.day(of: instant)) \(two(minutes / 60)):\(two(minutes % 60))"
    }

    /// The signs with which a spreadsheet begins a formula.
    package static func looksLikeFormula(_ text: String) -> Bool {
        switch text.unicodeScalars.first?.value {
        case 0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D: true
        default: false
        }
    }
}

/// The formats in which tables go out.
package enum TableFileFormat: String, Sendable, CaseIterable {
    case csv, xlsx
    package var contentType: String {
        switch self {
        case .csv: "text/csv; charset=utf-8"
        case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }
    }
}

/// Writes a table as its rows come; what is ready is taken with `take`. Memory does not grow with the rows.
package struct TableWriter {
    private enum Kind {
        case csv(CSVWriter)
        case xlsx(XLSXWriter)
    }
    private var kind: Kind

    /// - Parameter name: of the sheet.
    package init(_ format: TableFileFormat, name: String, header: [String]) {
        switch format {
        case .csv: kind = .csv(CSVWriter(header: header))
        case .xlsx: kind = .xlsx(XLSXWriter(name: name, header: header))
        }
    }

    package mutating func add(_ cells: [Cell]) {
        switch kind {
        case .csv(var writer):
            kind = .csv(CSVWriter(header: []))
            writer.add(cells)
            kind = .csv(writer)
        case .xlsx(let writer): writer.add(cells)
        }
    }

    package mutating func finish() {
        if case .xlsx(let writer) = kind { writer.finish() }
    }

    /// The bytes since the last time.
    package mutating func take() -> [UInt8] {
        switch kind {
        case .csv(var writer):
            let bytes = writer.take()
            kind = .csv(writer)
            return bytes
        case .xlsx(let writer): return writer.take()
        }
    }
}

/// CSV as spreadsheets open it: UTF-8 with a byte order mark, `\r\n`. A text that a spreadsheet would take for a formula
/// gets an apostrophe in front, and is then a text.
package struct CSVWriter {
    private var bytes: [UInt8] = []

    package init(header: [String]) {
        guard !header.isEmpty else { return }
        bytes = [0xEF, 0xBB, 0xBF]
        add(header.map { .text($0) })
    }

    package mutating func add(_ cells: [Cell]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            guard case .text(let text) = cell else {
                bytes += cell.plain.utf8
                continue
            }
            let safe = Cell.looksLikeFormula(text) ? "'" + text : text
            if safe.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D })
                || safe.hasPrefix(" ") || safe.hasSuffix(" ")
            {
                bytes.append(0x22)
                for byte in safe.utf8 {
                    if byte == 0x22 { bytes.append(0x22) }
                    bytes.append(byte)
                }
                bytes.append(0x22)
            } else {
                bytes += safe.utf8
            }
        }
        bytes += [0x0D, 0x0A]
    }

    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}

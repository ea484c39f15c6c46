import CZlib
import Kernel

/// Writes a plain workbook of one sheet as its rows come: texts are typed as texts and never formulas, long numbers are
/// texts, days are days. A stream: nothing is kept but what was not taken yet.
package final class XLSXWriter {
    private var zip = ZipWriter()
    private var sheet: [UInt8] = []
    private var line = 0
    private static let pieceBytes = 1 << 16

    package init(name: String, header: [String]) {
        for (part, text) in Self.parts(name) { zip.add(part, Array(text.utf8)) }
        zip.begin("xl/worksheets/sheet1.xml")
        sheet +=
            """
            <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
            <worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="512" width="18" customWidth="1"/></cols><sheetData>
            """.utf8
        row(header.map { .text($0) }, style: 3)
    }

    package func add(_ cells: [Cell]) { row(cells, style: 0) }

    package func finish() {
        sheet += "</sheetData></worksheet>".utf8
        zip.feed(sheet)
        sheet = []
        zip.end()
        zip.finish()
    }

    package func take() -> [UInt8] { zip.take() }

    private func row(_ cells: [Cell], style: Int) {
        line += 1
        sheet += "<row r=\"\(line)\">".utf8
        for (index, cell) in cells.enumerated() {
            let place = Self.column(index) + String(line)
            switch cell {
            case .empty: continue
            case .text(let text): add(text, place, style)
            case .int(let value) where abs(value) > 99_999_999_999: add(String(value), place, style)
            case .int(let value): sheet += "<c r=\"\(place)\"><v>\(value)</v></c>".utf8
            case .hundredths(let value): sheet += "<c r=\"\(place)\"><v>\(Fen(value).yuan)</v></c>".utf8
            case .day(let day):
                // Days before March 1900 have no serial number that programs agree on.
                guard day.number > -25_508 else {
                    add(day.description, place, style)
                    continue
                }
                sheet += "<c r=\"\(place)\" s=\"1\"><v>\(Int(day.number) + 25_569)</v></c>".utf8
            case .moment(let instant):
                let minutes = Zone.shanghai.msOfDay(instant) / Instant.minuteMs
                let day = Int64(Zone.shanghai.day(of: instant).number) + 25_569
                let fraction = String(1_000_000_000 + minutes * 1_000_000_000 / 1440).dropFirst()
                sheet += "<c r=\"\(place)\" s=\"2\"><v>\(day).\(fraction)</v></c>".utf8
            }
        }
        sheet += "</row>".utf8
        if sheet.count >= Self.pieceBytes {
            zip.feed(sheet)
            sheet.removeAll(keepingCapacity: true)
        }
    }

    private func add(_ text: String, _ place: String, _ style: Int) {
        let mark = style == 0 ? "" : " s=\"\(style)\""
        sheet += "<c r=\"\(place)\" t=\"inlineStr\"\(mark)><is><t xml:space=\"preserve\">".utf8
        Self.escape(text, into: &sheet)
        sheet += "</t></is></c>".utf8
    }

    /// `A`, `Z`, `AA` …
    package static func column(_ index: Int) -> String {
        var (rest, text) = (index + 1, "")
        while rest > 0 {
            text = String(UnicodeScalar(UInt8(0x41 + (rest - 1) % 26))) + text
            rest = (rest - 1) / 26
        }
        return text
    }

    /// Control characters that XML cannot hold become a space.
    private static func escape(_ text: String, into out: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: out += "&amp;".utf8
            case 0x3C: out += "&lt;".utf8
            case 0x3E: out += "&gt;".utf8
            case 0x0D: out += "&#13;".utf8
            case 0x09, 0x0A: out.append(UInt8(scalar.value))
            case 0..<0x20, 0xFFFE, 0xFFFF: out.append(0x20)
            default: out += String(Character(scalar)).utf8
            }
        }
    }

    private static func parts(_ name: String) -> [(String, String)] {
        let forbidden: Set<Character> = ["[", "]", ":", "*", "?", "/", "\\", "'"]
        var clean: [UInt8] = []
        escape(String(name.filter { !forbidden.contains($0) }.prefix(31)), into: &clean)
        let sheetName = clean.isEmpty ? "Sheet1" : String(decoding: clean, as: UTF8.self)
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        let links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        let package = "http://schemas.openxmlformats.org/package/2006"
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        return [
            (
                "[Content_Types].xml",
                head + "<Types xmlns=\"\(package)/content-types\"><Default Extension=\"rels\" "
                    + "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
                    + "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
                    + "<Override PartName=\"/xl/workbook.xml\" ContentType=\"\(kind).sheet.main+xml\"/>"
                    + "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"\(kind).worksheet+xml\"/>"
                    + "<Override PartName=\"/xl/styles.xml\" ContentType=\"\(kind).styles+xml\"/></Types>"
            ),
            (
                "_rels/.rels",
                head + "<Relationships xmlns=\"\(package)/relationships\"><Relationship Id=\"rId1\" "
                    + "Type=\"\(links)/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
            (
                "xl/workbook.xml",
                head + "<workbook xmlns=\"\(main)\" xmlns:r=\"\(links)\"><sheets><sheet name=\"\(sheetName)\" "
                    + "sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
            (
                "xl/_rels/workbook.xml.rels",
                head + "<Relationships xmlns=\"\(package)/relationships\"><Relationship Id=\"rId1\" "
                    + "Type=\"\(links)/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" "
                    + "Type=\"\(links)/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
            (
                "xl/styles.xml",
                head + "<styleSheet xmlns=\"\(main)\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" "
                    + "formatCode=\"yyyy\\-mm\\-dd\"/><numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd hh:mm\"/>"
                    + "</numFmts><fonts count=\"2\"><font><sz val=\"11\"/></font><font><b/><sz val=\"11\"/></font></fonts>"
                    + "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill "
                    + "patternType=\"gray125\"/></fill></fills><borders count=\"1\"><border/></borders>"
                    + "<cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"4\"><xf/>"
                    + "<xf numFmtId=\"164\" applyNumberFormat=\"1\"/><xf numFmtId=\"165\" applyNumberFormat=\"1\"/>"
                    + "<xf fontId=\"1\" applyFont=\"1\"/></cellXfs></styleSheet>"
            ),
        ]
    }
}

/// Writes a ZIP file as a stream: lengths and checksums follow each part.
private struct ZipWriter {
    private struct Part {
        let name: [UInt8]
        let offset: Int
        var checksum: UInt = 0
        var packed = 0
        var unpacked = 0
    }
    private final class Deflater {
        var stream = z_stream()
        init() {
            deflateInit2_(
                &stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size))
        }
        deinit { deflateEnd(&stream) }
    }

    private var out: [UInt8] = []
    private var total = 0
    private var parts: [Part] = []
    private var current: Part?
    private var deflater: Deflater?

    mutating func take() -> [UInt8] {
        defer { out = [] }
        return out
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) {
        begin(name)
        feed(bytes)
        end()
    }

    mutating func begin(_ name: String) {
        let name = Array(name.utf8)
        current = Part(name: name, offset: total)
        deflater = Deflater()
        // Flags: lengths follow, names are UTF-8. The date is the first that the format has.
        put([0x50, 0x4B, 3, 4, 20, 0, 8, 8, 8, 0, 0, 0, 0x21, 0] + [UInt8](repeating: 0, count: 12))
        put(Self.two(name.count) + [0, 0] + name)
    }

    mutating func feed(_ bytes: [UInt8]) { deflate(bytes, Z_NO_FLUSH) }

    private mutating func deflate(_ bytes: [UInt8], _ flush: Int32) {
        guard let deflater, var part = current else { return }
        var bytes = bytes
        part.unpacked += bytes.count
        // Of nothing, zlib would tell where a checksum starts.
        if !bytes.isEmpty { part.checksum = crc32(part.checksum, bytes, UInt32(bytes.count)) }
        let size = bytes.count
        bytes.withUnsafeMutableBufferPointer { input in
            deflater.stream.next_in = input.baseAddress
            deflater.stream.avail_in = UInt32(size)
            repeat {
                let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, made in
                    deflater.stream.next_out = buffer.baseAddress
                    deflater.stream.avail_out = UInt32(1 << 16)
                    CZlib.deflate(&deflater.stream, flush)
                    made = (1 << 16) - Int(deflater.stream.avail_out)
                }
                part.packed += piece.count
                total += piece.count
                out += piece
            } while deflater.stream.avail_out == 0
        }
        current = part
    }

    mutating func end() {
        deflate([], Z_FINISH)
        guard let part = current else { return }
        put([0x50, 0x4B, 7, 8] + Self.four(Int(part.checksum)) + Self.four(part.packed) + Self.four(part.unpacked))
        parts.append(part)
        (current, deflater) = (nil, nil)
    }

    mutating func finish() {
        let start = total
        for part in parts {
            put([0x50, 0x4B, 1, 2, 20, 0, 20, 0, 8, 8, 8, 0, 0, 0, 0x21, 0])
            put(Self.four(Int(part.checksum)) + Self.four(part.packed) + Self.four(part.unpacked))
            put(Self.two(part.name.count) + [UInt8](repeating: 0, count: 12) + Self.four(part.offset) + part.name)
        }
        let size = total - start
        put([0x50, 0x4B, 5, 6, 0, 0, 0, 0] + Self.two(parts.count) + Self.two(parts.count))
        put(Self.four(size) + Self.four(start) + [0, 0])
    }

    private mutating func put(_ bytes: [UInt8]) {
        out += bytes
        total += bytes.count
    }

    private static func two(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
    private static func four(_ value: Int) -> [UInt8] { two(value & 0xFFFF) + two(value >> 16 & 0xFFFF) }
}

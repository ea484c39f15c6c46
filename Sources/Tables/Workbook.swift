import Kernel

#if canImport(Glibc)
    import Glibc
#endif

/// A workbook with its sheets, texts and formats: everything but the rows. What is encrypted, of another format or
/// beyond the limits is refused.
package struct Workbook: Sendable {
    package struct Sheet: Sendable, Equatable {
        package let name: String
        package let isHidden: Bool
        let part: String
    }

    package let sheets: [Sheet]
    let source: any ByteSource
    let directory: ZipDirectory
    let limits: TableLimits
    private let textsPart: String?
    private let stylesPart: String?
    let is1904: Bool

    package init(_ source: any ByteSource, limits: TableLimits = TableLimits()) async throws {
        self.source = source
        self.limits = limits
        directory = try await ZipDirectory(source, limits)
        guard let book = directory.entries["xl/workbook.xml"] else {
            if directory.entries["xl/workbook.bin"] != nil { throw TableFault.binaryWorkbook }
            if directory.entries["content.xml"] != nil { throw TableFault.openDocument }
            throw directory.entries["[Content_Types].xml"] == nil ? TableFault.otherFile : TableFault.noSheet
        }
        let links = Links()
        if let part = directory.entries["xl/_rels/workbook.xml.rels"] {
            try await Self.read(part, links, source, limits)
        }
        let names = BookNames()
        try await Self.read(book, names, source, limits)
        is1904 = names.is1904
        var sheets: [Sheet] = []
        for (index, one) in names.sheets.enumerated() {
            let part = links.parts[one.link] ?? "xl/worksheets/sheet\(index + 1).xml"
            if directory.entries[part] != nil {
                sheets.append(Sheet(name: one.name, isHidden: one.isHidden, part: part))
            }
        }
        guard !sheets.isEmpty else { throw TableFault.noSheet }
        self.sheets = sheets
        textsPart = links.texts ?? (directory.entries["xl/sharedStrings.xml"] == nil ? nil : "xl/sharedStrings.xml")
        stylesPart = links.styles ?? (directory.entries["xl/styles.xml"] == nil ? nil : "xl/styles.xml")
    }

    /// The sheet that people see first.
    package var firstVisible: Int { sheets.firstIndex { !$0.isHidden } ?? 0 }

    private static func read(
        _ part: ZipDirectory.Entry, _ handler: any XMLHandler, _ source: any ByteSource, _ limits: TableLimits
    ) async throws {
        let xml = XMLStream(handler)
        try xml.feed(try await ZipStream(source, part, limits).all(atMost: 16 << 20), isFinal: true)
    }

    func texts() async throws -> SharedTexts {
        let texts = SharedTexts(limits)
        guard let name = textsPart, let part = directory.entries[name] else { return texts }
        let xml = XMLStream(texts)
        let stream = ZipStream(source, part, limits)
        while let piece = try await stream.next() {
            try xml.feed(piece)
            if let fault = texts.fault { throw fault }
        }
        try xml.feed([], isFinal: true)
        return texts
    }

    func formats() async throws -> CellFormats {
        let formats = CellFormats()
        guard let name = stylesPart, let part = directory.entries[name] else { return formats }
        try await Self.read(part, formats, source, limits)
        return formats
    }
}

/// `xl/_rels/workbook.xml.rels`.
private final class Links: XMLHandler {
    var parts: [String: String] = [:]
    var texts: String?
    var styles: String?

    func start(_ name: UnsafePointer<CChar>, _ attributes: XMLAttributes) {
        guard XMLStream.is(name, "Relationship"), let id = attributes.string("Id"),
            let target = attributes.string("Target"), let type = attributes.string("Type")
        else { return }
        let part = target.hasPrefix("/") ? String(target.dropFirst()) : "xl/" + target
        parts[id] = part
        if type.hasSuffix("/sharedStrings") { texts = part }
        if type.hasSuffix("/styles") { styles = part }
    }
    func end(_ name: UnsafePointer<CChar>) {}
    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}
}

/// `xl/workbook.xml`.
private final class BookNames: XMLHandler {
    var sheets: [(name: String, link: String, isHidden: Bool)] = []
    var is1904 = false

    func start(_ name: UnsafePointer<CChar>, _ attributes: XMLAttributes) {
        if XMLStream.is(name, "sheet"), sheets.count < 500 {
            sheets.append(
                (
                    attributes.string("name") ?? "", attributes.string("id") ?? "",
                    attributes.string("state").map { $0 != "visible" } ?? false
                ))
        } else if XMLStream.is(name, "workbookPr") {
            is1904 = ["1", "true"].contains(attributes.string("date1904"))
        }
    }
    func end(_ name: UnsafePointer<CChar>) {}
    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}
}

/// The texts that cells point at, in one piece of memory.
final class SharedTexts: XMLHandler {
    private let limits: TableLimits
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []
    private var isText = false
    /// Inside the reading aid of a text, which is no part of it.
    private var isAid = false
    private(set) var fault: TableFault?

    init(_ limits: TableLimits) { self.limits = limits }

    var count: Int { ends.count }

    func text(_ index: Int) -> String? {
        guard ends.indices.contains(index) else { return nil }
        let from = index == 0 ? 0 : Int(ends[index - 1])
        return bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[from..<Int(ends[index])]), as: UTF8.self)
        }
    }

    func start(_ name: UnsafePointer<CChar>, _ attributes: XMLAttributes) {
        if XMLStream.is(name, "t") { isText = !isAid } else if XMLStream.is(name, "rPh") { isAid = true }
    }

    func end(_ name: UnsafePointer<CChar>) {
        if XMLStream.is(name, "t") {
            isText = false
        } else if XMLStream.is(name, "si") {
            guard ends.count < limits.texts else { return fault = .tooManyTexts }
            ends.append(UInt32(bytes.count))
        } else if XMLStream.is(name, "rPh") {
            isAid = false
        }
    }

    func text(_ piece: UnsafeBufferPointer<UInt8>) {
        guard isText else { return }
        guard bytes.count + piece.count <= limits.textBytes else { return fault = .tooManyTexts }
        bytes.append(contentsOf: piece)
    }
}

/// Which formats of cells show days and times.
final class CellFormats: XMLHandler {
    enum Shown: UInt8 { case number, day, moment, time }
    private var custom: [Int: Shown] = [:]
    private var cells: [Shown] = []
    private var isCells = false

    subscript(_ index: Int) -> Shown { cells.indices.contains(index) ? cells[index] : .number }

    func start(_ name: UnsafePointer<CChar>, _ attributes: XMLAttributes) {
        if XMLStream.is(name, "numFmt") {
            guard let id = attributes.string("numFmtId").flatMap({ Int($0) }),
                let code = attributes.string("formatCode")
            else { return }
            custom[id] = Self.shown(code)
        } else if XMLStream.is(name, "cellXfs") {
            isCells = true
        } else if isCells, XMLStream.is(name, "xf"), cells.count < 65_536 {
            let id = attributes.string("numFmtId").flatMap { Int($0) } ?? 0
            cells.append(custom[id] ?? Self.builtIn(id))
        }
    }

    func end(_ name: UnsafePointer<CChar>) { if XMLStream.is(name, "cellXfs") { isCells = false } }
    func text(_ bytes: UnsafeBufferPointer<UInt8>) {}

    /// The numbers that have a meaning without a code, those of Chinese Excel too.
    private static func builtIn(_ id: Int) -> Shown {
        switch id {
        case 14...17, 27...31, 36, 50...54, 57, 58: .day
        case 22: .moment
        case 18...21, 32...35, 45...47, 55, 56: .time
        default: .number
        }
    }

    /// By the letters of a code outside of quotes and brackets.
    static func shown(_ code: String) -> Shown {
        var (isQuoted, isBracket, isEscaped) = (false, false, false)
        var (hasDay, hasTime) = (false, false)
        for character in code.lowercased() {
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                isQuoted = character != "\""
            } else if isBracket {
                isBracket = character != "]"
                // [h]:mm counts hours.
                if character == "h" || character == "s" { hasTime = true }
            } else {
                switch character {
                case "\"": isQuoted = true
                case "[": isBracket = true
                case "\\", "_", "*": isEscaped = true
                case ";": return hasDay ? (hasTime ? .moment : .day) : hasTime ? .time : .number
                case "y", "d", "e": hasDay = true
                case "h", "s": hasTime = true
                default: break
                }
            }
        }
        // General holds an e, and 0.00E+00 too.
        if code.lowercased().hasPrefix("general") || (code.contains("0") && !code.contains("y")) {
            return hasTime && code.contains(":") && !code.contains("E") ? .time : .number
        }
        return hasDay ? (hasTime ? .moment : .day) : hasTime ? .time : .number
    }

    /// What a serial number says: `2026-03-18`, `2026-03-18 15:20:00` or `15:20:00`. Nil for what is no day.
    static func text(_ serial: Double, _ shown: Shown, is1904: Bool) -> String? {
        guard serial.isFinite, serial >= 0, serial < 2_958_466 else { return nil }
        var days = Int(serial.rounded(.down))
        var seconds = Int(((serial - Double(days)) * 86_400).rounded())
        if seconds == 86_400 { (days, seconds) = (days + 1, 0) }
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let time = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        if shown == .time { return time }
        // Day 60 of the older system is a 29 February 1900 that never was.
        let number = is1904 ? days - 24_107 : days < 60 ? days - 25_568 : days - 25_569
        let day = Day(number: Int32(clamping: number))
        return seconds == 0 && shown == .day || seconds == 0 ? day.description : "\(day) \(time)"
    }
}

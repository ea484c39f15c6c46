import Directory
import Kernel
import Web

/// A person's file as it is made, twice at once: as JSON for programs and as a page for people. It is handed out in
/// pieces, so that only one piece of it is in memory.
struct PersonalFile {
    struct Piece: Sendable {
        let kind: FileKind
        let number: Int64
        let bytes: [UInt8]
        /// Under which the piece is sealed.
        var place: Int64 { PersonalFile.place(kind, number) }
    }

    static func place(_ kind: FileKind, _ number: Int64) -> Int64 { kind.rawValue << 40 | number }

    private let language: Language
    private var waiting: [FileKind: [UInt8]] = [:]
    private var numbers: [FileKind: Int64] = [:]
    private(set) var written: [FileKind: Int] = [:]
    private var isFirstTable = true
    private var isFirstRow = true

    /// - Parameter subject: whose data it is: the one who asks, or a relative of theirs who died.
    init(_ request: PrivacyRequest, of subject: PersonID, at now: Instant) {
        language = request.language
        var head: [(String, JSON)] = [
            ("format", .string("redsteward-personal-1")), ("person", .string(subject.text)),
            ("made", .time(now)),
        ]
        if request.relative != nil { head.append(("for_relative", .string(request.person.text))) }
        let title: Phrase = request.relative == nil ? .privacyTitle : .kinCopyTitle
        text(.json, String(JSON.object(head).text.dropLast()) + ",\"tables\":[")
        let words = Words(language: language)
        html(
            """
            <!doctype html><html lang="\(language.rawValue)"><head><meta charset="utf-8">\
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>\(words(title))</title>\
            <style>body{font:16px/1.6 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}\
            table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #999;padding:.3em .6em;text-align:left;\
            vertical-align:top;overflow-wrap:anywhere}</style></head><body><h1>\(words(title))</h1>\
            <p>\(Say.exact(now))</p>
            """)
    }

    private mutating func text(_ kind: FileKind, _ text: String) { waiting[kind, default: []] += Array(text.utf8) }
    private mutating func html(_ html: HTML) { waiting[.html, default: []] += html.bytes }

    mutating func begin(_ table: PersonalTable) {
        let columns = table.columns.map { column -> JSON in
            .object([
                ("name", .string(column.name)), ("zh", .string(column.title.zh)), ("en", .string(column.title.en)),
            ])
        }
        let head: [(String, JSON)] = [
            ("name", .string(table.name)), ("zh", .string(table.title.zh)), ("en", .string(table.title.en)),
            ("columns", .array(columns)),
        ]
        text(.json, (isFirstTable ? "" : ",") + String(JSON.object(head).text.dropLast()) + ",\"rows\":[")
        (isFirstTable, isFirstRow) = (false, true)
        let heads = table.columns.map { "<th scope=\"col\">\($0.title.text(language))</th>" as HTML }
        html("<h2>\(table.title.text(language))</h2><table><thead><tr>\(HTML.joined(heads))</tr></thead><tbody>")
    }

    mutating func add(_ row: PersonalRow, of table: PersonalTable) {
        let pairs = zip(table.columns, row.values).map { ($0.name, Self.json($1)) }
        text(.json, (isFirstRow ? "" : ",") + JSON.object(pairs).text)
        isFirstRow = false
        let words = Words(language: language)
        let cells = row.values.map { "<td>\(Self.words($0, words))</td>" as HTML }
        html("<tr>\(HTML.joined(cells))</tr>")
    }

    mutating func end(_ table: PersonalTable) {
        text(.json, "]}")
        let words = Words(language: language)
        if isFirstRow { html("<tr><td colspan=\"\(table.columns.count)\">\(words(.fileNothing))</td></tr>") }
        html("</tbody></table>")
    }

    /// - Parameter remains: what would stay if the account were closed.
    mutating func finish(_ remains: [PersonalRemainder]) {
        let items = remains.map { one -> JSON in
            .object([
                ("zh", .string("\(one.what.zh): \(one.why.zh)")), ("en", .string("\(one.what.en): \(one.why.en)")),
            ])
        }
        text(.json, "],\"kept_after_closing\":\(JSON.array(items).text)}\n")
        html("</body></html>\n")
    }

    var isFull: Bool { waiting.values.contains { $0.count >= PrivacyWork.pieceBytes } }

    /// What waits, as the next pieces.
    mutating func take() -> [Piece] {
        var pieces: [Piece] = []
        for kind in FileKind.allCases {
            guard let bytes = waiting.removeValue(forKey: kind), !bytes.isEmpty else { continue }
            let number = numbers[kind, default: 0]
            pieces.append(Piece(kind: kind, number: number, bytes: bytes))
            numbers[kind] = number + 1
            written[kind, default: 0] += bytes.count
        }
        return pieces
    }

    private static func json(_ value: PersonalValue) -> JSON {
        switch value {
        case .none: .null
        case .text(let text): .string(text)
        case .number(let number): .int(number)
        case .flag(let flag): .bool(flag)
        case .time(let time): .time(time)
        case .day(let day): .string(day.description)
        }
    }

    private static func words(_ value: PersonalValue, _ words: Words) -> String {
        switch value {
        case .none: ""
        case .text(let text): text
        case .number(let number): String(number)
        case .flag(let flag): words(flag ? .fileYes : .fileNo)
        case .time(let time): Say.exact(time)
        case .day(let day): day.description
        }
    }
}

import Kernel
import Web

/// Large type shows at most three things at once: the first three stand, the rest is behind a fold. Nothing goes away.
struct Elder: Sendable {
    static let shown = 3
    let isOn: Bool

    init(_ context: WebContext) { isOn = context.preferences.elder }

    /// The part as it is, or behind its name.
    /// - Parameter open: true where something behind it wants to be read at once.
    func fold(_ name: String, _ part: HTML, open: Bool = false) -> HTML {
        let mark: HTML = open ? " open" : .empty
        return isOn ? "<details class=\"fold\"\(mark)><summary>\(name)</summary>\(part)</details>" : part
    }

    /// A list of rows; what comes after it goes behind the fold with the rest.
    func list(_ rows: [HTML], _ style: HTML, _ words: Words, after: HTML = .empty) -> HTML {
        let all = "<ol class=\"\(style)\">" as HTML
        guard isOn, rows.count > Self.shown else { return "\(all)\(HTML.joined(rows))</ol>\(after)" }
        let rest = rows.count - Self.shown
        return """
            \(all)\(HTML.joined(Array(rows.prefix(Self.shown))))</ol>\
            \(fold(words(.foldMore, String(rest)), "<ol class=\"\(style)\">\(HTML.joined(Array(rows.suffix(rest))))</ol>\(after)"))
            """
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// A form that came back, with what was wrong with it.
struct Returned: Sendable {
    var sent: Typed?
    var refusal: (any Refusal)?
    var way: String { sent?["way"] ?? "" }

    init() {}
    init(_ sent: Typed, _ refusal: any Refusal) {
        self.sent = sent
        self.refusal = refusal
    }
}

extension Typed {
    func number(_ name: String) throws -> Int64 {
        guard self[name].utf8.count < 16, let value = Int64(trimmed(name)) else {
            throw PrivacyRefusal.badNumber(name)
        }
        return value
    }
    func day(_ name: String) throws -> Day {
        guard let day = LocalInput.day(trimmed(name)) else { throw PrivacyRefusal.badDay(name) }
        return day
    }
}

/// The parts of which the pages are made.
struct Kit: PageKit {
    let context: WebContext
    let returned: Returned
    var look: PageLook { .rights }
    var way: String { returned.way }
    var refusal: (any Refusal)? { returned.refusal }
    func typed(_ field: String) -> [String] { (returned.sent?[field]).map { [$0] } ?? [] }

    init(_ context: WebContext, _ returned: Returned = Returned()) {
        self.context = context
        self.returned = returned
    }

    func page(_ title: String, _ parts: HTML...) -> HTML {
        let body = HTML.joined(parts)
        return "<div class=\"stack-l\"><h1>\(title)</h1>\(missed(by: body))\(body)</div>"
    }

    func rows(_ rows: [HTML]) -> HTML { self.rows(rows, none: .privacyNone) }

    func row(_ title: String, _ about: String, state: HTML = .empty, end: HTML = .empty) -> HTML {
        row(title, "\(about)" as HTML, state: state, end: end)
    }

    func table(_ heads: [Phrase], _ rows: [[HTML]]) -> HTML { table(heads, rows, none: .privacyNone) }

    /// Text of several paragraphs.
    func paragraphs(_ text: String) -> HTML {
        HTML.joined(
            text.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }.map {
                "<p>\($0)</p>" as HTML
            })
    }

    // MARK: Forms

    /// One button.
    ///
    /// - Parameter about: the whole of what it does, where the label is short because the row says the rest.
    func button(
        _ action: Href, _ label: String, about: String = "", primary: Bool = false, hidden: [(String, String)] = []
    ) -> HTML {
        let style: HTML = primary ? "btn primary" : "btn"
        let said: HTML = about.isEmpty ? .empty : " aria-label=\"\(about)\""
        return """
            <form method="post" action="\(action)">\(Layout.token(context))\(extra(hidden))\
            <button class="\(style)"\(said)>\(label)</button></form>
            """
    }

    func text(
        _ way: String, _ name: String, _ label: Phrase, value: String = "", most: Int = 200, numeric: Bool = false,
        required: Bool = true
    ) -> HTML {
        text(
            way, name, label, value: value, kind: .text, most: most, required: required, numeric: numeric, help: "")
    }

    func date(_ way: String, _ name: String, _ label: Phrase, value: Day? = nil) -> HTML {
        day(way, name, label, value: value)
    }

    func moment(_ way: String, _ name: String, _ label: Phrase, value: Instant? = nil, required: Bool = true) -> HTML {
        text(
            way, name, label, value: value.map { LocalInput.text($0) } ?? "", kind: .moment, required: required)
    }

    /// One of some answers, the first where none was given.
    func select(
        _ way: String, _ name: String, _ label: Phrase, _ options: [(value: String, label: String)],
        value: String = ""
    ) -> HTML {
        let first = value.isEmpty ? options.first?.value ?? "" : value
        return select(way, name, label, options, value: first, required: true)
    }

    func check(_ way: String, _ name: String, _ label: Phrase, on: Bool = false) -> HTML {
        let isThis = returned.way == way
        let mark: HTML = (isThis ? !(returned.sent?[name] ?? "").isEmpty : on) ? " checked" : ""
        return """
            <div class="field"><label class="chip"><input type="checkbox" name="\(name)" value="1"\(mark)>\
            <span>\(words(label))</span></label>\
            \(Form.error(isThis ? returned.refusal : nil, for: name, context))</div>
            """
    }

    func more(_ base: Href, _ cursor: String?) -> HTML {
        guard let cursor else { return .empty }
        return """
            <p><a class="btn" href="\(Href(base, query: [("cursor", cursor)]))">\(words(.privacyMore))</a></p>
            """
    }
}

extension PrivacyHouse {
    /// A resident's page about themselves.
    func ownPage(_ title: String, _ main: HTML, _ refusal: (any Refusal)?, _ context: WebContext) -> Response {
        // Before the notice is answered the other places are closed.
        var page = Page(title: title, frame: context.awaitsNotice ? .gate : .resident(.mine), main: main)
        page.narrow = true
        page.homeLink = context.awaitsNotice ? Href("/my/notice") : Href("/home")
        page.end = Layout.elderSwitch(context)
        return directory.shown(page, refusal, context)
    }

    func staffPage(_ title: String, _ main: HTML, _ refusal: (any Refusal)?, _ context: WebContext) -> Response {
        directory.shown(directory.staffPage(title, main, context), refusal, context)
    }

    /// Acts on a form; a form that is refused comes back on its page with what was typed.
    func act(
        _ request: Request, _ context: WebContext, _ back: @Sendable (Returned) async throws -> Response,
        _ body: @Sendable (Typed) async throws -> Href
    ) async throws -> Response {
        let sent = Typed(try await context.form(request))
        return try await Answer.act {
            try await body(sent)
        } again: {
            try await back(Returned(sent, $0))
        }
    }
}

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
struct Kit: Sendable {
    let context: WebContext
    let returned: Returned
    var words: Words { context.words }

    init(_ context: WebContext, _ returned: Returned = Returned()) {
        self.context = context
        self.returned = returned
    }

    func page(_ title: String, _ parts: HTML...) -> HTML {
        let summary = returned.way.isEmpty ? Form.summary(returned.refusal, context) : .empty
        return "<div class=\"stack-l\"><h1>\(title)</h1>\(summary)\(HTML.joined(parts))</div>"
    }

    func section(_ title: Phrase, _ parts: HTML...) -> HTML {
        "<section class=\"stack-s\"><h2>\(words(title))</h2>\(HTML.joined(parts))</section>"
    }

    func rows(_ rows: [HTML], none: Phrase = .privacyNone) -> HTML {
        rows.isEmpty
            ? "<p class=\"card soft\">\(words(none))</p>" : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
    }

    func row(_ title: String, _ about: String, state: HTML = .empty, end: HTML = .empty) -> HTML {
        """
        <li class="row"><span class="grow"><b>\(title)</b> \(state)<small>\(about)</small></span>\(end)</li>
        """
    }

    func state(_ kind: State, _ text: String) -> HTML {
        switch kind {
        case .ok: "<span class=\"state ok\">\(text)</span>"
        case .wait: "<span class=\"state wait\">\(text)</span>"
        case .late: "<span class=\"state late\">\(text)</span>"
        case .plain: "<span class=\"state\">\(text)</span>"
        }
    }
    enum State { case ok, wait, late, plain }

    func table(_ heads: [Phrase], _ rows: [[HTML]], none: Phrase = .privacyNone) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"card soft\">\(words(none))</p>" }
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let body = HTML.joined(
            rows.map { row -> HTML in "<tr>\(HTML.joined(row.map { "<td class=\"small\">\($0)</td>" as HTML }))</tr>" })
        return """
            <div class="card scroll" tabindex="0"><table class="plain"><thead><tr>\(head)</tr></thead>\
            <tbody>\(body)</tbody></table></div>
            """
    }

    /// Text of several paragraphs.
    func paragraphs(_ text: String) -> HTML {
        HTML.joined(
            text.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }.map {
                "<p>\($0)</p>" as HTML
            })
    }

    // MARK: Forms

    /// A form that stays folded until it is wanted, or comes back with what was wrong.
    func form(
        _ way: String, _ action: Href, _ title: Phrase, hidden: [(String, String)] = [], open: Bool = false,
        _ fields: HTML...
    ) -> HTML {
        let isThis = returned.way == way
        let mark: HTML = isThis || open ? " open" : ""
        let extra = hidden.map { pair -> HTML in "<input type=hidden name=\"\(pair.0)\" value=\"\(pair.1)\">" }
        return """
            <details class="card narrow"\(mark)><summary><b>\(words(title))</b></summary>\
            <form class="stack" method="post" action="\(action)">\(Layout.token(context))\
            <input type=hidden name=way value="\(way)">\(HTML.joined(extra))\
            \(isThis ? Form.summary(returned.refusal, context) : .empty)\(HTML.joined(fields))\
            <button class="btn">\(words(title))</button></form></details>
            """
    }

    /// One button.
    ///
    /// - Parameter about: the whole of what it does, where the label is short because the row says the rest.
    func button(
        _ action: Href, _ label: String, about: String = "", primary: Bool = false, hidden: [(String, String)] = []
    ) -> HTML {
        let extra = hidden.map { pair -> HTML in "<input type=hidden name=\"\(pair.0)\" value=\"\(pair.1)\">" }
        let style: HTML = primary ? "btn primary" : "btn"
        let said: HTML = about.isEmpty ? .empty : " aria-label=\"\(about)\""
        return """
            <form method="post" action="\(action)">\(Layout.token(context))\(HTML.joined(extra))\
            <button class="\(style)"\(said)>\(label)</button></form>
            """
    }

    private func kept(_ way: String, _ name: String, _ value: String) -> String {
        returned.way == way ? (returned.sent?[name] ?? "") : value
    }
    private func refusal(_ way: String) -> (any Refusal)? { returned.way == way ? returned.refusal : nil }

    func text(
        _ way: String, _ name: String, _ label: Phrase, value: String = "", most: Int = 200, numeric: Bool = false,
        required: Bool = true
    ) -> HTML {
        let mode: HTML = numeric ? " inputmode=numeric" : ""
        let mark: HTML = required ? " required" : ""
        let aside: HTML = required ? .empty : " <span class=\"soft\">\(words(.optional))</span>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))\(aside)</label><input class="in" \
            id="\(way)-\(name)" name="\(name)" maxlength="\(most)"\(mark)\(mode) autocomplete=off \
            value="\(kept(way, name, value))"\(Form.invalid(refusal(way), name))>\
            \(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func long(
        _ way: String, _ name: String, _ label: Phrase, value: String = "", most: Int = 400, lines: Int = 3,
        required: Bool = true
    ) -> HTML {
        let mark: HTML = required ? " required" : ""
        let aside: HTML = required ? .empty : " <span class=\"soft\">\(words(.optional))</span>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))\(aside)</label><textarea class="in" \
            rows="\(lines)" id="\(way)-\(name)" name="\(name)" maxlength="\(most)"\(mark)\
            \(Form.invalid(refusal(way), name))>\(kept(way, name, value))</textarea>\
            \(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func date(_ way: String, _ name: String, _ label: Phrase, value: Day? = nil) -> HTML {
        """
        <div class="field"><label for="\(way)-\(name)">\(words(label))</label><input class="in" type="date" \
        id="\(way)-\(name)" name="\(name)" required value="\(kept(way, name, value?.description ?? ""))"\
        \(Form.invalid(refusal(way), name))>\(Form.error(refusal(way), for: name, context))</div>
        """
    }

    func moment(_ way: String, _ name: String, _ label: Phrase, value: Instant? = nil, required: Bool = true) -> HTML {
        let mark: HTML = required ? " required" : ""
        let shown = value.map { LocalInput.text($0) } ?? ""
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))</label><input class="in" \
            type="datetime-local" id="\(way)-\(name)" name="\(name)"\(mark) value="\(kept(way, name, shown))"\
            \(Form.invalid(refusal(way), name))>\(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func select(
        _ way: String, _ name: String, _ label: Phrase, _ options: [(value: String, label: String)],
        value: String = ""
    ) -> HTML {
        let chosen = kept(way, name, value)
        let items = options.map { option -> HTML in
            let mark: HTML = option.value == chosen ? " selected" : ""
            return "<option value=\"\(option.value)\"\(mark)>\(option.label)</option>"
        }
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))</label><select class="in" \
            id="\(way)-\(name)" name="\(name)"\(Form.invalid(refusal(way), name))>\
            \(HTML.joined(items))</select>\(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func check(_ way: String, _ name: String, _ label: Phrase, on: Bool = false) -> HTML {
        let mark: HTML = (returned.way == way ? !(returned.sent?[name] ?? "").isEmpty : on) ? " checked" : ""
        return """
            <div class="field"><label class="chip"><input type="checkbox" name="\(name)" value="1"\(mark)>\
            <span>\(words(label))</span></label>\(Form.error(refusal(way), for: name, context))</div>
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
        do {
            return Answer.redirect(try await body(sent))
        } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
            return try await back(Returned(sent, refusal))
        }
    }
}

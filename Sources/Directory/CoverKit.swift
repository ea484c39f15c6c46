import Hummingbird
import Kernel
import Web

/// The parts of which the pages of shifts and cover are made: rows, tables, and forms that come back with what was
/// typed and what was wrong.
package struct CoverKit: Sendable {
    package let context: WebContext
    package let say: Say
    private let sent: Typed?
    private let refusal: (any Refusal)?
    package var words: Words { context.words }
    /// Which form of the page came back.
    private var way: String { sent?["way"] ?? "" }

    package init(_ context: WebContext, now: Instant, sent: Typed? = nil, refusal: (any Refusal)? = nil) {
        self.context = context
        say = Say(context.words, now: now)
        self.sent = sent
        self.refusal = refusal
    }

    /// Does what a form asks and goes on to a page. What is refused for a reason that can be mended comes back.
    package static func take(
        _ request: Request, _ context: WebContext, _ act: (Typed) async throws -> Href,
        again: (Typed, any Refusal) async throws -> Response
    ) async throws -> Response {
        let sent = Typed(try await context.form(request))
        do {
            return Answer.redirect(try await act(sent))
        } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
            return try await again(sent, refusal)
        }
    }

    package func answer(_ title: String, back: Href = Href("/desk/cover"), _ parts: HTML...) -> Response {
        let link: HTML = "<p class=\"no-print\"><a href=\"\(back)\">\(words(.back))</a></p>"
        // A refusal of a form that the page does not show any more stands above all.
        let summary = way.isEmpty ? Form.summary(refusal, context) : .empty
        let main: HTML = "<div class=\"stack-l\"><h1>\(title)</h1>\(summary)\(HTML.joined(parts))</div>"
        var page = Page(title: title, frame: .open, main: link + main)
        page.rawHeader = Headers.plain(context, home: Href("/desk"))
        return Answer.html(
            Layout.render(page, context: context), status: refusal?.kind.status ?? .ok, context: context)
    }

    package func section(_ title: String, _ parts: HTML...) -> HTML {
        "<section class=\"stack-s\"><h2>\(title)</h2>\(HTML.joined(parts))</section>"
    }

    package func rows(_ rows: [HTML], none: Phrase) -> HTML {
        rows.isEmpty
            ? "<p class=\"card soft\">\(words(none))</p>" : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
    }

    package func row(_ title: String, _ about: HTML, state: HTML = .empty, end: HTML = .empty) -> HTML {
        """
        <li class="row"><span class="grow"><b>\(title)</b> \(state)<small>\(about)</small></span>\(end)</li>
        """
    }

    package func link(_ href: Href, _ title: String, _ about: String, state: HTML = .empty) -> HTML {
        """
        <li><a class="row" href="\(href)"><span class="grow"><b>\(title)</b><small>\(about)</small></span>\(state)</a></li>
        """
    }

    package enum State { case ok, wait, late, plain }
    package func state(_ kind: State, _ text: String) -> HTML {
        let style: HTML =
            switch kind {
            case .ok: "state ok"
            case .wait: "state wait"
            case .late: "state late"
            case .plain: "state"
            }
        return "<span class=\"\(style)\">\(text)</span>"
    }

    package func table(_ heads: [Phrase], _ rows: [[HTML]], none: Phrase, label: String) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"card soft\">\(words(none))</p>" }
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let body = HTML.joined(
            rows.map { row -> HTML in "<tr>\(HTML.joined(row.map { "<td>\($0)</td>" as HTML }))</tr>" })
        return """
            <div class="card scroll" role="region" tabindex="0" aria-label="\(label)"><table class="plain"><thead>\
            <tr>\(head)</tr></thead><tbody>\(body)</tbody></table></div>
            """
    }

    /// One of several places; nothing where there is one.
    package func choice(
        _ action: Href, _ name: String, _ label: Phrase, _ options: [(value: String, label: String)], chosen: String,
        hidden: [(String, String)] = []
    ) -> HTML {
        guard options.count > 1 else { return .empty }
        let extra = HTML.joined(
            hidden.map { "<input type=hidden name=\"\($0.0)\" value=\"\($0.1)\">" as HTML })
        return """
            <form class="inline no-print" method="get" action="\(action)">\(extra)<div class="field">\
            <label for="choose-\(name)">\(words(label))</label><select class="in" id="choose-\(name)" name="\(name)">\
            \(Options.make(options, chosen: chosen))</select></div><button class="btn">\(words(.joinNext))</button></form>
            """
    }

    // MARK: Forms

    /// A form behind its title until it is wanted, open when it comes back.
    package func form(
        _ way: String, _ action: Href, _ title: Phrase, hidden: [(String, String)] = [], open: Bool = false,
        primary: Bool = false, _ fields: HTML...
    ) -> HTML {
        let isThis = self.way == way
        let mark: HTML = isThis || open ? " open" : ""
        let extra = HTML.joined(
            hidden.map { "<input type=hidden name=\"\($0.0)\" value=\"\($0.1)\">" as HTML })
        let style: HTML = primary ? "btn primary" : "btn"
        return """
            <details class="card narrow no-print"\(mark)><summary><b>\(words(title))</b></summary>\
            <form class="stack" method="post" action="\(action)">\(Layout.token(context))\
            <input type=hidden name=way value="\(way)">\(extra)\
            \(isThis ? Form.summary(refusal, context) : .empty)\(HTML.joined(fields))\
            <button class="\(style)">\(words(title))</button></form></details>
            """
    }

    /// One button that needs no fields.
    package func button(_ action: Href, _ title: Phrase, about: String, hidden: [(String, String)] = []) -> HTML {
        let extra = HTML.joined(
            hidden.map { "<input type=hidden name=\"\($0.0)\" value=\"\($0.1)\">" as HTML })
        return """
            <form class="no-print" method="post" action="\(action)">\(Layout.token(context))\(extra)\
            <button class="btn" aria-label="\(words(title)) \(about)">\(words(title))</button></form>
            """
    }

    private func kept(_ way: String, _ name: String, _ value: String) -> String {
        self.way == way ? (sent?[name] ?? "") : value
    }
    private func wrong(_ way: String, _ name: String) -> (any Refusal)? {
        self.way == way && refusal?.field == name ? refusal : nil
    }
    private func told(_ way: String, _ name: String) -> (HTML, HTML) {
        guard let refusal = wrong(way, name) else { return (.empty, .empty) }
        return (
            " aria-invalid=true aria-describedby=\"\(way)-\(name)-error\"",
            "<p class=\"bad\" id=\"\(way)-\(name)-error\">\(words(refusal.message))</p>"
        )
    }
    private func label(_ way: String, _ name: String, _ label: Phrase, _ required: Bool) -> HTML {
        let aside: HTML = required ? .empty : " <small class=\"soft\">\(words(.optional))</small>"
        return "<label for=\"\(way)-\(name)\">\(words(label))\(aside)</label>"
    }

    package enum Kind: String { case text, date, time, moment = "datetime-local" }

    package func text(
        _ way: String, _ name: String, _ title: Phrase, value: String = "", kind: Kind = .text, most: Int = 80,
        required: Bool = true, help: String = ""
    ) -> HTML {
        let need: HTML = required ? " required" : ""
        let (mark, error) = told(way, name)
        let size: HTML = kind == .text ? " maxlength=\"\(most)\"" : ""
        let aside: HTML = help.isEmpty ? .empty : "<p class=\"help\">\(help)</p>"
        return """
            <div class="field">\(label(way, name, title, required))<input class="in" type="\(kind.rawValue)" \
            id="\(way)-\(name)" name="\(name)"\(size)\(need) value="\(kept(way, name, value))"\(mark)>\(error)\(aside)</div>
            """
    }

    package func long(
        _ way: String, _ name: String, _ title: Phrase, value: String = "", most: Int = 500, required: Bool = true,
        help: String = ""
    ) -> HTML {
        let need: HTML = required ? " required" : ""
        let (mark, error) = told(way, name)
        let aside: HTML = help.isEmpty ? .empty : "<p class=\"help\">\(help)</p>"
        return """
            <div class="field">\(label(way, name, title, required))<textarea class="in" rows="3" id="\(way)-\(name)" \
            name="\(name)" maxlength="\(most)"\(need)\(mark)>\(kept(way, name, value))</textarea>\(error)\(aside)</div>
            """
    }

    package func select(
        _ way: String, _ name: String, _ title: Phrase, _ options: [(value: String, label: String)],
        value: String = "", required: Bool = true
    ) -> HTML {
        let need: HTML = required ? " required" : ""
        let (mark, error) = told(way, name)
        let none: HTML = required && !value.isEmpty ? .empty : Options.none
        return """
            <div class="field">\(label(way, name, title, required))<select class="in" id="\(way)-\(name)" \
            name="\(name)"\(need)\(mark)>\(none)\(Options.make(options, chosen: kept(way, name, value)))</select>\(error)</div>
            """
    }

    package func checks(
        _ way: String, _ name: String, _ title: Phrase, _ options: [(value: String, label: String)],
        value: Set<String> = []
    ) -> HTML {
        let chosen = self.way == way ? Set(sent?.all(name) ?? []) : value
        let items = options.map { option -> HTML in
            let mark: HTML = chosen.contains(option.value) ? " checked" : ""
            return """
                <label class="chip"><input type="checkbox" name="\(name)" value="\(option.value)"\(mark)>\
                <span>\(option.label)</span></label>
                """
        }
        return """
            <fieldset class="field"><legend>\(words(title))</legend><div class="chips">\(HTML.joined(items))</div>\
            \(told(way, name).1)</fieldset>
            """
    }

    package func pair(_ fields: HTML...) -> HTML { "<div class=\"inline\">\(HTML.joined(fields))</div>" }
}

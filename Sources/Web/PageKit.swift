import Hummingbird
import Kernel

/// What a page is made of: sections, rows, tables, and forms that come back with what was typed and with what was wrong
/// beside its field. A kit says which form of its page came back; the parts are the same for all.
///
/// A field of a form has the id `way-name`: a page may have several forms with fields of one name.
package protocol PageKit: Sendable {
    var context: WebContext { get }
    var look: PageLook { get }
    /// Which form of the page came back; empty where none did.
    var way: String { get }
    /// What was typed in a field of the form that came back.
    func typed(_ field: String) -> [String]
    /// What was wrong with that form.
    var refusal: (any Refusal)? { get }
}

/// In what the pages of two places differ.
package struct PageLook: Sendable {
    /// Around the word that a field may stay empty.
    let optional: (before: HTML, after: HTML)
    /// Attributes of a field of text.
    let textType: HTML
    let textEnd: HTML
    let cell: HTML
    let folded: HTML
    /// A link of a list ends with a tag, also an empty one.
    let tagsLinks: Bool
    /// A form has the one red button of its page, unless it says otherwise.
    let isMain: Bool
    /// A choice that may stay open says so.
    let marksChoices: Bool
    /// The id of what is wrong with a field names its form.
    let namesForms: Bool
    /// Characters of a long field that does not say how many.
    let longest: Int

    /// Registers: no field is completed by the browser, tables are small.
    package static let register = PageLook(
        optional: (" <span class=\"soft\">", "</span>"), textType: .empty, textEnd: " autocomplete=off",
        cell: "<td class=\"small\">", folded: "card narrow", tagsLinks: true, isMain: true, marksChoices: false,
        namesForms: false, longest: 400)
    /// One's own data and what is kept about it: no form has the red button, which rows may have.
    package static let rights = PageLook(
        optional: (" <span class=\"soft\">", "</span>"), textType: .empty, textEnd: " autocomplete=off",
        cell: "<td class=\"small\">", folded: "card narrow", tagsLinks: true, isMain: false, marksChoices: false,
        namesForms: false, longest: 400)
    /// Shifts and cover: the forms are not printed.
    package static let shift = PageLook(
        optional: (" <small class=\"soft\">", "</small>"), textType: " type=\"text\"", textEnd: .empty, cell: "<td>",
        folded: "card narrow no-print", tagsLinks: false, isMain: false, marksChoices: true, namesForms: true,
        longest: 500)
}

package enum PageState { case ok, wait, late, plain }

/// What a browser offers for a field of one line.
package enum InputKind: String { case text, date, time, moment = "datetime-local" }

extension PageKit {
    package var words: Words { context.words }

    // MARK: What was refused

    /// What was wrong with a form or a button that the page does not show with its refusal, since somebody else was
    /// faster: said above all, with what was typed. Empty where the page says it.
    package func missed(by parts: HTML) -> HTML {
        guard let refusal else { return .empty }
        let summary = Form.summary(refusal, context)
        guard parts.bytes.firstRange(of: summary.bytes) == nil else { return .empty }
        guard !way.isEmpty else { return summary }
        return Form.missed(refusal, context)
    }

    // MARK: Lists

    package func section(_ title: String, _ parts: HTML...) -> HTML { block(title, parts) }
    package func section(_ title: Phrase, _ parts: HTML...) -> HTML { block(words(title), parts) }

    private func block(_ title: String, _ parts: [HTML]) -> HTML {
        "<section class=\"stack-s\"><h2>\(title)</h2>\(HTML.joined(parts))</section>"
    }

    /// - Parameter none: said in the place of a list without rows.
    package func rows(_ rows: [HTML], none: Phrase) -> HTML {
        rows.isEmpty ? nothing(none) : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
    }

    private func nothing(_ none: Phrase) -> HTML { "<p class=\"card soft\">\(words(none))</p>" }

    package func row(
        _ title: String, _ about: HTML, tag: String = "", state: HTML = .empty, end: HTML = .empty
    ) -> HTML {
        let mark: HTML = tag.isEmpty ? .empty : " <span class=\"tag\">\(tag)</span>"
        return """
            <li class="row"><span class="grow"><b>\(title)</b>\(mark) \(state)<small>\(about)</small></span>\(end)</li>
            """
    }

    package func link(_ href: Href, _ title: String, _ about: String, tag: String = "", state: HTML = .empty) -> HTML {
        let mark: HTML = look.tagsLinks ? "<span class=\"tag\">\(tag)</span>" : .empty
        return """
            <li><a class="row" href="\(href)"><span class="grow"><b>\(title)</b><small>\(about)</small></span>\(state)\
            \(mark)</a></li>
            """
    }

    package func state(_ kind: PageState, _ text: String) -> HTML {
        let style: HTML =
            switch kind {
            case .ok: "state ok"
            case .wait: "state wait"
            case .late: "state late"
            case .plain: "state"
            }
        return "<span class=\"\(style)\">\(text)</span>"
    }
    package func state(_ kind: PageState, _ phrase: Phrase) -> HTML { state(kind, words(phrase)) }

    /// - Parameter label: what the table is, where its page has more than one.
    package func table(_ heads: [Phrase], _ rows: [[HTML]], none: Phrase, label: String = "") -> HTML {
        guard !rows.isEmpty else { return nothing(none) }
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let body = HTML.joined(
            rows.map { row -> HTML in "<tr>\(HTML.joined(row.map { "\(look.cell)\($0)</td>" as HTML }))</tr>" })
        let region: HTML = label.isEmpty ? .empty : " role=\"region\""
        let named: HTML = label.isEmpty ? .empty : " aria-label=\"\(label)\""
        return """
            <div class="card scroll"\(region) tabindex="0"\(named)><table class="plain"><thead><tr>\(head)</tr></thead>\
            <tbody>\(body)</tbody></table></div>
            """
    }

    /// What is known about one thing; what is empty is left out.
    package func facts(_ pairs: [(Phrase, HTML)]) -> HTML {
        let rows = pairs.filter { !$0.1.isEmpty }.map { pair -> HTML in
            "<tr><th scope=\"row\">\(words(pair.0))</th><td class=\"small\">\(pair.1)</td></tr>"
        }
        return """
            <div class="card scroll" tabindex="0"><table class="plain"><tbody>\(HTML.joined(rows))</tbody></table></div>
            """
    }

    // MARK: Forms

    /// A form that stays folded until it is wanted, or comes back with what was wrong.
    /// - Parameter primary: false beside another form of the page, which has its one red button.
    package func form(
        _ way: String, _ action: Href, _ title: Phrase, hidden: [(String, String)] = [], open: Bool = false,
        primary: Bool? = nil, _ fields: HTML...
    ) -> HTML {
        let isThis = self.way == way
        let mark: HTML = isThis || open ? " open" : ""
        let style: HTML = primary ?? look.isMain ? "btn primary" : "btn"
        return """
            <details class="\(look.folded)"\(mark)><summary><b>\(words(title))</b></summary>\
            <form class="stack" method="post" action="\(action)">\(Layout.token(context))\
            <input type=hidden name=way value="\(way)">\(extra(hidden))\
            \(isThis ? Form.summary(refusal, context) : .empty)\(HTML.joined(fields))\
            <button class="\(style)">\(words(title))</button></form></details>
            """
    }

    /// One button, of one of several forms of the page.
    package func button(_ way: String, _ action: Href, _ title: Phrase, hidden: [(String, String)] = []) -> HTML {
        """
        <form class="inline" method="post" action="\(action)">\(Layout.token(context))\
        <input type=hidden name=way value="\(way)">\(extra(hidden))\
        <button class="btn">\(words(title))</button></form>
        """
    }

    /// One button that needs no fields.
    /// - Parameter about: what it is about, where the row says so.
    package func button(_ action: Href, _ title: Phrase, about: String, hidden: [(String, String)] = []) -> HTML {
        """
        <form class="no-print" method="post" action="\(action)">\(Layout.token(context))\(extra(hidden))\
        <button class="btn" aria-label="\(words(title)) \(about)">\(words(title))</button></form>
        """
    }

    /// Fields that nobody sees.
    package func extra(_ hidden: [(String, String)]) -> HTML {
        HTML.joined(hidden.map { "<input type=hidden name=\"\($0.0)\" value=\"\($0.1)\">" as HTML })
    }

    private func kept(_ way: String, _ name: String, _ value: String) -> String {
        self.way == way ? typed(name).first ?? "" : value
    }

    /// The marks of a field with what was wrong with it, and the words beside it.
    private func wrong(_ way: String, _ name: String) -> (mark: HTML, told: HTML) {
        guard self.way == way, let refusal, refusal.field == name else { return (.empty, .empty) }
        let id = look.namesForms ? "\(way)-\(name)-error" : "\(name)-error"
        return (
            " aria-invalid=true aria-describedby=\"\(id)\"",
            "<p class=\"bad\" id=\"\(id)\">\(words(refusal.message))</p>"
        )
    }

    private func field(
        _ way: String, _ name: String, _ title: Phrase, isMarked: Bool, help: String = "",
        _ input: (_ wrong: HTML) -> HTML
    ) -> HTML {
        let (mark, told) = wrong(way, name)
        let aside: HTML = isMarked ? "\(look.optional.before)\(words(.optional))\(look.optional.after)" : .empty
        let below: HTML = help.isEmpty ? .empty : "<p class=\"help\">\(help)</p>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(title))\(aside)</label>\(input(mark))\(told)\(below)</div>
            """
    }

    package func text(
        _ way: String, _ name: String, _ title: Phrase, value: String = "", kind: InputKind = .text, most: Int = 80,
        required: Bool = true, numeric: Bool = false, help: String = ""
    ) -> HTML {
        let isText = kind == .text
        let type: HTML = isText ? look.textType : " type=\"\(kind.rawValue)\""
        let size: HTML = isText ? " maxlength=\"\(most)\"" : .empty
        let need: HTML = required ? " required" : .empty
        let mode: HTML = numeric ? " inputmode=numeric" : .empty
        let end: HTML = isText ? look.textEnd : .empty
        return field(way, name, title, isMarked: !required, help: help) { mark in
            """
            <input class="in"\(type) id="\(way)-\(name)" name="\(name)"\(size)\(need)\(mode)\(end) \
            value="\(kept(way, name, value))"\(mark)>
            """
        }
    }

    package func day(_ way: String, _ name: String, _ title: Phrase, value: Day? = nil, required: Bool = true) -> HTML {
        text(way, name, title, value: value?.description ?? "", kind: .date, required: required)
    }

    package func long(
        _ way: String, _ name: String, _ title: Phrase, value: String = "", most: Int? = nil, lines: Int = 3,
        required: Bool = true, help: String = ""
    ) -> HTML {
        let need: HTML = required ? " required" : .empty
        return field(way, name, title, isMarked: !required, help: help) { mark in
            """
            <textarea class="in" rows="\(lines)" id="\(way)-\(name)" name="\(name)" maxlength="\(most ?? look.longest)"\
            \(need)\(mark)>\(kept(way, name, value))</textarea>
            """
        }
    }

    package func select(
        _ way: String, _ name: String, _ title: Phrase, _ options: [(value: String, label: String)],
        value: String = "", required: Bool = true
    ) -> HTML {
        // An answer that says "none" in words is one of the options.
        let saysNone = options.contains { $0.value.isEmpty }
        let need: HTML = required && !saysNone ? " required" : .empty
        let none: HTML = saysNone || required && !value.isEmpty ? .empty : "<option value=\"\"></option>"
        let items = Form.options(options.map { ($0.value, $0.label) }, chosen: kept(way, name, value))
        return field(way, name, title, isMarked: look.marksChoices && !required) { mark in
            "<select class=\"in\" id=\"\(way)-\(name)\" name=\"\(name)\"\(need)\(mark)>\(none)\(items)</select>"
        }
    }

    package func checks(
        _ way: String, _ name: String, _ title: Phrase, _ options: [(value: String, label: String)],
        value: Set<String> = []
    ) -> HTML {
        let chosen = self.way == way ? Set(typed(name)) : value
        let items = options.map { option -> HTML in
            let mark: HTML = chosen.contains(option.value) ? " checked" : ""
            return """
                <label class="chip"><input type="checkbox" name="\(name)" value="\(option.value)"\(mark)>\
                <span>\(option.label)</span></label>
                """
        }
        return """
            <fieldset class="field"><legend>\(words(title))</legend><div class="chips">\(HTML.joined(items))</div>\
            \(wrong(way, name).told)</fieldset>
            """
    }

    /// Fields beside each other.
    package func pair(_ fields: HTML...) -> HTML { "<div class=\"inline\">\(HTML.joined(fields))</div>" }
}

extension Answer {
    /// Does what a form asks and goes on to a page. What is refused for a reason that can be mended comes back.
    package static func act(
        _ act: () async throws -> Href, again: (any Refusal) async throws -> Response
    ) async throws -> Response {
        do {
            return redirect(try await act())
        } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
            return try await again(refusal)
        }
    }
}

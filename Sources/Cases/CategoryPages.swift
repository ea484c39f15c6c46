import Directory
import Kernel
import Web

extension PublicPages {
    func categories(_ page: CategoryPage) -> HTML {
        let rows = HTML.joined(page.all.map { row($0) })
        let heads: [Phrase] = [
            .categoryPlace, .categoryZh, .categoryEn, .policyKind, .categoryParty, .fieldUrgency, .categoryFast,
            .categoryState,
        ]
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let here = Href("/desk/categories")
        return self.page(
            words(.brand), words(.categoriesTitle),
            """
            <div class="stack"><h1>\(words(.categoriesTitle))</h1><p class="soft">\(words(.categoriesLead)) \
            <a href="/desk/policies">\(words(.policyTitle))</a></p>
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(.categoriesTitle))">\
            <table class="plain"><thead><tr>\(head)</tr></thead><tbody>\(rows)</tbody></table></div>
            \(ExportLinks.make("categories", context))\(form(page, here))\(page.history.html(here, whyField: "why", context, say.now))</div>
            """)
    }

    private func row(_ c: Category) -> HTML {
        let place = Href("/desk/categories", query: [("edit", c.code)])
        let state: HTML =
            c.retired == nil
            ? "<span class=\"state ok\">\(words(.categoryInUse))</span>"
            : "<span class=\"state\">\(words(.categoryRetired))</span>"
        return """
            <tr><td class="num">\(c.place > 0 ? String(c.place) : "–")</td>\
            <td><a href="\(place)"><b>\(c.zh)</b></a></td><td>\(c.en)</td>\
            <td>\(words(Self.kind(c.kind)))</td><td>\(words(c.party.phrase))</td>\
            <td>\(words(DeskPages.urgency(c.urgency)))</td>\
            <td>\(words(c.fastLane ? .categoryYes : .categoryNo))</td><td>\(state)</td></tr>
            """
    }

    /// One form at a time: for the one that was chosen, or for a new one.
    private func form(_ page: CategoryPage, _ here: Href) -> HTML {
        let c = page.edited?.category
        let standing = c.map { CategoryRules.fields($0, isNew: false) } ?? [:]
        func value(_ name: String) -> String { page.kept[name] ?? standing[name] ?? "" }
        func text(_ name: String, _ label: Phrase, most: Int, needed: Bool = true) -> HTML {
            let must: HTML = needed ? " required" : .empty
            return """
                <div class="field"><label for="\(name)">\(words(label))</label><input class="in" id="\(name)" \
                name="\(name)" maxlength="\(most)" value="\(value(name))"\(must)\
                \(Form.invalid(page.refusal, name))>\(Form.error(page.refusal, for: name, context))</div>
                """
        }
        let kinds = CategoryKind.allCases.map { ("\($0)", words(Self.kind($0))) }
        let parties = Party.allCases.dropLast().map { ("\($0)", words($0.phrase)) }
        let urgencies = Urgency.allCases.map { ($0.code, words(DeskPages.urgency($0))) }
        let flags = [("0", words(.categoryNo)), ("1", words(.categoryYes))]
        let states = [("0", words(.categoryInUse)), ("1", words(.categoryRetired))]
        let way: HTML =
            c.map { c in
                "<input type=hidden name=way value=set><input type=hidden name=code value=\"\(c.code)\">" as HTML
            } ?? "<input type=hidden name=way value=add><input type=hidden name=retired value=0>"
        let title: HTML =
            c.map { "\(words(.categoryEdit)): \(words.pick(zh: $0.zh, en: $0.en))" as HTML }
            ?? "\(words(.categoryAdd))"
        let state: HTML =
            c == nil
            ? .empty
            : Form.select("retired", label: words(.categoryState), states, chosen: value("retired"))
                + Form.error(page.refusal, for: "retired", context)
        let another: HTML =
            c == nil ? .empty : "<p><a class=\"btn quiet\" href=\"\(here)\">\(words(.categoryAnother))</a></p>"
        return """
            <form class="card stack" method="post" action="\(here)">\(Layout.token(context))<h2>\(title)</h2>\
            \(Form.summary(page.refusal, context))\(way)\(told(page.edited))
            <div class="inline">\(c == nil ? text("code", .categoryCode, most: 30) : .empty)\
            \(text("zh", .categoryZh, most: 20))\(text("en", .categoryEn, most: 60))</div>
            <div class="inline">\(Form.select("kind", label: words(.policyKind), kinds, chosen: value("kind")))\
            \(Form.select("party", label: words(.categoryParty), parties, chosen: value("party")))\
            \(Form.select("urgency", label: words(.fieldUrgency), urgencies, chosen: value("urgency")))\
            \(Form.select("fast", label: words(.categoryFast), flags, chosen: value("fast")))</div>
            \(text("hints", .categoryHints, most: 400, needed: false))
            <div class="inline">\(text("place", .categoryPlace, most: 3, needed: false))\(state)</div>
            \(text("why", .categoryWhy, most: 120))\
            \(page.history.fields(start: page.kept["start"] ?? "", page.refusal, context))\
            <button class="btn primary">\(words(.save))</button></form>\(another)
            """
    }

    /// Who still has it.
    private func told(_ state: CategoryState?) -> HTML {
        guard let state, state.open > 0 else { return .empty }
        let most = Int64(CategoryState.most)
        let text =
            state.open > most
            ? words(.categoryOpenMany, String(most)) : words(.categoryOpen, String(state.open))
        return "<p class=\"note\">\(text)</p>"
    }
}

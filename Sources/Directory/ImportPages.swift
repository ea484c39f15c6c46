import Kernel
import Web

/// The imports of the places in scope, and a form for one more.
struct ImportsPage: Sendable {
    let kinds: [ImportKind]
    let places: [Area]
    let records: [ImportRecord]
    var next: String?
    let refusal: (any Refusal)?

    private func more(_ context: WebContext) -> HTML {
        next.map { next in
            """
            <p class="no-print"><a class="btn" href="\(Href("/desk/imports", query: [("cursor", next)]))">\
            \(context.words(.securityMore))</a></p>
            """
        } ?? .empty
    }

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let rows = records.map { one -> HTML in
            """
            <li><a class="row" href="\(Href("/desk/imports/", one.id.text))"><b class="grow">\(one.fileName)</b>\
            <span class="tag">\(words(one.kind.phrase))</span> <span class="state">\(words(one.status.phrase))</span> \
            \(say.time(one.created))</a></li>
            """
        }
        let list: HTML =
            rows.isEmpty
            ? "<p class=\"card soft\">\(words(.importNone))</p>" : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
        return """
            <div class="stack-l"><section class="stack"><h1>\(words(.importsTitle))</h1>\(list)\(more(context))\
            \(ExportLinks.make("imports", context))</section>
            <form class="card stack narrow" method="post" action="/desk/imports" enctype="multipart/form-data" \
            aria-labelledby="new">\(Layout.token(context))<h2 id="new">\(words(.importNew))</h2>
            <p class="soft small">\(words(.importHelp))</p>\(Form.summary(refusal, context))
            \(Form.select("kind", label: words(.importKind), kinds.map { ($0.rawValue, words($0.phrase)) }))
            \(PlaceField.make(places, label: words(.importArea), chosen: "", refusal, context))
            <div class="field"><label for="file">\(words(.importFile))</label><input class="in" id="file" name="file" \
            type="file" accept=".xlsx,.csv,.txt" required\(Form.invalid(refusal, "file"))>\
            \(Form.error(refusal, for: "file", context))</div>
            <button class="btn primary">\(words(.importSend))</button></form></div>
            """
    }
}

/// One import: how far it is, what its columns mean, its bad rows, and the next step.
struct ImportPage: Sendable {
    static let most = 200
    let record: ImportRecord
    var refusal: (any Refusal)?
    var sample: [ImportWork.Sample] = []
    var saved: [(value: String, text: String)] = []
    var bad: [BadRow] = []
    var kept: [(name: String, reason: String)] = []

    private var place: Href { Href("/desk/imports/", record.id.text) }

    func main(_ context: WebContext) -> HTML {
        let words = context.words
        return """
            <div class="stack-l"><section class="stack"><p><a href="/desk/imports">\(words(.importsTitle))</a></p>
            <h1>\(record.fileName)</h1><p><span class="tag">\(words(record.kind.phrase))</span> \
            <span class="state" role="status">\(words(record.status.phrase))</span></p>
            \(Form.summary(refusal, context))\(fault(context))\(progress(context))\(counts(context))\(steps(context))</section>
            \(badList(context))\(keptList(context))\(columns(context))</div>
            """
    }

    private func fault(_ context: WebContext) -> HTML {
        guard record.status == .failed else { return .empty }
        let told = TableFaultWords.message(record.fault) ?? Phrase.importFailed()
        return "<div class=\"note\" role=\"alert\"><b>\(context.words(told))</b></div>"
    }

    private func progress(_ context: WebContext) -> HTML {
        let words = context.words
        guard record.status.isBusy else { return .empty }
        let bar: HTML =
            record.total > 0
            ? """
            <progress max="\(record.total)" value="\(record.seen)"></progress> \
            <span class="num">\(words(.importProgress, String(record.seen), String(record.total)))</span>
            """ : .empty
        return "<p>\(bar)</p><p class=\"soft small\">\(words(.importReload))</p>"
    }

    private func counts(_ context: WebContext) -> HTML {
        guard record.total > 0 else { return .empty }
        let all: [(Phrase, Int64)] = [
            (.importFresh, record.fresh), (.importChanged, record.changed), (.importSame, record.same),
            (.importSkipped, record.skipped), (.importBad, record.bad),
        ]
        let cells = all.map {
            "<span class=\"tag\">\(context.words($0.0)) <b class=\"num\">\($0.1)</b></span> " as HTML
        }
        return "<p>\(HTML.joined(cells))</p>"
    }

    private func button(_ way: StaticString, _ label: String, _ style: HTML, _ context: WebContext) -> HTML {
        """
        <form method="post" action="\(place)">\(Layout.token(context))<input type=hidden name=way \
        value="\(way.description)"><button class="\(style)">\(label)</button></form>
        """
    }

    private func steps(_ context: WebContext) -> HTML {
        let words = context.words
        switch record.status {
        case .checked:
            let count = record.fresh + record.changed
            return """
                <div class="btns">\(button("run", words(.importRun, String(count)), "btn primary", context))\
                \(button("drop", words(.importDrop), "btn", context))</div>
                """
        case .open: return "<div class=\"btns\">\(button("drop", words(.importDrop), "btn", context))</div>"
        case .done, .failed:
            return """
                <p class="soft small">\(words(.importUndoHelp))</p>\
                <div class="btns">\(button("undo", words(.importUndo), "btn", context))</div>
                """
        default: return .empty
        }
    }

    private func badList(_ context: WebContext) -> HTML {
        let words = context.words
        guard !bad.isEmpty else { return .empty }
        let rows = bad.map { row -> HTML in
            let field = ImportField(rawValue: row.field).map { words($0.phrase) } ?? ""
            return """
                <tr><th scope="row" class="num">\(row.line)</th><td>\(field)</td><td>\(words(row.reason.phrase))</td>\
                <td>\(row.cells.prefix(12).joined(separator: " · "))</td></tr>
                """
        }
        let more: HTML =
            record.bad > Int64(bad.count)
            ? "<p class=\"soft\">\(words(.importBadMore, String(bad.count)))</p>" : .empty
        let base = Href("/desk/imports/", record.id.text, "/bad")
        return """
            <section class="stack"><h2>\(words(.importBadTitle))</h2><p>\(words(.importBadHelp))</p>
            <p class="btns"><a class="btn" href="\(Href(base, query: [("format", "xlsx")]))">\(words(.importDownload)) XLSX</a>\
            <a class="btn" href="\(Href(base, query: [("format", "csv")]))">\(words(.importDownload)) CSV</a></p>
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(.importBadTitle))">\
            <table class="plain"><thead><tr><th scope="col">\(words(.importLine))</th>\
            <th scope="col">\(words(.importField))</th><th scope="col">\(words(.importReasonTitle))</th>\
            <th scope="col">\(words(.importContent))</th></tr></thead><tbody>\(HTML.joined(rows))</tbody></table></div>
            \(more)</section>
            """
    }

    static func why(_ reason: String) -> Phrase { reason == "used" ? .importKeptUsed : .importKeptChanged }

    private func keptList(_ context: WebContext) -> HTML {
        let words = context.words
        guard record.status == .undone else { return .empty }
        let items = kept.map { one -> HTML in
            "<li class=\"row\"><b class=\"grow\">\(one.name)</b> <span class=\"tag\">\(words(Self.why(one.reason)))</span></li>"
        }
        let list: HTML =
            items.isEmpty
            ? .empty
            : """
            <h2>\(words(.importKeptTitle, String(record.kept)))</h2><ul class="card rows">\(HTML.joined(items))</ul>\
            \(ExportLinks.inside("import-kept", record.id.text, context))
            """
        let stay: HTML =
            record.changed > 0 ? "<p>\(words(.importChangedStay, String(record.changed)))</p>" : .empty
        return "<section class=\"stack\">\(list)\(stay)</section>"
    }

    private func columns(_ context: WebContext) -> HTML {
        let words = context.words
        guard record.status == .open || record.status == .checked else { return .empty }
        let setup = record.setup
        let choices = setup.header.enumerated().map { index, name in
            (value: String(index), text: name.isEmpty ? String(index + 1) : name)
        }
        let fields = record.kind.fields.map { field -> HTML in
            let mark = record.kind.required.contains(field) ? " (\(words(.importNeeded)))" : ""
            let name = "column-\(field.rawValue)"
            let select = Form.select(
                name, label: words(field.phrase) + mark, [(value: "", text: words(.importNoColumn))] + choices,
                chosen: setup[field].map(String.init) ?? "")
            return select + Form.error(refusal, for: name, context)
        }
        let level: HTML =
            record.kind == .areas
            ? Form.select(
                "level", label: words(.importLevel),
                [(value: "0", text: "")]
                    + AreaLevel.allCases.map { (value: String($0.rawValue), text: words($0.phrase)) },
                chosen: String(setup.level)) + Form.error(refusal, for: "level", context)
            : "<input type=hidden name=level value=0>"
        let rows = sample.map { row in
            HTML.joined(row.cells.prefix(20).map { "<td>\($0)</td>" as HTML })
        }.map { "<tr>\($0)</tr>" as HTML }
        let merged: HTML =
            setup.merged.map { "<p class=\"note\">\(words(.importMerged, String($0)))</p>" } ?? .empty
        let use: HTML =
            saved.isEmpty
            ? .empty
            : """
            <form class="card inline" method="post" action="\(place)">\(Layout.token(context))\
            <input type=hidden name=way value=use>\(Form.select("saved", label: words(.importSaved), saved))\
            <button class="btn">\(words(.importUse))</button></form>
            """
        let sheets: HTML =
            setup.sheets.count > 1
            ? Form.select(
                "sheet", label: words(.importSheet),
                setup.sheets.enumerated().map { (value: String($0.offset), text: $0.element) },
                chosen: String(setup.sheet)) : "<input type=hidden name=sheet value=\"\(setup.sheet)\">"
        return """
            <section class="stack"><h2>\(words(.importColumns))</h2>\(merged)
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(.importContent))">\
            <table class="plain"><tbody>\(HTML.joined(rows))</tbody></table></div>
            <form class="card inline" method="post" action="\(place)">\(Layout.token(context))\
            <input type=hidden name=way value=look>\(sheets)<div class="field"><label for="header">\
            \(words(.importHeader))</label><input class="in" id="header" name="header" inputmode="numeric" \
            value="\(setup.headerLine)"></div><button class="btn">\(words(.importUse))</button></form>\(use)
            <form class="card stack narrow" method="post" action="\(place)">\(Layout.token(context))\
            <input type=hidden name=way value=check>\(HTML.joined(fields))\(level)
            \(Form.select("conflict", label: words(.importConflict), ImportConflict.allCases.map { ($0.rawValue, words($0.phrase)) }, chosen: setup.conflict.rawValue))
            <div class="field"><label for="save">\(words(.importSaveAs)) <span class="soft">\(words(.optional))</span>\
            </label><input class="in" id="save" name="save" maxlength="40"></div>
            <button class="btn primary">\(words(.importCheck))</button></form></section>
            """
    }
}

import Cases
import Directory
import Kernel
import Web

/// What the list shows.
struct TransferList: Sendable {
    var rows: [Transfer]
    var cases: [CaseID: CaseLine]
    var next: String?
    var isAll: Bool
    /// Where somebody may register.
    var places: [Area]
    var mayHandOver: Bool
    var imported: TransferImport?
}

/// One transfer with what surrounds it.
struct TransferView: Sendable {
    var transfer: Transfer
    var record: CaseRecord?
    var area: Area?
    var mayEdit: Bool
}

/// A form that came back.
struct KeptTransfer: Sendable {
    var way = ""
    var fields: [String: String] = [:]
    var refusal: (any Refusal)?
}

/// Transfers as typed HTML.
struct TransferPages: Sendable {
    let context: WebContext
    let say: Say
    let kept: KeptTransfer
    private var words: Words { context.words }

    // MARK: The list

    func list(_ list: TransferList) -> HTML {
        let here = Href("/desk/transfers")
        let tabs: HTML = """
            <nav class="btns" aria-label="\(words(.transfersTitle))">\(tab(here, .transfersOpen, isHere: !list.isAll))\
            \(tab(Href("/desk/transfers", query: [("show", "all")]), .transfersAll, isHere: list.isAll))</nav>
            """
        let rows = HTML.joined(list.rows.map { row($0, list.cases[$0.caseID]) })
        let body: HTML =
            list.rows.isEmpty
            ? "<p class=\"card soft\">\(words(.transfersNone))</p>" : "<ul class=\"card rows\">\(rows)</ul>"
        let more: HTML =
            list.next.map { next -> HTML in
                let href = Href("/desk/transfers", query: [("show", list.isAll ? "all" : ""), ("cursor", next)])
                return "<p><a class=\"btn\" href=\"\(href)\">\(words(.transfersMore))</a></p>"
            } ?? .empty
        return """
            <div class="stack"><div><h1>\(words(.transfersTitle))</h1><p class="soft">\(words(.transfersHelp))</p></div>\
            \(list.imported.map(imported) ?? .empty)\(kept.way.isEmpty ? .empty : Form.summary(kept.refusal, context))\(tabs)\(body)\(more)\(ExportLinks.make("transfers", context))\
            \(list.places.isEmpty ? .empty : tools(list))\(list.mayHandOver ? handOver() : .empty)</div>
            """
    }

    private func tab(_ href: Href, _ phrase: Phrase, isHere: Bool) -> HTML {
        let mark: HTML = isHere ? " aria-current=page" : ""
        return "<a class=\"btn\" href=\"\(href)\"\(mark)>\(words(phrase))</a>"
    }

    private func row(_ t: Transfer, _ line: CaseLine?) -> HTML {
        """
        <li><a class="row" href="\(Href("/desk/transfers/", t.id.text))"><span class="grow"><b>\(line?.title ?? "")</b>\
        <small>\(t.source) <span class="num">\(t.number)</span> · \(words(t.grade.phrase)) · \(line?.place ?? "")</small>\
        </span>\(state(t))</a></li>
        """
    }

    func state(_ t: Transfer) -> HTML {
        if t.direction == .outgoing { return "<span class=\"state\">\(words(.transferSent))</span>" }
        if let answered = t.answered {
            return t.isLate(at: answered)
                ? "<span class=\"state late\">\(words(.transferLate))</span>"
                : "<span class=\"state ok\">\(words(.transferKept))</span>"
        }
        let gap = t.due.ms - say.now.ms
        return gap < 0
            ? "<span class=\"state late\">\(words(.transferOver, say.length(ms: -gap)))</span>"
            : "<span class=\"state wait\">\(words(.transferWaiting, say.length(ms: gap)))</span>"
    }

    private func imported(_ result: TransferImport) -> HTML {
        let told = words(
            .transferImported, String(result.rows), String(result.new), String(result.extended),
            String(result.visited), String(result.known), String(result.refused.count))
        let rows = HTML.joined(
            result.refused.map { row -> HTML in
                """
                <tr><td class="num">\(row.line)</td><td class="num">\(row.number)</td><td>\(words(row.why))</td></tr>
                """
            })
        let bad: HTML =
            result.refused.isEmpty
            ? .empty
            : """
            <h2>\(words(.transferRefusedRows))</h2><div class="card scroll" tabindex="0"><table class="plain"><thead><tr>\
            <th scope="col">\(words(.transferLine))</th><th scope="col">\(words(.transferNumber))</th>\
            <th scope="col">\(words(.transferWhy))</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
        return "<p class=\"note\" role=\"status\">\(told)</p>\(bad)"
    }

    private func tools(_ list: TransferList) -> HTML {
        let places = list.places.map { (value: $0.id.text, text: "\($0.name) · \(words($0.level.phrase))") }
        let kinds = TransferKind.allCases.map { ($0.code, words($0 == .hotline ? .kindHotline : .kindLetter)) }
        let grades = TransferGrade.ofHotline.map { ($0.code, words($0.phrase)) }
        return """
            \(form("answer", Href("/desk/transfers/answers"), .transferAnswerAll, help: .transferAnswerHelp, .empty))\
            <details class="card narrow"\(open("import"))><summary><b>\(words(.transferImport))</b></summary>\
            <form class="stack" method="post" action="/desk/transfers/import" enctype="multipart/form-data">\
            \(Layout.token(context))<p class="help">\(words(.transferImportHelp))</p>\
            <div class="inline">\(Form.select("kind", label: words(.transferKind), kinds, chosen: value("import", "kind")))\
            \(text("import", "source", .transferSource, most: 40, help: .transferSourceHelp))</div>\
            \(Form.select("area", label: words(.transferWhere), places, chosen: value("import", "area")))\
            <div class="field"><label for="import-file">\(words(.transferFile))</label><input class="in" id="import-file" \
            type="file" name="file" accept=".csv,.xlsx,text/csv" required></div>\
            <button class="btn">\(words(.transferImport))</button></form></details>\
            \(form("take", Href("/desk/transfers"), .transferTake, """
                <div class="inline">\(Form.select("kind", label: words(.transferKind), kinds, chosen: value("take", "kind")))\
                \(text("take", "source", .transferSource, most: 40, help: .transferSourceHelp))\
                \(text("take", "number", .transferNumber, most: 60))</div>\
                <div class="inline">\(moment("take", "received", .transferReceived, required: true))\
                \(moment("take", "due", .transferDueGiven, required: false))\
                \(Form.select("grade", label: words(.transferGrade), grades, chosen: value("take", "grade")))</div>\
                \(Form.select("area", label: words(.transferWhere), places, chosen: value("take", "area")))\
                \(long("take", "words", .transferWords, most: 2000))\
                <div class="inline">\(text("take", "place", .transferPlace, most: 80, required: false))\
                \(text("take", "name", .transferName, most: 40, required: false))\
                \(text("take", "phone", .transferPhone, most: 20, required: false))</div>
                """))
            """
    }

    private func handOver() -> HTML {
        form(
            "handOver", Href("/desk/transfers/hand-over"), .transferHandOver, help: .transferHandOverHelp,
            """
            \(text("handOver", "case", .transferCaseNumber, most: 200))\
            \(text("handOver", "office", .transferOffice, most: 40))\(long("handOver", "why", .transferWhy, most: 200))
            """)
    }

    // MARK: One

    func one(_ view: TransferView) -> HTML {
        let t = view.transfer
        var facts: [(Phrase, HTML)] = [
            (.transferSource, "\(t.source)"), (.transferNumber, "<span class=num>\(t.number)</span>"),
            (.transferGrade, "\(words(t.grade.phrase))"), (.transferReceived, "\(say.moment(t.received))"),
        ]
        if t.direction == .incoming {
            facts.append((t.isGiven ? .transferDueGiven : .transferDueOwn, "\(say.deadline(t.due))"))
        }
        if let first = t.firstDue { facts.append((.transferFirstDue, "\(say.deadline(first))")) }
        if let day = t.informed, t.direction == .incoming {
            let taken: Phrase = t.accepted == nil ? .transferDeclines : .transferAccepts
            facts.append((.transferInformed, "\(say.day(Zone.shanghai.day(of: day))) · \(words(taken))"))
        }
        if !t.reason.isEmpty { facts.append((.transferWhy, "\(t.reason)")) }
        if let c = view.record {
            facts.append(
                (.transferCase, "<a href=\"\(Href("/desk/cases/", c.id.text))\">\(c.number) · \(c.title)</a>"))
        }
        if let answered = t.answered, t.direction == .incoming {
            facts.append((.transferAnsweredAt, "\(say.moment(answered))"))
            if !t.answer.isEmpty { facts.append((.transferAnswer, "\(t.answer)")) }
        }
        if let visited = t.visited {
            let told = words(
                .transferVisitedWords, words(t.reached.phrase), words(t.solved.phrase), words(t.satisfied.phrase))
            facts.append((.transferVisited, "\(say.moment(visited)) · \(told)"))
        }
        let rows = HTML.joined(
            facts.map { fact -> HTML in "<tr><th scope=\"row\">\(words(fact.0))</th><td>\(fact.1)</td></tr>" })
        let download: HTML = t.batch > 0 ? batch(t.batch, nil) : .empty
        return """
            <div class="stack"><p class="no-print"><a href="/desk/transfers">\(words(.transfersTitle))</a></p>\
            <div class="head"><h1>\(view.record?.title ?? t.number)</h1>\(state(t))</div>\
            \(Form.summary(kept.refusal, context))<div class="card scroll" tabindex="0"><table class="plain"><tbody>\(rows)\
            </tbody></table></div>\(download)\(view.mayEdit ? forms(t) : .empty)</div>
            """
    }

    func batch(_ id: Int64, _ count: Int?) -> HTML {
        let text = ID<TransferTag>(id).text
        let name = count.map { words(.transferBatch, String($0)) } ?? words(.transferDownload)
        return """
            <p class="btns"><a class="btn" href="\(Href("/desk/transfers/answers/", text, "?format=xlsx"))">\(name) XLSX</a>\
            <a class="btn" href="\(Href("/desk/transfers/answers/", text, "?format=csv"))">\(name) CSV</a></p>
            """
    }

    private func forms(_ t: Transfer) -> HTML {
        guard t.direction == .incoming else { return .empty }
        let here = Href("/desk/transfers/", t.id.text)
        let version: HTML = "<input type=hidden name=version value=\"\(t.version)\">"
        var result = HTML.empty
        if t.kind == .letter, t.informed == nil, t.answered == nil {
            let takes = [("yes", words(.transferAccepts)), ("no", words(.transferDeclines))]
            result += form(
                "inform", here, .transferInform,
                """
                \(version)<div class="inline">\(Form.select("takes", label: words(.transferTakes), takes, chosen: value("inform", "takes")))\
                \(day("inform", "day", .transferOn))</div>\(text("inform", "why", .transferWhy, most: 200, required: false))
                """)
        }
        if t.answered == nil, t.kind == .hotline || (t.accepted != nil && t.extensions == 0) {
            result += form(
                "extend", here, .transferExtend,
                """
                \(version)\(moment("extend", "due", .transferUntil, required: true))\(text("extend", "why", .transferWhy, most: 200))
                """)
        }
        if t.answered != nil {
            let findings = VisitFinding.allCases.map { ($0.code, words($0.phrase)) }
            result += form(
                "visit", here, .transferVisit,
                """
                \(version)\(day("visit", "day", .transferOn))<div class="inline">\
                \(Form.select("reached", label: words(.transferReached), findings, chosen: value("visit", "reached")))\
                \(Form.select("solved", label: words(.transferSolved), findings, chosen: value("visit", "solved")))\
                \(Form.select("satisfied", label: words(.transferSatisfied), findings, chosen: value("visit", "satisfied")))</div>
                """)
        }
        return result
    }

    // MARK: Fields

    private func value(_ way: String, _ name: String) -> String { kept.way == way ? kept.fields[name] ?? "" : "" }
    private func refusal(_ way: String) -> (any Refusal)? { kept.way == way ? kept.refusal : nil }
    private func open(_ way: String) -> HTML { kept.way == way ? " open" : .empty }

    private func form(_ way: String, _ action: Href, _ title: Phrase, help: Phrase? = nil, _ fields: HTML) -> HTML {
        let told: HTML = help.map { "<p class=\"help\">\(words($0))</p>" } ?? .empty
        return """
            <details class="card narrow"\(open(way))><summary><b>\(words(title))</b></summary>\
            <form class="stack" method="post" action="\(action)">\(Layout.token(context))\
            <input type=hidden name=way value="\(way)">\(told)\(fields)\
            <button class="btn">\(words(title))</button></form></details>
            """
    }

    private func field(_ way: String, _ name: String, _ label: Phrase, _ input: HTML, required: Bool) -> HTML {
        let aside: HTML = required ? .empty : " <span class=\"soft\">\(words(.optional))</span>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))\(aside)</label>\(input)\
            \(Form.error(refusal(way), for: name, context))</div>
            """
    }

    private func text(
        _ way: String, _ name: String, _ label: Phrase, most: Int, help: Phrase? = nil, required: Bool = true
    ) -> HTML {
        let need: HTML = required ? " required" : .empty
        let told: HTML = help.map { "<p class=\"help\">\(words($0))</p>" } ?? .empty
        return field(
            way, name, label,
            """
            <input class="in" id="\(way)-\(name)" name="\(name)" maxlength="\(most)"\(need) autocomplete=off \
            value="\(value(way, name))"\(Form.invalid(refusal(way), name))>\(told)
            """, required: required)
    }

    private func long(_ way: String, _ name: String, _ label: Phrase, most: Int) -> HTML {
        field(
            way, name, label,
            """
            <textarea class="in" rows="3" id="\(way)-\(name)" name="\(name)" maxlength="\(most)" required\
            \(Form.invalid(refusal(way), name))>\(value(way, name))</textarea>
            """, required: true)
    }

    private func moment(_ way: String, _ name: String, _ label: Phrase, required: Bool) -> HTML {
        let need: HTML = required ? " required" : .empty
        return field(
            way, name, label,
            """
            <input class="in" type="datetime-local" id="\(way)-\(name)" name="\(name)"\(need) \
            value="\(value(way, name))"\(Form.invalid(refusal(way), name))>
            """, required: required)
    }

    private func day(_ way: String, _ name: String, _ label: Phrase) -> HTML {
        field(
            way, name, label,
            """
            <input class="in" type="date" id="\(way)-\(name)" name="\(name)" required value="\(value(way, name))"\
            \(Form.invalid(refusal(way), name))>
            """, required: true)
    }
}

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
struct TransferPages: PageKit {
    let context: WebContext
    let say: Say
    let kept: KeptTransfer
    let look = PageLook.rights
    var way: String { kept.way }
    var refusal: (any Refusal)? { kept.refusal }
    func typed(_ field: String) -> [String] { kept.fields[field].map { [$0] } ?? [] }

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
        let tools: HTML =
            (list.places.isEmpty ? .empty : tools(list)) + (list.mayHandOver ? handOver() : .empty)
        return """
            <div class="stack"><div><h1>\(words(.transfersTitle))</h1><p class="soft">\(words(.transfersHelp))</p></div>\
            \(list.imported.map(imported) ?? .empty)\(missed(by: tools))\(tabs)\(body)\(more)\
            \(ExportLinks.make("transfers", context))\(tools)</div>
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
        let places = list.places.map { (value: $0.id.text, label: "\($0.name) · \(words($0.level.phrase))") }
        let kinds = TransferKind.allCases.map {
            (value: $0.code, label: words($0 == .hotline ? .kindHotline : .kindLetter))
        }
        let grades = TransferGrade.ofHotline.map { (value: $0.code, label: words($0.phrase)) }
        func kind(_ way: String) -> HTML {
            select(way, "kind", .transferKind, kinds, value: kinds.first?.value ?? "")
        }
        func source(_ way: String) -> HTML {
            text(way, "source", .transferSource, most: 40, help: words(.transferSourceHelp))
        }
        func place(_ way: String) -> HTML {
            select(way, "area", .transferWhere, places, value: places.first?.value ?? "")
        }
        let isImport = way == "import"
        let file: HTML = """
            <details class="card narrow"\(isImport ? " open" : .empty)><summary><b>\(words(.transferImport))</b></summary>\
            <form class="stack" method="post" action="/desk/transfers/import" enctype="multipart/form-data">\
            \(Layout.token(context))\(isImport ? Form.summary(refusal, context) : .empty)\(help(.transferImportHelp))\
            \(pair(kind("import"), source("import")))\(place("import"))\
            <div class="field"><label for="import-file">\(words(.transferFile))</label><input class="in" id="import-file" \
            type="file" name="file" accept=".csv,.xlsx,text/csv" required></div>\
            <button class="btn">\(words(.transferImport))</button></form></details>
            """
        let take = form(
            "take", Href("/desk/transfers"), .transferTake,
            pair(kind("take"), source("take"), text("take", "number", .transferNumber, most: 60)),
            pair(
                text("take", "received", .transferReceived, kind: .moment),
                text("take", "due", .transferDueGiven, kind: .moment, required: false),
                select("take", "grade", .transferGrade, grades, value: grades.first?.value ?? "")),
            place("take"), long("take", "words", .transferWords, most: 2000),
            pair(
                text("take", "place", .transferPlace, most: 80, required: false),
                text("take", "name", .transferName, most: 40, required: false),
                text("take", "phone", .transferPhone, most: 20, required: false)))
        return form("answer", Href("/desk/transfers/answers"), .transferAnswerAll, help(.transferAnswerHelp)) + file
            + take
    }

    private func handOver() -> HTML {
        form(
            "handOver", Href("/desk/transfers/hand-over"), .transferHandOver, help(.transferHandOverHelp),
            text("handOver", "case", .transferCaseNumber, most: 200),
            text("handOver", "office", .transferOffice, most: 40), long("handOver", "why", .transferWhy, most: 200))
    }

    private func help(_ phrase: Phrase) -> HTML { "<p class=\"help\">\(words(phrase))</p>" }

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
        let forms = view.mayEdit ? forms(t) : .empty
        return """
            <div class="stack"><p class="no-print"><a href="/desk/transfers">\(words(.transfersTitle))</a></p>\
            <div class="head"><h1>\(view.record?.title ?? t.number)</h1>\(state(t))</div>\
            \(missed(by: forms))<div class="card scroll" tabindex="0"><table class="plain"><tbody>\(rows)\
            </tbody></table></div>\(download)\(forms)</div>
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
        let hidden = [("version", String(t.version))]
        var result = HTML.empty
        if t.kind == .letter, t.informed == nil, t.answered == nil {
            let takes = [
                (value: "yes", label: words(.transferAccepts)), (value: "no", label: words(.transferDeclines)),
            ]
            result += form(
                "inform", here, .transferInform, hidden: hidden,
                pair(select("inform", "takes", .transferTakes, takes, value: "yes"), day("inform", "day", .transferOn)),
                text("inform", "why", .transferWhy, most: 200, required: false))
        }
        if t.answered == nil, t.kind == .hotline || (t.accepted != nil && t.extensions == 0) {
            result += form(
                "extend", here, .transferExtend, hidden: hidden,
                text("extend", "due", .transferUntil, kind: .moment), text("extend", "why", .transferWhy, most: 200))
        }
        if t.answered != nil {
            let findings = VisitFinding.allCases.map { (value: $0.code, label: words($0.phrase)) }
            func found(_ name: String, _ title: Phrase) -> HTML {
                select("visit", name, title, findings, value: findings.first?.value ?? "")
            }
            result += form(
                "visit", here, .transferVisit, hidden: hidden, day("visit", "day", .transferOn),
                pair(
                    found("reached", .transferReached), found("solved", .transferSolved),
                    found("satisfied", .transferSatisfied)))
        }
        return result
    }
}

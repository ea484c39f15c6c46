import Directory
import Kernel
import Web

/// What everybody may read without signing in: the ledger, the reply board, the key to the score, the poster.
struct PublicPages: Sendable {
    let context: WebContext
    let say: Say
    let publicURL: String
    var words: Words { context.words }

    init(_ context: WebContext, now: Instant, publicURL: String) {
        self.context = context
        say = Say(context.words, now: now)
        self.publicURL = publicURL
    }

    /// - Parameter forResidents: a page that residents reach by their bar, which it then keeps.
    func page(_ title: String, _ subtitle: String, _ main: HTML, forResidents: Bool = false) -> HTML {
        let isResident = forResidents && !context.actor.isStaff && context.actor.person != nil
        var page = Page(title: title, subtitle: subtitle, frame: isResident ? .resident(.ledger) : .open, main: main)
        if isResident { page.homeLink = Href("/home") }
        if context.actor.isStaff { page.homeLink = Href("/desk") }
        let name = subtitle == words(.ledgerOpen) ? words(.tabPublic) : subtitle
        page.documentTitle = title == words(.brand) ? name : "\(name) · \(title)"
        let place: HTML =
            context.actor.person == nil
            ? "<a class=\"btn\" href=\"/sign-in\">\(words(.signIn))</a>"
            : context.actor.isStaff ? "<a class=\"btn\" href=\"/desk\">\(words(.desk))</a>" : .empty
        page.end = Layout.elderSwitch(context) + place
        return Layout.render(page, context: context)
    }

    func choose(_ estates: [Area]) -> HTML {
        let rows = HTML.joined(
            estates.map {
                "<li><a class=\"row\" href=\"\(Href("/ledger/", $0.id.text))\"><b class=\"grow\">\($0.name)</b></a></li>"
                    as HTML
            })
        return page(
            words(.brand), words(.ledgerOpen),
            "<div class=\"stack\"><h1>\(words(.ledgerChoose))</h1><ul class=\"card rows\">\(rows)</ul></div>",
            forResidents: true)
    }

    private func share(_ yes: Int64, of all: Int64) -> String {
        guard all > 0 else { return words(.ledgerNoData) }
        let tenths = (yes * 1000 + all / 2) / all
        return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }

    func ledger(
        _ estate: Area, community: String, _ week: LedgerWeek, _ lines: [CaseHistoryStore.LedgerLine],
        _ replies: [CaseHistoryStore.Reply], more: CaseHistoryStore.LedgerCursor?
    ) -> HTML {
        let draw = CaseScore(say)
        let elder = Elder(context)
        let rows = lines.map { line -> HTML in
            let p = line.publication
            let took = line.solved.map { say.length(ms: $0.ms - line.registered.ms) } ?? ""
            let broken = ClockKind.allCases.contains { line.clocks[$0].isBroken(at: say.now) }
            let score = line.rated == 0 || line.rated == 6 ? words(.scoreNone) : words(CaseWords.score(line.rated))
            let late = ClockKind.allCases.compactMap { kind -> Int64? in
                guard let due = line.clocks[kind].due, let stopped = line.clocks[kind].stopped, stopped > due
                else { return nil }
                return stopped.ms - due.ms
            }.max()
            let state: HTML =
                broken
                ? "<span class=\"state late\">\(words(.over, say.length(ms: late ?? 0))) · \(score)</span>"
                : "<span class=\"state end\">\(words(.ledgerInTime)) · \(score)</span>"
            return """
                <li class="led-row"><span class="no num">\(line.number)</span><div class="what"><h3>\(p.title)</h3><p>\(p.place)\(p.place.isEmpty ? "" : " · ")\(p.body)</p></div><div class="took"><b class="num">\(took)</b><small>\(words(.ledgerReportedOn, say.day(Zone.shanghai.day(of: line.registered))))</small></div>\(state)\(draw.mini(.init(line)))</li>
                """
        }
        let code: HTML =
            QRCode("\(publicURL)/ledger/\(estate.id.text)").map { code in
                "<figure class=\"qr print-only\"><div class=\"qrcode\">\(code.svg(label: words(.ledgerScan)))</div><figcaption>\(words(.ledgerScan))</figcaption></figure>"
            } ?? .empty
        let board = HTML.joined(
            replies.map { reply -> HTML in
                """
                <div class="card qa"><h3>\(reply.question)</h3><p>\(reply.answer)</p><p class="small soft">\(words(.boardAnswered, reply.answeredBy, say.day(Zone.shanghai.day(of: reply.at))))</p></div>
                """
            })
        let next: HTML =
            more.map {
                "<p class=\"btns no-print after\"><a class=\"btn\" href=\"\(Href(Href("/ledger/", estate.id.text), query: [("before", $0.text)]))\">\(words(.ledgerMore))</a></p>"
            } ?? .empty
        let list: HTML =
            lines.isEmpty
            ? "<p class=\"card soft\">\(words(.ledgerNone))</p>"
            : "\(Score.miniStaff)\(elder.list(rows, "card led", words, after: next))"
        let boardSection: HTML =
            replies.isEmpty
            ? .empty
            : """
            <section aria-labelledby="b" class="board"><div class="head"><h2 id="b">\(words(.boardTitle))</h2><span class="soft small">\(words(.boardHidden))</span></div><div class="cols even">\(board)</div></section>
            """
        let facts: HTML = """
            <dl class="facts"><div><dt>\(words(.ledgerAttended))</dt><dd class="num">\(share(week.attended.kept, of: week.attended.kept + week.attended.late))</dd></div><div><dt>\(words(.ledgerHandled))</dt><dd class="num">\(share(week.handled.kept, of: week.handled.kept + week.handled.late))</dd></div><div><dt>\(words(.ledgerSatisfied))</dt><dd class="num">\(String(week.satisfied.yes)) / \(String(week.satisfied.all))</dd></div><div><dt>\(words(.ledgerOpenCases))</dt><dd class="num">\(words(.countCases, String(week.open)))</dd></div></dl>
            """
        let table: HTML =
            context.actor.may(.caseRead, at: estate.path)
            ? ExportLinks.make("ledger", context, filters: [("estate", estate.id.text)]) : .empty
        return page(
            estate.name, words(.ledgerOpen),
            """
            <div class="stack-l"><section class="masthead" aria-labelledby="h"><div><h1 id="h">\(words(.ledgerWeek, String(week.reported), String(week.struck)))</h1><p class="soft">\(words(.ledgerDates, say.day(week.from), say.day(week.to)))</p><p class="print-only">\(week.from.description) – \(week.to.description)</p></div>\(code)</section>
            \(elder.fold(words(.foldFigures), facts))
            <section aria-labelledby="l"><div class="head"><h2 id="l">\(words(.ledgerStruck))</h2><a class="no-print" href="/score">\(words(.ledgerHow))</a></div>\(list)\(table)</section>
            \(replies.isEmpty ? .empty : elder.fold(words(.boardTitle), boardSection))
            <footer class="print-only sign"><p>\(community) \(words(.ledgerSeal))</p><p>\(Zone.shanghai.day(of: say.now).description)</p></footer></div>
            """, forResidents: true)
    }

    func scoreKey() -> HTML {
        let legend = Score.legend(
            ScoreLegendWords(
                done: words(.legendDone), awaited: words(.legendAwaited), late: words(.legendLate),
                hold: words(.legendHold), hand: words(.legendHand), limit: words(.legendLimit),
                broken: words(.legendBroken), cut: words(.legendCut), stopped: words(.legendFermata),
                finished: words(.legendEnd)))
        // A leak that was mended in 27 minutes (A051), drawn by the same code as every case.
        let start = Instant(ms: 1_773_796_320_000)
        func at(_ minutes: Int) -> Instant { start.adding(minutes: minutes) }
        let trace = [
            TraceStep(at: at(0), kind: .reported, party: .resident, holder: .community),
            TraceStep(at: at(2), kind: .dispatched, party: .community, holder: .property),
            TraceStep(at: at(9), kind: .attended, party: .property, holder: .property),
            TraceStep(at: at(27), kind: .handled, party: .property, holder: .property),
            TraceStep(at: at(28), kind: .fedBack, party: .property, holder: .resident),
            TraceStep(at: at(34), kind: .rated, party: .resident, holder: .community),
            TraceStep(at: at(50), kind: .struckOff, party: .community, holder: .community),
        ]
        var record = CaseClocks()
        record.attend = .init(due: at(180), stopped: at(9))
        let source = CaseScore.Source(
            trace: trace, clocks: record, status: .struckOff, solved: at(27), registered: at(0))
        let figure = CaseScore(Say(words, now: at(60))).full(
            source, id: "leak", title: words(.scoreKey), told: .empty)
        return page(
            words(.brand), words(.ledgerHow),
            "<div class=\"stack\"><h1>\(words(.scoreKey))</h1><p class=\"soft\">\(words(.scoreLead))</p>\(legend)<section class=\"card\">\(figure)</section></div>",
            forResidents: true)
    }

    func poster(_ estate: Area, _ places: [Area], chosen: Area) -> HTML {
        let address = "\(publicURL)/report?poster=\(chosen.id.text)"
        let code: HTML =
            QRCode(address).map { "<div class=\"qrcode\">\($0.svg(label: words(.posterTitle)))</div>" } ?? .empty
        let options: [(value: String, text: String)] =
            [(estate.id.text, estate.name)] + places.map { ($0.id.text, $0.name) }
        return page(
            estate.name, words(.posterTitle),
            """
            <div class="stack"><form class="card inline no-print" method="get" action="/desk/poster">\(Form.select("place", label: words(.reportWhere), options, chosen: chosen.id.text))<button class="btn">\(words(.show))</button></form><section class="card poster stack"><h1>\(words(.askTitle))</h1><p>\(words(.posterLead))</p>\(code)<p><b>\(estate.name)\(chosen.id == estate.id ? "" : " \(chosen.name)")</b></p></section></div>
            """)
    }

    /// - Parameter standing: the newest of each estate, which can be taken down.
    func replies(
        _ estates: [Area], _ standing: [(Area, CaseHistoryStore.Reply)], _ refusal: (any Refusal)?,
        kept: [String: String]
    ) -> HTML {
        let rows = standing.map { estate, reply -> HTML in
            let href = Href("/desk/replies/", ID<CaseTag>(reply.id).text, "/remove")
            return """
                <li class="row"><span class="grow"><b>\(reply.question)</b><small>\(estate.name) · \(reply.answeredBy) · \
                \(say.moment(reply.at))</small></span><form method="post" action="\(href)">\(Layout.token(context))\
                <button class="btn" aria-label="\(words(.boardRemove)) \(reply.question)">\(words(.boardRemove))</button>\
                </form></li>
                """
        }
        let list: HTML =
            rows.isEmpty
            ? .empty
            : """
            <section class="stack-s"><h2>\(words(.boardStanding))</h2><ul class="card rows">\(HTML.joined(rows))</ul></section>
            """
        let choices = estates.map { ($0.id.text, $0.name) }
        let place: HTML =
            estates.count == 1
            ? "<input type=hidden name=estate value=\"\(estates[0].id.text)\">"
            : Form.select("estate", label: words(.joinEstate), choices, chosen: kept["estate"] ?? "")
        return page(
            estates.count == 1 ? estates[0].name : words(.brand), words(.boardAdd),
            """
            <div class="stack"><form class="card stack narrow" method="post" action="/desk/replies">\(Layout.token(context))<h1>\(words(.boardAdd))</h1>\(Form.summary(refusal, context))\(place)<div class="field"><label for="q">\(words(.boardQuestion))</label><input class="in" id="q" name="question"\(Form.invalid(refusal, "question")) maxlength="120" required value="\(kept["question"] ?? "")">\(Form.error(refusal, for: "question", context))</div><div class="field"><label for="a">\(words(.boardAnswer))</label><textarea class="in" id="a" name="answer"\(Form.invalid(refusal, "answer")) maxlength="1000" required>\(kept["answer"] ?? "")</textarea>\(Form.error(refusal, for: "answer", context))</div><div class="field"><label for="by">\(words(.boardBy))</label><input class="in" id="by" name="by"\(Form.invalid(refusal, "by")) maxlength="40" required value="\(kept["by"] ?? "")">\(Form.error(refusal, for: "by", context))<p class="help">\(words(.publishHelp))</p></div><button class="btn primary">\(words(.doPublish))</button></form>\(list)</div>
            """)
    }

    func statistics(
        _ estate: Area, _ estates: [Area], _ rows: [(what: DayCount, channel: Channel, n: Int64)]
    ) -> HTML {
        func sum(_ what: DayCount, _ channel: Channel?) -> Int64 {
            rows.filter { $0.what == what && (channel == nil || $0.channel == channel) }.reduce(0) { $0 + $1.n }
        }
        let body = HTML.joined(
            Channel.allCases.filter { $0 != .imported || sum(.reported, $0) > 0 }.map { channel -> HTML in
                "<tr><th scope=\"row\">\(words(DeskPages.channel(channel)))</th><td class=\"num\">\(sum(.reported, channel))</td><td class=\"num\">\(sum(.struckOff, channel))</td></tr>"
            })
        let choose: HTML =
            estates.count < 2
            ? .empty
            : "<form class=\"card inline no-print\" method=\"get\" action=\"/desk/statistics\">\(Form.select("estate", label: words(.joinEstate), estates.map { ($0.id.text, $0.name) }, chosen: estate.id.text))<button class=\"btn\">\(words(.show))</button></form>"
        return page(
            estate.name, words(.statisticsTitle),
            """
            <div class="stack">\(choose)<h1>\(words(.statisticsTitle))</h1><p class="soft">\(words(.statisticsDays)) · \(words(.statisticsSettled, String(sum(.settledAtLevel, nil)), String(sum(.escalated, nil))))</p><div class="card scroll" role="region" tabindex="0" aria-label="\(words(.statisticsTitle))"><table class="plain figures"><thead><tr><th scope="col">\(words(.statisticsChannel))</th><th scope="col">\(words(.statisticsReported))</th><th scope="col">\(words(.statisticsStruck))</th></tr></thead><tbody>\(body)<tr><th scope="row">\(words(.statisticsTotal))</th><td class="num">\(sum(.reported, nil))</td><td class="num">\(sum(.struckOff, nil))</td></tr></tbody></table></div>\(ExportLinks.make("statistics", context, filters: [("estate", estate.id.text)]))</div>
            """)
    }

    static func kind(_ kind: CategoryKind) -> Phrase {
        switch kind {
        case .repair: .kindRepair
        case .order: .kindOrder
        case .complaint: .kindComplaint
        case .dispute: .kindDispute
        case .consultation: .kindConsultation
        }
    }

    func policies(
        _ policies: [Policy], _ categories: [Category], _ estates: [Area], _ history: RuleHistory,
        _ refusal: (any Refusal)?, kept: [String: String]
    ) -> HTML {
        func name(_ id: Int64) -> String {
            categories.first { $0.id.raw == id }.map { words.pick(zh: $0.zh, en: $0.en) } ?? words(.policyAny)
        }
        let rows = HTML.joined(
            policies.map { p -> HTML in
                let kind = CategoryKind(rawValue: p.kind).map { words(Self.kind($0)) } ?? words(.policyAny)
                let urgency = Urgency(rawValue: p.urgency).map { words(DeskPages.urgency($0)) } ?? words(.policyAny)
                let area = estates.first { $0.id.raw == p.area }?.name ?? words(.policyAny)
                return
                    "<tr><td>\(area)</td><td>\(name(p.category))</td><td>\(kind)</td><td>\(urgency)</td><td class=\"num\">\(p.attendMinutes)</td><td class=\"num\">\(p.handleMinutes)</td><td class=\"num\">\(p.feedbackWorkdays)</td><td class=\"small\">\(p.source)</td></tr>"
            })
        func number(_ id: StaticString, _ phrase: Phrase) -> HTML {
            "<div class=\"field\"><label for=\"\(id.description)\">\(words(phrase))</label><input class=\"in\" id=\"\(id.description)\" name=\"\(id.description)\" inputmode=\"numeric\" maxlength=\"7\" required value=\"\(kept[id.description] ?? "")\"></div>"
        }
        let any = [("", words(.policyAny))]
        return page(
            words(.brand), words(.policyTitle),
            """
            <div class="stack"><h1>\(words(.policyTitle))</h1><p class="soft">\(words(.policyLead)) <a href="/desk/categories">\(words(.categoriesTitle))</a></p><div class="card scroll" role="region" tabindex="0" aria-label="\(words(.policyTitle))"><table class="plain"><thead><tr><th scope="col">\(words(.joinEstate))</th><th scope="col">\(words(.fieldKind))</th><th scope="col">\(words(.policyKind))</th><th scope="col">\(words(.fieldUrgency))</th><th scope="col">\(words(.policyAttend))</th><th scope="col">\(words(.policyHandle))</th><th scope="col">\(words(.policyFeedback))</th><th scope="col">\(words(.policySource))</th></tr></thead><tbody>\(rows)</tbody></table></div>\(ExportLinks.make("policies", context))
            <form class="card stack" method="post" action="/desk/policies">\(Layout.token(context))<h2>\(words(.policyAdd))</h2>\(Form.summary(refusal, context))<div class="inline">\(Form.select("area", label: words(.joinEstate), any + estates.map { ($0.id.text, $0.name) }, chosen: kept["area"] ?? ""))\(Form.select("category", label: words(.fieldKind), any + categories.filter { $0.retired == nil }.map { ($0.id.text, words.pick(zh: $0.zh, en: $0.en)) }, chosen: kept["category"] ?? ""))\(Form.select("kind", label: words(.policyKind), any + CategoryKind.allCases.map { (String($0.rawValue), words(Self.kind($0))) }, chosen: kept["kind"] ?? ""))\(Form.select("urgency", label: words(.fieldUrgency), any + Urgency.allCases.map { ($0.code, words(DeskPages.urgency($0))) }, chosen: kept["urgency"] ?? ""))</div><div class="inline">\(number("attend", .policyAttend))\(number("handle", .policyHandle))\(number("feedback", .policyFeedback))</div><div class="field"><label for="source">\(words(.policySource))</label><input class="in" id="source" name="source" maxlength="120" required value="\(kept["source"] ?? "")"></div>\(history.fields(start: kept["start"] ?? "", refusal, context))<button class="btn primary">\(words(.save))</button></form>\(history.html(Href("/desk/policies"), whyField: "source", context, say.now))</div>
            """)
    }
}

extension CaseScore.Source {
    init(trace: [TraceStep], clocks: CaseClocks, status: CaseStatus, solved: Instant?, registered: Instant) {
        self.trace = trace
        self.clocks = clocks
        self.status = status
        self.solved = solved
        self.registered = registered
        suspended = false
        holder = .community
        promise = nil
    }
}

import Directory
import Kernel
import Messaging
import Web

/// Pages of a resident: words a neighbour would use, the promise first, the process second.
struct ResidentPages: Sendable {
    let context: WebContext
    let say: Say
    private var words: Words { context.words }
    private var draw: CaseScore { CaseScore(say) }
    private var speak: CaseWords { CaseWords(say) }

    init(_ context: WebContext, now: Instant) {
        self.context = context
        say = Say(context.words, now: now)
    }

    private func page(
        _ title: String, _ subtitle: String, _ tab: Tab, _ main: HTML, narrow: Bool = false, named: String = ""
    ) -> HTML {
        var page = Page(title: title, subtitle: subtitle, frame: .resident(tab), main: main)
        page.narrow = narrow
        page.documentTitle = named
        page.homeLink = Href("/home")
        page.end = Layout.elderSwitch(context)
        return Layout.render(page, context: context)
    }

    // MARK: Home

    func home(
        _ mine: [CaseLine], _ joined: [CaseLine], _ messages: [InboxItem], _ week: LedgerWeek?,
        _ line: ServiceLine? = nil
    ) -> HTML {
        let hour = Zone.shanghai.msOfDay(say.now) / Instant.hourMs
        let greeting: Phrase = hour < 11 ? .morning : hour < 13 ? .noon : hour < 18 ? .afternoon : .evening
        let home = context.actor.homes.first
        let toRate = mine.filter { $0.status == .fedBack && $0.rated == 0 } + joined.filter { $0.status == .fedBack }
        let open = mine.filter { $0.status.isOpen }
        let rows = HTML.joined((open.isEmpty ? Array(mine.prefix(3)) : Array(open.prefix(4))).map(row))
        let all: HTML =
            toRate.count < 2 ? .empty : "<a class=\"elder-only\" href=\"/my/cases\">\(words(.allReports))</a>"
        let waiting: HTML =
            toRate.isEmpty
            ? .empty
            : """
            <section aria-labelledby="wait"><div class="head"><h2 id="wait">\(words(.waitingForYou))</h2><span class="soft not-elder">\(words(.countCases, String(toRate.count)))</span>\(all)</div>
            <ul class="card rows">\(HTML.joined(toRate.prefix(3).enumerated().map { rateRow($1, first: $0 == 0) }))</ul></section>
            """
        let inbox = HTML.joined(
            messages.prefix(5).map { item -> HTML in
                let link = Href(local: item.link) ?? Href("/messages")
                return """
                    <li><a class="row" href="\(link)"><span class="grow"><b>\(words(item.text))</b><small>\(say.moment(item.created))</small></span></a></li>
                    """
            })
        let reports: HTML =
            mine.isEmpty
            ? "<p class=\"card soft\">\(words(.noReports))</p>"
            : "\(Score.miniStaff)<ul class=\"card rows\">\(rows)</ul>"
        let estate: HTML =
            week.map { week in
                "<p class=\"help\"><a href=\"/ledger\">\(words(.ledgerWeek, String(week.reported), String(week.struck)))</a></p>"
            } ?? .empty
        let main: HTML = """
            <div class="cols"><div class="stack-l">
            <section class="stack" aria-labelledby="hi"><h1 id="hi">\(words(.hello, context.actor.name, words(greeting)))</h1>
            <a class="ask" href="/report"><b>\(words(.askTitle))</b><span>\(words(.askLead))</span><i class="btn primary tall">\(words(.askButton))</i></a></section>
            \(waiting)\(call(line))
            <section class="not-elder" aria-labelledby="mine"><div class="head"><h2 id="mine">\(words(.myReports))</h2><a href="/my/cases">\(words(.allReports))</a></div>\(reports)</section>
            </div>
            <section class="not-elder" aria-labelledby="in"><div class="head"><h2 id="in">\(words(.messages))</h2><a href="/messages">\(words(.allReports))</a></div>
            \(messages.isEmpty ? "<p class=\"card soft\">\(words(.noMessages))</p>" as HTML : "<ul class=\"card rows\">\(inbox)</ul>" as HTML)\(estate)</section></div>
            """
        return page(
            home?.estateName ?? words(.brand), home?.label ?? "", .home, main, named: words(.tabHome))
    }

    /// The way to the service desk by telephone.
    private func call(_ line: ServiceLine?) -> HTML {
        line.map {
            "<p class=\"btns\"><a class=\"btn\" href=\"\(Href(telephone: $0.phone))\" title=\"\(words(.callNumber, $0.name, $0.phone))\">\(words(.callSteward))</a></p>"
        } ?? .empty
    }

    private func rateRow(_ line: CaseLine, first: Bool) -> HTML {
        let more: HTML = first ? .empty : " not-elder"
        let length = line.solved.map { say.moment($0) } ?? ""
        return """
            <li class="row\(more)"><span class="grow"><b>\(words(.rateThis, line.title))</b><small>\(length) · \(line.assigneeName)</small></span><a class="btn" href="\(Href("/my/cases/", line.id.text, "#rate"))">\(words(.rateButton))</a></li>
            """
    }

    private func row(_ line: CaseLine) -> HTML {
        let detail = promise(line)
        return """
            <li><a class="row" href="\(Href("/my/cases/", line.id.text))"><span class="grow"><b>\(line.title)</b><small>\(detail)</small></span>\(speak.state(line, forStaff: false))\(draw.mini(.init(line)))</a></li>
            """
    }

    private func promise(_ line: CaseLine) -> String {
        if line.status == .dispatched, let at = line.promise ?? line.clocks.attend.due, at > say.now {
            let text = words(.promiseBy, say.deadline(at), words(.clockAttend))
            return line.assigneeName.isEmpty ? text : "\(line.assigneeName) \(text)"
        }
        return words(.reportedAt, say.moment(line.registered), line.place)
    }

    func messages(_ items: [InboxItem]) -> HTML {
        let rows = HTML.joined(
            items.map { item -> HTML in
                let link = Href(local: item.link) ?? Href("/messages")
                let fresh: HTML = item.isRead ? .empty : "<span class=\"state wait\">\(words(.unread))</span>"
                return """
                    <li><a class="row" href="\(link)"><span class="grow"><b>\(words(item.text))</b><small>\(say.time(item.created))</small></span>\(fresh)</a></li>
                    """
            })
        let list: HTML =
            items.isEmpty ? "<p class=\"card soft\">\(words(.noMessages))</p>" : "<ul class=\"card rows\">\(rows)</ul>"
        return page(
            words(.messages), "", .home, "<h1 class=\"sr\">\(words(.messages))</h1>\(list)", narrow: true)
    }

    func list(_ mine: [CaseLine], _ joined: [CaseLine]) -> HTML {
        let own: HTML =
            mine.isEmpty
            ? "<p class=\"card soft\">\(words(.noReports))</p>"
            : Elder(context).list(mine.map(row), "card rows", words)
        let others: HTML =
            joined.isEmpty
            ? .empty
            : """
            <section aria-labelledby="jo"><h2 id="jo">\(words(.joinedTitle))</h2><ul class="card rows">\(HTML.joined(joined.map(row)))</ul></section>
            """
        return page(
            words(.tabProgress), words(.myReports), .progress,
            """
            \(Score.miniStaff)<div class="stack-l"><section class="stack"><h1>\(words(.myReports))</h1>\(own)</section>\(others)<p><a href="/look-up">\(words(.lookUpTitle))</a></p></div>
            """)
    }

    // MARK: Report

    struct ReportForm: Sendable {
        var key: String
        var what = ""
        var category = ""
        var place = ""
        var area = ""
        var areas: [(value: String, text: String)] = []
        var anonymous = false
        var refusal: (any Refusal)?
        var similar: [(id: CaseID, text: String)] = []
        var poster: String?
        var phone: String = ""
    }

    func report(_ form: ReportForm, _ categories: [Category]) -> HTML {
        let hints = JSON.array(
            categories.map { category in
                .array([
                    .string(category.id.text), .array(category.hints.split(separator: " ").map { .string(String($0)) }),
                ])
            }
        ).text
        let kinds = Form.chips(
            "category",
            categories.map { ($0.id.text, words.pick(zh: $0.zh, en: $0.en)) }, chosen: form.category)
        let signedIn = context.actor.person != nil
        let similar: HTML =
            form.similar.isEmpty
            ? .empty
            : """
            <section class="card stack-s" aria-labelledby="sim"><h2 id="sim">\(words(.reportSimilar))</h2>\(HTML.joined(form.similar.map { item in "<form class=\"row\" method=\"post\" action=\"\(Href("/cases/", item.id.text, "/join"))\">\(Layout.token(context))<span class=\"grow\">\(item.text)</span><button class=\"btn\">\(words(.reportMeToo))</button></form>" as HTML }))</section>
            """
        let whereabouts: HTML =
            form.areas.isEmpty
            ? "<p class=\"note\">\(words(.reportNoHome)) <a href=\"/me/join\">\(words(.joinTitle))</a></p>"
            : "<div class=\"chips\">\(Form.chips("area", form.areas, chosen: form.area))</div>"
        let poster: HTML =
            form.poster.map { "<input type=hidden name=poster value=\"\($0)\">" } ?? .empty
        let anonymous: HTML = """
            <label class="chip"><input type="checkbox" name="anonymous" value="1"\(form.anonymous || !signedIn ? " checked" as HTML : .empty)><span>\(words(.reportAnonymous))</span></label>\
            <p class="help">\(words(.reportAnonymousHelp))</p>
            """
        let main: HTML = """
            <h1 class="sr">\(words(.askButton))</h1><div class="stack">\(similar)
            <form class="card stack report" method="post" action="/report" enctype="multipart/form-data" autocomplete="off" data-offline>\(Layout.token(context))<input type=hidden name=key value="\(form.key)">\(poster)
            \(Form.summary(form.refusal, context))
            <fieldset class="field"><legend>\(words(.reportPhoto)) <small class="soft">\(words(.reportPhotoOptional))</small></legend>
            <div class="shots"><label class="add"><input type="file" name="photo" accept="image/*" multiple><span>\(words(.reportPhotoAdd))</span></label></div><p class="help" data-count="\(words(.reportPhotoCount, "{0}"))" aria-live="polite"></p>\(Form.error(form.refusal, for: "photo", context))</fieldset>
            <div class="field"><label for="what">\(words(.reportWhat))</label><textarea class="in" id="what" name="what" rows="2" maxlength="2000" required placeholder="\(words(.reportWhatHint))"\(Form.invalid(form.refusal, "what"))>\(form.what)</textarea>\(Form.error(form.refusal, for: "what", context))
            <details class="suggest not-elder"\(form.category.isEmpty ? .empty : " open" as HTML)><summary>\(words(.reportKind)) <small class="soft">\(words(.reportKindOptional))</small><b data-kind></b></summary><fieldset><legend class="sr">\(words(.reportKind))</legend><div class="chips" data-kinds="\(hints)">\(kinds)</div></fieldset></details></div>
            <fieldset class="field"><legend>\(words(.reportWhere))</legend>\(whereabouts)\(Form.error(form.refusal, for: "area", context))</fieldset>
            <div class="field not-elder"><label for="place">\(words(.reportPlaceMore)) <small class="soft">\(words(.optional))</small></label><input class="in" id="place" name="place" maxlength="80" value="\(form.place)" placeholder="\(words(.reportPlaceHint))"\(Form.invalid(form.refusal, "place"))>\(Form.error(form.refusal, for: "place", context))</div>
            <div class="not-elder">\(anonymous)</div>
            <div class="send"><button class="btn primary tall wide">\(words(.send))</button><p class="note" data-kept hidden role="status">\(words(.reportKept))</p><p class="help not-elder">\(words(.reportSafe))</p></div>
            </form></div>
            """
        return page(words(.askButton), words(.reportLead), .report, main, narrow: true)
    }

    func code(_ code: String, _ id: CaseID) -> HTML {
        page(
            words(.codeTitle), "", .progress,
            """
            <section class="card stack"><h1>\(words(.codeTitle))</h1><p class="code-box">\(code)</p><p>\(words(.codeLead))</p><p class="btns"><a class="btn primary" href="\(Href("/look-up", query: [("code", code)]))">\(words(.lookUpButton))</a></p></section>
            """, narrow: true)
    }

    func lookUp(_ code: String, _ refusal: (any Refusal)?) -> HTML {
        page(
            words(.lookUpTitle), "", .progress,
            """
            <form class="card stack" method="get" action="/look-up"><h1>\(words(.lookUpTitle))</h1><div class="field"><label for="code">\(words(.lookUpCode))</label><input class="in" id="code" name="code" maxlength="40" autocapitalize="characters" autocomplete="off" value="\(code)"\(Form.invalid(refusal, "code"))>\(Form.error(refusal, for: "code", context))</div><button class="btn primary wide">\(words(.lookUpButton))</button></form>
            """, narrow: true)
    }

    // MARK: A case

    /// - Parameters:
    ///   - code: the look-up code, when an anonymous reporter looks.
    ///   - key: one that no form had before, so that what is sent twice stands once.
    func caseView(_ view: CaseView, code: String?, key: String, kept: KeptStep = .none) -> HTML {
        let c = view.record
        let action = code == nil ? Href("/my/cases/", c.id.text) : Href("/look-up")
        let codeField: HTML = code.map { "<input type=hidden name=code value=\"\($0)\">" } ?? .empty
        let isReporter =
            code == nil ? c.reporter == context.actor.person : view.followedFrom == nil
        let rate = rating(view, action, codeField, isReporter: isReporter, kept)
        let changes: HTML = isReporter ? changes(view, action, codeField, key, kept) : .empty
        // While an answer is asked for, it stands right under the promise.
        let asked = c.status == .fedBack && c.rated == 0
        let main: HTML = """
            <div class="cols"><article class="stack" aria-labelledby="t"><div><h1 id="t">\(c.title)</h1><p class="soft small">\(words(.reportedAt, say.moment(c.registered), c.place.words))</p></div>\(kept.told(above: rate + changes, context))
            \(promiseCard(view))\(asked ? rate : .empty)
            <blockquote class="say"><p>\(c.body)</p></blockquote>\(photos(view, code: code))
            </article><div class="stack"><section class="card not-elder" aria-labelledby="pu"><h2 id="pu">\(words(.wayTitle))</h2>\(draw.full(.init(c), id: "s", title: c.title, told: told(view, forStaff: false)))</section>
            \(asked ? .empty : rate)\(changes)</div></div>
            """
        return page(words(.tabProgress), words(.myReports), .progress, main, named: c.title)
    }

    private func promiseCard(_ view: CaseView) -> HTML {
        let c = view.record
        var lead: String
        var state: HTML
        switch c.status {
        case .reported, .triaged, .dispatched:
            let at = c.promise ?? c.clocks.attend.due
            lead = at.map { words(.promiseBy, say.deadline($0), words(.clockAttend)) } ?? words(.promiseNone)
            // A promise never hides that the limit is over.
            let limit = c.clocks.attend.stopped == nil ? c.clocks.attend.due : nil
            state = (limit.flatMap { $0 < say.now ? $0 : nil } ?? at).map(left) ?? .empty
        case .attended:
            lead =
                c.clocks.handle.due.map { words(.promiseBy, say.deadline($0), words(.eventHandled)) }
                ?? words(.promiseNone)
            state = c.clocks.handle.due.map(left) ?? .empty
        case .handled:
            lead =
                c.clocks.feedback.due.map { words(.promiseBy, say.deadline($0), words(.clockFeedback)) }
                ?? words(.promiseDone)
            state = .empty
        default:
            lead = words(CaseWords.status(c.status, forStaff: false, rated: c.rated))
            state = speak.state(
                c.status, suspended: false, rated: c.rated, solved: c.solved, registered: c.registered,
                forStaff: false)
            if c.status == .fedBack, let solved = c.solved {
                let took = words(.tookLength, say.length(ms: solved.ms - c.registered.ms))
                state = "<span class=\"state end\">\(took)</span>"
            }
        }
        if let pause = view.pause {
            lead = words(.promiseWaiting, words(DeskPages.reason(pause.reason)))
            state =
                "<span class=\"state stop\">\(pause.expected.map { words(.pausedUntil, say.moment($0)) } ?? words(.statusPaused))</span>"
        }
        let answer: HTML =
            view.events.last { $0.kind == .fedBack || $0.kind == .returned }.map {
                "<p><b>\(words(.answerWas))</b> \($0.words)</p>"
            } ?? .empty
        let goesOn: HTML =
            view.mergedInto.map {
                "<p>\(words(.mergedOn)) <a href=\"\(Href("/my/cases/", $0.id.text))\">\(words(.mergedSee))</a></p>"
            } ?? (c.status == .merged || view.followedFrom != nil ? "<p>\(words(.mergedElsewhere))</p>" : .empty)
        let fast: HTML =
            view.category.fastLane && (c.status == .reported || c.status == .triaged || c.status == .dispatched)
            ? "<p class=\"note ok\">\(words(.fastLane))</p>" : .empty
        let open = c.status.isOpen
        // Whoever has it is called where they work: nobody's own number is shown.
        let work: HTML =
            view.workLine.map {
                "<a class=\"btn\" href=\"\(Href(telephone: $0.phone))\" title=\"\(words(.callNumber, $0.name, $0.phone))\">\(words(.callDesk, c.assigneeName))</a>"
            } ?? .empty
        let isSame = view.workLine?.phone == view.serviceLine?.phone && !c.assigneeName.isEmpty
        let desk = isSame ? .empty : call(view.serviceLine)
        let person: HTML =
            c.assigneeName.isEmpty
            ? .empty
            : """
            <div class="person"><span class="face" aria-hidden="true">\(c.assigneeName.prefix(1))</span><span class="grow"><b>\(c.assigneeName)</b><small>\(words(.whoComes)) · \(words((c.assigneeParty ?? .property).phrase))</small></span>\(work)</div>
            """
        return """
            <section class="card promise stack-s" aria-labelledby="pr"><h2 id="pr" class="lead">\(lead)</h2><p>\(state)</p>\(goesOn)\(answer)\(fast)\(person)\(open ? desk : .empty)</section>
            """
    }

    private func left(_ due: Instant) -> HTML {
        let gap = due.ms - say.now.ms
        return gap >= 0
            ? "<span class=\"state wait\">\(words(.left, say.length(ms: gap)))</span>"
            : "<span class=\"state late\">\(words(.over, say.length(ms: -gap)))</span>"
    }

    func told(_ view: CaseView, forStaff: Bool) -> HTML {
        let rows = view.events.filter { forStaff || ($0.open && $0.kind != .warned) }.map { event -> HTML in
            let who = event.actorName.isEmpty ? words(event.party.phrase) : event.actorName
            let stands = event.actedFor.isEmpty ? who : words(.actedFor, who, event.actedFor)
            let name = forStaff || event.party != .resident ? stands : words(event.party.phrase)
            let label = words(CaseScore.label(event.kind))
            let said = ClockKind.allCases.first { $0.code == event.words }
            let detail = said.map { words(CaseScore.clock($0)) } ?? event.words
            let colon = words.language == .zh ? "：" : ": "
            let text = detail.isEmpty || (!forStaff && !event.open) ? label : "\(label)\(colon)\(detail)"
            return
                "<li><span class=\"num\">\(say.time(event.at))</span><span>\(words(event.party.phrase))</span><span>\(name) \(text)</span></li>"
        }
        return "<ol class=\"told\">\(HTML.joined(rows))</ol>"
    }

    func photos(_ view: CaseView, code: String? = nil) -> HTML {
        guard !view.photos.isEmpty else { return .empty }
        let items = view.photos.enumerated().map { index, photo -> HTML in
            let alt = words(.photoOf, String(index + 1))
            let query: [(StaticString, String)] = [("code", code ?? "")]
            let small = Href(Href("/photos/", ID<CaseTag>(photo.id).text, "/small"), query: query)
            let full = Href(Href("/photos/", ID<CaseTag>(photo.id).text), query: query)
            let mark: HTML = photo.isEvidence ? "<i>\(words(.photoEvidence))</i>" : .empty
            return
                "<a class=\"shot\" href=\"\(full)\"><img src=\"\(small)\" alt=\"\(alt)\" width=\"84\" height=\"84\" loading=\"lazy\">\(mark)</a>"
        }
        return
            "<section aria-label=\"\(words(.photosTitle))\"><div class=\"shots\">\(HTML.joined(items))</div></section>"
    }

    private func changes(
        _ view: CaseView, _ action: Href, _ code: HTML, _ key: String, _ kept: KeptStep
    ) -> HTML {
        let c = view.record
        guard c.status.isOpen, c.status != .fedBack else { return .empty }
        func typed(_ step: String) -> (text: String, mark: HTML, told: HTML, open: HTML) {
            let wrong = kept.wrong(step, "words", context)
            return (kept.first(step, "words") ?? "", wrong.mark, wrong.told, kept.step == step ? " open" : .empty)
        }
        let (why, more) = (typed("withdraw"), typed("note"))
        let withdraw: HTML =
            CaseRules.statuses(for: .withdraw).contains(c.status)
            ? """
            <details\(why.open)><summary>\(words(.withdrawTitle))</summary><form class="stack-s" method="post" action="\(action)">\(Layout.token(context))\(code)\(KeptStep.field("withdraw"))<div class="field"><label for="why">\(words(.withdrawWhy))</label><input class="in" id="why" name="words" maxlength="500" required value="\(why.text)"\(why.mark)>\(why.told)</div><button class="btn">\(words(.withdrawButton))</button></form></details>
            """ : .empty
        let add: HTML = """
            <details\(more.open)><summary>\(words(.addPhoto))</summary><form class="stack-s" method="post" action="\(action)" enctype="multipart/form-data">\(Layout.token(context))\(code)\(KeptStep.field("note"))<input type=hidden name=key value="\(key)"><div class="field"><label for="more">\(words(.fieldWords))</label><textarea class="in" id="more" name="words" maxlength="500"\(more.mark)>\(more.text)</textarea>\(more.told)</div><div class="shots"><label class="add"><input type="file" name="photo" accept="image/*" multiple><span>\(words(.reportPhotoAdd))</span></label></div>\(kept.wrong("note", "photo", context).told)<button class="btn">\(words(.addSend))</button></form></details>
            """
        let elder = Elder(context)
        return """
            <div>\(elder.fold(words(.deskMore), "\(add)\(withdraw)", open: kept.isIn(add + withdraw)))</div>
            """
    }

    private func rating(
        _ view: CaseView, _ action: Href, _ code: HTML, isReporter: Bool, _ kept: KeptStep
    ) -> HTML {
        let c = view.record
        let me =
            isReporter
            ? c.reporter?.raw ?? 0 : view.followedFrom.map { -$0.raw } ?? context.actor.person?.raw ?? 0
        if let mine = view.ratings.last(where: { $0.round == c.round && $0.person == me }) {
            return """
                <section class="card stack-s" id="rate"><h2>\(words(.yourRating, words(CaseWords.score(mine.score))))</h2><p>\(mine.words)</p>\(isReporter && c.status == .fedBack ? reopen(action, code, kept) : .empty)</section>
                """
        }
        if c.status == .returned, isReporter {
            return "<section class=\"card stack-s\" id=\"rate\">\(reopen(action, code, kept))</section>"
        }
        guard c.status == .fedBack else { return .empty }
        let scores: [(value: String, text: String)] = (1...5).reversed().map {
            (String($0), words(CaseWords.score(Int64($0))))
        }
        let said = kept.wrong("rate", "words", context)
        return """
            <section class="card stack" id="rate" aria-labelledby="r"><h2 id="r">\(words(.rateTitle))</h2>
            <form class="stack" method="post" action="\(action)">\(Layout.token(context))\(code)\(KeptStep.field("rate"))
            <fieldset><legend class="sr">\(words(.rateTitle))</legend><div class="rate">\(Form.chips("score", scores, chosen: kept.first("rate", "score") ?? "5"))</div></fieldset>
            <div class="field\(kept.step == "rate" ? .empty : " not-elder" as HTML)"><label for="say">\(words(.rateHint)) <small class="soft">\(words(.optional))</small></label><textarea class="in" id="say" name="words" rows="2" maxlength="500"\(said.mark)>\(kept.first("rate", "words") ?? "")</textarea>\(said.told)</div>
            <button class="btn primary wide">\(words(.rateSend))</button></form>\(isReporter ? reopen(action, code, kept) : .empty)</section>
            """
    }

    private func reopen(_ action: Href, _ code: HTML, _ kept: KeptStep) -> HTML {
        let wrong = kept.wrong("reopen", "words", context)
        let unfolded: HTML = kept.step == "reopen" ? " open" : .empty
        return """
            <details\(unfolded)><summary>\(words(.reopenTitle))</summary><form class="stack-s" method="post" action="\(action)">\(Layout.token(context))\(code)\(KeptStep.field("reopen"))<div class="field"><label for="rw">\(words(.fieldReason))</label><textarea class="in" id="rw" name="words" maxlength="500" required\(wrong.mark)>\(kept.first("reopen", "words") ?? "")</textarea>\(wrong.told)</div><p class="help">\(words(.reopenHelp))</p><button class="btn">\(words(.reopenButton))</button></form></details>
            """
    }
}

/// The seven days on top of the ledger.
package struct LedgerWeek: Sendable {
    package var reported: Int64 = 0
    package var struck: Int64 = 0
    package var attended: (kept: Int64, late: Int64) = (0, 0)
    package var handled: (kept: Int64, late: Int64) = (0, 0)
    package var satisfied: (yes: Int64, all: Int64) = (0, 0)
    package var open: Int64 = 0
    package var from: Day
    package var to: Day
}

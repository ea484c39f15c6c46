import Directory
import Kernel
import Web

/// The staff desk: queues, the list by time left, the case with its one next action.
struct DeskPages: Sendable {
    let context: WebContext
    let say: Say
    private var words: Words { context.words }
    private var draw: CaseScore { CaseScore(say) }
    private var speak: CaseWords { CaseWords(say) }

    private let drawn: DrawnRows

    init(_ context: WebContext, now: Instant, drawn: DrawnRows = DrawnRows()) {
        self.context = context
        self.drawn = drawn
        say = Say(context.words, now: now)
    }

    static func reason(_ reason: PauseReason) -> Phrase {
        switch reason {
        case .waitingForOwner: .reasonOwner
        case .waitingForParts: .reasonParts
        case .waitingForFund: .reasonFund
        case .waitingForVote: .reasonVote
        case .weather: .reasonWeather
        case .other: .reasonOther
        }
    }

    static func urgency(_ urgency: Urgency) -> Phrase {
        switch urgency {
        case .normal: .urgencyNormal
        case .urgent: .urgencyUrgent
        case .emergency: .urgencyEmergency
        }
    }

    static func level(_ level: AreaLevel) -> Phrase {
        switch level {
        case .community: .levelCommunity
        case .street: .levelStreet
        case .district, .city, .province: .levelDistrict
        default: .levelEstate
        }
    }

    static func channel(_ channel: Channel) -> Phrase {
        switch channel {
        case .mobile: .channelMobile
        case .hotline: .channelHotline
        case .frontDesk: .channelFrontDesk
        case .visit: .channelVisit
        case .meeting: .channelMeeting
        case .suggestionBox: .channelSuggestionBox
        case .opinionBook: .channelOpinionBook
        case .messageBoard: .channelMessageBoard
        case .chatGroup: .channelChatGroup
        case .patrol: .channelPatrol
        case .imported: .channelImported
        case .letter: .channelLetter
        }
    }

    /// What the address of a desk says.
    struct Filter: Sendable {
        var queue = ""
        var category = ""
        var search = ""
        var after = ""

        func href(queue: String? = nil) -> Href {
            Href(
                "/desk",
                query: [("queue", queue ?? self.queue), ("category", category), ("q", queue == nil ? search : "")])
        }

        /// What follows a case's address, so that the list stays as it is.
        var tail: Href { Href("", query: [("queue", queue), ("category", category), ("q", search)]) }
    }

    static let queues: [(code: String, phrase: Phrase, tally: [Int64], verb: Verb?)] = [
        ("", .queueAll, [1, 2, 3, 4, 5, 6, 8], nil),
        ("intake", .statusReported, [1], nil),
        ("dispatch", .statusTriaged, [2], nil),
        ("handling", .queueHandling, [3], nil),
        ("soon", .queueSoon, [CaseStore.soonTally], nil),
        ("feedback", .statusHandled, [4], nil),
        ("rating", .statusFedBackStaff, [5], nil),
        ("paused", .statusPaused, [8], nil),
        ("strikeOff", .statusToStrikeOff, [6], .caseStrikeOff),
        ("publication", .queuePublication, [7], .casePublish),
    ]

    struct Desk: Sendable {
        var filter: Filter
        var tallies: [Int64: Int64]
        var rows: [Row]
        /// Whether the list goes on after the last row.
        var hasMore: Bool
        var categories: [Category]
        /// Categories that imports brought, for the filter only.
        var imported: [Category] = []
        var current: CaseView?
        var tools: Tools?
        /// The form that was refused and comes back.
        var kept = KeptStep.none
        var shownPhone: String?
        var title: String
        /// Where the open case came from, with a number and a limit of its own.
        var origin: CaseOrigin?
        /// Hand-over notes that nobody has taken yet.
        var notes = 0
        /// The words of the template that was picked.
        var filled: FilledTemplate?
    }

    /// A row of the list: what it shows as drawn before, or the line to draw it from.
    struct Row: Sendable {
        var place: CaseStore.DeskPlace
        var drawn: HTML?
        var line: CaseLine?
    }

    /// Beside an open case the list shows its neighbourhood: what is on the way of the eye, not all of it.
    static func near(_ current: CaseID?, _ places: [CaseStore.DeskPlace]) -> Range<Int> {
        guard let current, places.count > neighbours else { return 0..<places.count }
        let at = places.firstIndex { $0.id == current } ?? 0
        let start = max(0, min(at - neighbours / 3, places.count - neighbours))
        return start..<start + neighbours
    }
    private static let neighbours = 20

    /// What the forms of a case offer.
    struct Tools: Sendable {
        var colleagues: [Colleague]
        var organisations: [Organisation]
        var mergeable: [(id: CaseID, title: String, place: String)]
        /// The actor stands in for the one to whom it was given, who is away.
        var standsIn = false
        /// What may be said in the forms of this case.
        var templates: [ReplyTemplate] = []
        var estate = ""
    }

    func desk(_ desk: Desk) -> HTML {
        let filter = desk.filter
        let elder = Elder(context)
        let open: [(code: String, link: HTML)] = Self.queues.compactMap { queue in
            if let verb = queue.verb, !context.actor.may(verb) { return nil }
            let count = queue.tally.reduce(Int64(0)) { $0 + (desk.tallies[$1] ?? 0) }
            let current: HTML = queue.code == filter.queue ? " aria-current=page" : ""
            let hot: HTML = queue.code == "soon" && count > 0 ? " hot" : ""
            let link: HTML =
                "<a href=\"\(filter.href(queue: queue.code))\"\(current)><span>\(words(queue.phrase))</span><b class=\"num\(hot)\">\(count)</b></a>"
            return (queue.code, link)
        }
        // All, what is due soon and the one that is open: the rest behind a fold for those who read large type.
        let near = open.filter { !elder.isOn || ["", "soon", filter.queue].contains($0.code) }
        let far = elder.isOn ? open.filter { !["", "soon", filter.queue].contains($0.code) } : []
        let queues =
            HTML.joined(near.map(\.link))
            + (far.isEmpty ? .empty : elder.fold(words(.foldQueues), HTML.joined(far.map(\.link))))
        let now = desk.current?.record.id
        let tail = filter.tail
        var fresh: [(CaseStore.DeskPlace, HTML)] = []
        let jobs = desk.rows.map { row -> HTML in
            var inner = row.drawn
            if inner == nil, let line = row.line {
                let made = self.row(line)
                fresh.append((row.place, made))
                inner = made
            }
            return job(row.place.id, inner ?? .empty, tail, current: row.place.id == now)
        }
        drawn.keep(fresh, at: say.now, in: words.language)
        let more: HTML =
            !desk.hasMore
            ? .empty
            : desk.rows.last.map { last in
                "<p class=\"lh\"><a class=\"btn\" href=\"\(Href(filter.href(), query: [("after", "\(last.place.due.ms)-\(last.place.id.text)")]))\">\(words(.deskMoreRows))</a></p>"
            } ?? .empty
        let list: HTML =
            desk.rows.isEmpty
            ? "<p class=\"lh soft\">\(words(.deskEmpty))</p>"
            : "\(Score.miniStaff)\(elder.list(jobs, "jobs", words, after: more))"
        let menu = menu()
        let caseHTML: HTML =
            desk.current.map { caseView($0, desk, menu) }
            ?? "<section class=\"case stack not-thumb\" id=\"case\" aria-label=\"\(words(.deskMenu))\"><p class=\"soft\">\(words(.deskPick))</p>\(menu)\(Layout.foot(context, elder: true))</section>"
        let pane: HTML = desk.current == nil ? .empty : " open-case"
        var page = Page(title: words(.desk), frame: .desk, main: .empty)
        page.rawHeader = header(desk)
        page.sheet = .desk
        if let current = desk.current { page.documentTitle = "\(current.record.title) · \(words(.desk))" }
        page.rawMain = """
            <main class="panes\(pane)" id="main"><h1 class="sr">\(words(.desk))</h1>
            <nav class="queues" aria-label="\(words(.deskQueues))">\(queues)</nav>
            <section class="list" id="list" aria-labelledby="lh"><div class="lh"><h2 id="lh">\(words(.deskUrgent))</h2><span class="state ok" data-live hidden>\(words(.deskLive))</span></div>\(notes(desk))\(elder.fold(words(.deskFilter), kindFilter(desk)))\(list)
            <div class="thumb-only deskmenu"><a class="btn" href="/desk/menu">\(words(.deskMenu))</a>\(Layout.foot(context, elder: true))</div><p class="keys not-thumb"><span><kbd>J</kbd> <kbd>K</kbd> \(words(.deskKeysMove))</span><span><kbd>Enter</kbd> \(words(.deskKeysOpen))</span><span><kbd>E</kbd> \(words(.deskKeysNext))</span><span><kbd>N</kbd> \(words(.deskKeysNew))</span><span><kbd>/</kbd> \(words(.deskSearchLabel))</span></p></section>
            \(caseHTML)</main>
            """
        return Layout.render(page, context: context)
    }

    private func header(_ desk: Desk) -> HTML {
        let post = context.actor.posts.first
        let who = "\(post.map { words($0.role.phrase) } ?? "") \(context.actor.name)"
        let new: HTML =
            context.actor.may(.caseRegister)
            ? "<a class=\"btn\" href=\"/desk/new\" data-new>\(words(.deskNew))<kbd class=\"not-thumb\">N</kbd></a>"
            : .empty
        return """
            <header class="top bar-top">\(Layout.brand(desk.title, words(.desk), link: Href("/desk"), notElder: false))
            <form class="find" role="search" action="/desk"><label class="sr" for="s">\(words(.deskSearchLabel))</label><input class="in" id="s" type="search" name="q" maxlength="60" value="\(desk.filter.search)" placeholder="\(words(.deskSearch))"><kbd class="not-thumb" aria-hidden="true">/</kbd></form>
            <span class="end"><span class="soft not-thumb">\(who)</span>\(new)</span></header>
            """
    }

    private func notes(_ desk: Desk) -> HTML {
        guard desk.notes > 0 else { return .empty }
        return "<p class=lh><a class=btn href=/desk/handovers>\(words(.handoversWait, String(desk.notes)))</a></p>"
    }

    private func kindFilter(_ desk: Desk) -> HTML {
        let options =
            [("", words(.deskAllKinds))]
            + (desk.categories + desk.imported).map { ($0.id.text, words.pick(zh: $0.zh, en: $0.en)) }
        let items = Form.options(options, chosen: desk.filter.category)
        return """
            <form class="lh with" action="/desk"><input type=hidden name=queue value="\(desk.filter.queue)"><label class="sr" for="kf">\(words(.fieldKind))</label><select class="in" id="kf" name="category">\(items)</select><button class="btn">\(words(.deskFilter))</button><button class=btn formaction="/desk/export/cases">\(words(.exportTitle))</button></form>
            """
    }

    private func job(_ id: CaseID, _ row: HTML, _ tail: Href, current: Bool) -> HTML {
        let mark: HTML = current ? " aria-current=true" : ""
        return "<li><a class=job href=\"/desk/cases/\(id.text)\(tail)\"\(mark)>\(row)</a>"
    }

    /// What stands in a row: the same for everybody who may see it.
    private func row(_ line: CaseLine) -> HTML {
        let who =
            line.assigneeName.isEmpty
            ? words(line.status.rawValue < 3 ? .deskNobody : line.holder.phrase) : line.assigneeName
        return
            "\(speak.left(line))<span class=jt><b>\(line.title)</b><small>\(line.place) · \(who)</small></span>\(draw.mini(.init(line)))"
    }

    // MARK: The case

    private func caseView(_ view: CaseView, _ desk: Desk, _ menu: HTML) -> HTML {
        let c = view.record
        let about: HTML =
            c.about == nil
            ? .empty
            : "<span class=\"state wait\">\(words(.deskComplaint, desk.tools?.organisations.first { $0.family == c.about }?.name ?? ""))</span>"
        let joined: HTML =
            view.joined.isEmpty ? .empty : " · \(words(.deskJoined, String(view.joined.count)))"
        let name = c.reporterName.isEmpty ? words(.deskAnonymous) : c.reporterName
        let round: HTML = c.round > 1 ? " · \(words(.deskRound, String(c.round)))" : .empty
        let category = words.pick(zh: view.category.zh, en: view.category.en)
        let pages = ResidentPages(context, now: say.now)
        let elder = Elder(context)
        let told: HTML = """
            \(pages.told(view, forStaff: true))\
            \(ExportLinks.make("case-steps", context, filters: [("case", c.id.text)]))
            """
        let history: HTML =
            elder.isOn
            ? elder.fold(words(.deskHistory), told)
            : "<section aria-labelledby=\"lg\"><h3 id=\"lg\">\(words(.deskHistory))</h3>\(told)</section>"
        let (step, rest, reveal) = (next(view, desk), more(view, desk), contact(c, desk))
        return """
            <article class="case stack" id="case" aria-labelledby="ch"><a class="thumb-only" href="\(desk.filter.href())">\(words(.deskBackToList))</a>
            <div><div class="head"><h2 id="ch">\(c.title)</h2>\(speak.state(c.status, suspended: c.suspended, rated: c.rated, solved: c.solved, registered: c.registered, forStaff: true))</div>
            <p class="small soft">\(c.number) · \(c.place.words) · \(name) · \(say.time(c.registered)) \(words(Self.channel(c.channel))) · \(category) · \(words(Self.urgency(c.urgency))) · \(words(.deskLevel, words(Self.level(c.level))))\(joined)\(round)</p>\(merged(view))\(origin(desk))\(about)</div>
            \(desk.kept.told(above: step + reveal + rest, context))\(step)\(templates(view, desk))
            <div>\(figure(c))</div>
            \(elder.fold(words(.foldClocks), clocks(c)))
            <blockquote class="say"><p>\(c.body)</p><footer class="small soft">\(name)\(reveal)</footer></blockquote>\(pages.photos(view))
            \(rest)
            \(history)\(elder.fold(words(.deskMenu), menu))</article>
            """
    }

    private func merged(_ view: CaseView) -> HTML {
        guard let into = view.mergedInto else { return .empty }
        return """
            <p class="small">\(words(.mergedOn)) <a class="num" href="\(Href("/desk/cases/", into.id.text))">\(into.number)</a></p>
            """
    }

    private func origin(_ desk: Desk) -> HTML {
        guard let origin = desk.origin else { return .empty }
        let late: HTML = origin.isLate(at: say.now) ? "state late" : "state"
        return """
            <p class="small"><a href="\(Href("/desk/transfers/", origin.link))">\(origin.source) <span class="num">\(origin.number)</span></a> <span class="\(late)">\(words(.originLimit, say.deadline(origin.due)))</span></p>
            """
    }

    private func figure(_ c: CaseRecord) -> HTML {
        drawn.figure(c.id, version: c.version, at: say.now, in: words.language) {
            draw.full(.init(c), id: "s", title: c.title, told: .empty)
        }
    }

    /// The name of the form that shows a number.
    static let unmasking = "phone"

    private func contact(_ c: CaseRecord, _ desk: Desk) -> HTML {
        if let phone = desk.shownPhone {
            return " · <a href=\"\(Href(telephone: phone))\">\(words(.deskShown, phone))</a>"
        }
        guard !c.isVeiled, context.actor.may(.phoneUnmask, at: c.place.path),
            !c.contactMasked.isEmpty || c.reporter != nil
        else {
            return .empty
        }
        let kept = desk.kept.first(Self.unmasking, "words")
        let wrong = desk.kept.wrong(Self.unmasking, "words", context)
        let unfolded: HTML = kept == nil ? .empty : " open"
        return """
             \(c.contactMasked)<details\(unfolded)><summary class="small">\(words(.deskUnmask))</summary><form class="inline" method="post" action="\(Href("/desk/cases/", c.id.text, "/phone"))">\(Layout.token(context))\(KeptStep.field(Self.unmasking))<div class="field"><label for="uw">\(words(.deskUnmaskWhy))</label><input class="in" id="uw" name="words" maxlength="100" required value="\(kept ?? "")"\(wrong.mark)>\(wrong.told)</div><button class="btn">\(words(.deskUnmask))</button></form></details>
            """
    }

    private func clocks(_ c: CaseRecord) -> HTML {
        let rows = ClockKind.allCases.map { kind -> HTML in
            let clock = c.clocks[kind]
            let name: Phrase =
                switch kind {
                case .attend: .clockAttend
                case .handle: .clockHandle
                case .feedback: .clockFeedback
                }
            var value = "—"
            var state: HTML = "<span class=\"state\">\(words(.clockIdle))</span>"
            if let stopped = clock.stopped, stopped == c.closed, c.isVoid {
                // It ended with the case: neither kept nor broken.
                state = .empty
            } else if let stopped = clock.stopped {
                let broken = clock.isBroken(at: say.now)
                value = say.moment(stopped)
                state =
                    broken
                    ? "<span class=\"state late\">\(words(.clockBroken))</span>"
                    : "<span class=\"state ok\">\(words(.clockKept))</span>"
            } else if let due = clock.due {
                let gap = due.ms - say.now.ms
                value =
                    gap < 0
                    ? words(.clockOver, say.length(ms: -gap))
                    : gap < 12 * Instant.hourMs ? words(.clockLeft, say.length(ms: gap)) : say.deadline(due)
                state =
                    gap < 0
                    ? "<span class=\"state late\">\(words(.clockBroken))</span>"
                    : "<span class=\"state wait\">\(words(.clockRunning))</span>"
            } else if c.suspended {
                state = "<span class=\"state stop\">\(words(.statusPaused))</span>"
            }
            return "<div><dt>\(words(name))</dt><dd class=\"num\">\(value)</dd><dd>\(state)</dd></div>"
        }
        return "<dl class=\"clocks\">\(HTML.joined(rows))</dl>"
    }

    func menu() -> HTML {
        let actor = context.actor
        var links: [(Href, Phrase)] = actor.mayFind ? [(Href("/desk/find"), .findTitle)] : []
        if actor.may(.residentApprove) { links.append((Href("/desk/homes"), .approvalsTitle)) }
        if actor.may(.residentApprove) { links.append((Href("/desk/invitations"), .invitationsTitle)) }
        if actor.may(.residentApprove) || actor.may(.directoryEdit) { links.append((Href("/desk/areas"), .areasTitle)) }
        if actor.may(.directoryEdit) { links.append((Href("/desk/organisations"), .organisationsTitle)) }
        if actor.may(.governanceRead) { links.append((Href("/desk/governance"), .governanceTitle)) }
        if actor.may(.privacyEdit) || actor.may(.privacyHandle) {
            links.append((Href("/desk/privacy"), .privacyDesk))
        }
        if actor.may(.directoryEdit) || actor.may(.residentApprove) {
            links.append((Href("/desk/imports"), .importsTitle))
        }
        if actor.may(.caseRegister) { links.append((Href("/desk/transfers"), .transfersTitle)) }
        if actor.may(.caseRead) || actor.may(.rosterEdit) { links.append((Href("/desk/cover"), .coverTitle)) }
        if actor.may(.statisticsRead) {
            links.append((Href("/desk/screen"), .menuScreen))
            links.append((Href("/desk/morning"), .menuMorning))
            links.append((Href("/desk/statistics"), .statisticsTitle))
        }
        if actor.may(.casePublish) { links.append((Href("/desk/replies"), .boardAdd)) }
        if actor.may(.policyEdit) { links.append((Href("/desk/policies"), .policyTitle)) }
        if actor.may(.policyEdit) { links.append((Href("/desk/regions"), .regionsTitle)) }
        if actor.may(.calendarEdit) { links.append((Href("/desk/calendar"), .calendarTitle)) }
        if actor.may(.securityEdit) { links.append((Href("/desk/security"), .securityTitle)) }
        if actor.may(.auditRead) { links.append((Href("/desk/audit"), .auditTitle)) }
        if actor.may(.auditRead) { links.append((Href("/desk/privacy/audit"), .complianceTitle)) }
        links.append((Href("/desk/poster"), .posterTitle))
        links.append((Href("/ledger"), .tabPublic))
        links.append((Href("/messages"), .messages))
        links.append((Href("/me"), .meTitle))
        let items = links.map { "<a class=\"btn quiet\" href=\"\($0.0)\">\(words($0.1))</a>" as HTML }
        return "<nav class=\"btns\" aria-label=\"\(words(.deskMenu))\">\(HTML.joined(items))</nav>"
    }
}

import Directory
import Kernel
import Web

/// The forms of the desk: the one next action as the primary button, the rest behind "more". Each posts one noun.
extension DeskPages {
    private var words: Words { context.words }

    private func may(_ verb: Verb, _ c: CaseRecord) -> Bool { context.actor.may(verb, at: c.place.path) }

    private func form(
        _ c: CaseRecord, _ noun: StaticString, _ inner: HTML, _ button: Phrase, primary: Bool, files: Bool = false
    ) -> HTML {
        let style: HTML = primary ? "btn primary" : "btn"
        let next: HTML = primary ? " data-next" : .empty
        let key: HTML = primary ? "<kbd class=\"not-thumb\">E</kbd>" : .empty
        let encoding: HTML = files ? " enctype=\"multipart/form-data\"" : .empty
        return """
            <form class="stack-s" method="post" action="\(Href("/desk/cases/", c.id.text))"\(encoding)>\(Layout.token(context))\(KeptStep.field(noun.description))<input type=hidden name=version value="\(c.version)">\(inner)<button class="\(style)"\(next)>\(words(button))\(key)</button></form>
            """
    }

    /// The words of one form.
    private func text(
        _ noun: String, _ id: StaticString, _ label: Phrase, _ desk: Desk, value: String? = nil
    ) -> HTML {
        let kept = desk.kept.first(noun, "words") ?? value ?? ""
        let wrong = desk.kept.wrong(noun, "words", context)
        return """
            <div class="field"><label for="\(id.description)">\(words(label))</label><textarea class="in" id="\(id.description)" name="words" rows="2" maxlength="500" required\(wrong.mark)>\(kept)</textarea>\(wrong.told)</div>
            """
    }

    /// A moment that is chosen.
    private func moment(_ noun: String, _ id: StaticString, _ name: String, _ label: HTML, _ desk: Desk) -> HTML {
        let wrong = desk.kept.wrong(noun, name, context)
        return """
            <div class="field"><label for="\(id.description)">\(label)</label><input class="in" id="\(id.description)" type="datetime-local" name="\(name)" value="\(desk.kept.first(noun, name) ?? "")"\(wrong.mark)>\(wrong.told)</div>
            """
    }

    private func pictures(_ noun: String, _ id: StaticString, _ desk: Desk) -> HTML {
        let wrong = desk.kept.wrong(noun, "photo", context)
        return """
            <div class="field"><label for="\(id.description)">\(words(.fieldPhotos)) <small class="soft">\(words(.optional))</small></label><input class="in" id="\(id.description)" type="file" name="photo" accept="image/*" multiple\(wrong.mark)>\(wrong.told)</div>
            """
    }

    /// A list to choose from. What was chosen and can no longer be had leaves it open: nothing else is chosen for anybody.
    private func choice(
        _ noun: String, _ name: String, _ label: Phrase, _ options: [(value: String, text: String)], _ desk: Desk,
        chosen: String = ""
    ) -> HTML {
        let kept = desk.kept.first(noun, name)
        let isGone = kept.map { kept in !options.contains { $0.value == kept } } ?? false
        return Form.select(
            name, label: words(label), (isGone ? [("", "—")] : []) + options, chosen: isGone ? "" : kept ?? chosen,
            wrong: desk.kept.wrong(noun, name, context))
    }

    /// The one next step of this case for this person, in a box of its own.
    func next(_ view: CaseView, _ desk: Desk) -> HTML {
        let c = view.record
        guard let inner = nextForm(view, desk) else { return .empty }
        let lead: HTML
        if let due = c.clocks.next {
            let who = c.assigneeName.isEmpty ? "" : "\(c.assigneeName) "
            let gap = due.due.ms - say.now.ms
            let left = gap < 0 ? words(.over, say.length(ms: -gap)) : words(.left, say.length(ms: gap))
            let what: Phrase =
                switch due.kind {
                case .attend: .clockAttend
                case .handle: .clockHandle
                case .feedback: .clockFeedback
                }
            let style: HTML = gap < 0 ? "state late" : "state wait"
            lead =
                "<p><b>\(who)\(words(.promiseBy, say.deadline(c.promise ?? due.due), words(what)))</b><span class=\"\(style)\">\(left)</span></p>"
        } else {
            lead = "<p><b>\(words(.deskNext))</b></p>"
        }
        return "<div class=\"next\">\(lead)<div class=\"grow\">\(inner)</div></div>"
    }

    private func nextForm(_ view: CaseView, _ desk: Desk) -> HTML? {
        let c = view.record
        if c.suspended { return may(.caseSuspend, c) ? form(c, "resume", .empty, .doResume, primary: true) : nil }
        switch c.status {
        case .reported: return may(.caseTriage, c) ? triage(view, desk, primary: true) : nil
        case .triaged: return may(.caseDispatch, c) ? dispatch(c, desk, .doDispatch, primary: true) : nil
        case .dispatched:
            guard may(.caseAttend, c) else { return nil }
            let accept: HTML =
                (c.assignee == context.actor.person || desk.tools?.standsIn ?? false) && c.promise == nil
                ? form(
                    c, "accept", moment("accept", "pm", "promise", "\(words(.fieldPromise))", desk), .doAccept,
                    primary: false) : .empty
            return form(c, "attend", .empty, .doAttend, primary: true) + accept
        case .attended:
            return may(.caseHandle, c)
                ? form(
                    c, "handle",
                    text("handle", "hw", .fieldDone, desk, value: desk.words(.done)) + pictures("handle", "hp", desk),
                    .doHandle, primary: true, files: true) : nil
        case .handled:
            let done = view.events.last { $0.kind == .handled }?.words
            return may(.caseFeedBack, c)
                ? form(
                    c, "feedBack", text("feedBack", "fw", .fieldTell, desk, value: desk.words(.reply) ?? done),
                    .doFeedBack,
                    primary: true)
                : nil
        case .fedBack:
            guard c.rated != 0, may(.caseStrikeOff, c) else { return nil }
            return form(c, "strikeOff", text("strikeOff", "ev", .fieldEvidence, desk), .doStrikeOff, primary: true)
        case .struckOff:
            guard c.kind != .dispute, may(.casePublish, c) else { return nil }
            return publish(view, desk)
        case .published: return may(.casePublish, c) ? form(c, "unpublish", .empty, .doUnpublish, primary: false) : nil
        default: return nil
        }
    }

    private func triage(_ view: CaseView, _ desk: Desk, primary: Bool) -> HTML {
        let c = view.record
        let organisations: [(value: String, text: String)] =
            [("", words(.fieldNobody))] + (desk.tools?.organisations ?? []).map { ($0.family.text, $0.name) }
        let levels: [AreaLevel] = [.estate, .community, .street, .district]
        // What nobody can choose any more stays with its case until somebody changes it.
        let own = desk.categories.contains { $0.id == view.category.id } ? [] : [view.category]
        let kinds = (own + desk.categories).map { ($0.id.text, words.pick(zh: $0.zh, en: $0.en)) }
        let parties = Party.allCases.map { (String($0.rawValue), words($0.phrase)) }
        let assisting = desk.kept.all("triage", "assist") ?? Set(c.assisting.map { String($0.rawValue) })
        let isOpen = desk.kept.step == "triage"
        let unfolded: HTML = isOpen ? " open" : .empty
        return form(
            c, "triage",
            """
            <div class="inline">\(choice("triage", "category", .fieldKind, kinds, desk, chosen: c.category.text))\(choice("triage", "urgency", .fieldUrgency, Urgency.allCases.map { ($0.code, words(DeskPages.urgency($0))) }, desk, chosen: c.urgency.code))\(choice("triage", "level", .fieldLevel, levels.map { (String($0.rawValue), words(DeskPages.level($0))) }, desk, chosen: String(c.level.rawValue)))\(choice("triage", "lead", .fieldLead, parties.dropLast(), desk, chosen: String(c.leadParty.rawValue)))</div>
            <details\(unfolded)><summary>\(words(.fieldAssist))</summary><fieldset><legend class="sr">\(words(.fieldAssist))</legend><div class="chips">\(Form.chips("assist", parties, chosen: assisting, many: true))</div></fieldset>\(choice("triage", "about", .fieldAbout, organisations, desk, chosen: c.about?.text ?? ""))</details>
            """, primary ? .doTriage : .doRetriage, primary: primary)
    }

    private func dispatch(_ c: CaseRecord, _ desk: Desk, _ button: Phrase, primary: Bool) -> HTML {
        // The stewards who go there first, then those whose post is nearest, the leading party before the others.
        func rank(_ one: Colleague) -> Int {
            (one.role == .steward ? 100 : 0) + one.path.depth * 2 + (one.party == c.leadParty ? 1 : 0)
        }
        let ranked = (desk.tools?.colleagues ?? []).map { (rank: rank($0), one: $0) }.sorted { $0.rank > $1.rank }
        let people: [(value: String, text: String)] = ranked.map { _, one in
            (one.post.text, "\(one.name) · \(words(one.role.phrase)) · \(one.organisationName)")
        }
        return form(
            c, "dispatch", choice("dispatch", "post", .fieldWho, people, desk, chosen: c.assigneePost?.text ?? ""),
            button, primary: primary)
    }

    private func publish(_ view: CaseView, _ desk: Desk) -> HTML {
        let c = view.record
        func kept(_ name: String) -> String? { desk.kept.first("publish", name) }
        func mark(_ name: String) -> HTML { desk.kept.wrong("publish", name, context).mark }
        func told(_ name: String) -> HTML { desk.kept.wrong("publish", name, context).told }
        let handled = view.events.last { $0.kind == .handled }?.words ?? ""
        // As far as the building: "3 号楼 2 单元 502" is said as "3 号楼".
        let parts = c.place.words.split(separator: " ")
        let end = parts.firstIndex { PlaceWords.buildingEnds.contains($0.suffix(1)) } ?? 0
        let building = c.place.building == 0 ? c.place.words : parts.prefix(end + 1).joined(separator: " ")
        let category = words.pick(zh: view.category.zh, en: view.category.en)
        return form(
            c, "publish",
            """
            <div class="field"><label for="pt">\(words(.fieldPublicTitle))</label><input class="in" id="pt" name="title" maxlength="60" required value="\(kept("title") ?? category)"\(mark("title"))>\(told("title"))</div>
            <div class="field"><label for="pl">\(words(.fieldPublicPlace))</label><input class="in" id="pl" name="place" maxlength="40" value="\(kept("place") ?? building)"\(mark("place"))>\(told("place"))</div>
            <div class="field"><label for="pb">\(words(.fieldPublicBody))</label><textarea class="in" id="pb" name="body" maxlength="500" required\(mark("body"))>\(kept("body") ?? desk.words(.publication) ?? handled)</textarea>\(told("body"))<p class="help">\(words(.publishHelp))</p></div>
            """, .doPublish, primary: true)
    }

    /// Everything else that this person may do here.
    func more(_ view: CaseView, _ desk: Desk) -> HTML {
        let c = view.record
        var parts: [HTML] = []
        let open = c.status.isOpen && !c.suspended
        if open, c.status == .triaged, may(.caseTriage, c) { parts.append(triage(view, desk, primary: false)) }
        if open, c.status == .dispatched, may(.caseDispatch, c) {
            parts.append(dispatch(c, desk, .doRedispatch, primary: false))
        }
        if open, CaseRules.statuses(for: .suspend(.other)).contains(c.status), may(.caseSuspend, c) {
            let reasons = PauseReason.allCases.map { ($0.code, words(DeskPages.reason($0))) }
            parts.append(
                form(
                    c, "suspend",
                    """
                    \(choice("suspend", "reason", .fieldReason, reasons, desk))\(text("suspend", "sw", .fieldWords, desk, value: desk.words(.paused)))\(moment("suspend", "se", "expected", "\(words(.fieldExpected)) <small class=\"soft\">\(words(.optional))</small>", desk))
                    """, .doSuspend, primary: false))
        }
        if c.status.isOpen, CaseRules.statuses(for: .escalate).contains(c.status), may(.caseEscalate, c) {
            parts.append(form(c, "escalate", text("escalate", "ew", .fieldReason, desk), .doEscalate, primary: false))
        }
        if open, CaseRules.statuses(for: .merge).contains(c.status), may(.caseMerge, c), let tools = desk.tools,
            !tools.mergeable.isEmpty
        {
            parts.append(
                form(
                    c, "merge",
                    choice(
                        "merge", "into", .fieldInto,
                        tools.mergeable.map { ($0.id.text, "\($0.title) · \($0.place)") }, desk),
                    .doMerge, primary: false))
        }
        if open, CaseRules.statuses(for: .returnIt).contains(c.status), may(.caseReturn, c) {
            parts.append(
                form(
                    c, "return", text("return", "rw", .fieldReason, desk, value: desk.words(.returned)), .doReturn,
                    primary: false))
        }
        if c.status.isOpen {
            parts.append(
                form(
                    c, "note", text("note", "nw", .fieldWords, desk) + pictures("note", "np", desk), .doNote,
                    primary: false,
                    files: true))
        }
        guard !parts.isEmpty else { return .empty }
        let all = HTML.joined(parts)
        let unfolded: HTML = [.paused, .returned].contains(desk.filled?.use) || desk.kept.isIn(all) ? " open" : ""
        return "<details class=\"more\"\(unfolded)><summary>\(words(.deskMore))</summary>\(all)</details>"
    }

    // MARK: Registering

    struct RegisterForm: Sendable {
        var key: String
        var kept: [String: String] = [:]
        var estates: [Area] = []
        var estate: AreaID?
        var places: [(value: String, text: String)] = []
        var refusal: (any Refusal)?
    }

    func register(_ form: RegisterForm, _ categories: [Category]) -> HTML {
        func kept(_ name: String) -> String { form.kept[name] ?? "" }
        let channels: [(value: String, text: String)] = Channel.allCases.filter { $0 != .imported }.map {
            ($0.code, words(DeskPages.channel($0)))
        }
        let estates: HTML =
            form.estates.count < 2
            ? .empty
            : """
            <form class="card inline" method="get" action="/desk/new">\(Form.select("estate", label: words(.joinEstate), form.estates.map { ($0.id.text, $0.name) }, chosen: form.estate?.text ?? ""))<button class="btn">\(words(.show))</button></form>
            """
        var page = Page(
            title: words(.registerTitle), subtitle: words(.registerListening), frame: .open,
            main: """
                <div class="stack">\(estates)<form class="card stack" method="post" action="/desk/new" enctype="multipart/form-data" autocomplete="off"><h1>\(words(.registerTitle))</h1>\(Layout.token(context))<input type=hidden name=key value="\(form.key)"><input type=hidden name=estate value="\(form.estate?.text ?? "")">\(Form.summary(form.refusal, context))
                <fieldset class="field"><legend>\(words(.fieldChannel))</legend><div class="chips">\(Form.chips("channel", channels, chosen: form.kept["channel"] ?? "hotline"))</div></fieldset>
                <div class="field"><label for="what">\(words(.reportWhat))</label><textarea class="in" id="what" name="what" rows="3" maxlength="2000" required autofocus\(Form.invalid(form.refusal, "what"))>\(kept("what"))</textarea>\(Form.error(form.refusal, for: "what", context))</div>
                <div class="inline">\(Form.select("area", label: words(.fieldPlace), form.places, chosen: kept("area")))<div class="field"><label for="place">\(words(.reportPlaceMore))</label><input class="in" id="place" name="place" maxlength="80" value="\(kept("place"))"></div></div>
                <div class="inline">\(Form.select("category", label: words(.fieldKind), [("", "—")] + categories.map { ($0.id.text, words.pick(zh: $0.zh, en: $0.en)) }, chosen: kept("category")))\(Form.select("urgency", label: words(.fieldUrgency), [("", "—")] + Urgency.allCases.map { ($0.code, words(DeskPages.urgency($0))) }, chosen: kept("urgency")))</div>
                <div class="inline"><div class="field"><label for="name">\(words(.fieldName))</label><input class="in" id="name" name="name" maxlength="40" value="\(kept("name"))"></div><div class="field"><label for="phone">\(words(.fieldPhone))</label><input class="in" id="phone" name="phone" type="tel" maxlength="20" value="\(kept("phone"))"\(Form.invalid(form.refusal, "phone"))>\(Form.error(form.refusal, for: "phone", context))</div></div>
                <div class="field"><label for="ph">\(words(.fieldPhotos))</label><input class="in" id="ph" type="file" name="photo" accept="image/*" multiple>\(Form.error(form.refusal, for: "photo", context))</div>
                <button class="btn primary tall wide">\(words(.registerTitle))</button></form></div>
                """)
        page.narrow = true
        page.homeLink = Href("/desk")
        page.end = Layout.elderSwitch(context)
        return Layout.render(page, context: context)
    }
}

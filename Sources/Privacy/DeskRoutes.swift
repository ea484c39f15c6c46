import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension PrivacyHouse {
    func deskRoutes(_ table: RouteTable) {
        table.get("/desk/privacy", .staff) { request, context in
            try await requests(request.asked("cursor"), Returned(), context)
        }
        table.post("/desk/privacy/requests/:id", .verb(.privacyHandle)) { request, context in
            let id = try context.id("id", RequestTag.self)
            return try await act(request, context) {
                try await requests("", $0, context)
            } _: { sent in
                guard ["done", "refused"].contains(sent["result"]) else { throw PrivacyRefusal.badChoice("result") }
                try await desk.answer(
                    id, done: sent["result"] == "done", words: sent.trimmed("answer"),
                    was: try sent.number("version"), by: context.actor)
                return Href("/desk/privacy")
            }
        }
        table.get("/desk/privacy/purposes", .verb(.privacyEdit)) { _, context in
            try await purposes(Returned(), context)
        }
        table.post("/desk/privacy/purposes", .verb(.privacyEdit)) { request, context in
            try await act(request, context) {
                try await purposes($0, context)
            } _: { sent in
                guard let basis = LegalBasis.allCases.first(where: { $0.code == sent["basis"] }) else {
                    throw PrivacyRefusal.badChoice("basis")
                }
                try await desk.putPurpose(
                    Purpose(
                        code: sent.trimmed("code"), version: try sent.number("version") + 1, basis: basis,
                        separate: !sent["separate"].isEmpty, zh: sent.trimmed("zh"), en: sent.trimmed("en"),
                        aboutZh: sent.trimmed("aboutZh"), aboutEn: sent.trimmed("aboutEn"),
                        source: sent.trimmed("source"), since: try sent.day("since"),
                        inForce: !sent["inForce"].isEmpty), by: context.actor)
                return Href("/desk/privacy/purposes")
            }
        }
        table.get("/desk/privacy/periods", .verb(.privacyEdit)) { request, context in
            try await periods(request.asked("cursor"), edited: request.asked("edit"), Returned(), context)
        }
        table.post("/desk/privacy/periods", .verb(.privacyEdit)) { request, context in
            try await act(request, context) {
                try await periods("", edited: String($0.way.dropFirst("period-".count)), $0, context)
            } _: { sent in
                try await desk.setPeriod(
                    sent["class"], days: try sent.number("days"), source: sent.trimmed("source"),
                    since: try sent.day("since"), why: sent.trimmed("why"), was: try sent.number("version"),
                    by: context.actor)
                return Href("/desk/privacy/periods")
            }
        }
        table.get("/desk/privacy/limits", .verb(.privacyEdit)) { _, context in try await limits(Returned(), context) }
        table.post("/desk/privacy/limits", .verb(.privacyEdit)) { request, context in
            try await act(request, context) {
                try await limits($0, context)
            } _: { sent in
                guard let key = LawLimitKey(rawValue: sent["key"]) else { throw PrivacyRefusal.badChoice("key") }
                try await desk.setLimit(
                    LawLimit(
                        key: key, value: try sent.number("value"), source: sent.trimmed("source"),
                        since: try sent.day("since"), version: 0), was: try sent.number("version"), by: context.actor)
                return Href("/desk/privacy/limits")
            }
        }
    }

    private func links(_ kit: Kit) -> HTML {
        var links: [(Href, Phrase)] = [(Href("/desk/privacy/audit"), .complianceTitle)]
        if kit.context.actor.may(.privacyEdit) { links += Self.editorLinks }
        let items = links.map { "<a class=\"btn\" href=\"\($0.0)\">\(kit.words($0.1))</a>" as HTML }
        return "<nav class=\"btns\" aria-label=\"\(kit.words(.privacyDesk))\">\(HTML.joined(items))</nav>"
    }

    private static var editorLinks: [(Href, Phrase)] {
        [
            (Href("/desk/privacy/notice"), .privacyNoticeTitle), (Href("/desk/privacy/purposes"), .purposesTitle),
            (Href("/desk/privacy/periods"), .periodsTitle), (Href("/desk/privacy/limits"), .lawLimitsTitle),
            (Href("/desk/privacy/processing"), .processingTitle), (Href("/desk/privacy/sharing"), .sharingTitle),
            (Href("/desk/privacy/assessments"), .assessmentsTitle), (Href("/desk/privacy/breaches"), .breachesTitle),
        ]
    }

    // MARK: Requests

    private func requests(_ cursor: String, _ returned: Returned, _ context: WebContext) async throws -> Response {
        let actor = context.actor
        guard actor.may(.privacyHandle) || actor.may(.privacyEdit) else { throw PrivacyRefusal.notFound }
        let kit = Kit(context, returned)
        let words = context.words
        let scope = actor.may(.privacyHandle) ? try actor.scope(.privacyHandle) : nil
        let before = RequestID(text: cursor)
        let day = today
        let (found, published) = try await database.read { transaction in
            (
                try scope.map { try RequestStore.all(in: $0, before: before, limit: 31, transaction) } ?? [],
                try NoticeStore.current(on: day, transaction) != nil
            )
        }
        let rows = found.prefix(30).map { one -> HTML in
            var about = [words(.requestDue, one.due.description)]
            if let act = one.act, one.status.isOpen { about.append(words(.requestActs, Say.exact(act))) }
            if one.kind == .closing, one.count > 0 { about.append(words(.requestCount, String(one.count))) }
            if !one.deadName.isEmpty { about.append(words(.kinAbout, one.deadName)) }
            about += [one.words, one.answer].filter { !$0.isEmpty }
            let open: HTML =
                one.relative == nil
                ? .empty
                : "<a class=\"btn\" href=\"\(Href("/desk/privacy/requests/", one.id.text))\">\(words(.kinOpen))</a>"
            let way = "answer-\(one.id.text)"
            let form: HTML =
                one.relative == nil && one.awaitsDecision && one.person != actor.person
                ? kit.form(
                    way, Href("/desk/privacy/requests/", one.id.text), .requestAnswer,
                    hidden: [("version", String(one.version))],
                    kit.select(
                        way, "result", .requestAnswerWhich,
                        [
                            (value: "done", label: words(.requestAnswerDone)),
                            (value: "refused", label: words(.requestAnswerRefuse)),
                        ]),
                    kit.long(way, "answer", .requestAnswerWords, most: 1000)) : .empty
            let title = words(one.relative == nil ? one.kind.phrase : one.kind.kinPhrase)
            let row = kit.row(
                "\(title) · \(one.name)", about.joined(separator: " · "), state: status(one, kit), end: open)
            return form.isEmpty ? row : "\(row)<li>\(form)</li>"
        }
        let next = found.count > 30 ? found[29].id.text : nil
        let none: HTML =
            published ? .empty : "<p class=\"note\" role=\"alert\"><b>\(words(.noticeNone))</b></p>"
        let main = kit.page(
            words(.privacyDesk), none, links(kit),
            kit.section(
                .requestsTitle, kit.rows(Array(rows), none: .rightsNone), kit.more(Href("/desk/privacy"), next)),
            scope == nil ? .empty : ExportLinks.make("privacy-requests", context, title: .requestsListTitle))
        return staffPage(words(.privacyDesk), main, returned.refusal, context)
    }

    // MARK: Purposes

    private func purposes(_ returned: Returned, _ context: WebContext) async throws -> Response {
        let purposes = try await database.read { try ConsentStore.purposes($0) }
        let kit = Kit(context, returned)
        let words = context.words
        let bases = LegalBasis.allCases.map { (value: $0.code, label: words($0.phrase)) }
        func form(_ one: Purpose?) -> HTML {
            let way = one.map { "purpose-\($0.code)" } ?? "purpose"
            return kit.form(
                way, Href("/desk/privacy/purposes"), one == nil ? .purposeAdd : .purposeEdit,
                hidden: [("version", String(one?.version ?? 0))] + (one.map { [("code", $0.code)] } ?? []),
                one == nil ? kit.text(way, "code", .purposeCode, most: 40) : .empty,
                kit.text(way, "zh", .purposeZh, value: one?.zh ?? "", most: 60),
                kit.text(way, "en", .purposeEn, value: one?.en ?? "", most: 100),
                kit.select(way, "basis", .purposeBasis, bases, value: one?.basis.code ?? "consent"),
                kit.check(way, "separate", .purposeSeparate, on: one?.separate ?? true),
                kit.long(way, "aboutZh", .purposeAboutZh, value: one?.aboutZh ?? ""),
                kit.long(way, "aboutEn", .purposeAboutEn, value: one?.aboutEn ?? "", most: 800),
                kit.text(way, "source", .lawSource, value: one?.source ?? ""),
                kit.date(way, "since", .lawSince, value: one?.since ?? today),
                kit.check(way, "inForce", .purposeInForce, on: one?.inForce ?? true))
        }
        let parts = purposes.map { one -> HTML in
            let mark =
                one.inForce
                ? kit.state(.ok, words(one.basis.phrase)) : kit.state(.plain, words(.purposeEnded))
            return """
                <section class="stack-s"><h2>\(words.pick(zh: one.zh, en: one.en))</h2>\
                <p>\(mark) \(words.pick(zh: one.aboutZh, en: one.aboutEn))</p>\
                <p class="soft small">\(one.source) · <span class="num">\(one.since.description)</span></p>\
                \(form(one))</section>
                """
        }
        let main = kit.page(
            words(.purposesTitle), ExportLinks.make("privacy-purposes", context), HTML.joined(parts), form(nil))
        return staffPage(words(.purposesTitle), main, returned.refusal, context)
    }

    // MARK: Periods

    /// - Parameter edited: the class whose form is there: one at a time, each is opened by its name.
    private func periods(
        _ cursor: String, edited: String, _ returned: Returned, _ context: WebContext
    ) async throws -> Response {
        let before = cursor.isEmpty ? nil : LocalInput.day(cursor)
        let classes = classes
        let (histories, deletions) = try await database.read { transaction in
            (
                try classes.map { ($0, try PeriodStore.history($0.name, transaction)) },
                try PeriodStore.deletions(before: before, limit: 101, transaction)
            )
        }
        let kit = Kit(context, returned)
        let words = context.words
        let rows = histories.map { one, history -> [HTML] in
            let now = history.first
            let days = words(.periodLeast, String(now?.days ?? one.days), String(one.least))
            let about = [now?.author ?? "", now?.why ?? ""].filter { !$0.isEmpty }.joined(separator: " · ")
            return [
                "<a href=\"\(Href("/desk/privacy/periods", query: [("edit", one.name)]))\"><b>\(words(one.title))</b></a>",
                "<span class=num>\(days)</span>",
                "\(now?.source ?? words(one.source)) <span class=\"soft\">\(about)</span>",
                "<span class=num>\((now?.since ?? one.since).description)</span>",
            ]
        }
        let forms = histories.filter { $0.0.name == edited }.map { one, history -> HTML in
            let way = "period-\(one.name)"
            let now = history.first
            return """
                <section class="stack-s"><h3>\(words(one.title))</h3>\(kit.form(
                    way, Href("/desk/privacy/periods"), .periodEdit,
                    hidden: [("class", one.name), ("version", String(now?.version ?? 0))], open: true,
                    kit.text(way, "days", .periodDays, value: String(now?.days ?? one.days), most: 6, numeric: true),
                    kit.text(way, "source", .lawSource, value: now?.source ?? words(one.source)),
                    kit.date(way, "since", .lawSince, value: today),
                    kit.long(way, "why", .noticeWhy)))</section>
                """
        }
        let titles = Dictionary(classes.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
        // A day's rows stay together: what does not fit whole comes on the next page.
        var shown = Array(deletions.prefix(100))
        var next: String?
        if deletions.count > 100, let last = shown.last?.run {
            if shown.first?.run != last { shown.removeAll { $0.run == last } }
            next = shown.last?.run.description
        }
        let log = shown.map { one -> [HTML] in
            [
                "<span class=num>\(one.run.description)</span>",
                "\(titles[one.name].map { words($0) } ?? one.name)", "<span class=num>\(one.count)</span>",
                "<span class=num>\(Say.exact(one.from)) – \(Say.exact(one.to))</span>",
            ]
        }
        let main = kit.page(
            words(.periodsTitle), "<p class=\"help\">\(words(.periodsHelp))</p>",
            kit.table([.periodClass, .periodDays, .lawSource, .lawSince], rows),
            ExportLinks.make("privacy-periods", context), HTML.joined(forms),
            kit.section(
                .deletionsTitle,
                kit.table(
                    [.deletionRun, .periodClass, .deletionCount, .deletionSpan], log, none: .deletionsNone),
                kit.more(Href("/desk/privacy/periods"), next), ExportLinks.make("privacy-deletions", context)))
        return staffPage(words(.periodsTitle), main, returned.refusal, context)
    }

    // MARK: Limits

    private func limits(_ returned: Returned, _ context: WebContext) async throws -> Response {
        let limits = try await database.read { try LawLimitStore.all($0) }
        let kit = Kit(context, returned)
        let words = context.words
        let parts = limits.map { limit -> HTML in
            let way = "limit-\(limit.key.rawValue)"
            return """
                <section class="stack-s"><h2>\(words(limit.key.phrase))</h2>\
                <p><b class="num">\(limit.value)</b> <span class="soft">\(limit.source) · \
                <span class="num">\(limit.since.description)</span></span></p>\(kit.form(
                    way, Href("/desk/privacy/limits"), .lawLimitEdit,
                    hidden: [("key", limit.key.rawValue), ("version", String(limit.version))],
                    kit.text(way, "value", .lawLimitValue, value: String(limit.value), most: 6, numeric: true),
                    kit.text(way, "source", .lawSource, value: limit.source),
                    kit.date(way, "since", .lawSince, value: limit.since)))</section>
                """
        }
        let main = kit.page(
            words(.lawLimitsTitle), ExportLinks.make("privacy-limits", context), HTML.joined(parts))
        return staffPage(words(.lawLimitsTitle), main, returned.refusal, context)
    }
}

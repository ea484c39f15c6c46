import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension PrivacyHouse {
    func noticeRoutes(_ table: RouteTable) {
        table.get("/privacy", .everyone) { _, context in
            let day = today
            let notice = try await database.read { try NoticeStore.current(on: day, $0) }
            let kit = Kit(context)
            var page = Page(
                title: context.words(.privacyNoticeTitle), frame: .open,
                main: kit.page(context.words(.privacyNoticeTitle), text(notice, kit)))
            page.narrow = true
            return directory.shown(page, nil, context)
        }
        table.get("/my/notice", .signedIn) { request, context in
            try await ask(request.asked("next"), nil, context)
        }
        table.post("/my/notice", .signedIn) { request, context in
            let sent = Typed(try await context.form(request))
            let person = try directory.person(context)
            let accept = sent["do"] == "accept"
            do {
                guard accept || sent["do"] == "decline" else { throw PrivacyRefusal.badChoice("do") }
                try await desk.answerNotice(
                    sent.number("number"), accept: accept, channel: "page", by: person)
            } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
                return try await ask(sent["next"], refusal, context)
            }
            guard accept else { return Answer.redirect(Href("/my/privacy", query: [("declined", "1")])) }
            let next = sent["next"]
            let place = next.hasPrefix("/my/notice") ? nil : next.isEmpty || next == "/" ? nil : Href(local: next)
            return Answer.redirect(place ?? Href("/home"))
        }
        table.get("/desk/privacy/notice", .verb(.privacyEdit)) { request, context in
            try await editor(request.asked("cursor"), Returned(), context)
        }
        table.post("/desk/privacy/notice", .verb(.privacyEdit)) { request, context in
            try await act(request, context) {
                try await editor("", $0, context)
            } _: { sent in
                _ = try await desk.publishNotice(
                    zh: sent.trimmed("zh"), en: sent.trimmed("en"), from: try sent.day("from"),
                    why: sent.trimmed("why"), was: try sent.number("version"), by: context.actor)
                return Href("/desk/privacy/notice")
            }
        }
    }

    private func text(_ notice: PrivacyNotice?, _ kit: Kit) -> HTML {
        guard let notice else { return "<p class=\"card soft\">\(kit.words(.noticeNone))</p>" }
        return """
            <p class="soft small num">\(kit.words(.noticeVersion, String(notice.number), notice.from.description))</p>
            <div class="card stack">\(kit.paragraphs(kit.words.pick(zh: notice.zh, en: notice.en)))</div>
            """
    }

    /// The notice with the two answers, the same size and side by side.
    private func ask(_ next: String, _ refusal: (any Refusal)?, _ context: WebContext) async throws -> Response {
        let person = try directory.person(context)
        let day = today
        let (notice, accepted) = try await database.read { transaction -> (PrivacyNotice?, Instant?) in
            let notice = try NoticeStore.current(on: day, transaction)
            return (notice, try notice.flatMap { try NoticeStore.accepted(person, $0.number, transaction) })
        }
        var returned = Returned()
        returned.refusal = refusal
        let kit = Kit(context, returned)
        let words = context.words
        var end = HTML.empty
        if let accepted {
            end = "<p class=\"note ok\" role=\"status\">\(words(.noticeAccepted, Say.exact(accepted)))</p>"
        } else if let notice {
            end = """
                <form class="stack" method="post" action="/my/notice">\(Layout.token(context))\
                <input type=hidden name=number value="\(notice.number)"><input type=hidden name=next value="\(next)">\
                <p>\(words(.noticeAsk))</p><div class="btns">\
                <button class="btn primary" name=do value=accept>\(words(.noticeAccept))</button>\
                <button class="btn" name=do value=decline>\(words(.noticeDecline))</button></div></form>
                """
        }
        let main = kit.page(words(.privacyNoticeTitle), text(notice, kit), end, wayOut(context))
        return ownPage(words(.privacyNoticeTitle), main, refusal, context)
    }

    /// To one's rights and out, which stay open whatever is answered.
    func wayOut(_ context: WebContext) -> HTML {
        """
        <div class="btns"><a class="btn quiet" href="/my/privacy">\(context.words(.privacyTitle))</a>\
        <form method="post" action="/sign-out">\(Layout.token(context))\
        <button class="btn quiet">\(context.words(.signOut))</button></form></div>
        """
    }

    private func editor(_ cursor: String, _ returned: Returned, _ context: WebContext) async throws -> Response {
        let before = cursor.isEmpty ? nil : Int64(cursor)
        let (notices, last) = try await database.read { transaction in
            (
                try NoticeStore.all(before: before, limit: 11, transaction).map {
                    ($0, try NoticeStore.acceptances($0.number, transaction))
                }, try NoticeStore.last(transaction)
            )
        }
        let kit = Kit(context, returned)
        let words = context.words
        let rows = notices.prefix(10).map { notice, count -> HTML in
            kit.row(
                words(.noticeVersion, String(notice.number), notice.from.description),
                [
                    notice.why, notice.author,
                    words(
                        .noticeCount, count == NoticeStore.mostCounted ? "\(count)+" : String(count)),
                ].filter { !$0.isEmpty }.joined(separator: " · "))
        }
        let newest = notices.first?.0
        let form = kit.form(
            "new", Href("/desk/privacy/notice"), .noticeNew, hidden: [("version", String(last))], open: last == 0,
            kit.date("new", "from", .noticeFrom, value: today),
            kit.long("new", "why", .noticeWhy),
            kit.long(
                "new", "zh", .noticeZh, value: newest?.zh ?? NoticeTemplate.zh, most: PrivacyNotice.longestZh,
                lines: 14),
            kit.long(
                "new", "en", .noticeEn, value: newest?.en ?? NoticeTemplate.en, most: PrivacyNotice.longestEn,
                lines: 14))
        let next = notices.count > 10 ? notices[9].0.number : nil
        let main = kit.page(
            words(.privacyNoticeTitle), kit.rows(Array(rows), none: .noticeNone),
            kit.more(Href("/desk/privacy/notice"), next.map(String.init)),
            ExportLinks.make("privacy-notices", context), form)
        return staffPage(words(.privacyNoticeTitle), main, returned.refusal, context)
    }
}

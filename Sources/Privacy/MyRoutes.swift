import Directory
import Hummingbird
import Kernel
import NIOCore
import Storage
import Web

/// What a person sees of their own data and what they may ask.
struct MyPrivacy: Sendable {
    let notice: Int64?
    let accepted: Instant?
    let consents: [ConsentState]
    let requests: [PrivacyRequest]
    /// What relatives ask, saying that this person died.
    let claims: [PrivacyRequest]
    let arrangement: Arrangement
    let closingDays: Int64
}

extension PrivacyHouse {
    func mine(_ person: PersonID) async throws -> MyPrivacy {
        let day = today
        return try await database.read { transaction in
            let number = try NoticeStore.current(on: day, transaction)?.number
            return MyPrivacy(
                notice: number,
                accepted: try number.flatMap { try NoticeStore.accepted(person, $0, transaction) },
                consents: try ConsentStore.states(of: person, transaction),
                requests: try RequestStore.of(person, transaction),
                claims: try RequestStore.claims(on: person, transaction),
                arrangement: try ArrangementStore.last(person, transaction).arrangement,
                closingDays: try LawLimitStore.value(.closingDays, transaction))
        }
    }

    func myRoutes(_ table: RouteTable) {
        table.get("/my/privacy", .signedIn) { request, context in
            try await show(Returned(), declined: request.asked("declined") == "1", context)
        }
        // Reached when a browser reloads the answer of a form by its address.
        for path in ["/my/privacy/consents", "/my/privacy/requests"] {
            table.get(path, .signedIn) { _, _ in Answer.redirect(Href("/my/privacy")) }
        }
        table.post("/my/privacy/consents", .signedIn) { request, context in
            try await act(request, context) {
                try await show($0, context)
            } _: { sent in
                guard ["give", "withdraw"].contains(sent["do"]) else { throw PrivacyRefusal.badChoice("do") }
                try await desk.consent(
                    sent["purpose"], given: sent["do"] == "give", channel: "page", by: directory.person(context))
                return Href("/my/privacy")
            }
        }
        table.post("/my/privacy/requests", .signedIn) { request, context in
            try await act(request, context) {
                try await show($0, context)
            } _: { sent in
                guard let kind = RequestKind.allCases.first(where: { $0.code == sent["kind"] }) else {
                    throw PrivacyRefusal.badChoice("kind")
                }
                try await desk.ask(
                    kind, words: sent.trimmed("words"), confirmed: !sent["confirm"].isEmpty,
                    language: context.preferences.language, by: directory.person(context))
                return Href("/my/privacy")
            }
        }
        table.post("/my/privacy/requests/:id/withdrawal", .signedIn) { request, context in
            let id = try context.id("id", RequestTag.self)
            return try await act(request, context) {
                try await show($0, context)
            } _: { _ in
                try await desk.takeBack(id, by: directory.person(context))
                return Href("/my/privacy")
            }
        }
        for kind in FileKind.allCases {
            let path = kind == .json ? "/my/privacy/requests/:id/data" : "/my/privacy/requests/:id/page"
            table.get(path, .signedIn) { _, context in
                try await file(context.id("id"), kind, directory.person(context))
            }
        }
    }

    /// A person's own file as a download. Anybody else's is as good as missing.
    func file(_ id: RequestID, _ kind: FileKind, _ person: PersonID) async throws -> Response {
        let (request, length) = try await database.read { transaction in
            (try RequestStore.load(id, transaction), try RequestStore.length(id, kind, transaction))
        }
        guard let request, request.person == person, request.kind == .copy else { throw PrivacyRefusal.notFound }
        guard request.status == .done, request.fileBytes > 0, length > 0 else { throw PrivacyRefusal.fileGone }
        let (database, secrets) = (database, directory.secrets)
        let reader = FileReader(id: id, kind: kind)
        var response = Answer.stream(
            length: Int(length), type: kind == .json ? "application/json; charset=utf-8" : "text/html; charset=utf-8",
            cache: "no-store", etag: id.text
        ) {
            guard let (number, sealed) = try await reader.next(database) else { return nil }
            let place = PersonalFile.place(kind, number)
            return ByteBuffer(bytes: try secrets.openPart(sealed, of: id.raw, number: place))
        }
        let name = kind == .json ? "personal-data.json" : "personal-data.html"
        response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        response.headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        return response
    }

    /// Goes through the pieces of a file, one at a time.
    private actor FileReader {
        private let id: RequestID
        private let kind: FileKind
        private var number: Int64 = 0
        init(id: RequestID, kind: FileKind) {
            self.id = id
            self.kind = kind
        }
        func next(_ database: any Database) async throws -> (Int64, [UInt8])? {
            let (id, kind, number) = (id, kind, number)
            self.number += 1
            let sealed = try await database.read { try RequestStore.piece(id, kind, number, $0) }
            return sealed.map { (number, $0) }
        }
    }

    // MARK: The page

    private func show(
        _ returned: Returned, declined: Bool = false, _ context: WebContext
    ) async throws -> Response {
        let person = try directory.person(context)
        let mine = try await mine(person)
        let words = context.words
        let kit = Kit(context, returned)
        let told: HTML =
            declined || context.awaitsNotice
            ? """
            <div class="note" role="status"><p>\(words(.noticeDeclined))</p>\
            <p><a class="btn" href="/my/notice">\(words(.noticeAgain))</a></p></div>
            """ : .empty
        let notice: HTML =
            mine.notice == nil
            ? .empty : "<p><a href=\"/my/notice\">\(words(.privacyNoticeTitle))</a></p>"
        let main = kit.page(
            words(.privacyTitle), told, notice,
            kit.section(.consentTitle, kit.rows(mine.consents.map { consent($0, kit) })),
            rights(mine, kit), relatives(mine, kit),
            kit.section(.rightsRequests, kit.rows(mine.requests.map { request($0, kit) }, none: .rightsNone)),
            kept(kit), context.awaitsNotice ? wayOut(context) : "<p><a href=\"/me\">\(words(.back))</a></p>")
        return ownPage(words(.privacyTitle), main, returned.refusal, context)
    }

    private func consent(_ state: ConsentState, _ kit: Kit) -> HTML {
        let (words, purpose) = (kit.words, state.purpose)
        let name = words.pick(zh: purpose.zh, en: purpose.en)
        let about = words.pick(zh: purpose.aboutZh, en: purpose.aboutEn)
        guard purpose.basis == .consent else {
            return kit.row(name, "\(about) \(words(.consentNeedless, words(purpose.basis.phrase)))")
        }
        let isOld = state.given == true && state.version != purpose.version
        let mark =
            state.allows
            ? kit.state(.ok, words(.consentGiven))
            : isOld ? kit.state(.wait, words(.consentAsks)) : kit.state(.plain, words(.consentNot))
        let when = state.at.map { " · \(Say.exact($0))" } ?? ""
        let separate = purpose.separate ? " · \(words(.consentSeparate))" : ""
        let label = words(state.allows ? .consentWithdraw : .consentGive)
        return kit.row(
            name, about + separate + when, state: mark,
            end: kit.button(
                Href("/my/privacy/consents"), label, about: "\(label) \(name)",
                hidden: [("purpose", purpose.code), ("do", state.allows ? "withdraw" : "give")]))
    }

    private func rights(_ mine: MyPrivacy, _ kit: Kit) -> HTML {
        let words = kit.words
        let place = Href("/my/privacy/requests")
        func isOpen(_ kind: RequestKind) -> Bool {
            mine.requests.contains { $0.kind == kind && $0.status.isOpen && $0.relative == nil }
        }
        let copy: HTML =
            isOpen(.copy)
            ? .empty
            : """
            <div class="card stack"><p>\(words(.rightsCopyHelp))</p>\
            \(kit.button(place, words(.rightsCopy), primary: true, hidden: [("kind", "copy")]))</div>
            """
        let correction =
            isOpen(.correction)
            ? .empty
            : kit.form(
                "correct", place, .rightsCorrect, hidden: [("kind", "correction")],
                kit.long("correct", "words", .rightsCorrectWhat, most: 1000))
        let closing =
            isOpen(.closing)
            ? .empty
            : kit.form(
                "close", place, .rightsClose, hidden: [("kind", "closing")],
                "<p>\(words(.rightsCloseHelp, String(mine.closingDays)))</p>",
                kit.check("close", "confirm", .rightsCloseConfirm))
        return kit.section(.rightsTitle, copy, correction, closing)
    }

    private func request(_ one: PrivacyRequest, _ kit: Kit) -> HTML {
        let words = kit.words
        var about = [Say.exact(one.created)]
        if one.status.isOpen { about.append(words(.requestDue, one.due.description)) }
        if let act = one.act, one.status.isOpen { about.append(words(.requestActs, Say.exact(act))) }
        if !one.deadName.isEmpty { about.append(words(.kinAbout, one.deadName)) }
        about += [one.words, one.answer].filter { !$0.isEmpty }
        var end = HTML.empty
        if one.status == .waiting {
            end = kit.button(Href("/my/privacy/requests/", one.id.text, "/withdrawal"), words(.rightsBack))
        } else if one.fileBytes > 0 {
            end = """
                <span class="btns"><a class="btn" href="\(Href("/my/privacy/requests/", one.id.text, "/page"))">\
                \(words(.rightsRead))</a><a class="btn" href="\(Href("/my/privacy/requests/", one.id.text, "/data"))">\
                \(words(.rightsData))</a></span>
                """
        }
        let title = words(one.relative == nil ? one.kind.phrase : one.kind.kinPhrase)
        return kit.row(title, about.joined(separator: " · "), state: status(one, kit), end: end)
    }

    func status(_ one: PrivacyRequest, _ kit: Kit) -> HTML {
        let words = kit.words
        if one.awaitsDecision, one.due < today {
            return kit.state(.late, words(.requestLate))
        }
        if one.status == .waiting, one.relative?.accepted != nil { return kit.state(.wait, words(.kinAccepted)) }
        return kit.state(one.status.isOpen ? .wait : one.status == .done ? .ok : .plain, words(one.status.phrase))
    }

    /// What stays when an account is closed, with the reason of each.
    func kept(_ kit: Kit) -> HTML {
        let rows = sources.flatMap(\.remains).map { kit.row(kit.words($0.what), kit.words($0.why)) }
        return kit.section(.rightsKept, kit.rows(rows))
    }
}

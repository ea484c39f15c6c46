import Attachments
import Directory
import Hummingbird
import Kernel
import Messaging
import Storage
import Web

extension CasesHouse {
    func residentRoutes(_ table: RouteTable) {
        table.get("/", .everyone) { _, context in
            Answer.redirect(
                context.actor.isStaff ? Href("/desk") : context.actor.person == nil ? Href("/ledger") : Href("/home"))
        }
        table.get("/home", .signedIn) { _, context in try await home(context) }
        table.get("/messages", .signedIn) { _, context in
            let person = try person(context)
            let items = try await database.read { try inbox.items(of: person, $0) }
            let now = now()
            try await database.write { try inbox.markRead(of: person, at: now, $0) }
            return Answer.html(ResidentPages(context, now: now).messages(items), context: context)
        }
        table.get("/my/cases", .signedIn) { _, context in
            let person = try person(context)
            let (mine, joined) = try await database.read {
                (try CaseStore.mine(person, $0), try CaseStore.joinedBy(person, $0))
            }
            return Answer.html(ResidentPages(context, now: now()).list(mine, joined), context: context)
        }
        table.get("/my/cases/:id", .signedIn) { _, context in
            let view = try await queries.forResident(context.id("id"), context.actor)
            return Answer.html(
                ResidentPages(context, now: now()).caseView(view, code: nil, key: freshKey()), context: context)
        }
        table.post("/my/cases/:id", .signedIn) { request, context in try await act(request, context) }
        table.get("/report", .everyone) { request, context in
            let form = try await reportForm(request, context)
            return Answer.html(
                ResidentPages(context, now: now()).report(form, try await categories()), context: context)
        }
        table.post("/report", .everyone) { request, context in try await report(request, context) }
        table.post("/cases/:id/join", .signedIn) { request, context in
            _ = try await context.form(request)
            let id: CaseID = try context.id("id")
            do {
                try await join(id, context)
            } catch let refusal as CaseRefusal {
                // Pressed twice: what was wanted is so.
                let person = try person(context)
                guard try await database.read({ try CaseHistoryStore.hasJoined(id, person, $0) }) else {
                    throw refusal
                }
            }
            return Answer.redirect(Href("/my/cases/", id.text))
        }
        table.get("/look-up", .everyone) { request, context in
            let code = query(request, "code")
            guard !code.isEmpty else {
                return Answer.html(ResidentPages(context, now: now()).lookUp("", nil), context: context)
            }
            return try await lookUp(code, context)
        }
        table.post("/look-up", .everyone) { request, context in
            let sent = try await submission(request, context)
            let code = sent.fields["code"] ?? ""
            let view = try await queries.byCode(secrets.lookUpDigest(code))
            do {
                try await residentCommand(view.record, sent, view.codeAsker, "")
            } catch let refusal as any Refusal {
                return try await lookUp(code, context, KeptStep(sent.fields, refusal))
            }
            return Answer.redirect(Href("/look-up", query: [("code", code)]))
        }
        for (path, size) in [("/photos/:id", Attachments.Size.full), ("/photos/:id/small", .square)] {
            table.get(path, .everyone) { request, context in
                try await photo(context.id("id"), code: query(request, "code"), request, context, size)
            }
        }
    }

    private func home(_ context: WebContext) async throws -> Response {
        Answer.html(try await homePage(context), context: context)
    }

    func homePage(_ context: WebContext) async throws -> HTML {
        let person = try person(context)
        let estate = context.actor.homes.first?.estate
        let now = now()
        let place = context.actor.homes.first?.path
        let (mine, joined, items, week, line) = try await database.read { transaction in
            (
                try CaseStore.mine(person, limit: 20, transaction),
                try CaseStore.joinedBy(person, limit: 10, transaction),
                try inbox.items(of: person, limit: 5, transaction),
                try estate.map { try LedgerReader.week($0, now: now, transaction) },
                try place.flatMap { try ServiceLineStore.line(at: $0, transaction) }
            )
        }
        return ResidentPages(context, now: now).home(mine, joined, items, week, line)
    }

    private func lookUp(_ code: String, _ context: WebContext, _ kept: KeptStep = .none) async throws -> Response {
        let pages = ResidentPages(context, now: now())
        do {
            let view = try await queries.byCode(secrets.lookUpDigest(code))
            return Answer.html(
                pages.caseView(view, code: code, key: freshKey(), kept: kept),
                status: kept.refusal?.kind.status ?? .ok, context: context)
        } catch let wrong as CaseRefusal where wrong == .wrongCode {
            return Answer.html(pages.lookUp(code, wrong), status: .notFound, context: context)
        }
    }

    private func act(_ request: Request, _ context: WebContext) async throws -> Response {
        let id: CaseID = try context.id("id")
        let person = try person(context)
        let sent = try await submission(request, context)
        let view = try await queries.forResident(id, context.actor)
        do {
            try await residentCommand(view.record, sent, .resident(person), context.actor.name)
        } catch let refusal as any Refusal {
            let again = try await queries.forResident(id, context.actor)
            return Answer.html(
                ResidentPages(context, now: now()).caseView(
                    again, code: nil, key: freshKey(), kept: KeptStep(sent.fields, refusal)),
                status: refusal.kind.status, context: context)
        }
        return Answer.redirect(Href("/my/cases/", id.text))
    }

    private func residentCommand(
        _ c: CaseRecord, _ sent: Submission, _ asker: CaseAsker, _ name: String
    ) async throws {
        var input = ActionInput()
        input.words = sent.fields["words"] ?? ""
        let command: CaseCommand
        switch sent.fields["do"] {
        case "rate":
            guard let score = sent.fields["score"].flatMap({ Int($0) }) else { throw CaseRefusal.badScore }
            command = .rate(score: score)
        case "reopen": command = .reopen
        case "withdraw": command = .withdraw
        case "note":
            input.once = try sentOnce(c, sent, asker)
            input.files = try await store(sent.files)
            command = .note
        default: throw WebRefusal.malformed
        }
        try await actions.perform(command, on: c.id, by: asker, name: name, input: input)
    }

    /// What tells a note that is sent twice; nil for a form without a key.
    private func sentOnce(_ c: CaseRecord, _ sent: Submission, _ asker: CaseAsker) throws -> SentOnce? {
        guard let key = sent.fields["key"], !key.isEmpty else { return nil }
        guard key.utf8.count <= 70 else { throw CaseRefusal.badChoice("key") }
        let sizes = sent.files.map { String($0.content.size) }.joined(separator: " ")
        // Whoever holds a code has no id of their own: the case stands for them, and a negative number is nobody's.
        return SentOnce(
            owner: asker.person?.raw ?? -c.id.raw, key: "note-\(key)",
            digest: secrets.contentDigest("\(c.id.text)|\(sizes)|\(sent.fields["words"] ?? "")"))
    }

    // MARK: Reporting

    /// The places that the form offers: the homes of the person, or what a poster names.
    private func reportForm(_ request: Request, _ context: WebContext) async throws -> ResidentPages.ReportForm {
        var form = ResidentPages.ReportForm(key: freshKey())
        form.what = query(request, "what")
        form.area = query(request, "area")
        try await fillPlaces(&form, poster: query(request, "poster"), context)
        if !form.areas.contains(where: { $0.value == form.area }) { form.area = form.areas.first?.value ?? "" }
        if let home = context.actor.homes.first {
            let since = now().adding(days: -3)
            let me = context.actor.person
            let say = Say(context.words, now: now())
            let (found, kinds) = try await database.read {
                (
                    try CaseStore.similar(
                        estate: home.estate.raw, building: home.building.raw, category: nil, since: since,
                        without: me, $0),
                    try CaseHistoryStore.dictionary($0)
                )
            }
            form.similar = found.compactMap { item in
                kinds.first { $0.id == item.category }.map {
                    (item.id, "\(context.words.pick(zh: $0.zh, en: $0.en)) · \(say.moment(item.registered))")
                }
            }
        }
        return form
    }

    private func fillPlaces(
        _ form: inout ResidentPages.ReportForm, poster: String, _ context: WebContext
    ) async throws {
        let words = context.words
        for home in context.actor.homes {
            form.areas.append((home.unit.text, words(.reportMyHome, home.label)))
            form.areas.append((home.building.text, words(.reportMyBuilding)))
            form.areas.append((home.estate.text, words(.reportEstate)))
        }
        if let id = AreaID(text: poster), let area = try await database.read({ try DirectoryStore.area(id, $0) }),
            area.level >= .estate
        {
            form.poster = poster
            let names = try await database.read { try DirectoryStore.areas(area.path.ids, $0) }
            let chain = area.path.ids.compactMap { names[$0] }.filter { $0.level >= .estate }
            form.areas.insert((area.id.text, chain.map(\.name).joined(separator: " ")), at: 0)
        }
        var seen = Set<String>()
        form.areas = form.areas.filter { seen.insert($0.value).inserted }
        if form.area.isEmpty { form.area = form.areas.first?.value ?? "" }
    }

    private func report(_ request: Request, _ context: WebContext) async throws -> Response {
        let sent = try await submission(request, context)
        let fields = sent.fields
        var form = ResidentPages.ReportForm(key: fields["key"] ?? "")
        form.what = fields["what"] ?? ""
        form.category = fields["category"] ?? ""
        form.place = fields["place"] ?? ""
        form.area = fields["area"] ?? ""
        form.anonymous = fields["anonymous"] == "1"
        do {
            try await fillPlaces(&form, poster: fields["poster"] ?? "", context)
            // Only a place that the form offered: another estate's id is refused.
            guard form.areas.contains(where: { $0.value == form.area }), let area = AreaID(text: form.area) else {
                throw CaseRefusal.badChoice("area")
            }
            guard !form.key.isEmpty else { throw CaseRefusal.badChoice("key") }
            let files = try await store(sent.files)
            let sender: NewCase.Sender
            if let person = context.actor.person, !form.anonymous {
                sender = .resident(person, name: context.actor.name)
            } else {
                // One browser is told from another by its form token; a negative number is nobody's id.
                let digest = secrets.contentDigest(context.formToken)
                let number = digest.prefix(7).reduce(Int64(0)) { $0 << 8 | Int64($1) }
                sender = .anonymous(browser: -number)
            }
            let new = NewCase(
                area: area, place: form.place, words: form.what, category: CategoryID(text: form.category),
                files: files, key: form.key, sender: sender)
            let done = try await actions.register(new)
            let pages = ResidentPages(context, now: now())
            if let code = done.code { return Answer.html(pages.code(code, done.id), context: context) }
            if case .anonymous = sender { return Answer.redirect(Href("/look-up")) }
            return Answer.redirect(Href("/my/cases/", done.id.text))
        } catch let refusal as any Refusal {
            form.refusal = refusal
            return Answer.html(
                ResidentPages(context, now: now()).report(form, try await categories()),
                status: refusal.kind.status, context: context)
        }
    }

    /// A picture of a case, for those who may see the case.
    func photo(
        _ id: CaseID, code: String, _ request: Request, _ context: WebContext, _ size: Attachments.Size
    ) async throws -> Response {
        let lookup = code.isEmpty ? nil : secrets.lookUpDigest(code)
        let actor = context.actor
        let file: Int64? = try await database.read { transaction in
            guard
                let (owner, file) = try CaseHistoryStore.photo(id.raw, transaction),
                let c = try CaseStore.load(owner, transaction)
            else { return nil }
            if CaseQueries.mayRead(c, actor) || (actor.person != nil && c.reporter == actor.person) { return file }
            if let lookup, try CaseStore.load(lookup: lookup, transaction)?.id == c.id { return file }
            return nil
        }
        guard let file, let name = try await attachments.name(file, size, from: database) else {
            throw CaseRefusal.notFound
        }
        let cache = "private, max-age=3600"
        if let unchanged = Answer.unchanged(request, cache: cache, etag: name.text) { return unchanged }
        let reader = try await attachments.reader(name)
        return Answer.stream(length: reader.length, type: "image/jpeg", cache: cache, etag: name.text) {
            try await attachments.next(of: reader)
        }
    }
}

/// The seven days on top of a ledger, from the daily counts.
enum LedgerReader {
    static func week(_ estate: AreaID, now: Instant, _ transaction: any ReadTransaction) throws -> LedgerWeek {
        let to = Zone.shanghai.day(of: now)
        var week = LedgerWeek(from: to.adding(-6), to: to)
        for row in try CaseStore.days(estate: estate.raw, from: week.from, to: week.to, transaction) {
            switch row.what {
            case .reported: week.reported += row.n
            case .struckOff: week.struck += row.n
            case .attendedInTime: week.attended.kept += row.n
            case .attendedLate: week.attended.late += row.n
            case .handledInTime: week.handled.kept += row.n
            case .handledLate: week.handled.late += row.n
            case .satisfied: week.satisfied.yes += row.n
            case .rated: week.satisfied.all += row.n
            default: break
            }
        }
        week.open = try CaseStore.open(estate: estate.raw, transaction)
        return week
    }
}

import Attachments
import Directory
import Hummingbird
import Kernel
import Messaging
import NIOCore
import Storage
import Web

extension CasesHouse {
    func deskRoutes(_ table: RouteTable) {
        table.get("/desk", .staff) { request, context in
            guard context.actor.may(.caseRead) else { return try await backRoom(context) }
            return try await desk(request, context, current: nil)
        }
        table.get("/desk/cases/:id", .verb(.caseRead)) { request, context in
            try await desk(request, context, current: context.id("id"))
        }
        table.post("/desk/cases/:id", .verb(.caseRead)) { request, context in try await deskAct(request, context) }
        table.post("/desk/cases/:id/phone", .verb(.phoneUnmask)) { request, context in
            try await unmask(request, context)
        }
        table.get("/desk/new", .verb(.caseRegister)) { request, context in
            var form = DeskPages.RegisterForm(key: freshKey())
            try await fill(&form, estate: query(request, "estate"), context)
            return Answer.html(
                DeskPages(context, now: now()).register(form, try await categories()), context: context)
        }
        table.post("/desk/new", .verb(.caseRegister)) { request, context in try await register(request, context) }
        table.get("/desk/menu", .staff) { _, context in try await backRoom(context) }
        table.get("/desk/live", .verb(.caseRead)) { _, context in try liveStream(context) }
    }

    /// Staff without cases: administrators and auditors get the way to their pages.
    private func backRoom(_ context: WebContext) async throws -> Response {
        let pages = DeskPages(context, now: now())
        let page = Page(
            title: context.words(.desk), frame: .open,
            main: "<div class=\"stack\"><h1>\(context.actor.name)</h1>\(pages.menu())</div>")
        return Answer.html(Layout.render(page, context: context), context: context)
    }

    func desk(
        _ request: Request, _ context: WebContext, current: CaseID?, kept: KeptStep = .none, phone: String? = nil
    ) async throws -> Response {
        var filter = DeskPages.Filter()
        filter.queue = query(request, "queue")
        filter.category = query(request, "category")
        filter.search = query(request, "q")
        filter.after = query(request, "after")
        guard DeskPages.queues.contains(where: { $0.code == filter.queue }) else { throw WebRefusal.notFound }
        var desk = try await deskModel(filter, context.actor, current: current, in: context.words.language)
        desk.kept = kept
        if let view = desk.current, let picked = TemplateID(text: query(request, "template")) {
            desk.filled = try filled(picked, view, desk.tools, context)
        }
        desk.shownPhone = phone
        return Answer.html(
            DeskPages(context, now: now(), drawn: drawn).desk(desk), status: kept.refusal?.kind.status ?? .ok,
            context: context)
    }

    /// Everything that the desk shows, in one read.
    func deskModel(
        _ filter: DeskPages.Filter, _ actor: Actor, current: CaseID?, in language: Language = .zh
    ) async throws -> DeskPages.Desk {
        let scope = try actor.scope(.caseRead)
        let wanted = try deskFilter(filter)
        let now = now()
        let day = Zone.shanghai.day(of: now)
        let categories = try await categories()
        let imported = try await book.imported(scope, at: now)
        let counted = counts.find(scope, at: now)
        let edition = memory.edition
        let noted = handovers.edition
        var desk = try await database.read { transaction in
            var view: CaseView?
            var tools: DeskPages.Tools?
            var from: CaseOrigin?
            if let current {
                let c = try CaseQueries.staffCase(current, actor, transaction)
                view = try CaseQueries.staffView(c, actor, transaction)
                if c.channel == .hotline || c.channel == .letter { from = try origin?(c.id, transaction) }
                tools = try self.tools(c, actor, day, edition, transaction)
            }
            let title = try scope.places.first.flatMap { try DirectoryStore.area($0.area, transaction)?.name } ?? ""
            let places = try CaseStore.deskPlaces(scope, wanted, transaction)
            let near = DeskPages.near(current, places)
            return DeskPages.Desk(
                filter: filter, tallies: try counted.tallies ?? CaseStore.tallies(scope, transaction),
                rows: try rows(Array(places[near]), now, language, transaction),
                hasMore: near.upperBound < places.count || places.count == wanted.limit, categories: categories,
                current: view,
                tools: tools, shownPhone: nil, title: title, origin: from,
                notes: try handovers.open(scope, noted, transaction))
        }
        desk.imported = imported
        if counted.tallies == nil { counts.keep(desk.tallies, scope, counted.edition, at: now) }
        return desk
    }

    /// The rows of the list: as they were drawn a moment ago, or with what it takes to draw them.
    private func rows(
        _ places: [CaseStore.DeskPlace], _ now: Instant, _ language: Language, _ transaction: any ReadTransaction
    ) throws -> [DeskPages.Row] {
        let found = drawn.find(places, at: now, in: language)
        var lines: [CaseID: CaseLine] = [:]
        for line in try CaseStore.lines(
            zip(places, found).compactMap { $1 == nil ? $0.id : nil }, transaction)
        {
            lines[line.id] = line
        }
        return zip(places, found).map { DeskPages.Row(place: $0, drawn: $1, line: lines[$0.id]) }
    }

    func deskFilter(_ filter: DeskPages.Filter) throws -> CaseStore.DeskFilter {
        var wanted = CaseStore.DeskFilter()
        switch filter.queue {
        case "": break
        case "soon": wanted.soon = true
        default: wanted.queue = CaseQueue.allCases.first { $0.code == filter.queue }
        }
        if !filter.category.isEmpty {
            guard let category = CategoryID(text: filter.category) else { throw WebRefusal.notFound }
            wanted.category = category
        }
        wanted.terms = TextTerms.query(filter.search)
        if !filter.after.isEmpty {
            let parts = filter.after.split(separator: "-")
            guard parts.count == 2, let ms = Int64(parts[0]), let id = CaseID(text: parts[1]) else {
                throw CaseRefusal.badCursor
            }
            wanted.after = (Instant(ms: ms), id)
        }
        return wanted
    }

    /// What the forms of this case may offer to this person.
    func tools(
        _ c: CaseRecord, _ actor: Actor, _ day: Day, _ edition: DirectoryMemory.Edition,
        _ transaction: any ReadTransaction
    ) throws -> DeskPages.Tools {
        let colleagues: [Colleague] =
            c.status == .triaged || c.status == .dispatched
            ? try memory.colleagues(at: c.place.path, may: .caseAttend, on: day, edition, transaction)
                .filter { $0.family != c.about } : []
        let mergeable =
            CaseRules.statuses(for: .merge).contains(c.status) && actor.may(.caseMerge, at: c.place.path)
            ? try CaseStore.like(c, transaction) : []
        // One for each family: its head where that serves there, because a complaint is about all of it.
        let serving = try memory.organisations(serving: c.place.path, edition, transaction)
        var families = Set<OrganisationID>()
        let organisations = serving.compactMap { one in
            families.insert(one.family).inserted ? serving.first { $0.id == one.family } ?? one : nil
        }
        return DeskPages.Tools(
            colleagues: colleagues, organisations: organisations,
            mergeable: mergeable,
            standsIn: try standsIn(c, actor, transaction),
            templates: try TemplateStore.offered(c, actor, transaction),
            estate: try memory.chain(of: AreaID(c.place.estate), edition, transaction)?.area.name ?? "")
    }

    private func deskAct(_ request: Request, _ context: WebContext) async throws -> Response {
        let id: CaseID = try context.id("id")
        let sent = try await submission(request, context)
        let actor = context.actor
        let c = try await database.read { try CaseQueries.staffCase(id, actor, $0) }
        do {
            try await deskCommand(c, sent, context)
        } catch let refusal as any Refusal {
            if refusal.kind == .notFound { throw refusal }
            return try await desk(request, context, current: id, kept: KeptStep(sent.fields, refusal))
        }
        // A step may take the case out of sight: then back to the list.
        let visible = await queries.isSeen(id, actor)
        return Answer.redirect(visible ? Href("/desk/cases/", id.text) : Href("/desk"))
    }

    /// Reads one command of the desk from a form's fields.
    private func deskCommand(_ c: CaseRecord, _ sent: Submission, _ context: WebContext) async throws {
        let fields = sent.fields
        var input = ActionInput()
        input.words = fields["words"] ?? ""
        guard let version = fields["version"].flatMap({ Int64($0) }) else { throw CaseRefusal.changedMeanwhile }
        input.version = version
        let command: CaseCommand
        switch fields["do"] {
        case "triage":
            var kinds = try await categories()
            let own = try await database.read { try CaseHistoryStore.category(c.category, $0) }
            if let own { kinds.append(own) }
            guard let category = kinds.first(where: { $0.id.text == fields["category"] }) else {
                throw CaseRefusal.badChoice("category")
            }
            guard let urgency = Urgency.allCases.first(where: { $0.code == fields["urgency"] }) else {
                throw CaseRefusal.badChoice("urgency")
            }
            guard let level = fields["level"].flatMap({ Int64($0) }).flatMap(AreaLevel.init(rawValue:)),
                (AreaLevel.district...AreaLevel.estate).contains(level)
            else { throw CaseRefusal.badChoice("level") }
            guard let lead = fields["lead"].flatMap({ Int64($0) }).flatMap(Party.init(rawValue:)) else {
                throw CaseRefusal.badChoice("lead")
            }
            input.assisting = Set(
                fields.all("assist").compactMap { Int64($0) }.compactMap(Party.init(rawValue:)))
            command = .triage(
                .init(
                    category: category, urgency: urgency, level: level, lead: lead,
                    about: fields["about"].flatMap { OrganisationID(text: $0) }))
        case "dispatch": command = try await dispatch(c, post: fields["post"] ?? "", &input)
        case "accept":
            input.promise = fields["promise"].flatMap { LocalInput.instant($0) }
            guard input.promise != nil else { throw CaseRefusal.badTime("promise") }
            command = .accept
        case "attend": command = .attend
        case "handle":
            input.files = try await store(sent.files)
            command = .handle
        case "feedBack": command = .feedBack
        case "strikeOff": command = .strikeOff
        case "publish":
            try await publish(c, fields, context, version)
            return
        case "unpublish":
            try await unpublish(c, context)
            return
        case "suspend":
            guard let reason = PauseReason.allCases.first(where: { $0.code == fields["reason"] }) else {
                throw CaseRefusal.badChoice("reason")
            }
            if let text = fields["expected"], !text.isEmpty {
                guard let expected = LocalInput.instant(text) else { throw CaseRefusal.badTime("expected") }
                input.expected = expected
            }
            command = .suspend(reason)
        case "resume": command = .resume
        case "escalate": command = .escalate
        case "merge":
            input.mergeInto = fields["into"].flatMap { CaseID(text: $0) }
            command = .merge
        case "return": command = .returnIt
        case "note":
            input.files = try await store(sent.files)
            command = .note
        default: throw WebRefusal.malformed
        }
        guard let verb = command.verb else { throw CaseRefusal.notYours }
        try await actions.perform(
            command, on: c.id, by: asker(verb, c, context.actor), name: context.actor.name, input: input)
    }

    func dispatch(_ c: CaseRecord, post: String, _ input: inout ActionInput) async throws -> CaseCommand {
        let day = Zone.shanghai.day(of: now())
        guard let id = PostID(text: post),
            let target = try await database.read({ try DirectoryStore.colleague(post: id, on: day, $0) })
        else { throw CaseRefusal.badChoice("post") }
        input.target = target
        return .dispatch(
            to: .init(
                person: target.person, party: target.party, family: target.family,
                mayAttend: target.role.verbs.contains(.caseAttend)))
    }

    /// Writes the public text and publishes it, in one transaction's reach: the text first, then the step.
    func publish(_ c: CaseRecord, _ fields: FormFields, _ context: WebContext, _ version: Int64?) async throws {
        let title = try CaseActions.bounded(fields["title"] ?? "", CaseBounds.title, "title")
        let place = try CaseActions.bounded(fields["place"] ?? "", 0...40, "place")
        let body = try CaseActions.bounded(fields["body"] ?? "", 1...500, "body")
        try await actions.publish(
            c.id, title: title, place: place, body: body, by: asker(.casePublish, c, context.actor),
            name: context.actor.name, version: version)
    }

    func unpublish(_ c: CaseRecord, _ context: WebContext) async throws {
        try await actions.unpublish(
            c.id, by: asker(.casePublish, c, context.actor), name: context.actor.name)
    }

    /// The number in clear, once, with a reason; the look itself is recorded.
    private func unmask(_ request: Request, _ context: WebContext) async throws -> Response {
        let id: CaseID = try context.id("id")
        let fields = try await context.form(request)
        let actor = context.actor
        let c = try await database.read { try CaseQueries.staffCase(id, actor, $0) }
        let phone: String
        do {
            phone = try await unmask(c, why: fields["words"] ?? "", by: actor)
        } catch let refusal as any Refusal {
            guard refusal.field == "words" else { throw refusal }
            let kept = KeptStep(DeskPages.unmasking, fields, refusal)
            return try await desk(request, context, current: id, kept: kept)
        }
        return try await desk(request, context, current: id, phone: phone)
    }

    func unmask(_ c: CaseRecord, why typed: String, by actor: Actor) async throws -> String {
        guard let post = actor.post(for: .phoneUnmask, at: c.place.path) else { throw CaseRefusal.notYours }
        let why = try CaseActions.bounded(typed, 1...100, "words")
        guard !TextRules.holdsNumber(why) else { throw CaseRefusal.numberInReason }
        let id = c.id
        let now = now()
        let sealed: (bytes: [UInt8], owner: PersonID)? = try await database.write { [journal] transaction in
            guard try Contractor.mayKnow(c, actor, transaction) else { throw CaseRefusal.notShared }
            var found: (bytes: [UInt8], owner: PersonID)?
            if let bytes = try CaseStore.sealedContact(id, transaction) {
                found = (bytes, PersonID(id.raw))
            } else if let reporter = c.reporter,
                let bytes = try DirectoryStore.phone(of: reporter, transaction)?.sealed
            {
                found = (bytes, reporter)
            }
            guard found != nil else { return nil }
            try journal.audit(
                AuditEntry(
                    area: AreaID(c.place.estate), actor: actor.person, post: post.id, verb: "phone.unmask",
                    subject: id.raw, detail: why, isReason: true), at: now, transaction)
            return found
        }
        guard let sealed else { throw CaseRefusal.notFound }
        return try secrets.open(sealed.bytes, person: sealed.owner)
    }

    // MARK: Registering

    private func fill(_ form: inout DeskPages.RegisterForm, estate: String, _ context: WebContext) async throws {
        let actor = context.actor
        let places = actor.posts.filter { $0.role.verbs.contains(.caseRegister) }
        let chosen = AreaID(text: estate)
        let (estates, found) = try await database.read { transaction in
            var estates: [Area] = []
            for post in places { estates += try DirectoryStore.estates(under: post.path, limit: 300, transaction) }
            var seen = Set<AreaID>()
            estates = estates.filter { seen.insert($0.id).inserted }
            let one = estates.first { $0.id == chosen } ?? estates.first
            var list: [(value: String, text: String)] = []
            if let one {
                list.append((one.id.text, one.name))
                for building in try DirectoryStore.children(of: one.id, transaction) {
                    list.append((building.id.text, building.name))
                    for unit in try DirectoryStore.children(of: building.id, transaction) {
                        list.append((unit.id.text, "\(building.name) \(unit.name)"))
                    }
                }
            }
            return (estates, (one: one?.id, list: list))
        }
        form.estates = estates
        form.estate = found.one
        form.places = found.list
    }

    private func register(_ request: Request, _ context: WebContext) async throws -> Response {
        let sent = try await submission(request, context)
        let fields = sent.fields
        var form = DeskPages.RegisterForm(key: fields["key"] ?? "")
        for (name, value) in fields.pairs where !name.hasPrefix("_") { form.kept[name] = value }
        do {
            let done = try await register(fields, files: sent.files, context)
            let actor = context.actor
            let visible = await queries.isSeen(done.id, actor)
            return Answer.redirect(visible ? Href("/desk/cases/", done.id.text) : Href("/desk"))
        } catch let refusal as any Refusal {
            form.refusal = refusal
            try await fill(&form, estate: fields["estate"] ?? "", context)
            return Answer.html(
                DeskPages(context, now: now()).register(form, try await categories()),
                status: refusal.kind.status, context: context)
        }
    }

    /// Staff register what somebody told them or what they found.
    func register(_ fields: FormFields, files: [UploadedFile], _ context: WebContext) async throws -> Registered {
        guard let area = AreaID(text: fields["area"] ?? "") else { throw CaseRefusal.noPlace }
        guard let channel = Channel(code: fields["channel"] ?? ""), channel != .imported else {
            throw CaseRefusal.badChoice("channel")
        }
        var urgency: Urgency?
        if let code = fields["urgency"], !code.isEmpty {
            guard let found = Urgency.allCases.first(where: { $0.code == code }) else {
                throw CaseRefusal.badChoice("urgency")
            }
            urgency = found
        }
        var phone: Phone?
        if let text = fields["phone"], !text.isEmpty {
            guard let found = Phone(text) else { throw DirectoryRefusal.badPhone }
            phone = found
        }
        return try await actions.register(
            NewCase(
                area: area, place: fields["place"] ?? "", words: fields["what"] ?? "",
                category: CategoryID(text: fields["category"] ?? ""), urgency: urgency, channel: channel,
                files: try await store(files), key: fields["key"] ?? "",
                sender: .staff(context.actor, name: fields["name"] ?? "", phone: phone)))
    }

    // MARK: Live

    /// Server-sent events: says only that something changed; the page fetches itself again with its own rights.
    private func liveStream(_ context: WebContext) throws -> Response {
        let scope = try context.actor.scope(.caseRead)
        guard let events = live.listen(scope.places.map(\.path)) else { throw WebRefusal.tooMany }
        let stream = events.map { name in
            ByteBuffer(string: name == "beat" ? ": beat\n\n" : "event: \(name)\ndata: {}\n\n")
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream", .cacheControl: "no-store",
            ],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: "retry: 3000\n\n"))
                for await buffer in stream { try await writer.write(buffer) }
                try await writer.finish(nil)
            })
    }
}

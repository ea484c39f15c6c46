import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The loop as JSON under `/api/v1`: the same actions, the same refusals (as problem details), cursor pagination,
/// `Idempotency-Key` on registration.
extension CasesHouse {
    func apiRoutes(_ table: RouteTable) {
        table.get("/api/v1/me", .signedIn) { _, context in Answer.json(Self.json(context.actor)) }
        table.get("/api/v1/categories", .everyone) { _, _ in
            Answer.json(
                .object([
                    (
                        "items",
                        .array(
                            try await categories().map { category in
                                .object([
                                    ("id", .string(category.id.text)), ("code", .string(category.code)),
                                    ("name_zh", .string(category.zh)), ("name_en", .string(category.en)),
                                ])
                            })
                    )
                ]))
        }
        table.get("/api/v1/cases", .signedIn) { request, context in try await apiList(request, context) }
        table.post("/api/v1/cases", .signedIn) { request, context in try await apiRegister(request, context) }
        table.get("/api/v1/cases/:id", .signedIn) { _, context in
            let view = try await apiView(context.id("id"), context.actor)
            return Answer.json(Self.json(view, staff: CaseQueries.mayRead(view.record, context.actor)))
        }
        table.post("/api/v1/cases/:id/:noun", .signedIn) { request, context in try await apiAct(request, context) }
        table.get("/api/v1/ledger/:id", .everyone) { request, context in
            let id: AreaID = try context.id("id")
            let cursor = query(request, "cursor")
            let before = CaseHistoryStore.LedgerCursor(text: cursor)
            guard cursor.isEmpty || before != nil else { throw CaseRefusal.badCursor }
            let limit = try limit(request)
            let lines = try await database.read(.forReaders(context.actor)) { transaction in
                guard try DirectoryStore.area(id, transaction)?.level == .estate else { throw CaseRefusal.notFound }
                return try CaseHistoryStore.ledger(estate: id, before: before, limit: limit, transaction)
            }
            return Answer.json(
                .object([
                    (
                        "items",
                        .array(
                            lines.map { line in
                                .object([
                                    ("number", .string(line.number)), ("title", .string(line.publication.title)),
                                    ("place", .string(line.publication.place)),
                                    ("words", .string(line.publication.body)),
                                    ("reported", .time(line.registered)), ("solved", .time(line.solved)),
                                    ("struck_off", .time(line.publication.struck)),
                                    ("score", (1...5).contains(line.rated) ? .int(line.rated) : .null),
                                ])
                            })
                    ),
                    (
                        "next_cursor",
                        lines.count == limit
                            ? .optional(lines.last.map { CaseHistoryStore.LedgerCursor($0).text }) : .null
                    ),
                ]))
        }
    }

    private func limit(_ request: Request) throws -> Int {
        let text = query(request, "limit")
        guard !text.isEmpty else { return 50 }
        guard let value = Int(text), (1...100).contains(value) else { throw CaseRefusal.badChoice("limit") }
        return value
    }

    private func apiView(_ id: CaseID, _ actor: Actor) async throws -> CaseView {
        if actor.isStaff, let view = try? await queries.forStaff(id, actor) { return view }
        return try await queries.forResident(id, actor)
    }

    private func apiList(_ request: Request, _ context: WebContext) async throws -> Response {
        let limit = try limit(request)
        let cursor = query(request, "cursor")
        let lines: [CaseLine]
        if context.actor.may(.caseRead) {
            let scope = try context.actor.scope(.caseRead)
            var filter = DeskPages.Filter()
            filter.queue = query(request, "queue")
            filter.category = query(request, "category")
            filter.search = query(request, "q")
            filter.after = cursor
            guard DeskPages.queues.contains(where: { $0.code == filter.queue }) else {
                throw CaseRefusal.badChoice("queue")
            }
            var wanted = try deskFilter(filter)
            wanted.limit = limit
            let fixed = wanted
            lines = try await database.read { try CaseStore.desk(scope, fixed, $0) }
        } else {
            let person = try person(context)
            let before = try cursor.isEmpty ? nil : CaseID(text: cursor) ?? { throw CaseRefusal.badCursor }()
            lines = try await database.read { try CaseStore.mine(person, before: before, limit: limit, $0) }
        }
        let staff = context.actor.may(.caseRead)
        let next = lines.count == limit ? lines.last.map { staff ? "\($0.due.ms)-\($0.id.text)" : $0.id.text } : nil
        return Answer.json(
            .object([
                (
                    "items",
                    .array(
                        lines.map { line in
                            .object([
                                ("id", .string(line.id.text)), ("title", .string(line.title)),
                                ("place", .string(line.place)), ("status", .string(line.status.code)),
                                ("suspended", .bool(line.suspended)), ("queue", .string(line.queue.code)),
                                ("holder", .string(String(describing: line.holder))),
                                ("registered", .time(line.registered)),
                                ("due", line.due == CaseRecord.never ? .null : .time(line.due)),
                            ])
                        })
                ), ("next_cursor", .optional(next)),
            ]))
    }

    private func apiRegister(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await context.json(request)
        let key =
            request.headers[.init("Idempotency-Key") ?? .ifMatch] ?? body["key"]?.stringValue ?? freshKey()
        guard let area = body["area"]?.stringValue.flatMap({ AreaID(text: $0) }) else { throw CaseRefusal.noPlace }
        guard let words = body["words"]?.stringValue else { throw CaseRefusal.tooShort("words") }
        let category = try body["category"]?.stringValue.map { text in
            guard let id = CategoryID(text: text) else { throw CaseRefusal.badChoice("category") }
            return id
        }
        let person = try person(context)
        let sender: NewCase.Sender
        var channel = Channel.mobile
        if context.actor.may(.caseRegister) {
            guard let found = Channel(code: body["channel"]?.stringValue ?? "frontDesk"), found != .imported else {
                throw CaseRefusal.badChoice("channel")
            }
            channel = found
            var phone: Phone?
            if let text = body["phone"]?.stringValue {
                guard let found = Phone(text) else { throw DirectoryRefusal.badPhone }
                phone = found
            }
            sender = .staff(context.actor, name: body["name"]?.stringValue ?? "", phone: phone)
        } else {
            // A resident reports from where they live.
            let place = try await database.read { try DirectoryStore.area(area, $0) }
            guard let place,
                context.actor.homes.contains(where: {
                    $0.unit == place.id || $0.building == place.id || $0.estate == place.id
                })
            else { throw CaseRefusal.noPlace }
            sender = .resident(person, name: context.actor.name)
        }
        let done = try await actions.register(
            NewCase(
                area: area, place: body["place"]?.stringValue ?? "", words: words, category: category,
                channel: channel, key: key, sender: sender))
        var response = Answer.json(
            .object([("id", .string(done.id.text)), ("repeated", .bool(done.repeated))]),
            status: done.repeated ? .ok : .created)
        response.headers[.location] = "/api/v1/cases/\(done.id.text)"
        return response
    }

    private func apiAct(_ request: Request, _ context: WebContext) async throws -> Response {
        let id: CaseID = try context.id("id")
        let body = try await context.json(request)
        let actor = context.actor
        let person = try person(context)
        let view = try await apiView(id, actor)
        let c = view.record
        var input = ActionInput()
        input.words = body["words"]?.stringValue ?? ""
        input.version = body["version"]?.intValue
        func text(_ name: String) -> String { body[name]?.stringValue ?? "" }
        func time(_ name: String) throws -> Instant? {
            guard let value = body[name]?.stringValue else { return nil }
            guard let instant = LocalInput.instant(String(value.prefix(16))) else { throw CaseRefusal.badTime(name) }
            return instant
        }
        let command: CaseCommand
        switch context.parameters.get("noun") ?? "" {
        case "triage":
            let kinds = try await categories()
            guard
                let category = text("category").isEmpty
                    ? view.category : kinds.first(where: { $0.id.text == text("category") })
            else { throw CaseRefusal.badChoice("category") }
            guard
                let urgency = text("urgency").isEmpty
                    ? c.urgency : Urgency.allCases.first(where: { $0.code == text("urgency") })
            else { throw CaseRefusal.badChoice("urgency") }
            let lead = Party.allCases.first { String(describing: $0) == text("lead") } ?? c.leadParty
            let level = AreaLevel.allCases.first { String(describing: $0) == text("level") } ?? c.level
            command = .triage(
                .init(
                    category: category, urgency: urgency, level: level, lead: lead,
                    about: text("about").isEmpty ? c.about : OrganisationID(text: text("about"))))
        case "dispatch": command = try await dispatch(c, post: text("post"), &input)
        case "accept":
            input.promise = try time("promise")
            command = .accept
        case "attend": command = .attend
        case "handle": command = .handle
        case "feedback": command = .feedBack
        case "rating":
            guard let score = body["score"]?.intValue else { throw CaseRefusal.badScore }
            command = .rate(score: Int(clamping: score))
        case "reopening": command = .reopen
        case "withdrawal": command = .withdraw
        case "strike-off": command = .strikeOff
        case "suspension":
            guard let reason = PauseReason.allCases.first(where: { $0.code == text("reason") }) else {
                throw CaseRefusal.badChoice("reason")
            }
            input.expected = try time("expected")
            command = .suspend(reason)
        case "resumption": command = .resume
        case "escalation": command = .escalate
        case "merge":
            input.mergeInto = CaseID(text: text("into"))
            command = .merge
        case "return": command = .returnIt
        case "note": command = .note
        case "publication":
            try await publish(
                c, FormFields([("title", text("title")), ("place", text("place")), ("body", input.words)]), context,
                input.version)
            return Answer.json(Self.json(try await apiView(id, actor), staff: true))
        default: throw WebRefusal.notFound
        }
        let asker: CaseAsker
        if let verb = command.verb, CaseQueries.mayRead(c, actor) {
            asker = try self.asker(verb, c, actor)
        } else {
            asker = .resident(person)
        }
        let after = try await actions.perform(command, on: id, by: asker, name: actor.name, input: input)
        guard let now = try? await apiView(id, actor) else {
            return Answer.json(.object([("id", .string(id.text)), ("status", .string(after.status.code))]))
        }
        return Answer.json(Self.json(now, staff: CaseQueries.mayRead(now.record, actor)))
    }

    // MARK: Shapes

    static func json(_ actor: Actor) -> JSON {
        .object([
            ("person", .optional(actor.person?.text)), ("name", .string(actor.name)),
            (
                "posts",
                .array(
                    actor.posts.map { post in
                        .object([
                            ("id", .string(post.id.text)), ("role", .string(post.role.code)),
                            ("area", .string(post.area.text)), ("party", .string(String(describing: post.party))),
                        ])
                    })
            ),
            (
                "homes",
                .array(
                    actor.homes.map { home in
                        .object([
                            ("unit", .string(home.unit.text)), ("building", .string(home.building.text)),
                            ("estate", .string(home.estate.text)), ("relation", .string(home.relation.code)),
                            ("label", .string(home.label)),
                        ])
                    })
            ),
        ])
    }

    static func json(_ view: CaseView, staff: Bool) -> JSON {
        let c = view.record
        let clocks = ClockKind.allCases.map { kind -> (String, JSON) in
            (
                kind.code,
                .object([("due", .time(c.clocks[kind].due)), ("stopped", .time(c.clocks[kind].stopped))])
            )
        }
        let events = view.events.filter { staff || $0.open }.map { event -> JSON in
            .object([
                ("at", .time(event.at)), ("kind", .string(event.kind.code)),
                ("party", .string(String(describing: event.party))),
                ("actor", .string(staff || event.party != .resident ? event.actorName : "")),
                ("words", .string(event.words)),
            ])
        }
        return .object([
            ("id", .string(c.id.text)), ("number", .string(c.number)), ("title", .string(c.title)),
            ("words", .string(c.body)), ("place", .string(c.place.words)), ("status", .string(c.status.code)),
            ("suspended", .bool(c.suspended)), ("queue", .string(c.queue.code)),
            ("category", .string(view.category.code)), ("urgency", .string(c.urgency.code)),
            ("level", .string(String(describing: c.level))), ("channel", .string(c.channel.code)),
            ("holder", .string(String(describing: c.holder))), ("lead", .string(String(describing: c.leadParty))),
            ("assignee", .optional(c.assigneeName.isEmpty ? nil : c.assigneeName)),
            ("registered", .time(c.registered)), ("solved", .time(c.solved)), ("fed_back", .time(c.fedBack)),
            ("closed", .time(c.closed)), ("promise", .time(c.promise)), ("round", .int(c.round)),
            ("score", (1...5).contains(c.rated) ? .int(c.rated) : .null), ("rated", .bool(c.rated != 0)),
            ("clocks", .object(clocks)), ("events", .array(events)), ("version", .int(c.version)),
        ])
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension CasesHouse {
    func publicRoutes(_ table: RouteTable) {
        table.get("/ledger", .everyone) { _, context in
            let estates = try await database.read(.forReaders(context.actor)) {
                try DirectoryStore.estates(under: .root, limit: 500, $0)
            }
            if let home = context.actor.homes.first { return Answer.redirect(Href("/ledger/", home.estate.text)) }
            if estates.count == 1 { return Answer.redirect(Href("/ledger/", estates[0].id.text)) }
            return Answer.html(pages(context).choose(estates), context: context)
        }
        table.get("/ledger/:id", .everyone) { request, context in
            let id: AreaID = try context.id("id")
            let before = CaseHistoryStore.LedgerCursor(text: query(request, "before"))
            let now = now()
            let html = try await database.read(.forReaders(context.actor)) { transaction in
                guard let estate = try DirectoryStore.area(id, transaction), estate.level == .estate else {
                    throw CaseRefusal.notFound
                }
                let lines = try CaseHistoryStore.ledger(estate: id, before: before, limit: 20, transaction)
                let community = try estate.parent.flatMap { try DirectoryStore.area($0, transaction)?.name } ?? ""
                return pages(context).ledger(
                    estate, community: community, try LedgerReader.week(id, now: now, transaction), lines,
                    try CaseHistoryStore.replies(estate: id, transaction),
                    more: lines.count == 20 ? lines.last.map { CaseHistoryStore.LedgerCursor($0) } : nil)
            }
            return Answer.html(html, context: context)
        }
        table.get("/score", .everyone) { _, context in Answer.html(pages(context).scoreKey(), context: context) }
        table.get("/desk/poster", .staff) { request, context in
            let chosen = AreaID(text: query(request, "place"))
            let estates = try await estates(context, nil)
            guard let first = estates.first else { throw CaseRefusal.notFound }
            let html = try await database.read { transaction in
                let area = try chosen.flatMap { try DirectoryStore.area($0, transaction) } ?? first
                guard let estate = estates.first(where: { $0.path.contains(area.path) }) else {
                    throw CaseRefusal.notFound
                }
                return pages(context).poster(
                    estate, try DirectoryStore.children(of: estate.id, transaction), chosen: area)
            }
            return Answer.html(html, context: context)
        }
        table.get("/desk/replies", .verb(.casePublish)) { _, context in
            let estates = try await estates(context, .casePublish)
            guard !estates.isEmpty else { throw CaseRefusal.notFound }
            return Answer.html(try await replyPage(estates, nil, [:], context), context: context)
        }
        table.post("/desk/replies/:id/remove", .verb(.casePublish)) { request, context in
            _ = try await context.form(request)
            let estate = try await removeReply(try context.id("id", CaseTag.self).raw, context)
            return Answer.redirect(Href("/desk/replies", query: [("estate", estate.text)]))
        }
        table.post("/desk/replies", .verb(.casePublish)) { request, context in try await reply(request, context) }
        table.get("/desk/statistics", .verb(.statisticsRead)) { request, context in
            let estates = try await estates(context, .statisticsRead)
            let chosen = AreaID(text: query(request, "estate"))
            guard let estate = estates.first(where: { $0.id == chosen }) ?? (chosen == nil ? estates.first : nil)
            else { throw CaseRefusal.notFound }
            let today = Zone.shanghai.day(of: now())
            let rows = try await database.read(.mayBeStale) {
                try CaseStore.days(estate: estate.id.raw, from: today.adding(-29), to: today, $0)
            }
            return Answer.html(pages(context).statistics(estate, estates, rows), context: context)
        }
        table.get("/desk/policies", .verb(.policyEdit)) { _, context in
            try await policyPage(context, nil, kept: [:])
        }
        table.post("/desk/policies", .verb(.policyEdit)) { request, context in
            let fields = try await context.form(request)
            do {
                try await editPolicy(fields, context)
                return Answer.redirect(Href("/desk/policies"))
            } catch let refusal as any Refusal {
                var kept: [String: String] = [:]
                for (name, value) in fields.pairs where !name.hasPrefix("_") { kept[name] = value }
                return try await policyPage(context, refusal, kept: kept)
            }
        }
    }

    private func pages(_ context: WebContext) -> PublicPages {
        PublicPages(context, now: now(), publicURL: settings.publicURL)
    }

    /// The estates in reach of the actor's posts (that carry the verb).
    func estates(_ context: WebContext, _ verb: Verb?) async throws -> [Area] {
        let posts = context.actor.posts.filter { post in verb.map { post.role.verbs.contains($0) } ?? true }
        return try await database.read { transaction in
            var seen = Set<AreaID>()
            return try posts.flatMap { try DirectoryStore.estates(under: $0.path, limit: 300, transaction) }
                .filter { seen.insert($0.id).inserted }
        }
    }

    private func reply(_ request: Request, _ context: WebContext) async throws -> Response {
        let fields = try await context.form(request)
        let estates = try await estates(context, .casePublish)
        do {
            let estate = try await reply(fields, context)
            return Answer.redirect(Href("/ledger/", estate.text))
        } catch let refusal as any Refusal {
            guard refusal.kind != .notFound else { throw refusal }
            var kept: [String: String] = [:]
            for (name, value) in fields.pairs where !name.hasPrefix("_") { kept[name] = value }
            return Answer.html(
                try await replyPage(estates, refusal, kept, context), status: refusal.kind.status, context: context)
        }
    }

    private func replyPage(
        _ estates: [Area], _ refusal: (any Refusal)?, _ kept: [String: String], _ context: WebContext
    ) async throws -> HTML {
        let standing = try await database.read { transaction in
            try estates.prefix(20).flatMap { estate in
                try CaseHistoryStore.replies(estate: estate.id, limit: estates.count == 1 ? 50 : 10, transaction)
                    .map { (estate, $0) }
            }
        }
        return pages(context).replies(estates, standing, refusal, kept: kept)
    }

    /// Takes a reply down: its words are deleted, and the audit keeps who did it with their digest.
    @discardableResult
    func removeReply(_ id: Int64, _ context: WebContext) async throws -> AreaID {
        let estates = Set(try await estates(context, .casePublish).map(\.id))
        let now = now()
        let actor = context.actor
        return try await database.write { [journal] transaction in
            guard let (reply, estate) = try CaseHistoryStore.reply(id, transaction), estates.contains(estate),
                try CaseHistoryStore.removeReply(id, transaction)
            else { throw CaseRefusal.notFound }
            try journal.audit(
                AuditEntry(
                    area: estate, actor: actor.person, verb: "reply.remove", subject: id,
                    detail: "\(reply.question)\u{0}\(reply.answer)\u{0}\(reply.answeredBy)"), at: now, transaction)
            return estate
        }
    }

    /// Publishes an answer to what many ask, under the estate's ledger.
    @discardableResult
    func reply(_ fields: FormFields, _ context: WebContext) async throws -> AreaID {
        let estates = try await estates(context, .casePublish)
        guard let estate = estates.first(where: { $0.id.text == fields["estate"] }),
            let person = context.actor.person
        else { throw CaseRefusal.notFound }
        let reply = CaseHistoryStore.Reply(
            id: world.nextID(), question: try CaseActions.bounded(fields["question"] ?? "", 1...120, "question"),
            answer: try CaseActions.bounded(fields["answer"] ?? "", 1...1000, "answer"),
            answeredBy: try CaseActions.bounded(fields["by"] ?? "", 1...40, "by"), at: now())
        try PublicTextRules.refuseMobiles([
            ("question", reply.question), ("answer", reply.answer), ("by", reply.answeredBy),
        ])
        try await database.write { [journal] transaction in
            // Sent twice: it stands once.
            guard try !CaseHistoryStore.replyStands(reply, estate: estate.id, transaction) else { return }
            try CaseHistoryStore.insertReply(reply, estate: estate.id, moderator: person, transaction)
            try journal.audit(
                AuditEntry(area: estate.id, actor: person, verb: "reply.publish", subject: reply.id), at: reply.at,
                transaction)
        }
        return estate.id
    }

    private func policyPage(
        _ context: WebContext, _ refusal: (any Refusal)?, kept: [String: String]
    ) async throws -> Response {
        let estates = try await estates(context, .policyEdit)
        let (policies, kinds, history) = try await database.read {
            (
                try CaseHistoryStore.policies($0), try CaseHistoryStore.dictionary($0),
                try RuleHistory.load(.policy, $0)
            )
        }
        return Answer.html(
            pages(context).policies(policies, kinds, estates, history, refusal, kept: kept),
            status: refusal?.kind.status ?? .ok, context: context)
    }

    func editPolicy(_ fields: FormFields, _ context: WebContext) async throws {
        let estates = try await estates(context, .policyEdit)
        var area: Int64 = 0
        if let text = fields["area"], !text.isEmpty {
            guard let found = estates.first(where: { $0.id.text == text }) else { throw CaseRefusal.badChoice("area") }
            area = found.id.raw
        } else if context.actor.housePost(for: .policyEdit) == nil {
            // Everywhere is more than one post's place.
            throw CaseRefusal.badChoice("area")
        }
        var kept: [String: String] = [:]
        for name in Self.policyFields { kept[name] = fields[name] ?? "" }
        let now = now()
        let policy = try self.policy(kept, area: area, try await categories(), at: now)
        let (from, seen) = (try RuleEdit.start(fields["start"] ?? ""), fields["version"].flatMap { Int64($0) })
        let actor = context.actor
        let id = world.nextID()
        let (fixed, place) = (kept, AreaID(area))
        try await database.write { [journal] transaction in
            let edit = RuleEdit(
                kind: .policy, subject: Self.subject(policy), fields: fixed,
                before: try Self.standing(policy, transaction), after: Self.line(policy), why: policy.source,
                from: from, seen: seen)
            let isNow = try RuleBook.keep(edit, by: actor.person, id: id, at: now, transaction)
            if isNow { try CaseHistoryStore.putPolicy(policy, by: actor.person, at: now, transaction) }
            try journal.audit(
                AuditEntry(
                    area: place, actor: actor.person, verb: isNow ? "policy.edit" : "policy.plan",
                    subject: policy.id, detail: Self.line(policy)), at: now, transaction)
            if isNow { try transaction.announce(StandingWords.changed) }
        }
        book.forget()
    }

    private static let policyFields = [
        "area", "category", "kind", "urgency", "attend", "handle", "feedback", "source",
    ]

    /// What the fields say; the area was looked at before.
    private func policy(
        _ fields: [String: String], area: Int64, _ kinds: [Category], at now: Instant
    ) throws -> Policy {
        func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
            guard let value = fields[name].flatMap({ Int($0) }), range.contains(value) else {
                throw CaseRefusal.badPolicy
            }
            return value
        }
        var category: Int64 = 0
        if let text = fields["category"], !text.isEmpty {
            guard let found = kinds.first(where: { $0.id.text == text }) else {
                throw CaseRefusal.badChoice("category")
            }
            category = found.id.raw
        }
        var kind: Int64 = 0
        if let text = fields["kind"], !text.isEmpty {
            guard let found = Int64(text).flatMap(CategoryKind.init(rawValue:)) else {
                throw CaseRefusal.badChoice("kind")
            }
            kind = found.rawValue
        }
        var urgency: Int64 = 0
        if let text = fields["urgency"], !text.isEmpty {
            guard let found = Urgency.allCases.first(where: { $0.code == text }) else {
                throw CaseRefusal.badChoice("urgency")
            }
            urgency = found.rawValue
        }
        let source = try CaseActions.bounded(fields["source"] ?? "", 1...120, "source")
        guard TextRules.isPlain(source) else { throw CaseRefusal.badChoice("source") }
        return Policy(
            id: world.nextID(), category: category, area: area, urgency: urgency, kind: kind,
            attendMinutes: try number("attend", 1...1_000_000), handleMinutes: try number("handle", 1...1_000_000),
            feedbackWorkdays: try number("feedback", 1...400), source: source, version: now.ms)
    }

    private static func subject(_ policy: Policy) -> String {
        "\(policy.area) \(policy.category) \(policy.kind) \(policy.urgency)"
    }
    private static func line(_ policy: Policy) -> String {
        "\(policy.attendMinutes)/\(policy.handleMinutes)/\(policy.feedbackWorkdays)"
    }
    /// What holds for the same things until now.
    private static func standing(_ policy: Policy, _ transaction: any ReadTransaction) throws -> String {
        try CaseHistoryStore.policies(transaction).first { subject($0) == subject(policy) }.map { line($0) } ?? ""
    }

    /// Does what was planned when its time has come. Nothing happens where another server was faster.
    package func applyPlanned(_ one: RuleVersion) async throws {
        let now = now()
        let kinds = try await categories()
        let area = AreaID(text: one.fields["area"] ?? "")?.raw ?? 0
        let policy = try? self.policy(one.fields, area: area, kinds, at: now)
        try await database.write { [journal] transaction in
            let before = try policy.map { try Self.standing($0, transaction) }
            let state: RuleVersion.State = policy == nil ? .failed : .applied
            guard try RuleBook.settle(one.id, state, before: before, transaction), let policy else { return }
            try CaseHistoryStore.putPolicy(policy, by: one.by, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: AreaID(area), actor: one.by, verb: "policy.edit", subject: policy.id,
                    detail: Self.line(policy)), at: now, transaction)
            try transaction.announce(StandingWords.changed)
        }
        book.forget()
    }
}

extension Freshness {
    /// What is published may be some seconds old for strangers. Whoever is signed in may have changed it a moment ago.
    static func forReaders(_ actor: Actor) -> Freshness { actor.person == nil ? .mayBeStale : .now }
}

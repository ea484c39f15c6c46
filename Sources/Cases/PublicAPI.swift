import Attachments
import Directory
import Hummingbird
import Kernel
import Messaging
import Storage
import Web

/// What everybody may read and do as JSON, and what staff keep about the house.
extension CasesHouse {
    private struct LedgerAsked: Asked {
        let id: AreaID
        let paging: Paging
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            paging = try Paging(ask)
        }
    }
    private struct EstateAsked: Asked {
        let id: AreaID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct CodeAsked: Asked {
        let code: String
        static let codes = Shape<String>.text(1...40)
        init(_ ask: Ask) throws { code = try ask.query("code", Self.codes, "As it was shown.") }
    }
    private struct CodeAction: Asked {
        let code: String
        let words: String
        init(_ ask: Ask) throws {
            code = try ask.body("code", CodeAsked.codes, "As it was shown.")
            words = try ask.body.optional("words", .text(0...CaseBounds.words.upperBound)) ?? ""
        }
    }
    private struct CodeRating: Asked {
        let action: CodeAction
        let score: Int64
        init(_ ask: Ask) throws {
            action = try CodeAction(ask)
            score = try ask.body("score", CaseShapes.score)
        }
    }
    private struct PhotoAsked: Asked {
        let id: CaseID
        let code: String?
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            code = try ask.query.optional("code", CodeAsked.codes, "For who reported without a name.")
        }
    }
    private struct ReportAsked: Asked {
        let area: AreaID
        let place: String
        let words: String
        let category: CategoryID?
        let anonymous: Bool
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id(), "An estate or a place in it, as a poster names it.")
            place = try ask.body.optional("place", .text(CaseBounds.place)) ?? ""
            words = try ask.body("words", .text(CaseBounds.body))
            category = try ask.body.optional("category", .id())
            anonymous = try ask.body.optional("anonymous", .flag, "Also for who is signed in.") ?? false
        }
    }

    func publicAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/categories", .everyone, API(nil, "What a case may be about."), Nothing.self,
            CaseShapes.category.slices
        ) { _, _ in .ok(Slice(try await categories())) }
        table.get(
            "/api/v1/ledger/:id", .everyone,
            API(
                nil, "What was solved in an estate, the newest first.",
                refuses: [CaseRefusal.notFound, CaseRefusal.badCursor]), LedgerAsked.self, CaseShapes.ledgerLine.slices
        ) { asked, call in
            let before = asked.paging.cursor.map { CaseHistoryStore.LedgerCursor(text: $0) }
            if let before, before == nil { throw CaseRefusal.badCursor }
            let limit = asked.paging.limit
            let lines = try await database.read(.forReaders(call.actor)) { transaction in
                try estate(asked.id, transaction)
                return try CaseHistoryStore.ledger(
                    estate: asked.id, before: before ?? nil, limit: limit + 1, transaction)
            }
            return .ok(Slice(lines, limit: limit) { CaseHistoryStore.LedgerCursor($0).text })
        }
        table.get(
            "/api/v1/ledger/:id/week", .everyone,
            API(nil, "The last seven days of an estate.", refuses: [CaseRefusal.notFound]), EstateAsked.self,
            CaseShapes.week
        ) { asked, call in
            let now = now()
            return .ok(
                try await database.read(.forReaders(call.actor)) { transaction in
                    try estate(asked.id, transaction)
                    return try LedgerReader.week(asked.id, now: now, transaction)
                })
        }
        table.get(
            "/api/v1/ledger/:id/replies", .everyone,
            API(
                nil, "Answers to what many asked, the newest first.",
                refuses: [CaseRefusal.notFound, CaseRefusal.badCursor]), LedgerAsked.self, CaseShapes.reply.slices
        ) { asked, call in
            let limit = asked.paging.limit
            var before: (at: Instant, id: Int64)?
            if let cursor = asked.paging.cursor {
                let parts = cursor.split(separator: "-")
                guard parts.count == 2, let ms = Int64(parts[0]), let id = Int64(parts[1]) else {
                    throw CaseRefusal.badCursor
                }
                before = (Instant(ms: ms), id)
            }
            let from = before
            let found = try await database.read(.forReaders(call.actor)) { transaction in
                try estate(asked.id, transaction)
                return try CaseHistoryStore.replies(estate: asked.id, before: from, limit: limit + 1, transaction)
            }
            return .ok(Slice(found, limit: limit) { "\($0.at.ms)-\($0.id)" })
        }
        codeAPI(table)
        for (path, size) in [("/api/v1/photos/:id", Attachments.Size.full), ("/api/v1/photos/:id/small", .square)] {
            table.get(
                path, .everyone,
                API(.cases, "A picture of a case, for who may see the case.", refuses: [CaseRefusal.notFound]),
                PhotoAsked.self, type: "image/jpeg"
            ) { asked, call in
                try await photo(asked.id, code: asked.code ?? "", call.request, call.context, size)
            }
        }
    }

    @discardableResult
    private func estate(_ id: AreaID, _ transaction: any ReadTransaction) throws -> Area {
        guard let area = try DirectoryStore.area(id, transaction), area.level == .estate else {
            throw CaseRefusal.notFound
        }
        return area
    }

    private func codeAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/reports", .everyone,
            API(
                .cases, "Report from a poster's place, with or without a name. Without one the answer holds a code.",
                refuses: [CaseRefusal.badChoice(""), CaseRefusal.keyUsedForOther, CaseRefusal.tooShort("")],
                repeats: .own), ReportAsked.self, CaseShapes.registered, makes: true
        ) { asked, call in
            let context = call.context
            guard let area = try await database.read({ try DirectoryStore.area(asked.area, $0) }),
                area.level >= .estate
            else { throw CaseRefusal.badChoice("area") }
            var sender = NewCase.Sender.anonymous(browser: 0)
            if let person = context.actor.person, !asked.anonymous {
                sender = .resident(person, name: context.actor.name)
            } else {
                // Keys of one address are told from those of another; a negative number is nobody's id.
                let digest = secrets.contentDigest("address " + (Caller.address ?? context.peerText))
                sender = .anonymous(browser: -digest.prefix(7).reduce(Int64(0)) { $0 << 8 | Int64($1) })
            }
            let done = try await actions.register(
                NewCase(
                    area: asked.area, place: asked.place, words: asked.words, category: asked.category,
                    key: call.key ?? freshKey(), sender: sender))
            var answer = APIAnswer.made(done)
            answer.isRepeat = done.repeated
            return answer
        }
        table.get(
            "/api/v1/look-up", .everyone,
            API(nil, "The case of a code.", refuses: [CaseRefusal.wrongCode], isSingle: true), CodeAsked.self,
            CaseShapes.seen
        ) { asked, _ in try await seen(code: asked.code) }
        func act<A: Asked>(
            _ noun: String, _ summary: String, _ type: A.Type, _ action: @escaping @Sendable (A) -> CodeAction,
            _ command: @escaping @Sendable (A) -> CaseCommand
        ) {
            table.post(
                "/api/v1/look-up/\(noun)", .everyone,
                API(
                    nil, summary,
                    refuses: [
                        CaseRefusal.wrongCode, CaseRefusal.notYours, CaseRefusal.alreadyRated,
                        CaseRefusal.tooShort(""), CaseRefusal.tooManyNotes,
                    ], repeats: .again), A.self, CaseShapes.seen
            ) { asked, call in
                let one = action(asked)
                let view = try await queries.byCode(secrets.lookUpDigest(one.code))
                if !call.isRepeat {
                    var input = ActionInput()
                    input.words = one.words
                    try await actions.perform(
                        command(asked), on: view.record.id, by: view.codeAsker, name: "", input: input)
                }
                return try await seen(code: one.code)
            }
        }
        act("rating", "Rates, by the code.", CodeRating.self, { $0.action }, { .rate(score: Int($0.score)) })
        act("reopening", "Not done, by the code.", CodeAction.self, { $0 }, { _ in .reopen })
        act("note", "More words, by the code.", CodeAction.self, { $0 }, { _ in .note })
        act("withdrawal", "Takes it back, by the code.", CodeAction.self, { $0 }, { _ in .withdraw })
    }

    private func seen(code: String) async throws -> APIAnswer<CaseShapes.Seen> {
        let view = try await queries.byCode(secrets.lookUpDigest(code))
        return .ok(CaseShapes.Seen(view: view, isStaff: false), version: view.record.version)
    }

    // MARK: What staff keep

    private struct PolicyAsked: Asked {
        let fields: FormFields
        private static let minutes = Shape<Int64>.whole(1...1_000_000)
        private static let workdays = Shape<Int64>.whole(1...400)
        private static let versions = Shape<Int64>.whole(0...1_000_000_000)
        init(_ ask: Ask) throws {
            let area: AreaID? = try ask.body.optional("area", .id(), "An estate; everywhere when not said.")
            let category: CategoryID? = try ask.body.optional("category", .id())
            let kind = try ask.body.optional("kind", CaseShapes.kind)
            let urgency = try ask.body.optional("urgency", CaseShapes.urgency)
            let attend = try ask.body("attend_minutes", Self.minutes)
            let handle = try ask.body("handle_minutes", Self.minutes)
            let feedback = try ask.body("feedback_workdays", Self.workdays)
            let source = try ask.body("source", .text(1...120), "Which rule says so.")
            let from = try ask.body.optional("from", .time, "To the minute; at once when not said.")
            let version = try ask.body.optional("version", Self.versions, "The newest of `/rules` that was seen.")
            let start = from.map { Say.exact($0).replacing(" ", with: "T") }
            fields = FormFields([
                ("start", start ?? ""), ("version", version.map { String($0) } ?? ""),
                ("area", area?.text ?? ""), ("category", category?.text ?? ""),
                ("kind", kind.map { String($0.rawValue) } ?? ""), ("urgency", urgency?.code ?? ""),
                ("attend", String(attend)), ("handle", String(handle)), ("feedback", String(feedback)),
                ("source", source),
            ])
        }
    }
    private struct ReplyAsked: Asked {
        let fields: FormFields
        init(_ ask: Ask) throws {
            let estate: AreaID = try ask.body("estate", .id())
            let question = try ask.body("question", .text(1...120))
            let answer = try ask.body("answer", .text(1...1000))
            let by = try ask.body("by", .text(1...40), "Who answers.")
            fields = FormFields([("estate", estate.text), ("question", question), ("answer", answer), ("by", by)])
        }
    }

    func houseAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/statistics/:id", .verb(.statisticsRead),
            API(.statistics, "The last thirty days of an estate in counts.", refuses: [CaseRefusal.notFound]),
            EstateAsked.self, CaseShapes.count.slices
        ) { asked, call in
            let estates = try await estates(call.context, .statisticsRead)
            guard let estate = estates.first(where: { $0.id == asked.id }) else { throw CaseRefusal.notFound }
            let today = Zone.shanghai.day(of: now())
            let rows = try await database.read {
                try CaseStore.days(estate: estate.id.raw, from: today.adding(-29), to: today, $0)
            }
            return .ok(Slice(rows.map { CaseShapes.Count(what: $0.what, channel: $0.channel, n: $0.n) }))
        }
        table.get(
            "/api/v1/policies", .verb(.policyEdit), API(.rules, "The limits in force."), Nothing.self,
            CaseShapes.policy.slices
        ) { _, _ in .ok(Slice(try await database.read { try CaseHistoryStore.policies($0) })) }
        table.post(
            "/api/v1/policies", .verb(.policyEdit),
            API(
                .rules, "Limits that hold from now on; those before for the same things end.",
                refuses: [
                    CaseRefusal.badPolicy, CaseRefusal.badChoice(""), DirectoryRefusal.badStart,
                    DirectoryRefusal.changedMeanwhile,
                ]), PolicyAsked.self, .nothing
        ) { asked, call in
            try await editPolicy(asked.fields, call.context)
            return .done
        }
        table.post(
            "/api/v1/replies", .verb(.casePublish),
            API(.cases, "Publishes an answer under an estate's ledger.", refuses: [CaseRefusal.notFound]),
            ReplyAsked.self, .nothing
        ) { asked, call in
            try await reply(asked.fields, call.context)
            return .done
        }
        table.post(
            "/api/v1/replies/:id/removal", .verb(.casePublish),
            API(.cases, "Takes a reply down; its words are deleted.", refuses: [CaseRefusal.notFound]),
            CaseAsked.self, .nothing
        ) { asked, call in
            try await removeReply(asked.id.raw, call.context)
            return .done
        }
        table.get(
            "/api/v1/messages", .signedIn, API(.account, "One's messages, the newest first."), PageAsked.self,
            CaseShapes.message.slices
        ) { asked, call in
            let person = try person(call.context)
            let before: CaseID? = try asked.paging.id()
            let limit = asked.paging.limit
            let words = call.context.words
            let items = try await database.read {
                try inbox.items(of: person, before: before?.raw, limit: limit + 1, $0)
            }
            let messages = items.map {
                CaseShapes.Message(id: $0.id, text: words($0.text), link: $0.link, at: $0.created, isRead: $0.isRead)
            }
            return .ok(Slice(messages, limit: limit) { CaseID($0.id).text })
        }
        table.post(
            "/api/v1/messages/read", .signedIn, API(.account, "All of one's messages were read."), Nothing.self,
            .nothing
        ) { _, call in
            let person = try person(call.context)
            let now = now()
            try await database.write { try inbox.markRead(of: person, at: now, $0) }
            return .done
        }
    }
}

import Attachments
import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The steps of the loop as JSON, one route each.
extension CasesHouse {
    /// What every step may hold.
    private struct Step {
        let id: CaseID
        let words: String
        let version: Int64?
        private static let versions = Shape<Int64>.whole(0...Int64.max)
        private static let words = Shape<String>.text(0...CaseBounds.words.upperBound)
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            words = try ask.body.optional("words", Self.words, "What was done, found or answered.") ?? ""
            version = try ask.body.optional("version", Self.versions, "Of the case that was seen; as `If-Match`.")
        }
        var input: ActionInput {
            var input = ActionInput()
            input.words = words
            input.version = version
            return input
        }
    }

    private struct PlainStep: Asked {
        let step: Step
        init(_ ask: Ask) throws { step = try Step(ask) }
    }
    private struct TriageStep: Asked {
        let step: Step
        let category: CategoryID?
        let urgency: Urgency?
        let level: AreaLevel?
        let lead: Party?
        let assist: [Party]
        let about: OrganisationID?
        private static let levels = Shape<AreaLevel>.choice([.district, .street, .community, .estate]) {
            String(describing: $0)
        }
        private static let parties = CaseShapes.party.list(0...5)
        init(_ ask: Ask) throws {
            step = try Step(ask)
            category = try ask.body.optional("category", .id())
            urgency = try ask.body.optional("urgency", CaseShapes.urgency)
            level = try ask.body.optional("level", Self.levels, "Where it can be solved.")
            lead = try ask.body.optional("lead", CaseShapes.party, "Who leads.")
            assist = try ask.body.optional("assist", Self.parties, "Who helps.") ?? []
            about = try ask.body.optional("about", .id(), "Whom a complaint is about.")
        }
    }
    private struct DispatchStep: Asked {
        let step: Step
        let post: PostID
        init(_ ask: Ask) throws {
            step = try Step(ask)
            post = try ask.body("post", .id(), "One of the colleagues in `choices`.")
        }
    }
    private struct AcceptStep: Asked {
        let step: Step
        let promise: Instant?
        init(_ ask: Ask) throws {
            step = try Step(ask)
            promise = try ask.body.optional(
                "promise", .time, "When somebody will be there: within the limit, while it is not over.")
        }
    }
    private struct SuspendStep: Asked {
        let step: Step
        let reason: PauseReason
        let expected: Instant?
        init(_ ask: Ask) throws {
            step = try Step(ask)
            reason = try ask.body("reason", CaseShapes.reason)
            expected = try ask.body.optional("expected", .time)
        }
    }
    private struct MergeStep: Asked {
        let step: Step
        let into: CaseID
        init(_ ask: Ask) throws {
            step = try Step(ask)
            into = try ask.body("into", CaseShapes.id)
        }
    }
    private struct RateStep: Asked {
        let step: Step
        let score: Int64
        init(_ ask: Ask) throws {
            step = try Step(ask)
            score = try ask.body("score", CaseShapes.score)
        }
    }
    private struct PublishStep: Asked {
        let step: Step
        let title: String
        let place: String
        init(_ ask: Ask) throws {
            step = try Step(ask)
            title = try ask.body("title", .text(CaseBounds.title))
            place = try ask.body.optional("place", .text(0...40), "No finer than the building.") ?? ""
        }
    }

    private static let refusals: [any Refusal] = [
        CaseRefusal.notFound, CaseRefusal.notYours, CaseRefusal.suspended, CaseRefusal.changedMeanwhile,
        CaseRefusal.outOfOrder(command: "", status: .reported), CaseRefusal.tooShort(""),
    ]

    private func api(_ summary: String, _ more: [CaseRefusal] = []) -> API {
        API(.cases, summary, refuses: Self.refusals + more, repeats: .again, isSingle: true, matches: true)
    }

    func caseActionAPI(_ table: RouteTable) {
        func plain(_ noun: String, _ command: CaseCommand, _ summary: String, _ more: [CaseRefusal] = []) {
            table.post(
                "/api/v1/cases/:id/\(noun)", .signedIn, api(summary, more), PlainStep.self, CaseShapes.seen
            ) { asked, call in try await step(asked.step, call) { _, _ in command } }
        }
        plain("attend", .attend, "Somebody is there.", [.notTheAssignee])
        plain("handle", .handle, "It is done, with what was done.", [.notTheAssignee])
        plain("feedback", .feedBack, "The reporter was told.")
        plain("reopening", .reopen, "The reporter finds that it is not done.")
        plain("withdrawal", .withdraw, "The reporter takes it back.")
        plain(
            "strike-off", .strikeOff, "Struck off the ledger, with the evidence.", [.ownWork, .strikeOffWithoutAnswer])
        plain("resumption", .resume, "The clocks go on.", [.notSuspended])
        plain("escalation", .escalate, "To the next level up.", [.noHigherLevel])
        plain("return", .returnIt, "Not for us, with the reason.")
        plain("note", .note, "A note of staff, or more from the reporter.", [.tooManyNotes])
        table.post(
            "/api/v1/cases/:id/triage", .signedIn, api("What it is, how urgent, who leads."), TriageStep.self,
            CaseShapes.seen
        ) { asked, call in
            try await step(asked.step, call) { seen, input in
                var category = seen.view.category
                if let wanted = asked.category {
                    guard let found = try await categories().first(where: { $0.id == wanted }) else {
                        throw CaseRefusal.badChoice("category")
                    }
                    category = found
                }
                input.assisting = Set(asked.assist)
                return .triage(
                    .init(
                        category: category, urgency: asked.urgency ?? seen.c.urgency,
                        level: asked.level ?? seen.c.level, lead: asked.lead ?? seen.c.leadParty,
                        about: asked.about ?? seen.c.about))
            }
        }
        table.post(
            "/api/v1/cases/:id/dispatch", .signedIn, api("To whom it is given.", [.cannotTakeIt]), DispatchStep.self,
            CaseShapes.seen
        ) { asked, call in
            try await step(asked.step, call) { seen, input in
                try await dispatch(seen.c, post: asked.post.text, &input)
            }
        }
        table.post(
            "/api/v1/cases/:id/accept", .signedIn,
            api("Taken on, with a promise or without.", [.notTheAssignee, .badTime("promise"), .promiseAfterLimit]),
            AcceptStep.self, CaseShapes.seen
        ) { asked, call in
            try await step(asked.step, call) { _, input in
                input.promise = asked.promise
                return .accept
            }
        }
        table.post(
            "/api/v1/cases/:id/suspension", .signedIn, api("The clocks stand, for a reason."), SuspendStep.self,
            CaseShapes.seen
        ) { asked, call in
            try await step(asked.step, call) { _, input in
                input.expected = asked.expected
                return .suspend(asked.reason)
            }
        }
        table.post(
            "/api/v1/cases/:id/merge", .signedIn, api("Into another case.", [.mergeIntoClosed]), MergeStep.self,
            CaseShapes.seen
        ) { asked, call in
            try await step(asked.step, call) { _, input in
                input.mergeInto = asked.into
                return .merge
            }
        }
        table.post(
            "/api/v1/cases/:id/rating", .signedIn, api("What the reporter thinks of it.", [.alreadyRated]),
            RateStep.self, CaseShapes.seen
        ) { asked, call in
            try await step(asked.step, call) { _, _ in .rate(score: Int(asked.score)) }
        }
        otherAPI(table)
    }

    private func otherAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/cases/:id/publication", .signedIn, api("The public text, written and published at once."),
            PublishStep.self, CaseShapes.seen
        ) { asked, call in
            let seen = try await apiSeen(asked.step.id, call.actor)
            if !call.isRepeat {
                let fields = FormFields([
                    ("title", asked.title), ("place", asked.place), ("body", asked.step.words),
                ])
                try await matching(call) {
                    try await publish(seen.c, fields, call.context, try call.matchedVersion() ?? asked.step.version)
                }
            }
            return try await answered(asked.step.id, seen, call)
        }
        table.post(
            "/api/v1/cases/:id/publication/removal", .signedIn, api("The public text is taken back and deleted."),
            CaseAsked.self, CaseShapes.seen
        ) { asked, call in
            let seen = try await apiSeen(asked.id, call.actor)
            if let version = try call.matchedVersion(), version != seen.c.version { throw WebRefusal.changedSince }
            if !call.isRepeat { try await unpublish(seen.c, call.context) }
            return try await answered(asked.id, seen, call)
        }
        table.post(
            "/api/v1/cases/:id/join", .signedIn,
            API(
                .cases, "One has the same trouble, and hears of it from now on.",
                refuses: Self.refusals + [CaseRefusal.alreadyJoined]), CaseAsked.self, .nothing
        ) { asked, call in
            try await join(asked.id, call.context)
            return .done
        }
        table.post(
            "/api/v1/cases/:id/phone", .verb(.phoneUnmask),
            API(
                .cases, "The reporter's number in clear, with a reason that is recorded.",
                refuses: [
                    CaseRefusal.notFound, CaseRefusal.notYours, CaseRefusal.tooShort(""), CaseRefusal.numberInReason,
                ], repeats: .none),
            ReasonAsked.self,
            Shape<String>.object("Phone") { Member("phone", .words) { $0 } }
        ) { asked, call in
            let actor = call.actor
            let c = try await database.read { try CaseQueries.staffCase(asked.id, actor, $0) }
            return .ok(try await unmask(c, why: asked.words, by: actor))
        }
        let upload = APIUpload(
            types: ["image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif", "image/gif"],
            maxBytes: Pictures.maxUploadBytes, spool: attachments.spool)
        table.post(
            "/api/v1/cases/:id/photos", .signedIn,
            API(
                .cases, "A picture, as a note of the case. The body is the picture.",
                refuses: Self.refusals + [CaseRefusal.tooManyNotes, PictureRefusal.tooLarge, PictureRefusal.damaged],
                repeats: .again,
                upload: upload), CaseAsked.self, CaseShapes.seen
        ) { asked, call in
            let seen = try await apiSeen(asked.id, call.actor)
            if !call.isRepeat, let file = call.file {
                var input = ActionInput()
                input.files = [try await attachments.store(file, in: database)]
                try await perform(.note, seen, call, input)
            }
            return try await answered(asked.id, seen, call)
        }
    }

    private struct ReasonAsked: Asked {
        let id: CaseID
        let words: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            words = try ask.body("words", .text(1...100), "Why it is needed.")
        }
    }

    /// One step: read, decide what is asked, do it, answer with the case as it is then.
    private func step(
        _ asked: Step, _ call: APICall,
        _ make: (CaseShapes.Seen, inout ActionInput) async throws -> CaseCommand
    ) async throws -> APIAnswer<CaseShapes.Seen> {
        let seen = try await apiSeen(asked.id, call.actor)
        if !call.isRepeat {
            var input = asked.input
            if let version = try call.matchedVersion() { input.version = version }
            let command = try await make(seen, &input)
            let fixed = input
            try await matching(call) { try await perform(command, seen, call, fixed) }
        }
        return try await answered(asked.id, seen, call)
    }

    private func perform(
        _ command: CaseCommand, _ seen: CaseShapes.Seen, _ call: APICall, _ input: ActionInput
    ) async throws {
        let asker: CaseAsker
        if let verb = command.verb, CaseQueries.mayRead(seen.c, call.actor) {
            asker = try self.asker(verb, seen.c, call.actor)
        } else {
            asker = .resident(try person(call.context))
        }
        try await actions.perform(command, on: seen.c.id, by: asker, name: call.actor.name, input: input)
    }

    /// What fails because of `If-Match` is told as that.
    private func matching(_ call: APICall, _ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let refusal as CaseRefusal where refusal == .changedMeanwhile {
            guard try call.matchedVersion() != nil else { throw refusal }
            throw WebRefusal.changedSince
        }
    }

    /// The case as it is now; as it was before where the step took it out of sight. The step is kept: where the case
    /// cannot be read after it, nobody is told that it is not.
    private func answered(
        _ id: CaseID, _ before: CaseShapes.Seen, _ call: APICall
    ) async throws -> APIAnswer<CaseShapes.Seen> {
        do {
            let now = try await apiSeen(id, call.actor)
            return .ok(now, version: now.c.version)
        } catch CaseRefusal.notFound {
            return .ok(before, version: before.c.version)
        } catch is StorageFailure {
            throw StorageFailure.unknownOutcome
        }
    }

    /// Only a case of the building where one lives, or of the whole estate, can be joined.
    func join(_ id: CaseID, _ context: WebContext) async throws {
        let person = try person(context)
        let found = try await database.read { try CaseStore.load(id, $0) }
        guard let found, found.kind == .repair || found.kind == .order,
            context.actor.homes.contains(where: {
                $0.estate.raw == found.place.estate && [0, $0.building.raw].contains(found.place.building)
            })
        else { throw CaseRefusal.notFound }
        try await actions.perform(.join, on: id, by: .resident(person), name: context.actor.name)
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension CasesHouse {
    package var leaves: LeaveActions {
        LeaveActions(database: database, world: world, journal: journal, inbox: inbox)
    }

    /// Whether the actor stands in now for whom a case was given to.
    func standsIn(_ c: CaseRecord, _ actor: Actor, _ transaction: any ReadTransaction) throws -> Bool {
        guard c.status == .dispatched, let absent = c.assignee, absent != actor.person else { return false }
        return try LeaveStore.standIn(for: absent, at: now(), transaction)?.leave.standIn == actor.person
    }

    func leaveRoutes(_ table: RouteTable) {
        table.get("/desk/mine", .verb(.caseRead)) { _, context in try await mine(context) }
        table.get("/desk/leaves", .staff) { request, context in
            try await leavesPage(
                request.asked("post"), after: request.asked("cursor"), context, sent: nil, refusal: nil)
        }
        table.post("/desk/leaves", .staff) { request, context in
            try await CoverKit.take(request, context) { sent in
                guard let post = PostID(text: sent["post"]) else { throw CoverRefusal.badChoice("post") }
                guard let standIn = PersonID(text: sent["standin"]) else { throw CoverRefusal.badChoice("standin") }
                guard let from = LocalInput.instant(sent["from"]) else { throw CoverRefusal.badTime("from") }
                guard let to = LocalInput.instant(sent["to"]) else { throw CoverRefusal.badTime("to") }
                _ = try await leaves.ask(
                    NewLeave(post: post, standIn: standIn, from: from, to: to, why: sent.trimmed("why")),
                    by: context.actor)
                return Href("/desk/leaves")
            } again: { sent, refusal in
                try await leavesPage(sent["post"], context, sent: sent, refusal: refusal)
            }
        }
        table.post("/desk/leaves/:id", .staff) { request, context in
            let id: LeaveID = try context.id("id")
            return try await CoverKit.take(request, context) { sent in
                guard let version = Int64(sent["version"]) else { throw CoverRefusal.changedMeanwhile }
                switch sent["do"] {
                case "approve", "refuse":
                    try await leaves.decide(
                        id, approve: sent["do"] == "approve", why: sent.trimmed("why"), was: version,
                        by: context.actor)
                case "end":
                    try await leaves.end(id, why: sent.trimmed("why"), was: version, by: context.actor)
                default: throw WebRefusal.malformed
                }
                return Href("/desk/leaves")
            } again: { sent, refusal in
                try await leavesPage("", context, sent: sent, refusal: refusal)
            }
        }
        leaveAPI(table)
    }

    // MARK: One's own queue

    struct Queue: Sendable {
        /// Nil for one's own.
        let leave: Leave?
        let lines: [CaseLine]
    }

    /// What is given to the actor, and to those for whom they stand in now: what each may be read by a post of the
    /// actor's own, by time left.
    func queues(_ actor: Actor) async throws -> [Queue] {
        guard let person = actor.person else { throw WebRefusal.signInFirst }
        let scope = try actor.scope(.caseRead)
        let now = now()
        return try await database.read { transaction in
            var result = [Queue(leave: nil, lines: try WorkloadStore.assigned(person, scope, transaction))]
            for leave in try LeaveStore.standsIn(person, posts: actor.posts, at: now, transaction) {
                result.append(
                    Queue(leave: leave, lines: try WorkloadStore.assigned(leave.person, scope, transaction)))
            }
            return result
        }
    }

    private func mine(_ context: WebContext) async throws -> Response {
        let queues = try await queues(context.actor)
        let (kit, words) = (kit(context), context.words)
        let parts = queues.map { queue -> HTML in
            let title =
                queue.leave.map { words(.mineFor, $0.personName, kit.say.moment($0.to)) } ?? words(.mineOwn)
            return kit.section(title, kit.rows(queue.lines.map { caseRow($0, kit) }, none: .mineNone))
        }
        return kit.answer(words(.mineTitle), HTML.joined(parts), ExportLinks.make("mine", context))
    }

    func caseRow(_ line: CaseLine, _ kit: CoverKit) -> HTML {
        let words = kit.words
        var state = HTML.empty
        if line.suspended {
            state = kit.state(.wait, words(.statusPaused))
        } else if line.due != CaseRecord.never {
            let gap = line.due.ms - kit.say.now.ms
            state =
                gap < 0
                ? kit.state(.late, words(.over, kit.say.length(ms: -gap)))
                : kit.state(.wait, words(.left, kit.say.length(ms: gap)))
        }
        return kit.link(Href("/desk/cases/", line.id.text), line.title, line.place, state: state)
    }

    // MARK: Leave

    private struct LeaveView: Sendable {
        let own: [Leave]
        let others: [Leave]
        let next: String?
        let lost: Set<LeaveID>
        let choices: [(post: PostID, label: String)]
        let chosen: Colleague?
        let standIns: [Colleague]
    }

    private static func cursor(_ leave: Leave) -> String { "\(leave.to.ms)-\(leave.id.text)" }
    private static func cursor(_ text: String) throws -> (to: Instant, id: LeaveID)? {
        guard !text.isEmpty else { return nil }
        let parts = text.split(separator: "-")
        guard parts.count == 2, let ms = Int64(parts[0]), let id = LeaveID(text: parts[1]) else {
            throw WebRefusal.badField("cursor")
        }
        return (Instant(ms: ms), id)
    }

    /// Leave of others in the areas where the actor keeps the roster.
    private func kept(
        _ actor: Actor, since: Instant, after: (to: Instant, id: LeaveID)? = nil, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [Leave] {
        guard actor.may(.rosterEdit) else { return [] }
        return try LeaveStore.list(
            try actor.scope(.rosterEdit), since: since, after: after, limit: limit, transaction)
    }

    private func leaveView(_ post: String, after cursor: String, _ actor: Actor) async throws -> LeaveView {
        let after = try Self.cursor(cursor)
        guard let person = actor.person else { throw WebRefusal.signInFirst }
        let now = now()
        let day = Zone.shanghai.day(of: now)
        return try await database.read { [self] transaction in
            let own = try LeaveStore.of(person, transaction)
            let mine = Set(own.map(\.id))
            let found = try kept(actor, since: now, after: after, limit: 31, transaction)
            let others = found.prefix(30).filter { !mine.contains($0.id) }
            var lost = Set<LeaveID>()
            for leave in own + others where leave.isOn(now) {
                if try LeaveStore.standIn(for: leave.person, at: now, transaction) == nil { lost.insert(leave.id) }
            }
            var choices: [(post: PostID, label: String)] = []
            for post in actor.posts {
                guard let own = try DirectoryStore.colleague(post: post.id, on: day, transaction) else { continue }
                choices.append((post.id, "\(own.name) · \(own.organisationName)"))
            }
            if actor.may(.rosterEdit) {
                let held = try HeldPostStore.posts(in: actor.scope(.rosterEdit), on: day, limit: 200, transaction)
                let names = try DirectoryStore.names(of: held.map(\.person), transaction)
                for one in held where one.person != person {
                    choices.append((one.post, "\(names[one.person] ?? "") · \(one.organisationName)"))
                }
            }
            let wanted = choices.first { $0.post.text == post } ?? choices.first
            let chosen = try wanted.flatMap { try DirectoryStore.colleague(post: $0.post, on: day, transaction) }
            var standIns: [Colleague] = []
            if let chosen {
                var seen: Set<PersonID> = [chosen.person]
                standIns = try DirectoryStore.colleagues(
                    at: chosen.path, may: LeaveRules.needed(chosen.role), on: day, transaction
                ).filter { $0.role.verbs.contains(.caseRead) && seen.insert($0.person).inserted }
            }
            return LeaveView(
                own: own, others: others, next: found.count > 30 ? Self.cursor(found[29]) : nil, lost: lost,
                choices: choices, chosen: chosen, standIns: standIns)
        }
    }

    private func leavesPage(
        _ post: String, after cursor: String = "", _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let view = try await leaveView(post, after: cursor, context.actor)
        let (kit, words) = (kit(context, sent: sent, refusal: refusal), context.words)
        let person = context.actor.person
        let chosen = view.chosen
        let choose = kit.choice(
            Href("/desk/leaves"), "post", .leaveWho, view.choices.map { (value: $0.post.text, label: $0.label) },
            chosen: chosen?.post.text ?? "")
        let isOwn = chosen?.person == person
        let people = view.standIns.map {
            (value: $0.person.text, label: "\($0.name) · \(words($0.role.phrase)) · \($0.organisationName)")
        }
        let form: HTML =
            chosen.map { chosen in
                kit.form(
                    "ask", Href("/desk/leaves"), isOwn ? .leaveAsk : .leaveEnter,
                    hidden: [("post", chosen.post.text)], open: !post.isEmpty, primary: true,
                    isOwn ? .empty : "<p>\(chosen.name)</p>",
                    kit.select("ask", "standin", .leaveStandIn, people),
                    kit.pair(
                        kit.text("ask", "from", .rosterFrom, kind: .moment),
                        kit.text("ask", "to", .rosterTo, kind: .moment)),
                    kit.text("ask", "why", .coverWhy, most: 200), "<p class=\"help\">\(words(.leaveHelp))</p>")
            } ?? .empty
        func list(_ leaves: [Leave], decide: Bool) -> HTML {
            kit.rows(
                leaves.map { leave in
                    row(leave, isLost: view.lost.contains(leave.id), mine: leave.person == person, decide: decide, kit)
                }, none: .leavesNone)
        }
        let more: HTML =
            view.next.map { next in
                """
                <p class="no-print"><a class="btn" href="\(Href("/desk/leaves", query: [("cursor", next)]))">\
                \(words(.deskMoreRows))</a></p>
                """
            } ?? .empty
        let others: HTML =
            context.actor.may(.rosterEdit)
            ? kit.section(words(.leavesOthers), list(view.others, decide: true)) + more
                + ExportLinks.make("leaves", context, title: .leavesListTitle) : .empty
        return kit.answer(
            words(.leavesTitle), "<p>\(words(.leavesLead))</p>",
            kit.section(words(.leavesOwn), list(view.own, decide: false)), others, choose, form)
    }

    private func row(_ leave: Leave, isLost: Bool, mine: Bool, decide: Bool, _ kit: CoverKit) -> HTML {
        let words = kit.words
        let now = kit.say.now
        let state: HTML
        switch leave.status {
        case .asked: state = kit.state(.wait, words(.leaveAskedState))
        case .approved where isLost: state = kit.state(.late, words(.leaveLost))
        case .approved where leave.isOn(now): state = kit.state(.ok, words(.leaveOn))
        case .approved: state = kit.state(.plain, words(leave.to <= now ? .leaveOverState : .leaveComing))
        case .refused: state = kit.state(.plain, words(.leaveRefusedState))
        case .calledOff: state = kit.state(.plain, words(.leaveCalledOff))
        }
        let said = [leave.why, leave.decidedWhy].filter { !$0.isEmpty }.joined(separator: " · ")
        let about: HTML =
            "\(words(.leaveFor, leave.standInName)) · \(kit.say.time(leave.from)) – \(kit.say.time(leave.to)) · \(said)"
        let open = leave.to > now && (leave.status == .asked || leave.status == .approved)
        var buttons: [(String, Phrase)] = []
        if decide, leave.status == .asked, open { buttons = [("approve", .leaveApprove), ("refuse", .leaveRefuse)] }
        if open, mine || decide { buttons.append(("end", leave.isOn(now) ? .leaveEndNow : .leaveCallOff)) }
        guard !buttons.isEmpty else { return kit.row(leave.personName, about, state: state) }
        let items = buttons.map { one -> HTML in
            "<button class=\"btn\" name=\"do\" value=\"\(one.0)\">\(words(one.1))</button>"
        }
        let id = leave.id.text
        let end: HTML = """
            <form class="inline no-print" method="post" action="\(Href("/desk/leaves/", id))">\(Layout.token(kit.context))\
            <input type=hidden name=version value="\(leave.version)"><div class="field"><label for="w-\(id)">\
            \(words(.coverWhy))</label><input class="in" id="w-\(id)" name="why" maxlength="200"></div>\
            <span class="btns">\(HTML.joined(items))</span></form>
            """
        return kit.row(leave.personName, about, state: state, end: end)
    }

    // MARK: JSON

    private struct LeaveAsked: Asked {
        let post: PostID
        let standIn: PersonID
        let from: Instant
        let to: Instant
        let why: String
        init(_ ask: Ask) throws {
            post = try ask.body("post", .id(), "From which one will be away.")
            standIn = try ask.body("stand_in", .id(), "Who may do the work there by a post of their own.")
            from = try ask.body("from", .time)
            to = try ask.body("to", .time)
            why = try ask.body("why", .text(1...200))
        }
    }
    private struct DecisionAsked: Asked {
        let id: LeaveID
        let approve: Bool
        let why: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            approve = try ask.body("approve", .flag)
            why = try ask.body.optional("why", .text(0...200), "Needed for a refusal.") ?? ""
            version = try ask.body("version", .whole(0...Int64.max >> 1), "That was seen.")
        }
    }
    private struct EndAsked: Asked {
        let id: LeaveID
        let why: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            why = try ask.body("why", .text(1...200))
            version = try ask.body("version", .whole(0...Int64.max >> 1), "That was seen.")
        }
    }

    private func leaveAPI(_ table: RouteTable) {
        let refusals: [any Refusal] = [
            CoverRefusal.notFound, CoverRefusal.ownLeave, CoverRefusal.leaveOverlaps, CoverRefusal.inThePast,
        ]
        table.get(
            "/api/v1/leaves", .staff,
            API(.roster, "Leave that has not ended, in the areas whose roster one keeps."), PageAsked.self,
            LeaveShapes.leave.slices
        ) { asked, call in
            let from = try Self.cursor(asked.paging.cursor ?? "")
            let (actor, now, limit) = (call.actor, now(), asked.paging.limit)
            let found = try await database.read { [self] in
                try kept(actor, since: now, after: from, limit: limit + 1, $0)
            }
            return .ok(Slice(found, limit: limit) { Self.cursor($0) })
        }
        table.get(
            "/api/v1/me/leaves", .staff, API(.roster, "One's own leave, and whose cases one sees to."), Nothing.self,
            LeaveShapes.leave.slices
        ) { _, call in
            let person = try person(call.context)
            return .ok(Slice(try await database.read { try LeaveStore.of(person, $0) }))
        }
        table.post(
            "/api/v1/leaves", .staff, API(.roster, "Asks for leave, or enters it for a colleague.", refuses: refusals),
            LeaveAsked.self, Made.shape, makes: true
        ) { asked, call in
            let new = NewLeave(
                post: asked.post, standIn: asked.standIn, from: asked.from, to: asked.to, why: asked.why)
            return .made(Made(try await leaves.ask(new, by: call.actor).text))
        }
        table.post(
            "/api/v1/leaves/:id/decision", .staff, API(.roster, "Approves or refuses leave.", refuses: refusals),
            DecisionAsked.self, .nothing
        ) { asked, call in
            try await leaves.decide(
                asked.id, approve: asked.approve, why: asked.why, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/leaves/:id/end", .staff,
            API(.roster, "Calls leave off before it begins, or ends it now.", refuses: refusals), EndAsked.self,
            .nothing
        ) { asked, call in
            try await leaves.end(asked.id, why: asked.why, was: asked.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/me/queues", .verb(.caseRead),
            API(.cases, "What was given to one, and to those for whom one stands in now; at most 100 cases each."),
            Nothing.self, LeaveShapes.queue.slices
        ) { _, call in .ok(Slice(try await queues(call.actor))) }
    }
}

enum LeaveShapes {
    static let leave = Shape<Leave>.object("Leave") {
        Member("id", .id()) { $0.id }
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.personName }
        Member("stand_in", .id()) { $0.standIn }
        Member("stand_in_name", .words) { $0.standInName }
        Member("post", .id()) { $0.post }
        Member("from", .time) { $0.from }
        Member("to", .time) { $0.to }
        Member("status", Shape<LeaveStatus>.choice(LeaveStatus.allCases) { $0.code }) { $0.status }
        Member("why", .words) { $0.why }
        Member("decided_why", .words) { $0.decidedWhy }
        Member("version", .whole) { $0.version }
    }
    static let queue = Shape<CasesHouse.Queue>.object("OwnQueue") {
        Member("leave", leave.orNull, "Null for one's own.") { $0.leave }
        Member("cases", CaseShapes.line.list()) { $0.lines }
    }
}

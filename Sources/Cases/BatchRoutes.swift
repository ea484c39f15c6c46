import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension CasesHouse {
    /// Shifts and cover where they meet cases: many at once, templates, hand-over, one's own queue, workload.
    func coverRoutes(_ table: RouteTable) {
        hubRoutes(table)
        batchRoutes(table)
        templateRoutes(table)
        leaveRoutes(table)
        handoverRoutes(table)
        workloadRoutes(table)
    }

    func kit(_ context: WebContext, sent: Typed? = nil, refusal: (any Refusal)? = nil) -> CoverKit {
        CoverKit(context, now: now(), sent: sent, refusal: refusal)
    }

    /// The way to everything of shifts and cover that the actor may use.
    private func hubRoutes(_ table: RouteTable) {
        table.get("/desk/cover", .staff) { _, context in
            let (kit, actor) = (kit(context), context.actor)
            var links: [(Href, Phrase, Phrase)] = []
            if actor.may(.caseRead) { links.append((Href("/desk/mine"), .mineTitle, .mineLead)) }
            if actor.may(.caseDispatch) { links.append((Href("/desk/pick"), .pickTitle, .pickLead)) }
            if actor.may(.caseRead) { links.append((Href("/desk/duty"), .dutyNowTitle, .dutyNowLead)) }
            if actor.may(.caseRead) { links.append((Href("/desk/handovers"), .handoversTitle, .handoversLead)) }
            if actor.may(.rosterEdit) { links.append((Href("/desk/roster"), .rosterTitle, .rosterLead)) }
            links.append((Href("/desk/leaves"), .leavesTitle, .leavesLead))
            if actor.may(.caseRead) { links.append((Href("/desk/templates"), .templatesTitle, .templatesLead)) }
            if actor.may(.statisticsRead) { links.append((Href("/desk/workload"), .workloadTitle, .workloadLead)) }
            let rows = links.map { kit.link($0.0, context.words($0.1), context.words($0.2)) }
            return kit.answer(context.words(.coverTitle), back: Href("/desk"), kit.rows(rows, none: .coverNothing))
        }
    }

    private func batchRoutes(_ table: RouteTable) {
        table.get("/desk/pick", .verb(.caseDispatch)) { request, context in
            try await pick(request, context, sent: nil, refusal: nil)
        }
        table.post("/desk/pick", .verb(.caseDispatch)) { request, context in
            try await CoverKit.take(request, context) { sent in
                let picked = try sent.all("case").map { text in
                    guard let one = PickedCase(text: text) else { throw CaseRefusal.badChoice("case") }
                    return one
                }
                guard let post = PostID(text: sent["post"]) else { throw CaseRefusal.badChoice("post") }
                let batch = try await actions.dispatch(picked, to: post, key: sent["key"], by: context.actor)
                return Href("/desk/pick/", batch.id.text)
            } again: { sent, refusal in
                try await pick(request, context, sent: sent, refusal: refusal)
            }
        }
        table.get("/desk/pick/:id", .verb(.caseDispatch)) { _, context in
            try await picked(context.id("id"), context)
        }
        table.post(
            "/api/v1/dispatches", .verb(.caseDispatch),
            API(
                .cases,
                "Gives at most 50 cases to one colleague, each decided by itself; the answer says what became of each.",
                refuses: [
                    CoverRefusal.nothingPicked, CoverRefusal.keyUsedForOther, CaseRefusal.badChoice("post"),
                    CaseRefusal.notYours,
                ], repeats: .own), BatchAsked.self, BatchShapes.batch
        ) { asked, call in
            let batch = try await actions.dispatch(
                asked.cases, to: asked.post, key: call.key ?? freshKey(), by: call.actor)
            let words = call.context.words
            return .ok(
                BatchShapes.Answer(
                    id: batch.id,
                    lines: batch.items.map {
                        BatchShapes.Line(id: $0.id, outcome: $0.outcome, message: words($0.outcome.message))
                    }))
        }
    }

    private struct BatchAsked: Asked {
        let cases: [PickedCase]
        let post: PostID
        init(_ ask: Ask) throws {
            let texts = try ask.body(
                "cases", BatchShapes.picked.list(1...CaseActions.mostPicked),
                "By their ids, each with a dot and the version that was seen, where it must not have changed.")
            cases = try texts.map { text in
                guard let one = PickedCase(text: text) else { throw WebRefusal.badField("cases") }
                return one
            }
            post = try ask.body("post", .id(), "The colleague's, as in `choices` of a case.")
        }
    }

    /// Cases that can be given to somebody, with a box each: a page of its own, so that the desk's list stays small.
    private func pick(
        _ request: Request, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let scope = try context.actor.scope(.caseDispatch)
        var filter = CaseStore.DeskFilter()
        let again = query(request, "queue") == "handling"
        filter.queue = again ? .handling : .dispatch
        filter.limit = CaseActions.mostPicked
        let wanted = filter
        let day = Zone.shanghai.day(of: now())
        let edition = memory.edition
        let (lines, people) = try await database.read { transaction in
            let lines = try CaseStore.desk(scope, wanted, transaction).filter {
                ($0.status == .triaged || $0.status == .dispatched) && !$0.suspended
            }
            var people: [Colleague] = []
            var seen = Set<PostID>()
            for path in Set(lines.map(\.path)).sorted(by: { $0.text < $1.text }) {
                people += try memory.colleagues(at: path, may: .caseAttend, on: day, edition, transaction)
                    .filter { seen.insert($0.post).inserted }
            }
            return (lines, people)
        }
        let kit = kit(context, sent: sent, refusal: refusal)
        return PickPage(kit: kit, lines: lines, people: people, again: again, key: freshKey(), sent: sent).answer()
    }

    private func picked(_ id: BatchID, _ context: WebContext) async throws -> Response {
        let actor = context.actor
        let found = try await database.read { try Self.picked(id, actor, $0) }
        let items = found.map(\.item)
        let kit = kit(context)
        let words = context.words
        let rows = found.map { item, seen -> HTML in
            let state = kit.state(item.outcome == .done ? .ok : .late, words(item.outcome.message))
            guard let c = seen else { return kit.row(words(.batchUnseen), "\(item.id.text)", state: state) }
            let who = c.assigneeName.isEmpty ? c.place.words : "\(c.place.words) · \(c.assigneeName)"
            return kit.link(Href("/desk/cases/", c.id.text), "\(c.number) \(c.title)", who, state: state)
        }
        let done = items.count { $0.outcome == .done }
        let lead = words(.batchTold, String(done), String(items.count - done))
        return kit.answer(
            words(.batchTitle), back: Href("/desk/pick"), "<p class=\"note\" role=\"status\">\(lead)</p>",
            kit.rows(rows, none: .pickNone), ExportLinks.inside("dispatch-items", id.text, context))
    }

    /// What became of each case of one's own batch. A case that is out of sight now, or always was, is nil.
    static func picked(
        _ id: BatchID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> [(item: (id: CaseID, outcome: BatchOutcome), seen: CaseRecord?)] {
        guard let owner = try BatchStore.owner(id, transaction), owner == actor.person else {
            throw CaseRefusal.notFound
        }
        return try BatchStore.items(id, transaction).map {
            ($0, try CaseQueries.seenCase($0.id, actor, transaction))
        }
    }
}

/// The list with a box for each case and one form for all that are ticked. Works without JavaScript.
private struct PickPage {
    let kit: CoverKit
    let lines: [CaseLine]
    let people: [Colleague]
    let again: Bool
    let key: String
    let sent: Typed?

    func answer() -> Response {
        let words = kit.words
        let tabs: HTML = """
            <p class="btns"><a class="btn" href="/desk/pick"\(again ? .empty : " aria-current=page" as HTML)>\
            \(words(.statusTriaged))</a><a class="btn" href="/desk/pick?queue=handling"\
            \(again ? " aria-current=page" as HTML : .empty)>\(words(.pickAgain))</a></p>
            """
        guard !lines.isEmpty else {
            return kit.answer(words(.pickTitle), tabs, "<p class=\"card soft\">\(words(.pickNone))</p>")
        }
        let ticked = Set(sent?.all("case") ?? [])
        let rows = lines.map { line -> HTML in
            let value = PickedCase(line.id, version: line.version).text
            let mark: HTML = ticked.contains(value) ? " checked" : ""
            let who = line.assigneeName.isEmpty ? "" : " · \(line.assigneeName)"
            return """
                <li><label class=row><input type=checkbox name=case value="\(value)"\(mark)><span class=grow>\
                <b>\(line.title)</b><small>\(line.place)\(who) · \(left(line))</small></span></label></li>
                """
        }
        // A page stays under its size; whoever is not among them is found in the case itself.
        let options = people.prefix(120).map {
            (value: $0.post.text, label: "\($0.name) · \(words($0.role.phrase)) · \($0.organisationName)")
        }
        let list: HTML = """
            <form class="stack" method="post" action="\(again ? Href("/desk/pick?queue=handling") : Href("/desk/pick"))">\
            \(Layout.token(kit.context))<input type=hidden name=key value="\(key)">\
            <ul class="card rows">\(HTML.joined(rows))</ul>\
            <div class="card stack narrow">\(kit.select("", "post", .fieldWho, options, value: ""))\
            <button class="btn primary">\(words(.pickSend))</button></div></form>
            """
        return kit.answer(words(.pickTitle), tabs, "<p>\(words(.pickHelp))</p>", list)
    }

    private func left(_ line: CaseLine) -> String {
        guard line.due != CaseRecord.never else { return kit.words(.statusPaused) }
        let gap = line.due.ms - kit.say.now.ms
        return gap < 0
            ? kit.words(.over, kit.say.length(ms: -gap)) : kit.words(.left, kit.say.length(ms: gap))
    }
}

enum BatchShapes {
    /// An id, or an id and a version; thirteen ones are an id.
    static let picked = Shape<String>.text(13...29, pattern: "^[0-7][0-9a-hjkmnp-tv-z]{12}(\\.[0-9]{1,15})?$")

    struct Line: Sendable {
        let id: CaseID
        let outcome: BatchOutcome
        let message: String
    }
    struct Answer: Sendable {
        let id: BatchID
        let lines: [Line]
    }
    static let line = Shape<Line>.object("DispatchResult") {
        Member("case", CaseShapes.id) { $0.id }
        Member("outcome", Shape<BatchOutcome>.choice(BatchOutcome.allCases) { $0.code }) { $0.outcome }
        Member("message", .words, "In the language of the request.") { $0.message }
    }
    static let batch = Shape<Answer>.object("Dispatches") {
        Member("id", .id()) { $0.id }
        Member("items", line.list()) { $0.lines }
        Member("done", .whole) { Int64($0.lines.count { $0.outcome == .done }) }
        Member("refused", .whole) { Int64($0.lines.count { $0.outcome != .done }) }
    }
}

import Cases
import Directory
import Hummingbird
import Kernel
import Storage
import Tables
import Web

/// The pages of transfers.
extension TransferHouse {
    func pageRoutes(_ table: RouteTable) {
        table.get("/desk/transfers", .verb(.caseRead)) { request, context in
            try await listPage(KeptTransfer(), nil, request, context)
        }
        table.post("/desk/transfers", .verb(.caseRegister)) { request, context in
            let fields = try await context.form(request)
            return try await again("take", fields, request, context) {
                let made = try await desk.take(try Self.new(fields), by: context.actor)
                return Answer.redirect(Href("/desk/transfers/", made.id.text))
            }
        }
        table.post("/desk/transfers/import", .verb(.caseRegister)) { request, context in
            try await receive(request, context)
        }
        table.post("/desk/transfers/answers", .verb(.caseRegister)) { request, context in
            let fields = try await context.form(request)
            return try await again("answer", fields, request, context) {
                guard let made = try await desk.answerAll(by: context.actor) else {
                    throw TransferRefusal.nothingToAnswer
                }
                return Answer.redirect(Href("/desk/transfers/answers/", ID<TransferTag>(made.batch).text))
            }
        }
        table.get("/desk/transfers/answers/:batch", .verb(.caseRegister)) { request, context in
            let batch = try context.id("batch", TransferTag.self).raw
            let rows = try await answers(batch, context.actor)
            guard let format = TableFileFormat(rawValue: request.asked("format")) else {
                let pages = pages(context)
                let main: HTML = """
                    <div class="stack"><p class="no-print"><a href="/desk/transfers">\(context.words(.transfersTitle))</a></p>\
                    <h1>\(context.words(.transferBatch, String(rows.count)))</h1>\(pages.batch(batch, rows.count))</div>
                    """
                return directory.shown(
                    directory.staffPage(context.words(.transfersTitle), main, context), nil, context)
            }
            return Answer.file(
                TransferSheet.answers(rows, format, context.words), format,
                name: "answers-\(ID<TransferTag>(batch).text)")
        }
        table.post("/desk/transfers/hand-over", .verb(.caseDispatch)) { request, context in
            let fields = try await context.form(request)
            return try await again("handOver", fields, request, context) {
                // The address of a case ends with its id.
                let text = (fields["case"] ?? "").split { "/?# ".contains($0) }.last { CaseID(text: $0) != nil }
                guard let id = text.flatMap({ CaseID(text: $0) }) else { throw TransferRefusal.badChoice("case") }
                let made = try await desk.handOver(
                    id, to: fields.trimmed("office"), why: fields.trimmed("why"), by: context.actor)
                return Answer.redirect(Href("/desk/transfers/", made.text))
            }
        }
        table.get("/desk/transfers/:id", .verb(.caseRead)) { _, context in
            try await onePage(KeptTransfer(), context)
        }
        table.post("/desk/transfers/:id", .verb(.caseRegister)) { request, context in
            let fields = try await context.form(request)
            let id = try context.id("id", TransferTag.self)
            let kept = Self.kept(fields["way"] ?? "", fields)
            do {
                try await act(id, fields, context.actor)
                return Answer.redirect(Href("/desk/transfers/", id.text))
            } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
                var kept = kept
                kept.refusal = refusal
                return try await onePage(kept, context)
            }
        }
    }

    private func pages(_ context: WebContext, _ kept: KeptTransfer = KeptTransfer()) -> TransferPages {
        TransferPages(context: context, say: directory.say(context), kept: kept)
    }

    private static let fieldNames = [
        "kind", "source", "number", "received", "due", "grade", "area", "words", "place", "name", "phone", "case",
        "office", "why", "takes", "day", "reached", "solved", "satisfied",
    ]

    private static func kept(_ way: String, _ fields: FormFields) -> KeptTransfer {
        var kept = KeptTransfer(way: way)
        for name in fieldNames { kept.fields[name] = fields[name] ?? "" }
        return kept
    }

    private func again(
        _ way: String, _ fields: FormFields, _ request: Request, _ context: WebContext,
        _ act: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await act()
        } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
            var kept = Self.kept(way, fields)
            kept.refusal = refusal
            return try await listPage(kept, nil, request, context)
        }
    }

    static func new(_ fields: FormFields) throws -> NewTransfer {
        guard let kind = TransferKind.allCases.first(where: { $0.code == fields["kind"] }) else {
            throw TransferRefusal.badChoice("kind")
        }
        let grade = TransferGrade.allCases.first { $0.code == fields["grade"] }
        guard let area = AreaID(text: fields["area"] ?? "") else { throw TransferRefusal.badChoice("area") }
        guard let received = LocalInput.instant(fields["received"] ?? "") else {
            throw TransferRefusal.badTime("received")
        }
        var new = NewTransfer(
            kind: kind, source: fields.trimmed("source"), number: fields.trimmed("number"), area: area,
            grade: kind == .letter ? .letter : grade ?? .general, received: received, words: fields.trimmed("words"))
        if let text = fields["due"], !text.isEmpty {
            guard let due = LocalInput.instant(text) else { throw TransferRefusal.badTime("due") }
            new.due = due
        }
        (new.place, new.name, new.phone) = (fields.trimmed("place"), fields.trimmed("name"), fields.trimmed("phone"))
        return new
    }

    private func act(_ id: TransferID, _ fields: FormFields, _ actor: Actor) async throws {
        guard let version = Int64(fields["version"] ?? ""), version > 0 else { throw WebRefusal.malformed }
        func day() throws -> Day {
            guard let day = LocalInput.day(fields["day"] ?? "") else { throw TransferRefusal.badTime("day") }
            return day
        }
        func finding(_ name: String) throws -> VisitFinding {
            guard let found = VisitFinding.allCases.first(where: { $0.code == fields[name] }) else {
                throw TransferRefusal.badChoice(name)
            }
            return found
        }
        switch fields["way"] {
        case "extend":
            guard let due = LocalInput.instant(fields["due"] ?? "") else { throw TransferRefusal.badTime("due") }
            try await desk.extend(id, to: due, why: fields.trimmed("why"), was: version, by: actor)
        case "inform":
            guard let takes = ["yes": true, "no": false][fields["takes"] ?? ""] else {
                throw TransferRefusal.badChoice("takes")
            }
            try await desk.inform(
                id, on: try day(), takes: takes, why: fields.trimmed("why"), was: version, by: actor)
        case "visit":
            try await desk.visit(id, try visit(on: day(), finding), was: version, by: actor)
        default: throw TransferRefusal.badChoice("way")
        }
    }

    /// A visit of today counts from now, one of another day from its beginning.
    func visit(on day: Day, _ finding: (String) throws -> VisitFinding) throws -> Visit {
        let now = world.now()
        return Visit(
            at: Zone.shanghai.day(of: now) == day ? now : Zone.shanghai.instant(day), reached: try finding("reached"),
            solved: try finding("solved"), satisfied: try finding("satisfied"))
    }

    private func receive(_ request: Request, _ context: WebContext) async throws -> Response {
        var bytes: [UInt8] = []
        var sent: FormFields?
        let hasFile = try await context.upload(request, maxBytes: TransferSheet.bytes) { fields, _ in
            sent = fields
        } take: {
            bytes += $0
        }
        let fields = sent ?? FormFields([])
        return try await again("import", fields, request, context) {
            guard hasFile, !bytes.isEmpty else { throw TransferRefusal.noFile }
            guard let kind = TransferKind.allCases.first(where: { $0.code == fields["kind"] }) else {
                throw TransferRefusal.badChoice("kind")
            }
            guard let area = AreaID(text: fields["area"] ?? "") else { throw TransferRefusal.badChoice("area") }
            let source = try TransferDesk.words(fields.trimmed("source"), "source", 1...40)
            let result = try await sheet.take(
                MemorySource(bytes), kind, from: source, area: area, by: context.actor)
            return try await listPage(KeptTransfer(), result, request, context)
        }
    }

    // MARK: Reads

    /// A page of the list; the cursor is the place after which it goes on.
    func slice(
        all: Bool, cursor: String, limit: Int, _ actor: Actor
    ) async throws -> (rows: [Transfer], next: String?) {
        let scope = try actor.scope(.caseRead)
        let parts = cursor.split(separator: "-")
        var after: (due: Instant, id: TransferID)?
        var before: TransferID?
        if !cursor.isEmpty {
            guard let last = parts.last, let id = TransferID(text: last), all || parts.count == 2 else {
                throw WebRefusal.badField("cursor")
            }
            if all {
                before = id
            } else {
                guard let ms = Int64(parts[0]) else { throw WebRefusal.badField("cursor") }
                after = (Instant(ms: ms), id)
            }
        }
        let (from, to) = (after, before)
        let found = try await database.read { transaction in
            all
                ? try TransferStore.all(scope, before: to, limit: limit + 1, transaction)
                : try TransferStore.open(scope, after: from, limit: limit + 1, transaction)
        }
        let rows = Array(found.prefix(limit))
        let last = found.count > limit ? rows.last : nil
        return (rows, last.map { all ? $0.id.text : "\($0.due.ms)-\($0.id.text)" })
    }

    private func listPage(
        _ kept: KeptTransfer, _ imported: TransferImport?, _ request: Request, _ context: WebContext
    ) async throws -> Response {
        let actor = context.actor
        let all = request.asked("show") == "all"
        let page = try await slice(all: all, cursor: request.asked("cursor"), limit: 50, actor)
        let editing = actor.may(.caseRegister) ? try actor.scope(.caseRegister) : nil
        let (lines, places) = try await database.read { transaction in
            (
                try CaseStore.lines(page.rows.map(\.caseID), transaction),
                try editing.map { try DirectoryStore.areas(in: $0, levels: 5...6, limit: 500, transaction) } ?? []
            )
        }
        let list = TransferList(
            rows: page.rows, cases: Dictionary(lines.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
            next: page.next, isAll: all, places: places, mayHandOver: actor.may(.caseDispatch), imported: imported)
        let main = pages(context, kept).list(list)
        return directory.shown(
            directory.staffPage(context.words(.transfersTitle), main, context), kept.refusal, context)
    }

    private func onePage(_ kept: KeptTransfer, _ context: WebContext) async throws -> Response {
        let (id, actor) = (try context.id("id", TransferTag.self), context.actor)
        let view = try await database.read { [desk] transaction in
            let (found, _) = try desk.load(id, .caseRead, actor, transaction)
            let area = try DirectoryStore.area(found.area, transaction)
            return TransferView(
                transfer: found, record: try CaseStore.load(found.caseID, transaction), area: area,
                mayEdit: area.map { actor.may(.caseRegister, at: $0.path) } ?? false)
        }
        let main = pages(context, kept).one(view)
        return directory.shown(
            directory.staffPage(view.transfer.number, main, context), kept.refusal, context)
    }

    /// What went out in one file, with the numbers of the cases.
    func answers(_ batch: Int64, _ actor: Actor) async throws -> [(transfer: Transfer, number: String)] {
        let scope = try actor.scope(.caseRegister)
        let rows = try await database.read { transaction in
            try TransferStore.batch(batch, scope, transaction).map { one in
                (transfer: one, number: try CaseStore.load(one.caseID, transaction)?.number ?? "")
            }
        }
        guard !rows.isEmpty else { throw TransferRefusal.notFound }
        return rows
    }
}

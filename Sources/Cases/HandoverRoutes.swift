import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension CasesHouse {
    package var handoverActions: HandoverActions {
        HandoverActions(database: database, world: world, journal: journal, inbox: inbox)
    }

    func handoverRoutes(_ table: RouteTable) {
        table.get("/desk/handovers", .verb(.caseRead)) { request, context in
            let scope = try context.actor.scope(.caseRead)
            let before = HandoverID(text: query(request, "cursor"))
            let (open, rest, areas) = try await database.read { transaction in
                let open = before == nil ? try HandoverStore.list(scope, openOnly: true, transaction) : []
                let rest = try HandoverStore.list(scope, openOnly: false, before: before, limit: 31, transaction)
                return (open, rest, try DirectoryStore.areas((open + rest).map(\.area), transaction))
            }
            let (kit, words) = (kit(context), context.words)
            func list(_ notes: some Sequence<Handover>) -> HTML {
                kit.rows(
                    notes.map { note in
                        kit.link(
                            Href("/desk/handovers/", note.id.text),
                            "\(note.author(words)) · \(words(note.kind.phrase))",
                            "\(areas[note.area]?.name ?? "") · \(kit.say.moment(note.at))", state: state(note, kit))
                    }, none: .handoversNone)
            }
            let more: HTML =
                rest.count > 30
                ? """
                <p><a class="btn" href="\(Href("/desk/handovers", query: [("cursor", rest[29].id.text)]))">\
                \(words(.deskMoreRows))</a></p>
                """ : .empty
            let waiting: HTML =
                before == nil ? kit.section(words(.handoversOpen), list(open)) : .empty
            return kit.answer(
                words(.handoversTitle),
                "<p class=\"no-print\"><a class=\"btn primary\" href=\"/desk/handover\">\(words(.handoverWrite))</a></p>",
                waiting, kit.section(words(.handoversAll), list(rest.prefix(30))), more,
                ExportLinks.make("handovers", context, title: .handoversListTitle))
        }
        table.get("/desk/handover", .verb(.caseRead)) { request, context in
            try await handoverForm(
                AreaID(text: query(request, "estate")), request.asked("kind"), context, sent: nil, refusal: nil)
        }
        table.post("/desk/handover", .verb(.caseRead)) { request, context in
            try await CoverKit.take(request, context) { sent in
                guard let estate = AreaID(text: sent["estate"]) else { throw CoverRefusal.badChoice("estate") }
                guard let kind = RosterKind.allCases.first(where: { $0.code == sent["kind"] }) else {
                    throw CoverRefusal.badChoice("kind")
                }
                let id = try await handoverActions.write(
                    estate: estate, kind: kind, words: sent.trimmed("words"), items: Self.items(sent),
                    by: context.actor)
                return Href("/desk/handovers/", id.text)
            } again: { sent, refusal in
                try await handoverForm(
                    AreaID(text: sent["estate"]), sent["kind"], context, sent: sent, refusal: refusal)
            }
        }
        table.get("/desk/handovers/:id", .verb(.caseRead)) { _, context in
            try await handoverPage(context.id("id"), context, sent: nil, refusal: nil)
        }
        table.post("/desk/handovers/:id", .verb(.caseRead)) { request, context in
            let id: HandoverID = try context.id("id")
            return try await CoverKit.take(request, context) { sent in
                guard let version = Int64(sent["version"]) else { throw CoverRefusal.changedMeanwhile }
                if sent["do"] == "take" {
                    try await handoverActions.take(id, was: version, by: context.actor)
                } else {
                    try await handoverActions.change(
                        id, words: sent.trimmed("words"), items: Self.items(sent), was: version, by: context.actor)
                }
                return Href("/desk/handovers/", id.text)
            } again: { sent, refusal in
                try await handoverPage(id, context, sent: sent, refusal: refusal)
            }
        }
        handoverAPI(table)
    }

    /// The ticked cases of a form, each with its line.
    private static func items(_ sent: Typed) -> [HandoverItem] {
        sent.all("case").compactMap { text in
            CaseID(text: text).map { HandoverItem(id: $0, line: sent.trimmed("line-\(text)")) }
        }
    }

    private func state(_ note: Handover, _ kit: CoverKit) -> HTML {
        note.taken == nil
            ? kit.state(.wait, kit.words(.handoverWaiting))
            : kit.state(.ok, kit.words(.handoverTaken, note.taker(kit.words)))
    }

    /// The open cases that a note of this roster is about: the stewards' own, the desk's list of the estate.
    private func openCases(
        _ area: Area, _ kind: RosterKind, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        guard let person = actor.person, let scope = try actor.scope(.caseRead).narrowed(to: area) else {
            throw CoverRefusal.notFound
        }
        if kind == .stewards || kind == .squads {
            return try WorkloadStore.assigned(person, scope, limit: HandoverRules.mostCases, transaction)
        }
        var filter = CaseStore.DeskFilter()
        filter.limit = HandoverRules.mostCases
        return try CaseStore.desk(scope, filter, transaction)
    }

    private func handoverForm(
        _ asked: AreaID?, _ kindCode: String, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let actor = context.actor
        guard let person = actor.person else { throw WebRefusal.signInFirst }
        let now = now()
        let kind = RosterKind.allCases.first { $0.code == kindCode } ?? (actor.may(.caseTriage) ? .desk : .stewards)
        let found: (area: Area, lines: [CaseLine], places: [Area])? = try await database.read { [self] transaction in
            let ids = try RosterStore.estates(
                of: person, since: now.adding(hours: -HandoverRules.lateHours), at: now, transaction)
            let places = try DirectoryStore.areas(ids, transaction).values.filter {
                actor.may(.caseRead, at: $0.path)
            }.sorted { $0.id < $1.id }
            guard let area = asked == nil ? places.first : places.first(where: { $0.id == asked }) else { return nil }
            return (area, try openCases(area, kind, actor, transaction), places)
        }
        let (kit, words) = (kit(context, sent: sent, refusal: refusal), context.words)
        guard let found else {
            // Somebody who is not on duty has nothing to hand over; an estate out of reach is answered the same.
            return kit.answer(
                words(.handoverWrite), back: Href("/desk/handovers"),
                "<p class=\"card soft\">\(words(.refuseNotOnDuty))</p>")
        }
        let kinds = RosterKind.allCases.map { (value: $0.code, label: words($0.phrase)) }
        let hidden = [("estate", found.area.id.text), ("kind", kind.code)]
        return kit.answer(
            words(.handoverWrite), back: Href("/desk/handovers"),
            kit.choice(
                Href("/desk/handover"), "estate", .joinEstate,
                found.places.map { (value: $0.id.text, label: $0.name) }, chosen: found.area.id.text,
                hidden: [("kind", kind.code)]),
            kit.choice(
                Href("/desk/handover"), "kind", .rosterKind, kinds, chosen: kind.code,
                hidden: [("estate", found.area.id.text)]),
            "<p>\(found.area.name) · \(words(kind.phrase))</p>",
            noteForm(
                "write", Href("/desk/handover"), hidden, words: "",
                found.lines.map { Offered(id: $0.id, title: $0.title, place: $0.place, line: "", isOn: true) }, sent,
                kit
            ))
    }

    private struct Offered {
        let id: CaseID
        let title: String
        let place: String
        let line: String
        let isOn: Bool
    }

    private func noteForm(
        _ way: String, _ to: Href, _ hidden: [(String, String)], words text: String, _ cases: [Offered],
        _ sent: Typed?, _ kit: CoverKit
    ) -> HTML {
        let words = kit.words
        let isBack = sent?["way"] == way
        let ticked = Set(sent?.all("case") ?? [])
        let rows = cases.map { one -> HTML in
            let id = one.id.text
            let mark: HTML = (isBack ? ticked.contains(id) : one.isOn) ? " checked" : ""
            let line = isBack ? sent?["line-\(id)"] ?? "" : one.line
            return """
                <li class="stack-s"><label class="row"><input type=checkbox name=case value="\(id)"\(mark)>\
                <span class="grow"><b>\(one.title)</b><small>\(one.place)</small></span></label>\
                <input class="in" name="line-\(id)" maxlength="200" value="\(line)" \
                aria-label="\(words(.handoverLine)): \(one.title)" placeholder="\(words(.handoverLine))"></li>
                """
        }
        let list: HTML =
            cases.isEmpty
            ? "<p class=\"soft\">\(words(.mineNone))</p>" : "<ul class=\"rows\">\(HTML.joined(rows))</ul>"
        return kit.form(
            way, to, way == "write" ? .handoverSend : .handoverChange, hidden: hidden, open: way == "write",
            primary: true, kit.long(way, "words", .handoverWords, value: text, most: 1000), list)
    }

    private struct Note: Sendable {
        let note: Handover
        let area: Area
        /// Of the cases of the note, those that the reader may read.
        let cases: [CaseID: CaseRecord]
    }

    private func noteSeen(_ id: HandoverID, _ actor: Actor) async throws -> Note {
        try await database.read { transaction in
            let (note, area, _) = try HandoverActions.seen(id, actor, transaction)
            var cases: [CaseID: CaseRecord] = [:]
            for item in note.items { cases[item.id] = try CaseQueries.seenCase(item.id, actor, transaction) }
            return Note(note: note, area: area, cases: cases)
        }
    }

    private func handoverPage(
        _ id: HandoverID, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let seen = try await noteSeen(id, context.actor)
        let note = seen.note
        let (kit, words) = (kit(context, sent: sent, refusal: refusal), context.words)
        let file = ExportLinks.inside("handover-cases", id.text, context)
        let rows = note.items.compactMap { item in
            seen.cases[item.id].map { c in
                kit.link(
                    Href("/desk/cases/", c.id.text), "\(c.number) \(c.title)",
                    item.line.isEmpty ? c.place.words : item.line)
            }
        }
        let to = Href("/desk/handovers/", id.text)
        let isOwn = note.author == context.actor.person
        var end = HTML.empty
        if note.taken == nil, !isOwn {
            end = kit.button(
                to, .handoverTake, about: note.author(kit.words),
                hidden: [("do", "take"), ("version", String(note.version))])
        } else if note.taken == nil {
            end = noteForm(
                "change", to, [("version", String(note.version))], words: note.words,
                note.items.compactMap { item in
                    seen.cases[item.id].map {
                        Offered(id: $0.id, title: $0.title, place: $0.place.words, line: item.line, isOn: true)
                    }
                }, sent, kit)
        }
        // The words of a change that came too late are not lost.
        let late: HTML =
            note.taken != nil && refusal != nil
            ? Form.summary(refusal, context) + "<blockquote class=\"say\"><p>\(sent?["words"] ?? "")</p></blockquote>"
            : .empty
        let taken: HTML =
            note.taken.map { "<p>\(words(.handoverTaken, note.taker(words))) · \(kit.say.time($0))</p>" } ?? .empty
        return kit.answer(
            "\(words(note.kind.phrase)) · \(note.author(words))", back: Href("/desk/handovers"),
            late, "<p>\(seen.area.name) · \(kit.say.time(note.at)) \(state(note, kit))</p>",
            "<blockquote class=\"say\"><p>\(note.words)</p></blockquote>", kit.rows(rows, none: .mineNone) + file,
            taken, end)
    }

    // MARK: JSON

    private struct NoteAsked: Asked {
        let id: HandoverID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct ListAsked: Asked {
        let open: Bool
        let paging: Paging
        init(_ ask: Ask) throws {
            open = try ask.query.optional("open", .flag, "Only those that nobody has taken.") ?? false
            paging = try Paging(ask)
        }
    }
    private struct WriteAsked: Asked {
        let estate: AreaID
        let kind: RosterKind
        let words: String
        let cases: [CaseID]
        let lines: [String]
        init(_ ask: Ask) throws {
            estate = try ask.body("estate", .id())
            kind = try ask.body("kind", HandoverShapes.kind, "The roster on which one was.")
            words = try ask.body("words", .text(1...1000), "What is open.")
            cases = try ask.body.optional("cases", HandoverShapes.cases) ?? []
            lines = try ask.body.optional("lines", HandoverShapes.lines, "One for each case, in their order.") ?? []
        }
    }
    private struct RewriteAsked: Asked {
        let id: HandoverID
        let words: String
        let cases: [CaseID]
        let lines: [String]
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            words = try ask.body("words", .text(1...1000), "What is open.")
            cases = try ask.body.optional("cases", HandoverShapes.cases) ?? []
            lines = try ask.body.optional("lines", HandoverShapes.lines, "One for each case, in their order.") ?? []
            version = try ask.body("version", .whole(0...Int64.max >> 1), "That was seen.")
        }
    }
    private struct TakeAsked: Asked {
        let id: HandoverID
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            version = try ask.body("version", .whole(0...Int64.max >> 1), "That was read.")
        }
    }

    private static func items(_ cases: [CaseID], _ lines: [String]) -> [HandoverItem] {
        cases.enumerated().map { HandoverItem(id: $1, line: lines.indices.contains($0) ? lines[$0] : "") }
    }

    private func handoverAPI(_ table: RouteTable) {
        let refusals: [any Refusal] = [
            CoverRefusal.notFound, CoverRefusal.notOnDuty, CoverRefusal.acknowledged, CoverRefusal.badWords(""),
        ]
        table.get(
            "/api/v1/handovers", .verb(.caseRead), API(.roster, "Hand-over notes of one's estates, the newest first."),
            ListAsked.self, HandoverShapes.note.slices
        ) { asked, call in
            let scope = try call.actor.scope(.caseRead)
            let before: HandoverID? = try asked.paging.id()
            let limit = asked.paging.limit
            let found = try await database.read {
                try HandoverStore.list(scope, openOnly: asked.open, before: before, limit: limit + 1, $0)
            }
            return .ok(Slice(found, limit: limit) { $0.id.text })
        }
        table.post(
            "/api/v1/handovers", .verb(.caseRead),
            API(.roster, "Writes a note at the end of a shift.", refuses: refusals), WriteAsked.self, Made.shape,
            makes: true
        ) { asked, call in
            .made(
                Made(
                    try await handoverActions.write(
                        estate: asked.estate, kind: asked.kind, words: asked.words,
                        items: Self.items(asked.cases, asked.lines), by: call.actor
                    ).text))
        }
        table.get(
            "/api/v1/handovers/:id", .verb(.caseRead),
            API(.roster, "One note with its cases.", refuses: [CoverRefusal.notFound], isSingle: true), NoteAsked.self,
            HandoverShapes.whole
        ) { asked, call in
            let seen = try await noteSeen(asked.id, call.actor)
            return .ok(
                HandoverShapes.Whole(
                    note: seen.note, items: seen.note.items.filter { seen.cases[$0.id] != nil }))
        }
        table.post(
            "/api/v1/handovers/:id", .verb(.caseRead),
            API(.roster, "Writes one's note anew, until it is taken.", refuses: refusals), RewriteAsked.self, .nothing
        ) { asked, call in
            try await handoverActions.change(
                asked.id, words: asked.words, items: Self.items(asked.cases, asked.lines), was: asked.version,
                by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/handovers/:id/taking", .verb(.caseRead),
            API(.roster, "Takes a colleague's note; nobody changes it any more.", refuses: refusals), TakeAsked.self,
            .nothing
        ) { asked, call in
            try await handoverActions.take(asked.id, was: asked.version, by: call.actor)
            return .done
        }
    }
}

enum HandoverShapes {
    static let kind = Shape<RosterKind>.choice(RosterKind.allCases) { $0.code }
    static let cases = CaseShapes.id.list(0...HandoverRules.mostCases)
    static let lines = Shape<String>.text(0...200).list(0...HandoverRules.mostCases)
    static let note = Shape<Handover>.object("Handover") {
        Member("id", .id()) { $0.id }
        Member("estate", .id()) { $0.area }
        Member("kind", kind) { $0.kind }
        Member("by", .words) { $0.authorName }
        Member("words", .words) { $0.words }
        Member("at", .time) { $0.at }
        Member("taken_by", Shape<String>.words.orNull) { $0.taken == nil ? nil : $0.takenName }
        Member("taken", Shape<Instant>.time.orNull) { $0.taken }
        Member("version", .whole) { $0.version }
    }
    struct Whole: Sendable {
        let note: Handover
        let items: [HandoverItem]
    }
    static let item = Shape<HandoverItem>.object("HandoverItem") {
        Member("case", CaseShapes.id) { $0.id }
        Member("line", .words) { $0.line }
    }
    static let whole = Shape<Whole>.object("HandoverWithCases") {
        Member("note", note) { $0.note }
        Member("cases", item.list(), "Those that one may read.") { $0.items }
    }
}

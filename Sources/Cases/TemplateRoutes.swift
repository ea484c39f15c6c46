import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension CasesHouse {
    package var templates: TemplateActions { TemplateActions(database: database, world: world, journal: journal) }

    func templateRoutes(_ table: RouteTable) {
        table.get("/desk/templates", .verb(.caseRead)) { request, context in
            try await templatesPage(request, context, sent: nil, refusal: nil)
        }
        table.post("/desk/templates", .verb(.caseRead)) { request, context in
            try await CoverKit.take(request, context) { sent in
                guard let area = AreaID(text: sent["area"]) else { throw CoverRefusal.badChoice("area") }
                guard let use = TemplateUse.allCases.first(where: { $0.code == sent["use"] }) else {
                    throw CoverRefusal.badChoice("use")
                }
                let organisation = OrganisationID(text: sent["organisation"])
                guard organisation != nil || sent["organisation"].isEmpty else {
                    throw CoverRefusal.badChoice("organisation")
                }
                let id = try await templates.add(
                    area: area, organisation: organisation, use: use,
                    name: sent.trimmed("name"), body: sent.trimmed("body"), why: sent.trimmed("why"), by: context.actor)
                return Href("/desk/templates/", id.text)
            } again: { sent, refusal in
                try await templatesPage(request, context, sent: sent, refusal: refusal)
            }
        }
        table.get("/desk/templates/:id", .verb(.caseRead)) { _, context in
            try await templatePage(context.id("id"), context, sent: nil, refusal: nil)
        }
        table.post("/desk/templates/:id", .verb(.caseRead)) { request, context in
            let id: TemplateID = try context.id("id")
            return try await CoverKit.take(request, context) { sent in
                guard let version = Int64(sent["version"]) else { throw CoverRefusal.changedMeanwhile }
                try await templates.change(
                    id, name: sent.trimmed("name"), body: sent.trimmed("body"), ends: sent["way"] == "end",
                    why: sent.trimmed("why"), was: version, by: context.actor)
                return Href("/desk/templates/", id.text)
            } again: { sent, refusal in
                try await templatePage(id, context, sent: sent, refusal: refusal)
            }
        }
        templateAPI(table)
    }

    // MARK: In a case

    /// The words of a template for the case that is open; a template that is not offered there is not found.
    func filled(
        _ id: TemplateID, _ view: CaseView, _ tools: DeskPages.Tools?, _ context: WebContext
    ) throws -> FilledTemplate {
        guard let template = tools?.templates.first(where: { $0.id == id }) else { throw CoverRefusal.notFound }
        return try filled(template, view, tools?.estate ?? "", context)
    }

    private func filled(
        _ template: ReplyTemplate, _ view: CaseView, _ estate: String, _ context: WebContext
    ) throws -> FilledTemplate {
        let (c, words) = (view.record, context.words)
        let say = Say(words, now: now())
        let promise = (c.promise ?? c.clocks.next?.due).map { say.deadline($0) } ?? words(.templateSoon)
        return FilledTemplate(
            use: template.use,
            text: try TemplateRules.fill(
                template, number: c.number, category: words.pick(zh: view.category.zh, en: view.category.en),
                promise: promise, estate: estate))
    }

    // MARK: Pages

    private func templatesPage(
        _ request: Request, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let actor = context.actor
        let scope = try actor.scope(.caseRead)
        let after = TemplateID(text: query(request, "cursor"))
        let (found, places) = try await database.read { transaction in
            let found = try TemplateStore.list(scope, after: after, limit: 51, transaction)
            let own = actor.posts.map(\.area)
            return (found, try DirectoryStore.areas(found.map(\.area) + own, transaction))
        }
        let kit = kit(context, sent: sent, refusal: refusal)
        let words = context.words
        let rows = found.prefix(50).map { one in
            kit.link(
                Href("/desk/templates/", one.id.text), one.name,
                "\(words(one.use.phrase)) · \(places[one.area]?.name ?? "")",
                state: one.ended ? kit.state(.plain, words(.templateEndedState)) : .empty)
        }
        let more: HTML =
            found.count > 50
            ? """
            <p><a class="btn" href="\(Href("/desk/templates", query: [("cursor", found[49].id.text)]))">\
            \(words(.deskMoreRows))</a></p>
            """ : .empty
        let uses = TemplateUse.allCases.filter { actor.may($0.verb) }
        var seen = Set<AreaID>()
        let areas = actor.posts.filter { post in
            uses.contains { post.role.verbs.contains($0.verb) } && seen.insert(post.area).inserted
        }.compactMap { places[$0.area] }
        var bodies = Set<OrganisationID>()
        let organisations = actor.posts.filter { bodies.insert($0.organisation).inserted }
        let form: HTML =
            areas.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/templates"), .templateAdd, primary: true,
                kit.pair(
                    kit.select(
                        "add", "use", .templateUse, uses.map { (value: $0.code, label: words($0.phrase)) }),
                    kit.select(
                        "add", "area", .templateArea, areas.map { (value: $0.id.text, label: $0.name) },
                        value: areas.first?.id.text ?? "")),
                kit.select(
                    "add", "organisation", .templateFor,
                    organisations.map { (value: $0.organisation.text, label: words(.templateOwn)) }, required: false),
                kit.text("add", "name", .templateName, most: 40),
                kit.long("add", "body", .templateBody, most: 400, help: help(words)),
                kit.text("add", "why", .coverWhy, most: 200))
        return kit.answer(
            words(.templatesTitle), "<p>\(words(.templatesLead))</p>", kit.rows(rows, none: .templatesNone), more,
            ExportLinks.make("templates", context), form)
    }

    private func help(_ words: Words) -> String {
        words(.templateHelp, words.list(TemplateField.allCases.map { "{\(words($0.phrase))}" }))
    }

    private struct Seen: Sendable {
        let template: ReplyTemplate
        let area: Area
        let versions: [TemplateVersion]
    }

    /// One that lies in the actor's scope; any other is not found.
    static func template(
        _ id: TemplateID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (ReplyTemplate, Area) {
        guard let template = try TemplateStore.load(id, transaction),
            let area = try DirectoryStore.area(template.area, transaction), actor.may(.caseRead, at: area.path)
        else { throw CoverRefusal.notFound }
        return (template, area)
    }

    private func seen(_ id: TemplateID, _ actor: Actor) async throws -> Seen {
        try await database.read { transaction in
            let (template, area) = try Self.template(id, actor, transaction)
            return Seen(template: template, area: area, versions: try TemplateStore.versions(id, transaction))
        }
    }

    private func templatePage(
        _ id: TemplateID, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let seen = try await seen(id, context.actor)
        let t = seen.template
        let kit = kit(context, sent: sent, refusal: refusal)
        let words = context.words
        let mayEdit =
            !t.ended && context.actor.may(t.use.verb, at: seen.area.path)
            && (t.organisation.map { own in context.actor.posts.contains { $0.organisation == own } } ?? true)
        let to = Href("/desk/templates/", id.text)
        let hidden = [("version", String(t.version))]
        let forms: HTML =
            mayEdit
            ? kit.form(
                "change", to, .templateChange, hidden: hidden, primary: true,
                kit.text("change", "name", .templateName, value: t.name, most: 40),
                kit.long("change", "body", .templateBody, value: t.body, most: 400, help: help(words)),
                kit.text("change", "why", .coverWhy, most: 200))
                + kit.form(
                    "end", to, .templateEnd, hidden: hidden, kit.text("end", "why", .coverWhy, most: 200))
            : .empty
        let history = seen.versions.map { one in
            kit.row(
                "\(one.version). \(one.name)",
                "\(one.body)<br>\(one.author(kit.words)) · \(kit.say.time(one.at)) · \(one.why)",
                state: one.ended ? kit.state(.plain, words(.templateEndedState)) : .empty)
        }
        return kit.answer(
            t.name, back: Href("/desk/templates"),
            t.ended ? Form.summary(refusal, context) : .empty,
            "<p>\(words(t.use.phrase)) · \(seen.area.name)</p><blockquote class=\"say\"><p>\(t.body)</p></blockquote>",
            forms,
            kit.section(
                words(.templateVersions), kit.rows(history, none: .coverNothing),
                ExportLinks.inside("template-versions", id.text, context)))
    }

    // MARK: JSON

    private struct TemplateAsked: Asked {
        let id: TemplateID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct NewTemplateAsked: Asked {
        let area: AreaID
        let organisation: OrganisationID?
        let use: TemplateUse
        let name: String
        let body: String
        let why: String
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id(), "Where it is offered: here and everywhere below.")
            organisation = try ask.body.optional("organisation", .id(), "One's own, for its people only.")
            use = try ask.body("use", TemplateShapes.use, "In which form of a case.")
            name = try ask.body("name", .text(TemplateRules.name))
            body = try ask.body(
                "body", .text(TemplateRules.body), "May hold `{number}`, `{category}`, `{promise}`, `{estate}`.")
            why = try ask.body("why", .text(1...200), "Kept with the version.")
        }
    }
    private struct ChangeAsked: Asked {
        let id: TemplateID
        let version: Int64
        let name: String
        let body: String
        let ends: Bool
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            version = try ask.body("version", .whole(0...Int64.max >> 1), "That was seen.")
            name = try ask.body.optional("name", .text(TemplateRules.name)) ?? ""
            body = try ask.body.optional("body", .text(TemplateRules.body)) ?? ""
            ends = try ask.body.optional("ends", .flag, "No longer offered.") ?? false
            why = try ask.body("why", .text(1...200))
        }
    }

    private func templateAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/templates", .verb(.caseRead), API(.cases, "Reply templates of one's areas."), PageAsked.self,
            TemplateShapes.template.slices
        ) { asked, call in
            let scope = try call.actor.scope(.caseRead)
            let after: TemplateID? = try asked.paging.id()
            let limit = asked.paging.limit
            let found = try await database.read {
                try TemplateStore.list(scope, after: after, limit: limit + 1, $0)
            }
            return .ok(Slice(found, limit: limit) { $0.id.text })
        }
        table.post(
            "/api/v1/templates", .verb(.caseRead),
            API(
                .cases, "Writes a reply template.",
                refuses: [CoverRefusal.notFound, CoverRefusal.unknownField(""), CoverRefusal.personalInPublic]),
            NewTemplateAsked.self, Made.shape, makes: true
        ) { asked, call in
            .made(
                Made(
                    try await templates.add(
                        area: asked.area, organisation: asked.organisation, use: asked.use, name: asked.name,
                        body: asked.body, why: asked.why, by: call.actor
                    ).text))
        }
        table.get(
            "/api/v1/templates/:id", .verb(.caseRead),
            API(.cases, "One template with its versions.", refuses: [CoverRefusal.notFound], isSingle: true),
            TemplateAsked.self, TemplateShapes.whole
        ) { asked, call in
            let seen = try await seen(asked.id, call.actor)
            return .ok(TemplateShapes.Whole(template: seen.template, versions: seen.versions))
        }
        table.post(
            "/api/v1/templates/:id", .verb(.caseRead),
            API(
                .cases, "Changes or ends a template.",
                refuses: [CoverRefusal.notFound, CoverRefusal.changedMeanwhile, CoverRefusal.unknownField("")]),
            ChangeAsked.self, .nothing
        ) { asked, call in
            try await templates.change(
                asked.id, name: asked.name, body: asked.body, ends: asked.ends, why: asked.why, was: asked.version,
                by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/cases/:id/templates", .verb(.caseRead),
            API(.cases, "What may be said next, filled in for the case.", refuses: [CaseRefusal.notFound]),
            CaseAsked.self, TemplateShapes.said.slices
        ) { asked, call in
            let actor = call.actor
            let (view, offered, estate) = try await database.read { transaction in
                let c = try CaseQueries.staffCase(asked.id, actor, transaction)
                return (
                    try CaseQueries.view(c, transaction), try TemplateStore.offered(c, actor, transaction),
                    try DirectoryStore.area(AreaID(c.place.estate), transaction)?.name ?? ""
                )
            }
            return .ok(
                Slice(
                    try offered.map { one in
                        TemplateShapes.Said(
                            template: one, text: try filled(one, view, estate, call.context).text)
                    }))
        }
    }
}

enum TemplateShapes {
    static let use = Shape<TemplateUse>.choice(TemplateUse.allCases) { $0.code }
    static let template = Shape<ReplyTemplate>.object("ReplyTemplate") {
        Member("id", .id()) { $0.id }
        Member("area", .id()) { $0.area }
        Member("organisation", Shape<OrganisationID>.id().orNull) { $0.organisation }
        Member("use", use) { $0.use }
        Member("name", .words) { $0.name }
        Member("body", .words) { $0.body }
        Member("ended", .flag) { $0.ended }
        Member("version", .whole) { $0.version }
    }
    struct Whole: Sendable {
        let template: ReplyTemplate
        let versions: [TemplateVersion]
    }
    static let version = Shape<TemplateVersion>.object("TemplateVersion") {
        Member("version", .whole) { $0.version }
        Member("name", .words) { $0.name }
        Member("body", .words) { $0.body }
        Member("ended", .flag) { $0.ended }
        Member("by", .words) { $0.author }
        Member("why", .words) { $0.why }
        Member("at", .time) { $0.at }
    }
    static let whole = Shape<Whole>.object("TemplateWithVersions") {
        Member("template", template) { $0.template }
        Member("versions", version.list()) { $0.versions }
    }
    struct Said: Sendable {
        let template: ReplyTemplate
        let text: String
    }
    static let said = Shape<Said>.object("FilledTemplate") {
        Member("id", .id()) { $0.template.id }
        Member("use", use) { $0.template.use }
        Member("name", .words) { $0.template.name }
        Member("text", .words) { $0.text }
    }
}

extension DeskPages.Desk {
    /// The words of the template that was picked, in the form that it is for.
    func words(_ use: TemplateUse) -> String? { filled?.use == use ? filled?.text : nil }
}

extension DeskPages {
    /// Templates for what may be done next: each a link that fills the form; with JavaScript without leaving the page.
    func templates(_ view: CaseView, _ desk: Desk) -> HTML {
        guard let offered = desk.tools?.templates, !offered.isEmpty else { return .empty }
        let (c, words) = (view.record, context.words)
        let links = offered.map { one -> HTML in
            let to = Href(Href("/desk/cases/", c.id.text), query: [("template", one.id.text)])
            return "<a class=\"btn\" href=\"\(to)\" data-template=\"\(field(one.use))\">\(one.name)</a>"
        }
        let open: HTML = desk.filled == nil ? .empty : " open"
        return """
            <details class="more"\(open)><summary>\(words(.templatesPick))</summary><div class="btns">\(HTML.joined(links))</div></details>
            """
    }

    /// The id of the field that a template fills.
    private func field(_ use: TemplateUse) -> String {
        switch use {
        case .done: "hw"
        case .reply: "fw"
        case .returned: "rw"
        case .paused: "sw"
        case .publication: "pb"
        }
    }
}

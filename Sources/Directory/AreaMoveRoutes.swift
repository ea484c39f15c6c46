import Hummingbird
import Kernel
import Storage
import Web

/// Where an area belongs, where it belonged before, and a form to move it.
struct AreaMovePage: Sendable {
    let area: Area
    let parent: Area?
    let past: [AreaPast]
    let choices: [Area]
    var chosen = ""
    var refusal: (any Refusal)?

    func main(_ say: Say, _ context: WebContext) -> HTML {
        let words = context.words
        let rows = past.map { one -> HTML in
            "<li class=\"row\"><b class=\"grow\">\(one.parentName)</b><small>→ \(say.time(one.until))</small></li>"
        }
        let list: HTML =
            rows.isEmpty
            ? "<p class=\"card soft\">\(words(.areaPastNone))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
        let now: HTML =
            parent.map { "<p><b>\($0.name)</b> <span class=\"tag\">\(words(.areaNow))</span></p>" } ?? .empty
        let options = choices.map { (value: $0.id.text, label: $0.name) }
        return """
            <div class="stack-l"><section class="stack">
            <p><a href="\(Href("/desk/areas/", area.id.text))">\(area.name)</a></p>
            <h1>\(words(.areaMoveTitle, area.name))</h1>\(now)</section>
            <form class="card stack narrow" method="post" action="\(Href("/desk/areas/", area.id.text, "/place"))" \
            aria-labelledby="move">\(Layout.token(context))\
            <input type=hidden name=was value="\(area.parent?.text ?? "")">
            <h2 id="move">\(words(.areaMove))</h2>\(Form.summary(refusal, context))
            <p class="help">\(words(.areaMoveHelp))</p>
            <div class="field"><label for="parent">\(words(.areaMoveTo))</label><select class="in" id="parent" \
            name="parent" required\(Form.invalid(refusal, "parent"))>\(Options.none)\(Options.make(options, chosen: chosen))\
            </select>\(Form.error(refusal, for: "parent", context))</div>
            <button class="btn primary">\(words(.areaMove))</button></form>
            <section class="stack-s"><h2>\(words(.areaPastTitle))</h2>\(list)\(file(context))</section></div>
            """
    }

    private func file(_ context: WebContext) -> HTML {
        ExportLinks.inside("area-past", area.id.text, context)
    }

    static let shape = Shape<AreaMovePage>.object("AreaPlace") {
        Member("id", .id()) { $0.area.id }
        Member("name", .words) { $0.area.name }
        Member("level", DirectoryShapes.level) { $0.area.level }
        Member("parent", Shape<AreaID>.id().orNull) { $0.area.parent }
        Member("parent_name", Shape<String>.words.orNull) { $0.parent?.name }
        Member("past", pastShape.list(), "What it belonged to before.") { $0.past }
    }
    private static let pastShape = Shape<AreaPast>.object("AreaPast") {
        Member("parent", .id()) { $0.parent }
        Member("parent_name", .words) { $0.parentName }
        Member("until", .time) { $0.until }
    }
}

extension DirectoryHouse {
    func areaMoveRoutes(_ table: RouteTable) {
        table.get("/desk/areas/:id/place", .verb(.directoryEdit)) { _, context in
            try await place(context.id("id"), "", nil, context)
        }
        table.post("/desk/areas/:id/place", .verb(.directoryEdit)) { request, context in
            let sent = try await typed(request, context)
            let id = try context.id("id", AreaTag.self)
            do {
                guard let parent = AreaID(text: sent["parent"]), let seen = AreaID(text: sent["was"]) else {
                    throw DirectoryRefusal.badNewPlace
                }
                try await areas.move(id, under: parent, was: seen, by: context.actor)
                return Answer.redirect(Href("/desk/areas/", id.text, "/place"))
            } catch let refusal as any Refusal {
                return try await place(id, sent["parent"], refusal, context)
            }
        }
        table.get(
            "/api/v1/areas/:id/place", .verb(.directoryEdit),
            API(
                .directory, "Where an area belongs, and where it belonged before.",
                refuses: [DirectoryRefusal.notFound], isSingle: true), AreaAsked.self, AreaMovePage.shape
        ) { asked, call in .ok(try await placeView(asked.id, call.actor)) }
        table.post(
            "/api/v1/areas/:id/place", .verb(.directoryEdit),
            API(
                .directory, "Moves an estate or a community, with everything in it.",
                refuses: [
                    DirectoryRefusal.notFound, DirectoryRefusal.badNewPlace, DirectoryRefusal.areaUnderItself,
                    DirectoryRefusal.areaStays, DirectoryRefusal.areaTaken(""), DirectoryRefusal.changedMeanwhile,
                ], matches: true), MoveAsked.self, AreaMovePage.shape
        ) { asked, call in
            let before = try await placeView(asked.id, call.actor)
            try call.mustMatch(AreaMovePage.shape, before)
            try await areas.move(asked.id, under: asked.parent, was: asked.was, by: call.actor)
            return .ok(try await placeView(asked.id, call.actor))
        }
    }

    private struct MoveAsked: Asked {
        let id: AreaID
        let parent: AreaID
        let was: AreaID
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            parent = try ask.body("parent", .id(), "Of the level of the parent that it has.")
            was = try ask.body("was", .id(), "The parent that was read.")
        }
    }

    private func placeView(_ id: AreaID, _ actor: Actor) async throws -> AreaMovePage {
        let scope = try actor.scope(.directoryEdit)
        return try await database.read { transaction in
            let (area, _) = try AreaActions.place(id, actor, transaction)
            let parent = try area.parent.flatMap { try DirectoryStore.area($0, transaction) }
            let mayMove = area.level == .estate || area.level == .community
            return AreaMovePage(
                area: area, parent: parent, past: try AreaPastStore.past(of: id, transaction),
                choices: try mayMove
                    ? (parent.map { try AreaPastStore.candidates($0.level, scope, transaction) } ?? [])
                        .filter { $0.id != area.parent } : [])
        }
    }

    private func place(
        _ id: AreaID, _ chosen: String, _ refusal: (any Refusal)?, _ context: WebContext
    ) async throws -> Response {
        var view = try await placeView(id, context.actor)
        view.chosen = chosen
        view.refusal = refusal
        return shown(staffPage(view.area.name, view.main(say(context), context), context), refusal, context)
    }
}

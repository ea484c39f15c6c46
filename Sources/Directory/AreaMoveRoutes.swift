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
            <section class="stack-s"><h2>\(words(.areaPastTitle))</h2>\(list)</section></div>
            """
    }

    var json: JSON {
        .object([
            ("id", .string(area.id.text)), ("name", .string(area.name)),
            ("level", .string(String(describing: area.level))), ("parent", .optional(area.parent?.text)),
            ("parent_name", .optional(parent?.name)),
            (
                "past",
                .array(
                    past.map { one in
                        .object([
                            ("parent", .string(one.parent.text)), ("parent_name", .string(one.parentName)),
                            ("until", .time(one.until)),
                        ])
                    })
            ),
        ])
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
        table.get("/api/v1/areas/:id/place", .verb(.directoryEdit)) { _, context in
            Answer.json(try await placeView(context.id("id"), context).json)
        }
        table.post("/api/v1/areas/:id/place", .verb(.directoryEdit)) { request, context in
            let sent = try await context.json(request)
            let id = try context.id("id", AreaTag.self)
            guard let parent = sent["parent"]?.stringValue.flatMap({ AreaID(text: $0) }),
                let seen = sent["was"]?.stringValue.flatMap({ AreaID(text: $0) })
            else {
                // What is out of reach is not found, whatever was sent.
                _ = try await placeView(id, context)
                throw DirectoryRefusal.badNewPlace
            }
            try await areas.move(id, under: parent, was: seen, by: context.actor)
            return Answer.json(try await placeView(id, context).json)
        }
    }

    private func placeView(_ id: AreaID, _ context: WebContext) async throws -> AreaMovePage {
        let actor = context.actor
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
        var view = try await placeView(id, context)
        view.chosen = chosen
        view.refusal = refusal
        return shown(staffPage(view.area.name, view.main(say(context), context), context), refusal, context)
    }
}

import Hummingbird
import Kernel
import Storage
import Web

extension DirectoryHouse {
    var finder: FindActions {
        FindActions(database: database, world: world, journal: journal, secrets: secrets)
    }
    /// How many rows a search tells, for the bench.
    package func search(_ words: String, by actor: Actor) async throws -> Int {
        try await finder.find(words, by: actor).groups.reduce(0) { $0 + $1.rows.items.count }
    }
    package var findWork: FindWork { FindWork(database: database, world: world) }

    func findRoutes(_ table: RouteTable) {
        table.get("/desk/find", .staff) { request, context in
            let only = FindGroup(rawValue: request.asked("group"))
            let cursor = request.asked("cursor")
            var page = FindPage(words: request.asked("q"), only: only, mayOpen: Self.areaReaders)
            do {
                // Nothing was asked yet.
                if request.uri.queryParameters["q"] != nil {
                    page.answer = try await finder.find(
                        page.words, only: only, cursor: only == nil || cursor.isEmpty ? nil : cursor,
                        limit: only == nil ? FindActions.few : 50, by: context.actor)
                } else if FindActions.groups(context.actor).isEmpty {
                    throw DirectoryRefusal.noPost
                }
            } catch let refusal as FindRefusal {
                page.refusal = refusal
            }
            return shown(
                staffPage(context.words(.findTitle), page.main(context), context), page.refusal, context)
        }
        table.get(
            "/api/v1/find", .staff,
            API(
                .homes, "People, homes and places within reach, by name, pinyin, initials, address or phone ending.",
                refuses: [
                    DirectoryRefusal.noPost, FindRefusal.empty, FindRefusal.tooShort, FindRefusal.tooLong,
                    FindRefusal.partOfPhone, FindRefusal.badCursor,
                ]), FindAsked.self, DirectoryShapes.found.slices
        ) { asked, call in
            let answer = try await finder.find(
                asked.words, only: asked.group, cursor: asked.paging.cursor, limit: asked.paging.limit, by: call.actor)
            return .ok(answer.groups.first?.rows ?? Slice([]))
        }
    }

    private struct FindAsked: Asked {
        let words: String
        let group: FindGroup
        let paging: Paging
        private static let groups = Shape<FindGroup>.choice(FindGroup.allCases) { $0.rawValue }
        init(_ ask: Ask) throws {
            words = try ask.query("q", .text(1...200), "What a person would type.")
            group = try ask.query("group", Self.groups, "Searches of people are audited, without their words.")
            paging = try Paging(ask)
        }
    }
}

extension DirectoryShapes {
    static let found = Shape<Found>.object("Found") {
        Member("id", .id()) { ID<PersonTag>($0.id) }
        Member("name", .words) { $0.name }
        Member("level", level.orNull, "Of an area; null for people.") { $0.level }
        Member("where", Shape<String>.words.list(), "Homes, posts, or the way down from the street.") { $0.lines }
        Member("phone_masked", Shape<String>.words.orNull) { $0.phone.isEmpty ? nil : $0.phone }
        Member("former_names", Shape<String>.words.list()) { $0.former }
        Member("area", Shape<AreaID>.id().orNull, "The area that shows more.") { $0.area }
    }
}

/// One search box, and what it found in groups.
struct FindPage: Sendable {
    let words: String
    let only: FindGroup?
    /// Who may open the page of an area.
    let mayOpen: Verbs
    var answer: FindActions.Answer?
    var refusal: (any Refusal)?

    func main(_ context: WebContext) -> HTML {
        let say = context.words
        let note: HTML =
            answer.map { $0.isWhole ? HTML.empty : "<p class=\"note\">\(say(.findPartial))</p>" } ?? .empty
        let audited: HTML =
            FindActions.groups(context.actor).contains { $0.isPersonal }
            ? "<p class=\"small soft\">\(say(.findAudited))</p>" : .empty
        return """
            <div class="stack-l"><section class="stack"><h1>\(say(.findTitle))</h1>
            <form class="stack card narrow" method="get" action="/desk/find" role="search">
            <div class="field"><label for="q">\(say(.findWords))</label><input class="in" id="q" name="q" type="search" \
            maxlength="\(FindQuery.longest)" autocomplete=off value="\(words)"\(Form.invalid(refusal, "q"))>\
            \(Form.error(refusal, for: "q", context))\(Form.error(refusal, for: "cursor", context))\
            <p class="help">\(say(.findHelp))</p></div>
            <button class="btn primary">\(say(.findGo))</button></form>\(audited)\(note)</section>
            \(results(context))</div>
            """
    }

    private func results(_ context: WebContext) -> HTML {
        guard let answer else { return .empty }
        let say = context.words
        let shown = answer.groups.filter { !$0.rows.items.isEmpty }
        let back: HTML =
            only == nil
            ? .empty
            : "<p><a class=\"btn quiet\" href=\"\(Href("/desk/find", query: [("q", words)]))\">\(say(.findBack))</a></p>"
        guard !shown.isEmpty else { return "<p class=\"card soft\" role=\"status\">\(say(.findNone))</p>\(back)" }
        return HTML.joined(shown.map { section($0.group, $0.rows, context) }) + back
    }

    private func section(_ group: FindGroup, _ rows: Slice<Found>, _ context: WebContext) -> HTML {
        let say = context.words
        let more: HTML =
            rows.next.map { next -> HTML in
                let place = Href(
                    "/desk/find", query: [("q", words), ("group", group.rawValue), ("cursor", next)])
                return "<p><a class=\"btn\" href=\"\(place)\">\(say(.findMore))</a></p>"
            } ?? .empty
        return """
            <section class="stack-s" id="\(group.rawValue)"><h2>\(say(Self.title(group)))</h2>
            <ul class="card rows">\(HTML.joined(rows.items.map { row($0, context) }))</ul>\(more)</section>
            """
    }

    private static func title(_ group: FindGroup) -> Phrase {
        switch group {
        case .residents: .findResidents
        case .staff: .findStaff
        case .units: .findUnits
        case .places: .findPlaces
        }
    }

    private func row(_ found: Found, _ context: WebContext) -> HTML {
        let say = context.words
        let about = found.lines + found.former.map { say(.findFormer, $0) }
        let tag: HTML =
            found.level.map { "<span class=\"tag\">\(say($0.phrase))</span>" as HTML }
            ?? (found.phone.isEmpty ? .empty : "<span class=\"tag num\">\(found.phone)</span>")
        let inner: HTML = """
            <span class="grow"><b>\(found.name)</b><small>\(about.joined(separator: " · "))</small></span>\(tag)
            """
        guard let area = found.area, let path = found.path,
            context.actor.posts.contains(where: { !$0.role.verbs.isDisjoint(with: mayOpen) && $0.covers(path) })
        else { return "<li class=\"row\">\(inner)</li>" }
        return "<li><a class=\"row\" href=\"\(Href("/desk/areas/", area.text))\">\(inner)</a></li>"
    }
}

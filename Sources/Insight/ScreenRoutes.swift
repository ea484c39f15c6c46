import Cases
import Directory
import Hummingbird
import Kernel
import NIOCore
import Storage
import Web

/// A list behind a number, as a page and as JSON.
struct CountedList: Sendable {
    struct Item: Sendable {
        let row: CountedRow
        let title: String
        let place: String
        let estate: String
    }
    let what: Counted
    let first: Day
    let last: Day
    /// Only from then on.
    let since: Instant?
    let area: Area?
    let items: [Item]
    let next: CountedCursor?
}

/// What a list is asked for, as it came.
struct ListAsked: Sendable {
    let what: Counted
    let place: AreaID?
    var day = ""
    var to = ""
    /// Milliseconds.
    var since = ""
    var cursor = ""
    let limit: Int

    init(what: Counted, place: AreaID?, limit: Int) { (self.what, self.place, self.limit) = (what, place, limit) }
}

extension InsightHouse {
    func screenRoutes(_ table: RouteTable) {
        table.get("/desk/screen", .verb(.statisticsRead)) { request, context in
            let (reach, _, area) = try await reach(try Self.place(request), context.actor)
            var part = ScreenPart()
            part.place = area
            part.isWall = request.asked("big") == "1"
            if !part.isWall { part.page = try Self.page(request) }
            return Answer.html(try await screen(reach, part, context), context: context)
        }
        table.get("/desk/screen/live", .verb(.statisticsRead)) { _, context in try liveStream(context) }
        table.get("/desk/screen/cases", .verb(.statisticsRead)) { request, context in
            guard let what = Counted(code: request.asked("what")) else { throw InsightRefusal.notFound }
            let place = try Self.place(request)
            var asked = ListAsked(what: what, place: place, limit: ListPages.perPage)
            asked.day = request.asked("day")
            asked.to = request.asked("to")
            asked.since = request.asked("since")
            asked.cursor = request.asked("after")
            let list = try await list(asked, context.actor)
            let pages = ListPages(context, now: world.now())
            return Answer.html(
                Layout.render(
                    directory.staffPage(pages.title(list), pages.main(list, place: place?.text ?? ""), context),
                    context: context), context: context)
        }
    }

    /// The place that an address names; nil when it names none.
    static func place(_ request: Request) throws -> AreaID? {
        let text = request.asked("place")
        guard !text.isEmpty else { return nil }
        guard let id = AreaID(text: text) else { throw InsightRefusal.notFound }
        return id
    }

    private static func page(_ request: Request) throws -> Int {
        let text = request.asked("page")
        guard !text.isEmpty else { return 0 }
        guard text.utf8.count < 6, let page = Int(text), page >= 1 else { throw InsightRefusal.notFound }
        return page - 1
    }

    /// The page. What does not depend on who asks is drawn once for a model.
    func screen(_ reach: Reach, _ part: ScreenPart, _ context: WebContext) async throws -> HTML {
        let model = try await model(reach)
        let pages = ScreenPages(context, now: model.at)
        let drawn = try await model.drawn.html(ScreenPages.name(part, context)) { [self] in
            let paths = ScreenPages.shown(model, part).map(\.path)
            let found = try await database.read { transaction in
                let notes = try InsightStore.notes(
                    of: Array(paths), hiding: reach.families, day: model.day, transaction)
                let latest = try InsightStore.latest(
                    reach, day: model.day, limit: ScreenPages.latest, transaction)
                let lines = part.isWall ? [] : try CaseStore.lines(Set(latest.map(\.caseID)).sorted(), transaction)
                return (notes, latest, lines)
            }
            var full = part
            full.notes = Dictionary(grouping: found.0, by: \.path)
            full.latest = found.1
            full.titles = Dictionary(found.2.map { ($0.id, $0.title) }, uniquingKeysWith: { $1 })
            return pages.main(model, full)
        }
        return pages.page(model, part, drawn)
    }

    /// The rows behind a number, with what their cases are called.
    func list(_ asked: ListAsked, _ actor: Actor) async throws -> CountedList {
        let now = world.now()
        let scope = try actor.scope(.statisticsRead)
        return try await database.read { try Self.list(asked, scope, at: now, $0) }
    }

    static func list(
        _ asked: ListAsked, _ scope: Scope, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> CountedList {
        let today = Zone.shanghai.day(of: now)
        let (what, limit) = (asked.what, asked.limit)
        let (first, last) = what.isOfADay ? try days(asked.day, asked.to, today) : (today, today)
        var after: CountedCursor?
        if !asked.cursor.isEmpty {
            guard let read = CountedCursor(text: asked.cursor) else { throw InsightRefusal.badCursor }
            after = read
        }
        var since: Instant?
        if !asked.since.isEmpty {
            guard let ms = Int64(asked.since), Instant.accepted.contains(Instant(ms: ms)) else {
                throw InsightRefusal.badDay
            }
            since = Instant(ms: ms)
        }
        let (reach, isOnePlace, area) = try reach(asked.place, scope, transaction)
        var rows: [CountedRow] = []
        var day = first
        while day <= last {
            rows += try InsightStore.list(
                what, reach, day: day, since: since, at: now, isOnePlace: isOnePlace, after: after,
                limit: limit + 1, transaction)
            day = day.adding(1)
        }
        rows.sort { ($0.at, $0.caseID, $0.ref) < ($1.at, $1.caseID, $1.ref) }
        let shown = Array(rows.prefix(limit))
        let lines = try CaseStore.lines(Set(shown.map(\.caseID)).sorted(), transaction)
        let known = Dictionary(lines.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let names = try DirectoryStore.areas(Array(Set(shown.compactMap { $0.path.ids.last })), transaction)
        return CountedList(
            what: what, first: first, last: last, since: since, area: area,
            items: shown.compactMap { row in
                known[row.caseID].map { line in
                    CountedList.Item(
                        row: row, title: line.title, place: line.place,
                        estate: row.path.ids.last.flatMap { names[$0]?.name } ?? "")
                }
            }, next: rows.count > limit ? shown.last?.cursor : nil)
    }

    /// From one day to another, today when none is named: days of which single facts are kept.
    private static func days(_ from: String, _ to: String, _ today: Day) throws -> (Day, Day) {
        func day(_ text: String) throws -> Day {
            guard let day = LocalInput.day(text) else { throw InsightRefusal.badDay }
            return day
        }
        let first = try from.isEmpty ? today : day(from)
        let last = try to.isEmpty ? first : day(to)
        guard first <= last, first > today.adding(-FactRules.keptDays), last <= today else {
            throw InsightRefusal.badDay
        }
        return (first, last)
    }

    /// Says only that numbers have changed; the page fetches itself again with its own rights.
    private func liveStream(_ context: WebContext) throws -> Response {
        let scope = try context.actor.scope(.statisticsRead)
        guard let events = live.listen(scope.places.map(\.path)) else { throw WebRefusal.tooMany }
        let stream = events.map { name in
            ByteBuffer(string: name == "beat" ? ": beat\n\n" : "event: \(name)\ndata: {}\n\n")
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: "retry: 3000\n\n"))
                for await buffer in stream { try await writer.write(buffer) }
                try await writer.finish(nil)
            })
    }
}

/// The page of a list.
struct ListPages: Sendable {
    static let perPage = 50
    let context: WebContext
    let say: Say
    private var words: Words { context.words }

    init(_ context: WebContext, now: Instant) {
        self.context = context
        say = Say(context.words, now: now)
    }

    func title(_ list: CountedList) -> String {
        guard list.what.isOfADay else { return list.what.title(words) }
        if let since = list.since { return "\(list.what.title(words)) · \(words(.listSince, say.moment(since)))" }
        let days = list.first == list.last ? say.day(list.first) : "\(say.day(list.first))–\(say.day(list.last))"
        return "\(list.what.title(words)) · \(days)"
    }

    func main(_ list: CountedList, place: String) -> HTML {
        let rows = list.items.map { item(list.what, $0) }
        let body: HTML =
            rows.isEmpty
            ? "<p class=\"card soft\">\(words(.listNone))</p>" : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
        let more: HTML =
            list.next.map { next in
                let href = Href(
                    list.what.href(
                        place, day: list.what.isOfADay ? list.first.description : "",
                        to: list.first == list.last ? "" : list.last.description, since: list.since),
                    query: [("after", next.text)])
                return
                    "<p class=\"no-print\"><a class=\"btn\" href=\"\(href)\">\(words(.listMore, String(Self.perPage)))</a></p>"
            } ?? .empty
        let back = Href("/desk/screen", query: [("place", place)])
        let area: HTML = list.area.map { "<p class=\"soft\">\($0.name)</p>" } ?? .empty
        return """
            <div class="stack"><h1>\(title(list))</h1>\(area)\(body)\(more)\(export(list, place))\
            <p class="no-print"><a href="\(back)">\(words(.listBack))</a></p></div>
            """
    }

    private func export(_ list: CountedList, _ place: String) -> HTML {
        let isOfADay = list.what.isOfADay
        return ExportLinks.make(
            "screen-cases", context,
            filters: [
                ("what", list.what.code), ("place", place), ("day", isOfADay ? list.first.description : ""),
                ("to", isOfADay ? list.last.description : ""), ("since", list.since.map { String($0.ms) } ?? ""),
            ])
    }

    func item(_ what: Counted, _ item: CountedList.Item) -> HTML {
        """
        <li><a class="row" href="\(Href("/desk/cases/", item.row.caseID.text))"><span class="grow"><b>\(item.title)</b>\
        <small>\(item.estate) · \(item.place)</small></span>\(state(item.row))</a></li>
        """
    }

    /// When it was, or how long it has still.
    func state(_ row: CountedRow) -> HTML {
        let clock = ClockKind(rawValue: row.clock).map { words(Counted.phrase($0)) } ?? ""
        switch row.kind {
        case .running where row.at < say.now:
            return """
                <span class="small soft">\(clock)</span>\
                <span class="state late">\(words(.listOverNow, say.length(ms: say.now.ms - row.at.ms)))</span>
                """
        case .running:
            return """
                <span class="small soft">\(words(.listDueAt, clock, say.deadline(row.at)))</span>\
                <span class="state wait">\(words(.listLeft, say.length(ms: row.at.ms - say.now.ms)))</span>
                """
        case .broken:
            return """
                <span class="small soft">\(words(.listDueAt, clock, say.deadline(row.at)))</span>\
                <span class="state late">\(words(.screenBroken))</span>
                """
        case .kept:
            return """
                <span class="small soft">\(clock) \(say.time(row.at))</span>\
                <span class="state ok">\(words(.screenKept))</span>
                """
        case .open: return "<span class=\"small soft\">\(say.time(row.at))</span>"
        default: return say.time(row.at)
        }
    }
}

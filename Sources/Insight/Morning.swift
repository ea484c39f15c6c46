import Cases
import Directory
import Hummingbird
import Kernel
import Storage
import Synchronization
import Web

/// What a street looks at before the day begins.
struct MorningModel: Sendable {
    struct Place: Sendable {
        let area: AreaID
        let name: String
        let n: Int64
    }
    let at: Instant
    let day: Day
    let title: String
    let area: Area?
    /// The close of the last working day before today.
    let since: Instant
    /// What came in since then: all of it by place, and the latest.
    let incoming: [Place]
    let latest: [CountedList.Item]
    /// Broken from that day to yesterday, by place, the most first.
    let brokenFrom: Day
    let broken: [Place]
    /// What falls due today and has not yet, by time.
    let due: [CountedList.Item]
    let dueCount: Int64
    let overdue: [CountedList.Item]
    let overdueCount: Int64
    /// Estates that nobody has reported from for a week.
    let silent: [Place]
    let duty: [DutyLine]
    /// The page from it, by language.
    let drawn = Drawn()
}

/// When the working day of an office ends, for "since closing time".
enum MorningRules {
    static let closesAtHour = 18
    static let silentDays = 7
    static let rows = 20
    static let mostDuty = 200

    /// The last working day before a day; a week back at most where a calendar has none.
    static func lastWorkday(before day: Day, _ calendar: WorkCalendar) -> Day {
        for back in 1...10 where calendar.isWorkday(day.adding(-back)) { return day.adding(-back) }
        return day.adding(-1)
    }
}

extension InsightHouse {
    func morningRoutes(_ table: RouteTable) {
        table.get("/desk/morning", .verb(.statisticsRead)) { request, context in
            let model = try await morning(try Self.place(request), context.actor)
            // Nothing on it depends on who asks: they have the same reach.
            let main = try await model.drawn.html(context.preferences.language.rawValue) {
                MorningPages(context, now: model.at).main(model)
            }
            let title = "\(model.title) \(context.words(.morningTitle))"
            return Answer.html(
                Layout.render(directory.staffPage(title, main, context), context: context), context: context)
        }
    }

    func morning(_ place: AreaID?, _ actor: Actor) async throws -> MorningModel {
        let (reach, isOnePlace, area) = try await reach(place, actor)
        let screen = try await model(reach)
        return try await mornings.model(reach, area?.id, with: screen) { [self] in
            try await morning(reach, isOnePlace, area, screen)
        }
    }

    private func morning(
        _ reach: Reach, _ isOnePlace: Bool, _ area: Area?, _ screen: ScreenModel
    ) async throws -> MorningModel {
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let calendar = try await directory.calendars.current(at: now)
        let before = MorningRules.lastWorkday(before: today, calendar)
        let since = Zone.shanghai.instant(before, hour: MorningRules.closesAtHour)
        let limit = MorningRules.rows
        return try await database.read { transaction in
            let counted = try InsightStore.registeredByPlace(reach, since: since, until: now, transaction)
            let latest = try InsightStore.registered(reach, since: since, until: now, limit: limit, transaction)
            let broken = try InsightStore.days(reach, from: before, to: today.adding(-1), transaction)
                .mapValues { $0[.broken] + $0[.running] }
            let due = try InsightStore.list(
                .pending, reach, day: today, at: now, isOnePlace: isOnePlace, limit: limit, transaction)
            let overdue = try InsightStore.list(
                .overdue, reach, day: today, at: now, isOnePlace: isOnePlace, limit: limit, transaction)
            let heard = try InsightStore.days(
                reach, from: today.adding(1 - MorningRules.silentDays), to: today, transaction
            ).filter { $0.value[.registered] > 0 }
            let ids = Set((latest + due + overdue).map(\.caseID)).sorted()
            let lines = Dictionary(
                try CaseStore.lines(ids, transaction).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
            let places = Set(
                (counted.keys.map(\.self) + broken.keys.map(\.self) + (latest + due + overdue).map(\.path))
                    .compactMap { $0.ids.last })
            let names = try DirectoryStore.areas(Array(places), transaction)
            func name(_ path: AreaPath) -> String { path.ids.last.flatMap { names[$0]?.name } ?? "" }
            func items(_ rows: [CountedRow]) -> [CountedList.Item] {
                rows.compactMap { row in
                    lines[row.caseID].map {
                        CountedList.Item(row: row, title: $0.title, place: $0.place, estate: name(row.path))
                    }
                }
            }
            func byPlace(_ numbers: [AreaPath: Int64]) -> [MorningModel.Place] {
                numbers.filter { $0.value > 0 }.compactMap { path, n in
                    path.ids.last.map { MorningModel.Place(area: $0, name: name(path), n: n) }
                }.sorted { ($1.n, $0.name, $0.area) < ($0.n, $1.name, $1.area) }
            }
            let estates = screen.places.filter { $0.isEstate && !$0.hasMoved }
            return MorningModel(
                at: now, day: today, title: area?.name ?? screen.title, area: area, since: since,
                incoming: byPlace(counted), latest: items(latest), brokenFrom: before, broken: byPlace(broken),
                due: items(due), dueCount: screen.sums.pending, overdue: items(overdue),
                overdueCount: screen.sums.pressing.overdue,
                silent: estates.filter { heard[$0.path] == nil }.map {
                    MorningModel.Place(area: $0.area, name: $0.name, n: 0)
                }.sorted { ($0.name, $0.area) < ($1.name, $1.area) },
                duty: try DirectoryStore.onDuty(
                    in: estates.map(\.area), from: Zone.shanghai.instant(today), to: Zone.shanghai.endOfDay(today),
                    limit: MorningRules.mostDuty, transaction))
        }
    }
}

/// Morning pages by scope and place, each as old as the numbers that it was made with: a second. One of those who ask
/// makes it, however many they are; meanwhile the others get the one before, for at most three seconds, or wait for the
/// new one.
final class MorningKeep: Sendable {
    private struct Key: Hashable {
        let reach: Reach
        let area: AreaID?
    }
    private struct Entry {
        /// The last one that was made, and what from.
        var made: (model: MorningModel, screen: ScreenModel)?
        var making: (task: Task<MorningModel, any Error>, screen: ScreenModel)?
    }
    private enum Find {
        case model(MorningModel)
        case wait(Task<MorningModel, any Error>)
    }
    private let state = Mutex<[Key: Entry]>([:])
    private static let scopes = 200

    func model(
        _ reach: Reach, _ area: AreaID?, with screen: ScreenModel,
        _ make: @escaping @Sendable () async throws -> MorningModel
    ) async throws -> MorningModel {
        let key = Key(reach: reach, area: area)
        let found = state.withLock { state -> Find in
            if state.count >= Self.scopes, state[key] == nil { state = [:] }
            var entry = state[key] ?? Entry()
            if let made = entry.made, made.screen === screen { return .model(made.model) }
            // Yesterday's page is not today's.
            if let making = entry.making, making.screen.day == screen.day {
                if let model = entry.made?.model, model.day == screen.day,
                    abs(screen.at.ms - model.at.ms) < ScreenKeep.patienceMs
                {
                    return .model(model)
                }
                return .wait(making.task)
            }
            let task = Task { try await self.made(key, screen, make) }
            entry.making = (task, screen)
            state[key] = entry
            return .wait(task)
        }
        switch found {
        case .model(let model): return model
        case .wait(let task): return try await task.value
        }
    }

    private func made(
        _ key: Key, _ screen: ScreenModel, _ make: @Sendable () async throws -> MorningModel
    ) async throws -> MorningModel {
        let result: Result<MorningModel, any Error>
        do { result = .success(try await make()) } catch { result = .failure(error) }
        state.withLock { state in
            var entry = state[key] ?? Entry()
            if case .success(let model) = result { entry.made = (model, screen) }
            // After a failure the next one who asks tries.
            if entry.making?.screen === screen { entry.making = nil }
            state[key] = entry
        }
        return try result.get()
    }
}

struct MorningPages: Sendable {
    let context: WebContext
    let say: Say
    private var words: Words { context.words }

    init(_ context: WebContext, now: Instant) {
        self.context = context
        say = Say(context.words, now: now)
    }

    func main(_ model: MorningModel) -> HTML {
        let place = model.area?.id.text ?? ""
        let civil = model.day.civil
        let date = words(.monthDay, String(civil.month), String(civil.day))
        let sums: [(Phrase, Int64, Href?)] = [
            (
                .countRegistered, model.incoming.reduce(0) { $0 + $1.n },
                Counted.step(.registered).href(
                    place, day: Zone.shanghai.day(of: model.since).description, to: model.day.description,
                    since: model.since)
            ),
            (.screenBroken, model.broken.reduce(0) { $0 + $1.n }, brokenHref(model, place)),
            (.morningDue, model.dueCount, Counted.pending.href(place)),
            (.countOverdue, model.overdueCount, Counted.overdue.href(place)),
        ]
        let facts = sums.map { name, n, href -> HTML in
            let number: HTML = href.map { "<a href=\"\($0)\">\(n)</a>" } ?? "\(n)"
            return "<div><dt>\(words(name))</dt><dd class=\"num\">\(number)</dd></div>"
        }
        return """
            <div class="stack-l"><div><h1>\(model.title) · \(words(.morningTitle))</h1>\
            <p class="soft num">\(date) \(say.weekday(model.day)) \(Say.clock(model.at))</p></div>\
            <dl class="facts">\(HTML.joined(facts))</dl>\
            \(incoming(model, place))\(broken(model, place))\
            \(items(.morningDue, model.due, model.dueCount, Counted.pending.href(place), .listNone))\
            \(items(.morningOverdue, model.overdue, model.overdueCount, Counted.overdue.href(place), .listNone))\
            \(silent(model))\(duty(model))</div>
            """
    }

    private func brokenHref(_ model: MorningModel, _ place: String) -> Href? {
        let first = max(model.brokenFrom, model.day.adding(1 - FactRules.keptDays))
        return Counted.broken(nil).href(
            place, day: first.description, to: model.day.adding(-1).description)
    }

    private func section(_ title: String, _ body: HTML) -> HTML {
        "<section class=\"stack-s\"><h2>\(title)</h2>\(body)</section>"
    }

    private func none(_ phrase: Phrase) -> HTML { "<p class=\"card soft\">\(words(phrase))</p>" }

    /// Places with a number each.
    private func table(_ places: [MorningModel.Place], _ column: Phrase, _ href: (MorningModel.Place) -> Href) -> HTML {
        let rows = places.prefix(60).map { place -> HTML in
            """
            <tr><th scope="row"><a href="\(href(place))">\(place.name)</a></th><td class="num">\(place.n)</td></tr>
            """
        }
        let total = places.reduce(0) { $0 + $1.n }
        return """
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(column))"><table class="plain figures">\
            <thead><tr><th scope="col">\(words(.morningEstate))</th><th scope="col">\(words(column))</th></tr></thead>\
            <tbody>\(HTML.joined(rows))<tr><th scope="row">\(words(.morningTotal))</th>\
            <td class="num">\(total)</td></tr></tbody></table></div>
            """
    }

    private func list(_ items: [CountedList.Item]) -> HTML {
        let pages = ListPages(context, now: say.now)
        return "<ul class=\"card rows\">\(HTML.joined(items.map { pages.item(.soon, $0) }))</ul>"
    }

    private func incoming(_ model: MorningModel, _ place: String) -> HTML {
        let title = words(.morningSince, say.moment(model.since))
        guard !model.incoming.isEmpty else { return section(title, none(.listNone)) }
        func all(_ place: String) -> Href {
            Counted.step(.registered).href(
                place, day: Zone.shanghai.day(of: model.since).description, to: model.day.description,
                since: model.since)
        }
        let rest = model.incoming.reduce(0) { $0 + $1.n } - Int64(model.latest.count)
        let more: HTML =
            rest > 0
            ? """
            <p><a href="\(all(place))">\(words(.morningMore, String(rest)))</a></p>
            """ : .empty
        let table: HTML =
            model.incoming.count < 2
            ? .empty
            : table(model.incoming, .countRegistered) { all($0.area.text) }
        return section(title, table + list(model.latest) + more)
    }

    private func broken(_ model: MorningModel, _ place: String) -> HTML {
        let isOneDay = model.brokenFrom == model.day.adding(-1)
        let title =
            isOneDay ? words(.morningBroken) : words(.morningBrokenSince, say.day(model.brokenFrom))
        guard !model.broken.isEmpty else { return section(title, none(.morningAllGood)) }
        let first = max(model.brokenFrom, model.day.adding(1 - FactRules.keptDays)).description
        let last = model.day.adding(-1).description
        return section(
            title,
            table(model.broken, .countBroken) { Counted.broken(nil).href($0.area.text, day: first, to: last) })
    }

    private func items(
        _ title: Phrase, _ items: [CountedList.Item], _ count: Int64, _ href: Href, _ empty: Phrase
    ) -> HTML {
        guard !items.isEmpty else { return section(words(title), none(empty)) }
        let rest = count - Int64(items.count)
        let more: HTML =
            rest > 0 ? "<p><a href=\"\(href)\">\(words(.morningMore, String(rest)))</a></p>" : .empty
        return section(words(title), list(items) + more)
    }

    private func silent(_ model: MorningModel) -> HTML {
        guard !model.silent.isEmpty else { return section(words(.morningSilent), none(.listNone)) }
        let names = model.silent.prefix(200).map(\.name).joined(separator: words.language == .zh ? "\u{3001}" : ", ")
        let rest = model.silent.count - min(200, model.silent.count)
        let more: HTML = rest > 0 ? " +\(rest)" : .empty
        return section(
            words(.morningSilent),
            "<p class=\"card\">\(names)\(more)</p><p class=\"soft\">\(words(.morningSilentWhy))</p>")
    }

    private func duty(_ model: MorningModel) -> HTML {
        guard !model.duty.isEmpty else { return section(words(.morningDuty), none(.morningNoDuty)) }
        let rows = model.duty.map { line -> HTML in
            """
            <tr><th scope="row">\(line.estateName)</th><td>\(line.squadPhrase.map { words($0) } ?? line.squad)</td>\
            <td>\(line.name)</td><td class="num">\(say.moment(line.from))–\(say.moment(line.to))</td></tr>
            """
        }
        return section(
            words(.morningDuty),
            """
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(.morningDuty))">\
            <table class="plain"><thead><tr><th scope="col">\(words(.morningEstate))</th>\
            <th scope="col">\(words(.morningSquad))</th><th scope="col">\(words(.morningWho))</th>\
            <th scope="col">\(words(.morningWhen))</th></tr></thead><tbody>\(HTML.joined(rows))</tbody></table></div>
            """)
    }
}

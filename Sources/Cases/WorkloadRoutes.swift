import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension CasesHouse {
    func workloadRoutes(_ table: RouteTable) {
        table.get("/desk/workload", .verb(.statisticsRead)) { request, context in
            let rows = try await workers(
                context.actor, after: PersonID(text: query(request, "cursor")), limit: Self.workersOnPage)
            return workloadPage(rows, context)
        }
        table.get("/desk/workload/:id", .verb(.statisticsRead)) { request, context in
            let list = WorkloadList(rawValue: request.asked("list")) ?? .open
            let cursor = request.asked("cursor")
            let after = WorkloadCursor(text: cursor)
            guard after != nil || cursor.isEmpty else { throw CoverRefusal.badChoice("cursor") }
            let found = try await behind(
                context.id("id"), list, after: after, limit: Self.casesOnPage, context.actor)
            let (kit, words) = (kit(context), context.words)
            let tabs = HTML.joined(
                WorkloadList.allCases.map { one -> HTML in
                    let to = Href(Href("/desk/workload/", found.worker.person.text), query: [("list", one.rawValue)])
                    let mark: HTML = one == list ? " aria-current=page" : ""
                    return "<a class=\"btn\" href=\"\(to)\"\(mark)>\(words(one.phrase))</a>"
                })
            return kit.answer(
                "\(found.worker.name) · \(words(list.phrase))", back: Href("/desk/workload"),
                "<p class=\"btns no-print\">\(tabs)</p>",
                kit.rows(found.part.lines.map { caseRow($0, kit) }, none: .mineNone),
                found.part.next.map { more($0, of: found.worker.person, list, context) } ?? .empty,
                ExportLinks.inside(
                    "workload-cases", found.worker.person.text, context, filters: [("number", list.rawValue)]))
        }
        workloadAPI(table)
    }

    static let workersOnPage = 40
    static let casesOnPage = 50

    struct Worker: Sendable {
        let person: PersonID
        let name: String
        /// Nil where it would reveal membership of the party.
        let role: Role?
        let organisation: String
        var load = Workload()
    }
    struct WorkerList: Sendable {
        let worker: Worker
        let part: WorkloadPart
    }

    private func more(
        _ next: WorkloadCursor, of person: PersonID, _ list: WorkloadList, _ context: WebContext
    ) -> HTML {
        let to = Href(
            Href("/desk/workload/", person.text), query: [("list", list.rawValue), ("cursor", next.text)])
        return "<p class=\"no-print\"><a class=\"btn\" href=\"\(to)\">\(context.words(.deskMoreRows))</a></p>"
    }

    private func workers(_ actor: Actor, after: PersonID?, limit: Int) async throws -> (rows: [Worker], hasMore: Bool) {
        let scope = try actor.scope(.statisticsRead)
        let times = WorkloadTimes(now: now())
        return try await database.read { transaction in
            let found = try Self.workers(scope, after: after, limit: limit + 1, times, transaction)
            return (Array(found.prefix(limit)), found.count > limit)
        }
    }

    private static let attending = Role.allCases.filter { $0.verbs.contains(.caseAttend) }

    /// Whoever holds a post in the scope that cases can be given to, each once, in the order of their ids. Of a post that
    /// reveals membership of the party no more than the person is told.
    static func workers(
        _ scope: Scope, after: PersonID?, limit: Int, _ times: WorkloadTimes, _ transaction: any ReadTransaction
    ) throws -> [Worker] {
        let day = Zone.shanghai.day(of: times.now)
        let people = try HeldPostStore.people(
            in: scope, roles: attending, revealing: true, on: day, after: after, limit: limit, transaction)
        let open = try HeldPostStore.posts(of: people, in: scope, on: day, transaction)
        let posts = Dictionary(
            open.filter { $0.role.verbs.contains(.caseAttend) }.map { ($0.person, $0) },
            uniquingKeysWith: { first, _ in first })
        let names = try DirectoryStore.names(of: people, transaction)
        return try people.map { person in
            Worker(
                person: person, name: names[person] ?? "", role: posts[person]?.role,
                organisation: posts[person]?.organisationName ?? "",
                load: try WorkloadStore.workload(person, scope, times, transaction))
        }
    }

    /// The list behind a number. Somebody without a post in the scope is as good as missing.
    private func behind(
        _ person: PersonID, _ list: WorkloadList, after: WorkloadCursor?, limit: Int, _ actor: Actor
    ) async throws -> WorkerList {
        let scope = try actor.scope(.statisticsRead)
        let times = WorkloadTimes(now: now())
        return try await database.read { transaction in
            let post = try Self.attendingPost(of: person, scope, times, transaction)
            let name = try DirectoryStore.personName(person, transaction) ?? ""
            return WorkerList(
                worker: Worker(
                    person: person, name: name, role: post.reveals ? nil : post.role,
                    organisation: post.reveals ? "" : post.organisationName),
                part: try WorkloadStore.behind(
                    list, of: person, scope, times, after: after, limit: limit, transaction))
        }
    }

    /// The post by which somebody attends cases in the scope; throws `notFound` for anybody else.
    static func attendingPost(
        of person: PersonID, _ scope: Scope, _ times: WorkloadTimes, _ transaction: any ReadTransaction
    ) throws -> HeldPost {
        let day = Zone.shanghai.day(of: times.now)
        let posts = try HeldPostStore.posts(of: person, on: day, transaction)
        guard let post = posts.first(where: { $0.role.verbs.contains(.caseAttend) && scope.contains($0.path) }) else {
            throw CoverRefusal.notFound
        }
        return post
    }

    private func workloadPage(_ found: (rows: [Worker], hasMore: Bool), _ context: WebContext) -> Response {
        let (kit, words) = (kit(context), context.words)
        let rows = found.rows.map { one -> [HTML] in
            func number(_ value: Int64, _ list: WorkloadList) -> HTML {
                let to = Href(Href("/desk/workload/", one.person.text), query: [("list", list.rawValue)])
                return
                    "<a class=num href=\"\(to)\" aria-label=\"\(one.name) \(words(list.phrase)) \(value)\">\(value)</a>"
            }
            let post = one.role.map { "\(words($0.phrase)) · \(one.organisation)" } ?? ""
            let median = one.load.medianMs.map { kit.say.length(ms: $0) } ?? "—"
            return [
                "<b>\(one.name)</b> <small class=soft>\(post)</small>",
                number(one.load.open, .open), number(one.load.overdue, .overdue), number(one.load.week, .week),
                number(one.load.month, .month), "<span class=num>\(median)</span>",
            ]
        }
        let more: HTML =
            !found.hasMore
            ? .empty
            : """
            <p class="no-print"><a class="btn" href="\(Href("/desk/workload", query: [("cursor", found.rows.last?.person.text ?? "")]))">\
            \(words(.deskMoreRows))</a></p>
            """
        let table = kit.table(
            [.rosterWho, .workloadOpen, .workloadOverdue, .workloadWeek, .workloadMonth, .workloadMedian], rows,
            none: .workloadNobody, label: words(.workloadTitle))
        return kit.answer(
            words(.workloadTitle), "<p>\(words(.workloadLead)) · \(kit.say.time(kit.say.now))</p>", table, more,
            ExportLinks.make("workload", context))
    }

    // MARK: JSON

    private struct BehindAsked: Asked {
        let id: PersonID
        let list: WorkloadList
        let paging: Paging
        private static let lists = Shape<WorkloadList>.choice(WorkloadList.allCases) { $0.rawValue }
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            list = try ask.query.optional("list", Self.lists, "Which number; the open ones if not said.") ?? .open
            paging = try Paging(ask)
        }
    }

    private func workloadAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/workload", .verb(.statisticsRead),
            API(.statistics, "What each colleague has and handled, within one's own areas."), PageAsked.self,
            WorkloadShapes.worker.slices
        ) { asked, call in
            let found = try await workers(
                call.actor, after: try asked.paging.id(), limit: asked.paging.limit)
            return .ok(Slice(found.rows, next: found.hasMore ? found.rows.last?.person.text : nil))
        }
        table.get(
            "/api/v1/workload/:id", .verb(.statisticsRead),
            API(.statistics, "The cases behind a number.", refuses: [CoverRefusal.notFound]),
            BehindAsked.self, CaseShapes.line.slices
        ) { asked, call in
            let after = asked.paging.cursor.flatMap { WorkloadCursor(text: $0) }
            guard after != nil || asked.paging.cursor == nil else { throw WebRefusal.badField("cursor") }
            let found = try await behind(
                asked.id, asked.list, after: after, limit: asked.paging.limit, call.actor
            ).part
            return .ok(Slice(found.lines, next: found.next?.text))
        }
    }
}

enum WorkloadShapes {
    static let worker = Shape<CasesHouse.Worker>.object("Worker") {
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("organisation", .words) { $0.organisation }
        Member("open", .whole) { $0.load.open }
        Member("overdue", .whole) { $0.load.overdue }
        Member("handled_this_week", .whole) { $0.load.week }
        Member("handled_this_month", .whole) { $0.load.month }
        Member(
            "median_minutes", Shape<Int64>.whole.orNull,
            "From arriving to handled, of this month; null where nothing was."
        ) { $0.load.medianMs.map { $0 / 60_000 } }
    }
}

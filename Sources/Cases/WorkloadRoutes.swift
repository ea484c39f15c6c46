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
            let found = try await behind(context.id("id"), list, context.actor)
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
                kit.rows(found.lines.map { caseRow($0, kit) }, none: .mineNone))
        }
        workloadAPI(table)
    }

    static let workersOnPage = 40

    struct Worker: Sendable {
        let person: PersonID
        let name: String
        let role: Role
        let organisation: String
        var load = Workload()
    }
    struct WorkerList: Sendable {
        let worker: Worker
        let lines: [CaseLine]
    }

    /// Whoever holds a post in the actor's scope that cases can be given to, each once.
    private func workers(_ actor: Actor, after: PersonID?, limit: Int) async throws -> (rows: [Worker], hasMore: Bool) {
        let scope = try actor.scope(.statisticsRead)
        let times = WorkloadTimes(now: now())
        let day = Zone.shanghai.day(of: times.now)
        return try await database.read { transaction in
            let held = try HeldPostStore.posts(in: scope, on: day, transaction)
            var seen = Set<PersonID>()
            let people = held.filter { one in
                one.role.verbs.contains(.caseAttend) && (after.map { one.person > $0 } ?? true)
                    && seen.insert(one.person).inserted
            }
            let names = try DirectoryStore.names(of: people.prefix(limit).map(\.person), transaction)
            let rows = try people.prefix(limit).map { one in
                Worker(
                    person: one.person, name: names[one.person] ?? "", role: one.role,
                    organisation: one.organisationName,
                    load: try WorkloadStore.workload(one.person, scope, times, transaction))
            }
            return (rows, people.count > limit)
        }
    }

    /// The list behind a number. Somebody without a post in the scope is as good as missing.
    private func behind(_ person: PersonID, _ list: WorkloadList, _ actor: Actor) async throws -> WorkerList {
        let scope = try actor.scope(.statisticsRead)
        let times = WorkloadTimes(now: now())
        let day = Zone.shanghai.day(of: times.now)
        return try await database.read { transaction in
            guard
                let post = try HeldPostStore.posts(of: person, on: day, transaction).first(where: {
                    $0.role.verbs.contains(.caseAttend) && scope.contains($0.path)
                })
            else { throw CoverRefusal.notFound }
            let name = try DirectoryStore.personName(person, transaction) ?? ""
            let lines =
                switch list {
                case .open: try WorkloadStore.assigned(person, scope, transaction)
                case .overdue: try WorkloadStore.assigned(person, scope, before: times.now, transaction)
                case .week: try WorkloadStore.handled(person, scope, since: times.week, transaction)
                case .month: try WorkloadStore.handled(person, scope, since: times.month, transaction)
                }
            return WorkerList(
                worker: Worker(person: person, name: name, role: post.role, organisation: post.organisationName),
                lines: lines)
        }
    }

    private func workloadPage(_ found: (rows: [Worker], hasMore: Bool), _ context: WebContext) -> Response {
        let (kit, words) = (kit(context), context.words)
        let rows = found.rows.map { one -> [HTML] in
            func number(_ value: Int64, _ list: WorkloadList) -> HTML {
                let to = Href(Href("/desk/workload/", one.person.text), query: [("list", list.rawValue)])
                return
                    "<a class=num href=\"\(to)\" aria-label=\"\(one.name) \(words(list.phrase)) \(value)\">\(value)</a>"
            }
            let median = one.load.medianMs.map { kit.say.length(ms: $0) } ?? "—"
            return [
                "<b>\(one.name)</b> <small class=soft>\(words(one.role.phrase)) · \(one.organisation)</small>",
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
            words(.workloadTitle), "<p>\(words(.workloadLead)) · \(kit.say.time(kit.say.now))</p>", table, more)
    }

    // MARK: JSON

    private struct BehindAsked: Asked {
        let id: PersonID
        let list: WorkloadList
        private static let lists = Shape<WorkloadList>.choice(WorkloadList.allCases) { $0.rawValue }
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            list = try ask.query.optional("list", Self.lists, "Which number; the open ones if not said.") ?? .open
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
            API(.statistics, "The cases behind a number, at most 100.", refuses: [CoverRefusal.notFound]),
            BehindAsked.self, CaseShapes.line.slices
        ) { asked, call in .ok(Slice(try await behind(asked.id, asked.list, call.actor).lines)) }
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

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The figures of everybody who visits and rounds, in a scope and a time.
struct FiguresView: Sendable {
    let figures: [DutyFigures]
    let people: [PersonID: String]
    let areas: [AreaID: Area]
    let from: Day
    let to: Day
}

/// The duties of the person who asks.
struct MyDuties: Sendable {
    let appointments: [Appointment]
    let areas: [AreaID: Area]
    let today: Day
}

extension GovernanceHouse {
    func dutyRoutes(_ table: RouteTable) {
        let figuresRoom = Room<FiguresView>(
            page: "/desk/duties", api: "/api/v1/duties", access: .verb(.governanceRead),
            load: { request, context in try await figures(request, context) },
            title: { $1.words(.dutiesTitle) }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(figuresRoom, table)
        let mine = Room<MyDuties>(
            page: "/my/duties", api: "/api/v1/my/duties", access: .signedIn,
            load: { _, context in
                let (person, today) = (try person(context), today)
                return try await database.read { transaction in
                    let found = try AppointmentStore.of(person, transaction)
                    return MyDuties(
                        appointments: found, areas: try DirectoryStore.areas(found.map(\.area), transaction),
                        today: today)
                }
            },
            title: { $1.words(.myDutiesTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { view in .object([("items", .array(view.appointments.map { $0.json(name: "") }))]) })
        open(mine, table)
        let one = Room<AppointmentView>(
            page: "/my/duties/:id", api: "/api/v1/my/duties/:id", access: .signedIn,
            load: { _, context in try await duty(context.id("id"), context) },
            title: { view, context in context.words(view.appointment.kind.phrase) },
            main: { Self.mine($0, Kit($2, $1)) },
            json: { view in
                .object([
                    ("appointment", view.appointment.json(name: view.name)),
                    ("records", .array(view.records.map(\.json))), ("tasks", .array(view.tasks.map(\.json))),
                ])
            })
        open(one, table)
        write(page: "/my/duties/:id", api: "/api/v1/my/duties/:id", .signedIn, one, table) { sent, context in
            let id = try context.id("id", AppointmentTag.self)
            _ = try await duty(id, context)
            try await desk.record(
                id, topic: try sent.choice("topic", \DutyTopic.code), problem: sent["problem"] == "1",
                words: sent["words"], on: try sent.day("day"), by: context.actor)
            return Made(id.text, Href("/my/duties/", id.text))
        }
        table.get("/my/duties/:id/letter", .signedIn) { _, context in
            letter(try await duty(context.id("id"), context), context)
        }
    }

    /// One's own appointment; another's is not there.
    private func duty(_ id: ID<AppointmentTag>, _ context: WebContext) async throws -> AppointmentView {
        let (person, today) = (try person(context), today)
        return try await database.read { transaction in
            guard let found = try AppointmentStore.load(id, transaction), found.person == person,
                let area = try DirectoryStore.area(found.area, transaction)
            else { throw GovernanceRefusal.notFound }
            return try Self.view(found, area, mayEdit: false, isMine: true, today, transaction)
        }
    }

    private func figures(_ request: Request, _ context: WebContext) async throws -> FiguresView {
        let scope = try context.actor.scope(.governanceRead)
        let today = today
        let from = LocalInput.day(request.asked("from")) ?? today.adding(-90)
        let to = LocalInput.day(request.asked("to")) ?? today
        guard from <= to else { throw GovernanceRefusal.endsBeforeItBegins }
        return try await database.read { transaction in
            let kinds = AppointmentKind.allCases.filter { $0.cadence != nil }
            var running: [Appointment] = []
            var seen = Set<Int64>()
            for place in scope.places {
                running += try AppointmentStore.running(
                    under: place.path, kinds: kinds, on: today, limit: 300, transaction
                ).filter { !$0.reveals && seen.insert($0.id.raw).inserted }
            }
            return FiguresView(
                figures: try running.map { try DutyStore.figures($0, from: from, to: to, transaction) },
                people: try DirectoryStore.names(of: running.map(\.person), transaction),
                areas: try DirectoryStore.areas(running.map(\.area), transaction), from: from, to: to)
        }
    }

    private static func main(_ view: FiguresView, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = view.figures.map { f -> [HTML] in
            [
                """
                <a href="\(Href("/desk/appointments/", f.appointment.id.text))">\
                \(view.people[f.appointment.person] ?? "")</a>
                """,
                "\(words(f.appointment.kind.phrase))", "\(view.areas[f.appointment.area]?.name ?? "")",
                "<span class=num>\(f.kept) / \(f.due)</span>", "<span class=num>\(f.records)</span>",
                "<span class=num>\(f.problems)</span>",
            ]
        }
        return kit.page(
            words(.dutiesTitle), words(.governanceDays, view.from.description, view.to.description),
            kit.table(
                [.governancePerson, .appointmentKind, .appointmentPlace, .dutyKept, .dutyRecords, .dutyProblems], rows,
                none: .governanceNone))
    }

    private static func json(_ view: FiguresView) -> JSON {
        .object([
            ("from", .string(view.from.description)), ("to", .string(view.to.description)),
            (
                "items",
                .array(
                    view.figures.map { f in
                        .object([
                            ("appointment", .string(f.appointment.id.text)),
                            ("name", .string(view.people[f.appointment.person] ?? "")),
                            ("kind", .string(f.appointment.kind.code)), ("due", .int(f.due)), ("kept", .int(f.kept)),
                            ("records", .int(f.records)), ("problems", .int(f.problems)),
                        ])
                    })
            ),
        ])
    }

    private static func main(_ view: MyDuties, _ kit: Kit) -> HTML {
        let rows = view.appointments.map { one -> HTML in
            kit.link(
                Href("/my/duties/", one.id.text), kit.words(one.kind.phrase),
                "\(view.areas[one.area]?.name ?? "") · \(kit.days(one.from, one.to))", tag: one.number(kit.words),
                state: state(one, view.today, kit))
        }
        return kit.page(kit.words(.myDutiesTitle), "", kit.rows(rows, none: .myDutiesNone))
    }

    private static func mine(_ view: AppointmentView, _ kit: Kit) -> HTML {
        let a = view.appointment
        let topics = DutyTopic.allCases.map { (value: $0.code, label: kit.words($0.phrase)) }
        let form: HTML =
            a.isRunning(on: view.today)
            ? kit.form(
                "record", Href("/my/duties/", a.id.text), .dutyAdd,
                kit.pair(
                    kit.select("record", "topic", .dutyTopic, topics),
                    kit.day("record", "day", .dutyDay, value: view.today)),
                kit.long("record", "words", .dutyWords),
                kit.checks("record", "problem", .dutyFinding, [("1", kit.words(.dutyProblem))]))
            : .empty
        return kit.page(
            kit.words(a.kind.phrase), view.area.name, state(a, view.today, kit),
            """
            <p>\(kit.days(a.from, a.to))</p><p><a class="btn" href="\(Href("/my/duties/", a.id.text, "/letter"))">\
            \(kit.words(.letterTitle))</a></p>
            """,
            form, dutyParts(view, kit))
    }

    /// What is due and what was done.
    static func dutyParts(_ view: AppointmentView, _ kit: Kit) -> HTML {
        let tasks = view.tasks.map { task -> HTML in
            let state =
                task.done != nil
                ? kit.state(.ok, .dutyDone)
                : task.to < view.today ? kit.state(.late, .dutyMissed) : kit.state(.wait, .dutyWaiting)
            return kit.row(kit.days(task.from, task.to), "", state: state)
        }
        let records = view.records.map { record -> HTML in
            kit.row(
                record.words, record.day.description, tag: kit.words(record.topic.phrase),
                state: record.problem ? kit.state(.late, .dutyProblem) : .empty)
        }
        guard view.appointment.kind.cadence != nil || !records.isEmpty else { return .empty }
        return kit.section(.dutyTasks, kit.rows(tasks, none: .governanceNone))
            + kit.section(.dutyRecordsTitle, kit.rows(records, none: .governanceNone))
    }
}

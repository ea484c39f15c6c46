import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The figures of everybody who visits and rounds, in a scope and a time.
struct FiguresView: Sendable {
    let list: Listing<DutyFigures>
    let people: [PersonID: String]
    let areas: [AreaID: Area]
    let from: Day
    let to: Day
}

/// The duties of the person who asks.
struct MyDuties: Sendable {
    let list: Listing<Appointment>
    let areas: [AreaID: Area]
    let today: Day
}

extension GovernanceShapes {
    static let topic = Shape<DutyTopic>.choice(DutyTopic.allCases) { $0.code }
    static let dutyRecord = Shape<DutyRecord>.object("DutyRecord") {
        Member("topic", topic) { $0.topic }
        Member("problem", .flag) { $0.problem }
        Member("words", .words) { $0.words }
        Member("day", .day) { $0.day }
    }
    static let dutyTask = Shape<DutyTask>.object("DutyTask") {
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("done", Shape<Instant>.time.orNull) { $0.done }
    }
    struct Figure: Sendable {
        let figures: DutyFigures
        let name: String?
    }
    static let figure = Shape<Figure>.object("DutyFigure") {
        Member("appointment", .id()) { $0.figures.appointment.id }
        Member("name", name) { $0.name }
        Member("kind", appointmentKind) { $0.figures.appointment.kind }
        Member("area", .id()) { $0.figures.appointment.area }
        Member("due", .whole, "Visits and rounds that were due.") { $0.figures.due }
        Member("kept", .whole) { $0.figures.kept }
        Member("records", .whole) { $0.figures.records }
        Member("problems", .whole) { $0.figures.problems }
    }
    static let figures = Shape<FiguresView>.object("DutyFigures") {
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("items", figure.list()) { view in
            view.list.rows.map { Figure(figures: $0, name: view.people[$0.appointment.person]) }
        }
        Member("next_cursor", Shape<String>.words.orNull, "Where the next page begins; null on the last.") {
            $0.list.next.map { AreaID($0).text }
        }
    }
}

extension GovernanceHouse {
    func dutyRoutes(_ table: RouteTable) {
        let figuresRoom = Room<FiguresView>(
            page: "/desk/duties", access: .verb(.governanceRead),
            load: { request, context in
                try await figures(
                    LocalInput.day(request.asked("from")), LocalInput.day(request.asked("to")), Part(request),
                    context.actor)
            },
            title: { $1.words(.dutiesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(figuresRoom, table)
        let mine = Room<MyDuties>(
            page: "/my/duties", access: .signedIn,
            load: { request, context in try await duties(Part(request), context.actor) },
            title: { $1.words(.myDutiesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(mine, table)
        let one = Room<AppointmentView>(
            page: "/my/duties/:id", access: .signedIn,
            load: { _, context in try await duty(context.id("id"), context.actor) },
            title: { view, context in context.words(view.appointment.kind.phrase) },
            main: { Self.mine($0, Kit($2, $1)) })
        open(one, table)
        write("/my/duties/:id", .signedIn, one, table) { sent, context in
            let id = try context.id("id", AppointmentTag.self)
            _ = try await duty(id, context.actor)
            try await desk.record(
                id, topic: try sent.choice("topic", \DutyTopic.code), problem: sent["problem"] == "1",
                words: sent["words"], on: try sent.day("day"), by: context.actor)
            return Href("/my/duties/", id.text)
        }
        table.get("/my/duties/:id/letter", .signedIn) { _, context in
            letter(try await duty(context.id("id"), context.actor), context)
        }
        dutyAPI(table)
    }

    private struct FiguresAsked: Asked {
        let from: Day?
        let to: Day?
        let paging: Paging
        init(_ ask: Ask) throws {
            from = try ask.query.optional("from", .day, "90 days ago if not said.")
            to = try ask.query.optional("to", .day, "Today if not said.")
            paging = try Paging(ask)
        }
    }
    private struct RecordAsked: Asked {
        let id: ID<AppointmentTag>
        let topic: DutyTopic
        let problem: Bool
        let words: String
        let day: Day
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            topic = try ask.body("topic", GovernanceShapes.topic)
            problem = try ask.body.optional("problem", .flag, "Something was found.") ?? false
            words = try ask.body.typed("words", 1...400)
            day = try ask.body("day", .day, "Of the last 31 days.")
        }
    }

    private func dutyAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/duties", .verb(.governanceRead),
            API(
                .governance, "Visits and rounds of everybody who has them to do, counted.",
                refuses: [GovernanceRefusal.endsBeforeItBegins]), FiguresAsked.self, GovernanceShapes.figures
        ) { asked, call in .ok(try await figures(asked.from, asked.to, Part(asked.paging), call.actor)) }
        table.get(
            "/api/v1/my/duties", .signedIn, .list("One's own appointments, the newest first."), ListAsked.self,
            GovernanceShapes.appointment.slices
        ) { asked, call in
            let name = call.actor.name
            let found = try await duties(Part(asked.paging), call.actor)
            return .ok(found.list.slice { AppointmentRow(appointment: $0, name: name) })
        }
        table.get(
            "/api/v1/my/duties/:id", .signedIn, .one("One's own appointment with what was done by it."),
            OneAsked<AppointmentTag>.self, GovernanceShapes.appointmentDetail
        ) { asked, call in
            let view = try await duty(asked.id, call.actor)
            return .ok(view, version: view.appointment.version)
        }
        table.post(
            "/api/v1/my/duties/:id/records", .signedIn,
            .act("What was found on a visit or a round.", [.appointmentOver, .badDay("")]), RecordAsked.self, .nothing
        ) { asked, call in
            try await desk.record(
                asked.id, topic: asked.topic, problem: asked.problem, words: asked.words, on: asked.day,
                by: call.actor)
            return .done
        }
    }

    private func duties(_ part: Part, _ actor: Actor) async throws -> MyDuties {
        let (person, today) = (try person(actor), today)
        return try await database.read { transaction in
            let found = try AppointmentStore.of(person, before: part.cursor, limit: part.limit + 1, transaction)
            return MyDuties(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.area), transaction), today: today)
        }
    }

    /// One's own appointment; another's is not there.
    private func duty(_ id: ID<AppointmentTag>, _ actor: Actor) async throws -> AppointmentView {
        let (person, today) = (try person(actor), today)
        return try await database.read { transaction in
            guard let found = try AppointmentStore.load(id, transaction), found.person == person,
                let area = try DirectoryStore.area(found.area, transaction)
            else { throw GovernanceRefusal.notFound }
            return try Self.view(found, area, mayEdit: false, isMine: true, today, transaction)
        }
    }

    private func figures(_ from: Day?, _ to: Day?, _ part: Part, _ actor: Actor) async throws -> FiguresView {
        let scope = try actor.scope(.governanceRead)
        let today = today
        let from = from ?? today.adding(-90)
        let to = to ?? today
        guard from <= to else { throw GovernanceRefusal.endsBeforeItBegins }
        return try await database.read { transaction in
            let running = try AppointmentStore.running(
                in: scope, kinds: AppointmentKind.visiting, on: today, after: part.cursor, limit: part.limit + 1,
                transaction)
            let list = Listing(running, limit: part.limit) { $0.id.raw }
            return FiguresView(
                list: Listing(
                    rows: try DutyStore.figures(list.rows, from: from, to: to, transaction), next: list.next),
                people: try DirectoryStore.names(of: list.rows.map(\.person), transaction),
                areas: try DirectoryStore.areas(list.rows.map(\.area), transaction), from: from, to: to)
        }
    }

    private static func main(_ view: FiguresView, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = view.list.rows.map { f -> [HTML] in
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
                none: .governanceNone),
            view.list.more(
                Href("/desk/duties", query: [("from", view.from.description), ("to", view.to.description)]),
                kit.context),
            ExportLinks.make(
                "duties", kit.context,
                filters: [("from", view.from.description), ("to", view.to.description)]))
    }

    private static func main(_ view: MyDuties, _ kit: Kit) -> HTML {
        let rows = view.list.rows.map { one -> HTML in
            kit.link(
                Href("/my/duties/", one.id.text), kit.words(one.kind.phrase),
                "\(view.areas[one.area]?.name ?? "") · \(kit.days(one.from, one.to))", tag: one.number(kit.words),
                state: state(one, view.today, kit))
        }
        return kit.page(
            kit.words(.myDutiesTitle), "", kit.rows(rows, none: .myDutiesNone),
            view.list.more(Href("/my/duties"), kit.context))
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
            let phrase = task.phrase(on: view.today)
            let state = kit.state(task.done != nil ? .ok : task.to < view.today ? .late : .wait, phrase)
            return kit.row(kit.days(task.from, task.to), "", state: state)
        }
        let records = view.records.map { record -> HTML in
            kit.row(
                record.words, "\(record.day.description)", tag: kit.words(record.topic.phrase),
                state: record.problem ? kit.state(.late, .dutyProblem) : .empty)
        }
        guard view.appointment.kind.cadence != nil || !records.isEmpty else { return .empty }
        func file(_ name: String) -> HTML {
            view.isMine || view.appointment.reveals
                ? .empty : ExportLinks.inside(name, view.appointment.id.text, kit.context)
        }
        return kit.section(.dutyTasks, kit.rows(tasks, none: .governanceNone) + file("appointment-tasks"))
            + kit.section(
                .dutyRecordsTitle, kit.rows(records, none: .governanceNone) + file("appointment-records"))
    }
}

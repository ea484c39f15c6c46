import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct NoticeList: Sendable {
    let list: Listing<CorrectiveNotice>
    let areas: [AreaID: Area]
    let bodies: [OrganisationID: Body]
    let places: [Area]
    let companies: [Body]
    let supervisors: [(id: String, name: String)]
    let today: Day
}

struct NoticeView: Sendable {
    let notice: CorrectiveNotice
    let area: Area
    let body: Body?
    let steps: [NoticeStore.StepRow]
    let people: [PersonID: String]
    /// What the reader may do now.
    let may: [NoticeStep]
    let today: Day
}

struct NoticeStepRow: Sendable {
    let step: NoticeStore.StepRow
    let by: String?
}

extension GovernanceShapes {
    static let notice = Shape<CorrectiveNotice>.object("CorrectiveNotice") {
        Member("id", .id()) { $0.id }
        Member("year", .whole, "Of its number.") { $0.year }
        Member("serial", .whole) { $0.serial }
        Member("title", .words) { $0.title }
        Member("words", .words) { $0.words }
        Member("area", .id()) { $0.area }
        Member("organisation", .id(), "Who has to put it right.") { $0.organisation }
        Member("status", Shape<NoticeStatus>.choice(NoticeStatus.allCases) { $0.code }) { $0.status }
        Member("round", .whole, "Which time it was sent.") { $0.round }
        Member("due", .day) { $0.due }
        Member("version", .whole) { $0.version }
    }
    static let step = Shape<NoticeStep>.choice(NoticeStep.allCases) { $0.code }
    static let noticeStep = Shape<NoticeStepRow>.object("CorrectiveNoticeStep") {
        Member("step", step) { $0.step.step }
        Member("by", name) { $0.by }
        Member("words", .words) { $0.step.words }
        Member("at", .time) { $0.step.at }
    }
    static let noticeDetail = Shape<NoticeView>.object("CorrectiveNoticeDetail") {
        Member("notice", notice) { $0.notice }
        Member("steps", noticeStep.list()) { view in
            view.steps.map { NoticeStepRow(step: $0, by: view.people[$0.person]) }
        }
        Member("may", step.list(), "The steps that one may take now.") { $0.may }
    }
}

extension GovernanceHouse {
    func noticeRoutes(_ table: RouteTable) {
        let list = Room<NoticeList>(
            page: "/desk/notices", access: .verb(.governanceRead),
            load: { request, context in
                try await notices(Part(request), open: request.asked("open") == "1", context.actor)
            },
            title: { $1.words(.noticesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/notices", .verb(.governanceEdit), list, table) { sent, context in
            let id = try await desk.issue(
                NewNotice(
                    area: try sent.id("area"), organisation: try sent.id("organisation"),
                    appointment: try sent.optionalID("appointment", AppointmentTag.self)?.raw ?? 0,
                    title: sent["title"], words: sent["words"]), by: context.actor)
            return Href("/desk/notices/", id.text)
        }
        let one = Room<NoticeView>(
            page: "/desk/notices/:id", access: .verb(.governanceRead),
            load: { _, context in try await notice(context.id("id"), context.actor) },
            title: { view, _ in view.notice.title }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/notices/:id", .verb(.governanceRead), one, table) { sent, context in
            let id = try context.id("id", CorrectiveTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.notice(id, .governanceRead, actor, $0) }
            let wanted = sent["way"]
            guard let step = NoticeStep.allCases.first(where: { $0.code == wanted }), step != .issue else {
                throw GovernanceRefusal.badChoice("way")
            }
            try await desk.take(step, of: id, words: sent["words"], was: try sent.version(), by: actor)
            return Href("/desk/notices/", id.text)
        }
        noticeAPI(table)
    }

    private struct NoticesAsked: Asked {
        let open: Bool
        let paging: Paging
        init(_ ask: Ask) throws {
            open = try ask.query.optional("open", .flag, "Only those that are not closed.") ?? false
            paging = try Paging(ask)
        }
    }
    private struct IssueAsked: Asked {
        let new: NewNotice
        init(_ ask: Ask) throws {
            let supervisor: ID<AppointmentTag>? = try ask.body.optional(
                "appointment", .id(), "Of the supervisor who found it.")
            new = NewNotice(
                area: try ask.body("area", .id()),
                organisation: try ask.body("organisation", .id(), "Who has to put it right."),
                appointment: supervisor?.raw ?? 0, title: try ask.body.typed("title", 1...60),
                words: try ask.body.typed("words", 1...400))
        }
    }
    private struct StepAsked: Asked {
        let id: ID<CorrectiveTag>
        let words: String
        let seen: Seen
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            words = try ask.body.typed("words", 1...400)
            seen = try Seen(ask)
        }
    }

    private func noticeAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/notices", .verb(.governanceRead), .list("Corrective notices, the newest first."),
            NoticesAsked.self, GovernanceShapes.notice.slices
        ) { asked, call in
            .ok(try await notices(Part(asked.paging), open: asked.open, call.actor).list.slice { $0 })
        }
        table.post(
            "/api/v1/notices", .verb(.governanceEdit),
            .act("Issues a corrective notice.", [.noticeOwnWork, .noticeSupervisor, .badChoice("")]),
            IssueAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.issue(asked.new, by: call.actor)
            return .made(Made(id.text), at: "/api/v1/notices/\(id.text)")
        }
        table.get(
            "/api/v1/notices/:id", .verb(.governanceRead), .one("One notice with its steps."),
            OneAsked<CorrectiveTag>.self, GovernanceShapes.noticeDetail
        ) { asked, call in
            let view = try await notice(asked.id, call.actor)
            return .ok(view, version: view.notice.version)
        }
        let steps: [(path: String, step: NoticeStep, summary: String)] = [
            ("answer", .answer, "The company says what it did."), ("check", .check, "Somebody else looks at it."),
            ("return", .sendBack, "It is not right yet: a new round with a new date."),
            ("closure", .close, "The notice is done with."),
        ]
        for (path, step, summary) in steps {
            table.post(
                "/api/v1/notices/:id/\(path)", .verb(.governanceRead),
                .act(summary, [.noticeNotThere, .noticeOwnWork], matches: true), StepAsked.self, .nothing
            ) { asked, call in
                try await call.on(asked.seen) {
                    try await desk.take(step, of: asked.id, words: asked.words, was: $0, by: call.actor)
                }
            }
        }
    }

    private func notices(_ part: Part, open: Bool, _ actor: Actor) async throws -> NoticeList {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        let today = today
        return try await database.read { transaction in
            let found = try NoticeStore.list(
                scope, open: open, before: part.cursor, limit: part.limit + 1, transaction)
            var supervisors: [Appointment] = []
            for place in offer.editing?.places ?? [] {
                supervisors += try AppointmentStore.running(
                    under: place.path, kinds: AppointmentKind.allCases.filter(\.supervises), on: today, limit: 200,
                    transaction
                ).filter { !$0.reveals }
            }
            let names = try DirectoryStore.names(of: supervisors.map(\.person), transaction)
            return NoticeList(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                bodies: try BodyStore.bodies(found.map(\.organisation), transaction),
                places: try offer.places(5...6, transaction),
                companies: try offer.bodies(in: scope, limit: 500, transaction)
                    .filter { $0.organisation.party == .property && !$0.kind.revealsMembers },
                supervisors: supervisors.map { ($0.id.text, names[$0.person] ?? "") }, today: today)
        }
    }

    private func notice(_ id: ID<CorrectiveTag>, _ actor: Actor) async throws -> NoticeView {
        let today = today
        return try await database.read { transaction in
            let (found, area, _) = try GovernanceDesk.notice(id, .governanceRead, actor, transaction)
            let body = try BodyStore.body(found.organisation, transaction)
            let steps = try NoticeStore.steps(of: id, transaction)
            let may = NoticeStep.allCases.filter { step in
                let verb: Verb = step == .answer ? .noticeAnswer : .governanceEdit
                guard let person = actor.person, let post = actor.post(for: verb, at: area.path), let body else {
                    return false
                }
                let asker = NoticeRules.Asker(
                    person: person, family: post.family, mayEdit: verb == .governanceEdit,
                    mayAnswer: verb == .noticeAnswer)
                return (try? NoticeRules.next(found, step, by: asker, family: body.organisation.family)) != nil
            }
            return NoticeView(
                notice: found, area: area, body: body, steps: steps,
                people: try DirectoryStore.names(of: steps.map(\.person), transaction), may: may, today: today)
        }
    }

    private static func state(_ n: CorrectiveNotice, _ today: Day, _ kit: Kit) -> HTML {
        if n.isLate(on: today) { return kit.state(.late, .noticeLate) }
        switch n.status {
        case .issued: return kit.state(.wait, .noticeIssued)
        case .answered: return kit.state(.wait, .noticeAnswered)
        case .checked: return kit.state(.ok, .noticeChecked)
        case .closed: return kit.state(.ok, .noticeClosed)
        }
    }

    private static func main(_ list: NoticeList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.list.rows.map { n -> HTML in
            kit.link(
                Href("/desk/notices/", n.id.text), n.title,
                "\(words(.noticeNumber, String(n.year), String(n.serial))) · \(list.areas[n.area]?.name ?? "") · \(list.bodies[n.organisation]?.name ?? "") · \(words(.noticeDue, n.due.description))",
                state: state(n, list.today, kit))
        }
        let add: HTML =
            list.places.isEmpty
            ? .empty
            : kit.form(
                "issue", Href("/desk/notices"), .noticeIssue,
                kit.pair(
                    kit.select("issue", "area", .appointmentPlace, kit.places(list.places)),
                    kit.select(
                        "issue", "organisation", .noticeTo, list.companies.map { (value: $0.id.text, label: $0.name) })
                ),
                kit.select(
                    "issue", "appointment", .noticeSupervisor,
                    list.supervisors.map { (value: $0.id, label: $0.name) }, required: false),
                kit.text("issue", "title", .noticeTitle, most: 60), kit.long("issue", "words", .noticeWords))
        return kit.page(
            words(.noticesTitle), "", kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/notices"), kit.context),
            ExportLinks.make("notices", kit.context), add)
    }

    private static func main(_ view: NoticeView, _ kit: Kit) -> HTML {
        let words = kit.words
        let n = view.notice
        let steps = view.steps.map { step -> HTML in
            kit.row(
                words(step.step.phrase), "\(view.people[step.person] ?? "") · \(Say.exact(step.at)) · \(step.words)")
        }
        let forms = view.may.map { step -> HTML in
            kit.form(
                step.code, Href("/desk/notices/", n.id.text), step.phrase, hidden: [("version", String(n.version))],
                primary: step == view.may.first,
                kit.long(step.code, "words", .noticeWords))
        }
        return kit.page(
            n.title, words(.noticeNumber, String(n.year), String(n.serial)), state(n, view.today, kit),
            kit.facts([
                (.appointmentPlace, "\(view.area.name)"), (.noticeTo, "\(view.body?.name ?? "")"),
                (.noticeWords, "\(n.words)"), (.noticeDueLabel, "<span class=num>\(n.due.description)</span>"),
                (.noticeRound, "<span class=num>\(n.round)</span>"),
            ]),
            kit.section(
                .noticeSteps,
                kit.rows(steps, none: .governanceNone) + ExportLinks.inside("notice-steps", n.id.text, kit.context)),
            HTML.joined(forms))
    }
}

extension NoticeStep {
    var phrase: Phrase {
        switch self {
        case .issue: .noticeIssue
        case .answer: .stepAnswer
        case .check: .stepCheck
        case .sendBack: .stepSendBack
        case .close: .stepClose
        }
    }
}

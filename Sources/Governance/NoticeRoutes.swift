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

extension GovernanceHouse {
    func noticeRoutes(_ table: RouteTable) {
        let list = Room<NoticeList>(
            page: "/desk/notices", api: "/api/v1/notices", access: .verb(.governanceRead),
            load: { request, context in try await notices(request, context) },
            title: { $1.words(.noticesTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { list in list.list.json(Self.json) })
        open(list, table)
        write(page: "/desk/notices", api: "/api/v1/notices", .verb(.governanceEdit), list, table) { sent, context in
            let id = try await desk.issue(
                NewNotice(
                    area: try sent.id("area"), organisation: try sent.id("organisation"),
                    appointment: try sent.optionalID("appointment", AppointmentTag.self)?.raw ?? 0,
                    title: sent["title"], words: sent["words"]), by: context.actor)
            return Made(id.text, Href("/desk/notices/", id.text))
        }
        let one = Room<NoticeView>(
            page: "/desk/notices/:id", api: "/api/v1/notices/:id", access: .verb(.governanceRead),
            load: { _, context in try await notice(context.id("id"), context) },
            title: { view, _ in view.notice.title }, main: { Self.main($0, Kit($2, $1)) },
            json: { view in
                .object([
                    ("notice", Self.json(view.notice)),
                    (
                        "steps",
                        .array(
                            view.steps.map { step in
                                .object([
                                    ("step", .string(step.step.code)),
                                    ("by", .optional(view.people[step.person])), ("words", .string(step.words)),
                                    ("at", .time(step.at)),
                                ])
                            })
                    ),
                ])
            })
        open(one, table)
        write(page: "/desk/notices/:id", api: "/api/v1/notices/:id", .verb(.governanceRead), one, table) {
            sent, context in
            let id = try context.id("id", CorrectiveTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.notice(id, .governanceRead, actor, $0) }
            let wanted = sent["way"]
            guard let step = NoticeStep.allCases.first(where: { $0.code == wanted }), step != .issue else {
                throw GovernanceRefusal.badChoice("way")
            }
            try await desk.take(step, of: id, words: sent["words"], was: try sent.version(), by: actor)
            return Made(id.text, Href("/desk/notices/", id.text))
        }
    }

    private func notices(_ request: Request, _ context: WebContext) async throws -> NoticeList {
        let actor = context.actor
        let scope = try actor.scope(.governanceRead)
        let editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
        let (limit, before, today) = (try limit(request), try cursor(request), today)
        let open = request.asked("open") == "1"
        return try await database.read { transaction in
            let found = try NoticeStore.list(scope, open: open, before: before, limit: limit + 1, transaction)
            var supervisors: [Appointment] = []
            for place in editing?.places ?? [] {
                supervisors += try AppointmentStore.running(
                    under: place.path, kinds: AppointmentKind.allCases.filter(\.supervises), on: today, limit: 200,
                    transaction
                ).filter { !$0.reveals }
            }
            let names = try DirectoryStore.names(of: supervisors.map(\.person), transaction)
            return NoticeList(
                list: Listing(found, limit: limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                bodies: try BodyStore.bodies(found.map(\.organisation), transaction),
                places: try editing.map { try DirectoryStore.areas(in: $0, levels: 5...6, transaction) } ?? [],
                companies: editing == nil
                    ? []
                    : try BodyStore.bodies(in: scope, kind: nil, after: nil, limit: 500, transaction)
                        .filter { $0.organisation.party == .property && !$0.kind.revealsMembers },
                supervisors: supervisors.map { ($0.id.text, names[$0.person] ?? "") }, today: today)
        }
    }

    private func notice(_ id: ID<CorrectiveTag>, _ context: WebContext) async throws -> NoticeView {
        let (actor, today) = (context.actor, today)
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
            list.list.more(Href("/desk/notices"), kit.context), add)
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
                kit.long(step.code, "words", .noticeWords))
        }
        return kit.page(
            n.title, words(.noticeNumber, String(n.year), String(n.serial)), state(n, view.today, kit),
            kit.facts([
                (.appointmentPlace, "\(view.area.name)"), (.noticeTo, "\(view.body?.name ?? "")"),
                (.noticeWords, "\(n.words)"), (.noticeDueLabel, "<span class=num>\(n.due.description)</span>"),
                (.noticeRound, "<span class=num>\(n.round)</span>"),
            ]),
            kit.section(.noticeSteps, kit.rows(steps, none: .governanceNone)), HTML.joined(forms))
    }

    private static func json(_ n: CorrectiveNotice) -> JSON {
        .object([
            ("id", .string(n.id.text)), ("year", .int(n.year)), ("serial", .int(n.serial)),
            ("title", .string(n.title)), ("words", .string(n.words)), ("area", .string(n.area.text)),
            ("organisation", .string(n.organisation.text)), ("status", .string(n.status.code)),
            ("round", .int(n.round)), ("due", .string(n.due.description)), ("version", .int(n.version)),
        ])
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

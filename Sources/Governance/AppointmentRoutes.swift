import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct AppointmentList: Sendable {
    let list: Listing<Appointment>
    let people: [PersonID: String]
    let areas: [AreaID: Area]
    let places: [Area]
    let bodies: [Body]
    let mayParty: Bool
    let today: Day
    let limits: [Limit]
    /// On the first page only.
    let ending: EndingLeaders?
    var slice: Slice<AppointmentRow> { list.slice { AppointmentRow(appointment: $0, name: people[$0.person]) } }
}

struct AppointmentView: Sendable {
    let appointment: Appointment
    let area: Area
    let name: String
    let body: Body?
    let records: [DutyRecord]
    let tasks: [DutyTask]
    let mayEdit: Bool
    let isMine: Bool
    let today: Day
}

struct AppointmentRow: Sendable {
    let appointment: Appointment
    let name: String?
}

extension GovernanceShapes {
    static let appointment = Shape<AppointmentRow>.object("Appointment") {
        Member("id", .id()) { $0.appointment.id }
        Member("kind", appointmentKind) { $0.appointment.kind }
        Member("year", .whole, "Of the number of the letter.") { $0.appointment.year }
        Member("serial", .whole) { $0.appointment.serial }
        Member("person", .id()) { $0.appointment.person }
        Member("name", name) { $0.name }
        Member("organisation", .id(), "Who appointed.") { $0.appointment.organisation }
        Member("area", .id()) { $0.appointment.area }
        Member("reveals_membership", .flag, "Seen only by those who may know who is in the party.") {
            $0.appointment.reveals
        }
        Member("duties", .words) { $0.appointment.duties }
        Member("from", .day) { $0.appointment.from }
        Member("to", .day) { $0.appointment.to }
        Member("revoked", Shape<Instant>.time.orNull) { $0.appointment.revoked }
        Member("revoke_words", .words, "Why it was revoked.") { $0.appointment.revokeWords }
        Member("version", .whole) { $0.appointment.version }
    }
    static let appointmentDetail = Shape<AppointmentView>.object("AppointmentDetail") {
        Member("appointment", appointment) { AppointmentRow(appointment: $0.appointment, name: $0.name) }
        Member("area_name", .words) { $0.area.name }
        Member("organisation_name", name) { $0.body?.name }
        Member("records", dutyRecord.list(), "The latest 50.") { $0.records }
        Member("tasks", dutyTask.list(), "The latest 20.") { $0.tasks }
    }
}

extension GovernanceHouse {
    func appointmentRoutes(_ table: RouteTable) {
        let list = Room<AppointmentList>(
            page: "/desk/appointments", access: .verb(.governanceRead),
            load: { request, context in
                let wanted = request.asked("kind")
                let kind = AppointmentKind.allCases.first { $0.code == wanted }
                guard wanted.isEmpty || kind != nil else { throw GovernanceRefusal.badChoice("kind") }
                return try await appointments(Part(request), kind: kind, context.actor)
            },
            title: { $1.words(.appointmentsTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/appointments", .verb(.governanceEdit), list, table) { sent, context in
            let new = NewAppointment(
                kind: try sent.choice("kind", \AppointmentKind.code), organisation: try sent.id("organisation"),
                area: try sent.id("area"), from: try sent.day("from"), to: try sent.day("to"), duties: sent["duties"])
            let id = try await desk.appoint(new, try named(sent), by: context.actor)
            return Href("/desk/appointments/", id.text)
        }
        let one = Room<AppointmentView>(
            page: "/desk/appointments/:id", access: .verb(.governanceRead),
            load: { _, context in try await appointment(context.id("id"), context.actor) },
            title: { view, context in view.appointment.number(context.words) }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/appointments/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", AppointmentTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.appointment(id, .governanceEdit, actor, $0) }
            try await desk.revoke(id, words: sent["why"], was: try sent.version(), by: actor)
            return Href("/desk/appointments/", id.text)
        }
        table.get("/desk/appointments/:id/letter", .verb(.governanceRead)) { _, context in
            letter(try await appointment(context.id("id"), context.actor), context)
        }
        appointmentAPI(table)
        leaderRoutes(table)
    }

    private struct KindAsked: Asked {
        let kind: AppointmentKind?
        let paging: Paging
        init(_ ask: Ask) throws {
            kind = try ask.query.optional("kind", GovernanceShapes.appointmentKind)
            paging = try Paging(ask)
        }
    }
    private struct AppointAsked: Asked {
        let new: NewAppointment
        let person: PersonAsked
        init(_ ask: Ask) throws {
            new = NewAppointment(
                kind: try ask.body("kind", GovernanceShapes.appointmentKind),
                organisation: try ask.body("organisation", .id(), "Who appoints."),
                area: try ask.body("area", .id()), from: try ask.body("from", .day), to: try ask.body("to", .day),
                duties: try ask.body.typedOrNone("duties", 400))
            person = try PersonAsked(ask)
        }
    }

    private func appointmentAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/appointments", .verb(.governanceRead), .list("Letters of appointment, the newest first."),
            KindAsked.self, GovernanceShapes.appointment.slices
        ) { asked, call in
            .ok(try await appointments(Part(asked.paging), kind: asked.kind, call.actor).slice)
        }
        table.post(
            "/api/v1/appointments", .verb(.governanceEdit),
            .act(
                "Appoints somebody by letter.",
                [.membersOnly, .wrongLevel, .termTooLong(""), .appointedAlready, .endsBeforeItBegins]),
            AppointAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.appoint(asked.new, try named(asked.person), by: call.actor)
            return .made(Made(id.text), at: "/api/v1/appointments/\(id.text)")
        }
        table.get(
            "/api/v1/appointments/:id", .verb(.governanceRead), .one("One appointment with what was done by it."),
            OneAsked<AppointmentTag>.self, GovernanceShapes.appointmentDetail
        ) { asked, call in
            let view = try await appointment(asked.id, call.actor)
            return .ok(view, version: view.appointment.version)
        }
        table.post(
            "/api/v1/appointments/:id/revocation", .verb(.governanceEdit),
            .act("Takes an appointment back; the letter stays on record.", [.appointmentOver], matches: true),
            WhyAsked<AppointmentTag>.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) {
                try await desk.revoke(asked.id, words: asked.why, was: $0, by: call.actor)
            }
        }
    }

    private func appointments(
        _ part: Part, kind: AppointmentKind?, _ actor: Actor
    ) async throws -> AppointmentList {
        let scope = try actor.scope(.governanceRead)
        let party = actor.may(.partyRead) ? try actor.scope(.partyRead) : nil
        let offer = try FormOffer(actor)
        let today = today
        let view = try await database.read { transaction in
            let found = try AppointmentStore.list(
                scope, party: party, kind: kind, before: part.cursor, limit: part.limit + 1, transaction)
            return AppointmentList(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                people: try DirectoryStore.names(of: found.map(\.person), transaction),
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try offer.places(3...7, limit: 600, transaction),
                bodies: try offer.bodies(in: scope, transaction),
                mayParty: party != nil, today: today, limits: try LimitStore.all(transaction),
                ending: part.cursor != nil || kind != nil && kind != .buildingLeader
                    ? nil
                    : try Self.endingLeaders(scope, after: nil, limit: 30, on: today, transaction))
        }
        if let post = actor.posts.first(where: { $0.role.verbs.contains(.partyRead) }),
            let first = view.list.rows.first(where: \.reveals), let area = view.areas[first.area]
        {
            try await desk.looked("appointments", first.id.raw, at: area, by: actor, post)
        }
        return view
    }

    func appointment(_ id: ID<AppointmentTag>, _ actor: Actor) async throws -> AppointmentView {
        let today = today
        let (view, post) = try await database.read { transaction in
            let (found, area, post) = try GovernanceDesk.appointment(id, .governanceRead, actor, transaction)
            return (
                try Self.view(
                    found, area, mayEdit: actor.may(.governanceEdit, at: area.path), isMine: false, today, transaction),
                actor.post(for: .partyRead, at: area.path) ?? post
            )
        }
        if view.appointment.reveals {
            try await desk.looked("appointment", id.raw, at: view.area, by: actor, post)
        }
        return view
    }

    static func view(
        _ found: Appointment, _ area: Area, mayEdit: Bool, isMine: Bool, _ today: Day,
        _ transaction: any ReadTransaction
    ) throws -> AppointmentView {
        AppointmentView(
            appointment: found, area: area,
            name: try DirectoryStore.names(of: [found.person], transaction)[found.person] ?? "",
            body: try BodyStore.body(found.organisation, transaction),
            records: try DutyStore.records(of: found.id, transaction),
            tasks: try DutyStore.tasks(of: found.id, transaction), mayEdit: mayEdit, isMine: isMine, today: today)
    }

    /// The letter of appointment, for paper.
    func letter(_ view: AppointmentView, _ context: WebContext) -> Response {
        let words = context.words
        let a = view.appointment
        let revoked: HTML =
            a.revoked.map { "<p class=\"gap\">\(words(.letterRevoked, Say.exact($0), a.revokeWords))</p>" } ?? .empty
        let duties: HTML = a.duties.isEmpty ? .empty : "<p>\(words(.letterDuties, a.duties))</p>"
        let plaque: HTML = a.kind == .coreHousehold ? "<p>\(words(.letterPlaque))</p>" : .empty
        let main: HTML = """
            <article class="card stack narrow poster"><p class="num">\(a.number(words))</p>
            <h1>\(words(.letterTitle))</h1>\(revoked)
            <p class="lead">\(words(.letterTo, view.name))</p>
            <p>\(words(.letterText, view.body?.name ?? "", view.area.name, words(a.kind.phrase)))</p>
            <p>\(words(.letterTerm, a.from.description, a.to.description))</p>\(duties)\(plaque)
            <p>\(view.body?.name ?? "")</p><p class="num">\(a.from.description)</p></article>
            <p class="no-print help">\(words(.letterPrint))</p>
            """
        let title = a.number(words)
        let page =
            context.actor.isStaff
            ? directory.staffPage(title, main, context) : Page(title: title, frame: .open, main: main)
        return directory.shown(page, nil, context)
    }

    private static func main(_ list: AppointmentList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.list.rows.map { one -> HTML in
            kit.link(
                Href("/desk/appointments/", one.id.text), list.people[one.person] ?? "",
                "\(one.number(words)) · \(list.areas[one.area]?.name ?? "") · \(kit.days(one.from, one.to))",
                tag: words(one.kind.phrase), state: state(one, list.today, kit))
        }
        let kinds = AppointmentKind.allCases.filter { list.mayParty || $0 != .coreHousehold }
            .map { (value: $0.code, label: words($0.phrase)) }
        let hidden: HTML = list.mayParty ? .empty : "<p class=\"help\">\(words(.governanceHidden))</p>"
        let bodies = list.bodies.filter { list.mayParty || !$0.kind.revealsMembers }
        let add: HTML =
            list.places.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/appointments"), .appointmentAdd, kit.person("add"),
                kit.pair(
                    kit.select("add", "kind", .appointmentKind, kinds),
                    kit.select(
                        "add", "organisation", .appointmentBy, bodies.map { (value: $0.id.text, label: $0.name) })),
                kit.select("add", "area", .appointmentPlace, kit.places(list.places)),
                kit.pair(
                    kit.day("add", "from", .governanceFrom, value: list.today),
                    kit.day("add", "to", .governanceTo, value: list.today.adding(1094))),
                kit.long("add", "duties", .appointmentDuties, required: false))
        return kit.page(
            words(.appointmentsTitle), "", hidden, list.ending.map { endingSection($0, kit) } ?? .empty,
            kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/appointments"), kit.context),
            ExportLinks.make("appointments", kit.context), add)
    }

    static func state(_ one: Appointment, _ today: Day, _ kit: Kit) -> HTML {
        if one.revoked != nil { return kit.state(.plain, .appointmentRevoked) }
        if one.to < today { return kit.state(.plain, .appointmentOver) }
        return one.from > today ? kit.state(.wait, .appointmentSoon) : kit.state(.ok, .appointmentRunning)
    }

    private static func main(_ view: AppointmentView, _ kit: Kit) -> HTML {
        let words = kit.words
        let a = view.appointment
        let revoke: HTML =
            view.mayEdit && a.revoked == nil && a.to >= view.today
            ? kit.form(
                "revoke", Href("/desk/appointments/", a.id.text), .appointmentRevoke,
                hidden: [("version", String(a.version))], kit.text("revoke", "why", .governanceWhy, most: 200))
            : .empty
        return kit.page(
            view.name, words(a.kind.phrase), state(a, view.today, kit),
            kit.facts([
                (.letterNumberLabel, "<span class=num>\(a.number(words))</span>"),
                (.appointmentPlace, "\(view.area.name)"), (.appointmentBy, "\(view.body?.name ?? "")"),
                (.appointmentTerm, "\(kit.days(a.from, a.to))"), (.appointmentDuties, "\(a.duties)"),
                (.governanceWhy, "\(a.revokeWords)"),
            ]),
            """
            <p><a class="btn" href="\(Href("/desk/appointments/", a.id.text, "/letter"))">\(words(.letterTitle))</a></p>
            """,
            dutyParts(view, kit), revoke)
    }

}

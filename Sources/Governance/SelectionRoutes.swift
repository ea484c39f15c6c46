import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct SelectionList: Sendable {
    let list: Listing<Selection>
    let areas: [AreaID: Area]
    let places: [Area]
    let bodies: [Body]
    let mayParty: Bool
    let today: Day
}

struct SelectionView: Sendable {
    let selection: Selection
    let area: Area
    let candidates: [Candidate]
    let people: [PersonID: String]
    let mayEdit: Bool
    let today: Day
    /// The reader's own candidature.
    var mine: Candidate?
}

extension GovernanceHouse {
    func selectionRoutes(_ table: RouteTable) {
        let list = Room<SelectionList>(
            page: "/desk/selections", api: "/api/v1/selections", access: .verb(.governanceRead),
            load: { request, context in try await selections(request, context) },
            title: { $1.words(.selectionsTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { list in list.list.json(Self.json) })
        open(list, table)
        write(page: "/desk/selections", api: "/api/v1/selections", .verb(.governanceEdit), list, table) {
            sent, context in
            let id = try await desk.announce(
                Selection(
                    id: world.id(), area: try sent.id("area"), organisation: try sent.id("organisation"),
                    kind: try sent.choice("kind", \AppointmentKind.code), title: sent["title"], words: sent["words"],
                    seats: try sent.number("seats", 1...50), from: try sent.day("from"), to: try sent.day("to"),
                    result: "", status: .announced, version: 1), by: context.actor)
            return Made(id.text, Href("/desk/selections/", id.text))
        }
        let one = Room<SelectionView>(
            page: "/desk/selections/:id", api: "/api/v1/selections/:id", access: .verb(.governanceRead),
            load: { _, context in try await selection(context.id("id"), context) },
            title: { view, _ in view.selection.title }, main: { Self.main($0, Kit($2, $1)) },
            json: { Self.json($0, all: true) })
        open(one, table)
        write(page: "/desk/selections/:id", api: "/api/v1/selections/:id", .verb(.governanceEdit), one, table) {
            sent, context in
            let id = try context.id("id", SelectionTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.selection(id, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "putUp":
                let named = try NamedPerson(
                    phone: sent["phone"], name: sent["name"], secrets: directory.secrets, world: world)
                try await desk.putUp(named, words: sent["words"], in: id, by: actor)
            case "decide":
                let chosen = try sent.all("elected").map { text -> PersonID in
                    guard let id = PersonID(text: text) else { throw GovernanceRefusal.badChoice("elected") }
                    return id
                }
                try await desk.decide(
                    id, chosen: chosen, result: sent["result"], from: try sent.day("from"), to: try sent.day("to"),
                    was: try sent.version(), by: actor)
            case "cancel": try await desk.cancel(id, words: sent["why"], was: try sent.version(), by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Made(id.text, Href("/desk/selections/", id.text))
        }
        residentSelections(table)
    }

    private func residentSelections(_ table: RouteTable) {
        table.get("/my/selections", .signedIn) { _, context in
            let actor = context.actor
            let found = try await database.read { try SelectionStore.of(actor.homes.flatMap(\.path.ids), $0) }
            let kit = Kit(context)
            let rows = found.map { s in
                kit.link(
                    Href("/my/selections/", s.id.text), s.title, kit.days(s.from, s.to),
                    tag: context.words(s.kind.phrase),
                    state: Self.state(s, today, kit))
            }
            let title = context.words(.mySelectionsTitle)
            var page = Page(
                title: title, frame: .open, main: kit.page(title, "", kit.rows(rows, none: .governanceNone)))
            page.homeLink = Href("/me")
            return directory.shown(page, nil, context)
        }
        table.get("/api/v1/my/selections", .signedIn) { _, context in
            let actor = context.actor
            let found = try await database.read { try SelectionStore.of(actor.homes.flatMap(\.path.ids), $0) }
            return Answer.json(.object([("items", .array(found.map(Self.json)))]))
        }
        let mine = Room<SelectionView>(
            page: "/my/selections/:id", api: "/api/v1/my/selections/:id", access: .signedIn,
            load: { _, context in try await mySelection(context.id("id"), context) },
            title: { view, _ in view.selection.title }, main: { Self.mine($0, Kit($2, $1)) },
            json: { Self.json($0, all: false) })
        open(mine, table)
        write(page: "/my/selections/:id", api: "/api/v1/my/selections/:id", .signedIn, mine, table) { sent, context in
            let id = try context.id("id", SelectionTag.self)
            _ = try await mySelection(id, context)
            switch sent["way"] {
            case "stand": try await desk.stand(in: id, words: sent["words"], by: context.actor)
            case "withdraw": try await desk.withdraw(from: id, by: context.actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Made(id.text, Href("/my/selections/", id.text))
        }
    }

    /// What a resident of the place sees: the notice, the result with the names of those chosen, and their own part.
    private func mySelection(_ id: ID<SelectionTag>, _ context: WebContext) async throws -> SelectionView {
        let actor = context.actor
        let (person, today) = (try person(context), today)
        return try await database.read { transaction in
            let (found, area) = try GovernanceDesk.selection(forResident: id, actor, transaction)
            let all = try SelectionStore.candidates(of: id, transaction)
            let shown = all.filter { $0.status == .chosen }
            var view = SelectionView(
                selection: found, area: area, candidates: shown,
                people: try DirectoryStore.names(of: shown.map(\.person), transaction), mayEdit: false, today: today)
            view.mine = all.first { $0.person == person }
            return view
        }
    }

    private func selections(_ request: Request, _ context: WebContext) async throws -> SelectionList {
        let actor = context.actor
        let scope = try actor.scope(.governanceRead)
        let editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
        let (limit, before, today) = (try limit(request), try cursor(request), today)
        return try await database.read { transaction in
            let mayParty = actor.may(.partyRead)
            let found = try SelectionStore.list(
                scope, party: mayParty ? try actor.scope(.partyRead) : nil, before: before, limit: limit + 1,
                transaction)
            return SelectionList(
                list: Listing(found, limit: limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try editing.map { try DirectoryStore.areas(in: $0, levels: 5...7, limit: 600, transaction) }
                    ?? [],
                bodies: editing == nil
                    ? [] : try BodyStore.bodies(in: scope, kind: nil, after: nil, limit: 300, transaction),
                mayParty: mayParty, today: today)
        }
    }

    private func selection(_ id: ID<SelectionTag>, _ context: WebContext) async throws -> SelectionView {
        let (actor, today) = (context.actor, today)
        let (view, post) = try await database.read { transaction in
            let (found, area, post) = try GovernanceDesk.selection(id, .governanceRead, actor, transaction)
            let candidates = try SelectionStore.candidates(of: id, transaction)
            return (
                SelectionView(
                    selection: found, area: area, candidates: candidates,
                    people: try DirectoryStore.names(of: candidates.map(\.person), transaction),
                    mayEdit: actor.may(.governanceEdit, at: area.path), today: today),
                actor.post(for: .partyRead, at: area.path) ?? post
            )
        }
        if view.selection.reveals {
            try await desk.looked("selection", id.raw, at: view.area, by: actor, post)
        }
        return view
    }

    private static func state(_ s: Selection, _ today: Day, _ kit: Kit) -> HTML {
        switch s.status {
        case .decided: kit.state(.ok, .selectionDecided)
        case .withdrawn: kit.state(.plain, .selectionWithdrawn)
        case .announced:
            s.isOpen(on: today)
                ? kit.state(.ok, .selectionRunning)
                : s.from > today ? kit.state(.wait, .selectionSoon) : kit.state(.wait, .selectionToDecide)
        }
    }

    private static func main(_ list: SelectionList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.list.rows.map { s -> HTML in
            kit.link(
                Href("/desk/selections/", s.id.text), s.title,
                "\(list.areas[s.area]?.name ?? "") · \(kit.days(s.from, s.to))", tag: words(s.kind.phrase),
                state: state(s, list.today, kit))
        }
        let kinds: [AppointmentKind] =
            [.buildingLeader, .propertySupervisor, .opinionReporter] + (list.mayParty ? [.coreHousehold] : [])
        let add: HTML =
            list.places.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/selections"), .selectionAdd,
                kit.pair(
                    kit.select(
                        "add", "kind", .appointmentKind, kinds.map { (value: $0.code, label: words($0.phrase)) }),
                    kit.select("add", "area", .appointmentPlace, kit.places(list.places))),
                kit.select(
                    "add", "organisation", .appointmentBy, list.bodies.map { (value: $0.id.text, label: $0.name) }),
                kit.text("add", "title", .selectionTitle, most: 60),
                kit.long("add", "words", .selectionWords, most: 1000),
                kit.pair(
                    kit.text("add", "seats", .selectionSeats, value: "1", most: 2, numeric: true),
                    kit.day("add", "from", .governanceFrom, value: list.today),
                    kit.day("add", "to", .governanceTo, value: list.today.adding(6))))
        return kit.page(
            words(.selectionsTitle), "", kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/selections"), kit.context), add)
    }

    private static func main(_ view: SelectionView, _ kit: Kit) -> HTML {
        let words = kit.words
        let s = view.selection
        let here = Href("/desk/selections/", s.id.text)
        let candidates = view.candidates.map { c -> HTML in
            kit.row(
                view.people[c.person] ?? "", c.words,
                state: kit.state(c.status == .chosen ? .ok : .plain, c.status.phrase))
        }
        let version = [("version", String(s.version))]
        let options = view.candidates.filter { $0.status == .stands }
            .map { (value: $0.person.text, label: view.people[$0.person] ?? "") }
        var forms = HTML.empty
        if view.mayEdit, s.status == .announced {
            if s.isOpen(on: view.today) {
                forms += kit.form(
                    "putUp", here, .candidateAdd, kit.person("putUp"), kit.long("putUp", "words", .candidateWords))
            }
            if view.today > s.to {
                forms += kit.form(
                    "decide", here, .selectionDecide, hidden: version,
                    kit.checks("decide", "elected", .candidatesTitle, options),
                    kit.long("decide", "result", .selectionResult),
                    kit.pair(
                        kit.day("decide", "from", .governanceFrom, value: view.today),
                        kit.day("decide", "to", .governanceTo, value: view.today.adding(1094))))
            }
            forms += kit.form(
                "cancel", here, .selectionCancel, hidden: version, kit.text("cancel", "why", .governanceWhy, most: 200))
        }
        return kit.page(
            s.title, words(s.kind.phrase), state(s, view.today, kit), notice(view, kit),
            kit.section(.candidatesTitle, kit.rows(candidates, none: .governanceNone)), forms)
    }

    private static func notice(_ view: SelectionView, _ kit: Kit) -> HTML {
        let s = view.selection
        return kit.facts([
            (.appointmentPlace, "\(view.area.name)"), (.selectionWords, "\(s.words)"),
            (.selectionSeats, "<span class=num>\(s.seats)</span>"), (.appointmentTerm, "\(kit.days(s.from, s.to))"),
            (.selectionResult, "\(s.result)"),
        ])
    }

    private static func mine(_ view: SelectionView, _ kit: Kit) -> HTML {
        let s = view.selection
        let here = Href("/my/selections/", s.id.text)
        let chosen = view.candidates.map { kit.row(view.people[$0.person] ?? "", "") }
        var form = HTML.empty
        if view.mine?.status == .stands {
            form = kit.button("withdraw", here, .candidateWithdraw)
        } else if s.isOpen(on: view.today) {
            form = kit.form("stand", here, .candidateStand, kit.long("stand", "words", .candidateWords))
        }
        let mine: HTML = view.mine.map { kit.state($0.status == .chosen ? .ok : .plain, $0.status.phrase) } ?? .empty
        return kit.page(
            s.title, kit.words(s.kind.phrase), state(s, view.today, kit) + mine, notice(view, kit),
            chosen.isEmpty ? .empty : kit.section(.candidatesChosen, kit.rows(chosen, none: .governanceNone)), form)
    }

    private static func json(_ s: Selection) -> JSON {
        .object([
            ("id", .string(s.id.text)), ("area", .string(s.area.text)), ("kind", .string(s.kind.code)),
            ("title", .string(s.title)), ("words", .string(s.words)), ("seats", .int(s.seats)),
            ("from", .string(s.from.description)), ("to", .string(s.to.description)),
            ("status", .string(s.status.code)), ("result", .string(s.result)), ("version", .int(s.version)),
        ])
    }

    private static func json(_ view: SelectionView, all: Bool) -> JSON {
        .object([
            ("selection", json(view.selection)),
            (
                "candidates",
                .array(
                    view.candidates.map { c in
                        .object([
                            ("person", all ? .string(c.person.text) : .null),
                            ("name", .optional(view.people[c.person])),
                            ("status", .string(c.status.code)), ("words", all ? .string(c.words) : .null),
                        ])
                    })
            ),
        ])
    }
}

extension CandidateStatus {
    var phrase: Phrase {
        switch self {
        case .stands: .candidateStands
        case .withdrew: .candidateWithdrew
        case .chosen: .candidateChosen
        case .notChosen: .candidateNotChosen
        }
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct SelectionList: Sendable {
    let list: Listing<Selection>
    let areas: [AreaID: Area]
    let places: [Area]
    /// The buildings among them, each with the name of its estate.
    var buildings: [(value: String, label: String)] {
        places.filter { $0.level == .building }.map { building in
            let estate = places.first { $0.id == building.estate }?.name ?? ""
            return (value: building.id.text, label: "\(estate) \(building.name)")
        }
    }
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
    /// The buildings of one that is for several.
    var seats: [(area: AreaID, name: String, seats: Int64)] = []
    /// The reader's own candidature.
    var mine: Candidate?
    /// Those of the buildings in which the reader has a home.
    var own: [AreaID] = []

    func building(of candidate: Candidate) -> String {
        seats.first { $0.area == candidate.building }?.name ?? ""
    }
    func chosen(_ area: AreaID) -> [String] {
        candidates.filter { $0.status == .chosen && $0.building == area }.compactMap { people[$0.person] }
    }
}

extension GovernanceShapes {
    static let selection = Shape<Selection>.object("Selection") {
        Member("id", .id()) { $0.id }
        Member("area", .id()) { $0.area }
        Member("organisation", .id(), "Who appoints.") { $0.organisation }
        Member("kind", appointmentKind) { $0.kind }
        Member("title", .words) { $0.title }
        Member("words", .words) { $0.words }
        Member("seats", .whole) { $0.seats }
        Member("from", .day, "The notice is out from here.") { $0.from }
        Member("to", .day) { $0.to }
        Member("status", Shape<SelectionStatus>.choice(SelectionStatus.allCases) { $0.code }) { $0.status }
        Member("result", .words) { $0.result }
        Member("version", .whole) { $0.version }
    }
    static let standing = Shape<CandidateStatus>.choice(CandidateStatus.allCases) { $0.code }
    struct CandidateRow: Sendable {
        let candidate: Candidate
        let name: String?
    }
    static let candidate = Shape<CandidateRow>.object("Candidate") {
        Member("person", .id()) { $0.candidate.person }
        Member("name", name) { $0.name }
        Member("status", standing) { $0.candidate.status }
        Member("words", .words) { $0.candidate.words }
        Member("building", Shape<AreaID>.id().orNull, "For which they stand, where it is for several.") {
            $0.candidate.building
        }
    }
    struct ElectedRow: Sendable {
        let area: AreaID
        let name: String
        let seats: Int64
        let chosen: [String]
    }
    static let electedSeat = Shape<ElectedRow>.object("SelectionSeat") {
        Member("building", .id()) { $0.area }
        Member("name", .words) { $0.name }
        Member("seats", .whole) { $0.seats }
        Member("chosen", Shape<String>.words.list(), "The names of those who were chosen for it.") { $0.chosen }
    }
    private static func electedSeats(_ view: SelectionView) -> [ElectedRow] {
        view.seats.map { ElectedRow(area: $0.area, name: $0.name, seats: $0.seats, chosen: view.chosen($0.area)) }
    }
    static let selectionDetail = Shape<SelectionView>.object("SelectionDetail") {
        Member("selection", selection) { $0.selection }
        Member("candidates", candidate.list()) { view in
            view.candidates.map { CandidateRow(candidate: $0, name: view.people[$0.person]) }
        }
        Member("buildings", electedSeat.list(), "Empty where it has one place.") { electedSeats($0) }
    }
    static let ownSelection = Shape<SelectionView>.object("SelectionForResident") {
        Member("selection", selection) { $0.selection }
        Member("chosen", Shape<String>.words.list(), "The names of those who were chosen.") { view in
            view.candidates.compactMap { view.people[$0.person] }
        }
        Member("buildings", electedSeat.list(), "Empty where it has one place.") { electedSeats($0) }
        Member("mine", standing.orNull, "One's own candidature.") { $0.mine?.status }
    }
}

extension GovernanceHouse {
    func selectionRoutes(_ table: RouteTable) {
        let list = Room<SelectionList>(
            page: "/desk/selections", access: .verb(.governanceRead),
            load: { request, context in try await selections(Part(request), context.actor) },
            title: { $1.words(.selectionsTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/selections", .verb(.governanceEdit), list, table) { sent, context in
            let buildings = try sent.all("building").map { text -> AreaID in
                guard let id = AreaID(text: text) else { throw GovernanceRefusal.badChoice("building") }
                return id
            }
            let seats = try sent.number("seats", 1...50) * Int64(max(1, Set(buildings).count))
            let id = try await desk.announce(
                Selection(
                    id: world.id(), area: try sent.id("area"), organisation: try sent.id("organisation"),
                    kind: try sent.choice("kind", \AppointmentKind.code), title: sent["title"], words: sent["words"],
                    seats: seats, from: try sent.day("from"), to: try sent.day("to"),
                    result: "", status: .announced, version: 1), buildings: buildings, by: context.actor)
            return Href("/desk/selections/", id.text)
        }
        let one = Room<SelectionView>(
            page: "/desk/selections/:id", access: .verb(.governanceRead),
            load: { _, context in try await selection(context.id("id"), context.actor) },
            title: { view, _ in view.selection.title }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/selections/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", SelectionTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.selection(id, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "putUp":
                try await desk.putUp(
                    try named(sent), words: sent["words"], in: id, building: try sent.optionalID("building"), by: actor)
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
            return Href("/desk/selections/", id.text)
        }
        residentSelections(table)
        selectionAPI(table)
        residentSelectionAPI(table)
    }

    private func residentSelections(_ table: RouteTable) {
        let list = Room<[Selection]>(
            page: "/my/selections", access: .signedIn, load: { _, context in try await selections(for: context.actor) },
            title: { $1.words(.mySelectionsTitle) },
            main: { found, returned, context in
                let kit = Kit(context, returned)
                let rows = found.map { s in
                    kit.link(
                        Href("/my/selections/", s.id.text), s.title, kit.days(s.from, s.to),
                        tag: context.words(s.kind.phrase), state: Self.state(s, today, kit))
                }
                return kit.page(context.words(.mySelectionsTitle), "", kit.rows(rows, none: .governanceNone))
            })
        open(list, table)
        let mine = Room<SelectionView>(
            page: "/my/selections/:id", access: .signedIn,
            load: { _, context in try await mySelection(context.id("id"), context.actor) },
            title: { view, _ in view.selection.title }, main: { Self.mine($0, Kit($2, $1)) })
        open(mine, table)
        write("/my/selections/:id", .signedIn, mine, table) { sent, context in
            let id = try context.id("id", SelectionTag.self)
            _ = try await mySelection(id, context.actor)
            switch sent["way"] {
            case "stand":
                try await desk.stand(
                    in: id, building: try sent.optionalID("building"), words: sent["words"], by: context.actor)
            case "withdraw": try await desk.withdraw(from: id, by: context.actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Href("/my/selections/", id.text)
        }
    }

    private struct AnnounceAsked: Asked {
        let area: AreaID
        let organisation: OrganisationID
        let kind: AppointmentKind
        let title: String
        let words: String
        let seats: Int64
        let from: Day
        let to: Day
        let buildings: [AreaID]
        private static let ids = Shape<AreaID>.id().list(1...50)
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id())
            buildings =
                try ask.body.optional("buildings", Self.ids, "For leaders of several buildings of the estate.") ?? []
            organisation = try ask.body("organisation", .id(), "Who appoints.")
            kind = try ask.body("kind", GovernanceShapes.appointmentKind)
            title = try ask.body.typed("title", 1...60)
            words = try ask.body.typed("words", 1...1000)
            seats = try ask.body("seats", .whole(1...50), "With `buildings`, of each.")
            from = try ask.body("from", .day, "The first day of the notice.")
            to = try ask.body("to", .day)
        }
    }
    private struct PutUpAsked: Asked {
        let id: ID<SelectionTag>
        let person: PersonAsked
        let building: AreaID?
        let words: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            person = try PersonAsked(ask)
            building = try ask.body.optional("building", .id(), "Where it is for several buildings.")
            words = try ask.body.typed("words", 1...400)
        }
    }
    private struct DecideAsked: Asked {
        let id: ID<SelectionTag>
        let elected: [PersonID]
        let result: String
        let from: Day
        let to: Day
        let seen: Seen
        private static let people = Shape<PersonID>.id().list(1...200)
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            elected = try ask.body("elected", Self.people)
            result = try ask.body.typed("result", 1...400)
            from = try ask.body("from", .day, "The first day of their letters.")
            to = try ask.body("to", .day)
            seen = try Seen(ask)
        }
    }
    private struct StandAsked: Asked {
        let id: ID<SelectionTag>
        let building: AreaID?
        let words: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            building = try ask.body.optional("building", .id(), "Where it is for several in which one has a home.")
            words = try ask.body.typed("words", 1...400)
        }
    }

    private func selectionAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/selections", .verb(.governanceRead), .list("Open selections, the newest first."),
            ListAsked.self, GovernanceShapes.selection.slices
        ) { asked, call in .ok(try await selections(Part(asked.paging), call.actor).list.slice { $0 }) }
        table.post(
            "/api/v1/selections", .verb(.governanceEdit),
            .act("Puts up the notice of a selection.", [.membersOnly, .wrongLevel, .endsBeforeItBegins]),
            AnnounceAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.announce(
                Selection(
                    id: world.id(), area: asked.area, organisation: asked.organisation, kind: asked.kind,
                    title: asked.title, words: asked.words,
                    seats: asked.seats * Int64(max(1, Set(asked.buildings).count)), from: asked.from, to: asked.to,
                    result: "", status: .announced, version: 1), buildings: asked.buildings, by: call.actor)
            return .made(Made(id.text), at: "/api/v1/selections/\(id.text)")
        }
        table.get(
            "/api/v1/selections/:id", .verb(.governanceRead), .one("One selection with its candidates."),
            OneAsked<SelectionTag>.self, GovernanceShapes.selectionDetail
        ) { asked, call in
            let view = try await selection(asked.id, call.actor)
            return .ok(view, version: view.selection.version)
        }
        table.post(
            "/api/v1/selections/:id/candidates", .verb(.governanceEdit),
            .act("Puts somebody up.", [.selectionClosed, .candidateTwice]), PutUpAsked.self, .nothing
        ) { asked, call in
            try await desk.putUp(
                try named(asked.person), words: asked.words, in: asked.id, building: asked.building, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/selections/:id/decision", .verb(.governanceEdit),
            .act(
                "The result, after the notice has ended: who is chosen is appointed by a letter.",
                [.selectionOpen, .selectionClosed, .notElected, .tooManyElected], matches: true), DecideAsked.self,
            .nothing
        ) { asked, call in
            try await call.on(asked.seen) {
                try await desk.decide(
                    asked.id, chosen: asked.elected, result: asked.result, from: asked.from, to: asked.to, was: $0,
                    by: call.actor)
            }
        }
        table.post(
            "/api/v1/selections/:id/cancellation", .verb(.governanceEdit),
            .act("Takes the notice down.", [.selectionClosed], matches: true), WhyAsked<SelectionTag>.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) {
                try await desk.cancel(asked.id, words: asked.why, was: $0, by: call.actor)
            }
        }
    }

    private func residentSelectionAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/my/selections", .signedIn, .list("The selections where one lives."), Nothing.self,
            GovernanceShapes.selection.slices
        ) { _, call in .ok(Slice(try await selections(for: call.actor))) }
        table.get(
            "/api/v1/my/selections/:id", .signedIn, .one("One selection where one lives, with one's own part."),
            OneAsked<SelectionTag>.self, GovernanceShapes.ownSelection
        ) { asked, call in .ok(try await mySelection(asked.id, call.actor)) }
        table.post(
            "/api/v1/my/selections/:id/candidacy", .signedIn,
            .act("Stands oneself.", [.selectionClosed, .candidateTwice, .notYourBuilding]), StandAsked.self, .nothing
        ) { asked, call in
            try await desk.stand(in: asked.id, building: asked.building, words: asked.words, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/my/selections/:id/withdrawal", .signedIn, .act("Stands no longer.", [.selectionClosed]),
            OneAsked<SelectionTag>.self, .nothing
        ) { asked, call in
            try await desk.withdraw(from: asked.id, by: call.actor)
            return .done
        }
    }

    /// The selections at or above the homes of somebody.
    private func selections(for actor: Actor) async throws -> [Selection] {
        try await database.read { try SelectionStore.of(actor.homes.flatMap(\.path.ids), $0) }
    }

    /// What a resident of the place sees: the notice, the result with the names of those chosen, and their own part.
    private func mySelection(_ id: ID<SelectionTag>, _ actor: Actor) async throws -> SelectionView {
        let (person, today) = (try person(actor), today)
        return try await database.read { transaction in
            let (found, area) = try GovernanceDesk.selection(forResident: id, actor, transaction)
            let all = try SelectionStore.candidates(of: id, transaction)
            let shown = all.filter { $0.status == .chosen }
            var names = try DirectoryStore.names(of: shown.map(\.person), transaction)
            for (other, name) in names where try other != person && !showsName(other, transaction) {
                names[other] = "\(name.prefix(1))**"
            }
            var view = SelectionView(
                selection: found, area: area, candidates: shown, people: names, mayEdit: false, today: today)
            view.mine = all.first { $0.person == person }
            view.seats = try Self.seats(of: found, transaction)
            view.own = view.seats.map(\.area).filter { area in
                actor.homes.contains { $0.path.ids.contains(area) }
            }
            return view
        }
    }

    private func selections(_ part: Part, _ actor: Actor) async throws -> SelectionList {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        let today = today
        return try await database.read { transaction in
            let mayParty = actor.may(.partyRead)
            let found = try SelectionStore.list(
                scope, party: mayParty ? try actor.scope(.partyRead) : nil, before: part.cursor,
                limit: part.limit + 1, transaction)
            return SelectionList(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                places: try offer.places(5...7, limit: 600, transaction),
                bodies: try offer.bodies(in: scope, transaction),
                mayParty: mayParty, today: today)
        }
    }

    private static func seats(
        of selection: Selection, _ transaction: any ReadTransaction
    ) throws -> [(area: AreaID, name: String, seats: Int64)] {
        let found = try SelectionStore.seats(of: selection.id, transaction)
        let areas = try DirectoryStore.areas(found.map(\.area), transaction)
        return found.map { (area: $0.area, name: areas[$0.area]?.name ?? "", seats: $0.seats) }
    }

    private func selection(_ id: ID<SelectionTag>, _ actor: Actor) async throws -> SelectionView {
        let today = today
        let (view, post) = try await database.read { transaction in
            let (found, area, post) = try GovernanceDesk.selection(id, .governanceRead, actor, transaction)
            let candidates = try SelectionStore.candidates(of: id, transaction)
            return (
                SelectionView(
                    selection: found, area: area, candidates: candidates,
                    people: try DirectoryStore.names(of: candidates.map(\.person), transaction),
                    mayEdit: actor.may(.governanceEdit, at: area.path), today: today,
                    seats: try Self.seats(of: found, transaction)),
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
                kit.checks("add", "building", .selectionBuildings, list.buildings),
                kit.pair(
                    kit.text("add", "seats", .selectionSeats, value: "1", most: 2, numeric: true),
                    kit.day("add", "from", .governanceFrom, value: list.today),
                    kit.day("add", "to", .governanceTo, value: list.today.adding(6))))
        return kit.page(
            words(.selectionsTitle), "", kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/selections"), kit.context),
            ExportLinks.make("selections", kit.context), add)
    }

    private static func main(_ view: SelectionView, _ kit: Kit) -> HTML {
        let words = kit.words
        let s = view.selection
        let here = Href("/desk/selections/", s.id.text)
        let candidates = view.candidates.map { c -> HTML in
            kit.row(
                view.people[c.person] ?? "", "\(c.words)", tag: view.building(of: c),
                state: kit.state(c.status == .chosen ? .ok : .plain, c.status.phrase))
        }
        let version = [("version", String(s.version))]
        let options = view.candidates.filter { $0.status == .stands }
            .map { one -> (value: String, label: String) in
                let building = view.building(of: one)
                let name = view.people[one.person] ?? ""
                return (value: one.person.text, label: building.isEmpty ? name : "\(building) \(name)")
            }
        var forms = HTML.empty
        if view.mayEdit, s.status == .announced {
            if s.isOpen(on: view.today) {
                forms += kit.form(
                    "putUp", here, .candidateAdd, primary: view.today <= s.to, kit.person("putUp"),
                    buildings("putUp", view, view.seats.map(\.area), kit),
                    kit.long("putUp", "words", .candidateWords))
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
                "cancel", here, .selectionCancel, hidden: version, primary: false,
                kit.text("cancel", "why", .governanceWhy, most: 200))
        }
        return kit.page(
            s.title, words(s.kind.phrase), state(s, view.today, kit), notice(view, kit),
            results(view, isStaff: true, kit),
            kit.section(
                .candidatesTitle,
                kit.rows(candidates, none: .governanceNone)
                    + (s.reveals ? .empty : ExportLinks.inside("selection-candidates", s.id.text, kit.context))), forms)
    }

    /// The choice of a building, where it is for several.
    private static func buildings(_ way: String, _ view: SelectionView, _ areas: [AreaID], _ kit: Kit) -> HTML {
        guard !view.seats.isEmpty else { return .empty }
        return kit.select(
            way, "building", .candidateBuilding,
            view.seats.filter { areas.contains($0.area) }.map { (value: $0.area.text, label: $0.name) })
    }

    /// Who was chosen for each building.
    private static func results(_ view: SelectionView, isStaff: Bool, _ kit: Kit) -> HTML {
        guard !view.seats.isEmpty, view.selection.status == .decided else { return .empty }
        let rows = view.seats.map { seat -> HTML in
            let names = view.chosen(seat.area)
            return kit.row(
                seat.name, "\(names.isEmpty ? kit.words(.selectionNobody) : kit.words.list(names))",
                tag: String(seat.seats))
        }
        let file: HTML =
            !isStaff || view.selection.reveals
            ? .empty : ExportLinks.inside("selection-buildings", view.selection.id.text, kit.context)
        return kit.section(.selectionBuildingChosen, kit.rows(rows, none: .governanceNone) + file)
    }

    private static func notice(_ view: SelectionView, _ kit: Kit) -> HTML {
        let s = view.selection
        return kit.facts([
            (.appointmentPlace, "\(view.area.name)"), (.selectionWords, "\(s.words)"),
            (.selectionSeats, "<span class=num>\(s.seats)</span>"),
            (
                .selectionBuildingSeats,
                "\(kit.words.list(view.seats.map { kit.words(.selectionPerBuilding, $0.name, String($0.seats)) }))"
            ),
            (.appointmentTerm, "\(kit.days(s.from, s.to))"),
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
        } else if s.isOpen(on: view.today), view.seats.isEmpty || !view.own.isEmpty {
            form = kit.form(
                "stand", here, .candidateStand, buildings("stand", view, view.own, kit),
                kit.long("stand", "words", .candidateWords))
        }
        let mine: HTML = view.mine.map { kit.state($0.status == .chosen ? .ok : .plain, $0.status.phrase) } ?? .empty
        return kit.page(
            s.title, kit.words(s.kind.phrase), state(s, view.today, kit) + mine, notice(view, kit),
            results(view, isStaff: false, kit),
            chosen.isEmpty || !view.seats.isEmpty
                ? .empty : kit.section(.candidatesChosen, kit.rows(chosen, none: .governanceNone)), form)
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

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// Stewards and grid officers of a scope with their lines and appraisals.
struct StewardView: Sendable {
    struct Row: Sendable {
        let person: PersonID
        let posts: [HeldPost]
        let lines: [ReportingLine]
        let appraisals: [Appraisal]
    }
    /// The line that is being set, with those who may be its superior: the first of them by name.
    struct Edited: Sendable {
        let person: PersonID
        let party: Party
        let named: String
        let superiors: [(value: String, label: String)]
        let hasMore: Bool
    }
    let rows: [Row]
    let people: [PersonID: String]
    var edited: Edited?
    let mayEdit: Bool
    let me: PersonID?
    /// The person after whom the page goes on, and the one after whom it began.
    let next: PersonID?
    let cursor: String

    /// This page, with a line open or none.
    func here(_ edited: (PersonID, Party)? = nil) -> Href {
        Href(
            "/desk/stewards",
            query: [
                ("cursor", cursor), ("line", edited?.0.text ?? ""),
                ("party", edited.map { GovernanceHouse.code($0.1) } ?? ""),
            ])
    }
}

extension GovernanceShapes {
    struct LineRow: Sendable {
        let line: ReportingLine
        let superior: String?
    }
    static let line = Shape<LineRow>.object("ReportingLine") {
        Member("party", DirectoryShapes.party) { $0.line.party }
        Member("superior", name) { $0.superior }
        Member("superior_person", .id()) { $0.line.superior }
        Member("version", .whole) { $0.line.version }
    }
    static let appraisal = Shape<Appraisal>.object("Appraisal") {
        Member("party", DirectoryShapes.party) { $0.party }
        Member("quarter", .words, "Such as 2026-Q1.") { $0.quarter }
        Member("score", .whole) { $0.score }
        Member("words", .words) { $0.words }
    }
    struct StewardRow: Sendable {
        let row: StewardView.Row
        let people: [PersonID: String]
    }
    static let steward = Shape<StewardRow>.object("Steward") {
        Member("person", .id()) { $0.row.person }
        Member("name", name) { $0.people[$0.row.person] }
        Member("roles", DirectoryShapes.role.list()) { $0.row.posts.map(\.role) }
        Member("lines", line.list()) { one in
            one.row.lines.map { LineRow(line: $0, superior: one.people[$0.superior]) }
        }
        Member("appraisals", appraisal.list(), "The latest first.") { $0.row.appraisals }
    }
}

extension GovernanceHouse {
    func stewardRoutes(_ table: RouteTable) {
        let room = Room<StewardView>(
            page: "/desk/stewards", access: .verb(.governanceRead),
            load: { request, context in
                var view = try await stewards(Part(request), cursor: request.asked("cursor"), context.actor)
                if view.mayEdit, let person = PersonID(text: request.asked("line")) {
                    view.edited = try await edited(
                        person, Self.party(request.asked("party")), named: request.asked("named"), context.actor)
                }
                return view
            },
            title: { $1.words(.stewardsTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(room, table)
        write("/desk/stewards", .verb(.governanceRead), room, table) { sent, context in
            let person = try sent.id("person", PersonTag.self)
            let party = Self.party(sent["party"])
            if sent["way"].hasPrefix("appraise") {
                try await desk.appraise(
                    Appraisal(
                        person: person, party: party, quarter: sent["quarter"],
                        score: try sent.number("score", 0...100),
                        words: sent["words"]), by: context.actor)
            } else if sent["way"].hasPrefix("line") {
                try await desk.setLine(
                    ReportingLine(person: person, party: party, superior: try sent.id("superior"), version: 1),
                    was: try sent.number("version", 0...Int64.max >> 1), by: context.actor)
            } else {
                throw GovernanceRefusal.badChoice("way")
            }
            return Href("/desk/stewards", query: [("cursor", sent["cursor"])])
        }
        stewardAPI(table)
    }

    fileprivate static func party(_ code: String) -> Party { code == "property" ? .property : .community }
    fileprivate static func code(_ party: Party) -> String { party == .property ? "property" : "community" }

    private struct LineAsked: Asked {
        let line: ReportingLine
        let version: Int64
        init(_ ask: Ask) throws {
            line = ReportingLine(
                person: try ask.path("id", .id()), party: try ask.body("party", GovernanceShapes.side),
                superior: try ask.body("superior", .id(), "A person with a post on that side."), version: 1)
            version = try ask.body("version", Seen.versions, "The edition that was read; 0 for none.")
        }
    }
    private struct AppraiseAsked: Asked {
        let appraisal: Appraisal
        init(_ ask: Ask) throws {
            appraisal = Appraisal(
                person: try ask.path("id", .id()), party: try ask.body("party", GovernanceShapes.side),
                quarter: try ask.body("quarter", .text(1...7), "Such as 2026-Q1."),
                score: try ask.body("score", .whole(0...100)), words: try ask.body.typed("words", 1...400))
        }
    }

    private func stewardAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/stewards", .verb(.governanceRead),
            .list("Stewards and grid officers with their lines and appraisals."), ListAsked.self,
            GovernanceShapes.steward.slices
        ) { asked, call in
            let view = try await stewards(Part(asked.paging), cursor: "", call.actor)
            return .ok(
                Slice(
                    view.rows.map { GovernanceShapes.StewardRow(row: $0, people: view.people) }, next: view.next?.text))
        }
        table.post(
            "/api/v1/stewards/:id/line", .verb(.governanceRead),
            .act("Says to whom a person reports on a side.", [.sameSuperior, .badChoice(""), .changedMeanwhile]),
            LineAsked.self, .nothing
        ) { asked, call in
            try await desk.setLine(asked.line, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/stewards/:id/appraisals", .verb(.governanceRead),
            .act("Appraises a person for a quarter, by the superior of the line.", [.notSuperior, .appraisedTwice]),
            AppraiseAsked.self, .nothing
        ) { asked, call in
            try await desk.appraise(asked.appraisal, by: call.actor)
            return .done
        }
    }

    private func stewards(_ part: Part, cursor: String, _ actor: Actor) async throws -> StewardView {
        let scope = try actor.scope(.governanceRead)
        let today = today
        return try await database.read { transaction in
            try Self.stewards(
                scope, after: part.cursor.map { PersonID($0) }, limit: part.limit, cursor: cursor, on: today, actor,
                transaction)
        }
    }

    /// Some of the stewards and grid officers of a scope, in the order of their ids.
    static func stewards(
        _ scope: Scope, after: PersonID?, limit: Int, cursor: String = "", on today: Day, _ actor: Actor,
        _ transaction: any ReadTransaction
    ) throws -> StewardView {
        let found = try HeldPostStore.people(
            in: scope, roles: [.steward, .grid], on: today, after: after, limit: limit + 1, transaction)
        let people = Array(found.prefix(limit))
        let posts = try HeldPostStore.posts(of: people, in: scope, on: today, transaction)
        let lines = try LineStore.lines(of: people, transaction)
        // Score and words are between somebody and the superior of that line, and those above who keep the lines.
        let appraisals = try LineStore.appraisals(of: people, transaction).filter { given in
            actor.may(.governanceEdit) || given.person == actor.person
                || lines.contains {
                    $0.person == given.person && $0.party == given.party && $0.superior == actor.person
                }
        }
        let (held, led, given) = (
            Dictionary(grouping: posts, by: \.person), Dictionary(grouping: lines, by: \.person),
            Dictionary(grouping: appraisals, by: \.person)
        )
        return StewardView(
            rows: people.map { person in
                StewardView.Row(
                    person: person, posts: held[person] ?? [], lines: led[person] ?? [],
                    appraisals: given[person] ?? [])
            }, people: try DirectoryStore.names(of: people + lines.map(\.superior), transaction),
            mayEdit: actor.may(.governanceEdit), me: actor.person, next: found.count > limit ? people.last : nil,
            cursor: cursor)
    }

    private static let superiorsShown = 50

    /// Who may be the superior of a line: those who hold a post of that side where the person has theirs, or above.
    private func edited(
        _ person: PersonID, _ party: Party, named: String, _ actor: Actor
    ) async throws -> StewardView.Edited? {
        let scope = try actor.scope(.governanceEdit)
        let today = today
        let named = String(FormFields.trimmed(named).prefix(40))
        return try await database.read { transaction in
            let own = try HeldPostStore.posts(of: [person], in: scope, on: today, transaction)
            guard let post = own.first(where: { $0.party == party && [.steward, .grid, .desk].contains($0.role) })
            else { return nil }
            let found = try HeldPostStore.people(
                at: post.path.ids, of: party, in: scope, named: named, on: today, limit: Self.superiorsShown + 2,
                transaction
            ).filter { $0.person != person }
            return StewardView.Edited(
                person: person, party: party, named: named,
                superiors: found.prefix(Self.superiorsShown).map { ($0.person.text, $0.name) },
                hasMore: found.count > Self.superiorsShown)
        }
    }

    /// The form of the one line that is open; a way to open it for the others.
    private static func lineForm(
        _ row: StewardView.Row, _ party: Party, _ view: StewardView, _ kit: Kit
    ) -> HTML {
        guard view.mayEdit else { return .empty }
        let line = row.lines.first { $0.party == party }
        let way = "line-\(code(party))-\(row.person.text)"
        let here = view.here((row.person, party))
        guard let edited = view.edited, edited.person == row.person, edited.party == party else {
            return "<a class=\"btn no-print\" href=\"\(here)\">\(kit.words(.lineSet))</a>"
        }
        // The one who stands there now remains to be chosen, wherever their name is.
        var choices = edited.superiors
        if let line, !choices.contains(where: { $0.value == line.superior.text }) {
            choices.insert((line.superior.text, view.people[line.superior] ?? ""), at: 0)
        }
        let search: HTML =
            !edited.hasMore && edited.named.isEmpty
            ? .empty
            : """
            <form class="inline" method="get" action="/desk/stewards"><input type=hidden name=cursor value="\(
                view.cursor)"><input type=hidden name=line value="\(row.person.text)"><input type=hidden name=party \
            value="\(code(party))"><label class="field">\(kit.words(.lineNamed))<input class="in" name=named \
            maxlength=40 value="\(edited.named)"></label><button class="btn">\(kit.words(.lineFind))</button></form>
            """
        return search
            + kit.form(
                way, here, .lineSet,
                hidden: [
                    ("person", row.person.text), ("party", code(party)), ("version", String(line?.version ?? 0)),
                    ("cursor", view.cursor),
                ], kit.select(way, "superior", .lineSuperior, choices, value: line?.superior.text ?? ""))
    }

    private static func main(_ view: StewardView, _ kit: Kit) -> HTML {
        let words = kit.words
        let sections = view.rows.map { row -> HTML in
            let posts = row.posts.map { "\($0.organisationName) \(words($0.role.phrase))" }.joined(separator: " · ")
            let isBoth = row.posts.contains { $0.party == .property } && row.posts.contains { $0.party == .community }
            let parties = [Party.community, .property].filter { party in row.posts.contains { $0.party == party } }
            let lines = parties.map { party -> HTML in
                let line = row.lines.first { $0.party == party }
                let way = "\(code(party))-\(row.person.text)"
                let hidden = [("person", row.person.text), ("party", code(party)), ("cursor", view.cursor)]
                let appraise: HTML =
                    line?.superior == view.me && view.me != nil
                    ? kit.form(
                        "appraise-\(way)", view.here(), .appraisalAdd, hidden: hidden,
                        kit.pair(
                            kit.text("appraise-\(way)", "quarter", .appraisalQuarter, most: 7),
                            kit.text("appraise-\(way)", "score", .appraisalScore, most: 3, numeric: true)),
                        kit.long("appraise-\(way)", "words", .noticeWords)) : .empty
                let given = row.appraisals.filter { $0.party == party }.map {
                    words(.appraisalGiven, $0.quarter, String($0.score), $0.words)
                }.joined(separator: " · ")
                let superior = line.flatMap { view.people[$0.superior] } ?? words(.lineNone)
                return kit.row(
                    words(party == .property ? .stewardLineProperty : .stewardLineCommunity), "\(given)", tag: superior,
                    end: lineForm(row, party, view, kit) + appraise)
            }
            let both: HTML = isBoth ? kit.state(.ok, .stewardBoth) : .empty
            return """
                <section class="stack-s"><h2>\(view.people[row.person] ?? "") \(both)</h2><p class="small soft">\(posts)</p>\
                <ul class="card rows">\(HTML.joined(lines))</ul></section>
                """
        }
        return kit.page(
            words(.stewardsTitle), "",
            sections.isEmpty ? "<p class=\"card soft\">\(words(.governanceNone))</p>" : HTML.joined(sections),
            view.next.map { next in
                """
                <p class="no-print"><a class="btn" href="\(Href("/desk/stewards", query: [("cursor", next.text)]))">\
                \(words(.governanceMore))</a></p>
                """
            } ?? .empty, ExportLinks.make("stewards", kit.context))
    }
}

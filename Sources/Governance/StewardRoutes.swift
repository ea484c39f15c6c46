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
    let rows: [Row]
    let people: [PersonID: String]
    let superiors: [(value: String, label: String)]
    let mayEdit: Bool
    let me: PersonID?
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
            load: { _, context in try await stewards(context.actor) },
            title: { $1.words(.stewardsTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(room, table)
        write("/desk/stewards", .verb(.governanceRead), room, table) { sent, context in
            let person = try sent.id("person", PersonTag.self)
            let party: Party = sent["party"] == "property" ? .property : .community
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
            return Href("/desk/stewards")
        }
        stewardAPI(table)
    }

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
            .list("Stewards and grid officers with their lines and appraisals."), Nothing.self,
            GovernanceShapes.steward.slices
        ) { _, call in
            let view = try await stewards(call.actor)
            return .ok(Slice(view.rows.map { GovernanceShapes.StewardRow(row: $0, people: view.people) }))
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

    private func stewards(_ actor: Actor) async throws -> StewardView {
        let scope = try actor.scope(.governanceRead)
        let today = today
        return try await database.read { transaction in
            let posts = try HeldPostStore.posts(in: scope, on: today, transaction).filter { !$0.reveals }
            let people = Set(posts.filter { $0.role == .steward || $0.role == .grid }.map(\.person)).sorted()
            let lines = try LineStore.lines(of: people, transaction)
            // Score and words are between somebody and the superior of that line, and those above who keep the lines.
            let appraisals = try LineStore.appraisals(of: people, transaction).filter { given in
                actor.may(.governanceEdit) || given.person == actor.person
                    || lines.contains {
                        $0.person == given.person && $0.party == given.party && $0.superior == actor.person
                    }
            }
            let names = try DirectoryStore.names(of: posts.map(\.person) + lines.map(\.superior), transaction)
            return StewardView(
                rows: people.map { person in
                    StewardView.Row(
                        person: person, posts: posts.filter { $0.person == person },
                        lines: lines.filter { $0.person == person },
                        appraisals: appraisals.filter { $0.person == person })
                },
                people: names,
                superiors: Set(posts.map(\.person)).sorted().map { ($0.text, names[$0] ?? "") },
                mayEdit: actor.may(.governanceEdit), me: actor.person)
        }
    }

    private static func main(_ view: StewardView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/stewards")
        let sections = view.rows.map { row -> HTML in
            let posts = row.posts.map { "\($0.organisationName) \(words($0.role.phrase))" }.joined(separator: " · ")
            let isBoth = row.posts.contains { $0.party == .property } && row.posts.contains { $0.party == .community }
            let parties = [Party.community, .property].filter { party in row.posts.contains { $0.party == party } }
            let lines = parties.map { party -> HTML in
                let line = row.lines.first { $0.party == party }
                let code = party == .property ? "property" : "community"
                let way = "\(code)-\(row.person.text)"
                let hidden = [("person", row.person.text), ("party", code), ("version", String(line?.version ?? 0))]
                let set: HTML =
                    view.mayEdit
                    ? kit.form(
                        "line-\(way)", here, .lineSet, hidden: hidden,
                        kit.select(
                            "line-\(way)", "superior", .lineSuperior,
                            view.superiors.filter { $0.value != row.person.text },
                            value: line?.superior.text ?? "")) : .empty
                let appraise: HTML =
                    line?.superior == view.me && view.me != nil
                    ? kit.form(
                        "appraise-\(way)", here, .appraisalAdd, hidden: hidden,
                        kit.pair(
                            kit.text("appraise-\(way)", "quarter", .appraisalQuarter, most: 7),
                            kit.text("appraise-\(way)", "score", .appraisalScore, most: 3, numeric: true)),
                        kit.long("appraise-\(way)", "words", .noticeWords)) : .empty
                let given = row.appraisals.filter { $0.party == party }.map {
                    words(.appraisalGiven, $0.quarter, String($0.score), $0.words)
                }.joined(separator: " · ")
                let superior = line.flatMap { view.people[$0.superior] } ?? words(.lineNone)
                return kit.row(
                    words(party == .property ? .stewardLineProperty : .stewardLineCommunity), given, tag: superior,
                    end: set + appraise)
            }
            let both: HTML = isBoth ? kit.state(.ok, .stewardBoth) : .empty
            return """
                <section class="stack-s"><h2>\(view.people[row.person] ?? "") \(both)</h2><p class="small soft">\(posts)</p>\
                <ul class="card rows">\(HTML.joined(lines))</ul></section>
                """
        }
        return kit.page(
            words(.stewardsTitle), "",
            sections.isEmpty ? "<p class=\"card soft\">\(words(.governanceNone))</p>" : HTML.joined(sections))
    }
}

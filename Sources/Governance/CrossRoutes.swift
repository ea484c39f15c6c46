import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension GovernanceShapes {
    static let holding = Shape<Holding>.object("Holding") {
        Member("organisation", .words, "By name.") { $0.organisationName }
        Member("role", DirectoryShapes.role.orNull, "Of a post.") { $0.role }
        Member("appointment", appointmentKind.orNull, "Of a letter.") { $0.appointment }
    }
    struct CrossRow: Sendable {
        let found: CrossRules.Found
        let name: String?
    }
    static let crossRow = Shape<CrossRow>.object("CrossPost") {
        Member("person", .id()) { $0.found.person }
        Member("name", name) { $0.name }
        Member("finding", Shape<CrossFinding>.choice(CrossFinding.allCases) { $0.code }) { $0.found.finding }
        Member("conflict", .flag) { $0.found.finding.isConflict }
        Member("holdings", holding.list()) { [$0.found.first, $0.found.second] }
    }
    static let covered = Shape<CoverList.Row>.object("CoveredEstate") {
        Member("area", .id()) { $0.area.id }
        Member("name", .words) { $0.area.name }
        Member("covered", .flag, "Somebody serves it for the company and for the community.") { $0.isCovered }
    }
    static let coverage = Shape<CoverList>.object("CrossCoverage") {
        Member("estates", .whole, "Of the whole scope.") { Int64($0.estates) }
        Member("covered", .whole, "Of them.") { Int64($0.covered) }
        Member("items", covered.list()) { $0.rows }
        Member("next_cursor", Shape<String>.words.orNull, "Where the next page begins; null on the last.") {
            $0.next?.text
        }
    }
}

/// The page: some findings, some estates.
struct CrossView: Sendable {
    let list: CrossList
    let cover: CoverList
    let conflicts: Bool
    let cursor: String
    let estates: String
}

extension GovernanceHouse {
    private struct CrossAsked: Asked {
        let conflicts: Bool
        let paging: Paging
        init(_ ask: Ask) throws {
            conflicts = try ask.query.optional("conflicts", .flag, "Only those that conflict.") ?? false
            paging = try Paging(ask)
        }
    }

    func crossRoutes(_ table: RouteTable) {
        let room = Room<CrossView>(
            page: "/desk/cross-posts", access: .verb(.governanceRead),
            load: { request, context in
                let (cursor, estates) = (request.asked("cursor"), request.asked("estates"))
                let conflicts = request.asked("conflicts") == "1"
                let part = try Part(request)
                let after = AreaID(text: estates)
                guard after != nil || estates.isEmpty else { throw GovernanceRefusal.badChoice("estates") }
                let scope = try context.actor.scope(.governanceRead)
                let today = today
                return try await database.read { transaction in
                    CrossView(
                        list: try GovernanceDesk.crossPosts(
                            scope, conflicts: conflicts, after: part.cursor.map { PersonID($0) }, limit: part.limit,
                            on: today, transaction),
                        cover: try GovernanceDesk.coverage(
                            scope, after: after, limit: part.limit, on: today, transaction),
                        conflicts: conflicts, cursor: cursor, estates: estates)
                }
            }, title: { $1.words(.crossTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(room, table)
        table.get(
            "/api/v1/cross-posts", .verb(.governanceRead),
            .list(
                "Who holds posts on more than one side, and which of them conflict. All findings of a person stand on one "
                    + "page, so that it may hold a few more than asked."), CrossAsked.self,
            GovernanceShapes.crossRow.slices
        ) { asked, call in
            let (scope, today) = (try call.actor.scope(.governanceRead), today)
            let after: PersonID? = try asked.paging.id()
            let list = try await database.read {
                try GovernanceDesk.crossPosts(
                    scope, conflicts: asked.conflicts, after: after, limit: asked.paging.limit, on: today, $0)
            }
            return .ok(
                Slice(
                    list.found.map { GovernanceShapes.CrossRow(found: $0, name: list.people[$0.person]) },
                    next: list.next?.text))
        }
        table.get(
            "/api/v1/cross-posts/estates", .verb(.governanceRead),
            API(
                .governance, "Which estates somebody serves for the company and for the community at once.",
                refuses: [GovernanceRefusal.badChoice("")]), ListAsked.self, GovernanceShapes.coverage
        ) { asked, call in
            let (scope, today) = (try call.actor.scope(.governanceRead), today)
            let after: AreaID? = try asked.paging.id()
            return .ok(
                try await database.read {
                    try GovernanceDesk.coverage(scope, after: after, limit: asked.paging.limit, on: today, $0)
                })
        }
    }

    static func words(_ holding: Holding, _ words: Words) -> String {
        let what = holding.role.map { words($0.phrase) } ?? holding.appointment.map { words($0.phrase) } ?? ""
        return "\(holding.organisationName) \(what)"
    }

    private static func main(_ view: CrossView, _ kit: Kit) -> HTML {
        let words = kit.words
        let only = view.conflicts ? "1" : ""
        let rows = view.list.found.map { found in
            kit.row(
                view.list.people[found.person] ?? "",
                "\(Self.words(found.first, words)) · \(Self.words(found.second, words))",
                state: kit.state(found.finding.isConflict ? .late : .ok, found.finding.phrase))
        }
        let estates = view.cover.rows.map { row in
            kit.row(
                row.area.name, "",
                state: row.isCovered ? kit.state(.ok, .crossCovered) : kit.state(.wait, .crossUncovered))
        }
        func more(_ cursor: String?, _ estates: String?) -> HTML {
            guard cursor != nil || estates != nil else { return .empty }
            let to = Href(
                "/desk/cross-posts",
                query: [
                    ("conflicts", only), ("cursor", cursor ?? view.cursor), ("estates", estates ?? view.estates),
                ])
            return "<p class=\"no-print\"><a class=\"btn\" href=\"\(to)\">\(words(.governanceMore))</a></p>"
        }
        let filter = Href("/desk/cross-posts", query: [("conflicts", view.conflicts ? "" : "1")])
        return kit.page(
            words(.crossTitle), "",
            """
            <p class="no-print"><a class="btn" href="\(filter)">\(
                words(view.conflicts ? .crossAll : .crossOnlyConflicts))</a></p>
            """, kit.rows(rows, none: .crossNone), more(view.list.next?.text, nil),
            ExportLinks.make("cross-posts", kit.context),
            kit.section(
                .crossCoverage,
                "<p>\(words(.crossShare, String(view.cover.covered), String(view.cover.estates)))</p>"
                    + kit.rows(estates, none: .governanceNone) + more(nil, view.cover.next?.text)
                    + ExportLinks.make("cross-estates", kit.context)))
    }
}

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
    struct Covered: Sendable {
        let area: Area
        let isCovered: Bool
    }
    static let covered = Shape<Covered>.object("CoveredEstate") {
        Member("area", .id()) { $0.area.id }
        Member("name", .words) { $0.area.name }
        Member("covered", .flag, "Somebody serves it for the company and for the community.") { $0.isCovered }
    }
    static let cross = Shape<CrossView>.object("CrossPosts") {
        Member("items", crossRow.list()) { view in
            view.found.map { CrossRow(found: $0, name: view.people[$0.person]) }
        }
        Member("estates", covered.list()) { view in
            view.estates.map { Covered(area: $0, isCovered: view.covered.contains($0.path)) }
        }
    }
}

extension GovernanceHouse {
    func crossRoutes(_ table: RouteTable) {
        let room = Room<CrossView>(
            page: "/desk/cross-posts", access: .verb(.governanceRead),
            load: { _, context in try await crossPosts(context.actor) }, title: { $1.words(.crossTitle) },
            main: { Self.main($0, Kit($2, $1)) })
        open(room, table)
        table.get(
            "/api/v1/cross-posts", .verb(.governanceRead),
            .list("Who holds posts on more than one side, and which of them conflict."), Nothing.self,
            GovernanceShapes.cross
        ) { _, call in .ok(try await crossPosts(call.actor)) }
    }

    private func crossPosts(_ actor: Actor) async throws -> CrossView {
        let scope = try actor.scope(.governanceRead)
        let today = today
        return try await database.read { try GovernanceDesk.crossPosts(scope, on: today, $0) }
    }

    private static func words(_ holding: Holding, _ words: Words) -> String {
        let what = holding.role.map { words($0.phrase) } ?? holding.appointment.map { words($0.phrase) } ?? ""
        return "\(holding.organisationName) \(what)"
    }

    private static func main(_ view: CrossView, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = view.found.map { found in
            kit.row(
                view.people[found.person] ?? "",
                "\(Self.words(found.first, words)) · \(Self.words(found.second, words))",
                state: kit.state(found.finding.isConflict ? .late : .ok, found.finding.phrase))
        }
        let estates = view.estates.map { estate in
            kit.row(
                estate.name, "",
                state: view.covered.contains(estate.path)
                    ? kit.state(.ok, .crossCovered) : kit.state(.wait, .crossUncovered))
        }
        return kit.page(
            words(.crossTitle), "", kit.rows(rows, none: .crossNone),
            kit.section(
                .crossCoverage,
                "<p>\(words(.crossShare, String(view.covered.count), String(view.estates.count)))</p>"
                    + kit.rows(estates, none: .governanceNone)))
    }
}

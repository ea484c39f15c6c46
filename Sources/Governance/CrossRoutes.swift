import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension GovernanceHouse {
    func crossRoutes(_ table: RouteTable) {
        let room = Room<CrossView>(
            page: "/desk/cross-posts", api: "/api/v1/cross-posts", access: .verb(.governanceRead),
            load: { _, context in
                let scope = try context.actor.scope(.governanceRead)
                let today = today
                return try await database.read { try GovernanceDesk.crossPosts(scope, on: today, $0) }
            },
            title: { $1.words(.crossTitle) }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(room, table)
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

    private static func json(_ view: CrossView) -> JSON {
        func holding(_ h: Holding) -> JSON {
            .object([
                ("organisation", .string(h.organisationName)), ("role", .optional(h.role?.code)),
                ("appointment", .optional(h.appointment?.code)),
            ])
        }
        return .object([
            (
                "items",
                .array(
                    view.found.map { found in
                        .object([
                            ("person", .string(found.person.text)), ("name", .optional(view.people[found.person])),
                            ("finding", .string(found.finding.code)), ("conflict", .bool(found.finding.isConflict)),
                            ("holdings", .array([holding(found.first), holding(found.second)])),
                        ])
                    })
            ),
            (
                "estates",
                .array(
                    view.estates.map { estate in
                        .object([
                            ("area", .string(estate.id.text)), ("name", .string(estate.name)),
                            ("covered", .bool(view.covered.contains(estate.path))),
                        ])
                    })
            ),
        ])
    }
}

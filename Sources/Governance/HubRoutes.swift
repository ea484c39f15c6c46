import Directory
import Hummingbird
import Kernel
import Web

extension GovernanceHouse {
    /// The way to everything of Governance.
    func hubRoutes(_ table: RouteTable) {
        table.get("/desk/governance", .verb(.governanceRead)) { _, context in
            let kit = Kit(context)
            var links: [(Href, Phrase)] = [
                (Href("/desk/who"), .whoTitle), (Href("/desk/bodies"), .bodiesTitle),
                (Href("/desk/appointments"), .appointmentsTitle), (Href("/desk/selections"), .selectionsTitle),
                (Href("/desk/duties"), .dutiesTitle), (Href("/desk/notices"), .noticesTitle),
                (Href("/desk/contracts"), .contractsTitle), (Href("/desk/zones"), .zonesTitle),
                (Href("/desk/links"), .linksTitle), (Href("/desk/limits"), .limitsTitle),
                (Href("/desk/regions"), .regionsTitle),
                (Href("/desk/cross-posts"), .crossTitle),
                (Href("/desk/counters"), .countersTitle), (Href("/desk/stewards"), .stewardsTitle),
                (Href("/desk/teams"), .teamsTitle),
            ]
            if context.actor.may(.vehicleEdit) { links.append((Href("/desk/vehicles"), .vehiclesTitle)) }
            let rows = links.map { kit.link($0.0, context.words($0.1), "") }
            let title = context.words(.governanceTitle)
            let main = kit.page(title, "", kit.rows(rows, none: .governanceNone))
            return directory.shown(directory.staffPage(title, main, context), nil, context)
        }
    }
}

import Cases
import Directory
import Kernel
import Messaging
import Storage
import Web

/// The front door of Transfers: matters that come from elsewhere with a number and a limit of their own, orders of the
/// city's hot line (12345) and petitions, and those that we hand to the petition office.
///
/// Each becomes a case and goes through the loop; beside the clocks of the house runs the limit that it came with. The answer
/// is what the reporter was told, goes out in a file, and the hot line's return visit comes back by the number.
package struct TransferHouse: Sendable {
    let directory: DirectoryHouse
    let cases: CasesHouse
    package let desk: TransferDesk
    package let sheet: TransferSheet

    package init(directory: DirectoryHouse, cases: CasesHouse) {
        self.directory = directory
        self.cases = cases
        desk = TransferDesk(
            database: directory.database, world: directory.world, journal: directory.journal,
            calendars: directory.calendars, secrets: directory.secrets, inbox: cases.inbox, cases: cases.actions)
        sheet = TransferSheet(desk: desk, book: cases.book)
    }

    /// Finds the callers of orders from before their number was indexed.
    package var callers: CallerWalk {
        CallerWalk(database: database, world: world, secrets: directory.secrets)
    }

    var database: any Database { directory.database }
    var world: World { directory.world }

    /// What a case's page says of where it came from.
    package static let origin: CaseOrigin.Reader = { id, transaction in
        try TransferStore.of(id, transaction).first { $0.direction == .incoming }.map {
            CaseOrigin(source: $0.source, number: $0.number, due: $0.due, answered: $0.answered, link: $0.id.text)
        }
    }

    package func routes(_ table: RouteTable) {
        pageRoutes(table)
        apiRoutes(table)
    }
}

package enum TransferNotices {
    package static let warned = Notice("transfer.warned", .noticeTransferWarned)
    package static let broken = Notice("transfer.broken", .noticeTransferBroken)
    package static let handedOver = Notice("transfer.handedOver", .noticeTransferHandedOver)
    package static let all = [warned, broken, handedOver]
}

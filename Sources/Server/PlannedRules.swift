import Cases
import Directory
import Governance
import Kernel

extension House {
    /// Does the edits of rules whose time has come, each in a transaction of its own; doing it again changes nothing.
    func applyPlanned() async throws {
        let now = world.now()
        for one in try await database.read({ try RuleBook.due(at: now, $0) }) {
            switch one.kind {
            case .calendar: try await directory.staff.applyPlanned(one)
            case .policy: try await cases.applyPlanned(one)
            case .category: try await cases.applyPlannedCategory(one)
            case .region: try await governance.desk.applyPlannedRegion(one)
            case .limit: try await governance.desk.applyPlanned(one)
            }
        }
    }
}

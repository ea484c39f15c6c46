import Cases
import Kernel

package enum TransferTag {}
package typealias TransferID = ID<TransferTag>

/// Which way it went.
package enum TransferDirection: Int64, Coded {
    /// From elsewhere to us.
    case incoming = 1
    /// From us to the petition office.
    case outgoing = 2
    package static let codes = Codes.of(Self.self)
}

package enum TransferKind: Int64, Coded {
    /// An order of the city's hot line (12345 工单).
    case hotline = 1
    /// A petition (信访件).
    case letter = 2
    package static let codes = Codes.of(Self.self)
}

/// What the hot line says it is; the house's own limit follows from it where the hot line names none.
package enum TransferGrade: Int64, Coded {
    case danger = 1
    case utility = 2
    case urgent = 3
    case general = 4
    case complex = 5
    case consultation = 6
    case letter = 7
    package static let codes = Codes.of(Self.self)
    /// Those of the hot line.
    package static let ofHotline: [TransferGrade] = [.danger, .utility, .urgent, .general, .complex, .consultation]
}

/// What the return visit found.
package enum VisitFinding: Int64, Coded {
    case unknown = 0
    case yes = 1
    case no = 2
    package static let codes = Codes.of(Self.self)
}

/// A matter that came from elsewhere with a number and a limit of its own, or went there.
package struct Transfer: Sendable {
    package let id: TransferID
    package let direction: TransferDirection
    package let kind: TransferKind
    /// Who sent it, or the office to which it went.
    package let source: String
    /// Theirs; unique within direction, kind and source.
    package let number: String
    package let area: AreaID
    package let caseID: CaseID
    package let grade: TransferGrade
    package let received: Instant
    package let due: Instant
    /// Whether the limit came with it.
    package let isGiven: Bool
    /// The limit before it was extended.
    package let firstDue: Instant?
    package let extensions: Int64
    /// Why it was extended, not accepted or handed over.
    package let reason: String
    package let informed: Instant?
    package let accepted: Instant?
    package let answered: Instant?
    package let answer: String
    /// The file in which the answer went out; 0 for none.
    package let batch: Int64
    package let visited: Instant?
    package let reached: VisitFinding
    package let solved: VisitFinding
    package let satisfied: VisitFinding
    package let version: Int64

    package enum State: String, CaseIterable, Sendable { case open, answered, visited, sent }
    package var state: State {
        if direction == .outgoing { return .sent }
        return visited != nil ? .visited : answered != nil ? .answered : .open
    }

    /// Whether its limit was missed, or is by now.
    package func isLate(at now: Instant) -> Bool { direction == .incoming && (answered ?? now) > due }
}

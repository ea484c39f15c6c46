/// An enumeration whose cases have a stable English name for programs: the name that the case has here.
package protocol Coded: CaseIterable, Hashable, Sendable {
    /// `Codes.of(Self.self)`, kept: a name is asked for in every row of every answer, and finding it is slow.
    static var codes: [Self: String] { get }
}

extension Coded {
    package var code: String { Self.codes[self] ?? String(describing: self) }
}

package enum Codes {
    package static func of<Case: CaseIterable & Hashable>(_: Case.Type) -> [Case: String] {
        Dictionary(uniqueKeysWithValues: Case.allCases.map { ($0, String(describing: $0)) })
    }
}

/// The level of an area in the tree (地区层级).
package enum AreaLevel: Int64, CaseIterable, Comparable, Sendable {
    case province = 1
    case city = 2
    case district = 3
    case street = 4
    case community = 5
    case estate = 6
    case building = 7
    case unit = 8
    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The materialised path of an area: the text ids from the root down, each followed by `/`.
/// An area is at or below another exactly when its path starts with the other's.
package struct AreaPath: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package init(_ text: String) { self.text = text }
    package static let root = AreaPath("")

    package func appending(_ id: AreaID) -> AreaPath { AreaPath(text + id.text + "/") }
    package func contains(_ other: AreaPath) -> Bool { other.text.utf8.starts(with: text.utf8) }
    /// The ids from the root down, the area itself last.
    package var ids: [AreaID] { text.split(separator: "/").compactMap { AreaID(text: $0) } }
    /// How many areas it names: `ids.count`, without reading them.
    package var depth: Int { text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "/") ? 1 : 0) } }
    /// Every path below starts in `text..<upperBound` under the binary collation.
    package var upperBound: String { text.isEmpty ? "~" : String(text.dropLast()) + "0" }
    package var description: String { text }
}

/// One of the five parties (五方) that share an estate. The order is that of the lines of the score.
package enum Party: Int64, CaseIterable, Sendable {
    case community = 0
    case property = 1
    case committee = 2
    case department = 3
    case resident = 4
}

/// An amount of money in fen (1/100 yuan).
package struct Fen: Hashable, Comparable, Sendable {
    package let value: Int64
    package init(_ value: Int64) { self.value = value }
    package static func < (a: Self, b: Self) -> Bool { a.value < b.value }
    /// Traps on overflow: amounts are bounded where they come in.
    package static func + (a: Self, b: Self) -> Self { Fen(a.value + b.value) }
    package static func - (a: Self, b: Self) -> Self { Fen(a.value - b.value) }
    package static let zero = Fen(0)
    /// Yuan with two decimals, such as `-12.05`.
    package var yuan: String {
        let (whole, rest) = value.magnitude.quotientAndRemainder(dividingBy: 100)
        return "\(value < 0 ? "-" : "")\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

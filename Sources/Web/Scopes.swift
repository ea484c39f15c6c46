import Kernel

/// The areas of the API that a token may be given, each to read or to write.
package enum APIArea: String, CaseIterable, Sendable {
    /// The loop: cases, their photos, their public texts.
    case cases
    /// Areas, organisations, posts.
    case directory
    /// Who answers for what: bodies, letters, zones, contracts, vehicles, and one's own part in them.
    case governance
    /// Tables of areas, units, residents and posts that are brought in.
    case imports
    /// Homes to check and invitations.
    case homes
    /// The duty roster.
    case roster
    /// Policies and the working calendar.
    case rules
    case statistics
    /// Rules of sign-in, sessions of staff, the audit.
    case security
    /// One's own homes and messages.
    case account

    package var phrase: Phrase {
        switch self {
        case .cases: .scopeCases
        case .directory: .scopeDirectory
        case .governance: .scopeGovernance
        case .imports: .scopeImports
        case .homes: .scopeHomes
        case .roster: .scopeRoster
        case .rules: .scopeRules
        case .statistics: .scopeStatistics
        case .security: .scopeSecurity
        case .account: .scopeAccount
        }
    }
}

/// What a token may do in the API. Everything, or so many areas to read or to write; a scope to write does not read.
package struct Scopes: Sendable, Hashable {
    private let bits: UInt64

    package static let all = Scopes(bits: .max)

    private init(bits: UInt64) { self.bits = bits }

    package init(_ items: some Sequence<(APIArea, writes: Bool)>) {
        bits = items.reduce(0) { $0 | Self.bit($1.0, writes: $1.writes) }
    }

    /// `*`, or words such as `cases:read cases:write`. Nil for any other word, and for none.
    package init?(text: String) {
        if text == "*" {
            self = .all
            return
        }
        var bits: UInt64 = 0
        for word in text.split(separator: " ") {
            guard let item = Self.items.first(where: { $0.name == word }) else { return nil }
            bits |= Self.bit(item.area, writes: item.writes)
        }
        guard bits != 0 else { return nil }
        self.bits = bits
    }

    package struct Item: Sendable {
        package let area: APIArea
        package let writes: Bool
        package init(area: APIArea, writes: Bool) {
            self.area = area
            self.writes = writes
        }
        package var name: String { "\(area.rawValue):\(writes ? "write" : "read")" }
    }

    /// Every scope that there is.
    package static let items: [Item] = APIArea.allCases.flatMap {
        [Item(area: $0, writes: false), Item(area: $0, writes: true)]
    }

    package func allows(_ area: APIArea, writes: Bool) -> Bool { bits & Self.bit(area, writes: writes) != 0 }
    package var isAll: Bool { self == .all }
    package var names: [String] { Self.items.filter { allows($0.area, writes: $0.writes) }.map(\.name) }
    package var text: String { isAll ? "*" : names.joined(separator: " ") }

    private static let places = Dictionary(
        uniqueKeysWithValues: APIArea.allCases.enumerated().map { ($0.element, UInt64($0.offset)) })
    private static func bit(_ area: APIArea, writes: Bool) -> UInt64 {
        1 << (places[area, default: 0] * 2 + (writes ? 1 : 0))
    }
}

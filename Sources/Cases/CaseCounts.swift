import Directory
import Kernel
import Synchronization
import Web

/// The numbers beside the queues, kept for a second. A change here forgets them at once; one by another server of the
/// same house is seen within the second.
package final class CaseCounts: Sendable {
    private struct State {
        var edition = 0
        var kept: [String: (at: Instant, tallies: [Int64: Int64])] = [:]
    }
    private let state = Mutex(State())
    private static let freshMs: Int64 = 1000
    /// Scopes kept at once.
    private static let limit = 2000

    package init() {}

    /// What is kept for the scope. The edition goes back with what is counted instead, asked for before the reading.
    func find(_ scope: Scope, at now: Instant) -> (tallies: [Int64: Int64]?, edition: Int) {
        let key = Self.key(scope)
        return state.withLock { state in
            guard let found = state.kept[key], abs(now.ms - found.at.ms) < Self.freshMs else {
                return (nil, state.edition)
            }
            return (found.tallies, state.edition)
        }
    }

    func keep(_ tallies: [Int64: Int64], _ scope: Scope, _ edition: Int, at now: Instant) {
        let key = Self.key(scope)
        state.withLock { state in
            // A change since the question makes the answer old.
            guard state.edition == edition else { return }
            if state.kept.count >= Self.limit { state.kept = [:] }
            state.kept[key] = (now, tallies)
        }
    }

    func changed() {
        state.withLock { state in
            state.edition += 1
            if !state.kept.isEmpty { state.kept = [:] }
        }
    }

    private static func key(_ scope: Scope) -> String {
        scope.places.map(\.path.text).joined(separator: ",") + "-"
            + scope.families.map(\.text).joined(separator: ",")
    }
}

/// Rows of the desk as they were drawn in the last ten seconds: a list that many look at, or that one reloads whenever
/// something changes, is drawn once. A row is known by its case and the case's version, so a change is never missed;
/// only its "4 minutes left" may be ten seconds old.
final class DrawnRows: Sendable {
    private struct Key: Hashable {
        var id: Int64
        var version: Int64
        var language: Language
    }
    private struct State {
        var slot: Int64 = 0
        var rows: [Key: HTML] = [:]
    }
    private let state = Mutex(State())
    private static let slotMs: Int64 = 10_000
    /// About 600 bytes each.
    private static let limit = 20_000

    init() {}

    func rows(_ lines: [CaseLine], at now: Instant, in language: Language, _ draw: (CaseLine) -> HTML) -> [HTML] {
        let slot = now.ms / Self.slotMs
        let keys = lines.map { Key(id: $0.id.raw, version: $0.version, language: language) }
        var found: [HTML?] = state.withLock { state in
            state.slot == slot ? keys.map { state.rows[$0] } : [HTML?](repeating: nil, count: keys.count)
        }
        var fresh: [Int] = []
        for index in lines.indices where found[index] == nil {
            found[index] = draw(lines[index])
            fresh.append(index)
        }
        if !fresh.isEmpty {
            let all = found
            state.withLock { state in
                if state.slot != slot || state.rows.count >= Self.limit { (state.slot, state.rows) = (slot, [:]) }
                for index in fresh { state.rows[keys[index]] = all[index] }
            }
        }
        return found.compactMap { $0 }
    }
}

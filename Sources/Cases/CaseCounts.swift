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

    static func key(_ scope: Scope) -> String {
        var key = ""
        for place in scope.places { key += place.path.text + "," }
        for family in scope.families { key += family.text }
        return key
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
    private struct Drawn {
        var slot: Int64
        var row: HTML
    }
    private let state = Mutex<[Key: Drawn]>([:])
    private let figures = Mutex<[Key: Drawn]>([:])
    private static let slotMs: Int64 = 10_000
    /// About 600 bytes each.
    private static let limit = 10_000
    /// About 8 KB each.
    private static let figureLimit = 1000

    init() {}

    /// Each row has ten seconds of its own, so that a list does not grow old all at once.
    private static func slot(_ id: CaseID, _ now: Instant) -> Int64 {
        let shift = (id.raw &* 0x1E37_79B9_7F4A_7C15).magnitude % UInt64(slotMs)
        return (now.ms + Int64(shift)) / slotMs
    }

    /// What is drawn already, in the order of the places.
    func find(_ places: [CaseStore.DeskPlace], at now: Instant, in language: Language) -> [HTML?] {
        state.withLock { state in
            places.map { place in
                let found = state[Key(id: place.id.raw, version: place.version, language: language)]
                return found?.slot == Self.slot(place.id, now) ? found?.row : nil
            }
        }
    }

    func keep(_ rows: [(CaseStore.DeskPlace, HTML)], at now: Instant, in language: Language) {
        guard !rows.isEmpty else { return }
        state.withLock { state in
            if state.count >= Self.limit { state = [:] }
            for (place, row) in rows {
                state[Key(id: place.id.raw, version: place.version, language: language)] = Drawn(
                    slot: Self.slot(place.id, now), row: row)
            }
        }
    }

    /// The score of an open case: everybody who follows it reloads its page at the same moment, when it changes.
    func figure(
        _ id: CaseID, version: Int64, at now: Instant, in language: Language, draw: () -> HTML
    ) -> HTML {
        let key = Key(id: id.raw, version: version, language: language)
        let slot = Self.slot(id, now)
        if let found = figures.withLock({ $0[key] }), found.slot == slot { return found.row }
        let made = draw()
        figures.withLock { figures in
            if figures.count >= Self.figureLimit { figures = [:] }
            figures[key] = Drawn(slot: slot, row: made)
        }
        return made
    }
}

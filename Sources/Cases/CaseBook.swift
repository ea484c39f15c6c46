import Directory
import Kernel
import Storage
import Synchronization

/// What is in force: the working calendar, the categories and the policies.
package struct Standing: Sendable {
    package let calendar: WorkCalendar
    package let categories: [Category]
    package let policies: [Policy]
    private let hints: [CategorySuggestion.Hint]

    package init(calendar: WorkCalendar, categories: [Category], policies: [Policy]) {
        self.calendar = calendar
        self.categories = categories
        self.policies = policies
        hints = CategorySuggestion.hints(categories)
    }

    /// The same categories and policies under another calendar.
    fileprivate init(_ other: Standing, calendar: WorkCalendar) {
        self.calendar = calendar
        (categories, policies, hints) = (other.categories, other.policies, other.hints)
    }

    /// The category that the words suggest; the last one, "something else", when they suggest none.
    package func suggest(_ words: String) -> Category? {
        CategorySuggestion.suggest(words, from: hints) ?? categories.last
    }

    /// The policy for a case of the category; nil only when the house has none at all.
    package func policy(_ place: CasePlace, _ category: Category, _ urgency: Urgency) -> Policy? {
        Policy.choose(
            policies, category: category, areas: [place.district, place.street, place.community, place.estate],
            urgency: urgency)
    }
}

/// Categories and policies as the database has them. Read at most every ten seconds, and at once after an edit here;
/// one on another server of the same house is told to this one, and counts here within ten seconds in any case.
package final class CaseBook: Sendable {
    private struct State {
        var standing: Standing?
        var read = Instant(ms: 0)
        var edition = 0
        var imported: [String: (at: Instant, kinds: [Category])] = [:]
    }
    private let state = Mutex(State())
    private let database: any Database
    private let calendars: Calendars
    private static let freshMs: Int64 = 10_000
    /// Scopes whose imported categories are kept at once.
    private static let scopes = 2000

    package init(database: any Database, calendars: Calendars) {
        self.database = database
        self.calendars = calendars
    }

    package func current(at now: Instant) async throws -> Standing {
        let calendar = try await calendars.current(at: now)
        let (standing, edition): (Standing?, Int) = state.withLock { state in
            guard let standing = state.standing, abs(now.ms - state.read.ms) < Self.freshMs else {
                return (nil, state.edition)
            }
            return (standing, state.edition)
        }
        if let standing { return Standing(standing, calendar: calendar) }
        let (categories, policies) = try await database.read {
            (try CaseHistoryStore.categories($0), try CaseHistoryStore.policies($0))
        }
        let fresh = Standing(calendar: calendar, categories: categories, policies: policies)
        state.withLock { state in
            // What an edit has overtaken meanwhile is not kept.
            guard state.edition == edition else { return }
            (state.standing, state.read) = (fresh, now)
        }
        return fresh
    }

    /// The categories that imports brought and that stand on a case of the scope's lists, at most 200. Read at most
    /// every ten seconds for a scope.
    package func imported(_ scope: Scope, at now: Instant) async throws -> [Category] {
        let key = CaseCounts.key(scope)
        let kept: [Category]? = state.withLock { state in
            guard let found = state.imported[key], abs(now.ms - found.at.ms) < Self.freshMs else { return nil }
            return found.kinds
        }
        if let kept { return kept }
        let kinds = try await database.read { try CaseHistoryStore.imported(scope, $0) }
        state.withLock { state in
            if state.imported.count >= Self.scopes { state.imported = [:] }
            state.imported[key] = (now, kinds)
        }
        return kinds
    }

    package func forget() {
        state.withLock { state in
            state.edition += 1
            state.standing = nil
            state.imported = [:]
        }
    }
}

import Synchronization

/// What was read from some tables, kept until somebody changes one of them. On an engine that cannot tell of changes
/// nothing is kept.
package final class MarkedMemory<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// How the tables stood before a read began.
    package struct Edition: Sendable, Equatable {
        fileprivate let number: UInt64?
    }

    private struct State {
        var edition: UInt64 = 0
        var kept: [Key: Value] = [:]
    }

    private let mark: ChangeMark?
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: answers kept; one more, and all are forgotten.
    package init(_ database: any Database, of tables: Set<String>, limit: Int) {
        mark = database.mark(tables)
        self.limit = limit
    }

    /// Asked for before the transaction in which the answers are read.
    package var edition: Edition { Edition(number: mark?.edition) }

    /// Nil when nothing is kept that held when the edition was asked for.
    package func found(_ key: Key, _ edition: Edition) -> Value? {
        guard let number = edition.number else { return nil }
        return state.withLock { $0.edition == number ? $0.kept[key] : nil }
    }

    /// Keeps what was read after the edition was asked for, unless somebody has written since: then it may be of either
    /// side.
    package func keep(_ value: Value, for key: Key, _ edition: Edition) {
        guard let number = edition.number, let mark, mark.edition == number else { return }
        state.withLock { state in
            if state.edition != number || (state.kept.count >= limit && state.kept[key] == nil) {
                // A slower reader of an older edition must not throw away the newer one.
                guard number >= state.edition else { return }
                (state.edition, state.kept) = (number, [:])
            }
            state.kept[key] = value
        }
    }

    /// What is kept, else what is read now.
    package func kept(_ key: Key, _ edition: Edition, _ read: () throws -> Value) rethrows -> Value {
        if let found = found(key, edition) { return found }
        let value = try read()
        keep(value, for: key, edition)
        return value
    }
}

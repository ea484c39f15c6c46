import Kernel
import Storage
import Synchronization

/// What every request asks the directory, kept until somebody changes it: who a person is today, who may take work at a
/// place, which organisations serve it. On an engine that cannot tell of changes nothing is kept.
package final class DirectoryMemory: Sendable {
    /// How the directory stood before a read began.
    package struct Edition: Sendable, Equatable {
        fileprivate let number: UInt64?
    }

    private struct Key: Hashable {
        enum What: Hashable {
            case actor(PersonID, only: PostID?, byToken: Bool)
            case colleagues(String, Verb)
            case serving(String)
            case chain(AreaID)
        }
        let what: What
        var day = Day(number: 0)
    }
    private struct State {
        var edition: UInt64 = 0
        var kept: [Key: any Sendable] = [:]
    }

    private let mark: ChangeMark?
    private let state = Mutex(State())
    /// A few hundred bytes each.
    private static let limit = 20_000
    private static let tables: Set<String> = [
        "directory_area", "directory_organisation", "directory_person", "directory_post", "directory_home",
    ]

    package init(_ database: any Database) { mark = database.mark(Self.tables) }

    /// Asked for before the transaction in which the answers are read.
    package var edition: Edition { Edition(number: mark?.edition) }

    package func actor(
        _ person: PersonID, on day: Day, onlyPost: PostID? = nil, byToken: Bool = false, _ edition: Edition,
        _ transaction: any ReadTransaction
    ) throws -> Actor? {
        try kept(Key(what: .actor(person, only: onlyPost, byToken: byToken), day: day), edition) {
            try DirectoryStore.actor(person, on: day, onlyPost: onlyPost, byToken: byToken, transaction)
        }
    }

    package func colleagues(
        at path: AreaPath, may verb: Verb, on day: Day, _ edition: Edition, _ transaction: any ReadTransaction
    ) throws -> [Colleague] {
        try kept(Key(what: .colleagues(path.text, verb), day: day), edition) {
            try DirectoryStore.colleagues(at: path, may: verb, on: day, transaction)
        }
    }

    package func organisations(
        serving path: AreaPath, _ edition: Edition, _ transaction: any ReadTransaction
    ) throws -> [Organisation] {
        try kept(Key(what: .serving(path.text)), edition) {
            try DirectoryStore.organisations(serving: path, transaction)
        }
    }

    package func chain(
        of id: AreaID, _ edition: Edition, _ transaction: any ReadTransaction
    ) throws -> AreaChain? {
        try kept(Key(what: .chain(id)), edition) { try DirectoryStore.chain(of: id, transaction) }
    }

    private func kept<Value: Sendable>(_ key: Key, _ edition: Edition, _ read: () throws -> Value) throws -> Value {
        guard let number = edition.number, let mark else { return try read() }
        let found: Value? = state.withLock { state in
            guard state.edition == number, let found = state.kept[key] else { return nil }
            return found as? Value
        }
        if let found { return found }
        let value = try read()
        // What was read while somebody wrote may be of either side: it is not kept.
        guard mark.edition == number else { return value }
        state.withLock { state in
            if state.edition != number || state.kept.count >= Self.limit {
                // A slower reader of an older edition must not throw away the newer one.
                guard number >= state.edition else { return }
                state.kept = [:]
                state.edition = number
            }
            state.kept[key] = value
        }
        return value
    }
}

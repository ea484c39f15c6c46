import Kernel
import Storage

/// What every request asks the directory, kept until somebody changes it: who a person is today, who may take work at a
/// place, which organisations serve it. On an engine that cannot tell of changes nothing is kept.
package final class DirectoryMemory: Sendable {
    /// How the directory stood before a read began.
    package typealias Edition = MarkedMemory<Key, any Sendable>.Edition

    package struct Key: Hashable, Sendable {
        enum What: Hashable {
            case actor(PersonID, only: PostID?, byToken: Bool)
            case colleagues(String, Verb)
            case serving(String)
            case chain(AreaID)
        }
        let what: What
        var day = Day(number: 0)
    }
    private let memory: MarkedMemory<Key, any Sendable>

    /// The answers have a few hundred bytes each.
    package init(_ database: any Database) {
        memory = MarkedMemory(
            database,
            of: [
                "directory_area", "directory_organisation", "directory_person", "directory_post", "directory_home",
            ], limit: 20_000)
    }

    /// Asked for before the transaction in which the answers are read.
    package var edition: Edition { memory.edition }

    package func actor(
        _ person: PersonID, on day: Day, onlyPost: PostID? = nil, byToken: Bool = false, _ edition: Edition,
        _ transaction: any ReadTransaction
    ) throws -> Actor? {
        try kept(Key(what: .actor(person, only: onlyPost, byToken: byToken), day: day), edition) {
            try DirectoryStore.actor(person, on: day, onlyPost: onlyPost, byToken: byToken, transaction)
        }
    }

    /// The same as far as it is kept: nil says only that it must be read.
    func knownActor(
        _ person: PersonID, on day: Day, onlyPost: PostID? = nil, byToken: Bool = false, _ edition: Edition
    ) -> Actor? {
        let key = Key(what: .actor(person, only: onlyPost, byToken: byToken), day: day)
        return memory.found(key, edition).flatMap { $0 as? Actor }
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
        // Unwrapped first: nothing kept would pass for a kept nothing.
        if let kept = memory.found(key, edition), let found = kept as? Value { return found }
        let value = try read()
        memory.keep(value, for: key, edition)
        return value
    }
}

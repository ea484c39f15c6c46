import Directory
import Kernel
import Storage

package enum BatchTag {}
package typealias BatchID = ID<BatchTag>

/// A case that was ticked, in the version that was seen; nil from programs that take what is there.
package struct PickedCase: Sendable, Hashable {
    package let id: CaseID
    package let version: Int64?

    package init(_ id: CaseID, version: Int64? = nil) {
        self.id = id
        self.version = version
    }

    /// `0h3k…` or `0h3k….7`; nil for anything else.
    package init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let id = CaseID(text: parts[0]) else { return nil }
        self.id = id
        guard parts.count == 2 else {
            version = nil
            return
        }
        guard parts[1].utf8.count <= 15, let number = Int64(parts[1]), number >= 0 else { return nil }
        version = number
    }

    var text: String { version.map { "\(id.text).\($0)" } ?? id.text }
}

/// What became of one case of many.
package enum BatchOutcome: Int64, CaseIterable, Sendable {
    case done = 1
    case notFound = 2
    case notYours = 3
    case changed = 4
    case outOfOrder = 5
    case suspended = 6
    case cannotTakeIt = 7
    case complainedOf = 8
    case other = 9
    package var code: String { String(describing: self) }

    init(_ refusal: CaseRefusal) {
        self =
            switch refusal {
            case .notFound: .notFound
            case .notYours: .notYours
            case .changedMeanwhile: .changed
            case .outOfOrder: .outOfOrder
            case .suspended: .suspended
            case .cannotTakeIt: .cannotTakeIt
            case .dispatchToTheComplainedOf: .complainedOf
            default: .other
            }
    }

    /// In the words of the rule that refused it.
    var message: Message {
        switch self {
        case .done: Phrase.batchDone()
        case .notFound: CaseRefusal.notFound.message
        case .notYours: CaseRefusal.notYours.message
        case .changed: CaseRefusal.changedMeanwhile.message
        case .outOfOrder: CaseRefusal.outOfOrder(command: "dispatch", status: .reported).message
        case .suspended: CaseRefusal.suspended.message
        case .cannotTakeIt: CaseRefusal.cannotTakeIt.message
        case .complainedOf: CaseRefusal.dispatchToTheComplainedOf.message
        case .other: Phrase.batchOther()
        }
    }
}

package struct Batch: Sendable {
    package let id: BatchID
    /// In the order in which they were picked.
    package let items: [(id: CaseID, outcome: BatchOutcome)]
    package var done: Int { items.count { $0.outcome == .done } }
}

/// Every SQL word about many cases at once.
package enum BatchStore {
    static func keyed(
        owner: PersonID, key: String, _ transaction: any ReadTransaction
    ) throws -> (id: BatchID, digest: [UInt8])? {
        try transaction.first("select id, digest from cases_batch where owner_id = \(owner) and key = \(key)") {
            (try $0.id(0), try $0.bytes(1))
        }
    }

    static func owner(_ id: BatchID, _ transaction: any ReadTransaction) throws -> PersonID? {
        try transaction.first("select owner_id from cases_batch where id = \(id)") { try $0.id(0) }
    }

    static func insert(
        _ id: BatchID, owner: PersonID, key: String, digest: [UInt8], at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_batch (id, owner_id, key, digest, created_ms)
            values (\(id), \(owner), \(key), \(digest), \(now))
            """)
    }

    static func outcome(
        _ batch: BatchID, _ id: CaseID, _ transaction: any ReadTransaction
    ) throws -> BatchOutcome? {
        try transaction.first(
            "select outcome from cases_batch_item where batch_id = \(batch) and case_id = \(id)"
        ) { try $0.raw(0) }
    }

    static func keep(
        _ outcome: BatchOutcome, of id: CaseID, at place: Int, in batch: BatchID, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_batch_item (batch_id, case_id, place, outcome)
            values (\(batch), \(id), \(place), \(outcome))
            """)
    }

    static func items(
        _ batch: BatchID, _ transaction: any ReadTransaction
    ) throws -> [(id: CaseID, outcome: BatchOutcome)] {
        try transaction.query(
            "select case_id, outcome from cases_batch_item where batch_id = \(batch) order by place limit 100"
        ) { (try $0.id(0), try $0.raw(1)) }
    }

    /// What one person did a month ago is forgotten with their next.
    static func prune(owner: PersonID, before: Instant, _ transaction: any WriteTransaction) throws {
        let old: SQL = "(select id from cases_batch where owner_id = \(owner) and created_ms < \(before))"
        try transaction.run("delete from cases_batch_item where batch_id in \(old)")
        try transaction.run("delete from cases_batch where owner_id = \(owner) and created_ms < \(before)")
    }
}

extension CaseActions {
    package static let mostPicked = 50

    /// Dispatches each of these cases to one post, each in a transaction of its own and decided by the rules as if it
    /// were alone. What was decided is kept under the key of the sender: a repeat, also after a killed process, decides
    /// only what was not decided, and answers the same.
    package func dispatch(
        _ picked: [PickedCase], to post: PostID, key: String, by actor: Actor
    ) async throws -> Batch {
        guard let owner = actor.person else { throw CaseRefusal.notYours }
        var seen = Set<CaseID>()
        let cases = picked.filter { seen.insert($0.id).inserted }
        guard !cases.isEmpty else { throw CoverRefusal.nothingPicked }
        guard picked.count <= Self.mostPicked else { throw CoverRefusal.tooManyPicked }
        guard (1...80).contains(key.utf8.count) else { throw CaseRefusal.badChoice("key") }
        let now = world.now()
        let day = Zone.shanghai.day(of: now)
        let standing = try await book.current(at: now)
        let digest = secrets.contentDigest("\(post.text)|\(cases.map(\.text).joined(separator: ","))")
        let fresh: BatchID = world.id()
        let (id, target): (BatchID, Colleague) = try await database.write { transaction in
            // Checked before anything is kept: a form without a colleague comes back as it was.
            guard let target = try DirectoryStore.colleague(post: post, on: day, transaction) else {
                throw CaseRefusal.badChoice("post")
            }
            if let before = try BatchStore.keyed(owner: owner, key: key, transaction) {
                guard Secrets.same(before.digest, digest) else { throw CoverRefusal.keyUsedForOther }
                return (before.id, target)
            }
            try BatchStore.prune(owner: owner, before: now.adding(days: -31), transaction)
            try BatchStore.insert(fresh, owner: owner, key: key, digest: digest, at: now, transaction)
            return (fresh, target)
        }
        var items: [(id: CaseID, outcome: BatchOutcome)] = []
        for (place, one) in cases.enumerated() {
            items.append((one.id, try await decide(one, at: place, in: id, target, actor, standing, now)))
        }
        return Batch(id: id, items: items)
    }

    private func decide(
        _ one: PickedCase, at place: Int, in batch: BatchID, _ target: Colleague, _ actor: Actor,
        _ standing: Standing, _ now: Instant
    ) async throws -> BatchOutcome {
        do {
            return try await write { [self] transaction in
                if let before = try BatchStore.outcome(batch, one.id, transaction) { return before }
                guard let c = try CaseStore.load(one.id, transaction), CaseQueries.mayRead(c, actor) else {
                    throw CaseRefusal.notFound
                }
                guard let person = actor.person, let post = actor.post(for: .caseDispatch, at: c.place.path) else {
                    throw CaseRefusal.notYours
                }
                var input = ActionInput()
                input.target = target
                input.version = one.version
                let command = CaseCommand.dispatch(
                    to: .init(
                        person: target.person, party: target.party, family: target.family,
                        mayAttend: target.role.verbs.contains(.caseAttend)))
                _ = try apply(
                    command, to: c, by: .post(post, person), name: actor.name, input, standing, now, transaction)
                try BatchStore.keep(.done, of: one.id, at: place, in: batch, transaction)
                return .done
            }
        } catch let refusal as CaseRefusal {
            let outcome = BatchOutcome(refusal)
            return try await database.write { transaction in
                if let before = try BatchStore.outcome(batch, one.id, transaction) { return before }
                try BatchStore.keep(outcome, of: one.id, at: place, in: batch, transaction)
                return outcome
            }
        }
    }
}

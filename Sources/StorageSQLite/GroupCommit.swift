internal import GRDB
internal import GRDBSQLite
import Storage
import Synchronization

/// Lets many writes share one commit, and so one wait for the device.
///
/// Writes queue up; one drain on the writer's thread takes all that wait into one transaction. When one throws, all of it
/// is rolled back and the batch runs again with a savepoint for each: the one that throws is rolled back to its savepoint
/// and fails alone. (Savepoints from the start would make the text index write itself out for every one of them.) Nobody
/// hears an answer before the commit has succeeded. If it fails, as on a full disk, each write of the batch runs again in
/// a transaction of its own, so the innocent succeed and the guilty fail with their own error.
final class GroupCommit: Sendable {
    private struct State {
        var waiting: [any PendingWrite] = []
        var isDraining = false
        var isFinished = false
    }

    private enum Admission { case startDrain, wait, refuse(StorageFailure) }

    private let state = Mutex(State())
    private let pool: DatabasePool
    private let waitingLimit: Int
    private let batchLimit: Int
    private let recorder: StatementRecorder?
    private let marks: Marks
    /// Touched only on the writer's thread.
    private nonisolated(unsafe) var session: Session?

    init(
        pool: DatabasePool, waitingLimit: Int, batchLimit: Int, recorder: StatementRecorder?, marks: Marks
    ) {
        self.pool = pool
        self.waitingLimit = waitingLimit
        self.batchLimit = batchLimit
        self.recorder = recorder
        self.marks = marks
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Returns after the changes of `body` are durable. Throws `StorageFailure.busy` when too many wait.
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
        let body = Caller.carry(body)
        return try await withCheckedThrowingContinuation { continuation in
            let write = Pending(body: body, continuation: continuation)
            switch admit(write) {
            case .wait: break
            case .refuse(let failure): write.answer(failure)
            case .startDrain: pool.asyncWriteWithoutTransaction { self.drain($0) }
            }
        }
    }

    /// Accepts no more, and returns when every accepted write is committed or refused; the answers are on their way.
    func finish() async {
        state.withLock { $0.isFinished = true }
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { _ in
                // Statements end before their connection.
                self.session = nil
                continuation.resume()
            }
        }
    }

    private func admit(_ write: any PendingWrite) -> Admission {
        state.withLock { state in
            if state.isFinished { return .refuse(.engine("the database is closed")) }
            if state.waiting.count >= waitingLimit { return .refuse(.busy) }
            state.waiting.append(write)
            if state.isDraining { return .wait }
            state.isDraining = true
            return .startDrain
        }
    }

    private func nextBatch() -> [any PendingWrite] {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(batchLimit))
            state.waiting.removeFirst(batch.count)
            if batch.isEmpty { state.isDraining = false }
            return batch
        }
    }

    private func drain(_ connection: GRDB.Database) {
        while true {
            let batch = nextBatch()
            if batch.isEmpty { return }
            do {
                let session = try self.session ?? Session(connection, recorder, marks)
                self.session = session
                if try batch.count > 1 && (session.commitAtOnce(batch) || session.commitTogether(batch)) { continue }
                for write in batch { session.commitAlone(write) }
            } catch {
                for write in batch { write.answer(error) }
            }
        }
    }
}

/// The writer's connection with the words that begin and end transactions.
private struct Session {
    private let handle: OpaquePointer
    private let shelf: StatementShelf
    private let transaction: SQLiteTransaction
    private let marks: Marks

    init(_ connection: GRDB.Database, _ recorder: StatementRecorder?, _ marks: Marks) throws {
        guard let handle = connection.sqliteConnection else { throw StorageFailure.engine("the connection is closed") }
        self.handle = handle
        self.marks = marks
        shelf = StatementShelf(handle)
        transaction = SQLiteTransaction(handle, writes: true, recorder, shelf)
    }

    /// The batch as one, when none of its writes throws. False when nothing of it was kept and nobody was answered.
    /// Throws when no transaction can begin, which would be so for each write alone as well.
    func commitAtOnce(_ batch: [any PendingWrite]) throws -> Bool {
        try begin()
        do {
            for write in batch { try transaction.attempt { try write.attempt(transaction) } }
            try commit()
        } catch {
            rollback()
            return false
        }
        // The callers are woken elsewhere: the writer goes on with the next batch at once.
        Task.detached { for write in batch { write.answer(nil) } }
        return true
    }

    /// True when the batch is committed and answered. False when nothing of it was kept and nobody was answered.
    /// Throws when no transaction can begin, which would be so for each write alone as well.
    func commitTogether(_ batch: [any PendingWrite]) throws -> Bool {
        try begin()
        var failures: [(any Error)?] = []
        do {
            for write in batch { failures.append(try attemptInSavepoint(write)) }
            try commit()
        } catch {
            rollback()
            return false
        }
        // Failures are told only now: one may come from a change of a neighbour, which holds only after the commit.
        for (write, failure) in zip(batch, failures) { write.answer(failure) }
        return true
    }

    func commitAlone(_ write: any PendingWrite) {
        do {
            try begin()
            try transaction.attempt { try write.attempt(transaction) }
            try commit()
            write.answer(nil)
        } catch {
            rollback()
            write.answer(error)
        }
    }

    /// The write's own error, or nil. Throws when the whole transaction cannot go on.
    private func attemptInSavepoint(_ write: any PendingWrite) throws -> (any Error)? {
        try execute("savepoint item")
        do {
            try transaction.attempt { try write.attempt(transaction) }
            try execute("release item")
            return nil
        } catch {
            // Some errors, such as a full disk, end the whole transaction; then this throws as well.
            try execute("rollback to item")
            try execute("release item")
            return error
        }
    }

    private func begin() throws {
        shelf.touched = []
        try execute("begin immediate")
    }

    /// Whoever keeps what it has read hears of the change before anybody is told that it was made.
    private func commit() throws {
        try execute("commit")
        marks.changed(shelf.touched)
    }

    private func rollback() {
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "rollback", nil, nil, nil) }
    }

    private func execute(_ statement: String) throws {
        guard sqlite3_exec(handle, statement, nil, nil, nil) == SQLITE_OK else { throw StorageFailure.of(handle) }
    }
}

/// A write that waits for its turn and then for its answer.
private protocol PendingWrite: Sendable {
    /// Runs the closure and keeps its value. May be called twice.
    func attempt(_ transaction: any WriteTransaction) throws
    /// Ends the wait of the caller. Called exactly once.
    func answer(_ failure: (any Error)?)
}

private final class Pending<T: Sendable>: PendingWrite {
    private let body: @Sendable (any WriteTransaction) throws -> T
    private let continuation: CheckedContinuation<T, any Error>
    private let value = Mutex<T?>(nil)

    init(
        body: @escaping @Sendable (any WriteTransaction) throws -> T, continuation: CheckedContinuation<T, any Error>
    ) {
        self.body = body
        self.continuation = continuation
    }

    func attempt(_ transaction: any WriteTransaction) throws {
        let result = try body(transaction)
        value.withLock { $0 = result }
    }

    func answer(_ failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else if let result = value.withLock({ $0 }) {
            continuation.resume(returning: result)
        } else {
            continuation.resume(throwing: StorageFailure.engine("a write was committed but never ran"))
        }
    }
}

import Glibc
import Storage
import Synchronization

/// A thread with a connection of its own, which it opens when it first has work and opens again when it was lost.
final class Worker {
    let settings: ConnectionSettings
    private let queue: WorkQueue
    private let counters: Counters
    private let marks: Marks
    var connection: Connection?
    /// Where this is a thread of a standby: what it is measured by, and whose rows the connection shows.
    private let replica: Replica?
    var shows = ""
    /// Whether the last job had to begin anew.
    private var hadConflict = false
    /// Spreads the moments at which several try again.
    private var spread: UInt64

    /// How often a write begins anew because another one was in its way.
    private static let conflictLimit = 100
    /// How often a write looks for a primary where it met a standby.
    private static let standbyLimit = 3
    /// A server that does not even begin a transaction within this is taken for dead, and another one is tried.
    private static let openingMs: Int64 = 3_000

    init(
        _ settings: ConnectionSettings, _ queue: WorkQueue, _ counters: Counters, _ marks: Marks, number: Int,
        replica: Replica? = nil
    ) {
        self.marks = marks
        self.replica = replica
        self.settings = settings
        self.queue = queue
        self.counters = counters
        spread = UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15
    }

    /// Works until the queue ends, on a thread of its own.
    static func start(_ make: @escaping @Sendable () -> Worker, whenDone: @escaping @Sendable () -> Void) {
        Threads.start {
            let worker = make()
            while let job = worker.queue.next() {
                worker.hadConflict = false
                job.run(on: worker)
                worker.queue.ended(job, hadConflict: worker.hadConflict)
            }
            worker.connection = nil
            whenDone()
        }
    }

    /// Runs a job until it is kept, refused, or late.
    func run<T>(_ job: Job<T>) -> Result<T, any Error> {
        if let replica { return run(job, on: replica) }
        var conflicts = 0
        var standbys = 0
        while true {
            let connection: Connection
            do { connection = try connected(job) } catch { return .failure(error) }
            switch attempt(job, connection) {
            case .done(let result): return result
            case .again(.lost):
                counters.loss()
                if isLate(job) { return .failure(StorageFailure.busy) }
                rest(ms: 20)
            case .again(let trouble) where trouble.isConflict:
                conflicts += 1
                counters.conflict()
                hadConflict = true
                if conflicts > Self.conflictLimit || isLate(job) { return .failure(StorageFailure.busy) }
                rest(ms: min(1 << min(conflicts / 2, 5), 32))
            case .again(let trouble):
                standbys += 1
                if standbys > Self.standbyLimit || isLate(job) { return .failure(trouble.failure) }
                rest(ms: 50)
            }
        }
    }

    private enum Attempt<T> {
        case done(Result<T, any Error>)
        case again(Trouble)
    }

    private func attempt<T>(_ job: Job<T>, _ connection: Connection) -> Attempt<T> {
        job.isOn(connection.cancelling)
        defer {
            job.isOn(nil)
            // A cancel that is still on its way could hit the next job.
            if !connection.cancelling.end() || !connection.isFree { self.connection = nil }
        }
        let limit = Monotonic.ms + Self.openingMs
        connection.deadline = job.deadline
        connection.begin(
            job.kind.opening, openingDeadline: job.kind == .exclusive ? nil : min(limit, job.deadline ?? limit))
        // Alone from the beginning, not only from the first statement on.
        if job.kind == .exclusive {
            do throws(Trouble) { try connection.open() } catch { return judge(error, job, connection) }
        }
        let transaction = PostgresTransaction(connection, isCancelled: { job.isUnwanted })
        let result = Result<T, any Error> { try job.attempt(transaction) }
        if let trouble = transaction.trouble {
            rollBack(connection)
            return judge(trouble, job, connection)
        }
        guard case .success = result else {
            rollBack(connection)
            return .done(result)
        }
        // What others keep is forgotten with the commit, here before anybody hears that it is kept.
        let changed = transaction.written.map { marks.kept($0) } ?? marks.all
        guard job.kind != .read, !changed.isEmpty else { return commit(job, connection, result) }
        do { try transaction.tellChanged(changed) } catch {
            rollBack(connection)
            guard let trouble = transaction.trouble else { return .done(.failure(error)) }
            return judge(trouble, job, connection)
        }
        defer { marks.changed(changed) }
        return commit(job, connection, result)
    }

    private func commit<T>(_ job: Job<T>, _ connection: Connection, _ result: Result<T, any Error>) -> Attempt<T> {
        // A closure that ended the transaction itself kept nothing that anybody promised.
        guard connection.isInTransaction else {
            return .done(.failure(StorageFailure.engine("the transaction has ended")))
        }
        do throws(Trouble) {
            guard job.kind != .read else {
                try connection.commitRead()
                return .done(result)
            }
            return try connection.commit() ? .done(result) : .done(.failure(StorageFailure.unknownOutcome))
        } catch {
            switch error {
            case _ where job.kind == .read: return .done(result)
            case .lost, .late: return .done(.failure(StorageFailure.unknownOutcome))
            default: return judge(error, job, connection)
            }
        }
    }

    /// What follows from a failure before the commit was sent, or from a commit that the server refused.
    private func judge<T>(_ trouble: Trouble, _ job: Job<T>, _ connection: Connection) -> Attempt<T> {
        if job.isUnwanted { return .done(.failure(CancellationError())) }
        switch trouble {
        case .late where connection.hasNotBegun:
            return isLate(job) ? .done(.failure(trouble.failure)) : .again(.lost("no answer"))
        case .lost: return .again(trouble)
        case .refused where trouble.isConflict: return .again(trouble)
        case .refused where trouble.isStalePlan:
            do { try connection.forgetStatements() } catch { self.connection = nil }
            return .again(trouble)
        case .refused where job.kind != .read && trouble.isStandby(beginning: connection.hasNotBegun):
            // Where several servers are named, the next connection finds the one that takes writes.
            self.connection = nil
            return .again(.refused(state: "25006", message: "a standby", routine: ""))
        default: return .done(.failure(trouble.failure))
        }
    }

    func rollBack(_ connection: Connection) {
        connection.forgetOpening()
        guard !connection.isBroken, !connection.isIdle else { return }
        do { try connection.run("rollback") } catch { self.connection = nil }
    }

    // MARK: Connecting

    /// The connection, or a new one as soon as a server takes it. Throws `StorageFailure.busy` at the deadline.
    private func connected<T>(_ job: Job<T>) throws -> Connection {
        while true {
            if job.isUnwanted { throw CancellationError() }
            // Also a job that waited for a thread until now.
            if isLate(job) { throw StorageFailure.busy }
            if let connection, !connection.isBroken { return connection }
            connection = nil
            do throws(Trouble) {
                connection = try Connection(settings)
            } catch {
                rest(ms: 100)
            }
        }
    }

    func isLate<T>(_ job: Job<T>) -> Bool { job.deadline.map { Monotonic.ms >= $0 } ?? false }

    /// Between half of the time and all of it.
    private func rest(ms: Int64) {
        spread = spread &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let part = 500 + Int64(spread >> 33) % 501
        usleep(UInt32(clamping: ms * part))
    }
}

/// What happened to connections and transactions, for those who watch.
final class Counters: Sendable {
    struct Values: Sendable {
        var conflicts = 0
        var lost = 0
    }
    private let values = Mutex(Values())
    func conflict() { values.withLock { $0.conflicts += 1 } }
    func loss() { values.withLock { $0.lost += 1 } }
    var all: Values { values.withLock { $0 } }
}

/// Cancels what connections run, on a thread of its own, because a server that stands still holds who asks it. What
/// comes while too many wait is dropped: the deadline ends those reads.
final class Canceller: Sendable {
    private let queue = WorkQueue(limit: 64, writers: 0)

    private struct Cancel: PendingJob {
        let handle: Cancelling
        let number: UInt64
        var writes: Bool { false }
        func run(on worker: Worker) {}
    }

    init() {
        Threads.start { [queue] in
            while let job = queue.next() {
                guard let cancel = job as? Cancel else { continue }
                // One that arrives before the server has read the statement does nothing.
                for pause in [5_000, 20_000, 80_000] as [UInt32] {
                    guard cancel.handle.cancel(cancel.number) else { break }
                    usleep(pause)
                }
            }
        }
    }

    func cancel(_ handle: Cancelling, _ number: UInt64) { _ = queue.add(Cancel(handle: handle, number: number)) }
    func finish() { queue.finish() }
}

enum Threads {
    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// A tenth of a second.
    static func rest() { usleep(100_000) }

    /// Runs a closure on a thread that may block.
    static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let code = pthread_create(
            &thread, nil,
            { context in
                context.map { Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        precondition(code == 0, "no thread: errno \(code)")
        pthread_detach(thread)
    }
}

import Storage
import Synchronization

/// What waits for a thread.
protocol PendingJob: Sendable {
    var writes: Bool { get }
    /// Does the work and ends the wait of the caller. Called at most once.
    func run(on worker: Worker)
}

/// How a closure is run.
enum TransactionKind: Sendable {
    case read, write
    /// Alone among all servers, each statement seeing what is there when it begins.
    case exclusive

    var opening: String {
        switch self {
        case .read: "begin isolation level repeatable read read only"
        case .write: "begin isolation level serializable"
        // Not serializable: its view would be of the moment before the wait for the lock.
        case .exclusive:
            "begin isolation level read committed; set local statement_timeout = 0; "
                + "set local idle_in_transaction_session_timeout = 0; "
                + "select pg_advisory_xact_lock(hashtextextended('redsteward.' || coalesce(current_schema(), ''), 0))"
        }
    }
}

/// A closure that waits for a thread and then for its answer.
final class Job<T: Sendable>: PendingJob {
    private enum Stage {
        case new
        case waiting(CheckedContinuation<T, any Error>)
        case running(CheckedContinuation<T, any Error>)
        case answered
    }
    private struct State {
        var stage = Stage.new
        var isCancelled = false
        var cancelling: Cancelling?
    }

    let kind: TransactionKind
    /// Nil waits for ever.
    let deadline: Int64?
    let number: UInt64
    private let canceller: Canceller
    private let body: @Sendable (any WriteTransaction) throws -> T
    private let state = Mutex(State())

    var writes: Bool { kind != .read }

    init(
        _ kind: TransactionKind, deadline: Int64?, number: UInt64, canceller: Canceller,
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) {
        self.kind = kind
        self.deadline = deadline
        self.number = number
        self.canceller = canceller
        self.body = body
    }

    /// Puts the job in the queue, and tells the caller at once where it does not get there.
    func wait(in queue: WorkQueue, _ continuation: CheckedContinuation<T, any Error>) {
        let isCancelled = state.withLock { state in
            if state.isCancelled { return true }
            state.stage = .waiting(continuation)
            return false
        }
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        switch queue.add(self) {
        case .accepted: break
        case .full: answer(.failure(StorageFailure.busy))
        case .finished: answer(.failure(StorageFailure.engine("the database is closed")))
        }
    }

    /// The caller no longer wants the answer: a job that waits is forgotten, a read that runs is ended. A write that
    /// runs goes on, because nobody could say whether it was kept.
    func cancel() {
        var waiting: CheckedContinuation<T, any Error>?
        var running: Cancelling?
        state.withLock { state in
            state.isCancelled = true
            if case .waiting(let continuation) = state.stage {
                state.stage = .answered
                waiting = continuation
            } else if kind == .read {
                running = state.cancelling
            }
        }
        waiting?.resume(throwing: CancellationError())
        if let running { canceller.cancel(running, number) }
    }

    func run(on worker: Worker) {
        let isWanted = state.withLock { state in
            guard case .waiting(let continuation) = state.stage else { return false }
            state.stage = .running(continuation)
            return true
        }
        guard isWanted else { return }
        answer(worker.run(self))
    }

    // MARK: What the worker asks

    /// A read whose caller has left.
    var isUnwanted: Bool { kind == .read && state.withLock { $0.isCancelled } }

    func attempt(_ transaction: PostgresTransaction) throws -> T { try body(transaction) }

    /// From now on a cancel reaches this connection.
    func isOn(_ connection: Cancelling?) {
        connection?.begin(number)
        state.withLock { $0.cancelling = connection }
    }

    private func answer(_ result: Result<T, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<T, any Error>? in
            defer {
                state.stage = .answered
                state.cancelling = nil
            }
            switch state.stage {
            case .waiting(let continuation), .running(let continuation): return continuation
            case .new, .answered: return nil
            }
        }
        continuation?.resume(with: result)
    }
}

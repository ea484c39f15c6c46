import Storage
import Synchronization

/// The PostgreSQL engine (14 or newer): a pool of threads with a connection each, through libpq.
///
/// A read sees one moment (repeatable read). A write is serializable, and is run again when another one was in its way
/// or when its connection was lost before `commit` was sent; where the answer to `commit` was lost, the caller hears
/// `StorageFailure.unknownOutcome`. While no primary takes writes, callers wait for one until their deadline and then
/// hear `StorageFailure.busy`.
///
/// `synchronous_commit` and `fsync` are the operator's; nothing here weakens them.
package final class PostgresDatabase: Database {
    package struct Options: Sendable {
        /// Refuses writes, and is content with a standby: for `verify`.
        package var readOnly = false
        /// Threads, and so connections at most. They are opened when they are needed.
        package var connections = 8
        /// How long a caller waits for its answer, from the call on. Steps of the schema have no deadline; with nil
        /// nothing has.
        package var deadlineMs: Int? = 10_000
        /// Reads and writes that may wait for a thread. One more is refused as `busy`.
        package var waiting = 4_096
        /// A standby that answers reads which may be stale; nil without one.
        package var replica: Replica?
        package init() {}

        package struct Replica: Sendable {
            package let url: String
            /// The oldest that its answers may be.
            package var staleMs = 5_000
            package var connections = 4
            package init(url: String) { self.url = url }
        }
    }

    package var engine: Engine { .postgres }
    /// Where the data is, without a password.
    package let place: String

    private let options: Options
    private let queue: WorkQueue
    private let canceller = Canceller()
    private let counters = Counters()
    private let numbers = Atomic<UInt64>(1)
    private let ending: Ending
    private let settings: ConnectionSettings
    private let listeners = Mutex<[Listener]>([])
    private let marks: Marks
    private let isHearing = Atomic(false)
    private let replica: Replica?

    /// Whether this names a PostgreSQL, and not a file.
    package static func isURL(_ text: String) -> Bool {
        text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }

    /// Connects once, so that a wrong URL is told at once. Throws `StorageFailure.unreachable` with the reason. A
    /// replica need not be there yet.
    package static func open(url: String, options: Options = Options()) async throws -> PostgresDatabase {
        let settings = try ConnectionSettings(
            url: url, readOnly: options.readOnly, deadlineMs: options.deadlineMs)
        try await Self.probe(settings, untilMs: Monotonic.ms + Int64(options.deadlineMs ?? 10_000))
        let standby = try options.replica.map {
            Replica(
                try ConnectionSettings(
                    url: $0.url, readOnly: true, deadlineMs: Int(Replica.patienceMs), standby: true), of: settings, $0)
        }
        return PostgresDatabase(settings, options, standby)
    }

    private init(_ settings: ConnectionSettings, _ options: Options, _ replica: Replica?) {
        let connections = max(options.connections, 1)
        let queue = WorkQueue(limit: options.waiting, writers: max(connections - 2, 1))
        let ending = Ending(connections)
        let counters = counters
        let marks = Marks(hears: false)
        self.marks = marks
        self.options = options
        self.queue = queue
        self.ending = ending
        self.settings = settings
        place = settings.place
        self.replica = replica
        replica?.start(counters)
        for number in 0..<connections {
            Worker.start(
                { Worker(settings, queue, counters, marks, number: number) }, whenDone: { ending.oneEnded() })
        }
    }

    package func read<T: Sendable>(
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T {
        try await perform(.read) { try body($0) }
    }

    /// On the standby where one is near enough; whatever goes wrong there is asked of the primary instead.
    package func read<T: Sendable>(
        _ freshness: Freshness, _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T {
        guard freshness == .mayBeStale, let replica else { return try await read(body) }
        let began = Monotonic.ms
        if replica.isFit {
            do {
                let result = try await perform(.read, on: replica.queue, untilMs: began + Replica.patienceMs) {
                    try body($0)
                }
                replica.hasServed()
                return result
            } catch is NotOnReplica {
            } catch is StorageFailure {
            }
        }
        replica.fellBack()
        return try await perform(.read, on: queue, untilMs: options.deadlineMs.map { began + Int64($0) }) {
            try body($0)
        }
    }

    package func write<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        guard !options.readOnly else { throw StorageFailure.readOnly }
        return try await perform(.write, Caller.carry(body))
    }

    package func exclusively<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        guard !options.readOnly else { throw StorageFailure.readOnly }
        return try await perform(.exclusive, Caller.carry(body))
    }

    /// On a connection of its own, beside those of the pool.
    package func announcements() -> AsyncStream<Announcement>? {
        let listener = Listener(Connection.channel)
        listeners.withLock { $0.append(listener) }
        return listener.start(settings)
    }

    /// Hears of other servers on one more connection, from the first mark on.
    package func mark(_ tables: Set<String>) -> ChangeMark? {
        guard !options.readOnly else { return nil }
        let mark = ChangeMark(tables)
        marks.add(mark)
        let isFirst = isHearing.exchange(true, ordering: .acquiringAndReleasing) == false
        if isFirst {
            let listener = Listener(Connection.changes)
            listeners.withLock { $0.append(listener) }
            listener.start(settings, whenEnded: {}) { [marks] one in
                switch one {
                case .said(let words): marks.changed(Set(words.split(separator: " ").map(String.init)))
                case .missed: marks.hear(true)
                case nil: marks.hear(false)
                }
                return true
            }
        }
        return mark
    }

    /// Does what was accepted, then ends all connections.
    package func close() async throws {
        for listener in listeners.withLock({ $0 }) { listener.end() }
        queue.finish()
        await replica?.close()
        canceller.finish()
        await ending.wait()
    }

    // MARK: What tests and watchers ask

    /// Reads and writes that were accepted and have not begun.
    package var waitingCount: Int { queue.waitingCount }
    /// Transactions that were begun anew because another one was in their way.
    package var conflicts: Int { counters.all.conflicts }
    /// Connections that were lost.
    package var lostConnections: Int { counters.all.lost }

    /// What the replica does; nil without one.
    package var replicaCounts: ReplicaCounts? { replica?.counts }

    /// Runs text of any kind in a transaction of its own, such as `create schema`.
    package func runText(_ text: String) async throws {
        try await perform(.exclusive) { transaction in
            guard let postgres = transaction as? PostgresTransaction else { return }
            try postgres.runText(text)
        }
    }

    /// Of the tables of its own schema.
    package func takeStatistics() async throws {
        try await runText(
            """
            do $$ declare one record; begin
                for one in select tablename from pg_tables where schemaname = current_schema() order by tablename loop
                    execute format('analyze %I', one.tablename);
                end loop;
            end $$
            """)
    }

    /// Runs a query and tells how: the lines of `explain analyze`, for a plan of any value. A test on a hot query looks at
    /// them.
    package func plan(_ sql: SQL) async throws -> [String] {
        try await read { transaction in
            guard let postgres = transaction as? PostgresTransaction else { return [] }
            return try postgres.plan(sql)
        }
    }

    private func perform<T: Sendable>(
        _ kind: TransactionKind, _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        let deadline = kind == .exclusive ? nil : options.deadlineMs.map { Monotonic.ms + Int64($0) }
        return try await perform(kind, on: queue, untilMs: deadline, body)
    }

    private func perform<T: Sendable>(
        _ kind: TransactionKind, on queue: WorkQueue, untilMs deadline: Int64?,
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        let job = Job(
            kind, deadline: deadline, number: numbers.wrappingAdd(1, ordering: .relaxed).newValue,
            canceller: canceller, body)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { job.wait(in: queue, $0) }
        } onCancel: {
            job.cancel()
        }
    }

    /// Tries to connect, on a thread that may block.
    private static func probe(_ settings: ConnectionSettings, untilMs: Int64) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Threads.start {
                while true {
                    do throws(Trouble) {
                        _ = try Connection(settings)
                        return continuation.resume()
                    } catch {
                        var reason = "no answer"
                        if case .lost(let message) = error { reason = message }
                        if case .refused(_, let message, _) = error { reason = message }
                        if Monotonic.ms >= untilMs || isFinal(reason) {
                            return continuation.resume(
                                throwing: StorageFailure.unreachable("\(settings.place): \(reason)\(hint(reason))"))
                        }
                        Threads.rest()
                    }
                }
            }
        }
    }

    /// What an operator does about it, where libpq's words do not say.
    private static func hint(_ reason: String) -> String {
        let hints = [
            ("certificate verify failed", "its certificate is not signed by an authority of sslrootcert"),
            ("does not match host name", "its certificate is for another name; use that name in the URL"),
            ("not support SSL", "it offers no TLS: set ssl = on there"),
        ]
        return hints.first { reason.contains($0.0) }.map { " (\($0.1))" } ?? ""
    }

    /// What no waiting mends. The words are a server's or libpq's, in English as a rule; others are waited for.
    private static func isFinal(_ reason: String) -> Bool {
        ["authentication failed", "no password", "does not exist", "certificate", "SSL", "no pg_hba", "invalid"]
            .contains { reason.contains($0) }
    }
}

/// Lets `close` wait for the threads.
final class Ending: Sendable {
    private struct State {
        var left: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(left: count)) }

    func oneEnded() {
        let waiting = state.withLock { state in
            state.left -= 1
            guard state.left == 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.left > 0 { state.waiting.append(continuation) }
                return state.left == 0
            }
            if isOver { continuation.resume() }
        }
    }
}

import Glibc
import Storage
import Synchronization

/// A standby that answers reads which may be stale, with proof that they are not too stale.
///
/// A few times a second the primary is asked how far its log is on the device: a mark, with the moment before the
/// question. A read begins with the question whether the standby has replayed a mark that is young enough; then it
/// shows everything that was acknowledged before that moment. One clock measures, that of this process; nothing is
/// written, and no clock of a server counts. Without a young mark, or when the standby is behind it, of another house
/// or of another branch of the log, promoted, slow or gone, the primary answers. (With `synchronous_commit = off`
/// acknowledged writes reach the log up to 0.6 s later; by so much the bound is longer then.)
final class Replica: Sendable {
    /// How long a read may take on the standby before the primary is asked.
    static let patienceMs: Int64 = 3_000
    /// How long it may take to begin one.
    private static let openingMs: Int64 = 500
    private static let waiting = 1_024

    /// How far the primary was at a moment.
    struct Mark: Sendable {
        let atMs: Int64
        /// A place in the log, such as `0/3000148`.
        let lsn: String
        /// The cluster, the branch of its log, the database and the schema.
        let house: String
    }
    private struct State {
        var marks: [Mark] = []
        var counts = ReplicaCounts()
    }

    let queue: WorkQueue
    private let standby: ConnectionSettings
    private let primary: ConnectionSettings
    private let staleMs: Int64
    private let connections: Int
    private let ending: Ending
    private let isEnded = Atomic(false)
    private let state = Mutex(State())

    init(_ standby: ConnectionSettings, of primary: ConnectionSettings, _ options: PostgresDatabase.Options.Replica) {
        self.standby = standby
        self.primary = primary
        staleMs = Int64(max(options.staleMs, 100))
        connections = max(options.connections, 1)
        queue = WorkQueue(limit: Self.waiting, writers: 0)
        ending = Ending(connections + 1)
    }

    func start(_ counters: Counters) {
        for number in 0..<connections {
            Worker.start(
                { [standby, queue] in Worker(standby, queue, counters, Marks(), number: number, replica: self) },
                whenDone: { [ending] in ending.oneEnded() })
        }
        Threads.start { [ending] in
            self.watch()
            ending.oneEnded()
        }
    }

    func close() async {
        isEnded.store(true, ordering: .releasing)
        queue.finish()
        await ending.wait()
    }

    // MARK: What is known of it

    var counts: ReplicaCounts { state.withLock { $0.counts } }
    var isFit: Bool { state.withLock { $0.counts.isFit } }
    func isFit(_ fit: Bool) { state.withLock { $0.counts.isFit = fit } }
    func hasServed() { state.withLock { $0.counts.served += 1 } }
    func fellBack() { state.withLock { $0.counts.fellBack += 1 } }

    /// The oldest mark that is young enough.
    var mark: Mark? {
        state.withLock { state in
            let oldest = Monotonic.ms - staleMs
            return state.marks.first { $0.atMs >= oldest }
        }
    }

    /// Takes marks and looks after the standby, until the end.
    private func watch() {
        var first: Connection?
        var second: Connection?
        let pauseMs = min(max(staleMs / 5, 50), 500)
        while !isEnded.load(ordering: .acquiring) {
            do throws(Trouble) {
                if first == nil { first = try Connection(primary) }
                if let first { try take(first) }
            } catch {
                first = nil
            }
            do throws(Trouble) {
                if second == nil { second = try Connection(standby) }
                isFit(try second.map { connection throws(Trouble) in try follows(connection) } ?? false)
            } catch {
                second = nil
                isFit(false)
            }
            usleep(UInt32(clamping: pauseMs * 1_000))
        }
    }

    /// Whether it would answer now.
    private func follows(_ connection: Connection) throws(Trouble) -> Bool {
        guard let mark else { return false }
        connection.deadline = Monotonic.ms + Self.openingMs
        guard try connection.says("select \(Self.house)") == mark.house else { return false }
        return try connection.says("select \(Self.hasReplayed(mark))") == "true"
    }

    private func take(_ connection: Connection) throws(Trouble) {
        connection.deadline = Monotonic.ms + 1_000
        let at = Monotonic.ms
        guard let text = try connection.says("select pg_current_wal_flush_lsn()::text || ' ' || \(Self.branch)") else {
            return
        }
        let words = text.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].utf8.allSatisfy({ "0123456789ABCDEF/".utf8.contains($0) }) else { return }
        state.withLock { state in
            state.marks.removeAll { $0.atMs < at - staleMs }
            state.marks.append(Mark(atMs: at, lsn: String(words[0]), house: String(words[1])))
        }
    }

    // MARK: In the words of PostgreSQL

    private static let rest =
        "(select system_identifier::text from pg_control_system()) || ' ' || current_database() || ' ' "
        + "|| coalesce(current_schema(), '')"
    /// On the primary: the name of a piece of the log begins with its branch.
    private static let branch =
        "('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int::text || ' ' || \(rest)"
    /// On the standby, which follows a new branch some time before it says so: until then the primary answers.
    private static let house =
        "(select greatest(c.timeline_id, r.min_recovery_end_timeline) from pg_control_checkpoint() c, "
        + "pg_control_recovery() r)::text || ' ' || \(rest)"

    private static func hasReplayed(_ mark: Mark) -> String {
        "coalesce(pg_is_in_recovery() and pg_last_wal_replay_lsn() >= '\(mark.lsn)'::pg_lsn, false)::text"
    }

    /// Begins a read; false when it would show too little.
    static func begin(_ connection: Connection, for mark: Mark, _ shows: inout String) throws(Trouble) -> Bool {
        connection.deadline = Monotonic.ms + openingMs
        if shows != mark.house { shows = try connection.says("select \(house)") ?? "" }
        guard shows == mark.house else { return false }
        return try connection.says("\(TransactionKind.read.opening); select \(hasReplayed(mark))") == "true"
    }
}

/// What a replica does, for those who watch.
package struct ReplicaCounts: Sendable {
    /// Whether it takes reads now.
    package var isFit = false
    package var served = 0
    /// Reads that might have been stale and were answered by the primary.
    package var fellBack = 0
}

/// The standby does not answer this; the primary is asked.
struct NotOnReplica: Error {}

extension Worker {
    /// Once, without a second try: whatever stands in the way is the primary's to answer.
    func run<T>(_ job: Job<T>, on replica: Replica) -> Result<T, any Error> {
        if job.isUnwanted { return .failure(CancellationError()) }
        guard replica.isFit, !isLate(job), let mark = replica.mark else { return .failure(NotOnReplica()) }
        let connection: Connection
        if let open = self.connection, !open.isBroken {
            connection = open
        } else {
            self.connection = nil
            shows = ""
            do throws(Trouble) { connection = try Connection(settings) } catch { return lost(replica) }
            self.connection = connection
        }
        job.isOn(connection.cancelling)
        defer {
            job.isOn(nil)
            if !connection.cancelling.end() || connection.isBroken || !connection.isIdle { self.connection = nil }
        }
        do throws(Trouble) {
            guard try Replica.begin(connection, for: mark, &shows) else {
                rollBack(connection)
                return lost(replica)
            }
        } catch {
            return job.isUnwanted ? .failure(CancellationError()) : lost(replica)
        }
        connection.deadline = job.deadline
        let transaction = PostgresTransaction(connection, isCancelled: { job.isUnwanted })
        let result = Result<T, any Error> { try job.attempt(transaction) }
        rollBack(connection)
        if job.isUnwanted { return .failure(CancellationError()) }
        switch transaction.trouble {
        case nil: return result
        case .lost, .late: return lost(replica)
        case .some(let trouble):
            if trouble.isStalePlan { self.connection = nil }
            // Such as a conflict with what the standby replays, or a table that is not there yet.
            return .failure(NotOnReplica())
        }
    }

    /// Takes no reads until it was looked at again.
    private func lost<T>(_ replica: Replica) -> Result<T, any Error> {
        replica.isFit(false)
        return .failure(NotOnReplica())
    }
}

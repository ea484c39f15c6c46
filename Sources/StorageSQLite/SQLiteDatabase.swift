internal import CSQLiteSetup
internal import GRDB
internal import GRDBSQLite
import Storage
import Synchronization

/// The SQLite engine: one file, one server process, any number of readers beside one writer.
///
/// An acknowledged write survives a power cut: the journal is WAL and `synchronous` is FULL, so `commit` returns after
/// the log is on the device. Writes of many callers share one commit (`GroupCommit`).
package final class SQLiteDatabase: Storage.Database {
    /// When the log is forced to the device. Only `full` keeps the promise of the seam; the others exist so that the
    /// durability test can show that it would notice their loss.
    package enum Synchronous: String, Sendable { case full, normal, off }

    package struct Options: Sendable {
        /// Opens beside a running server, without its lock and without the right to write: for `verify`.
        package var readOnly = false
        package var synchronous = Synchronous.full
        /// Connections that read at the same time.
        package var readers = 8
        /// How long a statement waits for another process, such as a backup.
        package var busyTimeoutMs = 5_000
        /// Writes that may wait. One more is refused as `busy`: better an honest no than a queue without an end.
        package var waitingWrites = 8_192
        /// Writes that share one commit.
        package var batchWrites = 1_024
        /// Page limit of the file, so that a test can fill the disk.
        package var maxPages: Int?
        /// Receives the PostgreSQL text of each distinct query and change, once.
        package var recorder: (@Sendable (String) -> Void)?
        package init() {}
    }

    package var engine: Engine { .sqlite }

    private let pool: DatabasePool
    private let writer: GroupCommit
    private let recorder: StatementRecorder?
    private let readers: Readers
    private let marks = Marks()
    private let lock: FileLock?
    private let readOnly: Bool

    /// Opens the file, and makes it where there is none.
    ///
    /// Throws `StorageFailure.busy` when another server holds it.
    package static func open(path: String, options: Options = Options()) async throws -> SQLiteDatabase {
        let lock = options.readOnly ? nil : try FileLock(path: path + ".lock")
        Self.setup
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(options))
            if !options.readOnly {
                try await pool.writeWithoutTransaction { connection in
                    // The pool resets `synchronous` to NORMAL while it sets up WAL, so this comes after.
                    try connection.execute(sql: "pragma synchronous = \(options.synchronous.rawValue)")
                    if let pages = options.maxPages {
                        try connection.execute(sql: "pragma max_page_count = \(pages)")
                    }
                }
            }
            return SQLiteDatabase(path: path, pool: pool, lock: lock, options: options)
        } catch {
            throw StorageFailure.from(error)
        }
    }

    private static let setup: Void = redsteward_sqlite_setup()

    private static func configuration(_ options: Options) -> Configuration {
        var configuration = Configuration()
        configuration.label = "redsteward"
        configuration.readonly = options.readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(Double(options.busyTimeoutMs) / 1_000)
        configuration.prepareDatabase { connection in
            try connection.execute(sql: "pragma trusted_schema = off")
            try connection.execute(sql: "pragma temp_store = memory")
            try connection.execute(sql: "pragma cache_size = -16384")
        }
        return configuration
    }

    private init(path: String, pool: DatabasePool, lock: FileLock?, options: Options) {
        self.pool = pool
        self.lock = lock
        self.readOnly = options.readOnly
        recorder = options.recorder.map(StatementRecorder.init)
        writer = GroupCommit(
            pool: pool, waitingLimit: options.waitingWrites, batchLimit: options.batchWrites, recorder: recorder,
            marks: marks)
        readers = Readers(
            path: path, limit: options.readers, busyTimeoutMs: options.busyTimeoutMs, recorder: recorder)
    }

    package func read<T: Sendable>(
        _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T {
        try readers.read(body)
    }

    package func write<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        guard !readOnly else { throw StorageFailure.readOnly }
        return try await writer.write(body)
    }

    package func mark(_ tables: Set<String>) -> ChangeMark? {
        guard !readOnly else { return nil }
        let mark = ChangeMark(tables)
        marks.add(mark)
        return mark
    }

    /// There is one writer on one server.
    package func exclusively<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        try await write(body)
    }

    /// Waits for the writes that were accepted, then ends all connections and gives the lock back.
    package func close() async throws {
        await writer.finish()
        readers.close()
        do { try pool.close() } catch { throw StorageFailure.from(error) }
        lock?.release()
    }

    // MARK: What tests and watchers ask

    /// Writes that were accepted and have not begun.
    package var waitingWrites: Int { writer.waitingCount }

    /// A setting of the writing connection, such as `synchronous`.
    package func writerPragma(_ name: StaticString) async throws -> String {
        do {
            return try await pool.writeWithoutTransaction { connection in
                try String.fetchOne(connection, sql: "pragma \(name)") ?? ""
            }
        } catch {
            throw StorageFailure.from(error)
        }
    }

    /// The lines of `explain query plan`.
    package func plan(_ sql: Storage.SQL) async throws -> [String] {
        let (text, values) = sql.rendered(for: .sqlite)
        return try await read { transaction in
            guard let sqlite = transaction as? SQLiteTransaction else { return [] }
            return try sqlite.query("explain query plan " + text, values) { try $0.text(3) }
        }
    }

    /// What a query cost. A test on a hot query sets a budget for it.
    package struct Cost: Sendable, Equatable {
        /// Rows that the query returned.
        package let rows: Int
        /// Steps forward in a scan of a whole table.
        package let scanned: Int
        /// Instructions of SQLite's virtual machine: the same on every run and every machine.
        package let steps: Int
    }

    /// Runs a query and tells what it cost.
    package func cost(_ sql: Storage.SQL) async throws -> Cost {
        try await read { transaction in
            guard let sqlite = transaction as? SQLiteTransaction else { return Cost(rows: 0, scanned: 0, steps: 0) }
            return try sqlite.cost(sql)
        }
    }
}

/// Tells a listener of each distinct statement once, in its PostgreSQL form. Schema changes are left out, because
/// PostgreSQL cannot prepare them.
final class StatementRecorder: Sendable {
    private let seen = Mutex<Set<String>>([])
    private let listener: @Sendable (String) -> Void
    private static let kinds = ["select", "insert", "update", "delete", "with"]

    init(_ listener: @escaping @Sendable (String) -> Void) { self.listener = listener }

    func record(_ sql: Storage.SQL) { record(sql.rendered(for: .postgres).text) }

    func record(_ text: String) {
        let word = text.drop { $0.isWhitespace }.prefix { $0.isLetter }.lowercased()
        guard Self.kinds.contains(word), seen.withLock({ $0.insert(text).inserted }) else { return }
        listener(text)
    }
}

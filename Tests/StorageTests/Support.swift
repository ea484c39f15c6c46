import Dispatch
import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageSQLite
import StorageTesting
import Synchronization
import Testing

/// A real database of its own, which is gone afterwards: SQLite in a folder, or PostgreSQL in a schema. Every test of
/// the battery runs on it.
///
/// With `REDSTEWARD_SQL_LOG` set, every statement is appended to that file as a JSON string in its PostgreSQL form,
/// and the schema is written beside it (`….schema.sql`), so that a script can prepare them all on PostgreSQL.
struct TestDatabase: Sendable {
    let database: any Database
    let path: String
    let still: StillWorld
    var world: World { still.world }

    static let start = Instant(ms: 1_790_000_000_000)
    static let schema = Schema([
        Migration(
            "test-001-row",
            """
            create table test_parent (id ID not null primary key);
            create table test_row (
                id ID not null primary key,
                number INT64, share REAL, name TEXT, data BYTES, done FLAG,
                parent_id INT64 references test_parent (id),
                unique (name));
            TEXTINDEX test_text;
            """)
    ])

    /// The database as SQLite's, for tests of what only SQLite has.
    var sqlite: SQLiteDatabase {
        get throws { try #require(database as? SQLiteDatabase) }
    }

    /// - Parameter options: changes SQLite's options before the database is opened.
    static func with(
        _ options: (inout SQLiteDatabase.Options) -> Void = { _ in }, _ body: (TestDatabase) async throws -> Void
    ) async throws {
        try await inFolder { folder in
            try await TestEngine.withPlace(in: folder, named: "test.sqlite") { path in
                var chosen = SQLiteDatabase.Options()
                chosen.recorder = SQLLog.recorder
                options(&chosen)
                let database = try await TestEngine.open(path, sqlite: chosen)
                do {
                    try await schema.migrate(database, at: start)
                    try await body(TestDatabase(database: database, path: path, still: StillWorld(at: start)))
                } catch {
                    try? await database.close()
                    throw error
                }
                try await database.close()
            }
        }
    }

    static func inFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/redsteward-storage-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    /// Opens the same data beside this one, without the right to change it.
    func guest() async throws -> any Database {
        guard !PostgresDatabase.isURL(path) else {
            var options = TestEngine.postgres(1)
            options.readOnly = true
            return try await PostgresDatabase.open(url: path, options: options)
        }
        var options = SQLiteDatabase.Options()
        options.readOnly = true
        return try await SQLiteDatabase.open(path: path, options: options)
    }

    func names() async throws -> [String] {
        try await database.read { try $0.query("select name from test_row order by name") { try $0.text(0) } }
    }

    @discardableResult
    func put(_ id: Int64, _ name: String) async throws -> Int {
        try await database.write { try $0.run("insert into test_row (id, name) values (\(id), \(name))") }
    }

    /// Runs all of `bodies` at the same time; on SQLite the writer is held until all of them wait, so that they share
    /// one commit. Returns each one's failure or nil.
    func together(_ bodies: [@Sendable (any WriteTransaction) throws -> Void]) async throws -> [(any Error)?] {
        let started = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let (database, sqlite) = (database, database as? SQLiteDatabase)
        async let held: Void = database.write { _ in
            started.signal()
            gate.wait()
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                started.wait()
                continuation.resume()
            }
        }
        let failures = await withTaskGroup(of: (Int, (any Error)?).self) { group in
            for (index, body) in bodies.enumerated() {
                group.addTask {
                    do {
                        try await database.write(body)
                        return (index, nil)
                    } catch {
                        return (index, error)
                    }
                }
                while let sqlite, sqlite.waitingWrites < index + 1 { await Task.yield() }
            }
            gate.signal()
            var failures = [(any Error)?](repeating: nil, count: bodies.count)
            for await (index, failure) in group { failures[index] = failure }
            return failures
        }
        try await held
        return failures
    }
}

/// Inserts one named row.
func inserting(_ id: Int64, _ name: String) -> @Sendable (any WriteTransaction) throws -> Void {
    { try $0.run("insert into test_row (id, name) values (\(id), \(name))") }
}

struct Oops: Error {}

/// The file of statements for PostgreSQL.
enum SQLLog {
    private static let path = ProcessInfo.processInfo.environment["REDSTEWARD_SQL_LOG"]
    private static let lock = Mutex(())

    static let recorder: (@Sendable (String) -> Void)? = path.map { path in
        try? TestDatabase.schema.ddl(for: .postgres).write(
            toFile: path + ".schema.sql", atomically: true, encoding: .utf8)
        return { text in lock.withLock { _ in append(text, to: path) } }
    }

    private static func append(_ text: String, to path: String) {
        guard let line = try? JSONEncoder().encode(text), let file = fopen(path, "a") else { return }
        fputs(String(decoding: line, as: UTF8.self) + "\n", file)
        fclose(file)
    }
}

/// Lets a synchronous closure wait until something has happened elsewhere.
final class Flagged: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func raise() { semaphore.signal() }
    func wait() { semaphore.wait() }
}

/// What readers keep under the edition they asked for before they read.
final class Kept: Sendable {
    private struct State {
        var edition: UInt64 = 0
        var count = 0
        var isOver = false
    }
    private let state = Mutex(State())
    var isOver: Bool { state.withLock { $0.isOver } }
    func end() { state.withLock { $0.isOver = true } }
    func keep(_ edition: UInt64, _ count: Int) {
        state.withLock { if edition >= $0.edition { ($0.edition, $0.count) = (edition, count) } }
    }
    func count(under edition: UInt64) -> Int? { state.withLock { $0.edition == edition ? $0.count : nil } }
}

/// Texts in the order in which they came.
final class Recorded: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func add(_ text: String) { texts.withLock { $0.append(text) } }
}

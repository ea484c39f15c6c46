import Foundation
import Storage
import StoragePostgres
import StorageSQLite
import Synchronization

/// The engine that the tests run on: SQLite in the folder of each test, or, with `REDSTEWARD_TEST_DATABASE` set to a
/// `postgres://` URL, PostgreSQL in a schema of each test's own, which is dropped afterwards.
package enum TestEngine {
    package static let url: String? = {
        let value = ProcessInfo.processInfo.environment["REDSTEWARD_TEST_DATABASE"] ?? ""
        return PostgresDatabase.isURL(value) ? value : nil
    }()
    package static var isPostgres: Bool { url != nil }

    /// Gives a place for a fresh database to `body`: a path in the folder, or a URL. All of it is gone afterwards,
    /// except the folder.
    package static func withPlace<T>(
        in folder: String, named name: String = "test.db", _ body: (String) async throws -> T
    ) async throws -> T {
        guard let url else { return try await body(folder + "/" + name) }
        await gate.enter()
        defer { gate.leave() }
        let schema =
            "test_\(ProcessInfo.processInfo.processIdentifier)_\(numbers.wrappingAdd(1, ordering: .relaxed).newValue)"
        let admin = try await admin.value
        try await admin.runText("create schema \(schema)")
        do {
            let result = try await body(place(url, schema))
            try await admin.runText("drop schema \(schema) cascade")
            return result
        } catch {
            try? await admin.runText("drop schema \(schema) cascade")
            throw error
        }
    }

    /// The same for a copy of a database: of the files that were copied into the folder before, or of a database of the
    /// server.
    package static func withCopy<T>(
        of template: String, in folder: String, named name: String, _ body: (String) async throws -> T
    ) async throws -> T {
        guard let url else { return try await body(folder + "/" + name) }
        await gate.enter()
        defer { gate.leave() }
        let copy = freshName("copy")
        try await psql("create database \(copy) template \(template)")
        do {
            let result = try await body(place(url, database: copy))
            try await psql("drop database \(copy) with (force)")
            return result
        } catch {
            try? await psql("drop database \(copy) with (force)")
            throw error
        }
    }

    /// A name that no other test has, nor another run on the same server.
    package static func freshName(_ kind: String) -> String {
        "\(kind)_\(ProcessInfo.processInfo.processIdentifier)_\(numbers.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// The address of another database of the same server.
    package static func place(_ url: String, database: String) -> String {
        guard var parts = URLComponents(string: url) else { return url }
        parts.percentEncodedPath = "/" + database
        return parts.string ?? url
    }

    /// Runs what stands in no transaction. What is still in use is waited for, up to ten seconds.
    package static func psql(_ text: String) async throws {
        for attempt in 1... {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/psql")
            process.arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url ?? "", "-c", text]
            let trouble = Pipe()
            process.standardError = trouble
            try process.run()
            let words = String(decoding: trouble.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            if process.terminationStatus == 0 { return }
            guard attempt < 100, words.contains("being accessed") else { throw StorageFailure.engine(words) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Opens a database at a place. Deadlines are long, because the machine of a test may be busy.
    package static func open(
        _ place: String, sqlite: SQLiteDatabase.Options = .init(), connections: Int = 4
    ) async throws -> any Database {
        guard PostgresDatabase.isURL(place) else { return try await SQLiteDatabase.open(path: place, options: sqlite) }
        return try await PostgresDatabase.open(url: place, options: postgres(connections))
    }

    package static func postgres(_ connections: Int = 4) -> PostgresDatabase.Options {
        var options = PostgresDatabase.Options()
        options.connections = connections
        options.deadlineMs = 60_000
        return options
    }

    /// A URL whose connections see this schema and no other.
    package static func place(_ url: String, _ schema: String) -> String {
        url + (url.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(schema)"
    }

    private static let numbers = Atomic<Int>(0)
    /// So many tests have a database at the same time.
    private static let gate = Gate(6)
    private static let admin = Task { try await PostgresDatabase.open(url: url ?? "", options: postgres(2)) }
}

/// Lets so many in.
private final class Gate: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>
    init(_ places: Int) { state = Mutex(State(free: places)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

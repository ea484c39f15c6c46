import ArgumentParser
import Dispatch
import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageSQLite

/// Where the rows of a house are: in a folder, or behind a URL.
enum HouseDoor {
    static func isURL(_ place: String) -> Bool {
        place.hasPrefix("postgres://") || place.hasPrefix("postgresql://")
    }

    /// What an operator may read in a log: a URL without its password.
    static func shown(_ place: String) -> String {
        guard isURL(place), var parts = URLComponents(string: place) else { return place }
        if parts.password != nil { parts.password = "…" }
        return parts.string ?? "postgres://"
    }

    /// Beside a server, without the right to write.
    static func beside(_ place: String) async throws -> any Database {
        if isURL(place) { return try await postgres(place, readOnly: true) }
        try requireHouse(place)
        var options = SQLiteDatabase.Options()
        options.readOnly = true
        return try await SQLiteDatabase.open(path: place + "/redsteward.db", options: options)
    }

    /// Alone: throws `StorageFailure.busy` while a server holds a folder. Makes the file where there is none.
    static func alone(_ place: String) async throws -> any Database {
        if isURL(place) { return try await postgres(place, readOnly: false) }
        return try await SQLiteDatabase.open(path: place + "/redsteward.db")
    }

    /// Makes the folder of a house for its owner alone; one that is there must hold nothing.
    static func emptyFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let content = try FileManager.default.contentsOfDirectory(atPath: path)
        guard content.allSatisfy({ $0 == "lost+found" }) else { throw BackupFault.folderNotEmpty(path) }
    }

    /// Without a deadline: a backup reads a whole house in one transaction.
    private static func postgres(_ url: String, readOnly: Bool) async throws -> any Database {
        var options = PostgresDatabase.Options()
        options.readOnly = readOnly
        options.connections = 3
        options.deadlineMs = nil
        do {
            return try await PostgresDatabase.open(url: url, options: options)
        } catch StorageFailure.unreachable(let reason) {
            throw ValidationError("\(shown(url)) cannot be reached: \(reason)")
        }
    }

    /// What an operator named, or else what the environment says; nil for the file in the folder.
    static func database(_ named: String?) -> String? {
        let value = named ?? ProcessInfo.processInfo.environment["REDSTEWARD_DATABASE"] ?? ""
        return isURL(value) ? value : nil
    }

    /// Refuses a folder that holds no house, so that a mistyped name makes none.
    static func requireHouse(_ folder: String) throws {
        guard FileManager.default.fileExists(atPath: folder + "/redsteward.db") else {
            throw ValidationError("there is no house in \(folder): it holds no redsteward.db. Check --data")
        }
    }
}

/// A thread for work that blocks: long reads that write a file or wait for another database meanwhile. The shared
/// threads of the runtime stay free.
final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "redsteward.own-thread")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }

    /// Runs on a thread of its own; cancelled with the caller.
    static func run<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        let task = Task(executorPreference: OwnThread(), operation: body)
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Waits for asynchronous work, on a thread that may block.
    static func wait<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) throws -> T {
        let done = DispatchSemaphore(value: 0)
        let box = ResultBox<T>()
        Task.detached {
            do { box.result = .success(try await body()) } catch { box.result = .failure(error) }
            done.signal()
        }
        done.wait()
        guard let result = box.result else { throw CancellationError() }
        return try result.get()
    }

    /// Unchecked: written before the semaphore is raised, read after it.
    private final class ResultBox<T: Sendable>: @unchecked Sendable {
        var result: Result<T, any Error>?
    }
}

/// Tells how far a long work has come: one line that changes on a terminal, else a line for each tenth.
final class ProgressLine {
    private let total: Int64
    private let words: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var done: Int64
    private var tenth: Int64 = -1

    init(_ words: String, total: Int64, done: Int64 = 0) {
        self.words = words
        self.total = max(total, 1)
        self.done = done
        tell()
    }

    func add(_ count: Int64) {
        done += count
        tell()
    }

    func end() { if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) } }

    private func tell() {
        let percent = min(100, done * 100 / total)
        if isTerminal {
            let filled = Int(percent) * 40 / 100
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 40 - filled)
            FileHandle.standardError.write(Data("\r\(words) [\(bar)] \(percent) % of \(total) rows".utf8))
        } else if percent / 10 > tenth {
            tenth = percent / 10
            FileHandle.standardError.write(Data("\(words) \(percent) % of \(total) rows\n".utf8))
        }
    }
}

import Dispatch
import Foundation

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

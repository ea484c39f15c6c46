import Dispatch
internal import GRDBSQLite
import Storage
import Synchronization

/// Connections that read beside the writer, each with its prepared statements. A read runs on the caller's own thread:
/// handing a fraction of a millisecond of work to another thread and back costs more than the work.
///
/// Unchecked: a reader is only touched by whoever took it off the shelf.
final class Readers: @unchecked Sendable {
    /// Unchecked: held by one caller at a time.
    private final class Reader: @unchecked Sendable {
        let handle: OpaquePointer
        let shelf: StatementShelf

        init(path: String, busyTimeoutMs: Int) throws {
            var opened: OpaquePointer?
            let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
            guard code == SQLITE_OK, let opened else {
                defer { sqlite3_close_v2(opened) }
                if let opened { throw StorageFailure.of(opened) }
                throw StorageFailure.engine("SQLite \(code)")
            }
            handle = opened
            shelf = StatementShelf(opened)
            sqlite3_extended_result_codes(opened, 1)
            sqlite3_busy_timeout(opened, Int32(clamping: busyTimeoutMs))
            let words = "pragma trusted_schema = off; pragma temp_store = memory; pragma cache_size = -16384"
            guard sqlite3_exec(opened, words, nil, nil, nil) == SQLITE_OK else { throw StorageFailure.of(opened) }
        }

        deinit {
            shelf.clear()
            sqlite3_close_v2(handle)
        }
    }

    private struct State {
        var free: [Reader] = []
        var isClosed = false
    }

    private let path: String
    private let limit: Int
    private let busyTimeoutMs: Int
    private let recorder: StatementRecorder?
    private let places: DispatchSemaphore
    private let state = Mutex(State())

    /// - Parameter limit: connections at the same time; one more read waits for a place.
    init(path: String, limit: Int, busyTimeoutMs: Int, recorder: StatementRecorder?) {
        self.path = path
        self.limit = limit
        self.busyTimeoutMs = busyTimeoutMs
        self.recorder = recorder
        places = DispatchSemaphore(value: limit)
    }

    /// What the closure sees is of one moment. It must not read again inside.
    func read<T>(_ body: (any ReadTransaction) throws -> T) throws -> T {
        places.wait()
        defer { places.signal() }
        let reader = try take()
        // One that failed is not used again: its file may have gone bad under it.
        do {
            let result = try reader.shelf.inTransaction {
                try body(SQLiteTransaction(reader.handle, writes: false, recorder, reader.shelf))
            }
            giveBack(reader)
            return result
        } catch let failure as StorageFailure {
            throw failure
        } catch {
            giveBack(reader)
            throw error
        }
    }

    /// Waits for the reads that run, and ends all connections.
    func close() {
        state.withLock { $0.isClosed = true }
        for _ in 0..<limit { places.wait() }
        state.withLock { $0.free = [] }
        for _ in 0..<limit { places.signal() }
    }

    private func take() throws -> Reader {
        let found: Reader? = try state.withLock { state in
            guard !state.isClosed else { throw StorageFailure.engine("the database is closed") }
            return state.free.popLast()
        }
        return try found ?? Reader(path: path, busyTimeoutMs: busyTimeoutMs)
    }

    private func giveBack(_ reader: Reader) {
        state.withLock { $0.free.append(reader) }
    }
}

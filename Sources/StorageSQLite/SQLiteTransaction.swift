internal import GRDBSQLite
import Storage

/// The statements of one transaction, stepped through the C interface, which spares a copy of each row.
struct SQLiteTransaction: WriteTransaction {
    private let handle: OpaquePointer
    private let writes: Bool
    private let recorder: StatementRecorder?
    private let shelf: StatementShelf

    init(_ handle: OpaquePointer, writes: Bool, _ recorder: StatementRecorder?, _ shelf: StatementShelf) {
        self.handle = handle
        self.writes = writes
        self.recorder = recorder
        self.shelf = shelf
    }

    func query<T>(_ sql: Storage.SQL, _ decode: (any Storage.Row) throws -> T) throws -> [T] {
        try withStatement(sql) { statement in
            var rows: [T] = []
            while try step(statement) { rows.append(try decode(SQLiteRow(statement: statement))) }
            return rows
        }
    }

    func query<T>(_ text: String, _ values: [SQLValue], _ decode: (any Storage.Row) throws -> T) throws -> [T] {
        try withStatement(text, values) { statement in
            var rows: [T] = []
            while try step(statement) { rows.append(try decode(SQLiteRow(statement: statement))) }
            return rows
        }
    }

    func first<T>(_ sql: Storage.SQL, _ decode: (any Storage.Row) throws -> T) throws -> T? {
        try withStatement(sql) { statement in
            try step(statement) ? try decode(SQLiteRow(statement: statement)) : nil
        }
    }

    @discardableResult
    func run(_ sql: Storage.SQL) throws -> Int {
        try withStatement(sql, change)
    }

    @discardableResult
    func insert(into table: StaticString, columns: [StaticString], rows: [[SQLValue]]) throws -> Int {
        let names = columns.map(\.description).joined(separator: ", ")
        let places = (1...max(columns.count, 1)).map { "$\($0)" }.joined(separator: ", ")
        let text = "insert into \(table) (\(names)) values (\(places))"
        recorder?.record(text)
        return try rows.reduce(0) { count, row in
            guard row.count == columns.count else { throw StorageFailure.engine("insert: wrong number of values") }
            return try count + withStatement(text, row, change)
        }
    }

    func cost(_ sql: Storage.SQL) throws -> SQLiteDatabase.Cost {
        let (text, values) = sql.rendered(for: .sqlite)
        return try withStatement(text, values) { statement in
            _ = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1)
            _ = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1)
            var rows = 0
            while try step(statement) { rows += 1 }
            return SQLiteDatabase.Cost(
                rows: rows, scanned: Int(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0)),
                steps: Int(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0)))
        }
    }

    /// Runs the closure of a write. A failure that it caught counts: PostgreSQL would have ended the transaction.
    func attempt<T>(_ body: () throws -> T) throws -> T {
        shelf.failure = nil
        let result = try body()
        if let failure = shelf.failure { throw failure }
        return result
    }

    // MARK: Statements

    private func change(_ statement: OpaquePointer) throws -> Int {
        while try step(statement) {}
        return Int(sqlite3_changes(handle))
    }

    private func withStatement<T>(_ sql: Storage.SQL, _ body: (OpaquePointer) throws -> T) throws -> T {
        recorder?.record(sql)
        var values: [SQLValue] = []
        guard let shape = sql.shape(for: .sqlite, &values) else {
            let (text, values) = sql.rendered(for: .sqlite)
            return try withStatement(text, values, body)
        }
        return try run(shelf.statement(shape) { sql.rendered(for: .sqlite).text }, values, body)
    }

    private func withStatement<T>(
        _ text: String, _ values: [SQLValue], _ body: (OpaquePointer) throws -> T
    ) throws -> T {
        try run(shelf.statement(text), values, body)
    }

    private func run<T>(
        _ statement: Statement, _ values: [SQLValue], _ body: (OpaquePointer) throws -> T
    ) throws -> T {
        if writes {
            // A full disk can end the transaction under a closure that ignores the error. What it runs afterwards would
            // be kept at once and alone, so it is refused.
            guard sqlite3_get_autocommit(handle) == 0 else { throw StorageFailure.engine("the transaction has ended") }
            if let table = statement.table { shelf.touched.insert(table) }
        }
        let pointer = statement.pointer
        defer {
            sqlite3_reset(pointer)
            sqlite3_clear_bindings(pointer)
        }
        do {
            return try run(pointer, statement, values, body)
        } catch {
            // What a row could not be decoded as harms nothing.
            if case StorageFailure.decoding = error { throw error }
            if error is StorageFailure { shelf.failure = shelf.failure ?? error }
            throw error
        }
    }

    private func run<T>(
        _ pointer: OpaquePointer, _ statement: Statement, _ values: [SQLValue], _ body: (OpaquePointer) throws -> T
    ) throws -> T {
        guard Int(sqlite3_bind_parameter_count(pointer)) == values.count else {
            throw StorageFailure.engine("wrong number of values")
        }
        for (index, value) in values.enumerated() { try bind(value, Int32(index + 1), pointer) }
        return try withExtendedLifetime(statement) { try body(pointer) }
    }

    /// Tells whether there is a row.
    private func step(_ statement: OpaquePointer) throws -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw StorageFailure.of(handle)
        }
    }

    private func bind(_ value: SQLValue, _ index: Int32, _ statement: OpaquePointer) throws {
        let code =
            switch value {
            case .null: sqlite3_bind_null(statement, index)
            case .int(let value): sqlite3_bind_int64(statement, index, value)
            case .real(let value) where value.isNaN: throw StorageFailure.unstorable("a number that is none")
            case .real(let value): sqlite3_bind_double(statement, index, value)
            case .flag(let value): sqlite3_bind_int64(statement, index, value ? 1 : 0)
            case .text(let value) where value.holdsNUL: throw StorageFailure.nulInText
            case .text(let value):
                sqlite3_bind_text(statement, index, value, Int32(clamping: value.utf8.count), Self.copied)
            case .bytes(let value) where value.isEmpty: sqlite3_bind_zeroblob(statement, index, 0)
            case .bytes(let value):
                sqlite3_bind_blob(statement, index, value, Int32(clamping: value.count), Self.copied)
            }
        guard code == SQLITE_OK else { throw StorageFailure.of(handle) }
    }

    /// `SQLITE_TRANSIENT`: SQLite copies what is bound.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The row under the cursor. A value of another kind, a NULL and a column that is not there are decoding failures.
struct SQLiteRow: Storage.Row {
    let statement: OpaquePointer

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }

    func int(_ column: Int) throws -> Int64 {
        try expect(SQLITE_INTEGER, column, "an integer")
        return sqlite3_column_int64(statement, Int32(column))
    }

    func real(_ column: Int) throws -> Double {
        try expect(SQLITE_FLOAT, column, "a real")
        return sqlite3_column_double(statement, Int32(column))
    }

    func text(_ column: Int) throws -> String {
        try expect(SQLITE_TEXT, column, "text")
        let start = sqlite3_column_text(statement, Int32(column))
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(_ column: Int) throws -> [UInt8] {
        try expect(SQLITE_BLOB, column, "bytes")
        let start = sqlite3_column_blob(statement, Int32(column))
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    func flag(_ column: Int) throws -> Bool {
        switch try int(column) {
        case 0: return false
        case 1: return true
        default: throw StorageFailure.decoding("column \(column) holds no flag")
        }
    }

    private func expect(_ type: Int32, _ column: Int, _ what: StaticString) throws {
        guard sqlite3_column_type(statement, Int32(column)) == type else {
            throw StorageFailure.decoding("column \(column) is not \(what)")
        }
    }
}

internal import GRDBSQLite
import Storage

/// A prepared statement. Ends with its last reference, which must be before its connection ends.
final class Statement {
    let pointer: OpaquePointer
    /// The table that it changes, for those who keep what they read; nil for a query and what is `unmarked`.
    let table: String?

    fileprivate init(_ text: String, _ connection: OpaquePointer) throws {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK else { throw StorageFailure.of(connection) }
        guard let prepared else { throw StorageFailure.engine("an empty statement") }
        pointer = prepared
        table = sqlite3_stmt_readonly(prepared) != 0 ? nil : Self.table(in: text)
    }

    deinit { sqlite3_finalize(pointer) }

    /// `insert into T`, `update T`, `delete from T`, also behind a `with`: the first name after such words. Nil for what
    /// changes the schema.
    private static func table(in text: String) -> String? {
        guard !SQL.isUnmarked(text) else { return nil }
        var (earlier, before) = (Substring(), Substring())
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "(" }) {
            if before == "into" || before == "update" || (earlier == "delete" && before == "from") {
                return String(word)
            }
            (earlier, before) = (before, word)
        }
        return nil
    }
}

/// The prepared statements of one connection. Used only by whoever holds the connection, one at a time.
///
/// A statement is found by the places of its literals (`SQL.shape`), which spares making its text; one that has text of
/// its own is found by that.
final class StatementShelf {
    private let connection: OpaquePointer
    private var byShape: [[UInt]: Statement] = [:]
    private var byText: [String: Statement] = [:]
    /// More than the program has: lists of every length make new ones.
    private static let limit = 500

    private var begin: Statement?
    private var commit: Statement?

    /// The tables that the running transaction has changed.
    var touched: Set<String> = []

    /// The first failure of a statement in the running write.
    var failure: (any Error)?

    init(_ connection: OpaquePointer) { self.connection = connection }

    func statement(_ shape: [UInt], _ text: () -> String) throws -> Statement {
        if let found = byShape[shape] { return try free(found, text) }
        let made = try Statement(text(), connection)
        if byShape.count >= Self.limit { byShape = [:] }
        byShape[shape] = made
        return made
    }

    func statement(_ text: String) throws -> Statement {
        if let found = byText[text] { return try free(found) { text } }
        let made = try Statement(text, connection)
        if byText.count >= Self.limit { byText = [:] }
        byText[text] = made
        return made
    }

    /// A fresh one while a caller further up still steps through the kept one.
    private func free(_ kept: Statement, _ text: () -> String) throws -> Statement {
        sqlite3_stmt_busy(kept.pointer) == 0 ? kept : try Statement(text(), connection)
    }

    /// Everything that the closure reads is of one moment. The words that begin and end it stay prepared, which a short
    /// read notices.
    func inTransaction<T>(_ body: () throws -> T) throws -> T {
        let begin = try self.begin ?? Statement("begin deferred", connection)
        let commit = try self.commit ?? Statement("commit", connection)
        (self.begin, self.commit) = (begin, commit)
        try once(begin)
        defer {
            // After some failures SQLite has ended it already.
            if sqlite3_get_autocommit(connection) == 0, (try? once(commit)) == nil {
                sqlite3_exec(connection, "rollback", nil, nil, nil)
            }
        }
        return try body()
    }

    private func once(_ statement: Statement) throws {
        defer { sqlite3_reset(statement.pointer) }
        guard sqlite3_step(statement.pointer) == SQLITE_DONE else { throw StorageFailure.of(connection) }
    }

    /// Before the connection ends.
    func clear() {
        (byShape, byText) = ([:], [:])
        (begin, commit) = (nil, nil)
    }
}

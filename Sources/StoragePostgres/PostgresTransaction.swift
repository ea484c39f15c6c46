internal import CPostgres
import Storage

/// The statements of one transaction.
///
/// PostgreSQL ends a transaction with its first failure, so what was caught inside the closure is remembered here:
/// nothing is kept after it, and the caller hears it.
final class PostgresTransaction: WriteTransaction {
    private let connection: Connection
    private let isCancelled: () -> Bool
    /// The first failure.
    private(set) var trouble: Trouble?
    /// The tables that were written; nil after text of any kind, which may have written all.
    private(set) var written: Set<String>? = []
    private static let batchRows = 1_000

    init(_ connection: Connection, isCancelled: @escaping () -> Bool) {
        self.connection = connection
        self.isCancelled = isCancelled
    }

    func query<T>(_ sql: SQL, _ decode: (any Row) throws -> T) throws -> [T] {
        let result = try execute(sql)
        return try (0..<result.rows).map { try decode(PostgresRow(result: result, row: $0)) }
    }

    func first<T>(_ sql: SQL, _ decode: (any Row) throws -> T) throws -> T? {
        let result = try execute(sql)
        return result.rows > 0 ? try decode(PostgresRow(result: result, row: 0)) : nil
    }

    @discardableResult
    func run(_ sql: SQL) throws -> Int { try execute(sql).changed }

    /// In batches through `unnest`: one statement whose text does not depend on the number of rows.
    @discardableResult
    func insert(into table: StaticString, columns: [StaticString], rows: [[SQLValue]]) throws -> Int {
        guard rows.allSatisfy({ $0.count == columns.count }) else {
            throw StorageFailure.engine("insert: wrong number of values")
        }
        guard !rows.isEmpty else { return 0 }
        return try guarded { () throws(Trouble) in
            let plan = try insertPlan(table.description, columns.map(\.description))
            var count = 0
            for start in stride(from: 0, to: rows.count, by: Self.batchRows) {
                let batch = rows[start..<min(start + Self.batchRows, rows.count)]
                var parameters = Parameters(count: columns.count)
                for (column, type) in plan.types.enumerated() {
                    try parameters.add(batch, column: column, as: type)
                }
                count += try connection.execute(plan.statement, parameters).changed
            }
            written?.insert(table.description)
            return count
        }
    }

    /// Heard after the commit.
    func announce(_ words: String) throws {
        let text = "select pg_notify(\(Connection.channel), $1)"
        _ = try guarded { () throws(Trouble) in
            try connection.execute(connection.prepared(.text(text)) { text }, [.text(words)])
        }
    }

    /// Tells every server that these tables were changed; heard after the commit.
    func tellChanged(_ tables: Set<String>) throws {
        let text = "select pg_notify(\(Connection.changes), $1)"
        _ = try guarded { () throws(Trouble) in
            try connection.execute(
                connection.prepared(.text(text)) { text }, [.text(tables.sorted().joined(separator: " "))])
        }
    }

    func runText(_ text: String) throws {
        written = nil
        _ = try guarded { () throws(Trouble) in try connection.execute(text) }
    }

    /// What `PostgresDatabase.plan` tells.
    func plan(_ sql: SQL) throws -> [String] {
        let (text, values) = sql.rendered(for: .postgres)
        let literals = values.map { value in
            switch value {
            case .null: "null"
            case .int(let number): "\(number)"
            case .real(let number): "\(number)"
            case .flag(let flag): flag ? "true" : "false"
            case .text(let text):
                "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
            case .bytes(let bytes):
                "'\\x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "'"
            }
        }
        try runText("prepare redsteward_plan as \(text)")
        let list = literals.isEmpty ? "" : "(\(literals.joined(separator: ", ")))"
        let result = try guarded { () throws(Trouble) in
            try connection.execute(
                "explain (analyze, costs off, timing off, summary off) execute redsteward_plan\(list)")
        }
        try runText("deallocate redsteward_plan")
        return try (0..<result.rows).map { try PostgresRow(result: result, row: $0).text(0) }
    }

    // MARK: Statements

    private func execute(_ sql: SQL) throws -> PostgresResult {
        try guarded { () throws(Trouble) in
            var values: [SQLValue] = []
            if let shape = sql.shape(for: .postgres, &values) {
                let statement = try connection.prepared(.shape(shape)) { sql.rendered(for: .postgres).text }
                if !statement.writes.isEmpty { written?.formUnion(statement.writes) }
                return try connection.execute(statement, values)
            }
            let (text, bound) = sql.rendered(for: .postgres)
            // Text of its own without values is a step of the schema, which comes once.
            guard !bound.isEmpty else {
                noteText(text)
                return try connection.execute(text)
            }
            let statement = try connection.prepared(.text(text)) { text }
            if !statement.writes.isEmpty { written?.formUnion(statement.writes) }
            return try connection.execute(statement, bound)
        }
    }

    /// Steps of the schema may write anything.
    private func noteText(_ text: String) {
        let first = text.split { $0.isWhitespace }.first?.lowercased() ?? ""
        if ["select", "with", "insert", "update", "delete", "values"].contains(first) {
            written?.formUnion(PreparedStatement.writes(of: text))
        } else {
            written = nil
        }
    }

    private func guarded<T>(_ body: () throws(Trouble) -> T) throws -> T {
        do throws(Trouble) {
            if let trouble { throw trouble }
            if isCancelled() { throw .cancelled }
            guard connection.isInTransaction else { throw .misuse(.engine("the transaction has ended")) }
            return try body()
        } catch {
            trouble = trouble ?? error
            throw error.failure
        }
    }

    private func insertPlan(_ table: String, _ columns: [String]) throws(Trouble) -> InsertPlan {
        let key = "\(table) (\(columns.joined(separator: ", ")))"
        if let found = connection.shelf.inserts[key] { return found }
        let catalogue = """
            select attname, atttypid::bigint from pg_attribute
            where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
            """
        let result = try connection.execute(
            connection.prepared(.text(catalogue)) { catalogue }, [.text(table)])
        var known: [String: Oid] = [:]
        for index in 0..<result.rows {
            let row = PostgresRow(result: result, row: index)
            if let name = try? row.text(0), let type = try? row.int(1) { known[name] = Oid(clamping: type) }
        }
        var types: [Oid] = []
        var arrays: [String] = []
        for (index, column) in columns.enumerated() {
            guard let type = known[column], let element = PostgresType.arrayElement(type) else {
                throw .misuse(.engine("insert: \(table) has no column \(column) of a known type"))
            }
            types.append(type)
            arrays.append("$\(index + 1)::\(element)[]")
        }
        let text = "insert into \(key) select * from unnest(\(arrays.joined(separator: ", ")))"
        let plan = InsertPlan(statement: try connection.prepared(.text(text)) { text }, types: types)
        connection.shelf.inserts[key] = plan
        return plan
    }
}

/// How rows go into a table: the statement, and the types of the columns.
struct InsertPlan {
    let statement: PreparedStatement
    let types: [Oid]
}

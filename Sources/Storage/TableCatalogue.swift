import Kernel

/// What a column holds, in our type words.
package enum ColumnKind: UInt8, Sendable {
    case int = 1
    case real, text, bytes, flag
    /// The terms of a text index: parted by spaces, each once, in the order of their bytes.
    case terms
}

/// A table as the migrations made it.
package struct TableShape: Sendable, Equatable {
    package struct Column: Sendable, Equatable {
        package let name: String
        package let kind: ColumnKind
        package let isNullable: Bool
        package init(_ name: String, _ kind: ColumnKind, isNullable: Bool = false) {
            self.name = name
            self.kind = kind
            self.isNullable = isNullable
        }
    }

    package let name: String
    package internal(set) var columns: [Column] = []
    /// The primary key, as places in `columns`.
    package internal(set) var key: [Int] = []
    /// The other tables whose rows must be there first.
    package internal(set) var parents: Set<String> = []
    /// The column that points at a row of this table itself.
    package internal(set) var selfReference: Int?
    package internal(set) var isTextIndex = false
}

/// The tables of a schema with their columns, parents before children: read from the migrations themselves, so that no
/// table can be forgotten. The runner's own table `storage_migration` is not among them.
package struct TableCatalogue: Sendable, Equatable {
    package let tables: [TableShape]

    /// Throws `StorageFailure.engine` for a statement that cannot be understood, a table without a primary key and
    /// tables that need each other.
    package init(_ schema: Schema) throws {
        var tables: [TableShape] = []
        for migration in schema.migrations {
            for statement in SchemaText.statements(of: migration.sql) {
                do {
                    try Self.apply(statement, to: &tables)
                } catch let fault as Fault {
                    throw StorageFailure.engine("migration \(migration.id): \(fault.words)")
                }
            }
        }
        self.tables = try Self.ordered(tables)
        for table in self.tables { try Self.check(table) }
    }

    private struct Fault: Error { let words: String }

    private static func apply(_ statement: [SchemaText.Token], to tables: inout [TableShape]) throws {
        if let name = SchemaText.indexName(statement) {
            var table = TableShape(name: name)
            table.columns = [.init("id", .int), .init("terms", .terms)]
            table.key = [0]
            table.isTextIndex = true
            tables.append(table)
            return
        }
        let words = SchemaText.wordsOnly(statement)
        switch words.prefix(2).map({ $0.lowercased() }) {
        case ["create", "table"]:
            guard words.count > 2 else { throw Fault(words: "a table without a name") }
            let name = words[2].lowercased() == "if" ? words[5] : words[2]
            var table = TableShape(name: name)
            for item in try items(statement) { try add(item, to: &table) }
            tables.append(table)
        case ["alter", "table"]:
            guard words.count > 6, words[3].lowercased() == "add", words[4].lowercased() == "column",
                let index = tables.firstIndex(where: { $0.name == words[2] }),
                let start = statement.firstIndex(where: { $0.text.lowercased() == "column" })
            else { throw Fault(words: "of alter table only `add column` is known") }
            try add(Array(statement[(start + 1)...]), to: &tables[index])
        case ["drop", "table"]:
            tables.removeAll { $0.name == words.last }
        case ["create", "index"], ["create", "unique"], ["drop", "index"]: return
        default:
            guard ["insert", "update", "delete"].contains(words.first?.lowercased()) else {
                throw Fault(words: "unknown statement \(words.prefix(2).joined(separator: " "))")
            }
        }
    }

    /// The parts between the outer brackets.
    private static func items(_ statement: [SchemaText.Token]) throws -> [[SchemaText.Token]] {
        var items: [[SchemaText.Token]] = [[]]
        var depth = 0
        for token in statement {
            switch token.text {
            case "(":
                depth += 1
                if depth == 1 { continue }
            case ")": depth -= 1
            case "," where depth == 1:
                items.append([])
                continue
            default: break
            }
            if depth > 0 { items[items.count - 1].append(token) }
        }
        guard depth == 0 else { throw Fault(words: "brackets do not match") }
        return items.filter { !SchemaText.wordsOnly($0).isEmpty }
    }

    private static func add(_ item: [SchemaText.Token], to table: inout TableShape) throws {
        let words = SchemaText.wordsOnly(item)
        let small = words.map { $0.lowercased() }
        switch small[0] {
        case "unique", "check": return
        case "primary":
            table.key = try words.dropFirst(2).map { word in
                guard let index = table.columns.firstIndex(where: { $0.name == word }) else {
                    throw Fault(words: "primary key of \(table.name) names no column: \(word)")
                }
                return index
            }
            return
        case "foreign", "constraint": throw Fault(words: "\(small[0]) in \(table.name) is not known")
        default: break
        }
        guard words.count > 1, let kind = kinds[words[1]] else {
            throw Fault(words: "column \(words[0]) of \(table.name) has no type word")
        }
        let isKey = zip(small, small.dropFirst()).contains { $0 == ("primary", "key") }
        let isNotNull = zip(small, small.dropFirst()).contains { $0 == ("not", "null") }
        if isKey { table.key = [table.columns.count] }
        if let place = small.firstIndex(of: "references"), place + 1 < words.count {
            if words[place + 1] == table.name {
                guard table.selfReference == nil else {
                    throw Fault(words: "\(table.name) points at itself twice")
                }
                table.selfReference = table.columns.count
            } else {
                table.parents.insert(words[place + 1])
            }
        }
        table.columns.append(.init(words[0], kind, isNullable: !isKey && !isNotNull))
    }

    private static let kinds: [String: ColumnKind] = [
        "ID": .int, "INT64": .int, "BYTES": .bytes, "FLAG": .flag, "TEXT": .text, "REAL": .real,
    ]

    private static func ordered(_ tables: [TableShape]) throws -> [TableShape] {
        var waiting = tables
        var placed: [TableShape] = []
        while !waiting.isEmpty {
            let names = Set(placed.map(\.name))
            guard let next = waiting.firstIndex(where: { $0.parents.isSubset(of: names) }) else {
                throw StorageFailure.engine("tables need each other: \(waiting.map(\.name))")
            }
            placed.append(waiting.remove(at: next))
        }
        return placed
    }

    private static func check(_ table: TableShape) throws {
        guard !table.key.isEmpty else { throw StorageFailure.engine("table \(table.name) has no primary key") }
        guard let reference = table.selfReference else { return }
        // Such rows are written without the reference where the other row comes later, and get it at the end.
        guard table.key.count == 1, table.columns[table.key[0]].kind == .int, table.columns[reference].isNullable
        else { throw StorageFailure.engine("table \(table.name) points at itself and cannot be written in order") }
    }
}

extension Schema {
    /// The steps that a database holds, in the order of their ids; empty where the runner never ran.
    package static func landed(_ transaction: any ReadTransaction) throws -> [LandedStep] {
        guard try transaction.first(.hasLedger, { try $0.int(0) }) == 1 else { return [] }
        return try transaction.query("select id, checksum, applied_ms from storage_migration order by id") {
            LandedStep(id: try $0.text(0), checksum: try $0.bytes(1), appliedMs: try $0.int(2))
        }
    }

    /// The part of this schema that has landed: the shape of data that an older version made.
    ///
    /// Throws `StorageFailure.newerSchema` for a step that this program does not know and `.migrationChanged` for one
    /// that it knows otherwise.
    package func restricted(to landed: [LandedStep]) throws -> Schema {
        let known = Dictionary(migrations.map { ($0.id, $0.checksum) }, uniquingKeysWith: { first, _ in first })
        for step in landed {
            guard let expected = known[step.id] else { throw StorageFailure.newerSchema(step.id) }
            guard expected == step.checksum else { throw StorageFailure.migrationChanged(step.id) }
        }
        let ids = Set(landed.map(\.id))
        return Schema(exactly: migrations.filter { ids.contains($0.id) })
    }

    /// The ids of all steps.
    package var ids: [String] { migrations.map(\.id) }

    /// All steps as a database holds them when they have landed.
    package func steps(at now: Instant) -> [LandedStep] {
        migrations.map { LandedStep(id: $0.id, checksum: $0.checksum, appliedMs: now.ms) }
    }
}

/// A step of the schema that a database holds.
package struct LandedStep: Sendable, Equatable {
    package let id: String
    package let checksum: [UInt8]
    package let appliedMs: Int64
    package init(id: String, checksum: [UInt8], appliedMs: Int64) {
        self.id = id
        self.checksum = checksum
        self.appliedMs = appliedMs
    }
}

extension SQL {
    /// 1 where the runner of migrations has been.
    static let hasLedger = SQL(parts: [
        .perEngine(
            sqlite: [.text("select count(*) from sqlite_schema where type = 'table' and name = 'storage_migration'")],
            postgres: [
                .text(
                    "select count(*) from pg_tables where schemaname = current_schema() "
                        + "and tablename = 'storage_migration'")
            ])
    ])

    /// How many tables of any kind there are.
    static let tableCount = SQL(parts: [
        .perEngine(
            sqlite: [.text("select count(*) from sqlite_schema where type = 'table' and name not like 'sqlite_%'")],
            postgres: [.text("select count(*) from pg_tables where schemaname = current_schema()")])
    ])
}

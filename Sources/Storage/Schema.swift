import Crypto
import Kernel

/// The schema as a list of steps, and the runner that brings a database up to it.
package struct Schema: Sendable {
    let migrations: [Migration]

    /// - Parameter migrations: every step of every capability, lower floors first. The runner's own table and Storage's
    ///   tables (`StorageMigrations.all`) come first by themselves.
    package init(_ migrations: [Migration]) { self.migrations = StorageMigrations.all + migrations }

    /// These steps and no others.
    init(exactly migrations: [Migration]) { self.migrations = migrations }

    /// Lands the steps that are missing, all or none, and returns their ids. Doing it again changes nothing.
    ///
    /// Throws `StorageFailure.migrationChanged` when a landed step was edited since, and `.newerSchema` when the
    /// database holds a step that this program does not know.
    @discardableResult
    package func migrate(_ database: any Database, at now: Instant) async throws -> [String] {
        let engine = database.engine
        return try await database.exclusively { try migrate(engine, at: now, $0) }
    }

    /// The same inside a transaction that runs `exclusively`.
    @discardableResult
    package func migrate(_ engine: Engine, at now: Instant, _ transaction: any WriteTransaction) throws -> [String] {
        for statement in SchemaText.expand(Self.ledger, for: engine) { try transaction.run(statement) }
        let landed = try transaction.query("select id, checksum from storage_migration order by id") {
            (id: try $0.text(0), checksum: try $0.bytes(1))
        }
        let missing = try missing(given: landed)
        for migration in missing {
            for statement in SchemaText.expand(migration.sql, for: engine) { try transaction.run(statement) }
            try transaction.run(
                """
                insert into storage_migration (id, checksum, applied_ms)
                values (\(migration.id), \(migration.checksum), \(now))
                """)
        }
        return missing.map(\.id)
    }

    /// Whether any step ever landed: false for a database that nobody has used yet.
    package static func hasLanded(_ transaction: any ReadTransaction) throws -> Bool {
        let tables = SQL(parts: [
            .perEngine(
                sqlite: [.fixed("select count(*) from sqlite_schema where name = 'storage_migration'")],
                postgres: [.fixed("select (to_regclass('storage_migration') is not null)::int")])
        ])
        guard try transaction.first(tables, { try $0.int(0) }) == 1 else { return false }
        return try transaction.first("select count(*) from storage_migration") { try $0.int(0) } ?? 0 > 0
    }

    /// The whole schema as one engine's text: what a test script loads into PostgreSQL.
    package func ddl(for engine: Engine) -> String {
        ([Self.ledger] + migrations.map(\.sql)).flatMap { SchemaText.expand($0, for: engine) }
            .map { $0.rendered(for: engine).text + ";\n" }.joined()
    }

    private func missing(given landed: [(id: String, checksum: [UInt8])]) throws -> [Migration] {
        let known = Dictionary(migrations.map { ($0.id, $0.checksum) }, uniquingKeysWith: { first, _ in first })
        guard known.count == migrations.count else { throw StorageFailure.engine("two migrations have one id") }
        for (id, checksum) in landed {
            guard let expected = known[id] else { throw StorageFailure.newerSchema(id) }
            guard expected == checksum else { throw StorageFailure.migrationChanged(id) }
        }
        let ids = Set(landed.map(\.id))
        return migrations.filter { !ids.contains($0.id) }
    }

    private static let ledger = """
        create table if not exists storage_migration (
            id TEXT not null primary key, checksum BYTES not null, applied_ms INT64 not null);
        """
}

extension Migration {
    /// Taken before the type words are expanded, so it is the same on both engines.
    var checksum: [UInt8] { Array(SHA256.hash(data: Array(sql.utf8))) }
}

/// Turns our type words into an engine's own. Quoted text and comments stay as they are.
enum SchemaText {
    /// The statements of a migration, without their `;`.
    static func expand(_ text: String, for engine: Engine) -> [SQL] {
        statements(of: text).flatMap { statement in
            if let name = indexName(statement) { return textIndex(name, engine) }
            let words = statement.map { token in
                if case .word(let word) = token { return self.words[word]?.text(engine) ?? word }
                return token.text
            }
            let strict = engine == .sqlite && isTable(statement) ? " strict" : ""
            return [literal(words.joined().drop(while: \.isWhitespace) + strict)]
        }
    }

    private struct Pair {
        let sqlite: String
        let postgres: String
        func text(_ engine: Engine) -> String { engine == .sqlite ? sqlite : postgres }
    }

    private static let words: [String: Pair] = [
        "ID": Pair(sqlite: "integer", postgres: "bigint"),
        "INT64": Pair(sqlite: "integer", postgres: "bigint"),
        "BYTES": Pair(sqlite: "blob", postgres: "bytea"),
        "FLAG": Pair(sqlite: "integer", postgres: "boolean"),
        "TEXT": Pair(sqlite: "text", postgres: "text collate \"C\""),
        "REAL": Pair(sqlite: "real", postgres: "double precision"),
        // After the columns of a table that is its primary key and little else: on SQLite kept once, in that order.
        "CLUSTERED": Pair(sqlite: "without rowid,", postgres: ""),
    ]

    private static func literal(_ text: some StringProtocol) -> SQL { SQL(parts: [.text(String(text))]) }

    private static func textIndex(_ name: String, _ engine: Engine) -> [SQL] {
        switch engine {
        case .sqlite:
            [literal("create virtual table \(name) using fts5(terms, tokenize = 'unicode61 remove_diacritics 0')")]
        case .postgres:
            [
                literal("create table \(name) (id bigint not null primary key, terms tsvector not null)"),
                literal("create index \(name)_terms on \(name) using gin (terms)"),
            ]
        }
    }

    // MARK: Reading

    enum Token: Equatable {
        case word(String)
        /// Quoted text, a comment, a number or a sign.
        case other(String)
        var text: String {
            switch self {
            case .word(let text), .other(let text): text
            }
        }
    }

    static func wordsOnly(_ statement: [Token]) -> [String] {
        statement.compactMap { if case .word(let word) = $0 { word } else { nil } }
    }

    static func indexName(_ statement: [Token]) -> String? {
        let words = wordsOnly(statement)
        return words.count == 2 && words[0] == "TEXTINDEX" ? words[1] : nil
    }

    private static func isTable(_ statement: [Token]) -> Bool {
        wordsOnly(statement).prefix(2).map { $0.lowercased() } == ["create", "table"]
    }

    static func statements(of text: String) -> [[Token]] {
        var result: [[Token]] = [[]]
        for token in tokens(of: text) {
            if token.text == ";" { result.append([]) } else { result[result.count - 1].append(token) }
        }
        return result.filter { !wordsOnly($0).isEmpty }
    }

    private static func tokens(of text: String) -> [Token] {
        var result: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            let length = tokenLength(rest, first)
            let token = String(rest.prefix(length))
            // A comment may hold a `;` or a quote and says nothing to an engine.
            if !token.hasPrefix("--") { result.append(isWordPart(first) ? .word(token) : .other(token)) }
            rest = rest.dropFirst(length)
        }
        return result
    }

    private static func tokenLength(_ rest: Substring, _ first: Character) -> Int {
        if isWordPart(first) { return rest.prefix(while: isWordPart).count }
        if first == "'" || first == "\"" { return rest.dropFirst().prefix { $0 != first }.count + 2 }
        if rest.hasPrefix("--") { return rest.prefix { !$0.isNewline }.count }
        return 1
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }
}

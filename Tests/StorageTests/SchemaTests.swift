import Kernel
import Storage
import StorageSQLite
import StorageTesting
import Testing

@Suite struct SchemaTests {
    private static let one = Migration("a-001", "create table a_one (id ID not null primary key, name TEXT not null);")
    private static let oneEdited = Migration("a-001", "create table a_one (id ID not null primary key, name TEXT);")
    private static let two = Migration("a-002", "create table a_two (id ID not null primary key);")
    private static let broken = Migration("a-003", "create table a_three (id ID); create table a_two (id ID);")

    private func withDatabase(_ body: (any Database) async throws -> Void) async throws {
        try await TestDatabase.inFolder { folder in
            try await TestEngine.withPlace(in: folder) { place in
                let database = try await TestEngine.open(place)
                try await body(database)
                try await database.close()
            }
        }
    }

    @Test func missingStepsLandOnce() async throws {
        try await withDatabase { database async throws in
            let now = TestDatabase.start
            let first = try await Schema([Self.one]).migrate(database, at: now)
            let second = try await Schema([Self.one, Self.two]).migrate(database, at: now)
            let third = try await Schema([Self.one, Self.two]).migrate(database, at: now)
            #expect(first.last == "a-001")
            #expect(second == ["a-002"])
            #expect(third == [])
        }
    }

    @Test func anEditedStepIsRefused() async throws {
        try await withDatabase { database async throws in
            try await Schema([Self.one]).migrate(database, at: TestDatabase.start)
            await #expect(throws: StorageFailure.migrationChanged("a-001")) {
                try await Schema([Self.oneEdited]).migrate(database, at: TestDatabase.start)
            }
        }
    }

    @Test func aNewerDatabaseIsRefused() async throws {
        try await withDatabase { database async throws in
            try await Schema([Self.one, Self.two]).migrate(database, at: TestDatabase.start)
            await #expect(throws: StorageFailure.newerSchema("a-002")) {
                try await Schema([Self.one]).migrate(database, at: TestDatabase.start)
            }
        }
    }

    @Test func aStepThatFailsLeavesNothingBehind() async throws {
        try await withDatabase { database async throws in
            await #expect(throws: StorageFailure.self) {
                try await Schema([Self.one, Self.two, Self.broken]).migrate(database, at: TestDatabase.start)
            }
            let catalogue: SQL =
                TestEngine.isPostgres
                ? "select relname from pg_class where relnamespace = current_schema()::regnamespace"
                : "select name from sqlite_schema"
            let tables = try await database.read { transaction in
                try transaction.query(catalogue) { try $0.text(0) }
            }
            #expect(tables == [])
        }
    }

    @Test func twoStepsMayNotShareAnID() async throws {
        try await withDatabase { database async throws in
            await #expect(throws: StorageFailure.self) {
                try await Schema([Self.one, Self.oneEdited]).migrate(database, at: TestDatabase.start)
            }
        }
    }

    @Test func everyTypeWordIsExpandedForEachEngine() {
        let schema = Schema([
            Migration(
                "words",
                """
                -- A comment; with TEXT and a quote '
                create table t (a ID not null primary key, b INT64, c BYTES, d FLAG, e TEXT default 'TEXT; ID', f REAL,
                    "TEXT" INT64, TEXTURE INT64, ID_x INT64);
                create index t_b on t (b);
                TEXTINDEX t_text;
                """)
        ])
        #expect(
            schema.ddl(for: .postgres).hasSuffix(
                """
                create table t (a bigint not null primary key, b bigint, c bytea, d boolean, \
                e text collate "C" default 'TEXT; ID', f double precision,
                    "TEXT" bigint, TEXTURE bigint, ID_x bigint);
                create index t_b on t (b);
                create table t_text (id bigint not null primary key, terms tsvector not null);
                create index t_text_terms on t_text using gin (terms);

                """))
        #expect(
            schema.ddl(for: .sqlite).hasSuffix(
                """
                create table t (a integer not null primary key, b integer, c blob, d integer, \
                e text default 'TEXT; ID', f real,
                    "TEXT" integer, TEXTURE integer, ID_x integer) strict;
                create index t_b on t (b);
                create virtual table t_text using fts5(terms, tokenize = 'unicode61 remove_diacritics 0');

                """))
    }

    @Test(.sqlite) func sqliteTablesRefuseValuesOfAnotherKind() async throws {
        try await TestDatabase.with({ $0.recorder = nil }) { test async throws in
            await #expect(throws: StorageFailure.self) {
                try await test.database.write { try $0.run("insert into test_row (id, number) values (1, \("x"))") }
            }
        }
    }
}

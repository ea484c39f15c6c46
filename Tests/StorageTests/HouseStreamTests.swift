import Foundation
import Kernel
import StorageSQLite
import Synchronization
import Testing

@testable import Storage

/// A small house with every kind of value, a table that points at itself, a composite key and a text index.
enum SmallHouse {
    static let schema = Schema([
        Migration(
            "small-001-all",
            """
            create table small_leaf (
                tree_id INT64 not null references small_tree(id), name TEXT not null, share REAL, data BYTES, done FLAG,
                primary key (tree_id, name));
            create table small_tree (
                id ID primary key,
                parent_id ID references small_tree(id),
                label TEXT not null check (length(label) > 0));
            TEXTINDEX small_text;
            """),
        Migration(
            "small-002-more",
            "alter table small_tree add column extra INT64; create index x on small_tree(extra);"),
    ])

    /// - Parameter count: trees; every third one points at a later one.
    static func plant(_ database: any Database, trees count: Int64) async throws {
        try await schema.migrate(database, at: Instant(ms: 1_790_000_000_000))
        try await database.write { transaction in
            for id in 1...count {
                try transaction.run("insert into small_tree (id, label, extra) values (\(id), \("树 \(id)"), \(-id))")
                for name in ["a", "b"] {
                    try transaction.run(
                        """
                        insert into small_leaf (tree_id, name, share, data, done)
                        values (\(id), \(name + " \(id % 7)"), \(Double(id) / 3), \([UInt8(id % 256), 0]), \(id % 2 == 0))
                        """)
                }
                try TextIndex("small_text").add(id, TextTerms.index("水管漏水 \(id)"), transaction)
            }
            for id in 1...count where id % 3 == 0 {
                try transaction.run("update small_tree set parent_id = \(min(id + 5, count)) where id = \(id)")
            }
            try transaction.run("insert into small_leaf (tree_id, name) values (1, '')")
        }
    }

    static func digest(_ database: any Database) async throws -> HouseDigest {
        try await database.read { try HouseSource(schema, $0).read($0) }
    }

    static func bytes(_ database: any Database) async throws -> [UInt8] {
        let box = Mutex<[UInt8]>([])
        try await database.read { transaction in
            let source = try HouseSource(schema, transaction)
            var writer = try HouseStreamWriter(.init(created: Instant(ms: 5), landed: source.landed)) { bytes in
                box.withLock { $0 += bytes }
            }
            var listener = HouseSource.Listener()
            listener.began = { try writer.begin($0, source.sections[$0]) }
            listener.batch = { try writer.rows($0) }
            listener.ended = { try writer.end($1) }
            try source.read(transaction, listener)
            try writer.file("keys", size: 3)
            try writer.fileBytes([1, 2, 3])
            try writer.fileEnd()
            try writer.missing("files/x")
            _ = try writer.finish()
        }
        return box.withLock { $0 }
    }

    static func read(_ bytes: [UInt8]) throws -> [HouseRecord] {
        var given = false
        var reader = HouseStreamReader(schema) {
            defer { given = true }
            return given ? nil : bytes
        }
        var records: [HouseRecord] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    static func with(_ body: (SQLiteDatabase, String) async throws -> Void) async throws {
        try await TestDatabase.inFolder { folder in
            var options = SQLiteDatabase.Options()
            options.recorder = nil
            let database = try await SQLiteDatabase.open(path: folder + "/from", options: options)
            try await body(database, folder)
            try await database.close()
        }
    }
}

@Suite struct HouseStreamTests {
    @Test func theCatalogueIsReadFromTheMigrations() throws {
        let tables = try TableCatalogue(SmallHouse.schema).tables.filter { $0.name.hasPrefix("small") }
        #expect(tables.map(\.name) == ["small_tree", "small_leaf", "small_text"])
        #expect(tables[0].columns.map(\.name) == ["id", "parent_id", "label", "extra"])
        #expect(tables[0].selfReference == 1)
        #expect(tables[1].key == [0, 1])
        #expect(tables[1].columns.map(\.kind) == [.int, .text, .real, .bytes, .flag])
        #expect(tables[1].parents == ["small_tree"])
        #expect(tables[2].isTextIndex)
    }

    @Test(arguments: [
        "create table a (x INT64);", "create table a (x NUMBER primary key);", "alter table b rename to c;",
        "vacuum;",
        """
        create table a (id ID primary key, b ID references b(id));
        create table b (id ID primary key, a ID references a(id));
        """,
        "create table a (id ID primary key, up ID not null references a(id));",
    ])
    func whatCannotTravelIsRefusedEarly(_ sql: String) throws {
        let migration = Migration("x", text: sql)
        #expect(throws: StorageFailure.self) { try TableCatalogue(Schema([migration])) }
    }

    @Test func whatGoesInComesOut() async throws {
        try await SmallHouse.with { database, folder in
            try await SmallHouse.plant(database, trees: 1_203)
            let expected = try await SmallHouse.digest(database)
            let records = try SmallHouse.read(try await SmallHouse.bytes(database))
            guard case .header(let header)? = records.first, case .trailer(let trailer)? = records.last else {
                Issue.record("no header or trailer")
                return
            }
            #expect(trailer.digest == expected.digest)
            #expect(trailer.rows == expected.rows && trailer.missingFiles == 1 && trailer.fileBytes == 3)
            let copy = try await SQLiteDatabase.open(path: folder + "/to")
            let target = try await HouseTarget(
                copy, schema: SmallHouse.schema, landed: header.landed, identity: [1], at: Instant(ms: 1))
            for case .rows(let batch) in records { try await target.write(batch) }
            await #expect(throws: StorageFailure.newerSchema(HouseTarget.markID)) {
                try await SmallHouse.schema.migrate(copy, at: Instant(ms: 2))
            }
            #expect(try await target.finish(expecting: expected) == expected)
            #expect(try await SmallHouse.schema.migrate(copy, at: Instant(ms: 2)) == [])
            let found = try await [database, copy].asyncMap { one in
                try await one.read { transaction in
                    let matches = TextIndex("small_text").matches(TextTerms.query("漏水 77"), idColumn: "id")
                    return try transaction.query("select id from small_tree where \(matches) order by id") {
                        try $0.int(0)
                    }
                }
            }
            #expect(found[0] == [77] && found[1] == found[0])
            let wrong = try await copy.read {
                try $0.query("select * from pragma_foreign_key_check") { try $0.text(0) }
            }
            #expect(wrong == [])
            try await copy.close()
        }
    }

    @Test func everyChangedByteIsNoticed() async throws {
        try await SmallHouse.with { database, _ in
            try await SmallHouse.plant(database, trees: 20)
            let bytes = try await SmallHouse.bytes(database)
            _ = try SmallHouse.read(bytes)
            var random = SeededRandom(seed: 11)
            // Every byte of the beginning and the end, and a seeded choice of the rest.
            let places = Set(
                Array(0..<min(300, bytes.count)) + Array(max(0, bytes.count - 300)..<bytes.count)
                    + (0..<500).map { _ in Int.random(in: bytes.indices, using: &random) })
            for place in places {
                var changed = bytes
                changed[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                let isRead = (try? SmallHouse.read(changed)) != nil
                #expect(!isRead, "byte \(place)")
            }
            for length in stride(from: 0, to: bytes.count, by: 197) {
                #expect(throws: HouseFault.cutShort) { try SmallHouse.read(Array(bytes[..<length])) }
            }
            #expect(throws: HouseFault.self) { try SmallHouse.read(bytes + [0]) }
        }
    }

    @Test func aCopyGoesOnWhereverItWasKilled() async throws {
        try await SmallHouse.with { database, folder in
            try await SmallHouse.plant(database, trees: 1_100)
            let expected = try await SmallHouse.digest(database)
            for seed in 0..<12 as Range<UInt64> {
                var random = SeededRandom(seed: seed)
                let copy = try await SQLiteDatabase.open(path: folder + "/to-\(seed)")
                var runs = 0
                while true {
                    runs += 1
                    let landed = try await database.read { try HouseSource(SmallHouse.schema, $0).landed }
                    let target = try await HouseTarget(
                        copy, schema: SmallHouse.schema, landed: landed, identity: [2], at: Instant(ms: 1))
                    let batches = try await database.read { transaction in
                        var batches: [HouseBatch] = []
                        try HouseSource(SmallHouse.schema, transaction).read(after: target.place, transaction) {
                            batches.append($0)
                        }
                        return batches
                    }
                    if batches.isEmpty { break }
                    for batch in batches.prefix(Int.random(in: 1...3, using: &random)) { try await target.write(batch) }
                    if runs == 2 {
                        await #expect(throws: HouseFault.otherCopy) {
                            _ = try await HouseTarget(
                                copy, schema: SmallHouse.schema, landed: landed, identity: [3], at: Instant(ms: 1))
                        }
                    }
                }
                #expect(runs > 3)
                let landed = expected
                let steps = try await database.read { try HouseSource(SmallHouse.schema, $0).landed }
                let last = try await HouseTarget(
                    copy, schema: SmallHouse.schema, landed: steps, identity: [2], at: Instant(ms: 1))
                #expect(try await last.finish(expecting: landed) == expected)
                await #expect(throws: HouseFault.notEmpty) {
                    _ = try await HouseTarget(
                        copy, schema: SmallHouse.schema, landed: steps, identity: [2], at: Instant(ms: 1))
                }
                try await copy.close()
            }
        }
    }

    @Test func oneChangedValueIsADifferentDigest() async throws {
        try await SmallHouse.with { database, _ in
            try await SmallHouse.plant(database, trees: 30)
            let before = try await SmallHouse.digest(database)
            let changes: [(SQL, String)] = [
                ("update small_tree set label = label || ' ' where id = 30", "small_tree"),
                ("update small_tree set parent_id = 2 where id = 1", "small_tree"),
                ("update small_leaf set done = null where tree_id = 4 and done", "small_leaf"),
                ("update small_leaf set data = \([UInt8]()) where tree_id = 5", "small_leaf"),
                ("update small_leaf set share = share + 0.000001 where tree_id = 6", "small_leaf"),
                ("delete from small_text where rowid = 9", "small_text"),
            ]
            for (change, table) in changes {
                let count = try await database.write { try $0.run(change) }
                let after = try await SmallHouse.digest(database)
                #expect(count > 0 && after.digest != before.digest)
                #expect(before.differences(from: after).contains(table))
            }
        }
    }

    @Test func onlyOnePageIsHeldAtATime() async throws {
        try await SmallHouse.with { database, _ in
            try await SmallHouse.plant(database, trees: 2_345)
            let largest = try await database.read { transaction in
                var largest = 0
                var rows = 0
                try HouseSource(SmallHouse.schema, transaction).read(after: nil, transaction) {
                    largest = max(largest, $0.rows.count)
                    rows += $0.rows.count
                }
                #expect(rows > 9_000)
                return largest
            }
            #expect(largest == HouseSource.pageRows)
        }
    }

    @Test func aTargetThatHoldsSomethingIsRefused() async throws {
        try await SmallHouse.with { database, folder in
            try await SmallHouse.plant(database, trees: 3)
            let landed = try await database.read { try HouseSource(SmallHouse.schema, $0).landed }
            let other = try await SQLiteDatabase.open(path: folder + "/other")
            _ = try await other.write { try $0.run("create table guest (id integer primary key)") }
            await #expect(throws: HouseFault.notEmpty) {
                _ = try await HouseTarget(
                    other, schema: SmallHouse.schema, landed: landed, identity: [1], at: Instant(ms: 1))
            }
            await #expect(throws: HouseFault.noHouse) { _ = try await SmallHouse.digest(other) }
            try await other.close()
        }
    }

    @Test func anOlderHouseTravelsWithTheStepsThatItHas() async throws {
        try await SmallHouse.with { database, folder in
            try await SmallHouse.plant(database, trees: 3)
            let landed = try await database.read { try HouseSource(SmallHouse.schema, $0).landed }
            let older = landed.filter { $0.id != "small-002-more" }
            let copy = try await SQLiteDatabase.open(path: folder + "/older")
            _ = try await HouseTarget(copy, schema: SmallHouse.schema, landed: older, identity: [1], at: Instant(ms: 1))
            let found = try await copy.read { try Schema.landed($0).map(\.id) }
            #expect(Set(found) == Set(older.map(\.id) + [HouseTarget.markID]))
            #expect(throws: StorageFailure.newerSchema("small-003")) {
                try SmallHouse.schema.restricted(
                    to: landed + [LandedStep(id: "small-003", checksum: [], appliedMs: 0)])
            }
            try await copy.close()
        }
    }
}

extension Array {
    fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
        var result: [T] = []
        for one in self { result.append(try await body(one)) }
        return result
    }
}

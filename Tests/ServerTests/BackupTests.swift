import Directory
import Foundation
import Kernel
import Logging
import Storage
import StorageSQLite
import StorageTesting
import Testing

@testable import Server

@Suite struct BackupTests {
    private static let key = BackupKey([UInt8](repeating: 7, count: 32))

    private func work(_ house: TestHouse, _ key: BackupKey = key) -> BackupWork {
        BackupWork(key: key, world: house.house.world)
    }

    private func read(_ path: String, _ key: BackupKey = key) throws -> [UInt8] {
        let file = try BackupFileReader(path: path, key: key)
        var bytes: [UInt8] = []
        while let more = try file.next() { bytes += more }
        return bytes
    }

    /// A file of four pieces.
    private func sealed(_ body: (String, [UInt8]) throws -> Void) throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var random = SeededRandom(seed: 3)
        var plain = (0..<1_500_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        plain += [UInt8](repeating: 9, count: 2_000_000)
        let writer = try BackupFileWriter(path: folder + "/b", key: Self.key) { [UInt8](repeating: 1, count: $0) }
        for start in stride(from: 0, to: plain.count, by: 70_001) {
            try writer.write(Array(plain[start..<min(start + 70_001, plain.count)]))
        }
        try writer.finish()
        try body(folder + "/b", plain)
    }

    private func folder() throws -> String {
        var template = Array("/tmp/redsteward-backup-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Where the pieces lie in a file.
    private func pieces(_ bytes: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var place = BackupForm.headBytes
        while place < bytes.count {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
            ranges.append(place..<place + 4 + length)
            place += 4 + length
        }
        return ranges
    }

    @Test func aFileIsReadAsItWasWritten() throws {
        try sealed { path, plain in
            #expect(try read(path) == plain)
            let size = try #require(FileManager.default.contents(atPath: path)).count
            #expect(size < plain.count - 1_000_000)
            #expect(throws: BackupFault.exists(path)) {
                try BackupFileWriter(path: path, key: Self.key) { [UInt8](repeating: 1, count: $0) }
            }
            #expect(throws: BackupFault.otherKey) { try read(path, BackupKey([UInt8](repeating: 8, count: 32))) }
        }
    }

    @Test func noPieceCanBeChangedCutMovedOrRepeated() throws {
        try sealed { path, _ in
            let bytes = Array(try #require(FileManager.default.contents(atPath: path)))
            let ranges = pieces(bytes)
            #expect(ranges.count == 4)
            func refused(_ changed: [UInt8], _ what: String) throws {
                let other = path + ".changed"
                try Data(changed).write(to: URL(fileURLWithPath: other))
                #expect(throws: BackupFault.self, "\(what)") { try read(other) }
            }
            let places = ranges.flatMap { [$0.lowerBound, $0.lowerBound + 3, $0.lowerBound + 9, $0.upperBound - 1] }
            for place in [0, 25, 40] + places {
                var changed = bytes
                changed[place] ^= 1
                try refused(changed, "byte \(place)")
            }
            for end in [0, 10, BackupForm.headBytes, ranges[0].upperBound, ranges[2].upperBound, bytes.count - 1] {
                try refused(Array(bytes[..<end]), "cut at \(end)")
            }
            let head = Array(bytes[..<BackupForm.headBytes])
            let parts = ranges.map { Array(bytes[$0]) }
            try refused(head + parts[1] + parts[0] + parts[2] + parts[3], "swapped")
            try refused(head + parts[0] + parts[0] + parts[2] + parts[3], "repeated")
            try refused(head + parts[0] + parts[2] + parts[3], "left out")
            try refused(bytes + parts[3], "more at the end")
            // An early end: the mark of the last piece is sealed with it.
            var early = parts[2]
            early[0] |= 0x80
            try refused(head + parts[0] + parts[1] + early, "an early end")
        }
    }

    @Test func aHouseComesBackFromItsBackup() async throws {
        try await TestHouse.with { house in
            let data = house.house.configuration.folder
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let made = try await work(house).make(house.house.database, data: data, to: folder + "/b")
            #expect(made.missing == [] && made.digest.rows > 500)
            var options = SQLiteDatabase.Options()
            options.recorder = SQLLog.recorder
            let target = try await SQLiteDatabase.open(path: folder + "/redsteward.db", options: options)
            let restored = try await work(house).restore(folder + "/b", into: target, folder: folder)
            #expect(restored.report.digest == made.digest)
            #expect(restored.verified.isSound)
            let keys = try FileManager.default.attributesOfItem(atPath: folder + "/keys")
            #expect(keys[.posixPermissions] as? Int == 0o600)
            #expect(
                FileManager.default.contents(atPath: folder + "/keys")
                    == FileManager.default.contents(atPath: data + "/keys"))
            await #expect(throws: HouseFault.notEmpty) {
                _ = try await work(house).restore(folder + "/b", into: target, folder: folder)
            }
            try await target.close()
            // The restored house serves.
            var configuration = ServerConfiguration(folder: folder)
            configuration.passwordCost = .weakest
            let again = try await House.open(configuration, world: house.still.world)
            try await again.database.close()
        }
    }

    @Test func aLostFileIsToldAndDoesNotStopTheBackup() async throws {
        try await TestHouse.with { house in
            let name = String(repeating: "ab", count: 32)
            _ = try await house.house.database.write { transaction in
                try transaction.run(
                    """
                    insert into attachments_picture
                        (id, full_name, medium_name, square_name, width, height, created_ms)
                    values (1, \(name), \(name), \(name), 1, 1, 1)
                    """)
            }
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let made = try await work(house).make(
                house.house.database, data: house.house.configuration.folder, to: folder + "/b")
            #expect(made.missing == ["files/" + name])
            let checked = try await work(house).check(folder + "/b", scratch: folder)
            #expect(checked.report.missing == made.missing)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["b"])
        }
    }

    @Test func aHouseThatIsNotSoundIsNoticedByTheCheck() async throws {
        try await TestHouse.with { house in
            let world = house.house.world
            _ = try await Sealer(key: house.house.secrets.auditBytes, holder: "x").seal(
                house.house.database, at: world.now())
            _ = try await house.house.database.write {
                try $0.run("update storage_audit set subject_id = subject_id + 1 where seal_seq = 1")
            }
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try await work(house).make(
                house.house.database, data: house.house.configuration.folder, to: folder + "/b")
            await #expect(throws: BackupFault.self) { _ = try await work(house).check(folder + "/b", scratch: folder) }
        }
    }

    @Test func theKeyOfBackupsIsMadeOnceAndKeptPrivate() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/backup.key"
        let world = SystemWorld.make()
        let first = try BackupKey.loadOrCreate(path, randomBytes: world.randomBytes)
        let second = try BackupKey.loadOrCreate(path, randomBytes: world.randomBytes)
        #expect(first.isNew && !second.isNew && first.key.id == second.key.id)
        chmod(path, 0o644)
        #expect(throws: BackupFault.keyExposed(path)) { try BackupKey.load(path) }
        chmod(path, 0o600)
        try "nothing\n".write(toFile: path, atomically: false, encoding: .utf8)
        #expect(throws: BackupFault.keyDamaged(path)) { try BackupKey.load(path) }
    }

    @Test func twoServersMakeOneBackupANight() async throws {
        try await TestHouse.with { house in
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var plan = BackupPlan(folder: folder + "/b", key: folder + "/backup.key")
            plan.keep = 2
            let logger = Logger(label: "test")
            let one = BackupSchedule(house: house.house, plan: plan, logger: logger)
            let two = BackupSchedule(house: house.house, plan: plan, logger: logger)
            async let a = one.beat()
            async let b = two.beat()
            #expect([try await a, try await b].filter { $0 }.count == 1)
            #expect(BackupPlan.names(in: plan.folder).count == 1)
            #expect(house.house.metrics.text.contains("redsteward_backup_age_seconds 0"))
            for _ in 0..<3 {
                house.still.advance(minutes: 24 * 60)
                #expect(try await two.beat())
                #expect(try await one.beat() == false)
            }
            #expect(BackupPlan.names(in: plan.folder).count == 2)
            house.still.advance(minutes: 60)
            _ = try await one.beat()
            #expect(house.house.metrics.text.contains("redsteward_backup_age_seconds 3600"))
        }
    }

    @Test func aBackupThatFailsIsTriedAgainAndTold() async throws {
        try await TestHouse.with { house in
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            // Where the folder should be there is a file.
            try "x".write(toFile: folder + "/b", atomically: false, encoding: .utf8)
            let plan = BackupPlan(folder: folder + "/b", key: folder + "/backup.key")
            let schedule = BackupSchedule(house: house.house, plan: plan, logger: Logger(label: "test"))
            await #expect(throws: (any Error).self) { try await schedule.beat() }
            #expect(try await schedule.beat() == false)
            let engine = house.house.database.engine
            let now = house.house.world.now()
            let checkup = try await house.house.database.read { try Checkup(engine: engine, at: now, $0) }
            #expect(checkup.backupFailure != nil && checkup.lastBackup == nil)
            unlink(folder + "/b")
            house.still.advance(minutes: 1)
            #expect(try await schedule.beat())
        }
    }

    @Test func theTablesOfTheHouseAreThoseOfTheEngine() async throws {
        // What the engine says of itself is asked in its own words.
        try await TestHouse.with({ $0.recorder = nil }) { house in
            let catalogue = try TableCatalogue(House.schema)
            let database = house.house.database
            let isSQLite = database.engine == .sqlite
            let all: SQL =
                isSQLite
                ? """
                select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'
                    and name not like 'cases_text_%' and name <> 'storage_migration' order by name
                """
                : """
                select cast(table_name as text) from information_schema.tables where table_schema = current_schema()
                    and table_name <> 'storage_migration' order by table_name collate "C"
                """
            let names = try await database.read { try $0.query(all) { try $0.text(0) } }
            #expect(catalogue.tables.map(\.name).sorted() == names)
            for table in catalogue.tables {
                let name = table.name
                if table.isTextIndex { continue }
                let described: SQL =
                    isSQLite
                    ? "select name, type, pk from pragma_table_info(\(name)) order by cid"
                    : """
                    select cast(c.column_name as text), cast(c.data_type as text), cast(coalesce(k.ordinal_position, 0) as bigint)
                    from information_schema.columns c
                    left join information_schema.table_constraints t on t.table_schema = c.table_schema
                        and t.table_name = c.table_name and t.constraint_type = 'PRIMARY KEY'
                    left join information_schema.key_column_usage k on k.constraint_schema = t.constraint_schema
                        and k.constraint_name = t.constraint_name and k.table_name = c.table_name
                        and k.column_name = c.column_name
                    where c.table_schema = current_schema() and c.table_name = \(name) order by c.ordinal_position
                    """
                let columns = try await database.read { transaction in
                    try transaction.query(described) {
                        (try $0.text(0), try $0.text(1).lowercased(), try $0.int(2))
                    }
                }
                #expect(table.columns.map(\.name) == columns.map(\.0), "\(name)")
                let types: [ColumnKind: String] =
                    isSQLite
                    ? [.int: "integer", .flag: "integer", .text: "text", .bytes: "blob", .real: "real"]
                    : [.int: "bigint", .flag: "boolean", .text: "text", .bytes: "bytea", .real: "double precision"]
                #expect(table.columns.map { types[$0.kind] } == columns.map(\.1), "\(name)")
                let key = columns.filter { $0.2 > 0 }.sorted { $0.2 < $1.2 }.map(\.0)
                #expect(table.key.map { table.columns[$0].name } == key, "\(name)")
            }
        }
    }

    @Test func aCopyHoldsTheSameRowsAndAChangeMeanwhileIsNoticed() async throws {
        try await TestHouse.with { house in
            let folder = try folder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let copy = try await SQLiteDatabase.open(path: folder + "/redsteward.db")
            let work = CopyWork(source: house.house.database, target: copy, world: house.house.world)
            let digest = try await work.run({ _, _, _ in nil })
            #expect(digest.rows > 500)
            // And back, to the engine under test: from PostgreSQL to SQLite and to PostgreSQL again.
            try await TestEngine.withPlace(in: folder, named: "back.db") { place in
                let back = try await TestEngine.open(place)
                let again = try await CopyWork(source: copy, target: back, world: house.house.world).run({ _, _, _ in
                    nil
                })
                #expect(again == digest)
                try await back.close()
            }
            try await copy.close()
            let other = try await SQLiteDatabase.open(path: folder + "/other.db")
            let landed = try await house.house.database.read { try HouseSource(House.schema, $0).landed }
            let target = try await HouseTarget(
                other, schema: House.schema, landed: landed, identity: Array("copy".utf8), at: house.house.world.now())
            let batches = try await house.house.database.read { transaction in
                var batches: [HouseBatch] = []
                try HouseSource(House.schema, transaction).read(after: nil, transaction) { batches.append($0) }
                return batches
            }
            // Killed in the middle; then a row that is there already changes.
            for batch in batches.prefix(batches.count / 2) { try await target.write(batch) }
            _ = try await house.house.database.write {
                try $0.run("update directory_area set code = 'changed' where parent_id is null")
            }
            let second = CopyWork(source: house.house.database, target: other, world: house.house.world)
            await #expect(throws: HouseFault.differs(["directory_area"])) { try await second.run({ _, _, _ in nil }) }
            await #expect(throws: StorageFailure.newerSchema(HouseTarget.markID)) {
                try await House.schema.migrate(other, at: house.house.world.now())
            }
            try await other.close()
        }
    }
}

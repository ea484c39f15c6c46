import Crypto
import Kernel
import StorageTesting
import Testing

@testable import Storage

/// Where an audited act came from: kept with its row, sealed, and gone in time.
@Suite struct CallerTests {
    private static let key = [UInt8](repeating: 2, count: 32)
    private static let area = AreaID(10)
    private let sealer = Sealer(key: key, holder: "one")
    private let verifier = Verifier(key: key)

    private func act(_ test: TestDatabase, _ subject: Int64 = 1, why: String? = nil) async throws {
        let journal = StandardJournal(
            consumers: [], auditKey: [UInt8](repeating: 1, count: 32), nextID: test.world.nextID,
            randomBytes: test.world.randomBytes)
        try await test.database.write { transaction in
            let entry = AuditEntry(
                area: Self.area, actor: PersonID(3), verb: "case.close", subject: subject, detail: why ?? "secret",
                isReason: why != nil)
            try journal.audit(entry, at: TestDatabase.start, transaction)
        }
    }

    private func addresses(_ test: TestDatabase) async throws -> [Int64: String] {
        try await test.database.read { transaction in
            let rows = try transaction.query("select subject_id, address from storage_audit") {
                (try $0.int(0), try $0.optionalText(1) ?? "-")
            }
            return Dictionary(rows, uniquingKeysWith: { $1 })
        }
    }

    @Test func eachRowHasTheAddressOfItsOwnRequestHoweverManyShareACommit() async throws {
        try await TestDatabase.with { test async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...60 as ClosedRange<Int64> {
                    group.addTask {
                        // Every third is work of the server's own.
                        guard number % 3 != 0 else { return try await act(test, number) }
                        try await Caller.$address.withValue("10.0.0.\(number)") { try await act(test, number) }
                    }
                }
                try await group.waitForAll()
            }
            let found = try await addresses(test)
            #expect(found.count == 60)
            for (number, address) in found { #expect(address == (number % 3 == 0 ? "-" : "10.0.0.\(number)")) }
            #expect(try await sealer.seal(test.database, at: TestDatabase.start) == 60)
            let report = try await verifier.verify(test.database)
            #expect(report.isSound && report.sealedRows == 60)
        }
    }

    /// A seal over rows without an address is, byte for byte, the one that was made before there were addresses.
    @Test func whatWasSealedBeforeThereWereAddressesStillHolds() async throws {
        try await TestDatabase.with { test async throws in
            for number in 1...3 as ClosedRange<Int64> { try await act(test, number) }
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            try await test.database.read { transaction in
                let seal = try #require(
                    try transaction.first("select \(Seal.columns) from storage_seal limit 1", Seal.init))
                var bytes = Canonical("seal-1")
                bytes.add(seal.previousHash)
                for value in [seal.area.raw, seal.seq, seal.firstID, seal.lastID, seal.count, seal.at.ms] {
                    bytes.add(value)
                }
                _ = try transaction.query(
                    """
                    select id, at_ms, actor_id, post_id, verb, subject_id, digest from storage_audit order by id
                    """
                ) { row in
                    bytes.add(try row.int(0))
                    bytes.add(try row.int(1))
                    bytes.add(try row.optionalInt(2))
                    bytes.add(try row.optionalInt(3))
                    bytes.add(try row.text(4))
                    bytes.add(try row.int(5))
                    bytes.add(try row.bytes(6))
                }
                #expect(seal.hash == Array(SHA256.hash(data: bytes.bytes)))
            }
            // So it is where the step of the schema has not been made: an old backup, an old house.
            try await test.database.write { transaction in
                let step: SQL = "delete from storage_migration where id = 'storage-004-audit-address'"
                #expect(try transaction.run(step) == 1)
                for column in ["address", "address_salt", "address_proof"] as [StaticString] {
                    let column = SQL(stringLiteral: column)
                    try transaction.run("alter table storage_audit rename column \(column) to \(column)_later")
                }
            }
            #expect(try await verifier.verify(test.database).sealedRows == 3)
            try await test.database.write { transaction in
                for column in ["address", "address_salt", "address_proof"] as [StaticString] {
                    let column = SQL(stringLiteral: column)
                    try transaction.run("alter table storage_audit rename column \(column)_later to \(column)")
                }
                try transaction.run(
                    """
                    insert into storage_migration (id, checksum, applied_ms)
                    values ('storage-004-audit-address', \([UInt8]([0])), 0)
                    """)
            }
            // Those with an address go on in the same chain.
            try await Caller.$address.withValue("2001:db8::1") { try await act(test, 4) }
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            let report = try await verifier.verify(test.database)
            #expect(report.isSound && report.seals == 2)
        }
    }

    @Test(arguments: [
        "address = '10.0.0.9' where subject_id = 1", "address_salt = substr(address_salt, 2) where subject_id = 1",
        "address_proof = substr(address_proof, 2) where subject_id = 1", "address_proof = null where subject_id = 1",
        "address_salt = null where subject_id = 1", "address = null where subject_id = 1",
        "address = '10.0.0.9' where subject_id = 3",
        """
        address = (select o.address from storage_audit o where o.subject_id = 2),
            address_salt = (select o.address_salt from storage_audit o where o.subject_id = 2) where subject_id = 1
        """,
    ])
    func anAddressThatSomebodyTouchedIsFound(_ change: StaticString) async throws {
        let change = SQL(stringLiteral: change)
        try await TestDatabase.with({ $0.recorder = nil }) { test async throws in
            for number in 1...2 as ClosedRange<Int64> {
                try await Caller.$address.withValue("10.0.0.\(number)") { try await act(test, number) }
            }
            try await act(test, 3)
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            #expect(try await verifier.verify(test.database).isSound)
            try await test.database.write { try $0.run("update storage_audit set \(change)") }
            #expect(
                try await verifier.verify(test.database).breaks
                    == [VerifyReport.Break(area: Self.area, seq: 1, kind: .alteredRow)])
            let holds = try await test.database.read { try verifier.holds(SealName(area: Self.area, seq: 1), $0) }
            #expect(!holds)
        }
    }

    @Test func addressesGoInTimeAndTheSealsHold() async throws {
        try await TestDatabase.with { test async throws in
            for number in 1...5 as ClosedRange<Int64> {
                try await Caller.$address.withValue("10.0.0.\(number)") { try await act(test, number) }
            }
            try await act(test, 6)
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            // Not sealed yet when it goes.
            try await Caller.$address.withValue("10.0.0.7") { try await act(test, 7) }
            func drop(_ before: Instant, _ limit: Int) async throws -> Int {
                try await test.database.write { transaction in
                    try AuditBook.dropAddresses(before: before, limit: limit, transaction).count
                }
            }
            #expect(try await drop(TestDatabase.start, 100) == 0)
            let later = TestDatabase.start.adding(ms: 1)
            let counts = [try await drop(later, 4), try await drop(later, 4), try await drop(later, 4)]
            #expect(counts == [4, 2, 0])
            #expect(try await addresses(test).values.allSatisfy { $0 == "-" })
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            let report = try await verifier.verify(test.database)
            #expect(report.isSound && report.sealedRows == 7)
            let page = try await test.database.read {
                try AuditBook.page(AuditQuery(), within: "1 = 1", before: nil, limit: 10, $0)
            }
            #expect(page.lines.filter(\.lostAddress).count == 6 && page.lines.allSatisfy { $0.address == nil })
        }
    }

    /// A reason that was typed for those who audit is read, proven by the digest, and gone in time; no other detail is.
    @Test func reasonsAreKeptProvenAndGoInTime() async throws {
        try await TestDatabase.with({ $0.recorder = nil }) { test async throws in
            // The journal's key proves reasons, the sealer's the chain.
            let verifier = Verifier(key: Self.key, auditKey: [UInt8](repeating: 1, count: 32))
            func isSound() async throws -> Bool {
                let whole = try await verifier.verify(test.database).isSound
                let one = try await test.database.read { try verifier.holds(SealName(area: Self.area, seq: 1), $0) }
                #expect(whole == one)
                return whole
            }
            func words() async throws -> [Int64: String] {
                let page = try await test.database.read {
                    try AuditBook.page(AuditQuery(), within: "1 = 1", before: nil, limit: 10, $0)
                }
                return Dictionary(uniqueKeysWithValues: page.lines.map { ($0.subject, $0.words ?? "-") })
            }
            try await act(test, 1, why: "回电确认上门时间")
            try await act(test, 2)
            try await act(test, 3, why: "")
            try await act(test, 4, why: "约时间")
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            #expect(try await words() == [1: "回电确认上门时间", 2: "-", 3: "-", 4: "约时间"])
            #expect(try await isSound())
            try await test.database.write { try $0.run("update storage_audit set words = '好奇' where subject_id = 1") }
            #expect(try await !isSound())
            // Of another row, or where none was.
            try await test.database.write {
                try $0.run("update storage_audit set words = '约时间' where subject_id = 1")
            }
            #expect(try await !isSound())
            try await test.database.write {
                try $0.run("update storage_audit set words = '回电确认上门时间' where subject_id = 1")
                try $0.run("update storage_audit set words = '约时间' where subject_id = 2")
            }
            #expect(try await !isSound())
            try await test.database.write { try $0.run("update storage_audit set words = null where subject_id = 2") }
            #expect(try await isSound())
            func drop(_ before: Instant) async throws -> Int {
                try await test.database.write { try AuditBook.dropWords(before: before, limit: 1, $0).count }
            }
            #expect(try await drop(TestDatabase.start) == 0)
            let later = TestDatabase.start.adding(ms: 1)
            #expect(try await [drop(later), drop(later), drop(later)] == [1, 1, 0])
            #expect(try await words().values.allSatisfy { $0 == "-" })
            #expect(try await isSound())
        }
    }
}

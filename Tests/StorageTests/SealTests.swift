import Kernel
import Storage
import StorageSQLite
import StorageTesting
import Testing

@Suite struct SealTests {
    private static let sealKey = [UInt8](repeating: 2, count: 32)
    private static let auditKey = [UInt8](repeating: 1, count: 32)
    private static let areas = [AreaID(10), AreaID(20)]

    private let sealer = Sealer(key: sealKey, holder: "one")
    private let verifier = Verifier(key: sealKey)

    private func act(_ test: TestDatabase, _ count: Int) async throws {
        let journal = StandardJournal(
            consumers: [], auditKey: Self.auditKey, nextID: test.world.nextID, randomBytes: test.world.randomBytes)
        try await test.database.write { transaction in
            for index in 0..<count {
                let entry = AuditEntry(
                    area: Self.areas[index % 2], actor: PersonID(3), verb: "case.close", subject: Int64(index),
                    detail: "secret \(index)")
                try journal.audit(entry, at: TestDatabase.start, transaction)
            }
        }
    }

    /// Six rows in each of two areas, in two seals each, then a hand on the data.
    private func breaks(
        after tampering: SQL..., anchored: Bool = false
    ) async throws -> [VerifyReport.Break] {
        var found: [VerifyReport.Break] = []
        try await TestDatabase.with({ $0.recorder = nil }) { test async throws in
            for _ in 1...2 {
                try await act(test, 6)
                #expect(try await sealer.seal(test.database, at: TestDatabase.start) == 6)
            }
            let before = try await verifier.verify(test.database)
            #expect(before.isSound)
            #expect(before.seals == 4)
            try await test.database.write { for statement in tampering { try $0.run(statement) } }
            found = try await verifier.verify(test.database, anchors: anchored ? before.heads : []).breaks
        }
        return found
    }

    private func broken(_ seq: Int64, _ kind: VerifyReport.BreakKind) -> [VerifyReport.Break] {
        [VerifyReport.Break(area: Self.areas[0], seq: seq, kind: kind)]
    }

    /// The rows of the first area's second seal.
    private let second: SQL = "area_id = 10 and seal_seq = 2"

    @Test func aSealedDatabaseIsSoundAndItsTailIsCounted() async throws {
        try await TestDatabase.with { test async throws in
            try await act(test, 5)
            #expect(try await sealer.seal(test.database, at: TestDatabase.start) == 5)
            #expect(try await sealer.seal(test.database, at: TestDatabase.start) == 0)
            try await act(test, 3)
            let report = try await verifier.verify(test.database)
            #expect(report.isSound)
            #expect(report.sealedRows == 5)
            #expect(report.unsealedRows == 3)
            #expect(report.heads.map(\.area) == Self.areas)
        }
    }

    @Test func aRowThatIsCommittedLateWithASmallerIDIsSealed() async throws {
        try await TestDatabase.with { test async throws in
            try await act(test, 4)
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            let journal = StandardJournal(
                consumers: [], auditKey: Self.auditKey, nextID: { 1 }, randomBytes: test.world.randomBytes)
            try await test.database.write { transaction in
                let entry = AuditEntry(area: Self.areas[0], actor: nil, verb: "late", subject: 1)
                try journal.audit(entry, at: TestDatabase.start, transaction)
            }
            #expect(try await sealer.seal(test.database, at: TestDatabase.start) == 1)
            let report = try await verifier.verify(test.database)
            #expect(report.isSound)
            #expect(report.sealedRows == 5)
        }
    }

    @Test func moreThanOneBatchIsSealedInTurns() async throws {
        try await TestDatabase.with { test async throws in
            try await act(test, 2 * Sealer.batchRows + 6)
            let counts = [
                try await sealer.seal(test.database, at: TestDatabase.start),
                try await sealer.seal(test.database, at: TestDatabase.start),
                try await sealer.seal(test.database, at: TestDatabase.start),
            ]
            #expect(counts == [2 * Sealer.batchRows, 6, 0])
            let report = try await verifier.verify(test.database)
            #expect(report.isSound)
            #expect(report.seals == 4)
        }
    }

    @Test(.sqlite) func lookingForTheTailDoesNotReadWhatIsSealed() async throws {
        try await TestDatabase.with { test async throws in
            try await act(test, 1_000)
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            try await act(test, 2)
            let cost = try await test.sqlite.cost(
                """
                select distinct area_id from storage_audit where seal_seq is null order by area_id limit \(100)
                """)
            #expect(cost.rows == 2)
            #expect(cost.steps < 100)
        }
    }

    @Test func onlyTheHolderOfTheLeaseSeals() async throws {
        try await TestDatabase.with { test async throws in
            let other = Sealer(key: Self.sealKey, holder: "two")
            try await act(test, 2)
            _ = try await sealer.seal(test.database, at: TestDatabase.start)
            try await act(test, 2)
            #expect(try await other.seal(test.database, at: TestDatabase.start) == 0)
            #expect(try await other.seal(test.database, at: TestDatabase.start.adding(minutes: 1)) == 2)
        }
    }

    @Test(arguments: [
        "verb = 'x'", "actor_id = 4", "post_id = 4", "at_ms = 0", "subject_id = 77", "digest = substr(digest, 2)",
    ])
    func anAlteredRowIsFound(_ change: StaticString) async throws {
        let change = SQL(stringLiteral: change)
        #expect(
            try await breaks(
                after:
                    "update storage_audit set \(change) where id = (select min(id) from storage_audit where \(second))")
                == broken(2, .alteredRow))
    }

    @Test func aDeletedRowIsFound() async throws {
        #expect(
            try await breaks(
                after: "delete from storage_audit where id = (select min(id) from storage_audit where \(second))")
                == broken(2, .deletedRow))
    }

    @Test func anAddedRowIsFound() async throws {
        #expect(
            try await breaks(
                after: """
                    insert into storage_audit (id, area_id, at_ms, verb, subject_id, digest, seal_seq)
                    values (5, 10, 0, 'x', 1, \([UInt8]([0])), 1)
                    """) == broken(1, .addedRow))
    }

    @Test func rowsThatChangePlacesAreFound() async throws {
        #expect(
            try await breaks(
                after: "update storage_audit set id = 1 where id = (select min(id) from storage_audit where \(second))",
                "update storage_audit set id = 2 where id = (select max(id) from storage_audit where \(second))")
                == broken(2, .alteredRow))
    }

    @Test func aRowMovedToAnotherSealIsFound() async throws {
        #expect(
            try await breaks(
                after: """
                    update storage_audit set seal_seq = 1
                    where id = (select min(id) from storage_audit where \(second))
                    """) == broken(1, .addedRow))
    }

    @Test func aRowMovedBackToTheTailIsFound() async throws {
        #expect(
            try await breaks(
                after: """
                    update storage_audit set seal_seq = null
                    where id = (select min(id) from storage_audit where \(second))
                    """) == broken(2, .deletedRow))
    }

    @Test func sealsThatChangePlacesAreFound() async throws {
        let found = try await breaks(
            after: "update storage_seal set seq = 9 where area_id = 10 and seq = 1",
            "update storage_seal set seq = 1 where area_id = 10 and seq = 2",
            "update storage_seal set seq = 2 where area_id = 10 and seq = 9")
        #expect(found == broken(1, .reorderedSeal))
    }

    @Test func aDeletedSealIsFound() async throws {
        #expect(
            try await breaks(after: "delete from storage_seal where area_id = 10 and seq = 1")
                == broken(1, .deletedSeal))
        #expect(
            try await breaks(after: "delete from storage_seal where area_id = 10 and seq = 2")
                == broken(2, .deletedSeal))
    }

    @Test func aWrongSignatureIsFound() async throws {
        #expect(
            try await breaks(
                after: "update storage_seal set signature = substr(signature, 2) where area_id = 10 and seq = 2")
                == broken(2, .wrongSignature))
    }

    @Test func aChainMadeWithAnotherKeyIsFound() async throws {
        try await TestDatabase.with { test async throws in
            try await act(test, 2)
            _ = try await Sealer(key: [9], holder: "forger").seal(test.database, at: TestDatabase.start)
            let report = try await verifier.verify(test.database)
            #expect(report.breaks.map(\.kind) == [.wrongSignature, .wrongSignature])
        }
    }

    @Test func anEndCutOffWithItsSealIsFoundByAHeadKeptOutside() async throws {
        let cut: [SQL] = [
            "delete from storage_audit where \(second)", "delete from storage_seal where area_id = 10 and seq = 2",
        ]
        #expect(try await breaks(after: cut[0], cut[1]) == [])
        #expect(try await breaks(after: cut[0], cut[1], anchored: true) == broken(2, .deletedSeal))
    }

    @Test func theDetailIsNotKeptAndCanBeProven() async throws {
        try await TestDatabase.with { test async throws in
            try await act(test, 1)
            let (id, digest) = try #require(
                try await test.database.read { transaction in
                    try transaction.first("select id, digest from storage_audit") { (try $0.int(0), try $0.bytes(1)) }
                })
            func proves(_ detail: String) -> Bool {
                let entry = AuditEntry(
                    area: Self.areas[0], actor: PersonID(3), verb: "case.close", subject: 0, detail: detail)
                return AuditDigest.proves(
                    digest, id: id, at: TestDatabase.start, entry, auditKey: Self.auditKey)
            }
            #expect(proves("secret 0"))
            #expect(!proves("secret 1"))
        }
    }
}

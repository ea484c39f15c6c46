import Kernel
import Storage
import StorageSQLite
import StorageTesting
import Testing

@Suite struct DatabaseTests {
    @Test(.sqlite) func theWriterWaitsForTheDevice() async throws {
        try await TestDatabase.with { test async throws in
            // 2 is FULL.
            #expect(try await test.sqlite.writerPragma("synchronous") == "2")
            #expect(try await test.sqlite.writerPragma("journal_mode") == "wal")
            #expect(try await test.sqlite.writerPragma("foreign_keys") == "1")
        }
    }

    @Test(.sqlite) func aSecondServerIsRefusedUntilTheFirstEnds() async throws {
        try await TestDatabase.inFolder { folder in
            let first = try await SQLiteDatabase.open(path: folder + "/a")
            await #expect(throws: StorageFailure.busy) { try await SQLiteDatabase.open(path: folder + "/a") }
            try await first.close()
            try await SQLiteDatabase.open(path: folder + "/a").close()
        }
    }

    @Test func aReadOnlyGuestReadsBesideTheServerAndCannotWrite() async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, "a")
            let guest = try await test.guest()
            #expect(try await guest.read { try $0.first("select count(*) from test_row") { try $0.int(0) } } == 1)
            await #expect(throws: StorageFailure.readOnly) { try await guest.write { _ in } }
            try await guest.close()
        }
    }

    @Test func aThrownErrorUndoesTheWriteAndArrivesAsItIs() async throws {
        try await TestDatabase.with { test async throws in
            await #expect(throws: Oops.self) {
                try await test.database.write { transaction in
                    try inserting(1, "a")(transaction)
                    throw Oops()
                }
            }
            #expect(try await test.names() == [])
        }
    }

    @Test func constraintsAreReportedAsSuch() async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, "a")
            for sql: SQL in [
                "insert into test_row (id, name) values (2, 'a')",
                "insert into test_row (id, parent_id) values (3, 404)",
                "insert into test_row (id, number) values (4, null), (4, null)",
            ] {
                do {
                    try await test.database.write { _ = try $0.run(sql) }
                    Issue.record("nothing was refused")
                } catch StorageFailure.constraint {}
            }
            #expect(try await test.names() == ["a"])
        }
    }

    @Test func aFailureThatTheClosureCatchesStillUndoesTheWrite() async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, "a")
            do {
                try await test.database.write { transaction in
                    try inserting(2, "b")(transaction)
                    try? inserting(3, "a")(transaction)
                    try? inserting(4, "c")(transaction)
                }
                Issue.record("it was kept")
            } catch StorageFailure.constraint {}
            #expect(try await test.names() == ["a"])
            let failures = try await test.together([
                inserting(5, "d"), { try? inserting(6, "a")($0) }, inserting(7, "e"),
            ])
            #expect(failures[0] == nil && failures[1] is StorageFailure && failures[2] == nil)
            #expect(try await test.names() == ["a", "d", "e"])
        }
    }

    @Test func aReadSeesOneMoment() async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, "a")
            let (seen, written) = (Flagged(), Flagged())
            let database = test.database
            async let counts = database.read { transaction in
                func count() throws -> Int64? {
                    try transaction.first("select count(*) from test_row") { try $0.int(0) }
                }
                let before = try count()
                seen.raise()
                written.wait()
                return [before, try count()]
            }
            await Task.detached { seen.wait() }.value
            try await test.put(2, "b")
            written.raise()
            #expect(try await counts == [1, 1])
            #expect(try await test.names() == ["a", "b"])
        }
    }

    @Test func readModifyWriteOfManyLosesNothing() async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, "a")
            let database = test.database
            try await database.write { _ = try $0.run("update test_row set number = 0") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...100 {
                    group.addTask {
                        try await database.write { transaction in
                            let number = try transaction.first("select number from test_row where id = 1") {
                                try $0.int(0)
                            }
                            try transaction.run("update test_row set number = \((number ?? 0) + 1) where id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.read { try $0.first("select number from test_row") { try $0.int(0) } } == 100)
        }
    }

    @Test func changedRowsAreCountedAndReturned() async throws {
        try await TestDatabase.with { test async throws in
            for id in 1...5 { try await test.put(Int64(id), "\(id)") }
            #expect(try await test.database.write { try $0.run("update test_row set number = 1 where id > 2") } == 3)
            #expect(try await test.database.write { try $0.run("delete from test_row where id > 9") } == 0)
            let ids = try await test.database.write { transaction in
                try transaction.query("update test_row set number = 2 where id < 3 returning id") { try $0.int(0) }
            }
            #expect(ids.sorted() == [1, 2])
        }
    }

    @Test func aReadCannotWrite() async throws {
        try await TestDatabase.with { test async throws in
            await #expect(throws: StorageFailure.readOnly) {
                try await test.database.read { transaction in
                    try transaction.query("delete from test_row returning id") { try $0.int(0) }
                }
            }
        }
    }

    /// The edition, when nothing more is under way: a server hears its own words as well.
    private func settled(_ mark: ChangeMark) async throws -> UInt64 {
        for _ in 0..<200 {
            let edition = mark.edition
            try await Task.sleep(for: .milliseconds(60))
            if mark.edition == edition { return edition }
        }
        Issue.record("the mark never rests")
        return 0
    }

    @Test func aMarkMovesWithEveryKindOfChangeToItsTablesAndWithNothingElse() async throws {
        try await TestDatabase.with { test async throws in
            let mark = try #require(test.database.mark(["test_row", "test_other"]))
            let changes: [SQL] = [
                "insert into test_row (id, name) values (1, 'a')",
                "update test_row set name = 'b' where id = 1",
                "update test_row set number = 2 where id = 1 returning id",
                "insert into test_row (id, name) values (1, 'c') on conflict (id) do update set name = excluded.name",
                "with one as (select id from test_row) update test_row set number = 3 where id in (select id from one)",
                "delete from test_row where id = 2",
            ]
            for change in changes {
                let before = try await settled(mark)
                try await test.database.write { _ = try $0.query(change) { _ in 0 } }
                #expect(mark.edition != before, "\(change)")
            }
            var before = try await settled(mark)
            try await test.database.write { transaction in
                _ = try transaction.insert(
                    into: "test_row", columns: ["id", "name"], rows: [[.int(2), .text("d")]])
            }
            #expect(mark.edition != before)
            before = try await settled(mark)
            let others: [SQL] = [
                "insert into test_parent (id) values (1)", "select id from test_row",
                "insert into test_row (id, name) values (3, 'e')\(SQL.unmarked)",
                "update test_row set number = \(4) where id = 3\(SQL.unmarked)",
            ]
            for other in others { try await test.database.write { _ = try $0.query(other) { _ in 0 } } }
            #expect(try await settled(mark) == before)
        }
    }

    @Test func anAnswerIsKeptUntilItsTableChangesAndNeverOverALimit() async throws {
        try await TestDatabase.with { test async throws in
            let memory = MarkedMemory<Int64, String>(test.database, of: ["test_row"], limit: 2)
            let mark = try #require(test.database.mark(["test_row"]))
            _ = try await settled(mark)
            let first = memory.edition
            #expect(memory.found(1, first) == nil)
            memory.keep("a", for: 1, first)
            memory.keep("b", for: 2, first)
            #expect(memory.found(1, first) == "a")
            var reads = 0
            for _ in 0..<3 {
                let value = memory.kept(2, first) { () -> String in
                    reads += 1
                    return "read"
                }
                #expect(value == "b")
            }
            #expect(reads == 0)
            // One that is kept already takes no room of another; one more ends them all.
            memory.keep("c", for: 2, first)
            #expect(memory.found(1, first) == "a" && memory.found(2, first) == "c")
            memory.keep("d", for: 3, first)
            #expect(memory.found(1, first) == nil && memory.found(3, first) == "d")

            try await test.put(1, "x")
            // Nothing of before holds, nor is it kept by whoever read it then.
            let second = memory.edition
            #expect(second != first)
            #expect(memory.found(3, second) == nil)
            memory.keep("late", for: 3, first)
            #expect(memory.found(3, second) == nil && memory.found(3, memory.edition) == nil)
            _ = try await settled(mark)
            let third = memory.edition
            memory.keep("new", for: 3, third)
            memory.keep("late", for: 3, first)
            #expect(memory.found(3, third) == "new")
        }
    }

    @Test func whatIsKeptUnderTheEditionIsNeverOlderThanAnAcknowledgedWrite() async throws {
        try await TestDatabase.with { test async throws in
            let mark = try #require(test.database.mark(["test_row"]))
            let kept = Kept()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        while !kept.isOver {
                            let edition = mark.edition
                            let count = try await test.names().count
                            if mark.edition == edition { kept.keep(edition, count) }
                            // A read does not give its thread away.
                            try await Task.sleep(for: .microseconds(100))
                        }
                    }
                }
                for id in 1...600 {
                    try await test.put(Int64(id), "\(id)")
                    if let count = kept.count(under: mark.edition) { #expect(count >= id) }
                }
                kept.end()
                try await group.waitForAll()
            }
        }
    }

    @Test func aThousandWritersAreAllKept() async throws {
        try await TestDatabase.with { test async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 1...1_000 { group.addTask { try await test.put(Int64(id), "\(id)") } }
                try await group.waitForAll()
            }
            #expect(try await test.names().count == 1_000)
        }
    }

    @Test(.sqlite) func beyondTheLimitWritesAreRefusedAsBusy() async throws {
        try await TestDatabase.with({ $0.waitingWrites = 2 }) { test async throws in
            let refused = Flagged()
            try await test.database.write { _ in
                // The writer is held here: two may wait, the other four hear at once that they may not.
                for id in 10...15 {
                    Task {
                        do { try await test.put(Int64(id), "\(id)") } catch StorageFailure.busy { refused.raise() }
                    }
                }
                for _ in 1...4 { refused.wait() }
            }
            // This one comes after the two that waited.
            try await test.put(1, "a")
            #expect(try await test.names().count == 3)
        }
    }

    @Test func afterTheEndNothingIsAccepted() async throws {
        try await TestDatabase.inFolder { folder in
            try await TestEngine.withPlace(in: folder) { place in
                let database = try await TestEngine.open(place)
                try await database.close()
                await #expect(throws: StorageFailure.self) { try await database.write { _ in } }
                await #expect(throws: StorageFailure.self) { try await database.read { _ in } }
            }
        }
    }

    @Test(.sqlite) func thePlannerTellsScansFromSearches() async throws {
        try await TestDatabase.with { test async throws in
            for id in 1...40 { try await test.put(Int64(id), "\(id)") }
            let search = try await test.sqlite.cost("select id from test_row where id = \(Int64(7))")
            let scan = try await test.sqlite.cost("select id from test_row where number is null")
            #expect(search.rows == 1)
            #expect(search.scanned == 0)
            #expect(scan.rows == 40)
            #expect(scan.scanned == 39)
            #expect(scan.steps > search.steps * 5)
            let plan = try await test.sqlite.plan("select id from test_row where id = \(Int64(7))")
            #expect(plan == ["SEARCH test_row USING INTEGER PRIMARY KEY (rowid=?)"])
        }
    }

    @Test(.sqlite) func everyDistinctStatementIsRecordedOnceForPostgreSQL() async throws {
        let seen = Recorded()
        try await TestDatabase.with({ $0.recorder = { seen.add($0) } }) { test async throws in
            try await test.put(1, "a")
            try await test.put(2, "b")
            try await test.database.write { try TextIndex("test_text").remove(1, $0) }
        }
        #expect(seen.all.filter { $0 == "insert into test_row (id, name) values ($1, $2)" }.count == 1)
        #expect(seen.all.contains("delete from test_text where id = $1"))
        #expect(!seen.all.contains { $0.hasPrefix("create") })
    }
}

/// Writes that share one commit.
@Suite struct GroupCommitTests {
    @Test func oneThatThrowsFailsAlone() async throws {
        try await TestDatabase.with { test async throws in
            let failures = try await test.together([
                inserting(1, "a"),
                { transaction in
                    try inserting(2, "b")(transaction)
                    throw Oops()
                },
                inserting(3, "c"),
            ])
            #expect(failures[0] == nil)
            #expect(failures[1] is Oops)
            #expect(failures[2] == nil)
            #expect(try await test.names() == ["a", "c"])
        }
    }

    @Test func oneThatBreaksAConstraintFailsAlone() async throws {
        try await TestDatabase.with { test async throws in
            let failures = try await test.together([inserting(1, "a"), inserting(2, "a"), inserting(3, "c")])
            if !TestEngine.isPostgres { #expect(failures[0] == nil) }
            // On PostgreSQL nobody says which of the two comes first.
            let refused = failures[0] == nil ? failures[1] : failures[0]
            #expect((failures[0] == nil) != (failures[1] == nil))
            guard case .constraint = refused as? StorageFailure else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(failures[2] == nil)
            #expect(try await test.names() == ["a", "c"])
        }
    }

    @Test(.sqlite) func oneThatFillsTheDiskFailsAlone() async throws {
        try await TestDatabase.with({ $0.maxPages = 120 }) { test async throws in
            let failures = try await test.together([
                inserting(1, "a"),
                { transaction in
                    try transaction.insert(
                        into: "test_row", columns: ["id", "data"],
                        rows: (100...200).map { [.int($0), .bytes([UInt8](repeating: 1, count: 20_000))] })
                },
                inserting(3, "c"),
            ])
            #expect(failures[0] == nil)
            #expect(failures[1] as? StorageFailure == .full)
            #expect(failures[2] == nil)
            #expect(try await test.names() == ["a", "c"])
        }
    }

    @Test(.sqlite) func oneThatSpoilsTheCommitItselfFailsAlone() async throws {
        try await TestDatabase.with { test async throws in
            let failures = try await test.together([
                inserting(1, "a"),
                { transaction in
                    // Nothing in the product defers a constraint; here it makes `commit` fail.
                    try transaction.run("pragma defer_foreign_keys = on")
                    try transaction.run("insert into test_row (id, parent_id) values (\(Int64(2)), \(Int64(404)))")
                },
                inserting(3, "c"),
            ])
            #expect(failures[0] == nil)
            #expect(failures[1] as? StorageFailure == .constraint("FOREIGN KEY constraint failed"))
            #expect(failures[2] == nil)
            #expect(try await test.names() == ["a", "c"])
        }
    }

    @Test func oneThatEndsTheTransactionCannotWriteOutsideIt() async throws {
        try await TestDatabase.with { test async throws in
            let failures = try await test.together([
                inserting(1, "a"),
                { transaction in
                    try transaction.run("rollback")
                    try inserting(2, "b")(transaction)
                },
                inserting(3, "c"),
            ])
            #expect(failures[0] == nil)
            #expect(failures[1] as? StorageFailure == .engine("the transaction has ended"))
            #expect(failures[2] == nil)
            #expect(try await test.names() == ["a", "c"])
        }
    }

    @Test func aValueComesBackToItsOwnCaller() async throws {
        try await TestDatabase.with { test async throws in
            let sums = try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in 1...200 {
                    group.addTask { try await test.database.write { _ in id * 3 } == id * 3 }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sums == [Bool](repeating: true, count: 200))
        }
    }
}

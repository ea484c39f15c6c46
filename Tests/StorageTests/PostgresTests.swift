import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageTesting
import Synchronization
import Testing

/// What only PostgreSQL has: connections that are lost, servers that stand still, and the isolation of the tests.
@Suite(.postgres) struct PostgresTests {
    /// A database in a schema of its own, with options.
    private func with(
        _ change: (inout PostgresDatabase.Options) -> Void = { _ in },
        _ body: (PostgresDatabase, TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { test async throws in
            var options = TestEngine.postgres(2)
            change(&options)
            let database = try await PostgresDatabase.open(url: test.path, options: options)
            do {
                try await body(database, test)
            } catch {
                try? await database.close()
                throw error
            }
            try await database.close()
        }
    }

    private func number(_ sql: SQL, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(sql) { try $0.int(0) } ?? -1
    }

    private func rests(_ mark: ChangeMark) async throws -> Bool {
        for _ in 0..<100 {
            let edition = mark.edition
            try await Task.sleep(for: .milliseconds(100))
            if mark.edition == edition { return true }
        }
        return false
    }

    @Test func aMarkHearsOfOtherServersAndHoldsNothingWhileItHearsNone() async throws {
        try await with { one, test in
            let (mine, other) = (
                try #require(one.mark(["test_row"])), try #require(test.database.mark(["test_row", "test_parent"]))
            )
            for mark in [mine, other] { #expect(try await rests(mark)) }
            for name in ["a", "b"] {
                let before = (mine.edition, other.edition)
                let id: Int64 = name == "a" ? 1 : 2
                try await one.write { _ = try $0.run("insert into test_row (id, name) values (\(id), \(name))") }
                // Here before it is acknowledged, there as soon as it is heard.
                #expect(mine.edition != before.0)
                let deadline = ContinuousClock.now + .seconds(5)
                while other.edition == before.1, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(other.edition != before.1)
                for mark in [mine, other] { #expect(try await rests(mark)) }
            }
            // What was not kept is not told.
            let before = (mine.edition, other.edition)
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await one.write { transaction -> Void in
                    try transaction.run("delete from test_row where id > \(0)")
                    throw Stop()
                }
            }
            try await Task.sleep(for: .milliseconds(200))
            #expect(mine.edition == before.0 && other.edition == before.1)
            // The ears are cut off: no edition holds, until they have grown again.
            let cut = try await test.database.write { transaction in
                try transaction.query(
                    """
                    select pg_terminate_backend(pid) from pg_stat_activity
                    where query like \("do $$ begin execute format('listen%") and query like \("%.changes%")
                        and query like \("%hashtext%") and pid <> pg_backend_pid()
                    """
                ) { _ in 0 }.count
            }
            #expect(cut >= 2)
            var isDeaf = false
            let deadline = ContinuousClock.now + .seconds(5)
            while !isDeaf, ContinuousClock.now < deadline { isDeaf = mine.edition != mine.edition }
            #expect(isDeaf)
            for mark in [mine, other] { #expect(try await rests(mark)) }
        }
    }

    @Test func eachTestHasASchemaOfItsOwn() async throws {
        var schema = ""
        try await TestDatabase.with { one async throws in
            try await one.put(1, "one")
            schema = try #require(
                try await one.database.read { try $0.first("select current_schema()") { try $0.text(0) } })
            try await TestDatabase.with { two async throws in
                #expect(try await two.names() == [])
                try await two.put(1, "two")
                #expect(try await one.names() == ["one"])
            }
            // Nothing is found or made outside, in `public` least of all.
            let seen = try await one.database.read { transaction in
                try transaction.query(
                    """
                    select distinct n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where c.relname = 'test_row' and pg_table_is_visible(c.oid)
                    """
                ) { try $0.text(0) }
            }
            #expect(seen == [schema])
        }
        let name = schema
        try await TestDatabase.with { test async throws in
            let left = try await test.database.read {
                try number(
                    """
                    select count(*) from pg_namespace n left join pg_class c on c.relnamespace = n.oid
                    where n.nspname = \(name) or n.nspname = 'public' and c.relkind = 'r'
                    """, $0)
            }
            #expect(left == 0)
        }
    }

    @Test func theServerWaitsForTheDevice() async throws {
        try await with { database, _ async throws in
            for name in ["fsync", "synchronous_commit", "full_page_writes"] {
                let shown = try await database.write {
                    try $0.first("select setting from pg_settings where name = \(name)") { try $0.text(0) }
                }
                #expect(shown == "on", "\(name)")
            }
        }
    }

    @Test func aConnectionThatIsLostIsReplacedAndTheWorkIsDone() async throws {
        try await with { database, test async throws in
            let tries = Mutex(0)
            let kept = try await database.write { transaction in
                try inserting(1, "a")(transaction)
                let count = tries.withLock { count in
                    count += 1
                    return count
                }
                if count < 3 { _ = try number("select pg_terminate_backend(pg_backend_pid())::int", transaction) }
                return count
            }
            #expect(kept == 3)
            #expect(try await test.names() == ["a"])
            let reads = Mutex(0)
            let seen = try await database.read { transaction in
                let first = reads.withLock { count in
                    count += 1
                    return count == 1
                }
                if first { _ = try number("select pg_terminate_backend(pg_backend_pid())::int", transaction) }
                return try number("select count(*) from test_row", transaction)
            }
            #expect(seen == 1)
            #expect(database.lostConnections == 3)
        }
    }

    /// A trigger ends the connection while `commit` is under way.
    private static let deadlyCommit = """
        create function die() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
        create constraint trigger deadly after insert on test_row deferrable initially deferred
        for each row execute function die();
        """

    @Test func whereTheAnswerToCommitIsLostTheCallerHearsIt() async throws {
        try await with { database, test async throws in
            for statement in Self.deadlyCommit.split(separator: ";\ncreate constraint", maxSplits: 1) {
                let text = statement.hasPrefix("create") ? String(statement) : "create constraint" + statement
                try await database.runText(text)
            }
            let tries = Mutex(0)
            await #expect(throws: StorageFailure.unknownOutcome) {
                try await database.write { transaction in
                    tries.withLock { $0 += 1 }
                    try inserting(1, "a")(transaction)
                }
            }
            // Never done twice by itself.
            #expect(tries.withLock { $0 } == 1)
            try await database.runText("drop trigger deadly on test_row")
            try await database.write(inserting(2, "b"))
            #expect(try await test.names().last == "b")
        }
    }

    @Test func statisticsAreThoseOfTheRowsThatAreThere() async throws {
        try await with { database, _ async throws in
            try await database.write { transaction in
                for id in 1...40 { try inserting(Int64(id), "n\(id)")(transaction) }
            }
            func known() async throws -> Int64 {
                try await database.read { transaction in
                    try transaction.first(
                        "select cast(reltuples as bigint) from pg_class where oid = 'test_row'::regclass"
                    ) { try $0.int(0) } ?? 0
                }
            }
            #expect(try await known() < 1)
            try await database.takeStatistics()
            #expect(try await known() == 40)
        }
    }

    @Test func whatTakesTooLongIsGivenUpAtTheDeadline() async throws {
        try await with {
            $0.deadlineMs = 600
        } _: { database, _ async throws in
            let clock = ContinuousClock()
            let spent = await clock.measure {
                await #expect(throws: StorageFailure.busy) {
                    try await database.read { try $0.query("select pg_sleep(20)") { _ in } }
                }
                await #expect(throws: StorageFailure.busy) {
                    try await database.write { try $0.query("select pg_sleep(20)") { _ in } }
                }
            }
            #expect(spent < .seconds(15))
            #expect(try await database.read { try number("select 1", $0) } == 1)
        }
    }

    @Test func aServerThatStandsStillHoldsNobodyBeyondTheDeadline() async throws {
        try await with {
            $0.deadlineMs = 1_000
            $0.connections = 1
        } _: { database, _ async throws in
            let stopped = Mutex<Int32>(0)
            let clock = ContinuousClock()
            let spent = await clock.measure {
                await #expect(throws: StorageFailure.busy) {
                    try await database.read { transaction in
                        let pid = Int32(try number("select pg_backend_pid()", transaction))
                        stopped.withLock { $0 = pid }
                        guard kill(pid, SIGSTOP) == 0 else { throw Oops() }
                        return try number("select 1", transaction)
                    }
                }
            }
            #expect(spent > .milliseconds(800) && spent < .seconds(15))
            // The thread is free and has another connection.
            #expect(try await database.read { try number("select 2", $0) } == 2)
            _ = kill(stopped.withLock { $0 }, SIGCONT)
        }
    }

    @Test func aCallerWhoLeavesEndsTheReadAndFreesTheThread() async throws {
        try await with {
            $0.connections = 1
        } _: { database, test async throws in
            let started = Flagged()
            let pid = Mutex<Int64>(0)
            let reading = Task {
                try await database.read { transaction in
                    let own = try number("select pg_backend_pid()", transaction)
                    pid.withLock { $0 = own }
                    started.raise()
                    return try transaction.query("select pg_sleep(40)") { _ in true }
                }
            }
            // A job that has not begun is forgotten; its closure never runs.
            await Task.detached { started.wait() }.value
            let ran = Mutex(false)
            let waiting = Task { try await database.write { _ in ran.withLock { $0 = true } } }
            while database.waitingCount == 0 { await Task.yield() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            let own = pid.withLock { $0 }
            func runs() async throws -> Int64 {
                try await test.database.read {
                    try number(
                        "select count(*) from pg_stat_activity where pid = \(own) and query like '%pg_sleep%'", $0)
                }
            }
            while try await runs() == 0 { await Task.yield() }
            let clock = ContinuousClock()
            let spent = await clock.measure {
                reading.cancel()
                await #expect(throws: CancellationError.self) { try await reading.value }
            }
            #expect(spent < .seconds(15))
            #expect(try await database.read { try number("select 3", $0) } == 3)
            #expect(!ran.withLock { $0 })
        }
    }

    @Test func cancellingOneReadNeverHitsAnother() async throws {
        try await with {
            $0.connections = 2
        } _: { database, _ async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...60 {
                    let victim = Task { try await database.read { try $0.query("select pg_sleep(0.02)") { _ in } } }
                    group.addTask {
                        let value = try await database.read { try number("select 7 from pg_sleep(0.01)", $0) }
                        #expect(value == 7)
                    }
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(12))
                        victim.cancel()
                        _ = try? await victim.value
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aPlanThatTheSchemaBrokeIsMadeAnew() async throws {
        try await with {
            $0.connections = 1
        } _: { database, _ async throws in
            try await database.write { _ = try $0.run("insert into test_row (id, number) values (1, 5)") }
            func read<T: Sendable>(_ decode: @escaping @Sendable (any Row) throws -> T) async throws -> T? {
                try await database.read { try $0.first("select number from test_row", decode) }
            }
            #expect(try await read { try $0.int(0) } == 5)
            try await database.runText("alter table test_row alter column number type text")
            #expect(try await read { try $0.text(0) } == "5")
        }
    }

    @Test func twoServersThatStartAtOnceLandEachStepOnce() async throws {
        try await TestDatabase.inFolder { folder in
            try await TestEngine.withPlace(in: folder) { place in
                let schema = Schema([Migration("race-101", "create table race (id ID);")])
                var servers: [PostgresDatabase] = []
                for _ in 1...4 { servers.append(try await .open(url: place, options: TestEngine.postgres(2))) }
                let landed = try await withThrowingTaskGroup(of: [String].self) { group in
                    for server in servers {
                        group.addTask { try await schema.migrate(server, at: TestDatabase.start) }
                    }
                    return try await group.reduce(into: [[String]]()) { $0.append($1) }
                }
                #expect(landed.filter { $0.isEmpty }.count == 3)
                #expect(landed.contains { $0.last == "race-101" })
                for server in servers { try await server.close() }
            }
        }
    }

    @Test func beyondTheLimitCallersAreRefusedAsBusy() async throws {
        try await with {
            $0.connections = 1
            $0.waiting = 2
        } _: { database, _ async throws in
            let (begun, end) = (Flagged(), Flagged())
            let held = Task {
                try await database.write { _ in
                    begun.raise()
                    end.wait()
                }
            }
            await Task.detached { begun.wait() }.value
            let waiting = [Task { try await database.read { _ in } }, Task { try await database.write { _ in } }]
            while database.waitingCount < 2 { await Task.yield() }
            await #expect(throws: StorageFailure.busy) { try await database.read { _ in } }
            end.raise()
            try await held.value
            for task in waiting { try await task.value }
        }
    }

    @Test func aDeadServerInTheListIsPassedOver() async throws {
        try await TestDatabase.with { test async throws in
            let url = test.path.replacing("@", with: "@127.0.0.1:1,", maxReplacements: 1)
            let database = try await PostgresDatabase.open(url: url, options: TestEngine.postgres(1))
            try await database.write(inserting(1, "a"))
            try await database.close()
            #expect(try await test.names() == ["a"])
        }
    }

    @Test func whereNoServerAnswersTheReasonIsToldWithoutThePassword() async throws {
        var options = PostgresDatabase.Options()
        options.deadlineMs = 300
        for url in ["postgresql://somebody:geheim@127.0.0.1:1/house", "postgres://somebody:geheim@127.0.0.1:x/house"] {
            do {
                try await PostgresDatabase.open(url: url, options: options).close()
                Issue.record("there is no server")
            } catch let failure as StorageFailure {
                #expect(!"\(failure)".contains("geheim"))
            }
        }
    }

    @Test func whoMayOnlyReadHearsSo() async throws {
        try await TestDatabase.with { test async throws in
            let url = test.path + "%20-cdefault_transaction_read_only%3Don"
            let database = try await PostgresDatabase.open(url: url, options: TestEngine.postgres(1))
            await #expect(throws: StorageFailure.readOnly) { try await database.write(inserting(1, "a")) }
            try await database.close()
        }
    }
}

import Kernel
import Storage
import StoragePostgres
import StorageTesting
import Synchronization
import Testing

/// Node numbers, and what servers of one database tell each other.
@Suite struct NodeTests {
    private static let now = TestDatabase.start

    private func take(_ name: String, at now: Instant, _ test: TestDatabase) async throws -> NodeLease? {
        try await test.database.write { try Nodes(holder: name).take(at: now, last: now, $0) }
    }

    @Test func eachServerHasANumberOfItsOwn() async throws {
        try await TestDatabase.with { test async throws in
            let leases = try await withThrowingTaskGroup(of: NodeLease?.self) { group in
                for number in 0..<12 { group.addTask { try await take("s\(number)", at: Self.now, test) } }
                return try await group.reduce(into: [NodeLease?]()) { $0.append($1) }
            }
            #expect(Set(leases.compactMap { $0?.number }) == Set(1...12))
        }
    }

    @Test func aNumberIsTakenOnlyAfterItsEndAndBeginsThere() async throws {
        try await TestDatabase.with { test async throws in
            let first = try #require(try await take("a", at: Self.now, test))
            let late = Self.now.adding(ms: Nodes.leaseMs)
            let again = try await test.database.write {
                try Nodes(holder: "a").prolong(first, at: Self.now.adding(ms: 5_000), last: Self.now, $0)
            }
            let prolonged = try #require(again)
            #expect(prolonged == late.adding(ms: 5_000))
            #expect(try await take("b", at: late, test)?.number == 2)
            let third = try #require(try await take("c", at: prolonged, test))
            #expect(third.number == 1)
            #expect(third.after == prolonged)
            // Whoever lost it hears so, and takes nothing from the one who has it.
            let lost = try await test.database.write { try Nodes(holder: "a").prolong(first, at: late, last: late, $0) }
            #expect(lost == nil)
            try await test.database.write { try Nodes(holder: "a").release(first, at: Self.now, last: Self.now, $0) }
            #expect(try await take("d", at: prolonged, test)?.number != 1)
        }
    }

    @Test func aNumberGivenBackBeginsAfterItsLastID() async throws {
        try await TestDatabase.with { test async throws in
            let first = try #require(try await take("a", at: Self.now, test))
            let last = Self.now.adding(ms: 700)
            try await test.database.write { try Nodes(holder: "a").release(first, at: Self.now, last: last, $0) }
            #expect(try await take("b", at: Self.now, test)?.number == 2)
            let next = try #require(try await take("c", at: last, test))
            #expect(next.number == 1)
            #expect(next.after == last)
        }
    }

    @Test func oneServerAloneHearsNothing() async throws {
        try await TestDatabase.with { test async throws in
            guard test.database.engine == .sqlite else { return }
            #expect(test.database.announcements() == nil)
            try await test.database.write { try $0.announce("x") }
        }
    }

    @Test(.postgres) func whatIsKeptIsAnnouncedAndWhatIsNotIsNot() async throws {
        try await TestDatabase.with { test async throws in
            struct Stop: Error {}
            let name = "hears_\(UInt32.random(in: .min ... .max))"
            let database = try await PostgresDatabase.open(
                url: test.path + "&application_name=\(name)", options: TestEngine.postgres(2))
            var heard = try #require(database.announcements()).makeAsyncIterator()
            #expect(await heard.next() == .missed)
            _ = try? await test.database.write { transaction in
                try transaction.announce("lost")
                throw Stop()
            }
            let long = String(repeating: "a", count: 7_000)
            try await test.database.write { try $0.announce(long) }
            #expect(await heard.next() == .said(long))
            // A cut connection is made again, and says that it was away.
            _ = try await test.database.read { transaction in
                try transaction.query(
                    """
                    select pg_terminate_backend(pid)::int from pg_stat_activity where application_name = \(name)
                    """
                ) { try $0.int(0) }
            }
            #expect(await heard.next() == .missed)
            try await test.database.write { try $0.announce("again") }
            #expect(await heard.next() == .said("again"))
            try await database.close()
            #expect(await heard.next() == nil)
        }
    }

    @Test(.postgres) func aSchemaHearsOnlyItself() async throws {
        try await TestDatabase.with { one async throws in
            try await TestDatabase.with { two async throws in
                var heard = try #require(one.database.announcements()).makeAsyncIterator()
                #expect(await heard.next() == .missed)
                try await two.database.write { try $0.announce("elsewhere") }
                try await one.database.write { try $0.announce("here") }
                #expect(await heard.next() == .said("here"))
            }
        }
    }
}

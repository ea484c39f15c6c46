import Kernel
import Storage
import StorageSQLite
import StorageTesting
import Testing

private let area = AreaID(77)

@Suite struct OutboxTests {
    private func journal(_ world: World) -> StandardJournal {
        StandardJournal(
            consumers: ["insight", OutboxConsumer("messaging", kinds: ["case.closed"])],
            auditKey: [UInt8](repeating: 1, count: 32), nextID: world.nextID,
            randomBytes: world.randomBytes)
    }

    @Test func eachConsumerHearsItsKindsOnce() async throws {
        try await TestDatabase.with { test async throws in
            let journal = journal(test.world)
            try await test.database.write { transaction in
                for kind in ["case.closed", "case.opened"] {
                    try journal.emit(
                        OutboxEvent(kind: kind, area: area, subject: 5), at: TestDatabase.start, transaction)
                }
            }
            let outbox = Outbox()
            let taken = try await test.database.write { transaction in
                [
                    try outbox.take("insight", limit: 10, transaction),
                    try outbox.take("messaging", limit: 10, transaction),
                    try outbox.take("insight", limit: 1, transaction),
                    try outbox.take("nobody", limit: 10, transaction),
                ]
            }
            let kinds = taken.map { $0.map(\.kind) }
            #expect(kinds == [["case.closed", "case.opened"], ["case.closed"], ["case.closed"], []])
            #expect(taken[0].first?.subject == 5)
            #expect(taken[0].first?.area == area)
        }
    }

    @Test func markedEventsDoNotComeAgainAndMarkingTwiceIsHarmless() async throws {
        try await TestDatabase.with { test async throws in
            let journal = journal(test.world)
            let outbox = Outbox()
            let now = TestDatabase.start
            try await test.database.write { transaction in
                for subject in 1...3 {
                    let event = OutboxEvent(kind: "x", area: area, subject: Int64(subject))
                    try journal.emit(event, at: now, transaction)
                }
            }
            let first = try await test.database.write { transaction in
                let first = try outbox.take("insight", limit: 2, transaction)
                try outbox.markDone(first, at: now, transaction)
                try outbox.markDone(first, at: now, transaction)
                return first
            }
            #expect(first.map(\.subject) == [1, 2])
            let rest = try await test.database.write { try outbox.take("insight", limit: 9, $0) }
            #expect(rest.map(\.subject) == [3])
            #expect(try await test.database.write { try outbox.prune(doneBefore: now.adding(ms: 1), $0) } == 2)
        }
    }

    @Test func anEventGoesWithTheChangeThatFailed() async throws {
        try await TestDatabase.with { test async throws in
            let journal = journal(test.world)
            await #expect(throws: Oops.self) {
                try await test.database.write { transaction in
                    let event = OutboxEvent(kind: "x", area: area, subject: 1)
                    try journal.emit(event, at: TestDatabase.start, transaction)
                    throw Oops()
                }
            }
            #expect(try await test.database.write { try Outbox().take("insight", limit: 9, $0) }.isEmpty)
        }
    }

    @Test(.sqlite) func takingReadsNoMoreThanItReturns() async throws {
        try await TestDatabase.with { test async throws in
            let plan = try await test.sqlite.plan(
                """
                select id from storage_outbox where consumer = \("insight") and done_ms is null order by id limit 1
                """)
            #expect(plan.count == 1)
            #expect(plan[0].contains("storage_outbox_waiting"))
        }
    }
}

@Suite struct JobTests {
    private func schedule(_ test: TestDatabase, _ key: String, due: Instant = TestDatabase.start) async throws -> Bool {
        let jobs = Jobs(nextID: test.world.nextID)
        return try await test.database.write { transaction in
            try jobs.schedule(kind: "case.due", area: area, subject: 9, due: due, key: key, transaction)
        }
    }

    private func claim(_ test: TestDatabase, _ worker: String, at now: Instant) async throws -> [Job] {
        let jobs = Jobs(nextID: test.world.nextID)
        return try await test.database.write { transaction in
            try jobs.claim(worker: worker, leaseMs: 60_000, limit: 10, at: now, transaction)
        }
    }

    @Test func schedulingAgainUnderOneKeyChangesNothing() async throws {
        try await TestDatabase.with { test async throws in
            #expect(try await schedule(test, "k"))
            #expect(try await !schedule(test, "k"))
            #expect(try await claim(test, "w", at: TestDatabase.start).count == 1)
        }
    }

    @Test func noMoreAreTakenThanAskedForAtOnce() async throws {
        try await TestDatabase.with { test async throws in
            let jobs = Jobs(nextID: test.world.nextID)
            for key in ["a", "b", "c", "d"] { _ = try await schedule(test, key) }
            var taken: [Int64] = []
            for left in (0..<4).reversed() {
                let got = try await test.database.write { transaction in
                    try jobs.claim(
                        kind: "case.due", worker: "w", leaseMs: 60_000, limit: 1, at: TestDatabase.start, transaction)
                }
                #expect(got.count == 1)
                taken += got.map(\.id)
                let waiting = try await test.database.read {
                    try $0.first("select count(*) from storage_job where attempt = 0") { try $0.int(0) }
                }
                #expect(waiting == Int64(left), "what nobody holds is free for others")
            }
            #expect(Set(taken).count == 4)
        }
    }

    @Test func aJobIsClaimedOnceAndAgainWhenItsLeaseRanOut() async throws {
        try await TestDatabase.with { test async throws in
            let now = TestDatabase.start
            _ = try await schedule(test, "k")
            async let one = claim(test, "one", at: now)
            async let two = claim(test, "two", at: now)
            #expect(try await one.count + two.count == 1)
            #expect(try await claim(test, "three", at: now.adding(ms: 59_999)).isEmpty)
            let again = try await claim(test, "three", at: now.adding(ms: 60_000))
            #expect(again.map(\.attempt) == [2])
        }
    }

    @Test func aWorkerThatLostItsLeaseCannotComplete() async throws {
        try await TestDatabase.with { test async throws in
            let jobs = Jobs(nextID: test.world.nextID)
            let now = TestDatabase.start
            _ = try await schedule(test, "k")
            let slow = try #require(try await claim(test, "slow", at: now).first)
            let later = now.adding(ms: 60_000)
            let quick = try #require(try await claim(test, "quick", at: later).first)
            #expect(try await test.database.write { try jobs.complete(quick, at: later, $0) })
            #expect(try await !test.database.write { try jobs.complete(slow, at: later, $0) })
            #expect(try await !test.database.write { try jobs.fail(slow, "x", at: later, $0) })
            #expect(try await claim(test, "w", at: later.adding(hours: 9)).isEmpty)
            #expect(try await !schedule(test, "k"))
            #expect(try await test.database.write { try jobs.prune(doneBefore: later.adding(ms: 1), $0) } == 1)
            #expect(try await schedule(test, "k"))
        }
    }

    @Test func aFailedJobComesBackLaterEachTimeAndIsGivenUpAtLast() async throws {
        try await TestDatabase.with { test async throws in
            let jobs = Jobs(nextID: test.world.nextID)
            var now = TestDatabase.start
            _ = try await schedule(test, "k")
            var delays: [Int64] = []
            for _ in 1...Jobs.maxAttempts {
                let job = try #require(try await claim(test, "w", at: now).first)
                let failedAt = now
                #expect(try await test.database.write { try jobs.fail(job, "no answer", at: failedAt, $0) })
                guard let due = try await test.database.read({ try jobs.nextDue($0) }) else { break }
                delays.append(due.ms - now.ms)
                now = due
            }
            #expect(delays.prefix(4) == [1_000, 2_000, 4_000, 8_000])
            #expect(delays.max() == Instant.hourMs)
            #expect(delays.count == Int(Jobs.maxAttempts) - 1)
            #expect(try await claim(test, "w", at: now.adding(days: 9)).isEmpty)
            let report = try await Verifier(key: []).verify(test.database)
            #expect(report.jobsGivenUp == 1)
        }
    }

    @Test func futureAndCancelledJobsAreNotClaimed() async throws {
        try await TestDatabase.with { test async throws in
            let jobs = Jobs(nextID: test.world.nextID)
            let due = TestDatabase.start.adding(hours: 1)
            _ = try await schedule(test, "later", due: due)
            _ = try await schedule(test, "never", due: due)
            #expect(try await claim(test, "w", at: TestDatabase.start).isEmpty)
            #expect(try await test.database.write { try jobs.cancel(kind: "case.due", key: "never", $0) })
            #expect(try await test.database.read { try jobs.nextDue($0) } == due)
            #expect(try await claim(test, "w", at: due).count == 1)
        }
    }

    @Test(.sqlite) func lookingForDueJobsDoesNotReadWhatIsDone() async throws {
        try await TestDatabase.with { test async throws in
            let jobs = Jobs(nextID: test.world.nextID)
            let now = TestDatabase.start
            for batch in 0..<20 {
                try await test.database.write { transaction in
                    for index in 0..<10 {
                        try jobs.schedule(
                            kind: "x", area: area, subject: 1, due: now, key: "\(batch)-\(index)", transaction)
                    }
                    for job in try jobs.claim(worker: "w", leaseMs: 1, limit: 10, at: now, transaction) {
                        try jobs.complete(job, at: now, transaction)
                    }
                }
            }
            _ = try await schedule(test, "last")
            let cost = try await test.sqlite.cost(
                """
                select id from storage_job
                where due_ms <= \(now) and lease_until_ms <= \(now) and done_ms is null and gave_up_ms is null
                order by due_ms, id limit 10
                """)
            #expect(cost.rows == 1)
            #expect(cost.steps < 50)
        }
    }

    @Test func aLockHasOneHolderUntilItsEnd() async throws {
        try await TestDatabase.with { test async throws in
            let leases = Leases()
            let now = TestDatabase.start
            func acquire(_ holder: String, at moment: Instant) async throws -> Bool {
                try await test.database.write { transaction in
                    try leases.acquire("sweep", holder: holder, leaseMs: 1_000, at: moment, transaction)
                }
            }
            #expect(try await acquire("a", at: now))
            #expect(try await !acquire("b", at: now.adding(ms: 999)))
            #expect(try await acquire("a", at: now.adding(ms: 999)))
            #expect(try await !acquire("b", at: now.adding(ms: 1_500)))
            #expect(try await acquire("b", at: now.adding(ms: 1_999)))
            try await test.database.write { try leases.release("sweep", holder: "a", $0) }
            #expect(try await !acquire("a", at: now.adding(ms: 2_000)))
            try await test.database.write { try leases.release("sweep", holder: "b", $0) }
            #expect(try await acquire("a", at: now.adding(ms: 2_000)))
        }
    }
}

import Kernel

/// A job that this worker holds until its lease runs out.
package struct Job: Sendable, Equatable {
    package let id: Int64
    package let kind: String
    package let area: AreaID
    package let subject: Int64
    package let payload: String
    package let due: Instant
    /// 1 for the first try. Also proves the claim: after the lease ran out and another worker took the job, this
    /// number is no longer the row's.
    package let attempt: Int64
}

/// Work that is due at a moment, as leased rows: any number of servers share it, and a crash loses none, because a
/// lease runs out and the job is claimed again. So a job may run twice, and its effect has to allow for that: it
/// completes the job in the transaction of its effect.
package struct Jobs: Sendable {
    /// A job that failed so often is left for a person to see; `verify` reports it.
    package static let maxAttempts: Int64 = 20
    private static let firstDelayMs: Int64 = 1_000
    private static let longestDelayMs = Instant.hourMs

    private let nextID: @Sendable () -> Int64

    /// - Parameter nextID: `World.nextID`.
    package init(nextID: @escaping @Sendable () -> Int64) { self.nextID = nextID }

    /// Schedules a job, unless one with this kind and key was scheduled before, even if that is done. Returns whether
    /// it is new.
    @discardableResult
    package func schedule(
        kind: String, area: AreaID, subject: Int64, due: Instant, key: String, payload: String = "{}",
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        let count = try transaction.run(
            """
            insert into storage_job
            (id, kind, area_id, subject_id, dedupe_key, payload, due_ms, attempt, lease_until_ms)
            values (\(nextID()), \(kind), \(area), \(subject), \(key), \(payload), \(due), 0, 0)
            on conflict (kind, dedupe_key) do nothing
            """)
        return count == 1
    }

    /// Removes a job that is no longer wanted. Returns false when there is none or it is done.
    @discardableResult
    package func cancel(kind: String, key: String, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            "delete from storage_job where kind = \(kind) and dedupe_key = \(key) and done_ms is null") == 1
    }

    /// Removes the waiting jobs of a kind whose keys come before one: work that a later job does better. Jobs that
    /// somebody holds stay.
    package func supersede(
        kind: String, before key: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            delete from storage_job
            where kind = \(kind) and dedupe_key < \(key) and done_ms is null and lease_until_ms <= \(now)
            """)
    }

    /// Whether a job with this kind and key was scheduled and there is nothing to do for it now: it is done, given up,
    /// held by somebody or not due.
    package func rests(kind: String, key: String, at now: Instant, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first(
            """
            select id from storage_job where kind = \(kind) and dedupe_key = \(key) and (done_ms is not null
                or gave_up_ms is not null or lease_until_ms > \(now) or due_ms > \(now))
            """
        ) { try $0.int(0) } != nil
    }

    /// Of some kinds the one that is due the longest and that nobody holds; nil when there is none.
    package func due(_ kinds: [String], at now: Instant, _ transaction: any ReadTransaction) throws -> String? {
        try transaction.first(
            """
            select kind from storage_job where done_ms is null and gave_up_ms is null and due_ms <= \(now)
                and lease_until_ms <= \(now) and kind in (\(SQL.joined(kinds.map { "\($0)" })))
            order by due_ms, id limit 1
            """
        ) { try $0.text(0) }
    }

    /// Whether a job with this kind and key was ever scheduled.
    package func isKnown(kind: String, key: String, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first("select id from storage_job where kind = \(kind) and dedupe_key = \(key)") {
            try $0.int(0)
        } != nil
    }

    /// When a job of this kind was last done.
    package func lastDone(kind: String, _ transaction: any ReadTransaction) throws -> Instant? {
        try transaction.first("select max(done_ms) from storage_job where kind = \(kind)") {
            try $0.optionalInstant(0)
        } ?? nil
    }

    /// Takes due jobs, the longest due first, and holds them for `leaseMs`.
    /// - Parameter kind: of one kind only, when it is given.
    package func claim(
        kind: String? = nil, worker: String, leaseMs: Int64, limit: Int, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> [Job] {
        let ofKind: SQL = kind.map { " and kind = \($0)" } ?? ""
        // The lease is asked for twice: PostgreSQL checks the outer condition again on a row that it had to wait for.
        // Which rows is asked once: beneath an `in`, PostgreSQL may ask again for each row, and take more than the limit.
        let jobs = try transaction.query(
            """
            with picked as materialized (
                select id from storage_job
                where due_ms <= \(now) and lease_until_ms <= \(now) and done_ms is null and gave_up_ms is null\(ofKind)
                order by due_ms, id limit \(limit)\(SQL.skippingLocked))
            update storage_job
            set attempt = attempt + 1, lease_until_ms = \(now.adding(ms: leaseMs)), worker = \(worker)
            where lease_until_ms <= \(now) and done_ms is null and gave_up_ms is null and id in (select id from picked)
            returning id, kind, area_id, subject_id, payload, due_ms, attempt
            """
        ) { row in
            Job(
                id: try row.int(0), kind: try row.text(1), area: try row.id(2), subject: try row.int(3),
                payload: try row.text(4), due: try row.instant(5), attempt: try row.int(6))
        }
        return jobs.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
    }

    /// Holds a claimed job for longer. False when the claim is no longer this worker's.
    @discardableResult
    package func prolong(
        _ job: Job, leaseMs: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update storage_job set lease_until_ms = \(now.adding(ms: leaseMs))
            where id = \(job.id) and attempt = \(job.attempt) and done_ms is null and gave_up_ms is null
            """) == 1
    }

    /// Marks a job as done. False when the claim is no longer this worker's; then its transaction should be given up.
    @discardableResult
    package func complete(_ job: Job, at now: Instant, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update storage_job set done_ms = \(now), failure = null
            where id = \(job.id) and attempt = \(job.attempt) and done_ms is null and gave_up_ms is null
            """) == 1
    }

    /// Gives a job back after a failure: it is due again after 1 s, 2 s, 4 s … at most an hour, and after
    /// `maxAttempts` no more. False when the claim is no longer this worker's.
    /// - Parameter failure: for the administrator; no personal data.
    @discardableResult
    package func fail(
        _ job: Job, _ failure: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        let gaveUp: Instant? = job.attempt >= Self.maxAttempts ? now : nil
        return try transaction.run(
            """
            update storage_job set failure = \(failure), gave_up_ms = \(gaveUp), lease_until_ms = 0, worker = null,
                due_ms = \(now.adding(ms: Self.delayMs(afterAttempt: job.attempt)))
            where id = \(job.id) and attempt = \(job.attempt) and done_ms is null and gave_up_ms is null
            """) == 1
    }

    /// The due time of the next job, so that a worker knows how long it may rest. Nil when none waits.
    package func nextDue(_ transaction: any ReadTransaction) throws -> Instant? {
        try transaction.first(
            """
            select due_ms from storage_job where done_ms is null and gave_up_ms is null order by due_ms limit 1
            """
        ) { try $0.instant(0) }
    }

    /// Removes what was done before a moment, and returns how many rows that were. Their keys become free again.
    @discardableResult
    package func prune(doneBefore moment: Instant, _ transaction: any WriteTransaction) throws -> Int {
        try transaction.run("delete from storage_job where done_ms is not null and done_ms < \(moment)")
    }

    static func delayMs(afterAttempt attempt: Int64) -> Int64 {
        min(firstDelayMs << min(max(attempt - 1, 0), 20), longestDelayMs)
    }
}

/// Named locks with an end, for what only one server may do at a time: the sealer, the recurring sweep of clocks.
package struct Leases: Sendable {
    package init() {}

    /// Takes the lock, or prolongs it for the one who has it. False while another holds it.
    package func acquire(
        _ name: String, holder: String, leaseMs: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into storage_lock (name, holder, until_ms)
            values (\(name), \(holder), \(now.adding(ms: leaseMs)))
            on conflict (name) do update set holder = excluded.holder, until_ms = excluded.until_ms
            where storage_lock.holder = excluded.holder or storage_lock.until_ms <= \(now)
            """) == 1
    }

    /// Gives all locks of a holder back before their end.
    package func releaseAll(holder: String, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from storage_lock where holder = \(holder)")
    }

    /// Gives back what processes held that are gone: all locks and all claims of jobs. Only by a process that alone has
    /// the database, before it takes any.
    package func forgetAll(_ transaction: any WriteTransaction) throws {
        try transaction.run("delete from storage_lock")
        try transaction.run("update storage_job set lease_until_ms = 0 where done_ms is null and lease_until_ms > 0")
    }

    /// Gives the lock back before its end.
    package func release(_ name: String, holder: String, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from storage_lock where name = \(name) and holder = \(holder)")
    }
}

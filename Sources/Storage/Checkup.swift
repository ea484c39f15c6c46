import Kernel

/// What a database tells about itself to somebody who looks after it.
package struct Checkup: Sendable {
    package let engine: Engine
    /// The engine's settings by name, in the engine's words.
    package var settings: [String: String] = [:]
    package var landed: [LandedStep] = []
    /// The newest moment that a row names.
    package var newest: Instant?
    package var jobsGivenUp = 0
    /// Due since, among jobs that nobody holds.
    package var oldestDueJob: Instant?
    package var oldestOutbox: Instant?
    package var oldestUnsealed: Instant?
    package var lastBackup: Instant?
    /// Why the last scheduled backup failed; nil when it did not.
    package var backupFailure: String?

    /// The job that makes a backup.
    package static let backupKind = "backup"

    package init(engine: Engine) { self.engine = engine }

    package init(engine: Engine, at now: Instant, _ transaction: any ReadTransaction) throws {
        self.engine = engine
        for (name, value) in try transaction.query(.settings, { (try $0.text(0), try $0.text(1)) }) {
            settings[name] = value
        }
        landed = try Schema.landed(transaction)
        guard landed.contains(where: { $0.id == "storage-003-audit" }) else { return }
        func moment(_ sql: SQL) throws -> Instant? { try transaction.first(sql) { try $0.optionalInstant(0) } ?? nil }
        newest = [
            // The ids run with the clock, so this is one step at the end of an index.
            try moment("select at_ms from storage_audit order by id desc limit 1"),
            try moment("select at_ms from storage_outbox order by id desc limit 1"),
            try moment("select max(at_ms) from storage_seal"),
        ].compactMap { $0 }.max()
        jobsGivenUp = Int(
            try transaction.first("select count(*) from storage_job where gave_up_ms is not null") { try $0.int(0) }
                ?? 0)
        oldestDueJob = try moment(
            """
            select due_ms from storage_job
            where done_ms is null and gave_up_ms is null and due_ms <= \(now) and lease_until_ms <= \(now)
            order by due_ms limit 1
            """)
        oldestOutbox = try moment("select at_ms from storage_outbox where done_ms is null order by id limit 1")
        oldestUnsealed = try moment("select min(at_ms) from storage_audit where seal_seq is null")
        lastBackup = try Jobs(nextID: { 0 }).lastDone(kind: Self.backupKind, transaction)
        backupFailure = try transaction.first(
            """
            select failure from storage_job where kind = \(Self.backupKind) and done_ms is null and failure is not null
            order by id desc limit 1
            """
        ) { try $0.text(0) }
    }
}

extension SQL {
    /// Names and values that decide about safety.
    static let settings = SQL(parts: [
        .perEngine(
            sqlite: [
                .text("select 'journal_mode', journal_mode from pragma_journal_mode"),
                .text(" union all select 'version', sqlite_version()"),
            ],
            postgres: [
                .text("select name, setting from pg_settings where name in ('fsync', 'full_page_writes', "),
                .text("'synchronous_commit', 'synchronous_standby_names', 'archive_mode', 'archive_command', "),
                .text("'wal_level', 'autovacuum', 'data_checksums', 'ssl', 'server_version', 'server_encoding')"),
                .text(" union all select 'xid_age', max(age(datfrozenxid))::text from pg_database"),
                .text(" union all select 'failed_archives', failed_count::text from pg_stat_archiver"),
                .text(" where last_failed_time > coalesce(last_archived_time, '-infinity')"),
            ])
    ])
}

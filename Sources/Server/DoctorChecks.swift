import Directory
import Foundation
import Kernel
import Storage

/// One line of `doctor`.
package struct DoctorCheck: Codable, Sendable, Equatable {
    package enum Level: String, Codable, Sendable { case ok, warning, bad }
    package let name: String
    package let level: Level
    package let says: String
    /// What to do; empty when all is well.
    package let advice: String

    init(_ name: String, _ level: Level, _ says: String, _ advice: String = "") {
        self.name = name
        self.level = level
        self.says = says
        self.advice = level == .ok ? "" : advice
    }
}

/// What `doctor` saw. Judging it is pure, so that a test can make each fact bad.
package struct DoctorFacts: Sendable {
    package var now: Instant
    package var folder = ""
    /// Permission bits; nil when there is no folder.
    package var folderMode: UInt16?
    /// Nil when they can be used; else why not.
    package var keysFault: String?
    package var backupKeyFault: String?
    package var backupKeyIsBesideBackups = false
    package var freeBytes: Int64?
    package var totalBytes: Int64?
    package var databaseBytes: Int64 = 0
    package var logBytes: Int64 = 0
    package var checkup: Checkup?
    package var databaseFault: String?
    package var schema = House.schema
    package var calendarYears: Set<Int> = []
    /// Pictures among the newest whose files are not there.
    package var missingFiles = 0
    package var lookedAtFiles = 0
    /// Places of the screens whose counts are not the sums of their facts; nil where there is no such table yet.
    package var wrongCounts: Int64?
    /// Nil when it was not looked for.
    package var leaked: LeakedPasswords.State?
    package var backupFolder: String?
    package var newestBackup: Instant?
    package var certificates: [(path: String, end: Instant?)] = []

    package init(now: Instant) { self.now = now }
}

extension DoctorFacts {
    /// Every check, in the order in which they are printed.
    package var checks: [DoctorCheck] {
        var checks = [folderCheck, keysCheck, disk, databaseCheck].compactMap { $0 }
        if let checkup {
            checks += [schemaCheck(checkup)] + engine(checkup)
            checks += [clock(checkup), calendar, jobs(checkup), outbox(checkup), audit(checkup)]
            if let wrongCounts { checks.append(numbers(wrongCounts)) }
        }
        checks += [files, leaked.map(leakedCheck), backupKey, backupCheck].compactMap { $0 }
        return checks + certificates.map(certificate)
    }

    // MARK: The folder and its files

    private var folderCheck: DoctorCheck {
        guard let mode = folderMode else {
            return .init("folder", .bad, "\(folder) cannot be read", "check --data and who runs this")
        }
        let open = mode & 0o077
        return .init(
            "folder", open == 0 ? .ok : .bad, "\(folder) has mode \(String(mode & 0o777, radix: 8))",
            "others can reach the data: chmod 700 \(folder)")
    }

    private var keysCheck: DoctorCheck {
        .init(
            "keys", keysFault == nil ? .ok : .bad, keysFault ?? "the house's keys are whole and its own",
            "restore the file keys from a backup, mode 600; without it phone numbers cannot be read")
    }

    private var disk: DoctorCheck {
        guard let free = freeBytes, let total = totalBytes else {
            return .init("disk", .warning, "the system does not tell its free space", "look with df")
        }
        let says = "\(Self.size(free)) free of \(Self.size(total))"
        if free < 256 << 20 { return .init("disk", .bad, says, "make room now: soon nothing more can be saved") }
        // A check of a backup lays a second database beside the first.
        if free < max(2 << 30, databaseBytes * 2) {
            return .init("disk", .warning, says, "make room: less than 2 GiB, or than twice the database")
        }
        return .init("disk", .ok, says)
    }

    private var files: DoctorCheck {
        .init(
            "files", missingFiles == 0 ? .ok : .bad,
            missingFiles == 0
                ? "the files of the newest \(lookedAtFiles) pictures are there"
                : "\(missingFiles) of the newest \(lookedAtFiles) pictures have no file",
            "bring the folder files back from a backup")
    }

    private func leakedCheck(_ state: LeakedPasswords.State) -> DoctorCheck {
        let advice = "redsteward passwords import FILE, see docs/operations.md"
        return switch state {
        case .imported(let count): .init("passwords", .ok, "\(count) leaked passwords are refused")
        case .system(let path, let count):
            .init("passwords", .ok, "the \(count) words of \(path) are refused; no list of leaked ones is imported")
        case .none:
            .init("passwords", .warning, "no list of leaked passwords; only well-known parts are refused", advice)
        case .damaged:
            .init("passwords", .bad, "\(LeakedPasswords.fileName) is damaged and not used", advice)
        }
    }

    // MARK: The database

    private var databaseCheck: DoctorCheck? {
        databaseFault.map { .init("database", .bad, $0, "see that it runs and can be reached; run verify") }
    }

    private func schemaCheck(_ checkup: Checkup) -> DoctorCheck {
        if checkup.landed.contains(where: { $0.id == HouseTarget.markID }) {
            return .init(
                "schema", .bad, "this is an unfinished copy or restore",
                "run the copy again, or begin in an empty place")
        }
        do {
            let part = try schema.restricted(to: checkup.landed)
            let missing = schema.ids.count - part.ids.count
            return missing == 0
                ? .init("schema", .ok, "\(part.ids.count) steps, all of this version")
                : .init(
                    "schema", .warning, "\(missing) steps of this version have not landed",
                    "they land when a server of this version starts; make a backup first")
        } catch StorageFailure.newerSchema(let id) {
            return .init("schema", .bad, "made by a newer version (\(id))", "use that version")
        } catch StorageFailure.migrationChanged(let id) {
            return .init("schema", .bad, "made with another text of \(id)", "use the version that made it")
        } catch {
            return .init("schema", .bad, "\(error)", "report this")
        }
    }

    private func engine(_ checkup: Checkup) -> [DoctorCheck] {
        let settings = checkup.settings
        switch checkup.engine {
        case .sqlite:
            let mode = settings["journal_mode"] ?? "unknown"
            return [
                .init(
                    "journal", mode == "wal" ? .ok : .bad,
                    "SQLite \(settings["version"] ?? ""), journal \(mode); the server itself forces each commit to disk",
                    "start the server once: it sets journal_mode to wal"),
                .init(
                    "log", logBytes < 1 << 30 ? .ok : .warning, "write-ahead log of \(Self.size(logBytes))",
                    "something reads for a very long time; restart the server"),
            ]
        case .postgres: return postgres(settings)
        }
    }

    private func postgres(_ settings: [String: String]) -> [DoctorCheck] {
        func on(_ name: String, _ level: DoctorCheck.Level, _ advice: String) -> DoctorCheck {
            let value = settings[name] ?? "unknown"
            return .init(name, value == "on" ? .ok : level, "\(name) = \(value)", advice)
        }
        let commit = settings["synchronous_commit"] ?? "unknown"
        let archive = settings["archive_mode"] ?? "unknown"
        let age = Int64(settings["xid_age"] ?? "") ?? 0
        var checks: [DoctorCheck] = [
            on("fsync", .bad, "a power cut can destroy the data: set it to on and reload"),
            on("full_page_writes", .bad, "a power cut can tear pages: set it to on and reload"),
            .init(
                "synchronous_commit", ["on", "remote_apply", "remote_write"].contains(commit) ? .ok : .bad,
                "synchronous_commit = \(commit)", "what people were told is saved can be lost: set it to on and reload"),
            on("autovacuum", .bad, "tables grow and at last stand still: set it to on and reload"),
            on("data_checksums", .warning, "damage of the disk goes unnoticed: stop it, pg_checksums --enable"),
            .init(
                "server_encoding", settings["server_encoding"] == "UTF8" ? .ok : .bad,
                "server_encoding = \(settings["server_encoding"] ?? "unknown")", "copy into a database made with UTF8"),
            .init(
                "archive", archive == "off" || archive == "unknown" ? .warning : .ok, "archive_mode = \(archive)",
                "there is no way back to a moment between backups: archive_mode = on, see docs/operations.md"),
            .init(
                "xid_age", age < 1_000_000_000 ? .ok : .bad, "oldest transaction is \(age) back",
                "run vacuum freeze before 2,000,000,000"),
        ]
        if let failed = settings["failed_archives"] {
            checks.append(
                .init("archiver", .bad, "the last of \(failed) failures was not made good", "see the database's log"))
        }
        return checks
    }

    private func clock(_ checkup: Checkup) -> DoctorCheck {
        if let newest = checkup.newest, newest.ms > now.ms + Instant.minuteMs {
            return .init(
                "clock", .bad, "the newest row is \(Self.span(newest.ms - now.ms)) in the future",
                "the clock was set back: set it right, keep it with chrony or timesyncd")
        }
        return .init("clock", .ok, "no row is of the future")
    }

    private var calendar: DoctorCheck {
        let today = Zone.shanghai.day(of: now).civil
        if !calendarYears.contains(today.year) {
            return .init(
                "calendar", .bad, "\(today.year) is not confirmed: limits in working days are guesses",
                "enter the days of the State Council's notice on /desk")
        }
        guard today.month >= 11, !calendarYears.contains(today.year + 1) else {
            return .init("calendar", .ok, "\(today.year) is confirmed")
        }
        let late = today.month == 12 && today.day > 15
        return .init(
            "calendar", late ? .bad : .warning, "\(today.year + 1) is not confirmed",
            "enter the days of the State Council's notice on /desk as soon as it is out")
    }

    private func jobs(_ checkup: Checkup) -> DoctorCheck {
        if checkup.jobsGivenUp > 0 {
            return .init(
                "jobs", .bad, "\(checkup.jobsGivenUp) jobs failed too often", "see storage_job.failure and the log")
        }
        return late("jobs", checkup.oldestDueJob, "a job is due since", warning: 15, bad: 24 * 60)
    }

    private func outbox(_ checkup: Checkup) -> DoctorCheck {
        late("outbox", checkup.oldestOutbox, "an event waits for", warning: 5, bad: 24 * 60)
    }

    private func numbers(_ wrong: Int64) -> DoctorCheck {
        .init(
            "numbers", wrong == 0 ? .ok : .warning,
            wrong == 0
                ? "the counts of the screens are the sums of their facts" : "\(wrong) counts of the screens are wrong",
            "redsteward numbers rebuild")
    }

    private func audit(_ checkup: Checkup) -> DoctorCheck {
        late("audit", checkup.oldestUnsealed, "the audit has been unsealed for", warning: 10, bad: 24 * 60)
    }

    /// - Parameters: limits in minutes.
    private func late(_ name: String, _ since: Instant?, _ words: String, warning: Int64, bad: Int64) -> DoctorCheck {
        guard let since, now.ms - since.ms > 0 else { return .init(name, .ok, "nothing waits") }
        let minutes = (now.ms - since.ms) / Instant.minuteMs
        return .init(
            name, minutes >= bad ? .bad : minutes >= warning ? .warning : .ok,
            "\(words) \(Self.span(now.ms - since.ms))", "see that a server runs, and its log")
    }

    // MARK: Backups and certificates

    private var backupKey: DoctorCheck {
        if let backupKeyFault {
            return .init(
                "backup key", backupFolder == nil ? .warning : .bad, backupKeyFault,
                "run backup once, or name it with --backup-key")
        }
        return .init(
            "backup key", backupKeyIsBesideBackups ? .bad : .ok,
            backupKeyIsBesideBackups ? "the key lies beside the backups that it opens" : "there, and nobody else's",
            "move it: who finds both reads everything")
    }

    private var backupCheck: DoctorCheck {
        let last = [checkup?.lastBackup, newestBackup].compactMap { $0 }.max()
        guard let last else {
            return .init(
                "backup", backupFolder == nil ? .warning : .bad, "there is none that is known here",
                "serve with --backup-dir, or name the folder of the backups with --backup-dir")
        }
        let hours = (now.ms - last.ms) / Instant.hourMs
        let says = "the last good one is \(Self.span(now.ms - last.ms)) old"
        if let failure = checkup?.backupFailure {
            return .init("backup", .bad, says + "; the newest try failed: " + failure, "mend that; it is tried again")
        }
        if backupFolder != nil, newestBackup == nil {
            return .init("backup", .bad, says + ", but its folder holds none", "look where they went")
        }
        return .init("backup", hours >= 168 ? .bad : hours >= 26 ? .warning : .ok, says, "see why none was made since")
    }

    private func certificate(_ one: (path: String, end: Instant?)) -> DoctorCheck {
        guard let end = one.end else {
            return .init("certificate", .bad, "\(one.path) is no certificate that can be read", "check the path")
        }
        let days = (end.ms - now.ms) / Instant.dayMs
        if end <= now { return .init("certificate", .bad, "\(one.path) ended", "renew it now") }
        return .init("certificate", days < 21 ? .warning : .ok, "\(one.path) holds for \(days) days", "renew it")
    }

    // MARK: Words

    static func size(_ bytes: Int64) -> String {
        bytes >= 1 << 30 ? "\(bytes >> 30) GiB" : bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
    }

    static func span(_ ms: Int64) -> String {
        ms >= 2 * Instant.dayMs
            ? "\(ms / Instant.dayMs) days"
            : ms >= 2 * Instant.hourMs
                ? "\(ms / Instant.hourMs) hours"
                : ms >= 2 * Instant.minuteMs ? "\(ms / Instant.minuteMs) minutes" : "\(ms / 1000) seconds"
    }
}

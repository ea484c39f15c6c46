import ArgumentParser
import Attachments
import Foundation
import Kernel
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Web

/// When and where a server makes backups by itself.
package struct BackupPlan: Sendable, Equatable {
    package var folder: String
    /// 0 to 23, in China.
    package var hour = 3
    /// Good ones that are kept.
    package var keep = 14
    package var key: String
    package static let prefix = "redsteward-"
    package static let suffix = ".backup"
    /// The last one that failed its check; never counted.
    static let unchecked = "unchecked.backup"

    package init(folder: String, key: String) {
        self.folder = folder
        self.key = key
    }

    /// Such as `redsteward-20261121-030004.backup`.
    func path(at now: Instant) -> String {
        let day = Zone.shanghai.day(of: now)
        let second = (now.ms - Zone.shanghai.instant(day).ms) / 1000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = two(second / 3600) + two(second / 60 % 60) + two(second % 60)
        return "\(folder)/\(Self.prefix)\(day.description.filter { $0 != "-" })-\(clock)\(Self.suffix)"
    }

    /// The backups of a folder, oldest first.
    package static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) && $0.utf8.count == 33 }.sorted()
    }

    /// When the newest was written.
    static func newest(in folder: String) -> Instant? {
        guard let name = names(in: folder).last else { return nil }
        var status = stat()
        guard stat(folder + "/" + name, &status) == 0 else { return nil }
        return Instant(ms: Int64(status.st_mtim.tv_sec) * 1000)
    }

    /// Removes the oldest beyond what is kept.
    func prune() {
        for name in Self.names(in: folder).dropLast(keep) { unlink(folder + "/" + name) }
    }

    /// The day whose backup is due: today's after the hour, else yesterday's.
    func day(at now: Instant) -> Day {
        let today = Zone.shanghai.day(of: now)
        return now >= Zone.shanghai.instant(today, hour: hour) ? today : today.adding(-1)
    }
}

struct BackupOptions: ParsableArguments {
    @Option(help: "Make an encrypted backup into this folder every night and check it; or REDSTEWARD_BACKUP_DIR.")
    var backupDir: String?
    @Option(help: "The hour in China, 0 to 23; or REDSTEWARD_BACKUP_HOUR. Default 3.")
    var backupHour: Int?
    @Option(help: "Good backups that are kept; or REDSTEWARD_BACKUP_KEEP. Default 14.")
    var backupKeep: Int?
    @Option(help: "The key of backups, instead of backup.key in the folder; or REDSTEWARD_BACKUP_KEY.")
    var backupKey: String?

    /// Nil when no folder is named.
    func plan(data: String, environment: [String: String]) throws -> BackupPlan? {
        func number(_ given: Int?, _ name: String, _ range: ClosedRange<Int>, _ usual: Int) throws -> Int {
            let text = environment[name] ?? ""
            let value = try given ?? (text.isEmpty ? usual : Int(text).orThrow("\(name) is no number"))
            guard range.contains(value) else {
                throw ValidationError("\(name): from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        guard let folder = backupDir ?? environment["REDSTEWARD_BACKUP_DIR"], !folder.isEmpty else { return nil }
        var plan = BackupPlan(
            folder: folder,
            key: backupKey ?? environment["REDSTEWARD_BACKUP_KEY"] ?? data + "/" + BackupKey.fileName)
        plan.hour = try number(backupHour, "REDSTEWARD_BACKUP_HOUR", 0...23, 3)
        plan.keep = try number(backupKeep, "REDSTEWARD_BACKUP_KEEP", 1...10_000, 14)
        return plan
    }
}

extension Optional {
    fileprivate func orThrow(_ words: String) throws -> Wrapped {
        guard let self else { throw ValidationError(words) }
        return self
    }
}

/// Makes one backup a night among all servers of a house: a leased job, so that a killed server's work is taken up by
/// another. A backup counts when it was restored and found sound.
package struct BackupSchedule: Service {
    let database: any Database
    let data: String
    let place: DatabasePlace
    let files: FilesPlace?
    let world: World
    let metrics: Metrics
    let plan: BackupPlan
    let logger: Logger
    private let holder: String
    private static let leaseMs = 5 * Instant.minuteMs

    package init(house: House, plan: BackupPlan, logger: Logger) {
        database = house.database
        data = house.configuration.folder
        place = house.configuration.place
        files = house.configuration.files
        world = house.world
        metrics = house.metrics
        self.plan = plan
        self.logger = logger
        holder = "backup-\(ProcessInfo.processInfo.processIdentifier)-\(house.world.nextID())"
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await beat()
                } catch is CancellationError {
                    break
                } catch {
                    logger.error("backup failed", metadata: ["error": "\(error)"])
                    metrics.count("redsteward_backup_failures_total")
                }
                do { try await Task.sleep(for: .seconds(20)) } catch { break }
            }
        }
    }

    /// Makes the backup that is due, if it is this server's. Returns whether it made one.
    @discardableResult
    package func beat() async throws -> Bool {
        let now = world.now()
        let key = plan.day(at: now).description
        let rests = try await database.read {
            try Jobs(nextID: { 0 }).rests(kind: Checkup.backupKind, key: key, at: now, $0)
        }
        var made = false
        if !rests, let job = try await take(key, now) {
            try await perform(job)
            made = true
        }
        try await tellAge()
        return made
    }

    private func take(_ key: String, _ now: Instant) async throws -> Job? {
        let jobs = Jobs(nextID: world.nextID)
        let due = Zone.shanghai.instant(plan.day(at: now), hour: plan.hour)
        let holder = holder
        return try await database.write { transaction in
            let kind = Checkup.backupKind
            try jobs.supersede(kind: kind, before: key, at: now, transaction)
            try jobs.schedule(kind: kind, area: ID(0), subject: 0, due: due, key: key, transaction)
            return try jobs.claim(
                kind: kind, worker: holder, leaseMs: Self.leaseMs, limit: 1, at: now, transaction
            ).first
        }
    }

    private func perform(_ job: Job) async throws {
        let jobs = Jobs(nextID: world.nextID)
        do {
            let report = try await held(job) { try await work() }
            let now = world.now()
            let mine = try await database.write { try jobs.complete(job, at: now, $0) }
            // Another server took it up meanwhile; its backup counts, and this one is good as well.
            if !mine { logger.notice("a backup took longer than its lease") }
            plan.prune()
            metrics.gauge("redsteward_backup_bytes", report.size)
            metrics.gauge("redsteward_backup_missing_files", Int64(report.missing.count))
        } catch {
            let now = world.now()
            let words = OperatorWords.of(error) ?? "\(error)"
            try await database.write { try jobs.fail(job, String(words.prefix(500)), at: now, $0) }
            throw error
        }
    }

    /// Prolongs the lease while the work goes on.
    private func held<T: Sendable>(_ job: Job, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
        let beats = Task {
            let jobs = Jobs(nextID: world.nextID)
            while true {
                try await Task.sleep(for: .seconds(60))
                let now = world.now()
                try await database.write { try jobs.prolong(job, leaseMs: Self.leaseMs, at: now, $0) }
            }
        }
        defer { beats.cancel() }
        return try await body()
    }

    private func work() async throws -> BackupReport {
        try FileManager.default.createDirectory(
            atPath: plan.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        WholeFile.sweep(folder: plan.folder, prefix: BackupFileWriter.temporaryPrefix)
        let (key, isNew) = try BackupKey.loadOrCreate(plan.key, randomBytes: world.randomBytes)
        if isNew {
            logger.warning("made the key of backups: copy it to another place", metadata: ["file": "\(plan.key)"])
        }
        let work = BackupWork(key: key, world: world)
        let path = plan.path(at: world.now())
        // A connection of its own, without a deadline: it reads the whole house in one transaction.
        let source = try await place.openReadOnly()
        let report: BackupReport
        do {
            report = try await work.make(source, data: data, files: files, to: path)
        } catch {
            try? await source.close()
            throw error
        }
        try await source.close()
        do {
            _ = try await work.check(path, scratch: data)
        } catch {
            rename(path, plan.folder + "/" + BackupPlan.unchecked)
            throw error
        }
        return report
    }

    private func tellAge() async throws {
        let last = try await database.read { try Jobs(nextID: { 0 }).lastDone(kind: Checkup.backupKind, $0) }
        guard let last else { return }
        metrics.gauge("redsteward_backup_age_seconds", max(0, (world.now().ms - last.ms) / 1000))
    }
}

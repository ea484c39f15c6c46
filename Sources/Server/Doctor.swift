import ArgumentParser
import Attachments
import Directory
import Foundation
import Insight
import Kernel
import Storage

/// `redsteward doctor`: everything that an operator would look at.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check disk, clock, keys, engine, calendar, jobs, audit and backups; also while the house is served.",
        discussion: "One line a check: ok, warning or bad, and what to do. Ends with 1 when something is bad.")
    @OptionGroup var options: DataOptions
    @Option(help: "The folder of the backups; default: REDSTEWARD_BACKUP_DIR.")
    var backupDir: String?
    @Option(help: "The key of backups, instead of backup.key in the folder; default: REDSTEWARD_BACKUP_KEY.")
    var backupKey: String?
    @Option(help: "A certificate (PEM) of the proxy or the database; may be given more than once.")
    var certificate: [String] = []
    @Flag(help: "For programs.")
    var json = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var look = DoctorLook(folder: options.data, now: SystemWorld.make().now())
        look.database = DatabasePlace.chosen(options.database)
        look.backupFolder = backupDir ?? environment["REDSTEWARD_BACKUP_DIR"]
        look.backupKey = backupKey ?? environment["REDSTEWARD_BACKUP_KEY"]
        look.certificates = certificate
        let checks = await look.facts().checks
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(checks), as: UTF8.self))
        } else {
            for one in checks {
                let advice = one.advice.isEmpty ? "" : ". Do: \(one.advice)"
                let level = one.level.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
                print("\(level)\(one.name): \(one.says)\(advice)")
            }
        }
        if checks.contains(where: { $0.level == .bad }) { throw ExitCode(1) }
    }
}

/// Gathers the facts. Changes nothing, and what cannot be found out is a fact as well.
struct DoctorLook {
    let folder: String
    let now: Instant
    /// A file or a URL; nil for the file in the folder.
    var database: String?
    var backupFolder: String?
    var backupKey: String?
    var certificates: [String] = []

    init(folder: String, now: Instant) {
        self.folder = folder
        self.now = now
    }

    private var place: DatabasePlace { DatabasePlace(folder: folder, database: database) }

    func facts() async -> DoctorFacts {
        var facts = DoctorFacts(now: now)
        facts.folder = folder
        facts.folderMode = Self.mode(folder)
        facts.freeBytes = Disk.free(folder)
        facts.totalBytes = Disk.total(folder)
        if case .file(let path) = place {
            facts.databaseBytes = Self.size(path)
            facts.logBytes = Self.size(path + "-wal")
        }
        facts.keysFault = keysFault()
        let keyPath = backupKey ?? folder + "/" + BackupKey.fileName
        do { _ = try BackupKey.load(keyPath) } catch { facts.backupKeyFault = "\(error)" }
        if let backupFolder {
            facts.backupFolder = backupFolder
            let place = (keyPath as NSString).deletingLastPathComponent
            facts.backupKeyIsBesideBackups = Self.real(place) == Self.real(backupFolder)
            facts.newestBackup = BackupPlan.newest(in: backupFolder)
        }
        facts.leaked = LeakedPasswords(folder: folder).state()
        facts.certificates = certificates.map { path in
            (path, (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Certificate.end(pem: $0) })
        }
        do {
            try await look(into: &facts)
        } catch {
            facts.databaseFault = OperatorWords.of(error) ?? "\(error)"
        }
        return facts
    }

    private func look(into facts: inout DoctorFacts) async throws {
        let source = try await place.openReadOnly()
        let now = now
        let engine = source.engine
        do {
            facts.checkup = try await source.read { try Checkup(engine: engine, at: now, $0) }
            let ids = Set(facts.checkup?.landed.map(\.id) ?? [])
            if ids.contains("directory-004-calendar-and-roster") {
                facts.calendarYears = try await source.read { try CalendarStore.load($0).confirmedYears }
            }
            if ids.contains("insight-001-facts") {
                facts.wrongCounts = try await source.read {
                    try InsightStore.wrongCounts(from: FactRules.horizon(now), $0)
                }
            }
            if ids.contains("attachments-001-picture") {
                let names = try await source.read { transaction in
                    try transaction.query("select full_name from attachments_picture order by id desc limit 100") {
                        try $0.text(0)
                    }
                }
                facts.lookedAtFiles = names.count
                facts.missingFiles =
                    names.filter { name in
                        let path = folder + "/files/" + name.prefix(2) + "/" + name.dropFirst(2).prefix(2) + "/" + name
                        return !FileManager.default.fileExists(atPath: path)
                    }.count
            }
        } catch {
            try? await source.close()
            throw error
        }
        try await source.close()
    }

    private func keysFault() -> String? {
        do {
            _ = try KeyFile.load(folder: folder)
            return nil
        } catch .keysMissing {
            return "there is no file keys"
        } catch .keysExposed {
            return "the file keys can be read by others or is not its owner's"
        } catch {
            return "the file keys is damaged"
        }
    }

    private static func mode(_ path: String) -> UInt16? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt16(truncatingIfNeeded: status.st_mode) : nil
    }

    private static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    private static func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
}

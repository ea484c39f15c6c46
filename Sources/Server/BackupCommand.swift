import ArgumentParser
import Attachments
import Foundation
import Kernel
import Storage
import Synchronization

/// `redsteward backup`: makes one, or checks one by restoring it.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an encrypted backup, also while the house is served; or check one.",
        discussion: """
            One file holds the rows of one moment, the house's own keys and its files. It is sealed with the key of \
            --key, which is made the first time. Without that key a backup is worthless: keep a copy of it in another \
            place than the backups. --check restores a backup into a temporary folder, runs verify there and removes it.
            """)
    @Option(help: "The folder of the keys, the files and, without --database, the database.")
    var data: String?
    @Option(help: "The database: a file, or a postgres:// URL. Without it REDSTEWARD_DATABASE counts.")
    var database: String?
    @Option(name: .customLong("to"), help: "The file to write; it must not exist.")
    var path: String?
    @Option(help: "The key of backups, instead of backup.key in the folder.")
    var key: String?
    @Option(help: "Check this backup instead of making one.")
    var check: String?
    @Option(help: "Where a check restores to; default: the folder, or the system's temporary one.")
    var scratch: String?

    func run() async throws {
        try await BackupFailure.told {
            if let check { try await self.check(check) } else { try await make() }
        }
    }

    private func make() async throws {
        guard let data, let path else { throw ValidationError("name --data and --to, or --check") }
        let world = SystemWorld.make()
        let keyPath = key ?? data + "/" + BackupKey.fileName
        let place = DatabasePlace(folder: data, database: DatabasePlace.chosen(database))
        try await place.requireHouse()
        let (key, isNew) = try BackupKey.loadOrCreate(keyPath, randomBytes: world.randomBytes)
        if isNew { print("made \(keyPath): copy it to another place now. Without it no backup can be opened") }
        let source = try await place.openReadOnly()
        let report = try await BackupWork(key: key, world: world).make(
            source, data: data, files: try FilesPlace.configured(), to: path)
        try await source.close()
        for line in report.lines { print(line) }
        print("wrote \(path), \(report.size) bytes. Prove it with: redsteward backup --check \(path) --key \(keyPath)")
    }

    private func check(_ path: String) async throws {
        guard let keyPath = key ?? data.map({ $0 + "/" + BackupKey.fileName }) else {
            throw ValidationError("name the key with --key")
        }
        let work = BackupWork(key: try BackupKey.load(keyPath), world: SystemWorld.make())
        let place = scratch ?? data ?? NSTemporaryDirectory()
        let restored = try await work.check(path, scratch: place)
        for line in restored.lines { print(line) }
        print("good: \(path)")
    }
}

/// `redsteward restore`: a house from a backup.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a house back from a backup, into an empty folder or database.",
        discussion: """
            Reads the rows again afterwards, compares their digest with the backup's and runs verify. While it is \
            unfinished no server opens the house. An interrupted restore goes on when the same command is run again.
            """)
    @Argument(help: "The backup.")
    var file: String
    /// The folder is empty or new, or holds this restore, unfinished; the database is empty.
    @OptionGroup var options: DataOptions
    @Option(help: "The key of backups.")
    var key: String

    func run() async throws {
        try await BackupFailure.told {
            let work = BackupWork(key: try BackupKey.load(key), world: SystemWorld.make())
            guard FileManager.default.fileExists(atPath: file) else { throw ValidationError("there is no \(file)") }
            // Before a folder is made: a wrong key or file leaves nothing behind.
            _ = try BackupFileReader(path: file, key: work.key)
            let (data, place) = (options.data, options.place)
            let goesOn = try RestoreMark.begin(data, backup: try BackupWork.head(file))
            if goesOn { print("going on with the restore that was interrupted") }
            let target = try await place.openAlone()
            do {
                let rows = Mutex<Int64>(0)
                let restored = try await work.restore(file, into: target, folder: data, goesOn: goesOn) { count in
                    let (before, after) = rows.withLock { total in
                        defer { total += count }
                        return (total, total + count)
                    }
                    if before / 100_000 < after / 100_000 { print("\(after) rows") }
                }
                try await target.close()
                try RestoreMark.end(data)
                for line in restored.lines { print(line) }
                print("restored into \(place.shown). Serve it with --data \(data)")
            } catch {
                try? await target.close()
                throw error
            }
        }
    }
}

/// Says in one line what went wrong.
enum BackupFailure {
    static func told(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ValidationError {
            throw error
        } catch {
            guard let words = OperatorWords.of(error) else { throw error }
            throw ValidationError(words)
        }
    }
}

/// What an operator is told about a fault.
enum OperatorWords {
    /// Nil for what nobody expects.
    static func of(_ error: any Error) -> String? {
        switch error {
        case let fault as BackupFault: fault.description
        case let fault as ExportFault: fault.description
        case let fault as BlobFault: "the store of files does not serve: \(fault.words)"
        case is CancellationError: "the server was stopped meanwhile"
        case let busy as CopyBusy: busy.description
        case HouseFault.noHouse: "there is no house in this database"
        case HouseFault.notEmpty: "the target is not empty; use an empty folder or database"
        case HouseFault.otherCopy:
            "the target holds an unfinished copy of another house or backup; empty it, then begin again"
        case HouseFault.differs(let names):
            "the two sides differ in \(names.isEmpty ? "their schema" : names.joined(separator: ", ")). Rows changed "
                + "while they were carried, or one side was written to. Empty the target and begin again, with no "
                + "server on the source. Until then no server opens the target"
        case HouseFault.cutShort: BackupFault.cutShort.description
        case HouseFault.damaged(let what): "the backup is damaged: \(what)"
        case HouseFault.newerForm(let form): "the backup was made by a newer version (form \(form)); use that version"
        case StorageFailure.busy: "a server holds the house; stop it first"
        case StorageFailure.unreachable(let reason): "the database cannot be reached: \(reason)"
        case StorageFailure.full: "the device is full"
        case StorageFailure.readOnly: "the database cannot be written to"
        case StorageFailure.newerSchema(HouseTarget.markID):
            "this house is an unfinished copy or restore; finish it, or begin again"
        case StorageFailure.newerSchema(let id): "the data was made by a newer version (\(id)); use that version"
        case StorageFailure.migrationChanged(let id):
            "the data was made with another text of migration \(id); use the version that made it"
        case StorageFailure.corrupt(let what): "the database is damaged: \(what)"
        default: nil
        }
    }
}

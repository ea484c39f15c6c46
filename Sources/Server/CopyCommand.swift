import ArgumentParser
import Attachments
import Crypto
import Directory
import Foundation
import Kernel
import Storage

/// `redsteward copy FROM TO`: moves a house, also from one engine to the other.
struct Copy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move a house to another folder or database, also from one engine to the other.",
        discussion: """
            FROM and TO are folders (SQLite) or postgres:// URLs. No server may work on FROM: what it wrote meanwhile \
            would be missing in TO. A killed copy goes on when it is run again. At the end both sides are read and \
            their digests compared; until they are equal no server opens TO. Keys and files go along when TO is a \
            folder; when it is a URL they stay in FROM, and the server is told both.
            """)
    @Argument(help: "The house: a folder or a URL.")
    var from: String
    @Argument(help: "Where it goes: an empty folder or database.")
    var to: String
    @Option(help: "The folder of the keys and files, when FROM is a URL and TO is another folder.")
    var data: String?

    func run() async throws {
        try await BackupFailure.told {
            let (source, target) = (DatabasePlace(from), DatabasePlace(to))
            guard source != target else { throw ValidationError("FROM and TO are the same") }
            try await source.requireHouse()
            let files = source.isFile ? from : data
            if target.isFile {
                guard files != nil || FileManager.default.fileExists(atPath: to + "/" + KeyFile.fileName) else {
                    throw ValidationError("name the folder of the keys and files with --data")
                }
            }
            let opened = try await source.openAlone()
            if target.isFile {
                try FileManager.default.createDirectory(
                    atPath: to, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            let made = try await target.openAlone()
            let to = to
            let result = try await CopyWork(source: opened, target: made, world: SystemWorld.make()).run(
                { ProgressLine($0, total: $1, done: $2) },
                // When the target is known to be ours, and before it is finished: what a server opens has its files.
                accepted: { if let files, target.isFile, files != to { try Self.carry(files, to) } })
            try await opened.close()
            try await made.close()
            print("\(source.shown): rows \(result.rows), digest \(result.text)")
            print("\(target.shown): rows \(result.rows), digest \(result.text)")
            print("both sides hold the same rows")
        }
    }

    /// Keys and files; what is there already stays. Throws `BackupFault.exists` where other keys are.
    static func carry(_ from: String, _ to: String) throws {
        let (keys, there) = (from + "/" + KeyFile.fileName, to + "/" + KeyFile.fileName)
        if let other = FileManager.default.contents(atPath: there),
            other != FileManager.default.contents(atPath: keys)
        {
            throw BackupFault.exists(there)
        }
        func copy(_ name: String) throws {
            guard !FileManager.default.fileExists(atPath: to + "/" + name) else { return }
            guard let source = FileHandle(forReadingAtPath: from + "/" + name) else { return }
            let part = to + "/" + name + ".part"
            unlink(part)
            var file = try WholeFile(path: part)
            do {
                while let bytes = try source.read(upToCount: 256 << 10), !bytes.isEmpty { try file.write(Array(bytes)) }
                try file.close()
            } catch {
                file.discard()
                throw error
            }
            guard rename(part, to + "/" + name) == 0 else { throw BackupFault.last("rename", part) }
        }
        try copy(KeyFile.fileName)
        try copy(BackupKey.fileName)
        let paths = FileManager.default.enumerator(atPath: from + "/files")
        while let path = paths?.nextObject() as? String {
            let name = (path as NSString).lastPathComponent
            guard (try? ContentName(name)) != nil else { continue }
            try FileManager.default.createDirectory(
                atPath: to + "/files/" + (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try copy("files/" + path)
        }
        try WholeFile.sync(folder: to)
    }
}

/// The copy itself: one snapshot of the source, in pages, each written with the mark of how far it came.
package struct CopyWork: Sendable {
    package let source: any Database
    package let target: any Database
    package let world: World

    package init(source: any Database, target: any Database, world: World) {
        self.source = source
        self.target = target
        self.world = world
    }

    /// Throws `HouseFault`; `.differs` also when the source changed since the copy began.
    /// - Parameters:
    ///   - bar: makes what shows progress: words, rows in all, rows that are there.
    ///   - accepted: runs when the target is empty or an unfinished copy of this source.
    func run(
        _ bar: @escaping @Sendable (String, Int64, Int64) -> ProgressLine?,
        accepted: @Sendable () throws -> Void = {}
    ) async throws -> HouseDigest {
        try await expectQuiet()
        let landed = try await source.read { try HouseSource(House.schema, $0).landed }
        let to = try await HouseTarget(
            target, schema: House.schema, landed: landed, identity: Array("copy".utf8), at: world.now())
        try accepted()
        let from = source
        try await OwnThread.run {
            let started = Started()
            try await from.read { transaction in
                try started.once()
                let source = try HouseSource(House.schema, transaction)
                let counts = try source.count(transaction)
                let place = to.place
                let there = counts.prefix(place?.section ?? 0).reduce(place?.rows ?? 0, +)
                let line = bar("copying", counts.reduce(0, +), there)
                try source.read(after: place, transaction) { batch in
                    try OwnThread.wait { try await to.write(batch) }
                    line?.add(Int64(batch.rows.count))
                }
                line?.end()
            }
        }
        let expected = try await OwnThread.run {
            try await from.read { try HouseSource(House.schema, $0).read($0) }
        }
        return try await OwnThread.run { try await to.finish(expecting: expected) }
    }

    /// A server that works on the source holds a lease there. A folder is locked already: who has it is alone.
    private func expectQuiet() async throws {
        guard source.engine != .sqlite else { return }
        let now = world.now()
        let holder = try await source.read { transaction in
            try transaction.first(
                "select holder from storage_lock where until_ms > \(now) order by name limit 1"
            ) { try $0.text(0) }
        }
        if let holder { throw CopyBusy(holder: holder) }
    }
}

/// A server worked on the source a moment ago.
struct CopyBusy: Error, CustomStringConvertible {
    let holder: String
    var description: String {
        "\(holder) works on the source, or did in the last seconds; stop it, wait half a minute and run this again"
    }
}

/// A long read cannot be repeated unseen: what it read is on its way already.
final class Started: @unchecked Sendable {
    private var has = false
    func once() throws {
        guard !has else { throw StorageFailure.engine("the snapshot was lost while it was read") }
        has = true
    }
}

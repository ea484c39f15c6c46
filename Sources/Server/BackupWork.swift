import Attachments
import Crypto
import Directory
import Foundation
import Kernel
import Storage
import StorageSQLite

/// What a backup holds.
package struct BackupReport: Sendable, Equatable {
    package var digest: HouseDigest
    package var created: Instant
    package var files: Int64
    package var fileBytes: Int64
    /// Files that rows name and that were not there.
    package var missing: [String]
    /// Bytes of the backup itself.
    package var size: Int64

    package var lines: [String] {
        var lines = ["rows \(digest.rows), files \(files) with \(fileBytes) bytes", "digest \(digest.text)"]
        if !missing.isEmpty {
            lines.append("WARNING: \(missing.count) files were missing or damaged, such as \(missing[0])")
        }
        return lines
    }
}

/// Makes backups, reads them again, and brings a house back from one.
package struct BackupWork: Sendable {
    /// Room that a check leaves on its disk.
    static let roomLeft: Int64 = 128 << 20
    private static let fileLimit: Int64 = 1 << 40
    private static let sliceBytes = 256 << 10

    package let key: BackupKey
    package let world: World

    package init(key: BackupKey, world: World) {
        self.key = key
        self.world = world
    }

    // MARK: Making one

    /// Writes everything that the database holds at one moment, the house's own keys and its files. Also while it is
    /// served: nothing is locked. The file has its name only when it is whole and on the device.
    /// - Parameters:
    ///   - data: the folder with the keys and files.
    ///   - files: where the files are; the folder `files` of the data when it is nil.
    ///   - path: must not exist.
    package func make(
        _ database: any Database, data: String, files: FilesPlace? = nil, to path: String
    ) async throws -> BackupReport {
        let work = self
        return try await OwnThread.run {
            let file = try BackupFileWriter(path: path, key: work.key, randomBytes: work.world.randomBytes)
            do {
                let store = try (files ?? .folder(data + "/files")).store(work.world)
                let report = try await work.stream(database, data, store, Box(file))
                try file.finish()
                var whole = report
                whole.size = file.size
                return whole
            } catch {
                file.discard()
                throw error
            }
        }
    }

    /// Unchecked: used by one thread after the other, never by two at once.
    private final class Box<T>: @unchecked Sendable {
        var value: T
        init(_ value: T) { self.value = value }
    }

    private func stream(
        _ database: any Database, _ data: String, _ store: any BlobStore, _ file: Box<BackupFileWriter>
    ) async throws -> BackupReport {
        let created = world.now()
        // The list of files is of the same moment as the rows; it waits on disk, because it can be long.
        guard let list = tmpfile() else { throw BackupFault.last("tmpfile", NSTemporaryDirectory()) }
        defer { fclose(list) }
        let names = Box(list)
        let writer = Box<HouseStreamWriter?>(nil)
        try await database.read { transaction in
            guard writer.value == nil else { throw StorageFailure.engine("the snapshot was lost while it was read") }
            let source = try HouseSource(House.schema, transaction)
            var stream = try HouseStreamWriter(.init(created: created, landed: source.landed)) {
                try file.value.write($0)
            }
            writer.value = stream
            var listener = HouseSource.Listener()
            listener.began = { try stream.begin($0, source.sections[$0]) }
            listener.batch = { batch in
                try stream.rows(batch)
                guard source.sections[batch.section].name == "attachments_picture" else { return }
                for name in batch.rows.flatMap({ Self.contentNames($0) }) where fputs(name + "\n", names.value) < 0 {
                    throw BackupFault.last("write", "the list of files")
                }
            }
            listener.ended = { _, digest in try stream.end(digest) }
            try source.read(transaction, listener)
            writer.value = stream
        }
        guard var stream = writer.value else { throw HouseFault.noHouse }
        var missing: [String] = []
        try add(data + "/" + KeyFile.fileName, as: KeyFile.fileName, to: &stream, &missing)
        rewind(list)
        while let line = Self.line(list) {
            let name = try ContentName(line)
            if let path = try await store.localPath(of: name) {
                try add(path, as: "files/" + name.text, to: &stream, &missing)
            } else {
                // Fetched first: a file that breaks off on its way must not break the backup.
                let path = data + "/.fetched-\(name.text)"
                defer { unlink(path) }
                do {
                    try await Self.fetch(try await store.reader(name), to: path)
                } catch BlobFault.missing, BlobFault.corrupt {
                    unlink(path)
                }
                try add(path, as: "files/" + name.text, to: &stream, &missing)
            }
        }
        let (digest, trailer) = try stream.finish()
        return BackupReport(
            digest: digest, created: created, files: trailer.files, fileBytes: trailer.fileBytes, missing: missing,
            size: 0)
    }

    private static func fetch(_ reader: BlobReader, to path: String) async throws {
        unlink(path)
        var file = try WholeFile(path: path)
        do {
            while let chunk = try await reader.next() { try file.write(Array(chunk.readableBytesView)) }
            try file.close()
        } catch {
            file.discard()
            throw error
        }
    }

    /// The names of a picture's files: full, medium, square.
    private static func contentNames(_ row: [SQLValue]) -> [String] {
        Set(row.compactMap { if case .text(let text) = $0 { text } else { nil } }).sorted()
    }

    private static func line(_ file: UnsafeMutablePointer<FILE>) -> String? {
        var buffer = [CChar](repeating: 0, count: 512)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func add(
        _ path: String, as name: String, to stream: inout HouseStreamWriter, _ missing: inout [String]
    ) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            try stream.missing(name)
            missing.append(name)
            return
        }
        let size = Int64(try file.seekToEnd())
        try file.seek(toOffset: 0)
        try stream.file(name, size: size)
        var left = size
        var hash = SHA256()
        while left > 0 {
            try Task.checkCancellation()
            guard let bytes = try file.read(upToCount: Int(min(left, Int64(Self.sliceBytes)))), !bytes.isEmpty else {
                throw BackupFault.fileChanged(path)
            }
            hash.update(data: bytes)
            try stream.fileBytes(Array(bytes))
            left -= Int64(bytes.count)
        }
        try stream.fileEnd()
        if name != KeyFile.fileName, !name.hasSuffix(Array(hash.finalize()).hexadecimal) { missing.append(name) }
    }

    // MARK: Reading one

    /// What a restore found.
    package struct Restored: Sendable {
        package let report: BackupReport
        package let verified: VerifyReport
        package var lines: [String] {
            report.lines + [
                "seals \(verified.seals), sealed rows \(verified.sealedRows), unsealed tail \(verified.unsealedRows)",
                "the restored rows have the digest of the backup; verify finds them sound",
            ]
        }
    }

    /// Brings a house back: the rows into an empty database, the files into an empty folder. Then reads the rows again,
    /// compares the digest and runs `verify`. While it is unfinished no server opens it.
    /// - Parameters:
    ///   - keepFiles: false only holds the files against their digests.
    ///   - goesOn: the folder and the database may hold this restore already, in part or whole.
    package func restore(
        _ path: String, into database: any Database, folder: String, keepFiles: Bool = true, goesOn: Bool = false,
        progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws -> Restored {
        let work = self
        return try await OwnThread.run {
            try await work.load(path, database, folder, keepFiles, goesOn, progress)
        }
    }

    private func load(
        _ path: String, _ database: any Database, _ folder: String, _ keepFiles: Bool, _ goesOn: Bool,
        _ progress: (@Sendable (Int64) -> Void)?
    ) async throws -> Restored {
        let file = try BackupFileReader(path: path, key: key)
        var stream = HouseStreamReader(House.schema) { try file.next() }
        guard case .header(let header)? = try stream.next() else { throw BackupFault.notABackup }
        let identity = Array("backup".utf8) + (try Self.head(path))
        // Nil where the rows were complete when the restore was interrupted: they are only read again.
        let target: HouseTarget?
        do {
            target = try await HouseTarget(
                database, schema: House.schema, landed: header.landed, identity: identity, at: world.now())
        } catch HouseFault.notEmpty where goesOn {
            target = nil
        }
        var files = RestoredFiles(folder: folder, keep: keepFiles)
        var missing: [String] = []
        var end = HouseRecord.Trailer()
        while let record = try stream.next() {
            try Task.checkCancellation()
            switch record {
            case .rows(let batch):
                if !keepFiles { try Self.expectRoom(folder) }
                try await target?.write(batch)
                progress?(Int64(batch.rows.count))
            case .file(let name, _): try files.begin(name)
            case .fileBytes(let bytes): try files.write(bytes)
            case .fileEnd: try files.end()
            case .missing(let name): missing.append(name)
            case .trailer(let trailer): end = trailer
            case .header, .section, .sectionEnd: break
            }
        }
        files.sync()
        let digest = stream.digest
        if let target {
            try await target.finish(expecting: digest)
        } else {
            let found = try? await database.read { try HouseSource(House.schema, $0).read($0) }
            guard found == digest else { throw BackupFault.cannotGoOn(folder) }
        }
        let verified = try await Verifier(key: try Secret.auditKey(folder: folder)).verify(database)
        guard verified.isSound else {
            throw BackupFault.notSound(
                verified.integrity + verified.breaks.map { "area \($0.area), seal \($0.seq): \($0.kind.rawValue)" })
        }
        return Restored(
            report: BackupReport(
                digest: digest, created: header.created, files: end.files, fileBytes: end.fileBytes,
                missing: missing + files.damaged, size: 0), verified: verified)
    }

    /// Restores into a temporary folder, verifies, and removes it.
    /// - Parameter scratch: where the folder is made; the rows lie there in clear meanwhile, mode 0700.
    package func check(_ path: String, scratch: String) async throws -> Restored {
        try Self.expectRoom(scratch)
        var template = Array((scratch + "/redsteward-check-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw BackupFault.last("mkdtemp", scratch) }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = SQLiteDatabase.Options()
        // It is thrown away: nothing has to survive a power cut.
        options.synchronous = .off
        let database = try await SQLiteDatabase.open(path: folder + "/redsteward.db", options: options)
        do {
            let restored = try await restore(path, into: database, folder: folder, keepFiles: false)
            try await database.close()
            return restored
        } catch {
            try? await database.close()
            throw error
        }
    }

    static func head(_ path: String) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path) else { throw BackupFault.last("open", path) }
        return Array(try file.read(upToCount: BackupForm.headBytes) ?? Data())
    }

    private static func expectRoom(_ folder: String) throws {
        guard let room = Disk.free(folder), room >= roomLeft else { throw BackupFault.noRoomToCheck(folder) }
    }
}

enum Disk {
    /// Bytes that may still be written; nil when the system does not tell.
    static func free(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    static func total(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(status.f_blocks) * Int64(status.f_frsize)
    }
}

/// The files of a restored house. A name that no house has is refused, so nothing is written elsewhere.
private struct RestoredFiles {
    let folder: String
    let keep: Bool
    private(set) var damaged: [String] = []
    private var name = ""
    private var file: WholeFile?
    private var path = ""
    private var hash = SHA256()

    init(folder: String, keep: Bool) {
        self.folder = folder
        self.keep = keep
    }

    mutating func begin(_ name: String) throws {
        self.name = name
        hash = SHA256()
        if name == KeyFile.fileName {
            path = folder + "/" + name
        } else {
            guard name.hasPrefix("files/"), let content = try? ContentName(name.dropFirst(6)) else {
                throw BackupFault.badFile(name)
            }
            guard keep else { return }
            let place = folder + "/files/" + content.text.prefix(2) + "/" + content.text.dropFirst(2).prefix(2)
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            path = place + "/" + content.text
        }
        unlink(path)
        file = try WholeFile(path: path)
    }

    mutating func write(_ bytes: [UInt8]) throws {
        hash.update(data: bytes)
        try file?.write(bytes)
    }

    mutating func end() throws {
        if name.hasPrefix("files/"), !name.hasSuffix(Array(hash.finalize()).hexadecimal) { damaged.append(name) }
        try file?.close()
        file = nil
    }

    /// The folders are on the device afterwards, as the files are.
    func sync() {
        if keep { Glibc.sync() }
    }
}

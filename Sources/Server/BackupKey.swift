import Crypto
import Directory
import Foundation
import Kernel

/// Why a backup cannot be made or used, in words for an operator.
package enum BackupFault: Error, Sendable, Equatable, CustomStringConvertible {
    case keyMissing(String)
    case keyExposed(String)
    case keyDamaged(String)
    case otherKey
    case notABackup
    /// The file ends before its end.
    case cutShort
    /// A piece was changed, moved or comes from another backup.
    case altered(piece: Int)
    case exists(String)
    case full(String)
    /// A check must not fill the disk of a house that is served.
    case noRoomToCheck(String)
    case fileChanged(String)
    case badFile(String)
    case folderNotEmpty(String)
    /// A folder holds a restore that was interrupted: of this backup, of another one, or one that cannot go on.
    case unfinishedRestore(String)
    case otherRestore(String)
    case cannotGoOn(String)
    case notSound([String])
    case system(String, String, Int32)

    package var description: String {
        switch self {
        case .keyMissing(let path): "there is no key file \(path); name it with --key"
        case .keyExposed(let path): "\(path) must be a plain file of yours that nobody else may read: chmod 600"
        case .keyDamaged(let path): "\(path) is no key of backups"
        case .otherKey: "this backup was made with another key"
        case .notABackup: "this file is no backup"
        case .cutShort: "the backup is cut short: it ends before its end"
        case .altered(let piece): "the backup was altered: piece \(piece) is not what was written there"
        case .exists(let path): "\(path) is there already; backups are never written over"
        case .full(let path): "the device is full; \(path) was not written, older backups are untouched"
        case .noRoomToCheck(let path): "no room in \(path) to restore for a check; name another folder with --scratch"
        case .fileChanged(let path): "\(path) changed while it was read"
        case .badFile(let name): "the backup holds a file that no house has: \(name)"
        case .folderNotEmpty(let path): "\(path) is not empty; restore only into an empty or a new folder"
        case .unfinishedRestore(let path):
            "\(path) holds a restore that was interrupted; run the same restore again to finish it"
        case .otherRestore(let path):
            "\(path) holds an unfinished restore of another backup; finish that one, or empty the folder and the database"
        case .cannotGoOn(let path):
            "the restore into \(path) was interrupted where it cannot go on; empty the folder and the database, then "
                + "run it again"
        case .notSound(let lines): "the restored house is not sound: " + lines.joined(separator: "; ")
        case .system(let call, let path, let number):
            "\(call) \(path): \(String(cString: strerror(number)))"
        }
    }

    /// The failure of a call just made.
    static func last(_ call: String, _ path: String) -> BackupFault {
        errno == ENOSPC || errno == EDQUOT ? .full(path) : .system(call, path, errno)
    }
}

/// The key of backups: 32 bytes in a file of its own, mode 0600. It is made once and is in no backup: whoever loses it
/// can open none of them.
package struct BackupKey: Sendable {
    package static let fileName = "backup.key"
    private static let firstLine = "redsteward backup key 1"

    private let key: SymmetricKey

    init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

    /// Names the key in a backup and says nothing about it.
    package var id: [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("redsteward backup key id".utf8), using: key).prefix(8))
    }

    /// The key of one backup.
    func fileKey(salt: [UInt8]) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, salt: salt, info: Array("redsteward backup file 1".utf8), outputByteCount: 32)
    }

    /// Throws `BackupFault.keyMissing`, `.keyExposed`, `.keyDamaged` or `.system`.
    package static func load(_ path: String) throws -> BackupKey {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT: throw BackupFault.keyMissing(path)
            case ELOOP: throw BackupFault.keyExposed(path)
            default: throw BackupFault.last("open", path)
            }
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw BackupFault.last("fstat", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0, status.st_uid == geteuid() else {
            throw BackupFault.keyExposed(path)
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0 else { throw BackupFault.last("read", path) }
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, lines[0] == firstLine, let key = Base64URL.decode(lines[1]), key.count == 32 else {
            throw BackupFault.keyDamaged(path)
        }
        return BackupKey(key)
    }

    /// Makes the file the first time; of two that start at once the first one wins. Returns whether it is new.
    package static func loadOrCreate(
        _ path: String, randomBytes: (Int) -> [UInt8]
    ) throws -> (key: BackupKey, isNew: Bool) {
        do {
            return (try load(path), false)
        } catch BackupFault.keyMissing {
            let folder = (path as NSString).deletingLastPathComponent
            let temporary = "\(path).\(getpid()).\(Base64URL.encode(randomBytes(8)))"
            let text = firstLine + "\n" + Base64URL.encode(randomBytes(32)) + "\n"
            var file = try WholeFile(path: temporary)
            defer { unlink(temporary) }
            try file.write(Array(text.utf8))
            try file.close()
            let isNew = link(temporary, path) == 0
            guard isNew || errno == EEXIST else { throw BackupFault.last("link", path) }
            try WholeFile.sync(folder: folder.isEmpty ? "." : folder)
            return (try load(path), isNew)
        }
    }
}

/// A file that is written from its beginning to its end and is on the device when it is closed. Mode 0600, never one
/// that was there before. While it is open it is locked, so that one left by a killed process can be told.
struct WholeFile {
    let path: String
    private var descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw BackupFault.last("open", path) }
        flock(descriptor, LOCK_EX | LOCK_NB)
    }

    mutating func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw BackupFault.last("write", path) }
            done += count
        }
    }

    mutating func close() throws {
        guard descriptor >= 0 else { return }
        let synced = fsync(descriptor) == 0
        let number = errno
        let closed = Glibc.close(descriptor) == 0
        descriptor = -1
        guard synced else { throw number == ENOSPC ? BackupFault.full(path) : .system("fsync", path, number) }
        guard closed else { throw BackupFault.last("close", path) }
    }

    /// Gives the file up.
    mutating func discard() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
        unlink(path)
    }

    static func sync(folder path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard file >= 0 else { throw BackupFault.last("open", path) }
        defer { _ = Glibc.close(file) }
        guard fsync(file) == 0 else { throw BackupFault.last("fsync", path) }
    }

    /// Removes unfinished files of killed processes: those that nobody holds.
    static func sweep(folder: String, prefix: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
            let path = folder + "/" + name
            let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard file >= 0 else { continue }
            if flock(file, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            _ = Glibc.close(file)
        }
    }
}

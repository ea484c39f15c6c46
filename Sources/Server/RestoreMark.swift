import Foundation

/// The file by which a folder says that a restore into it is not finished, and from which backup. It is there before
/// anything else and goes last; while it is there no server opens the folder.
enum RestoreMark {
    static let fileName = "restore.unfinished"
    private static let partName = fileName + ".part"

    /// Makes the folder for its owner alone, and the mark. Returns whether a restore of the same backup was interrupted
    /// here.
    ///
    /// Throws `BackupFault.folderNotEmpty` and `.otherRestore`.
    /// - Parameter head: what only this backup begins with.
    static func begin(_ folder: String, backup head: [UInt8]) throws -> Bool {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = folder + "/" + fileName
        let name = Array((head.hexadecimal + "\n").utf8)
        if let there = FileManager.default.contents(atPath: path) {
            guard Array(there) == name else { throw BackupFault.otherRestore(folder) }
            return true
        }
        let content = try FileManager.default.contentsOfDirectory(atPath: folder)
        guard content.allSatisfy({ $0 == "lost+found" || $0 == partName }) else {
            throw BackupFault.folderNotEmpty(folder)
        }
        unlink(folder + "/" + partName)
        var file = try WholeFile(path: folder + "/" + partName)
        do {
            try file.write(name)
            try file.close()
        } catch {
            file.discard()
            throw error
        }
        guard rename(folder + "/" + partName, path) == 0 else { throw BackupFault.last("rename", path) }
        try WholeFile.sync(folder: folder)
        return false
    }

    static func end(_ folder: String) throws {
        guard unlink(folder + "/" + fileName) == 0 else { throw BackupFault.last("unlink", folder + "/" + fileName) }
        try WholeFile.sync(folder: folder)
    }

    /// For servers. Throws `BackupFault.unfinishedRestore`.
    static func expectNone(_ folder: String) throws {
        guard !FileManager.default.fileExists(atPath: folder + "/" + fileName) else {
            throw BackupFault.unfinishedRestore(folder)
        }
    }
}

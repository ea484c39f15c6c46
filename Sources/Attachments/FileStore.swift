import Crypto
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Files by their content under one folder: `ab/cd/abcd…`, temporary ones in `tmp`.
///
/// Guarantees beyond those of every store: when `put` returns, the file and its place in the folders are on disk.
package struct FileStore: BlobStore {
    package let folder: String
    package var place: String { folder }

    /// Makes the folder when it is missing.
    package init(folder: String) throws(BlobFault) {
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        try Self.makeFolder(self.folder)
        try Self.makeFolder(self.folder + "/tmp")
        try Self.sync(folder: self.folder)
    }

    package func put(path: String, as name: ContentName) async throws {
        try await Blocking.run { try keep(OpenFile(path), name) }
    }

    package func reader(_ name: ContentName) async throws -> BlobReader {
        let file = try await Blocking.run { try OpenFile(path(of: name)) }
        return BlobReader(name, length: file.length, file.chunks)
    }

    package func exists(_ name: ContentName) async throws -> Bool {
        try await Blocking.run { try Self.size(of: path(of: name)) != nil }
    }

    package func localPath(of name: ContentName) async throws -> String? { path(of: name) }

    package func delete(_ name: ContentName) async throws {
        try await Blocking.run { try remove(name) }
    }

    package func list(_ each: (ContentName, Int) async throws -> Void) async throws {
        for first in try await Blocking.run({ try Self.names(in: folder) }) where first.utf8.count == 2 {
            let folder = folder + "/" + first
            for second in try await Blocking.run({ try Self.names(in: folder) }) where second.utf8.count == 2 {
                let folder = folder + "/" + second
                let found = try await Blocking.run {
                    try Self.names(in: folder).compactMap { text -> (ContentName, Int)? in
                        guard let name = try? ContentName(text), name.place == "\(first)/\(second)/\(text)",
                            let size = try Self.size(of: folder + "/" + text)
                        else { return nil }
                        return (name, size)
                    }
                }
                for (name, size) in found { try await each(name, size) }
            }
        }
    }

    package func check() async throws {}

    /// Removes what a crash left in `tmp`. Only when no other process writes into the folder, such as at start.
    package func clearTemporary() throws(BlobFault) {
        for name in try Self.names(in: folder + "/tmp") where name.hasPrefix("put-") {
            unlink(folder + "/tmp/" + name)
        }
    }

    private func keep(_ source: OpenFile, _ name: ContentName) throws(BlobFault) {
        let (first, second) = folders(of: name)
        if try Self.size(of: path(of: name)) == source.length {
            try Self.sync(folder: second)
            return
        }
        try Self.makeFolder(first)
        try Self.sync(folder: folder)
        try Self.makeFolder(second)
        try Self.sync(folder: first)
        let temporary = try copy(source, name)
        guard rename(temporary, path(of: name)) == 0 else {
            let error = errno
            unlink(temporary)
            throw .system("rename", error)
        }
        try Self.sync(folder: second)
    }

    private func remove(_ name: ContentName) throws(BlobFault) {
        guard unlink(path(of: name)) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw .system("unlink", errno)
        }
        try Self.sync(folder: folders(of: name).1)
    }

    private func folders(of name: ContentName) -> (String, String) {
        let first = folder + "/" + name.text.prefix(2)
        return (first, first + "/" + name.text.dropFirst(2).prefix(2))
    }

    private func path(of name: ContentName) -> String { folder + "/" + name.place }

    /// A whole temporary file on disk with the content of the name.
    private func copy(_ source: OpenFile, _ name: ContentName) throws(BlobFault) -> String {
        var template = Array((folder + "/tmp/put-XXXXXX").utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw .system("mkstemp", errno) }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(BlobFault) {
            defer { _ = close(file) }
            var digest = SHA256()
            var offset = 0
            while true {
                let chunk = try source.read(at: offset)
                guard chunk.readableBytes > 0 else { break }
                chunk.withUnsafeReadableBytes { digest.update(bufferPointer: $0) }
                if let failed = chunk.withUnsafeReadableBytes({ Self.writeAll($0, to: file) }) { throw failed }
                offset += chunk.readableBytes
            }
            guard ContentName(digest.finalize()) == name else { throw .corrupt }
            guard fsync(file) == 0 else { throw .system("fsync", errno) }
        } catch {
            unlink(path)
            throw error
        }
        return path
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> BlobFault? {
        var done = 0
        while done < bytes.count {
            #if canImport(Glibc)
                let count = Glibc.write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            #else
                let count = Darwin.write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            #endif
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return .system("write", errno) }
            done += count
        }
        return nil
    }

    private static func names(in folder: String) throws(BlobFault) -> [String] {
        guard let directory = opendir(folder) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw .system("opendir", errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { buffer in
                    String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.sorted()
    }

    /// Nil when there is no such file.
    private static func size(of path: String) throws(BlobFault) -> Int? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system("lstat", errno)
        }
        return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    private static func makeFolder(_ path: String) throws(BlobFault) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("mkdir", errno) }
    }

    private static func sync(folder path: String) throws(BlobFault) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard file >= 0 else { throw .system("open", errno) }
        let status = fsync(file)
        let error = errno
        close(file)
        guard status == 0 else { throw .system("fsync", error) }
    }
}

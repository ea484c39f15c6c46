import Crypto

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The name of a stored file: the SHA-256 of its content as 64 lower-case hexadecimal characters. No other text makes
/// one, so that a name can never lead out of the store.
package struct ContentName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: some StringProtocol) throws(FileStoreFault) {
        guard text.utf8.count == 64,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { throw .badName }
        self.text = String(text)
    }

    package init(of bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        hex.reserveCapacity(64)
        for byte in SHA256.hash(data: bytes) {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        text = String(decoding: hex, as: UTF8.self)
    }

    package var description: String { text }
}

package enum FileStoreFault: Error, Sendable, Equatable {
    /// Not 64 lower-case hexadecimal characters.
    case badName
    case missing
    /// The content no longer matches its name.
    case corrupt
    /// The system's call and its error number.
    case system(String, Int32)
}

/// Files by their content under one folder: `ab/cd/abcd…`, temporary ones in `tmp`.
///
/// Guarantees: when `put` returns, the file and its place in the folders are on disk; a crash leaves either the whole
/// file or none; the same content is kept once. Several stores, also in several processes, may share a folder. All
/// calls block.
package struct FileStore: Sendable {
    package let folder: String

    /// Makes the folder when it is missing.
    package init(folder: String) throws(FileStoreFault) {
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        try Self.makeFolder(self.folder)
        try Self.makeFolder(self.folder + "/tmp")
        try Self.sync(folder: self.folder)
    }

    package func put(_ bytes: [UInt8]) throws(FileStoreFault) -> ContentName {
        let name = ContentName(of: bytes)
        let (first, second) = folders(of: name)
        if try Self.size(of: path(of: name)) == bytes.count {
            try Self.sync(folder: second)
            return name
        }
        try Self.makeFolder(first)
        try Self.sync(folder: folder)
        try Self.makeFolder(second)
        try Self.sync(folder: first)
        let temporary = try write(bytes)
        guard rename(temporary, path(of: name)) == 0 else {
            let error = errno
            unlink(temporary)
            throw .system("rename", error)
        }
        try Self.sync(folder: second)
        return name
    }

    /// Where the file is, if it is there; for serving it without reading it first.
    package func existingPath(of name: ContentName) throws(FileStoreFault) -> String? {
        let path = path(of: name)
        return try Self.size(of: path) == nil ? nil : path
    }

    /// Throws `missing` or `corrupt`.
    package func bytes(of name: ContentName) throws(FileStoreFault) -> [UInt8] {
        let file = open(path(of: name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw errno == ENOENT ? .missing : .system("open", errno) }
        defer { _ = close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system("fstat", errno) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                read(file, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system("read", errno) }
            guard count > 0 else { break }
            filled += count
        }
        guard filled == bytes.count, ContentName(of: bytes) == name else { throw .corrupt }
        return bytes
    }

    /// Returns whether there was such a file.
    @discardableResult
    package func delete(_ name: ContentName) throws(FileStoreFault) -> Bool {
        guard unlink(path(of: name)) == 0 else {
            if errno == ENOENT { return false }
            throw .system("unlink", errno)
        }
        try Self.sync(folder: folders(of: name).1)
        return true
    }

    /// Removes what a crash left in `tmp`. Only when no other process writes into the folder, such as at start.
    package func clearTemporary() throws(FileStoreFault) {
        guard let directory = opendir(folder + "/tmp") else { throw .system("opendir", errno) }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { buffer in
                String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("put-") { unlink(folder + "/tmp/" + name) }
        }
    }

    private func folders(of name: ContentName) -> (String, String) {
        let first = folder + "/" + name.text.prefix(2)
        return (first, first + "/" + name.text.dropFirst(2).prefix(2))
    }

    private func path(of name: ContentName) -> String { folders(of: name).1 + "/" + name.text }

    /// A whole temporary file on disk.
    private func write(_ bytes: [UInt8]) throws(FileStoreFault) -> String {
        var template = Array((folder + "/tmp/put-XXXXXX").utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw .system("mkstemp", errno) }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var failed = Self.writeAll(bytes, to: file)
        if failed == nil && fsync(file) != 0 { failed = .system("fsync", errno) }
        if close(file) != 0 && failed == nil { failed = .system("close", errno) }
        if let failed {
            unlink(path)
            throw failed
        }
        return path
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> FileStoreFault? {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                #if canImport(Glibc)
                    let count = Glibc.write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                #else
                    let count = Darwin.write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                #endif
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return .system("write", errno) }
                done += count
            }
            return nil
        }
    }

    /// Nil when there is no such file.
    private static func size(of path: String) throws(FileStoreFault) -> Int? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system("lstat", errno)
        }
        return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    private static func makeFolder(_ path: String) throws(FileStoreFault) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("mkdir", errno) }
    }

    private static func sync(folder path: String) throws(FileStoreFault) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard file >= 0 else { throw .system("open", errno) }
        let status = fsync(file)
        let error = errno
        close(file)
        guard status == 0 else { throw .system("fsync", error) }
    }
}

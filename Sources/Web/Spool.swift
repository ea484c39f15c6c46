import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The disk would not take what was sent; the system's call and its error number.
package struct SpoolFault: Error, Sendable, Equatable {
    package let call: String
    package let number: Int32
    package var isFull: Bool { number == ENOSPC || number == EDQUOT }
}

/// Where the files of forms lie while they are judged: on disk, a chunk at a time, so that twenty phones that send six
/// photos each cost no memory. What a killed process leaves is removed by `clear` at the next start.
package struct Spool: Sendable {
    private let folder: String
    private static let prefix = "up-"

    /// - Parameter folder: exists already and belongs to this process.
    package init(folder: String) { self.folder = folder }

    /// A new, empty file.
    package func file() throws(SpoolFault) -> SpooledFile {
        var template = Array("\(folder)/\(Self.prefix)XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw SpoolFault(call: "mkstemp", number: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return SpooledFile(path: path, descriptor: descriptor)
    }

    /// The files that lie here now.
    package func names() -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { buffer in
                String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(Self.prefix) { names.append(name) }
        }
        return names
    }

    /// Removes what an earlier process left. Only at start.
    package func clear() {
        for name in names() { unlink("\(folder)/\(name)") }
    }
}

/// A file of a form on disk. It is gone with the last reference to it.
package final class SpooledFile: Sendable {
    package let path: String
    private let state: Mutex<(descriptor: Int32, size: Int)>

    fileprivate init(path: String, descriptor: Int32) {
        self.path = path
        state = Mutex((descriptor, 0))
    }

    deinit {
        let descriptor = state.withLock { $0.descriptor }
        if descriptor >= 0 { _ = close(descriptor) }
        unlink(path)
    }

    /// In bytes.
    package var size: Int { state.withLock { $0.size } }

    package func append(_ bytes: [UInt8]) throws(SpoolFault) {
        let failed: SpoolFault? = state.withLock { state in
            bytes.withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count {
                    let count = write(state.descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                    if count < 0 && errno == EINTR { continue }
                    guard count > 0 else { return SpoolFault(call: "write", number: errno) }
                    done += count
                }
                state.size += buffer.count
                return nil
            }
        }
        if let failed { throw failed }
    }

    /// No more comes.
    package func finish() {
        state.withLock { state in
            if state.descriptor >= 0 { _ = close(state.descriptor) }
            state.descriptor = -1
        }
    }
}

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes that can be read at any place: a file on disk, sealed chunks in a database, memory.
package protocol ByteSource: Sendable {
    /// In bytes.
    var count: Int { get }
    /// The bytes from a place on: as many as asked for, or fewer where the source ends. At most 1 MiB are asked for.
    func read(at offset: Int, count: Int) async throws -> [UInt8]
}

package struct MemorySource: ByteSource {
    private let bytes: [UInt8]
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package var count: Int { bytes.count }
    package func read(at offset: Int, count: Int) -> [UInt8] {
        guard offset >= 0, offset < bytes.count, count > 0 else { return [] }
        return Array(bytes[offset..<min(offset + count, bytes.count)])
    }
}

/// A file of the machine.
package final class FileSource: ByteSource {
    package struct Unreadable: Error { package let path: String }
    private let descriptor: Int32
    private let path: String
    package let count: Int

    package init(_ path: String) throws(Unreadable) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable(path: path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            _ = close(descriptor)
            throw Unreadable(path: path)
        }
        self.path = path
        count = Int(status.st_size)
    }

    deinit { _ = close(descriptor) }

    package func read(at offset: Int, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset < self.count, count > 0 else { return [] }
        let wanted = min(count, self.count - offset)
        var filled = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, size in
            while filled < wanted {
                let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled, offset + filled)
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else { break }
                filled += got
            }
            size = filled
        }
        guard filled == wanted else { throw Unreadable(path: path) }
        return bytes
    }
}

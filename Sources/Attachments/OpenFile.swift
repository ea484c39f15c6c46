import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that is open for reading; it is closed with the last reference to it.
final class OpenFile: Sendable {
    /// What is held of a file at once, in bytes.
    static let chunk = 64 << 10
    private let descriptor: Int32
    /// In bytes.
    let length: Int

    /// Throws `missing` when there is no such file.
    init(_ path: String) throws(BlobFault) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw errno == ENOENT || errno == ENOTDIR ? .missing : .system("open", errno) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let error = errno
            _ = close(file)
            throw .system("fstat", error)
        }
        descriptor = file
        length = Int(status.st_size)
    }

    deinit { _ = close(descriptor) }

    /// Blocks. The bytes from `offset` on, at most one chunk; empty at the end.
    func read(at offset: Int) throws(BlobFault) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: Self.chunk)
        var failed: Int32 = 0
        repeat {
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.chunk) { target in
                let count = pread(descriptor, target.baseAddress, Self.chunk, off_t(offset))
                failed = count < 0 ? errno : 0
                return max(0, count)
            }
        } while failed == EINTR
        guard failed == 0 else { throw .system("read", failed) }
        return buffer
    }

    /// The whole file once, read off the cooperative threads.
    var chunks: Chunks { Chunks(file: self) }

    struct Chunks: AsyncIteratorProtocol {
        let file: OpenFile
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            let (file, start) = (file, offset)
            let chunk = try await Blocking.run { try file.read(at: start) }
            offset += chunk.readableBytes
            return chunk.readableBytes > 0 ? chunk : nil
        }
    }
}

/// Work that blocks on a disk, on threads of its own.
enum Blocking {
    static func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await NIOThreadPool.singleton.runIfActive(work)
    }
}

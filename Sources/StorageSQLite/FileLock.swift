import Glibc
import Storage
import Synchronization

/// An exclusive lock on a file beside the data. The kernel gives it back when the process ends, however it ends.
final class FileLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// Throws `StorageFailure.busy` when another holds it.
    init(path: String) throws {
        let opened = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            switch errno {
            case ENOSPC, EDQUOT: throw StorageFailure.full
            case EROFS, EACCES: throw StorageFailure.readOnly
            default: throw StorageFailure.engine("lock file: errno \(errno)")
            }
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(opened)
            throw StorageFailure.busy
        }
        descriptor = Mutex(opened)
    }

    func release() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    deinit { release() }
}

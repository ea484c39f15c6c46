internal import GRDB
internal import GRDBSQLite
import Glibc
import Storage

extension StorageFailure {
    /// The failure that the connection reports, told in the seam's words.
    static func of(_ connection: OpaquePointer) -> any Error {
        from(
            code: sqlite3_extended_errcode(connection), errno: sqlite3_system_errno(connection),
            message: String(cString: sqlite3_errmsg(connection)))
    }

    /// Translates what GRDB threw. Every other error, such as a refusal, passes through as it is.
    static func from(_ error: any Error) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        return from(
            code: error.extendedResultCode.rawValue, errno: 0, message: error.message ?? error.resultCode.description)
    }

    private static func from(code: Int32, errno: Int32, message: String) -> any Error {
        switch code & 0xFF {
        case SQLITE_FULL: StorageFailure.full
        case SQLITE_IOERR where errno == ENOSPC || errno == EDQUOT: StorageFailure.full
        case SQLITE_READONLY: StorageFailure.readOnly
        case SQLITE_IOERR where errno == EROFS: StorageFailure.readOnly
        // SQLite keeps no error number of a refused write that one could trust: a file system that turned read-only, or
        // a device that takes no more. Its last frame was not written, so nothing of the transaction is kept.
        case SQLITE_IOERR where code == SQLITE_IOERR | 3 << 8: StorageFailure.readOnly
        case SQLITE_CONSTRAINT: StorageFailure.constraint(message)
        case SQLITE_CORRUPT, SQLITE_NOTADB: StorageFailure.corrupt(message)
        case SQLITE_BUSY, SQLITE_LOCKED: StorageFailure.busy
        case SQLITE_INTERRUPT: CancellationError()
        default: StorageFailure.engine("SQLite \(code): \(message)")
        }
    }
}

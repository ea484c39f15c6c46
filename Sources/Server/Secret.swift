import Crypto
import Directory

enum Secret {
    /// The key of the audit alone, for `verify`.
    static func auditKey(folder: String) throws -> [UInt8] {
        try KeyFile.load(folder: folder).key(.audit).withUnsafeBytes { Array($0) }
    }
}

import Directory
import Kernel
import Storage

/// One form of one sender: sent again, it changes nothing and is answered like the first time.
package struct SentOnce: Sendable {
    let owner: Int64
    let key: String
    /// Of what the form held: the same key with something else is refused.
    let digest: [UInt8]

    /// Whether the form came before; where it did not, it is kept from now on.
    func isRepeat(_ id: CaseID, at now: Instant, _ transaction: any WriteTransaction) throws -> Bool {
        guard let before = try CaseStore.keyed(owner: owner, key: key, transaction) else {
            try CaseStore.putKey(owner: owner, key: key, case: id, digest: digest, at: now, transaction)
            return false
        }
        guard before.case == id, Secrets.same(before.digest, digest) else { throw CaseRefusal.keyUsedForOther }
        return true
    }
}

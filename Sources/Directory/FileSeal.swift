import Crypto
import Kernel

/// Seals pieces of files, with keys that are derived from those of the telephone numbers: what protects one protects
/// the other, and the file of keys stays as it is.
struct FileSeal: Sendable {
    private let keyID: UInt8
    private let keys: [UInt8: SymmetricKey]
    private let random: @Sendable (Int) -> [UInt8]

    init(_ file: KeyFile, randomBytes: @escaping @Sendable (Int) -> [UInt8]) throws {
        let phones = file.keys(.phone)
        guard let keyID = phones.keys.max() else { throw SecretFault.keysMissing }
        self.keyID = keyID
        keys = phones.mapValues {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: $0, info: Array("redsteward files 1".utf8), outputByteCount: 32)
        }
        random = randomBytes
    }

    func seal(_ bytes: [UInt8], _ owner: Int64, _ number: Int64) throws -> [UInt8] {
        guard let key = keys[keyID] else { throw SecretFault.keysMissing }
        let nonce = random(12)
        guard nonce.count == 12 else { throw SecretFault.randomness }
        let box = try AES.GCM.seal(
            bytes, using: key, nonce: AES.GCM.Nonce(data: nonce), authenticating: Self.place(keyID, owner, number))
        return [keyID] + nonce + Array(box.ciphertext) + Array(box.tag)
    }

    func open(_ sealed: [UInt8], _ owner: Int64, _ number: Int64) throws -> [UInt8] {
        guard let id = sealed.first, let key = keys[id], sealed.count >= 29 else { throw SecretFault.unsealable }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return Array(try AES.GCM.open(box, using: key, authenticating: Self.place(id, owner, number)))
        } catch { throw SecretFault.unsealable }
    }

    private static func place(_ keyID: UInt8, _ owner: Int64, _ number: Int64) -> [UInt8] {
        var bytes = Array("redsteward file 1".utf8) + [keyID]
        for value in [owner, number] { withUnsafeBytes(of: value.bigEndian) { bytes += $0 } }
        return bytes
    }
}

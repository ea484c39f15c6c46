import CSodium
import Crypto
import Kernel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What went wrong with a secret; a fault of ours or of the stored data, never the person's.
package enum SecretFault: Error, Sendable, Equatable {
    /// libsodium did not start, or there is no memory for a hash.
    case library
    /// A sealed value of another person, key or form.
    case unsealable
    /// The given source of random bytes gave too few or hopeless ones.
    case randomness
    /// The file of keys can be read by others, belongs to someone else or is no plain file.
    case keysExposed
    /// The file of keys cannot be understood, or lacks a key.
    case keysDamaged
    /// There is no file of keys.
    case keysMissing
    /// The system's call and its error number.
    case system(String, Int32)
}

enum Sodium {
    static let started: Bool = sodium_init() >= 0
}

/// Whether two secrets are equal, in a time that depends on their lengths only.
package func constantTimeEqual(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    let (left, right) = (Array(a), Array(b))
    guard left.count == right.count else { return false }
    return sodium_memcmp(left, right, left.count) == 0
}

private func randomBytes(_ count: Int, _ source: (Int) -> [UInt8]) throws(SecretFault) -> [UInt8] {
    let bytes = source(count)
    guard bytes.count == count else { throw .randomness }
    return bytes
}

// MARK: - Passwords

/// The price of one hash: passes and bytes of memory (argon2id).
package struct PasswordCost: Sendable, Equatable {
    package let passes: UInt64
    package let memoryBytes: Int
    package init(passes: UInt64, memoryBytes: Int) {
        self.passes = passes
        self.memoryBytes = memoryBytes
    }
    /// libsodium's choice for sign-in: 2 passes over 64 MiB.
    package static let interactive = PasswordCost(
        passes: UInt64(crypto_pwhash_opslimit_interactive()), memoryBytes: crypto_pwhash_memlimit_interactive())
    /// For tests only: a password so hashed is nearly unprotected.
    package static let weakest = PasswordCost(
        passes: UInt64(crypto_pwhash_opslimit_min()), memoryBytes: crypto_pwhash_memlimit_min())
}

/// A password's argon2id hash with its salt and cost, as text. Making and checking one take tens of milliseconds of a
/// core and the memory of the cost: off the cooperative pool, behind a `Gate`. The caller bounds the length.
package struct PasswordHash: Sendable, Equatable {
    /// `$argon2id$v=19$m=65536,t=2,p=1$…`.
    package let text: String

    /// Throws `SecretFault.library`.
    package init(of password: String, cost: PasswordCost = .interactive) throws(SecretFault) {
        guard Sodium.started else { throw .library }
        let characters = Array(password.utf8CString)
        var output = [CChar](repeating: 0, count: crypto_pwhash_strbytes())
        let status = crypto_pwhash_str(
            &output, characters, UInt64(characters.count - 1), cost.passes, cost.memoryBytes)
        guard status == 0 else { throw .library }
        text = String(decoding: output.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A stored one.
    package init(stored text: String) { self.text = text }

    /// False also for a stored text that is no hash.
    package func verify(_ password: String) -> Bool {
        guard Sodium.started, text.utf8.count < crypto_pwhash_strbytes() else { return false }
        let characters = Array(password.utf8CString)
        return crypto_pwhash_str_verify(text, characters, UInt64(characters.count - 1)) == 0
    }

    /// Whether it was made at another cost, or is no hash.
    package func needsRehash(cost: PasswordCost = .interactive) -> Bool {
        guard text.utf8.count < crypto_pwhash_strbytes() else { return true }
        return crypto_pwhash_str_needs_rehash(text, cost.passes, cost.memoryBytes) != 0
    }
}

// MARK: - Telephone numbers

/// A Chinese telephone number in one form (rules.md 16.2).
package struct Phone: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable { case mobile, fixed, service, short }
    package let kind: Kind
    /// Digits, with `-` before an extension: `13812345678`, `01012345678-22`, `4001234567`, `12345`.
    package let text: String

    /// Takes spaces, hyphens, full-width digits and a leading +86. Nil for anything that is no number by the rules.
    package init?(_ input: String) {
        guard var plain = Self.plain(input) else { return nil }
        let national = Self.dropCountryCode(&plain)
        let digits = plain.filter { $0 != "-" }
        if Self.isMobile(digits) {
            (kind, text) = (.mobile, digits)
        } else if digits.utf8.count == 10, digits.hasPrefix("400") || digits.hasPrefix("800") {
            (kind, text) = (.service, digits)
        } else if let fixed = Self.fixed(plain) ?? (national ? Self.fixed("0" + plain) : nil) {
            (kind, text) = (.fixed, fixed)
        } else if !national, plain == digits, Self.isShort(digits) {
            (kind, text) = (.short, digits)
        } else {
            return nil
        }
    }

    package var isMobile: Bool { kind == .mobile }

    /// The last four digits, before an extension. Nil for short numbers.
    package var lastFour: String? {
        kind == .short ? nil : String(text.prefix { $0 != "-" }.suffix(4))
    }

    /// `138****5678`; numbers of an office are kept short of their middle too, short codes are public.
    package var masked: String {
        guard let lastFour else { return text }
        return text.prefix(3) + "****" + lastFour
    }

    /// Masked, so that a log never shows a number.
    package var description: String { masked }

    /// ASCII digits and hyphens, `+` only in front. Nil when anything else is left.
    private static func plain(_ input: String) -> String? {
        guard input.utf8.count <= 120 else { return nil }
        var result = ""
        for scalar in input.unicodeScalars {
            switch scalar.value {
            case 0x20, 0x09, 0xA0, 0x3000, 0x200E, 0x202A, 0x202C, 0x2068, 0x2069: continue
            case 0x30...0x39: result.unicodeScalars.append(scalar)
            case 0xFF10...0xFF19: result.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFF10 + 0x30)))
            case 0x2D, 0x2010...0x2015, 0x2212, 0xFF0D: result += "-"
            case 0x2B, 0xFF0B: result += "+"
            default: return nil
            }
        }
        guard !result.dropFirst().contains("+") else { return nil }
        return result
    }

    /// Returns whether there was one.
    private static func dropCountryCode(_ plain: inout String) -> Bool {
        for code in ["+86", "0086"] where plain.hasPrefix(code) {
            plain = String(plain.dropFirst(code.count).drop { $0 == "-" })
            return true
        }
        let digits = plain.filter { $0 != "-" }
        if digits.hasPrefix("86"), isMobile(String(digits.dropFirst(2))) {
            plain = String(digits.dropFirst(2))
            return true
        }
        return false
    }

    private static func isMobile(_ digits: String) -> Bool {
        let bytes = Array(digits.utf8)
        return bytes.count == 11 && bytes[0] == 0x31 && (0x33...0x39).contains(bytes[1])
            && bytes.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func fixed(_ plain: String) -> String? {
        var parts = plain.split(separator: "-", omittingEmptySubsequences: false)
        guard parts[0].hasPrefix("0") else { return nil }
        var number = String(parts.removeFirst())
        if (3...4).contains(number.utf8.count), let next = parts.first, (7...8).contains(next.utf8.count) {
            number += parts.removeFirst()
        }
        guard (10...12).contains(number.utf8.count), !number.hasPrefix("00"), parts.count <= 1 else { return nil }
        guard let part = parts.first else { return number }
        guard (1...5).contains(part.utf8.count) else { return nil }
        return number + "-" + part
    }

    private static func isShort(_ digits: String) -> Bool {
        ["110", "119", "120", "12345"].contains(digits) || (digits.utf8.count == 5 && digits.hasPrefix("96"))
    }
}

/// Seals telephone numbers for the database and makes the indexes by which they are found.
package struct PhoneSeal: Sendable {
    private let keyID: UInt8
    private let keys: [UInt8: SymmetricKey]
    private let blind: SymmetricKey
    private let random: @Sendable (Int) -> [UInt8]

    /// - Parameters:
    ///   - keys: by their number, 1 to 255; the highest seals, all of them open.
    ///   - blind: for the indexes. Changing it means making every index anew.
    package init(
        keys: [UInt8: SymmetricKey], blind: SymmetricKey, randomBytes: @escaping @Sendable (Int) -> [UInt8]
    ) throws(SecretFault) {
        guard let keyID = keys.keys.max() else { throw .keysMissing }
        guard (keys.values + [blind]).allSatisfy({ $0.bitCount == 256 }) else { throw .keysDamaged }
        self.keyID = keyID
        self.keys = keys
        self.blind = blind
        random = randomBytes
    }

    package init(_ file: KeyFile, randomBytes: @escaping @Sendable (Int) -> [UInt8]) throws(SecretFault) {
        try self.init(keys: file.keys(.phone), blind: file.key(.blind), randomBytes: randomBytes)
    }

    /// Key number, 12 bytes of nonce, the sealed text (padded so that its length says nothing), 16 bytes of tag.
    package func seal(_ phone: Phone, of person: PersonID) throws(SecretFault) -> [UInt8] {
        guard let key = keys[keyID] else { throw .keysMissing }
        let nonceBytes = try randomBytes(12, random)
        var plain = Array(phone.text.utf8)
        plain += [UInt8](repeating: 0, count: max(0, Self.paddedLength - plain.count))
        do {
            let nonce = try AES.GCM.Nonce(data: nonceBytes)
            let box = try AES.GCM.seal(plain, using: key, nonce: nonce, authenticating: Self.context(keyID, person))
            return [keyID] + nonceBytes + Array(box.ciphertext) + Array(box.tag)
        } catch { throw .library }
    }

    /// Throws `unsealable` for another person's value, an unknown key and anything changed.
    package func open(_ sealed: [UInt8], of person: PersonID) throws(SecretFault) -> Phone {
        guard let id = sealed.first, let key = keys[id], sealed.count >= 1 + 12 + 16, sealed.count <= 256
        else { throw .unsealable }
        let plain: [UInt8]
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            plain = Array(try AES.GCM.open(box, using: key, authenticating: Self.context(id, person)))
        } catch { throw .unsealable }
        guard let phone = Phone(String(decoding: plain.prefix { $0 != 0 }, as: UTF8.self)) else { throw .unsealable }
        return phone
    }

    /// Seals a short text for one row of one purpose, padded to 32 bytes so that its length says nothing.
    package func seal(_ text: String, purpose: StaticString, row: Int64) throws(SecretFault) -> [UInt8] {
        guard let key = keys[keyID] else { throw .keysMissing }
        let nonceBytes = try randomBytes(12, random)
        var plain = Array(text.utf8)
        plain += [UInt8](repeating: 0, count: max(0, 32 - plain.count))
        do {
            let nonce = try AES.GCM.Nonce(data: nonceBytes)
            let box = try AES.GCM.seal(
                plain, using: key, nonce: nonce, authenticating: Self.context(purpose, keyID, row))
            return [keyID] + nonceBytes + Array(box.ciphertext) + Array(box.tag)
        } catch { throw .library }
    }

    /// Throws `unsealable` for another row's value, an unknown key and anything changed.
    package func open(_ sealed: [UInt8], purpose: StaticString, row: Int64) throws(SecretFault) -> String {
        guard let id = sealed.first, let key = keys[id], sealed.count >= 1 + 12 + 16, sealed.count <= 256
        else { throw .unsealable }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            let plain = try AES.GCM.open(box, using: key, authenticating: Self.context(purpose, id, row))
            return String(decoding: plain.prefix { $0 != 0 }, as: UTF8.self)
        } catch { throw .unsealable }
    }

    /// 16 bytes: equal for equal texts of one purpose, and nothing to be guessed from without the key.
    package func index(_ text: String, purpose: StaticString) -> [UInt8] { mac("\(purpose)\u{0}\(text)") }

    private static func context(_ purpose: StaticString, _ keyID: UInt8, _ row: Int64) -> [UInt8] {
        Array("redsteward \(purpose) 1".utf8) + [keyID]
            + (0..<8).map { UInt8(truncatingIfNeeded: row >> Int64(56 - 8 * $0)) }
    }

    /// Whether it was sealed with an older key and should be sealed anew.
    package func needsReseal(_ sealed: [UInt8]) -> Bool { sealed.first != keyID }

    /// 16 bytes: equal for equal numbers, and nothing to be guessed from without the key.
    package func index(_ phone: Phone) -> [UInt8] { mac("phone\u{0}" + phone.text) }

    /// The same for the last four digits. Nil for short numbers.
    package func lastFourIndex(_ phone: Phone) -> [UInt8]? { phone.lastFour.flatMap { lastFourIndex($0) } }

    /// For a search by four typed digits; nil for anything else.
    package func lastFourIndex(_ digits: String) -> [UInt8]? {
        guard digits.utf8.count == 4, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return mac("last4\u{0}" + digits)
    }

    private static let paddedLength = 24

    private func mac(_ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: blind).prefix(16))
    }

    /// What the sealed value belongs to: it opens nowhere else.
    private static func context(_ keyID: UInt8, _ person: PersonID) -> [UInt8] {
        Array("redsteward phone 1".utf8) + [keyID]
            + (0..<8).map { UInt8(truncatingIfNeeded: person.raw >> Int64(56 - 8 * $0)) }
    }
}

// MARK: - Codes and tokens

/// Six digits sent by text message (rules.md 15.3). Its description hides it.
package struct OneTimeCode: Sendable, Equatable, CustomStringConvertible {
    /// Six ASCII digits.
    package let text: String

    /// Every code is equally likely. Throws `randomness` when the source gives nothing usable.
    package init(randomBytes source: (Int) -> [UInt8]) throws(SecretFault) {
        for _ in 0..<64 {
            let value = try Directory.randomBytes(4, source).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            // The largest multiple of a million that fits: above it the small codes would come more often.
            guard value < 4_294_000_000 else { continue }
            let digits = String(value % 1_000_000)
            text = String(repeating: "0", count: 6 - digits.utf8.count) + digits
            return
        }
        throw .randomness
    }

    /// What a person typed: six digits, with spaces and full-width digits allowed.
    package init?(typed: String) {
        guard typed.utf8.count <= 60 else { return nil }
        var digits = ""
        for scalar in typed.unicodeScalars {
            switch scalar.value {
            case 0x20, 0x3000, 0x2D: continue
            case 0x30...0x39: digits.unicodeScalars.append(scalar)
            case 0xFF10...0xFF19: digits.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFF10 + 0x30)))
            default: return nil
            }
        }
        guard digits.utf8.count == 6 else { return nil }
        text = digits
    }

    /// For storage, 32 bytes: bound to what the code is for and to the number, so that it is of no use elsewhere.
    package func digest(purpose: String, phone: Phone, key: SymmetricKey) -> [UInt8] {
        let text = "code\u{0}\(purpose)\u{0}\(phone.text)\u{0}\(text)"
        return Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    package func matches(_ digest: [UInt8], purpose: String, phone: Phone, key: SymmetricKey) -> Bool {
        constantTimeEqual(self.digest(purpose: purpose, phone: phone, key: key), digest)
    }

    package var description: String { "OneTimeCode(hidden)" }
}

/// A secret that a client holds: a session, an invitation, a program's access. Its description hides it.
package struct Token: Sendable, Equatable, CustomStringConvertible {
    package static let prefix = "rs_"
    /// `rs_` and 43 characters of base64url.
    package let text: String

    package init(randomBytes source: (Int) -> [UInt8]) throws(SecretFault) {
        text = Self.prefix + Base64URL.encode(try Directory.randomBytes(32, source))
    }

    /// One that came in; nil for another form.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 46, text.hasPrefix(Self.prefix),
            text.utf8.dropFirst(3).allSatisfy({ Base64URL.values[Int($0)] < 64 })
        else { return nil }
        self.text = String(text)
    }

    /// For storage, 32 bytes. A plain SHA-256 is enough: there is nothing to guess in 256 random bits.
    package var digest: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    package var description: String { "Token(hidden)" }
    package static func == (a: Self, b: Self) -> Bool { constantTimeEqual(a.text.utf8, b.text.utf8) }
}

/// RFC 4648, 5, without padding.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits = 0
        var pending: UInt32 = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                result.append(alphabet[Int(pending >> UInt32(bits)) & 63])
            }
            pending &= 0xFF
        }
        if bits > 0 { result.append(alphabet[Int(pending << UInt32(6 - bits)) & 63]) }
        return String(decoding: result, as: UTF8.self)
    }

    /// Nil for other characters, an impossible length, and bits that stand for nothing.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var result: [UInt8] = []
        var bits = 0
        var pending: UInt32 = 0
        for byte in text.utf8 {
            let value = values[Int(byte)]
            guard value < 64 else { return nil }
            pending = (pending << 6 | UInt32(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        guard bits < 6, pending & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return result
    }
}

// MARK: - Keys

/// What the keys are for. A key serves one purpose.
package enum KeyName: String, CaseIterable, Sendable {
    case phone, blind, audit, session, lookup
}

/// The server's keys: a small text file in the data folder, outside the database, mode 0600. Whoever loses it cannot
/// read a telephone number again; it belongs in a backup of its own.
///
/// The file: the line `redsteward keys 1`, then `name number key`, the number 1 to 255 and the key 32 bytes in
/// base64url. A name may have several numbers; the highest is the one in use.
package struct KeyFile: Sendable {
    private let all: [KeyName: [UInt8: SymmetricKey]]
    package static let fileName = "keys"

    /// The one in use.
    package func key(_ name: KeyName) throws(SecretFault) -> SymmetricKey {
        guard let keys = all[name], let number = keys.keys.max(), let key = keys[number] else { throw .keysDamaged }
        return key
    }

    /// All of them by number.
    package func keys(_ name: KeyName) -> [UInt8: SymmetricKey] { all[name] ?? [:] }

    /// Throws `keysMissing`, `keysExposed`, `keysDamaged` or `system`.
    package static func load(folder: String) throws(SecretFault) -> KeyFile {
        try KeyFile(parsing: try readAll(folder + "/" + fileName))
    }

    /// Makes the file the first time. Several processes may start at once: all get the same keys. A database that
    /// already holds sealed numbers must be opened with `load`, or lost keys would go unnoticed.
    package static func loadOrCreate(
        folder: String, randomBytes source: (Int) -> [UInt8]
    ) throws(SecretFault) -> KeyFile {
        do throws(SecretFault) {
            return try load(folder: folder)
        } catch .keysMissing {
            try create(folder: folder, source)
            return try load(folder: folder)
        }
    }

    private init(parsing bytes: [UInt8]) throws(SecretFault) {
        var all: [KeyName: [UInt8: SymmetricKey]] = [:]
        guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n") else { throw .keysDamaged }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true)[...]
        guard lines.popFirst() == Self.firstLine[...] else { throw .keysDamaged }
        for line in lines {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, let name = KeyName(rawValue: String(words[0])), let number = UInt8(words[1]),
                number > 0, let key = Base64URL.decode(words[2]), key.count == 32, all[name]?[number] == nil
            else { throw .keysDamaged }
            all[name, default: [:]][number] = SymmetricKey(data: key)
        }
        guard all.count == KeyName.allCases.count else { throw .keysDamaged }
        self.all = all
    }

    private static let firstLine = "redsteward keys 1"
    private static let maxBytes = 64 << 10

    private static func readAll(_ path: String) throws(SecretFault) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT: throw .keysMissing
            case ELOOP: throw .keysExposed
            default: throw .system("open", errno)
            }
        }
        defer { _ = close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system("fstat", errno) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0, status.st_uid == geteuid()
        else { throw .keysExposed }
        guard status.st_size <= maxBytes else { throw .keysDamaged }
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
        return Array(bytes[..<filled])
    }

    /// A whole file under a name of its own, then `link`, which never replaces: nobody sees half of it, and of two that
    /// start at once the first one wins.
    private static func create(folder: String, _ source: (Int) -> [UInt8]) throws(SecretFault) {
        var text = firstLine + "\n"
        for name in KeyName.allCases {
            text += "\(name.rawValue) 1 \(Base64URL.encode(try Directory.randomBytes(32, source)))\n"
        }
        let temporary = "\(folder)/.\(fileName).\(getpid()).\(Base64URL.encode(try Directory.randomBytes(8, source)))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .system("open", errno) }
        defer { unlink(temporary) }
        var failed: SecretFault?
        if fchmod(file, 0o600) != 0 { failed = .system("fchmod", errno) }
        if failed == nil { failed = writeAll(Array(text.utf8), to: file) }
        if failed == nil && fsync(file) != 0 { failed = .system("fsync", errno) }
        if close(file) != 0 && failed == nil { failed = .system("close", errno) }
        if let failed { throw failed }
        guard link(temporary, folder + "/" + fileName) == 0 || errno == EEXIST else { throw .system("link", errno) }
        try sync(folder: folder)
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> SecretFault? {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return .system("write", errno) }
                done += count
            }
            return nil
        }
    }

    private static func sync(folder: String) throws(SecretFault) {
        let file = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard file >= 0 else { throw .system("open", errno) }
        let status = fsync(file)
        let error = errno
        close(file)
        guard status == 0 else { throw .system("fsync", error) }
    }
}

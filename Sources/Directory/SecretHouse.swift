import Crypto
import Foundation
import Kernel
import Storage
import Synchronization

/// A phone number as it is stored.
package struct SealedPhone: Sendable {
    package let sealed: [UInt8]
    package let index: [UInt8]
    package let tail: [UInt8]?
    package let masked: String
}

/// The keys at work: everything that Directory and the floors above seal, digest and compare.
package struct Secrets: Sendable {
    private let phones: PhoneSeal
    private let session: SymmetricKey
    /// With its key already in it: one is made for every page.
    private let forms: HMAC<SHA256>
    private let lookup: SymmetricKey
    private let auditKey: SymmetricKey
    private let files: FileSeal
    private let gate: Gate
    private let cost: PasswordCost
    private let decoy = Decoy()
    /// Nil where no folder is known.
    package var leaked: LeakedPasswords?

    package init(_ file: KeyFile, world: World, cost: PasswordCost = .interactive) throws {
        phones = try PhoneSeal(file, randomBytes: world.randomBytes)
        session = try file.key(.session)
        forms = HMAC<SHA256>(key: session)
        lookup = try file.key(.lookup)
        auditKey = try file.key(.audit)
        files = try FileSeal(file, randomBytes: world.randomBytes)
        gate = Gate(limit: 2)
        self.cost = cost
    }

    package var auditBytes: [UInt8] { auditKey.withUnsafeBytes { Array($0) } }

    private func mac(_ purpose: String, _ text: String, _ key: SymmetricKey) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("\(purpose)\u{0}\(text)".utf8), using: key))
    }

    /// Compares in constant time.
    package static func same(_ a: [UInt8], _ b: [UInt8]) -> Bool { constantTimeEqual(a, b) }

    // MARK: Passwords

    package func hashPassword(_ password: String) async throws -> String {
        try await inTurn { [cost] in try PasswordHash(of: password, cost: cost).text }
    }

    /// Slow work that only so many do at once. Throws `StorageFailure.busy` when too many wait: that says nothing about
    /// a password, and counts for nobody's lockout.
    private func inTurn<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        do {
            return try await gate.run { try await Self.offPool(work) }
        } catch is Gate.Full {
            throw StorageFailure.busy
        }
    }

    /// Takes as long as a wrong password does, for a login that nobody has.
    func verifyDecoy(_ password: String) async throws {
        if let hash = decoy.text {
            _ = try await verifyPassword(password, hash)
        } else {
            // The first time makes the hash of a password that nobody has: the same work as a check.
            decoy.text = try await hashPassword("decoy password")
        }
    }

    package func verifyPassword(_ password: String, _ hash: String) async throws -> Bool {
        guard password.utf8.count <= 512 else { return false }
        return try await inTurn { PasswordHash(stored: hash).verify(password) }
    }

    /// Whether everybody can look this password up.
    package func isLeaked(_ password: String) async throws -> Bool {
        guard let leaked else { return false }
        return try await Self.offPool { leaked.holds(password) }
    }

    /// Runs slow, blocking work on a thread of its own, away from the cooperative pool.
    private static func offPool<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result(catching: work)) }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    // MARK: Phones

    package func seal(_ phone: Phone, person: PersonID, world: World) throws -> SealedPhone {
        SealedPhone(
            sealed: try phones.seal(phone, of: person), index: phones.index(phone),
            tail: phones.lastFourIndex(phone), masked: phone.masked)
    }

    /// The number in clear. The caller records why it was looked at.
    package func open(_ sealed: [UInt8], person: PersonID) throws -> String {
        try phones.open(sealed, of: person).text
    }

    package func seal(_ text: String, purpose: StaticString, row: Int64) throws -> [UInt8] {
        try phones.seal(text, purpose: purpose, row: row)
    }
    package func open(_ sealed: [UInt8], purpose: StaticString, row: Int64) throws -> String {
        try phones.open(sealed, purpose: purpose, row: row)
    }
    package func index(_ text: String, purpose: StaticString) -> [UInt8] { phones.index(text, purpose: purpose) }

    package func phoneIndex(_ phone: Phone) -> [UInt8] { phones.index(phone) }
    /// Nil for anything but four digits.
    package func phoneTail(_ digits: String) -> [UInt8]? { phones.lastFourIndex(digits) }

    // MARK: Files

    /// A piece of a file as it is kept: nobody reads it without the keys, and it opens in its own place only.
    package func sealPart(_ bytes: [UInt8], of owner: Int64, number: Int64) throws -> [UInt8] {
        try files.seal(bytes, owner, number)
    }
    package func openPart(_ sealed: [UInt8], of owner: Int64, number: Int64) throws -> [UInt8] {
        try files.open(sealed, owner, number)
    }

    // MARK: Codes, tokens, digests

    /// Six digits, without bias.
    package func newCode(_ world: World) throws -> String {
        try OneTimeCode(randomBytes: world.randomBytes).text
    }

    package func codeDigest(_ code: String, _ phoneIndex: [UInt8]) -> [UInt8] {
        let typed = OneTimeCode(typed: code)?.text ?? ""
        return mac("code", "\(typed)\u{0}\(Base64URL.encode(phoneIndex))", session)
    }

    package func newToken(_ world: World) throws -> String { try Token(randomBytes: world.randomBytes).text }

    package func tokenDigest(_ token: String) -> [UInt8] { Token(token)?.digest ?? [] }

    /// Bound to the session or visitor cookie: what a form of this browser carries.
    package func formToken(_ cookie: String) -> String {
        var mac = forms
        mac.update(data: Array("form\u{0}\(cookie)".utf8))
        return Base64URL.encode(Array(mac.finalize().prefix(18)))
    }

    /// Ten characters without look-alikes (50 bits), shown in two groups.
    package func newLookUpCode(_ world: World) -> String {
        let alphabet = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ34")
        let letters = world.randomBytes(10).map { alphabet[Int($0 & 31)] }
        return String(letters.prefix(5)) + "-" + String(letters.suffix(5))
    }

    package func lookUpDigest(_ code: String) -> [UInt8] {
        let plain = code.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return mac("lookup", plain, lookup)
    }

    package func invitationDigest(_ code: String) -> [UInt8] {
        let plain = code.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return mac("invitation", plain, lookup)
    }

    /// A recovery code of one person, however it was typed.
    func recoveryDigest(_ code: String, _ person: PersonID) -> [UInt8] {
        let plain = String(code.prefix(40)).uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return mac("recovery \(person.text)", plain, lookup)
    }

    /// What stays of words that are gone.
    package func contentDigest(_ text: String) -> [UInt8] { mac("content", text, auditKey) }
}

/// The hash that unknown logins are checked against, made when it is first needed.
private final class Decoy: Sendable {
    private let state = Mutex<String?>(nil)
    var text: String? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

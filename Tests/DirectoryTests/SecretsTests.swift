import Crypto
import Foundation
import Kernel
import Synchronization
import Testing

@testable import Directory

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

private func source(seed: UInt64) -> @Sendable (Int) -> [UInt8] {
    StillWorld(at: Instant(ms: 0), seed: seed).world.randomBytes
}

/// Folders of this process, gone when it ends.
private let folders = Mutex<[String]>([])

private func temporaryFolder() throws -> String {
    var template = Array("/tmp/redsteward-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    folders.withLock { known in
        if known.isEmpty {
            atexit { folders.withLock { for folder in $0 { try? FileManager.default.removeItem(atPath: folder) } } }
        }
        known.append(folder)
    }
    return folder
}

@Suite struct PasswordTests {
    @Test func onlyTheSamePasswordPasses() throws {
        let hash = try PasswordHash(of: "correct horse \u{9A6C}", cost: .weakest)
        #expect(hash.text.hasPrefix("$argon2id$"))
        #expect(hash.verify("correct horse \u{9A6C}"))
        for wrong in [
            "", "correct horse", "correct horse \u{9A6C} ", "Correct horse \u{9A6C}", "correct horse \u{9A6C}\u{0}",
        ] {
            #expect(!hash.verify(wrong))
        }
        #expect(PasswordHash(stored: hash.text).verify("correct horse \u{9A6C}"))
        #expect(try PasswordHash(of: "correct horse \u{9A6C}", cost: .weakest) != hash)
    }

    @Test func whatIsNoHashNeverPasses() {
        for text in ["", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$AA$AA", String(repeating: "a", count: 4000)] {
            #expect(!PasswordHash(stored: text).verify("password"))
            #expect(PasswordHash(stored: text).needsRehash())
        }
    }

    @Test func anotherCostAsksForANewHash() throws {
        let weak = try PasswordHash(of: "password1", cost: .weakest)
        #expect(weak.needsRehash())
        #expect(!weak.needsRehash(cost: .weakest))
        let strong = try PasswordHash(of: "password1")
        #expect(strong.text.contains("m=65536,t=2,p=1"))
        #expect(!strong.needsRehash() && strong.verify("password1"))
    }
}

@Suite struct PhoneTests {
    @Test(arguments: [
        ("13812345678", "13812345678", Phone.Kind.mobile), ("+86 138-1234-5678", "13812345678", .mobile),
        ("0086 13812345678", "13812345678", .mobile), ("8613812345678", "13812345678", .mobile),
        ("\u{FF11}\u{FF13}\u{FF18}12345678", "13812345678", .mobile), ("19912345678", "19912345678", .mobile),
        ("138\u{2014}1234\u{3000}5678", "13812345678", .mobile), ("0971-1234567", "09711234567", .fixed),
        ("010 12345678", "01012345678", .fixed), ("01012345678-22", "01012345678-22", .fixed),
        ("0971-12345678-12345", "097112345678-12345", .fixed), ("+86-971-1234567", "09711234567", .fixed),
        ("+86 10 12345678", "01012345678", .fixed), ("400-123-4567", "4001234567", .service),
        ("8001234567", "8001234567", .service), ("12345", "12345", .short), ("110", "110", .short),
        ("119", "119", .short), ("120", "120", .short), ("96123", "96123", .short),
    ])
    func numbersAreBroughtToOneForm(input: String, text: String, kind: Phone.Kind) throws {
        let phone = try #require(Phone(input))
        #expect(phone.text == text)
        #expect(phone.kind == kind)
        #expect(Phone(phone.text) == phone)
    }

    @Test(arguments: [
        "", " ", "-", "+", "+86", "12812345678", "1381234567", "138123456789", "1381234567a", "138+12345678", "111",
        "96", "9612", "961234", "1234", "123456", "0971", "0971-123456", "0971-123456789", "0971-1234567-",
        "00971-1234567",
        "0971-1234567-123456", "0971-1234567-1-2", "971-1234567", "4001234", "40012345678", "+1 4155550100", "+8612345",
        "138123\u{4E94}5678", "'; drop table", "\u{0661}\u{0663}812345678", "0086", "--110",
    ])
    func whatIsNoNumberIsRefused(input: String) {
        #expect(Phone(input) == nil)
    }

    @Test func everyMobilePrefixIsJudgedByTheRule() {
        for prefix in 10...19 { #expect((Phone("\(prefix)812345678") != nil) == (prefix >= 13)) }
    }

    @Test func maskingHidesTheMiddle() throws {
        #expect(try #require(Phone("13812345678")).masked == "138****5678")
        #expect("\(try #require(Phone("13812345678")))" == "138****5678")
        #expect(try #require(Phone("0971-1234567-12")).masked == "097****4567")
        #expect(try #require(Phone("4001234567")).masked == "400****4567")
        #expect(try #require(Phone("12345")).masked == "12345")
    }

    @Test func garbageNeverCrashes() {
        var random = SeededRandom(seed: 11)
        let alphabet = Array("0123456789+- 86a\u{FF10}\u{2014}".unicodeScalars)
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...16, using: &random) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            if let phone = Phone(text) { #expect(Phone(phone.text) == phone) }
        }
    }
}

@Suite struct PhoneSealTests {
    private let person = PersonID(77)
    private let old = SymmetricKey(data: [UInt8](repeating: 1, count: 32))
    private let new = SymmetricKey(data: [UInt8](repeating: 2, count: 32))
    private let blind = SymmetricKey(data: [UInt8](repeating: 3, count: 32))
    private func phone(_ text: String = "13812345678") throws -> Phone { try #require(Phone(text)) }

    @Test func opensOnlyForItsPersonAndUnchanged() throws {
        let seal = try PhoneSeal(keys: [1: old], blind: blind, randomBytes: source(seed: 1))
        let sealed = try seal.seal(try phone(), of: person)
        #expect(sealed.count == 1 + 12 + 24 + 16)
        #expect(try seal.open(sealed, of: person) == phone())
        #expect(throws: SecretFault.unsealable) { try seal.open(sealed, of: PersonID(78)) }
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: SecretFault.unsealable) { try seal.open(changed, of: person) }
        }
        for length in 0..<sealed.count {
            #expect(throws: SecretFault.unsealable) { try seal.open(Array(sealed.prefix(length)), of: person) }
        }
        #expect(throws: SecretFault.unsealable) { try seal.open(sealed + [0], of: person) }
    }

    @Test func lengthSaysNothingAndTheSameNumberIsNeverSealedAlike() throws {
        let seal = try PhoneSeal(keys: [1: old], blind: blind, randomBytes: source(seed: 1))
        let lengths = try ["110", "13812345678", "0971-12345678-12345"].map {
            try seal.seal(phone($0), of: person).count
        }
        #expect(Set(lengths).count == 1)
        #expect(try seal.seal(phone(), of: person) != seal.seal(phone(), of: person))
    }

    @Test func olderKeysOpenAndTheHighestSeals() throws {
        let before = try PhoneSeal(keys: [1: old], blind: blind, randomBytes: source(seed: 1))
        let after = try PhoneSeal(keys: [1: old, 2: new], blind: blind, randomBytes: source(seed: 2))
        let sealed = try before.seal(try phone(), of: person)
        #expect(try after.open(sealed, of: person) == phone())
        #expect(after.needsReseal(sealed) && !before.needsReseal(sealed))
        let again = try after.seal(try phone(), of: person)
        #expect(again.first == 2 && !after.needsReseal(again))
        #expect(throws: SecretFault.unsealable) { try before.open(again, of: person) }
        #expect(after.index(try phone()) == before.index(try phone()))
    }

    @Test func indexesFindEqualNumbersOnly() throws {
        let seal = try PhoneSeal(keys: [1: old], blind: blind, randomBytes: source(seed: 1))
        let other = try PhoneSeal(keys: [1: old], blind: new, randomBytes: source(seed: 1))
        #expect(seal.index(try phone()).count == 16)
        #expect(seal.index(try phone("+86 138 1234 5678")) == seal.index(try phone()))
        #expect(seal.index(try phone("13812345679")) != seal.index(try phone()))
        #expect(other.index(try phone()) != seal.index(try phone()))
        #expect(seal.lastFourIndex(try phone()) == seal.lastFourIndex("5678"))
        #expect(seal.lastFourIndex(try phone("0971-1235678-99")) == seal.lastFourIndex("5678"))
        #expect(seal.lastFourIndex(try phone("12345")) == nil)
        for bad in ["", "567", "56789", "567a", "\u{FF15}678"] { #expect(seal.lastFourIndex(bad) == nil) }
    }

    @Test func badKeysAndPoorRandomnessAreRefused() throws {
        #expect(throws: SecretFault.keysMissing) {
            try PhoneSeal(keys: [:], blind: blind, randomBytes: source(seed: 1))
        }
        let short = SymmetricKey(data: [UInt8](repeating: 1, count: 16))
        #expect(throws: SecretFault.keysDamaged) {
            try PhoneSeal(keys: [1: short], blind: blind, randomBytes: source(seed: 1))
        }
        let seal = try PhoneSeal(keys: [1: old], blind: blind, randomBytes: { _ in [] })
        #expect(throws: SecretFault.randomness) { try seal.seal(try phone(), of: person) }
    }
}

@Suite struct CodeAndTokenTests {
    @Test func codesAreSixDigitsWithoutBias() throws {
        let random = source(seed: 9)
        var firsts = [Int](repeating: 0, count: 10)
        for _ in 0..<20_000 {
            let code = try OneTimeCode(randomBytes: random)
            #expect(code.text.utf8.count == 6)
            firsts[Int(try #require(code.text.utf8.first)) - 48] += 1
        }
        for count in firsts { #expect((1800...2200).contains(count)) }
    }

    @Test func valuesAboveTheLastWholeMillionAreDrawnAgain() throws {
        func code(_ draws: [UInt32]) throws -> String {
            var rest = draws[...]
            return try OneTimeCode(randomBytes: { _ in
                let value = rest.popFirst() ?? 0
                return (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
            }).text
        }
        #expect(try code([4_293_999_999]) == "999999")
        #expect(try code([4_294_000_000, 42]) == "000042")
        #expect(try code([0]) == "000000")
        #expect(throws: SecretFault.randomness) { try OneTimeCode(randomBytes: { [UInt8](repeating: 255, count: $0) }) }
        #expect(throws: SecretFault.randomness) { try OneTimeCode(randomBytes: { _ in [1, 2] }) }
    }

    @Test func codeMatchesItsPurposeAndPhoneOnly() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 4, count: 32))
        let phone = try #require(Phone("13812345678"))
        let other = try #require(Phone("13812345679"))
        let code = try #require(OneTimeCode(typed: " 012 345 "))
        #expect(code.text == "012345")
        let digest = code.digest(purpose: "signIn", phone: phone, key: key)
        #expect(digest.count == 32)
        #expect(code.matches(digest, purpose: "signIn", phone: phone, key: key))
        #expect(!code.matches(digest, purpose: "reset", phone: phone, key: key))
        #expect(!code.matches(digest, purpose: "signIn", phone: other, key: key))
        #expect(!code.matches([], purpose: "signIn", phone: phone, key: key))
        #expect(OneTimeCode(typed: "\u{FF10}12345") == code)
        #expect(OneTimeCode(typed: "01234") == nil && OneTimeCode(typed: "0123456") == nil)
        #expect(OneTimeCode(typed: "01234x") == nil)
        #expect("\(code)" == "OneTimeCode(hidden)")
    }

    @Test func tokensAreReadBackAndHidden() throws {
        let token = try Token(randomBytes: source(seed: 1))
        #expect(token.text.hasPrefix("rs_") && token.text.utf8.count == 46)
        #expect(Token(token.text) == token)
        #expect(Token(token.text)?.digest == token.digest)
        #expect(token.digest.count == 32)
        #expect(try Token(randomBytes: source(seed: 2)) != token)
        #expect("\(token)" == "Token(hidden)")
        for bad in ["", "rs_", token.text + "A", String(token.text.dropLast()), "xx_" + token.text.dropFirst(3)] {
            #expect(Token(bad) == nil)
        }
        #expect(Token(token.text.dropLast() + "!") == nil)
        #expect(throws: SecretFault.randomness) { try Token(randomBytes: { _ in [] }) }
    }

    @Test func base64URLIsReadBackAndStrict() {
        var random = SeededRandom(seed: 2)
        for length in 0..<80 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.encode(Array("foobar?>".utf8)) == "Zm9vYmFyPz4")
        for bad in ["A", "AB", "Zm9=", "Zm9v+", "Zm 9"] { #expect(Base64URL.decode(bad) == nil) }
    }

    @Test func comparisonKnowsLengthAndContent() {
        #expect(constantTimeEqual([UInt8](), [UInt8]()))
        #expect(constantTimeEqual([1, 2, 3] as [UInt8], [1, 2, 3] as [UInt8]))
        #expect(!constantTimeEqual([1, 2, 3] as [UInt8], [1, 2, 4] as [UInt8]))
        #expect(!constantTimeEqual([1, 2, 3] as [UInt8], [1, 2] as [UInt8]))
    }
}

@Suite struct KeyFileTests {
    private func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "rb"))
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 10_000)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
    private func write(_ path: String, _ text: String) throws {
        unlink(path)
        let file = try #require(fopen(path, "wb"))
        fputs(text, file)
        fclose(file)
        chmod(path, 0o600)
    }

    @Test func madeOnceThenLoaded() throws {
        let folder = try temporaryFolder()
        #expect(throws: SecretFault.keysMissing) { try KeyFile.load(folder: folder) }
        let first = try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: 1))
        let second = try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: 2))
        for name in KeyName.allCases { #expect(try first.key(name) == second.key(name)) }
        #expect(Set(try KeyName.allCases.map { try first.key($0).withUnsafeBytes { Array($0) } }).count == 5)
        var status = stat()
        #expect(stat(folder + "/keys", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        unlink(folder + "/keys")
        #expect(rmdir(folder) == 0, "nothing temporary is left")
    }

    @Test(arguments: [0o644, 0o640, 0o604, 0o620, 0o601] as [mode_t])
    func readableByOthersIsRefused(mode: mode_t) throws {
        let folder = try temporaryFolder()
        _ = try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: 1))
        chmod(folder + "/keys", mode)
        #expect(throws: SecretFault.keysExposed) { try KeyFile.load(folder: folder) }
        #expect(throws: SecretFault.keysExposed) {
            try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: 1))
        }
    }

    @Test func linksAndFoldersAreRefused() throws {
        let folder = try temporaryFolder()
        _ = try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: 1))
        rename(folder + "/keys", folder + "/elsewhere")
        symlink(folder + "/elsewhere", folder + "/keys")
        #expect(throws: SecretFault.keysExposed) { try KeyFile.load(folder: folder) }
        unlink(folder + "/keys")
        mkdir(folder + "/keys", 0o700)
        #expect(throws: SecretFault.keysExposed) { try KeyFile.load(folder: folder) }
    }

    @Test func damagedFilesAreRefusedAndSeveralNumbersRead() throws {
        let folder = try temporaryFolder()
        _ = try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: 1))
        let path = folder + "/keys"
        let good = try text(path)
        let other = Base64URL.encode([UInt8](repeating: 8, count: 32))
        try write(path, good + "phone 2 \(other)\n")
        let keys = try KeyFile.load(folder: folder)
        #expect(keys.keys(.phone).keys.sorted() == [1, 2])
        #expect(try keys.key(.phone) == SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
        let seal = try PhoneSeal(keys, randomBytes: source(seed: 3))
        #expect(try seal.seal(#require(Phone("110")), of: PersonID(1)).first == 2)
        let lines = good.split(separator: "\n")
        for bad in [
            "", "\n", String(good.dropLast()), String(good.dropLast(3)) + "\n",
            lines.dropLast().joined(separator: "\n") + "\n",
            good + "other 1 \(other)\n", good + "phone 1 \(other)\n", good + "phone 0 \(other)\n",
            good + "phone 300 \(other)\n",
            good + "phone 2 AAAA\n", good + "x\n", lines.dropFirst().joined(separator: "\n") + "\n",
        ] {
            try write(path, bad)
            #expect(throws: SecretFault.keysDamaged) { try KeyFile.load(folder: folder) }
        }
    }

    @Test func manyThatStartAtOnceGetTheSameKeys() async throws {
        let folder = try temporaryFolder()
        let keys = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for seed in 0..<16 {
                group.addTask {
                    let file = try KeyFile.loadOrCreate(folder: folder, randomBytes: source(seed: UInt64(seed)))
                    return try file.key(.phone).withUnsafeBytes { Array($0) }
                }
            }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(keys.count == 1)
    }
}

/// What several tasks write down.
private final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    var now: Value { value.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
}

@Suite struct GateTests {
    /// Lets other tasks run until the condition holds; fails rather than hangs.
    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<1_000_000 where !condition() { await Task.yield() }
        try #require(condition())
    }

    @Test func noMoreThanTheLimitAreInside() async throws {
        let gate = Gate(limit: 3)
        let counts = Shared((inside: 0, most: 0, all: 0))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await gate.run {
                        counts.change {
                            $0.inside += 1
                            $0.most = max($0.most, $0.inside)
                            $0.all += 1
                        }
                        for _ in 0..<5 { await Task.yield() }
                        counts.change { $0.inside -= 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.now.most <= 3 && counts.now.most > 0)
        #expect(counts.now.all == 100 && counts.now.inside == 0)
    }

    @Test func firstComeFirstServedAndCancelledOnesLeave() async throws {
        let gate = Gate(limit: 1, waiting: 4)
        let order = Shared<[Int]>([])
        let (signal, open) = AsyncStream<Void>.makeStream()
        let holder = Task { try await gate.run { for await _ in signal { break } } }
        var waiters: [Task<Void, any Error>] = []
        // The holder is inside when the first waiter has to wait.
        for number in 0..<4 {
            waiters.append(
                Task {
                    try await until { number > 0 || gate.isBusy }
                    try await gate.run { order.change { $0.append(number) } }
                })
            try await until { gate.waiting == number + 1 }
        }
        await #expect(throws: Gate.Full.self) { try await gate.run {} }
        waiters[1].cancel()
        await #expect(throws: CancellationError.self) { try await waiters[1].value }
        #expect(gate.waiting == 3)
        open.yield()
        try await holder.value
        for number in [0, 2, 3] { try await waiters[number].value }
        #expect(order.now == [0, 2, 3])
        #expect(!gate.isBusy)
    }

    @Test func errorsGiveThePlaceBack() async throws {
        struct Oops: Error {}
        let gate = Gate(limit: 1)
        for _ in 0..<5 { await #expect(throws: Oops.self) { try await gate.run { throw Oops() } } }
        #expect(try await gate.run { 42 } == 42)
        let cancelled = Task {
            try await until { Task.isCancelled }
            try await gate.run {}
        }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(try await gate.run { 43 } == 43)
    }
}

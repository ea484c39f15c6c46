import Kernel
import Testing

@testable import Directory

@Suite struct TOTPTests {
    /// RFC 6238, appendix B, SHA-1: the last six digits of its eight.
    @Test func codesAreThoseOfTheStandard() throws {
        let totp = try #require(TOTP(bytes: Array("12345678901234567890".utf8)))
        let vectors: [(Int64, String)] = [
            (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
            (2_000_000_000, "279037"), (20_000_000_000, "353130"),
        ]
        for (second, code) in vectors {
            #expect(totp.code(step: TOTP.step(at: Instant(ms: second * 1000))) == code, "\(second)")
        }
        // RFC 4226, appendix D.
        let counted = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
        ]
        for (counter, code) in counted.enumerated() { #expect(totp.code(step: Int64(counter)) == code) }
    }

    @Test func aClockMayBeOneStepOffAndACodeIsUsedOnce() throws {
        let totp = try #require(TOTP(bytes: Array(repeating: 7, count: 20)))
        let now = Instant(ms: 1_700_000_000_000)
        let here = TOTP.step(at: now)
        for step in here - 3...here + 3 {
            let found = totp.step(of: totp.code(step: step), at: now, after: 0)
            #expect(found == (abs(step - here) <= 1 ? step : nil), "\(step - here)")
        }
        #expect(totp.step(of: totp.code(step: here), at: now, after: here) == nil)
        #expect(totp.step(of: totp.code(step: here + 1), at: now, after: here) == here + 1)
        for bad in ["", "12345", "1234567", "abcdef"] { #expect(totp.step(of: bad, at: now, after: 0) == nil) }
    }

    @Test func theSecretIsWrittenAndReadAsAppsDo() throws {
        // RFC 4648, 10.
        for (plain, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            #expect(Base32.encode(Array(plain.utf8)) == text)
            #expect(Base32.decode(text) == Array(plain.utf8))
        }
        let totp = try #require(TOTP(bytes: (0..<20).map { UInt8($0 * 11) }))
        #expect(totp.text.utf8.count == 32 && TOTP(text: totp.text) == totp)
        #expect(totp.groups.split(separator: " ").count == 8)
        #expect(totp.address(login: "a b&c").hasPrefix("otpauth://totp/RedSteward:a%20b%26c?secret=\(totp.text)&"))
        #expect("\(totp)" == "TOTP(hidden)")
        for bad in ["", "abc", "0189", totp.text + "A", String(totp.text.dropLast())] {
            #expect(TOTP(text: bad) == nil)
        }
        #expect(TOTP(bytes: Array(repeating: 1, count: 19)) == nil)
    }
}

@Suite struct PasswordRuleTests {
    private let asvs = SecuritySeed.standard
    private let djbh = SecuritySeed.djbh

    @Test func longPasswordsNeedOnlyLengthAndNotToBeCommon() {
        for good in [
            "long enough word", "another long one 2026", "first-password", "correct horse battery", "雨停了我们去河边散步看看花吧",
            "rkq7-m2v9x-t4bd8-w6nzp", "tirolean gasket",
        ] {
            #expect(asvs.judge(good, own: ["grid", "赵敏"]) == nil, "\(good)")
        }
        #expect(asvs.judge("elevenchars", own: []) == .short(12))
        #expect(asvs.judge("十一个字的密码不够长啊", own: []) == .short(12))
        #expect(asvs.judge(String(repeating: "xyq8", count: 33), own: []) == .long)
        #expect(asvs.judge("nul\u{0}in the middle", own: []) == .long)
    }

    @Test func whatEverybodyTriesFirstIsRefused() {
        for bad in [
            "password1234", "Password2026!", "123456789012", "1234567890ab", "qwertyuiop12", "1qaz2wsx3edc",
            "111111111111",
            "aaaaaaaaaaaaa", "abcabcabcabc", "iloveyou1314", "woaini5201314", "P@ssw0rd2024", "admin-admin-admin",
            "Welcome123456", "zhangwei1990zhangwei", "redsteward2026", "hongguanjia888", "asdfghjkl;12", "987654321098",
            "letmein-letmein", "q1w2e3r4t5y6", "Football1999!!", "mima12345678", "grid-grid-2026", "x1x1x1x1x1x1",
        ] {
            #expect(asvs.judge(bad, own: ["grid", "zhangwei"]) == .common, "\(bad)")
        }
        // The same is one's own only for whom it names.
        #expect(asvs.judge("zhaomin-1987-x", own: ["zhaomin"]) == .common)
        #expect(asvs.judge("zhaomin-1987-x", own: ["someoneelse"]) == nil)
    }

    @Test func theOtherProfileAsksForKindsAgeAndHistory() {
        #expect(djbh.judge("Tr7x!m2q", own: []) == nil)
        #expect(djbh.judge("Tr7x!m2", own: []) == .short(8))
        #expect(djbh.judge("trqxbmzq", own: []) == .kinds(3))
        #expect(djbh.judge("trqxbmz7", own: []) == .kinds(3))
        #expect(djbh.judge("Trqxbmz7", own: []) == nil)
        #expect(djbh.judge("Passw0rd!", own: []) == .common)
        let now = Instant(ms: 1_800_000_000_000)
        #expect(!djbh.isAged(setAt: now.adding(days: -89), now: now))
        #expect(djbh.isAged(setAt: now.adding(days: -90), now: now))
        #expect(djbh.isAged(setAt: Instant(ms: 0), now: now) && !asvs.isAged(setAt: Instant(ms: 0), now: now))
        // A clock that was put back ages nothing.
        #expect(!djbh.isAged(setAt: now.adding(days: 5), now: now))
        for profile in SecuritySeed.profiles { #expect(!profile.source.isEmpty && profile.since.number > 0) }
    }

    @Test func whatIsAskedNextFollowsFromWhatIsKnown() {
        for hasFactor in [false, true] {
            for isProved in [false, true] {
                for isNeeded in [false, true] {
                    for isAged in [false, true] {
                        let next = StepKind.next(
                            hasFactor: hasFactor, isProved: isProved, isNeeded: isNeeded, isAged: isAged)
                        let expected: StepKind? =
                            !isProved && hasFactor
                            ? .factor : !isProved && isNeeded ? .enrol : isAged ? .password : nil
                        #expect(next == expected)
                    }
                }
            }
        }
    }
}

/// The three posts share nothing.
@Suite struct SeparationTests {
    @Test func noVerbIsOfTwoOfTheSeparatePosts() {
        for verb in Verb.allCases {
            let holders = Role.separate.filter { $0.verbs.contains(verb) }
            #expect(holders.count <= 1, "\(verb) \(holders)")
        }
        #expect(Role.security.verbs == [.securityEdit] && Role.auditor.verbs == [.auditRead])
        for role in Role.allCases where !Role.separate.contains(role) {
            #expect(!role.verbs.contains(.securityEdit) && !role.verbs.contains(.auditRead), "\(role)")
        }
    }
}

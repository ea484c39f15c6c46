import Crypto
import Kernel

/// The secret that a person's app and the house share (RFC 6238): 20 bytes, SHA-1, six digits, thirty seconds, as the
/// apps expect. Its description hides it.
package struct TOTP: Sendable, Equatable, CustomStringConvertible {
    package static let stepMs: Int64 = 30_000
    /// Steps that a clock may be fast or slow.
    package static let slack: Int64 = 1
    private static let byteCount = 20

    private let bytes: [UInt8]

    /// - Parameter bytes: 20, from a source for secrets.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// One that was written by `text`; nil for anything else.
    package init?(text: String) {
        guard let bytes = Base32.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// 32 letters and digits (RFC 4648, 6).
    package var text: String { Base32.encode(bytes) }

    /// In groups of four, to be typed by hand.
    package var groups: String {
        let letters = Array(text)
        return stride(from: 0, to: letters.count, by: 4).map { String(letters[$0..<min($0 + 4, letters.count)]) }
            .joined(separator: " ")
    }

    /// What the QR code says.
    package func address(login: String) -> String {
        let name = Base32.escaped(login)
        return "otpauth://totp/RedSteward:\(name)?secret=\(text)&issuer=RedSteward&algorithm=SHA1&digits=6&period=30"
    }

    package static func step(at now: Instant) -> Int64 { now.ms / stepMs }

    /// Six digits (RFC 4226, 5.3).
    package func code(step: Int64) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> Int64(56 - 8 * $0)) }
        let mac = Array(
            HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: bytes)))
        let at = Int(mac[mac.count - 1] & 15)
        let number = mac[at..<at + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }

    /// The step whose code this is, of those that may be meant now and come after the last that was used; nil for none.
    package func step(of code: String, at now: Instant, after last: Int64) -> Int64? {
        let here = Self.step(at: now)
        var found: Int64?
        for step in here - Self.slack...here + Self.slack where step > last {
            if constantTimeEqual(self.code(step: step).utf8, code.utf8) { found = step }
        }
        return found
    }

    package var description: String { "TOTP(hidden)" }
}

/// RFC 4648, 6, without padding.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var bits = 0
        var pending: UInt32 = 0
        for byte in bytes {
            pending = (pending << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                result.append(alphabet[Int(pending >> UInt32(bits)) & 31])
            }
        }
        if bits > 0 { result.append(alphabet[Int(pending << UInt32(5 - bits)) & 31]) }
        return String(decoding: result, as: UTF8.self)
    }

    /// Nil for other characters, an impossible length, and bits that stand for nothing.
    static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var bits = 0
        var pending: UInt32 = 0
        for byte in text.utf8 {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            pending = (pending << 5 | UInt32(value)) & 0xFFFF
            bits += 5
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        guard bits < 5, pending & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return result
    }

    /// For an address: everything but letters, digits and a few signs as `%XX`.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte -> String in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: String(UnicodeScalar(byte))
            default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }.joined()
    }
}

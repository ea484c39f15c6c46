/// A typed, time-ordered 64-bit identifier.
///
/// Guarantees: positive; ids made later by one server sort later; two servers with different node numbers never make
/// the same id. Layout, high to low: 41 bits of milliseconds since 2020-01-01T00:00Z, 10 bits of node, 12 bits of
/// sequence. The text form is 13 lower-case Crockford base-32 characters, which sort like the numbers; JSON and URLs
/// carry that form, because a 64-bit integer does not survive a JavaScript number.
package struct ID<Of>: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let raw: Int64

    package init(_ raw: Int64) { self.raw = raw }

    /// Reads the text form. Returns nil for anything but 13 characters of the alphabet that make a positive number.
    package init?(text: some StringProtocol) {
        guard text.utf8.count == 13 else { return nil }
        var value: UInt64 = 0
        for (position, byte) in text.utf8.enumerated() {
            let digit = IDText.values[Int(byte)]
            guard digit < 32, position > 0 || digit < 8 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        guard value > 0, value <= UInt64(Int64.max) else { return nil }
        raw = Int64(value)
    }

    package var text: String {
        var value = UInt64(bitPattern: raw)
        return String(unsafeUninitializedCapacity: 13) { buffer in
            var index = 12
            while index >= 0 {
                buffer[index] = IDText.alphabet[Int(value & 31)]
                value >>= 5
                index -= 1
            }
            return 13
        }
    }

    /// The smallest number that an id of this moment may have.
    package static func least(at moment: Instant) -> Int64 { max(0, min(moment.ms - IDText.epochMs, 1 << 40)) << 22 }

    package var description: String { text }
    package static func < (a: Self, b: Self) -> Bool { a.raw < b.raw }

    /// The moment this id was made, by the clock of the server that made it.
    package var madeAt: Instant { Instant(ms: (raw >> 22) + IDText.epochMs) }
}

enum IDText {
    static let epochMs: Int64 = 1_577_836_800_000
    static let alphabet: [UInt8] = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() {
            table[Int(byte)] = UInt8(value)
            if byte > 0x60 { table[Int(byte) - 32] = UInt8(value) }
        }
        return table
    }()
}

package enum AreaTag {}
package enum PersonTag {}
package enum OrganisationTag {}
package enum PostTag {}
package typealias AreaID = ID<AreaTag>
package typealias PersonID = ID<PersonTag>
package typealias OrganisationID = ID<OrganisationTag>
package typealias PostID = ID<PostTag>

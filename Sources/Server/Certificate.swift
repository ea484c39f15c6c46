import Foundation
import Kernel

/// Reads until when a certificate holds; nothing else of it.
enum Certificate {
    /// The end of the first certificate of a PEM file: the server's own, by custom. Nil for what is none.
    static func end(pem: String) -> Instant? {
        guard let start = pem.range(of: "-----BEGIN CERTIFICATE-----"),
            let stop = pem.range(of: "-----END CERTIFICATE-----", range: start.upperBound..<pem.endIndex),
            let der = Data(
                base64Encoded: String(pem[start.upperBound..<stop.lowerBound]), options: .ignoreUnknownCharacters)
        else { return nil }
        return end(der: Array(der))
    }

    /// Certificate, its body, then: version (optional), number, algorithm, issuer, validity.
    private static func end(der: [UInt8]) -> Instant? {
        var rest = der[...]
        guard var certificate = take(0x30, &rest), var body = take(0x30, &certificate) else { return nil }
        if body.first == 0xA0 { _ = take(0xA0, &body) }
        guard take(0x02, &body) != nil, take(0x30, &body) != nil, take(0x30, &body) != nil,
            var validity = take(0x30, &body), time(&validity) != nil
        else { return nil }
        return time(&validity)
    }

    /// The content of the next value, if it has this tag.
    private static func take(_ tag: UInt8, _ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.popFirst() == tag, let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            guard (0x81...0x84).contains(first) else { return nil }
            length = 0
            for _ in 0..<Int(first - 0x80) {
                guard let byte = bytes.popFirst() else { return nil }
                length = length << 8 | Int(byte)
            }
        }
        guard length <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return bytes.prefix(length)
    }

    /// `yyMMddHHmmssZ` or `yyyyMMddHHmmssZ`.
    private static func time(_ bytes: inout ArraySlice<UInt8>) -> Instant? {
        guard let tag = bytes.first, tag == 0x17 || tag == 0x18, let content = take(tag, &bytes) else { return nil }
        let digits = content.dropLast().map { Int($0) - 0x30 }
        let yearDigits = tag == 0x17 ? 2 : 4
        guard content.last == 0x5A, digits.count == yearDigits + 10, digits.allSatisfy({ (0...9).contains($0) }) else {
            return nil
        }
        func number(_ from: Int, _ count: Int) -> Int { digits[from..<from + count].reduce(0) { $0 * 10 + $1 } }
        let short = number(0, yearDigits)
        let year = tag == 0x18 ? short : short + (short < 50 ? 2000 : 1900)
        guard let day = Day(year: year, month: number(yearDigits, 2), day: number(yearDigits + 2, 2))
        else { return nil }
        let seconds =
            number(yearDigits + 4, 2) * 3600 + number(yearDigits + 6, 2) * 60 + number(yearDigits + 8, 2)
        return Instant(ms: Int64(day.number) * Instant.dayMs + Int64(seconds) * 1000)
    }
}

import Kernel

/// JSON as it is written, straight into bytes. Whoever writes keeps the brackets in order; `Shape` does.
package struct JSONText: Sendable {
    package private(set) var bytes: [UInt8] = []
    package init() { bytes.reserveCapacity(512) }

    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }
    mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }
    mutating func byte(_ byte: UInt8) { bytes.append(byte) }
    mutating func whole(_ value: Int64) { bytes.append(contentsOf: String(value).utf8) }

    mutating func text(_ value: String) {
        bytes.append(0x22)
        for byte in value.utf8 {
            switch byte {
            case 0x22: raw("\\\"")
            case 0x5C: raw("\\\\")
            case 0x0A: raw("\\n")
            case 0x0D: raw("\\r")
            case 0x09: raw("\\t")
            case 0..<0x20:
                raw("\\u00")
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    private static let digits = Array("0123456789abcdef".utf8)
}

import CIconv

#if canImport(Glibc)
    import Glibc
#endif

/// The encodings in which tables of text come.
package enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "UTF-8"
    case gb18030 = "GB18030"
    case utf16le = "UTF-16LE"
    case utf16be = "UTF-16BE"

    private static let step = 1 << 18

    /// Looks at every byte: a byte order mark decides; text that is UTF-8 to its end is UTF-8; else GB18030, when few
    /// of its bytes say no (they cost their rows only). Throws `TableFault.unknownEncoding` for anything else.
    package static func detect(_ source: any ByteSource) async throws -> TextEncoding {
        let head = try await source.read(at: 0, count: 3)
        if head.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
        if head.starts(with: [0xFF, 0xFE]) { return .utf16le }
        if head.starts(with: [0xFE, 0xFF]) { return .utf16be }
        var tail: [UInt8] = []
        var at = 0
        var isUTF8 = true
        while at < source.count {
            let bytes = tail + (try await source.read(at: at, count: step))
            at += step
            let cut = at < source.count ? Self.whole(bytes) : bytes.count
            guard String(validating: bytes[..<cut], as: UTF8.self) != nil else {
                isUTF8 = false
                break
            }
            tail = Array(bytes[cut...])
        }
        if isUTF8 { return .utf8 }
        var decoder = Transcoder(.gb18030)
        (at, tail) = (0, [])
        var bad = 0
        var good = 0
        while at < source.count {
            let text = decoder.feed(try await source.read(at: at, count: step))
            at += step
            bad += text.count { $0 == Transcoder.mark }
            good += text.count
        }
        // A file of another kind is bad in many places, a table with a broken byte in few.
        guard bad * 200 <= good + 1000 else { throw TableFault.unknownEncoding }
        return .gb18030
    }

    /// How many of the bytes do not end inside a character.
    private static func whole(_ bytes: [UInt8]) -> Int {
        var end = bytes.count
        while end > 0, bytes.count - end < 4 {
            let byte = bytes[end - 1]
            if byte < 0x80 { return end }
            if byte >= 0xC0 { return end - 1 }
            end -= 1
        }
        return bytes.count
    }
}

/// Turns bytes of an encoding into UTF-8 as they come. A byte that means nothing becomes 0xFF, which no UTF-8 holds: the
/// row that has it is bad and no other.
package struct Transcoder {
    package static let mark: UInt8 = 0xFF
    private final class Handle {
        let raw: iconv_t?
        init(_ from: String) {
            let opened = iconv_open("UTF-8", from)
            // iconv says -1 as a pointer.
            raw = UInt(bitPattern: opened) == UInt.max ? nil : opened
        }
        deinit { if let raw { iconv_close(raw) } }
    }
    private let handle: Handle?
    private var tail: [UInt8] = []
    private let unit: Int

    package init(_ encoding: TextEncoding) {
        handle = encoding == .utf8 ? nil : Handle(encoding.rawValue)
        unit = encoding == .utf16le || encoding == .utf16be ? 2 : 1
    }

    package mutating func feed(_ bytes: [UInt8]) -> [UInt8] {
        guard let handle else { return bytes }
        guard let raw = handle.raw else { return [UInt8](repeating: Self.mark, count: bytes.count) }
        var input = tail + bytes
        tail = []
        var result: [UInt8] = []
        result.reserveCapacity(input.count * 3 / 2 + 16)
        var used = 0
        let total = input.count
        var output = [UInt8](repeating: 0, count: 1 << 16)
        while used < total {
            let (taken, made, failure) = input.withUnsafeMutableBytes { source in
                output.withUnsafeMutableBytes { target -> (Int, Int, Int32) in
                    var from = source.baseAddress.map { ($0 + used).assumingMemoryBound(to: CChar.self) }
                    var left = total - used
                    var to = target.baseAddress?.assumingMemoryBound(to: CChar.self)
                    var room = target.count
                    let status = iconv(raw, &from, &left, &to, &room)
                    return (total - used - left, target.count - room, status == Int.max || status < 0 ? errno : 0)
                }
            }
            used += taken
            result += output[..<made]
            if failure == EILSEQ {
                result.append(Self.mark)
                used += min(unit, total - used)
            } else if failure == EINVAL {
                // The rest of the character comes with the next bytes.
                tail = Array(input[used...])
                break
            } else if taken == 0, made == 0 {
                break
            }
        }
        return result
    }

    /// At the end: what was left of a character.
    package mutating func finish() -> [UInt8] {
        defer { tail = [] }
        return tail.isEmpty ? [] : [Self.mark]
    }
}

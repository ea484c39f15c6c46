/// A strict, bounded reader of JSON bodies: at most 32 levels, no duplicate keys, valid UTF-8, whole input.
package struct JSONReader {
    package enum Fault: Error, Equatable { case malformed(at: Int), tooDeep, duplicateKey }

    private let bytes: [UInt8]
    private var at = 0

    package static func read(_ bytes: [UInt8]) throws(Fault) -> JSON {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.space()
        guard reader.at == bytes.count else { throw .malformed(at: reader.at) }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func space() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ byte: UInt8) throws(Fault) {
        guard at < bytes.count, bytes[at] == byte else { throw .malformed(at: at) }
        at += 1
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(Fault) -> JSON {
        for byte in text.description.utf8 { try take(byte) }
        return value
    }

    private mutating func value(depth: Int) throws(Fault) -> JSON {
        guard depth < 32 else { throw .tooDeep }
        space()
        guard at < bytes.count else { throw .malformed(at: at) }
        switch bytes[at] {
        case 0x7B: return try object(depth)
        case 0x5B: return try array(depth)
        case 0x22: return .string(try string())
        case 0x74: return try word("true", .bool(true))
        case 0x66: return try word("false", .bool(false))
        case 0x6E: return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws(Fault) -> JSON {
        try take(0x7B)
        var pairs: [(String, JSON)] = []
        space()
        if at < bytes.count, bytes[at] == 0x7D {
            at += 1
            return .object([])
        }
        while true {
            space()
            let key = try string()
            guard !pairs.contains(where: { $0.0 == key }) else { throw .duplicateKey }
            space()
            try take(0x3A)
            pairs.append((key, try value(depth: depth + 1)))
            space()
            guard at < bytes.count else { throw .malformed(at: at) }
            if bytes[at] == 0x2C {
                at += 1
            } else {
                try take(0x7D)
                return .object(pairs)
            }
        }
    }

    private mutating func array(_ depth: Int) throws(Fault) -> JSON {
        try take(0x5B)
        var items: [JSON] = []
        space()
        if at < bytes.count, bytes[at] == 0x5D {
            at += 1
            return .array([])
        }
        while true {
            items.append(try value(depth: depth + 1))
            space()
            guard at < bytes.count else { throw .malformed(at: at) }
            if bytes[at] == 0x2C {
                at += 1
            } else {
                try take(0x5D)
                return .array(items)
            }
        }
    }

    private mutating func number() throws(Fault) -> JSON {
        let start = at
        if at < bytes.count, bytes[at] == 0x2D { at += 1 }
        while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
        guard at > start, at - start <= 20,
            let value = Int64(String(decoding: bytes[start..<at], as: UTF8.self)),
            at == bytes.count || ![0x2E, 0x65, 0x45].contains(bytes[at])
        else { throw .malformed(at: start) }
        return .int(value)
    }

    private mutating func string() throws(Fault) -> String {
        try take(0x22)
        var result: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case 0x22:
                // No engine keeps a NUL.
                guard !result.contains(0), let text = String(validating: result, as: UTF8.self) else {
                    throw .malformed(at: at)
                }
                return text
            case 0x5C:
                guard at < bytes.count else { throw .malformed(at: at) }
                let escape = bytes[at]
                at += 1
                switch escape {
                case 0x22, 0x5C, 0x2F: result.append(escape)
                case 0x62: result.append(8)
                case 0x66: result.append(12)
                case 0x6E: result.append(10)
                case 0x72: result.append(13)
                case 0x74: result.append(9)
                case 0x75:
                    var code = try hex()
                    if (0xD800...0xDBFF).contains(code) {
                        try take(0x5C)
                        try take(0x75)
                        let low = try hex()
                        guard (0xDC00...0xDFFF).contains(low) else { throw .malformed(at: at) }
                        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    }
                    guard let scalar = Unicode.Scalar(code) else { throw .malformed(at: at) }
                    result += Array(String(Character(scalar)).utf8)
                default: throw .malformed(at: at)
                }
            case 0..<0x20: throw .malformed(at: at)
            default: result.append(byte)
            }
        }
        throw .malformed(at: at)
    }

    private mutating func hex() throws(Fault) -> UInt32 {
        guard at + 4 <= bytes.count,
            let value = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
        else { throw .malformed(at: at) }
        at += 4
        return value
    }
}

extension JSON {
    package subscript(key: String) -> JSON? {
        guard case .object(let pairs) = self else { return nil }
        return pairs.first { $0.0 == key }?.1
    }
    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    package var intValue: Int64? { if case .int(let value) = self { value } else { nil } }
    package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
}

/// Typed HTML. Literal parts are the program's own and trusted; every interpolated value is escaped by its type. There
/// is no way to insert a raw string by accident: a `String` is always escaped, also inside an attribute's quotes, and
/// addresses go through `Href`.
///
/// Kept as the UTF-8 bytes that go to the wire, so that joining parts copies memory and checks nothing again.
package struct HTML: ExpressibleByStringInterpolation, Sendable {
    package private(set) var bytes: [UInt8]

    package static let empty = HTML(trusted: [])

    package init(stringLiteral value: StaticString) {
        bytes = value.withUTF8Buffer { Array($0) }
    }
    package init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }
    /// Escapes.
    package init(_ value: String) {
        bytes = []
        HTML.escape(value, into: &bytes)
    }
    private init(trusted: [UInt8]) { bytes = trusted }

    /// As a string: for tests and messages. The wire takes `bytes`.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package static func + (a: HTML, b: HTML) -> HTML { HTML(trusted: a.bytes + b.bytes) }
    package static func += (a: inout HTML, b: HTML) { a.bytes.append(contentsOf: b.bytes) }
    package var isEmpty: Bool { bytes.isEmpty }

    package static func joined(_ items: some Sequence<HTML>, separator: HTML = .empty) -> HTML {
        joined(Array(items), separator: separator)
    }

    package static func joined(_ items: [HTML], separator: HTML = .empty) -> HTML {
        var result: [UInt8] = []
        result.reserveCapacity(items.reduce(0) { $0 + $1.bytes.count + separator.bytes.count })
        for (index, item) in items.enumerated() {
            if index > 0, !separator.isEmpty { result.append(contentsOf: separator.bytes) }
            result.append(contentsOf: item.bytes)
        }
        return HTML(trusted: result)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        var bytes: [UInt8] = []
        package init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount * 24)
        }
        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }
        package mutating func appendInterpolation(_ value: HTML) { bytes.append(contentsOf: value.bytes) }
        package mutating func appendInterpolation(_ value: HTML?) {
            if let value { bytes.append(contentsOf: value.bytes) }
        }
        package mutating func appendInterpolation(_ value: String) { HTML.escape(value, into: &bytes) }
        package mutating func appendInterpolation(_ value: Substring) { HTML.escape(String(value), into: &bytes) }
        package mutating func appendInterpolation(_ value: Int) { HTML.append(Int64(value), to: &bytes) }
        package mutating func appendInterpolation(_ value: some BinaryInteger) {
            HTML.append(Int64(value), to: &bytes)
        }
        package mutating func appendInterpolation(_ value: Href) { HTML.escape(value.text, into: &bytes) }
        /// A number with at most two decimals, without trailing zeros: for SVG.
        package mutating func appendInterpolation(_ value: Double) { HTML.append(hundredthsOf: value, to: &bytes) }
    }

    private static func append(_ value: Int64, to out: inout [UInt8]) {
        if value < 0 { out.append(0x2D) }
        append(value.magnitude, to: &out)
    }

    private static func append(_ value: UInt64, to out: inout [UInt8]) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            out.append(0x30 + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// Two decimals at most, no trailing zeros, no negative zero, and no exponent.
    private static func append(hundredthsOf value: Double, to out: inout [UInt8]) {
        guard value.isFinite, abs(value) < 1e12 else { return out.append(0x30) }
        let hundredths = Int64((value * 100).rounded())
        let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
        if hundredths < 0 { out.append(0x2D) }
        append(whole, to: &out)
        guard rest > 0 else { return }
        out.append(0x2E)
        out.append(0x30 + UInt8(rest / 10))
        if rest % 10 > 0 { out.append(0x30 + UInt8(rest % 10)) }
    }

    package static func number(_ value: Double) -> String {
        var bytes: [UInt8] = []
        append(hundredthsOf: value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Copies runs that need nothing; replaces the five signs of markup; drops control characters but tab and newlines.
    private static func escape(_ value: String, into out: inout [UInt8]) {
        var value = value
        value.withUTF8 { buffer in
            var start = 0
            for index in buffer.indices {
                let byte = buffer[index]
                guard byte < 0x3F, isSpecial(byte) else { continue }
                if start < index { out.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start..<index])) }
                start = index + 1
                switch byte {
                case 0x26: out.append(contentsOf: "&amp;".utf8)
                case 0x3C: out.append(contentsOf: "&lt;".utf8)
                case 0x3E: out.append(contentsOf: "&gt;".utf8)
                case 0x22: out.append(contentsOf: "&quot;".utf8)
                case 0x27: out.append(contentsOf: "&#39;".utf8)
                default: break
                }
            }
            if start < buffer.count { out.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[start...])) }
        }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09, 0x0A, 0x0D: false
        case 0x00..<0x20, 0x22, 0x26, 0x27, 0x3C, 0x3E: true
        default: false
        }
    }
}

/// An address on this site, or `tel:`. Anything else cannot be linked to.
package struct Href: Sendable {
    let text: String
    /// A path that starts with a single `/`, or a fragment, from the program's own text and encoded values.
    package init(_ path: StaticString) { text = path.description }
    package init(_ path: StaticString, _ id: String) { text = path.description + Href.encode(id) }
    package init(_ path: StaticString, _ id: String, _ rest: StaticString) {
        text = path.description + Href.encode(id) + rest.description
    }
    /// A path with a query; values are percent-encoded, pairs with an empty value are left out.
    package init(_ path: StaticString, query: [(StaticString, String)]) {
        self.init(base: path.description, query: query)
    }
    package init(_ base: Href, query: [(StaticString, String)]) { self.init(base: base.text, query: query) }
    private init(base: String, query: [(StaticString, String)]) {
        var text = base
        var mark = base.utf8.contains(0x3F) ? "&" : "?"
        for (name, value) in query where !value.isEmpty {
            text += mark
            text += name.description
            text += "="
            text += Href.encode(value)
            mark = "&"
        }
        self.text = text
    }
    /// A place on this site that came from outside (a form's `next`); nil unless it is a plain local path.
    package init?(local: String) {
        guard local.utf8.count <= 400, local.hasPrefix("/"), !local.hasPrefix("//"), !local.contains("\\"),
            local.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        text = local
    }
    package init(telephone: String) { text = "tel:" + telephone.filter { $0.isASCII && ($0.isNumber || $0 == "+") } }
    package var path: String { text }

    package static func encode(_ value: String) -> String {
        func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
            default: false
            }
        }
        guard !value.utf8.allSatisfy(isPlain) else { return value }
        var result = ""
        for byte in value.utf8 {
            switch byte {
            case _ where isPlain(byte):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result +=
                    "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

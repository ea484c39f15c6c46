/// Typed HTML. Literal parts are the program's own and trusted; every interpolated value is escaped by its type. There
/// is no way to insert a raw string by accident: a `String` is always escaped, also inside an attribute's quotes, and
/// addresses go through `Href`.
package struct HTML: ExpressibleByStringInterpolation, Sendable {
    package private(set) var text: String

    package static let empty: HTML = ""

    package init(stringLiteral value: StaticString) { text = value.description }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    /// Escapes.
    package init(_ value: some StringProtocol) {
        text = ""
        HTML.escape(value, into: &text)
    }
    private init(trusted: String) { text = trusted }

    package static func + (a: HTML, b: HTML) -> HTML { HTML(trusted: a.text + b.text) }
    package static func += (a: inout HTML, b: HTML) { a.text += b.text }
    package var isEmpty: Bool { text.isEmpty }

    package static func joined(_ items: some Sequence<HTML>, separator: HTML = .empty) -> HTML {
        var result = ""
        var first = true
        for item in items {
            if !first { result += separator.text }
            first = false
            result += item.text
        }
        return HTML(trusted: result)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 24)
        }
        package mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { buffer in text += String(decoding: buffer, as: UTF8.self) }
        }
        package mutating func appendInterpolation(_ value: HTML) { text += value.text }
        package mutating func appendInterpolation(_ value: HTML?) { if let value { text += value.text } }
        package mutating func appendInterpolation(_ value: some StringProtocol) { HTML.escape(value, into: &text) }
        package mutating func appendInterpolation(_ value: some BinaryInteger) { text += String(value) }
        package mutating func appendInterpolation(_ value: Href) { HTML.escape(value.text, into: &text) }
        /// A number with at most two decimals, without trailing zeros: for SVG.
        package mutating func appendInterpolation(_ value: Double) { text += HTML.number(value) }
    }

    /// Two decimals at most, no trailing zeros, no negative zero, and no exponent.
    package static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "0" }
        let hundredths = Int64((value * 100).rounded())
        let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
        var text = hundredths < 0 ? "-" : ""
        text += String(whole)
        if rest > 0 { text += rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)" }
        return text
    }

    static func escape(_ value: some StringProtocol, into text: inout String) {
        let special = value.utf8.contains {
            $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x22 || $0 == 0x27 || $0 < 0x20
        }
        guard special else {
            text += value
            return
        }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\n", "\t", "\r": text.unicodeScalars.append(scalar)
            default: if scalar.value >= 0x20 { text.unicodeScalars.append(scalar) }
            }
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
        let pairs = query.filter { !$0.1.isEmpty }.map { "\($0.0.description)=\(Href.encode($0.1))" }
        text = base + (pairs.isEmpty ? "" : (base.contains("?") ? "&" : "?") + pairs.joined(separator: "&"))
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
        var result = ""
        for byte in value.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result +=
                    "%" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
            }
        }
        return result
    }
}

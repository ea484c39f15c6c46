import Hummingbird
import Kernel

/// The stylesheet, the script and the mark, compiled in. Their addresses carry a digest, so browsers keep them for good.
package enum Assets {
    /// The styles of the mock-ups are one file with headed parts; a page takes the parts that its face has. A test
    /// holds every page's classes against the sheet that it links.
    package enum Sheet: String, CaseIterable, Sendable {
        /// What residents and passers-by see, and the front of the house.
        case people
        /// The staff desk with its list and case.
        case desk
        /// The numbers of many estates, at a desk and on a wall.
        case county

        /// Parts that the face has no page for.
        fileprivate var without: [String] {
            switch self {
            case .people: ["county", "index"]
            case .desk: ["county", "index", "public", "bottom bar of five", "back room"]
            case .county: ["index", "resident", "bottom bar of five", "back room"]
            }
        }
        package var css: [UInt8] {
            switch self {
            case .people: Assets.peopleCSS
            case .desk: Assets.deskCSS
            case .county: Assets.countyCSS
            }
        }
        package var href: Href {
            switch self {
            case .people: Assets.peopleHref
            case .desk: Assets.deskHref
            case .county: Assets.countyHref
            }
        }
    }

    private static let peopleCSS = sheet(.people)
    private static let deskCSS = sheet(.desk)
    private static let countyCSS = sheet(.county)
    private static let peopleHref = Href("/assets/people.css", query: [("v", digest(peopleCSS))])
    private static let deskHref = Href("/assets/desk.css", query: [("v", digest(deskCSS))])
    private static let countyHref = Href("/assets/county.css", query: [("v", digest(countyCSS))])
    static let js: [UInt8] = PackageResources.app_js
    static let script = Href("/assets/app.js", query: [("v", digest(js))])

    private static func sheet(_ sheet: Sheet) -> [UInt8] {
        let all = PackageResources.app_css + [0x0A] + PackageResources.more_css
        // A part begins with a comment at the start of a line.
        let parts = "\n\(String(decoding: all, as: UTF8.self))".split(separator: "\n/* ").filter { part in
            let name = part.hasPrefix("---------- ") ? part.dropFirst(11) : part
            return !sheet.without.contains { name.hasPrefix($0) }
        }
        return minified(PackageResources.tokens_css + Array("\n/* \(parts.joined(separator: "\n/* "))".utf8))
    }

    /// Every rule of the house: what the sheets are held against.
    package static let whole = String(
        decoding: minified(PackageResources.app_css + [0x0A] + PackageResources.more_css), as: UTF8.self)

    /// FNV-1a: a name for a cache, not a seal.
    private static func digest(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 36)
    }

    /// Drops comments and the space around punctuation; text inside quotes stays as it is.
    private static func minified(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        var quote: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                result.append(byte)
                if byte == open { quote = nil }
                index += 1
            } else if byte == 0x22 || byte == 0x27 {
                quote = byte
                result.append(byte)
                index += 1
            } else if byte == 0x2F, index + 1 < bytes.count, bytes[index + 1] == 0x2A {
                index += 2
                while index + 1 < bytes.count, !(bytes[index] == 0x2A && bytes[index + 1] == 0x2F) { index += 1 }
                index += 2
            } else if byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D {
                while index < bytes.count, [0x20, 0x0A, 0x09, 0x0D].contains(bytes[index]) { index += 1 }
                let before = result.last ?? 0x7B
                let after = index < bytes.count ? bytes[index] : 0x7D
                if ![0x7B, 0x7D, 0x3B, 0x2C, 0x3A, 0x3E].contains(before), ![0x7B, 0x7D, 0x3B, 0x3E].contains(after) {
                    result.append(0x20)
                }
            } else {
                if byte == 0x7D, result.last == 0x3B { result.removeLast() }
                result.append(byte)
                index += 1
            }
        }
        return result
    }

    package static func routes(_ table: RouteTable) {
        let forever = "public, max-age=31536000, immutable"
        table.get("/assets/people.css", .everyone) { _, _ in
            Answer.bytes(Sheet.people.css, type: "text/css; charset=utf-8", cache: forever)
        }
        table.get("/assets/desk.css", .everyone) { _, _ in
            Answer.bytes(Sheet.desk.css, type: "text/css; charset=utf-8", cache: forever)
        }
        table.get("/assets/county.css", .everyone) { _, _ in
            Answer.bytes(Sheet.county.css, type: "text/css; charset=utf-8", cache: forever)
        }
        table.get("/assets/app.js", .everyone) { _, _ in
            Answer.bytes(js, type: "text/javascript; charset=utf-8", cache: forever)
        }
        table.get("/assets/seal.svg", .everyone) { _, _ in
            Answer.bytes(PackageResources.seal_svg, type: "image/svg+xml", cache: "public, max-age=86400")
        }
        table.get("/manifest.webmanifest", .everyone) { _, context in
            let words = context.words
            return Answer.json(
                .object([
                    ("name", .string(words(.brand))), ("short_name", .string(words(.brand))),
                    ("start_url", .string("/home")), ("display", .string("standalone")),
                    ("background_color", .string("#FBF9F5")), ("theme_color", .string("#B3261E")),
                    (
                        "icons",
                        .array([
                            .object([
                                ("src", .string("/assets/seal.svg")), ("sizes", .string("any")),
                                ("type", .string("image/svg+xml")),
                            ])
                        ])
                    ),
                ]))
        }
    }
}

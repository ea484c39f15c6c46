import Crypto
import Foundation
import Kernel

/// Keys of an account at an S3-compatible store.
package struct S3Keys: Sendable {
    let id: String
    let secret: String
    /// Of keys that are lent for a while.
    let session: String?

    package init(id: String, secret: String, session: String? = nil) {
        self.id = id
        self.secret = secret
        self.session = session
    }
}

/// AWS's signature version 4 over a whole request: what S3-compatible stores ask for instead of a password.
package struct SignatureV4: Sendable {
    let keys: S3Keys
    let region: String
    var service = "s3"

    /// SHA-256 of nothing.
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// What is signed of a request. Names of headers in any case; values as they are sent.
    struct Asked {
        let method: String
        /// Encoded by `encoded`, from the first slash on.
        let path: String
        /// Not encoded yet.
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)]
        /// SHA-256 of the body in hexadecimal.
        let payload: String
    }

    /// The value of the header `Authorization`.
    func authorization(_ asked: Asked, at moment: Instant) -> String {
        "AWS4-HMAC-SHA256 Credential=\(keys.id)/\(scope(moment)), SignedHeaders=\(Self.signedHeaders(asked)), "
            + "Signature=\(signature(asked, at: moment))"
    }

    func signature(_ asked: Asked, at moment: Instant) -> String {
        Hex.text(Self.mac(signingKey(moment), stringToSign(asked, at: moment)))
    }

    func stringToSign(_ asked: Asked, at moment: Instant) -> String {
        let digest = Hex.text(SHA256.hash(data: Data(Self.canonical(asked).utf8)))
        return "AWS4-HMAC-SHA256\n\(Self.time(moment))\n\(scope(moment))\n\(digest)"
    }

    private func scope(_ moment: Instant) -> String { "\(Self.day(moment))/\(region)/\(service)/aws4_request" }

    private func signingKey(_ moment: Instant) -> [UInt8] {
        [Self.day(moment), region, service, "aws4_request"].reduce(Array("AWS4\(keys.secret)".utf8)) { key, word in
            Self.mac(key, word)
        }
    }

    static func canonical(_ asked: Asked) -> String {
        let headers = sorted(asked).map { "\($0.name):\($0.value)\n" }.joined()
        return [
            asked.method, asked.path, queryText(asked.query), headers, signedHeaders(asked), asked.payload,
        ].joined(separator: "\n")
    }

    static func signedHeaders(_ asked: Asked) -> String { sorted(asked).map(\.name).joined(separator: ";") }

    /// In order of names, values without the spaces around them and with single ones inside; equal names are joined.
    private static func sorted(_ asked: Asked) -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for header in asked.headers {
            let words = header.value.split(whereSeparator: { $0 == " " || $0 == "\t" })
            values[header.name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.joined(separator: ",")) }
    }

    /// Encoded and in the order of the signature, which is also how it is sent.
    static func queryText(_ query: [(name: String, value: String)]) -> String {
        query.map { (encoded($0.name), encoded($0.value)) }
            .sorted { Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) || ($0.0 == $1.0 && $0.1 < $1.1) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// RFC 3986 with upper-case digits: letters, digits and `-._~` stand for themselves.
    static func encoded(_ text: some StringProtocol, keepingSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
            case 0x2F where keepingSlashes: result.append(byte)
            default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `20130524T000000Z`.
    static func time(_ moment: Instant) -> String {
        let seconds = Zone.wall.msOfDay(moment) / 1000
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(day(moment))T\(two(seconds / 3600))\(two(seconds / 60 % 60))\(two(seconds % 60))Z"
    }

    /// `20130524`.
    private static func day(_ moment: Instant) -> String {
        Zone.wall.day(of: moment).description.filter { $0 != "-" }
    }

    private static func mac(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }
}

import Foundation
import Kernel
import NIOSSL

/// Where a house keeps its files: a folder, or a bucket of an S3-compatible store.
package enum FilesPlace: Sendable {
    case folder(String)
    case bucket(S3Settings)

    /// What is wrong with the words of an operator.
    package struct Wrong: Error, Sendable, Equatable {
        package let text: String
    }

    /// - Parameter text: a folder, or `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    package init(_ text: String, environment: [String: String]) throws(Wrong) {
        if text.hasPrefix("s3://") {
            self = .bucket(try S3Settings(text, environment: environment))
        } else {
            guard !text.isEmpty, !text.contains("://") else {
                throw Wrong(text: "files lie in a folder or in s3://BUCKET/PREFIX, not in \(text)")
            }
            self = .folder(text)
        }
    }

    /// The place that the environment names; nil when it names none.
    package static func named(in environment: [String: String]) throws(Wrong) -> FilesPlace? {
        guard let text = environment["REDSTEWARD_FILES"], !text.isEmpty else { return nil }
        return try FilesPlace(text, environment: environment)
    }

    package func store(_ world: World) throws(BlobFault) -> any BlobStore {
        switch self {
        case .folder(let folder): try FileStore(folder: folder)
        case .bucket(let settings): S3Store(settings, world: world)
        }
    }
}

/// A bucket, the way to it and the keys.
package struct S3Settings: Sendable {
    /// Scheme, host and port, without a slash at the end.
    let origin: String
    /// As the header `Host` says it.
    let host: String
    let region: String
    let bucket: String
    /// Empty, or with a slash at the end.
    let prefix: String
    let keys: S3Keys
    /// Whose certificates are believed, in place of the system's list; nil for that list.
    let authority: Authority?

    struct Authority: Sendable {
        let path: String
        let certificates: [NIOSSLCertificate]
    }

    /// - Parameter place: `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    package init(_ place: String, environment: [String: String]) throws(FilesPlace.Wrong) {
        func wrong(_ text: String) -> FilesPlace.Wrong { FilesPlace.Wrong(text: text) }
        func setting(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let parts = place.dropFirst("s3://".count).split(separator: "/", omittingEmptySubsequences: false)
        bucket = parts.first.map(String.init) ?? ""
        guard (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isBucketByte) else {
            throw wrong("\(place) names no bucket: 3 to 63 small letters, digits, dots and hyphens")
        }
        let folders = parts.dropFirst().last == "" ? parts.dropFirst().dropLast() : parts.dropFirst()
        guard folders.joined(separator: "/").utf8.count <= 512,
            folders.allSatisfy({ !["", ".", ".."].contains($0) && $0.utf8.allSatisfy(Self.isPrefixByte) })
        else { throw wrong("the prefix in \(place) has letters, digits, '.', '_' and '-' between single slashes") }
        prefix = folders.map { "\($0)/" }.joined()

        let named = setting("REDSTEWARD_S3_REGION") ?? setting("AWS_REGION")
        guard let id = setting("AWS_ACCESS_KEY_ID"), let secret = setting("AWS_SECRET_ACCESS_KEY") else {
            throw wrong("\(place) needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
        }
        let session = setting("AWS_SESSION_TOKEN")
        guard (id + secret + (session ?? "")).utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw wrong("the keys in the environment hold spaces or other characters that no key has")
        }
        keys = S3Keys(id: id, secret: secret, session: session)
        let written = setting("REDSTEWARD_S3_ENDPOINT")
        guard let region = named ?? (written == nil ? nil : "us-east-1"), region.utf8.allSatisfy(Self.isBucketByte)
        else {
            throw wrong("\(place) needs REDSTEWARD_S3_REGION, or REDSTEWARD_S3_ENDPOINT for a store of another maker")
        }
        self.region = region
        let endpoint = written ?? "https://s3.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")"
        guard let url = URLComponents(string: endpoint), let scheme = url.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let name = url.host, !name.isEmpty, url.user == nil,
            url.query == nil, url.fragment == nil, ["", "/"].contains(url.path), (1...65535).contains(url.port ?? 1)
        else {
            throw wrong("REDSTEWARD_S3_ENDPOINT is http:// or https:// with a host, perhaps a port, and no more")
        }
        if let path = setting("REDSTEWARD_S3_CA") ?? setting("AWS_CA_BUNDLE") {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                throw wrong("\(path) of REDSTEWARD_S3_CA or AWS_CA_BUNDLE holds no certificate (PEM) that can be read")
            }
            authority = Authority(path: path, certificates: certificates)
        } else {
            authority = nil
        }
        let isUsual = url.port == nil || url.port == (scheme == "https" ? 443 : 80)
        // An address of IPv6 has brackets around it.
        let shown = name.contains(":") && !name.hasPrefix("[") ? "[\(name)]" : name
        host = isUsual ? shown : "\(shown):\(url.port ?? 0)"
        origin = "\(scheme)://\(host)"
    }

    private static func isBucketByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
    }

    private static func isPrefixByte(_ byte: UInt8) -> Bool {
        isBucketByte(byte) || (0x41...0x5A).contains(byte) || byte == 0x5F
    }
}

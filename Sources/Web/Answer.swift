import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// Answers: pages, redirects, JSON, problems.
package enum Answer {
    package static func html(_ html: HTML, status: HTTPResponse.Status = .ok, context: WebContext) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.contentSecurityPolicy] = contentPolicy
        headers[.xContentTypeOptions] = "nosniff"
        headers[referrerPolicy] = "same-origin"
        headers[frameOptions] = "DENY"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: html.bytes)))
    }

    private static let referrerPolicy = name("Referrer-Policy")
    private static let frameOptions = name("X-Frame-Options")

    /// A header that the library has no name for.
    package static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("not a header name: \(text)") }
        return name
    }

    static let contentPolicy =
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        + "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    /// 303: the browser fetches the place with GET, so that reloading never posts again.
    package static func redirect(_ place: Href) -> Response {
        Response(status: .seeOther, headers: [.location: place.path, .cacheControl: "no-store"])
    }

    package static func json(_ value: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: value.text)))
    }

    /// RFC 9457 problem details.
    package static func problem(_ refusal: any Refusal, context: WebContext) -> Response {
        Problem(
            type: "urn:redsteward:refusal:\(refusal.name)",
            title: refusal.message.text(context.preferences.language), status: Int64(refusal.kind.status.code),
            code: refusal.name, field: refusal.field, instance: context.requestName
        ).response(refusal.kind.status)
    }

    package static func bytes(_ bytes: [UInt8], type: String, cache: String, etag: String? = nil) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: cache, .xContentTypeOptions: "nosniff"]
        if let etag { headers[.eTag] = "\"\(etag)\"" }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Content that is sent as it comes, no faster than the browser takes it. When `next` throws, the connection is cut
    /// short of `length`, so that the browser knows that it has not got everything.
    package static func stream(
        length: Int, type: String, cache: String, etag: String,
        next: @escaping @Sendable () async throws -> ByteBuffer?
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: type, .cacheControl: cache, .xContentTypeOptions: "nosniff", .eTag: "\"\(etag)\"",
        ]
        return Response(
            status: .ok, headers: headers,
            body: .init(contentLength: length) { writer in
                while let chunk = try await next() { try await writer.write(chunk) }
                try await writer.finish(nil)
            })
    }

    /// What a browser that holds the content already is told; nil when it must be sent.
    package static func unchanged(_ request: Request, cache: String, etag: String) -> Response? {
        guard let held = request.headers[.ifNoneMatch], held == "*" || held.contains("\"\(etag)\"") else { return nil }
        return Response(status: .notModified, headers: [.cacheControl: cache, .eTag: "\"\(etag)\""])
    }
}

/// A JSON value that writes itself. Objects keep the order in which they were made.
package indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case string(String)
    case array([JSON])
    case object([(String, JSON)])

    package static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
    package static func time(_ value: Instant?) -> JSON { value.map { .string(Say.iso($0)) } ?? .null }

    package var text: String {
        var result = ""
        write(&result)
        return result
    }

    private func write(_ out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .int(let value): out += String(value)
        case .string(let value): JSON.quote(value, &out)
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                item.write(&out)
            }
            out += "]"
        case .object(let pairs):
            out += "{"
            for (index, pair) in pairs.enumerated() {
                if index > 0 { out += "," }
                JSON.quote(pair.0, &out)
                out += ":"
                pair.1.write(&out)
            }
            out += "}"
        }
    }

    private static func quote(_ value: String, _ out: inout String) {
        out += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x2028 || scalar.value == 0x2029 {
                    let hex = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        out += "\""
    }
}

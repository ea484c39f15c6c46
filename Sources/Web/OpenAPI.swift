import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import Synchronization

/// The OpenAPI 3.1 document of the routes that were declared. Written once, when somebody asks.
package final class OpenAPI: Sendable {
    private let operations: [APIOperation]
    private let state = Mutex<(bytes: [UInt8], tag: String)?>(nil)

    init(_ operations: [APIOperation]) { self.operations = operations }

    package var bytes: [UInt8] { written.bytes }

    var written: (bytes: [UInt8], tag: String) {
        state.withLock { state in
            if let state { return state }
            let bytes = Array(json.text.utf8)
            let made = (bytes, APITag.of(bytes, version: nil))
            state = made
            return made
        }
    }

    private var json: JSON {
        var named: [String: JSON] = [:]
        _ = Problem.shape.schema.json(&named)
        var paths: [(String, [(String, JSON)])] = []
        for operation in operations {
            let path = Self.path(operation.path)
            let item = (operation.method.rawValue.lowercased(), Self.operation(operation, &named))
            if let index = paths.firstIndex(where: { $0.0 == path }) {
                paths[index].1.append(item)
            } else {
                paths.append((path, [item]))
            }
        }
        return .object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                .object([
                    ("title", .string("RedSteward")), ("version", .string("1")),
                    (
                        "description",
                        .string(
                            "What the pages do, for programs. Times are RFC 3339, answered in the time of China; ids "
                                + "are 13 characters. Every refusal is a problem (RFC 9457) with a code.")
                    ),
                ])
            ),
            ("paths", .object(paths.map { ($0.0, .object($0.1)) })),
            (
                "components",
                .object([
                    ("schemas", .object(named.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })),
                    (
                        "securitySchemes",
                        .object([
                            (
                                "token",
                                .object([
                                    ("type", .string("http")), ("scheme", .string("bearer")),
                                    (
                                        "description",
                                        .string("A personal token, limited to one post and to the scopes it was given.")
                                    ),
                                ])
                            ),
                            (
                                "session",
                                .object([
                                    ("type", .string("apiKey")), ("in", .string("cookie")), ("name", .string("rs_s")),
                                    (
                                        "description",
                                        .string(
                                            "A signed-in browser. Its POSTs carry `X-Form-Token` of `GET /api/v1/me`.")
                                    ),
                                ])
                            ),
                        ])
                    ),
                ])
            ),
        ])
    }

    /// `/a/:id` as `/a/{id}`.
    static func path(_ path: String) -> String {
        path.split(separator: "/").map { $0.hasPrefix(":") ? "/{\($0.dropFirst())}" : "/\($0)" }.joined()
    }

    private static func operation(_ o: APIOperation, _ named: inout [String: JSON]) -> JSON {
        let words = o.path.split(separator: "/").dropFirst(2).map { $0.filter { $0 != ":" } }
        var who =
            switch o.access {
            case .everyone: "Everyone."
            case .signedIn: "Anybody who is signed in."
            case .staff: "Anybody with a post."
            case .verb(let verb): "A post that may \(verb)."
            }
        if let area = o.api.area { who += " A token needs `\(area.rawValue):\(o.method == .get ? "read" : "write")`." }
        if !o.api.refuses.isEmpty {
            let names = Set(o.api.refuses.map(\.name)).sorted().map { "`\($0)`" }
            who += " May refuse with \(names.joined(separator: ", "))."
        }
        var pairs: [(String, JSON)] = [
            ("operationId", .string(([o.method.rawValue.lowercased()] + words).joined(separator: "_"))),
            ("tags", .array([.string(words.first ?? "")])), ("summary", .string(o.api.summary)),
            ("description", .string(who)),
            (
                "security",
                o.access == .everyone
                    ? .array([])
                    : .array(
                        ["token", "session"].map {
                            .object([($0, .array([]))])
                        })
            ),
        ]
        let parameters = parameters(o, &named)
        if !parameters.isEmpty { pairs.append(("parameters", .array(parameters))) }
        let body = o.declared.filter { $0.place == .body }
        if let upload = o.api.upload {
            let content = upload.types.map { ($0, JSON.object([])) }
            pairs.append(("requestBody", .object([("required", .bool(true)), ("content", .object(content))])))
        } else if !body.isEmpty {
            let schema = Schema.object(
                body.map {
                    (Schema.Member($0.name, $0.isRequired ? $0.schema : .orNull($0.schema), $0.about), $0.isRequired)
                },
                &named)
            pairs.append(
                (
                    "requestBody",
                    .object([
                        ("required", .bool(body.contains(where: \.isRequired))),
                        ("content", .object([("application/json", .object([("schema", schema)]))])),
                    ])
                ))
        }
        pairs.append(("responses", .object(responses(o, &named))))
        return .object(pairs)
    }

    private static func parameters(_ o: APIOperation, _ named: inout [String: JSON]) -> [JSON] {
        var result = o.declared.filter { $0.place != .body }.map { one -> JSON in
            .object([
                ("name", .string(one.name)), ("in", .string(one.place.rawValue)),
                ("required", .bool(one.place == .path || one.isRequired)), ("schema", one.schema.json(&named)),
                ("description", .string(one.about)),
            ])
        }
        func header(_ name: String, _ schema: Schema, _ about: String) {
            result.append(
                .object([
                    ("name", .string(name)), ("in", .string("header")), ("required", .bool(false)),
                    ("schema", schema.json(&named)), ("description", .string(about)),
                ]))
        }
        if o.takesKey {
            header(
                "Idempotency-Key", .text(1...80, pattern: APIHeader.keyPattern),
                "The same key with the same content is done once, however often it comes within a day.")
        }
        if o.api.isSingle, o.method == .get {
            header("If-None-Match", .text(nil), "The ETag of what is held already: 304 when nothing changed.")
        }
        if o.api.matches { header("If-Match", .text(nil), "The ETag of what was read: 412 when it changed since.") }
        return result
    }

    private static func responses(_ o: APIOperation, _ named: inout [String: JSON]) -> [(String, JSON)] {
        func content(_ type: String, _ schema: JSON) -> JSON { .object([(type, .object([("schema", schema)]))]) }
        var result: [(String, JSON)] = []
        for status in o.statuses {
            var pairs: [(String, JSON)] = [("description", .string(status == 201 ? "Made." : "Done."))]
            if let type = o.gifted {
                pairs.append(
                    (
                        "content",
                        type.hasPrefix("application/json")
                            ? content("application/json", o.gives.json(&named)) : .object([(type, .object([]))])
                    ))
            } else if o.gives != .nothing {
                pairs.append(("content", content("application/json", o.gives.json(&named))))
            }
            result.append((String(status), .object(pairs)))
        }
        if o.method == .get, o.api.isSingle {
            result.append(("304", .object([("description", .string("Unchanged."))])))
        }
        let problem = Problem.shape.schema.json(&named)
        for status in o.problems.sorted() {
            result.append(
                (
                    String(status),
                    .object([
                        ("description", .string(HTTPResponse.Status(code: status).reasonPhrase)),
                        ("content", content("application/problem+json", problem)),
                    ])
                ))
        }
        return result
    }
}

/// A refusal or a fault as RFC 9457 says it.
package struct Problem: Sendable {
    package let type: String
    package let title: String
    package let status: Int64
    package let code: String
    package let field: String?
    package let instance: String

    package static let shape = Shape<Problem>.object("Problem") {
        Member("type", .words) { $0.type }
        Member("title", .words, "In the language of the request.") { $0.title }
        Member("status", .whole) { $0.status }
        Member("code", .words, "A name that does not change.") { $0.code }
        Member("field", Shape<String>.words.orNull, "Which field it is about, if one.") { $0.field }
        Member("instance", .words, "The name of the request, as in `X-Request-Id`.") { $0.instance }
    }

    func response(_ status: HTTPResponse.Status) -> Response {
        var headers: HTTPFields = [
            .contentType: "application/problem+json; charset=utf-8", .cacheControl: "no-store",
            .xContentTypeOptions: "nosniff",
        ]
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"redsteward\"" }
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: Self.shape.bytes(self))))
    }
}

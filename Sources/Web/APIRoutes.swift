import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// What a route of `/api/v1` says of itself beside its path, its fields and its answer.
package struct API: Sendable {
    /// What happens when a request comes again with the same `Idempotency-Key`.
    package enum Repeat: Sendable {
        /// The key is not looked at.
        case none
        /// The answer is kept for a day and given again. For answers without personal data.
        case answer
        /// Nothing is done again; the handler answers anew and is told that it is a repeat.
        case again
        /// The answer held a secret and is not kept: a repeat is told so.
        case once
        /// The action knows its keys itself, in its own transaction.
        case own
    }

    let area: APIArea?
    let summary: String
    let refuses: [any Refusal]
    let repeats: Repeat
    let isSingle: Bool
    let matches: Bool
    let upload: APIUpload?

    /// - Parameters:
    ///   - area: what a token must carry; nil for what any token may.
    ///   - refuses: what the action may say no with, beside what every route may.
    ///   - isSingle: one resource, with an ETag that `If-None-Match` is compared with.
    ///   - matches: a change that honours `If-Match`.
    package init(
        _ area: APIArea?, _ summary: String, refuses: [any Refusal] = [], repeats: Repeat = .answer,
        isSingle: Bool = false, matches: Bool = false, upload: APIUpload? = nil
    ) {
        self.area = area
        self.summary = summary
        self.refuses = refuses
        self.repeats = repeats
        self.isSingle = isSingle
        self.matches = matches
        self.upload = upload
    }
}

/// A body that is a file.
package struct APIUpload: Sendable {
    let types: [String]
    package let maxBytes: Int
    /// Where it lies while it is looked at; without one the handler takes the body of the request as it comes, and
    /// keys, which are of the content, are not for it.
    let spool: Spool?
    package init(types: [String], maxBytes: Int, spool: Spool? = nil) {
        self.types = types
        self.maxBytes = maxBytes
        self.spool = spool
    }
}

/// A request that was read and may be done.
package struct APICall: Sendable {
    package let request: Request
    package let context: WebContext
    /// It was done before, under the same key.
    package internal(set) var isRepeat = false
    package internal(set) var file: SpooledFile?
    package var actor: Actor { context.actor }

    /// The key that the sender chose, if any.
    package var key: String? { request.headers[APIHeader.key] }

    /// `If-Match` against the tag of what is there now. Nothing was asked when the header did not come.
    package func mustMatch<Value>(_ shape: Shape<Value>, _ current: @autoclosure () throws -> Value) throws {
        guard let held = request.headers[.ifMatch], held != "*" else { return }
        guard APITag.contains(held, APITag.of(shape.bytes(try current()), version: nil)) else {
            throw WebRefusal.changedSince
        }
    }

    /// The version in the tag of `If-Match`; nil when the header did not come.
    package func matchedVersion() throws -> Int64? {
        guard let held = request.headers[.ifMatch], held != "*" else { return nil }
        guard let version = APITag.version(held) else { throw WebRefusal.changedSince }
        return version
    }
}

/// What a handler of the API gives back.
package struct APIAnswer<Value: Sendable>: Sendable {
    package let value: Value
    /// Counts the changes of the resource, where it has such a count: `If-Match` compares it.
    package var version: Int64?
    package var location: String?
    /// It was there already: 200 instead of 201.
    package var isRepeat = false
    package var cookies: [String] = []

    package static func ok(_ value: Value, version: Int64? = nil) -> Self { Self(value: value, version: version) }
    package static func made(_ value: Value, at location: String? = nil) -> Self {
        Self(value: value, location: location)
    }
}

extension APIAnswer where Value == Void {
    package static var done: Self { Self(value: ()) }
}

enum APIHeader {
    static let key = Answer.name("Idempotency-Key")
    static let replayed = Answer.name("Idempotency-Replayed")
    static let keyPattern = "^[!-~]{1,80}$"
}

/// ETags of single resources: `v<version>.<hash of the bytes>`.
enum APITag {
    static func of(_ bytes: [UInt8], version: Int64?) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "\"\(version.map { "v\($0)." } ?? "")\(String(hash, radix: 16))\""
    }

    static func contains(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            let one = part.drop { $0 == " " }
            return one == tag || one.hasPrefix("W/") && one.dropFirst(2) == tag
        }
    }

    static func version(_ header: String) -> Int64? {
        guard header.hasPrefix("\"v"), let dot = header.firstIndex(of: ".") else { return nil }
        return Int64(header[header.index(header.startIndex, offsetBy: 2)..<dot])
    }
}

/// A route of the API as the document and the tests see it.
package struct APIOperation: Sendable {
    package let method: HTTPRequest.Method
    package let path: String
    package let access: Access
    package let api: API
    package let declared: [Ask.Declared]
    package let gives: Schema
    /// The media type of an answer that is not JSON.
    package let gifted: String?
    package let makes: Bool

    package var isUpload: Bool { api.upload != nil }
    /// The areas of the API whose scope it needs.
    package var area: APIArea? { api.area }

    package var takesKey: Bool {
        switch api.repeats {
        case .none: false
        default: method == .post
        }
    }
    package var statuses: [Int] { gives == .nothing ? [204] : makes ? [200, 201] : [200] }

    /// Every status of a problem that the route may answer.
    package var problems: Set<Int> {
        var result: Set<Int> = [401, 429, 500, 503]
        if access != .everyone || api.area != nil || method == .post { result.insert(403) }
        if declared.contains(where: { $0.place == .path }) { result.insert(404) }
        if declared.contains(where: { $0.place == .query }) { result.insert(422) }
        if method == .post { result.formUnion([413, 415, 422]) }
        if takesKey { result.insert(409) }
        if api.matches { result.insert(412) }
        for refusal in api.refuses { result.insert(Int(refusal.kind.status.code)) }
        return result
    }

    /// A body that conforms, with every field or only those that must be there.
    package func sampleBody(whole: Bool = true) -> JSON {
        .object(
            declared.filter { $0.place == .body && (whole || $0.isRequired) }.map { ($0.name, $0.sample) })
    }
}

extension RouteTable {
    /// Declares a reading route of the API.
    package func get<A: Asked, Value>(
        _ path: String, _ access: Access, _ api: API, _ asked: A.Type, _ gives: Shape<Value>,
        _ handler: @escaping @Sendable (A, APICall) async throws -> APIAnswer<Value>
    ) {
        let operation = APIOperation(
            method: .get, path: path, access: access, api: api, declared: Ask.describe(A.self), gives: gives.schema,
            gifted: nil, makes: false)
        declare(operation) { request, context in
            let ask = Ask(context.parameters, query: request.uri.query ?? "", body: .null)
            let answer = try await handler(A(ask), APICall(request: request, context: context))
            let bytes = gives.bytes(answer.value)
            guard api.isSingle else { return Self.json(bytes, .ok) }
            let tag = APITag.of(bytes, version: answer.version)
            if let held = request.headers[.ifNoneMatch], held == "*" || APITag.contains(held, tag) {
                return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: "private, no-cache"])
            }
            var response = Self.json(bytes, .ok)
            response.headers[.eTag] = tag
            response.headers[.cacheControl] = "private, no-cache"
            return response
        }
    }

    /// Declares a reading route of the API whose answer is not JSON.
    package func get<A: Asked>(
        _ path: String, _ access: Access, _ api: API, _ asked: A.Type, type: String,
        _ handler: @escaping @Sendable (A, APICall) async throws -> Response
    ) {
        let operation = APIOperation(
            method: .get, path: path, access: access, api: api, declared: Ask.describe(A.self), gives: .anyObject,
            gifted: type, makes: false)
        declare(operation) { request, context in
            let ask = Ask(context.parameters, query: request.uri.query ?? "", body: .null)
            return try await handler(A(ask), APICall(request: request, context: context))
        }
    }

    /// Declares an acting route of the API. It answers 200, 204 when it gives `.nothing`, and 201 when it makes.
    package func post<A: Asked, Value>(
        _ path: String, _ access: Access, _ api: API, _ asked: A.Type, _ gives: Shape<Value>, makes: Bool = false,
        _ handler: @escaping @Sendable (A, APICall) async throws -> APIAnswer<Value>
    ) {
        let operation = APIOperation(
            method: .post, path: path, access: access, api: api, declared: Ask.describe(A.self), gives: gives.schema,
            gifted: nil, makes: makes)
        let known = Set(operation.declared.filter { $0.place == .body }.map(\.name))
        let keeper = services.keeper
        declare(operation) { request, context in
            let body = try await APIBody.read(request, context, api.upload, known)
            let ask = Ask(context.parameters, query: request.uri.query ?? "", body: body.json)
            let asked = try A(ask)
            var call = APICall(request: request, context: context)
            call.file = body.file
            if let sent = request.headers[APIHeader.key] {
                guard (1...80).contains(sent.utf8.count), sent.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                    throw WebRefusal.badField("Idempotency-Key")
                }
            }
            var kept: KeptKey?
            if operation.takesKey, let sent = call.key, let keeper {
                if case .own = api.repeats {
                } else {
                    let key = KeptKey(
                        owner: context.actor.person?.text ?? context.session.map(String.init),
                        key: sent, content: Array("POST \(request.uri.path)\n".utf8) + body.bytes)
                    switch try await keeper.begin(key) {
                    case .fresh: kept = key
                    case .other: throw WebRefusal.keyForOther
                    case .underWay: throw WebRefusal.keyInUse
                    case .unsettled: throw WebRefusal.keyUnsettled
                    case .done(let answer):
                        switch api.repeats {
                        case .again: call.isRepeat = true
                        case .once: throw WebRefusal.shownOnce
                        default: return Self.again(answer)
                        }
                    }
                }
            }
            let answer: APIAnswer<Value>
            do {
                answer = try await handler(asked, call)
            } catch {
                if let kept { try? await keeper?.failed(kept, error) }
                throw error
            }
            let bytes = gives.schema == .nothing ? [] : gives.bytes(answer.value)
            let status: HTTPResponse.Status =
                gives.schema == .nothing ? .noContent : makes && !answer.isRepeat ? .created : .ok
            if let kept {
                var keeps = false
                if case .answer = api.repeats { keeps = true }
                try await keeper?.finish(
                    kept,
                    KeptAnswer(status: Int(status.code), body: keeps ? bytes : [], location: answer.location ?? ""))
            }
            var response = status == .noContent ? Response(status: status) : Self.json(bytes, status)
            if let location = answer.location { response.headers[.location] = location }
            for cookie in answer.cookies { response.headers[values: .setCookie].append(cookie) }
            if call.isRepeat { response.headers[APIHeader.replayed] = "true" }
            if api.isSingle { response.headers[.eTag] = APITag.of(bytes, version: answer.version) }
            return response
        }
    }

    private static func again(_ kept: KeptAnswer) -> Response {
        let status = HTTPResponse.Status(code: kept.status)
        var response = status == .noContent ? Response(status: status) : json(kept.body, status)
        if !kept.location.isEmpty { response.headers[.location] = kept.location }
        response.headers[APIHeader.replayed] = "true"
        return response
    }

    private static func json(_ bytes: [UInt8], _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

/// The body of a POST of the API: JSON of at most 64 KiB, an object whose members are all known, or a file.
struct APIBody: Sendable {
    var json = JSON.object([])
    var bytes: [UInt8] = []
    var file: SpooledFile?

    static func read(
        _ request: Request, _ context: WebContext, _ upload: APIUpload?, _ known: Set<String>
    ) async throws -> APIBody {
        let type = (request.headers[.contentType] ?? "").split(separator: ";").first.map {
            $0.lowercased().filter { $0 != " " }
        }
        if let upload { return try await Self.file(request, upload, type ?? "") }
        guard let buffer = try? await request.body.collect(upTo: context.maxUploadSize) else {
            throw WebRefusal.tooLarge
        }
        var body = APIBody()
        body.bytes = Array(buffer.readableBytesView)
        guard !body.bytes.isEmpty else { return body }
        guard type == "application/json" else { throw WebRefusal.badType }
        guard let json = try? JSONReader.read(body.bytes), case .object(let pairs) = json else {
            throw WebRefusal.malformed
        }
        for (name, _) in pairs where !known.contains(name) { throw WebRefusal.unknownField(name) }
        body.json = json
        return body
    }

    private static func file(_ request: Request, _ upload: APIUpload, _ type: String) async throws -> APIBody {
        guard upload.types.contains(type) else { throw WebRefusal.badType }
        var body = APIBody()
        guard let file = try upload.spool?.file() else { return body }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var size = 0
        for try await chunk in request.body {
            let bytes = Array(chunk.readableBytesView)
            size += bytes.count
            guard size <= upload.maxBytes else { throw WebRefusal.tooLarge }
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            try file.append(bytes)
        }
        file.finish()
        body.bytes = Array("\(size) \(hash)".utf8)
        body.file = file
        return body
    }
}

// MARK: Keys

/// A key that somebody chose for one request, with what the request holds.
package struct KeptKey: Sendable {
    /// Who chose it; nil for a caller without a name, whom the keeper tells from others by their address.
    package let owner: String?
    package let key: String
    package let content: [UInt8]
}

package struct KeptAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]
    package let location: String
    package init(status: Int, body: [UInt8], location: String) {
        self.status = status
        self.body = body
        self.location = location
    }
}

package enum KeptState: Sendable {
    case fresh, other, underWay, unsettled
    case done(KeptAnswer)
}

/// Remembers what was answered under a key, for all servers of a house.
package protocol KeptAnswers: Sendable {
    func begin(_ key: KeptKey) async throws -> KeptState
    func finish(_ key: KeptKey, _ answer: KeptAnswer) async throws
    /// What was not done may be tried again under the same key; what may have been done may not.
    func failed(_ key: KeptKey, _ error: any Error) async throws
}

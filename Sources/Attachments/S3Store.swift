import AsyncHTTPClient
import Kernel
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Files by their content in a bucket of an S3-compatible store, named as on disk: `PREFIX/ab/cd/abcd…`.
///
/// Addresses are path-style. A body is signed with its real digest and sent with its length, so that the store refuses
/// half a file and a changed one. Nothing is made public: objects get no access rule of their own.
package struct S3Store: BlobStore {
    /// How long a store may keep people waiting.
    struct Patience: Sendable {
        /// Of one request, and no new one is begun after `total`.
        var attempts = 4
        var total = Duration.seconds(6)
        var firstPause = Duration.milliseconds(100)
        /// Until the answer begins; a body that is sent gets a second more for each 128 KiB.
        var answer = TimeAmount.seconds(5)
        /// To connect; and while nothing arrives, or the other side takes nothing.
        var connect = TimeAmount.seconds(3)
        var idle = TimeAmount.seconds(20)
    }

    private let settings: S3Settings
    private let signer: SignatureV4
    private let world: World
    private let patience: Patience

    /// - Parameter world: its time signs the requests, its chance spreads what is asked again.
    package init(_ settings: S3Settings, world: World) {
        self.init(settings, world: world, patience: Patience())
    }

    init(_ settings: S3Settings, world: World, patience: Patience) {
        self.settings = settings
        self.world = world
        self.patience = patience
        signer = SignatureV4(keys: settings.keys, region: settings.region)
    }

    package var place: String { "s3://\(settings.bucket)/\(settings.prefix) at \(settings.origin)" }

    package func put(path: String, as name: ContentName) async throws {
        let file = try await Blocking.run { try OpenFile(path) }
        try await asking {
            // The reader holds the last chunk back until the content has proved right: a file that has changed on the
            // disk breaks the request off, and the store keeps nothing.
            let body = Body(reader: BlobReader(name, length: file.length, file.chunks))
            let response = try await send(
                .PUT, name, payload: name.text, body: .stream(body, length: .known(Int64(file.length))),
                wait: patience.answer + .seconds(Int64(file.length >> 17)))
            try await accept(response)
        }
    }

    package func reader(_ name: ContentName) async throws -> BlobReader {
        try await asking {
            let response = try await send(.GET, name, wait: patience.answer)
            guard response.status == .ok else { throw try await fault(response) }
            guard let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length >= 0 else {
                throw BlobFault.refused("an answer without its length")
            }
            return BlobReader(name, length: length, Chunks(source: response.body.makeAsyncIterator()))
        }
    }

    package func exists(_ name: ContentName) async throws -> Bool {
        try await asking {
            let response = try await send(.HEAD, name, wait: patience.answer)
            if response.status == .notFound { return false }
            try await accept(response)
            return true
        }
    }

    package func delete(_ name: ContentName) async throws {
        try await asking {
            let response = try await send(.DELETE, name, wait: patience.answer)
            if response.status == .notFound, try await fault(response) as? BlobFault == .missing { return }
            try await accept(response)
        }
    }

    package func list(_ each: (ContentName, Int) async throws -> Void) async throws {
        var token: String?
        repeat {
            let page = try await page(after: token, limit: 1000)
            for file in page.files {
                guard file.key.hasPrefix(settings.prefix) else { continue }
                let rest = file.key.dropFirst(settings.prefix.count)
                guard let name = try? ContentName(rest.suffix(64)), name.place == rest else { continue }
                try await each(name, file.size)
            }
            guard page.next == nil || page.next != token else { throw BlobFault.refused("a listing that goes round") }
            token = page.next
        } while token != nil
    }

    package func localPath(of name: ContentName) async throws -> String? { nil }

    package func check() async throws { _ = try await page(after: nil, limit: 1) }

    private func page(after token: String?, limit: Int) async throws -> S3Listing {
        var query = [("list-type", "2"), ("max-keys", "\(limit)"), ("prefix", settings.prefix)]
        if let token { query.append(("continuation-token", token)) }
        let asked = query
        return try await asking {
            let response = try await send(.GET, nil, query: asked, wait: patience.answer)
            guard response.status == .ok else { throw try await fault(response) }
            let body = try await collect(response, 4 << 20)
            guard let listing = S3Listing(body) else { throw BlobFault.refused("a listing that cannot be read") }
            return listing
        }
    }

    // MARK: One request

    private func send(
        _ method: HTTPMethod, _ name: ContentName?, query: [(name: String, value: String)] = [],
        payload: String = SignatureV4.empty, body: HTTPClientRequest.Body? = nil, wait: TimeAmount
    ) async throws -> HTTPClientResponse {
        let key = name.map { "/\(settings.prefix)\($0.place)" } ?? ""
        let path = SignatureV4.encoded("/\(settings.bucket)\(key)", keepingSlashes: true)
        let moment = world.now()
        var headers = [
            (name: "host", value: settings.host), (name: "x-amz-content-sha256", value: payload),
            (name: "x-amz-date", value: SignatureV4.time(moment)),
        ]
        if let session = settings.keys.session { headers.append(("x-amz-security-token", session)) }
        let asked = SignatureV4.Asked(
            method: method.rawValue, path: path, query: query, headers: headers, payload: payload)
        let tail = query.isEmpty ? "" : "?\(SignatureV4.queryText(query))"
        var request = HTTPClientRequest(url: settings.origin + path + tail)
        request.method = method
        request.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        request.headers.add(name: "authorization", value: signer.authorization(asked, at: moment))
        request.body = body
        do {
            return try await Self.client(settings.authority, patience).execute(request, deadline: .now() + wait)
        } catch {
            throw Passing.of(error)
        }
    }

    /// Kept for the process, one for each list of authorities and each patience: connections to the store are reused.
    private static let clients = Mutex<[String: HTTPClient]>([:])

    private static func client(_ authority: S3Settings.Authority?, _ patience: Patience) -> HTTPClient {
        let key = "\(patience.idle.nanoseconds) \(authority?.path ?? "")"
        return clients.withLock { clients in
            if let found = clients[key] { return found }
            let client = makeClient(authority, patience)
            clients[key] = client
            return client
        }
    }

    private static func makeClient(_ authority: S3Settings.Authority?, _ patience: Patience) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        if let authority {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(authority.certificates)
            configuration.tlsConfiguration = tls
        }
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: patience.connect, read: patience.idle, write: patience.idle)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// What may be over when one asks again.
    private struct Passing: Error {
        let text: String

        /// The fault of a request that got no answer.
        static func of(_ error: any Error) -> any Error {
            if error is BlobFault || error is CancellationError || Task.isCancelled { return error }
            let text = "\(error)"
            if let words = distrust.first(where: { text.contains($0.0) })?.1 { return BlobFault.untrusted(words) }
            return Passing(text: text)
        }

        /// Why nobody there is believed, which asking again does not mend.
        private static let distrust = [
            (
                "CERTIFICATE_VERIFY_FAILED",
                "its certificate is not signed by an authority that is trusted here, or has run out; "
                    + "REDSTEWARD_S3_CA names the authority of an own store"
            ),
            ("failedToValidateHostname", "its certificate is for another name than REDSTEWARD_S3_ENDPOINT says"),
            ("WRONG_VERSION_NUMBER", "it does not speak TLS; is REDSTEWARD_S3_ENDPOINT http:// instead?"),
        ]
    }

    private func asking<Result>(_ once: () async throws -> Result) async throws -> Result {
        let end = ContinuousClock.now + patience.total
        var pause = patience.firstPause
        var attempt = 1
        while true {
            do {
                return try await once()
            } catch let passing as Passing {
                guard attempt < patience.attempts, ContinuousClock.now + pause < end else {
                    throw BlobFault.unreachable(passing.text)
                }
                // Between half of the pause and all of it.
                let chance = world.randomBytes(1).first.map(Double.init) ?? 0
                try await Task.sleep(for: pause * (0.5 + chance / 510))
                pause = pause * 3
                attempt += 1
            }
        }
    }

    // MARK: Answers

    private func accept(_ response: HTTPClientResponse) async throws {
        guard (200..<300).contains(response.status.code) else { throw try await fault(response) }
        _ = try await collect(response, 64 << 10)
    }

    private func collect(_ response: HTTPClientResponse, _ limit: Int) async throws -> String {
        do {
            return String(buffer: try await response.body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw BlobFault.refused("an answer that is too long")
        } catch {
            throw Passing.of(error)
        }
    }

    /// What an answer other than success means.
    private func fault(_ response: HTTPClientResponse) async throws -> any Error {
        let body = (try? await collect(response, 64 << 10)) ?? ""
        let code = S3Listing.text("Code", in: body[...]) ?? ""
        let status = Int(response.status.code)
        let said = code.isEmpty ? "\(status)" : "\(status) \(code)"
        switch (status, code) {
        case (404, ""), (404, "NoSuchKey"): return BlobFault.missing
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"), (_, "InsufficientStorage"): return BlobFault.full
        case (429, _), (500..., _), (_, "RequestTimeout"), (_, "SlowDown"): return Passing(text: said)
        default: return BlobFault.refused(said)
        }
    }

    /// A body that is sent once.
    private struct Body: AsyncSequence, Sendable {
        let reader: BlobReader
        struct Iterator: AsyncIteratorProtocol {
            let reader: BlobReader
            func next() async throws -> ByteBuffer? { try await reader.next() }
        }
        func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }
    }

    /// A body that comes in; a connection that breaks is the store's fault.
    private struct Chunks: AsyncIteratorProtocol {
        var source: HTTPClientResponse.Body.AsyncIterator
        mutating func next() async throws -> ByteBuffer? {
            do {
                return try await source.next()
            } catch let passing {
                if passing is CancellationError || Task.isCancelled { throw passing }
                throw BlobFault.unreachable("\(passing)")
            }
        }
    }
}

/// A page of a bucket's listing. The few elements that are needed, read from the text: keys of ours hold no letters that
/// XML writes otherwise, and what is no key of ours is passed over anyway.
struct S3Listing {
    var files: [(key: String, size: Int)] = []
    /// Where the next page begins.
    var next: String?

    /// Nil when it is no listing, or one that says that it goes on and not where.
    init?(_ text: String) {
        guard text.contains("<ListBucketResult") else { return nil }
        var rest = text[...]
        while let begin = rest.firstRange(of: "<Contents>") {
            rest = rest[begin.upperBound...]
            guard let end = rest.firstRange(of: "</Contents>"),
                let key = Self.text("Key", in: rest[..<end.lowerBound]),
                let size = Self.text("Size", in: rest[..<end.lowerBound]).flatMap({ Int($0) })
            else { return nil }
            files.append((key, size))
            rest = rest[end.upperBound...]
        }
        guard Self.text("IsTruncated", in: text[...]) == "true" else { return }
        guard let token = Self.text("NextContinuationToken", in: text[...]) else { return nil }
        next = token
    }

    /// The text of the first element of that name, without attributes and children.
    static func text(_ element: String, in xml: Substring) -> String? {
        guard let begin = xml.firstRange(of: "<\(element)>") else { return nil }
        let rest = xml[begin.upperBound...]
        guard let end = rest.firstRange(of: "</\(element)>") else { return nil }
        var text = String(rest[..<end.lowerBound])
        for (name, plain) in [("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"), ("#34", "\""), ("amp", "&")] {
            text.replace("&\(name);", with: plain)
        }
        return text
    }
}

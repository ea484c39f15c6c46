import Foundation
import Hummingbird
import Kernel
import NIOCore
import Synchronization
import Testing

@testable import Attachments

/// A store that answers as it is told: what a real one does only now and then.
private final class Script: Sendable {
    struct Asked: Sendable {
        let method: String
        let path: String
        let query: String
        let headers: [String: String]
        let body: Int
    }
    private struct State {
        var asked: [Asked] = []
        var answers: [@Sendable () async throws -> Response] = []
    }
    private let state = Mutex(State())
    var asked: [Asked] { state.withLock { $0.asked } }

    func then(_ status: Int, _ body: String = "", times: Int = 1) {
        for _ in 0..<times {
            then {
                Response(
                    status: .init(code: status), headers: [:], body: .init(byteBuffer: ByteBuffer(string: body)))
            }
        }
    }
    func then(_ answer: @escaping @Sendable () async throws -> Response) {
        state.withLock { $0.answers.append(answer) }
    }

    fileprivate func answer(_ request: Request) async throws -> Response {
        var body = 0
        do {
            for try await chunk in request.body { body += chunk.readableBytes }
        } catch {
            body = -1
        }
        let asked = Asked(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "",
            headers: Dictionary(
                request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { a, _ in a }),
            body: body)
        let answer = state.withLock { state in
            state.asked.append(asked)
            return state.answers.isEmpty ? nil : state.answers.removeFirst()
        }
        guard let answer else { return Response(status: .init(code: 418)) }
        return try await answer()
    }

    /// Serves on a port of its own while the body runs.
    static func with(
        _ change: (inout S3Store.Patience) -> Void = { _ in },
        _ body: @escaping @Sendable (Script, S3Store) async throws -> Void
    ) async throws {
        let script = Script()
        let router = Router()
        for method in [HTTPRequest.Method.get, .head, .put, .delete] {
            router.on("**", method: method) { request, _ in try await script.answer(request) }
            router.on("/", method: method) { request, _ in try await script.answer(request) }
        }
        var patience = S3Store.Patience()
        patience.firstPause = .milliseconds(1)
        // The machine may be busy with other tests.
        patience.total = .seconds(600)
        patience.answer = .seconds(300)
        (patience.connect, patience.idle) = (.seconds(60), .seconds(300))
        change(&patience)
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { told.yield($0.localAddress?.port ?? 0) })
        let waiting = patience
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            var found: Int?
            for await port in ports {
                found = port
                break
            }
            try await body(script, try store(try #require(found), waiting))
            group.cancelAll()
        }
    }

    static func store(_ port: Int, _ patience: S3Store.Patience = .init()) throws -> S3Store {
        let settings = try S3Settings(
            "s3://photos/estate",
            environment: [
                "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hidden", "AWS_SESSION_TOKEN": "lent",
                "REDSTEWARD_S3_ENDPOINT": "http://127.0.0.1:\(port)",
            ])
        return S3Store(settings, world: StillWorld(at: Instant(ms: 1_369_353_600_000)).world, patience: patience)
    }
}

private func fault(_ work: () async throws -> Void) async -> BlobFault? {
    do {
        try await work()
        return nil
    } catch { return error as? BlobFault }
}

@Suite struct S3StoreTests {
    private let hello = ContentName(of: Array("hello".utf8))

    @Test func aFileIsSentWithItsDigestAndItsLength() async throws {
        try await Script.with { script, store in
            script.then(200)
            let name = try await store.put(Array("hello".utf8))
            let asked = try #require(script.asked.first)
            #expect(asked.method == "PUT" && asked.path == "/photos/estate/2c/f2/\(name.text)" && asked.body == 5)
            #expect(asked.headers["content-length"] == "5" && asked.headers["transfer-encoding"] == nil)
            #expect(asked.headers["x-amz-content-sha256"] == name.text)
            #expect(asked.headers["x-amz-security-token"] == "lent")
            #expect(asked.headers["x-amz-acl"] == nil)
            let said = try #require(asked.headers["authorization"])
            #expect(
                said.hasPrefix(
                    "AWS4-HMAC-SHA256 Credential=id/20130524/us-east-1/s3/aws4_request, SignedHeaders="
                        + "host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="))
            #expect(!said.contains("hidden") && !store.place.contains("hidden"))
        }
    }

    @Test func whatPassesIsAskedAgainAndTheWholeBodyIsSentAgain() async throws {
        try await Script.with { script, store in
            script.then(503, "<Error><Code>SlowDown</Code></Error>")
            script.then(500)
            script.then(400, "<Error><Code>RequestTimeout</Code></Error>")
            script.then(200)
            try await store.put(seeded(300_000, 1))
            #expect(script.asked.map(\.body) == [300_000, 300_000, 300_000, 300_000])
            script.then(503, "<Error><Code>SlowDown</Code></Error>", times: 9)
            let name = hello
            #expect(await fault { _ = try await store.reader(name) } == .unreachable("503 SlowDown"))
            #expect(script.asked.count == 8)
        }
    }

    @Test func whatIsRefusedIsNotAskedAgain() async throws {
        let cases: [(Int, String, BlobFault)] = [
            (403, "<Error><Code>AccessDenied</Code></Error>", .refused("403 AccessDenied")),
            (404, "<Error><Code>NoSuchBucket</Code></Error>", .refused("404 NoSuchBucket")),
            (404, "<Error><Code>NoSuchKey</Code></Error>", .missing), (404, "", .missing),
            (301, "", .refused("301")), (507, "", .full),
            (400, "<Error><Code>QuotaExceeded</Code></Error>", .full),
            (403, "<Error><Code>a&lt;b&amp;c</Code></Error>", .refused("403 a<b&c")),
        ]
        try await Script.with { script, store in
            for (status, body, expected) in cases {
                script.then(status, body)
                let before = script.asked.count
                let name = ContentName(of: [1])
                #expect(await fault { _ = try await store.reader(name) } == expected)
                #expect(script.asked.count == before + 1)
            }
            script.then(403, String(repeating: "x", count: 1 << 20))
            #expect(await fault { try await store.put([1]) } == .refused("403"))
        }
    }

    @Test func aStoreThatIsSilentIsGivenUpInTime() async throws {
        try await Script.with { patience in
            patience.answer = .milliseconds(150)
            patience.attempts = 3
        } _: { script, store in
            for _ in 0..<6 {
                script.then {
                    try await Task.sleep(for: .seconds(3600))
                    return Response(status: .ok)
                }
            }
            let name = ContentName(of: [1])
            guard case .unreachable = await fault({ _ = try await store.reader(name) }) else {
                Issue.record("a silent store shows nothing")
                return
            }
            guard case .unreachable = await fault({ try await store.put([1]) }) else {
                Issue.record("a silent store takes nothing")
                return
            }
            #expect(script.asked.count <= 6)
        }
    }

    @Test func afterAWhileNothingNewIsTried() async throws {
        var patience = S3Store.Patience()
        patience.attempts = .max
        patience.total = .milliseconds(300)
        // Port 1 of this machine: nobody listens.
        let store = try Script.store(1, patience)
        guard case .unreachable = await fault({ try await store.check() }) else {
            Issue.record("nobody is there")
            return
        }
    }

    @Test func aFileThatChangedOnTheDiskIsNotSentWhole() async throws {
        try await Script.with { script, store in
            script.then(200, times: 4)
            let path = try temporaryFolder() + "/content"
            try makeFile(path, seeded(400_000, 2))
            let name = ContentName(of: seeded(400_000, 3))
            #expect(await fault { try await store.put(path: path, as: name) } == .corrupt)
            // Whatever the store heard was short of the length that was announced.
            #expect(!script.asked.contains { $0.body == 400_000 })
        }
    }

    @Test func whatComesBackWrongIsFoundOut() async throws {
        try await Script.with { script, store in
            let name = ContentName(of: Array("hello".utf8))
            script.then(200, "hello")
            let right = try await store.bytes(of: name)
            #expect(right == Array("hello".utf8))
            script.then(200, "jello")
            #expect(await fault { _ = try await store.bytes(of: name) } == .corrupt)
            script.then(200, "hell")
            #expect(await fault { _ = try await store.bytes(of: name) } == .corrupt)
            // The connection breaks in the middle.
            script.then {
                Response(
                    status: .ok,
                    body: .init(contentLength: 1_000_000) { writer in
                        try await writer.write(ByteBuffer(repeating: 7, count: 300_000))
                        throw CancellationError()
                    })
            }
            let got = await fault { _ = try await store.bytes(of: name) }
            guard case .unreachable = got else {
                Issue.record("\(String(describing: got))")
                return
            }
        }
    }

    @Test func listingsGoOnOverPagesAndPassOverWhatIsNotOurs() async throws {
        @Sendable func page(_ keys: [String], next: String?) -> String {
            let rows = keys.map { "<Contents><Key>\($0)</Key><ETag>&quot;x&quot;</ETag><Size>7</Size></Contents>" }
            return "<?xml version=\"1.0\"?><ListBucketResult><Name>photos</Name>\(rows.joined())"
                + "<IsTruncated>\(next != nil)</IsTruncated>"
                + (next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? "") + "</ListBucketResult>"
        }
        try await Script.with { script, store in
            let (one, two) = (ContentName(of: [1]), ContentName(of: [2]))
            script.then(
                200, page(["estate/\(one.place)", "estate/tmp/put-1", "other/\(two.place)"], next: "a+b&amp;/="))
            script.then(200, page(["estate/aa/bb/\(one.text)", "estate/\(two.place)"], next: nil))
            let found = try await store.all()
            #expect(found == [one: 7, two: 7])
            #expect(script.asked.map(\.path) == ["/photos", "/photos"])
            #expect(script.asked.last?.query.contains("continuation-token=a%2Bb%26%2F%3D&") == true)
            for wrong in [
                "", "<html>", page([], next: nil).replacing("false", with: "true"),
                page(["x"], next: nil).replacing("<Size>7</Size>", with: ""),
            ] {
                script.then(200, wrong)
                guard case .refused = await fault({ try await store.list { _, _ in } }) else {
                    Issue.record("no listing: \(wrong)")
                    continue
                }
            }
            script.then(200, page([], next: "again"), times: 2)
            guard case .refused = await fault({ try await store.list { _, _ in } }) else {
                Issue.record("a listing that goes round")
                return
            }
        }
    }

    @Test func existsAndDeleteSpeakTheWordsOfTheSeam() async throws {
        try await Script.with { script, store in
            let name = ContentName(of: [1])
            script.then(200)
            let there = try await store.exists(name)
            script.then(404)
            let gone = try await store.exists(name)
            #expect(there && !gone)
            script.then(403)
            #expect(await fault { _ = try await store.exists(name) } == .refused("403"))
            for status in [204, 404] {
                script.then(status)
                try await store.delete(name)
            }
            #expect(script.asked.map(\.method) == ["HEAD", "HEAD", "HEAD", "DELETE", "DELETE"])
        }
    }
}

import Cases
import Directory
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Kernel
import NIOCore
import Storage
import StorageTesting
import Synchronization
import Testing
import Web

@testable import Server

/// A house with the demo district in a folder and a database of its own, asked through its router.
struct TestHouse: Sendable {
    let house: House
    let still: StillWorld
    let accounts: [DemoSeed.Account]
    let client: any TestClientProtocol

    /// Thursday, 19 March 2026, 16:00 in China.
    static let start = Zone.shanghai.instant(Day(number: 20531), hour: 16)

    /// - Parameter codes: false for a house that cannot send one-time codes.
    static func with(
        codes: Bool = true, _ configure: (inout ServerConfiguration) throws -> Void = { _ in },
        _ body: @Sendable (TestHouse) async throws -> Void
    ) async throws {
        let planted = try await Planted.once.value
        let folder = try Self.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.copyItem(atPath: planted.folder + "/data", toPath: folder + "/data")
        try await TestEngine.withCopy(of: planted.database, in: folder, named: "data/redsteward.db") { place in
            // Ids and chance go on where the planting stopped.
            let still = StillWorld(at: start, seed: 2, counted: 1_000_000)
            try await open(folder, place, still) { configuration in
                configuration.demo = codes
                configuration.passwordCost = .weakest
                try configure(&configuration)
            } _: { house, still in
                let accounts = try await DemoSeed(house).plant()
                try await Application(router: house.router().router).test(.router) { client in
                    try await body(TestHouse(house: house, still: still, accounts: accounts, client: client))
                }
            }
        }
    }

    private static func newFolder() throws -> String {
        var template = Array("/tmp/redsteward-server-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The demo district, planted once for all tests of a run: each has a copy of its own.
    private struct Planted: Sendable {
        let folder: String
        let database: String

        static let once = Task {
            let (folder, name) = (try newFolder(), TestEngine.freshName("planted"))
            forgotten.withLock { $0 = folder }
            atexit { forgotten.withLock { folder in _ = try? FileManager.default.removeItem(atPath: folder) } }
            var place = folder + "/data/redsteward.db"
            if let url = TestEngine.url {
                try await TestEngine.psql("create database \(name)")
                place = TestEngine.place(url, database: name)
            }
            try await open(folder, place, StillWorld(at: start)) { configuration in
                configuration.demo = true
                configuration.passwordCost = .weakest
            } _: { house, _ in
                _ = try await DemoSeed(house).plant()
            }
            return Planted(folder: folder, database: name)
        }
        private static let forgotten = Mutex("")
    }

    /// An empty house in a folder, on the engine under test.
    static func open(
        _ folder: String, at moment: Instant = start, _ configure: (inout ServerConfiguration) throws -> Void,
        _ body: (House, StillWorld) async throws -> Void
    ) async throws {
        try await TestEngine.withPlace(in: folder, named: "data/redsteward.db") { place in
            try await open(folder, place, StillWorld(at: moment), configure, body)
        }
    }

    private static func open(
        _ folder: String, _ place: String, _ still: StillWorld,
        _ configure: (inout ServerConfiguration) throws -> Void, _ body: (House, StillWorld) async throws -> Void
    ) async throws {
        var configuration = ServerConfiguration(folder: folder + "/data", database: place)
        configuration.postgres = TestEngine.postgres()
        configuration.recorder = SQLLog.recorder
        try configure(&configuration)
        let house = try await House.open(configuration, world: still.world)
        do {
            try await body(house, still)
        } catch {
            try? await house.database.close()
            throw error
        }
        try await house.database.close()
    }

    /// How somebody asks.
    struct Session: Sendable {
        let login: String
        var cookies: [String: String] = [:]
        var bearer: String?
        var form = ""
    }

    func account(_ login: String) throws -> DemoSeed.Account {
        try #require(accounts.first { $0.login == login })
    }

    /// Somebody who has opened one page and is known by a cookie only.
    func visitor() async throws -> Session {
        let page = try await send(Session(login: "visitor"), .get, "/sign-in?staff=1")
        var session = Session(login: "visitor")
        let cookie: String = try #require(Self.cookie("rs_v", page))
        session.cookies["rs_v"] = cookie
        session.form = try #require(Self.formToken(page.text))
        return session
    }

    /// Through the page, as a person does it.
    func signIn(_ login: String) async throws -> Session {
        let visitor = try await visitor()
        let answer = try await send(
            visitor, .post, "/sign-in/password",
            form: ["login": login, "password": try account(login).password])
        #expect(answer.status == 303, "\(login)")
        var session = Session(login: login)
        let cookie: String = try #require(Self.cookie("rs_s", answer))
        session.cookies["rs_s"] = cookie
        let page = try await send(session, .get, "/me")
        session.form = try #require(Self.formToken(page.text))
        return session
    }

    func program(_ login: String) throws -> Session {
        var session = Session(login: login)
        let token = try account(login).token
        session.bearer = token
        session.form = house.secrets.formToken(token)
        return session
    }

    func actor(_ session: Session) async throws -> Actor {
        if let bearer = session.bearer {
            return try #require(try await house.directory.signIn.byToken(bearer)).actor
        }
        guard let cookie = session.cookies["rs_s"] else { return .visitor }
        return try #require(try await house.directory.signIn.bySession(cookie)).actor
    }

    struct Answered: Sendable {
        let status: Int
        let headers: HTTPFields
        let text: String
        var type: String { headers[.contentType] ?? "" }
        func json() throws -> JSON { try JSONReader.read(Array(text.utf8)) }
    }

    func send(
        _ session: Session, _ method: HTTPRequest.Method, _ path: String, form: [String: String]? = nil,
        body: [UInt8]? = nil, type: String? = nil, headers extra: [String: String] = [:], token: Bool = true
    ) async throws -> Answered {
        var headers = HTTPFields()
        var cookies = session.cookies
        if let mode = extra["mode"] { cookies["rs_mode"] = mode }
        if !cookies.isEmpty {
            headers[.cookie] = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                separator: "; ")
        }
        if let bearer = session.bearer { headers[.authorization] = "Bearer \(bearer)" }
        for (name, value) in extra where name != "mode" {
            headers[try #require(HTTPField.Name(name))] = value
        }
        var bytes = body
        if let form {
            var fields = form
            if token { fields["_form"] = session.form }
            bytes = Array(fields.map { "\($0.key)=\(Self.encoded($0.value))" }.joined(separator: "&").utf8)
            headers[.contentType] = "application/x-www-form-urlencoded"
        }
        if let type { headers[.contentType] = type }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: bytes.map { ByteBuffer(bytes: $0) }
        ) { response in
            Answered(
                status: Int(response.status.code), headers: response.headers,
                text: String(decoding: response.body.readableBytesView, as: UTF8.self))
        }
    }

    /// A form with files, as a browser sends it.
    func upload(
        _ session: Session, _ path: String, fields: [String: String], files: [(name: String, bytes: [UInt8])]
    ) async throws -> Answered {
        let boundary = "----redsteward-test-boundary"
        var body: [UInt8] = []
        for (name, value) in fields.merging(["_form": session.form], uniquingKeysWith: { $1 }) {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        for file in files {
            let head =
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"\(file.name)\"\r\n"
                + "Content-Type: image/jpeg\r\n\r\n"
            body += Array(head.utf8) + file.bytes + Array("\r\n".utf8)
        }
        body += Array("--\(boundary)--\r\n".utf8)
        return try await send(
            session, .post, path, body: body, type: "multipart/form-data; boundary=\(boundary)")
    }

    func json(
        _ session: Session, _ method: HTTPRequest.Method, _ path: String, _ value: JSON? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answered {
        try await send(
            session, method, path, body: value.map { Array($0.text.utf8) }, type: "application/json", headers: headers)
    }

    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return String(UnicodeScalar(byte))
            default: return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }

    static func cookie(_ name: String, _ answer: Answered) -> String? {
        for value in answer.headers[values: .setCookie] where value.hasPrefix("\(name)=") {
            return String(value.dropFirst(name.count + 1).prefix { $0 != ";" })
        }
        return nil
    }

    static func formToken(_ page: String) -> String? {
        page.ranges(of: "name=_form value=\"").first.map { String(page[$0.upperBound...].prefix { $0 != "\"" }) }
    }

    // MARK: The district

    func area(_ name: String, under parent: AreaID? = nil) async throws -> AreaID {
        try #require(
            try await house.database.read { transaction in
                try transaction.query("select id, parent_id from directory_area where name = \(name) order by id") {
                    (try $0.id(0, AreaTag.self), try $0.optionalID(1, AreaTag.self))
                }
            }.first { parent == nil || $0.1 == parent }
        ).0
    }

    /// Reports through the actions, as the person of that login.
    func report(_ words: String, by login: String, at area: AreaID, key: String) async throws -> CaseID {
        let session = try program(login)
        let actor = try await actor(session)
        return try await house.cases.actions.register(
            NewCase(
                area: area, words: words, key: key,
                sender: .resident(try #require(actor.person), name: actor.name))
        ).id
    }
}

extension JSON {
    var items: [JSON] { arrayValue ?? [] }
    var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }
}

/// The file of statements for PostgreSQL: each as a JSON string on a line of its own.
enum SQLLog {
    private static let path = ProcessInfo.processInfo.environment["REDSTEWARD_SQL_LOG"]
    private static let lock = Mutex(())

    static let recorder: (@Sendable (String) -> Void)? = make()

    private static func make() -> (@Sendable (String) -> Void)? {
        guard let path else { return nil }
        return { text in lock.withLock { _ in append(text, to: path) } }
    }

    private static func append(_ text: String, to path: String) {
        guard let line = try? JSONEncoder().encode(text), let file = fopen(path, "a") else { return }
        fputs(String(decoding: line, as: UTF8.self) + "\n", file)
        fclose(file)
    }
}

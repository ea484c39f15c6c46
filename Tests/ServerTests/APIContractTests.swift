import Directory
import HTTPTypes
import Hummingbird
import Kernel
import Storage
import Testing

@testable import Server
@testable import Web

/// What holds for every route of the API, whoever declared it.
@Suite struct APIContractTests {
    private func object(_ pairs: [String: String]) -> JSON {
        .object(pairs.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private static func objects(_ schema: Web.Schema, _ found: inout [(String, Web.Schema)]) {
        switch schema {
        case .object(let name, let members):
            if !name.isEmpty { found.append((name, schema)) }
            for member in members { objects(member.schema, &found) }
        case .list(let item, _), .orNull(let item): objects(item, &found)
        default: break
        }
    }

    private static func references(_ json: JSON) -> [String] {
        switch json {
        case .object(let pairs):
            pairs.flatMap { name, value -> [String] in
                if name == "$ref", let text = value.stringValue { return [text] }
                return references(value)
            }
        case .array(let items): items.flatMap(references)
        default: []
        }
    }

    @Test func everyRouteUnderTheAPIIsDeclaredAndInTheDocument() async throws {
        try await TestHouse.with { h in
            let specs = h.house.router().routes.filter { $0.path.hasPrefix("/api/") }
            #expect(specs.count > 150)
            #expect(specs.filter { $0.operation == nil }.map { "\($0.method) \($0.path)" } == [])
            let answer = try await h.send(TestHouse.Session(login: ""), .get, "/api/v1/openapi.json")
            #expect(answer.status == 200 && answer.type.hasPrefix("application/json"))
            let document = try answer.json()
            #expect(document["openapi"]?.stringValue == "3.1.0")
            var names = Set<String>()
            for spec in specs {
                let path = spec.path.split(separator: "/").map { $0.hasPrefix(":") ? "/{\($0.dropFirst())}" : "/\($0)" }
                let item = document["paths"]?[path.joined()]?[spec.method.rawValue.lowercased()]
                let name = try #require(item?["operationId"]?.stringValue, "\(spec.path)")
                #expect(names.insert(name).inserted, "\(name) twice")
                #expect(item?["summary"]?.stringValue?.isEmpty == false, "\(spec.path)")
                // Every part of the path is a field that somebody reads.
                let parts = spec.path.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
                let read = spec.operation?.declared.filter { $0.place == .path }.map(\.name) ?? []
                #expect(Set(parts) == Set(read), "\(spec.path)")
            }
            guard case .object(let paths)? = document["paths"] else {
                Issue.record("no paths")
                return
            }
            var count = 0
            for (_, item) in paths { if case .object(let operations) = item { count += operations.count } }
            #expect(count == specs.count)
            for reference in Self.references(document) {
                let name = reference.split(separator: "/").last.map(String.init) ?? ""
                #expect(document["components"]?["schemas"]?[name] != nil, "\(reference)")
            }
            // One name is one shape.
            var found: [(String, Web.Schema)] = []
            for spec in specs { if let gives = spec.operation?.gives { Self.objects(gives, &found) } }
            var known: [String: Web.Schema] = [:]
            for (name, schema) in found {
                if let other = known[name] { #expect(other == schema, "two shapes are named \(name)") }
                known[name] = schema
            }
        }
    }

    @Test func aPlainRouteIsNotTakenForADeclaredOne() {
        let table = RouteTable(router: Router(context: WebContext.self))
        table.get("/api/v1/x", .everyone) { _, _ in Response(status: .ok) }
        table.get("/api/v1/y", .everyone, API(nil, "Y."), Nothing.self, Made.shape) { _, _ in .ok(Made("y")) }
        #expect(table.specs.map { $0.operation == nil } == [true, false])
    }

    @Test func whatIsNotThereOrNotTakenIsAProblem() async throws {
        try await TestHouse.with { h in
            let desk = try h.program("desk")
            for method in [HTTPRequest.Method.put, .delete, .patch, .post, .head] {
                let answer = try await h.send(desk, method, "/api/v1/queues")
                #expect(answer.status == 405 && answer.headers[.allow] == "GET", "\(method): \(answer.status)")
                if method != .head { #expect(try answer.json()["code"]?.stringValue == "badMethod") }
            }
            for path in ["/api/v1/nowhere", "/api/v2/cases", "/api/v1/cases/0/nothing"] {
                let answer = try await h.send(desk, .get, path)
                #expect(answer.status == 404 && answer.type.hasPrefix("application/problem+json"), "\(path)")
            }
            let body = Array("{\"words\":\"x\"}".utf8)
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
                let answer = try await h.send(desk, .post, "/api/v1/messages/read", body: body, type: type)
                #expect(answer.status == 415 && answer.type.hasPrefix("application/problem+json"), "\(type)")
            }
            let large = Array("{\"a\":\"".utf8) + [UInt8](repeating: 0x61, count: 70 << 10) + Array("\"}".utf8)
            let answer = try await h.send(
                desk, .post, "/api/v1/messages/read", body: large, type: "application/json")
            #expect(answer.status == 413 && answer.type.hasPrefix("application/problem+json"))
            let nobody = try await h.send(TestHouse.Session(login: ""), .get, "/api/v1/me")
            #expect(nobody.status == 401 && nobody.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        }
    }

    // MARK: Scopes

    private func token(_ h: TestHouse, _ login: String, _ scopes: String) async throws -> TestHouse.Session {
        let session = try await h.signIn(login)
        let actor = try await h.actor(session)
        let text = try await h.house.directory.signIn.makeToken(
            for: actor, post: actor.posts.first?.id, name: "t", days: 1, scopes: try #require(Scopes(text: scopes)))
        var program = TestHouse.Session(login: login)
        program.bearer = text
        return program
    }

    @Test func aTokenDoesOnlyWhatItWasMadeFor() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("水管漏水", by: "resident", at: home, key: "s1").text
            let reads = try await token(h, "desk", "cases:read")
            let writes = try await token(h, "desk", "cases:write")
            let roster = try await token(h, "desk", "roster:read roster:write")
            let note = object(["words": "记一笔"])
            #expect(try await h.json(reads, .get, "/api/v1/cases/\(id)").status == 200)
            #expect(try await h.json(writes, .post, "/api/v1/cases/\(id)/note", note).status == 200)
            for (session, method, path, scope) in [
                (reads, HTTPRequest.Method.post, "/api/v1/cases/\(id)/note", "cases:write"),
                (writes, .get, "/api/v1/cases/\(id)", "cases:read"), (roster, .get, "/api/v1/cases", "cases:read"),
                (reads, .get, "/api/v1/homes", "homes:read"),
            ] {
                let answer = try await h.json(session, method, path, method == .post ? note : nil)
                #expect(answer.status == 403, "\(path)")
                #expect(try answer.json()["code"]?.stringValue == "noScope", "\(path)")
                #expect(try answer.json()["title"]?.stringValue?.contains(scope) == true, "\(path)")
            }
            // Pages are no way around.
            for path in ["/desk", "/desk/cases/\(id)", "/desk/roster"] {
                #expect(try await h.send(reads, .get, path).status == 403, "\(path)")
            }
            let me = try await h.json(reads, .get, "/api/v1/me").json()
            #expect(me["scopes"]?.items.compactMap(\.stringValue) == ["cases:read"])
            // A token that a program of yesterday holds has every scope.
            #expect(try await h.send(try h.program("desk"), .get, "/desk").status == 200)
            #expect(Scopes(text: "") == nil && Scopes(text: "cases:all") == nil && Scopes(text: "*") == .all)
        }
    }

    @Test func scopesAreChosenOnThePageAndInTheAPI() async throws {
        try await TestHouse.with { h in
            let desk = try await h.signIn("desk")
            let page = try await h.send(desk, .get, "/me").text
            #expect(page.contains("name=\"scope\" value=\"cases:write\""))
            let none = try await h.send(desk, .post, "/me/tokens", form: ["name": "a", "post": "", "scoped": "1"])
            #expect(none.status == 422)
            let form = Array("_form=\(desk.form)&name=a&post=&scoped=1&scope=cases:read&scope=account:read".utf8)
            let made = try await h.send(
                desk, .post, "/me/tokens", body: form, type: "application/x-www-form-urlencoded")
            #expect(made.status == 200)
            let found = try #require(made.text.firstMatch(of: /rs_[A-Za-z0-9_-]+/))
            var program = TestHouse.Session(login: "desk")
            program.bearer = String(found.0)
            let me = try await h.json(program, .get, "/api/v1/me").json()
            #expect(me["scopes"]?.items.compactMap(\.stringValue) == ["cases:read", "account:read"])
            let headers = ["X-Form-Token": desk.form]
            let body = JSON.object([("name", .string("b")), ("scopes", .array([.string("roster:read")]))])
            let answer = try await h.json(desk, .post, "/api/v1/me/tokens", body, headers: headers)
            #expect(answer.status == 201)
            program.bearer = try #require(try answer.json()["secret"]?.stringValue)
            #expect(try await h.json(program, .get, "/api/v1/cases").status == 403)
            // A token makes no token.
            #expect(try await h.json(program, .get, "/api/v1/me/tokens").status == 403)
            let rows = try await h.json(desk, .get, "/api/v1/me/tokens").json()["items"]?.items ?? []
            #expect(rows.first?["scopes"]?.items.compactMap(\.stringValue) == ["roster:read"])
            let id = try #require(rows.first?["id"]?.stringValue)
            let path = "/api/v1/me/tokens/\(id)/revocation"
            #expect(try await h.json(desk, .post, path, nil, headers: headers).status == 204)
            #expect(try await h.json(program, .get, "/api/v1/me").status == 401)
        }
    }

    // MARK: ETags

    @Test func whatIsHeldIsNotSentAndWhatChangedIsNotOverwritten() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("水管漏水", by: "resident", at: home, key: "e1").text
            let grid = try h.program("grid")
            let first = try await h.json(grid, .get, "/api/v1/cases/\(id)")
            let tag = try #require(first.headers[.eTag])
            let same = try await h.json(grid, .get, "/api/v1/cases/\(id)", headers: ["If-None-Match": tag])
            #expect(same.status == 304 && same.text.isEmpty && same.headers[.eTag] == tag)
            let triage = object(["lead": "property"])
            let path = "/api/v1/cases/\(id)/triage"
            for bad in ["\"v9.0\"", "\"other\"", "x"] {
                let stale = try await h.json(grid, .post, path, triage, headers: ["If-Match": bad])
                #expect(stale.status == 412, "\(bad)")
            }
            let done = try await h.json(grid, .post, path, triage, headers: ["If-Match": tag])
            #expect(done.status == 200 && done.headers[.eTag] != nil && done.headers[.eTag] != tag)
            #expect(try await h.json(grid, .post, path, triage, headers: ["If-Match": tag]).status == 412)
            let now = try await h.json(grid, .get, "/api/v1/cases/\(id)", headers: ["If-None-Match": tag])
            #expect(now.status == 200)

            let administrator = try h.program("administrator")
            let area = try await h.area("3 号楼", under: try await h.area("桂花苑")).text
            let read = try await h.json(administrator, .get, "/api/v1/areas/\(area)")
            let held = try #require(read.headers[.eTag])
            let name = "/api/v1/areas/\(area)/name"
            let renamed = try await h.json(
                administrator, .post, name, object(["name": "三号楼"]), headers: ["If-Match": held])
            #expect(renamed.status == 204, "\(renamed.text)")
            let again = try await h.json(
                administrator, .post, name, object(["name": "四"]), headers: ["If-Match": held])
            #expect(again.status == 412)
            #expect(try await h.json(administrator, .get, "/api/v1/areas/\(area)").json()["name"]?.stringValue == "三号楼")
        }
    }

    // MARK: Keys

    @Test func aKeyMakesOneThingWhateverComes() async throws {
        try await TestHouse.with { h in
            let administrator = try h.program("administrator")
            let area = try await h.area("桂花苑").text
            let path = "/api/v1/organisations"
            func body(_ name: String) -> JSON { object(["party": "property", "name": name, "area": area]) }
            let answers = try await withThrowingTaskGroup(of: TestHouse.Answered.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await h.json(
                            administrator, .post, path, body("一号公司"), headers: ["Idempotency-Key": "k1"])
                    }
                }
                return try await group.reduce(into: [TestHouse.Answered]()) { $0.append($1) }
            }
            let made = answers.filter { $0.status == 201 }
            #expect(!made.isEmpty)
            #expect(made.count { $0.headers[.init("Idempotency-Replayed")!] == nil } == 1)
            #expect(Set(made.map(\.text)).count == 1 && Set(made.map { $0.headers[.location] ?? "" }).count == 1)
            #expect(answers.filter { $0.status != 201 }.allSatisfy { $0.status == 409 && $0.text.contains("keyInUse") })
            let other = try await h.json(
                administrator, .post, path, body("二号公司"), headers: ["Idempotency-Key": "k1"])
            #expect(other.status == 422)
            #expect(try other.json()["code"]?.stringValue == "keyForOther")
            // Somebody else's key is somebody else's.
            #expect(
                try await h.json(
                    try h.program("desk"), .post, "/api/v1/messages/read", nil, headers: ["Idempotency-Key": "k1"]
                ).status == 204)
            // What was refused may be tried again.
            let taken = try await h.json(
                administrator, .post, path, body("一号公司"), headers: ["Idempotency-Key": "k2"])
            #expect(taken.status == 409)
            #expect(try taken.json()["code"]?.stringValue == "organisationTaken")
            #expect(
                try await h.json(
                    administrator, .post, path, body("一号公司"), headers: ["Idempotency-Key": "k2"]
                ).text.contains("organisationTaken"))
            // Whose server died in between: nobody knows, and nothing is done twice.
            let person = try #require(try await h.actor(administrator).person).text
            let lost = KeptKey(
                owner: person, key: "k3", content: Array("POST \(path)\n".utf8) + Array(body("三").text.utf8))
            guard case .fresh = try await h.house.directory.answers.begin(lost) else {
                Issue.record("not fresh")
                return
            }
            for (minutes, code) in [(0, "keyInUse"), (2, "keyUnsettled")] {
                h.still.advance(minutes: minutes)
                let answer = try await h.json(
                    administrator, .post, path, body("三"), headers: ["Idempotency-Key": "k3"])
                #expect(answer.status == 409 && answer.text.contains("\"\(code)\""), "\(answer.text)")
            }
            // A day later the key is forgotten.
            h.still.advance(minutes: 60 * 24)
            try await h.house.directory.answers.prune()
            let later = try await h.json(
                administrator, .post, path, body("三"), headers: ["Idempotency-Key": "k3"])
            #expect(later.status == 201, "\(later.text)")
            for key in ["", String(repeating: "k", count: 81), "a b"] where !key.isEmpty {
                let bad = try await h.json(
                    administrator, .post, path, body("四"), headers: ["Idempotency-Key": key])
                #expect(bad.status == 422, "\(key)")
            }
        }
    }

    @Test func aSecretIsNotShownAgainAndAStepIsNotDoneAgain() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let building = try await h.area("3 号楼", under: guihua)
            let unit = try #require(
                try await h.json(try h.program("resident"), .get, "/api/v1/me").json()["homes"]?.items.first?["unit"]?
                    .stringValue)
            let desk = try h.program("desk")
            let invite = object(["unit": unit, "relation": "family"])
            let key = ["Idempotency-Key": "i1"]
            let made = try await h.json(desk, .post, "/api/v1/invitations", invite, headers: key)
            #expect(made.status == 201, "\(made.text)")
            let again = try await h.json(desk, .post, "/api/v1/invitations", invite, headers: key)
            #expect(again.status == 409)
            #expect(try again.json()["code"]?.stringValue == "shownOnce")
            let kept = try await h.house.database.read { transaction in
                try transaction.query("select body from directory_kept_answer") { try $0.bytes(0) }
            }
            #expect(!kept.isEmpty && kept.allSatisfy(\.isEmpty))
            let id = try await h.report("水管漏水", by: "resident", at: building, key: "n1").text
            let note = object(["words": "只记一次"])
            for _ in 0..<3 {
                let answer = try await h.json(
                    desk, .post, "/api/v1/cases/\(id)/note", note, headers: ["Idempotency-Key": "n"])
                #expect(answer.status == 200)
            }
            let events = try await h.json(desk, .get, "/api/v1/cases/\(id)").json()["events"]?.items ?? []
            #expect(events.count { $0["kind"]?.stringValue == "noted" } == 1)
        }
    }

    // MARK: Limits

    @Test func tooManyRequestsWaitForTheNextMinute() async throws {
        try await TestHouse.with { configuration in
            configuration.limits.signedIn = 5
            configuration.limits.anonymous = 4
            configuration.limits.countsLocal = true
        } _: { h in
            let desk = try h.program("desk")
            for left in (0..<5).reversed() {
                let answer = try await h.json(desk, .get, "/api/v1/queues")
                #expect(answer.status == 200)
                #expect(answer.headers[.init("RateLimit-Policy")!] == "\"minute\";q=5;w=60")
                #expect(answer.headers[.init("RateLimit")!]?.hasPrefix("\"minute\";r=\(left);t=") == true)
            }
            let over = try await h.json(desk, .get, "/api/v1/queues")
            #expect(over.status == 429 && over.type.hasPrefix("application/problem+json"))
            #expect(try over.json()["code"]?.stringValue == "tooMany")
            let wait = try #require(over.headers[.retryAfter].flatMap { Int($0) })
            #expect((1...60).contains(wait))
            let page = try await h.send(desk, .get, "/desk", headers: ["mode": "en"])
            #expect(page.status == 429 && page.text.contains("Too many") && page.headers[.retryAfter] != nil)
            // Another token has its own.
            #expect(try await h.json(try h.program("grid"), .get, "/api/v1/queues").status == 200)
            // Nobody's, by address: here and behind a proxy of this machine.
            let nobody = TestHouse.Session(login: "")
            func anonymous(_ hop: String?) async throws -> Int {
                try await h.send(
                    nobody, .get, "/api/v1/categories", headers: hop.map { ["X-Forwarded-For": $0] } ?? [:]
                ).status
            }
            for _ in 0..<4 { #expect(try await anonymous("1.1.1.1, 7.7.7.7") == 200) }
            #expect(try await anonymous("2.2.2.2, 7.7.7.7") == 429)
            #expect(try await anonymous("7.7.7.8") == 200)
            // Guessing tokens counts against the address too.
            var wrong = nobody
            wrong.bearer = "rs_wrong"
            var statuses: [Int] = []
            for _ in 0..<6 { statuses.append(try await h.json(wrong, .get, "/api/v1/me").status) }
            #expect(statuses.prefix(4).allSatisfy { $0 == 401 } && statuses.suffix(2).allSatisfy { $0 == 429 })
            h.still.advance(minutes: 1)
            #expect(try await h.json(desk, .get, "/api/v1/queues").status == 200)
        }
    }

    @Test func callersOnThisMachineAreNotCountedUnlessSaid() async throws {
        try await TestHouse.with { configuration in
            configuration.limits.signedIn = 1
            configuration.limits.anonymous = 1
        } _: { h in
            for _ in 0..<5 {
                let answer = try await h.json(try h.program("desk"), .get, "/api/v1/queues")
                #expect(answer.status == 200 && answer.headers[.init("RateLimit")!] == nil)
            }
        }
    }
}

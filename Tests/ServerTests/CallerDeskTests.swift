import HTTPTypes
import Hummingbird
import Kernel
import Logging
import NIOCore
import NIOEmbedded
import Storage
import Testing
import Web

@testable import Directory
@testable import Privacy
@testable import Server

/// Where audited acts came from, as the audit administrator sees it.
@Suite struct CallerDeskTests {
    private struct Kept: Hashable {
        let verb: String
        let address: String
    }
    private func kept(_ h: TestHouse) async throws -> Set<Kept> {
        try await h.house.database.read { transaction in
            Set(
                try transaction.query("select verb, address from storage_audit") {
                    Kept(verb: try $0.text(0), address: try $0.optionalText(1) ?? "-")
                })
        }
    }
    private func list(_ h: TestHouse, _ query: String) async throws -> [JSON] {
        let answer = try await h.send(try h.program("auditor"), .get, "/api/v1/audit?\(query)")
        #expect(answer.status == 200, "\(query) \(answer.text.prefix(200))")
        return try answer.json()["items"]?.items ?? []
    }
    private func from(_ address: String) -> [String: String] { ["X-Forwarded-For": address] }

    @Test func signInsRefusalsAndActsAreKeptWithTheAddressOfTheirRequest() async throws {
        try await TestHouse.with { h in
            let visitor = try await h.visitor()
            func enter(_ login: String, _ password: String, _ address: String) async throws -> TestHouse.Answered {
                try await h.send(
                    visitor, .post, "/sign-in/password", form: ["login": login, "password": password],
                    headers: from(address))
            }
            let password = try h.account("grid").password
            #expect(try await enter("grid", "wrong one", "203.0.113.5").status != 303)
            #expect(try await enter("grid", password, "1.1.1.1, 2001:DB8:0:0::7").status == 303)
            let administrator = try await h.signIn("administrator")
            let policy = ["attend": "60", "handle": "240", "feedback": "4", "source": "x"]
            let edited = try await h.send(
                administrator, .post, "/desk/policies", form: policy, headers: from("::ffff:198.51.100.9"))
            #expect(edited.status == 303)
            // Refused on a page and in the API.
            let grid = try h.program("grid")
            #expect(try await h.send(grid, .get, "/desk/policies", headers: from("203.0.113.6")).status == 403)
            #expect(try await h.json(grid, .get, "/api/v1/policies", headers: from("203.0.113.7")).status == 403)
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let made = try await h.json(
                try h.program("desk"), .post, "/api/v1/cases",
                .object([("area", .string(home.text)), ("words", .string("灯坏了")), ("channel", .string("hotline"))]),
                headers: ["X-Forwarded-For": "203.0.113.8", "Idempotency-Key": "a1"])
            #expect(made.status < 300, "\(made.text)")
            // What the house does by itself came from nowhere.
            var planned = policy
            planned["start"] = "2026-03-20T08:00"
            _ = try await h.send(administrator, .post, "/desk/policies", form: planned, headers: from("203.0.113.10"))
            h.still.advance(ms: 16 * Instant.hourMs)
            try await h.house.applyPlanned()
            let found = try await kept(h)
            for (verb, address) in [
                ("signIn.failure", "203.0.113.5"), ("signIn", "2001:db8::7"), ("policy.edit", "198.51.100.9"),
                ("access.refused", "203.0.113.6"), ("access.refused", "203.0.113.7"), ("case.register", "203.0.113.8"),
                ("policy.plan", "203.0.113.10"), ("policy.edit", "-"),
            ] {
                #expect(found.contains(Kept(verb: verb, address: address)), "\(verb) \(address)")
            }
            #expect(!found.contains { $0.address == "1.1.1.1" })
            // One person cannot fill the audit with refusals.
            for _ in 0..<40 { _ = try await h.send(grid, .get, "/desk/policies", headers: from("203.0.113.99")) }
            let refusals = try await h.house.database.read {
                try $0.first("select count(*) from storage_audit where address = '203.0.113.99'") { try $0.int(0) }
            }
            #expect((1...20).contains(refusals ?? 0))
        }
    }

    @Test func onlyATrustedProxyIsBelieved() async throws {
        func signIns(_ proxies: String, _ header: String) async throws -> Set<String> {
            nonisolated(unsafe) var result: Set<String> = []
            try await TestHouse.with { configuration in
                configuration.limits.proxies = try #require(TrustedProxies(list: proxies))
            } _: { h in
                let visitor = try await h.visitor()
                let answer = try await h.send(
                    visitor, .post, "/sign-in/password",
                    form: ["login": "grid", "password": try h.account("grid").password], headers: from(header))
                #expect(answer.status == 303)
                let all = try await kept(h).filter { $0.verb == "signIn" }.map(\.address)
                result = Set(all)
            }
            return result
        }
        #expect(try await signIns("none", "203.0.113.5").contains("local"))
        #expect(try await !signIns("10.0.3.0/24", "203.0.113.5").contains("203.0.113.5"))
        // Through two of one's own: the nearest that is not trusted; what stands before it is hearsay.
        let chain = try await signIns("127.0.0.0/8,::1,10.0.3.0/24", "6.6.6.6, 203.0.113.5, 10.0.3.9")
        #expect(chain.contains("203.0.113.5") && !chain.contains("6.6.6.6"))
        // What is no address is not kept.
        #expect(try await signIns("127.0.0.1", "203.0.113.5, <script>").contains("local"))
        for bad in ["x", "10.0.0.0/33", "10.0.0.0/", "", "::1/129", "1.2.3.4,,::1", "1.2.3.4:80"] {
            #expect(TrustedProxies(list: bad) == nil, "\(bad)")
        }
        #expect(TrustedProxies.plain("2001:DB8:0:0:0:0:0:1") == "2001:db8::1")
        #expect(TrustedProxies.plain("::ffff:10.0.0.1") == "10.0.0.1")
        for bad in ["", "1.2.3", "1.2.3.4:5", "host", "1.2.3.4 ", String(repeating: "1", count: 100)] {
            #expect(TrustedProxies.plain(bad) == nil, "\(bad)")
        }
    }

    /// Its other end can cut a connection before anybody asked who it was.
    @Test func aConnectionThatIsCutAtOnceIsNotThisMachine() throws {
        let channel = EmbeddedChannel()
        func context() -> WebContext {
            WebContext(source: ApplicationRequestContextSource(channel: channel, logger: Logger(label: "test")))
        }
        #expect(context().isLoopback)
        channel.localAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 8080)
        let cut = context()
        #expect(!cut.isLoopback && cut.peerText == "0.0.0.0")
        let forwarded = try #require(HTTPField.Name("X-Forwarded-For"))
        let request = Request(
            head: HTTPRequest(
                method: .get, scheme: nil, authority: nil, path: "/", headerFields: [forwarded: "203.0.113.5"]),
            body: .init(buffer: .init()))
        #expect(TrustedProxies.thisMachine.said(request, cut) == nil)
        #expect(RateLimits(RateLimitSettings()).address(request, cut) == "a0.0.0.0")
        channel.remoteAddress = try SocketAddress(ipAddress: "127.0.0.1", port: 50000)
        #expect(TrustedProxies.thisMachine.said(request, context()) == "203.0.113.5")
    }

    @Test func theBrowserShowsFiltersAndExportsAddresses() async throws {
        try await TestHouse.with { h in
            let visitor = try await h.visitor()
            _ = try await h.send(
                visitor, .post, "/sign-in/password",
                form: ["login": "grid", "password": try h.account("grid").password], headers: from("2001:db8::5"))
            let rows = try await list(h, "address=2001:DB8:0::5")
            #expect(!rows.isEmpty && rows.allSatisfy { $0["address"]?.stringValue == "2001:db8::5" })
            #expect(try await list(h, "address=2001:db8::6").isEmpty)
            let bad = try await h.send(try h.program("auditor"), .get, "/api/v1/audit?address=grid")
            #expect(bad.status == 422)
            let session = try await h.signIn("auditor")
            for (mode, label) in [("zh", "网络地址"), ("en", "Network address")] {
                let page = try await h.send(
                    session, .get, "/desk/audit?address=2001:db8::5", headers: ["mode": mode]
                ).text
                #expect(page.contains("\(label)</th>") && page.contains(">2001:db8::5</td>"))
                #expect(page.contains("value=\"2001:db8::5\""))
            }
            let wrong = try await h.send(session, .get, "/desk/audit?address=grid")
            #expect(wrong.status == 422 && wrong.text.contains("address-error"))
            let file = try await h.send(session, .get, "/desk/audit?address=2001:db8::5&way=export").text
            let lines = file.split(whereSeparator: \.isNewline)
            #expect(lines.count == rows.count + 1 && lines.dropFirst().allSatisfy { $0.contains(",2001:db8::5,") })
            // It is for the audit administrator alone.
            for login in ["administrator", "security", "desk", "grid", "resident"] {
                let answer = try await h.send(try h.program(login), .get, "/api/v1/audit?address=2001:db8::5")
                #expect(answer.status == 403, "\(login)")
            }
        }
    }

    @Test func addressesGoAfterTheirPeriodAndTheAuditStaysSound() async throws {
        try await TestHouse.with { h in
            let key = h.house.secrets.auditBytes
            _ = try await h.signIn("grid")
            while try await Sealer(key: key, holder: "test").seal(h.house.database, at: h.still.now) > 0 {}
            let one = try #require(House.retention.first { $0.name == "addresses" })
            #expect(one.days == 180 && one.least == 180)
            func sweep() async throws -> Int {
                let before = h.still.now.adding(days: -180)
                return try await h.house.database.write { try one.sweep(before, 10_000, $0).count }
            }
            h.still.advance(minutes: 179 * 1440)
            #expect(try await sweep() == 0)
            h.still.advance(minutes: 2 * 1440)
            #expect(try await sweep() > 0)
            #expect(try await sweep() == 0)
            #expect(try await kept(h).allSatisfy { $0.address == "-" })
            let page = try await h.send(try h.program("auditor"), .get, "/desk/audit?kind=signIn").text
            #expect(page.contains("到期已删"))
            #expect(try await Verifier(key: key).verify(h.house.database).isSound)
        }
    }

    /// Behind one proxy everybody has the same other end of the connection, and still their own keys.
    @Test func keysOfCallersWithoutANameAreTheirOwnByAddress() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let visitor = try await h.visitor()
            let nobody = TestHouse.Session(login: "")
            var codes: [String] = []
            for index in 0..<2 {
                let made = try await h.json(
                    visitor, .post, "/api/v1/reports",
                    .object([("area", .string(estate.text)), ("words", .string("楼道灯坏了 \(index)"))]),
                    headers: ["Idempotency-Key": "r\(index)"])
                #expect(made.status == 201, "\(made.text)")
                codes.append(try #require(try made.json()["code"]?.stringValue))
            }
            func look(_ code: String, _ address: String) async throws -> TestHouse.Answered {
                try await h.json(
                    nobody, .post, "/api/v1/look-up/withdrawal",
                    .object([("code", .string(code)), ("words", .string("不用了"))]),
                    headers: from(address).merging(["Idempotency-Key": "same"]) { $1 })
            }
            let first = try await look(codes[0], "203.0.113.5")
            #expect(first.status == 200 && first.headers[.init("Idempotency-Replayed")!] == nil, "\(first.text)")
            // Of another address the same key is another key; of the same address it is the same.
            let second = try await look(codes[1], "203.0.113.6")
            #expect(second.status == 200 && second.text.contains("楼道灯坏了 1"), "\(second.text)")
            #expect(try await look(codes[1], "203.0.113.5").text.contains("keyForOther"))
            #expect(try await look(codes[0], "::ffff:203.0.113.5").headers[.init("Idempotency-Replayed")!] == "true")
            let owners = try await h.house.database.read { transaction in
                Set(
                    try transaction.query("select owner from directory_kept_answer where key = 'same'") {
                        try $0.text(0)
                    })
            }
            // Of the address only a digest with the secret of the house is kept.
            let secrets = h.house.directory.secrets
            #expect(owners == Set(["203.0.113.5", "203.0.113.6"].map { AnswerKeeper.addressOwner($0, secrets) }))
            #expect(owners.allSatisfy { !$0.contains(".") && $0.count > 30 })
        }
    }
}

import Kernel
import Storage
import Testing
import Web

@testable import Server

/// What relatives and staff do on pages about a person who has died, by programs.
@Suite struct PrivacyRelativeAPITests {
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }

    @Test func programsDoTheSame() async throws {
        try await TestHouse.with { h in
            let (tenant, estate) = (try await person("tenant", h), try await h.area("桂花苑"))
            let session = try await h.signIn("resident")
            let body: [(String, JSON)] = [
                ("kind", .string("correction")), ("name", .string("林小雨")), ("relation", .string("spouse")),
                ("estate", .string(estate.text)), ("home", .string("7 号楼")), ("words", .string("电话登记错了")),
                ("interest", .string("办理过户")), ("proof", .string("结婚证")), ("died", .string(today(h).description)),
            ]
            func post(_ who: TestHouse.Session, _ path: String, _ pairs: [(String, JSON)]) async throws
                -> TestHouse.Answered
            {
                try await h.json(
                    who, .post, "/api/v1/\(path)", .object(pairs),
                    headers: who.bearer == nil ? ["X-Form-Token": who.form] : [:])
            }
            let made = try await post(session, "me/privacy/relatives", body)
            #expect(made.status == 201)
            let id = try #require(try made.json()["id"]?.stringValue)
            let own = try await h.json(session, .get, "/api/v1/me/privacy").json()
            let shown = try #require(own["requests"]?.items.first { $0["id"]?.stringValue == id })
            #expect(shown["relative"]?["name"]?.stringValue == "林小雨")
            #expect(shown["relative"]?["relation"]?.stringValue == "spouse")
            let grid = try h.program("grid")
            let path = "privacy/requests/\(id)"
            let far = try h.program("grid2")
            #expect(try await h.json(far, .get, "/api/v1/\(path)").status == 404)
            let view = try await h.json(grid, .get, "/api/v1/\(path)?name=\(TestHouse.encoded("林小雨"))").json()
            #expect(view["dead"]?.isNull == true)
            #expect(view["people"]?.items.contains { $0["id"]?.stringValue == tenant.text } == true)
            let identity: [(String, JSON)] = [
                ("dead", .string(tenant.text)), ("died", .string(today(h).description)), ("evidence", .string("结婚证原件")),
                ("ends_homes", .bool(false)), ("version", .int(1)),
            ]
            #expect(try await post(far, path + "/identity", identity).status == 404)
            #expect(try await post(grid, path + "/identity", identity).status == 204)
            #expect(try await post(grid, path + "/identity", identity).status == 409)
            #expect(
                try await post(grid, path + "/decision", [("accept", .bool(true)), ("version", .int(2))]).status == 422)
            #expect(
                try await post(
                    grid, path + "/decision",
                    [("accept", .bool(true)), ("answer", .string("已改")), ("version", .int(2))]
                ).status == 204)
            let after = try await h.json(grid, .get, "/api/v1/\(path)").json()
            #expect(after["evidence"]?.stringValue == "结婚证原件" && after["people"]?.items.isEmpty == true)
            #expect(after["request"]?["request"]?["status"]?.stringValue == "done")
            #expect(try await post(session, "me/privacy/claims/\(id)/objection", []).status == 404)
        }
    }
}

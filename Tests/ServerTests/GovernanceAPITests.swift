import Directory
import HTTPTypes
import Kernel
import Storage
import Testing
import Web

@testable import Server

/// Governance and imports as programs use them: editions, keys, scopes, pages of lists, tables sent and taken back.
@Suite struct GovernanceAPITests {
    private func object(_ pairs: [String: String]) -> JSON { .object(pairs.map { ($0.key, .string($0.value)) }) }
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func place(_ answer: TestHouse.Answered) throws -> String {
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.headers[.location])
    }

    @Test func oneThingHasATagAndIsChangedInTheEditionThatWasRead() async throws {
        try await TestHouse.with { h in
            let program = try h.program("approver")
            let five = try await h.area("5 号楼", under: try await h.area("桂花苑"))
            let community = try await h.area("桂花社区")
            let zone = JSON.object([
                ("kind", .string("grid")), ("area", .string(community.text)), ("name", .string("新网格")),
                ("part", .array([.string(five.text)])),
            ])
            let here = try place(try await h.json(program, .post, "/api/v1/zones", zone))
            let first = try await h.json(program, .get, here)
            let tag = try #require(first.headers[.eTag])
            #expect(try await h.json(program, .get, here, headers: ["If-None-Match": tag]).status == 304)
            let nothing = JSON.object([])
            func end(_ body: JSON, _ held: String? = nil) async throws -> TestHouse.Answered {
                try await h.json(program, .post, here + "/end", body, headers: held.map { ["If-Match": $0] } ?? [:])
            }
            #expect(try await code(end(nothing)) == "missingField")
            #expect(try await code(end(.object([("version", .int(9))]))) == "changedMeanwhile")
            for stale in ["\"v9.0\"", "\"other\""] {
                let answer = try await end(nothing, stale)
                #expect(answer.status == 412, "\(answer.text)")
            }
            #expect(try await h.json(program, .get, here).headers[.eTag] == tag)
            let ended = try await end(nothing, tag)
            #expect(ended.status == 204, "\(ended.text)")
            #expect(try await end(nothing, tag).status >= 404)
        }
    }

    @Test func aRepeatMakesOneBodyAndAPlateIsShownAgainOnlyWithAReasonThatIsKept() async throws {
        try await TestHouse.with { h in
            let program = try h.program("approver")
            let body = object([
                "kind": "volunteers", "name": "桂花志愿队", "area": try await h.area("桂花社区").text,
            ])
            let key = ["Idempotency-Key": "g1"]
            let made = try await h.json(program, .post, "/api/v1/bodies", body, headers: key)
            let again = try await h.json(program, .post, "/api/v1/bodies", body, headers: key)
            #expect(try place(made) == place(again) && made.text == again.text)
            #expect(again.headers[.init("Idempotency-Replayed")!] == "true")
            #expect(try await count("select count(*) from directory_organisation where name = '桂花志愿队'", h) == 1)

            let resident = try h.program("resident")
            let unit = try #require(try await h.actor(resident).homes.first?.unit.text)
            for plate in ["赣B12345", "赣BD12345"] {
                let bound = try await h.json(
                    resident, .post, "/api/v1/my/vehicles", object(["plate": plate, "unit": unit]))
                #expect(bound.status == 201, "\(bound.text)")
            }
            let old = try await h.json(
                resident, .post, "/api/v1/my/vehicles", object(["way": "add", "plate": "赣B12346", "unit": unit]))
            #expect(try code(old) == "unknownField")
            let mine = try await h.json(resident, .get, "/api/v1/my/vehicles").json()["items"]?.items ?? []
            #expect(mine.count == 2)
            let desk = try h.program("desk")
            let first = try await h.json(desk, .get, "/api/v1/vehicles?limit=1").json()
            let next = try #require(first["next_cursor"]?.stringValue)
            let second = try await h.json(desk, .get, "/api/v1/vehicles?limit=1&cursor=\(next)").json()
            #expect(first["items"]?.items.count == 1 && second["items"]?.items.count == 1)
            #expect(second["next_cursor"]?.isNull == true)
            #expect(
                first["items"]?.items.first?["id"]?.stringValue != second["items"]?.items.first?["id"]?.stringValue)
            for bad in ["limit=0", "limit=101", "cursor=x", "limit=a"] {
                #expect(try await h.json(desk, .get, "/api/v1/vehicles?\(bad)").status == 422, "\(bad)")
            }
            let found = try await h.json(desk, .post, "/api/v1/vehicles/search", object(["plate": "赣B·12345"])).json()
            let id = try #require(found["items"]?.items.first?["id"]?.stringValue)
            #expect(found["items"]?.items.count == 1 && found["items"]?.items.first?["version"]?.intValue == 1)
            for _ in 0..<2 {
                let shown = try await h.json(
                    desk, .post, "/api/v1/vehicles/\(id)/plate", object(["why": "挡住消防通道"]),
                    headers: ["Idempotency-Key": "p1"])
                #expect(try shown.json()["plate"]?.stringValue == "赣B12345")
            }
            #expect(try await count("select count(*) from storage_audit where verb = 'vehicle.unmask'", h) == 2)
            let kept = try await h.house.database.read { transaction in
                try transaction.query("select body from directory_kept_answer") { try $0.bytes(0) }
            }
            #expect(kept.allSatisfy { $0.firstRange(of: Array("12345".utf8)) == nil })
            let no = try await h.json(desk, .post, "/api/v1/vehicles/\(id)/plate", object(["why": " "]))
            #expect(try code(no) == "badField")
        }
    }

    @Test func aTokenOfGovernanceReadsItAndNothingElse() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("approver")
            let actor = try await h.actor(session)
            var reads = TestHouse.Session(login: "approver")
            reads.bearer = try await h.house.directory.signIn.makeToken(
                for: actor, post: actor.posts.first?.id, name: "t", days: 1,
                scopes: try #require(Scopes(text: "governance:read")))
            for room in [
                "who", "bodies", "appointments", "selections", "duties", "notices", "contracts", "zones", "links",
                "counters", "stewards", "cross-posts", "my/duties", "my/selections", "my/links", "my/vehicles",
            ] {
                let answer = try await h.json(reads, .get, "/api/v1/\(room)")
                #expect(answer.status == 200, "\(room): \(answer.text)")
            }
            for (path, scope) in [
                ("areas/\(try await h.area("桂花苑").text)/place", "directory:read"), ("imports", "imports:read"),
                ("limits", "rules:read"),
            ] {
                let answer = try await h.json(reads, .get, "/api/v1/\(path)")
                guard answer.status == 403 else {
                    Issue.record("\(path): \(answer.status)")
                    continue
                }
                let told = try code(answer)
                #expect(told == "notYours" || told == "noScope" && answer.text.contains(scope), "\(path)")
            }
            let write = try await h.json(reads, .post, "/api/v1/zones", .object([]))
            #expect(try code(write) == "noScope" && write.text.contains("governance:write"))
        }
    }

    @Test func aTableIsSentCheckedRunAndTakenBackByAProgram() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let desk = try h.program("desk")
            let text = "姓名,手机号,楼栋,单元,房号,关系\n甲一,13911110001,3,2,501,业主\n乙二,139,3,2,501,业主\n"
            func send(
                _ area: AreaID, _ bytes: [UInt8], type: String = "text/csv", _ asker: TestHouse.Session
            ) async throws -> TestHouse.Answered {
                try await h.send(
                    asker, .post, "/api/v1/imports?kind=residents&area=\(area.text)&name=a.csv", body: bytes, type: type
                )
            }
            let bytes = Array(text.utf8)
            #expect(try await send(guihua, bytes, type: "application/json", desk).status == 415)
            #expect(try await code(send(guihua, [], desk)) == "noFile")
            #expect(try await code(send(try await h.area("兴隆花园"), bytes, desk)) == "beyondScope")
            #expect(try await send(guihua, bytes, try h.program("resident")).status == 403)
            let here = try place(try await send(guihua, bytes, desk))
            let parts = try await h.house.database.read { transaction in
                try transaction.query("select sealed from directory_part") { try $0.bytes(0) }
            }
            #expect(!parts.isEmpty && parts.allSatisfy { $0.firstRange(of: Array("甲一".utf8)) == nil })
            func step(_ name: String, _ body: JSON = .object([])) async throws -> TestHouse.Answered {
                let answer = try await h.json(desk, .post, here + "/" + name, body)
                if answer.status == 204 { _ = try await h.house.importWork.step(worker: "t") }
                return answer
            }
            #expect(try await code(step("run")) == "notNow")
            _ = try await h.house.importWork.step(worker: "t")
            let open = try await h.json(desk, .get, here).json()
            #expect(open["import"]?["status"]?.stringValue == "open", "\(open.text)")
            #expect(open["header"]?.items.count == 6 && open["sample"]?.items.isEmpty == false)
            var check: [(String, JSON)] = [("conflict", .string("skip")), ("save", .string("住户"))]
            for column in open["columns"]?.items ?? [] {
                if let field = column["field"]?.stringValue, let at = column["column"]?.intValue {
                    check.append(("column-\(field)", .int(at)))
                }
            }
            #expect(check.count == 8)
            #expect(try await code(step("check", .object([check[0]]))) == "badMapping")
            #expect(try await step("check", .object(check)).status == 204)
            let checked = try await h.json(desk, .get, here).json()
            #expect(checked["import"]?["status"]?.stringValue == "checked", "\(checked.text)")
            #expect(checked["import"]?["new"]?.intValue == 1 && checked["import"]?["bad"]?.intValue == 1)
            // The columns that were kept do the same.
            let saved = try #require(checked["saved"]?.items.first?["id"]?.stringValue)
            #expect(try await step("use", object(["saved": saved])).status == 204)
            #expect(try await h.json(desk, .get, here).json()["import"]?["new"]?.intValue == 1)
            let bad = try await h.json(desk, .get, here + "/bad").json()["items"]?.items ?? []
            #expect(bad.count == 1 && bad.first?["reason"]?.stringValue == "badPhone")
            #expect(bad.first?["cells"]?.items.first?.stringValue == "乙二")
            #expect(try await count("select count(*) from storage_audit where verb = 'export.badRows'", h) == 1)
            // Whoever does not serve the estate finds nothing.
            let far = try h.program("desk2")
            for path in [here, here + "/bad"] { #expect(try await h.json(far, .get, path).status == 404) }
            for name in ["run", "undo", "drop"] {
                #expect(try await h.json(far, .post, here + "/" + name, .object([])).status == 404)
            }
            #expect(try await h.json(far, .get, "/api/v1/imports").json()["items"]?.items.isEmpty == true)
            // Two at once: one runs it.
            async let one = h.json(desk, .post, here + "/run", .object([]))
            async let two = h.json(desk, .post, here + "/run", .object([]))
            #expect(try await [one, two].map(\.status).sorted() == [204, 409])
            _ = try await h.house.importWork.step(worker: "t")
            let done = try await h.json(desk, .get, "/api/v1/imports?limit=1").json()["items"]?.items.first
            #expect(done?["status"]?.stringValue == "done" && done?["new"]?.intValue == 1)
            #expect(try await count("select count(*) from directory_person where name = '甲一'", h) == 1)
            #expect(try await step("undo").status == 204)
            #expect(try await h.json(desk, .get, here).json()["import"]?["status"]?.stringValue == "undone")
            #expect(try await count("select count(*) from directory_person where name = '甲一'", h) == 0)
        }
    }
}

import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Directory
@testable import Server

/// The audit as its administrator reads it.
@Suite struct AuditDeskTests {
    private func verbs(_ h: TestHouse) async throws -> Set<String> {
        try await h.house.database.read { transaction in
            Set(try transaction.query("select distinct verb from storage_audit") { try $0.text(0) })
        }
    }

    private func list(_ h: TestHouse, _ query: String, by login: String = "auditor") async throws -> JSON {
        let answer = try await h.send(try h.program(login), .get, "/api/v1/audit?\(query)")
        #expect(answer.status == 200, "\(query) \(answer.text.prefix(200))")
        return try answer.json()
    }

    private func seal(_ h: TestHouse) async throws {
        let sealer = Sealer(key: h.house.secrets.auditBytes, holder: "test")
        while try await sealer.seal(h.house.database, at: h.still.now) > 0 {}
    }

    /// The minimum list of rules.md 12.6, as far as the house does such things: each leaves its row.
    @Test func everyEventOfTheMinimumListIsWritten() async throws {
        try await TestHouse.with { h in
            let signIn = h.house.directory.signIn
            let password = try h.account("grid").password
            _ = try? await signIn.byPassword(login: "grid", password: "wrong one", device: "")
            for _ in 0..<5 { _ = try? await signIn.byPassword(login: "approver", password: "wrong one", device: "") }
            _ = try? await signIn.byPassword(login: "approver", password: "wrong one", device: "")
            _ = try? await signIn.byCode(phone: "13800000013", code: "000000", chosen: nil, device: "")
            let grid = try await h.signIn("grid")
            _ = try await h.send(
                grid, .post, "/me/password", form: ["password": password, "fresh": "kettle under moss"])
            let person = try #require(try await h.actor(grid).person)
            let step = try await signIn.beginFactor(person)
            let first = try #require(step.secret).code(step: TOTP.step(at: h.still.now))
            _ = try await signIn.confirmFactor(person, step: step.token, code: first)
            _ = try await h.send(
                try await h.signIn("security"), .post, "/desk/security/people/\(person.text)",
                form: ["way": "factor", "why": "手机丢了"])
            let administrator = try await h.signIn("administrator")
            _ = try await h.send(
                administrator, .post, "/desk/calendar",
                form: ["day": "2026-05-06", "kind": "rest", "source": "通知", "name": "试", "year": "2026"])
            _ = try await h.send(
                administrator, .post, "/desk/policies",
                form: ["attend": "120", "handle": "240", "feedback": "5", "source": "通知"])
            _ = try await h.send(administrator, .post, "/sign-out", form: [:])
            _ = try await h.send(try await h.signIn("auditor"), .get, "/desk/audit?way=export")
            let token = try await h.send(
                try await h.signIn("desk"), .post, "/me/tokens", form: ["name": "one", "post": ""])
            #expect(token.status == 200)
            let written = try await verbs(h)
            let events: [(String, [String])] = [
                ("login, logout", ["signIn", "signOut"]),
                ("failure, lock", ["signIn.failure", "signIn.lock", "signIn.locked", "signIn.codeFailure"]),
                ("password and MFA changes", ["password.change", "factor.enrol", "factor.reset"]),
                ("data export", ["audit.export"]),
                ("parameter, SLA and holiday changes", ["policy.edit", "calendar.edit"]),
                ("interface access", ["token.make"]), ("publication", ["case.published"]),
            ]
            for (name, expected) in events {
                for verb in expected { #expect(written.contains(verb), "\(name): \(verb)") }
            }
            // Every verb that is written belongs to a kind that can be asked for.
            let kinds = AuditKind.allCases.flatMap(\.verbs)
            for verb in written { #expect(kinds.contains { verb.hasPrefix($0) }, "\(verb)") }
        }
    }

    @Test func aLookIsFilteredPagedAndItselfKept() async throws {
        try await TestHouse.with { h in
            _ = try await h.signIn("desk")
            let whole = try await list(h, "limit=100")
            #expect((whole["items"]?.items.count ?? 0) > 20)
            // The look itself is the newest row.
            #expect(whole["items"]?.items.first?["act"]?.stringValue == "audit.read")
            #expect(whole["items"]?.items.first?["role"]?.stringValue == "auditor")
            // Pages of seven hold the same rows in the same order, but for the looks between.
            var seen: [String] = []
            var cursor = ""
            for _ in 0..<400 {
                let page = try await list(h, "limit=7\(cursor)")
                seen += page["items"]?.items.compactMap { $0["id"]?.stringValue } ?? []
                guard let next = page["next_cursor"]?.stringValue else { break }
                cursor = "&cursor=\(next)"
            }
            #expect(Set(seen).count == seen.count)
            let total = try await h.house.database.read {
                try $0.first("select count(*) from storage_audit where verb <> 'audit.read'") { try $0.int(0) } ?? 0
            }
            let reads = try await list(h, "limit=100&kind=audit")["items"]?.items.count ?? 0
            #expect(Int64(seen.count) >= total && reads > 1)
            let signIns = try await list(h, "kind=signIn")["items"]?.items ?? []
            #expect(!signIns.isEmpty && signIns.allSatisfy { $0["act"]?.stringValue?.hasPrefix("sign") == true })
            let desk = try #require(try await h.actor(h.program("desk")).person)
            let mine = try await list(h, "actor=\(desk.text)")["items"]?.items ?? []
            #expect(!mine.isEmpty && mine.allSatisfy { $0["actor"]?.stringValue == desk.text })
            let subject = try #require(mine.first?["subject"]?.stringValue)
            #expect(try await list(h, "subject=\(subject)")["items"]?.items.isEmpty == false)
            let estate = try await h.area("桂花苑")
            let there = try await list(h, "area=\(estate.text)")["items"]?.items ?? []
            #expect(!there.isEmpty && there.allSatisfy { $0["area"]?.stringValue == estate.text })
            #expect(try await list(h, "from=2026-03-20")["items"]?.items.isEmpty == true)
            #expect(try await list(h, "from=2026-03-19&to=2026-03-19&kind=signIn")["items"]?.items.isEmpty == false)
            #expect(try await list(h, "to=2019-01-01")["items"]?.items.isEmpty == true)
            // No name and no number of a telephone anywhere.
            let session = try await h.signIn("auditor")
            let page = try await h.send(session, .get, "/desk/audit").text
            for word in ["陈静", "王阿姨", "138****", "13800000011"] { #expect(!page.contains(word)) }
            // Refused as typed.
            for bad in ["from=gestern", "kind=all", "actor=nobody-here", "subject=1", "area=x"] {
                let answer = try await h.send(session, .get, "/desk/audit?\(bad)")
                #expect(answer.status == 422, "\(bad)")
                #expect(answer.text.contains("-error") || bad.hasPrefix("kind") || bad.hasPrefix("area"), "\(bad)")
            }
            #expect(try await h.send(session, .get, "/desk/audit?cursor=%27or%201").status == 422)
            #expect(try await h.send(session, .get, "/desk/audit?actor=desk").status == 200)
            for login in ["administrator", "security", "district", "resident"] {
                #expect(try await h.send(try h.program(login), .get, "/api/v1/audit").status == 403, "\(login)")
            }
        }
    }

    @Test func anAuditorOfOneEstateSeesItsRowsAlone() async throws {
        try await TestHouse.with { h in
            let admin = try h.program("administrator")
            let estate = try await h.area("桂花苑")
            let organisations = try await h.send(admin, .get, "/api/v1/organisations?limit=100").json()
            let body = try #require(
                organisations["items"]?.items.first { $0["name"]?.stringValue == "桂花苑物业服务中心" }?["id"]?
                    .stringValue)
            let granted = try await h.json(
                admin, .post, "/api/v1/organisations/\(body)/posts",
                .object([
                    ("role", .string("auditor")), ("area", .string(estate.text)), ("from", .string("2026-03-19")),
                    ("phone", .string("13800000098")), ("name", .string("小审")), ("login", .string("xiaoshen")),
                    ("password", .string("kettle under moss")),
                ]))
            #expect(granted.status == 201)
            let entry = try await h.house.directory.signIn.byPassword(
                login: "xiaoshen", password: "kettle under moss", device: "")
            var session = TestHouse.Session(login: "xiaoshen")
            let started = try #require(entry.started)
            session.cookies["rs_s"] = started.token
            let page = try await h.send(session, .get, "/api/v1/audit?limit=100").json()
            let rows = page["items"]?.items ?? []
            #expect(!rows.isEmpty)
            let places = try await h.house.database.read { transaction in
                let path = try #require(try DirectoryStore.area(estate, transaction)).path
                return Set(
                    try transaction.query(
                        """
                        select id from directory_area where path >= \(path.text) and path < \(path.upperBound)
                        """
                    ) { try $0.id(0, AreaTag.self).text })
            }
            for row in rows { #expect(places.contains(try #require(row["area"]?.stringValue))) }
            // Not by asking for another estate either, nor for what belongs to no area.
            let other = try await h.area("兴隆花园")
            let far = try await h.send(session, .get, "/api/v1/audit?area=\(other.text)").json()
            #expect(far["items"]?.items.isEmpty == true)
            let signIns = try await h.send(session, .get, "/api/v1/audit?kind=signIn").json()
            #expect(signIns["items"]?.items.isEmpty == true)
        }
    }

    @Test func sealedRowsAreCheckedAndATouchedOneIsShown() async throws {
        try await TestHouse.with { h in
            try await seal(h)
            let before = try await list(h, "limit=10")["items"]?.items ?? []
            #expect(before.first?["seal"]?.stringValue == "waiting")
            #expect(before.dropFirst().allSatisfy { $0["seal"]?.stringValue == "holds" })
            let target = try #require(before.last?["id"]?.stringValue.flatMap { ID<AuditTag>(text: $0) })
            try await h.house.database.write { transaction in
                try transaction.run("update storage_audit set subject_id = subject_id + 1 where id = \(target)")
            }
            let after = try await list(h, "limit=10")["items"]?.items ?? []
            #expect(after.contains { $0["seal"]?.stringValue == "broken" })
            let session = try await h.signIn("auditor")
            #expect(try await h.send(session, .get, "/desk/audit").text.contains("对不上"))
            let file = try await h.send(session, .get, "/desk/audit?way=export&kind=signIn")
            #expect(file.status == 200 && file.type.hasPrefix("text/csv"))
            let lines = file.text.split(whereSeparator: \.isNewline)
            #expect(lines.count >= 2 && lines.dropFirst().allSatisfy { $0.contains(",sign") })
            #expect(!file.text.contains("陈静"))
        }
    }

    /// Whatever is looked for, a page looks at a bounded number of rows, and says how far it came.
    @Test func aPageLooksAtABoundedNumberOfRowsAndGoesOn() async throws {
        try await TestHouse.with { h in
            let base = ID<AuditTag>.least(at: h.still.now.adding(days: -300))
            let now = h.still.now.adding(days: -300)
            for part in 0..<9 {
                try await h.house.database.write { transaction in
                    let rows = (0..<5_000).map { index -> [SQLValue] in
                        let at = part * 5_000 + index
                        return [
                            .int(base + Int64(at)), .int(0), .int(now.ms), .null, .null,
                            .text(at == 7 ? "party.look" : "signIn"), .int(1), .bytes([1]), .null,
                        ]
                    }
                    _ = try transaction.insert(
                        into: "storage_audit",
                        columns: [
                            "id", "area_id", "at_ms", "actor_id", "post_id", "verb", "subject_id", "digest", "seal_seq",
                        ], rows: rows)
                }
            }
            var found: [JSON] = []
            var pages = 0
            var cursor = ""
            for _ in 0..<10 {
                let page = try await list(h, "kind=looks&to=2025-12-31\(cursor)")
                pages += 1
                found += page["items"]?.items ?? []
                guard let next = page["next_cursor"]?.stringValue else { break }
                cursor = "&cursor=\(next)"
            }
            #expect(found.count == 1 && found.first?["act"]?.stringValue == "party.look")
            #expect(pages == 3, "\(pages)")
            let session = try await h.signIn("auditor")
            let page = try await h.send(session, .get, "/desk/audit?kind=looks&to=2025-12-31").text
            #expect(page.contains("已经查到"))
        }
    }
}

import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Directory
@testable import Server

/// The dictionary of categories as an administrator edits it: versions, order, retiring, and what must not happen.
@Suite struct CategoryTests {
    private static let page = "/desk/categories"

    private func dictionary(_ h: TestHouse) async throws -> [Cases.Category] {
        try await h.house.database.read { try CaseHistoryStore.dictionary($0) }
    }
    private func one(_ code: String, _ h: TestHouse) async throws -> Cases.Category {
        try #require(try await dictionary(h).first { $0.code == code })
    }
    private func versions(_ h: TestHouse) async throws -> [JSON] {
        let answer = try await h.send(try h.program("administrator"), .get, "/api/v1/rules?kind=category")
        return try answer.json()["items"]?.items ?? []
    }
    private func choices(_ h: TestHouse) async throws -> [String] {
        let answer = try await h.send(TestHouse.Session(login: ""), .get, "/api/v1/categories")
        return try answer.json()["items"]?.items.compactMap { $0["code"]?.stringValue } ?? []
    }
    /// The form of a category as the page shows it.
    private func form(_ code: String, _ h: TestHouse, _ version: Int) async throws -> [String: String] {
        var fields = CategoryRules.fields(try await one(code, h), isNew: false)
        fields["why"] = "街道例会"
        fields["version"] = String(version)
        return fields
    }
    private func post(_ session: TestHouse.Session, _ h: TestHouse, _ fields: [String: String]) async throws -> Int {
        try await h.send(session, .post, Self.page, form: fields).status
    }
    private static let pets: [String: String] = [
        "way": "add", "code": "pets", "zh": "宠物", "en": "Pets", "kind": "order", "party": "community",
        "urgency": "normal", "hints": "遛狗 狗叫", "fast": "0", "retired": "0", "place": "", "why": "居民常报", "version": "0",
    ]

    @Test func oneIsAddedRenamedMovedRetiredAndBroughtBackAndEveryVersionStays() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let person = try #require(try await h.actor(session).person)
            let before = try await choices(h)
            #expect(try await post(session, h, Self.pets) == 303)
            // Before the last, which takes what nothing suggests.
            #expect(try await choices(h) == before.dropLast() + ["pets", "other"])
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("有人遛狗不牵绳", by: "resident", at: home, key: "c1")
            func code(_ id: CaseID) async throws -> String {
                try await h.house.database.read { transaction in
                    let view = try CaseQueries.view(try #require(try CaseStore.load(id, transaction)), transaction)
                    return view.category.code
                }
            }
            #expect(try await code(id) == "pets")
            var fields = try await form("pets", h, 1)
            (fields["zh"], fields["en"], fields["place"]) = ("宠物扰民", "Pets that disturb", "1")
            #expect(try await post(session, h, fields) == 303)
            #expect(try await choices(h) == ["pets"] + before)
            #expect(try await dictionary(h).map(\.place) == (1...Int64(before.count + 1)).map { $0 })
            // Retired: told who has it, not to be chosen, suggested or planned with; the case keeps it.
            fields = try await form("pets", h, 2)
            fields["retired"] = "1"
            let shown = try await h.send(session, .get, "\(Self.page)?edit=pets").text
            #expect(shown.contains("还有 1 件没办完的事项是这一类"))
            #expect(try await post(session, h, fields) == 303)
            #expect(try await choices(h) == before)
            #expect(try await code(id) == "pets")
            let pets = try await one("pets", h)
            let refused = try await h.json(
                try h.program("resident"), .post, "/api/v1/cases",
                .object([
                    ("area", .string(home.text)), ("words", .string("又有人遛狗不牵绳")),
                    ("category", .string(pets.id.text)),
                ]), headers: ["Idempotency-Key": "c2"])
            #expect(refused.status == 422, "\(refused.text)")
            let next = try await h.report("又有人遛狗不牵绳", by: "resident", at: home, key: "c3")
            #expect(try await code(next) != "pets")
            // The desk still finds the old one by it and may leave it where it is.
            let desk = try await h.signIn("desk")
            #expect(try await h.send(desk, .get, "/desk?category=\(pets.id.text)").text.contains("遛狗不牵绳"))
            let view = try await h.send(desk, .get, "/desk/cases/\(id.text)").text
            #expect(view.contains("<option value=\"\(pets.id.text)\" selected>宠物扰民"))
            let version = try await h.house.database.read { try #require(try CaseStore.load(id, $0)).version }
            let triage = try await h.send(
                desk, .post, "/desk/cases/\(id.text)",
                form: [
                    "do": "triage", "version": String(version), "category": pets.id.text, "urgency": "urgent",
                    "level": "6", "lead": "0",
                ])
            #expect(triage.status == 303, "\(triage.status)")
            #expect(try await code(id) == "pets")
            // The button of the second version brings it back as it was.
            var back = CategoryRules.fields(pets, isNew: false)
            (back["retired"], back["place"], back["why"], back["version"]) = ("0", "1", "恢复第 2 版", "3")
            #expect(try await h.send(session, .get, Self.page).text.contains("恢复第 2 版"))
            #expect(try await post(session, h, back) == 303)
            #expect(try await choices(h).first == "pets")
            // And that of the first, which made it, its first name.
            var first = Self.pets
            (first["way"], first["made"], first["why"], first["version"]) = ("set", "1", "恢复第 1 版", "4")
            #expect(try await post(session, h, first) == 303)
            #expect(try await one("pets", h).zh == "宠物")
            let all = try await versions(h)
            #expect(all.count == 5 && all.allSatisfy { $0["by"]?.stringValue == person.text })
            #expect(all.last?["why"]?.stringValue == "居民常报" && all.last?["before"]?.stringValue == "")
            #expect(all[2]["after"]?.stringValue?.contains("retired") == true)
            let audits = try await h.house.database.read {
                try $0.first("select count(*) from storage_audit where verb = 'category.edit'") { try $0.int(0) }
            }
            #expect(audits == 5)
        }
    }

    @Test func whatMustNotHappenIsRefusedAtItsFieldAndChangesNothing() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            let before = try await dictionary(h)
            let bad: [(String, String, String)] = [
                ("code", "leak", "code"), ("code", "", "code"), ("code", "Leak", "code"),
                ("code", "imported:x", "code"),
                ("code", "9a", "code"), ("zh", "", "zh"), ("zh", " ", "zh"), ("en", "", "en"), ("zh", "漏水", "zh"),
                ("en", "LEAK", "en"), ("zh", String(repeating: "字", count: 21), "zh"), ("why", "", "why"),
                ("start", "gestern", "start"), ("start", "2020-01-01T00:00", "start"),
            ]
            for (name, value, field) in bad {
                var fields = Self.pets
                fields[name] = value
                let answer = try await h.send(session, .post, Self.page, form: fields)
                #expect(answer.status == 422, "\(name) \(value)")
                #expect(answer.text.contains("\(field)-error"), "\(name) \(value)")
                #expect(name == "why" || answer.text.contains("value=\"居民常报\""))
            }
            for (name, value) in [
                ("kind", "none"), ("party", "resident"), ("party", ""), ("urgency", "9"), ("fast", "x"), ("place", "0"),
                ("place", "1000000"), ("way", "drop"), ("zh", "改\u{202E}名"), ("hints", "a\tb"),
            ] {
                var fields = Self.pets
                fields[name] = value
                #expect(try await h.send(session, .post, Self.page, form: fields).status == 422, "\(name) \(value)")
            }
            // Nobody's, and those of others: an area, an estate, what an import brought.
            try await h.house.database.write { transaction in
                try CaseHistoryStore.insert(
                    Cases.Category(
                        id: CategoryID(990), code: "imported:x", kind: .order, zh: "x", en: "x", party: .community,
                        urgency: .normal, hints: "", fastLane: false), transaction)
            }
            var gone = try await form("leak", h, 0)
            gone["code"] = "nowhere"
            #expect(try await h.send(session, .post, Self.page, form: gone).status == 404)
            let program = try h.program("administrator")
            for id in [try await h.area("桂花苑").text, CategoryID(990).text, CategoryID(77_777).text] {
                let answer = try await h.json(
                    program, .post, "/api/v1/dictionary/\(id)",
                    .object([("name_zh", .string("新")), ("why", .string("试"))]))
                #expect(answer.status == 404, "\(id)")
            }
            let noReason = try await h.json(
                program, .post, "/api/v1/dictionary/\(CategoryID(1).text)", .object([("name_zh", .string("新"))]))
            #expect(noReason.status == 422)
            for login in ["desk", "grid", "security", "resident"] {
                #expect(try await h.send(try h.program(login), .get, Self.page).status == 403, "\(login)")
                let answer = try await h.json(
                    try h.program(login), .post, "/api/v1/dictionary/\(CategoryID(1).text)",
                    .object([("name_zh", .string("新")), ("why", .string("试"))]))
                #expect(answer.status == 403, "\(login)")
            }
            #expect(try await dictionary(h) == before)
            #expect(try await versions(h).isEmpty)
        }
    }

    @Test func theLastOneStaysAndANameIsTakenOnlyWhileItIsInUse() async throws {
        try await TestHouse.with { h in
            let program = try h.program("administrator")
            func change(_ code: String, _ fields: [(String, JSON)]) async throws -> TestHouse.Answered {
                let id = try await one(code, h).id.text
                return try await h.json(
                    program, .post, "/api/v1/dictionary/\(id)", .object(fields + [("why", .string("清理"))]))
            }
            for category in try await dictionary(h) where category.code != "other" {
                #expect(try await change(category.code, [("retired", .bool(true))]).status == 200)
            }
            #expect(try await choices(h) == ["other"])
            let last = try await change("other", [("retired", .bool(true))])
            #expect(last.status == 422 && last.text.contains("lastCategory"))
            // A new start does not plant them again.
            try await h.house.database.write {
                try BaseSeed.plant(at: h.still.now, nextID: h.house.world.nextID, $0)
            }
            #expect(try await choices(h) == ["other"])
            // The name of a retired one is free; then the old one cannot come back under it.
            let again = try await h.json(
                program, .post, "/api/v1/dictionary",
                .object([
                    ("code", .string("leak-2")), ("kind", .string("repair")), ("name_zh", .string("漏水")),
                    ("name_en", .string("Leaks")), ("lead", .string("property")), ("why", .string("重来")),
                ]))
            #expect(again.status == 200, "\(again.text)")
            let taken = try await change("leak", [("retired", .bool(false))])
            #expect(taken.status == 422 && taken.text.contains("nameTaken"))
            let back = try await change("leak", [("retired", .bool(false)), ("name_zh", .string("老漏水"))])
            #expect(back.status == 200)
            let state = try back.json()
            let open = try await h.house.database.read {
                try $0.first("select count(*) from cases_case where category_id = 1 and queue <> 0") { try $0.int(0) }
            }
            #expect(state["category"]?["place"]?.intValue == 2)
            #expect(state["open_cases"]?.intValue == open && open ?? 0 > 0)
            #expect(try await choices(h) == ["leak-2", "leak", "other"])
        }
    }

    @Test func ofTwoAdministratorsTheSecondIsToldAndKeepsWhatHeTyped() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            var mine = try await form("leak", h, 0)
            mine["zh"] = "漏水渗水"
            #expect(try await h.send(session, .post, Self.page, form: mine).status == 303)
            var other = try await form("drain", h, 0)
            (other["zh"], other["why"]) = ("下水", "我的理由")
            let second = try await h.send(session, .post, Self.page, form: other)
            #expect(second.status == 409 && second.text.contains("value=\"下水\""))
            #expect(second.text.contains("value=\"我的理由\"") && second.text.contains("name=version value=\"1\""))
            let program = try h.program("administrator")
            let results = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...5 {
                    group.addTask {
                        try await h.json(
                            program, .post, "/api/v1/dictionary/\(CategoryID(3).text)",
                            .object([
                                ("name_zh", .string("电梯\(number)")), ("why", .string("同时")), ("version", .int(1)),
                            ])
                        ).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(results.filter { $0 == 200 }.count == 1 && results.filter { $0 == 409 }.count == 4, "\(results)")
        }
    }

    @Test func aPlannedOneComesAtItsTimeOnceUnlessItCannot() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("administrator")
            var fields = Self.pets
            fields["start"] = "2026-03-20T08:00"
            #expect(try await h.send(session, .post, Self.page, form: fields).status == 303)
            (fields["code"], fields["zh"], fields["en"], fields["version"]) = ("noise", "噪声", "Noise", "1")
            #expect(try await h.send(session, .post, Self.page, form: fields).status == 303)
            #expect(try await !choices(h).contains("pets"))
            // Somebody makes one of them now.
            (fields["start"], fields["version"], fields["zh"]) = ("", "2", "噪声扰民")
            #expect(try await h.send(session, .post, Self.page, form: fields).status == 303)
            h.still.advance(ms: 16 * Instant.hourMs)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await h.house.applyPlanned() } }
                try await group.waitForAll()
            }
            #expect(try await choices(h).contains("pets"))
            #expect(try await one("noise", h).zh == "噪声扰民")
            let states = try await versions(h).map { $0["state"]?.stringValue }
            #expect(states == ["applied", "failed", "applied"])
            #expect(try await dictionary(h).filter { $0.code == "pets" }.count == 1)
            #expect(try await dictionary(h).map(\.place) == (1...19).map { Int64($0) })
        }
    }
}

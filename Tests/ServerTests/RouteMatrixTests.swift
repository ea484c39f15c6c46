import Cases
import HTTPTypes
import Hummingbird
import Kernel
import Storage
import Testing
import Web

@testable import Server

/// Every route of the table as every role of the demo, with ids of one's own estate, of another, and of nothing.
@Suite struct RouteMatrixTests {
    private static let logins = [
        "desk", "steward", "grid", "approver", "moderator", "committee", "department", "street", "district",
        "administrator", "security", "auditor", "desk2", "grid2", "resident", "resident3", "tenant",
    ]

    private struct Secret: Sendable {
        let id: CaseID
        let marker: String
        let reporter: String
    }

    private static func path(_ spec: RouteSpec, id: String, noun: String = "note") -> String {
        var path = spec.path
        for (name, value) in [
            (":id", id), (":post", id), (":shift", id), (":part", id), (":year", "2026"), (":noun", noun),
            (":key", "noticeWorkdays"),
        ] {
            if let range = path.ranges(of: name).first { path.replaceSubrange(range, with: value) }
        }
        return path
    }

    private static func isAPI(_ spec: RouteSpec) -> Bool { spec.path.hasPrefix("/api/") }
    private static func isCase(_ spec: RouteSpec) -> Bool {
        ["/desk/cases/:id", "/my/cases/:id", "/api/v1/cases/:id", "/cases/:id/join"].contains {
            spec.path == $0 || spec.path.hasPrefix($0 + "/")
        }
    }

    private func ask(
        _ spec: RouteSpec, _ path: String, _ session: TestHouse.Session, _ h: TestHouse, body: JSON? = nil
    ) async throws -> TestHouse.Answered {
        if spec.method == .get { return try await h.send(session, .get, path) }
        if Self.isAPI(spec) {
            // A step of nothing but an old version: nobody's step changes anything.
            let isStep = spec.operation?.declared.contains { $0.name == "version" } ?? false
            let body = body ?? .object(isStep ? [("version", .int(0))] : [])
            return try await h.json(session, .post, path, body, headers: ["X-Form-Token": session.form])
        }
        return try await h.send(session, .post, path, form: [:])
    }

    @Test func everyRouteHoldsForEveryRole() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let xinglong = try await h.area("兴隆花园")
            let lingxiu = try await h.area("领秀新都")
            let home = try await h.area("3 号楼", under: guihua)
            let far = try await h.area("1 号楼", under: xinglong)
            let farther = try await h.area("1 号楼", under: lingxiu)
            let secrets = [
                Secret(
                    id: try await h.report("甲字密语，水管漏水", by: "resident", at: home, key: "m1"), marker: "甲字密语",
                    reporter: "resident"),
                Secret(
                    id: try await h.report("乙字密语，水管漏水", by: "resident3", at: far, key: "m2"), marker: "乙字密语",
                    reporter: "resident3"),
                Secret(
                    id: try await h.report("丙字密语，没人来修", by: "resident", at: home, key: "m3"), marker: "丙字密语",
                    reporter: "resident"),
                Secret(
                    id: try await h.report("丁字密语，水管漏水", by: "resident3", at: farther, key: "m4"),
                    marker: "丁字密语", reporter: "resident3"),
            ]
            let ids = secrets.map(\.id)
            let records = try await h.house.database.read { transaction in
                try ids.compactMap { try CaseStore.load($0, transaction) }
            }
            #expect(records.count == 4 && records[2].about != nil && records[0].about == nil)
            let specs = h.house.router().routes
            #expect(specs.count > 60)
            let garbage = [ID<CaseTag>(4_611_686_018_427_387_903).text, "nothing", "..%2f..%2fetc", "%00", "0"]

            var sessions: [TestHouse.Session] = [try await h.visitor()]
            for login in Self.logins { sessions.append(try await h.signIn(login)) }
            var asked = 0
            for session in sessions {
                let actor = try await h.actor(session)
                let reads = Dictionary(
                    uniqueKeysWithValues: zip(secrets, records).map { secret, record in
                        let by = actor.posts.filter { $0.role.verbs.contains(.caseRead) }
                        let staff =
                            by.contains { $0.path.contains(record.place.path) }
                            && !actor.posts.contains { $0.family == record.about }
                        return (secret.id, (staff: staff, mine: secret.reporter == session.login))
                    })
                for spec in specs where !spec.path.hasSuffix("/live") {
                    // These end the session; they are asked by a program instead.
                    let asker =
                        spec.path.contains("/sign-out") && session.login != "visitor"
                        ? try h.program(session.login) : session
                    // Neighbours may join what is not a complaint: only those are asked for that nobody here may join.
                    let known = spec.path.hasSuffix("/cases/:id/join") ? [ids[2], ids[3]] : ids
                    let wanted = spec.path.contains(":id") ? known.map(\.text) + garbage : [""]
                    for id in wanted {
                        let path = Self.path(spec, id: id)
                        let answer = try await ask(spec, path, asker, h)
                        asked += 1
                        let name = "\(session.login) \(spec.method) \(path)"
                        #expect(answer.status < 500, "\(name): \(answer.status)")
                        let allowed = spec.access.allows(try await asker.bearer == nil ? actor : h.actor(asker))
                        if !allowed {
                            let expected =
                                actor.person != nil ? 403 : spec.method == .get && !Self.isAPI(spec) ? 303 : 401
                            #expect(answer.status == expected, "\(name): \(answer.status)")
                        } else if Self.isCase(spec) {
                            let found = ids.first { $0.text == id }
                            let rights = found.flatMap { reads[$0] } ?? (staff: false, mine: false)
                            let may =
                                spec.path.hasPrefix("/desk")
                                ? rights.staff
                                : spec.path.hasPrefix("/api")
                                    ? rights.staff || rights.mine
                                    : spec.path.hasPrefix("/my") && rights.mine
                            let fields = spec.operation?.declared.filter { $0.place == .body && $0.isRequired } ?? []
                            let isUpload = spec.operation?.isUpload ?? false
                            let unread = isUpload ? [415] : fields.isEmpty ? [] : [422]
                            if !may { #expect(([404] + unread).contains(answer.status), "\(name): \(answer.status)") }
                            if !may, !fields.isEmpty, let whole = spec.operation?.sampleBody() {
                                // With everything that must be there, it is as good as missing.
                                let again = try await ask(spec, path, asker, h, body: whole)
                                #expect(again.status == 404, "\(name): \(again.status)")
                                #expect(!secrets.contains { again.text.contains($0.marker) }, "\(name)")
                            }
                            if may, spec.method == .get { #expect(answer.status == 200, "\(name): \(answer.status)") }
                            if found == nil {
                                #expect(([404] + unread).contains(answer.status), "\(name): \(answer.status)")
                            }
                        }
                        for secret in secrets where answer.text.contains(secret.marker) {
                            let rights = try #require(reads[secret.id])
                            #expect(rights.staff || rights.mine, "\(name) shows \(secret.marker)")
                        }
                    }
                }
            }
            #expect(asked > 6000)
            // No route refused with a status that its document does not name.
            #expect(!h.house.metrics.text.contains("redsteward_api_undeclared_total"))
            // Asking changed nothing.
            let after = try await h.house.database.read { transaction in
                try ids.compactMap { try CaseStore.load($0, transaction)?.version }
            }
            #expect(after == records.map(\.version))
        }
    }

    /// Somebody who may knock at the route.
    private func allowed(_ spec: RouteSpec, _ sessions: [(TestHouse.Session, Actor)]) throws -> TestHouse.Session {
        try #require(sessions.first { spec.access.allows($0.1) }).0
    }

    @Test func everyWriteFromElsewhereOrWithoutItsTokenIsRefused() async throws {
        try await TestHouse.with { h in
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("水管漏水", by: "resident", at: home, key: "m1").text
            var sessions: [(TestHouse.Session, Actor)] = []
            for login in ["desk", "resident", "grid", "moderator", "administrator", "security", "auditor"] {
                let session = try await h.signIn(login)
                sessions.append((session, try await h.actor(session)))
            }
            let large = [UInt8](repeating: 0x61, count: 70 << 10)
            for spec in h.house.router().routes where spec.method == .post {
                let session = try allowed(spec, sessions)
                let path = Self.path(spec, id: id)
                let name = "\(path) \(session.login)"
                let api = Self.isAPI(spec)
                let type = api ? "application/json" : "application/x-www-form-urlencoded"
                let body = Array((api ? "{}" : "a=b").utf8)
                let token = ["X-Form-Token": session.form]
                let field = Array("_form=\(session.form)&".utf8)
                func status(_ bytes: [UInt8], _ headers: [String: String]) async throws -> Int {
                    let answer: TestHouse.Answered = try await h.send(
                        session, .post, path, body: bytes, type: type, headers: headers)
                    return answer.status
                }
                #expect(try await status(body, [:]) == 403, "\(name) without")
                #expect(
                    try await status(api ? body : Array("_form=wrong".utf8), ["X-Form-Token": "no"]) == 403, "\(name)")
                let good = api ? body : field
                for site in ["cross-site", "same-site"] {
                    let answer = try await status(good, token.merging(["Sec-Fetch-Site": site]) { $1 })
                    #expect(answer == 403, "\(name) \(site)")
                }
                #expect(
                    try await status(good, token.merging(["Origin": "https://evil.example"]) { $1 }) == 403, "\(name)")
                if spec.operation?.isUpload == true {
                    #expect(try await status(good, token) == 415, "\(name)")
                    continue
                }
                #expect(try await status(api ? large : field + Array("a=".utf8) + large, token) == 413, "\(name)")
                let broken = api ? Array("{\"a\":\"".utf8) + [0xFF, 0x22, 0x7D] : field + Array("a=%FF".utf8)
                #expect(try await status(broken, token) == 422, "\(name)")
                #expect(try await status(api ? [0xC3, 0x28] : field + Array("a=".utf8) + [0xC3, 0x28], token) == 422)
            }
        }
    }

    /// The classes that each rule asks for which the sheet does not have.
    private static func selectors(_ whole: String, without sheet: String) -> [Set<String>] {
        func list(_ css: String) -> [String] {
            css.matches(of: /([^{}]+)\{/).flatMap { $0.1.split(separator: ",").map(String.init) }
        }
        var kept: [String: Int] = [:]
        for one in list(sheet) { kept[one, default: 0] += 1 }
        return list(whole).compactMap { one in
            if let count = kept[one], count > 0 {
                kept[one] = count - 1
                return nil
            }
            return one.hasPrefix("@") ? nil : Set(one.matches(of: /\.([A-Za-z][\w-]*)/).map { String($0.1) })
        }
    }

    @Test func everyPageIsWholeAndSmall() async throws {
        try await TestHouse.with { h in
            let guihua = try await h.area("桂花苑")
            let home = try await h.area("3 号楼", under: guihua)
            let own = try await h.report("水管漏水", by: "resident", at: home, key: "m1")
            let body = try #require(try await h.actor(h.program("desk")).posts.first).organisation
            var sheets: [String: (size: Int, missing: [Set<String>])] = [:]
            for sheet in Assets.Sheet.allCases {
                let css = try await h.send(try await h.visitor(), .get, sheet.href.path).text
                #expect(css.utf8.count > 1000)
                sheets[sheet.href.path] = (css.utf8.count, Self.selectors(Assets.whole, without: css))
            }
            var pages = 0
            var sessions = [try await h.visitor()]
            for login in Self.logins { sessions.append(try await h.signIn(login)) }
            for session in sessions {
                let actor = try await h.actor(session)
                for spec in h.house.router().routes
                where spec.method == .get && !spec.path.hasSuffix("/live") && spec.access.allows(actor) {
                    let id =
                        spec.path.hasPrefix("/ledger") || spec.path.hasPrefix("/desk/areas")
                        ? guihua.text : spec.path.hasPrefix("/desk/organisations") ? body.text : own.text
                    let path = Self.path(spec, id: id)
                    for mode in ["zh", "en.elder.dark"] {
                        let page = try await h.send(session, .get, path, headers: ["mode": mode])
                        guard page.type.hasPrefix("text/html") else { continue }
                        pages += 1
                        let name = "\(session.login) \(path) \(mode)"
                        let language = mode == "zh" ? "zh-Hans" : "en"
                        #expect(page.text.contains("<html lang=\"\(language)\""), "\(name)")
                        let title = page.text.ranges(of: "<title>").first.map {
                            page.text[$0.upperBound...].prefix { $0 != "<" }
                        }
                        #expect((title ?? "").count > 3, "\(name)")
                        // The script fills in this one.
                        let text = page.text.replacing(/data-count="[^"]*"/, with: "")
                        for mark in ["{0}", "{1}", "{2}", "Optional("] {
                            #expect(!text.contains(mark), "\(name) \(mark)")
                        }
                        let link = try #require(page.text.firstMatch(of: /rel="stylesheet" href="([^"]*)"/)?.1)
                        let sheet = try #require(sheets[String(link)], "\(name) \(link)")
                        let size = page.text.utf8.count
                        #expect(size + sheet.size < 60_000, "\(name): \(size) + \(sheet.size)")
                        let classes = Set(
                            page.text.matches(of: /class="?([A-Za-z0-9 -]+)/)
                                .flatMap { $0.1.split(separator: " ").map(String.init) })
                        // A part of the styles that this sheet leaves out would have dressed something here.
                        #expect(!sheet.missing.contains { $0.isSubset(of: classes) }, "\(name)")
                    }
                }
            }
            #expect(pages > 200)
        }
    }

    @Test func pagesWithoutDataAreWhollyEnglishForEnglishReaders() async throws {
        try await TestHouse.with { h in
            let visitor = try await h.visitor()
            for path in [
                "/api", "/sign-in", "/sign-in?staff=1", "/look-up", "/look-up?code=23456-23456", "/score", "/nowhere",
                "/ledger/nothing",
            ] {
                let page = try await h.send(visitor, .get, path, headers: ["mode": "en"])
                #expect(page.status < 500)
                // The switch names the other language in its own words.
                let text = page.text.split(separator: ">").filter { !$0.hasPrefix("中文<") }.joined(separator: ">")
                let han = text.unicodeScalars.filter { TextTerms.isHan($0) }
                #expect(han.isEmpty, "\(path): \(String(String.UnicodeScalarView(han)))")
            }
        }
    }

    @Test func aLiveStreamBeginsAndEnds() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("desk")
            async let answer = h.send(session, .get, "/desk/live")
            while h.house.live.count == 0 { await Task.yield() }
            h.house.live.close()
            let stream = try await answer
            #expect(stream.status == 200 && stream.type == "text/event-stream")
            #expect(stream.text.hasPrefix("retry: "))
            #expect(try await h.send(try await h.signIn("resident"), .get, "/desk/live").status == 403)
        }
    }
}

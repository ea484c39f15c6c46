import Kernel
import Storage
import Testing
import Web

@testable import Directory
@testable import Server

/// The second step of sign-in, password profiles, separate posts and sessions of staff, through the doors.
@Suite struct SecondFactorTests {
    private func code(_ answer: TestHouse.Answered) throws -> String {
        try #require(try answer.json()["code"]?.stringValue)
    }

    private func hidden(_ name: String, _ page: String) -> String? {
        page.ranges(of: "name=\(name) value=\"").first.map { String(page[$0.upperBound...].prefix { $0 != "\"" }) }
    }

    private func totp(_ page: String) throws -> TOTP {
        let groups = try #require(page.firstMatch(of: /([A-Z2-7]{4} ){7}[A-Z2-7]{4}/)).0
        return try #require(TOTP(text: groups.filter { $0 != " " }))
    }

    private func now(_ totp: TOTP, _ h: TestHouse, steps: Int64 = 0) -> String {
        totp.code(step: TOTP.step(at: h.still.now) + steps)
    }

    /// The next half minute, so that a code may be used again.
    private func wait(_ h: TestHouse) { h.still.advance(ms: 2 * TOTP.stepMs) }

    private func count(_ verb: String, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { transaction in
            try transaction.first("select count(*) from storage_audit where verb = \(verb)") { try $0.int(0) } ?? 0
        }
    }

    /// Sets one up on the page; gives the app and the recovery codes.
    private func enrol(_ session: TestHouse.Session, _ h: TestHouse) async throws -> (TOTP, [String]) {
        let begun = try await h.send(session, .post, "/me/factor", form: ["way": "begin"])
        #expect(begun.status == 200 && begun.text.contains("<svg class=\"qr\""))
        let app = try totp(begun.text)
        let step = try #require(hidden("step", begun.text))
        let done = try await h.send(
            session, .post, "/me/factor", form: ["way": "confirm", "step": step, "code": now(app, h)])
        #expect(done.status == 200)
        let codes = done.text.matches(of: /[2-9A-Z]{5}-[2-9A-Z]{5}/).map { String($0.0) }
        #expect(Set(codes).count == 10)
        return (app, codes)
    }

    private func policy(
        _ h: TestHouse, profile: String = "asvs5", roles: [String] = [], combines: Bool = false, start: String? = nil
    ) async throws -> TestHouse.Answered {
        let program = try h.program("security")
        let newest = try await h.send(program, .get, "/api/v1/security").json()
        let version = try #require(newest["versions"]?.items.first?["version"]?.intValue)
        var fields: [(String, JSON)] = [
            ("profile", .string(profile)), ("factor_roles", .array(roles.map { .string($0) })),
            ("combines", .bool(combines)), ("why", .string("测试")), ("version", .int(version)),
        ]
        if let start { fields.append(("from", .string(start))) }
        return try await h.json(program, .post, "/api/v1/security", .object(fields))
    }

    @Test func staffWithASecondStepAreAskedForItOnPagesAndInJSON() async throws {
        try await TestHouse.with { h in
            let desk = try await h.signIn("desk")
            let (app, recovery) = try await enrol(desk, h)
            // Nothing in the database shows the secret or a recovery code.
            let kept = try await h.house.database.read { transaction in
                try transaction.query("select sealed from directory_factor") { try $0.bytes(0) }
            }
            #expect(kept.count == 1 && !String(decoding: kept[0], as: UTF8.self).contains(app.text))
            let password = try h.account("desk").password
            let visitor = try await h.visitor()
            let asked = try await h.send(
                visitor, .post, "/sign-in/password", form: ["login": "desk", "password": password, "next": "/desk/new"])
            #expect(asked.status == 200 && TestHouse.cookie("rs_s", asked) == nil)
            let step = try #require(hidden("step", asked.text))
            // The code that set it up was used; so is every code, once.
            let used = try await h.send(
                visitor, .post, "/sign-in/step", form: ["step": step, "code": now(app, h), "next": "/desk/new"])
            #expect(used.status == 422 && used.text.contains("value=\"\(now(app, h))\""))
            #expect(hidden("step", used.text) == step && hidden("next", used.text) == "/desk/new")
            wait(h)
            let entered = try await h.send(
                visitor, .post, "/sign-in/step",
                form: ["step": step, "code": now(app, h, steps: 1), "next": "/desk/new"])
            #expect(entered.status == 303 && entered.headers[.location] == "/desk/new")
            #expect(TestHouse.cookie("rs_s", entered) != nil)
            // A step is answered once.
            wait(h)
            let again = try await h.send(visitor, .post, "/sign-in/step", form: ["step": step, "code": now(app, h)])
            #expect(again.status == 422 && again.text.contains("name=\"password\""))
            // JSON, with a recovery code, once.
            func begin() async throws -> String {
                let answer = try await h.json(
                    visitor, .post, "/api/v1/sign-in/password",
                    .object([("login", .string("desk")), ("password", .string(password))]))
                #expect(answer.status == 200 && TestHouse.cookie("rs_s", answer) == nil)
                let json = try answer.json()
                #expect(json["signed_in"]?.isNull == true && json["step"]?["kind"]?.stringValue == "factor")
                return json["step"]?["token"]?.stringValue ?? ""
            }
            func send(_ step: String, _ code: String) async throws -> TestHouse.Answered {
                try await h.json(
                    visitor, .post, "/api/v1/sign-in/step",
                    .object([("step", .string(step)), ("code", .string(code))]))
            }
            let first = try await send(begin(), recovery[3].lowercased())
            #expect(first.status == 200 && TestHouse.cookie("rs_s", first) != nil)
            #expect(try first.json()["signed_in"]?["staff"]?.boolValue == true)
            #expect(try code(await send(begin(), recovery[3])) == "wrongFactor")
            #expect(try await count("factor.recovery", h) == 1)
            #expect(try await count("factor.enrol", h) == 1)
            // A token is not asked.
            #expect(try await h.send(try h.program("desk"), .get, "/api/v1/me").status == 200)
            // One of somebody else's codes is nothing.
            #expect(try code(await send(begin(), "22222-22222")) == "wrongFactor")
            #expect(try code(await send("rs_nothing", "123456")) == "stepGone")
        }
    }

    @Test func theWayByPhoneIsAskedToo() async throws {
        try await TestHouse.with { h in
            _ = try await enrol(try await h.signIn("grid"), h)
            let signIn = h.house.directory.signIn
            let shown = try #require(try await signIn.requestCode(phone: "13800000013"))
            guard
                case .entered(let entry) = try await signIn.byCode(
                    phone: "13800000013", code: shown, chosen: nil, device: "")
            else {
                Issue.record("one person has this phone")
                return
            }
            #expect(entry.started == nil && entry.step?.kind == .factor)
        }
    }

    @Test func guessingLocksAndTheSecurityAdministratorHelps() async throws {
        try await TestHouse.with { h in
            let (app, _) = try await enrol(try await h.signIn("grid"), h)
            let signIn = h.house.directory.signIn
            let password = try h.account("grid").password
            func begin() async throws -> String {
                let entry = try await signIn.byPassword(login: "grid", password: password, device: "")
                guard let step = entry.step else { throw DirectoryRefusal.stepGone }
                return step.token
            }
            wait(h)
            let good = now(app, h)
            let wrong = good == "000000" ? "000001" : "000000"
            for attempt in 1...5 {
                let refusal: DirectoryRefusal = attempt < 5 ? .wrongFactor : .factorLocked
                let step = try await begin()
                await #expect(throws: refusal) { _ = try await signIn.answer(step: step, code: wrong, device: "") }
            }
            // Also a good one, from whichever browser.
            let step = try await begin()
            await #expect(throws: DirectoryRefusal.factorLocked) {
                _ = try await signIn.answer(step: step, code: good, device: "")
            }
            #expect(try await count("factor.lock", h) == 1)
            #expect(try await count("factor.failure", h) == 4)
            let person = try #require(try await h.actor(h.program("grid")).person)
            let place = "/desk/security/people/\(person.text)"
            let security = try await h.signIn("security")
            #expect(try await h.send(security, .get, "/desk/security/people").text.contains("锁到"))
            #expect(try await h.send(security, .post, place, form: ["way": "unlock"]).status == 303)
            let entered = try await signIn.answer(step: step, code: now(app, h), device: "")
            #expect(entered.entry.started?.staff == true)
            // Lost for good: without a reason nothing happens, with one every session ends.
            let session = try #require(entered.entry.started)
            let refused = try await h.send(security, .post, place, form: ["way": "factor", "why": ""])
            #expect(refused.status == 422 && refused.text.contains("why-error"))
            #expect(try await h.send(security, .post, place, form: ["way": "factor", "why": "手机丢了"]).status == 303)
            #expect(try await signIn.bySession(session.token) == nil)
            #expect(try await signIn.byPassword(login: "grid", password: password, device: "").started != nil)
            #expect(try await count("factor.reset", h) == 1)
            #expect(try await count("security.unlock", h) == 1)
            #expect(try await h.send(security, .post, place, form: ["way": "factor", "why": "再来"]).status == 409)
        }
    }

    @Test func ofManyAtOnceOneCodeLetsOneIn() async throws {
        try await TestHouse.with { h in
            let (app, _) = try await enrol(try await h.signIn("grid"), h)
            let signIn = h.house.directory.signIn
            let password = try h.account("grid").password
            wait(h)
            var steps: [String] = []
            for _ in 0..<4 {
                let entry = try await signIn.byPassword(login: "grid", password: password, device: "")
                steps.append(try #require(entry.step).token)
            }
            let good = now(app, h)
            let entered = try await withThrowingTaskGroup(of: Bool.self) { group in
                for step in steps {
                    group.addTask {
                        do {
                            return try await signIn.answer(step: step, code: good, device: "").entry.started != nil
                        } catch is DirectoryRefusal { return false }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(entered == 1)
        }
    }

    @Test func aPolicyMakesStaffSetUpTheirSecondStepFirst() async throws {
        try await TestHouse.with { h in
            let before = try await h.signIn("street")
            let other = try await h.signIn("desk")
            #expect(try await policy(h, roles: ["street"]).status == 204)
            // Who has none is signed out; nobody else is.
            #expect(try await h.send(before, .get, "/desk").status == 303)
            #expect(try await h.send(other, .get, "/desk").status == 200)
            let visitor = try await h.visitor()
            let password = try h.account("street").password
            let asked = try await h.send(
                visitor, .post, "/sign-in/password", form: ["login": "street", "password": password])
            #expect(asked.status == 200 && TestHouse.cookie("rs_s", asked) == nil)
            #expect(asked.text.contains("<svg class=\"qr\""))
            let app = try totp(asked.text)
            let step = try #require(hidden("step", asked.text))
            let wrong = try await h.send(visitor, .post, "/sign-in/step", form: ["step": step, "code": "12"])
            // The same secret stays on the page.
            #expect(try wrong.status == 422 && totp(wrong.text) == app)
            let done = try await h.send(
                visitor, .post, "/sign-in/step", form: ["step": step, "code": now(app, h, steps: -1)])
            #expect(done.status == 200 && TestHouse.cookie("rs_s", done) != nil)
            #expect(done.text.matches(of: /[2-9A-Z]{5}-[2-9A-Z]{5}/).count == 10)
            var session = visitor
            session.cookies["rs_s"] = TestHouse.cookie("rs_s", done)
            session.form = try #require(TestHouse.formToken(try await h.send(session, .get, "/me").text))
            // Needed: it cannot be taken away, new recovery codes can be made.
            wait(h)
            let kept = try await h.send(session, .post, "/me/factor", form: ["way": "remove", "code": now(app, h)])
            #expect(kept.status == 409)
            let renewed = try await h.send(session, .post, "/me/factor", form: ["way": "renew", "code": now(app, h)])
            #expect(renewed.text.matches(of: /[2-9A-Z]{5}-[2-9A-Z]{5}/).count == 10)
            // Two browsers that set it up at once: one secret, and the other is told.
            #expect(try await policy(h, roles: []).status == 204)
            let grid = try await h.signIn("grid")
            let person = try #require(try await h.actor(grid).person)
            let signIn = h.house.directory.signIn
            let (one, two) = (try await signIn.beginFactor(person), try await signIn.beginFactor(person))
            _ = try await signIn.confirmFactor(
                person, step: one.token, code: now(try #require(one.secret), h))
            let late = now(try #require(two.secret), h)
            await #expect(throws: DirectoryRefusal.factorThere) {
                _ = try await signIn.confirmFactor(person, step: two.token, code: late)
            }
            // Somebody else's step is nobody's.
            let stranger = try #require(try await h.actor(h.program("approver")).person)
            let mine = try await signIn.beginFactor(stranger)
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.confirmFactor(person, step: mine.token, code: "123456")
            }
            h.still.advance(minutes: 11)
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.confirmFactor(
                    stranger, step: mine.token, code: self.now(try #require(mine.secret), h))
            }
        }
    }

    @Test func anAgedPasswordIsChangedAtTheNextSignInAndNoneOfTheLastIsTaken() async throws {
        try await TestHouse.with { h in
            #expect(try await policy(h, profile: "djbh").status == 204)
            let visitor = try await h.visitor()
            var password = try h.account("grid").password
            func begin(_ password: String) async throws -> TestHouse.Answered {
                try await h.send(visitor, .post, "/sign-in/password", form: ["login": "grid", "password": password])
            }
            // Somebody else chose it.
            let asked = try await begin(password)
            #expect(asked.status == 200 && asked.text.contains("name=\"fresh\""))
            var step = try #require(hidden("step", asked.text))
            for (bad, name) in [("Sh0rt!", "fresh-error"), ("alllowercaseletters", "fresh-error"), ("", "fresh-error")]
            {
                let refused = try await h.send(visitor, .post, "/sign-in/step", form: ["step": step, "fresh": bad])
                #expect(refused.status == 422 && refused.text.contains(name), "\(bad)")
                #expect(!refused.text.contains("value=\"\(bad)\"") || bad.isEmpty)
            }
            let chosen = ["Tr7x!m2q", "Bk4#ws9d", "Vn8&jc3h", "Lp5%zt6f", "Gx2@rm7k", "Qd9*hb4w"]
            for (index, fresh) in chosen.enumerated() {
                let done = try await h.send(visitor, .post, "/sign-in/step", form: ["step": step, "fresh": fresh])
                #expect(done.status == 303 && TestHouse.cookie("rs_s", done) != nil, "\(fresh)")
                password = fresh
                #expect(try await begin(password).status == 303)
                h.still.advance(ms: 90 * Instant.dayMs)
                let again = try await begin(password)
                #expect(again.status == 200)
                step = try #require(hidden("step", again.text))
                for old in chosen[...index].suffix(5) {
                    let refused = try await h.send(
                        visitor, .post, "/sign-in/step", form: ["step": step, "fresh": old])
                    #expect(refused.status == 422, "\(old)")
                }
            }
            // The sixth last may come again.
            let sixth = try await h.send(visitor, .post, "/sign-in/step", form: ["step": step, "fresh": chosen[0]])
            #expect(sixth.status == 303)
            #expect(try await count("password.change", h) == 7)
        }
    }

    /// Who knows the old password has a step that waits; it ends with the password, and with every session.
    @Test func aStepThatWaitsEndsWithThePasswordItWasBegunWith() async throws {
        try await TestHouse.with { h in
            #expect(try await policy(h, profile: "djbh").status == 204)
            let signIn = h.house.directory.signIn
            let old = try h.account("grid").password
            func begun(_ password: String) async throws -> String {
                let entry = try await signIn.byPassword(login: "grid", password: password, device: "")
                if entry.step == nil { Issue.record("nothing was asked") }
                return entry.step?.token ?? ""
            }
            let (owners, thiefs) = (try await begun(old), try await begun(old))
            _ = try await signIn.answer(step: owners, fresh: "Tr7x!m2q", device: "")
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.answer(step: thiefs, fresh: "Bk4#ws9d", device: "")
            }
            h.still.advance(ms: 90 * Instant.dayMs)
            let second = try await begun("Tr7x!m2q")
            let person = try #require(try await h.actor(h.program("grid")).person)
            try await signIn.changePassword(of: person, from: "Tr7x!m2q", to: "Vn8&jc3h", keeping: nil)
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.answer(step: second, fresh: "Bk4#ws9d", device: "")
            }
            h.still.advance(ms: 90 * Instant.dayMs)
            let third = try await begun("Vn8&jc3h")
            try await signIn.signOutEverywhere(person)
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.answer(step: third, fresh: "Bk4#ws9d", device: "")
            }
            #expect(try await signIn.step(third) == nil)
        }
    }

    @Test func rulesOfPasswordsCountFromTheirTimeOn() async throws {
        try await TestHouse.with { h in
            let grid = try await h.signIn("grid")
            let old = try h.account("grid").password
            func change(_ fresh: String) async throws -> Int {
                try await h.send(grid, .post, "/me/password", form: ["password": old, "fresh": fresh]).status
            }
            #expect(try await change("password-2026") == 422)
            #expect(try await change("Trqxbmz7") == 422)
            // A change for tomorrow is not in force today.
            #expect(try await policy(h, profile: "djbh", start: "2026-03-20T08:00:00+08:00").status == 204)
            #expect(try await change("Trqxbmz7") == 422)
            // From its time on it is: the password that somebody else chose is not enough any more.
            let signIn = h.house.directory.signIn
            #expect(try await signIn.byPassword(login: "grid", password: old, device: "").started != nil)
            h.still.advance(ms: 16 * Instant.hourMs)
            #expect(try await signIn.byPassword(login: "grid", password: old, device: "").step?.kind == .password)
        }
    }

    @Test func everyVersionOfTheRulesIsKeptAndTheSecondOfTwoEditorsIsTold() async throws {
        try await TestHouse.with { h in
            let session = try await h.signIn("security")
            let page = try await h.send(session, .get, "/desk/security").text
            #expect(page.contains("GB/T 22239-2019") && page.contains("ASVS 5.0"))
            // Two editors: the second is told, with what was typed.
            let form = ["profile": "djbh", "factor": "auditor", "why": "按等保整改", "version": "1"]
            #expect(try await h.send(session, .post, "/desk/security", form: form).status == 303)
            let second = try await h.send(session, .post, "/desk/security", form: form)
            #expect(second.status == 409 && second.text.contains("value=\"按等保整改\""))
            for (name, value) in [
                ("why", ""), ("why", String(repeating: "x", count: 121)), ("profile", "none"), ("start", "yesterday"),
                ("start", "2020-01-01T08:00"), ("start", "2099-01-01T08:00"),
            ] {
                var bad = form
                bad["version"] = "2"
                bad[name] = value
                #expect(try await h.send(session, .post, "/desk/security", form: bad).status == 422, "\(name) \(value)")
            }
            // What it was is restored as a version of its own.
            let back = ["profile": "asvs5", "why": "恢复第 1 版", "version": "2"]
            #expect(try await h.send(session, .post, "/desk/security", form: back).status == 303)
            let now = try await h.send(try h.program("security"), .get, "/api/v1/security").json()
            #expect(now["in_force"]?["version"]?.intValue == 3 && now["in_force"]?["profile"]?.stringValue == "asvs5")
            #expect(now["versions"]?.items.count == 3)
            #expect(try await h.send(session, .get, "/desk/security").text.contains("按等保整改"))
            #expect(try await count("security.policy", h) == 2)
        }
    }

    @Test func thePostsOfSystemSecurityAndAuditAreSeparate() async throws {
        try await TestHouse.with { h in
            let admin = try h.program("administrator")
            let district = try await h.area("城北区")
            let organisations = try await h.send(admin, .get, "/api/v1/organisations?limit=100").json()
            let body = try #require(
                organisations["items"]?.items.first { $0["name"]?.stringValue == "平台运维" }?["id"]?.stringValue)
            func grant(_ role: String, _ phone: String, _ name: String) async throws -> TestHouse.Answered {
                try await h.json(
                    admin, .post, "/api/v1/organisations/\(body)/posts",
                    .object([
                        ("role", .string(role)), ("area", .string(district.text)), ("from", .string("2026-03-19")),
                        ("phone", .string(phone)), ("name", .string(name)),
                    ]))
            }
            let refused = try await grant("security", "13800000020", "管理员")
            #expect(try refused.status == 409 && code(refused) == "separatePosts")
            #expect(try await code(grant("administrator", "13800000021", "审计员")) == "separatePosts")
            // Anything else they may hold.
            #expect(try await grant("street", "13800000021", "审计员").status == 201)
            #expect(try await policy(h, combines: true).status == 204)
            #expect(try await grant("security", "13800000020", "管理员").status == 201)
            // None of the three can do the others' work.
            for (login, paths) in [
                ("administrator", ["/api/v1/audit"]), ("auditor", ["/api/v1/security", "/api/v1/calendar/2026"]),
                ("security", ["/api/v1/audit", "/api/v1/calendar/2026", "/api/v1/policies"]),
            ] {
                for path in paths {
                    #expect(try await h.send(try h.program(login), .get, path).status == 403, "\(login) \(path)")
                }
            }
        }
    }

    @Test func aSessionInReachIsEndedWithOnePressAndNoOther() async throws {
        try await TestHouse.with { h in
            // A security administrator of one community.
            let admin = try h.program("administrator")
            let community = try await h.area("桂花社区")
            let organisations = try await h.send(admin, .get, "/api/v1/organisations?limit=100").json()
            let body = try #require(
                organisations["items"]?.items.first { $0["name"]?.stringValue == "桂花社区居民委员会" }?["id"]?
                    .stringValue)
            let granted = try await h.json(
                admin, .post, "/api/v1/organisations/\(body)/posts",
                .object([
                    ("role", .string("security")), ("area", .string(community.text)), ("from", .string("2026-03-19")),
                    ("phone", .string("13800000099")), ("name", .string("小安")), ("login", .string("xiaoan")),
                    ("password", .string("kettle under moss")),
                ]))
            #expect(granted.status == 201)
            let visitor = try await h.visitor()
            let entered = try await h.send(
                visitor, .post, "/sign-in/password", form: ["login": "xiaoan", "password": "kettle under moss"])
            var near = visitor
            let cookie: String = try #require(TestHouse.cookie("rs_s", entered))
            near.cookies["rs_s"] = cookie
            near.form = try #require(TestHouse.formToken(try await h.send(near, .get, "/me").text))
            let desk = try await h.signIn("desk")
            let far = try await h.signIn("grid2")
            let resident = try await h.signIn("resident")
            let page = try await h.send(near, .get, "/desk/security/sessions").text
            #expect(page.contains("陈静") && !page.contains("许晴") && !page.contains("王阿姨"))
            func id(_ session: TestHouse.Session) async throws -> String {
                let found = try await h.house.directory.signIn.bySession(session.cookies["rs_s"] ?? "")
                guard let number = found?.session else { throw DirectoryRefusal.notFound }
                return ID<StaffSessionTag>(number).text
            }
            for (other, name) in [(far, "grid2"), (resident, "resident")] {
                let path = "/desk/security/sessions/\(try await id(other))/end"
                #expect(try await h.send(near, .post, path, form: [:]).status == 404, "\(name)")
                #expect(try await h.send(other, .get, "/me").status == 200)
            }
            let path = "/desk/security/sessions/\(try await id(desk))/end"
            #expect(try await h.send(near, .post, path, form: [:]).status == 303)
            #expect(try await h.send(desk, .get, "/desk").status == 303)
            #expect(try await h.send(near, .post, path, form: [:]).status == 404)
            #expect(try await count("session.end", h) == 1)
            // Somebody of another community is as good as missing, and the house's rules are not theirs to set.
            let stranger = try #require(try await h.actor(h.program("grid2")).person)
            for way in [["way": "unlock"], ["way": "factor", "why": "x"], ["way": "end"]] {
                let answer = try await h.send(near, .post, "/desk/security/people/\(stranger.text)", form: way)
                #expect(answer.status == 404)
            }
            let rules = ["profile": "djbh", "why": "x", "version": "1"]
            #expect(try await h.send(near, .post, "/desk/security", form: rules).status == 403)
            // All at once, with the tokens.
            let grid = try #require(try await h.actor(h.program("grid")).person)
            let end = ["way": "end", "tokens": "1"]
            #expect(try await h.send(near, .post, "/desk/security/people/\(grid.text)", form: end).status == 303)
            #expect(try await h.send(try h.program("grid"), .get, "/api/v1/me").status == 401)
        }
    }
}

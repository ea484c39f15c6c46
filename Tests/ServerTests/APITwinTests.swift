import Attachments
import Directory
import Foundation
import HTTPTypes
import Kernel
import Storage
import Testing
import Web

@testable import Server

/// What the pages do, done as JSON: each area of the API once from end to end.
@Suite struct APITwinTests {
    private func object(_ pairs: [String: String]) -> JSON {
        .object(pairs.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private func get(_ h: TestHouse, _ session: TestHouse.Session, _ path: String) async throws -> JSON {
        let answer = try await h.json(session, .get, "/api/v1/" + path)
        #expect(answer.status == 200, "\(path): \(answer.text)")
        return try answer.json()
    }

    @discardableResult
    private func post(
        _ h: TestHouse, _ session: TestHouse.Session, _ path: String, _ body: JSON? = nil, _ status: Int = 204
    ) async throws -> JSON {
        let answer = try await h.json(
            session, .post, "/api/v1/" + path, body,
            headers: session.bearer == nil ? ["X-Form-Token": session.form] : [:])
        #expect(answer.status == status, "\(path): \(answer.status) \(answer.text)")
        return answer.text.isEmpty ? .null : try answer.json()
    }

    /// Every page of a list has no gap and no repeat.
    private func walk(_ h: TestHouse, _ session: TestHouse.Session, _ path: String) async throws -> [String] {
        let whole = try await get(h, session, path + "?limit=100")
        let all = whole["items"]?.items.compactMap { $0["id"]?.stringValue } ?? []
        var found: [String] = []
        var cursor: String?
        for _ in 0..<200 {
            let page = try await get(h, session, path + "?limit=2" + (cursor.map { "&cursor=\($0)" } ?? ""))
            found += page["items"]?.items.compactMap { $0["id"]?.stringValue } ?? []
            cursor = page["next_cursor"]?.stringValue
            if cursor == nil { break }
        }
        #expect(whole["next_cursor"]?.isNull == false || found == all, "\(path)")
        #expect(Set(found).count == found.count && found.prefix(all.count).elementsEqual(all), "\(path)")
        return found
    }

    @Test func theDirectoryIsKeptAsJSON() async throws {
        try await TestHouse.with { h in
            let administrator = try h.program("administrator")
            let guihua = try await h.area("桂花苑").text
            #expect(try await walk(h, administrator, "organisations").count >= 5)
            #expect(try await walk(h, administrator, "estates").count >= 3)
            #expect(try await walk(h, administrator, "areas/\(guihua)/children").count >= 3)
            let made = try await post(
                h, administrator, "areas/\(guihua)/children",
                .object([("names", .array([.string("甲"), .string("乙")]))]), 201)
            let ids = made["ids"]?.items.compactMap(\.stringValue) ?? []
            #expect(ids.count == 2)
            try await post(h, administrator, "areas/\(ids[0])/name", object(["name": "丙"]))
            #expect(try await get(h, administrator, "areas/\(ids[0])")["name"]?.stringValue == "丙")
            try await post(h, administrator, "areas/\(ids[1])/name", object(["name": "丙"]), 409)
            let body = try await post(
                h, administrator, "organisations", object(["party": "property", "name": "新公司", "area": guihua]), 201)
            let id = try #require(body["id"]?.stringValue)
            try await post(h, administrator, "organisations/\(id)/name", object(["name": "新物业"]))
            try await post(h, administrator, "organisations/\(id)/service-line", object(["line": "021-5555 0000"]))
            let one = try await get(h, administrator, "organisations/\(id)")
            #expect(one["name"]?.stringValue == "新物业" && one["service_line"]?.stringValue == "021-5555 0000")
            let today = Zone.shanghai.day(of: h.still.now)
            let grant = object([
                "role": "steward", "area": guihua, "from": "\(today)", "to": "\(today.adding(30))",
                "phone": "13800138222", "name": "新人",
            ])
            let post = try await post(h, administrator, "organisations/\(id)/posts", grant, 201)
            try await self.post(h, administrator, "organisations/\(id)/posts", grant, 409)
            let number = try #require(post["id"]?.stringValue)
            let rows = try await get(h, administrator, "organisations/\(id)/posts")["items"]?.items ?? []
            #expect(rows.count == 1 && rows[0]["name"]?.stringValue == "新人")
            let end = "organisations/\(id)/posts/\(number)/end"
            try await self.post(h, administrator, end, object(["last": "\(today)"]))
            // Out of reach is as good as missing: the desk has no directory, a foreign estate no roster.
            #expect(try await h.json(try h.program("desk"), .get, "/api/v1/organisations/\(id)").status == 403)
            let far = try await h.area("兴隆花园").text
            for path in ["rosters/\(far)", "rosters/\(far)/colleagues", "areas/\(far)", "statistics/\(far)"] {
                let answer = try await h.json(try h.program("desk"), .get, "/api/v1/" + path)
                #expect(answer.status == 404, "\(path): \(answer.status)")
            }
        }
    }

    @Test func whatStaffKeepIsKeptAsJSON() async throws {
        try await TestHouse.with { h in
            let desk = try h.program("desk")
            let guihua = try await h.area("桂花苑").text
            let colleagues = try await get(h, desk, "rosters/\(guihua)/colleagues")["items"]?.items ?? []
            let person = try #require(colleagues.first?["person"]?.stringValue)
            let from = h.still.now.adding(days: 9)
            let shift = object([
                "person": person, "squad": "order", "from": Say.iso(from), "to": Say.iso(from.adding(hours: 8)),
            ])
            let made = try await post(h, desk, "rosters/\(guihua)/shifts", shift, 201)
            try await post(h, desk, "rosters/\(guihua)/shifts", shift, 409)
            let id = try #require(made["id"]?.stringValue)
            let roster = try await get(h, desk, "rosters/\(guihua)")
            #expect(roster["shifts"]?.items.contains { $0["id"]?.stringValue == id } == true)
            let why = object(["why": "换人"])
            try await post(h, desk, "rosters/\(guihua)/shifts/\(id)/deletion", why)
            try await post(h, desk, "rosters/\(guihua)/shifts/\(id)/deletion", why, 404)

            let resident = try await h.signIn("resident")
            let home = try #require(try await get(h, resident, "me")["homes"]?.items.first)
            let unit = try #require(home["unit"]?.stringValue)
            let invited = try await post(
                h, desk, "invitations", object(["unit": unit, "relation": "family"]), 201)
            let open = try await get(h, desk, "invitations")["items"]?.items ?? []
            #expect(open.count == 1)
            let joins = try await h.signIn("resident3")
            try await post(
                h, joins, "me/homes/joining", object(["invitation": try #require(invited["secret"]?.stringValue)]))
            let homes = try await get(h, joins, "me/homes")["items"]?.items ?? []
            #expect(homes.contains { $0["unit"]?.stringValue == unit })
            #expect(try await get(h, desk, "invitations")["items"]?.items.isEmpty == true)
            let again = try await post(h, desk, "invitations", object(["unit": unit, "relation": "tenant"]), 201)
            #expect(again["secret"]?.stringValue != nil)
            let digest = try #require(try await get(h, desk, "invitations")["items"]?.items.first?["id"]?.stringValue)
            try await post(h, desk, "invitations/\(digest)/revocation")
            try await post(h, desk, "invitations/\(digest)/revocation", nil, 409)
            // Asked for, and decided.
            let tenant = try await h.signIn("tenant")
            let building = try #require(home["building"]?.stringValue)
            let units = try await get(h, tenant, "places/\(building)/children")["items"]?.items ?? []
            let other = try #require(units.compactMap { $0["id"]?.stringValue }.last { $0 != unit })
            try await post(h, tenant, "me/homes", object(["unit": other, "relation": "tenant"]))
            let waiting = try await get(h, desk, "homes")["items"]?.items.compactMap { $0["id"]?.stringValue } ?? []
            try await post(h, desk, "homes/\(try #require(waiting.last))/decision", .object([("accept", .bool(true))]))
            try await post(
                h, desk, "homes/\(try #require(waiting.last))/decision", .object([("accept", .bool(true))]), 409)

            let administrator = try h.program("administrator")
            try await post(
                h, administrator, "calendar/days",
                object(["day": "2026-10-12", "kind": "rest", "name": "停电", "source": "通知 9 号"]))
            let year = try await get(h, administrator, "calendar/2026")
            #expect(year["days"]?.items.contains { $0["day"]?.stringValue == "2026-10-12" } == true)
            try await post(h, administrator, "calendar/2027/confirmation", object(["source": "通知 10 号"]))
            #expect(try await get(h, administrator, "calendar/2027")["source"]?.stringValue == "通知 10 号")
            #expect(try await h.json(administrator, .get, "/api/v1/calendar/1900").status == 404)
            let limits = JSON.object([
                ("attend_minutes", .int(60)), ("handle_minutes", .int(120)), ("feedback_workdays", .int(2)),
                ("source", .string("街道 3 号文")),
            ])
            try await post(h, administrator, "policies", limits)
            let policies = try await get(h, administrator, "policies")["items"]?.items ?? []
            #expect(policies.contains { $0["source"]?.stringValue == "街道 3 号文" })
            let moderator = try h.program("moderator")
            try await post(
                h, moderator, "replies",
                object(["estate": guihua, "question": "几点修", "answer": "明天", "by": "物业"]))
            let nobody = TestHouse.Session(login: "")
            let replies = try await get(h, nobody, "ledger/\(guihua)/replies")["items"]?.items ?? []
            #expect(replies.first?["question"]?.stringValue == "几点修")
            #expect(try await get(h, nobody, "ledger/\(guihua)/week")["open"]?.intValue != nil)
            #expect(try await get(h, desk, "statistics/\(guihua)")["items"]?.items.isEmpty == false)
        }
    }

    @Test func aReportWithoutANameIsFollowedByItsCode() async throws {
        try await TestHouse.with { h in
            let nobody = TestHouse.Session(login: "")
            let guihua = try await h.area("桂花苑").text
            let report = object(["area": guihua, "words": "门口路灯不亮"])
            let made = try await h.json(
                nobody, .post, "/api/v1/reports", report, headers: ["Idempotency-Key": "a1"])
            #expect(made.status == 201)
            let code = try #require(try made.json()["code"]?.stringValue)
            let again = try await h.json(
                nobody, .post, "/api/v1/reports", report, headers: ["Idempotency-Key": "a1"])
            #expect(again.status == 200)
            #expect(try again.json()["id"]?.stringValue == made.json()["id"]?.stringValue)
            #expect(try again.json()["code"]?.isNull == true)
            let seen = try await get(h, nobody, "look-up?code=\(code)")
            #expect(seen["title"]?.stringValue == "门口路灯不亮" && seen["reporter"]?.isNull == true)
            #expect(try await h.json(nobody, .get, "/api/v1/look-up?code=23456-23456").status == 404)
            try await post(h, nobody, "look-up/rating", .object([("code", .string(code)), ("score", .int(5))]), 409)
            #expect(
                try await h.json(nobody, .post, "/api/v1/reports", object(["area": "x", "words": "y"])).status == 422)
        }
    }

    @Test func picturesGoInAndComeOutAndNeighboursJoin() async throws {
        try await TestHouse.with { h in
            let resident = try h.program("resident")
            let building = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("水管漏水", by: "resident", at: building, key: "p1").text
            let path = "/api/v1/cases/\(id)/photos"
            let picture = try SamplePicture(.jpeg, 64, 64).drawn()
            for _ in 0..<2 {
                let answer = try await h.send(
                    resident, .post, path, body: picture, type: "image/jpeg", headers: ["Idempotency-Key": "p"])
                #expect(answer.status == 200, "\(answer.text)")
                #expect(try answer.json()["photos"]?.items.count == 1)
            }
            let other = try await h.send(
                resident, .post, path, body: picture + [0], type: "image/jpeg", headers: ["Idempotency-Key": "p"])
            #expect(other.status == 422)
            let text = try await h.send(resident, .post, path, body: Array("x".utf8), type: "image/jpeg")
            #expect(text.status == 415 && text.type.hasPrefix("application/problem+json"))
            #expect(try await h.send(resident, .post, path, body: picture, type: "text/plain").status == 415)
            let photo = try #require(
                try await get(h, resident, "cases/\(id)")["photos"]?.items.first?["id"]?.stringValue)
            for size in ["", "/small"] {
                let answer = try await h.send(resident, .get, "/api/v1/photos/\(photo)\(size)")
                #expect(answer.status == 200 && answer.type == "image/jpeg")
                #expect(try await h.send(try h.program("desk2"), .get, "/api/v1/photos/\(photo)\(size)").status == 404)
            }
            let messages = try await get(h, resident, "messages")
            #expect(messages["items"] != nil)
            try await post(h, resident, "messages/read")
            #expect(try await get(h, resident, "me/cases")["items"]?.items.count ?? 0 >= 1)
            let desk = try h.program("desk")
            #expect(
                try await post(h, desk, "cases/\(id)/phone", object(["words": "回电"]), 200)["phone"]?.stringValue != nil)
            try await post(h, desk, "cases/\(id)/phone", object(["words": " "]), 422)
            try await post(h, desk, "cases/\(id)/join", nil, 404)
        }
    }

    @Test func aBrowserSignsInThroughTheAPI() async throws {
        try await TestHouse.with { h in
            let nobody = TestHouse.Session(login: "")
            let password = try h.account("desk").password
            let wrong = try await h.json(
                nobody, .post, "/api/v1/sign-in/password", object(["login": "desk", "password": "nothing-like-it"]))
            #expect(wrong.status == 422)
            let answer = try await h.json(
                nobody, .post, "/api/v1/sign-in/password", object(["login": "desk", "password": password]))
            #expect(answer.status == 200)
            var session = TestHouse.Session(login: "desk")
            let cookie: String = try #require(TestHouse.cookie("rs_s", answer))
            session.cookies["rs_s"] = cookie
            session.form = try #require(try answer.json()["signed_in"]?["form_token"]?.stringValue)
            #expect(try await get(h, session, "me")["form_token"]?.stringValue == session.form)
            #expect(try await get(h, session, "me/sessions")["items"]?.items.count == 1)
            try await post(h, session, "me/name", object(["name": "陈静静"]))
            #expect(try await get(h, session, "me")["name"]?.stringValue == "陈静静")
            let elsewhere = try await h.json(
                nobody, .post, "/api/v1/sign-in/password", object(["login": "desk", "password": password]),
                headers: ["Origin": "https://evil.example"])
            #expect(elsewhere.status == 403)
            try await post(h, session, "sign-out")
            #expect(try await h.json(session, .get, "/api/v1/me").status == 401)
        }
    }
}

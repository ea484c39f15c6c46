import Attachments
import Directory
import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Server

/// Several people and one case: who joined it, who hears of what, where a merged one went, and how many words it holds.
@Suite struct NeighbourTests {
    private func object(_ pairs: [String: String]) -> JSON {
        .object(pairs.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private func step(
        _ h: TestHouse, _ login: String, _ id: CaseID, _ noun: String, _ fields: [String: String] = [:],
        _ expected: Int = 200
    ) async throws {
        let answer = try await h.json(
            try h.program(login), .post, "/api/v1/cases/\(id.text)/\(noun)", object(fields))
        #expect(answer.status == expected, "\(login) \(noun): \(answer.text)")
    }

    private func join(_ h: TestHouse, _ login: String, _ id: CaseID) async throws {
        try await step(h, login, id, "join", [:], 204)
    }

    private func post(_ h: TestHouse, _ login: String) async throws -> String {
        try #require(try await h.actor(h.program(login)).posts.first).id.text
    }

    /// What somebody was told about a case's title, the newest first, with where it leads.
    private func told(_ h: TestHouse, _ login: String, _ title: String) async throws -> [(text: String, link: String)] {
        let person = try #require(try await h.actor(h.program(login)).person)
        let inbox = h.house.cases.inbox
        return try await h.house.database.read { try inbox.items(of: person, limit: 200, $0) }
            .map { ($0.text.text(.zh), $0.link) }.filter { $0.0.contains(title) }
    }

    private func places(_ h: TestHouse) async throws -> (estate: AreaID, building: AreaID, unit: AreaID) {
        let home = try #require(try await h.actor(h.program("resident")).homes.first)
        return (home.estate, home.building, home.unit)
    }

    @Test func aWithdrawalIsToldToThoseWhoJoinedAndToTheAssignee() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("丁香管子漏了", by: "resident", at: place.unit, key: "n1")
            for login in ["resident2", "family"] { try await join(h, login, id) }
            try await step(h, "grid", id, "triage", ["lead": "property"])
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward")])
            try await step(h, "resident", id, "withdrawal", ["words": "自己修好了"])
            for login in ["resident2", "family"] {
                let last = try #require(try await told(h, login, "丁香管子漏了").first)
                #expect(last.text.contains("撤回") && last.text.contains("自己修好了"), "\(login)")
                // The way to a report of their own, with the place filled in.
                #expect(last.link == "/report?area=\(place.building.text)")
                let page = try await h.send(try h.program(login), .get, last.link).text
                #expect(page.contains("value=\"\(place.building.text)\" checked"), "\(login)")
            }
            let assignee = try #require(try await told(h, "steward", "丁香管子漏了").first)
            #expect(assignee.text.contains("不用去了") && assignee.link == "/desk/cases/\(id.text)")
            #expect(try await told(h, "resident", "丁香管子漏了").allSatisfy { !$0.text.contains("撤回") })
        }
    }

    @Test func theFormerAssigneeHearsThatTheWorkWentElsewhere() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("海棠管子漏了", by: "resident", at: place.unit, key: "n2")
            try await join(h, "resident2", id)
            try await step(h, "grid", id, "triage", ["lead": "property"])
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward")])
            // Given again to the same one: nothing was taken away.
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward")])
            #expect(try await told(h, "steward", "海棠管子漏了").allSatisfy { !$0.text.contains("不用去了") })
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward2")])
            #expect(try await told(h, "steward", "海棠管子漏了").first?.text.contains("改派给了张师傅") == true)
            #expect(try await told(h, "steward2", "海棠管子漏了").first?.text.contains("派给您") == true)
            try await step(h, "grid", id, "escalation", ["words": "要街道定"])
            #expect(try await told(h, "steward2", "海棠管子漏了").first?.text.contains("先不用您办") == true)
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward")])
            try await step(h, "steward", id, "attend")
            try await step(h, "steward", id, "handle", ["words": "换了"])
            try await step(h, "grid", id, "feedback", ["words": "换了"])
            try await step(h, "resident", id, "reopening", ["words": "还漏"])
            let again = try #require(try await told(h, "resident2", "海棠管子漏了").first)
            #expect(again.text.contains("重新打开") && again.link == "/my/cases/\(id.text)")
        }
    }

    @Test func aMergedCaseNamesTheOtherForEverybodyWhoMaySeeIt() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let main = try await h.report("水管漏水，主件", by: "resident", at: place.unit, key: "n3")
            let second = try await h.report("水管漏水，后件", by: "resident2", at: place.building, key: "n4")
            let nobody = TestHouse.Session(login: "")
            let made = try await h.json(
                nobody, .post, "/api/v1/reports",
                object(["area": place.building.text, "words": "水管漏水，没名"]))
            let code = try #require(try made.json()["code"]?.stringValue)
            let nameless = try #require(CaseID(text: try made.json()["id"]?.stringValue ?? ""))
            for id in [second, nameless] { try await step(h, "grid", id, "merge", ["into": main.text]) }
            let number = try #require(try await h.house.database.read { try CaseStore.load(main, $0) }).number
            let page = try await h.send(try h.program("grid"), .get, "/desk/cases/\(second.text)").text
            #expect(page.contains("href=\"/desk/cases/\(main.text)\">\(number)</a>"))
            #expect(!page.contains("守住了"))
            let mine = try await h.send(try h.program("resident2"), .get, "/my/cases/\(second.text)").text
            #expect(mine.contains("href=\"/my/cases/\(main.text)\""))
            #expect(try await h.send(try h.program("resident2"), .get, "/my/cases/\(main.text)").status == 200)
            for login in ["grid", "resident2"] {
                let seen = try await h.json(try h.program(login), .get, "/api/v1/cases/\(second.text)").json()
                #expect(seen["merged_into"]?.stringValue == main.text, "\(login)")
            }
            let other = try await h.json(try h.program("resident"), .get, "/api/v1/cases/\(main.text)").json()
            #expect(other["merged_into"]?.isNull == true)

            // The code follows, as a neighbour and not as the reporter.
            let steward = try await post(h, "steward")
            try await step(h, "grid", main, "triage", ["lead": "property"])
            try await step(h, "grid", main, "dispatch", ["post": steward])
            try await step(h, "steward", main, "attend")
            let followed = try await h.json(nobody, .get, "/api/v1/look-up?code=\(code)").json()
            #expect(followed["id"]?.stringValue == main.text && followed["status"]?.stringValue == "attended")
            #expect(followed["place"]?.stringValue == "3 号楼" && followed["photos"]?.items.isEmpty == true)
            let taken = try await h.json(
                nobody, .post, "/api/v1/look-up/withdrawal", object(["code": code, "words": "不用了"]))
            #expect(taken.status == 403)
            try await step(h, "steward", main, "handle", ["words": "换了"])
            try await step(h, "grid", main, "feedback", ["words": "换了"])
            let visitor = try await h.visitor()
            let asked = try await h.send(visitor, .get, "/look-up?code=\(code)").text
            #expect(asked.contains("换了") && asked.contains("id=\"rate\"") && !asked.contains("value=reopen"))
            let rated = try await h.send(
                visitor, .post, "/look-up", form: ["code": code, "do": "rate", "score": "2"])
            #expect(rated.status == 303)
            let after = try await h.send(visitor, .get, "/look-up?code=\(code)").text
            #expect(after.contains("您的评价"))
            let again = try await h.send(
                visitor, .post, "/look-up", form: ["code": code, "do": "rate", "score": "5"])
            #expect(again.status == 409)
            // The reporter's word is still to come.
            #expect(try await h.house.database.read { try CaseStore.load(main, $0) }?.rated == 0)
            let score = try await h.json(
                try h.program("resident"), .post, "/api/v1/cases/\(main.text)/rating", .object([("score", .int(5))]))
            #expect(try score.json()["score"]?.intValue == 5)
        }
    }

    @Test func aClockThatEndedWithItsCaseWasNeitherKeptNorBroken() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("水管漏水，撤", by: "resident", at: place.unit, key: "n5")
            try await step(h, "grid", id, "triage", ["lead": "property"])
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward")])
            try await step(h, "steward", id, "attend")
            h.still.advance(minutes: 3)
            try await step(h, "resident", id, "withdrawal", ["words": "好了"])
            let page = try await h.send(try h.program("grid"), .get, "/desk/cases/\(id.text)").text
            let start = try #require(page.ranges(of: "<dl class=\"clocks\">").first).upperBound
            let end = try #require(page[start...].ranges(of: "</dl>").first).lowerBound
            // The visit was in time; the rest has no verdict.
            #expect(page[start..<end].ranges(of: "守住了").count == 1)
            #expect(page[start..<end].ranges(of: "—").count == 2)
        }
    }

    @Test func manyWordsHideNoStep() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("水管漏水，话多", by: "resident", at: place.unit, key: "n6")
            let reporter = try #require(try await h.actor(h.program("resident")).person)
            let steward = try #require(try await h.actor(h.program("steward")).person)
            func talk(_ count: Int) async throws {
                let (world, now) = (h.house.cases.world, h.still.now)
                try await h.house.database.write { transaction in
                    for index in 0..<count {
                        try CaseHistoryStore.insert(
                            CaseEvent(
                                id: world.nextID(), at: now, kind: .noted, actor: reporter, actorName: "",
                                party: .resident, holder: .property, words: "话\(index)", open: true, round: 1),
                            case: id, transaction)
                    }
                }
            }
            try await talk(305)
            h.still.advance(minutes: 1440)
            try await step(h, "grid", id, "triage", ["lead": "property"])
            try await step(h, "grid", id, "dispatch", ["post": try await post(h, "steward")])
            try await step(h, "steward", id, "attend")
            #expect(
                try await h.house.database.read { try CaseHistoryStore.workers(id, round: 1, $0) } == [steward])
            try await step(h, "steward", id, "handle", ["words": "换好了阀"])
            try await step(h, "grid", id, "feedback", ["words": "阀已经换好"])
            try await talk(305)
            let mine = try await h.send(try h.program("resident"), .get, "/my/cases/\(id.text)").text
            #expect(mine.contains("<b>答复</b> 阀已经换好"))
            let events = try await h.house.database.read { try CaseHistoryStore.events(id, $0) }
            #expect(events.first?.kind == .reported && events.last?.words == "话304")
            #expect(events.map(\.id) == events.map(\.id).sorted())
            let desk = try await h.send(try h.program("grid"), .get, "/desk/cases/\(id.text)").text
            #expect(desk.contains("换好了阀") && desk.contains("话304"))
        }
    }

    @Test func theAlarmOfANightIsRaisedOnceHoweverManyNotesThereAre() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("水管漏水，急", by: "resident", at: place.unit, key: "n7")
            let midnight = h.still.now.adding(minutes: 10)
            let (world, now) = (h.house.cases.world, midnight.adding(minutes: 1))
            try await h.house.database.write { transaction in
                for index in 0..<305 {
                    try CaseHistoryStore.insert(
                        CaseEvent(
                            id: world.nextID(), at: now, kind: index == 304 ? .overnight : .noted, actor: nil,
                            actorName: "", party: .community, holder: .property, words: "", open: false, round: 1),
                        case: id, transaction)
                }
                #expect(try CaseHistoryStore.wasAlarmed(id, since: midnight, transaction))
                #expect(try !CaseHistoryStore.wasAlarmed(id, since: now.adding(ms: 1), transaction))
            }
        }
    }

    @Test func onePersonAddsFiftyNotesADay() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("水管漏水，注", by: "resident", at: place.unit, key: "n8")
            let person = try #require(try await h.actor(h.program("resident")).person)
            var input = ActionInput()
            input.words = "还在漏"
            for _ in 0..<50 {
                try await h.house.cases.actions.perform(.note, on: id, by: .resident(person), name: "", input: input)
            }
            let page = try await h.send(
                try h.program("resident"), .post, "/my/cases/\(id.text)", form: ["do": "note", "words": "再补一句"])
            #expect(page.status == 409 && page.text.contains("50") && page.text.contains("明天再补"))
            let answer = try await h.json(
                try h.program("resident"), .post, "/api/v1/cases/\(id.text)/note", object(["words": "x"]))
            #expect(answer.status == 409 && answer.text.contains("tooManyNotes"))
            // Others, and tomorrow, have notes of their own.
            try await step(h, "grid", id, "note", ["words": "知道了"])
            h.still.advance(minutes: 1440)
            try await step(h, "resident", id, "note", ["words": "第二天"])
        }
    }

    @Test func neighboursSeeTheBuildingAndNoPicture() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("水管漏水，看", by: "resident", at: place.unit, key: "n9")
            let door = try #require(try await h.house.database.read { try CaseStore.load(id, $0) }).place.words
            #expect(door.hasPrefix("3 号楼 "))
            let resident = try h.program("resident")
            let picture = try SamplePicture(.jpeg, 64, 64).drawn()
            let sent = try await h.send(
                resident, .post, "/api/v1/cases/\(id.text)/photos", body: picture, type: "image/jpeg")
            #expect(sent.status == 200)
            try await join(h, "resident2", id)
            let neighbour = try h.program("resident2")
            for path in ["/my/cases/\(id.text)", "/my/cases", "/home"] {
                let page = try await h.send(neighbour, .get, path).text
                #expect(page.contains("水管漏水") || path == "/home")
                #expect(!page.contains(door) && !page.contains("/photos/"), "\(path)")
            }
            #expect(try await h.send(neighbour, .get, "/my/cases/\(id.text)").text.contains("水管漏水，看"))
            let seen = try await h.json(neighbour, .get, "/api/v1/cases/\(id.text)").json()
            #expect(seen["place"]?.stringValue == "3 号楼" && seen["photos"]?.items.isEmpty == true)
            let listed = try await h.json(neighbour, .get, "/api/v1/me/joined-cases").json()
            #expect(listed["items"]?.items.first?["place"]?.stringValue == "3 号楼")
            // The reporter still sees both.
            let own = try await h.send(resident, .get, "/my/cases/\(id.text)").text
            #expect(own.contains(door) && own.contains("/photos/"))
        }
    }

    @Test func onlyWhatIsOfferedCanBeJoinedAndOnlyOnce() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("水管漏水，邻", by: "resident", at: place.unit, key: "n10")
            let grounds = try await h.report("院里路灯灭了", by: "resident", at: place.estate, key: "n11")
            // Another building of the estate.
            try await step(h, "tenant", id, "join", [:], 404)
            try await join(h, "tenant", grounds)
            let neighbour = try await h.signIn("resident2")
            let offer = "action=\"/cases/\(id.text)/join\""
            #expect(try await h.send(neighbour, .get, "/report").text.contains(offer))
            for _ in 0..<2 {
                let answer = try await h.send(neighbour, .post, "/cases/\(id.text)/join", form: [:])
                #expect(answer.status == 303 && answer.headers[.location] == "/my/cases/\(id.text)")
            }
            #expect(try await !h.send(neighbour, .get, "/report").text.contains(offer))
            #expect(try await h.house.database.read { try CaseHistoryStore.joined(id, $0) }.count == 1)
            // The one who joined may press again when it has gone on; somebody new is told.
            try await step(h, "grid", id, "return", ["words": "重复"])
            let late = try await h.send(neighbour, .post, "/cases/\(id.text)/join", form: [:])
            #expect(late.status == 303)
            let family = try await h.signIn("family")
            #expect(try await h.send(family, .post, "/cases/\(id.text)/join", form: [:]).status == 409)
        }
    }

    @Test func aComplaintNamesTheHeadOfAFamilyOnce() async throws {
        try await TestHouse.with { h in
            let place = try await places(h)
            let id = try await h.report("漏水三天没人来修", by: "resident", at: place.unit, key: "n12")
            let record = try #require(try await h.house.database.read { try CaseStore.load(id, $0) })
            let family = try #require(record.about)
            let (world, now) = (h.house.cases.world, h.still.now)
            // Before its head by party and by name.
            let branch = Organisation(
                id: world.id(), family: family, party: .community, name: "党支部", area: place.estate)
            try await h.house.database.write { transaction in
                try DirectoryStore.insertOrganisation(branch, parent: family, at: now, transaction)
            }
            let page = try await h.send(try h.program("grid"), .get, "/desk/cases/\(id.text)").text
            #expect(page.contains("投诉：桂花苑物业服务中心") && !page.contains("党支部"))
            #expect(page.ranges(of: "value=\"\(family.text)\"").count == 1)
            let choices = try await h.json(try h.program("grid"), .get, "/api/v1/cases/\(id.text)/choices").json()
            let offered = choices["organisations"]?.items.filter { $0["id"]?.stringValue == family.text } ?? []
            #expect(offered.count == 1 && offered.first?["name"]?.stringValue == "桂花苑物业服务中心")
        }
    }
}

import Cases
import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Tables
import Testing
import Web

@testable import Governance
@testable import Server
@testable import Transfers

/// Orders of the hot line and petitions: their limits, the way in by table, the answer out by file, the return visit.
@Suite struct TransferTests {
    private static let limits = TransferLimits(
        [
            (.orderDangerMinutes, 120), (.orderUtilityMinutes, 30), (.orderUrgentMinutes, 1440),
            (.orderConsultationDays, 1), (.orderGeneralWorkdays, 5), (.orderComplexWorkdays, 15),
            (.letterInformDays, 15), (.letterFinishDays, 60), (.letterExtensionDays, 30),
        ].map { key, value in
            Limit(key: key, value: value, source: "", since: Day(number: 20_000), version: 1)
        })

    private func at(_ text: String) throws -> Instant { try #require(LocalInput.instant(text)) }

    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }

    private func new(_ number: String, _ area: AreaID, _ received: Instant, _ kind: TransferKind = .hotline)
        -> NewTransfer
    {
        NewTransfer(
            kind: kind, source: "12345", number: number, area: area, grade: kind == .letter ? .letter : .general,
            received: received, words: "3 号楼楼道灯坏了，晚上看不见")
    }

    @Test func aLimitFollowsFromTheGradeWhereNoneIsGiven() throws {
        let calendar = ChinaCalendarSeed.calendar
        // Wednesday before the long holiday of 2025: 1 to 8 October are off, 28 September is worked.
        let received = try at("2025-09-24T16:30")
        let expected: [(TransferGrade, String)] = [
            (.danger, "2025-09-24T18:30"), (.utility, "2025-09-24T17:00"), (.urgent, "2025-09-25T16:30"),
            // 24:00 of the day is 0:00 of the next.
            (.consultation, "2025-09-25T00:00"),
            // 25, 26, 28, 29, 30 September.
            (.general, "2025-10-01T00:00"),
            // And 9, 10, 11, 13, 14, 15, 16, 17, 20, 21 October; the 11th is worked.
            (.complex, "2025-10-22T00:00"), (.letter, "2025-10-10T00:00"),
        ]
        for (grade, due) in expected {
            #expect(try TransferRules.due(grade, from: received, Self.limits, calendar) == at(due), "\(grade)")
        }
        #expect(throws: TransferRefusal.noLimit) {
            try TransferRules.due(.danger, from: received, TransferLimits([]), calendar)
        }
        #expect(TransferRules.warn(from: Instant(ms: 0), due: Instant(ms: 100)) == Instant(ms: 80))
    }

    @Test func momentsAreReadAsPeopleWriteThem() throws {
        for text in ["2026-03-18 9:05", "2026/3/18 09:05:59", "2026.3.18T9:05", "2026年3月18日 9:05"] {
            #expect(TransferSheet.moment(text, endOfDay: true) == (try at("2026-03-18T09:05")), "\(text)")
        }
        #expect(TransferSheet.moment("2026-03-18", endOfDay: false) == (try at("2026-03-18T00:00")))
        #expect(TransferSheet.moment("2026-03-18", endOfDay: true) == (try at("2026-03-19T00:00")))
        for text in [
            "", "2026-02-30", "18.3.2026", "2026-03-18 25:00", "2026-03-18 9", "tomorrow", "2026-3-18 9:05 pm",
            "2026-03-18T09:05:00Z", "2026-03-18T09:05:00+00:00",
        ] {
            #expect(TransferSheet.moment(text, endOfDay: true) == nil, "\(text)")
        }
    }

    /// An order that complains about the company is as closed to its desk as the case is; another's desk reads on.
    @Test func aComplaintIsHiddenFromWhomItIsAbout() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            var order = new("GD-900", estate, h.still.now.adding(hours: -1))
            order.category = try await h.house.database.read { transaction in
                try transaction.first("select id from cases_category where code = 'service'") { try $0.id(0) }
            }
            order.words = "前台态度差，报修没有人理"
            let taken = try await h.house.transfers.desk.take(order, by: try await h.actor(h.program("grid")))
            let id = taken.id.text
            #expect(try await count("select count(*) from cases_case where about_family > 0 and channel = 2", h) > 0)
            let (company, community) = (try h.program("desk"), try h.program("grid"))
            #expect(try await h.send(company, .get, "/api/v1/transfers/\(id)").status == 404)
            #expect(try await h.send(community, .get, "/api/v1/transfers/\(id)").status == 200)
            #expect(try await !h.send(company, .get, "/api/v1/transfers").text.contains("GD-900"))
            #expect(try await h.send(community, .get, "/api/v1/transfers").text.contains("GD-900"))
            let session = try await h.signIn("desk")
            #expect(try await h.send(session, .get, "/desk/transfers/\(id)").status == 404)
            #expect(try await !h.send(session, .get, "/desk/transfers").text.contains("GD-900"))
            #expect(try await !h.send(session, .get, "/desk/transfers?show=all").text.contains("GD-900"))
            // Nor does its number tell them anything.
            await #expect(throws: TransferRefusal.numberTaken) {
                try await h.house.transfers.desk.take(order, by: try await h.actor(company))
            }
        }
    }

    @Test func anUnknownEstateAndATimeOfAnotherZoneAreRefusedByRow() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let table = """
                工单编号,诉求内容,受理时间,小区
                GD-1,楼道灯坏了晚上看不见,2026-03-19 09:00,桂花苑
                GD-2,楼道灯坏了晚上看不见,2026-03-19 09:00,桂花苑二期
                GD-3,楼道灯坏了晚上看不见,2026-03-19T01:00:00Z,桂花苑
                """
            let result = try await h.house.transfers.sheet.take(
                MemorySource(Array(table.utf8)), .hotline, from: "12345", area: estate,
                by: try await h.actor(h.program("desk")))
            #expect(result.new == 1 && result.refused.map(\.number) == ["GD-2", "GD-3"])
            #expect(try await count("select count(*) from transfers_transfer", h) == 1)
        }
    }

    @Test func anOrderGoesThroughTheLoopAndItsAnswerGoesOutOnce() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let desk = try h.program("desk")
            let received = h.still.now.adding(hours: -1)
            let asked: JSON = .object([
                ("kind", .string("hotline")), ("source", .string("12345")), ("number", .string("GD-001")),
                ("area", .string(estate.text)), ("received", .time(received)), ("grade", .string("urgent")),
                ("words", .string("3 号楼楼道灯坏了，晚上看不见")), ("name", .string("来电人")),
                ("phone", .string("13911112222")),
            ])
            let made = try await h.json(desk, .post, "/api/v1/transfers", asked)
            #expect(made.status == 201, "\(made.text)")
            let id = try #require(try made.json()["id"]?.stringValue)
            // The same number once more is the same one.
            let again = try await h.json(desk, .post, "/api/v1/transfers", asked)
            #expect(try again.json()["id"]?.stringValue == id)
            #expect(try await count("select count(*) from cases_case where channel = 2 and number <> ''", h) >= 1)
            #expect(try await count("select count(*) from transfers_transfer", h) == 1)
            let one = try await h.send(desk, .get, "/api/v1/transfers/\(id)").json()
            #expect(one["due"]?.stringValue == JSON.time(received.adding(hours: 24)).stringValue)
            let caseID = try #require(one["case"]?.stringValue)
            // Its page says where it came from; strangers' desks do not know it.
            let session = try await h.signIn("desk")
            #expect(try await h.send(session, .get, "/desk/cases/\(caseID)").text.contains("GD-001"))
            for login in ["desk2", "resident"] {
                let status = try await h.send(try h.program(login), .get, "/api/v1/transfers/\(id)").status
                #expect(status == 404 || status == 403, "\(login) \(status)")
            }
            #expect(try await h.send(try await h.signIn("desk2"), .get, "/desk/transfers/\(id)").status == 404)
            // Nothing is answered before somebody was told anything.
            #expect(try await h.json(desk, .post, "/api/v1/transfers/answers").status == 409)
            let back = try await h.send(session, .post, "/desk/transfers/answers", form: [:])
            #expect(back.status == 409)
            let steps: [(String, String, [(String, JSON)])] = [
                ("grid", "triage", []), ("grid", "dispatch", []), ("steward", "attend", []),
                ("steward", "handle", [("words", .string("换了灯泡"))]),
                ("desk", "feedBack", [("words", .string("灯已换好，给您添麻烦了"))]),
            ]
            try await walk(CaseID(text: caseID), steps, h)
            let batch = try await h.json(desk, .post, "/api/v1/transfers/answers").json()
            #expect(batch["count"]?.intValue == 1)
            #expect(try await h.json(desk, .post, "/api/v1/transfers/answers").status == 409)
            let number = try #require(batch["batch"]?.stringValue)
            let file = try await h.send(session, .get, "/desk/transfers/answers/\(number)?format=csv")
            #expect(file.status == 200 && file.text.contains("GD-001") && file.text.contains("灯已换好，给您添麻烦了"))
            #expect(
                try await h.send(try await h.signIn("desk2"), .get, "/desk/transfers/answers/\(number)?format=csv")
                    .status == 404)
            // Neither list nor file holds the caller's phone.
            #expect(!file.text.contains("13911112222"))
            // The return visit comes by the number.
            let table = "工单编号,是否响应,是否解决,是否满意,回访时间\nGD-001,是,已解决,不满意,2026-03-19\nGD-404,是,是,是,\n"
            let desking = try await h.actor(desk)
            let result = try await h.house.transfers.sheet.take(
                MemorySource(Array(table.utf8)), .hotline, from: "12345", area: estate, by: desking)
            #expect(result.visited == 1 && result.refused.map(\.number) == ["GD-404"], "\(result)")
            let visited = try await h.send(desk, .get, "/api/v1/transfers/\(id)").json()
            #expect(visited["state"]?.stringValue == "visited" && visited["satisfied"]?.stringValue == "no")
        }
    }

    /// The steps of a case, by the actions.
    private func walk(_ id: CaseID?, _ steps: [(String, String, [(String, JSON)])], _ h: TestHouse) async throws {
        let id = try #require(id)
        for (login, step, fields) in steps {
            var body: [(String, JSON)] = fields
            let program = try h.program(login)
            if step == "triage" { body = [("lead", .string("property"))] }
            if step == "dispatch" {
                let steward = try await h.actor(h.program("steward"))
                body = [("post", .string(try #require(steward.posts.first?.id.text)))]
            }
            let answer = try await h.json(program, .post, "/api/v1/cases/\(id.text)/\(Self.path(step))", .object(body))
            #expect((200..<300).contains(answer.status), "\(step): \(answer.status) \(answer.text)")
        }
    }

    private static func path(_ step: String) -> String { step == "feedBack" ? "feedback" : step }

    @Test func aTableIsTakenRowByRowAndTwiceChangesNothing() async throws {
        try await TestHouse.with { h in
            let (guihua, xinglong) = (try await h.area("桂花苑"), try await h.area("兴隆花园"))
            let desk = try await h.actor(h.program("desk"))
            let head = "12345 工单,,,,,,\n工单编号,受理时间,办理时限,紧急程度,诉求内容,小区名称,联系电话\n"
            let rows = """
                A1,2026-03-18 09:00,2026-03-25,一般,楼道堆了杂物没人管,桂花苑,13911112222
                A2,2026/3/18 9:00,,特急,高空掉下来一块玻璃,桂花苑,
                A3,昨天,,一般,电梯又坏了没人修,桂花苑,
                A4,2026-03-18 09:00,2026-03-17,一般,时限比收到还早的工单,桂花苑,
                A5,2026-03-18 09:00,,外星,不知道什么级别的事,桂花苑,
                A6,2026-03-18 09:00,,一般,电话号码写错了的工单,桂花苑,12
                A7,2026-03-18 09:00,,一般,,桂花苑,
                ,2026-03-18 09:00,,一般,没有编号的工单内容,桂花苑,
                A1,2026-03-18 09:00,2026-03-25,一般,楼道堆了杂物没人管,桂花苑,13911112222

                """
            let sheet = h.house.transfers.sheet
            func take(_ text: String, _ actor: Actor) async throws -> TransferImport {
                try await sheet.take(
                    MemorySource(Array(text.utf8)), .hotline, from: "12345", area: guihua, by: actor)
            }
            let cases = try await count("select count(*) from cases_case", h)
            let first = try await take(head + rows, desk)
            #expect(first.rows == 9 && first.new == 2 && first.known == 1, "\(first)")
            #expect(first.refused.map(\.line) == [5, 6, 7, 8, 9, 10])
            let again = try await take(head + rows, desk)
            #expect(again.new == 0 && again.known == 3 && again.refused.count == 6)
            #expect(try await count("select count(*) from cases_case", h) == cases + 2)
            // Nothing of what was refused is left, neither a case nor its words.
            #expect(try await count("select count(*) from cases_case where body like '%时限比收到还早%'", h) == 0)
            // A later limit extends, an earlier one does not shorten.
            let later = try await take(head + "A1,2026-03-18 09:00,2026-03-28,一般,楼道堆了杂物没人管,桂花苑,\n", desk)
            #expect(later.extended == 1)
            let earlier = try await take(head + "A1,2026-03-18 09:00,2026-03-20,一般,楼道堆了杂物没人管,桂花苑,\n", desk)
            #expect(earlier.known == 1 && earlier.extended == 0)
            // Two at once, of the same table: one of each.
            let two = head + "B1,2026-03-18 09:00,,一般,两个人同时导入的工单,桂花苑,\nB2,2026-03-18 09:00,,咨询,问一下物业费怎么交,桂花苑,\n"
            async let one = take(two, desk)
            async let other = take(two, desk)
            let both = try await (one, other)
            #expect(both.0.new + both.1.new == 2, "\(both)")
            #expect(try await count("select count(*) from transfers_transfer where number like 'B%'", h) == 2)
            #expect(try await count("select count(*) from cases_case where body like '两个人同时%'", h) == 1)
            // Not into another's estate, not over another's number, and not without the columns.
            let far = try await h.actor(h.program("desk2"))
            let elsewhere = try await take(head + "C1,2026-03-18 09:00,,一般,别的小区的人来登记,桂花苑,\n", far)
            #expect(elsewhere.new == 0 && elsewhere.refused.count == 1)
            let taken = try await sheet.take(
                MemorySource(Array((head + "A1,2026-03-18 09:00,,一般,同一个编号在别处,兴隆花园,\n").utf8)), .hotline,
                from: "12345", area: xinglong, by: far)
            #expect(taken.new == 0 && taken.refused.count == 1)
            await #expect(throws: TransferRefusal.noHeader) { try await take("甲,乙\n1,2\n", desk) }
        }
    }

    @Test func aFormThatIsRefusedComesBackWithItsWords() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let session = try await h.signIn("desk")
            var form = [
                "way": "take", "kind": "hotline", "source": "12345", "number": "F1", "area": estate.text,
                "received": "2026-03-19T10:00", "due": "2026-03-19T09:00", "grade": "general", "words": "楼道灯坏了没人修",
            ]
            let back = try await h.send(session, .post, "/desk/transfers", form: form)
            #expect(back.status == 422 && back.text.contains("楼道灯坏了没人修") && back.text.contains("value=\"F1\""))
            form["due"] = "2026-03-20T09:00"
            #expect(try await h.send(session, .post, "/desk/transfers", form: form).status == 303)
            let list = try await h.send(session, .get, "/desk/transfers").text
            #expect(list.contains("F1") && list.contains("楼道灯坏了没人修"))
            let none = try await h.upload(
                session, "/desk/transfers/import",
                fields: ["kind": "hotline", "source": "12345", "area": estate.text],
                files: [("x.csv", Array("甲\n".utf8))])
            #expect(none.status == 422, "\(none.status)")
            let table = "编号,收到时间,内容\nU1,2026-03-19 09:00,从网页上传的工单\nU2,,没有时间\n"
            let sent = try await h.upload(
                session, "/desk/transfers/import",
                fields: ["kind": "hotline", "source": "12345", "area": estate.text],
                files: [("x.csv", Array(table.utf8))])
            #expect(sent.status == 200 && sent.text.contains("从网页上传的工单") && sent.text.contains("U2"))
        }
    }

    @Test func aPetitionIsAnsweredForInWritingAndExtendedOnce() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let actor = try await h.actor(h.program("desk"))
            let desk = h.house.transfers.desk
            let received = h.still.now.adding(days: -3)
            let id = try await desk.take(new("X1", estate, received, .letter), by: actor).id
            func now() async throws -> Transfer {
                guard let found = try await h.house.database.read({ try TransferStore.load(id, $0) }) else {
                    throw TransferRefusal.notFound
                }
                return found
            }
            let day = Zone.shanghai.day(of: received)
            #expect(try await now().due == Zone.shanghai.instant(day.adding(16)))
            let late = Zone.shanghai.instant(day.adding(80))
            await #expect(throws: TransferRefusal.notAccepted) {
                try await desk.extend(id, to: late, why: "情况复杂", was: 1, by: actor)
            }
            await #expect(throws: TransferRefusal.badTime("day")) {
                try await desk.inform(id, on: day.adding(-1), takes: true, why: "", was: 1, by: actor)
            }
            await #expect(throws: TransferRefusal.changedMeanwhile) {
                try await desk.inform(id, on: day.adding(1), takes: true, why: "", was: 7, by: actor)
            }
            try await desk.inform(id, on: day.adding(1), takes: true, why: "", was: 1, by: actor)
            #expect(try await now().due == Zone.shanghai.instant(day.adding(62)))
            await #expect(throws: TransferRefusal.extendedTooFar("30")) {
                try await desk.extend(
                    id, to: Zone.shanghai.instant(day.adding(93)), why: "情况复杂", was: 2, by: actor)
            }
            try await desk.extend(id, to: Zone.shanghai.instant(day.adding(92)), why: "情况复杂", was: 2, by: actor)
            await #expect(throws: TransferRefusal.extendedAlready) {
                try await desk.extend(id, to: Zone.shanghai.instant(day.adding(95)), why: "再延", was: 3, by: actor)
            }
            // One that is not accepted is closed with its reason.
            let other = try await desk.take(new("X2", estate, received, .letter), by: actor).id
            await #expect(throws: TransferRefusal.badWords("why")) {
                try await desk.inform(other, on: day.adding(1), takes: false, why: "", was: 1, by: actor)
            }
            try await desk.inform(other, on: day.adding(1), takes: false, why: "已经诉讼", was: 1, by: actor)
            let closed = try await h.house.database.read { try TransferStore.load(other, $0) }
            #expect(closed?.state == .answered && closed?.accepted == nil)
            await #expect(throws: TransferRefusal.lettersOnly) {
                let order = try await desk.take(new("X3", estate, received), by: actor).id
                try await desk.inform(order, on: day, takes: true, why: "", was: 1, by: actor)
            }
        }
    }

    @Test func aLimitIsWarnedOfAndTold_OnceEach_ByHoweverManyServers() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let actor = try await h.actor(h.program("desk"))
            let desk = h.house.transfers.desk
            var order = new("W1", estate, h.still.now)
            order.due = h.still.now.adding(hours: 10)
            _ = try await desk.take(order, by: actor)
            func told(_ name: String) async throws -> Int64 {
                try await count("select count(*) from storage_audit where verb = \(name)", h)
            }
            try await desk.sweep()
            #expect(try await told("transfer.warned") == 0)
            h.still.advance(minutes: 481)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await desk.sweep() } }
                try await group.waitForAll()
            }
            #expect(try await told("transfer.warned") == 1)
            h.still.advance(minutes: 120)
            for _ in 0..<3 { try await desk.sweep() }
            #expect(try await told("transfer.broken") == 1)
            #expect(try await told("transfer.warned") == 1)
            #expect(try await count("select count(*) from messaging_item where notice = 'transfer.broken'", h) > 0)
        }
    }

    @Test func aCaseIsHandedToThePetitionOfficeOnceAndItsReporterIsTold() async throws {
        try await TestHouse.with { h in
            let resident = try h.program("resident")
            let home = try #require(try await h.actor(resident).homes.first)
            let made = try await h.json(
                resident, .post, "/api/v1/cases",
                .object([("area", .string(home.unit.text)), ("words", .string("对补偿标准有意见，要找上级反映"))]),
                headers: ["Idempotency-Key": "petition-1"])
            let id = try #require(try made.json()["id"]?.stringValue)
            let asked: JSON = .object([
                ("case", .string(id)), ("office", .string("区信访局")), ("why", .string("涉及征收补偿政策，不属物业事项")),
            ])
            #expect(try await h.json(resident, .post, "/api/v1/transfers/hand-over", asked).status == 403)
            #expect(try await h.json(try h.program("desk2"), .post, "/api/v1/transfers/hand-over", asked).status == 404)
            // What somebody told us goes to no other office without their own consent.
            let refused = try await h.json(try h.program("desk"), .post, "/api/v1/transfers/hand-over", asked)
            #expect(refused.status == 409 && refused.text.contains("单独同意"))
            #expect(try await count("select count(*) from transfers_transfer where direction = 2", h) == 0)
            let reporter = try #require(try await h.actor(resident).person)
            try await h.house.privacy.desk.consent("sharing", given: true, channel: "page", by: reporter)
            #expect(try await h.json(try h.program("desk"), .post, "/api/v1/transfers/hand-over", asked).status == 201)
            #expect(try await h.json(try h.program("desk"), .post, "/api/v1/transfers/hand-over", asked).status == 409)
            let session = try await h.signIn("resident")
            #expect(try await h.send(session, .get, "/messages").text.contains("区信访局"))
        }
    }
}

import Cases
import Kernel
import Storage
import Testing

@testable import Directory
@testable import Server

/// What many ask is answered for all; what should not stand there is taken down.
@Suite struct ReplyBoardTests {
    private func form(_ estate: AreaID, answer: String = "明天上午") -> [String: String] {
        ["estate": estate.text, "question": "几点来水", "answer": answer, "by": "物业服务中心"]
    }

    private func standing(_ estate: AreaID, _ h: TestHouse) async throws -> [CaseHistoryStore.Reply] {
        try await h.house.database.read { transaction in
            try CaseHistoryStore.replies(estate: estate, transaction).filter { $0.question == "几点来水" }
        }
    }

    @Test func aReplyThatWasSentTwiceStandsOnceAndIsTakenDownForGood() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let moderator = try await h.signIn("moderator")
            for _ in 0..<2 {
                #expect(try await h.send(moderator, .post, "/desk/replies", form: form(estate)).status == 303)
            }
            let one = try #require(try await standing(estate, h).first)
            #expect(try await standing(estate, h).count == 1)
            let page = try await h.send(moderator, .get, "/desk/replies")
            let place = "/desk/replies/\(ID<CaseTag>(one.id).text)/remove"
            #expect(page.text.contains(place))
            // Not for who may not publish there.
            for login in ["steward", "resident"] {
                let refused = try await h.send(try await h.signIn(login), .post, place, form: [:])
                #expect(refused.status == 403 || refused.status == 404, "\(login)")
            }
            // Nor for the moderator of another estate.
            let (elsewhere, now) = (try await h.area("兴隆花园"), h.still.now)
            let day = Zone.shanghai.day(of: now)
            let stranger = try #require(try await h.actor(h.program("resident3")).person)
            let body = try #require(try await h.actor(h.program("moderator")).posts.first?.organisation)
            try await h.house.database.write { transaction in
                try DirectoryStore.insertPost(
                    PostID(h.house.world.nextID()), person: stranger, organisation: body, role: .moderator,
                    area: elsewhere, title: "", from: day.adding(-1), to: day.adding(30), at: now, transaction)
            }
            let other = try await h.signIn("resident3")
            #expect(try await h.send(other, .get, "/desk/replies").status == 200)
            #expect(try await h.send(other, .post, place, form: [:]).status == 404)
            #expect(try await standing(estate, h).count == 1)
            #expect(try await h.send(moderator, .post, place, form: [:]).status == 303)
            #expect(try await standing(estate, h).isEmpty)
            let ledger = try await h.send(TestHouse.Session(login: ""), .get, "/ledger/\(estate.text)")
            #expect(!ledger.text.contains("几点来水"))
            // Somebody was faster.
            #expect(try await h.send(moderator, .post, place, form: [:]).status == 404)
            let audited = try await h.house.database.read { transaction in
                try transaction.query("select subject_id from storage_audit where verb = 'reply.remove'") {
                    try $0.int(0)
                }
            }
            #expect(audited == [one.id])
        }
    }

    @Test func programsTakeItDownToo() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let moderator = try h.program("moderator")
            let made = try await h.json(
                moderator, .post, "/api/v1/replies",
                .object(form(estate).sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
            #expect(made.status == 204)
            let nobody = TestHouse.Session(login: "")
            let listed = try await h.json(nobody, .get, "/api/v1/ledger/\(estate.text)/replies").json()["items"]?.items
            let id = try #require(listed?.first?["id"]?.stringValue)
            #expect(try await h.json(moderator, .post, "/api/v1/replies/\(id)/removal").status == 204)
            #expect(try await standing(estate, h).isEmpty)
            #expect(try await h.json(moderator, .post, "/api/v1/replies/\(id)/removal").status == 404)
        }
    }

    @Test func nobodysMobileStandsInPublicAndWhatWasTypedComesBack() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let moderator = try await h.signIn("moderator")
            let answer = "请打 138 0000 0001 找王阿姨"
            let refused = try await h.send(moderator, .post, "/desk/replies", form: form(estate, answer: answer))
            #expect(refused.status == 422 && refused.text.contains(answer) && refused.text.contains("手机号"))
            #expect(refused.text.contains("answer-error"))
            #expect(try await standing(estate, h).isEmpty)
        }
    }
}

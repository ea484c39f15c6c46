import Cases
import Directory
import HTTPTypes
import Kernel
import Storage
import StorageTesting
import Tables
import Testing
import Web

@testable import Directory
@testable import Governance
@testable import Server

/// Lists that go on beyond their first screen, and leave nobody out.
@Suite struct ListPagesTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }

    /// All items of a list, page after page; every page but the last says where it goes on.
    private func walk(
        _ path: String, limit: Int, _ session: TestHouse.Session, _ h: TestHouse
    ) async throws -> (items: [JSON], pages: Int) {
        var (items, pages): ([JSON], Int) = ([], 0)
        var cursor = ""
        repeat {
            let mark = path.contains("?") ? "&" : "?"
            let answer = try await h.send(
                session, .get, "\(path)\(mark)limit=\(limit)\(cursor.isEmpty ? "" : "&cursor=\(cursor)")")
            try #require(answer.status == 200, "\(path): \(answer.text.prefix(300))")
            let page = try answer.json()
            items += page["items"]?.items ?? []
            cursor = page["next_cursor"]?.stringValue ?? ""
            pages += 1
            try #require(pages < 400)
        } while !cursor.isEmpty
        return (items, pages)
    }

    /// So many people with a post each, and what else is wanted; their ids.
    private func plant(
        _ number: Int, in h: TestHouse,
        _ each: @escaping @Sendable (PersonID, Int, any WriteTransaction) throws -> Void
    ) async throws -> [PersonID] {
        let world = h.house.world
        return try await h.house.database.write { transaction in
            try (0..<number).map { index in
                let person: PersonID = world.id()
                try transaction.run(
                    """
                    insert into directory_person (id, name, phone_masked, created_ms)
                    values (\(person), \("员\(index)号"), '', \(world.now()))
                    """)
                try each(person, index, transaction)
                return person
            }
        }
    }

    private func organisation(_ name: String, _ h: TestHouse) async throws -> OrganisationID {
        let found = try await h.house.database.read { transaction in
            try transaction.first("select id from directory_organisation where name = \(name)") {
                try $0.id(0, OrganisationTag.self)
            }
        }
        return try #require(found)
    }

    private func post(
        _ person: PersonID, _ role: Role, _ organisation: OrganisationID, _ area: AreaID, _ h: TestHouse,
        _ transaction: any WriteTransaction
    ) throws {
        let today = Zone.shanghai.day(of: h.still.now)
        try transaction.run(
            """
            insert into directory_post (id, person_id, organisation_id, role, area_id, title, from_day, to_day, created_ms)
            values (\(h.house.world.nextID()), \(person), \(organisation), \(role), \(area), '', \(today.adding(-1)),
                \(today.adding(300)), \(h.still.now))
            """)
    }

    @Test func dutiesGoOnBeyondThreeHundredAndNameNoMember() async throws {
        try await TestHouse.with { h in
            let body = try await organisation("桂花社区居民委员会", h)
            let area = try await h.area("桂花社区")
            let today = Zone.shanghai.day(of: h.still.now)
            let program = try h.program("approver")
            let before = try await walk("/api/v1/duties", limit: 100, program, h).items.count
            _ = try await plant(360, in: h) { person, index, transaction in
                try AppointmentStore.insert(
                    Appointment(
                        id: ID(h.house.world.nextID()), kind: .buildingLeader, year: 2025, serial: Int64(1000 + index),
                        person: person, organisation: body, area: area, selection: 0, reveals: index % 10 == 0,
                        duties: "", from: today.adding(-20), to: today.adding(300), revoked: nil, revokeWords: "",
                        version: 1), by: person, at: h.still.now, transaction)
            }
            let (items, pages) = try await walk("/api/v1/duties", limit: 100, program, h)
            let names = items.compactMap { $0["name"]?.stringValue }
            #expect(items.count == before + 324 && pages == (before + 324 + 99) / 100)
            #expect(Set(items.compactMap { $0["appointment"]?.stringValue }).count == items.count)
            #expect(names.contains("员359号") && !names.contains("员350号"))
            // What was recorded is counted on whichever page it stands.
            let last = try #require(items.last?["appointment"]?.stringValue.flatMap { ID<AppointmentTag>(text: $0) })
            try await h.house.database.write { transaction in
                for (number, problem) in [(1, false), (2, true), (3, true)] {
                    try transaction.run(
                        """
                        insert into governance_record (id, appointment_id, area_id, topic, problem, words, day, created_by,
                            created_ms)
                        values (\(h.house.world.nextID()), \(last), \(area), 1, \(problem), 'w',
                            \(today.adding(-number)), 1, \(h.still.now))
                        """)
                }
            }
            let again = try await walk("/api/v1/duties", limit: 70, program, h).items
            #expect(again.count == items.count)
            #expect(again.last?["records"]?.intValue == 3 && again.last?["problems"]?.intValue == 2)
            #expect(again.dropLast().allSatisfy { $0["appointment"]?.stringValue != last.text })
            // The page, link after link.
            let session = try await h.signIn("approver")
            var (path, seen, looked) = ("/desk/duties", Set<String>(), 0)
            while !path.isEmpty {
                let page = try await h.send(session, .get, path).text
                for name in names where page.contains(">\(name)<") || page.contains("\(name)</a>") { seen.insert(name) }
                #expect(page.contains("/desk/export/duties"))
                looked += 1
                try #require(looked < 30)
                path = Self.more(page)
            }
            #expect(seen == Set(names) && looked == (items.count + 49) / 50)
            let file = try await h.send(session, .get, "/desk/export/duties?format=csv").text
            #expect(file.split(separator: "\r\n").count == items.count + 1)
            #expect(file.contains("员359号") && !file.contains("员350号"))
            #expect(try await h.send(program, .get, "/api/v1/duties?cursor=nothing!").status == 422)
        }
    }

    /// Where the link to the next page goes; empty where there is none.
    private static func more(_ page: String) -> String {
        for part in page.split(separator: "href=\"").dropFirst() where part.contains("cursor=") {
            let end = part.firstIndex(of: "\"") ?? part.endIndex
            let label = part[end...].prefix(40)
            if label.contains("再看一些") || label.contains("再看 50 件") {
                return String(part[..<end]).replacing("&amp;", with: "&").replacing("&#38;", with: "&")
            }
        }
        return ""
    }

    @Test func stewardsGoOnAndTheirPageStaysSmall() async throws {
        try await TestHouse.with { h in
            let company = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first(
                        """
                        select p.organisation_id from directory_post p join directory_account a on a.person_id = p.person_id
                        where a.login = 'steward'
                        """
                    ) { try $0.id(0, OrganisationTag.self) }
                })
            let estate = try await h.area("桂花苑")
            let people = try await plant(230, in: h) { person, _, transaction in
                try post(person, .steward, company, estate, h, transaction)
            }
            let program = try h.program("approver")
            let all = try await walk("/api/v1/stewards", limit: 60, program, h).items
            let ids = all.compactMap { $0["person"]?.stringValue }
            #expect(Set(ids).count == ids.count && Set(people.map(\.text)).isSubset(of: Set(ids)))
            #expect(try await walk("/api/v1/stewards", limit: 100, program, h).items.count == ids.count)
            // Nobody of another estate, nobody twice, and fewer for who reads one estate.
            let far = try await walk("/api/v1/stewards", limit: 60, try h.program("desk2"), h).items
            #expect(far.allSatisfy { one in !people.contains { $0.text == one["person"]?.stringValue } })
            let session = try await h.signIn("approver")
            var (path, seen, looked) = ("/desk/stewards", 0, 0)
            while !path.isEmpty {
                let page = try await h.send(session, .get, path).text
                // No page draws the superiors of anybody until one line is opened.
                #expect(!page.contains("<select") && page.utf8.count < 150_000)
                seen += page.ranges(of: "<h2>员").count
                looked += 1
                try #require(looked < 20)
                path = Self.more(page)
            }
            #expect(seen == 230 && looked == (ids.count + 49) / 50)
            // One line open: fifty to choose from, the rest by name.
            let one = try #require(people.dropFirst(40).first)
            let previous = try #require(
                ids.sorted { (PersonID(text: $0)?.raw ?? 0) < (PersonID(text: $1)?.raw ?? 0) }
                    .last { (PersonID(text: $0)?.raw ?? 0) < one.raw })
            let open = "/desk/stewards?cursor=\(previous)&line=\(one.text)&party=property"
            let page = try await h.send(session, .get, open).text
            #expect(page.ranges(of: "<select").count == 1 && page.ranges(of: "<option").count <= 52)
            #expect(page.contains("name=named"))
            let found = try await h.send(session, .get, open + "&named=\(TestHouse.encoded("员229"))").text
            #expect(found.contains("员229号</option>") && found.ranges(of: "<option").count == 2)
            let superior = try #require(people.last)
            func set(_ superior: PersonID, version: String) async throws -> TestHouse.Answered {
                try await h.send(
                    session, .post, open,
                    form: [
                        "way": "line-property-\(one.text)", "person": one.text, "party": "property",
                        "superior": superior.text, "version": version, "cursor": previous,
                    ])
            }
            let refused = try await set(one, version: "0")
            #expect((refused.status == 422 || refused.status == 409) && refused.text.ranges(of: "<select").count == 1)
            #expect(try await set(superior, version: "0").status == 303)
            let after = try await h.send(session, .get, open).text
            #expect(after.contains("员229号"))
            // Who only reads opens no line.
            let reader = try await h.send(try await h.signIn("desk"), .get, open).text
            #expect(!reader.contains("<select"))
        }
    }

    @Test func crossPostsGoOnAndCoverageCountsAll() async throws {
        try await TestHouse.with { h in
            let company = try #require(
                try await h.house.database.read { transaction in
                    try transaction.first(
                        """
                        select p.organisation_id from directory_post p join directory_account a on a.person_id = p.person_id
                        where a.login = 'steward'
                        """
                    ) { try $0.id(0, OrganisationTag.self) }
                })
            let committee = try await organisation("桂花社区居民委员会", h)
            let (estate, community) = (try await h.area("桂花苑"), try await h.area("桂花社区"))
            let program = try h.program("approver")
            let before = try await walk("/api/v1/cross-posts", limit: 50, program, h).items.count
            let people = try await plant(130, in: h) { person, index, transaction in
                try post(person, index % 13 == 0 ? .desk : .steward, company, estate, h, transaction)
                // One in thirteen approves what they handle: a conflict.
                try post(person, index % 13 == 0 ? .approver : .grid, committee, community, h, transaction)
            }
            let sums = try await walk("/api/v1/cross-posts", limit: 30, program, h).items
            let named = Set(sums.compactMap { $0["person"]?.stringValue })
            #expect(named.isSuperset(of: people.map(\.text)))
            let keys = sums.map { "\($0["person"]?.stringValue ?? "") \($0["finding"]?.stringValue ?? "")" }
            #expect(Set(keys).count == sums.count)
            let conflicts = try await walk("/api/v1/cross-posts?conflicts=true", limit: 3, program, h)
            #expect(conflicts.items.allSatisfy { $0["conflict"]?.boolValue == true } && conflicts.pages > 2)
            #expect(conflicts.items.count == sums.filter { $0["conflict"]?.boolValue == true }.count)
            #expect(conflicts.items.count >= 10 && sums.count >= before + 130)
            let session = try await h.signIn("approver")
            let page = try await h.send(session, .get, "/desk/cross-posts").text
            #expect(!Self.more(page).isEmpty && page.contains("/desk/export/cross-posts"))
            let file = try await h.send(session, .get, "/desk/export/cross-posts?format=csv").text
            #expect(file.split(separator: "\r\n").count == sums.count + 1)
            // The estates of the whole scope are counted on each page of them, however short.
            let district = try h.program("district")
            let estates = try await count("select count(*) from directory_area where level = 6", h)
            let first = try await h.send(district, .get, "/api/v1/cross-posts/estates?limit=1")
            if first.status == 200 {
                let walked = try await walk("/api/v1/cross-posts/estates", limit: 1, district, h)
                let told = try first.json()
                #expect(Int64(walked.items.count) == told["estates"]?.intValue)
                #expect(Int64(walked.items.count) <= estates && walked.items.count > 1)
                #expect(
                    Int64(walked.items.filter { $0["covered"]?.boolValue == true }.count) == told["covered"]?.intValue)
                let own = walked.items.first { $0["name"]?.stringValue == "桂花苑" }
                #expect(own?["covered"]?.boolValue == true)
            } else {
                Issue.record("the district reads no cross posts: \(first.status)")
            }
            let foreign = try await h.area("领秀新都")
            #expect(
                try await h.send(program, .get, "/api/v1/cross-posts/estates?cursor=\(foreign.text)").status == 422)
        }
    }

    @Test func whatOneJoinedAndWhatIsAnsweredGoOn() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let world = h.house.world
            let resident = try #require(try await h.actor(h.program("resident2")).person)
            var joined = Set<String>()
            for index in 0..<5 {
                let id = try await h.report("水管漏水 \(index)", by: "resident", at: estate, key: "join-\(index)")
                joined.insert(id.text)
                try await h.house.database.write {
                    try $0.run(
                        """
                        insert into cases_join (case_id, person_id, at_ms, words)
                        values (\(id), \(resident), \(world.now()), '')
                        """)
                }
            }
            let list = try await walk("/api/v1/me/joined-cases", limit: 2, h.signIn("resident2"), h)
            #expect(Set(list.items.compactMap { $0["id"]?.stringValue }).isSuperset(of: joined) && list.pages > 2)
            let before = try await walk("/api/v1/ledger/\(estate.text)/replies", limit: 2, h.visitor(), h).items.count
            try await h.house.database.write { transaction in
                // Some at the same moment.
                for index in 0..<120 {
                    try transaction.run(
                        """
                        insert into cases_reply (id, estate_id, question, answer, answered_by, moderator_id, at_ms)
                        values (\(world.nextID()), \(estate), \("问\(index)"), '答', '社区', 1,
                            \(1_000_000 + Int64(index / 7)))
                        """)
                }
            }
            let replies = try await walk("/api/v1/ledger/\(estate.text)/replies", limit: 9, h.visitor(), h)
            #expect(replies.items.count == before + 120)
            #expect(Set(replies.items.compactMap { $0["question"]?.stringValue }).count == replies.items.count)
        }
    }

    /// Open and handled cases of one colleague, more than a page, some at the same moment, some handled twice.
    @Test func theCasesBehindAWorkloadGoOnAndEachStandsOnce() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let steward = try #require(try await h.actor(h.program("steward")).person)
            let program = try h.program("approver")
            let path = "/api/v1/workload/\(steward.text)"
            func ids(_ list: String, limit: Int) async throws -> [String] {
                try await walk("\(path)?list=\(list)", limit: limit, program, h).items.compactMap {
                    $0["id"]?.stringValue
                }
            }
            var before: [String: Int] = [:]
            for list in WorkloadList.allCases { before[list.rawValue] = try await ids(list.rawValue, limit: 100).count }
            var cases: [CaseID] = []
            for index in 0..<125 {
                cases.append(try await h.report("水管漏水 \(index)", by: "resident", at: estate, key: "load-\(index)"))
            }
            let (now, world, all) = (h.still.now, h.house.world, cases)
            try await h.house.database.write { transaction in
                for (index, id) in all.enumerated() {
                    // Five at each moment; the first sixty are late.
                    let due = now.adding(hours: index < 60 ? -1 : 1).adding(ms: Int64(index / 5))
                    try transaction.run(
                        "update cases_case set assignee_id = \(steward), due_ms = \(due) where id = \(id)")
                    try transaction.run(
                        """
                        insert into cases_clock (case_id, round, kind, started_ms, unit, amount, policy_id, stopped_ms)
                        values (\(id), 1, 2, \(now.adding(hours: -2)), 1, 180, 1, \(now)) on conflict do nothing
                        """)
                    for turn in 0..<(index % 4 == 0 ? 2 : 1) {
                        try transaction.run(
                            """
                            insert into cases_event (id, case_id, at_ms, kind, actor_id, actor_name, party, holder,
                                words, open, round)
                            values (\(world.nextID()), \(id), \(now.adding(ms: Int64(-index / 6 - turn * 500))), 6,
                                \(steward), 'n', 1, 1, 'w', true, 1)
                            """)
                    }
                }
            }
            for (list, number) in [("open", 125), ("overdue", 60), ("week", 125), ("month", 125)] {
                let whole = try await ids(list, limit: 100)
                #expect(whole.count == number + (before[list] ?? 0), "\(list) \(whole.count)")
                #expect(Set(whole).count == whole.count)
                #expect(try await ids(list, limit: 7) == whole)
                #expect(try await ids(list, limit: 50) == whole)
            }
            let sums = try await walk("/api/v1/workload", limit: 100, program, h).items
            let own = try #require(sums.first { $0["person"]?.stringValue == steward.text })
            #expect(own["open"]?.intValue == Int64(125 + (before["open"] ?? 0)))
            #expect(own["handled_this_week"]?.intValue == Int64(125 + (before["week"] ?? 0)))
            // The page, link after link, and its file.
            let session = try await h.signIn("approver")
            var (place, seen, looked) = ("/desk/workload/\(steward.text)?list=month", Set<String>(), 0)
            while !place.isEmpty {
                let page = try await h.send(session, .get, place).text
                for id in cases where page.contains("/desk/cases/\(id.text)\"") { seen.insert(id.text) }
                looked += 1
                try #require(looked < 20)
                place = Self.more(page)
            }
            #expect(seen.count == 125 && looked == (125 + (before["month"] ?? 0) + 49) / 50)
            let file = "/desk/export/workload-cases?format=csv&of=\(steward.text)&number="
            for list in ["open", "overdue", "week", "month"] {
                let rows = try await h.send(session, .get, file + list).text.split(separator: "\r\n").count - 1
                #expect(rows == (try await ids(list, limit: 100)).count, "\(list)")
            }
            #expect(try await h.send(session, .get, file + "nothing").status == 422)
            for cursor in ["x", "1-2", "5-\(steward.text)-1", "-\(steward.text)"] {
                #expect(try await h.send(program, .get, "\(path)?cursor=\(cursor)").status == 422, "\(cursor)")
                #expect(
                    try await h.send(session, .get, "/desk/workload/\(steward.text)?cursor=\(cursor)").status == 422)
            }
            #expect(try await h.send(try h.program("desk2"), .get, path).status == 404)
        }
    }

    @Test func onesOwnAppointmentsGoOn() async throws {
        try await TestHouse.with { h in
            let body = try await organisation("桂花社区居民委员会", h)
            let area = try await h.area("桂花社区")
            let today = Zone.shanghai.day(of: h.still.now)
            let session = try await h.signIn("resident2")
            let person = try #require(try await h.actor(session).person)
            let program = try h.program("resident2")
            let before = try await walk("/api/v1/my/duties", limit: 100, program, h).items.count
            try await h.house.database.write { transaction in
                for index in 0..<140 {
                    try AppointmentStore.insert(
                        Appointment(
                            id: ID(h.house.world.nextID()), kind: .buildingLeader, year: 2024,
                            serial: Int64(3000 + index), person: person, organisation: body, area: area, selection: 0,
                            reveals: false, duties: "", from: today.adding(-900 + index), to: today.adding(-400),
                            revoked: nil, revokeWords: "", version: 1), by: person, at: h.still.now, transaction)
                }
            }
            let (items, pages) = try await walk("/api/v1/my/duties", limit: 30, program, h)
            #expect(items.count == before + 140 && pages == (before + 140 + 29) / 30)
            #expect(Set(items.compactMap { $0["id"]?.stringValue }).count == items.count)
            var (place, seen, looked) = ("/my/duties", Set<String>(), 0)
            while !place.isEmpty {
                let page = try await h.send(session, .get, place).text
                for item in items {
                    let id = item["id"]?.stringValue ?? "-"
                    if page.contains("/my/duties/\(id)\"") { seen.insert(id) }
                }
                looked += 1
                try #require(looked < 20)
                place = Self.more(page)
            }
            #expect(seen.count == items.count && looked == (items.count + 49) / 50)
            #expect(try await h.send(program, .get, "/api/v1/my/duties?cursor=nothing!").status == 422)
            #expect(try await h.send(session, .get, "/my/duties?cursor=nothing!").status == 422)
        }
    }
}

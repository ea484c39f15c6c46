import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageSQLite
import StorageTesting
import Testing
import Web

@testable import Directory
@testable import Server

/// The search box of staff, through its page and its route.
@Suite struct FindTests {
    private func page(_ words: String, _ login: String, _ h: TestHouse) async throws -> TestHouse.Answered {
        try await h.send(try await h.signIn(login), .get, "/desk/find?q=\(TestHouse.encoded(words))")
    }

    private func found(
        _ words: String, _ group: FindGroup, _ login: String, _ h: TestHouse
    ) async throws -> [Found] {
        let actor = try await h.actor(try h.program(login))
        return try await h.house.directory.finder.find(words, only: group, limit: 50, by: actor).groups
            .flatMap(\.rows.items)
    }

    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }

    @Test func residentsAreFoundByEveryKindOfWordsAndOnlyWithinReach() async throws {
        try await TestHouse.with { h in
            for words in [
                "刘建国", "劉建國", "建国", "liujianguo", "ljg", "liujg", "LIU Jianguo", "0002", "13800000002", "138 0000 0002",
            ] {
                #expect(try await found(words, .residents, "desk", h).map(\.name) == ["刘建国"], "\(words)")
                // Another estate's desk finds nobody, nor does whoever checks no homes.
                #expect(try await found(words, .residents, "desk2", h).isEmpty, "\(words)")
                await #expect(throws: DirectoryRefusal.noPost) { try await found(words, .residents, "steward", h) }
            }
            let one = try #require(try await found("ljg", .residents, "desk", h).first)
            #expect(one.lines == ["桂花苑 3 号楼 2 单元 402"] && one.phone == "138****0002")
            // Two people of one home with one number; name and ending together mean one of them.
            #expect(Set(try await found("0001", .residents, "desk", h).map(\.name)) == ["王阿姨", "王磊"])
            #expect(try await found("王磊 0001", .residents, "desk", h).map(\.name) == ["王磊"])
            #expect(try await found("王磊 0002", .residents, "desk", h).isEmpty)
            // The community's grid officer sees both estates of the community.
            #expect(try await found("malan", .residents, "grid", h).map(\.name) == ["马兰"])
            #expect(try await found("malan", .residents, "grid2", h).isEmpty)
            // People at their posts.
            #expect(try await found("chenjing", .staff, "desk", h).map(\.name) == ["陈静"])
            #expect(try await found("zhaomin", .staff, "desk", h).isEmpty)
            #expect(try await found("zhaomin", .staff, "administrator", h).map(\.name) == ["赵敏"])
            // An ended home is no home.
            try await h.house.database.write {
                try $0.run(
                    "update directory_home set from_day = 19000, to_day = 20000 where relation = \(HomeRelation.tenant)"
                )
            }
            #expect(try await found("linxiaoyu", .residents, "desk", h).isEmpty)
        }
    }

    @Test func unitsAndPlacesAreFoundWithinReach() async throws {
        try await TestHouse.with { h in
            for words in [
                "3号楼2单元501", "3-2-501", "三幢二单元501室", "３－２－５０１", "桂花苑3号楼2单元501", "城北区桂花苑3-2-501", "桂花苑 3-2-501",
                "3 2 501",
            ] {
                let units = try await found(words, .units, "desk", h)
                #expect(units.map(\.name) == ["2 单元 501"], "\(words)")
                #expect(units.first?.lines == ["梅江街道 › 桂花社区 › 桂花苑 › 3 号楼"], "\(words)")
            }
            #expect(try await found("兴隆花园3-2-501", .units, "desk", h).isEmpty)
            #expect(try await found("3-2-501", .units, "district", h).count == 3)
            #expect(try await found("桂花苑 3-2-501", .units, "district", h).count == 1)
            #expect(try await found("9-2-501", .units, "district", h).isEmpty)
            #expect(try await found("三号楼", .units, "desk", h).map(\.name) == ["3 号楼"])
            for words in ["桂花苑", "ghy", "guihuayuan", "guihua", "花苑"] {
                #expect(try await found(words, .places, "desk", h).map(\.name) == ["桂花苑"], "\(words)")
            }
            #expect(Set(try await found("guihua", .places, "district", h).map(\.name)) == ["桂花社区", "桂花苑"])
            #expect(try await found("lingxiu", .places, "desk", h).isEmpty)
            // A renamed estate is found by both names, its homes by the new one too.
            let id = try await h.area("桂花苑")
            let admin = try await h.actor(try h.program("administrator"))
            try await h.house.directory.areas.rename(id, to: "金桂家园", was: "桂花苑", by: admin)
            for words in ["桂花苑", "金桂", "jgjy"] {
                let place = try #require(try await found(words, .places, "desk", h).first, "\(words)")
                #expect(place.name == "金桂家园" && place.former == ["桂花苑"])
            }
            #expect(try await found("金桂家园3-2-501", .units, "desk", h).count == 1)
            // A building that is renamed takes its homes with it.
            let building = try await h.area("3 号楼", under: id)
            try await h.house.directory.areas.rename(building, to: "30 号楼", was: "3 号楼", by: admin)
            #expect(try await found("30-2-501", .units, "desk", h).count == 1)
            #expect(try await found("3-2-501", .units, "desk", h).count == 1)
        }
    }

    @Test func thePageTellsWhatIsWrongKeepsTheWordsAndAuditsWithoutThem() async throws {
        try await TestHouse.with { h in
            let desk = try await h.signIn("desk")
            #expect(try await h.send(desk, .get, "/desk/find").status == 200)
            for words in ["", "a", "12", "13800000", String(repeating: "王", count: 61)] {
                let answer = try await page(words, "desk", h)
                #expect(answer.status == 422 && answer.text.contains("aria-invalid=true"), "\(words)")
                if !words.isEmpty { #expect(answer.text.contains("value=\"\(words)\""), "\(words)") }
            }
            let before = try await count("select count(*) from storage_audit where verb = 'people.find'", h)
            let shown = try await page("王<b>", "desk", h)
            #expect(shown.status == 200 && shown.text.contains("王&lt;b&gt;") && !shown.text.contains("王<b>"))
            let all = try await page("王", "desk", h)
            #expect(all.text.contains("王阿姨") && all.text.contains("138****0001") && !all.text.contains("13800000001"))
            #expect(try await count("select count(*) from storage_audit where verb = 'people.find'", h) == before + 2)
            // Words for places alone leave no record of people.
            _ = try await page("3-2-501", "desk", h)
            #expect(try await count("select count(*) from storage_audit where verb = 'people.find'", h) == before + 2)
            // No index holds a number or a name.
            let token = try h.program("desk")
            let answer = try await h.send(token, .get, "/api/v1/find?q=wang&group=residents&limit=1")
            let json = try answer.json()
            #expect(answer.status == 200 && json["items"]?.items.count == 1)
            let next = try #require(json["next_cursor"]?.stringValue)
            let second = try await h.send(token, .get, "/api/v1/find?q=wang&group=residents&limit=1&cursor=\(next)")
                .json()
            #expect(second["items"]?.items.count == 1 && second["next_cursor"]?.isNull == true)
            #expect(second["items"]?.items.first?["id"]?.stringValue != json["items"]?.items.first?["id"]?.stringValue)
            #expect(try await h.send(token, .get, "/api/v1/find?q=w&group=residents").status == 422)
            #expect(try await h.send(token, .get, "/api/v1/find?q=wang&group=residents&cursor=x-y").status == 422)
            #expect(try await h.send(try await h.signIn("resident"), .get, "/desk/find?q=wang").status == 403)
        }
    }

    @Test func theIndexFollowsWhatChanges() async throws {
        try await TestHouse.with { h in
            let resident = try await h.actor(try h.program("resident"))
            let person = try #require(resident.person)
            try await h.house.database.write { try DirectoryStore.rename(person, "欧阳娜娜", $0) }
            #expect(try await found("王阿姨", .residents, "desk", h).isEmpty)
            #expect(try await found("oynn", .residents, "desk", h).map(\.name) == ["欧阳娜娜"])
            // A second home, and one that is refused.
            let unit = try await h.house.database.read { transaction in
                try transaction.first(
                    """
                    select u.id from directory_area u join directory_area b on b.id = u.parent_id
                    join directory_area e on e.id = b.parent_id where e.name = '兴隆花园' and u.level = 8
                    order by u.path limit 1
                    """
                ) { try $0.id(0, AreaTag.self) }
            }
            let far = try #require(unit)
            try await h.house.directory.homes.ask(person, unit: far, relation: .owner, until: nil)
            #expect(try await found("oynn", .residents, "desk2", h).map(\.name) == ["欧阳娜娜"])
            let waiting = try #require(
                try await h.house.database.read {
                    try $0.first("select id from directory_home where unit_id = \(far) and status = 0") {
                        try $0.int(0)
                    }
                })
            let decider = try await h.actor(try h.program("desk2"))
            try await h.house.directory.homes.decide(waiting, accept: false, by: decider)
            #expect(try await found("oynn", .residents, "desk2", h).isEmpty)
            #expect(try await found("oynn", .residents, "desk", h).count == 1)
            let left = try await count(
                """
                select count(*) from directory_find_person where person_id = \(person)
                    and place_id = (select id from directory_area where name = '兴隆花园')
                """, h)
            #expect(left == 0)
            // What rolls back leaves nothing.
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await h.house.database.write {
                    try DirectoryStore.rename(person, "司马光", $0)
                    throw Stop()
                }
            }
            #expect(try await found("smg", .residents, "desk", h).isEmpty)
            #expect(try await found("oynn", .residents, "desk", h).count == 1)
        }
    }

    @Test func rowsOfBeforeAreIndexedInStepsByOneOfSeveralAndAfterAKill() async throws {
        try await TestHouse.with { h in
            let people = try await count("select count(*) from directory_find_person", h)
            let areas = try await count("select count(*) from directory_find_area", h)
            try await h.house.database.write {
                try $0.run("delete from directory_find_person")
                try $0.run("delete from directory_find_area")
            }
            #expect(try await found("ljg", .residents, "desk", h).isEmpty)
            #expect(try await page("桂花苑", "desk", h).text.contains("note"))
            let work = h.house.directory.findWork
            // The first dies after one step; its lease keeps the second away for a while, and no longer.
            #expect(try await work.step(worker: "one"))
            #expect(try await !work.step(worker: "two"))
            h.still.advance(ms: 31_000)
            async let a = finish(work, "two")
            async let b = finish(work, "three")
            let (first, second) = try await (a, b)
            h.still.advance(ms: 31_000)
            let rest = try await finish(work, "four")
            #expect(first + second + rest > 0)
            #expect(try await count("select count(*) from directory_find_person", h) == people)
            #expect(try await count("select count(*) from directory_find_area", h) == areas)
            #expect(try await found("ljg", .residents, "desk", h).count == 1)
            #expect(try await !work.step(worker: "five"))
        }
    }

    private func finish(_ work: FindWork, _ name: String) async throws -> Int {
        var steps = 0
        while try await work.step(worker: name) { steps += 1 }
        return steps
    }

    /// 30,000 people in 30 estates: what a search looks at does not grow with the house.
    @Test func searchesLookAtFewRows() async throws {
        try await TestHouse.with { h in
            try await PeopleHouse(h.house).plant(people: 30_000)
            let day = Zone.shanghai.day(of: h.house.world.now())
            let actors = try await h.house.database.read { transaction in
                try ["estate", "district"].map { name in
                    let id = try transaction.first("select id from directory_person where name = \(name)") {
                        try $0.id(0, PersonTag.self)
                    }
                    return try id.flatMap { try DirectoryStore.actor($0, on: day, transaction) }
                }
            }
            let estate = try #require(actors[0])
            let district = try #require(actors[1])
            for (actor, most) in [(estate, 1), (district, 30)] {
                let scope = try actor.scope(.residentApprove)
                let reach = FindStore.Reach.all(scope)[0]
                for words in ["王", "wang", "王小明", "wxm", "0042"] {
                    let query = FindQuery(words, secrets: h.house.secrets)
                    let terms = try #require(query.people?.first)
                    for wanted in [
                        FindWanted(of: .residents(day), terms: terms), FindWanted(of: .staff(day), terms: terms),
                    ] {
                        let rare = FindStore.rareSQL(wanted, reach, nil, 11)
                        let common = FindStore.commonSQL(wanted, reach, from: reach.lower, places: 8, nil, 11)
                        for sql in [rare, common] { try await check(sql, most, "\(words) \(most)", h) }
                    }
                }
                let rows = try await h.house.directory.finder.find("王", only: .residents, limit: 50, by: actor)
                #expect(rows.groups.first?.rows.items.count == 50)
            }
            // Pages follow each other without a gap or a repeat, by the path for common terms and for rare ones.
            for words in ["王", "欧阳"] {
                var seen: [Int64] = []
                var cursor: String?
                repeat {
                    let page = try await h.house.directory.finder.find(
                        words, only: .residents, cursor: cursor, limit: 97, by: district)
                    seen += page.groups[0].rows.items.map(\.id)
                    cursor = page.groups[0].rows.next
                } while cursor != nil
                let all = try await count(
                    "select count(*) from directory_person where name like \(words + "%") and phone_index is not null",
                    h)
                // The demo's own people of the name are of another district.
                let demo = try await count(
                    """
                    select count(*) from directory_person n where n.name like \(words + "%")
                        and n.phone_sealed is not null
                    """, h)
                #expect(Int64(Set(seen).count) == all - demo && seen.count == Set(seen).count, "\(words)")
            }
            // Of those who hold a post, only they; and of two words the rarer leads, whichever comes first.
            let staff = try await h.house.directory.finder.find("王", only: .staff, limit: 200, by: district)
            let posts = try await count(
                """
                select count(*) from directory_post p join directory_person n on n.id = p.person_id
                where n.name like '王%' and p.title = 'bench'
                """, h)
            #expect(posts > 0 && Int64(staff.groups[0].rows.items.count) == posts)
            for words in ["王 王小明", "王小明 王"] {
                let both = try await h.house.directory.finder.find(words, only: .residents, limit: 50, by: district)
                let alone = try await h.house.directory.finder.find("王小明", only: .residents, limit: 50, by: district)
                #expect(both.groups[0].rows.items.map(\.id) == alone.groups[0].rows.items.map(\.id), "\(words)")
            }
        }
    }

    private func check(_ sql: SQL, _ places: Int, _ name: String, _ h: TestHouse) async throws {
        if let sqlite = h.house.database as? SQLiteDatabase {
            let cost = try await sqlite.cost(sql)
            let plan = try await sqlite.plan(sql)
            #expect(cost.scanned <= FindStore.rare + 1, "\(name): \(plan)")
            #expect(cost.steps < 120_000, "\(name): \(cost)")
            // From the places to the term, never from all rows of the term.
            #expect(!plan.contains { $0.contains("AUTOMATIC") }, "\(name): \(plan)")
            return
        }
        guard let postgres = h.house.database as? PostgresDatabase else { return }
        let plan = try await postgres.plan(sql)
        #expect(
            !plan.contains { $0.contains("Seq Scan on directory_find") || $0.contains("Seq Scan on directory_home") },
            "\(name): \(plan)")
    }
}

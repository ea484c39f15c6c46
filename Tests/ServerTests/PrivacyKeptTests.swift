import Directory
import Foundation
import Governance
import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Privacy
@testable import Server
@testable import Transfers

/// What is kept about people who work here, how long, and who finds what came in before there was an index.
@Suite struct PrivacyKeptTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func write(_ h: TestHouse, _ statements: [SQL]) async throws {
        try await h.house.database.write { transaction in
            for one in statements { try transaction.run(one) }
        }
    }
    private func sweep(_ name: String, _ before: Instant, _ h: TestHouse) async throws -> Int {
        let one = try #require(House.retention.first { $0.name == name })
        return try await h.house.database.write { try one.sweep(before, 200, $0).count }
    }

    // MARK: Authors of templates

    @Test func theAuthorOfATemplateGoesWithTheAccountAndAfterThePeriod() async throws {
        try await TestHouse.with { h in
            let (desk, steward) = (try await person("desk", h), try await person("steward", h))
            let estate = try await h.area("桂花苑")
            let now = h.still.now
            for (number, author, name) in [(1, desk, "陈静"), (2, steward, "李师傅")] as [(Int64, PersonID, String)] {
                try await write(
                    h,
                    [
                        """
                        insert into cases_template (id, area_id, organisation_id, use, name, body, ended, version)
                        values (\(7_000_000 + number), \(estate), 0, 1, '灯坏了', '已换灯', \(false), 1)
                        """,
                        """
                        insert into cases_template_version
                            (template_id, version, name, body, ended, author_id, author_name, why, at_ms)
                        values (\(7_000_000 + number), 1, '灯坏了', '已换灯', \(false), \(author), \(name), '常用', \(now))
                        """,
                    ])
            }
            let source = try #require(h.house.privacy.sources.first { $0.name == "cases" })
            let table = try #require(source.tables.first { $0.name == "templates" })
            #expect(try await h.house.database.read { try table.read(desk, 0, 50, $0) }.count >= 1)
            let path = "/desk/templates/\(ID<TemplateTag>(7_000_001).text)"
            let reader = try await h.signIn("desk")
            #expect(try await h.send(reader, .get, path).text.contains("陈静"))
            // With the account: at once, and only that person's.
            var touched = 1
            while touched > 0 { touched = try await h.house.database.write { try source.erase(desk, now, 200, $0) } }
            func named(_ person: PersonID) async throws -> Int64 {
                try await count(
                    "select count(*) from cases_template_version where author_id = \(person) and author_name <> ''", h)
            }
            #expect(try await named(desk) == 0)
            #expect(try await named(steward) >= 1)
            #expect(try await h.house.database.read { try table.read(desk, 0, 50, $0) }.isEmpty)
            let page = try await h.send(reader, .get, path).text
            #expect(page.contains("离任人员") && !page.contains("陈静"))
            // After the period: also of somebody whose other names went before.
            let end = Zone.shanghai.day(of: now).adding(-2000)
            try await write(
                h,
                [
                    "update directory_post set from_day = \(end.adding(-10)), to_day = \(end) where person_id = \(steward)",
                    "insert into cases_former (person_id, to_day) values (\(steward), \(end.adding(-1)))",
                ])
            while try await sweep("formerStaff", now, h) > 0 {}
            #expect(try await named(steward) == 0)
            #expect(
                try await count("select to_day from cases_former where person_id = \(steward)", h) == Int64(end.number))
        }
    }

    // MARK: Periods of Governance

    @Test func seatsMembersAndAppraisalsHaveAPeriod() async throws {
        try await TestHouse.with { h in
            let (desk, estate) = (try await person("desk", h), try await h.area("桂花苑"))
            let now = h.still.now
            let today = Zone.shanghai.day(of: now)
            try await write(
                h,
                [
                    "delete from governance_counter_seat", "delete from governance_zone_member",
                    "delete from governance_appraisal",
                    """
                    insert into governance_counter (id, area_id, name, place, hours, version, created_by, created_ms)
                    values (7100000, \(estate), '红色前台', '大厅', '9-17', 1, 0, 0)
                    """,
                    """
                    insert into governance_zone (id, kind, area_id, name, households, version, created_by, created_ms)
                    values (7100000, 1, \(estate), '一网格', 0, 1, 0, 0)
                    """,
                ])
            for (number, end) in [(1, today.adding(-30)), (2, today.adding(-1)), (3, HomeStore.forever)]
                as [(Int64, Day)]
            {
                try await write(
                    h,
                    [
                        """
                        insert into governance_counter_seat
                            (id, counter_id, person_id, from_day, to_day, version, created_by, created_ms)
                        values (\(7_100_000 + number), 7100000, \(desk), 18000, \(end), 1, 0, 0)
                        """,
                        """
                        insert into governance_zone_member
                            (id, zone_id, person_id, lead, from_day, to_day, version, created_by, created_ms)
                        values (\(7_100_000 + number), 7100000, \(desk), \(false), 18000, \(end), 1, 0, 0)
                        """,
                        """
                        insert into governance_appraisal
                            (id, person_id, party, quarter, score, words, created_by, created_ms)
                        values (\(7_100_000 + number), \(desk), 1, \("202\(number)Q1"), 80, '认真', 0,
                            \(now.adding(days: -50 + 20 * Int(number))))
                        """,
                    ])
            }
            let source = try #require(h.house.privacy.sources.first { $0.name == "governance" })
            for name in ["seats", "zones", "appraisals"] {
                let table = try #require(source.tables.first { $0.name == name })
                #expect(try await h.house.database.read { try table.read(desk, 0, 50, $0) }.count == 3, "\(name)")
            }
            let before = now.adding(days: -7)
            for (name, table, left) in [
                ("counterSeats", "governance_counter_seat", 2), ("zoneMembers", "governance_zone_member", 2),
                ("appraisals", "governance_appraisal", 1),
            ] as [(String, StaticString, Int64)] {
                let swept = try await sweep(name, before, h)
                #expect(swept == Int(3 - left), "\(name)")
                #expect(try await sweep(name, before, h) == 0, "once is enough")
                #expect(try await count("select count(*) from \(SQL(stringLiteral: table))", h) == left, "\(name)")
            }
            // They are edited on the page like the others.
            let page = try await h.send(h.signIn("administrator"), .get, "/desk/privacy/periods").text
            for words in ["坐班记录", "责任区的成员", "管家和网格员的评价"] { #expect(page.contains(words), "\(words)") }
            // A closed account leaves the seat and the zone, and the words about its work go.
            var touched = 1
            while touched > 0 { touched = try await h.house.database.write { try source.erase(desk, now, 200, $0) } }
            #expect(
                try await count(
                    "select count(*) from governance_counter_seat where to_day = \(HomeStore.forever)", h) == 0)
            #expect(
                try await count("select count(*) from governance_zone_member where to_day = \(HomeStore.forever)", h)
                    == 0)
            #expect(try await count("select count(*) from governance_appraisal where words <> ''", h) == 0)
        }
    }

    // MARK: Callers of before

    @Test func ordersOfBeforeAreFoundByTheirCallersHoweverOftenItIsKilled() async throws {
        try await TestHouse.with { h in
            let desk = try await h.actor(h.program("desk"))
            let estate = try await h.area("桂花苑")
            let now = h.still.now
            let many = CallerWalk.batch + 20
            for number in 0..<many {
                var order = NewTransfer(
                    kind: .hotline, source: "12345", number: "B-\(number)", area: estate, grade: .general,
                    received: now, words: "3 号楼楼道灯坏了")
                // Every tenth without a number.
                if number % 10 > 0 { (order.name, order.phone) = ("刘建国", "13800000002") }
                _ = try await h.house.transfers.desk.take(order, by: desk)
            }
            let all: SQL = "select count(*) from transfers_transfer where caller_index is not null"
            let expected = try await count(all, h)
            #expect(expected >= Int64(many - many / 10))
            let before = try await h.house.database.read {
                try $0.query(
                    "select id, caller_index from transfers_transfer where caller_index is not null order by id"
                ) { (try $0.int(0), try $0.bytes(1)) }
            }
            // A quiet house has nothing to do.
            #expect(try await !h.house.transfers.callers.step(worker: "a"))
            // So it was before there was an index.
            try await write(
                h,
                [
                    "update transfers_transfer set caller_index = null", "delete from transfers_caller_walk",
                    """
                    insert into transfers_caller_walk (id, after_id, to_id)
                        select 1, 0, t.id from transfers_transfer t order by t.id desc limit 1
                    """,
                ])
            // One whose number cannot be read any more does not stop the others.
            let broken = try #require(before.first).0
            try await write(
                h,
                [
                    """
                    update cases_case set contact_sealed = \([UInt8](repeating: 9, count: 40)) where id in (
                        select case_id from transfers_transfer where id = \(broken))
                    """
                ])
            // Killed after its work, before it is kept.
            var dying = h.house.transfers.callers
            dying.database = DyingDatabase(h.house.database, after: 0)
            await #expect(throws: DyingDatabase.Killed.self) { try await dying.step(worker: "a") }
            #expect(try await count(all, h) == 0)
            dying.database = DyingDatabase(h.house.database, after: 1)
            #expect(try await dying.step(worker: "a"))
            await #expect(throws: DyingDatabase.Killed.self) { try await dying.step(worker: "a") }
            // Another server waits for the lease, then goes on where it stopped.
            #expect(try await !h.house.transfers.callers.step(worker: "b"))
            let half = try await count(all, h)
            #expect(half > 0 && half < expected)
            h.still.advance(ms: 60_000)
            while try await h.house.transfers.callers.step(worker: "b") {}
            let after = try await h.house.database.read {
                try $0.query(
                    "select id, caller_index from transfers_transfer where caller_index is not null order by id"
                ) { (try $0.int(0), try $0.bytes(1)) }
            }
            #expect(after.map(\.0) == before.map(\.0).filter { $0 != broken })
            #expect(after.map(\.1) == before.filter { $0.0 != broken }.map(\.1))
            #expect(try await !h.house.transfers.callers.step(worker: "b"))
            // So they are in the caller's copy.
            let caller = try await person("resident2", h)
            let source = try #require(h.house.privacy.sources.first { $0.name == "transfers" })
            let rows = try await h.house.database.read { try source.tables[0].read(caller, 0, 500, $0) }
            #expect(!rows.isEmpty)
            // What was erased is not found again.
            try await h.house.database.write { transaction in
                while try source.erase(caller, now, 50, transaction) > 0 {}
                try transaction.run("update transfers_caller_walk set after_id = 0")
            }
            while try await h.house.transfers.callers.step(worker: "b") {}
            #expect(try await h.house.database.read { try source.tables[0].read(caller, 0, 500, $0) }.isEmpty)
        }
    }
}

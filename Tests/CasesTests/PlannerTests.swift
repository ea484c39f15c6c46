import Kernel
import Storage
import StoragePostgres
import StorageSQLite
import StorageTesting
import Testing

@testable import Cases
@testable import Directory

/// What the hot lists cost on 80,000 cases. A row that is looked at and left costs at least five instructions of
/// SQLite's machine, so a list that stays under a hundred for each row returned looks at no more than twenty. With two
/// filters one is read off the row: about ten instructions for each that is left, and sixty for one that is returned.
/// PostgreSQL says itself how many rows it looked at and left; it may neither read a whole table nor sort.
struct PlannerTests {
    private static let columns: [StaticString] = [
        "id", "number", "district_id", "street_id", "community_id", "estate_id", "building_id", "unit_id", "path",
        "place", "category_id", "kind", "urgency", "level", "status", "suspended", "queue", "soon", "channel", "title",
        "body", "reporter_id", "reporter_name", "contact_masked", "holder", "lead_party", "assisting", "about_family",
        "assignee_id", "assignee_post", "assignee_name", "round", "registered_ms", "rated", "due_ms", "merged_into",
        "imported", "contradictory", "trace", "version",
    ]

    /// 20,000 open cases over the queues and categories and 60,000 closed ones, in 40 estates; estate 1 holds 5 %.
    private func fill(_ d: District) async throws {
        let start = District.start
        let district = d.area("district")
        for part in 0..<8 {
            try await d.database.write { transaction in
                var random = SeededRandom(seed: UInt64(part) + 1)
                var rows: [[SQLValue]] = []
                var published: [[SQLValue]] = []
                for index in part * 10_000..<(part + 1) * 10_000 {
                    let open = index % 4 == 0
                    let estate =
                        Int.random(in: 0..<20, using: &random) == 0 ? 0 : Int.random(in: 1..<40, using: &random)
                    let status: CaseStatus =
                        open
                        ? [.reported, .triaged, .dispatched, .attended, .handled, .fedBack][index / 4 % 6]
                        : [.published, .published, .merged, .withdrawn][index % 4]
                    let queue = CaseRules.queue(status, suspended: false, ratingSettled: index % 3 == 0, kind: .repair)
                    let due = open ? start.ms + Int64.random(in: 0..<500_000_000, using: &random) : CaseRecord.never.ms
                    let id = Int64(1_000_000 + index)
                    rows.append([
                        .int(id), .text("0318-01"), .int(district.id.raw), .int(Int64(estate % 4 + 1)),
                        .int(Int64(estate % 10 + 1)), .int(Int64(estate + 1)), .int(Int64(index % 9)), .int(0),
                        .text(district.path.text), .text("p"), .int(Int64(index / 4 % 17 + 1)), .int(1), .int(1),
                        .int(6),
                        .int(status.rawValue), .flag(false), .int(queue.rawValue),
                        .flag(queue != .none && index % 40 == 0), .int(1), .text("title"),
                        .text("body"), .int(Int64(index % 3000 + 1)), .text(""), .text(""), .int(1), .int(1), .int(0),
                        .int(0), .int(0), .int(0), .text(""), .int(1), .int(start.ms - Int64(index)), .int(0),
                        .int(due),
                        .int(0), .flag(false), .flag(false), .text(""), .int(1),
                    ])
                    if status == .published {
                        published.append([
                            .int(id), .int(Int64(estate + 1)), .text("t"), .text("b"), .text("p"), .int(1), .int(1),
                            .int(start.ms - Int64(index)), .int(start.ms),
                        ])
                    }
                }
                try transaction.insert(into: "cases_case", columns: Self.columns, rows: rows)
                try transaction.insert(
                    into: "cases_publication",
                    columns: [
                        "case_id", "estate_id", "title", "body", "place", "status", "moderator_id", "struck_ms",
                        "published_ms",
                    ], rows: published)
            }
        }
        // As autovacuum would.
        guard let postgres = d.database as? PostgresDatabase else { return }
        for table in ["cases_case", "cases_publication"] { try await postgres.runText("analyze \(table)") }
    }

    private func rows(_ d: District, _ sql: SQL) async throws -> Int {
        guard let postgres = d.database as? PostgresDatabase else { return try await d.sqlite.cost(sql).rows }
        return try number(after: "actual rows=", in: await postgres.plan(sql).first ?? "")
    }

    private func number(after mark: String, in line: String) throws -> Int {
        let tail = try #require(line.firstRange(of: mark).map { line[$0.upperBound...] })
        return try #require(Int(tail.prefix { $0.isNumber }))
    }

    private func check(_ d: District, _ sql: SQL, rows: Int, each: Int = 100, _ name: String) async throws {
        if let postgres = d.database as? PostgresDatabase {
            let plan = try await postgres.plan(sql)
            let left = try plan.filter { $0.contains("Rows Removed by") }.reduce(0) {
                try $0 + number(after: ": ", in: $1)
            }
            #expect(try number(after: "actual rows=", in: plan.first ?? "") == rows, "\(name)")
            #expect(!plan.contains { $0.contains("Sort") || $0.contains("Seq Scan") }, "\(name): \(plan)")
            #expect(left <= 20 * max(rows, 1), "\(name): \(plan)")
            return
        }
        let cost = try await d.sqlite.cost(sql)
        let plan = try await d.sqlite.plan(sql)
        #expect(cost.rows == rows, "\(name)")
        #expect(cost.scanned == 0, "\(name): \(plan)")
        #expect(cost.steps <= each * max(cost.rows, 1) + 200, "\(name): \(cost) \(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(name): \(plan)")
    }

    @Test func theListsLookAtFewRowsForEachThatTheyReturn() async throws {
        try await District.with { d in
            try await fill(d)
            let places: [(AreaLevel, Int64)] = [
                (.estate, 1), (.estate, 7), (.community, 3), (.street, 2), (.district, d.area("district").id.raw),
            ]
            for (level, id) in places {
                let place = Scope.Place(area: AreaID(id), level: level, path: .root)
                var soon = CaseStore.DeskFilter()
                soon.soon = true
                let urgent = try #require(CaseStore.deskSQL(place, hiding: [], soon))
                let due = try await rows(d, urgent)
                #expect(due > 10)
                try await check(d, urgent, rows: due, "\(level) \(id) soon")
                for queue in [nil, CaseQueue.intake, .handling, .rating, .publication] {
                    for category in [nil, CategoryID(1), CategoryID(9)] {
                        for hidden in [[], [OrganisationID(5)]] {
                            var filter = CaseStore.DeskFilter()
                            (filter.queue, filter.category) = (queue, category)
                            let sql = try #require(CaseStore.deskSQL(place, hiding: hidden, filter))
                            let name = "\(level) \(id) \(queue?.code ?? "") \(category?.raw ?? 0) \(hidden.count)"
                            // Also where the estate has few: rows that do not fit are not looked at.
                            let expected = try await rows(d, sql)
                            if queue == nil && category == nil { #expect(expected == 50, "\(name)") }
                            try await check(d, sql, rows: expected, name)
                            if expected == 50 {
                                filter.after = (District.start.adding(hours: 20), CaseID(1_000_000))
                                let next = try #require(CaseStore.deskSQL(place, hiding: hidden, filter))
                                if try await rows(d, next) == 50 {
                                    try await check(d, next, rows: 50, name + " second page")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(.enabled(if: !TestEngine.isPostgres, "the words of SQLite's planner"))
    func theImportedCategoriesOfAScopeAreFoundByTheIndexes() async throws {
        try await District.with { d in
            try await fill(d)
            for level in [AreaLevel.estate, .community, .street, .district] {
                let place = Scope.Place(area: AreaID(1), level: level, path: .root)
                let sql = try #require(CaseHistoryStore.importedSQL(place, hiding: [OrganisationID(5)]))
                let plan = try await d.sqlite.plan(sql)
                #expect(plan.contains { $0.contains("\(level)_category (\(level)_id=? AND category_id=?)") }, "\(plan)")
                #expect(!plan.contains { $0.hasPrefix("SCAN c") || $0.contains("TEMP B-TREE") }, "\(plan)")
            }
        }
    }

    @Test(.enabled(if: !TestEngine.isPostgres, "the words of SQLite's planner"))
    func theOpenCasesOfACategoryAreCountedInOneIndexADistrictAfterTheOther() async throws {
        try await District.with { d in
            try await fill(d)
            let sql = CaseHistoryStore.openCases(CategoryID(2), upTo: 1001)
            let plan = try await d.sqlite.plan(sql)
            #expect(
                plan.contains { $0.contains("district_both (district_id=? AND queue=? AND category_id=?)") }, "\(plan)")
            let cost = try await d.sqlite.cost(sql)
            #expect(cost.steps < 40_000, "\(cost)")
        }
    }

    @Test func aResidentsListAndTheLedgerReadNothingElse() async throws {
        try await District.with { d in
            try await fill(d)
            let person = PersonID(700)
            try await check(d, CaseStore.mineSQL(person, before: nil, limit: 20), rows: 20, "mine")
            try await check(d, CaseStore.mineSQL(person, before: CaseID(1_040_000), limit: 10), rows: 10, "mine, later")
            let estate = AreaID(1)
            try await check(d, CaseHistoryStore.ledgerSQL(estate: estate, before: nil, limit: 20), rows: 20, "ledger")
            let cursor = try #require(
                CaseHistoryStore.LedgerCursor(text: "\(District.start.ms - 30_000)-\(CaseID(1_030_000).text)"))
            try await check(
                d, CaseHistoryStore.ledgerSQL(estate: estate, before: cursor, limit: 20), rows: 20, "ledger, later")
        }
    }

    /// One of 97 colleagues, who have the 20,000 open cases among them and handled 20,000 before: what they have and did
    /// is read from their own rows.
    @Test func theWorkloadOfOnePersonReadsNobodyElses() async throws {
        try await District.with { d in
            try await fill(d)
            let start = District.start
            try await d.database.write { transaction in
                try transaction.run("update cases_case set assignee_id = 5000 + id % 97 where queue <> 0")
                var events: [[SQLValue]] = []
                var clocks: [[SQLValue]] = []
                for index in 0..<20_000 {
                    let (id, person) = (Int64(1_000_000 + index * 4 + 1), Int64(5000 + index % 97))
                    let at = start.ms - Int64(index) * 60_000
                    events.append([
                        .int(Int64(9_000_000 + index)), .int(id), .int(at), .int(6), .int(person), .text("n"), .int(1),
                        .int(1), .text("w"), .flag(true), .int(1),
                    ])
                    clocks.append([
                        .int(id), .int(1), .int(2), .int(at - 600_000), .int(1), .int(180), .int(1), .int(at),
                    ])
                }
                try transaction.insert(
                    into: "cases_event",
                    columns: [
                        "id", "case_id", "at_ms", "kind", "actor_id", "actor_name", "party", "holder", "words", "open",
                        "round",
                    ], rows: events)
                try transaction.insert(
                    into: "cases_clock",
                    columns: ["case_id", "round", "kind", "started_ms", "unit", "amount", "policy_id", "stopped_ms"],
                    rows: clocks)
            }
            if let postgres = d.database as? PostgresDatabase {
                for table in ["cases_case", "cases_event", "cases_clock"] {
                    try await postgres.runText("analyze \(table)")
                }
            }
            let (scope, person) = (try await d.actor("district").scope(.statisticsRead), PersonID(5007))
            let since = start.adding(days: -7)
            let own = WorkloadStore.idsSQL(person, scope, before: nil, limit: 1000)
            let open = try await rows(d, own)
            let done = try await rows(d, WorkloadStore.handledSQL(person, scope, since: since))
            #expect(open > 150 && done > 50)
            for (name, sql, read) in [
                ("open", WorkloadStore.countSQL(person, scope, at: start), open), ("list", own, open),
                ("late", WorkloadStore.idsSQL(person, scope, before: start, limit: 100), open),
                ("done", WorkloadStore.handledSQL(person, scope, since: since), done),
                (
                    "done by case",
                    WorkloadStore.handledIDsSQL(
                        person, scope, since: since, after: WorkloadCursor(at: start, row: 1), limit: 100), done
                ),
                (
                    "list goes on",
                    WorkloadStore.idsSQL(
                        person, scope, before: nil, after: WorkloadCursor(at: start, row: 1), limit: 100), open
                ),
            ] {
                if let postgres = d.database as? PostgresDatabase {
                    let plan = try await postgres.plan(sql)
                    #expect(!plan.contains { $0.contains("Seq Scan") }, "\(name): \(plan)")
                    continue
                }
                let cost = try await d.sqlite.cost(sql)
                let plan = try await d.sqlite.plan(sql)
                #expect(cost.scanned == 0 && cost.steps <= 60 * read + 300, "\(name): \(cost) \(plan)")
                #expect(!plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(name): \(plan)")
            }
        }
    }
}

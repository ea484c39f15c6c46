import Foundation
import Kernel
import Messaging
import Storage
import StorageTesting
import Testing

@testable import Cases
@testable import Directory

/// The same thousand commands on both engines, and what both return, byte for byte.
@Suite(.enabled(if: TestEngine.isPostgres, "needs PostgreSQL beside SQLite")) struct EnginesTests {
    private static let commands = 1_000
    private static let staff = [
        "desk", "steward", "branch", "committee", "grid", "approver", "moderator", "squad", "street", "district",
        "desk2", "grid2", "auditor",
    ]
    private static let residents = ["resident", "neighbour", "family", "resident2"]
    private static let words = [
        "厨房水管漏水，柜子里都湿了", "三号楼电梯 Lift B2 停运", "灯不亮", "着火了！", "没人来修，报了三次", "邻居半夜吵", "Straße und Ärger mit dem Müll",
        "it's 100% broken; \"quoted\" \\ and _ %", "٣ طابق المصعد", "щит и лифт не работают", "e\u{301}lan vital",
        "🚰 漏水 🚰",
    ]
    private static let searches = [
        "漏水", "电梯", "灯", "lift", "LIFT b2", "strasse", "straße", "ärger", "лифт", "المصعد", "élan", "e\u{301}lan",
        "水 灯", "100", "'\" or *",
        "B2 停运", "半夜吵", "没有这个词",
    ]

    /// Runs the commands in a district at a place; returns what each of them gave.
    private func transcript(_ place: String, _ folder: String) async throws -> (lines: [String], rows: [String]) {
        var lines: [String] = []
        var rows: [String] = []
        try await District.with(place, folder) { d in
            var random = SeededRandom(seed: 20_260_318)
            var known: [(id: CaseID, by: String)] = []
            for number in 0..<Self.commands {
                d.still.advance(ms: Int64.random(in: 1...4_000_000, using: &random))
                let answer: String
                do {
                    answer = try await command(number, d, &known, &random)
                } catch let refusal as CaseRefusal {
                    answer = "refused: \(refusal)"
                }
                lines.append("\(number) \(answer)")
            }
            rows = try await dump(d.database)
        }
        return (lines, rows)
    }

    private func command(
        _ number: Int, _ d: District, _ known: inout [(id: CaseID, by: String)], _ random: inout SeededRandom
    ) async throws -> String {
        func one(_ list: [String]) -> String { list.randomElement(using: &random) ?? "" }
        let pick = Int.random(in: 0..<40, using: &random)
        if known.isEmpty || pick < 6 {
            let reporter = one(Self.residents + ["street", "desk"])
            let place = reporter == "resident2" ? "unit3" : one(["unit1", "building1", "estate1", "community1"])
            let id = try await d.report(
                one(Self.words), by: reporter, at: place, place: one(["", "楼道", "门口 B"]),
                category: Bool.random(using: &random) ? Int64.random(in: 1...6, using: &random) : nil,
                key: "key \(number % 90)")
            known.append((id, reporter))
            return "reported \(id)"
        }
        if pick == 6 {
            let status = CaseStatus(rawValue: Int64.random(in: 1...7, using: &random)) ?? .fedBack
            let id = try await d.brought(to: status)
            known.append((id, "resident"))
            return "brought \(id) to \(status)"
        }
        let recent = known.suffix(12)
        guard let (id, reporter) = recent.randomElement(using: &random) else { return "" }
        let who = one(Self.staff)
        let category = Int64.random(in: 1...6, using: &random)
        var done: CaseRecord?
        switch pick {
        case 7, 8:
            try await d.triage("grid", id, category: category, about: category == 4 ? d.families["property1"] : nil)
        case 9...11:
            try await d.dispatch(one(["grid", "street"]), id, to: one(["steward", "branch", "squad", "grid"]))
        case 12, 13: done = try await d.act(one(["steward", "squad", who]), .attend, id)
        case 14, 15: done = try await d.act(one(["steward", "squad"]), .handle, id, one(["换好了", "done\nand dusted"]))
        case 16, 17: done = try await d.act(one(["desk", "street"]), .feedBack, id, "换好了，不漏了")
        case 18, 19: done = try await d.act(reporter, .rate(score: Int.random(in: 0...6, using: &random)), id, "谢谢")
        case 20, 21: done = try await d.act("approver", .strikeOff, id, "电话回访")
        case 22, 23:
            try await d.actions.publish(
                id, title: one(["水管修好了", "502 漏水"]), place: one(["3 号楼", "2 单元 502"]), body: "已经换好。",
                by: d.asker("moderator"), name: "moderator", version: nil)
        case 24: try await d.actions.unpublish(id, by: d.asker("moderator"), name: "moderator")
        case 25: done = try await d.act(who, .suspend(.weather), id, "下雨")
        case 26: done = try await d.act(one(["street", who]), .resume, id)
        case 27: done = try await d.act(who, .escalate, id, "too big")
        case 28:
            let into = known.randomElement(using: &random)?.id
            done = try await d.act(who, .merge, id) { $0.mergeInto = into }
        case 29: done = try await d.act(one(Self.residents), .join, id)
        case 30: done = try await d.act(reporter, .withdraw, id, "自己好了")
        case 31: done = try await d.act(reporter, .reopen, id, "又漏了")
        case 32: done = try await d.act(who, .note, id, "看过了", version: Int64.random(in: 1...9, using: &random))
        case 33: return "swept \(try await d.clockwork.sweep())"
        case 34: return "view \(try await d.queries.forStaff(id, d.actor(who)))"
        case 35: return "view \(try await d.queries.forResident(id, d.actor(one(Self.residents))))"
        default: return try await list(d, who, &random)
        }
        return "done \(pick) \(done.map { "\($0)" } ?? "")"
    }

    private func list(_ d: District, _ who: String, _ random: inout SeededRandom) async throws -> String {
        guard let scope = Scope(actor: try await d.actor(who), verb: .caseRead) else { return "no scope \(who)" }
        var chosen = CaseStore.DeskFilter()
        chosen.limit = Int.random(in: 1...20, using: &random)
        chosen.soon = Int.random(in: 0..<6, using: &random) == 0
        if Bool.random(using: &random) {
            chosen.terms = TextTerms.query(Self.searches.randomElement(using: &random) ?? "")
        }
        if Bool.random(using: &random) { chosen.queue = CaseQueue(rawValue: Int64.random(in: 1...8, using: &random)) }
        let (filter, estate, day) = (chosen, d.area("estate1"), Zone.shanghai.day(of: d.still.now))
        let (resident, still) = (d.person("resident"), d.still.now)
        return try await d.database.read { transaction in
            let lists: [Any] = [
                try CaseStore.desk(scope, filter, transaction), try CaseStore.deskPlaces(scope, filter, transaction),
                try CaseStore.tallies(scope, transaction).sorted { $0.key < $1.key },
                try CaseStore.mine(resident, limit: 5, transaction), try CaseStore.joinedBy(resident, transaction),
                try CaseHistoryStore.ledger(estate: estate.id, limit: 5, transaction),
                try CaseStore.days(estate: estate.id.raw, from: day.adding(-60), to: day, transaction),
                try CaseStore.open(estate: estate.id.raw, transaction),
                try CaseStore.similar(
                    estate: estate.id.raw, building: d.area("building1").id.raw, category: nil,
                    since: still.adding(days: -3), transaction),
                try CaseHistoryStore.imported(scope, transaction), try CaseHistoryStore.policies(transaction),
            ]
            return lists.map { "\($0)" }.joined(separator: "\n")
        }
    }

    /// Every row of every table that the commands write, as text.
    private func dump(_ database: any Database) async throws -> [String] {
        let tables: [StaticString] = [
            "select * from cases_case", "select * from cases_clock", "select * from cases_day",
            "select * from cases_event", "select * from cases_join", "select * from cases_key",
            "select * from cases_number", "select * from cases_pause", "select * from cases_publication",
            "select * from cases_rating", "select * from cases_strike_off", "select * from cases_tally",
            "select * from cases_policy", "select * from directory_area", "select * from directory_person",
            "select * from directory_post", "select * from directory_home", "select * from messaging_item",
            "select * from storage_audit", "select * from storage_outbox", "select * from storage_migration",
        ]
        return try await database.read { transaction in
            try tables.flatMap { table in
                try transaction.query(SQL(stringLiteral: table)) { row in "\(table): \(Self.cells(row))" }.sorted()
            }
        }
    }

    /// The values of a row; columns beyond the last one are NULL on both engines.
    private static func cells(_ row: any Row) -> String {
        (0..<70).map { column in
            if row.isNull(column) { return "-" }
            if let value = try? row.int(column) { return "\(value)" }
            if let value = try? row.text(column) { return value }
            if let value = try? row.bytes(column) { return "\(value)" }
            return (try? row.real(column)).map { "\($0)" } ?? "?"
        }.joined(separator: "|")
    }

    @Test func aThousandCommandsGiveTheSameOnBothEngines() async throws {
        var template = Array("/tmp/redsteward-engines-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["sqlite", "postgres"] {
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
        }
        let file = folder + "/sqlite/test.db"
        let sqlite = try await transcript(file, folder + "/sqlite")
        let postgres = try await TestEngine.withPlace(in: folder) { place in
            #expect(place != file && place.hasPrefix("postgres"))
            return try await transcript(place, folder + "/postgres")
        }
        #expect(sqlite.lines.count == Self.commands)
        var told = 0
        for (a, b) in zip(sqlite.lines, postgres.lines) where a != b && told < 5 {
            told += 1
            Issue.record("SQLite:     \(a)\nPostgreSQL: \(b)")
        }
        for (a, b) in zip(sqlite.rows, postgres.rows) where a != b && told < 10 {
            told += 1
            Issue.record("SQLite:     \(a)\nPostgreSQL: \(b)")
        }
        #expect(sqlite.rows.count == postgres.rows.count)
        // The commands did what they are for: otherwise two empty houses would agree.
        let refused = sqlite.lines.filter { $0.contains("refused:") }.count
        #expect(refused > 100 && refused < 800)
        for table in ["cases_publication", "cases_rating", "cases_join", "cases_strike_off", "cases_pause"] {
            #expect(sqlite.rows.contains { $0.hasPrefix("select * from \(table):") }, "\(table)")
        }
        #expect(sqlite.rows.filter { $0.hasPrefix("select * from cases_case:") }.count > 50)
    }
}

import Directory
import Foundation
import Kernel
import Storage
import Synchronization
import Tables
import Testing

@testable import Cases
@testable import Server

/// Bringing cases in from elsewhere.
struct ImportTests {
    // MARK: A house

    struct Place {
        let house: House
        let still: StillWorld
        let folder: String
        let estate: AreaID
        let path: AreaPath

        func count(_ sql: SQL) async throws -> Int64 {
            try await house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
        }

        func cases() async throws -> Int64 { try await count("select count(*) from cases_case") }

        func job(_ csv: [UInt8], _ mapping: String = ImportTests.mapping, name: String = "made-up.csv") throws
            -> CaseImportJob
        {
            try Data(csv).write(to: URL(fileURLWithPath: folder + "/" + name))
            try Data(mapping.utf8).write(to: URL(fileURLWithPath: folder + "/mapping.json"))
            return try CaseImportJob(file: folder + "/" + name, mapping: folder + "/mapping.json")
        }

        func load(_ external: String) async throws -> CaseRecord {
            let found = try await house.database.read { transaction -> CaseRecord? in
                try CaseImportStore.caseID("test", external, transaction).flatMap {
                    try CaseStore.load($0, transaction)
                }
            }
            return try #require(found)
        }
    }

    static func inHouse(_ body: (Place) async throws -> Void) async throws {
        var template = Array("/tmp/redsteward-import-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestHouse.open(folder, at: Instant(ms: 1_790_000_000_000)) {
            _ in
        } _: { house, still in
            let now = still.now
            var path = AreaPath.root
            var areas: [Area] = []
            for (level, name) in [
                (AreaLevel.district, "试验区"), (.street, "试验街道"), (.community, "试验社区"), (.estate, "试验苑"),
            ] {
                let id: AreaID = still.world.id()
                path = path.appending(id)
                areas.append(
                    Area(
                        id: id, parent: areas.last?.id, level: level, name: name, path: path,
                        estate: level == .estate ? id : nil))
            }
            let fixed = areas
            try await house.database.write { transaction in
                for area in fixed { _ = try DirectoryStore.insertArea(area, code: "", at: now, transaction) }
            }
            let estate = try #require(areas.last)
            try await body(Place(house: house, still: still, folder: folder, estate: estate.id, path: estate.path))
        }
    }

    static let mapping = """
        {"source": "test", "area_name": "试验苑", "time": {"offset_minutes": 480},
         "columns": {"external_id": "id", "opened": "opened", "closed": "closed", "title": "title", "body": "body",
                     "type": "type", "place": "place", "status": "status", "channel": "via", "target": "target",
                     "verdict": "verdict"},
         "types": {"漏水": "leak", "着火": "fire"}, "new_types": "order",
         "status": {"open": ["open"], "closed": ["closed"]}, "verdict": {"kept": ["ok"], "missed": ["late"]}}
        """

    static let header = "id,opened,closed,title,body,type,place,status,via,target,verdict\n"

    static let good = """
        a1,2026-03-01T08:00:00,2026-03-02T09:30:00,水管漏水,"厨房, ""水管"" 漏水
        第二行",漏水,3 号楼,closed,phone,2026-03-04 08:00,ok\r
        a2,2026-03-01 10:00,,路灯不亮,,路灯,北门,open,app,,\n
        a3,2026-03-02 10:00:00,2026-03-01 10:00:00,先关后开,,路灯,,closed,app,2026-03-05 10:00:00,late
        a4,2026-03-02 11:00:00,,楼道着火,,着火,,open,app,2026-03-02 12:00:00,
        a5,2019-07-01 00:00:00,2019-07-02 00:00:00,旧事,,,,closed,,,

        """

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    // MARK: Rows

    @Test func everyRowIsKeptAndEveryBadOneIsWrittenDown() async throws {
        try await Self.inHouse { place in
            let long = String(repeating: "长", count: 30_000)
            var csv = [0xEF, 0xBB, 0xBF] + Self.bytes(Self.header + Self.good)
            csv += Self.bytes("b1,2026-03-01 10:00,too,few\n")
            csv += Self.bytes("b2,the first of March,,t,,,,open,,,\n")
            csv += Self.bytes("b3,2026-02-30 10:00,,t,,,,open,,,\n")
            csv += Self.bytes("b4,2026-03-01 10:00,,") + [0xC3, 0x28] + Self.bytes(",,,,open,,,\n")
            csv += Self.bytes("b5,2026-03-01 10:00,,\"t\"x,,,,open,,,\n")
            csv += Self.bytes(",2026-03-01 10:00,,t,,,,open,,,\n")
            csv += Self.bytes("a1,2026-03-01 10:00,,again,,,,open,,,\n")
            csv += Self.bytes("b6,2026-03-01 10:00,,t,\(long),,,open,,,\n")
            csv += Self.bytes("b7,2026-03-01 10:00,,t\u{0},,,,open,,,\n")
            csv += Self.bytes("b8,1850-03-01 10:00,,t,,,,open,,,\n")
            csv += Self.bytes("b9,2026-03-01 10:00,,\"never closed,,,,open,,,\n")
            csv += Self.bytes("a6,2026-03-03 10:00,,最后一行,,路灯,,open,,,")
            let job = try place.job(csv)
            let summary = try await job.run(place.house)
            #expect(summary.rows == 17)
            #expect(summary.kept == 6)
            #expect(summary.contradictory == 1)
            #expect(summary.rejected == 11)
            #expect(summary.skipped == 0)
            #expect(try await place.cases() == 6)
            let rejected = try String(contentsOfFile: job.rejected, encoding: .utf8)
            for reason in [
                "9,\"4 columns instead of 11\"", "10,\"opened: unreadable date\"", "11,\"opened: unreadable date\"",
                "12,\"not UTF-8\"", "13,\"text after a closing quote\"", "14,\"no id\"",
                "15,\"the id stands in line 2 already\"", "16,\"a field is longer than 65536 bytes\"",
                "17,\"holds a NUL character\"", "18,\"opened: unreadable date\"", "19,\"a quote is not closed\"",
            ] { #expect(rejected.contains(reason + ","), "\(reason)") }
        }
    }

    @Test func aCaseSaysWhatTheRowSaid() async throws {
        try await Self.inHouse { place in
            _ = try await place.job(Self.bytes(Self.header + Self.good)).run(place.house)
            let a1 = try await place.load("a1")
            #expect(a1.body == "厨房, \"水管\" 漏水\n第二行")
            #expect(a1.status == .struckOff && a1.queue == .none && a1.imported && !a1.contradictory)
            #expect(a1.channel == .imported && a1.place.words == "3 号楼" && a1.place.estate == place.estate.raw)
            let day = try #require(Day(text: "2026-03-01"))
            #expect(a1.registered == Zone.shanghai.instant(day, hour: 8))
            #expect(a1.closed == Zone.shanghai.instant(day.adding(1), hour: 9, minute: 30))
            #expect(a1.clocks.feedback.due == Zone.shanghai.instant(day.adding(3), hour: 8))
            #expect(a1.due == CaseRecord.never && a1.number == "0301-01")
            let a3 = try await place.load("a3")
            #expect(a3.contradictory && a3.status == .struckOff && a3.clocks == CaseClocks())
            #expect(a3.closed.map { $0 < a3.registered } ?? false)
            // Open ones wait at the intake without a due; an emergency of the past does not ring at night.
            let a4 = try await place.load("a4")
            #expect(a4.status == .reported && a4.queue == .intake && a4.urgency == .normal && a4.clocks == CaseClocks())
            // A type of its own became a category that nobody is offered, and the case still shows it.
            let (view, offered) = try await place.house.database.read {
                (try CaseQueries.view(a3, $0), try CaseHistoryStore.categories($0))
            }
            #expect(view.category.code == "imported:路灯" && view.category.zh == "路灯")
            #expect(view.events.count == 1)
            #expect(!offered.contains { $0.code.hasPrefix("imported:") } && offered.last?.code == "other")
            // What is too long for a list stands in the body.
            let title = String(repeating: "很", count: 70)
            let words = CaseImport.words(title: title, type: "", place: "", body: "文")
            #expect(words.title.unicodeScalars.count == 60 && words.body == title + "\n文")
            #expect(
                try await place.count(
                    "select count(*) from cases_import where verdict = \(true) and channel = 'phone'") == 1)
        }
    }

    // MARK: Quiet

    @Test func anImportTellsNobodyAndWatchesNothing() async throws {
        try await Self.inHouse { place in
            _ = try await place.job(Self.bytes(Self.header + Self.good)).run(place.house)
            #expect(try await place.count("select count(*) from messaging_item") == 0)
            #expect(try await place.count("select count(*) from cases_clock") == 0)
            #expect(try await place.count("select count(*) from cases_case where due_ms < \(CaseRecord.never)") == 0)
            #expect(try await place.count("select count(*) from storage_outbox") == 1)
            #expect(try await place.count("select count(*) from storage_audit") == 1)
            place.still.advance(ms: 400 * Instant.dayMs)
            #expect(try await place.house.cases.clockwork.sweep() == 0)
            #expect(try await place.house.cases.clockwork.overnight(midnight: place.still.now) == 0)
            #expect(try await place.count("select count(*) from messaging_item") == 0)
            // Counts are right.
            #expect(try await place.count("select sum(n) from cases_tally where queue = 1") == 2)
            #expect(try await place.count("select count(*) from cases_tally where queue <> 1") == 0)
            #expect(try await place.count("select sum(n) from cases_day where what = 1 and channel = 11") == 5)
            #expect(try await place.count("select sum(n) from cases_day where what = 2 and channel = 11") == 3)
        }
    }

    // MARK: Again

    private static func many(_ count: Int) -> [UInt8] {
        var text = header
        for index in 0..<count {
            text += "r\(index),2026-03-01 10:\(10 + index % 50),,第 \(index) 件事,,类\(index % 7),,open,,,\n"
        }
        return bytes(text)
    }

    @Test func aSecondRunBringsNothing() async throws {
        try await Self.inHouse { place in
            let job = try place.job(Self.many(1_500))
            #expect(try await job.run(place.house).kept == 1_500)
            let tables: SQL = """
                select (select count(*) from cases_event) + (select count(*) from storage_outbox)
                    + (select count(*) from cases_category) + (select sum(n) from cases_tally)
                    + (select sum(n) from cases_day) + (select sum(last) from cases_number)
                """
            let before = try await place.count(tables)
            let again = try await job.run(place.house)
            #expect(again.kept == 0 && again.skipped == 1_500 && again.rejected == 0)
            #expect(try await place.cases() == 1_500)
            #expect(try await place.count(tables) == before)
        }
    }

    /// Fails at one of its writes, as a killed process or a full disk does.
    private final class Failing: Database {
        struct Broken: Error {}
        let inner: any Database
        let after: Int
        let writes = Mutex(0)
        init(_ inner: any Database, after: Int) {
            self.inner = inner
            self.after = after
        }
        var engine: Engine { inner.engine }
        func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
            try await inner.read(body)
        }
        func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
            let number = writes.withLock { count in
                count += 1
                return count
            }
            let after = after
            return try await inner.write { transaction in
                let result = try body(transaction)
                // After the work, so that the whole batch has to be taken back.
                if number > after { throw Broken() }
                return result
            }
        }
        func exclusively<T: Sendable>(
            _ body: @escaping @Sendable (any WriteTransaction) throws -> T
        ) async throws -> T { try await inner.exclusively(body) }
        func close() async throws { try await inner.close() }
    }

    @Test func anInterruptedRunGoesOnWithoutADuplicate() async throws {
        try await Self.inHouse { place in
            var job = try place.job(Self.many(3_500))
            for done in [2, 1] {
                job.database = Failing(place.house.database, after: done)
                await #expect(throws: Failing.Broken.self) { try await job.run(place.house) }
            }
            // The second attempt met two batches that were there, whose writes succeed and change nothing.
            #expect(try await place.cases() == 2_000)
            #expect(try await place.count("select count(*) from storage_outbox") == 0)
            let run = try await place.house.database.read { try CaseImportStore.run("test", $0) }
            #expect(run?.kept == 2_000 && run?.isFinished == false && run?.line == 2_001)
            job.database = nil
            let summary = try await job.run(place.house)
            #expect(summary.kept == 1_500 && summary.skipped == 2_000)
            #expect(try await place.cases() == 3_500)
            #expect(try await place.count("select count(distinct title) from cases_case") == 3_500)
            #expect(try await place.count("select sum(n) from cases_tally") == 3_500)
            #expect(try await place.count("select sum(n) from cases_day") == 3_500)
            let own: SQL = "select count(*) from cases_category where substr(code, 1, 9) = 'imported:'"
            #expect(try await place.count(own) == 7)
            #expect(try await place.count("select count(*) from storage_outbox") == 1)
        }
    }

    // MARK: What is refused as a whole

    @Test func aWrongFileOrMappingIsRefusedInWords() async throws {
        try await Self.inHouse { place in
            let gb = Self.bytes("id,") + [0xB1, 0xEA, 0xCC, 0xE2] + Self.bytes("\n")
            await #expect(throws: ImportFailure.notUTF8) { try await place.job(gb).run(place.house) }
            await #expect(throws: ImportFailure.noHeader) { try await place.job([]).run(place.house) }
            let wide: [UInt8] = Self.bytes("id,opened\n").flatMap { [$0, UInt8(0)] }
            await #expect(throws: ImportFailure.notUTF8) { try await place.job(wide).run(place.house) }
            await #expect(throws: ImportFailure.missingColumn("opened", ["id", "when"])) {
                try await place.job(Self.bytes("id,when\n")).run(place.house)
            }
            let slip = Self.mapping.replacingOccurrences(of: "\"verdict\": {", with: "\"verdikt\": {")
            #expect(throws: ImportFailure.self) { try place.job([], slip) }
            let nowhere = Self.mapping.replacingOccurrences(of: "试验苑", with: "别处")
            await #expect(throws: ImportFailure.noArea("别处")) {
                try await place.job(Self.bytes(Self.header), nowhere).run(place.house)
            }
            var street = try place.job(Self.bytes(Self.header))
            street.area = "试验街道"
            let fixed = street
            await #expect(throws: ImportFailure.noArea("试验街道")) { try await fixed.run(place.house) }
            #expect(try await place.cases() == 0)
            // A packed file that is cut off is told, and what was in it stays.
            let cut = try place.job([0x1F, 0x8B, 8, 0], name: "cut.csv.gz")
            await #expect(throws: ImportFileFailure.self) { try await cut.run(place.house) }
        }
    }

    @Test func bytesMayArriveInAnyPieces() {
        let text = Self.bytes(Self.header + Self.good)
        func read(_ size: Int) -> [String] {
            var reader = CSVReader()
            var rows: [String] = []
            func drain() {
                while let item = reader.next() {
                    if case .record(let row) = item {
                        rows.append("\(row.line):" + (0..<row.count).map { row.text($0) }.joined(separator: "|"))
                    } else {
                        rows.append("bad")
                    }
                }
            }
            var at = 0
            while at < text.count {
                reader.feed(Array(text[at..<min(at + size, text.count)]))
                drain()
                at += size
            }
            reader.finish()
            drain()
            return rows
        }
        let whole = read(text.count)
        #expect(whole.count == 6)
        for size in [1, 2, 3, 7, 64] { #expect(read(size) == whole) }
    }

    // MARK: Real input

    private static func example(_ name: String) throws -> String {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(
            contentsOf: package.appending(path: "examples/import/\(name)"), encoding: .utf8)
        return text.replacingOccurrences(of: "领秀新都", with: "试验苑")
    }

    private static func shared(_ path: String) throws -> String {
        try #require(SharedFiles.folder).appending(path: "data/\(path)").path
    }

    private static func job(_ place: Place, _ file: String, _ example: String) throws -> CaseImportJob {
        let mapping = place.folder + "/mapping.json"
        try Data(try Self.example(example).utf8).write(to: URL(fileURLWithPath: mapping))
        var job = try CaseImportJob(file: try shared(file), mapping: mapping)
        job.rejected = place.folder + "/rejected.csv"
        return job
    }

    @Test(.enabled(if: SharedFiles.has("311-boston-2015/cases.csv.gz")))
    func theYearOfBostonIsKept() async throws {
        try await Self.inHouse { place in
            let job = try Self.job(place, "311-boston-2015/cases.csv.gz", "boston-311.json")
            let clock = ContinuousClock()
            let start = clock.now
            let summary = try await job.run(place.house)
            let spent = clock.now - start
            print("Boston: \(summary.kept) rows imported in \(spent)")
            #expect(summary == ImportSummary(rows: 93_963, kept: 93_963, contradictory: 176, rejected: 0, skipped: 0))
            #expect(try await place.cases() == 93_963)
            #expect(try await place.count("select count(*) from cases_case where contradictory = \(true)") == 176)
            #expect(try await place.count("select sum(n) from cases_tally where queue = 1") == 14_257)
            #expect(try await place.count("select sum(n) from cases_day where what = 1") == 93_963)
            #expect(try await place.count("select sum(n) from cases_day where what = 2") == 79_706)
            #expect(try await place.count("select count(*) from messaging_item") == 0)
            #expect(try await place.count("select count(*) from cases_clock") == 0)
        }
    }

    @Test(.enabled(if: SharedFiles.has("zh-citizen-messages-tipdm2020/timeline.csv")))
    func chineseMessagesAreFoundByTwoCharacters() async throws {
        try await Self.inHouse { place in
            for (name, rows) in [("labelled", 493), ("timeline", 2_109)] {
                let file = "zh-citizen-messages-tipdm2020/\(name).csv"
                let summary = try await Self.job(place, file, "tipdm-messages.json").run(place.house)
                #expect(summary == ImportSummary(rows: rows, kept: rows, contradictory: 0, rejected: 0, skipped: 0))
            }
            #expect(try await place.cases() == 2_602)
            let titles = try await place.house.database.read { transaction in
                try transaction.query("select id, title from cases_case") { (id: try $0.int(0), title: try $0.text(1)) }
            }
            var wanted: [String: Set<Int64>] = [:]
            for (id, title) in titles {
                let run = Array(title.unicodeScalars).split { !TextTerms.isHan($0) }.first { $0.count >= 2 }
                guard let pair = run?.prefix(2) else { continue }
                wanted[String(String.UnicodeScalarView(pair)), default: []].insert(id)
            }
            #expect(wanted.values.reduce(0) { $0 + $1.count } > 2_590)
            let fixed = wanted
            let lost = try await place.house.database.read { transaction in
                try fixed.reduce(0) { lost, entry in
                    let terms = TextTerms.query(entry.key)
                    let found = try transaction.query(
                        """
                        select c.id from cases_case c
                        where \(CaseMigrations.text.matches(terms, idColumn: "c.id"))
                        """
                    ) { try $0.int(0) }
                    return lost + entry.value.subtracting(found).count
                }
            }
            #expect(lost == 0)
        }
    }
}

/// The folder of shared data: `REDSTEWARD_SHARED`, or `../shared` or `../../shared` from the package.
private enum SharedFiles {
    static let folder: URL? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var candidates = [package.appending(path: "../shared"), package.appending(path: "../../shared")]
        if let path = ProcessInfo.processInfo.environment["REDSTEWARD_SHARED"] {
            candidates.insert(URL(filePath: path), at: 0)
        }
        return candidates.first { FileManager.default.fileExists(atPath: $0.appending(path: "data").path) }
    }()

    static func has(_ path: String) -> Bool {
        if let folder, FileManager.default.fileExists(atPath: folder.appending(path: "data/\(path)").path) {
            return true
        }
        print("SKIPPED: shared data \(path) is absent; set REDSTEWARD_SHARED to the folder that holds data/")
        return false
    }
}

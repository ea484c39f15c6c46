import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Tables
import Testing
import Web

@testable import Server

/// Posts from CSV and XLSX, the whole way; and imports that meet each other or lose their server.
@Suite struct PostImportTests {
    private static let header = ["姓名", "手机号", "单位", "岗位角色", "负责片区", "职务", "开始日期", "结束日期"]

    private func book(_ rows: [[String]]) -> [UInt8] {
        var writer = TableWriter(.xlsx, name: "岗位", header: Self.header)
        for row in rows { writer.add(row.map { $0.isEmpty ? .empty : .text($0) }) }
        writer.finish()
        return writer.take()
    }

    private func csv(_ rows: [[String]]) -> [UInt8] {
        var writer = TableWriter(.csv, name: "", header: Self.header)
        for row in rows { writer.add(row.map { .text($0) }) }
        return writer.take()
    }

    /// Sends a file and has every row checked; nothing is brought in yet.
    private func sent(
        _ kind: ImportKind, _ bytes: [UInt8], _ h: TestHouse, at area: AreaID, by actor: Actor?,
        _ conflict: ImportConflict = .skip
    ) async throws -> ImportRecord {
        let imports = h.house.directory.imports
        let id = try await imports.begin(kind, area: area, file: "表.xlsx", by: actor)
        try await imports.take(MemorySource(bytes), into: id)
        try await work(h)
        var setup = try await imports.record(id).setup
        setup.conflict = conflict
        try await imports.check(id, setup, by: actor)
        try await work(h)
        return try await imports.record(id)
    }

    private func work(_ h: TestHouse) async throws { while try await h.house.importWork.step(worker: "t") {} }

    private func run(_ id: ImportID, _ h: TestHouse, by actor: Actor?) async throws -> ImportRecord {
        try await h.house.directory.imports.run(id, by: actor)
        try await work(h)
        return try await h.house.directory.imports.record(id)
    }

    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }

    private func reasons(_ id: ImportID, _ h: TestHouse) async throws -> [String] {
        try await h.house.database.read { transaction in
            try transaction.query(
                "select line, field, reason from directory_import_bad where import_id = \(id) order by number"
            ) { "\(try $0.int(0)) \(try $0.text(1)) \(try $0.text(2))" }
        }
    }

    private func posts(_ name: String, _ h: TestHouse) async throws -> [String] {
        try await h.house.database.read { transaction in
            try transaction.query(
                """
                select p.role, p.title, p.from_day, p.to_day from directory_post p
                join directory_person n on n.id = p.person_id where n.name = \(name) order by p.from_day, p.role
                """
            ) { "\(try $0.int(0)) \(try $0.text(1)) \(try $0.day(2)) \(try $0.day(3))" }
        }
    }

    private static let firm = "桂花苑物业服务中心"
    private static let rows: [[String]] = [
        ["新一", "13922220001", firm, "红管家", "桂花苑", "维修", "2026-04-01", "2026-12-31"],
        // The same person in a second row, with another post; and once more, word for word.
        ["新一", "13922220001", firm, "物业前台", "", "前台", "2026/4/1", "2026年12月31日"],
        ["新一", "13922220001", firm, "红管家", "桂花苑", "维修", "20260401", "2026-12-31"],
        ["新二", "13922220002", firm, "红管家", "", "", "2026-05-01", "2026-04-30"],
        ["新三", "13922220003", "没有这个单位", "红管家", "", "", "", ""],
        ["新四", "13922220004", firm, "红管家", "没有这个地方", "", "", ""],
        ["新五", "13922220005", firm, "红管家", "兴隆花园", "", "", ""],
        ["新六", "13922220006", firm, "厨师", "", "", "", ""],
        ["新七", "1392222", firm, "红管家", "", "", "", ""],
        // Of one house and of another's company: out of reach is as good as missing.
        ["新八", "13922220008", "", "红管家", "", "", "", ""],
        // Overlaps the first row's days.
        ["新一", "13922220001", firm, "红管家", "桂花苑", "维修", "2026-10-01", "2027-12-31"],
        ["新九", "13922220009", "平台运维", "系统管理员", "", "", "2026-04-01", "2026-12-31"],
        // Separate posts in one hand, of which neither is there yet.
        ["新九", "13922220009", "平台运维", "审计管理员", "", "", "2026-06-01", "2027-01-31"],
    ]
    private static let bad = [
        "5 to datesReversed", "6 organisation unknownOrganisation", "7 area unknownArea",
        "8 area outsideOrganisation", "9 role badRole", "10 phone badPhone", "11 organisation missing",
        "12 from postOverlaps", "14 role separatePosts",
    ]

    @Test(arguments: [true, false])
    func postsComeInFromTablesAndEveryBadRowIsNamedBefore(isBook: Bool) async throws {
        try await TestHouse.with { h in
            let district = try await h.area("城北区")
            let chief = try await h.actor(h.program("administrator"))
            let before = try await count("select count(*) from directory_post", h)
            let file = isBook ? book(Self.rows) : csv(Self.rows)
            let checked = try await sent(.posts, file, h, at: district, by: chief)
            #expect(checked.status == .checked && checked.fresh == 3 && checked.same == 1, "\(checked)")
            #expect(try await reasons(checked.id, h) == Self.bad)
            #expect(try await count("select count(*) from directory_post", h) == before)
            // The page of the preview says each of them in words, with its line.
            let session = try await h.signIn("administrator")
            let page = try await h.send(session, .get, "/desk/imports/\(checked.id.text)").text
            for words in ["结束早于开始", "新四", "新五", "postOverlaps"] {
                #expect(page.contains(words) == (words != "postOverlaps"), "\(words)")
            }
            let done = try await run(checked.id, h, by: chief)
            // The run says what the check had said.
            #expect(done.status == .done && done.fresh == 3 && done.same == 1 && done.bad == 9, "\(done)")
            #expect(try await reasons(done.id, h) == Self.bad)
            #expect(
                try await posts("新一", h) == ["1 前台 2026-04-01 2026-12-31", "2 维修 2026-04-01 2026-12-31"])
            #expect(try await count("select count(*) from directory_person where name = '新一'", h) == 1)
            #expect(try await count("select count(*) from directory_post", h) == before + 3)
            // Once more: everything is there.
            let again = try await sent(.posts, file, h, at: district, by: chief)
            #expect(again.fresh == 0 && again.same == 4, "\(again)")
            try await h.house.directory.imports.drop(again.id, by: chief)
            // Undone as a whole: posts and people go, nothing else.
            try await h.house.directory.imports.undo(done.id, by: chief)
            try await work(h)
            #expect(try await h.house.directory.imports.record(done.id).kept == 0)
            #expect(try await count("select count(*) from directory_post", h) == before)
            #expect(try await count("select count(*) from directory_person where name like '新%'", h) == 0)
        }
    }

    @Test func whatIsThereAlreadyIsKeptChangedOrRefusedAsSomebodyChose() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let first = [["新一", "13922220001", Self.firm, "红管家", "", "维修", "2026-04-01", "2026-12-31"]]
            let made = try await run(try await sent(.posts, csv(first), h, at: estate, by: nil).id, h, by: nil)
            #expect(made.fresh == 1)
            let later = [["新一", "13922220001", Self.firm, "红管家", "", "主管", "2026-04-01", "2027-03-31"]]
            let kept = try await sent(.posts, csv(later), h, at: estate, by: nil, .skip)
            #expect(kept.skipped == 1 && kept.changed == 0)
            let refused = try await sent(.posts, csv(later), h, at: estate, by: nil, .refuse)
            #expect(try await reasons(refused.id, h) == ["2  differs"])
            let changed = try await run(
                try await sent(.posts, csv(later), h, at: estate, by: nil, .update).id, h, by: nil)
            #expect(changed.changed == 1)
            #expect(try await posts("新一", h) == ["2 主管 2026-04-01 2027-03-31"])
            // A second term of the same post; then nobody may stretch the first over it.
            let second = [["新一", "13922220001", Self.firm, "红管家", "", "主管", "2027-04-01", "2027-12-31"]]
            _ = try await run(try await sent(.posts, csv(second), h, at: estate, by: nil).id, h, by: nil)
            let stretched = [["新一", "13922220001", Self.firm, "红管家", "", "主管", "2026-04-01", "2027-06-30"]]
            let over = try await sent(.posts, csv(stretched), h, at: estate, by: nil, .update)
            #expect(try await reasons(over.id, h) == ["2 from postOverlaps"])
            // An undo leaves what somebody changed since, and says so.
            try await h.house.directory.imports.undo(made.id, by: nil)
            try await work(h)
            let undone = try await h.house.directory.imports.record(made.id)
            #expect(undone.status == .undone && undone.kept == 2, "\(undone)")
            #expect(try await posts("新一", h).count == 2)
        }
    }

    @Test func mergedCellsCountForEveryRowAndWhatTheyHideIsNamed() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            var sheet = "<worksheet><sheetData>"
            let rows: [[String?]] = [
                ["桂花苑房屋表", nil, nil, nil], ["楼栋", "单元", "房号", "面积"], ["61幢", "1", "101", "80"],
                [nil, "1", "102", "81"], [nil, nil, "103", "82"], ["62幢", "2", "101", "83"], ["62幢", nil, "201", "84"],
                [nil, nil, nil, nil], ["63幢", "1", "101", "85"],
            ]
            for (line, row) in rows.enumerated() {
                sheet += "<row r=\"\(line + 1)\">"
                for (column, text) in row.enumerated() {
                    let place = "\(XLSXWriter.column(column))\(line + 1)"
                    sheet += "<c r=\"\(place)\""
                    sheet += text.map { " t=\"inlineStr\"><is><t>\($0)</t></is></c>" } ?? "/>"
                }
                sheet += "</row>"
            }
            // A title over all columns; one building over three rows, one staircase over two; one cell over two columns.
            let merges = ["A1:D1", "A3:A5", "B4:B5", "A7:B7", "A9:A9", "Z1:A1", "bad"]
            sheet += "</sheetData><mergeCells count=\"7\">"
            for merge in merges { sheet += "<mergeCell ref=\"\(merge)\"/>" }
            sheet += "</mergeCells></worksheet>"
            let file = StoredBook(sheet).bytes
            let checked = try await sent(.units, file, h, at: estate, by: nil)
            #expect(checked.setup.headerLine == 2 && checked.setup.merged == 2, "\(checked.setup)")
            #expect(checked.fresh == 5 && checked.bad == 1, "\(checked)")
            #expect(try await reasons(checked.id, h) == ["7 staircase mergedCell"])
            let done = try await run(checked.id, h, by: nil)
            #expect(done.fresh == 5)
            let made = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    select b.name, u.name from directory_area u join directory_area b on b.id = u.parent_id
                    where b.name like '6_ %' order by b.name, u.name
                    """
                ) { "\(try $0.text(0)) \(try $0.text(1))" }
            }
            #expect(
                made == [
                    "61 号楼 1 单元 101", "61 号楼 1 单元 102", "61 号楼 1 单元 103", "62 号楼 2 单元 101",
                    "63 号楼 1 单元 101",
                ], "\(made)")
        }
    }

    @Test func twoImportsOfTheSameRowsAtOnceMakeThemOnce() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let rows = (0..<700).map { ["\(71 + $0 / 350)幢", "1", "\(1000 + $0 % 350)"] }
            var writer = TableWriter(.csv, name: "", header: ["楼栋", "单元", "房号"])
            for row in rows { writer.add(row.map { .text($0) }) }
            let file = writer.take()
            let (one, two) = (
                try await sent(.units, file, h, at: estate, by: nil),
                try await sent(.units, file, h, at: estate, by: nil)
            )
            #expect(one.fresh == 700 && two.fresh == 700)
            let imports = h.house.directory.imports
            try await imports.run(one.id, by: nil)
            try await imports.run(two.id, by: nil)
            // Two servers, each taking whatever is due.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in ["a", "b"] {
                    group.addTask {
                        for _ in 0..<4000 {
                            _ = try await h.house.importWork.step(worker: worker)
                            let left = try await h.house.database.read { transaction in
                                try transaction.first("select count(*) from directory_import where status = 5") {
                                    try $0.int(0)
                                } ?? 0
                            }
                            if left == 0 { return }
                            // Time goes on, so that what one of them let lie comes due again, and more slowly than
                            // outside, so that none loses its lease only because the machine is busy.
                            h.still.advance(ms: 20)
                            try await Task.sleep(for: .milliseconds(50))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let ended = [try await imports.record(one.id), try await imports.record(two.id)]
            #expect(ended.allSatisfy { $0.status == .done && $0.bad == 0 }, "\(ended)")
            #expect(ended.map(\.fresh).sorted() == [0, 700] && ended.map(\.same).sorted() == [0, 700], "\(ended)")
            #expect(
                try await count(
                    """
                    select count(*) from directory_area u join directory_area b on b.id = u.parent_id
                    where b.name in ('71 号楼', '72 号楼')
                    """, h) == 700)
        }
    }

    /// After each number of writes: whoever comes later goes on where the killed one stopped.
    @Test(arguments: [2, 3])
    func aKilledServersImportIsGoneOnWithAndNoRowIsLostOrDoubled(writes: Int) async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            var writer = TableWriter(.csv, name: "", header: ["姓名", "手机号", "房号", "关系"])
            for index in 0..<1200 {
                writer.add([
                    .text("甲\(index)"), .text("\(13_900_000_000 + index)"),
                    .text("\(1 + index % 8)-\(1 + index / 8 % 2)-\(1 + index / 16 % 5)0\(1 + index / 80 % 2)"),
                    .text("家人"),
                ])
            }
            let checked = try await sent(.residents, writer.take(), h, at: estate, by: nil)
            #expect(checked.fresh == 1200 && checked.bad == 0, "\(checked)")
            try await h.house.directory.imports.run(checked.id, by: nil)
            var dying = h.house.importWork
            dying.database = DyingDatabase(h.house.database, after: writes)
            await #expect(throws: DyingDatabase.Killed.self) { _ = try await dying.step(worker: "a") }
            let half = try await count("select count(*) from directory_person where name like '甲%'", h)
            #expect(half % 500 == 0 && half < 1200)
            h.still.advance(minutes: 2)
            try await work(h)
            let done = try await h.house.directory.imports.record(checked.id)
            #expect(done.status == .done && done.fresh == 1200 && done.bad == 0, "\(done)")
            #expect(try await count("select count(*) from directory_person where name like '甲%'", h) == 1200)
            #expect(
                try await count("select count(distinct name) from directory_person where name like '甲%'", h) == 1200)
            #expect(
                try await count(
                    """
                    select count(*) from directory_home h join directory_person p on p.id = h.person_id
                    where p.name like '甲%'
                    """, h) == 1200)
        }
    }
}

/// A workbook of one sheet whose parts lie in the file as they are.
struct StoredBook {
    let bytes: [UInt8]

    init(_ sheet: String) {
        let parts = [
            ("[Content_Types].xml", "<Types/>"),
            (
                "xl/workbook.xml",
                "<workbook xmlns:r=\"r\"><sheets><sheet name=\"s\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>"
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id=\"a\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
            ("xl/worksheets/sheet1.xml", sheet),
        ]
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        var (file, list): ([UInt8], [UInt8]) = ([], [])
        for (name, text) in parts {
            let content = Array(text.utf8)
            let facts =
                little(0, 4) + little(0, 4) + little(Self.checksum(content), 4) + little(content.count, 4)
                + little(content.count, 4) + little(name.utf8.count, 2) + little(0, 2)
            list +=
                little(0x0201_4B50, 4) + little(20, 2) + little(20, 2) + facts + little(0, 10) + little(file.count, 4)
            list += name.utf8
            file += little(0x0403_4B50, 4) + little(20, 2) + facts + name.utf8 + content
        }
        let start = file.count
        file += list
        file += little(0x0605_4B50, 4) + little(0, 4) + little(parts.count, 2) + little(parts.count, 2)
        bytes = file + little(list.count, 4) + little(start, 4) + little(0, 2)
    }

    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return Int(~sum)
    }
}

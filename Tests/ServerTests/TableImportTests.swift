import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Tables
import Testing

@testable import Server

@Suite struct TableImportTests {
    private static let shared = ProcessInfo.processInfo.environment["REDSTEWARD_SHARED"]

    private func file(_ text: String, in h: TestHouse) throws -> String {
        let path = h.house.configuration.folder + "/\(h.house.world.nextID()).csv"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func bring(
        _ kind: ImportKind, _ text: String, _ h: TestHouse, area: AreaID?, _ conflict: ImportConflict = .skip,
        level: AreaLevel? = nil
    ) async throws -> ImportRecord {
        var job = TableImport(kind, file: try file(text, in: h))
        (job.area, job.conflict, job.level) = (area, conflict, level)
        return try await job.run(h.house).record
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

    @Test func residentsComeInOnceAndEveryBadRowIsNamed() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let text = """
                桂花苑住户登记表
                姓名,手机号,楼栋,单元,房号,关系,开始日期,结束日期
                甲一,13911110001,3号楼,2单元,501室,业主,2026-01-01,
                甲一,13911110001,三栋,2,402,租户,2026/1/1,2026-12-31
                乙二,139,3,2,501,业主,,
                丙三,13911110003,99,1,101,业主,,
                丁四,13911110004,3,2,501,租户,2026-05-01,2026-04-01
                =戊五,13911110005,3,2,501,邻居,,

                """
            let first = try await bring(.residents, text, h, area: estate)
            #expect(first.status == .done && first.fresh == 2 && first.bad == 4 && first.total == 6)
            #expect(
                try await reasons(first.id, h) == [
                    "5 phone badPhone", "6 room unknownUnit", "7 to datesReversed", "8 relation badRelation",
                ])
            #expect(try await count("select count(*) from directory_person where name = '甲一'", h) == 1)
            #expect(try await count("select count(*) from directory_part", h) == 0)
            let again = try await bring(.residents, text, h, area: estate)
            #expect(again.fresh == 0 && again.same == 2 && again.bad == 4)
            // Taken back: people and homes that nobody used go.
            try await h.house.directory.imports.undo(first.id, by: nil)
            #expect(try await h.house.importWork.step(worker: "t"))
            #expect(try await h.house.directory.imports.record(first.id).status == .undone)
            #expect(try await count("select count(*) from directory_person where name = '甲一'", h) == 0)
            #expect(try await count("select count(*) from directory_import_made", h) == 0)
        }
    }

    @Test func areasFindTheirParentsInAnyOrderAndNeverTheirOwnChildren() async throws {
        try await TestHouse.with { h in
            let street = try await h.area("梅江街道")
            let text = """
                名称,代码,上级,级别
                新苑,E1,C1,小区
                新社区,C1,,社区
                自己,C2,C2,社区
                新社区,C1,E1,社区
                孤儿,E9,C9,小区

                """
            let made = try await bring(.areas, text, h, area: street, .update)
            #expect(made.fresh == 2 && made.bad == 3, "\(made)")
            let found = try await reasons(made.id, h)
            #expect(found.contains("4 parent underItself") && found.contains("6 parent unknownParent"))
            let later = try await bring(
                .areas, "名称,代码,上级,级别\n新社区,C1,E1,社区\n", h, area: street, .update)
            #expect(try await reasons(later.id, h) == ["2 parent underOwnChild"] && later.changed == 0)
        }
    }

    @Test func unitsAreKnownInEverySpelling() async throws {
        try await TestHouse.with { h in
            let estate = try await h.area("桂花苑")
            let text = "楼栋,单元,房号,建筑面积\n3 号楼,2,502,89.54\n叁楼,1,101,\n三幢,二单元,0502室,89.54\n十二栋,1,101,70\n"
            let made = try await bring(.units, text, h, area: estate)
            #expect(made.bad == 0 && made.changed == 1 && made.same == 1 && made.fresh == 2, "\(made)")
            #expect(try await count("select count(*) from directory_area where name = '12 号楼'", h) == 1)
            #expect(try await count("select max(floor_hundredths) from directory_area_fact", h) == 8954)
        }
    }

    @Test func anUploadIsSealedAtRestAndReachesNoOtherEstate() async throws {
        try await TestHouse.with { h in
            let (guihua, xinglong) = (try await h.area("桂花苑"), try await h.area("兴隆花园"))
            let desk = try await h.actor(h.program("desk"))
            let imports = h.house.directory.imports
            await #expect(throws: DirectoryRefusal.beyondScope) {
                try await imports.begin(.residents, area: xinglong, file: "a.csv", by: desk)
            }
            await #expect(throws: DirectoryRefusal.beyondScope) {
                try await imports.begin(.areas, area: guihua, file: "a.csv", by: desk)
            }
            let id = try await imports.begin(.residents, area: guihua, file: "a.csv", by: desk)
            let secret = "姓名,手机,房号,关系,小区\n密语,13911110009,3-2-501,业主,兴隆花园\n"
            try await imports.take(MemorySource(Array(secret.utf8)), into: id)
            _ = try await h.house.importWork.step(worker: "t")
            let record = try await imports.record(id)
            #expect(record.status == .open)
            let word = Array("密语".utf8)
            let kept = try await h.house.database.read { transaction in
                try transaction.query("select sealed from directory_part") { try $0.bytes(0) }
                    + transaction.query("select sample from directory_import") { try $0.bytes(0) }
            }
            #expect(kept.count == 2 && kept.allSatisfy { $0.firstRange(of: word) == nil })
            try await imports.check(id, record.setup, by: desk)
            _ = try await h.house.importWork.step(worker: "t")
            #expect(try await reasons(id, h) == ["2 estate unknownEstate"])
            // Nobody goes on: the file goes after a day.
            h.still.advance(minutes: 60 * 25)
            #expect(try await h.house.importWork.sweep() == 1)
            #expect(try await count("select count(*) from directory_part", h) == 0)
        }
    }

    @Test(.enabled(if: shared != nil)) func everyStreetOfTheCountryAndEveryBuildingNameGoesIn() async throws {
        let folder = try #require(Self.shared)
        try await TestHouse.with { h in
            for (name, level, rows) in [
                ("provinces", AreaLevel.province, 31), ("cities", .city, 342), ("areas", .district, 2978),
                ("streets", .street, 41_352),
            ] {
                var job = TableImport(.areas, file: "\(folder)/data/cn-divisions-2023/\(name).csv")
                job.level = level
                let record = try await job.run(h.house).record
                #expect(record.status == .done && record.fresh == rows && record.bad == 0, "\(name) \(record)")
            }
            #expect(try await count("select count(*) from directory_area where level = 4 and code <> ''", h) == 41_352)
            var job = TableImport(.areas, file: "\(folder)/data/cn-building-names-shanghai/buildings.csv")
            (job.level, job.area) = (.estate, try await h.area("翠微社区"))
            let record = try await job.run(h.house).record
            #expect(record.fresh == 4972 && record.bad == 0, "\(record)")
        }
    }
}

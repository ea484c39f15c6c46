import Kernel
import Storage
import Testing

@Suite struct SQLTests {
    @Test func aLiteralBindsWhatIsInterpolated() {
        let sql: SQL = "select \(Int64(7)), \("x"), \(true), \([UInt8]([1]))"
        let (text, values) = sql.rendered(for: .sqlite)
        #expect(text == "select $1, $2, $3, $4")
        #expect(values == [.int(7), .text("x"), .flag(true), .bytes([1])])
    }

    @Test func statementsComposeAndParametersAreNumberedThroughout() {
        let inner: SQL = "b = \(Int64(2))"
        let sql: SQL = "a = \(Int64(1)) and \(inner) and c in (\(SQL.joined(["\(Int64(3))", "\(Int64(4))"])))"
        let (text, values) = (sql + " limit \(Int64(5))").rendered(for: .postgres)
        #expect(text == "a = $1 and b = $2 and c in ($3, $4) limit $5")
        #expect(values == [.int(1), .int(2), .int(3), .int(4), .int(5)])
    }

    @Test func nothingIsBoundAsNull() {
        let nobody: PersonID? = nil
        #expect(("\(nobody)" as SQL).rendered(for: .sqlite).values == [.null])
        #expect(("\(Optional(PersonID(3)))" as SQL).rendered(for: .sqlite).values == [.int(3)])
    }

    @Test(arguments: ["'; drop table test_row; --", "\"x\"", "$1", "a'b", "\u{0}", "", "中文'"])
    func aValueNeverBecomesSQL(_ value: String) async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, value)
            #expect(try await test.names() == [value])
        }
    }

    @Test func everyAccessorReadsWhatWasBound() async throws {
        try await TestDatabase.with { test async throws in
            let count = try await test.sqlite.write { transaction in
                try transaction.insert(
                    into: "test_row", columns: ["id", "number", "share", "name", "data", "done"],
                    rows: [[.int(1), .int(.min), .real(0.5), .text("绿"), .bytes([]), .flag(true)]])
            }
            #expect(count == 1)
            try await test.sqlite.read { transaction in
                _ = try transaction.first("select number, share, name, data, done, parent_id from test_row") {
                    row throws in
                    #expect(try row.int(0) == .min)
                    #expect(try row.real(1) == 0.5)
                    #expect(try row.text(2) == "绿")
                    #expect(try row.bytes(3) == [])
                    #expect(try row.flag(4))
                    #expect(row.isNull(5))
                    #expect(try row.optionalInt(5) == nil)
                }
            }
        }
    }

    @Test func rowsDecodeStrictly() async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(2, "two")
            try await test.sqlite.read { transaction in
                _ = try transaction.first("select id, name, number from test_row") { row throws in
                    #expect(throws: StorageFailure.self) { try row.text(0) }
                    #expect(throws: StorageFailure.self) { try row.real(0) }
                    #expect(throws: StorageFailure.self) { try row.bytes(1) }
                    #expect(throws: StorageFailure.self) { try row.int(1) }
                    #expect(throws: StorageFailure.self) { try row.int(2) }
                    #expect(throws: StorageFailure.self) { try row.flag(0) }
                    #expect(throws: StorageFailure.self) { try row.int(3) }
                    #expect(throws: StorageFailure.decoding("AreaLevel 99")) {
                        try OneNumber(99).raw(0, AreaLevel.self)
                    }
                }
            }
        }
    }

    @Test func anUnfinishedQueryMayRunItsOwnStatementAgain() async throws {
        try await TestDatabase.with { test async throws in
            for id in 1...3 { try await test.put(Int64(id), "\(id)") }
            let ids = try await test.sqlite.read { transaction in
                func all() throws -> [Int64] { try transaction.query("select id from test_row") { try $0.int(0) } }
                return try transaction.query("select id from test_row") { row in
                    let outer = try row.int(0)
                    return try all().reduce(outer, +)
                }
            }
            #expect(ids == [7, 8, 9])
        }
    }

    @Test func chineseIsCutIntoPairsAndLatinIntoWords() {
        #expect(TextTerms.query("物业管理") == ["物业", "业管", "管理"])
        #expect(TextTerms.query("灯") == ["灯"])
        #expect(TextTerms.query("3号楼 Lift-B漏水") == ["3", "号楼", "lift", "b", "漏水"])
        #expect(TextTerms.index("漏水") == ["漏", "水", "漏水"])
        #expect(TextTerms.query("\"') OR *") == ["or"])
        #expect(TextTerms.query("") == [])
    }

    @Test func theTextIndexFindsShortWordsInBothScripts() async throws {
        try await TestDatabase.with { test async throws in
            let index = TextIndex("test_text")
            for (id, text) in [(Int64(1), "三号楼电梯漏水"), (2, "电梯停运 lift B2"), (3, "水管")] {
                try await test.put(id, text)
                try await test.sqlite.write { try index.put(id, TextTerms.index(text), $0) }
            }
            func found(_ query: String) async throws -> [Int64] {
                try await test.sqlite.read { transaction in
                    let matches = index.matches(TextTerms.query(query), idColumn: "test_row.id")
                    return try transaction.query("select id from test_row where \(matches) order by id") {
                        try $0.int(0)
                    }
                }
            }
            #expect(try await found("电梯") == [1, 2])
            #expect(try await found("漏水") == [1])
            #expect(try await found("水") == [1, 3])
            #expect(try await found("电梯 LIFT") == [2])
            #expect(try await found("梯电") == [])
            #expect(try await found("' \" )") == [])
            try await test.sqlite.write { try index.remove(1, $0) }
            #expect(try await found("电梯") == [2])
        }
    }
}

/// A row with one number, for the accessors that the seam itself provides.
private struct OneNumber: Row {
    let value: Int64
    init(_ value: Int64) { self.value = value }
    func int(_ column: Int) -> Int64 { value }
    func real(_ column: Int) throws -> Double { throw StorageFailure.decoding("") }
    func text(_ column: Int) throws -> String { throw StorageFailure.decoding("") }
    func bytes(_ column: Int) throws -> [UInt8] { throw StorageFailure.decoding("") }
    func flag(_ column: Int) throws -> Bool { throw StorageFailure.decoding("") }
    func isNull(_ column: Int) -> Bool { false }
}

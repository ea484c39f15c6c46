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

    @Test(arguments: ["'; drop table test_row; --", "\"x\"", "$1", "a'b", "\\", "", "中文'"])
    func aValueNeverBecomesSQL(_ value: String) async throws {
        try await TestDatabase.with { test async throws in
            try await test.put(1, value)
            #expect(try await test.names() == [value])
        }
    }

    @Test func whatNoEngineKeepsIsRefusedAlike() async throws {
        try await TestDatabase.with { test async throws in
            await #expect(throws: StorageFailure.nulInText) { try await test.put(1, "a\u{0}b") }
            await #expect(throws: StorageFailure.nulInText) {
                try await test.database.read { transaction in
                    try transaction.first("select id from test_row where name = \("\u{0}")") { try $0.int(0) }
                }
            }
            await #expect(throws: StorageFailure.nulInText) {
                try await test.database.write { transaction in
                    try transaction.insert(
                        into: "test_row", columns: ["id", "name"], rows: [[.int(1), .text("\u{0}")]])
                }
            }
            await #expect(throws: StorageFailure.unstorable("a number that is none")) {
                try await test.database.write {
                    try $0.run("insert into test_row (id, share) values (1, \(Double.nan))")
                }
            }
            #expect(try await test.names() == [])
        }
    }

    /// A value of another kind is kept where nothing is lost, and refused where something would be.
    @Test func valuesOfAnotherKindAreTreatedAlike() async throws {
        try await TestDatabase.with { test async throws in
            try await test.database.write { transaction in
                try transaction.run(
                    """
                    insert into test_row (id, number, share, name, done) values
                        (1, \(2.0), \(3), \(4), \(1)), (2, \("5"), \("0.5"), \("n"), \(false))
                    """)
            }
            let rows = try await test.database.read { transaction in
                try transaction.query("select number, share, name, done from test_row order by id") { row in
                    "\(try row.int(0)) \(try row.real(1)) \(try row.text(2)) \(try row.flag(3)) \(try row.int(3))"
                }
            }
            #expect(rows == ["2 3.0 4 true 1", "5 0.5 n false 0"])
            for sql: SQL in [
                "insert into test_row (id, number) values (9, \("x"))",
                "insert into test_row (id, number) values (9, \(0.5))",
                "insert into test_row (id, data) values (9, \("x"))",
                "insert into test_row (id, data) values (9, \(7))",
                "insert into test_row (id, number) values (9, \([UInt8]([1])))",
                "insert into test_row (id, share) values (9, \("x"))",
            ] {
                do {
                    try await test.database.write { _ = try $0.run(sql) }
                    Issue.record("kept: \(sql.rendered(for: .sqlite))")
                } catch StorageFailure.constraint {}
            }
        }
    }

    /// What an engine says of expressions, orders and comparisons.
    @Test func expressionsHaveOneTypeOnBothEngines() async throws {
        try await TestDatabase.with { test async throws in
            for (id, name) in [(1, "b"), (2, "B"), (3, "中"), (4, "a"), (5, "Ä"), (6, "_")] {
                try await test.put(Int64(id), name)
            }
            try await test.database.write { _ = try $0.run("update test_row set number = id * 7 where id < 4") }
            let texts: [(SQL, [String])] = [
                ("select name from test_row order by name", ["B", "_", "a", "b", "Ä", "中"]),
                ("select name from test_row order by coalesce(name, '') desc limit 2", ["中", "Ä"]),
                ("select max(name) from test_row", ["中"]),
                ("select substr(name, 1, 1) from test_row where name > 'Z' and name < 'b' order by name", ["_", "a"]),
                ("select name || 'x' from test_row where name = \("b")", ["bx"]),
            ]
            let numbers: [Answer] = [
                Answer("select number / 2 from test_row where id = 1", [3]),
                Answer("select -number / 2 from test_row where id = 1", [-3]),
                Answer("select number % 4 from test_row where id = 1", [3]),
                Answer("select sum(number) from test_row", [42]),
                Answer("select count(*) from test_row where number is null", [3]),
                Answer("select coalesce(sum(number), 0) from test_row where id > 90", [0]),
                Answer("select max(number) - min(number) from test_row", [14]),
                Answer("select number > 7 from test_row where id < 4 order by id", [0, 1, 1]),
                Answer("select case when number > 7 then 1 else 0 end from test_row where id = 2", [1]),
                Answer("select exists (select 1 from test_row where id = 4)", [1]),
                Answer("select id from test_row where (number > 7) = \(true) order by id", [2, 3]),
                Answer("select length(name) from test_row where id = 3", [1]),
                Answer("select abs(number - 10) from test_row where id = 1", [3]),
            ]
            try await test.database.read { transaction in
                for (sql, expected) in texts {
                    #expect(try transaction.query(sql) { try $0.text(0) } == expected)
                }
                for one in numbers {
                    let found = try transaction.query(one.sql) { try $0.int(0) }
                    #expect(found == one.numbers, "\(one.sql)")
                }
                let flags = try transaction.query("select number > 7 from test_row where id < 4 order by id") {
                    try $0.flag(0)
                }
                #expect(flags == [false, true, true])
                #expect(
                    try transaction.first("select avg(number) from test_row") { try $0.real(0) } == 14)
                #expect(
                    try transaction.first("select sum(number) from test_row where id > 90") { $0.isNull(0) } == true)
            }
        }
    }

    @Test func wholeNumbersBeyond64BitsAreRefused() async throws {
        try await TestDatabase.with { test async throws in
            try await test.database.write { transaction in
                for (id, number) in [(1, Int64.max), (2, Int64.max), (3, Int64.min), (4, Int64.min)] {
                    try transaction.run("insert into test_row (id, number) values (\(id), \(number))")
                }
            }
            func sum(_ from: Int, _ to: Int) async throws -> Int64? {
                try await test.database.read { transaction in
                    try transaction.first("select sum(number) from test_row where id between \(from) and \(to)") {
                        try $0.int(0)
                    }
                }
            }
            #expect(try await sum(1, 1) == .max)
            #expect(try await sum(3, 3) == .min)
            #expect(try await sum(2, 3) == -1)
            await #expect(throws: StorageFailure.self) { _ = try await sum(1, 2) }
            await #expect(throws: StorageFailure.self) { _ = try await sum(3, 4) }
        }
    }

    @Test func manyRowsGoInAtOnceWithEveryKindOfValue() async throws {
        try await TestDatabase.with { test async throws in
            let rows = (1...2_345).map { id -> [SQLValue] in
                let number: SQLValue = id % 3 == 0 ? .null : .int(Int64(-id))
                let data: SQLValue = id % 2 == 0 ? .null : .bytes([0, 255, UInt8(id % 256)])
                let name: SQLValue = .text("n \(id) 绿'\\{}\"")
                return [.int(Int64(id)), number, .real(Double(id) / 8), name, data, .flag(id % 5 == 0)]
            }
            let count = try await test.database.write { transaction in
                try transaction.insert(
                    into: "test_row", columns: ["id", "number", "share", "name", "data", "done"], rows: rows)
            }
            #expect(count == 2_345)
            let kept = try await test.database.read { transaction in
                try transaction.query("select id, number, share, name, data, done from test_row order by id") {
                    row -> [SQLValue] in
                    let number: SQLValue = try row.optionalInt(1).map { .int($0) } ?? .null
                    let data: SQLValue = try row.optionalBytes(4).map { .bytes($0) } ?? .null
                    let (share, name, done) = (try row.real(2), try row.text(3), try row.flag(5))
                    return [.int(try row.int(0)), number, .real(share), .text(name), data, .flag(done)]
                }
            }
            #expect(kept == rows)
            let none = try await test.database.write { transaction in
                try transaction.insert(into: "test_row", columns: ["id"], rows: [])
            }
            #expect(none == 0)
            await #expect(throws: StorageFailure.self) {
                try await test.database.write { transaction in
                    try transaction.insert(into: "test_row", columns: ["id", "name"], rows: [[.int(9_999)]])
                }
            }
        }
    }

    @Test func everyAccessorReadsWhatWasBound() async throws {
        try await TestDatabase.with { test async throws in
            let count = try await test.database.write { transaction in
                try transaction.insert(
                    into: "test_row", columns: ["id", "number", "share", "name", "data", "done"],
                    rows: [[.int(1), .int(.min), .real(0.5), .text("绿"), .bytes([]), .flag(true)]])
            }
            #expect(count == 1)
            try await test.database.read { transaction in
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
            try await test.database.read { transaction in
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
            let ids = try await test.database.read { transaction in
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
                try await test.database.write { try index.put(id, TextTerms.index(text), $0) }
            }
            func found(_ query: String) async throws -> [Int64] {
                try await test.database.read { transaction in
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
            try await test.database.write { try index.remove(1, $0) }
            #expect(try await found("电梯") == [2])
        }
    }
}

/// A query of one column and what it answers.
private struct Answer {
    let sql: SQL
    let numbers: [Int64]
    init(_ sql: SQL, _ numbers: [Int64]) {
        self.sql = sql
        self.numbers = numbers
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

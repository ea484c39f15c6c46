import Foundation
import Kernel
import Testing

@testable import Tables

@Suite struct TablesTests {
    private func rows(_ bytes: [UInt8], limits: TableLimits = TableLimits()) async throws -> [TableRow] {
        let source = MemorySource(bytes)
        let reader = try await TableReader(source, TableFormat.detect(source), limits: limits)
        var result: [TableRow] = []
        while let row = try await reader.next() { result.append(row) }
        return result
    }

    private func book(_ cells: [[Cell]]) -> [UInt8] {
        var writer = TableWriter(.xlsx, name: "表", header: ["名称", "手机"])
        for row in cells { writer.add(row) }
        writer.finish()
        return writer.take()
    }

    @Test func whatIsWrittenIsReadAgainAndFormulasStayTexts() async throws {
        let day = try #require(Day(year: 2026, month: 3, day: 18))
        let cells: [[Cell]] = [
            [.text("=1+1"), .text("13800000001"), .int(7), .hundredths(8954), .day(day)],
            [.text(" <甲> & \"乙\"\n"), .text("360730199003070021"), .int(123_456_789_012_345_678), .empty, .text("尾")],
        ]
        let read = try await rows(book(cells))
        #expect(read.map(\.line) == [1, 2, 3])
        #expect(read[1].cells == ["=1+1", "13800000001", "7", "89.54", "2026-03-18"])
        #expect(read[2].cells == [" <甲> & \"乙\"\n", "360730199003070021", "123456789012345678", "", "尾"])
        var csv = TableWriter(.csv, name: "", header: ["a", "b"])
        for text in ["=1", "+1", "-1", "@x", "\tx", "\rx"] { csv.add([.text(text), .int(-5)]) }
        let text = String(decoding: csv.take(), as: UTF8.self)
        let lines = text.split(separator: "\r\n").dropFirst()
        #expect(lines.allSatisfy { ($0.hasPrefix("'") || $0.hasPrefix("\"'")) && $0.hasSuffix(",-5") })
    }

    @Test func encodingsAreToldApartAndABrokenByteCostsItsRowOnly() async throws {
        let text = "名称,手机\r\n桂花苑,1\r\n龘𠀀,2\r\n"
        let gb: [UInt8] = [0xC3, 0xFB, 0xB3, 0xC6, 0x2C, 0x61, 0x0A, 0xBC, 0xD7, 0x2C, 0x62, 0x0A]
        #expect(try await rows(Array(text.utf8)).map(\.cells) == [["名称", "手机"], ["桂花苑", "1"], ["龘𠀀", "2"]])
        #expect(try await rows([0xEF, 0xBB, 0xBF] + Array(text.utf8)).first?.cells == ["名称", "手机"])
        #expect(try await rows(gb).map(\.cells) == [["名称", "a"], ["甲", "b"]])
        var wide: [UInt8] = [0xFF, 0xFE]
        for unit in text.replacingOccurrences(of: ",", with: "\t").utf16 {
            wide += [UInt8(unit & 255), UInt8(unit >> 8)]
        }
        #expect(try await rows(wide).map(\.cells) == [["名称", "手机"], ["桂花苑", "1"], ["龘𠀀", "2"]])
        let broken = try await rows(gb + [0xFF, 0x0A] + gb)
        #expect(broken.map { $0.fault == nil } == [true, true, false, true, true])
    }

    @Test func otherFilesAreRefusedByTheirContent() async throws {
        let old: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
        var name: [UInt8] = []
        for byte in "EncryptedPackage".utf8 { name += [byte, 0] }
        let cases: [(TableFault, [UInt8])] = [
            (.empty, []), (.oldExcel, old + [UInt8](repeating: 0, count: 600)),
            (.encrypted, old + name), (.otherFile, Array("%PDF-1.7".utf8)),
            (.html, Array("<html><table>".utf8)), (.damaged, [0x50, 0x4B, 3, 4] + [UInt8](repeating: 1, count: 99)),
        ]
        for (fault, bytes) in cases {
            await #expect(throws: fault) { try await rows(bytes) }
        }
    }

    @Test func limitsHoldBeforeMemoryDoes() async throws {
        // 40 MB of one letter pack into a few dozen KB.
        let line = [Cell.text(String(repeating: "a", count: 60_000))]
        let bomb = book([[Cell]](repeating: line, count: 700))
        #expect(bomb.count < 400_000)
        var limits = TableLimits()
        await #expect(throws: TableFault.unpacksTooFar) {
            limits.ratio = 50
            return try await rows(bomb, limits: limits)
        }
        limits = TableLimits()
        limits.rows = 3
        let many = book([[Cell]](repeating: [.int(1)], count: 9))
        let few = limits
        await #expect(throws: TableFault.tooManyRows) { try await rows(many, limits: few) }
        limits = TableLimits()
        limits.columns = 2
        let narrow = limits
        await #expect(throws: TableFault.tooManyColumns) {
            try await rows(book([[.int(1), .int(2), .int(3)]]), limits: narrow)
        }
    }

    @Test func numbersKeepTheirDigits() {
        #expect(NumberText.plain("1.3800138E10").0 == "13800138000")
        #expect(NumberText.plain("89.540000000000006").0 == "89.54")
        #expect(NumberText.plain("0.1") == ("0.1", false))
        #expect(NumberText.plain("3.6073019900307002E17").isCut)
        #expect(NumberText.plain("-2.50").0 == "-2.5")
        #expect(CellFormats.text(46_099, .day, is1904: false) == "2026-03-18")
        #expect(CellFormats.shown("yyyy\"年\"m\"月\"d\"日\"") == .day && CellFormats.shown("0.00E+00") == .number)
        #expect(CellFormats.shown("General") == .number && CellFormats.shown("#,##0.00") == .number)
    }

    @Test func theHeaderIsFoundBelowATitle() {
        let lines = [["桂花苑住户登记表"], ["填表日期", "2026-03"], ["序号", "姓名（必填）", "手机号码", "房号"], ["1", "甲", "1", "2"]]
        let rows = lines.enumerated().map { TableRow(line: $0.offset + 1, cells: $0.element) }
        let guess = HeaderGuess(
            rows, fields: [("name", ["姓名"]), ("phone", ["手机", "手机号码"]), ("room", ["房号"])])
        #expect(guess.row == 2 && guess.columns == ["name": 1, "phone": 2, "room": 3])
    }

    /// Damaged files are refused or read, and nothing else happens.
    @Test func damagedFilesNeverCrash() async throws {
        var random = SeededRandom(seed: 20_261_121)
        let good = book((0..<60).map { [.text("行\($0)"), .int(Int64($0)), .day(Day(number: 20_000))] })
        let text = Array("名称,手机\r\n\"甲\",1\r\n乙,\"2\r\n".utf8)
        var refused = 0
        for round in 0..<600 {
            var bytes = round % 3 == 0 ? text : good
            for _ in 0...Int.random(in: 0..<6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + 7))
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                default: bytes = Array(bytes[..<max(1, at)])
                }
                if bytes.isEmpty { bytes = [0] }
            }
            do {
                _ = try await rows(bytes)
            } catch is TableFault {
                refused += 1
            }
        }
        #expect(refused > 200)
    }
}

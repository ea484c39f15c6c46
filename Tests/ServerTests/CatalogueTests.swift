import Foundation
import Testing

/// Reads the sources as text: the catalogue is whole, used, and the only home of Chinese words.
@Suite struct CatalogueTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources")

    private struct File {
        let name: String
        let folder: String
        let text: String
    }

    private struct Entry {
        let file: String
        let name: String
        let zh: String
        let en: String
    }

    private static func files() throws -> [File] {
        let walk = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        return try walk.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map { url in
            File(
                name: url.lastPathComponent, folder: url.deletingLastPathComponent().lastPathComponent,
                text: try String(contentsOf: url, encoding: .utf8))
        }
    }

    private static func entries(_ files: [File]) throws -> [Entry] {
        let literal = #""((?:[^"\\]|\\.)*)""#
        let pattern = try NSRegularExpression(
            pattern: #"static let (\w+)\s*=\s*Phrase\(\s*"# + literal + #"\s*,\s*"# + literal + #"\s*\)"#)
        var result: [Entry] = []
        for file in files {
            let text = file.text as NSString
            let found = pattern.matches(in: file.text, range: NSRange(location: 0, length: text.length))
            for match in found {
                result.append(
                    Entry(
                        file: file.name, name: text.substring(with: match.range(at: 1)),
                        zh: text.substring(with: match.range(at: 2)), en: text.substring(with: match.range(at: 3))))
            }
            // Every phrase is written so that this test can read it.
            #expect(found.count == file.text.components(separatedBy: "= Phrase(").count - 1, "\(file.name)")
        }
        return result
    }

    private static func isHan(_ scalar: Unicode.Scalar) -> Bool {
        (0x3400...0x9FFF).contains(scalar.value) || (0xF900...0xFAFF).contains(scalar.value)
            || (0x20000...0x323AF).contains(scalar.value)
    }
    private static func hasHan(_ text: String) -> Bool { text.unicodeScalars.contains(where: isHan) }

    private static func placeholders(_ text: String) throws -> [String] {
        let pattern = try NSRegularExpression(pattern: #"\{\d+\}"#)
        let whole = text as NSString
        return Set(
            pattern.matches(in: text, range: NSRange(location: 0, length: whole.length)).map {
                whole.substring(with: $0.range)
            }
        ).sorted()
    }

    @Test func everyPhraseIsUsed() throws {
        let files = try Self.files()
        let pattern = try NSRegularExpression(pattern: #"\.([A-Za-z_]\w*)"#)
        var used = Set<String>()
        for file in files {
            let text = file.text as NSString
            for match in pattern.matches(in: file.text, range: NSRange(location: 0, length: text.length)) {
                used.insert(text.substring(with: match.range(at: 1)))
            }
        }
        let entries = try Self.entries(files)
        #expect(entries.count > 300)
        #expect(entries.filter { !used.contains($0.name) }.map { "\($0.file): \($0.name)" } == [])
        #expect(Set(entries.map(\.name)).count == entries.count)
    }

    @Test func bothLanguagesSayTheSameInTheirOwnWords() throws {
        /// The same in both languages, or a name of the other language for its own readers.
        let asTheyAre: Set<String> = ["hello"]
        let english: Set<String> = ["otherLanguage"]
        for entry in try Self.entries(Self.files()) {
            if english.contains(entry.name) { continue }
            #expect(asTheyAre.contains(entry.name) || Self.hasHan(entry.zh), "\(entry.name): \(entry.zh)")
            #expect(!Self.hasHan(entry.en), "\(entry.name): \(entry.en)")
            #expect(!entry.en.isEmpty && !entry.zh.isEmpty, "\(entry.name)")
            #expect(try Self.placeholders(entry.zh) == Self.placeholders(entry.en), "\(entry.name)")
        }
    }

    @Test func chineseWordsStandInTheCatalogueAndTheSeedsOnly() throws {
        for file in try Self.files() {
            if file.name.hasSuffix("Phrases.swift") { continue }
            if file.folder == "Server", file.name == "BaseSeed.swift" || file.name.hasPrefix("Demo") { continue }
            let found = Self.literals(of: file.text).filter(Self.hasHan)
            #expect(found.isEmpty, "\(file.folder)/\(file.name): \(found)")
        }
    }

    @Test func theReaderOfLiteralsSeesThemAndNothingElse() {
        let text = #"""
            // "甲" in a comment
            let a = "乙" /* "丙" */ + "\(f("丁")) x"
            let b = """
                戊 \(g("己"))
                """
            """#
        #expect(Self.literals(of: text).filter(Self.hasHan).count == 4)
        #expect(!Self.literals(of: text).contains { $0.contains("甲") || $0.contains("丙") })
    }

    /// The string literals of a Swift text, comments left out; those inside an interpolation stand for themselves.
    private static func literals(of text: String) -> [String] {
        let all = Array(text.unicodeScalars)
        var at = 0
        var result: [String] = []
        func starts(_ word: String) -> Bool {
            let scalars = Array(word.unicodeScalars)
            return at + scalars.count <= all.count && Array(all[at..<at + scalars.count]) == scalars
        }
        func string() {
            let mark = starts("\"\"\"") ? "\"\"\"" : "\""
            at += mark.unicodeScalars.count
            var value = String.UnicodeScalarView()
            while at < all.count, !starts(mark) {
                if starts("\\(") {
                    at += 2
                    code(inParentheses: true)
                } else if all[at] == "\\" {
                    at += 2
                } else {
                    value.append(all[at])
                    at += 1
                }
            }
            at += mark.unicodeScalars.count
            result.append(String(value))
        }
        func code(inParentheses: Bool) {
            var depth = 1
            while at < all.count {
                if starts("//") {
                    while at < all.count, all[at] != "\n" { at += 1 }
                } else if starts("/*") {
                    while at < all.count, !starts("*/") { at += 1 }
                    at += 2
                } else if all[at] == "\"" {
                    string()
                } else {
                    if inParentheses, all[at] == "(" { depth += 1 }
                    if inParentheses, all[at] == ")" { depth -= 1 }
                    at += 1
                    if inParentheses, depth == 0 { return }
                }
            }
        }
        code(inParentheses: false)
        return result
    }
}

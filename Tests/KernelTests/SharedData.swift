import Foundation
import Kernel
import Testing

/// The folder of shared data: `REDSTEWARD_SHARED`, or `../shared` or `../../shared` from the package. Tests that need
/// it are skipped where it is absent, and say so.
enum SharedData {
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

    static func bytes(_ path: String) throws -> [UInt8] {
        let folder = try #require(folder)
        return [UInt8](try Data(contentsOf: folder.appending(path: "data/\(path)")))
    }

    /// The content of a gzip file.
    static func unzipped(_ path: String) throws -> [UInt8] {
        let folder = try #require(folder)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gunzip", "-c", folder.appending(path: "data/\(path)").path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return [UInt8](data)
    }
}

/// One line of a CSV text: fields are ranges of the text, quotes still around them.
struct CSVLine {
    let text: UnsafeBufferPointer<UInt8>
    let fields: [Range<Int>]

    func string(_ index: Int) -> String {
        var bytes = text[fields[index]]
        guard bytes.first == 0x22 else { return String(decoding: bytes, as: UTF8.self) }
        bytes = bytes.dropFirst().dropLast()
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\"\"", with: "\"")
    }

    func isEmpty(_ index: Int) -> Bool { fields[index].isEmpty }

    /// `2015-01-01T00:20:09` as wall time; nil when empty. Fails the test on anything else.
    func wall(_ index: Int) throws -> Instant? {
        let range = fields[index]
        if range.isEmpty { return nil }
        try #require(range.count == 19)
        func number(_ from: Int, _ count: Int) -> Int {
            var value = 0
            var at = range.lowerBound + from
            for _ in 0..<count {
                value = value * 10 + Int(text[at]) - 48
                at += 1
            }
            return value
        }
        let day = try #require(Day(year: number(0, 4), month: number(5, 2), day: number(8, 2)))
        let seconds = number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2)
        return Zone.wall.instant(day, msOfDay: Int64(seconds) * 1000)
    }
}

/// Calls `line` for each line of a CSV text (RFC 4180, `\n`), the header first.
func readCSV(_ bytes: [UInt8], line: (CSVLine) throws -> Void) throws {
    try bytes.withUnsafeBufferPointer { text in
        var fields: [Range<Int>] = []
        var from = 0
        var at = 0
        var quoted = false
        let count = text.count
        while at < count {
            let byte = text[at]
            if byte == 0x22 {
                quoted.toggle()
            } else if byte == 0x2C, !quoted {
                fields.append(from..<at)
                from = at + 1
            } else if byte == 0x0A, !quoted {
                let end = at > from && text[at - 1] == 0x0D ? at - 1 : at
                fields.append(from..<end)
                try line(CSVLine(text: text, fields: fields))
                fields.removeAll(keepingCapacity: true)
                from = at + 1
            }
            at += 1
        }
        if from < count {
            fields.append(from..<count)
            try line(CSVLine(text: text, fields: fields))
        }
    }
}

/// `2026-03-18 09:30` in Shanghai. For literals of tests only.
func at(_ text: String, zone: Zone = .shanghai) -> Instant {
    let time = text.suffix(5).split(separator: ":").compactMap { Int($0) }
    return zone.instant(day(String(text.prefix(10))), hour: time[0], minute: time[1])
}

/// `2026-03-18`. For literals of tests only.
func day(_ text: String) -> Day { Day(text: text)! }

import ArgumentParser
import Cases
import Foundation
import Kernel
import Storage

/// `redsteward import cases FILE --mapping FILE --data DIR`.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring data in from elsewhere.",
        subcommands: [
            ImportCases.self, ImportAreas.self, ImportUnits.self, ImportResidents.self, ImportPosts.self,
        ])
}

struct ImportCases: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cases",
        abstract: "Bring cases in from a CSV file, plain or .gz; run it again to go on after an interruption.",
        discussion: """
            Nobody is notified and no clock runs. Rows that cannot be read go to FILE.rejected.csv with their line and \
            the reason. The house must not be served meanwhile. Mappings to begin with are in examples/import.
            """)
    @Argument(help: "The CSV file, UTF-8, with a header.")
    var file: String
    @Option(help: "A JSON file that says what the columns mean.")
    var mapping: String
    @OptionGroup var options: DataOptions
    @Option(help: "The estate, by id or name, instead of the mapping's.")
    var area: String?
    @Option(help: "Where the rows go that cannot be read, instead of FILE.rejected.csv.")
    var rejected: String?

    @Flag(help: "Make a new house where the folder holds none.")
    var create = false

    func run() async throws {
        if !create { try await options.place.requireHouse(hint: ", or make a new house with --create") }
        let house = try await open(options.configuration())
        do {
            var job = try CaseImportJob(file: file, mapping: mapping)
            job.area = area
            if let rejected { job.rejected = rejected }
            let isTerminal = isatty(STDERR_FILENO) == 1
            let bar = ImportProgress(isTerminal: isTerminal) { FileHandle.standardError.write(Data($0.utf8)) }
            let summary = try await job.run(house, progress: bar)
            print(
                "rows \(summary.rows), kept \(summary.kept) (contradictory \(summary.contradictory)), "
                    + "rejected \(summary.rejected), skipped \(summary.skipped)")
            if summary.rejected > 0 { print("rejected rows are in \(job.rejected)") }
        } catch let failure as ImportFailure {
            try await house.close()
            throw ValidationError(failure.description)
        } catch let failure as ImportFileFailure {
            try await house.close()
            throw ValidationError(failure.description)
        } catch StorageFailure.full {
            try await house.close()
            throw ValidationError("the device is full; what was kept is safe. Make room and run it again")
        }
        try await house.close()
    }
}

enum ImportFileFailure: Error, CustomStringConvertible {
    case unreadable(String)
    case damaged(String)
    case unwritable(String)

    var description: String {
        switch self {
        case .unreadable(let path): "cannot read \(path)"
        case .damaged(let path): "\(path) is damaged or cut off: not all of it could be unpacked. What was kept stays"
        case .unwritable(let path): "cannot write \(path); choose another place with --rejected"
        }
    }
}

/// One file on its way into a house.
package struct CaseImportJob {
    static let chunkBytes = 1 << 17

    let file: String
    var mapping: ImportMapping
    package var rejected: String
    /// An estate by id or name, instead of the mapping's.
    package var area: String?
    /// Another way into the data, for tests that interrupt.
    var database: (any Database)?

    package init(file: String, mapping path: String) throws {
        self.file = file
        rejected = file + ".rejected.csv"
        guard let data = FileManager.default.contents(atPath: path) else { throw ImportFileFailure.unreadable(path) }
        guard data.count <= 1 << 20 else { throw ImportFailure.mapping("longer than 1 MB") }
        do {
            mapping = try JSONDecoder().decode(ImportMapping.self, from: data)
        } catch let error as ImportFailure {
            throw error
        } catch {
            throw ImportFailure.mapping("\(path): \(error)")
        }
    }

    package func run(_ house: House, progress: ImportProgress? = nil) async throws -> ImportSummary {
        var mapping = mapping
        if let area {
            (mapping.area, mapping.areaName) = AreaID(text: area) == nil ? (nil, area) : (area, nil)
        }
        let name = URL(fileURLWithPath: file).lastPathComponent
        var job = try await CaseImport(
            mapping, file: String(name.prefix { $0 != "." }), database: database ?? house.database,
            world: house.world, journal: house.cases.journal)
        let source = job.source
        if let before = try await house.database.read({ try CaseImportStore.run(source, $0) }) {
            progress?.say("\(source): \(before.kept) rows are here from an earlier run; going on")
        }
        var input = try ImportInput(file)
        defer { input.close() }
        var sink = RejectedFile(path: rejected)
        while let bytes = try input.next(Self.chunkBytes) {
            try await job.feed(bytes)
            try sink.write(job.takeRejected())
            progress?.show(job.summary, fraction: input.fraction)
        }
        let summary = try await job.finish()
        try sink.write(job.takeRejected())
        try sink.close()
        try await house.database.takeStatistics()
        progress?.end(summary)
        for column in job.absent { progress?.say("the file has no column \(column); it was left out") }
        return summary
    }
}

/// The bytes of a file, unpacked by `gunzip` where its name ends in .gz.
private struct ImportInput {
    private let path: String
    private let handle: FileHandle
    private let process: Process?
    private let total: Int
    private var taken = 0

    var fraction: Double? { total > 0 ? min(1, Double(taken) / Double(total)) : nil }

    init(_ path: String) throws {
        self.path = path
        guard let file = FileHandle(forReadingAtPath: path) else { throw ImportFileFailure.unreadable(path) }
        let size = Int(try file.seekToEnd())
        guard path.hasSuffix(".gz") else {
            try file.seek(toOffset: 0)
            (handle, process, total) = (file, nil, size)
            return
        }
        // The last four bytes say how long the content is, modulo 4 GB: good enough for a progress bar.
        var length = 0
        if size > 18 {
            try file.seek(toOffset: UInt64(size - 4))
            for byte in try (file.read(upToCount: 4) ?? Data()).reversed() { length = length << 8 | Int(byte) }
        }
        try file.seek(toOffset: 0)
        let gunzip = Process()
        gunzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        gunzip.arguments = ["gunzip", "-c"]
        gunzip.standardInput = file
        gunzip.standardError = FileHandle.nullDevice
        let pipe = Pipe()
        gunzip.standardOutput = pipe
        try gunzip.run()
        (handle, process, total) = (pipe.fileHandleForReading, gunzip, length)
    }

    /// Nil at the end. A file that could not be unpacked to its end is a failure.
    mutating func next(_ count: Int) throws -> [UInt8]? {
        guard let data = try handle.read(upToCount: count), !data.isEmpty else {
            process?.waitUntilExit()
            if let process, process.terminationStatus != 0 { throw ImportFileFailure.damaged(path) }
            return nil
        }
        taken += data.count
        return [UInt8](data)
    }

    func close() {
        if let process, process.isRunning { process.terminate() }
        try? handle.close()
    }
}

/// Written anew by each run, since each run meets the same bad rows again. There is none where no row is bad.
private struct RejectedFile {
    let path: String
    private var handle: FileHandle?

    init(path: String) { self.path = path }

    mutating func write(_ rows: [RejectedRow]) throws {
        guard !rows.isEmpty else { return }
        if handle == nil {
            // It may hold what residents wrote.
            guard
                FileManager.default.createFile(
                    atPath: path, contents: Data("line,reason,row\r\n".utf8), attributes: [.posixPermissions: 0o600]),
                let made = FileHandle(forWritingAtPath: path)
            else { throw ImportFileFailure.unwritable(path) }
            try made.seekToEnd()
            handle = made
        }
        var text = ""
        for row in rows { text += "\(row.line),\(Self.quoted(row.reason)),\(Self.quoted(row.raw))\r\n" }
        try handle?.write(contentsOf: Data(text.utf8))
    }

    mutating func close() throws {
        if let handle { try handle.close() } else { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}

/// What the operator sees meanwhile: a bar on a terminal, a line every 10,000 rows elsewhere.
package final class ImportProgress {
    private let isTerminal: Bool
    private let write: (String) -> Void
    private let clock = ContinuousClock()
    private let started: ContinuousClock.Instant
    private var lastShown: ContinuousClock.Instant?
    private var lastStep = 0

    package init(isTerminal: Bool, write: @escaping (String) -> Void) {
        self.isTerminal = isTerminal
        self.write = write
        started = clock.now
    }

    func say(_ line: String) { write((isTerminal ? "\r\u{1B}[K" : "") + line + "\n") }

    func show(_ summary: ImportSummary, fraction: Double?) {
        let now = clock.now
        if isTerminal {
            if let last = lastShown, now - last < .milliseconds(100) { return }
            lastShown = now
            write("\r\u{1B}[K" + line(summary, fraction, now))
        } else if summary.rows / 10_000 > lastStep {
            lastStep = summary.rows / 10_000
            write(line(summary, fraction, now) + "\n")
        }
    }

    func end(_ summary: ImportSummary) {
        write((isTerminal ? "\r\u{1B}[K" : "") + line(summary, 1, clock.now) + "\n")
    }

    private func line(_ summary: ImportSummary, _ fraction: Double?, _ now: ContinuousClock.Instant) -> String {
        let spent = max(0.001, Double((now - started) / .milliseconds(1)) / 1000)
        var text = "\(summary.rows) rows, \(Int(Double(summary.rows) / spent)) rows/s"
        guard let fraction, fraction > 0 else { return text }
        if isTerminal {
            let full = Int(fraction * 24)
            text = "[" + String(repeating: "#", count: full) + String(repeating: ".", count: 24 - full) + "] " + text
        }
        let left = Int(spent / fraction - spent)
        return text + ", \(Int(fraction * 100)) %, \(left / 60) min \(left % 60) s left"
    }
}

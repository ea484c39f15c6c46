import ArgumentParser
import Foundation
import Kernel
import Storage

/// `redsteward export`: the tables of a house as files for other programs.
struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the tables of a house as CSV or JSON lines, also while the house is served.",
        discussion: """
            All rows are of one moment. The new folder holds a file for each table, SHA256SUMS and manifest.json, which \
            tells columns, rows and digests. What is sealed in the database stays sealed: phone numbers are bytes that \
            only the house's keys open. The rest is in clear; keep the folder as you keep the house. To read from a \
            standby, name it with --database.
            """)
    @OptionGroup var options: DataOptions
    @Option(name: .customLong("to"), help: "The folder to make; it must not exist.")
    var folder: String
    @Option(help: "csv, jsonl or both.")
    var format: String = "csv"
    @Option(name: .customLong("table"), help: "Only this table; may be given more than once.")
    var tables: [String] = []

    func run() async throws {
        let formats: [ExportFormat]
        switch format {
        case "both": formats = ExportFormat.allCases
        default:
            guard let one = ExportFormat(rawValue: format) else {
                throw ValidationError("--format is csv, jsonl or both")
            }
            formats = [one]
        }
        try await BackupFailure.told {
            try await options.place.requireHouse()
            let database = try await options.place.openReadOnly()
            let manifest = try await ExportWork(formats: formats, tables: tables, now: SystemWorld.make().now).run(
                database, to: folder, { ProgressLine($0, total: $1) })
            try await database.close()
            print("wrote \(folder): tables \(manifest.tables.count), rows \(manifest.rows)")
        }
    }
}

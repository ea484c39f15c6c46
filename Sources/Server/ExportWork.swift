import Crypto
import Foundation
import Kernel
import Storage

/// How an export writes rows.
package enum ExportFormat: String, Sendable, CaseIterable, Codable {
    /// RFC 4180 in UTF-8 with a line of names. NULL is nothing, an empty text is `""`, bytes are base64.
    case csv
    /// One JSON object a line, named columns. NULL is `null`, bytes are base64, integers have all their digits.
    case jsonl
}

/// Why there is no export, in words for an operator.
package enum ExportFault: Error, Sendable, Equatable, CustomStringConvertible {
    case exists(String)
    /// Another export writes there now.
    case busy(String)
    case full(String)
    case noTable(String, [String])

    package var description: String {
        switch self {
        case .exists(let path): "\(path) is there already; an export writes over nothing"
        case .busy(let path): "another export writes to \(path) now"
        case .full(let path): "the device is full; \(path) was not made"
        case .noTable(let name, let known): "there is no table \(name). There are: \(known.joined(separator: ", "))"
        }
    }
}

/// What an export holds: its file `manifest.json`.
package struct ExportManifest: Sendable, Codable, Equatable {
    package struct File: Sendable, Codable, Equatable {
        package var name: String
        package var bytes: Int64
        package var sha256: String
    }
    package struct Column: Sendable, Codable, Equatable {
        package var name: String
        /// integer, real, text, bytes, flag or terms.
        package var kind: String
        package var nullable: Bool
    }
    package struct Table: Sendable, Codable, Equatable {
        package var name: String
        package var columns: [Column]
        package var rows: Int64
        /// SHA-256 of the rows' values in the order of their keys: the same on both engines, and in a backup's sections.
        package var digest: String
        package var files: [File]
    }
    package var form = 1
    /// The moment before the snapshot was taken, ISO 8601.
    package var created: String
    package var engine: String
    /// The steps of the schema that have landed.
    package var schema: [String]
    package var tables: [Table]
    package var rows: Int64 { tables.reduce(0) { $0 + $1.rows } }
}

/// Writes the tables of a house as files that other programs read, all of one moment.
package struct ExportWork: Sendable {
    package static let manifestName = "manifest.json"
    package static let sumsName = "SHA256SUMS"

    let formats: [ExportFormat]
    /// All when it is empty.
    let tables: [String]
    let now: @Sendable () -> Instant

    package init(formats: [ExportFormat], tables: [String] = [], now: @escaping @Sendable () -> Instant) {
        self.formats = formats
        self.tables = tables
        self.now = now
    }

    /// The folder has its name only when everything in it is whole and on the device.
    /// - Parameter bar: makes what shows progress: words, rows in all.
    func run(
        _ database: any Database, to path: String,
        _ bar: @escaping @Sendable (String, Int64) -> ProgressLine? = { _, _ in nil }
    ) async throws -> ExportManifest {
        let work = self
        return try await OwnThread.run {
            let folder = try ExportFolder(path)
            do {
                let manifest = try await work.write(database, folder.working, bar)
                try folder.finish()
                return manifest
            } catch {
                folder.discard()
                if case BackupFault.full = error { throw ExportFault.full(path) }
                throw error
            }
        }
    }

    private func write(
        _ database: any Database, _ folder: String, _ bar: @escaping @Sendable (String, Int64) -> ProgressLine?
    ) async throws -> ExportManifest {
        let created = Date(timeIntervalSince1970: Double(now().ms) / 1000).ISO8601Format()
        let engine = database.engine == .sqlite ? "SQLite" : "PostgreSQL"
        let started = Started()
        let work = self
        let manifest = try await database.read { transaction in
            try started.once()
            let source = try work.chosen(try HouseSource(House.schema, transaction))
            var manifest = ExportManifest(
                created: created, engine: engine, schema: source.landed.map(\.id), tables: [])
            let line = bar("exporting", try source.count(transaction).reduce(0, +))
            var files: [ExportFile] = []
            defer { for file in files { file.discard() } }
            var listener = HouseSource.Listener()
            listener.began = { index in
                files = try work.formats.map { try ExportFile($0, source.sections[index], in: folder) }
            }
            listener.batch = { batch in
                for file in files { try file.write(batch.rows) }
                line?.add(Int64(batch.rows.count))
            }
            listener.ended = { index, digest in
                let table = source.sections[index]
                manifest.tables.append(
                    .init(
                        name: table.name,
                        columns: table.columns.map {
                            .init(name: $0.name, kind: $0.kind.word, nullable: $0.isNullable)
                        }, rows: digest.rows, digest: digest.digest.hexadecimal,
                        files: try files.map { try $0.finish() }
                    ))
                files = []
            }
            try source.read(transaction, listener)
            line?.end()
            return manifest
        }
        let sums = manifest.tables.flatMap(\.files).map { "\($0.sha256)  \($0.name)\n" }.joined()
        try Self.put(Array(sums.utf8), folder + "/" + Self.sumsName)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Self.put(Array(try encoder.encode(manifest)), folder + "/" + Self.manifestName)
        return manifest
    }

    private func chosen(_ source: HouseSource) throws -> HouseSource {
        let all = source.tables
        let known = all.sections.map(\.name)
        for name in tables where !known.contains(name) { throw ExportFault.noTable(name, known.sorted()) }
        return tables.isEmpty ? all : all.only(Set(tables))
    }

    private static func put(_ bytes: [UInt8], _ path: String) throws {
        var file = try WholeFile(path: path)
        do {
            try file.write(bytes)
            try file.close()
        } catch {
            file.discard()
            throw error
        }
    }
}

extension ColumnKind {
    fileprivate var word: String {
        switch self {
        case .int: "integer"
        case .real: "real"
        case .text: "text"
        case .bytes: "bytes"
        case .flag: "flag"
        case .terms: "terms"
        }
    }
}

/// The folder of an export: `NAME.unfinished` until it is whole. It is locked meanwhile, so that what a killed export
/// left behind can be told from one that is at work, and is cleared away by the next one.
final class ExportFolder {
    let path: String
    let working: String
    private var descriptor: Int32

    init(_ path: String) throws {
        var path = path
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        self.path = path
        working = path + ".unfinished"
        guard !Self.isThere(path) else { throw ExportFault.exists(path) }
        if mkdir(working, 0o700) != 0 && errno != EEXIST { throw BackupFault.last("mkdir", working) }
        descriptor = open(working, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw BackupFault.last("open", working) }
        // Whoever had it may have finished between these two steps: then the name leads elsewhere now.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, Self.number(working) == Self.number(descriptor) else {
            close(descriptor)
            throw ExportFault.busy(path)
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: working) {
            guard unlink(working + "/" + name) == 0 else {
                close(descriptor)
                throw BackupFault.last("unlink", working + "/" + name)
            }
        }
    }

    func finish() throws {
        guard fsync(descriptor) == 0 else { throw BackupFault.last("fsync", working) }
        guard !Self.isThere(path) else { throw ExportFault.exists(path) }
        guard rename(working, path) == 0 else { throw BackupFault.last("rename", path) }
        let parent = (path as NSString).deletingLastPathComponent
        try WholeFile.sync(folder: parent.isEmpty ? "." : parent)
        close(descriptor)
        descriptor = -1
    }

    /// Leaves nothing behind.
    func discard() {
        guard descriptor >= 0 else { return }
        try? FileManager.default.removeItem(atPath: working)
        close(descriptor)
        descriptor = -1
    }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func number(_ path: String) -> UInt64? {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    private static func number(_ descriptor: Int32) -> UInt64? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}

/// One table in one format. Memory stays that of a page of rows.
final class ExportFile {
    private let format: ExportFormat
    private let columns: [TableShape.Column]
    private let name: String
    private var file: WholeFile
    private var hash = SHA256()
    private var bytes: Int64 = 0
    private var isOpen = true

    init(_ format: ExportFormat, _ section: HouseSection, in folder: String) throws {
        self.format = format
        columns = section.columns
        name = section.name + "." + format.rawValue
        file = try WholeFile(path: folder + "/" + name)
        if format == .csv { try put(columns.map(\.name).joined(separator: ",") + "\r\n") }
    }

    func write(_ rows: [[SQLValue]]) throws {
        var text = ""
        for row in rows {
            switch format {
            case .csv:
                text += row.map(Self.cell).joined(separator: ",") + "\r\n"
            case .jsonl:
                let pairs = zip(columns, row).map { "\(Self.quoted($0.name)):\(Self.json($1))" }
                text += "{" + pairs.joined(separator: ",") + "}\n"
            }
        }
        try put(text)
    }

    func finish() throws -> ExportManifest.File {
        try file.close()
        isOpen = false
        return .init(name: name, bytes: bytes, sha256: Array(hash.finalize()).hexadecimal)
    }

    func discard() {
        if isOpen { file.discard() }
        isOpen = false
    }

    private func put(_ text: String) throws {
        let utf8 = Array(text.utf8)
        try file.write(utf8)
        hash.update(data: utf8)
        bytes += Int64(utf8.count)
    }

    static func cell(_ value: SQLValue) -> String {
        switch value {
        case .null: return ""
        case .int(let number): return String(number)
        case .real(let number): return String(number)
        case .flag(let flag): return flag ? "true" : "false"
        case .bytes(let bytes): return "\"" + Data(bytes).base64EncodedString() + "\""
        case .text(let text):
            let isPlain = !text.isEmpty && text.utf8.allSatisfy { !Self.quotes.contains($0) }
            return isPlain ? text : "\"" + text.replacing("\"", with: "\"\"") + "\""
        }
    }

    private static let quotes = Set("\", \t\r\n".utf8)

    static func json(_ value: SQLValue) -> String {
        switch value {
        case .null: "null"
        case .int(let number): String(number)
        case .real(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .bytes(let bytes): "\"" + Data(bytes).base64EncodedString() + "\""
        case .text(let text): quoted(text)
        }
    }

    static func quoted(_ text: String) -> String {
        var result: [UInt8] = [0x22]
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: result += [0x5C, byte]
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                result += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        result.append(0x22)
        return String(decoding: result, as: UTF8.self)
    }
}

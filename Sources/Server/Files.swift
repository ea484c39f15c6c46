import ArgumentParser
import Attachments
import Foundation
import Storage
import Web

/// What an operator does with the files of a house.
struct Files: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a house's files to another place, or check them.",
        discussion: """
            A place is a folder, such as DATA/files, or s3://BUCKET/PREFIX. The way to a bucket comes from the environment: \
            REDSTEWARD_S3_ENDPOINT, REDSTEWARD_S3_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
            and REDSTEWARD_S3_CA for a store whose certificate an own authority signed (PEM).
            """,
        subcommands: [FilesCopy.self, FilesVerify.self])
}

struct FilesCopy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy all files from one place to another; broken off, it goes on where it stopped.")
    @Argument(help: "A folder or s3://BUCKET/PREFIX.")
    var from: String
    @Argument(help: "A folder or s3://BUCKET/PREFIX.")
    var to: String

    func run() async throws {
        let source = try FilesPlace.configured(from)
        if case .folder(let folder) = source, !FileManager.default.fileExists(atPath: folder) {
            throw ValidationError("there is no folder \(folder)")
        }
        let target = try FilesPlace.configured(to)
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("redsteward-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: temporary, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: temporary) }
        let world = SystemWorld.make()
        try await Files.saying {
            let copy = BlobCopy(
                from: try source.store(world), to: try target.store(world), spool: Spool(folder: temporary.path))
            var progress = Progress()
            let count = try await copy.run { count in
                progress.tell(
                    "\(count.present + count.copied) of \(count.files) files, \(count.copiedBytes >> 20) MiB copied")
            }
            print("files \(count.files), there already \(count.present), copied \(count.copied)")
        }
    }
}

struct FilesVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every file of a house and compare it with its name, also while the house is served.",
        discussion: "Looks where REDSTEWARD_FILES says, or else in the folder `files` of the data.")
    @OptionGroup var options: DataOptions

    func run() async throws {
        try await options.place.requireHouse()
        let place = try FilesPlace.configured() ?? .folder(options.data + "/files")
        let database = try await told(where: options.place) { try await options.place.openReadOnly() }
        let named = try await database.read { try Attachments.named($0) }
        try await database.close()
        try await Files.saying {
            var progress = Progress()
            let report = try await BlobCheck.run(try place.store(SystemWorld.make()), named: named) { report in
                progress.tell("\(report.files) files, \(report.bytes >> 20) MiB")
            }
            for name in report.corrupt { print("CORRUPT \(name)") }
            for name in report.missing { print("MISSING \(name)") }
            print(
                "files \(report.files), bytes \(report.bytes), corrupt \(report.corrupt.count), "
                    + "missing \(report.missing.count), named by nobody \(report.unnamed)")
            print(report.isSound ? "sound" : "NOT SOUND")
            if !report.isSound { throw ExitCode(1) }
        }
    }
}

extension Files {
    /// Faults of a place in one line.
    static func saying(_ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch let fault as BlobFault {
            throw ValidationError("the store of files does not serve: \(fault.words)")
        }
    }
}

/// A line that is written over, on a terminal only, ten times a second at most.
private struct Progress {
    private let isShown = isatty(2) == 1
    private var last = ContinuousClock.now - .seconds(1)

    mutating func tell(_ text: @autoclosure () -> String) {
        guard isShown, ContinuousClock.now - last > .milliseconds(100) else { return }
        last = .now
        FileHandle.standardError.write(Data("\r\(text())\u{1B}[K".utf8))
    }
}

extension FilesPlace {
    /// From the words of an operator or, without them, from the environment; nil when it names none.
    static func configured() throws -> FilesPlace? {
        do {
            return try named(in: ProcessInfo.processInfo.environment)
        } catch {
            throw ValidationError(error.text)
        }
    }

    static func configured(_ text: String) throws -> FilesPlace {
        do {
            return try FilesPlace(text, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw ValidationError(error.text)
        }
    }
}

extension BlobFault {
    /// For an operator.
    var words: String {
        switch self {
        case .badName: "a name that is no digest"
        case .missing: "a file is missing"
        case .corrupt: "a file does not match its name; `files verify` says which"
        case .full: "there is no room"
        case .refused(let why): "it refuses: \(why)"
        case .untrusted(let why): "it cannot be trusted: \(why)"
        case .unreachable(let why): "it cannot be reached: \(why)"
        case .system(let call, let number): "\(call): \(String(cString: strerror(number)))"
        }
    }
}

import Foundation
import Kernel
import Logging
import NIOCore
import Storage
import Web

/// Files and pictures, linked by id alone: what a capability attaches it names by a file id, and who may see it is that
/// capability's affair.
package struct Attachments: Sendable {
    private let blobs: any BlobStore
    private let world: World
    private let logger = Logger(label: "redsteward.files")
    /// Where uploads lie until they are judged.
    package let spool: Spool

    /// - Parameters:
    ///   - folder: on this machine; uploads lie in it while they are judged.
    ///   - place: where files are kept; in `folder` when it is nil.
    ///   - fresh: this process alone writes into the folder: what a crash left there is removed.
    package init(folder: String, place: FilesPlace? = nil, world: World, fresh: Bool = false) throws {
        let local = try FileStore(folder: folder)
        blobs = try place?.store(world) ?? local
        spool = Spool(folder: local.folder + "/tmp")
        self.world = world
        guard fresh else { return }
        try local.clearTemporary()
        try (blobs as? FileStore)?.clearTemporary()
        spool.clear()
    }

    /// At start: a place that refuses us throws; one that cannot be reached now may come back, and is only noted.
    package func check() async throws {
        do {
            try await blobs.check()
        } catch BlobFault.unreachable(let why) {
            logger.error("files cannot be reached", metadata: ["place": "\(blobs.place)", "why": "\(why)"])
        }
    }

    package static let migrations = pictureMigrations + wasteMigrations

    private static let pictureMigrations: [Migration] = [
        Migration(
            "attachments-001-picture",
            """
            create table attachments_picture (
                id ID primary key,
                full_name TEXT not null,
                medium_name TEXT not null,
                square_name TEXT not null,
                width INT64 not null,
                height INT64 not null,
                created_ms INT64 not null
            );
            """)
    ]

    /// Deletes contents that nothing names any more.
    package func sweep(_ database: any Database) -> FileSweep { FileSweep(blobs, database, world) }

    /// Attempts to claim contents that are being deleted, a quarter of a second apart.
    private static let claimAttempts = 40

    package enum Size: Sendable { case full, medium, square }

    /// Judges, cleans and stores one picture. The files are kept before the row is written; a picture whose
    /// transaction fails leaves only content without a name.
    package func store(_ file: SpooledFile, in database: any Database) async throws -> Int64 {
        guard file.size <= Pictures.maxUploadBytes else { throw PictureRefusal.tooLarge }
        return try await store(in: database) { try Pictures.process(path: file.path) }
    }

    /// The same for a picture that the program itself made.
    package func store(_ bytes: [UInt8], in database: any Database) async throws -> Int64 {
        try await store(in: database) { try Pictures.process(bytes) }
    }

    /// A picture that lies in the spool, ready to be put away.
    private struct Judged: Sendable {
        let full: (file: SpooledFile, name: ContentName)
        let medium: (file: SpooledFile, name: ContentName)
        let square: (file: SpooledFile, name: ContentName)
        let width: Int
        let height: Int
    }

    private func store(
        in database: any Database, _ judge: @escaping @Sendable () throws -> ProcessedPicture
    ) async throws -> Int64 {
        let id = world.nextID()
        let judged = try await telling {
            let judged = try await spooled(judge)
            try await claim(id, judged, in: database)
            async let full: Void = blobs.put(path: judged.full.file.path, as: judged.full.name)
            async let medium: Void = blobs.put(path: judged.medium.file.path, as: judged.medium.name)
            async let square: Void = blobs.put(path: judged.square.file.path, as: judged.square.name)
            _ = try await (full, medium, square)
            return judged
        }
        let now = world.now()
        try await database.write { transaction in
            try transaction.run(
                """
                insert into attachments_picture
                    (id, full_name, medium_name, square_name, width, height, created_ms)
                values (\(id), \(judged.full.name.text), \(judged.medium.name.text), \(judged.square.name.text),
                    \(judged.width), \(judged.height), \(now))
                """)
            // Until something has it, it belongs to nothing: a form that is refused afterwards leaves no picture behind.
            try Self.letGo([id], at: now, transaction)
            try transaction.run("delete from attachments_claim where id = \(id)")
        }
        return id
    }

    /// Says that these contents are coming: see `FileSweep`.
    private func claim(_ id: Int64, _ judged: Judged, in database: any Database) async throws {
        let names = [judged.full.name.text, judged.medium.name.text, judged.square.name.text]
        for _ in 0..<Self.claimAttempts {
            let now = world.now()
            do {
                return try await database.write { try Self.claim(id, names, at: now, $0) }
            } catch is Going {
                try await Task.sleep(for: .milliseconds(250))
            }
        }
        throw BlobFault.unreachable("the same content is being deleted")
    }

    /// The renditions go to the disk at once: of all the pictures under way only one is in memory.
    private func spooled(_ judge: @escaping @Sendable () throws -> ProcessedPicture) async throws -> Judged {
        let spool = spool
        return try await withCheckedThrowingContinuation { continuation in
            Self.queue.async {
                continuation.resume(
                    with: Result {
                        let picture = try judge()
                        func keep(_ rendition: PictureRendition) throws -> (file: SpooledFile, name: ContentName) {
                            let file = try spool.file()
                            try file.append(rendition.bytes)
                            file.finish()
                            return (file, ContentName(of: rendition.bytes))
                        }
                        return Judged(
                            full: try keep(picture.picture), medium: try keep(picture.medium),
                            square: try keep(picture.square), width: picture.picture.width,
                            height: picture.picture.height)
                    })
            }
        }
    }

    /// The name of a stored picture's content, which is JPEG always; nil when there is none.
    package func name(_ id: Int64, _ size: Size, from database: any Database) async throws -> ContentName? {
        let name: String? = try await database.read { transaction in
            try transaction.first(
                "select full_name, medium_name, square_name from attachments_picture where id = \(id)"
            ) { row in
                switch size {
                case .full: try row.text(0)
                case .medium: try row.text(1)
                case .square: try row.text(2)
                }
            }
        }
        return try name.map { try ContentName($0) }
    }

    /// A file that has begun to come. Throws `FilesRefusal.unavailable` when the store does not answer.
    package func reader(_ name: ContentName) async throws -> BlobReader {
        try await telling {
            let reader = try await blobs.reader(name)
            try await reader.begin()
            return reader
        }
    }

    /// The next chunk of a file that is being sent. What breaks now can no more be told to the person, only noted.
    package func next(of reader: BlobReader) async throws -> ByteBuffer? {
        do {
            return try await reader.next()
        } catch {
            logger.error(
                "a file broke off", metadata: ["name": "\(reader.name)", "place": "\(blobs.place)", "why": "\(error)"])
            throw error
        }
    }

    /// Says in a person's words what they can do nothing about, and in the log what it was.
    private func telling<Result>(_ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let error where FilesRefusal(error) != nil {
            logger.error("files", metadata: ["place": "\(blobs.place)", "why": "\(error)"])
            throw FilesRefusal(error) ?? error
        }
    }

    /// Every name that a picture has: what must be there.
    package static func named(_ transaction: any ReadTransaction) throws -> Set<String> {
        let rows = try transaction.query("select full_name, medium_name, square_name from attachments_picture") {
            [try $0.text(0), try $0.text(1), try $0.text(2)]
        }
        return Set(rows.joined())
    }

    /// One picture at a time, on a thread of its own: decoding the largest needs some hundred megabytes.
    private static let queue = DispatchQueue(label: "attachments")
}

/// Why a file could be neither kept nor shown, through no fault of the sender: a form keeps its words.
package enum FilesRefusal: Refusal, Equatable {
    case full
    case unavailable

    /// Nil for what is a fault of ours: content that is gone or has changed.
    init?(_ error: any Error) {
        switch error {
        case let fault as BlobFault where fault.isFull: self = .full
        case let fault as SpoolFault where fault.isFull: self = .full
        case BlobFault.refused, BlobFault.untrusted, BlobFault.unreachable: self = .unavailable
        default: return nil
        }
    }

    package var kind: RefusalKind { .unavailable }
    package var message: Message {
        switch self {
        case .full: Phrase.errorFull()
        case .unavailable: Phrase.filesUnavailable()
        }
    }
}

import Foundation
import Kernel
import Storage
import Web

/// Files and pictures, linked by id alone: what a capability attaches it names by a file id, and who may see it is that
/// capability's affair.
package struct Attachments: Sendable {
    private let files: FileStore
    private let world: World
    /// Where uploads lie until they are judged.
    package let spool: Spool

    /// - Parameter fresh: this process alone writes into the folder: what a crash left there is removed.
    package init(folder: String, world: World, fresh: Bool = false) throws {
        files = try FileStore(folder: folder)
        spool = Spool(folder: files.folder + "/tmp")
        self.world = world
        guard fresh else { return }
        try files.clearTemporary()
        spool.clear()
    }

    package static let migrations: [Migration] = [
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

    package enum Size: Sendable { case full, medium, square }

    /// Judges, cleans and stores one picture. The files are on disk before the row is written; a picture whose
    /// transaction fails leaves only content without a name.
    package func store(_ file: SpooledFile, in database: any Database) async throws -> Int64 {
        guard file.size <= Pictures.maxUploadBytes else { throw PictureRefusal.tooLarge }
        return try await store(in: database) { try Pictures.process(path: file.path) }
    }

    /// The same for a picture that the program itself made.
    package func store(_ bytes: [UInt8], in database: any Database) async throws -> Int64 {
        try await store(in: database) { try Pictures.process(bytes) }
    }

    private func store(
        in database: any Database, _ judged: @escaping @Sendable () throws -> ProcessedPicture
    ) async throws -> Int64 {
        let files = files
        let names: (full: String, medium: String, square: String, width: Int, height: Int) =
            try await withCheckedThrowingContinuation { continuation in
                Self.queue.async {
                    continuation.resume(
                        with: Result {
                            let picture = try judged()
                            return (
                                try files.put(picture.picture.bytes).text, try files.put(picture.medium.bytes).text,
                                try files.put(picture.square.bytes).text, picture.picture.width,
                                picture.picture.height
                            )
                        })
                }
            }
        let id = world.nextID()
        let now = world.now()
        try await database.write { transaction in
            try transaction.run(
                """
                insert into attachments_picture
                    (id, full_name, medium_name, square_name, width, height, created_ms)
                values (\(id), \(names.full), \(names.medium), \(names.square), \(names.width), \(names.height), \(now))
                """)
        }
        return id
    }

    /// The bytes of a stored picture, always JPEG; nil when there is none.
    package func read(_ id: Int64, _ size: Size, from database: any Database) async throws -> [UInt8]? {
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
        guard let name else { return nil }
        return try files.bytes(of: ContentName(name))
    }

    /// One picture at a time, on a thread of its own: decoding the largest needs some hundred megabytes.
    private static let queue = DispatchQueue(label: "attachments")
}

import Foundation
import Kernel
import Storage

/// Files and pictures, linked by id alone: what a capability attaches it names by a file id, and who may see it is that
/// capability's affair.
package struct Attachments: Sendable {
    private let files: FileStore
    private let world: World

    package init(folder: String, world: World) throws {
        files = try FileStore(folder: folder)
        self.world = world
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
    package func store(_ bytes: [UInt8], in database: any Database) async throws -> Int64 {
        let files = files
        let names: (full: String, medium: String, square: String, width: Int, height: Int) =
            try await withCheckedThrowingContinuation { continuation in
                Self.queue.async {
                    continuation.resume(
                        with: Result {
                            let picture = try Pictures.process(bytes)
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

    /// Two pictures at a time: decoding needs memory.
    private static let queue = DispatchQueue(label: "attachments", attributes: [])
}

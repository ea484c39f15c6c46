import Kernel
import Logging
import Storage

extension Attachments {
    static let wasteMigrations: [Migration] = [
        Migration(
            "attachments-002-waste",
            """
            -- pictures that may belong to nothing: all that came in, and all that something let go of
            create table attachments_loose (
                picture_id ID primary key,
                since_ms INT64 not null
            );
            create index attachments_loose_since on attachments_loose(since_ms);
            -- contents on their way into the store: until their picture has its row nobody may delete them
            create table attachments_claim (
                id ID primary key,
                full_name TEXT not null,
                medium_name TEXT not null,
                square_name TEXT not null,
                at_ms INT64 not null
            );
            -- contents that lost a picture: they go when no other names them
            create table attachments_waste (
                name TEXT primary key,
                -- 0 before the first look
                since_ms INT64 not null,
                -- somebody deletes it until then
                until_ms INT64 not null
            );
            create index attachments_waste_since on attachments_waste(since_ms);
            create index attachments_picture_full on attachments_picture(full_name);
            create index attachments_picture_medium on attachments_picture(medium_name);
            create index attachments_picture_square on attachments_picture(square_name);
            insert into attachments_loose (picture_id, since_ms) select id, created_ms from attachments_picture;
            """)
    ]

    /// Says that something let go of pictures. They stay while anything else has them.
    package static func letGo(_ pictures: [Int64], at now: Instant, _ transaction: any WriteTransaction) throws {
        for id in pictures {
            try transaction.run(
                """
                insert into attachments_loose (picture_id, since_ms) values (\(id), \(now))
                on conflict (picture_id) do update set since_ms = excluded.since_ms
                """)
        }
    }

    /// Which of some pictures something has; told by the floors above.
    package typealias InUse = @Sendable (_ pictures: [Int64], _ transaction: any ReadTransaction) throws -> Set<Int64>

    /// Forgets at most so many pictures that have belonged to nothing since a moment; their contents go later, by
    /// `FileSweep`. Returns when each was let go: none when there is none left.
    package static func forgetLoose(
        before: Instant, limit: Int, inUse: InUse, _ transaction: any WriteTransaction
    ) throws -> [Instant] {
        // Most of what came in belongs to something by now and is only passed: so some rounds for one answer.
        for _ in 0..<25 {
            let loose = try transaction.query(
                """
                select picture_id, since_ms from attachments_loose where since_ms < \(before)
                order by since_ms, picture_id limit \(limit)
                """
            ) { (id: try $0.int(0), since: try $0.instant(1)) }
            guard !loose.isEmpty else { return [] }
            let used = try inUse(loose.map(\.id), transaction)
            for one in loose where !used.contains(one.id) {
                let names = try transaction.first(
                    "select full_name, medium_name, square_name from attachments_picture where id = \(one.id)"
                ) { [try $0.text(0), try $0.text(1), try $0.text(2)] }
                try waste(names ?? [], transaction)
                try transaction.run("delete from attachments_picture where id = \(one.id)")
            }
            let all = SQL.joined(loose.map { "\($0.id)" })
            try transaction.run("delete from attachments_loose where picture_id in (\(all))")
            let gone = loose.filter { !used.contains($0.id) }.map(\.since)
            if !gone.isEmpty { return gone }
        }
        return []
    }

    private static func waste(_ names: [String], _ transaction: any WriteTransaction) throws {
        for name in Set(names) {
            try transaction.run(
                """
                insert into attachments_waste (name, since_ms, until_ms) values (\(name), 0, 0)
                on conflict (name) do nothing
                """)
        }
    }

    /// Somebody deletes one of the contents.
    struct Going: Error {}

    /// Before contents are put into the store: from now on nobody deletes them. Throws `Going`, and so changes nothing,
    /// while somebody does.
    static func claim(_ id: Int64, _ names: [String], at now: Instant, _ transaction: any WriteTransaction) throws {
        let all = SQL.joined(names.map { "\($0)" })
        try transaction.run("delete from attachments_waste where name in (\(all)) and until_ms <= \(now)")
        try transaction.run(
            """
            insert into attachments_claim (id, full_name, medium_name, square_name, at_ms)
            values (\(id), \(names[0]), \(names[1]), \(names[2]), \(now))
            """)
        // Looked at last: on PostgreSQL another transaction may have marked one between the two statements.
        let isGoing = try transaction.first("select name from attachments_waste where name in (\(all)) limit 1") {
            try $0.text(0)
        }
        guard isGoing == nil else { throw Going() }
    }

    /// Uploads that never came to their end give their contents up.
    static func endClaims(before: Instant, _ transaction: any WriteTransaction) throws {
        let dead = try transaction.query(
            "select id, full_name, medium_name, square_name from attachments_claim where at_ms < \(before) limit 200"
        ) { (id: try $0.int(0), names: [try $0.text(1), try $0.text(2), try $0.text(3)]) }
        for one in dead {
            try waste(one.names, transaction)
            try transaction.run("delete from attachments_claim where id = \(one.id)")
        }
    }
}

/// Deletes contents that no picture names any more, from the disk or the bucket.
///
/// The same bytes may belong to another picture, and may be on their way in at this moment. So each content is marked in
/// one transaction with whoever asks whether it is named; an upload marks its contents before it looks whether they are
/// there, waits while one of them is being deleted, and its row takes the mark away. A mark of either kind runs out
/// when its process is killed; whoever comes later begins anew.
package struct FileSweep: Sendable {
    /// Contents stay so long after their last picture: a backup under way still finds them.
    package static let graceMs = Instant.dayMs
    /// An upload that takes longer than this was killed.
    package static let claimMs = Instant.hourMs
    /// How long a deletion is marked, and how much of that must be left when one begins.
    package static let leaseMs: Int64 = 120_000
    static let marginMs: Int64 = 60_000
    private static let batch = 50

    let blobs: any BlobStore
    let world: World
    /// Another way into the data, for tests that interrupt.
    package var database: any Database
    private let logger = Logger(label: "redsteward.files")

    init(_ blobs: any BlobStore, _ database: any Database, _ world: World) {
        self.blobs = blobs
        self.database = database
        self.world = world
    }

    /// Deletes some contents. Returns how many: 0 when there is nothing to do now.
    @discardableResult
    package func step() async throws -> Int {
        let now = world.now()
        // A quiet house writes nothing.
        let isAny = try await database.read { transaction in
            try transaction.first("select 1 from attachments_waste limit 1") { try $0.int(0) } != nil
                || transaction.first(
                    "select 1 from attachments_claim where at_ms < \(now.adding(ms: -Self.claimMs)) limit 1"
                ) { try $0.int(0) } != nil
        }
        guard isAny else { return 0 }
        let until = now.adding(ms: Self.leaseMs)
        let marked = try await database.write { transaction in
            try Attachments.endClaims(before: now.adding(ms: -Self.claimMs), transaction)
            try transaction.run("update attachments_waste set since_ms = \(now) where since_ms = 0")
            return try Self.mark(at: now, until: until, transaction)
        }
        var count = 0
        for name in marked {
            // Late: what is left is somebody else's by and by.
            guard world.now() < until.adding(ms: -Self.marginMs) else { break }
            if let content = try? ContentName(name) {
                do {
                    try await blobs.delete(content)
                } catch {
                    logger.error("a file stays", metadata: ["place": "\(blobs.place)", "why": "\(error)"])
                    continue
                }
            }
            count += 1
            try await database.write { transaction in
                try transaction.run("delete from attachments_waste where name = \(name) and until_ms = \(until)")
            }
        }
        return count
    }

    /// Marks contents whose time is over and that nothing names.
    private static func mark(
        at now: Instant, until: Instant, _ transaction: any WriteTransaction
    ) throws -> [String] {
        let old = try transaction.query(
            """
            select name from attachments_waste
            where since_ms <= \(now.adding(ms: -graceMs)) and until_ms <= \(now) order by since_ms, name limit \(batch)
            """
        ) { try $0.text(0) }
        var marked: [String] = []
        for name in old {
            func isNamed(_ table: SQL) throws -> Bool {
                for column: SQL in ["full_name", "medium_name", "square_name"] {
                    let found = try transaction.first("select id from \(table) where \(column) = \(name) limit 1") {
                        try $0.int(0)
                    }
                    if found != nil { return true }
                }
                return false
            }
            // Claims first: the row of a picture takes its claim away in one transaction, and may come in between.
            if try isNamed("attachments_claim") || isNamed("attachments_picture") {
                try transaction.run("delete from attachments_waste where name = \(name) and until_ms <= \(now)")
                continue
            }
            // An upload that was faster took the row away.
            let count = try transaction.run(
                "update attachments_waste set until_ms = \(until) where name = \(name) and until_ms <= \(now)")
            if count == 1 { marked.append(name) }
        }
        return marked
    }
}

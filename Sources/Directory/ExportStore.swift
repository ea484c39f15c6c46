import Kernel
import Storage

/// Every SQL word about exports of lists.
enum ExportStore {
    private static let columns: SQL = """
        id, list, person_id, post_id, language, status, rows_count, parts, next_cursor, fault, created_ms
        """

    private static func record(_ row: any Row) throws -> ExportRecord {
        let post = try row.int(3)
        return ExportRecord(
            id: try row.id(0), list: try row.text(1), person: try row.id(2), post: post == 0 ? nil : PostID(post),
            language: Language(rawValue: try row.text(4)) ?? .zh, status: try row.raw(5), rows: try row.int(6),
            parts: try row.int(7), cursor: try row.text(8), fault: try row.text(9), created: try row.instant(10))
    }

    static func load(_ id: ExportID, _ transaction: any ReadTransaction) throws -> ExportRecord? {
        try transaction.first("select \(columns) from directory_export where id = \(id)", record)
    }

    static func asked(_ id: ExportID, _ transaction: any ReadTransaction) throws -> [UInt8] {
        try transaction.first("select asked from directory_export where id = \(id)") { try $0.bytes(0) } ?? []
    }

    /// The newest first.
    static func of(
        _ person: PersonID, before: ExportID? = nil, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [ExportRecord] {
        try transaction.query(
            """
            select \(columns) from directory_export
            where person_id = \(person) and id < \(before?.raw ?? Int64.max) order by id desc limit \(limit)
            """, record)
    }

    /// One that the person began with the same words and that is not ready yet.
    static func begun(
        _ person: PersonID, list: String, post: PostID?, digest: [UInt8], _ transaction: any ReadTransaction
    ) throws -> ExportID? {
        try transaction.first(
            """
            select id from directory_export where person_id = \(person) and list = \(list) and digest = \(digest)
                and post_id = \(post?.raw ?? 0) and status < 2 order by id limit 1
            """
        ) { try $0.id(0) }
    }

    static func countBusy(_ person: PersonID, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            "select count(*) from directory_export where person_id = \(person) and status < 2"
        ) { try $0.int(0) } ?? 0
    }

    static func isAnyBusy(_ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first("select id from directory_export where status < 2 limit 1") { try $0.int(0) } != nil
    }

    static func insert(
        _ record: ExportRecord, asked: [UInt8], digest: [UInt8], _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_export (id, list, person_id, post_id, language, status, asked, digest, rows_count,
                parts, next_cursor, fault, created_ms)
            values (\(record.id), \(record.list), \(record.person), \(record.post?.raw ?? 0),
                \(record.language.rawValue), 0, \(asked), \(digest), 0, 0, '', '', \(record.created))
            """)
    }

    /// One more piece. False when somebody else wrote it.
    static func advance(
        _ record: ExportRecord, rows: Int64, cursor: String, isLast: Bool, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_export set status = \(isLast ? 2 : 1), rows_count = rows_count + \(rows),
                parts = parts + 1, next_cursor = \(cursor)
            where id = \(record.id) and parts = \(record.parts) and status < 2
            """) == 1
    }

    static func fail(_ id: ExportID, _ fault: String, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            "update directory_export set status = 3, fault = \(fault) where id = \(id) and status < 2")
        try ImportStore.deleteParts(id.raw, transaction)
    }

    static func delete(_ id: ExportID, _ transaction: any WriteTransaction) throws {
        try ImportStore.deleteParts(id.raw, transaction)
        try transaction.run("delete from directory_export where id = \(id)")
    }

    static func old(before moment: Instant, _ transaction: any ReadTransaction) throws -> [ExportID] {
        try transaction.query(
            "select id from directory_export where created_ms < \(moment) order by created_ms limit 100"
        ) { try $0.id(0) }
    }
}

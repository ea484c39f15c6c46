import Kernel
import Storage

/// Every SQL word about imports and the pieces of files.
enum ImportStore {
    private static let columns: SQL = """
        id, kind, area_id, person_id, status, file_name, file_bytes, setup, edition, pass, seen, total, fresh, changed,
        same, skipped, bad, kept, fault, created_ms, touched_ms
        """

    private static func record(_ row: any Row) throws -> ImportRecord {
        guard let kind = ImportKind(rawValue: try row.text(1)) else { throw StorageFailure.decoding("ImportKind") }
        let (area, person) = (try row.int(2), try row.int(3))
        return ImportRecord(
            id: try row.id(0), kind: kind, area: area == 0 ? nil : AreaID(area),
            person: person == 0 ? nil : PersonID(person), status: try row.raw(4), fileName: try row.text(5),
            fileBytes: try row.int(6), setup: ImportSetup(text: try row.text(7)), edition: try row.int(8),
            pass: try row.int(9), seen: try row.int(10), total: try row.int(11), fresh: try row.int(12),
            changed: try row.int(13), same: try row.int(14), skipped: try row.int(15), bad: try row.int(16),
            kept: try row.int(17), fault: try row.text(18), created: try row.instant(19),
            touched: try row.instant(20))
    }

    static func load(_ id: ImportID, _ transaction: any ReadTransaction) throws -> ImportRecord? {
        try transaction.first("select \(columns) from directory_import where id = \(id)", record)
    }

    /// The latest at or below the places where somebody may bring things in.
    static func list(
        _ areas: [AreaPath], before: ImportID? = nil, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [ImportRecord] {
        let page: SQL = before.map { " and id < \($0)" } ?? .empty
        var result: [ImportRecord] = []
        for path in areas {
            result += try transaction.query(
                """
                select \(columns) from directory_import
                where area_id in (select id from directory_area where path >= \(path.text)
                    and path < \(path.upperBound))\(page) order by id desc limit \(limit)
                """, record)
        }
        return Array(result.sorted { $0.id > $1.id }.prefix(limit))
    }

    static func insert(
        _ id: ImportID, kind: ImportKind, area: AreaID?, person: PersonID?, file: String, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_import (id, kind, area_id, person_id, status, file_name, file_bytes, setup, edition,
                pass, seen, total, fresh, changed, same, skipped, bad, kept, fault, created_ms, touched_ms)
            values (\(id), \(kind.rawValue), \(area?.raw ?? 0), \(person?.raw ?? 0), 0, \(file), 0, '{}', 0,
                0, 0, 0, 0, 0, 0, 0, 0, 0, '', \(now), \(now))
            """)
    }

    /// Goes from one status to another. False when somebody was faster.
    static func move(
        _ id: ImportID, from: ImportStatus, to: ImportStatus, fault: String = "", at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_import set status = \(to), fault = \(fault), touched_ms = \(now)
            where id = \(id) and status = \(from)
            """) == 1
    }

    static func received(_ id: ImportID, bytes: Int, at now: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            update directory_import set file_bytes = \(bytes), status = 1, touched_ms = \(now)
            where id = \(id) and status = 0
            """)
    }

    static func isAnyBusy(_ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first("select id from directory_import where status in (1, 3, 5, 7) limit 1") {
            try $0.int(0)
        } != nil
    }

    static func setSetup(
        _ id: ImportID, _ setup: ImportSetup, sample: [UInt8]?, status: ImportStatus, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update directory_import set setup = \(setup.text), sample = \(sample), status = \(status),
                edition = edition + 1, touched_ms = \(now) where id = \(id)
            """)
    }

    static func changeSetup(
        _ id: ImportID, _ setup: ImportSetup, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run("update directory_import set setup = \(setup.text) where id = \(id)")
    }

    static func sample(_ id: ImportID, _ transaction: any ReadTransaction) throws -> [UInt8]? {
        try transaction.first("select sample from directory_import where id = \(id)") { try $0.optionalBytes(0) } ?? nil
    }

    /// Begins to count anew.
    static func reset(_ id: ImportID, pass: Int64, keepsTotal: Bool, _ transaction: any WriteTransaction) throws {
        let total: SQL = keepsTotal ? "total" : "0"
        try transaction.run(
            """
            update directory_import set pass = \(pass), seen = 0, total = \(total), fresh = 0, changed = 0, same = 0,
                skipped = 0, bad = 0, kept = 0 where id = \(id)
            """)
        try transaction.run("delete from directory_import_bad where import_id = \(id)")
    }

    /// Writes how far it is, if nobody else wrote in between.
    static func progress(
        _ r: ImportRecord, from seen: Int64, pass: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_import set pass = \(r.pass), seen = \(r.seen), total = \(r.total), fresh = \(r.fresh),
                changed = \(r.changed), same = \(r.same), skipped = \(r.skipped), bad = \(r.bad), kept = \(r.kept),
                touched_ms = \(now)
            where id = \(r.id) and seen = \(seen) and pass = \(pass) and status = \(r.status)
            """) == 1
    }

    // MARK: Pieces of files

    static func addPart(
        _ owner: Int64, _ number: Int64, bytes: Int, _ sealed: [UInt8], _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_part (owner_id, number, bytes_count, sealed)
            values (\(owner), \(number), \(bytes), \(sealed))
            """)
    }

    static func part(_ owner: Int64, _ number: Int64, _ transaction: any ReadTransaction) throws -> [UInt8]? {
        try transaction.first(
            "select sealed from directory_part where owner_id = \(owner) and number = \(number)"
        ) { try $0.bytes(0) }
    }

    static func deleteParts(_ owner: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from directory_part where owner_id = \(owner)")
    }

    /// The file goes, with the rows of it that were kept to be looked at.
    static func forgetFile(_ id: ImportID, _ transaction: any WriteTransaction) throws {
        try deleteParts(id.raw, transaction)
        try transaction.run("update directory_import set sample = null where id = \(id)")
    }

    // MARK: Rows

    static func addBad(
        _ id: ImportID, _ number: Int64, line: Int, _ fault: RowFault, _ sealed: [UInt8],
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_import_bad (import_id, number, line, field, reason, sealed)
            values (\(id), \(number), \(line), \(fault.field?.rawValue ?? ""), \(fault.reason.rawValue), \(sealed))
            """)
    }

    struct SealedBad: Sendable {
        let number: Int64
        let line: Int64
        let field: String
        let reason: String
        let sealed: [UInt8]
    }

    static func bad(
        _ id: ImportID, after number: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [SealedBad] {
        try transaction.query(
            """
            select number, line, field, reason, sealed from directory_import_bad
            where import_id = \(id) and number > \(number) order by number limit \(limit)
            """
        ) {
            SealedBad(
                number: try $0.int(0), line: try $0.int(1), field: try $0.text(2), reason: try $0.text(3),
                sealed: try $0.bytes(4))
        }
    }

    static func addMade(
        _ id: ImportID, _ number: Int64, _ what: ImportMade, _ subject: Int64, _ mark: [UInt8],
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_import_made (import_id, number, what, subject_id, mark, kept)
            values (\(id), \(number), \(what), \(subject), \(mark), '')
            """)
    }

    static func countMade(_ id: ImportID, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            "select coalesce(max(number), 0) from directory_import_made where import_id = \(id)"
        ) { try $0.int(0) } ?? 0
    }

    /// The latest made first, below a number.
    static func made(
        _ id: ImportID, below number: Int64, kept: Bool, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [MadeRow] {
        let only: SQL = kept ? "kept <> ''" : "kept = ''"
        return try transaction.query(
            """
            select number, what, subject_id, mark, kept from directory_import_made
            where import_id = \(id) and number < \(number) and \(only) order by number desc limit \(limit)
            """
        ) {
            MadeRow(
                number: try $0.int(0), what: try $0.raw(1), subject: try $0.int(2), mark: try $0.bytes(3),
                kept: try $0.text(4))
        }
    }

    static func forgetMade(_ id: ImportID, _ number: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from directory_import_made where import_id = \(id) and number = \(number)")
    }

    static func keepMade(
        _ id: ImportID, _ number: Int64, _ reason: String, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            "update directory_import_made set kept = \(reason) where import_id = \(id) and number = \(number)")
    }

    // MARK: Mappings

    static func mappings(
        _ kind: ImportKind, _ area: AreaID?, _ transaction: any ReadTransaction
    ) throws -> [(id: Int64, name: String, setup: ImportSetup)] {
        try transaction.query(
            """
            select id, name, setup from directory_import_mapping
            where area_id = \(area?.raw ?? 0) and kind = \(kind.rawValue) order by saved_ms desc limit 50
            """
        ) { (try $0.int(0), try $0.text(1), ImportSetup(text: try $0.text(2))) }
    }

    static func saveMapping(
        _ id: Int64, _ kind: ImportKind, _ area: AreaID?, _ name: String, _ setup: ImportSetup, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_import_mapping (id, area_id, kind, name, setup, saved_ms)
            values (\(id), \(area?.raw ?? 0), \(kind.rawValue), \(name), \(setup.text), \(now))
            on conflict (area_id, kind, name) do update set setup = excluded.setup, saved_ms = excluded.saved_ms
            """)
    }

    // MARK: Time

    /// Files that nobody went on with since a moment.
    static func stale(before moment: Instant, _ transaction: any ReadTransaction) throws -> [ImportID] {
        try transaction.query(
            """
            select id from directory_import
            where touched_ms < \(moment) and status in (0, 2, 4, 10) order by touched_ms limit 100
            """
        ) { try $0.id(0) }
    }

    /// Rows that were bad are kept for a while after the end.
    static func forgetBad(before moment: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            delete from directory_import_bad where import_id in (
                select id from directory_import where touched_ms < \(moment) and status in (6, 8, 9, 10))
            """)
    }
}

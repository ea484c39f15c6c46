import Crypto
import Kernel

/// Writes a house into an empty database, and goes on where it was interrupted.
///
/// While it is unfinished, the table of migrations holds a step that no program knows, so no server opens it. That row
/// also says how far the copy came; it changes in the transaction that brings the rows.
package struct HouseTarget: Sendable {
    /// The step that marks an unfinished copy.
    package static let markID = "unfinished-copy"
    /// Rows written in one statement.
    private static let statementRows = 20

    private let database: any Database
    private let sections: [HouseSection]
    private let landed: [LandedStep]
    private let source: [UInt8]
    /// Where an interrupted copy stands; nil at the beginning.
    package let place: HousePlace?

    /// Prepares the target: makes the tables, or finds its unfinished copy of the same source.
    ///
    /// - Parameters:
    ///   - landed: the source's steps; the target gets these and no others.
    ///   - identity: names the source; a copy of another is not gone on with. Any bytes.
    /// Throws `HouseFault.notEmpty` and `.otherCopy`, and changes nothing then.
    package init(
        _ database: any Database, schema: Schema, landed: [LandedStep], identity: [UInt8], at now: Instant
    ) async throws {
        let part = try schema.restricted(to: landed)
        let source = Array(SHA256.hash(data: identity + HouseDigest(landed: landed, sections: []).digest))
        sections = try TableCatalogue(part).sections
        self.landed = landed
        self.database = database
        self.source = source
        let tables = sections.filter { $0.kind == .rows }.map(\.table)
        let state = try await database.read { try Self.state($0, tables, landed) }
        switch state {
        case .unfinished(let mark):
            guard let found = Mark(mark), found.source == source else { throw HouseFault.otherCopy }
            place = found.place
            return
        case .full: throw HouseFault.notEmpty
        case .bare, .empty: place = nil
        }
        let isBare = if case .bare = state { true } else { false }
        let mark = Mark(source: source, place: nil).bytes
        let engine = database.engine
        // One transaction: a process that is killed between the tables and the mark would leave what looks like a house.
        try await database.exclusively { transaction in
            if isBare { try part.migrate(engine, at: now, transaction) }
            // What the migrations themselves planted; the source has its own.
            for table in tables.reversed() { try transaction.run(SQL(parts: [.text("delete from \(table.name)")])) }
            try transaction.run("delete from storage_migration")
            for step in landed {
                try transaction.run(
                    """
                    insert into storage_migration (id, checksum, applied_ms)
                    values (\(step.id), \(step.checksum), \(step.appliedMs))
                    """)
            }
            try transaction.run(
                """
                insert into storage_migration (id, checksum, applied_ms) values (\(Self.markID), \(mark), \(now))
                """)
        }
    }

    private enum State: Sendable {
        case bare, empty, full
        case unfinished([UInt8])
    }

    private static func state(
        _ transaction: any ReadTransaction, _ tables: [TableShape], _ expected: [LandedStep]
    ) throws -> State {
        let landed = try Schema.landed(transaction)
        if let mark = landed.first(where: { $0.id == markID }) { return .unfinished(mark.checksum) }
        if landed.isEmpty { return try transaction.first(.tableCount, { try $0.int(0) }) == 0 ? .bare : .full }
        guard landed.map(\.id) == expected.map(\.id) else { return .full }
        for table in tables {
            let sql = SQL(parts: [.text("select 1 from \(table.name) limit 1")])
            if try transaction.first(sql, { _ in true }) != nil { return .full }
        }
        return .empty
    }

    /// Writes the rows and the mark in one transaction. Rows that are there already are left out.
    package func write(_ batch: HouseBatch) async throws {
        let section = sections[batch.section]
        guard let last = batch.rows.last else { return }
        var rows = batch.rows
        if let place {
            if batch.section < place.section { return }
            if batch.section == place.section {
                let skip = place.rows - batch.before
                if skip >= Int64(rows.count) { return }
                if skip > 0 { rows.removeFirst(Int(skip)) }
            }
        }
        let next = HousePlace(
            section: batch.section, rows: batch.before + Int64(batch.rows.count), key: section.key.map { last[$0] })
        let mark = Mark(source: source, place: next).bytes
        let fresh = rows
        try await database.write { transaction in
            let count = try Self.put(fresh, section, transaction)
            guard count == fresh.count else { throw StorageFailure.engine("\(section.name): a row is missing") }
            let marked = try transaction.run(
                "update storage_migration set checksum = \(mark) where id = \(Self.markID)")
            guard marked == 1 else { throw HouseFault.otherCopy }
        }
    }

    /// The digest of what is there now.
    package func digest() async throws -> HouseDigest {
        let sections = sections
        return try await database.read { transaction in
            let landed = try Schema.landed(transaction).filter { $0.id != Self.markID }
            return try HouseSource(landed: landed, sections: sections).read(transaction)
        }
    }

    /// Ends the copy if the target holds what the source does; else it stays unfinished, and no server opens it.
    ///
    /// Throws `HouseFault.differs`.
    @discardableResult
    package func finish(expecting expected: HouseDigest) async throws -> HouseDigest {
        let found = try await digest()
        guard found == expected else { throw HouseFault.differs(expected.differences(from: found)) }
        try await database.write { transaction in
            let gone = try transaction.run("delete from storage_migration where id = \(Self.markID)")
            guard gone == 1 else { throw HouseFault.otherCopy }
        }
        // It is whole without them.
        try? await database.takeStatistics()
        return found
    }

    // MARK: Statements

    private static func put(
        _ rows: [[SQLValue]], _ section: HouseSection, _ transaction: any WriteTransaction
    ) throws -> Int {
        if section.kind == .links { return try link(rows, section.table, transaction) }
        let table = section.table
        let ready = table.selfReference == nil ? rows : rows.map { withoutLaterReference($0, table) }
        return try stride(from: 0, to: ready.count, by: statementRows).reduce(0) { count, start in
            let some = Array(ready[start..<min(start + statementRows, ready.count)])
            return try count + transaction.run(table.isTextIndex ? terms(some, table) : insert(some, table))
        }
    }

    private static func insert(_ rows: [[SQLValue]], _ table: TableShape) -> SQL {
        let names = table.columns.map(\.name).joined(separator: ", ")
        var parts: [SQL.Part] = [.text("insert into \(table.name) (\(names)) values ")]
        for (index, row) in rows.enumerated() {
            parts.append(.text(index == 0 ? "(" : ", ("))
            parts += HouseSource.list(row) + [.text(")")]
        }
        return SQL(parts: parts)
    }

    private static func terms(_ rows: [[SQLValue]], _ table: TableShape) -> SQL {
        var sqlite: [SQL.Part] = [.text("insert into \(table.name) (rowid, terms) values ")]
        var postgres: [SQL.Part] = [.text("insert into \(table.name) (id, terms) values ")]
        for (index, row) in rows.enumerated() {
            let open: SQL.Part = .text(index == 0 ? "(" : ", (")
            sqlite += [open, .bind(row[0]), .text(", "), .bind(row[1]), .text(")")]
            postgres += [
                open, .bind(row[0]), .text(", array_to_tsvector(string_to_array("), .bind(row[1]), .text(", ' ')))"),
            ]
        }
        return SQL(parts: [.perEngine(sqlite: sqlite, postgres: postgres)])
    }

    private static func link(
        _ rows: [[SQLValue]], _ table: TableShape, _ transaction: any WriteTransaction
    ) throws -> Int {
        let key = table.columns[table.key[0]].name
        let reference = table.columns[table.selfReference ?? 0].name
        return try rows.reduce(0) { count, row in
            try count
                + transaction.run(
                    SQL(parts: [
                        .text("update \(table.name) set \(reference) = "), .bind(row[1]), .text(" where \(key) = "),
                        .bind(row[0]),
                    ]))
        }
    }

    private static func withoutLaterReference(_ row: [SQLValue], _ table: TableShape) -> [SQLValue] {
        guard let reference = table.selfReference, case .int(let key) = row[table.key[0]],
            case .int(let other) = row[reference], other > key
        else { return row }
        var row = row
        row[reference] = .null
        return row
    }

    /// What the marking row holds.
    private struct Mark {
        let source: [UInt8]
        let place: HousePlace?

        init(source: [UInt8], place: HousePlace?) {
            self.source = source
            self.place = place
        }

        init?(_ bytes: [UInt8]) {
            var reader = CodeReader(bytes)
            guard let source = try? reader.content() else { return nil }
            self.source = source
            if reader.isAtEnd {
                place = nil
                return
            }
            guard let section = try? reader.uint32(), let rows = try? reader.int64() else { return nil }
            var key: [SQLValue] = []
            while !reader.isAtEnd {
                guard let value = try? reader.value() else { return nil }
                key.append(value)
            }
            place = HousePlace(section: Int(section), rows: rows, key: key)
        }

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            RowCode.append(source, to: &bytes)
            if let place {
                RowCode.append(UInt32(place.section), to: &bytes)
                RowCode.append(UInt64(place.rows), to: &bytes)
                for value in place.key { RowCode.append(value, to: &bytes) }
            }
            return bytes
        }
    }
}

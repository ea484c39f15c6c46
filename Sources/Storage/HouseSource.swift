import Kernel

/// Reads a whole house at one moment, in pages: what `copy`, `backup` and `digest` see.
package struct HouseSource: Sendable {
    /// The steps that have landed, without the mark of an unfinished copy.
    package let landed: [LandedStep]
    package let sections: [HouseSection]

    /// Rows read at once: the memory of a read is that of one page.
    package static let pageRows = 500

    /// What happens while a house is read. All of it is told on the thread that reads.
    package struct Listener {
        package var began: (_ section: Int) throws -> Void = { _ in }
        package var batch: (HouseBatch) throws -> Void = { _ in }
        package var ended: (_ section: Int, SectionDigest) throws -> Void = { _, _ in }
        package init() {}
    }

    init(landed: [LandedStep], sections: [HouseSection]) {
        self.landed = landed
        self.sections = sections
    }

    /// - Parameter schema: the program's; a database of an older version is read by the part that has landed.
    package init(_ schema: Schema, _ transaction: any ReadTransaction) throws {
        landed = try Schema.landed(transaction).filter { $0.id != HouseTarget.markID }
        guard !landed.isEmpty else { throw HouseFault.noHouse }
        sections = try TableCatalogue(schema.restricted(to: landed)).sections
    }

    /// The tables alone, without what is only there to write them again.
    package var tables: HouseSource { HouseSource(landed: landed, sections: sections.filter { $0.kind == .rows }) }

    /// - Parameter names: of tables.
    package func only(_ names: Set<String>) -> HouseSource {
        HouseSource(landed: landed, sections: sections.filter { names.contains($0.name) })
    }

    /// How many rows there are, for a bar that shows progress.
    package func count(_ transaction: any ReadTransaction) throws -> [Int64] {
        try sections.map { section in
            guard section.kind == .rows else { return 0 }
            let sql = SQL(parts: [.text("select count(*) from \(section.table.name)")])
            return try transaction.first(sql) { try $0.int(0) } ?? 0
        }
    }

    /// Reads everything in one transaction and returns the digest of it.
    @discardableResult
    package func read(_ transaction: any ReadTransaction, _ listener: Listener = Listener()) throws -> HouseDigest {
        var run = DigestRun(sections)
        for index in sections.indices {
            try listener.began(index)
            try pages(index, transaction) { batch in
                run.add(batch.rows)
                try listener.batch(batch)
            }
            try listener.ended(index, run.end())
        }
        return run.result(landed)
    }

    /// Reads what comes after a place, without a digest.
    package func read(
        after place: HousePlace?, _ transaction: any ReadTransaction, _ each: (HouseBatch) throws -> Void
    ) throws {
        for index in sections.indices where index >= place?.section ?? 0 {
            let start = index == place?.section ? place : nil
            try pages(index, after: start?.key, before: start?.rows ?? 0, transaction, each)
        }
    }

    private func pages(
        _ index: Int, after key: [SQLValue]? = nil, before: Int64 = 0, _ transaction: any ReadTransaction,
        _ each: (HouseBatch) throws -> Void
    ) throws {
        let section = sections[index]
        var key = key
        var before = before
        while true {
            try Task.checkCancellation()
            let rows = try transaction.query(Self.page(section, after: key)) { try Self.row(section, $0) }
            guard let last = rows.last else { return }
            try each(HouseBatch(section: index, before: before, rows: rows))
            before += Int64(rows.count)
            key = section.key.map { last[$0] }
            if rows.count < Self.pageRows { return }
        }
    }

    private static func page(_ section: HouseSection, after key: [SQLValue]?) -> SQL {
        let table = section.table
        guard !table.isTextIndex else { return textPage(table.name, after: key) }
        let names = section.key.map { section.columns[$0].name }.joined(separator: ", ")
        var conditions: [[SQL.Part]] = []
        if section.kind == .links {
            conditions.append([.text("\(section.columns[1].name) > \(section.columns[0].name)")])
        }
        if let key { conditions.append([.text("(\(names)) > (")] + list(key) + [.text(")")]) }
        var parts: [SQL.Part] = [
            .text("select \(section.columns.map(\.name).joined(separator: ", ")) from \(table.name)")
        ]
        for (index, condition) in conditions.enumerated() {
            parts.append(.text(index == 0 ? " where " : " and "))
            parts += condition
        }
        parts += [.text(" order by \(names) limit "), .bind(.int(Int64(pageRows)))]
        return SQL(parts: parts)
    }

    private static func textPage(_ name: String, after key: [SQLValue]?) -> SQL {
        let bound: SQL.Part = .bind(key?.first ?? .int(Int64.min))
        return SQL(parts: [
            .perEngine(
                sqlite: [
                    .text("select rowid, terms from \(name) where rowid > "), bound, .text(" order by rowid limit "),
                ],
                postgres: [
                    .text("select id, array_to_string(tsvector_to_array(terms), ' ') from \(name) where id > "), bound,
                    .text(" order by id limit "),
                ]),
            .bind(.int(Int64(pageRows))),
        ])
    }

    static func list(_ values: [SQLValue]) -> [SQL.Part] {
        values.enumerated().flatMap { index, value -> [SQL.Part] in
            index == 0 ? [.bind(value)] : [.text(", "), .bind(value)]
        }
    }

    private static func row(_ section: HouseSection, _ row: any Row) throws -> [SQLValue] {
        try section.columns.enumerated().map { index, column in
            if row.isNull(index) { return .null }
            switch column.kind {
            case .int: return .int(try row.int(index))
            case .real: return .real(try row.real(index))
            case .text: return .text(try row.text(index))
            case .bytes: return .bytes(try row.bytes(index))
            case .flag: return .flag(try row.flag(index))
            case .terms: return .text(terms(try row.text(index)))
            }
        }
    }

    /// Each term once, in the order of the bytes: what both engines find by, whatever they keep.
    static func terms(_ text: String) -> String {
        let sorted = text.utf8.split(separator: 0x20).map(Array.init).sorted { $0.lexicographicallyPrecedes($1) }
        var bytes: [UInt8] = []
        var last: [UInt8] = []
        for term in sorted where term != last {
            if !bytes.isEmpty { bytes.append(0x20) }
            bytes += term
            last = term
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// How far a copy has come.
package struct HousePlace: Sendable, Equatable {
    package let section: Int
    /// Rows of the section that are there.
    package let rows: Int64
    /// The key of the last of them.
    package let key: [SQLValue]
    package init(section: Int, rows: Int64, key: [SQLValue]) {
        self.section = section
        self.rows = rows
        self.key = key
    }
}

/// Why a house cannot be read or written as a whole.
package enum HouseFault: Error, Sendable, Equatable {
    /// There are no tables of a house.
    case noHouse
    /// The target holds something.
    case notEmpty
    /// The target holds an unfinished copy of another house or backup.
    case otherCopy
    /// The copy is finished and does not hold the same rows.
    case differs([String])
    /// The stream ends before its end.
    case cutShort
    /// The stream is not what was written.
    case damaged(String)
    /// The stream has a form that this version does not know.
    case newerForm(Int)
}

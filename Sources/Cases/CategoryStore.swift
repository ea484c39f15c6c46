import Directory
import Kernel
import Storage

enum CategoryMigrations {
    static let all: [Migration] = [
        Migration(
            "cases-021-categories",
            """
            alter table cases_category add column place INT64 not null default 0;
            alter table cases_category add column retired_ms INT64;
            update cases_category set place = id;
            """)
    ]
}

/// Every SQL word about categories.
extension CaseHistoryStore {
    private static let categoryColumns: SQL = """
        k.id, k.code, k.kind, k.name_zh, k.name_en, k.party, k.urgency, k.hints, k.fast_lane, k.place, k.retired_ms
        """

    private static func category(_ row: any Row) throws -> Category {
        Category(
            id: try row.id(0), code: try row.text(1), kind: try row.raw(2), zh: try row.text(3), en: try row.text(4),
            party: try row.raw(5), urgency: try row.raw(6), hints: try row.text(7), fastLane: try row.flag(8),
            place: try row.int(9), retired: try row.optionalInt(10).map { Instant(ms: $0) })
    }

    /// The dictionary that people choose from, in its order: without the retired ones and without those that imports
    /// brought with them.
    package static func categories(_ transaction: any ReadTransaction) throws -> [Category] {
        try transaction.query(
            """
            select \(categoryColumns) from cases_category k
            where substr(k.code, 1, 9) <> 'imported:' and k.retired_ms is null order by k.place, k.id limit 200
            """, category)
    }

    /// The house's own dictionary with what is retired, which comes last.
    package static func dictionary(_ transaction: any ReadTransaction) throws -> [Category] {
        try transaction.query(
            """
            select \(categoryColumns) from cases_category k where substr(k.code, 1, 9) <> 'imported:'
            order by case when k.retired_ms is null then 0 else 1 end, k.place, k.id limit 2000
            """, category)
    }

    /// Those that nobody can choose, because an import brought them or they are retired, as far as a case of the scope's
    /// lists has one.
    package static func imported(_ scope: Scope, _ transaction: any ReadTransaction) throws -> [Category] {
        var found: [CategoryID: Category] = [:]
        for place in scope.places {
            guard let sql = importedSQL(place, hiding: scope.families) else { continue }
            for kind in try transaction.query(sql, category) { found[kind.id] = kind }
        }
        return Array(found.values.sorted { $0.id < $1.id }.prefix(200))
    }

    static func importedSQL(_ place: Scope.Place, hiding families: [OrganisationID]) -> SQL? {
        guard let column = CaseStore.column(place.level) else { return nil }
        let seen = SQL.joined(families.map { " and \(CaseStore.hides($0))" as SQL }, separator: "")
        return """
            select \(categoryColumns)
            from cases_category k
            where (substr(k.code, 1, 9) = 'imported:' or k.retired_ms is not null) and exists (
                select 1 from cases_case c where \(column) = \(place.area) and c.category_id = k.id and c.queue <> 0\(seen))
            order by k.id limit 200
            """
    }

    /// The category of a case, also one that an import brought or that is retired.
    package static func category(_ id: CategoryID, _ transaction: any ReadTransaction) throws -> Category? {
        try transaction.first("select \(categoryColumns) from cases_category k where k.id = \(id)", category)
    }

    package static func insert(_ category: Category, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into cases_category (id, code, kind, name_zh, name_en, party, urgency, hints, fast_lane, place,
                retired_ms)
            values (\(category.id), \(category.code), \(category.kind), \(category.zh), \(category.en),
                \(category.party), \(category.urgency), \(category.hints), \(category.fastLane), \(category.place),
                \(category.retired))
            on conflict do nothing
            """)
    }

    /// Everything but the code, which never changes.
    static func update(_ category: Category, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            update cases_category set kind = \(category.kind), name_zh = \(category.zh), name_en = \(category.en),
                party = \(category.party), urgency = \(category.urgency), hints = \(category.hints),
                fast_lane = \(category.fastLane), place = \(category.place), retired_ms = \(category.retired)
            where id = \(category.id)
            """)
    }

    /// Open cases of a category, in the whole house, up to a bound. Looks at one index, a district after the other.
    static func openCases(_ id: CategoryID, upTo most: Int) -> SQL {
        // Every queue by its number: then the index is entered at the category, and not read from end to end.
        let queues = SQL.joined(CaseQueue.allCases.filter { $0 != .none }.map { "\($0.rawValue)" as SQL })
        return """
            with recursive d(id) as (
                select min(district_id) from cases_case where queue <> 0
                union all
                select (select min(c.district_id) from cases_case c where c.district_id > d.id and c.queue <> 0)
                from d where d.id is not null)
            select count(*) from (
                select 1 from d join cases_case c on c.district_id = d.id and c.category_id = \(id) and c.queue <> 0
                    and c.queue in (\(queues))
                limit \(most)) w
            """
    }
}

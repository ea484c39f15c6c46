import Kernel
import Storage

/// Where a page of what was found ended: the place of the last row, and the row.
package struct FindCursor: Sendable, Equatable {
    package let path: AreaPath
    package let subject: Int64

    package init(path: AreaPath, subject: Int64) {
        self.path = path
        self.subject = subject
    }
}

/// One row of what was found: whom or what, and in which place.
struct FindHit: Sendable, Equatable {
    let path: AreaPath
    let place: AreaID
    let subject: Int64
    var cursor: FindCursor { FindCursor(path: path, subject: subject) }
}

/// Every SQL word about the index of names: rows that are written with the person, the home, the post or the area that
/// they stand for, and reads that stay inside a scope.
package enum FindStore {
    /// Terms of so few rows are looked at as a whole; of more, place after place.
    static let rare = 400
    /// Rows that are looked at beyond those that are wanted: some stand for nobody any more.
    static let spare = 5
    /// Places of one step, which grows fourfold; never more rows are sorted than these places have of a term.
    static let firstStep = 2
    static let longestStep = 2048

    // MARK: People

    private struct Named {
        let name: String
        let index: [UInt8]?
        let tail: [UInt8]?
        var terms: Set<Int64> { FindTerms.person(name).union(FindTerms.phone(index: index, tail: tail)) }
    }

    private static func named(_ id: PersonID, _ transaction: any ReadTransaction) throws -> Named? {
        try transaction.first("select name, phone_index, phone_tail from directory_person where id = \(id)") {
            Named(name: try $0.text(0), index: try $0.optionalBytes(1), tail: try $0.optionalBytes(2))
        }
    }

    /// Residents and staff are looked for apart: a family name that thousands have in a street is that of a few who
    /// hold a post there.
    private enum Side: CaseIterable {
        case residents, staff

        var table: SQL { self == .residents ? "directory_find_person" : "directory_find_staff" }

        /// Where a person is found: estates of homes that were not refused; places of posts.
        func places(of id: PersonID, _ transaction: any ReadTransaction) throws -> Set<Int64> {
            switch self {
            case .residents:
                return Set(
                    try transaction.query(
                        "select estate_id from directory_home where person_id = \(id) and status < 2"
                    ) { try $0.int(0) })
            case .staff:
                return Set(
                    try transaction.query(
                        """
                        select a.estate_id, a.id from directory_post p join directory_area a on a.id = p.area_id
                        where p.person_id = \(id)
                        """
                    ) { try $0.int(0) == 0 ? $0.int(1) : $0.int(0) })
            }
        }
    }

    /// Writes the rows of a person anew; called in the transaction that changed where the person belongs.
    ///
    /// - Parameter place: the estate, or the area of a post above one, that the change is about.
    package static func settle(_ id: PersonID, at place: Int64, _ transaction: any WriteTransaction) throws {
        guard let named = try named(id, transaction) else { return }
        for side in Side.allCases {
            if try side.places(of: id, transaction).contains(place) {
                try insert(named.terms.map { ($0, place, id.raw) }, side, transaction)
            } else {
                try remove(named.terms, [place], id, side, transaction)
            }
        }
    }

    /// The place of an area: its estate, or itself where it stands above one.
    package static func place(of area: AreaID, _ transaction: any ReadTransaction) throws -> Int64 {
        let estate = try transaction.first("select estate_id from directory_area where id = \(area)") { try $0.int(0) }
        guard let estate, estate != 0 else { return area.raw }
        return estate
    }

    /// Before a person gets another name or number, or goes: what is found by the old ones is forgotten.
    package static func forget(_ id: PersonID, _ transaction: any WriteTransaction) throws {
        guard let named = try named(id, transaction) else { return }
        for side in Side.allCases {
            try remove(named.terms, side.places(of: id, transaction), id, side, transaction)
        }
    }

    /// After it.
    package static func put(_ id: PersonID, _ transaction: any WriteTransaction) throws {
        guard let named = try named(id, transaction) else { return }
        let terms = named.terms
        for side in Side.allCases {
            for place in try side.places(of: id, transaction).sorted() {
                try insert(terms.map { ($0, place, id.raw) }, side, transaction)
            }
        }
    }

    private static func remove(
        _ terms: Set<Int64>, _ places: Set<Int64>, _ id: PersonID, _ side: Side, _ transaction: any WriteTransaction
    ) throws {
        for place in places.sorted() {
            for term in terms.sorted() {
                try transaction.run(
                    """
                    delete from \(side.table)
                    where term = \(term) and place_id = \(place) and person_id = \(id)
                    """)
            }
        }
    }

    private static func insert(
        _ rows: [(Int64, Int64, Int64)], _ side: Side, _ transaction: any WriteTransaction
    ) throws {
        for part in parts(rows) {
            try transaction.run(
                "insert into \(side.table) (term, place_id, person_id) values \(part) on conflict do nothing")
        }
    }

    private static func parts(_ rows: [(Int64, Int64, Int64)]) -> [SQL] {
        let rows = rows.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }
        return stride(from: 0, to: rows.count, by: 100).map { start in
            SQL.joined(rows[start..<min(start + 100, rows.count)].map { "(\($0.0), \($0.1), \($0.2))" })
        }
    }

    // MARK: Areas

    /// Writes the rows of an area; those of its former names stay.
    package static func put(_ area: Area, _ transaction: any WriteTransaction) throws {
        let place = area.estate?.raw ?? area.id.raw
        var terms: Set<Int64> = []
        switch area.level {
        case .unit:
            guard let parent = area.parent,
                let building = try transaction.first(
                    "select name from directory_area where id = \(parent)",
                    {
                        try $0.text(0)
                    })
            else { return }
            terms = FindTerms.room(area.name, building: building)
        case .building:
            terms = [FindTerms.building(area.name)]
            // A name of its own, such as that of a kindergarten.
            if UnitAddress(area.name) == nil { terms.formUnion(FindTerms.place(area.name)) }
        default: terms = FindTerms.place(area.name)
        }
        try insertAreas(terms.map { ($0, place, area.id.raw) }, transaction)
    }

    /// The road and number of an estate.
    static func put(_ area: AreaID, address: String, _ transaction: any WriteTransaction) throws {
        guard !address.isEmpty else { return }
        let place = try place(of: area, transaction)
        guard place == area.raw else { return }
        try insertAreas(FindTerms.place(address).map { ($0, place, area.raw) }, transaction)
    }

    private static func insertAreas(_ rows: [(Int64, Int64, Int64)], _ transaction: any WriteTransaction) throws {
        for part in parts(rows) {
            try transaction.run(
                "insert into directory_find_area (term, place_id, area_id) values \(part) on conflict do nothing")
        }
    }

    /// After an area got another name: it is found by both, and its rooms by both names of their building.
    package static func renamed(
        _ area: Area, to name: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_area_name_past (area_id, name, until_ms) values (\(area.id), \(area.name), \(now))
            on conflict (area_id, name) do update set until_ms = excluded.until_ms
            """)
        guard let fresh = try DirectoryStore.area(area.id, transaction) else { return }
        try put(fresh, transaction)
        guard fresh.level == .building else { return }
        for unit in try DirectoryStore.children(of: area.id, transaction) { try put(unit, transaction) }
    }

    /// Before an area goes that an import made.
    static func forget(_ area: Area, _ transaction: any WriteTransaction) throws {
        var names = [area.name]
        names += try formerNames(of: [area.id], transaction)[area.id] ?? []
        let building = try area.parent.flatMap { try DirectoryStore.area($0, transaction)?.name } ?? ""
        var terms: Set<Int64> = []
        for name in names {
            terms.formUnion(FindTerms.place(name))
            terms.insert(FindTerms.building(name))
            terms.formUnion(FindTerms.room(name, building: building))
        }
        let address = try transaction.first("select address from directory_area_fact where area_id = \(area.id)") {
            try $0.text(0)
        }
        terms.formUnion(FindTerms.place(address ?? ""))
        for term in terms.sorted() {
            try transaction.run(
                """
                delete from directory_find_area
                where term = \(term) and place_id = \(area.estate?.raw ?? area.id.raw) and area_id = \(area.id)
                """)
        }
        try transaction.run("delete from directory_area_name_past where area_id = \(area.id)")
    }

    static func formerNames(
        of ids: [AreaID], _ transaction: any ReadTransaction
    ) throws -> [AreaID: [String]] {
        guard !ids.isEmpty else { return [:] }
        let list = SQL.joined(ids.map { "\($0)" })
        var result: [AreaID: [String]] = [:]
        for (id, name) in try transaction.query(
            """
            select area_id, name from directory_area_name_past where area_id in (\(list)) order by area_id, until_ms desc
            """, { (try $0.id(0, AreaTag.self), try $0.text(1)) })
        {
            result[id, default: []].append(name)
        }
        return result
    }

    // MARK: The rows of before

    enum Part: Int64, CaseIterable, Sendable { case people = 1, areas = 2 }

    static func isWhole(_ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first(
            "select count(*) from directory_find_mark where done = \(true) and edition >= \(FindTerms.edition)"
        ) { try $0.int(0) } == Int64(Part.allCases.count)
    }

    /// Indexes the next rows of a kind, by id, and keeps how far it is. True when that was the last of them.
    static func indexNext(_ part: Part, limit: Int, _ transaction: any WriteTransaction) throws -> Bool {
        let mark = try transaction.first(
            "select after_id, done from directory_find_mark where what = \(part) and edition >= \(FindTerms.edition)"
        ) { (after: try $0.int(0), isDone: try $0.flag(1)) }
        if mark?.isDone ?? false { return true }
        let after = mark?.after ?? Int64.min
        let ids: [Int64]
        switch part {
        case .people:
            ids = try transaction.query(
                "select id from directory_person where id > \(after) order by id limit \(limit)"
            ) { try $0.int(0) }
            for id in ids { try put(PersonID(id), transaction) }
        case .areas:
            let areas = try transaction.query(
                """
                select \(DirectoryStore.areaColumns), f.address from directory_area a
                left join directory_area_fact f on f.area_id = a.id
                where a.id > \(after) order by a.id limit \(limit)
                """
            ) { (try DirectoryStore.area($0), try $0.optionalText(6) ?? "") }
            for (area, address) in areas {
                try put(area, transaction)
                try put(area.id, address: address, transaction)
            }
            ids = areas.map(\.0.id.raw)
        }
        let isDone = ids.count < limit
        try transaction.run(
            """
            insert into directory_find_mark (what, edition, after_id, done)
            values (\(part), \(FindTerms.edition), \(ids.last ?? after), \(isDone))
            on conflict (what) do update set edition = excluded.edition, after_id = excluded.after_id,
                done = excluded.done
            """)
        return isDone
    }
}

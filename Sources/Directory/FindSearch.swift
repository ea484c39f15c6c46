import Kernel
import Storage

/// Which rows of the index a search asks for.
struct FindWanted: Sendable {
    enum Of: Sendable { case residents(Day), staff(Day), areas }
    let of: Of
    /// One of these.
    let terms: [Int64]
    /// And one of each of these.
    var also: [[Int64]] = []
    /// Only areas of these levels.
    var levels = AreaLevel.province...AreaLevel.unit
}

/// Searches that stay inside a scope. What the index says is checked against homes, posts and areas as they are in the
/// same statement: a row that is left over finds nobody.
extension FindStore {
    /// Up to `limit` rows after a cursor, place by place.
    static func find(
        _ wanted: FindWanted, in scope: Scope, after: FindCursor?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [FindHit] {
        guard !wanted.terms.isEmpty else { return [] }
        let wanted = try rarestFirst(wanted, transaction)
        let isRare = try count(wanted.terms, wanted, transaction) <= rare
        var result: [FindHit] = []
        // In the order of their paths, and never one inside another.
        for reach in Reach.all(scope) where result.count < limit {
            if let after, after.path.text >= reach.upper { continue }
            let rest = limit - result.count
            result +=
                isRare
                ? try standing(after, rest) { cursor, size in
                    try transaction.query(rareSQL(wanted, reach, cursor, size), candidate)
                } : try common(wanted, reach, after, rest, transaction)
        }
        return result
    }

    /// What a place of a scope reaches: places of the index, and of a post inside an estate only a part of one.
    struct Reach: Sendable {
        let lower: String
        let upper: String
        /// Set where only these parts of an estate may be seen.
        var inside: [AreaPath]

        static func all(_ scope: Scope) -> [Reach] {
            var result: [Reach] = []
            for place in scope.places {
                let above = max(0, Int(place.level.rawValue - AreaLevel.estate.rawValue))
                guard above > 0 else {
                    result.append(Reach(lower: place.path.text, upper: place.path.upperBound, inside: []))
                    continue
                }
                // The estate alone: what is below it is no place of the index.
                let estate = place.path.ids.dropLast(above).reduce(AreaPath.root) { $0.appending($1) }
                if let known = result.firstIndex(where: { $0.lower == estate.text }) {
                    result[known].inside.append(place.path)
                } else {
                    result.append(Reach(lower: estate.text, upper: estate.upperBound, inside: [place.path]))
                }
            }
            return result
        }

        /// Whether an area `u` is in the parts that may be seen.
        var part: SQL {
            guard !inside.isEmpty else { return .empty }
            let parts = inside.map { "(u.path >= \($0.text) and u.path < \($0.upperBound))" as SQL }
            return " and (\(SQL.joined(parts, separator: " or ")))"
        }
    }

    /// A row of the index, and whether what it stands for is there.
    private struct Candidate {
        let hit: FindHit
        let stands: Bool
    }

    private static func candidate(_ row: any Row) throws -> Candidate {
        Candidate(
            hit: FindHit(path: try row.path(0), place: try row.id(1), subject: try row.int(2)),
            stands: try row.int(3) == 1)
    }

    /// Whether a row stands for somebody is asked of homes and posts all over the house, so it is asked in the order of
    /// the rows, of as many as are likely to do, until there are enough.
    ///
    /// - Parameter next: rows after a cursor in order, as many as asked for while there are more.
    private static func standing(
        _ after: FindCursor?, _ limit: Int, _ next: (_ after: FindCursor?, _ size: Int) throws -> [Candidate]
    ) throws -> [FindHit] {
        var result: [FindHit] = []
        var cursor = after
        var size = limit + spare
        while true {
            let rows = try next(cursor, size)
            result += rows.lazy.filter(\.stands).map(\.hit)
            guard result.count < limit, rows.count == size, let last = rows.last else { break }
            cursor = last.hit.cursor
            size = min(size * 2, rare)
        }
        return Array(result.prefix(limit))
    }

    private static func table(_ of: FindWanted.Of) -> (name: SQL, subject: SQL) {
        switch of {
        case .residents: ("directory_find_person", "person_id")
        case .staff: ("directory_find_staff", "person_id")
        case .areas: ("directory_find_area", "area_id")
        }
    }

    /// Two values always, so that statements have one shape.
    private static func either(_ terms: [Int64]) -> SQL { "(\(terms[0]), \(terms[terms.count - 1]))" }

    /// A word that few have leads; the others are asked of its rows.
    private static func rarestFirst(
        _ wanted: FindWanted, _ transaction: any ReadTransaction
    ) throws -> FindWanted {
        // Words beside an address belong to its estate, which is no row of the address.
        if case .areas = wanted.of { return wanted }
        guard !wanted.also.isEmpty else { return wanted }
        var words = try ([wanted.terms] + wanted.also).map { ($0, try count($0, wanted, transaction)) }
        words.sort { $0.1 < $1.1 }
        var result = FindWanted(of: wanted.of, terms: words[0].0)
        result.also = words.dropFirst().map(\.0)
        return result
    }

    private static func count(
        _ terms: [Int64], _ wanted: FindWanted, _ transaction: any ReadTransaction
    ) throws -> Int {
        let table = table(wanted.of)
        return Int(
            try transaction.first(
                """
                select count(*) from (select 1 from \(table.name) where term in \(either(terms))
                    limit \(rare + 1)) found
                """
            ) { try $0.int(0) } ?? 0)
    }

    /// That a row of the index stands for somebody or something that is there, and inside a part of an estate.
    private static func stands(_ wanted: FindWanted, _ reach: Reach, _ row: SQL) -> SQL {
        switch wanted.of {
        case .residents(let day):
            """
            exists (select 1 from directory_home h join directory_area u on u.id = h.unit_id
                where h.person_id = \(row).subject and h.estate_id = \(row).place_id and h.status < 2
                    and h.to_day >= \(day)\(reach.part))
            """
        case .staff(let day):
            """
            exists (select 1 from directory_post p join directory_area u on u.id = p.area_id
                where p.person_id = \(row).subject and p.to_day >= \(day)
                    and (u.id = \(row).place_id or u.estate_id = \(row).place_id)\(reach.part))
            """
        case .areas:
            """
            exists (select 1 from directory_area u where u.id = \(row).subject
                and u.level >= \(wanted.levels.lowerBound) and u.level <= \(wanted.levels.upperBound)\(reach.part))
            """
        }
    }

    /// That a row `x` of the index has all the other words.
    private static func others(_ wanted: FindWanted) -> SQL {
        let table = table(wanted.of)
        return SQL.joined(
            wanted.also.map { terms -> SQL in
                // Words beside an address are of its estate; of a name, of the same row.
                let same: SQL = {
                    if case .areas = wanted.of { return "(g.area_id = x.subject or g.area_id = x.place_id)" }
                    return "g.person_id = x.subject"
                }()
                return """
                     and exists (select 1 from \(table.name) g where g.term in \(either(terms))
                        and g.place_id = x.place_id and \(same))
                    """
            }, separator: "")
    }

    private static func later(_ after: FindCursor?) -> SQL {
        after.map { " and (e.path, x.subject) > (\($0.path), \($0.subject))" } ?? .empty
    }

    /// Rows in order, each with whether it stands; of people no other row is asked that. The limit inside keeps SQLite from
    /// asking before it has sorted. Of areas all are asked: most that a word finds are of other levels.
    private static func told(_ wanted: FindWanted, _ reach: Reach, of rows: SQL, _ limit: Int) -> SQL {
        if case .areas = wanted.of {
            return """
                select distinct e.path, x.place_id, x.subject, 1 from \(rows) and \(stands(wanted, reach, "x"))
                order by e.path, x.subject limit \(limit)
                """
        }
        return """
            select f.path, f.place_id, f.subject, case when \(stands(wanted, reach, "f")) then 1 else 0 end
            from (select distinct e.path, x.place_id, x.subject from \(rows)
                order by e.path, x.subject limit \(limit)) f
            order by f.path, f.subject
            """
    }

    /// All rows of the term, of which few are. `cross join` as below: from them to their places.
    static func rareSQL(_ wanted: FindWanted, _ reach: Reach, _ after: FindCursor?, _ limit: Int) -> SQL {
        let table = table(wanted.of)
        return told(
            wanted, reach,
            of: """
                (select place_id, \(table.subject) as subject from \(table.name)
                    where term in \(either(wanted.terms)) limit \(rare + 1)) x
                cross join directory_area e
                where e.id = x.place_id and e.path >= \(reach.lower) and e.path < \(reach.upper)\(later(after))\(others(wanted))
                """, limit)
    }

    /// The rows of a term in some places that follow each other in the tree. `cross join` keeps SQLite from beginning with
    /// all rows of the term.
    static func commonSQL(
        _ wanted: FindWanted, _ reach: Reach, from start: String, places: Int, _ after: FindCursor?, _ limit: Int
    ) -> SQL {
        let table = table(wanted.of)
        return told(
            wanted, reach,
            of: """
                (select a.id, a.path from directory_area a
                    where a.path >= \(start) and a.path < \(reach.upper) and a.level <= 6
                    order by a.path limit \(places)) e
                cross join (select term, place_id, \(table.subject) as subject from \(table.name)) x
                where x.place_id = e.id and x.term in \(either(wanted.terms))\(later(after))\(others(wanted))
                """, limit)
    }

    /// Place after place, in steps that grow while nothing is found.
    private static func common(
        _ wanted: FindWanted, _ reach: Reach, _ after: FindCursor?, _ limit: Int, _ transaction: any ReadTransaction
    ) throws -> [FindHit] {
        var result: [FindHit] = []
        var start = max(reach.lower, after?.path.text ?? "")
        var step = firstStep
        while result.count < limit {
            result += try standing(after, limit - result.count) { [start, step] cursor, size in
                try transaction.query(
                    commonSQL(wanted, reach, from: start, places: step, cursor, size), candidate)
            }
            let last = try transaction.first(
                """
                select a.path from directory_area a
                where a.path >= \(start) and a.path < \(reach.upper) and a.level <= 6
                order by a.path limit 1 offset \(step - 1)
                """
            ) { try $0.text(0) }
            guard let last, result.count < limit else { break }
            // The first path after it.
            start = last + " "
            step = min(step * 4, longestStep)
        }
        return result
    }
}

/// What is shown of what was found: asked for again inside the scope, for the rows of one page.
extension FindStore {
    /// A home or a post of a person who was found.
    struct Bond: Sendable {
        let person: Int64
        /// As in the index.
        let place: Int64
        let area: AreaID
        let path: AreaPath
        let words: String
    }

    static func isKnown(_ term: Int64, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first("select area_id from directory_find_area where term = \(term) limit 1") {
            try $0.int(0)
        } != nil
    }

    /// Names and masked numbers.
    static func names(
        of ids: [Int64], _ transaction: any ReadTransaction
    ) throws -> [Int64: (name: String, phone: String)] {
        let list = SQL.joined(ids.map { "\($0)" })
        let found = try transaction.query(
            "select id, name, phone_masked from directory_person where id in (\(list))"
        ) { (try $0.int(0), (name: try $0.text(1), phone: try $0.text(2))) }
        return Dictionary(found, uniquingKeysWith: { $1 })
    }

    private static func within(_ scope: Scope) -> SQL {
        SQL.joined(
            scope.places.map { "(u.path >= \($0.path.text) and u.path < \($0.path.upperBound))" as SQL },
            separator: " or ")
    }

    static func homes(
        of ids: [Int64], in scope: Scope, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Bond] {
        let list = SQL.joined(ids.map { "\($0)" })
        return try transaction.query(
            """
            select h.person_id, h.estate_id, u.id, u.path, e.name, b.name, u.name from directory_home h
            join directory_area u on u.id = h.unit_id
            join directory_area b on b.id = u.parent_id
            join directory_area e on e.id = h.estate_id
            where h.person_id in (\(list)) and h.status < 2 and h.to_day >= \(day) and (\(within(scope)))
            order by h.person_id, h.id limit 400
            """
        ) {
            Bond(
                person: try $0.int(0), place: try $0.int(1), area: try $0.id(2), path: try $0.path(3),
                words: "\(try $0.text(4)) \(try $0.text(5)) \(try $0.text(6))")
        }
    }

    static func posts(
        of ids: [Int64], in scope: Scope, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Bond] {
        let list = SQL.joined(ids.map { "\($0)" })
        return try transaction.query(
            """
            select p.person_id, u.estate_id, u.id, u.path, u.name, o.name, p.title from directory_post p
            join directory_area u on u.id = p.area_id
            join directory_organisation o on o.id = p.organisation_id
            where p.person_id in (\(list)) and p.to_day >= \(day) and (\(within(scope)))
            order by p.person_id, p.id limit 400
            """
        ) {
            let (estate, area) = (try $0.int(1), try $0.id(2, AreaTag.self))
            return Bond(
                person: try $0.int(0), place: estate == 0 ? area.raw : estate, area: area, path: try $0.path(3),
                words: [try $0.text(4), try $0.text(5), try $0.text(6)].filter { !$0.isEmpty }.joined(separator: " "))
        }
    }
}

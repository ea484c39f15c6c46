import Kernel
import Storage

/// Indexes a large house at once, for the bench: the same terms as row by row, joined by the database.
package enum FindBenchStore {
    package static func terms(building name: String) -> [Int64] { [FindTerms.building(name)] }

    package static func terms(unit name: String, building: String) -> [Int64] {
        FindTerms.room(name, building: building).sorted()
    }

    package static func terms(index: [UInt8], tail: [UInt8]) -> [Int64] {
        FindTerms.phone(index: index, tail: tail).sorted()
    }

    /// - Parameter names: all that people of the house have.
    package static func index(names: [String], _ transaction: any WriteTransaction) throws {
        try transaction.run(
            "create temporary table bench_term as select name, created_ms as term from directory_person limit 0")
        var rows: [SQL] = []
        func flush() throws {
            guard !rows.isEmpty else { return }
            try transaction.run("insert into bench_term (name, term) values \(SQL.joined(rows))")
            rows = []
        }
        for name in names {
            for term in FindTerms.person(name).sorted() {
                rows.append("(\(name), \(term))")
                if rows.count == 500 { try flush() }
            }
        }
        try flush()
        try transaction.run(
            """
            insert into directory_find_person (term, place_id, person_id)
            select t.term, h.estate_id, n.id from directory_person n
            join directory_home h on h.person_id = n.id
            join bench_term t on t.name = n.name
            where n.phone_sealed is null
            order by t.term, h.estate_id, n.id
            on conflict do nothing
            """)
        try transaction.run("drop table bench_term")
        for part in FindStore.Part.allCases {
            try transaction.run(
                """
                insert into directory_find_mark (what, edition, after_id, done)
                values (\(part), \(FindTerms.edition), 0, \(true)) on conflict do nothing
                """)
        }
    }
}

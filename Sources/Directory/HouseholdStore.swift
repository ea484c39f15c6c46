import Kernel
import Storage

/// The people who keep house together in a unit, from one day to another. A case still belongs to the person who
/// reported it, never to the household.
package struct Household: Sendable {
    package let id: Int64
    /// Counts the households of a unit from 1.
    package let number: Int64
    package let from: Day
    package let to: Day
}

/// Somebody who is bound to a unit, as staff see it.
package struct HouseholdMember: Sendable {
    package let home: Int64
    /// Nil for somebody who is bound to the unit before any owner or tenant.
    package let household: Int64?
    package let relation: HomeRelation
    package let from: Day
    package let to: Day
    /// Empty unless names were asked for.
    package let name: String
}

/// Every SQL word about households.
package enum HouseholdStore {
    private static func household(_ row: any Row) throws -> Household {
        Household(id: try row.int(0), number: try row.int(1), from: try row.day(2), to: try row.day(3))
    }

    /// The households of a unit that have not ended on a day, the oldest first.
    package static func households(
        of unit: AreaID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Household] {
        try transaction.query(
            """
            select id, number, from_day, to_day from directory_household
            where unit_id = \(unit) and to_day >= \(day) order by number limit 50
            """, household)
    }

    /// Who is bound to a unit on a day or will be. Names are read only when they are wanted.
    package static func members(
        of unit: AreaID, on day: Day, names: Bool, _ transaction: any ReadTransaction
    ) throws -> [HouseholdMember] {
        let name: SQL = names ? "n.name" : "''"
        return try transaction.query(
            """
            select h.household_id, h.relation, h.from_day, h.to_day, \(name), h.id
            from directory_home h join directory_person n on n.id = h.person_id
            where h.unit_id = \(unit) and h.status = 1 and h.to_day >= \(day)
            order by h.relation, h.id limit 100
            """
        ) { row in
            HouseholdMember(
                home: try row.int(5), household: try row.optionalInt(0), relation: try row.raw(1),
                from: try row.day(2), to: try row.day(3), name: try row.text(4))
        }
    }

    /// The household of a person's home in force; nil while there is none.
    package static func household(
        of person: PersonID, in unit: AreaID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> Int64? {
        try transaction.first(
            """
            select household_id from directory_home
            where person_id = \(person) and unit_id = \(unit) and status = 1 and from_day <= \(day)
                and to_day >= \(day) and household_id is not null
            order by id limit 1
            """
        ) { try $0.int(0) }
    }

    /// Puts everybody who is accepted in a unit into its current household. The first owner, co-owner or tenant founds
    /// one, with the id of that home and the next number of the unit; until then the family has none. A household lasts
    /// from the first day of its homes to the last: whoever comes after that founds another.
    package static func settle(_ unit: AreaID, at now: Instant, _ transaction: any WriteTransaction) throws {
        let waiting = try transaction.query(
            """
            select id, relation, from_day from directory_home
            where unit_id = \(unit) and status = 1 and household_id is null order by id limit 100
            """
        ) { (id: try $0.int(0), relation: try $0.raw(1, HomeRelation.self), from: try $0.day(2)) }
        guard let earliest = waiting.map(\.from).min() else { return }
        let last = try transaction.first(
            """
            select id, number, from_day, to_day from directory_household
            where unit_id = \(unit) order by number desc limit 1
            """, household)
        var current = last.flatMap { $0.to >= earliest ? $0.id : nil }
        if current == nil, let founder = waiting.first(where: { $0.relation != .family }) {
            let isFounded =
                try transaction.run(
                    """
                    insert into directory_household (id, unit_id, number, from_day, to_day, created_ms)
                    values (\(founder.id), \(unit), \((last?.number ?? 0) + 1), \(founder.from),
                        \(founder.from), \(now))
                    on conflict do nothing
                    """) == 1
            if isFounded { current = founder.id }
        }
        guard let current else { return }
        try transaction.run(
            """
            update directory_home set household_id = \(current)
            where unit_id = \(unit) and status = 1 and household_id is null
            """)
        try transaction.run(
            """
            update directory_household set
                from_day = (select min(h.from_day) from directory_home h where h.household_id = directory_household.id),
                to_day = (select max(h.to_day) from directory_home h where h.household_id = directory_household.id)
            where id = \(current)
            """)
    }
}

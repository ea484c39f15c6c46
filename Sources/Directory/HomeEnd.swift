import Kernel
import Storage

/// A kind of message to the inbox, by a name that never changes.
package struct ResidentNotice: Sendable {
    package let name: String
    package let phrase: Phrase

    static let homeEnded = ResidentNotice(name: "home.ended", phrase: .tellHomeEnded)
    static let phoneChanged = ResidentNotice(name: "person.phone", phrase: .tellPhoneChanged)
    package static let all = [homeEnded, phoneChanged]
}

/// A unit that a household left.
package struct HomeLeft: Sendable {
    package let unit: AreaID
    /// The last day.
    package let day: Day
    /// Who is still bound to the unit after it, such as the owner whose tenant leaves.
    package let staying: Set<PersonID>
}

/// What happens elsewhere when something about a resident changes; composition hands it in. Each is part of the
/// caller's transaction.
package struct ResidentHooks: Sendable {
    package typealias Tell =
        @Sendable (
            _ notice: ResidentNotice, _ arguments: [String], _ link: String, _ people: [PersonID],
            _ except: PersonID?, _ now: Instant, _ transaction: any WriteTransaction
        ) throws -> Void
    /// Ends what the household leaves behind; answers how much that was.
    package typealias Left = @Sendable (HomeLeft, any WriteTransaction) throws -> Int

    package var tell: Tell?
    package var homeLeft: Left?

    package init(tell: Tell? = nil, homeLeft: Left? = nil) {
        self.tell = tell
        self.homeLeft = homeLeft
    }
}

/// A home as those see it who may end it.
struct HomeRecord: Sendable {
    let id: Int64
    let person: PersonID
    let name: String
    /// Masked; nil for whoever does not check homes.
    var phone: String?
    let unit: AreaID
    let estate: AreaID
    let path: AreaPath
    let place: String
    let relation: HomeRelation
    let isAccepted: Bool
    let from: Day
    let to: Day
    let household: Int64?
}

/// Every SQL word about homes that end.
enum HomeEndStore {
    private static let columns: SQL = """
        h.id, h.person_id, n.name, n.phone_masked, h.unit_id, h.estate_id, u.path, e.name, b.name, u.name,
        h.relation, h.status, h.from_day, h.to_day, h.household_id
        from directory_home h
        join directory_person n on n.id = h.person_id
        join directory_area u on u.id = h.unit_id
        join directory_area b on b.id = u.parent_id
        join directory_area e on e.id = h.estate_id
        """

    private static func record(_ row: any Row) throws -> HomeRecord {
        HomeRecord(
            id: try row.int(0), person: try row.id(1), name: try row.text(2), phone: try row.text(3),
            unit: try row.id(4), estate: try row.id(5), path: try row.path(6),
            place: "\(try row.text(7)) \(try row.text(8)) \(try row.text(9))", relation: try row.raw(10),
            isAccepted: try row.int(11) == 1, from: try row.day(12), to: try row.day(13),
            household: try row.optionalInt(14))
    }

    static func load(_ id: Int64, _ transaction: any ReadTransaction) throws -> HomeRecord? {
        try transaction.first("select \(columns) where h.id = \(id)", record)
    }

    /// The tenants and the family of units, without one person.
    static func others(
        in units: [AreaID], than person: PersonID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [HomeRecord] {
        guard !units.isEmpty else { return [] }
        let list = SQL.joined(Set(units).sorted().map { "\($0)" })
        return try transaction.query(
            """
            select \(columns)
            where h.unit_id in (\(list)) and h.status = 1 and h.to_day >= \(day) and h.person_id <> \(person)
                and h.relation in (\(HomeRelation.tenant), \(HomeRelation.family))
            order by h.id limit 100
            """
        ) { row in
            var one = try record(row)
            one.phone = nil
            return one
        }
    }

    /// False when it does not end on the day that was seen any more.
    static func end(_ id: Int64, on day: Day, was seen: Day, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update directory_home set to_day = \(day) where id = \(id) and status = 1 and to_day = \(seen)
            """) == 1
    }

    struct Staying: Sendable {
        let person: PersonID
        let relation: HomeRelation
        let household: Int64?
    }

    /// Who is bound to a unit after a day.
    static func staying(in unit: AreaID, after day: Day, _ transaction: any ReadTransaction) throws -> [Staying] {
        try transaction.query(
            """
            select person_id, relation, household_id from directory_home
            where unit_id = \(unit) and status = 1 and to_day > \(day) order by id limit 500
            """
        ) { Staying(person: try $0.id(0), relation: try $0.raw(1), household: try $0.optionalInt(2)) }
    }

    struct Child: Sendable {
        let home: Int64
        let person: PersonID
        let from: Day
        let to: Day
    }

    /// The children of a guardian who are bound to a unit after a day.
    static func children(
        of guardian: PersonID, in unit: AreaID, after day: Day, _ transaction: any ReadTransaction
    ) throws -> [Child] {
        try transaction.query(
            """
            select h.id, h.person_id, h.from_day, h.to_day
            from directory_minor m join directory_home h on h.person_id = m.person_id
            where m.guardian_id = \(guardian) and h.unit_id = \(unit) and h.status = 1 and h.to_day > \(day)
            order by h.id limit 100
            """
        ) { Child(home: try $0.int(0), person: try $0.id(1), from: try $0.day(2), to: try $0.day(3)) }
    }

    static func guardian(of child: PersonID, _ transaction: any ReadTransaction) throws -> PersonID? {
        try transaction.first("select guardian_id from directory_minor where person_id = \(child)") { try $0.id(0) }
    }
}

/// Whom somebody keeps house with at a unit.
package struct Housemates: Sendable {
    /// From when on what belongs to the unit is theirs to see: a tenant's own first day, the household's otherwise.
    package let since: Day
    /// Oneself, and those who were of the household at the same time.
    package let people: Set<PersonID>
}

extension HouseholdStore {
    /// Whom a person keeps house with, for each of the units where the person is at home on a day.
    package static func housemates(
        of person: PersonID, in units: [AreaID], on day: Day, _ transaction: any ReadTransaction
    ) throws -> [AreaID: Housemates] {
        struct Bound {
            let unit: AreaID
            let person: PersonID
            let household: Int64?
            let relation: HomeRelation
            let from: Day
            let to: Day
        }
        guard !units.isEmpty else { return [:] }
        let list = SQL.joined(Set(units).sorted().map { "\($0)" })
        let bound = try transaction.query(
            """
            select unit_id, person_id, household_id, relation, from_day, to_day from directory_home
            where unit_id in (\(list)) and status = 1 order by id limit 5000
            """
        ) { row in
            Bound(
                unit: try row.id(0), person: try row.id(1), household: try row.optionalInt(2),
                relation: try row.raw(3), from: try row.day(4), to: try row.day(5))
        }
        var result: [AreaID: Housemates] = [:]
        for own in bound where own.person == person && own.from <= day && own.to >= day {
            let house = bound.filter { $0.unit == own.unit && $0.household == own.household }
            // Whoever left on the day on which somebody came was not there with them.
            let people = house.filter { $0.person == person || $0.to > own.from }.map(\.person)
            let since = own.relation == .tenant ? own.from : house.map(\.from).min() ?? own.from
            let known = result[own.unit]
            result[own.unit] = Housemates(
                since: min(since, known?.since ?? since), people: (known?.people ?? []).union(people))
        }
        return result
    }

    /// A household ends with the last of its homes.
    static func shorten(_ household: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            update directory_household set
                to_day = (select max(h.to_day) from directory_home h where h.household_id = directory_household.id)
            where id = \(household)
            """)
    }
}

/// Ends homes: sold, moved out, entered by mistake. Each is one transaction that is audited.
package struct HomeEndActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let hooks: ResidentHooks

    package enum Way: Sendable {
        /// By the word of staff who check homes at the place, with a reason that is kept.
        case staff(why: String)
        /// One's own, or that of a tenant or of family in a unit that one owns.
        case own
    }

    /// Ends a home. The children of whoever leaves leave with them, and what the household leaves behind ends too.
    ///
    /// - Parameters:
    ///   - day: the last day: today or later (for staff also yesterday, which is at once), not before the first, and
    ///     earlier than it ends now.
    ///   - seen: the last day that was seen; if somebody changed it since, nothing happens.
    package func end(_ id: Int64, on day: Day, was seen: Day, _ way: Way, by actor: Actor) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        var why = ""
        if case .staff(let given) = way {
            guard Self.isReason(given) else { throw DirectoryRefusal.badWhy }
            why = given
        }
        let reason = why
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        try await database.write { [journal, hooks] transaction in
            let (home, post) = try Self.find(id, way, actor, transaction)
            guard home.to == seen else { throw DirectoryRefusal.changedMeanwhile }
            guard day >= (post == nil ? today : today.adding(-1)), day >= home.from, day < home.to else {
                throw HomeRefusal.badEndDay
            }
            guard try HomeEndStore.end(id, on: day, was: seen, transaction) else {
                throw DirectoryRefusal.changedMeanwhile
            }
            try FindStore.settle(home.person, at: home.estate.raw, transaction)
            var households = Set([home.household].compactMap { $0 })
            var entries = [(id: id, last: day, person: home.person)]
            let isGone = try !HomeEndStore.staying(in: home.unit, after: day, transaction).contains {
                $0.person == home.person
            }
            if isGone {
                for child in try HomeEndStore.children(of: home.person, in: home.unit, after: day, transaction) {
                    let last = max(day, child.from)
                    guard last < child.to,
                        try HomeEndStore.end(child.home, on: last, was: child.to, transaction)
                    else { continue }
                    try FindStore.settle(child.person, at: home.estate.raw, transaction)
                    entries.append((child.home, last, child.person))
                    if let one = try HomeEndStore.load(child.home, transaction)?.household { households.insert(one) }
                }
            }
            for household in households.sorted() { try HouseholdStore.shorten(household, transaction) }
            try HouseholdStore.settle(home.unit, at: now, transaction)
            let left = try Self.leave(home, day, hooks, transaction)
            for entry in entries {
                let detail = entry.id == id ? "\(day) left=\(left) \(reason)" : "\(entry.last) with \(home.person.text)"
                try journal.audit(
                    AuditEntry(
                        area: home.estate, actor: person, post: post?.id, verb: "home.end", subject: entry.id,
                        detail: detail), at: now, transaction)
            }
            let told = try HomeEndStore.guardian(of: home.person, transaction) ?? home.person
            try hooks.tell?(
                .homeEnded, [home.place, day.description], "/my/homes", [told], person, now, transaction)
        }
    }

    /// What the household leaves behind ends when nobody of it remains. An owner who lets the home does not live there:
    /// of whom a tenant lived with, only tenants and family count.
    static func leave(
        _ home: HomeRecord, _ day: Day, _ hooks: ResidentHooks, _ transaction: any WriteTransaction
    ) throws -> Int {
        let staying = try HomeEndStore.staying(in: home.unit, after: day, transaction)
        let rest = staying.contains { one in
            one.household == home.household
                && (home.relation != .tenant || one.relation == .tenant || one.relation == .family)
        }
        guard !rest else { return 0 }
        return try hooks.homeLeft?(
            HomeLeft(unit: home.unit, day: day, staying: Set(staying.map(\.person))), transaction) ?? 0
    }

    /// A home that somebody may end, with the post where it is the word of staff.
    static func find(
        _ id: Int64, _ way: Way, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (HomeRecord, Post?) {
        guard let home = try HomeEndStore.load(id, transaction), home.isAccepted else {
            throw DirectoryRefusal.notFound
        }
        switch way {
        case .staff:
            guard let post = actor.post(for: .residentApprove, at: home.path) else { throw DirectoryRefusal.notFound }
            return (home, post)
        case .own:
            guard !actor.byToken, home.person == actor.person || Self.owns(actor, home) else {
                throw DirectoryRefusal.notFound
            }
            return (home, nil)
        }
    }

    private static func owns(_ actor: Actor, _ home: HomeRecord) -> Bool {
        (home.relation == .tenant || home.relation == .family) && ownUnits(actor).contains(home.unit)
    }

    /// The units of which somebody is owner or co-owner.
    static func ownUnits(_ actor: Actor) -> [AreaID] {
        actor.homes.filter { $0.relation == .owner || $0.relation == .coOwner }.map(\.unit)
    }

    static func isReason(_ why: String) -> Bool {
        (1...120).contains(why.unicodeScalars.count) && TextRules.isPlain(why)
    }
}

import Directory
import Kernel
import Storage

/// A merged front desk (前台融合, A040): the company's reception and the community's counter as one.
package struct Counter: Sendable {
    package let id: Int64
    package let area: AreaID
    package let name: String
    package let place: String
    package let hours: String
    package var text: String { ID<AreaTag>(id).text }

    package init(id: Int64, area: AreaID, name: String, place: String, hours: String) {
        (self.id, self.area, self.name, self.place, self.hours) = (id, area, name, place, hours)
    }
}

/// Somebody at a counter, and which of both permission sets they have today.
package struct CounterSeat: Sendable {
    package let id: Int64
    package let person: PersonID
    package let from: Day
    package let version: Int64
    package var hasCommunity = false
    package var hasProperty = false
    var hasBoth: Bool { hasCommunity && hasProperty }
    var phrase: Phrase {
        hasBoth ? .counterBoth : hasProperty ? .counterNoCommunity : .counterNoProperty
    }
}

/// A service of a counter's catalogue, or one of a steward's package (A107).
package struct CounterService: Sendable {
    package let id: Int64
    package let party: Party
    package let name: String
    package let needs: String
    package let price: String
    package let days: Int64
    package let steward: PersonID?
    package let version: Int64

    package init(
        id: Int64, party: Party, name: String, needs: String, price: String, days: Int64, steward: PersonID?,
        version: Int64
    ) {
        (self.id, self.party, self.name, self.needs) = (id, party, name, needs)
        (self.price, self.days, self.steward, self.version) = (price, days, steward, version)
    }
}

/// Every SQL word about merged counters.
package enum CounterStore {
    private static func counter(_ row: any Row) throws -> Counter {
        Counter(
            id: try row.int(0), area: try row.id(1), name: try row.text(2), place: try row.text(3),
            hours: try row.text(4))
    }

    static func list(
        _ scope: Scope, after: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Counter] {
        let page: SQL = after.map { " and id > \($0)" } ?? .empty
        return try transaction.query(
            """
            select id, area_id, name, place, hours from governance_counter
            where area_id in \(DirectoryStore.areas(in: scope))\(page) order by id limit \(limit)
            """, counter)
    }

    static func counter(_ id: Int64, _ transaction: any ReadTransaction) throws -> Counter? {
        try transaction.first(
            "select id, area_id, name, place, hours from governance_counter where id = \(id)", counter)
    }

    static func insert(_ c: Counter, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into governance_counter (id, area_id, name, place, hours, version, created_by, created_ms)
            values (\(c.id), \(c.area), \(c.name), \(c.place), \(c.hours), 1, \(person), \(now))
            """)
    }

    static func seats(of id: Int64, _ transaction: any ReadTransaction) throws -> [CounterSeat] {
        try transaction.query(
            """
            select id, person_id, from_day, version from governance_counter_seat
            where counter_id = \(id) and to_day = \(HomeStore.forever) order by id limit 100
            """
        ) { CounterSeat(id: try $0.int(0), person: try $0.id(1), from: try $0.day(2), version: try $0.int(3)) }
    }

    /// With what each may do today at the place of the counter.
    static func seats(
        of id: Int64, at area: Area, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [CounterSeat] {
        try seats(of: id, transaction).map { seat in
            var seat = seat
            (seat.hasCommunity, seat.hasProperty) = try GovernanceDesk.sets(seat.person, at: area, on: day, transaction)
            return seat
        }
    }

    static func seat(
        _ id: Int64, at counter: Int64, _ person: PersonID, from day: Day, by author: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_counter_seat (id, counter_id, person_id, from_day, to_day, version, created_by,
                created_ms)
            values (\(id), \(counter), \(person), \(day), \(HomeStore.forever), 1, \(author), \(now))
            on conflict do nothing
            """) == 1
    }

    static func endSeat(
        _ id: Int64, at counter: Int64, on day: Day, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_counter_seat set to_day = \(day), version = version + 1
            where id = \(id) and counter_id = \(counter) and version = \(seen) and to_day = \(HomeStore.forever)
            """) == 1
    }

    static func services(of id: Int64, _ transaction: any ReadTransaction) throws -> [CounterService] {
        try transaction.query(
            """
            select id, party, name, needs, price, days, steward_id, version from governance_service
            where counter_id = \(id) and ended_ms is null order by steward_id, party, name, id limit 300
            """
        ) { row in
            let steward = try row.int(6)
            return CounterService(
                id: try row.int(0), party: try row.raw(1), name: try row.text(2), needs: try row.text(3),
                price: try row.text(4), days: try row.int(5), steward: steward == 0 ? nil : PersonID(steward),
                version: try row.int(7))
        }
    }

    static func insert(
        _ s: CounterService, of counter: Int64, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_service (id, counter_id, party, name, needs, price, days, steward_id, version,
                created_by, created_ms)
            values (\(s.id), \(counter), \(s.party), \(s.name), \(s.needs), \(s.price), \(s.days),
                \(s.steward?.raw ?? 0), 1, \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func endService(
        _ id: Int64, of counter: Int64, was seen: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_service set ended_ms = \(now), version = version + 1
            where id = \(id) and counter_id = \(counter) and version = \(seen) and ended_ms is null
            """) == 1
    }
}

extension GovernanceDesk {
    package func addCounter(_ c: Counter, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(c.name, "name", 1...60)
        _ = try Self.words(c.place, "place", 1...80)
        _ = try Self.words(c.hours, "hours", 1...80)
        let now = world.now()
        try await database.write { transaction in
            let (area, post) = try Self.place(c.area, .governanceEdit, actor, transaction)
            guard area.level == .community || area.level == .estate else { throw GovernanceRefusal.wrongLevel }
            try CounterStore.insert(c, by: person, at: now, transaction)
            try audit("counter.add", c.id, c.name, at: area, by: actor, post, transaction)
        }
    }

    /// Seats somebody at a merged counter: only who holds a post of the company and one of the community in force at the
    /// place, so that both permission sets are theirs already. Seating gives no permission.
    package func seat(_ named: NamedPerson, at counter: Int64, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today, id) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (_, area, post) = try Self.counter(counter, .governanceEdit, actor, transaction)
            let who = try named.find(at: now, transaction)
            let sets = try Self.sets(who, at: area, on: today, transaction)
            guard sets.community, sets.property else { throw GovernanceRefusal.seatWithoutPosts }
            guard
                try CounterStore.seat(id, at: counter, who, from: today, by: person, at: now, transaction)
            else { throw GovernanceRefusal.linkedTwice }
            try audit("counter.seat", counter, who.text, at: area, by: actor, post, transaction)
        }
    }

    package func endSeat(_ id: Int64, at counter: Int64, was seen: Int64, by actor: Actor) async throws {
        let today = today
        try await database.write { transaction in
            let (_, area, post) = try Self.counter(counter, .governanceEdit, actor, transaction)
            guard try CounterStore.endSeat(id, at: counter, on: today, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("counter.leave", counter, "", at: area, by: actor, post, transaction)
        }
    }

    /// Puts a service into the catalogue: the company's or the community's, or one of a steward's package.
    package func addService(
        _ s: CounterService, steward: NamedPerson?, to counter: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(s.name, "name", 1...60)
        _ = try Self.words(s.needs, "needs", 0...200)
        _ = try Self.words(s.price, "price", 0...60)
        guard s.party == .community || s.party == .property else { throw GovernanceRefusal.badChoice("party") }
        let (now, today) = (world.now(), today)
        try await database.write { transaction in
            let (_, area, post) = try Self.counter(counter, .governanceEdit, actor, transaction)
            var who: PersonID?
            if let steward {
                let found = try steward.find(at: now, transaction)
                let isSteward = try HeldPostStore.posts(of: found, on: today, transaction).contains {
                    $0.role == .steward && ($0.path.contains(area.path) || area.path.contains($0.path))
                }
                guard isSteward else { throw GovernanceRefusal.badChoice("phone") }
                who = found
            }
            let isNew = try CounterStore.insert(
                CounterService(
                    id: s.id, party: s.party, name: s.name, needs: s.needs, price: s.price, days: s.days, steward: who,
                    version: 1), of: counter, by: person, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.bodyTaken }
            try audit("counter.service", counter, s.name, at: area, by: actor, post, transaction)
        }
    }

    package func endService(_ id: Int64, of counter: Int64, was seen: Int64, by actor: Actor) async throws {
        let now = world.now()
        try await database.write { transaction in
            let (_, area, post) = try Self.counter(counter, .governanceEdit, actor, transaction)
            guard try CounterStore.endService(id, of: counter, was: seen, at: now, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("counter.serviceEnd", counter, "", at: area, by: actor, post, transaction)
        }
    }

    /// Whether somebody holds a post of each side that reaches the place.
    static func sets(
        _ person: PersonID, at area: Area, on day: Day, _ transaction: any ReadTransaction
    ) throws -> (community: Bool, property: Bool) {
        let posts = try HeldPostStore.posts(of: person, on: day, transaction).filter {
            $0.path.contains(area.path) || area.path.contains($0.path)
        }
        return (posts.contains { $0.party == .community }, posts.contains { $0.party == .property })
    }

    static func counter(
        _ id: Int64, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Counter, Area, Post) {
        guard let found = try CounterStore.counter(id, transaction),
            let area = try DirectoryStore.area(found.area, transaction),
            let post = actor.post(for: verb, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }
}

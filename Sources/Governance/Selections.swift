import Directory
import Kernel
import Storage

package enum SelectionTag {}

package enum SelectionStatus: Int64, CaseIterable, Sendable {
    case announced = 1
    case decided = 2
    case withdrawn = 3
    package var code: String { String(describing: self) }
}

package enum CandidateStatus: Int64, CaseIterable, Sendable {
    case stands = 1
    case withdrew = 2
    case chosen = 3
    case notChosen = 4
    package var code: String { String(describing: self) }
}

/// An open selection (公开选聘, A030): notice, candidates, result.
package struct Selection: Sendable {
    package let id: ID<SelectionTag>
    package let area: AreaID
    package let organisation: OrganisationID
    package let kind: AppointmentKind
    package let title: String
    package let words: String
    package let seats: Int64
    package let from: Day
    package let to: Day
    package let result: String
    package let status: SelectionStatus
    package let version: Int64

    package init(
        id: ID<SelectionTag>, area: AreaID, organisation: OrganisationID, kind: AppointmentKind, title: String,
        words: String, seats: Int64, from: Day, to: Day, result: String, status: SelectionStatus, version: Int64
    ) {
        self.id = id
        self.area = area
        self.organisation = organisation
        self.kind = kind
        self.title = title
        self.words = words
        self.seats = seats
        self.from = from
        self.to = to
        self.result = result
        self.status = status
        self.version = version
    }
    /// Its candidates are members of the party: they are guarded, and it is not announced to residents.
    package var reveals: Bool { kind == .coreHousehold }
    package func isOpen(on day: Day) -> Bool { status == .announced && from <= day && day <= to }
}

/// A building of a selection that is for several, with its seats.
package struct SelectionSeat: Sendable {
    package let area: AreaID
    package let seats: Int64
}

package struct Candidate: Sendable {
    package let id: Int64
    /// The building for which they stand; nil where the selection has one place.
    package let building: AreaID?
    package let person: PersonID
    package let words: String
    package let status: CandidateStatus
}

/// Every SQL word about open selections.
package enum SelectionStore {
    private static let columns: SQL = """
        id, area_id, organisation_id, kind, title, words, seats, from_day, to_day, result, status, version
        """
    private static func selection(_ row: any Row) throws -> Selection {
        Selection(
            id: try row.id(0), area: try row.id(1), organisation: try row.id(2), kind: try row.raw(3),
            title: try row.text(4), words: try row.text(5), seats: try row.int(6), from: try row.day(7),
            to: try row.day(8), result: try row.text(9), status: try row.raw(10), version: try row.int(11))
    }

    package static func load(
        _ id: ID<SelectionTag>, _ transaction: any ReadTransaction
    ) throws -> Selection? {
        try transaction.first("select \(columns) from governance_selection where id = \(id)", selection)
    }

    static func list(
        _ scope: Scope, party: Scope?, before: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Selection] {
        let page: SQL = before.map { " and id < \($0)" } ?? .empty
        let core = AppointmentKind.coreHousehold
        let guarded: SQL =
            party.map { " and (kind <> \(core) or area_id in \(DirectoryStore.areas(in: $0)))" }
            ?? " and kind <> \(core)"
        return try transaction.query(
            """
            select \(columns) from governance_selection
            where area_id in \(DirectoryStore.areas(in: scope))\(guarded)\(page) order by id desc limit \(limit)
            """, selection)
    }

    /// What residents of places are told: announced or decided at one of the areas, the newest first.
    static func of(_ areas: [AreaID], _ transaction: any ReadTransaction) throws -> [Selection] {
        guard !areas.isEmpty else { return [] }
        let list = SQL.joined(Set(areas).sorted().map { "\($0)" })
        return try transaction.query(
            """
            select \(columns) from governance_selection
            where area_id in (\(list)) and status <= 2 and kind <> \(AppointmentKind.coreHousehold)
            order by id desc limit 50
            """, selection)
    }

    static func insert(
        _ s: Selection, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_selection (id, area_id, organisation_id, kind, title, words, seats, from_day, to_day,
                result, status, version, created_by, created_ms)
            values (\(s.id), \(s.area), \(s.organisation), \(s.kind), \(s.title), \(s.words), \(s.seats), \(s.from),
                \(s.to), '', 1, 1, \(person), \(now))
            """)
    }

    static func insert(
        _ seats: [SelectionSeat], of id: ID<SelectionTag>, _ transaction: any WriteTransaction
    ) throws {
        for seat in seats {
            try transaction.run(
                """
                insert into governance_selection_seat (selection_id, area_id, seats)
                values (\(id), \(seat.area), \(seat.seats))
                """)
        }
    }

    /// The buildings of one that is for several; empty where it has one place.
    static func seats(
        of id: ID<SelectionTag>, _ transaction: any ReadTransaction
    ) throws -> [SelectionSeat] {
        try transaction.query(
            "select area_id, seats from governance_selection_seat where selection_id = \(id) order by area_id"
        ) { SelectionSeat(area: try $0.id(0), seats: try $0.int(1)) }
    }

    static func settle(
        _ id: ID<SelectionTag>, _ status: SelectionStatus, result: String, was seen: Int64,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_selection set status = \(status), result = \(result), version = version + 1
            where id = \(id) and version = \(seen) and status = 1
            """) == 1
    }

    static func candidates(
        of id: ID<SelectionTag>, _ transaction: any ReadTransaction
    ) throws -> [Candidate] {
        try transaction.query(
            """
            select id, person_id, words, status, area_id from governance_candidate where selection_id = \(id)
            order by id limit 500
            """
        ) {
            Candidate(
                id: try $0.int(0), building: try $0.int(4) == 0 ? nil : try $0.id(4), person: try $0.id(1),
                words: try $0.text(2), status: try $0.raw(3))
        }
    }

    /// False for somebody who stands already. Who withdrew may stand again.
    static func stand(
        _ id: Int64, _ selection: ID<SelectionTag>, _ person: PersonID, building: AreaID?, words: String,
        at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_candidate (id, selection_id, person_id, words, status, created_ms, area_id)
            values (\(id), \(selection), \(person), \(words), 1, \(now), \(building?.raw ?? 0))
            on conflict (selection_id, person_id) do update
            set status = 1, words = excluded.words, area_id = excluded.area_id
            where governance_candidate.status = 2
            """) == 1
    }

    static func mark(
        _ selection: ID<SelectionTag>, _ person: PersonID, _ status: CandidateStatus,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_candidate set status = \(status)
            where selection_id = \(selection) and person_id = \(person) and status = 1
            """) == 1
    }
}

extension GovernanceDesk {
    /// Announces an open selection: the notice stands at least `selectionDays`.
    ///
    /// - Parameter buildings: for leaders of several buildings of one estate, which is the place of the selection then;
    ///   `seats` are those of all of them, as many in each.
    @discardableResult
    package func announce(
        _ s: Selection, buildings: [AreaID] = [], by actor: Actor
    ) async throws -> ID<SelectionTag> {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let buildings = Set(buildings).sorted()
        guard buildings.count <= 50, s.seats <= 200 else { throw GovernanceRefusal.badChoice("building") }
        guard buildings.isEmpty || s.seats % Int64(buildings.count) == 0 else {
            throw GovernanceRefusal.badNumber("seats")
        }
        _ = try Self.words(s.title, "title", 1...60)
        _ = try Self.words(s.words, "words", 1...1000)
        let (now, today) = (world.now(), today)
        guard s.from <= s.to, s.from >= today else { throw GovernanceRefusal.endsBeforeItBegins }
        try await database.write { transaction in
            let (area, post) = try Self.place(s.area, .governanceEdit, actor, transaction)
            // What could not be decided after the notice is not announced.
            if buildings.isEmpty {
                guard s.kind.levels.contains(area.level) else { throw GovernanceRefusal.wrongLevel }
            } else {
                guard s.kind == .buildingLeader, area.level == .estate else { throw GovernanceRefusal.wrongLevel }
                let found = try DirectoryStore.areas(buildings, transaction)
                guard found.count == buildings.count,
                    found.values.allSatisfy({ $0.level == .building && area.path.contains($0.path) })
                else { throw GovernanceRefusal.badChoice("building") }
            }
            let days = try LimitStore.value(.selectionDays, transaction)
            guard Int64(s.to.number) - Int64(s.from.number) + 1 >= days else { throw GovernanceRefusal.badDay("to") }
            guard let body = try BodyStore.body(s.organisation, transaction),
                let home = try DirectoryStore.area(body.organisation.area, transaction), home.path.contains(area.path)
            else { throw GovernanceRefusal.badChoice("organisation") }
            guard !s.reveals && !body.kind.revealsMembers || actor.may(.partyRead, at: area.path) else {
                throw GovernanceRefusal.membersOnly
            }
            try SelectionStore.insert(s, by: person, at: now, transaction)
            try SelectionStore.insert(
                buildings.map { SelectionSeat(area: $0, seats: s.seats / Int64(buildings.count)) }, of: s.id,
                transaction)
            try audit("selection.announce", s.id.raw, s.title, at: area, by: actor, post, transaction)
        }
        return s.id
    }

    /// A resident of the place stands; where it is for several buildings, for one in which they have a home.
    package func stand(
        in id: ID<SelectionTag>, building: AreaID? = nil, words: String, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(words, "words")
        let (now, today, row) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (s, area) = try Self.selection(forResident: id, actor, transaction)
            guard s.isOpen(on: today) else { throw GovernanceRefusal.selectionClosed }
            let seats = try SelectionStore.seats(of: id, transaction)
            let own = seats.map(\.area).filter { area in actor.homes.contains { $0.path.ids.contains(area) } }
            // Where there is one only, nobody need say which.
            let chosen = building ?? (own.count == 1 ? own.first : nil)
            guard seats.isEmpty ? building == nil : chosen.map({ own.contains($0) }) ?? false else {
                throw GovernanceRefusal.notYourBuilding
            }
            let isNew = try SelectionStore.stand(
                row, id, person, building: chosen, words: words, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.candidateTwice }
            try audit("selection.stand", id.raw, person.text, at: area, by: actor, nil, transaction)
        }
    }

    package func withdraw(from id: ID<SelectionTag>, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        try await database.write { transaction in
            let (s, area) = try Self.selection(forResident: id, actor, transaction)
            guard s.status == .announced, try SelectionStore.mark(id, person, .withdrew, transaction) else {
                throw GovernanceRefusal.selectionClosed
            }
            try audit("selection.withdraw", id.raw, person.text, at: area, by: actor, nil, transaction)
        }
    }

    /// Staff put somebody up, with their consent.
    package func putUp(
        _ named: NamedPerson, words: String, in id: ID<SelectionTag>, building: AreaID? = nil, by actor: Actor
    ) async throws {
        _ = try Self.words(words, "words")
        let (now, today, row) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (s, area, post) = try Self.selection(id, .governanceEdit, actor, transaction)
            guard s.isOpen(on: today) else { throw GovernanceRefusal.selectionClosed }
            let seats = try SelectionStore.seats(of: id, transaction)
            guard seats.isEmpty ? building == nil : seats.contains(where: { $0.area == building }) else {
                throw GovernanceRefusal.badChoice("building")
            }
            let person = try named.find(at: now, transaction)
            let isNew = try SelectionStore.stand(
                row, id, person, building: building, words: words, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.candidateTwice }
            try audit(
                s.reveals ? "party.putUp" : "selection.putUp", id.raw, person.text, at: area, by: actor, post,
                transaction)
        }
    }

    /// The result, after the notice has ended: everybody chosen is appointed by a letter in the same transaction, or
    /// nobody is. Where it is for several buildings, each has its own seats and letters; one may stay without a leader.
    package func decide(
        _ id: ID<SelectionTag>, chosen: [PersonID], result: String, from: Day, to: Day, was seen: Int64,
        by actor: Actor
    ) async throws {
        _ = try Self.words(result, "result", 1...400)
        let today = today
        try await database.write { transaction in
            let (s, area, post) = try Self.selection(id, .governanceEdit, actor, transaction)
            guard s.version == seen else { throw GovernanceRefusal.changedMeanwhile }
            guard s.status == .announced else { throw GovernanceRefusal.selectionClosed }
            guard today > s.to else { throw GovernanceRefusal.selectionOpen }
            guard !chosen.isEmpty else { throw GovernanceRefusal.notElected }
            guard Set(chosen).count <= Int(s.seats) else { throw GovernanceRefusal.tooManyElected }
            guard try SelectionStore.settle(id, .decided, result: result, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            let seats = try SelectionStore.seats(of: id, transaction)
            let stands = try SelectionStore.candidates(of: id, transaction)
            let places = Dictionary(stands.map { ($0.person, $0.building) }, uniquingKeysWith: { $1 })
            for seat in seats {
                let there = Set(chosen).filter { places[$0] == seat.area }
                guard there.count <= Int(seat.seats) else { throw GovernanceRefusal.tooManyElected }
            }
            for person in Set(chosen).sorted() {
                guard try SelectionStore.mark(id, person, .chosen, transaction) else {
                    throw GovernanceRefusal.notElected
                }
                var new = NewAppointment(
                    kind: s.kind, organisation: s.organisation, area: (places[person] ?? nil) ?? s.area, from: from,
                    to: to, duties: s.title)
                new.selection = id.raw
                _ = try appoint(new, by: actor, transaction) { person }
            }
            for other in try SelectionStore.candidates(of: id, transaction) where other.status == .stands {
                _ = try SelectionStore.mark(id, other.person, .notChosen, transaction)
            }
            try audit("selection.decide", id.raw, result, at: area, by: actor, post, transaction)
        }
    }

    package func cancel(_ id: ID<SelectionTag>, words: String, was seen: Int64, by actor: Actor) async throws {
        guard !words.isEmpty else { throw GovernanceRefusal.reasonNeeded }
        _ = try Self.words(words, "why", 1...200)
        try await database.write { transaction in
            let (_, area, post) = try Self.selection(id, .governanceEdit, actor, transaction)
            guard try SelectionStore.settle(id, .withdrawn, result: words, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("selection.cancel", id.raw, words, at: area, by: actor, post, transaction)
        }
    }

    static func selection(
        _ id: ID<SelectionTag>, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Selection, Area, Post) {
        guard let found = try SelectionStore.load(id, transaction),
            let area = try DirectoryStore.area(found.area, transaction),
            let post = actor.post(for: verb, at: area.path), !found.reveals || actor.may(.partyRead, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }

    /// A selection at or above a home of the person.
    static func selection(
        forResident id: ID<SelectionTag>, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Selection, Area) {
        guard let found = try SelectionStore.load(id, transaction), !found.reveals, found.status != .withdrawn,
            let area = try DirectoryStore.area(found.area, transaction),
            actor.homes.contains(where: { area.path.contains($0.path) })
        else { throw GovernanceRefusal.notFound }
        return (found, area)
    }
}

import Directory
import Kernel
import Storage

/// A term of a body (届): from and to, and how it is composed.
package struct Term: Sendable {
    package let id: Int64
    package let organisation: OrganisationID
    package let number: Int64
    package let from: Day
    package let to: Day
    package let seats: Int64
    package let owners: Int64
    package let women: Int64
    package let basis: String
    package let version: Int64

    package init(
        id: Int64, organisation: OrganisationID, number: Int64, from: Day, to: Day, seats: Int64, owners: Int64,
        women: Int64, basis: String, version: Int64
    ) {
        self.id = id
        self.organisation = organisation
        self.number = number
        self.from = from
        self.to = to
        self.seats = seats
        self.owners = owners
        self.women = women
        self.basis = basis
        self.version = version
    }
}

/// What the rules say about a term (rules 2.6, 2.7, 7), by the limits as they stand.
package enum TermRules {
    struct Bounds: Sendable {
        var seats: ClosedRange<Int64> = 1...99
        var years: Int64 = 99
        var isOdd = false
        var halfOwners = false
        var leastWomen: Int64 = 0
    }

    static func bounds(_ kind: OrganisationKind, _ limit: (LimitKey) throws -> Int64) rethrows -> Bounds {
        switch kind {
        case .ownersCommittee:
            Bounds(
                seats: try limit(.committeeSeatsLeast)...max(limit(.committeeSeatsLeast), limit(.committeeSeatsMost)),
                years: try limit(.committeeYears), isOdd: true)
        case .managementCommittee:
            Bounds(
                seats: try limit(.managementSeatsLeast)...99, years: try limit(.managementYears), isOdd: true,
                halfOwners: true)
        case .residentsCommittee:
            Bounds(
                seats: try limit(.residentsSeatsLeast)...max(limit(.residentsSeatsLeast), limit(.residentsSeatsMost)),
                years: try limit(.residentsYears), leastWomen: 1)
        default: Bounds()
        }
    }

    /// The last day of a term of n years is the day before this; one from 29 February ends on the last of the month.
    static func anniversary(of from: Day, years: Int64) -> Day? {
        let (year, month, day) = from.civil
        return Day(year: year + Int(years), month: month, day: day)
            ?? Day(year: year + Int(years), month: month, day: 28)
    }

    static func check(_ term: Term, _ bounds: Bounds) throws {
        guard term.from <= term.to else { throw GovernanceRefusal.endsBeforeItBegins }
        if let end = anniversary(of: term.from, years: bounds.years), term.to >= end {
            throw GovernanceRefusal.termTooLong(String(bounds.years))
        }
        guard bounds.seats.contains(term.seats) else {
            throw GovernanceRefusal.seatsOutside(String(bounds.seats.lowerBound), String(bounds.seats.upperBound))
        }
        if bounds.isOdd, term.seats % 2 == 0 { throw GovernanceRefusal.seatsEven }
        guard term.owners <= term.seats, term.women <= term.seats else { throw GovernanceRefusal.badNumber("owners") }
        // Half or more: the number itself counts (Civil Code art. 1259).
        if bounds.halfOwners, term.owners * 2 < term.seats { throw GovernanceRefusal.ownersTooFew }
        if term.women < bounds.leastWomen { throw GovernanceRefusal.noWoman }
    }

    /// Where a body of a kind may sit.
    static func levels(_ kind: OrganisationKind) -> ClosedRange<AreaLevel> {
        switch kind {
        case .ownersCommittee, .managementCommittee, .residentsCouncil, .allOwners, .propertyProject,
            .committeeBranch, .estateBranch:
            .estate ... .estate
        case .residentsCommittee, .supervisoryCommittee: .community ... .community
        case .streetOffice: .street ... .street
        case .partyBody: .district ... .community
        default: .province ... .estate
        }
    }
}

/// Every SQL word about terms.
package enum TermStore {
    private static let columns: SQL =
        "id, organisation_id, number, from_day, to_day, seats, owners, women, basis, version"
    private static func term(_ row: any Row) throws -> Term {
        Term(
            id: try row.int(0), organisation: try row.id(1), number: try row.int(2), from: try row.day(3),
            to: try row.day(4), seats: try row.int(5), owners: try row.int(6), women: try row.int(7),
            basis: try row.text(8), version: try row.int(9))
    }

    package static func terms(of id: OrganisationID, _ transaction: any ReadTransaction) throws -> [Term] {
        try transaction.query(
            "select \(columns) from governance_term where organisation_id = \(id) order by number desc limit 50", term)
    }

    static func insert(
        _ t: Term, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_term (id, organisation_id, number, from_day, to_day, seats, owners, women, basis,
                version, created_by, created_ms)
            values (\(t.id), \(t.organisation), \(t.number), \(t.from), \(t.to), \(t.seats), \(t.owners), \(t.women),
                \(t.basis), 1, \(person), \(now))
            """)
    }

    /// Terms that end from one day to another.
    static func ending(from: Day, to: Day, _ transaction: any ReadTransaction) throws -> [Term] {
        try transaction.query(
            """
            select \(columns) from governance_term where to_day between \(from) and \(to) order by to_day, id limit 2000
            """, term)
    }
}

extension GovernanceDesk {
    /// Adds a body of a kind at an area. A party branch of a company, and a project office, belong to the family of the
    /// body above them. An estate has one body that stands for its owners.
    @discardableResult
    package func addBody(
        _ kind: OrganisationKind, name: String, at area: AreaID, under parent: OrganisationID?, by actor: Actor
    ) async throws -> OrganisationID {
        let name = try Self.words(
            name.split(whereSeparator: \.isWhitespace).joined(separator: " "), "name",
            1...OrganisationActions.longestName)
        let id: OrganisationID = world.id()
        let now = world.now()
        try await database.write { transaction in
            let (place, post) = try Self.place(area, .governanceEdit, actor, transaction)
            guard TermRules.levels(kind).contains(place.level) else { throw GovernanceRefusal.wrongLevel }
            guard try !BodyStore.isTaken(name, at: area, transaction) else { throw GovernanceRefusal.bodyTaken }
            if kind.isEstateBody, let other = try BodyStore.estateBodies(at: area, transaction).first {
                throw GovernanceRefusal.otherEstateBody(other.name)
            }
            var family = id
            if let parent {
                guard let above = try BodyStore.body(parent, transaction),
                    let home = try DirectoryStore.area(above.organisation.area, transaction),
                    home.path.contains(place.path) || actor.may(.governanceRead, at: home.path)
                else { throw GovernanceRefusal.badChoice("parent") }
                if kind.party == above.organisation.party { family = above.organisation.family }
            }
            try DirectoryStore.insertOrganisation(
                Organisation(id: id, family: family, party: kind.party, name: name, area: area), parent: parent,
                at: now, transaction)
            _ = try BodyStore.setKind(kind, of: id, was: .other, transaction)
            try audit("body.add", id.raw, "\(kind.code) \(name)", at: place, by: actor, post, transaction)
        }
        return id
    }

    package func setKind(
        _ kind: OrganisationKind, of id: OrganisationID, was seen: OrganisationKind, by actor: Actor
    ) async throws {
        try await database.write { transaction in
            let (body, place, post) = try Self.body(id, .governanceEdit, actor, transaction)
            guard body.kind == seen else { throw GovernanceRefusal.changedMeanwhile }
            guard TermRules.levels(kind).contains(place.level), kind.party == body.organisation.party else {
                throw GovernanceRefusal.badChoice("kind")
            }
            let others = try BodyStore.estateBodies(at: place.id, transaction).filter { $0.id != id }
            if kind.isEstateBody, let other = others.first { throw GovernanceRefusal.otherEstateBody(other.name) }
            guard try BodyStore.setKind(kind, of: id, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("body.kind", id.raw, "\(seen.code) > \(kind.code)", at: place, by: actor, post, transaction)
        }
    }

    /// Begins the next term of a body, after the last one.
    package func addTerm(_ term: Term, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(term.basis, "basis", 1...120)
        let now = world.now()
        try await database.write { transaction in
            let (body, place, post) = try Self.body(term.organisation, .governanceEdit, actor, transaction)
            try TermRules.check(
                term, try TermRules.bounds(body.kind) { try LimitStore.value($0, at: place.path, transaction) })
            let earlier = try TermStore.terms(of: body.id, transaction)
            guard earlier.allSatisfy({ $0.to < term.from }) else { throw GovernanceRefusal.termOverlaps }
            let next = Term(
                id: term.id, organisation: term.organisation, number: (earlier.first?.number ?? 0) + 1,
                from: term.from, to: term.to, seats: term.seats, owners: term.owners, women: term.women,
                basis: term.basis, version: 1)
            try TermStore.insert(next, by: person, at: now, transaction)
            try audit(
                "body.term", body.id.raw, "\(next.number) \(term.from) \(term.to)", at: place, by: actor, post,
                transaction)
        }
    }

    package func setProject(_ type: ProjectType, of estate: AreaID, was seen: ProjectType, by actor: Actor) async throws
    {
        try await database.write { transaction in
            let (place, post) = try Self.place(estate, .governanceEdit, actor, transaction)
            guard place.level == .estate else { throw GovernanceRefusal.wrongLevel }
            guard try BodyStore.setProject(type, of: estate, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit(
                "estate.project", estate.raw, "\(seen.code) > \(type.code)", at: place, by: actor, post, transaction)
        }
    }

    /// Tells the community, once, that a body's term is about to end: `termNoticeDays` before, and for an owners' committee
    /// what the region of its place says.
    func remindOfTerms() async throws {
        let (now, today) = (world.now(), today)
        let due = try await database.read { transaction in
            let usual = try LimitStore.value(.termNoticeDays, transaction)
            let longest = try RegionStore.largest(.renewalDays, least: usual, transaction)
            return try TermStore.ending(from: today, to: today.adding(Int(longest)), transaction).filter { term in
                var days = usual
                if let body = try BodyStore.body(term.organisation, transaction), body.kind == .ownersCommittee,
                    let area = try DirectoryStore.area(body.organisation.area, transaction)
                {
                    days = try LimitStore.value(.termNoticeDays, at: area.path, transaction)
                }
                return term.to <= today.adding(Int(days))
            }
        }
        for term in due {
            try await database.write { [tell] transaction in
                guard let body = try BodyStore.body(term.organisation, transaction),
                    let area = try DirectoryStore.area(body.organisation.area, transaction),
                    try Once.first("term", term.id, at: now, transaction)
                else { return }
                let people = try DirectoryStore.colleagues(
                    at: area.path, may: .governanceEdit, on: today, transaction
                ).map(\.person)
                try tell(
                    .termEnds, [body.name, term.to.description], "/desk/bodies/\(body.id.text)", people, nil, now,
                    transaction)
            }
        }
    }

    static func body(
        _ id: OrganisationID, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Body, Area, Post) {
        guard let body = try BodyStore.body(id, transaction),
            let area = try DirectoryStore.area(body.organisation.area, transaction),
            let post = actor.post(for: verb, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (body, area, post)
    }
}

enum Once {
    /// True for the first who asks, however often it is asked: what is told once is told in the same transaction.
    static func first(
        _ name: String, _ subject: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_told (name, subject_id, at_ms) values (\(name), \(subject), \(now))
            on conflict do nothing
            """) == 1
    }
}

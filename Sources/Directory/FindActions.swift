import Kernel
import Storage
import Web

/// What is found comes in groups, each a list of its own.
package enum FindGroup: String, CaseIterable, Sendable {
    /// Who lives here: for those who check homes.
    case residents
    /// Who holds a post here.
    case staff
    /// Buildings and rooms.
    case units
    /// Areas by name.
    case places

    var isPersonal: Bool { self == .residents || self == .staff }

    var verbs: Verbs {
        switch self {
        case .residents: [.residentApprove]
        case .staff: [.residentApprove, .directoryEdit, .governanceRead]
        case .units, .places: [.caseRead, .residentApprove, .directoryEdit, .governanceRead, .statisticsRead]
        }
    }
}

/// Why words are not looked for.
package enum FindRefusal: Refusal, Equatable {
    case empty, tooShort, tooLong, partOfPhone, badCursor

    package var kind: RefusalKind { .invalid }
    package var field: String? { self == .badCursor ? "cursor" : "q" }
    package var message: Message {
        switch self {
        case .empty: Phrase.findEmpty()
        case .tooShort: Phrase.findTooShort()
        case .tooLong: Phrase.findTooLong(String(FindQuery.longest))
        case .partOfPhone: Phrase.findPartOfPhone()
        case .badCursor: Phrase.findBadCursor()
        }
    }
}

/// One row of a group.
struct Found: Sendable {
    let group: FindGroup
    let id: Int64
    let name: String
    /// Where: the way down from the street, or the homes and posts of a person inside the reader's reach.
    var lines: [String] = []
    var phone = ""
    var level: AreaLevel?
    var former: [String] = []
    /// The area that shows more of it.
    var area: AreaID?
    /// The path of that area.
    var path: AreaPath?
    let cursor: String
}

/// Looks for people, rooms and places within the reach of one's posts. A search of people is audited before anything is
/// told: that somebody looked, for what kind of words, and how many rows were told; never the words.
struct FindActions: Sendable {
    /// Rows of each group on the first page, and of one group alone.
    static let few = 10

    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets

    /// The groups that an actor has any part in.
    static func groups(_ actor: Actor) -> [FindGroup] {
        FindGroup.allCases.filter { group in actor.posts.contains { !$0.role.verbs.isDisjoint(with: group.verbs) } }
    }

    struct Answer: Sendable {
        var groups: [(group: FindGroup, rows: Slice<Found>)] = []
        /// False while rows of before are still being indexed.
        var isWhole = true
    }

    /// Throws `FindRefusal` for words that cannot be looked for, and `noPost` where nothing may be.
    func find(
        _ typed: String, only: FindGroup? = nil, cursor: String? = nil, limit: Int = few, by actor: Actor
    ) async throws -> Answer {
        let groups = Self.groups(actor).filter { only == nil || $0 == only }
        guard !groups.isEmpty else { throw DirectoryRefusal.noPost }
        let query = FindQuery(typed, secrets: secrets)
        switch query.problem {
        case .empty: throw FindRefusal.empty
        case .tooShort: throw FindRefusal.tooShort
        case .tooLong: throw FindRefusal.tooLong
        case .partOfPhone: throw FindRefusal.partOfPhone
        case nil: break
        }
        let today = Zone.shanghai.day(of: world.now())
        let scopes = try groups.map { ($0, try actor.scope(anyOf: $0.verbs)) }
        let answer = try await database.read { transaction in
            var answer = Answer(isWhole: try FindStore.isWhole(transaction))
            let after = try cursor.map { try Self.cursor($0, transaction) }
            for (group, scope) in scopes {
                let hits = try Self.hits(
                    group, query, scope, after: after, limit: limit + 1, on: today, secrets, transaction)
                guard let hits else { continue }
                let kept = Array(hits.prefix(limit))
                let rows = try Self.rows(group, kept, scope, on: today, transaction)
                let next = hits.count > limit ? kept.last.map(Self.text) : nil
                answer.groups.append((group, Slice(rows, next: next)))
            }
            return answer
        }
        try await audit(answer, query, actor)
        return answer
    }

    private func audit(_ answer: Answer, _ query: FindQuery, _ actor: Actor) async throws {
        let personal = answer.groups.filter { $0.group.isPersonal }
        guard let first = personal.first else { return }
        let scope = try actor.scope(anyOf: first.group.verbs)
        guard let place = scope.places.first else { return }
        let post = actor.posts.first { !$0.role.verbs.isDisjoint(with: first.group.verbs) }
        let told = personal.reduce(0) { $0 + $1.rows.items.count }
        let now = world.now()
        let (kind, person) = (query.kind.isEmpty ? "number" : query.kind, actor.person)
        try await database.write { [journal] transaction in
            try journal.audit(
                AuditEntry(
                    area: place.area, actor: person, post: post?.id, verb: "people.find", subject: 0,
                    detail: "\(kind) \(told)"), at: now, transaction)
        }
    }

    /// Nil for a group that such words do not ask for.
    private static func hits(
        _ group: FindGroup, _ query: FindQuery, _ scope: Scope, after: FindCursor?, limit: Int, on today: Day,
        _ secrets: Secrets, _ transaction: any ReadTransaction
    ) throws -> [FindHit]? {
        var wanted: FindWanted
        switch group {
        case .residents, .staff:
            guard let people = query.people, let first = people.first else { return nil }
            wanted = FindWanted(of: group == .staff ? .staff(today) : .residents(today), terms: first)
            wanted.also = Array(people.dropFirst())
        case .units:
            guard !query.address.isEmpty else { return nil }
            wanted = FindWanted(of: .areas, terms: query.address)
            wanted.levels = AreaLevel.building...AreaLevel.unit
            wanted.also = query.beside
            if !query.before.isEmpty { wanted.also += try before(query.before, transaction) }
        case .places:
            guard let first = query.places.first else { return nil }
            wanted = FindWanted(of: .areas, terms: first)
            wanted.also = Array(query.places.dropFirst())
            wanted.levels = AreaLevel.province...(query.address.isEmpty ? AreaLevel.building : AreaLevel.estate)
        }
        return try FindStore.find(wanted, in: scope, after: after, limit: limit, transaction)
    }

    /// What stands before the building: the longest end of it that is the name of something. So the province, the city
    /// and the road before the name of an estate do no harm.
    private static func before(_ text: String, _ transaction: any ReadTransaction) throws -> [[Int64]] {
        var rest = Substring(FindTerms.folded(text).text)
        while !rest.isEmpty {
            let term = FindTerms.term(rest.unicodeScalars.contains { $0.value > 127 } ? .han : .latin, rest)
            if try FindStore.isKnown(term, transaction) { return [[term]] }
            rest = rest.dropFirst()
        }
        // Nothing has such a name: nothing is found.
        return [[FindTerms.term(.han, text)]]
    }

    // MARK: Rows

    private static func rows(
        _ group: FindGroup, _ hits: [FindHit], _ scope: Scope, on today: Day, _ transaction: any ReadTransaction
    ) throws -> [Found] {
        guard !hits.isEmpty else { return [] }
        switch group {
        case .residents, .staff: return try people(group, hits, scope, on: today, transaction)
        case .units, .places: return try areas(group, hits, scope, transaction)
        }
    }

    private static func people(
        _ group: FindGroup, _ hits: [FindHit], _ scope: Scope, on today: Day, _ transaction: any ReadTransaction
    ) throws -> [Found] {
        let ids = Set(hits.map(\.subject)).sorted()
        let named = try FindStore.names(of: ids, transaction)
        let bonds =
            group == .residents
            ? try FindStore.homes(of: ids, in: scope, on: today, transaction)
            : try FindStore.posts(of: ids, in: scope, on: today, transaction)
        return hits.compactMap { hit in
            guard let (name, phone) = named[hit.subject] else { return nil }
            let mine = bonds.filter { $0.person == hit.subject && $0.place == hit.place.raw }
            return Found(
                group: group, id: hit.subject, name: name, lines: mine.map(\.words), phone: phone,
                area: mine.first?.area, path: mine.first?.path, cursor: text(hit))
        }
    }

    private static func areas(
        _ group: FindGroup, _ hits: [FindHit], _ scope: Scope, _ transaction: any ReadTransaction
    ) throws -> [Found] {
        let ids = hits.map { AreaID($0.subject) }
        let found = try DirectoryStore.areas(ids, transaction)
        let above = try DirectoryStore.areas(found.values.flatMap(\.path.ids), transaction)
        let former = try FindStore.formerNames(of: ids, transaction)
        return hits.compactMap { hit in
            guard let area = found[AreaID(hit.subject)] else { return nil }
            let way = area.path.ids.dropLast().compactMap { above[$0] }
            // From the street down: what is above it, all of a house share.
            let near = way.filter { $0.level >= .street }
            return Found(
                group: group, id: hit.subject, name: area.name,
                lines: [(near.isEmpty ? Array(way.suffix(1)) : near).map(\.name).joined(separator: " › ")]
                    .filter { !$0.isEmpty }, level: area.level, former: former[area.id] ?? [], area: area.id,
                path: area.path, cursor: text(hit))
        }
    }

    // MARK: Cursors

    private static func text(_ hit: FindHit) -> String { "\(hit.place.text)-\(ID<PersonTag>(hit.subject).text)" }

    private static func cursor(_ text: String, _ transaction: any ReadTransaction) throws -> FindCursor {
        let parts = text.split(separator: "-").map(String.init)
        guard parts.count == 2, let place = AreaID(text: parts[0]), let subject = PersonID(text: parts[1]),
            let area = try DirectoryStore.area(place, transaction)
        else { throw FindRefusal.badCursor }
        return FindCursor(path: area.path, subject: subject.raw)
    }
}

/// Indexes rows of before, and all rows when names give other terms than they did: some at a time, by one server of
/// several; a killed server's place is taken where it stood.
package struct FindWork: Sendable {
    private static let lock = "directory.find"
    private static let batch = 200
    private static let leaseMs: Int64 = 30_000
    let database: any Database
    let world: World

    /// Indexes one batch. False when there is nothing to do, or another server is at it.
    package func step(worker: String) async throws -> Bool {
        guard try await !database.read({ try FindStore.isWhole($0) }) else { return false }
        let now = world.now()
        return try await database.write { transaction in
            guard try Leases().acquire(Self.lock, holder: worker, leaseMs: Self.leaseMs, at: now, transaction) else {
                return false
            }
            for part in FindStore.Part.allCases {
                if try !FindStore.indexNext(part, limit: Self.batch, transaction) { return true }
            }
            try Leases().release(Self.lock, holder: worker, transaction)
            return true
        }
    }
}

extension Actor {
    /// Whether a search would look anywhere.
    package var mayFind: Bool { !FindActions.groups(self).isEmpty }
}

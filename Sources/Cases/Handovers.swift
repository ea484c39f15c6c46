import Directory
import Kernel
import Messaging
import Storage
import Synchronization

package enum HandoverTag {}
package typealias HandoverID = ID<HandoverTag>

/// What somebody leaves to the next at the end of a shift: words, and open cases with a line each. Whoever takes it says
/// so; from then on nobody changes it.
package struct Handover: Sendable {
    package let id: HandoverID
    package let area: AreaID
    package let kind: RosterKind
    package let author: PersonID
    package let authorName: String
    package let words: String
    package let at: Instant
    package let version: Int64
    package let takenName: String
    package let taken: Instant?
    package var items: [HandoverItem] = []
}

package struct HandoverItem: Sendable {
    package let id: CaseID
    package let line: String
}

package enum HandoverRules {
    /// So long after the end of a shift its note may still be written.
    package static let lateHours = 12
    package static let mostCases = 30

    /// The shift that somebody hands over: the one they are on, or the last that ended not long ago.
    package static func shift(of person: PersonID, _ shifts: [Shift], kind: RosterKind, at now: Instant) -> Shift? {
        shifts.filter {
            $0.person == person && $0.kind == kind && $0.from <= now && $0.to > now.adding(hours: -lateHours)
        }.max { $0.to < $1.to }
    }
}

/// Every SQL word about hand-over notes.
package enum HandoverStore {
    private static let columns: SQL = """
        h.id, h.area_id, h.kind, h.author_id, h.author_name, h.words, h.at_ms, h.version, h.taken_name, h.taken_ms
        """

    private static func note(_ row: any Row) throws -> Handover {
        Handover(
            id: try row.id(0), area: try row.id(1), kind: try row.raw(2), author: try row.id(3),
            authorName: try row.text(4), words: try row.text(5), at: try row.instant(6), version: try row.int(7),
            takenName: try row.text(8), taken: try row.optionalInstant(9))
    }

    package static func load(_ id: HandoverID, _ transaction: any ReadTransaction) throws -> Handover? {
        guard
            var note = try transaction.first("select \(columns) from cases_handover h where h.id = \(id)", note)
        else { return nil }
        note.items = try transaction.query(
            "select case_id, line from cases_handover_item where handover_id = \(id) order by place limit 100"
        ) { HandoverItem(id: try $0.id(0), line: try $0.text(1)) }
        return note
    }

    /// The notes of a scope, the newest first.
    package static func list(
        _ scope: Scope, openOnly: Bool, before: HandoverID? = nil, limit: Int = 50,
        _ transaction: any ReadTransaction
    ) throws -> [Handover] {
        let open: SQL = openOnly ? "and h.taken_ms is null" : .empty
        let page: SQL = before.map { "and h.id < \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from cases_handover h
            where h.area_id in \(DirectoryStore.areas(in: scope)) \(open) \(page) order by h.id desc limit \(limit)
            """, note)
    }

    /// At most 100 are counted.
    static func open(_ scope: Scope, _ transaction: any ReadTransaction) throws -> Int {
        let places = scope.places.map { place -> SQL in
            "(a.path >= \(place.path.text) and a.path < \(place.path.upperBound))"
        }
        return try transaction.query(
            """
            select h.id from cases_handover h join directory_area a on a.id = h.area_id
            where h.taken_ms is null and (\(SQL.joined(places, separator: " or "))) limit 100
            """
        ) { try $0.int(0) }.count
    }

    static func insert(_ h: Handover, shift: Int64, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into cases_handover (id, area_id, kind, shift_id, author_id, author_name, words, at_ms, version,
                taken_name)
            values (\(h.id), \(h.area), \(h.kind), \(shift), \(h.author), \(h.authorName), \(h.words), \(h.at), 1, '')
            """)
        try put(h.items, of: h.id, transaction)
    }

    /// False when it was taken or changed since.
    static func save(
        _ id: HandoverID, words: String, _ items: [HandoverItem], was version: Int64,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        guard
            try transaction.run(
                """
                update cases_handover set words = \(words), version = \(version + 1)
                where id = \(id) and version = \(version) and taken_ms is null
                """) == 1
        else { return false }
        try transaction.run("delete from cases_handover_item where handover_id = \(id)")
        try put(items, of: id, transaction)
        return true
    }

    private static func put(
        _ items: [HandoverItem], of id: HandoverID, _ transaction: any WriteTransaction
    ) throws {
        for (place, item) in items.enumerated() {
            try transaction.run(
                """
                insert into cases_handover_item (handover_id, case_id, place, line)
                values (\(id), \(item.id), \(place), \(item.line))
                """)
        }
    }

    /// False when somebody took it before, or it was changed since.
    static func take(
        _ id: HandoverID, by person: PersonID, name: String, at now: Instant, was version: Int64,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update cases_handover set taken_by = \(person), taken_name = \(name), taken_ms = \(now)
            where id = \(id) and version = \(version) and taken_ms is null
            """) == 1
    }
}

/// How many notes wait, kept until one is written or taken: the desk asks each time.
package final class HandoverMemory: Sendable {
    private let memory: MarkedMemory<String, Int>

    package init(_ database: any Database) {
        memory = MarkedMemory(database, of: ["cases_handover", "directory_area"], limit: 2000)
    }

    /// Asked for before the transaction in which the answer is read.
    var edition: MarkedMemory<String, Int>.Edition { memory.edition }

    func open(
        _ scope: Scope, _ edition: MarkedMemory<String, Int>.Edition, _ transaction: any ReadTransaction
    ) throws -> Int {
        try memory.kept(CaseCounts.key(scope), edition) { try HandoverStore.open(scope, transaction) }
    }
}

/// Written by whoever is or was on duty, taken by somebody else. Each action is one transaction and is audited.
package struct HandoverActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let inbox: Inbox

    package func write(
        estate: AreaID, kind: RosterKind, words: String, items: [HandoverItem], by actor: Actor
    ) async throws -> HandoverID {
        guard let author = actor.person else { throw CoverRefusal.notFound }
        let (words, items) = try Self.checked(words, items)
        let now = world.now()
        let id: HandoverID = world.id()
        try await database.write { [journal, inbox] transaction in
            let (area, post) = try Self.place(estate, actor, transaction)
            let shifts = try RosterStore.shifts(
                area: estate, from: now.adding(hours: -HandoverRules.lateHours), to: now.adding(days: 1), transaction)
            guard let shift = HandoverRules.shift(of: author, shifts, kind: kind, at: now) else {
                throw CoverRefusal.notOnDuty
            }
            try Self.check(items, actor, area, transaction)
            try HandoverStore.insert(
                Handover(
                    id: id, area: estate, kind: kind, author: author, authorName: actor.name, words: words, at: now,
                    version: 1, takenName: "", taken: nil, items: items), shift: shift.id, transaction)
            try journal.audit(
                AuditEntry(
                    area: estate, actor: author, post: post.id, verb: "handover.write", subject: id.raw,
                    detail: "\(kind.code) \(items.count)"), at: now, transaction)
            // Whoever comes next: those whose shift of the same roster begins before the next midday.
            let next = shifts.filter { $0.kind == kind && $0.person != author && $0.to > now }.map(\.person)
            try inbox.send(
                CoverNotices.handover, [actor.name, area.name], link: "/desk/handovers/\(id.text)", to: next,
                except: author, at: now, transaction)
        }
        return id
    }

    /// By its author, until it is taken.
    package func change(
        _ id: HandoverID, words: String, items: [HandoverItem], was version: Int64, by actor: Actor
    ) async throws {
        let (words, items) = try Self.checked(words, items)
        let now = world.now()
        try await database.write { [journal] transaction in
            let (note, area, post) = try Self.seen(id, actor, transaction)
            guard note.author == actor.person else { throw CoverRefusal.notYours }
            guard note.taken == nil else { throw CoverRefusal.acknowledged }
            try Self.check(items, actor, area, transaction)
            // What the author sees no longer stays on the note, for those who do.
            let kept = try note.items.filter { item in
                try !items.contains { $0.id == item.id } && CaseQueries.seenCase(item.id, actor, transaction) == nil
            }
            guard try HandoverStore.save(id, words: words, items + kept, was: version, transaction) else {
                throw CoverRefusal.changedMeanwhile
            }
            try journal.audit(
                AuditEntry(
                    area: note.area, actor: actor.person, post: post.id, verb: "handover.change", subject: id.raw),
                at: now, transaction)
        }
    }

    /// By anybody else who works there: what was read is what is taken.
    package func take(_ id: HandoverID, was version: Int64, by actor: Actor) async throws {
        guard let person = actor.person else { throw CoverRefusal.notFound }
        let now = world.now()
        try await database.write { [journal] transaction in
            let (note, _, post) = try Self.seen(id, actor, transaction)
            guard note.author != person else { throw CoverRefusal.ownNote }
            guard note.taken == nil else { throw CoverRefusal.acknowledged }
            guard
                try HandoverStore.take(id, by: person, name: actor.name, at: now, was: version, transaction)
            else { throw CoverRefusal.changedMeanwhile }
            try journal.audit(
                AuditEntry(
                    area: note.area, actor: person, post: post.id, verb: "handover.take", subject: id.raw), at: now,
                transaction)
        }
    }

    private static func checked(_ words: String, _ items: [HandoverItem]) throws -> (String, [HandoverItem]) {
        guard items.count <= HandoverRules.mostCases else { throw CoverRefusal.tooManyPicked }
        var seen = Set<CaseID>()
        let items = try items.filter { seen.insert($0.id).inserted }.map {
            HandoverItem(id: $0.id, line: try CoverWords.checked($0.line, "line", 0...200))
        }
        return (try CoverWords.checked(words, "words", 1...1000), items)
    }

    /// Only cases of the place that the author may read.
    private static func check(
        _ items: [HandoverItem], _ actor: Actor, _ area: Area, _ transaction: any ReadTransaction
    ) throws {
        for item in items {
            let c = try CaseQueries.staffCase(item.id, actor, transaction)
            guard c.place.estate == area.id.raw else { throw CaseRefusal.notFound }
        }
    }

    static func place(
        _ estate: AreaID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Area, Post) {
        guard let area = try DirectoryStore.area(estate, transaction), area.level == .estate,
            let post = actor.post(for: .caseRead, at: area.path)
        else { throw CoverRefusal.notFound }
        return (area, post)
    }

    static func seen(
        _ id: HandoverID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Handover, Area, Post) {
        guard let note = try HandoverStore.load(id, transaction) else { throw CoverRefusal.notFound }
        let (area, post) = try place(note.area, actor, transaction)
        return (note, area, post)
    }
}

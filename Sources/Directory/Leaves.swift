import Kernel
import Storage

package enum LeaveTag {}
package typealias LeaveID = ID<LeaveTag>

package enum LeaveStatus: Int64, CaseIterable, Sendable {
    case asked = 1
    case approved = 2
    case refused = 3
    case calledOff = 4
    package var code: String { String(describing: self) }
}

/// Somebody is away from a post for a time, and somebody else sees to what is theirs meanwhile. What passes is the
/// queue: the cases that are assigned to the absent person. The post does not pass; whatever the stand-in does, they do
/// by a post of their own, and it is kept as theirs, for the other.
package struct Leave: Sendable, Hashable {
    package let id: LeaveID
    package let person: PersonID
    package let post: PostID
    package let standIn: PersonID
    /// The area of the post.
    package let area: AreaID
    package let from: Instant
    package let to: Instant
    package let status: LeaveStatus
    package let why: String
    package let decidedWhy: String
    package let version: Int64
    package var personName = ""
    package var standInName = ""

    package init(
        id: LeaveID, person: PersonID, post: PostID, standIn: PersonID, area: AreaID, from: Instant, to: Instant,
        status: LeaveStatus, why: String, decidedWhy: String = "", version: Int64 = 1, personName: String = "",
        standInName: String = ""
    ) {
        self.id = id
        self.person = person
        self.post = post
        self.standIn = standIn
        self.area = area
        self.from = from
        self.to = to
        self.status = status
        self.why = why
        self.decidedWhy = decidedWhy
        self.version = version
        self.personName = personName
        self.standInName = standInName
    }

    /// It begins and ends by itself.
    package func isOn(_ now: Instant) -> Bool { status == .approved && from <= now && now < to }
}

/// Pure decisions about leave.
package enum LeaveRules {
    package static let longestDays = 366
    /// An illness may be told the day after.
    package static let latestDays = 1

    /// What a post must be able to do so that its holder may stand in for another's.
    package static func needed(_ role: Role) -> Verb {
        for verb in [Verb.caseAttend, .caseDispatch, .caseStrikeOff, .casePublish]
        where role.verbs.contains(verb) { return verb }
        return .caseRead
    }

    package static func checkTimes(from: Instant, to: Instant, now: Instant) throws(CoverRefusal) {
        guard from < to else { throw .endsBeforeItBegins }
        guard to > now, from >= now.adding(days: -latestDays) else { throw .inThePast }
        guard to.ms - from.ms <= Int64(longestDays) * Instant.dayMs, from <= now.adding(days: longestDays) else {
            throw .tooLong
        }
    }

    /// By which of their own posts somebody stands in; nil when none lets them.
    package static func post(of posts: [Post], for role: Role, at path: AreaPath) -> Post? {
        posts.first { $0.role.verbs.contains(needed(role)) && $0.role.verbs.contains(.caseRead) && $0.covers(path) }
    }
}

/// Every SQL word about leave.
package enum LeaveStore {
    private static let columns: SQL = """
        l.id, l.person_id, l.post_id, l.standin_id, l.area_id, l.from_ms, l.to_ms, l.status, l.why, l.decided_why,
        l.version, n.name, s.name
        """
    private static let joins: SQL = """
        from directory_leave l join directory_person n on n.id = l.person_id
        join directory_person s on s.id = l.standin_id
        """

    private static func leave(_ row: any Row) throws -> Leave {
        Leave(
            id: try row.id(0), person: try row.id(1), post: try row.id(2), standIn: try row.id(3),
            area: try row.id(4), from: try row.instant(5), to: try row.instant(6), status: try row.raw(7),
            why: try row.text(8), decidedWhy: try row.text(9), version: try row.int(10), personName: try row.text(11),
            standInName: try row.text(12))
    }

    package static func load(_ id: LeaveID, _ transaction: any ReadTransaction) throws -> Leave? {
        try transaction.first("select \(columns) \(joins) where l.id = \(id)", leave)
    }

    /// One's own and those that one stands in for, the latest end first.
    package static func of(_ person: PersonID, limit: Int = 50, _ transaction: any ReadTransaction) throws -> [Leave] {
        let own = try transaction.query(
            "select \(columns) \(joins) where l.person_id = \(person) order by l.to_ms desc limit \(limit)", leave)
        let others = try transaction.query(
            "select \(columns) \(joins) where l.standin_id = \(person) order by l.to_ms desc limit \(limit)", leave)
        return (own + others).sorted { ($0.to, $0.id) > ($1.to, $1.id) }
    }

    /// Those of a scope that have not ended, and of the last thirty days.
    package static func list(
        _ scope: Scope, since: Instant, after: (to: Instant, id: LeaveID)? = nil, limit: Int = 100,
        _ transaction: any ReadTransaction
    ) throws -> [Leave] {
        let page: SQL = after.map { "and (l.to_ms, l.id) > (\($0.to), \($0.id))" } ?? .empty
        return try transaction.query(
            """
            select \(columns) \(joins) where l.area_id in \(DirectoryStore.areas(in: scope)) and l.to_ms > \(since) \(page)
            order by l.to_ms, l.id limit \(limit)
            """, leave)
    }

    /// Leave of these people that is on at a moment, or in a time.
    package static func on(
        _ people: some Collection<PersonID>, from: Instant, to: Instant, _ transaction: any ReadTransaction
    ) throws -> [Leave] {
        guard !people.isEmpty else { return [] }
        let list = SQL.joined(Set(people).map { "\($0)" })
        return try transaction.query(
            """
            select \(columns) \(joins) where l.person_id in (\(list)) and l.to_ms > \(from) and l.from_ms < \(to)
                and l.status = \(LeaveStatus.approved)
            order by l.from_ms, l.id limit 1000
            """, leave)
    }

    /// For whom somebody stands in now, whose post still lets them: nobody who has left it.
    package static func standsIn(
        _ person: PersonID, posts: [Post], at now: Instant, _ transaction: any ReadTransaction
    ) throws -> [Leave] {
        let found = try transaction.query(
            """
            select \(columns) \(joins) where l.standin_id = \(person) and l.to_ms > \(now) and l.from_ms <= \(now)
                and l.status = \(LeaveStatus.approved)
            order by l.from_ms, l.id limit 100
            """, leave)
        return try found.filter { try post(of: posts, for: $0, transaction) != nil }
    }

    /// Who stands in for somebody now, with the post by which they do; nil for nobody, also when the stand-in has left
    /// the post meanwhile.
    package static func standIn(
        for person: PersonID, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> (leave: Leave, posts: [Post])? {
        let ids = try transaction.query(
            """
            select id from directory_leave where person_id = \(person) and to_ms > \(now) and from_ms <= \(now)
                and status = \(LeaveStatus.approved) order by to_ms limit 1
            """
        ) { try $0.id(0, LeaveTag.self) }
        guard let id = ids.first, let leave = try load(id, transaction) else { return nil }
        let posts = try DirectoryStore.posts(
            of: leave.standIn, on: Zone.shanghai.day(of: now), transaction)
        guard try post(of: posts, for: leave, transaction) != nil else { return nil }
        return (leave, posts)
    }

    /// The post of a stand-in that lets them stand in, if any does.
    package static func post(
        of posts: [Post], for leave: Leave, _ transaction: any ReadTransaction
    ) throws -> Post? {
        guard let path = try DirectoryStore.area(leave.area, transaction)?.path,
            let role = try role(leave.post, transaction)
        else { return nil }
        return LeaveRules.post(of: posts, for: role, at: path)
    }

    package static func role(_ post: PostID, _ transaction: any ReadTransaction) throws -> Role? {
        try transaction.first("select role from directory_post where id = \(post)") { try $0.raw(0) }
    }

    /// Whether somebody is away, or stands in for somebody, in a time: asked or approved.
    package static func meets(
        person: PersonID?, standIn: PersonID?, from: Instant, to: Instant, except id: LeaveID? = nil,
        _ transaction: any ReadTransaction
    ) throws -> Bool {
        let who: SQL = person.map { "person_id = \($0)" } ?? standIn.map { "standin_id = \($0)" } ?? "1 = 0"
        return try transaction.first(
            """
            select id from directory_leave where \(who) and to_ms > \(from) and from_ms < \(to)
                and status in (\(LeaveStatus.asked), \(LeaveStatus.approved))
                and id <> \(id?.raw ?? 0) limit 1
            """, { try $0.int(0) }) != nil
    }

    package static func insert(
        _ l: Leave, askedBy: PersonID, decidedBy: PersonID?, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_leave (id, person_id, post_id, standin_id, area_id, from_ms, to_ms, status, why,
                asked_by, decided_by, decided_why, version, created_ms)
            values (\(l.id), \(l.person), \(l.post), \(l.standIn), \(l.area), \(l.from), \(l.to), \(l.status),
                \(l.why), \(askedBy), \(decidedBy?.raw ?? 0), \(l.decidedWhy), 1, \(now))
            """)
    }

    /// False when somebody else changed it since.
    package static func decide(
        _ id: LeaveID, _ status: LeaveStatus, to end: Instant, why: String, by person: PersonID, was version: Int64,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_leave set status = \(status), to_ms = \(end), decided_by = \(person),
                decided_why = \(why), version = \(version + 1) where id = \(id) and version = \(version)
            """) == 1
    }
}

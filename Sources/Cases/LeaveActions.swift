import Directory
import Kernel
import Messaging
import Storage
import Web

/// What somebody asks for who will be away.
package struct NewLeave: Sendable {
    package let post: PostID
    package let standIn: PersonID
    package let from: Instant
    package let to: Instant
    package let why: String

    package init(post: PostID, standIn: PersonID, from: Instant, to: Instant, why: String) {
        self.post = post
        self.standIn = standIn
        self.from = from
        self.to = to
        self.why = why
    }
}

/// Leave with a stand-in: asked for by whoever will be away, decided by somebody else who keeps the roster there. Each
/// action is one transaction, audited, and told to those whom it concerns.
package struct LeaveActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let inbox: Inbox

    /// One's own leave is asked for; another's is entered by who keeps the roster, and holds at once.
    package func ask(_ new: NewLeave, by actor: Actor) async throws -> LeaveID {
        guard let author = actor.person else { throw CoverRefusal.notFound }
        let now = world.now()
        let why = try CoverWords.checked(new.why, "why")
        try LeaveRules.checkTimes(from: new.from, to: new.to, now: now)
        let id: LeaveID = world.id()
        return try await database.write { [self] transaction in
            let today = Zone.shanghai.day(of: now)
            guard let held = try DirectoryStore.colleague(post: new.post, on: today, transaction),
                let area = held.path.ids.last
            else { throw CoverRefusal.notFound }
            let isOwn = held.person == author
            let keeper = actor.post(for: .rosterEdit, at: held.path)
            guard isOwn ? actor.posts.contains(where: { $0.id == new.post }) : keeper != nil else {
                throw CoverRefusal.notFound
            }
            let leave = Leave(
                id: id, person: held.person, post: new.post, standIn: new.standIn, area: area, from: new.from,
                to: new.to, status: isOwn ? .asked : .approved, why: why)
            try Self.check(leave, held.role, at: held.path, now, transaction)
            try LeaveStore.insert(
                leave, askedBy: author, decidedBy: isOwn ? nil : author, at: now, transaction)
            try audit(leave, isOwn ? "leave.ask" : "leave.enter", by: actor, keeper, now, transaction)
            if isOwn {
                let keepers = try DirectoryStore.colleagues(
                    at: held.path, may: .rosterEdit, on: today, transaction
                ).map(\.person)
                try tell(CoverNotices.leaveAsked, [held.name, times(leave)], keepers, author, now, transaction)
            } else {
                try tellApproved(leave, held.name, author, now, transaction)
            }
            return id
        }
    }

    package func decide(
        _ id: LeaveID, approve: Bool, why typed: String, was version: Int64, by actor: Actor
    ) async throws {
        guard let author = actor.person else { throw CoverRefusal.notFound }
        let now = world.now()
        let why = try CoverWords.checked(typed, "why", (approve ? 0 : 1)...200)
        try await database.write { [self] transaction in
            let (leave, path, post) = try Self.kept(id, actor, transaction)
            guard let post else { throw CoverRefusal.notFound }
            guard leave.person != author else { throw CoverRefusal.ownLeave }
            guard leave.version == version, leave.status == .asked else { throw CoverRefusal.changedMeanwhile }
            if approve {
                guard leave.to > now else { throw CoverRefusal.leaveOver }
                guard let role = try LeaveStore.role(leave.post, transaction) else { throw CoverRefusal.notFound }
                try Self.check(leave, role, at: path, now, transaction)
            }
            guard
                try LeaveStore.decide(
                    id, approve ? .approved : .refused, to: leave.to, why: why, by: author, was: version, transaction)
            else { throw CoverRefusal.changedMeanwhile }
            try audit(leave, approve ? "leave.approve" : "leave.refuse", by: actor, post, now, transaction)
            if approve {
                try tellApproved(leave, leave.personName, author, now, transaction)
            } else {
                try tell(CoverNotices.leaveRefused, [times(leave), why], [leave.person], author, now, transaction)
            }
        }
    }

    /// Called off before it begins, or ended now.
    package func end(_ id: LeaveID, why typed: String, was version: Int64, by actor: Actor) async throws {
        guard let author = actor.person else { throw CoverRefusal.notFound }
        let now = world.now()
        let why = try CoverWords.checked(typed, "why")
        try await database.write { [self] transaction in
            let (leave, _, post) = try Self.kept(id, actor, transaction)
            guard leave.person == author || post != nil else { throw CoverRefusal.notFound }
            guard leave.version == version else { throw CoverRefusal.changedMeanwhile }
            guard leave.status == .asked || leave.status == .approved, leave.to > now else {
                throw CoverRefusal.leaveOver
            }
            let began = leave.status == .approved && leave.from < now
            guard
                try LeaveStore.decide(
                    id, began ? .approved : .calledOff, to: began ? now : leave.to, why: why, by: author,
                    was: version, transaction)
            else { throw CoverRefusal.changedMeanwhile }
            try audit(leave, "leave.end", by: actor, post, now, transaction)
            try tell(
                CoverNotices.leaveEnded, [leave.personName, times(leave)], [leave.person, leave.standIn], author, now,
                transaction)
        }
    }

    /// Who is away of those who stand in, or stands in of those who are away, would leave a queue to nobody or hand it
    /// round in a circle.
    private static func check(
        _ leave: Leave, _ role: Role, at path: AreaPath, _ now: Instant, _ transaction: any ReadTransaction
    ) throws {
        guard leave.person != leave.standIn else { throw CoverRefusal.standInIsSelf }
        let first = Zone.shanghai.day(of: max(leave.from, now))
        let posts = try DirectoryStore.posts(of: leave.standIn, on: first, transaction)
        guard LeaveRules.post(of: posts, for: role, at: path) != nil else { throw CoverRefusal.standInCannot }
        func meets(person: PersonID? = nil, standIn: PersonID? = nil) throws -> Bool {
            try LeaveStore.meets(
                person: person, standIn: standIn, from: leave.from, to: leave.to, except: leave.id, transaction)
        }
        if try meets(person: leave.person) { throw CoverRefusal.leaveOverlaps }
        if try meets(person: leave.standIn) { throw CoverRefusal.standInAway }
        if try meets(standIn: leave.person) { throw CoverRefusal.standsInForOther }
    }

    /// The leave with the path of its area, and the post by which the actor may decide it. What is neither one's own nor
    /// within reach is as good as missing.
    private static func kept(
        _ id: LeaveID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Leave, AreaPath, Post?) {
        guard let leave = try LeaveStore.load(id, transaction),
            let area = try DirectoryStore.area(leave.area, transaction)
        else { throw CoverRefusal.notFound }
        return (leave, area.path, actor.post(for: .rosterEdit, at: area.path))
    }

    private func times(_ leave: Leave) -> String { "\(Say.exact(leave.from)) – \(Say.exact(leave.to))" }

    private func tellApproved(
        _ leave: Leave, _ name: String, _ author: PersonID, _ now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try tell(CoverNotices.leaveApproved, [times(leave)], [leave.person], author, now, transaction)
        try tell(CoverNotices.standsIn, [name, times(leave)], [leave.standIn], author, now, transaction)
    }

    private func tell(
        _ notice: Notice, _ arguments: [String], _ people: [PersonID], _ author: PersonID, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try inbox.send(
            notice, arguments, link: "/desk/leaves", to: people, except: author, at: now, transaction)
    }

    private func audit(
        _ leave: Leave, _ verb: String, by actor: Actor, _ post: Post?, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try journal.audit(
            AuditEntry(
                area: leave.area, actor: actor.person, post: post?.id, verb: verb, subject: leave.id.raw,
                detail: "\(leave.person.text) \(leave.standIn.text) \(leave.from.ms) \(leave.to.ms)"), at: now,
            transaction)
    }
}

/// Who acts on a case that is somebody else's while that person is away.
struct StandIn: Sendable {
    let leave: Leave
    /// The absent person, whose case it is.
    var absent: PersonID { leave.person }
}

extension CaseActions {
    /// Whether whoever asks stands in now for the one to whom the case was given. What they may do is still decided by a
    /// post of their own.
    func standIn(
        _ c: CaseRecord, _ asker: CaseAsker, _ now: Instant, _ transaction: any ReadTransaction
    ) throws -> StandIn? {
        guard case .post(_, let person) = asker, let absent = c.assignee, absent != person,
            let found = try LeaveStore.standIn(for: absent, at: now, transaction), found.leave.standIn == person
        else { return nil }
        return StandIn(leave: found.leave)
    }

    /// These people and whoever stands in for those of them who are away. Where nobody does any more, whoever dispatches
    /// there. Nobody is told of a complaint about their own organisation.
    func withStandIns(
        _ people: [PersonID], _ c: CaseRecord, _ now: Instant, _ transaction: any ReadTransaction
    ) throws -> [PersonID] {
        let away = try LeaveStore.on(people, from: now, to: now.adding(ms: 1), transaction)
        guard !away.isEmpty else { return people }
        var result = people
        for leave in away {
            let found = try LeaveStore.standIn(for: leave.person, at: now, transaction)
            let mayHear =
                found?.posts.contains { $0.role.verbs.contains(.caseRead) && $0.covers(c.place.path) } ?? false
                && !(found?.posts.contains { $0.family == c.about } ?? false)
            if let found, mayHear {
                result.append(found.leave.standIn)
            } else {
                result += try watchers(c, .caseDispatch, now, transaction)
            }
        }
        return result
    }

    /// Keeps for whom a step was taken: beside the event, which is in the name of who took it.
    func keepStandIn(
        _ standIn: StandIn, event: Int64, _ c: CaseRecord, _ kind: CaseEventKind, _ asker: CaseAsker, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        guard case .post(let post, let person) = asker else { return }
        try transaction.run(
            """
            insert into cases_acted_for (event_id, case_id, person_id, name, leave_id)
            values (\(event), \(c.id), \(standIn.absent), \(standIn.leave.personName), \(standIn.leave.id))
            """)
        try journal.audit(
            AuditEntry(
                area: AreaID(c.place.estate), actor: person, post: post.id, verb: "case.standIn",
                subject: standIn.leave.id.raw, detail: "\(c.id.text) \(kind.code) for \(standIn.absent.text)"), at: now,
            transaction)
    }
}

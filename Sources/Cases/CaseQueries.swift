import Attachments
import Directory
import Kernel
import Messaging
import Storage

/// What the case page shows, read in one transaction.
package struct CaseView: Sendable {
    package var record: CaseRecord
    package let category: Category
    package let events: [CaseEvent]
    package var photos: [CasePhoto]
    package let ratings: [(round: Int64, person: Int64, score: Int64, words: String)]
    package let joined: [PersonID]
    package let pause: (from: Instant, reason: PauseReason, expected: Instant?)?
    package let publication: Publication?
    package let evidence: String?
    /// Whom the reporter may call: the service desk of the place, and where whoever has the case works.
    package var serviceLine: ServiceLine?
    package var workLine: ServiceLine?
    /// The case into which it was merged, where the reader may see that one.
    package var mergedInto: (id: CaseID, number: String)?
    /// The anonymous case by whose code this one is read, after it was merged into this one.
    package var followedFrom: CaseID?

    /// Who asks by the look-up code.
    var codeAsker: CaseAsker { followedFrom.map { .mergedCode($0) } ?? .codeHolder }
}

/// Reads through a checked loader: what an actor may not see is not found.
package struct CaseQueries: Sendable {
    let database: any Database

    package init(database: any Database) { self.database = database }

    static func view(_ c: CaseRecord, _ transaction: any ReadTransaction) throws -> CaseView {
        guard let category = try CaseHistoryStore.category(c.category, transaction) else { throw CaseRefusal.notFound }
        return CaseView(
            record: c, category: category, events: veiled(try CaseHistoryStore.events(c.id, transaction), c),
            photos: try CaseHistoryStore.photos(c.id, transaction),
            ratings: try CaseHistoryStore.ratings(c.id, transaction),
            joined: try CaseHistoryStore.joined(c.id, transaction),
            pause: c.suspended ? try CaseHistoryStore.openPause(c.id, transaction) : nil,
            publication: try CaseHistoryStore.publication(c.id, transaction),
            evidence: c.status == .struckOff || c.status == .published
                ? try CaseHistoryStore.evidence(c.id, round: c.round, transaction) : nil)
    }

    /// Steps without the name of whoever reported it, where the reader may not know it.
    static func veiled(_ events: [CaseEvent], _ c: CaseRecord) -> [CaseEvent] {
        guard c.isVeiled else { return events }
        return events.map { event in
            guard event.actor == nil || event.actor == c.reporter else { return event }
            var other = CaseEvent(
                id: event.id, at: event.at, kind: event.kind, actor: event.actor, actorName: "", party: event.party,
                holder: event.holder, words: event.words, open: event.open, round: event.round)
            other.actedFor = event.actedFor
            return other
        }
    }

    /// What residents see beside: the numbers to call.
    private static func withLines(_ c: CaseRecord, _ transaction: any ReadTransaction) throws -> CaseView {
        var view = try view(c, transaction)
        view.serviceLine = try ServiceLineStore.line(at: c.place.path, without: c.about, transaction)
        if let post = c.assigneePost, c.status.isOpen {
            view.workLine = try ServiceLineStore.line(of: post, transaction)
        }
        return view
    }

    /// For staff: the post that lets them read it, never for a complaint about their own organisation.
    static func staffCase(_ id: CaseID, _ actor: Actor, _ transaction: any ReadTransaction) throws -> CaseRecord {
        guard var c = try CaseStore.load(id, transaction), mayRead(c, actor) else { throw CaseRefusal.notFound }
        if try !Contractor.mayKnow(c, actor, transaction) {
            (c.reporterName, c.contactMasked, c.isVeiled) = ("", "", true)
        }
        return c
    }

    /// Nil for a case that is out of sight; that the database does not answer is thrown.
    static func seenCase(
        _ id: CaseID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> CaseRecord? {
        try CaseStore.load(id, transaction).flatMap { mayRead($0, actor) ? $0 : nil }
    }

    package static func mayRead(_ c: CaseRecord, _ actor: Actor) -> Bool {
        actor.may(.caseRead, at: c.place.path) && !actor.posts.contains { $0.family == c.about }
    }

    /// Whether staff still see a case after a step that is kept. True where the database does not answer: whoever asks
    /// for the case next is told so.
    func isSeen(_ id: CaseID, _ actor: Actor) async -> Bool {
        do {
            _ = try await database.read { try Self.staffCase(id, actor, $0) }
            return true
        } catch {
            return (error as? CaseRefusal) != .notFound
        }
    }

    /// For staff, with the case into which it was merged.
    static func staffView(
        _ c: CaseRecord, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> CaseView {
        var view = try view(c, transaction)
        if let into = try c.mergedInto.flatMap({ try CaseStore.load($0, transaction) }), mayRead(into, actor) {
            view.mergedInto = (into.id, into.number)
        }
        return view
    }

    package func forStaff(_ id: CaseID, _ actor: Actor) async throws -> CaseView {
        try await database.read { try Self.staffView(Self.staffCase(id, actor, $0), actor, $0) }
    }

    /// For the reporter and for those who joined: a case belongs to its reporter, not to the household. Neighbours see no
    /// door and no picture.
    package func forResident(_ id: CaseID, _ actor: Actor) async throws -> CaseView {
        guard let person = actor.person else { throw CaseRefusal.notFound }
        return try await database.read { transaction in
            guard let c = try CaseStore.load(id, transaction) else { throw CaseRefusal.notFound }
            guard try c.reporter == person || CaseHistoryStore.hasJoined(id, person, transaction) else {
                throw CaseRefusal.notFound
            }
            var view = try Self.withLines(c, transaction)
            if let into = try c.mergedInto.flatMap({ try CaseStore.load($0, transaction) }),
                try into.reporter == person || CaseHistoryStore.hasJoined(into.id, person, transaction)
            {
                view.mergedInto = (into.id, into.number)
            }
            return c.reporter == person ? view : view.forNeighbours()
        }
    }

    /// The code of a case that was merged shows the one into which it went, as neighbours see it.
    package func byCode(_ digest: [UInt8]) async throws -> CaseView {
        try await database.read { transaction in
            guard let (own, now) = try CaseStore.followed(lookup: digest, transaction) else {
                throw CaseRefusal.wrongCode
            }
            var view = try Self.withLines(now, transaction)
            guard own.id != now.id else { return view }
            view.followedFrom = own.id
            return view.forNeighbours()
        }
    }
}

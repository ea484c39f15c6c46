import Attachments
import Directory
import Kernel
import Messaging
import Storage

/// What the case page shows, read in one transaction.
package struct CaseView: Sendable {
    package let record: CaseRecord
    package let category: Category
    package let events: [CaseEvent]
    package let photos: [CasePhoto]
    package let ratings: [(round: Int64, person: Int64, score: Int64, words: String)]
    package let joined: [PersonID]
    package let pause: (from: Instant, reason: PauseReason, expected: Instant?)?
    package let publication: Publication?
    package let evidence: String?
    /// Whom the reporter may call: the service desk of the place, and where whoever has the case works.
    package var serviceLine: ServiceLine?
    package var workLine: ServiceLine?
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

    package func forStaff(_ id: CaseID, _ actor: Actor) async throws -> CaseView {
        try await database.read { try Self.view(Self.staffCase(id, actor, $0), $0) }
    }

    /// For the reporter and for those who joined: a case belongs to its reporter, not to the household.
    package func forResident(_ id: CaseID, _ actor: Actor) async throws -> CaseView {
        guard let person = actor.person else { throw CaseRefusal.notFound }
        return try await database.read { transaction in
            guard let c = try CaseStore.load(id, transaction) else { throw CaseRefusal.notFound }
            let view = try Self.withLines(c, transaction)
            guard c.reporter == person || view.joined.contains(person) else { throw CaseRefusal.notFound }
            return view
        }
    }

    package func byCode(_ digest: [UInt8]) async throws -> CaseView {
        try await database.read { transaction in
            guard let c = try CaseStore.load(lookup: digest, transaction) else { throw CaseRefusal.wrongCode }
            return try Self.withLines(c, transaction)
        }
    }
}

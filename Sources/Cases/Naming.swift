import Directory
import Kernel
import Privacy
import Storage

/// Public texts that say whose matter it was. By default none does; with the reporter's own consent (`publishName`) one
/// may, until the consent ends: from then on the text is not public any more.
package enum Naming {
    static let purpose = "publishName"

    /// Whether a text says the name of the reporter, spaces aside.
    static func names(_ texts: [String], _ name: String) -> Bool {
        let wanted = name.filter { !$0.isWhitespace }
        return wanted.count > 1 && texts.contains { $0.filter { !$0.isWhitespace }.contains(wanted) }
    }

    /// Throws the refusal unless the reporter consents now.
    static func allow(
        _ c: CaseRecord, or refusal: CaseRefusal, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        guard let reporter = c.reporter, try ConsentStore.allows(reporter, purpose, transaction) else { throw refusal }
        try transaction.run(
            "insert into cases_named (case_id, person_id, at_ms) values (\(c.id), \(reporter), \(now))")
    }

    static func forget(_ id: CaseID, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from cases_named where case_id = \(id)")
    }

    /// The words of the texts go that name a person, or anybody: the category and the building stay. Returns the cases.
    @discardableResult
    static func end(of person: PersonID?, _ transaction: any WriteTransaction) throws -> [CaseID] {
        let whose: SQL = person.map { " where person_id = \($0)" } ?? .empty
        let ids = try transaction.query("delete from cases_named\(whose) returning case_id") {
            try $0.id(0, CaseTag.self)
        }
        for id in ids {
            try transaction.run(
                """
                update cases_publication set body = \(Phrase.publicTextWithdrawn.text(.zh)),
                    title = coalesce((select k.name_zh from cases_case c join cases_category k on k.id = c.category_id
                        where c.id = cases_publication.case_id), ''),
                    place = coalesce((select a.name from cases_case c join directory_area a on a.id = c.building_id
                        where c.id = cases_publication.case_id), '')
                where case_id = \(id) and status = 1
                """)
        }
        return ids
    }

    /// What composition hands to Privacy: a consent ended, of one person or, with another version of the purpose, of all.
    package static func consentEnded(
        _ journal: any Journal
    ) -> @Sendable (PersonID?, String, Instant, any WriteTransaction) throws -> Void {
        { person, code, now, transaction in
            guard code == purpose else { return }
            for id in try end(of: person, transaction) {
                guard let c = try CaseStore.load(id, transaction) else { continue }
                try journal.audit(
                    AuditEntry(
                        area: AreaID(c.place.estate), actor: person, verb: "case.unpublished", subject: id.raw,
                        detail: "consent"), at: now, transaction)
                try journal.emit(
                    OutboxEvent(
                        kind: "case.changed", area: AreaID(c.place.estate), subject: id.raw, payload: c.place.path.text),
                    at: now, transaction)
            }
        }
    }
}

/// A contractor outside the estate is another party: its people know who reported a case only with the reporter's own
/// consent (`sharing`). Where somebody has another post at the place, that one counts.
enum Contractor {
    static func mayKnow(_ c: CaseRecord, _ actor: Actor, _ transaction: any ReadTransaction) throws -> Bool {
        let posts = actor.posts.filter { $0.covers(c.place.path) }
        guard !posts.isEmpty else { return true }
        let all = SQL.joined(Set(posts.map(\.organisation)).map { "\($0)" })
        let isInside =
            try transaction.first(
                """
                select id from directory_organisation
                where id in (\(all)) and kind <> \(OrganisationKind.contractor.rawValue) limit 1
                """
            ) { try $0.int(0) } != nil
        if isInside { return true }
        guard let reporter = c.reporter else { return false }
        return try ConsentStore.allows(reporter, "sharing", transaction)
    }
}

import Attachments
import Directory
import Kernel
import Storage

/// One row of a case's history.
package struct CaseEvent: Sendable {
    package let id: Int64
    package let at: Instant
    package let kind: CaseEventKind
    package let actor: PersonID?
    package let actorName: String
    package let party: Party
    package let holder: Party
    package let words: String
    /// Whether the reporter sees it.
    package let open: Bool
    package let round: Int64
    /// For whom it was done, who was away.
    package var actedFor = ""
}

package struct ClockRow: Sendable {
    package let caseID: CaseID
    package let round: Int64
    package let kind: ClockKind
    package let started: Instant
    package let limit: ClockLimit
    package let policy: Int64
    package let due: Instant?
    package let warn: Instant?
    package let stopped: Instant?
    package let warned: Instant?
    package let escalated: Instant?
}

package struct CasePhoto: Sendable {
    package let id: Int64
    package let file: Int64
    package let isEvidence: Bool
}

package struct Publication: Sendable {
    package let caseID: CaseID
    package let title: String
    package let body: String
    package let place: String
    package let status: Int64
    package let struck: Instant
    package let published: Instant?
}

/// Every SQL word about what belongs to a case.
package enum CaseHistoryStore {
    // MARK: Events

    /// The moment of a step: never before the last one of its case, also when the clock was set back, so that no
    /// duration is negative. Asks the rows only where the clock is near the last step or before it.
    package static func notBefore(
        _ record: CaseRecord, _ clock: Instant, _ transaction: any ReadTransaction
    ) throws -> Instant {
        guard let last = TraceStep.parse(record.trace).last, clock < last.at.adding(ms: 1_000) else { return clock }
        let newest =
            try transaction.first("select max(at_ms) from cases_event where case_id = \(record.id)") {
                try $0.optionalInstant(0)
            } ?? nil
        return newest.map { max($0, clock) } ?? clock
    }

    package static func insert(
        _ event: CaseEvent, case id: CaseID, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_event (id, case_id, at_ms, kind, actor_id, actor_name, party, holder, words, open, round)
            values (\(event.id), \(id), \(event.at), \(event.kind), \(event.actor?.raw ?? 0), \(event.actorName),
                \(event.party), \(event.holder), \(event.words), \(event.open), \(event.round))
            """)
    }

    /// The newest steps in the order of time. Where there are more, the first step and the newest ones that are neither
    /// notes nor joins are there as well: many words never hide what was done.
    package static func events(
        _ id: CaseID, limit: Int = 300, _ transaction: any ReadTransaction
    ) throws -> [CaseEvent] {
        let newest = try events(id, "order by e.id desc limit \(limit)", transaction)
        guard newest.count == limit else { return newest.reversed() }
        var result: [Int64: CaseEvent] = [:]
        for event in try newest + events(id, "order by e.id limit 1", transaction)
            + events(id, "and e.kind not in (23, 24) order by e.id desc limit 100", transaction)
        { result[event.id] = event }
        return result.values.sorted { $0.id < $1.id }
    }

    private static func events(
        _ id: CaseID, _ which: SQL, _ transaction: any ReadTransaction
    ) throws -> [CaseEvent] {
        try transaction.query(
            """
            select e.id, e.at_ms, e.kind, e.actor_id, e.actor_name, e.party, e.holder, e.words, e.open, e.round, f.name
            from cases_event e left join cases_acted_for f on f.event_id = e.id
            where e.case_id = \(id) \(which)
            """
        ) { row in
            let actor = try row.int(3)
            return CaseEvent(
                id: try row.int(0), at: try row.instant(1), kind: try row.raw(2),
                actor: actor > 0 ? PersonID(actor) : nil, actorName: try row.text(4), party: try row.raw(5),
                holder: try row.raw(6), words: try row.text(7), open: try row.flag(8), round: try row.int(9),
                actedFor: try row.optionalText(10) ?? "")
        }
    }

    /// Who attended or handled a case in one round.
    package static func workers(
        _ id: CaseID, round: Int64, _ transaction: any ReadTransaction
    ) throws -> Set<PersonID> {
        Set(
            try transaction.query(
                """
                select distinct actor_id from cases_event
                where case_id = \(id) and round = \(round) and kind in (5, 6) and actor_id > 0
                """
            ) { try $0.id(0) })
    }

    /// Whether the alarm of a night was raised already.
    static func wasAlarmed(
        _ id: CaseID, since midnight: Instant, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            select id from cases_event where case_id = \(id) and kind = 25 and at_ms >= \(midnight)
            order by id limit 1
            """
        ) { try $0.int(0) } != nil
    }

    /// How many notes somebody added to a case since a moment. Nobody stands for whoever has the look-up code.
    static func notes(
        _ id: CaseID, by person: PersonID?, since: Instant, _ transaction: any ReadTransaction
    ) throws -> Int64 {
        try transaction.first(
            """
            select count(*) from cases_event
            where case_id = \(id) and kind = 24 and actor_id = \(person?.raw ?? 0) and at_ms >= \(since)
            """
        ) { try $0.int(0) } ?? 0
    }

    // MARK: Clocks

    private static let clockColumns: SQL = """
        case_id, round, kind, started_ms, unit, amount, policy_id, due_ms, warn_ms, stopped_ms, warned_ms, escalated_ms
        """

    private static func clock(_ row: any Row) throws -> ClockRow {
        let amount = Int(try row.int(5))
        return ClockRow(
            caseID: try row.id(0), round: try row.int(1), kind: try row.raw(2), started: try row.instant(3),
            limit: try row.int(4) == 1 ? .hours(minutes: amount) : .workdays(amount), policy: try row.int(6),
            due: try row.optionalInstant(7), warn: try row.optionalInstant(8), stopped: try row.optionalInstant(9),
            warned: try row.optionalInstant(10), escalated: try row.optionalInstant(11))
    }

    package static func clocks(
        _ id: CaseID, round: Int64, _ transaction: any ReadTransaction
    ) throws -> [ClockRow] {
        try transaction.query(
            "select \(clockColumns) from cases_clock where case_id = \(id) and round = \(round) order by kind", clock)
    }

    package static func startClock(
        _ id: CaseID, round: Int64, kind: ClockKind, at start: Instant, limit: ClockLimit, policy: Int64,
        reading: ClockReading, watched: Bool, _ transaction: any WriteTransaction
    ) throws {
        let (unit, amount): (Int, Int) =
            switch limit {
            case .hours(let minutes): (1, minutes)
            case .workdays(let days): (2, days)
            }
        try transaction.run(
            """
            insert into cases_clock (case_id, round, kind, started_ms, unit, amount, policy_id, due_ms, warn_ms, next_ms)
            values (\(id), \(round), \(kind), \(start), \(unit), \(amount), \(policy), \(reading.due),
                \(reading.warnAt), \(watched ? reading.warnAt ?? reading.due : nil))
            on conflict (case_id, round, kind) do update set started_ms = excluded.started_ms, unit = excluded.unit,
                amount = excluded.amount, policy_id = excluded.policy_id, due_ms = excluded.due_ms,
                warn_ms = excluded.warn_ms, next_ms = excluded.next_ms, stopped_ms = null, kept = null,
                warned_ms = null, escalated_ms = null
            """)
    }

    package static func moveClock(
        _ row: ClockRow, limit: ClockLimit, policy: Int64, reading: ClockReading, _ transaction: any WriteTransaction
    ) throws {
        let next: Instant? =
            reading.due == nil || row.escalated != nil ? nil : row.warned == nil ? reading.warnAt : reading.due
        let (unit, amount): (Int, Int) =
            switch limit {
            case .hours(let minutes): (1, minutes)
            case .workdays(let days): (2, days)
            }
        try transaction.run(
            """
            update cases_clock set unit = \(unit), amount = \(amount), policy_id = \(policy), due_ms = \(reading.due),
                warn_ms = \(reading.warnAt), next_ms = \(next)
            where case_id = \(row.caseID) and round = \(row.round) and kind = \(row.kind) and stopped_ms is null
            """)
    }

    package static func stopClock(
        _ row: ClockRow, at now: Instant, kept: Bool?, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update cases_clock set stopped_ms = \(now), kept = \(kept), next_ms = \(Instant?.none)
            where case_id = \(row.caseID) and round = \(row.round) and kind = \(row.kind) and stopped_ms is null
            """)
    }

    package static func dueClocks(
        at now: Instant, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [ClockRow] {
        try transaction.query(
            """
            select \(clockColumns) from cases_clock where next_ms is not null and next_ms <= \(now)
            order by next_ms, case_id, round, kind limit \(limit)
            """, clock)
    }

    /// Marks a warning; returns false when it was marked before.
    package static func markWarned(
        _ row: ClockRow, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update cases_clock set warned_ms = \(now), next_ms = due_ms
            where case_id = \(row.caseID) and round = \(row.round) and kind = \(row.kind) and warned_ms is null
                and stopped_ms is null
            """) == 1
    }

    package static func markEscalated(
        _ row: ClockRow, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update cases_clock set escalated_ms = \(now), next_ms = \(Instant?.none)
            where case_id = \(row.caseID) and round = \(row.round) and kind = \(row.kind) and escalated_ms is null
                and stopped_ms is null
            """) == 1
    }

    // MARK: Pauses

    package static func pauses(_ id: CaseID, _ transaction: any ReadTransaction) throws -> [Pause] {
        try transaction.query(
            "select from_ms, to_ms from cases_pause where case_id = \(id) order by from_ms limit 500"
        ) { Pause(from: try $0.instant(0), to: try $0.optionalInstant(1)) }
    }

    package static func openPause(
        _ id: CaseID, _ transaction: any ReadTransaction
    ) throws -> (from: Instant, reason: PauseReason, expected: Instant?)? {
        try transaction.first(
            """
            select from_ms, reason, expected_ms from cases_pause where case_id = \(id) and to_ms is null
            order by from_ms desc limit 1
            """
        ) { (try $0.instant(0), try $0.raw(1), try $0.optionalInstant(2)) }
    }

    package static func startPause(
        _ number: Int64, _ id: CaseID, at now: Instant, reason: PauseReason, expected: Instant?,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_pause (id, case_id, from_ms, reason, expected_ms)
            values (\(number), \(id), \(now), \(reason), \(expected))
            """)
    }

    package static func endPause(_ id: CaseID, at now: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run("update cases_pause set to_ms = \(now) where case_id = \(id) and to_ms is null")
    }

    // MARK: Ratings and joins

    package static func rate(
        _ id: CaseID, round: Int64, person: Int64, score: Int, words: String, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into cases_rating (case_id, round, person_id, score, words, at_ms)
            values (\(id), \(round), \(person), \(score), \(words), \(now)) on conflict do nothing
            """) == 1
    }

    package static func ratings(
        _ id: CaseID, _ transaction: any ReadTransaction
    ) throws -> [(round: Int64, person: Int64, score: Int64, words: String)] {
        try transaction.query(
            """
            select round, person_id, score, words from cases_rating where case_id = \(id)
            order by round, at_ms, person_id limit 200
            """
        ) { (try $0.int(0), try $0.int(1), try $0.int(2), try $0.text(3)) }
    }

    package static func join(
        _ id: CaseID, _ person: PersonID, words: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into cases_join (case_id, person_id, at_ms, words) values (\(id), \(person), \(now), \(words))
            on conflict do nothing
            """) == 1
    }

    package static func joined(_ id: CaseID, _ transaction: any ReadTransaction) throws -> [PersonID] {
        try transaction.query(
            "select person_id from cases_join where case_id = \(id) order by at_ms limit 1000"
        ) { try $0.id(0) }
    }

    // MARK: Photos

    package static func attach(
        _ number: Int64, _ id: CaseID, file: Int64, isEvidence: Bool, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_photo (id, case_id, file_id, role, at_ms)
            values (\(number), \(id), \(file), \(isEvidence ? 2 : 1), \(now))
            """)
    }

    package static func photos(_ id: CaseID, _ transaction: any ReadTransaction) throws -> [CasePhoto] {
        try transaction.query(
            "select id, file_id, role from cases_photo where case_id = \(id) order by id limit 60"
        ) { CasePhoto(id: try $0.int(0), file: try $0.int(1), isEvidence: try $0.int(2) == 2) }
    }

    package static func photo(
        _ id: Int64, _ transaction: any ReadTransaction
    ) throws -> (owner: CaseID, file: Int64)? {
        try transaction.first("select case_id, file_id from cases_photo where id = \(id)") {
            (try $0.id(0), try $0.int(1))
        }
    }

    /// Takes the photos that came with reports away from their cases. They leave the store when nothing else has them.
    static func letPhotosGo(_ ids: [CaseID], at now: Instant, _ transaction: any WriteTransaction) throws {
        guard !ids.isEmpty else { return }
        let cases = SQL.joined(ids.map { "\($0)" })
        let files = try transaction.query(
            "delete from cases_photo where case_id in (\(cases)) and role = 1 returning file_id"
        ) { try $0.int(0) }
        try Attachments.letGo(Array(Set(files)), at: now, transaction)
    }

    /// Which of some pictures a case has.
    static let picturesInUse: Attachments.InUse = { pictures, transaction in
        guard !pictures.isEmpty else { return [] }
        let all = SQL.joined(pictures.map { "\($0)" })
        return Set(
            try transaction.query("select file_id from cases_photo where file_id in (\(all))") { try $0.int(0) })
    }

    // MARK: Strike-off and publication

    package static func strikeOff(
        _ id: CaseID, round: Int64, approver: PersonID, evidence: String, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_strike_off (case_id, round, approver_id, evidence, at_ms)
            values (\(id), \(round), \(approver), \(evidence), \(now))
            """)
    }

    package static func evidence(
        _ id: CaseID, round: Int64, _ transaction: any ReadTransaction
    ) throws -> String? {
        try transaction.first(
            "select evidence from cases_strike_off where case_id = \(id) and round = \(round)"
        ) { try $0.text(0) }
    }

    package static func putPublication(
        _ p: Publication, estate: Int64, moderator: PersonID, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_publication
                (case_id, estate_id, title, body, place, status, moderator_id, struck_ms, published_ms)
            values (\(p.caseID), \(estate), \(p.title), \(p.body), \(p.place), \(p.status), \(moderator), \(p.struck),
                \(p.published))
            on conflict (case_id) do update set title = excluded.title, body = excluded.body, place = excluded.place,
                status = excluded.status, moderator_id = excluded.moderator_id, published_ms = excluded.published_ms,
                struck_ms = excluded.struck_ms
            """)
    }

    /// The words go; only a keyed digest of them stays, to prove later what had been there.
    package static func takeBack(
        _ id: CaseID, digest: [UInt8], by moderator: PersonID, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update cases_publication
            set title = '', body = '', place = '', status = 2, digest = \(digest), moderator_id = \(moderator)
            where case_id = \(id) and status = 1
            """) == 1
    }

    private static func publication(_ row: any Row) throws -> Publication {
        Publication(
            caseID: try row.id(0), title: try row.text(1), body: try row.text(2), place: try row.text(3),
            status: try row.int(4), struck: try row.instant(5), published: try row.optionalInstant(6))
    }

    package static func publication(_ id: CaseID, _ transaction: any ReadTransaction) throws -> Publication? {
        try transaction.first(
            """
            select case_id, title, body, place, status, struck_ms, published_ms from cases_publication
            where case_id = \(id)
            """, publication)
    }

    package struct LedgerLine: Sendable {
        package let publication: Publication
        package let number: String
        package let registered: Instant
        package let solved: Instant?
        package let rated: Int64
        package let clocks: CaseClocks
        package let trace: String
    }

    /// Where a page of a ledger ends: two strike-offs of one moment are told apart by their case.
    package struct LedgerCursor: Sendable, Equatable {
        package let struck: Instant
        package let caseID: CaseID

        package init(_ line: LedgerLine) { (struck, caseID) = (line.publication.struck, line.publication.caseID) }
        package init?(text: String) {
            let parts = text.split(separator: "-")
            guard parts.count == 2, let ms = Int64(parts[0]), let id = CaseID(text: parts[1]) else { return nil }
            (struck, caseID) = (Instant(ms: ms), id)
        }
        package var text: String { "\(struck.ms)-\(caseID.text)" }
    }

    static func ledgerSQL(estate: AreaID, before: LedgerCursor?, limit: Int) -> SQL {
        let page: SQL = before.map { "and (p.struck_ms, p.case_id) < (\($0.struck), \($0.caseID))" } ?? .empty
        return """
            select p.case_id, p.title, p.body, p.place, p.status, p.struck_ms, p.published_ms, c.number,
                c.registered_ms, c.solved_ms, c.rated, c.trace, c.attend_due_ms, c.attend_stop_ms, c.handle_due_ms,
                c.handle_stop_ms, c.feedback_due_ms, c.feedback_stop_ms
            from cases_publication p join cases_case c on c.id = p.case_id
            where p.estate_id = \(estate) and p.status = 1 \(page)
            order by p.struck_ms desc, p.case_id desc limit \(limit)
            """
    }

    package static func ledger(
        estate: AreaID, before: LedgerCursor? = nil, limit: Int = 20, _ transaction: any ReadTransaction
    ) throws -> [LedgerLine] {
        try transaction.query(ledgerSQL(estate: estate, before: before, limit: limit)) { row in
            var clocks = CaseClocks()
            clocks.attend = .init(due: try row.optionalInstant(12), stopped: try row.optionalInstant(13))
            clocks.handle = .init(due: try row.optionalInstant(14), stopped: try row.optionalInstant(15))
            clocks.feedback = .init(due: try row.optionalInstant(16), stopped: try row.optionalInstant(17))
            return LedgerLine(
                publication: try publication(row), number: try row.text(7), registered: try row.instant(8),
                solved: try row.optionalInstant(9), rated: try row.int(10), clocks: clocks, trace: try row.text(11))
        }
    }

    package struct Reply: Sendable {
        package let id: Int64
        package let question: String
        package let answer: String
        package let answeredBy: String
        package let at: Instant

        package init(id: Int64, question: String, answer: String, answeredBy: String, at: Instant) {
            self.id = id
            self.question = question
            self.answer = answer
            self.answeredBy = answeredBy
            self.at = at
        }
    }

    package static func insertReply(
        _ reply: Reply, estate: AreaID, moderator: PersonID, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_reply (id, estate_id, question, answer, answered_by, moderator_id, at_ms)
            values (\(reply.id), \(estate), \(reply.question), \(reply.answer), \(reply.answeredBy), \(moderator),
                \(reply.at))
            """)
    }

    /// Whether the same words stand already: a form that was sent twice.
    static func replyStands(
        _ reply: Reply, estate: AreaID, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            select id from cases_reply where estate_id = \(estate) and question = \(reply.question)
                and answer = \(reply.answer) and answered_by = \(reply.answeredBy) limit 1
            """
        ) { try $0.int(0) } != nil
    }

    static func reply(_ id: Int64, _ transaction: any ReadTransaction) throws -> (reply: Reply, estate: AreaID)? {
        try transaction.first(
            "select id, question, answer, answered_by, at_ms, estate_id from cases_reply where id = \(id)"
        ) { (try Self.reply($0), try $0.id(5)) }
    }

    private static func reply(_ row: any Row) throws -> Reply {
        Reply(
            id: try row.int(0), question: try row.text(1), answer: try row.text(2), answeredBy: try row.text(3),
            at: try row.instant(4))
    }

    /// The words are gone; the audit keeps their digest.
    static func removeReply(_ id: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run("delete from cases_reply where id = \(id)") == 1
    }

    package static func replies(
        estate: AreaID, before: (at: Instant, id: Int64)? = nil, limit: Int = 10, _ transaction: any ReadTransaction
    ) throws -> [Reply] {
        let page: SQL = before.map { " and (at_ms, id) < (\($0.at), \($0.id))" } ?? .empty
        return try transaction.query(
            """
            select id, question, answer, answered_by, at_ms from cases_reply where estate_id = \(estate)\(page)
            order by at_ms desc, id desc limit \(limit)
            """
        ) { try reply($0) }
    }

    // MARK: Policies

    package static func policies(_ transaction: any ReadTransaction) throws -> [Policy] {
        try transaction.query(
            """
            select id, category_id, area_id, urgency, kind, attend_minutes, handle_minutes, feedback_workdays, source,
                version
            from cases_policy where in_force = \(true) order by area_id, category_id, kind, urgency limit 20000
            """
        ) { row in
            Policy(
                id: try row.int(0), category: try row.int(1), area: try row.int(2), urgency: try row.int(3),
                kind: try row.int(4), attendMinutes: Int(try row.int(5)), handleMinutes: Int(try row.int(6)),
                feedbackWorkdays: Int(try row.int(7)), source: try row.text(8), version: try row.int(9))
        }
    }

    /// Adds a policy and ends those in force for the same things; the rows of the past stay.
    package static func putPolicy(
        _ p: Policy, by person: PersonID?, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update cases_policy set in_force = \(false)
            where in_force = \(true) and category_id = \(p.category) and area_id = \(p.area)
                and urgency = \(p.urgency) and kind = \(p.kind)
            """)
        try transaction.run(
            """
            insert into cases_policy (id, category_id, area_id, urgency, kind, attend_minutes, handle_minutes,
                feedback_workdays, source, version, in_force, edited_by, edited_ms)
            values (\(p.id), \(p.category), \(p.area), \(p.urgency), \(p.kind), \(p.attendMinutes),
                \(p.handleMinutes), \(p.feedbackWorkdays), \(p.source), \(p.version), \(true), \(person), \(now))
            """)
    }
}

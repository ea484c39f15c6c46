import Cases
import Directory
import Kernel
import Storage

/// Every SQL word about transfers. No decisions.
package enum TransferStore {
    private static let columns: SQL = """
        id, direction, kind, source, number, area_id, case_id, grade, received_ms, due_ms, is_given, first_due_ms,
        extensions, reason, informed_ms, accepted_ms, answered_ms, answer, batch_id, visited_ms, reached, solved,
        satisfied, version
        """

    private static func transfer(_ row: any Row) throws -> Transfer {
        Transfer(
            id: try row.id(0), direction: try row.raw(1), kind: try row.raw(2), source: try row.text(3),
            number: try row.text(4), area: try row.id(5), caseID: try row.id(6), grade: try row.raw(7),
            received: try row.instant(8), due: try row.instant(9), isGiven: try row.flag(10),
            firstDue: try row.optionalInstant(11), extensions: try row.int(12), reason: try row.text(13),
            informed: try row.optionalInstant(14), accepted: try row.optionalInstant(15),
            answered: try row.optionalInstant(16), answer: try row.text(17), batch: try row.int(18),
            visited: try row.optionalInstant(19), reached: try row.raw(20), solved: try row.raw(21),
            satisfied: try row.raw(22), version: try row.int(23))
    }

    package static func load(_ id: TransferID, _ transaction: any ReadTransaction) throws -> Transfer? {
        try transaction.first("select \(columns) from transfers_transfer where id = \(id)", transfer)
    }

    package static func numbered(
        _ direction: TransferDirection, _ kind: TransferKind, _ source: String, _ number: String,
        _ transaction: any ReadTransaction
    ) throws -> Transfer? {
        try transaction.first(
            """
            select \(columns) from transfers_transfer
            where direction = \(direction) and kind = \(kind) and source = \(source) and number = \(number)
            """, transfer)
    }

    package static func of(_ id: CaseID, _ transaction: any ReadTransaction) throws -> [Transfer] {
        try transaction.query(
            "select \(columns) from transfers_transfer where case_id = \(id) order by id limit 20", transfer)
    }

    /// A complaint about an organisation is hidden from its own posts, as its case is. Triage may say later whom it is
    /// about, so the case is asked.
    private static func hidden(_ scope: Scope) -> SQL {
        guard !scope.families.isEmpty else { return .empty }
        let families = SQL.joined(scope.families.map { "\($0)" })
        return """
             and not exists (select 1 from cases_case c
                where c.id = transfers_transfer.case_id and c.about_family in (\(families)))
            """
    }

    /// What is not answered yet, what is due first before the rest.
    package static func open(
        _ scope: Scope, after: (due: Instant, id: TransferID)?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Transfer] {
        let page: SQL =
            after.map { " and (due_ms > \($0.due) or (due_ms = \($0.due) and id > \($0.id)))" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from transfers_transfer
            where area_id in \(DirectoryStore.areas(in: scope))\(hidden(scope)) and answered_ms is null
                and direction = 1\(page)
            order by due_ms, id limit \(limit)
            """, transfer)
    }

    /// All of them, the newest first.
    package static func all(
        _ scope: Scope, before: TransferID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Transfer] {
        let page: SQL = before.map { " and id < \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from transfers_transfer
            where area_id in \(DirectoryStore.areas(in: scope))\(hidden(scope))\(page) order by id desc limit \(limit)
            """, transfer)
    }

    /// What went out in one file, in the order in which it came in.
    package static func batch(
        _ batch: Int64, _ scope: Scope, _ transaction: any ReadTransaction
    ) throws -> [Transfer] {
        try transaction.query(
            """
            select \(columns) from transfers_transfer
            where batch_id = \(batch) and batch_id > 0
                and area_id in \(DirectoryStore.areas(in: scope))\(hidden(scope))
            order by received_ms, id limit \(TransferDesk.batchRows)
            """, transfer)
    }

    package static func insert(
        _ t: Transfer, caller: [UInt8]? = nil, warn: Instant, by person: PersonID?, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into transfers_transfer (id, direction, kind, source, number, area_id, case_id, grade, received_ms,
                due_ms, is_given, extensions, reason, informed_ms, accepted_ms, answered_ms, answer, batch_id,
                visited_ms, reached, solved, satisfied, warn_ms, version, created_by, created_ms,
                caller_index)
            values (\(t.id), \(t.direction), \(t.kind), \(t.source), \(t.number), \(t.area), \(t.caseID), \(t.grade),
                \(t.received), \(t.due), \(t.isGiven), 0, \(t.reason), \(t.informed), \(t.accepted), \(t.answered),
                \(t.answer), 0, \(t.visited), \(t.reached), \(t.solved), \(t.satisfied), \(warn), 1,
                \(person?.raw ?? 0), \(now), \(caller))
            """)
    }

    /// False when somebody was faster.
    package static func extend(
        _ t: Transfer, to due: Instant, warn: Instant, reason: String, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update transfers_transfer set due_ms = \(due), first_due_ms = coalesce(first_due_ms, \(t.due)),
                extensions = extensions + 1, reason = \(reason), is_given = \(true), warn_ms = \(warn),
                warned_ms = null, broken_ms = null, version = version + 1
            where id = \(t.id) and version = \(t.version)
            """) == 1
    }

    package static func inform(
        _ t: Transfer, at day: Instant, accepted: Instant?, due: Instant, warn: Instant, answered: Instant?,
        reason: String, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update transfers_transfer set informed_ms = \(day), accepted_ms = \(accepted), due_ms = \(due),
                warn_ms = \(warn), warned_ms = null, broken_ms = null, answered_ms = \(answered), reason = \(reason),
                version = version + 1
            where id = \(t.id) and version = \(t.version)
            """) == 1
    }

    package static func answer(
        _ t: Transfer, _ words: String, batch: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update transfers_transfer set answered_ms = \(now), answer = \(words), batch_id = \(batch),
                version = version + 1
            where id = \(t.id) and version = \(t.version) and answered_ms is null
            """) == 1
    }

    package static func visit(
        _ t: Transfer, at moment: Instant, _ reached: VisitFinding, _ solved: VisitFinding,
        _ satisfied: VisitFinding, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update transfers_transfer set visited_ms = \(moment), reached = \(reached), solved = \(solved),
                satisfied = \(satisfied), version = version + 1
            where id = \(t.id) and version = \(t.version)
            """) == 1
    }

    // MARK: The clock

    package static func nearlyDue(
        at now: Instant, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [TransferID] {
        try transaction.query(
            """
            select id from transfers_transfer
            where answered_ms is null and direction = 1 and warned_ms is null and warn_ms <= \(now)
            order by warn_ms limit \(limit)
            """
        ) { try $0.id(0) }
    }

    package static func due(
        at now: Instant, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [TransferID] {
        try transaction.query(
            """
            select id from transfers_transfer
            where answered_ms is null and direction = 1 and broken_ms is null and due_ms < \(now)
            order by due_ms limit \(limit)
            """
        ) { try $0.id(0) }
    }

    /// True for the one who does it.
    package static func markWarned(
        _ id: TransferID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update transfers_transfer set warned_ms = \(now)
            where id = \(id) and warned_ms is null and answered_ms is null and warn_ms <= \(now)
            """) == 1
    }

    package static func markBroken(
        _ id: TransferID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update transfers_transfer set broken_ms = \(now), warned_ms = coalesce(warned_ms, \(now))
            where id = \(id) and broken_ms is null and answered_ms is null and due_ms < \(now)
            """) == 1
    }
}

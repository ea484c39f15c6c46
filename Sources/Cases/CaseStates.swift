import Directory
import Kernel
import Storage

/// A case as read models of higher floors take it in: where it stands and what its clocks say, without words or people.
/// It tells the state as a whole, so taking it in twice, late or out of turn comes to the same.
package struct CaseState: Sendable {
    package struct Step: Sendable {
        package let id: Int64
        package let kind: CaseEventKind
        package let at: Instant
        package let party: Party
    }
    /// One clock of one round.
    package struct Promise: Sendable {
        package let round: Int64
        package let kind: ClockKind
        package let due: Instant?
        package let warn: Instant?
        package let stopped: Instant?
        /// Nil while it runs, and for a clock that ended without a verdict (merged, returned, withdrawn).
        package let kept: Bool?
    }
    package let id: CaseID
    /// Where it stood when it was written.
    package let path: AreaPath
    package let about: OrganisationID?
    package let queue: CaseQueue
    package let isOpen: Bool
    package let holder: Party
    package fileprivate(set) var steps: [Step] = []
    package fileprivate(set) var promises: [Promise] = []
}

/// Every SQL word of `CaseState`.
package enum CaseStates {
    /// The steps that are told.
    private static let told: SQL = "kind in (1, 5, 6, 7, 11)"

    /// The cases of these ids that there are, in no order.
    package static func load(_ ids: [CaseID], _ transaction: any ReadTransaction) throws -> [CaseState] {
        guard !ids.isEmpty else { return [] }
        let list = SQL.joined(ids.map { "\($0)" })
        let cases = try transaction.query(
            "select id, path, about_family, queue, status, holder from cases_case where id in (\(list))", state)
        return try whole(cases, transaction)
    }

    /// The next cases by id after one, of which those are told that have stood open since a moment or ended after it.
    ///
    /// - Returns: the last id that was looked at, nil when there was none left; and the cases.
    package static func page(
        after: Int64, limit: Int, since: Instant, _ transaction: any ReadTransaction
    ) throws -> (last: Int64?, cases: [CaseState]) {
        let rows = try transaction.query(
            """
            select id, path, about_family, queue, status, holder, registered_ms, closed_ms from cases_case
            where id > \(after) order by id limit \(limit)
            """
        ) { row in
            let closed = try row.optionalInstant(7)
            let since = since.ms
            let recent = try row.int(6) >= since || closed.map { $0.ms >= since } ?? true
            return (state: try state(row), wanted: recent)
        }
        let wanted = rows.filter { $0.wanted || $0.state.queue != .none }.map(\.state)
        return (rows.last?.state.id.raw, try whole(wanted, transaction))
    }

    private static func state(_ row: any Row) throws -> CaseState {
        let about = try row.int(2)
        let status: CaseStatus = try row.raw(4)
        return CaseState(
            id: try row.id(0), path: try row.path(1), about: about > 0 ? OrganisationID(about) : nil,
            queue: try row.raw(3), isOpen: status.isOpen, holder: try row.raw(5))
    }

    /// With their steps and promises.
    private static func whole(_ cases: [CaseState], _ transaction: any ReadTransaction) throws -> [CaseState] {
        guard !cases.isEmpty else { return [] }
        let list = SQL.joined(cases.map { "\($0.id)" })
        var steps: [CaseID: [CaseState.Step]] = [:]
        for (id, step) in try transaction.query(
            "select case_id, id, kind, at_ms, party from cases_event where case_id in (\(list)) and \(told)",
            { row in
                (
                    try row.id(0, CaseTag.self),
                    CaseState.Step(
                        id: try row.int(1), kind: try row.raw(2), at: try row.instant(3), party: try row.raw(4))
                )
            })
        {
            steps[id, default: []].append(step)
        }
        var promises: [CaseID: [CaseState.Promise]] = [:]
        for (id, promise) in try transaction.query(
            """
            select case_id, round, kind, due_ms, warn_ms, stopped_ms, kept from cases_clock where case_id in (\(list))
            """,
            { row in
                (
                    try row.id(0, CaseTag.self),
                    CaseState.Promise(
                        round: try row.int(1), kind: try row.raw(2), due: try row.optionalInstant(3),
                        warn: try row.optionalInstant(4), stopped: try row.optionalInstant(5),
                        kept: try row.isNull(6) ? nil : row.flag(6))
                )
            })
        {
            promises[id, default: []].append(promise)
        }
        return cases.map { one in
            var one = one
            one.steps = steps[one.id] ?? []
            one.promises = promises[one.id] ?? []
            return one
        }
    }
}

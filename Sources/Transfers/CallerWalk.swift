import Cases
import Directory
import Kernel
import Storage

/// Orders that came in before the caller's number was indexed are found by their callers once this has gone through
/// them: so that they stand in the caller's copy and go with the account.
///
/// It goes on where it stopped, however it was stopped: how far it came is written with each batch. Of several servers
/// one does it, by a lease.
package struct CallerWalk: Sendable {
    private static let lock = "transfers.callers"
    private static let leaseMs: Int64 = 30_000
    package static let batch = 100
    /// Another way into the data, for tests that interrupt.
    package var database: any Database
    let world: World
    let secrets: Secrets

    private struct Waiting: Sendable {
        let id: Int64
        let caseID: CaseID
        let sealed: [UInt8]?
        let isKnown: Bool
    }

    private static func place(
        _ transaction: any ReadTransaction
    ) throws -> (after: Int64, to: Int64)? {
        try transaction.first("select after_id, to_id from transfers_caller_walk where id = 1 and after_id < to_id") {
            (after: try $0.int(0), to: try $0.int(1))
        }
    }

    /// Goes through one batch. False when there is nothing to do, or another server is at it. A quiet house reads one
    /// row and writes nothing.
    package func step(worker: String) async throws -> Bool {
        guard try await database.read({ try Self.place($0) }) != nil else { return false }
        let now = world.now()
        return try await database.write { [secrets] transaction in
            guard try Leases().acquire(Self.lock, holder: worker, leaseMs: Self.leaseMs, at: now, transaction),
                let (after, to) = try Self.place(transaction)
            else { return false }
            let rows = try transaction.query(
                """
                select t.id, t.case_id, c.contact_sealed, t.caller_index is not null
                from transfers_transfer t left join cases_case c on c.id = t.case_id
                where t.id > \(after) and t.id <= \(to) order by t.id limit \(Self.batch)
                """
            ) {
                Waiting(
                    id: try $0.int(0), caseID: try $0.id(1), sealed: try $0.optionalBytes(2), isKnown: try $0.flag(3))
            }
            for row in rows where !row.isKnown {
                // Without a number, or with one whose key is lost, nobody is found; the others go on.
                guard let sealed = row.sealed,
                    let phone = (try? secrets.open(sealed, person: PersonID(row.caseID.raw))).flatMap({ Phone($0) })
                else { continue }
                try transaction.run(
                    """
                    update transfers_transfer set caller_index = \(secrets.phoneIndex(phone))
                    where id = \(row.id) and caller_index is null
                    """)
            }
            let reached = rows.count < Self.batch ? to : rows.last?.id ?? to
            try transaction.run("update transfers_caller_walk set after_id = \(reached) where id = 1")
            if reached == to { try Leases().release(Self.lock, holder: worker, transaction) }
            return true
        }
    }
}

import Kernel

/// A node number for ids, and the stretch of time in which nobody else makes ids with it.
package struct NodeLease: Sendable, Equatable {
    /// 1 to 1023.
    package let number: Int
    /// Ids carry later moments than this one,
    package let after: Instant
    /// and none later than this one.
    package let until: Instant

    package init(number: Int, after: Instant, until: Instant) {
        self.number = number
        self.after = after
        self.until = until
    }
}

/// Which server of one database makes ids with which number. A number is a row of the locks; its end is a moment as ids
/// carry it, so the next holder begins where the last one must have stopped, also when their clocks differ.
package struct Nodes: Sendable {
    /// A server that is gone is counted as serving for so long.
    package static let leaseMs: Int64 = 30_000
    private let holder: String

    /// - Parameter holder: names this process, and no other one that ever was.
    package init(holder: String) { self.holder = holder }

    /// Takes the lowest number that nobody holds. Nil while all are held.
    /// - Parameter last: the latest moment that an id of this process carries.
    package func take(at now: Instant, last: Instant, _ transaction: any WriteTransaction) throws -> NodeLease? {
        let known = try transaction.query(
            "select name, until_ms from storage_lock where name >= 'node.' and name < 'node/' order by name"
        ) { (name: try $0.text(0), until: try $0.instant(1)) }
        let ends = Dictionary(known.map { ($0.name, $0.until) }, uniquingKeysWith: { max($0, $1) })
        for number in 1...1023 {
            let end = ends[Self.name(number)] ?? Instant(ms: 0)
            guard end <= now else { continue }
            let until = max(now, end, last).adding(ms: Self.leaseMs)
            // Of two who choose the same one, the second finds the end moved.
            let count = try transaction.run(
                """
                insert into storage_lock (name, holder, until_ms) values (\(Self.name(number)), \(holder), \(until))
                on conflict (name) do update set holder = excluded.holder, until_ms = excluded.until_ms
                where storage_lock.until_ms = \(end)
                """)
            if count == 1 { return NodeLease(number: number, after: end, until: until) }
        }
        return nil
    }

    /// The new end. Nil when the number is another's by now: then take one anew.
    package func prolong(
        _ lease: NodeLease, at now: Instant, last: Instant, _ transaction: any WriteTransaction
    ) throws -> Instant? {
        let until = max(max(now, last).adding(ms: Self.leaseMs), lease.until)
        let count = try transaction.run(
            """
            update storage_lock set until_ms = \(until)
            where name = \(Self.name(lease.number)) and holder = \(holder) and until_ms <= \(until)
            """)
        return count == 1 ? until : nil
    }

    /// Gives the number back; the next holder begins after the last id.
    package func release(
        _ lease: NodeLease, at now: Instant, last: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            update storage_lock set until_ms = \(max(now, last))
            where name = \(Self.name(lease.number)) and holder = \(holder)
            """)
    }

    private static func name(_ number: Int) -> String { "node.\(number)" }
}

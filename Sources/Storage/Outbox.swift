import Kernel

/// An event on its way to one consumer.
package struct OutboxDelivery: Sendable, Equatable {
    package let id: Int64
    package let kind: String
    package let area: AreaID
    package let subject: Int64
    package let payload: String
    package let at: Instant
}

/// The consumers' side of the outbox.
///
/// A consumer takes events, does its work and marks them in one transaction, so each event has its effect exactly
/// once. It never remembers a last id: an event with a smaller id may be committed later.
package struct Outbox: Sendable {
    package init() {}

    /// The oldest events that the consumer has not marked. On PostgreSQL two servers take different ones.
    package func take(_ consumer: String, limit: Int, _ transaction: any WriteTransaction) throws -> [OutboxDelivery] {
        try transaction.query(
            """
            select id, kind, area_id, subject_id, payload, at_ms from storage_outbox
            where consumer = \(consumer) and done_ms is null order by id limit \(limit)\(SQL.skippingLocked)
            """
        ) { row in
            OutboxDelivery(
                id: try row.int(0), kind: try row.text(1), area: try row.id(2), subject: try row.int(3),
                payload: try row.text(4), at: try row.instant(5))
        }
    }

    /// Marks events as dealt with. Doing it again changes nothing.
    package func markDone(_ deliveries: [OutboxDelivery], at now: Instant, _ transaction: any WriteTransaction) throws {
        for delivery in deliveries {
            try transaction.run(
                "update storage_outbox set done_ms = \(now) where id = \(delivery.id) and done_ms is null")
        }
    }

    /// The same without taking them: for a consumer that works on what it read and marks the events only if nobody was
    /// faster.
    package func look(_ consumer: String, limit: Int, _ transaction: any ReadTransaction) throws -> [OutboxDelivery] {
        try transaction.query(
            """
            select id, kind, area_id, subject_id, payload, at_ms from storage_outbox
            where consumer = \(consumer) and done_ms is null order by id limit \(limit)
            """
        ) { row in
            OutboxDelivery(
                id: try row.int(0), kind: try row.text(1), area: try row.id(2), subject: try row.int(3),
                payload: try row.text(4), at: try row.instant(5))
        }
    }

    /// Marks events by their ids, in one statement.
    package func markDone(_ ids: [Int64], at now: Instant, _ transaction: any WriteTransaction) throws {
        guard !ids.isEmpty else { return }
        let list = SQL.joined(ids.map { "\($0)" })
        try transaction.run("update storage_outbox set done_ms = \(now) where id in (\(list)) and done_ms is null")
    }

    /// Hands events on to the next consumer: it has them from now on, as they are. So a second consumer costs the
    /// writers of events nothing.
    package func pass(
        _ deliveries: [OutboxDelivery], to consumer: String, _ transaction: any WriteTransaction
    ) throws {
        guard !deliveries.isEmpty else { return }
        let list = SQL.joined(deliveries.map { "\($0.id)" })
        try transaction.run(
            "update storage_outbox set consumer = \(consumer) where id in (\(list)) and done_ms is null")
    }

    /// Removes what was dealt with before a moment, and returns how many rows that were.
    @discardableResult
    package func prune(doneBefore moment: Instant, _ transaction: any WriteTransaction) throws -> Int {
        try transaction.run("delete from storage_outbox where done_ms is not null and done_ms < \(moment)")
    }
}

extension SQL {
    /// Ends a `select` whose rows the transaction will change, so that two servers take different rows. SQLite has one
    /// writer and needs nothing.
    static let skippingLocked = SQL(parts: [.perEngine(sqlite: [], postgres: [.fixed(" for update skip locked")])])
}

extension Outbox {
    /// Whether anything waits for the consumer: one look at the index.
    package func isWaiting(_ consumer: String, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first(
            "select id from storage_outbox where consumer = \(consumer) and done_ms is null limit 1"
        ) { try $0.int(0) } != nil
    }
}

import Crypto
import Kernel

/// Looks and exports of a time, counted for a report: never who looked at whom.
extension AuditBook {
    /// Of one verb and one post.
    package struct Count: Sendable {
        package let verb: String
        /// Nil for what somebody did without a post, such as the copy of one's own data.
        package let post: PostID?
        package let count: Int64
    }

    /// At most so many rows are counted: beyond it, a count says at least.
    package static let mostCounted = 1_000_000

    /// How often each post looked at clear text, searched for people, looked at what reveals membership of the party
    /// and took files home. Goes through an index of these rows alone.
    /// - Parameter within: where, over the columns of `storage_audit` as `w`; nil for everywhere.
    package static func looks(
        from: Instant, to: Instant, within: SQL?, _ transaction: any ReadTransaction
    ) throws -> [Count] {
        let place: SQL = within.map { "where \($0)" } ?? .empty
        return try transaction.query(
            """
            select w.verb, w.post_id, count(*) from (
                select verb, post_id, area_id from storage_audit
                where verb in ('audit.export', 'data.export', 'export.badRows', 'export.begin', 'export.fetch',
                        'export.list', 'party.look', 'people.find', 'phone.unmask', 'privacy.relative.look',
                        'vehicle.unmask')
                    and at_ms >= \(from) and at_ms < \(to)
                limit \(mostCounted)) w
            \(place)
            group by w.verb, w.post_id order by w.verb, count(*) desc, w.post_id limit 5000
            """
        ) { Count(verb: try $0.text(0), post: try $0.optionalID(1), count: try $0.int(2)) }
    }
}

/// A digest that anybody can make again from the same text.
package enum ContentDigest {
    /// SHA-256 of the UTF-8, as 64 hexadecimal digits.
    package static func sha256(_ text: String) -> String { Array(SHA256.hash(data: Array(text.utf8))).hexadecimal }
}

import Kernel

/// What somebody looks for in the audit. Everything that is not said is not asked.
package struct AuditQuery: Sendable {
    package var from: Instant?
    package var to: Instant?
    /// The beginnings of verbs, such as `signIn` for `signIn`, `signIn.lock` and `signInAgain`.
    package var verbs: [String] = []
    package var actor: Int64?
    package var area: Int64?
    package var subject: Int64?
    /// Of the caller, whole.
    package var address: String?
    package init() {}
}

/// A row of the audit as it may be shown: ids, verbs and where it came from.
package struct AuditLine: Sendable {
    package let id: Int64
    package let area: AreaID
    package let at: Instant
    package let actor: PersonID?
    package let post: PostID?
    package let verb: String
    package let subject: Int64
    /// Of the caller; nil where none was kept, or its period has ended.
    package let address: String?
    /// It was kept, and has been deleted since.
    package let lostAddress: Bool
    /// The reason that was typed; nil where none was asked, or its period has ended.
    package let words: String?
    /// The seal that covers it; nil until one does.
    package let seal: Int64?
}

/// A page of the audit, the newest first.
package struct AuditPage: Sendable {
    package let lines: [AuditLine]
    /// The id below which the next page begins; nil when there is nothing further back.
    package let next: Int64?
    /// How far back was looked, where the page ended before it was full.
    package let lookedTo: Instant?
}

/// Reads the audit for people. However rare what they look for, a page looks at `window` rows at most: it walks the
/// primary key backwards, or the index of subjects, and says how far it came.
package enum AuditBook {
    package static let window = 20_000
    /// Ids carry the moment at which they were made; a server whose clock was put back counts on for a while.
    private static let slackMs = Instant.hourMs

    /// - Parameter within: what the reader may see at all, over the columns of `storage_audit` as `w`.
    package static func page(
        _ query: AuditQuery, within: SQL, before: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> AuditPage {
        var start = before ?? Int64.max
        var floor: Int64 = 0
        // A short audit is looked at whole: of one that was brought from elsewhere the ids say nothing of its times.
        let known = try transaction.first(
            "select count(*) from (select id from storage_audit limit \(window + 1)) w"
        ) { try $0.int(0) }
        if known ?? 0 > Int64(window) {
            if let to = query.to { start = min(start, id(at: to.adding(ms: slackMs))) }
            if let from = query.from { floor = id(at: from.adding(ms: -slackMs)) }
        }
        let subject: SQL = query.subject.map { "and subject_id = \($0)" } ?? .empty
        let rows: SQL = """
            (select id, area_id, at_ms, actor_id, post_id, verb, subject_id, seal_seq, address, address_proof,
                words
            from storage_audit
            where id < \(start) and id >= \(floor) \(subject) order by id desc limit \(window))
            """
        var wanted: [SQL] = [within]
        if let from = query.from { wanted.append("w.at_ms >= \(from)") }
        if let to = query.to { wanted.append("w.at_ms < \(to)") }
        if let actor = query.actor { wanted.append("w.actor_id = \(actor)") }
        if let address = query.address { wanted.append("w.address = \(address)") }
        if let area = query.area { wanted.append("w.area_id = \(area)") }
        if !query.verbs.isEmpty {
            let verbs = query.verbs.map { verb -> SQL in "(w.verb >= \(verb) and w.verb < \(verb + "~"))" }
            wanted.append("(\(SQL.joined(verbs, separator: " or ")))")
        }
        let found = try transaction.query(
            """
            select w.id, w.area_id, w.at_ms, w.actor_id, w.post_id, w.verb, w.subject_id, w.seal_seq, w.address,
                w.address_proof is not null and w.address is null, w.words
            from \(rows) w
            where \(SQL.joined(wanted, separator: " and ")) order by w.id desc limit \(limit + 1)
            """
        ) {
            AuditLine(
                id: try $0.int(0), area: try $0.id(1), at: try $0.instant(2), actor: try $0.optionalID(3),
                post: try $0.optionalID(4), verb: try $0.text(5), subject: try $0.int(6),
                address: try $0.optionalText(8), lostAddress: try $0.flag(9), words: try $0.optionalText(10),
                seal: try $0.optionalInt(7))
        }
        if found.count > limit {
            let lines = Array(found.prefix(limit))
            return AuditPage(lines: lines, next: lines.last?.id, lookedTo: nil)
        }
        let end = try transaction.first("select count(*), min(w.id), min(w.at_ms) from \(rows) w") {
            (count: try $0.int(0), last: try $0.optionalInt(1), at: try $0.optionalInt(2))
        }
        guard let end, end.count == window, let last = end.last else {
            return AuditPage(lines: found, next: nil, lookedTo: nil)
        }
        return AuditPage(lines: found, next: last, lookedTo: end.at.map { Instant(ms: $0) })
    }

    /// The smallest id that was made at a moment.
    private static func id(at moment: Instant) -> Int64 {
        ID<AreaTag>.least(at: moment)
    }

    /// How many rows no seal covers yet, up to a bound, and since when.
    package static func unsealed(
        upTo most: Int, _ transaction: any ReadTransaction
    ) throws -> (count: Int64, since: Instant?) {
        try transaction.first(
            """
            select count(*), min(at_ms) from (
                select at_ms from storage_audit where seal_seq is null limit \(most)) w
            """
        ) { (try $0.int(0), try $0.optionalInt(1).map { Instant(ms: $0) }) } ?? (0, nil)
    }
}

/// One seal of one area.
package struct SealName: Sendable, Hashable {
    package let area: AreaID
    package let seq: Int64
    package init(area: AreaID, seq: Int64) {
        self.area = area
        self.seq = seq
    }
}

extension Verifier {
    /// Whether the rows that a seal covers are those that were sealed, by this key. `verify` looks at the whole chain.
    package func holds(_ name: SealName, _ transaction: any ReadTransaction) throws -> Bool {
        let seal = try transaction.first(
            "select \(Seal.columns) from storage_seal where area_id = \(name.area) and seq = \(name.seq)", Seal.init)
        let rows = try transaction.query(
            """
            select \(AuditRow.columns) from storage_audit where area_id = \(name.area) and seal_seq = \(name.seq)
            order by id limit \(Sealer.batchRows + 1)
            """, AuditRow.init)
        return isWhole(seal, rows)
    }
}

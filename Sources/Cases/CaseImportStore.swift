import Kernel
import Storage

/// Every SQL word about imports. Rows go in by the thousand.
package enum CaseImportStore {
    /// A row of the source beside the case that it became.
    package struct Origin: Sendable {
        let external: String
        let line: Int
        let channel: String
        let target: Instant?
        let verdict: Bool?
    }

    /// How far a source has been brought in.
    package struct Run: Sendable, Hashable {
        package let line: Int64
        package let kept: Int64
        package let contradictory: Int64
        package let isFinished: Bool
    }

    package static func run(_ source: String, _ transaction: any ReadTransaction) throws -> Run? {
        try transaction.first(
            "select line, kept, contradictory, finished_ms from cases_import_run where source = \(source)"
        ) {
            Run(
                line: try $0.int(0), kept: try $0.int(1), contradictory: try $0.int(2), isFinished: !$0.isNull(3))
        }
    }

    static func progress(
        _ source: String, area: AreaID, line: Int, kept: Int, contradictory: Int, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_import_run (source, area_id, line, kept, contradictory, started_ms, finished_ms)
            values (\(source), \(area), \(line), \(kept), \(contradictory), \(now), \(Instant?.none))
            on conflict (source) do update set area_id = excluded.area_id, line = excluded.line,
                kept = cases_import_run.kept + excluded.kept,
                contradictory = cases_import_run.contradictory + excluded.contradictory, finished_ms = null
            """)
    }

    /// Ends a run; false when there was nothing to end.
    static func finish(_ source: String, at now: Instant, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update cases_import_run set finished_ms = \(now)
            where source = \(source) and finished_ms is null
            """) == 1
    }

    /// Which of these rows are there already.
    static func known(
        _ source: String, _ externals: [String], _ transaction: any ReadTransaction
    ) throws -> Set<String> {
        guard !externals.isEmpty else { return [] }
        let list = SQL.joined(externals.map { "\($0)" })
        return Set(
            try transaction.query(
                "select external_id from cases_import where source = \(source) and external_id in (\(list))"
            ) { try $0.text(0) })
    }

    /// The case that a row became.
    package static func caseID(
        _ source: String, _ external: String, _ transaction: any ReadTransaction
    ) throws -> CaseID? {
        try transaction.first(
            "select case_id from cases_import where source = \(source) and external_id = \(external)"
        ) { try $0.id(0) }
    }

    static func category(code: String, _ transaction: any ReadTransaction) throws -> CategoryID? {
        try transaction.first("select id from cases_category where code = \(code)") { try $0.id(0) }
    }

    /// Sets numbers of a day aside and returns the first.
    static func numbers(
        estate: Int64, day: Day, count: Int, _ transaction: any WriteTransaction
    ) throws -> Int64 {
        try transaction.run(
            """
            insert into cases_number (estate_id, day, last) values (\(estate), \(day), \(count))
            on conflict (estate_id, day) do update set last = cases_number.last + excluded.last
            """)
        let last = try transaction.first(
            "select last from cases_number where estate_id = \(estate) and day = \(day)"
        ) { try $0.int(0) }
        return (last ?? Int64(count)) - Int64(count) + 1
    }

    static func count(
        _ place: CasePlace, _ what: DayCount, day: Day, by amount: Int, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_day (estate_id, path, day, what, channel, n)
            values (\(place.estate), \(place.path), \(day), \(what), \(Channel.imported), \(amount))
            on conflict (estate_id, day, what, channel) do update set n = cases_day.n + excluded.n
            """)
    }

    private static let caseColumns: [StaticString] = [
        "id", "number", "district_id", "street_id", "community_id", "estate_id", "building_id", "unit_id", "path",
        "place", "category_id", "kind", "urgency", "level", "status", "suspended", "queue", "soon", "channel", "title",
        "body", "reporter_id", "reporter_name", "contact_masked", "holder", "lead_party", "assisting", "about_family",
        "assignee_id", "assignee_post", "assignee_name", "round", "registered_ms", "solved_ms", "fed_back_ms",
        "closed_ms", "rated", "feedback_due_ms", "feedback_stop_ms", "due_ms", "merged_into", "imported",
        "contradictory", "trace", "version",
    ]

    private static func values(_ c: CaseRecord) -> [SQLValue] {
        let p = c.place
        return [
            .int(c.id.raw), .text(c.number), .int(p.district), .int(p.street), .int(p.community), .int(p.estate),
            .int(p.building), .int(p.unit), .text(p.path.text), .text(p.words), .int(c.category.raw),
            .int(c.kind.rawValue), .int(c.urgency.rawValue), .int(c.level.rawValue), .int(c.status.rawValue),
            .flag(c.suspended), .int(c.queue.rawValue), .flag(c.soon), .int(c.channel.rawValue), .text(c.title),
            .text(c.body), .int(0), .text(c.reporterName), .text(""), .int(c.holder.rawValue),
            .int(c.leadParty.rawValue), .int(0), .int(c.about?.raw ?? 0), .int(0), .int(0), .text(""), .int(c.round),
            .int(c.registered.ms), c.solved.sqlValue, c.fedBack.sqlValue, c.closed.sqlValue, .int(c.rated),
            c.clocks.feedback.due.sqlValue, c.clocks.feedback.stopped.sqlValue, .int(c.due.ms), .int(0),
            .flag(c.imported), .flag(c.contradictory), .text(c.trace), .int(c.version),
        ]
    }

    static func insert(_ cases: [CaseRecord], _ transaction: any WriteTransaction) throws {
        try transaction.insert(into: "cases_case", columns: caseColumns, rows: cases.map(values))
    }

    static func insert(
        _ origins: [(Origin, CaseID)], source: String, _ transaction: any WriteTransaction
    ) throws {
        try transaction.insert(
            into: "cases_import",
            columns: ["source", "external_id", "case_id", "line", "channel", "target_ms", "verdict"],
            rows: origins.map { origin, id in
                [
                    .text(source), .text(origin.external), .int(id.raw), .int(Int64(origin.line)),
                    .text(origin.channel), origin.target.sqlValue, origin.verdict.sqlValue,
                ]
            })
    }

    static func insert(_ events: [(CaseEvent, CaseID)], _ transaction: any WriteTransaction) throws {
        try transaction.insert(
            into: "cases_event",
            columns: [
                "id", "case_id", "at_ms", "kind", "actor_id", "actor_name", "party", "holder", "words", "open", "round",
            ],
            rows: events.map { event, id in
                [
                    .int(event.id), .int(id.raw), .int(event.at.ms), .int(event.kind.rawValue), .int(0),
                    .text(event.actorName), .int(event.party.rawValue), .int(event.holder.rawValue),
                    .text(event.words), .flag(event.open), .int(event.round),
                ]
            })
    }
}

import Directory
import Kernel
import Storage

package enum GovernanceRetentionMigrations {
    package static let all: [Migration] = [
        Migration(
            "governance-050-periods",
            """
            create index governance_appointment_end on governance_appointment(to_day, id);
            create index governance_selection_end on governance_selection(to_day, id);
            create index governance_link_end on governance_link(to_day, id);
            create index governance_vehicle_end on governance_vehicle(to_day, id);
            create index governance_notice_closed on governance_notice(due_day, id) where status = 4;
            """),
        Migration(
            "governance-053-more-periods",
            """
            create index governance_counter_seat_end on governance_counter_seat(to_day, id);
            create index governance_counter_seat_person on governance_counter_seat(person_id, id);
            create index governance_zone_member_end on governance_zone_member(to_day, id);
            create index governance_zone_member_person on governance_zone_member(person_id, id);
            create index governance_appraisal_made on governance_appraisal(created_ms, id);
            """),
    ]
}

/// How long Governance keeps what is over: each kind by the last day on which it held, or on which it was made.
extension GovernanceHouse {
    package static let retention: [RetentionClass] = [
        // With the rounds that were walked under it.
        ended(
            "letters", .keepLetters, days: 3653, least: 365, .keepLettersSource, table: "governance_appointment",
            parts: [("governance_task", "appointment_id"), ("governance_record", "appointment_id")]),
        ended(
            "candidates", .keepCandidates, days: 1096, least: 30, .keepGovernanceSource, table: "governance_candidate",
            old: { day, limit in
                """
                select c.id, s.to_day from governance_selection s
                join governance_candidate c on c.selection_id = s.id
                where s.to_day < \(day) order by s.to_day, s.id limit \(limit)
                """
            }),
        ended(
            "links", .keepLinks, days: 1096, least: 30, .keepGovernanceSource, table: "governance_link",
            parts: [("governance_link_visit", "link_id")]),
        ended("vehicles", .keepVehicles, days: 90, least: 1, .keepVehiclesSource, table: "governance_vehicle"),
        // Closed ones, by the day by which an answer was due.
        ended(
            "notices", .keepNotices, days: 1827, least: 365, .keepLettersSource, table: "governance_notice",
            parts: [("governance_notice_step", "notice_id")],
            old: { day, limit in
                """
                select id, due_day from governance_notice where status = 4 and due_day < \(day)
                order by due_day, id limit \(limit)
                """
            }),
        ended(
            "counterSeats", .keepSeats, days: 1096, least: 30, .keepGovernanceSource, table: "governance_counter_seat"),
        ended(
            "zoneMembers", .keepMembers, days: 1096, least: 30, .keepGovernanceSource, table: "governance_zone_member"),
        // By the day on which they were written.
        RetentionClass(
            "appraisals", .keepAppraisals, days: 1096, least: 30, source: .keepGovernanceSource,
            since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    delete from governance_appraisal where id in (
                        select a.id from governance_appraisal a where a.created_ms < \(before)
                        order by a.created_ms, a.id limit \(limit))
                    returning created_ms
                    """
                ) { try $0.instant(0) })
        },
    ]

    /// Rows of one table that go when their last day is old enough, after what belongs to them.
    ///
    /// - Parameters:
    ///   - parts: tables whose rows belong to one of them, by a column.
    ///   - old: the ids that are old enough with their last day; those of `to_day` when nothing else is said.
    private static func ended(
        _ name: String, _ title: Phrase, days: Int64, least: Int64, _ source: Phrase, table: StaticString,
        parts: [(table: StaticString, column: StaticString)] = [],
        old: (@Sendable (_ before: Day, _ limit: Int) -> SQL)? = nil
    ) -> RetentionClass {
        RetentionClass(
            name, title, days: days, least: least, source: source, since: Day(number: 20_454)
        ) { before, limit, transaction in
            let day = Zone.shanghai.day(of: before)
            let rows = SQL(stringLiteral: table)
            let plain: SQL = "select id, to_day from \(rows) where to_day < \(day) order by to_day, id limit \(limit)"
            let found = try transaction.query(old?(day, limit) ?? plain) { (id: try $0.int(0), last: try $0.day(1)) }
            guard !found.isEmpty else { return .nothing }
            let ids = SQL.joined(found.map { "\($0.id)" })
            for part in parts {
                let (other, column) = (SQL(stringLiteral: part.table), SQL(stringLiteral: part.column))
                try transaction.run("delete from \(other) where \(column) in (\(ids))")
            }
            try transaction.run("delete from \(rows) where id in (\(ids))")
            return .init(found.map { Zone.shanghai.instant($0.last) })
        }
    }
}

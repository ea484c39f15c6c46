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
            """)
    ]
}

/// How long Governance keeps what is over: each kind by the last day on which it held.
extension GovernanceHouse {
    package static let retention: [RetentionClass] = [
        // With the rounds that were walked under it.
        RetentionClass(
            "letters", .keepLetters, days: 3653, least: 365, source: .keepLettersSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            try over(
                """
                select id, to_day from governance_appointment where to_day < \(day(before))
                order by to_day, id limit \(limit)
                """, transaction
            ) { ids in
                try transaction.run("delete from governance_task where appointment_id in (\(ids))")
                try transaction.run("delete from governance_record where appointment_id in (\(ids))")
                try transaction.run("delete from governance_appointment where id in (\(ids))")
            }
        },
        RetentionClass(
            "candidates", .keepCandidates, days: 1096, least: 30, source: .keepGovernanceSource,
            since: Day(number: 20_454)
        ) { before, limit, transaction in
            try over(
                """
                select c.id, s.to_day from governance_selection s
                join governance_candidate c on c.selection_id = s.id
                where s.to_day < \(day(before)) order by s.to_day, s.id limit \(limit)
                """, transaction
            ) { ids in
                try transaction.run("delete from governance_candidate where id in (\(ids))")
            }
        },
        RetentionClass(
            "links", .keepLinks, days: 1096, least: 30, source: .keepGovernanceSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            try over(
                """
                select id, to_day from governance_link where to_day < \(day(before))
                order by to_day, id limit \(limit)
                """, transaction
            ) { ids in
                try transaction.run("delete from governance_link_visit where link_id in (\(ids))")
                try transaction.run("delete from governance_link where id in (\(ids))")
            }
        },
        RetentionClass(
            "vehicles", .keepVehicles, days: 90, least: 1, source: .keepVehiclesSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            try over(
                """
                select id, to_day from governance_vehicle where to_day < \(day(before))
                order by to_day, id limit \(limit)
                """, transaction
            ) { ids in
                try transaction.run("delete from governance_vehicle where id in (\(ids))")
            }
        },
        // Closed ones, by the day by which an answer was due.
        RetentionClass(
            "notices", .keepNotices, days: 1827, least: 365, source: .keepLettersSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            try over(
                """
                select id, due_day from governance_notice where status = 4 and due_day < \(day(before))
                order by due_day, id limit \(limit)
                """, transaction
            ) { ids in
                try transaction.run("delete from governance_notice_step where notice_id in (\(ids))")
                try transaction.run("delete from governance_notice where id in (\(ids))")
            }
        },
    ]

    private static func day(_ before: Instant) -> Day { Zone.shanghai.day(of: before) }

    /// Deletes the rows that a query names, each with its last day.
    private static func over(
        _ query: SQL, _ transaction: any WriteTransaction, _ delete: (SQL) throws -> Void
    ) throws -> RetentionClass.Swept {
        let old = try transaction.query(query) { (id: try $0.int(0), last: try $0.day(1)) }
        guard !old.isEmpty else { return .nothing }
        try delete(SQL.joined(old.map { "\($0.id)" }))
        return .init(old.map { Zone.shanghai.instant($0.last) })
    }
}

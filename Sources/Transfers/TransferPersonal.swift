import Cases
import Directory
import Kernel
import Storage

/// What transfers hold about the people whose matters they are: found by the reporter of their case or, where somebody
/// called elsewhere, by the number. One number may serve a household: then the name that was said must fit, too.
package enum TransferPersonal {
    private static func theirs(_ person: PersonID, after: Int64 = 0) -> SQL {
        """
        select t.id from cases_case c join transfers_transfer t on t.case_id = c.id
        where c.reporter_id = \(person) and c.reporter_id > 0 and t.id > \(after)
        union
        select t.id from directory_person n join transfers_transfer t on t.caller_index = n.phone_index
            join cases_case c on c.id = t.case_id
        where n.id = \(person) and t.caller_index is not null and t.id > \(after)
            and (c.reporter_name = n.name or not exists (
                select 1 from directory_person o where o.phone_index = n.phone_index and o.id <> n.id))
        """
    }

    package static let source = PersonalDataSource(
        "transfers", [transfers], remains: [PersonalRemainder(.keptTransfers, .keptTransfersWhy)]
    ) { person, now, limit, transaction in
        let rows = try transaction.query(
            """
            select id, case_id, caller_index from transfers_transfer
            where id in (\(theirs(person))) and (answer <> '' or reason <> '' or caller_index is not null)
            order by id limit \(min(limit, 50))
            """
        ) { (id: try $0.int(0), case: try $0.id(1, CaseTag.self), isCaller: try $0.optionalBytes(2) != nil) }
        guard !rows.isEmpty else { return 0 }
        // Whoever called is known to the case by name and number alone.
        try CasePersonal.unname(rows.filter(\.isCaller).map(\.case), at: now, transaction)
        let all = SQL.joined(rows.map { "\($0.id)" })
        return try transaction.run(
            """
            update transfers_transfer set answer = '', reason = '', caller_index = null, version = version + 1
            where id in (\(all))
            """)
    }

    private static let transfers = PersonalTable(
        "transfers", .dataTransfers,
        [
            .init("number", .dataTransferNumber), .init("direction", .dataTransferDirection),
            .init("kind", .dataTransferKind), .init("office", .dataTransferOffice),
            .init("name", .dataTransferName), .init("contact", .dataTransferContact),
            .init("words", .dataTransferWords), .init("received", .dataTransferReceived),
            .init("due", .dataTransferDue), .init("reason", .dataTransferWhy),
            .init("answered", .dataTransferAnswered), .init("answer", .dataTransferAnswer),
            .init("solved", .dataTransferSolved), .init("satisfied", .dataTransferSatisfied),
        ], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select t.id, t.number, t.direction, t.kind, t.source, c.reporter_name, c.contact_masked, c.body,
                t.received_ms, t.due_ms, t.reason, t.answered_ms, t.answer, t.solved, t.satisfied
            from transfers_transfer t join cases_case c on c.id = t.case_id
            where t.id in (\(theirs(person, after: after))) order by t.id limit \(limit)
            """
        ) { row in
            let answered = try row.optionalInstant(11)
            return PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .text(try row.raw(2, TransferDirection.self).code),
                    .text(try row.raw(3, TransferKind.self).code), .text(try row.text(4)), .text(try row.text(5)),
                    .text(try row.text(6)), .text(try row.text(7)), .time(try row.instant(8)),
                    .time(try row.instant(9)), .text(try row.text(10)), answered.map { .time($0) } ?? .none,
                    .text(try row.text(12)), .text(try row.raw(13, VisitFinding.self).code),
                    .text(try row.raw(14, VisitFinding.self).code),
                ])
        }
    }

    /// The words of what was answered long ago go; numbers, limits and results stay, for counting.
    package static let retention: [RetentionClass] = [
        RetentionClass(
            "transfers", .keepTransfers, days: 1096, least: 365, source: .keepTransfersSource,
            since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    update transfers_transfer set answer = '', reason = '', version = version + 1
                    where id in (
                        select t.id from transfers_transfer t
                        where t.answered_ms < \(before) and t.answered_ms is not null
                            and (t.answer <> '' or t.reason <> '')
                        order by t.answered_ms, t.id limit \(limit))
                    returning answered_ms
                    """
                ) { try $0.instant(0) })
        }
    ]
}

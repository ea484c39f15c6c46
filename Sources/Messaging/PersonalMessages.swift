import Directory
import Kernel
import Storage

extension Inbox {
    /// What the inbox holds about people.
    package var personalData: PersonalDataSource {
        let inbox = self
        let table = PersonalTable(
            "messages", .dataMessages,
            [.init("text", .dataMessage), .init("at", .dataSince), .init("read", .dataRead)]
        ) { person, after, limit, transaction in
            try transaction.query(
                """
                select id, notice, arguments, created_ms, read_ms from messaging_item
                where person_id = \(person) and id > \(after) order by id limit \(limit)
                """
            ) { row in
                let read = try row.optionalInstant(4)
                return PersonalRow(
                    try row.int(0),
                    [
                        .text(inbox.message(try row.text(1), try row.text(2)).text(.zh)), .time(try row.instant(3)),
                        read.map { .time($0) } ?? .none,
                    ])
            }
        }
        return PersonalDataSource("messages", [table]) { person, _, limit, transaction in
            try transaction.run(
                """
                delete from messaging_item where id in (
                    select m.id from messaging_item m where m.person_id = \(person) order by m.id limit \(limit))
                """)
        }
    }

    package static let retention: [RetentionClass] = [
        RetentionClass(
            "messages", .keepMessages, days: 365, least: 1, source: .keepMessagesSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    delete from messaging_item where id in (
                        select m.id from messaging_item m where m.created_ms < \(before)
                        order by m.created_ms, m.id limit \(limit))
                    returning created_ms
                    """
                ) { try $0.instant(0) })
        }
    ]
}

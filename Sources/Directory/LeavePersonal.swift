import Kernel
import Storage

/// What leave says about people: the copy, the erasure, its period.
enum LeavePersonal {
    /// One's own leave with its reason; and for whom one stood in, without theirs.
    static let table = PersonalTable(
        "leaves", .dataLeaves,
        [
            .init("place", .dataPlace), .init("stands_in", .dataLeaveStandIn), .init("from", .dataFrom),
            .init("to", .dataTo), .init("why", .dataLeaveWhy), .init("state", .dataState),
        ]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select l.id, a.name, l.person_id, l.from_ms, l.to_ms, l.why, l.status from directory_leave l
            join directory_area a on a.id = l.area_id
            where l.id > \(after) and l.id in (
                select o.id from directory_leave o where o.person_id = \(person)
                union select s.id from directory_leave s where s.standin_id = \(person))
            order by l.id limit \(limit)
            """
        ) { row in
            let isOwn = try row.int(2) == person.raw
            return PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .flag(!isOwn), .time(try row.instant(3)), .time(try row.instant(4)),
                    isOwn ? .text(try row.text(5)) : .none, .text(try row.raw(6, LeaveStatus.self).code),
                ])
        }
    }

    /// The reasons go; that a post was covered stays, under the number of a closed account.
    static func erase(_ person: PersonID, _ transaction: any WriteTransaction) throws -> Int {
        try transaction.run(
            """
            update directory_leave set why = '', decided_why = ''
            where person_id = \(person) and (why <> '' or decided_why <> '')
            """)
    }

    static let retention = RetentionClass(
        "leaves", .keepLeaves, days: 1096, least: 30, source: .keepLeavesSource, since: Day(number: 20_454)
    ) { before, limit, transaction in
        .init(
            try transaction.query(
                """
                delete from directory_leave where id in (
                    select l.id from directory_leave l where l.to_ms < \(before)
                    order by l.to_ms, l.id limit \(limit))
                returning to_ms
                """
            ) { try $0.instant(0) })
    }
}

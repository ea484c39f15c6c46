import Kernel
import Storage

/// What the directory holds about people: their copy, their erasure, its periods.
package struct DirectoryPersonal: Sendable {
    private let secrets: Secrets

    package init(secrets: Secrets) { self.secrets = secrets }

    // MARK: Ways in

    /// Ways into the account. Closed first, so that nobody acts under it while the rest goes.
    package var access: PersonalDataSource {
        PersonalDataSource(
            "access", [Self.sessions, Self.tokens, Self.invitations],
            remains: [PersonalRemainder(.keptAudit, .keptAuditWhy)]
        ) { person, _, _, transaction in
            let steps = try transaction.run("delete from directory_sign_in_step where person_id = \(person)")
            let factors =
                try transaction.run("delete from directory_recovery_code where person_id = \(person)")
                + transaction.run("delete from directory_factor where person_id = \(person)")
                + transaction.run("delete from directory_password_past where person_id = \(person)")
            return try steps + factors
                + transaction.run("delete from directory_session where person_id = \(person)")
                + transaction.run("delete from directory_token where person_id = \(person)")
                + transaction.run("delete from directory_account where person_id = \(person)")
                + transaction.run("delete from directory_invitation where made_by = \(person)")
                + transaction.run(
                    """
                    delete from directory_code where phone_index in (
                        select p.phone_index from directory_person p
                        where p.id = \(person) and p.phone_index is not null)
                    """)
        }
    }

    private static let sessions = PersonalTable(
        "sessions", .dataSessions,
        [
            .init("device", .dataDevice), .init("since", .dataSince), .init("seen", .dataSeen),
            .init("expires", .dataExpires),
        ]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select id, device, created_ms, seen_ms, expires_ms from directory_session
            where person_id = \(person) and id > \(after) order by id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .time(try row.instant(2)), .time(try row.instant(3)),
                    .time(try row.instant(4)),
                ])
        }
    }

    private static let tokens = PersonalTable(
        "tokens", .dataTokens,
        [
            .init("name", .dataName), .init("scopes", .dataScopes), .init("since", .dataSince),
            .init("expires", .dataExpires),
        ]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select id, name, scopes, created_ms, expires_ms from directory_token
            where person_id = \(person) and id > \(after) order by id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .text(try row.text(2)), .time(try row.instant(3)),
                    .time(try row.instant(4)),
                ])
        }
    }

    /// Rows have no number of their own: the most that somebody may have made come as one batch.
    private static let invitations = PersonalTable(
        "invitations", .dataInvitations,
        [.init("place", .dataPlace), .init("relation", .dataRelation), .init("expires", .dataExpires)]
    ) { person, after, _, transaction in
        guard after == 0 else { return [] }
        let rows = try transaction.query(
            """
            select u.name, i.relation, i.expires_ms from directory_invitation i
            join directory_area u on u.id = i.unit_id
            where i.made_by = \(person) order by i.expires_ms limit 1000
            """
        ) { row in
            [
                PersonalValue.text(try row.text(0)), .text(try row.raw(1, HomeRelation.self).code),
                .time(try row.instant(2)),
            ]
        }
        return rows.enumerated().map { PersonalRow(Int64($0.offset) + 1, $0.element) }
    }

    // MARK: The person

    /// Who the person is and where they live. Erased last: others find their rows by it.
    package var person: PersonalDataSource {
        PersonalDataSource(
            "person", [own, Self.homes, Self.posts, LeavePersonal.table, Self.minors],
            remains: [PersonalRemainder(.keptPosts, .keptPostsWhy)]
        ) { person, now, limit, transaction in
            let today = Zone.shanghai.day(of: now)
            let children = try transaction.query(
                "select person_id from directory_minor where guardian_id = \(person) order by person_id limit \(limit)"
            ) { try $0.id(0, PersonTag.self) }
            var count = 0
            for child in children { count += try Self.forget(child, today, transaction) }
            count += try LeavePersonal.erase(person, transaction)
            return try count + Self.forget(person, today, transaction)
        }
    }

    /// Ends the homes and takes off the name and the number. What others keep under the id says nothing about anybody.
    static func forget(_ person: PersonID, _ today: Day, _ transaction: any WriteTransaction) throws -> Int {
        // Found by nothing any more: while the homes still say where.
        try FindStore.forget(person, transaction)
        // Who came in by a code between the first step and this one is out again.
        try transaction.run("delete from directory_session where person_id = \(person)")
        var count = try transaction.run("delete from directory_home where person_id = \(person) and status <> 1")
        let ended = try transaction.run(
            """
            update directory_home set to_day = case when from_day > \(today) then from_day else \(today) end
            where person_id = \(person) and to_day > case when from_day > \(today) then from_day else \(today) end
            """)
        if ended > 0 {
            try transaction.run(
                """
                update directory_household set to_day = (
                    select max(h.to_day) from directory_home h where h.household_id = directory_household.id)
                where id in (
                    select g.household_id from directory_home g
                    where g.person_id = \(person) and g.household_id is not null)
                """)
        }
        count += ended
        count += try transaction.run("delete from directory_minor where person_id = \(person)")
        let name = Phrase.personErased.zh
        return try count
            + transaction.run(
                """
                update directory_person set name = \(name), phone_sealed = null, phone_index = null,
                    phone_tail = null, phone_masked = ''
                where id = \(person) and (name <> \(name) or phone_sealed is not null or phone_masked <> '')
                """)
    }

    private var own: PersonalTable {
        let secrets = secrets
        return PersonalTable(
            "person", .dataPerson,
            [
                .init("name", .dataName), .init("phone", .dataPhone), .init("login", .dataLogin),
                .init("since", .dataSince),
            ], isForKin: true
        ) { person, after, _, transaction in
            guard after == 0 else { return [] }
            let found = try transaction.first(
                """
                select p.name, p.phone_sealed, a.login, p.created_ms from directory_person p
                left join directory_account a on a.person_id = p.id where p.id = \(person)
                """
            ) { (try $0.text(0), try $0.optionalBytes(1), try $0.optionalText(2), try $0.instant(3)) }
            guard let (name, sealed, login, created) = found else { return [] }
            let phone = try sealed.map { try secrets.open($0, person: person) }
            return [
                PersonalRow(
                    1,
                    [
                        .text(name), phone.map { .text($0) } ?? .none, login.map { .text($0) } ?? .none,
                        .time(created),
                    ])
            ]
        }
    }

    private static let homes = PersonalTable(
        "homes", .dataHomes,
        [
            .init("place", .dataPlace), .init("relation", .dataRelation), .init("state", .dataState),
            .init("from", .dataFrom), .init("to", .dataTo),
        ], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select h.id, e.name, b.name, u.name, h.relation, h.status, h.from_day, h.to_day
            from directory_home h
            join directory_area u on u.id = h.unit_id
            join directory_area b on b.id = u.parent_id
            join directory_area e on e.id = h.estate_id
            where h.person_id = \(person) and h.id > \(after) order by h.id limit \(limit)
            """
        ) { row in
            let states = ["waiting", "accepted", "refused"]
            let state = Int(try row.int(5))
            let to = try row.day(7)
            return PersonalRow(
                try row.int(0),
                [
                    .text("\(try row.text(1)) \(try row.text(2)) \(try row.text(3))"),
                    .text(try row.raw(4, HomeRelation.self).code),
                    .text(states.indices.contains(state) ? states[state] : ""), .day(try row.day(6)),
                    to >= HomeStore.forever ? .none : .day(to),
                ])
        }
    }

    private static let posts = PersonalTable(
        "posts", .dataPosts,
        [
            .init("organisation", .dataOrganisation), .init("title", .dataPostTitle), .init("place", .dataPlace),
            .init("from", .dataFrom), .init("to", .dataTo),
        ], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select p.id, o.name, p.title, a.name, p.from_day, p.to_day, p.role, o.kind from directory_post p
            join directory_organisation o on o.id = p.organisation_id
            join directory_area a on a.id = p.area_id
            where p.person_id = \(person) and p.id > \(after) order by p.id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .text(try row.text(2)), .text(try row.text(3)), .day(try row.day(4)),
                    .day(try row.day(5)),
                ],
                isForKin: try row.raw(6, Role.self) != .partyAffairs
                    && !row.raw(7, OrganisationKind.self).revealsMembers)
        }
    }

    private static let minors = PersonalTable(
        "minors", .dataMinors,
        [.init("name", .dataName), .init("birth", .dataBirth), .init("since", .dataSince)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select m.person_id, p.name, m.birth, m.created_ms from directory_minor m
            join directory_person p on p.id = m.person_id
            where m.guardian_id = \(person) and m.person_id > \(after) order by m.person_id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [.text(try row.text(1)), .text(BirthMonth(number: try row.int(2)).text), .time(try row.instant(3))])
        }
    }

    // MARK: Periods

    package static let retention: [RetentionClass] = kept + [LeavePersonal.retention]

    private static let kept: [RetentionClass] = [
        RetentionClass(
            "sessions", .keepSessions, days: 180, least: 180, source: .keepSessionsSource,
            since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    delete from directory_session where id in (
                        select s.id from directory_session s where s.expires_ms < \(before)
                        order by s.expires_ms, s.id limit \(limit))
                    returning expires_ms
                    """
                ) { try $0.instant(0) })
        },
        RetentionClass(
            "tokens", .keepTokens, days: 180, least: 180, source: .keepSessionsSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    delete from directory_token where id in (
                        select s.id from directory_token s where s.expires_ms < \(before)
                        order by s.expires_ms, s.id limit \(limit))
                    returning expires_ms
                    """
                ) { try $0.instant(0) })
        },
        // The row stays, and its seal holds: only where it came from goes.
        RetentionClass(
            "addresses", .keepAddresses, days: 180, least: 180, source: .keepSessionsSource,
            since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(try AuditBook.dropAddresses(before: before, limit: limit, transaction))
        },
        RetentionClass(
            "reasons", .keepReasons, days: 1_095, least: 180, source: .keepSessionsSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(try AuditBook.dropWords(before: before, limit: limit, transaction))
        },
        RetentionClass(
            "codes", .keepCodes, days: 2, least: 1, source: .keepCodesSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    delete from directory_code where phone_index in (
                        select s.phone_index from directory_code s where s.expires_ms < \(before)
                            and s.sent_ms < \(before) order by s.expires_ms limit \(limit))
                    returning sent_ms
                    """
                ) { try $0.instant(0) })
        },
        RetentionClass(
            "invitations", .keepInvitations, days: 30, least: 1, source: .keepInvitationsSource,
            since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try transaction.query(
                    """
                    delete from directory_invitation where digest in (
                        select s.digest from directory_invitation s where s.expires_ms < \(before)
                        order by s.expires_ms limit \(limit))
                    returning expires_ms
                    """
                ) { try $0.instant(0) })
        },
    ]
}

extension SignInStore {
    /// The person has answered: their sessions go on.
    static func noticeAnswered(_ person: PersonID, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            "update directory_session set awaits_notice = 0 where person_id = \(person) and awaits_notice = 1")
    }
}

extension SignIn {
    /// Part of the caller's transaction.
    package static func noticeAnswered(_ person: PersonID, _ transaction: any WriteTransaction) throws {
        try SignInStore.noticeAnswered(person, transaction)
    }
}

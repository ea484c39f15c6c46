import Attachments
import Directory
import Kernel
import Storage

package enum CasePersonalMigrations {
    package static let all: [Migration] = [
        Migration(
            "cases-040-personal",
            """
            -- set once a closed case lost everything that says who reported it: what was older than this went
            alter table cases_case add column faded_ms INT64;
            create index cases_case_unfaded on cases_case(closed_ms, id)
                where closed_ms is not null and faded_ms is null;
            """),
        Migration(
            "cases-041-named",
            """
            -- public texts that say whose matter it was, by the consent of this person
            create table cases_named (
                case_id ID primary key references cases_case(id),
                person_id INT64 not null,
                at_ms INT64 not null
            );
            create index cases_named_person on cases_named(person_id, case_id);
            create index cases_photo_file on cases_photo(file_id);
            """),
    ]
}

/// What cases hold about the people who report them.
package enum CasePersonal {
    package static let source = PersonalDataSource(
        "cases", [cases, sayings, ratings, joins, CaseFormer.steps, CaseFormer.handovers, CaseFormer.templates],
        remains: [PersonalRemainder(.keptCases, .keptCasesWhy)]
    ) { person, now, limit, transaction in
        let unnamed = try Naming.end(of: person, transaction).count
        // Small batches: each case has rows of its own and an entry of the text search.
        let own = try transaction.query(
            """
            select id from cases_case where reporter_id = \(person) and reporter_id > 0 order by id
            limit \(min(limit, 50))
            """
        ) { try $0.id(0, CaseTag.self) }
        if !own.isEmpty {
            let ids = SQL.joined(own.map { "\($0)" })
            try transaction.run(
                """
                update cases_event set actor_name = '' where case_id in (\(ids)) and actor_id = \(person)
                """)
            try transaction.run(
                "update cases_rating set words = '' where case_id in (\(ids)) and person_id = \(person)")
            try unname(own, at: now, transaction)
        }
        let joined = try transaction.run(
            """
            delete from cases_join where person_id = \(person) and case_id in (
                select j.case_id from cases_join j where j.person_id = \(person) order by j.case_id limit \(limit))
            """)
        return try own.count + joined + unnamed + CaseFormer.unname(person, limit: limit, transaction)
            + transaction.run("delete from cases_key where owner_id = \(person)")
    }

    /// Takes away from cases who reported them, with the photos that came with the reports.
    package static func unname(_ ids: [CaseID], at now: Instant, _ transaction: any WriteTransaction) throws {
        guard !ids.isEmpty else { return }
        let all = SQL.joined(ids.map { "\($0)" })
        let texts = try transaction.query("select id, title, body, place from cases_case where id in (\(all))") {
            (id: try $0.int(0), words: "\(try $0.text(1)) \(try $0.text(2)) \(try $0.text(3))")
        }
        try transaction.run(
            """
            update cases_case set reporter_id = 0, reporter_name = '', contact_sealed = null, contact_masked = '',
                version = version + 1
            where id in (\(all))
            """)
        try CaseHistoryStore.letPhotosGo(ids, at: now, transaction)
        // The name was among the terms.
        for one in texts { try CaseMigrations.text.put(one.id, TextTerms.index(one.words), transaction) }
    }

    private static let cases = PersonalTable(
        "cases", .dataCases,
        [
            .init("number", .dataCaseNumber), .init("place", .dataPlace), .init("title", .dataCaseTitle),
            .init("body", .dataCaseBody), .init("contact", .dataCaseContact), .init("channel", .dataCaseChannel),
            .init("status", .dataState), .init("at", .dataSince), .init("closed", .dataCaseClosed),
        ], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select id, number, place, title, body, contact_masked, channel, status, registered_ms, closed_ms
            from cases_case where reporter_id = \(person) and reporter_id > 0 and id > \(after) order by id limit \(limit)
            """
        ) { row in
            let closed = try row.optionalInstant(9)
            return PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .text(try row.text(2)), .text(try row.text(3)), .text(try row.text(4)),
                    .text(try row.text(5)), .text(try row.raw(6, Channel.self).code),
                    .text(try row.raw(7, CaseStatus.self).code), .time(try row.instant(8)),
                    closed.map { .time($0) } ?? .none,
                ])
        }
    }

    /// What the person themselves said to their cases.
    private static let sayings = PersonalTable(
        "sayings", .dataSayings,
        [.init("number", .dataCaseNumber), .init("words", .dataCaseBody), .init("at", .dataSince)], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select v.id, c.number, v.words, v.at_ms from cases_event v join cases_case c on c.id = v.case_id
            where c.reporter_id = \(person) and c.reporter_id > 0 and v.actor_id = \(person) and v.words <> '' and v.id > \(after)
            order by v.id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .text(try row.text(2)), .time(try row.instant(3))])
        }
    }

    private static let ratings = PersonalTable(
        "ratings", .dataRatings,
        [
            .init("number", .dataCaseNumber), .init("score", .dataScore), .init("words", .dataCaseBody),
            .init("at", .dataSince),
        ], isForKin: true
    ) { person, after, _, transaction in
        // A case may have several rounds: the ratings of so many cases come as one batch.
        let rows = try transaction.query(
            """
            select c.id, c.number, r.score, r.words, r.at_ms from cases_case c
            join cases_rating r on r.case_id = c.id and r.person_id = c.reporter_id
            where c.reporter_id = \(person) and c.reporter_id > 0 and c.id > \(after) and c.id in (
                select d.id from cases_case d where d.reporter_id = \(person) and d.reporter_id > 0 and d.id > \(after)
                    and exists (select 1 from cases_rating q where q.case_id = d.id and q.person_id = \(person))
                order by d.id limit 100)
            order by c.id, r.round
            """
        ) { row in
            (
                try row.int(0),
                [
                    PersonalValue.text(try row.text(1)), .number(try row.int(2)), .text(try row.text(3)),
                    .time(try row.instant(4)),
                ]
            )
        }
        return rows.map { PersonalRow($0.0, $0.1) }
    }

    private static let joins = PersonalTable(
        "joins", .dataJoins,
        [.init("number", .dataCaseNumber), .init("words", .dataCaseBody), .init("at", .dataSince)], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select j.case_id, c.number, j.words, j.at_ms from cases_join j join cases_case c on c.id = j.case_id
            where j.person_id = \(person) and j.case_id > \(after) order by j.case_id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .text(try row.text(2)), .time(try row.instant(3))])
        }
    }

    // MARK: Periods

    package static let retention: [RetentionClass] = kept + CaseFormer.retention

    private static let kept: [RetentionClass] = [
        RetentionClass(
            "workOrders", .keepCases, days: 1096, least: 365, source: .keepCasesSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            let old = try transaction.query(
                """
                select id, closed_ms, path, unit_id, reporter_id from cases_case
                where closed_ms < \(before) and closed_ms is not null and faded_ms is null
                order by closed_ms, id limit \(min(limit, 50))
                """
            ) {
                (
                    id: try $0.id(0, CaseTag.self), closed: try $0.instant(1), path: try $0.path(2),
                    unit: try $0.int(3), reporter: try $0.int(4)
                )
            }
            for one in old {
                // The building stays, for counting; whose home it was goes.
                let ids = one.path.ids
                let kept = one.unit > 0 && ids.last?.raw == one.unit ? ids.dropLast() : ids[...]
                let path = kept.reduce(AreaPath.root) { $0.appending($1) }
                try transaction.run(
                    """
                    update cases_case set reporter_id = 0, reporter_name = '', contact_sealed = null,
                        contact_masked = '', lookup_digest = null, unit_id = 0, body = '', path = \(path),
                        title = coalesce((select k.name_zh from cases_category k
                            where k.id = cases_case.category_id), ''),
                        place = coalesce((select a.name from directory_area a where a.id = cases_case.building_id),
                            (select a.name from directory_area a where a.id = cases_case.estate_id), ''),
                        faded_ms = \(before), version = version + 1
                    where id = \(one.id)
                    """)
                try transaction.run(
                    """
                    update cases_event set words = '',
                        actor_name = case when actor_id = \(one.reporter) then '' else actor_name end
                    where case_id = \(one.id)
                    """)
                try transaction.run("update cases_rating set words = '' where case_id = \(one.id)")
                try transaction.run("delete from cases_join where case_id = \(one.id)")
                try CaseMigrations.text.remove(one.id.raw, transaction)
            }
            try CaseHistoryStore.letPhotosGo(old.map(\.id), at: before, transaction)
            return .init(old.map(\.closed))
        },
        RetentionClass(
            "loosePictures", .keepPictures, days: 1, least: 1, source: .keepPicturesSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            .init(
                try Attachments.forgetLoose(
                    before: before, limit: limit, inUse: CaseHistoryStore.picturesInUse, transaction))
        },
        RetentionClass(
            "caseKeys", .keepKeys, days: 30, least: 1, source: .keepKeysSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            let old = try transaction.query(
                """
                select owner_id, key, created_ms from cases_key where created_ms < \(before)
                order by created_ms limit \(limit)
                """
            ) { (owner: try $0.int(0), key: try $0.text(1), at: try $0.instant(2)) }
            for one in old {
                try transaction.run(
                    "delete from cases_key where owner_id = \(one.owner) and key = \(one.key)")
            }
            return .init(old.map(\.at))
        },
    ]
}

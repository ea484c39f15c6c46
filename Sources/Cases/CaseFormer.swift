import Directory
import Kernel
import Storage
import Web

package enum CaseFormerMigrations {
    package static let all: [Migration] = [
        Migration(
            "cases-050-former",
            """
            -- people who left their last post so long ago that their names are off the steps, with the day when they left
            create table cases_former (
                person_id ID primary key,
                to_day INT64 not null
            );
            create index cases_event_named on cases_event(actor_id, id) where actor_id > 0 and actor_name <> '';
            create index cases_acted_for_named on cases_acted_for(person_id, event_id) where name <> '';
            create index cases_handover_author on cases_handover(author_id, id);
            create index cases_handover_taker on cases_handover(taken_by, id) where taken_by is not null;
            create index cases_handover_old on cases_handover(at_ms, id);
            """),
        Migration(
            "cases-051-template-authors",
            """
            create index cases_template_version_author on cases_template_version(author_id, template_id)
                where author_name <> '';
            -- people who were done with before there was this are looked at once more
            update cases_former set to_day = to_day - 1;
            """),
    ]
}

/// What cases say about those who work on them: their names in the steps, their notes at the end of a shift. A name goes
/// when the account is closed, or a period after the last post ended; the step then shows the party alone.
package enum CaseFormer {
    /// Takes a person's name off at most so many steps and notes. Returns how many it touched.
    static func unname(_ person: PersonID, limit: Int, _ transaction: any WriteTransaction) throws -> Int {
        let steps = try transaction.run(
            """
            update cases_event set actor_name = '' where id in (
                select v.id from cases_event v
                where v.actor_id = \(person) and v.actor_id > 0 and v.actor_name <> '' order by v.id limit \(limit))
            """)
        let stoodFor = try transaction.run(
            """
            update cases_acted_for set name = '' where event_id in (
                select f.event_id from cases_acted_for f where f.person_id = \(person) and f.name <> ''
                order by f.event_id limit \(limit))
            """)
        let written = try transaction.run(
            """
            update cases_handover set author_name = '' where id in (
                select h.id from cases_handover h where h.author_id = \(person) and h.author_name <> ''
                order by h.id limit \(limit))
            """)
        let templates = try transaction.run(
            """
            update cases_template_version set author_name = ''
            where author_id = \(person) and author_name <> '' and template_id in (
                select w.template_id from cases_template_version w
                where w.author_id = \(person) and w.author_name <> '' order by w.template_id limit \(limit))
            """)
        return try steps + stoodFor + written + templates
            + transaction.run(
                """
                update cases_handover set taken_name = '' where id in (
                    select h.id from cases_handover h where h.taken_by = \(person) and h.taken_name <> ''
                    order by h.id limit \(limit))
                """)
    }

    // MARK: The person's copy

    /// What somebody did at work on the cases of others, as long as it bears their name.
    static let steps = PersonalTable(
        "steps", .dataSteps,
        [.init("number", .dataCaseNumber), .init("step", .dataStep), .init("at", .dataSince)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select v.id, c.number, v.kind, v.at_ms from cases_event v join cases_case c on c.id = v.case_id
            where v.actor_id = \(person) and v.actor_id > 0 and v.actor_name <> '' and c.reporter_id <> \(person)
                and v.id > \(after)
            order by v.id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [.text(try row.text(1)), .text(try row.raw(2, CaseEventKind.self).code), .time(try row.instant(3))])
        }
    }

    /// One's own notes at the end of a shift; of those that one took, only that one did.
    static let handovers = PersonalTable(
        "handovers", .dataHandovers,
        [
            .init("place", .dataPlace), .init("words", .dataCaseBody), .init("at", .dataSince),
            .init("taken", .dataTaken),
        ]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select h.id, a.name, case when h.author_id = \(person) then h.words else '' end, h.at_ms, h.taken_by,
                h.taken_ms
            from cases_handover h join directory_area a on a.id = h.area_id
            where h.id > \(after) and h.id in (
                select w.id from cases_handover w where w.author_id = \(person) and w.author_name <> ''
                union select t.id from cases_handover t
                    where t.taken_by is not null and t.taken_by = \(person) and t.taken_name <> '')
            order by h.id limit \(limit)
            """
        ) { row in
            let taken = try row.optionalInt(4) == person.raw ? try row.optionalInstant(5) : nil
            return PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .text(try row.text(2)), .time(try row.instant(3)),
                    taken.map { .time($0) } ?? .none,
                ])
        }
    }

    /// The versions of reply templates that somebody wrote, as long as they bear the name.
    static let templates = PersonalTable(
        "templates", .dataTemplates,
        [.init("name", .dataCaseTitle), .init("version", .dataTemplateVersion), .init("at", .dataSince)]
    ) { person, after, limit, transaction in
        // A template has as many versions as its author wrote: those of so many templates come as one batch.
        try transaction.query(
            """
            select v.template_id, v.name, v.version, v.at_ms from cases_template_version v
            where v.author_id = \(person) and v.author_name <> '' and v.template_id in (
                select distinct w.template_id from cases_template_version w
                where w.author_id = \(person) and w.author_name <> '' and w.template_id > \(after)
                order by w.template_id limit \(limit))
            order by v.template_id, v.version
            """
        ) { row in
            PersonalRow(
                try row.int(0), [.text(try row.text(1)), .number(try row.int(2)), .time(try row.instant(3))])
        }
    }

    // MARK: Periods

    /// Whose last post ended before a day, and whose name is not off since.
    private static func left(
        before day: Day, _ transaction: any ReadTransaction
    ) throws -> [(person: PersonID, end: Day)] {
        try transaction.query(
            """
            select p.person_id, max(p.to_day) from directory_post p
            where not exists (
                select 1 from cases_former f where f.person_id = p.person_id and f.to_day >= p.to_day)
            group by p.person_id having max(p.to_day) < \(day) and max(p.to_day) = (
                select max(q.to_day) from directory_post q where q.person_id = p.person_id)
            order by p.person_id limit 500
            """
        ) { (try $0.id(0, PersonTag.self), try $0.day(1)) }
    }

    package static let retention: [RetentionClass] = [
        // Counted by the day on which the last post ended.
        RetentionClass(
            "formerStaff", .keepFormer, days: 1096, least: 30, source: .keepFormerSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            let day = Zone.shanghai.day(of: before)
            var swept = RetentionClass.Swept.nothing
            for (person, end) in try left(before: day, transaction) where swept.count < limit {
                let touched = try unname(person, limit: limit, transaction)
                if touched > 0 {
                    let moment = Zone.shanghai.instant(end)
                    swept.from = swept.count == 0 ? moment : min(swept.from, moment)
                    swept.to = max(swept.to, moment)
                    swept.count += touched
                } else {
                    try transaction.run(
                        """
                        insert into cases_former (person_id, to_day) values (\(person), \(end))
                        on conflict (person_id) do update set to_day = excluded.to_day
                        """)
                }
            }
            return swept
        },
        RetentionClass(
            "handovers", .keepHandovers, days: 1096, least: 30, source: .keepFormerSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            let old = try transaction.query(
                """
                select id, at_ms from cases_handover where at_ms < \(before) order by at_ms, id limit \(limit)
                """
            ) { (id: try $0.int(0), at: try $0.instant(1)) }
            guard !old.isEmpty else { return .nothing }
            let ids = SQL.joined(old.map { "\($0.id)" })
            try transaction.run("delete from cases_handover_item where handover_id in (\(ids))")
            try transaction.run("delete from cases_handover where id in (\(ids))")
            return .init(old.map(\.at))
        },
    ]
}

extension Handover {
    /// A name that went says that it was a colleague.
    func author(_ words: Words) -> String { authorName.isEmpty ? words(.formerColleague) : authorName }
    func taker(_ words: Words) -> String { takenName.isEmpty ? words(.formerColleague) : takenName }
}

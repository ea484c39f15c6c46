import Storage

/// Many cases at once, reply templates, hand-over notes, what a stand-in did, and who handled what.
package enum CaseCoverMigrations {
    package static let all: [Migration] = [
        Migration(
            "cases-020-cover",
            """
            -- a step that was taken by a stand-in, and for whom
            create table cases_acted_for (
                event_id ID primary key,
                case_id INT64 not null references cases_case(id),
                person_id INT64 not null,
                name TEXT not null,
                leave_id INT64 not null
            );
            create index cases_case_assignee on cases_case(assignee_id, due_ms, id)
                where queue <> 0 and assignee_id > 0;
            -- kind 6: handled
            create index cases_event_handled on cases_event(actor_id, at_ms, id) where kind = 6 and actor_id > 0;
            create table cases_batch (
                id ID primary key,
                owner_id INT64 not null,
                key TEXT not null,
                digest BYTES not null,
                created_ms INT64 not null,
                unique (owner_id, key)
            );
            create table cases_batch_item (
                batch_id INT64 not null references cases_batch(id),
                case_id INT64 not null,
                place INT64 not null,
                outcome INT64 not null,
                primary key (batch_id, case_id)
            );
            create table cases_template (
                id ID primary key,
                area_id INT64 not null,
                -- 0 for everybody who works there
                organisation_id INT64 not null,
                -- 1 what was done, 2 the answer, 3 the return, 4 the pause, 5 the public text
                use INT64 not null check (use between 1 and 5),
                name TEXT not null,
                body TEXT not null,
                ended FLAG not null,
                version INT64 not null
            );
            create index cases_template_area on cases_template(area_id, use, id);
            -- every version that there was, with who wrote it and why
            create table cases_template_version (
                template_id INT64 not null references cases_template(id),
                version INT64 not null,
                name TEXT not null,
                body TEXT not null,
                ended FLAG not null,
                author_id INT64 not null,
                author_name TEXT not null,
                why TEXT not null,
                at_ms INT64 not null,
                primary key (template_id, version)
            );
            create table cases_handover (
                id ID primary key,
                area_id INT64 not null,
                -- as of the roster: 1 desk, 2 stewards, 3 hotline, 4 squads
                kind INT64 not null,
                shift_id INT64 not null,
                author_id INT64 not null,
                author_name TEXT not null,
                words TEXT not null,
                at_ms INT64 not null,
                version INT64 not null,
                taken_by INT64,
                taken_name TEXT not null,
                taken_ms INT64
            );
            create index cases_handover_area on cases_handover(area_id, id);
            create index cases_handover_open on cases_handover(area_id, id) where taken_ms is null;
            create table cases_handover_item (
                handover_id INT64 not null references cases_handover(id),
                case_id INT64 not null,
                place INT64 not null,
                line TEXT not null,
                primary key (handover_id, case_id)
            );
            """)
    ]
}

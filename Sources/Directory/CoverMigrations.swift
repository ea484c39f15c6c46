import Storage

/// Rosters by kind with what was changed in them, and leave with a stand-in.
package enum CoverMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-030-cover",
            """
            -- 1 desk, 2 stewards, 3 hotline, 4 squads
            alter table directory_shift add column kind INT64 not null default 4;
            alter table directory_shift add column place TEXT not null default '';
            -- shifts of one pattern; 0 for one that was entered alone
            alter table directory_shift add column series_id INT64 not null default 0;
            alter table directory_shift add column version INT64 not null default 1;
            create index directory_shift_person on directory_shift(person_id, from_ms);
            create table directory_shift_change (
                id ID primary key,
                area_id ID not null references directory_area(id),
                shift_id INT64 not null,
                -- 1 entered, 2 changed, 3 taken away
                what INT64 not null check (what between 1 and 3),
                kind INT64 not null,
                person_id INT64 not null,
                from_ms INT64 not null,
                to_ms INT64 not null,
                why TEXT not null,
                changed_by INT64 not null,
                at_ms INT64 not null
            );
            create index directory_shift_change_area on directory_shift_change(area_id, id);
            create table directory_leave (
                id ID primary key,
                person_id ID not null references directory_person(id),
                post_id INT64 not null,
                standin_id ID not null references directory_person(id),
                area_id ID not null references directory_area(id),
                from_ms INT64 not null,
                to_ms INT64 not null check (to_ms > from_ms),
                -- 1 asked, 2 approved, 3 refused, 4 called off
                status INT64 not null check (status between 1 and 4),
                why TEXT not null,
                asked_by INT64 not null,
                decided_by INT64 not null,
                decided_why TEXT not null,
                version INT64 not null,
                created_ms INT64 not null
            );
            create index directory_leave_person on directory_leave(person_id, to_ms);
            create index directory_leave_standin on directory_leave(standin_id, to_ms);
            create index directory_leave_area on directory_leave(area_id, to_ms);
            """),
        Migration(
            "directory-050-leave-end",
            """
            create index directory_leave_end on directory_leave(to_ms, id);
            """),
    ]
}

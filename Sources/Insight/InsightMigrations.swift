import Storage

package enum InsightMigrations {
    package static let all: [Migration] = [
        Migration(
            "insight-001-facts",
            """
            create table insight_fact (
                case_id ID not null,
                -- 0 the case itself, 4 x round + clock a promise, else a step by its id
                ref INT64 not null,
                -- FactKind: 1 to 5 steps, 6 kept, 7 broken, 8 running, 9 open
                kind INT64 not null check (kind between 1 and 9),
                -- the day in China; of an open case its queue
                day INT64 not null,
                at_ms INT64 not null,
                warn_ms INT64 not null,
                -- as the case has it: rows stay where they were written when an estate moves
                path TEXT not null,
                about_family INT64 not null,
                clock INT64 not null,
                party INT64 not null check (party between 0 and 4),
                primary key (case_id, ref)
            );
            create index insight_fact_list on insight_fact(kind, day, at_ms, case_id, ref, path, about_family, clock);
            create index insight_fact_place on insight_fact(path, kind, day, at_ms, case_id, ref);
            create index insight_fact_due on insight_fact(at_ms, case_id, ref, path, about_family, clock) where kind = 8;
            create index insight_fact_warn on insight_fact(warn_ms, at_ms, path, about_family, clock) where kind = 8;
            create table insight_day (
                day INT64 not null,
                path TEXT not null,
                about_family INT64 not null,
                registered INT64 not null,
                attended INT64 not null,
                handled INT64 not null,
                fed_back INT64 not null,
                struck_off INT64 not null,
                kept_attend INT64 not null,
                kept_handle INT64 not null,
                kept_feedback INT64 not null,
                broken_attend INT64 not null,
                broken_handle INT64 not null,
                broken_feedback INT64 not null,
                -- clocks that run and fall due on this day: broken when it is over
                due_attend INT64 not null,
                due_handle INT64 not null,
                due_feedback INT64 not null,
                primary key (day, path, about_family)
            );
            create table insight_open (
                path TEXT not null,
                about_family INT64 not null,
                intake INT64 not null,
                dispatch INT64 not null,
                handling INT64 not null,
                feedback INT64 not null,
                rating INT64 not null,
                strike_off INT64 not null,
                paused INT64 not null,
                primary key (path, about_family)
            );
            create table insight_state (
                id INT64 not null primary key,
                -- grows with every change of the model: who read before it begins anew
                edition INT64 not null,
                -- how far the cases have been walked through; null when the walk is over
                walked_to INT64,
                walked_ms INT64
            );
            insert into insight_state (id, edition, walked_to) values (1, 1, 0);
            """)
    ]
}

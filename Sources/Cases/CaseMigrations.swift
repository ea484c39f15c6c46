import Storage

package enum CaseMigrations {
    /// What the text search of the desk looks in: place, title, words, reporter's name.
    static let text = TextIndex("cases_text")

    package static let all =
        loop + CaseCoverMigrations.all + CategoryMigrations.all + CaseFormerMigrations.all

    private static let loop: [Migration] = [
        Migration(
            "cases-001-case",
            """
            create table cases_category (
                id ID primary key,
                code TEXT not null unique,
                kind INT64 not null check (kind between 1 and 5),
                name_zh TEXT not null,
                name_en TEXT not null,
                party INT64 not null check (party between 0 and 4),
                urgency INT64 not null check (urgency between 1 and 3),
                hints TEXT not null,
                fast_lane FLAG not null
            );
            create table cases_policy (
                id ID primary key,
                category_id INT64 not null,
                area_id INT64 not null,
                urgency INT64 not null,
                kind INT64 not null,
                attend_minutes INT64 not null check (attend_minutes between 1 and 1000000),
                handle_minutes INT64 not null check (handle_minutes between 1 and 1000000),
                feedback_workdays INT64 not null check (feedback_workdays between 1 and 400),
                source TEXT not null,
                version INT64 not null,
                -- an edit adds a row and ends the old one, so every limit can be explained later
                in_force FLAG not null,
                edited_by ID,
                edited_ms INT64 not null
            );
            create index cases_policy_in_force on cases_policy(in_force, category_id);
            create table cases_case (
                id ID primary key,
                number TEXT not null,
                district_id INT64 not null,
                street_id INT64 not null,
                community_id INT64 not null,
                estate_id INT64 not null,
                building_id INT64 not null,
                unit_id INT64 not null,
                path TEXT not null,
                place TEXT not null,
                category_id INT64 not null,
                kind INT64 not null,
                urgency INT64 not null,
                level INT64 not null,
                status INT64 not null,
                suspended FLAG not null,
                queue INT64 not null,
                soon FLAG not null,
                channel INT64 not null,
                title TEXT not null,
                body TEXT not null,
                reporter_id INT64 not null,
                reporter_name TEXT not null,
                contact_sealed BYTES,
                contact_masked TEXT not null,
                lookup_digest BYTES,
                holder INT64 not null,
                lead_party INT64 not null,
                assisting INT64 not null,
                about_family INT64 not null,
                assignee_id INT64 not null,
                assignee_post INT64 not null,
                assignee_name TEXT not null,
                assignee_party INT64,
                promise_ms INT64,
                round INT64 not null,
                registered_ms INT64 not null,
                solved_ms INT64,
                fed_back_ms INT64,
                closed_ms INT64,
                -- 0 not asked, 1 to 5 the score, 6 recorded as not rated
                rated INT64 not null,
                attend_due_ms INT64,
                attend_stop_ms INT64,
                handle_due_ms INT64,
                handle_stop_ms INT64,
                feedback_due_ms INT64,
                feedback_stop_ms INT64,
                -- the earliest due of a running clock; far away when none runs
                due_ms INT64 not null,
                merged_into INT64 not null,
                imported FLAG not null,
                contradictory FLAG not null,
                trace TEXT not null,
                version INT64 not null
            );
            create index cases_case_estate on cases_case(estate_id, due_ms, id) where queue between 1 and 8;
            create index cases_case_community on cases_case(community_id, due_ms, id) where queue between 1 and 8;
            create index cases_case_street on cases_case(street_id, due_ms, id) where queue between 1 and 8;
            create index cases_case_district on cases_case(district_id, due_ms, id) where queue between 1 and 8;
            create index cases_case_estate_queue on cases_case(estate_id, queue, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_community_queue on cases_case(community_id, queue, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_street_queue on cases_case(street_id, queue, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_district_queue on cases_case(district_id, queue, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_estate_category on cases_case(estate_id, category_id, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_community_category on cases_case(community_id, category_id, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_street_category on cases_case(street_id, category_id, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_district_category on cases_case(district_id, category_id, due_ms, id)
                where queue between 1 and 8;
            create index cases_case_reporter on cases_case(reporter_id, id) where reporter_id > 0;
            create unique index cases_case_lookup on cases_case(lookup_digest) where lookup_digest is not null;
            create index cases_case_similar on cases_case(estate_id, building_id, category_id, id)
                where queue between 1 and 4;
            create index cases_case_unanswered on cases_case(fed_back_ms) where queue = 5;
            create index cases_case_emergency on cases_case(registered_ms)
                where urgency = 3 and queue between 1 and 4;
            create table cases_number (
                estate_id INT64 not null,
                day INT64 not null,
                last INT64 not null,
                primary key (estate_id, day)
            );
            create table cases_key (
                owner_id INT64 not null,
                key TEXT not null,
                case_id INT64 not null,
                digest BYTES not null,
                created_ms INT64 not null,
                primary key (owner_id, key)
            );
            create index cases_key_created on cases_key(created_ms);
            TEXTINDEX cases_text;
            """),
        Migration(
            "cases-002-history",
            """
            create table cases_event (
                id ID primary key,
                case_id INT64 not null references cases_case(id),
                at_ms INT64 not null,
                kind INT64 not null,
                actor_id INT64 not null,
                actor_name TEXT not null,
                party INT64 not null,
                holder INT64 not null,
                -- said by the actor, shown to the reporter where open is set
                words TEXT not null,
                open FLAG not null,
                round INT64 not null
            );
            create index cases_event_case on cases_event(case_id, id);
            create table cases_clock (
                case_id INT64 not null references cases_case(id),
                round INT64 not null,
                kind INT64 not null,
                started_ms INT64 not null,
                -- 1 minutes of running time, 2 working days
                unit INT64 not null,
                amount INT64 not null,
                policy_id INT64 not null,
                due_ms INT64,
                warn_ms INT64,
                stopped_ms INT64,
                kept FLAG,
                warned_ms INT64,
                escalated_ms INT64,
                -- the next moment at which the sweep must look; null when there is none
                next_ms INT64,
                primary key (case_id, round, kind)
            );
            create index cases_clock_next on cases_clock(next_ms) where next_ms is not null;
            create table cases_pause (
                id ID primary key,
                case_id INT64 not null references cases_case(id),
                from_ms INT64 not null,
                to_ms INT64,
                reason INT64 not null,
                expected_ms INT64
            );
            create index cases_pause_case on cases_pause(case_id, from_ms);
            create table cases_rating (
                case_id INT64 not null references cases_case(id),
                round INT64 not null,
                person_id INT64 not null,
                score INT64 not null check (score between 0 and 5),
                words TEXT not null,
                at_ms INT64 not null,
                primary key (case_id, round, person_id)
            );
            create table cases_join (
                case_id INT64 not null references cases_case(id),
                person_id INT64 not null,
                at_ms INT64 not null,
                words TEXT not null,
                primary key (case_id, person_id)
            );
            create index cases_join_person on cases_join(person_id, case_id);
            create table cases_photo (
                id ID primary key,
                case_id INT64 not null references cases_case(id),
                file_id INT64 not null,
                -- 1 with the report, 2 evidence of the work
                role INT64 not null,
                at_ms INT64 not null
            );
            create index cases_photo_case on cases_photo(case_id, id);
            create table cases_strike_off (
                case_id INT64 not null references cases_case(id),
                round INT64 not null,
                approver_id INT64 not null,
                evidence TEXT not null,
                at_ms INT64 not null,
                primary key (case_id, round)
            );
            create table cases_publication (
                case_id ID primary key references cases_case(id),
                estate_id INT64 not null,
                title TEXT not null,
                body TEXT not null,
                place TEXT not null,
                -- 0 draft, 1 public, 2 taken back: then the words are gone and only the digest stays
                status INT64 not null check (status between 0 and 2),
                moderator_id INT64 not null,
                digest BYTES,
                struck_ms INT64 not null,
                published_ms INT64
            );
            create index cases_publication_estate on cases_publication(estate_id, struck_ms, case_id) where status = 1;
            create table cases_reply (
                id ID primary key,
                estate_id INT64 not null,
                question TEXT not null,
                answer TEXT not null,
                answered_by TEXT not null,
                moderator_id INT64 not null,
                at_ms INT64 not null
            );
            create index cases_reply_estate on cases_reply(estate_id, at_ms);
            create table cases_tally (
                estate_id INT64 not null,
                street_id INT64 not null,
                path TEXT not null,
                queue INT64 not null,
                about_family INT64 not null,
                n INT64 not null,
                primary key (estate_id, queue, about_family)
            );
            create index cases_tally_path on cases_tally(path);
            create table cases_day (
                estate_id INT64 not null,
                path TEXT not null,
                day INT64 not null,
                -- 1 reported, 2 struck off, 3 and 4 attended in time and late, 5 and 6 handled, 7 and 8 fed back,
                -- 9 satisfied, 10 rated, 11 settled at its level, 12 escalated
                what INT64 not null,
                channel INT64 not null,
                n INT64 not null,
                primary key (estate_id, day, what, channel)
            );
            """),
        Migration(
            "cases-003-import",
            """
            create table cases_import (
                source TEXT not null,
                -- the name of the row in its source: a second run skips what is here
                external_id TEXT not null,
                case_id INT64 not null references cases_case(id),
                line INT64 not null,
                -- how it came in, in the words of the source
                channel TEXT not null,
                target_ms INT64,
                -- the verdict of the source on its own promise
                verdict FLAG,
                primary key (source, external_id)
            );
            create index cases_import_case on cases_import(case_id);
            create table cases_import_run (
                source TEXT not null primary key,
                area_id INT64 not null,
                -- the last line of the file that is kept, rejected or skipped for good
                line INT64 not null,
                kept INT64 not null,
                contradictory INT64 not null,
                started_ms INT64 not null,
                -- null while rows are being brought in
                finished_ms INT64
            );
            """),
        // A range over the queue made the planner search by it and sort; an inequality proves the index and no more.
        Migration(
            "cases-004-lists",
            """
            drop index cases_case_estate;
            create index cases_case_estate on cases_case(estate_id, due_ms, id) where queue <> 0;
            drop index cases_case_estate_queue;
            create index cases_case_estate_queue on cases_case(estate_id, queue, due_ms, id) where queue <> 0;
            drop index cases_case_estate_category;
            create index cases_case_estate_category on cases_case(estate_id, category_id, due_ms, id) where queue <> 0;
            drop index cases_case_community;
            create index cases_case_community on cases_case(community_id, due_ms, id) where queue <> 0;
            drop index cases_case_community_queue;
            create index cases_case_community_queue on cases_case(community_id, queue, due_ms, id) where queue <> 0;
            drop index cases_case_community_category;
            create index cases_case_community_category on cases_case(community_id, category_id, due_ms, id) where queue <> 0;
            drop index cases_case_street;
            create index cases_case_street on cases_case(street_id, due_ms, id) where queue <> 0;
            drop index cases_case_street_queue;
            create index cases_case_street_queue on cases_case(street_id, queue, due_ms, id) where queue <> 0;
            drop index cases_case_street_category;
            create index cases_case_street_category on cases_case(street_id, category_id, due_ms, id) where queue <> 0;
            drop index cases_case_district;
            create index cases_case_district on cases_case(district_id, due_ms, id) where queue <> 0;
            drop index cases_case_district_queue;
            create index cases_case_district_queue on cases_case(district_id, queue, due_ms, id) where queue <> 0;
            drop index cases_case_district_category;
            create index cases_case_district_category on cases_case(district_id, category_id, due_ms, id) where queue <> 0;
            """),
        // Counts are summed from the index alone; "soon due" and a queue of one category have ranges of their own.
        Migration(
            "cases-005-counts",
            """
            drop index cases_tally_path;
            create index cases_tally_path on cases_tally(path, queue, about_family, n);
            create index cases_case_estate_soon on cases_case(estate_id, due_ms, id) where queue <> 0 and soon;
            create index cases_case_estate_both on cases_case(estate_id, queue, category_id, due_ms, id) where queue <> 0;
            create index cases_case_community_soon on cases_case(community_id, due_ms, id) where queue <> 0 and soon;
            create index cases_case_community_both on cases_case(community_id, queue, category_id, due_ms, id) where queue <> 0;
            create index cases_case_street_soon on cases_case(street_id, due_ms, id) where queue <> 0 and soon;
            create index cases_case_street_both on cases_case(street_id, queue, category_id, due_ms, id) where queue <> 0;
            create index cases_case_district_soon on cases_case(district_id, due_ms, id) where queue <> 0 and soon;
            create index cases_case_district_both on cases_case(district_id, queue, category_id, due_ms, id) where queue <> 0;
            """),
    ]
}

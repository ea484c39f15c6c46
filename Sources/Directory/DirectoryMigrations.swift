import Storage

package enum DirectoryMigrations {
    package static let all =
        early + APIMigrations.all + DirectoryDepthMigrations.all + SecurityMigrations.all
        + RuleMigrations.all + PersonalMigrations.all + CoverMigrations.all + FindMigrations.all + ExportMigrations.all

    private static let early: [Migration] = [
        Migration(
            "directory-001-areas",
            """
            create table directory_area (
                id ID primary key,
                parent_id ID references directory_area(id),
                level INT64 not null check (level between 1 and 8),
                name TEXT not null check (length(name) between 1 and 80),
                code TEXT not null,
                path TEXT not null unique,
                -- the estate at or above, and the street at or above; 0 where there is none
                estate_id INT64 not null,
                created_ms INT64 not null
            );
            create unique index directory_area_name on directory_area(parent_id, name);
            create index directory_area_parent on directory_area(parent_id, level, name);
            create table directory_organisation (
                id ID primary key,
                family_id INT64 not null,
                parent_id ID references directory_organisation(id),
                party INT64 not null check (party between 0 and 4),
                name TEXT not null check (length(name) between 1 and 80),
                area_id ID not null references directory_area(id),
                created_ms INT64 not null
            );
            create index directory_organisation_area on directory_organisation(area_id);
            """),
        Migration(
            "directory-002-people",
            """
            create table directory_person (
                id ID primary key,
                name TEXT not null check (length(name) between 1 and 40),
                phone_sealed BYTES,
                phone_index BYTES,
                phone_tail BYTES,
                phone_masked TEXT not null,
                created_ms INT64 not null
            );
            create index directory_person_phone on directory_person(phone_index);
            create table directory_account (
                person_id ID primary key references directory_person(id),
                login TEXT not null unique check (length(login) between 2 and 64),
                password_hash TEXT not null,
                failures INT64 not null,
                locked_until_ms INT64 not null,
                created_ms INT64 not null
            );
            create table directory_post (
                id ID primary key,
                person_id ID not null references directory_person(id),
                organisation_id ID not null references directory_organisation(id),
                role INT64 not null,
                area_id ID not null references directory_area(id),
                title TEXT not null,
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                created_ms INT64 not null
            );
            create index directory_post_person on directory_post(person_id);
            create index directory_post_area on directory_post(area_id, role);
            create index directory_post_organisation on directory_post(organisation_id, role);
            create table directory_home (
                id ID primary key,
                person_id ID not null references directory_person(id),
                unit_id ID not null references directory_area(id),
                estate_id INT64 not null,
                relation INT64 not null check (relation between 1 and 4),
                -- 0 waiting for staff, 1 in force, 2 refused
                status INT64 not null check (status between 0 and 2),
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                decided_by ID,
                created_ms INT64 not null
            );
            create unique index directory_home_once on directory_home(person_id, unit_id, relation, from_day);
            create index directory_home_unit on directory_home(unit_id, status);
            create index directory_home_waiting on directory_home(estate_id, created_ms) where status = 0;
            create table directory_invitation (
                digest BYTES primary key,
                unit_id ID not null references directory_area(id),
                relation INT64 not null,
                made_by ID not null,
                expires_ms INT64 not null,
                used_by ID
            );
            """),
        Migration(
            "directory-003-sign-in",
            """
            create table directory_session (
                id ID primary key,
                digest BYTES not null unique,
                person_id ID not null references directory_person(id),
                -- staff sessions end after 12 hours and lock when idle; a resident's lasts 90 days on the device
                staff FLAG not null,
                created_ms INT64 not null,
                seen_ms INT64 not null,
                expires_ms INT64 not null,
                device TEXT not null
            );
            create index directory_session_person on directory_session(person_id);
            create table directory_token (
                id ID primary key,
                digest BYTES not null unique,
                person_id ID not null references directory_person(id),
                post_id ID references directory_post(id),
                name TEXT not null,
                expires_ms INT64 not null,
                created_ms INT64 not null
            );
            create index directory_token_person on directory_token(person_id);
            create table directory_code (
                phone_index BYTES primary key,
                digest BYTES not null,
                tries INT64 not null,
                sent_ms INT64 not null,
                expires_ms INT64 not null,
                hour_start_ms INT64 not null,
                hour_count INT64 not null,
                day_start_ms INT64 not null,
                day_count INT64 not null
            );
            """),
        Migration(
            "directory-004-calendar-and-roster",
            """
            create table directory_calendar_day (
                day INT64 primary key,
                -- 1 rest, 2 make-up workday
                kind INT64 not null check (kind between 1 and 2),
                name TEXT not null,
                source TEXT not null,
                edited_by ID
            );
            create table directory_calendar_year (
                year INT64 primary key,
                source TEXT not null,
                confirmed_by ID
            );
            create table directory_shift (
                id ID primary key,
                area_id ID not null references directory_area(id),
                person_id ID not null references directory_person(id),
                squad TEXT not null,
                from_ms INT64 not null,
                to_ms INT64 not null check (to_ms > from_ms),
                created_by ID not null,
                created_ms INT64 not null
            );
            create index directory_shift_area on directory_shift(area_id, from_ms);
            create unique index directory_shift_once on directory_shift(area_id, person_id, from_ms);
            """),
        Migration(
            "directory-005-households",
            """
            create table directory_household (
                id ID primary key,
                unit_id ID not null references directory_area(id),
                -- counts the households of a unit from 1
                number INT64 not null check (number > 0),
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                created_ms INT64 not null
            );
            create unique index directory_household_unit on directory_household(unit_id, number);
            alter table directory_home add column household_id ID references directory_household(id);
            create index directory_home_household on directory_home(household_id);
            insert into directory_household (id, unit_id, number, from_day, to_day, created_ms)
                select min(id), unit_id, 1, min(from_day), max(to_day), min(created_ms) from directory_home
                where status = 1 and unit_id in (
                    select unit_id from directory_home where status = 1 and relation < 4)
                group by unit_id;
            update directory_home set household_id = (
                select k.id from directory_household k where k.unit_id = directory_home.unit_id)
                where status = 1;
            """),
        Migration(
            "directory-006-invitations",
            """
            -- days that an invitation gives; null where the invited person's relation decides
            alter table directory_invitation add column from_day INT64;
            alter table directory_invitation add column to_day INT64;
            alter table directory_invitation add column revoked_by ID;
            create index directory_invitation_open on directory_invitation(expires_ms) where used_by is null;
            create index directory_invitation_maker on directory_invitation(made_by, expires_ms);
            """),
        // The number of an organisation's service desk: public, never a person's own.
        Migration(
            "directory-007-organisation-phone",
            """
            alter table directory_organisation add column phone TEXT not null default '';
            """),
    ]
}

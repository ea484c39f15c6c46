import Storage

/// What the law of personal information asks of the directory.
package enum PersonalMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-040-personal",
            """
            -- 1 while the session's person has the privacy notice to answer
            alter table directory_session add column awaits_notice INT64 not null default 0;
            create index directory_session_expires on directory_session(expires_ms, id);
            create index directory_invitation_expires on directory_invitation(expires_ms);
            create index directory_code_expires on directory_code(expires_ms);
            create index directory_token_expires on directory_token(expires_ms, id);
            -- a limit that law or a local rule sets, with where it stands and since when
            create table directory_law_limit (
                key TEXT primary key,
                value INT64 not null check (value > 0),
                source TEXT not null,
                since_day INT64 not null,
                version INT64 not null
            );
            -- a member of a household who is too young to agree alone: no number, no picture, no account
            create table directory_minor (
                person_id ID primary key references directory_person(id),
                guardian_id INT64 not null,
                unit_id INT64 not null,
                -- the month of birth: year times twelve, and 0 for January
                birth INT64 not null,
                -- null until the guardian says so: nobody else agrees for them (PIPL art. 31)
                agreed_ms INT64,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index directory_minor_guardian on directory_minor(guardian_id, person_id);
            create index directory_minor_unit on directory_minor(unit_id, person_id);
            """)
    ]
}

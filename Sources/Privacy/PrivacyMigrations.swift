import Storage

package enum PrivacyMigrations {
    package static let all =
        first + PrivacyReminderMigrations.all + RecordVersionMigrations.all + RelativeMigrations.all
        + ComplianceMigrations.all

    private static let first: [Migration] = [
        Migration(
            "privacy-001-notice",
            """
            create table privacy_notice (
                -- counts the versions from 1
                number ID primary key,
                from_day INT64 not null,
                zh TEXT not null,
                en TEXT not null,
                why TEXT not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create table privacy_acceptance (
                person_id INT64 not null,
                notice INT64 not null,
                channel TEXT not null,
                at_ms INT64 not null,
                primary key (person_id, notice)
            );
            create index privacy_acceptance_notice on privacy_acceptance(notice, person_id);
            """),
        Migration(
            "privacy-002-consent",
            """
            create table privacy_purpose (
                code TEXT not null,
                version INT64 not null,
                -- 1 consent, 2 contract, 3 legal duty, 4 emergency, 5 public interest
                basis INT64 not null check (basis between 1 and 5),
                -- asks for a consent of its own, beside the notice
                separate FLAG not null,
                zh TEXT not null,
                en TEXT not null,
                about_zh TEXT not null,
                about_en TEXT not null,
                source TEXT not null,
                since_day INT64 not null,
                in_force FLAG not null,
                created_by INT64 not null,
                created_ms INT64 not null,
                primary key (code, version)
            );
            -- rows are added and never changed: the last one of a person and a purpose holds
            create table privacy_consent (
                person_id INT64 not null,
                purpose TEXT not null,
                number INT64 not null,
                -- of the purpose
                version INT64 not null,
                given FLAG not null,
                channel TEXT not null,
                at_ms INT64 not null,
                primary key (person_id, purpose, number)
            );
            """),
        Migration(
            "privacy-003-requests",
            """
            create table privacy_request (
                id ID primary key,
                person_id INT64 not null,
                -- 1 a copy, 2 a correction, 3 the closing of the account
                kind INT64 not null check (kind between 1 and 3),
                area_id INT64 not null,
                words TEXT not null,
                answer TEXT not null,
                -- 1 waits, 2 under way, 3 done, 4 refused, 5 taken back
                status INT64 not null check (status between 1 and 5),
                language TEXT not null,
                due_day INT64 not null,
                -- when an account will be closed; null for the others
                act_ms INT64,
                -- rows erased, and bytes of the file that lies ready
                count INT64 not null,
                file_bytes INT64 not null,
                decided_by INT64 not null,
                decided_ms INT64,
                version INT64 not null,
                created_ms INT64 not null
            );
            create unique index privacy_request_once on privacy_request(person_id, kind) where status <= 2;
            create index privacy_request_person on privacy_request(person_id, id);
            create index privacy_request_area on privacy_request(area_id, id);
            create index privacy_request_decided on privacy_request(decided_ms, id) where decided_ms is not null;
            create index privacy_request_file on privacy_request(decided_ms, id) where file_bytes > 0;
            -- pieces of a person's file, sealed
            create table privacy_file (
                request_id ID not null references privacy_request(id),
                -- 1 JSON, 2 HTML
                kind INT64 not null,
                number INT64 not null,
                bytes_count INT64 not null,
                sealed BYTES not null,
                primary key (request_id, kind, number)
            );
            """),
        Migration(
            "privacy-004-periods",
            """
            create table privacy_period (
                class TEXT not null,
                version INT64 not null,
                days INT64 not null check (days > 0),
                source TEXT not null,
                since_day INT64 not null,
                why TEXT not null,
                created_by INT64 not null,
                created_ms INT64 not null,
                primary key (class, version)
            );
            -- what a day's run deleted: how many of which class, from when to when. Nothing about anybody.
            create table privacy_deletion (
                run INT64 not null,
                class TEXT not null,
                count INT64 not null,
                from_ms INT64 not null,
                to_ms INT64 not null,
                before_ms INT64 not null,
                at_ms INT64 not null,
                primary key (run, class)
            );
            """),
        Migration(
            "privacy-005-records",
            """
            create table privacy_record (
                id ID primary key,
                -- 1 processing, 2 impact assessment, 3 breach
                kind INT64 not null check (kind between 1 and 3),
                title TEXT not null,
                -- an object of texts by the fields of its kind
                fields TEXT not null,
                -- of a breach: when it was known, and until when the authority and the people are told
                known_ms INT64,
                report_ms INT64,
                tell_ms INT64,
                reported_ms INT64,
                told_ms INT64,
                ended FLAG not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null,
                changed_by INT64 not null,
                changed_ms INT64 not null
            );
            create index privacy_record_kind on privacy_record(kind, id);
            """),
        Migration(
            "privacy-006-sharing",
            """
            -- who gets which data: every version of every entry
            create table privacy_sharing (
                id ID not null,
                version INT64 not null,
                is_last FLAG not null,
                -- 1 processing on our behalf, 2 passing on, 3 processing together
                kind INT64 not null check (kind between 1 and 3),
                recipient TEXT not null,
                contact TEXT not null,
                data TEXT not null,
                purpose TEXT not null,
                basis INT64 not null check (basis between 1 and 5),
                -- the purpose to which people consent on their own; empty where it does not rest on consent
                consent TEXT not null,
                contract TEXT not null,
                measures TEXT not null,
                from_day INT64 not null,
                -- null for without an end
                to_day INT64,
                changed_by INT64 not null,
                changed_ms INT64 not null,
                primary key (id, version)
            );
            create unique index privacy_sharing_last on privacy_sharing(id) where is_last;
            """),
    ]
}

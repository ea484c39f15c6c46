import Storage

/// What guards accounts: profiles of passwords, the house's policy, second factors, steps of a sign-in.
package enum SecurityMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-030-security",
            """
            -- 0 for one that somebody else chose
            alter table directory_account add column password_ms INT64 not null default 0;
            update directory_account set password_ms = created_ms;
            create index directory_session_staff on directory_session(staff, id);
            create table directory_password_profile (
                code TEXT primary key,
                least INT64 not null check (least between 8 and 64),
                classes INT64 not null check (classes between 0 and 4),
                age_days INT64 not null check (age_days >= 0),
                history INT64 not null check (history between 1 and 12),
                failures INT64 not null check (failures between 1 and 20),
                lock_minutes INT64 not null check (lock_minutes between 1 and 1440),
                source TEXT not null,
                since_day INT64 not null
            );
            -- every edit is a row; the one in force is the newest of those that have begun
            create table directory_security_policy (
                version INT64 primary key check (version > 0),
                profile TEXT not null references directory_password_profile(code),
                -- roles that need a second factor, by their codes
                factor_roles TEXT not null,
                -- whether one person may hold two of the separate posts
                combines FLAG not null,
                why TEXT not null,
                from_ms INT64 not null,
                edited_by INT64,
                edited_ms INT64 not null
            );
            create table directory_factor (
                person_id ID primary key references directory_person(id),
                sealed BYTES not null,
                -- a code is used once: later ones only
                last_step INT64 not null,
                failures INT64 not null,
                locked_until_ms INT64 not null,
                created_ms INT64 not null
            );
            create table directory_recovery_code (
                person_id ID not null references directory_person(id),
                digest BYTES not null,
                used_ms INT64,
                primary key (person_id, digest)
            );
            -- a sign-in, or the beginning of a second factor, that waits for its next answer
            create table directory_sign_in_step (
                digest BYTES primary key,
                person_id ID not null references directory_person(id),
                -- 1 asks for a code, 2 for the first code of a new secret, 3 for a new password
                kind INT64 not null check (kind between 1 and 3),
                sealed BYTES,
                by_password FLAG not null,
                -- of somebody who is signed in already
                is_own FLAG not null,
                tries INT64 not null,
                expires_ms INT64 not null
            );
            create index directory_sign_in_step_person on directory_sign_in_step(person_id, expires_ms);
            create table directory_password_past (
                id ID primary key,
                person_id ID not null references directory_person(id),
                hash TEXT not null,
                at_ms INT64 not null
            );
            create index directory_password_past_person on directory_password_past(person_id, id);
            """)
    ]
}

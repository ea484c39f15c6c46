/// The tables of Storage itself.
package enum StorageMigrations {
    package static let all: [Migration] = [
        Migration(
            "storage-001-outbox",
            """
            create table storage_outbox (
                id ID not null primary key,
                consumer TEXT not null,
                kind TEXT not null,
                area_id INT64 not null,
                subject_id INT64 not null,
                payload TEXT not null,
                at_ms INT64 not null,
                done_ms INT64);
            create index storage_outbox_waiting on storage_outbox (consumer, id) where done_ms is null;
            create index storage_outbox_done on storage_outbox (done_ms) where done_ms is not null;
            """),
        Migration(
            "storage-002-job",
            """
            create table storage_job (
                id ID not null primary key,
                kind TEXT not null,
                area_id INT64 not null,
                subject_id INT64 not null,
                dedupe_key TEXT not null,
                payload TEXT not null,
                due_ms INT64 not null,
                attempt INT64 not null check (attempt >= 0),
                lease_until_ms INT64 not null,
                worker TEXT,
                failure TEXT,
                gave_up_ms INT64,
                done_ms INT64,
                unique (kind, dedupe_key),
                check (gave_up_ms is null or done_ms is null));
            create index storage_job_waiting on storage_job (due_ms, id) where done_ms is null and gave_up_ms is null;
            create index storage_job_done on storage_job (done_ms) where done_ms is not null;
            create table storage_lock (
                name TEXT not null primary key,
                holder TEXT not null,
                until_ms INT64 not null);
            """),
        Migration(
            "storage-003-audit",
            """
            create table storage_audit (
                id ID not null primary key,
                area_id INT64 not null,
                at_ms INT64 not null,
                actor_id INT64,
                post_id INT64,
                verb TEXT not null,
                subject_id INT64 not null,
                digest BYTES not null,
                seal_seq INT64);
            create index storage_audit_unsealed on storage_audit (seal_seq, area_id, id) where seal_seq is null;
            create index storage_audit_sealed on storage_audit (area_id, seal_seq, id);
            create index storage_audit_subject on storage_audit (subject_id, id);
            create table storage_seal (
                area_id INT64 not null,
                seq INT64 not null check (seq > 0),
                first_id INT64 not null,
                last_id INT64 not null,
                row_count INT64 not null check (row_count > 0),
                at_ms INT64 not null,
                prev_hash BYTES not null,
                hash BYTES not null,
                signature BYTES not null,
                primary key (area_id, seq));
            """),
        // The address goes when its period ends; the proof stays, because the seal covers it.
        Migration(
            "storage-004-audit-address",
            """
            alter table storage_audit add column address TEXT;
            alter table storage_audit add column address_salt BYTES;
            alter table storage_audit add column address_proof BYTES;
            create index storage_audit_address on storage_audit (id) where address is not null;
            """),
        // Reasons that were typed to be read; the digest that the seal covers proves them while they are there.
        Migration(
            "storage-005-audit-words",
            """
            alter table storage_audit add column words TEXT;
            create index storage_audit_words on storage_audit (id) where words is not null;
            """),
        // For reports: how often was looked, and who has not signed in for long.
        Migration(
            "storage-006-audit-counts",
            """
            create index storage_audit_look on storage_audit (at_ms, verb, post_id, area_id)
                where verb in ('audit.export', 'data.export', 'export.badRows', 'export.begin', 'export.fetch',
                    'export.list', 'party.look', 'people.find', 'phone.unmask', 'privacy.relative.look',
                    'vehicle.unmask');
            create index storage_audit_sign_in on storage_audit (actor_id, at_ms) where verb = 'signIn';
            """),
    ]
}

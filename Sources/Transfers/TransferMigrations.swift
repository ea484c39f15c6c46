import Storage

package enum TransferMigrations {
    package static let all: [Migration] = [
        Migration(
            "transfers-001-transfer",
            """
            create table transfers_transfer (
                id ID primary key,
                -- 1 in, 2 out
                direction INT64 not null check (direction between 1 and 2),
                kind INT64 not null check (kind between 1 and 2),
                source TEXT not null,
                number TEXT not null,
                area_id INT64 not null,
                case_id INT64 not null,
                grade INT64 not null,
                received_ms INT64 not null,
                due_ms INT64 not null,
                -- the limit came with it, not from the house's own table
                is_given FLAG not null,
                -- the due before the last extension
                first_due_ms INT64,
                extensions INT64 not null,
                reason TEXT not null,
                informed_ms INT64,
                accepted_ms INT64,
                answered_ms INT64,
                answer TEXT not null,
                batch_id INT64 not null,
                visited_ms INT64,
                reached INT64 not null,
                solved INT64 not null,
                satisfied INT64 not null,
                warn_ms INT64 not null,
                warned_ms INT64,
                broken_ms INT64,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null,
                unique (direction, kind, source, number)
            );
            create index transfers_transfer_area on transfers_transfer(area_id, id);
            create index transfers_transfer_case on transfers_transfer(case_id);
            create index transfers_transfer_open on transfers_transfer(area_id, due_ms, id)
                where answered_ms is null and direction = 1;
            create index transfers_transfer_warn on transfers_transfer(warn_ms)
                where answered_ms is null and direction = 1 and warned_ms is null;
            create index transfers_transfer_due on transfers_transfer(due_ms)
                where answered_ms is null and direction = 1 and broken_ms is null;
            create index transfers_transfer_batch on transfers_transfer(batch_id) where batch_id > 0;
            """),
        Migration(
            "transfers-002-personal",
            """
            -- by the number of who called: so that this person finds it, and can have it erased
            alter table transfers_transfer add column caller_index BYTES;
            create index transfers_transfer_caller on transfers_transfer(caller_index, id)
                where caller_index is not null;
            create index transfers_transfer_words on transfers_transfer(answered_ms, id)
                where answered_ms is not null and (answer <> '' or reason <> '');
            """),
        Migration(
            "transfers-003-callers",
            """
            -- how far the orders from before the number was indexed have been gone through; no row without orders
            create table transfers_caller_walk (
                id INT64 primary key check (id = 1),
                after_id INT64 not null,
                to_id INT64 not null
            );
            insert into transfers_caller_walk (id, after_id, to_id)
                select 1, 0, t.id from transfers_transfer t order by t.id desc limit 1;
            """),
    ]
}

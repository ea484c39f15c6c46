import Storage

/// What contracts, selections and zones got after their first tables.
package enum GovernanceChangeMigrations {
    package static let all: [Migration] = [
        Migration(
            "governance-050-contract-notices",
            """
            -- the first day without a term, where service went on after the last day
            alter table governance_contract add column continues_day INT64;
            create table governance_contract_notice (
                id ID primary key,
                contract_id ID not null references governance_contract(id),
                -- 0 the owners', 1 the company's
                side INT64 not null check (side between 0 and 1),
                -- while it has a last day, or without one
                is_open FLAG not null,
                day INT64 not null,
                means INT64 not null,
                words TEXT not null,
                -- the days of notice that the law asked for on the day it was written down
                days INT64 not null check (days > 0),
                -- the last day of the contract by this notice, at the earliest
                ends_day INT64 not null,
                in_time FLAG not null,
                withdrawn_ms INT64,
                withdrawn_by INT64,
                withdrawn_words TEXT not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_contract_notice_once on governance_contract_notice(contract_id, side, is_open)
                where withdrawn_ms is null;
            create index governance_contract_notice_of on governance_contract_notice(contract_id, id);
            create index governance_contract_notice_ends on governance_contract_notice(ends_day)
                where withdrawn_ms is null;
            create table governance_contract_lead (
                contract_id ID not null references governance_contract(id),
                kind TEXT not null,
                due_day INT64 not null,
                -- 1 the first reminder before the day, 2 the second
                stage INT64 not null check (stage between 1 and 2),
                sent_ms INT64 not null,
                primary key (contract_id, kind, due_day, stage)
            );
            """),
        Migration(
            "governance-051-selection-seats",
            """
            create table governance_selection_seat (
                selection_id ID not null references governance_selection(id),
                area_id INT64 not null,
                seats INT64 not null check (seats > 0),
                primary key (selection_id, area_id)
            );
            -- the building for which somebody stands; 0 where there is one place
            alter table governance_candidate add column area_id INT64 not null default 0;
            create index governance_appointment_ending on governance_appointment(kind, to_day, id)
                where revoked_ms is null;
            """),
        Migration(
            "governance-052-zone-changes",
            """
            create table governance_zone_change (
                id ID primary key,
                zone_id ID not null references governance_zone(id),
                area_id INT64 not null,
                added FLAG not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_zone_change_of on governance_zone_change(zone_id, id);
            """),
    ]
}

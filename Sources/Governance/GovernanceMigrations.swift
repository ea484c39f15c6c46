import Storage

package enum GovernanceMigrations {
    package static let all = bodies + GovernanceRetentionMigrations.all

    private static let bodies: [Migration] = [
        Migration(
            "governance-001-bodies",
            """
            create table governance_limit (
                key TEXT primary key,
                value INT64 not null check (value > 0),
                source TEXT not null,
                since_day INT64 not null,
                version INT64 not null
            );
            -- what was told once
            create table governance_told (
                name TEXT not null,
                subject_id INT64 not null,
                at_ms INT64 not null,
                primary key (name, subject_id)
            );
            create table governance_term (
                id ID primary key,
                organisation_id INT64 not null,
                number INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                seats INT64 not null,
                owners INT64 not null,
                women INT64 not null,
                basis TEXT not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null,
                unique (organisation_id, number)
            );
            create index governance_term_end on governance_term(to_day);
            create table governance_slot (
                id ID primary key,
                area_id INT64 not null,
                -- 0 for a slot of the area itself
                zone_id INT64 not null,
                slot INT64 not null check (slot between 1 and 9),
                organisation_id INT64 not null,
                person_id INT64,
                from_day INT64 not null,
                -- 9999-12-31 while it is held
                to_day INT64 not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_slot_held on governance_slot(area_id, zone_id, slot) where to_day = 2932896;
            create index governance_slot_area on governance_slot(area_id, zone_id, slot, id);
            """),
        Migration(
            "governance-002-appointments",
            """
            create table governance_serial (
                organisation_id INT64 not null,
                year INT64 not null,
                kind INT64 not null,
                last INT64 not null,
                primary key (organisation_id, year, kind)
            );
            create table governance_appointment (
                id ID primary key,
                kind INT64 not null,
                year INT64 not null,
                serial INT64 not null,
                person_id INT64 not null,
                organisation_id INT64 not null,
                area_id INT64 not null,
                selection_id INT64 not null,
                reveals FLAG not null,
                duties TEXT not null,
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                revoked_ms INT64,
                revoked_by INT64,
                revoke_words TEXT not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_appointment_number on governance_appointment(organisation_id, year, serial);
            create index governance_appointment_area on governance_appointment(area_id, id);
            create index governance_appointment_person on governance_appointment(person_id, id);
            create index governance_appointment_running on governance_appointment(to_day) where revoked_ms is null;
            create table governance_task (
                id ID primary key,
                appointment_id ID not null references governance_appointment(id),
                from_day INT64 not null,
                to_day INT64 not null,
                done_ms INT64,
                record_id INT64
            );
            create unique index governance_task_once on governance_task(appointment_id, from_day);
            create table governance_record (
                id ID primary key,
                appointment_id ID not null references governance_appointment(id),
                area_id INT64 not null,
                topic INT64 not null,
                problem FLAG not null,
                words TEXT not null,
                day INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_record_appointment on governance_record(appointment_id, id);
            create table governance_selection (
                id ID primary key,
                area_id INT64 not null,
                organisation_id INT64 not null,
                kind INT64 not null,
                title TEXT not null,
                words TEXT not null,
                seats INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                result TEXT not null,
                -- 1 announced, 2 decided, 3 withdrawn
                status INT64 not null check (status between 1 and 3),
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_selection_area on governance_selection(area_id, id);
            create table governance_candidate (
                id ID primary key,
                selection_id ID not null references governance_selection(id),
                person_id INT64 not null,
                words TEXT not null,
                -- 1 stands, 2 withdrew, 3 chosen, 4 not chosen
                status INT64 not null check (status between 1 and 4),
                created_ms INT64 not null
            );
            create unique index governance_candidate_once on governance_candidate(selection_id, person_id);
            """),
        Migration(
            "governance-003-contracts",
            """
            create table governance_contract (
                id ID primary key,
                area_id INT64 not null,
                company_id INT64 not null,
                owners TEXT not null,
                number TEXT not null,
                signed_day INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null check (to_day >= from_day),
                -- hundredths of a square metre
                area_hundredths INT64 not null check (area_hundredths >= 0),
                fee_standard TEXT not null,
                filing_number TEXT not null,
                filed_day INT64,
                renews_id INT64 not null,
                ended_day INT64,
                ended_words TEXT not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_contract_area on governance_contract(area_id, id);
            create index governance_contract_end on governance_contract(to_day) where ended_day is null;
            create table governance_contract_reminder (
                contract_id ID not null references governance_contract(id),
                -- the limit by which it fell due, or `filing`
                kind TEXT not null,
                due_day INT64 not null,
                sent_ms INT64 not null,
                primary key (contract_id, kind, due_day)
            );
            """),
        Migration(
            "governance-004-notices",
            """
            create table governance_notice (
                id ID primary key,
                area_id INT64 not null,
                organisation_id INT64 not null,
                appointment_id INT64 not null,
                year INT64 not null,
                serial INT64 not null,
                title TEXT not null,
                words TEXT not null,
                issuer_id INT64 not null,
                issuer_family INT64 not null,
                -- 1 issued, 2 answered, 3 checked, 4 closed
                status INT64 not null check (status between 1 and 4),
                round INT64 not null,
                due_day INT64 not null,
                late_told FLAG not null,
                version INT64 not null,
                created_ms INT64 not null
            );
            create index governance_notice_area on governance_notice(area_id, id);
            create index governance_notice_due on governance_notice(due_day) where status = 1;
            create table governance_notice_step (
                id ID primary key,
                notice_id ID not null references governance_notice(id),
                step INT64 not null,
                person_id INT64 not null,
                words TEXT not null,
                at_ms INT64 not null
            );
            create index governance_notice_step_of on governance_notice_step(notice_id, id);
            """),
        Migration(
            "governance-005-zones",
            """
            create table governance_zone (
                id ID primary key,
                kind INT64 not null check (kind between 1 and 9),
                area_id INT64 not null,
                name TEXT not null,
                households INT64 not null,
                ended_ms INT64,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_zone_name on governance_zone(area_id, kind, name) where ended_ms is null;
            create table governance_zone_part (
                zone_id ID not null references governance_zone(id),
                area_id INT64 not null,
                primary key (zone_id, area_id)
            );
            create index governance_zone_part_area on governance_zone_part(area_id);
            create table governance_zone_member (
                id ID primary key,
                zone_id ID not null references governance_zone(id),
                person_id INT64 not null,
                lead FLAG not null,
                from_day INT64 not null,
                to_day INT64 not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_zone_member_once on governance_zone_member(zone_id, person_id)
                where to_day = 2932896;
            create table governance_link_list (
                id ID primary key,
                area_id INT64 not null,
                organisation_id INT64 not null,
                name TEXT not null,
                reveals FLAG not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_link_list_area on governance_link_list(area_id, id);
            create table governance_link (
                id ID primary key,
                list_id ID not null references governance_link_list(id),
                person_id INT64 not null,
                unit_id INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_link_once on governance_link(list_id, unit_id) where to_day = 2932896;
            create index governance_link_person on governance_link(person_id, id);
            create table governance_link_visit (
                id ID primary key,
                link_id ID not null references governance_link(id),
                day INT64 not null,
                words TEXT not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_link_visit_of on governance_link_visit(link_id, id);
            """),
        Migration(
            "governance-006-vehicles",
            """
            create table governance_vehicle (
                id ID primary key,
                unit_id INT64 not null,
                estate_id INT64 not null,
                plate_index BYTES not null,
                plate_sealed BYTES not null,
                plate_masked TEXT not null,
                kind INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null,
                by_resident FLAG not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_vehicle_once on governance_vehicle(estate_id, plate_index)
                where to_day = 2932896;
            create index governance_vehicle_unit on governance_vehicle(unit_id, id);
            create index governance_vehicle_plate on governance_vehicle(plate_index);
            """),
        Migration(
            "governance-007-counters",
            """
            create table governance_counter (
                id ID primary key,
                area_id INT64 not null,
                name TEXT not null,
                place TEXT not null,
                hours TEXT not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create index governance_counter_area on governance_counter(area_id, id);
            create table governance_counter_seat (
                id ID primary key,
                counter_id ID not null references governance_counter(id),
                person_id INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_counter_seat_once on governance_counter_seat(counter_id, person_id)
                where to_day = 2932896;
            create table governance_service (
                id ID primary key,
                counter_id ID not null references governance_counter(id),
                -- 0 the community's, 1 the property company's
                party INT64 not null check (party between 0 and 1),
                name TEXT not null,
                needs TEXT not null,
                price TEXT not null,
                days INT64 not null,
                -- 0 for a service of the counter, else the steward whose package it is
                steward_id INT64 not null,
                ended_ms INT64,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_service_name on governance_service(counter_id, party, name)
                where ended_ms is null;
            create table governance_line (
                id ID primary key,
                person_id INT64 not null,
                -- 0 the community's line, 1 the property company's
                party INT64 not null check (party between 0 and 1),
                superior_id INT64 not null,
                version INT64 not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_line_once on governance_line(person_id, party);
            create table governance_appraisal (
                id ID primary key,
                person_id INT64 not null,
                party INT64 not null check (party between 0 and 1),
                quarter TEXT not null,
                score INT64 not null check (score between 0 and 100),
                words TEXT not null,
                created_by INT64 not null,
                created_ms INT64 not null
            );
            create unique index governance_appraisal_once on governance_appraisal(person_id, party, quarter);
            """),
        Migration(
            "governance-040-personal",
            """
            create index governance_candidate_person on governance_candidate(person_id, id);
            """),
    ]
}

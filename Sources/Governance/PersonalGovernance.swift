import Directory
import Kernel
import Storage

/// What Governance holds about people: letters, linkage, candidacies, vehicles.
extension GovernanceHouse {
    package var personalData: PersonalDataSource {
        PersonalDataSource(
            "governance",
            [
                Self.ownLetters, Self.ownLinks, Self.ownCandidacies, Self.ownTeams, Self.ownBadges, ownVehicles,
                Self.ownSeats, Self.ownZones, Self.ownAppraisals,
            ],
            remains: [PersonalRemainder(.keptLetters, .keptLettersWhy)]
        ) { person, now, limit, transaction in
            let today = Zone.shanghai.day(of: now)
            // A vehicle is known by its home: before the homes go.
            let plates = try transaction.run(
                """
                delete from governance_vehicle where id in (
                    select v.id from governance_vehicle v
                    where v.created_by = \(person) and v.by_resident and v.unit_id in (
                        select h.unit_id from directory_home h where h.person_id = \(person))
                    order by v.id limit \(limit))
                """)
            let words = try transaction.run(
                "update governance_candidate set words = '' where person_id = \(person) and words <> ''")
            let links = try transaction.run(
                """
                update governance_link set to_day = case when from_day > \(today) then from_day else \(today) end,
                    version = version + 1
                where person_id = \(person) and to_day = \(HomeStore.forever)
                """)
            let teams = try transaction.run(
                """
                update governance_team_member set to_day = \(today), version = version + 1
                where person_id = \(person) and to_day = \(HomeStore.forever)
                """)
            let badges = try transaction.run(
                """
                update governance_badge set withdrawn_ms = \(now), version = version + 1
                where person_id = \(person) and withdrawn_ms is null
                """)
            let seats = try transaction.run(
                """
                update governance_counter_seat
                set to_day = case when from_day > \(today) then from_day else \(today) end, version = version + 1
                where person_id = \(person) and to_day = \(HomeStore.forever)
                """)
            let zones = try transaction.run(
                """
                update governance_zone_member
                set to_day = case when from_day > \(today) then from_day else \(today) end, version = version + 1
                where person_id = \(person) and to_day = \(HomeStore.forever)
                """)
            let said = try transaction.run(
                "update governance_appraisal set words = '' where person_id = \(person) and words <> ''")
            return plates + words + links + teams + badges + seats + zones + said
        }
    }

    private static let ownLetters = PersonalTable(
        "letters", .dataLetters,
        [
            .init("kind", .dataLetterKind), .init("organisation", .dataOrganisation), .init("duties", .dataDuties),
            .init("from", .dataFrom), .init("to", .dataTo),
        ], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select a.id, a.kind, o.name, a.duties, a.from_day, a.to_day, a.reveals, o.kind from governance_appointment a
            join directory_organisation o on o.id = a.organisation_id
            where a.person_id = \(person) and a.id > \(after) order by a.id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [
                    .text(String(describing: try row.raw(1, AppointmentKind.self))), .text(try row.text(2)),
                    .text(try row.text(3)), .day(try row.day(4)), .day(try row.day(5)),
                ], isForKin: try !row.flag(6) && !row.raw(7, OrganisationKind.self).revealsMembers)
        }
    }

    private static let ownLinks = PersonalTable(
        "links", .dataLinks, [.init("list", .dataList), .init("from", .dataFrom), .init("to", .dataTo)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select l.id, k.name, l.from_day, l.to_day from governance_link l
            join governance_link_list k on k.id = l.list_id
            where l.person_id = \(person) and l.id > \(after) order by l.id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .day(try row.day(2)), .day(try row.day(3))])
        }
    }

    private static let ownCandidacies = PersonalTable(
        "candidacies", .dataCandidacies,
        [.init("selection", .dataSelection), .init("words", .dataSaid), .init("since", .dataSince)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select c.id, s.title, c.words, c.created_ms from governance_candidate c
            join governance_selection s on s.id = c.selection_id
            where c.person_id = \(person) and c.id > \(after) order by c.id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .text(try row.text(2)), .time(try row.instant(3))])
        }
    }

    private static let ownTeams = PersonalTable(
        "teams", .teamsTitle, [.init("team", .teamName), .init("from", .dataFrom), .init("to", .dataTo)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select m.id, t.name, m.from_day, m.to_day from governance_team_member m
            join governance_team t on t.id = m.team_id
            where m.person_id = \(person) and m.id > \(after) order by m.id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .day(try row.day(2)), .day(try row.day(3))])
        }
    }

    private static let ownBadges = PersonalTable(
        "badges", .badgesTitle, [.init("number", .dataNumber), .init("from", .dataFrom), .init("to", .dataTo)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select id, year, serial, from_day, to_day from governance_badge
            where person_id = \(person) and id > \(after) order by id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [.text("\(try row.int(1))/\(try row.int(2))"), .day(try row.day(3)), .day(try row.day(4))])
        }
    }

    private static let ownSeats = PersonalTable(
        "seats", .dataSeats, [.init("counter", .dataCounter), .init("from", .dataFrom), .init("to", .dataTo)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select s.id, c.name, s.from_day, s.to_day from governance_counter_seat s
            join governance_counter c on c.id = s.counter_id
            where s.person_id = \(person) and s.id > \(after) order by s.id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .day(try row.day(2)), .day(try row.day(3))])
        }
    }

    private static let ownZones = PersonalTable(
        "zones", .dataZones, [.init("zone", .dataZone), .init("from", .dataFrom), .init("to", .dataTo)]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select m.id, z.name, m.from_day, m.to_day from governance_zone_member m
            join governance_zone z on z.id = m.zone_id
            where m.person_id = \(person) and m.id > \(after) order by m.id limit \(limit)
            """
        ) { row in
            PersonalRow(try row.int(0), [.text(try row.text(1)), .day(try row.day(2)), .day(try row.day(3))])
        }
    }

    private static let ownAppraisals = PersonalTable(
        "appraisals", .dataAppraisals,
        [
            .init("quarter", .dataQuarter), .init("score", .dataMark), .init("words", .dataSaid),
            .init("since", .dataSince),
        ]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select id, quarter, score, words, created_ms from governance_appraisal
            where person_id = \(person) and id > \(after) order by id limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0),
                [
                    .text(try row.text(1)), .number(try row.int(2)), .text(try row.text(3)),
                    .time(try row.instant(4)),
                ])
        }
    }

    private var ownVehicles: PersonalTable {
        let secrets = directory.secrets
        return PersonalTable(
            "vehicles", .dataVehicles,
            [.init("plate", .dataPlate), .init("from", .dataFrom), .init("to", .dataTo)], isForKin: true
        ) { person, after, limit, transaction in
            try transaction.query(
                """
                select v.id, v.plate_sealed, v.from_day, v.to_day from governance_vehicle v
                where v.id > \(after) and v.created_by = \(person) and v.by_resident and v.unit_id in (
                    select h.unit_id from directory_home h where h.person_id = \(person))
                order by v.id limit \(limit)
                """
            ) { row in
                let plate = try secrets.open(try row.bytes(1), purpose: "plate", row: try row.int(0))
                return PersonalRow(try row.int(0), [.text(plate), .day(try row.day(2)), .day(try row.day(3))])
            }
        }
    }
}

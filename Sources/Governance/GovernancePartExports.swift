import Directory
import Kernel
import Storage
import Tables
import Web

/// The lists inside the page of one notice, counter, contract, appointment, zone, team, list of links, body or
/// selection, as tables. Each asks for the thing as its page does; one that reveals membership of the party has no file,
/// and of a body's people those who reveal it are in none.
extension GovernanceExports {
    package static let parts: [ListExport] = [
        noticeSteps, counterSeats, counterServices, contractDates, contractNotices, appointmentTasks,
        appointmentRecords, zoneBuildings, zonePeople, zoneChanges, teamMembers, teamBadges, linkedHomes, bodyTerms,
        bodyPeople, selectionCandidates, selectionBuildings,
    ]

    private static let read: Verbs = [.governanceRead]

    private static func unlessRevealing(_ reveals: Bool) throws {
        guard !reveals else { throw GovernanceRefusal.notFound }
    }

    private static let noticeSteps = ListExport(
        inside: "notice-steps", .noticeSteps, read, [.columnKind, .columnPerson, .columnAt, .columnWords]
    ) { ask, transaction in
        let (notice, _, _) = try GovernanceDesk.notice(
            try ask.thing(), .governanceRead, ask.actor, transaction)
        let steps = try NoticeStore.steps(of: notice.id, transaction)
        let names = try DirectoryStore.names(of: steps.map(\.person), transaction)
        return steps.map { one in
            [
                .text(ask.words(one.step.phrase)), .text(names[one.person] ?? ""), .moment(one.at), .text(one.words),
            ]
        }
    }

    // MARK: Counters

    private static func counter(
        _ ask: ListExport.Ask, _ transaction: any ReadTransaction
    ) throws -> (Counter, Area) {
        let (found, area, _) = try GovernanceDesk.counter(
            try ask.thing(AreaTag.self).raw, .governanceRead, ask.actor, transaction)
        return (found, area)
    }

    private static let counterSeats = ListExport(
        inside: "counter-seats", .counterSeats, read, [.columnPerson, .columnFrom, .columnState]
    ) { ask, transaction in
        let (counter, area) = try counter(ask, transaction)
        let seats = try CounterStore.seats(of: counter.id, at: area, on: ask.today, transaction)
        let names = try DirectoryStore.names(of: seats.map(\.person), transaction)
        return seats.map { one in
            [.text(names[one.person] ?? ""), .day(one.from), .text(ask.words(one.phrase))]
        }
    }

    private static let counterServices = ListExport(
        inside: "counter-services", .counterServices, read,
        [.columnName, .counterSide, .counterNeeds, .counterPrice, .counterDaysLabel, .badgeRole]
    ) { ask, transaction in
        let services = try CounterStore.services(of: try counter(ask, transaction).0.id, transaction)
        let names = try DirectoryStore.names(of: services.compactMap(\.steward), transaction)
        return services.map { one in
            [
                .text(one.name), .text(ask.words(one.party.phrase)), .text(one.needs), .text(one.price),
                one.days > 0 ? .int(one.days) : .empty, .text(one.steward.flatMap { names[$0] } ?? ""),
            ]
        }
    }

    // MARK: Contracts

    private static let contractDates = ListExport(
        inside: "contract-dates", .contractDates, read, [.columnKind, .dutyDay, .columnState, .contractToldAt]
    ) { ask, transaction in
        let (contract, _, _) = try GovernanceDesk.contract(
            try ask.thing(), .governanceRead, ask.actor, transaction)
        let told = try ContractStore.reminders(of: contract.id, transaction)
        return try GovernanceDesk.dates(contract, transaction).map { date in
            [
                .text(ask.words(date.kind.phrase)), .day(date.day),
                .text(date.day < ask.today ? ask.words(.contractPassed) : ""),
                told[date].map { .moment($0) } ?? .empty,
            ]
        }
    }

    private static let contractNotices = ListExport(
        inside: "contract-notices", .contractNotices, read,
        [
            .contractNoticeSide, .contractNoticeDay, .contractNoticeMeans, .contractNoticeWords, .contractNoticeDays,
            .contractLast, .columnState, .contractTakenBack, .governanceWhy,
        ]
    ) { ask, transaction in
        let (contract, _, _) = try GovernanceDesk.contract(
            try ask.thing(), .governanceRead, ask.actor, transaction)
        return try ContractNoticeStore.of(contract.id, transaction).map { one in
            [
                .text(ask.words(one.side.phrase)), .day(one.day), .text(ask.words(one.means.phrase)),
                .text(one.words), .int(one.days), .day(one.ends),
                .text(ask.words(one.inTime ? .contractNoticeInTime : .contractNoticeLate)),
                one.withdrawn.map { .moment($0) } ?? .empty, .text(one.withdrawnWords),
            ]
        }
    }

    // MARK: Appointments

    private static func appointment(
        _ ask: ListExport.Ask, _ transaction: any ReadTransaction
    ) throws -> Appointment {
        let (found, _, _) = try GovernanceDesk.appointment(
            try ask.thing(), .governanceRead, ask.actor, transaction)
        try unlessRevealing(found.reveals)
        return found
    }

    private static let appointmentTasks = ListExport(
        inside: "appointment-tasks", .dutyTasks, read, [.columnFrom, .columnTo, .columnState]
    ) { ask, transaction in
        let id = try appointment(ask, transaction).id
        return try DutyStore.tasks(of: id, limit: DutyStore.mostInFile, transaction).map { one in
            [.day(one.from), .day(one.to), .text(ask.words(one.phrase(on: ask.today)))]
        }
    }

    private static let appointmentRecords = ListExport(
        inside: "appointment-records", .dutyRecordsTitle, read, [.dutyTopic, .dutyDay, .dutyWords, .dutyProblem]
    ) { ask, transaction in
        let id = try appointment(ask, transaction).id
        return try DutyStore.records(of: id, limit: DutyStore.mostInFile, transaction).map { one in
            [
                .text(ask.words(one.topic.phrase)), .day(one.day), .text(one.words),
                .text(ask.words(one.problem ? .exportYes : .exportNo)),
            ]
        }
    }

    // MARK: Zones

    private static func zone(
        _ ask: ListExport.Ask, _ transaction: any ReadTransaction
    ) throws -> GovernanceZone {
        let (found, _, _) = try GovernanceDesk.zone(
            try ask.thing(AreaTag.self).raw, edit: false, ask.actor, transaction)
        return found
    }

    private static let zoneBuildings = ListExport(
        inside: "zone-buildings", .zoneParts, read, [.columnName, .columnLevel]
    ) { ask, transaction in
        let ids = try ZoneStore.parts(of: try zone(ask, transaction).id, transaction)
        return try DirectoryStore.areas(ids, transaction).values.sorted { $0.path.text < $1.path.text }.map { one in
            [.text(one.name), .text(ask.words(one.level.phrase))]
        }
    }

    private static let zonePeople = ListExport(
        inside: "zone-people", .zoneMembers, read, [.columnPerson, .zoneLead, .columnFrom, .columnTo]
    ) { ask, transaction in
        let zone = try zone(ask, transaction)
        try unlessRevealing(zone.kind.reveals)
        let members = try ZoneStore.members(of: zone.id, transaction)
        let names = try DirectoryStore.names(of: members.map(\.person), transaction)
        return members.map { one in
            [
                .text(names[one.person] ?? ""), .text(ask.words(one.lead ? .exportYes : .exportNo)), .day(one.from),
                DirectoryExports.last(one.to),
            ]
        }
    }

    /// Who changed a zone of members of the party is not named.
    private static let zoneChanges = ListExport(
        inside: "zone-changes", .zoneChanges, read, [.columnName, .columnState, .columnAt, .columnPerson]
    ) { ask, transaction in
        let zone = try zone(ask, transaction)
        let changes = try ZoneStore.changes(of: zone.id, transaction)
        let areas = try DirectoryStore.areas(changes.map(\.area), transaction)
        let names = zone.kind.reveals ? [:] : try DirectoryStore.names(of: changes.map(\.by), transaction)
        return changes.map { one in
            [
                .text(areas[one.area]?.name ?? ""),
                .text(ask.words(one.added ? .zoneChangeAdded : .zoneChangeRemoved)), .moment(one.at),
                .text(names[one.by] ?? ""),
            ]
        }
    }

    // MARK: Teams

    private static func team(
        _ ask: ListExport.Ask, _ transaction: any ReadTransaction
    ) throws -> (StewardTeam, Area) {
        let (found, area, _) = try GovernanceDesk.team(
            try ask.thing(), .governanceRead, ask.actor, transaction)
        return (found, area)
    }

    private static let teamMembers = ListExport(
        inside: "team-members", .teamMembers, read, [.columnPerson, .teamLead, .columnFrom, .columnRole]
    ) { ask, transaction in
        let (team, area) = try team(ask, transaction)
        let members = try TeamStore.members(of: team.id, transaction)
        let names = try DirectoryStore.names(of: members.map(\.person), transaction)
        return try members.map { one in
            let duties = try GovernanceDesk.duties(of: one.person, at: area, on: ask.today, transaction)
            return [
                .text(names[one.person] ?? ""), .text(ask.words(one.lead ? .exportYes : .exportNo)), .day(one.from),
                .text(ask.words.list(duties.map { GovernanceHouse.duty($0, ask.words) })),
            ]
        }
    }

    private static let teamBadges = ListExport(
        inside: "team-badges", .badgesTitle, read,
        [.columnNumber, .columnPerson, .columnFrom, .badgeUntil, .columnState, .governanceWhy]
    ) { ask, transaction in
        let badges = try TeamStore.badges(of: try team(ask, transaction).0.id, transaction)
        let names = try DirectoryStore.names(of: badges.map(\.person), transaction)
        return badges.map { one in
            [
                .text(one.number(ask.words)), .text(names[one.person] ?? ""), .day(one.from), .day(one.to),
                .text(ask.words(one.isRunning(on: ask.today) ? .badgeHolds : .badgeOver)), .text(one.withdrawnWords),
            ]
        }
    }

    // MARK: Links, bodies and selections

    private static let linkedHomes = ListExport(
        inside: "link-list-homes", .linkHomesTitle, read,
        [.columnUnit, .columnPerson, .columnFrom, .linkVisitCount, .linkLastVisit]
    ) { ask, transaction in
        let (list, _, _) = try GovernanceDesk.linkList(
            try ask.thing(AreaTag.self).raw, .governanceRead, ask.actor, transaction)
        try unlessRevealing(list.reveals)
        let links = try LinkStore.links(of: list.id, transaction)
        let names = try DirectoryStore.names(of: links.map(\.person), transaction)
        let places = try GovernanceHouse.labels(links.map(\.unit), transaction)
        return links.map { one in
            [
                .text(places[one.unit] ?? ""), .text(names[one.person] ?? ""), .day(one.from), .int(one.visits),
                one.lastVisit.map { .day($0) } ?? .empty,
            ]
        }
    }

    private static func body(_ ask: ListExport.Ask, _ transaction: any ReadTransaction) throws -> Body {
        let (found, _, _) = try GovernanceDesk.body(try ask.thing(), .governanceRead, ask.actor, transaction)
        return found
    }

    private static let bodyTerms = ListExport(
        inside: "body-terms", .termsTitle, read,
        [.columnNumber, .columnFrom, .columnTo, .termSeats, .termOwners, .termWomen, .termBasis]
    ) { ask, transaction in
        try TermStore.terms(of: try body(ask, transaction).id, transaction).map { one in
            [
                .int(one.number), .day(one.from), DirectoryExports.last(one.to), .int(one.seats), .int(one.owners),
                .int(one.women), .text(one.basis),
            ]
        }
    }

    private static let bodyPeople = ListExport(
        inside: "body-people", .bodyPeople, read, [.columnPerson, .appointmentKind, .columnFrom, .columnTo]
    ) { ask, transaction in
        let found = try AppointmentStore.ofBody(try body(ask, transaction).id, on: ask.today, transaction)
            .filter { !$0.reveals }
        let names = try DirectoryStore.names(of: found.map(\.person), transaction)
        return found.map { one in
            [
                .text(names[one.person] ?? ""), .text(ask.words(one.kind.phrase)), .day(one.from),
                DirectoryExports.last(one.to),
            ]
        }
    }

    private static func selection(
        _ ask: ListExport.Ask, _ transaction: any ReadTransaction
    ) throws -> (Selection, [Candidate], [PersonID: String]) {
        let (found, _, _) = try GovernanceDesk.selection(
            try ask.thing(), .governanceRead, ask.actor, transaction)
        try unlessRevealing(found.reveals)
        let candidates = try SelectionStore.candidates(of: found.id, transaction)
        return (found, candidates, try DirectoryStore.names(of: candidates.map(\.person), transaction))
    }

    private static let selectionCandidates = ListExport(
        inside: "selection-candidates", .candidatesTitle, read,
        [.columnPerson, .columnBuilding, .candidateWords, .columnState]
    ) { ask, transaction in
        let (_, candidates, names) = try selection(ask, transaction)
        let areas = try DirectoryStore.areas(candidates.compactMap(\.building), transaction)
        return candidates.map { one in
            [
                .text(names[one.person] ?? ""), .text(one.building.flatMap { areas[$0]?.name } ?? ""),
                .text(one.words), .text(ask.words(one.status.phrase)),
            ]
        }
    }

    /// The buildings of a selection that is for several, with who was chosen for each.
    private static let selectionBuildings = ListExport(
        inside: "selection-buildings", .selectionBuildingChosen, read,
        [.columnBuilding, .selectionSeats, .candidatesChosen]
    ) { ask, transaction in
        let (selection, candidates, names) = try selection(ask, transaction)
        let seats = try SelectionStore.seats(of: selection.id, transaction)
        let areas = try DirectoryStore.areas(seats.map(\.area), transaction)
        return seats.map { seat in
            let chosen = candidates.filter { $0.status == .chosen && $0.building == seat.area }
            return [
                .text(areas[seat.area]?.name ?? ""), .int(seat.seats),
                .text(ask.words.list(chosen.compactMap { names[$0.person] })),
            ]
        }
    }
}

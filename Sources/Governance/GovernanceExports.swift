import Directory
import Kernel
import Storage
import Tables
import Web

/// The lists of governance as tables, with the rights of their pages: what reveals membership of the party stays with
/// its own class and its own pages, which audit each look, and is in none of these.
package enum GovernanceExports {
    package static let all: [ListExport] = [
        bodies, appointments, selections, notices, contracts, zones, counters, links, vehicles,
    ]

    private static let read: Verbs = [.governanceRead]

    private static func names(
        _ ids: [AreaID], _ transaction: any ReadTransaction
    ) throws -> (AreaID) -> Cell {
        let found = try DirectoryStore.areas(ids, transaction)
        return { .text(found[$0]?.name ?? "") }
    }

    private static func bodyNames(
        _ ids: [OrganisationID], _ transaction: any ReadTransaction
    ) throws -> (OrganisationID) -> Cell {
        let found = try BodyStore.bodies(ids, transaction)
        return { .text(found[$0]?.name ?? "") }
    }

    private static func people(
        _ ids: [PersonID], _ transaction: any ReadTransaction
    ) throws -> (PersonID) -> Cell {
        var found: [PersonID: String] = [:]
        for id in Set(ids) { found[id] = try DirectoryStore.personName(id, transaction) }
        let names = found
        return { .text(names[$0] ?? "") }
    }

    private static let bodies = ListExport(
        "bodies", .bodiesTitle, read, [.columnName, .bodyKind, .columnParty, .columnArea]
    ) { ask, transaction in
        let found = try BodyStore.bodies(
            in: ask.scope, kind: nil, after: try ask.id().map { OrganisationID($0) }, limit: ask.limit, transaction)
        let area = try names(found.map(\.organisation.area), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { body in
            [
                .text(body.name), .text(ask.words(body.kind.phrase)),
                .text(ask.words(body.organisation.party.phrase)), area(body.organisation.area),
            ]
        }
    }

    private static let appointments = ListExport(
        "appointments", .appointmentsTitle, read,
        [
            .letterNumberLabel, .appointmentKind, .columnPerson, .appointmentBy, .appointmentPlace, .columnFrom,
            .columnTo, .columnState,
        ]
    ) { ask, transaction in
        let found = try AppointmentStore.list(
            ask.scope, party: nil, kind: nil, before: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.area), transaction)
        let body = try bodyNames(found.map(\.organisation), transaction)
        let person = try people(found.map(\.person), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            let state: Phrase =
                one.revoked != nil
                ? .appointmentRevoked
                : one.to < ask.today
                    ? .appointmentOver : one.from > ask.today ? .appointmentSoon : .appointmentRunning
            return [
                .text(one.number(ask.words)), .text(ask.words(one.kind.phrase)), person(one.person),
                body(one.organisation), area(one.area), .day(one.from), DirectoryExports.last(one.to),
                .text(ask.words(state)),
            ]
        }
    }

    private static let selections = ListExport(
        "selections", .selectionsTitle, read,
        [.columnTitle, .appointmentKind, .columnArea, .columnOrganisation, .columnFrom, .columnTo, .columnState]
    ) { ask, transaction in
        let found = try SelectionStore.list(
            ask.scope, party: nil, before: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.area), transaction)
        let body = try bodyNames(found.map(\.organisation), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            [
                .text(one.title), .text(ask.words(one.kind.phrase)), area(one.area), body(one.organisation),
                .day(one.from), DirectoryExports.last(one.to), .text(ask.words(state(one, ask.today))),
            ]
        }
    }

    private static let notices = ListExport(
        "notices", .noticesTitle, read,
        [.columnNumber, .columnTitle, .columnArea, .columnOrganisation, .columnState, .columnTo, .columnWords]
    ) { ask, transaction in
        let found = try NoticeStore.list(ask.scope, open: false, before: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.area), transaction)
        let body = try bodyNames(found.map(\.organisation), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            [
                .text("\(one.year)-\(one.serial)"), .text(one.title), area(one.area), body(one.organisation),
                .text(ask.words(state(one, ask.today))), .day(one.due), .text(one.words),
            ]
        }
    }

    private static let contracts = ListExport(
        "contracts", .contractsTitle, read,
        [
            .contractNumber, .contractEstate, .contractCompany, .contractOwners, .contractSigned, .columnFrom,
            .columnTo, .contractArea, .contractFee, .contractFiling, .contractFiled,
        ]
    ) { ask, transaction in
        let found = try ContractStore.list(ask.scope, before: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.estate), transaction)
        let body = try bodyNames(found.map(\.company), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            [
                .text(one.number), area(one.estate), body(one.company), .text(one.owners), .day(one.signed),
                .day(one.from), DirectoryExports.last(one.ended ?? one.to), .hundredths(one.hundredthsSquareMetre),
                .text(one.feeStandard), .text(one.filingNumber), one.filed.map { .day($0) } ?? .empty,
            ]
        }
    }

    private static let zones = ListExport(
        "zones", .zonesTitle, read, [.columnName, .columnKind, .columnArea, .columnCount]
    ) { ask, transaction in
        let found = try ZoneStore.list(ask.scope, after: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.area), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { zone in
            [.text(zone.name), .text(ask.words(zone.kind.phrase)), area(zone.area), .int(zone.households)]
        }
    }

    private static let counters = ListExport(
        "counters", .countersTitle, read, [.columnName, .columnArea, .counterPlace, .counterHours]
    ) { ask, transaction in
        let found = try CounterStore.list(ask.scope, after: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.area), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { one in
            [.text(one.name), area(one.area), .text(one.place), .text(one.hours)]
        }
    }

    private static let links = ListExport(
        "links", .linksTitle, read, [.columnName, .columnArea, .columnOrganisation]
    ) { ask, transaction in
        let found = try LinkStore.lists(ask.scope, party: nil, after: try ask.id(), limit: ask.limit, transaction)
        let area = try names(found.map(\.area), transaction)
        let body = try bodyNames(found.map(\.organisation), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { one in
            [.text(one.name), area(one.area), body(one.organisation)]
        }
    }

    /// Plates are masked: one in clear is shown one at a time, for a reason that is kept.
    private static let vehicles = ListExport(
        "vehicles", .vehiclesTitle, [.vehicleEdit], [.vehiclePlate, .columnPlace, .columnFrom, .columnTo]
    ) { ask, transaction in
        let found = try VehicleStore.list(
            ask.scope, index: nil, on: ask.today, after: try ask.id(), limit: ask.limit, transaction)
        let places = try GovernanceHouse.labels(found.map(\.unit), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            [
                .text(one.masked), .text(places[one.unit] ?? ""), .day(one.from), DirectoryExports.last(one.to),
            ]
        }
    }

    private static func state(_ notice: CorrectiveNotice, _ today: Day) -> Phrase {
        if notice.isLate(on: today) { return .noticeLate }
        switch notice.status {
        case .issued: return .noticeIssued
        case .answered: return .noticeAnswered
        case .checked: return .noticeChecked
        case .closed: return .noticeClosed
        }
    }

    private static func state(_ selection: Selection, _ today: Day) -> Phrase {
        switch selection.status {
        case .decided: .selectionDecided
        case .withdrawn: .selectionWithdrawn
        case .announced:
            selection.isOpen(on: today)
                ? .selectionRunning : selection.from > today ? .selectionSoon : .selectionToDecide
        }
    }
}

import Directory
import Kernel
import Storage
import Tables
import Web

/// The lists of governance that are put together from more than one table, as tables: with the rights of their pages,
/// and without anything that reveals membership of the party.
extension GovernanceExports {
    package static let more: [ListExport] = [
        duties, stewards, crossPosts, crossEstates, who, limits, regions, linkHomes, zoneParts, zoneMembers,
        teams,
    ]

    private static let read: Verbs = [.governanceRead]
    /// Whoever works here: of pages that all staff may open.
    private static let staff = Verbs.any

    private static let duties = ListExport(
        "duties", .dutiesTitle, read,
        [
            .columnPerson, .appointmentKind, .columnArea, .columnFrom, .columnTo, .dutyDue, .dutyKeptCount,
            .dutyRecords, .dutyProblems,
        ], filters: ["from", "to"]
    ) { ask, transaction in
        func day(_ name: String, _ other: Day) throws -> Day {
            guard !ask.filter(name).isEmpty else { return other }
            guard let day = LocalInput.day(ask.filter(name)) else { throw GovernanceRefusal.badDay(name) }
            return day
        }
        let (from, to) = (try day("from", ask.today.adding(-90)), try day("to", ask.today))
        guard from <= to else { throw GovernanceRefusal.endsBeforeItBegins }
        let running = try AppointmentStore.running(
            in: ask.scope, kinds: AppointmentKind.visiting, on: ask.today, after: try ask.id(), limit: ask.limit,
            transaction)
        let figures = try DutyStore.figures(running, from: from, to: to, transaction)
        let names = try DirectoryStore.names(of: running.map(\.person), transaction)
        let areas = try DirectoryStore.areas(running.map(\.area), transaction)
        return ListExport.Rows(figures, ask, cursor: { String($0.appointment.id.raw) }) { one in
            [
                .text(names[one.appointment.person] ?? ""), .text(ask.words(one.appointment.kind.phrase)),
                .text(areas[one.appointment.area]?.name ?? ""), .day(from), .day(to), .int(one.due), .int(one.kept),
                .int(one.records), .int(one.problems),
            ]
        }
    }

    /// A row for each side on which somebody holds a post. Of appraisals the last, to whom the page shows it.
    private static let stewards = ListExport(
        "stewards", .stewardsTitle, read,
        [
            .columnPerson, .columnParty, .columnOrganisation, .columnRole, .lineSuperior, .lastQuarter, .lastScore,
            .lastWords,
        ]
    ) { ask, transaction in
        let view = try GovernanceHouse.stewards(
            ask.scope, after: try ask.id().map { PersonID($0) }, limit: ask.limit, on: ask.today, ask.actor,
            transaction)
        var rows: [[Cell]] = []
        for row in view.rows {
            for party in [Party.community, .property] {
                let posts = row.posts.filter { $0.party == party }
                guard !posts.isEmpty else { continue }
                let line = row.lines.first { $0.party == party }
                let last = row.appraisals.first { $0.party == party }
                rows.append([
                    .text(view.people[row.person] ?? ""), .text(ask.words(party.phrase)),
                    .text(ask.words.list(posts.map(\.organisationName))),
                    .text(ask.words.list(posts.map { ask.words($0.role.phrase) })),
                    .text(line.flatMap { view.people[$0.superior] } ?? ""), .text(last?.quarter ?? ""),
                    last.map { .int($0.score) } ?? .empty, .text(last?.words ?? ""),
                ])
            }
        }
        return ListExport.Rows(rows, next: view.next.map { String($0.raw) })
    }

    private static let crossPosts = ListExport(
        "cross-posts", .crossTitle, read,
        [.columnPerson, .columnKind, .crossConflict, .crossFirst, .crossSecond]
    ) { ask, transaction in
        let list = try GovernanceDesk.crossPosts(
            ask.scope, conflicts: false, after: try ask.id().map { PersonID($0) }, limit: ask.limit, on: ask.today,
            transaction)
        let rows = list.found.map { found -> [Cell] in
            [
                .text(list.people[found.person] ?? ""), .text(ask.words(found.finding.phrase)),
                .text(ask.words(found.finding.isConflict ? .exportYes : .exportNo)),
                .text(GovernanceHouse.words(found.first, ask.words)),
                .text(GovernanceHouse.words(found.second, ask.words)),
            ]
        }
        return ListExport.Rows(rows, next: list.next.map { String($0.raw) })
    }

    private static let crossEstates = ListExport(
        "cross-estates", .crossCoverage, read, [.columnEstate, .crossCovered]
    ) { ask, transaction in
        let list = try GovernanceDesk.coverage(
            ask.scope, after: try ask.id().map { AreaID($0) }, limit: ask.limit, on: ask.today, transaction)
        let rows = list.rows.map { row -> [Cell] in
            [.text(row.area.name), .text(ask.words(row.isCovered ? .exportYes : .exportNo))]
        }
        return ListExport.Rows(rows, next: list.next.map { String($0.raw) })
    }

    /// Every slot of the scope's communities and estates. Who is the contact of a body whose members are members of the
    /// party is in no file.
    private static let who = ListExport(
        "who", .whoTitle, read,
        [.columnPlace, .columnKind, .slotName, .columnOrganisation, .slotContact, .columnFrom]
    ) { ask, transaction in
        let communities = 20
        var areas: [Area] = []
        if ask.cursor == nil {
            // Of who works for an estate alone no community is in reach.
            let own = try DirectoryStore.areas(ask.scope.places.map(\.area), transaction)
            areas += own.values.filter { $0.level == .estate }.sorted { $0.path.text < $1.path.text }
        }
        let found = try DirectoryStore.areas(
            in: ask.scope, level: .community, after: AreaPath(ask.cursor ?? ""), limit: communities, transaction)
        areas += found
        var rows: [[Cell]] = []
        for area in areas {
            var view = WhoView(area: area)
            try GovernanceHouse.fill(&view, transaction)
            rows += view.lines.map { line in
                let contact = view.shows(line) ? line.holder?.person.flatMap { view.people[$0] } ?? "" : ""
                return [
                    .text(line.zone?.name ?? line.place.name),
                    .text(ask.words(line.zone?.kind.phrase ?? line.place.level.phrase)),
                    .text(ask.words(line.slot.phrase)),
                    .text(line.holder.flatMap { view.bodies[$0.organisation]?.name } ?? ""), .text(contact),
                    line.holder.map { .day($0.from) } ?? .empty,
                ]
            }
        }
        return ListExport.Rows(rows, next: found.count == communities ? found.last?.path.text : nil)
    }

    /// A row for each member; a team without one has a row of its own.
    private static let teams = ListExport(
        "teams", .teamsTitle, read,
        [.teamName, .columnArea, .columnOrganisation, .columnPerson, .teamLead, .columnFrom, .badgeUntil]
    ) { ask, transaction in
        let found = try TeamStore.list(ask.scope, after: try ask.id(), limit: ask.limit, transaction)
        let areas = try DirectoryStore.areas(found.map(\.area), transaction)
        var rows: [[Cell]] = []
        for team in found {
            let members = try TeamStore.members(of: team.id, transaction)
            let badges = try TeamStore.badges(of: team.id, transaction).filter { $0.withdrawn == nil }
            let names = try DirectoryStore.names(of: members.map(\.person), transaction)
            let body = try BodyStore.body(team.organisation, transaction)?.organisation.name ?? ""
            let head: [Cell] = [.text(team.name), .text(areas[team.area]?.name ?? ""), .text(body)]
            rows += members.map { one in
                head + [
                    .text(names[one.person] ?? ""), .text(ask.words(one.lead ? .exportYes : .exportNo)), .day(one.from),
                    badges.first { $0.person == one.person }.map { .day($0.to) } ?? .empty,
                ]
            }
            if members.isEmpty { rows.append(head + [.empty, .empty, .empty, .empty]) }
        }
        return ListExport.Rows(rows, next: found.count == ask.limit ? found.last.map { String($0.id.raw) } : nil)
    }

    private static let limits = ListExport(
        "limits", .limitsTitle, staff, [.limitName, .limitValue, .limitSource, .limitSince]
    ) { ask, transaction in
        let rows = try LimitStore.all(transaction).map { one -> [Cell] in
            [.text(ask.words(one.key.phrase)), .int(one.value), .text(one.source), .day(one.since)]
        }
        return ListExport.Rows(rows, next: nil)
    }

    private static let regions = ListExport(
        "regions", .regionsTitle, staff, [.columnName, .limitName, .limitValue, .limitSource, .limitSince]
    ) { ask, transaction in
        let rows = try RegionStore.all(transaction).flatMap { region in
            RegionItem.allCases.compactMap { item -> [Cell]? in
                region.values[item].map {
                    [
                        .text(region.name), .text(ask.words(item.phrase)), .int($0), .text(region.source),
                        .day(region.since),
                    ]
                }
            }
        }
        return ListExport.Rows(rows, next: nil)
    }

    private static let linkHomes = ListExport(
        "link-homes", .linkHomesTitle, read,
        [.columnName, .columnArea, .columnPerson, .columnUnit, .columnFrom, .linkVisitCount, .linkLastVisit]
    ) { ask, transaction in
        let found = try GovernanceListReads.links(ask.scope, after: try ask.id() ?? 0, limit: ask.limit, transaction)
        let places = try GovernanceHouse.labels(found.map(\.unit), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { one in
            [
                .text(one.list), .text(one.area), .text(one.person), .text(places[one.unit] ?? ""), .day(one.from),
                .int(one.visits), one.last.map { .day($0) } ?? .empty,
            ]
        }
    }

    private static let zoneParts = ListExport(
        "zone-parts", .zonePartsTitle, read, [.columnName, .columnKind, .columnArea, .zoneParts]
    ) { ask, transaction in
        let after = GovernanceListReads.Pair(ask.cursor)
        let found = try GovernanceListReads.parts(ask.scope, after: after, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: { $0.cursor.text }) { one in
            [.text(one.zone), .text(ask.words(one.kind.phrase)), .text(one.area), .text(one.part)]
        }
    }

    private static let zoneMembers = ListExport(
        "zone-members", .zoneMembersTitle, read,
        [.columnName, .columnKind, .columnArea, .columnPerson, .zoneLead, .columnFrom, .columnTo]
    ) { ask, transaction in
        let found = try GovernanceListReads.members(
            ask.scope, on: ask.today, after: try ask.id() ?? 0, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { one in
            [
                .text(one.zone), .text(ask.words(one.kind.phrase)), .text(one.area), .text(one.person),
                .text(ask.words(one.lead ? .exportYes : .exportNo)), .day(one.from), DirectoryExports.last(one.to),
            ]
        }
    }
}

/// Reads of whole lists in slices, each within a scope.
private enum GovernanceListReads {
    struct LinkRow: Sendable {
        let id: Int64
        let list: String
        let area: String
        let person: String
        let unit: AreaID
        let from: Day
        let visits: Int64
        let last: Day?
    }

    /// Links of lists on which anybody may be.
    static func links(
        _ scope: Scope, after id: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [LinkRow] {
        try transaction.query(
            """
            select k.id, l.name, a.name, n.name, k.unit_id, k.from_day,
                (select count(*) from governance_link_visit v where v.link_id = k.id),
                (select max(v.day) from governance_link_visit v where v.link_id = k.id)
            from governance_link_list l join governance_link k on k.list_id = l.id
            join directory_area a on a.id = l.area_id join directory_person n on n.id = k.person_id
            where l.area_id in \(DirectoryStore.areas(in: scope)) and l.reveals = \(false)
                and k.to_day = \(HomeStore.forever) and k.id > \(id)
            order by k.id limit \(limit)
            """
        ) {
            LinkRow(
                id: try $0.int(0), list: try $0.text(1), area: try $0.text(2), person: try $0.text(3),
                unit: try $0.id(4), from: try $0.day(5), visits: try $0.int(6),
                last: try $0.optionalInt(7).map { Day(number: Int32(clamping: $0)) })
        }
    }

    /// Where a slice of pairs ended.
    struct Pair {
        var zone: Int64 = 0
        var part: Int64 = 0
        var text: String { "\(zone)|\(part)" }
        init(zone: Int64, part: Int64) { (self.zone, self.part) = (zone, part) }
        init(_ text: String?) {
            let parts = (text ?? "").split(separator: "|").compactMap { Int64($0) }
            if parts.count == 2 { (zone, part) = (parts[0], parts[1]) }
        }
    }
    struct PartRow: Sendable {
        let id: Int64
        let place: Int64
        let zone: String
        let kind: ZoneKind
        let area: String
        let part: String
        var cursor: Pair { Pair(zone: id, part: place) }
    }

    static func parts(
        _ scope: Scope, after: Pair, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PartRow] {
        try transaction.query(
            """
            select z.id, p.area_id, z.name, z.kind, a.name, b.name
            from governance_zone z join governance_zone_part p on p.zone_id = z.id
            join directory_area a on a.id = z.area_id join directory_area b on b.id = p.area_id
            where z.area_id in \(DirectoryStore.areas(in: scope)) and z.ended_ms is null
                and (z.id, p.area_id) > (\(after.zone), \(after.part))
            order by z.id, p.area_id limit \(limit)
            """
        ) {
            PartRow(
                id: try $0.int(0), place: try $0.int(1), zone: try $0.text(2), kind: try $0.raw(3),
                area: try $0.text(4), part: try $0.text(5))
        }
    }

    struct MemberRow: Sendable {
        let id: Int64
        let zone: String
        let kind: ZoneKind
        let area: String
        let person: String
        let lead: Bool
        let from: Day
        let to: Day
    }

    /// Who has to do in a zone now or later; not in zones of the party's members.
    static func members(
        _ scope: Scope, on day: Day, after id: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [MemberRow] {
        let revealing = SQL.joined(ZoneKind.allCases.filter(\.reveals).map { "\($0)" })
        return try transaction.query(
            """
            select m.id, z.name, z.kind, a.name, n.name, m.lead, m.from_day, m.to_day
            from governance_zone z join governance_zone_member m on m.zone_id = z.id
            join directory_area a on a.id = z.area_id join directory_person n on n.id = m.person_id
            where z.area_id in \(DirectoryStore.areas(in: scope)) and z.ended_ms is null
                and z.kind not in (\(revealing)) and m.to_day >= \(day) and m.id > \(id)
            order by m.id limit \(limit)
            """
        ) {
            MemberRow(
                id: try $0.int(0), zone: try $0.text(1), kind: try $0.raw(2), area: try $0.text(3),
                person: try $0.text(4), lead: try $0.flag(5), from: try $0.day(6), to: try $0.day(7))
        }
    }
}

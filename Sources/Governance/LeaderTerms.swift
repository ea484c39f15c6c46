import Directory
import Kernel
import Storage
import Web

/// Building leaders whose term comes to an end: those who keep the letters are told in time to select the next, and the
/// page of letters names them.
extension AppointmentStore {
    /// Leaders in office whose letter ends from one day to another and whom nobody follows yet, the first to end first.
    ///
    /// - Parameters:
    ///   - scope: nil for every place.
    ///   - untold: leaves out those of whom somebody was told.
    static func leadersEnding(
        _ scope: Scope?, from: Day, to: Day, untold: Bool = false, after: (day: Day, id: Int64)? = nil, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        let here: SQL = scope.map { " and a.area_id in \(DirectoryStore.areas(in: $0))" } ?? .empty
        let page: SQL =
            after.map { " and (a.to_day > \($0.day) or a.to_day = \($0.day) and a.id > \($0.id))" } ?? .empty
        let new: SQL =
            untold
            ? " and not exists (select 1 from governance_told t where t.name = 'leader' and t.subject_id = a.id)"
            : .empty
        let leader = AppointmentKind.buildingLeader
        return try transaction.query(
            """
            select \(columns) from governance_appointment a
            where a.kind = \(leader) and a.revoked_ms is null and a.to_day between \(from) and \(to)
                and a.from_day <= \(from) and a.reveals = \(false)\(here)\(page)\(new)
                and not exists (
                    select 1 from governance_appointment n
                    where n.area_id = a.area_id and n.kind = \(leader) and n.revoked_ms is null
                        and n.to_day > a.to_day and n.id <> a.id)
            order by a.to_day, a.id limit \(limit)
            """, appointment)
    }
}

extension GovernanceDesk {
    /// Within how many days of its end a letter counts as coming to an end, at the place with the longest time.
    static func leadersFrom(_ transaction: any ReadTransaction) throws -> Int64 {
        try RegionStore.largest(
            .renewalDays, least: LimitStore.value(.termNoticeDays, transaction), transaction)
    }

    /// Leaves those whose end is nearer than the limit of their place says.
    static func near(
        _ found: [Appointment], on today: Day, _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        let areas = try DirectoryStore.areas(found.map(\.area), transaction)
        return try found.filter { a in
            guard let area = areas[a.area] else { return false }
            let days = try LimitStore.value(.termNoticeDays, at: area.path, transaction)
            return a.to <= today.adding(Int(days))
        }
    }

    /// Tells those who appoint at a building, once, that the term of its leader comes to an end: as long before as the
    /// limit of the place for ending terms says. Not where the next leader has a letter already.
    func remindOfLeaders() async throws {
        let (now, today) = (world.now(), today)
        var after: (day: Day, id: Int64)?
        while true {
            let (found, due) = try await database.read { [after] transaction in
                let days = try Self.leadersFrom(transaction)
                let found = try AppointmentStore.leadersEnding(
                    nil, from: today, to: today.adding(Int(days)), untold: true, after: after, limit: 500, transaction)
                return (found, try Self.near(found, on: today, transaction))
            }
            for a in due {
                try await database.write { [tell] transaction in
                    guard let area = try DirectoryStore.area(a.area, transaction),
                        try Once.first("leader", a.id.raw, at: now, transaction)
                    else { return }
                    let people = try DirectoryStore.colleagues(
                        at: area.path, may: .governanceEdit, on: today, transaction
                    ).map(\.person)
                    let estate = try area.estate.flatMap { try DirectoryStore.area($0, transaction)?.name } ?? ""
                    try tell(
                        .leaderEnds, [estate + area.name, a.to.description], "/desk/appointments/\(a.id.text)", people,
                        nil, now, transaction)
                }
            }
            guard found.count == 500, let last = found.last else { return }
            after = (last.to, last.id.raw)
        }
    }
}

/// Leaders whose terms end, with the cursor to the next page.
struct EndingLeaders: Sendable {
    let rows: [Appointment]
    let people: [PersonID: String]
    let areas: [AreaID: Area]
    let next: String?
}

extension GovernanceHouse {
    /// Those in the scope of a reader.
    static func endingLeaders(
        _ scope: Scope, after cursor: String?, limit: Int, on today: Day, _ transaction: any ReadTransaction
    ) throws -> EndingLeaders {
        var after: (day: Day, id: Int64)?
        if let cursor {
            let parts = cursor.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let day = LocalInput.day(String(parts[0])),
                let id = ID<AppointmentTag>(text: String(parts[1]))
            else { throw GovernanceRefusal.badChoice("cursor") }
            after = (day, id.raw)
        }
        let days = try GovernanceDesk.leadersFrom(transaction)
        let found = try AppointmentStore.leadersEnding(
            scope, from: today, to: today.adding(Int(days)), after: after, limit: limit + 1, transaction)
        let rows = try GovernanceDesk.near(Array(found.prefix(limit)), on: today, transaction)
        return EndingLeaders(
            rows: rows, people: try DirectoryStore.names(of: rows.map(\.person), transaction),
            areas: try DirectoryStore.areas(rows.map(\.area), transaction),
            next: found.count > limit
                ? found.prefix(limit).last.map { "\($0.to.description).\($0.id.text)" } : nil)
    }

    func leaderRoutes(_ table: RouteTable) {
        table.get(
            "/api/v1/leader-terms", .verb(.governanceRead),
            .list("Building leaders whose term comes to an end and whom nobody follows, the first to end first."),
            ListAsked.self, GovernanceShapes.appointment.slices
        ) { asked, call in
            let (scope, today) = (try call.actor.scope(.governanceRead), today)
            let view = try await database.read {
                try Self.endingLeaders(
                    scope, after: asked.paging.cursor, limit: asked.paging.limit, on: today, $0)
            }
            return .ok(
                Slice(
                    view.rows.map { AppointmentRow(appointment: $0, name: view.people[$0.person]) }, next: view.next))
        }
    }

    static func endingSection(_ ending: EndingLeaders, _ kit: Kit) -> HTML {
        guard !ending.rows.isEmpty else { return .empty }
        let rows = ending.rows.map { a in
            kit.link(
                Href("/desk/appointments/", a.id.text), ending.people[a.person] ?? "",
                kit.words(.leaderEndsOn, ending.areas[a.area]?.name ?? "", a.to.description),
                tag: a.number(kit.words), state: kit.state(.wait, .leaderEnding))
        }
        let more: HTML =
            ending.next == nil ? .empty : "<p class=\"help\">\(kit.words(.leadersMore))</p>"
        return kit.section(
            .leadersEnding,
            """
            \(kit.rows(rows, none: .governanceNone))\(more)<p><a class="btn" href="/desk/selections">\
            \(kit.words(.selectionsTitle))</a></p>
            """)
    }
}

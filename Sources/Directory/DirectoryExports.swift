import Kernel
import Storage
import Tables
import Web

/// The lists of the directory as tables.
package enum DirectoryExports {
    package static let all: [ListExport] = [areas, units, organisations, posts, residents, homes, invitations, roster]

    static let readers: Verbs = [.directoryEdit, .residentApprove]

    private static let areas = ListExport(
        "areas", .exportAreas, readers, [.columnName, .columnLevel, .columnUnder, .columnCode]
    ) { ask, transaction in
        // In the order of the tree.
        let found = try ExportReads.areas(
            ask.scope, after: ask.cursor ?? "", units: false, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: \.path) { row in
            [.text(row.name), .text(ask.words(row.level.phrase)), .text(row.under), .text(row.code)]
        }
    }

    private static let units = ListExport(
        "units", .exportUnits, readers, [.columnEstate, .columnBuilding, .columnUnit, .columnCode]
    ) { ask, transaction in
        let found = try ExportReads.areas(
            ask.scope, after: ask.cursor ?? "", units: true, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: \.path) { row in
            [.text(row.estate), .text(row.under), .text(row.name), .text(row.code)]
        }
    }

    private static let organisations = ListExport(
        "organisations", .organisationsTitle, [.directoryEdit], [.columnName, .columnParty, .columnArea]
    ) { ask, transaction in
        let found = try OrganisationStore.organisations(
            ask.scope, after: try ask.id().map { OrganisationID($0) }, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { row in
            [.text(row.name), .text(ask.words(row.party.phrase)), .text(row.areaName)]
        }
    }

    private static let posts = ListExport(
        "posts", .exportPosts, [.directoryEdit],
        [
            .columnPerson, .columnPhone, .columnOrganisation, .columnRole, .columnTitle, .columnArea, .columnFrom,
            .columnTo,
        ]
    ) { ask, transaction in
        let found = try ExportReads.posts(ask.scope, after: try ask.id() ?? 0, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { row in
            [
                .text(row.name), .text(row.phone), .text(row.organisation), .text(ask.words(row.role.phrase)),
                .text(row.title), .text(row.area), .day(row.from), last(row.to),
            ]
        }
    }

    /// Numbers are masked: one in clear is seen on the page of a person, for a reason, one at a time.
    private static let residents = ListExport(
        "residents", .exportResidents, [.residentApprove], homeColumns
    ) { ask, transaction in
        try homeRows(ask, waiting: false, transaction)
    }

    private static let homes = ListExport(
        "homes", .approvalsTitle, [.residentApprove], homeColumns
    ) { ask, transaction in
        try homeRows(ask, waiting: true, transaction)
    }

    private static let homeColumns: [Phrase] = [
        .columnPerson, .columnPhone, .columnRelation, .columnEstate, .columnBuilding, .columnUnit, .columnFrom,
        .columnTo, .columnState,
    ]

    private static func homeRows(
        _ ask: ListExport.Ask, waiting: Bool, _ transaction: any ReadTransaction
    ) throws -> ListExport.Rows {
        let found = try ExportReads.homes(
            ask.scope, after: ExportReads.PathCursor(ask.cursor), waiting: waiting, on: ask.today, limit: ask.limit,
            transaction)
        return ListExport.Rows(found, ask, cursor: { ExportReads.PathCursor(path: $0.path, id: $0.id).text }) { row in
            [
                .text(row.name), .text(row.phone), .text(ask.words(row.relation.phrase)), .text(row.estate),
                .text(row.building), .text(row.unit), .day(row.from), last(row.to),
                .text(ask.words(row.isWaiting ? .stateWaiting : .stateInForce)),
            ]
        }
    }

    private static let invitations = ListExport(
        "invitations", .invitationsTitle, [.residentApprove],
        [.columnPlace, .columnRelation, .columnPerson, .columnFrom, .columnTo]
    ) { ask, transaction in
        let after = ask.cursor.flatMap { Base64URL.decode($0) } ?? []
        let found = try HomeStore.invitations(
            ask.scope, at: Zone.shanghai.instant(ask.today), after: after, limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: { Base64URL.encode($0.digest) }) { row in
            [
                .text(row.place), .text(ask.words(row.relation.phrase)), .text(row.maker),
                row.from.map { .day($0) } ?? .empty, row.to.map { last($0) } ?? .empty,
            ]
        }
    }

    private static let roster = ListExport(
        "roster", .rosterTitle, [.rosterEdit],
        [.columnEstate, .columnPerson, .columnSquad, .columnFrom, .columnTo]
    ) { ask, transaction in
        let found = try ExportReads.shifts(
            ask.scope, since: Zone.shanghai.instant(ask.today.adding(-92)), after: try ask.id() ?? 0,
            limit: ask.limit, transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id) }) { row in
            [
                .text(row.area), .text(row.name), .text(row.phrase.map { ask.words($0) } ?? row.squad),
                .moment(row.from), .moment(row.to),
            ]
        }
    }

    /// Nothing for a day that stands for no end.
    package static func last(_ day: Day) -> Cell { day >= HomeStore.forever ? .empty : .day(day) }
}

/// Reads of whole lists in slices, each by an index and within a scope.
enum ExportReads {
    /// Where a slice ended in the order of the tree.
    struct PathCursor {
        var path = ""
        var id: Int64 = 0
        var text: String { "\(path)|\(id)" }
        init(path: String, id: Int64) { (self.path, self.id) = (path, id) }
        init(_ text: String?) {
            let parts = (text ?? "").split(separator: "|")
            guard parts.count == 2, let id = Int64(parts[1]) else { return }
            (path, self.id) = (String(parts[0]), id)
        }
    }

    /// Place after place of the scope, in the order of their paths, which are never one inside another.
    private static func gather<Row>(
        _ scope: Scope, after path: String, limit: Int,
        _ read: (_ from: String, _ to: String, _ limit: Int) throws -> [Row]
    ) throws -> [Row] {
        var result: [Row] = []
        for place in scope.places where result.count < limit {
            guard path < place.path.upperBound else { continue }
            result += try read(max(place.path.text, path), place.path.upperBound, limit - result.count)
        }
        return result
    }

    struct AreaRow: Sendable {
        let name: String
        let level: AreaLevel
        let path: String
        let code: String
        let under: String
        let estate: String
    }

    static func areas(
        _ scope: Scope, after path: String, units: Bool, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [AreaRow] {
        let levels: SQL = units ? "a.level = 8" : "a.level < 8"
        return try gather(scope, after: path, limit: limit) { from, to, limit in
            try transaction.query(
                """
                select a.name, a.level, a.path, a.code, coalesce(b.name, ''), coalesce(e.name, '')
                from directory_area a
                left join directory_area b on b.id = a.parent_id
                left join directory_area e on e.id = a.estate_id
                where a.path >= \(from) and a.path < \(to) and a.path > \(path) and \(levels)
                order by a.path limit \(limit)
                """
            ) {
                AreaRow(
                    name: try $0.text(0), level: try $0.raw(1), path: try $0.text(2), code: try $0.text(3),
                    under: try $0.text(4), estate: try $0.text(5))
            }
        }
    }

    struct PostRow: Sendable {
        let id: Int64
        let name: String
        let phone: String
        let organisation: String
        let role: Role
        let title: String
        let area: String
        let from: Day
        let to: Day
    }

    /// A file travels: posts that reveal membership of the party are in none.
    private static let revealing = SQL.joined(
        OrganisationKind.allCases.filter(\.revealsMembers).map { "\($0)" })

    static func posts(
        _ scope: Scope, after id: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PostRow] {
        try transaction.query(
            """
            select p.id, n.name, n.phone_masked, o.name, p.role, p.title, a.name, p.from_day, p.to_day
            from directory_post p
            join directory_person n on n.id = p.person_id
            join directory_organisation o on o.id = p.organisation_id
            join directory_area a on a.id = p.area_id
            where p.area_id in \(DirectoryStore.areas(in: scope)) and p.id > \(id)
                and o.kind not in (\(revealing)) and p.role <> \(Role.partyAffairs)
            order by p.id limit \(limit)
            """
        ) {
            PostRow(
                id: try $0.int(0), name: try $0.text(1), phone: try $0.text(2), organisation: try $0.text(3),
                role: try $0.raw(4), title: try $0.text(5), area: try $0.text(6), from: try $0.day(7),
                to: try $0.day(8))
        }
    }

    struct HomeRow: Sendable {
        let id: Int64
        let path: String
        let name: String
        let phone: String
        let relation: HomeRelation
        let estate: String
        let building: String
        let unit: String
        let from: Day
        let to: Day
        let isWaiting: Bool
    }

    static func homes(
        _ scope: Scope, after: PathCursor, waiting: Bool, on day: Day, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [HomeRow] {
        let status: SQL = waiting ? "h.status = 0" : "h.status = 1"
        return try gather(scope, after: after.path, limit: limit) { from, to, limit in
            try transaction.query(
                """
                select h.id, u.path, n.name, n.phone_masked, h.relation, e.name, b.name, u.name, h.from_day, h.to_day,
                    h.status
                from directory_area u
                join directory_home h on h.unit_id = u.id
                join directory_person n on n.id = h.person_id
                join directory_area b on b.id = u.parent_id
                join directory_area e on e.id = h.estate_id
                where u.path >= \(from) and u.path < \(to) and (u.path, h.id) > (\(after.path), \(after.id))
                    and \(status) and h.to_day >= \(day)
                order by u.path, h.id limit \(limit)
                """
            ) {
                HomeRow(
                    id: try $0.int(0), path: try $0.text(1), name: try $0.text(2), phone: try $0.text(3),
                    relation: try $0.raw(4), estate: try $0.text(5), building: try $0.text(6), unit: try $0.text(7),
                    from: try $0.day(8), to: try $0.day(9), isWaiting: try $0.int(10) == 0)
            }
        }
    }

    struct ShiftRow: Sendable {
        let id: Int64
        let area: String
        let name: String
        let kind: RosterKind
        let squad: String
        let from: Instant
        let to: Instant
        var phrase: Phrase? { kind == .squads ? Squad(rawValue: squad)?.phrase : kind.phrase }
    }

    static func shifts(
        _ scope: Scope, since: Instant, after id: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [ShiftRow] {
        try transaction.query(
            """
            select s.id, a.name, n.name, s.kind, s.squad, s.from_ms, s.to_ms from directory_shift s
            join directory_area a on a.id = s.area_id
            join directory_person n on n.id = s.person_id
            where s.area_id in \(DirectoryStore.areas(in: scope)) and s.from_ms >= \(since) and s.id > \(id)
            order by s.id limit \(limit)
            """
        ) {
            ShiftRow(
                id: try $0.int(0), area: try $0.text(1), name: try $0.text(2), kind: try $0.raw(3),
                squad: try $0.text(4), from: try $0.instant(5), to: try $0.instant(6))
        }
    }
}

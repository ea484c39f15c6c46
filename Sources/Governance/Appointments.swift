import Directory
import Kernel
import Storage
import Web

/// What somebody is appointed to, by letter.
package enum AppointmentKind: Int64, CaseIterable, Sendable {
    /// 楼栋长 (A030): visits the homes of a building.
    case buildingLeader = 1
    /// 党员中心户 (A031): openly selected, with a plaque. Reveals membership of the party.
    case coreHousehold = 2
    /// 物业监督员 (A033): a resident.
    case propertySupervisor = 3
    /// 民情反馈员 (A033): a resident.
    case opinionReporter = 4
    /// 物业服务监督员, sent by the community branch (A034).
    case branchSupervisor = 5
    /// 综合服务员 (A040).
    case counterOfficer = 6
    /// 红管家 (A029).
    case redSteward = 7
    /// 网格员 (A032).
    case gridOfficer = 8
    /// A seat in a body: committee, branch, council.
    case member = 9

    package var code: String { String(describing: self) }

    /// Where it may be.
    var levels: ClosedRange<AreaLevel> {
        switch self {
        case .buildingLeader: .building ... .building
        case .coreHousehold: .building ... .unit
        case .member: .district ... .estate
        default: .community ... .building
        }
    }

    /// How often something is due, by which limit.
    var cadence: LimitKey? {
        switch self {
        case .buildingLeader: .leaderVisitDays
        case .propertySupervisor, .opinionReporter: .supervisorRoundDays
        case .branchSupervisor: .branchRoundDays
        default: nil
        }
    }

    /// Whether its holder may propose that a corrective notice is issued.
    var supervises: Bool { self == .propertySupervisor || self == .branchSupervisor }

    package var phrase: Phrase {
        switch self {
        case .buildingLeader: .kindBuildingLeader
        case .coreHousehold: .kindCoreHousehold
        case .propertySupervisor: .kindPropertySupervisor
        case .opinionReporter: .kindOpinionReporter
        case .branchSupervisor: .kindBranchSupervisor
        case .counterOfficer: .kindCounterOfficer
        case .redSteward: .kindRedSteward
        case .gridOfficer: .kindGridOfficer
        case .member: .kindMember
        }
    }
}

package struct Appointment: Sendable {
    package let id: ID<AppointmentTag>
    package let kind: AppointmentKind
    package let year: Int64
    package let serial: Int64
    package let person: PersonID
    package let organisation: OrganisationID
    package let area: AreaID
    package let selection: Int64
    /// Shown only to those who may see membership of the party.
    package let reveals: Bool
    package let duties: String
    package let from: Day
    package let to: Day
    package let revoked: Instant?
    package let revokeWords: String
    package let version: Int64

    package func isRunning(on day: Day) -> Bool { revoked == nil && from <= day && day <= to }

    package func number(_ words: Words) -> String { words(.letterNumber, String(year), String(serial)) }
}

package enum AppointmentTag {}

/// Every SQL word about appointments.
package enum AppointmentStore {
    static let columns: SQL = """
        id, kind, year, serial, person_id, organisation_id, area_id, selection_id, reveals, duties, from_day, to_day,
        revoked_ms, revoke_words, version
        """
    static func appointment(_ row: any Row) throws -> Appointment {
        Appointment(
            id: try row.id(0), kind: try row.raw(1), year: try row.int(2), serial: try row.int(3),
            person: try row.id(4), organisation: try row.id(5), area: try row.id(6), selection: try row.int(7),
            reveals: try row.flag(8), duties: try row.text(9), from: try row.day(10), to: try row.day(11),
            revoked: try row.optionalInstant(12), revokeWords: try row.text(13), version: try row.int(14))
    }

    package static func load(
        _ id: ID<AppointmentTag>, _ transaction: any ReadTransaction
    ) throws -> Appointment? {
        try transaction.first("select \(columns) from governance_appointment where id = \(id)", appointment)
    }

    /// The newest first. Those that reveal membership come only when the scope for them is given.
    static func list(
        _ scope: Scope, party: Scope?, kind: AppointmentKind?, before: Int64?, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        let ofKind: SQL = kind.map { " and kind = \($0)" } ?? .empty
        let page: SQL = before.map { " and id < \($0)" } ?? .empty
        let guarded: SQL =
            party.map { " and (reveals = \(false) or area_id in \(DirectoryStore.areas(in: $0)))" }
            ?? " and reveals = \(false)"
        return try transaction.query(
            """
            select \(columns) from governance_appointment
            where area_id in \(DirectoryStore.areas(in: scope))\(guarded)\(ofKind)\(page) order by id desc limit \(limit)
            """, appointment)
    }

    /// One's own, the newest first.
    package static func of(
        _ person: PersonID, before: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        let page: SQL = before.map { "and id < \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from governance_appointment where person_id = \(person) \(page)
            order by id desc limit \(limit)
            """, appointment)
    }

    static func ofBody(
        _ id: OrganisationID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        try transaction.query(
            """
            select \(columns) from governance_appointment
            where organisation_id = \(id) and revoked_ms is null and to_day >= \(day) order by kind, id limit 300
            """, appointment)
    }

    /// Those in force on a day whose kind is of the given, at or below a path.
    static func running(
        under path: AreaPath?, kinds: [AppointmentKind], on day: Day, limit: Int = 5000,
        _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        let list = SQL.joined(kinds.map { "\($0)" })
        let here: SQL = path.map { " and area_id in \(DirectoryStore.areas(under: $0))" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from governance_appointment
            where revoked_ms is null and from_day <= \(day) and to_day >= \(day) and kind in (\(list))\(here)
            order by id limit \(limit)
            """, appointment)
    }

    /// Those of a scope in force on a day, in the order of their ids; not those that reveal membership of the party.
    static func running(
        in scope: Scope, kinds: [AppointmentKind], on day: Day, after: Int64?, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        try transaction.query(
            """
            select \(columns) from governance_appointment
            where area_id in \(DirectoryStore.areas(in: scope)) and revoked_ms is null and from_day <= \(day)
                and to_day >= \(day) and kind in (\(SQL.joined(kinds.map { "\($0)" }))) and reveals = \(false)
                and id > \(after ?? 0) order by id limit \(limit)
            """, appointment)
    }

    /// Who holds more than one post or appointment of a scope on a day, in the order of their ids. What reveals
    /// membership of the party does not count.
    static func holdingMore(
        in scope: Scope, on day: Day, after: PersonID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PersonID] {
        try transaction.query(
            """
            select h.person_id from (
                \(HeldPostStore.holders(in: scope, on: day, after: after)) union all
                select person_id from governance_appointment
                where area_id in \(DirectoryStore.areas(in: scope)) and revoked_ms is null and from_day <= \(day)
                    and to_day >= \(day) and reveals = \(false) and person_id > \(after?.raw ?? 0)) h
            group by h.person_id having count(*) > 1 order by h.person_id limit \(limit)
            """
        ) { try $0.id(0) }
    }

    /// Those of some people in force on a day in a scope; not those that reveal membership of the party.
    static func running(
        of people: [PersonID], in scope: Scope, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Appointment] {
        guard !people.isEmpty else { return [] }
        return try transaction.query(
            """
            select \(columns) from governance_appointment
            where person_id in (\(SQL.joined(people.map { "\($0)" })))
                and area_id in \(DirectoryStore.areas(in: scope)) and revoked_ms is null and from_day <= \(day)
                and to_day >= \(day) and reveals = \(false) order by person_id, id
            """, appointment)
    }

    static func isTaken(
        _ person: PersonID, _ kind: AppointmentKind, organisation: OrganisationID, area: AreaID, from: Day, to: Day,
        _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            """
            select id from governance_appointment
            where person_id = \(person) and kind = \(kind) and organisation_id = \(organisation)
                and area_id = \(area) and revoked_ms is null and from_day <= \(to) and to_day >= \(from) limit 1
            """
        ) { try $0.int(0) } != nil
    }

    /// The next number of an organisation in a year; 1 is for letters, 2 for corrective notices. Two at once get
    /// different ones.
    static func nextSerial(
        _ organisation: OrganisationID, year: Int64, kind: Int64, _ transaction: any WriteTransaction
    ) throws -> Int64 {
        try transaction.run(
            """
            insert into governance_serial (organisation_id, year, kind, last) values (\(organisation), \(year), \(kind), 1)
            on conflict (organisation_id, year, kind) do update set last = governance_serial.last + 1
            """)
        return try transaction.first(
            """
            select last from governance_serial
            where organisation_id = \(organisation) and year = \(year) and kind = \(kind)
            """
        ) { try $0.int(0) } ?? 1
    }

    static func insert(
        _ a: Appointment, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_appointment (id, kind, year, serial, person_id, organisation_id, area_id,
                selection_id, reveals, duties, from_day, to_day, revoke_words, version, created_by, created_ms)
            values (\(a.id), \(a.kind), \(a.year), \(a.serial), \(a.person), \(a.organisation), \(a.area),
                \(a.selection), \(a.reveals), \(a.duties), \(a.from), \(a.to), '', 1, \(person), \(now))
            """)
    }

    static func revoke(
        _ id: ID<AppointmentTag>, words: String, by person: PersonID, was seen: Int64, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_appointment set revoked_ms = \(now), revoked_by = \(person), revoke_words = \(words),
                version = version + 1
            where id = \(id) and version = \(seen) and revoked_ms is null
            """) == 1
    }
}

/// Whom to appoint to what.
package struct NewAppointment: Sendable {
    package var kind: AppointmentKind
    package var organisation: OrganisationID
    package var area: AreaID
    package var from: Day
    package var to: Day
    package var duties: String
    package var selection: Int64 = 0

    package init(
        kind: AppointmentKind, organisation: OrganisationID, area: AreaID, from: Day, to: Day, duties: String
    ) {
        self.kind = kind
        self.organisation = organisation
        self.area = area
        self.from = from
        self.to = to
        self.duties = duties
    }
}

extension GovernanceDesk {
    /// Appoints somebody by a numbered letter. What reveals membership of the party needs a post that may see it.
    @discardableResult
    package func appoint(
        _ new: NewAppointment, _ named: NamedPerson, by actor: Actor
    ) async throws -> ID<AppointmentTag> {
        let now = world.now()
        return try await database.write { transaction in
            try appoint(new, by: actor, transaction) { try named.find(at: now, transaction) }
        }
    }

    /// The same inside a transaction of the caller.
    func appoint(
        _ new: NewAppointment, by actor: Actor, _ transaction: any WriteTransaction, _ find: () throws -> PersonID
    ) throws -> ID<AppointmentTag> {
        guard let author = actor.person else { throw GovernanceRefusal.notFound }
        let now = world.now()
        guard new.from <= new.to else { throw GovernanceRefusal.endsBeforeItBegins }
        _ = try Self.words(new.duties, "duties", 0...400)
        let (area, post) = try Self.place(new.area, .governanceEdit, actor, transaction)
        guard new.kind.levels.contains(area.level) else { throw GovernanceRefusal.wrongLevel }
        guard let body = try BodyStore.body(new.organisation, transaction),
            let home = try DirectoryStore.area(body.organisation.area, transaction),
            home.path.contains(area.path) || area.path.contains(home.path)
        else { throw GovernanceRefusal.badChoice("organisation") }
        let reveals = new.kind == .coreHousehold || body.kind.revealsMembers
        guard !reveals || actor.may(.partyRead, at: area.path) else { throw GovernanceRefusal.membersOnly }
        if new.kind == .buildingLeader {
            let years = try LimitStore.value(.leaderYears, transaction)
            if let end = TermRules.anniversary(of: new.from, years: years), new.to >= end {
                throw GovernanceRefusal.termTooLong(String(years))
            }
        }
        let person = try find()
        let isTaken = try AppointmentStore.isTaken(
            person, new.kind, organisation: new.organisation, area: new.area, from: new.from, to: new.to, transaction)
        guard !isTaken else { throw GovernanceRefusal.appointedAlready }
        let year = Int64(new.from.civil.year)
        let id: ID<AppointmentTag> = world.id()
        let serial = try AppointmentStore.nextSerial(new.organisation, year: year, kind: 1, transaction)
        try AppointmentStore.insert(
            Appointment(
                id: id, kind: new.kind, year: year, serial: serial, person: person, organisation: new.organisation,
                area: new.area, selection: new.selection, reveals: reveals, duties: new.duties, from: new.from,
                to: new.to, revoked: nil, revokeWords: "", version: 1), by: author, at: now, transaction)
        try tell(
            .appointed, [String(year), String(serial), area.name], "/my/duties/\(id.text)", [person], author, now,
            transaction)
        try audit(
            reveals ? "party.appoint" : "appointment.make", id.raw, "\(person.text) \(new.kind.code) \(area.id.text)",
            at: area, by: actor, post, transaction)
        return id
    }

    /// Takes an appointment back, with a reason. Letters stay on record.
    package func revoke(
        _ id: ID<AppointmentTag>, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        guard let author = actor.person else { throw GovernanceRefusal.notFound }
        let now = world.now()
        let today = today
        try await database.write { [tell] transaction in
            let (found, area, post) = try Self.appointment(id, .governanceEdit, actor, transaction)
            guard !words.isEmpty else { throw GovernanceRefusal.reasonNeeded }
            _ = try Self.words(words, "why", 1...200)
            guard found.version == seen else { throw GovernanceRefusal.changedMeanwhile }
            guard found.revoked == nil, found.to >= today else { throw GovernanceRefusal.appointmentOver }
            guard
                try AppointmentStore.revoke(id, words: words, by: author, was: seen, at: now, transaction)
            else { throw GovernanceRefusal.changedMeanwhile }
            try tell(
                .revoked, [String(found.year), String(found.serial)], "/my/duties/\(id.text)", [found.person], author,
                now, transaction)
            try audit("appointment.revoke", id.raw, words, at: area, by: actor, post, transaction)
        }
    }

    /// An appointment within reach. One that reveals membership is missing for those who may not see it.
    static func appointment(
        _ id: ID<AppointmentTag>, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Appointment, Area, Post) {
        guard let found = try AppointmentStore.load(id, transaction),
            let area = try DirectoryStore.area(found.area, transaction),
            let post = actor.post(for: verb, at: area.path),
            !found.reveals || actor.may(.partyRead, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }
}

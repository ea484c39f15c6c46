import Directory
import Kernel
import Storage

/// One thing that a person holds: a post, or an appointment.
package struct Holding: Sendable, Hashable {
    package let person: PersonID
    package let role: Role?
    package let appointment: AppointmentKind?
    package let kind: OrganisationKind
    package let party: Party
    package let organisationName: String
    package let path: AreaPath

    package init(
        person: PersonID, role: Role?, appointment: AppointmentKind?, kind: OrganisationKind, party: Party,
        organisationName: String, path: AreaPath
    ) {
        self.person = person
        self.role = role
        self.appointment = appointment
        self.kind = kind
        self.party = party
        self.organisationName = organisationName
        self.path = path
    }
}

/// What two holdings of one person mean together.
package enum CrossFinding: Int64, CaseIterable, Sendable {
    /// Works for the company and supervises it.
    case companyAndSupervisor = 1
    /// Works for the company and sits in the body that stands for the owners.
    case companyAndOwners = 2
    /// Sits in the residents' committee and in the committee that supervises it (law of 2025, art. 36).
    case committeeAndItsSupervisor = 3
    /// Handles cases and approves that they are struck off.
    case handlerAndApprover = 4
    /// 交叉任职 (A041, A042): the company and the community, meant so; to be seen, no conflict by itself.
    case declared = 5

    package var code: String { String(describing: self) }
    package var isConflict: Bool { self != .declared }
    var phrase: Phrase {
        switch self {
        case .companyAndSupervisor: .crossSupervisor
        case .companyAndOwners: .crossOwners
        case .committeeAndItsSupervisor: .crossCommittee
        case .handlerAndApprover: .crossApprover
        case .declared: .crossDeclared
        }
    }
}

/// Finds conflicts of interest among what people hold: pure.
package enum CrossRules {
    package struct Found: Sendable, Hashable {
        package let person: PersonID
        package let finding: CrossFinding
        package let first: Holding
        package let second: Holding
    }

    /// Every finding once for each pair of a person's holdings whose places lie one in the other.
    package static func find(_ holdings: [Holding]) -> [Found] {
        var result: [Found] = []
        for (person, mine) in Dictionary(grouping: holdings, by: \.person) {
            for (index, a) in mine.enumerated() {
                for b in mine.dropFirst(index + 1) where a.path.contains(b.path) || b.path.contains(a.path) {
                    for finding in CrossFinding.allCases where holds(finding, a, b) || holds(finding, b, a) {
                        result.append(Found(person: person, finding: finding, first: a, second: b))
                    }
                }
            }
        }
        return result.sorted { ($0.finding.rawValue, $0.person) < ($1.finding.rawValue, $1.person) }
    }

    private static func holds(_ finding: CrossFinding, _ a: Holding, _ b: Holding) -> Bool {
        switch finding {
        case .companyAndSupervisor:
            a.party == .property && a.appointment?.supervises != true
                && (b.appointment?.supervises ?? false)
        case .companyAndOwners: a.party == .property && b.kind.isEstateBody
        case .committeeAndItsSupervisor: a.kind == .residentsCommittee && b.kind == .supervisoryCommittee
        case .handlerAndApprover:
            a.party == .property && (a.role?.verbs.contains(.caseFeedBack) ?? false) && b.role == .approver
        case .declared:
            a.party == .property && a.role != nil && b.party == .community && b.role != nil
        }
    }

    /// The estates of a list that somebody serves for the company and for the community at once (A042).
    package static func covered(_ estates: [AreaPath], by holdings: [Holding]) -> Set<AreaPath> {
        var cover = Cover()
        cover.add(holdings)
        return Set(estates.filter(cover.contains))
    }

    /// Where somebody serves for the company and for the community. Of the two places of a cross post one lies in the
    /// other, so an estate is covered when the narrower of them is above it, below it or itself.
    struct Cover {
        private var narrow = Set<String>()
        private var above = Set<String>()

        mutating func add(_ holdings: [Holding]) {
            for found in find(holdings) where found.finding == .declared {
                let (a, b) = (found.first.path, found.second.path)
                let path = a.contains(b) ? b.text : a.text
                narrow.insert(path)
                above.formUnion(Self.line(path))
            }
        }

        func contains(_ estate: AreaPath) -> Bool {
            above.contains(estate.text) || !narrow.isDisjoint(with: Self.line(estate.text))
        }

        /// A path and all above it.
        private static func line(_ path: String) -> [String] {
            path.indices.filter { path[$0] == "/" }.map { String(path[...$0]) }
        }
    }
}

/// Some of the cross posts of a scope: conflicts first.
package struct CrossList: Sendable {
    let found: [CrossRules.Found]
    let people: [PersonID: String]
    /// The person after whom the list goes on.
    let next: PersonID?
}

/// Some of the estates of a scope, with how many of all are covered.
package struct CoverList: Sendable {
    struct Row: Sendable {
        let area: Area
        let isCovered: Bool
    }
    let rows: [Row]
    let covered: Int
    let estates: Int
    let next: AreaID?
}

extension GovernanceDesk {
    private static let batch = 500

    /// What people of a scope hold on two sides, person after person; all findings of a person stand on one page, so a
    /// page may have more than the limit. What reveals membership of the party is left out.
    static func crossPosts(
        _ scope: Scope, conflicts: Bool, after: PersonID?, limit: Int, on day: Day, _ transaction: any ReadTransaction
    ) throws -> CrossList {
        var found: [CrossRules.Found] = []
        var cursor = after
        var isMore = true
        while isMore, found.count < limit {
            let people = try AppointmentStore.holdingMore(
                in: scope, on: day, after: cursor, limit: batch, transaction)
            isMore = people.count == batch
            let byPerson = Dictionary(
                grouping: CrossRules.find(try holdings(of: people, scope, on: day, transaction)), by: \.person)
            for person in people {
                cursor = person
                found += (byPerson[person] ?? []).filter { !conflicts || $0.finding.isConflict }
                if found.count >= limit {
                    isMore = isMore || person != people.last
                    break
                }
            }
        }
        return CrossList(
            found: found.sorted { ($0.finding.rawValue, $0.person) < ($1.finding.rawValue, $1.person) },
            people: try DirectoryStore.names(of: Set(found.map(\.person)), transaction), next: isMore ? cursor : nil)
    }

    /// The estates of a scope in the order of the tree. All are counted for each page.
    static func coverage(
        _ scope: Scope, after: AreaID?, limit: Int, on day: Day, _ transaction: any ReadTransaction
    ) throws -> CoverList {
        var cover = CrossRules.Cover()
        var person: PersonID?
        repeat {
            let people = try HeldPostStore.crossing(
                in: scope, on: day, after: person, limit: batch, transaction)
            let held = try HeldPostStore.posts(of: people, in: scope, on: day, transaction)
            cover.add(held.map { $0.holding })
            person = people.count == batch ? people.last : nil
        } while person != nil
        var from = AreaPath.root
        if let after {
            guard let area = try DirectoryStore.area(after, transaction), scope.contains(area.path) else {
                throw GovernanceRefusal.badChoice("cursor")
            }
            from = area.path
        }
        var (covered, estates) = (0, 0)
        var path: AreaPath? = .root
        while let start = path {
            let found = try DirectoryStore.areas(
                in: scope, level: .estate, after: start, limit: batch, transaction)
            estates += found.count
            covered += found.count(where: { cover.contains($0.path) })
            path = found.count == batch ? found.last?.path : nil
        }
        let rows = try DirectoryStore.areas(
            in: scope, level: .estate, after: from, limit: limit + 1, transaction)
        let shown = rows.prefix(limit).map { CoverList.Row(area: $0, isCovered: cover.contains($0.path)) }
        return CoverList(
            rows: shown, covered: covered, estates: estates,
            next: rows.count > limit ? shown.last?.area.id : nil)
    }

    private static func holdings(
        of people: [PersonID], _ scope: Scope, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Holding] {
        var result = try HeldPostStore.posts(of: people, in: scope, on: day, transaction).map { $0.holding }
        let running = try AppointmentStore.running(of: people, in: scope, on: day, transaction)
        let bodies = try BodyStore.bodies(Set(running.map(\.organisation)), transaction)
        let areas = try DirectoryStore.areas(running.map(\.area), transaction)
        for a in running {
            guard let body = bodies[a.organisation], let area = areas[a.area] else { continue }
            result.append(
                Holding(
                    person: a.person, role: nil, appointment: a.kind, kind: body.kind,
                    party: body.organisation.party, organisationName: body.name, path: area.path))
        }
        return result
    }
}

extension HeldPost {
    fileprivate var holding: Holding {
        Holding(
            person: person, role: role, appointment: nil, kind: kind, party: party, organisationName: organisationName,
            path: path)
    }
}

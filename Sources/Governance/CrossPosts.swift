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
        let both = find(holdings).filter { $0.finding == .declared }
        return Set(
            estates.filter { estate in
                both.contains { found in
                    [found.first.path, found.second.path].allSatisfy {
                        $0.contains(estate) || estate.contains($0)
                    }
                }
            })
    }
}

/// The cross posts of a scope.
package struct CrossView: Sendable {
    let found: [CrossRules.Found]
    let people: [PersonID: String]
    let estates: [Area]
    let covered: Set<AreaPath>
}

extension GovernanceDesk {
    /// What people of a scope hold. What reveals membership of the party is left out.
    static func crossPosts(_ scope: Scope, on day: Day, _ transaction: any ReadTransaction) throws -> CrossView {
        let held = try HeldPostStore.posts(in: scope, on: day, transaction).filter { !$0.reveals }
        var holdings = held.map { post in
            Holding(
                person: post.person, role: post.role, appointment: nil, kind: post.kind, party: post.party,
                organisationName: post.organisationName, path: post.path)
        }
        var seen = Set<Int64>()
        for place in scope.places {
            let running = try AppointmentStore.running(
                under: place.path, kinds: AppointmentKind.allCases, on: day, transaction
            ).filter { !$0.reveals && seen.insert($0.id.raw).inserted }
            let bodies = try BodyStore.bodies(Set(running.map(\.organisation)), transaction)
            let areas = try DirectoryStore.areas(running.map(\.area), transaction)
            for a in running {
                guard let body = bodies[a.organisation], let area = areas[a.area] else { continue }
                holdings.append(
                    Holding(
                        person: a.person, role: nil, appointment: a.kind, kind: body.kind,
                        party: body.organisation.party, organisationName: body.name, path: area.path))
            }
        }
        let found = CrossRules.find(holdings)
        let estates = try DirectoryStore.areas(in: scope, levels: 6...6, transaction)
        return CrossView(
            found: found, people: try DirectoryStore.names(of: Set(found.map(\.person)), transaction),
            estates: estates, covered: CrossRules.covered(estates.map(\.path), by: holdings))
    }
}

import Kernel
import Storage

/// What sort of body an organisation is (单位类别).
package enum OrganisationKind: Int64, CaseIterable, Sendable {
    case other = 0
    case partyBody = 1
    case residentsCommittee = 2
    case supervisoryCommittee = 3
    case ownersCommittee = 4
    /// The substitutes where there is no owners' committee (rules 2.7).
    case managementCommittee = 5
    case residentsCouncil = 6
    case allOwners = 7
    case propertyCompany = 8
    case propertyProject = 9
    case contractor = 10
    /// Police, city management, civil affairs, mediation, market supervision … pooled at an area (A011).
    case department = 11
    case streetOffice = 12
    case propertyBranch = 13
    case committeeBranch = 14
    case estateBranch = 15
    case volunteers = 16
    case linkageCommittee = 17

    /// A stable English name for programs.
    package var code: String { String(describing: self) }

    /// The one of the five parties for which it stands.
    package var party: Party {
        switch self {
        case .propertyCompany, .propertyProject, .contractor, .propertyBranch: .property
        case .ownersCommittee, .managementCommittee, .residentsCouncil, .allOwners, .committeeBranch: .committee
        case .department, .streetOffice: .department
        case .volunteers: .resident
        default: .community
        }
    }

    /// The committee of an estate, or a body that stands in for it: an estate has one of them.
    package var isEstateBody: Bool {
        switch self {
        case .ownersCommittee, .managementCommittee, .residentsCouncil, .allOwners: true
        default: false
        }
    }

    /// A body whose people are members of the party: who they are is shown only to those who may see it.
    package var revealsMembers: Bool {
        switch self {
        case .partyBody, .propertyBranch, .committeeBranch, .estateBranch, .linkageCommittee: true
        default: false
        }
    }

    package var phrase: Phrase {
        switch self {
        case .other: .kindOther
        case .partyBody: .kindPartyBody
        case .residentsCommittee: .kindResidentsCommittee
        case .supervisoryCommittee: .kindSupervisoryCommittee
        case .ownersCommittee: .kindOwnersCommittee
        case .managementCommittee: .kindManagementCommittee
        case .residentsCouncil: .kindResidentsCouncil
        case .allOwners: .kindAllOwners
        case .propertyCompany: .kindPropertyCompany
        case .propertyProject: .kindPropertyProject
        case .contractor: .kindContractor
        case .department: .kindDepartment
        case .streetOffice: .kindStreetOffice
        case .propertyBranch: .kindPropertyBranch
        case .committeeBranch: .kindCommitteeBranch
        case .estateBranch: .kindEstateBranch
        case .volunteers: .kindVolunteers
        case .linkageCommittee: .kindLinkageCommittee
        }
    }
}

/// What an estate is built for (A178).
package enum ProjectType: Int64, CaseIterable, Sendable {
    case unsaid = 0
    case residential = 1
    case office = 2
    case mixed = 3
    package var code: String { String(describing: self) }
    package var phrase: Phrase {
        switch self {
        case .unsaid: .projectUnsaid
        case .residential: .projectResidential
        case .office: .projectOffice
        case .mixed: .projectMixed
        }
    }
}

/// An organisation with its kind.
package struct Body: Sendable, Hashable {
    package let organisation: Organisation
    package let kind: OrganisationKind
    package let parent: OrganisationID?
    package var id: OrganisationID { organisation.id }
    package var name: String { organisation.name }
}

/// Every SQL word about kinds of organisations and what estates are built for.
package enum BodyStore {
    private static let columns: SQL = "o.id, o.family_id, o.party, o.name, o.area_id, o.kind, o.parent_id"

    private static func body(_ row: any Row) throws -> Body {
        Body(
            organisation: try DirectoryStore.organisation(row), kind: try row.raw(5), parent: try row.optionalID(6))
    }

    package static func body(_ id: OrganisationID, _ transaction: any ReadTransaction) throws -> Body? {
        try transaction.first("select \(columns) from directory_organisation o where o.id = \(id)", body)
    }

    package static func bodies(
        _ ids: some Collection<OrganisationID>, _ transaction: any ReadTransaction
    ) throws -> [OrganisationID: Body] {
        guard !ids.isEmpty else { return [:] }
        let list = SQL.joined(Set(ids).sorted().map { "\($0)" })
        let found = try transaction.query(
            "select \(columns) from directory_organisation o where o.id in (\(list))", body)
        return Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    /// Those that serve an area: its own and those of everything above it, the nearest first.
    package static func bodies(
        serving path: AreaPath, limit: Int = 400, _ transaction: any ReadTransaction
    ) throws -> [Body] {
        let ids = path.ids
        guard !ids.isEmpty else { return [] }
        let list = SQL.joined(ids.map { "\($0)" })
        let places = Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
        return try transaction.query(
            """
            select \(columns) from directory_organisation o where o.area_id in (\(list))
            order by o.party, o.kind, o.name, o.id limit \(limit)
            """, body
        ).sorted { (places[$0.organisation.area] ?? 0) > (places[$1.organisation.area] ?? 0) }
    }

    /// Those whose area is in the scope, after a cursor, in the order of their ids.
    package static func bodies(
        in scope: Scope, kind: OrganisationKind?, after: OrganisationID?, limit: Int,
        _ transaction: any ReadTransaction
    ) throws -> [Body] {
        let ofKind: SQL = kind.map { " and o.kind = \($0)" } ?? .empty
        let page: SQL = after.map { " and o.id > \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from directory_organisation o
            where o.area_id in \(DirectoryStore.areas(in: scope))\(ofKind)\(page) order by o.id limit \(limit)
            """, body)
    }

    /// The bodies of an estate that stand for its owners.
    package static func estateBodies(at area: AreaID, _ transaction: any ReadTransaction) throws -> [Body] {
        try transaction.query(
            """
            select \(columns) from directory_organisation o
            where o.area_id = \(area) and o.kind between \(OrganisationKind.ownersCommittee)
                and \(OrganisationKind.allOwners) order by o.id limit 20
            """, body)
    }

    package static func isTaken(_ name: String, at area: AreaID, _ transaction: any ReadTransaction) throws -> Bool {
        try OrganisationStore.isTaken(name, area: area, except: nil, transaction)
    }

    /// False when somebody gave it another kind than the one that was seen.
    package static func setKind(
        _ kind: OrganisationKind, of id: OrganisationID, was seen: OrganisationKind,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            "update directory_organisation set kind = \(kind) where id = \(id) and kind = \(seen)") == 1
    }

    package static func project(of area: AreaID, _ transaction: any ReadTransaction) throws -> ProjectType {
        try transaction.first("select project from directory_area where id = \(area)") { try $0.raw(0) } ?? .unsaid
    }

    package static func setProject(
        _ type: ProjectType, of area: AreaID, was seen: ProjectType, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run("update directory_area set project = \(type) where id = \(area) and project = \(seen)") == 1
    }
}

/// What a post lets its holder do. A permission is a verb and an area: it holds at the post's area and everywhere below.
package enum Verb: Int, CaseIterable, Sendable {
    case caseRead, caseRegister, caseTriage, caseDispatch, caseAttend, caseHandle, caseFeedBack, caseEscalate
    case caseSuspend, caseMerge, caseReturn, caseStrikeOff, casePublish
    case policyEdit, calendarEdit, rosterEdit, residentApprove, phoneUnmask, statisticsRead, auditRead, directoryEdit
    /// Who is who, contracts, appointments, notices: to see them, and to change them.
    case governanceRead, governanceEdit
    /// What reveals that somebody is a member of the party. A class of its own: no other verb includes it.
    case partyRead
    /// To answer a corrective notice to one's own organisation.
    case noticeAnswer
    case vehicleEdit
    /// Password rules, sessions, locks, second factors.
    case securityEdit
    /// The privacy notice, purposes, periods and registers; and what people ask about their own data.
    case privacyEdit, privacyHandle
}

/// Some verbs, as bits: asked many times on every page.
package struct Verbs: ExpressibleByArrayLiteral, Sendable, Hashable {
    private let bits: UInt64
    package init(arrayLiteral elements: Verb...) { bits = elements.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }
    /// What any work carries.
    package static let any = Verbs(bits: Verb.allCases.reduce(0) { $0 | 1 << UInt64($1.rawValue) })
    private init(bits: UInt64) { self.bits = bits }
    package func contains(_ verb: Verb) -> Bool { bits & 1 << UInt64(verb.rawValue) != 0 }
    package func isDisjoint(with other: Verbs) -> Bool { bits & other.bits == 0 }
}

/// The role of a post (岗位角色). Which verbs it carries is a fact of the product, listed in one place.
package enum Role: Int64, Coded {
    /// 物业前台: front desk of the property company.
    case desk = 1
    /// 红管家: the red steward, who goes there and does it.
    case steward = 2
    /// 网格员: the community's grid officer.
    case grid = 3
    /// 社区核销人: the community's approver of strike-offs.
    case approver = 4
    /// 公示编辑: writes and approves what the public reads.
    case moderator = 5
    /// 业委会委员.
    case committee = 6
    /// 部门承办人, such as the urban-management squad.
    case department = 7
    /// 街道.
    case street = 8
    /// 区.
    case district = 9
    /// 系统管理员.
    case administrator = 10
    /// 审计管理员.
    case auditor = 11
    /// 党务专干: keeps what reveals membership of the party.
    case partyAffairs = 30
    /// 安全管理员: how people sign in, and nothing else.
    case security = 31

    package static let codes = Codes.of(Self.self)

    package var verbs: Verbs {
        switch self {
        case .desk:
            [
                .caseRead, .caseRegister, .caseTriage, .caseDispatch, .caseFeedBack, .caseSuspend, .caseMerge,
                .caseReturn, .caseEscalate, .residentApprove, .phoneUnmask, .rosterEdit, .statisticsRead,
                .governanceRead, .noticeAnswer, .vehicleEdit,
            ]
        case .steward:
            [
                .caseRead, .caseRegister, .caseAttend, .caseHandle, .caseFeedBack, .caseSuspend, .caseEscalate,
                .phoneUnmask, .governanceRead,
            ]
        case .grid:
            [
                .caseRead, .caseRegister, .caseTriage, .caseDispatch, .caseAttend, .caseHandle, .caseFeedBack,
                .caseSuspend, .caseMerge, .caseReturn, .caseEscalate, .residentApprove, .phoneUnmask, .statisticsRead,
                .governanceRead, .governanceEdit, .vehicleEdit, .privacyHandle,
            ]
        case .approver:
            [
                .caseRead, .caseStrikeOff, .caseEscalate, .caseMerge, .caseReturn, .statisticsRead, .governanceRead,
                .governanceEdit,
            ]
        case .moderator: [.caseRead, .casePublish, .statisticsRead]
        case .committee:
            [.caseRead, .caseRegister, .caseHandle, .caseAttend, .caseFeedBack, .statisticsRead, .governanceRead]
        case .department: [.caseRead, .caseAttend, .caseHandle, .caseFeedBack, .caseSuspend, .caseEscalate]
        case .street, .district:
            [
                .caseRead, .caseRegister, .caseTriage, .caseDispatch, .caseAttend, .caseHandle, .caseFeedBack,
                .caseSuspend, .caseMerge, .caseReturn, .caseEscalate, .caseStrikeOff, .statisticsRead,
                .governanceRead, .governanceEdit, .privacyHandle,
            ]
        case .administrator: [.policyEdit, .calendarEdit, .rosterEdit, .directoryEdit, .privacyEdit, .privacyHandle]
        case .auditor: [.auditRead]
        case .security: [.securityEdit]
        case .partyAffairs: [.governanceRead, .governanceEdit, .partyRead]
        }
    }
}

/// One post of a person, in force now.
package struct Post: Sendable, Hashable {
    package let id: PostID
    package let role: Role
    package let organisation: OrganisationID
    /// The organisation at the head of its family (a company of its branch offices). Complaints about one member never
    /// reach a post of any other.
    package let family: OrganisationID
    package let party: Party
    package let area: AreaID
    package let level: AreaLevel
    package let path: AreaPath
    package let title: String
    /// Where the area stood before it was moved: what was written then carries those paths.
    package let former: [AreaPath]

    package init(
        id: PostID, role: Role, organisation: OrganisationID, family: OrganisationID, party: Party, area: AreaID,
        level: AreaLevel, path: AreaPath, title: String, former: [AreaPath] = []
    ) {
        self.id = id
        self.role = role
        self.organisation = organisation
        self.family = family
        self.party = party
        self.area = area
        self.level = level
        self.path = path
        self.title = title
        self.former = former
    }

    /// Whether a place is at or below the area of the post, as the tree stands or as it stood before a move.
    package func covers(_ place: AreaPath) -> Bool {
        path.contains(place) || former.contains { $0.contains(place) }
    }
}

/// How a person belongs to a unit (与房屋的关系).
package enum HomeRelation: Int64, Coded {
    case owner = 1
    case coOwner = 2
    case tenant = 3
    case family = 4
    package static let codes = Codes.of(Self.self)
}

/// A unit that a person is bound to today.
package struct Home: Sendable, Hashable {
    package let unit: AreaID
    package let building: AreaID
    package let estate: AreaID
    package let path: AreaPath
    package let relation: HomeRelation
    /// Such as `3 号楼 2 单元 502`.
    package let label: String
    package let estateName: String
    package init(
        unit: AreaID, building: AreaID, estate: AreaID, path: AreaPath, relation: HomeRelation, label: String,
        estateName: String
    ) {
        self.unit = unit
        self.building = building
        self.estate = estate
        self.path = path
        self.relation = relation
        self.label = label
        self.estateName = estateName
    }
}

/// Who asks: a person with the posts and homes in force now, or a visitor.
package struct Actor: Sendable {
    package let person: PersonID?
    package let name: String
    package let posts: [Post]
    package let homes: [Home]
    /// Signed in by a personal token, which is limited to one post.
    package let byToken: Bool

    package init(person: PersonID?, name: String, posts: [Post], homes: [Home], byToken: Bool = false) {
        self.person = person
        self.name = name
        self.posts = posts
        self.homes = homes
        self.byToken = byToken
    }

    package static let visitor = Actor(person: nil, name: "", posts: [], homes: [])

    package var isStaff: Bool { !posts.isEmpty }

    /// The post by which the actor may do this at the area, the narrowest first; nil if none.
    package func post(for verb: Verb, at path: AreaPath) -> Post? {
        var narrowest: Post?
        for post in posts where post.role.verbs.contains(verb) && post.covers(path) {
            if narrowest.map({ $0.level < post.level }) ?? true { narrowest = post }
        }
        return narrowest
    }

    /// The post by which the actor may do this for the whole house: at one of its highest areas; nil if none.
    package func housePost(for verb: Verb) -> Post? {
        posts.first { $0.role.verbs.contains(verb) && $0.path.ids.count == 1 }
    }

    package func may(_ verb: Verb, at path: AreaPath) -> Bool { post(for: verb, at: path) != nil }
    package func may(_ verb: Verb) -> Bool { posts.contains { $0.role.verbs.contains(verb) } }
}

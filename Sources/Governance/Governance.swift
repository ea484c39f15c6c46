import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The front door of Governance: who answers for what in an estate beyond the plain tree. Bodies with their terms, the
/// slots of the governance model, appointments with letters, open selection, visits and rounds, supervisors and
/// corrective notices, zones, household linkage, service contracts, the merged front desk, cross posts, vehicles.
///
/// Every change is an action: one transaction, authorised by a post at the place, audited. What is out of reach is as
/// good as missing. What reveals membership of the party is read by `partyRead` alone, and each look is audited.
package struct GovernanceHouse: Sendable {
    package let directory: DirectoryHouse
    let tell: Tell
    /// Whether a person's whole name may stand in a notice that residents read.
    let showsName: @Sendable (PersonID, any ReadTransaction) throws -> Bool

    package init(
        directory: DirectoryHouse, showsName: @escaping @Sendable (PersonID, any ReadTransaction) throws -> Bool,
        tell: @escaping Tell
    ) {
        self.directory = directory
        self.showsName = showsName
        self.tell = tell
    }

    var database: any Database { directory.database }
    var world: World { directory.world }
    var journal: any Journal { directory.journal }
    var today: Day { Zone.shanghai.day(of: world.now()) }
    package var desk: GovernanceDesk {
        GovernanceDesk(
            database: database, world: world, journal: journal, secrets: directory.secrets,
            calendars: directory.calendars, tell: tell)
    }

    package func routes(_ table: RouteTable) {
        hubRoutes(table)
        bodyRoutes(table)
        slotRoutes(table)
        appointmentRoutes(table)
        dutyRoutes(table)
        selectionRoutes(table)
        noticeRoutes(table)
        contractRoutes(table)
        zoneRoutes(table)
        vehicleRoutes(table)
        crossRoutes(table)
        counterRoutes(table)
        stewardRoutes(table)
        teamRoutes(table)
        linkRoutes(table)
        limitRoutes(table)
        regionRoutes(table)
    }

    /// Everything that falls due by itself; doing it again changes nothing.
    package func sweep() async throws {
        try await desk.remindOfContracts()
        try await desk.remindAheadOfContracts()
        try await desk.planTasks()
        try await desk.remindOfNotices()
        try await desk.remindOfTerms()
        try await desk.remindOfLeaders()
    }
}

/// A kind of message to the inbox, by a name that never changes.
package struct GovernanceNotice: Sendable {
    package let name: String
    package let phrase: Phrase
    init(_ name: String, _ phrase: Phrase) {
        self.name = name
        self.phrase = phrase
    }

    static let contractEnds = GovernanceNotice("governance.contract", .tellContract)
    static let contractSoon = GovernanceNotice("governance.contractSoon", .tellContractSoon)
    static let noticeIssued = GovernanceNotice("governance.notice", .tellNotice)
    static let noticeLate = GovernanceNotice("governance.noticeLate", .tellNoticeLate)
    static let noticeMoved = GovernanceNotice("governance.noticeMoved", .tellNoticeMoved)
    static let appointed = GovernanceNotice("governance.appointed", .tellAppointed)
    static let revoked = GovernanceNotice("governance.revoked", .tellRevoked)
    static let taskDue = GovernanceNotice("governance.task", .tellTask)
    static let termEnds = GovernanceNotice("governance.term", .tellTerm)
    static let leaderEnds = GovernanceNotice("governance.leader", .tellLeader)
    package static let all = [
        contractEnds, contractSoon, noticeIssued, noticeLate, noticeMoved, appointed, revoked, taskDue, termEnds,
        leaderEnds,
    ]
}

/// Tells people in the caller's transaction: the inbox lives beside this floor, so composition hands it in.
package typealias Tell =
    @Sendable (
        _ notice: GovernanceNotice, _ arguments: [String], _ link: String, _ people: [PersonID],
        _ except: PersonID?, _ now: Instant, _ transaction: any WriteTransaction
    ) throws -> Void

/// What the actions need.
package struct GovernanceDesk: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets
    let calendars: Calendars
    let tell: Tell

    var today: Day { Zone.shanghai.day(of: world.now()) }

    /// An area within reach by a verb, with the post that reaches it.
    static func place(
        _ id: AreaID, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (area: Area, post: Post) {
        guard let area = try DirectoryStore.area(id, transaction), let post = actor.post(for: verb, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (area, post)
    }

    func audit(
        _ verb: String, _ subject: Int64, _ detail: String, isReason: Bool = false, at area: Area, by actor: Actor,
        _ post: Post?, _ transaction: any WriteTransaction
    ) throws {
        try journal.audit(
            AuditEntry(
                area: area.estate ?? area.id, actor: actor.person, post: post?.id, verb: verb, subject: subject,
                detail: detail, isReason: isReason), at: world.now(), transaction)
    }

    /// Keeps that somebody looked at what reveals membership of the party, and at what. It is kept before anything is
    /// shown: where it cannot be kept, nothing is.
    func looked(_ what: String, _ subject: Int64, at area: Area, by actor: Actor, _ post: Post) async throws {
        let (now, journal) = (world.now(), journal)
        try await database.write { transaction in
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? area.id, actor: actor.person, post: post.id, verb: "party.look",
                    subject: subject, detail: what), at: now, transaction)
        }
    }

    static func words(_ text: String, _ field: String, _ range: ClosedRange<Int> = 1...400) throws -> String {
        guard range.contains(text.unicodeScalars.count),
            text.split(separator: "\n").allSatisfy({ line in
                TextRules.isPlain(line.filter { $0 != "\r" })
            })
        else { throw GovernanceRefusal.badWords(field) }
        return text
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The front door of Privacy: what the law of personal information asks. The privacy notice with its versions and who
/// accepted which; the ledger of consents; what people may ask about their own data (a copy, a correction, the closing
/// of their account); periods after which data goes; the registers of processing, assessments and breaches.
///
/// What is held about people is known through `PersonalDataSource` and `RetentionClass`, one of each kind for each
/// capability, handed in by composition. Floors above ask `ConsentStore.allows` before they use data for a purpose.
package struct PrivacyHouse: Sendable {
    package let directory: DirectoryHouse
    package let sources: [PersonalDataSource]
    package let classes: [RetentionClass]
    let tell: PrivacyTell
    let ended: ConsentEnded

    package init(
        directory: DirectoryHouse, sources: [PersonalDataSource], classes: [RetentionClass],
        ended: @escaping ConsentEnded, tell: @escaping PrivacyTell
    ) {
        self.ended = ended
        self.directory = directory
        self.sources = sources
        self.classes = classes
        self.tell = tell
    }

    var database: any Database { directory.database }
    var world: World { directory.world }
    var journal: any Journal { directory.journal }
    var today: Day { Zone.shanghai.day(of: world.now()) }

    package var desk: PrivacyDesk {
        PrivacyDesk(
            database: database, world: world, journal: journal, calendars: directory.calendars, classes: classes,
            tell: tell, ended: ended, hooks: directory.hooks)
    }
    /// Does the long works: copies, closings, the periods.
    package var work: PrivacyWork {
        PrivacyWork(
            database: database, world: world, journal: journal, secrets: directory.secrets, sources: sources,
            classes: classes, tell: tell)
    }

    package func routes(_ table: RouteTable) {
        noticeRoutes(table)
        myRoutes(table)
        relativeRoutes(table)
        deskRoutes(table)
        recordRoutes(table)
        sharingRoutes(table)
        complianceRoutes(table)
        noticeAPI(table)
        myAPI(table)
        deskAPI(table)
        relativeAPI(table)
        sharingAPI(table)
        complianceAPI(table)
    }

    /// What Privacy itself holds about people.
    package static let personalData = PrivacyPersonal.source
    package static let retention = PrivacyPersonal.retention + [ComplianceStore.retention]
}

/// A kind of message to the inbox, by a name that never changes.
package struct PrivacyNoticeKind: Sendable {
    package let name: String
    package let phrase: Phrase
    init(_ name: String, _ phrase: Phrase) {
        self.name = name
        self.phrase = phrase
    }

    static let copyReady = PrivacyNoticeKind("privacy.copy", .tellCopy)
    static let answered = PrivacyNoticeKind("privacy.answered", .tellAnswered)
    static let requestDue = PrivacyNoticeKind("privacy.due", .tellRequestDue)
    static let requestLate = PrivacyNoticeKind("privacy.late", .tellRequestLate)
    static let relativeAsks = PrivacyNoticeKind("privacy.relative", .tellRelativeAsks)
    static let saidDead = PrivacyNoticeKind("privacy.dead", .tellSaidDead)
    static let saidAlive = PrivacyNoticeKind("privacy.alive", .tellSaidAlive)
    static let ward = PrivacyNoticeKind("privacy.ward", .tellWard)
    package static let all = [copyReady, answered, requestDue, requestLate, relativeAsks, saidDead, saidAlive, ward]
}

/// Tells a person in the caller's transaction: the inbox lives beside this floor, so composition hands it in.
package typealias PrivacyTell =
    @Sendable (
        _ kind: PrivacyNoticeKind, _ arguments: [String], _ link: String, _ person: PersonID, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Void

/// Ends, in the caller's transaction, what rests on a consent that ended: of one person, or of everybody when the purpose
/// has another version. The floors that use data for the purpose live above, so composition hands it in.
package typealias ConsentEnded =
    @Sendable (_ person: PersonID?, _ purpose: String, _ now: Instant, _ transaction: any WriteTransaction) throws
    -> Void

/// What the actions need.
package struct PrivacyDesk: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let calendars: Calendars
    let classes: [RetentionClass]
    let tell: PrivacyTell
    let ended: ConsentEnded
    /// What ends beside a home.
    let hooks: ResidentHooks

    var today: Day { Zone.shanghai.day(of: world.now()) }

    /// The post by which somebody keeps what holds for the whole house: one at its root, not one of an estate.
    func editor(_ actor: Actor) throws -> (person: PersonID, post: Post) {
        guard let person = actor.person, let post = actor.housePost(for: .privacyEdit)
        else { throw PrivacyRefusal.notFound }
        return (person, post)
    }

    func audit(
        _ verb: String, _ subject: Int64, _ detail: String, at area: AreaID = AreaID(0), by person: PersonID?,
        _ transaction: any WriteTransaction
    ) throws {
        try audit(verb, subject, detail, at: area, by: person, nil, transaction)
    }

    func audit(
        _ verb: String, _ subject: Int64, _ detail: String, at area: AreaID, by person: PersonID?, _ post: Post?,
        _ transaction: any WriteTransaction
    ) throws {
        try journal.audit(
            AuditEntry(area: area, actor: person, post: post?.id, verb: verb, subject: subject, detail: detail),
            at: world.now(), transaction)
    }

    /// Text of several lines, without characters that hide or turn it.
    static func words(_ text: String, _ field: String, _ range: ClosedRange<Int> = 1...400) throws -> String {
        guard range.contains(text.unicodeScalars.count),
            text.split(separator: "\n").allSatisfy({ line in TextRules.isPlain(line.filter { $0 != "\r" }) }),
            range.lowerBound == 0 || text.contains(where: { !$0.isWhitespace })
        else { throw PrivacyRefusal.badWords(field) }
        return text
    }
}

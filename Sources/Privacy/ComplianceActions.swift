import Directory
import Kernel
import Storage

/// Which report is wanted.
package struct ComplianceAsked: Sendable {
    /// Nil for the widest place of whoever asks.
    package var area: AreaID?
    /// Nil for a year before the last day.
    package var from: Day?
    /// Nil for today.
    package var to: Day?

    package init(area: AreaID? = nil, from: Day? = nil, to: Day? = nil) {
        self.area = area
        self.from = from
        self.to = to
    }
}

/// A report with what became of what the last record found.
package struct ComplianceView: Sendable {
    package struct Past: Sendable {
        package let finding: KeptFinding
        /// How many there are now; nil for what is mended.
        package let now: Int64?
    }
    package let report: ComplianceReport
    package let previous: KeptReport?
    package var past: [Past] {
        previous?.findings.map { old in
            Past(finding: old, now: report.findings.first { $0.kind == old.kind }?.count)
        } ?? []
    }
    func isNew(_ kind: FindingKind) -> Bool { !(previous?.findings.contains { $0.kind == kind } ?? true) }
}

/// Makes, keeps and follows reports of audits: for those who handle personal data at a place, and for whoever audits
/// it.
package struct ComplianceDesk: Sendable {
    static let verbs: Verbs = [.privacyEdit, .privacyHandle, .auditRead]
    /// The longest time of a report, in days.
    package static let mostDays = 1096

    let database: any Database
    let world: World
    let journal: any Journal
    let classes: [RetentionClass]
    let passwords: LeakedPasswords?

    private var today: Day { Zone.shanghai.day(of: world.now()) }

    /// The posts by which somebody may make reports, the widest place first. Missing for anybody else.
    static func posts(_ actor: Actor) throws -> [Post] {
        var seen = Set<AreaID>()
        let posts = actor.posts.filter { !$0.role.verbs.isDisjoint(with: verbs) }
            .sorted { ($0.level, $0.area) < ($1.level, $1.area) }
            .filter { seen.insert($0.area).inserted }
        guard actor.person != nil, !posts.isEmpty else { throw PrivacyRefusal.notFound }
        return posts
    }

    private static func post(at path: AreaPath, _ actor: Actor) throws -> Post {
        guard let post = try posts(actor).first(where: { $0.covers(path) }) else { throw PrivacyRefusal.notFound }
        return post
    }

    /// Makes a report over a place in reach and a time that is over or goes on today.
    package func view(_ asked: ComplianceAsked, by actor: Actor) async throws -> ComplianceView {
        let (now, today) = (world.now(), today)
        let area = try asked.area ?? Self.posts(actor)[0].area
        let to = asked.to ?? today
        let from = asked.from ?? to.adding(-365)
        guard from <= to, to <= today, from >= to.adding(-Self.mostDays) else { throw PrivacyRefusal.badPeriod }
        let classes = classes
        let state = passwords?.state() ?? .none
        return try await database.read { transaction in
            // Numbers of one home would be about somebody.
            guard let place = try DirectoryStore.area(area, transaction), place.level <= .estate else {
                throw PrivacyRefusal.notFound
            }
            _ = try Self.post(at: place.path, actor)
            let report = try ComplianceReader(
                area: place, from: from, to: to, now: now, classes: classes, passwords: state,
                transaction: transaction
            ).report()
            return ComplianceView(report: report, previous: try ComplianceStore.last(of: place.id, transaction))
        }
    }

    /// Keeps a report as it is now: its numbers, its findings and a digest of both.
    package func keep(_ asked: ComplianceAsked, by actor: Actor) async throws -> ComplianceID {
        let report = try await view(asked, by: actor).report
        let now = world.now()
        let id: ComplianceID = world.id()
        guard let person = actor.person else { throw PrivacyRefusal.notFound }
        try await database.write { [journal] transaction in
            guard let place = try DirectoryStore.area(report.area, transaction) else { throw PrivacyRefusal.notFound }
            let post = try Self.post(at: place.path, actor)
            try ComplianceStore.insert(id, report, by: person, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: place.id, actor: person, post: post.id, verb: "privacy.audit.keep", subject: id.raw,
                    detail: ContentDigest.sha256(report.content)), at: now, transaction)
        }
        return id
    }

    /// A record of a place in reach.
    package func load(_ id: ComplianceID, by actor: Actor) async throws -> KeptReport {
        try await database.read { try Self.load(id, by: actor, $0) }
    }

    static func load(
        _ id: ComplianceID, by actor: Actor, _ transaction: any ReadTransaction
    ) throws -> KeptReport {
        guard let found = try ComplianceStore.load(id, transaction),
            let place = try DirectoryStore.area(found.area, transaction)
        else { throw PrivacyRefusal.notFound }
        _ = try post(at: place.path, actor)
        return found
    }

    /// Records of the places in reach, the latest first.
    package func all(before: ComplianceID?, limit: Int, by actor: Actor) async throws -> [KeptReport] {
        let paths = try Self.posts(actor).map(\.path)
        return try await database.read {
            try ComplianceStore.all(under: paths, before: before, limit: limit, $0)
        }
    }

    /// Writes down what is done about a finding, and by when.
    package func decide(
        _ id: ComplianceID, _ kind: FindingKind, _ decision: String, due: Day?, was seen: Int64, by actor: Actor
    ) async throws {
        let said = try PrivacyDesk.words(decision, "decision", 2...400)
        let (now, today) = (world.now(), today)
        guard due.map({ $0 >= today && $0 <= today.adding(Self.mostDays) }) ?? true else {
            throw PrivacyRefusal.badDay("due")
        }
        guard let person = actor.person else { throw PrivacyRefusal.notFound }
        try await database.write { [journal] transaction in
            guard let found = try ComplianceStore.load(id, transaction),
                found.findings.contains(where: { $0.kind == kind }),
                let place = try DirectoryStore.area(found.area, transaction)
            else { throw PrivacyRefusal.notFound }
            let post = try Self.post(at: place.path, actor)
            guard
                try ComplianceStore.decide(
                    id, kind, said, due: due, was: seen, by: person, at: now, transaction)
            else { throw PrivacyRefusal.changedMeanwhile }
            try journal.audit(
                AuditEntry(
                    area: place.id, actor: person, post: post.id, verb: "privacy.audit.decide", subject: id.raw,
                    detail: "\(kind.rawValue) \(due?.description ?? "") \(said)"), at: now, transaction)
        }
    }
}

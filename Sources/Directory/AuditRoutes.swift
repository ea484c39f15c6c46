import Hummingbird
import Kernel
import Storage
import Tables
import Web

/// What the audit is looked through for, as people say it: groups of verbs (rules.md 12.6).
enum AuditKind: String, CaseIterable, Sendable {
    case signIn, secrets, posts, looks, exports, rules, publication, cases, directory, imports, governance, privacy,
        audit

    /// The beginnings of its verbs.
    var verbs: [String] {
        switch self {
        case .signIn: ["signIn", "signOut", "session", "access"]
        case .secrets: ["factor", "password", "security.unlock", "token"]
        case .posts: ["appointment", "house", "import.post", "party.appoint", "party.putUp", "post"]
        case .looks: ["party.look", "people.find", "phone.unmask", "privacy.relative.look", "vehicle.unmask"]
        case .exports: ["audit.export", "data.export", "export", "privacy.copy"]
        case .rules: ["calendar", "category", "limit", "period", "policy", "security.policy"]
        case .publication: ["case.publish", "case.unpublish", "reply"]
        case .cases: ["case", "transfer"]
        case .directory:
            ["area", "estate", "handover", "home", "leave", "organisation", "person", "roster", "template"]
        case .imports: ["import"]
        case .governance:
            [
                "appraisal", "badge", "body", "contract", "counter", "cross", "duty", "line", "link", "notice",
                "selection", "slot", "team", "vehicle", "zone",
            ]
        case .privacy: ["account", "consent", "data", "minor", "privacy", "purpose", "register"]
        case .audit: ["audit"]
        }
    }

    var phrase: Phrase {
        switch self {
        case .signIn: .auditSignIn
        case .secrets: .auditSecrets
        case .posts: .auditPosts
        case .looks: .auditLooks
        case .exports: .auditExports
        case .rules: .auditRules
        case .publication: .auditPublication
        case .cases: .auditCases
        case .directory: .auditDirectory
        case .imports: .auditImports
        case .governance: .auditGovernance
        case .privacy: .auditPrivacy
        case .audit: .auditAudit
        }
    }
}

/// What was asked of the audit, as it was typed.
struct AuditAsked: Sendable, Equatable {
    var from = ""
    var to = ""
    var kind = ""
    var actor = ""
    var area = ""
    var subject = ""
    var address = ""

    var pairs: [(StaticString, String)] {
        [
            ("from", from), ("to", to), ("kind", kind), ("actor", actor), ("area", area), ("subject", subject),
            ("address", address),
        ]
    }
    /// What the audit keeps of a look at it.
    var text: String { pairs.filter { !$0.1.isEmpty }.map { "\($0.0.description)=\($0.1)" }.joined(separator: " ") }
}

/// Whether what was sealed still holds.
enum SealState: String, CaseIterable, Sendable {
    case waiting, sealed, holds, broken
    var phrase: Phrase {
        switch self {
        case .waiting: .sealWaiting
        case .sealed: .sealSealed
        case .holds: .sealHolds
        case .broken: .sealBroken
        }
    }
}

/// A page of the audit with what its ids stand for.
struct AuditView: Sendable {
    struct Line: Sendable {
        let line: AuditLine
        let role: Role?
        let area: String
        let seal: SealState
    }
    var lines: [Line] = []
    var next: Int64?
    var lookedTo: Instant?
    var unsealed: Int64 = 0
    var unsealedSince: Instant?
    var areas: [Area] = []
    var asked = AuditAsked()
    var refusal: (any Refusal)?
}

extension DirectoryHouse {
    static let auditRows = 30
    static let auditExportRows = 20_000
    /// Pages that one file looks at, each of at most 20,000 rows: it ends there, and goes on from the day of its last row.
    static let auditExportLooks = 200
    /// Seals are checked for the rows of a page; each is up to a thousand rows.
    private static let sealsChecked = 12
    private static let unsealedCounted = 1_001

    func auditRoutes(_ table: RouteTable) {
        table.get("/desk/audit", .verb(.auditRead)) { request, context in
            var asked = AuditAsked()
            asked.from = request.asked("from")
            asked.to = request.asked("to")
            asked.kind = request.asked("kind")
            asked.actor = request.asked("actor")
            asked.area = request.asked("area")
            asked.subject = request.asked("subject")
            asked.address = request.asked("address")
            if let format = TableFileFormat(way: request.asked("way")) {
                return try await auditFile(asked, format, context)
            }
            var view: AuditView
            do {
                let before = try auditCursor(request.asked("cursor"))
                view = try await audit(asked, before: before, limit: Self.auditRows, by: context.actor)
            } catch let refusal as any Refusal where refusal.kind == .invalid {
                view = AuditView()
                view.asked = asked
                view.refusal = refusal
            }
            let scope = try context.actor.scope(.auditRead)
            view.areas = try await database.read {
                try DirectoryStore.areas(in: scope, levels: 1...6, limit: 200, $0)
            }
            let main = view.main(context, say(context))
            return shown(staffPage(context.words(.auditTitle), main, context), view.refusal, context)
        }
    }

    func auditCursor(_ text: String) throws -> Int64? {
        guard !text.isEmpty else { return nil }
        guard let id = ID<AuditTag>(text: text) else { throw DirectoryRefusal.badAuditAsked("cursor") }
        return id.raw
    }

    /// One page. That somebody looked, and for what, is kept before anything is shown.
    func audit(
        _ asked: AuditAsked, before: Int64?, limit: Int, by actor: Actor
    ) async throws -> AuditView {
        let scope = try actor.scope(.auditRead)
        let query = try await auditQuery(asked)
        try await looked("audit.read", asked, actor)
        let verifier = Verifier(key: secrets.auditBytes)
        return try await database.read { transaction in
            let page = try AuditBook.page(
                query, within: Self.auditReach(scope), before: before, limit: limit, transaction)
            let areas = try DirectoryStore.areas(page.lines.map(\.area).filter { $0.raw > 0 }, transaction)
            let roles = try SecurityStore.roles(of: page.lines.compactMap(\.post), transaction)
            let names = Set(page.lines.compactMap { line in line.seal.map { SealName(area: line.area, seq: $0) } })
            var holds: [SealName: Bool] = [:]
            for name in names.sorted(by: { $0.seq > $1.seq }).prefix(Self.sealsChecked) {
                holds[name] = try verifier.holds(name, transaction)
            }
            var view = AuditView()
            view.asked = asked
            view.next = page.next
            view.lookedTo = page.lookedTo
            view.lines = page.lines.map { line in
                let known = line.seal.map { holds[SealName(area: line.area, seq: $0)] }
                let state: SealState =
                    switch known {
                    case .none: .waiting
                    case .some(.none): .sealed
                    case .some(.some(let good)): good ? .holds : .broken
                    }
                return AuditView.Line(
                    line: line, role: line.post.flatMap { roles[$0] }, area: areas[line.area]?.name ?? "", seal: state)
            }
            (view.unsealed, view.unsealedSince) = try AuditBook.unsealed(upTo: Self.unsealedCounted, transaction)
            return view
        }
    }

    /// Up to `auditExportRows` rows as CSV, with the same filters.
    private func auditFile(
        _ asked: AuditAsked, _ format: TableFileFormat, _ context: WebContext
    ) async throws -> Response {
        let actor = context.actor
        let words = context.words
        let scope = try actor.scope(.auditRead)
        let query = try await auditQuery(asked)
        try await looked("audit.export", asked, actor)
        let heads: [Phrase] = [
            .auditTime, .auditVerb, .auditActor, .auditRole, .auditAddress, .auditArea, .auditSubject, .auditWords,
            .auditSeal,
        ]
        var writer = TableWriter(format, name: "audit", header: heads.map { words($0) })
        var before: Int64?
        var (count, looks) = (0, 0)
        // Rows of a rare kind lie far apart: what one file looks at is bounded as well.
        while count < Self.auditExportRows, looks < Self.auditExportLooks {
            looks += 1
            let from = before
            let (page, areas, roles) = try await database.read { transaction in
                let page = try AuditBook.page(
                    query, within: Self.auditReach(scope), before: from, limit: 500, transaction)
                return (
                    page, try DirectoryStore.areas(page.lines.map(\.area).filter { $0.raw > 0 }, transaction),
                    try SecurityStore.roles(of: page.lines.compactMap(\.post), transaction)
                )
            }
            for line in page.lines.prefix(Self.auditExportRows - count) {
                count += 1
                writer.add([
                    .text(Say.iso(line.at)), .text(line.verb), .text(line.actor?.text ?? ""),
                    .text(line.post.flatMap { roles[$0] }.map { $0.code } ?? ""), .text(line.address ?? ""),
                    .text(areas[line.area]?.name ?? ""),
                    .text(line.subject > 0 ? ID<AuditTag>(line.subject).text : ""),
                    .text(line.words ?? ""),
                    .text(words((line.seal == nil ? SealState.waiting : .sealed).phrase)),
                ])
            }
            guard let next = page.next else { break }
            before = next
        }
        writer.finish()
        return Answer.file(writer.take(), format, name: "audit-\(Zone.shanghai.day(of: world.now()))")
    }

    /// Rows of the areas in reach; those of no area, such as sign-ins, belong to whoever audits a highest area.
    private static func auditReach(_ scope: Scope) -> SQL {
        let whole: SQL = scope.places.contains { $0.path.ids.count == 1 } ? "w.area_id = 0 or " : .empty
        return "(\(whole)w.area_id in \(DirectoryStore.areas(in: scope)))"
    }

    private func looked(_ verb: String, _ asked: AuditAsked, _ actor: Actor) async throws {
        let now = world.now()
        guard let post = actor.posts.first(where: { $0.role.verbs.contains(.auditRead) }) else {
            throw DirectoryRefusal.noPost
        }
        try await database.write { [journal] transaction in
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: actor.person, post: post.id, verb: verb, subject: 0, detail: asked.text),
                at: now, transaction)
        }
    }

    /// Refuses what is no day, kind or id. A login may stand for its person.
    private func auditQuery(_ asked: AuditAsked) async throws -> AuditQuery {
        func bad(_ field: String) -> DirectoryRefusal { .badAuditAsked(field) }
        var query = AuditQuery()
        if !asked.from.isEmpty {
            guard let day = LocalInput.day(asked.from) else { throw bad("from") }
            query.from = Zone.shanghai.instant(day)
        }
        if !asked.to.isEmpty {
            guard let day = LocalInput.day(asked.to) else { throw bad("to") }
            query.to = Zone.shanghai.instant(day.adding(1))
        }
        if !asked.kind.isEmpty {
            guard let kind = AuditKind(rawValue: asked.kind) else { throw bad("kind") }
            query.verbs = kind.verbs
        }
        if !asked.actor.isEmpty {
            if let id = PersonID(text: asked.actor) {
                query.actor = id.raw
            } else {
                let account = try await database.read {
                    try SignInStore.account(login: asked.actor.lowercased(), $0)
                }
                guard let account else { throw bad("actor") }
                query.actor = account.person.raw
            }
        }
        if !asked.area.isEmpty {
            guard let id = AreaID(text: asked.area) else { throw bad("area") }
            query.area = id.raw
        }
        if !asked.subject.isEmpty {
            guard let id = ID<AuditTag>(text: asked.subject) else { throw bad("subject") }
            query.subject = id.raw
        }
        if !asked.address.isEmpty {
            guard let address = TrustedProxies.plain(asked.address) else { throw bad("address") }
            query.address = address
        }
        return query
    }
}

enum AuditTag {}

extension SecurityStore {
    static func roles(
        of posts: [PostID], _ transaction: any ReadTransaction
    ) throws -> [PostID: Role] {
        guard !posts.isEmpty else { return [:] }
        let list = SQL.joined(Set(posts).sorted().map { "\($0)" })
        let found = try transaction.query("select id, role from directory_post where id in (\(list))") {
            (try $0.id(0, PostTag.self), try $0.raw(1, Role.self))
        }
        return Dictionary(found, uniquingKeysWith: { $1 })
    }
}

extension TableFileFormat {
    /// As the buttons of the audit's page say it.
    fileprivate init?(way: String) {
        switch way {
        case "export": self = .csv
        case "export-xlsx": self = .xlsx
        default: return nil
        }
    }
}

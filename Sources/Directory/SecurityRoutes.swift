import Hummingbird
import Kernel
import Storage
import Web

enum StaffSessionTag {}

extension DirectoryHouse {
    var security: SecurityActions { SecurityActions(database: database, world: world, journal: journal) }
    private static var rows: Int { 40 }

    func securityRoutes(_ table: RouteTable) {
        table.get("/desk/security", .verb(.securityEdit)) { _, context in
            try await securityPage(nil, nil, context)
        }
        table.post("/desk/security", .verb(.securityEdit)) { request, context in
            let typed = try await typed(request, context)
            do {
                try await security.setPolicy(
                    try Self.draft(typed), was: Int64(typed["version"]) ?? -1, by: context.actor)
                return Answer.redirect(Href("/desk/security"))
            } catch let refusal as DirectoryRefusal {
                return try await securityPage(typed, refusal, context)
            }
        }
        table.get("/desk/security/people", .verb(.securityEdit)) { request, context in
            try await peoplePage(request.asked("cursor"), nil, nil, context)
        }
        table.post("/desk/security/people/:id", .verb(.securityEdit)) { request, context in
            let typed = try await typed(request, context)
            let id = try context.id("id", PersonTag.self)
            do {
                switch typed["way"] {
                case "unlock": try await security.unlock(id, by: context.actor)
                case "factor":
                    try await security.resetFactor(of: id, why: typed.trimmed("why"), by: context.actor)
                case "end": try await security.end(id, tokens: typed["tokens"] == "1", by: context.actor)
                default: throw WebRefusal.malformed
                }
                return Answer.redirect(Href("/desk/security/people"))
            } catch let refusal as DirectoryRefusal where refusal.kind != .notFound {
                return try await peoplePage("", (id, typed), refusal, context)
            }
        }
        table.get("/desk/security/sessions", .verb(.securityEdit)) { request, context in
            try await sessionsPage(request.asked("cursor"), context)
        }
        table.post("/desk/security/sessions/:id/end", .verb(.securityEdit)) { request, context in
            _ = try await typed(request, context)
            let id = try context.id("id", StaffSessionTag.self)
            try await security.end(session: id.raw, by: context.actor)
            return Answer.redirect(Href("/desk/security/sessions"))
        }
    }

    private static func draft(_ typed: Typed) throws -> SecurityActions.Draft {
        var draft = SecurityActions.Draft()
        draft.profile = typed["profile"]
        let codes = typed.all("factor")
        draft.factorRoles = Role.allCases.filter { codes.contains($0.code) }
        draft.combines = typed["combines"] == "1"
        draft.why = typed.trimmed("why")
        if !typed.trimmed("start").isEmpty {
            guard let start = LocalInput.instant(typed.trimmed("start")) else { throw DirectoryRefusal.badStart }
            draft.from = start
        }
        return draft
    }

    /// The policy with its past and what is planned.
    struct SecurityNow: Sendable {
        let profiles: [PasswordProfile]
        let current: SecurityPolicy
        /// The newest first.
        let history: [SecurityPolicy]
        let names: [PersonID: String]
        let mayEdit: Bool
        var newest: Int64 { history.first?.version ?? 0 }
    }

    func securityNow(_ actor: Actor) async throws -> SecurityNow {
        let now = world.now()
        return try await database.read { transaction in
            let history = try SecurityStore.policies(transaction)
            guard let current = try SecurityStore.policy(at: now, transaction) else {
                throw DirectoryRefusal.notFound
            }
            return SecurityNow(
                profiles: try SecurityStore.profiles(transaction), current: current, history: history,
                names: try DirectoryStore.names(of: history.compactMap(\.by), transaction),
                mayEdit: SecurityActions.housePost(actor) != nil)
        }
    }

    private func securityPage(
        _ typed: Typed?, _ refusal: DirectoryRefusal?, _ context: WebContext
    ) async throws -> Response {
        let view = SecurityPage(now: try await securityNow(context.actor), typed: typed, refusal: refusal)
        return shown(
            staffPage(context.words(.securityTitle), view.main(context, say(context)), context), refusal, context)
    }

    func staffSessions(_ after: Int64, _ limit: Int, _ actor: Actor) async throws -> [StaffSession] {
        let scope = try actor.scope(.securityEdit)
        let now = world.now()
        let day = Zone.shanghai.day(of: now)
        return try await database.read {
            try SecurityStore.sessions(scope, on: day, at: now, after: after, limit: limit, $0)
        }
    }

    func staffAccounts(_ after: Int64, _ limit: Int, _ actor: Actor) async throws -> [StaffAccount] {
        let scope = try actor.scope(.securityEdit)
        let day = Zone.shanghai.day(of: world.now())
        return try await database.read {
            try SecurityStore.accounts(scope, on: day, after: after, limit: limit, $0)
        }
    }

    private func sessionsPage(_ cursor: String, _ context: WebContext) async throws -> Response {
        let after = ID<StaffSessionTag>(text: cursor)?.raw ?? 0
        let found = try await staffSessions(after, Self.rows + 1, context.actor)
        let view = StaffSessionsPage(
            rows: Array(found.prefix(Self.rows)), hasMore: found.count > Self.rows, current: context.session)
        let main = view.main(context, say(context))
        return shown(staffPage(context.words(.staffSessionsTitle), main, context), nil, context)
    }

    private func peoplePage(
        _ cursor: String, _ sent: (person: PersonID, typed: Typed)?, _ refusal: DirectoryRefusal?,
        _ context: WebContext
    ) async throws -> Response {
        let after = PersonID(text: cursor)?.raw ?? sent.map { $0.person.raw - 1 } ?? 0
        let found = try await staffAccounts(after, Self.rows + 1, context.actor)
        let now = world.now()
        let view = StaffAccountsPage(
            rows: Array(found.prefix(Self.rows)), hasMore: found.count > Self.rows, now: now, sent: sent?.person,
            why: sent?.typed["why"] ?? "", refusal: refusal)
        let main = view.main(context, say(context))
        return shown(staffPage(context.words(.staffAccountsTitle), main, context), refusal, context)
    }
}

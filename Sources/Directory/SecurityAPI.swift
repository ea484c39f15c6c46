import Hummingbird
import Kernel
import Storage
import Web

/// Second factors, the policy, sessions of staff and the audit as JSON.
extension DirectoryHouse {
    private struct StepAsked: Asked {
        let step: String
        let code: String?
        let fresh: String?
        init(_ ask: Ask) throws {
            step = try ask.body("step", .text(1...64), "`token` of the step.")
            code = try ask.body.optional("code", .text(1...40), "Of the app, or a recovery code.")
            fresh = try ask.body.optional("fresh", .text(1...128), "The new password, where one is asked for.")
        }
    }
    private struct CodeAsked: Asked {
        let code: String
        init(_ ask: Ask) throws { code = try ask.body("code", .text(1...40), "Of the app, or a recovery code.") }
    }
    private struct ConfirmAsked: Asked {
        let step: String
        let code: String
        init(_ ask: Ask) throws {
            step = try ask.body("step", .text(1...64), "`token` of the step.")
            code = try ask.body("code", .text(1...40), "The first of the app.")
        }
    }
    private struct PolicyAsked: Asked {
        let draft: SecurityActions.Draft
        let version: Int64
        init(_ ask: Ask) throws {
            var draft = SecurityActions.Draft()
            draft.profile = try ask.body("profile", .text(1...20), "`asvs5` or `djbh`.")
            draft.factorRoles = try ask.body("factor_roles", DirectoryShapes.role.list(0...40))
            draft.combines = try ask.body("combines", .flag, "One person may hold two of the separate posts.")
            draft.why = try ask.body("why", .text(1...120))
            draft.from = try ask.body.optional("from", .time, "Now, when it is not said.")
            version = try ask.body("version", .whole(1...1_000_000), "The newest that was seen.")
            self.draft = draft
        }
    }
    private struct AccountAsked: Asked {
        let id: PersonID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct ResetAsked: Asked {
        let id: PersonID
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            why = try ask.body("why", .text(1...120))
        }
    }
    private struct EndAsked: Asked {
        let id: PersonID
        let tokens: Bool
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            tokens = try ask.body.optional("tokens", .flag, "Tokens too.") ?? false
        }
    }
    private struct SessionAsked: Asked {
        let id: ID<StaffSessionTag>
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct AuditListAsked: Asked {
        let asked: AuditAsked
        let paging: Paging
        private static let kinds = Shape<AuditKind>.choice(AuditKind.allCases) { $0.rawValue }
        init(_ ask: Ask) throws {
            var asked = AuditAsked()
            asked.from = try ask.query.optional("from", .day, "The first day.")?.description ?? ""
            asked.to = try ask.query.optional("to", .day, "The last day.")?.description ?? ""
            asked.kind = try ask.query.optional("kind", Self.kinds)?.rawValue ?? ""
            asked.actor = try ask.query.optional("actor", Shape<PersonID>.id())?.text ?? ""
            asked.area = try ask.query.optional("area", Shape<AreaID>.id())?.text ?? ""
            asked.subject = try ask.query.optional("subject", Shape<ID<AuditTag>>.id())?.text ?? ""
            asked.address = try ask.query.optional("address", .text(1...45), "Of the caller, whole.") ?? ""
            self.asked = asked
            paging = try Paging(ask)
        }
    }

    /// What refuses a code.
    private static let codeRefusals: [any Refusal] = [
        DirectoryRefusal.wrongFactor, DirectoryRefusal.factorLocked, DirectoryRefusal.factorThere,
        DirectoryRefusal.stepGone,
    ]

    func stepAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/sign-in/step", .everyone,
            API(
                nil, "Answers what was asked after the password or the code by phone.", refuses: Self.codeRefusals,
                repeats: .none), StepAsked.self, DirectoryShapes.entered
        ) { asked, call in
            let device = call.request.headers[.userAgent] ?? ""
            if let fresh = asked.fresh {
                return entered(try await signIn.answer(step: asked.step, fresh: fresh, device: device))
            }
            guard let code = asked.code else { throw WebRefusal.missingField("code") }
            return entered(try await signIn.answer(step: asked.step, code: code, device: device))
        }
    }

    func factorAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/me/factor", .staff,
            API(.account, "One's own second factor; not by token.", refuses: [WebRefusal.notYours], isSingle: true),
            Nothing.self, DirectoryShapes.factorState
        ) { _, call in
            _ = try person(call.context)
            return .ok(try await signIn.factorState(of: call.actor))
        }
        table.post(
            "/api/v1/me/factor/enrolment", .staff,
            API(
                .account, "Begins to set up a second factor; not by token.", refuses: [DirectoryRefusal.factorThere],
                repeats: .once), Nothing.self, DirectoryShapes.step
        ) { _, call in
            .ok(try await signIn.beginFactor(person(call.context), session: call.context.session))
        }
        table.post(
            "/api/v1/me/factor", .staff,
            API(
                .account, "Sets it up by its first code; gives the recovery codes, once.", refuses: Self.codeRefusals,
                repeats: .once), ConfirmAsked.self, DirectoryShapes.recovery
        ) { asked, call in
            .ok(try await signIn.confirmFactor(person(call.context), step: asked.step, code: asked.code))
        }
        table.post(
            "/api/v1/me/factor/recovery", .staff,
            API(
                .account, "Ten new recovery codes for one good code; not by token.", refuses: Self.codeRefusals,
                repeats: .once), CodeAsked.self, DirectoryShapes.recovery
        ) { asked, call in .ok(try await signIn.renewRecovery(person(call.context), code: asked.code)) }
        table.post(
            "/api/v1/me/factor/removal", .staff,
            API(
                .account, "Ends one's own second factor, where no post needs it; not by token.",
                refuses: Self.codeRefusals + [DirectoryRefusal.factorNeeded]), CodeAsked.self, .nothing
        ) { asked, call in
            _ = try person(call.context)
            try await signIn.removeFactor(of: call.actor, code: asked.code)
            return .done
        }
    }

    func securityAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/security", .verb(.securityEdit),
            API(.security, "The rules of sign-in, their profiles and their versions.", isSingle: true), Nothing.self,
            DirectoryShapes.security
        ) { _, call in .ok(try await securityNow(call.actor)) }
        table.post(
            "/api/v1/security", .verb(.securityEdit),
            API(
                .security, "A new version of the rules; of the whole house.",
                refuses: [
                    DirectoryRefusal.changedMeanwhile, DirectoryRefusal.badStart, DirectoryRefusal.badProfile,
                    DirectoryRefusal.noPost,
                ]), PolicyAsked.self, .nothing
        ) { asked, call in
            try await security.setPolicy(asked.draft, was: asked.version, by: call.actor)
            return .done
        }
        table.get(
            "/api/v1/security/sessions", .verb(.securityEdit), API(.security, "Sessions of staff in reach."),
            PageAsked.self, DirectoryShapes.staffSession.slices
        ) { asked, call in
            let after: ID<StaffSessionTag>? = try asked.paging.id()
            let limit = asked.paging.limit
            let rows = try await staffSessions(after?.raw ?? 0, limit + 1, call.actor)
            return .ok(Slice(rows, limit: limit) { ID<StaffSessionTag>($0.id).text })
        }
        table.post(
            "/api/v1/security/sessions/:id/end", .verb(.securityEdit),
            API(.security, "Ends a session.", refuses: [DirectoryRefusal.notFound]), SessionAsked.self, .nothing
        ) { asked, call in
            try await security.end(session: asked.id.raw, by: call.actor)
            return .done
        }
        accountAPI(table)
    }

    private func accountAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/security/people", .verb(.securityEdit),
            API(.security, "Staff in reach: locks, second factors, tokens."), PageAsked.self,
            DirectoryShapes.staffAccount.slices
        ) { asked, call in
            let after: PersonID? = try asked.paging.id()
            let limit = asked.paging.limit
            let rows = try await staffAccounts(after?.raw ?? 0, limit + 1, call.actor)
            return .ok(Slice(rows, limit: limit) { $0.person.text })
        }
        table.post(
            "/api/v1/security/people/:id/unlock", .verb(.securityEdit),
            API(.security, "Ends the locks of an account.", refuses: [DirectoryRefusal.notFound]), AccountAsked.self,
            .nothing
        ) { asked, call in
            try await security.unlock(asked.id, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/security/people/:id/factor-reset", .verb(.securityEdit),
            API(
                .security, "Takes a lost second factor away, with every session.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.noFactor, DirectoryRefusal.badWhy]),
            ResetAsked.self, .nothing
        ) { asked, call in
            try await security.resetFactor(of: asked.id, why: asked.why, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/security/people/:id/end", .verb(.securityEdit),
            API(.security, "Ends every session of somebody.", refuses: [DirectoryRefusal.notFound]), EndAsked.self,
            .nothing
        ) { asked, call in
            try await security.end(asked.id, tokens: asked.tokens, by: call.actor)
            return .done
        }
    }

    func auditAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/audit", .verb(.auditRead),
            API(
                .security,
                "Who did what, the newest first; each look is audited. A page may be short, or empty, and "
                    + "still have a next one.", refuses: [DirectoryRefusal.badAuditAsked("")]), AuditListAsked.self,
            DirectoryShapes.auditLine.slices
        ) { asked, call in
            let view = try await audit(
                asked.asked, before: try auditCursor(asked.paging.cursor ?? ""), limit: asked.paging.limit,
                by: call.actor)
            return .ok(Slice(view.lines, next: view.next.map { ID<AuditTag>($0).text }))
        }
    }
}

extension DirectoryShapes {
    static let stepKind = Shape<StepKind>.choice(StepKind.allCases) { $0.code }
    static let step = Shape<SignIn.Step>.object("SignInStep") {
        Member("token", .words, "For `/sign-in/step`, or `/me/factor`; good for ten minutes.") { $0.token }
        Member("kind", stepKind, "A code, the first code of a new secret, or a new password.") { $0.kind }
        Member("secret", Shape<String>.words.orNull, "Of a new second factor.") { $0.secret?.text }
        Member("address", Shape<String>.words.orNull, "The same for a QR code.") { $0.secret == nil ? nil : $0.address }
    }
    static let recovery = Shape<[String]>.object("RecoveryCodes") {
        Member("recovery_codes", Shape<String>.words.list(), "Shown this once.") { $0 }
    }
    static let factorState = Shape<SignIn.FactorState>.object("SecondFactor") {
        Member("since", Shape<Instant>.time.orNull, "Null while there is none.") { $0.since }
        Member("recovery_left", .whole) { $0.recoveryLeft }
        Member("needed", .flag, "One's post needs it.") { $0.isNeeded }
    }
    static let profile = Shape<PasswordProfile>.object("PasswordProfile") {
        Member("code", .words) { $0.code }
        Member("least", .whole, "Characters.") { $0.least }
        Member("kinds", .whole, "Of capitals, small letters, digits and signs.") { $0.classes }
        Member("age_days", .whole, "0 for never.") { $0.ageDays }
        Member("history", .whole) { $0.history }
        Member("failures", .whole) { $0.failures }
        Member("lock_minutes", .whole) { $0.lockMinutes }
        Member("source", .words) { $0.source }
        Member("since", .day) { $0.since }
    }
    static let securityPolicy = Shape<SecurityPolicy>.object("SecurityPolicy") {
        Member("version", .whole) { $0.version }
        Member("profile", .words) { $0.profile }
        Member("factor_roles", role.list()) { $0.factorRoles }
        Member("combines", .flag) { $0.combines }
        Member("why", .words) { $0.why }
        Member("from", .time) { max($0.from, $0.at) }
        Member("by", Shape<PersonID>.id().orNull) { $0.by }
        Member("at", .time) { $0.at }
    }
    static let security = Shape<DirectoryHouse.SecurityNow>.object("Security") {
        Member("in_force", securityPolicy) { $0.current }
        Member("profiles", profile.list()) { $0.profiles }
        Member("versions", securityPolicy.list(), "The newest first.") { $0.history }
    }
    static let staffSession = Shape<StaffSession>.object("StaffSession") {
        Member("id", .id()) { ID<StaffSessionTag>($0.id) }
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("device", .words) { MePage.device($0.device) }
        Member("since", .time) { $0.created }
        Member("seen", .time) { $0.seen }
    }
    static let staffAccount = Shape<StaffAccount>.object("StaffAccount") {
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("login", .words, "Empty where they sign in by phone alone.") { $0.login }
        Member("roles", role.list()) { $0.roles }
        Member("locked_until", Shape<Instant>.time.orNull) { $0.lockedUntil.ms > 0 ? $0.lockedUntil : nil }
        Member("factor_since", Shape<Instant>.time.orNull) { $0.factorSince }
        Member("tokens", .whole) { $0.tokens }
    }
    static let sealState = Shape<SealState>.choice(SealState.allCases) { $0.rawValue }
    static let auditLine = Shape<AuditView.Line>.object("AuditLine") {
        Member("id", .id()) { ID<AuditTag>($0.line.id) }
        Member("at", .time) { $0.line.at }
        Member("act", .words) { $0.line.verb }
        Member("actor", Shape<PersonID>.id().orNull) { $0.line.actor }
        Member("role", role.orNull, "Of the post by which it was done.") { $0.role }
        Member("address", Shape<String>.words.orNull, "Of the caller; deleted when its period ends.") {
            $0.line.address
        }
        Member("reason", Shape<String>.words.orNull, "As it was typed; deleted when its period ends.") { $0.line.words }
        Member("area", Shape<AreaID>.id().orNull) { $0.line.area.raw > 0 ? $0.line.area : nil }
        Member("subject", Shape<ID<AuditTag>>.id().orNull) {
            $0.line.subject > 0 ? ID<AuditTag>($0.line.subject) : nil
        }
        Member("seal", sealState, "`holds` was checked just now; `sealed` was not.") { $0.seal }
    }
}

import Kernel
import Storage

/// What a sign-in still asks after the password or the code by phone.
package enum StepKind: Int64, Sendable, CaseIterable {
    /// A code of the second factor.
    case factor = 1
    /// The first code of a second factor that has to be set up.
    case enrol = 2
    /// A new password, because the old one is too old.
    case password = 3
    package var code: String { String(describing: self) }

    /// What comes next. A second factor is proved before anything may be changed.
    static func next(hasFactor: Bool, isProved: Bool, isNeeded: Bool, isAged: Bool) -> StepKind? {
        if !isProved {
            if hasFactor { return .factor }
            if isNeeded { return .enrol }
        }
        return isAged ? .password : nil
    }
}

extension SignIn {
    /// A step that waits for its answer.
    package struct Step: Sendable {
        /// Held by whoever signs in; good once, for ten minutes.
        package let token: String
        package let kind: StepKind
        /// To set up an app; of `.enrol` alone.
        package var secret: TOTP?
        package var address = ""
        /// What a new password needs; of `.password` alone.
        package var profile: PasswordProfile?
    }

    package enum Entry: Sendable {
        case started(Started)
        case asked(Step)

        /// The session, where nothing more was asked.
        package var started: Started? {
            if case .started(let started) = self { return started }
            return nil
        }
        package var step: Step? {
            if case .asked(let step) = self { return step }
            return nil
        }
    }

    /// What an answered step led to.
    package struct Advanced: Sendable {
        package let entry: Entry
        /// Shown once: of a second factor that was set up with this step.
        package var recovery: [String] = []
    }

    package static let stepMs = 10 * Instant.minuteMs
    static let stepTries: Int64 = 10
    package static let recoveryCodes = 10

    /// Goes on after a proof: with what is asked next, or with a session.
    func proceed(
        _ proven: SignInStore.Proven, device: String, byPassword: Bool, isProved: Bool, resetFailures: Bool
    ) async throws -> Entry {
        let now = world.now()
        let person = proven.person
        let day = Zone.shanghai.day(of: now)
        let asked = try await database.read { transaction -> (StepKind?, PasswordProfile, String) in
            let posts = try DirectoryStore.posts(of: person, on: day, transaction)
            let profile = try SecurityStore.profile(at: now, transaction)
            let account = try SignInStore.account(person: person, transaction)
            let isAged = byPassword && account.map { profile.isAged(setAt: $0.passwordSet, now: now) } ?? false
            var isNeeded = false
            var hasFactor = false
            if !posts.isEmpty {
                isNeeded = try SecurityStore.policy(at: now, transaction)?.needsFactor(posts) ?? false
                hasFactor = try SecurityStore.factor(of: person, transaction) != nil
            }
            let next = StepKind.next(
                hasFactor: hasFactor, isProved: isProved, isNeeded: isNeeded, isAged: isAged)
            return (next, profile, account?.login ?? "")
        }
        guard let kind = asked.0 else {
            return .started(try await start(proven, device: device, resetFailures: resetFailures))
        }
        var step = try await begin(kind, person, login: asked.2, byPassword: byPassword, isOwn: false) {
            guard try SignInStore.proven(person, $0) == proven else { throw DirectoryRefusal.stepGone }
        }
        if kind == .password { step.profile = asked.1 }
        return .asked(step)
    }

    /// - Parameter check: what must still hold when the step begins.
    private func begin(
        _ kind: StepKind, _ person: PersonID, login: String, byPassword: Bool, isOwn: Bool,
        check: @escaping @Sendable (any ReadTransaction) throws -> Void
    ) async throws -> Step {
        let now = world.now()
        let token = try secrets.newToken(world)
        let digest = secrets.tokenDigest(token)
        var step = Step(token: token, kind: kind)
        var sealed: [UInt8]?
        if kind == .enrol {
            guard let secret = TOTP(bytes: world.randomBytes(20)) else { throw SecretFault.randomness }
            step.secret = secret
            step.address = secret.address(login: login.isEmpty ? person.text : login)
            sealed = try secrets.seal(secret.text, purpose: "totp", row: person.raw)
        }
        let row = SecurityStore.StepRow(
            person: person, kind: kind, sealed: sealed, byPassword: byPassword, isOwn: isOwn, tries: 0)
        try await database.write { transaction in
            try check(transaction)
            try SecurityStore.insertStep(
                row, digest: digest, at: now, expires: now.adding(ms: Self.stepMs), transaction)
        }
        return step
    }

    /// The step once more, for the page of an answer that was refused; nil when it is over.
    package func step(_ token: String) async throws -> Step? {
        let now = world.now()
        let digest = secrets.tokenDigest(token)
        let found = try await database.read { transaction -> (SecurityStore.StepRow, String, PasswordProfile)? in
            guard let row = try SecurityStore.step(digest, at: now, transaction), row.tries < Self.stepTries else {
                return nil
            }
            return (
                row, try SignInStore.account(person: row.person, transaction)?.login ?? "",
                try SecurityStore.profile(at: now, transaction)
            )
        }
        guard let (row, login, profile) = found else { return nil }
        var step = Step(token: token, kind: row.kind)
        if let sealed = row.sealed {
            step.secret = TOTP(text: try secrets.open(sealed, purpose: "totp", row: row.person.raw))
            step.address = step.secret?.address(login: login.isEmpty ? row.person.text : login) ?? ""
        }
        if row.kind == .password { step.profile = profile }
        return step
    }

    // MARK: Codes

    private enum Proof: Sendable { case good, wrong, locked, gone, taken }

    /// Answers a step with a code: of the app, or a recovery code.
    package func answer(step token: String, code: String, device: String) async throws -> Advanced {
        let now = world.now()
        let digest = secrets.tokenDigest(token)
        // What the step was begun with still stands: it goes with a change of it.
        let found = try await database.read { transaction -> (SecurityStore.StepRow, SignInStore.Proven)? in
            guard let row = try SecurityStore.step(digest, at: now, transaction) else { return nil }
            return (row, try SignInStore.proven(row.person, transaction))
        }
        guard let (row, proven) = found, !row.isOwn, row.kind != .password else { throw DirectoryRefusal.stepGone }
        var recovery: [String] = []
        if row.kind == .factor {
            try await prove(row.person, code, spending: digest)
        } else {
            recovery = try await confirm(digest, row, code)
        }
        let entry = try await proceed(
            proven, device: device, byPassword: row.byPassword, isProved: true, resetFailures: row.byPassword)
        return Advanced(entry: entry, recovery: recovery)
    }

    /// Takes a code once. Wrong ones are counted and lock, like passwords.
    ///
    /// - Parameter digest: the step that the code answers, which it uses up; nil for none.
    func prove(_ person: PersonID, _ typed: String, spending digest: [UInt8]?) async throws {
        let now = world.now()
        let recovery = secrets.recoveryDigest(typed, person)
        let proof = try await database.write { [secrets, journal] transaction -> Proof in
            if let digest {
                guard let step = try SecurityStore.step(digest, at: now, transaction), step.kind == .factor else {
                    return .gone
                }
            }
            guard let factor = try SecurityStore.factor(of: person, transaction) else { return .gone }
            func note(_ verb: String) throws {
                try journal.audit(
                    AuditEntry(area: AreaID(0), actor: person, verb: verb, subject: person.raw), at: now, transaction)
            }
            guard factor.lockedUntil <= now else {
                try note("factor.locked")
                return .locked
            }
            let secret = TOTP(text: try secrets.open(factor.sealed, purpose: "totp", row: person.raw))
            var isGood = false
            if let code = OneTimeCode(typed: typed)?.text {
                if let step = secret?.step(of: code, at: now, after: factor.lastStep) {
                    isGood = try SecurityStore.use(person, step: step, transaction)
                }
            } else if try SecurityStore.useRecovery(person, recovery, at: now, transaction) {
                try SecurityStore.setFailures(ofFactor: person, 0, lockedUntil: Instant(ms: 0), transaction)
                try note("factor.recovery")
                isGood = true
            }
            if isGood {
                if let digest { _ = try SecurityStore.spend(step: digest, transaction) }
                return .good
            }
            let profile = try SecurityStore.profile(at: now, transaction)
            let failures = factor.failures + 1
            let locks = failures >= profile.failures
            try SecurityStore.setFailures(
                ofFactor: person, locks ? 0 : failures,
                lockedUntil: locks ? now.adding(ms: profile.lockMs) : Instant(ms: 0), transaction)
            try note(locks ? "factor.lock" : "factor.failure")
            return locks ? .locked : .wrong
        }
        try Self.check(proof)
    }

    private static func check(_ proof: Proof) throws {
        switch proof {
        case .good: return
        case .wrong: throw DirectoryRefusal.wrongFactor
        case .locked: throw DirectoryRefusal.factorLocked
        case .gone: throw DirectoryRefusal.stepGone
        case .taken: throw DirectoryRefusal.factorThere
        }
    }

    /// Sets up the second factor of a step by its first code. Returns the recovery codes.
    private func confirm(_ digest: [UInt8], _ row: SecurityStore.StepRow, _ typed: String) async throws -> [String] {
        let now = world.now()
        let person = row.person
        guard let sealed = row.sealed,
            let secret = TOTP(text: try secrets.open(sealed, purpose: "totp", row: person.raw))
        else { throw DirectoryRefusal.stepGone }
        let code = OneTimeCode(typed: typed)?.text ?? ""
        let used = secret.step(of: code, at: now, after: 0)
        let fresh = newRecovery(person)
        let proof = try await database.write { [journal] transaction -> Proof in
            guard let current = try SecurityStore.step(digest, at: now, transaction),
                current.tries < Self.stepTries
            else { return .gone }
            guard let used else {
                try SecurityStore.countTry(ofStep: digest, transaction)
                try journal.audit(
                    AuditEntry(area: AreaID(0), actor: person, verb: "factor.failure", subject: person.raw), at: now,
                    transaction)
                return .wrong
            }
            _ = try SecurityStore.spend(step: digest, transaction)
            guard try SecurityStore.insertFactor(person, sealed: sealed, step: used, at: now, transaction) else {
                return .taken
            }
            try SecurityStore.setRecovery(person, fresh.digests, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "factor.enrol", subject: person.raw), at: now,
                transaction)
            return .good
        }
        try Self.check(proof)
        return fresh.codes
    }

    private func newRecovery(_ person: PersonID) -> (codes: [String], digests: [[UInt8]]) {
        let codes = (0..<Self.recoveryCodes).map { _ in secrets.newLookUpCode(world) }
        return (codes, codes.map { secrets.recoveryDigest($0, person) })
    }

    // MARK: One's own second factor

    package struct FactorState: Sendable {
        package let since: Instant?
        package let recoveryLeft: Int64
        /// The policy asks for one.
        package let isNeeded: Bool
    }

    package func factorState(of actor: Actor) async throws -> FactorState {
        guard let person = actor.person else { throw DirectoryRefusal.notFound }
        let now = world.now()
        return try await database.read { transaction in
            FactorState(
                since: try SecurityStore.factor(of: person, transaction)?.created,
                recoveryLeft: try SecurityStore.recoveryLeft(person, transaction),
                isNeeded: try SecurityStore.policy(at: now, transaction)?.needsFactor(actor.posts) ?? false)
        }
    }

    /// Begins to set one up for somebody who is signed in.
    /// - Parameter session: the one that asks, which must not have ended meanwhile; nil for none.
    package func beginFactor(_ person: PersonID, session: Int64? = nil) async throws -> Step {
        let found = try await database.read { transaction in
            (
                try SecurityStore.factor(of: person, transaction) != nil,
                try SignInStore.account(person: person, transaction)?.login ?? ""
            )
        }
        guard !found.0 else { throw DirectoryRefusal.factorThere }
        return try await begin(.enrol, person, login: found.1, byPassword: false, isOwn: true) {
            try SignInStore.require(session, of: person, $0)
        }
    }

    /// Returns the recovery codes.
    package func confirmFactor(_ person: PersonID, step token: String, code: String) async throws -> [String] {
        let now = world.now()
        let digest = secrets.tokenDigest(token)
        guard let row = try await database.read({ try SecurityStore.step(digest, at: now, $0) }), row.isOwn,
            row.person == person, row.kind == .enrol
        else { throw DirectoryRefusal.stepGone }
        return try await confirm(digest, row, code)
    }

    /// Ten new recovery codes for one good code; the old ones end.
    package func renewRecovery(_ person: PersonID, code: String) async throws -> [String] {
        try await prove(person, code, spending: nil)
        let now = world.now()
        let fresh = newRecovery(person)
        try await database.write { [journal] transaction in
            try SecurityStore.setRecovery(person, fresh.digests, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "factor.renew", subject: person.raw), at: now,
                transaction)
        }
        return fresh.codes
    }

    /// Ends one's own second factor, where the policy lets it go.
    package func removeFactor(of actor: Actor, code: String) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.notFound }
        guard try await !factorState(of: actor).isNeeded else { throw DirectoryRefusal.factorNeeded }
        try await prove(person, code, spending: nil)
        let now = world.now()
        try await database.write { [journal] transaction in
            _ = try SecurityStore.deleteFactor(person, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "factor.remove", subject: person.raw), at: now,
                transaction)
        }
    }

    // MARK: New passwords

    /// Refuses what the profile in force does not take.
    func judge(_ fresh: String, of person: PersonID, login: String, field: String) async throws -> PasswordProfile {
        let now = world.now()
        let (profile, name) = try await database.read { transaction in
            (
                try SecurityStore.profile(at: now, transaction),
                try DirectoryStore.personName(person, transaction) ?? ""
            )
        }
        if let fault = profile.judge(fresh, own: [login, name]) {
            throw DirectoryRefusal.weakPassword(fault, field)
        }
        if try await secrets.isLeaked(fresh) { throw DirectoryRefusal.weakPassword(.leaked, field) }
        return profile
    }

    /// Refuses one of the last. Slow: each is compared by its hash.
    func refuseUsed(_ fresh: String, _ account: SignInStore.Account, _ profile: PasswordProfile) async throws {
        let past = try await database.read {
            try SecurityStore.pastHashes(account.person, limit: profile.history - 1, $0)
        }
        for hash in [account.hash] + past {
            guard try await !secrets.verifyPassword(fresh, hash) else {
                throw DirectoryRefusal.weakPassword(.used, "fresh")
            }
        }
    }

    /// Answers the step that asks for a new password. Every session of the person ends.
    package func answer(step token: String, fresh: String, device: String) async throws -> Advanced {
        let now = world.now()
        let digest = secrets.tokenDigest(token)
        let found = try await database.read { transaction -> SignInStore.Account? in
            guard let row = try SecurityStore.step(digest, at: now, transaction), row.kind == .password else {
                return nil
            }
            return try SignInStore.account(person: row.person, transaction)
        }
        guard let account = found else { throw DirectoryRefusal.stepGone }
        let profile = try await judge(fresh, of: account.person, login: account.login, field: "fresh")
        try await refuseUsed(fresh, account, profile)
        let hash = try await secrets.hashPassword(fresh)
        let past = world.nextID()
        let proven = try await database.write { [journal] transaction in
            guard try SecurityStore.spend(step: digest, transaction),
                try SignInStore.account(person: account.person, transaction)?.hash == account.hash
            else { throw DirectoryRefusal.stepGone }
            try SecurityStore.keep(account.hash, of: account.person, id: past, at: now, transaction)
            try SignInStore.setPassword(account.person, hash, at: now, transaction)
            try SignInStore.endAll(account.person, transaction)
            try SecurityStore.dropSteps(of: account.person, transaction)
            try journal.audit(
                AuditEntry(
                    area: AreaID(0), actor: account.person, verb: "password.change", subject: account.person.raw),
                at: now, transaction)
            return try SignInStore.proven(account.person, transaction)
        }
        return Advanced(
            entry: .started(try await start(proven, device: device, resetFailures: true)))
    }
}

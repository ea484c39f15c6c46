import Kernel
import Storage
import Web

/// Sends a one-time code. The demo's shows it on the page; a real one calls an SMS provider (rules.md 15.3).
package protocol CodeSender: Sendable {
    func send(code: String, to phone: Phone) async throws
    /// False where nothing can be sent: then no code is made, and the page says so.
    var canSend: Bool { get }
    /// What may be shown on the page: the code itself in a demo, nothing in service.
    func shownOnPage(code: String) -> String?
}

extension CodeSender {
    package var canSend: Bool { true }
}

/// For demo districts only: the code is shown on the page and goes nowhere else.
package struct DemoCodeSender: CodeSender {
    package init() {}
    package func send(code: String, to phone: Phone) async throws {}
    package func shownOnPage(code: String) -> String? { code }
}

/// For a house without an SMS provider: nothing is sent, and the page says to use the password or ask the desk.
package struct NoCodeSender: CodeSender {
    package init() {}
    package var canSend: Bool { false }
    package func send(code: String, to phone: Phone) async throws {}
    package func shownOnPage(code: String) -> String? { nil }
}

/// Limits of sign-in (rules.md 12.4 and 15.3).
package enum SignInLimits {
    package static let staffSessionMs = 12 * Instant.hourMs
    package static let staffIdleMs = 30 * Instant.minuteMs
    package static let residentSessionMs = 90 * Instant.dayMs
    package static let codeLifeMs = 5 * Instant.minuteMs
    package static let codeTries: Int64 = 5
    package static let codePauseMs = Instant.minuteMs
    package static let codesPerHour: Int64 = 5
    package static let codesPerDay: Int64 = 10
    package static let invitationMs = 14 * Instant.dayMs
    /// Seen times are written at most this often.
    static let touchMs = 5 * Instant.minuteMs
}

/// Passwords, codes, sessions and tokens: one transaction each.
package struct SignIn: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets
    let sender: any CodeSender
    package let memory: DirectoryMemory
    /// By digest, until a session or token ends or is changed; that one begins or is seen changes nothing here.
    private let sessions: MarkedMemory<[UInt8], SignInStore.Session>
    private let tokens: MarkedMemory<[UInt8], (token: SignInStore.Token, read: Instant)>
    /// Whether somebody who signs in on a day has a privacy notice to answer first. Asked in the transaction that begins
    /// the session; staff are not asked.
    package var asksNotice: (@Sendable (PersonID, Day, any ReadTransaction) throws -> Bool)?

    package init(
        database: any Database, world: World, journal: any Journal, secrets: Secrets, sender: any CodeSender
    ) {
        self.database = database
        self.world = world
        self.journal = journal
        self.secrets = secrets
        self.sender = sender
        memory = DirectoryMemory(database)
        sessions = MarkedMemory(database, of: ["directory_session"], limit: 50_000)
        tokens = MarkedMemory(database, of: ["directory_token"], limit: 10_000)
    }

    package struct Started: Sendable {
        package let token: String
        package let person: PersonID
        package let staff: Bool
        package let expires: Instant
    }

    /// By login name and password. The answer is the same whether the login exists or not, and takes as long. What is
    /// asked besides is told only to whoever knows the password.
    package func byPassword(login: String, password: String, device: String) async throws -> Entry {
        let now = world.now()
        let found = try await database.read { transaction -> (SignInStore.Account, SignInStore.Proven)? in
            guard let account = try SignInStore.account(login: login.lowercased(), transaction) else { return nil }
            return (account, try SignInStore.proven(account.person, transaction))
        }
        guard let (account, proven) = found else {
            try await secrets.verifyDecoy(password)
            throw DirectoryRefusal.wrongPassword
        }
        guard account.lockedUntil <= now else {
            try await note("signIn.locked", account.person)
            throw DirectoryRefusal.locked
        }
        guard try await secrets.verifyPassword(password, account.hash) else {
            throw try await wrong(account.person, at: now)
        }
        return try await proceed(proven, device: device, byPassword: true, isProved: false, resetFailures: true)
    }

    /// Counts a wrong password and says what to tell.
    func wrong(_ person: PersonID, at now: Instant) async throws -> DirectoryRefusal {
        let locked = try await database.write { [world, journal] transaction in
            let current = try SignInStore.account(person: person, transaction)
            let profile = try SecurityStore.profile(at: now, transaction)
            let failures = (current?.failures ?? 0) + 1
            let lock = failures >= profile.failures
            try SignInStore.setFailures(
                person, lock ? 0 : failures,
                lockedUntil: lock ? now.adding(ms: profile.lockMs) : Instant(ms: 0), transaction)
            try journal.audit(
                AuditEntry(
                    area: AreaID(0), actor: person, verb: lock ? "signIn.lock" : "signIn.failure",
                    subject: person.raw), at: world.now(), transaction)
            return lock
        }
        return locked ? .locked : .wrongPassword
    }

    /// Gives oneself another password. The old one is asked for and counted like a sign-in; every other device is signed
    /// out, in the same transaction.
    ///
    /// - Parameter session: the one that stays.
    package func changePassword(
        of person: PersonID, from old: String, to new: String, keeping session: Int64?
    ) async throws {
        let now = world.now()
        guard let account = try await database.read({ try SignInStore.account(person: person, $0) }) else {
            throw DirectoryRefusal.notFound
        }
        guard account.lockedUntil <= now else { throw DirectoryRefusal.locked }
        guard new != old else { throw DirectoryRefusal.newPassword }
        let profile = try await judge(new, of: person, login: account.login, field: "fresh")
        guard try await secrets.verifyPassword(old, account.hash) else { throw try await wrong(person, at: now) }
        try await refuseUsed(new, account, profile)
        let hash = try await secrets.hashPassword(new)
        let past = world.nextID()
        try await database.write { [journal] transaction in
            // Two changes at once: the second was made against a password that no longer holds.
            guard try SignInStore.account(person: person, transaction)?.hash == account.hash else {
                throw DirectoryRefusal.wrongPassword
            }
            try SecurityStore.keep(account.hash, of: person, id: past, at: now, transaction)
            try SignInStore.setPassword(person, hash, at: now, transaction)
            try SignInStore.setFailures(person, 0, lockedUntil: Instant(ms: 0), transaction)
            try SignInStore.endOthers(person, keeping: session ?? 0, transaction)
            try SecurityStore.dropSteps(of: person, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "password.change", subject: person.raw), at: now,
                transaction)
        }
    }

    /// Whether one-time codes reach anybody here.
    package var canSendCodes: Bool { sender.canSend }

    /// Makes and sends a code. The answer is the same whether the phone is known or not. Returns what the page may show.
    package func requestCode(phone text: String) async throws -> String? {
        guard let phone = Phone(text), phone.isMobile else { throw DirectoryRefusal.badPhone }
        guard sender.canSend else { throw DirectoryRefusal.codesNotSent }
        let now = world.now()
        let index = secrets.phoneIndex(phone)
        let code = try secrets.newCode(world)
        let digest = secrets.codeDigest(code, index)
        try await database.write { transaction in
            let old = try SignInStore.code(phoneIndex: index, transaction)
            var hourStart = old?.hourStart ?? now
            var hourCount = old?.hourCount ?? 0
            var dayStart = old?.dayStart ?? now
            var dayCount = old?.dayCount ?? 0
            if now.ms - hourStart.ms >= Instant.hourMs { (hourStart, hourCount) = (now, 0) }
            if now.ms - dayStart.ms >= Instant.dayMs { (dayStart, dayCount) = (now, 0) }
            if let old, now.ms - old.sent.ms < SignInLimits.codePauseMs, now >= old.sent {
                throw DirectoryRefusal.codeTooSoon
            }
            guard hourCount < SignInLimits.codesPerHour, dayCount < SignInLimits.codesPerDay else {
                throw DirectoryRefusal.codeTooMany
            }
            try SignInStore.putCode(
                index,
                SignInStore.Code(
                    digest: digest, tries: 0, sent: now, expires: now.adding(ms: SignInLimits.codeLifeMs),
                    hourStart: hourStart, hourCount: hourCount + 1, dayStart: dayStart, dayCount: dayCount + 1),
                transaction)
        }
        try await sender.send(code: code, to: phone)
        return sender.shownOnPage(code: code)
    }

    package enum CodeOutcome: Sendable {
        case entered(Entry)
        /// The phone serves several people of a household: one of them must be picked; the code is still good.
        case choose([(PersonID, String)])
    }

    /// By phone and code. A phone that nobody has yet becomes a person without a home, who then joins one.
    package func byCode(
        phone text: String, code: String, chosen: PersonID?, device: String
    ) async throws -> CodeOutcome {
        guard let phone = Phone(text), phone.isMobile else { throw DirectoryRefusal.badPhone }
        let now = world.now()
        let index = secrets.phoneIndex(phone)
        let digest = secrets.codeDigest(code, index)
        enum Found { case wrong, choose([(PersonID, String)]), person(SignInStore.Proven) }
        let fresh: PersonID = world.id()
        let sealed = try secrets.seal(phone, person: fresh, world: world)
        let found: Found = try await database.write { [journal] transaction in
            func failed() throws -> Found {
                try journal.audit(
                    AuditEntry(area: AreaID(0), actor: nil, verb: "signIn.codeFailure", subject: 0), at: now,
                    transaction)
                return .wrong
            }
            guard let stored = try SignInStore.code(phoneIndex: index, transaction), stored.expires > now,
                stored.tries < SignInLimits.codeTries
            else { return try failed() }
            guard Secrets.same(stored.digest, digest) else {
                try SignInStore.countTry(index, transaction)
                return try failed()
            }
            let people = try SignInStore.people(phoneIndex: index, transaction)
            let pick: PersonID
            if people.isEmpty {
                try DirectoryStore.insertPerson(fresh, name: phone.masked, phone: sealed, at: now, transaction)
                pick = fresh
            } else if people.count == 1 {
                pick = people[0].0
            } else if let chosen, people.contains(where: { $0.0 == chosen }) {
                pick = chosen
            } else {
                return .choose(people)
            }
            try SignInStore.spendCode(index, transaction)
            return .person(try SignInStore.proven(pick, transaction))
        }
        switch found {
        case .wrong: throw DirectoryRefusal.wrongCode
        case .choose(let people): return .choose(people)
        case .person(let proven):
            return .entered(
                try await proceed(proven, device: device, byPassword: false, isProved: false, resetFailures: false))
        }
    }

    /// Begins a session for who has proved who they are, unless the password or number that proved it is another by now.
    func start(_ proven: SignInStore.Proven, device: String, resetFailures: Bool) async throws -> Started {
        let now = world.now()
        let person = proven.person
        let token = try secrets.newToken(world)
        let digest = secrets.tokenDigest(token)
        let id = world.nextID()
        let day = Zone.shanghai.day(of: now)
        let kept = String(device.unicodeScalars.filter { $0.value >= 0x20 }.prefix(120).map(Character.init))
        return try await database.write { [journal, asksNotice] transaction in
            guard try SignInStore.proven(person, transaction) == proven else { throw DirectoryRefusal.stepGone }
            let staff = try !DirectoryStore.posts(of: person, on: day, transaction).isEmpty
            let expires = now.adding(ms: staff ? SignInLimits.staffSessionMs : SignInLimits.residentSessionMs)
            try SignInStore.insertSession(
                id: id, digest: digest, person: person, staff: staff, now: now, expires: expires, device: kept,
                awaitsNotice: try !staff && (asksNotice?(person, day, transaction) ?? false), transaction)
            if resetFailures {
                try SignInStore.setFailures(person, 0, lockedUntil: Instant(ms: 0), transaction)
            }
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "signIn", subject: id), at: now, transaction)
            return Started(token: token, person: person, staff: staff, expires: expires)
        }
    }

    /// - Parameter asked: what for; the audit keeps its digest.
    func keepRefusal(of person: PersonID, by post: Post?, asked: String) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            try journal.audit(
                AuditEntry(
                    area: post?.area ?? AreaID(0), actor: person, post: post?.id, verb: "access.refused",
                    subject: person.raw, detail: asked), at: now, transaction)
        }
    }

    private func note(_ verb: String, _ person: PersonID) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: verb, subject: person.raw), at: now, transaction)
        }
    }

    package struct SignedIn: Sendable {
        package let actor: Actor
        package let session: Int64?
        /// Of a token: what it may do, and its number.
        package var scopes: Scopes?
        package var token: Int64?
        package var awaitsNotice = false
    }

    /// Who a session cookie stands for; nil when it is unknown, over, or a staff session that sat idle too long.
    package func bySession(_ token: String) async throws -> SignedIn? {
        let now = world.now()
        let digest = secrets.tokenDigest(token)
        let day = Zone.shanghai.day(of: now)
        let (edition, noted) = (memory.edition, sessions.edition)
        // One that was not seen for so long that it must be written is read again: another server may have seen it, or
        // something may have ended it that no mark hears of.
        if let session = sessions.found(digest, noted), abs(now.ms - session.seen.ms) <= SignInLimits.touchMs,
            let actor = memory.knownActor(session.person, on: day, edition)
        {
            return Self.entered(session, actor, now)
        }
        let found: (SignInStore.Session, Actor)? = try await database.read { [memory] transaction in
            guard let session = try SignInStore.session(digest: digest, transaction),
                let actor = try memory.actor(session.person, on: day, edition, transaction)
            else { return nil }
            return (session, actor)
        }
        guard let (read, actor) = found, let signedIn = Self.entered(read, actor, now) else { return nil }
        var session = read
        // A clock that went back is no longer ahead of what it wrote.
        if abs(now.ms - session.seen.ms) > SignInLimits.touchMs {
            try await database.write { try SignInStore.touch(read.id, now, $0) }
            session.seen = now
        }
        sessions.keep(session, for: digest, noted)
        return signedIn
    }

    private static func entered(_ session: SignInStore.Session, _ actor: Actor, _ now: Instant) -> SignedIn? {
        guard session.expires > now, !session.staff || now.ms - session.seen.ms < SignInLimits.staffIdleMs,
            // Somebody who was given a post since then signs in again under the stricter rule.
            session.staff || actor.posts.isEmpty
        else { return nil }
        return SignedIn(
            actor: actor, session: session.id, awaitsNotice: session.awaitsNotice && actor.posts.isEmpty)
    }

    /// Who a personal token stands for: one person with one post, or a resident's own things.
    package func byToken(_ token: String) async throws -> SignedIn? {
        let now = world.now()
        let digest = secrets.tokenDigest(token)
        let day = Zone.shanghai.day(of: now)
        let (edition, noted) = (memory.edition, tokens.edition)
        if let (found, read) = tokens.found(digest, noted), abs(now.ms - read.ms) <= SignInLimits.touchMs,
            let actor = memory.knownActor(found.person, on: day, onlyPost: found.post, byToken: true, edition)
        {
            return Self.entered(found, actor, now)
        }
        let found: (SignInStore.Token, Actor)? = try await database.read { [memory] transaction in
            guard let found = try SignInStore.token(digest: digest, transaction),
                let actor = try memory.actor(
                    found.person, on: day, onlyPost: found.post, byToken: true, edition, transaction)
            else { return nil }
            return (found, actor)
        }
        guard let (found, actor) = found else { return nil }
        tokens.keep((found, now), for: digest, noted)
        return Self.entered(found, actor, now)
    }

    private static func entered(_ token: SignInStore.Token, _ whole: Actor, _ now: Instant) -> SignedIn? {
        guard token.expires > now, token.post == nil || !whole.posts.isEmpty else { return nil }
        // A resident's token: the homes, never a post.
        let actor =
            token.post != nil
            ? whole : Actor(person: whole.person, name: whole.name, posts: [], homes: whole.homes, byToken: true)
        return SignedIn(actor: actor, session: nil, scopes: token.scopes, token: token.id)
    }

    package func signOut(session: Int64, person: PersonID) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            try SignInStore.end(session, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "signOut", subject: session), at: now, transaction)
        }
    }

    package func signOutEverywhere(_ person: PersonID) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            try SignInStore.endAll(person, transaction)
            try SecurityStore.dropSteps(of: person, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "signOut.everywhere", subject: person.raw), at: now,
                transaction)
        }
    }

    /// Makes a personal token limited to one of the person's posts, or to a resident's own things.
    ///
    /// - Parameters:
    ///   - scopes: what a program may do with it.
    ///   - session: the one that asks, which must not have ended meanwhile, here or on another server; nil for none.
    package func makeToken(
        for actor: Actor, post: PostID?, name: String, days: Int, scopes: Scopes = .all, session: Int64? = nil
    ) async throws -> String {
        guard let person = actor.person, !actor.byToken else { throw DirectoryRefusal.noPost }
        guard post.map({ id in actor.posts.contains { $0.id == id } }) ?? true else { throw DirectoryRefusal.noPost }
        guard (1...40).contains(name.count) else { throw DirectoryRefusal.badName }
        let now = world.now()
        let token = try secrets.newToken(world)
        let digest = secrets.tokenDigest(token)
        let id = world.nextID()
        try await database.write { [journal] transaction in
            try SignInStore.require(session, of: person, transaction)
            try SignInStore.insertToken(
                id: id, digest: digest, person: person, post: post, name: name, scopes: scopes,
                expires: now.adding(days: min(max(days, 1), 366)), now: now, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, post: post, verb: "token.make", subject: id), at: now,
                transaction)
        }
        return token
    }

    package func revokeToken(_ id: Int64, of person: PersonID) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            guard try SignInStore.revokeToken(id, of: person, transaction) else { throw DirectoryRefusal.notFound }
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "token.revoke", subject: id), at: now, transaction)
        }
    }
}

extension SignIn {
    /// Gives a person a login. False when the login is taken. For seeds and the command line; part of the caller's
    /// transaction.
    package func plantAccount(
        person: PersonID, login: String, hash: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try SignInStore.insertAccount(person: person, login: login, hash: hash, at: now, transaction)
    }
}

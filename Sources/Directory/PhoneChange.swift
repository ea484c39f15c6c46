import Kernel
import Storage
import Web

extension DirectoryStore {
    /// Gives a person another number: what was sent to the old one is worth nothing any more, and what is found by it
    /// is forgotten.
    static func setPhone(_ person: PersonID, _ phone: SealedPhone, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            delete from directory_code where phone_index in (
                select p.phone_index from directory_person p
                where p.id = \(person) and p.phone_index is not null
                    and not exists (
                        select 1 from directory_person o where o.phone_index = p.phone_index and o.id <> p.id))
            """)
        try FindStore.forget(person, transaction)
        try transaction.run(
            """
            update directory_person set phone_sealed = \(phone.sealed), phone_index = \(phone.index),
                phone_tail = \(phone.tail), phone_masked = \(phone.masked)
            where id = \(person)
            """)
        try FindStore.put(person, transaction)
    }

    /// Whether a number is free for a person. Whose it is otherwise is told to nobody.
    fileprivate static func checkFree(
        _ phone: SealedPhone, for person: PersonID, _ transaction: any ReadTransaction
    ) throws {
        let people = try SignInStore.people(phoneIndex: phone.index, transaction)
        guard !people.contains(where: { $0.0 == person }) else { throw HomeRefusal.sameNumber }
        guard people.isEmpty else { throw HomeRefusal.numberTaken }
    }

    /// The places of posts that somebody has or will have.
    static func postPaths(
        of person: PersonID, from day: Day, _ transaction: any ReadTransaction
    ) throws -> [AreaPath] {
        try transaction.query(
            """
            select a.path from directory_post p join directory_area a on a.id = p.area_id
            where p.person_id = \(person) and p.to_day >= \(day) order by p.id limit 200
            """
        ) { try $0.path(0) }
    }
}

/// Corrects the number by which somebody signs in. The old one stops at once, and other sessions end with it. No number
/// stands in the audit.
package struct PhoneActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets
    let signIn: SignIn
    let hooks: ResidentHooks

    /// One's own, by a code that was sent to the new number and, for whoever has one, the password.
    ///
    /// - Parameter session: the one that stays.
    package func change(
        of person: PersonID, to text: String, code: String, password: String, keeping session: Int64?
    ) async throws {
        guard let phone = Phone(text), phone.isMobile else { throw DirectoryRefusal.badPhone }
        let now = world.now()
        let account = try await database.read { try SignInStore.account(person: person, $0) }
        if let account {
            guard account.lockedUntil <= now else { throw DirectoryRefusal.locked }
            guard try await secrets.verifyPassword(password, account.hash) else {
                throw try await signIn.wrong(person, at: now)
            }
        }
        let sealed = try secrets.seal(phone, person: person, world: world)
        let digest = secrets.codeDigest(code, sealed.index)
        // A wrong code is counted, and a right one spent, also where the number is refused.
        let refusal: (any Refusal)? = try await database.write { [journal, hooks] transaction in
            guard try SignInStore.account(person: person, transaction)?.hash == account?.hash else {
                throw DirectoryRefusal.changedMeanwhile
            }
            guard let stored = try SignInStore.code(phoneIndex: sealed.index, transaction), stored.expires > now,
                stored.tries < SignInLimits.codeTries
            else { return DirectoryRefusal.wrongCode }
            guard Secrets.same(stored.digest, digest) else {
                try SignInStore.countTry(sealed.index, transaction)
                return DirectoryRefusal.wrongCode
            }
            try SignInStore.spendCode(sealed.index, transaction)
            do {
                try DirectoryStore.checkFree(sealed, for: person, transaction)
            } catch let refusal as HomeRefusal {
                return refusal
            }
            try DirectoryStore.setPhone(person, sealed, transaction)
            if account != nil {
                try SignInStore.setFailures(person, 0, lockedUntil: Instant(ms: 0), transaction)
            }
            try SecurityStore.dropSteps(of: person, transaction)
            try SignInStore.endOthers(person, keeping: session ?? 0, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "person.phone", subject: person.raw), at: now,
                transaction)
            try hooks.tell?(.phoneChanged, [sealed.masked], "/me", [person], nil, now, transaction)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Somebody else's, by staff who check homes where that person has one in force. Every session and every token of
    /// the person ends: whoever holds the old number may have made them.
    ///
    /// - Parameter seen: the masked number that was seen; if somebody changed it since, nothing happens.
    package func correct(
        _ home: Int64, to text: String, was seen: String, why: String, by actor: Actor
    ) async throws {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        // No number in the reason either.
        guard HomeEndActions.isReason(why), !TextRules.holdsNumber(why) else { throw DirectoryRefusal.badWhy }
        guard let phone = Phone(text), phone.isMobile else { throw DirectoryRefusal.badPhone }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let secrets = secrets
        let world = world
        try await database.write { [journal, hooks] transaction in
            let (found, post) = try HomeEndActions.find(home, .staff(why: why), actor, transaction)
            guard let post, found.to >= today else { throw DirectoryRefusal.notFound }
            let person = found.person
            guard person != author else { throw HomeRefusal.ownNumber }
            guard try !MinorStore.isMinor(person, transaction) else {
                throw DirectoryRefusal.minorContact(String(try LawLimitStore.value(.minorAge, transaction)))
            }
            guard
                try DirectoryStore.postPaths(of: person, from: today, transaction).allSatisfy({
                    actor.may(.residentApprove, at: $0)
                })
            else { throw HomeRefusal.staffNumber }
            guard found.phone == seen else { throw DirectoryRefusal.changedMeanwhile }
            let sealed = try secrets.seal(phone, person: person, world: world)
            try DirectoryStore.checkFree(sealed, for: person, transaction)
            try DirectoryStore.setPhone(person, sealed, transaction)
            try SecurityStore.dropSteps(of: person, transaction)
            try SignInStore.endAll(person, transaction)
            try transaction.run("delete from directory_token where person_id = \(person)")
            try journal.audit(
                AuditEntry(
                    area: found.estate, actor: author, post: post.id, verb: "person.phone", subject: person.raw,
                    detail: why, isReason: true), at: now, transaction)
            try hooks.tell?(.phoneChanged, [sealed.masked], "/me", [person], author, now, transaction)
        }
    }
}

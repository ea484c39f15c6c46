import Kernel
import Storage
import Web

/// Organisations and who holds which post in them. Each action is one transaction, by a post that may edit the directory
/// at the organisation's area and at the area of the post, and is audited. What is out of reach is as good as missing.
package struct OrganisationActions: Sendable {
    package static let longestName = 60
    package static let longestTitle = 40

    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets

    package init(database: any Database, world: World, journal: any Journal, secrets: Secrets) {
        self.database = database
        self.world = world
        self.journal = journal
        self.secrets = secrets
    }

    // MARK: Organisations

    /// Adds an organisation that serves an area; it is the head of a family of its own.
    @discardableResult
    package func add(
        party: Party, name typed: String, area: AreaID, by actor: Actor
    ) async throws -> OrganisationID {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let name = try Self.name(typed)
        let id: OrganisationID = world.id()
        let now = world.now()
        try await database.write { [journal] transaction in
            guard let place = try DirectoryStore.area(area, transaction),
                let post = actor.post(for: .directoryEdit, at: place.path)
            else { throw DirectoryRefusal.beyondScope }
            guard try !OrganisationStore.isTaken(name, area: area, except: nil, transaction) else {
                throw DirectoryRefusal.organisationTaken
            }
            try DirectoryStore.insertOrganisation(
                Organisation(id: id, family: id, party: party, name: name, area: area), parent: nil, at: now,
                transaction)
            try journal.audit(
                AuditEntry(
                    area: place.estate ?? area, actor: person, post: post.id, verb: "organisation.add",
                    subject: id.raw, detail: "\(party.rawValue) \(name)"), at: now, transaction)
        }
        return id
    }

    /// - Parameter seen: the name that the person saw; if somebody gave another one since, nothing changes.
    package func rename(
        _ id: OrganisationID, to typed: String, was seen: String, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let name = try Self.name(typed)
        let now = world.now()
        try await database.write { [journal] transaction in
            let (body, area, post) = try Self.place(id, actor, transaction)
            guard body.name == seen else { throw DirectoryRefusal.changedMeanwhile }
            guard try !OrganisationStore.isTaken(name, area: area.id, except: id, transaction) else {
                throw DirectoryRefusal.organisationTaken
            }
            guard try OrganisationStore.rename(id, to: name, was: seen, transaction) else {
                throw DirectoryRefusal.changedMeanwhile
            }
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? area.id, actor: person, post: post.id, verb: "organisation.rename",
                    subject: id.raw, detail: "\(seen) > \(name)"), at: now, transaction)
        }
    }

    /// The number that residents call. Never a person's own: those are sealed and not shown.
    ///
    /// - Parameters:
    ///   - typed: digits, spaces, `-` and `+`, with 3 to 15 digits; empty takes the number away.
    ///   - seen: the number that the person saw; if somebody gave another one since, nothing changes.
    package func setServiceLine(
        _ typed: String, of id: OrganisationID, was seen: String, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let digits = typed.unicodeScalars.filter { ("0"..."9").contains($0) }.count
        let isPlain = typed.unicodeScalars.allSatisfy { ("0"..."9").contains($0) || " -+".unicodeScalars.contains($0) }
        guard typed.isEmpty || (isPlain && (3...15).contains(digits) && typed.utf8.count <= ServiceLineStore.longest)
        else { throw DirectoryRefusal.badServiceLine }
        let now = world.now()
        try await database.write { [journal] transaction in
            let (_, area, post) = try Self.place(id, actor, transaction)
            guard try ServiceLineStore.phone(of: id, transaction) == seen else {
                throw DirectoryRefusal.changedMeanwhile
            }
            try ServiceLineStore.put(typed, for: id, transaction)
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? area.id, actor: person, post: post.id, verb: "organisation.phone",
                    subject: id.raw, detail: "\(seen) > \(typed)"), at: now, transaction)
        }
    }

    // MARK: Posts

    /// Who is given which post, from which day to which.
    package struct Grant: Sendable {
        package var organisation: OrganisationID
        package var role: Role
        package var area: AreaID
        package var title = ""
        package var from: Day
        /// The last day; nil for a post without an end.
        package var to: Day?
        package var phone: String
        /// May stay empty when exactly one person has the phone.
        package var name = ""
        /// Somebody new who shares the phone with people of other names.
        package var isAnother = false
        /// For somebody new who will sign in by password; empty for sign-in by one-time code.
        package var login = ""
        package var password = ""

        package init(
            organisation: OrganisationID, role: Role, area: AreaID, from: Day, to: Day? = nil, phone: String
        ) {
            self.organisation = organisation
            self.role = role
            self.area = area
            self.from = from
            self.to = to
            self.phone = phone
        }
    }

    /// Gives somebody a post. Nobody gives one that reaches beyond the places where they may edit the directory, nor
    /// beyond what the organisation serves. A person may hold several posts (A041), but no post twice at a time.
    @discardableResult
    package func grant(_ grant: Grant, by actor: Actor) async throws -> PostID {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let to = grant.to ?? HomeStore.forever
        guard to >= grant.from, to >= today else { throw DirectoryRefusal.badPostDates }
        guard grant.title.unicodeScalars.count <= Self.longestTitle, TextRules.isPlain(grant.title) else {
            throw DirectoryRefusal.badTitle
        }
        guard let phone = Phone(grant.phone), phone.isMobile else { throw DirectoryRefusal.badPhone }
        let login = grant.login.lowercased()
        if !login.isEmpty || !grant.password.isEmpty {
            try Self.check(login)
            let profile = try await database.read { try SecurityStore.profile(at: now, $0) }
            if let fault = profile.judge(grant.password, own: [login, grant.name]) {
                throw DirectoryRefusal.weakPassword(fault, "password")
            }
            if try await secrets.isLeaked(grant.password) {
                throw DirectoryRefusal.weakPassword(.leaked, "password")
            }
        }
        let fresh: PersonID = world.id()
        let id: PostID = world.id()
        let sealed = try secrets.seal(phone, person: fresh, world: world)
        // Slow on purpose, and so outside the transaction.
        let hash = login.isEmpty ? nil : try await secrets.hashPassword(grant.password)
        try await database.write { [journal] transaction in
            let (_, home, _) = try Self.place(grant.organisation, actor, transaction)
            guard let area = try DirectoryStore.area(grant.area, transaction),
                let post = actor.post(for: .directoryEdit, at: area.path)
            else { throw DirectoryRefusal.beyondScope }
            guard home.path.contains(area.path) else { throw DirectoryRefusal.outsideOrganisation }
            let found = try Self.find(grant, masked: phone.masked, index: sealed.index, transaction)
            let person = found ?? fresh
            let isTwice = try OrganisationStore.hasPost(
                person, organisation: grant.organisation, role: grant.role, area: grant.area, from: grant.from,
                to: to, transaction)
            guard !isTwice else { throw DirectoryRefusal.postTaken }
            try Separation.check(person, grant.role, from: grant.from, to: to, at: now, transaction)
            if found == nil {
                try DirectoryStore.insertPerson(fresh, name: grant.name, phone: sealed, at: now, transaction)
                if let hash {
                    let isNew = try SignInStore.insertAccount(
                        person: fresh, login: login, hash: hash, at: now, transaction)
                    guard isNew else { throw DirectoryRefusal.loginTaken }
                }
            } else {
                // Nobody is given a second way into an account that is theirs already.
                guard hash == nil else { throw DirectoryRefusal.loginForNew }
            }
            try DirectoryStore.insertPost(
                id, person: person, organisation: grant.organisation, role: grant.role, area: grant.area,
                title: grant.title, from: grant.from, to: to, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? area.id, actor: author, post: post.id, verb: "post.grant", subject: id.raw,
                    detail: "\(person.text) \(grant.role.code) \(area.id.text) \(grant.from) \(to)"), at: now,
                transaction)
        }
        return id
    }

    /// Ends a post on its last day, which is yesterday at the earliest; a post that has not begun is taken back. The
    /// last administrator over an area stays.
    ///
    /// - Parameter seen: the last day that the person saw; if somebody changed it since, nothing happens.
    package func end(
        _ id: PostID, of organisation: OrganisationID, on last: Day, was seen: Day, by actor: Actor
    ) async throws {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        try await database.write { [journal] transaction in
            _ = try Self.place(organisation, actor, transaction)
            guard let found = try OrganisationStore.post(id, transaction), found.organisation == organisation,
                let post = actor.post(for: .directoryEdit, at: found.path)
            else { throw DirectoryRefusal.notFound }
            guard found.to == seen else { throw DirectoryRefusal.changedMeanwhile }
            if found.from > today {
                guard try OrganisationStore.cancelPost(id, before: today, transaction) else {
                    throw DirectoryRefusal.changedMeanwhile
                }
            } else {
                guard found.to >= today else { throw DirectoryRefusal.postEnded }
                guard last >= found.from, last >= today.adding(-1), last <= found.to else {
                    throw DirectoryRefusal.badPostEnd
                }
                if found.role.verbs.contains(.directoryEdit) {
                    let others = try DirectoryStore.colleagues(
                        at: found.path, may: .directoryEdit, on: last.adding(1), transaction
                    ).filter { $0.post != id }
                    guard !others.isEmpty else { throw DirectoryRefusal.lastAdministrator }
                }
                guard try OrganisationStore.endPost(id, on: last, was: seen, transaction) else {
                    throw DirectoryRefusal.changedMeanwhile
                }
            }
            try journal.audit(
                AuditEntry(
                    area: found.path.ids.last ?? AreaID(0), actor: author, post: post.id, verb: "post.end",
                    subject: id.raw, detail: "\(last)"), at: now, transaction)
        }
    }

    /// An organisation within reach, with its area and the post that reaches it.
    static func place(
        _ id: OrganisationID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Organisation, Area, Post) {
        guard let body = try DirectoryStore.organisation(id, transaction),
            let area = try DirectoryStore.area(body.area, transaction),
            let post = actor.post(for: .directoryEdit, at: area.path)
        else { throw DirectoryRefusal.notFound }
        return (body, area, post)
    }

    /// A look at posts that say who is a member of the party.
    struct PartyLook: Sendable {
        let organisation: OrganisationID
        let area: AreaID
        let post: PostID
    }

    /// What is to be kept before these posts are shown; nil where none of them says who is a member of the party.
    static func look(
        _ posts: [PostRow], of body: Organisation, _ area: Area, by post: Post,
        _ transaction: any ReadTransaction
    ) throws -> PartyLook? {
        let kind = try transaction.first("select kind from directory_organisation where id = \(body.id)") {
            try $0.raw(0, OrganisationKind.self)
        }
        guard !posts.isEmpty, kind?.revealsMembers ?? false || posts.contains(where: { $0.role == .partyAffairs })
        else { return nil }
        return PartyLook(organisation: body.id, area: area.estate ?? area.id, post: post.id)
    }

    /// Where it cannot be kept, nothing is shown.
    func looked(_ look: PartyLook?, by actor: Actor) async throws {
        guard let look else { return }
        let now = world.now()
        try await database.write { [journal] transaction in
            try journal.audit(
                AuditEntry(
                    area: look.area, actor: actor.person, post: look.post, verb: "party.look",
                    subject: look.organisation.raw, detail: "posts"), at: now, transaction)
        }
    }

    /// The person whom the phone and the name mean; nil for somebody new. Names that were not typed are never told.
    private static func find(
        _ grant: Grant, masked: String, index: [UInt8], _ transaction: any WriteTransaction
    ) throws -> PersonID? {
        let people = try SignInStore.people(phoneIndex: index, transaction)
        if let match = people.first(where: { $0.1 == grant.name }) { return match.0 }
        if grant.name.isEmpty {
            guard people.count < 2 else { throw DirectoryRefusal.severalPeople }
            guard let only = people.first else { throw DirectoryRefusal.badName }
            return only.0
        }
        guard (1...40).contains(grant.name.unicodeScalars.count), TextRules.isPlain(grant.name) else {
            throw DirectoryRefusal.badName
        }
        // Somebody who signed in by code and never said a name has the masked number for one.
        if people.count == 1, people[0].1 == masked, !grant.isAnother {
            try DirectoryStore.rename(people[0].0, grant.name, transaction)
            return people[0].0
        }
        guard people.isEmpty || grant.isAnother else { throw DirectoryRefusal.phoneTaken }
        return nil
    }

    private static func check(_ login: String) throws {
        let letters = login.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        guard (2...40).contains(login.utf8.count), letters else { throw DirectoryRefusal.badLogin }
    }

    private static func name(_ typed: String) throws -> String {
        do { return try AreaActions.name(typed) } catch { throw DirectoryRefusal.badOrganisationName }
    }
}

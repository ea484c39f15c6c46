import Kernel
import Storage
import Web

/// Names and homes: who lives where, by invitation or by the word of staff. Each action is one transaction.
package struct HomeActions: Sendable {
    package static let mostWaiting = 5
    package static let mostOpenInvitations: Int64 = 20
    /// Staff hand out invitations for a whole building.
    package static let mostOpenInvitationsOfStaff: Int64 = 500
    /// A lease lasts twenty years at most (Civil Code art. 705).
    package static let longestLeaseDays = 7305

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

    package func rename(_ person: PersonID, to name: String) async throws {
        guard (1...40).contains(name.unicodeScalars.count), TextRules.isPlain(name) else {
            throw DirectoryRefusal.badName
        }
        let now = world.now()
        try await database.write { [journal] transaction in
            try DirectoryStore.rename(person, name, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "person.rename", subject: person.raw), at: now,
                transaction)
        }
    }

    /// Makes an invitation to a unit. A person at home there as owner or co-owner may, for anybody but an owner; staff
    /// who check homes at the unit may for anybody. Returns the code, which is kept nowhere.
    ///
    /// - Parameters:
    ///   - from: the first day of the home; the day of joining if it is nil or over by then.
    ///   - to: the last day of the home, at most the longest lease from now; none if nil.
    package func invite(
        to unit: AreaID, relation: HomeRelation, from: Day? = nil, to: Day? = nil, by actor: Actor
    ) async throws -> String {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let first = from ?? today
        guard first >= today, first <= today.adding(366), to.map({ $0 >= first }) ?? true,
            to.map({ $0 <= today.adding(Self.longestLeaseDays) }) ?? true
        else { throw DirectoryRefusal.badInvitationDates }
        let code = InvitationCode.make(world)
        guard let digest = digest(code) else { throw DirectoryRefusal.badInvitation }
        try await database.write { [journal] transaction in
            guard let area = try DirectoryStore.area(unit, transaction), area.level == .unit,
                Self.may(actor, invite: relation, to: area)
            else { throw DirectoryRefusal.noSuchUnit }
            let most =
                actor.may(.residentApprove, at: area.path)
                ? Self.mostOpenInvitationsOfStaff : Self.mostOpenInvitations
            guard try HomeStore.openInvitations(by: person, at: now, transaction) < most else {
                throw WebRefusal.tooMany
            }
            try SignInStore.insertInvitation(
                digest: digest, unit: unit, relation: relation, from: from, to: to, by: person,
                expires: now.adding(ms: SignInLimits.invitationMs), transaction)
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? area.id, actor: person,
                    post: actor.post(for: .residentApprove, at: area.path)?.id, verb: "home.invite", subject: unit.raw,
                    detail: relation.code), at: now, transaction)
        }
        return code
    }

    /// Takes an invitation back before anybody used it, by staff who check homes at its unit.
    package func revokeInvitation(_ digest: [UInt8], by actor: Actor) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        try await database.write { [journal] transaction in
            guard let found = try SignInStore.invitation(digest: digest, transaction),
                let unit = try DirectoryStore.area(found.unit, transaction),
                let post = actor.post(for: .residentApprove, at: unit.path)
            else { throw DirectoryRefusal.notFound }
            guard try HomeStore.revokeInvitation(digest: digest, by: person, transaction) else {
                throw DirectoryRefusal.invitationGone
            }
            try journal.audit(
                AuditEntry(
                    area: unit.estate ?? unit.id, actor: person, post: post.id, verb: "home.revokeInvitation",
                    subject: unit.id.raw, detail: found.relation.code), at: now, transaction)
        }
    }

    /// Joins the home of an invitation, which is then spent. It holds only while its maker may still invite there.
    package func join(_ person: PersonID, invitation code: String, until: Day?) async throws {
        guard let digest = digest(code) else { throw DirectoryRefusal.badInvitation }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let id = world.nextID()
        try await database.write { [journal] transaction in
            guard let found = try SignInStore.invitation(digest: digest, transaction),
                let unit = try DirectoryStore.area(found.unit, transaction), unit.level == .unit,
                let maker = try DirectoryStore.actor(found.by, on: today, transaction),
                Self.may(maker, invite: found.relation, to: unit),
                try SignInStore.useInvitation(digest: digest, by: person, at: now, transaction)
            else { throw DirectoryRefusal.badInvitation }
            let already = try DirectoryStore.homes(of: person, on: today, transaction)
            guard !already.contains(where: { $0.unit == unit.id && $0.relation == found.relation }) else {
                throw DirectoryRefusal.homeAsked
            }
            let from = max(today, found.from ?? today)
            let to = min(try Self.last(found.relation, until, today: today), found.to ?? HomeStore.forever)
            guard found.to.map({ $0 >= from }) ?? true else { throw DirectoryRefusal.badInvitation }
            guard to >= from else { throw DirectoryRefusal.badDate }
            // What the person asked for before is answered by the invitation, unless that begins later.
            let isAdmitted =
                try from == today
                && HomeStore.admit(
                    person, unit: unit.id, relation: found.relation, from: today, to: to, by: found.by, transaction)
            if isAdmitted {
                try HouseholdStore.settle(unit.id, at: now, transaction)
            } else {
                let isNew = try DirectoryStore.insertHome(
                    person: person, unit: unit, relation: found.relation, active: true, from: from, to: to,
                    decidedBy: found.by, id: id, at: now, transaction)
                guard isNew else { throw DirectoryRefusal.homeAsked }
            }
            try journal.audit(
                AuditEntry(
                    area: unit.estate ?? unit.id, actor: person, verb: "home.join", subject: unit.id.raw,
                    detail: found.relation.code), at: now, transaction)
        }
    }

    /// Asks staff to check that the person belongs to a unit.
    package func ask(_ person: PersonID, unit: AreaID, relation: HomeRelation, until: Day?) async throws {
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let to = try Self.last(relation, until, today: today)
        let id = world.nextID()
        try await database.write { [journal] transaction in
            guard let area = try DirectoryStore.area(unit, transaction), area.level == .unit, let estate = area.estate
            else { throw DirectoryRefusal.noSuchUnit }
            let rows = try HomeStore.rows(of: person, on: today, transaction)
            guard rows.count(where: \.isWaiting) < Self.mostWaiting,
                !rows.contains(where: { $0.unit == unit && ($0.isWaiting || $0.relation == relation) }),
                try DirectoryStore.insertHome(
                    person: person, unit: area, relation: relation, active: false, from: today, to: to, decidedBy: nil,
                    id: id, at: now, transaction)
            else { throw DirectoryRefusal.homeAsked }
            try journal.audit(
                AuditEntry(area: estate, actor: person, verb: "home.ask", subject: id, detail: relation.code), at: now,
                transaction)
        }
    }

    /// Accepts or refuses what somebody asked for; never one's own.
    package func decide(_ id: Int64, accept: Bool, by actor: Actor) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        try await database.write { [journal] transaction in
            guard let found = try HomeStore.decision(id, transaction),
                let post = actor.post(for: .residentApprove, at: found.path)
            else { throw DirectoryRefusal.notFound }
            guard found.isWaiting, let waiting = try DirectoryStore.waitingHome(id, transaction) else {
                throw DirectoryRefusal.homeDecidedAlready
            }
            guard waiting.person != person else { throw DirectoryRefusal.noPost }
            guard try DirectoryStore.decideHome(id, accept: accept, by: person, transaction) else {
                throw DirectoryRefusal.homeDecidedAlready
            }
            if accept, let unit = waiting.unitPath.ids.last {
                try HouseholdStore.settle(unit, at: now, transaction)
            }
            try journal.audit(
                AuditEntry(
                    area: waiting.estate, actor: person, post: post.id, verb: accept ? "home.accept" : "home.refuse",
                    subject: id), at: now, transaction)
        }
    }

    /// Whether somebody may invite to a unit.
    static func may(_ actor: Actor, invite relation: HomeRelation, to unit: Area) -> Bool {
        if actor.may(.residentApprove, at: unit.path) { return true }
        guard relation != .owner else { return false }
        return actor.homes.contains { $0.unit == unit.id && ($0.relation == .owner || $0.relation == .coOwner) }
    }

    /// The last day: a tenant may name one, nobody else has any.
    private static func last(_ relation: HomeRelation, _ until: Day?, today: Day) throws -> Day {
        guard relation == .tenant, let until else { return HomeStore.forever }
        guard until >= today, until <= today.adding(longestLeaseDays) else { throw DirectoryRefusal.badDate }
        return until
    }

    private func digest(_ code: String) -> [UInt8]? {
        InvitationCode.plain(code).map { secrets.invitationDigest($0) }
    }
}

/// Twelve characters (60 bits) that people can read out: no letter looks like a digit.
enum InvitationCode {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// Such as `7k3m-9x2p-q4rt`.
    static func make(_ world: World) -> String {
        var text = ""
        for (index, byte) in world.randomBytes(12).enumerated() {
            if index > 0, index % 4 == 0 { text += "-" }
            text.append(alphabet[Int(byte & 31)])
        }
        return text
    }

    /// What was typed, without spaces and dashes, and with the letters that look like digits read as those.
    static func plain(_ typed: String) -> String? {
        guard typed.utf8.count <= 64 else { return nil }
        var result = ""
        for character in typed.lowercased() where !character.isWhitespace && character != "-" {
            switch character {
            case "o": result.append("0")
            case "i", "l": result.append("1")
            default: result.append(character)
            }
        }
        return result.count == 12 && result.allSatisfy(alphabet.contains) ? result : nil
    }
}

package enum TextRules {
    /// No control characters, and none that turn the direction of the text around them.
    package static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && !(0x2028...0x202E).contains(scalar.value)
                && !(0x2066...0x2069).contains(scalar.value)
        }
    }

    /// Whether a text may hold the number of a telephone or of a person, which a reason that is kept in clear must not:
    /// seven digits in a row, or eleven in all, in any script.
    package static func holdsNumber(_ text: String) -> Bool {
        var (all, row) = (0, 0)
        for scalar in text.unicodeScalars {
            if scalar.properties.numericType != nil { all += 1 }
            row = scalar.properties.numericType == .decimal ? row + 1 : 0
            if row >= 7 || all >= 11 { return true }
        }
        return false
    }
}

import ArgumentParser
import Directory
import Foundation
import Kernel
import Storage
import Web

/// The first words of a new house: its highest area, the body that runs it, and somebody who may do the rest on pages.
struct Setup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Begin a new house: its highest area and its first administrator.",
        discussion: """
            Prints the administrator's password once. Everything else - areas, organisations, posts, calendars, limits - \
            is done on the pages of /desk afterwards. A house that has an administrator is left as it is.
            """)
    @OptionGroup var options: DataOptions
    @Option(help: "The name of the highest area, such as a district or a street.")
    var area: String
    @Option(help: "Its level: district, street, community or estate.")
    var level: String = "district"
    @Option(help: "The name of the body that runs the house.")
    var organisation: String
    @Option(help: "The administrator's login.")
    var login: String = "admin"
    @Option(help: "The administrator's name.")
    var name: String

    func run() async throws {
        let levels: [String: AreaLevel] = [
            "district": .district, "street": .street, "community": .community, "estate": .estate,
        ]
        guard let level = levels[level] else {
            throw ValidationError("the level is one of \(levels.keys.sorted().joined(separator: ", "))")
        }
        do {
            // Before anything is made: a slip of the hand leaves no empty house behind.
            try FirstSteps.check(names: [area, organisation, name], login: login)
        } catch {
            throw ValidationError(error.rawValue)
        }
        let house = try await open(options.configuration())
        do {
            let password = try await FirstSteps(house: house).take(
                area: area, level: level, organisation: organisation, login: login, name: name)
            print("login     \(login)")
            print("password  \(password)")
            print("Sign in at /sign-in?staff=1 and change the password on /me.")
        } catch let refusal as FirstSteps.Failure {
            try await house.close()
            throw ValidationError(refusal.rawValue)
        }
        try await house.close()
    }
}

/// Makes the highest area, its organisation and the first administrator in one transaction.
struct FirstSteps {
    enum Failure: String, Error {
        case badName = "names have 1 to 40 characters, without line breaks"
        case badLogin = "a login has 2 to 40 small letters, digits, dots and hyphens"
        case notEmpty = "this house has areas or accounts already; sign in as its administrator"
    }

    let house: House
    private static let alphabet = Array("23456789abcdefghjkmnpqrstuvwxyz")

    static func check(names: [String], login: String) throws(Failure) {
        for text in names {
            guard (1...40).contains(text.unicodeScalars.count), TextRules.isPlain(text) else { throw .badName }
        }
        let isLogin = login.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
        }
        guard (2...40).contains(login.utf8.count), isLogin else { throw .badLogin }
    }

    func take(
        area typedArea: String, level: AreaLevel, organisation: String, login: String, name: String
    ) async throws -> String {
        try Self.check(names: [typedArea, organisation, name], login: login)
        let world = house.world
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        // Four groups of five from 31 signs: 99 bits.
        let signs = try await randomSigns(20)
        let password = stride(from: 0, to: 20, by: 5).map { String(signs[$0..<$0 + 5]) }.joined(separator: "-")
        let hash = try await house.secrets.hashPassword(password)
        let id: AreaID = world.id()
        let area = Area(
            id: id, parent: nil, level: level, name: typedArea, path: AreaPath.root.appending(id),
            estate: level == .estate ? id : nil)
        let body: OrganisationID = world.id()
        let person: PersonID = world.id()
        let post: PostID = world.id()
        let directory = house.directory
        try await house.database.write { transaction in
            let known = try transaction.first(
                "select (select count(*) from directory_area) + (select count(*) from directory_account)"
            ) { try $0.int(0) }
            guard known == 0 else { throw Failure.notEmpty }
            _ = try DirectoryStore.insertArea(area, code: "", at: now, transaction)
            try DirectoryStore.insertOrganisation(
                Organisation(id: body, family: body, party: .department, name: organisation, area: id), parent: nil,
                at: now, transaction)
            try DirectoryStore.insertPerson(person, name: name, phone: nil, at: now, transaction)
            try DirectoryStore.insertPost(
                post, person: person, organisation: body, role: .administrator, area: id, title: "",
                from: today, to: HomeStore.forever, at: now, transaction)
            guard
                try directory.signIn.plantAccount(person: person, login: login, hash: hash, at: now, transaction)
            else { throw Failure.notEmpty }
            try directory.journal.audit(
                AuditEntry(area: id, actor: nil, verb: "house.setup", subject: person.raw, detail: typedArea), at: now,
                transaction)
        }
        return password
    }

    /// Each sign as likely as every other.
    private func randomSigns(_ count: Int) async throws -> [Character] {
        var signs: [Character] = []
        while signs.count < count {
            for byte in house.world.randomBytes(count) where Int(byte) < 248 && signs.count < count {
                signs.append(Self.alphabet[Int(byte) % 31])
            }
        }
        return signs
    }
}

import Attachments
import Foundation
import Kernel
import Messaging
import Privacy
import Storage
import StorageSQLite
import StorageTesting
import Synchronization
import Testing

@testable import Cases
@testable import Directory

/// A small district on a real database of its own (`TestEngine`): two streets with an estate each, a second community
/// without one, staff of every role and residents, all written through the stores.
final class District: Sendable {
    let still: StillWorld
    let folder: String
    let place: String
    let database: any Database
    let secrets: Secrets
    let inbox: Inbox
    let actions: CaseActions
    let areas: [String: Area]
    let posts: [String: (person: PersonID, post: Post)]
    let people: [String: PersonID]
    let families: [String: OrganisationID]

    static let schema = Schema(
        DirectoryMigrations.all + MessagingMigrations.all + Attachments.migrations + CaseMigrations.all
            + PrivacyMigrations.all + CasePersonalMigrations.all)
    /// Wednesday, 18 March 2026, 9:00 in China.
    static let start = Zone.shanghai.instant(Day(number: 20530), hour: 9)

    static let kinds: [Cases.Category] = [
        kind(1, "leak", .repair, .property, .urgent, "漏水"), kind(2, "lamp", .repair, .property, .normal, "灯"),
        kind(3, "fire", .order, .department, .emergency, "着火"), kind(4, "slow", .complaint, .community, .normal, "没人来"),
        kind(5, "neighbour", .dispute, .community, .normal, "吵"),
        kind(6, "other", .consultation, .community, .normal, ""),
    ]
    private static func kind(
        _ id: Int64, _ code: String, _ kind: CategoryKind, _ party: Party, _ urgency: Urgency, _ hints: String
    ) -> Cases.Category {
        Cases.Category(
            id: CategoryID(id), code: code, kind: kind, zh: code, en: code, party: party, urgency: urgency,
            hints: hints, fastLane: false)
    }

    static func with(_ body: (District) async throws -> Void) async throws {
        var template = Array("/tmp/redsteward-cases-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestEngine.withPlace(in: folder) { place in
            try await with(place, folder, body)
        }
    }

    /// In a database at a place, of either engine.
    static func with(_ place: String, _ folder: String, _ body: (District) async throws -> Void) async throws {
        let database = try await open(place)
        do {
            try await body(try await District(folder, place, database))
        } catch {
            try? await database.close()
            throw error
        }
        try await database.close()
    }

    static func open(_ place: String) async throws -> any Database {
        var options = SQLiteDatabase.Options()
        options.recorder = SQLLog.recorder
        options.synchronous = .off
        return try await TestEngine.open(place, sqlite: options)
    }

    private init(_ folder: String, _ place: String, _ database: any Database) async throws {
        self.folder = folder
        self.place = place
        let still = StillWorld(at: Self.start)
        self.still = still
        let world = still.world
        self.database = database
        let now = Self.start
        try await Self.schema.migrate(database, at: now)
        secrets = try Secrets(
            try KeyFile.loadOrCreate(folder: folder, randomBytes: world.randomBytes), world: world, cost: .weakest)
        inbox = Inbox(notices: CaseNotices.all, nextID: world.nextID)
        actions = Self.actions(database, world, secrets, inbox)

        var areas: [String: Area] = [:]
        var order: [Area] = []
        for (key, level, name, parent) in [
            ("district", AreaLevel.district, "District", ""), ("street1", .street, "Street 1", "district"),
            ("street2", .street, "Street 2", "district"), ("community1", .community, "Community 1", "street1"),
            ("community2", .community, "Community 2", "street2"), ("community3", .community, "Community 3", "street1"),
            ("estate1", .estate, "Estate 1", "community1"), ("estate2", .estate, "Estate 2", "community2"),
            ("building1", .building, "3 号楼", "estate1"), ("building2", .building, "1 号楼", "estate2"),
            ("unit1", .unit, "2 单元 502", "building1"), ("unit2", .unit, "2 单元 402", "building1"),
            ("unit3", .unit, "1 单元 101", "building2"),
        ] {
            let id: AreaID = world.id()
            let above = areas[parent]
            let area = Area(
                id: id, parent: above?.id, level: level, name: name, path: (above?.path ?? .root).appending(id),
                estate: level == .estate ? id : above?.estate)
            areas[key] = area
            order.append(area)
        }
        var families: [String: OrganisationID] = [:]
        var bodies: [String: Organisation] = [:]
        for (key, party, area, family) in [
            ("property1", Party.property, "estate1", ""), ("branch1", .property, "estate1", "property1"),
            ("property2", .property, "estate2", ""), ("committee1", .committee, "estate1", ""),
            ("community1", .community, "community1", ""), ("community2", .community, "community2", ""),
            ("street1", .department, "street1", ""), ("squad", .department, "street1", ""),
            ("district", .department, "district", ""),
        ] {
            let id: OrganisationID = world.id()
            families[key] = families[family] ?? id
            bodies[key] = Organisation(
                id: id, family: families[family] ?? id, party: party, name: key, area: try #require(areas[area]).id)
        }
        let day = Zone.shanghai.day(of: now)
        var posts: [String: (person: PersonID, post: Post)] = [:]
        var people: [String: PersonID] = [:]
        var rows: [(PersonID, String)] = []
        for (key, role, body, area) in [
            ("desk", Role.desk, "property1", "estate1"), ("steward", .steward, "property1", "estate1"),
            ("branch", .steward, "branch1", "estate1"), ("committee", .committee, "committee1", "estate1"),
            ("grid", .grid, "community1", "community1"), ("approver", .approver, "community1", "community1"),
            ("moderator", .moderator, "community1", "community1"), ("squad", .department, "squad", "street1"),
            ("street", .street, "street1", "street1"), ("district", .district, "district", "district"),
            ("desk2", .desk, "property2", "estate2"), ("grid2", .grid, "community2", "community2"),
            ("auditor", .auditor, "district", "district"),
        ] {
            let person: PersonID = world.id()
            let place = try #require(areas[area])
            let organisation = try #require(bodies[body])
            posts[key] = (
                person,
                Post(
                    id: world.id(), role: role, organisation: organisation.id, family: organisation.family,
                    party: organisation.party, area: place.id, level: place.level, path: place.path, title: "")
            )
            people[key] = person
            rows.append((person, key))
        }
        let residents = [
            ("resident", "unit1"), ("neighbour", "unit2"), ("family", "unit1"), ("resident2", "unit3"),
        ]
        for (key, _) in residents {
            let person: PersonID = world.id()
            people[key] = person
            rows.append((person, key))
        }
        self.areas = areas
        self.posts = posts
        self.people = people
        self.families = families
        let planned = (order: order, bodies: Array(bodies.values), rows: rows, posts: Array(posts.values))
        let homes = try residents.map { key, unit in
            (try #require(people[key]), try #require(areas[unit]), world.nextID())
        }
        let policies = (world.nextID(), world.nextID())
        try await database.write { transaction in
            try CalendarStore.seed(transaction)
            for area in planned.order { _ = try DirectoryStore.insertArea(area, code: "", at: now, transaction) }
            for body in planned.bodies {
                try DirectoryStore.insertOrganisation(body, parent: nil, at: now, transaction)
            }
            for (person, name) in planned.rows {
                try DirectoryStore.insertPerson(person, name: name, phone: nil, at: now, transaction)
            }
            for (person, post) in planned.posts {
                try DirectoryStore.insertPost(
                    post.id, person: person, organisation: post.organisation, role: post.role, area: post.area,
                    title: "", from: day.adding(-10), to: day.adding(400), at: now, transaction)
            }
            for (person, unit, id) in homes {
                _ = try DirectoryStore.insertHome(
                    person: person, unit: unit, relation: .owner, active: true, from: day.adding(-10),
                    to: day.adding(400), decidedBy: nil, id: id, at: now, transaction)
            }
            for kind in Self.kinds { try CaseHistoryStore.insert(kind, transaction) }
            for (id, kind, days) in [(policies.0, Int64(0), 5), (policies.1, CategoryKind.dispute.rawValue, 3)] {
                try CaseHistoryStore.putPolicy(
                    Policy(
                        id: id, category: 0, area: 0, urgency: 0, kind: kind, attendMinutes: 180, handleMinutes: 180,
                        feedbackWorkdays: days, source: "test", version: 1), by: nil, at: now, transaction)
            }
        }
    }

    static func actions(
        _ database: any Database, _ world: World, _ secrets: Secrets, _ inbox: Inbox
    ) -> CaseActions {
        CaseActions(
            database: database, world: world,
            journal: StandardJournal(
                consumers: ["live"], auditKey: secrets.auditBytes, nextID: world.nextID, randomBytes: world.randomBytes
            ),
            inbox: inbox, secrets: secrets, book: CaseBook(database: database, calendars: Calendars(database: database))
        )
    }

    // MARK: People

    /// The database as SQLite's, for tests of its planner.
    var sqlite: SQLiteDatabase {
        get throws { try #require(database as? SQLiteDatabase) }
    }
    var clockwork: Clockwork { Clockwork(actions) }
    var queries: CaseQueries { CaseQueries(database: database) }

    func area(_ key: String) -> Area {
        guard let area = areas[key] else { preconditionFailure(key) }
        return area
    }
    func person(_ key: String) -> PersonID {
        guard let person = people[key] else { preconditionFailure(key) }
        return person
    }
    func asker(_ key: String) -> CaseAsker {
        if let (person, post) = posts[key] { return .post(post, person) }
        return .resident(person(key))
    }
    func actor(_ key: String) async throws -> Actor {
        let (person, day) = (person(key), Zone.shanghai.day(of: still.now))
        return try #require(try await database.read { try DirectoryStore.actor(person, on: day, $0) })
    }

    // MARK: Acting

    @discardableResult
    func report(
        _ words: String = "厨房水管漏水，柜子里都湿了", by key: String = "resident", at area: String = "unit1",
        place: String = "", category: Int64? = nil, key idempotency: String? = nil
    ) async throws -> CaseID {
        let sender: NewCase.Sender =
            posts[key] != nil
            ? .staff(try await actor(key), name: "", phone: nil) : .resident(person(key), name: key)
        return try await actions.register(
            NewCase(
                area: self.area(area).id, place: place, words: words, category: category.map { CategoryID($0) },
                key: idempotency ?? String(still.world.nextID()), sender: sender)
        ).id
    }

    @discardableResult
    func act(
        _ key: String, _ command: CaseCommand, _ id: CaseID, _ words: String = "", version: Int64? = nil,
        change: (inout ActionInput) -> Void = { _ in }
    ) async throws -> CaseRecord {
        var input = ActionInput()
        input.words = words
        input.version = version
        change(&input)
        let asker: CaseAsker = key == "clock" ? .clock : key == "code" ? .codeHolder : asker(key)
        return try await actions.perform(command, on: id, by: asker, name: key, input: input)
    }

    func triage(_ key: String, _ id: CaseID, category: Int64 = 1, about: OrganisationID? = nil) async throws {
        let category = Self.kinds[Int(category - 1)]
        try await act(
            key,
            .triage(
                .init(
                    category: category, urgency: category.urgency, level: .estate, lead: category.party, about: about)),
            id)
    }

    func dispatch(_ key: String, _ id: CaseID, to target: String, version: Int64? = nil) async throws {
        guard let post = posts[target]?.post else { preconditionFailure(target) }
        let day = Zone.shanghai.day(of: still.now)
        let colleague = try #require(
            try await database.read { try DirectoryStore.colleague(post: post.id, on: day, $0) })
        try await act(
            key,
            .dispatch(
                to: .init(
                    person: colleague.person, party: colleague.party, family: colleague.family,
                    mayAttend: colleague.role.verbs.contains(.caseAttend))), id, version: version
        ) { $0.target = colleague }
    }

    /// Brings a fresh case as far as asked, two minutes a step.
    func brought(to status: CaseStatus, by reporter: String = "resident", at area: String = "unit1") async throws
        -> CaseID
    {
        let id = try await report(by: reporter, at: area)
        let steps: [(CaseStatus, () async throws -> Void)] = [
            (.triaged, { try await self.triage("grid", id) }),
            (.dispatched, { try await self.dispatch("grid", id, to: "steward") }),
            (.attended, { try await self.act("steward", .attend, id) }),
            (.handled, { try await self.act("steward", .handle, id, "换好了") }),
            (.fedBack, { try await self.act("desk", .feedBack, id, "换好了，不漏了") }),
            (
                .struckOff,
                {
                    try await self.act(reporter, .rate(score: 5), id)
                    try await self.act("approver", .strikeOff, id, "电话回访")
                }
            ),
        ]
        for (reached, step) in steps where reached.rawValue <= status.rawValue {
            still.advance(minutes: 2)
            try await step()
        }
        return id
    }

    // MARK: Looking

    func load(_ id: CaseID) async throws -> CaseRecord {
        try #require(try await database.read { try CaseStore.load(id, $0) })
    }
    func events(_ id: CaseID) async throws -> [CaseEventKind] {
        try await database.read { try CaseHistoryStore.events(id, $0).map(\.kind) }
    }
    func messages(_ key: String) async throws -> [String] {
        let (person, inbox) = (person(key), inbox)
        return try await database.read { transaction in
            try inbox.items(of: person, limit: 1000, transaction).reversed().map { $0.text.text(.en) }
        }
    }

    /// Every count of the desk as it is kept and as it is counted from the cases.
    func tallies() async throws -> (kept: [String: Int64], counted: [String: Int64]) {
        try await database.read { transaction in
            func counts(_ sql: Storage.SQL) throws -> [(String, Int64)] {
                try transaction.query(sql) {
                    ("\(try $0.text(0))|\(try $0.int(1))|\(try $0.int(2))", try $0.int(3))
                }
            }
            let kept = try counts("select path, queue, about_family, n from cases_tally where n <> 0")
            let queues = try counts(
                """
                select path, queue, about_family, count(*) from cases_case where queue > 0
                group by path, queue, about_family
                """)
            let soon = try counts(
                """
                select path, 9, about_family, count(*) from cases_case where soon = \(true) group by path, about_family
                """)
            return (
                Dictionary(kept, uniquingKeysWith: { a, b in a + b }),
                Dictionary(queues + soon, uniquingKeysWith: { a, b in a + b })
            )
        }
    }

    func talliesAgree(_ comment: String = "", at location: SourceLocation = #_sourceLocation) async throws {
        let (kept, counted) = try await tallies()
        #expect(kept == counted, "\(comment)", sourceLocation: location)
    }

    /// How many rows each table of the loop holds, and what the cases say of themselves.
    func rows() async throws -> [Int64] {
        try await database.read { transaction in
            let statements: [Storage.SQL] = [
                "select count(*) from cases_case", "select coalesce(sum(version), 0) from cases_case",
                "select count(*) from cases_event", "select count(*) from cases_clock",
                "select count(*) from cases_clock where stopped_ms is null", "select count(*) from cases_pause",
                "select count(*) from cases_rating", "select count(*) from cases_join",
                "select count(*) from cases_photo", "select count(*) from cases_strike_off",
                "select count(*) from cases_publication", "select count(*) from cases_key",
                "select coalesce(sum(last), 0) from cases_number", "select coalesce(sum(n), 0) from cases_tally",
                "select coalesce(sum(n), 0) from cases_day", "select count(*) from messaging_item",
                "select count(*) from storage_audit", "select count(*) from storage_outbox",
            ]
            return try statements.map { sql in try transaction.first(sql) { row in try row.int(0) } ?? -1 }
        }
    }

    func days(_ estate: String = "estate1") async throws -> [DayCount: Int64] {
        let (id, day) = (area(estate).id.raw, Zone.shanghai.day(of: still.now))
        return try await database.read { transaction in
            let rows = try CaseStore.days(estate: id, from: day.adding(-30), to: day, transaction)
            return Dictionary(rows.map { ($0.what, $0.n) }, uniquingKeysWith: { a, b in a + b })
        }
    }
}

/// What was thrown, if it is a refusal of Cases; anything else fails the test.
func refused(_ body: () async throws -> Void) async throws -> CaseRefusal? {
    do {
        try await body()
        return nil
    } catch let refusal as CaseRefusal {
        return refusal
    }
}

/// The file of statements for PostgreSQL: each as a JSON string on a line of its own.
enum SQLLog {
    private static let path = ProcessInfo.processInfo.environment["REDSTEWARD_SQL_LOG"]
    private static let lock = Mutex(())

    static let recorder: (@Sendable (String) -> Void)? = make()

    private static func make() -> (@Sendable (String) -> Void)? {
        guard let path else { return nil }
        return { text in lock.withLock { _ in append(text, to: path) } }
    }

    private static func append(_ text: String, to path: String) {
        guard let line = try? JSONEncoder().encode(text), let file = fopen(path, "a") else { return }
        fputs(String(decoding: line, as: UTF8.self) + "\n", file)
        fclose(file)
    }
}

import ArgumentParser
import Cases
import Directory
import Foundation
import Hummingbird
import Kernel
import Logging
import Storage
import Web

/// What `bin/bench` runs inside: a large house, and the same work without HTTP.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plant a large house, or time its work in-process.", shouldDisplay: false,
        subcommands: [BenchSeed.self, BenchInside.self, BenchPeople.self, BenchFind.self])
}

/// Estates in streets of at most 40, one of them with a twentieth of the cases; a fiftieth of all cases is open.
struct BenchSeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "seed")
    @OptionGroup var place: DataOptions
    @Option var cases: Int = 1_000_000
    @Option var open: Int = 20_000
    @Option var estates: Int = 300

    func run() async throws {
        guard (30...20_000).contains(estates) else { throw ValidationError("--estates is 30 to 20000") }
        let data = place.data
        var configuration = place.configuration()
        configuration.demo = true
        // Whole estates go in at once.
        configuration.postgres.deadlineMs = nil
        let house = try await House.open(configuration, world: SystemWorld.make())
        let accounts = try await BenchHouse(house).plant(cases: cases, open: open, estates: estates)
        try await house.database.takeStatistics()
        try JSONEncoder().encode(accounts).write(to: URL(fileURLWithPath: data + "/bench.json"))
        try await house.close()
    }
}

struct BenchAccounts: Codable {
    var tokens: [String: String]
    var estate: String
    var home: String
    var category: String
    var caseID: String
}

struct BenchHouse {
    let house: House
    init(_ house: House) { self.house = house }

    private func area(_ level: AreaLevel, _ name: String, _ parent: Area?) -> Area {
        let id: AreaID = house.world.id()
        return Area(
            id: id, parent: parent?.id, level: level, name: name, path: (parent?.path ?? .root).appending(id),
            estate: level == .estate ? id : parent?.estate)
    }

    func plant(cases: Int, open: Int, estates wanted: Int) async throws -> BenchAccounts {
        let world = house.world
        let now = world.now()
        let day = Zone.shanghai.day(of: now)
        var areas: [Area] = []
        let district = area(.district, "bench", nil)
        areas.append(district)
        var estates: [(place: CasePlace, area: Area)] = []
        var homes: [Area] = []
        let streets = min(40, max(1, wanted / 10))
        for street in 0..<streets {
            let one = area(.street, "street \(street)", district)
            let community = area(.community, "community \(street)", one)
            areas += [one, community]
            for number in 0..<(wanted * (street + 1) / streets - wanted * street / streets) {
                let estate = area(.estate, "estate \(street)-\(number)", community)
                let building = area(.building, "1", estate)
                let unit = area(.unit, "101", building)
                areas += [estate, building, unit]
                var place = CasePlace(path: estate.path, words: "1 101")
                (place.district, place.street, place.community) = (district.id.raw, one.id.raw, community.id.raw)
                (place.estate, place.building, place.unit) = (estate.id.raw, building.id.raw, unit.id.raw)
                estates.append((place, estate))
                homes.append(unit)
            }
        }
        let planned = areas
        try await house.database.write { transaction in
            for area in planned { _ = try DirectoryStore.insertArea(area, code: "", at: now, transaction) }
        }
        let kinds = try await house.database.read { try CaseHistoryStore.categories($0) }
        let body: OrganisationID = world.id()
        let firstStreet = planned[1]
        let resident: PersonID = world.id()
        let firstHome = homes[0]
        let people: [(String, Role, Area)] = [
            ("estate", .desk, estates[0].area), ("street", .street, firstStreet), ("district", .district, district),
        ]
        try await house.database.write { transaction in
            try DirectoryStore.insertOrganisation(
                Organisation(id: body, family: body, party: .property, name: "bench", area: district.id), parent: nil,
                at: now, transaction)
            try DirectoryStore.insertPerson(resident, name: "resident", phone: nil, at: now, transaction)
            _ = try DirectoryStore.insertHome(
                person: resident, unit: firstHome, relation: .owner, active: true, from: day.adding(-1),
                to: day.adding(1000), decidedBy: nil, id: world.nextID(), at: now, transaction)
        }
        var tokens: [String: String] = [:]
        for (name, role, place) in people {
            let person: PersonID = world.id()
            let post: PostID = world.id()
            let actor = try await house.database.write { transaction in
                try DirectoryStore.insertPerson(person, name: name, phone: nil, at: now, transaction)
                try DirectoryStore.insertPost(
                    post, person: person, organisation: body, role: role, area: place.id, title: name,
                    from: day.adding(-1), to: day.adding(1000), at: now, transaction)
                return try DirectoryStore.actor(person, on: day, transaction)
            }
            guard let actor else { continue }
            tokens[name] = try await house.directory.signIn.makeToken(for: actor, post: post, name: "bench", days: 30)
        }
        if let actor = try await house.database.read({ try DirectoryStore.actor(resident, on: day, $0) }) {
            tokens["resident"] = try await house.directory.signIn.makeToken(
                for: actor, post: nil, name: "bench", days: 30)
        }
        var random = SeededRandom(seed: 7)
        var tally: [String: (CaseRecord, Int64)] = [:]
        // The read model has the last days only, so only they have a history.
        let recent = now.adding(days: -16)
        var last: CaseID?
        let start = ContinuousClock.now
        for batch in stride(from: 0, to: cases, by: 2000) {
            var records: [CaseRecord] = []
            for index in batch..<min(cases, batch + 2000) {
                let isOpen = index >= cases - open
                let big = Int.random(in: 0..<20, using: &random) == 0
                let estate = big ? estates[0] : estates[Int.random(in: 1..<estates.count, using: &random)]
                let kind = kinds[Int.random(in: 0..<10, using: &random)]
                let age =
                    isOpen
                    ? Int64.random(in: 0..<10_800_000, using: &random)
                    : Int64.random(in: 86_400_000..<31_536_000_000, using: &random)
                let at = now.adding(ms: -age)
                var clocks = CaseClocks()
                clocks.attend = .init(due: at.adding(hours: 3), stopped: isOpen ? nil : at.adding(hours: 1))
                clocks.feedback = .init(due: at.adding(days: 7), stopped: isOpen ? nil : at.adding(hours: 4))
                var steps = [TraceStep(at: at, kind: .reported, party: .resident, holder: .community)]
                if !isOpen {
                    steps += [
                        TraceStep(at: at.adding(minutes: 5), kind: .dispatched, party: .community, holder: .property),
                        TraceStep(at: at.adding(hours: 1), kind: .attended, party: .property, holder: .property),
                        TraceStep(at: at.adding(hours: 2), kind: .handled, party: .property, holder: .property),
                        TraceStep(at: at.adding(hours: 4), kind: .struckOff, party: .community, holder: .community),
                    ]
                }
                let id: CaseID = world.id()
                let queues: [CaseQueue] = [.intake, .dispatch, .handling, .feedback, .rating]
                let queue = isOpen ? queues[Int.random(in: 0..<5, using: &random)] : .none
                let status: CaseStatus =
                    switch queue {
                    case .intake: .reported
                    case .dispatch: .triaged
                    case .handling: .dispatched
                    case .feedback: .handled
                    case .rating: .fedBack
                    default: .struckOff
                    }
                let mine = index % 50_000 == 0
                let record = CaseRecord(
                    id: id, number: "0101-\(index)", place: estate.place, category: kind.id, kind: kind.kind,
                    urgency: .normal, level: .estate, status: status, suspended: false, queue: queue, soon: false,
                    channel: .mobile, title: "case \(index)", body: "words of case \(index)",
                    reporter: mine ? resident : PersonID(Int64(1000 + index % 200_000)), reporterName: "",
                    contactMasked: "", holder: .property, leadParty: .property, assisting: [], about: nil,
                    assignee: nil, assigneePost: nil, assigneeName: "", assigneeParty: nil, promise: nil, round: 1,
                    registered: at, solved: isOpen ? nil : at.adding(hours: 2), fedBack: nil,
                    closed: isOpen ? nil : at.adding(hours: 4), rated: isOpen ? 0 : 5, clocks: clocks, imported: false,
                    contradictory: false,
                    trace: steps.reduce("") { TraceStep.join($0, $1) }, version: 1, mergedInto: nil)
                if isOpen {
                    let key = "\(estate.place.estate)-\(queue.rawValue)"
                    tally[key] = (record, (tally[key]?.1 ?? 0) + 1)
                    if estate.area.id == estates[0].area.id { last = id }
                }
                records.append(record)
            }
            let rows = records
            try await house.database.write { transaction in
                for row in rows {
                    try CaseStore.insert(row, contact: nil, lookup: nil, transaction)
                    if row.registered > recent { try CaseBench.history(row, nextID: world.nextID, transaction) }
                }
            }
            if batch % 100_000 == 0 {
                FileHandle.standardError.write(Data("\(batch) cases, \(ContinuousClock.now - start)\n".utf8))
            }
        }
        let counts = Array(tally.values)
        try await house.database.write { transaction in
            for (record, n) in counts { try CaseStore.tally(record, record.queue, by: n, transaction) }
        }
        while try await house.insight.projection.walk(cases: 2000) {}
        return BenchAccounts(
            tokens: tokens, estate: estates[0].area.id.text, home: homes[0].id.text, category: kinds[0].id.text,
            caseID: last?.text ?? "")
    }
}

/// The same actions, reads and renderings without HTTP, with the same number of callers. Prints `name value unit`.
struct BenchInside: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inside")
    @OptionGroup var place: DataOptions
    @Option var seconds: Int = 5

    func run() async throws {
        let data = place.data
        let house = try await House.open(place.configuration(), world: SystemWorld.make())
        let accounts = try JSONDecoder().decode(
            BenchAccounts.self, from: Data(contentsOf: URL(fileURLWithPath: data + "/bench.json")))
        let seconds = seconds
        func rate(_ callers: Int, _ work: @escaping @Sendable (Int) async throws -> Void) async throws -> Double {
            let start = ContinuousClock.now
            let end = start + .seconds(seconds)
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for caller in 0..<callers {
                    group.addTask {
                        var count = 0
                        while ContinuousClock.now < end {
                            try await work(caller)
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            let elapsed = ContinuousClock.now - start
            return Double(total) / (Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18)
        }
        guard let home = AreaID(text: accounts.home), let category = CategoryID(text: accounts.category),
            let token = accounts.tokens["resident"],
            let resident = try await house.directory.signIn.byToken(token)?.actor, let person = resident.person
        else { throw ValidationError("bench.json does not fit") }
        let reported = try await rate(64) { _ in
            _ = try await house.cases.actions.register(
                NewCase(
                    area: home, words: "The kitchen pipe leaks.", key: ID<CaseTag>(house.world.nextID()).text,
                    sender: .resident(person, name: "resident")))
        }
        print("report \(reported)")
        for name in ["estate", "street", "district"] {
            guard let token = accounts.tokens[name], let actor = try await house.directory.signIn.byToken(token)?.actor
            else { continue }
            for filtered in [false, true] {
                let done = try await rate(32) { _ in
                    _ = try await house.cases.benchDesk(actor, category: filtered ? category : nil)
                }
                print("desk-\(name)\(filtered ? "-category" : "") \(done)")
            }
        }
        let homes = try await rate(32) { _ in _ = try await house.cases.benchHome(resident) }
        print("home \(homes)")
        if let id = CaseID(text: accounts.caseID), let token = accounts.tokens["estate"],
            let actor = try await house.directory.signIn.byToken(token)?.actor
        {
            let pages = try await rate(32) { _ in _ = try await house.cases.benchCase(id, actor) }
            print("case \(pages)")
        }
        // What was reported above is counted now, or the server that is measured next would do it meanwhile.
        try await Background(house: house, logger: Logger(label: "bench")).settle()
        try await house.close()
    }
}

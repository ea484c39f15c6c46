import ArgumentParser
import Directory
import Foundation
import Kernel
import Storage
import Synchronization

/// A house of many residents, for timing searches: estates of a thousand people each, two to a home.
struct BenchPeople: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "people")
    @OptionGroup var place: DataOptions
    @Option var people: Int = 1_000_000

    func run() async throws {
        var configuration = place.configuration()
        configuration.postgres.deadlineMs = nil
        let house = try await House.open(configuration, world: SystemWorld.make())
        try await PeopleHouse(house).plant(people: people)
        try await house.close()
    }
}

/// Times searches of each kind, by so many callers at once, each as the front desk of an estate, a street and a district.
struct BenchFind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "find")
    @OptionGroup var place: DataOptions
    @Option var callers: Int = 32
    @Option var seconds: Int = 5

    func run() async throws {
        let house = try await House.open(place.configuration(), world: SystemWorld.make())
        for line in try await PeopleHouse(house).time(callers: callers, seconds: seconds) { print(line) }
        try await house.close()
    }
}

package struct PeopleHouse: Sendable {
    static let estatePeople = 1_000
    /// Posts in each estate.
    static let estateStaff = 5
    private static let buildings = 20
    private static let homes = 25
    let house: House
    package init(_ house: House) { self.house = house }

    private func area(_ level: AreaLevel, _ name: String, _ parent: Area?) -> Area {
        let id: AreaID = house.world.id()
        return Area(
            id: id, parent: parent?.id, level: level, name: name, path: (parent?.path ?? .root).appending(id),
            estate: level == .estate ? id : parent?.estate)
    }

    /// Plants the tree, the people, their homes and the index, and three posts to look from.
    package func plant(people: Int) async throws {
        let now = house.world.now()
        let day = Zone.shanghai.day(of: now)
        let body: OrganisationID = house.world.id()
        let district = area(.district, BenchNames.district, nil)
        var streets: [Area] = []
        var estates: [Area] = []
        var places = [district]
        for number in 0..<max(1, people / Self.estatePeople) {
            if number % 33 == 0 {
                streets.append(area(.street, BenchNames.street(number / 33), district))
                places += [
                    streets[streets.count - 1], area(.community, BenchNames.community(number / 33), streets.last),
                ]
            }
            estates.append(area(.estate, BenchNames.estate(number), places.last { $0.level == .community }))
            places.append(estates[number])
        }
        let planned = places
        let posts: [(String, Role, Area)] = [
            ("estate", .desk, estates[0]), ("street", .grid, streets[0]), ("district", .grid, district),
        ]
        let world = house.world
        try await house.database.write { transaction in
            for one in planned { _ = try DirectoryStore.insertArea(one, code: "", at: now, transaction) }
            try DirectoryStore.insertOrganisation(
                Organisation(id: body, family: body, party: .community, name: "bench", area: district.id),
                parent: nil, at: now, transaction)
            for (name, role, place) in posts {
                let person: PersonID = world.id()
                try DirectoryStore.insertPerson(person, name: name, phone: nil, at: now, transaction)
                try DirectoryStore.insertPost(
                    world.id(), person: person, organisation: body, role: role, area: place.id, title: "bench",
                    from: day.adding(-1), to: day.adding(3650), at: now, transaction)
            }
        }
        var random = SeededRandom(seed: 11)
        for estate in estates {
            let rows = self.people(of: estate, now, day, &random)
            let staff = (0..<Self.estateStaff).map { _ in BenchNames.pick(&random) }
            try await house.database.write { transaction in
                for name in staff {
                    let person: PersonID = world.id()
                    try DirectoryStore.insertPerson(person, name: name, phone: nil, at: now, transaction)
                    try DirectoryStore.insertPost(
                        world.id(), person: person, organisation: body, role: .steward, area: estate.id,
                        title: "bench", from: day.adding(-1), to: day.adding(3650), at: now, transaction)
                }
                try transaction.insert(
                    into: "directory_area",
                    columns: [
                        "id", "parent_id", "level", "name", "code", "path", "estate_id", "created_ms", "project",
                    ],
                    rows: rows.areas)
                try transaction.insert(
                    into: "directory_find_area", columns: ["term", "place_id", "area_id"], rows: rows.terms)
                try transaction.insert(
                    into: "directory_person",
                    columns: ["id", "name", "phone_index", "phone_tail", "phone_masked", "created_ms"],
                    rows: rows.people)
                try transaction.insert(
                    into: "directory_home",
                    columns: [
                        "id", "person_id", "unit_id", "estate_id", "relation", "status", "from_day", "to_day",
                        "created_ms",
                    ], rows: rows.homes)
                try transaction.insert(
                    into: "directory_find_person", columns: ["term", "place_id", "person_id"], rows: rows.phones)
            }
        }
        let names = BenchNames.all
        try await house.database.write { try FindBenchStore.index(names: names, $0) }
        try await house.database.takeStatistics()
    }

    private struct Rows: Sendable {
        var areas: [[SQLValue]] = []
        var terms: [[SQLValue]] = []
        var people: [[SQLValue]] = []
        var homes: [[SQLValue]] = []
        var phones: [[SQLValue]] = []
    }

    private func people(
        of estate: Area, _ now: Instant, _ day: Day, _ random: inout SeededRandom
    ) -> Rows {
        var rows = Rows()
        func add(_ area: Area) {
            rows.areas.append([
                .int(area.id.raw), area.parent.map { SQLValue.int($0.raw) } ?? .null, .int(area.level.rawValue),
                .text(area.name), .text(""), .text(area.path.text), .int(estate.id.raw), .int(now.ms), .int(0),
            ])
        }
        for number in 1...Self.buildings {
            let building = area(.building, BenchNames.building(number), estate)
            add(building)
            for term in FindBenchStore.terms(building: building.name) {
                rows.terms.append([.int(term), .int(estate.id.raw), .int(building.id.raw)])
            }
            for home in 0..<Self.homes {
                let unit = area(.unit, BenchNames.unit(home), building)
                add(unit)
                for term in FindBenchStore.terms(unit: unit.name, building: building.name) {
                    rows.terms.append([.int(term), .int(estate.id.raw), .int(unit.id.raw)])
                }
                for _ in 0..<2 {
                    let person: PersonID = house.world.id()
                    let digits = String(Int.random(in: 10_000...19_999, using: &random)).dropFirst()
                    let index = house.world.randomBytes(16)
                    let tail = house.secrets.phoneTail(String(digits)) ?? []
                    rows.people.append([
                        .int(person.raw), .text(BenchNames.pick(&random)), .bytes(index), .bytes(tail),
                        .text("138****\(digits)"), .int(now.ms),
                    ])
                    for term in FindBenchStore.terms(index: index, tail: tail) {
                        rows.phones.append([.int(term), .int(estate.id.raw), .int(person.raw)])
                    }
                    rows.homes.append([
                        .int(house.world.nextID()), .int(person.raw), .int(unit.id.raw), .int(estate.id.raw), .int(1),
                        .int(1), .int(Int64(day.number) - 30), .int(Int64(HomeStore.forever.number)), .int(now.ms),
                    ])
                }
            }
        }
        return rows
    }

    // MARK: Timing

    package func time(callers: Int, seconds: Int) async throws -> [String] {
        let day = Zone.shanghai.day(of: house.world.now())
        let actors = try await house.database.read { transaction in
            try ["estate", "street", "district"].map { name in
                let id = try transaction.first(
                    "select id from directory_person where name = \(name) order by id limit 1"
                ) {
                    try $0.id(0, PersonTag.self)
                }
                return (name, try id.flatMap { try DirectoryStore.actor($0, on: day, transaction) })
            }
        }
        var lines: [String] = []
        for (name, actor) in actors {
            guard let actor else { continue }
            for kind in BenchNames.Kind.allCases {
                let times = try await run(kind, actor, callers: callers, seconds: seconds)
                let sorted = times.sorted()
                guard !sorted.isEmpty else { continue }
                func at(_ share: Double) -> String {
                    String(
                        format: "%.1f", Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000)
                }
                lines.append(
                    "\(name) \(kind.rawValue): \(sorted.count) searches, p50 \(at(0.5)) ms, p99 \(at(0.99)) ms, "
                        + "longest \(at(1)) ms")
            }
        }
        return lines
    }

    /// Microseconds of each search.
    private func run(
        _ kind: BenchNames.Kind, _ actor: Actor, callers: Int, seconds: Int
    ) async throws -> [Int64] {
        let end = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: [Int64].self) { group in
            for caller in 0..<callers {
                group.addTask { [house] in
                    var random = SeededRandom(seed: UInt64(caller) + 100)
                    var times: [Int64] = []
                    while ContinuousClock.now < end {
                        let words = BenchNames.words(kind, &random)
                        let start = ContinuousClock.now
                        _ = try await house.directory.search(words, by: actor)
                        let took = ContinuousClock.now - start
                        times.append(
                            took.components.seconds * 1_000_000 + took.components.attoseconds / 1_000_000_000_000)
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

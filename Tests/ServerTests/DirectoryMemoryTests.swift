import Directory
import Kernel
import Storage
import Testing

@testable import Server

/// What is kept of the directory between requests is never older than the last change.
@Suite struct DirectoryMemoryTests {
    @Test func peopleAreToldApartAndAChangeIsSeenAtOnce() async throws {
        try await TestHouse.with { house async throws in
            let signIn = house.house.directory.signIn
            let memory = signIn.memory
            let database = house.house.database
            let day = Zone.shanghai.day(of: house.still.world.now())
            var found: [String: Actor] = [:]
            for login in ["desk", "steward", "resident", "desk", "steward", "resident"] {
                let actor = try await house.actor(house.program(login))
                #expect(try actor.name == house.account(login).name)
                found[login] = actor
            }
            let desk = try #require(found["desk"]?.person)
            let edition = memory.edition
            let kept = try await database.read { try memory.actor(desk, on: day, edition, $0) }
            #expect(kept?.posts.isEmpty == false)
            let nobody = try await database.read { try memory.actor(PersonID(12_345), on: day, edition, $0) }
            #expect(nobody == nil)

            try await database.write { try DirectoryStore.rename(desk, "someone else", $0) }
            // Where other servers write as well nothing is kept at all.
            if database.engine == .sqlite { #expect(memory.edition != edition) }
            #expect(try await house.actor(house.program("desk")).name == "someone else")

            // A reader who asked for the edition before the change keeps nothing of what it reads.
            let old = memory.edition
            try await database.write { try DirectoryStore.rename(desk, "third name", $0) }
            let late = try await database.read { try memory.actor(desk, on: day, old, $0) }
            #expect(late?.name == "third name")
            #expect(try await house.actor(house.program("desk")).name == "third name")
        }
    }

    @Test func aPostThatEndsTodayIsGoneTomorrow() async throws {
        try await TestHouse.with { house async throws in
            let memory = house.house.directory.signIn.memory
            let database = house.house.database
            let desk = try #require(try await house.actor(house.program("desk")).person)
            let edition = memory.edition
            let today = Zone.shanghai.day(of: house.still.world.now())
            let far = today.adding(20_000)
            let now = try await database.read { try memory.actor(desk, on: today, edition, $0) }
            let then = try await database.read { try memory.actor(desk, on: far, edition, $0) }
            #expect(now?.posts.isEmpty == false)
            #expect(then?.posts.isEmpty == true)
        }
    }

    @Test func aPlaceIsReadOnceAndAgainWhenItsNameChanges() async throws {
        try await TestHouse.with { house async throws in
            let memory = house.house.directory.signIn.memory
            let database = house.house.database
            let home = try #require(try await house.actor(house.program("resident")).homes.first)
            let edition = memory.edition
            let chain = try await database.read { try memory.chain(of: home.unit, edition, $0) }
            #expect(chain?.area.id == home.unit)
            #expect(chain?.line.last?.id == home.unit)
            #expect(chain?.line.map(\.level).sorted() == chain?.line.map(\.level))
            let missing = try await database.read { try memory.chain(of: AreaID(5), edition, $0) }
            #expect(missing == nil)
        }
    }
}

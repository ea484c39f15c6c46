import Directory
import Kernel
import Storage
import Testing

@testable import Server

/// How people come in, how long they stay, and whose home it is.
@Suite struct SignInAndHomeTests {
    @Test func fiveWrongPasswordsLockForFifteenMinutesAndNoLonger() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            for attempt in 1...5 {
                let refusal: DirectoryRefusal = attempt < 5 ? .wrongPassword : .locked
                await #expect(throws: refusal) {
                    _ = try await signIn.byPassword(login: "grid", password: "wrong password", device: "")
                }
            }
            let right = try test.account("grid").password
            await #expect(throws: DirectoryRefusal.locked) {
                _ = try await signIn.byPassword(login: "grid", password: right, device: "")
            }
            test.still.advance(minutes: 16)
            let entry = try await signIn.byPassword(login: "grid", password: right, device: "")
            #expect(entry.started?.staff == true)
        }
    }

    @Test func staffAreSignedOutWhenIdleAndResidentsAfterNinetyDays() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let staff = try #require(
                try await signIn.byPassword(
                    login: "grid", password: try test.account("grid").password, device: ""
                ).started)
            let resident = try #require(
                try await signIn.byPassword(
                    login: "resident", password: try test.account("resident").password, device: ""
                ).started)
            test.still.advance(minutes: 29)
            #expect(try await signIn.bySession(staff.token) != nil)
            test.still.advance(minutes: 31)
            #expect(try await signIn.bySession(staff.token) == nil)
            #expect(try await signIn.bySession(resident.token) != nil)
            test.still.advance(ms: 88 * Instant.dayMs)
            #expect(try await signIn.bySession(resident.token) != nil)
            test.still.advance(ms: 2 * Instant.dayMs)
            #expect(try await signIn.bySession(resident.token) == nil)
        }
    }

    @Test func signingOutEverywhereEndsEveryDevice() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let password = try test.account("resident").password
            let first = try await signIn.byPassword(login: "resident", password: password, device: "a")
            let second = try await signIn.byPassword(login: "resident", password: password, device: "b")
            let (one, two) = (try #require(first.started), try #require(second.started))
            try await signIn.signOutEverywhere(one.person)
            #expect(try await signIn.bySession(one.token) == nil)
            #expect(try await signIn.bySession(two.token) == nil)
        }
    }

    @Test func aCodeIsGoodOnceAndAnotherMustWaitAMinute() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let phone = "13800000002"
            let code = try #require(try await signIn.requestCode(phone: phone))
            await #expect(throws: DirectoryRefusal.codeTooSoon) { _ = try await signIn.requestCode(phone: phone) }
            guard
                case .entered(.started) = try await signIn.byCode(
                    phone: phone, code: code, chosen: nil, device: "")
            else {
                Issue.record("one person has this phone")
                return
            }
            await #expect(throws: DirectoryRefusal.wrongCode) {
                _ = try await signIn.byCode(phone: phone, code: code, chosen: nil, device: "")
            }
        }
    }

    @Test func anInvitationBindsAHomeOnceAndAccessEndsWithTheDate() async throws {
        try await TestHouse.with { test in
            let house = test.house
            let homes = HomeActions(
                database: house.database, world: house.world, journal: house.cases.journal, secrets: house.secrets)
            let owner = try #require(try await house.directory.signIn.byToken(test.account("resident").token)?.actor)
            let guest = try #require(try await house.directory.signIn.byToken(test.account("resident3").token)?.actor)
            let person = try #require(guest.person)
            let unit = try #require(owner.homes.first).unit
            let code = try await homes.invite(to: unit, relation: .tenant, by: owner)
            let today = Zone.shanghai.day(of: test.still.now)
            try await homes.join(person, invitation: code, until: today.adding(10))
            await #expect(throws: DirectoryRefusal.self) {
                try await homes.join(try #require(owner.person), invitation: code, until: today.adding(10))
            }
            func lives(_ day: Day) async throws -> Bool {
                try await house.database.read {
                    try DirectoryStore.homes(of: person, on: day, $0).contains { $0.unit == unit }
                }
            }
            #expect(try await lives(today))
            #expect(try await lives(today.adding(10)))
            #expect(try await !lives(today.adding(11)))
        }
    }

    @Test func theRosterShowsEveryHourThatNobodyCovers() {
        let start = Zone.shanghai.instant(Day(number: 20531))
        func shift(_ from: Int, _ to: Int) -> Shift {
            Shift(
                id: 1, person: PersonID(1), name: "", squad: "service", from: start.adding(minutes: from),
                to: start.adding(minutes: to))
        }
        func gaps(_ shifts: [Shift]) -> [Int] {
            Roster.gaps(shifts, from: start, to: start.adding(hours: 6)).map { Int(($0.ms - start.ms) / 3_600_000) }
        }
        #expect(gaps([]) == [0, 1, 2, 3, 4, 5])
        #expect(gaps([shift(0, 360)]) == [])
        #expect(gaps([shift(180, 360), shift(0, 180)]) == [])
        // Half an hour short leaves the whole hour uncovered; a handover inside an hour does not.
        #expect(gaps([shift(0, 150), shift(180, 360)]) == [2])
        #expect(gaps([shift(0, 150), shift(150, 360)]) == [])
        #expect(gaps([shift(30, 360)]) == [0])
    }
}

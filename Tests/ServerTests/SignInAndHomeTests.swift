import Kernel
import Storage
import Testing
import Web

@testable import Directory
@testable import Server

/// How people come in, how long they stay, and whose home it is.
@Suite struct SignInAndHomeTests {
    private func started(_ login: String, _ test: TestHouse) async throws -> SignIn.Started {
        let entry = try await test.house.directory.signIn.byPassword(
            login: login, password: try test.account(login).password, device: "")
        return try #require(entry.started)
    }

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
            let staff = try await started("grid", test)
            let resident = try await started("resident", test)
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

    /// What is kept of a session or token is forgotten with every change that ends or alters it, and with no other.
    @Test func whoIsSignedInIsReadOnceUntilSomethingEnds() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let database = test.house.database
            let password = try test.account("resident").password
            let one = try #require(
                try await signIn.byPassword(login: "resident", password: password, device: "a").started)
            let two = try #require(
                try await signIn.byPassword(login: "resident", password: password, device: "b").started)
            func waits(_ token: String) async throws -> Bool? { try await signIn.bySession(token)?.awaitsNotice }
            #expect(try await waits(one.token) == false)
            #expect(try await waits(two.token) == false)
            // Changed behind the mark's back, to see that nothing is read while it stands; the one that was never asked
            // for since is read.
            if database.engine == .sqlite {
                try await database.write { transaction in
                    try transaction.run(
                        "update directory_session set awaits_notice = 1 where person_id = \(one.person)\(SQL.unmarked)")
                }
                #expect(try await waits(one.token) == false)
            }
            // Somebody else who signs in changes nothing of what is kept; somebody whose session changes does.
            _ = try await signIn.byPassword(
                login: "grid", password: try test.account("grid").password, device: "")
            if database.engine == .sqlite { #expect(try await waits(one.token) == false) }
            try await database.write { transaction in
                try transaction.run("update directory_session set awaits_notice = 1 where person_id = \(one.person)")
            }
            #expect(try await waits(one.token) == true)
            #expect(try await waits(two.token) == true)
            let id = try #require(try await signIn.bySession(one.token)?.session)
            try await signIn.signOut(session: id, person: one.person)
            #expect(try await waits(one.token) == nil)
            #expect(try await waits(two.token) == true)
        }
    }

    @Test func whenASessionWasSeenIsWrittenOnceInFiveMinutes() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let staff = try await started("grid", test)
            let begun = test.still.world.now()
            func seen() async throws -> Int64 {
                try await test.house.database.read { transaction in
                    try transaction.first(
                        "select max(seen_ms) from directory_session where person_id = \(staff.person)"
                    ) { try $0.int(0) } ?? 0
                }
            }
            var written: [Int64] = []
            for _ in 0..<12 {
                test.still.advance(minutes: 2)
                #expect(try await signIn.bySession(staff.token) != nil)
                let now = try await seen()
                if now != (written.last ?? begun.ms) { written.append(now) }
            }
            #expect(written.map { ($0 - begun.ms) / Instant.minuteMs } == [6, 12, 18, 24])
            // Half an hour since it was last seen, not since the last write that somebody noticed.
            test.still.advance(minutes: 29)
            #expect(try await signIn.bySession(staff.token) != nil)
            test.still.advance(minutes: 30)
            #expect(try await signIn.bySession(staff.token) == nil)
        }
    }

    /// A change that no mark hears of, as of a server of an older version or past the product, is seen in five minutes.
    @Test func aTokenIsReadAgainAfterFiveMinutes() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let owner = try await test.actor(test.signIn("resident"))
            let token = try await signIn.makeToken(for: owner, post: nil, name: "a", days: 30)
            #expect(try await signIn.byToken(token) != nil)
            try await test.house.database.write { transaction in
                try transaction.run("delete from directory_token where person_id = \(owner.person)\(SQL.unmarked)")
            }
            if test.house.database.engine == .sqlite { #expect(try await signIn.byToken(token) != nil) }
            test.still.advance(ms: 5 * Instant.minuteMs + 1)
            #expect(try await signIn.byToken(token) == nil)
        }
    }

    @Test func aSessionThatEndedMakesNoOtherWayIn() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let started = try await started("grid", test)
            let found = try #require(try await signIn.bySession(started.token))
            let post = try #require(found.actor.posts.first?.id)
            _ = try await signIn.makeToken(for: found.actor, post: post, name: "a", days: 1, session: found.session)
            try await signIn.signOutEverywhere(started.person)
            // Asked by somebody who was let in before the end.
            await #expect(throws: WebRefusal.self) {
                _ = try await signIn.makeToken(
                    for: found.actor, post: post, name: "b", days: 1, session: found.session)
            }
            await #expect(throws: WebRefusal.self) {
                _ = try await signIn.beginFactor(started.person, session: found.session)
            }
        }
    }

    @Test func aSessionBeginsOnlyWhileWhatProvedItStands() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let old = try test.account("resident").password
            let person = try #require(try await test.actor(test.signIn("resident")).person)
            let proven = try await test.house.database.read { try SignInStore.proven(person, $0) }
            #expect(proven.hash != nil && proven.phone != nil)
            _ = try await signIn.start(proven, device: "", resetFailures: false)
            // A sign-in with the old password was compared, and begins its session after the change.
            try await signIn.changePassword(of: person, from: old, to: "plum-rain-2026-lantern", keeping: nil)
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.start(proven, device: "", resetFailures: false)
            }
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.proceed(
                    proven, device: "", byPassword: true, isProved: false, resetFailures: false)
            }
            // A number that was corrected proves nothing any more.
            let later = try await test.house.database.read { try SignInStore.proven(person, $0) }
            try await test.house.database.write { transaction in
                try transaction.run("update directory_person set phone_index = null where id = \(person)")
            }
            await #expect(throws: DirectoryRefusal.stepGone) {
                _ = try await signIn.start(later, device: "", resetFailures: false)
            }
        }
    }

    @Test func aTokenThatIsTakenBackOrOverIsKnownNoMore() async throws {
        try await TestHouse.with { test in
            let signIn = test.house.directory.signIn
            let owner = try await test.actor(test.signIn("resident"))
            let person = try #require(owner.person)
            let short = try await signIn.makeToken(for: owner, post: nil, name: "short", days: 1)
            let long = try await signIn.makeToken(for: owner, post: nil, name: "long", days: 30)
            for token in [short, long, short, long] {
                let found = try #require(try await signIn.byToken(token))
                #expect(found.actor.person == person && found.actor.byToken)
                #expect(found.actor.posts.isEmpty && !found.actor.homes.isEmpty)
            }
            test.still.advance(ms: Instant.dayMs + 1)
            #expect(try await signIn.byToken(short) == nil)
            let kept = try #require(try await signIn.byToken(long)?.token)
            try await signIn.revokeToken(kept, of: person)
            #expect(try await signIn.byToken(long) == nil)
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

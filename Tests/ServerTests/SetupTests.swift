import Directory
import Foundation
import Kernel
import Storage
import Testing

@testable import Server

/// A house begins with one command, and its people change their own passwords.
@Suite struct SetupTests {
    private func inFolder(_ body: (House) async throws -> Void) async throws {
        var template = Array("/tmp/redsteward-setup-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await TestHouse.open(folder) {
            $0.passwordCost = .weakest
        } _: { house, _ in
            try await body(house)
        }
    }

    @Test func theFirstAdministratorCanSignInAndEditTheDirectory() async throws {
        try await inFolder { house in
            let password = try await FirstSteps(house: house).take(
                area: "城关区", level: .district, organisation: "区住建局", login: "admin", name: "王主任")
            #expect(password.utf8.count == 23)
            let entry = try await house.directory.signIn.byPassword(login: "admin", password: password, device: "")
            let started = try #require(entry.started)
            #expect(started.staff)
            let actor = try #require(try await house.directory.signIn.bySession(started.token)).actor
            #expect(actor.may(.directoryEdit) && actor.may(.policyEdit) && actor.may(.calendarEdit))
            let path = try #require(actor.posts.first?.path)
            let area = try await house.database.read { try DirectoryStore.area(try #require(path.ids.last), $0) }
            #expect(area?.name == "城关区" && area?.level == .district)
        }
    }

    @Test func aHouseThatHasBegunIsLeftAsItIs() async throws {
        try await inFolder { house in
            let first = FirstSteps(house: house)
            _ = try await first.take(
                area: "城关区", level: .district, organisation: "区住建局", login: "admin", name: "王主任")
            await #expect(throws: FirstSteps.Failure.notEmpty) {
                _ = try await first.take(
                    area: "别的区", level: .district, organisation: "别的局", login: "other", name: "别人")
            }
            let areas = try await house.database.read {
                try $0.query("select name from directory_area") { try $0.text(0) }
            }
            #expect(areas == ["城关区"])
        }
    }

    @Test func wrongNamesMakeNothing() async throws {
        try await inFolder { house in
            let first = FirstSteps(house: house)
            for (area, login, failure) in [
                ("", "admin", FirstSteps.Failure.badName), (String(repeating: "长", count: 41), "admin", .badName),
                ("两\n行", "admin", .badName), ("城关区", "A", .badLogin), ("城关区", "Admin!", .badLogin),
            ] {
                await #expect(throws: failure) {
                    _ = try await first.take(
                        area: area, level: .street, organisation: "某局", login: login, name: "王主任")
                }
            }
            let count = try await house.database.read {
                try $0.first("select count(*) from directory_area") { try $0.int(0) }
            }
            #expect(count == 0)
        }
    }
}

@Suite struct PasswordTests {
    @Test func aChangedPasswordCountsAtOnceAndSignsOtherDevicesOut() async throws {
        try await TestHouse.with { test in
            let here = try await test.signIn("grid")
            let there = try await test.signIn("grid")
            let old = try test.account("grid").password
            let answer = try await test.send(
                here, .post, "/me/password", form: ["password": old, "fresh": "another long one 2026"])
            #expect(answer.status == 200 && answer.text.contains("密码换好了"), "\(answer.status)")
            #expect(try await test.send(here, .get, "/desk").status == 200)
            #expect(try await test.send(there, .get, "/desk").status == 303)
            let signIn = test.house.directory.signIn
            await #expect(throws: DirectoryRefusal.wrongPassword) {
                _ = try await signIn.byPassword(login: "grid", password: old, device: "")
            }
            let entry = try await signIn.byPassword(login: "grid", password: "another long one 2026", device: "")
            #expect(entry.started?.staff == true)
        }
    }

    @Test func aWrongOldPasswordIsCountedAndABadNewOneIsNot() async throws {
        try await TestHouse.with { test in
            let session = try await test.signIn("resident")
            let old = try test.account("resident").password
            for fresh in ["short", old, String(repeating: "x", count: 129)] {
                let answer = try await test.send(
                    session, .post, "/me/password", form: ["password": old, "fresh": fresh])
                #expect(answer.status == 422, "\(fresh.prefix(12)) \(answer.status)")
                #expect(answer.text.contains("fresh-error"))
                #expect(!answer.text.contains("value=\"\(old)"))
            }
            for attempt in 1...5 {
                let answer = try await test.send(
                    session, .post, "/me/password", form: ["password": "wrong one", "fresh": "another long one 2026"])
                #expect(answer.status == (attempt < 5 ? 422 : 429), "\(attempt) \(answer.status)")
            }
            await #expect(throws: DirectoryRefusal.locked) {
                _ = try await test.house.directory.signIn.byPassword(login: "resident", password: old, device: "")
            }
        }
    }
}

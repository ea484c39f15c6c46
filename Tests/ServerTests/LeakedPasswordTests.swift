import Directory
import Foundation
import Kernel
import Testing

@testable import Server

@Suite struct LeakedPasswordTests {
    private static func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/leaked-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func write(_ text: String, _ path: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Without the list of the system.
    private static func list(_ folder: String) -> LeakedPasswords {
        LeakedPasswords(folder: folder, system: folder + "/nothing")
    }

    @Test func aPlainListIsFoundWholeAndNothingElse() throws {
        try Self.inFolder { folder in
            var lines = (0..<5_000).map { "leaked number \($0 * 7_919 % 5_000)" }
            lines += ["leaked number 3", "", "密码泄露过的一句话", String(repeating: "x", count: 700)]
            let bytes =
                Data([0xEF, 0xBB, 0xBF]) + Data(lines.joined(separator: "\r\n").utf8)
                // Of before UTF-8: "café au lait noir".
                + Data("\ncaf".utf8) + Data([0xE9]) + Data(" au lait noir".utf8)
            try bytes.write(to: URL(fileURLWithPath: folder + "/list.txt"))
            // Many pieces, so that they are merged.
            let report = try LeakedImport(folder: folder, batch: 37).run(folder + "/list.txt")
            #expect(report.entries == 5_000 + 1 + 2)
            #expect(report.skipped == 1 && !report.wereDigests && report.lines == 5_005)
            let list = Self.list(folder)
            #expect(list.state() == .imported(count: 5_003))
            #expect((0..<5_000).allSatisfy { list.holds("leaked number \($0)") })
            #expect(list.holds("Leaked Number 17"), "capitals make it no other password")
            #expect(list.holds("密码泄露过的一句话") && list.holds("café au lait noir"))
            #expect((5_000..<9_000).allSatisfy { !list.holds("leaked number \($0)") })
            #expect(!list.holds("") && !list.holds("leaked number"))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(left == ["leaked.pwd", "list.txt"], "pieces are gone")
            let size = try FileManager.default.attributesOfItem(atPath: folder + "/leaked.pwd")[.size] as? Int
            #expect(size == 16 + 8 * 5_003)
        }
    }

    @Test func aListOfDigestsIsRead() throws {
        try Self.inFolder { folder in
            // SHA-1 of "password" and of "correct horse battery staple", as public lists have them.
            let text = """
                5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004
                abf7aad6438836dbe526aa231abde2d0eef74d42:161
                """
            let report = try LeakedImport(folder: folder).run(try Self.write(text, folder + "/list"))
            #expect(report.wereDigests && report.entries == 2)
            let list = Self.list(folder)
            #expect(list.holds("password") && list.holds("PASSWORD"))
            #expect(list.holds("correct horse battery staple") && !list.holds("password "))
        }
    }

    @Test func aBadListLeavesTheOldOne() throws {
        try Self.inFolder { folder in
            _ = try LeakedImport(folder: folder).run(try Self.write("the old one of them\n", folder + "/old"))
            let digest = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:1\n"
            #expect(throws: LeakedImport.Fault.notADigest(line: 3)) {
                try LeakedImport(folder: folder, batch: 1).run(
                    try Self.write(digest + digest + "5BAA61:1\n", folder + "/bad"))
            }
            #expect(throws: LeakedImport.Fault.empty) {
                try LeakedImport(folder: folder).run(try Self.write("\n\r\n", folder + "/bad"))
            }
            #expect(throws: LeakedImport.Fault.unreadable(folder)) { try LeakedImport(folder: folder).run(folder) }
            let list = Self.list(folder)
            #expect(list.holds("the old one of them") && !list.holds("password"))
            // What a killed import left is no list, and goes with the next one.
            for name in ["leaked.pwd.0", "leaked.pwd.new"] { _ = try Self.write("half of it", folder + "/" + name) }
            #expect(list.holds("the old one of them"))
            _ = try LeakedImport(folder: folder).run(try Self.write("the new one of them", folder + "/new"))
            #expect(list.holds("the new one of them") && !list.holds("the old one of them"))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("leaked.") }
            #expect(left == ["leaked.pwd"])
        }
    }

    @Test func aDamagedFileIsNotUsedAndSaidSo() throws {
        try Self.inFolder { folder in
            _ = try LeakedImport(folder: folder).run(try Self.write("one of the words\nand another", folder + "/l"))
            let whole = try Data(contentsOf: URL(fileURLWithPath: folder + "/leaked.pwd"))
            for broken in [Data(), whole.dropLast(3), whole + [0], Data(whole.map { ~$0 })] {
                try broken.write(to: URL(fileURLWithPath: folder + "/leaked.pwd"))
                #expect(Self.list(folder).state() == .damaged)
                // The list of the system stands in.
                let system = try Self.write("alpha\nsomething common\nomega\n", folder + "/system")
                let list = LeakedPasswords(folder: folder, system: system)
                #expect(list.holds("something common") && list.holds("Alpha") && list.holds("omega"))
                #expect(!list.holds("something") && !list.holds("one of the words"))
            }
        }
    }

    @Test func doctorSaysWhichListIsInUse() {
        var facts = DoctorFacts(now: TestHouse.start)
        func line(_ state: LeakedPasswords.State) -> DoctorCheck? {
            facts.leaked = state
            return facts.checks.first { $0.name == "passwords" }
        }
        #expect(line(.imported(count: 12_345))?.says.contains("12345") == true)
        #expect(line(.imported(count: 1))?.level == .ok)
        #expect(line(.system(path: "/usr/share/x", count: 7))?.says.contains("/usr/share/x") == true)
        #expect(line(.none)?.level == .warning)
        #expect(line(.damaged)?.level == .bad)
    }

    /// Own password, and one given with a post; on the page in both languages, and by a program.
    @Test func nobodyTakesALeakedPassword() async throws {
        try await TestHouse.with { h in
            let leaked = "quiet river under nine bridges"
            let grid = try await h.signIn("grid")
            let old = try h.account("grid").password
            func change(_ to: String, _ mode: String) async throws -> TestHouse.Answered {
                try await h.send(
                    grid, .post, "/me/password", form: ["password": old, "fresh": to], headers: ["mode": mode])
            }
            let folder = h.house.configuration.folder
            _ = try Self.write(leaked + "\n", folder + "/list.txt")
            _ = try LeakedImport(folder: folder).run(folder + "/list.txt")
            let zh = try await change("Quiet River Under Nine Bridges", "zh")
            #expect(zh.status == 422 && zh.text.contains("泄露"), "\(zh.status)")
            let en = try await change(leaked, "en")
            #expect(en.status == 422 && en.text.contains("a list of leaked"), "\(en.status)")
            let program = try await h.json(
                grid, .post, "/api/v1/me/password",
                .object([("password", .string(old)), ("fresh", .string(leaked))]),
                headers: ["X-Form-Token": grid.form])
            #expect(program.status == 422 && program.text.contains("泄露"), "\(program.status) \(program.text)")
            // With a post.
            let chief = try await h.actor(try await h.signIn("administrator"))
            let post = try #require(chief.housePost(for: .directoryEdit))
            var grant = OrganisationActions.Grant(
                organisation: post.organisation, role: .steward, area: post.area, from: Day(number: 20_531),
                phone: "13912345678")
            (grant.name, grant.login, grant.password) = ("林静", "linjing", leaked)
            let actions = OrganisationActions(
                database: h.house.database, world: h.house.world, journal: h.house.directory.journal,
                secrets: h.house.secrets)
            await #expect(throws: DirectoryRefusal.weakPassword(.leaked, "password")) {
                try await actions.grant(grant, by: chief)
            }
            grant.password = leaked + " and more"
            try await actions.grant(grant, by: chief)
            #expect(try await change(leaked + " and more", "zh").status == 200)
        }
    }
}

import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Testing
import Web

@testable import Server

/// A house in a file or in PostgreSQL: its keys, its commands, and what people are told when it does not answer.
@Suite struct DatabasePlaceTests {
    private func inFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/redsteward-place-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func open(_ folder: String, _ place: String) async throws -> House {
        var configuration = ServerConfiguration(folder: folder, database: place)
        configuration.postgres = TestEngine.postgres(2)
        configuration.passwordCost = .weakest
        return try await House.open(configuration, world: StillWorld(at: TestHouse.start).world)
    }

    @Test func aDatabaseThatExistsIsNeverGivenNewKeys() async throws {
        try await inFolder { folder in
            try await TestEngine.withPlace(in: folder) { place in
                try await open(folder + "/one", place).database.close()
                await #expect(throws: SecretFault.keysMissing) { try await open(folder + "/two", place) }
                #expect(!FileManager.default.fileExists(atPath: folder + "/two/" + KeyFile.fileName))
                try await open(folder + "/one", place).database.close()
            }
        }
    }

    @Test(.enabled(if: TestEngine.isPostgres, "SQLite has one server"))
    func ofServersThatBeginAtOnceOneMakesTheKeys() async throws {
        try await inFolder { folder in
            try await TestEngine.withPlace(in: folder) { place in
                let opened = await withTaskGroup(of: Bool.self) { group in
                    for number in 1...3 {
                        group.addTask {
                            do {
                                try await open("\(folder)/\(number)", place).database.close()
                                return true
                            } catch { return false }
                        }
                    }
                    return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(opened == 1)
            }
            // With the same keys all of them come up.
            try await TestEngine.withPlace(in: folder) { place in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 1...3 {
                        group.addTask { try await open(folder + "/same", place).database.close() }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func commandsTakeTheDatabaseByItsPlace() async throws {
        try await inFolder { folder in
            try await TestEngine.withPlace(in: folder) { place in
                func failure(_ body: () async throws -> Void) async -> String {
                    do {
                        try await body()
                        return ""
                    } catch { return "\(error)" }
                }
                let asked = ["--data", folder + "/house", "--database", place]
                #expect(await failure { try await Verify.parse(asked).run() }.contains("no house"))
                try await Setup.parse(asked + ["--area", "城关区", "--organisation", "区住建局", "--name", "王主任"]).run()
                #expect(FileManager.default.fileExists(atPath: folder + "/house/" + KeyFile.fileName))
                #expect(await failure { try await Verify.parse(asked).run() } == "")
                let again = asked + ["--area", "别的", "--organisation", "别的", "--name", "别人"]
                #expect(await failure { try await Setup.parse(again).run() }.contains("already"))
            }
        }
    }

    @Test func whereNoServerAnswersTheOperatorIsToldWhy() async throws {
        try await inFolder { folder in
            let asked = ["--data", folder, "--database", "postgresql://nobody:geheim@127.0.0.1:1/none"]
            let place = try DataOptions.parse(asked).place
            guard case .postgres = place else {
                Issue.record("\(place)")
                return
            }
            var configuration = ServerConfiguration(folder: folder, database: asked[3])
            configuration.postgres.deadlineMs = 200
            do {
                _ = try await Server.open(configuration)
                Issue.record("there is no server")
            } catch {
                #expect("\(error)".contains("cannot be reached") && !"\(error)".contains("geheim"))
            }
        }
    }

    @Test func aBusyDatabaseIsToldApartFromAFault() {
        for language in [Language.zh, .en] {
            let words = Words(language: language)
            let busy = House.told(StorageFailure.busy, words)
            let unknown = House.told(StorageFailure.unknownOutcome, words)
            #expect(busy?.status == .serviceUnavailable && unknown?.status == .serviceUnavailable)
            #expect(busy?.text == words(.errorBusy) && unknown?.text == words(.errorUnknown))
            #expect(House.told(StorageFailure.full, words)?.text == words(.errorFull))
            let readOnly = House.told(StorageFailure.readOnly, words)
            #expect(readOnly?.text == words(.errorReadOnly) && readOnly?.status == .serviceUnavailable)
            #expect(House.told(StorageFailure.engine("x"), words) == nil)
        }
    }
}

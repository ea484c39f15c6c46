import Foundation
import Kernel
import Storage
import Testing

@testable import Server

@Suite struct DoctorTests {
    /// Thursday, 19 November 2026, in China.
    private static let now = Zone.shanghai.instant(Day(number: 20776), hour: 10)

    /// A house in which all is well.
    private static func well(_ engine: Engine = .sqlite) -> DoctorFacts {
        var facts = DoctorFacts(now: now)
        facts.folder = "/data"
        facts.folderMode = 0o40700
        facts.freeBytes = 50 << 30
        facts.totalBytes = 100 << 30
        facts.databaseBytes = 1 << 30
        facts.calendarYears = [2026, 2027]
        facts.backupFolder = "/backups"
        facts.newestBackup = now.adding(hours: -7)
        facts.certificates = [("/c.pem", now.adding(days: 60))]
        var checkup = Checkup(engine: engine)
        checkup.landed = House.schema.steps(at: now)
        checkup.newest = now.adding(minutes: -1)
        checkup.lastBackup = now.adding(hours: -7)
        checkup.settings =
            engine == .sqlite
            ? ["journal_mode": "wal", "version": "3"]
            : [
                "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on",
                "data_checksums": "on", "server_encoding": "UTF8", "archive_mode": "on", "xid_age": "1000",
            ]
        facts.checkup = checkup
        return facts
    }

    @Test func nothingIsSaidWhereAllIsWell() {
        for engine in [Engine.sqlite, .postgres] {
            let checks = Self.well(engine).checks
            #expect(checks.filter { $0.level != .ok } == [])
            #expect(checks.allSatisfy { $0.advice.isEmpty })
        }
    }

    /// The name of the check, its level, and what makes it so.
    private static let faults:
        [(name: String, level: DoctorCheck.Level, engine: Engine, change: @Sendable (inout DoctorFacts) -> Void)] = [
            ("folder", .bad, .sqlite, { $0.folderMode = 0o40755 }),
            ("folder", .bad, .sqlite, { $0.folderMode = nil }),
            ("keys", .bad, .sqlite, { $0.keysFault = "there is no file keys" }),
            ("disk", .bad, .sqlite, { $0.freeBytes = 200 << 20 }),
            ("disk", .warning, .sqlite, { $0.freeBytes = 1 << 30 }),
            ("disk", .warning, .sqlite, { $0.databaseBytes = 30 << 30 }),
            ("disk", .warning, .sqlite, { $0.freeBytes = nil }),
            ("database", .bad, .sqlite, { $0.databaseFault = "it is gone" }),
            ("schema", .bad, .sqlite, { $0.checkup?.landed.append(.init(id: "z-9", checksum: [], appliedMs: 1)) }),
            (
                "schema", .bad, .sqlite,
                { $0.checkup?.landed[0] = .init(id: "storage-001-outbox", checksum: [1], appliedMs: 1) }
            ),
            ("schema", .warning, .sqlite, { $0.checkup?.landed.removeLast() }),
            (
                "schema", .bad, .sqlite,
                { $0.checkup?.landed.append(.init(id: HouseTarget.markID, checksum: [], appliedMs: 1)) }
            ),
            ("journal", .bad, .sqlite, { $0.checkup?.settings["journal_mode"] = "delete" }),
            ("log", .warning, .sqlite, { $0.logBytes = 2 << 30 }),
            ("fsync", .bad, .postgres, { $0.checkup?.settings["fsync"] = "off" }),
            ("full_page_writes", .bad, .postgres, { $0.checkup?.settings["full_page_writes"] = "off" }),
            ("synchronous_commit", .bad, .postgres, { $0.checkup?.settings["synchronous_commit"] = "off" }),
            ("synchronous_commit", .bad, .postgres, { $0.checkup?.settings["synchronous_commit"] = "local" }),
            ("autovacuum", .bad, .postgres, { $0.checkup?.settings["autovacuum"] = "off" }),
            ("data_checksums", .warning, .postgres, { $0.checkup?.settings["data_checksums"] = "off" }),
            ("server_encoding", .bad, .postgres, { $0.checkup?.settings["server_encoding"] = "SQL_ASCII" }),
            ("archive", .warning, .postgres, { $0.checkup?.settings["archive_mode"] = "off" }),
            ("archiver", .bad, .postgres, { $0.checkup?.settings["failed_archives"] = "3" }),
            ("xid_age", .bad, .postgres, { $0.checkup?.settings["xid_age"] = "1500000000" }),
            ("clock", .bad, .sqlite, { $0.checkup?.newest = $0.now.adding(minutes: 5) }),
            ("calendar", .bad, .sqlite, { $0.calendarYears = [2025] }),
            ("calendar", .warning, .sqlite, { $0.calendarYears = [2026] }),
            (
                "calendar", .bad, .sqlite,
                {
                    $0.calendarYears = [2026]
                    $0.now = $0.now.adding(days: 30)
                    $0.newestBackup = $0.now
                }
            ),
            ("jobs", .bad, .sqlite, { $0.checkup?.jobsGivenUp = 1 }),
            ("jobs", .warning, .sqlite, { $0.checkup?.oldestDueJob = $0.now.adding(minutes: -20) }),
            ("outbox", .warning, .sqlite, { $0.checkup?.oldestOutbox = $0.now.adding(minutes: -6) }),
            ("outbox", .bad, .sqlite, { $0.checkup?.oldestOutbox = $0.now.adding(days: -2) }),
            ("audit", .warning, .sqlite, { $0.checkup?.oldestUnsealed = $0.now.adding(minutes: -11) }),
            ("audit", .bad, .sqlite, { $0.checkup?.oldestUnsealed = $0.now.adding(days: -2) }),
            ("numbers", .warning, .sqlite, { $0.wrongCounts = 2 }),
            ("files", .bad, .sqlite, { $0.missingFiles = 1 }),
            ("backup key", .bad, .sqlite, { $0.backupKeyFault = "it is missing" }),
            ("backup key", .bad, .sqlite, { $0.backupKeyIsBesideBackups = true }),
            ("backup", .bad, .sqlite, { $0.checkup?.backupFailure = "full" }),
            ("backup", .bad, .sqlite, { $0.newestBackup = nil }),
            (
                "backup", .warning, .sqlite,
                {
                    $0.newestBackup = $0.now.adding(hours: -30)
                    $0.checkup?.lastBackup = nil
                }
            ),
            (
                "backup", .bad, .sqlite,
                {
                    $0.newestBackup = nil
                    $0.checkup?.lastBackup = nil
                }
            ),
            ("certificate", .bad, .sqlite, { $0.certificates = [("/c", nil)] }),
            ("certificate", .bad, .sqlite, { $0.certificates = [("/c", $0.now.adding(hours: -1))] }),
            ("certificate", .warning, .sqlite, { $0.certificates = [("/c", $0.now.adding(days: 9))] }),
        ]

    @Test func eachCheckSpeaksUpForItsOwnFaultAlone() {
        for (name, level, engine, change) in Self.faults {
            var facts = Self.well(engine)
            change(&facts)
            let said = facts.checks.filter { $0.level != .ok }
            #expect(said.map(\.name) == [name] && said.first?.level == level, "\(name) \(level): \(said)")
            #expect(said.first?.advice.isEmpty == false, "\(name)")
        }
        // Every check that exists was made bad at least once.
        let known = Set((Self.well().checks + Self.well(.postgres).checks).map(\.name))
        #expect(known.subtracting(Self.faults.map(\.name)) == [])
    }

    @Test func aRealHouseIsLookedAt() async throws {
        try await TestHouse.with { house in
            let folder = house.house.configuration.folder
            var look = DoctorLook(folder: folder, now: house.house.world.now())
            let isSQLite = house.house.database.engine == .sqlite
            if case .postgres(let url) = house.house.configuration.place { look.database = url }
            // The demo's reports are some days old, and no server has worked on them.
            func bad(_ checks: [DoctorCheck]) -> [String] {
                checks.filter { $0.level == .bad && $0.name != "outbox" && $0.name != "audit" }.map(\.name)
            }
            var checks = await look.facts().checks
            #expect(bad(checks) == [])
            #expect(checks.contains { $0.name == "audit" && $0.level == .bad })
            if isSQLite { #expect(checks.contains { $0.name == "journal" && $0.says.contains("wal") }) }
            chmod(folder + "/keys", 0o644)
            chmod(folder, 0o750)
            look.backupFolder = folder
            checks = await look.facts().checks
            #expect(bad(checks) == ["folder", "keys", "backup key", "backup"])
            look = DoctorLook(folder: folder + "/nothing", now: house.house.world.now())
            checks = await look.facts().checks
            #expect(bad(checks).contains("database"))
        }
    }

    @Test func theEndOfACertificateIsRead() throws {
        // A throw-away certificate, from 2024-01-01 to 2031-05-06 07:08:09, and one beyond 2049.
        let short = Self.certificate(
            from: Array("\u{17}\u{0D}240101000000Z".utf8), to: Array("\u{17}\u{0D}310506070809Z".utf8))
        let day = try #require(Day(year: 2031, month: 5, day: 6))
        #expect(Certificate.end(pem: short) == Instant(ms: Int64(day.number) * Instant.dayMs + 25_689_000))
        let long = Self.certificate(
            from: Array("\u{17}\u{0D}240101000000Z".utf8), to: Array("\u{18}\u{0F}20510101000000Z".utf8))
        let far = try #require(Day(year: 2051, month: 1, day: 1))
        #expect(Certificate.end(pem: long) == Instant(ms: Int64(far.number) * Instant.dayMs))
        #expect(Certificate.end(pem: "nothing") == nil)
        #expect(Certificate.end(pem: short.replacingOccurrences(of: "M", with: "A")) == nil)
    }

    private static func certificate(from: [UInt8], to: [UInt8]) -> String {
        func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag, UInt8(content.count)] + content }
        let body = value(
            0x30,
            value(0xA0, value(2, [2])) + value(2, [1]) + value(0x30, [5, 0]) + value(0x30, []) + value(0x30, from + to))
        let text = Data(value(0x30, body)).base64EncodedString()
        return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
    }
}

import Cases
import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Synchronization
import Tables
import Testing
import Web

@testable import Directory
@testable import Server

/// Lists as tables: at once, or as a job.
@Suite struct ListExportTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }

    private func rows(_ answer: TestHouse.Answered) -> [String] {
        answer.text.split(separator: "\r\n").map(String.init)
    }

    @Test func everyListGoesOutToThoseWhoReadItAndToNobodyElse() async throws {
        try await TestHouse.with { h in
            for login in ["desk", "steward", "grid", "moderator", "administrator", "auditor", "desk2", "party"] {
                let session = try await h.signIn(login)
                let actor = try await h.actor(session)
                for list in h.house.exports where !list.isOfOneThing {
                    let answer = try await h.send(session, .get, "/desk/export/\(list.name)?format=csv")
                    #expect(answer.status == (list.isFor(actor) ? 200 : 404), "\(login) \(list.name)")
                    guard answer.status == 200 else { continue }
                    #expect(answer.type.hasPrefix("text/csv") && answer.text.hasPrefix("\u{FEFF}"), "\(list.name)")
                    #expect(rows(answer)[0].split(separator: ",").count == list.columns.count, "\(list.name)")
                    let book = try await h.send(session, .get, "/desk/export/\(list.name)?format=xlsx")
                    #expect(book.status == 200 && book.text.hasPrefix("PK"), "\(list.name)")
                }
            }
            #expect(try await h.send(try await h.signIn("resident"), .get, "/desk/export/cases").status == 403)
            #expect(try await h.send(try await h.signIn("desk"), .get, "/desk/export/nothing").status == 404)
        }
    }

    @Test func rowsAreThoseOfTheScopeMaskedNeutralAndAudited() async throws {
        try await TestHouse.with { h in
            let desk = try await h.signIn("desk")
            let evil = try #require(try await h.actor(try h.program("resident2")).person)
            try await h.house.database.write { try DirectoryStore.rename(evil, "=1+1", $0) }
            let before = try await count("select count(*) from storage_audit where verb = 'export.list'", h)
            let people = try await h.send(desk, .get, "/desk/export/residents?format=csv")
            #expect(rows(people).count == 5)
            #expect(people.text.contains("王阿姨") && people.text.contains("138****0001") && !people.text.contains("马兰"))
            #expect(!people.text.contains("13800000001"))
            #expect(people.text.contains("'=1+1") && !people.text.contains("\n=1+1"))
            #expect(try await count("select count(*) from storage_audit where verb = 'export.list'", h) == before + 1)
            let far = try await h.send(try await h.signIn("desk2"), .get, "/desk/export/residents?format=csv")
            #expect(rows(far).count == 2 && far.text.contains("马兰"))
            // The desk's list with its filters is what the desk shows.
            let all = try await h.send(desk, .get, "/desk/export/cases?format=csv")
            let some = try await h.send(desk, .get, "/desk/export/cases?format=csv&queue=intake")
            #expect(rows(all).count > rows(some).count && rows(some).count > 1)
            // A ledger of one's own estate, and the steps of one's own case: another's is not found.
            let own = try await h.area("桂花苑")
            let other = try await h.area("领秀新都")
            let ledger = try await h.send(desk, .get, "/desk/export/ledger?format=csv&estate=\(own.text)")
            #expect(ledger.status == 200 && rows(ledger).count > 1)
            #expect(try await h.send(desk, .get, "/desk/export/ledger?estate=\(other.text)").status == 404)
            #expect(try await h.send(desk, .get, "/desk/export/ledger").status == 404)
            let id = try await h.report("水管漏水", by: "resident", at: own, key: "export-steps")
            #expect(try await h.send(desk, .get, "/desk/export/case-steps?format=csv&case=\(id.text)").status == 200)
            let stranger = try await h.signIn("desk2")
            #expect(try await h.send(stranger, .get, "/desk/export/case-steps?case=\(id.text)").status == 404)
        }
    }

    /// A district with so many homes that its list is long.
    private func fill(_ h: TestHouse) async throws -> Actor {
        try await PeopleHouse(h.house).plant(people: 6_000)
        let day = Zone.shanghai.day(of: h.house.world.now())
        let actor = try await h.house.database.read { transaction in
            let id = try transaction.first("select id from directory_person where name = 'district'") {
                try $0.id(0, PersonTag.self)
            }
            return try id.flatMap { try DirectoryStore.actor($0, on: day, transaction) }
        }
        return try #require(actor)
    }

    private func whole(_ id: ExportID, _ actor: Actor, _ h: TestHouse) async throws -> [[Cell]] {
        let exports = h.house.directory.exports(h.house.exports)
        let (found, _) = try await exports.fetch(id, by: actor)
        var rows: [[Cell]] = []
        for number in 0..<found.parts { rows += try await exports.piece(id, number) }
        #expect(Int64(rows.count) == found.rows)
        return rows
    }

    @Test func aLongListIsOneFileAfterKillsAndForItsOwnerAlone() async throws {
        try await TestHouse.with { h in
            let actor = try await fill(h)
            let exports = h.house.directory.exports(h.house.exports)
            let list = try exports.list("residents", actor)
            #expect(try await exports.direct(list, [:], by: actor, Words(language: .zh)) == nil)
            // Twice at once, and again: one job.
            async let a = exports.begin("residents", [:], by: actor, in: .zh)
            async let b = exports.begin("residents", [:], by: actor, in: .zh)
            let (id, twin) = try await (a, b)
            #expect(id == twin)
            await #expect(throws: ExportRefusal.notReady) { try await exports.fetch(id, by: actor) }
            // The database goes away in the middle of the third slice; the next worker goes on where it stood.
            var broken = ListExportWork(exports)
            broken.database = FailingDatabase(h.house.database, after: 3)
            await #expect(throws: (any Error).self) { _ = try await broken.step(worker: "one") }
            let half = try await h.house.database.read { try ExportStore.load(id, $0) }
            #expect(half?.status == .running && half?.rows == 2_000)
            h.still.advance(ms: 120_000)
            let work = h.house.exportWork
            // Two workers: one has the job, the other nothing to do.
            async let first = work.step(worker: "two")
            async let second = work.step(worker: "three")
            let did = try await (first, second)
            #expect(did.0 != did.1)
            let rows = try await whole(id, actor, h)
            #expect(rows.count == 6_000 && Set(rows.map { "\($0)" }).count > 5_900)
            let again = try await h.house.database.read { try ExportStore.load(id, $0) }
            #expect(again?.status == .done && again?.parts == 7)
            // Somebody else's is not there.
            let other = try await h.actor(try await h.signIn("grid"))
            await #expect(throws: ExportRefusal.notFound) { try await exports.fetch(id, by: other) }
            let grid = try await h.signIn("grid")
            for path in ["", "/file"] {
                #expect(try await h.send(grid, .get, "/desk/exports/\(id.text)\(path)").status == 404)
            }
            #expect(try await h.send(try h.program("grid"), .get, "/api/v1/exports/\(id.text)").status == 404)
            // No piece holds a name in clear.
            let parts = try await h.house.database.read {
                try $0.query("select sealed from directory_part where owner_id = \(id)") { try $0.bytes(0) }
            }
            #expect(!parts.isEmpty && parts.allSatisfy { !String(decoding: $0, as: UTF8.self).contains("王") })
            // A day later it is gone, with its pieces.
            h.still.advance(ms: 86_500_000)
            #expect(try await work.sweep() == 1)
            #expect(try await count("select count(*) from directory_part where owner_id = \(id)", h) == 0)
            await #expect(throws: ExportRefusal.notFound) { try await exports.fetch(id, by: actor) }
        }
    }

    @Test func rightsThatEndEndTheJobAndSoDoesItsOwner() async throws {
        try await TestHouse.with { h in
            let actor = try await fill(h)
            let person = try #require(actor.person)
            let exports = h.house.directory.exports(h.house.exports)
            let id = try await exports.begin("residents", [:], by: actor, in: .en)
            try await h.house.database.write {
                try $0.run("update directory_post set to_day = 20000, from_day = 19000 where person_id = \(person)")
            }
            #expect(try await h.house.exportWork.step(worker: "one"))
            let failed = try await h.house.database.read { try ExportStore.load(id, $0) }
            #expect(failed?.status == .failed && failed?.fault == "notFound")
            #expect(try await count("select count(*) from directory_part where owner_id = \(id)", h) == 0)
        }
        try await TestHouse.with { h in
            let actor = try await fill(h)
            let exports = h.house.directory.exports(h.house.exports)
            let id = try await exports.begin("residents", [:], by: actor, in: .en)
            try await exports.drop(id, by: actor)
            #expect(try await !h.house.exportWork.step(worker: "one"))
            for name in ["areas", "units", "residents", "homes", "cases"] {
                _ = try await exports.begin(name, [:], by: actor, in: .en)
            }
            await #expect(throws: ExportRefusal.tooMany) {
                _ = try await exports.begin("cases", ["queue": "intake"], by: actor, in: .en)
            }
        }
    }

    @Test func programsExportToo() async throws {
        try await TestHouse.with { h in
            let desk = try h.program("desk")
            let lists = try await h.send(desk, .get, "/api/v1/exports/lists").json()
            #expect(lists["items"]?.items.contains { $0["name"]?.stringValue == "residents" } == true)
            let made = try await h.json(desk, .post, "/api/v1/exports", .object([("list", .string("residents"))]))
            #expect(made.status == 201)
            let id = try #require(try made.json()["id"]?.stringValue)
            #expect(try await h.send(desk, .get, "/api/v1/exports/\(id)").json()["file"]?.isNull == true)
            #expect(try await h.send(desk, .get, "/desk/exports/\(id)/file").status == 409)
            #expect(try await h.house.exportWork.step(worker: "one"))
            let done = try await h.send(desk, .get, "/api/v1/exports/\(id)").json()
            #expect(done["status"]?.stringValue == "done" && done["rows"]?.intValue == 4)
            let file = try #require(done["file"]?.stringValue)
            let csv = try await h.send(desk, .get, file + "?format=csv")
            #expect(csv.status == 200 && rows(csv).count == 5)
            #expect(try await h.send(desk, .get, file + "?format=xlsx").text.hasPrefix("PK"))
            #expect(
                try await h.json(desk, .post, "/api/v1/exports", .object([("list", .string("posts"))])).status == 404)
            #expect(try await h.json(desk, .post, "/api/v1/exports/\(id)/deletion", .object([])).status == 204)
            #expect(try await h.send(desk, .get, "/api/v1/exports/\(id)").status == 404)
        }
    }
}

/// Lets so many writes through; then every one fails in its transaction, as for a process that is gone.
private final class FailingDatabase: Database {
    private let inner: any Database
    private let left: Mutex<Int>

    init(_ inner: any Database, after writes: Int) {
        self.inner = inner
        left = Mutex(writes)
    }
    struct Gone: Error {}

    var engine: Engine { inner.engine }
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T {
        try await inner.read(body)
    }
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T {
        let isGone = left.withLock { value in
            value -= 1
            return value < 0
        }
        return try await inner.write { transaction in
            let result = try body(transaction)
            if isGone { throw Gone() }
            return result
        }
    }
    func exclusively<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T { try await inner.exclusively(body) }
    func close() async throws { try await inner.close() }
}

import Foundation
import Kernel
import Storage
import StorageSQLite

// Writes rows as fast as it can and says each id that was acknowledged, until it is killed. The durability test
// (Tests/durability/powercut.py) cuts its power and asks the file for every id that was said.
//
//     durability-writer write <path> full|normal|off <callers> <first id>
//     durability-writer bench <path> <callers> <seconds>

let schema = Schema([
    Migration("durability-001", "create table durability_row (id ID not null primary key, filler BYTES not null);")
])

@Sendable func present() -> Instant { Instant(ms: Int64(Date().timeIntervalSince1970 * 1_000)) }

func openDatabase(_ path: String, _ synchronous: SQLiteDatabase.Synchronous) async throws -> SQLiteDatabase {
    var options = SQLiteDatabase.Options()
    options.synchronous = synchronous
    let database = try await SQLiteDatabase.open(path: path, options: options)
    try await schema.migrate(database, at: present())
    return database
}

/// One whole line in one call: a pipe keeps such short lines whole, also when the process is killed.
@Sendable func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(1, line, line.count)
}

@Sendable func insert(_ id: Int64, _ database: SQLiteDatabase) async throws {
    let filler = [UInt8](repeating: UInt8(truncatingIfNeeded: id), count: 300)
    _ = try await database.write { transaction in
        try transaction.run("insert into durability_row (id, filler) values (\(id), \(filler))")
    }
}

func writeForever(_ database: SQLiteDatabase, callers: Int64, first: Int64) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<callers {
            group.addTask {
                var id = first + caller
                while true {
                    try await insert(id, database)
                    say(String(id))
                    id += callers
                }
            }
        }
        try await group.waitForAll()
    }
}

/// Counts how often `callers` tasks finish `body` within the time.
func rate(
    callers: Int, seconds: Double, _ body: @escaping @Sendable (_ caller: Int, _ turn: Int) async throws -> Void
) async throws -> Int {
    let start = present()
    let end = start.adding(ms: Int64(seconds * 1_000))
    let count = try await withThrowingTaskGroup(of: Int.self) { group in
        for caller in 0..<callers {
            group.addTask {
                var turn = 0
                while present() < end {
                    try await body(caller, turn)
                    turn += 1
                }
                return turn
            }
        }
        return try await group.reduce(0, +)
    }
    return Int(Double(count) * 1_000 / Double(present().ms - start.ms))
}

func bench(_ database: SQLiteDatabase, callers: Int, seconds: Double) async throws {
    let writes = try await rate(callers: callers, seconds: seconds) { caller, turn in
        try await insert(Int64(turn * callers + caller + 1), database)
    }
    say("writes/s with \(callers) callers: \(writes)")
    try await database.write { transaction in
        let rows = (0..<5_000).map { [SQLValue.int(-1 - $0), .bytes([1, 2, 3])] }
        _ = try transaction.insert(into: "durability_row", columns: ["id", "filler"], rows: rows)
    }
    for readers in [1, 8] {
        let pages = try await rate(callers: readers, seconds: seconds) { caller, turn in
            let from = -Int64((turn * 50 + caller * 977) % 4_900) - 60
            let page = try await database.read { transaction in
                try transaction.query(
                    "select id, filler from durability_row where id >= \(from) order by id limit 50"
                ) { (try $0.int(0), try $0.bytes(1)) }
            }
            if page.count != 50 { say("short page") }
        }
        say("pages of 50 rows/s with \(readers) readers: \(pages)")
    }
}

let arguments = CommandLine.arguments
switch (arguments.count, arguments.dropFirst().first) {
case (6, "write"):
    let database = try await openDatabase(arguments[2], SQLiteDatabase.Synchronous(rawValue: arguments[3]) ?? .full)
    try await writeForever(database, callers: Int64(arguments[4]) ?? 1, first: Int64(arguments[5]) ?? 1)
case (5, "bench"):
    let database = try await openDatabase(arguments[2], .full)
    try await bench(database, callers: Int(arguments[3]) ?? 64, seconds: Double(arguments[4]) ?? 3)
    try await database.close()
default:
    say("usage: durability-writer write <path> full|normal|off <callers> <first id> | bench <path> <callers> <seconds>")
    exit(64)
}

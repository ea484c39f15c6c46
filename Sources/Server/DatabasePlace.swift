import ArgumentParser
import Attachments
import Directory
import Foundation
import Kernel
import Storage
import StoragePostgres
import StorageSQLite

/// Where a house keeps its rows. Keys and files are in the folder in either case.
package enum DatabasePlace: Sendable, Equatable {
    case file(String)
    case postgres(String)

    /// - Parameter database: a file or a `postgres://` URL; nil for `redsteward.db` in the folder.
    package init(folder: String, database: String?) {
        if let database, PostgresDatabase.isURL(database) {
            self = .postgres(database)
        } else {
            self = .file(database ?? folder + "/redsteward.db")
        }
    }

    /// What `copy` is given: a folder or a URL.
    init(_ word: String) { self.init(folder: word, database: PostgresDatabase.isURL(word) ? word : nil) }

    /// What an operator named, or else what the environment says; nil for the file in the folder.
    static func chosen(_ named: String?) -> String? {
        let value = named ?? ProcessInfo.processInfo.environment["REDSTEWARD_DATABASE"] ?? ""
        return value.isEmpty ? nil : value
    }

    var isFile: Bool { if case .file = self { true } else { false } }

    /// What an operator may read in a log: a URL without its password.
    var shown: String {
        switch self {
        case .file(let path): return path
        case .postgres(let url):
            guard var parts = URLComponents(string: url) else { return "postgres://" }
            if parts.password != nil { parts.password = "…" }
            return parts.string ?? "postgres://"
        }
    }

    /// Opens the database, brings it up to the schema and finds its keys.
    ///
    /// Lost keys must be noticed: a database that exists is never given new ones. Of several servers that begin on one
    /// empty PostgreSQL, the first makes the keys; the others wait for it and then need the same ones in their folders.
    func open(_ configuration: ServerConfiguration, _ world: World) async throws -> (any Database, KeyFile) {
        let folder = configuration.folder
        try RestoreMark.expectNone(folder)
        switch self {
        case .file(let path):
            let keys =
                FileManager.default.fileExists(atPath: path)
                ? try KeyFile.load(folder: folder)
                : try KeyFile.loadOrCreate(folder: folder, randomBytes: world.randomBytes)
            var options = SQLiteDatabase.Options()
            options.recorder = configuration.recorder
            let database = try await SQLiteDatabase.open(path: path, options: options)
            return (database, try await Self.prepare(database, world) { _ in keys })
        case .postgres(let url):
            let database = try await PostgresDatabase.open(url: url, options: configuration.postgres)
            let keys = try await Self.prepare(database, world) { transaction in
                try Schema.hasLanded(transaction)
                    ? try KeyFile.load(folder: folder)
                    : try KeyFile.loadOrCreate(folder: folder, randomBytes: world.randomBytes)
            }
            return (database, keys)
        }
    }

    private static func prepare(
        _ database: any Database, _ world: World,
        _ keys: @escaping @Sendable (any ReadTransaction) throws -> KeyFile
    ) async throws -> KeyFile {
        let now = world.now()
        do {
            return try await database.exclusively { transaction in
                let keys = try keys(transaction)
                try House.schema.migrate(database.engine, at: now, transaction)
                return keys
            }
        } catch {
            try? await database.close()
            throw error
        }
    }

    /// Opens what is there without the right to change it, also while it is served. Refuses a file that is not there.
    func openReadOnly() async throws -> any Database {
        switch self {
        case .file(let path):
            try expectFile("")
            var options = SQLiteDatabase.Options()
            options.readOnly = true
            return try await SQLiteDatabase.open(path: path, options: options)
        case .postgres(let url): return try await Self.postgres(url, readOnly: true)
        }
    }

    /// For one command alone: throws `StorageFailure.busy` while a server holds a file. Makes it where there is none.
    func openAlone() async throws -> any Database {
        switch self {
        case .file(let path): try await SQLiteDatabase.open(path: path)
        case .postgres(let url): try await Self.postgres(url, readOnly: false)
        }
    }

    /// Without a deadline: these read or write a whole house.
    private static func postgres(_ url: String, readOnly: Bool) async throws -> any Database {
        var options = PostgresDatabase.Options()
        options.readOnly = readOnly
        options.connections = 3
        options.deadlineMs = nil
        return try await PostgresDatabase.open(url: url, options: options)
    }

    private func expectFile(_ hint: String) throws {
        guard case .file(let path) = self, !FileManager.default.fileExists(atPath: path) else { return }
        throw ValidationError("there is no house in \(path): there is no such file. Check --data\(hint)")
    }

    /// Refuses a place that holds no house, so that a mistyped name makes none.
    func requireHouse(hint: String = "") async throws {
        switch self {
        case .file: try expectFile(hint)
        case .postgres:
            let database = try await told(where: self) { try await openReadOnly() }
            let landed = try await database.read { try Schema.hasLanded($0) }
            try await database.close()
            guard landed else {
                throw ValidationError("the database holds no house. Check REDSTEWARD_DATABASE or --database\(hint)")
            }
        }
    }
}

/// Where a house is, for every command that has one.
struct DataOptions: ParsableArguments {
    @Option(help: "The folder of the keys, the files and, without --database, the database.")
    var data: String
    @Option(
        help: """
            The database: a file, or a postgres:// URL. Without it REDSTEWARD_DATABASE counts, which keeps a password \
            out of the list of processes; without both it is redsteward.db in the folder.
            """)
    var database: String?

    var place: DatabasePlace { DatabasePlace(folder: data, database: DatabasePlace.chosen(database)) }

    func configuration() -> ServerConfiguration {
        ServerConfiguration(folder: data, database: DatabasePlace.chosen(database))
    }
}

/// A standby that answers what may be some seconds old.
struct ReplicaOptions: ParsableArguments {
    @Option(
        help: """
            A standby of the PostgreSQL, as a postgres:// URL, for pages that may be some seconds old: the public ledger \
            and statistics. Without it REDSTEWARD_REPLICA counts. When it is gone or too far behind, the primary answers.
            """)
    var replica: String?
    @Option(help: "How many seconds its answers may be old (1 to 300).")
    var replicaSeconds: Int = 5

    func chosen(beside place: DatabasePlace) throws -> PostgresDatabase.Options.Replica? {
        let url = replica ?? ProcessInfo.processInfo.environment["REDSTEWARD_REPLICA"] ?? ""
        guard !url.isEmpty else { return nil }
        guard (1...300).contains(replicaSeconds) else { throw ValidationError("--replica-seconds is 1 to 300") }
        guard PostgresDatabase.isURL(url) else { throw ValidationError("--replica is a postgres:// URL") }
        guard !place.isFile else { throw ValidationError("a replica needs a PostgreSQL; name it with --database") }
        var options = PostgresDatabase.Options.Replica(url: url)
        options.staleMs = replicaSeconds * 1_000
        return options
    }
}

/// Runs what opens a database, and says in one line why it cannot be opened.
func told<T>(where place: DatabasePlace, _ body: () async throws -> T) async throws -> T {
    do {
        return try await body()
    } catch StorageFailure.busy {
        switch place {
        case .file(let path):
            throw ValidationError("another server holds \(path); stop it first, or use another folder")
        case .postgres: throw ValidationError("the database does not answer; try again in a moment")
        }
    } catch {
        guard let words = OperatorWords.of(error) else { throw error }
        throw ValidationError(words)
    }
}

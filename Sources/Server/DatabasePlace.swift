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

    /// Opens the database, brings it up to the schema and finds its keys.
    ///
    /// Lost keys must be noticed: a database that exists is never given new ones. Of several servers that begin on one
    /// empty PostgreSQL, the first makes the keys; the others wait for it and then need the same ones in their folders.
    func open(_ configuration: ServerConfiguration, _ world: World) async throws -> (any Database, KeyFile) {
        let folder = configuration.folder
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

    /// Opens what is there without the right to change it, also while it is served. No deadline: `verify` reads all.
    func openReadOnly() async throws -> any Database {
        switch self {
        case .file(let path):
            var options = SQLiteDatabase.Options()
            options.readOnly = true
            return try await SQLiteDatabase.open(path: path, options: options)
        case .postgres(let url):
            var options = PostgresDatabase.Options()
            options.readOnly = true
            options.connections = 2
            options.deadlineMs = nil
            return try await PostgresDatabase.open(url: url, options: options)
        }
    }

    /// Refuses a place that holds no house, so that a mistyped name makes none.
    func requireHouse(hint: String = "") async throws {
        switch self {
        case .file(let path):
            guard FileManager.default.fileExists(atPath: path) else {
                throw ValidationError("there is no house in \(path): there is no such file. Check --data\(hint)")
            }
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

    var place: DatabasePlace { DatabasePlace(folder: data, database: chosen) }

    private var chosen: String? {
        let value = database ?? ProcessInfo.processInfo.environment["REDSTEWARD_DATABASE"] ?? ""
        return value.isEmpty ? nil : value
    }

    func configuration() -> ServerConfiguration { ServerConfiguration(folder: data, database: chosen) }
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
    } catch StorageFailure.unreachable(let reason) {
        throw ValidationError("the database cannot be reached: \(reason)")
    } catch StorageFailure.migrationChanged(let id) {
        throw ValidationError("the data was made with another text of migration \(id); use the version that made it")
    } catch StorageFailure.newerSchema(HouseTarget.markID) {
        throw ValidationError("this house is an unfinished copy or restore; finish it, or begin again")
    } catch StorageFailure.newerSchema(let id) {
        throw ValidationError("the data was made by a newer version (\(id)); use that version")
    } catch let fault as BlobFault {
        throw ValidationError("the store of files does not serve: \(fault.words)")
    }
}

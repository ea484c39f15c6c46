import ArgumentParser
import Attachments
import Foundation
import Hummingbird
import Kernel
import Logging
import ServiceLifecycle
import Storage
import Web

/// The operator's command line.
package struct RedSteward: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "redsteward", abstract: "RedSteward: one house for an estate's five parties.",
        subcommands: [
            Setup.self, Serve.self, Demo.self, Verify.self, Doctor.self, Backup.self, Restore.self, Copy.self,
            Export.self, Files.self, Passwords.self, SchemaText.self, Import.self, Numbers.self, Bench.self,
        ])
    package init() {}

    package static func start() async { await main() }
}

struct ServeOptions: ParsableArguments {
    @OptionGroup var place: DataOptions
    @Option(help: "The port; 0 picks a free one.")
    var port: Int = 8080
    @Option(help: "The address to listen on.")
    var host: String = "127.0.0.1"
    @Option(help: "How people reach the site, such as https://estate.example. With https cookies are Secure.")
    var publicURL: String = ""
    @Flag(help: "Answer /metrics to callers from elsewhere too.")
    var openMetrics = false
    @Option(
        help: """
            When told to end, answer /healthz with 503 and go on for so many seconds, so that a balancer sends no more \
            (0 to 300).
            """)
    var drainSeconds: Int = 0
    @Option(help: "Connections to PostgreSQL, each with a thread (2 to 64).")
    var connections: Int = 8
    @OptionGroup var replica: ReplicaOptions
    @Option(help: "Requests a minute for each token and each session, on each server; 0 for no limit.")
    var rateLimit: Int = RateLimitSettings().signedIn
    @Option(help: "Requests a minute for each address without sign-in, on each server; 0 for no limit.")
    var rateLimitAnonymous: Int = RateLimitSettings().anonymous
    @Flag(help: "Count callers from this machine too.")
    var rateLimitLocal = false
    @Option(
        help: """
            Proxies whose X-Forwarded-For is believed, for the limits and the audit: addresses or networks, with \
            commas between them, or none.
            """)
    var trustedProxies: String = "127.0.0.0/8,::1"
    @OptionGroup var backup: BackupOptions

    func configuration() throws -> ServerConfiguration {
        guard (0...300).contains(drainSeconds) else { throw ValidationError("--drain-seconds is 0 to 300") }
        guard (2...64).contains(connections) else { throw ValidationError("--connections is 2 to 64") }
        var configuration = place.configuration()
        configuration.postgres.connections = connections
        configuration.postgres.replica = try replica.chosen(beside: place.place)
        configuration.drain = .seconds(drainSeconds)
        configuration.host = host
        configuration.port = port
        configuration.publicURL = publicURL
        configuration.openMetrics = openMetrics
        guard (0...1_000_000).contains(rateLimit), (0...1_000_000).contains(rateLimitAnonymous) else {
            throw ValidationError("--rate-limit and --rate-limit-anonymous are 0 to 1000000")
        }
        configuration.limits.signedIn = rateLimit
        configuration.limits.anonymous = rateLimitAnonymous
        configuration.limits.countsLocal = rateLimitLocal
        guard let proxies = TrustedProxies(list: trustedProxies) else {
            throw ValidationError("--trusted-proxies is a list of addresses or networks, such as 127.0.0.1,10.0.3.0/24")
        }
        configuration.limits.proxies = proxies
        configuration.files = try FilesPlace.configured()
        configuration.backup = try backup.plan(data: place.data, environment: ProcessInfo.processInfo.environment)
        return configuration
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve a house.")
    @OptionGroup var options: ServeOptions

    func run() async throws {
        let house = try await open(try options.configuration())
        try await Running.serve(house) { port in print("ready http://\(options.host):\(port)") }
    }
}

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a demo district, planted on the first start and found again on the next.")
    @OptionGroup var options: ServeOptions
    @Option(name: .customLong("accounts-json"), help: "Write the demo accounts here, for programs.")
    var accountsJSON: String?

    func run() async throws {
        var configuration = try options.configuration()
        configuration.demo = true
        let house = try await open(configuration)
        let accounts = try await DemoSeed(house).plant()
        if let path = accountsJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(accounts).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        try await Running.serve(house) { port in
            Self.table(accounts)
            print("ready http://\(options.host):\(port)")
        }
    }

    static func table(_ accounts: [DemoSeed.Account]) {
        func wide(_ text: String, _ width: Int) -> String {
            let size = text.unicodeScalars.reduce(0) { $0 + ($1.value > 0x2E80 ? 2 : 1) }
            return text + String(repeating: " ", count: max(1, width - size))
        }
        print(wide("role", 15) + wide("name", 12) + wide("login", 15) + wide("password", 26) + "area")
        for one in accounts {
            print(wide(one.role, 15) + wide(one.name, 12) + wide(one.login, 15) + wide(one.password, 26) + one.area)
        }
    }
}

/// Opens a house or says in one line why not.
func open(_ configuration: ServerConfiguration) async throws -> House {
    try await told(where: configuration.place) { try await House.open(configuration, world: SystemWorld.make()) }
}

enum Running {
    /// Serves until it is told to stop, then finishes what is under way.
    static func serve(_ house: House, ready: @escaping @Sendable (Int) -> Void) async throws {
        var logger = Logger(label: "redsteward", factory: PatientLog.init)
        logger.logLevel = .notice
        let app = Application(
            router: house.router().router,
            // A connection on which nothing is asked is given up: phones that left do not hold it.
            server: .http1(configuration: .init(idleTimeout: .seconds(75))),
            configuration: .init(
                address: .hostname(house.configuration.host, port: house.configuration.port),
                serverName: "redsteward"),
            onServerRunning: { channel in
                ready(channel.localAddress?.port ?? house.configuration.port)
                fflush(nil)
            }, logger: logger)
        let backups = house.configuration.backup.map { BackupSchedule(house: house, plan: $0, logger: logger) }
        var configuration = ServiceGroupConfiguration(
            // Ended in the other order: the live streams first, or the server would wait for them.
            services: [
                .init(service: app), .init(service: Background(house: house, logger: logger)),
            ] + (backups.map { [.init(service: $0)] } ?? []) + [.init(service: Draining(house: house))],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(10) + house.configuration.drain
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch is CancellationError {
            // Somebody would not let go in ten seconds.
        }
        try await house.close()
    }
}

/// The first to hear of the end: tells balancers, and holds everything else up until they have had time to notice.
struct Draining: Service {
    let house: House

    func run() async throws {
        try? await gracefulShutdown()
        guard house.configuration.drain > .zero else { return }
        house.drain.begin()
        try? await Task.sleep(for: house.configuration.drain)
    }
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the audit's seals and the data, also while the house is served.")
    @OptionGroup var options: DataOptions

    func run() async throws {
        let place = options.place
        try await place.requireHouse()
        let keys = try Secret.auditKey(folder: options.data)
        let database = try await told(where: place) { try await place.openReadOnly() }
        let report = try await Verifier(key: keys).verify(database)
        try await database.close()
        print("seals \(report.seals), sealed rows \(report.sealedRows), unsealed tail \(report.unsealedRows)")
        print(
            "outbox waiting \(report.outboxWaiting), jobs waiting \(report.jobsWaiting), given up \(report.jobsGivenUp)"
        )
        for line in report.integrity { print("integrity: \(line)") }
        for one in report.breaks { print("BREAK in area \(one.area), seal \(one.seq): \(one.kind.rawValue)") }
        print(report.isSound ? "sound" : "NOT SOUND")
        if !report.isSound { throw ExitCode(1) }
    }
}

/// Prints the schema as one engine's text: what the tests load into PostgreSQL.
struct SchemaText: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the schema.", shouldDisplay: false)
    @Flag(help: "For PostgreSQL instead of SQLite.")
    var postgres = false
    func run() throws { print(House.schema.ddl(for: postgres ? .postgres : .sqlite)) }
}

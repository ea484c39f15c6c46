import Attachments
import Cases
import Directory
import Foundation
import Governance
import Hummingbird
import Insight
import Kernel
import Logging
import Messaging
import Privacy
import Storage
import StoragePostgres
import StorageSQLite
import Transfers
import Web

/// What an operator configures.
package struct ServerConfiguration: Sendable {
    package var folder: String
    /// A file, or a `postgres://` URL; nil for `redsteward.db` in the folder.
    package var database: String?
    package var postgres = PostgresDatabase.Options()
    package var host = "127.0.0.1"
    package var port = 8080
    package var publicURL = ""
    package var openMetrics = false
    /// Nil when the server makes no backups by itself.
    package var backup: BackupPlan?
    /// A demo district shows one-time codes on the page.
    package var demo = false
    /// How long a server that is told to end still answers, after it has told balancers so.
    package var drain = Duration.zero
    /// Where files are kept; beside the database when it is nil.
    package var files: FilesPlace?
    package var limits = RateLimitSettings()
    package var passwordCost = PasswordCost.interactive
    /// Every distinct statement goes here, for the test that prepares them on PostgreSQL.
    package var recorder: (@Sendable (String) -> Void)?

    package init(folder: String, database: String? = nil) {
        self.folder = folder
        self.database = database
    }

    package var place: DatabasePlace { DatabasePlace(folder: folder, database: database) }
}

/// The whole house, composed once for `main` and for the tests.
package struct House: Sendable {
    package let configuration: ServerConfiguration
    package let database: any Database
    package let world: World
    package let secrets: Secrets
    package let directory: DirectoryHouse
    package let cases: CasesHouse
    package let governance: GovernanceHouse
    package let transfers: TransferHouse
    package let privacy: PrivacyHouse
    package let insight: InsightHouse
    package let live: LiveHub
    package let metrics: Metrics
    package let settings: SiteSettings
    package let drain = Drain()
    /// Holds the node number of the ids; nil where this process is the only one that writes.
    let node: NodeKeeper?

    /// Gives back what is shared with other servers, then ends all connections.
    package func close() async throws {
        await node?.end()
        try await database.close()
    }

    /// Does the steps of imports.
    package var importWork: ImportWork {
        ImportWork(directory.imports) { try CaseStore.used(since: $0, $1) }
    }

    /// Deletes the files of pictures that are no more.
    package var fileSweep: FileSweep { cases.attachments.sweep(database) }

    /// Every list that can be taken home as a table.
    var exports: [ListExport] {
        DirectoryExports.all + directory.listExports + directory.partExports + cases.exports + cases.coverExports
            + cases.partExports + GovernanceExports.all + GovernanceExports.more + GovernanceExports.parts
            + PrivacyExports.all + privacy.exports + TransferExports.all + insight.exports
    }

    /// Does the exports of long lists.
    package var exportWork: ListExportWork { ListExportWork(directory.exports(exports)) }

    /// All migrations, lower floors first.
    package static let schema = Schema(
        DirectoryMigrations.all + ImportMigrations.all + MessagingMigrations.all + Attachments.migrations
            + CaseMigrations.all + GovernanceMigrations.all + RegionMigrations.all
            + GovernanceChangeMigrations.all + TeamMigrations.all + TransferMigrations.all
            + PrivacyMigrations.all + CasePersonalMigrations.all + InsightMigrations.all)

    /// Every kind of data that has an end.
    package static let retention =
        DirectoryPersonal.retention + Inbox.retention + CasePersonal.retention + TransferPersonal.retention
        + GovernanceHouse.retention + PrivacyHouse.retention

    package static func open(_ configuration: ServerConfiguration, world: World) async throws -> House {
        try FileManager.default.createDirectory(
            atPath: configuration.folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let (database, keys) = try await configuration.place.open(configuration, world)
        var node: NodeKeeper?
        do {
            // Before the first id that is kept.
            if database.engine == .postgres, let maker = world.maker {
                node = try await NodeKeeper.begin(database, maker, now: world.now)
            }
            return try await compose(configuration, world, database, keys, node)
        } catch {
            await node?.end()
            try? await database.close()
            throw error
        }
    }

    private static func compose(
        _ configuration: ServerConfiguration, _ world: World, _ database: any Database, _ keys: KeyFile,
        _ node: NodeKeeper?
    ) async throws -> House {
        var secrets = try Secrets(keys, world: world, cost: configuration.passwordCost)
        secrets.leaked = LeakedPasswords(folder: configuration.folder)
        let journal = StandardJournal(
            consumers: [OutboxConsumer("live")], auditKey: secrets.auditBytes, nextID: world.nextID,
            randomBytes: world.randomBytes)
        let now = world.now()
        // Several servers may start at once.
        try await database.exclusively { transaction in
            try CalendarStore.seed(transaction)
            try BaseSeed.plant(at: now, nextID: world.nextID, transaction)
            try LimitStore.plant(transaction)
            try RegionStore.plant(transaction)
            try SecurityStore.plant(at: now, transaction)
            try LawLimitStore.plant(transaction)
            try PrivacySeed.plant(House.retention, at: now, transaction)
        }
        let url =
            configuration.publicURL.isEmpty
            ? "http://\(configuration.host):\(configuration.port)" : configuration.publicURL
        let settings = SiteSettings(
            secure: url.hasPrefix("https://"), publicURL: url, openMetrics: configuration.openMetrics)
        let sender: any CodeSender = configuration.demo ? DemoCodeSender() : NoCodeSender()
        let calendars = Calendars(database: database)
        var signIn = SignIn(
            database: database, world: world, journal: journal, secrets: secrets, sender: sender)
        signIn.asksNotice = { try NoticeStore.mustAsk($0, on: $1, $2) }
        var directory = DirectoryHouse(
            database: database, world: world, journal: journal, secrets: secrets, signIn: signIn,
            calendars: calendars, settings: settings)
        let live = LiveHub()
        let attachments = try Attachments(
            folder: configuration.folder + "/files", place: configuration.files, world: world, fresh: true)
        try await attachments.check()
        let residents = ResidentNotice.all.map { Notice($0.name, $0.phrase) }
        let inbox = Inbox(
            notices: residents + CaseNotices.all + TransferNotices.all
                + GovernanceNotice.all.map { Notice($0.name, $0.phrase) }
                + PrivacyNoticeKind.all.map { Notice($0.name, $0.phrase) }, nextID: world.nextID)
        // Before anything takes a copy of it.
        directory.hooks = ResidentHooks(homeLeft: { try VehicleStore.homeLeft($0, $1) })
        directory.hooks.tell = { notice, arguments, link, people, except, at, transaction in
            try inbox.send(
                Notice(notice.name, notice.phrase), arguments, link: link, to: people, except: except, at: at,
                transaction)
        }
        let governance = GovernanceHouse(
            directory: directory, showsName: { try ConsentStore.allows($0, "boardName", $1) }
        ) {
            notice, arguments, link, people, except, at, transaction in
            try inbox.send(
                Notice(notice.name, notice.phrase), arguments, link: link, to: people, except: except, at: at,
                transaction)
        }
        let personal = DirectoryPersonal(secrets: secrets)
        // Ways in first, transfers before the cases by which they are found, the person last: the others find their
        // rows by it.
        let privacy = PrivacyHouse(
            directory: directory,
            sources: [
                personal.access, TransferPersonal.source, CasePersonal.source, inbox.personalData,
                governance.personalData,
                PrivacyHouse.personalData, personal.person,
            ], classes: retention, ended: Naming.consentEnded(journal)
        ) { kind, arguments, link, person, at, transaction in
            try inbox.send(
                Notice(kind.name, kind.phrase), arguments, link: link, to: [person], at: at, transaction)
        }
        let cases = CasesHouse(
            database: database, world: world, journal: journal, secrets: secrets,
            attachments: attachments,
            inbox: inbox, calendars: calendars, settings: settings,
            live: live, memory: signIn.memory, origin: TransferHouse.origin)
        return House(
            configuration: configuration, database: database, world: world, secrets: secrets, directory: directory,
            cases: cases, governance: governance,
            transfers: TransferHouse(directory: directory, cases: cases), privacy: privacy,
            insight: InsightHouse(directory: directory), live: live,
            metrics: Metrics(), settings: settings, node: node)
    }

    /// What people are told about a fault whose end is known, and the status; nil for a fault of another kind.
    static func told(_ error: any Error, _ words: Words) -> FaultAnswer? {
        switch error as? StorageFailure {
        case .busy, .unreachable: FaultAnswer(text: words(.errorBusy), status: .serviceUnavailable)
        case .readOnly: FaultAnswer(text: words(.errorReadOnly), status: .serviceUnavailable)
        case .unknownOutcome: FaultAnswer(text: words(.errorUnknown), status: .serviceUnavailable)
        default: isFull(error) ? FaultAnswer(text: words(.errorFull), status: .internalServerError) : nil
        }
    }

    /// Whether the disk has no room: people are told so, and that nothing was kept.
    private static func isFull(_ error: any Error) -> Bool {
        switch error {
        case let failure as StorageFailure: failure == .full
        case let fault as SpoolFault: fault.isFull
        default: false
        }
    }

    /// The router with every route, and the table of them.
    package func router() -> (router: Router<WebContext>, routes: [RouteSpec]) {
        let router = Router(context: WebContext.self)
        let world = world
        let door = FrontDoor(
            settings: settings, metrics: metrics, clock: world.now,
            requestName: { ID<CaseTag>(world.nextID()).text },
            faultAnswer: Self.told)
        router.add(middleware: DrainMiddleware(drain))
        router.add(middleware: door)
        router.add(
            middleware: SignInMiddleware(
                signIn: directory.signIn, secrets: secrets, world: world, settings: settings,
                limits: RateLimits(configuration.limits)))
        router.add(middleware: door.inner)
        let table = RouteTable(
            router: router, services: APIServices(keeper: directory.answers, metrics: metrics))
        Assets.routes(table)
        ModeRoutes.routes(table, settings: settings)
        APIGuide.routes(table, settings: settings)
        directory.routes(table)
        cases.routes(table)
        governance.routes(table)
        transfers.routes(table)
        privacy.routes(table)
        directory.exportRoutes(table, exports)
        insight.routes(table)
        let metrics = metrics
        let live = live
        let database = database
        let open = settings.openMetrics
        let insight = insight
        let drain = drain
        table.get("/healthz", .everyone) { _, _ in
            Response(
                status: drain.isOn ? .serviceUnavailable : .ok, headers: [.contentType: "text/plain"],
                body: .init(byteBuffer: ByteBuffer(string: drain.isOn ? "ending\n" : "ok\n")))
        }
        table.get("/metrics", .everyone) { _, context in
            guard open || context.isLoopback else { throw WebRefusal.notFound }
            metrics.gauge("redsteward_live_streams", Int64(live.count + insight.live.count))
            if let replica = (database as? PostgresDatabase)?.replicaCounts {
                metrics.gauge("redsteward_replica_fit", replica.isFit ? 1 : 0)
                metrics.gauge("redsteward_replica_reads", Int64(replica.served))
                metrics.gauge("redsteward_replica_fallbacks", Int64(replica.fellBack))
            }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: metrics.text)))
        }
        table.finish()
        return (router, table.specs)
    }
}

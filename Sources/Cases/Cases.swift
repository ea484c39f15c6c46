import Attachments
import Directory
import Hummingbird
import Kernel
import Messaging
import Storage
import Web

/// Where a case came from, when it has a number and a limit elsewhere: said by the floor above that keeps it.
package struct CaseOrigin: Sendable {
    package typealias Reader = @Sendable (CaseID, any ReadTransaction) throws -> CaseOrigin?
    let source: String
    let number: String
    let due: Instant
    let answered: Instant?
    /// The id on the pages of transfers.
    let link: String

    package init(source: String, number: String, due: Instant, answered: Instant?, link: String) {
        self.source = source
        self.number = number
        self.due = due
        self.answered = answered
        self.link = link
    }

    func isLate(at now: Instant) -> Bool { (answered ?? now) > due }
}

/// The closed loop, the heart of the house: whatever a resident, a patrol or a device finds becomes a case that is
/// registered, triaged, dispatched, attended, handled, fed back, rated, struck off the ledger and published, with clocks
/// that cannot be talked away. Others call `actions.register`; everything else goes through the routes.
package struct CasesHouse: Sendable {
    package let database: any Database
    package let world: World
    package let journal: any Journal
    package let secrets: Secrets
    package let attachments: Attachments
    package let inbox: Inbox
    package let calendars: Calendars
    package let settings: SiteSettings
    package let live: LiveHub
    package let actions: CaseActions
    package let queries: CaseQueries
    package let book: CaseBook
    let drawn = DrawnRows()
    let origin: CaseOrigin.Reader?
    let counts: CaseCounts
    let memory: DirectoryMemory
    let handovers: HandoverMemory

    package init(
        database: any Database, world: World, journal: any Journal, secrets: Secrets, attachments: Attachments,
        inbox: Inbox, calendars: Calendars, settings: SiteSettings, live: LiveHub, memory: DirectoryMemory? = nil,
        origin: CaseOrigin.Reader? = nil
    ) {
        self.origin = origin
        self.database = database
        self.world = world
        self.journal = journal
        self.secrets = secrets
        self.attachments = attachments
        self.inbox = inbox
        self.calendars = calendars
        self.settings = settings
        self.live = live
        counts = CaseCounts()
        let memory = memory ?? DirectoryMemory(database)
        self.memory = memory
        handovers = HandoverMemory(database)
        book = CaseBook(database: database, calendars: calendars)
        actions = CaseActions(
            database: database, world: world, journal: journal, inbox: inbox, secrets: secrets, book: book,
            counts: counts, memory: memory)
        queries = CaseQueries(database: database)
    }

    /// Another server of the house has changed cases.
    package func forgetCounts() { counts.changed() }

    package var clockwork: Clockwork { Clockwork(actions) }

    package func routes(_ table: RouteTable) {
        residentRoutes(table)
        deskRoutes(table)
        publicRoutes(table)
        categoryRoutes(table)
        apiRoutes(table)
        coverRoutes(table)
    }

    func now() -> Instant { world.now() }

    func person(_ context: WebContext) throws -> PersonID {
        guard let person = context.actor.person else { throw WebRefusal.signInFirst }
        return person
    }

    func query(_ request: Request, _ name: String) -> String {
        request.uri.queryParameters[name[...]].map { String($0.prefix(200)) } ?? ""
    }

    /// Stores the pictures of a form. Each is judged by its content before anything is written.
    func store(_ files: [UploadedFile]) async throws -> [Int64] {
        guard files.count <= CaseBounds.photos else { throw CaseRefusal.tooManyPhotos }
        var result: [Int64] = []
        for file in files { result.append(try await attachments.store(file.content, in: database)) }
        return result
    }

    func submission(_ request: Request, _ context: WebContext) async throws -> Submission {
        try await context.submission(
            request, maxFileBytes: Pictures.maxUploadBytes, maxFiles: CaseBounds.photos, spool: attachments.spool)
    }

    /// A key that no form had before.
    func freshKey() -> String { ID<CaseTag>(world.nextID()).text }

    /// The post by which staff act on a case, or the refusal that tells nothing.
    func asker(_ verb: Verb, _ c: CaseRecord, _ actor: Actor) throws -> CaseAsker {
        guard let person = actor.person, let post = actor.post(for: verb, at: c.place.path) else {
            throw CaseQueries.mayRead(c, actor) ? CaseRefusal.notYours : CaseRefusal.notFound
        }
        return .post(post, person)
    }

    func categories() async throws -> [Category] {
        try await book.current(at: now()).categories
    }
}

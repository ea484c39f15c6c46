import Hummingbird
import Kernel
import Storage
import Web

/// The front door of Directory: people and how they sign in, their homes, and what staff keep about an estate (homes to
/// check, areas, organisations and posts, invitations, the duty roster, the working calendar). It holds what its pages need and registers their routes; every change
/// is an action of `SignIn` or one of the `…Actions`, each one transaction that is audited where it stands.
package struct DirectoryHouse: Sendable {
    package let database: any Database
    package let world: World
    package let journal: any Journal
    package let secrets: Secrets
    package let signIn: SignIn
    package let calendars: Calendars
    package let settings: SiteSettings
    package var hooks = ResidentHooks()

    package init(
        database: any Database, world: World, journal: any Journal, secrets: Secrets, signIn: SignIn,
        calendars: Calendars, settings: SiteSettings
    ) {
        self.database = database
        self.world = world
        self.journal = journal
        self.secrets = secrets
        self.signIn = signIn
        self.calendars = calendars
        self.settings = settings
    }

    package func routes(_ table: RouteTable) {
        signInRoutes(table)
        meRoutes(table)
        staffRoutes(table)
        areaRoutes(table)
        areaMoveRoutes(table)
        organisationRoutes(table)
        invitationRoutes(table)
        factorRoutes(table)
        securityRoutes(table)
        auditRoutes(table)
        ruleRoutes(table)
        apiRoutes(table)
        importRoutes(table)
        minorRoutes(table)
        homeEndRoutes(table)
        findRoutes(table)
    }

    package var answers: AnswerKeeper { AnswerKeeper(database: database, world: world, secrets: secrets) }
    var homes: HomeActions { HomeActions(database: database, world: world, journal: journal, secrets: secrets) }
    var areas: AreaActions { AreaActions(database: database, world: world, journal: journal) }
    var organisations: OrganisationActions {
        OrganisationActions(database: database, world: world, journal: journal, secrets: secrets)
    }
    package var imports: ImportActions {
        ImportActions(database: database, world: world, journal: journal, secrets: secrets)
    }
    package var staff: StaffActions {
        StaffActions(database: database, world: world, journal: journal, calendars: calendars)
    }
}

/// What a form sent, by name; a field that did not come is empty.
package struct Typed: Sendable {
    private let fields: FormFields
    package init(_ fields: FormFields) { self.fields = fields }

    package subscript(_ name: String) -> String { fields[name] ?? "" }
    package func all(_ name: String) -> [String] { fields.all(name) }

    /// Without the space around it.
    package func trimmed(_ name: String) -> String { fields.trimmed(name) }
}

extension Request {
    /// A value of the query; empty when it is missing.
    package func asked(_ name: String) -> String {
        uri.queryParameters[name[...]].map { String($0.prefix(400)) } ?? ""
    }
}

extension DirectoryHouse {
    func typed(_ request: Request, _ context: WebContext) async throws -> Typed {
        Typed(try await context.form(request))
    }

    /// The person who asks, in person: a token is for work, never for the account itself.
    package func person(_ context: WebContext) throws -> PersonID {
        guard let person = context.actor.person else { throw WebRefusal.signInFirst }
        guard !context.actor.byToken else { throw WebRefusal.notYours }
        return person
    }

    package func say(_ context: WebContext) -> Say { Say(context.words, now: world.now()) }

    /// A page, with the status of the refusal that made it be shown again.
    package func shown(_ page: Page, _ refusal: (any Refusal)?, _ context: WebContext) -> Response {
        Answer.html(
            Layout.render(page, context: context), status: refusal?.kind.status ?? .ok, context: context)
    }

    /// The frame of the staff pages: open, with the way back to the desk.
    package func staffPage(_ title: String, _ main: HTML, _ context: WebContext) -> Page {
        let back: HTML = """
            <p class="no-print"><a href="/desk">\(context.words(.back))</a></p>
            """
        var page = Page(title: title, frame: .open, main: back + main)
        page.rawHeader = Headers.plain(context, home: Href("/desk"))
        return page
    }
}

/// `<option>` elements, one chosen.
enum Options {
    static func make(_ items: some Sequence<(value: String, label: String)>, chosen: String) -> HTML {
        HTML.joined(
            items.map { item in
                let mark: HTML = item.value == chosen ? " selected" : ""
                return "<option value=\"\(item.value)\"\(mark)>\(item.label)</option>"
            })
    }

    static let none: HTML = "<option value=\"\"></option>"
}

import Kernel
import Web

/// What the directory looks like in JSON.
package enum DirectoryShapes {
    package static let party = Shape<Party>.choice(Party.allCases) { String(describing: $0) }
    package static let level = Shape<AreaLevel>.choice(AreaLevel.allCases) { String(describing: $0) }
    package static let role = Shape<Role>.choice(Role.allCases) { $0.code }
    static let relation = Shape<HomeRelation>.choice(HomeRelation.allCases) { $0.code }
    static let squad = Shape<Squad>.choice(Squad.allCases) { $0.rawValue }
    static let lastDay = Shape<Day>.day.orNull
    static func last(_ day: Day) -> Day? { day >= HomeStore.forever ? nil : day }

    struct Me: Sendable {
        let actor: Actor
        let formToken: String?
        let scopes: Scopes?
    }
    static let me = Shape<Me>.object("Me") {
        Member("person", Shape<PersonID>.id().orNull) { $0.actor.person }
        Member("name", .words) { $0.actor.name }
        Member("posts", ownPost.list()) { $0.actor.posts }
        Member("homes", ownHome.list()) { $0.actor.homes }
        Member("form_token", Shape<String>.words.orNull, "For `X-Form-Token` of a signed-in browser.") { $0.formToken }
        Member("scopes", Shape<String>.words.list().orNull, "Of the token; null without one.") { $0.scopes?.names }
    }
    static let ownPost = Shape<Post>.object("OwnPost") {
        Member("id", .id()) { $0.id }
        Member("role", role) { $0.role }
        Member("area", .id()) { $0.area }
        Member("party", party) { $0.party }
        Member("title", .words) { $0.title }
    }
    static let ownHome = Shape<Home>.object("OwnHome") {
        Member("unit", .id()) { $0.unit }
        Member("building", .id()) { $0.building }
        Member("estate", .id()) { $0.estate }
        Member("relation", relation) { $0.relation }
        Member("label", .words) { $0.label }
    }
    static let home = Shape<HomeRow>.object("Home") {
        Member("id", .id()) { ID<HomeTag>($0.id) }
        Member("unit", .id()) { $0.unit }
        Member("place", .words) { $0.place }
        Member("relation", relation) { $0.relation }
        Member("waiting", .flag, "Staff have not checked it yet.") { $0.isWaiting }
        Member("from", .day) { $0.from }
        Member("to", lastDay) { last($0.to) }
    }
    struct Device: Sendable {
        let session: SignInStore.Session
        let isThis: Bool
    }
    static let device = Shape<Device>.object("Session") {
        Member("id", .id()) { ID<TokenTag>($0.session.id) }
        Member("device", .words) { MePage.device($0.session.device) }
        Member("seen", .time) { $0.session.seen }
        Member("expires", .time) { $0.session.expires }
        Member("current", .flag) { $0.isThis }
    }
    static let token = Shape<SignInStore.TokenRow>.object("Token") {
        Member("id", .id()) { ID<TokenTag>($0.id) }
        Member("name", .words) { $0.name }
        Member("post", Shape<PostID>.id().orNull, "Null for one's own homes and reports.") { $0.post }
        Member("scopes", Shape<String>.words.list()) { $0.scopes.names }
        Member("expires", .time) { $0.expires }
    }
    static let secret = Shape<String>.object("Secret") {
        Member("secret", .words, "Shown this once, and kept nowhere.") { $0 }
    }

    static let area = Shape<Area>.object("Area") {
        Member("id", .id()) { $0.id }
        Member("parent", Shape<AreaID>.id().orNull) { $0.parent }
        Member("level", level) { $0.level }
        Member("name", .words) { $0.name }
        Member("estate", Shape<AreaID>.id().orNull) { $0.estate }
    }
    static let member = Shape<HouseholdMember>.object("HouseholdMember") {
        Member("home", .id()) { ID<HomeTag>($0.home) }
        Member("household", Shape<AreaID>.id().orNull) { $0.household.map { AreaID($0) } }
        Member("relation", relation) { $0.relation }
        Member("name", .words, "Empty for who may not check homes here.") { $0.name }
        Member("from", .day) { $0.from }
        Member("to", lastDay) { last($0.to) }
    }
    static let ids = Shape<[AreaID]>.object("MadeAreas") { Member("ids", Shape<AreaID>.id().list()) { $0 } }

    static let organisationRow = Shape<OrganisationRow>.object("OrganisationRow") {
        Member("id", .id()) { $0.id }
        Member("party", party) { $0.party }
        Member("name", .words) { $0.name }
        Member("area", .id()) { $0.area }
        Member("area_name", .words) { $0.areaName }
    }
    struct Body: Sendable {
        let organisation: Organisation
        let areaName: String
        let line: String
    }
    static let organisation = Shape<Body>.object("Organisation") {
        Member("id", .id()) { $0.organisation.id }
        Member("party", party) { $0.organisation.party }
        Member("name", .words) { $0.organisation.name }
        Member("area", .id()) { $0.organisation.area }
        Member("area_name", .words) { $0.areaName }
        Member("service_line", .words, "What residents call; empty for none.") { $0.line }
    }
    static let post = Shape<PostRow>.object("Post") {
        Member("id", .id()) { $0.id }
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("role", role) { $0.role }
        Member("title", .words) { $0.title }
        Member("area_name", .words) { $0.areaName }
        Member("from", .day) { $0.from }
        Member("to", lastDay) { last($0.to) }
    }
    package static let colleague = Shape<Colleague>.object("Colleague") {
        Member("post", .id()) { $0.post }
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("title", .words) { $0.title }
        Member("role", role) { $0.role }
        Member("organisation", .words) { $0.organisationName }
    }

    static let waiting = Shape<DirectoryStore.WaitingHome>.object("WaitingHome") {
        Member("id", .id()) { ID<HomeTag>($0.id) }
        Member("name", .words) { $0.name }
        Member("phone", .words, "Masked.") { $0.phoneMasked }
        Member("place", .words) { $0.place }
        Member("relation", relation) { $0.relation }
        Member("asked", .time) { $0.created }
    }
    static let invitation = Shape<OpenInvitation>.object("Invitation") {
        Member("id", .words) { Base64URL.encode($0.digest) }
        Member("place", .words) { $0.place }
        Member("relation", relation) { $0.relation }
        Member("by", .words) { $0.maker }
        Member("expires", .time) { $0.expires }
        Member("from", lastDay) { $0.from }
        Member("to", lastDay) { $0.to }
    }

    static let rosterKind = Shape<RosterKind>.choice(RosterKind.allCases) { $0.code }
    static let rosterResult = Shape<RosterResult>.object("RosterResult") {
        Member("made", .whole) { Int64($0.made) }
        Member("skipped", .whole, "There already, or of somebody who works there no more.") { Int64($0.skipped) }
    }
    static let shift = Shape<Shift>.object("Shift") {
        Member("id", .id()) { ID<ShiftTag>($0.id) }
        Member("person", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("squad", .words) { $0.squad }
        Member("from", .time) { $0.from }
        Member("to", .time) { $0.to }
        Member("kind", rosterKind) { $0.kind }
        Member("place", .words) { $0.place }
        Member("version", .whole) { $0.version }
    }
    struct Duty: Sendable {
        let shifts: [Shift]
        let gaps: [Instant]
    }
    static let duty = Shape<Duty>.object("Roster") {
        Member("shifts", shift.list()) { $0.shifts }
        Member("gaps", Shape<Instant>.time.list(), "Hours that nobody covers, by their beginnings.") { $0.gaps }
    }

    struct CalendarDay: Sendable {
        let day: Day
        let isRest: Bool
        let name: String
        let source: String
    }
    struct Year: Sendable {
        let year: Int64
        let source: String?
        let days: [CalendarDay]
    }
    static let dayKind = Shape<String>.choice(["rest", "makeUp", "normal"]) { $0 }
    static let year = Shape<Year>.object("CalendarYear") {
        Member("year", .whole) { $0.year }
        Member("source", Shape<String>.words.orNull, "The notice that confirms the year; null until then.") {
            $0.source
        }
        Member("days", calendarDay.list(), "The days that differ from their weekday.") { $0.days }
    }
    static let calendarDay = Shape<CalendarDay>.object("CalendarDay") {
        Member("day", .day) { $0.day }
        Member("kind", dayKind) { $0.isRest ? "rest" : "makeUp" }
        Member("name", .words) { $0.name }
        Member("source", .words) { $0.source }
    }

    struct SignedIn: Sendable {
        let person: PersonID
        let isStaff: Bool
        let expires: Instant
        let formToken: String
    }
    struct Entered: Sendable {
        var signedIn: SignedIn?
        var people: [Person] = []
        var step: SignIn.Step?
        var recovery: [String] = []
    }
    struct Person: Sendable {
        let id: PersonID
        let name: String
    }
    static let signedIn = Shape<SignedIn>.object("SignedIn") {
        Member("person", .id()) { $0.person }
        Member("staff", .flag) { $0.isStaff }
        Member("expires", .time) { $0.expires }
        Member("form_token", .words, "For `X-Form-Token`; the session is the cookie `rs_s`.") { $0.formToken }
    }
    static let entered = Shape<Entered>.object("Entered") {
        Member("signed_in", signedIn.orNull) { $0.signedIn }
        Member("people", person.list(), "When several share the phone: one of them, with the same code again.") {
            $0.people
        }
        Member("step", step.orNull, "What is asked before the session begins; `/sign-in/step` answers it.") {
            $0.step
        }
        Member("recovery_codes", Shape<String>.words.list(), "Of a second factor that was set up; shown this once.") {
            $0.recovery
        }
    }
    static let person = Shape<Person>.object("Person") {
        Member("id", .id()) { $0.id }
        Member("name", .words) { $0.name }
    }
    static let shown = Shape<String?>.object("SentCode") {
        Member("shown", Shape<String>.words.orNull, "The code itself, in a demo only.") { $0 }
    }
}

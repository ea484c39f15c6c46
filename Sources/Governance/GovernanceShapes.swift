import Directory
import Kernel
import Web

/// What Governance looks like in JSON. The shapes of a room stand beside the room.
enum GovernanceShapes {
    static let appointmentKind = Shape<AppointmentKind>.choice(AppointmentKind.allCases) { $0.code }
    static let organisationKind = Shape<OrganisationKind>.choice(OrganisationKind.allCases) { $0.code }
    /// The two sides of a counter and of a steward.
    static let side = Shape<Party>.choice([.community, .property]) { String(describing: $0) }
    static let name = Shape<String>.words.orNull
    static let day = Shape<Day>.day.orNull
    static func last(_ day: Day) -> Day? { day >= HomeStore.forever ? nil : day }
}

extension Ask.Part {
    /// So many scalars as people type them, without the space around them.
    func typed(_ name: String, _ range: ClosedRange<Int>, _ about: String = "") throws -> String {
        let plain = FormFields.trimmed(try self(name, .text(range), about))
        guard range.contains(plain.unicodeScalars.count) else { throw WebRefusal.badField(name) }
        return plain
    }

    /// At most so many; empty when it is missing.
    func typedOrNone(_ name: String, _ most: Int, _ about: String = "") throws -> String {
        FormFields.trimmed(try optional(name, .text(0...most), about) ?? "")
    }
}

// MARK: Requests

/// Rows of a list.
struct ListAsked: Asked {
    let paging: Paging
    init(_ ask: Ask) throws { paging = try Paging(ask) }
}

/// One thing by its id.
struct OneAsked<Of>: Asked {
    let id: ID<Of>
    init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
}

/// One thing in the edition that was read.
struct EndAsked<Of>: Asked {
    let id: ID<Of>
    let version: Int64
    init(_ ask: Ask) throws {
        id = try ask.path("id", .id())
        version = try ask.body("version", Seen.versions, "The edition that was read.")
    }
}

/// The edition of a single thing that was read: `version`, or the tag in `If-Match`.
struct Seen: Sendable {
    let version: Int64?
    init(_ ask: Ask) throws {
        version = try ask.body.optional("version", Self.versions, "The edition that was read; or send `If-Match`.")
    }
    static let versions = Shape<Int64>.whole(0...Int64.max >> 1)
}

/// One thing in the edition that was read, where `If-Match` may say it too.
struct SeenAsked<Of>: Asked {
    let id: ID<Of>
    let seen: Seen
    init(_ ask: Ask) throws {
        id = try ask.path("id", .id())
        seen = try Seen(ask)
    }
}

/// The same with a reason.
struct WhyAsked<Of>: Asked {
    let id: ID<Of>
    let why: String
    let seen: Seen
    init(_ ask: Ask) throws {
        id = try ask.path("id", .id())
        why = try ask.body.typed("why", 1...200)
        seen = try Seen(ask)
    }
}

/// A part of one thing, in the edition of the part that was read.
struct PartAsked<Of, Part>: Asked {
    let id: ID<Of>
    let part: ID<Part>
    let version: Int64
    init(_ ask: Ask) throws {
        id = try ask.path("id", .id())
        part = try ask.path("part", .id())
        version = try ask.body("version", Seen.versions, "The edition that was read.")
    }
}

/// A part that is taken back for a reason.
struct TakenBackAsked<Of, Part>: Asked {
    let of: PartAsked<Of, Part>
    let why: String
    var id: ID<Of> { of.id }
    var part: ID<Part> { of.part }
    var version: Int64 { of.version }
    init(_ ask: Ask) throws {
        of = try PartAsked(ask)
        why = try ask.body.typed("why", 1...200)
    }
}

/// Somebody who comes to one thing, as its lead or not.
struct MemberAsked<Of>: Asked {
    let id: ID<Of>
    let person: PersonAsked
    let lead: Bool
    init(_ ask: Ask) throws {
        id = try ask.path("id", .id())
        person = try PersonAsked(ask)
        lead = try ask.body.optional("lead", .flag, "Leads it.") ?? false
    }
}

/// Somebody by phone and name.
struct PersonAsked: Sendable {
    let phone: String
    let name: String
    init(_ ask: Ask) throws {
        phone = try ask.body.typed("phone", 1...24, "A mobile number.")
        name = try ask.body.typedOrNone("name", 40, "May be missing where one person has the number.")
    }
}

extension GovernanceHouse {
    func named(_ asked: PersonAsked) throws -> NamedPerson {
        try NamedPerson(phone: asked.phone, name: asked.name, secrets: directory.secrets, world: world)
    }
    func named(_ sent: Sent) throws -> NamedPerson {
        try NamedPerson(phone: sent["phone"], name: sent["name"], secrets: directory.secrets, world: world)
    }
}

extension APICall {
    /// Acts on the edition that was read. What fails because of `If-Match` is told as that.
    func on(_ seen: Seen, _ act: (Int64) async throws -> Void) async throws -> APIAnswer<Void> {
        let held = try matchedVersion()
        guard let version = held ?? seen.version else { throw WebRefusal.missingField("version") }
        do {
            try await act(version)
        } catch GovernanceRefusal.changedMeanwhile where held != nil {
            throw WebRefusal.changedSince
        }
        return .done
    }
}

extension API {
    /// A list of Governance.
    static func list(_ summary: String) -> API { API(.governance, summary) }
    /// One thing of Governance.
    static func one(_ summary: String) -> API {
        API(.governance, summary, refuses: [GovernanceRefusal.notFound], isSingle: true)
    }
    /// A change in Governance; with `matches` of one thing in the edition that was read.
    static func act(_ summary: String, _ refuses: [GovernanceRefusal] = [], matches: Bool = false) -> API {
        API(
            .governance, summary,
            refuses: ([.notFound] + refuses + (matches ? [.changedMeanwhile] : [])) as [any Refusal], matches: matches)
    }
}

import Directory
import Kernel
import Storage
import Web

package enum TemplateTag {}
package typealias TemplateID = ID<TemplateTag>

/// In which form of a case a template may be picked.
package enum TemplateUse: Int64, CaseIterable, Sendable {
    case done = 1
    case reply = 2
    case returned = 3
    case paused = 4
    case publication = 5
    package var code: String { String(describing: self) }

    /// Who may write it: whoever directs the work there; what the public reads, whoever publishes there.
    var verb: Verb { self == .publication ? .casePublish : .caseTriage }

    var phrase: Phrase {
        switch self {
        case .done: .templateDone
        case .reply: .templateReply
        case .returned: .templateReturned
        case .paused: .templatePaused
        case .publication: .templatePublication
        }
    }
}

/// What a template may hold in braces. None of it says who somebody is, how to reach them or where they live, so no
/// template can carry that to the neighbours or the public.
package enum TemplateField: CaseIterable, Sendable {
    case number, category, promise, estate

    var phrase: Phrase {
        switch self {
        case .number: .templateFieldNumber
        case .category: .templateFieldCategory
        case .promise: .templateFieldPromise
        case .estate: .templateFieldEstate
        }
    }

    /// By its name in either language.
    init?(_ name: Substring) {
        guard let found = Self.allCases.first(where: { $0.phrase.zh == name || $0.phrase.en == name }) else {
            return nil
        }
        self = found
    }
}

/// A reply that is written once and used often.
package struct ReplyTemplate: Sendable, Hashable {
    package let id: TemplateID
    package let area: AreaID
    /// Nil for everybody who works there.
    package let organisation: OrganisationID?
    package let use: TemplateUse
    package let name: String
    package let body: String
    package let ended: Bool
    package let version: Int64
}

/// The words of a template for one case.
struct FilledTemplate: Sendable {
    let use: TemplateUse
    let text: String
}

/// Pure decisions about templates.
package enum TemplateRules {
    package static let body = 1...400
    package static let name = 1...40
    /// So many digits in a row are a telephone number or an identity number.
    private static let telling = 7

    /// The parts of a text, or the name in braces that is not known.
    private static func parts(_ body: String) throws(CoverRefusal) -> [(text: Substring, field: TemplateField?)] {
        var result: [(text: Substring, field: TemplateField?)] = []
        var rest = body[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw .unknownField(String(rest[open...].prefix(20)))
            }
            let name = rest[rest.index(after: open)..<close]
            guard let field = TemplateField(name) else { throw .unknownField("{\(name.prefix(20))}") }
            result.append((rest[..<open], field))
            rest = rest[rest.index(after: close)...]
        }
        result.append((rest, nil))
        return result
    }

    package static func check(_ body: String, use: TemplateUse) throws(CoverRefusal) {
        let parts = try parts(body)
        guard use == .publication else { return }
        // The public is promised nothing, and reads nobody's number.
        guard !parts.contains(where: { $0.field == .promise }) else { throw .personalInPublic }
        var run = 0
        for scalar in body.unicodeScalars {
            if scalar.properties.numericType == .decimal {
                run += 1
            } else if scalar != "-", scalar != " " {
                run = 0
            }
            guard run < telling else { throw .personalInPublic }
        }
    }

    /// With what is known of the case. A text that was checked before always fills.
    package static func fill(
        _ template: ReplyTemplate, number: String, category: String, promise: String, estate: String
    ) throws(CoverRefusal) -> String {
        var text = ""
        for part in try parts(template.body) {
            text += part.text
            switch part.field {
            case .number: text += number
            case .category: text += category
            case .promise: text += template.use == .publication ? "" : promise
            case .estate: text += estate
            case nil: break
            }
        }
        return text
    }
}

package struct TemplateVersion: Sendable {
    package let version: Int64
    package let name: String
    package let body: String
    package let ended: Bool
    /// Empty once the name went with the account, or after its period.
    package let author: String
    package let why: String
    package let at: Instant

    func author(_ words: Words) -> String { author.isEmpty ? words(.formerColleague) : author }
}

/// Every SQL word about templates.
package enum TemplateStore {
    private static let columns: SQL = "t.id, t.area_id, t.organisation_id, t.use, t.name, t.body, t.ended, t.version"

    private static func template(_ row: any Row) throws -> ReplyTemplate {
        let organisation = try row.int(2)
        return ReplyTemplate(
            id: try row.id(0), area: try row.id(1), organisation: organisation > 0 ? OrganisationID(organisation) : nil,
            use: try row.raw(3), name: try row.text(4), body: try row.text(5), ended: try row.flag(6),
            version: try row.int(7))
    }

    package static func load(_ id: TemplateID, _ transaction: any ReadTransaction) throws -> ReplyTemplate? {
        try transaction.first("select \(columns) from cases_template t where t.id = \(id)", template)
    }

    /// Those of areas in a scope, by id.
    package static func list(
        _ scope: Scope, after: TemplateID? = nil, limit: Int = 100, _ transaction: any ReadTransaction
    ) throws -> [ReplyTemplate] {
        try transaction.query(
            """
            select \(columns) from cases_template t
            where t.area_id in \(DirectoryStore.areas(in: scope)) and t.id > \(after?.raw ?? 0)
            order by t.id limit \(limit)
            """, template)
    }

    /// What may be used at a place by the holder of these posts, the nearest area first.
    static func usable(
        at path: AreaPath, uses: [TemplateUse], by actor: Actor, limit: Int = 12, _ transaction: any ReadTransaction
    ) throws -> [ReplyTemplate] {
        let ids = path.ids
        guard !ids.isEmpty, !uses.isEmpty else { return [] }
        let own = Set(actor.posts.map(\.organisation))
        let found = try transaction.query(
            """
            select \(columns) from cases_template t
            where t.area_id in (\(SQL.joined(ids.map { "\($0)" }))) and t.use in (\(SQL.joined(uses.map { "\($0)" })))
                and t.ended = \(false) order by t.id limit 400
            """, template
        ).filter { $0.organisation.map(own.contains) ?? true }
        func depth(_ one: ReplyTemplate) -> Int { ids.firstIndex(of: one.area) ?? 0 }
        return Array(found.sorted { (-depth($0), $0.id) < (-depth($1), $1.id) }.prefix(limit))
    }

    /// Those that fit the next step of a case and what else may be done with it.
    static func offered(
        _ c: CaseRecord, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> [ReplyTemplate] {
        try usable(at: c.place.path, uses: uses(c, actor), by: actor, transaction)
    }

    static func uses(_ c: CaseRecord, _ actor: Actor) -> [TemplateUse] {
        TemplateUse.allCases.filter { use in
            let command: CaseCommand =
                switch use {
                case .done: .handle
                case .reply: .feedBack
                case .returned: .returnIt
                case .paused: .suspend(.other)
                case .publication: .publish
                }
            guard let verb = command.verb, CaseRules.statuses(for: command).contains(c.status), !c.suspended else {
                return false
            }
            return actor.may(verb, at: c.place.path)
        }
    }

    static func insert(
        _ t: ReplyTemplate, by actor: Actor, why: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_template (id, area_id, organisation_id, use, name, body, ended, version)
            values (\(t.id), \(t.area), \(t.organisation?.raw ?? 0), \(t.use), \(t.name), \(t.body), \(t.ended),
                \(t.version))
            """)
        try keep(t, by: actor, why: why, at: now, transaction)
    }

    /// False when somebody else changed it since.
    static func save(
        _ t: ReplyTemplate, was version: Int64, by actor: Actor, why: String, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        guard
            try transaction.run(
                """
                update cases_template set name = \(t.name), body = \(t.body), ended = \(t.ended), version = \(t.version)
                where id = \(t.id) and version = \(version)
                """) == 1
        else { return false }
        try keep(t, by: actor, why: why, at: now, transaction)
        return true
    }

    private static func keep(
        _ t: ReplyTemplate, by actor: Actor, why: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_template_version (template_id, version, name, body, ended, author_id, author_name, why,
                at_ms)
            values (\(t.id), \(t.version), \(t.name), \(t.body), \(t.ended), \(actor.person?.raw ?? 0), \(actor.name),
                \(why), \(now))
            """)
    }

    package static func versions(
        _ id: TemplateID, _ transaction: any ReadTransaction
    ) throws -> [TemplateVersion] {
        try transaction.query(
            """
            select version, name, body, ended, author_name, why, at_ms from cases_template_version
            where template_id = \(id) order by version desc limit 100
            """
        ) { row in
            TemplateVersion(
                version: try row.int(0), name: try row.text(1), body: try row.text(2), ended: try row.flag(3),
                author: try row.text(4), why: try row.text(5), at: try row.instant(6))
        }
    }
}

/// Templates are written, changed and ended, each with who and why; no version is ever lost.
package struct TemplateActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal

    package func add(
        area: AreaID, organisation: OrganisationID?, use: TemplateUse, name: String, body: String, why: String,
        by actor: Actor
    ) async throws -> TemplateID {
        let (name, body, why) = try Self.checked(name, body, use, why)
        let id: TemplateID = world.id()
        let now = world.now()
        try await database.write { [journal] transaction in
            let post = try Self.place(area, use, actor, transaction)
            // One writes for one's own organisation, or for all who work there.
            if let organisation, !actor.posts.contains(where: { $0.organisation == organisation }) {
                throw CoverRefusal.notFound
            }
            let template = ReplyTemplate(
                id: id, area: area, organisation: organisation, use: use, name: name, body: body, ended: false,
                version: 1)
            try TemplateStore.insert(template, by: actor, why: why, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: area, actor: actor.person, post: post.id, verb: "template.add", subject: id.raw, detail: why),
                at: now, transaction)
        }
        return id
    }

    /// - Parameter ends: no longer offered; what was sent with it stays as it is.
    package func change(
        _ id: TemplateID, name: String, body: String, ends: Bool, why: String, was version: Int64, by actor: Actor
    ) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            guard let before = try TemplateStore.load(id, transaction) else { throw CoverRefusal.notFound }
            let post = try Self.place(before.area, before.use, actor, transaction)
            if let organisation = before.organisation, !actor.posts.contains(where: { $0.organisation == organisation })
            {
                throw CoverRefusal.notFound
            }
            let (name, body, why) = try Self.checked(
                ends ? before.name : name, ends ? before.body : body, before.use, why)
            guard !before.ended else { throw CoverRefusal.templateEnded }
            let after = ReplyTemplate(
                id: id, area: before.area, organisation: before.organisation, use: before.use, name: name, body: body,
                ended: ends, version: version + 1)
            guard
                try TemplateStore.save(after, was: version, by: actor, why: why, at: now, transaction)
            else { throw CoverRefusal.changedMeanwhile }
            try journal.audit(
                AuditEntry(
                    area: before.area, actor: actor.person, post: post.id,
                    verb: ends ? "template.end" : "template.change", subject: id.raw, detail: why), at: now, transaction
            )
        }
    }

    private static func checked(
        _ name: String, _ body: String, _ use: TemplateUse, _ why: String
    ) throws -> (String, String, String) {
        let name = try CoverWords.checked(name, "name", TemplateRules.name)
        let body = try CoverWords.checked(body, "body", TemplateRules.body)
        try TemplateRules.check(body, use: use)
        return (name, body, try CoverWords.checked(why, "why"))
    }

    /// Within reach by the verb of the use; anything else is as good as missing.
    private static func place(
        _ area: AreaID, _ use: TemplateUse, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> Post {
        guard let found = try DirectoryStore.area(area, transaction), found.level <= .estate,
            let post = actor.post(for: use.verb, at: found.path)
        else { throw CoverRefusal.notFound }
        return post
    }
}

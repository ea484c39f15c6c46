import Directory
import Hummingbird
import Kernel
import Storage
import Web

package enum RecordTag {}
package typealias RecordID = ID<RecordTag>

/// The registers that the law asks for.
package enum RecordKind: Int64, CaseIterable, Sendable {
    /// What is processed for what, on which basis, how long, who gets it.
    case processing = 1
    /// What was weighed before something risky began.
    case assessment = 2
    /// What got out, and whom it concerns.
    case breach = 3

    package var code: String { String(describing: self) }

    struct Field: Sendable {
        let name: String
        let title: Phrase
        let required: Bool
        init(_ name: String, _ title: Phrase, required: Bool = true) {
            self.name = name
            self.title = title
            self.required = required
        }
    }

    var fields: [Field] {
        switch self {
        case .processing:
            [
                Field("data", .recordData), Field("purpose", .recordPurpose), Field("basis", .recordBasis),
                Field("kept", .recordKept), Field("recipients", .recordRecipients, required: false),
                Field("measures", .recordMeasures, required: false),
            ]
        case .assessment:
            [
                Field("subject", .recordSubject), Field("necessity", .recordNecessity), Field("risk", .recordRisk),
                Field("measures", .recordMeasures), Field("conclusion", .recordConclusion),
                Field("assessor", .recordAssessor),
            ]
        case .breach:
            [
                Field("what", .recordWhat), Field("data", .recordData), Field("people", .recordPeople),
                Field("harm", .recordHarm), Field("measures", .recordMeasures, required: false),
                Field("advice", .recordAdvice, required: false),
            ]
        }
    }

    var title: Phrase {
        switch self {
        case .processing: .processingTitle
        case .assessment: .assessmentsTitle
        case .breach: .breachesTitle
        }
    }
    var place: Href {
        switch self {
        case .processing: Href("/desk/privacy/processing")
        case .assessment: Href("/desk/privacy/assessments")
        case .breach: Href("/desk/privacy/breaches")
        }
    }
}

/// One entry of a register.
package struct Record: Sendable {
    package let id: RecordID
    package let kind: RecordKind
    package var title: String
    package var fields: [String: String]
    /// Of a breach: when it was known, by when the authority and the people are told, and when they were.
    package var known: Instant?
    package var reportBy: Instant?
    package var tellBy: Instant?
    package var reported: Instant?
    package var told: Instant?
    package var ended: Bool
    package var version: Int64
    package var author = ""
    package var changed = Instant(ms: 0)
    /// Of a version: why it was made.
    package var why = ""
}

/// Every SQL word about the registers.
package enum RecordStore {
    private static let columns: SQL = """
        r.id, r.kind, r.title, r.fields, r.known_ms, r.report_ms, r.tell_ms, r.reported_ms, r.told_ms, r.ended,
            r.version, p.name, r.changed_ms
        from privacy_record r left join directory_person p on p.id = r.changed_by
        """

    static func record(_ row: any Row) throws -> Record {
        var fields: [String: String] = [:]
        if case .object(let pairs) = try JSONReader.read(Array(try row.text(3).utf8)) {
            for (name, value) in pairs { fields[name] = value.stringValue }
        }
        return Record(
            id: try row.id(0), kind: try row.raw(1), title: try row.text(2), fields: fields,
            known: try row.optionalInstant(4), reportBy: try row.optionalInstant(5),
            tellBy: try row.optionalInstant(6), reported: try row.optionalInstant(7),
            told: try row.optionalInstant(8), ended: try row.flag(9), version: try row.int(10),
            author: try row.optionalText(11) ?? "", changed: try row.instant(12))
    }

    package static func load(_ id: RecordID, _ transaction: any ReadTransaction) throws -> Record? {
        try transaction.first("select \(columns) where r.id = \(id)", record)
    }

    package static func all(
        _ kind: RecordKind, before: RecordID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Record] {
        let page: SQL = before.map { "and r.id < \($0)" } ?? .empty
        return try transaction.query(
            "select \(columns) where r.kind = \(kind) \(page) order by r.id desc limit \(limit)", record)
    }

    private static func text(_ fields: [String: String]) -> String {
        JSON.object(fields.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }).text
    }

    static func insert(
        _ record: Record, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into privacy_record
                (id, kind, title, fields, known_ms, report_ms, tell_ms, reported_ms, told_ms, ended, version,
                created_by, created_ms, changed_by, changed_ms)
            values (\(record.id), \(record.kind), \(record.title), \(text(record.fields)), \(record.known),
                \(record.reportBy), \(record.tellBy), \(record.reported), \(record.told), \(record.ended), 1,
                \(person), \(now), \(person), \(now))
            """)
    }

    /// False when somebody changed it since.
    static func save(
        _ record: Record, was seen: Int64, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update privacy_record set title = \(record.title), fields = \(text(record.fields)),
                known_ms = \(record.known), report_ms = \(record.reportBy), tell_ms = \(record.tellBy),
                reported_ms = \(record.reported), told_ms = \(record.told), ended = \(record.ended),
                version = version + 1, changed_by = \(person), changed_ms = \(now)
            where id = \(record.id) and version = \(seen)
            """) == 1
    }
}

/// What is written into a register, by a page or by a program.
package struct RecordSent: Sendable {
    var title: String
    /// By the names of the fields of its kind.
    var fields: [String: String]
    var known: Instant?
    var reported: Instant?
    var told: Instant?
    var ended: Bool
    /// Why an entry is changed; needed for a change.
    var why: String

    package init(
        title: String, fields: [String: String], known: Instant? = nil, reported: Instant? = nil,
        told: Instant? = nil, ended: Bool = false, why: String = ""
    ) {
        self.why = why
        self.title = title
        self.fields = fields
        self.known = known
        self.reported = reported
        self.told = told
        self.ended = ended
    }
}

extension PrivacyDesk {
    /// Enters into a register, or changes an entry that nobody changed since.
    @discardableResult
    package func putRecord(
        _ kind: RecordKind, _ id: RecordID?, _ sent: RecordSent, was seen: Int64, by actor: Actor
    ) async throws -> RecordID {
        let (person, post) = try editor(actor)
        let now = world.now()
        var fields: [String: String] = [:]
        for field in kind.fields {
            fields[field.name] = try Self.words(
                sent.fields[field.name] ?? "", field.name, (field.required ? 1 : 0)...1000)
        }
        let title = try Self.words(sent.title, "title", 1...100)
        let why = try Self.words(sent.why, "why", (id == nil ? 0 : 1)...200)
        if kind == .breach {
            guard let known = sent.known, known <= now else { throw PrivacyRefusal.badTime("known") }
            for (name, time) in [("reported", sent.reported), ("told", sent.told)] {
                guard time.map({ $0 >= known && $0 <= now }) ?? true else { throw PrivacyRefusal.badTime(name) }
            }
        }
        let fresh: RecordID = world.id()
        let kept = fields
        return try await database.write { transaction in
            // The hours that hold when it is entered: a later change of the rule does not move them.
            let old = try id.flatMap { try RecordStore.load($0, transaction) }
            guard id == nil || old?.kind == kind else { throw PrivacyRefusal.notFound }
            var record = Record(
                id: id ?? fresh, kind: kind, title: title, fields: kept, known: sent.known, reported: sent.reported,
                told: sent.told, ended: sent.ended, version: 1)
            if kind == .breach, let known = sent.known {
                let report = Int(try LawLimitStore.value(.breachHours, transaction))
                let tell = Int(try LawLimitStore.value(.breachTellHours, transaction))
                let isSame = old?.known == known
                record.reportBy = isSame ? old?.reportBy : known.adding(hours: report)
                record.tellBy = isSame ? old?.tellBy : known.adding(hours: tell)
            } else {
                (record.known, record.reported, record.told) = (nil, nil, nil)
            }
            if old == nil {
                try RecordStore.insert(record, by: person, at: now, transaction)
            } else {
                try RecordStore.keep(record.id, why: "", transaction)
                guard try RecordStore.save(record, was: seen, by: person, at: now, transaction) else {
                    throw PrivacyRefusal.changedMeanwhile
                }
            }
            try RecordStore.keep(record.id, why: why, transaction)
            try audit(
                "register.\(kind.code)", record.id.raw, "\(title) \(record.ended)", at: post.area, by: person, post,
                transaction)
            return record.id
        }
    }
}

extension PrivacyHouse {
    func recordRoutes(_ table: RouteTable) {
        for kind in RecordKind.allCases {
            let path = kind.place.path
            table.get(path, .verb(.privacyEdit)) { request, context in
                try await records(kind, request.asked("cursor"), Returned(), context)
            }
            table.post(path, .verb(.privacyEdit)) { request, context in
                try await act(request, context) {
                    try await records(kind, "", $0, context)
                } _: { sent in
                    let id: RecordID? = sent["record"].isEmpty ? nil : RecordID(text: sent["record"])
                    guard sent["record"].isEmpty || id != nil else { throw PrivacyRefusal.badChoice("record") }
                    try await desk.putRecord(
                        kind, id,
                        RecordSent(
                            title: sent.trimmed("title"),
                            fields: Dictionary(
                                uniqueKeysWithValues: kind.fields.map { ($0.name, sent.trimmed($0.name)) }),
                            known: try Self.moment(sent, "known"), reported: try Self.moment(sent, "reported"),
                            told: try Self.moment(sent, "told"), ended: !sent["ended"].isEmpty,
                            why: sent.trimmed("why")),
                        was: id == nil ? 0 : try sent.number("version"), by: context.actor)
                    return kind.place
                }
            }
        }
    }

    private static func moment(_ sent: Typed, _ name: String) throws -> Instant? {
        guard !sent.trimmed(name).isEmpty else { return nil }
        guard let time = LocalInput.instant(sent.trimmed(name)) else { throw PrivacyRefusal.badTime(name) }
        return time
    }

    private func records(
        _ kind: RecordKind, _ cursor: String, _ returned: Returned, _ context: WebContext
    ) async throws -> Response {
        _ = try desk.editor(context.actor)
        let before = RecordID(text: cursor)
        let (found, versions) = try await database.read { transaction in
            let found = try RecordStore.all(kind, before: before, limit: 31, transaction)
            var versions: [RecordID: [Record]] = [:]
            for one in found { versions[one.id] = try RecordStore.versions(one.id, limit: 50, transaction) }
            return (found, versions)
        }
        let kit = Kit(context, returned)
        let words = context.words
        let now = world.now()
        func deadline(_ phrase: Phrase, _ due: Instant?, _ met: Instant?) -> HTML {
            guard let due else { return .empty }
            let text = "\(words(phrase)) \(Say.exact(met ?? due))"
            return kit.state(met.map { $0 <= due ? .ok : .late } ?? (now > due ? .late : .wait), text)
        }
        func form(_ one: Record?) -> HTML {
            let way = one.map { "record-\($0.id.text)" } ?? "record"
            let fields = kind.fields.map {
                kit.long(way, $0.name, $0.title, value: one?.fields[$0.name] ?? "", most: 1000, required: $0.required)
            }
            let clocks: HTML =
                kind == .breach
                ? HTML.joined([
                    kit.moment(way, "known", .breachKnown, value: one?.known ?? now),
                    kit.moment(way, "reported", .breachReported, value: one?.reported, required: false),
                    kit.moment(way, "told", .breachTold, value: one?.told, required: false),
                ]) : .empty
            return kit.form(
                way, kind.place, one == nil ? .recordAdd : .recordEdit,
                hidden: one.map { [("record", $0.id.text), ("version", String($0.version))] } ?? [],
                kit.text(way, "title", .recordTitle, value: one?.title ?? "", most: 100), HTML.joined(fields), clocks,
                kit.check(way, "ended", .recordEnded, on: one?.ended ?? false),
                one == nil ? .empty : kit.text(way, "why", .recordWhy, most: 200))
        }
        func facts(_ one: Record) -> HTML {
            let rows = kind.fields.filter { !(one.fields[$0.name] ?? "").isEmpty }.map { field -> HTML in
                """
                <tr><th scope="row">\(words(field.title))</th><td class="small">\(one.fields[field.name] ?? "")</td></tr>
                """
            }
            return """
                <div class="card scroll" tabindex="0"><table class="plain"><tbody>\(HTML.joined(rows))</tbody></table></div>
                """
        }
        /// The versions before, each with what the next one changed, who changed it and why.
        func history(_ all: [Record]) -> HTML {
            guard all.count > 1 else { return .empty }
            let parts = zip(all, all.dropFirst()).map { newer, older -> HTML in
                let changed = newer.changes(from: older, words).joined(separator: words.language == .zh ? "、" : ", ")
                return """
                    <p class="small">\(words(.sharingNumbered, String(newer.version))) · \(newer.author) · \
                    <span class="num">\(Say.exact(newer.changed))</span> · \(newer.why) · \
                    \(words(.recordChanged, changed))</p>\
                    <h3>\(words(.sharingNumbered, String(older.version))) · \(older.title)</h3>\(facts(older))
                    """
            }
            return """
                <details class="card"><summary>\(words(.sharingVersions)) (\(parts.count))</summary>\
                \(HTML.joined(parts))</details>
                """
        }
        let parts = found.prefix(30).map { one -> HTML in
            return """
                <section class="stack-s"><h2>\(one.title) \
                \(one.ended ? kit.state(.plain, words(.recordEnded)) : .empty)</h2>\
                <p>\(deadline(.breachReportBy, one.reportBy, one.reported)) \
                \(deadline(.breachTellBy, one.tellBy, one.told))</p>\
                \(facts(one))\
                <p class="soft small num">\(one.author) · \(Say.exact(one.changed))</p>\
                \(history(versions[one.id] ?? []))\(form(one))</section>
                """
        }
        let none: HTML =
            parts.isEmpty ? "<p class=\"card soft\">\(words(.privacyNone))</p>" : HTML.joined(Array(parts))
        let main = kit.page(
            words(kind.title), none, kit.more(kind.place, found.count > 30 ? found[29].id.text : nil),
            ExportLinks.make("privacy-\(kind.code)", context), form(nil))
        return staffPage(words(kind.title), main, returned.refusal, context)
    }
}

import Kernel
import Storage
import Web

/// The rules that are edited on pages, each kind with a count of versions of its own.
package enum RuleKind: String, CaseIterable, Sendable {
    /// Limits of cases.
    case policy
    /// Days of the working calendar.
    case calendar
    /// Limits that law or a local rule sets.
    case limit
    /// What provinces and cities set, and where it is chosen.
    case region
    /// The dictionary of what a case may be about.
    case category

    /// What lets somebody edit them.
    var verb: Verb { self == .calendar ? .calendarEdit : .policyEdit }

    /// Their page.
    var page: Href {
        switch self {
        case .policy: Href("/desk/policies")
        case .calendar: Href("/desk/calendar")
        case .limit: Href("/desk/limits")
        case .region: Href("/desk/regions")
        case .category: Href("/desk/categories")
        }
    }
}

/// One edit of a rule as somebody made it: what, from when on, who, why, and what it was before.
package struct RuleVersion: Sendable {
    package enum State: Int64, Sendable {
        /// Its time has not come.
        case planned = 0
        case applied = 1
        /// It could not be done when its time came, because what it names had gone.
        case failed = 2
        /// Taken back before its time.
        case withdrawn = 3
    }
    package let id: Int64
    package let kind: RuleKind
    package let version: Int64
    /// What it is about, within the kind.
    package let subject: String
    /// The fields of the form, to do the same again.
    package let fields: [String: String]
    package let before: String
    package let after: String
    package let why: String
    package let from: Instant
    package let by: PersonID?
    package let at: Instant
    package let state: State
}

/// An edit that is about to be kept.
package struct RuleEdit: Sendable {
    package let kind: RuleKind
    package let subject: String
    package let fields: [String: String]
    package let before: String
    package let after: String
    package let why: String
    /// Nil for at once.
    package let from: Instant?
    /// The newest version of the kind that the editor saw; nil for whoever did not look.
    package let seen: Int64?

    package init(
        kind: RuleKind, subject: String, fields: [String: String], before: String, after: String, why: String,
        from: Instant?, seen: Int64?
    ) {
        self.kind = kind
        self.subject = subject
        self.fields = fields
        self.before = before
        self.after = after
        self.why = why
        self.from = from
        self.seen = seen
    }
}

package enum RuleMigrations {
    package static let all: [Migration] = [
        Migration(
            "directory-031-rules",
            """
            create table directory_rule_version (
                id ID primary key,
                kind TEXT not null,
                version INT64 not null check (version > 0),
                subject TEXT not null,
                -- name, tab, value, newline
                fields TEXT not null,
                before_text TEXT not null,
                after_text TEXT not null,
                why TEXT not null,
                from_ms INT64 not null,
                edited_by INT64,
                edited_ms INT64 not null,
                state INT64 not null check (state between 0 and 3)
            );
            create unique index directory_rule_version_once on directory_rule_version(kind, version);
            create index directory_rule_version_due on directory_rule_version(from_ms) where state = 0;
            """)
    ]
}

/// Every SQL word about versions of rules.
package enum RuleBook {
    /// The farthest that a change may be planned.
    package static let horizonDays = 366

    private static let columns: SQL = """
        id, kind, version, subject, fields, before_text, after_text, why, from_ms, edited_by, edited_ms, state
        """

    private static func version(_ row: any Row) throws -> RuleVersion {
        let kind = try row.text(1)
        guard let known = RuleKind(rawValue: kind) else { throw StorageFailure.decoding("rule \(kind)") }
        return RuleVersion(
            id: try row.int(0), kind: known, version: try row.int(2), subject: try row.text(3),
            fields: read(try row.text(4)), before: try row.text(5), after: try row.text(6), why: try row.text(7),
            from: try row.instant(8), by: try row.optionalID(9), at: try row.instant(10), state: try row.raw(11))
    }

    package static func newest(_ kind: RuleKind, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            "select max(version) from directory_rule_version where kind = \(kind.rawValue)"
        ) { try $0.optionalInt(0) ?? 0 } ?? 0
    }

    /// Keeps an edit in the transaction that makes it. Two editors at once: the second is refused and nothing changes.
    ///
    /// - Returns: whether it is to be done now; false for one that waits for its time.
    package static func keep(
        _ edit: RuleEdit, by person: PersonID?, id: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        if let from = edit.from {
            guard from >= now, from <= now.adding(days: horizonDays) else { throw DirectoryRefusal.badStart }
        }
        let newest = try newest(edit.kind, transaction)
        guard edit.seen == nil || edit.seen == newest else { throw DirectoryRefusal.changedMeanwhile }
        let isNow = edit.from == nil || edit.from == now
        let state: RuleVersion.State = isNow ? .applied : .planned
        let isKept =
            try transaction.run(
                """
                insert into directory_rule_version (\(columns))
                values (\(id), \(edit.kind.rawValue), \(newest + 1), \(edit.subject), \(write(edit.fields)),
                    \(edit.before), \(edit.after), \(edit.why), \(edit.from ?? now), \(person), \(now), \(state))
                on conflict do nothing
                """) == 1
        guard isKept else { throw DirectoryRefusal.changedMeanwhile }
        return isNow
    }

    /// The newest first.
    package static func list(
        _ kind: RuleKind, before: Int64 = .max, limit: Int = 20, _ transaction: any ReadTransaction
    ) throws -> [RuleVersion] {
        try transaction.query(
            """
            select \(columns) from directory_rule_version where kind = \(kind.rawValue) and version < \(before)
            order by version desc limit \(limit)
            """, version)
    }

    static func one(_ id: Int64, _ transaction: any ReadTransaction) throws -> RuleVersion? {
        try transaction.first("select \(columns) from directory_rule_version where id = \(id)", version)
    }

    /// What has come due, in the order of its time.
    package static func due(at now: Instant, _ transaction: any ReadTransaction) throws -> [RuleVersion] {
        try transaction.query(
            """
            select \(columns) from directory_rule_version where state = 0 and from_ms <= \(now)
            order by from_ms, id limit 100
            """, version)
    }

    /// Takes a planned one in hand. False when another server or its editor was faster.
    package static func settle(
        _ id: Int64, _ state: RuleVersion.State, before: String? = nil, _ transaction: any WriteTransaction
    ) throws -> Bool {
        let text: SQL = before.map { ", before_text = \($0)" } ?? .empty
        return try transaction.run(
            "update directory_rule_version set state = \(state)\(text) where id = \(id) and state = 0") == 1
    }

    /// Fields hold no tabs and no line breaks: what does was refused before.
    private static func write(_ fields: [String: String]) -> String {
        fields.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }.joined()
    }

    private static func read(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }
}

enum RuleTag {}

extension DirectoryHouse {
    func ruleRoutes(_ table: RouteTable) {
        table.post("/desk/rules/:id/withdrawal", .staff) { request, context in
            _ = try await typed(request, context)
            return Answer.redirect(try await withdraw(context.id("id", RuleTag.self), context.actor))
        }
        table.get(
            "/api/v1/rules", .staff,
            API(.rules, "Every edit of one kind of rules, the newest first.", refuses: [DirectoryRefusal.noPost]),
            RulesAsked.self, DirectoryShapes.rule.slices
        ) { asked, call in
            guard call.actor.may(asked.kind.verb) else { throw DirectoryRefusal.noPost }
            let before: ID<RuleTag>? = try asked.paging.id()
            let limit = asked.paging.limit
            let rows = try await database.read {
                try RuleBook.list(asked.kind, before: before?.raw ?? .max, limit: limit + 1, $0)
            }
            return .ok(Slice(rows, limit: limit) { ID<RuleTag>($0.version).text })
        }
        table.post(
            "/api/v1/rules/:id/withdrawal", .staff,
            API(
                .rules, "Takes back a change of a rule that was planned.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.changedMeanwhile]), RuleAsked.self, .nothing
        ) { asked, call in
            _ = try await withdraw(asked.id, call.actor)
            return .done
        }
    }

    private struct RulesAsked: Asked {
        let kind: RuleKind
        let paging: Paging
        private static let kinds = Shape<RuleKind>.choice(RuleKind.allCases) { $0.rawValue }
        init(_ ask: Ask) throws {
            kind = try ask.query("kind", Self.kinds)
            paging = try Paging(ask)
        }
    }
    private struct RuleAsked: Asked {
        let id: ID<RuleTag>
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }

    /// The post by which somebody may take a planned rule back: at the place that it is for, or for the whole house.
    private static func post(
        _ one: RuleVersion, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> Post? {
        guard let text = one.fields["area"], !text.isEmpty else { return actor.housePost(for: one.kind.verb) }
        guard let id = AreaID(text: text), let area = try DirectoryStore.area(id, transaction) else { return nil }
        return actor.post(for: one.kind.verb, at: area.path)
    }

    /// Takes back what was planned, before its time. Returns the page of such rules.
    private func withdraw(_ id: ID<RuleTag>, _ actor: Actor) async throws -> Href {
        let now = world.now()
        return try await database.write { [journal] transaction in
            guard let one = try RuleBook.one(id.raw, transaction),
                let post = try Self.post(one, actor, transaction)
            else { throw DirectoryRefusal.notFound }
            guard try RuleBook.settle(id.raw, .withdrawn, transaction) else {
                throw DirectoryRefusal.changedMeanwhile
            }
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: actor.person, post: post.id, verb: "\(one.kind.rawValue).withdraw",
                    subject: id.raw), at: now, transaction)
            return one.kind.page
        }
    }
}

extension DirectoryShapes {
    static let ruleState = Shape<String>.choice(["planned", "applied", "failed", "withdrawn"]) { $0 }
    static let rule = Shape<RuleVersion>.object("RuleVersion") {
        Member("id", .id()) { ID<RuleTag>($0.id) }
        Member("version", .whole) { $0.version }
        Member("about", .words) { $0.subject }
        Member("before", .words) { $0.before }
        Member("after", .words) { $0.after }
        Member("why", .words) { $0.why }
        Member("from", .time) { $0.from }
        Member("by", Shape<PersonID>.id().orNull) { $0.by }
        Member("at", .time) { $0.at }
        Member("state", ruleState) { String(describing: $0.state) }
    }
}

/// The past of one kind of rules, as every page of rules shows it.
package struct RuleHistory: Sendable {
    package let versions: [RuleVersion]
    package let names: [PersonID: String]
    /// What a form must carry, so that the second of two editors is told.
    package var newest: Int64 { versions.first?.version ?? 0 }

    /// Versions on a page; `/api/v1/rules` has all of them.
    private static let shown = 10

    package static func load(_ kind: RuleKind, _ transaction: any ReadTransaction) throws -> RuleHistory {
        let versions = try RuleBook.list(kind, limit: shown, transaction)
        return RuleHistory(
            versions: versions, names: try DirectoryStore.names(of: versions.compactMap(\.by), transaction))
    }

    /// - Parameter action: where the page's form goes; "restore this" sends the same fields there once more.
    /// - Parameter seen: what the form carries as seen, where that is not the newest version of the kind.
    package func html(
        _ action: Href, whyField: String, seen: ((RuleVersion) -> Int64)? = nil, _ context: WebContext, _ now: Instant
    ) -> HTML {
        let words = context.words
        let say = Say(words, now: now)
        guard !versions.isEmpty else { return .empty }
        let items = versions.map { one -> HTML in
            let mark: HTML =
                switch one.state {
                case .planned: " <span class=\"state wait\">\(words(.policyPlanned))</span>"
                case .failed: " <span class=\"state late\">\(words(.ruleFailed))</span>"
                case .withdrawn: " <span class=\"state\">\(words(.ruleWithdrawn))</span>"
                case .applied: .empty
                }
            let who = one.by.flatMap { names[$0] } ?? words(.policyByHouse)
            let before = one.before.isEmpty ? "–" : one.before
            return """
                <li class="row"><span class="grow"><b class="num">\(one.version)</b>\(mark) \(one.why)<small>\(who) · \
                \(say.time(one.at)) · \(words(.policyFrom)) \(say.time(one.from))</small>\
                <small>\(before) → \(one.after)</small></span>\
                \(end(one, action, whyField, seen?(one) ?? newest, context))</li>
                """
        }
        return """
            <section class="stack-s"><h2>\(words(.policyHistory))</h2>\
            <ul class="card rows">\(HTML.joined(items))</ul>\(ExportLinks.make(
                "rules-\(versions[0].kind.rawValue)", context, title: .rulesAll))</section>
            """
    }

    private func end(
        _ one: RuleVersion, _ action: Href, _ whyField: String, _ seen: Int64, _ context: WebContext
    ) -> HTML {
        guard one.state == .planned else { return restore(one, action, whyField, seen, context) }
        let place = Href("/desk/rules/", ID<RuleTag>(one.id).text, "/withdrawal")
        return """
            <form method="post" action="\(place)">\(Layout.token(context))\
            <button class="btn">\(context.words(.ruleWithdraw))</button></form>
            """
    }

    private func restore(
        _ one: RuleVersion, _ action: Href, _ whyField: String, _ seen: Int64, _ context: WebContext
    ) -> HTML {
        let words = context.words
        var fields = one.fields
        fields[whyField] = words(.policyRestored, String(one.version))
        fields["version"] = String(seen)
        fields["start"] = nil
        let hidden = HTML.joined(
            fields.sorted { $0.key < $1.key }.map {
                "<input type=hidden name=\"\($0.key)\" value=\"\($0.value)\">" as HTML
            })
        return """
            <form method="post" action="\(action)">\(Layout.token(context))\(hidden)<button class="btn" \
            aria-label="\(words(.policyRestore)) \(one.version)">\(words(.policyRestore))</button></form>
            """
    }

    /// The fields that every form of rules has besides its own.
    package func fields(
        start: String, _ refusal: (any Refusal)?, _ context: WebContext
    ) -> HTML {
        let words = context.words
        return """
            <input type=hidden name=version value="\(newest)"><div class="field"><label for="start">\
            \(words(.policyStart)) <span class="soft">\(words(.optional))</span></label><input class="in" \
            type="datetime-local" id="start" name="start" value="\(start)"\(Form.invalid(refusal, "start"))>\
            \(Form.error(refusal, for: "start", context))</div>
            """
    }
}

extension RuleEdit {
    /// When a form says that it shall begin; nil for now.
    package static func start(_ text: String) throws -> Instant? {
        guard !text.isEmpty else { return nil }
        guard let start = LocalInput.instant(text) else { throw DirectoryRefusal.badStart }
        return start
    }
}

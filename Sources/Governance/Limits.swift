import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// A limit that law or a local rule sets: data with a source and a date, edited on a page.
package enum LimitKey: String, CaseIterable, Sendable {
    case contractOwnersDays, contractCompanyDays, contractFilingDays
    case contractOpenDays, contractFirstReminder, contractSecondReminder
    case gridLeast, gridMost, microGridLeast, microGridMost
    case committeeSeatsLeast, committeeSeatsMost, committeeYears, managementSeatsLeast, managementYears
    case residentsSeatsLeast, residentsSeatsMost, residentsYears, termNoticeDays
    case noticeWorkdays, leaderYears, leaderVisitDays, supervisorRoundDays, branchRoundDays, selectionDays
    case orderDangerMinutes, orderUtilityMinutes, orderUrgentMinutes, orderConsultationDays, orderGeneralWorkdays
    case orderComplexWorkdays, letterInformDays, letterFinishDays, letterExtensionDays
}

package struct Limit: Sendable {
    package let key: LimitKey
    package let value: Int64
    package let source: String
    package let since: Day
    package let version: Int64
}

package enum LimitStore {
    /// Once, into a table without the line; what was edited stays.
    package static func plant(_ transaction: any WriteTransaction) throws {
        for line in LawSeed.lines {
            guard let since = Day(year: line.since.0, month: line.since.1, day: line.since.2) else { continue }
            try transaction.run(
                """
                insert into governance_limit (key, value, source, since_day, version)
                values (\(line.key.rawValue), \(line.value), \(line.source), \(since), 1) on conflict do nothing
                """)
        }
    }

    package static func all(_ transaction: any ReadTransaction) throws -> [Limit] {
        try transaction.query("select key, value, source, since_day, version from governance_limit order by key") {
            row -> Limit? in
            guard let key = LimitKey(rawValue: try row.text(0)) else { return nil }
            return Limit(
                key: key, value: try row.int(1), source: try row.text(2), since: try row.day(3),
                version: try row.int(4))
        }.compactMap { $0 }
    }

    package static func value(_ key: LimitKey, _ transaction: any ReadTransaction) throws -> Int64 {
        guard
            let value = try transaction.first(
                "select value from governance_limit where key = \(key.rawValue)", { try $0.int(0) })
        else { throw StorageFailure.decoding("limit \(key.rawValue)") }
        return value
    }

    static func put(
        _ limit: Limit, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_limit set value = \(limit.value), source = \(limit.source), since_day = \(limit.since),
                version = version + 1
            where key = \(limit.key.rawValue) and version = \(seen)
            """) == 1
    }
}

extension GovernanceDesk {
    /// Sets a limit, now or from a time on.
    package func setLimit(_ limit: Limit, was seen: Int64, from: Instant? = nil, by actor: Actor) async throws {
        guard let post = actor.housePost(for: .policyEdit), let person = actor.person
        else { throw GovernanceRefusal.notFound }
        // One line: a rule that is planned or restored keeps its fields a line each.
        guard (1...120).contains(limit.source.unicodeScalars.count), TextRules.isPlain(limit.source) else {
            throw GovernanceRefusal.badWords("source")
        }
        guard (1...3650).contains(limit.value) else { throw GovernanceRefusal.badNumber("value") }
        let now = world.now()
        let id = world.nextID()
        try await database.write { [journal] transaction in
            guard let standing = try LimitStore.all(transaction).first(where: { $0.key == limit.key }),
                standing.version == seen
            else { throw GovernanceRefusal.changedMeanwhile }
            let fields = [
                "way": "edit-\(limit.key.rawValue)", "key": limit.key.rawValue, "value": String(limit.value),
                "source": limit.source, "since": limit.since.description,
            ]
            let edit = RuleEdit(
                kind: .limit, subject: limit.key.rawValue, fields: fields, before: Self.line(standing),
                after: Self.line(limit), why: limit.source, from: from, seen: nil)
            let isNow = try RuleBook.keep(edit, by: person, id: id, at: now, transaction)
            if isNow {
                guard try LimitStore.put(limit, was: seen, transaction) else {
                    throw GovernanceRefusal.changedMeanwhile
                }
            }
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: person, post: post.id, verb: isNow ? "limit.edit" : "limit.plan",
                    subject: 0, detail: "\(limit.key.rawValue) \(limit.value) \(limit.source)"), at: now, transaction)
        }
    }

    private static func line(_ limit: Limit) -> String {
        "\(limit.key.rawValue) \(limit.value) (\(limit.since))"
    }

    /// Does what was planned when its time has come. Nothing happens where another server was faster.
    package func applyPlanned(_ one: RuleVersion) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            let standing = try LimitStore.all(transaction).first { $0.key.rawValue == one.subject }
            var limit: Limit?
            if let standing, let value = Int64(one.fields["value"] ?? ""),
                let since = LocalInput.day(one.fields["since"] ?? "")
            {
                limit = Limit(
                    key: standing.key, value: value, source: one.fields["source"] ?? "", since: since, version: 0)
            }
            let state: RuleVersion.State = limit == nil ? .failed : .applied
            guard try RuleBook.settle(one.id, state, before: standing.map { Self.line($0) }, transaction), let limit,
                let standing, try LimitStore.put(limit, was: standing.version, transaction)
            else { return }
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: one.by, verb: "limit.edit", subject: one.id, detail: one.after),
                at: now, transaction)
        }
    }
}

/// The limits in force with their past.
struct LimitList: Sendable {
    let limits: [Limit]
    let history: RuleHistory
    /// The one that is being edited.
    let edited: String
}

extension GovernanceShapes {
    static let limitKey = Shape<LimitKey>.choice(LimitKey.allCases) { $0.rawValue }
    static let limit = Shape<Limit>.object("Limit") {
        Member("key", limitKey) { $0.key }
        Member("value", .whole) { $0.value }
        Member("source", .words, "The law or rule that says so.") { $0.source }
        Member("since", .day, "When that came into force.") { $0.since }
        Member("version", .whole) { $0.version }
    }
}

extension GovernanceHouse {
    private struct LimitAsked: Asked {
        let limit: Limit
        let version: Int64
        init(_ ask: Ask) throws {
            limit = Limit(
                key: try ask.path("key", GovernanceShapes.limitKey), value: try ask.body("value", .whole(1...3650)),
                source: try ask.body.typed("source", 1...120, "The law or rule that says so."),
                since: try ask.body("since", .day), version: 0)
            version = try ask.body("version", Seen.versions, "The edition that was read.")
        }
    }

    /// The field that says from when on; each form of the page has one.
    private func start(_ way: String, _ kit: Kit) -> HTML {
        let isThis = kit.returned.way == way
        let refusal = isThis ? kit.returned.refusal : nil
        let typed = isThis ? kit.returned.sent?["start"] ?? "" : ""
        return """
            <label class="field">\(kit.words(.limitStart))<input class="in" type="datetime-local" name="start" \
            value="\(typed)"\(Form.invalid(refusal, "start"))></label>\(Form.error(refusal, for: "start", kit.context))
            """
    }

    func limitRoutes(_ table: RouteTable) {
        table.get(
            "/api/v1/limits", .staff, API(.rules, "The limits that law and local rules set."), Nothing.self,
            GovernanceShapes.limit.slices
        ) { _, _ in .ok(Slice(try await database.read { try LimitStore.all($0) })) }
        table.post(
            "/api/v1/limits/:key", .verb(.policyEdit),
            API(
                .rules, "Changes a limit, with its source.",
                refuses: [GovernanceRefusal.notFound, GovernanceRefusal.changedMeanwhile]), LimitAsked.self, .nothing
        ) { asked, call in
            try await desk.setLimit(asked.limit, was: asked.version, by: call.actor)
            return .done
        }
        let now = world.now
        let room = Room<LimitList>(
            page: "/desk/limits", access: .staff,
            load: { request, _ in
                let edited = request.asked("edit")
                return try await database.read {
                    LimitList(
                        limits: try LimitStore.all($0), history: try RuleHistory.load(.limit, $0), edited: edited)
                }
            },
            title: { $1.words(.limitsTitle) },
            main: { list, returned, context in
                let limits = list.limits
                let kit = Kit(context, returned)
                let mayEdit = context.actor.may(.policyEdit)
                let edited = returned.sent?["key"] ?? list.edited
                let rows = limits.map { limit -> [HTML] in
                    let name = context.words(limit.key.phrase)
                    let href = Href("/desk/limits", query: [("edit", limit.key.rawValue)])
                    let title: HTML =
                        mayEdit ? "<a href=\"\(href)\"><b>\(name)</b></a>" : "<b>\(name)</b>"
                    return [
                        title, "<span class=num>\(limit.value)</span>",
                        "\(limit.source)", "<span class=num>\(limit.since.description)</span>",
                    ]
                }
                // One at a time: each is opened by its name.
                let forms = limits.filter { $0.key.rawValue == edited }.map { limit -> HTML in
                    let way = "edit-\(limit.key.rawValue)"
                    return """
                        <section class="stack-s"><h3>\(context.words(limit.key.phrase))</h3>\(kit.form(
                            way, Href("/desk/limits"), .limitEdit,
                            hidden: [("key", limit.key.rawValue), ("version", String(limit.version))],
                            kit.text(way, "value", .limitValue, value: String(limit.value), most: 6, numeric: true),
                            kit.text(way, "source", .limitSource, value: limit.source, most: 120),
                            kit.day(way, "since", .limitSince, value: limit.since), start(way, kit)))</section>
                        """
                }
                return kit.page(
                    context.words(.limitsTitle), "",
                    "<p class=\"help\">\(context.words(.limitsHelp))</p>",
                    kit.table([.limitName, .limitValue, .limitSource, .limitSince], rows, none: .governanceNone),
                    ExportLinks.make("limits", context),
                    mayEdit ? HTML.joined(forms) : .empty,
                    mayEdit
                        ? list.history.html(
                            Href("/desk/limits"), whyField: "source",
                            seen: { one in limits.first { $0.key.rawValue == one.subject }?.version ?? 0 }, context,
                            now()) : .empty)
            })
        open(room, table)
        write("/desk/limits", .verb(.policyEdit), room, table) { sent, context in
            guard let key = LimitKey(rawValue: sent["key"]) else { throw GovernanceRefusal.badChoice("key") }
            try await desk.setLimit(
                Limit(
                    key: key, value: try sent.number("value", 1...3650), source: sent["source"],
                    since: try sent.day("since"), version: 0),
                was: try sent.version(), from: try RuleEdit.start(sent["start"]), by: context.actor)
            return Href("/desk/limits")
        }
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// A limit that law or a local rule sets: data with a source and a date, edited on a page.
package enum LimitKey: String, CaseIterable, Sendable {
    case contractOwnersDays, contractCompanyDays, contractFilingDays
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
    package func setLimit(_ limit: Limit, was seen: Int64, by actor: Actor) async throws {
        guard let post = actor.posts.first(where: { $0.role.verbs.contains(.policyEdit) }), let person = actor.person
        else { throw GovernanceRefusal.notFound }
        _ = try Self.words(limit.source, "source", 1...120)
        guard (1...3650).contains(limit.value) else { throw GovernanceRefusal.badNumber("value") }
        let now = world.now()
        try await database.write { [journal] transaction in
            guard try LimitStore.put(limit, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: person, post: post.id, verb: "limit.edit", subject: 0,
                    detail: "\(limit.key.rawValue) \(limit.value) \(limit.source)"), at: now, transaction)
        }
    }
}

/// The page of limits, and which one is being edited.
private struct LimitList: Sendable {
    let all: [Limit]
    let edited: String
}

extension GovernanceHouse {
    func limitRoutes(_ table: RouteTable) {
        let room = Room<LimitList>(
            page: "/desk/limits", api: "/api/v1/limits", access: .staff,
            load: { request, _ in
                LimitList(all: try await database.read { try LimitStore.all($0) }, edited: request.asked("edit"))
            },
            title: { $1.words(.limitsTitle) },
            main: { list, returned, context in
                let kit = Kit(context, returned)
                let mayEdit = context.actor.may(.policyEdit)
                let edited = returned.sent?["key"] ?? list.edited
                let rows = list.all.map { limit -> [HTML] in
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
                let forms = list.all.filter { $0.key.rawValue == edited }.map { limit -> HTML in
                    let way = "edit-\(limit.key.rawValue)"
                    return """
                        <section class="stack-s"><h3>\(context.words(limit.key.phrase))</h3>\(kit.form(
                            way, Href("/desk/limits"), .limitEdit,
                            hidden: [("key", limit.key.rawValue), ("version", String(limit.version))],
                            kit.text(way, "value", .limitValue, value: String(limit.value), most: 6, numeric: true),
                            kit.text(way, "source", .limitSource, value: limit.source, most: 120),
                            kit.day(way, "since", .limitSince, value: limit.since)))</section>
                        """
                }
                return kit.page(
                    context.words(.limitsTitle), "",
                    "<p class=\"help\">\(context.words(.limitsHelp))</p>",
                    kit.table([.limitName, .limitValue, .limitSource, .limitSince], rows, none: .governanceNone),
                    mayEdit ? HTML.joined(forms) : .empty)
            },
            json: { list in
                .object([
                    (
                        "items",
                        .array(
                            list.all.map { limit in
                                .object([
                                    ("key", .string(limit.key.rawValue)), ("value", .int(limit.value)),
                                    ("source", .string(limit.source)), ("since", .string(limit.since.description)),
                                    ("version", .int(limit.version)),
                                ])
                            })
                    )
                ])
            })
        open(room, table)
        write(page: "/desk/limits", api: "/api/v1/limits", .verb(.policyEdit), room, table) { sent, context in
            guard let key = LimitKey(rawValue: sent["key"]) else { throw GovernanceRefusal.badChoice("key") }
            try await desk.setLimit(
                Limit(
                    key: key, value: try sent.number("value", 1...3650), source: sent["source"],
                    since: try sent.day("since"), version: 0),
                was: try sent.version(), by: context.actor)
            return Made(key.rawValue, Href("/desk/limits"))
        }
    }
}

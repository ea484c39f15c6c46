import Directory
import Kernel
import Storage
import Web

/// Reads the numbers of a report from what the house holds. Every question goes by an index or through tables that stay
/// small; none goes through the cases or the whole audit.
struct ComplianceReader {
    let area: Area
    let from: Day
    let to: Day
    let now: Instant
    let classes: [RetentionClass]
    let passwords: LeakedPasswords.State
    let transaction: any ReadTransaction

    private var isHouse: Bool { area.path.ids.count == 1 }
    private var start: Instant { Zone.shanghai.instant(from) }
    private var end: Instant { Zone.shanghai.instant(to.adding(1)) }
    private var today: Day { Zone.shanghai.day(of: now) }

    func report() throws -> ComplianceReport {
        var facts = ComplianceFacts()
        var figures: [Figure] = []
        facts.isHouse = isHouse
        if isHouse {
            figures += try notices(&facts)
            figures += try consents()
            figures += try registers(&facts)
            figures += try sharing(&facts)
        }
        figures += try requests(&facts)
        if isHouse {
            figures += try breaches(&facts)
            figures += try retention(&facts)
        }
        figures += try looks()
        figures += try access(&facts)
        return ComplianceReport(
            area: area.id, areaName: area.name, from: from, to: to, made: now, figures: figures,
            findings: ComplianceRules.findings(facts))
    }

    /// Whether a row's area lies at or below the place; nil for the whole house, to which rows without an area belong.
    private func within(_ column: SQL) -> SQL? {
        isHouse
            ? nil
            : """
            exists (select 1 from directory_area s where s.id = \(column) and s.path >= \(area.path.text)
                and s.path < \(area.path.upperBound))
            """
    }

    // MARK: What the house tells and asks

    private func notices(_ facts: inout ComplianceFacts) throws -> [Figure] {
        let current = try NoticeStore.current(on: today, transaction)
        facts.hasNotice = current != nil
        facts.reachable = try AccessFigureStore.reachable(transaction)
        let all = try NoticeStore.all(before: nil, limit: 200, transaction)
        // The one in force when the time began, and those since.
        let shown = all.filter { $0.from <= to }
        let first = shown.first { $0.from <= from }?.number ?? 0
        var figures = try shown.filter { $0.number >= first }.map { one in
            Figure(
                .notice, "notice.\(one.number)", Phrase.complianceNotice(String(one.number), one.from.description),
                try accepted(one.number))
        }
        if let current {
            facts.accepted = try accepted(current.number)
            figures.append(
                Figure(
                    .notice, "noticeShare", Phrase.complianceShare(String(facts.reachable)),
                    ComplianceRules.percent(facts.accepted, of: facts.reachable), .percent))
        }
        return figures
    }

    private func accepted(_ number: Int64) throws -> Int64 {
        // Of those who could be asked: accounts that were closed since count on neither side.
        try transaction.first(
            """
            select count(*) from privacy_acceptance c join directory_person p on p.id = c.person_id
            where c.notice = \(number) and p.phone_index is not null
            """
        ) { try $0.int(0) } ?? 0
    }

    private func consents() throws -> [Figure] {
        let found = try transaction.query(
            """
            select c.purpose, c.given, count(*) from (
                select purpose, given from privacy_consent where at_ms >= \(start) and at_ms < \(end)
                limit \(AuditBook.mostCounted)) c
            group by c.purpose, c.given
            """
        ) { (purpose: try $0.text(0), given: try $0.flag(1), count: try $0.int(2)) }
        return try ConsentStore.purposes(transaction).filter { $0.basis == .consent }.flatMap { purpose in
            [true, false].map { given in
                let count = found.first { $0.purpose == purpose.code && $0.given == given }?.count ?? 0
                let phrase: Phrase = given ? .complianceGiven : .complianceWithdrawn
                return Figure(
                    .consent, "consent.\(purpose.code).\(given ? "given" : "withdrawn")",
                    zh: phrase.text(.zh, [purpose.zh]), en: phrase.text(.en, [purpose.en]), count)
            }
        }
    }

    // MARK: Registers

    private func registers(_ facts: inout ComplianceFacts) throws -> [Figure] {
        let review = now.adding(days: -ComplianceRules.reviewDays)
        let found = try transaction.query(
            """
            select kind, count(*), sum(case when changed_ms < \(review) then 1 else 0 end) from privacy_record
            where kind in (1, 2) and ended = \(false) group by kind
            """
        ) { (kind: try $0.raw(0, RecordKind.self), count: try $0.int(1), old: try $0.int(2)) }
        func of(_ kind: RecordKind) -> (count: Int64, old: Int64) {
            found.first { $0.kind == kind }.map { ($0.count, $0.old) } ?? (0, 0)
        }
        facts.processing = of(.processing).count
        facts.assessments = of(.assessment).count
        facts.oldAssessments = of(.assessment).old
        return [
            Figure(.registers, "processing", Phrase.complianceProcessing(), facts.processing),
            Figure(.registers, "assessments", Phrase.complianceAssessments(), facts.assessments),
            Figure(.registers, "oldAssessments", Phrase.complianceOldAssessments(), facts.oldAssessments),
        ]
    }

    private func sharing(_ facts: inout ComplianceFacts) throws -> [Figure] {
        var running: [SharingKind: Int64] = [:]
        var ended: Int64 = 0
        var before: SharingID?
        // A register of a few hundred entries; each slice is read once.
        for _ in 0..<100 {
            let slice = try SharingStore.all(before: before, limit: 200, transaction)
            for one in slice {
                switch one.state(on: today) {
                case .running: running[one.kind, default: 0] += 1
                case .planned: break
                case .over:
                    guard let last = one.to else { break }
                    if last >= from, last <= to { ended += 1 }
                    // Nobody has written since what became of the data.
                    if one.changed < Zone.shanghai.instant(last.adding(1)) { facts.sharingUnsettled += 1 }
                }
            }
            guard slice.count == 200 else { break }
            before = slice.last?.id
        }
        facts.sharing = running.values.reduce(0, +)
        return SharingKind.allCases.map { kind in
            Figure(
                .sharing, "sharing.\(kind.code)",
                zh: Phrase.complianceRunning.text(.zh, [kind.phrase.zh]),
                en: Phrase.complianceRunning.text(.en, [kind.phrase.en]), running[kind] ?? 0)
        } + [
            Figure(.sharing, "sharingEnded", Phrase.complianceSharingEnded(), ended),
            Figure(.sharing, "sharingUnsettled", Phrase.complianceSharingUnsettled(), facts.sharingUnsettled),
        ]
    }

    // MARK: Requests and breaches

    private struct Asked {
        let kind: RequestKind
        let isRelative: Bool
        let all: Int64
        let done: Int64
        let refused: Int64
        let late: Int64
    }

    private func requests(_ facts: inout ComplianceFacts) throws -> [Figure] {
        let place = within("r.area_id").map { "and \($0)" as SQL } ?? .empty
        // Midnight after the last day for an answer, in China.
        let midnight: SQL = "(r.due_day + 1) * \(Instant.dayMs) - \(8 * Instant.hourMs)"
        let found = try transaction.query(
            """
            select t.kind, t.kin, sum(t.fresh), sum(t.done), sum(t.refused), sum(t.late) from (
                select r.kind as kind, case when k.request_id is null then 0 else 1 end as kin,
                    case when r.created_ms >= \(start) then 1 else 0 end as fresh,
                    case when r.status = 3 then 1 else 0 end as done,
                    case when r.status = 4 then 1 else 0 end as refused,
                    case when k.accepted_ms is not null then case when k.accepted_ms >= \(midnight) then 1 else 0 end
                        when r.kind = 3 and k.request_id is null then 0
                        when r.status in (3, 4) and r.decided_ms is not null and r.decided_ms >= \(midnight) then 1
                        when r.status <= 2 and r.due_day < \(today) then 1
                        else 0 end as late
                from privacy_request r left join privacy_relative k on k.request_id = r.id
                where (r.created_ms >= \(start) and r.created_ms < \(end)
                        or r.status <= 2 and r.due_day < \(today)
                        or r.status in (3, 4) and (r.kind <> 3 or k.request_id is not null)
                            and k.accepted_ms is null and r.decided_ms >= \(midnight)
                            and r.decided_ms >= \(start) and r.decided_ms < \(end)
                        or k.accepted_ms >= \(start) and k.accepted_ms < \(end) and k.accepted_ms >= \(midnight))
                    \(place)) t
            group by t.kind, t.kin order by t.kin, t.kind
            """
        ) { row in
            Asked(
                kind: try row.raw(0), isRelative: try row.int(1) == 1, all: try row.int(2), done: try row.int(3),
                refused: try row.int(4), late: try row.int(5))
        }
        facts.late = found.reduce(0) { $0 + $1.late }
        return found.flatMap { one -> [Figure] in
            let name = one.isRelative ? one.kind.kinPhrase : one.kind.phrase
            let head: Phrase = one.isRelative ? .complianceRelative : .complianceOwn
            let parts: [(String, Phrase, Int64)] = [
                ("all", .complianceAsked, one.all), ("done", .requestDone, one.done),
                ("refused", .complianceRefused, one.refused), ("late", .requestLate, one.late),
            ]
            return parts.map { code, phrase, value in
                func said(_ language: Language) -> String {
                    "\(head.text(language)) \(name.text(language)): \(phrase.text(language))"
                }
                return Figure(
                    .requests, "requests.\(one.isRelative ? "relative" : "own").\(one.kind.code).\(code)",
                    zh: said(.zh), en: said(.en), value)
            }
        }
    }

    private func breaches(_ facts: inout ComplianceFacts) throws -> [Figure] {
        let found = try transaction.query(
            """
            select known_ms, report_ms, tell_ms, reported_ms, told_ms from privacy_record
            where kind = 3 and known_ms is not null and known_ms < \(end) order by known_ms, id limit 1000
            """
        ) {
            (
                known: try $0.instant(0), reportBy: try $0.optionalInstant(1), tellBy: try $0.optionalInstant(2),
                reported: try $0.optionalInstant(3), told: try $0.optionalInstant(4)
            )
        }
        func isLate(_ due: Instant?, _ met: Instant?) -> Bool { due.map { (met ?? now) > $0 } ?? false }
        // Of before, only those where something is still missing.
        let own = found.filter { $0.known >= start || $0.reported == nil || $0.told == nil }
        facts.unreported = Int64(own.filter { isLate($0.reportBy, $0.reported) }.count)
        facts.untold = Int64(own.filter { isLate($0.tellBy, $0.told) }.count)
        let inTime = found.filter { $0.known >= start }
        return [Figure(.breaches, "breaches", Phrase.complianceBreaches(), Int64(inTime.count))]
            + inTime.enumerated().map { index, one in
                let hours = ((one.reported ?? now).ms - one.known.ms) / Instant.hourMs
                let phrase: Phrase = one.reported == nil ? .complianceNotReported : .complianceReported
                return Figure(.breaches, "breach.\(index + 1)", phrase(Say.exact(one.known)), hours, .hours)
            }
    }

    // MARK: Periods

    private func retention(_ facts: inout ComplianceFacts) throws -> [Figure] {
        let jobs = Jobs(nextID: { 0 })
        let last = try jobs.lastDone(kind: PrivacyWork.periodJob, transaction)
        facts.retentionRuns = last.map { $0 > now.adding(days: -2) } ?? false
        let runs =
            try transaction.first(
                """
                select count(*) from storage_job
                where kind = \(PrivacyWork.periodJob) and done_ms >= \(start) and done_ms < \(end)
                """
            ) { try $0.int(0) } ?? 0
        let deleted = try transaction.query(
            """
            select class, sum(count) from privacy_deletion where run >= \(from) and run <= \(to) group by class
            """
        ) { (name: try $0.text(0), count: try $0.int(1)) }
        return [Figure(.retention, "runs", Phrase.complianceRuns(), runs)]
            + classes.compactMap { one in
                guard let found = deleted.first(where: { $0.name == one.name }) else { return nil }
                return Figure(
                    .retention, "deleted.\(one.name)", zh: Phrase.complianceDeleted.text(.zh, [one.title.zh]),
                    en: Phrase.complianceDeleted.text(.en, [one.title.en]), found.count)
            }
    }

    // MARK: Looks and accounts

    /// So many posts are named for each kind of look; the others are counted together.
    private static let namedPosts = 20

    private static let kinds: [(verb: String, phrase: Phrase, byPost: Bool)] = [
        ("phone.unmask", .complianceLookPhone, true), ("vehicle.unmask", .complianceLookPlate, true),
        ("people.find", .complianceLookFind, true), ("privacy.relative.look", .complianceLookDead, true),
        // How often, and no more: a post here says who is in the party.
        ("party.look", .complianceLookParty, false),
        ("export.list", .complianceExportList, true), ("export.begin", .complianceExportBegin, true),
        ("export.fetch", .complianceExportFetch, true), ("export.badRows", .complianceExportRows, true),
        ("audit.export", .complianceExportAudit, true), ("data.export", .complianceExportOwn, false),
    ]

    private func looks() throws -> [Figure] {
        let found = try AuditBook.looks(from: start, to: end, within: within("w.area_id"), transaction)
        let named = Self.kinds.flatMap { kind in
            kind.byPost ? found.filter { $0.verb == kind.verb }.prefix(Self.namedPosts).compactMap(\.post) : []
        }
        let labels = try AccessFigureStore.labels(of: named, transaction)
        return Self.kinds.flatMap { kind -> [Figure] in
            let rows = found.filter { $0.verb == kind.verb }
            let all = rows.reduce(0) { $0 + $1.count }
            var figures = [Figure(.looks, kind.verb, kind.phrase(), all)]
            guard kind.byPost else { return figures }
            for row in rows.prefix(Self.namedPosts) {
                // A post of the party is not named here either.
                guard let post = row.post, let label = labels[post], !label.reveals else { continue }
                func said(_ language: Language) -> String {
                    "\(kind.phrase.text(language)) · \(label.area) \(label.organisation) "
                        + label.role.phrase.text(language)
                }
                figures.append(
                    Figure(.looks, "\(kind.verb).\(post.text)", zh: said(.zh), en: said(.en), row.count))
            }
            return figures
        }
    }

    private func access(_ facts: inout ComplianceFacts) throws -> [Figure] {
        let found = try AccessFigureStore.figures(under: isHouse ? nil : area.path, at: now, transaction)
        facts.access = found
        var figures = [
            Figure(.access, "staff", Phrase.complianceStaff(), found.staff),
            Figure(.access, "withFactor", Phrase.complianceWithFactor(), found.withFactor),
            Figure(
                .access, "factorShare", Phrase.complianceFactorShare(),
                ComplianceRules.percent(found.withFactor, of: found.staff), .percent),
            Figure(.access, "lackingFactor", Phrase.complianceLackingFactor(), found.lackingFactor),
            Figure(.access, "endedSessions", Phrase.complianceEndedSessions(), found.endedSessions),
            Figure(.access, "endedTokens", Phrase.complianceEndedTokens(), found.endedTokens),
            Figure(
                .access, "unused", Phrase.complianceUnused(String(AccessFigures.unusedDays)), found.unused),
        ]
        guard isHouse else { return figures }
        let (phrase, count): (Phrase, Int64) =
            switch passwords {
            case .imported(let count): (.complianceListImported, count)
            case .system(_, let count): (.complianceListSystem, count)
            case .none: (.complianceListNone, 0)
            case .damaged: (.complianceListDamaged, 0)
            }
        facts.hasPasswordList = count > 0
        figures.append(Figure(.access, "passwordList", phrase(), count))
        return figures
    }
}

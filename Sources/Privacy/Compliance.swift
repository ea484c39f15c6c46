import Directory
import Kernel
import Storage
import Web

package enum ComplianceTag {}
package typealias ComplianceID = ID<ComplianceTag>

package enum ComplianceMigrations {
    package static let all: [Migration] = [
        Migration(
            "privacy-053-audits",
            """
            create index privacy_consent_time on privacy_consent(at_ms, purpose, given);
            -- reports of audits that are kept, as they were made
            create table privacy_audit (
                id ID primary key,
                area_id INT64 not null,
                from_day INT64 not null,
                to_day INT64 not null,
                -- JSON, and its SHA-256
                content TEXT not null,
                digest TEXT not null,
                made_by INT64 not null,
                made_ms INT64 not null
            );
            create index privacy_audit_area on privacy_audit(area_id, id);
            create index privacy_audit_old on privacy_audit(made_ms, id);
            -- what a report found, and what was decided about it
            create table privacy_audit_finding (
                audit_id ID not null references privacy_audit(id),
                code TEXT not null,
                count INT64 not null,
                decision TEXT not null,
                due_day INT64,
                decided_by INT64 not null,
                decided_ms INT64,
                version INT64 not null,
                primary key (audit_id, code)
            );
            """)
    ]
}

/// The parts of a report.
package enum CompliancePart: String, CaseIterable, Sendable {
    case notice, consent, registers, sharing, requests, breaches, retention, looks, access
    var phrase: Phrase {
        switch self {
        case .notice: .privacyNoticeTitle
        case .consent: .consentTitle
        case .registers: .compliancePartRegisters
        case .sharing: .sharingTitle
        case .requests: .requestsTitle
        case .breaches: .breachesTitle
        case .retention: .compliancePartRetention
        case .looks: .compliancePartLooks
        case .access: .compliancePartAccess
        }
    }
}

/// One number of a report.
package struct Figure: Sendable, Equatable {
    package enum Unit: String, CaseIterable, Sendable { case count, percent, hours }
    package let part: CompliancePart
    /// For programs; never changes.
    package let code: String
    package let zh: String
    package let en: String
    package let value: Int64
    package let unit: Unit

    init(_ part: CompliancePart, _ code: String, _ label: Message, _ value: Int64, _ unit: Unit = .count) {
        self.init(part, code, zh: label.text(.zh), en: label.text(.en), value, unit)
    }
    init(_ part: CompliancePart, _ code: String, zh: String, en: String, _ value: Int64, _ unit: Unit = .count) {
        self.part = part
        self.code = code
        self.zh = zh
        self.en = en
        self.value = value
        self.unit = unit
    }

    func said(_ words: Words) -> String {
        switch unit {
        case .count: String(value)
        case .percent: "\(value) %"
        case .hours: words(.complianceHours, String(value))
        }
    }
}

/// What the rules find wrong. Each kind has its law and the place where it is mended.
package enum FindingKind: String, CaseIterable, Sendable {
    case noNotice, fewAccepted, noProcessing, noAssessment, oldAssessment, sharingUnsettled, requestsLate
    case breachUnreported, breachUntold, retentionStopped, factorMissing, accessEnded, accountsUnused, noPasswordList

    var title: Phrase {
        switch self {
        case .noNotice: .findingNoNotice
        case .fewAccepted: .findingFewAccepted
        case .noProcessing: .findingNoProcessing
        case .noAssessment: .findingNoAssessment
        case .oldAssessment: .findingOldAssessment
        case .sharingUnsettled: .findingSharingUnsettled
        case .requestsLate: .findingRequestsLate
        case .breachUnreported: .findingBreachUnreported
        case .breachUntold: .findingBreachUntold
        case .retentionStopped: .findingRetentionStopped
        case .factorMissing: .findingFactorMissing
        case .accessEnded: .findingAccessEnded
        case .accountsUnused: .findingAccountsUnused
        case .noPasswordList: .findingNoPasswordList
        }
    }
    var law: Phrase {
        switch self {
        case .noNotice, .fewAccepted: .lawArticle17
        case .noProcessing, .noAssessment, .oldAssessment: .lawArticle55
        case .sharingUnsettled: .lawArticle21
        case .requestsLate: .lawArticle50
        case .breachUnreported, .breachUntold: .lawArticle57
        case .retentionStopped: .lawArticle47
        case .factorMissing, .accountsUnused, .noPasswordList: .lawProtection
        case .accessEnded: .lawArticle51
        }
    }
    /// Whoever may open the page where it is mended has one of these.
    var mends: Verbs {
        switch self {
        case .requestsLate: [.privacyEdit, .privacyHandle]
        case .factorMissing, .accountsUnused, .accessEnded, .noPasswordList: [.securityEdit]
        default: [.privacyEdit]
        }
    }
    var place: Href {
        switch self {
        case .noNotice, .fewAccepted: Href("/desk/privacy/notice")
        case .noProcessing: Href("/desk/privacy/processing")
        case .noAssessment, .oldAssessment: Href("/desk/privacy/assessments")
        case .sharingUnsettled: Href("/desk/privacy/sharing")
        case .requestsLate: Href("/desk/privacy")
        case .breachUnreported, .breachUntold: Href("/desk/privacy/breaches")
        case .retentionStopped: Href("/desk/privacy/periods")
        case .factorMissing, .accountsUnused: Href("/desk/security/people")
        case .accessEnded: Href("/desk/security/sessions")
        case .noPasswordList: Href("/desk/security")
        }
    }
}

package struct Finding: Sendable, Equatable {
    package let kind: FindingKind
    /// How many of them: requests, entries, people; of `fewAccepted` the percent that accepted.
    package let count: Int64
}

/// The numbers by which the rules decide.
struct ComplianceFacts: Sendable, Equatable {
    /// The whole house: registers and the notice are its own.
    var isHouse = true
    var hasNotice = true
    var reachable: Int64 = 0
    var accepted: Int64 = 0
    var processing: Int64 = 1
    var assessments: Int64 = 1
    var oldAssessments: Int64 = 0
    /// Entries of the register of sharing that run.
    var sharing: Int64 = 0
    /// Entries that ended without a word since on what became of the data.
    var sharingUnsettled: Int64 = 0
    /// Answered too late in the period, or open and overdue.
    var late: Int64 = 0
    var unreported: Int64 = 0
    var untold: Int64 = 0
    /// Whether the periods ran within two days.
    var retentionRuns = true
    var access = AccessFigures()
    var hasPasswordList = true
}

/// Pure decisions of the audit.
enum ComplianceRules {
    /// Fewer than so many percent of the people with a number who accepted the notice in force are a finding.
    static let leastAccepted: Int64 = 90
    /// An assessment that nobody looked at for so many days is a finding: a product default.
    static let reviewDays = 365

    static func percent(_ part: Int64, of whole: Int64) -> Int64 { whole <= 0 ? 100 : min(100, part * 100 / whole) }

    static func findings(_ facts: ComplianceFacts) -> [Finding] {
        var found: [Finding] = []
        func add(_ kind: FindingKind, _ count: Int64) {
            if count > 0 { found.append(Finding(kind: kind, count: count)) }
        }
        if facts.isHouse {
            let share = percent(facts.accepted, of: facts.reachable)
            if !facts.hasNotice {
                add(.noNotice, 1)
            } else if share < leastAccepted {
                found.append(Finding(kind: .fewAccepted, count: share))
            }
            add(.noProcessing, facts.processing == 0 ? 1 : 0)
            add(.noAssessment, facts.assessments == 0 && facts.sharing > 0 ? facts.sharing : 0)
            add(.oldAssessment, facts.oldAssessments)
            add(.sharingUnsettled, facts.sharingUnsettled)
        }
        add(.requestsLate, facts.late)
        if facts.isHouse {
            add(.breachUnreported, facts.unreported)
            add(.breachUntold, facts.untold)
            add(.retentionStopped, facts.retentionRuns ? 0 : 1)
        }
        add(.factorMissing, facts.access.lackingFactor)
        add(.accessEnded, facts.access.endedSessions + facts.access.endedTokens)
        add(.accountsUnused, facts.access.unused)
        if facts.isHouse { add(.noPasswordList, facts.hasPasswordList ? 0 : 1) }
        return found
    }
}

/// What an audit of the personal data of a place found over a time (Personal Information Protection Law art. 54):
/// numbers and findings, nothing about anybody.
package struct ComplianceReport: Sendable, Equatable {
    package let area: AreaID
    package let areaName: String
    package let from: Day
    package let to: Day
    package let made: Instant
    package let figures: [Figure]
    package let findings: [Finding]

    /// As it is kept, and what its digest is made of.
    var content: String {
        let figures = figures.map { one -> JSON in
            .object([
                ("part", .string(one.part.rawValue)), ("code", .string(one.code)), ("zh", .string(one.zh)),
                ("en", .string(one.en)), ("value", .int(one.value)), ("unit", .string(one.unit.rawValue)),
            ])
        }
        let findings = findings.map { one -> JSON in
            .object([("code", .string(one.kind.rawValue)), ("count", .int(one.count))])
        }
        return JSON.object([
            ("format", .string("redsteward-compliance-1")), ("area", .string(area.text)),
            ("area_name", .string(areaName)), ("from", .string(from.description)), ("to", .string(to.description)),
            ("made", .int(made.ms)), ("figures", .array(figures)), ("findings", .array(findings)),
        ]).text
    }

    /// Nil for a content that is not of this kind.
    init?(content: String) {
        guard let json = try? JSONReader.read(Array(content.utf8)),
            json["format"]?.stringValue == "redsteward-compliance-1",
            let area = json["area"]?.stringValue.flatMap({ AreaID(text: $0) }),
            let from = json["from"]?.stringValue.flatMap({ LocalInput.day($0) }),
            let to = json["to"]?.stringValue.flatMap({ LocalInput.day($0) }), let made = json["made"]?.intValue
        else { return nil }
        self.area = area
        areaName = json["area_name"]?.stringValue ?? ""
        (self.from, self.to, self.made) = (from, to, Instant(ms: made))
        figures = (json["figures"]?.arrayValue ?? []).compactMap { one -> Figure? in
            guard let part = one["part"]?.stringValue.flatMap(CompliancePart.init(rawValue:)),
                let unit = one["unit"]?.stringValue.flatMap(Figure.Unit.init(rawValue:)),
                let code = one["code"]?.stringValue, let zh = one["zh"]?.stringValue,
                let en = one["en"]?.stringValue, let value = one["value"]?.intValue
            else { return nil }
            return Figure(part, code, zh: zh, en: en, value, unit)
        }
        findings = (json["findings"]?.arrayValue ?? []).compactMap { one -> Finding? in
            guard let kind = one["code"]?.stringValue.flatMap(FindingKind.init(rawValue:)),
                let count = one["count"]?.intValue
            else { return nil }
            return Finding(kind: kind, count: count)
        }
    }

    init(
        area: AreaID, areaName: String, from: Day, to: Day, made: Instant, figures: [Figure], findings: [Finding]
    ) {
        self.area = area
        self.areaName = areaName
        self.from = from
        self.to = to
        self.made = made
        self.figures = figures
        self.findings = findings
    }
}

/// A report that is kept, with what was decided about its findings.
package struct KeptReport: Sendable {
    package let id: ComplianceID
    package let area: AreaID
    package let areaName: String
    package let from: Day
    package let to: Day
    package let content: String
    package let digest: String
    package let author: String
    package let made: Instant
    package var findings: [KeptFinding] = []

    /// Whether the content is what the digest was made of.
    package var isWhole: Bool { ContentDigest.sha256(content) == digest }
}

package struct KeptFinding: Sendable {
    package let kind: FindingKind
    package let count: Int64
    package let decision: String
    package let due: Day?
    package let author: String
    package let decided: Instant?
    package let version: Int64
}

/// Every SQL word about reports that are kept.
enum ComplianceStore {
    private static let columns: SQL = """
        c.id, c.area_id, a.name, c.from_day, c.to_day, c.content, c.digest, p.name, c.made_ms
        from privacy_audit c join directory_area a on a.id = c.area_id
            left join directory_person p on p.id = c.made_by
        """
    private static func report(_ row: any Row) throws -> KeptReport {
        KeptReport(
            id: try row.id(0), area: try row.id(1), areaName: try row.text(2), from: try row.day(3),
            to: try row.day(4), content: try row.text(5), digest: try row.text(6),
            author: try row.optionalText(7) ?? "", made: try row.instant(8))
    }

    static func load(_ id: ComplianceID, _ transaction: any ReadTransaction) throws -> KeptReport? {
        guard var found = try transaction.first("select \(columns) where c.id = \(id)", report) else { return nil }
        found.findings = try findings(of: id, transaction)
        return found
    }

    /// The last one of a place; nil before the first.
    static func last(of area: AreaID, _ transaction: any ReadTransaction) throws -> KeptReport? {
        let found = try transaction.first(
            "select \(columns) where c.area_id = \(area) order by c.id desc limit 1", report)
        guard var found else { return nil }
        found.findings = try findings(of: found.id, transaction)
        return found
    }

    /// Those of places at or below paths, the latest first.
    static func all(
        under paths: [AreaPath], before: ComplianceID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [KeptReport] {
        guard !paths.isEmpty else { return [] }
        let page: SQL = before.map { "and c.id < \($0)" } ?? .empty
        let places = paths.map { path -> SQL in "(a.path >= \(path.text) and a.path < \(path.upperBound))" }
        return try transaction.query(
            """
            select \(columns) where (\(SQL.joined(places, separator: " or "))) \(page)
            order by c.id desc limit \(limit)
            """, report)
    }

    private static func findings(
        of id: ComplianceID, _ transaction: any ReadTransaction
    ) throws -> [KeptFinding] {
        try transaction.query(
            """
            select f.code, f.count, f.decision, f.due_day, p.name, f.decided_ms, f.version
            from privacy_audit_finding f left join directory_person p on p.id = f.decided_by
            where f.audit_id = \(id) order by f.code limit 100
            """
        ) { row -> KeptFinding? in
            guard let kind = FindingKind(rawValue: try row.text(0)) else { return nil }
            return KeptFinding(
                kind: kind, count: try row.int(1), decision: try row.text(2), due: row.isNull(3) ? nil : try row.day(3),
                author: try row.optionalText(4) ?? "", decided: try row.optionalInstant(5), version: try row.int(6))
        }.compactMap { $0 }
    }

    static func insert(
        _ id: ComplianceID, _ report: ComplianceReport, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        let content = report.content
        try transaction.run(
            """
            insert into privacy_audit (id, area_id, from_day, to_day, content, digest, made_by, made_ms)
            values (\(id), \(report.area), \(report.from), \(report.to), \(content), \(ContentDigest.sha256(content)),
                \(person), \(now))
            """)
        for one in report.findings {
            try transaction.run(
                """
                insert into privacy_audit_finding (audit_id, code, count, decision, decided_by, version)
                values (\(id), \(one.kind.rawValue), \(one.count), '', 0, 1)
                """)
        }
    }

    /// False when somebody decided since.
    static func decide(
        _ id: ComplianceID, _ kind: FindingKind, _ decision: String, due: Day?, was seen: Int64, by person: PersonID,
        at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update privacy_audit_finding set decision = \(decision), due_day = \(due), decided_by = \(person),
                decided_ms = \(now), version = version + 1
            where audit_id = \(id) and code = \(kind.rawValue) and version = \(seen)
            """) == 1
    }

    /// Reports are records of processing: three years at least.
    static let retention = RetentionClass(
        "complianceAudits", .keepAudits, days: 1827, least: 1096, source: .keepRequestsSource,
        since: Day(number: 18_932)
    ) { before, limit, transaction in
        let old = try transaction.query(
            "select id, made_ms from privacy_audit where made_ms < \(before) order by made_ms, id limit \(limit)"
        ) { (id: try $0.int(0), at: try $0.instant(1)) }
        guard !old.isEmpty else { return .nothing }
        let ids = SQL.joined(old.map { "\($0.id)" })
        try transaction.run("delete from privacy_audit_finding where audit_id in (\(ids))")
        try transaction.run("delete from privacy_audit where id in (\(ids))")
        return .init(old.map(\.at))
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension PrivacyShapes {
    static let part = Shape<CompliancePart>.choice(CompliancePart.allCases) { $0.rawValue }
    static let unit = Shape<Figure.Unit>.choice(Figure.Unit.allCases) { $0.rawValue }
    static let findingKind = Shape<FindingKind>.choice(FindingKind.allCases) { $0.rawValue }
    static let figure = Shape<Figure>.object("ComplianceFigure") {
        Member("part", part) { $0.part }
        Member("code", .words, "Never changes.") { $0.code }
        Member("zh", .words) { $0.zh }
        Member("en", .words) { $0.en }
        Member("value", .whole) { $0.value }
        Member("unit", unit) { $0.unit }
    }
    static let finding = Shape<Finding>.object("ComplianceFinding") {
        Member("kind", findingKind) { $0.kind }
        Member("count", .whole) { $0.count }
        Member("zh", .words) { $0.kind.title.zh }
        Member("en", .words) { $0.kind.title.en }
        Member("law", .words) { $0.kind.law.en }
    }
    static let keptFinding = Shape<KeptFinding>.object("KeptFinding") {
        Member("kind", findingKind) { $0.kind }
        Member("count", .whole) { $0.count }
        Member("decision", .words) { $0.decision }
        Member("due", Shape<Day>.day.orNull) { $0.due }
        Member("decided", Shape<Instant>.time.orNull) { $0.decided }
        Member("version", .whole) { $0.version }
    }
    static let past = Shape<ComplianceView.Past>.object("PastFinding") {
        Member("finding", keptFinding) { $0.finding }
        Member("now", Shape<Int64>.whole.orNull, "Null for what is mended.") { $0.now }
    }
    static let report = Shape<ComplianceReport>.object("ComplianceReport") {
        Member("area", .id()) { $0.area }
        Member("area_name", .words) { $0.areaName }
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("made", .time) { $0.made }
        Member("findings", finding.list()) { $0.findings }
        Member("figures", figure.list()) { $0.figures }
    }
    static let complianceView = Shape<ComplianceView>.object("ComplianceView") {
        Member("report", report) { $0.report }
        Member("past", past.list(), "What the last record of the place found, and what became of it.") { $0.past }
    }
    static let keptReport = Shape<KeptReport>.object("KeptReport") {
        Member("id", .id()) { $0.id }
        Member("area", .id()) { $0.area }
        Member("area_name", .words) { $0.areaName }
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("made", .time) { $0.made }
        Member("digest", .words, "SHA-256 of the content.") { $0.digest }
        Member("whole", .flag, "The content is what the digest was made of.") { $0.isWhole }
    }
    static let keptWhole = Shape<KeptReport>.object("KeptReportWhole") {
        Member("record", keptReport) { $0 }
        Member("findings", keptFinding.list()) { $0.findings }
        Member("content", .words, "JSON as it was kept.") { $0.content }
    }
}

extension PrivacyHouse {
    private struct ReportAsked: Asked {
        let asked: ComplianceAsked
        init(_ ask: Ask) throws {
            asked = ComplianceAsked(
                area: try ask.query.optional("area", .id(), "The widest place in reach if not said."),
                from: try ask.query.optional("from", .day, "A year before the last day if not said."),
                to: try ask.query.optional("to", .day, "Today if not said."))
        }
    }
    private struct KeepAsked: Asked {
        let asked: ComplianceAsked
        init(_ ask: Ask) throws {
            asked = ComplianceAsked(
                area: try ask.body("area", .id()), from: try ask.body("from", .day), to: try ask.body("to", .day))
        }
    }
    private struct KeptListed: Asked {
        let paging: Paging
        init(_ ask: Ask) throws { paging = try Paging(ask) }
    }
    private struct KeptNamed: Asked {
        let id: ComplianceID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct FindingAsked: Asked {
        let id: ComplianceID
        let kind: FindingKind
        let decision: String
        let due: Day?
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            kind = try ask.body("kind", PrivacyShapes.findingKind)
            decision = try ask.body("decision", .text(2...400))
            due = try ask.body.optional("due", .day)
            version = try ask.body("version", .whole(0...1_000_000))
        }
    }

    func complianceAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/privacy/audit", .staff,
            API(
                .rules, "What an audit of a place over a time finds: numbers and findings.",
                refuses: [PrivacyRefusal.notFound, PrivacyRefusal.badPeriod]), ReportAsked.self,
            PrivacyShapes.complianceView
        ) { asked, call in .ok(try await compliance.view(asked.asked, by: call.actor)) }
        table.post(
            "/api/v1/privacy/audits", .staff,
            API(
                .rules, "Keeps a report as a record.",
                refuses: [PrivacyRefusal.notFound, PrivacyRefusal.badPeriod]), KeepAsked.self, Made.shape, makes: true
        ) { asked, call in .made(Made(try await compliance.keep(asked.asked, by: call.actor).text)) }
        table.get(
            "/api/v1/privacy/audits", .staff,
            API(.rules, "Records of the places in reach.", refuses: [PrivacyRefusal.notFound]), KeptListed.self,
            PrivacyShapes.keptReport.slices
        ) { asked, call in
            let limit = asked.paging.limit
            let rows = try await compliance.all(before: asked.paging.id(), limit: limit + 1, by: call.actor)
            return .ok(Slice(rows, limit: limit) { $0.id.text })
        }
        table.get(
            "/api/v1/privacy/audits/:id", .staff,
            API(.rules, "One record with its findings.", refuses: [PrivacyRefusal.notFound]), KeptNamed.self,
            PrivacyShapes.keptWhole
        ) { asked, call in .ok(try await compliance.load(asked.id, by: call.actor)) }
        table.post(
            "/api/v1/privacy/audits/:id/findings", .staff,
            API(
                .rules, "Writes down what is done about a finding.",
                refuses: [PrivacyRefusal.notFound, PrivacyRefusal.changedMeanwhile, PrivacyRefusal.badDay("due")]),
            FindingAsked.self, .nothing
        ) { asked, call in
            try await compliance.decide(
                asked.id, asked.kind, asked.decision, due: asked.due, was: asked.version, by: call.actor)
            return .done
        }
    }
}

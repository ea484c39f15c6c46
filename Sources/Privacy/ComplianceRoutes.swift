import Directory
import Hummingbird
import Kernel
import Storage
import Tables
import Web

extension PrivacyHouse {
    package var compliance: ComplianceDesk {
        ComplianceDesk(
            database: database, world: world, journal: journal, classes: classes, passwords: directory.secrets.leaked)
    }

    func complianceRoutes(_ table: RouteTable) {
        table.get("/desk/privacy/audit", .staff) { request, context in
            var typed = ComplianceTyped()
            typed.area = request.asked("area")
            typed.from = request.asked("from")
            typed.to = request.asked("to")
            return try await compliancePage(typed, request.asked("cursor"), Returned(), context)
        }
        table.post("/desk/privacy/audit", .staff) { request, context in
            try await act(request, context) {
                try await compliancePage(ComplianceTyped($0.sent), "", $0, context)
            } _: { sent in
                let id = try await compliance.keep(ComplianceTyped(sent).asked(), by: context.actor)
                return Href("/desk/privacy/audits/", id.text)
            }
        }
        table.get("/desk/privacy/audits/:id", .staff) { _, context in
            try await kept(context.id("id"), Returned(), context)
        }
        table.post("/desk/privacy/audits/:id", .staff) { request, context in
            let id = try context.id("id", ComplianceTag.self)
            return try await act(request, context) {
                try await kept(id, $0, context)
            } _: { sent in
                guard let kind = FindingKind(rawValue: sent["finding"]) else {
                    throw PrivacyRefusal.badChoice("finding")
                }
                try await compliance.decide(
                    id, kind, sent.trimmed("decision"), due: sent["due"].isEmpty ? nil : try sent.day("due"),
                    was: try sent.number("version"), by: context.actor)
                return Href("/desk/privacy/audits/", id.text)
            }
        }
    }

    /// A place and a time as they were typed.
    private struct ComplianceTyped: Sendable {
        var area = ""
        var from = ""
        var to = ""
        init() {}
        init(_ sent: Typed?) {
            area = sent?["area"] ?? ""
            from = sent?["from"] ?? ""
            to = sent?["to"] ?? ""
        }
        func asked() throws -> ComplianceAsked {
            func day(_ text: String, _ name: String) throws -> Day? {
                guard !text.isEmpty else { return nil }
                guard let day = LocalInput.day(text) else { throw PrivacyRefusal.badDay(name) }
                return day
            }
            var place: AreaID?
            if !area.isEmpty {
                guard let id = AreaID(text: area) else { throw PrivacyRefusal.badChoice("area") }
                place = id
            }
            return ComplianceAsked(area: place, from: try day(from, "from"), to: try day(to, "to"))
        }
    }

    // MARK: The report

    private func compliancePage(
        _ typed: ComplianceTyped, _ cursor: String, _ returned: Returned, _ context: WebContext
    ) async throws -> Response {
        let actor = context.actor
        let posts = try ComplianceDesk.posts(actor)
        let names = try await database.read { try DirectoryStore.areas(posts.map(\.area), $0) }
        var returned = returned
        var view: ComplianceView?
        do {
            view = try await compliance.view(typed.asked(), by: actor)
        } catch let refusal as PrivacyRefusal where refusal.kind == .invalid {
            returned.refusal = returned.refusal ?? refusal
        }
        let before = ComplianceID(text: cursor)
        let records = try await compliance.all(before: before, limit: 21, by: actor)
        let kit = Kit(context, returned)
        let words = context.words
        let shown = view?.report
        let area = typed.area.isEmpty ? shown?.area.text ?? "" : typed.area
        let from = typed.from.isEmpty ? shown?.from.description ?? "" : typed.from
        let to = typed.to.isEmpty ? shown?.to.description ?? "" : typed.to
        let options = posts.map { post -> HTML in
            let mark: HTML = post.area.text == area ? " selected" : ""
            return "<option value=\"\(post.area.text)\"\(mark)>\(names[post.area]?.name ?? "")</option>"
        }
        func day(_ name: String, _ label: Phrase, _ value: String) -> HTML {
            """
            <div class="field"><label for="audit-\(name)">\(words(label))</label><input class="in" type="date" \
            id="audit-\(name)" name="\(name)" value="\(value)"\(Form.invalid(returned.refusal, name))>\
            \(Form.error(returned.refusal, for: name, context))</div>
            """
        }
        let ask: HTML = """
            <form class="card stack narrow no-print" method="get" action="/desk/privacy/audit">\
            \(Form.summary(returned.refusal, context))\
            <div class="field"><label for="audit-area">\(words(.complianceArea))</label>\
            <select class="in" id="audit-area" name="area">\(HTML.joined(options))</select></div>\
            \(day("from", .complianceFrom, from))\(day("to", .complianceTo, to))\
            <button class="btn">\(words(.complianceShow))</button></form>
            """
        let keep: HTML =
            shown.map { report in
                kit.button(
                    Href("/desk/privacy/audit"), words(.complianceKeep), primary: true,
                    hidden: [
                        ("way", "keep"), ("area", report.area.text), ("from", report.from.description),
                        ("to", report.to.description),
                    ])
            } ?? .empty
        let filters: [(StaticString, String)] = [("area", area), ("from", from), ("to", to)]
        let rows = records.prefix(20).map { one in
            kit.row(
                words(.complianceRecord, one.areaName, one.from.description, one.to.description),
                "\(one.author) · \(Say.exact(one.made))",
                end: "<a class=\"btn\" href=\"\(Href("/desk/privacy/audits/", one.id.text))\">\(words(.kinOpen))</a>")
        }
        let main = HTML.joined([
            "<div class=\"stack-l\"><h1>\(words(.complianceTitle))</h1>",
            "<p class=\"help no-print\">\(words(.complianceHelp))</p>", ask,
            shown.map { report(title($0, words), $0, kit) } ?? .empty,
            view.map { past($0, kit) } ?? .empty, keep,
            ExportLinks.make("privacy-audit", context, filters: filters),
            kit.section(
                .complianceKept, kit.rows(Array(rows), none: .complianceNoKept),
                kit.more(Href("/desk/privacy/audit"), records.count > 20 ? records[19].id.text : nil),
                ExportLinks.make("privacy-audits", context)),
            context.actor.may(.privacyEdit) || context.actor.may(.privacyHandle)
                ? "<p class=\"no-print\"><a href=\"/desk/privacy\">\(words(.privacyDesk))</a></p></div>" : "</div>",
        ])
        return staffPage(words(.complianceTitle), main, returned.refusal, context)
    }

    private func title(_ report: ComplianceReport, _ words: Words) -> String {
        words(
            .complianceMade, report.areaName, report.from.description, report.to.description, Say.exact(report.made))
    }

    private func report(_ title: String, _ report: ComplianceReport, _ kit: Kit) -> HTML {
        let words = kit.words
        let findings = report.findings.map { one -> [HTML] in
            let mayMend = kit.context.actor.posts.contains { !$0.role.verbs.isDisjoint(with: one.kind.mends) }
            let mend: HTML =
                mayMend
                ? "<a class=\"no-print\" href=\"\(one.kind.place)\">\(words(.complianceMend))</a>"
                : "<span class=\"soft no-print\">\(words(.complianceOthers))</span>"
            return [
                "<b>\(words(one.kind.title))</b>", "<span class=num>\(one.count)</span>", "\(words(one.kind.law))",
                mend,
            ]
        }
        let parts = CompliancePart.allCases.compactMap { part -> HTML? in
            let rows = report.figures.filter { $0.part == part }.map { one -> [HTML] in
                ["\(words.pick(zh: one.zh, en: one.en))", "<span class=num>\(one.said(words))</span>"]
            }
            guard !rows.isEmpty else { return nil }
            return kit.section(part.phrase, kit.table([.complianceItem, .complianceValue], rows))
        }
        return """
            <p><b>\(title)</b></p>\(kit.section(
                .complianceFindings,
                kit.table(
                    [.complianceFinding, .complianceValue, .complianceLaw, .complianceMend], findings,
                    none: .complianceNoFindings)))\(HTML.joined(parts))
            """
    }

    /// What became of what the last record found.
    private func past(_ view: ComplianceView, _ kit: Kit) -> HTML {
        guard let previous = view.previous else { return .empty }
        let words = kit.words
        let rows = view.past.map { one -> [HTML] in
            let state: HTML
            if let count = one.now {
                let isLate = one.finding.due.map { $0 < today } ?? false
                state = kit.state(
                    isLate ? .late : .wait, words(.complianceStill, String(one.finding.count), String(count)))
            } else {
                // What the last record counted may lie before the time that is looked at now.
                state =
                    view.report.from <= previous.to
                    ? kit.state(.ok, words(.complianceMended)) : kit.state(.plain, words(.complianceNotThen))
            }
            return ["\(words(one.finding.kind.title))", state, decision(one.finding, kit)]
        }
        let fresh = view.report.findings.filter { view.isNew($0.kind) }.map { one -> [HTML] in
            ["\(words(one.kind.title))", kit.state(.plain, words(.complianceNew)), .empty]
        }
        return """
            <section class="stack-s"><h2>\(words(.complianceSince, Say.exact(previous.made)))</h2>\
            \(kit.table(
                [.complianceFinding, .columnState, .complianceDecision], rows + fresh, none: .complianceNoFindings))\
            </section>
            """
    }

    private func decision(_ one: KeptFinding, _ kit: Kit) -> HTML {
        let words = kit.words
        guard let decided = one.decided else { return "<span class=\"soft\">\(words(.complianceUndecided))</span>" }
        let due = one.due.map { " · \(words(.complianceDueBy, $0.description))" } ?? ""
        return """
            \(one.decision)\(due) <span class="soft">\
            \(words(.complianceDecided, one.author, Say.exact(decided)))</span>
            """
    }

    // MARK: Records

    private func kept(_ id: ComplianceID, _ returned: Returned, _ context: WebContext) async throws -> Response {
        let record = try await compliance.load(id, by: context.actor)
        guard let content = ComplianceReport(content: record.content) else { throw PrivacyRefusal.notFound }
        let kit = Kit(context, returned)
        let words = context.words
        let findings = record.findings.map { one -> HTML in
            let way = "finding-\(one.kind.rawValue)"
            return """
                <section class="stack-s"><h3>\(words(one.kind.title)) <span class="num">(\(one.count))</span></h3>\
                <p>\(decision(one, kit))</p>\(kit.form(
                    way, Href("/desk/privacy/audits/", id.text), .complianceDecide,
                    hidden: [("finding", one.kind.rawValue), ("version", String(one.version))],
                    kit.long(way, "decision", .complianceDecision, value: one.decision),
                    kit.day(way, "due", .complianceDue, value: one.due, required: false)))</section>
                """
        }
        let none: HTML = "<p class=\"card soft\">\(words(.complianceNoFindings))</p>"
        let broken: HTML =
            record.isWhole ? .empty : "<p class=\"note\" role=\"alert\"><b>\(words(.complianceBroken))</b></p>"
        let main = kit.page(
            words(.complianceTitle), broken,
            """
            <p class="small">\(words(.complianceBy)): \(record.author) · \(Say.exact(record.made))<br>\
            \(words(.complianceDigest)): <code>\(record.digest)</code></p>
            """,
            report(title(content, words), content, kit),
            kit.section(.complianceDecision, findings.isEmpty ? none : HTML.joined(findings)),
            ExportLinks.inside("privacy-audit-kept", id.text, context),
            "<p class=\"no-print\"><a href=\"/desk/privacy/audit\">\(words(.complianceKept))</a></p>")
        return staffPage(words(.complianceTitle), main, returned.refusal, context)
    }
}

/// The report and its records as tables.
extension PrivacyHouse {
    var complianceExports: [ListExport] {
        let (classes, world, leaked) = (classes, world, directory.secrets.leaked)
        let report = ListExport(
            "privacy-audit", .complianceTitle, ComplianceDesk.verbs,
            [.compliancePart, .complianceCode, .complianceItem, .complianceValue, .complianceLaw],
            filters: ["area", "from", "to"]
        ) { ask, transaction in
            let asked = ComplianceAsked(
                area: AreaID(text: ask.filter("area")), from: LocalInput.day(ask.filter("from")),
                to: LocalInput.day(ask.filter("to")))
            let posts = try ComplianceDesk.posts(ask.actor)
            guard let place = try DirectoryStore.area(asked.area ?? posts[0].area, transaction),
                place.level <= .estate, posts.contains(where: { $0.covers(place.path) })
            else { throw PrivacyRefusal.notFound }
            let to = asked.to ?? ask.today
            let from = asked.from ?? to.adding(-365)
            guard from <= to, to <= ask.today, from >= to.adding(-ComplianceDesk.mostDays) else {
                throw PrivacyRefusal.badPeriod
            }
            let report = try ComplianceReader(
                area: place, from: from, to: to, now: world.now(), classes: classes,
                passwords: leaked?.state() ?? .none, transaction: transaction
            ).report()
            return ListExport.Rows(Self.cells(report, ask.words), next: nil)
        }
        let kept = ListExport(
            inside: "privacy-audit-kept", .complianceKept, ComplianceDesk.verbs,
            [
                .compliancePart, .complianceCode, .complianceItem, .complianceValue, .complianceLaw,
                .complianceDecision, .complianceDue,
            ]
        ) { ask, transaction in
            let record = try ComplianceDesk.load(try ask.thing(), by: ask.actor, transaction)
            guard let report = ComplianceReport(content: record.content) else { throw PrivacyRefusal.notFound }
            let decided = Dictionary(record.findings.map { ($0.kind.rawValue, $0) }, uniquingKeysWith: { $1 })
            return Self.cells(report, ask.words).enumerated().map { index, row in
                guard index < report.findings.count, let one = decided[report.findings[index].kind.rawValue] else {
                    return row + [.empty, .empty]
                }
                return row + [.text(one.decision), one.due.map { .day($0) } ?? .empty]
            }
        }
        let records = ListExport(
            "privacy-audits", .complianceKept, ComplianceDesk.verbs,
            [
                .complianceArea, .complianceFrom, .complianceTo, .complianceBy, .complianceAt, .complianceDigest,
                .complianceFindings,
            ]
        ) { ask, transaction in
            let found = try ComplianceStore.all(
                under: try ComplianceDesk.posts(ask.actor).map(\.path),
                before: try ask.id().map { ComplianceID($0) }, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
                let kinds = ComplianceReport(content: one.content)?.findings ?? []
                return [
                    .text(one.areaName), .day(one.from), .day(one.to), .text(one.author), .moment(one.made),
                    .text(one.digest),
                    .text(kinds.map { "\(ask.words($0.kind.title)) (\($0.count))" }.joined(separator: "; ")),
                ]
            }
        }
        return [report, records, kept]
    }

    /// What was found, then the figures.
    private static func cells(_ report: ComplianceReport, _ words: Words) -> [[Cell]] {
        report.findings.map { one in
            [
                .text(words(.complianceFindings)), .text(one.kind.rawValue), .text(words(one.kind.title)),
                .int(one.count), .text(words(one.kind.law)),
            ]
        }
            + report.figures.map { one in
                [
                    .text(words(one.part.phrase)), .text(one.code), .text(words.pick(zh: one.zh, en: one.en)),
                    .int(one.value), .empty,
                ]
            }
    }
}

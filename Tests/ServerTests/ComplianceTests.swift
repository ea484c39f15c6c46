import Foundation
import Kernel
import Storage
import Testing
import Web

@testable import Directory
@testable import Privacy
@testable import Server

/// The audit of compliance: its numbers, its findings, its records.
@Suite struct ComplianceTests {
    private func count(_ sql: SQL, _ h: TestHouse) async throws -> Int64 {
        try await h.house.database.read { try $0.first(sql) { try $0.int(0) } ?? -1 }
    }
    private func person(_ login: String, _ h: TestHouse) async throws -> PersonID {
        try #require(try await h.actor(h.program(login)).person)
    }
    private func today(_ h: TestHouse) -> Day { Zone.shanghai.day(of: h.still.now) }
    private func write(_ h: TestHouse, _ statements: [SQL]) async throws {
        try await h.house.database.write { transaction in
            for one in statements { try transaction.run(one) }
        }
    }
    private func view(_ login: String, _ h: TestHouse, _ asked: ComplianceAsked = .init()) async throws
        -> ComplianceView
    {
        try await h.house.privacy.compliance.view(asked, by: try await h.actor(h.program(login)))
    }
    private func value(_ code: String, _ report: ComplianceReport) throws -> Int64 {
        try #require(report.figures.first { $0.code == code }, "\(code)").value
    }

    // MARK: Rules

    @Test func eachRuleFindsItsOwnAndNothingElse() {
        var good = ComplianceFacts()
        good.reachable = 100
        good.accepted = 90
        good.sharing = 2
        #expect(ComplianceRules.findings(good) == [])
        func changed(_ change: (inout ComplianceFacts) -> Void) -> [Finding] {
            var facts = good
            change(&facts)
            return ComplianceRules.findings(facts)
        }
        let cases: [(FindingKind, Int64, (inout ComplianceFacts) -> Void)] = [
            (.noNotice, 1, { $0.hasNotice = false }), (.fewAccepted, 89, { $0.accepted = 89 }),
            (.noProcessing, 1, { $0.processing = 0 }), (.noAssessment, 2, { $0.assessments = 0 }),
            (.oldAssessment, 3, { $0.oldAssessments = 3 }), (.sharingUnsettled, 4, { $0.sharingUnsettled = 4 }),
            (.requestsLate, 5, { $0.late = 5 }), (.breachUnreported, 1, { $0.unreported = 1 }),
            (.breachUntold, 2, { $0.untold = 2 }), (.retentionStopped, 1, { $0.retentionRuns = false }),
            (.factorMissing, 7, { $0.access.lackingFactor = 7 }),
            (
                .accessEnded, 3,
                {
                    $0.access.endedSessions = 1
                    $0.access.endedTokens = 2
                }
            ),
            (.accountsUnused, 9, { $0.access.unused = 9 }), (.noPasswordList, 1, { $0.hasPasswordList = false }),
        ]
        #expect(Set(cases.map(\.0)) == Set(FindingKind.allCases), "every rule has its case")
        for (kind, count, change) in cases {
            #expect(changed(change) == [Finding(kind: kind, count: count)], "\(kind)")
        }
        // Nothing that is shared needs no assessment; nobody to ask is nobody who did not accept.
        #expect(
            changed {
                $0.assessments = 0
                $0.sharing = 0
            } == [])
        #expect(
            changed {
                $0.reachable = 0
                $0.accepted = 0
            } == [])
        // What is the whole house's is not found in one place of it.
        #expect(
            changed {
                $0.isHouse = false
                $0.hasNotice = false
                $0.processing = 0
                $0.oldAssessments = 1
                $0.unreported = 1
                $0.retentionRuns = false
                $0.hasPasswordList = false
                $0.late = 1
            } == [Finding(kind: .requestsLate, count: 1)])
        #expect(ComplianceRules.percent(1, of: 3) == 33 && ComplianceRules.percent(5, of: 4) == 100)
    }

    // MARK: Numbers

    @Test func theNumbersAreThoseOfTheHouse() async throws {
        try await TestHouse.with { h in
            let (now, today) = (h.still.now, today(h))
            let estate = try await h.area("桂花苑")
            let (resident, tenant) = (try await person("resident", h), try await person("tenant", h))
            let grid = try #require(try await h.actor(h.program("grid")).posts.first)
            try await write(
                h, ["delete from privacy_file", "delete from privacy_request", "delete from privacy_deletion"])
            // Answered in time, answered late, refused late, open and overdue, open in time; of before the period, one
            // refused late within it and one answered before it.
            for (number, kind, status, due, decided, created) in [
                (1, 2, 3, today, now, now), (2, 2, 3, today.adding(-3), now, now.adding(days: -30)),
                (3, 2, 4, today.adding(-2), now, now.adding(days: -30)),
                (4, 1, 2, today.adding(-1), nil, now.adding(days: -20)), (5, 2, 1, today.adding(5), nil, now),
                (6, 2, 4, today.adding(-2), now, now.adding(days: -800)),
                (7, 2, 3, today.adding(-700), now.adding(days: -690), now.adding(days: -800)),
            ] as [(Int64, Int64, Int64, Day, Instant?, Instant)] {
                try await write(
                    h,
                    [
                        """
                        insert into privacy_request (id, person_id, kind, area_id, words, answer, status, language,
                            due_day, act_ms, count, file_bytes, decided_by, decided_ms, version, created_ms)
                        values (\(8_000_000 + number), \(number == 4 ? tenant : resident), \(kind), \(estate), '', '',
                            \(status), 'zh', \(due), null, 0, 0, 0, \(decided), 1, \(created))
                        """
                    ])
            }
            for (index, verb) in ["phone.unmask", "phone.unmask", "party.look", "export.list", "people.find"]
                .enumerated()
            {
                try await write(
                    h,
                    [
                        """
                        insert into storage_audit (id, area_id, at_ms, actor_id, post_id, verb, subject_id, digest)
                        values (\(8_100_000 + index), \(estate), \(now.adding(days: -2)), \(resident), \(grid.id), \(verb), 1,
                            \([UInt8](repeating: 1, count: 32)))
                        """
                    ])
            }
            try await write(
                h,
                [
                    """
                    insert into privacy_deletion (run, class, count, from_ms, to_ms, before_ms, at_ms)
                    values (\(today.adding(-1)), 'sessions', 7, 0, 0, 0, 0), (\(today.adding(-2)), 'sessions', 5, 0, 0, 0, 0),
                        (\(today.adding(-500)), 'sessions', 100, 0, 0, 0, 0)
                    """
                ])
            let whole = try await view("administrator", h)
            let report = whole.report
            #expect(report.from == today.adding(-365) && report.to == today)
            #expect(try value("requests.own.correction.all", report) == 4)
            #expect(try value("requests.own.correction.done", report) == 2)
            #expect(try value("requests.own.correction.refused", report) == 2)
            #expect(try value("requests.own.correction.late", report) == 3)
            #expect(try value("requests.own.copy.late", report) == 1)
            #expect(report.findings.contains(Finding(kind: .requestsLate, count: 4)))
            let unmasked = try await count("select count(*) from storage_audit where verb = 'phone.unmask'", h)
            #expect(try value("phone.unmask", report) == unmasked && unmasked >= 2)
            #expect(try value("phone.unmask.\(grid.id.text)", report) >= 2)
            #expect(try value("deleted.sessions", report) == 12)
            let party = try await count("select count(*) from storage_audit where verb = 'party.look'", h)
            #expect(try value("party.look", report) == party)
            #expect(!report.figures.contains { $0.code.hasPrefix("party.look.") }, "how often, and no more")
            #expect(try value("consent.marketing.given", report) >= 1)
            let sample = try #require(report.figures.first { $0.code == "noticeShare" })
            #expect(sample.unit == .percent)
            let accepted = try await count("select count(*) from privacy_acceptance where notice = 1", h)
            #expect(try value("notice.1", report) == accepted)
            #expect(try value("sharing.entrusted", report) == 1 && value("sharing.provided", report) == 1)
            #expect(try value("breaches", report) == 1)
            #expect(try value("processing", report) == 1 && value("assessments", report) == 1)
            // Two factors: nobody of the demo has one.
            #expect(try value("staff", report) > 5 && value("withFactor", report) == 0)
            // One place: what lies elsewhere and what is the whole house's is not in it.
            let own = try await view("grid", h).report
            #expect(try value("requests.own.correction.late", own) == 3)
            #expect(!own.figures.contains { [.notice, .consent, .registers, .breaches].contains($0.part) })
            let far = try await view("grid2", h).report
            #expect(!far.figures.contains { $0.part == .requests })
            #expect(try value("phone.unmask", far) == 0 && value("staff", far) < value("staff", report))
            // An earlier time has other numbers.
            let before = try await view(
                "administrator", h, ComplianceAsked(from: today.adding(-900), to: today.adding(-400))
            ).report
            #expect(try value("requests.own.correction.all", before) == 2)
            #expect(try value("requests.own.correction.late", before) == 2)
            #expect(try value("deleted.sessions", before) == 100)
            // Nothing in it says who.
            let names = ["林小雨", "李师傅", "陈静", resident.text, tenant.text]
            #expect(!names.contains { report.content.contains($0) })
        }
    }

    @Test func breachesContractsAndOldAccountsAreFound() async throws {
        try await TestHouse.with { h in
            let (now, today) = (h.still.now, today(h))
            let chief = try await h.actor(h.program("administrator"))
            let desk = h.house.privacy.desk
            let quiet = try await view("administrator", h).report
            let kinds = Set(quiet.findings.map(\.kind))
            #expect(
                !kinds.contains(.sharingUnsettled) && !kinds.contains(.oldAssessment) && !kinds.contains(.accessEnded))
            // The breach of the demo is 20 hours old: a day later it is too late.
            #expect(!kinds.contains(.breachUnreported))
            h.still.advance(ms: 5 * Instant.dayMs)
            let late = try await view("administrator", h).report
            #expect(late.findings.contains(Finding(kind: .breachUnreported, count: 1)))
            #expect(late.findings.contains(Finding(kind: .breachUntold, count: 1)))
            #expect(late.findings.contains { $0.kind == .retentionStopped })
            let breach = try #require(
                try await h.house.database.read {
                    try RecordStore.all(.breach, before: nil, limit: 1, $0)
                }.first)
            try await desk.putRecord(
                .breach, breach.id,
                RecordSent(
                    title: breach.title, fields: breach.fields, known: breach.known,
                    reported: breach.known?.adding(hours: 3), told: breach.known?.adding(hours: 5), why: "补登"),
                was: breach.version, by: chief)
            let mended = try await view("administrator", h).report
            #expect(!mended.findings.contains { [.breachUnreported, .breachUntold].contains($0.kind) })
            let hours = try #require(mended.figures.first { $0.code == "breach.1" })
            #expect(hours.value == 3 && hours.unit == .hours)
            // A contract that ran out, and nobody wrote what became of the data.
            try await write(
                h,
                [
                    """
                    update privacy_sharing set to_day = \(today.adding(-10)), changed_ms = \(now.adding(days: -40))
                    where kind = 1 and is_last
                    """, "update privacy_record set changed_ms = \(now.adding(days: -400)) where kind = 2",
                ])
            let ended = try await view("administrator", h).report
            #expect(ended.findings.contains(Finding(kind: .sharingUnsettled, count: 1)))
            #expect(try value("sharingEnded", ended) == 1)
            #expect(ended.findings.contains(Finding(kind: .oldAssessment, count: 1)))
            // Somebody left: the session and the token are found; so is an account that nobody used for long.
            let session = try await h.signIn("steward")
            let steward = try await person("steward", h)
            #expect(session.cookies["rs_s"] != nil)
            let before = try await view("administrator", h).report
            try await write(
                h,
                [
                    "update directory_post set to_day = \(today.adding(-1)), from_day = 18000 where person_id = \(steward)"
                ])
            let left = try await view("administrator", h).report
            #expect(try value("endedSessions", left) == value("endedSessions", before) + 1)
            #expect(try value("endedTokens", left) == value("endedTokens", before) + 1)
            #expect(left.findings.contains { $0.kind == .accessEnded })
            let desks = try await person("desk", h)
            try await write(
                h,
                [
                    "update directory_account set created_ms = \(now.adding(days: -300)) where person_id = \(desks)",
                    "update storage_audit set at_ms = \(now.adding(days: -250)) where actor_id = \(desks)",
                ])
            let unused = try await view("administrator", h).report
            #expect(try value("unused", unused) == value("unused", left) + 1)
            _ = try await h.signIn("desk")
            let used = try await view("administrator", h).report
            #expect(try value("unused", used) == value("unused", left))
            // The periods ran.
            try await h.house.privacy.work.schedule()
            while try await h.house.privacy.work.step(worker: "t") {}
            let ran = try await view("administrator", h).report
            #expect(!ran.findings.contains { $0.kind == .retentionStopped })
            #expect(try value("runs", ran) == 1)
        }
    }

    // MARK: Who, and for when

    @Test func whoMayMakeItAndForWhichTime() async throws {
        try await TestHouse.with { h in
            let today = today(h)
            for login in ["administrator", "auditor", "grid", "street"] {
                let page = try await h.send(h.signIn(login), .get, "/desk/privacy/audit")
                #expect(page.status == 200 && page.text.contains("发现的问题"), "\(login)")
            }
            for login in ["desk", "steward", "moderator", "security"] {
                let session = try await h.signIn(login)
                #expect(try await h.send(session, .get, "/desk/privacy/audit").status == 404, "\(login)")
                #expect(try await h.send(session, .post, "/desk/privacy/audit", form: [:]).status == 404, "\(login)")
                #expect(try await h.json(session, .get, "/api/v1/privacy/audit").status == 404, "\(login)")
                #expect(try await h.send(session, .get, "/desk/export/privacy-audit?format=csv").status == 404)
            }
            #expect(try await h.send(h.signIn("resident"), .get, "/desk/privacy/audit").status == 403)
            let chief = try await h.signIn("administrator")
            for (from, to) in [
                ("x", ""), ("", today.adding(1).description), (today.description, today.adding(-1).description),
                (today.adding(-2000).description, today.description),
            ] {
                let path = "/desk/privacy/audit?from=\(from)&to=\(to)"
                let answer = try await h.send(chief, .get, path)
                #expect(answer.status == 422, "\(from) \(to)")
                #expect(answer.text.contains("value=\"\(from)\"") || from.isEmpty, "what was typed stays")
                let form = ["way": "keep", "from": from, "to": to]
                #expect(try await h.send(chief, .post, "/desk/privacy/audit", form: form).status == 422)
                let twin = try await h.json(chief, .get, "/api/v1/privacy/audit?from=\(from)&to=\(to)")
                #expect(from.isEmpty || twin.status == 422, "\(from) \(to)")
            }
            // Another estate's place is as good as missing.
            let far = try await h.area("领秀新都")
            let grid = try await h.signIn("grid")
            #expect(try await h.send(grid, .get, "/desk/privacy/audit?area=\(far.text)").status == 404)
            #expect(try await h.json(grid, .get, "/api/v1/privacy/audit?area=\(far.text)").status == 404)
            #expect(try await h.send(grid, .get, "/desk/privacy/audit?area=x").status == 422)
            // In English, and to print.
            let english = try await h.send(chief, .get, "/desk/privacy/audit", headers: ["accept-language": "en"])
            #expect(english.status == 200)
            let csv = try await h.send(chief, .get, "/desk/export/privacy-audit?format=csv").text
            #expect(csv.contains("staff") && csv.contains("发现的问题"))
            #expect(try await h.send(chief, .get, "/desk/export/privacy-audit?format=xlsx").status == 200)
            #expect(
                try await h.send(grid, .get, "/desk/export/privacy-audit?format=csv&area=\(far.text)").status == 404)
        }
    }

    // MARK: Records

    @Test func aRecordKeepsWhatWasFoundAndTheNextAuditShowsWhatWasMended() async throws {
        try await TestHouse.with { h in
            let today = today(h)
            let auditor = try await h.signIn("auditor")
            let first = try await h.send(auditor, .post, "/desk/privacy/audit", form: ["way": "keep"])
            #expect(first.status == 303)
            let path = try #require(first.headers[.location])
            let page = try await h.send(auditor, .get, path).text
            let id = try #require(ComplianceID(text: String(path.split(separator: "/").last ?? "")))
            let actor = try await h.actor(auditor)
            let record = try await h.house.privacy.compliance.load(id, by: actor)
            #expect(record.isWhole && page.contains(record.digest) && record.digest.count == 64)
            let kept = try #require(ComplianceReport(content: record.content))
            #expect(kept.content == record.content)
            #expect(kept.findings.count == record.findings.count && !kept.findings.isEmpty)
            #expect(record.findings.contains { $0.kind == .retentionStopped })
            #expect(
                try await count("select count(*) from storage_audit where verb = 'privacy.audit.keep'", h) == 1)
            // What is done about it, by when.
            let form = [
                "way": "finding-retentionStopped", "finding": "retentionStopped", "version": "1",
                "decision": "查后台服务，今晚重启",
                "due": today.adding(3).description,
            ]
            for (name, value, status) in [
                ("decision", "", 422), ("decision", String(repeating: "长", count: 401), 422), ("due", "x", 422),
                ("due", today.adding(-1).description, 422), ("finding", "nothing", 422), ("finding", "noNotice", 404),
                ("version", "9", 409),
            ] {
                let answer = try await h.send(auditor, .post, path, form: form.merging([name: value]) { $1 })
                #expect(answer.status == status, "\(name) \(value)")
                if status == 422, name == "due" { #expect(answer.text.contains("今晚重启")) }
            }
            // Two at once: one is believed.
            let desk = h.house.privacy.compliance
            let results = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        (try? await desk.decide(
                            id, .retentionStopped, "第\(number)个决定", due: today.adding(3), was: 1, by: actor)) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(results == 1)
            #expect(try await h.send(auditor, .post, path, form: form).status == 409)
            #expect(
                try await h.send(auditor, .post, path, form: form.merging(["version": "2"]) { $1 }).status == 303)
            #expect(
                try await count("select count(*) from storage_audit where verb = 'privacy.audit.decide'", h) == 2)
            // The periods run: the next audit says that it is mended, and what is still there.
            try await h.house.privacy.work.schedule()
            while try await h.house.privacy.work.step(worker: "t") {}
            let next = try await desk.view(.init(), by: actor)
            let past = try #require(next.past.first { $0.finding.kind == .retentionStopped })
            #expect(past.now == nil && past.finding.decision == "查后台服务，今晚重启")
            let still = try #require(next.past.first { $0.finding.kind != .retentionStopped })
            #expect(still.now != nil)
            let shown = try await h.send(auditor, .get, "/desk/privacy/audit").text
            #expect(shown.contains("已整改") && shown.contains("还在") && shown.contains("今晚重启") && shown.contains(path))
            // Others' records are missing; the table has the digest.
            for login in ["grid2", "desk"] {
                let other = try await h.signIn(login)
                #expect(try await h.send(other, .get, path).status == 404, "\(login)")
                #expect(try await h.send(other, .post, path, form: form).status == 404, "\(login)")
                #expect(try await !h.send(other, .get, "/desk/privacy/audit").text.contains(path))
            }
            #expect(
                try await h.send(auditor, .get, "/desk/export/privacy-audits?format=csv").text.contains(record.digest))
            // One that somebody wrote over says so.
            try await write(h, ["update privacy_audit set content = replace(content, '\"count\":1', '\"count\":0')"])
            #expect(try await h.send(auditor, .get, path).text.contains("对不上"))
            // It goes with its period.
            h.still.advance(ms: 1900 * Instant.dayMs)
            try await h.house.privacy.work.schedule()
            while try await h.house.privacy.work.step(worker: "t") {}
            #expect(try await count("select count(*) from privacy_audit", h) == 0)
        }
    }

    @Test func programsDoTheSame() async throws {
        try await TestHouse.with { h in
            let today = today(h)
            let chief = try h.program("administrator")
            let found = try await h.json(chief, .get, "/api/v1/privacy/audit").json()
            let area = try #require(found["report"]?["area"]?.stringValue)
            #expect(found["past"]?.items.isEmpty == true)
            #expect(found["report"]?["figures"]?.items.count ?? 0 > 30)
            let body: [(String, JSON)] = [
                ("area", .string(area)), ("from", .string(today.adding(-90).description)),
                ("to", .string(today.description)),
            ]
            let made = try await h.json(chief, .post, "/api/v1/privacy/audits", .object(body))
            #expect(made.status == 201)
            let id = try #require(try made.json()["id"]?.stringValue)
            let list = try await h.json(chief, .get, "/api/v1/privacy/audits").json()
            #expect(list["items"]?.items.first?["id"]?.stringValue == id)
            let one = try await h.json(chief, .get, "/api/v1/privacy/audits/\(id)").json()
            #expect(one["record"]?["whole"]?.boolValue == true)
            let kind = try #require(one["findings"]?.items.first?["kind"]?.stringValue)
            let decision: [(String, JSON)] = [
                ("kind", .string(kind)), ("decision", .string("三天内办完")), ("version", .int(1)),
            ]
            let path = "/api/v1/privacy/audits/\(id)/findings"
            #expect(try await h.json(chief, .post, path, .object(decision)).status == 204)
            #expect(try await h.json(chief, .post, path, .object(decision)).status == 409)
            let far = try h.program("grid2")
            #expect(try await h.json(far, .get, "/api/v1/privacy/audits/\(id)").status == 404)
            #expect(try await h.json(far, .post, path, .object(decision)).status == 404)
            let again = try await h.json(chief, .get, "/api/v1/privacy/audit").json()
            #expect(again["past"]?.items.count == one["findings"]?.items.count)
        }
    }

    /// The rows of looks are found by their own index, however long the audit is.
    @Test func looksAndSignInsAreCountedByTheirIndex() async throws {
        try await TestHouse.with { h in
            guard h.house.database.engine == .sqlite else { return }
            let now = h.still.now
            let plan = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    explain query plan select verb, post_id, area_id from storage_audit
                    where verb in ('audit.export', 'data.export', 'export.badRows', 'export.begin', 'export.fetch',
                            'export.list', 'party.look', 'people.find', 'phone.unmask', 'privacy.relative.look',
                            'vehicle.unmask')
                        and at_ms >= \(now) and at_ms < \(now.adding(days: 1))
                    """
                ) { try $0.text(3) }
                    + transaction.query(
                        """
                        explain query plan select 1 from storage_audit w
                        where w.actor_id = \(Int64(1)) and w.verb = 'signIn' and w.at_ms >= \(now)
                        """
                    ) { try $0.text(3) }
            }
            #expect(plan.contains { $0.contains("storage_audit_look") }, "\(plan)")
            #expect(plan.contains { $0.contains("storage_audit_sign_in") }, "\(plan)")
            #expect(!plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
        }
    }
}

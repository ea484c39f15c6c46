import HTTPTypes
import Kernel
import Storage
import StorageTesting
import Tables
import Testing
import Web

@testable import Cases
@testable import Directory
@testable import Governance
@testable import Privacy
@testable import Server

/// Every list goes home as a table: found from the routes and from the lists themselves.
@Suite struct EveryListTests {
    private static let logins = [
        "desk", "steward", "grid", "approver", "moderator", "committee", "department", "street", "district",
        "administrator", "security", "auditor", "party",
    ]

    /// Pages of the desk without a list of their own, and why.
    private static let without: [String: String] = [
        "/desk/audit": "has its own file in both formats, which says that somebody looked",
        "/desk/find": "a search: nobody takes home whoever has a name",
        "/desk/governance": "only links",
        "/desk/privacy": "its list is shown to who handles requests; others see links",
        "/desk/cover": "only links",
        "/desk/pick": "a form over the cases of the desk, which are a list",
        "/desk/new": "a form",
        "/desk/handover": "a form",
        "/desk/replies": "a form; what it publishes is part of the ledger",
        "/desk/duty": "who is on duty this hour; the roster is a list",
        "/desk/menu": "only links",
        "/desk/morning": "numbers of one day, with the lists of the screen behind them",
        "/desk/poster": "paper",
    ]

    @Test func everyPageOfTheDeskHasItsFile() async throws {
        try await TestHouse.with { h in
            let lists = Set(h.house.exports.map(\.name))
            #expect(lists.count == h.house.exports.count, "two lists of one name")
            let pages = h.house.router().routes.filter { spec in
                spec.method == .get && (spec.path == "/desk" || spec.path.hasPrefix("/desk/"))
                    && !spec.path.contains(":")
            }.map(\.path)
            var sessions: [TestHouse.Session] = []
            for login in Self.logins { sessions.append(try await h.signIn(login)) }
            #expect(pages.count > 45)
            var linked = Set<String>()
            // Streams have no end, and the page of exports has all of them.
            for page in pages where !page.hasSuffix("/live") && page != "/desk/exports" {
                var (shown, has) = (false, false)
                for session in sessions where !has {
                    let query = page == "/desk/screen/cases" ? "?what=open" : ""
                    var answer = try await h.send(session, .get, page + query)
                    if answer.status == 303, let place = answer.headers[.location] {
                        answer = try await h.send(session, .get, place)
                    }
                    guard answer.status == 200, answer.type.hasPrefix("text/html") else { continue }
                    shown = true
                    for part in answer.text.split(separator: "/desk/export/").dropFirst() {
                        has = true
                        linked.insert(String(part.prefix { $0.isLetter || $0.isNumber || $0 == "-" }))
                    }
                }
                #expect(shown, "nobody sees \(page)")
                if Self.without[page] == nil {
                    #expect(has, "\(page) has no file")
                } else if page != "/desk/privacy" {
                    #expect(!has, "\(page) has a file: it is no exception")
                }
            }
            #expect(Set(Self.without.keys).isSubset(of: pages))
            #expect(linked.isSubset(of: lists), "\(linked.subtracting(lists))")
            // What no page above links to is linked from a page about one thing, or stands on the page of all lists.
            let others = Set(["case-steps", "ledger", "posts"]).union(
                h.house.exports.filter { $0.filters.contains("of") }.map(\.name))
            // The past of a kind of rules is shown once there is any.
            let missing = lists.subtracting(linked).subtracting(others).filter { !$0.hasPrefix("rules-") }
            #expect(missing.isEmpty, "\(missing)")
        }
    }

    /// Routes of the desk about one thing that show no list, and why.
    private static let oneWithout: [String: String] = [
        "/desk/homes/:id/person": "a home's days and number, and forms",
        "/desk/roster/:id": "a form for one shift",
        "/desk/transfers/:id": "facts and forms",
        "/desk/appointments/:id/letter": "paper",
        "/desk/team-badges/:id": "paper",
        "/desk/export/:noun": "the files themselves",
        "/desk/exports/:id": "the way to one file",
        "/desk/exports/:id/file": "a file",
        "/desk/imports/:id/bad": "a file",
        "/desk/transfers/answers/:batch": "the way to one file",
        "/desk/privacy/requests/:id": "a search: nobody takes home whoever has a name",
    ]

    /// Pages whose lists are all in one file.
    private static let together: [String: String] = [
        "/desk/privacy/audits/:id": "findings, figures and what was decided are one table",
        "/desk/who/:id": "the slots of each place and grid are one list, in groups",
        "/desk/imports/:id": "its bad rows have a file of their own, in the columns of what was sent",
    ]

    /// Where the things of a route are; none that reveals membership of the party, whose lists have no file.
    private static let things: [String: SQL] = [
        "/desk/cases/:id": "select id from cases_case order by id desc limit 40",
        "/desk/pick/:id": "select id from cases_batch",
        "/desk/handovers/:id": "select id from cases_handover",
        "/desk/templates/:id": "select id from cases_template",
        "/desk/workload/:id": "select distinct person_id from directory_post order by person_id limit 20",
        "/desk/areas/:id": "select min(id) from directory_area where level >= 4 group by level",
        "/desk/areas/:id/place": "select id from directory_area where level = 6",
        "/desk/homes/:id/person": "select id from directory_home where status = 1",
        "/desk/imports/:id": "select id from directory_import",
        "/desk/organisations/:id": "select id from directory_organisation",
        "/desk/roster/:id": "select id from directory_shift limit 20",
        "/desk/transfers/:id": "select id from transfers_transfer",
        "/desk/appointments/:id": "select id from governance_appointment where reveals = false",
        "/desk/appointments/:id/letter": "select id from governance_appointment where reveals = false",
        "/desk/team-badges/:id": "select id from governance_badge",
        "/desk/who/:id": "select id from directory_area where level in (4, 5, 6)",
        "/desk/selections/:id": "select id from governance_selection where kind <> 2",
        "/desk/counters/:id": "select id from governance_counter",
        "/desk/notices/:id": "select id from governance_notice",
        "/desk/contracts/:id": "select id from governance_contract",
        "/desk/zones/:id": "select id from governance_zone where kind <> 4",
        "/desk/teams/:id": "select id from governance_team",
        "/desk/links/:id": "select id from governance_link_list where reveals = false",
        "/desk/bodies/:id": "select id from directory_organisation",
        "/desk/privacy/audits/:id": "select id from privacy_audit",
    ]

    /// What the demo house has none of.
    private func plant(_ h: TestHouse) async throws {
        let world = h.house.world
        let (desk, steward) = (try await h.actor(h.program("desk")), try await h.actor(h.program("steward")))
        let (person, colleague) = (try #require(desk.person), try #require(steward.person))
        let estate = try await h.area("桂花苑")
        let id = try await h.report("水管漏水", by: "resident", at: estate, key: "part-1")
        let post = try #require(steward.posts.first)
        _ = try await h.house.cases.actions.dispatch(
            [PickedCase(id)], to: post.id, key: "part-1", by: desk)
        let list = LinkList(
            id: world.nextID(), area: estate, organisation: desk.posts[0].organisation, name: "联户", reveals: false)
        let found = try await h.house.database.read {
            try $0.first("select id from directory_area where level = 8 order by id limit 1") {
                try $0.id(0, AreaTag.self)
            }
        }
        let unit = try #require(found)
        try await h.house.database.write { transaction in
            try LinkStore.insert(list, by: person, at: world.now(), transaction)
            try transaction.run(
                """
                insert into governance_link (id, list_id, person_id, unit_id, from_day, to_day, version, created_by,
                    created_ms)
                values (\(world.nextID()), \(list.id), \(colleague), \(unit), 20000,
                    \(HomeStore.forever), 1, \(person), \(world.now()))
                """)
            try HandoverStore.insert(
                Handover(
                    id: world.id(), area: estate, kind: .desk, author: person, authorName: desk.name, words: "w",
                    at: world.now(), version: 1, takenName: "", taken: nil,
                    items: [HandoverItem(id: id, line: "=明天再看")]), shift: 1, transaction)
        }
        try await h.house.database.write { transaction in
            try transaction.run(
                """
                insert into governance_zone_change (id, zone_id, area_id, added, created_by, created_ms)
                select \(world.nextID()), id, area_id, true, \(person), \(world.now()) from governance_zone where kind <> 4
                """)
            try transaction.run("update governance_selection set status = \(SelectionStatus.decided) where kind <> 2")
            try transaction.run(
                """
                insert into governance_selection_seat (selection_id, area_id, seats)
                select id, \(estate), 1 from governance_selection where kind <> 2
                """)
        }
        _ = try await h.house.privacy.compliance.keep(
            ComplianceAsked(), by: try await h.actor(h.program("administrator")))
        let taken = try await h.send(
            try await h.signIn("desk"), .post, "/desk/transfers",
            form: [
                "way": "take", "kind": "hotline", "source": "12345", "number": "F1", "area": estate.text,
                "received": "2026-03-19T10:00", "due": "2026-03-20T09:00", "grade": "general", "words": "楼道灯坏了没人修",
            ])
        #expect(taken.status == 303, "\(taken.text)")
        let program = try h.program("desk")
        let table = Array("姓名,手机号,小区,楼栋,房号,关系\n王,123,x,1,101,业主\n".utf8)
        let sent = try await h.send(
            program, .post, "/api/v1/imports?kind=residents&area=\(estate.text)&name=a.csv", body: table,
            type: "text/csv")
        #expect(sent.status < 300, "\(sent.text)")
        try await h.house.database.write { transaction in
            try transaction.run("update directory_import set status = \(ImportStatus.undone)")
            try transaction.run(
                """
                insert into directory_import_made (import_id, number, what, subject_id, mark, kept)
                select id, 1, \(ImportMade.area), \(estate), \([UInt8]()), 'used' from directory_import
                """)
        }
    }

    private static func links(_ page: String) -> [String] {
        page.split(separator: "/desk/export/").dropFirst().map { part in
            String(part.prefix { $0 != "\"" }).replacing("&amp;", with: "&").replacing("&#38;", with: "&")
        }
    }

    /// Each list of a page about one thing has a file, which nobody of another estate gets.
    @Test func everyListInsideAPageHasItsFile() async throws {
        try await TestHouse.with { h in
            try await plant(h)
            let routes = h.house.router().routes.filter {
                $0.method == .get && $0.path.hasPrefix("/desk/") && $0.path.contains(":")
            }.map(\.path)
            #expect(Set(Self.things.keys).union(Self.oneWithout.keys).isSubset(of: Set(routes)))
            var sessions: [TestHouse.Session] = []
            for login in Self.logins { sessions.append(try await h.signIn(login)) }
            let stranger = try await h.signIn("desk2")
            var linked = Set<String>()
            for route in routes where Self.oneWithout[route] == nil || Self.things[route] != nil {
                let sql = try #require(Self.things[route], "nobody looks at \(route)")
                let ids = try await h.house.database.read { try $0.query(sql) { try $0.id(0, AreaTag.self) } }
                var shown = 0
                for id in ids where shown < 12 {
                    let estate = route.hasPrefix("/desk/roster") ? "?estate=\(try await h.area("桂花苑").text)" : ""
                    let place = route.replacing(":id", with: id.text) + estate
                    for session in sessions {
                        let answer = try await h.send(session, .get, place)
                        guard answer.status == 200, answer.type.hasPrefix("text/html") else { continue }
                        shown += 1
                        let start = answer.text.range(of: "<main")?.lowerBound ?? answer.text.startIndex
                        let main = answer.text[start...]
                        let lists = ["<ul class=\"card rows\">", "<thead>", "<p class=\"card soft\">"].reduce(0) {
                            $0 + main.ranges(of: $1).count
                        }
                        let links = Self.links(answer.text)
                        let names = Set(links.map { $0.prefix { $0 != "?" } })
                        if Self.oneWithout[route] != nil {
                            #expect(lists == 0 && names.isEmpty, "\(place) shows a list: it is no exception")
                        } else if Self.together[route] == nil {
                            #expect(names.count >= lists, "\(place): \(lists) lists, \(names)")
                        }
                        for link in links where link.contains("of=") && link.hasSuffix("format=csv") {
                            linked.insert(String(link.prefix { $0 != "?" }))
                            let file = try await h.send(session, .get, "/desk/export/" + link)
                            #expect(file.status == 200 && !file.text.contains(",="), "\(link)")
                            // Who may not open the page gets no file of it.
                            let far = try await h.send(stranger, .get, place).status
                            let other = try await h.send(stranger, .get, "/desk/export/" + link).status
                            #expect(other == (far == 200 ? 200 : 404), "\(place) \(link) \(far)")
                        }
                        break
                    }
                }
                #expect(shown > 0, "nobody sees \(route)")
            }
            let inside = h.house.exports.filter { $0.filters.contains("of") }.map(\.name)
            #expect(inside.count > 22 && linked == Set(inside), "\(Set(inside).symmetricDifference(linked))")
        }
    }

    @Test func aFileOfOneThingNamesItAndHoldsWhatThePageShows() async throws {
        try await TestHouse.with { h in
            try await plant(h)
            let exports = h.house.exports.filter { $0.filters.contains("of") }
            var sessions: [TestHouse.Session] = []
            for login in Self.logins { sessions.append(try await h.signIn(login)) }
            let nothing = ID<AreaTag>(4_000_000_000).text
            for list in exports {
                for of in ["", "x", nothing, String(repeating: "7", count: 150), "' or 1=1"] {
                    let query = "format=csv&of=\(TestHouse.encoded(of))"
                    for session in sessions {
                        let answer = try await h.send(session, .get, "/desk/export/\(list.name)?\(query)")
                        #expect(answer.status == 404, "\(list.name) \(of)")
                    }
                }
            }
            func one(_ sql: SQL) async throws -> String {
                let found = try await h.house.database.read { try $0.first(sql) { try $0.id(0, AreaTag.self) } }
                return try #require(found).text
            }
            func file(_ login: String, _ name: String, _ id: String, _ more: String = "") async throws
                -> TestHouse.Answered
            {
                try await h.send(
                    try await h.signIn(login), .get, "/desk/export/\(name)?format=csv&of=\(id)\(more)")
            }
            // What reveals membership of the party has no file, whoever asks.
            let zone = try await one("select id from governance_zone where kind = 4")
            let links = try await one("select id from governance_link_list where reveals = true")
            for login in Self.logins {
                #expect(try await file(login, "zone-people", zone).status == 404)
                #expect(try await file(login, "link-list-homes", links).status == 404)
                #expect(
                    try await h.send(try await h.signIn(login), .get, "/desk/zones/\(zone)").text
                        .contains("/desk/export/zone-people") == false)
            }
            let body = try await one("select organisation_id from governance_appointment where reveals = true")
            let people = try await file("party", "body-people", body)
            #expect(people.status == 200 || people.status == 404)
            let hidden = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    select p.name from governance_appointment a join directory_person p on p.id = a.person_id
                    where a.reveals = true
                    """
                ) { try $0.text(0) }
            }
            #expect(!hidden.isEmpty && hidden.allSatisfy { !people.text.contains($0) })
            // The rows are those of the page.
            let counter = try await one("select id from governance_counter")
            let seats = try await file("approver", "counter-services", counter).text
            let page = try await h.send(try await h.signIn("approver"), .get, "/desk/counters/\(counter)").text
            for row in seats.split(separator: "\r\n").dropFirst() {
                #expect(page.contains(String(row.prefix { $0 != "," })))
            }
            #expect(seats.split(separator: "\r\n").count > 1)
            let note = try await one("select id from cases_handover order by id desc")
            let cases = try await file("desk", "handover-cases", note).text
            #expect(cases.contains("水管漏水") && cases.contains("'=明天再看"))
            // Names in a row stand as the language of the page joins them.
            let grid = try await one(
                "select zone_id from governance_zone_part where zone_id in (select id from governance_zone where kind <> 4)"
            )
            let names = try await h.house.database.read { transaction in
                try transaction.query(
                    """
                    select a.name from governance_zone_part p join directory_area a on a.id = p.area_id
                    where p.zone_id = \(ID<AreaTag>(text: grid)?.raw ?? 0) order by a.path
                    """
                ) { try $0.text(0) }
            }
            let approver = try await h.signIn("approver")
            #expect(names.count > 1)
            #expect(try await h.send(approver, .get, "/desk/zones/\(grid)").text.contains(names.joined(separator: "、")))
            let english = try await h.send(approver, .get, "/desk/zones/\(grid)", headers: ["mode": "en"]).text
            #expect(english.contains(names.joined(separator: ", ")))
            // A batch is its owner's.
            let batch = try await one("select id from cases_batch")
            #expect(try await file("desk", "dispatch-items", batch).status == 200)
            #expect(try await file("approver", "dispatch-items", batch).status == 404)
            // The audit says of which thing.
            let subjects = try await h.house.database.read { transaction in
                try transaction.query("select subject_id from storage_audit where verb = 'export.list'") {
                    try $0.id(0, AreaTag.self).text
                }
            }
            #expect(subjects.contains(counter) && subjects.contains(note) && subjects.contains(batch))
            // As a job too, and in English.
            let program = try h.program("approver")
            let asked = try await h.json(
                program, .post, "/api/v1/exports",
                .object([("list", .string("counter-services")), ("of", .string(counter))]))
            #expect(asked.status == 201, "\(asked.text)")
            #expect(
                try await h.json(
                    program, .post, "/api/v1/exports",
                    .object([("list", .string("counter-services")), ("of", .string(nothing))])
                ).status == 404)
            while try await h.house.exportWork.step(worker: "t") {}
            let id = try #require(try asked.json()["id"]?.stringValue)
            let done = try await h.send(program, .get, "/api/v1/exports/\(id)").json()
            #expect(done["status"]?.stringValue == "done")
            #expect(done["rows"]?.intValue == Int64(seats.split(separator: "\r\n").count - 1))
        }
    }

    /// A job asks slice after slice: together they are what one slice would be.
    @Test func slicesOfEveryListFitTogether() async throws {
        try await TestHouse.with { h in
            let exports = h.house.directory.exports(h.house.exports)
            let words = Words(language: .zh)
            var rows = 0
            for login in ["approver", "administrator", "district", "security", "desk"] {
                let actor = try await h.actor(h.signIn(login))
                for list in h.house.exports where list.isFor(actor) {
                    guard !list.isOfOneThing || list.name == "screen-cases" else { continue }
                    let filters: [String: String] = list.filters.contains("what") ? ["what": "open"] : [:]
                    func gather(_ limit: Int) async throws -> [String] {
                        var (found, cursor): ([String], String?) = ([], nil)
                        repeat {
                            let ask = try exports.ask(list, filters, actor, words, cursor: cursor, limit: limit)
                            let slice = try await h.house.database.read { try list.page(ask, $0) }
                            for row in slice.rows { #expect(row.count == list.columns.count, "\(list.name)") }
                            found += slice.rows.map { "\($0)" }
                            cursor = slice.next
                            try #require(found.count < 20_000, "\(list.name) does not end")
                        } while cursor != nil
                        return found
                    }
                    let whole = try await gather(1_000)
                    rows += whole.count
                    #expect(try await gather(3).sorted() == whole.sorted(), "\(login) \(list.name)")
                }
            }
            #expect(rows > 200)
        }
    }

    @Test func filesNameNoMemberOfThePartyAndNoReason() async throws {
        try await TestHouse.with { h in
            let world = h.house.world
            let steward = try #require(try await h.actor(h.program("steward")).person)
            let other = try #require(try await h.actor(h.program("steward2")).person)
            let desk = try await h.actor(h.program("desk"))
            let post = try #require(try await h.actor(h.program("steward")).posts.first)
            try await h.house.database.write { transaction in
                try LeaveStore.insert(
                    Leave(
                        id: world.id(), person: steward, post: post.id, standIn: other, area: post.area,
                        from: world.now(), to: world.now().adding(hours: 30), status: .approved, why: "住院做手术"),
                    askedBy: steward, decidedBy: other, at: world.now(), transaction)
            }
            let approver = try await h.signIn("approver")
            for login in ["approver", "party", "administrator", "district", "desk"] {
                let session = try await h.signIn(login)
                let actor = try await h.actor(session)
                for list in h.house.exports where list.isFor(actor) {
                    guard !list.isOfOneThing else { continue }
                    let text = try await h.send(session, .get, "/desk/export/\(list.name)?format=csv").text
                    #expect(!text.contains("住院"), "\(login) \(list.name)")
                    // The accounts of staff name everybody who works here, without the post.
                    guard !["staff-accounts", "staff-sessions"].contains(list.name) else { continue }
                    #expect(!text.contains("黄霞"), "\(login) \(list.name)")
                }
            }
            let leaves = try await h.send(try await h.signIn("desk"), .get, "/desk/export/leaves?format=csv")
            #expect(desk.may(.rosterEdit) && leaves.status == 200 && leaves.text.contains("李师傅"))
            // Formulas that somebody wrote into a template are words in the file.
            try await h.house.database.write {
                try $0.run("update cases_template set body = '=HYPERLINK(1)'")
            }
            let templates = try await h.send(approver, .get, "/desk/export/templates?format=csv").text
            #expect(templates.contains("'=HYPERLINK(1)") && !templates.contains(",=HYPERLINK"))
            // Another place's are not in the file.
            let far = try await h.send(try await h.signIn("desk2"), .get, "/desk/export/workload?format=csv")
            #expect(far.status == 404 || !far.text.contains("李师傅"))
            let near = try await h.send(approver, .get, "/desk/export/stewards?format=csv").text
            let there = try await h.send(try await h.signIn("desk2"), .get, "/desk/export/stewards?format=csv").text
            #expect(near.contains("李师傅") && !there.contains("李师傅"))
        }
    }

    @Test func whatIsBehindANumberGoesHomeAsItStands() async throws {
        try await TestHouse.with { h in
            while try await h.house.insight.projection.walk() {}
            while try await h.house.insight.projection.step() != .nothing {}
            let session = try await h.signIn("district")
            let list = try await h.send(session, .get, "/api/v1/screen/cases?what=open&limit=100").json()
            let file = try await h.send(session, .get, "/desk/export/screen-cases?what=open&format=csv")
            #expect(file.status == 200)
            #expect(file.text.split(separator: "\r\n").count == (list["items"]?.items.count ?? 0) + 1)
            #expect(try await h.send(session, .get, "/desk/export/screen-cases?what=nothing").status == 404)
            let far = try await h.area("领秀新都")
            let approver = try await h.signIn("approver")
            #expect(
                try await h.send(approver, .get, "/desk/export/screen-cases?what=open&place=\(far.text)").status == 404)
            let audit = try await h.send(try await h.signIn("auditor"), .get, "/desk/audit?way=export-xlsx")
            #expect(audit.status == 200 && audit.text.hasPrefix("PK"))
        }
    }
}

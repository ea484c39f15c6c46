import Cases
import Directory
import HTTPTypes
import Kernel
import Storage
import StorageTesting
import Tables
import Testing
import Web

@testable import Directory
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
            let others: Set<String> = ["case-steps", "ledger", "posts"]
            // The past of a kind of rules is shown once there is any.
            let missing = lists.subtracting(linked).subtracting(others).filter { !$0.hasPrefix("rules-") }
            #expect(missing.isEmpty, "\(missing)")
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

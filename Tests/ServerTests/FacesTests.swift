import Cases
import Directory
import Foundation
import Kernel
import Storage
import Testing

@testable import Server

/// What pages say and offer: large type, the telephone, codes that cannot be sent, names of holidays.
@Suite struct FacesTests {
    private static let large = ["mode": "zh.elder"]

    /// A page without what is behind a fold.
    private static func open(_ page: String) -> String {
        page.replacing(/<details class="fold">.*?<\/details>/.dotMatchesNewlines(), with: "")
    }

    @Test func residentsFindTheTelephoneAndNobodysOwnNumber() async throws {
        try await TestHouse.with { h in
            let resident = try await h.signIn("resident")
            let home = try await h.send(resident, .get, "/home").text
            #expect(home.contains("href=\"tel:00055500101\"") && home.contains("给管家打电话"))
            let building = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("水管漏水", by: "resident", at: building, key: "call")
            let path = "/my/cases/\(id.text)"
            #expect(try await h.send(resident, .get, path).text.contains("给管家打电话"))
            let grid = try await h.signIn("grid")
            let desk = try await h.send(grid, .get, "/desk/cases/\(id.text)").text
            #expect(!desk.contains("00055500101"))
            try await h.house.database.write { transaction in
                let steward = try transaction.first("select id from directory_post where title = '维修' order by id") {
                    try $0.id(0, PostTag.self)
                }
                try transaction.run(
                    """
                    update cases_case set status = 3, assignee_id = 1, assignee_name = '李师傅',
                        assignee_post = \(steward?.raw ?? 0) where id = \(id)
                    """)
            }
            let page = try await h.send(resident, .get, path).text
            #expect(page.contains("打给李师傅") && page.contains("href=\"tel:00055500101\""))
            #expect(!page.contains("13800000012"))
            // A number less, a button less.
            try await h.house.database.write { _ = try $0.run("update directory_organisation set phone = ''") }
            #expect(try await !h.send(resident, .get, path).text.contains("tel:"))
            #expect(try await !h.send(resident, .get, "/home").text.contains("tel:"))
        }
    }

    @Test func aComplaintIsNotSentToTheTelephoneOfThoseComplainedOf() async throws {
        try await TestHouse.with { h in
            let building = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("没人来修，催了三次", by: "resident", at: building, key: "slow")
            let page = try await h.send(try await h.signIn("resident"), .get, "/my/cases/\(id.text)").text
            #expect(page.contains("tel:00055500103") && !page.contains("tel:00055500101"))
        }
    }

    @Test func largeTypeShowsThreeThingsAndFoldsTheRest() async throws {
        try await TestHouse.with { h in
            let grid = try await h.signIn("grid")
            let building = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            for index in 0..<5 {
                _ = try await h.report("灯不亮 \(index)", by: "resident", at: building, key: "e\(index)")
            }
            let plain = try await h.send(grid, .get, "/desk").text
            #expect(!plain.contains("class=\"fold\""))
            let desk = try await h.send(grid, .get, "/desk", headers: Self.large).text
            func count(_ text: String, _ part: String) -> Int { text.components(separatedBy: part).count - 1 }
            #expect(count(plain, "<a class=job ") == count(desk, "<a class=job "))
            #expect(count(plain, "/desk?queue=") == count(desk, "/desk?queue="))
            let shown = Self.open(desk)
            #expect(count(shown, "<a class=job ") == 3)
            #expect(!shown.contains("name=\"category\"") && desk.contains("name=\"category\""))
            #expect(!shown.contains("/desk/roster") || !desk.contains("/desk/roster"))
            let estate = try await h.area("桂花苑")
            let ledger = try await h.send(grid, .get, "/ledger/\(estate.text)", headers: Self.large).text
            #expect(count(Self.open(ledger), "class=\"led-row\"") <= 3)
            #expect(ledger.contains("class=\"facts\"") && !Self.open(ledger).contains("class=\"facts\""))
            // Withdrawing stays possible.
            let id = try await h.report("门锁坏了", by: "resident", at: building, key: "w")
            let mine = try await h.send(
                try await h.signIn("resident"), .get, "/my/cases/\(id.text)", headers: Self.large
            ).text
            #expect(mine.contains("value=\"withdraw\"") && !mine.contains("<div class=\"not-elder\"><details>"))
        }
    }

    @Test func whereNoCodeCanBeSentThePageSaysSoForEveryNumber() async throws {
        try await TestHouse.with(codes: false) { h in
            let visitor = try await h.visitor()
            let first = try await h.send(visitor, .get, "/sign-in").text
            #expect(first.contains("这里发不了验证码"))
            var answers: [String] = []
            for phone in ["13800000001", "13999999999"] {
                let answer = try await h.send(visitor, .post, "/sign-in/code", form: ["phone": phone])
                #expect(answer.status == 409)
                #expect(answer.text.contains("这里发不了验证码") && !answer.text.contains("发出去了"))
                #expect(answer.text.contains("/sign-in?staff=1"))
                answers.append(answer.text.replacing(phone, with: ""))
            }
            #expect(answers[0] == answers[1])
            let english = try await h.send(
                visitor, .post, "/sign-in/code", form: ["phone": "13800000001"], headers: ["mode": "en"])
            #expect(english.text.contains("Codes cannot be sent here"))
            let codes = try await h.house.database.read {
                try $0.first("select count(*) from directory_code") { try $0.int(0) }
            }
            #expect(codes == 0)
        }
    }

    @Test func aDayOffHasAName() async throws {
        try await TestHouse.with { h in
            let administrator = try await h.signIn("administrator")
            var fields = [
                "way": "change", "year": "2026", "day": "2026-08-03", "kind": "rest", "name": "建军节补假", "source": "市里通知",
            ]
            let done = try await h.send(administrator, .post, "/desk/calendar", form: fields)
            #expect(done.status == 303)
            let page = try await h.send(administrator, .get, "/desk/calendar?year=2026").text
            #expect(page.contains("<td>建军节补假</td>") && page.contains("<td>春节</td>"))
            // Too long: refused, and what was typed is there.
            let long = String(repeating: "节", count: 41)
            fields["name"] = long
            let refused = try await h.send(administrator, .post, "/desk/calendar", form: fields)
            #expect(refused.status == 422 || refused.status == 400)
            #expect(refused.text.contains("value=\"\(long)\"") && refused.text.contains("value=\"市里通知\""))
            fields["name"] = ""
            #expect(try await h.send(administrator, .post, "/desk/calendar", form: fields).status == 303)
        }
    }

    @Test func commandsRefuseAFolderWithoutAHouse() async throws {
        var template = Array("/tmp/redsteward-none-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let data = folder + "/mistyped"
        let asked = [folder + "/cases.csv", "--mapping", folder + "/mapping.json", "--data", data]
        try Data(ImportTests.header.utf8).write(to: URL(fileURLWithPath: asked[0]))
        try Data(ImportTests.mapping.utf8).write(to: URL(fileURLWithPath: asked[2]))
        func failure(_ body: () async throws -> Void) async -> String {
            do {
                try await body()
                return ""
            } catch { return "\(error)" }
        }
        let plain = await failure { try await ImportCases.parse(asked).run() }
        #expect(plain.contains("no house in \(data)") && plain.contains("--create"))
        #expect(!FileManager.default.fileExists(atPath: data))
        let verify = await failure { try await Verify.parse(["--data", data]).run() }
        #expect(verify.contains("no house in \(data)") && !verify.contains("--create"))
        #expect(!FileManager.default.fileExists(atPath: data))
        // On purpose: the house is made, and only then is the estate of the mapping missed.
        let made = await failure { try await ImportCases.parse(asked + ["--create"]).run() }
        #expect(!made.contains("no house in"))
        #expect(FileManager.default.fileExists(atPath: data + "/redsteward.db"))
    }
}

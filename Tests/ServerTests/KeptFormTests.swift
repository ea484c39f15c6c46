import Kernel
import Storage
import Testing
import Web

@testable import Server

/// What was typed is on the page that says why it was not taken, whatever form it was and wherever the fault came.
@Suite struct KeptFormTests {
    private static let typed = "水管<b>漏了</b> 很久"
    private static let shown = "水管&lt;b&gt;漏了&lt;/b&gt; 很久"

    private static func path(_ spec: RouteSpec) -> String {
        spec.path.split(separator: "/").map { $0.hasPrefix(":") ? ID<RouteSpec>(77).text : String($0) }
            .reduce("") { "\($0)/\($1)" }
    }

    /// A database that is gone: every form of the house, also one that is added later, keeps the words.
    @Test func everyFormKeepsWhatWasTyped() async throws {
        try await TestHouse.with { h in
            let logins = ["administrator", "desk", "grid", "approver", "moderator", "steward", "resident"]
            let programs = try logins.map { try h.program($0) }
            let browser = try await h.signIn("grid")
            let visitor = try await h.visitor()
            let forms = h.house.router().routes.filter {
                // What a browser shows is its own affair; leaving needs no words.
                $0.method == .post && !$0.path.hasPrefix("/api/") && $0.path != "/mode"
            }
            #expect(forms.count > 25)
            try await h.house.database.close()
            for spec in forms {
                var faults = 0
                for session in programs + [browser, visitor] {
                    let answer = try await h.send(
                        session, .post, Self.path(spec),
                        form: ["words": Self.typed, "do": "note", "password": "geheim-99", "_sent": "abcdefgh12"])
                    guard answer.status >= 500 else { continue }
                    faults += 1
                    #expect(answer.text.contains(Self.shown), "\(spec.path) \(session.login)")
                    #expect(answer.text.contains("action=\"\(Self.path(spec))\""), "\(spec.path)")
                    #expect(answer.text.contains("name=_form value=\"\(session.form)\""), "\(spec.path)")
                    #expect(answer.text.contains("type=hidden name=\"do\" value=\"note\""), "\(spec.path)")
                    #expect(answer.text.contains("name=\"_sent\" value=\"abcdefgh12\""), "\(spec.path)")
                    #expect(!answer.text.contains("geheim-99") && answer.text.contains("id=\"again-password\""))
                    #expect(TestHouse.cookie("rs_sent_abcdefgh12", answer) == nil)
                }
                #expect(faults > 0, "\(spec.path)")
            }
        }
    }

    @Test func photosAreAskedForAgainAndOtherSitesGetNothing() async throws {
        try await TestHouse.with { h in
            let resident = try await h.signIn("resident")
            try await h.house.database.close()
            let upload = try await h.upload(
                resident, "/report", fields: ["what": Self.typed, "key": "k-1"],
                files: [("leak.jpg", Array(repeating: 7, count: 100_000))])
            #expect(upload.status >= 500 && upload.text.contains(Self.shown))
            #expect(upload.text.contains("照片没有留下"))
            for token in ["", "wrong"] {
                var stranger = resident
                stranger.form = token
                let answer = try await h.send(stranger, .post, "/report", form: ["what": Self.typed])
                #expect(answer.status >= 400 && !answer.text.contains("漏了"), "\(token)")
            }
        }
    }

    @Test func anAnswerIsToldToThePageThatAsked() async throws {
        try await TestHouse.with { h in
            let resident = try await h.signIn("resident")
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let id = try await h.report("厨房水管漏水", by: "resident", at: home, key: "k1")
            func note(_ sent: String) async throws -> TestHouse.Answered {
                try await h.send(
                    resident, .post, "/my/cases/\(id.text)",
                    form: ["do": "note", "words": "又漏了一点", "_sent": sent])
            }
            let answer = try await note("abcdefgh12")
            #expect(answer.status == 303 && TestHouse.cookie("rs_sent_abcdefgh12", answer) == "1")
            for sent in ["", "short", "a;b=c;d=e;f", "ABCDEFGH", String(repeating: "a", count: 41)] {
                let answer = try await note(sent)
                #expect(!answer.headers[values: .setCookie].contains { $0.contains("rs_sent") }, "\(sent)")
            }
            // A refusal has its words as well, and is no answer that would let the page forget them.
            let refused = try await h.send(
                resident, .post, "/my/cases/\(ID<RouteSpec>(77).text)",
                form: ["do": "note", "words": Self.typed, "_sent": "abcdefgh13"])
            #expect(refused.status == 404 && refused.text.contains(Self.shown))
            #expect(TestHouse.cookie("rs_sent_abcdefgh13", refused) == nil)
        }
    }

    /// No page writes a password that was typed: every field of that type is known by name.
    @Test func passwordsAreKnownByName() async throws {
        try await TestHouse.with { h in
            var pages = [try await h.send(try await h.visitor(), .get, "/sign-in?staff=1").text]
            let administrator = try await h.signIn("administrator")
            for path in ["/me", "/desk/organisations"] {
                pages.append(try await h.send(administrator, .get, path).text)
            }
            let organisation = try #require(
                pages[2].ranges(of: "href=\"/desk/organisations/").first.map {
                    String(pages[2][$0.upperBound...].prefix { $0 != "\"" && $0 != "?" && $0 != "#" })
                })
            pages.append(try await h.send(administrator, .get, "/desk/organisations/\(organisation)").text)
            var names: Set<String> = []
            for input in pages.flatMap({ $0.split(separator: "<input").dropFirst() }) {
                let tag = input.prefix { $0 != ">" }
                guard tag.contains("type=password") || tag.contains("type=\"password\"") else { continue }
                let name = try #require(tag.ranges(of: "name=\"").first)
                names.insert(String(tag[name.upperBound...].prefix { $0 != "\"" }))
            }
            #expect(names == KeptForm.secrets)
        }
    }
}

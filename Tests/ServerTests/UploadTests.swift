import Attachments
import Cases
import Foundation
import HTTPTypes
import Hummingbird
import Kernel
import Logging
import NIOCore
import NIOEmbedded
import Testing
import Web

@testable import Server

/// Pictures come in through the disk, and nothing of them stays that should not.
@Suite struct UploadTests {
    private func form(_ test: TestHouse, _ key: String) async throws -> [String: String] {
        let guihua = try await test.area("桂花苑")
        let home = try await test.area("3 号楼", under: guihua)
        return ["what": "厨房水管漏水", "area": home.text, "key": key]
    }

    @Test func aPhotoOfSeveralMegabytesGoesThroughTheDiskAndLeavesNothingThere() async throws {
        try await TestHouse.with { test in
            let session = try await test.signIn("resident")
            var sample = SamplePicture(.jpeg, 2400, 1800)
            sample.noise = 100
            sample.hasPlace = true
            let photo = try sample.drawn()
            #expect(photo.count > 2 << 20)
            let spool = test.house.cases.attachments.spool
            let answer = try await test.upload(
                session, "/report", fields: try await form(test, "up-1"), files: [("a.jpg", photo), ("b.jpg", photo)])
            #expect(answer.status == 303, "\(answer.text)")
            #expect(spool.names().isEmpty)
            let page = try await test.send(session, .get, try #require(answer.headers[.location]))
            #expect(page.text.matches(of: /class="shot"/).count == 2)
            let source = try #require(page.text.firstMatch(of: /src="(\/photos\/[^"]+)"/)?.1)
            let shown = try await test.send(session, .get, String(source))
            #expect(shown.status == 200 && shown.type == "image/jpeg")
            #expect(shown.headers[.cacheControl] == "private, max-age=3600")
            let tag = try #require(shown.headers[.eTag])
            #expect(tag.wholeMatch(of: /"[0-9a-f]{64}"/) != nil)
            let again = try await test.send(session, .get, String(source), headers: ["If-None-Match": "\"x\", \(tag)"])
            #expect(again.status == 304 && again.text.isEmpty && again.headers[.eTag] == tag)
            let other = try await test.send(session, .get, String(source), headers: ["If-None-Match": "\"x\""])
            #expect(other.status == 200)
            let stranger = try await test.visitor()
            let hidden = try await test.send(stranger, .get, String(source), headers: ["If-None-Match": tag])
            #expect(hidden.status == 404)
        }
    }

    @Test func whatIsNoPictureIsRefusedAndLeavesTheDiskWithTheWordsKept() async throws {
        try await TestHouse.with { test in
            let session = try await test.signIn("resident")
            let spool = test.house.cases.attachments.spool
            let before = try await test.house.cases.database.read {
                try $0.query("select count(*) from cases_case") { try $0.int(0) }
            }
            for (name, bytes) in [
                ("photo.jpg", Array("%PDF-1.7 not a picture".utf8)),
                ("photo.jpg", [0xFF, 0xD8, 0xFF] + [UInt8](repeating: 7, count: 5000)),
                ("photo.png", Array("<svg onload=alert(1)>".utf8)),
            ] {
                let answer = try await test.upload(
                    session, "/report", fields: try await form(test, "up-2"), files: [(name, bytes)])
                #expect((400..<500).contains(answer.status), "\(answer.status)")
                #expect(answer.text.contains("厨房水管漏水"))
                #expect(spool.names().isEmpty)
            }
            let huge = [UInt8](repeating: 1, count: Pictures.maxUploadBytes + 1)
            let answer = try await test.upload(
                session, "/report", fields: try await form(test, "up-3"), files: [("huge.jpg", huge)])
            #expect(answer.status == 413)
            let seven = try await test.upload(
                session, "/report", fields: try await form(test, "up-4"),
                files: (0..<7).map { ("\($0).jpg", [0xFF, 0xD8, 0xFF, UInt8($0)]) })
            #expect(seven.status == 413)
            #expect(spool.names().isEmpty)
            let after = try await test.house.cases.database.read {
                try $0.query("select count(*) from cases_case") { try $0.int(0) }
            }
            #expect(before == after)
        }
    }

    @Test func aStoreThatIsNotThereKeepsTheWordsAndNothingElse() async throws {
        let nobody = [
            "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
            "REDSTEWARD_S3_ENDPOINT": "http://127.0.0.1:1",
        ]
        try await TestHouse.with({ $0.files = .bucket(try S3Settings("s3://photos", environment: nobody)) }) { test in
            let session = try await test.signIn("resident")
            let photo = try SamplePicture(.jpeg, 64, 64).drawn()
            func counts() async throws -> [Int64] {
                try await test.house.database.read { transaction in
                    try transaction.query(
                        """
                        select count(*) from cases_case union all select count(*) from cases_photo
                        union all select count(*) from attachments_picture
                        """
                    ) { try $0.int(0) }
                }
            }
            let before = try await counts()
            let form = try await form(test, "up-6")
            let answer = try await test.upload(session, "/report", fields: form, files: [("a.jpg", photo)])
            #expect(answer.status == 503)
            #expect(answer.text.contains("厨房水管漏水") && answer.text.contains("照片库暂时连不上"))
            #expect(test.house.cases.attachments.spool.names().isEmpty)
            let after = try await counts()
            #expect(before == after)
            // The same form without the photo is taken.
            let plain = try await test.upload(session, "/report", fields: form, files: [])
            #expect(plain.status == 303)
        }
    }

    @Test func aFormFromElsewhereKeepsNoFile() async throws {
        try await TestHouse.with { test in
            var session = try await test.signIn("resident")
            session.form = "another"
            let photo = try SamplePicture(.jpeg, 64, 64).drawn()
            let answer = try await test.upload(
                session, "/report", fields: try await form(test, "up-5"), files: [("a.jpg", photo)])
            #expect(answer.status == 403)
            #expect(test.house.cases.attachments.spool.names().isEmpty)
        }
    }

    @Test func whatAKilledServerLeftIsRemovedAtTheNextStart() async throws {
        try await TestHouse.with({ configuration in
            let folder = configuration.folder + "/files/tmp"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("half a photo".utf8).write(to: URL(fileURLWithPath: folder + "/up-abcdef"))
            try Data("half a file".utf8).write(to: URL(fileURLWithPath: folder + "/put-abcdef"))
        }) { test in
            let folder = test.house.configuration.folder + "/files/tmp"
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty, "\(left)")
        }
    }
}

/// What the house says about itself to whom, and how its cookies travel.
@Suite struct OuterDoorTests {
    /// The status of a request that comes from an address.
    private func status(_ house: House, _ path: String, from address: String) async throws -> HTTPResponse.Status {
        let channel = EmbeddedChannel()
        try await channel.connect(to: SocketAddress(ipAddress: address, port: 4711)).get()
        let context = WebContext(
            source: ApplicationRequestContextSource(channel: channel, logger: Logger(label: "test")))
        #expect(context.peerText == address)
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: path),
            body: .init(buffer: ByteBuffer()))
        return try await house.router().router.buildResponder().respond(to: request, context: context).status
    }

    @Test func metricsAnswerThisMachineOnlyUnlessTold() async throws {
        for open in [false, true] {
            try await TestHouse.with({ $0.openMetrics = open }) { test in
                for address in ["127.0.0.1", "::1"] {
                    let metrics = try await status(test.house, "/metrics", from: address)
                    #expect(metrics == .ok, "\(address)")
                }
                for address in ["203.0.113.9", "192.168.1.20", "2001:db8::7"] {
                    let metrics = try await status(test.house, "/metrics", from: address)
                    #expect(metrics == (open ? .ok : .notFound), "\(address)")
                    let health = try await status(test.house, "/healthz", from: address)
                    #expect(health == .ok, "\(address)")
                }
            }
        }
    }

    @Test func cookiesAreSecureWhenPeopleComeByHTTPS() async throws {
        for url in ["https://estate.example", "http://estate.example"] {
            try await TestHouse.with({ $0.publicURL = url }) { test in
                let visitor = try await test.visitor()
                let page = try await test.send(.init(login: "fresh"), .get, "/sign-in?staff=1")
                let answer = try await test.send(
                    visitor, .post, "/sign-in/password",
                    form: ["login": "grid", "password": try test.account("grid").password])
                let mode = try await test.send(visitor, .post, "/mode", form: ["elder": "1"])
                let cookies = [page, answer, mode].flatMap { $0.headers[values: .setCookie] }
                #expect(cookies.count >= 3)
                let isSecure = url.hasPrefix("https")
                for cookie in cookies {
                    #expect(cookie.contains("; Secure") == isSecure, "\(cookie)")
                    #expect(cookie.contains("SameSite=Lax"), "\(cookie)")
                }
                for name in ["rs_v=", "rs_s="] {
                    #expect(cookies.contains { $0.hasPrefix(name) && $0.contains("HttpOnly") }, "\(name)")
                }
            }
        }
    }

    @Test func aDeskOfFiftyRowsIsUnderSixtyKilobytesWithItsStyles() async throws {
        try await TestHouse.with { test in
            let guihua = try await test.area("桂花苑")
            let home = try await test.area("3 号楼", under: guihua)
            for index in 0..<60 {
                _ = try await test.report(
                    "厨房水管漏水，楼道也湿了一大片，请尽快来修第 \(index) 次", by: "resident", at: home, key: "fifty-\(index)")
                test.still.advance(minutes: 7)
            }
            let session = try await test.signIn("grid")
            for mode in ["zh", "en.elder.dark"] {
                let page = try await test.send(session, .get, "/desk", headers: ["mode": mode])
                #expect(page.text.ranges(of: "<a class=job ").count == 50)
                let size = page.text.utf8.count + Assets.Sheet.desk.css.count
                #expect(size < 60_000, "\(mode): \(page.text.utf8.count) + \(Assets.Sheet.desk.css.count)")
            }
        }
    }
}

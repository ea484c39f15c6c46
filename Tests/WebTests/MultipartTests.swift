import Kernel
import Testing

@testable import Web

private let limits = MultipartLimits(fileBytes: 1 << 20, totalBytes: 2 << 20)

private func parser(_ boundary: String = "XyZ", _ limits: MultipartLimits = limits) throws -> MultipartParser {
    try MultipartParser(contentType: "multipart/form-data; boundary=\(boundary)", limits: limits)
}

/// The events of a body given at once or in pieces, the bytes of a file put together.
private func read(
    _ body: [UInt8], pieces: [Int] = [], boundary: String = "XyZ", limits: MultipartLimits = limits
) throws -> [MultipartEvent] {
    var parser = try parser(boundary, limits)
    var events: [MultipartEvent] = []
    var start = 0
    for end in pieces + [body.count] {
        events += try parser.feed(body[start..<end])
        start = end
    }
    try parser.finish()
    return events.reduce(into: []) { joined, event in
        if case .fileBody(let more) = event, case .fileBody(let before)? = joined.last {
            joined[joined.count - 1] = .fileBody(before + more)
        } else {
            joined.append(event)
        }
    }
}

private func body(_ lines: String...) -> [UInt8] { Array(lines.joined(separator: "\r\n").utf8) }

private func fault(_ body: [UInt8], limits: MultipartLimits = limits) -> MultipartFault? {
    do {
        _ = try read(body, limits: limits)
        return nil
    } catch { return error as? MultipartFault }
}

private func part(_ header: String, _ content: String = "v") -> [UInt8] {
    body("--XyZ", header, "", content, "--XyZ--", "")
}

private let form = body(
    "--XyZ", "Content-Disposition: form-data; name=\"title\"", "", "\u{6F0F}\u{6C34}", "--XyZ",
    "content-disposition:form-data;name=photo; filename=\"a b.jpg\"", "Content-Type: image/JPEG", "",
    "\r\n--XyQ\r\n--Xy\r\r\n-\u{0}end\r", "--XyZ", "Content-Disposition: form-data; name=\"empty\"", "", "",
    "--XyZ  ", "Content-Disposition: form-data; name=\"none\"; filename=\"\"",
    "Content-Type: application/octet-stream", "", "", "--XyZ--", "")

private let formEvents: [MultipartEvent] = [
    .field(name: "title", value: "\u{6F0F}\u{6C34}"),
    .fileBegin(name: "photo", filename: "a b.jpg", contentType: "image/jpeg"),
    .fileBody(Array("\r\n--XyQ\r\n--Xy\r\r\n-\u{0}end\r".utf8)), .fileEnd, .field(name: "empty", value: ""),
]

@Suite struct MultipartTests {
    @Test func fieldsAndFilesAreRead() throws {
        #expect(try read(form) == formEvents)
    }

    @Test func piecesMakeNoDifference() throws {
        for position in 0...form.count { #expect(try read(form, pieces: [position]) == formEvents) }
        #expect(try read(form, pieces: Array(1..<form.count)) == formEvents)
        for size in 2...40 {
            #expect(try read(form, pieces: Array(stride(from: size, to: form.count, by: size))) == formEvents)
        }
    }

    @Test func everyBodyCutShortIsUnfinished() throws {
        let last = form.count - 2
        for length in 0..<last {
            #expect(fault(Array(form.prefix(length))) == .unfinished, "\(length)")
        }
        #expect(fault(Array(form.prefix(last))) == nil)
    }

    @Test func fileStreamsWithoutWaitingForItsEnd() throws {
        var parser = try parser()
        _ = try parser.feed(body("--XyZ", "Content-Disposition: form-data; name=a; filename=b", "", ""))
        let block = [UInt8](repeating: 65, count: 10_000)
        let begin = MultipartEvent.fileBegin(name: "a", filename: "b", contentType: "application/octet-stream")
        #expect(try parser.feed(block) == [begin, .fileBody(block)])
        for _ in 0..<20 { #expect(try parser.feed(block) == [.fileBody(block)]) }
        #expect(try parser.feed([0x0D]) == [])
        #expect(try parser.feed([0x42]) == [.fileBody([0x0D, 0x42])])
    }

    @Test(
        arguments: [
            (#"name="a\"b\\c""#, "a\"b\\c"), (#"name="a%22b""#, "a\"b"), (#"name="%E6%22""#, "%E6\""),
            ("name=a-b", "a-b"),
            (#"NAME="x;y""#, "x;y"), (#"name = "x""#, nil), (#"name="""#, nil), (#"name="a"b"#, nil),
            (#"name="a"#, nil),
            (#"name="a"; name="b""#, nil), (#"name="a%0Db""#, nil), (#"x="y""#, nil), ("name", nil), ("name=", nil),
            (#"name="a"; "#, "a"), (#"name="a" ; x=y"#, "a"),
        ] as [(String, String?)])
    func namesAreReadStrictly(parameter: String, name: String?) throws {
        let bytes = part("Content-Disposition: form-data; \(parameter)")
        if let name {
            #expect(try read(bytes) == [.field(name: name, value: "v")])
        } else {
            #expect([.badHeader, .badName].contains(fault(bytes)))
        }
    }

    @Test(
        arguments: [
            (#"filename="C:\Users\me\photo.jpg""#, "photo.jpg"), (#"filename="../../etc/passwd""#, "passwd"),
            (#"filename="a\"b.jpg""#, "a\"b.jpg"),
            ("filename*=UTF-8''%e7%85%a7%20%E7%89%87.jpg", "\u{7167} \u{7247}.jpg"),
            (#"filename="x"; filename*=utf-8'zh'%e7%85%a7"#, "\u{7167}"), ("filename*=UTF-8''..%2f..%2Fa%00b", "ab"),
            (#"filename="a%0d%0Ab%0D.jpg""#, "a%0db.jpg"), ("filename=\"\u{202E}gpj.exe\"", "gpj.exe"),
            (#"filename="dir/""#, ""), ("filename*=GBK''abc", nil), ("filename*=UTF-8''%e7%8", nil),
            ("filename*=UTF-8''%ff", nil), ("filename*=abc", nil),
        ] as [(String, String?)])
    func filenamesAreCleaned(parameter: String, filename: String?) throws {
        let bytes = part("Content-Disposition: form-data; name=\"f\"; \(parameter)")
        if let filename {
            #expect(
                try read(bytes) == [
                    .fileBegin(name: "f", filename: filename, contentType: "application/octet-stream"),
                    .fileBody([0x76]), .fileEnd,
                ])
        } else {
            #expect(fault(bytes) == .badName)
        }
    }

    @Test func longFilenameIsCutBetweenCharacters() throws {
        let long = String(repeating: "\u{7167}", count: 300)
        let events = try read(part("Content-Disposition: form-data; name=f; filename=\"\(long)\""))
        #expect(
            events.first
                == .fileBegin(
                    name: "f", filename: String(repeating: "\u{7167}", count: 85),
                    contentType: "application/octet-stream"))
    }

    @Test func emptyFileWithNameIsAFile() throws {
        let events = try read(part("Content-Disposition: form-data; name=f; filename=a", ""))
        #expect(events == [.fileBegin(name: "f", filename: "a", contentType: "application/octet-stream"), .fileEnd])
    }

    @Test(arguments: [
        "Content-Type: text/plain", "Content-Disposition: attachment; name=a", "Content-Disposition form-data",
        ": form-data; name=a", "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "Content-Disposition: form-data;\r\n name=a", "Content-Disposition: form-data; name=a\r\nX Y: b",
        "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
        "Content-Disposition: form-data; name=\"a\u{0}\"", "Content-Disposition: form-data; name=\"a\nb\"",
    ])
    func badHeadersAreRefused(header: String) {
        #expect(fault(part(header)) == .badHeader)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let start = body("--XyZ", "Content-Disposition: form-data; name=a", "", "")
        let end = body("", "--XyZ--")
        #expect(fault(start + [0xC3, 0x28] + end) == .badText)
        #expect(fault(start + [0x61, 0x00] + end) == .badText)
        let name = Array("--XyZ\r\nContent-Disposition: form-data; name=\"".utf8) + [0xFF, 0x22]
        #expect(fault(name + body("", "", "v", "--XyZ--")) == .badHeader)
    }

    @Test func boundsHoldExactly() throws {
        func limited(file: Int = 100, total: Int = 10_000, parts: Int = 3, header: Int = 100, field: Int = 50)
            -> MultipartLimits
        { MultipartLimits(fileBytes: file, totalBytes: total, parts: parts, headerBytes: header, fieldBytes: field) }
        let field = "Content-Disposition: form-data; name=a"
        let file = field + "; filename=b"
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(fault(part(field, text(50)), limits: limited()) == nil)
        #expect(fault(part(field, text(51)), limits: limited()) == .fieldTooLarge)
        #expect(fault(part(file, text(100)), limits: limited()) == nil)
        #expect(fault(part(file, text(101)), limits: limited()) == .fileTooLarge)
        let exact = part(field)
        #expect(fault(exact, limits: limited(total: exact.count)) == nil)
        #expect(fault(exact, limits: limited(total: exact.count - 1)) == .bodyTooLarge)
        let padding = text(100 - field.utf8.count - "\r\nX: ".utf8.count)
        #expect(fault(part(field + "\r\nX: " + padding), limits: limited()) == nil)
        #expect(fault(part(field + "\r\nX: y" + padding), limits: limited()) == .headerTooLarge)
        func many(_ count: Int) -> [UInt8] {
            Array(repeating: body("--XyZ", field, "", "v", ""), count: count).flatMap(\.self) + body("--XyZ--")
        }
        #expect(fault(many(3), limits: limited()) == nil)
        #expect(fault(many(4), limits: limited()) == .tooManyParts)
        #expect(fault(exact + Array(text(20_000).utf8), limits: limited()) == .bodyTooLarge)
    }

    @Test func hugeHeaderIsRefusedWithoutBeingKept() throws {
        var parser = try parser()
        _ = try parser.feed(body("--XyZ", "X: "))
        var fed = 0
        #expect(throws: MultipartFault.headerTooLarge) {
            while fed < 1 << 20 {
                _ = try parser.feed([UInt8](repeating: 65, count: 100))
                fed += 100
            }
        }
        #expect(fed <= 8400)
        #expect(throws: MultipartFault.headerTooLarge) { try parser.feed([]) }
        #expect(throws: MultipartFault.headerTooLarge) { try parser.finish() }
    }

    @Test func whatIsNoBoundaryIsRefused() throws {
        #expect(fault(body("preamble", "--XyZ--")) == .malformed)
        #expect(fault(body("--XyZ-", "")) == .malformed)
        #expect(fault(body("--XyZq", "")) == .malformed)
        #expect(fault(body("--XyZ" + String(repeating: " ", count: 17), "")) == .malformed)
        #expect(fault(body("--XyZ", "Content-Disposition: form-data; name=a", "", "v", "--XyZW", "")) == .malformed)
        #expect(try read(body("--XyZ--")) == [])
        #expect(try read(body("", "--XyZ--", "epilogue")) == [])
        #expect(fault([]) == .unfinished)
    }

    @Test func contentTypesAreReadStrictly() throws {
        for good in [
            "multipart/form-data; boundary=a", "Multipart/Form-Data;BOUNDARY=\"a b\"",
            "multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
            "multipart/form-data; boundary=" + String(repeating: "b", count: 70),
        ] {
            #expect(throws: Never.self) { try MultipartParser(contentType: good, limits: limits) }
        }
        for bad in [
            "", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a",
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=" + String(repeating: "b", count: 71),
            "multipart/form-data; boundary=\"a\\\"b\"", "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=\u{E9}", "multipart/form-data; boundary=a\r\nb",
        ] {
            #expect(throws: MultipartFault.badBoundary) { try MultipartParser(contentType: bad, limits: limits) }
        }
    }

    @Test func garbageNeverCrashesAndPiecesNeverMatter() throws {
        var random = SeededRandom(seed: 3)
        let words = [
            "\r\n", "--XyZ", "--", "\r", "\n", "Content-Disposition: form-data; name=\"a\"", "; filename=\"b\"", "x",
            "\u{0}",
            "\r\n\r\n", "\"", "--XyZ\r\n", " ", "\r\n--XyZ--", "%22", "filename*=UTF-8''%e7", "\\", ";",
        ].map { Array($0.utf8) }
        func outcome(_ bytes: [UInt8], _ pieces: [Int]) -> ([MultipartEvent]?, MultipartFault?) {
            do { return (try read(bytes, pieces: pieces), nil) } catch { return (nil, error as? MultipartFault) }
        }
        for round in 0..<10_000 {
            var bytes: [UInt8] = round % 2 == 0 ? Array("--XyZ\r\nContent-Disposition: form-data; name=a".utf8) : []
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                if Int.random(in: 0..<4, using: &random) == 0 {
                    bytes.append(UInt8.random(in: 0...255, using: &random))
                } else {
                    bytes += words[Int.random(in: 0..<words.count, using: &random)]
                }
            }
            let cuts = (0..<3).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
            let (events, fault) = outcome(bytes, [])
            let (other, otherFault) = outcome(bytes, cuts)
            #expect(events == other)
            #expect(fault == otherFault)
        }
    }

    @Test func manyNearBoundariesAreReadInGoodTime() throws {
        let near = Array(repeating: Array("\r\n--Xy".utf8), count: 100_000).flatMap(\.self)
        let wide = MultipartLimits(fileBytes: 4 << 20, totalBytes: 4 << 20)
        let bytes =
            body("--XyZ", "Content-Disposition: form-data; name=a; filename=b", "", "") + near + body("", "--XyZ--")
        #expect(try read(bytes, pieces: Array(stride(from: 997, to: bytes.count, by: 997)), limits: wide).count == 3)
    }
}

@Suite struct FormFieldsTests {
    private func read(_ text: String, _ limits: FormFields.Limits = .init()) throws(FormFault) -> FormFields {
        try FormFields(urlEncoded: Array(text.utf8), limits: limits)
    }

    @Test func valuesAreDecodedInOrder() throws {
        let fields = try read("a=1&b=%E6%BC%8F+%2B&a=2&c&=d&&e=f=g&")
        #expect(fields["a"] == "1")
        #expect(fields.all("a") == ["1", "2"])
        #expect(fields["b"] == "\u{6F0F} +")
        #expect(fields["c"] == "" && fields[""] == "d" && fields["e"] == "f=g")
        #expect(fields["z"] == nil && fields.all("z") == [])
        #expect(fields.count == 6)
        #expect(try read("") == .empty)
    }

    @Test(arguments: ["a=%", "a=%1", "a=%zz", "%=a", "a=%+1", "a=1&b=%4"])
    func badPercentIsRefused(text: String) {
        #expect(throws: FormFault.badPercent) { try read(text) }
    }

    @Test(arguments: ["a=%FF", "a=%C0%80", "a=%ED%A0%80", "%C3=1", "a=%00", "a=%E6%BC", "a=%F5%80%80%80"])
    func textThatIsNotUTF8IsRefused(text: String) {
        #expect(throws: FormFault.badText) { try read(text) }
    }

    @Test func boundsHoldExactly() throws {
        let limits = FormFields.Limits(bytes: 10, fields: 2)
        #expect(try read("a=1&b=2345", limits).count == 2)
        #expect(throws: FormFault.tooLarge) { try read("a=1&b=23456", limits) }
        #expect(throws: FormFault.tooManyFields) { try read("a&b&c", limits) }
        #expect(try read("a&&&&b", limits).count == 2)
    }

    @Test func garbageNeverCrashes() {
        var random = SeededRandom(seed: 5)
        let alphabet = Array("a=&%+0fE\u{FF}".utf8) + [0, 0xC3, 0xA9]
        for _ in 0..<10_000 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            _ = try? FormFields(urlEncoded: bytes)
        }
    }
}

@Suite struct QRCodeTests {
    @Test func finderPatternsAndTimingStandWhereTheStandardSays() throws {
        let code = try #require(QRCode("https://example.cn/r/0123456789abc"))
        #expect((21...177).contains(code.size) && (code.size - 17) % 4 == 0)
        let far = code.size - 7
        for (left, top) in [(0, 0), (far, 0), (0, far)] {
            for row in 0..<7 {
                for column in 0..<7 {
                    let ring = max(abs(row - 3), abs(column - 3))
                    #expect(code.isDark(column: left + column, row: top + row) == (ring != 2))
                }
            }
        }
        for index in 8..<code.size - 8 { #expect(code.isDark(column: index, row: 6) == (index % 2 == 0)) }
        // The module that is always dark, and the two bits of level M (00, masked by 10).
        #expect(code.isDark(column: 8, row: code.size - 8))
        #expect(code.isDark(column: 0, row: 8) && !code.isDark(column: 1, row: 8))
        #expect(!code.isDark(column: -1, row: 0) && !code.isDark(column: 0, row: code.size))
    }

    @Test func svgIsLabelledAndHasItsQuietZone() throws {
        let code = try #require(QRCode("A"))
        #expect(code.size == 21)
        let text = code.svg(label: "a<\"b").text
        #expect(text.hasPrefix("<svg class=\"qr\" viewBox=\"0 0 29 29\" role=\"img\" aria-label=\"a&lt;&quot;b\""))
        #expect(text.contains("shape-rendering=\"crispEdges\""))
        #expect(text.contains("d=\"M4 4h7v1h-7z"))
        #expect(text.hasSuffix("</svg>"))
    }

    @Test func whatDoesNotFitHasNoCode() {
        #expect(QRCode("") == nil)
        #expect(QRCode("a\u{0}b") == nil)
        #expect(QRCode(String(repeating: "x", count: 2331)) != nil)
        #expect(QRCode(String(repeating: "x", count: 2332)) == nil)
        #expect(QRCode(String(repeating: "x", count: 100_000)) == nil)
        #expect(QRCode("\u{6F0F}\u{6C34}") != nil)
    }
}

import Kernel
import Testing

@testable import Attachments

/// Requests and signatures that AWS publishes: its test suite for version 4, and the examples of the S3 documents.
@Suite struct SignatureV4Tests {
    private static let suite = SignatureV4(
        keys: S3Keys(id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), region: "us-east-1",
        service: "service")
    /// 2015-08-30T12:36:00Z
    private static let suiteTime = Instant(ms: 1_440_938_160_000)
    private static let s3 = SignatureV4(
        keys: S3Keys(id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1")
    /// 2013-05-24T00:00:00Z
    private static let s3Time = Instant(ms: 1_369_353_600_000)

    private func suite(
        _ method: String = "GET", _ path: String = "/", query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], payload: String = SignatureV4.empty
    ) -> String {
        Self.suite.signature(
            .init(
                method: method, path: path, query: query,
                headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")] + headers,
                payload: payload),
            at: Self.suiteTime)
    }

    @Test func suiteOfVersionFour() {
        let letters = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        #expect(suite() == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
        #expect(suite("POST") == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")
        #expect(
            suite(query: [("Param2", "value2"), ("Param1", "value1")])
                == "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
        #expect(
            suite("GET", SignatureV4.encoded("/" + letters, keepingSlashes: true))
                == "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f")
        #expect(
            suite("GET", SignatureV4.encoded("/\u{1234}", keepingSlashes: true))
                == "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85")
        #expect(
            suite(query: [(letters, letters)])
                == "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197")
        #expect(
            suite(headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")])
                == "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736")
        #expect(
            suite("POST", headers: [("My-Header1", "value1")])
                == "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c")
    }

    private func s3(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], payload: String = SignatureV4.empty
    ) -> SignatureV4.Asked {
        .init(
            method: method, path: path, query: query,
            headers: [
                ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", payload),
                ("x-amz-date", "20130524T000000Z"),
            ] + headers, payload: payload)
    }

    @Test func examplesOfTheStore() {
        let get = s3("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
        #expect(
            SignatureV4.canonical(get) == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                """)
        #expect(
            Self.s3.stringToSign(get, at: Self.s3Time) == """
                AWS4-HMAC-SHA256
                20130524T000000Z
                20130524/us-east-1/s3/aws4_request
                7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972
                """)
        #expect(
            Self.s3.authorization(get, at: Self.s3Time)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        let body = ContentName(of: Array("Welcome to Amazon S3.".utf8)).text
        let put = s3(
            "PUT", SignatureV4.encoded("/test$file.text", keepingSlashes: true),
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payload: body)
        #expect(
            Self.s3.signature(put, at: Self.s3Time)
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
        #expect(
            Self.s3.signature(s3("GET", "/", query: [("lifecycle", "")]), at: Self.s3Time)
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            Self.s3.signature(s3("GET", "/", query: [("prefix", "J"), ("max-keys", "2")]), at: Self.s3Time)
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test func exampleOfABodyThatIsNotSigned() {
        let asked = SignatureV4.Asked(
            method: "GET", path: "/test.txt",
            query: [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"),
                ("X-Amz-Date", "20130524T000000Z"), ("X-Amz-Expires", "86400"), ("X-Amz-SignedHeaders", "host"),
            ], headers: [("host", "examplebucket.s3.amazonaws.com")], payload: "UNSIGNED-PAYLOAD")
        #expect(
            Self.s3.signature(asked, at: Self.s3Time)
                == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test func aNameIsEncodedOnceAndTimesHaveTwoDigits() {
        #expect(SignatureV4.encoded("a b+c/é~*") == "a%20b%2Bc%2F%C3%A9~%2A")
        #expect(SignatureV4.time(Instant(ms: 1_767_236_889_999)) == "20260101T030809Z")
    }
}

@Suite struct FilesPlaceTests {
    private let keys = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"]

    private func settings(_ text: String, _ more: [String: String] = [:]) throws -> S3Settings {
        try S3Settings(text, environment: keys.merging(more, uniquingKeysWith: { $1 }))
    }

    @Test func placesAreReadFromTheirWords() throws {
        let plain = try settings("s3://photos", ["REDSTEWARD_S3_REGION": "cn-north-1"])
        #expect(plain.origin == "https://s3.cn-north-1.amazonaws.com.cn" && plain.prefix == "")
        let own = try settings("s3://photos/estate/files/", ["REDSTEWARD_S3_ENDPOINT": "http://127.0.0.1:9000/"])
        #expect(own.origin == "http://127.0.0.1:9000" && own.host == "127.0.0.1:9000" && own.region == "us-east-1")
        #expect(own.bucket == "photos" && own.prefix == "estate/files/")
        let usual = try settings("s3://photos", ["REDSTEWARD_S3_ENDPOINT": "https://store.example:443"])
        #expect(usual.host == "store.example" && usual.origin == "https://store.example")
        let six = try settings("s3://photos", ["REDSTEWARD_S3_ENDPOINT": "http://[::1]:9000"])
        #expect(six.origin == "http://[::1]:9000" && six.host == "[::1]:9000")
        guard case .folder("/srv/files")? = try FilesPlace.named(in: ["REDSTEWARD_FILES": "/srv/files"]) else {
            Issue.record("a folder is a place")
            return
        }
        for nothing in [[:], ["REDSTEWARD_FILES": ""]] {
            guard try FilesPlace.named(in: nothing) == nil else {
                Issue.record("nothing names no place")
                return
            }
        }
    }

    @Test(arguments: [
        "s3://", "s3://a", "s3://UPPER", "s3://photos/../x", "s3://photos//x", "s3://photos/a b", "s3://photos/\u{E9}",
        "s3://photos?x", "s3://ph\u{F6}tos",
    ])
    func badPlacesAreRefused(text: String) {
        #expect(throws: FilesPlace.Wrong.self) { try settings(text, ["REDSTEWARD_S3_REGION": "x"]) }
    }

    @Test(arguments: [
        "ftp://x", "store.example", "http://", "https://u:p@store.example", "https://store.example/path",
        "https://store.example?q", "https://store.example:99999",
    ])
    func badEndpointsAreRefused(text: String) {
        #expect(throws: FilesPlace.Wrong.self) { try settings("s3://photos", ["REDSTEWARD_S3_ENDPOINT": text]) }
    }

    @Test func whatIsMissingIsNamedAndNoSecretIsTold() {
        func wrong(_ text: String, _ environment: [String: String]) -> String {
            do throws(FilesPlace.Wrong) {
                _ = try FilesPlace(text, environment: environment)
                return ""
            } catch { return error.text }
        }
        #expect(wrong("s3://photos", [:]).contains("AWS_SECRET_ACCESS_KEY"))
        #expect(wrong("s3://photos", keys).contains("REDSTEWARD_S3_REGION"))
        #expect(!wrong("s3://photos", keys).contains("secret "))
        #expect(wrong("https://store.example", keys).contains("s3://BUCKET"))
        #expect(!wrong("", keys).isEmpty)
        var broken = keys
        broken["AWS_SECRET_ACCESS_KEY"] = "two\nlines"
        #expect(wrong("s3://photos", broken).contains("keys") && !wrong("s3://photos", broken).contains("lines"))
        broken = keys
        broken["REDSTEWARD_S3_ENDPOINT"] = "https://me:password@store.example"
        #expect(wrong("s3://photos", broken).contains("ENDPOINT") && !wrong("s3://photos", broken).contains("password"))
    }
}

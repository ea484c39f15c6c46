import Testing

@testable import Server

@Suite struct LiveWordsTests {
    @Test func pathsComeThroughOnceAndInMessagesThatPostgreSQLTakes() {
        let paths = (0..<2_000).map { "/\(1_000_000_000_000_000 + $0 % 1_500)/" }
        let messages = LiveWords.make(paths, by: "server-1-2")
        #expect(messages.allSatisfy { $0.utf8.count <= 7_000 })
        #expect(messages.count < 8)
        let heard = messages.map { LiveWords.paths($0, besides: "server-3-4") ?? [] }
        #expect(heard.reduce(into: Set<String>()) { $0.formUnion($1) } == Set(paths))
        #expect(heard.reduce(0) { $0 + $1.count } == 1_500)
    }

    @Test func onesOwnWordsAndOtherWordsAreNotHeard() {
        let words = LiveWords.make(["/1/"], by: "server-1-2")
        #expect(words == ["live server-1-2 /1/"])
        #expect(LiveWords.paths(words[0], besides: "server-1-2") == nil)
        for other in ["", "live", "live x", "standing", "dead server-9-9 /1/"] {
            #expect(LiveWords.paths(other, besides: "server-1-2") == nil)
        }
        #expect(LiveWords.make([], by: "server-1-2").isEmpty)
    }
}

import Kernel
import Testing

@Suite struct IdentityTests {
    @Test func textFormReadsBack() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let id = PersonID(Int64.random(in: 1...Int64.max, using: &random))
            #expect(id.text.utf8.count == 13)
            #expect(PersonID(text: id.text) == id)
            #expect(PersonID(text: id.text.uppercased()) == id)
        }
        for raw in [1, 31, 32, Int64.max - 1, Int64.max] { #expect(PersonID(text: PersonID(raw).text)?.raw == raw) }
    }

    @Test func textFormSortsLikeTheNumber() {
        var random = SeededRandom(seed: 2)
        let ids = (0..<5_000).map { _ in AreaID(Int64.random(in: 1...Int64.max, using: &random)) }
        #expect(ids.sorted().map(\.text) == ids.map(\.text).sorted())
    }

    @Test(arguments: [
        "", "0", "000000000001", "00000000000001", "0000000000000", "8000000000000", "zzzzzzzzzzzzz", "00000000000i1",
        "00000000000l1", "00000000000o1", "00000000000u1", "000000000000-", "-000000000001", " 000000000001",
        "00000000000\u{e9}",
    ])
    func refusesWhatIsNoID(text: String) {
        #expect(PersonID(text: text) == nil)
    }

    @Test func idsOfOneServerGrowAlsoWhenItsClockRunsBackwards() {
        let world = StillWorld(at: at("2026-03-18 09:00"))
        let maker = IDMaker(node: 7, now: { world.now })
        var last: Int64 = 0
        for step in 0..<30_000 {
            if step % 100 == 0 { world.advance(ms: step % 200 == 0 ? 3 : -2) }
            let id = maker.next()
            #expect(id > last)
            last = id
        }
    }

    @Test func idsOfTwoServersAreNeverTheSame() {
        let moment = at("2026-03-18 09:00")
        let first = IDMaker(node: 1, now: { moment })
        let second = IDMaker(node: 2, now: { moment })
        let ids = (0..<5_000).flatMap { _ in [first.next(), second.next()] }
        #expect(Set(ids).count == ids.count)
    }

    /// The same number after another: whatever the clocks say, no id is made twice.
    @Test func aNumberThatChangesHandsNeverMakesAnIDTwice() {
        let start = at("2026-03-18 09:00")
        for apart in [-3_600_000, -31_000, 0, 31_000, 3_600_000] as [Int64] {
            let one = StillWorld(at: start)
            let two = StillWorld(at: start.adding(ms: apart))
            let first = IDMaker(node: 0, now: { one.now })
            let second = IDMaker(node: 0, now: { two.now })
            let end = start.adding(ms: 30_000)
            first.take(node: 9, after: start.adding(ms: -60_000), until: end)
            var ids = (0..<10_000).map { _ in first.next() }
            var latest: Int64 = 0
            // It stood still, and counts on beside the one who has its number now.
            second.take(node: 9, after: end, until: max(end, two.now).adding(ms: 30_000))
            for step in 0..<10_000 {
                if step % 10 == 0 {
                    one.advance(ms: 40)
                    two.advance(ms: 40)
                }
                latest = first.next()
                ids += [latest, second.next()]
            }
            #expect(Set(ids).count == ids.count, "\(apart)")
            #expect(ids.allSatisfy { ($0 >> 12) & 1023 == 9 })
            #expect(first.last <= end)
            #expect(ids.sorted().last == ids.last)
            // Another number, and time goes on.
            first.take(node: 10, after: start, until: one.now.adding(ms: 30_000))
            let fresh = first.next()
            #expect((fresh >> 12) & 1023 == 10)
            #expect(fresh > latest)
        }
    }

    @Test func anIDKnowsWhenItWasMade() {
        let moment = at("2026-03-18 09:00")
        #expect(PersonID(IDMaker(node: 3, now: { moment }).next()).madeAt == moment)
    }
}

@Suite struct PhraseTests {
    @Test func placeholdersTakeTheirArguments() {
        let phrase = Phrase("{1}/{0}", "{0} of {1}")
        #expect(phrase.text(.en, ["3", "7"]) == "3 of 7")
        #expect(phrase.text(.zh, ["3", "7"]) == "7/3")
        #expect(phrase("3", "7").text(.zh) == "7/3")
    }

    @Test func whatIsNoPlaceholderStays() {
        #expect(Phrase("", "{0} {2} {x} {").text(.en, ["a"]) == "a {2} {x} {")
        #expect(Phrase("", "plain").text(.en, ["a"]) == "plain")
        #expect(Phrase("", "{0}").text(.en) == "{0}")
    }

    @Test func anArgumentIsNotReadAgain() {
        #expect(Phrase("", "{0}{1}").text(.en, ["{1}", "b"]) == "{1}b")
    }

    @Test func aNumberBelowZeroIsNoPlaceholder() {
        #expect(Phrase("", "{-1}").text(.en, ["a"]) == "{-1}")
    }
}

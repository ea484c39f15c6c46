import Kernel
import Storage
import Testing

@testable import Cases
@testable import Directory

/// Whose rating counts, what a pause gives back, and which categories the desk's filter offers.
@Suite struct RatingAndPauseTests {
    /// A case that staff wrote down, or that came without a name, with two neighbours who joined, told of its end.
    private func fedBack(_ d: District, code: Bool) async throws -> CaseID {
        let sender: NewCase.Sender =
            code ? .anonymous(browser: -7) : .staff(try await d.actor("desk"), name: "", phone: nil)
        let id = try await d.actions.register(
            NewCase(
                area: d.area("unit1").id, words: "水管漏水", channel: code ? .mobile : .hotline,
                key: String(d.still.world.nextID()), sender: sender)
        ).id
        for person in ["neighbour", "family"] { try await d.act(person, .join, id) }
        try await d.triage("grid", id)
        try await d.dispatch("grid", id, to: "steward")
        try await d.act("steward", .attend, id)
        try await d.act("steward", .handle, id, "done")
        try await d.act("desk", .feedBack, id, "done")
        return id
    }

    private func scores(_ d: District, _ id: CaseID) async throws -> [Int64] {
        try await d.database.read { try CaseHistoryStore.ratings(id, $0).map(\.score) }
    }

    @Test func aClockThatIsSetBackMakesNoNegativeTimes() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .attended)
            let before = d.still.now
            d.still.now = before.adding(days: -2)
            try await d.act("steward", .suspend(.weather), id, "rain")
            try await d.act("steward", .resume, id, "")
            try await d.act("steward", .handle, id, "done")
            try await d.act("desk", .feedBack, id, "done")
            let c = try await d.load(id)
            let solved = try #require(c.solved)
            #expect(solved >= c.registered && solved >= before.adding(ms: -60_000))
            #expect(try #require(c.fedBack) >= solved)
            let steps = TraceStep.parse(c.trace).map(\.at)
            #expect(steps == steps.sorted())
            for clock in try await d.database.read({ try CaseHistoryStore.clocks(id, round: 1, $0) }) {
                #expect(clock.stopped.map { $0 >= clock.started } ?? true)
            }
            for pause in try await d.database.read({ try CaseHistoryStore.pauses(id, $0) }) {
                #expect(pause.to.map { $0 >= pause.from } ?? false)
            }
        }
    }

    @Test func aNeighboursRatingStandsBesideTheReporters() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .handled)
            try await d.act("neighbour", .join, id)
            try await d.act("desk", .feedBack, id, "done")
            d.still.advance(minutes: 1)
            try await d.act("neighbour", .rate(score: 1), id)
            var c = try await d.load(id)
            #expect(c.rated == 0 && c.queue == .rating && c.holder == .resident)
            d.still.advance(minutes: 1)
            try await d.act("resident", .rate(score: 5), id)
            c = try await d.load(id)
            #expect(c.rated == 5 && c.queue == .strikeOff && c.holder == .community)
            #expect(try await scores(d, id) == [1, 5])
            try await d.talliesAgree()
        }
    }

    @Test func whoeverHoldsTheCodeSettlesTheRatingAndNeighboursDoNot() async throws {
        try await District.with { d in
            let early = try await fedBack(d, code: true)
            try await d.act("neighbour", .rate(score: 1), early)
            var c = try await d.load(early)
            #expect(c.rated == 0 && c.queue == .rating && c.holder == .resident)
            d.still.advance(minutes: 1)
            try await d.act("code", .rate(score: 4), early)
            c = try await d.load(early)
            #expect(c.rated == 4 && c.queue == .strikeOff)
            d.still.advance(minutes: 1)
            try await d.act("family", .rate(score: 2), early)
            #expect(try await d.load(early).rated == 4)
            #expect(try await scores(d, early) == [1, 4, 2])
            #expect(try await refused { try await d.act("code", .rate(score: 5), early) } == .alreadyRated)
            try await d.talliesAgree()
        }
    }

    @Test func withoutAReporterWhoCanRateTheFirstNeighbourSettlesIt() async throws {
        try await District.with { d in
            let id = try await fedBack(d, code: false)
            try await d.act("neighbour", .rate(score: 4), id)
            var c = try await d.load(id)
            #expect(c.rated == 4 && c.queue == .strikeOff && c.holder == .community)
            d.still.advance(minutes: 1)
            try await d.act("family", .rate(score: 1), id)
            c = try await d.load(id)
            #expect(c.rated == 4)
            #expect(try await scores(d, id) == [4, 1])
            try await d.act("approver", .strikeOff, id, "seen")
            try await d.talliesAgree()
        }
    }

    @Test func aWarnedCaseHasItsFlagAgainAfterAPause() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .dispatched)
            d.still.advance(minutes: 150)
            try await d.clockwork.sweep()
            #expect(try await d.load(id).soon)
            try await d.act("steward", .suspend(.waitingForOwner), id, "away")
            #expect(try await !d.load(id).soon)
            try await d.talliesAgree("stopped")
            d.still.advance(minutes: 20)
            try await d.act("steward", .resume, id)
            let c = try await d.load(id)
            #expect(c.soon && c.clocks.attend.due == d.still.now.adding(minutes: 26))
            try await d.talliesAgree("resumed")
        }
    }

    @Test func aPauseThatMovesTheLimitFarAheadGivesNoFlagBack() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .handled)
            // Only the feedback is left: five working days, warned on the last of them.
            let other = try await d.brought(to: .attended)
            d.still.advance(minutes: 60)
            try await d.act("steward", .suspend(.waitingForParts), other, "parts")
            d.still.advance(ms: 20 * Instant.dayMs)
            try await d.act("steward", .resume, other)
            #expect(try await !d.load(other).soon)
            try await d.talliesAgree("resumed")
            try await d.clockwork.sweep()
            #expect(try await !d.load(other).soon)
            #expect(try await d.load(id).soon)
            try await d.talliesAgree("swept")
        }
    }

    @Test func theFilterOffersImportedCategoriesOfTheScopeWhereThereAreAny() async throws {
        try await District.with { d in
            let id = try await d.report()
            let book = CaseBook(database: d.database, calendars: Calendars(database: d.database))
            let here = try await d.actor("grid").scope(.caseRead)
            let there = try await d.actor("grid2").scope(.caseRead)
            let street = try await d.actor("street").scope(.caseRead)
            #expect(try await book.imported(here, at: d.still.now).isEmpty)
            try await d.database.write { transaction in
                for (number, code) in [(Int64(70), "imported:a"), (71, "imported:b")] {
                    try CaseHistoryStore.insert(
                        Cases.Category(
                            id: CategoryID(number), code: code, kind: .order, zh: code, en: code, party: .property,
                            urgency: .normal, hints: "", fastLane: false), transaction)
                }
                try transaction.run("update cases_case set category_id = 70 where id = \(id)")
            }
            // Read at most once in ten seconds.
            #expect(try await book.imported(here, at: d.still.now.adding(ms: 9000)).isEmpty)
            let later = d.still.now.adding(ms: 11_000)
            #expect(try await book.imported(here, at: later).map(\.code) == ["imported:a"])
            #expect(try await book.imported(street, at: later).map(\.code) == ["imported:a"])
            #expect(try await book.imported(there, at: later).isEmpty)
        }
    }
}

import Kernel
import Storage
import Testing

@testable import Cases
@testable import Directory

@Suite struct LoopTests {
    private let start = District.start

    private func midnight(_ day: Int) -> Instant { Zone.shanghai.instant(Zone.shanghai.day(of: start).adding(day)) }

    @Test func aReportRunsToItsPublicationWithEveryClockCountAndMessage() async throws {
        try await District.with { d in
            #expect(Zone.shanghai.day(of: start).description == "2026-03-18")
            let id = try await d.report()
            var c = try await d.load(id)
            #expect(c.number == "0318-01")
            #expect(c.title == "厨房水管漏水" && c.place.words == "3 号楼 2 单元 502")
            #expect(c.clocks.attend.due == start.adding(hours: 3))
            #expect(c.clocks.handle.due == nil)
            // The fifth working day after Wednesday the 18th is Wednesday the 25th, to its 24:00.
            #expect(c.clocks.feedback.due == midnight(8))
            #expect(c.due == start.adding(hours: 3))
            #expect(c.queue == .intake && c.holder == .community)
            try await d.talliesAgree("reported")

            d.still.advance(minutes: 1)
            try await d.triage("grid", id)
            #expect(try await d.load(id).queue == .dispatch)
            try await d.talliesAgree("triaged")
            d.still.advance(minutes: 1)
            try await d.dispatch("grid", id, to: "steward")
            c = try await d.load(id)
            #expect(c.queue == .handling && c.assigneeName == "steward" && c.holder == .property)
            try await d.talliesAgree("dispatched")
            #expect(try await d.messages("steward") == ["For you: 厨房水管漏水 (3 号楼 2 单元 502)"])
            #expect(try await d.messages("resident").count == 1)
            d.still.advance(minutes: 3)
            let promise = d.still.now.adding(minutes: 60)
            try await d.act("steward", .accept, id) { $0.promise = promise }
            #expect(try await d.load(id).promise == promise)
            d.still.advance(minutes: 15)
            let attended = d.still.now
            try await d.act("steward", .attend, id)
            c = try await d.load(id)
            #expect(c.clocks.attend.stopped == attended && c.promise == nil)
            #expect(c.clocks.handle.due == attended.adding(hours: 3))
            #expect(c.due == attended.adding(hours: 3))
            try await d.talliesAgree("attended")
            d.still.advance(minutes: 30)
            try await d.act("steward", .handle, id, "换好角阀")
            c = try await d.load(id)
            #expect(c.solved == d.still.now && c.clocks.handle.stopped == d.still.now && c.queue == .feedback)
            #expect(c.due == midnight(8))
            try await d.talliesAgree("handled")
            d.still.advance(minutes: 1)
            try await d.act("desk", .feedBack, id, "换好了")
            c = try await d.load(id)
            #expect(c.queue == .rating && c.holder == .resident && c.due == CaseRecord.never)
            try await d.talliesAgree("fed back")
            try await d.act("resident", .rate(score: 5), id, "来得快")
            c = try await d.load(id)
            #expect(c.queue == .strikeOff && c.rated == 5)
            try await d.talliesAgree("rated")
            #expect(try await refused { try await d.act("resident", .rate(score: 1), id) } == .alreadyRated)
            try await d.act("approver", .strikeOff, id, "电话回访，看过照片")
            c = try await d.load(id)
            #expect(c.queue == .publication && c.closed == d.still.now)
            try await d.talliesAgree("struck off")
            try await d.actions.publish(
                id, title: "厨房水管漏水", place: "3 号楼", body: "换了角阀。", by: d.asker("moderator"), name: "m",
                version: c.version)
            c = try await d.load(id)
            #expect(c.status == .published && c.queue == .none)
            try await d.talliesAgree("published")

            #expect(
                try await d.events(id) == [
                    .reported, .triaged, .dispatched, .accepted, .attended, .handled, .fedBack, .rated, .struckOff,
                    .published,
                ])
            #expect(TraceStep.parse(c.trace).map(\.kind) == (try await d.events(id)))
            let raw = id.raw
            let verbs = try await d.database.read {
                try $0.query("select verb from storage_audit where subject_id = \(raw) order by id") { try $0.text(0) }
            }
            #expect(
                verbs == [
                    "case.register", "case.triaged", "case.dispatched", "case.accepted", "case.attended",
                    "case.handled", "case.fedBack", "case.rated", "case.struckOff", "case.published",
                ])
            let evidence = try await d.database.read { try CaseHistoryStore.evidence(id, round: 1, $0) }
            #expect(evidence == "电话回访，看过照片")
            let kept = try await d.database.read {
                try $0.query("select kept from cases_clock where case_id = \(id) order by kind") { try $0.flag(0) }
            }
            #expect(kept == [true, true, true])
            let days = try await d.days()
            #expect(
                days == [
                    .reported: 1, .attendedInTime: 1, .handledInTime: 1, .fedBackInTime: 1, .rated: 1, .satisfied: 1,
                    .struckOff: 1, .settledAtLevel: 1,
                ])
            #expect(try await d.messages("resident").count == 4)
            let estate = d.area("estate1").id
            let lines = try await d.database.read { try CaseHistoryStore.ledger(estate: estate, $0) }
            #expect(lines.map(\.publication.title) == ["厨房水管漏水"])
            let outbox = try await d.database.read {
                try $0.first("select count(*) from storage_outbox where subject_id = \(raw)") { try $0.int(0) }
            }
            #expect(outbox == 10)
        }
    }

    @Test func theCountsStayRightThroughThreeHundredRandomHistories() async throws {
        try await District.with { d in
            let people = [
                "desk", "steward", "branch", "committee", "grid", "approver", "moderator", "squad", "street",
                "district", "desk2", "grid2", "resident", "neighbour", "resident2", "clock",
            ]
            let words = ["水管漏水", "灯不亮", "着火了", "没人来修", "邻居吵", "别的"]
            var reached = Set<CaseStatus>()
            var refusals = 0
            var previous: CaseID?
            for seed in 0..<300 {
                var random = SeededRandom(seed: UInt64(seed) + 1)
                let place =
                    ["unit1", "building1", "estate1", "unit3", "community1", "community3", "street1"]
                    .randomElement(using: &random) ?? "unit1"
                let reporter =
                    place.hasPrefix("c") || place.hasPrefix("s")
                    ? "street" : place == "unit3" ? "resident2" : "resident"
                let id = try await d.report(words.randomElement(using: &random) ?? "", by: reporter, at: place)
                for step in 0..<24 {
                    d.still.advance(minutes: Int.random(in: 0...90, using: &random))
                    let before = seed % 10 == 0 ? try await d.rows() : []
                    let who = people.randomElement(using: &random) ?? "grid"
                    let target =
                        ["steward", "branch", "squad", "grid", "moderator"].randomElement(using: &random) ?? ""
                    let category = Int64.random(in: 1...6, using: &random)
                    let family = category == 4 ? d.families["property1"] : nil
                    let pick = Int.random(in: 0..<24, using: &random)
                    let score = Int.random(in: 0...6, using: &random)
                    let into = previous
                    let refusal = try await refused {
                        switch pick {
                        case 0, 1: try await d.triage(who, id, category: category, about: family)
                        case 2, 3, 4: try await d.dispatch(["grid", "street"][step % 2], id, to: target)
                        case 5: try await d.act(who, .accept, id)
                        case 6, 7, 8: try await d.act("squad", .attend, id)
                        case 9, 10: try await d.act(["street", "squad"][step % 2], .handle, id, "done")
                        case 11, 12: try await d.act("street", .feedBack, id, "done")
                        case 13: try await d.act(reporter, .rate(score: score), id)
                        case 14: try await d.act(reporter, .reopen, id, "again")
                        case 15: try await d.act("approver", .strikeOff, id, "seen")
                        case 16: try await d.act(who, .suspend(.weather), id, "rain")
                        case 17, 18: try await d.act("street", .resume, id)
                        case 19: try await d.act(who, .escalate, id, "too big")
                        case 20: try await d.act(who, .merge, id) { $0.mergeInto = into }
                        case 21: try await d.act(who, .join, id)
                        case 22: try await d.act(step % 3 == 0 ? reporter : who, .withdraw, id, "no need")
                        default: try await d.clockwork.sweep()
                        }
                    }
                    if let refusal {
                        refusals += 1
                        if !before.isEmpty {
                            #expect(try await d.rows() == before, "\(seed).\(step) \(pick) \(refusal)")
                        }
                    }
                    let (kept, counted) = try await d.tallies()
                    guard kept == counted else {
                        Issue.record("seed \(seed) step \(step) pick \(pick): \(kept) is not \(counted)")
                        return
                    }
                    reached.insert(try await d.load(id).status)
                }
                previous = id
            }
            #expect(reached.count >= 8)
            #expect(refusals > 1000)
        }
    }

    @Test func theSameKeyIsTheSameCaseAndOtherContentIsRefused() async throws {
        try await District.with { d in
            let first = try await d.report(key: "k")
            #expect(try await d.report(key: "k") == first)
            #expect(try await refused { try await d.report("another thing", key: "k") } == .keyUsedForOther)
            // Another person's key is another's.
            #expect(try await d.report(by: "neighbour", key: "k") != first)
            let ids = try await withThrowingTaskGroup(of: CaseID.self) { group in
                for _ in 0..<20 { group.addTask { try await d.report("twenty at once", key: "many") } }
                return try await group.reduce(into: Set<CaseID>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await d.rows()[0] == 3)
            try await d.talliesAgree()
        }
    }

    @Test func ofTwoWhoDispatchAtOnceOneWinsAndTheOtherIsTold() async throws {
        try await District.with { d in
            for round in 0..<10 {
                let id = try await d.brought(to: .triaged)
                let version = try await d.load(id).version
                let answers = try await withThrowingTaskGroup(of: CaseRefusal?.self) { group in
                    for (who, target) in [("desk", "steward"), ("grid", "branch")] {
                        group.addTask {
                            try await refused { try await d.dispatch(who, id, to: target, version: version) }
                        }
                    }
                    return try await group.reduce(into: [CaseRefusal?]()) { $0.append($1) }
                }
                #expect(answers.filter { $0 == nil }.count == 1, "\(round)")
                #expect(answers.compactMap { $0 } == [.changedMeanwhile], "\(round)")
                #expect(try await d.events(id).filter { $0 == .dispatched }.count == 1)
            }
            try await d.talliesAgree()
        }
    }

    @Test func aPauseMovesHoursByItsLengthAndDaysByTheWorkingMidnightsInIt() async throws {
        try await District.with { d in
            let id = try await d.report()
            try await d.triage("grid", id)
            try await d.dispatch("grid", id, to: "steward")
            d.still.now = start.adding(minutes: 20)
            try await d.act("steward", .attend, id)
            #expect(try await d.load(id).clocks.handle.due == start.adding(minutes: 200))
            d.still.now = start.adding(hours: 1)
            #expect(
                try await refused {
                    try await d.act("steward", .suspend(.waitingForParts), id, "parts") {
                        $0.expected = d.still.now.adding(ms: -1)
                    }
                } == .badTime("expected"))
            try await d.act("steward", .suspend(.waitingForOwner), id, "owner is away")
            var c = try await d.load(id)
            #expect(c.suspended && c.queue == .paused && c.due == CaseRecord.never && c.holder == .resident)
            #expect(c.clocks.handle.due == nil && c.clocks.feedback.due == nil)
            try await d.talliesAgree()
            // Nothing falls due while it stands.
            d.still.now = start.adding(hours: 40)
            #expect(try await d.clockwork.sweep() == 0)
            d.still.now = start.adding(hours: 49)
            try await d.act("steward", .resume, id)
            c = try await d.load(id)
            #expect(c.clocks.handle.due == start.adding(minutes: 200).adding(hours: 48))
            // In force at 24:00 of Wednesday, the day of the start, which does not count, and of Thursday.
            #expect(c.clocks.feedback.due == midnight(9))
            #expect(c.holder == .property && c.queue == .handling)
            try await d.talliesAgree()
            // And the clock rings again after it.
            d.still.now = start.adding(minutes: 200).adding(hours: 48)
            #expect(try await d.clockwork.sweep() == 1)
            #expect(try await d.events(id).last == .escalatedByClock)
        }
    }

    @Test func aLimitThatWasOverBeforeThePauseStillEscalates() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .dispatched)
            d.still.now = start.adding(hours: 4)
            try await d.act("steward", .suspend(.weather), id, "storm")
            #expect(try await d.clockwork.sweep() == 1)
            #expect(try await d.events(id).contains(.escalatedByClock))
            #expect(try await d.clockwork.sweep() == 0)
            try await d.talliesAgree()
        }
    }

    @Test func aWarningAndAnEscalationComeOnceWhateverHappens() async throws {
        try await District.with { d in
            let id = try await d.report()
            d.still.now = start.adding(minutes: 144).adding(ms: -1)
            #expect(try await d.clockwork.sweep() == 0)
            d.still.now = start.adding(minutes: 144)
            let done = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 { group.addTask { try await d.clockwork.sweep() } }
                return try await group.reduce(0, +)
            }
            #expect(done == 1)
            #expect(try await d.clockwork.sweep() == 0)
            #expect(try await d.load(id).soon)
            try await d.talliesAgree("warned")
            // The desk of the estate is told, once.
            #expect(try await d.messages("desk").count == 1)
            d.still.now = start.adding(minutes: 180).adding(ms: -1)
            #expect(try await d.clockwork.sweep() == 0)
            // The clock of the machine is set back: nothing again.
            d.still.now = start.adding(minutes: -120)
            #expect(try await d.clockwork.sweep() == 0)
            d.still.now = start.adding(minutes: 150)
            #expect(try await d.clockwork.sweep() == 0)
            d.still.now = start.adding(minutes: 180)
            let late = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<2 { group.addTask { try await d.clockwork.sweep() } }
                return try await group.reduce(0, +)
            }
            #expect(late == 1)
            #expect(try await d.load(id).level == .community)
            #expect(try await d.messages("grid").count == 1)
            d.still.now = start.adding(minutes: 150)
            #expect(try await d.clockwork.sweep() == 0)
            d.still.now = start.adding(minutes: 181)
            // A restart: another server with other connections on the same data.
            try await d.database.close()
            let again = try await District.open(d.place)
            let clockwork = Clockwork(District.actions(again, d.still.world, d.secrets, d.inbox))
            #expect(try await clockwork.sweep() == 0)
            let kinds = try await again.read { try CaseHistoryStore.events(id, $0).map(\.kind) }
            #expect(kinds == [.reported, .warned, .escalatedByClock])
            try await again.close()
        }
    }

    @Test func sevenDaysOfSilenceAreRecordedAndThenItCanBeStruckOff() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .fedBack)
            #expect(
                try await refused { try await d.act("approver", .strikeOff, id, "seen") } == .strikeOffWithoutAnswer)
            let told = try #require(try await d.load(id).fedBack)
            d.still.now = told.adding(days: 7).adding(ms: -1)
            #expect(try await d.clockwork.sweep() == 0)
            d.still.now = told.adding(days: 7)
            #expect(try await d.clockwork.sweep() == 1)
            #expect(try await d.clockwork.sweep() == 0)
            var c = try await d.load(id)
            #expect(c.queue == .strikeOff && c.rated == 6 && c.holder == .community)
            try await d.talliesAgree()
            #expect(try await refused { try await d.act("approver", .strikeOff, id, " ") } == .tooShort("words"))
            try await d.act("approver", .strikeOff, id, "called twice")
            c = try await d.load(id)
            #expect(c.status == .struckOff)
            #expect(try await d.days()[.rated] == nil)
        }
    }

    @Test func reopeningStartsASecondRoundAndKeepsTheFirst() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .fedBack)
            try await d.act("resident", .rate(score: 2), id, "still drips")
            d.still.advance(minutes: 10)
            #expect(try await refused { try await d.act("resident", .reopen, id) } == .tooShort("words"))
            #expect(try await refused { try await d.act("neighbour", .reopen, id, "me") } == .notYours)
            try await d.act("resident", .reopen, id, "still drips")
            var c = try await d.load(id)
            #expect(c.round == 2 && c.status == .triaged && c.rated == 0 && c.assignee == nil && c.solved == nil)
            #expect(c.clocks.attend.due == d.still.now.adding(hours: 3) && c.clocks.attend.stopped == nil)
            #expect(c.clocks.handle == CaseClocks.One())
            try await d.talliesAgree()
            let (first, second) = try await d.database.read {
                (try CaseHistoryStore.clocks(id, round: 1, $0), try CaseHistoryStore.clocks(id, round: 2, $0))
            }
            #expect(first.count == 3 && first.allSatisfy { $0.stopped != nil })
            #expect(second.map(\.kind) == [.attend, .feedback])
            #expect(try await d.messages("desk").count == 1)
            try await d.dispatch("desk", id, to: "branch")
            try await d.act("branch", .attend, id)
            try await d.act("branch", .handle, id, "new valve")
            try await d.act("desk", .feedBack, id, "new valve")
            // A second round is rated anew.
            try await d.act("resident", .rate(score: 5), id)
            try await d.act("approver", .strikeOff, id, "seen")
            c = try await d.load(id)
            #expect(c.status == .struckOff && c.rated == 5)
            let ratings = try await d.database.read { try CaseHistoryStore.ratings(id, $0) }
            #expect(ratings.map(\.score) == [2, 5] && ratings.map(\.round) == [1, 2])
            try await d.talliesAgree()
        }
    }

    @Test func mergingTellsTheReporterAndLetsThemFollowAndRate() async throws {
        try await District.with { d in
            let main = try await d.report()
            let second = try await d.report("楼上漏水到我家", by: "neighbour", at: "unit2")
            let far = try await d.report(by: "resident2", at: "unit3")
            for (into, expected) in [
                (second, CaseRefusal.mergeIntoItself), (far, .mergeElsewhere), (CaseID(5), .mergeElsewhere),
            ] {
                let before = try await d.rows()
                #expect(
                    try await refused { try await d.act("grid", .merge, second) { $0.mergeInto = into } } == expected)
                #expect(try await d.rows() == before)
            }
            try await d.act("grid", .merge, second) { $0.mergeInto = main }
            let merged = try await d.load(second)
            #expect(merged.status == .merged && merged.mergedInto == main && merged.queue == .none)
            #expect(merged.due == CaseRecord.never)
            #expect(try await d.events(main).last == .received)
            #expect(try await d.messages("neighbour").count == 1)
            let joined = try await d.database.read { try CaseHistoryStore.joined(main, $0) }
            #expect(joined == [d.person("neighbour")])
            try await d.talliesAgree()
            try await d.triage("grid", main)
            try await d.dispatch("grid", main, to: "steward")
            try await d.act("steward", .attend, main)
            try await d.act("steward", .handle, main, "done")
            try await d.act("desk", .feedBack, main, "done")
            // Told of the merge, the dispatch, the arrival and the end.
            #expect(try await d.messages("neighbour").count == 4)
            try await d.act("neighbour", .rate(score: 4), main)
            #expect(try await d.load(main).rated == 0)
            #expect(try await refused { try await d.act("neighbour", .rate(score: 4), main) } == .alreadyRated)
            try await d.act("resident", .rate(score: 3), main)
            #expect(try await d.load(main).rated == 3)
            #expect(
                try await refused { try await d.act("grid", .merge, try await d.report()) { $0.mergeInto = main } }
                    == .mergeIntoClosed)
        }
    }

    @Test func joiningIsOnceAndNeverOnesOwn() async throws {
        try await District.with { d in
            let id = try await d.report()
            #expect(try await refused { try await d.act("resident", .join, id) } == .joinOwn)
            try await d.act("neighbour", .join, id)
            #expect(try await refused { try await d.act("neighbour", .join, id) } == .alreadyJoined)
            let actor = try await d.actor("neighbour")
            #expect(try await d.queries.forResident(id, actor).record.id == id)
            // The case is its reporter's, not the household's.
            let family = try await d.actor("family")
            #expect(try await refused { _ = try await d.queries.forResident(id, family) } == .notFound)
        }
    }

    @Test func aComplaintIsInvisibleToEveryPostOfTheFamily() async throws {
        try await District.with { d in
            let id = try await d.report("物业没人来，催了也不理", at: "building1")
            let c = try await d.load(id)
            #expect(c.about == d.families["property1"])
            for key in ["desk", "steward", "branch"] {
                let actor = try await d.actor(key)
                let scope = try actor.scope(.caseRead)
                var filter = CaseStore.DeskFilter()
                let all = filter
                filter.terms = TextTerms.query("没人来")
                let search = filter
                let (lines, found, tallies) = try await d.database.read {
                    (
                        try CaseStore.desk(scope, all, $0), try CaseStore.desk(scope, search, $0),
                        try CaseStore.tallies(scope, $0)
                    )
                }
                #expect(lines.isEmpty && found.isEmpty, "\(key)")
                #expect(tallies.values.allSatisfy { $0 == 0 }, "\(key)")
                #expect(try await refused { _ = try await d.queries.forStaff(id, actor) } == .notFound)
                #expect(try await refused { try await d.act(key, .note, id, "hm") } == .notFound)
            }
            let grid = try await d.actor("grid").scope(.caseRead)
            let (lines, tallies) = try await d.database.read {
                (try CaseStore.desk(grid, .init(), $0), try CaseStore.tallies(grid, $0))
            }
            #expect(lines.map(\.id) == [id] && tallies[CaseQueue.intake.rawValue] == 1)
            let open = try await d.database.read { try CaseStore.open(estate: d.area("estate1").id.raw, $0) }
            #expect(open == 0)
            // Warnings and escalations go past the property to the community, never nowhere.
            d.still.now = start.adding(minutes: 150)
            #expect(try await d.clockwork.sweep() == 1)
            #expect(try await d.messages("grid").count == 1)
            d.still.now = start.adding(minutes: 200)
            #expect(try await d.clockwork.sweep() == 1)
            #expect(try await d.messages("grid").count == 2)
            try await d.triage("grid", id, category: 4, about: d.families["property1"])
            for target in ["steward", "branch"] {
                #expect(
                    try await refused { try await d.dispatch("grid", id, to: target) } == .dispatchToTheComplainedOf)
            }
            try await d.dispatch("grid", id, to: "grid")
            try await d.act("grid", .escalate, id, "street, please")
            for key in ["desk", "steward", "branch"] { #expect(try await d.messages(key).isEmpty, "\(key)") }
            try await d.talliesAgree()
        }
    }

    @Test func anOpenEmergencyRingsOnceANight() async throws {
        try await District.with { d in
            let id = try await d.report("楼道着火冒烟", at: "building1")
            try await d.report("楼道灯不亮", at: "building1")
            d.still.now = midnight(1).adding(minutes: 1)
            #expect(try await d.clockwork.overnight(midnight: midnight(1)) == 1)
            #expect(try await d.clockwork.overnight(midnight: midnight(1)) == 0)
            #expect(try await d.messages("desk").count == 1)
            #expect(try await d.messages("street").count == 1)
            d.still.now = midnight(2).adding(minutes: 1)
            #expect(try await d.clockwork.overnight(midnight: midnight(2)) == 1)
            try await d.act("resident", .withdraw, id, "it is out")
            d.still.now = midnight(3).adding(minutes: 1)
            #expect(try await d.clockwork.overnight(midnight: midnight(3)) == 0)
        }
    }

    @Test func anAnonymousReportIsFoundByItsCodeOnly() async throws {
        try await District.with { d in
            let new = NewCase(
                area: d.area("building1").id, words: "楼道灯不亮", key: "a", sender: .anonymous(browser: -77))
            let done = try await d.actions.register(new)
            let code = try #require(done.code)
            #expect(code.count == 11)
            // The code is kept nowhere, so a repeat cannot say it again.
            let again = try await d.actions.register(new)
            #expect(again.repeated && again.code == nil && again.id == done.id)
            for typed in [code, code.lowercased(), code.replacing("-", with: " ")] {
                let view = try await d.queries.byCode(d.secrets.lookUpDigest(typed))
                #expect(view.record.id == done.id && view.record.reporter == nil)
            }
            #expect(
                try await refused { _ = try await d.queries.byCode(d.secrets.lookUpDigest("22222-22222")) }
                    == .wrongCode)
            #expect(try await refused { _ = try await d.queries.byCode(d.secrets.lookUpDigest("")) } == .wrongCode)
            try await d.triage("grid", done.id, category: 2)
            try await d.dispatch("grid", done.id, to: "steward")
            try await d.act("steward", .attend, done.id)
            try await d.act("steward", .handle, done.id, "done")
            try await d.act("desk", .feedBack, done.id, "done")
            #expect(try await refused { try await d.act("resident", .rate(score: 1), done.id) } == .notYours)
            try await d.act("code", .rate(score: 4), done.id)
            #expect(try await d.load(done.id).rated == 4)
            try await d.talliesAgree()
        }
    }

    @Test func whatIsTakenBackIsGoneAndItsDigestStays() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .struckOff)
            let asker = d.asker("moderator")
            func publish(_ title: String, _ place: String, _ body: String) async throws {
                try await d.actions.publish(
                    id, title: title, place: place, body: body, by: asker, name: "m", version: nil)
            }
            for (title, place, body) in [
                ("漏水", "3 号楼 2 单元 502", "换了"), ("漏水", "3号楼2单元502室", "换了"), ("漏水", "3 号楼", "502 的角阀换了"),
                ("502 漏水", "3 号楼", "换了"),
            ] {
                let before = try await d.rows()
                #expect(try await refused { try await publish(title, place, body) } == .placeTooFine)
                #expect(try await d.rows() == before)
            }
            try await publish("漏水", "3 号楼", "换了角阀")
            try await d.actions.unpublish(id, by: asker, name: "m")
            let row = try await d.database.read {
                try $0.first("select title, body, place, status, digest from cases_publication where case_id = \(id)") {
                    (try $0.text(0), try $0.text(1), try $0.text(2), try $0.int(3), try $0.bytes(4))
                }
            }
            let found = try #require(row)
            #expect(found.0.isEmpty && found.1.isEmpty && found.2.isEmpty && found.3 == 2)
            #expect(found.4 == d.secrets.contentDigest("漏水\u{0}3 号楼\u{0}换了角阀"))
            #expect(try await d.load(id).queue == .publication)
            try await d.talliesAgree()
            let estate = d.area("estate1").id
            #expect(try await d.database.read { try CaseHistoryStore.ledger(estate: estate, $0) }.isEmpty)
            #expect(
                try await refused { try await d.actions.unpublish(id, by: asker, name: "m") }
                    == .outOfOrder(command: "unpublish", status: .struckOff))
        }
    }

    @Test func aDisputeHasThreeDaysAndIsNeverPublished() async throws {
        try await District.with { d in
            let id = try await d.report("邻居吵", at: "building1")
            // The third working day after Wednesday is Monday.
            #expect(try await d.load(id).clocks.feedback.due == midnight(6))
            try await d.triage("grid", id, category: 5)
            try await d.dispatch("grid", id, to: "grid")
            try await d.act("grid", .attend, id)
            try await d.act("grid", .handle, id, "talked")
            try await d.act("grid", .feedBack, id, "talked")
            try await d.act("resident", .rate(score: 5), id)
            try await d.act("approver", .strikeOff, id, "seen")
            #expect(try await d.load(id).queue == .none)
            let before = try await d.rows()
            #expect(
                try await refused {
                    try await d.actions.publish(
                        id, title: "t", place: "", body: "b", by: d.asker("moderator"), name: "m", version: nil)
                } == .disputesAreNotPublished)
            #expect(try await d.rows() == before)
        }
    }

    @Test func anotherCategoryMovesTheLimitsThatRun() async throws {
        try await District.with { d in
            let policy = Policy(
                id: d.still.world.nextID(), category: 2, area: d.area("estate1").id.raw, urgency: 0, kind: 0,
                attendMinutes: 60, handleMinutes: 30, feedbackWorkdays: 1, source: "t", version: 2)
            try await d.database.write { try CaseHistoryStore.putPolicy(policy, by: nil, at: District.start, $0) }
            let id = try await d.report()
            try await d.triage("grid", id, category: 2)
            var c = try await d.load(id)
            #expect(c.clocks.attend.due == start.adding(hours: 1))
            #expect(c.clocks.feedback.due == midnight(2))
            try await d.dispatch("grid", id, to: "steward")
            try await d.act("steward", .attend, id)
            c = try await d.load(id)
            #expect(c.clocks.handle.due == start.adding(minutes: 30))
            let rows = try await d.database.read { try CaseHistoryStore.clocks(id, round: 1, $0) }
            #expect(rows.allSatisfy { $0.policy == policy.id })
        }
    }

    @Test func whatIsRefusedLeavesNothingHalfDone() async throws {
        try await District.with { d in
            let reported = try await d.report()
            let handled = try await d.brought(to: .attended)
            let before = try await d.rows()
            let long = String(repeating: "长", count: 501)
            let tries: [(CaseRefusal, () async throws -> Void)] = [
                (.notFound, { try await d.act("grid", .note, CaseID(12345), "x") }),
                (.notYours, { try await d.act("desk2", .note, reported, "x") }),
                (.notYours, { try await d.act("auditor", .note, reported, "x") }),
                (.changedMeanwhile, { try await d.act("grid", .note, reported, "x", version: 99) }),
                (.tooShort("words"), { try await d.act("grid", .note, reported, " \u{3000}\n") }),
                (.tooLong("words", 500), { try await d.act("grid", .note, reported, long) }),
                (.tooShort("words"), { try await d.act("steward", .handle, handled, "") }),
                (.tooShort("words"), { try await d.act("steward", .suspend(.weather), handled, "") }),
                (.tooShort("words"), { try await d.act("approver", .escalate, handled, "") }),
                (.tooShort("words"), { try await d.act("grid", .returnIt, reported, "") }),
                (.tooShort("what"), { try await d.report(" ") }),
                (.tooLong("what", 2000), { try await d.report(String(repeating: "长", count: 2001)) }),
                (.tooLong("place", 80), { try await d.report(place: String(repeating: "p", count: 81)) }),
                (.badChoice("category"), { try await d.report(category: 999) }),
                (.badChoice("key"), { try await d.report(key: String(repeating: "k", count: 81)) }),
                (.notYours, { try await d.report(by: "desk2") }),
                (
                    .badTime("promise"),
                    {
                        let id = try await d.brought(to: .dispatched)
                        let middle = try await d.rows()
                        defer { _ = middle }
                        try await d.act("steward", .accept, id) { $0.promise = d.still.now }
                    }
                ),
            ]
            for (index, (expected, body)) in tries.enumerated() {
                #expect(try await refused(body) == expected, "\(index)")
                if index < tries.count - 1 { #expect(try await d.rows() == before, "\(index)") }
            }
            try await d.talliesAgree()
        }
    }

    @Test func casesOfTwoCommunitiesAreCountedApart() async throws {
        try await District.with { d in
            try await d.report("桥坏了", by: "street", at: "community1")
            try await d.report("路坏了", by: "street", at: "community3")
            try await d.talliesAgree()
            let grid = try await d.actor("grid").scope(.caseRead)
            let street = try await d.actor("street").scope(.caseRead)
            let (low, high) = try await d.database.read {
                (try CaseStore.tallies(grid, $0), try CaseStore.tallies(street, $0))
            }
            #expect(low[CaseQueue.intake.rawValue] == 1 && high[CaseQueue.intake.rawValue] == 2)
        }
    }
}

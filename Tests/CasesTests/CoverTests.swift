import Kernel
import Storage
import Testing
import Web

@testable import Cases
@testable import Directory

extension District {
    var leaves: LeaveActions {
        LeaveActions(database: database, world: still.world, journal: actions.journal, inbox: inbox)
    }
    func post(_ key: String) -> PostID {
        guard let post = posts[key]?.post.id else { preconditionFailure(key) }
        return post
    }
    func leave(
        _ key: String, standIn: String, by author: String, from: Int = 0, to: Int = 600, why: String = "看病"
    ) async throws -> LeaveID {
        try await leaves.ask(
            NewLeave(
                post: post(key), standIn: person(standIn), from: still.now.adding(minutes: from),
                to: still.now.adding(minutes: to), why: why), by: try await actor(author))
    }
    func count(_ sql: Storage.SQL) async throws -> Int64 {
        try await database.read { try $0.first(sql) { try $0.int(0) } ?? 0 }
    }
}

/// What was thrown, if it is a refusal of shifts and cover; anything else fails the test.
func coverRefused(_ body: () async throws -> Void) async throws -> CoverRefusal? {
    do {
        try await body()
        return nil
    } catch let refusal as CoverRefusal {
        return refusal
    }
}

@Suite struct BatchTests {
    @Test func eachCaseIsDecidedByItselfAndARepeatChangesNothing() async throws {
        try await District.with { d in
            var ids: [CaseID] = []
            for _ in 0..<3 {
                let id = try await d.report()
                try await d.triage("grid", id)
                ids.append(id)
            }
            let attended = try await d.brought(to: .attended)
            let far = try await d.report(by: "resident2", at: "unit3")
            let paused = try await d.report()
            try await d.triage("grid", paused)
            try await d.act("grid", .suspend(.weather), paused, "下雨")
            let complaint = try await d.report("没人来修", category: 4)
            try await d.triage("grid", complaint, category: 4, about: d.families["property1"])
            let stale = try await d.load(ids[2]).version
            try await d.triage("grid", ids[2])
            let picked =
                [PickedCase(ids[0]), PickedCase(ids[1], version: try await d.load(ids[1]).version)]
                + [PickedCase(ids[2], version: stale)]
                + [attended, far, paused, complaint, ids[0]].map { PickedCase($0) }
            let desk = try await d.actor("desk")
            let batch = try await d.actions.dispatch(picked, to: d.post("steward"), key: "k", by: desk)
            #expect(
                batch.items.map(\.outcome)
                    == [.done, .done, .changed, .outOfOrder, .notFound, .suspended, .notFound])
            #expect(try await d.load(ids[0]).assigneeName == "steward")
            #expect(try await d.load(far).assignee == nil)
            try await d.talliesAgree()
            let rows = try await d.rows()
            let again = try await d.actions.dispatch(picked, to: d.post("steward"), key: "k", by: desk)
            #expect(again.id == batch.id && again.items.map(\.outcome) == batch.items.map(\.outcome))
            #expect(try await d.rows() == rows)
            // The grid officer sees the complaint; the rule keeps it from those whom it is about.
            let grid = try await d.actor("grid")
            let about = try await d.actions.dispatch(
                [PickedCase(complaint)], to: d.post("steward"), key: "k", by: grid)
            #expect(about.items.map(\.outcome) == [.complainedOf])
            // A colleague of another estate takes nothing here.
            let other = try await d.actions.dispatch([PickedCase(ids[2])], to: d.post("desk2"), key: "o", by: grid)
            #expect(other.items.map(\.outcome) == [.cannotTakeIt])
        }
    }

    @Test func whatCannotBeOneFormIsRefusedWhole() async throws {
        try await District.with { d in
            let desk = try await d.actor("desk")
            let id = try await d.report()
            try await d.triage("grid", id)
            func refusal(_ picked: [PickedCase], key: String = "a") async throws -> CoverRefusal? {
                try await coverRefused {
                    _ = try await d.actions.dispatch(picked, to: d.post("steward"), key: key, by: desk)
                }
            }
            #expect(try await refusal([]) == .nothingPicked)
            let many = (1...51).map { PickedCase(CaseID(Int64($0) << 30)) }
            #expect(try await refusal(many) == .tooManyPicked)
            #expect(try await refusal([PickedCase(id)]) == nil)
            #expect(try await refusal([PickedCase(id, version: 1)]) == .keyUsedForOther)
            #expect(
                try await refused {
                    _ = try await d.actions.dispatch([PickedCase(id)], to: PostID(7), key: "b", by: desk)
                } == .badChoice("post"))
            #expect(try await d.count("select count(*) from cases_batch") == 1)
            #expect(PickedCase(text: "\(id.text).12") == PickedCase(id, version: 12))
            for bad in ["", "x", id.text + ".", id.text + ".-1", id.text + ".1.1", id.text + ".9999999999999999"] {
                #expect(PickedCase(text: bad) == nil, "\(bad)")
            }
        }
    }

    @Test func ofTwoDispatchersAtOnceEachCaseHasOne() async throws {
        try await District.with { d in
            var picked: [PickedCase] = []
            for _ in 0..<8 {
                let id = try await d.report()
                try await d.triage("grid", id)
                picked.append(PickedCase(id, version: try await d.load(id).version))
            }
            let (desk, grid, both) = (try await d.actor("desk"), try await d.actor("grid"), picked)
            async let one = d.actions.dispatch(both, to: d.post("steward"), key: "1", by: desk)
            async let two = d.actions.dispatch(both, to: d.post("branch"), key: "2", by: grid)
            let (first, second) = (try await one, try await two)
            for (index, one) in picked.enumerated() {
                let outcomes = [first.items[index].outcome, second.items[index].outcome]
                #expect(outcomes.count { $0 == .done } == 1 && outcomes.count { $0 == .changed } == 1)
                let winner = first.items[index].outcome == .done ? "steward" : "branch"
                #expect(try await d.load(one.id).assigneeName == winner)
            }
            try await d.talliesAgree()
            // The same form, sent four times at once, is one form.
            var fresh: [PickedCase] = []
            for _ in 0..<5 {
                let id = try await d.report()
                try await d.triage("grid", id)
                fresh.append(PickedCase(id))
            }
            let same = fresh
            let batches = try await withThrowingTaskGroup(of: Batch.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await d.actions.dispatch(same, to: d.post("steward"), key: "s", by: grid) }
                }
                return try await group.reduce(into: [Batch]()) { $0.append($1) }
            }
            #expect(Set(batches.map(\.id)).count == 1 && batches.allSatisfy { $0.done == 5 })
            for one in fresh { #expect(try await d.events(one.id).count { $0 == .dispatched } == 1) }
        }
    }
}

@Suite struct LeaveTests {
    @Test func theStandInActsInTheirOwnNameForTheAbsentUntilItEnds() async throws {
        try await District.with { d in
            let early = try await d.brought(to: .dispatched)
            #expect(try await refused { try await d.act("branch", .accept, early) } == .notTheAssignee)
            let id = try await d.leave("steward", standIn: "branch", by: "steward", from: 5)
            // Asked is not approved.
            d.still.advance(minutes: 6)
            #expect(try await refused { try await d.act("branch", .accept, early) } == .notTheAssignee)
            try await d.leaves.decide(id, approve: true, why: "", was: 1, by: try await d.actor("desk"))
            let promise = d.still.now.adding(minutes: 30)
            try await d.act("branch", .accept, early) { $0.promise = promise }
            try await d.act("branch", .attend, early)
            let events = try await d.database.read { try CaseHistoryStore.events(early, $0) }
            let acted = events.filter { !$0.actedFor.isEmpty }
            #expect(acted.map(\.kind) == [.accepted, .attended])
            #expect(acted.allSatisfy { $0.actor == d.person("branch") && $0.actedFor == "steward" })
            #expect(
                try await d.count(
                    """
                    select count(*) from storage_audit where verb = 'case.standIn'
                        and actor_id = \(d.person("branch")) and subject_id = \(id)
                    """) == 2)
            #expect(try await d.messages("resident").last == "“厨房水管漏水”: branch has arrived")
            // The case is still the absent one's, and what is given to them is told to both.
            #expect(try await d.load(early).assigneeName == "steward")
            let next = try await d.report("楼道灯不亮")
            try await d.triage("grid", next, category: 2)
            try await d.dispatch("grid", next, to: "steward")
            #expect(try await d.messages("branch").contains("For you: 楼道灯不亮 (3 号楼 2 单元 502)"))
            #expect(try await d.messages("steward").contains("For you: 楼道灯不亮 (3 号楼 2 单元 502)"))
            // Reminders and escalations too.
            d.still.advance(minutes: 170)
            try await d.clockwork.sweep()
            #expect(try await d.messages("branch").contains { $0.contains("楼道灯不亮") && $0.contains("nearly due") })
            d.still.advance(minutes: 30)
            try await d.clockwork.sweep()
            #expect(try await d.messages("branch").contains { $0.contains("楼道灯不亮") && $0.contains("raised") })
            // By itself it ends.
            d.still.advance(minutes: 400)
            #expect(try await refused { try await d.act("branch", .accept, next) } == .notTheAssignee)
            let told = try await d.messages("branch").count
            let last = try await d.report("阀门漏水")
            try await d.triage("grid", last)
            try await d.dispatch("grid", last, to: "steward")
            #expect(try await d.messages("branch").count == told)
        }
    }

    @Test func onlyTheQueuePassesAndOnlyTheStandInsOwnPostActs() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .dispatched)
            _ = try await d.leave("steward", standIn: "committee", by: "desk")
            // The steward's post may pause and escalate; the committee's may not, and standing in changes nothing.
            #expect(try await refused { try await d.act("committee", .suspend(.weather), id, "雨") } == .notYours)
            #expect(try await refused { try await d.act("committee", .escalate, id, "难") } == .notYours)
            let promise = d.still.now.adding(minutes: 30)
            try await d.act("committee", .accept, id) { $0.promise = promise }
            // Nobody strikes off what they stand in for.
            let facts = CaseFacts(
                id: id, status: .fedBack, suspended: false, kind: .repair, urgency: .normal, level: .estate,
                place: d.area("estate1").path, reporter: nil, joined: [], holder: .property, leadParty: .property,
                assignee: d.person("steward"), assigneeParty: .property, about: nil, round: 1, ratingSettled: true,
                hasPublicText: false, standIn: d.person("approver"))
            #expect(throws: CaseRefusal.ownWork) { try CaseRules.decide(facts, .strikeOff, by: d.asker("approver")) }
            let queues = try await d.database.read { transaction in
                try LeaveStore.standsIn(
                    d.person("committee"), posts: [try #require(d.posts["committee"]).post], at: d.still.now,
                    transaction)
            }
            #expect(queues.map(\.personName) == ["steward"])
        }
    }

    @Test func leaveThatCannotBeIsRefusedByName() async throws {
        try await District.with { d in
            func refusal(
                _ key: String, _ standIn: String, by: String = "desk", from: Int = 0, to: Int = 600
            ) async throws -> CoverRefusal? {
                try await coverRefused { _ = try await d.leave(key, standIn: standIn, by: by, from: from, to: to) }
            }
            #expect(try await refusal("steward", "branch", from: 60, to: 60) == .endsBeforeItBegins)
            #expect(try await refusal("steward", "branch", from: 60, to: 30) == .endsBeforeItBegins)
            #expect(try await refusal("steward", "branch", from: -600, to: -60) == .inThePast)
            #expect(try await refusal("steward", "branch", from: -3 * 1440, to: 60) == .inThePast)
            #expect(try await refusal("steward", "branch", from: 0, to: 367 * 1440) == .tooLong)
            #expect(try await refusal("steward", "steward") == .standInIsSelf)
            // The front desk does not go there; another estate's people have no post here.
            #expect(try await refusal("steward", "desk") == .standInCannot)
            #expect(try await refusal("steward", "desk2") == .standInCannot)
            #expect(try await refusal("steward", "resident") == .standInCannot)
            // Neither a neighbour's desk nor a colleague enters it.
            #expect(try await refusal("steward", "branch", by: "desk2") == .notFound)
            #expect(try await refusal("steward", "branch", by: "branch") == .notFound)
            #expect(try await refusal("steward", "branch", from: -60, to: 600) == nil)
            #expect(try await refusal("steward", "committee", from: 500, to: 900) == .leaveOverlaps)
            #expect(try await refusal("branch", "steward", from: 100, to: 200) == .standInAway)
            #expect(try await refusal("branch", "committee", from: 100, to: 200) == .standsInForOther)
            #expect(try await refusal("committee", "steward", from: 100, to: 200) == .standInAway)
            // Side by side in time is no overlap.
            #expect(try await refusal("steward", "committee", from: 600, to: 900) == nil)
            let kept = try await d.count("select count(*) from directory_leave")
            #expect(kept == 2)
        }
    }

    @Test func ownLeaveIsDecidedByOthersAndDecisionsMeetOnce() async throws {
        try await District.with { d in
            let desk = try await d.actor("desk")
            let own = try await coverRefused {
                let id = try await d.leave("desk", standIn: "grid", by: "desk")
                try await d.leaves.decide(id, approve: true, why: "", was: 1, by: desk)
            }
            #expect(own == .ownLeave)
            let id = try await d.leave("steward", standIn: "branch", by: "steward")
            #expect(try await d.messages("desk").contains { $0.hasPrefix("steward asks for leave") })
            for key in ["desk2", "branch", "grid"] {
                let actor = try await d.actor(key)
                #expect(
                    try await coverRefused {
                        try await d.leaves.decide(id, approve: true, why: "", was: 1, by: actor)
                    } == .notFound, "\(key)")
            }
            #expect(
                try await coverRefused { try await d.leaves.decide(id, approve: false, why: "", was: 1, by: desk) }
                    == .badWords("why"))
            let outcomes = try await withThrowingTaskGroup(of: CoverRefusal?.self) { group in
                for approve in [true, false, true, false] {
                    group.addTask {
                        try await coverRefused {
                            try await d.leaves.decide(id, approve: approve, why: "人手", was: 1, by: desk)
                        }
                    }
                }
                return try await group.reduce(into: [CoverRefusal?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1 && outcomes.count { $0 == .changedMeanwhile } == 3)
            #expect(
                try await d.count("select count(*) from storage_audit where verb in ('leave.approve', 'leave.refuse')")
                    == 1)
        }
    }

    @Test func twoWhoNameEachOtherAtOnceMakeNoCircle() async throws {
        try await District.with { d in
            let outcomes = try await withThrowingTaskGroup(of: CoverRefusal?.self) { group in
                for (one, other) in [("steward", "branch"), ("branch", "steward"), ("steward", "branch")] {
                    group.addTask {
                        try await coverRefused { _ = try await d.leave(one, standIn: other, by: "desk") }
                    }
                }
                return try await group.reduce(into: [CoverRefusal?]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1, "\(outcomes)")
            #expect(try await d.count("select count(*) from directory_leave") == 1)
        }
    }

    @Test func aStandInWhoLeavesThePostStandsInNoMore() async throws {
        try await District.with { d in
            let id = try await d.brought(to: .dispatched)
            _ = try await d.leave("steward", standIn: "branch", by: "desk")
            let (post, day) = (d.post("branch"), Zone.shanghai.day(of: d.still.now).adding(-1))
            try await d.database.write {
                try $0.run("update directory_post set to_day = \(day) where id = \(post)")
            }
            #expect(try await refused { try await d.act("branch", .accept, id) } == .notTheAssignee)
            let before = try await d.messages("branch").count
            let next = try await d.report("楼道灯不亮")
            try await d.triage("grid", next, category: 2)
            try await d.dispatch("grid", next, to: "steward")
            #expect(try await d.messages("branch").count == before)
            // Those who dispatch there hear of what nobody sees to.
            #expect(try await d.messages("desk").contains("For you: 楼道灯不亮 (3 号楼 2 单元 502)"))
        }
    }

    @Test func leaveIsCalledOffOrEndedAndNothingAfterwards() async throws {
        try await District.with { d in
            let steward = try await d.actor("steward")
            let later = try await d.leave("steward", standIn: "branch", by: "steward", from: 60, to: 120)
            try await d.leaves.end(later, why: "好了", was: 1, by: steward)
            #expect(
                try await coverRefused { try await d.leaves.end(later, why: "好了", was: 2, by: steward) } == .leaveOver)
            let now = try await d.leave("steward", standIn: "branch", by: "desk")
            d.still.advance(minutes: 5)
            #expect(
                try await coverRefused {
                    try await d.leaves.end(now, why: "好了", was: 1, by: try await d.actor("branch"))
                } == .notFound)
            try await d.leaves.end(now, why: "提前回来", was: 1, by: steward)
            let id = try await d.brought(to: .dispatched)
            #expect(try await refused { try await d.act("branch", .accept, id) } == .notTheAssignee)
            let kept = try #require(try await d.database.read { try LeaveStore.load(now, $0) })
            #expect(kept.status == .approved && kept.to == District.start.adding(minutes: 5))
        }
    }
}

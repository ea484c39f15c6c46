import Cases
import Directory
import Foundation
import Kernel
import Storage
import StorageTesting
import Testing

@testable import Insight
@testable import Server

/// The read model of the screens: it says what the cases say, whatever happens to the events on their way.
@Suite struct InsightTests {
    // MARK: Tools

    /// The events go through the live updates to the model, as a server hands them on.
    static func handOn(_ h: TestHouse) async throws {
        try await h.house.database.write { transaction in
            while true {
                let events = try Outbox().take("live", limit: 500, transaction)
                guard !events.isEmpty else { return }
                try Outbox().pass(events, to: InsightStore.consumer, transaction)
            }
        }
    }

    static func settle(_ h: TestHouse) async throws {
        try await handOn(h)
        while try await h.house.insight.projection.walk() {}
        while try await h.house.insight.projection.step() != .nothing {}
        h.house.insight.keep.forget()
    }

    private static func agree(_ h: TestHouse, _ comment: Comment) async throws {
        let found = try await h.house.insight.projection.check()
        #expect(found.isNone && !found.waiting && !found.isWalking, "\(comment): \(found)")
    }

    /// Counted from the cases' own tables, without any of the model's code: by path what stands open in each queue, and
    /// by path and day the steps and promises.
    private struct Plain: Equatable {
        var open: [String: Int64] = [:]
        var days: [String: Int64] = [:]
        /// Now: overdue, soon, pending today.
        var overdue: Int64 = 0
        var soon: Int64 = 0
        var pending: Int64 = 0
        var brokenToday: Int64 = 0
    }

    private static func plain(_ h: TestHouse, now: Instant, from: Day) async throws -> Plain {
        try await h.house.database.read { transaction in
            var plain = Plain()
            let today = Zone.shanghai.day(of: now)
            let cases = try transaction.query("select id, path, queue, status from cases_case") {
                (try $0.int(0), try $0.text(1), try $0.int(2), try $0.int(3))
            }
            var place: [Int64: (path: String, status: Int64)] = [:]
            for (id, path, queue, status) in cases {
                place[id] = (path, status)
                if queue != 0, queue != 7 { plain.open["\(path) \(queue)", default: 0] += 1 }
            }
            for (id, kind, at) in try transaction.query(
                "select case_id, kind, at_ms from cases_event where kind in (1, 5, 6, 7, 11)",
                { (try $0.int(0), try $0.int(1), try $0.instant(2)) })
            {
                let day = Zone.shanghai.day(of: at)
                guard day >= from, let path = place[id]?.path else { continue }
                plain.days["\(path) \(day) step \(kind)", default: 0] += 1
            }
            for (id, kind, due, warn, stopped, kept) in try transaction.query(
                "select case_id, kind, due_ms, warn_ms, stopped_ms, kept from cases_clock",
                { row in
                    (
                        try row.int(0), try row.int(1), try row.optionalInstant(2), try row.optionalInstant(3),
                        try row.optionalInstant(4), try row.isNull(5) ? nil : row.flag(5)
                    )
                })
            {
                guard let one = place[id] else { continue }
                if let stopped {
                    let day: Day
                    switch kept {
                    case true?: day = Zone.shanghai.day(of: stopped)
                    case false?:
                        guard let due else { continue }
                        day = Zone.shanghai.day(of: Instant(ms: due.ms - 1))
                    case nil: continue
                    }
                    if day >= from {
                        plain.days["\(one.path) \(day) \(kept == true ? "kept" : "broken") \(kind)", default: 0] += 1
                    }
                    if kept == false, day == today { plain.brokenToday += 1 }
                } else if let due, one.status <= 6 {
                    let day = Zone.shanghai.day(of: Instant(ms: due.ms - 1))
                    if day >= from { plain.days["\(one.path) \(day) due \(kind)", default: 0] += 1 }
                    if now > due {
                        plain.overdue += 1
                        if day == today { plain.brokenToday += 1 }
                    } else {
                        if let warn, warn <= now { plain.soon += 1 }
                        if day == today { plain.pending += 1 }
                    }
                }
            }
            return plain
        }
    }

    private static func kept(_ h: TestHouse, now: Instant, from: Day) async throws -> Plain {
        try await h.house.database.read { transaction in
            var plain = Plain()
            for row in try transaction.query(
                """
                select path, intake, dispatch, handling, feedback, rating, strike_off, paused from insight_open
                """, { row in (try row.text(0), try (1...7).map { try row.int($0) }) })
            {
                for (index, n) in row.1.enumerated() where n != 0 {
                    plain.open["\(row.0) \([1, 2, 3, 4, 5, 6, 8][index])", default: 0] += n
                }
            }
            let names = [
                "step 1", "step 5", "step 6", "step 7", "step 11", "kept 1", "kept 2", "kept 3", "broken 1", "broken 2",
                "broken 3", "due 1", "due 2", "due 3",
            ]
            for row in try transaction.query(
                "select path, day, \(InsightStore.dayColumns) from insight_day where day >= \(from)",
                { row in (try row.text(0), try row.day(1), try (2..<16).map { try row.int($0) }) })
            {
                for (index, n) in row.2.enumerated() where n != 0 {
                    plain.days["\(row.0) \(row.1) \(names[index])", default: 0] += n
                }
            }
            return plain
        }
    }

    /// One random step of somebody; refusals are part of the play.
    private static func step(_ h: TestHouse, _ id: CaseID, _ random: inout SeededRandom) async throws {
        let logins = ["grid", "steward", "approver", "street", "resident", "moderator", "district"]
        let who = logins.randomElement(using: &random) ?? "grid"
        let pick = Int.random(in: 0..<16, using: &random)
        let actor = try await h.actor(h.program(who))
        let day = Zone.shanghai.day(of: h.still.now)
        guard let person = actor.person,
            let c = try await h.house.database.read({ try CaseStore.load(id, $0) })
        else { return }
        var input = ActionInput()
        input.words = "看过了"
        let kinds = try await h.house.database.read { try CaseHistoryStore.categories($0) }
        let command: CaseCommand
        switch pick {
        case 0, 1:
            let kind = kinds.filter { $0.kind != .complaint }.randomElement(using: &random) ?? kinds[0]
            command = .triage(
                .init(
                    category: kind, urgency: [.normal, .urgent].randomElement(using: &random) ?? .normal,
                    level: .estate,
                    lead: kind.party, about: nil))
        case 2, 3:
            let found = try await h.house.database.read {
                try DirectoryStore.colleagues(at: c.place.path, may: .caseAttend, on: day, $0)
            }
            guard let target = found.randomElement(using: &random) else { return }
            input.target = target
            command = .dispatch(
                to: .init(
                    person: target.person, party: target.party, family: target.family, mayAttend: true))
        case 4, 5: command = .attend
        case 6, 7: command = .handle
        case 8: command = .feedBack
        case 9: command = .rate(score: Int.random(in: 1...5, using: &random))
        case 10: command = .strikeOff
        case 11: command = .suspend(.weather)
        case 12: command = .resume
        case 13: command = .escalate
        case 14: command = .reopen
        default: command = Bool.random(using: &random) ? .returnIt : .withdraw
        }
        let asker: CaseAsker
        if let verb = command.verb {
            guard let post = actor.post(for: verb, at: c.place.path) else { return }
            asker = .post(post, person)
        } else {
            asker = .resident(person)
        }
        do {
            try await h.house.cases.actions.perform(
                command, on: id, by: asker, name: actor.name, input: input)
        } catch is CaseRefusal {}
    }

    // MARK: The model

    @Test func afterRandomHistoriesTheModelSaysWhatTheCasesSay() async throws {
        try await TestHouse.with { h in
            try await Self.settle(h)
            try await Self.agree(h, "demo")
            var random = SeededRandom(seed: 87)
            let guihua = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            let xinglong = try await h.area("1 号楼", under: try await h.area("兴隆花园"))
            var ids: [CaseID] = []
            for round in 0..<60 {
                // Nine days pass, so midnight comes by many times.
                h.still.advance(minutes: Int.random(in: 0...430, using: &random))
                let place = round % 3 == 0 ? (xinglong, "resident3") : (guihua, "resident")
                let words = ["水管漏水", "灯不亮", "没人来修", "邻居吵"].randomElement(using: &random) ?? "灯不亮"
                ids.append(try await h.report(words, by: place.1, at: place.0, key: "r\(round)"))
                for _ in 0..<Int.random(in: 1...14, using: &random) {
                    h.still.advance(minutes: Int.random(in: 0...60, using: &random))
                    guard let id = ids.suffix(8).randomElement(using: &random) else { continue }
                    try await Self.step(h, id, &random)
                }
                try await h.house.cases.clockwork.sweep()
                try await Self.handOn(h)
                // Sometimes events wait, sometimes they come again, sometimes in parts.
                switch round % 4 {
                case 0: continue
                case 1: _ = try await h.house.insight.projection.step(events: 3)
                case 2:
                    try await h.house.database.write { transaction in
                        try transaction.run(
                            """
                            update storage_outbox set done_ms = null where consumer = 'insight' and id % 3 = 0
                            """)
                    }
                    while try await h.house.insight.projection.step(events: 7) != .nothing {}
                default: while try await h.house.insight.projection.step() != .nothing {}
                }
            }
            try await Self.settle(h)
            try await Self.agree(h, "played")
            let now = h.still.now
            let from = FactRules.horizon(now)
            var expected = try await Self.plain(h, now: now, from: from)
            let found = try await Self.kept(h, now: now, from: from)
            #expect(found.open == expected.open)
            #expect(found.days == expected.days)
            #expect(expected.days.count > 40 && expected.open.count > 5)
            // What time alone changes, at other moments too, without an event.
            let street = try await h.actor(h.program("district"))
            for minutes in [0, 61, 200, 24 * 60, 3 * 24 * 60] {
                h.still.now = now.adding(minutes: minutes)
                expected = try await Self.plain(h, now: h.still.now, from: from)
                h.house.insight.keep.forget()
                let reach = try await h.house.insight.reach(nil, street).reach
                let model = try await h.house.insight.model(reach)
                #expect(model.sums.pressing.overdue == expected.overdue, "\(minutes)")
                #expect(model.sums.pressing.soon == expected.soon, "\(minutes)")
                #expect(model.sums.pending == expected.pending, "\(minutes)")
                #expect(model.sums.broken == expected.brokenToday, "\(minutes)")
            }
            #expect(expected.overdue > 0)
        }
    }

    @Test func twoServersCountEachEventOnce() async throws {
        try await TestHouse.with { h in
            try await Self.handOn(h)
            let other = Projection(database: h.house.database, world: h.house.world)
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            for index in 0..<30 {
                _ = try await h.report("灯不亮 \(index)", by: "resident", at: home, key: "t\(index)")
            }
            try await Self.handOn(h)
            let steps = try await withThrowingTaskGroup(of: Int.self) { group in
                for one in [h.house.insight.projection, other, h.house.insight.projection, other] {
                    group.addTask {
                        var taken = 0
                        while true {
                            let step = try await one.step(events: 4)
                            if step == .nothing {
                                if try await !one.walk(cases: 3) { return taken }
                            } else if step != .overtaken {
                                taken += 1
                            }
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(steps > 3)
            try await Self.agree(h, "two servers")
        }
    }

    /// A server that is killed after it has worked and before its transaction is kept.
    private struct CutDatabase: Database {
        struct Cut: Error {}
        let inner: any Database
        var engine: Engine { inner.engine }
        func read<T: Sendable>(
            _ body: @escaping @Sendable (any ReadTransaction) throws -> T
        ) async throws -> T { try await inner.read(body) }
        func write<T: Sendable>(
            _ body: @escaping @Sendable (any WriteTransaction) throws -> T
        ) async throws -> T {
            try await inner.write { transaction in
                _ = try body(transaction)
                throw Cut()
            }
        }
        func exclusively<T: Sendable>(
            _ body: @escaping @Sendable (any WriteTransaction) throws -> T
        ) async throws -> T { try await inner.exclusively(body) }
        func close() async throws {}
    }

    @Test func aServerThatIsKilledBetweenTheNumbersAndTheMarkHasDoneNothing() async throws {
        try await TestHouse.with { h in
            try await Self.settle(h)
            let home = try await h.area("3 号楼", under: try await h.area("桂花苑"))
            _ = try await h.report("灯不亮", by: "resident", at: home, key: "k")
            try await Self.handOn(h)
            let cut = Projection(database: CutDatabase(inner: h.house.database), world: h.house.world)
            let before = try await Self.kept(h, now: h.still.now, from: FactRules.horizon(h.still.now))
            await #expect(throws: CutDatabase.Cut.self) { _ = try await cut.step() }
            #expect(try await Self.kept(h, now: h.still.now, from: FactRules.horizon(h.still.now)) == before)
            #expect(try await h.house.insight.projection.check().waiting)
            #expect(try await h.house.insight.projection.step() != .nothing)
            try await Self.agree(h, "after the cut")
            let after = try await Self.kept(h, now: h.still.now, from: FactRules.horizon(h.still.now))
            #expect(after != before)
        }
    }

    @Test func aHouseThatIsOlderThanTheModelIsWalkedThrough() async throws {
        try await TestHouse.with { h in
            // Nothing has been told yet: the walk alone finds everything, in small steps that others interrupt.
            #expect(try await h.house.insight.projection.walk(cases: 3))
            try await Self.handOn(h)
            while try await h.house.insight.projection.walk(cases: 3) {
                _ = try await h.house.insight.projection.step(events: 2)
            }
            try await Self.settle(h)
            try await Self.agree(h, "walked")
            let full = try await Self.kept(h, now: h.still.now, from: FactRules.horizon(h.still.now))
            // A count that is wrong is seen, and made right.
            try await h.house.database.write { transaction in
                try transaction.run("update insight_open set intake = intake + 1")
                try transaction.run("delete from insight_fact where kind = 8")
            }
            let wrong = try await h.house.insight.projection.check()
            #expect(wrong.facts > 0 && wrong.counts > 0)
            try await h.house.insight.projection.again()
            while try await h.house.insight.projection.walk(cases: 5) {}
            try await Self.agree(h, "rebuilt")
            #expect(try await Self.kept(h, now: h.still.now, from: FactRules.horizon(h.still.now)) == full)
        }
    }

    @Test func singleFactsGoAndTheirCountsStay() async throws {
        try await TestHouse.with { h in
            try await Self.settle(h)
            let old = try await Self.kept(h, now: h.still.now, from: FactRules.horizon(h.still.now))
            let day = Zone.shanghai.day(of: h.still.now)
            h.still.advance(ms: 40 * Instant.dayMs)
            #expect(try await h.house.insight.projection.prune() > 10)
            // What runs is kept however old it is, and counts as late when it stops.
            let facts = try await h.house.database.read {
                try $0.query("select distinct kind from insight_fact order by kind") { try $0.int(0) }
            }
            #expect(facts == [8, 9])
            #expect(try await Self.kept(h, now: h.still.now, from: day.adding(-20)).days == old.days)
            let actor = try await h.actor(h.program("district"))
            let open = try await h.house.database.read {
                try $0.query("select id from cases_case where status in (1, 2, 3) and not suspended order by id") {
                    try $0.id(0, CaseTag.self)
                }
            }
            var random = SeededRandom(seed: 3)
            for id in open { for _ in 0..<25 { try await Self.step(h, id, &random) } }
            _ = actor
            try await Self.settle(h)
            try await Self.agree(h, "forty days later")
            // Nothing was counted twice: what was broken then is broken then, in whatever state its clock is.
            let late = try await Self.kept(h, now: h.still.now, from: day.adding(-20))
            for (key, n) in old.days where key.contains(" step ") { #expect(late.days[key] == n, "\(key)") }
        }
    }
}

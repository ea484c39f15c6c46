import Kernel
import Testing

@testable import Cases

/// Who asks in the table.
private enum Kind: CaseIterable {
    case postWithVerb, postWithoutVerb, postElsewhere, reporter, joined, stranger, codeHolder, clock
}

/// One line of the table: what the product promises, written down apart from the rules.
private struct Line: Sendable {
    let name: String
    let command: CaseCommand
    /// A role that may do it, and so a post that carries the verb.
    let role: Role?
    let statuses: Set<CaseStatus>
    let suspended: Bool
    let askers: Set<Kind>
}

private let leak = Category(
    id: CategoryID(1), code: "leak", kind: .repair, zh: "z", en: "e", party: .property, urgency: .normal, hints: "",
    fastLane: false)
private let slow = Category(
    id: CategoryID(2), code: "slow", kind: .complaint, zh: "z", en: "e", party: .community, urgency: .normal, hints: "",
    fastLane: false)

private func triage(_ category: Category, about: OrganisationID?) -> CaseCommand {
    .triage(.init(category: category, urgency: .normal, level: .estate, lead: .property, about: about))
}

private func dispatch(family: Int64 = 700, mayAttend: Bool = true) -> CaseCommand {
    .dispatch(to: .init(person: worker, party: .property, family: OrganisationID(family), mayAttend: mayAttend))
}

private let place = AreaPath("a/b/c/d/")
private let elsewhere = AreaPath("a/b/c/e/")
private let reporter = PersonID(1)
private let neighbour = PersonID(2)
private let stranger = PersonID(3)
private let worker = PersonID(4)
private let other = PersonID(5)

private let open: Set<CaseStatus> = [.reported, .triaged, .dispatched, .attended, .handled, .fedBack]
private let staff: Set<Kind> = [.postWithVerb]
private let theirs: Set<Kind> = [.reporter]

private let table: [Line] = [
    Line(
        name: "triage", command: triage(leak, about: nil), role: .grid, statuses: [.reported, .triaged],
        suspended: false, askers: staff),
    Line(
        name: "dispatch", command: dispatch(), role: .desk, statuses: [.triaged, .dispatched], suspended: false,
        askers: staff),
    Line(name: "accept", command: .accept, role: .steward, statuses: [.dispatched], suspended: false, askers: staff),
    Line(name: "attend", command: .attend, role: .steward, statuses: [.dispatched], suspended: false, askers: staff),
    Line(name: "handle", command: .handle, role: .department, statuses: [.attended], suspended: false, askers: staff),
    Line(name: "feedBack", command: .feedBack, role: .desk, statuses: [.handled], suspended: false, askers: staff),
    Line(
        name: "rate", command: .rate(score: 5), role: nil, statuses: [.fedBack], suspended: false,
        askers: [.reporter, .joined]),
    Line(
        name: "settleUnrated", command: .settleUnrated, role: nil, statuses: [.fedBack], suspended: false,
        askers: [.clock]),
    Line(
        name: "reopen", command: .reopen, role: nil, statuses: [.fedBack, .returned], suspended: false, askers: theirs),
    Line(
        name: "strikeOff", command: .strikeOff, role: .approver, statuses: [.fedBack], suspended: false, askers: staff),
    Line(name: "publish", command: .publish, role: .moderator, statuses: [.struckOff], suspended: false, askers: staff),
    Line(
        name: "unpublish", command: .unpublish, role: .moderator, statuses: [.published], suspended: false,
        askers: staff),
    Line(
        name: "suspend", command: .suspend(.weather), role: .steward, statuses: [.triaged, .dispatched, .attended],
        suspended: false, askers: staff),
    Line(
        name: "resume", command: .resume, role: .grid, statuses: [.triaged, .dispatched, .attended], suspended: true,
        askers: staff),
    Line(
        name: "escalate", command: .escalate, role: .approver,
        statuses: [.reported, .triaged, .dispatched, .attended, .handled], suspended: true, askers: staff),
    Line(
        name: "escalateByClock", command: .escalateByClock, role: nil,
        statuses: [.reported, .triaged, .dispatched, .attended, .handled], suspended: false, askers: [.clock]),
    Line(
        name: "merge", command: .merge, role: .approver, statuses: [.reported, .triaged, .dispatched], suspended: false,
        askers: staff),
    Line(
        name: "returnIt", command: .returnIt, role: .desk, statuses: [.reported, .triaged], suspended: false,
        askers: staff),
    Line(
        name: "withdraw", command: .withdraw, role: nil, statuses: [.reported, .triaged, .dispatched, .attended],
        suspended: true, askers: theirs),
    Line(
        name: "join", command: .join, role: nil, statuses: [.reported, .triaged, .dispatched, .attended, .handled],
        suspended: true, askers: [.reporter, .joined, .stranger]),
    Line(
        name: "note", command: .note, role: .moderator, statuses: open, suspended: true,
        askers: [.postWithVerb, .reporter]),
]

private func post(_ role: Role, at path: AreaPath = place, family: Int64 = 900) -> Post {
    Post(
        id: PostID(9), role: role, organisation: OrganisationID(family), family: OrganisationID(family),
        party: .community, area: path.ids.last ?? AreaID(1), level: .estate, path: path, title: "")
}

private func facts(_ status: CaseStatus, suspended: Bool = false) -> CaseFacts {
    CaseFacts(
        id: CaseID(77), status: status, suspended: suspended, kind: .repair, urgency: .normal, level: .estate,
        place: place, reporter: reporter, joined: [neighbour], holder: .property, leadParty: .property,
        assignee: worker, assigneeParty: .property, about: nil, round: 1, ratingSettled: true, hasPublicText: true)
}

private func asker(_ kind: Kind, _ line: Line) -> CaseAsker {
    let person = ["accept", "attend", "handle"].contains(line.name) ? worker : other
    switch kind {
    case .postWithVerb: return .post(post(line.role ?? .district), person)
    case .postWithoutVerb: return .post(post(.auditor), person)
    case .postElsewhere: return .post(post(line.role ?? .district, at: elsewhere), person)
    case .reporter: return .resident(reporter)
    case .joined: return .resident(neighbour)
    case .stranger: return .resident(stranger)
    case .codeHolder: return .codeHolder
    case .clock: return .clock
    }
}

private func refusal(_ facts: CaseFacts, _ command: CaseCommand, _ asker: CaseAsker) -> CaseRefusal? {
    do throws(CaseRefusal) {
        _ = try CaseRules.decide(facts, command, by: asker)
        return nil
    } catch {
        return error
    }
}

@Suite struct CaseRulesTests {
    @Test func exactlyWhatTheTableSaysIsAllowedAndTheRestIsRefusedByName() {
        var allowed = 0
        for line in table {
            for status in CaseStatus.allCases {
                for suspended in [false, true] {
                    for kind in Kind.allCases {
                        var facts = facts(status, suspended: suspended)
                        facts.ratingSettled = line.name != "settleUnrated"
                        let expected: CaseRefusal? =
                            !line.askers.contains(kind)
                            ? .notYours
                            : !line.statuses.contains(status)
                                ? .outOfOrder(command: line.name, status: status)
                                : suspended && !line.suspended
                                    ? .suspended : line.name == "resume" && !suspended ? .notSuspended : nil
                        let found = refusal(facts, line.command, asker(kind, line))
                        #expect(found == expected, "\(line.name) \(status) suspended \(suspended) by \(kind)")
                        if found == nil { allowed += 1 }
                    }
                }
            }
        }
        #expect(allowed > 60)
        #expect(Set(table.map(\.name)).count == 21)
    }

    @Test func everyStatusLeadsWhereTheLoopSays() throws {
        let after: [String: CaseStatus] = [
            "triage": .triaged, "dispatch": .dispatched, "attend": .attended, "handle": .handled, "feedBack": .fedBack,
            "strikeOff": .struckOff, "publish": .published, "unpublish": .struckOff, "escalate": .triaged,
            "merge": .merged, "returnIt": .returned, "withdraw": .withdrawn,
        ]
        for line in table {
            for status in line.statuses {
                var facts = facts(status, suspended: line.name == "resume")
                facts.ratingSettled = line.name != "settleUnrated"
                let kind: Kind =
                    line.askers.contains(.postWithVerb)
                    ? .postWithVerb : line.askers.contains(.reporter) ? .reporter : .clock
                let change = try CaseRules.decide(facts, line.command, by: asker(kind, line))
                let expected =
                    line.name == "reopen" ? (status == .returned ? .reported : .triaged) : after[line.name] ?? status
                #expect(change.status == expected, "\(line.name) from \(status)")
                #expect(change.suspended == (line.name == "suspend"))
                #expect(change.newRound == (line.name == "reopen"))
            }
        }
    }

    @Test func aCodeStandsForTheReporterOfAnAnonymousCaseOnly() {
        for (name, command, status) in [
            ("rate", CaseCommand.rate(score: 4), CaseStatus.fedBack), ("reopen", .reopen, .fedBack),
            ("withdraw", .withdraw, .reported), ("note", .note, .handled),
        ] {
            var anonymous = facts(status)
            anonymous.reporter = nil
            #expect(refusal(anonymous, command, .codeHolder) == nil, "\(name)")
            #expect(refusal(facts(status), command, .codeHolder) == .notYours, "\(name)")
            #expect(refusal(anonymous, command, .resident(stranger)) == .notYours, "\(name)")
        }
    }

    @Test func aComplaintNeverReachesTheFamilyThatItIsAbout() {
        for line in table where line.role != nil {
            for status in line.statuses {
                var about = facts(status)
                about.kind = .complaint
                about.about = OrganisationID(900)
                let post = post(line.role ?? .district, family: 900)
                #expect(refusal(about, line.command, .post(post, worker)) == .notFound, "\(line.name)")
            }
        }
        var about = facts(.triaged)
        about.about = OrganisationID(700)
        let grid = CaseAsker.post(post(.grid), other)
        #expect(refusal(about, dispatch(family: 700), grid) == .dispatchToTheComplainedOf)
        #expect(refusal(about, dispatch(family: 701), grid) == nil)
    }

    @Test func onlyComplaintsNameSomebodyAndTheyAlwaysDo() {
        let grid = CaseAsker.post(post(.grid), other)
        #expect(refusal(facts(.reported), triage(slow, about: nil), grid) == .complaintAboutNobody)
        #expect(refusal(facts(.reported), triage(slow, about: OrganisationID(5)), grid) == nil)
        #expect(
            refusal(facts(.reported), triage(leak, about: OrganisationID(5)), grid) == .onlyComplaintsNameSomebody)
    }

    @Test func workGoesToThoseWhoMayDoIt() {
        let desk = CaseAsker.post(post(.desk), other)
        #expect(refusal(facts(.triaged), dispatch(mayAttend: false), desk) == .cannotTakeIt)
        #expect(refusal(facts(.dispatched), .accept, .post(post(.steward), other)) == .notTheAssignee)
        // Whoever is there first attends, also in place of another.
        #expect(refusal(facts(.dispatched), .attend, .post(post(.steward), other)) == nil)
    }

    @Test func strikingOffNeedsAnAnswerAndIsNeverOnesOwnWork() {
        var waiting = facts(.fedBack)
        waiting.ratingSettled = false
        let approver = CaseAsker.post(post(.approver), other)
        #expect(refusal(waiting, .strikeOff, approver) == .strikeOffWithoutAnswer)
        #expect(refusal(facts(.fedBack), .strikeOff, .post(post(.street), worker)) == .ownWork)
        var helped = facts(.fedBack)
        helped.workers = [other]
        #expect(refusal(helped, .strikeOff, .post(post(.street), other)) == .ownWork)
        #expect(refusal(helped, .strikeOff, .post(post(.street), stranger)) == nil)
    }

    @Test func disputesAreNeverPublishedAndNothingWithoutAText() {
        let moderator = CaseAsker.post(post(.moderator), other)
        var dispute = facts(.struckOff)
        dispute.kind = .dispute
        #expect(refusal(dispute, .publish, moderator) == .disputesAreNotPublished)
        var silent = facts(.struckOff)
        silent.hasPublicText = false
        #expect(refusal(silent, .publish, moderator) == .publishWithoutText)
    }

    @Test func scoresAreOneToFiveAndOnceSettledStaySettled() {
        for score in [Int.min, -1, 0, 6, Int.max] {
            #expect(refusal(facts(.fedBack), .rate(score: score), .resident(reporter)) == .badScore)
        }
        for score in 1...5 { #expect(refusal(facts(.fedBack), .rate(score: score), .resident(reporter)) == nil) }
        #expect(refusal(facts(.fedBack), .settleUnrated, .clock) == .alreadyRated)
    }

    @Test func aMatterRisesOneLevelAtATimeToTheDistrict() throws {
        let ladder: [(AreaLevel, AreaLevel?)] = [
            (.unit, .community), (.building, .community), (.estate, .community), (.community, .street),
            (.street, .district), (.district, nil), (.city, nil), (.province, nil),
        ]
        #expect(ladder.count == AreaLevel.allCases.count)
        for (level, next) in ladder {
            var facts = facts(.dispatched)
            facts.level = level
            let asker = CaseAsker.post(post(.steward), worker)
            if let next {
                let change = try CaseRules.decide(facts, .escalate, by: asker)
                #expect(change.level == next && change.status == .triaged && change.clearsAssignee)
                #expect(change.holder == (next == .community ? .community : .department))
                // By the clock the work goes on where it is.
                let byClock = try CaseRules.decide(facts, .escalateByClock, by: .clock)
                #expect(byClock.level == next && byClock.status == .dispatched && !byClock.clearsAssignee)
            } else {
                #expect(refusal(facts, .escalate, asker) == .noHigherLevel)
                #expect(refusal(facts, .escalateByClock, .clock) == .noHigherLevel)
            }
        }
    }

    @Test func everyStatusHasItsQueue() {
        let expected: [CaseStatus: CaseQueue] = [
            .reported: .intake, .triaged: .dispatch, .dispatched: .handling, .attended: .handling, .handled: .feedback,
            .fedBack: .rating, .struckOff: .publication, .published: .none, .merged: .none, .returned: .none,
            .withdrawn: .none,
        ]
        for status in CaseStatus.allCases {
            func queue(_ suspended: Bool = false, _ settled: Bool = false, _ kind: CategoryKind = .repair) -> CaseQueue
            {
                CaseRules.queue(status, suspended: suspended, ratingSettled: settled, kind: kind)
            }
            #expect(queue() == expected[status])
            #expect(queue(true) == .paused)
            #expect(queue(false, true) == (status == .fedBack ? .strikeOff : expected[status]))
            #expect(queue(false, false, .dispute) == (status == .struckOff ? CaseQueue.none : expected[status]))
        }
    }

    @Test func theMostSpecificPolicyWinsAreaFirst() throws {
        var rows: [Policy] = []
        // Every combination of general and specific; the id tells how specific: area, category, kind, urgency.
        for bits in 0..<16 {
            let row = Policy(
                id: Int64(bits), category: bits & 4 == 0 ? 0 : 1, area: bits & 8 == 0 ? 0 : 40,
                urgency: bits & 1 == 0 ? 0 : 2, kind: bits & 2 == 0 ? 0 : 1, attendMinutes: 1, handleMinutes: 1,
                feedbackWorkdays: 1, source: "", version: 1)
            rows.append(row)
        }
        var left = rows.shuffledBySeed(5)
        for bits in (0..<16).reversed() {
            let found = Policy.choose(left, category: leak, areas: [10, 20, 30, 40], urgency: .urgent)
            #expect(found?.id == Int64(bits))
            left.removeAll { $0.id == Int64(bits) }
        }
        #expect(Policy.choose([], category: leak, areas: [], urgency: .normal) == nil)
        let strange = Policy(
            id: 1, category: 9, area: 0, urgency: 0, kind: 0, attendMinutes: 1, handleMinutes: 1, feedbackWorkdays: 1,
            source: "", version: 1)
        #expect(Policy.choose([strange], category: leak, areas: [], urgency: .normal) == nil)
    }

    @Test func theDeeperAreaAndTheNewerOfEqualsWin() {
        func row(_ id: Int64, area: Int64, version: Int64) -> Policy {
            Policy(
                id: id, category: 0, area: area, urgency: 0, kind: 0, attendMinutes: 1, handleMinutes: 1,
                feedbackWorkdays: 1, source: "", version: version)
        }
        let rows = [row(1, area: 10, version: 9), row(2, area: 40, version: 1), row(3, area: 40, version: 2)]
        #expect(Policy.choose(rows, category: leak, areas: [10, 20, 30, 40], urgency: .normal)?.id == 3)
        #expect(Policy.choose(rows, category: leak, areas: [10, 20, 30, 41], urgency: .normal)?.id == 1)
        #expect(Policy.choose(rows, category: leak, areas: [11], urgency: .normal) == nil)
    }

    @Test func traceStepsComeBackAsTheyWere() throws {
        var random = SeededRandom(seed: 11)
        for kind in CaseEventKind.allCases {
            for party in Party.allCases {
                for holder in Party.allCases {
                    let seconds = Int64.random(in: -1_000_000...6_000_000_000, using: &random)
                    let step = TraceStep(
                        at: Instant(ms: 1_577_836_800_000 + seconds * 1000), kind: kind, party: party, holder: holder)
                    #expect(TraceStep.parse(step.text) == [step])
                }
            }
        }
        for broken in [
            "", ".", "1.1", "1.1.1", "1.1.99", "1.1.111", "x!.1.11", "-.1.11", "zzzzzzzzzz.1.11", "1.zz.11",
            "1.1.1\u{4E00}",
        ] {
            #expect(TraceStep.parse(broken).isEmpty, "\(broken)")
        }
    }

    @Test func aTraceKeepsItsFirstAndItsLastSixtySteps() {
        var text = ""
        let start = Instant(ms: 1_577_836_800_000)
        for index in 0..<200 {
            text = TraceStep.join(
                text, TraceStep(at: start.adding(minutes: index), kind: .noted, party: .property, holder: .resident))
        }
        let steps = TraceStep.parse(text)
        #expect(steps.count == 61)
        #expect(steps.first?.at == start)
        #expect(steps.dropFirst().map(\.at) == (140..<200).map { start.adding(minutes: $0) })
        #expect(TraceStep.parse("junk \(text) junk").count == 61)
    }

    @Test func doorsAreNoticedHoweverTheyAreWritten() {
        func names(_ text: String, unit: String = "2 单元 502", words: String = "", building: String = "3 号楼") -> Bool {
            PublicTextRules.namesDoor([text], unit: unit, words: words, building: building)
        }
        for text in [
            "2 单元 502", "2单元502室", "3号楼502", "住 502 的", "5号楼2单元 502", "二单元五〇二室换了", "五零二住户", "五百零二",
            "２单元５０２", "５０２",
        ] { #expect(names(text), "\(text)") }
        for text in ["3 号楼", "2 单元", "5 楼", "1502 元", "5021", "厨房水管漏水"] { #expect(!names(text), "\(text)") }
        #expect(names("去了1203", unit: "", words: "108 号楼 1203", building: "108 号楼"))
        #expect(!names("108 号楼的灯", unit: "", words: "108 号楼 1203", building: "108 号楼"))
    }

    @Test func thePublicPlaceIsNoFinerThanTheBuilding() {
        func isFine(_ place: String, building: String = "3 号楼") -> Bool {
            PublicTextRules.isFinerThanBuilding(place, building: building)
        }
        for place in [
            "3 号楼 2 单元", "3 号楼 2 单元 5 楼", "三号楼二单元五楼东户", "３号楼２单元", "3号楼5层", "十二层", "3 号楼 东 2 门", "502室",
            "Building 3, unit 2", "5th floor", "room 502", "floor 5",
        ] { #expect(isFine(place), "\(place)") }
        for place in [
            "3 号楼", "三号楼", "小区北门", "3号门", "单元门", "门厅", "12 栋", "地下车库", "Building 3", "楼道", "东区 2 期", "",
        ] { #expect(!isFine(place), "\(place)") }
        // Where the building itself is called so.
        #expect(!isFine("5 楼", building: "5楼") && isFine("5 楼 3 门", building: "5楼"))
    }

    @Test func whatNobodySeesIsNoText() throws {
        for empty in ["", " \u{3000}", "\u{200B}\u{200D}", "  \u{3000}\u{200B} ", "\u{202E}\u{2066}", "\u{FEFF}"] {
            #expect(throws: CaseRefusal.tooShort("words")) { try CaseActions.bounded(empty, 1...20, "words") }
        }
        #expect(try CaseActions.bounded(" \u{202E}漏水\u{202C}\u{200B} ", 1...20, "words") == "漏水")
        let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}"
        #expect(try CaseActions.bounded(family, 1...20, "words") == family)
    }

    @Test func mobileNumbersAreNoticedHoweverTheyAreWritten() {
        for text in ["13800000001", "电话 138 0000 0001", "+86 138-0000-0001", "一三八零零零零零零零一", "１３８００００００01"] {
            #expect(PublicTextRules.namesMobile("请打" + text + "。"), "\(text)")
        }
        for text in ["12345", "0371-12345678", "113800000001", "138000000011", "1380000000", "2026 年 3 月 19 日"] {
            #expect(!PublicTextRules.namesMobile(text), "\(text)")
        }
    }
}

extension Array {
    fileprivate func shuffledBySeed(_ seed: UInt64) -> [Element] {
        var random = SeededRandom(seed: seed)
        return shuffled(using: &random)
    }
}

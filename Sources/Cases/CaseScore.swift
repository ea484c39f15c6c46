import Directory
import Kernel
import Web

/// Draws a case's trace as a score: the full one with words, the small one for a row.
package struct CaseScore: Sendable {
    let say: Say
    private var words: Words { say.words }

    package init(_ say: Say) { self.say = say }

    /// What stands over a note.
    static func label(_ kind: CaseEventKind) -> Phrase {
        switch kind {
        case .reported: .eventReported
        case .triaged: .eventTriaged
        case .dispatched: .eventDispatched
        case .accepted: .eventAccepted
        case .attended: .eventAttended
        case .handled: .eventHandled
        case .fedBack: .eventFedBack
        case .rated: .eventRated
        case .notRated: .eventNotRated
        case .reopened: .eventReopened
        case .struckOff: .eventStruckOff
        case .published: .eventPublished
        case .unpublished: .eventUnpublished
        case .suspended: .eventSuspended
        case .resumed: .eventResumed
        case .escalated: .eventEscalated
        case .escalatedByClock: .eventEscalatedByClock
        case .warned: .eventWarned
        case .merged: .eventMerged
        case .received: .eventReceived
        case .returned: .eventReturned
        case .withdrawn: .eventWithdrawn
        case .joined: .eventJoined
        case .noted: .eventNoted
        case .overnight: .eventOvernight
        }
    }

    /// The name of a clock.
    static func clock(_ kind: ClockKind) -> Phrase {
        switch kind {
        case .attend: .clockAttend
        case .handle: .clockHandle
        case .feedback: .clockFeedback
        }
    }

    /// What a row or record tells the score.
    package struct Source: Sendable {
        let trace: [TraceStep]
        let clocks: CaseClocks
        let suspended: Bool
        let status: CaseStatus
        let holder: Party
        let promise: Instant?
        let solved: Instant?
        let registered: Instant

        package init(_ line: CaseLine) {
            trace = TraceStep.parse(line.trace)
            clocks = line.clocks
            suspended = line.suspended
            status = line.status
            holder = line.holder
            promise = line.promise
            solved = line.solved
            registered = line.registered
        }

        package init(_ c: CaseRecord) {
            trace = TraceStep.parse(c.trace)
            clocks = c.clocks
            suspended = c.suspended
            status = c.status
            holder = c.holder
            promise = c.promise
            solved = c.solved
            registered = c.registered
        }

        package init(_ line: CaseHistoryStore.LedgerLine) {
            trace = TraceStep.parse(line.trace)
            clocks = line.clocks
            suspended = false
            status = .published
            holder = .community
            promise = nil
            solved = line.solved
            registered = line.registered
        }
    }

    package func score(_ source: Source, labels: Bool) -> Score {
        let now = say.now
        let quiet: Set<CaseEventKind> = [.warned, .joined, .published, .unpublished, .noted]
        let steps = source.trace.filter { !quiet.contains($0.kind) }
        let finished = !source.status.isOpen
        var notes: [Score.Note] = []
        for (index, step) in steps.enumerated() {
            let next = index + 1 < steps.count ? steps[index + 1] : nil
            let before = index > 0 ? steps[index - 1].holder : step.party
            // A stem where the case changes hands.
            let hands = step.holder != step.party && (index == 0 || step.holder != before) ? step.holder : nil
            _ = next
            let late: Bool =
                switch step.kind {
                case .attended: source.clocks.attend.isBroken(at: now) && isLast(step, steps)
                case .handled: source.clocks.handle.isBroken(at: now) && isLast(step, steps)
                case .fedBack: source.clocks.feedback.isBroken(at: now) && isLast(step, steps)
                default: false
                }
            let phrase = Self.label(step.kind)
            notes.append(
                Score.Note(
                    at: step.at, party: step.party, label: labels ? words(phrase) : "",
                    title: labels ? "\(say.moment(step.at)) \(words(phrase))" : "", state: late ? .doneLate : .done,
                    handsTo: hands))
        }
        var holds: [Score.Hold] = []
        let breaks = ClockKind.allCases.compactMap { kind -> (from: Instant, to: Instant)? in
            guard let due = source.clocks[kind].due, source.clocks[kind].isBroken(at: now) else { return nil }
            return (due, source.clocks[kind].stopped ?? now)
        }
        var stopped = false
        for (index, step) in steps.enumerated() {
            let end: Instant
            if index + 1 < steps.count {
                end = steps[index + 1].at
            } else if finished {
                break
            } else {
                end = now
            }
            if step.kind == .suspended { stopped = true }
            if step.kind == .resumed || step.kind == .escalated { stopped = false }
            guard end > step.at, !finished || step.kind != .struckOff else { continue }
            if stopped {
                holds.append(.init(party: step.holder, from: step.at, to: end, state: .stopped))
                continue
            }
            // Cut where a limit broke.
            var from = step.at
            for edge in (breaks.flatMap { [$0.from, $0.to] }).sorted() where edge > from && edge < end {
                holds.append(.init(party: step.holder, from: from, to: edge, state: state(from, breaks)))
                from = edge
            }
            holds.append(.init(party: step.holder, from: from, to: end, state: state(from, breaks)))
        }
        var limits: [Score.Limit] = []
        for kind in ClockKind.allCases {
            let clock = source.clocks[kind]
            guard let due = clock.due else { continue }
            let broken = clock.isBroken(at: now)
            let state: Score.Limit.State =
                broken ? .broken : clock.stopped == nil && !finished ? .next : finished ? .ahead : .kept
            // A kept limit that lies far ahead tells nothing more.
            if state == .kept, due > now { continue }
            limits.append(.init(at: due, label: labels ? words(limitLabel(kind, broken)) : "", state: state))
        }
        if source.suspended { limits.removeAll { $0.state == .next } }
        if !finished { notes += awaited(source, labels: labels) }
        let struck = steps.last { $0.kind == .struckOff }?.at
        let slur: Score.Slur? =
            if let solved = source.solved, labels {
                Score.Slur(
                    from: source.registered, to: solved,
                    label: say.length(ms: solved.ms - source.registered.ms), onTime: breaks.isEmpty)
            } else { nil }
        return Score(
            notes: notes, holds: holds, limits: limits, slur: slur, now: finished ? nil : now,
            finishedAt: finished ? struck : nil, words: scoreWords(source, labels))
    }

    private func isLast(_ step: TraceStep, _ steps: [TraceStep]) -> Bool {
        steps.last { $0.kind == step.kind } == step
    }

    private func state(_ from: Instant, _ breaks: [(from: Instant, to: Instant)]) -> Score.Hold.State {
        breaks.contains { from >= $0.from && from < $0.to } ? .late : .onTime
    }

    private func limitLabel(_ kind: ClockKind, _ broken: Bool) -> Phrase {
        switch kind {
        case .attend: broken ? .clockAttendBroken : .clockAttendLimit
        case .handle: broken ? .clockHandleBroken : .clockHandleLimit
        case .feedback: broken ? .clockFeedbackBroken : .clockFeedbackLimit
        }
    }

    /// The next thing that somebody is waited for, at the promise or the limit.
    private func awaited(_ source: Source, labels: Bool) -> [Score.Note] {
        let now = say.now
        let kind: CaseEventKind
        let party: Party
        var at: Instant?
        switch source.status {
        case .reported: (kind, party, at) = (.triaged, source.holder, source.clocks.attend.due)
        case .triaged: (kind, party, at) = (.dispatched, source.holder, source.clocks.attend.due)
        case .dispatched: (kind, party, at) = (.attended, source.holder, source.promise ?? source.clocks.attend.due)
        case .attended: (kind, party, at) = (.handled, source.holder, source.promise ?? source.clocks.handle.due)
        case .handled: (kind, party, at) = (.fedBack, source.holder, source.clocks.feedback.due)
        case .fedBack:
            // A neighbour's rating leaves the case with its reporter, who is still waited for.
            let answer = source.trace.last {
                [.fedBack, .notRated].contains($0.kind) || $0.kind == .rated && $0.holder != .resident
            }?.kind
            (kind, party, at) = (answer == .fedBack ? .rated : .struckOff, source.holder, now.adding(days: 1))
        default: return []
        }
        if source.suspended {
            return [
                Score.Note(
                    at: now.adding(hours: 2), party: source.holder,
                    label: labels ? words(.eventResumed) : "", title: labels ? words(.eventResumed) : "",
                    state: .awaited, fermata: true)
            ]
        }
        guard let due = at else { return [] }
        let late = due <= now
        let label = labels ? words(Self.label(kind)) : ""
        return [
            Score.Note(
                at: late ? now.adding(minutes: 30) : due, party: party, label: label,
                title: labels ? words(.notYet, label) : "", state: late ? .awaitedLate : .awaited)
        ]
    }

    private func scoreWords(_ source: Source, _ labels: Bool) -> ScoreWords {
        guard labels else { return Self.silent }
        let say = say
        let first = Zone.shanghai.day(of: source.registered)
        return ScoreWords(
            parties: [.lineCommunity, .lineProperty, .lineCommittee, .lineDepartment, .lineResident].map { words($0) },
            now: words(.now),
            // Midnight is the end of the day that it closes, as in "Friday 24:00".
            day: { instant in
                let day = Zone.shanghai.day(of: Instant(ms: instant.ms - 1))
                // Last Thursday and next Thursday must not look like one day.
                guard day != first, say.day(day) == say.day(first) else { return say.day(day) }
                return say.words(.monthDay, String(day.civil.month), String(day.civil.day))
            },
            clock: { Say.clock($0) })
    }

    private static let silent = ScoreWords(
        parties: ["", "", "", "", ""], now: "", day: { _ in "" }, clock: { _ in "" })

    package func mini(_ source: Source) -> HTML { score(source, labels: false).mini() }

    /// The figure with its text alternative as a list.
    package func full(_ source: Source, id: String, title: String, told: HTML) -> HTML {
        let sentences = source.trace.map {
            "\(say.moment($0.at)) \(words($0.party.phrase)) \(words(Self.label($0.kind)))"
        }
        let figure = score(source, labels: true).figure(
            id: id, title: title, description: sentences.joined(separator: words.language == .zh ? "；" : "; "))
        return """
            \(figure)<details class="told-in"><summary class="small">\(words(.wayInWords))</summary>\(told)</details>
            """
    }
}

/// How a case's state is said: always a word and a shape.
package struct CaseWords: Sendable {
    let say: Say
    private var words: Words { say.words }
    package init(_ say: Say) { self.say = say }

    package static func status(_ status: CaseStatus, forStaff: Bool, rated: Int64 = 0) -> Phrase {
        switch status {
        case .reported: .statusReported
        case .triaged: .statusTriaged
        case .dispatched: .statusDispatched
        case .attended: .statusAttended
        case .handled: .statusHandled
        case .fedBack:
            rated != 0
                ? (forStaff ? .statusToStrikeOff : .statusBeingChecked)
                : forStaff ? .statusFedBackStaff : .statusFedBack
        case .struckOff: .statusStruckOff
        case .published: .statusPublished
        case .merged: .statusMerged
        case .returned: .statusReturned
        case .withdrawn: .statusWithdrawn
        }
    }

    package static func score(_ score: Int64) -> Phrase {
        switch score {
        case 5: .score5
        case 4: .score4
        case 3: .score3
        case 2: .score2
        case 1: .score1
        default: .scoreNone
        }
    }

    package func state(_ line: CaseLine, forStaff: Bool) -> HTML {
        state(
            line.status, suspended: line.suspended, rated: line.rated, solved: line.solved,
            registered: line.registered, forStaff: forStaff)
    }

    package func state(
        _ status: CaseStatus, suspended: Bool, rated: Int64, solved: Instant?, registered: Instant, forStaff: Bool
    ) -> HTML {
        if suspended { return "<span class=\"state stop\">\(words(.statusPaused))</span>" }
        if !status.isOpen, let solved {
            return """
                <span class="state end">\(words(.tookLength, say.length(ms: solved.ms - registered.ms)))</span>
                """
        }
        let word = words(CaseWords.status(status, forStaff: forStaff, rated: rated))
        switch status {
        case .reported, .triaged, .dispatched, .attended, .handled: return "<span class=\"state wait\">\(word)</span>"
        case .fedBack: return "<span class=\"state ok\">\(word)</span>"
        case .struckOff, .published: return "<span class=\"state end\">\(word)</span>"
        default: return "<span class=\"state\">\(word)</span>"
        }
    }

    /// The first column of the desk: how much time is left.
    package func left(_ line: CaseLine) -> HTML {
        if line.suspended { return "<span class=\"left state stop\">\(words(.statusPaused))</span>" }
        guard let next = line.clocks.next else {
            return
                "<span class=\"left\">\(words(CaseWords.status(line.status, forStaff: true, rated: line.rated)))</span>"
        }
        let gap = next.due.ms - say.now.ms
        if gap < 0 {
            return "<span class=\"left state late\">\(words(.over, say.length(ms: -gap)))</span>"
        }
        if line.soon || gap < Instant.hourMs {
            return "<span class=\"left state wait\">\(words(.left, say.length(ms: gap)))</span>"
        }
        if gap < 12 * Instant.hourMs { return "<span class=\"left\">\(words(.left, say.length(ms: gap)))</span>" }
        return "<span class=\"left\" title=\"\(Say.exact(next.due))\">\(say.deadline(next.due))</span>"
    }
}

import Cases
import Kernel

/// What a fact says. The numbers are stored.
package enum FactKind: Int64, CaseIterable, Sendable {
    case registered = 1
    case attended = 2
    case handled = 3
    case fedBack = 4
    case struckOff = 5
    /// A promise whose clock stopped in time, on the day on which it stopped.
    case kept = 6
    /// A promise whose clock stopped late, on the day on which it fell due.
    case broken = 7
    /// A promise whose clock runs, on the day on which it falls due. Broken from the first moment after it: by time,
    /// without a row being touched.
    case running = 8
    /// A case that stands in a queue of the desk; its "day" is the queue.
    case open = 9
}

/// One thing that is counted about a case: without words, names or people.
package struct Fact: Sendable, Hashable {
    package let caseID: CaseID
    /// What it is about, within the case: 0 the case itself, `4 × round + clock` a promise, else a step by its id.
    package let ref: Int64
    package let kind: FactKind
    /// Of China.
    package let day: Day
    /// When it happened; of what is broken or runs, when it fell or falls due.
    package let at: Instant
    /// Of what runs: when it begins to be soon due.
    package let warn: Instant
    /// Where the case stood when it was written: its past stays there when the estate moves.
    package let path: AreaPath
    /// The organisation that it complains about, 0 for none.
    package let about: Int64
    /// The promise's clock, or the queue of an open case; else 0.
    package let clock: Int64
    /// The line of the score that it stands on.
    package let party: Party
}

/// The numbers of one place and day, in the order of the columns of `insight_day`.
package struct DayNumbers: Sendable, Hashable {
    package static let width = 14
    package var values = [Int64](repeating: 0, count: width)
    package init() {}
    package init(_ values: [Int64]) { self.values = values }

    package static func += (a: inout DayNumbers, b: DayNumbers) {
        for index in a.values.indices { a.values[index] += b.values[index] }
    }

    /// The column of a fact; nil for an open case, which no day counts.
    static func column(_ kind: FactKind, _ clock: Int64) -> Int? {
        switch kind {
        case .registered, .attended, .handled, .fedBack, .struckOff: Int(kind.rawValue) - 1
        case .kept: 4 + Int(clock)
        case .broken: 7 + Int(clock)
        case .running: 10 + Int(clock)
        case .open: nil
        }
    }

    package subscript(_ kind: FactKind) -> Int64 {
        switch kind {
        case .kept, .broken, .running: ClockKind.allCases.reduce(0) { $0 + self[kind, $1] }
        default: Self.column(kind, 0).map { values[$0] } ?? 0
        }
    }
    package subscript(_ kind: FactKind, _ clock: ClockKind) -> Int64 {
        Self.column(kind, clock.rawValue).map { values[$0] } ?? 0
    }
    var isZero: Bool { values.allSatisfy { $0 == 0 } }
}

/// How many cases stand open in each queue of the desk.
package struct QueueNumbers: Sendable, Hashable {
    /// Without the one that waits for publication: it is struck off.
    package static let queues: [CaseQueue] = [.intake, .dispatch, .handling, .feedback, .rating, .strikeOff, .paused]
    package var values = [Int64](repeating: 0, count: queues.count)
    package init() {}
    package init(_ values: [Int64]) { self.values = values }
    package static func += (a: inout QueueNumbers, b: QueueNumbers) {
        for index in a.values.indices { a.values[index] += b.values[index] }
    }
    package subscript(_ queue: CaseQueue) -> Int64 {
        Self.queues.firstIndex(of: queue).map { values[$0] } ?? 0
    }
    package var total: Int64 { values.reduce(0, +) }
    var isZero: Bool { values.allSatisfy { $0 == 0 } }
}

/// Pure decisions of the read model.
package enum FactRules {
    /// Days of which single facts are kept, today among them. Their counts stay for good.
    package static let keptDays = 15

    /// The first day of which facts are taken in.
    package static func horizon(_ now: Instant) -> Day { Zone.shanghai.day(of: now).adding(1 - keptDays) }

    /// 24:00 belongs to the day that it ends.
    package static func day(due: Instant) -> Day { Zone.shanghai.day(of: due.adding(ms: -1)) }

    /// Everything that a case gives to count.
    package static func facts(_ c: CaseState) -> [Fact] {
        let about = c.about?.raw ?? 0
        func fact(
            _ ref: Int64, _ kind: FactKind, _ day: Day, _ at: Instant, warn: Instant? = nil, clock: Int64 = 0,
            _ party: Party
        ) -> Fact {
            Fact(
                caseID: c.id, ref: ref, kind: kind, day: day, at: at, warn: warn ?? at, path: c.path, about: about,
                clock: clock, party: party)
        }
        var facts: [Fact] = []
        for step in c.steps {
            let kind: FactKind? =
                switch step.kind {
                case .reported: .registered
                case .attended: .attended
                case .handled: .handled
                case .fedBack: .fedBack
                case .struckOff: .struckOff
                default: nil
                }
            guard let kind else { continue }
            facts.append(fact(step.id, kind, Zone.shanghai.day(of: step.at), step.at, step.party))
        }
        for promise in c.promises {
            let ref = promise.round * 4 + promise.kind.rawValue
            let clock = promise.kind.rawValue
            if let stopped = promise.stopped {
                switch promise.kept {
                case true?:
                    facts.append(fact(ref, .kept, Zone.shanghai.day(of: stopped), stopped, clock: clock, c.holder))
                case false?:
                    guard let due = promise.due else { continue }
                    facts.append(fact(ref, .broken, day(due: due), due, clock: clock, c.holder))
                case nil: continue
                }
            } else if let due = promise.due, c.isOpen {
                facts.append(fact(ref, .running, day(due: due), due, warn: promise.warn, clock: clock, c.holder))
            }
        }
        if QueueNumbers.queues.contains(c.queue) {
            // A case without a history: when it was made, by its id.
            let since = c.steps.map(\.at).min() ?? c.id.madeAt
            facts.append(
                fact(0, .open, Day(number: Int32(c.queue.rawValue)), since, clock: c.queue.rawValue, c.holder))
        }
        return facts
    }

    struct Place: Hashable, Sendable {
        let path: AreaPath
        let about: Int64
    }
    struct PlaceDay: Hashable, Sendable {
        let place: Place
        let day: Day
    }

    /// What is to be done so that what is kept says what the cases say.
    struct Change: Sendable {
        var gone: [Fact] = []
        var new: [Fact] = []
        var days: [PlaceDay: DayNumbers] = [:]
        var open: [Place: QueueNumbers] = [:]
        var paths: Set<String> = []
        var isEmpty: Bool { gone.isEmpty && new.isEmpty }

        fileprivate mutating func count(_ fact: Fact, _ n: Int64) {
            paths.insert(fact.path.text)
            let place = Place(path: fact.path, about: fact.about)
            if fact.kind == .open {
                guard let queue = CaseQueue(rawValue: fact.clock),
                    let index = QueueNumbers.queues.firstIndex(of: queue)
                else { return }
                open[place, default: QueueNumbers()].values[index] += n
            } else if let column = DayNumbers.column(fact.kind, fact.clock) {
                days[PlaceDay(place: place, day: fact.day), default: DayNumbers()].values[column] += n
            }
        }
    }

    /// - Parameters:
    ///   - kept: the facts of the same cases that were taken in before.
    ///   - horizon: older facts are taken in only where they follow one that is kept. Their day has been counted and
    ///     single facts of it are gone, so a fact that is not there says nothing.
    static func change(from kept: [Fact], to cases: [CaseState], horizon: Day) -> Change {
        struct Key: Hashable {
            let caseID: CaseID
            let ref: Int64
        }
        var old: [Key: Fact] = [:]
        for fact in kept { old[Key(caseID: fact.caseID, ref: fact.ref)] = fact }
        var change = Change()
        for one in cases {
            for fact in facts(one) {
                let key = Key(caseID: fact.caseID, ref: fact.ref)
                let before = old.removeValue(forKey: key)
                if before == fact { continue }
                let isWanted =
                    before != nil || fact.kind == .open || fact.kind == .running || fact.day >= horizon
                guard isWanted else { continue }
                if let before {
                    change.gone.append(before)
                    change.count(before, -1)
                }
                change.new.append(fact)
                change.count(fact, 1)
            }
        }
        // What no case says any more.
        for fact in old.values {
            change.gone.append(fact)
            change.count(fact, -1)
        }
        change.days = change.days.filter { !$0.value.isZero }
        change.open = change.open.filter { !$0.value.isZero }
        return change
    }
}

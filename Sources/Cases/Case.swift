import Kernel

package enum CaseTag {}
package typealias CaseID = ID<CaseTag>

/// Where a case stands in the loop (seed-features.md section 4).
package enum CaseStatus: Int64, Coded {
    case reported = 1
    case triaged = 2
    case dispatched = 3
    case attended = 4
    case handled = 5
    case fedBack = 6
    case struckOff = 7
    case published = 8
    case merged = 20
    case returned = 21
    case withdrawn = 22

    package static let codes = Codes.of(Self.self)
    /// Still somebody's work.
    package var isOpen: Bool { rawValue <= CaseStatus.fedBack.rawValue }
}

/// The desk's queues. Every open case is in exactly one.
package enum CaseQueue: Int64, Coded {
    case none = 0
    case intake = 1
    case dispatch = 2
    case handling = 3
    case feedback = 4
    case rating = 5
    case strikeOff = 6
    case publication = 7
    case paused = 8
    package static let codes = Codes.of(Self.self)
}

/// How it came in (A057, A058): each with its statistics.
package enum Channel: Int64, Coded {
    case mobile = 1
    case hotline = 2
    case frontDesk = 3
    case visit = 4
    case meeting = 5
    case suggestionBox = 6
    case opinionBook = 7
    case messageBoard = 8
    case chatGroup = 9
    case patrol = 10
    case imported = 11
    /// A petition that came in by letter, visit or transfer (信访).
    case letter = 12
    package static let codes = Codes.of(Self.self)
    init?(code: String) {
        guard let found = Channel.allCases.first(where: { $0.code == code }) else { return nil }
        self = found
    }
}

package enum Urgency: Int64, Coded {
    case normal = 1
    case urgent = 2
    /// Danger to people or to the house: must not be open at midnight (A052).
    case emergency = 3
    package static let codes = Codes.of(Self.self)
}

/// What sort of matter it is. Disputes have their own limit and are never public; complaints are about an organisation.
package enum CategoryKind: Int64, CaseIterable, Sendable {
    case repair = 1
    case order = 2
    case complaint = 3
    case dispute = 4
    case consultation = 5
}

package enum CategoryTag {}
package typealias CategoryID = ID<CategoryTag>

package struct Category: Sendable, Hashable {
    package let id: CategoryID
    package let code: String
    package let kind: CategoryKind
    package let zh: String
    package let en: String
    /// The party that usually takes it.
    package let party: Party
    package let urgency: Urgency
    /// Words that suggest it, separated by spaces.
    package let hints: String
    /// Leaks and the like: the worker calls first (A051).
    package let fastLane: Bool
    /// Its place in the lists, from 1; 0 when it is retired.
    package var place: Int64
    /// Since when nobody can choose it; its cases keep it.
    package let retired: Instant?

    package init(
        id: CategoryID, code: String, kind: CategoryKind, zh: String, en: String, party: Party,
        urgency: Urgency, hints: String, fastLane: Bool, place: Int64 = 0, retired: Instant? = nil
    ) {
        self.id = id
        self.code = code
        self.kind = kind
        self.zh = zh
        self.en = en
        self.party = party
        self.urgency = urgency
        self.hints = hints
        self.fastLane = fastLane
        self.place = place
        self.retired = retired
    }
}

/// Why a clock stands (挂起原因).
package enum PauseReason: Int64, Coded {
    case waitingForOwner = 1
    case waitingForParts = 2
    case waitingForFund = 3
    case waitingForVote = 4
    case weather = 5
    case other = 6
    package static let codes = Codes.of(Self.self)
    /// Whom the case waits for, on the score.
    package var party: Party? {
        switch self {
        case .waitingForOwner: .resident
        case .waitingForFund, .waitingForVote: .committee
        default: nil
        }
    }
}

package enum ClockKind: Int64, Coded {
    case attend = 1
    case handle = 2
    case feedback = 3
    package static let codes = Codes.of(Self.self)
}

/// What happened: one row of a case's history, never changed.
package enum CaseEventKind: Int64, Coded {
    case reported = 1
    case triaged = 2
    case dispatched = 3
    case accepted = 4
    case attended = 5
    case handled = 6
    case fedBack = 7
    case rated = 8
    case notRated = 9
    case reopened = 10
    case struckOff = 11
    case published = 12
    case unpublished = 13
    case suspended = 14
    case resumed = 15
    case escalated = 16
    case escalatedByClock = 17
    case warned = 18
    case merged = 19
    case received = 20
    case returned = 21
    case withdrawn = 22
    case joined = 23
    case noted = 24
    case overnight = 25
    package static let codes = Codes.of(Self.self)
}

/// Where a case is, at every level at which somebody may look after it. 0 where a level does not exist.
package struct CasePlace: Sendable, Hashable {
    package var district: Int64 = 0
    package var street: Int64 = 0
    package var community: Int64 = 0
    package var estate: Int64 = 0
    package var building: Int64 = 0
    package var unit: Int64 = 0
    /// The path of the estate (or of the area above estates that the case stands for).
    package var path: AreaPath
    /// In words: `3 号楼 2 单元 502`.
    package var words: String

    package init(path: AreaPath, words: String) {
        self.path = path
        self.words = words
    }
}

/// The three limits of one policy, with where they come from.
package struct Policy: Sendable, Hashable {
    package let id: Int64
    package let category: Int64
    package let area: Int64
    package let urgency: Int64
    package let kind: Int64
    package let attendMinutes: Int
    package let handleMinutes: Int
    package let feedbackWorkdays: Int
    package let source: String
    package let version: Int64

    package init(
        id: Int64, category: Int64, area: Int64, urgency: Int64, kind: Int64, attendMinutes: Int,
        handleMinutes: Int, feedbackWorkdays: Int, source: String, version: Int64
    ) {
        self.id = id
        self.category = category
        self.area = area
        self.urgency = urgency
        self.kind = kind
        self.attendMinutes = attendMinutes
        self.handleMinutes = handleMinutes
        self.feedbackWorkdays = feedbackWorkdays
        self.source = source
        self.version = version
    }

    package func limit(_ clock: ClockKind) -> ClockLimit {
        switch clock {
        case .attend: .hours(minutes: attendMinutes)
        case .handle: .hours(minutes: handleMinutes)
        case .feedback: .workdays(feedbackWorkdays)
        }
    }

    /// The most specific policy wins: area before category before kind before urgency; the newest of equals.
    package static func choose(
        _ policies: [Policy], category: Category, areas: [Int64], urgency: Urgency
    ) -> Policy? {
        func rank(_ policy: Policy) -> (Int, Int, Int, Int, Int64)? {
            guard policy.category == 0 || policy.category == category.id.raw,
                policy.kind == 0 || policy.kind == category.kind.rawValue,
                policy.urgency == 0 || policy.urgency == urgency.rawValue
            else { return nil }
            var depth = 0
            if policy.area != 0 {
                guard let index = areas.firstIndex(of: policy.area) else { return nil }
                depth = index + 1
            }
            return (
                depth, policy.category == 0 ? 0 : 1, policy.kind == 0 ? 0 : 1, policy.urgency == 0 ? 0 : 1,
                policy.version
            )
        }
        return policies.compactMap { policy in rank(policy).map { (policy, $0) } }.max { $0.1 < $1.1 }?.0
    }
}

/// The clocks of the current round, as the list and the score need them.
package struct CaseClocks: Sendable, Hashable {
    package struct One: Sendable, Hashable {
        /// Nil while the clock stands or has not begun.
        package var due: Instant?
        package var stopped: Instant?
        package init(due: Instant? = nil, stopped: Instant? = nil) {
            self.due = due
            self.stopped = stopped
        }
        /// What may not be moved any more: nil while the clock stands, and once its limit is over.
        package func limit(at now: Instant) -> Instant? { stopped == nil ? due.flatMap { now <= $0 ? $0 : nil } : nil }
        package var isRunning: Bool { due != nil && stopped == nil }
        package func isBroken(at now: Instant) -> Bool { due.map { (stopped ?? now) > $0 } ?? false }
    }
    package var attend = One()
    package var handle = One()
    package var feedback = One()

    package init() {}

    package subscript(kind: ClockKind) -> One {
        get {
            switch kind {
            case .attend: attend
            case .handle: handle
            case .feedback: feedback
            }
        }
        set {
            switch kind {
            case .attend: attend = newValue
            case .handle: handle = newValue
            case .feedback: feedback = newValue
            }
        }
    }

    /// The next promise: the earliest due of a clock that runs.
    package var next: (kind: ClockKind, due: Instant)? {
        ClockKind.allCases.compactMap { kind in
            self[kind].stopped == nil ? self[kind].due.map { (kind: kind, due: $0) } : nil
        }.min { $0.due < $1.due }
    }
}

/// One step of the history as the score needs it; many stand in one column of the case's row, so that a list reads one
/// row a case.
package struct TraceStep: Sendable, Hashable {
    package let at: Instant
    package let kind: CaseEventKind
    package let party: Party
    /// Who has the case after it.
    package let holder: Party

    package init(at: Instant, kind: CaseEventKind, party: Party, holder: Party) {
        self.at = at
        self.kind = kind
        self.party = party
        self.holder = holder
    }

    /// `seconds since 2020, kind, party, holder` in base 36, joined by dots.
    var text: String {
        String((at.ms - 1_577_836_800_000) / 1000, radix: 36) + "." + String(kind.rawValue, radix: 36) + "."
            + String(party.rawValue) + String(holder.rawValue)
    }

    /// Reads what `join` wrote; what is not a step is left out.
    package static func parse(_ text: String) -> [TraceStep] {
        var steps: [TraceStep] = []
        var text = text
        text.withUTF8 { buffer in
            steps.reserveCapacity(buffer.count / 10 + 1)
            var start = 0
            while start < buffer.count {
                let stop = buffer[start...].firstIndex(of: 0x20) ?? buffer.count
                if let step = step(buffer[start..<stop]) { steps.append(step) }
                start = stop + 1
            }
        }
        return steps
    }

    private static func step(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> TraceStep? {
        var numbers: (Int64, Int64) = (0, 0)
        var part = 0
        var length = 0
        var index = bytes.startIndex
        let isBefore = bytes.first == 0x2D
        if isBefore { index += 1 }
        while index < bytes.endIndex, part < 2 {
            let byte = bytes[index]
            index += 1
            if byte == 0x2E {
                guard length > 0 else { return nil }
                (part, length) = (part + 1, 0)
                continue
            }
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x61...0x7A: digit = byte - 0x61 + 10
            default: return nil
            }
            length += 1
            guard length <= 9 else { return nil }
            if part == 0 {
                numbers.0 = numbers.0 * 36 + Int64(digit)
            } else {
                numbers.1 = numbers.1 * 36 + Int64(digit)
            }
        }
        guard part == 2, bytes.endIndex - index == 2, let kind = CaseEventKind(rawValue: numbers.1),
            let party = Party(rawValue: Int64(bytes[index]) - 48),
            let holder = Party(rawValue: Int64(bytes[index + 1]) - 48)
        else { return nil }
        return TraceStep(
            at: Instant(ms: (isBefore ? -1 : 1) * numbers.0 * 1000 + 1_577_836_800_000), kind: kind, party: party,
            holder: holder)
    }

    /// The row keeps the first and the last 60 steps.
    package static func join(_ old: String, _ step: TraceStep) -> String {
        var parts = old.split(separator: " ")
        if parts.count >= 61 { parts.remove(at: 1) }
        return (parts.map(String.init) + [step.text]).joined(separator: " ")
    }
}

/// Limits of what people may write.
package enum CaseBounds {
    package static let title = 1...60
    package static let body = 1...2000
    package static let place = 0...80
    package static let words = 1...500
    package static let photos = 6
    /// Of one person on one case.
    package static let notesADay = 50
}

import Kernel

/// Where the parts of a score stand: percent from left to right, a line (0…4) from top to bottom.
struct ScoreLayout {
    /// A note as it is drawn. Several acts of one party in one minute are one head.
    struct Head {
        var minute: Int64
        var x = 0.0
        var line: Int
        var state: Score.Note.State
        /// Index of the note whose words it carries.
        var label: Int
        var title: Int
        var handsTo: Int?
        var fermata: Bool

        var isAwaited: Bool { state == .awaited || state == .awaitedLate }
        var isLate: Bool { state == .doneLate || state == .awaitedLate }
    }
    struct Stem {
        var x: Double
        var from: Int
        var to: Int
        var isAwaited: Bool
    }
    struct Hold {
        var line: Int
        var from: Double
        var to: Double
        var state: Score.Hold.State
    }
    struct Bar {
        var minute: Int64
        var x = 0.0
        /// Index of the limit.
        var limit: Int
        var state: Score.Limit.State
    }

    /// In order of time, then from the top line down.
    private(set) var heads: [Head] = []
    private(set) var stems: [Stem] = []
    private(set) var holds: [Hold] = []
    private(set) var bars: [Bar] = []
    /// Where a compressed wait is marked.
    private(set) var cuts: [Double] = []
    private(set) var now: Double?
    /// The last note of a finished case.
    private(set) var end: Double?
    private(set) var slur: (from: Double, to: Double)?
    /// The distinct moments in order, in minutes, and where they stand.
    private(set) var minutes: [Int64] = []
    private(set) var places: [Double] = []
    private(set) var nowMinute: Int64?
    private(set) var endMinute: Int64?
    /// The notes between these minutes are left out.
    private var omitted: (after: Int64, before: Int64)?

    /// Milliseconds of one step of time: all that is called a minute here counts these.
    private(set) var grain = Instant.minuteMs

    init(_ score: Score) {
        grain = Self.grain(score.notes)
        layHeads(score.notes)
        layBars(score)
        if let finished = score.finishedAt {
            endMinute = max(minute(finished), heads.last { !$0.isAwaited }?.minute ?? 0)
        } else if let now = score.now {
            nowMinute = minute(now)
        }
        layTime()
        for index in heads.indices { heads[index].x = place(heads[index].minute) }
        for index in bars.indices { bars[index].x = place(bars[index].minute) }
        now = nowMinute.map(place)
        end = endMinute.map(place)
        layStems()
        layHolds(score.holds)
        if let bow = score.slur {
            let ends = (place(minute(bow.from)), place(minute(bow.to)))
            slur = (min(ends.0, ends.1), max(ends.0, ends.1))
        }
    }

    /// Whole minutes. What no case can have seen counts as the nearest moment that one can.
    static func minute(_ instant: Instant, grain: Int64 = Instant.minuteMs) -> Int64 {
        max(Instant.accepted.lowerBound, min(instant, Instant.accepted.upperBound)).ms / grain
    }

    func minute(_ instant: Instant) -> Int64 { Self.minute(instant, grain: grain) }

    /// Minutes, or seconds where several parties did everything within one minute: else all of it were one point.
    private static func grain(_ notes: [Score.Note]) -> Int64 {
        var first: Score.Note?
        var isShared = false
        var isSpread = false
        for note in notes where note.state == .done || note.state == .doneLate {
            guard let known = first else {
                first = note
                continue
            }
            guard minute(note.at) == minute(known.at) else { return Instant.minuteMs }
            if note.party != known.party { isShared = true }
            if minute(note.at, grain: 1000) != minute(known.at, grain: 1000) { isSpread = true }
        }
        return isShared && isSpread ? 1000 : Instant.minuteMs
    }

    // MARK: Parts

    private mutating func layHeads(_ notes: [Score.Note]) {
        var order = Array(notes.indices)
        if order.dropFirst().contains(where: { notes[$0 - 1].at > notes[$0].at }) {
            order.sort { (notes[$0].at, $0) < (notes[$1].at, $1) }
        }
        heads.reserveCapacity(min(order.count, Score.drawnNotes + 8))
        let start = firstDrawn(notes, order)
        if start == 0 {
            for index in order { lay(notes[index], index) }
        }
        guard start > 0 || heads.count > Score.drawnNotes else { return }
        let first = order[0]
        heads.removeAll(keepingCapacity: true)
        for index in order[start...] { lay(notes[index], index) }
        heads.removeFirst(max(0, heads.count - (Score.drawnNotes - 1)))
        let latest = heads
        heads.removeAll(keepingCapacity: true)
        lay(notes[first], first)
        omitted = (heads[0].minute, latest[0].minute)
        heads.append(contentsOf: latest)
    }

    /// Where the notes that make the latest heads begin, at the first note of a minute. Spares a long history most of
    /// the work.
    private func firstDrawn(_ notes: [Score.Note], _ order: [Int]) -> Int {
        guard order.count > Score.drawnNotes else { return 0 }
        var start = order.count
        var minute = Int64.min
        var lines = 0
        var count = 0
        while start > 0 {
            let index = order[start - 1]
            let other = self.minute(notes[index].at)
            if other != minute {
                if count >= Score.drawnNotes { break }
                minute = other
                lines = 0
            }
            let bit = 1 << Int(notes[index].party.rawValue)
            if lines & bit == 0 { count += 1 }
            lines |= bit
            start -= 1
        }
        return start
    }

    private mutating func lay(_ note: borrowing Score.Note, _ index: Int) {
        let minute = self.minute(note.at)
        let line = Int(note.party.rawValue)
        var position = heads.count
        while position > 0, heads[position - 1].minute == minute, heads[position - 1].line > line { position -= 1 }
        if position > 0, heads[position - 1].minute == minute, heads[position - 1].line == line {
            heads[position - 1].add(note, index)
        } else {
            var handsTo = note.handsTo.map { Int($0.rawValue) }
            if handsTo == line { handsTo = nil }
            let head = Head(
                minute: minute, line: line, state: note.state, label: index, title: index, handsTo: handsTo,
                fermata: note.fermata)
            heads.insert(head, at: position)
        }
    }

    private mutating func layBars(_ score: Score) {
        var pending: Int?
        for (index, limit) in score.limits.enumerated() {
            let minute = self.minute(limit.at)
            if limit.state == .kept || limit.state == .broken {
                if let omitted, minute > omitted.after, minute < omitted.before { continue }
                bars.append(Bar(minute: minute, limit: index, state: limit.state))
            } else if let known = pending {
                let other = score.limits[known]
                let isSooner = limit.state == other.state ? limit.at < other.at : limit.state == .next
                if isSooner { pending = index }
            } else {
                pending = index
            }
        }
        bars.sort { ($0.minute, $0.limit) < ($1.minute, $1.limit) }
        if bars.count >= Score.drawnLimits { bars.removeFirst(bars.count - Score.drawnLimits + 1) }
        guard let pending else { return }
        let limit = score.limits[pending]
        let bar = Bar(minute: minute(limit.at), limit: pending, state: limit.state)
        let position = bars.firstIndex { $0.minute > bar.minute } ?? bars.count
        bars.insert(bar, at: position)
    }

    /// One stem for each hand-over, and one through all heads of a chord.
    private mutating func layStems() {
        var start = 0
        while start < heads.count {
            var stop = start + 1
            while stop < heads.count, heads[stop].minute == heads[start].minute { stop += 1 }
            let chord = heads[start..<stop]
            for head in chord {
                guard let target = head.handsTo else { continue }
                stems.append(Stem(x: head.x, from: head.line, to: target, isAwaited: head.isAwaited))
            }
            if chord.count > 1 {
                let isAwaited = chord.allSatisfy(\.isAwaited)
                stems.append(
                    Stem(x: heads[start].x, from: heads[start].line, to: heads[stop - 1].line, isAwaited: isAwaited))
            }
            start = stop
        }
    }

    private mutating func layHolds(_ source: [Score.Hold]) {
        for hold in source.suffix(Score.drawnHolds) {
            let from = minute(hold.from)
            let to = minute(hold.to)
            if let omitted, from >= omitted.after, to <= omitted.before, from > omitted.after || to < omitted.before {
                continue
            }
            let left = place(from)
            let right = place(to)
            guard right - left >= 0.05 else { continue }
            holds.append(Hold(line: Int(hold.party.rawValue), from: left, to: right, state: hold.state))
        }
    }

    // MARK: Time

    /// Weighs each gap by the median gap, between bounds, and marks those that are too long to be drawn true.
    private mutating func layTime() {
        minutes.reserveCapacity(heads.count + bars.count + 2)
        minutes.append(contentsOf: heads.lazy.map(\.minute))
        minutes.append(contentsOf: bars.lazy.map(\.minute))
        if let nowMinute { minutes.append(nowMinute) }
        if let endMinute { minutes.append(endMinute) }
        minutes.sort()
        var count = 0
        for minute in minutes where count == 0 || minutes[count - 1] != minute {
            minutes[count] = minute
            count += 1
        }
        minutes.removeLast(minutes.count - count)
        places = [Double](repeating: 0, count: minutes.count)
        guard minutes.count > 1 else { return }

        var gaps: [Int64] = []
        gaps.reserveCapacity(minutes.count - 1)
        for index in 1..<minutes.count { gaps.append(minutes[index] - minutes[index - 1]) }
        let sorted = gaps.sorted()
        let middle = sorted.count / 2
        let upper = Double(sorted[middle])
        let unit = sorted.count % 2 == 1 ? upper : (Double(sorted[middle - 1]) + upper) / 2

        var total = 0.0
        var breaks: [Int] = []
        var lines = linesAt(minutes[0], from: 0)
        for index in gaps.indices {
            let isAfterEnd = minutes[index] == endMinute
            let next = linesAt(minutes[index + 1], from: lines.next)
            let isOmitted = omitted.map { minutes[index] >= $0.after && minutes[index + 1] <= $0.before } ?? false
            let ratio = Double(gaps[index]) / unit
            if ratio > 4 || isOmitted {
                total += isAfterEnd ? 2.4 : 2
                breaks.append(index)
            } else {
                let least = isAfterEnd ? 1.7 : lines.mask & next.mask != 0 ? 1.4 : 0.75
                total += min(max(ratio, least), 2.5)
            }
            places[index + 1] = total
            lines = next
        }
        // Nothing after the double bar: leave it its room.
        let width = minutes.last == endMinute ? 90.0 : 100.0
        for index in places.indices { places[index] *= width / total }
        cuts = breaks.map { index in
            let share = minutes[index] == endMinute ? 0.68 : 0.5
            return places[index] + (places[index + 1] - places[index]) * share
        }
    }

    /// The lines that have a head at the minute, as bits. Called with rising minutes.
    private func linesAt(_ minute: Int64, from start: Int) -> (mask: Int, next: Int) {
        var index = start
        var mask = 0
        while index < heads.count, heads[index].minute <= minute {
            if heads[index].minute == minute { mask |= 1 << heads[index].line }
            index += 1
        }
        return (mask, index)
    }

    /// The place of any minute: between two moments in proportion, outside at the nearest.
    func place(_ minute: Int64) -> Double {
        guard let first = minutes.first, let last = minutes.last, minute > first else { return places.first ?? 0 }
        guard minute < last else { return places[places.count - 1] }
        var low = 0
        var high = minutes.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if minutes[middle] <= minute { low = middle } else { high = middle }
        }
        let share = Double(minute - minutes[low]) / Double(minutes[high] - minutes[low])
        return places[low] + (places[high] - places[low]) * share
    }
}

extension ScoreLayout.Head {
    /// Another act of the same party in the same minute: the later gives the words, what is awaited or late stays seen.
    fileprivate mutating func add(_ note: borrowing Score.Note, _ index: Int) {
        if note.state.rawValue > state.rawValue { state = note.state }
        if !note.label.isEmpty { label = index }
        if !note.title.isEmpty { title = index }
        if let target = note.handsTo, target != note.party { handsTo = Int(target.rawValue) }
        fermata = fermata || note.fermata
    }
}

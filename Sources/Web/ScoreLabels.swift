import Kernel

/// Where the words of a score stand. Boxes are estimated in em at three widths of the plot: a phone in elder mode, a
/// phone, and a card from 26 rem. A word that finds no free place at any of them is left out; `<title>`, `<desc>` and
/// the text list tell everything.
struct ScoreLabels {
    enum Anchor {
        case middle, start, end
    }

    /// A box that hangs on a place of the plot: left, right, top and bottom in em from there.
    struct Box {
        var x: Double
        var left: Double
        var right: Double
        var top: Double
        var bottom: Double
        /// The narrowest width, as an index into `widths`, at which it is there.
        var level = 0
    }

    struct Label {
        enum Kind {
            case note, limit, now, axis
        }
        var kind: Kind
        var x: Double
        var dx: Double
        /// Baseline.
        var y: Double
        var anchor: Anchor
        var level: Int
        var text: String
        var isLate = false
        var isAwaited = false
        var limit: Score.Limit.State?
        var box: Box
    }

    static let widths = [11.5, 17.2, 26.0]
    static let staffTop = 3.6
    static let step = 2.3
    static let staffBottom = 12.8
    /// Free em between a label and what stands beside it.
    private static let margin = 0.2
    /// The text rises this far over its baseline and sinks this far below it.
    static let rise = 0.85
    static let sink = 0.12

    private(set) var labels: [Label] = []
    private(set) var obstacles: [Box] = []
    private let layout: ScoreLayout
    private let score: Score
    private let axisY: Double

    init(_ score: Score, _ layout: ScoreLayout, axisY: Double) {
        self.score = score
        self.layout = layout
        self.axisY = axisY
        labels.reserveCapacity(layout.heads.count * 2 + layout.bars.count + 4)
        collectObstacles()
        placeNotes()
        placeLimits()
        placeAxis()
    }

    static func y(_ line: Int) -> Double { staffTop + step * Double(line) }

    /// The width of a text in em: an estimate on the safe side.
    static func width(of text: String) -> Double {
        var width = 0.0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x30...0x39: width += 0.57
            case 0x20, 0xA0, 0x2C, 0x2E, 0x3A, 0x3B, 0x21, 0x27, 0x7C: width += 0.3
            case 0x69, 0x6A, 0x6C: width += 0.3
            case 0x66, 0x72, 0x74, 0x28, 0x29, 0x2D, 0x2F: width += 0.4
            case 0x6D, 0x77, 0x4D, 0x57, 0x40, 0x25: width += 0.95
            case 0x41...0x5A: width += 0.7
            case 0x21...0x2FF: width += 0.58
            case 0x300...0x36F, 0x200B...0x200F: break
            case 0x370...0x52F: width += 0.65
            default: width += 1
            }
        }
        return width
    }

    // MARK: What is in the way

    private mutating func collectObstacles() {
        obstacles.reserveCapacity(layout.heads.count * 2 + layout.stems.count + layout.bars.count + 16)
        for head in layout.heads {
            let y = Self.y(head.line)
            let (half, tall) = head.isLate ? (0.75, 0.75) : (0.7, 0.55)
            obstacles.append(Box(x: head.x, left: -half, right: half, top: y - tall, bottom: y + tall))
            if head.fermata, head.isAwaited {
                obstacles.append(Box(x: head.x, left: -0.9, right: 0.9, top: y - 2, bottom: y - 0.8))
            }
        }
        for stem in layout.stems {
            let ends = (Self.y(stem.from), Self.y(stem.to))
            obstacles.append(upright(stem.x, top: min(ends.0, ends.1), bottom: max(ends.0, ends.1)))
        }
        for bar in layout.bars { obstacles.append(upright(bar.x, top: 1.6, bottom: 13.3)) }
        if let now = layout.now { obstacles.append(upright(now, top: 1.6, bottom: 13.7)) }
        if let end = layout.end {
            obstacles.append(
                Box(x: end, left: 0.8, right: 1.4, top: Self.staffTop, bottom: Self.staffBottom))
        }
        for cut in layout.cuts {
            for line in 0..<5 {
                let y = Self.y(line)
                obstacles.append(Box(x: cut, left: -0.4, right: 0.4, top: y - 0.35, bottom: y + 0.35))
            }
        }
    }

    private func upright(_ x: Double, top: Double, bottom: Double) -> Box {
        Box(x: x, left: -0.06, right: 0.06, top: top, bottom: bottom)
    }

    /// The narrowest width from which on the box is free, or nil.
    private func level(of box: Box, from leftEdge: Double, to rightEdge: Double) -> Int? {
        var free: Int?
        for index in Self.widths.indices.reversed() {
            let width = Self.widths[index]
            let anchor = box.x / 100 * width
            let left = anchor + box.left
            let right = anchor + box.right
            guard left >= leftEdge, right <= width + rightEdge else { return free }
            for other in obstacles where other.level <= index && other.top < box.bottom && other.bottom > box.top {
                let place = other.x / 100 * width
                if place + other.left < right + Self.margin, place + other.right > left - Self.margin { return free }
            }
            free = index
        }
        return free
    }

    // MARK: Notes

    private mutating func placeNotes() {
        for index in noteOrder() {
            let head = layout.heads[index]
            let text = chordLabel(index)
            guard !text.isEmpty else { continue }
            let width = Self.width(of: text)
            var best: Label?
            for (dx, dy, anchor) in candidates(head) {
                let y = Self.y(head.line) + dy
                let left = anchor == .start ? dx : anchor == .end ? dx - width : -width / 2
                var box = Box(
                    x: head.x, left: left, right: left + width, top: y - Self.rise, bottom: y + Self.sink)
                let leftEdge = head.line == 0 && dy < 0 ? -1.2 : -0.45
                guard let level = level(of: box, from: leftEdge, to: 1.5), level < best?.level ?? 3 else { continue }
                box.level = level
                best = Label(
                    kind: .note, x: head.x, dx: dx, y: y, anchor: anchor, level: level, text: text,
                    isLate: head.isLate, isAwaited: head.isAwaited, box: box)
                if level == 0 { break }
            }
            guard let best else { continue }
            labels.append(best)
            obstacles.append(best.box)
        }
    }

    /// Places in the order of preference: em to the side, em down to the baseline, how the text hangs there.
    private func candidates(_ head: ScoreLayout.Head) -> [(Double, Double, Anchor)] {
        if head.fermata, head.isAwaited {
            let beside: [(Double, Double, Anchor)] = [(-1.1, -0.75, .end), (1.1, -0.75, .start)]
            return head.line == 4 ? beside : beside + [(0, 1.6, .middle), (0.35, 1.6, .start), (-0.35, 1.6, .end)]
        }
        let hasUpwardStem = layout.stems.contains {
            $0.x == head.x && min($0.from, $0.to) < head.line && max($0.from, $0.to) >= head.line
        }
        var all: [(Double, Double, Anchor)] =
            hasUpwardStem
            ? [(0.35, -0.92, .start), (-0.35, -0.92, .end)]
            : [(0, -0.92, .middle), (0.35, -0.92, .start), (-0.35, -0.92, .end)]
        if head.line < 4 {
            all += [(0, 1.6, .middle), (0.35, 1.6, .start), (-0.35, 1.6, .end)]
        }
        return all
    }

    /// The heads that may carry a label (the top one of each chord), the most important first.
    private func noteOrder() -> [Int] {
        var ranked: [(rank: Int, index: Int)] = []
        ranked.reserveCapacity(layout.heads.count)
        let promise = layout.heads.first(where: \.isAwaited)?.minute
        let outcome = score.slur.map { layout.minute($0.to) }
        var last: Int64?
        for (index, head) in layout.heads.enumerated() where head.minute != last {
            let rank =
                head.minute == promise
                ? 0
                : index == 0
                    ? 1
                    : head.minute == outcome || head.minute == layout.endMinute
                        ? 2 : head.handsTo != nil || head.isLate ? 3 : 4
            ranked.append((rank, index))
            last = head.minute
        }
        ranked.sort { ($0.rank, $0.index) < ($1.rank, $1.index) }
        return ranked.map(\.index)
    }

    /// One label for all heads of a chord: the first that has one, from the top.
    private func chordLabel(_ index: Int) -> String {
        let minute = layout.heads[index].minute
        var each = index
        while each < layout.heads.count, layout.heads[each].minute == minute {
            let text = score.notes[layout.heads[each].label].label
            if !text.isEmpty { return text }
            each += 1
        }
        return ""
    }

    // MARK: Rows

    private mutating func placeLimits() {
        if let now = layout.now {
            placeInRow(.now, x: now, y: 1.25, text: score.words.now, edge: 0)
        }
        // The one that runs counts most, then the latest.
        let pending = layout.bars.indices.filter {
            layout.bars[$0].state == .next || layout.bars[$0].state == .ahead
        }
        let past = layout.bars.indices.reversed().filter { !pending.contains($0) }
        for index in pending + past {
            let bar = layout.bars[index]
            let text = score.limits[bar.limit].label
            placeInRow(.limit, x: bar.x, y: 1.25, text: text, edge: 0, limit: bar.state)
        }
    }

    private mutating func placeAxis() {
        guard let first = layout.minutes.first, let last = layout.minutes.last else { return }
        let words = score.words
        func instant(_ minute: Int64) -> Instant { Instant(ms: minute * layout.grain) }
        let isOneDay = words.day(instant(first)) == words.day(instant(last))
        var taken: [String] = []
        for (minute, canRepeat, isLate) in axisOrder() {
            let at = instant(minute)
            var text = words.clock(at)
            if !isOneDay {
                let day = words.day(at)
                if !taken.contains(day) {
                    taken.append(day)
                    text = day
                } else if !canRepeat {
                    continue
                }
            } else if layout.grain < Instant.minuteMs {
                // The seconds of one minute have one name.
                guard !taken.contains(text) else { continue }
                taken.append(text)
            }
            placeInRow(.axis, x: layout.place(minute), y: axisY, text: text, edge: 0.15, isLate: isLate)
        }
    }

    /// The moments that may have a time below, the most important first. Of a day that has one, only the next promise
    /// and the running limit say their time too.
    private func axisOrder() -> [(minute: Int64, canRepeat: Bool, isLate: Bool)] {
        let promise = layout.heads.first(where: \.isAwaited)?.minute
        let outcome = score.slur.map { layout.minute($0.to) }
        let first = layout.heads.first?.minute
        var ranked: [(rank: Int, minute: Int64, canRepeat: Bool, isLate: Bool)] = []
        ranked.reserveCapacity(layout.minutes.count)
        for minute in layout.minutes {
            let head = layout.heads.first { $0.minute == minute && ($0.isAwaited || $0.handsTo != nil) }
            let bar = layout.bars.first { $0.minute == minute }
            let hasNote = head != nil || layout.heads.contains { $0.minute == minute }
            guard hasNote || bar != nil || minute == layout.endMinute else { continue }
            let isRunning = bar.map { $0.state == .next || $0.state == .ahead } ?? false
            let rank =
                minute == promise
                ? 0
                : minute == first
                    ? 1
                    : minute == outcome || minute == layout.endMinute
                        ? 2 : isRunning ? 3 : bar != nil ? 4 : head != nil ? 5 : 6
            ranked.append(
                (rank, minute, minute == promise || isRunning && bar?.state == .next, head?.state == .awaitedLate))
        }
        ranked.sort { ($0.rank, $0.minute) < ($1.rank, $1.minute) }
        return ranked.map { ($0.minute, $0.canRepeat, $0.isLate) }
    }

    /// In the rows above and below only words are in the way, so they keep to themselves.
    private mutating func placeInRow(
        _ kind: Label.Kind, x: Double, y: Double, text: String, edge: Double, isLate: Bool = false,
        limit: Score.Limit.State? = nil
    ) {
        guard !text.isEmpty else { return }
        let width = Self.width(of: text)
        let isFirst = x < 0.05
        let isLast = x > 99.95
        let candidates: [(Double, Anchor)]
        if isFirst {
            candidates = [(-0.7, .start)]
        } else if isLast {
            candidates = [(0.9, .end)]
        } else if kind == .axis {
            candidates = [(0, .middle)]
        } else {
            candidates = [(0, .middle), (0, .start), (0, .end)]
        }
        var best: Label?
        for (dx, anchor) in candidates {
            let left = anchor == .start ? dx : anchor == .end ? dx - width : -width / 2
            var box = Box(
                x: x, left: left - edge, right: left + width + edge, top: y - Self.rise, bottom: y + Self.sink)
            guard let level = level(inRow: box), level < best?.level ?? 3 else { continue }
            box.level = level
            best = Label(
                kind: kind, x: x, dx: dx, y: y, anchor: anchor, level: level, text: text, isLate: isLate,
                limit: limit, box: box)
            if level == 0 { break }
        }
        guard let best else { return }
        labels.append(best)
    }

    private func level(inRow box: Box) -> Int? {
        var free: Int?
        for index in Self.widths.indices.reversed() {
            let width = Self.widths[index]
            let left = box.x / 100 * width + box.left
            let right = box.x / 100 * width + box.right
            guard left >= -0.95, right <= width + 1.55 else { return free }
            for label in labels where label.kind != .note && label.y == box.top + Self.rise && label.level <= index {
                let place = label.x / 100 * width
                if place + label.box.left < right + Self.margin, place + label.box.right > left - Self.margin {
                    return free
                }
            }
            free = index
        }
        return free
    }
}

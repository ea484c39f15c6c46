import Kernel
import RegexBuilder
import Testing

@testable import Web

@Suite struct ScoreTests {
    // MARK: The mock-ups

    @Test(arguments: ScoreCases.all) func `drawing stands where the mock-up has it`(sample: ScoreCases.Sample) {
        let figure = sample.score.figure(id: "a", title: "t", description: "d").text
        let found = marks(in: figure)
        let expected = Mark.list(sample.figure)
        #expect(found.map(\.name) == expected.map(\.name))
        for (mark, wanted) in zip(found, expected) {
            #expect(mark.isNear(wanted, 0.15), "\(mark) is not near \(wanted)")
        }
        #expect(figure.contains(sample.score.slur == nil ? "height=\"15.4em\"" : "height=\"16.7em\""))
    }

    @Test(arguments: ScoreCases.all) func `small drawing stands where the mock-up has it`(sample: ScoreCases.Sample) {
        let found = miniMarks(in: sample.score.mini().text)
        let expected = Mark.list(sample.mini)
        #expect(found.map(\.name) == expected.map(\.name))
        for (mark, wanted) in zip(found, expected) {
            #expect(mark.isNear(wanted, 0.2), "\(mark) is not near \(wanted)")
        }
    }

    @Test func `parties without a note have a soft name`() {
        let figure = ScoreCases.score(ScoreCases.leakScore).text
        #expect(figure.contains("<text x=\"-1em\" y=\"8.56em\" class=\"idle\">业委会</text>"))
        #expect(figure.contains("<text x=\"-1em\" y=\"3.96em\">社区</text>"))
    }

    @Test func `fermata stands over the note that the clock waits for`() {
        let figure = ScoreCases.score(ScoreCases.ownerScore).text
        #expect(figure.matches(of: /<svg class="fer" x="-.85em" y="-1.95em"/).count == 1)
        #expect(!ScoreCases.ownerScore.mini().text.contains("fer"))
    }

    @Test func `words that matter are shown at every width`() {
        let leak = ScoreCases.score(ScoreCases.leakScore).text
        for word in ["报事", "修好", "上门", "销号", "派单", "满意"] {
            #expect(leak.firstMatch(of: labelPattern(word)) != nil, "\(word)")
        }
        #expect(leak.contains("<svg class=\"lim ahead\" x=\"100%\"><text y=\"1.25em\" x=\"0.9em\" class=\"e\">上门限时"))
        #expect(leak.contains("<svg class=\"dur ok\" x=\"20.1%\"><text y=\"14.75em\">27 分钟"))
        #expect(leak.contains("<svg class=\"ax l2\" x=\"50.2%\"><text y=\"16.2em\">9:46"))
        let lift = ScoreCases.score(ScoreCases.liftScore).text
        #expect(lift.contains("<svg class=\"lab l1 f late\" x=\"100%\"><text y=\"4.98em\">修好"))
        #expect(lift.contains("<svg class=\"lim broken\" x=\"74.1%\"><text y=\"1.25em\" class=\"e\">反馈超时"))
        #expect(lift.contains("<svg class=\"ax late\" x=\"100%\"><text y=\"14.9em\" x=\"0.9em\" class=\"e\">19 日"))
    }

    // MARK: Properties

    @Test func `time runs to the right in any history`() {
        for seed in 0..<2000 {
            let score = ScoreCases.random(UInt64(seed))
            let layout = ScoreLayout(score)
            #expect(zip(layout.minutes, layout.minutes.dropFirst()).allSatisfy { $0 < $1 }, "\(seed)")
            #expect(zip(layout.places, layout.places.dropFirst()).allSatisfy { $0 < $1 }, "\(seed)")
            #expect(layout.places.allSatisfy { (0...100.000001).contains($0) }, "\(seed)")
            #expect(zip(layout.heads, layout.heads.dropFirst()).allSatisfy { $0.x <= $1.x }, "\(seed)")
            #expect(layout.heads.count <= Score.drawnNotes, "\(seed)")
            let drawn = layout.holds.flatMap { [$0.from, $0.to] } + layout.bars.map(\.x) + layout.cuts
            #expect(drawn.allSatisfy { (0...100.000001).contains($0) }, "\(seed)")
            #expect(layout.holds.allSatisfy { $0.from < $0.to }, "\(seed)")
            // Reading the SVG is slow: every twentieth.
            guard seed % 20 == 0 else { continue }
            let shown = marks(in: ScoreCases.score(score).text)
            let heads = shown.filter { $0.name.hasPrefix("n.") }.map { $0.numbers.first ?? -1 }
            #expect(zip(heads, heads.dropFirst()).allSatisfy { $0 <= $1 }, "\(seed)")
            #expect(heads.count == layout.heads.count, "\(seed)")
            #expect(shown.allSatisfy { mark in mark.numbers.allSatisfy { (-2...120).contains($0) } }, "\(seed)")
            for mark in miniMarks(in: score.mini().text) {
                #expect(mark.numbers.allSatisfy { (-3...121).contains($0) }, "\(seed) \(mark)")
            }
        }
    }

    @Test func `every long wait is marked and no other`() {
        for seed in 0..<2000 {
            let score = ScoreCases.random(UInt64(seed))
            let layout = ScoreLayout(score)
            let gaps = zip(layout.minutes, layout.minutes.dropFirst()).map { $1 - $0 }
            guard !gaps.isEmpty else { continue }
            let sorted = gaps.sorted()
            let unit = Double(sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
            let long = gaps.indices.filter { Double(gaps[$0]) > 4 * unit }
            let marked = gaps.indices.filter { index in
                layout.cuts.contains { $0 > layout.places[index] && $0 < layout.places[index + 1] }
            }
            let isShort = Set(score.notes.map { "\(ScoreLayout.minute($0.at)) \($0.party)" }).count <= Score.drawnNotes
            #expect(Set(long).isSubset(of: marked), "\(seed)")
            if isShort { #expect(long == marked, "\(seed)") }
            #expect(marked.count == layout.cuts.count, "\(seed)")
        }
    }

    @Test func `labels cover neither each other nor a note`() {
        for seed in 0..<2000 {
            let score = ScoreCases.random(UInt64(seed))
            let layout = ScoreLayout(score)
            let labels = ScoreLabels(score, layout, axisY: layout.slur == nil ? 14.9 : 16.2).labels
            for (level, width) in ScoreLabels.widths.enumerated() {
                let boxes = labels.filter { $0.level <= level }.map { Rect($0, width) }
                let heads = layout.heads.map { head in
                    Rect(centre: head.x / 100 * width, ScoreLabels.y(head.line), half: 0.66, tall: 0.49)
                }
                for (index, box) in boxes.enumerated() {
                    #expect(!boxes[(index + 1)...].contains { $0.meets(box) }, "\(seed) at \(width)")
                    #expect(!heads.contains { $0.meets(box) }, "\(seed) at \(width)")
                    #expect(box.left >= -2.5 && box.right <= width + 1.6, "\(seed) at \(width)")
                }
            }
        }
    }

    @Test func `shuffled notes make the same drawing`() {
        var random = SeededRandom(seed: 7)
        var score = ScoreCases.cameraScore
        let figure = ScoreCases.score(score).text
        // A chord keeps the order in which it was told.
        let groups = Dictionary(grouping: score.notes, by: \.at).values.shuffled(using: &random)
        score.notes = groups.flatMap { $0 }
        #expect(ScoreCases.score(score).text == figure)
    }

    // MARK: Odd input

    @Test func `nothing at all is an empty staff`() {
        let score = Score(notes: [], words: ScoreCases.words)
        #expect(ScoreCases.score(score).text.contains("<g class=\"staff\">"))
        #expect(score.mini().text.hasSuffix("</svg>"))
    }

    @Test func `one moment stands at the left edge`() {
        let at = ScoreCases.time(18, 9, 12)
        let notes = Party.allCases.map { Score.Note(at: at, party: $0, label: "x", title: "y") }
        let score = Score(
            notes: notes, holds: [.init(party: .property, from: at, to: at, state: .late)],
            limits: [.init(at: at, label: "l", state: .broken)],
            slur: .init(from: at, to: at, label: "0", onTime: true), now: at, words: ScoreCases.words)
        let shown = marks(in: ScoreCases.score(score).text)
        let heads: [[Double]] = shown.filter { $0.name == "n.d" }.map(\.numbers)
        #expect(heads == [[0, 3.6], [0, 5.9], [0, 8.2], [0, 10.5], [0, 12.8]])
        #expect(shown.contains { $0.name == "now" && $0.numbers.first == 0 })
        #expect(!shown.contains { $0.name.hasPrefix("hold") })
    }

    @Test func `long history keeps its first and latest notes and marks what is left out`() {
        let notes = (0..<200).map { index in
            Score.Note(
                at: ScoreCases.time(1, 8, 0).adding(minutes: index * 10), party: index % 2 == 0 ? .property : .community
            )
        }
        let score = Score(notes: notes, now: notes[199].at.adding(minutes: 10), words: ScoreCases.words)
        let shown = marks(in: ScoreCases.score(score).text)
        #expect(shown.filter { $0.name == "n.d" }.count == 25)
        #expect(shown.filter { $0.name == "cut" }.count == 1)
        #expect(ScoreCases.score(score).text.utf8.count < 16_000)
    }

    @Test func `two acts of one party in one minute are one note that names the later`() {
        let at = ScoreCases.time(18, 9, 12)
        let notes = [
            Score.Note(at: at, party: .property, label: "first", title: "First."),
            Score.Note(at: at.adding(ms: 20_000), party: .property, label: "second", title: "Second."),
        ]
        let figure = ScoreCases.score(Score(notes: notes, words: ScoreCases.words)).text
        #expect(marks(in: figure).filter { $0.name == "n.d" }.count == 1)
        #expect(figure.contains("Second.") && !figure.contains("First."))
    }

    @Test func `a case of one minute is spread by the second, in order and with its words apart`() {
        let at = ScoreCases.time(18, 9, 12)
        let acts: [(Int64, Party, String)] = [
            (1, .resident, "报事"), (4, .community, "派单"), (9, .property, "上门"), (15, .property, "修好"),
            (21, .resident, "满意"), (30, .community, "销号"),
        ]
        func score(_ step: Int64) -> Score {
            Score(
                notes: acts.map { Score.Note(at: at.adding(ms: $0.0 * step), party: $0.1, label: $0.2, title: $0.2) },
                limits: [.init(at: at.adding(hours: 3), label: "上门限时", state: .ahead)],
                finishedAt: at.adding(ms: 30 * step), words: ScoreCases.words)
        }
        let layout = ScoreLayout(score(1000))
        #expect(layout.heads.map { layout.minutes.firstIndex(of: $0.minute) } == [0, 1, 2, 3, 4, 5])
        #expect(zip(layout.heads, layout.heads.dropFirst()).allSatisfy { $1.x - $0.x > 4 })
        let figure = ScoreCases.score(score(1000)).text
        for (_, _, word) in acts { #expect(figure.contains(">\(word)</text>"), "\(word)") }
        // One minute has one time below, not six.
        #expect(figure.matches(of: />9:12<\/text>/).count == 1)
        // As soon as it took longer, minutes count again.
        #expect(ScoreLayout(score(60_000)).grain == Instant.minuteMs)
        let drawn = marks(in: figure).filter { $0.name == "n.d" }.map { $0.numbers.first ?? -1 }
        #expect(drawn.count == 6 && zip(drawn, drawn.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `overdue note stays seen beside a done one`() {
        let at = ScoreCases.time(18, 9, 12)
        let notes = [
            Score.Note(at: at, party: .property, state: .awaitedLate), Score.Note(at: at, party: .property),
        ]
        let shown = marks(in: ScoreCases.score(Score(notes: notes, words: ScoreCases.words)).text)
        #expect(shown.contains { $0.name == "n.w.late" })
    }

    @Test func `only the next limit that is still to come is drawn`() {
        let start = ScoreCases.time(18, 9, 0)
        let limits = [(9, Score.Limit.State.next), (5, .next), (3, .kept), (7, .ahead)].map { hour, state in
            Score.Limit(at: start.adding(hours: hour), label: "l\(hour)", state: state)
        }
        let score = Score(
            notes: [.init(at: start, party: .resident)], limits: limits, now: start.adding(hours: 4),
            words: ScoreCases.words)
        let bars = marks(in: ScoreCases.score(score).text).filter { $0.name.hasPrefix("bar") }
        #expect(bars.map(\.name) == ["bar.kept", "bar.next"])
        #expect(bars.last?.numbers.first == 100)
    }

    @Test func `limits before the first note and far ends of time do not crash`() {
        let ends = [Instant(ms: .min), Instant(ms: .max), Instant(ms: 0), ScoreCases.time(18, 9, 0)]
        for first in ends {
            for second in ends {
                let score = Score(
                    notes: [
                        .init(at: first, party: .resident, label: "a", handsTo: .resident),
                        .init(at: second, party: .property, label: "b", state: .awaited, fermata: true),
                    ],
                    holds: [.init(party: .property, from: second, to: first, state: .stopped)],
                    limits: [
                        .init(at: second, label: "l", state: .broken), .init(at: first, label: "m", state: .next),
                    ],
                    slur: .init(from: second, to: first, label: "s", onTime: false), now: first, finishedAt: second,
                    words: ScoreCases.words)
                let shown = marks(in: ScoreCases.score(score).text) + miniMarks(in: score.mini().text)
                #expect(shown.allSatisfy { $0.numbers.allSatisfy { $0 <= 121 && $0 >= -3 } })
            }
        }
    }

    @Test func `double bar of a case without later limits stays on the staff`() throws {
        let start = ScoreCases.time(18, 9, 0)
        let score = Score(
            notes: [
                .init(at: start, party: .resident), .init(at: start.adding(hours: 1), party: .community),
            ], finishedAt: start.adding(hours: 1), words: ScoreCases.words)
        let end = try #require(marks(in: ScoreCases.score(score).text).first { $0.name == "fin" }?.numbers.first)
        #expect(end / 100 * ScoreLabels.widths[0] + 1.37 <= 1.024 * ScoreLabels.widths[0])
    }

    @Test func `words from outside are escaped`() {
        let evil = "<b onx=\"1\">&'"
        let words = ScoreWords(
            parties: [evil, evil, evil, evil, evil], now: evil, day: { _ in evil }, clock: { _ in evil })
        var score = ScoreCases.ownerScore
        score.words = words
        for index in score.notes.indices {
            score.notes[index].label = evil
            score.notes[index].title = evil
        }
        for index in score.limits.indices { score.limits[index].label = evil }
        score.slur = .init(from: score.notes[0].at, to: score.notes[2].at, label: evil, onTime: false)
        let figure = score.figure(id: evil, title: evil, description: evil)
        #expect(!figure.text.contains("<b ") && !figure.text.contains("onx=\"") && figure.text.contains("&lt;b onx="))
        let legend = Score.legend(
            .init(
                done: evil, awaited: evil, late: evil, hold: evil, hand: evil, limit: evil, broken: evil, cut: evil,
                stopped: evil, finished: evil))
        #expect(!legend.text.contains("<b ") && legend.text.matches(of: /<li>/).count == 10)
    }

    @Test func `small drawing is no text and hidden from screen readers`() {
        for sample in ScoreCases.all {
            let mini = sample.score.mini().text
            #expect(mini.contains("aria-hidden=true") && !mini.contains("<text") && !mini.contains("<title"))
        }
    }
}

// MARK: - Reading the SVG

/// A drawn part: its class, with dots for spaces, and its numbers in order.
private struct Mark: CustomStringConvertible {
    var name: String
    var numbers: [Double]
    /// Which numbers are em: these are exact. The others are percent or pixels.
    var isEm: [Bool] = []
    var description: String { "\(name) \(numbers)" }

    static func list(_ text: String) -> [Mark] {
        text.split(separator: ",").map { item in
            let words = item.split(separator: " ")
            return Mark(name: String(words[0]), numbers: words.dropFirst().map { number($0) })
        }
    }
    static func number(_ text: some StringProtocol) -> Double {
        let sign = text.hasPrefix("-")
        let digits = sign ? text.dropFirst() : text.dropFirst(0)
        return (Double("0\(digits)") ?? .nan) * (sign ? -1 : 1)
    }
    func isNear(_ other: Mark, _ tolerance: Double) -> Bool {
        name == other.name && numbers.count == other.numbers.count
            && numbers.indices.allSatisfy { index in
                let isExact = index < isEm.count && isEm[index]
                return abs(numbers[index] - other.numbers[index]) <= (isExact ? 0.001 : tolerance)
            }
    }
}

/// The parts of the full drawing.
private func marks(in svg: String) -> [Mark] {
    let parts: Set<Substring> = [
        "hold", "bar", "now", "stem", "n", "cut", "fin", "slur", "future", "fer", "b0",
    ]
    return svg.matches(of: /<(?:line|svg|rect) class="([^"]*)"([^>]*)>/).compactMap { match in
        let words = match.1.split(separator: " ")
        guard let first = words.first, parts.contains(first) else { return nil }
        let numbers = match.2.matches(of: /(?:x1|x2|x|y1|y2|y|width|height)="([-.0-9]+)(%|em)"/)
        return Mark(
            name: words.joined(separator: "."), numbers: numbers.map { Mark.number($0.1) },
            isEm: numbers.map { $0.2 == "em" })
    }
}

/// The parts of a small drawing; the staff is the page's, and the stylesheet gives heads their size.
private func miniMarks(in svg: String) -> [Mark] {
    let whole = svg.replacing("<use href=#ms />", with: "")
    let staff = svg == whole ? [] : read(Score.miniStaff.text.replacing(" id=ms", with: ""))
    let marks = read(whole)
    return marks.filter { $0.name == "now" } + staff + marks.filter { $0.name != "now" }

    func read(_ svg: String) -> [Mark] {
        svg.matches(of: /<(path|ellipse) class=(?:"([^"]*)"|([a-z]+))([^>]*)>/).map { match in
            var numbers = match.4.matches(of: /-?[0-9.]+/).map { Mark.number($0.0) }
            if match.1 == "ellipse" { numbers += [2.9, 2.2] }
            let words = match.2 ?? match.3 ?? ""
            return Mark(name: words.split(separator: " ").joined(separator: "."), numbers: numbers)
        }
    }
}

private func labelPattern(_ word: String) -> Regex<Substring> {
    Regex {
        "<svg class=\"lab\" x=\""
        OneOrMore(.reluctant) { CharacterClass.any }
        "\">"
        word
        "</text>"
    }
}

private struct Rect {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    init(_ label: ScoreLabels.Label, _ width: Double) {
        let size = ScoreLabels.width(of: label.text)
        let place = label.x / 100 * width + label.dx
        left = label.anchor == .start ? place : label.anchor == .end ? place - size : place - size / 2
        right = left + size
        top = label.y - ScoreLabels.rise
        bottom = label.y + ScoreLabels.sink
    }
    init(centre x: Double, _ y: Double, half: Double, tall: Double) {
        (left, right, top, bottom) = (x - half, x + half, y - tall, y + tall)
    }
    func meets(_ other: Rect) -> Bool {
        left < other.right && right > other.left && top < other.bottom && bottom > other.top
    }
}

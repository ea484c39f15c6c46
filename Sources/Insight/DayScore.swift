import Kernel
import Web

/// An estate's day as a small score: the five lines of the parties, x the hours from 6 to 24, a note for each step, a
/// diamond where a promise broke, a hollow note where one falls due. At most `most` notes, the latest.
enum DayScore {
    static let most = 12
    private static let lines: [HTML] = ["2.5", "7.25", "12", "16.75", "21.5"]

    private struct Head: Hashable {
        /// Tenths of a unit of the picture.
        let x: Int
        let line: Int
        let kind: Int
    }

    /// Where a moment of the day stands. What was before 6 stands at the left edge.
    private static func x(_ at: Instant) -> Double {
        let hours = Double(Zone.shanghai.msOfDay(at)) / Double(Instant.hourMs)
        return 5 + 110 * min(max(hours - 6, 0), 18) / 18
    }

    static func mini(_ notes: [InsightStore.DayNote], now: Instant) -> HTML {
        var heads: [Head] = []
        var seen = Set<Head>()
        for note in notes.sorted(by: { ($0.at, $0.kind.rawValue) > ($1.at, $1.kind.rawValue) }) {
            let kind =
                switch note.kind {
                case .broken: 1
                case .running: note.at < now ? 2 : 3
                default: 0
                }
            // A due of 24:00 stands at the right edge.
            let x = note.kind == .running && Zone.shanghai.msOfDay(note.at) == 0 ? 115 : x(note.at)
            let head = Head(x: Int((x * 10).rounded()), line: Int(note.party.rawValue), kind: kind)
            if seen.insert(head).inserted { heads.append(head) }
            if heads.count == most { break }
        }
        let drawn = heads.sorted { ($0.x, $0.line) < ($1.x, $1.line) }.map { head -> HTML in
            let x = Double(head.x) / 10
            let y = lines[head.line]
            switch head.kind {
            case 1: return "<path class=\"n d late\" d=\"M\(x - 3) \(y)l3 -3 3 3 -3 3z\"/>"
            case 2: return "<path class=\"n w late\" d=\"M\(x - 3) \(y)l3 -3 3 3 -3 3z\"/>"
            case 3: return "<ellipse class=\"n w\" cx=\(x) cy=\(y) />"
            default: return "<ellipse class=\"n d\" cx=\(x) cy=\(y) />"
            }
        }
        return """
            <svg class=mini aria-hidden=true><path class=now d="M\(x(now)) -1V25H121V-1z"/><use href=#ms />\
            \(HTML.joined(drawn))</svg>
            """
    }
}

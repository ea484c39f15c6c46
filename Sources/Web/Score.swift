import Kernel

/// The score (谱): the history of a case as a five-line staff. One line for each party, time from left to right, a note
/// on the line of whoever acted. `figure` is the full picture, `mini` the one for a list row.
///
/// Guarantees: any input makes a picture; what is earlier never stands to the right of what is later; distance is true
/// between bounds and a compressed wait is always marked; a label never covers a head or another label. Moments are
/// compared by the minute; where all that was done lies within one minute and more than one party acted, by the second. At most `drawnNotes` notes are drawn: the first and the latest, with a mark between.
package struct Score: Sendable {
    package struct Note: Sendable {
        package enum State: Int, Sendable {
            case done, doneLate, awaited, awaitedLate
        }
        package var at: Instant
        package var party: Party
        /// A word or two, above the note. May be empty.
        package var label: String
        /// The sentence for `<title>`. May be empty: parties that act together need it once.
        package var title: String
        package var state: State
        /// The party that takes over: a stem leads to its line.
        package var handsTo: Party?
        /// The clock stands still until this note.
        package var fermata: Bool

        package init(
            at: Instant, party: Party, label: String = "", title: String = "", state: State = .done,
            handsTo: Party? = nil, fermata: Bool = false
        ) {
            self.at = at
            self.party = party
            self.label = label
            self.title = title
            self.state = state
            self.handsTo = handsTo
            self.fermata = fermata
        }
    }

    /// Who has the case, from when to when.
    package struct Hold: Sendable {
        package enum State: Sendable {
            case onTime, late, stopped
        }
        package var party: Party
        package var from: Instant
        package var to: Instant
        package var state: State

        package init(party: Party, from: Instant, to: Instant, state: State) {
            self.party = party
            self.from = from
            self.to = to
            self.state = state
        }
    }

    /// A limit of a clock. Of those that are `next` or `ahead` only one is drawn: the earliest `next`, else the earliest
    /// `ahead`.
    package struct Limit: Sendable {
        package enum State: Sendable {
            /// Never reached: the case was finished before.
            case ahead
            /// Running.
            case next
            case kept
            case broken
        }
        package var at: Instant
        package var label: String
        package var state: State

        package init(at: Instant, label: String, state: State) {
            self.at = at
            self.label = label
            self.state = state
        }
    }

    /// The bow under the staff: from the report to the solution, with the figure that counts.
    package struct Slur: Sendable {
        package var from: Instant
        package var to: Instant
        package var label: String
        package var onTime: Bool

        package init(from: Instant, to: Instant, label: String, onTime: Bool) {
            self.from = from
            self.to = to
            self.label = label
            self.onTime = onTime
        }
    }

    package var notes: [Note]
    package var holds: [Hold]
    package var limits: [Limit]
    package var slur: Slur?
    /// Nil for a finished case.
    package var now: Instant?
    /// When the case was struck off: the double bar.
    package var finishedAt: Instant?
    package var words: ScoreWords

    package init(
        notes: [Note], holds: [Hold] = [], limits: [Limit] = [], slur: Slur? = nil, now: Instant? = nil,
        finishedAt: Instant? = nil, words: ScoreWords
    ) {
        self.notes = notes
        self.holds = holds
        self.limits = limits
        self.slur = slur
        self.now = now
        self.finishedAt = finishedAt
        self.words = words
    }

    /// The most notes that are drawn: the first one and the latest.
    package static let drawnNotes = 25
    /// The most limits that are drawn: the latest.
    static let drawnLimits = 12
    /// The most holds that are drawn: the latest.
    static let drawnHolds = 64

    /// The full score. It fits every width: horizontal positions are percentages, vertical ones em.
    /// - Parameters:
    ///   - id: unique on the page; prefix of the ids of `<title>` and `<desc>`.
    ///   - description: the whole story in sentences.
    package func figure(id: String, title: String, description: String) -> HTML {
        ScoreDrawing(self).figure(id: id, title: title, description: description)
    }

    /// The five lines of the small scores: once on a page that draws any.
    package static let miniStaff: HTML = """
        <svg class="mini defs" aria-hidden=true><path class=staff id=ms d="M0 2.5H120M0 7.25H120M0 12H120M0 16.75H120M0 21.5H120"/></svg>
        """

    /// The score of a list row: 120 × 24, without text. The row says the same in words. Needs `miniStaff` on its page.
    package func mini() -> HTML { ScoreMini(self).drawing() }
}

/// The fixed words of a score, in the language of the page.
package struct ScoreWords: Sendable {
    /// The five parties, in the order of `Party`.
    package var parties: [String]
    /// Above the line of the present, such as "now" or "now 14:32".
    package var now: String
    /// The day of an axis time, such as a weekday. Two moments are on one day when this says the same of both.
    package var day: @Sendable (Instant) -> String
    /// The time of day of an axis time, such as "9:12".
    package var clock: @Sendable (Instant) -> String

    package init(
        parties: [String], now: String, day: @escaping @Sendable (Instant) -> String,
        clock: @escaping @Sendable (Instant) -> String
    ) {
        self.parties = parties
        self.now = now
        self.day = day
        self.clock = clock
    }
}

/// The words of the key to the score.
package struct ScoreLegendWords: Sendable {
    package var done: String
    package var awaited: String
    package var late: String
    package var hold: String
    package var hand: String
    package var limit: String
    package var broken: String
    package var cut: String
    package var stopped: String
    package var finished: String

    package init(
        done: String, awaited: String, late: String, hold: String, hand: String, limit: String, broken: String,
        cut: String, stopped: String, finished: String
    ) {
        self.done = done
        self.awaited = awaited
        self.late = late
        self.hold = hold
        self.hand = hand
        self.limit = limit
        self.broken = broken
        self.cut = cut
        self.stopped = stopped
        self.finished = finished
    }
}

extension Score {
    /// The key: `<ul class="legend">` with each sign and its word.
    package static func legend(_ words: ScoreLegendWords) -> HTML {
        let line: HTML = "<path d=\"M0 10H22\" stroke=\"var(--staff)\"/>"
        let head: HTML = "cx=\"11\" cy=\"10\" rx=\"7\" ry=\"5\" transform=\"rotate(-22 11 10)\"/>"
        let square: HTML = "x=\"6\" y=\"5\" width=\"10\" height=\"10\" rx=\"1\" transform=\"rotate(45 11 10)\"/>"
        let stem: HTML = """
            <path d="M11 -1V21" class="stem"/><ellipse class="n d" cx="11" cy="17" rx="5" ry="3.6" \
            transform="rotate(-22 11 17)"/>
            """
        let cut: HTML = "<path d=\"M7.5 15l3-10M12 15l3-10\" stroke=\"var(--ink-2)\" fill=\"none\"/>"
        let fermata: HTML = """
            <g class="fer"><path d="M2 14a9 8 0 0 1 18 0"/><circle cx="11" cy="12.5" r="2"/></g>
            """
        let end: HTML = """
            <g class="fin"><line x1="8" x2="8" y1="1" y2="19"/><rect x="11" y="1" width="4" height="18"/></g>
            """
        let items: [(HTML, String)] = [
            ("\(line)<ellipse class=\"n d\" \(head)", words.done),
            ("\(line)<ellipse class=\"n w\" \(head)", words.awaited),
            ("\(line)<rect class=\"n w late\" \(square)", words.late),
            ("<path d=\"M0 10H22\" stroke=\"var(--celadon)\" stroke-width=\"5\"/>", words.hold),
            (stem, words.hand),
            ("<path d=\"M11 0V20\" class=\"bar next\"/>", words.limit),
            ("<path d=\"M11 0V20\" class=\"bar broken\"/>", words.broken),
            ("\(line)\(cut)", words.cut),
            (fermata, words.stopped),
            (end, words.finished),
        ]
        let list = HTML.joined(
            items.map { sign, word in
                "<li><svg viewBox=\"0 0 22 20\" aria-hidden=\"true\">\(sign)</svg>\(word)</li>" as HTML
            })
        return "<ul class=\"legend\">\(list)</ul>"
    }
}

import Kernel

/// Writes SVG. Every value goes through the escaping of `HTML`.
struct ScorePen {
    private(set) var text: HTML.StringInterpolation

    init(capacity: Int) { text = HTML.StringInterpolation(literalCapacity: capacity, interpolationCount: 0) }

    var html: HTML { HTML(stringInterpolation: text) }

    mutating func raw(_ literal: StaticString) { text.appendLiteral(literal) }
    /// A part that is made once: appended without being checked and copied again.
    mutating func part(_ value: HTML) { text.appendInterpolation(value) }
    mutating func word(_ value: String) { text.appendInterpolation(value) }
    mutating func number(_ value: Double) { text.appendInterpolation(value) }
    /// With one decimal. Most numbers of a score are such, and small: they come from a table.
    mutating func tenth(_ value: Double) {
        let tenths = (value * 10).rounded()
        if tenths >= 0, tenths < 1201 {
            text.appendInterpolation(Self.tenths[Int(tenths)])
        } else {
            text.appendInterpolation(tenths / 10)
        }
    }
    private static let tenths: [HTML] = (0..<1201).map { "\(Double($0) / 10)" }
}

/// The full score.
struct ScoreDrawing {
    private let score: Score
    private let layout: ScoreLayout
    private let labels: ScoreLabels
    private var pen: ScorePen

    init(_ score: Score) {
        self.score = score
        layout = ScoreLayout(score)
        labels = ScoreLabels(score, layout, axisY: layout.slur == nil ? 14.9 : 16.2)
        let parts = layout.heads.count + layout.stems.count + layout.holds.count + labels.labels.count
        pen = ScorePen(capacity: 3000 + 150 * parts)
    }

    consuming func figure(id: String, title: String, description: String) -> HTML {
        open(id: id, title: title, description: description)
        drawStaff()
        for hold in layout.holds {
            pen.raw("<line class=\"hold ")
            pen.raw(hold.state.style)
            upright(from: hold.from, to: hold.to)
            span(ScoreLabels.y(hold.line), ScoreLabels.y(hold.line))
        }
        for cut in layout.cuts { draw(cut: cut) }
        for bar in layout.bars {
            pen.raw("<line class=\"bar ")
            pen.raw(bar.state.style)
            upright(from: bar.x, to: bar.x)
            pen.raw(" y1=\"1.6em\" y2=\"13.3em\"/>")
        }
        if let now = layout.now {
            pen.raw("<line class=\"now")
            upright(from: now, to: now)
            pen.raw(" y1=\"1.6em\" y2=\"13.7em\"/>")
        }
        if let end = layout.end {
            pen.raw("<svg class=\"fin\" x=\"")
            pen.tenth(end)
            pen.raw(
                """
                %"><line x1=".85em" x2=".85em" y1="3.6em" y2="12.8em"/>\
                <rect x="1.05em" y="3.6em" width=".32em" height="9.2em"/></svg>
                """)
        }
        for stem in layout.stems {
            pen.raw(stem.isAwaited ? "<line class=\"stem w" : "<line class=\"stem")
            upright(from: stem.x, to: stem.x)
            span(ScoreLabels.y(stem.from), ScoreLabels.y(stem.to))
        }
        for head in layout.heads { draw(head) }
        drawSlur()
        for label in labels.labels { draw(label) }
        drawSlurLabel()
        pen.raw("</svg></div>")
        return pen.html
    }

    // MARK: Ground

    private mutating func open(id: String, title: String, description: String) {
        pen.raw("<div class=\"figure\"><svg class=\"score\" role=\"img\" aria-labelledby=\"")
        pen.word(id)
        pen.raw("-t ")
        pen.word(id)
        pen.raw(layout.slur == nil ? "-d\" height=\"15.4em\"><title id=\"" : "-d\" height=\"16.7em\"><title id=\"")
        pen.word(id)
        pen.raw("-t\">")
        pen.word(title)
        pen.raw("</title><desc id=\"")
        pen.word(id)
        pen.raw("-d\">")
        pen.word(description)
        pen.raw("</desc>")
    }

    private mutating func drawStaff() {
        if let now = layout.now {
            let left = (now * 10).rounded() / 10
            pen.raw("<rect class=\"future\" x=\"")
            pen.tenth(left)
            pen.raw("%\" y=\"2.6em\" width=\"")
            pen.tenth(102.4 - left)
            pen.raw("%\" height=\"11.2em\"/>")
        }
        pen.raw(
            """
            <g class="staff"><line x1="-.6em" x2="102.4%" y1="3.6em" y2="3.6em"/>\
            <line x1="-.6em" x2="102.4%" y1="5.9em" y2="5.9em"/>\
            <line x1="-.6em" x2="102.4%" y1="8.2em" y2="8.2em"/>\
            <line x1="-.6em" x2="102.4%" y1="10.5em" y2="10.5em"/>\
            <line x1="-.6em" x2="102.4%" y1="12.8em" y2="12.8em"/>\
            <line class="b0" x1="-.6em" x2="-.6em" y1="3.6em" y2="12.8em"/></g><g class="who">
            """)
        var used = 0
        for head in layout.heads { used |= 1 << head.line }
        for (line, name) in score.words.parties.prefix(5).enumerated() {
            pen.raw("<text x=\"-1em\" y=\"")
            pen.number(ScoreLabels.y(line) + 0.36)
            pen.raw(used & 1 << line == 0 ? "em\" class=\"idle\">" : "em\">")
            pen.word(name)
            pen.raw("</text>")
        }
        pen.raw("</g>")
    }

    private mutating func draw(cut: Double) {
        pen.raw("<svg class=\"cut\" x=\"")
        pen.tenth(cut)
        pen.raw(isFuture(cut) ? "%\"><rect class=\"f\"" : "%\"><rect")
        pen.raw(
            """
             x="-.3em" y="3em" width=".6em" height="10.4em"/>\
            <svg x="-.4em" y="3.2em" width=".8em" height="9.9em" viewBox="-4 -4 8 99">\
            <path d="M-4 3l2-7M2 3l2-7M-4 26l2-7M2 26l2-7M-4 49l2-7M2 49l2-7M-4 72l2-7M2 72l2-7M-4 95l2-7M2 95l2-7"/>\
            </svg></svg>
            """)
    }

    // MARK: Notes and slur

    private mutating func draw(_ head: ScoreLayout.Head) {
        pen.raw("<svg class=\"n ")
        pen.raw(head.state.style)
        pen.raw(isFuture(head.x) ? " f\" x=\"" : "\" x=\"")
        pen.tenth(head.x)
        pen.raw("%\" y=\"")
        pen.tenth(ScoreLabels.y(head.line))
        pen.raw("em\">")
        let title = score.notes[head.title].title
        if !title.isEmpty {
            pen.raw("<title>")
            pen.word(title)
            pen.raw("</title>")
        }
        if head.isLate {
            pen.raw(
                "<rect x=\"-.5em\" y=\"-.5em\" width=\"1em\" height=\"1em\" rx=\".1em\" transform=\"rotate(45)\"/>")
        } else {
            pen.raw("<ellipse rx=\".66em\" ry=\".49em\" transform=\"rotate(-22)\"/>")
        }
        if head.fermata, head.isAwaited {
            pen.raw(
                """
                <svg class="fer" x="-.85em" y="-1.95em" width="1.7em" height="1.1em" viewBox="0 0 17 11">\
                <path d="M1.2 10a7.3 7.3 0 0 1 14.6 0"/><circle cx="8.5" cy="8.6" r="1.7"/></svg>
                """)
        }
        pen.raw("</svg>")
    }

    private mutating func drawSlur() {
        guard let slur = layout.slur, let source = score.slur else { return }
        pen.raw(source.onTime ? "<svg class=\"slur ok\" x=\"" : "<svg class=\"slur\" x=\"")
        pen.tenth(slur.from)
        pen.raw("%\" y=\"13.55em\" width=\"")
        pen.tenth(max(slur.to - slur.from, 0.1))
        pen.raw(
            """
            %" height="1em" viewBox="0 0 100 10" preserveAspectRatio="none"><path d="M0 0C6 11 94 11 100 0"/></svg>
            """)
    }

    private mutating func drawSlurLabel() {
        guard let slur = layout.slur, let source = score.slur, !source.label.isEmpty else { return }
        let middle = (slur.from + slur.to) / 2
        let half = ScoreLabels.width(of: source.label) / 2
        let narrow = ScoreLabels.widths[0]
        pen.raw(source.onTime ? "<svg class=\"dur ok\" x=\"" : "<svg class=\"dur\" x=\"")
        if middle / 100 * narrow - half < -3 {
            pen.raw("0%\"><text y=\"14.75em\" x=\"-.7em\" class=\"s\">")
        } else if middle / 100 * narrow + half > narrow + 1.5 {
            pen.raw("100%\"><text y=\"14.75em\" x=\".9em\" class=\"e\">")
        } else {
            pen.tenth(middle)
            pen.raw("%\"><text y=\"14.75em\">")
        }
        pen.word(source.label)
        pen.raw("</text></svg>")
    }

    // MARK: Words

    private mutating func draw(_ label: ScoreLabels.Label) {
        switch label.kind {
        case .note: pen.raw("<svg class=\"lab")
        case .limit: pen.raw("<svg class=\"lim")
        case .now: pen.raw("<svg class=\"lim nowt")
        case .axis: pen.raw("<svg class=\"ax")
        }
        if label.level > 0 { pen.raw(label.level == 1 ? " l1" : " l2") }
        let isOverFuture = isFuture(label.x) || label.x == layout.now && label.anchor == .start
        if label.kind == .note, isOverFuture { pen.raw(" f") }
        if label.isLate {
            pen.raw(" late")
        } else if label.isAwaited {
            pen.raw(" wait")
        }
        if let state = label.limit {
            pen.raw(" ")
            pen.raw(state.style)
        }
        pen.raw("\" x=\"")
        pen.tenth(label.x)
        pen.raw("%\"><text y=\"")
        pen.number(label.y)
        pen.raw("em")
        if label.dx != 0 {
            pen.raw("\" x=\"")
            pen.number(label.dx)
            pen.raw("em")
        }
        switch label.anchor {
        case .middle: pen.raw("\">")
        case .start: pen.raw("\" class=\"s\">")
        case .end: pen.raw("\" class=\"e\">")
        }
        pen.word(label.text)
        pen.raw("</text></svg>")
    }

    // MARK: Help

    private func isFuture(_ x: Double) -> Bool { layout.now.map { x > $0 } ?? false }

    /// Closes the class and writes `x1` and `x2`.
    private mutating func upright(from left: Double, to right: Double) {
        pen.raw("\" x1=\"")
        pen.tenth(left)
        pen.raw("%\" x2=\"")
        pen.tenth(right)
        pen.raw("%\"")
    }

    /// Writes `y1` and `y2` and closes the line.
    private mutating func span(_ top: Double, _ bottom: Double) {
        pen.raw(" y1=\"")
        pen.tenth(top)
        pen.raw("em\" y2=\"")
        pen.tenth(bottom)
        pen.raw("em\"/>")
    }
}

/// The small score of a list row.
struct ScoreMini {
    private let layout: ScoreLayout
    private var pen: ScorePen

    init(_ score: Score) {
        layout = ScoreLayout(score)
        pen = ScorePen(capacity: 500 + 80 * (layout.heads.count + layout.holds.count))
    }

    consuming func drawing() -> HTML {
        pen.part(Parts.open)
        if let now = layout.now {
            pen.part(Parts.now)
            pen.tenth(x(now))
            pen.part(Parts.nowDown)
        }
        for hold in layout.holds {
            switch hold.state {
            case .onTime: pen.part(Parts.holdOnTime)
            case .late: pen.part(Parts.holdLate)
            case .stopped: pen.part(Parts.holdStopped)
            }
            pen.tenth(x(hold.from))
            pen.part(Parts.along[hold.line])
            pen.tenth(x(hold.to))
            pen.part(Parts.end)
        }
        for bar in layout.bars {
            switch bar.state {
            case .ahead: pen.part(Parts.barAhead)
            case .next: pen.part(Parts.barNext)
            case .kept: pen.part(Parts.barKept)
            case .broken: pen.part(Parts.barBroken)
            }
            pen.tenth(x(bar.x))
            pen.part(Parts.full)
        }
        drawStems()
        if let end = layout.end {
            pen.part(Parts.finish)
            pen.tenth(x(end))
            pen.part(Parts.finishDown)
        }
        for head in layout.heads { draw(head) }
        pen.part(Parts.shut)
        return pen.html
    }

    private func x(_ percent: Double) -> Double { 5 + 1.1 * percent }

    /// All stems in one path, one stroke at each moment.
    private mutating func drawStems() {
        guard !layout.stems.isEmpty else { return }
        pen.part(Parts.stem)
        var index = 0
        while index < layout.stems.count {
            let stem = layout.stems[index]
            var top = min(stem.from, stem.to)
            var bottom = max(stem.from, stem.to)
            index += 1
            while index < layout.stems.count, layout.stems[index].x == stem.x {
                top = min(top, layout.stems[index].from, layout.stems[index].to)
                bottom = max(bottom, layout.stems[index].from, layout.stems[index].to)
                index += 1
            }
            pen.part(Parts.move)
            pen.tenth(x(stem.x))
            pen.part(Parts.down[top * 5 + bottom])
        }
        pen.part(Parts.end)
    }

    private mutating func draw(_ head: ScoreLayout.Head) {
        if head.isLate {
            pen.part(head.isAwaited ? Parts.headAwaitedLate : Parts.headDoneLate)
            pen.tenth(x(head.x) - 3)
            pen.part(Parts.diamonds[head.line])
        } else {
            pen.part(head.isAwaited ? Parts.headAwaited : Parts.headDone)
            pen.tenth(x(head.x))
            pen.part(Parts.heads[head.line])
        }
    }

    /// The fixed parts: a page draws dozens of these.
    private enum Parts {
        static let lines: [HTML] = ["2.5", "7.25", "12", "16.75", "21.5"]
        static let open: HTML =
            "<svg class=mini aria-hidden=true><use href=#ms />"
        static let shut: HTML = "</svg>"
        static let end: HTML = "\"/>"
        static let holdOnTime: HTML = "<path class=\"hold ok\" d=\"M"
        static let holdLate: HTML = "<path class=\"hold late\" d=\"M"
        static let holdStopped: HTML = "<path class=\"hold stop\" d=\"M"
        static let along: [HTML] = lines.map { " \($0)H" }
        static let barAhead: HTML = "<path class=\"bar ahead\" d=\"M"
        static let barNext: HTML = "<path class=\"bar next\" d=\"M"
        static let barKept: HTML = "<path class=\"bar kept\" d=\"M"
        static let barBroken: HTML = "<path class=\"bar broken\" d=\"M"
        /// The future with the present as its left edge; the other edges lie outside the picture.
        static let now: HTML = "<path class=now d=\"M"
        static let nowDown: HTML = "-1V25H121V-1z\"/>"
        static let full: HTML = " 0V24\"/>"
        static let stem: HTML = "<path class=stem d=\""
        static let move: HTML = "M"
        /// From one line down to another, at `5 * from + to`.
        static let down: [HTML] = lines.flatMap { top in lines.map { " \(top)V\($0)" } }
        static let finish: HTML = "<path class=fin d=\"M"
        static let finishDown: HTML = " 2.5V21.5\"/>"
        static let headDone: HTML = "<ellipse class=\"n d\" cx="
        static let headAwaited: HTML = "<ellipse class=\"n w\" cx="
        static let heads: [HTML] = lines.map { " cy=\($0) />" }
        static let headDoneLate: HTML = "<path class=\"n d late\" d=\"M"
        static let headAwaitedLate: HTML = "<path class=\"n w late\" d=\"M"
        static let diamonds: [HTML] = lines.map { " \($0)l3 -3 3 3 -3 3z\"/>" }
    }
}

// MARK: - Classes of app.css

extension Score.Note.State {
    var style: StaticString {
        switch self {
        case .done: "d"
        case .doneLate: "d late"
        case .awaited: "w"
        case .awaitedLate: "w late"
        }
    }
}

extension Score.Hold.State {
    var style: StaticString {
        switch self {
        case .onTime: "ok"
        case .late: "late"
        case .stopped: "stop"
        }
    }
}

extension Score.Limit.State {
    var style: StaticString {
        switch self {
        case .ahead: "ahead"
        case .next: "next"
        case .kept: "kept"
        case .broken: "broken"
        }
    }
}

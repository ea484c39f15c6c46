import Hummingbird
import Kernel
import Storage
import Web

/// Which roster: an estate, a kind, a week.
struct RosterChoice: Sendable {
    var estate: String
    var kind: RosterKind
    var week: Day?
    var result: RosterResult?

    init(_ request: Request) {
        estate = request.asked("estate")
        kind = RosterKind.allCases.first { $0.code == request.asked("kind") } ?? .squads
        week = LocalInput.day(request.asked("week"))
        if let made = Int(request.asked("made")) {
            result = RosterResult(made: made, skipped: Int(request.asked("skipped")) ?? 0)
        }
    }

    init(_ sent: Typed) {
        estate = sent["estate"]
        kind = RosterKind.allCases.first { $0.code == sent["kind"] } ?? .squads
        week = LocalInput.day(sent["week"])
    }

    init(estate: String, kind: RosterKind, week: Day?) {
        self.estate = estate
        self.kind = kind
        self.week = week
    }

    func href(_ more: [(StaticString, String)] = []) -> Href {
        Href(
            "/desk/roster",
            query: [("estate", estate), ("kind", kind.code), ("week", week?.description ?? "")] + more)
    }
}

/// One roster of one estate for a week: each day with its hours and shifts, and forms to enter, repeat, copy and change.
struct RosterPage: Sendable {
    let estates: [Area]
    let estate: Area
    let colleagues: [Colleague]
    let shifts: [Shift]
    /// Shifts that lie over another of the same person, here or elsewhere.
    let double: Set<Int64>
    let leaves: [Leave]
    let changes: [ShiftChange]
    let monday: Day
    let today: Day
    let now: Instant
    let kind: RosterKind
    let result: RosterResult?

    private var here: RosterChoice { RosterChoice(estate: estate.id.text, kind: kind, week: monday) }
    private var hidden: [(String, String)] {
        [("estate", estate.id.text), ("kind", kind.code), ("week", monday.description)]
    }

    func answer(_ kit: CoverKit) -> Response {
        let words = kit.words
        let told: HTML =
            result.map { result in
                let text =
                    result.skipped == 0
                    ? words(.rosterMade, String(result.made))
                    : words(.rosterMadeSkipped, String(result.made), String(result.skipped))
                return "<p class=\"note\" role=\"status\">\(text)</p>"
            } ?? .empty
        return kit.answer(
            words(.rosterTitle), told,
            kit.choice(
                Href("/desk/roster"), "estate", .joinEstate,
                estates.prefix(200).map { (value: $0.id.text, label: $0.name) }, chosen: estate.id.text,
                hidden: [("kind", kind.code), ("week", monday.description)]),
            "<div class=\"stack\"><h2>\(estate.name) · \(words(kind.phrase))</h2>\(kinds(kit))\(weeks(kit))\(days(kit))</div>",
            ExportLinks.make("roster", kit.context), addForm(kit), patternForm(kit), copyForm(kit), log(kit))
    }

    private func kinds(_ kit: CoverKit) -> HTML {
        let items = RosterKind.allCases.map { one -> HTML in
            let to = RosterChoice(estate: estate.id.text, kind: one, week: monday).href()
            let mark: HTML = one == kind ? " aria-current=page" : ""
            return "<a class=\"btn\" href=\"\(to)\"\(mark)>\(kit.words(one.phrase))</a>"
        }
        return
            "<nav class=\"no-print\" aria-label=\"\(kit.words(.rosterKind))\"><p class=\"btns\">\(HTML.joined(items))</p></nav>"
    }

    private func weeks(_ kit: CoverKit) -> HTML {
        func to(_ days: Int) -> Href {
            RosterChoice(estate: estate.id.text, kind: kind, week: monday.adding(days)).href()
        }
        let words = kit.words
        return """
            <nav class="stack-s" aria-label="\(words(.rosterWeek))"><b class="num">\(monday.description) – \
            \(monday.adding(6).description)</b><p class="btns no-print"><a class="btn" href="\(to(-7))">\
            \(words(.rosterWeekBefore))</a><a class="btn" href="\(to(7))">\(words(.rosterWeekAfter))</a></p></nav>
            """
    }

    /// Each day: its 24 hours, what nobody covers in words, its shifts. Hours that are over are drawn, not told.
    private func days(_ kit: CoverKit) -> HTML {
        let words = kit.words
        let from = Zone.shanghai.instant(monday)
        let gaps = Set(Roster.gaps(shifts, from: from, to: from.adding(days: 7)))
        var isCovered = true
        var rows: [HTML] = []
        for offset in 0..<7 {
            let day = monday.adding(offset)
            let name = "\(kit.say.weekday(day)) \(day.description.dropFirst(5))"
            let midnight = Zone.shanghai.instant(day)
            var open: [Int] = []
            let cells = (0..<24).map { hour -> HTML in
                let start = Zone.shanghai.instant(day, hour: hour)
                guard gaps.contains(start) else { return "<i></i>" }
                if start.adding(hours: 1) > now { open.append(hour) }
                return "<i class=no></i>"
            }
            if !open.isEmpty { isCovered = false }
            let told: HTML =
                open.isEmpty
                ? .empty : "<p class=\"gap small\">\(words(.rosterGaps, words.list(Roster.ranges(open))))</p>"
            // A shift stands with the day on which it begins; one that reaches in from before the week with its first.
            let own = shifts.filter {
                $0.from >= midnight && $0.from < midnight.adding(days: 1) || offset == 0 && $0.from < midnight
            }
            let list = own.map { row($0, kit) }
            let mark: HTML = day == today ? " <span class=\"tag\">\(words(.today))</span>" : ""
            rows.append(
                """
                <li class="stack-s"><b class="small">\(name)</b>\(mark)<div class="hours" aria-hidden="true">\
                \(HTML.joined(cells))</div>\(told)<ul class="rows">\(HTML.joined(list))</ul></li>
                """)
        }
        let good: HTML = isCovered ? "<p class=\"note ok\">\(words(.rosterWeekCovered))</p>" : .empty
        return "\(good)<ol class=\"card stack\">\(HTML.joined(rows))</ol>"
    }

    private func row(_ shift: Shift, _ kit: CoverKit) -> HTML {
        let words = kit.words
        let id = ID<ShiftTag>(shift.id).text
        var states: [HTML] = []
        if double.contains(shift.id) { states.append(kit.state(.late, words(.rosterDouble))) }
        if let leave = leaves.first(where: { $0.person == shift.person && $0.from < shift.to && shift.from < $0.to }) {
            states.append(kit.state(.late, words(.rosterAway, leave.standInName)))
        }
        let squad = Squad(rawValue: shift.squad).map { words($0.phrase) } ?? ""
        let about = [squad, shift.place].filter { !$0.isEmpty }.joined(separator: " · ")
        let to = Href(
            Href("/desk/roster/", id),
            query: [("estate", estate.id.text), ("kind", kind.code), ("week", monday.description)])
        return """
            <li><a class="row" href="\(to)"><span class="grow"><b>\(shift.name)</b> \(HTML.joined(states))<small>\
            <span class="num">\(kit.say.moment(shift.from)) – \(kit.say.moment(shift.to))</span> \(about)</small></span></a></li>
            """
    }

    private func options(_ kit: CoverKit) -> [(value: String, label: String)] { Self.options(colleagues, kit) }

    /// Whoever works for the estate, each once.
    static func options(_ colleagues: [Colleague], _ kit: CoverKit) -> [(value: String, label: String)] {
        var seen = Set<PersonID>()
        return colleagues.filter { seen.insert($0.person).inserted }.map {
            (value: $0.person.text, label: "\($0.name) · \($0.title.isEmpty ? kit.words($0.role.phrase) : $0.title)")
        }
    }

    private func squads(_ way: String, _ kit: CoverKit) -> HTML {
        guard kind == .squads else { return .empty }
        return kit.select(
            way, "squad", .rosterSquad, Squad.allCases.map { (value: $0.rawValue, label: kit.words($0.phrase)) },
            value: Squad.service.rawValue)
    }

    private func addForm(_ kit: CoverKit) -> HTML {
        kit.form(
            "add", Href("/desk/roster"), .rosterAdd, hidden: hidden, primary: true,
            kit.pair(kit.select("add", "person", .rosterWho, options(kit)), squads("add", kit)),
            kit.pair(
                kit.text("add", "from", .rosterFrom, kind: .moment), kit.text("add", "to", .rosterTo, kind: .moment)),
            kit.text("add", "place", .rosterPlace, most: 40, required: false))
    }

    private func patternForm(_ kit: CoverKit) -> HTML {
        let days: [Phrase] = [.monday, .tuesday, .wednesday, .thursday, .friday, .saturday, .sunday]
        return kit.form(
            "pattern", Href("/desk/roster"), .rosterPattern, hidden: hidden,
            kit.checks("pattern", "person", .rosterWho, options(kit)), squads("pattern", kit),
            kit.checks(
                "pattern", "weekday", .rosterWeekdays,
                days.enumerated().map { (value: String($0 + 1), label: kit.words($1)) },
                value: ["1", "2", "3", "4", "5"]),
            kit.pair(
                kit.text("pattern", "start", .rosterStart, value: "08:00", kind: .time),
                kit.text("pattern", "end", .rosterEnd, value: "20:00", kind: .time)),
            "<p class=\"help\">\(kit.words(.rosterOvernight))</p>",
            kit.pair(
                kit.text("pattern", "first", .postFrom, value: max(today, monday).description, kind: .date),
                kit.text("pattern", "last", .postTo, kind: .date)),
            kit.checks("pattern", "skip", .rosterHolidays, [(value: "1", label: kit.words(.rosterSkip))]),
            kit.text("pattern", "place", .rosterPlace, most: 40, required: false))
    }

    private func copyForm(_ kit: CoverKit) -> HTML {
        kit.form(
            "copy", Href("/desk/roster"), .rosterCopy, hidden: hidden, "<p>\(kit.words(.rosterCopyHelp))</p>")
    }

    private func log(_ kit: CoverKit) -> HTML {
        guard !changes.isEmpty else { return .empty }
        let rows = changes.map { one in
            kit.row(
                "\(kit.words(one.what == .removed ? .rosterRemoved : .rosterChanged)) \(one.name)",
                "\(kit.say.time(one.from)) – \(kit.say.time(one.to)) · \(one.by) \(kit.say.time(one.at)) · \(one.why)")
        }
        return kit.section(kit.words(.rosterChanges), kit.rows(rows, none: .coverNothing))
    }
}

/// One shift, to change or to take away, with the reason.
struct ShiftPage: Sendable {
    let choice: RosterChoice
    let shift: Shift
    let colleagues: [Colleague]

    func answer(_ kit: CoverKit) -> Response {
        let words = kit.words
        let id = ID<ShiftTag>(shift.id).text
        let hidden = [
            ("estate", choice.estate), ("kind", choice.kind.code), ("week", choice.week?.description ?? ""),
            ("version", String(shift.version)),
        ]
        var people = RosterPage.options(colleagues, kit)
        // The holder of a shift stays to be chosen after leaving the post.
        if !people.contains(where: { $0.value == shift.person.text }) {
            people.append((value: shift.person.text, label: shift.name))
        }
        return kit.answer(
            "\(words(shift.kind.phrase)) · \(shift.name)", back: choice.href(),
            "<p class=\"num\">\(kit.say.time(shift.from)) – \(kit.say.time(shift.to)) \(shift.place)</p>",
            kit.form(
                "change", Href("/desk/roster/", id), .rosterChange, hidden: hidden, open: true, primary: true,
                kit.select("change", "person", .rosterWho, people, value: shift.person.text),
                kit.pair(
                    kit.text("change", "from", .rosterFrom, value: LocalInput.text(shift.from), kind: .moment),
                    kit.text("change", "to", .rosterTo, value: LocalInput.text(shift.to), kind: .moment)),
                kit.text("change", "place", .rosterPlace, value: shift.place, most: 40, required: false),
                kit.text("change", "why", .coverWhy, most: 200)),
            kit.form(
                "delete", Href("/desk/roster/", id, "/delete"), .rosterDelete, hidden: hidden,
                kit.text("delete", "why", .coverWhy, most: 200)))
    }
}

/// Somebody on duty now, with who is there instead while they are on leave.
package struct OnDuty: Sendable {
    package let shift: Shift
    package let leave: Leave?

    /// Across midnight too: a shift is on from its beginning to its end, whatever the day.
    package static func now(
        _ estate: AreaID, at now: Instant, _ transaction: any ReadTransaction
    ) throws -> [OnDuty] {
        let shifts = try RosterStore.shifts(area: estate, from: now, to: now.adding(ms: 1), transaction)
        let leaves = try LeaveStore.on(shifts.map(\.person), from: now, to: now.adding(ms: 1), transaction)
        return shifts.sorted { ($0.kind.rawValue, $0.from, $0.id) < ($1.kind.rawValue, $1.from, $1.id) }.map { shift in
            OnDuty(shift: shift, leave: leaves.first { $0.person == shift.person })
        }
    }

    static let shape = Shape<OnDuty>.object("OnDuty") {
        Member("shift", DirectoryShapes.shift) { $0.shift }
        Member("on_leave", .flag, "Away: not to be called.") { $0.leave != nil }
        Member("stand_in", Shape<String>.words.orNull, "Who sees to their cases.") { $0.leave?.standInName }
    }
}

/// Who is on duty in an estate now, by roster.
struct DutyPage: Sendable {
    let estates: [Area]
    let estate: Area
    let duty: [OnDuty]

    func answer(_ kit: CoverKit) -> Response {
        let words = kit.words
        let parts = RosterKind.allCases.map { kind -> HTML in
            let rows = duty.filter { $0.shift.kind == kind }.map { one -> HTML in
                let squad = Squad(rawValue: one.shift.squad).map { words($0.phrase) } ?? ""
                let about = [squad, one.shift.place].filter { !$0.isEmpty }.joined(separator: " · ")
                let state =
                    one.leave.map { kit.state(.late, words(.rosterAway, $0.standInName)) }
                    ?? kit.state(.ok, words(.dutyOn))
                return kit.row(
                    one.shift.name, "\(words(.dutyUntil, kit.say.moment(one.shift.to))) \(about)", state: state)
            }
            return kit.section(words(kind.phrase), kit.rows(rows, none: .dutyNobody))
        }
        return kit.answer(
            words(.dutyNowTitle),
            kit.choice(
                Href("/desk/duty"), "estate", .joinEstate,
                estates.prefix(200).map { (value: $0.id.text, label: $0.name) }, chosen: estate.id.text),
            "<p>\(estate.name) · \(kit.say.time(kit.say.now))</p>", HTML.joined(parts))
    }
}

import Kernel
import Web

/// The homes that people asked for, oldest first.
struct ApprovalsPage {
    let waiting: [DirectoryStore.WaitingHome]
    let refusal: (any Refusal)?

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let list: HTML =
            waiting.isEmpty
            ? "<p class=\"card soft\">\(words(.approvalsNone))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(waiting.map { row($0, context, say) }))</ul>"
        return """
            <div class="stack"><h1>\(words(.approvalsTitle))</h1>
            \(Form.summary(refusal, context))
            \(list)
            </div>
            """
    }

    private func row(_ home: DirectoryStore.WaitingHome, _ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let id = ID<HomeTag>(home.id).text
        return """
            <li class="row"><span class="grow" id="home-\(id)"><b>\(home.place)</b> \
            <span class="tag">\(words(home.relation.phrase))</span>\
            <small>\(home.name) · <span class="num">\(home.phoneMasked)</span> · \(say.time(home.created))</small></span>
            <form class="btns" method="post" action="\(Href("/desk/homes/", id))">\(Layout.token(context))\
            <button class="btn" name="decision" value="accept" aria-describedby="home-\(id)">\
            \(words(.approvalsAccept))</button>\
            <button class="btn" name="decision" value="refuse" aria-describedby="home-\(id)">\
            \(words(.approvalsRefuse))</button></form></li>
            """
    }
}

/// The duty roster of one estate: two weeks of hours, the shifts, and a form for one more.
struct RosterPage: Sendable {
    struct Typed: Sendable {
        var person = ""
        var squad = ""
        var from = ""
        var to = ""
        var refusal: (any Refusal)?
    }
    let estates: [Area]
    let estate: Area
    let colleagues: [Colleague]
    let shifts: [Shift]
    let today: Day
    let now: Instant
    let typed: Typed

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        return """
            <div class="stack-l">
            <section class="stack"><h1>\(words(.rosterTitle))</h1>
            \(estateChoice(context))
            \(hours(context, say))
            </section>
            \(list(context, say))
            \(addForm(context))
            </div>
            """
    }

    private func estateChoice(_ context: WebContext) -> HTML {
        let words = context.words
        guard estates.count > 1 else { return "<p>\(estate.name)</p>" }
        let items = estates.map { (value: $0.id.text, label: $0.name) }
        return """
            <form class="inline" method="get" action="/desk/roster"><div class="field">\
            <label for="estate">\(words(.joinEstate))</label>
            <select class="in" id="estate" name="estate">\(Options.make(items, chosen: estate.id.text))</select></div>
            <button class="btn">\(words(.joinNext))</button></form>
            """
    }

    /// Each day is a row of 24 cells; what nobody covers is also said in words. Hours that are over are not told.
    private func hours(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let from = Zone.shanghai.instant(today)
        let gaps = Set(Roster.gaps(shifts, from: from, to: from.adding(days: Roster.horizonDays)))
        let hourNow = from.adding(hours: Int((now.ms - from.ms) / Instant.hourMs))
        var isCovered = true
        var rows: [HTML] = []
        for offset in 0..<Roster.horizonDays {
            let day = today.adding(offset)
            let name = say.day(day)
            var open: [Int] = []
            let cells = (0..<24).map { hour -> HTML in
                let start = Zone.shanghai.instant(day, hour: hour)
                guard gaps.contains(start), start >= hourNow else { return "<i></i>" }
                open.append(hour)
                return "<i class=no title=\"\(words(.rosterHour, name, String(hour)))\"></i>"
            }
            let told: HTML =
                open.isEmpty ? .empty : "<p class=\"gap small\">\(words(.rosterGaps, Self.ranges(open)))</p>"
            if !open.isEmpty { isCovered = false }
            rows.append(
                """
                <li class="stack-s"><b class="small">\(name)</b>\
                <div class="hours" aria-hidden="true">\(HTML.joined(cells))</div>\(told)</li>
                """)
        }
        let good: HTML = isCovered ? "<p class=\"note ok\">\(words(.rosterCovered))</p>" : .empty
        return "\(good)<ol class=\"card stack\">\(HTML.joined(rows))</ol>"
    }

    /// `0–8, 22–24`: from the start of the first hour to the end of the last.
    static func ranges(_ hours: [Int]) -> String {
        var parts: [String] = []
        var index = 0
        while index < hours.count {
            var last = index
            while last + 1 < hours.count, hours[last + 1] == hours[last] + 1 { last += 1 }
            parts.append("\(hours[index])–\(hours[last] + 1)")
            index = last + 1
        }
        return parts.joined(separator: ", ")
    }

    private func list(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        guard !shifts.isEmpty else { return .empty }
        let rows = shifts.map { shift -> HTML in
            let place = Href("/desk/roster/", ID<ShiftTag>(shift.id).text, "/delete")
            let squad = Squad(rawValue: shift.squad).map { words($0.phrase) } ?? shift.squad
            return """
                <tr><td>\(say.time(shift.from))</td><td>\(say.time(shift.to))</td><td>\(shift.name)</td>\
                <td>\(squad)</td><td><form method="post" action="\(place)">\(Layout.token(context))\
                <input type=hidden name=estate value="\(estate.id.text)"><button class="btn" \
                aria-label="\(words(.rosterDelete)) \(shift.name) \(say.moment(shift.from))">\(words(.rosterDelete))\
                </button></form></td></tr>
                """
        }
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="\(words(.rosterTitle))"><table class="plain">
            <thead><tr><th scope="col">\(words(.rosterFrom))</th><th scope="col">\(words(.rosterTo))</th>\
            <th scope="col">\(words(.rosterWho))</th><th scope="col">\(words(.rosterSquad))</th><td></td></tr></thead>
            <tbody>\(HTML.joined(rows))</tbody></table></div>
            """
    }

    private func addForm(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = typed.refusal
        var seen = Set<PersonID>()
        let people = colleagues.filter { seen.insert($0.person).inserted }.map {
            (value: $0.person.text, label: "\($0.name) · \($0.title.isEmpty ? words($0.role.phrase) : $0.title)")
        }
        let squads = Squad.allCases.map { (value: $0.rawValue, label: words($0.phrase)) }
        return """
            <form class="card stack" method="post" action="/desk/roster" aria-labelledby="add">\(Layout.token(context))\
            <input type=hidden name=estate value="\(estate.id.text)">
            <h2 id="add">\(words(.rosterAdd))</h2>
            \(Form.summary(refusal, context))
            <div class="inline">
            <div class="field"><label for="person">\(words(.rosterWho))</label><select class="in" id="person" \
            name="person" required>\(Options.none)\(Options.make(people, chosen: typed.person))</select></div>
            <div class="field"><label for="squad">\(words(.rosterSquad))</label><select class="in" id="squad" \
            name="squad">\(Options.make(squads, chosen: typed.squad))</select></div>
            </div>
            <div class="inline">
            <div class="field"><label for="from">\(words(.rosterFrom))</label><input class="in" id="from" name="from" \
            type="datetime-local" required value="\(typed.from)"\(Form.invalid(refusal, "from"))>\
            \(Form.error(refusal, for: "from", context))</div>
            <div class="field"><label for="to">\(words(.rosterTo))</label><input class="in" id="to" name="to" \
            type="datetime-local" required value="\(typed.to)"></div>
            </div>
            <button class="btn primary">\(words(.rosterAdd))</button>
            </form>
            """
    }
}

/// The working calendar of a year: its exceptional days, and forms to change one and to confirm the year.
struct CalendarPage: Sendable {
    struct Typed: Sendable {
        var confirms = false
        var day = ""
        var kind = ""
        var source = ""
        var name = ""
        var start = ""
        var refusal: (any Refusal)?
    }
    let year: Int
    let days: [(day: Day, kind: Int64, name: String, source: String)]
    /// The notice by which the year is confirmed; nil while it is not.
    let source: String?
    let typed: Typed
    let history: RuleHistory

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let state: HTML =
            source.map { "<p class=\"note ok\">\(words(.calendarConfirmed, String(year), $0))</p>" }
            ?? "<p class=\"note\">\(words(.calendarUnconfirmed, String(year)))</p>"
        return """
            <div class="stack-l">
            <section class="stack"><h1>\(words(.calendarTitle))</h1>
            \(yearChoice(context))
            \(state)
            \(list(context, say))
            </section>
            \(changeForm(context))
            \(confirmForm(context))
            \(history.html(Href("/desk/calendar"), whyField: "source", context, say.now))
            </div>
            """
    }

    private func yearChoice(_ context: WebContext) -> HTML {
        let words = context.words
        return """
            <form class="inline" method="get" action="/desk/calendar"><div class="field">\
            <label for="year">\(words(.calendarYear))</label><input class="in" id="year" name="year" type="number" \
            min="\(StaffActions.years.lowerBound)" max="\(StaffActions.years.upperBound)" value="\(year)" required></div>
            <button class="btn">\(words(.joinNext))</button></form>
            """
    }

    private func list(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        guard !days.isEmpty else { return .empty }
        let rows = days.map { row -> HTML in
            let kind = words(row.kind == 2 ? .calendarWork : .calendarRest)
            return """
                <tr><td class="num">\(row.day.description) \(say.weekday(row.day))</td><td>\(kind)</td>\
                <td>\(Self.holiday(row.name).map { words($0) } ?? row.name)</td>\
                <td class="small soft">\(row.source)</td></tr>
                """
        }
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="\(words(.calendarTitle))"><table class="plain">
            <thead><tr><th scope="col">\(words(.calendarDay))</th><td></td>\
            <th scope="col">\(words(.calendarHoliday))</th>\
            <th scope="col">\(words(.calendarSource))</th></tr></thead>
            <tbody>\(HTML.joined(rows))</tbody></table></div>
            """
    }

    /// The name of a holiday that came with the seed; nil for what people wrote themselves.
    private static func holiday(_ code: String) -> Phrase? {
        switch code {
        case "newYear": .holidayNewYear
        case "springFestival": .holidaySpringFestival
        case "tombSweeping": .holidayTombSweeping
        case "labourDay": .holidayLabourDay
        case "dragonBoat": .holidayDragonBoat
        case "midAutumn": .holidayMidAutumn
        case "nationalDay": .holidayNationalDay
        case "victoryDay70": .holidayVictoryDay
        default: nil
        }
    }

    private func changeForm(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = typed.confirms ? nil : typed.refusal
        let kinds: [(code: String, phrase: Phrase)] = [
            ("rest", .calendarRest), ("makeUp", .calendarWork), ("normal", .calendarNormal),
        ]
        let chips = HTML.joined(
            kinds.map { kind in
                let mark: HTML = kind.code == typed.kind ? " checked" : ""
                return """
                    <label class="chip"><input type="radio" name="kind" value="\(kind.code)" required\(mark)>\
                    <span>\(words(kind.phrase))</span></label>
                    """
            })
        return """
            <form class="card stack" method="post" action="/desk/calendar" aria-labelledby="change">\
            \(Layout.token(context))<input type=hidden name=way value=change>\
            <input type=hidden name=year value="\(year)">
            <h2 id="change">\(words(.calendarAdd))</h2>
            \(Form.summary(refusal, context))
            <div class="field"><label for="day">\(words(.calendarDay))</label><input class="in" id="day" name="day" \
            type="date" required value="\(typed.day)"\(Form.invalid(refusal, "day"))>\
            \(Form.error(refusal, for: "day", context))</div>
            <fieldset><legend class="sr">\(words(.calendarAdd))</legend><div class="chips">\(chips)</div></fieldset>
            <div class="field"><label for="name">\(words(.calendarName))</label><input class="in" id="name" name="name" \
            maxlength="40" value="\(typed.name)"\(Form.invalid(refusal, "name"))>\
            \(Form.error(refusal, for: "name", context))</div>
            \(sourceField(context, "change-source", refusal, value: typed.confirms ? "" : typed.source))
            \(history.fields(start: typed.confirms ? "" : typed.start, refusal, context))
            <button class="btn primary">\(words(.calendarAdd))</button>
            </form>
            """
    }

    private func confirmForm(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = typed.confirms ? typed.refusal : nil
        return """
            <form class="card stack" method="post" action="/desk/calendar" aria-labelledby="confirm">\
            \(Layout.token(context))<input type=hidden name=way value=confirm>\
            <input type=hidden name=year value="\(year)"><input type=hidden name=version value="\(history.newest)">
            <h2 id="confirm">\(words(.calendarConfirm)): \(year)</h2>
            \(Form.summary(refusal, context))
            \(sourceField(context, "confirm-source", refusal, value: typed.confirms ? typed.source : ""))
            <button class="btn">\(words(.calendarConfirm))</button>
            </form>
            """
    }

    private func sourceField(_ context: WebContext, _ id: String, _ refusal: (any Refusal)?, value: String) -> HTML {
        """
        <div class="field"><label for="\(id)">\(context.words(.calendarSource))</label>
        <input class="in" id="\(id)" name="source" maxlength="120" required \
        value="\(value)"\(Form.invalid(refusal, "source"))>\(Form.error(refusal, for: "source", context))</div>
        """
    }
}

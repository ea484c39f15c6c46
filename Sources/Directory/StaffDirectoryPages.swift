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
            \(ExportLinks.make("homes", context))
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
            \(list(context, say))\(ExportLinks.make("calendar", context))
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
    static func holiday(_ code: String) -> Phrase? {
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

import Cases
import Directory
import Kernel
import Web

/// What a page of the screen shows beside the numbers.
struct ScreenPart: Sendable {
    /// From 0.
    var page = 0
    /// The only place that is looked at; nil for all.
    var place: Area?
    var notes: [AreaPath: [InsightStore.DayNote]] = [:]
    var latest: [CountedRow] = []
    /// Titles of the latest; none on a wall.
    var titles: [CaseID: String] = [:]
    var isWall = false
}

struct ScreenPages: Sendable {
    let context: WebContext
    let say: Say
    private var words: Words { context.words }

    /// Places on one page, so that it stays under 60 KB with its styles.
    static let perPage = 20
    static let onWall = 14
    static let latest = 8
    static let latestOnWall = 3
    /// How often a browser without scripts loads the wall again.
    static let reloadSeconds = 15

    init(_ context: WebContext, now: Instant) {
        self.context = context
        say = Say(context.words, now: now)
    }

    /// What a part is kept under: everything that it depends on beside the model.
    static func name(_ part: ScreenPart, _ context: WebContext) -> String {
        "\(context.preferences.language.rawValue) \(context.preferences.elder && !part.isWall) \(part.page) \(part.isWall) \(part.place?.id.text ?? "")"
    }

    /// The page around what was drawn.
    func page(_ model: ScreenModel, _ part: ScreenPart, _ drawn: HTML) -> HTML {
        let title = part.place?.name ?? model.title
        var page = Page(title: title, frame: .county, main: .empty)
        page.documentTitle = "\(title) · \(words(.screenTitle))"
        page.sheet = .county
        page.isWall = part.isWall
        let count = words(.screenPlaces, String(model.estates))
        let civil = model.day.civil
        let date = words(.monthDay, String(civil.month), String(civil.day))
        let clock: HTML = """
            <span class="clock num" data-clock><span class="not-elder">\(date) \(say.weekday(model.day))</span> \
            <b>\(Say.clock(model.at))</b></span>
            """
        let live = Href("/desk/screen/live")
        let brand = Layout.brand(title, count, link: Href("/desk"), notElder: true)
        if part.isWall {
            page.reloadSeconds = Self.reloadSeconds
            page.rawHeader = "<header class=\"top\">\(brand)<span class=\"end\">\(clock)</span></header>"
            page.rawMain =
                "<main id=\"main\" class=\"wrap\"><div class=\"stack-l\" data-screen=\"\(live)\">\(drawn)</div></main>"
        } else {
            let place = part.place?.id.text ?? ""
            let wall = Href("/desk/screen", query: [("place", place), ("big", "1")])
            let morning = Href("/desk/morning", query: [("place", place)])
            page.rawHeader = """
                <header class="top">\(brand)<span class="end no-print">\(clock)\
                <a class="btn" href="\(morning)">\(words(.screenMorning))</a>\
                <a class="btn not-thumb" href="\(wall)">\(words(.screenToWall))</a></span></header>
                """
            page.rawMain = """
                <main id="main" class="wrap"><div class="stack-l" data-screen="\(live)">\(drawn)</div>\
                \(Layout.foot(context, elder: true))</main>
                """
        }
        return Layout.render(page, context: context)
    }

    // MARK: The numbers

    func main(_ model: ScreenModel, _ part: ScreenPart) -> HTML {
        let elder = context.preferences.elder && !part.isWall
        let place = part.place?.id.text ?? ""
        let walking: HTML =
            model.isWalking ? "<p class=\"state wait\" role=\"status\">\(words(.screenWalking))</p>" : .empty
        let whole: HTML =
            part.place == nil
            ? .empty : "<p class=\"no-print\"><a href=\"/desk/screen\">\(words(.screenWhole))</a></p>"
        let trends = self.trends(model, place)
        let folded: HTML =
            elder ? "<details class=\"fold\"><summary>\(words(.screenFoldTrends))</summary>\(trends)</details>" : trends
        let side = self.side(model, part)
        let numbers: HTML =
            elder
            ? "<details class=\"fold\"><summary>\(words(.screenFoldNumbers))</summary>\(side)</details>" : side
        return """
            \(whole)\(walking)\(today(model, place))\(folded)\
            <div class="cols wide-left">\(estates(model, part, elder))\(numbers)</div>
            """
    }

    private func today(_ model: ScreenModel, _ place: String) -> HTML {
        let sums = model.sums
        let ended = sums.kept + sums.broken
        let head: HTML =
            ended == 0
            ? "\(words(.screenNone))"
            : "\(words(.screenPromises, String(ended)))<br>\(words(.screenKeptHead, String(sums.kept)))"
        func fact(_ name: Phrase, _ n: Int64, _ what: Counted, bad: Bool = false) -> HTML {
            let tone: HTML = bad && n > 0 ? "num bad" : "num"
            return """
                <div><dt>\(words(name))</dt><dd class="\(tone)"><a href="\(what.href(place))">\(n)</a></dd></div>
                """
        }
        return """
            <section class="today" aria-labelledby="h"><h1 id="h">\(head)</h1><dl class="facts">\
            \(fact(.screenKept, sums.kept, .kept(nil)))\(fact(.screenBroken, sums.broken, .broken(nil), bad: true))\
            \(fact(.screenPending, sums.pending, .pending))\(fact(.screenPaused, sums.open[.paused], .open(.paused)))\
            </dl></section>
            """
    }

    private func trends(_ model: ScreenModel, _ place: String) -> HTML {
        let cells = ScreenTrend.all(model, words).map { trend -> HTML in
            let state: HTML =
                switch trend.isBetter {
                case true?: "<span class=\"state ok\">\(words(.screenBetter))</span>"
                case false?: "<span class=\"state wait\">\(words(.screenWorse))</span>"
                case nil: .empty
                }
            return """
                <li><a class="tcell" href="\(trend.what.href(place))"><span class="tl">\(words(trend.title))</span>\
                <b class="num">\(trend.value)</b>\(state)\(trend.drawing())<small>\(trend.before)</small></a></li>
                """
        }
        return """
            <section aria-labelledby="t5"><h2 class="sr" id="t5">\(words(.screenTrends))</h2>\
            <ul class="card trends">\(HTML.joined(cells))</ul></section>
            """
    }

    // MARK: The estates

    private func estates(_ model: ScreenModel, _ part: ScreenPart, _ elder: Bool) -> HTML {
        let shown = Self.shown(model, part)
        guard !shown.isEmpty else {
            return """
                <section aria-labelledby="est"><h2 id="est">\(words(.screenEstates))</h2>\
                <p class="card soft">\(words(.screenNoEstates))</p></section>
                """
        }
        let rows = shown.map { row($0, part) }
        var list: HTML
        if elder, rows.count > 3 {
            list = """
                <ol class="card rows ests">\(HTML.joined(Array(rows.prefix(3))))</ol><details class="fold">\
                <summary>\(words(.screenFoldRest, String(rows.count - 3)))</summary>\
                <ol class="card rows ests">\(HTML.joined(Array(rows.dropFirst(3))))</ol></details>
                """
        } else {
            list = "<ol class=\"card rows ests\">\(HTML.joined(rows))</ol>"
        }
        let order: HTML = elder ? .empty : "<span class=\"soft small\">\(words(.screenOrder))</span>"
        return """
            <section aria-labelledby="est"><div class="head"><h2 id="est">\(words(.screenEstates))</h2>\(order)</div>\
            \(Score.miniStaff)\(list)\(pager(model, part))\(part.isWall
                ? .empty
                : ExportLinks.make("screen-estates", context, filters: [("place", part.place?.id.text ?? "")]))</section>
            """
    }

    static func shown(_ model: ScreenModel, _ part: ScreenPart) -> ArraySlice<ScreenPlace> {
        let size = part.isWall ? onWall : perPage
        let start = min(part.page * size, model.places.count)
        return model.places[start..<min(start + size, model.places.count)]
    }

    private func pager(_ model: ScreenModel, _ part: ScreenPart) -> HTML {
        guard !part.isWall else { return .empty }
        let place = part.place?.id.text ?? ""
        var links: [HTML] = []
        if part.page > 0 {
            let href = Href("/desk/screen", query: [("place", place), ("page", String(part.page))])
            links.append("<a class=\"btn\" href=\"\(href)\">\(words(.screenBefore, String(Self.perPage)))</a>")
        }
        let left = model.places.count - (part.page + 1) * Self.perPage
        if left > 0 {
            let href = Href("/desk/screen", query: [("place", place), ("page", String(part.page + 2))])
            links.append(
                "<a class=\"btn\" href=\"\(href)\">\(words(.screenNext, String(min(left, Self.perPage))))</a>")
        }
        return links.isEmpty ? .empty : "<p class=\"btns no-print\">\(HTML.joined(links))</p>"
    }

    private func row(_ place: ScreenPlace, _ part: ScreenPart) -> HTML {
        let ended = place.kept + place.broken
        let small = place.hasMoved ? "\(place.above) · \(words(.screenMoved))" : place.above
        let cells: HTML = """
            <span class="en"><b>\(place.name)</b><small>\(small)</small></span>\
            <span class="ek"><b class="num">\(place.kept)/\(ended)</b><small>\(words(.screenKeptToday))</small></span>\
            <span class="ea"><b class="num">\(place.open.total)</b><small>\(words(.screenInHand))</small></span>\
            \(state(place))\(DayScore.mini(part.notes[place.path] ?? [], now: say.now))
            """
        if part.isWall { return "<li><div class=\"row est\">\(cells)</div></li>" }
        let numbers: [(Phrase, Int64, Counted, HTML)] = [
            (.countOverdue, place.pressing.overdue, .overdue, "late"), (.countSoon, place.pressing.soon, .soon, "wait"),
            (.countBroken, place.broken, .broken(nil), "late"), (.countPending, place.pending, .pending, ""),
            (.countKept, place.kept, .kept(nil), "ok"), (.countOpen, place.open.total, .open(nil), ""),
            (.countRegistered, place.day[.registered], .step(.registered), ""),
            (.countStruckOff, place.day[.struckOff], .step(.struckOff), "end"),
        ]
        let id = place.area.text
        let links = numbers.filter { $0.1 > 0 }.map { name, n, what, tone -> HTML in
            let number: HTML =
                tone.isEmpty ? "<b class=num>\(n)</b>" : "<span class=\"state \(tone)\">\(n)</span>"
            return "<li><a href=\"\(what.href(id))\">\(words(name))</a>\(number)</li>"
        }
        let only: HTML =
            part.place?.id == place.area
            ? .empty
            : "<li><a href=\"\(Href("/desk/screen", query: [("place", id)]))\">\(words(.screenPart))</a></li>"
        return """
            <li><details id="e\(place.path.ids.last?.text ?? "")\(place.hasMoved ? "m" : "")"><summary class="est">\
            \(cells)</summary><ul class="sub">\(HTML.joined(links))\(only)</ul></details></li>
            """
    }

    private func state(_ place: ScreenPlace) -> HTML {
        if place.pressing.overdue > 0 {
            return "<span class=\"state late\">\(words(.screenOverdue, String(place.pressing.overdue)))</span>"
        }
        if place.pressing.soon > 0 {
            return "<span class=\"state wait\">\(words(.screenSoon, String(place.pressing.soon)))</span>"
        }
        if place.kept > 0, place.broken == 0 {
            return "<span class=\"state ok\">\(words(.screenAllKept))</span>"
        }
        return place.open.total > 0
            ? "<span class=\"state ok\">\(words(.screenInTime))</span>"
            : "<span class=\"state end\">\(words(.screenQuiet))</span>"
    }

    // MARK: The side

    private func side(_ model: ScreenModel, _ part: ScreenPart) -> HTML {
        let place = part.place?.id.text ?? ""
        func rows(_ items: [(Phrase, Int64, Counted)]) -> HTML {
            let rows = items.map { name, n, what -> HTML in
                part.isWall
                    ? "<li class=\"row\"><span class=\"grow\">\(words(name))</span><b class=\"num\">\(n)</b></li>"
                    : """
                    <li><a class="row" href="\(what.href(place))"><span class="grow">\(words(name))</span>\
                    <b class="num">\(n)</b></a></li>
                    """
            }
            return "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
        }
        let sums = model.sums
        let queues = QueueNumbers.queues.map { (Counted.phrase($0), sums.open[$0], Counted.open($0)) }
        let steps = [FactKind.registered, .attended, .handled, .fedBack, .struckOff].map {
            (Counted.phrase($0), sums.day[$0], Counted.step($0))
        }
        let pressing: [(Phrase, Int64, Counted)] = [
            (.countOverdue, sums.pressing.overdue, .overdue), (.countSoon, sums.pressing.soon, .soon),
        ]
        let live: HTML = "<span class=\"state ok\" data-live hidden>\(words(.screenLive))</span>"
        let open: HTML =
            part.isWall ? "\(sums.open.total)" : "<a href=\"\(Counted.open(nil).href(place))\">\(sums.open.total)</a>"
        return """
            <div class="stack"><section aria-labelledby="op"><div class="head">\
            <h2 id="op">\(words(.countOpen)) <span class="num">\(open)</span></h2></div>\
            \(rows(part.isWall ? pressing : pressing + queues))</section>\
            <section aria-labelledby="td"><h2 id="td">\(words(.screenToday))</h2>\(rows(steps))</section>\
            <section aria-labelledby="lv"><div class="head"><h2 id="lv">\(words(.screenJustNow))</h2>\(live)</div>\
            \(latest(model, part))</section></div>
            """
    }

    /// What happened last. On a wall the places only: a title may say who.
    private func latest(_ model: ScreenModel, _ part: ScreenPart) -> HTML {
        guard !part.latest.isEmpty else { return "<p class=\"card soft\">\(words(.screenNothingYet))</p>" }
        var names: [AreaPath: String] = [:]
        for place in model.places { names[place.path] = place.name }
        let shown = part.latest.prefix(part.isWall ? Self.latestOnWall : Self.latest)
        let rows = shown.map { row -> HTML in
            let name = names[row.path] ?? ""
            let tone: HTML =
                switch row.kind {
                case .registered: "wait"
                case .struckOff: "end"
                default: "ok"
                }
            let what: HTML
            if let title = part.titles[row.caseID] {
                what = """
                    <a class="grow" href="\(Href("/desk/cases/", row.caseID.text))"><b>\(title)</b>\
                    <small>\(name)</small></a>
                    """
            } else {
                what = "<span class=\"grow\"><b>\(name)</b></span>"
            }
            return """
                <li class="lv"><span class="num">\(Say.clock(row.at))</span>\(what)\
                <span class="state \(tone)">\(words(Counted.phrase(row.kind)))</span></li>
                """
        }
        return "<ol class=\"card rows\">\(HTML.joined(rows))</ol>"
    }
}

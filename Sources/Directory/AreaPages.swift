import Kernel
import Web

/// One area of the tree: where it is, what is below, and forms to add and rename. A unit shows its households.
struct AreaPage: Sendable {
    /// Areas of one page of the list.
    static let most = 120

    struct Typed: Sendable {
        /// Which form was sent: `add`, `many` or `rename`.
        var way = ""
        var name = ""
        var before = ""
        var numbers = ""
        var count = ""
        var after = ""
        var refusal: (any Refusal)?
    }
    let area: Area
    let typed: Typed
    /// From the root down; only those in scope are links.
    var above: [(area: Area, isLink: Bool)] = []
    var children: [Area] = []
    var total = 0
    var offset = 0
    var mayEdit = false
    /// Whether the reader checks homes here: sees names, and may invite.
    var mayInvite = false
    var households: [Household] = []
    var members: [HouseholdMember] = []

    init(area: Area, typed: Typed) {
        self.area = area
        self.typed = typed
    }

    /// The first page of somebody whose posts reach several places.
    static func tops(_ tops: [Area], _ context: WebContext) -> HTML {
        let words = context.words
        return """
            <div class="stack"><h1>\(words(.areasTitle))</h1>
            <ul class="card rows">\(HTML.joined(tops.map { row($0, context) }))</ul></div>
            """
    }

    private static func row(_ area: Area, _ context: WebContext) -> HTML {
        """
        <li><a class="row" href="\(Href("/desk/areas/", area.id.text))"><b class="grow">\(area.name)</b>\
        <span class="tag">\(context.words(area.level.phrase))</span></a></li>
        """
    }

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        var forms = HTML.empty
        if mayEdit {
            if let level = area.level.below {
                forms += addForm(level, context)
                if level >= .building { forms += manyForm(level, context) }
            }
            forms += renameForm(context)
            if area.level == .estate || area.level == .community {
                forms += """
                    <p><a class="btn" href="\(Href("/desk/areas/", area.id.text, "/place"))">\(words(.areaMove))</a></p>
                    """
            }
        }
        return """
            <div class="stack-l">
            <section class="stack">\(trail(context))
            <div><h1>\(area.name)</h1><span class="tag">\(words(area.level.phrase))</span></div>
            \(area.level == .unit ? home(context, say) : list(context))\(parts(context))
            \(tables(context))
            </section>
            \(forms)
            </div>
            """
    }

    /// What the page itself shows.
    private func parts(_ context: WebContext) -> HTML {
        if area.level == .unit {
            return mayInvite ? ExportLinks.inside("area-people", area.id.text, context) : .empty
        }
        return ExportLinks.inside("area-parts", area.id.text, context, title: .areaParts)
    }

    /// The lists of everything within reach.
    private func tables(_ context: WebContext) -> HTML {
        guard area.level != .unit else { return .empty }
        let lists = DirectoryExports.all.filter {
            ["areas", "units", "residents"].contains($0.name) && $0.isFor(context.actor)
        }
        return HTML.joined(
            lists.map { list -> HTML in
                "<div class=\"small soft\">\(context.words(list.title))\(ExportLinks.make(list.name, context))</div>"
            })
    }

    private func trail(_ context: WebContext) -> HTML {
        guard !above.isEmpty else { return .empty }
        let steps = above.map { step -> HTML in
            step.isLink
                ? "<a href=\"\(Href("/desk/areas/", step.area.id.text))\">\(step.area.name)</a>"
                : "<span class=\"soft\">\(step.area.name)</span>"
        }
        return """
            <nav aria-label="\(context.words(.areaTrail))">\(HTML.joined(steps, separator: " › "))</nav>
            """
    }

    // MARK: Below

    private func list(_ context: WebContext) -> HTML {
        let words = context.words
        guard !children.isEmpty else { return "<p class=\"card soft\">\(words(.areaNothingBelow))</p>" }
        let items: HTML =
            children.contains { $0.level == .unit }
            ? "<div class=\"card btns\">\(HTML.joined(children.map(button)))</div>"
            : "<ul class=\"card rows\">\(HTML.joined(children.map { Self.row($0, context) }))</ul>"
        return "<p class=\"soft\">\(words(.areaBelow, String(total)))</p>\(items)\(turner(context))"
    }

    private func button(_ area: Area) -> HTML {
        "<a class=\"btn\" href=\"\(Href("/desk/areas/", area.id.text))\">\(area.name)</a>"
    }

    /// Links to the pages of a long list.
    private func turner(_ context: WebContext) -> HTML {
        guard total > Self.most else { return .empty }
        let links = stride(from: 0, to: total, by: Self.most).map { start -> HTML in
            let current: HTML = start == offset ? " aria-current=page" : ""
            let end = min(start + Self.most, total)
            let place = Href(Href("/desk/areas/", area.id.text), query: [("from", String(start))])
            return """
                <a class="btn quiet" href="\(place)"\(current)>\
                \(context.words(.areaPage, String(start + 1), String(end)))</a>
                """
        }
        return "<nav class=\"btns\">\(HTML.joined(links))</nav>"
    }

    // MARK: Households

    private func home(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        var groups = households.map { one in
            group(
                words(.householdNumber, String(one.number)), span(one.from, one.to, context, say),
                members.filter { $0.household == one.id }, context, say)
        }
        let unsettled = members.filter { $0.household == nil }
        if !unsettled.isEmpty { groups.append(group(words(.householdUnsettled), "", unsettled, context, say)) }
        let body: HTML =
            groups.isEmpty ? "<p class=\"card soft\">\(words(.householdNone))</p>" : HTML.joined(groups)
        let after: HTML =
            mayInvite
            ? """
            <p><a class="btn" href="\(Href("/desk/invitations", query: [("unit", area.id.text)]))">\
            \(words(.inviteMake))</a></p>
            """ : "<p class=\"small soft\">\(words(.householdPrivate))</p>"
        return "<h2>\(words(.householdTitle))</h2>\(body)\(after)"
    }

    private func group(
        _ title: String, _ span: String, _ people: [HouseholdMember], _ context: WebContext, _ say: Say
    ) -> HTML {
        let words = context.words
        let names = people.map { one -> HTML in
            """
            <li class="row"><span class="grow"><b>\(one.name)</b> \
            <span class="tag">\(words(one.relation.phrase))</span>\
            <small class="num">\(self.span(one.from, one.to, context, say))</small></span>\
            <a class="btn quiet" href="\(Href("/desk/homes/", ID<HomeTag>(one.home).text, "/person"))" \
            aria-label="\(words(.homeOpen)) \(one.name)">\(words(.homeOpen))</a></li>
            """
        }
        let list: HTML = mayInvite && !names.isEmpty ? "<ul>\(HTML.joined(names))</ul>" : .empty
        let days: HTML = span.isEmpty ? .empty : " · <span class=\"num\">\(span)</span>"
        return """
            <section class="card stack-s"><h3>\(title)</h3><p class="small soft">\
            \(words(.householdCount, String(people.count)))\(days)</p>\(list)</section>
            """
    }

    private func span(_ from: Day, _ to: Day, _ context: WebContext, _ say: Say) -> String {
        to >= HomeStore.forever
            ? context.words(.householdSince, from.description)
            : context.words(.householdUntil, from.description, to.description)
    }

    // MARK: Forms

    private func start(_ id: StaticString, _ way: StaticString, _ title: String, _ context: WebContext) -> HTML {
        """
        <form class="card stack narrow" method="post" action="\(Href("/desk/areas/", area.id.text))" \
        aria-labelledby="\(id.description)">\(Layout.token(context))\
        <input type=hidden name=way value="\(way.description)">
        <h2 id="\(id.description)">\(title)</h2>
        \(Form.summary(refusal(way), context))
        """
    }

    private func refusal(_ way: StaticString) -> (any Refusal)? {
        typed.way == way.description ? typed.refusal : nil
    }

    private func addForm(_ level: AreaLevel, _ context: WebContext) -> HTML {
        let words = context.words
        let refusal = refusal("add")
        let title = words(.areaAdd, words(level.phrase))
        return """
            \(start("add", "add", title, context))
            <div class="field"><label for="add-name">\(words(.areaName))</label>
            <input class="in" id="add-name" name="name" maxlength="\(AreaActions.longestName)" required \
            value="\(typed.way == "add" ? typed.name : "")"\(Form.invalid(refusal, "name"))>\
            \(Form.error(refusal, for: "name", context))</div>
            <button class="btn primary">\(title)</button></form>
            """
    }

    private func manyForm(_ level: AreaLevel, _ context: WebContext) -> HTML {
        let words = context.words
        let refusal = refusal("many")
        func kept(_ text: String) -> String { typed.way == "many" ? text : "" }
        return """
            \(start("many", "many", words(.areaAddMany, words(level.phrase)), context))
            <div class="field"><label for="numbers">\(words(.areaNumbers))</label>
            <input class="in" id="numbers" name="numbers" maxlength="1000" \
            value="\(kept(typed.numbers))"\(Form.invalid(refusal, "numbers"))>\
            \(Form.error(refusal, for: "numbers", context))\
            <p class="help">\(words(.areaNumbersHelp))</p></div>
            <div class="field"><label for="count">\(words(.areaCount))</label>
            <input class="in" id="count" name="count" type="number" min="1" max="\(AreaActions.mostAtOnce)" \
            value="\(kept(typed.count))"></div>
            <div class="inline">
            <div class="field"><label for="before">\(words(.areaBefore))</label>
            <input class="in" id="before" name="before" maxlength="30" value="\(kept(typed.before))">
            <p class="help">\(words(.areaBeforeHelp))</p></div>
            <div class="field"><label for="after">\(words(.areaAfter))</label>
            <input class="in" id="after" name="after" maxlength="30" value="\(kept(typed.after))">
            <p class="help">\(words(.areaAfterHelp))</p></div>
            </div>
            <button class="btn">\(words(.areaAddThem))</button></form>
            """
    }

    private func renameForm(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = refusal("rename")
        return """
            \(start("rename", "rename", words(.areaRename), context))
            <input type=hidden name=was value="\(area.name)">
            <div class="field"><label for="rename-name">\(words(.areaName))</label>
            <input class="in" id="rename-name" name="name" maxlength="\(AreaActions.longestName)" required \
            value="\(typed.way == "rename" ? typed.name : area.name)"\(Form.invalid(refusal, "name"))>\
            \(Form.error(refusal, for: "name", context))\
            <p class="help">\(words(.areaRenameHelp))</p></div>
            <button class="btn">\(words(.areaRename))</button></form>
            """
    }
}

import Kernel
import Web

/// Invitations by staff: the choice of a home, the form, the code once with what to hand over, and the open ones.
struct InvitationsPage: Sendable {
    struct Typed: Sendable {
        var estate = ""
        var building = ""
        var unit = ""
        var relation = ""
        var from = ""
        var to = ""
        var isRevoking = false
        /// The code of an invitation that was made just now.
        var made: String?
        var refusal: (any Refusal)?
    }
    let typed: Typed
    let publicURL: String
    var open: [OpenInvitation] = []
    var estates: [Area] = []
    var choices: [Area] = []
    var estate: Area?
    var building: Area?
    var unit: Area?

    init(typed: Typed, publicURL: String) {
        self.typed = typed
        self.publicURL = publicURL
    }

    private var place: String {
        [estate?.name, building?.name, unit?.name].compactMap { $0 }.joined(separator: " ")
    }

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        return """
            <div class="stack-l"><section class="stack"><h1>\(words(.invitationsTitle))</h1>
            \(step(context))
            </section>
            <section class="stack no-print"><h2>\(words(.invitationsOpen))</h2>
            \(typed.isRevoking ? Form.summary(typed.refusal, context) : .empty)
            \(list(context, say))\(ExportLinks.make("invitations", context))</section></div>
            """
    }

    private func step(_ context: WebContext) -> HTML {
        let words = context.words
        if let code = typed.made { return handOver(code, context) }
        if unit != nil { return form(context) }
        let lost: HTML = typed.isRevoking ? .empty : Form.summary(typed.refusal, context)
        let lead: HTML = "<p class=\"soft\">\(words(.invitationsLead))</p>\(lost)"
        if building != nil { return lead + choice("unit", .joinUnit, choices, back: true, context) }
        if estate != nil {
            return lead + choice("building", .joinBuilding, choices, back: estates.count > 1, context)
        }
        return lead + choice("estate", .joinEstate, estates, back: false, context)
    }

    private func choice(
        _ name: StaticString, _ label: Phrase, _ areas: [Area], back: Bool, _ context: WebContext
    ) -> HTML {
        let words = context.words
        let name = name.description
        let way: HTML =
            back
            ? "<p>\(place) · <a href=\"/desk/invitations\">\(words(.back))</a></p>"
            : estate == nil ? .empty : "<p>\(place)</p>"
        return """
            <form class="card stack narrow" method="get" action="/desk/invitations">\(way)
            <div class="field"><label for="\(name)">\(words(label))</label>
            <select class="in" id="\(name)" name="\(name)" required>\(Options.none)\
            \(Options.make(areas.map { (value: $0.id.text, label: $0.name) }, chosen: ""))</select></div>
            <button class="btn primary">\(words(.joinNext))</button></form>
            """
    }

    private func form(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = typed.isRevoking ? nil : typed.refusal
        let relations = HomeRelation.allCases.map { one -> HTML in
            let mark: HTML = one.code == typed.relation ? " checked" : ""
            return """
                <label class="chip"><input type="radio" name="relation" value="\(one.code)" required\(mark)>\
                <span>\(words(one.phrase))</span></label>
                """
        }
        let again = building.map { Href("/desk/invitations", query: [("building", $0.id.text)]) }
        func day(_ name: StaticString, _ label: Phrase, _ value: String) -> HTML {
            let name = name.description
            return """
                <div class="field"><label for="\(name)">\(words(label)) \
                <span class="soft">\(words(.optional))</span></label><input class="in" id="\(name)" name="\(name)" \
                type="date" value="\(value)"\(Form.invalid(refusal, name))>\
                \(Form.error(refusal, for: name, context))</div>
                """
        }
        return """
            <form class="card stack narrow" method="post" action="/desk/invitations" aria-labelledby="make">\
            \(Layout.token(context))<input type=hidden name=way value=make>\
            <input type=hidden name=unit value="\(unit?.id.text ?? "")">
            <h2 id="make">\(place)</h2>
            <p><a href="\(again ?? Href("/desk/invitations"))">\(words(.invitationOther))</a></p>
            \(Form.summary(refusal, context))
            <fieldset><legend>\(words(.invitationWho))</legend>\
            <div class="chips">\(HTML.joined(relations))</div></fieldset>
            <div class="inline">
            \(day("from", .invitationFrom, typed.from))
            \(day("to", .invitationTo, typed.to))
            </div>
            <button class="btn primary">\(words(.inviteMake))</button></form>
            """
    }

    /// The one time that the code is shown: to read out, to scan, or to print and hand over.
    private func handOver(_ code: String, _ context: WebContext) -> HTML {
        let words = context.words
        let path = Href("/me/join", query: [("invitation", code)])
        let drawn: HTML =
            QRCode(publicURL + path.path).map { "<div class=\"qrcode\">\($0.svg(label: words(.joinCode)))</div>" }
            ?? .empty
        return """
            <section class="card poster stack narrow" role="status"><h2>\(place)</h2>
            <p>\(words(.inviteShown, code))</p>
            <p class="code-box">\(code)</p>
            \(drawn)
            <p class="small">\(publicURL)\(path.path)</p>
            <p class="soft no-print">\(words(.invitationHandOver))</p>
            <p class="no-print"><a class="btn" href="/desk/invitations">\(words(.invitationOther))</a></p></section>
            """
    }

    private func list(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        guard !open.isEmpty else { return "<p class=\"card soft\">\(words(.invitationsNone))</p>" }
        let rows = open.enumerated().map { index, one -> HTML in
            var days = ""
            if let from = one.from {
                days =
                    one.to.map { words(.householdUntil, from.description, $0.description) }
                    ?? words(.householdSince, from.description)
            } else if let to = one.to {
                days = "\(words(.invitationTo)) \(to)"
            }
            let made = words(.invitationMadeBy, one.maker, say.moment(one.expires))
            let about = [made, days].filter { !$0.isEmpty }.joined(separator: " · ")
            return """
                <li class="row"><span class="grow" id="i-\(index)"><b>\(one.place)</b> \
                <span class="tag">\(words(one.relation.phrase))</span><small>\(about)</small></span>\
                <form method="post" action="/desk/invitations">\(Layout.token(context))\
                <input type=hidden name=way value=revoke>\
                <input type=hidden name=digest value="\(Base64URL.encode(one.digest))">\
                <button class="btn" aria-describedby="i-\(index)">\(words(.meTokenRevoke))</button></form></li>
                """
        }
        return "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
    }
}

import Kernel
import Web

/// The page about oneself: name, homes, devices, tokens.
struct MePage: Sendable {
    static let tokenDays = 90

    /// What the form that was sent last has to say.
    struct Feedback: Sendable {
        enum Place: Sendable, Equatable {
            case none, name, token, password
            case invite(AreaID)
        }
        var form = Place.none
        var refusal: (any Refusal)?
        var typed = ""
        var post = ""
        var scopes: [String] = []
        /// A token or an invitation, shown this once.
        var made: String?
    }

    let name: String
    let phone: String
    let homes: [HomeRow]
    let sessions: [SignInStore.Session]
    let tokens: [SignInStore.TokenRow]
    let current: Int64?
    /// Of a password; nil for somebody without one.
    let profile: PasswordProfile?
    let feedback: Feedback

    /// The refusal, if it is about this form.
    private func refusal(_ place: Feedback.Place) -> (any Refusal)? {
        feedback.form == place ? feedback.refusal : nil
    }

    func page(_ context: WebContext, _ say: Say) -> Page {
        let main: HTML = """
            <div class="stack-l">
            <h1>\(context.words(.meTitle))</h1>
            \(nameForm(context))
            \(homeList(context, say))
            \(GovernanceLinks.html(context))
            \(devices(context, say))
            \(passwordForm(context))
            \(FactorLink.html(context))
            \(tokenList(context, say))
            </div>
            """
        var page = Page(title: context.words(.meTitle), frame: .resident(.mine), main: main)
        page.narrow = true
        page.homeLink = Href("/home")
        page.end = Layout.elderSwitch(context)
        return page
    }

    private func nameForm(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = refusal(.name)
        let value = feedback.form == .name ? feedback.typed : name
        let phone: HTML =
            phone.isEmpty
            ? .empty
            : """
            <p class="help">\(words(.mePhone, phone)) <a href="/me/phone">\(words(.phoneTitle))</a></p>
            """
        return """
            <form class="card stack" method="post" action="/me/name">\(Layout.token(context))
            \(Form.summary(refusal, context))
            <div class="field"><label for="name">\(words(.meName))</label>
            <div class="with"><input class="in" id="name" name="name" autocomplete="name" maxlength="40" required \
            value="\(value)"\(Form.invalid(refusal, "name"))><button class="btn">\(words(.save))</button></div>
            \(Form.error(refusal, for: "name", context))\(phone)</div>
            </form>
            """
    }

    // MARK: Homes

    private func homeList(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let list: HTML =
            homes.isEmpty
            ? "<p>\(words(.meNoHome))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(homes.map { row($0, context, say) }))</ul>"
        let invitable = homes.filter(\.mayInvite)
        var seen = Set<AreaID>()
        let invites = HTML.joined(
            invitable.filter { seen.insert($0.unit).inserted }.map { inviteForm($0, context) })
        let ends: HTML =
            homes.isEmpty ? .empty : "<a class=\"btn\" href=\"/my/homes\">\(words(.homeEndTitle))</a>"
        return """
            <section class="stack" aria-labelledby="homes"><h2 id="homes">\(words(.meHomes))</h2>
            \(list)
            <p class="btns"><a class="btn\(homes.isEmpty ? " primary" : "")" href="/me/join">\(words(.joinTitle))</a>\(ends)</p>
            \(invites)
            </section>
            """
    }

    private func row(_ home: HomeRow, _ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        // A date generations away is said as none.
        let lasts = home.isLasting || home.to.civil.year > 2100
        let end = lasts ? "" : " – \(say.day(home.to))"
        let state: HTML =
            home.isWaiting
            ? "<b>\(words(.meWaiting, home.place))</b>" : "<b>\(home.place)</b>"
        return """
            <li class="row"><span class="grow">\(state)<small>\(words(home.relation.phrase)) · \
            <span class="num">\(say.day(home.from))\(end)</span></small></span></li>
            """
    }

    private func inviteForm(_ home: HomeRow, _ context: WebContext) -> HTML {
        let words = context.words
        let unit = home.unit.text
        let refusal = refusal(.invite(home.unit))
        let isOpen = feedback.form == .invite(home.unit)
        let made: HTML =
            isOpen
            ? feedback.made.map { "<p class=\"note ok\" role=\"status\">\(words(.inviteShown, $0))</p>" } ?? .empty
            : .empty
        let relations = [HomeRelation.family, .coOwner, .tenant].map {
            (value: $0.code, label: words($0.phrase))
        }
        return """
            <form class="card stack" method="post" action="/me/invite" aria-labelledby="invite-\(unit)">\
            \(Layout.token(context))<input type=hidden name=unit value="\(unit)">
            <h3 id="invite-\(unit)">\(words(.inviteTitle))</h3><p class="soft">\(home.place)</p>
            \(Form.summary(refusal, context))
            <div class="inline"><div class="field"><label for="relation-\(unit)">\(words(.joinRelation))</label>
            <select class="in" id="relation-\(unit)" name="relation">\(Options.make(relations, chosen: ""))</select></div>
            <button class="btn">\(words(.inviteMake))</button></div>
            \(made)
            </form>
            """
    }

    // MARK: Devices and tokens

    /// "Chrome · Android" from what a browser calls itself; the beginning of it where it is none of the known.
    static func device(_ agent: String) -> String {
        let browsers = [
            ("MicroMessenger", "WeChat"), ("HuaweiBrowser", "Huawei"), ("Edg", "Edge"), ("Firefox", "Firefox"),
            ("Chrome", "Chrome"), ("Safari", "Safari"),
        ]
        let systems = [
            ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
            ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"),
        ]
        let names = [browsers, systems].compactMap { list in list.first { agent.contains($0.0) }?.1 }
        if !names.isEmpty { return names.joined(separator: " · ") }
        return agent.isEmpty ? "–" : String(agent.prefix(40))
    }

    private func devices(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let rows = sessions.map { session -> HTML in
            let here: HTML =
                session.id == current ? " <span class=\"state ok\">\(words(.meThisDevice))</span>" : .empty
            let device = Self.device(session.device)
            return """
                <li class="row"><span class="grow">\(device)\(here)<small>\(say.time(session.seen))</small></span></li>
                """
        }
        let list: HTML = rows.isEmpty ? .empty : "<ul class=\"card rows small\">\(HTML.joined(rows))</ul>"
        return """
            <section class="stack" aria-labelledby="devices"><h2 id="devices">\(words(.meDevices))</h2>
            \(list)
            <div class="btns">
            <form method="post" action="/sign-out">\(Layout.token(context))\
            <button class="btn">\(words(.signOut))</button></form>
            <form method="post" action="/sign-out/everywhere">\(Layout.token(context))\
            <button class="btn">\(words(.signOutEverywhere))</button></form>
            </div></section>
            """
    }

    private func passwordForm(_ context: WebContext) -> HTML {
        guard let profile else { return .empty }
        let words = context.words
        let refusal = refusal(.password)
        let open: HTML = feedback.form == .password ? " open" : .empty
        let done: HTML =
            feedback.form == .password && refusal == nil
            ? "<p class=\"note ok\" role=\"status\"><b>\(words(.passwordChanged))</b></p>" : .empty
        func field(_ name: StaticString, _ label: Phrase, _ complete: StaticString) -> HTML {
            """
            <div class="field"><label for="\(name.description)">\(words(label))</label><input class="in" type="password" \
            id="\(name.description)" name="\(name.description)" autocomplete="\(complete.description)" maxlength="128" \
            required\(Form.invalid(refusal, name.description))>\(Form.error(refusal, for: name.description, context))</div>
            """
        }
        return """
            <section class="stack" aria-labelledby="pw"><h2 id="pw">\(words(.mePassword))</h2>\(done)
            <details class="card"\(open)><summary>\(words(.passwordChange))</summary>
            <form class="stack" method="post" action="/me/password">\(Layout.token(context))
            \(Form.summary(refusal, context))\(field("password", .passwordOld, "current-password"))
            \(field("fresh", .passwordNew, "new-password"))\(FactorParts.rules(profile, words))
            <button class="btn">\(words(.passwordChange))</button></form></details></section>
            """
    }

    private func tokenList(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let rows = tokens.map { token -> HTML in
            let place = Href("/me/tokens/", ID<TokenTag>(token.id).text, "/revoke")
            return """
                <li class="row"><span class="grow"><b>\(token.name)</b><small>– \(say.time(token.expires)) · \
                \(scopes(token.scopes, words))</small></span>\
                <form method="post" action="\(place)">\(Layout.token(context))\
                <button class="btn" aria-label="\(words(.meTokenRevoke)) \(token.name)">\(words(.meTokenRevoke))</button>\
                </form></li>
                """
        }
        let list: HTML = rows.isEmpty ? .empty : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
        let refusal = refusal(.token)
        let isMine = feedback.form == .token
        let made: HTML =
            isMine
            ? feedback.made.map { "<p class=\"note ok\" role=\"status\">\(words(.meTokenShown, $0))</p>" } ?? .empty
            : .empty
        var choices = [(value: "", label: words(.meTokenSelf))]
        choices += context.actor.posts.map {
            (value: $0.id.text, label: $0.title.isEmpty ? words($0.role.phrase) : $0.title)
        }
        return """
            <section class="stack not-elder" aria-labelledby="tokens"><h2 id="tokens">\(words(.meTokens))</h2>
            \(made)\(list)
            <form class="card stack" method="post" action="/me/tokens">\(Layout.token(context))
            \(Form.summary(refusal, context))
            <div class="field"><label for="token-name">\(words(.meTokenName))</label>
            <input class="in" id="token-name" name="name" maxlength="40" required \
            value="\(isMine ? feedback.typed : "")"\(Form.invalid(refusal, "name"))>\
            \(Form.error(refusal, for: "name", context))</div>
            <div class="field"><label for="token-post">\(words(.meTokenPost))</label>
            <select class="in" id="token-post" name="post">\
            \(Options.make(choices, chosen: isMine ? feedback.post : ""))</select></div>
            \(scopeChoice(isMine ? feedback.scopes : nil, refusal, context))
            <button class="btn">\(words(.meTokenMake))</button>
            </form><p><a href="/api">\(words(.meTokenHow))</a></p></section>
            """
    }

    private func scopes(_ scopes: Scopes, _ words: Words) -> String {
        if scopes.isAll { return words(.scopesAll) }
        return APIArea.allCases.compactMap { area -> String? in
            let may = [
                scopes.allows(area, writes: false) ? words(.scopeRead) : nil,
                scopes.allows(area, writes: true) ? words(.scopeWrite) : nil,
            ].compactMap { $0 }
            return may.isEmpty ? nil : "\(words(area.phrase)) \(words.list(may))"
        }.joined(separator: " · ")
    }

    /// One line for each area: to read, to write. Reading cases is offered; everything else is chosen.
    private func scopeChoice(_ chosen: [String]?, _ refusal: (any Refusal)?, _ context: WebContext) -> HTML {
        let words = context.words
        let chosen = chosen ?? ["cases:read"]
        let rows = APIArea.allCases.map { area -> HTML in
            let boxes = HTML.joined(
                [false, true].map { writes -> HTML in
                    let item = Scopes.Item(area: area, writes: writes)
                    let label = "\(words(area.phrase)) \(words(writes ? .scopeWrite : .scopeRead))"
                    let mark: HTML = chosen.contains(item.name) ? " checked" : ""
                    return """
                        <label class="chip"><input type="checkbox" name="scope" value="\(item.name)"\(mark)>\
                        <span>\(label)</span></label>
                        """
                })
            return "<div class=\"chips\">\(boxes)</div>"
        }
        return """
            <fieldset class="stack"><input type=hidden name=scoped value=1><legend>\(words(.scopesTitle))</legend>
            \(HTML.joined(rows))\(Form.error(refusal, for: "scope", context))</fieldset>
            """
    }
}

/// Joining a home: by invitation in one step, or estate, building and home for staff to check.
struct JoinPage: Sendable {
    struct Typed: Sendable {
        var estate = ""
        var building = ""
        var byInvitation = false
        var invitation = ""
        var unit = ""
        var relation = ""
        var day = ""
        var refusal: (any Refusal)?
    }
    var typed: Typed
    var estates: [Area] = []
    var estate: Area?
    var buildings: [Area] = []
    var building: Area?
    var units: [Area] = []

    func page(_ context: WebContext) -> Page {
        let words = context.words
        // Once a place is being chosen, its next step is the one thing to do.
        let isChoosing = estate != nil
        let main: HTML = """
            <div class="stack-l">
            <h1>\(words(.joinTitle))</h1>
            \(invitationForm(context, primary: !isChoosing))
            <section class="card stack" aria-labelledby="ask"><h2 id="ask">\(words(.joinByStaff))</h2>
            \(step(context))
            </section>
            <p><a href="/me">\(words(.back))</a></p>
            </div>
            """
        var page = Page(title: words(.joinTitle), frame: .resident(.mine), main: main)
        page.narrow = true
        page.homeLink = Href("/home")
        page.end = Layout.elderSwitch(context)
        return page
    }

    private func invitationForm(_ context: WebContext, primary: Bool) -> HTML {
        let words = context.words
        let refusal = typed.byInvitation ? typed.refusal : nil
        return """
            <form class="card stack" method="post" action="/me/join">\(Layout.token(context))\
            <input type=hidden name=way value=invitation><input type=hidden name=estate value="\(typed.estate)">\
            <input type=hidden name=building value="\(typed.building)">
            <h2>\(words(.joinByInvitation))</h2>
            \(Form.summary(refusal, context))
            <div class="field"><label for="invitation">\(words(.joinCode))</label>
            <input class="in" id="invitation" name="invitation" autocomplete="off" autocapitalize="none" \
            spellcheck="false" maxlength="40" required value="\(typed.invitation)"\(Form.invalid(refusal, "invitation"))>\
            \(Form.error(refusal, for: "invitation", context))</div>
            \(until(context, "until", refusal, value: typed.byInvitation ? typed.day : ""))
            <button class="btn\(primary ? " primary" : "")">\(words(.joinTitle))</button>
            </form>
            """
    }

    private func until(_ context: WebContext, _ id: String, _ refusal: (any Refusal)?, value: String) -> HTML {
        """
        <div class="field"><label for="\(id)">\(context.words(.joinUntil)) \
        <span class="soft">\(context.words(.optional))</span></label>
        <input class="in" id="\(id)" name="day" type="date" value="\(value)"\(Form.invalid(refusal, "day"))>\
        \(Form.error(refusal, for: "day", context))</div>
        """
    }

    private func step(_ context: WebContext) -> HTML {
        guard let estate else { return choice(context, "estate", .joinEstate, estates, hidden: .empty, primary: false) }
        guard let building else {
            return """
                <p>\(estate.name) · <a href="/me/join">\(context.words(.back))</a></p>
                \(choice(
                    context, "building", .joinBuilding, buildings,
                    hidden: "<input type=hidden name=estate value=\"\(estate.id.text)\">", primary: true))
                """
        }
        return askForm(estate, building, context)
    }

    private func choice(
        _ context: WebContext, _ name: String, _ label: Phrase, _ areas: [Area], hidden: HTML, primary: Bool
    ) -> HTML {
        let words = context.words
        return """
            <form class="stack" method="get" action="/me/join">\(hidden)
            <div class="field"><label for="\(name)">\(words(label))</label>
            <select class="in" id="\(name)" name="\(name)" required>\(Options.none)\
            \(Options.make(areas.map { (value: $0.id.text, label: $0.name) }, chosen: ""))</select></div>
            <button class="btn\(primary ? " primary" : "")">\(words(.joinNext))</button>
            </form>
            """
    }

    private func askForm(_ estate: Area, _ building: Area, _ context: WebContext) -> HTML {
        let words = context.words
        let refusal = typed.byInvitation ? nil : typed.refusal
        let chips = HTML.joined(
            HomeRelation.allCases.map { relation in
                let mark: HTML = relation.code == typed.relation ? " checked" : ""
                return """
                    <label class="chip"><input type="radio" name="relation" value="\(relation.code)" required\(mark)>\
                    <span>\(words(relation.phrase))</span></label>
                    """
            })
        let again = Href("/me/join", query: [("estate", estate.id.text)])
        return """
            <p>\(estate.name) \(building.name) · <a href="\(again)">\(words(.back))</a></p>
            <form class="stack" method="post" action="/me/join">\(Layout.token(context))<input type=hidden name=way \
            value=ask><input type=hidden name=estate value="\(estate.id.text)">\
            <input type=hidden name=building value="\(building.id.text)">
            \(Form.summary(refusal, context))
            <div class="field"><label for="unit">\(words(.joinUnit))</label>
            <select class="in" id="unit" name="unit" required\(Form.invalid(refusal, "unit"))>\(Options.none)\
            \(Options.make(units.map { (value: $0.id.text, label: $0.name) }, chosen: typed.unit))</select>\
            \(Form.error(refusal, for: "unit", context))</div>
            <fieldset><legend>\(words(.joinRelation))</legend><div class="chips">\(chips)</div></fieldset>
            \(until(context, "ask-until", refusal, value: typed.byInvitation ? "" : typed.day))
            <button class="btn primary">\(words(.joinSend))</button>
            </form>
            """
    }
}

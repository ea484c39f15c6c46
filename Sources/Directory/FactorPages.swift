import Hummingbird
import Kernel
import Web

/// The parts of setting up a second factor and of new passwords, for sign-in and for one's own page alike.
enum FactorParts {
    /// The QR code, the secret in letters, and the field for the first code.
    static func setUp(_ step: SignIn.Step, _ refusal: (any Refusal)?, _ context: WebContext) -> HTML {
        let words = context.words
        guard let secret = step.secret else { return .empty }
        let picture: HTML =
            QRCode(step.address).map {
                "<div class=\"poster\"><div class=\"qrcode\">\($0.svg(label: words(.factorQR)))</div></div>"
            } ?? .empty
        return """
            <p>\(words(.factorHow))</p>\(picture)
            <p class="help">\(words(.factorByHand))</p><p><b translate="no">\(secret.groups)</b></p>
            <input type=hidden name=step value="\(step.token)">\(code(.factorFirst, "", refusal, context))
            """
    }

    static func code(
        _ label: Phrase, _ value: String, _ refusal: (any Refusal)?, _ context: WebContext
    ) -> HTML {
        """
        <div class="field"><label for="code">\(context.words(label))</label><input class="in" id="code" name="code" \
        autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="24" required \
        value="\(value)"\(Form.invalid(refusal, "code"))>\(Form.error(refusal, for: "code", context))</div>
        """
    }

    /// What the profile in force asks of a new password.
    static func rules(_ profile: PasswordProfile, _ words: Words) -> HTML {
        var lines = [words(.passwordRuleLength, String(profile.least), String(PasswordProfile.longest))]
        if profile.classes > 0 { lines.append(words(.passwordRuleKinds, String(profile.classes))) }
        if profile.history > 1 { lines.append(words(.passwordRuleHistory, String(profile.history))) }
        if profile.ageDays > 0 { lines.append(words(.passwordRuleAge, String(profile.ageDays))) }
        return "<p class=\"help\">\(lines.joined(separator: " "))</p>"
    }

    /// Shown this once.
    static func recovery(_ codes: [String], _ context: WebContext) -> HTML {
        let words = context.words
        let items = codes.map { "<li class=\"num\" translate=\"no\">\($0)</li>" as HTML }
        return """
            <div class="note ok stack-s" role="status"><b>\(words(.recoveryTitle))</b><p>\(words(.recoveryLead))</p>\
            <ul>\(HTML.joined(items))</ul></div>
            """
    }
}

/// One's own second factor.
struct FactorPage: Sendable {
    let state: SignIn.FactorState
    var step: SignIn.Step?
    var recovery: [String] = []
    var way = ""
    var code = ""
    var refusal: (any Refusal)?

    func page(_ context: WebContext, _ say: Say) -> Page {
        let words = context.words
        let shown: HTML = recovery.isEmpty ? .empty : FactorParts.recovery(recovery, context)
        let main: HTML = """
            <div class="stack-l"><h1>\(words(.factorTitle))</h1><p class="soft">\(words(.factorLead))</p>
            \(shown)\(state.since == nil ? setUp(context) : standing(context, say))
            <p><a href="/me">\(words(.back))</a></p></div>
            """
        var page = Page(title: words(.factorTitle), frame: .resident(.mine), main: main)
        page.narrow = true
        page.homeLink = Href("/desk")
        page.end = Layout.elderSwitch(context)
        return page
    }

    private func form(_ name: StaticString, _ button: Phrase, _ inner: HTML, primary: Bool, _ context: WebContext)
        -> HTML
    {
        let mark: HTML = primary ? "btn primary" : "btn"
        let mine = way == name.description ? refusal : nil
        return """
            <form class="card stack" method="post" action="/me/factor">\(Layout.token(context))\
            <input type=hidden name=way value="\(name.description)">\(Form.summary(mine, context))\(inner)\
            <button class="\(mark)">\(context.words(button))</button></form>
            """
    }

    private func setUp(_ context: WebContext) -> HTML {
        guard let step else {
            let needed: HTML =
                state.isNeeded ? "<p class=\"note\">\(context.words(.factorIsNeeded))</p>" : .empty
            return needed + form("begin", .factorBegin, .empty, primary: true, context)
        }
        return form(
            "confirm", .factorConfirm, FactorParts.setUp(step, way == "confirm" ? refusal : nil, context),
            primary: true, context)
    }

    private func standing(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let since: HTML = state.since.map { say.time($0) } ?? .empty
        func field(_ name: String) -> HTML {
            let mine = way == name
            return """
                <div class="field"><label for="\(name)-code">\(words(.factorCode))</label><input class="in" \
                id="\(name)-code" name="code" autocomplete="one-time-code" spellcheck="false" maxlength="24" required \
                value="\(mine ? code : "")"\(mine ? Form.invalid(refusal, "code") : .empty)>\
                \(mine ? Form.error(refusal, for: "code", context) : .empty)</div>
                """
        }
        let remove: HTML =
            state.isNeeded
            ? "<p class=\"help\">\(words(.factorIsNeeded))</p>"
            : form("remove", .factorRemove, field("remove"), primary: false, context)
        return """
            <p class="note ok"><b>\(words(.factorOn))</b> \(since)</p>
            <p>\(words(.recoveryLeft, String(state.recoveryLeft)))</p>
            \(form("renew", .recoveryRenew, field("renew"), primary: false, context))\(remove)
            """
    }
}

/// From one's own page to the second factor; of staff alone.
enum FactorLink {
    static func html(_ context: WebContext) -> HTML {
        guard context.actor.isStaff else { return .empty }
        return "<p><a class=\"btn\" href=\"/me/factor\">\(context.words(.factorTitle))</a></p>"
    }
}

extension DirectoryHouse {
    func factorRoutes(_ table: RouteTable) {
        table.get("/me/factor", .staff) { _, context in
            try await factor(FactorPage(state: try await ownFactor(context)), context)
        }
        table.post("/me/factor", .staff) { request, context in
            let typed = try await typed(request, context)
            return try await factor(typed, context)
        }
    }

    private func ownFactor(_ context: WebContext) async throws -> SignIn.FactorState {
        _ = try person(context)
        return try await signIn.factorState(of: context.actor)
    }

    private func factor(_ view: FactorPage, _ context: WebContext) async throws -> Response {
        shown(view.page(context, say(context)), view.refusal, context)
    }

    private func factor(_ typed: Typed, _ context: WebContext) async throws -> Response {
        let person = try person(context)
        let (way, code) = (typed["way"], typed.trimmed("code"))
        var step: SignIn.Step?
        var recovery: [String] = []
        var refused: (any Refusal)?
        do {
            switch way {
            case "begin": step = try await signIn.beginFactor(person, session: context.session)
            case "confirm":
                recovery = try await signIn.confirmFactor(person, step: typed["step"], code: code)
            case "renew": recovery = try await signIn.renewRecovery(person, code: code)
            case "remove": try await signIn.removeFactor(of: context.actor, code: code)
            default: throw WebRefusal.malformed
            }
        } catch let refusal as DirectoryRefusal {
            refused = refusal
            if way == "confirm" { step = try await signIn.step(typed["step"]) }
        }
        var view = FactorPage(state: try await ownFactor(context))
        view.step = step
        view.recovery = recovery
        view.way = way
        view.code = refused == nil ? "" : code
        view.refusal = refused
        return try await factor(view, context)
    }
}

import Kernel
import Web

/// The page of every step of sign-in, without JavaScript.
struct SignInPage {
    enum Step {
        case phone
        case code
        case choose([(PersonID, String)])
        case password
        /// What is still asked after a password or a code by phone.
        case more(SignIn.Step)
        /// The recovery codes of a second factor that was set up just now.
        case recovery([String], Href)
    }
    var step: Step
    var next: String
    var phone = ""
    var code = ""
    var login = ""
    /// The demo's code, to be read off the page.
    var shownCode: String?
    var justSent = false
    /// Shown with what is asked next.
    var recovery: [String] = []
    /// False in a house that cannot send codes.
    var canSend = true
    var refusal: (any Refusal)?

    init(step: Step, next: String) {
        self.step = step
        self.next = Href(local: next) == nil ? "" : next
    }

    func page(_ context: WebContext) -> Page {
        let words = context.words
        let main: HTML = """
            <div class="cols even mid">
            <section class="stack" aria-labelledby="h">
            <h1 id="h">\(words(.signInTitle))</h1>
            \(form(context))
            <p class="small">\(otherWay(context))</p>
            <p class="small soft not-elder">\(words(.signInFirstTime)) \
            <a href="/privacy">\(words(.privacyNoticeTitle))</a></p>
            </section>
            <section class="not-elder stack" aria-labelledby="open">
            <h2 id="open">\(words(.signInOpen))</h2>
            <ul class="card rows">
            \(link(Href("/ledger"), words(.tabPublic)))
            \(link(Href("/score"), words(.signInOpenScore)))
            \(link(Href("/look-up"), words(.signInOpenLookUp)))
            </ul>
            </section>
            </div>
            """
        var page = Page(title: words(.signIn), frame: .gate, main: main)
        page.rawHeader = Headers.plain(context, home: Href("/"))
        return page
    }

    private func link(_ place: Href, _ label: String) -> HTML { "<li><a class=row href=\"\(place)\">\(label)</a></li>" }

    private func otherWay(_ context: WebContext) -> HTML {
        switch step {
        case .more, .recovery: return "<a href=\"/sign-in?staff=1\">\(context.words(.back))</a>"
        case .password:
            return "<a href=\"\(Href("/sign-in", query: [("next", next)]))\">\(context.words(.signInResident))</a>"
        default: break
        }
        let place = Href("/sign-in", query: [("staff", "1"), ("next", next)])
        return "<a href=\"\(place)\">\(context.words(.signInStaff))</a>"
    }

    private func form(_ context: WebContext) -> HTML {
        switch step {
        case .phone: phoneForm(context)
        case .code: codeForm(context)
        case .choose(let people): chooser(people, context)
        case .password: passwordForm(context)
        case .more(let step): moreForm(step, context)
        case .recovery(let codes, let place):
            """
            <div class="card stack">\(FactorParts.recovery(codes, context))\
            <a class="btn primary tall wide" href="\(place)">\(context.words(.recoveryKept))</a></div>
            """
        }
    }

    private func moreForm(_ asked: SignIn.Step, _ context: WebContext) -> HTML {
        let words = context.words
        let inner: HTML
        switch asked.kind {
        case .factor:
            inner = """
                <h2>\(words(.factorTitle))</h2><p class="soft">\(words(.factorAsk))</p>
                <input type=hidden name=step value="\(asked.token)">\
                \(FactorParts.code(.factorCode, code, refusal, context))<p class="help">\(words(.factorLost))</p>
                """
        case .enrol:
            inner = """
                <h2>\(words(.factorTitle))</h2><p class="note">\(words(.factorIsNeeded))</p>
                \(FactorParts.setUp(asked, refusal, context))
                """
        case .password:
            inner = """
                <h2>\(words(.passwordChange))</h2><p class="note">\(words(.passwordAged))</p>
                <input type=hidden name=step value="\(asked.token)"><div class="field">\
                <label for="fresh">\(words(.passwordNew))</label><input class="in" id="fresh" name="fresh" \
                type="password" autocomplete="new-password" maxlength="128" required\
                \(Form.invalid(refusal, "fresh"))>\(Form.error(refusal, for: "fresh", context))</div>
                \(asked.profile.map { FactorParts.rules($0, words) } ?? .empty)
                """
        }
        let codes: HTML = recovery.isEmpty ? .empty : FactorParts.recovery(recovery, context)
        return """
            \(codes)<form class="card stack" method="post" action="/sign-in/step">\(hidden(context))
            \(Form.summary(refusal, context))\(inner)
            <button class="btn primary tall wide">\(words(.signInEnter))</button></form>
            """
    }

    private func hidden(_ context: WebContext) -> HTML {
        "\(Layout.token(context))<input type=hidden name=next value=\"\(next)\">"
    }

    private func phoneForm(_ context: WebContext) -> HTML {
        let words = context.words
        let noCodes: HTML =
            canSend || refusal != nil ? .empty : "<p class=\"note\">\(words(.signInNoCodes))</p>"
        return """
            <form class="card stack" method="post" action="/sign-in/code">\(hidden(context))
            \(Form.summary(refusal, context))\(noCodes)
            <div class="field"><label for="phone">\(words(.signInPhone))</label>
            <input class="in" id="phone" name="phone" type="tel" inputmode="numeric" autocomplete="tel" maxlength="24" \
            required value="\(phone)"\(Form.invalid(refusal, "phone"))>\(Form.error(refusal, for: "phone", context))</div>
            <button class="btn primary tall wide">\(words(.signInSendCode))</button>
            </form>
            """
    }

    /// The phone stands fixed: the code belongs to it. "Send again" is a form of its own, so that Enter never sends.
    private func codeForm(_ context: WebContext) -> HTML {
        let words = context.words
        let help: HTML =
            justSent && refusal == nil ? "<p class=\"help\" role=\"status\">\(words(.signInSent))</p>" : .empty
        let demo: HTML =
            shownCode.map { "<p class=\"note\" role=\"status\">\(words(.signInDemoCode, $0))</p>" } ?? .empty
        let restart = Href("/sign-in", query: [("next", next)])
        return """
            <form id="again" method="post" action="/sign-in/code">\(hidden(context))\
            <input type=hidden name=phone value="\(phone)"></form>
            <form class="card stack" method="post" action="/sign-in">\(hidden(context))
            \(Form.summary(refusal, context))
            <div class="field"><label for="phone">\(words(.signInPhone))</label>
            <input class="in" id="phone" name="phone" type="tel" autocomplete="tel" readonly value="\(phone)"></div>
            \(demo)
            <div class="field"><label for="code">\(words(.signInCode))</label>
            <div class="with"><input class="in" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" \
            maxlength="12" required value="\(code)"\(Form.invalid(refusal, "code"))>\
            <button class="btn" form="again">\(words(.signInSendAgain))</button></div>
            \(Form.error(refusal, for: "code", context))\(help)</div>
            <button class="btn primary tall wide">\(words(.signInEnter))</button>
            <p class="small"><a href="\(restart)">\(words(.back))</a></p>
            </form>
            """
    }

    private func chooser(_ people: [(PersonID, String)], _ context: WebContext) -> HTML {
        let words = context.words
        let chips = HTML.joined(
            people.map { id, name in
                """
                <label class="chip"><input type="radio" name="person" value="\(id.text)" required>\
                <span>\(name)</span></label>
                """
            })
        return """
            <form class="card stack" method="post" action="/sign-in">\(hidden(context))\
            <input type=hidden name=phone value="\(phone)"><input type=hidden name=code value="\(code)">
            <fieldset><legend>\(words(.signInWho))</legend><div class="chips">\(chips)</div></fieldset>
            <button class="btn primary tall wide">\(words(.signInEnter))</button>
            </form>
            """
    }

    private func passwordForm(_ context: WebContext) -> HTML {
        let words = context.words
        return """
            <form class="card stack" method="post" action="/sign-in/password">\(hidden(context))
            \(Form.summary(refusal, context))
            <div class="field"><label for="login">\(words(.signInLogin))</label>
            <input class="in" id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" \
            maxlength="64" required value="\(login)"></div>
            <div class="field"><label for="password">\(words(.signInPassword))</label>
            <input class="in" id="password" name="password" type="password" autocomplete="current-password" \
            maxlength="200" required\(Form.invalid(refusal, "password"))>\(Form.error(refusal, for: "password", context))\
            </div>
            <button class="btn primary tall wide">\(words(.signIn))</button>
            </form>
            """
    }
}

enum Headers {
    /// The name of the site and the switch to large type.
    static func plain(_ context: WebContext, home: Href) -> HTML {
        """
        <header class="top">\(Layout.brand(context.words(.brand), "", link: home))\
        <span class="end no-print">\(Layout.elderSwitch(context))</span></header>
        """
    }
}

import Kernel

/// The five places of a resident's bar.
package enum Tab: Sendable { case home, report, progress, ledger, mine }

/// A page before it is framed.
package struct Page: Sendable {
    package enum Frame: Sendable {
        /// A resident's page with the bar of five.
        case resident(Tab)
        /// The staff desk.
        case desk
        /// Public, without sign-in.
        case open
        /// The numbers of many estates.
        case county
        /// Sign-in and errors.
        case gate
    }
    package var title: String
    package var subtitle: String
    package var frame: Frame
    package var main: HTML
    /// Right end of the header.
    package var end: HTML = .empty
    package var narrow = false
    package var sheet = Assets.Sheet.people
    /// What the browser's tab and history say, where the header's name says too little.
    package var documentTitle = ""
    package var homeLink = Href("/")
    /// Replaces the whole of `<main>`, for pages with panes.
    package var rawMain: HTML?
    package var rawHeader: HTML?
    /// On a wall: dark and large, whatever the browser's own modes are.
    package var isWall = false
    /// Loaded again by browsers without scripts.
    package var reloadSeconds: Int?

    package init(title: String, subtitle: String = "", frame: Frame, main: HTML) {
        self.title = title
        self.subtitle = subtitle
        self.frame = frame
        self.main = main
    }
}

package enum Layout {
    static let seal: HTML = """
        <svg class="seal" viewBox="0 0 36 36" aria-hidden="true"><path class="g" d="M6 1.2C13 .7 23 .8 30.2 1.2c2.7.2 4.4 1.8 4.6 4.6.5 7.2.5 17.3 0 24.5-.2 2.7-1.9 4.4-4.6 4.5-7.2.5-17.2.5-24.3 0-2.8-.2-4.5-1.9-4.7-4.6C.8 23 .8 13 1.2 5.9 1.4 3.1 3.2 1.4 6 1.2z"/><path class="l" d="M15.9 7.4h4.2M10.9 12.7h14.2M6.4 18h23.2M9.4 23.3h17.2M9.4 28.6h17.2"/><ellipse class="h" cx="18" cy="23.3" rx="4.2" ry="3" transform="rotate(-22 18 23.3)"/></svg>
        """

    package static func brand(_ title: String, _ subtitle: String, link: Href, notElder: Bool = true) -> HTML {
        let small: HTML =
            subtitle.isEmpty
            ? .empty : notElder ? "<small class=\"not-elder\">\(subtitle)</small>" : "<small>\(subtitle)</small>"
        let name = subtitle.isEmpty ? title : "\(title) \(subtitle)"
        return "<a class=\"brand\" href=\"\(link)\" aria-label=\"\(name)\">\(seal)<span>\(title)\(small)</span></a>"
    }

    package static func render(_ page: Page, context: WebContext) -> HTML {
        let words = context.words
        let chosen = [
            context.preferences.elder ? "elder" : "",
            context.preferences.theme == .system ? "" : context.preferences.theme.rawValue,
        ].filter { !$0.isEmpty }.joined(separator: " ")
        let modes = page.isWall ? "dark wall" : chosen
        let reload: HTML =
            page.reloadSeconds.map {
                "<noscript><meta http-equiv=\"refresh\" content=\"\($0)\"></noscript>"
            } ?? .empty
        var bodyClass = ""
        var tabs = HTML.empty
        switch page.frame {
        case .resident(let tab):
            bodyClass = "has-tabs"
            tabs = bar(tab, context)
        case .desk: bodyClass = "desk"
        case .open: bodyClass = "public"
        case .county: bodyClass = "county"
        case .gate: bodyClass = "gate"
        }
        let plain: HTML = """
            <header class="top">\(brand(page.title, page.subtitle, link: page.homeLink))\(tabs)<span class="end no-print">\(page.end)</span></header>
            """
        let header = page.rawHeader ?? plain
        let main: HTML =
            page.rawMain
            ?? "<main id=\"main\" class=\"wrap\(page.narrow ? " narrow" : "")\">\(page.main)\(foot(context))</main>"
        return """
            <!doctype html>
            <html lang="\(context.preferences.language.rawValue)" class="\(modes)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(documentTitle(page, words))</title>
            <link rel="stylesheet" href="\(page.sheet.href)">
            <link rel="manifest" href="/manifest.webmanifest">
            <link rel="icon" href="/assets/seal.svg">
            \(reload)<script src="\(Assets.script)" defer></script>
            </head>
            <body class="\(bodyClass)" data-kept-words="\(words(.keptBack))">
            <a class="skip" href="#main">\(words(.skip))</a>
            \(header)
            \(main)
            </body>
            </html>
            """
    }

    private static func documentTitle(_ page: Page, _ words: Words) -> String {
        let brand = words(.brand)
        if !page.documentTitle.isEmpty { return "\(page.documentTitle) · \(brand)" }
        return page.title == brand ? brand : "\(page.title) · \(brand)"
    }

    private static func bar(_ tab: Tab, _ context: WebContext) -> HTML {
        let words = context.words
        func link(_ place: Tab, _ href: Href, _ phrase: Phrase) -> HTML {
            let current: HTML = place == tab ? " aria-current=page" : ""
            return "<a href=\"\(href)\"\(current)>\(words(phrase))</a>"
        }
        return """
            <nav class="tabs" aria-label="\(words(.mainMenu))">\(link(.home, Href("/home"), .tabHome))\(link(.report, Href("/report"), .tabReport))\(link(.progress, Href("/my/cases"), .tabProgress))\(link(.ledger, Href("/ledger"), .tabPublic))\(link(.mine, Href("/me"), .tabMine))</nav>
            """
    }

    /// The switch to large type, for the header.
    package static func elderSwitch(_ context: WebContext) -> HTML {
        let words = context.words
        return modeButton(
            context.preferences.elder ? words(.standardMode) : words(.elderMode), "elder",
            context.preferences.elder ? "0" : "1", context, quiet: false)
    }

    /// The switches of language and theme, for the foot of a page.
    package static func foot(_ context: WebContext, elder: Bool = false) -> HTML {
        let words = context.words
        let large = elder ? elderSwitch(context) : .empty
        let dark = context.preferences.theme == .dark
        return """
            <div class="modes no-print">\(large)\(modeButton(words(.otherLanguage), "language", context.preferences.language == .zh ? "en" : "zh", context))\(modeButton(dark ? words(.lightMode) : words(.darkMode), "theme", dark ? "light" : "dark", context))</div>
            """
    }

    private static func modeButton(
        _ label: String, _ name: StaticString, _ value: String, _ context: WebContext, quiet: Bool = true
    ) -> HTML {
        let style: HTML = quiet ? "btn quiet" : "btn"
        return """
            <form method="post" action="/mode">\(token(context))<button class="\(style)" name="\(name.description)" value="\(value)">\(label)</button></form>
            """
    }

    /// The hidden field that every form carries.
    package static func token(_ context: WebContext) -> HTML {
        "<input type=hidden name=_form value=\"\(context.formToken)\">"
    }

    /// A page that says one thing, for refusals and faults.
    ///
    /// - Parameter kept: what was typed, as a form that can be sent once more.
    package static func notice(_ title: String, _ text: String, kept: HTML = .empty, context: WebContext) -> HTML {
        let style: HTML = kept.isEmpty ? "btn primary" : "btn"
        var page = Page(
            title: context.words(.brand), frame: .gate,
            main: """
                <section class="stack narrow notice"><h1>\(title)</h1><p>\(text)</p>\(kept)<p class="btns"><a class="\(style)" href="/">\(context.words(.errorHome))</a></p></section>
                """)
        page.end = .empty
        page.documentTitle = title
        return render(page, context: context)
    }
}

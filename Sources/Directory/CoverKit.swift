import Hummingbird
import Kernel
import Web

/// The parts of which the pages of shifts and cover are made: rows, tables, and forms that come back with what was
/// typed and what was wrong.
package struct CoverKit: PageKit {
    package let context: WebContext
    package let say: Say
    package let refusal: (any Refusal)?
    private let sent: Typed?
    package var look: PageLook { .shift }
    package var way: String { sent?["way"] ?? "" }
    package func typed(_ field: String) -> [String] { sent?.all(field) ?? [] }

    package init(_ context: WebContext, now: Instant, sent: Typed? = nil, refusal: (any Refusal)? = nil) {
        self.context = context
        say = Say(context.words, now: now)
        self.sent = sent
        self.refusal = refusal
    }

    /// Does what a form asks and goes on to a page. What is refused for a reason that can be mended comes back.
    package static func take(
        _ request: Request, _ context: WebContext, _ act: (Typed) async throws -> Href,
        again: (Typed, any Refusal) async throws -> Response
    ) async throws -> Response {
        let sent = Typed(try await context.form(request))
        return try await Answer.act {
            try await act(sent)
        } again: { refusal in
            try await again(sent, refusal)
        }
    }

    package func answer(_ title: String, back: Href = Href("/desk/cover"), _ parts: HTML...) -> Response {
        let link: HTML = "<p class=\"no-print\"><a href=\"\(back)\">\(words(.back))</a></p>"
        let body = HTML.joined(parts)
        let main: HTML = "<div class=\"stack-l\"><h1>\(title)</h1>\(missed(by: body))\(body)</div>"
        var page = Page(title: title, frame: .open, main: link + main)
        page.rawHeader = Headers.plain(context, home: Href("/desk"))
        return Answer.html(
            Layout.render(page, context: context), status: refusal?.kind.status ?? .ok, context: context)
    }

    /// One of several places; nothing where there is one.
    package func choice(
        _ action: Href, _ name: String, _ label: Phrase, _ options: [(value: String, label: String)], chosen: String,
        hidden: [(String, String)] = []
    ) -> HTML {
        guard options.count > 1 else { return .empty }
        return """
            <form class="inline no-print" method="get" action="\(action)">\(extra(hidden))<div class="field">\
            <label for="choose-\(name)">\(words(label))</label><select class="in" id="choose-\(name)" name="\(name)">\
            \(Options.make(options, chosen: chosen))</select></div><button class="btn">\(words(.joinNext))</button></form>
            """
    }
}

import Hummingbird
import Kernel

/// `/api`: how a program signs in, for whoever writes one.
package enum APIGuide {
    package static func routes(_ table: RouteTable, settings: SiteSettings) {
        let site = settings.publicURL
        table.get("/api", .everyone) { _, context in
            Answer.html(Layout.render(page(context, site), context: context), context: context)
        }
    }

    private static func page(_ context: WebContext, _ site: String) -> Page {
        let words = context.words
        let read = "curl -H 'Authorization: Bearer rs_…' \\\n  '\(site)/api/v1/cases?queue=intake&limit=20'"
        let write = """
            curl -X POST -H 'Authorization: Bearer rs_…' \\
              -H 'Content-Type: application/json' -H 'Idempotency-Key: 7f3a' \\
              -d '{"words": "…"}' '\(site)/api/v1/cases/…/note'
            """
        let rules: [Phrase] = [
            .apiScopes, .apiKeys, .apiTags, .apiPages, .apiProblems, .apiLimits, .apiSession,
        ]
        let list = HTML.joined(rules.map { "<li>\(words($0))</li>" })
        let main: HTML = """
            <div class="stack-l">
            <h1>\(words(.apiTitle))</h1>
            <section class="card stack"><h2>\(words(.apiSignIn))</h2><p>\(words(.apiToken))</p>
            <p><a class="btn" href="/me">\(words(.tabMine))</a></p>
            <pre class="num" tabindex="0" style="overflow-x:auto">\(read)</pre></section>
            <section class="card stack"><h2>\(words(.apiWrite))</h2>
            <pre class="num" tabindex="0" style="overflow-x:auto">\(write)</pre></section>
            <section class="stack"><h2>\(words(.apiRules))</h2><ul class="stack">\(list)</ul></section>
            <p><a class="btn primary" href="/api/v1/openapi.json">\(words(.apiDocument))</a></p>
            </div>
            """
        var page = Page(title: words(.apiTitle), frame: .open, main: main)
        page.narrow = true
        return page
    }
}

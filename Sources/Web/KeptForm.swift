import HTTPTypes
import Hummingbird
import Kernel
import Synchronization

/// The form that came with a request, kept until the request is answered: whatever goes wrong, the page that says why
/// holds what was typed. Shared by every copy of the request's context.
package final class KeptForm: Sendable {
    private struct State {
        var token = ""
        var hasBegun = false
        var fields: FormFields?
        var hadFiles = false
    }
    private let state = Mutex(State())

    package init() {}

    /// The token that a form of this browser carries, told as soon as the browser is known and before anything can fail.
    package func expect(token: String) { state.withLock { $0.token = token } }

    /// The form's body is being read: it cannot be read a second time.
    func begin() { state.withLock { $0.hasBegun = true } }

    /// Only what came with the right token, so that no other site can put words on a page of ours.
    func keep(_ sent: Submission) {
        state.withLock {
            $0.fields = sent.fields
            $0.hadFiles = $0.hadFiles || !sent.files.isEmpty
        }
    }

    /// A file came and was read past.
    func sawFile() { state.withLock { $0.hadFiles = true } }

    var token: String { state.withLock { $0.token } }
    var fields: FormFields? { state.withLock { $0.fields } }
    /// Whether files came with it, which are not kept.
    package var hadFiles: Bool { state.withLock { $0.hadFiles } }

    /// Reads what nobody has read yet, because the fault came first. What cannot be read or is not of this browser is left.
    func readLate(_ request: Request, _ context: WebContext) async {
        let token: String? = state.withLock { $0.hasBegun || $0.token.isEmpty ? nil : $0.token }
        guard let token, request.method == .post else { return }
        var context = context
        context.formToken = token
        _ = try? await context.submission(request, maxFileBytes: 16 << 20, maxFiles: 8, spool: nil, keepsFiles: false)
    }

    // MARK: That an answer was given

    /// The field by which the script of a page names what it sent, and the cookie that tells it of an answer.
    static let sent = "_sent"

    /// The cookie that says that what was sent has its answer; nil where the page did not ask.
    func answered(secure: Bool) -> String? {
        guard let name = fields?[Self.sent], (8...40).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) })
        else { return nil }
        return "rs_sent_\(name)=1; Path=/; Max-Age=120; SameSite=Lax\(secure ? "; Secure" : "")"
    }

    // MARK: On the page

    /// Fields of type password. They are never written onto a page: the person types them again.
    package static let secrets: Set<String> = ["password", "fresh"]

    /// What was typed, for a page on which its form is no longer; empty where nothing was.
    ///
    /// - Parameter named: the fields that hold words of the person, where the page knows them.
    func words(_ context: WebContext, named: Set<String>? = nil) -> HTML {
        let typed = (fields?.pairs ?? []).filter { pair in
            named.map { $0.contains(pair.name) && !pair.value.isEmpty }
                ?? (pair.name != "_form" && Self.isTyped(pair.name, pair.value))
        }
        guard !typed.isEmpty else { return .empty }
        return "<h2>\(context.words(.keptTitle))</h2>\(Self.quoted(typed))"
    }

    private static func quoted(_ pairs: [(name: String, value: String)]) -> HTML {
        HTML.joined(pairs.map { "<blockquote class=\"say\"><p>\($0.value)</p></blockquote>" as HTML })
    }

    /// What was typed, and the same form to be sent once more; empty where nothing was typed.
    func html(to place: Href, _ context: WebContext) -> HTML {
        guard let fields else { return .empty }
        let words = context.words
        let pairs = fields.pairs.filter { $0.name != "_form" }
        let typed = pairs.filter { Self.isTyped($0.name, $0.value) }
        let secret = pairs.filter { Self.secrets.contains($0.name) }
        guard !typed.isEmpty || !secret.isEmpty || hadFiles else { return .empty }
        let hidden = pairs.filter { !Self.secrets.contains($0.name) }.map { pair -> HTML in
            "<input type=hidden name=\"\(pair.name)\" value=\"\(pair.value)\">"
        }
        let again = secret.map { pair -> HTML in
            """
            <div class="field"><label for="again-\(pair.name)">\(words(.keptSecret))</label><input class="in" type="password" \
            id="again-\(pair.name)" name="\(pair.name)" maxlength="128" required></div>
            """
        }
        let files: HTML = hadFiles ? "<p class=\"help\">\(words(.keptFiles))</p>" : .empty
        return """
            <form class="stack" data-again method="post" action="\(place)"><input type=hidden name=_form value="\(fields["_form"] ?? "")">\
            <h2>\(words(.keptTitle))</h2>\(Self.quoted(typed))\(HTML.joined(hidden))\(HTML.joined(again))\(files)\
            <button class="btn primary">\(words(.keptAgain))</button></form>
            """
    }

    /// Whether a person wrote it, rather than chose it or never saw it.
    private static func isTyped(_ name: String, _ value: String) -> Bool {
        guard !value.isEmpty, !name.hasPrefix("_"), !secrets.contains(name) else { return false }
        guard !["key", "do", "version", "was", "way", "next"].contains(name), ID<KeptForm>(text: value) == nil else {
            return false
        }
        // A word of small letters is one of the form's own choices.
        return !value.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x2D }
    }
}

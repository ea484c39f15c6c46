import HTTPTypes
import Hummingbird
import Kernel
import Logging
import NIOCore
import NIOEmbedded

/// How a browser wants its pages.
package struct Preferences: Sendable, Equatable {
    package enum Theme: String, Sendable { case system, light, dark }
    package var language = Language.zh
    package var elder = false
    package var theme = Theme.system
    package init() {}

    /// From the `rs_mode` cookie, such as `en.elder.dark`; a browser that never chose gets its `Accept-Language`.
    init(cookie: String?, acceptLanguage: String?) {
        if let cookie {
            let parts = cookie.split(separator: ".")
            language = parts.contains("en") ? .en : .zh
            elder = parts.contains("elder")
            theme = parts.contains("dark") ? .dark : parts.contains("light") ? .light : .system
        } else if let acceptLanguage {
            let first = acceptLanguage.lowercased()
            if first.hasPrefix("en") { language = .en }
        }
    }

    package var cookie: String {
        var parts = [language == .en ? "en" : "zh"]
        if elder { parts.append("elder") }
        if theme != .system { parts.append(theme.rawValue) }
        return parts.joined(separator: ".")
    }
}

/// What a request carries through the house. Sign-in fills in who asks; nothing else may.
package struct WebContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Where the connection comes from, `0.0.0.0` where that is not known any more; nil outside a connection.
    package let peerAddress: String?
    package var actor = Actor.visitor
    /// The session that signed the actor in, if a cookie did.
    package var session: Int64?
    /// The session waits for its person's answer to the privacy notice.
    package var awaitsNotice = false
    /// What a token lets its program do in the API; nil without one.
    package var scopes: Scopes?
    package var preferences = Preferences()
    /// The token that a form of this browser must carry.
    package var formToken = ""
    /// The cookie to set with the answer: a visitor's first.
    package var freshVisitor: String?
    package var requestName = ""
    package var unread = 0
    /// What came with a form, for the page that has to say why it was not taken.
    package let kept = KeptForm()

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        // A connection that its other end has cut already has no such address any more. It is nobody's, not this machine's.
        peerAddress =
            source.channel.remoteAddress?.ipAddress ?? (source.channel.localAddress == nil ? nil : "0.0.0.0")
    }

    /// A context without a connection, for rendering outside a request: benchmarks and printing.
    package init(offline actor: Actor) {
        self.init(source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "offline")))
        self.actor = actor
        formToken = "offline"
    }

    package var words: Words { Words(language: preferences.language) }
    package var maxUploadSize: Int { 64 * 1024 }
    package var peerText: String { peerAddress ?? "local" }
    package var isLoopback: Bool {
        guard let text = peerAddress else { return true }
        return text == "::1" || text.hasPrefix("127.") || text == "::ffff:127.0.0.1"
    }
}

/// Says phrases in one language.
package struct Words: Sendable {
    package let language: Language
    package init(language: Language) { self.language = language }
    package func callAsFunction(_ phrase: Phrase, _ arguments: String...) -> String {
        phrase.text(language, arguments)
    }
    package func callAsFunction(_ message: Message) -> String { message.text(language) }
    /// Data that carries both languages.
    package func pick(zh: String, en: String) -> String { language == .zh || en.isEmpty ? zh : en }
    /// Several names or words in a row, with the sign that the language puts between them.
    package func list(_ items: [String]) -> String { items.joined(separator: language == .zh ? "\u{3001}" : ", ") }
}

/// What the site knows about its own place.
package struct SiteSettings: Sendable {
    /// Cookies are `Secure` when people reach the site by https.
    package var secure: Bool
    package var publicURL: String
    /// Whether /metrics answers callers from elsewhere.
    package var openMetrics: Bool
    package init(secure: Bool = false, publicURL: String = "", openMetrics: Bool = false) {
        self.secure = secure
        self.publicURL = publicURL
        self.openMetrics = openMetrics
    }
}

/// Refusals of the web floor itself.
package enum WebRefusal: Refusal {
    case notFound
    case signInFirst
    /// The session waits until its person has read the privacy notice and answered.
    case noticeFirst
    case notYours
    case crossSite
    case tooLarge
    case malformed
    case badIdentifier
    case tooMany
    /// Under the API: the path is there, the method is not.
    case badMethod
    case badType
    case missingField(String)
    case badField(String)
    case unknownField(String)
    /// The token does not carry the scope, such as `cases:write`.
    case noScope(String)
    case changedSince
    case keyInUse
    case keyUnsettled
    case keyForOther
    case shownOnce

    package var kind: RefusalKind {
        switch self {
        case .notFound, .badIdentifier: .notFound
        case .signInFirst: .signIn
        case .notYours, .crossSite, .noScope, .noticeFirst: .denied
        case .tooLarge: .tooLarge
        case .malformed, .missingField, .badField, .unknownField, .keyForOther: .invalid
        case .badMethod: .method
        case .badType: .unsupported
        case .changedSince: .precondition
        case .keyInUse, .keyUnsettled, .shownOnce: .conflict
        case .tooMany: .limited
        }
    }

    package var message: Message {
        switch self {
        case .notFound, .badIdentifier: Phrase.webNotFound()
        case .signInFirst: Phrase.webSignInFirst()
        case .noticeFirst: Phrase.webNoticeFirst()
        case .notYours: Phrase.webNotYours()
        case .crossSite: Phrase.webCrossSite()
        case .tooLarge: Phrase.webTooLarge()
        case .malformed: Phrase.webMalformed()
        case .tooMany: Phrase.webTooMany()
        case .badMethod: Phrase.webBadMethod()
        case .badType: Phrase.webBadType()
        case .missingField(let name): Phrase.webMissingField(name)
        case .badField(let name): Phrase.webBadField(name)
        case .unknownField(let name): Phrase.webUnknownField(String(name.prefix(60)))
        case .noScope(let scope): Phrase.webNoScope(scope)
        case .changedSince: Phrase.webChangedSince()
        case .keyInUse: Phrase.webKeyInUse()
        case .keyUnsettled: Phrase.webKeyUnsettled()
        case .keyForOther: Phrase.webKeyForOther()
        case .shownOnce: Phrase.webShownOnce()
        }
    }

    package var field: String? {
        switch self {
        case .missingField(let name), .badField(let name), .unknownField(let name): String(name.prefix(60))
        default: nil
        }
    }
}

extension RefusalKind {
    package var status: HTTPResponse.Status {
        switch self {
        case .invalid: .unprocessableContent
        case .denied: .forbidden
        case .notFound: .notFound
        case .conflict: .conflict
        case .limited: .tooManyRequests
        case .signIn: .unauthorized
        case .tooLarge: .contentTooLarge
        case .unsupported: .unsupportedMediaType
        case .unavailable: .serviceUnavailable
        case .precondition: .preconditionFailed
        case .method: .methodNotAllowed
        }
    }
}

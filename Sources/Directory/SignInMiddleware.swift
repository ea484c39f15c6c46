import Hummingbird
import Kernel
import Storage
import Web

/// Says who asks, once for every request, and turns away writes that another site made a browser send.
///
/// A person is known by the `rs_s` cookie or by `Authorization: Bearer rs_…`; the header wins. A browser that is not
/// signed in is known by its `rs_v` cookie, so that its forms have a token too. Sits inside `FrontDoor`.
package struct SignInMiddleware: RouterMiddleware {
    package typealias Context = WebContext
    let signIn: SignIn
    let secrets: Secrets
    let world: World
    let settings: SiteSettings
    let limits: RateLimits
    /// How many refusals a minute of one person are kept: more would let them fill the audit.
    private let refusals: RateLimits

    package init(signIn: SignIn, secrets: Secrets, world: World, settings: SiteSettings, limits: RateLimits) {
        self.limits = limits
        var few = RateLimitSettings()
        few.signedIn = 20
        refusals = RateLimits(few)
        self.signIn = signIn
        self.secrets = secrets
        self.world = world
        self.settings = settings
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard !path.hasPrefix("/assets/"), path != "/healthz", path != "/metrics" else {
            return try await next(request, context)
        }
        // Whatever the request leads to in the audit is kept with where it came from.
        return try await Caller.$address.withValue(String(limits.caller(request, context).prefix(60))) {
            try await known(request, context: context, next: next)
        }
    }

    private func known(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        var context = context
        if let bearer = bearer(request) {
            let token = secrets.formToken(bearer)
            context.kept.expect(token: token)
            guard let found = try await signIn.byToken(bearer) else {
                // Guessing counts against the address.
                if let over = take(request, context, nil), over.isOver {
                    return refused(over, request, context)
                }
                throw WebRefusal.signInFirst
            }
            context.actor = found.actor
            context.scopes = found.scopes
            context.formToken = token
            return try await limited(take(request, context, found.token), request, context, next)
        }

        let isWrite = request.method != .get && request.method != .head
        let forPrograms = path.hasPrefix("/api/")
        var isStale = false
        if let cookie = request.cookies[SiteCookie.session]?.value {
            isStale = true
            if cookie.utf8.count <= SiteCookie.longest {
                let token = secrets.formToken(cookie)
                context.kept.expect(token: token)
                if let found = try await signIn.bySession(cookie) {
                    context.actor = found.actor
                    context.session = found.session
                    context.awaitsNotice = found.awaitsNotice
                    context.formToken = token
                    isStale = false
                }
            }
        }
        let visitor = request.cookies[SiteCookie.visitor]?.value
        let known = visitor.flatMap { SiteCookie.isVisitor($0) ? $0 : nil }
        if known == nil, request.method == .get, !forPrograms { context.freshVisitor = SiteCookie.newVisitor(world) }
        if context.session == nil {
            // A write from a browser without a cookie gets a token that nobody has seen: never an empty one.
            context.formToken = secrets.formToken(known ?? context.freshVisitor ?? SiteCookie.newVisitor(world))
            context.kept.expect(token: context.formToken)
        }

        let standing = take(request, context, context.session)
        if let standing, standing.isOver { return refused(standing, request, context) }
        if isWrite {
            guard isFromHere(request) else { throw WebRefusal.crossSite }
            if forPrograms, context.session != nil {
                let sent = header("x-form-token", request) ?? ""
                guard Secrets.same(Array(sent.utf8), Array(context.formToken.utf8)) else { throw WebRefusal.crossSite }
            }
        }

        var response = try await limited(standing, request, context, next)
        if let fresh = context.freshVisitor {
            response.headers[values: .setCookie].append(
                SiteCookie.text(SiteCookie.visitor, fresh, seconds: 31_536_000, secure: settings.secure))
        }
        let alreadySet = response.headers[values: .setCookie].contains { $0.hasPrefix("\(SiteCookie.session)=") }
        if isStale, !alreadySet {
            response.headers[values: .setCookie].append(SiteCookie.cleared(SiteCookie.session, settings.secure))
        }
        return response
    }

    private func take(_ request: Request, _ context: WebContext, _ caller: Int64?) -> RateLimits.Standing? {
        guard let address = limits.address(request, context) else { return nil }
        return limits.take(caller.map { "s\($0)" } ?? address, isSignedIn: caller != nil, at: world.now())
    }

    private func limited(
        _ standing: RateLimits.Standing?, _ request: Request, _ context: WebContext,
        _ next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        if let standing, standing.isOver { return refused(standing, request, context) }
        var response = try await next(request, context)
        if response.status == .forbidden, !context.awaitsNotice { await keepRefusal(request, context) }
        if let standing, request.uri.path.hasPrefix("/api/") { RateLimits.write(standing, &response) }
        return response
    }

    /// Keeps that somebody who is signed in asked for what is not theirs. The answer does not wait on its success.
    private func keepRefusal(_ request: Request, _ context: WebContext) async {
        guard let person = context.actor.person,
            refusals.take("p\(person.raw)", isSignedIn: true, at: world.now())?.isOver == false
        else { return }
        try? await signIn.keepRefusal(
            of: person, by: context.actor.posts.first, asked: "\(request.method.rawValue) \(request.uri.path)")
    }

    private func refused(_ standing: RateLimits.Standing, _ request: Request, _ context: WebContext) -> Response {
        var response = FrontDoor.refuse(WebRefusal.tooMany, request, context)
        RateLimits.write(standing, &response)
        return response
    }

    private func bearer(_ request: Request) -> String? {
        guard let header = request.headers[.authorization], header.utf8.count <= SiteCookie.longest else { return nil }
        let bytes = header.utf8
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")), header[..<space].lowercased() == "bearer" else {
            return nil
        }
        let token = bytes[space...].drop { $0 == UInt8(ascii: " ") }
        guard token.starts(with: "rs_".utf8), !token.contains(UInt8(ascii: " ")) else { return nil }
        return String(Substring(token))
    }

    /// What browsers say about where a write comes from. Programs other than browsers say nothing and are let through:
    /// nobody can make them carry somebody else's cookie.
    private func isFromHere(_ request: Request) -> Bool {
        if let site = header("sec-fetch-site", request) {
            guard site == "same-origin" || site == "none" else { return false }
        }
        guard let origin = request.headers[.origin] else { return true }
        guard let host = Self.host(ofURL: origin) else { return false }
        let places = [request.head.authority.map(Self.plain), Self.host(ofURL: settings.publicURL)]
        return places.contains(host)
    }

    /// A header that has no name in the library, by its name in lower case.
    private func header(_ name: String, _ request: Request) -> String? {
        request.headers.first { $0.name.canonicalName == name }?.value
    }

    private static func host(ofURL text: String) -> String? {
        guard let slashes = text.ranges(of: "://").first else { return nil }
        let host = text[slashes.upperBound...].prefix { $0 != "/" }
        return host.isEmpty ? nil : plain(String(host))
    }

    /// In lower case and without the port that everybody means.
    private static func plain(_ host: String) -> String {
        let host = host.lowercased()
        for port in [":443", ":80"] where host.hasSuffix(port) { return String(host.dropLast(port.count)) }
        return host
    }
}

/// The cookies of the site, by name, and how they are written.
enum SiteCookie {
    static let session = "rs_s"
    static let visitor = "rs_v"
    static let longest = 256

    static func newVisitor(_ world: World) -> String {
        let digits = Array("0123456789abcdef")
        return String(world.randomBytes(18).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    static func isVisitor(_ value: String) -> Bool {
        value.utf8.count == 36 && value.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    static func text(_ name: String, _ value: String, seconds: Int64, secure: Bool) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax\(secure ? "; Secure" : "")"
    }

    static func cleared(_ name: String, _ secure: Bool) -> String { text(name, "", seconds: 0, secure: secure) }
}

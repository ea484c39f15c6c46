import HTTPTypes
import Hummingbird
import Kernel
import Logging
import NIOCore
import Synchronization

/// Who may knock at a route. The table proves it before the handler runs; what the actor may see inside is the
/// Store's affair.
package enum Access: Sendable, Equatable {
    case everyone
    /// Any signed-in person.
    case signedIn
    /// A person with a post.
    case staff
    /// A post that carries the verb, anywhere.
    case verb(Verb)

    package func allows(_ actor: Actor) -> Bool {
        switch self {
        case .everyone: true
        case .signedIn: actor.person != nil
        case .staff: actor.isStaff
        case .verb(let verb): actor.may(verb)
        }
    }
}

/// Where a person gets before they have answered the privacy notice: the notice, their rights, and the way out.
package enum NoticePlaces {
    package static let notice: StaticString = "/my/notice"
    private static let open = [
        "/my/notice", "/my/privacy", "/sign-out", "/api/v1/me/privacy", "/api/v1/sign-out", "/api/v1/me/notice",
    ]
    static func isOpen(_ path: String) -> Bool {
        path == "/api/v1/me" || open.contains { path == $0 || path.hasPrefix($0 + "/") }
    }
}

package struct RouteSpec: Sendable {
    package let method: HTTPRequest.Method
    package let path: String
    package let access: Access
    /// What a route of the API declares; nil for pages.
    package var operation: APIOperation?
}

/// What the routes of the API need of the house.
package struct APIServices: Sendable {
    package var keeper: (any KeptAnswers)?
    package var metrics: Metrics?
    package init(keeper: (any KeptAnswers)? = nil, metrics: Metrics? = nil) {
        self.keeper = keeper
        self.metrics = metrics
    }
}

/// The one table of routes: the router is filled from it, and a test asks every entry as every role.
package final class RouteTable {
    package typealias Handler = @Sendable (Request, WebContext) async throws -> Response
    private let router: Router<WebContext>
    package private(set) var specs: [RouteSpec] = []

    let services: APIServices

    package init(router: Router<WebContext>, services: APIServices = APIServices()) {
        self.router = router
        self.services = services
    }

    package func get(_ path: String, _ access: Access, _ handler: @escaping Handler) {
        add(.get, path, access, handler)
    }
    package func post(_ path: String, _ access: Access, _ handler: @escaping Handler) {
        add(.post, path, access, handler)
    }

    private func add(_ method: HTTPRequest.Method, _ path: String, _ access: Access, _ handler: @escaping Handler) {
        specs.append(RouteSpec(method: method, path: path, access: access))
        router.on(RouterPath(path), method: method) { request, context in
            try Self.admit(access, nil, method, path, context)
            return try await handler(request, context)
        }
    }

    /// Adds a route of the API with what it declares.
    func declare(_ operation: APIOperation, _ handler: @escaping Handler) {
        let (method, access, area) = (operation.method, operation.access, operation.api.area)
        specs.append(RouteSpec(method: method, path: operation.path, access: access, operation: operation))
        let known = operation.problems
        let metrics = services.metrics
        router.on(RouterPath(operation.path), method: method) { request, context in
            do {
                try Self.admit(access, .some(area), method, operation.path, context)
                return try await handler(request, context)
            } catch let refusal as any Refusal {
                // The document would not know of it: a test looks here.
                if !known.contains(Int(refusal.kind.status.code)) {
                    metrics?.count("redsteward_api_undeclared_total")
                    context.logger.error(
                        "undeclared refusal", metadata: ["route": "\(operation.path)", "refusal": "\(refusal.name)"])
                }
                throw refusal
            }
        }
    }

    /// - Parameter area: of a route of the API; nil for any other, which a token with fewer than all scopes may not use.
    private static func admit(
        _ access: Access, _ area: APIArea??, _ method: HTTPRequest.Method, _ path: String, _ context: WebContext
    ) throws {
        guard access.allows(context.actor) else {
            throw context.actor.person == nil ? WebRefusal.signInFirst : WebRefusal.notYours
        }
        if context.awaitsNotice, access != .everyone, !NoticePlaces.isOpen(path) { throw WebRefusal.noticeFirst }
        guard let scopes = context.scopes, !scopes.isAll else { return }
        switch area {
        case .none: guard access == .everyone else { throw WebRefusal.noScope("*") }
        case .some(.none): return
        case .some(.some(let area)):
            let writes = method != .get
            guard scopes.allows(area, writes: writes) else {
                throw WebRefusal.noScope("\(area.rawValue):\(writes ? "write" : "read")")
            }
        }
    }

    /// The last call: every other method of a path of the API is told which there are, and the document is served.
    @discardableResult
    package func finish() -> OpenAPI {
        let place = "/api/v1/openapi.json"
        final class Holder: Sendable {
            let document = Mutex<OpenAPI?>(nil)
        }
        let holder = Holder()
        get(
            place, .everyone, API(nil, "This document.", isSingle: true), Nothing.self, type: "application/json"
        ) { _, call in
            guard let written = holder.document.withLock({ $0 })?.written else { throw WebRefusal.notFound }
            let cache = "public, max-age=300"
            if let held = call.request.headers[.ifNoneMatch], APITag.contains(held, written.tag) {
                return Response(status: .notModified, headers: [.cacheControl: cache, .eTag: written.tag])
            }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/json; charset=utf-8", .cacheControl: cache, .eTag: written.tag,
                ], body: .init(byteBuffer: ByteBuffer(bytes: written.bytes)))
        }
        let document = OpenAPI(specs.compactMap(\.operation))
        holder.document.withLock { $0 = document }
        var methods: [String: [HTTPRequest.Method]] = [:]
        for spec in specs where spec.path.hasPrefix("/api/") { methods[spec.path, default: []].append(spec.method) }
        for (path, known) in methods {
            let allow = known.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods where !known.contains(method) {
                router.on(RouterPath(path), method: method) { _, context in
                    var response = Answer.problem(WebRefusal.badMethod, context: context)
                    response.headers[.allow] = allow
                    return response
                }
            }
        }
        return document
    }

    private static let methods: [HTTPRequest.Method] =
        [
            .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
        ] + ["QUERY", "SEARCH", "PROPFIND"].compactMap { HTTPRequest.Method($0) }
}

extension WebContext {
    /// A typed id from the path; anything else is not found.
    package func id<Of>(_ name: String, _ type: Of.Type = Of.self) throws -> ID<Of> {
        guard let text = parameters.get(name), let id = ID<Of>(text: text) else { throw WebRefusal.badIdentifier }
        return id
    }
}

/// Turns refusals into answers once: a page for people, problem details for programs; faults get a name for the
/// person and the detail in the log. Also names the request, reads preferences and counts.
package struct FrontDoor: RouterMiddleware {
    package typealias Context = WebContext
    let settings: SiteSettings
    let metrics: Metrics
    let clock: @Sendable () -> Instant
    let requestName: @Sendable () -> String
    let faultAnswer: @Sendable (any Error, Words) -> FaultAnswer?

    package init(
        settings: SiteSettings, metrics: Metrics, clock: @escaping @Sendable () -> Instant,
        requestName: @escaping @Sendable () -> String,
        faultAnswer: @escaping @Sendable (any Error, Words) -> FaultAnswer?
    ) {
        self.settings = settings
        self.metrics = metrics
        self.clock = clock
        self.requestName = requestName
        self.faultAnswer = faultAnswer
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestName = requestName()
        context.preferences = Preferences(
            cookie: request.cookies["rs_mode"]?.value, acceptLanguage: request.headers[.acceptLanguage])
        let started = ContinuousClock.now
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = await answer(error, request, context)
        }
        response.headers[Self.requestID] = context.requestName
        if let elapsed = Optional(ContinuousClock.now - started) {
            metrics.request(status: Int(response.status.code), elapsed: elapsed)
        }
        return response
    }

    private static let requestID = Answer.name("X-Request-Id")

    /// The same answers from further in, where the request knows its person and its form token.
    package var inner: InnerDoor { InnerDoor(door: self) }

    /// A refusal as its asker reads it: a problem for programs, a page for people.
    package static func refuse(_ refusal: any Refusal, _ request: Request, _ context: WebContext) -> Response {
        if request.uri.path.hasPrefix("/api/") { return Answer.problem(refusal, context: context) }
        let here = request.uri.string
        if refusal.kind == .signIn, request.method == .get {
            return Answer.redirect(Href("/sign-in", query: [("next", here.utf8.count <= 400 ? here : "/")]))
        }
        if case WebRefusal.noticeFirst = refusal {
            guard request.method != .get else {
                return Answer.redirect(
                    Href(NoticePlaces.notice, query: [("next", here.utf8.count <= 400 ? here : "/")]))
            }
            return notice(
                refusal.message.text(context.preferences.language), status: refusal.kind.status, request, context,
                way: """
                    <p><a class="btn primary" href="/my/notice" target="_blank" rel="noopener">\
                    \(context.words(.webNoticeRead))</a></p>
                    """)
        }
        return notice(
            refusal.message.text(context.preferences.language), status: refusal.kind.status, request, context)
    }

    fileprivate func answer(_ error: any Error, _ request: Request, _ context: WebContext) async -> Response {
        let forPrograms = request.uri.path.hasPrefix("/api/")
        if let refusal = error as? any Refusal {
            // What was typed before the notice was answered is shown with the way to it.
            if case WebRefusal.noticeFirst = refusal, !forPrograms { await context.kept.readLate(request, context) }
            return Self.refuse(refusal, request, context)
        }
        if let http = error as? HTTPError {
            let refusal: WebRefusal =
                http.status == .notFound || http.status == .methodNotAllowed
                ? .notFound : http.status == .contentTooLarge ? .tooLarge : .malformed
            if forPrograms { return Answer.problem(refusal, context: context) }
            return Self.notice(
                refusal.message.text(context.preferences.language), status: refusal.kind.status, request, context)
        }
        context.logger.error("request failed", metadata: ["request": "\(context.requestName)", "error": "\(error)"])
        metrics.count("redsteward_faults_total")
        let fault =
            faultAnswer(error, context.words)
            ?? FaultAnswer(text: context.words(.errorFault, context.requestName), status: .internalServerError)
        var answer: Response
        if forPrograms {
            answer = Problem(
                type: "urn:redsteward:fault", title: fault.text, status: Int64(fault.status.code), code: "fault",
                field: nil, instance: context.requestName
            ).response(fault.status)
        } else {
            await context.kept.readLate(request, context)
            answer = Self.notice(fault.text, status: fault.status, request, context)
        }
        if fault.status == .serviceUnavailable { answer.headers[.retryAfter] = "2" }
        return answer
    }

    /// A page that says why something was not done, with what was typed.
    private static func notice(
        _ text: String, status: HTTPResponse.Status, _ request: Request, _ context: WebContext, way: HTML = .empty
    ) -> Response {
        var context = context
        // Where the fault came before anybody knew who asks, the browser is known all the same.
        if context.formToken.isEmpty { context.formToken = context.kept.token }
        let kept = Href(local: request.uri.string).map { context.kept.html(to: $0, context) } ?? .empty
        return Answer.html(
            Layout.notice(context.words(.errorTitle), text, kept: way + kept, context: context), status: status,
            context: context)
    }
}

/// What somebody is told about a fault.
package struct FaultAnswer: Sendable, Equatable {
    package let text: String
    package let status: HTTPResponse.Status
    package init(text: String, status: HTTPResponse.Status) {
        self.text = text
        self.status = status
    }
}

/// Sits inside sign-in, so that pages about a refusal carry the person's own form token.
package struct InnerDoor: RouterMiddleware {
    package typealias Context = WebContext
    fileprivate let door: FrontDoor

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            var response = try await next(request, context)
            if let answered = context.kept.answered(secure: door.settings.secure) {
                response.headers[values: .setCookie].append(answered)
            }
            return response
        } catch {
            return await door.answer(error, request, context)
        }
    }
}

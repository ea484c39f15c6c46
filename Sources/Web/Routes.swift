import HTTPTypes
import Hummingbird
import Kernel
import Logging
import NIOCore

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

package struct RouteSpec: Sendable {
    package let method: HTTPRequest.Method
    package let path: String
    package let access: Access
}

/// The one table of routes: the router is filled from it, and a test asks every entry as every role.
package final class RouteTable {
    package typealias Handler = @Sendable (Request, WebContext) async throws -> Response
    private let router: Router<WebContext>
    package private(set) var specs: [RouteSpec] = []

    package init(router: Router<WebContext>) { self.router = router }

    package func get(_ path: String, _ access: Access, _ handler: @escaping Handler) {
        add(.get, path, access, handler)
    }
    package func post(_ path: String, _ access: Access, _ handler: @escaping Handler) {
        add(.post, path, access, handler)
    }

    private func add(_ method: HTTPRequest.Method, _ path: String, _ access: Access, _ handler: @escaping Handler) {
        specs.append(RouteSpec(method: method, path: path, access: access))
        router.on(RouterPath(path), method: method) { request, context in
            guard access.allows(context.actor) else {
                throw context.actor.person == nil ? WebRefusal.signInFirst : WebRefusal.notYours
            }
            return try await handler(request, context)
        }
    }
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

    fileprivate func answer(_ error: any Error, _ request: Request, _ context: WebContext) async -> Response {
        let forPrograms = request.uri.path.hasPrefix("/api/")
        if let refusal = error as? any Refusal {
            if forPrograms { return Answer.problem(refusal, context: context) }
            if refusal.kind == .signIn, request.method == .get {
                let here = request.uri.string
                return Answer.redirect(Href("/sign-in", query: [("next", here.utf8.count <= 400 ? here : "/")]))
            }
            return notice(
                refusal.message.text(context.preferences.language), status: refusal.kind.status, request, context)
        }
        if let http = error as? HTTPError {
            let refusal: WebRefusal =
                http.status == .notFound || http.status == .methodNotAllowed
                ? .notFound : http.status == .contentTooLarge ? .tooLarge : .malformed
            if forPrograms { return Answer.problem(refusal, context: context) }
            return notice(
                refusal.message.text(context.preferences.language), status: refusal.kind.status, request, context)
        }
        context.logger.error("request failed", metadata: ["request": "\(context.requestName)", "error": "\(error)"])
        metrics.count("redsteward_faults_total")
        let fault =
            faultAnswer(error, context.words)
            ?? FaultAnswer(text: context.words(.errorFault, context.requestName), status: .internalServerError)
        var answer: Response
        if forPrograms {
            answer = Response(
                status: fault.status,
                headers: [.contentType: "application/problem+json; charset=utf-8"],
                body: .init(
                    byteBuffer: ByteBuffer(
                        string: JSON.object([
                            ("type", .string("urn:redsteward:fault")), ("title", .string(fault.text)),
                            ("status", .int(Int64(fault.status.code))),
                            ("instance", .string(context.requestName)),
                        ]).text)))
        } else {
            await context.kept.readLate(request, context)
            answer = notice(fault.text, status: fault.status, request, context)
        }
        if fault.status == .serviceUnavailable { answer.headers[.retryAfter] = "2" }
        return answer
    }

    /// A page that says why something was not done, with what was typed.
    private func notice(
        _ text: String, status: HTTPResponse.Status, _ request: Request, _ context: WebContext
    ) -> Response {
        var context = context
        // Where the fault came before anybody knew who asks, the browser is known all the same.
        if context.formToken.isEmpty { context.formToken = context.kept.token }
        let kept = Href(local: request.uri.string).map { context.kept.html(to: $0, context) } ?? .empty
        return Answer.html(
            Layout.notice(context.words(.errorTitle), text, kept: kept, context: context), status: status,
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

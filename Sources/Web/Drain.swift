import Hummingbird
import Synchronization

/// Whether this server is about to end: balancers are told to send no more, and every connection is given up with its
/// next answer. What is under way is still finished.
package final class Drain: Sendable {
    private let hasBegun = Atomic(false)
    package init() {}
    package var isOn: Bool { hasBegun.load(ordering: .acquiring) }
    package func begin() { hasBegun.store(true, ordering: .releasing) }
}

/// Ends connections with their answer while the server drains.
package struct DrainMiddleware: RouterMiddleware {
    package typealias Context = WebContext
    private let drain: Drain
    package init(_ drain: Drain) { self.drain = drain }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if drain.isOn { response.headers[.connection] = "close" }
        return response
    }
}

import HTTPTypes
import Hummingbird
import Kernel
import Synchronization

/// How many requests a minute. Counted in memory by each server for itself: several servers let through as many times
/// more.
package struct RateLimitSettings: Sendable {
    /// For each token and each session; 0 for no limit.
    package var signedIn = 1200
    /// For each address from which nobody is signed in; 0 for no limit.
    package var anonymous = 600
    /// Whether callers from this machine are counted too. A proxy on this machine is told from one by the
    /// `X-Forwarded-For` that it adds.
    package var countsLocal = false
    /// Whose `X-Forwarded-For` counts, here and in the audit.
    package var proxies = TrustedProxies.thisMachine
    package init() {}
}

package final class RateLimits: Sendable {
    package struct Standing: Sendable {
        package let limit: Int
        package let left: Int
        /// Seconds until the window is over.
        package let seconds: Int64
        package var isOver: Bool { left < 0 }
    }

    private struct State {
        var window: Int64 = 0
        var counts: [String: Int] = [:]
    }
    private let state = Mutex(State())
    private let settings: RateLimitSettings
    private static let windowMs: Int64 = 60_000
    /// Callers told apart in one window; more than these share one count.
    private static let most = 100_000

    package init(_ settings: RateLimitSettings) { self.settings = settings }

    /// The caller of a request from whom nobody is known; nil when it is not counted.
    package func address(_ request: Request, _ context: WebContext) -> String? {
        if let said = settings.proxies.said(request, context) { return "a" + said }
        return context.isLoopback && !settings.countsLocal ? nil : "a" + context.peerText
    }

    /// The address of whoever sent a request.
    package func caller(_ request: Request, _ context: WebContext) -> String {
        settings.proxies.caller(request, context)
    }

    /// Whether a signed-in caller is counted.
    package func counts(_ request: Request, _ context: WebContext) -> Bool { address(request, context) != nil }

    package func take(_ caller: String, isSignedIn: Bool, at now: Instant) -> Standing? {
        let limit = isSignedIn ? settings.signedIn : settings.anonymous
        guard limit > 0 else { return nil }
        let window = now.ms / Self.windowMs
        let used = state.withLock { state in
            if state.window != window { state = State(window: window) }
            let key = state.counts[caller] == nil && state.counts.count >= Self.most ? "" : caller
            let used = min(state.counts[key, default: 0] + 1, 1 << 40)
            state.counts[key] = used
            return used
        }
        return Standing(
            limit: limit, left: limit - used, seconds: max(1, (Self.windowMs - now.ms % Self.windowMs + 999) / 1000))
    }

    private static let policy = Answer.name("RateLimit-Policy")
    private static let standing = Answer.name("RateLimit")

    package static func write(_ standing: Standing, _ response: inout Response) {
        response.headers[policy] = "\"minute\";q=\(standing.limit);w=60"
        response.headers[Self.standing] = "\"minute\";r=\(max(0, standing.left));t=\(standing.seconds)"
        if standing.isOver { response.headers[.retryAfter] = String(standing.seconds) }
    }
}

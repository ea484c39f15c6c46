import Kernel
import Synchronization

/// Tells open browsers that something in an area changed. A listener that does not keep up misses beats, never makes
/// the teller wait: each holds at most one pending word.
package final class LiveHub: Sendable {
    private struct Listener {
        let areas: [AreaPath]
        let continuation: AsyncStream<String>.Continuation
    }
    private struct State {
        var next = 0
        var listeners: [Int: Listener] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())
    /// Streams open at once; one more is refused.
    package static let limit = 2_000

    package init() {}

    package var count: Int { state.withLock { $0.listeners.count } }

    /// A stream of event names for changes at or below the areas; nil when too many are open, or the server is
    /// ending.
    package func listen(_ areas: [AreaPath]) -> AsyncStream<String>? {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = state.withLock { state in
            guard state.listeners.count < Self.limit, !state.isClosed else { return nil }
            state.next += 1
            state.listeners[state.next] = Listener(areas: areas, continuation: continuation)
            return state.next
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    package func changed(_ area: AreaPath) {
        let waiting = state.withLock { state in
            state.listeners.values.filter { listener in listener.areas.contains { $0.contains(area) } }
        }
        for listener in waiting { listener.continuation.yield("changed") }
    }

    /// Something may have changed anywhere.
    package func changedAll() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.continuation.yield("changed") }
    }

    /// Keeps proxies from cutting quiet streams, and lets a vanished browser be noticed.
    package func beat() {
        let all = state.withLock { Array($0.listeners.values) }
        // A beat never takes the place of a change that waits.
        for listener in all {
            if case .dropped("changed") = listener.continuation.yield("beat") { listener.continuation.yield("changed") }
        }
    }

    /// Ends every stream; no new one begins.
    package func close() {
        let all = state.withLock { state in
            let all = Array(state.listeners.values)
            state.isClosed = true
            state.listeners = [:]
            return all
        }
        for listener in all { listener.continuation.finish() }
    }
}

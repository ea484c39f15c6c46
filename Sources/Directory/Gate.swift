import Kernel
import Synchronization

/// Lets a bounded number of tasks in at once; the others wait in the order in which they came. Nothing polls or sleeps.
package final class Gate: Sendable {
    /// So many wait already that another one would only time out.
    package struct Full: Error, Sendable, Equatable {}

    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var free: Int
        var next: UInt64 = 0
        var waiting: [Waiter] = []
    }
    private let state: Mutex<State>
    private let maxWaiting: Int

    /// - Parameters:
    ///   - limit: how many are inside at once, at least 1.
    ///   - waiting: how many may wait before `Full` is thrown.
    package init(limit: Int, waiting: Int = 256) {
        state = Mutex(State(free: max(1, limit)))
        maxWaiting = max(0, waiting)
    }

    /// Runs the work when it is this task's turn. Throws `Full`, `CancellationError` if the task was cancelled while it
    /// waited, and what the work throws.
    package func run<Value>(_ work: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await work()
    }

    /// How many wait now.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    /// Whether the next one would have to wait.
    package var isBusy: Bool { state.withLock { $0.free == 0 } }

    private func enter() async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    // The flag is set before the handler below runs: either it is seen here or the handler finds us.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    guard state.waiting.count < maxWaiting else { return .failure(Full()) }
                    state.waiting.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
                return state.waiting.remove(at: index)
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Hands the place straight to the next one, so that nobody can overtake.
    private func leave() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume()
    }
}

import Storage
import Synchronization

/// A thread with a connection of its own that hears what servers announce. A lost connection is made again.
final class Listener: Sendable {
    private let isEnded = Atomic(false)
    /// How long an end may go unnoticed.
    private static let waitMs: Int32 = 200
    /// A connection on which nothing comes is asked after so long, and given up when no answer comes.
    private static let quietMs: Int64 = 5_000
    private static let answerMs: Int64 = 3_000
    /// Words that wait for whoever listens; more than that are told as missed.
    private static let limit = 1_000

    func end() { isEnded.store(true, ordering: .releasing) }

    func start(_ settings: ConnectionSettings) -> AsyncStream<Announcement> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Announcement.self, bufferingPolicy: .bufferingOldest(Self.limit))
        continuation.onTermination = { [weak self] _ in self?.end() }
        Threads.start {
            while !self.isEnded.load(ordering: .acquiring) {
                do throws(Trouble) {
                    let connection = try Connection(settings)
                    try self.hear(connection, continuation)
                } catch {
                    Threads.rest()
                }
            }
            continuation.finish()
        }
        return stream
    }

    private func hear(
        _ connection: Connection, _ continuation: AsyncStream<Announcement>.Continuation
    ) throws(Trouble) {
        connection.deadline = Monotonic.ms + Self.answerMs
        try connection.listen()
        var owesMissed = true
        var asked = Monotonic.ms
        while !isEnded.load(ordering: .acquiring) {
            // Said as soon as there is room for it.
            if owesMissed { owesMissed = !Self.gives(.missed, continuation) }
            let words = try connection.heard(waitMs: Self.waitMs)
            for word in words where !Self.gives(.said(word), continuation) { owesMissed = true }
            if Monotonic.ms - asked >= Self.quietMs {
                connection.deadline = Monotonic.ms + Self.answerMs
                try connection.run("select 1")
                asked = Monotonic.ms
            }
        }
    }

    private static func gives(
        _ one: Announcement, _ continuation: AsyncStream<Announcement>.Continuation
    ) -> Bool {
        if case .dropped = continuation.yield(one) { return false }
        return true
    }
}

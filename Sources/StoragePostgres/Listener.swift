import Storage
import Synchronization

/// A thread with a connection of its own that hears what servers announce. A lost connection is made again.
final class Listener: Sendable {
    /// What is heard: nil when the connection was lost, `missed` when there is one again.
    typealias Hearing = @Sendable (Announcement?) -> Bool
    private let channel: String
    private let isEnded = Atomic(false)
    /// How long an end may go unnoticed.
    private static let waitMs: Int32 = 200
    /// A connection on which nothing comes is asked after so long, and given up when no answer comes.
    private static let quietMs: Int64 = 2_000
    private static let answerMs: Int64 = 2_000
    /// Words that wait for whoever listens; more than that are told as missed.
    private static let limit = 1_000

    init(_ channel: String) { self.channel = channel }

    func end() { isEnded.store(true, ordering: .releasing) }

    func start(_ settings: ConnectionSettings) -> AsyncStream<Announcement> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Announcement.self, bufferingPolicy: .bufferingOldest(Self.limit))
        continuation.onTermination = { [weak self] _ in self?.end() }
        start(settings, whenEnded: { continuation.finish() }) { one in
            guard let one else { return true }
            if case .dropped = continuation.yield(one) { return false }
            return true
        }
        return stream
    }

    /// - Parameter take: says whether there was room for it; what had none is told as missed.
    func start(_ settings: ConnectionSettings, whenEnded: @escaping @Sendable () -> Void, take: @escaping Hearing) {
        Threads.start {
            while !self.isEnded.load(ordering: .acquiring) {
                do throws(Trouble) {
                    let connection = try Connection(settings)
                    try self.hear(connection, take)
                } catch {
                    _ = take(nil)
                    Threads.rest()
                }
            }
            _ = take(nil)
            whenEnded()
        }
    }

    private func hear(_ connection: Connection, _ take: Hearing) throws(Trouble) {
        connection.deadline = Monotonic.ms + Self.answerMs
        try connection.listen(on: channel)
        var owesMissed = true
        var asked = Monotonic.ms
        while !isEnded.load(ordering: .acquiring) {
            // Said as soon as there is room for it.
            if owesMissed { owesMissed = !take(.missed) }
            let words = try connection.heard(waitMs: Self.waitMs)
            for word in words where !take(.said(word)) { owesMissed = true }
            if Monotonic.ms - asked >= Self.quietMs {
                connection.deadline = Monotonic.ms + Self.answerMs
                try connection.run("select 1")
                asked = Monotonic.ms
            }
        }
    }
}

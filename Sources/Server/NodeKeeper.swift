import Foundation
import Kernel
import Logging
import Storage
import Synchronization

/// Holds a node number for the ids of this process as long as it runs, where other servers may write to the same
/// database. A number that was lost, because the process stood still or the database did not answer, is replaced;
/// until then ids stay in the stretch of time that was promised to this process.
final class NodeKeeper: Sendable {
    private let database: any Database
    private let maker: IDMaker
    private let now: @Sendable () -> Instant
    private let nodes: Nodes
    private let lease: Mutex<NodeLease>
    private let work = Mutex<Task<Void, Never>?>(nil)
    private static let beat = Duration.seconds(5)

    /// Throws `StorageFailure.busy` when 1023 servers write already.
    static func begin(_ database: any Database, _ maker: IDMaker, now: @escaping @Sendable () -> Instant) async throws
        -> NodeKeeper
    {
        let chance = UInt64.random(in: .min ... .max)
        let nodes = Nodes(holder: "node-\(ProcessInfo.processInfo.processIdentifier)-\(String(chance, radix: 36))")
        let lease = try await take(database, nodes, maker, now())
        let keeper = NodeKeeper(database, maker, now, nodes, lease)
        keeper.work.withLock { $0 = Task { [weak keeper] in await Self.run { keeper } } }
        return keeper
    }

    private init(
        _ database: any Database, _ maker: IDMaker, _ now: @escaping @Sendable () -> Instant, _ nodes: Nodes,
        _ lease: NodeLease
    ) {
        self.database = database
        self.maker = maker
        self.now = now
        self.nodes = nodes
        self.lease = Mutex(lease)
    }

    var number: Int { lease.withLock { $0.number } }

    /// Gives the number back. No id may be made afterwards.
    func end() async {
        let work = work.withLock { $0 }
        work?.cancel()
        await work?.value
        let (nodes, lease, now, last) = (nodes, lease.withLock { $0 }, now(), maker.last)
        // Where that fails the lease runs out by itself.
        _ = try? await database.write { try nodes.release(lease, at: now, last: last, $0) }
    }

    private static func take(
        _ database: any Database, _ nodes: Nodes, _ maker: IDMaker, _ now: Instant
    ) async throws -> NodeLease {
        let last = maker.last
        guard let lease = try await database.write({ try nodes.take(at: now, last: last, $0) }) else {
            throw StorageFailure.busy
        }
        maker.take(node: lease.number, after: lease.after, until: lease.until)
        return lease
    }

    private static func run(_ keeper: () -> NodeKeeper?) async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: beat) } catch { return }
            guard let keeper = keeper() else { return }
            await keeper.prolong()
        }
    }

    private func prolong() async {
        let (nodes, held, now, last) = (nodes, lease.withLock { $0 }, now(), maker.last)
        do {
            if let until = try await database.write({ try nodes.prolong(held, at: now, last: last, $0) }) {
                maker.prolong(until: until)
                lease.withLock { $0 = NodeLease(number: held.number, after: held.after, until: until) }
            } else {
                let fresh = try await Self.take(database, nodes, maker, now)
                lease.withLock { $0 = fresh }
                Logger(label: "redsteward").warning(
                    "took another node number", metadata: ["old": "\(held.number)", "new": "\(fresh.number)"])
            }
        } catch {
            // Tried again at the next beat.
        }
    }
}

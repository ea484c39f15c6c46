import Cases
import Foundation
import Insight
import Kernel
import Logging
import ServiceLifecycle
import Storage
import Web

/// What the server does by itself: clocks, the outbox, the audit's seals, housekeeping. Each beat takes a lease first,
/// so that of several servers one does it; a killed server's lease runs out.
package struct Background: Service {
    let house: House
    let logger: Logger
    private let holder: String

    package init(house: House, logger: Logger) {
        self.house = house
        self.logger = logger
        holder = "server-\(ProcessInfo.processInfo.processIdentifier)-\(house.world.nextID())"
    }

    package func run() async throws {
        // A file has one process at a time: what a killed one held is free, and its work goes on at once.
        if house.database.engine == .sqlite { _ = try? await house.database.write { try Leases().forgetAll($0) } }
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await hear() }
                group.addTask { await beats() }
                group.addTask { await imports() }
                group.addTask { await privacy() }
                group.addTask { await lists() }
                group.addTask { await insight() }
            }
        }
        house.live.close()
        house.insight.live.close()
        // Another server goes on at once; where this fails, the leases run out.
        _ = try? await house.database.write { [holder] in try Leases().releaseAll(holder: holder, $0) }
    }

    /// Does now what waits to be told, counted and sealed, for a house that nobody serves. Ends when nothing is left, or
    /// when another server has the lease.
    func settle() async throws {
        while try await deliver() {}
        while try await takeIn() {}
        while try await seal() > 0 {}
    }

    private func beats() async {
        var tick = 0
        // Yesterday: a server that was down at midnight raises the alarm when it is back, and only once a night.
        var night = Zone.shanghai.day(of: house.world.now()).adding(-1)
        while !Task.isCancelled {
            await beat(tick, &night)
            tick += 1
            do { try await Task.sleep(for: .milliseconds(500)) } catch { break }
        }
    }

    /// Imports, in a line of their own: a large file does not hold up the clocks.
    private func imports() async {
        var tick = 0
        while !Task.isCancelled {
            do {
                if tick % 1800 == 0 { try await house.importWork.sweep() }
                tick += 1
                if try await house.importWork.step(worker: holder) { continue }
            } catch {
                logger.error("an import failed", metadata: ["error": "\(type(of: error))"])
                house.metrics.count("redsteward_background_failures_total")
            }
            do { try await Task.sleep(for: .seconds(2)) } catch { break }
        }
    }

    /// Copies, closings and the day's run of the periods, in a line of their own.
    private func privacy() async {
        var tick = 0
        while !Task.isCancelled {
            do {
                if tick % 300 == 30 { try await house.privacy.work.schedule() }
                if tick % 300 == 45 { try await house.privacy.desk.remind() }
                if tick % 150 == 60 { while try await house.fileSweep.step() > 0, !Task.isCancelled {} }
                tick += 1
                if try await house.privacy.work.step(worker: holder) { continue }
            } catch {
                logger.error("work on personal data failed", metadata: ["error": "\(type(of: error))"])
                house.metrics.count("redsteward_background_failures_total")
            }
            do { try await Task.sleep(for: .seconds(2)) } catch { break }
        }
    }

    /// Exports of long lists, names of before on their way into the index, and the numbers of callers of before.
    private func lists() async {
        var tick = 0
        while !Task.isCancelled {
            do {
                if tick % 1800 == 0 { try await house.exportWork.sweep() }
                tick += 1
                if try await house.exportWork.step(worker: holder) { continue }
                if try await house.directory.findWork.step(worker: holder) { continue }
                if try await house.transfers.callers.step(worker: holder) { continue }
            } catch {
                logger.error("an export or the index failed", metadata: ["error": "\(type(of: error))"])
                house.metrics.count("redsteward_background_failures_total")
            }
            do { try await Task.sleep(for: .seconds(2)) } catch { break }
        }
    }

    /// The read model of the screens, in a line of its own. The lease only spares other servers the work; that nothing
    /// is counted twice does not depend on it.
    private func insight() async {
        while !Task.isCancelled {
            do {
                if try await takeIn() { continue }
            } catch {
                logger.error("the read model was not kept", metadata: ["error": "\(error)"])
                house.metrics.count("redsteward_background_failures_total")
            }
            do { try await Task.sleep(for: .milliseconds(500)) } catch { break }
        }
    }

    /// False when there is nothing to do. Reads first, so that a quiet house writes nothing.
    private func takeIn() async throws -> Bool {
        let (isWaiting, isWalking) = try await house.database.read { transaction in
            (
                try Outbox().isWaiting(InsightStore.consumer, transaction),
                try InsightStore.walk(transaction).to != nil
            )
        }
        guard isWaiting || isWalking, try await lease("insight") else { return false }
        if isWaiting, case .took(let paths) = try await house.insight.projection.step() {
            house.insight.changed(paths)
            let messages = LiveWords.make(Array(paths), by: holder, LiveWords.counted)
            try await house.database.write { transaction in
                for words in messages { try transaction.announce(words) }
            }
        }
        if isWalking, try await !house.insight.projection.walk() { house.insight.changed([]) }
        return true
    }

    /// What the other servers tell, until the end.
    private func hear() async {
        guard let announcements = house.database.announcements() else { return }
        for await one in announcements {
            switch one {
            case .said(let words): house.heard(words, besides: holder)
            case .missed: house.missedWords()
            }
        }
    }

    private func beat(_ tick: Int, _ night: inout Day) async {
        do {
            _ = try await deliver()
            if tick % 2 == 0, try await lease("cases.clocks") {
                try await house.cases.clockwork.sweep()
                let today = Zone.shanghai.day(of: house.world.now())
                if today > night {
                    try await house.cases.clockwork.overnight(midnight: Zone.shanghai.instant(today))
                    night = today
                }
            }
            if tick % 2 == 1 {
                _ = try await seal()
            }
            if tick % 40 == 0 {
                house.live.beat()
                house.insight.live.beat()
            }
            // Dates by the day: once a minute is soon enough.
            if tick % 20 == 10, try await lease("transfers.clocks") { try await house.transfers.desk.sweep() }
            if tick % 120 == 30, try await lease("governance.sweep") { try await house.governance.sweep() }
            if tick % 120 == 90, try await lease("rules.planned") { try await house.applyPlanned() }
            if tick % 7200 == 7199 { try await housekeeping() }
        } catch is CancellationError {
            return
        } catch {
            logger.error("background work failed", metadata: ["error": "\(error)"])
            house.metrics.count("redsteward_background_failures_total")
        }
    }

    private func seal() async throws -> Int {
        try await Sealer(key: house.secrets.auditBytes, holder: holder).seal(house.database, at: house.world.now())
    }

    private func lease(_ name: String) async throws -> Bool {
        let now = house.world.now()
        let holder = holder
        return try await house.database.write {
            try Leases().acquire(name, holder: holder, leaseMs: 15_000, at: now, $0)
        }
    }

    /// Tells the browsers what changed. Reads first, so that a quiet house writes nothing: false then.
    private func deliver() async throws -> Bool {
        let holder = holder
        let waiting: Bool = try await house.database.read { try Outbox().isWaiting("live", $0) }
        guard waiting else { return false }
        let done = try await house.database.write { transaction in
            let deliveries = try Outbox().take("live", limit: 500, transaction)
            try Outbox().pass(deliveries, to: InsightStore.consumer, transaction)
            for words in LiveWords.make(deliveries.map(\.payload), by: holder) { try transaction.announce(words) }
            return deliveries
        }
        house.changed(Set(done.map(\.payload)))
        return true
    }

    private func housekeeping() async throws {
        try await house.directory.answers.prune()
        try await house.insight.projection.prune()
        let now = house.world.now()
        _ = try await house.database.write { transaction in
            try Outbox().prune(doneBefore: now.adding(days: -1), transaction)
        }
    }
}

import Kernel
import Storage
import Web

/// The reads and renderings of the hot pages without HTTP: what `bin/bench` compares the server with.
extension CasesHouse {
    package func benchDesk(_ actor: Actor, category: CategoryID?) async throws -> Int {
        var filter = DeskPages.Filter()
        filter.category = category?.text ?? ""
        let desk = try await deskModel(filter, actor, current: nil)
        return DeskPages(WebContext(offline: actor), now: now(), drawn: drawn).desk(desk).bytes.count
    }

    package func benchCase(_ id: CaseID, _ actor: Actor) async throws -> Int {
        let desk = try await deskModel(DeskPages.Filter(), actor, current: id)
        return DeskPages(WebContext(offline: actor), now: now(), drawn: drawn).desk(desk).bytes.count
    }

    package func benchHome(_ actor: Actor) async throws -> Int {
        try await homePage(WebContext(offline: actor)).bytes.count
    }
}

package enum CaseBench {
    /// The steps and clocks of a planted case, as its row tells them; nobody watches the clocks.
    package static func history(
        _ c: CaseRecord, nextID: () -> Int64, _ transaction: any WriteTransaction
    ) throws {
        for step in TraceStep.parse(c.trace) {
            try CaseHistoryStore.insert(
                CaseEvent(
                    id: nextID(), at: step.at, kind: step.kind, actor: nil, actorName: "", party: step.party,
                    holder: step.holder, words: "", open: true, round: 1), case: c.id, transaction)
        }
        for kind in [ClockKind.attend, .feedback] {
            guard let due = c.clocks[kind].due else { continue }
            let length = due.ms - c.registered.ms
            try CaseHistoryStore.startClock(
                c.id, round: 1, kind: kind, at: c.registered, limit: .hours(minutes: Int(length / Instant.minuteMs)),
                policy: 1, reading: ClockReading(due: due, warnAt: c.registered.adding(ms: length / 5 * 4)),
                watched: false, transaction)
            guard let stopped = c.clocks[kind].stopped,
                let row = try CaseHistoryStore.clocks(c.id, round: 1, transaction).first(where: { $0.kind == kind })
            else { continue }
            try CaseHistoryStore.stopClock(row, at: stopped, kept: stopped <= due, transaction)
        }
    }
}

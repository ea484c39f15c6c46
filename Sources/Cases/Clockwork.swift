import Directory
import Kernel
import Messaging
import Storage

/// What happens by the clock alone: warnings, escalations, "not rated" after seven days, "nothing overnight". Every
/// step marks its row in the transaction that acts, so a restart or a second server does nothing twice.
package struct Clockwork: Sendable {
    let actions: CaseActions

    package init(_ actions: CaseActions) { self.actions = actions }

    /// One sweep. Returns how many things were done.
    @discardableResult
    package func sweep(limit: Int = 200) async throws -> Int {
        let now = actions.world.now()
        var done = 0
        let due = try await actions.database.read { try CaseHistoryStore.dueClocks(at: now, limit: limit, $0) }
        for row in due { done += try await turn(row, now) ? 1 : 0 }
        let silent = try await actions.database.read {
            try CaseStore.unanswered(before: now.adding(days: -CaseRules.ratingDays), limit: limit, $0)
        }
        for id in silent {
            do {
                try await actions.perform(.settleUnrated, on: id, by: .clock, name: "")
                done += 1
            } catch is CaseRefusal {
                // Answered in the meantime.
            }
        }
        return done
    }

    private func turn(_ seen: ClockRow, _ now: Instant) async throws -> Bool {
        let actions = actions
        return try await actions.write { transaction in
            // What was read before may have moved: a pause, its end, another limit.
            guard
                let row = try CaseHistoryStore.clocks(seen.caseID, round: seen.round, transaction)
                    .first(where: { $0.kind == seen.kind })
            else { return false }
            guard var c = try CaseStore.load(row.caseID, transaction), c.status.isOpen, c.round == row.round else {
                // Nothing to watch any more.
                _ = try CaseHistoryStore.markEscalated(row, at: now, transaction)
                return false
            }
            let isOver = row.due.map { $0 <= now } ?? false
            guard isOver || (row.due != nil && row.warn.map { $0 <= now } ?? false) else { return false }
            let people: [PersonID]
            let notice: Notice
            let kind: CaseEventKind
            if isOver {
                guard try CaseHistoryStore.markEscalated(row, at: now, transaction) else { return false }
                (kind, notice) = (.escalatedByClock, CaseNotices.escalated)
                if let next = try? CaseRules.above(c.level) { c.level = next }
                try CaseStore.count(c, .escalated, at: now, transaction)
                people = try actions.watchers(c, .caseDispatch, now, transaction) + [c.assignee].compactMap { $0 }
            } else {
                guard row.warned == nil, try CaseHistoryStore.markWarned(row, at: now, transaction) else {
                    return false
                }
                (kind, notice) = (.warned, CaseNotices.warned)
                let watchers = try actions.watchers(c, .caseDispatch, now, transaction)
                people = c.assignee.map { [$0] } ?? watchers
            }
            let wasSoon = c.soon
            c.soon = true
            let version = c.version
            c.trace = TraceStep.join(
                c.trace, TraceStep(at: now, kind: kind, party: .community, holder: c.holder))
            guard try CaseStore.save(c, expecting: version, transaction) else { throw CaseRefusal.changedMeanwhile }
            if !wasSoon { try CaseStore.tallySoon(c, by: 1, transaction) }
            try CaseHistoryStore.insert(
                CaseEvent(
                    id: actions.world.nextID(), at: now, kind: kind, actor: nil, actorName: "", party: .community,
                    holder: c.holder, words: row.kind.code, open: kind == .escalatedByClock, round: c.round),
                case: c.id, transaction)
            try actions.inbox.send(
                notice, [c.title, c.place.words], link: "/desk/cases/\(c.id.text)",
                to: try actions.withStandIns(people, c, now, transaction), at: now, transaction)
            try actions.journal.audit(
                AuditEntry(
                    area: AreaID(c.place.estate), actor: nil, verb: "case.\(kind.code)", subject: c.id.raw), at: now,
                transaction)
            try actions.journal.emit(
                OutboxEvent(
                    kind: "case.changed", area: AreaID(c.place.estate), subject: c.id.raw,
                    payload: c.place.path.text), at: now, transaction)
            return true
        }
    }

    /// A052, "no problem overnight": an emergency that is open at 24:00 raises an alarm, once a night.
    /// - Parameter midnight: the 24:00 that has just passed.
    @discardableResult
    package func overnight(midnight: Instant) async throws -> Int {
        let now = actions.world.now()
        let actions = actions
        let open = try await actions.database.read {
            try CaseStore.openEmergencies(before: midnight, limit: 500, $0)
        }
        var told = 0
        for id in open {
            told += try await actions.write { transaction in
                guard let c = try CaseStore.load(id, transaction), c.status.isOpen else { return 0 }
                guard try !CaseHistoryStore.wasAlarmed(id, since: midnight, transaction) else { return 0 }
                try CaseHistoryStore.insert(
                    CaseEvent(
                        id: actions.world.nextID(), at: now, kind: .overnight, actor: nil, actorName: "",
                        party: .community, holder: c.holder, words: "", open: false, round: c.round), case: id,
                    transaction)
                var lead = c
                lead.level = .street
                let people =
                    try actions.watchers(c, .caseDispatch, now, transaction)
                    + actions.watchers(lead, .caseDispatch, now, transaction) + [c.assignee].compactMap { $0 }
                try actions.inbox.send(
                    CaseNotices.overnight, [c.title, c.place.words], link: "/desk/cases/\(id.text)",
                    to: try actions.withStandIns(people, c, now, transaction), at: now, transaction)
                return 1
            }
        }
        return told
    }
}

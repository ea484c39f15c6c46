import Directory
import Kernel
import Messaging
import Storage

/// Who hears of a step in the inbox.
extension CaseActions {
    /// Tells those whom it concerns, in the same transaction.
    func tell(
        _ command: CaseCommand, _ before: CaseRecord, _ c: CaseRecord, _ joined: [PersonID], _ words: String,
        _ asker: CaseAsker, _ arrived: String, _ now: Instant, _ transaction: any WriteTransaction
    ) throws {
        let residents = [c.reporter].compactMap { $0 } + joined
        let mine = "/my/cases/\(c.id.text)"
        let desk = "/desk/cases/\(c.id.text)"
        func send(_ notice: Notice, _ arguments: [String], _ link: String, _ people: [PersonID]) throws {
            try inbox.send(
                notice, arguments, link: link, to: people, except: asker.person, at: now, transaction)
        }
        // Whoever had it until now, with who stands in for them: nobody shall go there in vain.
        func sendFormer(_ notice: Notice, _ arguments: [String]) throws {
            guard let former = before.assignee, former != c.assignee || !c.status.isOpen else { return }
            try send(
                notice, arguments, desk,
                try withStandIns([former], before, now, transaction).filter { $0 != c.assignee || $0 == former })
        }
        switch command {
        case .dispatch:
            try send(
                CaseNotices.dispatched, [c.title, c.place.words], desk,
                try withStandIns([c.assignee].compactMap { $0 }, c, now, transaction))
            try sendFormer(CaseNotices.givenAway, [c.title, c.assigneeName])
            try send(CaseNotices.onTheWay, [c.title, c.assigneeName], mine, residents)
        case .attend: try send(CaseNotices.arrived, [c.title, arrived], mine, residents)
        case .feedBack: try send(CaseNotices.pleaseRate, [c.title], mine, residents)
        case .returnIt: try send(CaseNotices.returned, [c.title, words], mine, residents)
        case .withdraw:
            // The trouble of the others may go on: the way to a report of their own, from the same place.
            let place = c.place.building != 0 ? c.place.building : c.place.estate
            try send(
                CaseNotices.withdrawn, [c.title, words], "/report?area=\(AreaID(place).text)", joined)
            try sendFormer(CaseNotices.notNeeded, [c.title, words])
        case .merge:
            if let into = c.mergedInto {
                try send(CaseNotices.merged, [c.title], "/my/cases/\(into.text)", residents)
            }
            try sendFormer(CaseNotices.tookAway, [c.title])
        case .suspend: try send(CaseNotices.paused, [c.title, words], mine, residents)
        case .strikeOff: try send(CaseNotices.struckOff, [c.title], mine, residents)
        case .reopen:
            try send(
                CaseNotices.reopened, [c.title, words], desk,
                try withStandIns(try watchers(c, .caseDispatch, now, transaction), c, now, transaction))
            try send(CaseNotices.reopened, [c.title, words], mine, joined)
        case .escalate, .escalateByClock:
            try send(
                CaseNotices.escalated, [c.title, c.place.words], desk,
                try withStandIns(try watchers(c, .caseDispatch, now, transaction), c, now, transaction))
            try sendFormer(CaseNotices.tookAway, [c.title])
        default: break
        }
    }
}

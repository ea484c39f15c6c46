import Kernel

/// What the rules need to know of a case.
package struct CaseFacts: Sendable, Hashable {
    package var id: CaseID
    package var status: CaseStatus
    package var suspended: Bool
    package var kind: CategoryKind
    package var urgency: Urgency
    package var level: AreaLevel
    package var place: AreaPath
    package var reporter: PersonID?
    package var joined: Set<PersonID>
    package var holder: Party
    package var leadParty: Party
    package var assignee: PersonID?
    package var assigneeParty: Party?
    /// Who attended or handled it in this round, whoever it was given to.
    package var workers: Set<PersonID> = []
    /// The organisation family that the case complains about.
    package var about: OrganisationID?
    package var round: Int64
    /// Whether the current round was rated, or recorded as not rated.
    package var ratingSettled: Bool
    package var hasPublicText: Bool
    /// Whether an anonymous reporter holds a look-up code, by which they can rate.
    package var hasCode = false
    /// Who asks, where they stand in for the assignee who is away.
    package var standIn: PersonID?
}

/// What somebody asks for.
package enum CaseCommand: Sendable {
    case triage(Triage)
    case dispatch(to: DispatchTarget)
    case accept
    case attend
    case handle
    case feedBack
    case rate(score: Int)
    /// By the clock: seven natural days without an answer.
    case settleUnrated
    case reopen
    case strikeOff
    case publish
    case unpublish
    case suspend(PauseReason)
    case resume
    case escalate
    case escalateByClock
    case merge
    case returnIt
    case withdraw
    case join
    case note

    package struct Triage: Sendable {
        package let category: Category
        package let urgency: Urgency
        package let level: AreaLevel
        package let lead: Party
        package let about: OrganisationID?

        package init(category: Category, urgency: Urgency, level: AreaLevel, lead: Party, about: OrganisationID?) {
            self.category = category
            self.urgency = urgency
            self.level = level
            self.lead = lead
            self.about = about
        }
    }

    package struct DispatchTarget: Sendable {
        package let person: PersonID
        package let party: Party
        package let family: OrganisationID
        package let mayAttend: Bool

        package init(person: PersonID, party: Party, family: OrganisationID, mayAttend: Bool) {
            self.person = person
            self.party = party
            self.family = family
            self.mayAttend = mayAttend
        }
    }

    /// The verb that staff need; nil where it is the reporter's or the clock's.
    package var verb: Verb? {
        switch self {
        case .triage: .caseTriage
        case .dispatch: .caseDispatch
        case .accept, .attend: .caseAttend
        case .handle: .caseHandle
        case .feedBack: .caseFeedBack
        case .strikeOff: .caseStrikeOff
        case .publish, .unpublish: .casePublish
        case .suspend, .resume: .caseSuspend
        case .escalate: .caseEscalate
        case .merge: .caseMerge
        case .returnIt: .caseReturn
        case .note: .caseRead
        case .rate, .settleUnrated, .reopen, .withdraw, .escalateByClock, .join: nil
        }
    }

    var name: String {
        let text = String(describing: self)
        return String(text.prefix { $0 != "(" })
    }
}

/// Who asks, as the rules see it.
package enum CaseAsker: Sendable {
    /// Staff by one post.
    case post(Post, PersonID)
    /// A resident for themselves.
    case resident(PersonID)
    /// Whoever holds the look-up code of an anonymous case.
    case codeHolder
    /// Whoever holds the look-up code of an anonymous case that was merged into this one: a neighbour without a name.
    case mergedCode(CaseID)
    case clock

    var person: PersonID? {
        switch self {
        case .post(_, let person), .resident(let person): person
        default: nil
        }
    }
}

/// What a permitted command does.
package struct CaseChange: Sendable, Hashable {
    package var status: CaseStatus
    package var suspended: Bool
    package var holder: Party
    package var level: AreaLevel
    package var event: CaseEventKind
    package var party: Party
    /// Clocks to start now, and clocks to stop now.
    package var start: [ClockKind] = []
    package var stop: [ClockKind] = []
    /// A new round: the loop begins again, the old clocks and rating stay as history.
    package var newRound = false
    package var clearsAssignee = false
    /// Whether a rating is the case's own; otherwise it is a record beside it.
    package var settlesRating = false
}

/// The rules of the loop: pure decisions. Each refusal has a name; each transition states who may do it.
package enum CaseRules {
    /// The statuses in which a command means something. The exhaustive table that the tests walk.
    package static func statuses(for command: CaseCommand) -> Set<CaseStatus> {
        switch command {
        case .triage: [.reported, .triaged]
        case .dispatch: [.triaged, .dispatched]
        case .accept, .attend: [.dispatched]
        case .handle: [.attended]
        case .feedBack: [.handled]
        case .rate, .settleUnrated: [.fedBack]
        case .reopen: [.fedBack, .returned]
        case .strikeOff: [.fedBack]
        case .publish: [.struckOff]
        case .unpublish: [.published]
        case .suspend, .resume: [.triaged, .dispatched, .attended]
        case .escalate, .escalateByClock: [.reported, .triaged, .dispatched, .attended, .handled]
        case .merge: [.reported, .triaged, .dispatched]
        case .returnIt: [.reported, .triaged]
        case .withdraw: [.reported, .triaged, .dispatched, .attended]
        case .join: [.reported, .triaged, .dispatched, .attended, .handled]
        case .note: [.reported, .triaged, .dispatched, .attended, .handled, .fedBack]
        }
    }

    package static func decide(
        _ facts: CaseFacts, _ command: CaseCommand, by asker: CaseAsker
    ) throws(CaseRefusal) -> CaseChange {
        try permit(facts, command, asker)
        guard statuses(for: command).contains(facts.status) else {
            throw .outOfOrder(command: command.name, status: facts.status)
        }
        if facts.suspended {
            switch command {
            case .resume, .withdraw, .note, .join, .escalate: break
            default: throw .suspended
            }
        }
        return try change(facts, command, asker)
    }

    /// Who may do it.
    private static func permit(
        _ facts: CaseFacts, _ command: CaseCommand, _ asker: CaseAsker
    ) throws(CaseRefusal) {
        if let verb = command.verb {
            if case .note = command, case .resident(let person) = asker {
                guard person == facts.reporter else { throw .notYours }
                return
            }
            if case .note = command, case .codeHolder = asker {
                guard facts.reporter == nil else { throw .notYours }
                return
            }
            guard case .post(let post, _) = asker, post.role.verbs.contains(verb), post.covers(facts.place)
            else { throw .notYours }
            // A complaint about an organisation never reaches its own posts.
            if let about = facts.about, about == post.family { throw .notFound }
            return
        }
        switch (command, asker) {
        case (.settleUnrated, .clock), (.escalateByClock, .clock): return
        case (.rate, .resident(let person)):
            guard person == facts.reporter || facts.joined.contains(person) else { throw .notYours }
        case (.reopen, .resident(let person)), (.withdraw, .resident(let person)):
            guard person == facts.reporter else { throw .notYours }
        case (.rate, .mergedCode): return
        case (.rate, .codeHolder), (.reopen, .codeHolder), (.withdraw, .codeHolder):
            guard facts.reporter == nil else { throw .notYours }
        case (.join, .resident): return
        default: throw .notYours
        }
    }

    private static func change(
        _ facts: CaseFacts, _ command: CaseCommand, _ asker: CaseAsker
    ) throws(CaseRefusal) -> CaseChange {
        let actorParty: Party =
            switch asker {
            case .post(let post, _): post.party
            case .resident, .codeHolder, .mergedCode: .resident
            case .clock: .community
            }
        var change = CaseChange(
            status: facts.status, suspended: facts.suspended, holder: facts.holder, level: facts.level, event: .noted,
            party: actorParty)
        switch command {
        case .triage(let triage):
            if triage.category.kind == .complaint, triage.about == nil { throw .complaintAboutNobody }
            if triage.category.kind != .complaint, triage.about != nil { throw .onlyComplaintsNameSomebody }
            (change.status, change.event, change.level) = (.triaged, .triaged, triage.level)
        case .dispatch(let target):
            guard target.mayAttend else { throw .cannotTakeIt }
            if let about = facts.about, about == target.family { throw .dispatchToTheComplainedOf }
            (change.status, change.event, change.holder) = (.dispatched, .dispatched, target.party)
        case .accept:
            try isAssignee(facts, asker)
            change.event = .accepted
        case .attend:
            (change.status, change.event) = (.attended, .attended)
            (change.stop, change.start, change.holder) = ([.attend], [.handle], actorParty)
        case .handle:
            (change.status, change.event, change.stop) = (.handled, .handled, [.handle])
        case .feedBack:
            (change.status, change.event, change.stop, change.holder) = (.fedBack, .fedBack, [.feedback], .resident)
        case .rate(let score):
            guard (1...5).contains(score) else { throw .badScore }
            change.event = .rated
            // The reporter's word settles it. Where no reporter can give one, the first neighbour's does.
            let isMerged = if case .mergedCode = asker { true } else { false }
            let isReporter = !isMerged && asker.person == facts.reporter
            let standsIn = facts.reporter == nil && !facts.hasCode && !facts.ratingSettled
            change.settlesRating = isReporter || standsIn
            if change.settlesRating { change.holder = .community }
        case .settleUnrated:
            if facts.ratingSettled { throw .alreadyRated }
            (change.event, change.holder) = (.notRated, .community)
        case .reopen:
            (change.event, change.newRound, change.clearsAssignee) = (.reopened, true, true)
            (change.status, change.holder) = (facts.status == .returned ? .reported : .triaged, .community)
            change.start = [.attend, .feedback]
        case .strikeOff:
            guard facts.ratingSettled else { throw .strikeOffWithoutAnswer }
            if case .post(_, let person) = asker,
                person == facts.assignee || person == facts.standIn || facts.workers.contains(person)
            {
                throw .ownWork
            }
            (change.status, change.event, change.holder) = (.struckOff, .struckOff, .community)
        case .publish:
            if facts.kind == .dispute { throw .disputesAreNotPublished }
            guard facts.hasPublicText else { throw .publishWithoutText }
            (change.status, change.event) = (.published, .published)
        case .unpublish:
            (change.status, change.event) = (.struckOff, .unpublished)
        case .suspend(let reason):
            (change.suspended, change.event) = (true, .suspended)
            if let party = reason.party { change.holder = party }
        case .resume:
            guard facts.suspended else { throw .notSuspended }
            (change.suspended, change.event) = (false, .resumed)
            change.holder = facts.assigneeParty ?? .community
        case .escalate, .escalateByClock:
            let next = try above(facts.level)
            change.level = next
            change.holder = next == .community ? .community : .department
            if case .escalate = command {
                (change.event, change.status, change.clearsAssignee) = (.escalated, .triaged, true)
                change.suspended = false
                if facts.status == .attended { change.stop = [.handle] }
            } else {
                change.event = .escalatedByClock
                // The work goes on where it is; the lead looks from one level higher.
                change.holder = facts.holder
            }
        case .merge:
            (change.status, change.event, change.stop) = (.merged, .merged, ClockKind.allCases)
        case .returnIt:
            (change.status, change.event, change.stop, change.holder) =
                (.returned, .returned, ClockKind.allCases, .resident)
        case .withdraw:
            (change.status, change.event, change.stop) = (.withdrawn, .withdrawn, ClockKind.allCases)
            change.suspended = false
        case .join: change.event = .joined
        case .note: change.event = .noted
        }
        return change
    }

    private static func isAssignee(_ facts: CaseFacts, _ asker: CaseAsker) throws(CaseRefusal) {
        guard let person = asker.person, person == facts.assignee || person == facts.standIn else {
            throw .notTheAssignee
        }
    }

    /// 小事不出小区、大事不出社区、难事不出街道、矛盾不上交 (A065).
    package static func above(_ level: AreaLevel) throws(CaseRefusal) -> AreaLevel {
        switch level {
        case .estate, .building, .unit: return .community
        case .community: return .street
        case .street: return .district
        default: throw .noHigherLevel
        }
    }

    package static func queue(_ status: CaseStatus, suspended: Bool, ratingSettled: Bool, kind: CategoryKind)
        -> CaseQueue
    {
        if suspended { return .paused }
        switch status {
        case .reported: return .intake
        case .triaged: return .dispatch
        case .dispatched, .attended: return .handling
        case .handled: return .feedback
        case .fedBack: return ratingSettled ? .strikeOff : .rating
        case .struckOff: return kind == .dispute ? .none : .publication
        case .published, .merged, .returned, .withdrawn: return .none
        }
    }

    /// Feedback without an answer for this long is recorded as not rated.
    package static let ratingDays = 7
}

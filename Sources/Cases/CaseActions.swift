import Directory
import Kernel
import Messaging
import Storage

/// What a report holds when it comes in.
package struct NewCase: Sendable {
    package var area: AreaID
    package var place: String
    package var words: String
    package var category: CategoryID?
    package var urgency: Urgency?
    package var channel: Channel
    package var about: OrganisationID?
    /// Files that were stored before.
    package var files: [Int64] = []
    /// The same key from the same sender gives the same case: a repeated post is harmless.
    package var key: String
    package var sender: Sender

    package enum Sender: Sendable {
        /// A resident for themselves.
        case resident(PersonID, name: String)
        /// Nobody's name is kept; the answer is a look-up code. The number tells one browser from another.
        case anonymous(browser: Int64)
        /// Staff write down what somebody said, with a name and a phone if given.
        case staff(Actor, name: String, phone: Phone?)
    }

    package init(
        area: AreaID, place: String = "", words: String, category: CategoryID? = nil, urgency: Urgency? = nil,
        channel: Channel = .mobile, about: OrganisationID? = nil, files: [Int64] = [], key: String, sender: Sender
    ) {
        self.area = area
        self.place = place
        self.words = words
        self.category = category
        self.urgency = urgency
        self.channel = channel
        self.about = about
        self.files = files
        self.key = key
        self.sender = sender
    }
}

package struct Registered: Sendable {
    package let id: CaseID
    /// Shown once, for an anonymous report.
    package let code: String?
    package let repeated: Bool
}

/// What an action may need beside the command.
package struct ActionInput: Sendable {
    package var words = ""
    package var promise: Instant?
    package var expected: Instant?
    package var assisting: Set<Party> = []
    package var files: [Int64] = []
    package var target: Colleague?
    package var mergeInto: CaseID?
    /// The version that the actor saw; nil from programs that take what is there.
    package var version: Int64?
    /// The form that it came from, where it may come twice.
    package var once: SentOnce?
    package init() {}
}

/// One transaction each: load, authorise, decide, save, audit, outbox.
package struct CaseActions: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let inbox: Inbox
    let secrets: Secrets
    let book: CaseBook
    let counts: CaseCounts
    let memory: DirectoryMemory

    package init(
        database: any Database, world: World, journal: any Journal, inbox: Inbox, secrets: Secrets,
        book: CaseBook, counts: CaseCounts = CaseCounts(), memory: DirectoryMemory? = nil
    ) {
        self.database = database
        self.world = world
        self.journal = journal
        self.inbox = inbox
        self.secrets = secrets
        self.book = book
        self.counts = counts
        self.memory = memory ?? DirectoryMemory(database)
    }

    /// One transaction that changes cases. What was counted before it is forgotten after it.
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T {
        defer { counts.changed() }
        return try await database.write(body)
    }

    // MARK: Registering

    package func register(_ new: NewCase) async throws -> Registered {
        let made = try await registering(new)
        return try await write { try made($0) }
    }

    /// What registers the case within a transaction of the caller, who keeps something with it: both or neither. The
    /// transaction is one of `write`.
    package func registering(
        _ new: NewCase
    ) async throws -> @Sendable (any WriteTransaction) throws -> Registered {
        let now = world.now()
        let words = try Self.bounded(new.words, CaseBounds.body, "what")
        let placeWords = try Self.bounded(new.place, CaseBounds.place, "place")
        guard new.files.count <= CaseBounds.photos else { throw CaseRefusal.tooManyPhotos }
        guard (1...80).contains(new.key.utf8.count) else { throw CaseRefusal.badChoice("key") }
        let standing = try await book.current(at: now)
        let categories = standing.categories
        guard
            let category = new.category.map({ id in categories.first { $0.id == id } }) ?? standing.suggest(words)
        else { throw CaseRefusal.badChoice("category") }
        let id: CaseID = world.id()
        let owner: Int64
        var code: String?
        switch new.sender {
        case .resident(let person, _): owner = person.raw
        case .staff(let actor, _, _): owner = actor.person?.raw ?? 0
        case .anonymous(let browser):
            owner = browser
            code = secrets.newLookUpCode(world)
        }
        let lookup = code.map { secrets.lookUpDigest($0) }
        let digest = secrets.contentDigest("\(new.area.text)|\(placeWords)|\(words)|\(new.channel.rawValue)")
        let sealed: SealedPhone? =
            if case .staff(_, _, let phone) = new.sender, let phone {
                try secrets.seal(phone, person: PersonID(id.raw), world: world)
            } else { nil }
        let isStaff = if case .staff = new.sender { true } else { false }
        let reporter: PersonID? = if case .resident(let person, _) = new.sender { person } else { nil }
        let name: String =
            switch new.sender {
            case .resident(_, let name): name
            case .staff(_, let name, _): String(name.prefix(40))
            case .anonymous: ""
            }
        let title = Self.title(words)
        let terms = TextTerms.index("\(title) \(words) \(name)")
        let known = Set(terms)
        let edition = memory.edition
        return { [self, code] transaction in
            if let before = try CaseStore.keyed(owner: owner, key: new.key, transaction) {
                guard Secrets.same(before.digest, digest) else { throw CaseRefusal.keyUsedForOther }
                return Registered(id: before.case, code: nil, repeated: true)
            }
            let place = try Self.place(of: memory.chain(of: new.area, edition, transaction), words: placeWords)
            if case .staff(let actor, _, _) = new.sender {
                guard actor.may(.caseRegister, at: place.path) else { throw CaseRefusal.notYours }
            }
            let about =
                try new.about ?? (category.kind == .complaint ? Self.propertyFamily(place.path, transaction) : nil)
            let urgency = new.urgency ?? category.urgency
            var record = CaseRecord(
                id: id,
                number: try CaseStore.nextNumber(
                    estate: place.estate, day: Zone.shanghai.day(of: now), transaction),
                place: place, category: category.id, kind: category.kind, urgency: urgency,
                level: place.estate != 0 ? .estate : place.community != 0 ? .community : .street, status: .reported,
                suspended: false, queue: .intake, soon: false, channel: new.channel, title: title,
                body: words, reporter: reporter, reporterName: name, contactMasked: sealed?.masked ?? "",
                holder: .community, leadParty: category.party, assisting: [],
                about: category.kind == .complaint ? about : nil, assignee: nil, assigneePost: nil, assigneeName: "",
                assigneeParty: nil, promise: nil, round: 1, registered: now, solved: nil, fedBack: nil, closed: nil,
                rated: 0, clocks: CaseClocks(), imported: false, contradictory: false, trace: "", version: 1,
                mergedInto: nil)
            guard let policy = standing.policy(place, category, urgency) else { throw CaseRefusal.badPolicy }
            var party = Party.resident
            if case .staff(let actor, _, _) = new.sender,
                let post = actor.post(for: .caseRegister, at: place.path)
            {
                // Found on patrol: the finder's line carries the first note. Told by a resident: theirs does.
                if new.channel == .patrol { party = post.party }
                if post.party == .property, category.kind != .complaint { record.holder = .property }
            }
            // Started in the record first: the row is written once, with its dues.
            var readings: [(ClockKind, ClockLimit, ClockReading)] = []
            for kind in [ClockKind.attend, .feedback] {
                let limit = policy.limit(kind)
                let reading = Clock.reading(start: now, limit: limit, calendar: standing.calendar)
                record.clocks[kind].due = reading.due
                readings.append((kind, limit, reading))
            }
            let step = TraceStep(at: now, kind: .reported, party: party, holder: record.holder)
            record.trace = TraceStep.join("", step)
            try CaseStore.insert(
                record, contact: sealed.map { .init(sealed: $0.sealed, masked: $0.masked) }, lookup: lookup,
                transaction)
            for (kind, limit, reading) in readings {
                try CaseHistoryStore.startClock(
                    id, round: 1, kind: kind, at: now, limit: limit, policy: policy.id, reading: reading,
                    watched: true, transaction)
            }
            let actor: PersonID? = if case .staff(let staff, _, _) = new.sender { staff.person } else { reporter }
            let actorName = if case .staff(let staff, _, _) = new.sender { staff.name } else { name }
            try CaseHistoryStore.insert(
                CaseEvent(
                    id: world.nextID(), at: now, kind: .reported, actor: actor, actorName: actorName, party: party,
                    holder: record.holder, words: "", open: true, round: 1), case: id, transaction)
            for file in new.files {
                try CaseHistoryStore.attach(
                    world.nextID(), id, file: file, isEvidence: false, at: now, transaction)
            }
            try CaseStore.putKey(owner: owner, key: new.key, case: id, digest: digest, at: now, transaction)
            try CaseMigrations.text.add(
                id.raw, terms + TextTerms.index(place.words).filter { !known.contains($0) }, transaction)
            try CaseStore.tally(record, .intake, by: 1, transaction)
            try CaseStore.count(record, .reported, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: AreaID(place.estate), actor: actor, verb: "case.register", subject: id.raw,
                    detail: isStaff ? "staff" : "self"), at: now, transaction)
            try journal.emit(
                OutboxEvent(
                    kind: "case.changed", area: AreaID(place.estate), subject: id.raw, payload: place.path.text),
                at: now, transaction)
            return Registered(id: id, code: code, repeated: false)
        }
    }

    // MARK: Commands

    /// Runs one command of the loop. Returns the case as it is afterwards.
    @discardableResult
    package func perform(
        _ command: CaseCommand, on id: CaseID, by asker: CaseAsker, name: String, input: ActionInput = ActionInput()
    ) async throws -> CaseRecord {
        let now = world.now()
        let standing = try await book.current(at: now)
        return try await write { [self] transaction in
            guard let record = try CaseStore.load(id, transaction) else { throw CaseRefusal.notFound }
            if try input.once?.isRepeat(id, at: now, transaction) ?? false { return record }
            return try apply(command, to: record, by: asker, name: name, input, standing, now, transaction)
        }
    }

    func apply(
        _ command: CaseCommand, to before: CaseRecord, by asker: CaseAsker, name: String, _ input: ActionInput,
        _ standing: Standing, _ clock: Instant, _ transaction: any WriteTransaction
    ) throws -> CaseRecord {
        let id = before.id
        let now = try CaseHistoryStore.notBefore(before, clock, transaction)
        let joined = try CaseHistoryStore.joined(id, transaction)
        let publication = try CaseHistoryStore.publication(id, transaction)
        var workers = Set<PersonID>()
        if case .strikeOff = command {
            workers = try CaseHistoryStore.workers(id, round: before.round, transaction)
        }
        var hasCode = false
        if case .rate = command, before.reporter == nil { hasCode = try CaseStore.hasLookUp(id, transaction) }
        let standIn = try standIn(before, asker, clock, transaction)
        var facts = CaseFacts(
            id: id, status: before.status, suspended: before.suspended, kind: before.kind, urgency: before.urgency,
            level: before.level, place: before.place.path, reporter: before.reporter, joined: Set(joined),
            holder: before.holder, leadParty: before.leadParty, assignee: before.assignee,
            assigneeParty: before.assigneeParty, workers: workers, about: before.about, round: before.round,
            ratingSettled: before.rated != 0, hasPublicText: publication.map { !$0.title.isEmpty } ?? false,
            hasCode: hasCode)
        facts.standIn = standIn?.leave.standIn
        let change = try CaseRules.decide(facts, command, by: asker)
        if let version = input.version, version != before.version { throw CaseRefusal.changedMeanwhile }
        var words = try Self.bounded(input.words, 0...CaseBounds.words.upperBound, "words")
        var c = before
        c.status = change.status
        c.suspended = change.suspended
        c.holder = change.holder
        c.level = change.level
        if change.clearsAssignee {
            (c.assignee, c.assigneePost, c.assigneeName, c.assigneeParty, c.promise) = (nil, nil, "", nil, nil)
        }
        switch command {
        case .triage(let triage):
            c.category = triage.category.id
            c.kind = triage.category.kind
            c.urgency = triage.urgency
            c.leadParty = triage.lead
            c.assisting = input.assisting.subtracting([triage.lead])
            c.about = triage.about
        case .dispatch:
            guard let target = input.target, target.path.contains(c.place.path) else {
                throw CaseRefusal.cannotTakeIt
            }
            (c.assignee, c.assigneePost, c.assigneeName, c.assigneeParty) =
                (target.person, target.post, target.name, target.party)
            c.promise = nil
            if words.isEmpty { words = target.name }
        case .accept:
            if let promise = input.promise {
                guard promise > now, promise < now.adding(days: 90) else { throw CaseRefusal.badTime("promise") }
                guard promise <= c.clocks.attend.limit(at: now) ?? promise else {
                    throw CaseRefusal.promiseAfterLimit
                }
            }
            c.promise = input.promise
        case .attend:
            c.promise = nil
            if case .post(let post, let person) = asker, c.assignee == nil {
                (c.assignee, c.assigneePost, c.assigneeName, c.assigneeParty) = (person, post.id, name, post.party)
            }
        case .handle:
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            c.solved = now
        case .feedBack:
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            c.fedBack = now
        case .rate(let score):
            var person = asker.person?.raw ?? 0
            if case .mergedCode(let own) = asker { person = -own.raw }
            guard
                try CaseHistoryStore.rate(
                    id, round: c.round, person: person, score: score, words: words, at: now, transaction)
            else { throw CaseRefusal.alreadyRated }
            try CaseStore.count(c, .rated, at: now, transaction)
            if score >= 4 { try CaseStore.count(c, .satisfied, at: now, transaction) }
            if change.settlesRating { c.rated = Int64(score) }
        case .settleUnrated:
            _ = try CaseHistoryStore.rate(
                id, round: c.round, person: -1, score: 0, words: "", at: now, transaction)
            c.rated = 6
        case .reopen:
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            c.round += 1
            (c.rated, c.solved, c.fedBack, c.closed) = (0, nil, nil, nil)
            c.clocks = CaseClocks()
        case .strikeOff:
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            guard let approver = asker.person else { throw CaseRefusal.notYours }
            try CaseHistoryStore.strikeOff(
                id, round: c.round, approver: approver, evidence: words, at: now, transaction)
            c.closed = now
            try CaseStore.count(c, .struckOff, at: now, transaction)
            if c.level == .estate { try CaseStore.count(c, .settledAtLevel, at: now, transaction) }
        case .suspend(let reason):
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            if let expected = input.expected {
                guard expected > now, expected < now.adding(days: 366) else { throw CaseRefusal.badTime("expected") }
            }
            try CaseHistoryStore.startPause(
                world.nextID(), id, at: now, reason: reason, expected: input.expected, transaction)
        case .merge:
            guard let into = input.mergeInto else { throw CaseRefusal.badChoice("into") }
            try merge(&c, into: into, joined: joined, name: name, asker, now, transaction)
        case .returnIt, .withdraw:
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            c.closed = now
        case .escalate:
            guard CaseBounds.words.contains(words.count) else { throw CaseRefusal.tooShort("words") }
            try CaseStore.count(c, .escalated, at: now, transaction)
        case .escalateByClock: try CaseStore.count(c, .escalated, at: now, transaction)
        case .join:
            guard let person = asker.person else { throw CaseRefusal.notYours }
            guard person != c.reporter else { throw CaseRefusal.joinOwn }
            guard try CaseHistoryStore.join(id, person, words: words, at: now, transaction) else {
                throw CaseRefusal.alreadyJoined
            }
        case .note:
            guard !words.isEmpty || !input.files.isEmpty else { throw CaseRefusal.tooShort("words") }
            let today = Zone.shanghai.instant(Zone.shanghai.day(of: now))
            guard try CaseHistoryStore.notes(id, by: asker.person, since: today, transaction) < CaseBounds.notesADay
            else { throw CaseRefusal.tooManyNotes }
        case .publish, .unpublish, .resume: break
        }
        if before.suspended, !c.suspended { try CaseHistoryStore.endPause(id, at: now, transaction) }
        try turnClocks(&c, before, change, standing, now, transaction)
        try finish(before, &c, change, asker, name, words, input, standIn, now, transaction)
        // What was shown for it was shown for nothing.
        if case .withdraw = command { try CaseHistoryStore.letPhotosGo([id], at: now, transaction) }
        try tell(command, before, c, joined, words, asker, standIn == nil ? c.assigneeName : name, now, transaction)
        return c
    }

    /// Starts, stops and moves the clocks of the round.
    private func turnClocks(
        _ c: inout CaseRecord, _ before: CaseRecord, _ change: CaseChange, _ standing: Standing, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        for row in try CaseHistoryStore.clocks(c.id, round: before.round, transaction)
        where row.stopped == nil && (change.stop.contains(row.kind) || change.newRound) {
            let kept = c.isVoid ? nil : row.due.map { now <= $0 } ?? true
            try CaseHistoryStore.stopClock(row, at: now, kept: kept, transaction)
            if !change.newRound { c.clocks[row.kind].stopped = now }
            if let kept {
                let what: DayCount =
                    switch row.kind {
                    case .attend: kept ? .attendedInTime : .attendedLate
                    case .handle: kept ? .handledInTime : .handledLate
                    case .feedback: kept ? .fedBackInTime : .fedBackLate
                    }
                try CaseStore.count(c, what, at: now, transaction)
            }
        }
        guard
            let category = try standing.categories.first(where: { $0.id == c.category })
                ?? CaseHistoryStore.category(c.category, transaction)
        else { throw CaseRefusal.badChoice("category") }
        guard let policy = standing.policy(c.place, category, c.urgency) else { throw CaseRefusal.badPolicy }
        for kind in change.start {
            let limit = policy.limit(kind)
            let reading = Clock.reading(start: now, limit: limit, calendar: standing.calendar)
            try CaseHistoryStore.startClock(
                c.id, round: c.round, kind: kind, at: now, limit: limit, policy: policy.id, reading: reading,
                watched: true, transaction)
            c.clocks[kind] = .init(due: reading.due)
        }
        // A pause, its end, or another category or urgency moves what is running.
        let moved =
            before.suspended != c.suspended || before.category != c.category || before.urgency != c.urgency
        guard moved, c.status.isOpen else { return }
        let pauses = try CaseHistoryStore.pauses(c.id, transaction)
        for row in try CaseHistoryStore.clocks(c.id, round: c.round, transaction)
        where row.stopped == nil && !change.start.contains(row.kind) {
            let same = before.category == c.category && before.urgency == c.urgency
            let limit = same ? row.limit : policy.limit(row.kind)
            let reading = Clock.reading(start: row.started, limit: limit, pauses: pauses, calendar: standing.calendar)
            try CaseHistoryStore.moveClock(
                row, limit: limit, policy: same ? row.policy : policy.id, reading: reading, transaction)
            c.clocks[row.kind].due = reading.due
            // The pause took the flag away; what is past its warning has it again.
            if before.suspended, !c.suspended, let warning = reading.warnAt ?? reading.due, warning <= now {
                c.soon = true
            }
        }
    }

    /// Writes the row, the event, the tallies, the audit and the outbox.
    private func finish(
        _ before: CaseRecord, _ c: inout CaseRecord, _ change: CaseChange, _ asker: CaseAsker, _ name: String,
        _ words: String, _ input: ActionInput, _ standIn: StandIn?, _ now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        c.queue = CaseRules.queue(c.status, suspended: c.suspended, ratingSettled: c.rated != 0, kind: c.kind)
        if !c.status.isOpen || c.suspended || c.status == .fedBack { c.soon = false }
        if change.stop.contains(.attend) || change.newRound { c.soon = false }
        let open = ![CaseEventKind.warned, .noted].contains(change.event) || asker.person == c.reporter
        c.trace = TraceStep.join(
            before.trace, TraceStep(at: now, kind: change.event, party: change.party, holder: c.holder))
        let event = CaseEvent(
            id: world.nextID(), at: now, kind: change.event, actor: asker.person, actorName: name,
            party: change.party, holder: c.holder, words: words, open: open, round: c.round)
        guard try CaseStore.save(c, expecting: before.version, transaction) else {
            throw CaseRefusal.changedMeanwhile
        }
        c.version = before.version + 1
        try CaseHistoryStore.insert(event, case: c.id, transaction)
        if let standIn {
            try keepStandIn(standIn, event: event.id, c, change.event, asker, now, transaction)
        }
        for file in input.files {
            try CaseHistoryStore.attach(
                world.nextID(), c.id, file: file, isEvidence: change.event == .handled || change.party != .resident,
                at: now, transaction)
        }
        if before.queue != c.queue || before.about != c.about {
            try CaseStore.tally(before, before.queue, by: -1, transaction)
            try CaseStore.tally(c, c.queue, by: 1, transaction)
        }
        if before.soon != c.soon || before.soon && before.about != c.about {
            if before.soon { try CaseStore.tallySoon(before, by: -1, transaction) }
            if c.soon { try CaseStore.tallySoon(c, by: 1, transaction) }
        }
        let post: PostID? = if case .post(let post, _) = asker { post.id } else { nil }
        try journal.audit(
            AuditEntry(
                area: AreaID(c.place.estate), actor: asker.person, post: post, verb: "case.\(change.event.code)",
                subject: c.id.raw, detail: words), at: now, transaction)
        try journal.emit(
            OutboxEvent(
                kind: "case.changed", area: AreaID(c.place.estate), subject: c.id.raw, payload: c.place.path.text),
            at: now, transaction)
    }

    /// The merged case's reporter and joined people join the other.
    private func merge(
        _ c: inout CaseRecord, into target: CaseID, joined: [PersonID], name: String, _ asker: CaseAsker,
        _ now: Instant, _ transaction: any WriteTransaction
    ) throws {
        guard target != c.id else { throw CaseRefusal.mergeIntoItself }
        guard var other = try CaseStore.load(target, transaction), other.place.path == c.place.path,
            other.about == c.about
        else { throw CaseRefusal.mergeElsewhere }
        guard other.status.isOpen, other.status != .fedBack else { throw CaseRefusal.mergeIntoClosed }
        for person in joined + [c.reporter].compactMap({ $0 }) where person != other.reporter {
            _ = try CaseHistoryStore.join(other.id, person, words: c.title, at: now, transaction)
        }
        let version = other.version
        other.trace = TraceStep.join(
            other.trace,
            TraceStep(at: now, kind: .received, party: c.holder, holder: other.holder))
        guard try CaseStore.save(other, expecting: version, transaction) else { throw CaseRefusal.changedMeanwhile }
        try CaseHistoryStore.insert(
            CaseEvent(
                id: world.nextID(), at: now, kind: .received, actor: asker.person, actorName: name, party: c.holder,
                holder: other.holder, words: c.number, open: false, round: other.round), case: other.id, transaction)
        c.mergedInto = target
        c.closed = now
    }

    /// Staff who look after a case at its level: those of the area that leads now, without any of the organisation that
    /// the case complains about. Where that leaves nobody, those of the next area above.
    package func watchers(
        _ c: CaseRecord, _ verb: Verb, _ now: Instant, _ transaction: any ReadTransaction
    ) throws -> [PersonID] {
        let colleagues = try DirectoryStore.colleagues(
            at: c.place.path, may: verb, on: Zone.shanghai.day(of: now), transaction
        ).filter { $0.family != c.about }
        let total = c.place.path.ids.count
        let place: AreaLevel = c.place.estate != 0 ? .estate : c.place.community != 0 ? .community : .street
        var depth = min(total, total - Int(place.rawValue - min(c.level, place).rawValue))
        while depth > 0 {
            let found = colleagues.filter { $0.path.ids.count == depth }
            if !found.isEmpty { return found.map(\.person) }
            depth -= 1
        }
        return []
    }

    // MARK: Small parts

    /// Without white space around, and without what nobody sees or what turns the text around it; joiners inside words
    /// and pictures stay. What has nothing to see is empty.
    static func bounded(_ text: String, _ range: ClosedRange<Int>, _ field: String) throws -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF: continue
            default: shown.append(scalar)
            }
        }
        let isSeen = shown.contains { scalar in
            !scalar.properties.isWhitespace && ![.format, .control].contains(scalar.properties.generalCategory)
        }
        var trimmed = isSeen ? Substring(String(shown)) : ""
        while let first = trimmed.first, first.isWhitespace { trimmed.removeFirst() }
        while let last = trimmed.last, last.isWhitespace { trimmed.removeLast() }
        let count = trimmed.unicodeScalars.count
        if count < range.lowerBound { throw CaseRefusal.tooShort(field) }
        if count > range.upperBound { throw CaseRefusal.tooLong(field, range.upperBound) }
        return String(trimmed)
    }

    /// The first sentence, at most 24 characters: what the lists show.
    static func title(_ words: String) -> String {
        let stops: Set<Character> = ["。", "！", "？", "，", "；", ".", "!", "?", ",", ";", "\n"]
        let first = words.prefix { !stops.contains($0) }
        let base = first.isEmpty ? words.prefix(24) : first.prefix(24)
        return base.count < words.count && first.count > 24 ? base + "…" : String(base)
    }

    static func propertyFamily(
        _ path: AreaPath, _ transaction: any ReadTransaction
    ) throws -> OrganisationID? {
        try DirectoryStore.organisations(serving: path, transaction).first { $0.party == .property }?.family
    }
}

import Cases
import Directory
import Governance
import Kernel
import Messaging
import Privacy
import Storage

/// What comes in from elsewhere.
package struct NewTransfer: Sendable {
    package var kind: TransferKind
    package var source: String
    package var number: String
    package var area: AreaID
    package var grade: TransferGrade
    package var received: Instant
    /// The limit that came with it; the house's own where there is none.
    package var due: Instant?
    package var words: String
    package var place = ""
    package var name = ""
    package var phone = ""
    package var category: CategoryID?

    package init(
        kind: TransferKind, source: String, number: String, area: AreaID, grade: TransferGrade, received: Instant,
        words: String
    ) {
        self.kind = kind
        self.source = source
        self.number = number
        self.area = area
        self.grade = grade
        self.received = received
        self.words = words
    }
}

/// What a return visit found.
package struct Visit: Sendable {
    package var at: Instant
    package var reached: VisitFinding
    package var solved: VisitFinding
    package var satisfied: VisitFinding
    package init(at: Instant, reached: VisitFinding, solved: VisitFinding, satisfied: VisitFinding) {
        self.at = at
        self.reached = reached
        self.solved = solved
        self.satisfied = satisfied
    }
}

/// One transaction each: load, authorise, decide, save, audit.
package struct TransferDesk: Sendable {
    let database: any Database
    let world: World
    let journal: any Journal
    let calendars: Calendars
    let secrets: Secrets
    let inbox: Inbox
    let cases: CaseActions

    /// Answers in one file.
    package static let batchRows = 1_000
    /// Reads of 200 orders each for one file.
    private static let batchLooks = 25

    package enum Taken: Sendable { case new, extended, known }

    static func words(_ text: String, _ field: String, _ range: ClosedRange<Int>) throws -> String {
        guard range.contains(text.unicodeScalars.count),
            text.split(separator: "\n").allSatisfy({ TextRules.isPlain($0.filter { $0 != "\r" }) })
        else { throw TransferRefusal.badWords(field) }
        return text
    }

    private static func post(
        _ verb: Verb, at id: AreaID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> Post {
        guard let area = try DirectoryStore.area(id, transaction), let post = actor.post(for: verb, at: area.path)
        else { throw TransferRefusal.notFound }
        return post
    }

    /// Never a complaint about the reader's own organisation: an order is as closed to them as its case.
    package func load(
        _ id: TransferID, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (transfer: Transfer, post: Post) {
        guard let found = try TransferStore.load(id, transaction),
            let about = try CaseStore.load(found.caseID, transaction), CaseQueries.mayRead(about, actor)
        else { throw TransferRefusal.notFound }
        return (found, try Self.post(verb, at: found.area, actor, transaction))
    }

    private func audit(
        _ verb: String, _ t: Transfer, _ detail: String, _ actor: Actor, _ post: Post,
        _ transaction: any WriteTransaction
    ) throws {
        try journal.audit(
            AuditEntry(
                area: t.area, actor: actor.person, post: post.id, verb: verb, subject: t.id.raw, detail: detail),
            at: world.now(), transaction)
    }

    /// Registers the case and keeps the order with it. One that is known by its number is not registered again: a later
    /// limit than ours extends it.
    package func take(_ new: NewTransfer, by actor: Actor) async throws -> (id: TransferID, what: Taken) {
        let now = world.now()
        _ = try Self.words(new.source, "source", 1...40)
        _ = try Self.words(new.number, "number", 1...60)
        guard new.received <= now.adding(minutes: 5), new.received > now.adding(days: -3660) else {
            throw TransferRefusal.badTime("received")
        }
        if let due = new.due {
            guard due > new.received, due < new.received.adding(days: 732) else { throw TransferRefusal.badTime("due") }
        }
        guard (new.kind == .letter) == (new.grade == .letter) else { throw TransferRefusal.badChoice("grade") }
        var phone: Phone?
        if !new.phone.isEmpty {
            guard let read = Phone(new.phone) else { throw TransferRefusal.badPhone }
            phone = read
        }
        let caller = phone.map { secrets.phoneIndex($0) }
        let calendar = try await calendars.current(at: now)
        let id: TransferID = world.id()
        // Whether it is known is looked at in the transaction: two imports at once keep one.
        let register = try await cases.registering(
            NewCase(
                area: new.area, place: new.place, words: new.words, category: new.category,
                urgency: new.grade == .danger || new.grade == .utility
                    ? .emergency : new.grade == .urgent ? .urgent : nil,
                channel: new.kind == .hotline ? .hotline : .letter, key: "transfer-\(id.text)",
                sender: .staff(actor, name: new.name, phone: phone)))
        return try await cases.write { [self] transaction in
            let post = try Self.post(.caseRegister, at: new.area, actor, transaction)
            if let known = try TransferStore.numbered(
                .incoming, new.kind, new.source, new.number, transaction)
            {
                let mine: Post
                do {
                    mine = try load(known.id, .caseRegister, actor, transaction).post
                } catch TransferRefusal.notFound {
                    throw TransferRefusal.numberTaken
                }
                guard let due = new.due, known.answered == nil, due > known.due, new.kind == .hotline else {
                    return (known.id, .known)
                }
                guard
                    try TransferStore.extend(
                        known, to: due, warn: TransferRules.warn(from: known.received, due: due), reason: new.source,
                        transaction)
                else { throw TransferRefusal.changedMeanwhile }
                try audit("transfer.extend", known, "import", actor, mine, transaction)
                return (known.id, .extended)
            }
            let limits = TransferLimits(try LimitStore.all(transaction))
            let due = try new.due ?? TransferRules.due(new.grade, from: new.received, limits, calendar)
            let made = try register(transaction)
            let transfer = Transfer(
                id: id, direction: .incoming, kind: new.kind, source: new.source, number: new.number, area: new.area,
                caseID: made.id, grade: new.grade, received: new.received, due: due, isGiven: new.due != nil,
                firstDue: nil, extensions: 0, reason: "", informed: nil, accepted: nil, answered: nil, answer: "",
                batch: 0, visited: nil, reached: .unknown, solved: .unknown, satisfied: .unknown, version: 1)
            try TransferStore.insert(
                transfer, caller: caller,
                warn: TransferRules.warn(from: new.received, due: due), by: actor.person, at: now,
                transaction)
            try audit("transfer.take", transfer, new.kind.code, actor, post, transaction)
            return (id, .new)
        }
    }

    package func extend(
        _ id: TransferID, to due: Instant, why: String, was version: Int64, by actor: Actor
    ) async throws {
        let now = world.now()
        let reason = try Self.words(why, "why", 2...200)
        try await database.write { [self] transaction in
            let (t, post) = try load(id, .caseRegister, actor, transaction)
            guard t.version == version else { throw TransferRefusal.changedMeanwhile }
            try TransferRules.extend(t, to: due, at: now, TransferLimits(try LimitStore.all(transaction)))
            guard
                try TransferStore.extend(
                    t, to: due, warn: TransferRules.warn(from: t.received, due: due), reason: reason, transaction)
            else { throw TransferRefusal.changedMeanwhile }
            try audit("transfer.extend", t, "", actor, post, transaction)
        }
    }

    /// The written notice of a petition: taken, and then due within the days of the law, or not taken, for a reason.
    package func inform(
        _ id: TransferID, on day: Day, takes: Bool, why: String, was version: Int64, by actor: Actor
    ) async throws {
        let now = world.now()
        let moment = Zone.shanghai.instant(day)
        let reason = takes ? "" : try Self.words(why, "why", 2...200)
        try await database.write { [self] transaction in
            let (t, post) = try load(id, .caseRegister, actor, transaction)
            guard t.version == version else { throw TransferRefusal.changedMeanwhile }
            try TransferRules.inform(t, at: moment, now: now)
            let limits = TransferLimits(try LimitStore.all(transaction))
            let due = takes ? TransferRules.endOf(days: try limits[.letterFinishDays], after: moment) : t.due
            guard
                try TransferStore.inform(
                    t, at: moment, accepted: takes ? moment : nil, due: due,
                    warn: TransferRules.warn(from: moment, due: due), answered: takes ? nil : now, reason: reason,
                    transaction)
            else { throw TransferRefusal.changedMeanwhile }
            try audit("transfer.inform", t, takes ? "taken" : "notTaken", actor, post, transaction)
        }
    }

    package func visit(_ id: TransferID, _ visit: Visit, was version: Int64?, by actor: Actor) async throws {
        let now = world.now()
        try await database.write { [self] transaction in
            let (t, post) = try load(id, .caseRegister, actor, transaction)
            if let version, t.version != version { throw TransferRefusal.changedMeanwhile }
            try TransferRules.visit(t, at: visit.at, now: now)
            guard
                try TransferStore.visit(
                    t, at: visit.at, visit.reached, visit.solved, visit.satisfied, transaction)
            else { throw TransferRefusal.changedMeanwhile }
            try audit("transfer.visit", t, visit.solved.code, actor, post, transaction)
        }
    }

    /// The words in which the case was fed back, or nil while nothing was said yet.
    static func answer(_ c: CaseLine, _ transaction: any ReadTransaction) throws -> String? {
        switch c.status {
        case .fedBack, .struckOff, .published, .merged, .returned:
            let said = try CaseHistoryStore.events(c.id, transaction).last { event in
                [.fedBack, .merged, .returned].contains(event.kind) && !event.words.isEmpty
            }
            return said?.words ?? ""
        default: return nil
        }
    }

    /// Everything within reach whose case was fed back goes out in one file, once: the transfers are marked with the
    /// number of the file, which can be fetched again. Nil when there is nothing.
    package func answerAll(by actor: Actor) async throws -> (batch: Int64, count: Int)? {
        let now = world.now()
        let batch = world.nextID()
        let scope = try actor.scope(.caseRegister)
        return try await database.write { [self] transaction in
            var (count, looks, after) = (0, 0, (due: Instant, id: TransferID)?.none)
            // What was not fed back yet is looked at too: a bound on that, and the next file goes on with the rest.
            while count < Self.batchRows, looks < Self.batchLooks {
                looks += 1
                let rows = try TransferStore.open(scope, after: after, limit: 200, transaction)
                guard let last = rows.last else { break }
                after = (last.due, last.id)
                let lines = try CaseStore.lines(rows.map(\.caseID), transaction)
                let found = Dictionary(lines.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
                for row in rows where count < Self.batchRows {
                    guard row.kind == .hotline || row.accepted != nil, let line = found[row.caseID],
                        let words = try Self.answer(line, transaction)
                    else { continue }
                    guard try TransferStore.answer(row, words, batch: batch, at: now, transaction) else { continue }
                    try journal.audit(
                        AuditEntry(
                            area: row.area, actor: actor.person, verb: "transfer.answer", subject: row.id.raw,
                            detail: String(batch)), at: now, transaction)
                    count += 1
                }
            }
            return count == 0 ? nil : (batch, count)
        }
    }

    /// A resident's matter is handed to the petition office, with the reason: it stays a case here, and its reporter is
    /// told (rules.md 9.3: a complaint to the platform is not itself a petition). A reporter whom we know consents to it
    /// first (PIPL art. 23).
    package func handOver(_ id: CaseID, to office: String, why: String, by actor: Actor) async throws -> TransferID {
        let now = world.now()
        let source = try Self.words(office, "office", 2...40)
        let reason = try Self.words(why, "why", 5...200)
        let made: TransferID = world.id()
        return try await database.write { [self] transaction in
            guard let c = try CaseStore.load(id, transaction), CaseQueries.mayRead(c, actor),
                let post = actor.post(for: .caseDispatch, at: c.place.path)
            else { throw TransferRefusal.notFound }
            guard try TransferStore.numbered(.outgoing, .letter, source, c.number + "-" + c.id.text, transaction) == nil
            else { throw TransferRefusal.handedOver }
            if let reporter = c.reporter {
                guard try ConsentStore.allows(reporter, "sharing", transaction) else { throw TransferRefusal.noConsent }
            }
            let area = AreaID(c.place.estate != 0 ? c.place.estate : c.place.community)
            let transfer = Transfer(
                id: made, direction: .outgoing, kind: .letter, source: source, number: c.number + "-" + c.id.text,
                area: area, caseID: id, grade: .letter, received: now, due: now, isGiven: false, firstDue: nil,
                extensions: 0, reason: reason, informed: now, accepted: nil, answered: now, answer: "", batch: 0,
                visited: nil, reached: .unknown, solved: .unknown, satisfied: .unknown, version: 1)
            try TransferStore.insert(transfer, warn: now, by: actor.person, at: now, transaction)
            if let reporter = c.reporter {
                try inbox.send(
                    TransferNotices.handedOver, [c.title, source, reason], link: "/cases/\(id.text)", to: [reporter],
                    at: now, transaction)
            }
            try audit("transfer.handOver", transfer, "", actor, post, transaction)
            return made
        }
    }

    // MARK: The clock

    /// Warns when four fifths of a limit are used and tells when it is missed, once each, whoever asks how often.
    package func sweep(limit: Int = 200) async throws {
        let now = world.now()
        let (near, over) = try await database.read { transaction in
            (
                try TransferStore.nearlyDue(at: now, limit: limit, transaction),
                try TransferStore.due(at: now, limit: limit, transaction)
            )
        }
        for id in over { try await tell(id, isOver: true, now) }
        for id in near where !over.contains(id) { try await tell(id, isOver: false, now) }
    }

    private func tell(_ id: TransferID, isOver: Bool, _ now: Instant) async throws {
        try await database.write { [self] transaction in
            let isMine =
                try isOver
                ? TransferStore.markBroken(id, at: now, transaction)
                : TransferStore.markWarned(id, at: now, transaction)
            guard isMine, let t = try TransferStore.load(id, transaction),
                let c = try CaseStore.load(t.caseID, transaction)
            else { return }
            let people = try cases.watchers(c, .caseDispatch, now, transaction) + [c.assignee].compactMap { $0 }
            try inbox.send(
                isOver ? TransferNotices.broken : TransferNotices.warned, [t.number, c.title],
                link: "/desk/transfers/\(id.text)", to: people, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: t.area, actor: nil, verb: isOver ? "transfer.broken" : "transfer.warned", subject: id.raw),
                at: now, transaction)
        }
    }
}

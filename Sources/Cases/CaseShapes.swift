import Directory
import Kernel
import Web

/// What a case looks like in JSON. Each is one list of members: the answer and its schema come from it.
enum CaseShapes {
    static let party = Shape<Party>.choice(Party.allCases) { String(describing: $0) }
    static let status = Shape<CaseStatus>.choice(CaseStatus.allCases) { $0.code }
    static let queue = Shape<CaseQueue>.choice(CaseQueue.allCases) { $0.code }
    static let urgency = Shape<Urgency>.choice(Urgency.allCases) { $0.code }
    static let channel = Shape<Channel>.choice(Channel.allCases) { $0.code }
    static let event = Shape<CaseEventKind>.choice(CaseEventKind.allCases) { $0.code }
    static let reason = Shape<PauseReason>.choice(PauseReason.allCases) { $0.code }
    static let level = Shape<AreaLevel>.choice(AreaLevel.allCases) { String(describing: $0) }
    static let score = Shape<Int64>.whole(1...5)
    static let id = Shape<CaseID>.id()

    static let line = Shape<CaseLine>.object("CaseLine") {
        Member("id", id) { $0.id }
        Member("title", .words) { $0.title }
        Member("place", .words) { $0.place }
        Member("status", status) { $0.status }
        Member("suspended", .flag) { $0.suspended }
        Member("queue", queue) { $0.queue }
        Member("holder", party, "Who has to act.") { $0.holder }
        Member("registered", .time) { $0.registered }
        Member("due", Shape<Instant>.time.orNull, "The next promise.") {
            $0.due == CaseRecord.never ? nil : $0.due
        }
    }

    /// A case as somebody may see it.
    struct Seen: Sendable {
        let view: CaseView
        let isStaff: Bool
        var c: CaseRecord { view.record }
        var events: [SeenEvent] {
            view.events.filter { isStaff || $0.open }.map { SeenEvent(event: $0, isStaff: isStaff) }
        }
    }
    struct SeenEvent: Sendable {
        let event: CaseEvent
        let isStaff: Bool
    }
    struct Pause: Sendable {
        let from: Instant
        let reason: PauseReason
        let expected: Instant?
    }

    static let clock = Shape<CaseClocks.One>.object("Clock") {
        Member("due", Shape<Instant>.time.orNull) { $0.due }
        Member("stopped", Shape<Instant>.time.orNull) { $0.stopped }
    }
    static let clocks = Shape<CaseClocks>.object("Clocks") {
        Member("attend", clock) { $0.attend }
        Member("handle", clock) { $0.handle }
        Member("feedback", clock) { $0.feedback }
    }
    static let seenEvent = Shape<SeenEvent>.object("CaseEvent") {
        Member("at", .time) { $0.event.at }
        Member("kind", event) { $0.event.kind }
        Member("party", party) { $0.event.party }
        Member("actor", .words, "Staff by name; residents are named to staff only.") {
            $0.isStaff || $0.event.party != .resident ? $0.event.actorName : ""
        }
        Member("words", .words) { $0.event.words }
        Member("for", Shape<String>.words.orNull, "The colleague on leave for whom it was done.") {
            $0.event.actedFor.isEmpty ? nil : $0.event.actedFor
        }
    }
    static let photo = Shape<CasePhoto>.object("CasePhoto") {
        Member("id", id, "For `/api/v1/photos/{id}`.") { CaseID($0.id) }
        Member("evidence", .flag) { $0.isEvidence }
    }
    static let pause = Shape<Pause>.object("Pause") {
        Member("from", .time) { $0.from }
        Member("reason", reason) { $0.reason }
        Member("expected", Shape<Instant>.time.orNull) { $0.expected }
    }
    static let publication = Shape<Publication>.object("Publication") {
        Member("title", .words) { $0.title }
        Member("place", .words) { $0.place }
        Member("words", .words) { $0.body }
    }
    static let line2 = Shape<ServiceLine>.object("ServiceLine") {
        Member("name", .words) { $0.name }
        Member("phone", .words) { $0.phone }
    }

    static let seen = Shape<Seen>.object("Case") {
        Member("id", id) { $0.c.id }
        Member("number", .words) { $0.c.number }
        Member("title", .words) { $0.c.title }
        Member("words", .words) { $0.c.body }
        Member("place", .words) { $0.c.place.words }
        Member("status", status) { $0.c.status }
        Member("suspended", .flag) { $0.c.suspended }
        Member("queue", queue) { $0.c.queue }
        Member("category", .words, "By its code.") { $0.view.category.code }
        Member("urgency", urgency) { $0.c.urgency }
        Member("level", level) { $0.c.level }
        Member("channel", channel) { $0.c.channel }
        Member("holder", party) { $0.c.holder }
        Member("lead", party) { $0.c.leadParty }
        Member("assignee", Shape<String>.words.orNull) { $0.c.assigneeName.isEmpty ? nil : $0.c.assigneeName }
        Member("reporter", Shape<String>.words.orNull, "For staff only.") { $0.isStaff ? $0.c.reporterName : nil }
        Member("contact", Shape<String>.words.orNull, "Masked; for staff only.") {
            $0.isStaff ? $0.c.contactMasked : nil
        }
        Member("registered", .time) { $0.c.registered }
        Member("solved", Shape<Instant>.time.orNull) { $0.c.solved }
        Member("fed_back", Shape<Instant>.time.orNull) { $0.c.fedBack }
        Member("closed", Shape<Instant>.time.orNull) { $0.c.closed }
        Member("merged_into", id.orNull, "Null also where the reader may not see that case.") {
            $0.view.mergedInto?.id
        }
        Member("promise", Shape<Instant>.time.orNull) { $0.c.promise }
        Member("round", .whole) { $0.c.round }
        Member("score", score.orNull) { (1...5).contains($0.c.rated) ? $0.c.rated : nil }
        Member("rated", .flag, "Rated, or known to stay unrated.") { $0.c.rated != 0 }
        Member("pause", pause.orNull) { seen in
            seen.view.pause.map { Pause(from: $0.from, reason: $0.reason, expected: $0.expected) }
        }
        Member("evidence", Shape<String>.words.orNull, "Why it was struck off; for staff only.") {
            $0.isStaff ? $0.view.evidence : nil
        }
        Member("publication", publication.orNull) { $0.view.publication }
        Member("service_line", line2.orNull, "Whom the reporter may call.") { $0.view.serviceLine }
        Member("photos", photo.list()) { $0.view.photos }
        Member("clocks", clocks) { $0.c.clocks }
        Member("events", seenEvent.list()) { $0.events }
        Member("version", .whole, "Counts its changes.") { $0.c.version }
    }

    static let registered = Shape<Registered>.object("Registered") {
        Member("id", id) { $0.id }
        Member("repeated", .flag, "It was there already, under the same key.") { $0.repeated }
        Member("code", Shape<String>.words.orNull, "For looking up what was reported without a name; shown once.") {
            $0.code
        }
    }

    static let category = Shape<Category>.object("Category") {
        Member("id", .id()) { $0.id }
        Member("code", .words) { $0.code }
        Member("kind", kind) { $0.kind }
        Member("name_zh", .words) { $0.zh }
        Member("name_en", .words) { $0.en }
    }
    static let kind = Shape<CategoryKind>.choice(CategoryKind.allCases) { String(describing: $0) }

    static let ledgerLine = Shape<CaseHistoryStore.LedgerLine>.object("LedgerLine") {
        Member("number", .words) { $0.number }
        Member("title", .words) { $0.publication.title }
        Member("place", .words) { $0.publication.place }
        Member("words", .words) { $0.publication.body }
        Member("reported", .time) { $0.registered }
        Member("solved", Shape<Instant>.time.orNull) { $0.solved }
        Member("struck_off", .time) { $0.publication.struck }
        Member("score", score.orNull) { (1...5).contains($0.rated) ? $0.rated : nil }
    }
    static let reply = Shape<CaseHistoryStore.Reply>.object("Reply") {
        Member("id", id, "For `/api/v1/replies/{id}/removal`.") { CaseID($0.id) }
        Member("question", .words) { $0.question }
        Member("answer", .words) { $0.answer }
        Member("by", .words) { $0.answeredBy }
        Member("at", .time) { $0.at }
    }
    static let week = Shape<LedgerWeek>.object("Week") {
        Member("from", .day) { $0.from }
        Member("to", .day) { $0.to }
        Member("open", .whole) { $0.open }
        Member("reported", .whole) { $0.reported }
        Member("struck_off", .whole) { $0.struck }
        Member("attended_in_time", .whole) { $0.attended.kept }
        Member("attended_late", .whole) { $0.attended.late }
        Member("handled_in_time", .whole) { $0.handled.kept }
        Member("handled_late", .whole) { $0.handled.late }
        Member("rated", .whole) { $0.satisfied.all }
        Member("satisfied", .whole) { $0.satisfied.yes }
    }

    struct Count: Sendable {
        let what: DayCount
        let channel: Channel
        let n: Int64
    }
    static let count = Shape<Count>.object("Count") {
        Member("what", Shape<DayCount>.choice(DayCount.allCases) { String(describing: $0) }) { $0.what }
        Member("channel", channel) { $0.channel }
        Member("count", .whole) { $0.n }
    }
    struct Queue: Sendable {
        let code: String
        let n: Int64
    }
    static let queueCount = Shape<Queue>.object("Queue") {
        Member("queue", .words, "Empty for all open cases.") { $0.code }
        Member("count", .whole) { $0.n }
    }

    static let policy = Shape<Policy>.object("Policy") {
        Member("id", .id()) { CaseID($0.id) }
        Member("area", Shape<AreaID>.id().orNull, "Null for everywhere.") { $0.area == 0 ? nil : AreaID($0.area) }
        Member("category", Shape<CategoryID>.id().orNull) { $0.category == 0 ? nil : CategoryID($0.category) }
        Member("kind", kind.orNull) { CategoryKind(rawValue: $0.kind) }
        Member("urgency", urgency.orNull) { Urgency(rawValue: $0.urgency) }
        Member("attend_minutes", .whole) { Int64($0.attendMinutes) }
        Member("handle_minutes", .whole) { Int64($0.handleMinutes) }
        Member("feedback_workdays", .whole) { Int64($0.feedbackWorkdays) }
        Member("source", .words) { $0.source }
    }

    struct Choices: Sendable {
        let colleagues: [Colleague]
        let organisations: [Organisation]
        let mergeable: [(id: CaseID, title: String, place: String)]
    }
    static let choices = Shape<Choices>.object("Choices") {
        Member("colleagues", DirectoryShapes.colleague.list(), "To whom it may be dispatched.") { $0.colleagues }
        Member(
            "organisations",
            Shape<Organisation>.object("Serving") {
                Member("id", .id()) { $0.family }
                Member("party", party) { $0.party }
                Member("name", .words) { $0.name }
            }.list(), "About whom a complaint may be."
        ) { $0.organisations }
        Member(
            "mergeable",
            Shape<(id: CaseID, title: String, place: String)>.object("Mergeable") {
                Member("id", id) { $0.id }
                Member("title", .words) { $0.title }
                Member("place", .words) { $0.place }
            }.list(), "Into which it may be merged."
        ) { $0.mergeable }
    }

    struct Message: Sendable {
        let id: Int64
        let text: String
        let link: String
        let at: Instant
        let isRead: Bool
    }
    static let message = Shape<Message>.object("Message") {
        Member("id", id) { CaseID($0.id) }
        Member("text", .words, "In the language of the request.") { $0.text }
        Member("link", .words, "The page about it.") { $0.link }
        Member("at", .time) { $0.at }
        Member("read", .flag) { $0.isRead }
    }
}

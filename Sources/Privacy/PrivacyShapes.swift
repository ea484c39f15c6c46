import Directory
import Kernel
import Web

/// What Privacy looks like in JSON.
enum PrivacyShapes {
    static let kind = Shape<RequestKind>.choice(RequestKind.allCases) { $0.code }
    static let status = Shape<RequestStatus>.choice(RequestStatus.allCases) { $0.code }
    static let basis = Shape<LegalBasis>.choice(LegalBasis.allCases) { $0.code }
    static let recordKind = Shape<RecordKind>.choice(RecordKind.allCases) { $0.code }
    static let limitKey = Shape<LawLimitKey>.choice(LawLimitKey.allCases) { $0.rawValue }

    static let notice = Shape<PrivacyNotice>.object("PrivacyNotice") {
        Member("number", .whole) { $0.number }
        Member("from", .day) { $0.from }
        Member("zh", .words) { $0.zh }
        Member("en", .words) { $0.en }
        Member("why", .words) { $0.why }
    }
    struct OwnNotice: Sendable {
        let notice: PrivacyNotice?
        let accepted: Instant?
        let awaits: Bool
    }
    static let ownNotice = Shape<OwnNotice>.object("OwnPrivacyNotice") {
        Member("notice", notice.orNull, "The version in force; null before there is any.") { $0.notice }
        Member("accepted", Shape<Instant>.time.orNull) { $0.accepted }
        Member("awaits", .flag, "The session waits for the answer.") { $0.awaits }
    }
    static let consent = Shape<ConsentState>.object("Consent") {
        Member("purpose", .words) { $0.purpose.code }
        Member("version", .whole) { $0.purpose.version }
        Member("zh", .words) { $0.purpose.zh }
        Member("en", .words) { $0.purpose.en }
        Member("basis", basis) { $0.purpose.basis }
        Member("separate", .flag, "Asks for a consent of its own.") { $0.purpose.separate }
        Member("given", Shape<Bool>.flag.orNull, "The last answer; null before the first.") { $0.given }
        Member("allows", .flag, "Whether data may be used for it now.") { $0.allows }
        Member("at", Shape<Instant>.time.orNull) { $0.at }
    }
    static let request = Shape<PrivacyRequest>.object("PrivacyRequest") {
        Member("id", .id()) { $0.id }
        Member("kind", kind) { $0.kind }
        Member("status", status) { $0.status }
        Member("words", .words) { $0.words }
        Member("answer", .words) { $0.answer }
        Member("due", .day, "To be answered by then.") { $0.due }
        Member("acts", Shape<Instant>.time.orNull, "When the account will be closed.") { $0.act }
        Member("file_bytes", .whole, "Of the file that lies ready; 0 without one.") { $0.fileBytes }
        Member("version", .whole) { $0.version }
        Member("created", .time) { $0.created }
        Member("relative", relative.orNull, "Of a request about a relative who died.") {
            $0.relative == nil ? nil : $0
        }
    }
    static let staffRequest = Shape<PrivacyRequest>.object("StaffPrivacyRequest") {
        Member("person", .words) { $0.name }
        Member("request", request) { $0 }
    }
    static let mine = Shape<MyPrivacy>.object("OwnPrivacy") {
        Member("notice", Shape<Int64>.whole.orNull, "The version in force.") { $0.notice }
        Member("accepted", Shape<Instant>.time.orNull) { $0.accepted }
        Member("consents", consent.list()) { $0.consents }
        Member("requests", request.list()) { $0.requests }
        Member("claims", request.list(), "What relatives ask, saying that one died.") { $0.claims.map(\.asSaid) }
        Member("arrangement", arrangement, "What relatives may have after one's death.") { $0.arrangement }
    }
    static let purpose = Shape<Purpose>.object("Purpose") {
        Member("code", .words) { $0.code }
        Member("version", .whole) { $0.version }
        Member("basis", basis) { $0.basis }
        Member("separate", .flag) { $0.separate }
        Member("zh", .words) { $0.zh }
        Member("en", .words) { $0.en }
        Member("about_zh", .words) { $0.aboutZh }
        Member("about_en", .words) { $0.aboutEn }
        Member("source", .words) { $0.source }
        Member("since", .day) { $0.since }
        Member("in_force", .flag) { $0.inForce }
    }
    static let period = Shape<Period>.object("RetentionPeriod") {
        Member("class", .words) { $0.name }
        Member("version", .whole) { $0.version }
        Member("days", .whole) { $0.days }
        Member("source", .words) { $0.source }
        Member("since", .day) { $0.since }
        Member("why", .words) { $0.why }
    }
    static let deletion = Shape<Deletion>.object("Deletion") {
        Member("run", .day) { $0.run }
        Member("class", .words) { $0.name }
        Member("count", .whole) { $0.count }
        Member("from", .time, "The moment of the oldest row.") { $0.from }
        Member("to", .time, "The moment of the newest row.") { $0.to }
        Member("before", .time, "What was older went.") { $0.before }
    }
    static let limit = Shape<LawLimit>.object("LawLimit") {
        Member("key", limitKey) { $0.key }
        Member("value", .whole) { $0.value }
        Member("source", .words) { $0.source }
        Member("since", .day) { $0.since }
        Member("version", .whole) { $0.version }
    }
    struct FieldValue: Sendable {
        let name: String
        let value: String
    }
    static let field = Shape<FieldValue>.object("RegisterField") {
        Member("name", .words) { $0.name }
        Member("value", .words) { $0.value }
    }
    static let record = Shape<Record>.object("RegisterEntry") {
        Member("id", .id()) { $0.id }
        Member("kind", recordKind) { $0.kind }
        Member("title", .words) { $0.title }
        Member("fields", field.list()) { record in
            record.kind.fields.map { FieldValue(name: $0.name, value: record.fields[$0.name] ?? "") }
        }
        Member("known", Shape<Instant>.time.orNull, "Of a breach.") { $0.known }
        Member("report_by", Shape<Instant>.time.orNull) { $0.reportBy }
        Member("tell_by", Shape<Instant>.time.orNull) { $0.tellBy }
        Member("reported", Shape<Instant>.time.orNull) { $0.reported }
        Member("told", Shape<Instant>.time.orNull) { $0.told }
        Member("ended", .flag) { $0.ended }
        Member("version", .whole) { $0.version }
        Member("changed", .time) { $0.changed }
        Member("why", .words, "Of a version: why it was made.") { $0.why }
    }
}

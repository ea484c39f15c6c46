import Cases
import Directory
import Kernel
import Web

/// Transfers as JSON under `/api/v1`: the same actions, the same refusals.
extension TransferHouse {
    private struct ListAsked: Asked {
        let all: Bool
        let paging: Paging
        init(_ ask: Ask) throws {
            all = try ask.query.optional("all", .flag, "Also those that were answered; the newest first.") ?? false
            paging = try Paging(ask)
        }
    }
    private struct OneAsked: Asked {
        let id: TransferID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct BatchAsked: Asked {
        let batch: TransferID
        init(_ ask: Ask) throws { batch = try ask.path("batch", .id()) }
    }
    private struct TakeAsked: Asked {
        let new: NewTransfer
        init(_ ask: Ask) throws {
            let kind = try ask.body("kind", TransferHouse.kind)
            let grade = try ask.body.optional("grade", TransferHouse.grade, "`general` when not said.")
            var made = NewTransfer(
                kind: kind, source: try ask.body("source", .text(1...40), "Who sent it, such as 12345."),
                number: try ask.body("number", .text(1...60), "Theirs; the same number once more is the same one."),
                area: try ask.body("area", .id(), "The estate or community."),
                grade: kind == .letter ? .letter : grade ?? .general, received: try ask.body("received", .time),
                words: try ask.body("words", .text(CaseBounds.body), "What it is about."))
            made.due = try ask.body.optional("due", .time, "The limit that came with it; our own when not said.")
            made.place = try ask.body.optional("place", .text(CaseBounds.place)) ?? ""
            made.name = try ask.body.optional("name", .text(0...40), "The caller.") ?? ""
            made.phone = try ask.body.optional("phone", .text(0...40)) ?? ""
            made.category = try ask.body.optional("category", .id())
            new = made
        }
    }
    private struct ExtendAsked: Asked {
        let id: TransferID
        let due: Instant
        let why: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            due = try ask.body("due", .time, "The new limit.")
            why = try ask.body("why", .text(2...200))
            version = try ask.body("version", TransferHouse.version, "The one that was seen.")
        }
    }
    private struct NoticeAsked: Asked {
        let id: TransferID
        let day: Day
        let accepted: Bool
        let why: String?
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            day = try ask.body("day", .day, "When the written notice was given.")
            accepted = try ask.body("accepted", .flag)
            why = try ask.body.optional("why", .text(2...200), "Why it is not accepted.")
            version = try ask.body("version", TransferHouse.version, "The one that was seen.")
        }
    }
    private struct VisitAsked: Asked {
        let id: TransferID
        let day: Day
        let reached: VisitFinding
        let solved: VisitFinding
        let satisfied: VisitFinding
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            day = try ask.body("day", .day)
            reached = try ask.body("reached", TransferHouse.finding)
            solved = try ask.body("solved", TransferHouse.finding)
            satisfied = try ask.body("satisfied", TransferHouse.finding)
        }
    }
    private struct HandOverAsked: Asked {
        let id: CaseID
        let office: String
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.body("case", .id())
            office = try ask.body("office", .text(2...40))
            why = try ask.body("why", .text(5...200), "Told to the reporter.")
        }
    }

    private static let kind = Shape<TransferKind>.choice(TransferKind.allCases) { $0.code }
    private static let grade = Shape<TransferGrade>.choice(TransferGrade.ofHotline) { $0.code }
    private static let anyGrade = Shape<TransferGrade>.choice(TransferGrade.allCases) { $0.code }
    private static let direction = Shape<TransferDirection>.choice(TransferDirection.allCases) { $0.code }
    private static let state = Shape<Transfer.State>.choice(Transfer.State.allCases) { $0.rawValue }
    private static let finding = Shape<VisitFinding>.choice(VisitFinding.allCases) { $0.code }
    private static let version = Shape<Int64>.whole(1...Int64.max >> 1)

    private static let transfer = Shape<Transfer>.object("Transfer") {
        Member("id", .id()) { $0.id }
        Member("direction", direction) { $0.direction }
        Member("kind", kind) { $0.kind }
        Member("source", .words) { $0.source }
        Member("number", .words) { $0.number }
        Member("area", .id()) { $0.area }
        Member("case", .id()) { $0.caseID }
        Member("grade", anyGrade) { $0.grade }
        Member("state", state) { $0.state }
        Member("received", .time) { $0.received }
        Member("due", .time) { $0.due }
        Member("due_given", .flag, "Whether the limit came with it.") { $0.isGiven }
        Member("first_due", Shape<Instant>.time.orNull, "The limit before it was extended.") { $0.firstDue }
        Member("reason", .words) { $0.reason }
        Member("informed", Shape<Instant>.time.orNull) { $0.informed }
        Member("accepted", Shape<Instant>.time.orNull) { $0.accepted }
        Member("answered", Shape<Instant>.time.orNull) { $0.answered }
        Member("answer", .words) { $0.answer }
        Member("visited", Shape<Instant>.time.orNull) { $0.visited }
        Member("reached", finding) { $0.reached }
        Member("solved", finding) { $0.solved }
        Member("satisfied", finding) { $0.satisfied }
        Member("version", .whole(1...Int64.max)) { $0.version }
    }

    private struct Batch: Sendable {
        let id: TransferID
        let count: Int64
    }
    private static let batch = Shape<Batch>.object("TransferBatch") {
        Member("batch", .id()) { $0.id }
        Member("count", .whole(1...Int64.max)) { $0.count }
    }
    private struct Answers: Sendable { let items: [Transfer] }
    private static let answerList = Shape<Answers>.object("TransferAnswers") {
        Member("items", transfer.list()) { $0.items }
    }

    func apiRoutes(_ table: RouteTable) {
        table.get(
            "/api/v1/transfers", .verb(.caseRead), API(.cases, "Hot-line orders and petitions, what is due first."),
            ListAsked.self, Self.transfer.slices
        ) { asked, call in
            let page = try await slice(
                all: asked.all, cursor: asked.paging.cursor ?? "", limit: asked.paging.limit, call.actor)
            return .ok(Slice(page.rows, next: page.next))
        }
        table.get(
            "/api/v1/transfers/:id", .verb(.caseRead),
            API(.cases, "One of them.", refuses: [TransferRefusal.notFound], isSingle: true), OneAsked.self,
            Self.transfer
        ) { asked, call in
            let (actor, desk) = (call.actor, desk)
            return .ok(try await database.read { try desk.load(asked.id, .caseRead, actor, $0).transfer })
        }
        table.post(
            "/api/v1/transfers", .verb(.caseRegister),
            API(
                .cases, "Registers one with its case; one that is known by its number is extended by a later limit.",
                refuses: [
                    TransferRefusal.notFound, TransferRefusal.badPhone, TransferRefusal.numberTaken,
                ]),
            TakeAsked.self, Made.shape, makes: true
        ) { asked, call in
            .made(Made(try await desk.take(asked.new, by: call.actor).id.text))
        }
        table.post(
            "/api/v1/transfers/:id/extension", .verb(.caseRegister),
            API(
                .cases, "Extends the limit; a petition once.",
                refuses: [TransferRefusal.notFound, TransferRefusal.answeredAlready, TransferRefusal.badTime("due")]),
            ExtendAsked.self, .nothing
        ) { asked, call in
            try await desk.extend(asked.id, to: asked.due, why: asked.why, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/transfers/:id/notice", .verb(.caseRegister),
            API(
                .cases, "The written notice of a petition: accepted or not.",
                refuses: [TransferRefusal.notFound, TransferRefusal.informedAlready, TransferRefusal.lettersOnly]),
            NoticeAsked.self, .nothing
        ) { asked, call in
            try await desk.inform(
                asked.id, on: asked.day, takes: asked.accepted, why: asked.why ?? "", was: asked.version,
                by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/transfers/:id/visit", .verb(.caseRegister),
            API(
                .cases, "What the return visit found.",
                refuses: [TransferRefusal.notFound, TransferRefusal.notAnswered, TransferRefusal.badTime("day")]),
            VisitAsked.self, .nothing
        ) { asked, call in
            let visit = try visit(on: asked.day) { name in
                name == "reached" ? asked.reached : name == "solved" ? asked.solved : asked.satisfied
            }
            try await desk.visit(asked.id, visit, was: nil, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/transfers/answers", .verb(.caseRegister),
            API(.cases, "Answers everything that was fed back, once.", refuses: [TransferRefusal.nothingToAnswer]),
            Nothing.self, Self.batch
        ) { _, call in
            guard let made = try await desk.answerAll(by: call.actor) else { throw TransferRefusal.nothingToAnswer }
            return .ok(Batch(id: TransferID(made.batch), count: Int64(made.count)))
        }
        table.get(
            "/api/v1/transfers/answers/:batch", .verb(.caseRegister),
            API(.cases, "What went out in one file.", refuses: [TransferRefusal.notFound]), BatchAsked.self,
            Self.answerList
        ) { asked, call in
            .ok(Answers(items: try await answers(asked.batch.raw, call.actor).map(\.transfer)))
        }
        table.post(
            "/api/v1/transfers/hand-over", .verb(.caseDispatch),
            API(
                .cases, "Hands a case to the petition office, with the reason.",
                refuses: [TransferRefusal.notFound, TransferRefusal.handedOver, TransferRefusal.noConsent]),
            HandOverAsked.self, Made.shape,
            makes: true
        ) { asked, call in
            .made(Made(try await desk.handOver(asked.id, to: asked.office, why: asked.why, by: call.actor).text))
        }
    }
}

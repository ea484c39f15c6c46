import Attachments
import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The loop as JSON under `/api/v1`: the same actions, the same refusals.
extension CasesHouse {
    func apiRoutes(_ table: RouteTable) {
        caseListAPI(table)
        caseActionAPI(table)
        publicAPI(table)
        houseAPI(table)
    }

    // MARK: Lists and one case

    private struct ListAsked: Asked {
        let queue: String?
        let category: CategoryID?
        let search: String?
        let paging: Paging
        private static let queues = Shape<String>.choice(DeskPages.queues.map(\.code).filter { !$0.isEmpty }) { $0 }
        init(_ ask: Ask) throws {
            queue = try ask.query.optional("queue", Self.queues, "For staff.")
            category = try ask.query.optional("category", .id(), "For staff.")
            search = try ask.query.optional("q", .text(0...200), "Words to find; for staff.")
            paging = try Paging(ask)
        }
    }

    struct CaseAsked: Asked {
        let id: CaseID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }

    private struct RegisterAsked: Asked {
        let area: AreaID
        let place: String?
        let words: String
        let category: CategoryID?
        let urgency: Urgency?
        let channel: Channel?
        let name: String?
        let phone: String?
        private static let channels = Shape<Channel>.choice(Channel.allCases.filter { $0 != .imported }) { $0.code }
        init(_ ask: Ask) throws {
            area = try ask.body("area", .id(), "Where: for residents one of their own homes, or what it is in.")
            place = try ask.body.optional("place", .text(CaseBounds.place), "Where there, in words.")
            words = try ask.body("words", .text(CaseBounds.body), "What it is about.")
            category = try ask.body.optional("category", .id(), "Suggested from the words when it is not said.")
            urgency = try ask.body.optional("urgency", CaseShapes.urgency, "By staff; the category's when not said.")
            channel = try ask.body.optional("channel", Self.channels, "By staff: how it came in.")
            name = try ask.body.optional("name", .text(0...40), "By staff: who said it.")
            phone = try ask.body.optional("phone", .text(0...40), "By staff: the number of who said it.")
        }
    }

    private func caseListAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/cases", .signedIn,
            API(
                .cases, "Cases: the desk's list for staff, one's own for residents.",
                refuses: [CaseRefusal.badCursor]), ListAsked.self, CaseShapes.line.slices
        ) { asked, call in .ok(try await apiList(asked, call.actor)) }
        table.get(
            "/api/v1/me/cases", .signedIn,
            API(.cases, "What one reported oneself, the newest first."), PageAsked.self, CaseShapes.line.slices
        ) { asked, call in
            let person = try person(call.context)
            let before: CaseID? = try asked.paging.id()
            let limit = asked.paging.limit
            let lines = try await database.read { try CaseStore.mine(person, before: before, limit: limit + 1, $0) }
            return .ok(Slice(lines, limit: limit) { $0.id.text })
        }
        table.get(
            "/api/v1/me/joined-cases", .signedIn, API(.cases, "What one joined, the newest first."), PageAsked.self,
            CaseShapes.line.slices
        ) { asked, call in
            let person = try person(call.context)
            let before: CaseID? = try asked.paging.id()
            let limit = asked.paging.limit
            let found = try await database.read {
                try CaseStore.joinedBy(person, before: before, limit: limit + 1, $0)
            }
            return .ok(Slice(found, limit: limit) { $0.id.text })
        }
        table.post(
            "/api/v1/cases", .signedIn,
            API(
                .cases, "Register a case: a resident from home, staff what they were told or found.",
                refuses: [
                    CaseRefusal.noPlace, CaseRefusal.tooShort(""), CaseRefusal.badChoice(""), CaseRefusal.notYours,
                    CaseRefusal.keyUsedForOther, DirectoryRefusal.badPhone,
                ], repeats: .own), RegisterAsked.self, CaseShapes.registered, makes: true
        ) { asked, call in try await apiRegister(asked, call) }
        table.get(
            "/api/v1/cases/:id", .signedIn,
            API(.cases, "One case with its steps.", refuses: [CaseRefusal.notFound], isSingle: true), CaseAsked.self,
            CaseShapes.seen
        ) { asked, call in
            let seen = try await apiSeen(asked.id, call.actor)
            return .ok(seen, version: seen.c.version)
        }
        table.get(
            "/api/v1/cases/:id/choices", .verb(.caseRead),
            API(.cases, "What the next steps of a case may name.", refuses: [CaseRefusal.notFound]), CaseAsked.self,
            CaseShapes.choices
        ) { asked, call in
            let actor = call.actor
            let day = Zone.shanghai.day(of: now())
            let edition = memory.edition
            return .ok(
                try await database.read { transaction in
                    let c = try CaseQueries.staffCase(asked.id, actor, transaction)
                    let tools = try tools(c, actor, day, edition, transaction)
                    return CaseShapes.Choices(
                        colleagues: tools.colleagues, organisations: tools.organisations, mergeable: tools.mergeable)
                })
        }
        table.get(
            "/api/v1/queues", .verb(.caseRead), API(.cases, "How many cases wait in each queue of the desk."),
            Nothing.self, CaseShapes.queueCount.slices
        ) { _, call in
            let scope = try call.actor.scope(.caseRead)
            let tallies = try await database.read { try CaseStore.tallies(scope, $0) }
            return .ok(
                Slice(
                    DeskPages.queues.map { queue in
                        CaseShapes.Queue(
                            code: queue.code, n: queue.tally.reduce(Int64(0)) { $0 + (tallies[$1] ?? 0) })
                    }))
        }
    }

    struct PageAsked: Asked {
        let paging: Paging
        init(_ ask: Ask) throws { paging = try Paging(ask) }
    }

    func apiSeen(_ id: CaseID, _ actor: Actor) async throws -> CaseShapes.Seen {
        if actor.isStaff {
            do {
                return CaseShapes.Seen(view: try await queries.forStaff(id, actor), isStaff: true)
            } catch CaseRefusal.notFound {
                // Perhaps it is their own. That the database did not answer is no answer about the case.
            }
        }
        let view = try await queries.forResident(id, actor)
        return CaseShapes.Seen(view: view, isStaff: CaseQueries.mayRead(view.record, actor))
    }

    private func apiList(_ asked: ListAsked, _ actor: Actor) async throws -> Slice<CaseLine> {
        let limit = asked.paging.limit
        guard actor.may(.caseRead) else {
            guard let person = actor.person else { throw WebRefusal.signInFirst }
            let before = try asked.paging.cursor.map { text in
                guard let id = CaseID(text: text) else { throw CaseRefusal.badCursor }
                return id
            }
            let lines = try await database.read { try CaseStore.mine(person, before: before, limit: limit + 1, $0) }
            return Slice(lines, limit: limit) { $0.id.text }
        }
        let scope = try actor.scope(.caseRead)
        var filter = DeskPages.Filter()
        filter.queue = asked.queue ?? ""
        filter.search = asked.search ?? ""
        filter.after = asked.paging.cursor ?? ""
        var wanted = try deskFilter(filter)
        wanted.category = asked.category
        wanted.limit = limit + 1
        let fixed = wanted
        let lines = try await database.read { try CaseStore.desk(scope, fixed, $0) }
        return Slice(lines, limit: limit) { "\($0.due.ms)-\($0.id.text)" }
    }

    private func apiRegister(_ asked: RegisterAsked, _ call: APICall) async throws -> APIAnswer<Registered> {
        let context = call.context
        let person = try person(context)
        let sender: NewCase.Sender
        var channel = Channel.mobile
        if context.actor.may(.caseRegister) {
            channel = asked.channel ?? .frontDesk
            var phone: Phone?
            if let text = asked.phone, !text.isEmpty {
                guard let found = Phone(text) else { throw DirectoryRefusal.badPhone }
                phone = found
            }
            sender = .staff(context.actor, name: asked.name ?? "", phone: phone)
        } else {
            // A resident reports from where they live.
            let place = try await database.read { try DirectoryStore.area(asked.area, $0) }
            guard let place,
                context.actor.homes.contains(where: {
                    $0.unit == place.id || $0.building == place.id || $0.estate == place.id
                })
            else { throw CaseRefusal.noPlace }
            sender = .resident(person, name: context.actor.name)
        }
        let done = try await actions.register(
            NewCase(
                area: asked.area, place: asked.place ?? "", words: asked.words, category: asked.category,
                urgency: context.actor.may(.caseRegister) ? asked.urgency : nil, channel: channel,
                key: call.key ?? freshKey(), sender: sender))
        var answer = APIAnswer.made(done, at: "/api/v1/cases/\(done.id.text)")
        answer.isRepeat = done.repeated
        return answer
    }
}

import Hummingbird
import Kernel
import Storage
import Web

extension DirectoryHouse {
    func rosterRoutes(_ table: RouteTable) {
        table.get("/desk/roster", .verb(.rosterEdit)) { request, context in
            try await roster(RosterChoice(request), context, sent: nil, refusal: nil)
        }
        table.post("/desk/roster", .verb(.rosterEdit)) { request, context in
            try await CoverKit.take(request, context) { sent in
                let choice = RosterChoice(sent)
                guard let estate = AreaID(text: choice.estate) else { throw WebRefusal.malformed }
                switch sent["way"] {
                case "copy":
                    let done = try await staff.copyWeek(
                        choice.week ?? today, kind: choice.kind, estate: estate, by: context.actor)
                    return choice.href([("made", String(done.made)), ("skipped", String(done.skipped))])
                case "pattern":
                    let made = try await staff.addPattern(
                        try pattern(sent, choice.kind), estate: estate, by: context.actor)
                    return choice.href([("made", String(made))])
                default:
                    guard let person = PersonID(text: sent["person"]) else { throw WebRefusal.malformed }
                    guard let from = LocalInput.instant(sent.trimmed("from")),
                        let to = LocalInput.instant(sent.trimmed("to"))
                    else { throw DirectoryRefusal.badShift }
                    try await staff.addShift(
                        estate: estate, person: person, squad: sent["squad"], from: from, to: to, kind: choice.kind,
                        place: sent.trimmed("place"), by: context.actor)
                    var seen = choice
                    seen.week = Zone.shanghai.day(of: from)
                    return seen.href()
                }
            } again: { sent, refusal in
                try await roster(RosterChoice(sent), context, sent: sent, refusal: refusal)
            }
        }
        table.get("/desk/roster/:id", .verb(.rosterEdit)) { request, context in
            try await shiftPage(context.id("id"), RosterChoice(request), context, sent: nil, refusal: nil)
        }
        table.post("/desk/roster/:id", .verb(.rosterEdit)) { request, context in
            let id = try context.id("id", ShiftTag.self)
            return try await CoverKit.take(request, context) { sent in
                let choice = RosterChoice(sent)
                guard let estate = AreaID(text: choice.estate), let version = Int64(sent["version"]),
                    let person = PersonID(text: sent["person"])
                else { throw WebRefusal.malformed }
                guard let from = LocalInput.instant(sent["from"]), let to = LocalInput.instant(sent["to"]) else {
                    throw DirectoryRefusal.badShift
                }
                try await staff.changeShift(
                    id.raw, estate: estate, person: person, from: from, to: to, place: sent.trimmed("place"),
                    why: sent.trimmed("why"), was: version, by: context.actor)
                return choice.href()
            } again: { sent, refusal in
                try await shiftPage(id, RosterChoice(sent), context, sent: sent, refusal: refusal)
            }
        }
        table.post("/desk/roster/:id/delete", .verb(.rosterEdit)) { request, context in
            let id = try context.id("id", ShiftTag.self)
            return try await CoverKit.take(request, context) { sent in
                let choice = RosterChoice(sent)
                guard let estate = AreaID(text: choice.estate) else { throw WebRefusal.malformed }
                try await staff.deleteShift(
                    id.raw, estate: estate, why: sent.trimmed("why"), by: context.actor)
                return choice.href()
            } again: { sent, refusal in
                try await shiftPage(id, RosterChoice(sent), context, sent: sent, refusal: refusal)
            }
        }
        table.get("/desk/duty", .verb(.caseRead)) { request, context in
            let (estates, estate, now) = try await duty(request.asked("estate"), context.actor)
            return DutyPage(estates: estates, estate: estate, duty: now).answer(CoverKit(context, now: world.now()))
        }
    }

    private var today: Day { Zone.shanghai.day(of: world.now()) }

    private func pattern(_ sent: Typed, _ kind: RosterKind) throws -> ShiftPattern {
        guard let first = LocalInput.day(sent["first"]) else { throw CoverRefusal.badTime("first") }
        guard let last = LocalInput.day(sent["last"]) else { throw CoverRefusal.badTime("last") }
        return ShiftPattern(
            kind: kind, squad: sent["squad"], place: sent.trimmed("place"),
            people: sent.all("person").compactMap { PersonID(text: $0) }, first: first, last: last,
            weekdays: Set(sent.all("weekday").compactMap { Int($0) }.filter { (1...7).contains($0) }),
            start: try minutes(sent["start"], "start"), end: try minutes(sent["end"], "end"),
            skipsHolidays: !sent["skip"].isEmpty)
    }

    /// `20:30`, as a browser sends it.
    private func minutes(_ text: String, _ field: String) throws -> Int {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].utf8.count == 2, parts[1].utf8.count == 2, let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
        else { throw CoverRefusal.badTime(field) }
        return hour * 60 + minute
    }

    /// The roster of one of the estates in scope: the one asked for, or the first.
    private func roster(
        _ choice: RosterChoice, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let scope = try context.actor.scope(.rosterEdit)
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let monday = Roster.monday(choice.week ?? today)
        let from = Zone.shanghai.instant(monday)
        let view: RosterPage? = try await database.read { transaction in
            var estates: [Area] = []
            for place in scope.places { estates += try DirectoryStore.estates(under: place.path, transaction) }
            let wanted = choice.estate.isEmpty ? estates.first : estates.first { $0.id.text == choice.estate }
            guard let estate = wanted else { return nil }
            let colleagues = try DirectoryStore.colleagues(at: estate.path, may: .caseRead, on: today, transaction)
            let shifts = try RosterStore.shifts(
                area: estate.id, from: from, to: from.adding(days: 7), transaction
            ).filter { $0.kind == choice.kind }
            let people = shifts.map(\.person)
            return RosterPage(
                estates: estates, estate: estate, colleagues: colleagues, shifts: shifts,
                double: Roster.overlaps(
                    try RosterStore.shifts(of: people, from: from, to: from.adding(days: 7), transaction)),
                leaves: try LeaveStore.on(people, from: from, to: from.adding(days: 8), transaction),
                changes: try RosterStore.changes(area: estate.id, transaction), monday: monday, today: today, now: now,
                kind: choice.kind, result: choice.result)
        }
        guard let view else { throw DirectoryRefusal.notFound }
        return view.answer(CoverKit(context, now: now, sent: sent, refusal: refusal))
    }

    private func shiftPage(
        _ id: ID<ShiftTag>, _ choice: RosterChoice, _ context: WebContext, sent: Typed?, refusal: (any Refusal)?
    ) async throws -> Response {
        let actor = context.actor
        guard let estate = AreaID(text: choice.estate) else { throw DirectoryRefusal.notFound }
        let today = today
        let page: ShiftPage = try await database.read { transaction in
            let (area, _) = try StaffActions.place(estate, actor, transaction)
            guard let shift = try RosterStore.shift(id.raw, area: estate, transaction) else {
                throw DirectoryRefusal.notFound
            }
            return ShiftPage(
                choice: choice, shift: shift,
                colleagues: try DirectoryStore.colleagues(at: area.path, may: .caseRead, on: today, transaction))
        }
        return page.answer(CoverKit(context, now: world.now(), sent: sent, refusal: refusal))
    }

    // MARK: On duty now

    /// Who is on duty now in an estate that the actor may look after; with nothing asked for, in the first of them.
    private func duty(_ asked: String, _ actor: Actor) async throws -> ([Area], Area, [OnDuty]) {
        let scope = try actor.scope(.caseRead)
        let now = world.now()
        return try await database.read { transaction in
            var estates: [Area] = []
            for place in scope.places { estates += try DirectoryStore.estates(under: place.path, transaction) }
            let wanted = asked.isEmpty ? estates.first : estates.first { $0.id.text == asked }
            guard let estate = wanted else { throw DirectoryRefusal.notFound }
            return (estates, estate, try OnDuty.now(estate.id, at: now, transaction))
        }
    }

    // MARK: JSON

    private struct ShiftAsked: Asked {
        let id: AreaID
        let person: PersonID
        let squad: Squad?
        let from: Instant
        let to: Instant
        let kind: RosterKind
        let place: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            person = try ask.body("person", .id())
            squad = try ask.body.optional("squad", DirectoryShapes.squad, "For the roster of the squads.")
            from = try ask.body("from", .time)
            to = try ask.body("to", .time, "At most a day later.")
            kind = try ask.body.optional("kind", DirectoryShapes.rosterKind, "The squads if not said.") ?? .squads
            place = try ask.body.optional("place", .text(0...40), "Where, in words.") ?? ""
        }
    }
    private struct ShiftNamed: Asked {
        let id: AreaID
        let shift: ID<ShiftTag>
        let why: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            shift = try ask.path("shift", .id())
            why = try ask.body("why", .text(1...200), "Kept with the change.")
        }
    }
    private struct ShiftChanged: Asked {
        let id: AreaID
        let shift: ID<ShiftTag>
        let person: PersonID
        let from: Instant
        let to: Instant
        let place: String
        let why: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            shift = try ask.path("shift", .id())
            person = try ask.body("person", .id())
            from = try ask.body("from", .time)
            to = try ask.body("to", .time, "At most a day later.")
            place = try ask.body.optional("place", .text(0...40), "Where, in words.") ?? ""
            why = try ask.body("why", .text(1...200), "Kept with the change.")
            version = try ask.body("version", .whole(0...Int64.max >> 1), "That was seen.")
        }
    }
    private struct WeekAsked: Asked {
        let id: AreaID
        let kind: RosterKind
        let week: Day?
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            kind = try ask.query.optional("kind", DirectoryShapes.rosterKind, "The squads if not said.") ?? .squads
            week = try ask.query.optional("week", .day, "A day of it; today if not said.")
        }
    }
    private struct PatternAsked: Asked {
        let id: AreaID
        let pattern: ShiftPattern
        private static let people = Shape<PersonID>.id().list(1...20)
        private static let weekdays = Shape<Int64>.whole(1...7).list(1...7)
        private static let minutes = Shape<Int64>.whole(0...1439)
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            let kind = try ask.body.optional("kind", DirectoryShapes.rosterKind, "The squads if not said.") ?? .squads
            let squad = try ask.body.optional("squad", DirectoryShapes.squad, "For the roster of the squads.")
            pattern = ShiftPattern(
                kind: kind, squad: squad?.rawValue ?? "",
                place: try ask.body.optional("place", .text(0...40), "Where, in words.") ?? "",
                people: try ask.body("people", Self.people), first: try ask.body("first", .day),
                last: try ask.body("last", .day, "At most 190 days later."),
                weekdays: Set(try ask.body("weekdays", Self.weekdays, "1 Monday to 7 Sunday.").map { Int($0) }),
                start: Int(try ask.body("start_minutes", Self.minutes, "Of the day.")),
                end: Int(try ask.body("end_minutes", Self.minutes, "Not after the start: of the next day.")),
                skipsHolidays: try ask.body.optional("skip_holidays", .flag, "Days off of the calendar.") ?? false)
        }
    }
    private struct CopyAsked: Asked {
        let id: AreaID
        let kind: RosterKind
        let week: Day
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            kind = try ask.body("kind", DirectoryShapes.rosterKind)
            week = try ask.body("week", .day, "A day of the week that is filled from the one before.")
        }
    }

    func rosterAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/rosters/:id", .verb(.rosterEdit),
            API(
                .roster, "Who is on duty in an estate in the next fourteen days.",
                refuses: [DirectoryRefusal.notFound], isSingle: true), AreaAsked.self, DirectoryShapes.duty
        ) { asked, call in
            let from = Zone.shanghai.instant(today)
            let to = from.adding(days: Roster.horizonDays)
            let actor = call.actor
            let shifts = try await database.read { transaction in
                _ = try StaffActions.place(asked.id, actor, transaction)
                return try RosterStore.shifts(area: asked.id, from: from, to: to, transaction)
            }
            return .ok(DirectoryShapes.Duty(shifts: shifts, gaps: Roster.gaps(shifts, from: from, to: to)))
        }
        table.get(
            "/api/v1/rosters/:id/week", .verb(.rosterEdit),
            API(.roster, "One roster of an estate for a week.", refuses: [DirectoryRefusal.notFound], isSingle: true),
            WeekAsked.self, DirectoryShapes.duty
        ) { asked, call in
            let from = Zone.shanghai.instant(Roster.monday(asked.week ?? today))
            let to = from.adding(days: 7)
            let actor = call.actor
            let shifts = try await database.read { transaction in
                _ = try StaffActions.place(asked.id, actor, transaction)
                return try RosterStore.shifts(area: asked.id, from: from, to: to, transaction)
                    .filter { $0.kind == asked.kind }
            }
            return .ok(DirectoryShapes.Duty(shifts: shifts, gaps: Roster.gaps(shifts, from: from, to: to)))
        }
        table.get(
            "/api/v1/rosters/:id/now", .verb(.caseRead),
            API(.roster, "Who is on duty in an estate now.", refuses: [DirectoryRefusal.notFound]), AreaAsked.self,
            OnDuty.shape.slices
        ) { asked, call in .ok(Slice(try await duty(asked.id.text, call.actor).2)) }
        table.get(
            "/api/v1/rosters/:id/colleagues", .verb(.rosterEdit),
            API(.roster, "Who may be put on duty in an estate.", refuses: [DirectoryRefusal.notFound]), AreaAsked.self,
            DirectoryShapes.colleague.slices
        ) { asked, call in
            let today = today
            let actor = call.actor
            return .ok(
                Slice(
                    try await database.read { transaction in
                        let (area, _) = try StaffActions.place(asked.id, actor, transaction)
                        return try DirectoryStore.colleagues(at: area.path, may: .caseRead, on: today, transaction)
                    }))
        }
        shiftAPI(table)
    }

    private func shiftAPI(_ table: RouteTable) {
        let refusals: [any Refusal] = [
            DirectoryRefusal.notFound, DirectoryRefusal.badShift, DirectoryRefusal.shiftTaken,
        ]
        table.post(
            "/api/v1/rosters/:id/shifts", .verb(.rosterEdit), API(.roster, "Puts somebody on duty.", refuses: refusals),
            ShiftAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await staff.addShift(
                estate: asked.id, person: asked.person, squad: asked.squad?.rawValue ?? "", from: asked.from,
                to: asked.to, kind: asked.kind, place: asked.place, by: call.actor)
            return .made(Made(ID<ShiftTag>(id).text))
        }
        table.post(
            "/api/v1/rosters/:id/patterns", .verb(.rosterEdit),
            API(.roster, "The same shift every week until a day: all of them, or none.", refuses: refusals),
            PatternAsked.self, DirectoryShapes.rosterResult
        ) { asked, call in
            let made = try await staff.addPattern(asked.pattern, estate: asked.id, by: call.actor)
            return .ok(RosterResult(made: made, skipped: 0))
        }
        table.post(
            "/api/v1/rosters/:id/copies", .verb(.rosterEdit),
            API(.roster, "Fills a week from the one before.", refuses: refusals), CopyAsked.self,
            DirectoryShapes.rosterResult
        ) { asked, call in
            .ok(try await staff.copyWeek(asked.week, kind: asked.kind, estate: asked.id, by: call.actor))
        }
        table.post(
            "/api/v1/rosters/:id/shifts/:shift/change", .verb(.rosterEdit),
            API(.roster, "Another person, time or place, with the reason.", refuses: refusals), ShiftChanged.self,
            .nothing
        ) { asked, call in
            try await staff.changeShift(
                asked.shift.raw, estate: asked.id, person: asked.person, from: asked.from, to: asked.to,
                place: asked.place, why: asked.why, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/rosters/:id/shifts/:shift/deletion", .verb(.rosterEdit),
            API(.roster, "Takes somebody off duty, with the reason.", refuses: [DirectoryRefusal.notFound]),
            ShiftNamed.self, .nothing
        ) { asked, call in
            try await staff.deleteShift(asked.shift.raw, estate: asked.id, why: asked.why, by: call.actor)
            return .done
        }
    }
}

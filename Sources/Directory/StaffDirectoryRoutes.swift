import Hummingbird
import Kernel
import Storage
import Web

extension DirectoryHouse {
    func staffRoutes(_ table: RouteTable) {
        table.get("/desk/homes", .verb(.residentApprove)) { _, context in try await approvals(nil, context) }
        table.post("/desk/homes/:id", .verb(.residentApprove)) { request, context in
            let typed = try await typed(request, context)
            let id = try context.id("id", HomeTag.self)
            guard ["accept", "refuse"].contains(typed["decision"]) else { throw WebRefusal.malformed }
            do {
                try await homes.decide(id.raw, accept: typed["decision"] == "accept", by: context.actor)
                return Answer.redirect(Href("/desk/homes"))
            } catch let refusal as DirectoryRefusal where refusal.kind == .conflict {
                return try await approvals(refusal, context)
            }
        }
        rosterRoutes(table)
        calendarRoutes(table)
    }

    private func approvals(_ refusal: (any Refusal)?, _ context: WebContext) async throws -> Response {
        let scope = try context.actor.scope(.residentApprove)
        let waiting = try await database.read { try DirectoryStore.waitingHomes(scope, $0) }
        let main = ApprovalsPage(waiting: waiting, refusal: refusal).main(context, say(context))
        return shown(staffPage(context.words(.approvalsTitle), main, context), refusal, context)
    }

    // MARK: Roster

    private func rosterRoutes(_ table: RouteTable) {
        table.get("/desk/roster", .verb(.rosterEdit)) { request, context in
            try await roster(request.asked("estate"), RosterPage.Typed(), context)
        }
        table.post("/desk/roster", .verb(.rosterEdit)) { request, context in
            let sent = try await typed(request, context)
            var typed = RosterPage.Typed(
                person: sent["person"], squad: sent["squad"], from: sent.trimmed("from"), to: sent.trimmed("to"))
            do {
                guard let estate = AreaID(text: sent["estate"]), let person = PersonID(text: typed.person) else {
                    throw WebRefusal.malformed
                }
                guard let from = LocalInput.instant(typed.from), let to = LocalInput.instant(typed.to) else {
                    throw DirectoryRefusal.badShift
                }
                try await staff.addShift(
                    estate: estate, person: person, squad: typed.squad, from: from, to: to, by: context.actor)
                return Answer.redirect(Href("/desk/roster", query: [("estate", estate.text)]))
            } catch let refusal as any Refusal {
                typed.refusal = refusal
                return try await roster(sent["estate"], typed, context)
            }
        }
        table.post("/desk/roster/:id/delete", .verb(.rosterEdit)) { request, context in
            let sent = try await typed(request, context)
            let id = try context.id("id", ShiftTag.self)
            guard let estate = AreaID(text: sent["estate"]) else { throw WebRefusal.malformed }
            try await staff.deleteShift(id.raw, estate: estate, by: context.actor)
            return Answer.redirect(Href("/desk/roster", query: [("estate", estate.text)]))
        }
    }

    /// The roster of one of the estates in scope: the one asked for, or the first.
    private func roster(_ asked: String, _ typed: RosterPage.Typed, _ context: WebContext) async throws -> Response {
        let scope = try context.actor.scope(.rosterEdit)
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let from = Zone.shanghai.instant(today)
        let to = from.adding(days: Roster.horizonDays)
        let view: RosterPage? = try await database.read { transaction in
            var estates: [Area] = []
            for place in scope.places { estates += try DirectoryStore.estates(under: place.path, transaction) }
            let wanted = asked.isEmpty ? estates.first : estates.first { $0.id.text == asked }
            guard let estate = wanted else { return nil }
            let colleagues = try DirectoryStore.colleagues(at: estate.path, may: .caseRead, on: today, transaction)
            return RosterPage(
                estates: estates, estate: estate, colleagues: colleagues,
                shifts: try RosterStore.shifts(area: estate.id, from: from, to: to, transaction), today: today,
                now: now, typed: typed)
        }
        guard let view else { throw DirectoryRefusal.notFound }
        let main = view.main(context, say(context))
        return shown(staffPage(context.words(.rosterTitle), main, context), typed.refusal, context)
    }

    // MARK: Calendar

    private func calendarRoutes(_ table: RouteTable) {
        table.get("/desk/calendar", .verb(.calendarEdit)) { request, context in
            let year = Int(request.asked("year")) ?? Zone.shanghai.day(of: world.now()).civil.year
            return try await calendar(year, CalendarPage.Typed(), context)
        }
        table.post("/desk/calendar", .verb(.calendarEdit)) { request, context in
            let sent = try await typed(request, context)
            var typed = CalendarPage.Typed(
                confirms: sent["way"] == "confirm", day: sent.trimmed("day"), kind: sent["kind"],
                source: sent.trimmed("source"), name: sent.trimmed("name"))
            typed.start = sent.trimmed("start")
            var year = Int(sent["year"]) ?? 0
            do {
                let from = try RuleEdit.start(typed.start)
                let seen = Int64(sent["version"])
                if typed.confirms {
                    try await staff.confirmYear(
                        year, source: typed.source, from: from, seen: seen, by: context.actor)
                } else {
                    guard let day = LocalInput.day(typed.day) else { throw DirectoryRefusal.badDate }
                    guard let kind = DayKind(code: typed.kind, name: typed.name) else { throw WebRefusal.malformed }
                    try await staff.changeDay(
                        day, to: kind, source: typed.source, from: from, seen: seen, by: context.actor)
                    year = day.civil.year
                }
                return Answer.redirect(Href("/desk/calendar", query: [("year", String(year))]))
            } catch let refusal as any Refusal {
                typed.refusal = refusal
                return try await calendar(year, typed, context)
            }
        }
    }

    private func calendar(_ year: Int, _ typed: CalendarPage.Typed, _ context: WebContext) async throws -> Response {
        let here = Zone.shanghai.day(of: world.now()).civil.year
        let year = StaffActions.years.contains(year) ? year : here
        let view: CalendarPage = try await database.read { transaction in
            CalendarPage(
                year: year, days: try CalendarStore.days(of: year, transaction),
                source: try CalendarStore.source(of: year, transaction), typed: typed,
                history: try RuleHistory.load(.calendar, transaction))
        }
        return shown(
            staffPage(context.words(.calendarTitle), view.main(context, say(context)), context), typed.refusal, context)
    }
}

enum HomeTag {}
enum ShiftTag {}

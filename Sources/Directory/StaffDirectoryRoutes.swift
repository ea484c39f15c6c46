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

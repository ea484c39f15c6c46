import Cases
import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The numbers as JSON: the same model, the same lists.
extension InsightHouse {
    private struct PlaceAsked: Asked {
        let place: AreaID?
        init(_ ask: Ask) throws {
            place = try ask.query.optional("place", .id(), "An area; all that one's posts cover if not said.")
        }
    }
    private struct EstatesAsked: Asked {
        let place: AreaID?
        let paging: Paging
        init(_ ask: Ask) throws {
            place = try ask.query.optional("place", .id(), "An area; all that one's posts cover if not said.")
            paging = try Paging(ask)
        }
    }
    private struct CasesAsked: Asked {
        let what: Counted
        let place: AreaID?
        let day: Day?
        let to: Day?
        let since: Instant?
        let paging: Paging
        init(_ ask: Ask) throws {
            what = try ask.query("what", InsightShapes.counted, "The number whose cases are wanted.")
            place = try ask.query.optional("place", .id(), "An area; all that one's posts cover if not said.")
            day = try ask.query.optional("day", .day, "Of what is counted by the day; today if not said.")
            to = try ask.query.optional("to", .day, "The last of several days.")
            since = try ask.query.optional("since", .time, "Of steps: only those from then on.")
            paging = try Paging(ask)
        }
    }

    func apiRoutes(_ table: RouteTable) {
        table.get(
            "/api/v1/screen", .verb(.statisticsRead),
            API(
                .statistics, "Promises kept and broken today, what stands open, and the last fourteen days.",
                refuses: [InsightRefusal.notFound]), PlaceAsked.self, InsightShapes.screen
        ) { asked, call in
            let (reach, _, area) = try await reach(asked.place, call.actor)
            return .ok(InsightShapes.Screen(model: try await model(reach), name: area?.name))
        }
        table.get(
            "/api/v1/screen/estates", .verb(.statisticsRead),
            API(
                .statistics, "The same by estate, also for places where estates stood before they moved.",
                refuses: [InsightRefusal.notFound, InsightRefusal.badCursor]), EstatesAsked.self,
            InsightShapes.place.slices
        ) { asked, call in
            let (reach, _, _) = try await reach(asked.place, call.actor)
            let model = try await model(reach)
            // By the place's own name, so that pages fit together while numbers change.
            let all = model.places.sorted { ($0.area, $0.path.text) < ($1.area, $1.path.text) }
            var start = 0
            if let cursor = asked.paging.cursor {
                let parts = cursor.split(separator: "-")
                guard parts.count == 2, let id = AreaID(text: parts[0]), let count = Int(parts[1]) else {
                    throw InsightRefusal.badCursor
                }
                // Of the rows of one area, so many are done.
                let first = all.firstIndex { $0.area >= id } ?? all.count
                var done = 0
                start = first
                while start < all.count, all[start].area == id, done < count { (start, done) = (start + 1, done + 1) }
            }
            let rows = Array(all[start...].prefix(asked.paging.limit + 1))
            return .ok(
                Slice(rows, limit: asked.paging.limit) { last in
                    let same = all.filter { $0.area == last.area }
                    let place = (same.firstIndex { $0.path == last.path } ?? 0) + 1
                    return "\(last.area.text)-\(place)"
                })
        }
        table.get(
            "/api/v1/screen/cases", .verb(.statisticsRead),
            API(
                .statistics, "The cases behind a number, the earliest first.",
                refuses: [InsightRefusal.notFound, InsightRefusal.badCursor, InsightRefusal.badDay]), CasesAsked.self,
            InsightShapes.item.slices
        ) { asked, call in
            var wanted = ListAsked(what: asked.what, place: asked.place, limit: asked.paging.limit)
            wanted.day = asked.day?.description ?? ""
            wanted.to = asked.to?.description ?? ""
            wanted.since = asked.since.map { "\($0.ms)" } ?? ""
            wanted.cursor = asked.paging.cursor ?? ""
            let list = try await list(wanted, call.actor)
            return .ok(Slice(list.items, next: list.next?.text))
        }
        table.get(
            "/api/v1/morning", .verb(.statisticsRead),
            API(.statistics, "What a street looks at before the day begins.", refuses: [InsightRefusal.notFound]),
            PlaceAsked.self, InsightShapes.morning
        ) { asked, call in .ok(try await morning(asked.place, call.actor)) }
    }
}

/// What the numbers look like in JSON.
enum InsightShapes {
    static let counted = Shape<Counted>.choice(Counted.all) { $0.code }
    static let fact = Shape<FactKind>.choice(FactKind.allCases) { String(describing: $0) }

    struct Screen: Sendable {
        let model: ScreenModel
        let name: String?
    }
    struct TrendDay: Sendable {
        let day: Day
        let numbers: DayNumbers
        let isOver: Bool
        func broken(_ clock: ClockKind) -> Int64 { numbers[.broken, clock] + (isOver ? numbers[.running, clock] : 0) }
    }

    static let queues = Shape<QueueNumbers>.object("OpenCases") {
        Member("total", .whole) { $0.total }
        Member("intake", .whole) { $0[.intake] }
        Member("dispatch", .whole) { $0[.dispatch] }
        Member("handling", .whole) { $0[.handling] }
        Member("feedback", .whole) { $0[.feedback] }
        Member("rating", .whole) { $0[.rating] }
        Member("strike_off", .whole) { $0[.strikeOff] }
        Member("paused", .whole) { $0[.paused] }
    }
    static let numbers = Shape<ScreenPlace>.object("ScreenNumbers") {
        Member("kept", .whole, "Promises kept today.") { $0.kept }
        Member("broken", .whole, "Promises broken today, by time or by a late step.") { $0.broken }
        Member("pending", .whole, "Promises that fall due today and have not yet.") { $0.pending }
        Member("overdue", .whole, "Promises broken and still not answered, of any day.") { $0.pressing.overdue }
        Member("soon", .whole, "Promises past their warning, not yet broken.") { $0.pressing.soon }
        Member("registered", .whole, "Today, like those below.") { $0.day[.registered] }
        Member("attended", .whole) { $0.day[.attended] }
        Member("handled", .whole) { $0.day[.handled] }
        Member("fed_back", .whole) { $0.day[.fedBack] }
        Member("struck_off", .whole) { $0.day[.struckOff] }
        Member("open", queues) { $0.open }
    }
    static let trendDay = Shape<TrendDay>.object("ScreenDay") {
        Member("day", .day) { $0.day }
        Member("registered", .whole) { $0.numbers[.registered] }
        Member("struck_off", .whole) { $0.numbers[.struckOff] }
        Member("kept_attend", .whole) { $0.numbers[.kept, .attend] }
        Member("kept_handle", .whole) { $0.numbers[.kept, .handle] }
        Member("kept_feedback", .whole) { $0.numbers[.kept, .feedback] }
        Member("broken_attend", .whole) { $0.broken(.attend) }
        Member("broken_handle", .whole) { $0.broken(.handle) }
        Member("broken_feedback", .whole) { $0.broken(.feedback) }
    }
    static let screen = Shape<Screen>.object("Screen") {
        Member("at", .time) { $0.model.at }
        Member("name", .words) { $0.name ?? $0.model.title }
        Member("estates", .whole) { Int64($0.model.estates) }
        Member("complete", .flag, "False while the numbers are being put together.") { !$0.model.isWalking }
        Member("sums", numbers) { $0.model.sums }
        Member("days", trendDay.list(), "The last fourteen, today last.") { screen in
            let model = screen.model
            return (0...ScreenTrend.pastDays).map { index in
                let day = model.day.adding(index - ScreenTrend.pastDays)
                return day == model.day
                    ? TrendDay(day: day, numbers: model.today, isOver: false)
                    : TrendDay(day: day, numbers: model.past[day] ?? DayNumbers(), isOver: true)
            }
        }
    }
    static let place = Shape<ScreenPlace>.object("ScreenPlace") {
        Member("area", .id()) { $0.area }
        Member("name", .words) { $0.name }
        Member("above", .words, "The area above it.") { $0.above }
        Member("moved", .flag, "It stands elsewhere today; this is what it left here.") { $0.hasMoved }
        Member("numbers", numbers) { $0 }
    }
    static let item = Shape<CountedList.Item>.object("CountedCase") {
        Member("id", .id()) { $0.row.caseID }
        Member("title", .words) { $0.title }
        Member("estate", .words) { $0.estate }
        Member("place", .words) { $0.place }
        Member("fact", fact) { $0.row.kind }
        Member("at", .time, "When it was, or falls due.") { $0.row.at }
    }
    static let count = Shape<MorningModel.Place>.object("PlaceCount") {
        Member("area", .id()) { $0.area }
        Member("name", .words) { $0.name }
        Member("n", .whole) { $0.n }
    }
    static let duty = Shape<DutyLine>.object("MorningDuty") {
        Member("estate", .id()) { $0.estate }
        Member("squad", .words) { $0.squad }
        Member("name", .words) { $0.name }
        Member("from", .time) { $0.from }
        Member("to", .time) { $0.to }
    }
    static let morning = Shape<MorningModel>.object("Morning") {
        Member("at", .time) { $0.at }
        Member("name", .words) { $0.title }
        Member("since", .time, "Closing time of the last working day.") { $0.since }
        Member("reported", count.list(), "Since then, by place.") { $0.incoming }
        Member("latest", item.list(), "The latest of them.") { $0.latest }
        Member("broken_from", .day, "The first day of what was broken, up to yesterday.") { $0.brokenFrom }
        Member("broken", count.list()) { $0.broken }
        Member("due", item.list(), "What falls due today next.") { $0.due }
        Member("due_count", .whole) { $0.dueCount }
        Member("overdue", item.list()) { $0.overdue }
        Member("overdue_count", .whole) { $0.overdueCount }
        Member("silent", count.list(), "Estates without a report for a week.") { $0.silent }
        Member("duty", duty.list()) { $0.duty }
    }
}

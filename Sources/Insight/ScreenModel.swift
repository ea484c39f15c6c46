import Cases
import Directory
import Kernel
import Storage
import Synchronization
import Web

/// An estate on the screen, or another place that cases stand at: an area above estates, a place where an estate stood.
package struct ScreenPlace: Sendable {
    package let path: AreaPath
    package let area: AreaID
    package let name: String
    /// The area above it: the community of an estate.
    package let above: String
    /// The estate stands elsewhere today; these are what it left here.
    package let hasMoved: Bool
    package let isEstate: Bool
    package internal(set) var day = DayNumbers()
    package internal(set) var open = QueueNumbers()
    package internal(set) var pressing = InsightStore.Pressing()

    /// Promises that came to an end today: kept, or broken by time or by a late step.
    package var kept: Int64 { day[.kept] }
    package var broken: Int64 { day[.broken] + pressing.today.reduce(0, +) }
    package func broken(_ clock: ClockKind) -> Int64 {
        day[.broken, clock] + pressing.today[Int(clock.rawValue) - 1]
    }
    /// Promises that fall due today and have not yet.
    package var pending: Int64 { max(0, day[.running] - pressing.today.reduce(0, +)) }
    var isQuiet: Bool { open.total == 0 && kept + broken + day[.registered] == 0 }
}

/// All numbers of a scope at a moment. What is drawn from it is kept with it.
package final class ScreenModel: Sendable {
    package let at: Instant
    package let day: Day
    package let reach: Reach
    package let title: String
    /// The most pressing first.
    package let places: [ScreenPlace]
    package let sums: ScreenPlace
    package let estates: Int
    /// The thirteen days before today.
    package let past: [Day: DayNumbers]
    /// The walk through the cases has not come to its end: numbers are too small.
    package let isWalking: Bool
    private let drawn = Mutex<[String: HTML]>([:])

    init(
        at: Instant, reach: Reach, title: String, places: [ScreenPlace], past: [Day: DayNumbers], isWalking: Bool
    ) {
        self.at = at
        self.reach = reach
        self.title = title
        self.places = places
        self.past = past
        self.isWalking = isWalking
        day = Zone.shanghai.day(of: at)
        estates = places.count { $0.isEstate && !$0.hasMoved }
        var sums = ScreenPlace(
            path: .root, area: AreaID(1), name: title, above: "", hasMoved: false, isEstate: false)
        for place in places {
            sums.day += place.day
            sums.open += place.open
            sums.pressing.overdue += place.pressing.overdue
            sums.pressing.soon += place.pressing.soon
            for index in 0..<3 { sums.pressing.today[index] += place.pressing.today[index] }
        }
        self.sums = sums
    }

    /// What was drawn under a name before.
    func drawn(_ name: String) -> HTML? { drawn.withLock { $0[name] } }
    func keep(_ html: HTML, _ name: String) {
        drawn.withLock { drawn in
            if drawn.count < 200 { drawn[name] = html }
        }
    }

    /// Today's numbers with what time has broken so far: clocks that run past their due count as broken.
    package var today: DayNumbers {
        var numbers = sums.day
        for clock in ClockKind.allCases {
            if let column = DayNumbers.column(.broken, clock.rawValue) {
                numbers.values[column] = sums.broken(clock)
            }
        }
        return numbers
    }
}

/// Where the areas of a scope are: they change seldom and are read every ten seconds at most.
struct ScreenAreas: Sendable {
    let at: Instant
    let title: String
    /// Estates of today by their paths, and everything above them by id.
    let estates: [Area]
    let names: [AreaID: Area]
}

/// Models by scope, made anew when they are older than a second or something changed. One caller makes it; the others
/// get the one before meanwhile, for at most three seconds.
package final class ScreenKeep: Sendable {
    private struct Entry {
        var model: ScreenModel?
        var isStale = false
        var makingSince: Instant?
        var areas: ScreenAreas?
        var past: (at: Instant, day: Day, days: [Day: DayNumbers])?
    }
    private let state = Mutex<[Reach: Entry]>([:])
    static let freshMs: Int64 = 1000
    static let patienceMs: Int64 = 3000
    static let areasMs: Int64 = 10_000
    static let pastMs: Int64 = 60_000
    private static let scopes = 500

    package init() {}

    /// Something changed at these paths; at any for none.
    func changed(_ paths: [AreaPath]) {
        state.withLock { state in
            for (reach, _) in state
            where paths.isEmpty || reach.paths.contains(where: { one in paths.contains { one.contains($0) } }) {
                state[reach]?.isStale = true
            }
        }
    }

    /// Everything is read anew: for what the directory says too.
    package func forget() { state.withLock { $0 = [:] } }

    enum Find {
        case model(ScreenModel)
        /// The caller makes it, from these if they are fresh.
        case make(ScreenAreas?, [Day: DayNumbers]?)
    }

    func find(_ reach: Reach, at now: Instant) -> Find {
        state.withLock { state in
            if state.count >= Self.scopes, state[reach] == nil { state = [:] }
            var entry = state[reach] ?? Entry()
            // Midnight is not waited for: yesterday's numbers are not today's.
            if let model = entry.model, Zone.shanghai.day(of: now) == model.day {
                let age = abs(now.ms - model.at.ms)
                if age < Self.freshMs, !entry.isStale { return .model(model) }
                let isBeingMade = entry.makingSince.map { abs(now.ms - $0.ms) < Self.patienceMs } ?? false
                if isBeingMade, age < Self.patienceMs { return .model(model) }
            }
            entry.makingSince = now
            // What changes from here on makes the next one stale, not this one.
            entry.isStale = false
            state[reach] = entry
            let areas = entry.areas.flatMap { abs(now.ms - $0.at.ms) < Self.areasMs ? $0 : nil }
            let past = entry.past.flatMap { past in
                abs(now.ms - past.at.ms) < Self.pastMs && past.day == Zone.shanghai.day(of: now) ? past.days : nil
            }
            return .make(areas, past)
        }
    }

    func keep(_ model: ScreenModel, _ areas: ScreenAreas, pastIsFresh: Bool) {
        state.withLock { state in
            var entry = state[model.reach] ?? Entry()
            entry.makingSince = nil
            if (entry.model?.at ?? model.at) <= model.at { entry.model = model }
            entry.areas = areas
            if pastIsFresh { entry.past = (model.at, model.day, model.past) }
            state[model.reach] = entry
        }
    }

    /// It could not be made: the next caller tries.
    func gaveUp(_ reach: Reach) { state.withLock { $0[reach]?.makingSince = nil } }
}

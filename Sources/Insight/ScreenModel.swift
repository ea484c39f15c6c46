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

/// What was drawn from numbers that no longer change, by names.
final class Drawn: Sendable {
    private let state = Mutex<[String: Task<HTML, any Error>]>([:])
    private static let most = 200

    /// What is drawn under a name: by the first who asks, while the others wait for it. What failed is tried again.
    func html(_ name: String, _ draw: @escaping @Sendable () async throws -> HTML) async throws -> HTML {
        let drawing = state.withLock { drawn -> Task<HTML, any Error> in
            if let there = drawn[name] { return there }
            let fresh = Task { try await draw() }
            if drawn.count < Self.most { drawn[name] = fresh }
            return fresh
        }
        do {
            return try await drawing.value
        } catch {
            state.withLock { if $0[name] == drawing { $0[name] = nil } }
            throw error
        }
    }
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
    let drawn = Drawn()

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

/// Models by scope, made anew when they are older than a second or something changed. One of those who ask makes it,
/// however many they are; meanwhile the others get the one before, for at most three seconds, or wait for the new one.
package final class ScreenKeep: Sendable {
    private struct Entry {
        var model: ScreenModel?
        var isStale = false
        var making: Task<ScreenModel, any Error>?
        var areas: ScreenAreas?
        var past: (at: Instant, day: Day, days: [Day: DayNumbers])?
    }
    private enum Find {
        case model(ScreenModel)
        case wait(Task<ScreenModel, any Error>)
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

    /// - Parameter make: makes the model of that moment, from areas and past days that are still fresh, and says what
    ///   areas it was made from.
    func model(
        _ reach: Reach, at now: Instant,
        _ make: @escaping @Sendable (ScreenAreas?, [Day: DayNumbers]?) async throws -> (ScreenModel, ScreenAreas)
    ) async throws -> ScreenModel {
        let today = Zone.shanghai.day(of: now)
        let found: Find = state.withLock { state in
            if state.count >= Self.scopes, state[reach] == nil { state = [:] }
            var entry = state[reach] ?? Entry()
            // Midnight is not waited for: yesterday's numbers are not today's.
            if let model = entry.model, model.day == today {
                let age = abs(now.ms - model.at.ms)
                if age < Self.freshMs, !entry.isStale { return .model(model) }
                if entry.making != nil, age < Self.patienceMs { return .model(model) }
            }
            if let making = entry.making { return .wait(making) }
            // What changes from here on makes the next one stale, not this one.
            entry.isStale = false
            let areas = entry.areas.flatMap { abs(now.ms - $0.at.ms) < Self.areasMs ? $0 : nil }
            let past = entry.past.flatMap { past in
                abs(now.ms - past.at.ms) < Self.pastMs && past.day == today ? past.days : nil
            }
            let task = Task { try await self.made(reach, areas, past, make) }
            entry.making = task
            state[reach] = entry
            return .wait(task)
        }
        switch found {
        case .model(let model): return model
        case .wait(let task): return try await task.value
        }
    }

    private func made(
        _ reach: Reach, _ areas: ScreenAreas?, _ past: [Day: DayNumbers]?,
        _ make: @Sendable (ScreenAreas?, [Day: DayNumbers]?) async throws -> (ScreenModel, ScreenAreas)
    ) async throws -> ScreenModel {
        do {
            let (model, read) = try await make(areas, past)
            state.withLock { state in
                var entry = state[reach] ?? Entry()
                (entry.making, entry.model, entry.areas) = (nil, model, read)
                if past == nil { entry.past = (model.at, model.day, model.past) }
                state[reach] = entry
            }
            return model
        } catch {
            // The next caller tries.
            state.withLock { $0[reach]?.making = nil }
            throw error
        }
    }
}

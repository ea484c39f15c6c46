import Cases
import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The front door of Insight: the numbers of many estates. The county screen with the list behind every number, the wall,
/// and the street's morning page, from a read model of its own that follows the events of Cases (`Projection`).
///
/// Nothing in the model is about a person: places, moments, clocks and queues. What a list shows of a case beyond that
/// is asked of Cases for the rows of one page.
package struct InsightHouse: Sendable {
    package let directory: DirectoryHouse
    /// Tells open screens that the model has changed.
    package let live = LiveHub()
    package let keep = ScreenKeep()
    let mornings = MorningKeep()

    package init(directory: DirectoryHouse) { self.directory = directory }

    var database: any Database { directory.database }
    var world: World { directory.world }
    package var projection: Projection { Projection(database: database, world: world) }

    package func routes(_ table: RouteTable) {
        screenRoutes(table)
        morningRoutes(table)
        apiRoutes(table)
    }

    /// The model says something new at these paths; at any for none.
    package func changed(_ paths: Set<String>) {
        let places = paths.map { AreaPath($0) }
        keep.changed(places)
        if paths.isEmpty { live.changedAll() } else { for place in places { live.changed(place) } }
    }

    // MARK: Reading

    /// Everything that the actor may count, or what of it lies at one area, also where that area stood before it moved.
    func reach(_ place: AreaID?, _ actor: Actor) async throws -> (reach: Reach, isOnePlace: Bool, area: Area?) {
        let scope = try actor.scope(.statisticsRead)
        guard let place else { return (Reach(scope), false, nil) }
        return try await database.read { try Self.reach(place, scope, $0) }
    }

    static func reach(
        _ place: AreaID?, _ scope: Scope, _ transaction: any ReadTransaction
    ) throws -> (reach: Reach, isOnePlace: Bool, area: Area?) {
        let whole = Reach(scope)
        guard let place else { return (whole, false, nil) }
        guard let area = try DirectoryStore.area(place, transaction), area.level <= .estate else {
            throw InsightRefusal.notFound
        }
        let former = try AreaPastStore.former(of: [area.path], transaction)[area.path] ?? []
        let isEstate = area.level == .estate
        guard let reach = whole.narrowed(to: [area.path] + former, isEstate: isEstate) else {
            throw InsightRefusal.notFound
        }
        return (reach, isEstate, area)
    }

    /// The numbers of a reach: a second old at most, or older only while somebody makes newer ones.
    func model(_ reach: Reach) async throws -> ScreenModel {
        let now = world.now()
        let database = database
        return try await keep.model(reach, at: now) { areas, past in
            try await database.read { transaction in
                let read = try areas ?? Self.areas(reach, now, transaction)
                return (try Self.model(reach, read, past, now, transaction), read)
            }
        }
    }

    static func areas(
        _ reach: Reach, _ now: Instant, _ transaction: any ReadTransaction
    ) throws -> ScreenAreas {
        var all: [Area] = []
        for path in reach.paths {
            guard let top = path.ids.last else { continue }
            // Only what stands there today: of a former place there are rows, and no estates.
            let found = try DirectoryStore.downToEstates(top, transaction)
            if found.first?.path == path { all += found }
        }
        return ScreenAreas(
            at: now, title: all.first?.name ?? "", estates: all.filter { $0.level == .estate },
            names: Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    static func model(
        _ reach: Reach, _ areas: ScreenAreas, _ kept: [Day: DayNumbers]?, _ now: Instant,
        _ transaction: any ReadTransaction
    ) throws -> ScreenModel {
        let today = Zone.shanghai.day(of: now)
        let day = try InsightStore.day(reach, today, transaction)
        let open = try InsightStore.open(reach, transaction)
        let pressing = try InsightStore.pressing(
            reach, at: now, midnight: Zone.shanghai.instant(today), transaction)
        let past =
            try kept
            ?? InsightStore.trend(
                reach, from: today.adding(-ScreenTrend.pastDays), to: today.adding(-1), transaction)
        var names = areas.names
        let known = Set(areas.estates.map(\.path))
        let others = Set(day.keys).union(open.keys).union(pressing.keys).subtracting(known)
        let missing = Set(
            (areas.estates.compactMap(\.parent) + others.flatMap { $0.ids.suffix(2) }).filter { names[$0] == nil })
        names.merge(try DirectoryStore.areas(Array(missing), transaction)) { first, _ in first }
        var places: [ScreenPlace] = []
        places.reserveCapacity(known.count + others.count)
        for estate in areas.estates {
            places.append(
                ScreenPlace(
                    path: estate.path, area: estate.id, name: estate.name,
                    above: estate.parent.flatMap { names[$0]?.name } ?? "", hasMoved: false, isEstate: true))
        }
        for path in others {
            let ids = path.ids
            guard let id = ids.last, let area = names[id] else { continue }
            places.append(
                ScreenPlace(
                    path: path, area: id, name: area.name, above: ids.dropLast().last.flatMap { names[$0]?.name } ?? "",
                    hasMoved: area.path != path, isEstate: area.level == .estate))
        }
        for index in places.indices {
            let path = places[index].path
            if let one = day[path] { places[index].day = one }
            if let one = open[path] { places[index].open = one }
            if let one = pressing[path] { places[index].pressing = one }
        }
        // A place without numbers that is no estate of today is nothing.
        places.removeAll { ($0.hasMoved || !$0.isEstate) && $0.isQuiet && $0.pending == 0 }
        places.sort(by: ScreenPlace.isBefore)
        return ScreenModel(
            at: now, reach: reach, title: areas.title, places: places, past: past,
            isWalking: try InsightStore.walk(transaction).to != nil)
    }
}

extension ScreenPlace {
    /// What presses most comes first; places without anything by name.
    static func isBefore(_ a: ScreenPlace, _ b: ScreenPlace) -> Bool {
        let (one, two) = (
            (a.pressing.overdue, a.pressing.soon, a.broken, a.open.total, a.kept),
            (b.pressing.overdue, b.pressing.soon, b.broken, b.open.total, b.kept)
        )
        if one != two { return one > two }
        return (a.name, a.path.text) < (b.name, b.path.text)
    }
}

/// Everything that Insight refuses, by name.
package enum InsightRefusal: Refusal, Equatable {
    case notFound
    case badCursor
    case badDay

    package var kind: RefusalKind { self == .notFound ? .notFound : .invalid }
    package var field: String? {
        switch self {
        case .notFound: nil
        case .badCursor: "cursor"
        case .badDay: "day"
        }
    }
    package var message: Message {
        switch self {
        case .notFound: Phrase.insightNotFound()
        case .badCursor: Phrase.insightBadCursor()
        case .badDay: Phrase.insightBadDay()
        }
    }
}

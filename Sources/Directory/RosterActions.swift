import Kernel
import Storage
import Web

/// What was made of many shifts.
package struct RosterResult: Sendable, Equatable {
    package let made: Int
    package let skipped: Int
}

/// The rosters of an estate. A person has one shift at a time there, of whatever kind; each change is kept with who made
/// it and why.
extension StaffActions {
    /// Puts somebody who works for the estate on duty.
    @discardableResult
    package func addShift(
        estate: AreaID, person: PersonID, squad: String, from: Instant, to: Instant, kind: RosterKind = .squads,
        place: String = "", by actor: Actor
    ) async throws -> Int64 {
        let ids = try await add(
            estate: estate, kind: kind, squad: squad, place: place, people: [person], times: [(from, to)], series: 0,
            by: actor)
        return ids[0]
    }

    /// All shifts of a pattern, or none: where one person has a shift already it is named.
    @discardableResult
    package func addPattern(_ pattern: ShiftPattern, estate: AreaID, by actor: Actor) async throws -> Int {
        guard pattern.first <= pattern.last else { throw CoverRefusal.endsBeforeItBegins }
        guard pattern.last.number - pattern.first.number <= Int32(Roster.longestPatternDays) else {
            throw CoverRefusal.tooManyShifts
        }
        guard (0..<1440).contains(pattern.start), (0..<1440).contains(pattern.end) else {
            throw CoverRefusal.badTime("start")
        }
        let calendar = try await calendars.current(at: world.now())
        let times = pattern.times(calendar)
        guard !times.isEmpty else { throw CoverRefusal.noDays }
        guard !pattern.people.isEmpty else { throw CoverRefusal.nobodyChosen }
        return try await add(
            estate: estate, kind: pattern.kind, squad: pattern.squad, place: pattern.place, people: pattern.people,
            times: times, series: world.nextID(), by: actor
        ).count
    }

    private func add(
        estate: AreaID, kind: RosterKind, squad: String, place: String, people: [PersonID],
        times: [(from: Instant, to: Instant)], series: Int64, by actor: Actor
    ) async throws -> [Int64] {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let squad = kind == .squads ? squad : ""
        guard kind != .squads || Squad(rawValue: squad) != nil else { throw WebRefusal.malformed }
        let place = try CoverWords.checked(place, "place", 0...40)
        let now = world.now()
        for (from, to) in times { try Self.checkTimes(from, to, now) }
        let people = Array(Set(people)).sorted()
        guard people.count * times.count <= Roster.mostShifts else { throw CoverRefusal.tooManyShifts }
        let ids = times.flatMap { _ in people.map { _ in (world.nextID(), world.nextID()) } }
        let today = Zone.shanghai.day(of: now)
        let isOne = ids.count == 1
        return try await database.write { [journal] transaction in
            let (area, post) = try Self.place(estate, actor, transaction)
            let known = try DirectoryStore.colleagues(at: area.path, may: .caseRead, on: today, transaction)
            let names = Dictionary(known.map { ($0.person, $0.name) }, uniquingKeysWith: { first, _ in first })
            guard people.allSatisfy({ names[$0] != nil }) else { throw DirectoryRefusal.notFound }
            let first = times.map(\.from).min() ?? now
            let last = times.map(\.to).max() ?? now
            var others = try RosterStore.shifts(area: estate, from: first, to: last, transaction)
                .filter { people.contains($0.person) }
            var next = ids.makeIterator()
            for (from, to) in times {
                for person in people {
                    guard let (id, log) = next.next() else { break }
                    let shift = Shift(
                        id: id, person: person, name: names[person] ?? "", squad: squad, from: from, to: to,
                        kind: kind, place: place, series: series)
                    let isTaken = others.contains { $0.person == person && $0.meets(shift) }
                    guard !isTaken, try RosterStore.insert(shift, area: estate, by: author, at: now, transaction)
                    else {
                        if isOne { throw DirectoryRefusal.shiftTaken }
                        throw CoverRefusal.shiftOverlaps("\(shift.name) \(Say.exact(from))")
                    }
                    others.append(shift)
                    try RosterStore.keep(
                        log, .entered, shift, area: estate, why: "", by: author, at: now, transaction)
                }
            }
            let made = ids.map(\.0)
            try journal.audit(
                AuditEntry(
                    area: estate, actor: author, post: post.id, verb: isOne ? "roster.add" : "roster.pattern",
                    subject: made.first ?? 0,
                    detail: "\(people.map(\.text).joined(separator: ",")) \(squad) \(first.ms) \(last.ms) \(made.count)"
                ),
                at: now, transaction)
            return made
        }
    }

    private static func checkTimes(_ from: Instant, _ to: Instant, _ now: Instant) throws {
        guard from < to, to.ms - from.ms <= Roster.longestShiftMs, from >= now.adding(days: -31),
            from <= now.adding(days: 366)
        else { throw DirectoryRefusal.badShift }
    }

    /// The shifts of the week before once more, seven days later. Who works there no more is left out, as is what would
    /// lie over a shift that is there; a second copy makes nothing.
    package func copyWeek(_ monday: Day, kind: RosterKind, estate: AreaID, by actor: Actor) async throws -> RosterResult
    {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let start = Zone.shanghai.instant(Roster.monday(monday))
        try Self.checkTimes(start, start.adding(hours: 1), now)
        let today = Zone.shanghai.day(of: now)
        let world = world
        return try await database.write { [journal] transaction in
            let (area, post) = try Self.place(estate, actor, transaction)
            let before = try RosterStore.shifts(area: estate, from: start.adding(days: -7), to: start, transaction)
                .filter { $0.kind == kind && $0.from >= start.adding(days: -7) }
            guard before.count <= Roster.mostShifts else { throw CoverRefusal.tooManyShifts }
            var there = try RosterStore.shifts(area: estate, from: start, to: start.adding(days: 8), transaction)
            let known = Set(
                try DirectoryStore.colleagues(at: area.path, may: .caseRead, on: today, transaction).map(\.person))
            var made = 0
            for old in before {
                let shift = Shift(
                    id: world.nextID(), person: old.person, name: old.name, squad: old.squad,
                    from: old.from.adding(days: 7), to: old.to.adding(days: 7), kind: kind, place: old.place,
                    series: old.series)
                guard known.contains(old.person),
                    !there.contains(where: { $0.person == old.person && $0.meets(shift) }),
                    try RosterStore.insert(shift, area: estate, by: author, at: now, transaction)
                else { continue }
                there.append(shift)
                made += 1
                try RosterStore.keep(
                    world.nextID(), .entered, shift, area: estate, why: "", by: author, at: now, transaction)
            }
            try journal.audit(
                AuditEntry(
                    area: estate, actor: author, post: post.id, verb: "roster.copy", subject: Int64(monday.number),
                    detail: "\(kind.code) \(made)"), at: now, transaction)
            return RosterResult(made: made, skipped: before.count - made)
        }
    }

    package func changeShift(
        _ id: Int64, estate: AreaID, person: PersonID, from: Instant, to: Instant, place: String, why typed: String,
        was version: Int64, by actor: Actor
    ) async throws {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let log = world.nextID()
        try Self.checkTimes(from, to, now)
        let why = try CoverWords.checked(typed, "why")
        let place = try CoverWords.checked(place, "place", 0...40)
        let today = Zone.shanghai.day(of: now)
        try await database.write { [journal] transaction in
            let (area, post) = try Self.place(estate, actor, transaction)
            guard let old = try RosterStore.shift(id, area: estate, transaction) else {
                throw DirectoryRefusal.notFound
            }
            let known = try DirectoryStore.colleagues(at: area.path, may: .caseRead, on: today, transaction)
            guard person == old.person || known.contains(where: { $0.person == person }) else {
                throw DirectoryRefusal.notFound
            }
            let shift = Shift(
                id: id, person: person, name: old.name, squad: old.squad, from: from, to: to, kind: old.kind,
                place: place, series: old.series)
            let others = try RosterStore.shifts(area: estate, from: from, to: to, transaction)
            guard !others.contains(where: { $0.person == person && $0.id != id }) else {
                throw DirectoryRefusal.shiftTaken
            }
            guard try RosterStore.save(shift, area: estate, was: version, transaction) else {
                throw CoverRefusal.changedMeanwhile
            }
            try RosterStore.keep(log, .changed, shift, area: estate, why: why, by: author, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: estate, actor: author, post: post.id, verb: "roster.change", subject: id,
                    detail: "\(person.text) \(from.ms) \(to.ms) \(why)"), at: now, transaction)
        }
    }

    package func deleteShift(_ id: Int64, estate: AreaID, why typed: String, by actor: Actor) async throws {
        guard let author = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let log = world.nextID()
        let why = try CoverWords.checked(typed, "why")
        try await database.write { [journal] transaction in
            let (_, post) = try Self.place(estate, actor, transaction)
            guard let old = try RosterStore.shift(id, area: estate, transaction),
                try RosterStore.delete(id, area: estate, transaction)
            else { throw DirectoryRefusal.notFound }
            try RosterStore.keep(log, .removed, old, area: estate, why: why, by: author, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: estate, actor: author, post: post.id, verb: "roster.delete", subject: id, detail: why),
                at: now, transaction)
        }
    }
}

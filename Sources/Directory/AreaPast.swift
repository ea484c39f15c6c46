import Kernel
import Storage

/// Where an area stood before it was moved.
package struct AreaPast: Sendable {
    package let parent: AreaID
    /// As it was called then.
    package let parentName: String
    package let path: AreaPath
    package let until: Instant
}

/// Every SQL word about moves of areas. What was written while an area stood elsewhere carries that path: it stays with
/// those who looked after it then, and the staff of the area itself see it by `Post.former`.
package enum AreaPastStore {
    package static func past(of area: AreaID, _ transaction: any ReadTransaction) throws -> [AreaPast] {
        try transaction.query(
            """
            select parent_id, parent_name, path, until_ms from directory_area_past
            where area_id = \(area) order by until_ms desc, id desc limit 100
            """
        ) { row in
            AreaPast(
                parent: try row.id(0), parentName: try row.text(1), path: try row.path(2),
                until: try row.instant(3))
        }
    }

    /// The paths that places had before something at or above them was moved.
    package static func former(
        of paths: [AreaPath], _ transaction: any ReadTransaction
    ) throws -> [AreaPath: [AreaPath]] {
        let ids = Set(paths.flatMap(\.ids)).sorted()
        guard !ids.isEmpty else { return [:] }
        let list = SQL.joined(ids.map { "\($0)" })
        let rows = try transaction.query(
            "select area_id, path from directory_area_past where area_id in (\(list)) order by id"
        ) { (area: try $0.id(0, AreaTag.self), path: try $0.path(1)) }
        guard !rows.isEmpty else { return [:] }
        var result: [AreaPath: [AreaPath]] = [:]
        for path in paths {
            var rest = ""
            for id in path.ids.reversed() {
                for row in rows where row.area == id {
                    result[path, default: []].append(AreaPath(row.path.text + rest))
                }
                rest = id.text + "/" + rest
            }
        }
        return result
    }

    static func withFormer(_ posts: [Post], _ transaction: any ReadTransaction) throws -> [Post] {
        let former = try former(of: posts.map(\.path), transaction)
        guard !former.isEmpty else { return posts }
        return posts.map { post in
            Post(
                id: post.id, role: post.role, organisation: post.organisation, family: post.family,
                party: post.party, area: post.area, level: post.level, path: post.path, title: post.title,
                former: former[post.path] ?? [])
        }
    }

    /// Keeps where the area stands, and where it stood by moves of what was above it, before it is moved away.
    static func keep(
        _ area: Area, parent: Area, ids: (AreaPath) -> Int64, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        let former = try former(of: [area.path], transaction)[area.path] ?? []
        for path in [area.path] + former {
            try transaction.run(
                """
                insert into directory_area_past (id, area_id, parent_id, parent_name, path, until_ms, moved_by)
                values (\(ids(path)), \(area.id), \(parent.id), \(parent.name), \(path), \(now), \(person))
                on conflict (area_id, path) do update set until_ms = excluded.until_ms
                """)
        }
    }

    /// Moves the area with everything below it. False when it stands elsewhere by now than where it was seen.
    static func move(
        _ area: Area, to parent: Area, was seen: AreaID, _ transaction: any WriteTransaction
    ) throws -> Bool {
        guard
            try transaction.run(
                "update directory_area set parent_id = \(parent.id) where id = \(area.id) and parent_id = \(seen)") == 1
        else { return false }
        let fresh = parent.path.appending(area.id)
        try transaction.run(
            """
            update directory_area
            set path = cast(\(fresh.text) as text) || substr(path, cast(\(area.path.text.utf8.count + 1) as integer))
            where path >= \(area.path.text) and path < \(area.path.upperBound)
            """)
        return true
    }

    /// The areas of a level in the scope, for a choice of a new parent.
    static func candidates(
        _ level: AreaLevel, _ scope: Scope, limit: Int = 1000, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a
            where a.id in \(DirectoryStore.areas(in: scope)) and a.level = \(level)
            order by a.path limit \(limit)
            """, DirectoryStore.area)
    }
}

extension DirectoryStore {
    /// The ids of the areas in a scope, as a part of a statement: how stores of higher floors limit their lists by
    /// where their rows' areas stand today.
    package static func areas(in scope: Scope) -> SQL {
        let places = scope.places.map { place -> SQL in
            "(s.path >= \(place.path.text) and s.path < \(place.path.upperBound))"
        }
        return "(select s.id from directory_area s where \(SQL.joined(places, separator: " or ")))"
    }

    /// The ids of the areas at or below a path.
    package static func areas(under path: AreaPath) -> SQL {
        "(select s.id from directory_area s where s.path >= \(path.text) and s.path < \(path.upperBound))"
    }

    /// The areas directly or further below a path at one level.
    package static func areas(
        under path: AreaPath, level: AreaLevel, limit: Int = 2000, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(areaColumns) from directory_area a
            where a.path >= \(path.text) and a.path < \(path.upperBound) and a.level = \(level)
            order by a.path limit \(limit)
            """, area)
    }

    /// The areas of the levels from one to another in a scope, parents first.
    package static func areas(
        in scope: Scope, levels: ClosedRange<Int64>, limit: Int = 1000, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(areaColumns) from directory_area a where a.id in \(areas(in: scope))
                and a.level between \(levels.lowerBound) and \(levels.upperBound) order by a.path limit \(limit)
            """, area)
    }

    /// The areas of one level in a scope after one of them, in the order of the tree.
    package static func areas(
        in scope: Scope, level: AreaLevel, after path: AreaPath, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(areaColumns) from directory_area a where a.id in \(areas(in: scope))
                and a.level = \(level) and a.path > \(path.text) order by a.path limit \(limit)
            """, area)
    }

    package static func names(
        of people: some Collection<PersonID>, _ transaction: any ReadTransaction
    ) throws -> [PersonID: String] {
        guard !people.isEmpty else { return [:] }
        let list = SQL.joined(Set(people).sorted().map { "\($0)" })
        let found = try transaction.query("select id, name from directory_person where id in (\(list))") {
            (try $0.id(0, PersonTag.self), try $0.text(1))
        }
        return Dictionary(found, uniquingKeysWith: { $1 })
    }
}

extension AreaActions {
    /// Puts an estate under another community, or a community under another street, with everything below it. From now
    /// on it belongs there; what was written before stays with the old place, which `AreaPast` keeps.
    ///
    /// - Parameter seen: the parent that the person saw; if somebody moved it since, nothing changes.
    package func move(_ id: AreaID, under target: AreaID, was seen: AreaID, by actor: Actor) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let world = world
        try await database.write { [journal] transaction in
            let (area, post) = try Self.place(id, actor, transaction)
            guard let parent = try DirectoryStore.area(target, transaction),
                actor.may(.directoryEdit, at: parent.path)
            else { throw DirectoryRefusal.badNewPlace }
            guard !area.path.contains(parent.path) else { throw DirectoryRefusal.areaUnderItself }
            guard area.level == .estate || area.level == .community, let old = area.parent,
                let before = try DirectoryStore.area(old, transaction)
            else { throw DirectoryRefusal.areaStays }
            guard old == seen else { throw DirectoryRefusal.changedMeanwhile }
            guard parent.level == before.level, parent.id != old else { throw DirectoryRefusal.badNewPlace }
            guard try !AreaStore.isTaken(area.name, under: target, except: id, transaction) else {
                throw DirectoryRefusal.areaTaken(area.name)
            }
            let count = try AreaStore.countChildren(of: target, transaction)
            guard count < Self.mostChildren else { throw DirectoryRefusal.tooManyAreas }
            try AreaPastStore.keep(
                area, parent: before, ids: { _ in world.nextID() }, by: person, at: now, transaction)
            guard try AreaPastStore.move(area, to: parent, was: seen, transaction) else {
                throw DirectoryRefusal.changedMeanwhile
            }
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? id, actor: person, post: post.id, verb: "area.move", subject: id.raw,
                    detail: "\(area.path) > \(parent.path)"), at: now, transaction)
        }
    }
}

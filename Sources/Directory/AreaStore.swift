import Kernel
import Storage

/// SQL about the tree of areas beside `DirectoryStore`'s: its rows by page, and changes of names.
enum AreaStore {
    /// A page of the areas directly below one, in the order of `DirectoryStore.children`.
    static func children(
        of id: AreaID, from offset: Int, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a where a.parent_id = \(id)
            order by a.level, length(a.name), a.name, a.id limit \(limit) offset \(offset)
            """, DirectoryStore.area)
    }

    /// The same by id, from after one.
    static func children(
        of id: AreaID, after: AreaID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try transaction.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a
            where a.parent_id = \(id) and a.id > \(after?.raw ?? 0) order by a.id limit \(limit)
            """, DirectoryStore.area)
    }

    /// The estates of the house by id, from after one.
    static func estates(after: AreaID?, limit: Int, _ transaction: any ReadTransaction) throws -> [Area] {
        try transaction.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a
            where a.level = \(AreaLevel.estate) and a.id > \(after?.raw ?? 0) order by a.id limit \(limit)
            """, DirectoryStore.area)
    }

    static func countChildren(of id: AreaID, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first("select count(*) from directory_area where parent_id = \(id)") { try $0.int(0) } ?? 0
    }

    /// Whether somebody else below the same parent has the name.
    static func isTaken(
        _ name: String, under parent: AreaID, except id: AreaID, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            "select id from directory_area where parent_id = \(parent) and name = \(name) and id <> \(id) limit 1"
        ) { try $0.int(0) } != nil
    }

    /// False when the area has another name by now than the one that was seen.
    static func rename(
        _ id: AreaID, to name: String, was seen: String, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run("update directory_area set name = \(name) where id = \(id) and name = \(seen)") == 1
    }

    /// The areas at or below a path down to the estates, parents before their children.
    static func places(under path: AreaPath, limit: Int, _ transaction: any ReadTransaction) throws -> [Area] {
        try transaction.query(
            """
            select \(DirectoryStore.areaColumns) from directory_area a
            where a.path >= \(path.text) and a.path < \(path.upperBound) and a.level <= \(AreaLevel.estate)
            order by a.path limit \(limit)
            """, DirectoryStore.area)
    }
}

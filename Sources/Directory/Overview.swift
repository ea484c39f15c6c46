import Kernel
import Storage

/// A shift with where it is.
package struct DutyLine: Sendable {
    package let estate: AreaID
    package let estateName: String
    package let name: String
    package let kind: RosterKind
    package let squad: String
    package let from: Instant
    package let to: Instant
    /// What the shift is for: the squad's work, or the desk, the stewards, the hot line. Nil for a squad that is not one
    /// of the four.
    package var squadPhrase: Phrase? { kind == .squads ? Squad(rawValue: squad)?.phrase : kind.phrase }
}

/// What an overview of many estates needs of the directory.
extension DirectoryStore {
    /// An area with everything below it down to the estates, level by level, so that no building or home is looked at.
    package static func downToEstates(
        _ top: AreaID, limit: Int = 20_000, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        guard let first = try area(top, transaction), first.level <= .estate else { return [] }
        var found = [first]
        var level = [first.id]
        while !level.isEmpty, found.count < limit {
            var next: [Area] = []
            for start in stride(from: 0, to: level.count, by: 400) {
                let list = SQL.joined(level[start..<min(start + 400, level.count)].map { "\($0)" })
                next += try transaction.query(
                    """
                    select \(areaColumns) from directory_area a
                    where a.parent_id in (\(list)) and a.level <= \(AreaLevel.estate)
                    """, area)
            }
            found += next
            level = next.filter { $0.level < .estate }.map(\.id)
        }
        return Array(found.prefix(limit))
    }

    /// Who is on duty in some estates between two moments, by estate and time.
    package static func onDuty(
        in estates: [AreaID], from: Instant, to: Instant, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [DutyLine] {
        var lines: [DutyLine] = []
        // No shift is longer than a day, so an earlier start cannot reach in.
        let earliest = from.adding(days: -1)
        for start in stride(from: 0, to: estates.count, by: 400) where lines.count < limit {
            let list = SQL.joined(estates[start..<min(start + 400, estates.count)].map { "\($0)" })
            lines += try transaction.query(
                """
                select s.area_id, a.name, n.name, s.kind, s.squad, s.from_ms, s.to_ms from directory_shift s
                join directory_area a on a.id = s.area_id join directory_person n on n.id = s.person_id
                where s.area_id in (\(list)) and s.from_ms >= \(earliest) and s.from_ms < \(to) and s.to_ms > \(from)
                order by s.area_id, s.from_ms, s.id limit \(limit)
                """
            ) { row in
                DutyLine(
                    estate: try row.id(0), estateName: try row.text(1), name: try row.text(2), kind: try row.raw(3),
                    squad: try row.text(4), from: try row.instant(5), to: try row.instant(6))
            }
        }
        return Array(lines.prefix(limit))
    }
}

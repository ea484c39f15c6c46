import Kernel
import Storage

/// What neighbours share of a case: who joined it, what they see of it, and where it went when it was merged.
extension CaseStore {
    /// What somebody joined, the newest first. Where it is, is said as far as the building.
    package static func joinedBy(
        _ person: PersonID, before: CaseID? = nil, limit: Int = 50, _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        try transaction.query(
            """
            select \(lineColumns), c.building_id from cases_join j join cases_case c on c.id = j.case_id
            where j.person_id = \(person) and j.case_id < \(before?.raw ?? Int64.max)
            order by j.case_id desc limit \(limit)
            """
        ) { row in
            var line = try line(row)
            line.place = PlaceWords.building(line.place, isInBuilding: try row.int(24) != 0)
            return line
        }
    }

    /// Open cases of the same kind in the same building, for "I have this too". Nothing that tells who or what in words.
    /// - Parameter person: whose own cases and joined ones are left out.
    package static func similar(
        estate: Int64, building: Int64, category: CategoryID?, since: Instant, without person: PersonID? = nil,
        limit: Int = 3, _ transaction: any ReadTransaction
    ) throws -> [(id: CaseID, category: CategoryID, registered: Instant, reporter: Int64)] {
        let same: SQL = category.map { "and c.category_id = \($0)" } ?? .empty
        let others: SQL =
            person.map { person in
                """
                and c.reporter_id <> \(person) and not exists (
                    select 1 from cases_join j where j.case_id = c.id and j.person_id = \(person))
                """
            } ?? .empty
        return try transaction.query(
            """
            select c.id, c.category_id, c.registered_ms, c.reporter_id from cases_case c
            where c.estate_id = \(estate) and c.building_id = \(building) and c.queue between 1 and 4
                and c.kind in (1, 2) and c.registered_ms >= \(since) \(same) \(others)
            order by c.id desc limit \(limit)
            """
        ) { (try $0.id(0), try $0.id(1), try $0.instant(2), try $0.int(3)) }
    }

    /// The case by whose look-up code somebody asks, and the one into which it went: the same where it was not merged.
    static func followed(
        lookup digest: [UInt8], _ transaction: any ReadTransaction
    ) throws -> (own: CaseRecord, now: CaseRecord)? {
        guard let own = try load(lookup: digest, transaction) else { return nil }
        var now = own
        // Only an open case takes another in, so this ends; the bound is for rows that nobody should have written.
        for _ in 0..<50 {
            guard now.status == .merged, let next = try now.mergedInto.flatMap({ try load($0, transaction) }) else {
                break
            }
            now = next
        }
        return (own, now)
    }
}

extension CaseHistoryStore {
    package static func hasJoined(
        _ id: CaseID, _ person: PersonID, _ transaction: any ReadTransaction
    ) throws -> Bool {
        try transaction.first(
            "select person_id from cases_join where case_id = \(id) and person_id = \(person)"
        ) { try $0.int(0) } != nil
    }
}

extension CaseView {
    /// As neighbours see it: the place as far as the building, without pictures. The words stay.
    func forNeighbours() -> CaseView {
        var view = self
        view.record.place.words = PlaceWords.building(
            record.place.words, isInBuilding: record.place.building != 0)
        view.photos = []
        return view
    }
}

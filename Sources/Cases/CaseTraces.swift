import Storage

extension CaseStore {
    /// The raw ids of every place, person and post that cases since an id speak of.
    package static func used(since id: Int64, _ transaction: any ReadTransaction) throws -> Set<Int64> {
        var result = Set<Int64>()
        let rows = try transaction.query(
            """
            select district_id, street_id, community_id, estate_id, building_id, unit_id, reporter_id, assignee_id,
                assignee_post from cases_case where id > \(id)
            """
        ) { row in try (0..<9).map { try row.int($0) } }
        for row in rows { result.formUnion(row) }
        return result
    }
}

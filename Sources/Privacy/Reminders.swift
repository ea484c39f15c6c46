import Directory
import Kernel
import Storage

package enum PrivacyReminderMigrations {
    package static let all: [Migration] = [
        Migration(
            "privacy-050-told",
            """
            -- of what the responsible people were told once: 1 that a request comes due, 2 that it is overdue
            create table privacy_told (
                request_id INT64 not null,
                stage INT64 not null check (stage between 1 and 2),
                at_ms INT64 not null,
                primary key (request_id, stage)
            );
            create index privacy_request_due on privacy_request(due_day, id) where status <= 2;
            """)
    ]
}

/// Who answers for people's requests is told when one comes due and when it is overdue.
extension PrivacyDesk {
    private struct Due: Sendable {
        let id: RequestID
        let area: AreaID
        let due: Day
        /// 1 comes due, 2 overdue.
        let stage: Int64
    }

    /// Tells those who may answer a request, each of both once, however many servers ask: some working days before the
    /// day by which it must be answered, and after that day. Copies and closings happen by themselves: of them only that
    /// they are overdue. Where nobody may answer, the first who is given such a post is told.
    package func remind() async throws {
        let (now, today) = (world.now(), today)
        let calendar = try await calendars.current(at: now)
        let found = try await database.read { transaction -> [Due] in
            let lead = Int(try LawLimitStore.value(.requestLeadWorkdays, transaction))
            return try transaction.query(
                """
                select r.id, r.area_id, r.due_day from privacy_request r
                where r.status <= 2 and r.due_day <= \(calendar.after(today, workdays: lead))
                    and (r.due_day < \(today) or r.kind = \(RequestKind.correction) or r.dead_name <> '')
                    and not exists (
                        select 1 from privacy_relative k where k.request_id = r.id and k.accepted_ms is not null)
                    and not exists (
                        select 1 from privacy_told t where t.request_id = r.id
                            and t.stage = case when r.due_day < \(today) then 2 else 1 end)
                order by r.due_day, r.id limit 200
                """
            ) { row in
                let due = try row.day(2)
                return Due(id: try row.id(0), area: try row.id(1), due: due, stage: due < today ? 2 : 1)
            }
        }
        for one in found {
            try await database.write { [tell] transaction in
                guard let request = try RequestStore.load(one.id, transaction), request.status.isOpen,
                    let area = try DirectoryStore.area(one.area, transaction)
                else { return }
                let people = Set(
                    try DirectoryStore.colleagues(at: area.path, may: .privacyHandle, on: today, transaction)
                        .map(\.person))
                guard !people.isEmpty,
                    try transaction.run(
                        """
                        insert into privacy_told (request_id, stage, at_ms) values (\(one.id), \(one.stage), \(now))
                        on conflict do nothing
                        """) == 1
                else { return }
                for person in people.sorted() {
                    try tell(
                        one.stage == 1 ? .requestDue : .requestLate, [one.due.description], "/desk/privacy",
                        person, now, transaction)
                }
            }
        }
    }
}

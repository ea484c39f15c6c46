import Directory
import Kernel
import Storage
import Web

/// A visit or round that is due in a period: from its first day to its last.
package struct DutyTask: Sendable {
    package let id: Int64
    package let appointment: ID<AppointmentTag>
    package let from: Day
    package let to: Day
    package let done: Instant?

    func phrase(on day: Day) -> Phrase { done != nil ? .dutyDone : to < day ? .dutyMissed : .dutyWaiting }
}

/// What a round or visit was about.
package enum DutyTopic: Int64, CaseIterable, Sendable {
    case visit = 1
    case cleaning = 2
    case order = 3
    case repair = 4
    case green = 5
    case opinion = 6
    package var code: String { String(describing: self) }
    var phrase: Phrase {
        switch self {
        case .visit: .topicVisit
        case .cleaning: .topicCleaning
        case .order: .topicOrder
        case .repair: .topicRepair
        case .green: .topicGreen
        case .opinion: .topicOpinion
        }
    }
}

package struct DutyRecord: Sendable {
    package let id: Int64
    package let appointment: ID<AppointmentTag>
    package let topic: DutyTopic
    package let problem: Bool
    package let words: String
    package let day: Day
}

/// What one person did in a time: counts, by appointment.
package struct DutyFigures: Sendable {
    package let appointment: Appointment
    package let due: Int64
    package let kept: Int64
    package let records: Int64
    package let problems: Int64
}

/// Every SQL word about visits, rounds and their records.
package enum DutyStore {
    /// Of one appointment: more than anybody records in a term.
    static let mostInFile = 20_000

    package static func tasks(
        of id: ID<AppointmentTag>, limit: Int = 20, _ transaction: any ReadTransaction
    ) throws -> [DutyTask] {
        try transaction.query(
            """
            select id, appointment_id, from_day, to_day, done_ms from governance_task
            where appointment_id = \(id) order by from_day desc limit \(limit)
            """
        ) { row in
            DutyTask(
                id: try row.int(0), appointment: try row.id(1), from: try row.day(2), to: try row.day(3),
                done: try row.optionalInstant(4))
        }
    }

    package static func records(
        of id: ID<AppointmentTag>, limit: Int = 50, _ transaction: any ReadTransaction
    ) throws -> [DutyRecord] {
        try transaction.query(
            """
            select id, appointment_id, topic, problem, words, day from governance_record
            where appointment_id = \(id) order by id desc limit \(limit)
            """
        ) { row in
            DutyRecord(
                id: try row.int(0), appointment: try row.id(1), topic: try row.raw(2), problem: try row.flag(3),
                words: try row.text(4), day: try row.day(5))
        }
    }

    /// False when the period has its task already.
    static func plan(
        _ id: Int64, _ appointment: ID<AppointmentTag>, from: Day, to: Day, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_task (id, appointment_id, from_day, to_day)
            values (\(id), \(appointment), \(from), \(to)) on conflict do nothing
            """) == 1
    }

    static func insert(
        _ r: DutyRecord, area: AreaID, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_record (id, appointment_id, area_id, topic, problem, words, day, created_by,
                created_ms)
            values (\(r.id), \(r.appointment), \(area), \(r.topic), \(r.problem), \(r.words), \(r.day), \(person),
                \(now))
            """)
        // The task of the period in which the day lies is kept by the first record.
        try transaction.run(
            """
            update governance_task set done_ms = \(now), record_id = \(r.id)
            where appointment_id = \(r.appointment) and from_day <= \(r.day) and to_day >= \(r.day)
                and done_ms is null
            """)
    }

    /// Counts of appointments from one day to another. A task counts when its period has ended or it is done.
    static func figures(
        _ appointments: [Appointment], from: Day, to: Day, _ transaction: any ReadTransaction
    ) throws -> [DutyFigures] {
        guard !appointments.isEmpty else { return [] }
        let list = SQL.joined(appointments.map { "\($0.id)" })
        let tasks = try transaction.query(
            """
            select appointment_id, count(*), count(done_ms) from governance_task
            where appointment_id in (\(list)) and from_day >= \(from) and from_day <= \(to)
                and (to_day <= \(to) or done_ms is not null) group by appointment_id
            """
        ) { (try $0.int(0), (due: try $0.int(1), kept: try $0.int(2))) }
        let records = try transaction.query(
            """
            select appointment_id, count(*), sum(case when problem then 1 else 0 end) from governance_record
            where appointment_id in (\(list)) and day between \(from) and \(to) group by appointment_id
            """
        ) { (try $0.int(0), (all: try $0.int(1), problems: try $0.int(2))) }
        let (task, record) = (
            Dictionary(tasks, uniquingKeysWith: { $1 }), Dictionary(records, uniquingKeysWith: { $1 })
        )
        return appointments.map { a in
            DutyFigures(
                appointment: a, due: task[a.id.raw]?.due ?? 0, kept: task[a.id.raw]?.kept ?? 0,
                records: record[a.id.raw]?.all ?? 0, problems: record[a.id.raw]?.problems ?? 0)
        }
    }
}

extension AppointmentKind {
    /// Those that have visits or rounds to do.
    static let visiting = allCases.filter { $0.cadence != nil }
}

/// When a duty is due: periods of so many days, counted from the first day of the appointment.
package enum DutyRules {
    /// The period that a day lies in, cut at the last day; nil outside the appointment.
    static func period(from: Day, to: Day, days: Int64, on day: Day) -> (from: Day, to: Day)? {
        guard days > 0, day >= from, day <= to else { return nil }
        let number = (Int64(day.number) - Int64(from.number)) / days
        let first = from.adding(Int(number * days))
        return (first, min(to, first.adding(Int(days) - 1)))
    }
}

extension GovernanceDesk {
    /// Plans what is due now for everybody in force, each period once, and tells the person.
    func planTasks() async throws {
        let (now, today) = (world.now(), today)
        let kinds = AppointmentKind.allCases.filter { $0.cadence != nil }
        let (running, limits) = try await database.read { transaction in
            (
                try AppointmentStore.running(under: nil, kinds: kinds, on: today, transaction),
                try LimitStore.all(transaction)
            )
        }
        let days = Dictionary(limits.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        for a in running {
            guard let every = a.kind.cadence.flatMap({ days[$0] }),
                let period = DutyRules.period(from: a.from, to: a.to, days: every, on: today)
            else { continue }
            // Reads first, so that a quiet house writes nothing.
            let last = try await database.read { try DutyStore.tasks(of: a.id, limit: 1, $0) }.first
            if let last, last.to >= today { continue }
            // After the limit was changed a period does not begin before the last one ended.
            let from = max(period.from, last.map { $0.to.adding(1) } ?? period.from)
            let id = world.nextID()
            try await database.write { [tell] transaction in
                guard try DutyStore.plan(id, a.id, from: from, to: max(from, period.to), transaction) else { return }
                try tell(
                    .taskDue, [period.to.description], "/my/duties/\(a.id.text)", [a.person], nil, now, transaction)
            }
        }
    }

    /// What somebody found on a visit or a round, by their own appointment in force on that day.
    package func record(
        _ appointment: ID<AppointmentTag>, topic: DutyTopic, problem: Bool, words: String, on day: Day, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(words, "words")
        let (now, today, id) = (world.now(), today, world.nextID())
        guard day <= today, day >= today.adding(-31) else { throw GovernanceRefusal.badDay("day") }
        try await database.write { [tell] transaction in
            guard let a = try AppointmentStore.load(appointment, transaction), a.person == person,
                let area = try DirectoryStore.area(a.area, transaction)
            else { throw GovernanceRefusal.notFound }
            guard a.isRunning(on: today), a.from <= day else { throw GovernanceRefusal.appointmentOver }
            try DutyStore.insert(
                DutyRecord(id: id, appointment: a.id, topic: topic, problem: problem, words: words, day: day),
                area: a.area, by: person, at: now, transaction)
            try audit("duty.record", id, "\(a.id.text) \(topic.code) \(problem)", at: area, by: actor, nil, transaction)
            // A supervisor's finding reaches those who may issue a notice about it.
            guard problem, a.kind.supervises else { return }
            let people = try DirectoryStore.colleagues(
                at: area.path, may: .governanceEdit, on: today, transaction
            ).filter { $0.role == .grid || $0.role == .approver }.map(\.person)
            try tell(
                .noticeMoved, [area.name], "/desk/appointments/\(a.id.text)", people, person, now, transaction)
        }
    }
}

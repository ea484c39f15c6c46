import Directory
import Kernel
import Storage

package enum CorrectiveTag {}

package enum NoticeStatus: Int64, CaseIterable, Sendable {
    case issued = 1
    case answered = 2
    case checked = 3
    case closed = 4
    package var code: String { String(describing: self) }
}

/// What happens to a corrective notice.
package enum NoticeStep: Int64, CaseIterable, Sendable {
    case issue = 1
    case answer = 2
    /// Somebody went there and found it done.
    case check = 3
    /// Somebody went there and found it not done: the next round begins.
    case sendBack = 4
    case close = 5
    package var code: String { String(describing: self) }
}

/// A corrective notice to a company (整改通知, A034).
package struct CorrectiveNotice: Sendable {
    package let id: ID<CorrectiveTag>
    package let area: AreaID
    package let organisation: OrganisationID
    /// The supervisor whose finding it rests on; 0 for none.
    package let appointment: Int64
    package let year: Int64
    package let serial: Int64
    package let title: String
    package let words: String
    package let issuer: PersonID
    package let issuerFamily: OrganisationID
    package let status: NoticeStatus
    package let round: Int64
    package let due: Day
    package let version: Int64

    package func isLate(on day: Day) -> Bool { status == .issued && due < day }
}

/// Which step leads where, and who may take it: pure.
package enum NoticeRules {
    /// Who asks: by which post, and of which organisation family.
    struct Asker: Sendable {
        let person: PersonID
        let family: OrganisationID
        let mayEdit: Bool
        let mayAnswer: Bool
    }

    static func next(
        _ notice: CorrectiveNotice, _ step: NoticeStep, by asker: Asker, family: OrganisationID
    ) throws -> NoticeStatus {
        switch (notice.status, step) {
        case (.issued, .answer):
            // Only the company that it went to answers.
            guard asker.mayAnswer, asker.family == family else { throw GovernanceRefusal.noticeOwnWork }
            return .answered
        case (.answered, .check), (.answered, .sendBack):
            guard asker.mayEdit, asker.family != family else { throw GovernanceRefusal.noticeOwnWork }
            return step == .check ? .checked : .issued
        case (.checked, .close):
            guard asker.mayEdit, asker.family != family else { throw GovernanceRefusal.noticeOwnWork }
            return .closed
        default: throw GovernanceRefusal.noticeNotThere
        }
    }
}

/// Every SQL word about corrective notices.
package enum NoticeStore {
    private static let columns: SQL = """
        id, area_id, organisation_id, appointment_id, year, serial, title, words, issuer_id, issuer_family, status,
        round, due_day, version
        """
    private static func notice(_ row: any Row) throws -> CorrectiveNotice {
        CorrectiveNotice(
            id: try row.id(0), area: try row.id(1), organisation: try row.id(2), appointment: try row.int(3),
            year: try row.int(4), serial: try row.int(5), title: try row.text(6), words: try row.text(7),
            issuer: try row.id(8), issuerFamily: try row.id(9), status: try row.raw(10), round: try row.int(11),
            due: try row.day(12), version: try row.int(13))
    }

    package static func load(
        _ id: ID<CorrectiveTag>, _ transaction: any ReadTransaction
    ) throws -> CorrectiveNotice? {
        try transaction.first("select \(columns) from governance_notice where id = \(id)", notice)
    }

    static func list(
        _ scope: Scope, open: Bool, before: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [CorrectiveNotice] {
        let page: SQL = before.map { " and id < \($0)" } ?? .empty
        let only: SQL = open ? " and status < 4" : .empty
        return try transaction.query(
            """
            select \(columns) from governance_notice
            where area_id in \(DirectoryStore.areas(in: scope))\(only)\(page) order by id desc limit \(limit)
            """, notice)
    }

    static func insert(
        _ n: CorrectiveNotice, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_notice (id, area_id, organisation_id, appointment_id, year, serial, title, words,
                issuer_id, issuer_family, status, round, due_day, late_told, version, created_ms)
            values (\(n.id), \(n.area), \(n.organisation), \(n.appointment), \(n.year), \(n.serial), \(n.title),
                \(n.words), \(n.issuer), \(n.issuerFamily), \(n.status), \(n.round), \(n.due), \(false), 1, \(now))
            """)
    }

    static func move(
        _ n: CorrectiveNotice, to status: NoticeStatus, round: Int64, due: Day, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_notice set status = \(status), round = \(round), due_day = \(due), late_told = \(false),
                version = version + 1
            where id = \(n.id) and version = \(n.version)
            """) == 1
    }

    struct StepRow: Sendable {
        let step: NoticeStep
        let person: PersonID
        let words: String
        let at: Instant
    }

    static func addStep(
        _ id: Int64, _ notice: ID<CorrectiveTag>, _ step: NoticeStep, by person: PersonID, words: String,
        at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_notice_step (id, notice_id, step, person_id, words, at_ms)
            values (\(id), \(notice), \(step), \(person), \(words), \(now))
            """)
    }

    static func steps(
        of id: ID<CorrectiveTag>, _ transaction: any ReadTransaction
    ) throws -> [StepRow] {
        try transaction.query(
            """
            select step, person_id, words, at_ms from governance_notice_step
            where notice_id = \(id) order by id limit 200
            """
        ) { StepRow(step: try $0.raw(0), person: try $0.id(1), words: try $0.text(2), at: try $0.instant(3)) }
    }

    static func late(on day: Day, _ transaction: any ReadTransaction) throws -> [CorrectiveNotice] {
        try transaction.query(
            """
            select \(columns) from governance_notice
            where status = 1 and due_day < \(day) and late_told = \(false) order by id limit 1000
            """, notice)
    }

    static func markTold(_ id: ID<CorrectiveTag>, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            "update governance_notice set late_told = \(true) where id = \(id) and late_told = \(false)") == 1
    }
}

/// What a new notice says.
package struct NewNotice: Sendable {
    package let area: AreaID
    package let organisation: OrganisationID
    package let appointment: Int64
    package let title: String
    package let words: String

    package init(area: AreaID, organisation: OrganisationID, appointment: Int64, title: String, words: String) {
        self.area = area
        self.organisation = organisation
        self.appointment = appointment
        self.title = title
        self.words = words
    }
}

extension GovernanceDesk {
    /// Issues a notice to a company at a place; it is due after so many working days as `noticeWorkdays` says.
    @discardableResult
    package func issue(_ new: NewNotice, by actor: Actor) async throws -> ID<CorrectiveTag> {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(new.title, "title", 1...60)
        _ = try Self.words(new.words, "words")
        let (now, today) = (world.now(), today)
        let calendar = try await calendars.current(at: now)
        let id: ID<CorrectiveTag> = world.id()
        let step = world.nextID()
        try await database.write { [tell] transaction in
            let (area, post) = try Self.place(new.area, .governanceEdit, actor, transaction)
            guard let body = try BodyStore.body(new.organisation, transaction), body.organisation.party == .property,
                let home = try DirectoryStore.area(body.organisation.area, transaction),
                home.path.contains(area.path) || area.path.contains(home.path)
            else { throw GovernanceRefusal.badChoice("organisation") }
            guard body.organisation.family != post.family else { throw GovernanceRefusal.noticeOwnWork }
            if new.appointment != 0 {
                guard
                    let supervisor = try AppointmentStore.load(
                        ID<AppointmentTag>(new.appointment), transaction), supervisor.kind.supervises,
                    let place = try DirectoryStore.area(supervisor.area, transaction),
                    place.path.contains(area.path) || area.path.contains(place.path)
                else { throw GovernanceRefusal.noticeSupervisor }
            }
            let days = Int(try LimitStore.value(.noticeWorkdays, transaction))
            let year = Int64(today.civil.year)
            let serial = try AppointmentStore.nextSerial(post.organisation, year: year, kind: 2, transaction)
            let notice = CorrectiveNotice(
                id: id, area: new.area, organisation: new.organisation, appointment: new.appointment, year: year,
                serial: serial, title: new.title, words: new.words, issuer: person, issuerFamily: post.family,
                status: .issued, round: 1, due: calendar.after(today, workdays: days), version: 1)
            try NoticeStore.insert(notice, at: now, transaction)
            try NoticeStore.addStep(step, id, .issue, by: person, words: new.words, at: now, transaction)
            try tell(
                .noticeIssued, [new.title, notice.due.description], "/desk/notices/\(id.text)",
                try answerers(body, area, transaction), person, now, transaction)
            try audit("notice.issue", id.raw, new.title, at: area, by: actor, post, transaction)
        }
        return id
    }

    /// Who may answer for the company at a place.
    private func answerers(_ body: Body, _ area: Area, _ transaction: any ReadTransaction) throws -> [PersonID] {
        try DirectoryStore.colleagues(at: area.path, may: .noticeAnswer, on: today, transaction)
            .filter { $0.family == body.organisation.family }.map(\.person)
    }

    /// One step of a notice. Two at once: the second is told.
    package func take(
        _ step: NoticeStep, of id: ID<CorrectiveTag>, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(words, "words")
        let (now, today, row) = (world.now(), today, world.nextID())
        let calendar = try await calendars.current(at: now)
        try await database.write { [tell] transaction in
            let (notice, area, post) = try Self.notice(id, .governanceRead, actor, transaction)
            guard let body = try BodyStore.body(notice.organisation, transaction) else {
                throw GovernanceRefusal.notFound
            }
            guard notice.version == seen else { throw GovernanceRefusal.changedMeanwhile }
            let verb: Verb = step == .answer ? .noticeAnswer : .governanceEdit
            let acting = actor.post(for: verb, at: area.path)
            let status = try NoticeRules.next(
                notice, step,
                by: NoticeRules.Asker(
                    person: person, family: (acting ?? post).family, mayEdit: verb == .governanceEdit && acting != nil,
                    mayAnswer: verb == .noticeAnswer && acting != nil), family: body.organisation.family)
            let back = step == .sendBack
            let days = Int(try LimitStore.value(.noticeWorkdays, transaction))
            guard
                try NoticeStore.move(
                    notice, to: status, round: notice.round + (back ? 1 : 0),
                    due: back ? calendar.after(today, workdays: days) : notice.due, transaction)
            else { throw GovernanceRefusal.changedMeanwhile }
            try NoticeStore.addStep(row, id, step, by: person, words: words, at: now, transaction)
            let people = step == .answer ? [notice.issuer] : try answerers(body, area, transaction)
            try tell(.noticeMoved, [notice.title], "/desk/notices/\(id.text)", people, person, now, transaction)
            try audit("notice.\(step.code)", id.raw, words, at: area, by: actor, acting, transaction)
        }
    }

    /// Tells both sides once that an answer is late.
    func remindOfNotices() async throws {
        let (now, today) = (world.now(), today)
        let late = try await database.read { try NoticeStore.late(on: today, $0) }
        for notice in late {
            try await database.write { [tell] transaction in
                guard let body = try BodyStore.body(notice.organisation, transaction),
                    let area = try DirectoryStore.area(notice.area, transaction),
                    try NoticeStore.markTold(notice.id, transaction)
                else { return }
                try tell(
                    .noticeLate, [notice.title, notice.due.description], "/desk/notices/\(notice.id.text)",
                    try answerers(body, area, transaction) + [notice.issuer], nil, now, transaction)
            }
        }
    }

    static func notice(
        _ id: ID<CorrectiveTag>, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (CorrectiveNotice, Area, Post) {
        guard let found = try NoticeStore.load(id, transaction),
            let area = try DirectoryStore.area(found.area, transaction),
            let post = actor.post(for: verb, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }
}

import Kernel
import Storage
import Web

/// The four squads of a duty roster, by the name that is stored.
enum Squad: String, CaseIterable {
    case service, engineering, order, environment

    var phrase: Phrase {
        switch self {
        case .service: .squadService
        case .engineering: .squadEngineering
        case .order: .squadOrder
        case .environment: .squadEnvironment
        }
    }
}

/// What staff keep about an estate and the year. Each action is one transaction and is audited.
package struct StaffActions: Sendable {
    package static let years = 2004...2099
    let database: any Database
    let world: World
    let journal: any Journal
    let calendars: Calendars

    package init(database: any Database, world: World, journal: any Journal, calendars: Calendars) {
        self.database = database
        self.world = world
        self.journal = journal
        self.calendars = calendars
    }

    static func place(
        _ estate: AreaID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Area, Post) {
        guard let area = try DirectoryStore.area(estate, transaction), area.level == .estate,
            let post = actor.post(for: .rosterEdit, at: area.path)
        else { throw DirectoryRefusal.notFound }
        return (area, post)
    }

    /// Says what a day is, now or from a time on.
    ///
    /// - Parameter seen: the newest version of the calendar that the editor saw; nil for whoever did not look.
    package func changeDay(
        _ day: Day, to kind: DayKind, source: String, from: Instant? = nil, seen: Int64? = nil, by actor: Actor
    ) async throws {
        guard Self.years.contains(day.civil.year) else { throw DirectoryRefusal.yearOutOfRange }
        var name = ""
        if case .rest(let given) = kind, !given.isEmpty {
            guard given.unicodeScalars.count <= 40, TextRules.isPlain(given) else { throw DirectoryRefusal.badName }
            name = given
        }
        let edit = Change(
            subject: day.description, fields: ["day": day.description, "kind": kind.code, "name": name],
            after: "\(day) \(kind.code) \(name)", number: Int64(day.number), from: from, seen: seen)
        try await editCalendar(edit, source, actor) { person, db in
            try CalendarStore.put(day, kind: kind, source: source, by: person, db)
        }
    }

    package func confirmYear(
        _ year: Int, source: String, from: Instant? = nil, seen: Int64? = nil, by actor: Actor
    ) async throws {
        guard Self.years.contains(year) else { throw DirectoryRefusal.yearOutOfRange }
        let edit = Change(
            subject: String(year), fields: ["way": "confirm", "year": String(year)], after: "\(year) confirm",
            number: Int64(year), from: from, seen: seen)
        try await editCalendar(edit, source, actor) { person, db in
            try CalendarStore.confirm(year: year, source: source, by: person, db)
        }
    }

    private struct Change: Sendable {
        let subject: String
        let fields: [String: String]
        let after: String
        let number: Int64
        let from: Instant?
        let seen: Int64?
    }

    private func editCalendar(
        _ edit: Change, _ source: String, _ actor: Actor,
        _ change: @escaping @Sendable (PersonID, any WriteTransaction) throws -> Void
    ) async throws {
        guard let person = actor.person, let post = actor.housePost(for: .calendarEdit)
        else { throw DirectoryRefusal.noPost }
        guard (1...120).contains(source.unicodeScalars.count), TextRules.isPlain(source) else {
            throw DirectoryRefusal.badSource
        }
        let now = world.now()
        let id = world.nextID()
        try await database.write { [journal] transaction in
            var fields = edit.fields
            fields["source"] = source
            let isNow = try RuleBook.keep(
                RuleEdit(
                    kind: .calendar, subject: edit.subject, fields: fields,
                    before: try Self.text(of: edit.subject, transaction), after: edit.after, why: source,
                    from: edit.from, seen: edit.seen), by: person, id: id, at: now, transaction)
            if isNow { try change(person, transaction) }
            try journal.audit(
                AuditEntry(
                    area: AreaID(0), actor: person, post: post.id, verb: isNow ? "calendar.edit" : "calendar.plan",
                    subject: edit.number, detail: "\(edit.after) \(source)"), at: now, transaction)
            if isNow { try transaction.announce(StandingWords.changed) }
        }
        calendars.forget()
    }

    /// What the calendar says of a day or a year, in one line.
    private static func text(of subject: String, _ transaction: any ReadTransaction) throws -> String {
        guard let day = Day(text: subject) else {
            return try Int(subject).flatMap { try CalendarStore.source(of: $0, transaction) } ?? ""
        }
        let row = try CalendarStore.days(of: day.civil.year, transaction).first { $0.day == day }
        return row.map { "\($0.day) \($0.kind == 2 ? "makeUp" : "rest") \($0.name)" } ?? "\(day) normal"
    }

    /// Does what was planned when its time has come. Nothing happens where another server was faster.
    package func applyPlanned(_ one: RuleVersion) async throws {
        let now = world.now()
        let source = one.fields["source"] ?? ""
        try await database.write { [journal] transaction in
            let before = try Self.text(of: one.subject, transaction)
            let day = Day(text: one.subject)
            let kind = DayKind(code: one.fields["kind"] ?? "", name: one.fields["name"] ?? "")
            let year = one.fields["way"] == "confirm" ? Int(one.subject) : nil
            let isGood = year != nil || (day != nil && kind != nil)
            guard try RuleBook.settle(one.id, isGood ? .applied : .failed, before: before, transaction), isGood else {
                return
            }
            if let year {
                try CalendarStore.confirm(year: year, source: source, by: one.by, transaction)
            } else if let day, let kind {
                try CalendarStore.put(day, kind: kind, source: source, by: one.by, transaction)
            }
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: one.by, verb: "calendar.edit", subject: one.id, detail: one.after),
                at: now, transaction)
            try transaction.announce(StandingWords.changed)
        }
        calendars.forget()
    }
}

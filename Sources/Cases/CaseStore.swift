import Directory
import Kernel
import Storage

/// A case's row, whole: what the actions and the case page need.
package struct CaseRecord: Sendable {
    package var id: CaseID
    package var number: String
    package var place: CasePlace
    package var category: CategoryID
    package var kind: CategoryKind
    package var urgency: Urgency
    package var level: AreaLevel
    package var status: CaseStatus
    package var suspended: Bool
    package var queue: CaseQueue
    package var soon: Bool
    package var channel: Channel
    package var title: String
    package var body: String
    package var reporter: PersonID?
    package var reporterName: String
    package var contactMasked: String
    package var holder: Party
    package var leadParty: Party
    package var assisting: Set<Party>
    package var about: OrganisationID?
    package var assignee: PersonID?
    package var assigneePost: PostID?
    package var assigneeName: String
    package var assigneeParty: Party?
    package var promise: Instant?
    package var round: Int64
    package var registered: Instant
    package var solved: Instant?
    package var fedBack: Instant?
    package var closed: Instant?
    package var rated: Int64
    package var clocks: CaseClocks
    package var imported: Bool
    package var contradictory: Bool
    package var trace: String
    package var version: Int64
    package var mergedInto: CaseID?
    /// For a reader who may not know who reported it.
    package var isVeiled = false

    package init(
        id: CaseID, number: String, place: CasePlace, category: CategoryID, kind: CategoryKind,
        urgency: Urgency, level: AreaLevel, status: CaseStatus, suspended: Bool, queue: CaseQueue, soon: Bool,
        channel: Channel, title: String, body: String, reporter: PersonID?, reporterName: String,
        contactMasked: String, holder: Party, leadParty: Party, assisting: Set<Party>, about: OrganisationID?,
        assignee: PersonID?, assigneePost: PostID?, assigneeName: String, assigneeParty: Party?,
        promise: Instant?, round: Int64, registered: Instant, solved: Instant?, fedBack: Instant?,
        closed: Instant?, rated: Int64, clocks: CaseClocks, imported: Bool, contradictory: Bool, trace: String,
        version: Int64, mergedInto: CaseID?
    ) {
        self.id = id
        self.number = number
        self.place = place
        self.category = category
        self.kind = kind
        self.urgency = urgency
        self.level = level
        self.status = status
        self.suspended = suspended
        self.queue = queue
        self.soon = soon
        self.channel = channel
        self.title = title
        self.body = body
        self.reporter = reporter
        self.reporterName = reporterName
        self.contactMasked = contactMasked
        self.holder = holder
        self.leadParty = leadParty
        self.assisting = assisting
        self.about = about
        self.assignee = assignee
        self.assigneePost = assigneePost
        self.assigneeName = assigneeName
        self.assigneeParty = assigneeParty
        self.promise = promise
        self.round = round
        self.registered = registered
        self.solved = solved
        self.fedBack = fedBack
        self.closed = closed
        self.rated = rated
        self.clocks = clocks
        self.imported = imported
        self.contradictory = contradictory
        self.trace = trace
        self.version = version
        self.mergedInto = mergedInto
    }

    /// Closed without an end of its own: clocks that stopped with it were neither kept nor broken.
    var isVoid: Bool { status == .merged || status == .returned || status == .withdrawn }
    /// Far away: no clock runs.
    package static let never = Instant(ms: 9_000_000_000_000)
    /// The area that its counts stand under: the estate, or the area above estates that it is about.
    var countedAt: Int64 { place.estate != 0 ? place.estate : place.path.ids.last?.raw ?? 0 }
    package var due: Instant { suspended ? Self.never : clocks.next?.due ?? Self.never }
}

/// What a list shows of a case: one row, nothing loaded later.
package struct CaseLine: Sendable {
    package let id: CaseID
    package let title: String
    package var place: String
    package let status: CaseStatus
    package let suspended: Bool
    package let queue: CaseQueue
    package let soon: Bool
    package let holder: Party
    package let assigneeName: String
    package let promise: Instant?
    package let due: Instant
    package let registered: Instant
    package let solved: Instant?
    package let rated: Int64
    package let clocks: CaseClocks
    package let trace: String
    package let path: AreaPath
    package let category: Int64
    /// Grows with every change of the case.
    package let version: Int64
}

/// Every SQL word about a case and its lists. No decisions.
package enum CaseStore {
    private static let columns: SQL = """
        c.id, c.number, c.district_id, c.street_id, c.community_id, c.estate_id, c.building_id, c.unit_id, c.path,
        c.place, c.category_id, c.kind, c.urgency, c.level, c.status, c.suspended, c.queue, c.soon, c.channel, c.title,
        c.body, c.reporter_id, c.reporter_name, c.contact_masked, c.holder, c.lead_party, c.assisting, c.about_family,
        c.assignee_id, c.assignee_post, c.assignee_name, c.assignee_party, c.promise_ms, c.round, c.registered_ms,
        c.solved_ms, c.fed_back_ms, c.closed_ms, c.rated, c.attend_due_ms, c.attend_stop_ms, c.handle_due_ms,
        c.handle_stop_ms, c.feedback_due_ms, c.feedback_stop_ms, c.imported, c.contradictory, c.trace, c.version,
        c.merged_into
        """

    private static func positive<Of>(_ value: Int64) -> ID<Of>? { value > 0 ? ID(value) : nil }

    private static func clocks(_ row: any Row, from column: Int) throws -> CaseClocks {
        var clocks = CaseClocks()
        clocks.attend = .init(
            due: try row.optionalInstant(column), stopped: try row.optionalInstant(column + 1))
        clocks.handle = .init(
            due: try row.optionalInstant(column + 2), stopped: try row.optionalInstant(column + 3))
        clocks.feedback = .init(
            due: try row.optionalInstant(column + 4), stopped: try row.optionalInstant(column + 5))
        return clocks
    }

    private static func record(_ row: any Row) throws -> CaseRecord {
        var place = CasePlace(path: try row.path(8), words: try row.text(9))
        place.district = try row.int(2)
        place.street = try row.int(3)
        place.community = try row.int(4)
        place.estate = try row.int(5)
        place.building = try row.int(6)
        place.unit = try row.int(7)
        let mask = try row.int(26)
        return CaseRecord(
            id: try row.id(0), number: try row.text(1), place: place, category: try row.id(10), kind: try row.raw(11),
            urgency: try row.raw(12), level: try row.raw(13), status: try row.raw(14), suspended: try row.flag(15),
            queue: try row.raw(16), soon: try row.flag(17), channel: try row.raw(18), title: try row.text(19),
            body: try row.text(20), reporter: positive(try row.int(21)), reporterName: try row.text(22),
            contactMasked: try row.text(23), holder: try row.raw(24), leadParty: try row.raw(25),
            assisting: Set(Party.allCases.filter { mask & (1 << $0.rawValue) != 0 }),
            about: positive(try row.int(27)), assignee: positive(try row.int(28)),
            assigneePost: positive(try row.int(29)), assigneeName: try row.text(30),
            assigneeParty: try row.optionalRaw(31), promise: try row.optionalInstant(32), round: try row.int(33),
            registered: try row.instant(34), solved: try row.optionalInstant(35),
            fedBack: try row.optionalInstant(36), closed: try row.optionalInstant(37), rated: try row.int(38),
            clocks: try clocks(row, from: 39), imported: try row.flag(45), contradictory: try row.flag(46),
            trace: try row.text(47), version: try row.int(48), mergedInto: positive(try row.int(49)))
    }

    package static func load(_ id: CaseID, _ transaction: any ReadTransaction) throws -> CaseRecord? {
        try transaction.first("select \(columns) from cases_case c where c.id = \(id)", record)
    }

    package static func load(
        lookup digest: [UInt8], _ transaction: any ReadTransaction
    ) throws -> CaseRecord? {
        try transaction.first("select \(columns) from cases_case c where c.lookup_digest = \(digest)", record)
    }

    /// Whether somebody holds a look-up code of the case.
    package static func hasLookUp(_ id: CaseID, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first("select id from cases_case where id = \(id) and lookup_digest is not null") {
            try $0.int(0)
        } != nil
    }

    private static func mask(_ parties: Set<Party>) -> Int64 { parties.reduce(0) { $0 | 1 << $1.rawValue } }

    package struct Contact: Sendable {
        package let sealed: [UInt8]
        package let masked: String
    }

    package static func insert(
        _ c: CaseRecord, contact: Contact?, lookup: [UInt8]?, _ transaction: any WriteTransaction
    ) throws {
        let k = c.clocks
        try transaction.run(
            """
            insert into cases_case (id, number, district_id, street_id, community_id, estate_id, building_id, unit_id,
                path, place, category_id, kind, urgency, level, status, suspended, queue, soon, channel, title, body,
                reporter_id, reporter_name, contact_sealed, contact_masked, lookup_digest, holder, lead_party,
                assisting, about_family, assignee_id, assignee_post, assignee_name, assignee_party, promise_ms, round,
                registered_ms, solved_ms, fed_back_ms, closed_ms, rated, attend_due_ms, attend_stop_ms, handle_due_ms,
                handle_stop_ms, feedback_due_ms, feedback_stop_ms, due_ms, merged_into, imported, contradictory, trace,
                version)
            values (\(c.id), \(c.number), \(c.place.district), \(c.place.street), \(c.place.community),
                \(c.place.estate), \(c.place.building), \(c.place.unit), \(c.place.path), \(c.place.words),
                \(c.category), \(c.kind), \(c.urgency), \(c.level), \(c.status), \(c.suspended), \(c.queue), \(c.soon),
                \(c.channel), \(c.title), \(c.body), \(c.reporter?.raw ?? 0), \(c.reporterName), \(contact?.sealed),
                \(contact?.masked ?? ""), \(lookup), \(c.holder), \(c.leadParty), \(mask(c.assisting)),
                \(c.about?.raw ?? 0), \(c.assignee?.raw ?? 0), \(c.assigneePost?.raw ?? 0), \(c.assigneeName),
                \(c.assigneeParty), \(c.promise), \(c.round), \(c.registered), \(c.solved), \(c.fedBack), \(c.closed),
                \(c.rated), \(k.attend.due), \(k.attend.stopped), \(k.handle.due), \(k.handle.stopped),
                \(k.feedback.due), \(k.feedback.stopped), \(c.due), 0, \(c.imported), \(c.contradictory), \(c.trace),
                \(c.version))
            """)
    }

    /// Saves what changes in a case's life. Returns false when somebody else changed it since it was loaded.
    package static func save(_ c: CaseRecord, expecting version: Int64, _ transaction: any WriteTransaction) throws
        -> Bool
    {
        let k = c.clocks
        return try transaction.run(
            """
            update cases_case set category_id = \(c.category), kind = \(c.kind), urgency = \(c.urgency),
                level = \(c.level), status = \(c.status), suspended = \(c.suspended), queue = \(c.queue),
                soon = \(c.soon), holder = \(c.holder), lead_party = \(c.leadParty),
                assisting = \(mask(c.assisting)), about_family = \(c.about?.raw ?? 0),
                assignee_id = \(c.assignee?.raw ?? 0), assignee_post = \(c.assigneePost?.raw ?? 0),
                assignee_name = \(c.assigneeName), assignee_party = \(c.assigneeParty), promise_ms = \(c.promise),
                round = \(c.round), solved_ms = \(c.solved), fed_back_ms = \(c.fedBack), closed_ms = \(c.closed),
                rated = \(c.rated), attend_due_ms = \(k.attend.due), attend_stop_ms = \(k.attend.stopped),
                handle_due_ms = \(k.handle.due), handle_stop_ms = \(k.handle.stopped),
                feedback_due_ms = \(k.feedback.due), feedback_stop_ms = \(k.feedback.stopped), due_ms = \(c.due),
                merged_into = \(c.mergedInto?.raw ?? 0), trace = \(c.trace), version = \(version + 1)
            where id = \(c.id) and version = \(version)
            """) == 1
    }

    package static func nextNumber(
        estate: Int64, day: Day, _ transaction: any WriteTransaction
    ) throws -> String {
        let grown = try transaction.run(
            "update cases_number set last = last + 1 where estate_id = \(estate) and day = \(day)")
        if grown == 0 {
            try transaction.run(
                """
                insert into cases_number (estate_id, day, last) values (\(estate), \(day), 1)
                on conflict (estate_id, day) do update set last = cases_number.last + 1
                """)
        }
        let last =
            try transaction.first("select last from cases_number where estate_id = \(estate) and day = \(day)") {
                try $0.int(0)
            } ?? 1
        let (_, month, date) = day.civil
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(two(month))\(two(date))-\(two(Int(last)))"
    }

    // MARK: Idempotency

    package static func keyed(
        owner: Int64, key: String, _ transaction: any ReadTransaction
    ) throws -> (case: CaseID, digest: [UInt8])? {
        try transaction.first(
            "select case_id, digest from cases_key where owner_id = \(owner) and key = \(key)"
        ) { (try $0.id(0), try $0.bytes(1)) }
    }

    package static func putKey(
        owner: Int64, key: String, case id: CaseID, digest: [UInt8], at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into cases_key (owner_id, key, case_id, digest, created_ms)
            values (\(owner), \(key), \(id), \(digest), \(now))
            """)
    }

    // MARK: Lists

    static let lineColumns: SQL = """
        c.id, c.title, c.place, c.status, c.suspended, c.queue, c.soon, c.holder, c.assignee_name, c.promise_ms,
        c.due_ms, c.registered_ms, c.solved_ms, c.rated, c.attend_due_ms, c.attend_stop_ms, c.handle_due_ms,
        c.handle_stop_ms, c.feedback_due_ms, c.feedback_stop_ms, c.trace, c.path, c.category_id,
        c.version
        """

    static func line(_ row: any Row) throws -> CaseLine {
        CaseLine(
            id: try row.id(0), title: try row.text(1), place: try row.text(2), status: try row.raw(3),
            suspended: try row.flag(4), queue: try row.raw(5), soon: try row.flag(6), holder: try row.raw(7),
            assigneeName: try row.text(8), promise: try row.optionalInstant(9), due: try row.instant(10),
            registered: try row.instant(11), solved: try row.optionalInstant(12), rated: try row.int(13),
            clocks: try clocks(row, from: 14), trace: try row.text(20), path: try row.path(21),
            category: try row.int(22), version: try row.int(23))
    }

    /// The column of a level at which somebody may hold a post, for the indexes that end in `due_ms, id`.
    static func column(_ level: AreaLevel) -> SQL? {
        switch level {
        case .district: "c.district_id"
        case .street: "c.street_id"
        case .community: "c.community_id"
        case .estate: "c.estate_id"
        default: nil
        }
    }

    package struct DeskFilter: Sendable {
        package var queue: CaseQueue?
        package var soon = false
        package var category: CategoryID?
        package var terms: [String] = []
        /// After this position of the order.
        package var after: (due: Instant, id: CaseID)?
        package var limit = 50
        package init() {}
    }

    /// Where an open case stands in the list, and which version of it.
    package struct DeskPlace: Sendable {
        package let id: CaseID
        package let version: Int64
        package let due: Instant
    }

    /// The list without its contents, for rows that are drawn already.
    package static func deskPlaces(
        _ scope: Scope, _ filter: DeskFilter, _ transaction: any ReadTransaction
    ) throws -> [DeskPlace] {
        var result: [DeskPlace] = []
        for place in scope.places {
            guard let sql = deskSQL(place, hiding: scope.families, filter, "c.id, c.version, c.due_ms") else {
                continue
            }
            result += try transaction.query(sql) {
                DeskPlace(id: try $0.id(0), version: try $0.int(1), due: try $0.instant(2))
            }
        }
        if scope.places.count > 1 {
            result.sort { ($0.due, $0.id) < ($1.due, $1.id) }
            result = Array(result.prefix(filter.limit))
        }
        return result
    }

    /// These cases, in no order. The caller has found them through a scope.
    package static func lines(_ ids: [CaseID], _ transaction: any ReadTransaction) throws -> [CaseLine] {
        guard !ids.isEmpty else { return [] }
        let list = SQL.joined(ids.map { "\($0)" })
        return try transaction.query("select \(lineColumns) from cases_case c where c.id in (\(list))", line)
    }

    /// Open cases by time left. One index range for each place of the scope, merged.
    package static func desk(
        _ scope: Scope, _ filter: DeskFilter, _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        var result: [CaseLine] = []
        for place in scope.places {
            guard let sql = deskSQL(place, hiding: scope.families, filter) else { continue }
            result += try transaction.query(sql, line)
        }
        if scope.places.count > 1 {
            result.sort { ($0.due, $0.id) < ($1.due, $1.id) }
            result = Array(result.prefix(filter.limit))
        }
        return result
    }

    /// The statement for one place; nil for a level that has no list.
    static func deskSQL(
        _ place: Scope.Place, hiding families: [OrganisationID], _ filter: DeskFilter, _ columns: SQL? = nil
    ) -> SQL? {
        guard let column = column(place.level) else { return nil }
        var conditions: [SQL] = ["\(column) = \(place.area)"]
        if let queue = filter.queue { conditions.append("c.queue = \(queue)") }
        // As the indexes say it. Said as a range it would tempt the planner to search by queue and sort afterwards.
        conditions.append("c.queue <> 0")
        if filter.soon { conditions.append("c.soon") }
        if let category = filter.category { conditions.append("c.category_id = \(category)") }
        for family in families { conditions.append(hides(family)) }
        if !filter.terms.isEmpty { conditions.append(CaseMigrations.text.matches(filter.terms, idColumn: "c.id")) }
        if let after = filter.after { conditions.append("(c.due_ms, c.id) > (\(after.due), \(after.id))") }
        return """
            select \(columns ?? lineColumns) from cases_case c where \(SQL.joined(conditions, separator: " and "))
            order by c.due_ms, c.id limit \(filter.limit)
            """
    }

    /// Not about this body. As an expression, because planners of plans for any value take a bare column for nearly
    /// always equal, where nearly no case is about anybody, and sort what an index has in order.
    static func hides(_ family: OrganisationID) -> SQL { "coalesce(c.about_family, 0) <> \(family)" }

    /// Open cases of the same kind at the same place about the same body that nobody has handled yet: what a case may be
    /// merged into, the most urgent first.
    static func like(
        _ c: CaseRecord, limit: Int = 10, _ transaction: any ReadTransaction
    ) throws -> [(id: CaseID, title: String, place: String)] {
        let place: SQL =
            c.place.estate != 0
            ? "c.estate_id = \(c.place.estate)"
            : c.place.community != 0 ? "c.community_id = \(c.place.community)" : "c.street_id = \(c.place.street)"
        return try transaction.query(
            """
            select c.id, c.title, c.place from cases_case c
            where \(place) and c.category_id = \(c.category) and c.queue <> 0 and c.path = \(c.place.path)
                and c.about_family = \(c.about?.raw ?? 0) and c.status < \(CaseStatus.handled) and c.id <> \(c.id)
            order by c.due_ms, c.id limit \(limit)
            """
        ) { (try $0.id(0), try $0.text(1), try $0.text(2)) }
    }

    package static func mine(
        _ person: PersonID, before: CaseID? = nil, limit: Int = 50, _ transaction: any ReadTransaction
    ) throws -> [CaseLine] {
        try transaction.query(mineSQL(person, before: before, limit: limit), line)
    }

    static func mineSQL(_ person: PersonID, before: CaseID?, limit: Int) -> SQL {
        let page: SQL = before.map { "and c.id < \($0)" } ?? .empty
        return """
            select \(lineColumns) from cases_case c where c.reporter_id = \(person) and c.reporter_id > 0 \(page)
            order by c.id desc limit \(limit)
            """
    }

    package static func unanswered(before: Instant, limit: Int, _ transaction: any ReadTransaction) throws -> [CaseID] {
        try transaction.query(
            """
            select id from cases_case where queue = 5 and fed_back_ms <= \(before)
            order by fed_back_ms, id limit \(limit)
            """
        ) { try $0.id(0) }
    }

    package static func openEmergencies(
        before: Instant, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [CaseID] {
        try transaction.query(
            """
            select id from cases_case
            where urgency = 3 and queue between 1 and 4 and registered_ms < \(before)
            order by registered_ms, id limit \(limit)
            """
        ) { try $0.id(0) }
    }

    package static func sealedContact(_ id: CaseID, _ transaction: any ReadTransaction) throws -> [UInt8]? {
        try transaction.first("select contact_sealed from cases_case where id = \(id)") { try $0.optionalBytes(0) }
            ?? nil
    }

    // MARK: Tallies

    package static func tally(
        _ c: CaseRecord, _ queue: CaseQueue, by amount: Int64, _ transaction: any WriteTransaction
    ) throws {
        guard queue != .none else { return }
        try tally(c, queue.rawValue, by: amount, transaction)
    }

    /// 9 stands for "soon due", which lies over the queues.
    static let soonTally: Int64 = 9

    package static func tallySoon(_ c: CaseRecord, by amount: Int64, _ transaction: any WriteTransaction) throws {
        try tally(c, soonTally, by: amount, transaction)
    }

    /// The row is there all but the first time, so it is changed first and made when it is missing.
    private static func tally(
        _ c: CaseRecord, _ queue: Int64, by amount: Int64, _ transaction: any WriteTransaction
    ) throws {
        let about = c.about?.raw ?? 0
        let known = try transaction.run(
            """
            update cases_tally set n = n + \(amount)
            where estate_id = \(c.countedAt) and queue = \(queue) and about_family = \(about)
            """)
        guard known == 0 else { return }
        try transaction.run(
            """
            insert into cases_tally (estate_id, street_id, path, queue, about_family, n)
            values (\(c.countedAt), \(c.place.street), \(c.place.path), \(queue), \(about), \(amount))
            on conflict (estate_id, queue, about_family) do update set n = cases_tally.n + excluded.n
            """)
    }

    package static func tallies(_ scope: Scope, _ transaction: any ReadTransaction) throws -> [Int64: Int64] {
        var result: [Int64: Int64] = [:]
        for place in scope.places {
            let seen = SQL.joined(scope.families.map { " and about_family <> \($0)" as SQL }, separator: "")
            for (queue, n) in try transaction.query(
                """
                select queue, sum(n) from cases_tally
                where path >= \(place.path.text) and path < \(place.path.upperBound)\(seen) group by queue order by queue
                """, { (try $0.int(0), try $0.int(1)) })
            {
                result[queue, default: 0] += n
            }
        }
        return result
    }

    /// Cases of an estate that are still open, without complaints: what the public ledger says.
    package static func open(estate: Int64, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.query(
            """
            select n from cases_tally where estate_id = \(estate) and queue in (1, 2, 3, 4, 5, 6, 8)
                and about_family = 0
            """
        ) { try $0.int(0) }.reduce(0, +)
    }

    package static func count(
        _ c: CaseRecord, _ what: DayCount, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        let day = Zone.shanghai.day(of: now)
        let known = try transaction.run(
            """
            update cases_day set n = n + 1
            where estate_id = \(c.countedAt) and day = \(day) and what = \(what) and channel = \(c.channel)
            """)
        guard known == 0 else { return }
        try transaction.run(
            """
            insert into cases_day (estate_id, path, day, what, channel, n)
            values (\(c.countedAt), \(c.place.path), \(day), \(what), \(c.channel), 1)
            on conflict (estate_id, day, what, channel) do update set n = cases_day.n + 1
            """)
    }

    package static func days(
        estate: Int64, from: Day, to: Day, _ transaction: any ReadTransaction
    ) throws -> [(what: DayCount, channel: Channel, n: Int64)] {
        try transaction.query(
            """
            select what, channel, sum(n) from cases_day
            where estate_id = \(estate) and day >= \(from) and day <= \(to) group by what, channel
            order by what, channel
            """
        ) { (try $0.raw(0), try $0.raw(1), try $0.int(2)) }
    }
}

/// What the daily counts count.
package enum DayCount: Int64, CaseIterable, Sendable {
    case reported = 1
    case struckOff = 2
    case attendedInTime = 3
    case attendedLate = 4
    case handledInTime = 5
    case handledLate = 6
    case fedBackInTime = 7
    case fedBackLate = 8
    case satisfied = 9
    case rated = 10
    case settledAtLevel = 11
    case escalated = 12
}

import Directory
import Kernel
import Storage

package enum RequestTag {}
package typealias RequestID = ID<RequestTag>

/// What somebody asks about their own data.
package enum RequestKind: Int64, CaseIterable, Sendable {
    case copy = 1
    case correction = 2
    case closing = 3
    package var code: String { String(describing: self) }
    var phrase: Phrase {
        switch self {
        case .copy: .requestCopy
        case .correction: .requestCorrection
        case .closing: .requestClosing
        }
    }
}

package enum RequestStatus: Int64, CaseIterable, Sendable {
    case waiting = 1
    case underWay = 2
    case done = 3
    case refused = 4
    case takenBack = 5
    package var code: String { String(describing: self) }
    var isOpen: Bool { rawValue <= RequestStatus.underWay.rawValue }
    var phrase: Phrase {
        switch self {
        case .waiting: .requestWaiting
        case .underWay: .requestUnderWay
        case .done: .requestDone
        case .refused: .requestRefused
        case .takenBack: .requestTakenBack
        }
    }
}

package struct PrivacyRequest: Sendable {
    package let id: RequestID
    package let person: PersonID
    package let name: String
    package let kind: RequestKind
    package let area: AreaID
    package let words: String
    package let answer: String
    package let status: RequestStatus
    package let language: Language
    package let due: Day
    /// When an account will be closed.
    package let act: Instant?
    package let count: Int64
    package let fileBytes: Int64
    package let decided: Instant?
    package let version: Int64
    package let created: Instant
    /// The name of a person who died, as the relative wrote it; empty for what is one's own.
    package let deadName: String
    /// Nil for what is one's own.
    package let relative: Relative?
}

/// Every SQL word about requests and the files that they make.
package enum RequestStore {
    private static let columns: SQL = """
        r.id, r.person_id, p.name, r.kind, r.area_id, r.words, r.answer, r.status, r.language, r.due_day, r.act_ms,
            r.count, r.file_bytes, r.decided_ms, r.version, r.created_ms, r.dead_name,
            k.relation, k.home, k.interest, k.proof, k.died_day, k.dead_id, d.name, k.evidence, k.confirmed_day,
            k.confirmed_ms, k.accepted_ms
        from privacy_request r join directory_person p on p.id = r.person_id
            left join privacy_relative k on k.request_id = r.id
            left join directory_person d on d.id = k.dead_id
        """

    private static func request(_ row: any Row) throws -> PrivacyRequest {
        PrivacyRequest(
            id: try row.id(0), person: try row.id(1), name: try row.text(2), kind: try row.raw(3),
            area: try row.id(4), words: try row.text(5), answer: try row.text(6), status: try row.raw(7),
            language: Language(rawValue: try row.text(8)) ?? .zh, due: try row.day(9),
            act: try row.optionalInstant(10), count: try row.int(11), fileBytes: try row.int(12),
            decided: try row.optionalInstant(13), version: try row.int(14), created: try row.instant(15),
            deadName: try row.text(16), relative: try relative(row))
    }

    private static func relative(_ row: any Row) throws -> Relative? {
        guard let relation = try row.optionalRaw(17, Kinship.self) else { return nil }
        let dead = try row.id(22, PersonTag.self)
        return Relative(
            relation: relation, home: try row.text(18), interest: try row.text(19), proof: try row.text(20),
            died: try row.day(21), dead: dead.raw > 0 ? dead : nil, deadName: try row.optionalText(23) ?? "",
            evidence: try row.text(24), confirmedDay: row.isNull(25) ? nil : try row.day(25),
            confirmed: try row.optionalInstant(26), accepted: try row.optionalInstant(27))
    }

    package static func load(_ id: RequestID, _ transaction: any ReadTransaction) throws -> PrivacyRequest? {
        try transaction.first("select \(columns) where r.id = \(id)", request)
    }

    /// A person's own, the latest first.
    package static func of(
        _ person: PersonID, limit: Int = 20, _ transaction: any ReadTransaction
    ) throws -> [PrivacyRequest] {
        try transaction.query(
            "select \(columns) where r.person_id = \(person) order by r.id desc limit \(limit)", request)
    }

    /// What relatives ask or asked about somebody as of a person who died, while that person has not said that it is not
    /// so.
    package static func claims(
        on person: PersonID, _ transaction: any ReadTransaction
    ) throws -> [PrivacyRequest] {
        try transaction.query(
            """
            select \(columns) where k.dead_id = \(person) and k.dead_id > 0 and k.alive_ms is null
            order by r.id desc limit 20
            """, request)
    }

    /// Those of people of a scope, the latest first.
    package static func all(
        in scope: Scope, before: RequestID?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PrivacyRequest] {
        let page: SQL = before.map { "and r.id < \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) where r.area_id in \(DirectoryStore.areas(in: scope)) \(page)
            order by r.id desc limit \(limit)
            """, request)
    }

    /// False when one of this kind is open already.
    static func insert(
        _ id: RequestID, of person: PersonID, kind: RequestKind, dead: String = "", area: AreaID, words: String,
        status: RequestStatus, language: Language, due: Day, act: Instant?, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into privacy_request
                (id, person_id, kind, area_id, words, answer, status, language, due_day, act_ms, count, file_bytes,
                decided_by, version, created_ms, dead_name)
            values (\(id), \(person), \(kind), \(area), \(words), '', \(status), \(language.rawValue), \(due), \(act),
                0, 0, 0, 1, \(now), \(dead))
            on conflict do nothing
            """) == 1
    }

    /// From one state to another. False when it stood elsewhere, or was changed since the version that was seen.
    /// - Parameter answer: nil leaves it as it is.
    static func move(
        _ id: RequestID, from: RequestStatus, to: RequestStatus, answer: String? = nil, by person: PersonID? = nil,
        was seen: Int64? = nil, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        let edition: SQL = seen.map { "and version = \($0)" } ?? .empty
        let decided: Instant? = to.isOpen ? nil : now
        let said: SQL = answer.map { "answer = \($0), " } ?? .empty
        return try transaction.run(
            """
            update privacy_request set status = \(to), \(said)decided_by = \(person?.raw ?? 0),
                decided_ms = \(decided), version = version + 1
            where id = \(id) and status = \(from) \(edition)
            """) == 1
    }

    static func count(_ id: RequestID, more: Int, _ transaction: any WriteTransaction) throws {
        try transaction.run("update privacy_request set count = count + \(more) where id = \(id)")
    }

    // MARK: Files

    static func setFile(_ id: RequestID, bytes: Int, _ transaction: any WriteTransaction) throws {
        try transaction.run("update privacy_request set file_bytes = \(bytes) where id = \(id)")
    }

    static func forgetFile(_ id: RequestID, _ transaction: any WriteTransaction) throws {
        try transaction.run("delete from privacy_file where request_id = \(id)")
    }

    static func addPiece(
        _ id: RequestID, _ kind: FileKind, _ number: Int64, bytes: Int, _ sealed: [UInt8],
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into privacy_file (request_id, kind, number, bytes_count, sealed)
            values (\(id), \(kind), \(number), \(bytes), \(sealed))
            """)
    }

    static func length(_ id: RequestID, _ kind: FileKind, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            """
            select sum(bytes_count) from privacy_file where request_id = \(id) and kind = \(kind)
            """
        ) { try $0.optionalInt(0) ?? 0 } ?? 0
    }

    static func piece(
        _ id: RequestID, _ kind: FileKind, _ number: Int64, _ transaction: any ReadTransaction
    ) throws -> [UInt8]? {
        try transaction.first(
            """
            select sealed from privacy_file where request_id = \(id) and kind = \(kind) and number = \(number)
            """
        ) { try $0.bytes(0) }
    }
}

/// The same file for programs and for people.
enum FileKind: Int64, CaseIterable, Sendable {
    case json = 1
    case html = 2
}

extension PrivacyDesk {
    /// Where somebody's request is answered: the estate of their first home, or the widest area for those without one.
    static func place(of person: PersonID, on day: Day, _ transaction: any ReadTransaction) throws -> AreaID {
        if let home = try DirectoryStore.homes(of: person, on: day, transaction).first { return home.estate }
        return try transaction.first(
            "select id from directory_area where parent_id is null order by id limit 1"
        ) { try $0.id(0) } ?? AreaID(0)
    }

    /// Asks for a copy, a correction or the closing of one's account.
    ///
    /// - Parameter confirmed: said once more, where it cannot be undone later.
    @discardableResult
    package func ask(
        _ kind: RequestKind, words: String, confirmed: Bool, language: Language, by person: PersonID
    ) async throws -> RequestID {
        let (now, day) = (world.now(), today)
        let said = kind == .correction ? try Self.words(words, "words", 2...1000) : ""
        guard kind != .closing || confirmed else { throw PrivacyRefusal.confirmFirst }
        let calendar = try await calendars.current(at: now)
        let id: RequestID = world.id()
        try await database.write { [world] transaction in
            if kind == .closing, try !DirectoryStore.posts(of: person, on: day, transaction).isEmpty {
                throw PrivacyRefusal.postsFirst
            }
            let workdays = Int(try LawLimitStore.value(.requestWorkdays, transaction))
            let pause = Int(try LawLimitStore.value(.closingDays, transaction))
            let act = kind == .closing ? now.adding(days: pause) : nil
            let area = try Self.place(of: person, on: day, transaction)
            guard
                try RequestStore.insert(
                    id, of: person, kind: kind, area: area, words: said,
                    status: kind == .copy ? .underWay : .waiting, language: language,
                    due: calendar.after(day, workdays: workdays), act: act, at: now, transaction)
            else { throw PrivacyRefusal.requestOpen }
            if kind != .correction {
                try Jobs(nextID: world.nextID).schedule(
                    kind: kind == .copy ? PrivacyWork.copyJob : PrivacyWork.closeJob, area: area, subject: id.raw,
                    due: act ?? now, key: id.text, transaction)
            }
            try audit("privacy.ask", id.raw, kind.code, at: area, by: person, transaction)
        }
        return id
    }

    /// Takes one's own request back, as long as nothing was done about it.
    package func takeBack(_ id: RequestID, by person: PersonID) async throws {
        let now = world.now()
        try await database.write { [world] transaction in
            guard let request = try RequestStore.load(id, transaction), request.person == person else {
                throw PrivacyRefusal.notFound
            }
            guard try RequestStore.move(id, from: .waiting, to: .takenBack, at: now, transaction) else {
                throw PrivacyRefusal.requestOver
            }
            if request.kind == .closing {
                try Jobs(nextID: world.nextID).cancel(kind: PrivacyWork.closeJob, key: id.text, transaction)
            }
            try audit("privacy.takeBack", id.raw, request.kind.code, at: request.area, by: person, transaction)
        }
    }

    /// Answers somebody's request to correct data: done, or refused with the reason. A copy and a closing need no
    /// answer: they happen by themselves.
    package func answer(
        _ id: RequestID, done: Bool, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        let now = world.now()
        guard let person = actor.person else { throw PrivacyRefusal.notFound }
        try await database.write { transaction in
            guard let request = try RequestStore.load(id, transaction),
                let area = try DirectoryStore.area(request.area, transaction),
                let post = actor.post(for: .privacyHandle, at: area.path)
            else { throw PrivacyRefusal.notFound }
            guard request.relative == nil, request.kind == .correction, request.status == .waiting else {
                throw PrivacyRefusal.requestOver
            }
            guard request.person != person else { throw PrivacyRefusal.ownRequest }
            guard !words.isEmpty else { throw PrivacyRefusal.reasonNeeded }
            let said = try Self.words(words, "answer", 1...1000)
            guard
                try RequestStore.move(
                    id, from: .waiting, to: done ? .done : .refused, answer: said, by: person, was: seen, at: now,
                    transaction)
            else { throw PrivacyRefusal.changedMeanwhile }
            try audit(
                "privacy.answer", id.raw, "\(done) \(said.utf8.count)", at: area.id, by: person, post, transaction)
            try tell(.answered, [], "/my/privacy", request.person, now, transaction)
        }
    }
}

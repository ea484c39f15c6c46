import Directory
import Kernel
import Storage

/// How long data of one class is kept: one version.
package struct Period: Sendable {
    package let name: String
    package let version: Int64
    package let days: Int64
    package let source: String
    package let since: Day
    package let why: String
    package let author: String
    package let created: Instant
}

/// What one run deleted of one class.
package struct Deletion: Sendable {
    package let run: Day
    package let name: String
    package let count: Int64
    package let from: Instant
    package let to: Instant
    package let before: Instant
    package let at: Instant
}

/// Every SQL word about periods and the log of deletions.
package enum PeriodStore {
    /// Once, for a class without one; what was edited stays.
    static func plant(_ classes: [RetentionClass], at now: Instant, _ transaction: any WriteTransaction) throws {
        for one in classes {
            try transaction.run(
                """
                insert into privacy_period (class, version, days, source, since_day, why, created_by, created_ms)
                values (\(one.name), 1, \(one.days), \(one.source.zh), \(one.since), '', 0, \(now))
                on conflict do nothing
                """)
        }
    }

    private static func period(_ row: any Row) throws -> Period {
        Period(
            name: try row.text(0), version: try row.int(1), days: try row.int(2), source: try row.text(3),
            since: try row.day(4), why: try row.text(5), author: try row.optionalText(6) ?? "",
            created: try row.instant(7))
    }
    private static let columns: SQL = """
        d.class, d.version, d.days, d.source, d.since_day, d.why, p.name, d.created_ms
        from privacy_period d left join directory_person p on p.id = d.created_by
        """

    /// Every version of a class, the one that holds first.
    package static func history(_ name: String, _ transaction: any ReadTransaction) throws -> [Period] {
        try transaction.query(
            "select \(columns) where d.class = \(name) order by d.version desc limit 20", period)
    }

    static func days(_ one: RetentionClass, on day: Day, _ transaction: any ReadTransaction) throws -> Int64 {
        let kept = try transaction.first(
            """
            select days from privacy_period where class = \(one.name) and since_day <= \(day)
            order by version desc limit 1
            """
        ) { try $0.int(0) }
        // Never less than the law asks, whatever a row says.
        return max(kept ?? one.days, one.least)
    }

    static func insert(
        _ period: Period, by person: PersonID, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into privacy_period (class, version, days, source, since_day, why, created_by, created_ms)
            values (\(period.name), \(period.version), \(period.days), \(period.source), \(period.since),
                \(period.why), \(person), \(period.created))
            on conflict do nothing
            """) == 1
    }

    static func log(
        run: Int64, _ name: String, _ swept: RetentionClass.Swept, before: Instant, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into privacy_deletion (run, class, count, from_ms, to_ms, before_ms, at_ms)
            values (\(run), \(name), \(swept.count), \(swept.from), \(swept.to), \(before), \(now))
            on conflict (run, class) do update set count = privacy_deletion.count + excluded.count,
                from_ms = case when excluded.from_ms < privacy_deletion.from_ms then excluded.from_ms
                    else privacy_deletion.from_ms end,
                to_ms = case when excluded.to_ms > privacy_deletion.to_ms then excluded.to_ms
                    else privacy_deletion.to_ms end,
                at_ms = excluded.at_ms
            """)
    }

    package static func deletions(
        before: Day?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Deletion] {
        let page: SQL = before.map { "where run < \($0)" } ?? .empty
        return try transaction.query(
            """
            select run, class, count, from_ms, to_ms, before_ms, at_ms from privacy_deletion \(page)
            order by run desc, class desc limit \(limit)
            """
        ) { row in
            Deletion(
                run: try row.day(0), name: try row.text(1), count: try row.int(2), from: try row.instant(3),
                to: try row.instant(4), before: try row.instant(5), at: try row.instant(6))
        }
    }
}

extension PrivacyDesk {
    /// Sets another period for a class; never a shorter one than the law asks.
    package func setPeriod(
        _ name: String, days: Int64, source: String, since: Day, why: String, was seen: Int64, by actor: Actor
    ) async throws {
        let (person, post) = try editor(actor)
        guard let one = classes.first(where: { $0.name == name }) else { throw PrivacyRefusal.badChoice("class") }
        guard (1...36_500).contains(days) else { throw PrivacyRefusal.badNumber("days") }
        guard days >= one.least else { throw PrivacyRefusal.fewerThanLaw(String(one.least)) }
        let period = Period(
            name: name, version: seen + 1, days: days, source: try Self.words(source, "source", 1...200),
            since: since, why: try Self.words(why, "why"), author: "", created: world.now())
        try await database.write { transaction in
            guard try PeriodStore.history(name, transaction).first?.version == seen,
                try PeriodStore.insert(period, by: person, transaction)
            else { throw PrivacyRefusal.changedMeanwhile }
            try audit(
                "period.edit", period.version, "\(name) \(days) \(source)", at: post.area, by: person, post,
                transaction)
        }
    }

    package func setLimit(_ limit: LawLimit, was seen: Int64, by actor: Actor) async throws {
        let (person, post) = try editor(actor)
        _ = try Self.words(limit.source, "source", 1...200)
        guard (1...3650).contains(limit.value) else { throw PrivacyRefusal.badNumber("value") }
        try await database.write { transaction in
            guard try LawLimitStore.put(limit, was: seen, transaction) else { throw PrivacyRefusal.changedMeanwhile }
            try audit(
                "limit.edit", 0, "\(limit.key.rawValue) \(limit.value) \(limit.source)", at: post.area, by: person,
                post, transaction)
        }
    }
}

/// What Privacy itself holds about people.
enum PrivacyPersonal {
    /// Consents are withdrawn when an account is closed; that they were given, and what was asked, is the proof that
    /// the law asks for.
    static let source = PersonalDataSource(
        "privacy", [acceptances, consents, requests, ArrangementStore.table],
        remains: [
            PersonalRemainder(.keptConsents, .keptConsentsWhy), PersonalRemainder(.keptRelatives, .keptRelativesWhy),
        ]
    ) { person, now, limit, transaction in
        var count = 0
        for state in try ConsentStore.states(of: person, transaction) where state.given == true {
            if try ConsentStore.add(person, state.purpose, given: false, channel: "closing", at: now, transaction)
                == .new
            {
                count += 1
            }
        }
        count += try transaction.run(
            """
            delete from privacy_file where request_id in (
                select r.id from privacy_request r where r.person_id = \(person))
            """)
        // What was asked beside it falls with the account.
        count += try transaction.run(
            """
            update privacy_request set status = \(RequestStatus.takenBack), decided_ms = \(now), version = version + 1
            where person_id = \(person) and status <= 2 and (kind <> \(RequestKind.closing) or dead_name <> '')
            """)
        count += try transaction.run("delete from privacy_arrangement where person_id = \(person)")
        count += try transaction.run(
            """
            update privacy_relative set home = '', interest = '', proof = '', evidence = ''
            where request_id in (select r.id from privacy_request r where r.person_id = \(person))
                and (home <> '' or interest <> '' or proof <> '' or evidence <> '')
            """)
        return try count
            + transaction.run(
                """
                update privacy_request set words = '', answer = '', dead_name = '', file_bytes = 0
                where person_id = \(person) and (words <> '' or answer <> '' or dead_name <> '' or file_bytes > 0)
                """)
    }

    private static let acceptances = PersonalTable(
        "notices", .dataNotices,
        [.init("version", .dataVersion), .init("channel", .dataChannel), .init("at", .dataAt)], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select notice, channel, at_ms from privacy_acceptance where person_id = \(person) and notice > \(after)
            order by notice limit \(limit)
            """
        ) { row in
            PersonalRow(
                try row.int(0), [.number(try row.int(0)), .text(try row.text(1)), .time(try row.instant(2))])
        }
    }

    /// Entries have no number over all purposes: the ledger of one person comes as one batch, in order.
    private static let consents = PersonalTable(
        "consents", .dataConsents,
        [
            .init("purpose", .dataPurpose), .init("version", .dataVersion), .init("given", .dataGiven),
            .init("channel", .dataChannel), .init("at", .dataAt),
        ], isForKin: true
    ) { person, after, _, transaction in
        guard after == 0 else { return [] }
        let rows = try transaction.query(
            """
            select purpose, number, version, given, channel, at_ms from privacy_consent
            where person_id = \(person) order by purpose, number limit 5000
            """, ConsentStore.entry)
        return rows.enumerated().map { index, entry in
            PersonalRow(
                Int64(index) + 1,
                [
                    .text(entry.purpose), .number(entry.version), .flag(entry.given), .text(entry.channel),
                    .time(entry.at),
                ])
        }
    }

    private static let requests = PersonalTable(
        "requests", .dataRequests,
        [
            .init("kind", .dataKind), .init("words", .dataWords), .init("answer", .dataAnswer),
            .init("state", .dataState), .init("at", .dataAt), .init("dead", .kinName), .init("home", .kinHome),
            .init("interest", .kinInterest), .init("proof", .kinProof),
        ], isForKin: true
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select r.id, r.kind, r.words, r.answer, r.status, r.created_ms, r.dead_name, coalesce(k.home, ''),
                coalesce(k.interest, ''), coalesce(k.proof, ''), k.request_id
            from privacy_request r left join privacy_relative k on k.request_id = r.id
            where r.person_id = \(person) and r.id > \(after) order by r.id limit \(limit)
            """
        ) { row in
            // What somebody asked about another one who died says nothing that their own relatives may know.
            PersonalRow(
                try row.int(0),
                [
                    .text(try row.raw(1, RequestKind.self).code), .text(try row.text(2)), .text(try row.text(3)),
                    .text(try row.raw(4, RequestStatus.self).code), .time(try row.instant(5)),
                    .text(try row.text(6)), .text(try row.text(7)), .text(try row.text(8)), .text(try row.text(9)),
                ], isForKin: row.isNull(10))
        }
    }

    static let retention: [RetentionClass] = [
        RetentionClass(
            "copies", .keepCopies, days: 7, least: 1, source: .keepCopiesSource, since: Day(number: 20_454)
        ) { before, limit, transaction in
            let gone = try transaction.query(
                """
                select id, decided_ms from privacy_request where decided_ms < \(before) and file_bytes > 0
                order by decided_ms, id limit \(limit)
                """
            ) { (try $0.id(0, RequestTag.self), try $0.instant(1)) }
            for (id, _) in gone {
                try RequestStore.forgetFile(id, transaction)
                try RequestStore.setFile(id, bytes: 0, transaction)
            }
            return .init(gone.map(\.1))
        },
        RetentionClass(
            "requests", .keepRequests, days: 1096, least: 1096, source: .keepRequestsSource,
            since: Day(number: 18_932)
        ) { before, limit, transaction in
            let old = try transaction.query(
                """
                select id, decided_ms from privacy_request where decided_ms < \(before) and file_bytes = 0
                order by decided_ms, id limit \(limit)
                """
            ) { (try $0.id(0, RequestTag.self), try $0.instant(1)) }
            guard !old.isEmpty else { return .nothing }
            let ids = SQL.joined(old.map { "\($0.0)" })
            try transaction.run("delete from privacy_relative_home where request_id in (\(ids))")
            try transaction.run("delete from privacy_relative where request_id in (\(ids))")
            try transaction.run("delete from privacy_request where id in (\(ids))")
            return .init(old.map(\.1))
        },
    ]
}

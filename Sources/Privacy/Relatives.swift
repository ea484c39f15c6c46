import Directory
import Kernel
import Storage

package enum RelativeMigrations {
    package static let all: [Migration] = [
        Migration(
            "privacy-052-relatives",
            """
            -- of somebody who has died: the name as the relative wrote it; empty for what is one's own
            alter table privacy_request add column dead_name TEXT not null default '';
            drop index privacy_request_once;
            create unique index privacy_request_once on privacy_request(person_id, kind, dead_name) where status <= 2;
            -- what a relative's request says beyond what every request says
            create table privacy_relative (
                request_id ID primary key references privacy_request(id),
                -- which the dead was to them: 1 spouse, 2 parent, 3 child, 4 brother or sister, 5 grandparent,
                -- 6 grandchild
                relation INT64 not null check (relation between 1 and 6),
                home TEXT not null,
                interest TEXT not null,
                proof TEXT not null,
                died_day INT64 not null,
                -- 0 until staff found out who it is
                dead_id INT64 not null,
                -- what was seen, in words; copies of papers are not kept
                evidence TEXT not null,
                confirmed_day INT64,
                confirmed_by INT64 not null,
                confirmed_ms INT64,
                accepted_by INT64 not null,
                accepted_ms INT64
            );
            create index privacy_relative_dead on privacy_relative(dead_id, request_id) where dead_id > 0;
            -- what a person wants of their data after their death: rows are added, the last one holds
            create table privacy_arrangement (
                person_id INT64 not null,
                number INT64 not null,
                -- no relative may ask for anything
                nobody FLAG not null,
                -- names of tables that relatives do not get, parted by spaces
                excluded TEXT not null,
                at_ms INT64 not null,
                primary key (person_id, number)
            );
            """),
        Migration(
            "privacy-054-objections",
            """
            -- when the person said that they are alive
            alter table privacy_relative add column alive_ms INT64;
            -- homes that ended because of a request, with the last day that they had, and the one they got
            create table privacy_relative_home (
                request_id ID not null,
                home_id INT64 not null,
                was_day INT64 not null,
                ended_day INT64 not null,
                primary key (request_id, home_id)
            );
            """),
    ]
}

/// What the person who died was to the one who asks: near relatives only (Civil Code art. 1045).
package enum Kinship: Int64, CaseIterable, Sendable {
    case spouse = 1
    case parent = 2
    case child = 3
    case sibling = 4
    case grandparent = 5
    case grandchild = 6
    package var code: String { String(describing: self) }
    var phrase: Phrase {
        switch self {
        case .spouse: .kinSpouse
        case .parent: .kinParent
        case .child: .kinChild
        case .sibling: .kinSibling
        case .grandparent: .kinGrandparent
        case .grandchild: .kinGrandchild
        }
    }
}

/// What a relative's request says of the person who died.
package struct Relative: Sendable {
    package let relation: Kinship
    /// The home as the relative wrote it.
    package let home: String
    /// What it is wanted for: one's own lawful and legitimate interest.
    package let interest: String
    /// Which paper proves the death and the relation.
    package let proof: String
    package let died: Day
    /// Nil until staff found out who it is.
    package let dead: PersonID?
    package let deadName: String
    package let evidence: String
    package let confirmedDay: Day?
    package let confirmed: Instant?
    package let accepted: Instant?
}

/// What a relative sends, by a page or by a program.
package struct RelativeSent: Sendable {
    package let kind: RequestKind
    package let name: String
    package let relation: Kinship
    /// The estate in which the person lived: whose staff answer.
    package let estate: AreaID
    package let home: String
    /// Of a correction: what is wrong.
    package let words: String
    package let interest: String
    package let proof: String
    package let died: Day

    package init(
        kind: RequestKind, name: String, relation: Kinship, estate: AreaID, home: String, words: String,
        interest: String, proof: String, died: Day
    ) {
        self.kind = kind
        self.name = name
        self.relation = relation
        self.estate = estate
        self.home = home
        self.words = words
        self.interest = interest
        self.proof = proof
        self.died = died
    }
}

extension PrivacyRequest {
    /// As the person sees it who is said to have died: not who asks, and not what for.
    var asSaid: PrivacyRequest {
        PrivacyRequest(
            id: id, person: PersonID(0), name: "", kind: kind, area: area, words: "", answer: "", status: status,
            language: language, due: due, act: act, count: 0, fileBytes: 0, decided: decided, version: version,
            created: created, deadName: "", relative: nil)
    }
    /// Whose data it is about; nil for a relative's request until staff found out who died.
    package var subject: PersonID? { relative == nil ? person : relative?.dead }
    /// A deletion that was accepted and has its pause.
    var mayStop: Bool { status == .waiting && kind == .closing && relative?.accepted != nil }
    /// Whether somebody has to decide about it.
    package var awaitsDecision: Bool {
        status == .waiting && (relative.map { $0.accepted == nil } ?? (kind == .correction))
    }
}

/// Every SQL word about what relatives ask.
enum RelativeStore {
    static func insert(_ id: RequestID, _ sent: RelativeSent, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into privacy_relative
                (request_id, relation, home, interest, proof, died_day, dead_id, evidence, confirmed_by, accepted_by)
            values (\(id), \(sent.relation), \(sent.home), \(sent.interest), \(sent.proof), \(sent.died), 0, '', 0, 0)
            """)
    }

    /// How many of somebody's requests about people who died are open.
    static func open(of person: PersonID, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            """
            select count(*) from privacy_request where person_id = \(person) and status <= 2 and dead_name <> ''
            """
        ) { try $0.int(0) } ?? 0
    }

    /// Who died, and what was seen of it. False when somebody else said so first.
    static func identify(
        _ id: RequestID, dead: PersonID, day: Day, evidence: String, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update privacy_relative set dead_id = \(dead), confirmed_day = \(day), evidence = \(evidence),
                confirmed_by = \(person), confirmed_ms = \(now)
            where request_id = \(id) and dead_id = 0
            """) == 1
    }

    /// Keeps which homes ended because of a request.
    static func ended(_ id: RequestID, _ homes: [HomeEnded], _ transaction: any WriteTransaction) throws {
        for one in homes {
            try transaction.run(
                """
                insert into privacy_relative_home (request_id, home_id, was_day, ended_day)
                values (\(id), \(one.id), \(one.was), \(one.ended))
                """)
        }
    }

    static func homes(of id: RequestID, _ transaction: any ReadTransaction) throws -> [HomeEnded] {
        try transaction.query(
            """
            select home_id, was_day, ended_day from privacy_relative_home where request_id = \(id)
            order by home_id limit 200
            """
        ) { HomeEnded(id: try $0.int(0), was: try $0.day(1), ended: try $0.day(2)) }
    }

    /// That the person said that they are alive. False when they said so before.
    static func object(_ id: RequestID, at now: Instant, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            "update privacy_relative set alive_ms = \(now) where request_id = \(id) and alive_ms is null") == 1
    }

    static func accept(
        _ id: RequestID, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update privacy_relative set accepted_by = \(person), accepted_ms = \(now)
            where request_id = \(id) and accepted_ms is null
            """) == 1
    }

    /// Marks that the request was changed, while it still waits. False when it was changed since the version that was
    /// seen.
    static func step(
        _ id: RequestID, was seen: Int64, act: Instant?, answer: String, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update privacy_request set act_ms = \(act), answer = \(answer), version = version + 1
            where id = \(id) and status = \(RequestStatus.waiting) and version = \(seen)
            """) == 1
    }
}

/// What a person wants of their data after their death.
package struct Arrangement: Sendable, Equatable {
    package var nobody: Bool
    /// Names of tables.
    package var excluded: [String]
    package static let none = Arrangement(nobody: false, excluded: [])
}

/// Every SQL word about arrangements.
enum ArrangementStore {
    private static func row(_ row: any Row) throws -> (number: Int64, nobody: Bool, excluded: String, at: Instant) {
        (try row.int(0), try row.flag(1), try row.text(2), try row.instant(3))
    }

    /// The one that holds, with its number; 0 before the first.
    static func last(
        _ person: PersonID, _ transaction: any ReadTransaction
    ) throws -> (number: Int64, arrangement: Arrangement) {
        let found = try transaction.first(
            """
            select number, nobody, excluded, at_ms from privacy_arrangement where person_id = \(person)
            order by number desc limit 1
            """, row)
        guard let found else { return (0, .none) }
        return (
            found.number,
            Arrangement(nobody: found.nobody, excluded: found.excluded.split(separator: " ").map(String.init))
        )
    }

    /// False when another one was added meanwhile.
    static func add(
        _ person: PersonID, _ number: Int64, _ one: Arrangement, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into privacy_arrangement (person_id, number, nobody, excluded, at_ms)
            values (\(person), \(number), \(one.nobody), \(one.excluded.joined(separator: " ")), \(now))
            on conflict do nothing
            """) == 1
    }

    static let table = PersonalTable(
        "arrangements", .arrangementTitle,
        [
            .init("nobody", .arrangementNobody), .init("excluded", .arrangementExcluded), .init("at", .dataAt),
        ]
    ) { person, after, limit, transaction in
        try transaction.query(
            """
            select number, nobody, excluded, at_ms from privacy_arrangement
            where person_id = \(person) and number > \(after) order by number limit \(limit)
            """, row
        ).map { PersonalRow($0.number, [.flag($0.nobody), .text($0.excluded), .time($0.at)]) }
    }
}

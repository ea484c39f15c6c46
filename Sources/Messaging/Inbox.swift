import Kernel
import Storage

/// The in-app inbox: what a person should know, said in their language when it is read. A row holds a notice's name and
/// arguments, not a sentence, so a change of language changes old messages too.
package enum MessagingMigrations {
    package static let all: [Migration] = [
        Migration(
            "messaging-001-inbox",
            """
            create table messaging_item (
                id ID primary key,
                person_id INT64 not null,
                notice TEXT not null,
                arguments TEXT not null,
                link TEXT not null,
                created_ms INT64 not null,
                read_ms INT64
            );
            create index messaging_item_person on messaging_item(person_id, id);
            create index messaging_item_unread on messaging_item(person_id) where read_ms is null;
            """),
        Migration(
            "messaging-002-periods",
            """
            create index messaging_item_created on messaging_item(created_ms, id);
            """),
    ]
}

/// A kind of message, by a name that never changes.
package struct Notice: Sendable {
    package let name: String
    package let phrase: Phrase
    package init(_ name: String, _ phrase: Phrase) {
        self.name = name
        self.phrase = phrase
    }
}

package struct InboxItem: Sendable {
    package let id: Int64
    package let text: Message
    package let link: String
    package let created: Instant
    package let isRead: Bool
}

/// Sends and reads messages. The notices of all capabilities are known at composition.
package struct Inbox: Sendable {
    private let notices: [String: Phrase]
    private let nextID: @Sendable () -> Int64
    private static let separator: Character = "\u{1F}"

    package init(notices: [Notice], nextID: @escaping @Sendable () -> Int64) {
        self.notices = Dictionary(notices.map { ($0.name, $0.phrase) }, uniquingKeysWith: { first, _ in first })
        self.nextID = nextID
    }

    /// Part of the caller's transaction: a message is sent exactly when the change happens. Nobody is told twice by one
    /// call, and the one who acted is not told of it.
    package func send(
        _ notice: Notice, _ arguments: [String], link: String, to people: some Sequence<PersonID>,
        except actor: PersonID? = nil, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        var told = Set<PersonID>()
        for person in people where person != actor && told.insert(person).inserted {
            try transaction.run(
                """
                insert into messaging_item (id, person_id, notice, arguments, link, created_ms)
                values (\(nextID()), \(person), \(notice.name),
                    \(arguments.joined(separator: String(Self.separator))), \(link), \(now))
                """)
        }
    }

    package func items(
        of person: PersonID, before: Int64? = nil, limit: Int = 30, _ transaction: any ReadTransaction
    ) throws -> [InboxItem] {
        let page: SQL = before.map { "and id < \($0)" } ?? .empty
        return try transaction.query(
            """
            select id, notice, arguments, link, created_ms, read_ms from messaging_item
            where person_id = \(person) \(page) order by id desc limit \(limit)
            """
        ) { row in
            return InboxItem(
                id: try row.int(0), text: message(try row.text(1), try row.text(2)), link: try row.text(3),
                created: try row.instant(4), isRead: !row.isNull(5))
        }
    }

    /// What a row says, by its notice and its arguments.
    func message(_ name: String, _ arguments: String) -> Message {
        let parts = arguments.split(separator: Self.separator, omittingEmptySubsequences: false)
        return Message(notices[name] ?? Phrase(name, name), parts.map(String.init))
    }

    /// At most 100 are counted.
    package func unread(of person: PersonID, _ transaction: any ReadTransaction) throws -> Int {
        try transaction.query(
            "select id from messaging_item where person_id = \(person) and read_ms is null limit 100"
        ) { try $0.int(0) }.count
    }

    package func markRead(of person: PersonID, at now: Instant, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            "update messaging_item set read_ms = \(now) where person_id = \(person) and read_ms is null")
    }
}

import Kernel
import Synchronization

/// A row of a result, read by position from 0. Valid only inside the decoding closure.
/// Reading a NULL or a value of another kind through a non-optional accessor throws `StorageFailure.decoding`.
package protocol Row {
    func int(_ column: Int) throws -> Int64
    func real(_ column: Int) throws -> Double
    func text(_ column: Int) throws -> String
    func bytes(_ column: Int) throws -> [UInt8]
    func flag(_ column: Int) throws -> Bool
    func isNull(_ column: Int) -> Bool
}

extension Row {
    package func optionalInt(_ column: Int) throws -> Int64? { isNull(column) ? nil : try int(column) }
    package func optionalText(_ column: Int) throws -> String? { isNull(column) ? nil : try text(column) }
    package func optionalBytes(_ column: Int) throws -> [UInt8]? { isNull(column) ? nil : try bytes(column) }
    package func id<Of>(_ column: Int, _ type: Of.Type = Of.self) throws -> ID<Of> { ID(try int(column)) }
    package func optionalID<Of>(_ column: Int, _ type: Of.Type = Of.self) throws -> ID<Of>? {
        try optionalInt(column).map { ID($0) }
    }
    package func instant(_ column: Int) throws -> Instant { Instant(ms: try int(column)) }
    package func optionalInstant(_ column: Int) throws -> Instant? { try optionalInt(column).map { Instant(ms: $0) } }
    package func day(_ column: Int) throws -> Day { Day(number: Int32(clamping: try int(column))) }
    package func path(_ column: Int) throws -> AreaPath { AreaPath(try text(column)) }
    /// A case of an enumeration stored as an integer; an unknown number is a decoding failure.
    package func raw<E: RawRepresentable<Int64>>(_ column: Int, _ type: E.Type = E.self) throws -> E {
        let value = try int(column)
        guard let result = E(rawValue: value) else { throw StorageFailure.decoding("\(E.self) \(value)") }
        return result
    }
    package func optionalRaw<E: RawRepresentable<Int64>>(_ column: Int, _ type: E.Type = E.self) throws -> E? {
        isNull(column) ? nil : try raw(column)
    }
}

/// A consistent view of the data. Valid only inside the closure that received it.
package protocol ReadTransaction {
    func query<T>(_ sql: SQL, _ decode: (any Row) throws -> T) throws -> [T]
    /// The first row, or nil. The statement says `limit 1` itself where more could match.
    func first<T>(_ sql: SQL, _ decode: (any Row) throws -> T) throws -> T?
}

package protocol WriteTransaction: ReadTransaction {
    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    func run(_ sql: SQL) throws -> Int
    /// Inserts many rows in one go. Table and columns are the program's own text. All rows have as many values as there
    /// are columns. Returns the number inserted.
    @discardableResult
    func insert(into table: StaticString, columns: [StaticString], rows: [[SQLValue]]) throws -> Int
    /// Says something to every server of this database, itself too, when the transaction is kept: at most 7,000 bytes,
    /// without personal data. Nothing happens on an engine that has one server.
    func announce(_ words: String) throws
}

extension WriteTransaction {
    package func announce(_ words: String) throws {}
}

/// What a server hears from the others.
package enum Announcement: Sendable, Equatable {
    case said(String)
    /// The connection was new or is new again: what was said before may not have been heard.
    case missed
}

/// How old what a read sees may be.
package enum Freshness: Sendable {
    /// Everything that was acknowledged before the read began is in it.
    case now
    /// Some seconds may be missing, at most as many as the operator allows: a standby may answer. For pages that many
    /// strangers read, never for what somebody just wrote and looks at, and never for sign-in or permissions.
    case mayBeStale
}

/// The seam to an engine. Both engines behave alike; a test battery runs on each.
///
/// `write` guarantees: the closure's changes are all kept or none; the call returns only after they are durable; a
/// closure that throws changes nothing and disturbs no other caller. A closure that catches a failure of a statement
/// and goes on changes nothing either: its caller hears that failure. The closure may run twice (a retry), so it has
/// no effect outside its transaction.
package protocol Database: Sendable {
    var engine: Engine { get }
    func read<T: Sendable>(_ body: @escaping @Sendable (any ReadTransaction) throws -> T) async throws -> T
    /// The same where a standby may answer. The closure may run twice.
    func read<T: Sendable>(
        _ freshness: Freshness, _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T
    @discardableResult
    func write<T: Sendable>(_ body: @escaping @Sendable (any WriteTransaction) throws -> T) async throws -> T
    /// A mark that moves whenever somebody has changed one of the tables: before that write is acknowledged where it was
    /// made here, and as soon as the notification arrives where another server made it (decision 0009). Nil when the
    /// engine cannot know: then nothing may be kept.
    func mark(_ tables: Set<String>) -> ChangeMark?
    /// What servers announce, from now on and until the database is closed or nobody listens. Nil when no other server
    /// can write.
    func announcements() -> AsyncStream<Announcement>?
    /// A write that nobody else's `exclusively` runs beside, on any server, and that has no deadline: for steps of the
    /// schema and the first rows. Other writes may run meanwhile. It sees what the one before it kept.
    @discardableResult
    func exclusively<T: Sendable>(
        _ body: @escaping @Sendable (any WriteTransaction) throws -> T
    ) async throws -> T
    /// After many rows came at once: an engine that plans by statistics takes them now. PostgreSQL would do so by itself
    /// a minute or more later, and until then plan as if the tables were as small as before.
    func takeStatistics() async throws
    /// Ends all connections. Nothing may be called afterwards.
    func close() async throws
}

extension Database {
    package func read<T: Sendable>(
        _ freshness: Freshness, _ body: @escaping @Sendable (any ReadTransaction) throws -> T
    ) async throws -> T { try await read(body) }
    package func mark(_ tables: Set<String>) -> ChangeMark? { nil }
    package func announcements() -> AsyncStream<Announcement>? { nil }
    package func takeStatistics() async throws {}
}

/// Says whether what was read from some tables still holds. Ask for the edition BEFORE the read begins; what was read is
/// true for as long as the edition is the same.
package final class ChangeMark: Sendable {
    package let tables: Set<String>
    private let moved = Atomic<UInt64>(1)
    private let isDeaf = Atomic(false)

    package init(_ tables: Set<String>) { self.tables = tables }
    /// While nothing is heard of other servers every answer is a new one, so that nothing holds.
    package var edition: UInt64 {
        isDeaf.load(ordering: .acquiring)
            ? moved.add(1, ordering: .acquiringAndReleasing).newValue : moved.load(ordering: .acquiring)
    }
    /// For engines: whether other servers are heard.
    package func hears(_ well: Bool) {
        move()
        isDeaf.store(!well, ordering: .releasing)
    }
    /// For engines: after the commit, before the answer.
    package func move() { moved.add(1, ordering: .acquiringAndReleasing) }
}

/// The marks of an engine.
package final class Marks: Sendable {
    private struct State {
        var marks: [ChangeMark] = []
        var tables = Set<String>()
        var hears = true
    }
    private let state = Mutex(State())

    /// - Parameter hears: false until `hear` is called, for an engine beside which other servers write.
    package init(hears: Bool = true) { state.withLock { $0.hears = hears } }

    package func add(_ mark: ChangeMark) {
        state.withLock { state in
            state.marks.append(mark)
            state.tables.formUnion(mark.tables)
            mark.hears(state.hears)
        }
    }

    /// Every table of which somebody keeps something.
    package var all: Set<String> { state.withLock { $0.tables } }

    /// Those of the tables that somebody keeps something of.
    package func kept(_ tables: Set<String>) -> Set<String> { state.withLock { $0.tables.intersection(tables) } }

    package func changed(_ tables: Set<String>) {
        guard !tables.isEmpty else { return }
        for mark in state.withLock({ $0.marks }) where !mark.tables.isDisjoint(with: tables) { mark.move() }
    }

    /// Everything may have changed; from now on other servers are heard, or no more.
    package func hear(_ well: Bool) {
        state.withLock { state in
            state.hears = well
            for mark in state.marks { mark.hears(well) }
        }
    }
}

/// What an engine may report. Not a refusal: the person sees a fault with a request id, except `busy`, `full` and
/// `unknownOutcome`, which say what was saved and what to do.
package enum StorageFailure: Error, Sendable, Equatable {
    /// A unique, foreign-key or check constraint. Actions prevent these by `on conflict do nothing` and a look at the
    /// count; what still arrives here is a fault.
    case constraint(String)
    /// The device is full; nothing was written.
    case full
    /// The file system or file is read-only.
    case readOnly
    /// Another process holds the data (SQLite: a second server), too many wait, or no server answered within the
    /// deadline. Nothing was saved; trying again in a moment may help.
    case busy
    /// The connection was lost between `commit` and its answer: the write is kept as a whole, or not at all, and nobody
    /// here can say which. Only a look at the data tells; doing it again is safe only under an idempotency key.
    case unknownOutcome
    /// `open` found no server: where it looked, and why not.
    case unreachable(String)
    /// A value that no engine keeps as it is: text with a NUL, a number that is none.
    case unstorable(String)
    case corrupt(String)
    case decoding(String)
    /// A migration that has landed was edited.
    case migrationChanged(String)
    /// The data was written by a newer version.
    case newerSchema(String)
    case engine(String)

    package static let nulInText = StorageFailure.unstorable("text with a NUL")
}

/// A step of the schema: literal SQL in our own type words, append-only, never edited once landed.
///
/// Words, expanded for each engine: `ID` and `INT64` (64-bit integers), `BYTES`, `FLAG`, `TEXT` (binary collation),
/// `REAL`, and the statement `TEXTINDEX name`. Statements end with `;`. The checksum is taken before expansion.
package struct Migration: Sendable {
    /// Such as `cases-001-case`. The prefix names the owner.
    package let id: String
    package let sql: String
    package init(_ id: String, _ sql: StaticString) { self.init(id, text: sql.description) }

    init(_ id: String, text: String) {
        self.id = id
        sql = text
    }
}

/// A fact that one capability tells the others, written in the same transaction as the change.
package struct OutboxEvent: Sendable {
    package let kind: String
    package let area: AreaID
    package let subject: Int64
    /// Small JSON without personal data.
    package let payload: String
    package init(kind: String, area: AreaID, subject: Int64, payload: String = "{}") {
        self.kind = kind
        self.area = area
        self.subject = subject
        self.payload = payload
    }
}

/// One thing that somebody did, for the audit. Holds no personal data: `detail` is digested with a key before it is kept.
package struct AuditEntry: Sendable {
    package let area: AreaID
    package let actor: PersonID?
    package let post: PostID?
    /// Such as `case.strikeOff`.
    package let verb: String
    package let subject: Int64
    package let detail: String
    /// The detail is a reason that somebody typed for those who audit: it is kept in clear for its period. Of any other
    /// detail only the digest is kept.
    package let isReason: Bool
    package init(
        area: AreaID, actor: PersonID?, post: PostID? = nil, verb: String, subject: Int64, detail: String = "",
        isReason: Bool = false
    ) {
        self.isReason = isReason
        self.area = area
        self.actor = actor
        self.post = post
        self.verb = verb
        self.subject = subject
        self.detail = detail
    }
}

/// What actions write besides their own tables, in the same transaction.
package protocol Journal: Sendable {
    func audit(_ entry: AuditEntry, at now: Instant, _ transaction: any WriteTransaction) throws
    func emit(_ event: OutboxEvent, at now: Instant, _ transaction: any WriteTransaction) throws
}

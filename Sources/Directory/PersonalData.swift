import Kernel
import Storage

/// A value of what is held about a person, as the person's own file shows it.
package enum PersonalValue: Sendable, Equatable {
    case none
    case text(String), number(Int64), flag(Bool), time(Instant), day(Day)
}

package struct PersonalRow: Sendable {
    /// Greater than that of every row before it: where the next batch goes on.
    package let cursor: Int64
    package let values: [PersonalValue]
    /// False for a row that says something about others or about membership of the party: a relative of a person who
    /// died does not get it.
    package let isForKin: Bool

    package init(_ cursor: Int64, _ values: [PersonalValue], isForKin: Bool = true) {
        self.cursor = cursor
        self.values = values
        self.isForKin = isForKin
    }
}

/// Rows of one kind that a capability holds about people.
package struct PersonalTable: Sendable {
    package struct Column: Sendable {
        /// For programs; never changes.
        package let name: String
        package let title: Phrase
        package init(_ name: String, _ title: Phrase) {
            self.name = name
            self.title = title
        }
    }
    /// The rows of a person after a cursor, at most so many, by their cursors. Each has as many values as columns.
    package typealias Read =
        @Sendable (_ person: PersonID, _ after: Int64, _ limit: Int, _ transaction: any ReadTransaction) throws
        -> [PersonalRow]

    package let name: String
    package let title: Phrase
    package let columns: [Column]
    /// Whether a near relative may get it once the person has died (Personal Information Protection Law art. 49). Only
    /// what says so: nothing about others, about work for an organisation or about ways into accounts does.
    package let isForKin: Bool
    package let read: Read

    package init(
        _ name: String, _ title: Phrase, _ columns: [Column], isForKin: Bool = false, read: @escaping Read
    ) {
        self.name = name
        self.title = title
        self.columns = columns
        self.isForKin = isForKin
        self.read = read
    }
}

/// What stays when an account is closed, and why it may.
package struct PersonalRemainder: Sendable {
    package let what: Phrase
    package let why: Phrase
    package init(_ what: Phrase, _ why: Phrase) {
        self.what = what
        self.why = why
    }
}

/// What one capability holds about people: how they get a copy of it, and how it goes when an account is closed.
/// Composition registers one for each capability that holds anything.
package struct PersonalDataSource: Sendable {
    /// Erases or takes the name off at most about so many rows, in the caller's transaction. Returns how many it
    /// touched: 0 when there is nothing left. Doing it again changes nothing, so a killed erasure is begun anew.
    package typealias Erase =
        @Sendable (_ person: PersonID, _ now: Instant, _ limit: Int, _ transaction: any WriteTransaction) throws -> Int

    package let name: String
    package let tables: [PersonalTable]
    package let remains: [PersonalRemainder]
    package let erase: Erase

    package init(
        _ name: String, _ tables: [PersonalTable], remains: [PersonalRemainder] = [], erase: @escaping Erase
    ) {
        self.name = name
        self.tables = tables
        self.remains = remains
        self.erase = erase
    }
}

/// A kind of data with an end: what is older than its period is deleted, or loses its names.
package struct RetentionClass: Sendable {
    /// What one step removed.
    package struct Swept: Sendable, Equatable {
        package var count: Int
        /// The moments by which the rows were old: of the oldest and of the newest.
        package var from: Instant
        package var to: Instant

        package init(count: Int, from: Instant, to: Instant) {
            self.count = count
            self.from = from
            self.to = to
        }

        package static let nothing = Swept(count: 0, from: Instant(ms: 0), to: Instant(ms: 0))

        /// - Parameter moments: of the rows that went.
        package init(_ moments: [Instant]) {
            count = moments.count
            from = moments.min() ?? Instant(ms: 0)
            to = moments.max() ?? Instant(ms: 0)
        }
    }
    /// Removes at most so many rows that are older than a moment; 0 when there are none.
    package typealias Sweep =
        @Sendable (_ before: Instant, _ limit: Int, _ transaction: any WriteTransaction) throws -> Swept

    /// Never changes.
    package let name: String
    package let title: Phrase
    /// Days, unless somebody sets them otherwise.
    package let days: Int64
    /// As law has it, nobody may set fewer days.
    package let least: Int64
    /// Where the period stands.
    package let source: Phrase
    package let since: Day
    package let sweep: Sweep

    package init(
        _ name: String, _ title: Phrase, days: Int64, least: Int64, source: Phrase, since: Day,
        sweep: @escaping Sweep
    ) {
        self.name = name
        self.title = title
        self.days = days
        self.least = least
        self.source = source
        self.since = since
        self.sweep = sweep
    }
}

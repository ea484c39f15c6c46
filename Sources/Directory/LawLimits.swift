import Kernel
import Storage

/// A limit that law or a local rule sets on personal information: data with a source and a date, edited on a page.
package enum LawLimitKey: String, CaseIterable, Sendable {
    /// Below this age in years a guardian agrees.
    case minorAge
    /// Working days to answer what a person asks about their own data.
    case requestWorkdays
    /// So many working days before that those who answer are told.
    case requestLeadWorkdays
    /// Days in which the closing of an account can be taken back.
    case closingDays
    /// Hours to report what a breach may do to many.
    case breachHours
    /// Hours to tell those whom a breach concerns.
    case breachTellHours
}

package struct LawLimit: Sendable {
    package let key: LawLimitKey
    package let value: Int64
    package let source: String
    package let since: Day
    package let version: Int64

    package init(key: LawLimitKey, value: Int64, source: String, since: Day, version: Int64) {
        self.key = key
        self.value = value
        self.source = source
        self.since = since
        self.version = version
    }
}

package enum LawLimitStore {
    /// Once, into a table without the line; what was edited stays.
    package static func plant(_ transaction: any WriteTransaction) throws {
        for line in LawLimitSeed.lines {
            guard let since = Day(year: line.since.0, month: line.since.1, day: line.since.2) else { continue }
            try transaction.run(
                """
                insert into directory_law_limit (key, value, source, since_day, version)
                values (\(line.key.rawValue), \(line.value), \(line.source), \(since), 1) on conflict do nothing
                """)
        }
    }

    package static func all(_ transaction: any ReadTransaction) throws -> [LawLimit] {
        try transaction.query("select key, value, source, since_day, version from directory_law_limit order by key") {
            row -> LawLimit? in
            guard let key = LawLimitKey(rawValue: try row.text(0)) else { return nil }
            return LawLimit(
                key: key, value: try row.int(1), source: try row.text(2), since: try row.day(3),
                version: try row.int(4))
        }.compactMap { $0 }
    }

    package static func value(_ key: LawLimitKey, _ transaction: any ReadTransaction) throws -> Int64 {
        guard
            let value = try transaction.first(
                "select value from directory_law_limit where key = \(key.rawValue)", { try $0.int(0) })
        else { throw StorageFailure.decoding("limit \(key.rawValue)") }
        return value
    }

    /// False when somebody changed it since.
    package static func put(_ limit: LawLimit, was seen: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update directory_law_limit set value = \(limit.value), source = \(limit.source),
                since_day = \(limit.since), version = version + 1
            where key = \(limit.key.rawValue) and version = \(seen)
            """) == 1
    }
}

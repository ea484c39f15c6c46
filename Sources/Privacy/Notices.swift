import Directory
import Kernel
import Storage

/// One version of the privacy notice.
package struct PrivacyNotice: Sendable {
    package static let longestZh = 4_000
    package static let longestEn = 12_000
    package let number: Int64
    package let from: Day
    package let zh: String
    package let en: String
    package let why: String
    package let author: String
    package let created: Instant
}

/// Every SQL word about the notice and its acceptances.
package enum NoticeStore {
    private static func notice(_ row: any Row) throws -> PrivacyNotice {
        PrivacyNotice(
            number: try row.int(0), from: try row.day(1), zh: try row.text(2), en: try row.text(3),
            why: try row.text(4), author: try row.optionalText(5) ?? "", created: try row.instant(6))
    }
    private static let columns: SQL = """
        n.number, n.from_day, n.zh, n.en, n.why, p.name, n.created_ms
        from privacy_notice n left join directory_person p on p.id = n.created_by
        """

    /// The version in force on a day; nil before there is any.
    package static func current(on day: Day, _ transaction: any ReadTransaction) throws -> PrivacyNotice? {
        try transaction.first(
            "select \(columns) where n.from_day <= \(day) order by n.number desc limit 1", notice)
    }

    package static func last(_ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first("select max(number) from privacy_notice") { try $0.optionalInt(0) ?? 0 } ?? 0
    }

    package static func all(
        before: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [PrivacyNotice] {
        let page: SQL = before.map { "where n.number < \($0)" } ?? .empty
        return try transaction.query("select \(columns) \(page) order by n.number desc limit \(limit)", notice)
    }

    /// False when somebody else made this version.
    static func insert(
        _ notice: PrivacyNotice, by person: PersonID, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into privacy_notice (number, from_day, zh, en, why, created_by, created_ms)
            values (\(notice.number), \(notice.from), \(notice.zh), \(notice.en), \(notice.why), \(person),
                \(notice.created))
            on conflict do nothing
            """) == 1
    }

    package static func accepted(
        _ person: PersonID, _ number: Int64, _ transaction: any ReadTransaction
    ) throws -> Instant? {
        try transaction.first(
            "select at_ms from privacy_acceptance where person_id = \(person) and notice = \(number)"
        ) { try $0.instant(0) }
    }

    /// False when it was accepted before: the first moment stays.
    package static func accept(
        _ person: PersonID, _ number: Int64, channel: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into privacy_acceptance (person_id, notice, channel, at_ms)
            values (\(person), \(number), \(channel), \(now)) on conflict do nothing
            """) == 1
    }

    /// How many accepted a version; at most `mostCounted` are counted.
    static let mostCounted: Int64 = 100_000
    static func acceptances(_ number: Int64, _ transaction: any ReadTransaction) throws -> Int64 {
        try transaction.first(
            """
            select count(*) from (
                select a.person_id from privacy_acceptance a where a.notice = \(number) limit \(mostCounted)) t
            """
        ) { try $0.int(0) } ?? 0
    }

    /// Whether somebody who signs in has the notice to answer first.
    package static func mustAsk(_ person: PersonID, on day: Day, _ transaction: any ReadTransaction) throws -> Bool {
        let number = try transaction.first(
            "select number from privacy_notice where from_day <= \(day) order by number desc limit 1"
        ) { try $0.int(0) }
        guard let number else { return false }
        return try accepted(person, number, transaction) == nil
    }
}

extension PrivacyDesk {
    /// Puts a new version of the notice in force from a day.
    ///
    /// - Parameter seen: the number of the last version that its author saw.
    package func publishNotice(
        zh: String, en: String, from: Day, why: String, was seen: Int64, by actor: Actor
    ) async throws -> Int64 {
        let (person, post) = try editor(actor)
        let notice = PrivacyNotice(
            number: seen + 1, from: from, zh: try Self.words(zh, "zh", 20...PrivacyNotice.longestZh),
            en: try Self.words(en, "en", 20...PrivacyNotice.longestEn), why: try Self.words(why, "why"), author: "",
            created: world.now())
        guard from >= today, from <= today.adding(366) else { throw PrivacyRefusal.badDay("from") }
        try await database.write { transaction in
            guard try NoticeStore.last(transaction) == seen, try NoticeStore.insert(notice, by: person, transaction)
            else { throw PrivacyRefusal.changedMeanwhile }
            try audit(
                "notice.publish", notice.number, "\(from) \(zh.utf8.count) \(en.utf8.count)", at: post.area,
                by: person, post, transaction)
        }
        return notice.number
    }

    /// Answers the notice in force. Declined, the person's sessions go on waiting.
    package func answerNotice(_ number: Int64, accept: Bool, channel: String, by person: PersonID) async throws {
        let (now, day) = (world.now(), today)
        try await database.write { transaction in
            guard try NoticeStore.current(on: day, transaction)?.number == number else {
                throw PrivacyRefusal.noticeReplaced
            }
            guard accept else {
                return try audit("notice.decline", number, channel, by: person, transaction)
            }
            if try NoticeStore.accept(person, number, channel: channel, at: now, transaction) {
                try audit("notice.accept", number, channel, by: person, transaction)
            }
            try SignIn.noticeAnswered(person, transaction)
        }
    }
}

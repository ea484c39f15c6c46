import Directory
import Kernel
import Storage

package enum ContractNoticeTag {}

/// Who gives notice; the other side receives it.
package enum ContractSide: Int64, CaseIterable, Sendable {
    case owners = 0
    case company = 1
    package var code: String { String(describing: self) }
    var phrase: Phrase { self == .owners ? .contractSideOwners : .contractSideCompany }
}

/// By what means: the law asks for writing (Civil Code arts 946 to 948), so these are the written ones.
package enum NoticeMeans: Int64, CaseIterable, Sendable {
    case handed = 1
    case mailed = 2
    case electronic = 3
    package var code: String { String(describing: self) }
    var phrase: Phrase {
        switch self {
        case .handed: .meansHanded
        case .mailed: .meansMailed
        case .electronic: .meansElectronic
        }
    }
}

/// A notice by which a side ends a contract, or lets it end.
package struct ContractNotice: Sendable {
    package let id: ID<ContractNoticeTag>
    package let side: ContractSide
    /// Given while the contract had no last day.
    package let isOpen: Bool
    package let day: Day
    package let means: NoticeMeans
    package let words: String
    /// The days of notice that held when it was written down.
    package let days: Int64
    /// The last day of the contract by this notice, at the earliest.
    package let ends: Day
    package let inTime: Bool
    package let withdrawn: Instant?
    package let withdrawnWords: String
    package let version: Int64
}

/// What somebody says about a notice that was given.
package struct NewContractNotice: Sendable {
    package let side: ContractSide
    package let day: Day
    package let means: NoticeMeans
    package let words: String
    package init(side: ContractSide, day: Day, means: NoticeMeans, words: String) {
        self.side = side
        self.day = day
        self.means = means
        self.words = words
    }
}

extension ContractRules {
    /// When a contract ends by a notice, and whether the notice came in time.
    ///
    /// Without a last day it ends when the days of notice have passed, for either side (art. 948). With one, the company
    /// says that it will not renew: it ends on its last day (art. 947). The owners may end it earlier: when the days have
    /// passed, and on its last day at the latest (art. 946).
    static func end(_ c: Contract, side: ContractSide, day: Day, days: Int64) -> (ends: Day, inTime: Bool) {
        let passed = day.adding(Int(days))
        if c.isIndefinite { return (passed, true) }
        return (side == .company ? c.to : min(passed, c.to), passed <= c.to)
    }

    /// How near a date has come: 1 and 2 are the first and the second time before it, nil is earlier, or the day itself
    /// or later. What is filed within days has the second time alone.
    static func stage(_ date: ContractDate, first: Int64, second: Int64, on today: Day) -> Int64? {
        guard today < date.day else { return nil }
        if today >= date.day.adding(-Int(min(first, second))) { return 2 }
        return date.kind != .filing && today >= date.day.adding(-Int(max(first, second))) ? 1 : nil
    }
}

/// Every SQL word about notices of contracts.
enum ContractNoticeStore {
    private static let columns: SQL = """
        id, side, is_open, day, means, words, days, ends_day, in_time, withdrawn_ms, withdrawn_words, version
        """

    /// The oldest first; those that were withdrawn as well.
    static func of(_ id: ID<ContractTag>, _ transaction: any ReadTransaction) throws -> [ContractNotice] {
        try transaction.query(
            "select \(columns) from governance_contract_notice where contract_id = \(id) order by id limit 100"
        ) { row in
            ContractNotice(
                id: try row.id(0), side: try row.raw(1), isOpen: try row.flag(2), day: try row.day(3),
                means: try row.raw(4), words: try row.text(5), days: try row.int(6), ends: try row.day(7),
                inTime: try row.flag(8), withdrawn: try row.optionalInstant(9), withdrawnWords: try row.text(10),
                version: try row.int(11))
        }
    }

    /// False when that side has given notice already.
    static func insert(
        _ n: ContractNotice, of contract: ID<ContractTag>, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_contract_notice (id, contract_id, side, is_open, day, means, words, days, ends_day,
                in_time, withdrawn_words, version, created_by, created_ms)
            values (\(n.id), \(contract), \(n.side), \(n.isOpen), \(n.day), \(n.means), \(n.words), \(n.days), \(n.ends),
                \(n.inTime), '', 1, \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func withdraw(
        _ id: ID<ContractNoticeTag>, of contract: ID<ContractTag>, words: String, by person: PersonID,
        was seen: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_contract_notice set withdrawn_ms = \(now), withdrawn_by = \(person),
                withdrawn_words = \(words), version = version + 1
            where id = \(id) and contract_id = \(contract) and version = \(seen) and withdrawn_ms is null
            """) == 1
    }

    /// The contracts that end by notice from one day to another and have not been ended.
    static func ending(from: Day, to: Day, _ transaction: any ReadTransaction) throws -> [ID<ContractTag>] {
        try transaction.query(
            """
            select distinct n.contract_id from governance_contract_notice n
            join governance_contract c on c.id = n.contract_id
            where n.withdrawn_ms is null and n.ends_day between \(from) and \(to) and c.ended_day is null
            order by n.contract_id limit 5000
            """
        ) { try $0.id(0) }
    }

    /// The times before a date that were told.
    static func stages(
        of id: ID<ContractTag>, _ transaction: any ReadTransaction
    ) throws -> [ContractDate: Set<Int64>] {
        let rows = try transaction.query(
            "select kind, due_day, stage from governance_contract_lead where contract_id = \(id)"
        ) { row -> (ContractDate, Set<Int64>)? in
            guard let kind = ContractDate.Kind(rawValue: try row.text(0)) else { return nil }
            return (ContractDate(kind: kind, day: try row.day(1)), [try row.int(2)])
        }
        return Dictionary(rows.compactMap { $0 }, uniquingKeysWith: { $0.union($1) })
    }

    /// True for the first who asks.
    static func remind(
        _ id: ID<ContractTag>, _ date: ContractDate, stage: Int64, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_contract_lead (contract_id, kind, due_day, stage, sent_ms)
            values (\(id), \(date.kind.rawValue), \(date.day), \(stage), \(now)) on conflict do nothing
            """) == 1
    }
}

extension GovernanceDesk {
    /// Writes down that a side gave the other notice. It is a record of what happened: a notice that came late is kept
    /// and says so. What cannot have happened is refused: before the contract was signed, after it was over, on a day to
    /// come, or twice by one side.
    @discardableResult
    package func giveNotice(
        _ new: NewContractNotice, of id: ID<ContractTag>, by actor: Actor
    ) async throws -> ID<ContractNoticeTag> {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(new.words, "words")
        let (now, today) = (world.now(), today)
        let row: ID<ContractNoticeTag> = world.id()
        try await database.write { transaction in
            let (c, area, post) = try Self.contract(id, .governanceEdit, actor, transaction)
            guard c.ended == nil else { throw GovernanceRefusal.contractEnded }
            // Where service went on after the last day, a notice is one of the time without a term.
            guard new.day >= max(c.signed, c.continues ?? c.signed), new.day <= today, new.day <= c.last else {
                throw GovernanceRefusal.badDay("day")
            }
            let key: LimitKey =
                c.isIndefinite
                ? .contractOpenDays : new.side == .owners ? .contractOwnersDays : .contractCompanyDays
            let days = try LimitStore.value(key, transaction)
            let (ends, inTime) = ContractRules.end(c, side: new.side, day: new.day, days: days)
            let notice = ContractNotice(
                id: row, side: new.side, isOpen: c.isIndefinite, day: new.day, means: new.means, words: new.words,
                days: days, ends: ends, inTime: inTime, withdrawn: nil, withdrawnWords: "", version: 1)
            guard try ContractNoticeStore.insert(notice, of: id, by: person, at: now, transaction) else {
                throw GovernanceRefusal.noticedTwice
            }
            try audit(
                "contract.notice", id.raw, "\(new.side.code) \(new.day) \(new.means.code) > \(ends)", at: area,
                by: actor, post, transaction)
        }
        return row
    }

    /// Takes back what was written down by mistake, or what the sides agreed to take back; the record stays.
    package func withdrawNotice(
        _ notice: ID<ContractNoticeTag>, of id: ID<ContractTag>, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        guard !words.isEmpty else { throw GovernanceRefusal.reasonNeeded }
        _ = try Self.words(words, "why", 1...200)
        let now = world.now()
        try await database.write { transaction in
            let (c, area, post) = try Self.contract(id, .governanceEdit, actor, transaction)
            guard try ContractNoticeStore.of(id, transaction).contains(where: { $0.id == notice }) else {
                throw GovernanceRefusal.notFound
            }
            guard c.ended == nil else { throw GovernanceRefusal.contractEnded }
            let isDone = try ContractNoticeStore.withdraw(
                notice, of: id, words: words, by: person, was: seen, at: now, transaction)
            guard isDone else { throw GovernanceRefusal.changedMeanwhile }
            try audit("contract.noticeWithdrawn", id.raw, words, at: area, by: actor, post, transaction)
        }
    }

    /// Says that service went on after the last day without a new contract: it holds without a term from the next day
    /// (Civil Code art. 948). Not where a side said in time that it ends, nor where another contract follows.
    package func goOn(_ id: ID<ContractTag>, was seen: Int64, by actor: Actor) async throws {
        let today = today
        try await database.write { transaction in
            let (c, area, post) = try Self.contract(id, .governanceEdit, actor, transaction)
            guard c.version == seen else { throw GovernanceRefusal.changedMeanwhile }
            guard c.ended == nil, !c.isIndefinite else { throw GovernanceRefusal.contractEnded }
            guard c.to < today else { throw GovernanceRefusal.contractRunsStill }
            let notices = try ContractNoticeStore.of(id, transaction)
            guard !notices.contains(where: { $0.withdrawn == nil && $0.inTime }) else {
                throw GovernanceRefusal.noticeStands
            }
            let others = try ContractStore.of(c.estate, transaction)
            if let other = others.first(where: { $0.id != id && $0.last > c.to }) {
                throw GovernanceRefusal.contractOverlaps(other.number)
            }
            guard try ContractStore.goOn(id, from: c.to.adding(1), was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("contract.goOn", id.raw, c.to.adding(1).description, at: area, by: actor, post, transaction)
        }
    }

    /// Tells each date that comes, before it does: twice, so many days ahead as the limits say. Who comes late to the
    /// register hears of the nearer time alone.
    func remindAheadOfContracts() async throws {
        let (now, today) = (world.now(), today)
        let due = try await database.read { transaction in
            let first = try LimitStore.value(.contractFirstReminder, transaction)
            let second = try LimitStore.value(.contractSecondReminder, transaction)
            return try Self.watched(ahead: max(first, second), on: today, transaction).flatMap { c in
                let told = try ContractNoticeStore.stages(of: c.id, transaction)
                return try Self.dates(c, transaction).compactMap { date -> (Contract, ContractDate, Int64)? in
                    let stage = ContractRules.stage(date, first: first, second: second, on: today)
                    guard let stage, !(told[date] ?? []).contains(where: { $0 >= stage }) else { return nil }
                    return (c, date, stage)
                }
            }
        }
        for (c, date, stage) in due {
            try await database.write { [tell] transaction in
                guard let area = try DirectoryStore.area(c.estate, transaction),
                    try ContractNoticeStore.remind(c.id, date, stage: stage, at: now, transaction)
                else { return }
                try tell(
                    .contractSoon,
                    [area.name, c.number, date.day.description, String(date.day.number - today.number)],
                    "/desk/contracts/\(c.id.text)", try Self.keepers(of: area, on: today, transaction), nil, now,
                    transaction)
            }
        }
    }
}

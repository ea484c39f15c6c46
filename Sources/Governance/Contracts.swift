import Directory
import Kernel
import Storage

package enum ContractTag {}

/// A property service contract (物业服务合同, rules 5.1).
package struct Contract: Sendable {
    package let id: ID<ContractTag>
    package let estate: AreaID
    package let company: OrganisationID
    /// Who signs for the owners.
    package let owners: String
    package let number: String
    package let signed: Day
    package let from: Day
    /// 9999-12-31 for a contract without an end.
    package let to: Day
    /// The area that is looked after.
    package let hundredthsSquareMetre: Int64
    package let feeStandard: String
    package let filingNumber: String
    package let filed: Day?
    package let renews: Int64
    package let ended: Day?
    package let endedWords: String
    package let version: Int64
    /// The first day without a term, where service went on after the last day.
    package let continues: Day?

    package init(
        id: ID<ContractTag>, estate: AreaID, company: OrganisationID, owners: String, number: String, signed: Day,
        from: Day, to: Day, hundredthsSquareMetre: Int64, feeStandard: String, filingNumber: String, filed: Day?,
        renews: Int64, ended: Day?, endedWords: String, version: Int64, continues: Day? = nil
    ) {
        self.id = id
        self.estate = estate
        self.company = company
        self.owners = owners
        self.number = number
        self.signed = signed
        self.from = from
        self.to = to
        self.hundredthsSquareMetre = hundredthsSquareMetre
        self.feeStandard = feeStandard
        self.filingNumber = filingNumber
        self.filed = filed
        self.renews = renews
        self.ended = ended
        self.endedWords = endedWords
        self.version = version
        self.continues = continues
    }

    /// It has no last day: it never had one, or service went on after it.
    package var isIndefinite: Bool { to >= HomeStore.forever || continues != nil }
    /// The last day that it covers.
    package var last: Day { ended ?? (isIndefinite ? HomeStore.forever : to) }
}

/// A date of a contract by which something is to be done.
package struct ContractDate: Sendable, Hashable {
    package enum Kind: String, CaseIterable, Sendable { case company, owners, filing, leave, end }
    package let kind: Kind
    package let day: Day
}

/// Dates and overlaps of contracts: pure.
package enum ContractRules {
    /// The dates of a contract by the limits as they stand: the last day on which the company may say that it will not
    /// renew (90 days), on which the owners may give notice for its end (60 days), and by which it must be filed; and
    /// the day by which the company must have left, where the region says so.
    ///
    /// Where a side has given notice, nobody need give it again; without a last day there is the day on which it ends
    /// by notice instead.
    ///
    /// - Parameters:
    ///   - leaveDays: nil where no region fixes it, or the company stays.
    ///   - notices: those given, also the withdrawn ones.
    static func dates(
        _ c: Contract, companyDays: Int64, ownersDays: Int64, filingDays: Int64, leaveDays: Int64?,
        notices: [ContractNotice] = []
    ) -> [ContractDate] {
        var dates: [ContractDate] = []
        let standing = notices.filter { $0.withdrawn == nil && $0.isOpen == c.isIndefinite }
        if let leaveDays, !c.isIndefinite || c.ended != nil {
            dates.append(ContractDate(kind: .leave, day: c.last.adding(Int(leaveDays))))
        }
        guard c.ended == nil else { return dates }
        if let end = standing.map(\.ends).min() {
            dates.append(ContractDate(kind: .end, day: end))
        } else if !c.isIndefinite {
            dates.append(ContractDate(kind: .company, day: c.to.adding(-Int(companyDays))))
            dates.append(ContractDate(kind: .owners, day: c.to.adding(-Int(ownersDays))))
        }
        if c.filed == nil { dates.append(ContractDate(kind: .filing, day: c.signed.adding(Int(filingDays)))) }
        return dates
    }

    static func overlaps(_ a: Contract, from: Day, to: Day) -> Bool { a.from <= to && from <= a.last }
}

/// Every SQL word about contracts.
package enum ContractStore {
    private static let columns: SQL = """
        id, area_id, company_id, owners, number, signed_day, from_day, to_day, area_hundredths, fee_standard, filing_number,
        filed_day, renews_id, ended_day, ended_words, version, continues_day
        """
    private static func contract(_ row: any Row) throws -> Contract {
        func day(_ column: Int) throws -> Day? {
            try row.optionalInt(column).map { Day(number: Int32(clamping: $0)) }
        }
        return Contract(
            id: try row.id(0), estate: try row.id(1), company: try row.id(2), owners: try row.text(3),
            number: try row.text(4), signed: try row.day(5), from: try row.day(6), to: try row.day(7),
            hundredthsSquareMetre: try row.int(8), feeStandard: try row.text(9), filingNumber: try row.text(10),
            filed: try day(11), renews: try row.int(12), ended: try day(13), endedWords: try row.text(14),
            version: try row.int(15), continues: try day(16))
    }

    package static func load(_ id: ID<ContractTag>, _ transaction: any ReadTransaction) throws -> Contract? {
        try transaction.first("select \(columns) from governance_contract where id = \(id)", contract)
    }

    package static func of(_ estate: AreaID, _ transaction: any ReadTransaction) throws -> [Contract] {
        try transaction.query(
            "select \(columns) from governance_contract where area_id = \(estate) order by id desc limit 200", contract)
    }

    static func list(
        _ scope: Scope, before: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Contract] {
        let page: SQL = before.map { " and id < \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from governance_contract
            where area_id in \(DirectoryStore.areas(in: scope))\(page) order by id desc limit \(limit)
            """, contract)
    }

    /// Those that have not ended and may have a date to be reminded of: what ends in some days, or is not filed.
    static func open(from: Day, through day: Day, _ transaction: any ReadTransaction) throws -> [Contract] {
        try transaction.query(
            """
            select \(columns) from governance_contract
            where ended_day is null and (to_day between \(from) and \(day) or filed_day is null) order by id limit 5000
            """, contract)
    }

    static func goOn(
        _ id: ID<ContractTag>, from day: Day, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_contract set continues_day = \(day), version = version + 1
            where id = \(id) and version = \(seen) and ended_day is null and continues_day is null
            """) == 1
    }

    /// Those that were ended early, on a day or since.
    static func ended(since day: Day, _ transaction: any ReadTransaction) throws -> [Contract] {
        try transaction.query(
            """
            select \(columns) from governance_contract
            where ended_day is not null and ended_day >= \(day) order by ended_day, id limit 5000
            """, contract)
    }

    static func insert(
        _ c: Contract, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_contract (id, area_id, company_id, owners, number, signed_day, from_day, to_day,
                area_hundredths, fee_standard, filing_number, filed_day, renews_id, ended_words, version, created_by,
                created_ms)
            values (\(c.id), \(c.estate), \(c.company), \(c.owners), \(c.number), \(c.signed), \(c.from), \(c.to),
                \(c.hundredthsSquareMetre), \(c.feeStandard), \(c.filingNumber), \(c.filed), \(c.renews), '', 1,
                \(person), \(now))
            """)
    }

    static func file(
        _ id: ID<ContractTag>, number: String, on day: Day, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_contract set filing_number = \(number), filed_day = \(day), version = version + 1
            where id = \(id) and version = \(seen)
            """) == 1
    }

    static func end(
        _ id: ID<ContractTag>, on day: Day, words: String, was seen: Int64, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update governance_contract set ended_day = \(day), ended_words = \(words), version = version + 1
            where id = \(id) and version = \(seen) and ended_day is null
            """) == 1
    }

    /// True for the first who asks: a date is told once. A date that moved, because the limit did, is another date.
    static func remind(
        _ id: ID<ContractTag>, _ date: ContractDate, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_contract_reminder (contract_id, kind, due_day, sent_ms)
            values (\(id), \(date.kind.rawValue), \(date.day), \(now)) on conflict do nothing
            """) == 1
    }

    static func reminders(
        of id: ID<ContractTag>, _ transaction: any ReadTransaction
    ) throws -> [ContractDate: Instant] {
        let rows = try transaction.query(
            "select kind, due_day, sent_ms from governance_contract_reminder where contract_id = \(id) order by due_day"
        ) { row -> (ContractDate, Instant)? in
            guard let kind = ContractDate.Kind(rawValue: try row.text(0)) else { return nil }
            return (ContractDate(kind: kind, day: try row.day(1)), try row.instant(2))
        }
        return Dictionary(rows.compactMap { $0 }, uniquingKeysWith: { $1 })
    }
}

extension GovernanceDesk {
    /// Registers a contract of an estate. Two contracts of one estate never cover the same day (one company for each
    /// management area, 条例 art. 33). A renewal begins after the contract that it renews.
    @discardableResult
    package func register(_ c: Contract, by actor: Actor) async throws -> ID<ContractTag> {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        guard c.from <= c.to else { throw GovernanceRefusal.endsBeforeItBegins }
        _ = try Self.words(c.number, "number", 1...60)
        _ = try Self.words(c.owners, "owners", 1...80)
        _ = try Self.words(c.feeStandard, "fee", 1...120)
        _ = try Self.words(c.filingNumber, "filing", 0...60)
        if let filed = c.filed, filed < c.signed { throw GovernanceRefusal.filedBeforeSigned }
        guard c.filed == nil || !c.filingNumber.isEmpty else { throw GovernanceRefusal.badWords("filing") }
        let now = world.now()
        try await database.write { transaction in
            let (area, post) = try Self.place(c.estate, .governanceEdit, actor, transaction)
            guard area.level == .estate else { throw GovernanceRefusal.wrongLevel }
            guard let company = try BodyStore.body(c.company, transaction), company.organisation.party == .property,
                let home = try DirectoryStore.area(company.organisation.area, transaction),
                home.path.contains(area.path)
            else { throw GovernanceRefusal.badChoice("company") }
            let others = try ContractStore.of(c.estate, transaction)
            if c.renews != 0 {
                guard let old = others.first(where: { $0.id.raw == c.renews }) else {
                    throw GovernanceRefusal.badChoice("renews")
                }
                guard c.from > old.last else { throw GovernanceRefusal.renewalBeforeEnd }
            }
            if let other = others.first(where: { ContractRules.overlaps($0, from: c.from, to: c.to) }) {
                throw GovernanceRefusal.contractOverlaps(other.number)
            }
            try ContractStore.insert(c, by: person, at: now, transaction)
            try audit(
                "contract.register", c.id.raw, "\(c.number) \(c.from) \(c.to)", at: area, by: actor, post, transaction)
        }
        return c.id
    }

    package func file(
        _ id: ID<ContractTag>, number: String, on day: Day, was seen: Int64, by actor: Actor
    ) async throws {
        _ = try Self.words(number, "filing", 1...60)
        let today = today
        try await database.write { transaction in
            let (c, area, post) = try Self.contract(id, .governanceEdit, actor, transaction)
            guard day >= c.signed else { throw GovernanceRefusal.filedBeforeSigned }
            guard day <= today else { throw GovernanceRefusal.badDay("filed") }
            guard try ContractStore.file(id, number: number, on: day, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("contract.file", id.raw, "\(number) \(day)", at: area, by: actor, post, transaction)
        }
    }

    /// Ends a contract before its last day.
    package func endContract(
        _ id: ID<ContractTag>, on day: Day, words: String, was seen: Int64, by actor: Actor
    ) async throws {
        guard !words.isEmpty else { throw GovernanceRefusal.reasonNeeded }
        _ = try Self.words(words, "why", 1...200)
        try await database.write { transaction in
            let (c, area, post) = try Self.contract(id, .governanceEdit, actor, transaction)
            guard c.version == seen else { throw GovernanceRefusal.changedMeanwhile }
            guard c.ended == nil else { throw GovernanceRefusal.contractEnded }
            guard day >= max(c.from, c.continues ?? c.from), day <= c.last else {
                throw GovernanceRefusal.badDay("last")
            }
            guard try ContractStore.end(id, on: day, words: words, was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("contract.end", id.raw, "\(day) \(words)", at: area, by: actor, post, transaction)
        }
    }

    static func contract(
        _ id: ID<ContractTag>, _ verb: Verb, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Contract, Area, Post) {
        guard let found = try ContractStore.load(id, transaction),
            let area = try DirectoryStore.area(found.estate, transaction),
            let post = actor.post(for: verb, at: area.path)
        else { throw GovernanceRefusal.notFound }
        return (found, area, post)
    }

    static func dates(_ c: Contract, _ transaction: any ReadTransaction) throws -> [ContractDate] {
        let path = try DirectoryStore.area(c.estate, transaction)?.path ?? .root
        var leave = try RegionStore.number(.leaveDays, at: path, transaction)
        if let days = leave {
            // A company whose next contract follows stays where it is.
            let last = c.last.adding(Int(days))
            let stays = try ContractStore.of(c.estate, transaction).contains {
                $0.company == c.company && $0.id != c.id && $0.from > c.last && $0.from <= last
            }
            if stays { leave = nil }
        }
        return ContractRules.dates(
            c, companyDays: try LimitStore.value(.contractCompanyDays, transaction),
            ownersDays: try LimitStore.value(.contractOwnersDays, transaction),
            filingDays: try LimitStore.value(.contractFilingDays, at: path, transaction), leaveDays: leave,
            notices: try ContractNoticeStore.of(c.id, transaction))
    }

    /// How long a day of leaving that has passed is still told.
    private static let leavingDays = 30

    private static func isToTell(_ date: ContractDate, _ c: Contract, _ today: Day) -> Bool {
        guard date.day <= today else { return false }
        return switch date.kind {
        case .filing: true
        case .leave, .end: date.day >= today.adding(-leavingDays)
        case .company, .owners: c.to >= today
        }
    }

    /// The contracts that may have a date near a day.
    ///
    /// - Parameter ahead: days before a date.
    static func watched(
        ahead: Int64 = 0, on today: Day, _ transaction: any ReadTransaction
    ) throws -> [Contract] {
        let longest = max(
            try LimitStore.value(.contractCompanyDays, transaction),
            try LimitStore.value(.contractOwnersDays, transaction))
        let leave = try RegionStore.largest(.leaveDays, least: 0, transaction)
        let since = today.adding(-Int(leave) - leavingDays)
        var found = try ContractStore.open(
            from: since, through: today.adding(Int(longest + ahead)), transaction)
        found += try ContractStore.ended(since: since, transaction)
        let known = Set(found.map(\.id))
        let ending = try ContractNoticeStore.ending(from: since, to: today.adding(Int(ahead)), transaction)
        for id in ending where !known.contains(id) {
            if let c = try ContractStore.load(id, transaction) { found.append(c) }
        }
        return found
    }

    /// Those who keep the register at the estate, and the owners' side.
    static func keepers(
        of area: Area, on today: Day, _ transaction: any ReadTransaction
    ) throws -> [PersonID] {
        try DirectoryStore.colleagues(at: area.path, may: .governanceRead, on: today, transaction)
            .filter { [.grid, .approver, .committee, .desk].contains($0.role) }.map(\.person)
    }

    /// Tells each date that has come, once: to those who keep the register at the estate, and to the owners' side. A
    /// date long past when the contract came into the register is not told, except an open filing.
    func remindOfContracts() async throws {
        let (now, today) = (world.now(), today)
        let due = try await database.read { transaction in
            try Self.watched(on: today, transaction).map { c in
                let told = try ContractStore.reminders(of: c.id, transaction)
                return (
                    c, try Self.dates(c, transaction).filter { told[$0] == nil && Self.isToTell($0, c, today) }
                )
            }.filter { !$0.1.isEmpty }
        }
        for (c, dates) in due {
            for date in dates {
                try await database.write { [tell] transaction in
                    guard let area = try DirectoryStore.area(c.estate, transaction),
                        try ContractStore.remind(c.id, date, at: now, transaction)
                    else { return }
                    let people = try Self.keepers(of: area, on: today, transaction)
                    try tell(
                        .contractEnds,
                        [
                            area.name, c.number,
                            date.kind == .end
                                ? date.day.description : c.last >= HomeStore.forever ? "–" : c.last.description,
                        ],
                        "/desk/contracts/\(c.id.text)", people, nil, now, transaction)
                }
            }
        }
    }
}

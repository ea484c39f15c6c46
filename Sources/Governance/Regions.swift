import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// What a province or city sets beside national law (rules.md 0.2 and 2.8).
package enum RegionItem: String, CaseIterable, Sendable {
    case groupDays, listDays, itemsDays, firstMeetingDays, seatsLeast, seatsMost, years, committeeMeetingDays
    case filingDays, noticeDays, postedDays, prepaidMonths, leaveDays, interimMonths, renewalDays, contractFilingDays
    case gridLeast, gridMost, microGridLeast, microGridMost

    /// Whether something in the house goes by it. The others are written down for whoever needs them.
    package var isUsed: Bool {
        switch self {
        case .seatsLeast, .seatsMost, .years, .leaveDays, .renewalDays, .contractFilingDays, .gridLeast, .gridMost,
            .microGridLeast, .microGridMost:
            true
        default: false
        }
    }

    /// The item that stands for a limit of the house where a region sets it.
    init?(_ key: LimitKey) {
        switch key {
        case .committeeSeatsLeast: self = .seatsLeast
        case .committeeSeatsMost: self = .seatsMost
        case .committeeYears: self = .years
        case .termNoticeDays: self = .renewalDays
        case .contractFilingDays: self = .contractFilingDays
        case .gridLeast: self = .gridLeast
        case .gridMost: self = .gridMost
        case .microGridLeast: self = .microGridLeast
        case .microGridMost: self = .microGridMost
        default: return nil
        }
    }

    /// No region gives a committee more than five years, nor fewer than three seats.
    var bounds: ClosedRange<Int64> {
        switch self {
        case .years: 1...5
        case .seatsLeast, .seatsMost: 3...99
        default: 1...3650
        }
    }
}

/// One region with its numbers.
package struct Region: Sendable {
    package let code: String
    package let name: String
    package let source: String
    package let since: Day
    package var values: [RegionItem: Int64] = [:]
}

package enum RegionMigrations {
    package static let all: [Migration] = [
        Migration(
            "governance-040-regions",
            """
            create table governance_region (
                code TEXT primary key,
                name TEXT not null,
                source TEXT not null,
                since_day INT64 not null
            );
            create table governance_region_value (
                region TEXT not null references governance_region(code),
                item TEXT not null,
                value INT64 not null,
                primary key (region, item)
            );
            create table governance_region_choice (
                area_id ID primary key,
                region TEXT not null references governance_region(code)
            );
            """),
        Migration(
            "governance-041-leaving",
            """
            create index governance_contract_left on governance_contract(ended_day) where ended_day is not null;
            """),
    ]
}

/// Every SQL word about regions.
package enum RegionStore {
    /// Once, into tables without the region or the number; what was edited stays.
    package static func plant(_ transaction: any WriteTransaction) throws {
        for region in RegionSeed.regions {
            guard let since = Day(year: region.since.0, month: region.since.1, day: region.since.2) else { continue }
            try transaction.run(
                """
                insert into governance_region (code, name, source, since_day)
                values (\(region.code), \(region.name), \(region.source), \(since)) on conflict do nothing
                """)
            for (item, value) in region.values {
                try transaction.run(
                    """
                    insert into governance_region_value (region, item, value)
                    values (\(region.code), \(item.rawValue), \(value)) on conflict do nothing
                    """)
            }
        }
    }

    static func put(
        _ region: String, _ item: RegionItem, _ value: Int64, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into governance_region_value (region, item, value) values (\(region), \(item.rawValue), \(value))
            on conflict (region, item) do update set value = excluded.value
            """)
    }

    package static func all(_ transaction: any ReadTransaction) throws -> [Region] {
        var regions = try transaction.query(
            "select code, name, source, since_day from governance_region order by code limit 200"
        ) {
            Region(code: try $0.text(0), name: try $0.text(1), source: try $0.text(2), since: try $0.day(3))
        }
        let values = try transaction.query(
            "select region, item, value from governance_region_value order by region limit 10000"
        ) { (try $0.text(0), try $0.text(1), try $0.int(2)) }
        for index in regions.indices {
            for (region, item, value) in values where region == regions[index].code {
                if let item = RegionItem(rawValue: item) { regions[index].values[item] = value }
            }
        }
        return regions
    }

    static func choose(_ region: String, for area: AreaID, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into governance_region_choice (area_id, region) values (\(area), \(region))
            on conflict (area_id) do update set region = excluded.region
            """)
    }

    /// The region of a place: its own, or that of the nearest area above it; nil where nobody chose.
    static func region(at path: AreaPath, _ transaction: any ReadTransaction) throws -> String? {
        guard !path.ids.isEmpty else { return nil }
        let list = SQL.joined(path.ids.map { "\($0)" })
        let found = try transaction.query(
            "select area_id, region from governance_region_choice where area_id in (\(list))"
        ) { (try $0.id(0, AreaTag.self), try $0.text(1)) }
        return path.ids.reversed().lazy.compactMap { id in found.first { $0.0 == id }?.1 }.first
    }

    /// A number of the region of a place; nil where nobody chose one, or it does not fix it.
    static func number(
        _ item: RegionItem, at path: AreaPath, _ transaction: any ReadTransaction
    ) throws -> Int64? {
        guard let region = try region(at: path, transaction) else { return nil }
        return try transaction.first(
            "select value from governance_region_value where region = \(region) and item = \(item.rawValue)"
        ) { try $0.int(0) }
    }

    /// The largest number of any region, at least so much.
    static func largest(
        _ item: RegionItem, least: Int64, _ transaction: any ReadTransaction
    ) throws -> Int64 {
        let found = try transaction.first(
            "select max(value) from governance_region_value where item = \(item.rawValue)"
        ) { try $0.optionalInt(0) ?? 0 }
        return max(least, found ?? 0)
    }

    static func choices(
        in scope: Scope, _ transaction: any ReadTransaction
    ) throws -> [(area: AreaID, region: String)] {
        try transaction.query(
            """
            select area_id, region from governance_region_choice where area_id in \(DirectoryStore.areas(in: scope))
            order by area_id limit 1000
            """
        ) { (try $0.id(0), try $0.text(1)) }
    }
}

extension LimitStore {
    /// A limit as it holds at a place: its region's number, or the house's.
    package static func value(
        _ key: LimitKey, at path: AreaPath, _ transaction: any ReadTransaction
    ) throws -> Int64 {
        if let item = RegionItem(key), let value = try RegionStore.number(item, at: path, transaction) { return value }
        return try value(key, transaction)
    }
}

extension GovernanceDesk {
    /// An edit of regional rules as it was asked for.
    struct RegionEdit: Sendable {
        /// Chooses for a place, or sets a number.
        enum What: Sendable {
            case choice(AreaID)
            case number(RegionItem, Int64)
        }
        let region: String
        let what: What
        let why: String
        let from: Instant?
        let seen: Int64?
    }

    /// Chooses a region for a place in reach, or sets one of its numbers, now or from a time on.
    func editRegion(_ edit: RegionEdit, by actor: Actor) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(edit.why, "why", 1...120)
        guard TextRules.isPlain(edit.why) else { throw GovernanceRefusal.badWords("why") }
        if case .number(let item, let value) = edit.what {
            guard item.bounds.contains(value) else { throw GovernanceRefusal.badNumber("value") }
        }
        let now = world.now()
        let id = world.nextID()
        try await database.write { [journal] transaction in
            guard let region = try RegionStore.all(transaction).first(where: { $0.code == edit.region }) else {
                throw GovernanceRefusal.badChoice("region")
            }
            var fields = ["region": region.code, "why": edit.why]
            let (subject, before, after): (String, String, String)
            let post: Post
            switch edit.what {
            case .choice(let area):
                let (place, by) = try Self.place(area, .policyEdit, actor, transaction)
                (post, subject) = (by, area.text)
                fields["way"] = "choose"
                fields["area"] = area.text
                before = "\(place.name) \(try RegionStore.region(at: place.path, transaction) ?? "")"
                after = "\(place.name) \(region.code)"
            case .number(let item, let value):
                // The numbers are the whole house's.
                guard let by = actor.housePost(for: .policyEdit) else { throw GovernanceRefusal.notFound }
                (post, subject) = (by, "\(region.code) \(item.rawValue)")
                fields["way"] = "number"
                fields["item"] = item.rawValue
                fields["value"] = String(value)
                before = "\(subject) \(region.values[item].map { String($0) } ?? "")"
                after = "\(subject) \(value)"
            }
            let rule = RuleEdit(
                kind: .region, subject: subject, fields: fields, before: before, after: after, why: edit.why,
                from: edit.from, seen: edit.seen)
            let isNow = try RuleBook.keep(rule, by: person, id: id, at: now, transaction)
            if isNow { try Self.doRegion(edit.what, region.code, transaction) }
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: person, post: post.id,
                    verb: isNow ? "limit.region" : "limit.planRegion", subject: id, detail: after), at: now,
                transaction)
        }
    }

    private static func doRegion(
        _ what: RegionEdit.What, _ region: String, _ transaction: any WriteTransaction
    ) throws {
        switch what {
        case .choice(let area): try RegionStore.choose(region, for: area, transaction)
        case .number(let item, let value): try RegionStore.put(region, item, value, transaction)
        }
    }

    /// Does what was planned when its time has come.
    package func applyPlannedRegion(_ one: RuleVersion) async throws {
        let now = world.now()
        try await database.write { [journal] transaction in
            let region = try RegionStore.all(transaction).first { $0.code == one.fields["region"] }
            var what: RegionEdit.What?
            if let id = AreaID(text: one.fields["area"] ?? ""), try DirectoryStore.area(id, transaction) != nil {
                what = .choice(id)
            } else if let item = RegionItem(rawValue: one.fields["item"] ?? ""),
                let value = Int64(one.fields["value"] ?? "")
            {
                what = .number(item, value)
            }
            let isGood = region != nil && what != nil
            guard try RuleBook.settle(one.id, isGood ? .applied : .failed, transaction), let region, let what else {
                return
            }
            try Self.doRegion(what, region.code, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: one.by, verb: "limit.region", subject: one.id, detail: one.after),
                at: now, transaction)
        }
    }
}

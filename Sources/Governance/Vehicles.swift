import Directory
import Kernel
import Storage

package enum VehicleTag {}

/// A number plate (GA 36-2018, rules 16.5), checked by the form that it has; whether it was ever issued nobody knows here.
package struct Plate: Sendable, Equatable {
    package enum Kind: Int64, CaseIterable, Sendable {
        case ordinary = 1
        case smallNewEnergy = 2
        case largeNewEnergy = 3
        /// A sign of a class of its own, at the end or the start: police, learner, trailer, Hong Kong, Macao, rescue,
        /// embassy, consulate, temporary.
        case special = 4
        package var code: String { String(describing: self) }
    }
    /// Upper-case, without dots and spaces.
    package let text: String
    package let kind: Kind

    /// Nil for what is no plate.
    package init?(_ typed: String) {
        guard typed.utf8.count <= 60 else { return nil }
        let plain = typed.uppercased().filter { !$0.isWhitespace && !PlateWords.dots.contains($0) }
        guard let kind = Self.kind(Array(plain)) else { return nil }
        self.kind = kind
        text = plain
    }

    private static func kind(_ signs: [Character]) -> Kind? {
        guard (7...9).contains(signs.count) else { return nil }
        if signs[0] == PlateWords.embassy { return signs.count == 7 && digits(signs[1...]) ? .special : nil }
        if signs[0] == PlateWords.temporary { return number(signs[1...]) == .ordinary ? .special : nil }
        if signs.last == PlateWords.temporary {
            let rest = signs.dropLast()
            let isShort = rest.count == 6 && isPlace(rest) && rest[2...].allSatisfy(isSign)
            return isShort || number(rest) == .ordinary ? .special : nil
        }
        if let kind = number(signs[...]) { return kind }
        guard isPlace(signs[...]), signs[2..<6].allSatisfy(isSign) else { return nil }
        let end = Array(signs[6...])
        let isOfClass = end.count == 1 && PlateWords.classes.contains(end[0])
        return isOfClass || end == PlateWords.emergency ? .special : nil
    }

    /// The three forms that most vehicles have.
    private static func number(_ signs: ArraySlice<Character>) -> Kind? {
        guard (7...8).contains(signs.count), isPlace(signs) else { return nil }
        let serial = Array(signs.dropFirst(2))
        if serial.count == 5 { return serial.allSatisfy(isSign) ? .ordinary : nil }
        if energy.contains(serial[0]), isSign(serial[1]), digits(serial[2...]) { return .smallNewEnergy }
        return digits(serial[..<5]) && energy.contains(serial[5]) ? .largeNewEnergy : nil
    }

    /// A province and the letter of an authority.
    private static func isPlace(_ signs: ArraySlice<Character>) -> Bool {
        let head = Array(signs.prefix(2))
        return head.count == 2 && PlateWords.provinces.contains(head[0]) && isLetter(head[1])
    }

    private static func digits(_ part: ArraySlice<Character>) -> Bool { part.allSatisfy { $0.isASCII && $0.isNumber } }

    /// The province, the letter and the last two signs.
    package var masked: String {
        let signs = Array(text)
        return String(signs.prefix(2)) + String(repeating: "*", count: signs.count - 4) + String(signs.suffix(2))
    }

    private static let energy: Set<Character> = ["D", "A", "B", "C", "E", "F", "G", "H", "J", "K"]
    private static func isLetter(_ sign: Character) -> Bool {
        ("A"..."Z").contains(sign) && sign.isASCII && sign != "I" && sign != "O"
    }
    private static func isSign(_ sign: Character) -> Bool { isLetter(sign) || ("0"..."9").contains(sign) }
}

/// A vehicle of a home. The plate is sealed; what is shown is masked.
package struct Vehicle: Sendable {
    package let id: ID<VehicleTag>
    package let unit: AreaID
    package let estate: AreaID
    package let masked: String
    package let sealed: [UInt8]
    package let kind: Plate.Kind
    package let from: Day
    package let to: Day
    package let byResident: Bool
    package let version: Int64
    /// Who bound it.
    package let by: PersonID
}

/// Every SQL word about vehicles.
package enum VehicleStore {
    private static let columns: SQL =
        "id, unit_id, estate_id, plate_masked, plate_sealed, kind, from_day, to_day, by_resident, version, created_by"
    private static func vehicle(_ row: any Row) throws -> Vehicle {
        Vehicle(
            id: try row.id(0), unit: try row.id(1), estate: try row.id(2), masked: try row.text(3),
            sealed: try row.bytes(4), kind: try row.raw(5), from: try row.day(6), to: try row.day(7),
            byResident: try row.flag(8), version: try row.int(9), by: try row.id(10))
    }

    static func load(_ id: ID<VehicleTag>, _ transaction: any ReadTransaction) throws -> Vehicle? {
        try transaction.first("select \(columns) from governance_vehicle where id = \(id)", vehicle)
    }

    /// Those in force that a resident may see: bound by the people whom they keep house with, or by staff for the
    /// household. Nobody sees what an earlier household had.
    package static func of(
        _ units: [AreaID], seenBy person: PersonID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> [Vehicle] {
        guard !units.isEmpty else { return [] }
        let list = SQL.joined(Set(units).sorted().map { "\($0)" })
        let house = try HouseholdStore.housemates(of: person, in: units, on: day, transaction)
        return try transaction.query(
            """
            select \(columns) from governance_vehicle
            where unit_id in (\(list)) and to_day >= \(day) order by id limit 200
            """, vehicle
        ).filter { isSeen($0, by: house[$0.unit]) }
    }

    static func isSeen(_ vehicle: Vehicle, by house: Housemates?) -> Bool {
        guard let house else { return false }
        return vehicle.byResident ? house.people.contains(vehicle.by) : vehicle.from >= house.since
    }

    /// A household left: what its people bound ends with it.
    package static func homeLeft(_ left: HomeLeft, _ transaction: any WriteTransaction) throws -> Int {
        let staying = SQL.joined(left.staying.sorted().map { "\($0)" })
        let others: SQL = left.staying.isEmpty ? .empty : " and created_by not in (\(staying))"
        return try transaction.run(
            """
            update governance_vehicle set to_day = \(left.day), version = version + 1
            where unit_id = \(left.unit) and by_resident = \(true) and to_day > \(left.day)\(others)
            """)
    }

    /// Those in force in a scope; of one plate only, when its index is given.
    static func list(
        _ scope: Scope, index: [UInt8]?, on day: Day, after: Int64?, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Vehicle] {
        let page: SQL = after.map { " and id > \($0)" } ?? .empty
        let plate: SQL = index.map { " and plate_index = \($0)" } ?? .empty
        return try transaction.query(
            """
            select \(columns) from governance_vehicle
            where unit_id in \(DirectoryStore.areas(in: scope)) and to_day >= \(day)\(plate)\(page)
            order by id limit \(limit)
            """, vehicle)
    }

    /// False when the plate is bound to the estate already.
    static func insert(
        _ v: Vehicle, index: [UInt8], by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_vehicle (id, unit_id, estate_id, plate_index, plate_sealed, plate_masked, kind,
                from_day, to_day, by_resident, version, created_by, created_ms)
            values (\(v.id), \(v.unit), \(v.estate), \(index), \(v.sealed), \(v.masked), \(v.kind), \(v.from), \(v.to),
                \(v.byResident), 1, \(person), \(now))
            on conflict do nothing
            """) == 1
    }

    static func end(_ v: Vehicle, on day: Day, was seen: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update governance_vehicle set to_day = \(day), version = version + 1
            where id = \(v.id) and version = \(seen) and to_day > \(day)
            """) == 1
    }
}

extension GovernanceDesk {
    /// Binds a vehicle to a home: by somebody who lives there, or by staff of the estate. A plate is bound to one home of
    /// an estate at a time.
    @discardableResult
    package func addVehicle(_ typed: String, to unit: AreaID, by actor: Actor) async throws -> ID<VehicleTag> {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        guard let plate = Plate(typed) else { throw GovernanceRefusal.badPlate }
        let (now, today) = (world.now(), today)
        let id: ID<VehicleTag> = world.id()
        let sealed = try secrets.seal(plate.text, purpose: "plate", row: id.raw)
        let index = secrets.index(plate.text, purpose: "plate")
        try await database.write { transaction in
            guard let home = try DirectoryStore.area(unit, transaction), home.level == .unit, let estate = home.estate
            else { throw GovernanceRefusal.notFound }
            let post = actor.post(for: .vehicleEdit, at: home.path)
            let lives = actor.homes.contains { $0.unit == unit }
            guard post != nil || lives else { throw GovernanceRefusal.notFound }
            let isNew = try VehicleStore.insert(
                Vehicle(
                    id: id, unit: unit, estate: estate, masked: plate.masked, sealed: sealed, kind: plate.kind,
                    from: today, to: HomeStore.forever, byResident: post == nil, version: 1, by: person),
                index: index, by: person, at: now, transaction)
            guard isNew else { throw GovernanceRefusal.vehicleTaken }
            try audit("vehicle.add", id.raw, unit.text, at: home, by: actor, post, transaction)
        }
        return id
    }

    package func endVehicle(_ id: ID<VehicleTag>, was seen: Int64, by actor: Actor) async throws {
        let today = today
        try await database.write { transaction in
            let (vehicle, home, post) = try Self.vehicle(id, actor, today, transaction)
            guard try VehicleStore.end(vehicle, on: today.adding(-1), was: seen, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit("vehicle.end", id.raw, "", at: home, by: actor, post, transaction)
        }
    }

    /// The plate in clear, for a reason that is kept.
    package func unmask(_ id: ID<VehicleTag>, why: String, by actor: Actor) async throws -> String {
        guard !why.isEmpty else { throw GovernanceRefusal.reasonNeeded }
        _ = try Self.words(why, "why", 1...100)
        guard !TextRules.holdsNumber(why) else { throw GovernanceRefusal.numberInReason }
        let (secrets, today) = (secrets, today)
        return try await database.write { transaction in
            let (vehicle, home, post) = try Self.vehicle(id, actor, today, transaction)
            guard post != nil else { throw GovernanceRefusal.notFound }
            try audit("vehicle.unmask", id.raw, why, isReason: true, at: home, by: actor, post, transaction)
            return try secrets.open(vehicle.sealed, purpose: "plate", row: id.raw)
        }
    }

    private static func vehicle(
        _ id: ID<VehicleTag>, _ actor: Actor, _ today: Day, _ transaction: any ReadTransaction
    ) throws -> (Vehicle, Area, Post?) {
        guard let found = try VehicleStore.load(id, transaction),
            let home = try DirectoryStore.area(found.unit, transaction)
        else { throw GovernanceRefusal.notFound }
        let post = actor.post(for: .vehicleEdit, at: home.path)
        guard post == nil else { return (found, home, post) }
        guard let person = actor.person, actor.homes.contains(where: { $0.unit == found.unit }),
            VehicleStore.isSeen(
                found,
                by: try HouseholdStore.housemates(of: person, in: [found.unit], on: today, transaction)[found.unit])
        else { throw GovernanceRefusal.notFound }
        return (found, home, post)
    }
}

import Directory
import Kernel
import Storage

/// A place in the governance model that somebody should hold.
package enum Slot: Int64, CaseIterable, Sendable {
    /// "1+3" (A014): the community party body, and the three beside it.
    case partyBody = 1
    case residentsCommittee = 2
    /// The owners' committee or the body that stands in for it.
    case ownersBody = 3
    case property = 4
    /// The five parties of a grid (A012, A018) beside the party body and the owners' body.
    case propertyBranch = 5
    case lawEnforcement = 6
    case volunteers = 7

    package var code: String { String(describing: self) }

    /// The kinds of organisation that may hold it.
    package var kinds: Set<OrganisationKind> {
        switch self {
        case .partyBody: [.partyBody, .estateBranch]
        case .residentsCommittee: [.residentsCommittee]
        case .ownersBody: [.ownersCommittee, .managementCommittee, .residentsCouncil, .allOwners]
        case .property: [.propertyCompany, .propertyProject]
        case .propertyBranch: [.propertyBranch]
        case .lawEnforcement: [.department, .streetOffice]
        case .volunteers: [.volunteers]
        }
    }

    /// A contact here is by that a member of the party.
    package var reveals: Bool { self == .partyBody || self == .propertyBranch }

    static let community: [Slot] = [.partyBody, .residentsCommittee]
    static let estate: [Slot] = [.ownersBody, .property]
    static let grid: [Slot] = [.partyBody, .propertyBranch, .ownersBody, .lawEnforcement, .volunteers]

    package var phrase: Phrase {
        switch self {
        case .partyBody: .slotPartyBody
        case .residentsCommittee: .slotResidents
        case .ownersBody: .slotOwners
        case .property: .slotProperty
        case .propertyBranch: .slotPropertyBranch
        case .lawEnforcement: .slotLaw
        case .volunteers: .slotVolunteers
        }
    }
}

package struct SlotHolder: Sendable {
    package let id: Int64
    package let area: AreaID
    package let zone: Int64
    package let slot: Slot
    package let organisation: OrganisationID
    package let person: PersonID?
    package let from: Day
    package let to: Day
    package let version: Int64
}

/// Every SQL word about slots.
package enum SlotStore {
    private static let columns: SQL =
        "id, area_id, zone_id, slot, organisation_id, person_id, from_day, to_day, version"
    private static func holder(_ row: any Row) throws -> SlotHolder {
        SlotHolder(
            id: try row.int(0), area: try row.id(1), zone: try row.int(2), slot: try row.raw(3),
            organisation: try row.id(4), person: try row.optionalID(5), from: try row.day(6), to: try row.day(7),
            version: try row.int(8))
    }

    /// Who holds the slots of areas and their zones now.
    package static func held(_ areas: [AreaID], _ transaction: any ReadTransaction) throws -> [SlotHolder] {
        guard !areas.isEmpty else { return [] }
        let list = SQL.joined(Set(areas).sorted().map { "\($0)" })
        return try transaction.query(
            """
            select \(columns) from governance_slot where area_id in (\(list)) and to_day = \(HomeStore.forever)
            order by area_id, zone_id, slot limit 5000
            """, holder)
    }

    static func held(
        _ area: AreaID, zone: Int64, _ slot: Slot, _ transaction: any ReadTransaction
    ) throws -> SlotHolder? {
        try transaction.first(
            """
            select \(columns) from governance_slot
            where area_id = \(area) and zone_id = \(zone) and slot = \(slot) and to_day = \(HomeStore.forever)
            """, holder)
    }

    static func insert(_ h: SlotHolder, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction)
        throws
    {
        try transaction.run(
            """
            insert into governance_slot (id, area_id, zone_id, slot, organisation_id, person_id, from_day, to_day,
                version, created_by, created_ms)
            values (\(h.id), \(h.area), \(h.zone), \(h.slot), \(h.organisation), \(h.person), \(h.from), \(h.to), 1,
                \(person), \(now))
            """)
    }

    static func end(_ id: Int64, on day: Day, was seen: Int64, _ transaction: any WriteTransaction) throws -> Bool {
        try transaction.run(
            """
            update governance_slot set to_day = \(day), version = version + 1
            where id = \(id) and version = \(seen) and to_day = \(HomeStore.forever)
            """) == 1
    }
}

extension GovernanceDesk {
    /// Who fills a slot, from today; nil leaves it vacant. What was before stays on record.
    /// - Parameter seen: the holder's edition as the person saw it; 0 for a vacancy.
    package func fill(
        _ slot: Slot, at area: AreaID, zone: Int64, with organisation: OrganisationID?, contact: PersonID?,
        was seen: Int64, by actor: Actor
    ) async throws {
        guard let person = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today, id) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (place, post) = try Self.place(area, .governanceEdit, actor, transaction)
            let model: [Slot]
            if zone != 0 {
                guard let found = try ZoneStore.zone(zone, transaction), found.area == area, found.ended == nil else {
                    throw GovernanceRefusal.notFound
                }
                model = found.kind.isGrid ? Slot.grid : []
            } else {
                model = place.level == .community ? Slot.community : place.level == .estate ? Slot.estate : []
            }
            guard model.contains(slot) else { throw GovernanceRefusal.wrongLevel }
            let held = try SlotStore.held(area, zone: zone, slot, transaction)
            guard (held?.version ?? 0) == seen else { throw GovernanceRefusal.changedMeanwhile }
            if let held {
                // One who came today and goes today was there today.
                guard try SlotStore.end(held.id, on: max(held.from, today), was: seen, transaction) else {
                    throw GovernanceRefusal.changedMeanwhile
                }
            }
            if let organisation {
                guard let body = try BodyStore.body(organisation, transaction), slot.kinds.contains(body.kind),
                    let home = try DirectoryStore.area(body.organisation.area, transaction),
                    home.path.contains(place.path) || place.path.contains(home.path)
                else { throw GovernanceRefusal.slotDoesNotFit }
                if let contact {
                    // Whoever answers for a body of the party is a member of it.
                    guard !body.kind.revealsMembers || actor.may(.partyRead, at: place.path) else {
                        throw GovernanceRefusal.membersOnly
                    }
                    let names = try DirectoryStore.names(of: [contact], transaction)
                    guard names[contact] != nil else { throw GovernanceRefusal.badChoice("person") }
                }
                try SlotStore.insert(
                    SlotHolder(
                        id: id, area: area, zone: zone, slot: slot, organisation: organisation, person: contact,
                        from: today, to: HomeStore.forever, version: 1), by: person, at: now, transaction)
            }
            try audit(
                "slot.fill", held?.id ?? id, "\(slot.code) \(zone) \(organisation?.text ?? "-")", at: place, by: actor,
                post, transaction)
        }
    }
}

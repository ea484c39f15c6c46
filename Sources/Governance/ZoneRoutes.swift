import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct ZoneList: Sendable {
    let list: Listing<GovernanceZone>
    let areas: [AreaID: Area]
    let communities: [Area]
    let parts: [Area]
    let mayParty: Bool
    /// Households that are usual, by zone.
    let usual: [Int64: ClosedRange<Int64>]
}

struct ZoneView: Sendable {
    let zone: GovernanceZone
    let area: Area
    let parts: [Area]
    let members: [ZoneMember]
    let usual: ClosedRange<Int64>?
    let changes: [ZoneChange]
    /// Where something was added or removed.
    let changed: [AreaID: Area]
    /// What may be added, with the estates among it.
    let free: [Area]
    let people: [PersonID: String]
    let mayEdit: Bool
    let isHidden: Bool
}

extension GovernanceShapes {
    static let zoneKind = Shape<ZoneKind>.choice(ZoneKind.allCases) { $0.code }
    struct ZoneRow: Sendable {
        let zone: GovernanceZone
        let usual: ClosedRange<Int64>?
    }
    static let zone = Shape<ZoneRow>.object("Zone") {
        Member("id", .id()) { ID<AreaTag>($0.zone.id) }
        Member("kind", zoneKind) { $0.zone.kind }
        Member("area", .id()) { $0.zone.area }
        Member("name", .words) { $0.zone.name }
        Member("households", .whole, "0 if not said.") { $0.zone.households }
        Member("usual_least", Shape<Int64>.whole.orNull, "By the limits of its place; a hint.") { $0.usual?.lowerBound }
        Member("usual_most", Shape<Int64>.whole.orNull) { $0.usual?.upperBound }
        Member("version", .whole) { $0.zone.version }
    }
    static let zoneChange = Shape<(change: ZoneChange, by: String?)>.object("ZoneChange") {
        Member("part", .id()) { $0.change.area }
        Member("added", .flag, "False for one that left.") { $0.change.added }
        Member("at", .time) { $0.change.at }
        Member("by", name, "Null where one may not see who is in it.") { $0.by }
    }
    struct MemberRow: Sendable {
        let member: ZoneMember
        let name: String?
    }
    static let zoneMember = Shape<MemberRow>.object("ZoneMember") {
        Member("id", .id()) { ID<AreaTag>($0.member.id) }
        Member("person", .id()) { $0.member.person }
        Member("name", name) { $0.name }
        Member("lead", .flag) { $0.member.lead }
        Member("from", .day) { $0.member.from }
        Member("to", day) { last($0.member.to) }
        Member("version", .whole) { $0.member.version }
    }
    static let zoneDetail = Shape<ZoneView>.object("ZoneDetail") {
        Member("zone", zone) { ZoneRow(zone: $0.zone, usual: $0.usual) }
        Member("changes", zoneChange.list(), "Parts that came and went, the newest first.") { view in
            view.changes.map { (change: $0, by: view.isHidden ? nil : view.people[$0.by]) }
        }
        Member("parts", Shape<AreaID>.id().list()) { $0.parts.map(\.id) }
        Member("members", zoneMember.list().orNull, "Null where one may not see them.") { view in
            view.isHidden ? nil : view.members.map { MemberRow(member: $0, name: view.people[$0.person]) }
        }
    }
}

extension GovernanceHouse {
    func zoneRoutes(_ table: RouteTable) {
        let list = Room<ZoneList>(
            page: "/desk/zones", access: .verb(.governanceRead),
            load: { request, context in try await zones(Part(request), context.actor) },
            title: { $1.words(.zonesTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/zones", .verb(.governanceEdit), list, table) { sent, context in
            let parts = try sent.all("part").map { text -> AreaID in
                guard let id = AreaID(text: text) else { throw GovernanceRefusal.badChoice("part") }
                return id
            }
            let zone = GovernanceZone(
                id: world.nextID(), kind: try sent.choice("kind", \ZoneKind.code), area: try sent.id("area"),
                name: sent["name"], households: try sent.number("households", 0...100_000, empty: 0), ended: nil,
                version: 1)
            try await desk.addZone(zone, parts: parts, by: context.actor)
            return Href("/desk/zones/", zone.text)
        }
        let one = Room<ZoneView>(
            page: "/desk/zones/:id", access: .verb(.governanceRead),
            load: { _, context in try await zone(context.id("id", AreaTag.self).raw, context.actor) },
            title: { view, _ in view.zone.name }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/zones/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", AreaTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.zone(id.raw, edit: true, actor, $0) }
            switch sent["way"] {
            case "member": try await desk.addMember(try named(sent), lead: sent["lead"] == "1", to: id.raw, by: actor)
            case "memberEnd":
                try await desk.endMember(
                    try sent.id("member", AreaTag.self).raw, of: id.raw, was: try sent.version(), by: actor)
            case "parts":
                func areas(_ name: String) throws -> [AreaID] {
                    try sent.all(name).map { text in
                        guard let id = AreaID(text: text) else { throw GovernanceRefusal.badChoice(name) }
                        return id
                    }
                }
                try await desk.changeParts(
                    of: id.raw, adding: try areas("part"), removing: try areas("remove"),
                    households: sent["households"].isEmpty ? nil : try sent.number("households", 0...100_000),
                    was: try sent.version(), by: actor)
            case "end":
                try await desk.endZone(id.raw, was: try sent.version(), by: actor)
                return Href("/desk/zones")
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Href("/desk/zones/", id.text)
        }
        zoneAPI(table)
    }

    private struct DrawAsked: Asked {
        let kind: ZoneKind
        let area: AreaID
        let name: String
        let households: Int64
        let parts: [AreaID]
        private static let ids = Shape<AreaID>.id().list(1...300)
        init(_ ask: Ask) throws {
            kind = try ask.body("kind", GovernanceShapes.zoneKind)
            area = try ask.body("area", .id(), "The community.")
            name = try ask.body.typed("name", 1...40)
            households = try ask.body.optional("households", .whole(0...100_000)) ?? 0
            parts = try ask.body("part", Self.ids, "The estates and buildings that it is made of.")
        }
    }
    private struct PartsAsked: Asked {
        let id: AreaID
        let add: [AreaID]
        let remove: [AreaID]
        let households: Int64?
        let seen: Seen
        private static let ids = Shape<AreaID>.id().list(0...300)
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            add = try ask.body.optional("add", Self.ids, "Estates and buildings that come to it.") ?? []
            remove = try ask.body.optional("remove", Self.ids, "Parts that leave it.") ?? []
            households = try ask.body.optional("households", .whole(0...100_000), "As many as before if not said.")
            seen = try Seen(ask)
        }
    }

    private func zoneAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/zones", .verb(.governanceRead), .list("Grids and responsibility zones."), ListAsked.self,
            GovernanceShapes.zone.slices
        ) { asked, call in
            let view = try await zones(Part(asked.paging), call.actor)
            return .ok(view.list.slice { GovernanceShapes.ZoneRow(zone: $0, usual: view.usual[$0.id]) })
        }
        table.post(
            "/api/v1/zones", .verb(.governanceEdit),
            .act("Draws a zone of estates and buildings.", [.wrongLevel, .partOutside, .buildingInOtherZone("")]),
            DrawAsked.self, Made.shape, makes: true
        ) { asked, call in
            let zone = GovernanceZone(
                id: world.nextID(), kind: asked.kind, area: asked.area, name: asked.name,
                households: asked.households, ended: nil, version: 1)
            try await desk.addZone(zone, parts: asked.parts, by: call.actor)
            return .made(Made(zone.text), at: "/api/v1/zones/\(zone.text)")
        }
        table.get(
            "/api/v1/zones/:id", .verb(.governanceRead), .one("One zone with its parts and members."),
            OneAsked<AreaTag>.self, GovernanceShapes.zoneDetail
        ) { asked, call in
            let view = try await zone(asked.id.raw, call.actor)
            return .ok(view, version: view.zone.version)
        }
        table.post(
            "/api/v1/zones/:id/members", .verb(.governanceEdit), .act("Adds somebody to a zone.", [.linkedTwice]),
            MemberAsked<AreaTag>.self, .nothing
        ) { asked, call in
            try await desk.addMember(try named(asked.person), lead: asked.lead, to: asked.id.raw, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/zones/:id/members/:part/end", .verb(.governanceEdit),
            .act("Somebody leaves a zone.", [.changedMeanwhile]), PartAsked<AreaTag, AreaTag>.self, .nothing
        ) { asked, call in
            try await desk.endMember(asked.part.raw, of: asked.id.raw, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/zones/:id/parts", .verb(.governanceEdit),
            .act(
                "Parts come to a zone and leave it.",
                [.partOutside, .buildingInOtherZone(""), .zoneWithoutParts, .badChoice("")], matches: true),
            PartsAsked.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) {
                try await desk.changeParts(
                    of: asked.id.raw, adding: asked.add, removing: asked.remove, households: asked.households, was: $0,
                    by: call.actor)
            }
        }
        table.post(
            "/api/v1/zones/:id/end", .verb(.governanceEdit), .act("Ends a zone.", matches: true),
            SeenAsked<AreaTag>.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) { try await desk.endZone(asked.id.raw, was: $0, by: call.actor) }
        }
    }

    private func zones(_ part: Part, _ actor: Actor) async throws -> ZoneList {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        return try await database.read { transaction in
            let found = try ZoneStore.list(scope, after: part.cursor, limit: part.limit + 1, transaction)
            let areas = try DirectoryStore.areas(found.map(\.area), transaction)
            var usual: [Int64: ClosedRange<Int64>] = [:]
            for zone in found {
                guard let path = areas[zone.area]?.path else { continue }
                usual[zone.id] = try ZoneStore.usual(zone.kind, at: path, transaction)
            }
            return ZoneList(
                list: Listing(found, limit: part.limit, id: \.id),
                areas: areas,
                communities: try offer.places(5...5, transaction),
                parts: try offer.places(6...7, limit: 400, transaction),
                mayParty: actor.may(.partyRead), usual: usual)
        }
    }

    private func zone(_ id: Int64, _ actor: Actor) async throws -> ZoneView {
        let (view, post) = try await database.read { transaction in
            let (found, area, post) = try GovernanceDesk.zone(id, edit: false, actor, transaction)
            let party = actor.post(for: .partyRead, at: area.path)
            let isHidden = found.kind.reveals && party == nil
            let members = isHidden ? [] : try ZoneStore.members(of: id, transaction)
            let areas = try DirectoryStore.areas(try ZoneStore.parts(of: id, transaction), transaction)
            let changes = try ZoneStore.changes(of: id, transaction)
            let mayEdit = found.ended == nil && !isHidden && actor.may(.governanceEdit, at: area.path)
            let free =
                !mayEdit
                ? []
                : try DirectoryStore.areas(under: area.path, level: .estate, limit: 100, transaction)
                    + DirectoryStore.areas(under: area.path, level: .building, limit: 300, transaction)
            return (
                ZoneView(
                    zone: found, area: area, parts: areas.values.sorted { $0.path.text < $1.path.text },
                    members: members, usual: try ZoneStore.usual(found.kind, at: area.path, transaction),
                    changes: changes, changed: try DirectoryStore.areas(changes.map(\.area), transaction),
                    free: free,
                    people: try DirectoryStore.names(of: members.map(\.person) + changes.map(\.by), transaction),
                    mayEdit: mayEdit,
                    isHidden: isHidden),
                party ?? post
            )
        }
        if view.zone.kind.reveals, !view.isHidden {
            try await desk.looked("zone", id, at: view.area, by: actor, post)
        }
        return view
    }

    private static func main(_ list: ZoneList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.list.rows.map { zone -> HTML in
            kit.link(
                Href("/desk/zones/", zone.text), zone.name,
                "\(list.areas[zone.area]?.name ?? "") · \(words(.zoneHouseholds, String(zone.households)))",
                tag: words(zone.kind.phrase), state: warning(zone, list.usual[zone.id], kit))
        }
        let kinds = ZoneKind.allCases.filter { list.mayParty || !$0.reveals }
            .map { (value: $0.code, label: words($0.phrase)) }
        let add: HTML =
            list.communities.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/zones"), .zoneAdd,
                kit.pair(
                    kit.select("add", "kind", .zoneKind, kinds),
                    kit.select("add", "area", .zoneCommunity, kit.places(list.communities))),
                kit.pair(
                    kit.text("add", "name", .zoneName, most: 40),
                    kit.text("add", "households", .zoneHouseholdsLabel, most: 6, required: false, numeric: true)),
                kit.checks("add", "part", .zoneParts, kit.places(list.parts)))
        return kit.page(
            words(.zonesTitle), "", kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/zones"), kit.context),
            ExportLinks.make("zones", kit.context)
                + ExportLinks.make("zone-parts", kit.context, title: .zonePartsTitle)
                + ExportLinks.make("zone-members", kit.context, title: .zoneMembersTitle), add)
    }

    private static func warning(_ zone: GovernanceZone, _ usual: ClosedRange<Int64>?, _ kit: Kit) -> HTML {
        guard let usual, zone.households > 0, !usual.contains(zone.households) else { return .empty }
        return kit.state(.wait, .zoneUnusual)
    }

    private static func main(_ view: ZoneView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/zones/", view.zone.text)
        let members = view.members.map { m -> HTML in
            let isOn = m.to >= HomeStore.forever
            return kit.row(
                view.people[m.person] ?? "", "\(kit.days(m.from, m.to))", tag: m.lead ? words(.zoneLead) : "",
                end: view.mayEdit && isOn
                    ? kit.button(
                        "memberEnd", here, .zoneMemberEnd,
                        hidden: [("member", ID<AreaTag>(m.id).text), ("version", String(m.version))]) : .empty)
        }
        let forms: HTML =
            !view.mayEdit
            ? .empty
            : kit.form(
                "member", here, .zoneMemberAdd, kit.person("member"),
                kit.checks("member", "lead", .zoneRole, [("1", words(.zoneLead))]))
                + partsForm(view, kit)
                + kit.button("end", here, .zoneEnd, hidden: [("version", String(view.zone.version))])
        let people: HTML =
            view.isHidden
            ? "<p class=\"help\">\(words(.governanceHidden))</p>"
            : kit.rows(members, none: .governanceNone)
                + (view.zone.kind.reveals ? .empty : ExportLinks.inside("zone-people", view.zone.text, kit.context))
        return kit.page(
            view.zone.name, words(view.zone.kind.phrase), warning(view.zone, view.usual, kit),
            kit.facts([
                (.zoneCommunity, "\(view.area.name)"),
                (.zoneHouseholdsLabel, "<span class=num>\(view.zone.households)</span>"),
                (
                    .zoneUsual,
                    view.usual.map {
                        "\(words(.zoneUsualRange, String($0.lowerBound), String($0.upperBound)))"
                    } ?? .empty
                ),
                (.zoneParts, "\(words.list(view.parts.map(\.name)))"),
            ]), ExportLinks.inside("zone-buildings", view.zone.text, kit.context, title: .zoneParts),
            kit.section(.zoneMembers, people), changes(view, kit), forms)
    }

    private static func changes(_ view: ZoneView, _ kit: Kit) -> HTML {
        guard !view.changes.isEmpty else { return .empty }
        let rows = view.changes.map { change -> HTML in
            let who = view.isHidden ? "" : view.people[change.by] ?? ""
            return kit.row(
                label(change.area, view.changed, kit),
                "\(Say.exact(change.at))\(who.isEmpty ? "" : " · \(who)")",
                tag: kit.words(change.added ? .zoneChangeAdded : .zoneChangeRemoved))
        }
        return kit.section(
            .zoneChanges,
            kit.rows(rows, none: .governanceNone)
                + ExportLinks.inside("zone-changes", view.zone.text, kit.context))
    }

    private static func label(_ id: AreaID, _ areas: [AreaID: Area], _ kit: Kit) -> String {
        areas[id].map { "\($0.name) · \(kit.words($0.level.phrase))" } ?? ""
    }

    /// One form for what comes and what goes, in the edition that was seen.
    private static func partsForm(_ view: ZoneView, _ kit: Kit) -> HTML {
        let inside = view.parts.map(\.path)
        let free = view.free.filter { area in !inside.contains { $0.contains(area.path) } }
        let estates = Dictionary(view.free.filter { $0.level == .estate }.map { ($0.id, $0.name) }) { $1 }
        let options = free.map { area -> (value: String, label: String) in
            let estate = area.level == .building ? (area.estate.flatMap { estates[$0] } ?? "") + " " : ""
            return (value: area.id.text, label: estate + area.name)
        }
        return kit.form(
            "parts", Href("/desk/zones/", view.zone.text), .zonePartsChange,
            hidden: [("version", String(view.zone.version))], primary: false,
            kit.checks("parts", "remove", .zonePartsRemove, kit.places(view.parts)),
            kit.checks("parts", "part", .zonePartsAdd, options),
            kit.text(
                "parts", "households", .zoneHouseholdsLabel, value: String(view.zone.households), most: 6,
                required: false, numeric: true))
    }
}

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
}

struct ZoneView: Sendable {
    let zone: GovernanceZone
    let area: Area
    let parts: [Area]
    let members: [ZoneMember]
    let people: [PersonID: String]
    let mayEdit: Bool
    let isHidden: Bool
}

extension GovernanceHouse {
    func zoneRoutes(_ table: RouteTable) {
        let list = Room<ZoneList>(
            page: "/desk/zones", api: "/api/v1/zones", access: .verb(.governanceRead),
            load: { request, context in try await zones(request, context) },
            title: { $1.words(.zonesTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { list in list.list.json(Self.json) })
        open(list, table)
        write(page: "/desk/zones", api: "/api/v1/zones", .verb(.governanceEdit), list, table) { sent, context in
            let parts = try sent.all("part").map { text -> AreaID in
                guard let id = AreaID(text: text) else { throw GovernanceRefusal.badChoice("part") }
                return id
            }
            let zone = GovernanceZone(
                id: world.nextID(), kind: try sent.choice("kind", \ZoneKind.code), area: try sent.id("area"),
                name: sent["name"], households: try sent.number("households", 0...100_000, empty: 0), ended: nil,
                version: 1)
            try await desk.addZone(zone, parts: parts, by: context.actor)
            return Made(zone.text, Href("/desk/zones/", zone.text))
        }
        let one = Room<ZoneView>(
            page: "/desk/zones/:id", api: "/api/v1/zones/:id", access: .verb(.governanceRead),
            load: { _, context in try await zone(context.id("id", AreaTag.self).raw, context) },
            title: { view, _ in view.zone.name }, main: { Self.main($0, Kit($2, $1)) }, json: { Self.json($0) })
        open(one, table)
        write(page: "/desk/zones/:id", api: "/api/v1/zones/:id", .verb(.governanceEdit), one, table) { sent, context in
            let id = try context.id("id", AreaTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.zone(id.raw, edit: true, actor, $0) }
            switch sent["way"] {
            case "member":
                let named = try NamedPerson(
                    phone: sent["phone"], name: sent["name"], secrets: directory.secrets, world: world)
                try await desk.addMember(named, lead: sent["lead"] == "1", to: id.raw, by: actor)
            case "memberEnd":
                try await desk.endMember(
                    try sent.id("member", AreaTag.self).raw, of: id.raw, was: try sent.version(), by: actor)
            case "end":
                try await desk.endZone(id.raw, was: try sent.version(), by: actor)
                return Made(id.text, Href("/desk/zones"))
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Made(id.text, Href("/desk/zones/", id.text))
        }
    }

    private func zones(_ request: Request, _ context: WebContext) async throws -> ZoneList {
        let actor = context.actor
        let scope = try actor.scope(.governanceRead)
        let editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
        let (limit, after) = (try limit(request), try cursor(request))
        return try await database.read { transaction in
            let found = try ZoneStore.list(scope, after: after, limit: limit + 1, transaction)
            return ZoneList(
                list: Listing(found, limit: limit, id: \.id),
                areas: try DirectoryStore.areas(found.map(\.area), transaction),
                communities: try editing.map { try DirectoryStore.areas(in: $0, levels: 5...5, transaction) } ?? [],
                parts: try editing.map { try DirectoryStore.areas(in: $0, levels: 6...7, limit: 400, transaction) }
                    ?? [],
                mayParty: actor.may(.partyRead))
        }
    }

    private func zone(_ id: Int64, _ context: WebContext) async throws -> ZoneView {
        let actor = context.actor
        let (view, post) = try await database.read { transaction in
            let (found, area, post) = try GovernanceDesk.zone(id, edit: false, actor, transaction)
            let party = actor.post(for: .partyRead, at: area.path)
            let isHidden = found.kind.reveals && party == nil
            let members = isHidden ? [] : try ZoneStore.members(of: id, transaction)
            let areas = try DirectoryStore.areas(try ZoneStore.parts(of: id, transaction), transaction)
            return (
                ZoneView(
                    zone: found, area: area, parts: areas.values.sorted { $0.path.text < $1.path.text },
                    members: members, people: try DirectoryStore.names(of: members.map(\.person), transaction),
                    mayEdit: found.ended == nil && !isHidden && actor.may(.governanceEdit, at: area.path),
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
                tag: words(zone.kind.phrase), state: warning(zone, kit))
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
            list.list.more(Href("/desk/zones"), kit.context), add)
    }

    private static func warning(_ zone: GovernanceZone, _ kit: Kit) -> HTML {
        guard let usual = zone.kind.usual, zone.households > 0, !usual.contains(zone.households) else { return .empty }
        return kit.state(.wait, .zoneUnusual)
    }

    private static func main(_ view: ZoneView, _ kit: Kit) -> HTML {
        let words = kit.words
        let here = Href("/desk/zones/", view.zone.text)
        let members = view.members.map { m -> HTML in
            let isOn = m.to >= HomeStore.forever
            return kit.row(
                view.people[m.person] ?? "", kit.days(m.from, m.to), tag: m.lead ? words(.zoneLead) : "",
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
                + kit.button("end", here, .zoneEnd, hidden: [("version", String(view.zone.version))])
        let people: HTML =
            view.isHidden
            ? "<p class=\"help\">\(words(.governanceHidden))</p>" : kit.rows(members, none: .governanceNone)
        return kit.page(
            view.zone.name, words(view.zone.kind.phrase), warning(view.zone, kit),
            kit.facts([
                (.zoneCommunity, "\(view.area.name)"),
                (.zoneHouseholdsLabel, "<span class=num>\(view.zone.households)</span>"),
                (.zoneParts, HTML.joined(view.parts.map { "\($0.name)" as HTML }, separator: ", ")),
            ]),
            kit.section(.zoneMembers, people), forms)
    }

    private static func json(_ zone: GovernanceZone) -> JSON {
        .object([
            ("id", .string(zone.text)), ("kind", .string(zone.kind.code)), ("area", .string(zone.area.text)),
            ("name", .string(zone.name)), ("households", .int(zone.households)), ("version", .int(zone.version)),
        ])
    }

    private static func json(_ view: ZoneView) -> JSON {
        .object([
            ("zone", json(view.zone)), ("parts", .array(view.parts.map { .string($0.id.text) })),
            (
                "members",
                view.isHidden
                    ? .null
                    : .array(
                        view.members.map { m in
                            .object([
                                ("person", .string(m.person.text)), ("name", .optional(view.people[m.person])),
                                ("lead", .bool(m.lead)), ("from", .string(m.from.description)),
                            ])
                        })
            ),
        ])
    }
}

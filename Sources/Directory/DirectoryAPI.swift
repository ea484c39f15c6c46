import Hummingbird
import Kernel
import Storage
import Web

/// Areas, organisations and posts as JSON.
extension DirectoryHouse {
    func apiRoutes(_ table: RouteTable) {
        signInAPI(table)
        meAPI(table)
        placeAPI(table)
        areaAPI(table)
        organisationAPI(table)
        postAPI(table)
        homeAPI(table)
        rosterAPI(table)
        calendarAPI(table)
        factorAPI(table)
        securityAPI(table)
        auditAPI(table)
    }

    private struct ChildrenAsked: Asked {
        let id: AreaID
        let paging: Paging
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            paging = try Paging(ask)
        }
    }
    private struct AddAreas: Asked {
        let id: AreaID
        let names: [String]
        private static let list = Shape<String>.text(1...200).list(1...AreaActions.mostAtOnce)
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            names = try ask.body("names", Self.list, "All of them are added, or none.")
        }
    }
    private struct RenameArea: Asked {
        let id: AreaID
        let name: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            name = try ask.body("name", .text(1...200))
        }
    }

    /// What everybody needs who looks for their home or a ledger.
    private func placeAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/estates", .everyone, API(nil, "Every estate of the house."), PageAsked.self,
            DirectoryShapes.area.slices
        ) { asked, _ in
            let after: AreaID? = try asked.paging.id()
            let limit = asked.paging.limit
            let rows = try await database.read { try AreaStore.estates(after: after, limit: limit + 1, $0) }
            return .ok(Slice(rows, limit: limit) { $0.id.text })
        }
        table.get(
            "/api/v1/places/:id/children", .signedIn,
            API(nil, "The buildings of an estate, or the units of a building.", refuses: [DirectoryRefusal.notFound]),
            ChildrenAsked.self, DirectoryShapes.area.slices
        ) { asked, _ in
            .ok(try await children(asked) { $0.level == .estate || $0.level == .building })
        }
    }

    private func children(
        _ asked: ChildrenAsked, _ mayRead: @escaping @Sendable (Area) -> Bool
    ) async throws -> Slice<Area> {
        let after: AreaID? = try asked.paging.id()
        let limit = asked.paging.limit
        let rows = try await database.read { transaction in
            guard let area = try DirectoryStore.area(asked.id, transaction), mayRead(area) else {
                throw DirectoryRefusal.notFound
            }
            return try AreaStore.children(of: asked.id, after: after, limit: limit + 1, transaction)
        }
        return Slice(rows, limit: limit) { $0.id.text }
    }

    private func areaAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/areas", .staff,
            API(.directory, "Where the directory begins for one's posts.", refuses: [DirectoryRefusal.noPost]),
            Nothing.self, DirectoryShapes.area.slices
        ) { _, call in
            let scope = try call.actor.scope(anyOf: Self.areaReaders)
            return .ok(
                Slice(
                    try await database.read { transaction in
                        try scope.places.compactMap { try DirectoryStore.area($0.area, transaction) }
                    }))
        }
        table.get(
            "/api/v1/areas/:id", .staff,
            API(
                .directory, "One area.", refuses: [DirectoryRefusal.notFound, DirectoryRefusal.noPost], isSingle: true),
            AreaAsked.self, DirectoryShapes.area
        ) { asked, call in
            let scope = try call.actor.scope(anyOf: Self.areaReaders)
            let area = try await database.read { try DirectoryStore.area(asked.id, $0) }
            guard let area, scope.contains(area.path) else { throw DirectoryRefusal.notFound }
            return .ok(area)
        }
        table.get(
            "/api/v1/areas/:id/children", .staff,
            API(
                .directory, "The areas directly below.", refuses: [DirectoryRefusal.notFound, DirectoryRefusal.noPost]),
            ChildrenAsked.self, DirectoryShapes.area.slices
        ) { asked, call in
            let scope = try call.actor.scope(anyOf: Self.areaReaders)
            return .ok(try await children(asked) { scope.contains($0.path) })
        }
        table.get(
            "/api/v1/areas/:id/members", .staff,
            API(
                .homes, "Who is bound to a unit, now or soon, at most 100.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.noPost]), AreaAsked.self,
            DirectoryShapes.member.slices
        ) { asked, call in
            let actor = call.actor
            let scope = try actor.scope(anyOf: Self.areaReaders)
            let today = Zone.shanghai.day(of: world.now())
            return .ok(
                Slice(
                    try await database.read { transaction in
                        guard let area = try DirectoryStore.area(asked.id, transaction), scope.contains(area.path),
                            area.level == .unit
                        else { throw DirectoryRefusal.notFound }
                        return try HouseholdStore.members(
                            of: asked.id, on: today, names: actor.may(.residentApprove, at: area.path), transaction)
                    }))
        }
        table.post(
            "/api/v1/areas/:id/children", .verb(.directoryEdit),
            API(
                .directory, "Adds areas one level below.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.areaTaken(""), DirectoryRefusal.badAreaName]),
            AddAreas.self, DirectoryShapes.ids, makes: true
        ) { asked, call in .made(try await areas.add(to: asked.id, names: asked.names, by: call.actor)) }
        table.post(
            "/api/v1/areas/:id/name", .verb(.directoryEdit),
            API(
                .directory, "Gives an area another name.",
                refuses: [
                    DirectoryRefusal.notFound, DirectoryRefusal.areaTaken(""), DirectoryRefusal.changedMeanwhile,
                ],
                matches: true), RenameArea.self, .nothing
        ) { asked, call in
            let actor = call.actor
            let area = try await database.read { try AreaActions.place(asked.id, actor, $0).0 }
            try call.mustMatch(DirectoryShapes.area, area)
            try await areas.rename(asked.id, to: asked.name, was: area.name, by: actor)
            return .done
        }
    }

    // MARK: Organisations

    private struct OrganisationAsked: Asked {
        let id: OrganisationID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct AddOrganisation: Asked {
        let party: Party
        let name: String
        let area: AreaID
        init(_ ask: Ask) throws {
            party = try ask.body("party", DirectoryShapes.party)
            name = try ask.body("name", .text(1...60))
            area = try ask.body("area", .id(), "What it serves.")
        }
    }
    private struct RenameOrganisation: Asked {
        let id: OrganisationID
        let name: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            name = try ask.body("name", .text(1...60))
        }
    }
    private struct LineAsked: Asked {
        let id: OrganisationID
        let line: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            line = try ask.body("line", .text(0...20), "Digits, spaces, `-` and `+`; empty takes it away.")
        }
    }

    private func body(_ id: OrganisationID, _ actor: Actor) async throws -> DirectoryShapes.Body {
        try await database.read { transaction in
            let (body, area, _) = try OrganisationActions.place(id, actor, transaction)
            return DirectoryShapes.Body(
                organisation: body, areaName: area.name, line: try ServiceLineStore.phone(of: id, transaction))
        }
    }

    private func organisationAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/organisations", .verb(.directoryEdit), API(.directory, "The organisations of one's areas."),
            PageAsked.self, DirectoryShapes.organisationRow.slices
        ) { asked, call in
            let scope = try call.actor.scope(.directoryEdit)
            let after: OrganisationID? = try asked.paging.id()
            let limit = asked.paging.limit
            let rows = try await database.read {
                try OrganisationStore.organisations(scope, after: after, limit: limit + 1, $0)
            }
            return .ok(Slice(rows, limit: limit) { $0.id.text })
        }
        table.post(
            "/api/v1/organisations", .verb(.directoryEdit),
            API(
                .directory, "Adds an organisation that serves an area.",
                refuses: [DirectoryRefusal.beyondScope, DirectoryRefusal.organisationTaken]), AddOrganisation.self,
            Made.shape, makes: true
        ) { asked, call in
            let id = try await organisations.add(
                party: asked.party, name: asked.name, area: asked.area, by: call.actor)
            return .made(Made(id.text), at: "/api/v1/organisations/\(id.text)")
        }
        table.get(
            "/api/v1/organisations/:id", .verb(.directoryEdit),
            API(.directory, "One organisation.", refuses: [DirectoryRefusal.notFound], isSingle: true),
            OrganisationAsked.self, DirectoryShapes.organisation
        ) { asked, call in .ok(try await body(asked.id, call.actor)) }
        let refuses: [any Refusal] = [
            DirectoryRefusal.notFound, DirectoryRefusal.organisationTaken, DirectoryRefusal.changedMeanwhile,
        ]
        table.post(
            "/api/v1/organisations/:id/name", .verb(.directoryEdit),
            API(.directory, "Gives an organisation another name.", refuses: refuses, matches: true),
            RenameOrganisation.self, .nothing
        ) { asked, call in
            let seen = try await body(asked.id, call.actor)
            try call.mustMatch(DirectoryShapes.organisation, seen)
            try await organisations.rename(asked.id, to: asked.name, was: seen.organisation.name, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/organisations/:id/service-line", .verb(.directoryEdit),
            API(.directory, "The number that residents call.", refuses: refuses, matches: true), LineAsked.self,
            .nothing
        ) { asked, call in
            let seen = try await body(asked.id, call.actor)
            try call.mustMatch(DirectoryShapes.organisation, seen)
            try await organisations.setServiceLine(asked.line, of: asked.id, was: seen.line, by: call.actor)
            return .done
        }
    }

    // MARK: Posts

    private struct PostsAsked: Asked {
        let id: OrganisationID
        let paging: Paging
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            paging = try Paging(ask)
        }
    }
    private struct GrantAsked: Asked {
        let grant: OrganisationActions.Grant
        init(_ ask: Ask) throws {
            var grant = OrganisationActions.Grant(
                organisation: try ask.path("id", .id()), role: try ask.body("role", DirectoryShapes.role),
                area: try ask.body("area", .id()), from: try ask.body("from", .day),
                to: try ask.body.optional("to", .day, "The last day; without an end when not said."),
                phone: try ask.body("phone", .text(1...40)))
            grant.title = try ask.body.optional("title", .text(0...OrganisationActions.longestTitle)) ?? ""
            grant.name = try ask.body.optional("name", .text(0...40), "May be left out when one person has it.") ?? ""
            grant.isAnother =
                try ask.body.optional("another", .flag, "Somebody new who shares the phone.") ?? false
            grant.login = try ask.body.optional("login", .text(0...40), "For somebody new.") ?? ""
            grant.password = try ask.body.optional("password", .text(0...128), "For somebody new.") ?? ""
            self.grant = grant
        }
    }
    private struct EndAsked: Asked {
        let id: OrganisationID
        let post: PostID
        let last: Day
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            post = try ask.path("post", .id())
            last = try ask.body("last", .day, "The last day.")
        }
    }

    private func postAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/organisations/:id/posts", .verb(.directoryEdit),
            API(.directory, "The posts of an organisation, past ones too.", refuses: [DirectoryRefusal.notFound]),
            PostsAsked.self, DirectoryShapes.post.slices
        ) { asked, call in
            let actor = call.actor
            let scope = try actor.scope(.directoryEdit)
            let after: PostID? = try asked.paging.id()
            let limit = asked.paging.limit
            let (rows, look) = try await database.read { transaction in
                let (body, area, post) = try OrganisationActions.place(asked.id, actor, transaction)
                let rows = try OrganisationStore.posts(of: asked.id, after: after, limit: limit + 1, transaction)
                return (rows, try OrganisationActions.look(rows, of: body, area, by: post, transaction))
            }
            try await organisations.looked(look, by: actor)
            let page = Slice(rows, limit: limit) { $0.id.text }
            return .ok(Slice(page.items.filter { scope.contains($0.path) }, next: page.next))
        }
        table.post(
            "/api/v1/organisations/:id/posts", .verb(.directoryEdit),
            API(
                .directory, "Gives somebody a post.",
                refuses: [
                    DirectoryRefusal.notFound, DirectoryRefusal.beyondScope, DirectoryRefusal.postTaken,
                    DirectoryRefusal.phoneTaken, DirectoryRefusal.badPhone,
                ]), GrantAsked.self, Made.shape, makes: true
        ) { asked, call in
            .made(Made(try await organisations.grant(asked.grant, by: call.actor).text))
        }
        table.post(
            "/api/v1/organisations/:id/posts/:post/end", .verb(.directoryEdit),
            API(
                .directory, "Ends a post on its last day, or takes back one that has not begun.",
                refuses: [
                    DirectoryRefusal.notFound, DirectoryRefusal.postEnded, DirectoryRefusal.badPostEnd,
                    DirectoryRefusal.lastAdministrator,
                ]), EndAsked.self, .nothing
        ) { asked, call in
            guard let seen = try await database.read({ try OrganisationStore.post(asked.post, $0) }) else {
                throw DirectoryRefusal.notFound
            }
            try await organisations.end(asked.post, of: asked.id, on: asked.last, was: seen.to, by: call.actor)
            return .done
        }
    }
}

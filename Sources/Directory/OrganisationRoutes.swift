import Hummingbird
import Kernel
import Storage
import Web

extension DirectoryHouse {
    /// Areas that a form offers at most.
    private static let mostPlaces = 600

    func organisationRoutes(_ table: RouteTable) {
        table.get("/desk/organisations", .verb(.directoryEdit)) { _, context in
            try await organisationList(OrganisationsPage.Typed(), context)
        }
        table.post("/desk/organisations", .verb(.directoryEdit)) { request, context in
            let sent = try await typed(request, context)
            var typed = OrganisationsPage.Typed(
                name: sent.trimmed("name"), party: sent["party"], area: sent["area"])
            do {
                guard let party = Int64(typed.party).flatMap(Party.init(rawValue:)),
                    let area = AreaID(text: typed.area)
                else { throw WebRefusal.malformed }
                let id = try await organisations.add(party: party, name: typed.name, area: area, by: context.actor)
                return Answer.redirect(Href("/desk/organisations/", id.text))
            } catch let refusal as any Refusal {
                typed.refusal = refusal
                return try await organisationList(typed, context)
            }
        }
        table.get("/desk/organisations/:id", .verb(.directoryEdit)) { _, context in
            try await organisation(context.id("id"), OrganisationPage.Typed(), context)
        }
        table.post("/desk/organisations/:id", .verb(.directoryEdit)) { request, context in
            let sent = try await typed(request, context)
            let id = try context.id("id", OrganisationTag.self)
            var typed = OrganisationPage.Typed(sent)
            do {
                switch typed.way {
                case "rename":
                    try await organisations.rename(id, to: typed.name, was: sent["was"], by: context.actor)
                case "line":
                    try await organisations.setServiceLine(
                        sent.trimmed("line"), of: id, was: sent["was"], by: context.actor)
                case "grant": try await organisations.grant(grant(id, sent), by: context.actor)
                case "end":
                    guard let post = PostID(text: typed.post), let seen = Day(text: sent["was"]) else {
                        throw WebRefusal.malformed
                    }
                    guard let last = LocalInput.day(typed.last) else { throw DirectoryRefusal.badPostEnd }
                    try await organisations.end(post, of: id, on: last, was: seen, by: context.actor)
                default: throw WebRefusal.malformed
                }
                return Answer.redirect(Href("/desk/organisations/", id.text))
            } catch let refusal as any Refusal {
                typed.refusal = refusal
                return try await organisation(id, typed, context)
            }
        }
    }

    private func grant(_ organisation: OrganisationID, _ sent: Typed) throws -> OrganisationActions.Grant {
        guard let role = Role.allCases.first(where: { $0.code == sent["role"] }),
            let area = AreaID(text: sent["area"])
        else { throw WebRefusal.malformed }
        guard let from = LocalInput.day(sent.trimmed("from")) else { throw DirectoryRefusal.badPostDates }
        var to: Day?
        if !sent.trimmed("to").isEmpty {
            guard let day = LocalInput.day(sent.trimmed("to")) else { throw DirectoryRefusal.badPostDates }
            to = day
        }
        var grant = OrganisationActions.Grant(
            organisation: organisation, role: role, area: area, from: from, to: to, phone: sent.trimmed("phone"))
        grant.title = sent.trimmed("title")
        grant.name = sent.trimmed("name")
        grant.isAnother = sent["another"] == "1"
        grant.login = sent.trimmed("login")
        grant.password = sent["password"]
        return grant
    }

    private func organisationList(_ typed: OrganisationsPage.Typed, _ context: WebContext) async throws -> Response {
        let scope = try context.actor.scope(.directoryEdit)
        let view: OrganisationsPage = try await database.read { transaction in
            var places: [Area] = []
            for place in scope.places {
                places += try AreaStore.places(under: place.path, limit: Self.mostPlaces, transaction)
            }
            return OrganisationsPage(
                rows: try OrganisationStore.organisations(scope, transaction), places: places, typed: typed)
        }
        let main = view.main(context)
        return shown(staffPage(context.words(.organisationsTitle), main, context), typed.refusal, context)
    }

    private func organisation(
        _ id: OrganisationID, _ typed: OrganisationPage.Typed, _ context: WebContext
    ) async throws -> Response {
        let actor = context.actor
        let scope = try actor.scope(.directoryEdit)
        let today = Zone.shanghai.day(of: world.now())
        let (view, look) = try await database.read { transaction in
            let (body, area, post) = try OrganisationActions.place(id, actor, transaction)
            var places = try AreaStore.places(under: area.path, limit: Self.mostPlaces, transaction)
            if places.isEmpty { places = [area] }
            let posts = try OrganisationStore.posts(of: id, transaction).filter { scope.contains($0.path) }
            let view = OrganisationPage(
                organisation: body, line: try ServiceLineStore.phone(of: id, transaction), area: area, posts: posts,
                places: places, today: today, typed: typed)
            return (view, try OrganisationActions.look(posts, of: body, area, by: post, transaction))
        }
        try await organisations.looked(look, by: actor)
        let main = view.main(context)
        return shown(staffPage(view.organisation.name, main, context), typed.refusal, context)
    }
}

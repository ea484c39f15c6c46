import Hummingbird
import Kernel
import Storage
import Web

extension DirectoryHouse {
    func invitationRoutes(_ table: RouteTable) {
        table.get("/desk/invitations", .verb(.residentApprove)) { request, context in
            try await invitations(
                InvitationsPage.Typed(
                    estate: request.asked("estate"), building: request.asked("building"),
                    unit: request.asked("unit")), context)
        }
        table.post("/desk/invitations", .verb(.residentApprove)) { request, context in
            let sent = try await typed(request, context)
            var typed = InvitationsPage.Typed(
                unit: sent["unit"], relation: sent["relation"], from: sent.trimmed("from"), to: sent.trimmed("to"))
            do {
                switch sent["way"] {
                case "make": typed.made = try await makeInvitation(typed, context)
                case "revoke":
                    typed.isRevoking = true
                    guard sent["digest"].utf8.count <= 100, let digest = Base64URL.decode(sent["digest"]) else {
                        throw WebRefusal.malformed
                    }
                    try await homes.revokeInvitation(digest, by: context.actor)
                    return Answer.redirect(Href("/desk/invitations"))
                default: throw WebRefusal.malformed
                }
            } catch let refusal as any Refusal {
                typed.refusal = refusal
            }
            return try await invitations(typed, context)
        }
    }

    private func makeInvitation(_ typed: InvitationsPage.Typed, _ context: WebContext) async throws -> String {
        guard let unit = AreaID(text: typed.unit) else { throw DirectoryRefusal.noSuchUnit }
        guard let relation = HomeRelation(code: typed.relation) else { throw WebRefusal.malformed }
        func day(_ text: String) throws -> Day? {
            guard !text.isEmpty else { return nil }
            guard let day = LocalInput.day(text) else { throw DirectoryRefusal.badInvitationDates }
            return day
        }
        return try await homes.invite(
            to: unit, relation: relation, from: day(typed.from), to: day(typed.to), by: context.actor)
    }

    /// What was chosen of estate, building and unit, as far as it is in scope, and the choices of the next step.
    private func invitations(_ typed: InvitationsPage.Typed, _ context: WebContext) async throws -> Response {
        let actor = context.actor
        let scope = try actor.scope(.residentApprove)
        let now = world.now()
        let site = settings.publicURL
        let view: InvitationsPage = try await database.read { transaction in
            var view = InvitationsPage(typed: typed, publicURL: site)
            view.open = try HomeStore.openInvitations(scope, at: now, transaction)
            func chosen(_ text: String, _ level: AreaLevel) throws -> Area? {
                guard let id = AreaID(text: text), let area = try DirectoryStore.area(id, transaction),
                    area.level == level, actor.may(.residentApprove, at: area.path)
                else { return nil }
                return area
            }
            view.unit = try chosen(typed.unit, .unit)
            if let unit = view.unit {
                view.building = try unit.parent.flatMap { try DirectoryStore.area($0, transaction) }
                view.estate = try unit.estate.flatMap { try DirectoryStore.area($0, transaction) }
                return view
            }
            for place in scope.places {
                view.estates += try DirectoryStore.estates(under: place.path, limit: 600, transaction)
            }
            view.building = try chosen(typed.building, .building)
            let only = view.estates.count == 1 ? view.estates.first : nil
            view.estate =
                try view.building?.estate.flatMap { try DirectoryStore.area($0, transaction) }
                ?? chosen(typed.estate, .estate) ?? only
            if let building = view.building {
                view.choices = try DirectoryStore.children(of: building.id, transaction).filter { $0.level == .unit }
            } else if let estate = view.estate {
                view.choices = try DirectoryStore.children(of: estate.id, transaction)
                    .filter { $0.level == .building }
            }
            return view
        }
        let main = view.main(context, say(context))
        return shown(staffPage(context.words(.invitationsTitle), main, context), typed.refusal, context)
    }
}

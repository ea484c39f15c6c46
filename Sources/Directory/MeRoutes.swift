import Hummingbird
import Kernel
import Web

extension DirectoryHouse {
    func meRoutes(_ table: RouteTable) {
        table.get("/me", .signedIn) { _, context in try await me(MePage.Feedback(), context) }
        // Reached when a browser reloads the answer of a form by its address.
        for path in ["/me/name", "/me/invite", "/me/tokens", "/me/password"] {
            table.get(path, .signedIn) { _, _ in Answer.redirect(Href("/me")) }
        }
        table.post("/me/name", .signedIn) { request, context in
            let typed = try await typed(request, context)
            let name = typed.trimmed("name")
            do {
                try await homes.rename(person(context), to: name)
                return Answer.redirect(Href("/me"))
            } catch let refusal as any Refusal {
                return try await me(MePage.Feedback(form: .name, refusal: refusal, typed: name), context)
            }
        }
        table.post("/me/invite", .signedIn) { request, context in
            let typed = try await typed(request, context)
            _ = try person(context)
            guard let unit = AreaID(text: typed["unit"]), let relation = HomeRelation(code: typed["relation"]) else {
                throw WebRefusal.malformed
            }
            var feedback = MePage.Feedback(form: .invite(unit))
            do {
                feedback.made = try await homes.invite(to: unit, relation: relation, by: context.actor)
            } catch let refusal as any Refusal {
                feedback.refusal = refusal
            }
            return try await me(feedback, context)
        }
        table.post("/me/password", .signedIn) { request, context in
            let typed = try await typed(request, context)
            var feedback = MePage.Feedback(form: .password)
            do {
                try await signIn.changePassword(
                    of: person(context), from: typed["password"], to: typed["fresh"], keeping: context.session)
                feedback.made = ""
            } catch let refusal as any Refusal {
                feedback.refusal = refusal
            }
            return try await me(feedback, context)
        }
        table.post("/me/tokens", .signedIn) { request, context in
            let typed = try await typed(request, context)
            let name = typed.trimmed("name")
            var feedback = MePage.Feedback(form: .token, typed: name, post: typed["post"])
            feedback.scopes = typed.all("scope")
            do {
                // A form that asks for scopes says so: with nothing chosen it is refused, not taken for everything.
                let chosen = typed["scoped"].isEmpty ? .all : Scopes(text: feedback.scopes.joined(separator: " "))
                guard let scopes = chosen else { throw DirectoryRefusal.badScopes }
                guard TextRules.isPlain(name) else { throw DirectoryRefusal.badName }
                let post = PostID(text: typed["post"])
                guard typed["post"].isEmpty || post != nil else { throw WebRefusal.malformed }
                feedback.made = try await signIn.makeToken(
                    for: context.actor, post: post, name: name, days: MePage.tokenDays, scopes: scopes,
                    session: context.session)
                feedback.typed = ""
            } catch let refusal as any Refusal {
                feedback.refusal = refusal
            }
            return try await me(feedback, context)
        }
        table.post("/me/tokens/:id/revoke", .signedIn) { request, context in
            _ = try await typed(request, context)
            let id = try context.id("id", TokenTag.self)
            try await signIn.revokeToken(id.raw, of: person(context))
            return Answer.redirect(Href("/me"))
        }
        table.get("/me/join", .signedIn) { request, context in
            // The address on an invitation carries its code.
            try await join(
                JoinPage.Typed(
                    estate: request.asked("estate"), building: request.asked("building"),
                    invitation: String(request.asked("invitation").prefix(40))), context)
        }
        table.post("/me/join", .signedIn) { request, context in
            let typed = try await typed(request, context)
            return try await joinNow(typed, context)
        }
    }

    private func me(_ feedback: MePage.Feedback, _ context: WebContext) async throws -> Response {
        let person = try person(context)
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let session = context.session
        let view: MePage = try await database.read { transaction in
            let sessions = try SignInStore.sessions(of: person, transaction)
            return MePage(
                name: try DirectoryStore.personName(person, transaction) ?? "",
                phone: try DirectoryStore.phone(of: person, transaction)?.masked ?? "",
                homes: try HomeStore.rows(of: person, on: today, transaction),
                sessions: sessions.filter { $0.expires > now },
                tokens: try SignInStore.tokens(of: person, transaction).filter { $0.expires > now },
                current: session,
                profile: try SignInStore.account(person: person, transaction) == nil
                    ? nil : SecurityStore.profile(at: now, transaction), feedback: feedback)
        }
        return shown(view.page(context, say(context)), feedback.refusal, context)
    }

    private func join(_ typed: JoinPage.Typed, _ context: WebContext) async throws -> Response {
        let view: JoinPage = try await database.read { transaction in
            var view = JoinPage(typed: typed)
            view.estates = try DirectoryStore.estates(under: .root, transaction)
            if let id = AreaID(text: typed.estate), let estate = view.estates.first(where: { $0.id == id }) {
                view.estate = estate
                view.buildings = try DirectoryStore.children(of: id, transaction).filter { $0.level == .building }
                if let id = AreaID(text: typed.building), let building = view.buildings.first(where: { $0.id == id }) {
                    view.building = building
                    view.units = try DirectoryStore.children(of: id, transaction).filter { $0.level == .unit }
                }
            }
            return view
        }
        return shown(view.page(context), typed.refusal, context)
    }

    private func joinNow(_ sent: Typed, _ context: WebContext) async throws -> Response {
        let person = try person(context)
        var typed = JoinPage.Typed(estate: sent["estate"], building: sent["building"])
        typed.byInvitation = sent["way"] == "invitation"
        typed.invitation = sent.trimmed("invitation")
        typed.unit = sent["unit"]
        typed.relation = sent["relation"]
        typed.day = sent.trimmed("day")
        do {
            var until: Day?
            if !typed.day.isEmpty {
                guard let day = LocalInput.day(typed.day) else { throw DirectoryRefusal.badDate }
                until = day
            }
            if typed.byInvitation {
                try await homes.join(person, invitation: typed.invitation, until: until)
            } else {
                guard let unit = AreaID(text: typed.unit) else { throw DirectoryRefusal.noSuchUnit }
                guard let relation = HomeRelation(code: typed.relation) else { throw WebRefusal.malformed }
                try await homes.ask(person, unit: unit, relation: relation, until: until)
            }
            return Answer.redirect(Href("/me"))
        } catch let refusal as any Refusal {
            typed.refusal = refusal
            return try await join(typed, context)
        }
    }
}

enum TokenTag {}

extension HomeRelation {
    init?(code: String) {
        guard let found = HomeRelation.allCases.first(where: { $0.code == code }) else { return nil }
        self = found
    }
}

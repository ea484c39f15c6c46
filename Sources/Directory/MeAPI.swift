import Hummingbird
import Kernel
import Storage
import Web

/// Oneself as JSON: signing in, name, homes, devices, tokens.
extension DirectoryHouse {
    private struct PhoneAsked: Asked {
        let phone: String
        init(_ ask: Ask) throws { phone = try ask.body("phone", .text(1...40)) }
    }
    private struct CodeAsked: Asked {
        let phone: String
        let code: String
        let person: PersonID?
        init(_ ask: Ask) throws {
            phone = try ask.body("phone", .text(1...40))
            code = try ask.body("code", .text(1...20))
            person = try ask.body.optional("person", .id(), "One of several who share the phone.")
        }
    }
    private struct PasswordAsked: Asked {
        let login: String
        let password: String
        init(_ ask: Ask) throws {
            login = try ask.body("login", .text(1...64))
            password = try ask.body("password", .text(1...128))
        }
    }
    private struct NameAsked: Asked {
        let name: String
        init(_ ask: Ask) throws { name = try ask.body("name", .text(1...40)) }
    }
    private struct NewPassword: Asked {
        let old: String
        let fresh: String
        init(_ ask: Ask) throws {
            old = try ask.body("password", .text(1...128), "The one until now.")
            fresh = try ask.body("fresh", .text(1...128))
        }
    }
    private struct TokenAsked: Asked {
        let name: String
        let post: PostID?
        let scopes: Scopes
        private static let names = Shape<String>.choice(Scopes.items.map(\.name)) { $0 }.list(1...Scopes.items.count)
        init(_ ask: Ask) throws {
            name = try ask.body("name", .text(1...40))
            post = try ask.body.optional("post", .id(), "One of one's posts; one's own homes when not said.")
            let names = try ask.body("scopes", Self.names, "What the program may do.")
            guard let scopes = Scopes(text: names.joined(separator: " ")) else { throw WebRefusal.badField("scopes") }
            self.scopes = scopes
        }
    }
    struct RowAsked: Asked {
        let id: ID<TokenTag>
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct HomeAsked: Asked {
        let unit: AreaID
        let relation: HomeRelation
        let until: Day?
        init(_ ask: Ask) throws {
            unit = try ask.body("unit", .id())
            relation = try ask.body("relation", DirectoryShapes.relation)
            until = try ask.body.optional("until", .day, "Of a lease.")
        }
    }
    private struct JoinAsked: Asked {
        let invitation: String
        let until: Day?
        init(_ ask: Ask) throws {
            invitation = try ask.body("invitation", .text(1...64))
            until = try ask.body.optional("until", .day, "Of a lease.")
        }
    }
    private struct InviteAsked: Asked {
        let unit: AreaID
        let relation: HomeRelation
        init(_ ask: Ask) throws {
            unit = try ask.body("unit", .id())
            relation = try ask.body("relation", DirectoryShapes.relation)
        }
    }

    func signInAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/sign-in/code", .everyone,
            API(
                nil, "Sends a one-time code.",
                refuses: [DirectoryRefusal.badPhone, DirectoryRefusal.codeTooSoon, DirectoryRefusal.codesNotSent],
                repeats: .none), PhoneAsked.self, DirectoryShapes.shown
        ) { asked, _ in .ok(try await signIn.requestCode(phone: asked.phone)) }
        table.post(
            "/api/v1/sign-in", .everyone,
            API(
                nil, "Signs in by phone and code; the answer sets the cookie `rs_s`.",
                refuses: [DirectoryRefusal.wrongCode, DirectoryRefusal.badPhone], repeats: .none), CodeAsked.self,
            DirectoryShapes.entered
        ) { asked, call in
            let device = call.request.headers[.userAgent] ?? ""
            switch try await signIn.byCode(
                phone: asked.phone, code: asked.code, chosen: asked.person, device: device)
            {
            case .entered(let entry): return entered(SignIn.Advanced(entry: entry))
            case .choose(let people):
                return .ok(
                    DirectoryShapes.Entered(people: people.map { DirectoryShapes.Person(id: $0.0, name: $0.1) }))
            }
        }
        table.post(
            "/api/v1/sign-in/password", .everyone,
            API(
                nil, "Signs in by login and password; the answer sets the cookie `rs_s`.",
                refuses: [DirectoryRefusal.wrongPassword, DirectoryRefusal.locked], repeats: .none),
            PasswordAsked.self, DirectoryShapes.entered
        ) { asked, call in
            entered(
                SignIn.Advanced(
                    entry: try await signIn.byPassword(
                        login: asked.login, password: asked.password,
                        device: call.request.headers[.userAgent] ?? "")))
        }
        stepAPI(table)
        table.post(
            "/api/v1/sign-out", .signedIn, API(.account, "Ends the session of the cookie.", repeats: .none),
            Nothing.self, .nothing
        ) { _, call in
            if let session = call.context.session {
                try await signIn.signOut(session: session, person: person(call.context))
            }
            return left()
        }
        table.post(
            "/api/v1/sign-out/everywhere", .signedIn,
            API(.account, "Ends every session of the person.", repeats: .none), Nothing.self, .nothing
        ) { _, call in
            try await signIn.signOutEverywhere(person(call.context))
            return left()
        }
    }

    func entered(_ advanced: SignIn.Advanced) -> APIAnswer<DirectoryShapes.Entered> {
        var value = DirectoryShapes.Entered(step: advanced.entry.step, recovery: advanced.recovery)
        guard let started = advanced.entry.started else { return .ok(value) }
        value.signedIn = DirectoryShapes.SignedIn(
            person: started.person, isStaff: started.staff, expires: started.expires,
            formToken: secrets.formToken(started.token))
        var answer = APIAnswer.ok(value)
        let seconds = max(0, (started.expires.ms - world.now().ms) / 1000)
        answer.cookies = [SiteCookie.text(SiteCookie.session, started.token, seconds: seconds, secure: settings.secure)]
        return answer
    }

    private func left() -> APIAnswer<Void> {
        var answer = APIAnswer.done
        answer.cookies = [SiteCookie.cleared(SiteCookie.session, settings.secure)]
        return answer
    }

    func meAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/me", .signedIn, API(nil, "Who asks, with posts and homes."), Nothing.self, DirectoryShapes.me
        ) { _, call in
            .ok(
                DirectoryShapes.Me(
                    actor: call.actor, formToken: call.context.session == nil ? nil : call.context.formToken,
                    scopes: call.context.scopes))
        }
        table.post(
            "/api/v1/me/name", .signedIn,
            API(.account, "Gives oneself another name; not by token.", refuses: [DirectoryRefusal.badName]),
            NameAsked.self, .nothing
        ) { asked, call in
            try await homes.rename(person(call.context), to: asked.name)
            return .done
        }
        table.post(
            "/api/v1/me/password", .signedIn,
            API(
                .account, "Gives oneself another password; not by token.",
                refuses: [DirectoryRefusal.newPassword, DirectoryRefusal.notFound, DirectoryRefusal.locked],
                repeats: .none), NewPassword.self, .nothing
        ) { asked, call in
            try await signIn.changePassword(
                of: person(call.context), from: asked.old, to: asked.fresh, keeping: call.context.session)
            return .done
        }
        table.get(
            "/api/v1/me/sessions", .signedIn, API(.account, "One's devices; not by token."), Nothing.self,
            DirectoryShapes.device.slices
        ) { _, call in
            let person = try person(call.context)
            let now = world.now()
            let sessions = try await database.read { try SignInStore.sessions(of: person, $0) }
            return .ok(
                Slice(
                    sessions.filter { $0.expires > now }.map {
                        DirectoryShapes.Device(session: $0, isThis: $0.id == call.context.session)
                    }))
        }
        tokenAPI(table)
        ownHomeAPI(table)
    }

    private func tokenAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/me/tokens", .signedIn, API(.account, "One's tokens; not by token."), Nothing.self,
            DirectoryShapes.token.slices
        ) { _, call in
            let person = try person(call.context)
            let now = world.now()
            let tokens = try await database.read { try SignInStore.tokens(of: person, $0) }
            return .ok(Slice(tokens.filter { $0.expires > now }))
        }
        table.post(
            "/api/v1/me/tokens", .signedIn,
            API(
                .account, "Makes a token for a program; not by token.",
                refuses: [DirectoryRefusal.badName, DirectoryRefusal.noPost], repeats: .once), TokenAsked.self,
            DirectoryShapes.secret, makes: true
        ) { asked, call in
            guard TextRules.isPlain(asked.name) else { throw DirectoryRefusal.badName }
            return .made(
                try await signIn.makeToken(
                    for: call.actor, post: asked.post, name: asked.name, days: MePage.tokenDays, scopes: asked.scopes,
                    session: call.context.session))
        }
        table.post(
            "/api/v1/me/tokens/:id/revocation", .signedIn,
            API(.account, "Ends a token; not by token.", refuses: [DirectoryRefusal.notFound]), RowAsked.self, .nothing
        ) { asked, call in
            try await signIn.revokeToken(asked.id.raw, of: person(call.context))
            return .done
        }
    }

    private func ownHomeAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/me/homes", .signedIn, API(.account, "One's homes, waiting ones too; not by token."), Nothing.self,
            DirectoryShapes.home.slices
        ) { _, call in
            let person = try person(call.context)
            let today = Zone.shanghai.day(of: world.now())
            return .ok(Slice(try await database.read { try HomeStore.rows(of: person, on: today, $0) }))
        }
        table.post(
            "/api/v1/me/homes", .signedIn,
            API(
                .account, "Asks staff to check that one belongs to a unit; not by token.",
                refuses: [DirectoryRefusal.noSuchUnit, DirectoryRefusal.homeAsked]), HomeAsked.self, .nothing
        ) { asked, call in
            try await homes.ask(
                person(call.context), unit: asked.unit, relation: asked.relation, until: asked.until)
            return .done
        }
        table.post(
            "/api/v1/me/homes/joining", .signedIn,
            API(
                .account, "Joins the home of an invitation; not by token.",
                refuses: [DirectoryRefusal.badInvitation, DirectoryRefusal.homeAsked]), JoinAsked.self, .nothing
        ) { asked, call in
            try await homes.join(person(call.context), invitation: asked.invitation, until: asked.until)
            return .done
        }
        table.post(
            "/api/v1/me/invitations", .signedIn,
            API(
                .account, "Invites somebody to one's own home; not by token.", refuses: [DirectoryRefusal.noSuchUnit],
                repeats: .once), InviteAsked.self, DirectoryShapes.secret, makes: true
        ) { asked, call in
            _ = try person(call.context)
            return .made(try await homes.invite(to: asked.unit, relation: asked.relation, by: call.actor))
        }
    }
}

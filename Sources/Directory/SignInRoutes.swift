import Hummingbird
import Kernel
import Web

extension DirectoryHouse {
    func signInRoutes(_ table: RouteTable) {
        table.get("/sign-in", .everyone) { request, context in
            let next = request.asked("next")
            if context.actor.person != nil { return Answer.redirect(after(next, staff: context.actor.isStaff)) }
            let step: SignInPage.Step = request.asked("staff") == "1" ? .password : .phone
            var view = SignInPage(step: step, next: next)
            view.canSend = signIn.canSendCodes
            return shown(view.page(context), nil, context)
        }
        // Reached when a browser reloads the answer of a form by its address.
        for path in ["/sign-in/code", "/sign-in/password", "/sign-in/step"] {
            table.get(path, .everyone) { _, _ in Answer.redirect(Href("/sign-in")) }
        }
        table.post("/sign-in/code", .everyone) { request, context in
            let typed = try await typed(request, context)
            return try await sendCode(typed, context)
        }
        table.post("/sign-in", .everyone) { request, context in
            let typed = try await typed(request, context)
            return try await enter(typed, request, context)
        }
        table.post("/sign-in/password", .everyone) { request, context in
            let typed = try await typed(request, context)
            var view = SignInPage(step: .password, next: typed["next"])
            view.login = typed.trimmed("login")
            do {
                let entry = try await signIn.byPassword(
                    login: view.login, password: typed["password"], device: device(request))
                return entered(SignIn.Advanced(entry: entry), next: view.next, context)
            } catch let refusal as any Refusal {
                view.refusal = refusal
                return shown(view.page(context), refusal, context)
            }
        }
        table.post("/sign-in/step", .everyone) { request, context in
            let typed = try await typed(request, context)
            return try await advance(typed, request, context)
        }
        table.post("/sign-out", .signedIn) { request, context in
            _ = try await typed(request, context)
            if let session = context.session { try await signIn.signOut(session: session, person: person(context)) }
            return goodbye()
        }
        table.post("/sign-out/everywhere", .signedIn) { request, context in
            _ = try await typed(request, context)
            try await signIn.signOutEverywhere(person(context))
            return goodbye()
        }
    }

    /// Step one sends the code and shows step two; asking again too soon shows step two as well, for a code is there.
    private func sendCode(_ typed: Typed, _ context: WebContext) async throws -> Response {
        var view = SignInPage(step: .code, next: typed["next"])
        view.phone = typed.trimmed("phone")
        do {
            view.shownCode = try await signIn.requestCode(phone: view.phone)
            view.justSent = true
            return shown(view.page(context), nil, context)
        } catch let refusal as any Refusal {
            view.refusal = refusal
            if refusal.name != DirectoryRefusal.codeTooSoon.name { view.step = .phone }
            return shown(view.page(context), refusal, context)
        }
    }

    /// Step two, and the pick of one of a household.
    private func enter(_ typed: Typed, _ request: Request, _ context: WebContext) async throws -> Response {
        var view = SignInPage(step: .code, next: typed["next"])
        view.phone = typed.trimmed("phone")
        view.code = typed.trimmed("code")
        do {
            let outcome = try await signIn.byCode(
                phone: view.phone, code: view.code, chosen: PersonID(text: typed["person"]), device: device(request))
            switch outcome {
            case .entered(let entry): return entered(SignIn.Advanced(entry: entry), next: view.next, context)
            case .choose(let people):
                view.step = .choose(people)
                return shown(view.page(context), nil, context)
            }
        } catch let refusal as any Refusal {
            view.refusal = refusal
            if refusal.field == "phone" { view.step = .phone }
            return shown(view.page(context), refusal, context)
        }
    }

    /// Answers what was asked after the password. Where the step is over, sign-in begins again and says so.
    private func advance(_ typed: Typed, _ request: Request, _ context: WebContext) async throws -> Response {
        let token = typed["step"]
        do {
            // An empty password is still an answer to the question for one.
            let isPassword = try await signIn.step(token)?.kind == .password
            let advanced =
                !isPassword
                ? try await signIn.answer(step: token, code: typed["code"], device: device(request))
                : try await signIn.answer(step: token, fresh: typed["fresh"], device: device(request))
            return entered(advanced, next: typed["next"], context)
        } catch let refusal as DirectoryRefusal {
            var view = SignInPage(step: .password, next: typed["next"])
            if refusal != .stepGone, let step = try await signIn.step(token) { view.step = .more(step) }
            view.code = typed.trimmed("code")
            view.refusal = refusal
            return shown(view.page(context), refusal, context)
        }
    }

    /// What is asked next, the recovery codes once, or the way in.
    private func entered(_ advanced: SignIn.Advanced, next: String, _ context: WebContext) -> Response {
        switch advanced.entry {
        case .asked(let step):
            var view = SignInPage(step: .more(step), next: next)
            if !advanced.recovery.isEmpty { view.recovery = advanced.recovery }
            return shown(view.page(context), nil, context)
        case .started(let started):
            guard !advanced.recovery.isEmpty else { return welcome(started, next: next) }
            let place = after(next, staff: started.staff)
            var response = shown(
                SignInPage(step: .recovery(advanced.recovery, place), next: next).page(context), nil, context)
            response.headers[values: .setCookie].append(cookie(started))
            return response
        }
    }

    private func cookie(_ started: SignIn.Started) -> String {
        let seconds = max(0, (started.expires.ms - world.now().ms) / 1000)
        return SiteCookie.text(SiteCookie.session, started.token, seconds: seconds, secure: settings.secure)
    }

    private func device(_ request: Request) -> String { request.headers[.userAgent] ?? "" }

    private func welcome(_ started: SignIn.Started, next: String) -> Response {
        var response = Answer.redirect(after(next, staff: started.staff))
        response.headers[values: .setCookie].append(cookie(started))
        return response
    }

    private func goodbye() -> Response {
        var response = Answer.redirect(Href("/sign-in"))
        response.headers[values: .setCookie].append(SiteCookie.cleared(SiteCookie.session, settings.secure))
        return response
    }

    /// Where people go once they are in: where they were heading, on this site only.
    private func after(_ next: String, staff: Bool) -> Href {
        if !next.isEmpty, next != "/", !next.hasPrefix("/sign-in"), let place = Href(local: next) { return place }
        return staff ? Href("/desk") : Href("/home")
    }
}

import Hummingbird
import Kernel
import Storage
import Web

/// Pages where a home is ended and a number corrected: one's own, those of others in one's unit, and those that staff
/// check.
extension DirectoryHouse {
    var homeEnds: HomeEndActions {
        HomeEndActions(database: database, world: world, journal: journal, hooks: hooks)
    }
    var phones: PhoneActions {
        PhoneActions(
            database: database, world: world, journal: journal, secrets: secrets, signIn: signIn, hooks: hooks)
    }
    private var today: Day { Zone.shanghai.day(of: world.now()) }

    func homeEndRoutes(_ table: RouteTable) {
        table.get("/my/homes", .signedIn) { _, context in try await ownHomes(context) }
        table.get("/my/homes/:id", .signedIn) { _, context in
            try await homeEndPage(try context.id("id"), HomeEndForms(), isStaff: false, context)
        }
        table.post("/my/homes/:id", .signedIn) { request, context in
            try await endHome(request, isStaff: false, context)
        }
        table.get("/desk/homes/:id/person", .verb(.residentApprove)) { _, context in
            try await homeEndPage(try context.id("id"), HomeEndForms(), isStaff: true, context)
        }
        table.post("/desk/homes/:id/person", .verb(.residentApprove)) { request, context in
            try await endHome(request, isStaff: true, context)
        }
        table.get("/me/phone", .signedIn) { _, context in try await phonePage(PhoneForm(), context) }
        table.post("/me/phone", .signedIn) { request, context in try await changePhone(request, context) }
        homeEndAPI(table)
    }

    /// The homes of a person that are in force, and those of others which they may end.
    func othersAtHome(_ person: PersonID, _ actor: Actor) async throws -> [HomeRecord] {
        let (today, units) = (today, HomeEndActions.ownUnits(actor))
        return try await database.read { try HomeEndStore.others(in: units, than: person, on: today, $0) }
    }

    func homeRecord(_ id: Int64, isStaff: Bool, _ actor: Actor) async throws -> HomeRecord {
        try await database.read { transaction in
            try HomeEndActions.find(id, isStaff ? .staff(why: "") : .own, actor, transaction).0
        }
    }

    private func resident(
        _ title: String, _ main: HTML, _ refusal: (any Refusal)?, back: Href, _ context: WebContext
    ) -> Response {
        let main: HTML = """
            <div class="stack-l"><h1>\(title)</h1>\(main)<p><a href="\(back)">\(context.words(.back))</a></p></div>
            """
        var page = Page(title: title, frame: .resident(.mine), main: main)
        page.narrow = true
        page.homeLink = Href("/home")
        page.end = Layout.elderSwitch(context)
        return shown(page, refusal, context)
    }

    // MARK: Homes

    private func ownHomes(_ context: WebContext) async throws -> Response {
        let person = try person(context)
        let (words, say, today) = (context.words, say(context), today)
        let own = try await database.read { try HomeStore.rows(of: person, on: today, $0) }
        let others = try await othersAtHome(person, context.actor)
        func row(_ id: Int64, _ title: String, _ more: String, _ from: Day, _ to: Day) -> HTML {
            let end = HomeEndForms.lasts(to) ? "" : " – \(say.day(to))"
            return """
                <li class="row"><span class="grow"><b>\(title)</b><small>\(more) · \
                <span class="num">\(say.day(from))\(end)</span></small></span>\
                <a class="btn" href="\(Href("/my/homes/", ID<HomeTag>(id).text))" \
                aria-label="\(words(.homeEnd)) \(title)">\(words(.homeEnd))</a></li>
                """
        }
        func list(_ rows: [HTML]) -> HTML { "<ul class=\"card rows\">\(HTML.joined(rows))</ul>" }
        let mine = own.filter { !$0.isWaiting }.map {
            row($0.id, $0.place, words($0.relation.phrase), $0.from, $0.to)
        }
        let theirs = others.map { row($0.id, $0.name, "\(words($0.relation.phrase)) · \($0.place)", $0.from, $0.to) }
        let below: HTML =
            theirs.isEmpty
            ? .empty
            : """
            <section class="stack"><h2>\(words(.homesOthers))</h2><p class="help">\(words(.homesOthersHelp))</p>\
            \(list(theirs))</section>
            """
        let main: HTML = """
            \(mine.isEmpty ? "<p class=\"card soft\">\(words(.meNoHome))</p>" : list(mine))\(below)
            """
        return resident(words(.meHomes), main, nil, back: Href("/me"), context)
    }

    private func homeEndPage(
        _ id: ID<HomeTag>, _ forms: HomeEndForms, isStaff: Bool, _ context: WebContext
    ) async throws -> Response {
        if !isStaff { _ = try person(context) }
        let home = try await homeRecord(id.raw, isStaff: isStaff, context.actor)
        let main = forms.html(home, today: today, isStaff: isStaff, context, say(context))
        let words = context.words
        guard isStaff else {
            return resident(words(.homeEndTitle), main, forms.refusal, back: Href("/my/homes"), context)
        }
        let whole: HTML = "<div class=\"stack-l\"><h1>\(home.name)</h1>\(main)</div>"
        return shown(staffPage(home.name, whole, context), forms.refusal, context)
    }

    private func endHome(_ request: Request, isStaff: Bool, _ context: WebContext) async throws -> Response {
        let typed = try await typed(request, context)
        if !isStaff { _ = try person(context) }
        let id = try context.id("id", HomeTag.self)
        var forms = HomeEndForms()
        forms.way = typed["way"]
        forms.day = typed.trimmed("day")
        forms.why = typed.trimmed("why")
        forms.phone = typed.trimmed("phone")
        do {
            switch forms.way {
            case "phone" where isStaff:
                try await phones.correct(
                    id.raw, to: forms.phone, was: typed["was"], why: forms.why, by: context.actor)
                return Answer.redirect(Href("/desk/homes/", id.text, "/person"))
            case "end":
                guard let day = LocalInput.day(forms.day) else { throw DirectoryRefusal.badDate }
                guard let seen = Day(text: typed["was"]) else { throw WebRefusal.malformed }
                let unit = try await homeRecord(id.raw, isStaff: isStaff, context.actor).unit
                try await homeEnds.end(
                    id.raw, on: day, was: seen, isStaff ? .staff(why: forms.why) : .own, by: context.actor)
                return Answer.redirect(isStaff ? Href("/desk/areas/", unit.text) : Href("/my/homes"))
            default: throw WebRefusal.malformed
            }
        } catch let refusal as any Refusal where refusal.kind != .notFound {
            forms.refusal = refusal
            return try await homeEndPage(id, forms, isStaff: isStaff, context)
        }
    }

    // MARK: One's own number

    private struct PhoneForm: Sendable {
        var phone = ""
        /// Whether a code was sent to it.
        var isSent = false
        var isDone = false
        var shownCode: String?
        var refusal: (any Refusal)?
    }

    private func changePhone(_ request: Request, _ context: WebContext) async throws -> Response {
        let typed = try await typed(request, context)
        let person = try person(context)
        var form = PhoneForm(phone: typed.trimmed("phone"))
        do {
            if typed["way"] == "code" {
                form.shownCode = try await signIn.requestCode(phone: form.phone)
                form.isSent = true
            } else {
                form.isSent = true
                try await phones.change(
                    of: person, to: form.phone, code: typed.trimmed("code"), password: typed["password"],
                    keeping: context.session)
                form = PhoneForm(isDone: true)
            }
        } catch let refusal as any Refusal {
            form.refusal = refusal
            form.isSent = form.isSent && refusal.field != "phone"
        }
        return try await phonePage(form, context)
    }

    private func phonePage(_ form: PhoneForm, _ context: WebContext) async throws -> Response {
        let person = try person(context)
        let words = context.words
        let refusal = form.refusal
        let (masked, hasPassword) = try await database.read { transaction in
            (
                try DirectoryStore.phone(of: person, transaction)?.masked ?? "",
                try SignInStore.account(person: person, transaction) != nil
            )
        }
        let now: HTML = masked.isEmpty ? .empty : "<p class=\"soft num\">\(words(.mePhone, masked))</p>"
        let done: HTML = form.isDone ? "<p class=\"note ok\" role=\"status\">\(words(.phoneDone))</p>" : .empty
        let start: HTML = """
            <form class="card stack" method="post" action="/me/phone">\(Layout.token(context))
            """
        let fields: HTML
        if form.isSent {
            let code: HTML =
                form.shownCode.map { "<p class=\"note\" role=\"status\">\(words(.signInDemoCode, $0))</p>" } ?? .empty
            let password: HTML =
                hasPassword
                ? """
                <div class="field"><label for="password">\(words(.passwordOld))</label><input class="in" \
                type="password" id="password" name="password" autocomplete="current-password" maxlength="128" \
                required\(Form.invalid(refusal, "password"))>\(Form.error(refusal, for: "password", context))</div>
                """ : .empty
            fields = """
                \(start)<input type=hidden name=phone value="\(form.phone)">\(Form.summary(refusal, context))
                <p class="help">\(words(.phoneSent, form.phone))</p>\(code)
                <div class="field"><label for="code">\(words(.signInCode))</label><input class="in" id="code" \
                name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" \
                required\(Form.invalid(refusal, "code"))>\(Form.error(refusal, for: "code", context))</div>\(password)
                <button class="btn primary" name="way" value="change">\(words(.phoneTitle))</button></form>
                """
        } else if signIn.canSendCodes {
            fields = """
                \(start)\(Form.summary(refusal, context))
                <div class="field"><label for="phone">\(words(.phoneNew))</label><input class="in" id="phone" \
                name="phone" inputmode="tel" autocomplete="tel" maxlength="40" required \
                value="\(form.phone)"\(Form.invalid(refusal, "phone"))>\(Form.error(refusal, for: "phone", context))</div>
                <button class="btn primary" name="way" value="code">\(words(.signInSendCode))</button></form>
                """
        } else {
            fields = "<p class=\"note\">\(words(.phoneAskDesk))</p>"
        }
        let main: HTML = "\(now)<p class=\"help\">\(words(.phoneHelp))</p>\(done)\(fields)"
        return resident(words(.phoneTitle), main, refusal, back: Href("/me"), context)
    }
}

/// The forms about one home, and what was typed into one that came back.
struct HomeEndForms: Sendable {
    var way = ""
    var day = ""
    var why = ""
    var phone = ""
    var refusal: (any Refusal)?

    /// A date generations away is said as none.
    static func lasts(_ day: Day) -> Bool { day >= HomeStore.forever || day.civil.year > 2100 }

    func html(_ home: HomeRecord, today: Day, isStaff: Bool, _ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let until = Self.lasts(home.to) ? "" : " – \(say.day(home.to))"
        let phone: HTML = home.phone.map { isStaff && !$0.isEmpty ? " · <span class=\"num\">\($0)</span>" : "" } ?? ""
        let about: HTML = """
            <section class="card stack-s"><b>\(isStaff ? home.place : "\(home.place) · \(home.name)")</b>\
            <p class="small soft">\(words(home.relation.phrase)) · \
            <span class="num">\(say.day(home.from))\(until)</span>\(phone)</p></section>
            """
        guard home.to >= today else { return "\(about)<p class=\"note\">\(words(.homeOver))</p>" }
        return about + endForm(home, today, isStaff, context) + (isStaff ? phoneForm(home, context) : .empty)
    }

    private func action(_ home: HomeRecord, _ isStaff: Bool) -> Href {
        let id = ID<HomeTag>(home.id).text
        return isStaff ? Href("/desk/homes/", id, "/person") : Href("/my/homes/", id)
    }

    private func whyField(_ way: String, _ refusal: (any Refusal)?, _ context: WebContext) -> HTML {
        """
        <div class="field"><label for="why-\(way)">\(context.words(.homeWhy))</label><input class="in" \
        id="why-\(way)" name="why" maxlength="120" required value="\(self.way == way ? why : "")">\
        \(Form.error(refusal, for: "why", context))</div>
        """
    }

    private func endForm(_ home: HomeRecord, _ today: Day, _ isStaff: Bool, _ context: WebContext) -> HTML {
        let words = context.words
        let refusal = way == "end" ? refusal : nil
        let atOnce: HTML = isStaff ? " \(words(.homeEndAtOnce))" : .empty
        return """
            <form class="card stack" method="post" action="\(action(home, isStaff))">\(Layout.token(context))
            <input type=hidden name=way value=end><input type=hidden name=was value="\(home.to.description)">
            <h2>\(words(.homeEndTitle))</h2>\(Form.summary(refusal, context))
            <p class="help">\(words(.homeEndHelp))\(atOnce)</p>
            <div class="field"><label for="day">\(words(.homeLastDay))</label><input class="in" id="day" name="day" \
            type="date" required value="\(way == "end" ? day : today.description)"\(Form.invalid(refusal, "day"))>\
            \(Form.error(refusal, for: "day", context))</div>
            \(isStaff ? whyField("end", refusal, context) : .empty)
            <button class="btn primary">\(words(.homeEnd))</button></form>
            """
    }

    private func phoneForm(_ home: HomeRecord, _ context: WebContext) -> HTML {
        let words = context.words
        let refusal = way == "phone" ? refusal : nil
        return """
            <form class="card stack" method="post" action="\(action(home, true))">\(Layout.token(context))
            <input type=hidden name=way value=phone><input type=hidden name=was value="\(home.phone ?? "")">
            <h2>\(words(.phoneCorrect))</h2>\(Form.summary(refusal, context))
            <p class="help">\(words(.phoneCorrectHelp))</p>
            <div class="field"><label for="phone">\(words(.phoneNew))</label><input class="in" id="phone" name="phone" \
            inputmode="tel" autocomplete="off" maxlength="40" required \
            value="\(way == "phone" ? phone : "")"\(Form.invalid(refusal, "phone"))>\
            \(Form.error(refusal, for: "phone", context))</div>
            \(whyField("phone", refusal, context))
            <button class="btn">\(words(.phoneCorrect))</button></form>
            """
    }
}

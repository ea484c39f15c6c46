import Kernel
import Web

/// The organisations of the places in scope by party, and a form for one more.
struct OrganisationsPage: Sendable {
    struct Typed: Sendable {
        var name = ""
        var party = ""
        var area = ""
        var refusal: (any Refusal)?
    }
    let rows: [OrganisationRow]
    let places: [Area]
    let typed: Typed

    func main(_ context: WebContext) -> HTML {
        let words = context.words
        let lists = Party.allCases.compactMap { party -> HTML? in
            let mine = rows.filter { $0.party == party }
            guard !mine.isEmpty else { return nil }
            return """
                <section class="stack-s"><h2>\(words(party.phrase))</h2>
                <ul class="card rows">\(HTML.joined(mine.map(row)))</ul></section>
                """
        }
        let list: HTML =
            lists.isEmpty ? "<p class=\"card soft\">\(words(.organisationsNone))</p>" : HTML.joined(lists)
        return """
            <div class="stack-l"><section class="stack"><h1>\(words(.organisationsTitle))</h1>
            \(list)\(ExportLinks.make("organisations", context))</section>
            \(addForm(context))
            </div>
            """
    }

    private func row(_ row: OrganisationRow) -> HTML {
        """
        <li><a class="row" href="\(Href("/desk/organisations/", row.id.text))"><b class="grow">\(row.name)</b>\
        <span class="tag">\(row.areaName)</span></a></li>
        """
    }

    private func addForm(_ context: WebContext) -> HTML {
        let words = context.words
        let refusal = typed.refusal
        let parties = Party.allCases.map { (value: String($0.rawValue), text: words($0.phrase)) }
        return """
            <form class="card stack narrow" method="post" action="/desk/organisations" aria-labelledby="add">\
            \(Layout.token(context))
            <h2 id="add">\(words(.organisationAdd))</h2>
            \(Form.summary(refusal, context))
            <div class="field"><label for="name">\(words(.organisationName))</label>
            <input class="in" id="name" name="name" maxlength="\(OrganisationActions.longestName)" required \
            value="\(typed.name)"\(Form.invalid(refusal, "name"))>\(Form.error(refusal, for: "name", context))</div>
            <div class="inline">
            \(Form.select("party", label: words(.organisationParty), parties, chosen: typed.party))
            \(PlaceField.make(places, label: words(.organisationArea), chosen: typed.area, refusal, context))
            </div>
            <button class="btn primary">\(words(.organisationAdd))</button>
            </form>
            """
    }
}

/// A choice of areas, parents before their children.
enum PlaceField {
    static func make(
        _ places: [Area], label: String, chosen: String, _ refusal: (any Refusal)?, _ context: WebContext
    ) -> HTML {
        let options = places.map { (value: $0.id.text, label: "\($0.name) · \(context.words($0.level.phrase))") }
        return """
            <div class="field"><label for="area">\(label)</label><select class="in" id="area" name="area" \
            required\(Form.invalid(refusal, "area"))>\(Options.make(options, chosen: chosen))</select>\
            \(Form.error(refusal, for: "area", context))</div>
            """
    }
}

/// One organisation: its posts with their people and days, and forms to give a post, to end one, to rename.
struct OrganisationPage: Sendable {
    struct Typed: Sendable {
        /// Which form was sent: `rename`, `line`, `grant` or `end`.
        var way = ""
        var name = ""
        var phone = ""
        var line = ""
        var isAnother = false
        var role = ""
        var area = ""
        var title = ""
        var from = ""
        var to = ""
        var login = ""
        var post = ""
        var last = ""
        var refusal: (any Refusal)?

        init() {}

        /// What was sent, but for the password, which is typed again.
        init(_ sent: Directory.Typed) {
            way = sent["way"]
            name = sent.trimmed("name")
            phone = sent.trimmed("phone")
            line = sent.trimmed("line")
            isAnother = sent["another"] == "1"
            role = sent["role"]
            area = sent["area"]
            title = sent.trimmed("title")
            from = sent.trimmed("from")
            to = sent.trimmed("to")
            login = sent.trimmed("login")
            post = sent["post"]
            last = sent.trimmed("last")
        }
    }
    let organisation: Organisation
    /// The number of its service desk; may be empty.
    let line: String
    let area: Area
    let posts: [PostRow]
    let places: [Area]
    let today: Day
    let typed: Typed

    func main(_ context: WebContext) -> HTML {
        let words = context.words
        let list: HTML =
            posts.isEmpty
            ? "<p class=\"card soft\">\(words(.postsNone))</p>"
            : """
            <p class="small soft">\(words(.postEndHelp))</p>
            <ul class="card rows">\(HTML.joined(posts.map { row($0, context) }))</ul>
            """
        return """
            <div class="stack-l">
            <section class="stack"><p><a href="/desk/organisations">\(words(.organisationsTitle))</a></p>
            <div><h1>\(organisation.name)</h1>\
            <span class="tag">\(words(organisation.party.phrase)) · \(area.name)</span></div>
            <h2>\(words(.postsTitle))</h2>
            \(typed.way == "end" ? Form.summary(typed.refusal, context) : .empty)
            \(list)\(ExportLinks.make("posts", context))</section>
            \(grantForm(context))
            \(lineForm(context))
            \(renameForm(context))
            </div>
            """
    }

    private func row(_ post: PostRow, _ context: WebContext) -> HTML {
        let words = context.words
        let days =
            post.to >= HomeStore.forever
            ? words(.householdSince, post.from.description)
            : words(.householdUntil, post.from.description, post.to.description)
        let state: HTML =
            post.to < today
            ? " <span class=\"state\">\(words(.postOver))</span>"
            : post.from > today ? " <span class=\"state wait\">\(words(.postSoon))</span>" : .empty
        let about = [post.title, post.areaName].filter { !$0.isEmpty }.joined(separator: " · ")
        return """
            <li class="row"><span class="grow" id="p-\(post.id.text)"><b>\(post.name)</b> \
            <span class="tag">\(words(post.role.phrase))</span>\(state)\
            <small>\(about) · <span class="num">\(days)</span></small></span>\
            \(post.to < today ? .empty : endForm(post, context))</li>
            """
    }

    private func endForm(_ post: PostRow, _ context: WebContext) -> HTML {
        let words = context.words
        let isThis = typed.way == "end" && typed.post == post.id.text
        let id = "last-\(post.id.text)"
        let start: HTML = """
            <form class="inline" method="post" action="\(Href("/desk/organisations/", organisation.id.text))">\
            \(Layout.token(context))<input type=hidden name=way value=end>\
            <input type=hidden name=post value="\(post.id.text)">\
            <input type=hidden name=was value="\(post.to.description)">
            """
        guard post.from <= today else {
            return """
                \(start)<input type=hidden name=last value="\(post.from.description)">\
                <button class="btn" aria-describedby="p-\(post.id.text)">\(words(.postCancel))</button></form>
                """
        }
        return """
            \(start)<div class="field"><label class="sr" for="\(id)">\(words(.postLast))</label>\
            <input class="in" id="\(id)" name="last" type="date" required \
            value="\(isThis ? typed.last : today.description)"></div>\
            <button class="btn" aria-describedby="p-\(post.id.text)">\(words(.postEnd))</button></form>
            """
    }

    private func field(
        _ name: StaticString, _ label: Phrase, _ value: String, _ attributes: HTML, help: Phrase? = nil,
        isOptional: Bool = false, _ refusal: (any Refusal)?, _ context: WebContext
    ) -> HTML {
        let mark: HTML = isOptional ? " <span class=\"soft\">\(context.words(.optional))</span>" : .empty
        let name = name.description
        let told: HTML = help.map { "<p class=\"help\">\(context.words($0))</p>" } ?? .empty
        return """
            <div class="field"><label for="\(name)">\(context.words(label))\(mark)</label><input class="in" id="\(name)" \
            name="\(name)" value="\(value)"\(attributes)\(Form.invalid(refusal, name))>\
            \(Form.error(refusal, for: name, context))\(told)</div>
            """
    }

    private func grantForm(_ context: WebContext) -> HTML {
        let words = context.words
        let isThis = typed.way == "grant"
        let refusal = isThis ? typed.refusal : nil
        let roles = Role.allCases.map { (value: $0.code, text: words($0.phrase)) }
        let mayBeAnother =
            isThis && (typed.isAnother || refusal as? DirectoryRefusal == .phoneTaken)
        let mark: HTML = typed.isAnother ? " checked" : ""
        let another: HTML =
            mayBeAnother
            ? """
            <p><label class="chip"><input type="checkbox" name="another" value="1"\(mark)>\
            <span>\(words(.postAnother))</span></label></p>
            """ : .empty
        func kept(_ text: String) -> String { isThis ? text : "" }
        return """
            <form class="card stack narrow" method="post" \
            action="\(Href("/desk/organisations/", organisation.id.text))" aria-labelledby="grant">\
            \(Layout.token(context))<input type=hidden name=way value=grant>
            <h2 id="grant">\(words(.postAdd))</h2>
            \(Form.summary(refusal, context))
            \(field(
                "phone", .signInPhone, kept(typed.phone),
                " type=tel inputmode=numeric maxlength=24 autocomplete=off required", refusal, context))
            \(field(
                "name", .postPerson, kept(typed.name), " maxlength=40 autocomplete=off", help: .postPersonHelp,
                refusal, context))
            \(another)
            <div class="inline">
            \(Form.select("role", label: words(.postRole), roles, chosen: kept(typed.role)))
            \(PlaceField.make(places, label: words(.postArea), chosen: kept(typed.area), refusal, context))
            </div>
            \(field("title", .postTitle, kept(typed.title), " maxlength=40", isOptional: true, refusal, context))
            <div class="inline">
            \(field(
                "from", .postFrom, isThis ? typed.from : today.description, " type=date required", refusal, context))
            \(field("to", .postTo, kept(typed.to), " type=date", isOptional: true, refusal, context))
            </div>
            <fieldset class="stack-s"><legend>\(words(.postLogin))</legend>
            <p class="help">\(words(.postLoginHelp))</p>
            <div class="inline">
            \(field(
                "login", .signInLogin, kept(typed.login),
                " maxlength=40 autocomplete=off autocapitalize=none spellcheck=false", refusal, context))
            \(field(
                "password", .postPassword, "", " type=password maxlength=128 autocomplete=new-password", refusal,
                context))
            </div></fieldset>
            <button class="btn primary">\(words(.postAdd))</button>
            </form>
            """
    }

    private func lineForm(_ context: WebContext) -> HTML {
        change("line", .serviceLine, seen: line, button: .save, context) { refusal in
            """
            <label for="line-phone">\(context.words(.serviceLineLabel))</label>
            <input class="in" type="tel" id="line-phone" name="line" maxlength="\(ServiceLineStore.longest)" \
            value="\(typed.way == "line" ? typed.line : line)"\(Form.invalid(refusal, "line"))>\
            \(Form.error(refusal, for: "line", context))<p class="help">\(context.words(.serviceLineHelp))</p>
            """
        }
    }

    private func renameForm(_ context: WebContext) -> HTML {
        change("rename", .areaRename, seen: organisation.name, button: .areaRename, context) { refusal in
            """
            <label for="rename-name">\(context.words(.organisationName))</label>
            <input class="in" id="rename-name" name="name" maxlength="\(OrganisationActions.longestName)" required \
            value="\(typed.way == "rename" ? typed.name : organisation.name)"\(Form.invalid(refusal, "name"))>\
            \(Form.error(refusal, for: "name", context))
            """
        }
    }

    /// A form of one field. It carries what the person saw, so that the second of two who change it is told.
    private func change(
        _ way: String, _ title: Phrase, seen: String, button: Phrase, _ context: WebContext,
        _ field: ((any Refusal)?) -> HTML
    ) -> HTML {
        let words = context.words
        let refusal = typed.way == way ? typed.refusal : nil
        return """
            <form class="card stack narrow" method="post" \
            action="\(Href("/desk/organisations/", organisation.id.text))" aria-labelledby="\(way)">\
            \(Layout.token(context))<input type=hidden name=way value=\(way)>\
            <input type=hidden name=was value="\(seen)">
            <h2 id="\(way)">\(words(title))</h2>
            \(Form.summary(refusal, context))
            <div class="field">\(field(refusal))</div>
            <button class="btn">\(words(button))</button>
            </form>
            """
    }
}

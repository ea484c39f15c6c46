import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// What a form sent: fields by name, without the space around them.
package struct Sent: Sendable {
    private let values: @Sendable (String) -> [String]

    package init(_ fields: FormFields) { values = { fields.all($0) } }

    package subscript(_ name: String) -> String { values(name).first.map(Self.trimmed) ?? "" }
    package func all(_ name: String) -> [String] { values(name).map(Self.trimmed).filter { !$0.isEmpty } }

    static func trimmed(_ text: String) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }

    func day(_ name: String) throws -> Day {
        guard let day = LocalInput.day(self[name]) else { throw GovernanceRefusal.badDay(name) }
        return day
    }
    func optionalDay(_ name: String) throws -> Day? { self[name].isEmpty ? nil : try day(name) }
    func id<Of>(_ name: String, _ type: Of.Type = Of.self) throws -> ID<Of> {
        guard let id = ID<Of>(text: self[name]) else { throw GovernanceRefusal.badChoice(name) }
        return id
    }
    func optionalID<Of>(_ name: String, _ type: Of.Type = Of.self) throws -> ID<Of>? {
        self[name].isEmpty ? nil : try id(name)
    }
    func number(_ name: String, _ range: ClosedRange<Int64>, empty: Int64? = nil) throws -> Int64 {
        if let empty, self[name].isEmpty { return empty }
        guard self[name].utf8.count < 16, let value = Int64(self[name]), range.contains(value) else {
            throw GovernanceRefusal.badNumber(name)
        }
        return value
    }
    /// The edition of a row that the person saw.
    func version() throws -> Int64 { try number("version", 1...Int64.max >> 1) }
    func choice<E: RawRepresentable<Int64> & CaseIterable>(
        _ name: String, _ code: (E) -> String
    ) throws -> E {
        let wanted = self[name]
        guard let found = E.allCases.first(where: { code($0) == wanted }) else {
            throw GovernanceRefusal.badChoice(name)
        }
        return found
    }
}

/// A form that came back, with what was wrong with it.
struct Returned: Sendable {
    var sent: Sent?
    var refusal: (any Refusal)?
    var way: String { sent?["way"] ?? "" }
}

/// One page: what it shows is loaded for looking at it, and again for a form that came back.
struct Room<Model: Sendable>: Sendable {
    let page: String
    let access: Access
    let load: @Sendable (Request, WebContext) async throws -> Model
    let title: @Sendable (Model, WebContext) -> String
    let main: @Sendable (Model, Returned, WebContext) -> HTML
}

extension GovernanceHouse {
    /// The page of a room.
    func open<Model>(_ room: Room<Model>, _ table: RouteTable) {
        table.get(room.page, room.access) { request, context in
            try await show(room, Returned(), request, context)
        }
    }

    func show<Model>(
        _ room: Room<Model>, _ returned: Returned, _ request: Request, _ context: WebContext
    ) async throws -> Response {
        let model = try await room.load(request, context)
        let title = room.title(model, context)
        let main = room.main(model, returned, context)
        let page =
            context.actor.isStaff
            ? directory.staffPage(title, main, context)
            : {
                var page = Page(title: title, frame: .open, main: main)
                page.homeLink = Href("/me")
                return page
            }()
        return directory.shown(page, returned.refusal, context)
    }

    /// A write by form; gives where it leads. A form that is refused comes back in the room with what was typed.
    func write<Model>(
        _ page: String, _ access: Access, _ room: Room<Model>, _ table: RouteTable,
        _ act: @escaping @Sendable (Sent, WebContext) async throws -> Href
    ) {
        table.post(page, access) { request, context in
            let sent = Sent(try await context.form(request))
            do {
                return Answer.redirect(try await act(sent, context))
            } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
                return try await show(room, Returned(sent: sent, refusal: refusal), request, context)
            }
        }
    }

    /// Who asks, by session or by token: what is here is somebody's work, not their account.
    func person(_ actor: Actor) throws -> PersonID {
        guard let person = actor.person else { throw WebRefusal.signInFirst }
        return person
    }
}

/// Which rows of a list are wanted.
struct Part: Sendable {
    /// 1 to 100; 50 when nothing is asked.
    let limit: Int
    /// The row after which the list goes on.
    let cursor: Int64?

    init(_ paging: Paging) throws {
        limit = paging.limit
        let id: ID<AreaTag>? = try paging.id()
        cursor = id?.raw
    }

    init(_ request: Request) throws {
        let (rows, after) = (request.asked("limit"), request.asked("cursor"))
        guard let limit = rows.isEmpty ? 50 : Int(rows), (1...100).contains(limit) else {
            throw GovernanceRefusal.badChoice("limit")
        }
        let id = ID<AreaTag>(text: after)
        guard id != nil || after.isEmpty else { throw GovernanceRefusal.badChoice("cursor") }
        (self.limit, cursor) = (limit, id?.raw)
    }
}

/// A list of rows with the cursor to the next page.
struct Listing<Row: Sendable>: Sendable {
    let rows: [Row]
    let next: Int64?

    /// - Parameter rows: one more than wanted where there are more.
    init(_ rows: [Row], limit: Int, id: (Row) -> Int64) {
        self.rows = Array(rows.prefix(limit))
        next = rows.count > limit ? self.rows.last.map(id) : nil
    }

    init(rows: [Row], next: Int64?) { (self.rows, self.next) = (rows, next) }

    func slice<Item>(_ one: (Row) -> Item) -> Slice<Item> {
        Slice(rows.map(one), next: next.map { ID<AreaTag>($0).text })
    }

    func more(_ base: Href, _ context: WebContext) -> HTML {
        guard let next else { return .empty }
        return """
            <p><a class="btn" href="\(Href(base, query: [("cursor", ID<AreaTag>(next).text)]))">\
            \(context.words(.governanceMore))</a></p>
            """
    }
}

/// The parts of which the pages are made.
struct Kit: Sendable {
    let context: WebContext
    let returned: Returned
    var words: Words { context.words }

    init(_ context: WebContext, _ returned: Returned = Returned()) {
        self.context = context
        self.returned = returned
    }

    func page(_ title: String, _ tag: String = "", _ parts: HTML...) -> HTML {
        let mark: HTML = tag.isEmpty ? .empty : "<span class=\"tag\">\(tag)</span>"
        let summary = returned.way.isEmpty ? Form.summary(returned.refusal, context) : .empty
        return """
            <div class="stack-l"><div><h1>\(title)</h1>\(mark)</div>\(summary)\(HTML.joined(parts))</div>
            """
    }

    func section(_ title: Phrase, _ body: HTML) -> HTML {
        "<section class=\"stack-s\"><h2>\(words(title))</h2>\(body)</section>"
    }

    func rows(_ rows: [HTML], none: Phrase) -> HTML {
        rows.isEmpty
            ? "<p class=\"card soft\">\(words(none))</p>" : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
    }

    func row(_ title: String, _ about: String, tag: String = "", state: HTML = .empty, end: HTML = .empty) -> HTML {
        let mark: HTML = tag.isEmpty ? .empty : " <span class=\"tag\">\(tag)</span>"
        return """
            <li class="row"><span class="grow"><b>\(title)</b>\(mark) \(state)<small>\(about)</small></span>\(end)</li>
            """
    }

    func link(_ href: Href, _ title: String, _ about: String, tag: String = "", state: HTML = .empty) -> HTML {
        """
        <li><a class="row" href="\(href)"><span class="grow"><b>\(title)</b><small>\(about)</small></span>\(state)\
        <span class="tag">\(tag)</span></a></li>
        """
    }

    func state(_ kind: State, _ phrase: Phrase) -> HTML {
        switch kind {
        case .ok: "<span class=\"state ok\">\(words(phrase))</span>"
        case .wait: "<span class=\"state wait\">\(words(phrase))</span>"
        case .late: "<span class=\"state late\">\(words(phrase))</span>"
        case .plain: "<span class=\"state\">\(words(phrase))</span>"
        }
    }
    enum State { case ok, wait, late, plain }

    func table(_ heads: [Phrase], _ rows: [[HTML]], none: Phrase) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"card soft\">\(words(none))</p>" }
        let head = HTML.joined(heads.map { "<th scope=\"col\">\(words($0))</th>" as HTML })
        let body = HTML.joined(
            rows.map { row -> HTML in "<tr>\(HTML.joined(row.map { "<td class=\"small\">\($0)</td>" as HTML }))</tr>" })
        return """
            <div class="card scroll" tabindex="0"><table class="plain"><thead><tr>\(head)</tr></thead>\
            <tbody>\(body)</tbody></table></div>
            """
    }

    func facts(_ pairs: [(Phrase, HTML)]) -> HTML {
        let rows = pairs.filter { !$0.1.isEmpty }.map { pair -> HTML in
            "<tr><th scope=\"row\">\(words(pair.0))</th><td class=\"small\">\(pair.1)</td></tr>"
        }
        return
            "<div class=\"card scroll\" tabindex=\"0\"><table class=\"plain\"><tbody>\(HTML.joined(rows))</tbody></table></div>"
    }

    func days(_ from: Day, _ to: Day) -> String {
        to >= HomeStore.forever
            ? words(.governanceSince, from.description) : words(.governanceDays, from.description, to.description)
    }

    // MARK: Forms

    /// A form that stays folded until it is wanted, or comes back with what was wrong.
    /// - Parameter isMain: false beside another form of the page, which has its one red button.
    func form(
        _ way: String, _ action: Href, _ title: Phrase, hidden: [(String, String)] = [], isMain: Bool = true,
        _ fields: HTML...
    ) -> HTML {
        let isThis = returned.way == way
        let mark: HTML = isThis ? " open" : ""
        let extra = hidden.map { pair -> HTML in "<input type=hidden name=\"\(pair.0)\" value=\"\(pair.1)\">" }
        return """
            <details class="card narrow"\(mark)><summary><b>\(words(title))</b></summary>\
            <form class="stack" method="post" action="\(action)">\(Layout.token(context))\
            <input type=hidden name=way value="\(way)">\(HTML.joined(extra))\
            \(isThis ? Form.summary(returned.refusal, context) : .empty)\(HTML.joined(fields))\
            <button class="btn\(isMain ? " primary" : "")">\(words(title))</button></form></details>
            """
    }

    /// One button.
    func button(_ way: String, _ action: Href, _ title: Phrase, hidden: [(String, String)] = []) -> HTML {
        let extra = hidden.map { pair -> HTML in "<input type=hidden name=\"\(pair.0)\" value=\"\(pair.1)\">" }
        return """
            <form class="inline" method="post" action="\(action)">\(Layout.token(context))\
            <input type=hidden name=way value="\(way)">\(HTML.joined(extra))\
            <button class="btn">\(words(title))</button></form>
            """
    }

    private func kept(_ way: String, _ name: String, _ value: String) -> String {
        returned.way == way ? (returned.sent?[name] ?? "") : value
    }
    private func refusal(_ way: String) -> (any Refusal)? { returned.way == way ? returned.refusal : nil }

    func text(
        _ way: String, _ name: String, _ label: Phrase, value: String = "", most: Int = 80, help: Phrase? = nil,
        required: Bool = true, numeric: Bool = false
    ) -> HTML {
        let mark: HTML = required ? " required" : ""
        let mode: HTML = numeric ? " inputmode=numeric" : ""
        let told: HTML = help.map { "<p class=\"help\">\(words($0))</p>" } ?? .empty
        let aside: HTML = required ? .empty : " <span class=\"soft\">\(words(.optional))</span>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))\(aside)</label><input class="in" \
            id="\(way)-\(name)" name="\(name)" maxlength="\(most)"\(mark)\(mode) autocomplete=off \
            value="\(kept(way, name, value))"\(Form.invalid(refusal(way), name))>\
            \(Form.error(refusal(way), for: name, context))\(told)</div>
            """
    }

    func long(
        _ way: String, _ name: String, _ label: Phrase, value: String = "", most: Int = 400, required: Bool = true
    )
        -> HTML
    {
        let mark: HTML = required ? " required" : ""
        let aside: HTML = required ? .empty : " <span class=\"soft\">\(words(.optional))</span>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))\(aside)</label><textarea class="in" rows="3" \
            id="\(way)-\(name)" name="\(name)" maxlength="\(most)"\(mark)\(Form.invalid(refusal(way), name))>\
            \(kept(way, name, value))</textarea>\(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func day(_ way: String, _ name: String, _ label: Phrase, value: Day? = nil, required: Bool = true) -> HTML {
        let mark: HTML = required ? " required" : ""
        let aside: HTML = required ? .empty : " <span class=\"soft\">\(words(.optional))</span>"
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))\(aside)</label><input class="in" type="date" \
            id="\(way)-\(name)" name="\(name)"\(mark) value="\(kept(way, name, value?.description ?? ""))"\
            \(Form.invalid(refusal(way), name))>\(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func select(
        _ way: String, _ name: String, _ label: Phrase, _ options: [(value: String, label: String)],
        value: String = "", required: Bool = true
    ) -> HTML {
        let chosen = kept(way, name, value)
        let items = options.map { option -> HTML in
            let mark: HTML = option.value == chosen ? " selected" : ""
            return "<option value=\"\(option.value)\"\(mark)>\(option.label)</option>"
        }
        let none: HTML = required && !value.isEmpty ? .empty : "<option value=\"\"></option>"
        let mark: HTML = required ? " required" : ""
        return """
            <div class="field"><label for="\(way)-\(name)">\(words(label))</label><select class="in" \
            id="\(way)-\(name)" name="\(name)"\(mark)\(Form.invalid(refusal(way), name))>\(none)\
            \(HTML.joined(items))</select>\(Form.error(refusal(way), for: name, context))</div>
            """
    }

    func checks(_ way: String, _ name: String, _ label: Phrase, _ options: [(value: String, label: String)]) -> HTML {
        let chosen = returned.way == way ? Set(returned.sent?.all(name) ?? []) : []
        let items = options.map { option -> HTML in
            let mark: HTML = chosen.contains(option.value) ? " checked" : ""
            return """
                <label class="chip"><input type="checkbox" name="\(name)" value="\(option.value)"\(mark)>\
                <span>\(option.label)</span></label>
                """
        }
        return """
            <fieldset class="field"><legend>\(words(label))</legend><div class="chips">\(HTML.joined(items))</div>\
            \(Form.error(refusal(way), for: name, context))</fieldset>
            """
    }

    func pair(_ fields: HTML...) -> HTML { "<div class=\"inline\">\(HTML.joined(fields))</div>" }

    /// Somebody by phone and name.
    func person(_ way: String) -> HTML {
        pair(
            text(way, "phone", .governancePhone, most: 24),
            text(way, "name", .governancePerson, most: 40, help: .governancePersonHelp, required: false))
    }

    func places(_ areas: [Area]) -> [(value: String, label: String)] {
        areas.map { (value: $0.id.text, label: "\($0.name) · \(words($0.level.phrase))") }
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// What a form sent: fields by name, without the space around them.
package struct Sent: Sendable {
    private let fields: FormFields

    package init(_ fields: FormFields) { self.fields = fields }

    package subscript(_ name: String) -> String { fields.trimmed(name) }
    package func all(_ name: String) -> [String] { fields.all(name).map(FormFields.trimmed).filter { !$0.isEmpty } }

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
            return try await Answer.act {
                try await act(sent, context)
            } again: { refusal in
                try await show(room, Returned(sent: sent, refusal: refusal), request, context)
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

/// What the forms of a list offer to those who may edit; nothing to anybody else.
struct FormOffer: Sendable {
    let editing: Scope?

    init(_ actor: Actor) throws {
        editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
    }

    /// Places where they edit.
    func places(
        _ levels: ClosedRange<Int64>, limit: Int = 1000, _ transaction: any ReadTransaction
    ) throws -> [Area] {
        try editing.map { try DirectoryStore.areas(in: $0, levels: levels, limit: limit, transaction) } ?? []
    }

    /// Bodies that they read.
    func bodies(in scope: Scope, limit: Int = 300, _ transaction: any ReadTransaction) throws -> [Body] {
        editing == nil ? [] : try BodyStore.bodies(in: scope, kind: nil, after: nil, limit: limit, transaction)
    }
}

/// The parts of which the pages are made.
struct Kit: PageKit {
    let context: WebContext
    let returned: Returned
    var look: PageLook { .register }
    var way: String { returned.way }
    var refusal: (any Refusal)? { returned.refusal }
    func typed(_ field: String) -> [String] { returned.sent?.all(field) ?? [] }

    init(_ context: WebContext, _ returned: Returned = Returned()) {
        self.context = context
        self.returned = returned
    }

    func page(_ title: String, _ tag: String = "", _ parts: HTML...) -> HTML {
        let mark: HTML = tag.isEmpty ? .empty : "<span class=\"tag\">\(tag)</span>"
        let body = HTML.joined(parts)
        return """
            <div class="stack-l"><div><h1>\(title)</h1>\(mark)</div>\(missed(by: body))\(body)</div>
            """
    }

    func days(_ from: Day, _ to: Day) -> String {
        to >= HomeStore.forever
            ? words(.governanceSince, from.description) : words(.governanceDays, from.description, to.description)
    }

    /// Somebody by phone and name.
    func person(_ way: String) -> HTML {
        pair(
            text(way, "phone", .governancePhone, most: 24),
            text(
                way, "name", .governancePerson, most: 40, required: false, help: words(.governancePersonHelp)))
    }

    func places(_ areas: [Area]) -> [(value: String, label: String)] {
        areas.map { (value: $0.id.text, label: "\($0.name) · \(words($0.level.phrase))") }
    }
}

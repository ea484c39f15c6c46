import Hummingbird
import Kernel
import NIOCore
import Storage
import Tables
import Web

extension DirectoryHouse {
    /// - Parameter lists: of the whole house.
    package func exports(_ lists: [ListExport]) -> ExportActions {
        ExportActions(database: database, world: world, journal: journal, secrets: secrets, lists: lists)
    }

    /// - Parameter lists: of the whole house.
    package func exportRoutes(_ table: RouteTable, _ lists: [ListExport]) {
        let exports = exports(lists)
        table.get("/desk/exports", .staff) { _, context in
            let actor = context.actor
            let mine = try await self.mine(actor)
            let page = ExportsPage(lists: lists.filter { $0.isFor(actor) }, mine: mine, all: lists)
            return shown(
                staffPage(context.words(.exportTitle), page.main(context, say(context)), context), nil, context)
        }
        table.get("/desk/export/:noun", .staff) { request, context in
            try await take(exports, request, context)
        }
        table.post("/desk/export/:noun", .staff) { request, context in
            let sent = try await typed(request, context)
            let name = context.parameters.get("noun") ?? ""
            let list = try exports.list(name, context.actor)
            var filters: [String: String] = [:]
            for filter in list.filters { filters[filter] = sent[filter] }
            let id = try await exports.begin(name, filters, by: context.actor, in: context.words.language)
            return Answer.redirect(Href("/desk/exports/", id.text))
        }
        table.get("/desk/exports/:id", .staff) { _, context in
            let (id, actor) = (try context.id("id", ExportTag.self), context.actor)
            let found = try await database.read { try exports.load(id, actor, $0) }
            let page = ExportsPage(lists: [], mine: [found], all: lists)
            var response = shown(
                staffPage(context.words(.exportTitle), page.one(found, context, say(context)), context), nil, context)
            if found.status.isBusy { response.headers[Answer.name("Refresh")] = "2" }
            return response
        }
        table.post("/desk/exports/:id", .staff) { request, context in
            _ = try await typed(request, context)
            try await exports.drop(context.id("id"), by: context.actor)
            return Answer.redirect(Href("/desk/exports"))
        }
        table.get("/desk/exports/:id/file", .staff) { request, context in
            let format = TableFileFormat(rawValue: request.asked("format")) ?? .xlsx
            let (found, list) = try await exports.fetch(context.id("id"), by: context.actor)
            return Self.file(found, list, format, exports)
        }
        exportAPI(table, exports)
    }

    private func mine(_ actor: Actor) async throws -> [ExportRecord] {
        guard let person = actor.person else { throw WebRefusal.signInFirst }
        return try await database.read { try ExportStore.of(person, limit: 50, $0) }
    }

    /// The table itself, or what to do about a long one.
    private func take(
        _ exports: ExportActions, _ request: Request, _ context: WebContext
    ) async throws -> Response {
        let (actor, words) = (context.actor, context.words)
        let list = try exports.list(context.parameters.get("noun") ?? "", actor)
        var filters: [String: String] = [:]
        for filter in list.filters { filters[filter] = request.asked(filter) }
        guard let rows = try await exports.direct(list, filters, by: actor, words) else {
            let page = ExportsPage(lists: [], mine: [], all: [])
            return shown(
                staffPage(words(.exportTitle), page.long(list, filters, context), context), nil, context)
        }
        let format = TableFileFormat(rawValue: request.asked("format")) ?? .xlsx
        // Kept before anything goes out.
        let subject = ListExport.subject(filters)
        try await database.write {
            try exports.audit(
                "export.list", list, "\(format.rawValue) \(rows.count)", subject: subject, by: actor, $0)
        }
        var writer = TableWriter(format, name: words(list.title), header: list.columns.map { words($0) })
        for row in rows { writer.add(row) }
        writer.finish()
        return Answer.file(writer.take(), format, name: list.name)
    }

    /// Piece after piece, so that memory does not grow with the rows.
    private static func file(
        _ found: ExportRecord, _ list: ListExport, _ format: TableFileFormat, _ exports: ExportActions
    ) -> Response {
        let words = Words(language: found.language)
        var response = Answer.file([], format, name: "\(list.name)-\(found.id.text)")
        response.body = ResponseBody { body in
            var writer = TableWriter(format, name: words(list.title), header: list.columns.map { words($0) })
            for number in 0..<found.parts {
                for row in try await exports.piece(found.id, number) { writer.add(row) }
                let bytes = writer.take()
                if !bytes.isEmpty { try await body.write(ByteBuffer(bytes: bytes)) }
            }
            writer.finish()
            try await body.write(ByteBuffer(bytes: writer.take()))
            try await body.finish(nil)
        }
        return response
    }

    // MARK: JSON

    private struct ExportAsked: Asked {
        let id: ExportID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }

    private struct ExportBegun: Asked {
        let list: String
        let filters: [String: String]
        init(_ ask: Ask) throws {
            list = try ask.body("list", .text(1...40), "One of `exports/lists`.")
            var filters: [String: String] = [:]
            for name in [
                "queue", "category", "q", "estate", "case", "what", "place", "day", "from", "to", "since", "of",
                "number",
            ] {
                filters[name] = try ask.body.optional(name, .text(0...200), "A filter of lists that have it.")
            }
            self.filters = filters
        }
    }

    private func exportAPI(_ table: RouteTable, _ exports: ExportActions) {
        table.get(
            "/api/v1/exports", .staff, API(nil, "The long lists that one has exported in the last day."),
            PageAsked.self, DirectoryShapes.export.slices
        ) { asked, call in
            guard let person = call.actor.person else { throw WebRefusal.signInFirst }
            let before: ExportID? = try asked.paging.id()
            let limit = asked.paging.limit
            let actor = call.actor
            let found = try await database.read { try ExportStore.of(person, before: before, limit: limit + 1, $0) }
            let mine = found.filter { one in
                !actor.byToken || one.post.map { wanted in actor.posts.contains { $0.id == wanted } } ?? false
            }
            return .ok(
                Slice(mine.prefix(limit).map { $0 }, next: found.count > limit ? found[limit - 1].id.text : nil))
        }
        table.get(
            "/api/v1/exports/lists", .staff, API(nil, "The lists that one may export."), Nothing.self,
            DirectoryShapes.exportList.slices
        ) { _, call in
            let words = call.context.words
            return .ok(
                Slice(
                    exports.lists.filter { $0.isFor(call.actor) }.map {
                        DirectoryShapes.ExportList(
                            name: $0.name, title: words($0.title), columns: $0.columns.map { words($0) },
                            filters: $0.filters)
                    }))
        }
        table.post(
            "/api/v1/exports", .staff,
            API(
                nil, "Exports a list into a file.",
                refuses: [ExportRefusal.notFound, ExportRefusal.tooMany, DirectoryRefusal.noPost]),
            ExportBegun.self, Made.shape, makes: true
        ) { asked, call in
            // What a list holds belongs to other areas of the API, so a token needs all of them.
            if let scopes = call.context.scopes, !scopes.isAll { throw DirectoryRefusal.noPost }
            let id = try await exports.begin(
                asked.list, asked.filters, by: call.actor, in: call.context.words.language)
            return .made(Made(id.text))
        }
        table.get(
            "/api/v1/exports/:id", .staff,
            API(nil, "How far an export is.", refuses: [ExportRefusal.notFound], isSingle: true), ExportAsked.self,
            DirectoryShapes.export
        ) { asked, call in
            let actor = call.actor
            return .ok(try await database.read { try exports.load(asked.id, actor, $0) })
        }
        table.post(
            "/api/v1/exports/:id/deletion", .staff,
            API(nil, "Deletes an export with its file.", refuses: [ExportRefusal.notFound]), ExportAsked.self, .nothing
        ) { asked, call in
            try await exports.drop(asked.id, by: call.actor)
            return .done
        }
    }
}

extension DirectoryShapes {
    struct ExportList: Sendable {
        let name: String
        let title: String
        let columns: [String]
        let filters: [String]
    }
    static let exportList = Shape<ExportList>.object("ExportableList") {
        Member("name", .words) { $0.name }
        Member("title", .words) { $0.title }
        Member("columns", Shape<String>.words.list()) { $0.columns }
        Member("filters", Shape<String>.words.list()) { $0.filters }
    }
    static let export = Shape<ExportRecord>.object("Export") {
        Member("id", .id()) { $0.id }
        Member("list", .words) { $0.list }
        Member("status", Shape<ExportStatus>.choice(ExportStatus.allCases) { String(describing: $0) }) { $0.status }
        Member("rows", .whole, "So far.") { $0.rows }
        Member("fault", .words, "Why it failed.") { $0.fault }
        Member("made", .time) { $0.created }
        Member("file", Shape<String>.words.orNull, "Where the file is; `format=csv` or `xlsx`.") {
            $0.status == .done ? "/desk/exports/\($0.id.text)/file" : nil
        }
    }
}

/// The lists that somebody may take home, and their long ones on the way.
struct ExportsPage: Sendable {
    let lists: [ListExport]
    let mine: [ExportRecord]
    let all: [ListExport]

    func main(_ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let rows = lists.filter { !$0.isOfOneThing }.map { list -> HTML in
            """
            <li class="row"><b class="grow">\(words(list.title))</b>\
            <a href="\(Href(Href("/desk/export/", list.name), query: [("format", "xlsx")]))">XLSX</a> \
            <a href="\(Href(Href("/desk/export/", list.name), query: [("format", "csv")]))">CSV</a></li>
            """
        }
        let own: HTML =
            mine.isEmpty
            ? "<p class=\"card soft\">\(words(.exportNone))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(mine.map { row($0, context) }))</ul>"
        return """
            <div class="stack-l"><section class="stack"><h1>\(words(.exportTitle))</h1>
            <p class="soft">\(words(.exportAudited))</p></section>
            <section class="stack-s"><h2>\(words(.exportLists))</h2><ul class="card rows">\(HTML.joined(rows))</ul></section>
            <section class="stack-s"><h2>\(words(.exportMine))</h2>\(own)</section></div>
            """
    }

    private func title(_ record: ExportRecord, _ words: Words) -> String {
        all.first { $0.name == record.list }.map { words($0.title) } ?? record.list
    }

    private func state(_ record: ExportRecord, _ words: Words) -> HTML {
        switch record.status {
        case .waiting: return "<span class=\"state wait\">\(words(.exportWaiting))</span>"
        case .running: return "<span class=\"state wait\">\(words(.exportRunning, String(record.rows)))</span>"
        case .done: return "<span class=\"state ok\">\(words(.exportDone, String(record.rows)))</span>"
        case .failed:
            let why =
                record.fault == ExportFault.tooLong.name
                ? words(.exportTooLong, String(ExportActions.mostRows)) : words(.exportFailedRights)
            return "<span class=\"state late\">\(words(.exportFailed, why))</span>"
        }
    }

    private func row(_ record: ExportRecord, _ context: WebContext) -> HTML {
        """
        <li><a class="row" href="\(Href("/desk/exports/", record.id.text))"><b class="grow">\
        \(title(record, context.words))</b>\(state(record, context.words))</a></li>
        """
    }

    /// One export: how far it is, or its file.
    func one(_ record: ExportRecord, _ context: WebContext, _ say: Say) -> HTML {
        let words = context.words
        let here = Href("/desk/exports/", record.id.text)
        let file = Href("/desk/exports/", record.id.text, "/file")
        let links: HTML =
            record.status == .done
            ? """
            <p class="btns"><a class="btn primary" href="\(Href(file, query: [("format", "xlsx")]))">XLSX</a>\
            <a class="btn" href="\(Href(file, query: [("format", "csv")]))">CSV</a></p>
            """ : .empty
        let until = say.moment(record.created.adding(days: ExportActions.keptDays))
        return """
            <div class="stack-l"><section class="stack"><h1>\(title(record, words))</h1>
            <p role="status">\(state(record, words))</p>\(links)<p class="small soft">\(words(.exportKept, until))</p>
            <form class="inline" method="post" action="\(here)">\(Layout.token(context))\
            <button class="btn">\(words(.exportDrop))</button></form></section>
            <p><a href="/desk/exports">\(words(.exportMine))</a></p></div>
            """
    }

    /// A list that is too long to go out at once.
    func long(_ list: ListExport, _ filters: [String: String], _ context: WebContext) -> HTML {
        let words = context.words
        let hidden = filters.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { pair -> HTML in
            "<input type=hidden name=\"\(pair.key)\" value=\"\(pair.value)\">"
        }
        return """
            <section class="stack"><h1>\(words(list.title))</h1>
            <p>\(words(.exportLong, String(ExportActions.directRows)))</p>
            <form method="post" action="\(Href("/desk/export/", list.name))">\(Layout.token(context))\
            \(HTML.joined(hidden))<button class="btn primary">\(words(.exportBegin))</button></form></section>
            """
    }
}

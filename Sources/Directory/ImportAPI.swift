import Hummingbird
import Kernel
import Storage
import Tables
import Web

/// Imports as JSON: the file comes as the body and is sealed as it comes; the steps are those of the page.
extension DirectoryHouse {
    private struct ListAsked: Asked {
        let paging: Paging
        init(_ ask: Ask) throws { paging = try Paging(ask) }
    }
    private struct OneAsked: Asked {
        let id: ImportID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct RowsAsked: Asked {
        let id: ImportID
        let paging: Paging
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            paging = try Paging(ask)
        }
    }
    private struct SendAsked: Asked {
        let kind: ImportKind
        let area: AreaID
        let name: String
        init(_ ask: Ask) throws {
            kind = try ask.query("kind", DirectoryShapes.importKind, "What the rows become.")
            area = try ask.query("area", .id(), "Nothing outside it is changed.")
            name = try ask.query.optional("name", .text(0...80), "Of the file.") ?? ""
        }
    }
    private struct LookAsked: Asked {
        let id: ImportID
        let sheet: Int64
        let header: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            sheet = try ask.body.optional("sheet", .whole(0...999), "Of a workbook; the first is 0.") ?? 0
            header = try ask.body("header", .whole(0...9999), "The line of the header; 0 finds it.")
        }
    }
    private struct CheckAsked: Asked {
        let id: ImportID
        let columns: [ImportField: Int]
        let conflict: ImportConflict
        let level: AreaLevel?
        let save: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            var columns: [ImportField: Int] = [:]
            for field in ImportField.allCases {
                let column = try ask.body.optional("column-\(field.rawValue)", .whole(0...9999), "The first is 0.")
                if let column { columns[field] = Int(column) }
            }
            self.columns = columns
            conflict = try ask.body("conflict", DirectoryShapes.importConflict, "What is done with what is there.")
            level = try ask.body.optional("level", DirectoryShapes.level, "Of all areas, where no column says it.")
            save = try ask.body.optional("save", .text(0...40), "A name under which the columns are kept.") ?? ""
        }
    }
    private struct UseAsked: Asked {
        let id: ImportID
        let saved: AreaID
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            saved = try ask.body("saved", .id(), "Columns that were kept.")
        }
    }

    func importAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/imports", .staff, API(.imports, "Imports within reach, the newest first."), ListAsked.self,
            DirectoryShapes.imported.slices
        ) { asked, call in
            let before: ImportID? = try asked.paging.id()
            return .ok(try await importSlice(before: before, limit: asked.paging.limit, call.actor))
        }
        let upload = APIUpload(
            types: [
                "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/octet-stream",
            ], maxBytes: TableLimits().fileBytes)
        table.post(
            "/api/v1/imports", .staff,
            API(
                .imports, "Sends a table, as the body. Nothing changes before it is run.",
                refuses: [DirectoryRefusal.beyondScope, ImportRefusal.noFile, ImportRefusal.notFound], repeats: .none,
                upload: upload), SendAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await imports.begin(asked.kind, area: asked.area, file: asked.name, by: call.actor)
            var sink = imports.sink(id)
            for try await chunk in call.request.body {
                try await sink.add(Array(chunk.readableBytesView))
                guard sink.count <= upload.maxBytes else { throw WebRefusal.tooLarge }
            }
            try await sink.finish()
            try await imports.received(id, bytes: sink.count, by: call.actor)
            return .made(Made(id.text), at: "/api/v1/imports/\(id.text)")
        }
        table.get(
            "/api/v1/imports/:id", .staff,
            API(
                .imports, "One import: how far it is, what its columns mean.", refuses: [ImportRefusal.notFound],
                isSingle: true), OneAsked.self, DirectoryShapes.importDetail
        ) { asked, call in .ok(try await importView(asked.id, call.actor)) }
        table.get(
            "/api/v1/imports/:id/bad", .staff,
            API(
                .imports, "The rows that are not brought in, and why. That they were asked for is recorded.",
                refuses: [ImportRefusal.notFound]), RowsAsked.self, DirectoryShapes.badRow.slices
        ) { asked, call in
            let (now, actor, limit) = (world.now(), call.actor, asked.paging.limit)
            guard let after = Int64(asked.paging.cursor ?? "0"), after >= 0 else { throw WebRefusal.badField("cursor") }
            let rows = try await database.write { transaction in
                let record = try imports.load(asked.id, actor, transaction)
                try imports.audit(record, "export.badRows", actor, "json", at: now, transaction)
                return try badRows(asked.id, after: after, limit: limit + 1, transaction)
            }
            return .ok(Slice(rows, limit: limit) { String($0.number) })
        }
        importSteps(table)
    }

    private func importSteps(_ table: RouteTable) {
        func api(_ summary: String, _ refuses: [ImportRefusal] = []) -> API {
            API(.imports, summary, refuses: ([.notFound, .notNow] + refuses) as [any Refusal])
        }
        table.post(
            "/api/v1/imports/:id/look", .staff, api("Looks at the file again, with another sheet or header."),
            LookAsked.self, .nothing
        ) { asked, call in
            try await lookAgain(asked.id, sheet: Int(asked.sheet), header: Int(asked.header), by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/imports/:id/check", .staff,
            api("Says what the columns mean, and has every row checked.", [.badMapping(""), .badName]),
            CheckAsked.self, .nothing
        ) { asked, call in
            try await checkAgain(
                asked.id, asked.columns, asked.conflict, level: asked.level?.rawValue ?? 0, saveAs: asked.save,
                by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/imports/:id/use", .staff, api("Takes columns that were kept, and has every row checked."),
            UseAsked.self, .nothing
        ) { asked, call in
            try await useSaved(asked.id, asked.saved.raw, by: call.actor)
            return .done
        }
        typealias Step = @Sendable (ImportActions, ImportID, Actor) async throws -> Void
        let steps: [(path: String, summary: String, act: Step)] = [
            ("run", "Brings the rows in that were checked.", { try await $0.run($1, by: $2) }),
            ("undo", "Takes back what was brought in and nobody used since.", { try await $0.undo($1, by: $2) }),
            ("drop", "Gives up an import that was not run; its file goes.", { try await $0.drop($1, by: $2) }),
        ]
        for (path, summary, act) in steps {
            table.post("/api/v1/imports/:id/\(path)", .staff, api(summary), OneAsked.self, .nothing) { asked, call in
                try await act(imports, asked.id, call.actor)
                return .done
            }
        }
    }
}

extension DirectoryShapes {
    static let importKind = Shape<ImportKind>.choice(ImportKind.allCases) { $0.rawValue }
    static let importConflict = Shape<ImportConflict>.choice(ImportConflict.allCases) { $0.rawValue }
    static let importStatus = Shape<ImportStatus>.choice(ImportStatus.allCases) { String(describing: $0) }
    static let importField = Shape<ImportField>.choice(ImportField.allCases) { $0.rawValue }

    static let imported = Shape<ImportRecord>.object("Import") {
        Member("id", .id()) { $0.id }
        Member("kind", importKind) { $0.kind }
        Member("area", Shape<AreaID>.id().orNull) { $0.area }
        Member("status", importStatus) { $0.status }
        Member("file", .words) { $0.fileName }
        Member("seen", .whole, "Rows that the step under way has gone through.") { $0.seen }
        Member("total", .whole) { $0.total }
        Member("new", .whole) { $0.fresh }
        Member("changed", .whole) { $0.changed }
        Member("same", .whole) { $0.same }
        Member("skipped", .whole) { $0.skipped }
        Member("bad", .whole) { $0.bad }
        Member("kept", .whole, "What an undo left because it was used.") { $0.kept }
        Member("fault", .words, "Why it failed; empty if it did not.") { $0.fault }
    }
    struct Column: Sendable {
        let field: ImportField
        let column: Int?
        let isRequired: Bool
    }
    static let column = Shape<Column>.object("ImportColumn") {
        Member("field", importField) { $0.field }
        Member("column", Shape<Int64>.whole.orNull, "The first is 0; null for none.") { $0.column.map(Int64.init) }
        Member("required", .flag) { $0.isRequired }
    }
    struct Saved: Sendable {
        let id: AreaID
        let name: String
    }
    static let saved = Shape<Saved>.object("ImportColumns") {
        Member("id", .id()) { $0.id }
        Member("name", .words) { $0.name }
    }
    struct Kept: Sendable {
        let name: String
        let reason: String
    }
    static let kept = Shape<Kept>.object("ImportKept") {
        Member("name", .words) { $0.name }
        Member("reason", .words) { $0.reason }
    }
    static let importDetail = Shape<ImportPage>.object("ImportDetail") {
        Member("import", imported) { $0.record }
        Member("sheets", Shape<String>.words.list()) { $0.record.setup.sheets }
        Member("sheet", .whole) { Int64($0.record.setup.sheet) }
        Member("header_line", .whole, "0 before it is known.") { Int64($0.record.setup.headerLine) }
        Member("header", Shape<String>.words.list()) { $0.record.setup.header }
        Member("merged", .whole, "Cells merged downwards below the header: each counts for every row that it covers.") {
            Int64($0.record.setup.merged ?? 0)
        }
        Member("columns", column.list()) { page in
            let record = page.record
            return record.kind.fields.map {
                Column(field: $0, column: record.setup[$0], isRequired: record.kind.required.contains($0))
            }
        }
        Member("conflict", importConflict) { $0.record.setup.conflict }
        Member("level", level.orNull) { AreaLevel(rawValue: $0.record.setup.level) }
        Member("sample", Shape<String>.words.list().list(), "The first rows.") { $0.sample.map(\.cells) }
        Member("saved", saved.list(), "Columns that were kept for such files.") { page in
            page.saved.compactMap { one in Int64(one.value).map { Saved(id: AreaID($0), name: one.text) } }
        }
        Member("left", kept.list(), "What an undo left, at most 100, and why.") { page in
            page.kept.map { Kept(name: $0.name, reason: $0.reason) }
        }
    }
    static let badRow = Shape<BadRow>.object("BadRow") {
        Member("line", .whole, "In the file.") { $0.line }
        Member("field", .words, "Empty for the row as a whole.") { $0.field }
        Member("reason", .words, "A name that does not change.") { $0.reason.rawValue }
        Member("cells", Shape<String>.words.list()) { $0.cells }
    }
}

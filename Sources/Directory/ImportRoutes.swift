import Foundation
import Hummingbird
import Kernel
import NIOCore
import Storage
import Tables
import Web

extension DirectoryHouse {
    private static let importers: Verbs = [.directoryEdit, .residentApprove]

    func importRoutes(_ table: RouteTable) {
        table.get("/desk/imports", .staff) { request, context in
            try await importList(nil, cursor: request.asked("cursor"), context)
        }
        table.post("/desk/imports", .staff) { request, context in
            do {
                return Answer.redirect(Href("/desk/imports/", try await receive(request, context).text))
            } catch let refusal as any Refusal where refusal.kind == .invalid {
                return try await importList(refusal, cursor: "", context)
            }
        }
        table.get("/desk/imports/:id", .staff) { _, context in try await importPage(nil, context) }
        table.post("/desk/imports/:id", .staff) { request, context in
            let sent = try await typed(request, context)
            let id = try context.id("id", ImportTag.self)
            do {
                try await act(id, sent, context.actor)
                return Answer.redirect(Href("/desk/imports/", id.text))
            } catch let refusal as any Refusal where refusal.kind != .notFound {
                return try await importPage(refusal, context)
            }
        }
        table.get("/desk/imports/:id/bad", .staff) { request, context in
            try await badFile(TableFileFormat(rawValue: request.asked("format")) ?? .xlsx, context)
        }
        importAPI(table)
    }

    /// One page of the imports that somebody may go on with; those of another verb are left out of it.
    func importSlice(before: ImportID?, limit: Int, _ actor: Actor) async throws -> Slice<ImportRecord> {
        let paths = try actor.scope(anyOf: Self.importers).places.map(\.path)
        return try await database.read { transaction in
            let found = try ImportStore.list(paths, before: before, limit: limit + 1, transaction)
            let page = Slice(found, limit: limit) { $0.id.text }
            let mine = try page.items.filter { one in
                do {
                    _ = try imports.load(one.id, actor, transaction)
                    return true
                } catch is any Refusal {
                    return false
                }
            }
            return Slice(mine, next: page.next)
        }
    }

    private func receive(_ request: Request, _ context: WebContext) async throws -> ImportID {
        var sink: PartsSink?
        var made: ImportID?
        let actor = context.actor
        let hasFile = try await context.upload(request, maxBytes: TableLimits().fileBytes) { fields, name in
            guard let kind = ImportKind(rawValue: fields["kind"] ?? ""), let area = AreaID(text: fields["area"] ?? "")
            else { throw WebRefusal.malformed }
            let id = try await imports.begin(kind, area: area, file: name, by: actor)
            (made, sink) = (id, imports.sink(id))
        } take: {
            try await sink?.add($0)
        }
        guard hasFile, let made else { throw ImportRefusal.noFile }
        try await sink?.finish()
        try await imports.received(made, bytes: sink?.count ?? 0, by: actor)
        return made
    }

    private func act(_ id: ImportID, _ sent: Typed, _ actor: Actor) async throws {
        switch sent["way"] {
        case "use":
            guard let saved = Int64(sent["saved"]) else { throw ImportRefusal.notFound }
            try await useSaved(id, saved, by: actor)
        case "look":
            try await lookAgain(id, sheet: Int(sent["sheet"]) ?? 0, header: Int(sent["header"]) ?? 0, by: actor)
        case "check":
            var columns: [ImportField: Int] = [:]
            for field in ImportField.allCases { columns[field] = Int(sent["column-\(field.rawValue)"]) }
            guard let conflict = ImportConflict(rawValue: sent["conflict"]) else { throw WebRefusal.malformed }
            try await checkAgain(
                id, columns, conflict, level: Int64(sent["level"]) ?? 0, saveAs: sent.trimmed("save"), by: actor)
        case "run": try await imports.run(id, by: actor)
        case "undo": try await imports.undo(id, by: actor)
        case "drop": try await imports.drop(id, by: actor)
        default: throw WebRefusal.malformed
        }
    }

    /// With the columns that were kept under a name.
    func useSaved(_ id: ImportID, _ saved: Int64, by actor: Actor) async throws {
        let setup = try await database.read { transaction in
            let record = try imports.load(id, actor, transaction)
            let kept = try ImportStore.mappings(record.kind, record.area, transaction).first { $0.id == saved }
            guard let kept else { throw ImportRefusal.notFound }
            var setup = record.setup
            (setup.columns, setup.conflict, setup.level) = (kept.setup.columns, kept.setup.conflict, kept.setup.level)
            return setup
        }
        try await imports.check(id, setup, by: actor)
    }

    func lookAgain(_ id: ImportID, sheet: Int, header: Int, by actor: Actor) async throws {
        var setup = try await database.read { try imports.load(id, actor, $0) }.setup
        (setup.sheet, setup.headerLine) = (sheet, header)
        try await imports.look(id, setup, by: actor)
    }

    func checkAgain(
        _ id: ImportID, _ columns: [ImportField: Int], _ conflict: ImportConflict, level: Int64, saveAs name: String,
        by actor: Actor
    ) async throws {
        let record = try await database.read { try imports.load(id, actor, $0) }
        var setup = record.setup
        setup.columns = [:]
        for field in record.kind.fields { setup[field] = columns[field] }
        (setup.conflict, setup.level) = (conflict, level)
        try await imports.check(id, setup, saveAs: name, by: actor)
    }

    private func importList(
        _ refusal: (any Refusal)?, cursor: String, _ context: WebContext
    ) async throws -> Response {
        let actor = context.actor
        let scope = try actor.scope(anyOf: Self.importers)
        let records = try await importSlice(before: ImportID(text: cursor), limit: 50, actor)
        let view = try await database.read { transaction -> ImportsPage in
            var places: [Area] = []
            for place in scope.places { places += try AreaStore.places(under: place.path, limit: 600, transaction) }
            return ImportsPage(
                kinds: ImportKind.allCases.filter { actor.may($0.verb) }, places: places, records: records.items,
                next: records.next, refusal: refusal)
        }
        return shown(
            staffPage(context.words(.importsTitle), view.main(context, say(context)), context), refusal, context)
    }

    private func importPage(_ refusal: (any Refusal)?, _ context: WebContext) async throws -> Response {
        var view = try await importView(try context.id("id"), context.actor)
        view.refusal = refusal
        var response = shown(
            staffPage(context.words(.importsTitle), view.main(context), context), refusal, context)
        if view.record.status.isBusy { response.headers[Self.refresh] = "2" }
        return response
    }

    func importView(_ id: ImportID, _ actor: Actor) async throws -> ImportPage {
        try await database.read { transaction in
            let record = try imports.load(id, actor, transaction)
            var view = ImportPage(record: record)
            if let sealed = try ImportStore.sample(id, transaction) {
                let bytes = try secrets.openPart(sealed, of: id.raw, number: -1)
                view.sample = (try? JSONDecoder().decode([ImportWork.Sample].self, from: Data(bytes))) ?? []
            }
            view.saved = try ImportStore.mappings(record.kind, record.area, transaction).map {
                (String($0.id), $0.name)
            }
            view.bad = try badRows(id, after: 0, limit: ImportPage.most, transaction)
            view.kept = try keptRows(id, below: .max, limit: 100, transaction).map { ($0.name, $0.reason) }
            return view
        }
    }

    /// What could not be taken back, the latest made first.
    func keptRows(
        _ id: ImportID, below number: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [(number: Int64, name: String, reason: String)] {
        try ImportStore.made(id, below: number, kept: true, limit: limit, transaction).map { row in
            let name =
                row.what == .area
                ? try DirectoryStore.area(AreaID(row.subject), transaction)?.name
                : row.what == .person ? try DirectoryStore.personName(PersonID(row.subject), transaction) : nil
            return (row.number, name ?? "#\(row.number)", row.kept)
        }
    }

    private static let refresh = Answer.name("Refresh")

    func badRows(
        _ id: ImportID, after: Int64, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [BadRow] {
        try ImportStore.bad(id, after: after, limit: limit, transaction).map { row in
            let bytes = try secrets.openPart(row.sealed, of: id.raw, number: -1 - row.number)
            return BadRow(
                number: row.number, line: row.line, field: row.field,
                reason: ImportReason(rawValue: row.reason) ?? .unreadable,
                cells: (try? JSONDecoder().decode([String].self, from: Data(bytes))) ?? [])
        }
    }

    /// All bad rows as a table that can be corrected and sent again: the file's own columns first.
    private func badFile(_ format: TableFileFormat, _ context: WebContext) async throws -> Response {
        let (id, actor, words) = (try context.id("id", ImportTag.self), context.actor, context.words)
        let now = world.now()
        let record = try await database.write { transaction in
            let record = try imports.load(id, actor, transaction)
            try imports.audit(record, "export.badRows", actor, format.rawValue, at: now, transaction)
            return record
        }
        let width = record.setup.header.count
        var writer = TableWriter(
            format, name: record.kind.rawValue,
            header: record.setup.header + [words(.importLine), words(.importField), words(.importReasonTitle)])
        var after: Int64 = 0
        while true {
            let from = after
            let rows = try await database.read { try badRows(id, after: from, limit: 500, $0) }
            guard let last = rows.last else { break }
            for row in rows {
                var cells = row.cells.prefix(width).map { Cell.text($0) }
                while cells.count < width { cells.append(.empty) }
                let field = ImportField(rawValue: row.field).map { words($0.phrase) } ?? ""
                writer.add(cells + [.int(row.line), .text(field), .text(words(row.reason.phrase))])
            }
            after = last.number
        }
        writer.finish()
        return Answer.file(writer.take(), format, name: "\(record.kind.rawValue)-\(id.text)")
    }
}

extension Answer {
    /// A table to keep.
    package static func file(_ bytes: [UInt8], _ format: TableFileFormat, name: String) -> Response {
        var response = Answer.bytes(bytes, type: format.contentType, cache: "no-store")
        response.headers[.contentDisposition] = "attachment; filename=\"\(name).\(format.rawValue)\""
        return response
    }
}

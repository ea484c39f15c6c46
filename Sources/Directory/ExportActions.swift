import Foundation
import Kernel
import Storage
import Tables
import Web

/// Takes lists home. Up to `directRows` rows go out at once; a longer list becomes a job that keeps sealed pieces, a
/// slice of rows each, and is ready for a day for whoever asked. Every export is audited: which list, how many rows.
package struct ExportActions: Sendable {
    package static let directRows = 5_000
    static let sliceRows = 1_000
    static let mostRows: Int64 = 1_000_000
    /// Of one person, at the same time.
    static let mostAtOnce: Int64 = 5
    static let keptDays = 1
    static let job = "directory.export"

    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets
    package let lists: [ListExport]

    /// Throws `notFound` for a list that is not there, or not for this actor.
    func list(_ name: String, _ actor: Actor) throws -> ListExport {
        guard let list = lists.first(where: { $0.name == name }), list.isFor(actor) else {
            throw ExportRefusal.notFound
        }
        return list
    }

    func ask(
        _ list: ListExport, _ filters: [String: String], _ actor: Actor, _ words: Words, cursor: String?, limit: Int
    ) throws -> ListExport.Ask {
        ListExport.Ask(
            actor: actor, scope: try actor.scope(anyOf: list.verbs), words: words,
            today: Zone.shanghai.day(of: world.now()),
            filters: filters.filter { list.filters.contains($0.key) && !$0.value.isEmpty }, cursor: cursor,
            limit: limit)
    }

    /// All rows, or nil when there are more than `directRows`.
    func direct(
        _ list: ListExport, _ filters: [String: String], by actor: Actor, _ words: Words
    ) async throws -> [[Cell]]? {
        var rows: [[Cell]] = []
        var cursor: String?
        repeat {
            let ask = try self.ask(list, filters, actor, words, cursor: cursor, limit: Self.sliceRows)
            let slice = try await database.read { try list.page(ask, $0) }
            rows += slice.rows
            cursor = slice.next
            guard rows.count <= Self.directRows else { return nil }
        } while cursor != nil
        return rows
    }

    func audit(
        _ verb: String, _ list: ListExport, _ detail: String, subject: Int64 = 0, by actor: Actor,
        _ transaction: any WriteTransaction
    ) throws {
        guard let place = try actor.scope(anyOf: list.verbs).places.first else { return }
        let post = actor.posts.first { !$0.role.verbs.isDisjoint(with: list.verbs) }
        try journal.audit(
            AuditEntry(
                area: place.area, actor: actor.person, post: post?.id, verb: verb, subject: subject,
                detail: "\(list.name) \(detail)"), at: world.now(), transaction)
    }

    /// Begins the job of a long list. The same one, asked for again before it is ready, is not begun twice.
    func begin(
        _ name: String, _ filters: [String: String], by actor: Actor, in language: Language
    ) async throws -> ExportID {
        guard let person = actor.person else { throw ExportRefusal.notFound }
        let list = try self.list(name, actor)
        // What the list refuses is refused now, not by the job.
        let words = Words(language: language)
        let ask = try self.ask(list, filters, actor, words, cursor: nil, limit: 1)
        _ = try await database.read { try list.page(ask, $0) }
        let id: ExportID = world.id()
        let post = actor.byToken ? actor.posts.first?.id : nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = Array(try encoder.encode(ask.filters))
        let digest = secrets.contentDigest("export \(String(decoding: text, as: UTF8.self))")
        let sealed = try secrets.sealPart(text, of: id.raw, number: -1)
        let now = world.now()
        let jobs = Jobs(nextID: world.nextID)
        return try await database.write { transaction in
            if let known = try ExportStore.begun(person, list: name, post: post, digest: digest, transaction) {
                return known
            }
            guard try ExportStore.countBusy(person, transaction) < Self.mostAtOnce else { throw ExportRefusal.tooMany }
            try ExportStore.insert(
                ExportRecord(
                    id: id, list: name, person: person, post: post, language: language, status: .waiting, rows: 0,
                    parts: 0, cursor: "", fault: "", created: now), asked: sealed, digest: digest, transaction)
            try jobs.schedule(
                kind: Self.job, area: ask.scope.places[0].area, subject: id.raw, due: now, key: id.text, transaction)
            try audit("export.begin", list, "", subject: id.raw, by: actor, transaction)
            return id
        }
    }

    /// One of the actor's own; another's is not found.
    func load(_ id: ExportID, _ actor: Actor, _ transaction: any ReadTransaction) throws -> ExportRecord {
        guard let found = try ExportStore.load(id, transaction), found.person == actor.person else {
            throw ExportRefusal.notFound
        }
        // By a token only what was begun with its post.
        guard !actor.byToken || found.post.map({ wanted in actor.posts.contains { $0.id == wanted } }) ?? false else {
            throw ExportRefusal.notFound
        }
        return found
    }

    func drop(_ id: ExportID, by actor: Actor) async throws {
        try await database.write { transaction in
            _ = try load(id, actor, transaction)
            try Jobs(nextID: world.nextID).cancel(kind: Self.job, key: id.text, transaction)
            try ExportStore.delete(id, transaction)
        }
    }

    /// Audited before the first byte goes out. Throws `notReady` before the job is done, and `notFound` for a list
    /// that the actor may not read any more.
    func fetch(_ id: ExportID, by actor: Actor) async throws -> (ExportRecord, ListExport) {
        try await database.write { transaction in
            let found = try load(id, actor, transaction)
            let list = try self.list(found.list, actor)
            guard found.status == .done else { throw ExportRefusal.notReady }
            try audit("export.fetch", list, "\(found.rows)", subject: id.raw, by: actor, transaction)
            return (found, list)
        }
    }

    func piece(_ id: ExportID, _ number: Int64) async throws -> [[Cell]] {
        guard let sealed = try await database.read({ try ImportStore.part(id.raw, number, $0) }) else {
            throw ExportRefusal.notFound
        }
        return try CellText.decode(secrets.openPart(sealed, of: id.raw, number: number))
    }
}

/// Does the jobs of exports: one slice after another, each kept in the transaction that moves the mark of how far it is.
/// What a killed server left goes on with the next slice, so that no row comes twice or is lost.
package struct ListExportWork: Sendable {
    package static let leaseMs: Int64 = 60_000
    let actions: ExportActions
    /// Another way into the data, for tests that interrupt.
    package var database: any Database
    private var world: World { actions.world }

    package init(_ actions: ExportActions) {
        self.actions = actions
        database = actions.database
    }

    /// Somebody else has the job by now, or its owner dropped it.
    private struct Superseded: Error {}

    /// Does one job if one is due. False when there was none.
    package func step(worker: String) async throws -> Bool {
        guard try await database.read({ try ExportStore.isAnyBusy($0) }) else { return false }
        let now = world.now()
        let jobs = Jobs(nextID: world.nextID)
        let job = try await database.write {
            try jobs.claim(
                kind: ExportActions.job, worker: worker, leaseMs: Self.leaseMs, limit: 1, at: now, $0
            ).first
        }
        guard let job else { return false }
        do {
            while try await slice(job) {}
        } catch let refusal as any Refusal {
            let end = world.now()
            try await database.write { transaction in
                try ExportStore.fail(ExportID(job.subject), refusal.name, transaction)
                try jobs.complete(job, at: end, transaction)
            }
        } catch is Superseded {
            return true
        } catch {
            // Of storage and the like: the job is due again, and goes on.
            let end = world.now()
            try await database.write { try jobs.fail(job, "\(type(of: error))", at: end, $0) }
            throw error
        }
        return true
    }

    /// False after the last one.
    private func slice(_ job: Job) async throws -> Bool {
        let id = ExportID(job.subject)
        let today = Zone.shanghai.day(of: world.now())
        let found = try await database.read { transaction -> (ExportRecord, [UInt8], Actor?)? in
            guard let record = try ExportStore.load(id, transaction) else { return nil }
            // With the rights of today: what was taken back since is not told.
            let actor = try DirectoryStore.actor(
                record.person, on: today, onlyPost: record.post, byToken: record.post != nil, transaction)
            return (record, try ExportStore.asked(id, transaction), actor)
        }
        guard let (record, asked, owner) = found, record.status.isBusy else {
            try await complete(job)
            return false
        }
        guard let actor = owner else { throw ExportRefusal.notFound }
        let list = try actions.list(record.list, actor)
        let text = try actions.secrets.openPart(asked, of: id.raw, number: -1)
        let filters = try JSONDecoder().decode([String: String].self, from: Data(text))
        let ask = try actions.ask(
            list, filters, actor, Words(language: record.language), cursor: record.cursor.isEmpty ? nil : record.cursor,
            limit: ExportActions.sliceRows)
        let slice = try await database.read { try list.page(ask, $0) }
        guard record.rows + Int64(slice.rows.count) <= ExportActions.mostRows else {
            throw ExportFault.tooLong
        }
        let piece = try CellText.encode(slice.rows)
        let sealed = try actions.secrets.sealPart(piece, of: id.raw, number: record.parts)
        let now = world.now()
        let jobs = Jobs(nextID: world.nextID)
        let isLast = slice.next == nil
        try await database.write { transaction in
            guard try jobs.prolong(job, leaseMs: Self.leaseMs, at: now, transaction),
                try ExportStore.advance(
                    record, rows: Int64(slice.rows.count), cursor: slice.next ?? "", isLast: isLast, transaction)
            else { throw Superseded() }
            try ImportStore.addPart(id.raw, record.parts, bytes: piece.count, sealed, transaction)
            if isLast { try jobs.complete(job, at: now, transaction) }
        }
        return !isLast
    }

    private func complete(_ job: Job) async throws {
        let now = world.now()
        let jobs = Jobs(nextID: world.nextID)
        try await database.write { try jobs.complete(job, at: now, $0) }
    }

    /// Files of before yesterday go. Returns how many.
    @discardableResult
    package func sweep() async throws -> Int {
        let edge = world.now().adding(days: -ExportActions.keptDays)
        let jobs = Jobs(nextID: world.nextID)
        let ids = try await database.read { try ExportStore.old(before: edge, $0) }
        for id in ids {
            try await database.write { transaction in
                try jobs.cancel(kind: ExportActions.job, key: id.text, transaction)
                try ExportStore.delete(id, transaction)
            }
        }
        return ids.count
    }
}

/// Why a job ended without a file.
enum ExportFault: Refusal {
    case tooLong
    var kind: RefusalKind { .invalid }
    var message: Message { Phrase.exportTooLong(String(ExportActions.mostRows)) }
}

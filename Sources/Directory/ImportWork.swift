import Crypto
import Foundation
import Kernel
import Storage
import Tables

/// Does the steps of imports that are due: one at a time in the whole house, so that two imports never see half of each
/// other. What a killed server left is gone on with where it stood: each batch is one transaction that also moves the
/// mark of how far it is.
package struct ImportWork: Sendable {
    package static let batchRows = 500
    /// A batch ends earlier when its cells hold this many bytes: rows of 512 cells of 64 KB are rows too.
    static let batchBytes = 4 << 20
    package static let leaseMs: Int64 = 60_000
    /// A file that nobody goes on with is kept so long; rows that were bad, for correcting them, somewhat longer.
    package static let fileDays = 1
    package static let badDays = 7
    private static let lock = "directory.imports"

    let actions: ImportActions
    /// Ids of areas, people and posts that cases since a moment speak of: these are not taken back.
    let used: @Sendable (_ since: Int64, _ transaction: any ReadTransaction) throws -> Set<Int64>
    /// Another way into the data, for tests that interrupt.
    package var database: any Database
    private var world: World { actions.world }
    private var secrets: Secrets { actions.secrets }

    package init(
        _ actions: ImportActions,
        used: @escaping @Sendable (_ since: Int64, _ transaction: any ReadTransaction) throws -> Set<Int64>
    ) {
        self.actions = actions
        self.used = used
        database = actions.database
    }

    /// Does one step if one is due and no other server is at one. False when there was nothing to do.
    package func step(worker: String) async throws -> Bool {
        let now = world.now()
        let jobs = Jobs(nextID: world.nextID)
        // A quiet house writes nothing.
        guard try await database.read({ try ImportStore.isAnyBusy($0) }) else { return false }
        let job = try await database.write { transaction -> Job? in
            guard try Leases().acquire(Self.lock, holder: worker, leaseMs: Self.leaseMs, at: now, transaction) else {
                return nil
            }
            return try jobs.claim(
                kind: ImportActions.job, worker: worker, leaseMs: Self.leaseMs, limit: 1, at: now, transaction
            ).first
        }
        guard let job else {
            try await release(worker)
            return false
        }
        do {
            try await work(job, worker)
            try await release(worker)
        } catch {
            try? await release(worker)
            throw error
        }
        return true
    }

    /// The next one need not wait for the lease to run out.
    private func release(_ worker: String) async throws {
        try await database.write { try Leases().release(Self.lock, holder: worker, $0) }
    }

    private func work(_ job: Job, _ worker: String) async throws {
        let jobs = Jobs(nextID: world.nextID)
        do {
            try await take(job, worker)
            let end = world.now()
            try await database.write { try jobs.complete(job, at: end, $0) }
        } catch let fault as TableFault {
            try await fail(job, "table.\(fault.name)")
        } catch let refusal as any Refusal {
            try await fail(job, refusal.name)
        } catch is Superseded {
            return
        } catch {
            // Of storage and the like: the job is due again, and goes on.
            let end = world.now()
            try await database.write { try jobs.fail(job, "\(type(of: error))", at: end, $0) }
            throw error
        }
    }

    /// Somebody else has the job by now.
    private struct Superseded: Error {}

    private func fail(_ job: Job, _ fault: String) async throws {
        let now = world.now()
        let id = ImportID(job.subject)
        let jobs = Jobs(nextID: world.nextID)
        try await database.write { transaction in
            guard let record = try ImportStore.load(id, transaction) else { return }
            _ = try ImportStore.move(
                id, from: record.status, to: .failed, fault: fault, at: now, transaction)
            try ImportStore.forgetFile(id, transaction)
            try jobs.complete(job, at: now, transaction)
        }
    }

    private func hold(_ job: Job, _ worker: String, _ transaction: any WriteTransaction) throws {
        let now = world.now()
        guard try Leases().acquire(Self.lock, holder: worker, leaseMs: Self.leaseMs, at: now, transaction),
            try Jobs(nextID: world.nextID).prolong(job, leaseMs: Self.leaseMs, at: now, transaction)
        else { throw Superseded() }
    }

    private func take(_ job: Job, _ worker: String) async throws {
        let id = ImportID(job.subject)
        guard let record = try await database.read({ try ImportStore.load(id, $0) }) else { return }
        switch (job.payload, record.status) {
        case ("look", .looking): try await look(record)
        case ("check", .checking): try await rows(record, job, worker, writes: false)
        case ("run", .running): try await rows(record, job, worker, writes: true)
        case ("undo", .undoing): try await undo(record, job, worker)
        default: return
        }
    }

    private func source(_ record: ImportRecord) -> PartsSource {
        PartsSource(owner: record.id.raw, count: Int(record.fileBytes), database: database, secrets: secrets)
    }

    // MARK: Look

    private func look(_ record: ImportRecord) async throws {
        let source = source(record)
        var setup = record.setup
        switch try await TableFormat.detect(source) {
        case .csv(let encoding, let separator):
            (setup.isWorkbook, setup.encoding, setup.separator) = (false, encoding.rawValue, separator)
        case .xlsx:
            let book = try await Workbook(source)
            setup.isWorkbook = true
            if setup.sheets.isEmpty { setup.sheet = book.firstVisible }
            setup.sheets = book.sheets.map(\.name)
        }
        let reader = try await TableReader(source, setup.format, sheet: setup.sheet)
        var first: [TableRow] = []
        var bytes = 0
        while first.count < HeaderGuess.depth, bytes < Self.batchBytes, let row = try await reader.next() {
            first.append(row)
            bytes += row.cells.reduce(0) { $0 + $1.utf8.count }
        }
        guard !first.isEmpty else { throw TableFault.empty }
        let fields = record.kind.fields.map { (name: $0.rawValue, called: $0.called(record.kind)) }
        var index = HeaderGuess(first, fields: fields).row
        if setup.headerLine > 0, let told = first.firstIndex(where: { $0.line == setup.headerLine }) { index = told }
        setup.headerLine = first[index].line
        setup.header = first[index].cells.map { String($0.prefix(60)) }
        let merged = reader.merged(below: setup.headerLine)
        setup.merged = merged > 0 ? merged : nil
        setup.columns = HeaderGuess([first[index]], fields: fields).columns
        let kind = record.kind
        let area = record.area
        let header = setup.header
        let saved = try await database.read { try ImportStore.mappings(kind, area, $0) }
        if let same = saved.first(where: { $0.setup.header == header }) {
            (setup.columns, setup.conflict, setup.level) = (
                same.setup.columns, same.setup.conflict, same.setup.level
            )
        }
        let sample = try JSONEncoder().encode(
            first[index...].prefix(8).map {
                Sample(line: $0.line, cells: $0.cells.prefix(20).map { String($0.prefix(200)) })
            })
        let sealed = try secrets.sealPart(Array(sample), of: record.id.raw, number: -1)
        let (id, now, fixed) = (record.id, world.now(), setup)
        try await database.write { transaction in
            guard try ImportStore.move(id, from: .looking, to: .open, at: now, transaction) else { return }
            try ImportStore.setSetup(id, fixed, sample: sealed, status: .open, at: now, transaction)
        }
    }

    struct Sample: Codable, Sendable {
        let line: Int
        let cells: [String]
    }

    // MARK: Rows

    private struct Batch: Sendable {
        var rows: [TableRow] = []
        var seen: Int64 = 0
        var bytes = 0
    }

    /// Goes through the rows, looking or bringing in. Areas whose rows say their level go in one pass for each level,
    /// the widest first, so that the order of the rows does not matter.
    private func rows(_ first: ImportRecord, _ job: Job, _ worker: String, writes: Bool) async throws {
        var record = first
        let overlay = writes ? nil : ImportOverlay()
        if !writes {
            // The overlay is gone with a server that was killed, so a check begins anew.
            let id = record.id
            try await database.write { try ImportStore.reset(id, pass: 0, keepsTotal: false, $0) }
            (record.pass, record.seen, record.total, record.bad) = (0, 0, 0, 0)
            (record.fresh, record.changed, record.same, record.skipped) = (0, 0, 0, 0)
            record.setup.levels = try await levels(record)
            let setup = record.setup
            try await database.write { try ImportStore.changeSetup(id, setup, $0) }
        }
        let passes: [Int64] = record.setup.levels.isEmpty ? [0] : record.setup.levels
        while Int(record.pass) < passes.count {
            let reader = try await TableReader(source(record), record.setup.format, sheet: record.setup.sheet)
            let level = passes[Int(record.pass)]
            let isLast = Int(record.pass) == passes.count - 1
            var at: Int64 = 0
            var batch = Batch()
            while let row = try await reader.next() {
                guard row.line > record.setup.headerLine else { continue }
                at += 1
                guard at > record.seen else { continue }
                if Self.belongs(row, to: level, isFirst: record.pass == 0, record) {
                    batch.rows.append(row)
                    batch.bytes += row.cells.reduce(0) { $0 + $1.utf8.count }
                }
                batch.seen = at
                if batch.rows.count == Self.batchRows || batch.bytes >= Self.batchBytes
                    || batch.seen - record.seen >= 20_000
                {
                    record = try await apply(batch, record, job, worker, overlay)
                    batch = Batch()
                }
            }
            if batch.seen > record.seen { record = try await apply(batch, record, job, worker, overlay) }
            guard at > 0 else { throw ImportRefusal.nothingHere }
            if !isLast {
                let before = record
                record.pass += 1
                record.seen = 0
                let (now, fixed) = (world.now(), record)
                try await database.write { transaction in
                    try hold(job, worker, transaction)
                    guard
                        try ImportStore.progress(
                            fixed, from: before.seen, pass: before.pass, at: now, transaction)
                    else { throw Superseded() }
                }
            } else {
                break
            }
        }
        try await end(record, writes: writes)
    }

    private func end(_ record: ImportRecord, writes: Bool) async throws {
        let now = world.now()
        try await database.write { transaction in
            if writes {
                guard try ImportStore.move(record.id, from: .running, to: .done, at: now, transaction) else { return }
                try ImportStore.forgetFile(record.id, transaction)
                try actions.audit(
                    record, "import.done", nil,
                    "\(record.fresh) \(record.changed) \(record.same) \(record.skipped) \(record.bad)", at: now,
                    transaction)
            } else {
                _ = try ImportStore.move(record.id, from: .checking, to: .checked, at: now, transaction)
            }
        }
        // What was imported is there without them.
        if writes, record.fresh >= Self.many { try? await database.takeStatistics() }
    }

    /// Rows that change how a table is best read.
    private static let many = 5_000

    /// Rows whose level cannot be told are bad in the first pass.
    private static func belongs(
        _ row: TableRow, to level: Int64, isFirst: Bool, _ record: ImportRecord
    ) -> Bool {
        guard level > 0 else { return true }
        guard let values = try? ImportRow(row, record.setup, record.kind),
            let own = try? ImportPlan.level(values, record.setup)
        else { return isFirst }
        return own.rawValue == level
    }

    private func levels(_ record: ImportRecord) async throws -> [Int64] {
        guard record.kind == .areas, record.setup[.level] != nil else { return [] }
        var found = Set<Int64>()
        let reader = try await TableReader(source(record), record.setup.format, sheet: record.setup.sheet)
        while let row = try await reader.next() {
            guard row.line > record.setup.headerLine, let values = try? ImportRow(row, record.setup, record.kind),
                let level = try? ImportPlan.level(values, record.setup)
            else { continue }
            found.insert(level.rawValue)
        }
        return found.sorted()
    }

    private func apply(
        _ batch: Batch, _ before: ImportRecord, _ job: Job, _ worker: String, _ overlay: ImportOverlay?
    ) async throws -> ImportRecord {
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        @Sendable func plan(
            _ read: any ReadTransaction, _ write: (any WriteTransaction)?
        ) throws -> (ImportRecord, [(TableRow, RowFault)], [(ImportMade, Int64, String)]) {
            var record = before
            let area = try record.area.flatMap { try DirectoryStore.area($0, read) }
            let actor = try record.person.flatMap { try DirectoryStore.actor($0, on: today, read) }
            // Whoever began it may have lost the post since.
            if record.person != nil {
                guard let actor, let area, actor.may(record.kind.verb, at: area.path) else {
                    throw DirectoryRefusal.noPost
                }
            }
            var plan = ImportPlan(
                record, root: area?.path ?? .root, actor: actor, world: world, secrets: secrets,
                journal: actions.journal, now: now, read: read, write: write, overlay: overlay)
            var bad: [(TableRow, RowFault)] = []
            for row in batch.rows {
                do {
                    switch try plan.take(try ImportRow(row, record.setup, record.kind)) {
                    case .fresh: record.fresh += 1
                    case .changed: record.changed += 1
                    case .same: record.same += 1
                    case .skipped: record.skipped += 1
                    }
                } catch let fault as RowFault {
                    bad.append((row, fault))
                    record.bad += 1
                }
            }
            record.seen = batch.seen
            record.total = max(record.total, batch.seen)
            return (record, bad, plan.made)
        }
        // A check only reads; what it found is written apart.
        let checked = overlay == nil ? nil : try await database.read { try plan($0, nil) }
        return try await database.write { transaction in
            try hold(job, worker, transaction)
            let (record, bad, made) = try checked ?? plan(transaction, transaction)
            guard
                try ImportStore.progress(record, from: before.seen, pass: before.pass, at: now, transaction)
            else { throw Superseded() }
            for (index, (row, fault)) in bad.enumerated() {
                let number = before.bad + Int64(index) + 1
                let text = try JSONEncoder().encode(row.cells)
                let sealed = try secrets.sealPart(Array(text), of: record.id.raw, number: -1 - number)
                try ImportStore.addBad(record.id, number, line: row.line, fault, sealed, transaction)
            }
            guard overlay == nil else { return record }
            var number = try ImportStore.countMade(record.id, transaction)
            for (what, subject, mark) in made {
                number += 1
                try ImportStore.addMade(record.id, number, what, subject, secrets.contentDigest(mark), transaction)
            }
            try actions.audit(
                record, "import.batch", nil, made.map { "\($0.1)" }.joined(separator: " "), at: now, transaction)
            return record
        }
    }

    // MARK: Undo

    private func undo(_ first: ImportRecord, _ job: Job, _ worker: String) async throws {
        var below = Int64.max
        while true {
            let (now, bound) = (world.now(), below)
            let next = try await database.write { transaction -> Int64? in
                try hold(job, worker, transaction)
                let made = try ImportStore.made(first.id, below: bound, kept: false, limit: 200, transaction)
                guard let last = made.last else { return nil }
                let used = try used(first.id.raw, transaction)
                let undo = ImportUndo(secrets: secrets, used: used, importID: first.id.raw, transaction: transaction)
                for row in made {
                    if let reason = try undo.take(row) {
                        try ImportStore.keepMade(first.id, row.number, reason, transaction)
                    } else {
                        try ImportStore.forgetMade(first.id, row.number, transaction)
                    }
                }
                try actions.audit(
                    first, "import.undoBatch", nil, made.map { "\($0.subject)" }.joined(separator: " "), at: now,
                    transaction)
                return last.number
            }
            guard let next else { break }
            below = next
        }
        let now = world.now()
        try await database.write { transaction in
            let kept = try transaction.first(
                "select count(*) from directory_import_made where import_id = \(first.id)"
            ) { try $0.int(0) }
            try transaction.run("update directory_import set kept = \(kept ?? 0) where id = \(first.id)")
            _ = try ImportStore.move(first.id, from: .undoing, to: .undone, at: now, transaction)
        }
    }

    // MARK: Time

    /// Deletes files that nobody went on with, and rows that were kept for correcting. Returns how many files.
    @discardableResult
    package func sweep() async throws -> Int {
        let now = world.now()
        let ids = try await database.read { try ImportStore.stale(before: now.adding(days: -Self.fileDays), $0) }
        for id in ids {
            try await database.write { transaction in
                guard let record = try ImportStore.load(id, transaction) else { return }
                guard record.status != .failed else { return try ImportStore.forgetFile(id, transaction) }
                _ = try ImportStore.move(id, from: record.status, to: .dropped, at: now, transaction)
                try ImportStore.forgetFile(id, transaction)
                try ImportStore.reset(id, pass: 0, keepsTotal: true, transaction)
            }
        }
        try await database.write { try ImportStore.forgetBad(before: now.adding(days: -Self.badDays), $0) }
        return ids.count
    }
}

/// Takes back what an import made, one thing after another, the latest first.
struct ImportUndo {
    let secrets: Secrets
    let used: Set<Int64>
    let importID: Int64
    let transaction: any WriteTransaction

    /// Nil when it is gone; else why it stays: `changed` or `used`.
    func take(_ row: MadeRow) throws -> String? {
        guard !used.contains(row.subject) else { return "used" }
        let isTouched =
            try transaction.first(
                "select id from storage_audit where subject_id = \(row.subject) and verb <> 'import.post' limit 1"
            ) { try $0.int(0) } != nil
        if isTouched { return "changed" }
        switch row.what {
        case .area: return try area(AreaID(row.subject), row)
        case .home: return try home(row)
        case .post: return try post(PostID(row.subject), row)
        case .person: return try person(PersonID(row.subject), row)
        }
    }

    private func isAsMade(_ mark: String, _ row: MadeRow) -> Bool {
        Secrets.same(secrets.contentDigest(mark), row.mark)
    }

    private func has(_ sql: SQL) throws -> Bool { try transaction.first(sql) { try $0.int(0) } != nil }

    private func area(_ id: AreaID, _ row: MadeRow) throws -> String? {
        guard let area = try DirectoryStore.area(id, transaction) else { return nil }
        guard isAsMade(ImportPlan.mark(area), row) else { return "changed" }
        let isUsed =
            try has("select id from directory_area where parent_id = \(id) limit 1")
            || has("select id from directory_organisation where area_id = \(id) limit 1")
            || has("select id from directory_post where area_id = \(id) limit 1")
            || has("select id from directory_home where unit_id = \(id) limit 1")
            || has("select id from directory_household where unit_id = \(id) limit 1")
            || has("select 1 from directory_invitation where unit_id = \(id) limit 1")
            || has("select id from directory_shift where area_id = \(id) limit 1")
        guard !isUsed else { return "used" }
        try FindStore.forget(area, transaction)
        try transaction.run("delete from directory_area_fact where area_id = \(id)")
        try transaction.run("delete from directory_area where id = \(id)")
        return nil
    }

    private func home(_ row: MadeRow) throws -> String? {
        let found = try transaction.first(
            """
            select from_day, to_day, status, household_id, person_id, estate_id from directory_home
            where id = \(row.subject)
            """
        ) {
            (
                days: (from: try $0.day(0), to: try $0.day(1)), status: try $0.int(2),
                household: try $0.optionalInt(3), person: try $0.id(4, PersonTag.self), estate: try $0.int(5)
            )
        }
        guard let found else { return nil }
        guard found.status == 1, isAsMade(ImportPlan.mark(found.days), row) else { return "changed" }
        try transaction.run("delete from directory_home where id = \(row.subject)")
        try FindStore.settle(found.person, at: found.estate, transaction)
        if let household = found.household {
            if try has("select id from directory_home where household_id = \(household) limit 1") {
                try transaction.run(
                    """
                    update directory_household set
                        from_day = (select min(h.from_day) from directory_home h
                            where h.household_id = directory_household.id),
                        to_day = (select max(h.to_day) from directory_home h
                            where h.household_id = directory_household.id)
                    where id = \(household)
                    """)
            } else {
                try transaction.run("delete from directory_household where id = \(household)")
            }
        }
        return nil
    }

    private func post(_ id: PostID, _ row: MadeRow) throws -> String? {
        let found = try transaction.first(
            "select from_day, to_day, title, person_id, area_id from directory_post where id = \(id)"
        ) {
            (
                days: (from: try $0.day(0), to: try $0.day(1)), title: try $0.text(2),
                person: try $0.id(3, PersonTag.self), area: try $0.id(4, AreaTag.self)
            )
        }
        guard let found else { return nil }
        guard isAsMade(ImportPlan.mark(found.days) + found.title, row) else { return "changed" }
        guard try !has("select id from directory_token where post_id = \(id) limit 1") else { return "used" }
        try transaction.run("delete from directory_post where id = \(id)")
        try FindStore.settle(found.person, at: FindStore.place(of: found.area, transaction), transaction)
        return nil
    }

    private func person(_ id: PersonID, _ row: MadeRow) throws -> String? {
        guard let name = try DirectoryStore.personName(id, transaction) else { return nil }
        guard isAsMade(name, row) else { return "changed" }
        let isUsed =
            try has("select person_id from directory_account where person_id = \(id) limit 1")
            || has("select id from directory_session where person_id = \(id) limit 1")
            || has("select id from directory_token where person_id = \(id) limit 1")
            || has("select id from directory_post where person_id = \(id) limit 1")
            || has("select id from directory_home where person_id = \(id) limit 1")
            || has("select id from directory_shift where person_id = \(id) limit 1")
            || has("select id from storage_audit where actor_id = \(id) limit 1")
            || has("select person_id from directory_minor where guardian_id = \(id) limit 1")
        guard !isUsed else { return "used" }
        try transaction.run("delete from directory_minor where person_id = \(id)")
        try transaction.run("delete from directory_person where id = \(id)")
        return nil
    }
}

import Kernel
import Storage
import Tables
import Web

/// What people decide about an import. Each step is one transaction; the work itself is done by `ImportWork`.
package struct ImportActions: Sendable {
    package static let job = "directory.import"
    let database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets

    /// Begins to take a file in. The kind and the place are proven before a byte is kept.
    package func begin(
        _ kind: ImportKind, area: AreaID?, file name: String, by actor: Actor?
    ) async throws -> ImportID {
        let id: ImportID = world.id()
        let now = world.now()
        let shown = String(name.unicodeScalars.filter { $0.value >= 0x20 }.prefix(80).map(Character.init))
        try await database.write { transaction in
            if let actor {
                guard let area, let place = try DirectoryStore.area(area, transaction),
                    actor.may(kind.verb, at: place.path)
                else { throw DirectoryRefusal.beyondScope }
            } else if let area {
                guard try DirectoryStore.area(area, transaction) != nil else { throw ImportRefusal.notFound }
            }
            try ImportStore.insert(
                id, kind: kind, area: area, person: actor?.person, file: shown, at: now, transaction)
        }
        return id
    }

    /// Takes the pieces of the file; `finish` has them looked at.
    func sink(_ id: ImportID) -> PartsSink { PartsSink(owner: id.raw, database: database, secrets: secrets) }

    /// Takes a whole file, and has it looked at.
    package func take(_ source: any ByteSource, into id: ImportID) async throws {
        var sink = sink(id)
        var at = 0
        while at < source.count {
            let bytes = try await source.read(at: at, count: PartsSource.pieceBytes)
            try await sink.add(bytes)
            at += bytes.count
        }
        try await sink.finish()
        try await received(id, bytes: sink.count, by: nil)
    }

    package func record(_ id: ImportID) async throws -> ImportRecord {
        try await database.read { try load(id, nil, $0) }
    }

    package func received(_ id: ImportID, bytes: Int, by actor: Actor?) async throws {
        let now = world.now()
        guard bytes > 0 else {
            try await drop(id, by: nil, from: .receiving)
            throw ImportRefusal.noFile
        }
        try await database.write { transaction in
            guard let record = try ImportStore.load(id, transaction) else { throw ImportRefusal.notFound }
            try ImportStore.received(id, bytes: bytes, at: now, transaction)
            try schedule(record, "look", at: now, transaction)
            try audit(record, "import.upload", actor, at: now, transaction)
        }
    }

    /// Says what the columns mean, and has every row checked.
    package func check(
        _ id: ImportID, _ setup: ImportSetup, saveAs name: String = "", by actor: Actor?
    ) async throws {
        let now = world.now()
        let mapping = world.nextID()
        guard name.unicodeScalars.count <= 40, TextRules.isPlain(name) else { throw ImportRefusal.badName }
        try await database.write { transaction in
            let record = try load(id, actor, transaction)
            guard record.status == .open || record.status == .checked else { throw ImportRefusal.notNow }
            try Self.prove(setup, record.kind)
            guard try ImportStore.move(id, from: record.status, to: .checking, at: now, transaction) else {
                throw ImportRefusal.notNow
            }
            let sample = try ImportStore.sample(id, transaction)
            try ImportStore.setSetup(id, setup, sample: sample, status: .checking, at: now, transaction)
            try ImportStore.reset(id, pass: 0, keepsTotal: false, transaction)
            if !name.isEmpty {
                try ImportStore.saveMapping(mapping, record.kind, record.area, name, setup, at: now, transaction)
            }
            guard let fresh = try ImportStore.load(id, transaction) else { throw ImportRefusal.notFound }
            try schedule(fresh, "check", at: now, transaction)
        }
    }

    /// Looks at the file again with another sheet or header.
    package func look(_ id: ImportID, _ setup: ImportSetup, by actor: Actor?) async throws {
        let now = world.now()
        try await database.write { transaction in
            let record = try load(id, actor, transaction)
            guard record.status == .open || record.status == .checked else { throw ImportRefusal.notNow }
            guard try ImportStore.move(id, from: record.status, to: .looking, at: now, transaction) else {
                throw ImportRefusal.notNow
            }
            try ImportStore.setSetup(id, setup, sample: nil, status: .looking, at: now, transaction)
            guard let fresh = try ImportStore.load(id, transaction) else { throw ImportRefusal.notFound }
            try schedule(fresh, "look", at: now, transaction)
        }
    }

    package func run(_ id: ImportID, by actor: Actor?) async throws {
        let now = world.now()
        try await database.write { transaction in
            let record = try load(id, actor, transaction)
            guard
                try record.status == .checked
                    && ImportStore.move(id, from: .checked, to: .running, at: now, transaction)
            else { throw ImportRefusal.notNow }
            try ImportStore.reset(id, pass: 0, keepsTotal: true, transaction)
            try schedule(record, "run", at: now, transaction)
            try audit(record, "import.run", actor, at: now, transaction)
        }
    }

    package func undo(_ id: ImportID, by actor: Actor?) async throws {
        let now = world.now()
        try await database.write { transaction in
            let record = try load(id, actor, transaction)
            guard
                try [.done, .failed].contains(record.status)
                    && ImportStore.move(id, from: record.status, to: .undoing, at: now, transaction)
            else { throw ImportRefusal.notNow }
            try schedule(record, "undo", at: now, transaction)
            try audit(record, "import.undo", actor, at: now, transaction)
        }
    }

    /// Gives up an import that was not run; its file goes at once.
    package func drop(_ id: ImportID, by actor: Actor?, from: ImportStatus? = nil) async throws {
        let now = world.now()
        try await database.write { transaction in
            let record = try load(id, actor, transaction)
            guard from == record.status || [.open, .checked, .failed].contains(record.status),
                try ImportStore.move(id, from: record.status, to: .dropped, at: now, transaction)
            else { throw ImportRefusal.notNow }
            try ImportStore.forgetFile(id, transaction)
            try ImportStore.reset(id, pass: 0, keepsTotal: true, transaction)
            try audit(record, "import.drop", actor, at: now, transaction)
        }
    }

    /// An import within reach: of one's own verb at its place.
    func load(_ id: ImportID, _ actor: Actor?, _ transaction: any ReadTransaction) throws -> ImportRecord {
        guard let record = try ImportStore.load(id, transaction) else { throw ImportRefusal.notFound }
        if let actor {
            guard let area = try record.area.flatMap({ try DirectoryStore.area($0, transaction) }),
                actor.may(record.kind.verb, at: area.path)
            else { throw ImportRefusal.notFound }
        }
        return record
    }

    private func schedule(
        _ record: ImportRecord, _ step: String, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try Jobs(nextID: world.nextID).schedule(
            kind: Self.job, area: record.area ?? AreaID(0), subject: record.id.raw, due: now,
            key: "\(record.id.text)-\(step)-\(record.edition)", payload: step, transaction)
    }

    func audit(
        _ record: ImportRecord, _ verb: String, _ actor: Actor?, _ detail: String = "", at now: Instant,
        _ transaction: any WriteTransaction
    ) throws {
        let path = try record.area.flatMap { try DirectoryStore.area($0, transaction)?.path }
        try journal.audit(
            AuditEntry(
                area: record.area ?? AreaID(0), actor: actor?.person ?? record.person,
                post: path.flatMap { actor?.post(for: record.kind.verb, at: $0)?.id }, verb: verb,
                subject: record.id.raw, detail: detail), at: now, transaction)
    }

    /// Needed fields have columns, and no column means two things.
    static func prove(_ setup: ImportSetup, _ kind: ImportKind) throws {
        for field in kind.required where setup[field] == nil {
            throw ImportRefusal.badMapping("column-\(field.rawValue)")
        }
        var used = Set<Int>()
        for field in kind.fields {
            guard let column = setup[field] else { continue }
            guard (0..<512).contains(column), used.insert(column).inserted else {
                throw ImportRefusal.badMapping("column-\(field.rawValue)")
            }
        }
        guard setup.headerLine > 0 else { throw ImportRefusal.badMapping("header") }
        if kind == .areas, setup[.level] == nil, AreaLevel(rawValue: setup.level) == nil {
            throw ImportRefusal.badMapping("level")
        }
    }
}

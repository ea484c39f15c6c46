import Directory
import Kernel
import Storage
import Web

/// Does the long works as leased jobs: the copy of everything that is held about somebody, the closing of accounts, the
/// day's run of the periods. Every step is one transaction that also proves that the job is still this worker's: who was
/// overtaken changes nothing more, and whoever comes after a killed worker goes on.
package struct PrivacyWork: Sendable {
    package static let copyJob = "privacy.copy"
    package static let closeJob = "privacy.close"
    package static let periodJob = "privacy.periods"
    package static let leaseMs: Int64 = 60_000
    /// Rows that one transaction reads, erases or deletes.
    package static let batch = 200
    static let pieceBytes = 1 << 17

    /// Another way into the data, for tests that interrupt.
    package var database: any Database
    let world: World
    let journal: any Journal
    let secrets: Secrets
    let sources: [PersonalDataSource]
    let classes: [RetentionClass]
    let tell: PrivacyTell

    /// Somebody else has the job by now.
    struct Superseded: Error {}

    var jobs: Jobs { Jobs(nextID: world.nextID) }

    /// Does one job if one is due. False when there was nothing to do.
    package func step(worker: String) async throws -> Bool {
        let now = world.now()
        // A quiet house writes nothing.
        let kinds = [Self.copyJob, Self.closeJob, Self.periodJob]
        guard let kind = try await database.read({ try jobs.due(kinds, at: now, $0) }) else { return false }
        let job = try await database.write {
            try jobs.claim(kind: kind, worker: worker, leaseMs: Self.leaseMs, limit: 1, at: now, $0).first
        }
        if let job { try await work(job) }
        return true
    }

    private func work(_ job: Job) async throws {
        do {
            switch job.kind {
            case Self.copyJob: try await copy(job)
            case Self.closeJob: try await close(job)
            default: try await sweep(job)
            }
        } catch is Superseded {
            return
        } catch {
            // Of storage and the like: the job is due again, and goes on. A copy that gave up is told, so that another
            // one can be asked for.
            let end = world.now()
            try await database.write { transaction in
                try jobs.fail(job, "\(type(of: error))", at: end, transaction)
                guard job.kind == Self.copyJob, job.attempt >= Jobs.maxAttempts else { return }
                let id = RequestID(job.subject)
                guard let request = try RequestStore.load(id, transaction),
                    try RequestStore.move(
                        id, from: .underWay, to: .refused, answer: Phrase.privacyCopyFailed.zh, at: end, transaction)
                else { return }
                try RequestStore.forgetFile(id, transaction)
                try tell(.answered, [], "/my/privacy", request.person, end, transaction)
            }
            throw error
        }
    }

    func hold(_ job: Job, _ transaction: any WriteTransaction) throws {
        guard try jobs.prolong(job, leaseMs: Self.leaseMs, at: world.now(), transaction) else { throw Superseded() }
    }

    func audit(
        _ verb: String, _ subject: Int64, _ detail: String, at area: AreaID, by person: PersonID?,
        _ transaction: any WriteTransaction
    ) throws {
        try journal.audit(
            AuditEntry(area: area, actor: person, verb: verb, subject: subject, detail: detail), at: world.now(),
            transaction)
    }

    // MARK: Copies

    private func copy(_ job: Job) async throws {
        let id = RequestID(job.subject)
        // What a killed worker left is thrown away: the file is of one moment's reader, from its first row to its last.
        let request = try await database.write { transaction -> PrivacyRequest? in
            try hold(job, transaction)
            try RequestStore.forgetFile(id, transaction)
            return try RequestStore.load(id, transaction)
        }
        guard let request, request.status == .underWay, let subject = request.subject else {
            return try await finish(job)
        }
        let isForKin = request.relative != nil
        let excluded =
            isForKin
            ? Set(try await database.read { try ArrangementStore.last(subject, $0).arrangement.excluded }) : []
        var file = PersonalFile(request, of: subject, at: world.now())
        for source in sources {
            // Of what a relative gets, nothing says anything about others or about membership of the party.
            for table in source.tables
            where !isForKin || (table.isForKin && !excluded.contains(table.name)) {
                file.begin(table)
                var after: Int64 = 0
                while true {
                    let bound = after
                    let rows = try await database.read { try table.read(subject, bound, Self.batch, $0) }
                    guard let last = rows.last, last.cursor > after else { break }
                    for row in rows where !isForKin || row.isForKin { file.add(row, of: table) }
                    after = last.cursor
                    if file.isFull { try await write(file.take(), request, job) }
                }
                file.end(table)
            }
        }
        file.finish(sources.flatMap(\.remains))
        try await write(file.take(), request, job)
        let now = world.now()
        let bytes = file.written[.json, default: 0]
        try await database.write { transaction in
            try hold(job, transaction)
            guard try RequestStore.move(id, from: .underWay, to: .done, at: now, transaction) else {
                throw Superseded()
            }
            try RequestStore.setFile(id, bytes: bytes, transaction)
            try audit("data.export", id.raw, "\(bytes)", at: request.area, by: request.person, transaction)
            try tell(.copyReady, [], "/my/privacy", request.person, now, transaction)
            guard try jobs.complete(job, at: now, transaction) else { throw Superseded() }
        }
    }

    private func finish(_ job: Job) async throws {
        let now = world.now()
        try await database.write { try jobs.complete(job, at: now, $0) }
    }

    private func write(_ pieces: [PersonalFile.Piece], _ request: PrivacyRequest, _ job: Job) async throws {
        let sealed = try pieces.map { piece in
            (piece, try secrets.sealPart(piece.bytes, of: request.id.raw, number: piece.place))
        }
        try await database.write { transaction in
            try hold(job, transaction)
            for (piece, bytes) in sealed {
                try RequestStore.addPiece(
                    request.id, piece.kind, piece.number, bytes: piece.bytes.count, bytes, transaction)
            }
        }
    }

    // MARK: Closings

    private func close(_ job: Job) async throws {
        let id = RequestID(job.subject)
        let now = world.now()
        let day = Zone.shanghai.day(of: now)
        let begun = try await database.write { transaction -> PrivacyRequest? in
            try hold(job, transaction)
            guard let request = try RequestStore.load(id, transaction), request.status.isOpen,
                let subject = request.subject
            else { return nil }
            if request.status == .waiting {
                if request.relative != nil, let why = try stop(subject, day, at: request.area, now, transaction) {
                    _ = try RequestStore.move(
                        id, from: .waiting, to: .refused, answer: why.text(request.language), at: now, transaction)
                    try audit("privacy.relative.refuse", id.raw, why.en, at: request.area, by: nil, transaction)
                    try tell(.answered, [], "/my/privacy", request.person, now, transaction)
                    return nil
                }
                // Somebody who was given a post since then hands it over first.
                guard try DirectoryStore.posts(of: subject, on: day, transaction).isEmpty else {
                    _ = try RequestStore.move(
                        id, from: .waiting, to: .refused, answer: Phrase.refusePostsFirst.text(request.language),
                        at: now, transaction)
                    try tell(.answered, [], "/my/privacy", request.person, now, transaction)
                    return nil
                }
                guard try RequestStore.move(id, from: .waiting, to: .underWay, at: now, transaction) else {
                    throw Superseded()
                }
            }
            return request
        }
        guard let request = begun, let subject = request.subject else { return try await finish(job) }
        // Erasing again changes nothing, so after a killed worker all of them are asked once more.
        for source in sources {
            var count = Int.max
            while count > 0 {
                count = try await database.write { transaction in
                    try hold(job, transaction)
                    let touched = try source.erase(subject, now, Self.batch, transaction)
                    if touched > 0 {
                        try RequestStore.count(id, more: touched, transaction)
                        try audit(
                            "data.erase", id.raw, "\(source.name) \(touched)", at: request.area, by: nil, transaction)
                    }
                    return touched
                }
            }
        }
        let end = world.now()
        try await database.write { transaction in
            try hold(job, transaction)
            guard try RequestStore.move(id, from: .underWay, to: .done, at: end, transaction) else {
                throw Superseded()
            }
            try audit("account.closed", id.raw, "", at: request.area, by: nil, transaction)
            if request.relative != nil { try tell(.answered, [], "/my/privacy", request.person, end, transaction) }
            guard try jobs.complete(job, at: end, transaction) else { throw Superseded() }
        }
    }

    /// What came up in the pause against deleting the data of a person who died: they had written down that nobody may
    /// ask, they hold a post, or a child of theirs has no other adult at home. Otherwise the children are handed over.
    private func stop(
        _ dead: PersonID, _ day: Day, at area: AreaID, _ now: Instant, _ transaction: any WriteTransaction
    ) throws -> Phrase? {
        if try ArrangementStore.last(dead, transaction).arrangement.nobody { return .kinArranged }
        if try !DirectoryStore.posts(of: dead, on: day, transaction).isEmpty { return .refuseDeadPosts }
        guard let given = try Deceased.handOver(childrenOf: dead, on: day, transaction) else {
            return .refuseDeadGuardian
        }
        for (child, next) in given {
            try audit("minor.handOver", child.raw, "\(dead.text) \(next.text)", at: area, by: nil, transaction)
            try tell(.ward, [], "/my/household", next, now, transaction)
        }
        return nil
    }

    // MARK: Periods

    /// Makes the day's run due, once a day whoever asks.
    package func schedule() async throws {
        let now = world.now()
        let day = Zone.shanghai.day(of: now)
        let key = day.description
        guard try await database.read({ try !jobs.isKnown(kind: Self.periodJob, key: key, $0) }) else { return }
        try await database.write {
            try jobs.schedule(
                kind: Self.periodJob, area: AreaID(0), subject: Int64(day.number), due: now, key: key, $0)
        }
    }

    private func sweep(_ job: Job) async throws {
        let now = world.now()
        for one in classes {
            var count = Int.max
            while count > 0 {
                count = try await database.write { transaction in
                    try hold(job, transaction)
                    let days = try PeriodStore.days(one, on: Zone.shanghai.day(of: now), transaction)
                    let before = now.adding(days: -Int(days))
                    let swept = try one.sweep(before, Self.batch, transaction)
                    // In the same transaction: the log counts what went, no more and no less.
                    if swept.count > 0 {
                        try PeriodStore.log(
                            run: job.subject, one.name, swept, before: before, at: now, transaction)
                    }
                    return swept.count
                }
            }
        }
        let end = world.now()
        try await database.write { transaction in
            guard try jobs.complete(job, at: end, transaction) else { throw Superseded() }
        }
    }
}

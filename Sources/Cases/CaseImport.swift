import Directory
import Kernel
import Storage
import Tables

/// Why a whole import stops before it begins. Told to the operator.
package enum ImportFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case mapping(String)
    case noHeader
    case notUTF8
    case missingColumn(String, [String])
    case noArea(String)
    case notAnEstate(String)
    case unknownCategory(String)

    package var description: String {
        switch self {
        case .mapping(let what): "the mapping is not right: \(what)"
        case .noHeader: "the file has no header"
        case .notUTF8:
            "the file is not UTF-8; if it is GB18030, convert it first: iconv -f GB18030 -t UTF-8 FILE > NEW"
        case .missingColumn(let name, let all): "the file has no column \(name); it has \(all.joined(separator: ", "))"
        case .noArea(let name): "no estate is called \(name), or several are; give its id as area"
        case .notAnEstate(let name): "\(name) is no estate"
        case .unknownCategory(let code): "types: there is no category \(code)"
        }
    }
}

package struct ImportSummary: Sendable, Hashable {
    /// Rows read, without the header.
    package var rows = 0
    package var kept = 0
    /// Of those kept.
    package var contradictory = 0
    package var rejected = 0
    /// They were there already.
    package var skipped = 0
}

/// A row that could not be kept.
package struct RejectedRow: Sendable, Hashable {
    package let line: Int
    package let reason: String
    package let raw: String
}

/// Brings the rows of a CSV file in as cases. Nobody is notified, nothing is warned of or escalated, no clock is
/// watched. A thousand rows are one transaction, in which the names of the rows are kept too: a run that was killed goes
/// on where it stopped, and a second run finds everything there.
package struct CaseImport: Sendable {
    package static let batchRows = 1_000
    /// More types than these share one category.
    static let maxTypes = 1_000
    static let categoryPrefix = "imported:"

    private let database: any Database
    private let world: World
    private let journal: any Journal
    private let mapping: ImportMapping
    package let source: String
    private let area: AreaID
    private let place: CasePlace
    private let about: OrganisationID?
    private var categories: [String: Category]
    /// How many categories imports have made, in all.
    private var ownCategories: Int

    private var reader = CSVReader()
    private var columns: Columns?
    private var pending: [ImportedRow] = []
    private var seen: [String: Int] = [:]
    private var terms: [String: [String]] = [:]
    private var lastLine = 0
    package private(set) var summary = ImportSummary()
    private var rejected: [RejectedRow] = []
    /// Columns of the mapping that the file does not have and that can be left out.
    package private(set) var absent: [String] = []

    /// - Parameter file: the name of the file without endings, for `{file}` in the mapping's source.
    package init(
        _ mapping: ImportMapping, file: String, database: any Database, world: World, journal: any Journal
    ) async throws {
        self.database = database
        self.world = world
        self.journal = journal
        self.mapping = mapping
        source = mapping.source.split(separator: "{file}", omittingEmptySubsequences: false).joined(separator: file)
        let found = try await database.read { transaction in
            let area = try Self.area(mapping, transaction)
            let place = try CaseActions.place(of: DirectoryStore.chain(of: area.id, transaction), words: "")
            var categories: [String: Category] = [:]
            let all = try CaseHistoryStore.dictionary(transaction)
            for (type, code) in mapping.types {
                guard let one = all.first(where: { $0.code == code }) else {
                    throw ImportFailure.unknownCategory(code)
                }
                categories[type] = one
            }
            return (
                area: area.id, place: place, categories: categories,
                about: try CaseActions.propertyFamily(place.path, transaction)
            )
        }
        (area, place, categories, about) = (found.area, found.place, found.categories, found.about)
        ownCategories = 0
    }

    private static func area(_ mapping: ImportMapping, _ transaction: any ReadTransaction) throws -> Area {
        if let text = mapping.area {
            guard let id = AreaID(text: text), let area = try DirectoryStore.area(id, transaction) else {
                throw ImportFailure.noArea(text)
            }
            guard area.level == .estate else { throw ImportFailure.notAnEstate(area.name) }
            return area
        }
        guard let name = mapping.areaName else { throw ImportFailure.mapping("area or area_name is missing") }
        let named = try DirectoryStore.estates(under: .root, limit: 100_000, transaction).filter { $0.name == name }
        guard let area = named.first, named.count == 1 else { throw ImportFailure.noArea(name) }
        return area
    }

    // MARK: Reading

    /// Takes more bytes of the file and keeps each thousand rows as they are complete.
    package mutating func feed(_ bytes: [UInt8]) async throws {
        reader.feed(bytes)
        try await read()
    }

    /// The file is over: keeps the rest, and tells the house once.
    @discardableResult
    package mutating func finish() async throws -> ImportSummary {
        reader.finish()
        try await read()
        guard columns != nil else { throw ImportFailure.noHeader }
        try await flush()
        let (source, area, place, journal, now) = (source, area, place, journal, world.now())
        try await database.write { transaction in
            guard try CaseImportStore.finish(source, at: now, transaction) else { return }
            let run = try CaseImportStore.run(source, transaction)
            try journal.audit(
                AuditEntry(
                    area: area, actor: nil, verb: "case.import", subject: area.raw,
                    detail: "\(source) \(run?.kept ?? 0)"), at: now, transaction)
            try journal.emit(
                OutboxEvent(kind: "case.imported", area: area, subject: area.raw, payload: place.path.text), at: now,
                transaction)
        }
        return summary
    }

    /// The rows that were rejected since this was asked last.
    package mutating func takeRejected() -> [RejectedRow] {
        defer { rejected.removeAll() }
        return rejected
    }

    private mutating func read() async throws {
        while let item = reader.next() {
            guard let columns else {
                try header(item)
                continue
            }
            summary.rows += 1
            switch item {
            case .bad(let line, let fault, let raw):
                reject(line, Self.words(fault), raw)
            case .record(let record):
                lastLine = record.line
                do {
                    pending.append(try row(record, columns))
                } catch let reason as RowFault {
                    reject(record.line, reason.words, record.raw)
                }
            }
            if pending.count == Self.batchRows { try await flush() }
        }
    }

    private mutating func reject(_ line: Int, _ reason: String, _ raw: String) {
        lastLine = line
        summary.rejected += 1
        rejected.append(RejectedRow(line: line, reason: reason, raw: raw))
    }

    private static func words(_ fault: CSVReader.Fault) -> String {
        switch fault {
        case .fieldTooLong: "a field is longer than \(CSVReader.maxFieldBytes) bytes"
        case .rowTooLong: "the row is longer than \(CSVReader.maxRowBytes) bytes"
        case .openQuote: "a quote is not closed"
        case .textAfterQuote: "text after a closing quote"
        case .notUTF8: "not UTF-8"
        case .nul: "holds a NUL character"
        }
    }

    // MARK: Rows

    private struct Columns {
        let count: Int
        let external: Int
        let opened: Int
        let closed: Int?
        let title: Int?
        let body: [(name: String, index: Int)]
        let type: Int?
        let place: Int?
        let status: Int?
        let channel: Int?
        let target: Int?
        let verdict: Int?
    }

    private struct RowFault: Error {
        let words: String
    }

    private struct ImportedRow: Sendable {
        let origin: CaseImportStore.Origin
        let opened: Instant
        let closed: Instant?
        let isClosed: Bool
        let contradictory: Bool
        let title: String
        let body: String
        let type: String
        let place: String
    }

    private mutating func header(_ item: CSVReader.Item) throws {
        guard case .record(let record) = item else {
            if case .bad(_, .notUTF8, _) = item { throw ImportFailure.notUTF8 }
            // UTF-16 has a NUL in every other place.
            if case .bad(_, .nul, _) = item { throw ImportFailure.notUTF8 }
            throw ImportFailure.noHeader
        }
        let names = (0..<record.count).map { record.text($0) }
        var absent: [String] = []
        func required(_ name: String) throws -> Int {
            guard let index = names.firstIndex(of: name) else { throw ImportFailure.missingColumn(name, names) }
            return index
        }
        func optional(_ name: String?) -> Int? {
            guard let name else { return nil }
            guard let index = names.firstIndex(of: name) else {
                absent.append(name)
                return nil
            }
            return index
        }
        let map = mapping.columns
        columns = Columns(
            count: names.count, external: try required(map.external), opened: try required(map.opened),
            closed: optional(map.closed), title: try map.title.map(required),
            body: try map.body.map { ($0, try required($0)) }, type: optional(map.type), place: optional(map.place),
            status: optional(map.status), channel: optional(map.channel), target: optional(map.target),
            verdict: optional(map.verdict))
        self.absent = absent
    }

    private mutating func row(_ record: CSVReader.Record, _ columns: Columns) throws -> ImportedRow {
        guard record.count == columns.count else {
            throw RowFault(words: "\(record.count) columns instead of \(columns.count)")
        }
        func text(_ index: Int?) -> String { index.map { Self.trimmed(record.text($0)) } ?? "" }
        func moment(_ index: Int?, _ name: String) throws -> Instant? {
            let words = text(index)
            if words.isEmpty { return nil }
            guard let instant = Self.moment(words, mapping.time.zone) else {
                throw RowFault(words: "\(name): unreadable date")
            }
            return instant
        }
        let external = text(columns.external)
        guard (1...120).contains(external.utf8.count) else {
            throw RowFault(words: external.isEmpty ? "no id" : "the id is longer than 120 bytes")
        }
        guard let opened = try moment(columns.opened, mapping.columns.opened) else {
            throw RowFault(words: "\(mapping.columns.opened): unreadable date")
        }
        let closed = try moment(columns.closed, mapping.columns.closed ?? "")
        let target = try moment(columns.target, mapping.columns.target ?? "")
        if let line = seen[external] { throw RowFault(words: "the id stands in line \(line) already") }
        seen[external] = record.line
        let status = text(columns.status)
        let saysOpen = mapping.status.open.contains(status)
        let isClosed = mapping.status.closed.contains(status) || (closed != nil && !saysOpen)
        let verdict = text(columns.verdict)
        let words = Self.words(
            title: text(columns.title), type: text(columns.type), place: text(columns.place),
            body: columns.body.count == 1
                ? text(columns.body[0].index)
                : columns.body.compactMap { name, index in
                    let part = text(index)
                    return part.isEmpty ? nil : "\(name): \(part)"
                }.joined(separator: "\n"))
        return ImportedRow(
            origin: .init(
                external: external, line: record.line, channel: text(columns.channel), target: target,
                verdict: mapping.verdict.kept.contains(verdict)
                    ? true : mapping.verdict.missed.contains(verdict) ? false : nil),
            opened: opened, closed: closed, isClosed: isClosed,
            // Closed before it was opened, or said to be open with a closing time.
            contradictory: closed.map { $0 < opened || saysOpen } ?? false, title: words.title, body: words.body,
            type: text(columns.type), place: words.place)
    }

    /// Short ones for the lists; what does not fit there stays in the body, so nothing is lost.
    static func words(
        title: String, type: String, place: String, body: String
    ) -> (title: String, place: String, body: String) {
        var more: [String] = []
        func fit(_ text: String, _ limit: Int) -> String {
            guard text.utf8.count > limit, text.unicodeScalars.count > limit else { return text }
            more.append(text)
            return String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit - 1))) + "…"
        }
        var head = title.isEmpty ? type : title
        if head.isEmpty { head = CaseActions.title(body) }
        head = fit(head.isEmpty ? "—" : head, CaseBounds.title.upperBound)
        let spot = fit(place, CaseBounds.place.upperBound)
        if !body.isEmpty { more.append(body) }
        return (head, spot, more.isEmpty ? head : more.joined(separator: "\n"))
    }

    private static func trimmed(_ text: String) -> String {
        guard let first = text.utf8.first, let last = text.utf8.last else { return text }
        // Spaces, tabs and line ends, or the first byte of wide and other Unicode space.
        func mayBeSpace(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0xE3 || byte == 0xC2 || byte == 0x80 }
        guard mayBeSpace(first) || mayBeSpace(last) else { return text }
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }

    /// `2015-01-01T00:20:09`, `2015-01-01 00:20:09` or without seconds.
    static func moment(_ text: String, _ zone: Zone) -> Instant? {
        let bytes = Array(text.utf8)
        guard bytes.count == 19 || bytes.count == 16, bytes[4] == 0x2D, bytes[7] == 0x2D,
            bytes[10] == 0x54 || bytes[10] == 0x20, bytes[13] == 0x3A, bytes.count == 16 || bytes[16] == 0x3A
        else { return nil }
        var isNumber = true
        func number(_ from: Int, _ count: Int) -> Int {
            var value = 0
            for at in from..<(from + count) {
                if bytes[at] < 48 || bytes[at] > 57 { isNumber = false }
                value = value * 10 + Int(bytes[at] & 15)
            }
            return value
        }
        let (year, month, date) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second) = (number(11, 2), number(14, 2), bytes.count == 19 ? number(17, 2) : 0)
        guard isNumber, hour < 24, minute < 60, second < 60, let day = Day(year: year, month: month, day: date) else {
            return nil
        }
        let instant = zone.instant(day, msOfDay: Int64((hour * 60 + minute) * 60 + second) * 1000)
        return Instant.accepted.contains(instant) ? instant : nil
    }

    // MARK: Keeping

    private struct Outcome: Sendable {
        var kept = 0
        var contradictory = 0
        var skipped = 0
        var made: [String: Category] = [:]
    }

    private mutating func flush() async throws {
        guard !pending.isEmpty else { return }
        let rows = pending.map { ($0, index(of: $0)) }
        let now = world.now()
        let (fixed, line) = (self, lastLine)
        let outcome = try await database.write { try fixed.keep(rows, line, at: now, $0) }
        pending.removeAll(keepingCapacity: true)
        categories.merge(outcome.made) { _, new in new }
        ownCategories += outcome.made.count
        summary.kept += outcome.kept
        summary.contradictory += outcome.contradictory
        summary.skipped += outcome.skipped
    }

    /// Many rows of a source say the same, so the terms of what was said are remembered.
    private mutating func index(of row: ImportedRow) -> [String] {
        let words = "\(row.title) \(row.body) \(row.place.isEmpty ? place.words : row.place)"
        guard words.utf8.count < 400 else { return TextTerms.index(words) }
        if let known = terms[words] { return known }
        let made = TextTerms.index(words)
        if terms.count > 20_000 { terms.removeAll() }
        terms[words] = made
        return made
    }

    /// One transaction. Has no effect outside it, because it may run twice.
    private func keep(
        _ rows: [(ImportedRow, [String])], _ line: Int, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Outcome {
        var outcome = Outcome()
        let known = try CaseImportStore.known(source, rows.map(\.0.origin.external), transaction)
        let fresh = rows.filter { !known.contains($0.0.origin.external) }
        outcome.skipped = rows.count - fresh.count
        guard !fresh.isEmpty else { return outcome }
        outcome.kept = fresh.count

        var opened: [Day: Int] = [:]
        var struck: [Day: Int] = [:]
        for (row, _) in fresh {
            opened[Zone.shanghai.day(of: row.opened), default: 0] += 1
            if row.isClosed, let closed = row.closed { struck[Zone.shanghai.day(of: closed), default: 0] += 1 }
        }
        var numbers: [Day: (prefix: String, next: Int64)] = [:]
        for (day, count) in opened {
            let first = try CaseImportStore.numbers(estate: place.estate, day: day, count: count, transaction)
            let (_, month, date) = day.civil
            numbers[day] = (Self.two(month) + Self.two(date), first)
            try CaseImportStore.count(place, .reported, day: day, by: count, transaction)
        }
        for (day, count) in struck {
            try CaseImportStore.count(place, .struckOff, day: day, by: count, transaction)
        }

        var cases: [CaseRecord] = []
        var origins: [(CaseImportStore.Origin, CaseID)] = []
        var events: [(CaseEvent, CaseID)] = []
        cases.reserveCapacity(fresh.count)
        for (row, _) in fresh {
            let category = try category(row.type, &outcome.made, transaction)
            let day = Zone.shanghai.day(of: row.opened)
            let number = numbers[day] ?? ("0000", 0)
            numbers[day] = (number.prefix, number.next + 1)
            let c = record(row, category, number: "\(number.prefix)-\(Self.two(Int(number.next)))")
            if c.contradictory { outcome.contradictory += 1 }
            cases.append(c)
            origins.append((row.origin, c.id))
            for step in Self.steps(row) {
                events.append(
                    (
                        CaseEvent(
                            id: world.nextID(), at: step.at, kind: step.kind, actor: nil, actorName: "",
                            party: step.party, holder: step.holder,
                            words: step.kind == .reported ? row.origin.channel : "", open: true, round: 1), c.id
                    ))
            }
        }
        try CaseImportStore.insert(cases, transaction)
        try CaseImportStore.insert(events, transaction)
        try CaseImportStore.insert(origins, source: source, transaction)
        for (c, row) in zip(cases, fresh) { try CaseMigrations.text.add(c.id.raw, row.1, transaction) }
        // Complaints about an organisation are counted apart, as everywhere.
        for group in Dictionary(grouping: cases.filter({ $0.queue == .intake }), by: \.about).values {
            if let first = group.first { try CaseStore.tally(first, .intake, by: Int64(group.count), transaction) }
        }
        try CaseImportStore.progress(
            source, area: area, line: line, kept: outcome.kept, contradictory: outcome.contradictory, at: now,
            transaction)
        return outcome
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// The case of a row. Never urgent, so the night's alarm does not ring for it, and without any due.
    private func record(_ row: ImportedRow, _ category: Category, number: String) -> CaseRecord {
        var place = place
        if !row.place.isEmpty { place.words = row.place }
        var clocks = CaseClocks()
        if row.isClosed, !row.contradictory, let closed = row.closed, let target = row.origin.target {
            clocks.feedback = .init(due: target, stopped: closed)
        }
        let end = row.isClosed ? row.closed : nil
        return CaseRecord(
            id: world.id(), number: number, place: place, category: category.id, kind: category.kind, urgency: .normal,
            level: .estate, status: row.isClosed ? .struckOff : .reported, suspended: false,
            queue: row.isClosed ? .none : .intake, soon: false, channel: .imported, title: row.title, body: row.body,
            reporter: nil, reporterName: "", contactMasked: "", holder: .community, leadParty: category.party,
            assisting: [], about: category.kind == .complaint ? about : nil, assignee: nil, assigneePost: nil,
            assigneeName: "", assigneeParty: nil, promise: nil, round: 1, registered: row.opened, solved: end,
            fedBack: nil, closed: end, rated: 0, clocks: clocks, imported: true, contradictory: row.contradictory,
            trace: Self.steps(row).reduce("") { TraceStep.join($0, $1) }, version: 1, mergedInto: nil)
    }

    private static func steps(_ row: ImportedRow) -> [TraceStep] {
        var steps = [TraceStep(at: row.opened, kind: .reported, party: .resident, holder: .community)]
        // The score does not draw time that runs backwards.
        if row.isClosed, !row.contradictory, let closed = row.closed {
            steps.append(TraceStep(at: closed, kind: .struckOff, party: .community, holder: .community))
        }
        return steps
    }

    private func category(
        _ type: String, _ made: inout [String: Category], _ transaction: any WriteTransaction
    ) throws -> Category {
        if let known = categories[type] ?? made[type] { return known }
        var code = Self.categoryPrefix
        if type.isEmpty || type.utf8.count > 120 || ownCategories + made.count >= Self.maxTypes {
            code += "other"
        } else {
            code += type
        }
        if let id = try CaseImportStore.category(code: code, transaction),
            let found = try CaseHistoryStore.category(id, transaction)
        {
            made[type] = found
            return found
        }
        let name = code == Self.categoryPrefix + "other" ? nil : type
        let category = Category(
            id: world.id(), code: code, kind: mapping.newTypes, zh: name ?? Phrase.channelImported.zh,
            en: name ?? Phrase.channelImported.en,
            party: .community, urgency: .normal, hints: "", fastLane: false)
        try CaseHistoryStore.insert(category, transaction)
        made[type] = category
        return category
    }
}

import Cases
import Directory
import Kernel
import Storage
import Tables
import Web

/// A row that was not taken, and why.
package struct RefusedRow: Sendable {
    package let line: Int
    package let number: String
    package let why: Message
}

/// What an import did, row by row.
package struct TransferImport: Sendable {
    package var rows = 0
    package var new = 0
    package var extended = 0
    package var visited = 0
    package var known = 0
    package var refused: [RefusedRow] = []
}

/// The columns of the hot line's table, by the names that cities give them.
enum TransferField: String, CaseIterable {
    case number, received, due, grade, words, place, estate, name, phone, category, visited, reached, solved, satisfied
}

/// Reads tables of orders and writes tables of answers.
package struct TransferSheet: Sendable {
    let desk: TransferDesk
    let book: CaseBook

    /// Of a file; a day's orders of a county are some hundreds.
    package static let rows = 5_000
    package static let bytes = 16 << 20

    /// `2026-11-21 9:30`, with `T` or seconds or without a time, days with `/` or `.`: as programs and people write it.
    static func moment(_ text: String, endOfDay: Bool) -> Instant? {
        let parts = text.split { $0 == " " || $0 == "T" || $0 == "\u{3000}" }
        guard let first = parts.first, parts.count <= 2 else { return nil }
        let numbers = first.split { TransferNames.dayMarks.contains($0) }.map { Int($0) }
        guard numbers.count == 3, let year = numbers[0], let month = numbers[1], let date = numbers[2],
            let day = Day(year: year, month: month, day: date), (2000...2199).contains(year)
        else { return nil }
        guard parts.count == 2 else {
            return Zone.shanghai.instant(endOfDay ? day.adding(1) : day)
        }
        // A time of another zone is no time here: `Z` and `+00:00` are refused, not read as Chinese time.
        guard parts[1].allSatisfy({ $0.isASCII && $0.isNumber || $0 == ":" || $0 == "." }) else { return nil }
        let time = parts[1].split(separator: ":").map { Int($0.prefix { $0 != "." }) }
        guard (2...3).contains(time.count), time.allSatisfy({ $0 != nil }), let hour = time[0], (0..<24).contains(hour),
            let minute = time[1],
            (0..<60).contains(minute)
        else { return nil }
        return Zone.shanghai.instant(day, hour: hour, minute: minute)
    }

    static func finding(_ text: String) throws -> VisitFinding {
        if text.isEmpty { return .unknown }
        let plain = HeaderGuess.plain(text)
        if TransferNames.yes.contains(plain) { return .yes }
        if TransferNames.no.contains(plain) { return .no }
        throw TransferRefusal.badChoice("solved")
    }

    /// Every row is taken by itself: a bad one is named and holds up no other, and the same file once more changes
    /// nothing.
    package func take(
        _ source: any ByteSource, _ kind: TransferKind, from sender: String, area: AreaID, by actor: Actor
    ) async throws -> TransferImport {
        let format = try await TableFormat.detect(source)
        let reader = try await TableReader(source, format)
        var head: [TableRow] = []
        while head.count < HeaderGuess.depth, let row = try await reader.next() { head.append(row) }
        let fields = TransferField.allCases.map { (name: $0.rawValue, called: TransferNames.columns[$0] ?? []) }
        let guess = HeaderGuess(head, fields: fields)
        guard guess.columns["number"] != nil, guess.columns["words"] != nil || guess.columns["solved"] != nil else {
            throw TransferRefusal.noHeader
        }
        let scope = try actor.scope(.caseRegister)
        let (estates, standing) = (
            try await desk.database.read { try DirectoryStore.areas(in: scope, levels: 6...6, limit: 5_000, $0) },
            try await book.current(at: desk.world.now())
        )
        // A name that two estates have names neither.
        let places = Dictionary(estates.map { ($0.name, AreaID?.some($0.id)) }) { _, _ in nil }
        var result = TransferImport()
        var waiting = head.dropFirst(guess.row + 1)
        while true {
            guard let row = waiting.isEmpty ? try await reader.next() : waiting.removeFirst() else { break }
            // What came before is taken, and told; the rest is for another file.
            guard result.rows < Self.rows else {
                result.refused.append(
                    RefusedRow(
                        line: row.line, number: "", why: TransferRefusal.tooManyRows(String(Self.rows)).message))
                break
            }
            result.rows += 1
            func cell(_ field: TransferField) -> String {
                guard let column = guess.columns[field.rawValue] else { return "" }
                return row[column].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
            do {
                guard row.fault == nil else { throw TransferRefusal.badWords("words") }
                let number = cell(.number)
                if cell(.words).isEmpty, let visit = try visit(cell) {
                    try await found(visit, kind, sender, number, actor)
                    result.visited += 1
                    continue
                }
                let estate = cell(.estate)
                guard let place = estate.isEmpty ? area : places[estate] ?? nil else {
                    throw TransferRefusal.badChoice("estate")
                }
                var new = NewTransfer(
                    kind: kind, source: sender, number: number, area: place,
                    grade: try grade(cell(.grade), kind), received: try moment(cell(.received), .received),
                    words: cell(.words))
                if !cell(.due).isEmpty { new.due = try moment(cell(.due), .due) }
                (new.place, new.name, new.phone) = (cell(.place), String(cell(.name).prefix(40)), cell(.phone))
                new.category = category(cell(.category), standing.categories)
                switch try await desk.take(new, by: actor).what {
                case .new: result.new += 1
                case .extended: result.extended += 1
                case .known: result.known += 1
                }
                if let visit = try visit(cell) {
                    try await found(visit, kind, sender, number, actor)
                    result.visited += 1
                }
            } catch let refusal as any Refusal {
                result.refused.append(RefusedRow(line: row.line, number: cell(.number), why: refusal.message))
            }
        }
        return result
    }

    private func grade(_ text: String, _ kind: TransferKind) throws -> TransferGrade {
        if kind == .letter { return .letter }
        if text.isEmpty { return .general }
        let plain = HeaderGuess.plain(text)
        guard let found = TransferNames.grades.first(where: { $0.value.contains(plain) || $0.key.code == plain }) else {
            throw TransferRefusal.badChoice("grade")
        }
        return found.key
    }

    private func moment(_ text: String, _ field: TransferField) throws -> Instant {
        guard let moment = Self.moment(text, endOfDay: field == .due) else {
            throw TransferRefusal.badTime(field.rawValue)
        }
        return moment
    }

    private func category(_ text: String, _ all: [Category]) -> CategoryID? {
        guard !text.isEmpty else { return nil }
        return all.first { $0.zh == text || $0.en == text || $0.code == text }?.id
    }

    private func visit(_ cell: (TransferField) -> String) throws -> Visit? {
        guard !cell(.solved).isEmpty || !cell(.satisfied).isEmpty || !cell(.reached).isEmpty else { return nil }
        return Visit(
            at: cell(.visited).isEmpty ? desk.world.now() : try moment(cell(.visited), .visited),
            reached: try Self.finding(cell(.reached)), solved: try Self.finding(cell(.solved)),
            satisfied: try Self.finding(cell(.satisfied)))
    }

    private func found(
        _ visit: Visit, _ kind: TransferKind, _ sender: String, _ number: String, _ actor: Actor
    ) async throws {
        let known = try await desk.database.read {
            try TransferStore.numbered(.incoming, kind, sender, number, $0)
        }
        guard let known else { throw TransferRefusal.notFound }
        // A visit that is known already is not another.
        guard known.visited == nil || known.solved != visit.solved || known.satisfied != visit.satisfied else { return }
        try await desk.visit(known.id, visit, was: nil, by: actor)
    }

    /// The answers of one file, as the hot line takes them.
    package static func answers(
        _ rows: [(transfer: Transfer, number: String)], _ format: TableFileFormat, _ words: Words
    ) -> [UInt8] {
        var writer = TableWriter(
            format, name: "answers",
            header: [
                words(.transferNumber), words(.transferReceived), words(.transferDue), words(.transferCase),
                words(.transferAnsweredAt), words(.transferInTime), words(.transferAnswer),
            ])
        for (t, number) in rows {
            let answered = t.answered ?? t.received
            writer.add([
                .text(t.number), .moment(t.received), .moment(t.due), .text(number), .moment(answered),
                .text(words(t.isLate(at: answered) ? .transferLate : .transferKept)), .text(t.answer),
            ])
        }
        writer.finish()
        return writer.take()
    }
}

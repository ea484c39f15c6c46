import Directory
import Kernel
import Storage

/// A line in which somebody reports and is appraised: the community's or the company's. A steward who is grid officer too
/// has both (A029, A032).
package struct ReportingLine: Sendable {
    package let person: PersonID
    package let party: Party
    package let superior: PersonID
    package let version: Int64
}

package struct Appraisal: Sendable {
    package let person: PersonID
    package let party: Party
    /// Such as `2026-Q1`.
    package let quarter: String
    package let score: Int64
    package let words: String
}

/// Every SQL word about reporting lines and appraisals.
package enum LineStore {
    static func lines(of people: [PersonID], _ transaction: any ReadTransaction) throws -> [ReportingLine] {
        guard !people.isEmpty else { return [] }
        let list = SQL.joined(Set(people).sorted().map { "\($0)" })
        return try transaction.query(
            """
            select person_id, party, superior_id, version from governance_line where person_id in (\(list))
            order by person_id, party
            """
        ) {
            ReportingLine(
                person: try $0.id(0), party: try $0.raw(1), superior: try $0.id(2), version: try $0.int(3))
        }
    }

    /// False when the line is another by now than the one that was seen; 0 for none.
    static func put(
        _ line: ReportingLine, id: Int64, was seen: Int64, by person: PersonID, at now: Instant,
        _ transaction: any WriteTransaction
    ) throws -> Bool {
        if seen == 0 {
            return try transaction.run(
                """
                insert into governance_line (id, person_id, party, superior_id, version, created_by, created_ms)
                values (\(id), \(line.person), \(line.party), \(line.superior), 1, \(person), \(now))
                on conflict do nothing
                """) == 1
        }
        return try transaction.run(
            """
            update governance_line set superior_id = \(line.superior), version = version + 1
            where person_id = \(line.person) and party = \(line.party) and version = \(seen)
            """) == 1
    }

    static func appraisals(of people: [PersonID], _ transaction: any ReadTransaction) throws -> [Appraisal] {
        guard !people.isEmpty else { return [] }
        let list = SQL.joined(Set(people).sorted().map { "\($0)" })
        return try transaction.query(
            """
            select person_id, party, quarter, score, words from governance_appraisal where person_id in (\(list))
            order by quarter desc, person_id, party
            """
        ) {
            Appraisal(
                person: try $0.id(0), party: try $0.raw(1), quarter: try $0.text(2), score: try $0.int(3),
                words: try $0.text(4))
        }
    }

    static func insert(
        _ a: Appraisal, id: Int64, by person: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            insert into governance_appraisal (id, person_id, party, quarter, score, words, created_by, created_ms)
            values (\(id), \(a.person), \(a.party), \(a.quarter), \(a.score), \(a.words), \(person), \(now))
            on conflict do nothing
            """) == 1
    }
}

extension GovernanceDesk {
    /// Says to whom somebody reports in a line. Both hold a post on that side that reaches the same place; nobody reports
    /// to themselves or in a circle.
    package func setLine(_ line: ReportingLine, was seen: Int64, by actor: Actor) async throws {
        guard let author = actor.person else { throw GovernanceRefusal.notFound }
        let (now, today, id) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (area, post) = try Self.steward(line.person, line.party, actor, on: today, transaction)
            guard line.person != line.superior else { throw GovernanceRefusal.sameSuperior }
            let above = try HeldPostStore.posts(of: line.superior, on: today, transaction)
            guard above.contains(where: { $0.party == line.party && $0.path.contains(area.path) }) else {
                throw GovernanceRefusal.badChoice("superior")
            }
            // Upwards from the superior: a bounded walk that must not come back.
            var next = line.superior
            for _ in 0..<32 {
                let found = try LineStore.lines(of: [next], transaction).first { $0.party == line.party }
                guard let found else { break }
                guard found.superior != line.person else { throw GovernanceRefusal.sameSuperior }
                next = found.superior
            }
            guard try LineStore.put(line, id: id, was: seen, by: author, at: now, transaction) else {
                throw GovernanceRefusal.changedMeanwhile
            }
            try audit(
                "line.set", line.person.raw, "\(line.party.rawValue) \(line.superior.text)", at: area, by: actor, post,
                transaction)
        }
    }

    /// One appraisal a quarter in each line, by the superior of that line alone.
    package func appraise(_ a: Appraisal, by actor: Actor) async throws {
        guard let author = actor.person else { throw GovernanceRefusal.notFound }
        _ = try Self.words(a.words, "words")
        let parts = a.quarter.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, let year = Int(parts[0]), (2000...2199).contains(year),
            ["Q1", "Q2", "Q3", "Q4"].contains(parts[1])
        else { throw GovernanceRefusal.badWords("quarter") }
        guard (0...100).contains(a.score) else { throw GovernanceRefusal.badNumber("score") }
        let (now, today, id) = (world.now(), today, world.nextID())
        try await database.write { transaction in
            let (area, post) = try Self.steward(a.person, a.party, actor, reading: true, on: today, transaction)
            let line = try LineStore.lines(of: [a.person], transaction).first { $0.party == a.party }
            guard line?.superior == author else { throw GovernanceRefusal.notSuperior }
            guard try LineStore.insert(a, id: id, by: author, at: now, transaction) else {
                throw GovernanceRefusal.appraisedTwice
            }
            try audit(
                "appraisal.make", a.person.raw, "\(a.party.rawValue) \(a.quarter) \(a.score)", at: area, by: actor,
                post, transaction)
        }
    }

    /// Where somebody holds a post of a side within reach of the actor.
    private static func steward(
        _ person: PersonID, _ party: Party, _ actor: Actor, reading: Bool = false, on day: Day,
        _ transaction: any ReadTransaction
    ) throws -> (Area, Post) {
        for held in try HeldPostStore.posts(of: person, on: day, transaction)
        where held.party == party && [.steward, .grid, .desk].contains(held.role) {
            if let id = held.path.ids.last, let area = try DirectoryStore.area(id, transaction),
                let post = actor.post(for: reading ? .governanceRead : .governanceEdit, at: area.path)
            {
                return (area, post)
            }
        }
        throw GovernanceRefusal.notFound
    }
}

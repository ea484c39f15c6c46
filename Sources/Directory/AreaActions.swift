import Kernel
import Storage
import Web

/// Changes of the tree of areas. Each action is one transaction, by a post that may edit the directory at the area
/// itself or above it, and is audited. An area that is out of reach is as good as missing.
package struct AreaActions: Sendable {
    package static let mostAtOnce = 500
    /// Directly below one area: as many as a page of choices shows.
    package static let mostChildren: Int64 = 2000
    package static let longestName = 60

    let database: any Database
    let world: World
    let journal: any Journal

    package init(database: any Database, world: World, journal: any Journal) {
        self.database = database
        self.world = world
        self.journal = journal
    }

    /// Adds areas one level below another: all of them or, if one name is bad or taken, none.
    @discardableResult
    package func add(to parent: AreaID, names typed: [String], by actor: Actor) async throws -> [AreaID] {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        guard (1...Self.mostAtOnce).contains(typed.count) else { throw DirectoryRefusal.badUnits }
        let names = try typed.map(Self.name)
        let ids = names.map { _ in world.id(AreaTag.self) }
        let now = world.now()
        try await database.write { [journal] transaction in
            let (area, post) = try Self.place(parent, actor, transaction)
            guard let level = area.level.below else { throw DirectoryRefusal.noLevelBelow }
            let count = try AreaStore.countChildren(of: parent, transaction)
            guard count + Int64(names.count) <= Self.mostChildren else { throw DirectoryRefusal.tooManyAreas }
            for (id, name) in zip(ids, names) {
                let made = Area(
                    id: id, parent: parent, level: level, name: name, path: area.path.appending(id),
                    estate: level == .estate ? id : area.estate)
                guard try DirectoryStore.insertArea(made, code: "", at: now, transaction) else {
                    throw DirectoryRefusal.areaTaken(name)
                }
                try journal.audit(
                    AuditEntry(
                        area: made.estate ?? parent, actor: person, post: post.id, verb: "area.add", subject: id.raw,
                        detail: "\(parent.text) \(name)"), at: now, transaction)
            }
        }
        return ids
    }

    /// Gives an area another name. What cases say about their places stays as it was written.
    ///
    /// - Parameter seen: the name that the person saw; if somebody gave another one since, nothing changes.
    package func rename(_ id: AreaID, to typed: String, was seen: String, by actor: Actor) async throws {
        guard let person = actor.person else { throw DirectoryRefusal.noPost }
        let name = try Self.name(typed)
        let now = world.now()
        try await database.write { [journal] transaction in
            let (area, post) = try Self.place(id, actor, transaction)
            guard area.name == seen else { throw DirectoryRefusal.changedMeanwhile }
            if let parent = area.parent, try AreaStore.isTaken(name, under: parent, except: id, transaction) {
                throw DirectoryRefusal.areaTaken(name)
            }
            guard try AreaStore.rename(id, to: name, was: seen, transaction) else {
                throw DirectoryRefusal.changedMeanwhile
            }
            if name != seen { try FindStore.renamed(area, to: name, at: now, transaction) }
            try journal.audit(
                AuditEntry(
                    area: area.estate ?? id, actor: person, post: post.id, verb: "area.rename", subject: id.raw,
                    detail: "\(seen) > \(name)"), at: now, transaction)
        }
    }

    /// An area within reach of the actor's right to edit the directory.
    static func place(
        _ id: AreaID, _ actor: Actor, _ transaction: any ReadTransaction
    ) throws -> (Area, Post) {
        guard let area = try DirectoryStore.area(id, transaction),
            let post = actor.post(for: .directoryEdit, at: area.path)
        else { throw DirectoryRefusal.notFound }
        return (area, post)
    }

    /// 1 to 60 characters with a letter or digit among them, single spaces between words.
    static func name(_ typed: String) throws -> String {
        let name = typed.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard (1...longestName).contains(name.unicodeScalars.count), TextRules.isPlain(name),
            name.contains(where: { $0.isLetter || $0.isNumber })
        else { throw DirectoryRefusal.badAreaName }
        return name
    }
}

extension AreaLevel {
    /// The level that areas directly below have; nil for units.
    var below: AreaLevel? { AreaLevel(rawValue: rawValue + 1) }
}

/// Names of many areas, written short: `101-104, 201-204` or a count, with words before and after each number.
enum AreaNames {
    private static let separators: Set<Character> = [",", ";", "\u{FF0C}", "\u{3001}", "\u{FF1B}"]
    private static let dashes: Set<Character> = ["-", "~", "\u{2013}", "\u{2014}", "\u{FF5E}", "\u{2212}"]

    /// At least one name and at most `AreaActions.mostAtOnce`, none twice.
    static func list(numbers: String, count: String, before: String, after: String) throws -> [String] {
        guard numbers.isEmpty != count.isEmpty, numbers.utf8.count <= 4000 else { throw DirectoryRefusal.badUnits }
        var plain: [String] = []
        if numbers.isEmpty {
            guard let count = number(count), (1...AreaActions.mostAtOnce).contains(count) else {
                throw DirectoryRefusal.badUnits
            }
            plain = (1...count).map(String.init)
        } else {
            for part in parts(numbers) {
                plain += try range(part)
                guard plain.count <= AreaActions.mostAtOnce else { throw DirectoryRefusal.badUnits }
            }
        }
        var seen = Set<String>()
        let names = plain.filter { seen.insert($0).inserted }.map { one in
            [before, one, after].filter { !$0.isEmpty }.joined(separator: " ")
        }
        guard !names.isEmpty else { throw DirectoryRefusal.badUnits }
        return names
    }

    /// The parts between separators and spaces; a dash holds its two sides together.
    private static func parts(_ text: String) -> [String] {
        var tight = ""
        for character in text {
            if dashes.contains(character) {
                while tight.last == " " { tight.removeLast() }
                tight.append("-")
            } else if separators.contains(character) || character.isWhitespace {
                if tight.last != "-" { tight.append(" ") }
            } else {
                tight.append(character)
            }
        }
        return tight.split(separator: " ").map(String.init)
    }

    /// `101-104` is four numbers, as wide as the first; anything else is a name as it stands.
    private static func range(_ part: String) throws -> [String] {
        let sides = part.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard sides.count == 2, let first = number(sides[0]), let last = number(sides[1]) else { return [part] }
        guard first <= last, last - first < AreaActions.mostAtOnce else { throw DirectoryRefusal.badUnits }
        let width = sides[0].utf8.count
        return (first...last).map { value in
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
    }

    private static func number(_ text: String) -> Int? {
        guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

import Directory
import Foundation
import Kernel
import Storage
import Web

/// An edit of a category as it was asked for. What is not said stays as it is.
struct CategoryAsk: Sendable {
    enum Target: Sendable {
        case new(String)
        case code(String)
        case id(CategoryID)
        /// What a version kept: the one with the code, or a new one where it never came to be.
        case kept(String)
    }
    let target: Target
    var kind: CategoryKind?
    var zh: String?
    var en: String?
    var party: Party?
    var urgency: Urgency?
    var hints: String?
    var fastLane: Bool?
    var place: Int64?
    var retired: Bool?
}

/// What a dictionary of categories may be: pure.
enum CategoryRules {
    /// Categories in use at once.
    static let most = 120

    static func isCode(_ text: String) -> Bool {
        guard (2...30).contains(text.utf8.count), let first = text.utf8.first, (0x61...0x7A).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    static func line(_ text: String, _ range: ClosedRange<Int>, _ field: String) throws -> String {
        let words = try CaseActions.bounded(text, range, field)
        guard TextRules.isPlain(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CaseRefusal.badChoice(field)
        }
        return words.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The one that an edit is about, as it would be; nil before it in `was` for a new one.
    static func wanted(
        _ ask: CategoryAsk, in all: [Category], id: CategoryID, at now: Instant
    ) throws -> (was: Category?, now: Category) {
        let was: Category?
        let code: String
        switch ask.target {
        case .new(let text):
            guard isCode(text) else { throw CaseRefusal.badCode }
            guard !all.contains(where: { $0.code == text }) else { throw CaseRefusal.codeTaken }
            (was, code) = (nil, text)
        case .code(let text):
            guard let found = all.first(where: { $0.code == text }) else { throw CaseRefusal.notFound }
            (was, code) = (found, text)
        case .id(let id):
            guard let found = all.first(where: { $0.id == id }) else { throw CaseRefusal.notFound }
            (was, code) = (found, found.code)
        case .kept(let text):
            guard isCode(text) else { throw CaseRefusal.badCode }
            (was, code) = (all.first { $0.code == text }, text)
        }
        let zh = try line(ask.zh ?? was?.zh ?? "", 1...20, "zh")
        let en = try line(ask.en ?? was?.en ?? "", 1...60, "en")
        let hints = try line(ask.hints ?? was?.hints ?? "", 0...400, "hints")
        guard let kind = ask.kind ?? was?.kind else { throw CaseRefusal.badChoice("kind") }
        guard let party = ask.party ?? was?.party, party != .resident else { throw CaseRefusal.badChoice("party") }
        let isRetired = ask.retired ?? (was?.retired != nil)
        let others = all.filter { $0.code != code && $0.retired == nil }
        if isRetired {
            guard !others.isEmpty else { throw CaseRefusal.lastCategory }
        } else {
            if others.contains(where: { $0.zh == zh }) { throw CaseRefusal.nameTaken("zh") }
            if others.contains(where: { $0.en.lowercased() == en.lowercased() }) { throw CaseRefusal.nameTaken("en") }
            guard others.count < most else { throw CaseRefusal.tooManyCategories }
        }
        // A new one comes before the last, which takes what nothing suggests; so does one that comes back.
        let usual = was.map { $0.place > 0 ? $0.place : Int64(others.count) } ?? Int64(others.count)
        return (
            was,
            Category(
                id: was?.id ?? id, code: code, kind: kind, zh: zh, en: en, party: party,
                urgency: ask.urgency ?? was?.urgency ?? .normal, hints: hints,
                fastLane: ask.fastLane ?? was?.fastLane ?? false,
                place: isRetired ? 0 : min(max(ask.place ?? usual, 1), Int64(others.count) + 1),
                retired: isRetired ? was?.retired ?? now : nil)
        )
    }

    /// Those whose place changes when one takes its own.
    static func moved(_ one: Category, in all: [Category]) -> [Category] {
        var order = all.filter { $0.code != one.code && $0.retired == nil }
        if one.retired == nil { order.insert(one, at: min(max(Int(one.place) - 1, 0), order.count)) }
        return order.enumerated().compactMap { index, category in
            guard category.code != one.code, category.place != Int64(index + 1) else { return nil }
            var category = category
            category.place = Int64(index + 1)
            return category
        }
    }

    /// A category as its history says it: whole, or the code and what is another than in `other`.
    static func text(_ c: Category, beside other: Category? = nil) -> String {
        func words(_ c: Category) -> [String] {
            [
                c.zh, c.en, "\(c.kind)", "\(c.party)", c.urgency.code, c.fastLane ? "fast" : "not fast",
                c.retired == nil ? "#\(c.place)" : "retired", c.hints.isEmpty ? "–" : c.hints,
            ]
        }
        let all = words(c)
        guard let other else { return ([c.code] + all).joined(separator: " · ") }
        let others = words(other)
        return ([c.code] + all.indices.filter { all[$0] != others[$0] }.map { all[$0] }).joined(separator: " · ")
    }

    /// What a version keeps, and what its button sends again: the whole of it.
    static func fields(_ c: Category, isNew: Bool) -> [String: String] {
        var fields = [
            "way": "set", "code": c.code, "kind": "\(c.kind)", "zh": c.zh, "en": c.en, "party": "\(c.party)",
            "urgency": c.urgency.code, "hints": c.hints, "fast": c.fastLane ? "1" : "0",
            "retired": c.retired == nil ? "0" : "1",
        ]
        if c.retired == nil { fields["place"] = String(c.place) }
        if isNew { fields["made"] = "1" }
        return fields
    }

    static func ask(_ fields: (String) -> String?) throws -> CategoryAsk {
        let code = fields("code") ?? ""
        let target: CategoryAsk.Target
        switch fields("way") {
        case "add": target = .new(code)
        case "set": target = fields("made") == "1" ? .kept(code) : .code(code)
        default: throw CaseRefusal.badChoice("way")
        }
        func flag(_ name: String) throws -> Bool {
            guard let text = fields(name), text == "0" || text == "1" else { throw CaseRefusal.badChoice(name) }
            return text == "1"
        }
        var ask = CategoryAsk(target: target)
        ask.kind = CategoryKind.allCases.first { "\($0)" == fields("kind") }
        ask.party = Party.allCases.first { "\($0)" == fields("party") }
        ask.urgency = Urgency.allCases.first { $0.code == fields("urgency") }
        guard ask.kind != nil else { throw CaseRefusal.badChoice("kind") }
        guard ask.party != nil else { throw CaseRefusal.badChoice("party") }
        guard ask.urgency != nil else { throw CaseRefusal.badChoice("urgency") }
        (ask.zh, ask.en, ask.hints) = (fields("zh") ?? "", fields("en") ?? "", fields("hints") ?? "")
        ask.fastLane = try flag("fast")
        ask.retired = try flag("retired")
        if let text = fields("place"), !text.isEmpty {
            guard let place = Int64(text), (1...999).contains(place) else { throw CaseRefusal.badChoice("place") }
            ask.place = place
        }
        return ask
    }
}

/// A category with how many open cases have it, at most one more than `CategoryState.most`.
struct CategoryState: Sendable {
    static let most = 1000
    let category: Category
    let open: Int64

    static func load(_ category: Category, _ transaction: any ReadTransaction) throws -> CategoryState {
        let open = try transaction.first(CaseHistoryStore.openCases(category.id, upTo: most + 1)) { try $0.int(0) }
        return CategoryState(category: category, open: open ?? 0)
    }
}

extension CasesHouse {
    /// The post by which somebody edits what the whole house chooses from: one at its head.
    private static func post(_ actor: Actor) throws -> Post {
        guard let post = actor.housePost(for: .policyEdit) else { throw CaseRefusal.notFound }
        return post
    }

    /// Adds, changes, moves, retires or brings back a category, now or from a time on. Two at once: the second is told.
    func editCategory(
        _ ask: CategoryAsk, why: String, from: Instant?, seen: Int64?, by actor: Actor
    ) async throws -> CategoryState {
        let post = try Self.post(actor)
        let why = try CategoryRules.line(why, 1...120, "why")
        let now = now()
        let (version, fresh) = (world.nextID(), CategoryID(world.nextID()))
        let state = try await database.write { [journal] transaction in
            let all = try CaseHistoryStore.dictionary(transaction)
            let (was, wanted) = try CategoryRules.wanted(ask, in: all, id: fresh, at: now)
            var fields = CategoryRules.fields(wanted, isNew: was == nil)
            fields["why"] = why
            let edit = RuleEdit(
                kind: .category, subject: wanted.code, fields: fields,
                before: was.map { CategoryRules.text($0, beside: wanted) } ?? "",
                after: CategoryRules.text(wanted, beside: was), why: why,
                from: from, seen: seen)
            let isNow = try RuleBook.keep(edit, by: actor.person, id: version, at: now, transaction)
            if isNow { try Self.put(wanted, isNew: was == nil, in: all, transaction) }
            try journal.audit(
                AuditEntry(
                    area: post.area, actor: actor.person, post: post.id,
                    verb: isNow ? "category.edit" : "category.plan", subject: wanted.id.raw,
                    detail: CategoryRules.text(wanted)), at: now, transaction)
            if isNow { try transaction.announce(StandingWords.changed) }
            return try CategoryState.load(isNow ? wanted : was ?? wanted, transaction)
        }
        book.forget()
        return state
    }

    private static func put(
        _ one: Category, isNew: Bool, in all: [Category], _ transaction: any WriteTransaction
    ) throws {
        if isNew {
            try CaseHistoryStore.insert(one, transaction)
        } else {
            try CaseHistoryStore.update(one, transaction)
        }
        for other in CategoryRules.moved(one, in: all) { try CaseHistoryStore.update(other, transaction) }
    }

    /// Does what was planned when its time has come, as far as it still can be done. Nothing happens where another server
    /// was faster.
    package func applyPlannedCategory(_ one: RuleVersion) async throws {
        let now = now()
        let fresh = CategoryID(world.nextID())
        try await database.write { [journal] transaction in
            let all = try CaseHistoryStore.dictionary(transaction)
            let found = try? CategoryRules.wanted(
                CategoryRules.ask { one.fields[$0] }, in: all, id: fresh, at: now)
            // Somebody else has made one with this code meanwhile.
            let isLate = one.fields["made"] == "1" && found?.was != nil
            let isGood = found != nil && !isLate
            let before = found.flatMap { found in found.was.map { CategoryRules.text($0, beside: found.now) } }
            guard
                try RuleBook.settle(one.id, isGood ? .applied : .failed, before: isGood ? before : nil, transaction),
                isGood, let found
            else { return }
            try Self.put(found.now, isNew: found.was == nil, in: all, transaction)
            try journal.audit(
                AuditEntry(
                    area: AreaID(0), actor: one.by, verb: "category.edit", subject: found.now.id.raw,
                    detail: CategoryRules.text(found.now)), at: now, transaction)
            try transaction.announce(StandingWords.changed)
        }
        book.forget()
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// The dictionary with its past, as its page shows it.
struct CategoryPage: Sendable {
    let all: [Category]
    /// The one that is being edited.
    let edited: CategoryState?
    let history: RuleHistory
    var refusal: (any Refusal)?
    var kept: [String: String] = [:]
}

extension CasesHouse {
    func categoryRoutes(_ table: RouteTable) {
        table.get("/desk/categories", .verb(.policyEdit)) { request, context in
            try await categoryPage(query(request, "edit"), context, nil, kept: [:])
        }
        table.post("/desk/categories", .verb(.policyEdit)) { request, context in
            let fields = try await context.form(request)
            do {
                let state = try await editCategory(
                    CategoryRules.ask { fields[$0] }, why: fields["why"] ?? "",
                    from: RuleEdit.start(fields["start"] ?? ""), seen: fields["version"].flatMap { Int64($0) },
                    by: context.actor)
                return Answer.redirect(Href("/desk/categories", query: [("edit", state.category.code)]))
            } catch let refusal as any Refusal where refusal.kind != .notFound {
                var kept: [String: String] = [:]
                for (name, value) in fields.pairs where !name.hasPrefix("_") { kept[name] = value }
                let code = fields["way"] == "set" ? fields["code"] ?? "" : ""
                return try await categoryPage(code, context, refusal, kept: kept)
            }
        }
        categoryAPI(table)
    }

    private func categoryPage(
        _ code: String, _ context: WebContext, _ refusal: (any Refusal)?, kept: [String: String]
    ) async throws -> Response {
        let page = try await database.read { transaction in
            let all = try CaseHistoryStore.dictionary(transaction)
            let edited = try all.first { $0.code == code }.map { try CategoryState.load($0, transaction) }
            return CategoryPage(
                all: all, edited: edited, history: try RuleHistory.load(.category, transaction), refusal: refusal,
                kept: kept)
        }
        return Answer.html(
            PublicPages(context, now: now(), publicURL: settings.publicURL).categories(page),
            status: refusal?.kind.status ?? .ok, context: context)
    }

    private struct CategoryAsked: Asked {
        let ask: CategoryAsk
        let why: String
        let from: Instant?
        let seen: Int64?
        private static let versions = Shape<Int64>.whole(0...1_000_000_000)
        private static let places = Shape<Int64>.whole(1...999)

        init(_ ask: Ask, _ target: CategoryAsk.Target) throws {
            var wanted = CategoryAsk(target: target)
            wanted.kind = try ask.body.optional("kind", CaseShapes.kind)
            wanted.zh = try ask.body.optional("name_zh", .text(1...20))
            wanted.en = try ask.body.optional("name_en", .text(1...60))
            wanted.party = try ask.body.optional("lead", CaseShapes.party, "Who usually takes it; never a resident.")
            wanted.urgency = try ask.body.optional("urgency", CaseShapes.urgency)
            wanted.hints = try ask.body.optional("hints", .text(0...400), "Words that suggest it, with spaces between.")
            wanted.fastLane = try ask.body.optional("fast_lane", .flag)
            wanted.place = try ask.body.optional("place", Self.places, "Before the last one when not said.")
            wanted.retired = try ask.body.optional("retired", .flag, "True: nobody can choose it any more.")
            self.ask = wanted
            why = try ask.body("why", .text(1...120))
            from = try ask.body.optional("from", .time, "At once when not said.")
            seen = try ask.body.optional("version", Self.versions, "The newest of `/rules` that was seen.")
        }
        init(_ ask: Ask) throws {
            let code = try ask.body("code", .text(2...30), "Small letters, digits and hyphens; for good.")
            try self.init(ask, .new(code))
        }
    }
    private struct CategoryChange: Asked {
        let asked: CategoryAsked
        init(_ ask: Ask) throws { asked = try CategoryAsked(ask, .id(try ask.path("id", .id()))) }
    }

    private static let categoryRefusals: [any Refusal] = [
        CaseRefusal.badCode, CaseRefusal.codeTaken, CaseRefusal.nameTaken(""), CaseRefusal.lastCategory,
        CaseRefusal.tooManyCategories, CaseRefusal.badChoice(""), CaseRefusal.tooShort(""), CaseRefusal.notFound,
        DirectoryRefusal.badStart, DirectoryRefusal.changedMeanwhile,
    ]

    private func categoryAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/dictionary", .verb(.policyEdit),
            API(.rules, "Every category in its order, those that are retired last."), Nothing.self,
            CaseShapes.dictionary.slices
        ) { _, _ in .ok(Slice(try await database.read { try CaseHistoryStore.dictionary($0) })) }
        table.post(
            "/api/v1/dictionary", .verb(.policyEdit),
            API(.rules, "Adds a category, now or from a time on.", refuses: Self.categoryRefusals),
            CategoryAsked.self, CaseShapes.categoryState
        ) { asked, call in .ok(try await edit(asked, call.actor)) }
        table.post(
            "/api/v1/dictionary/:id", .verb(.policyEdit),
            API(
                .rules,
                "Changes a category; what is not said stays. Retired it can no longer be chosen, and its cases "
                    + "keep it.", refuses: Self.categoryRefusals), CategoryChange.self, CaseShapes.categoryState
        ) { change, call in .ok(try await edit(change.asked, call.actor)) }
    }

    private func edit(_ asked: CategoryAsked, _ actor: Actor) async throws -> CategoryState {
        try await editCategory(asked.ask, why: asked.why, from: asked.from, seen: asked.seen, by: actor)
    }
}

extension CaseShapes {
    static let dictionary = Shape<Category>.object("CategoryEntry") {
        Member("id", .id()) { $0.id }
        Member("code", .words) { $0.code }
        Member("kind", kind) { $0.kind }
        Member("name_zh", .words) { $0.zh }
        Member("name_en", .words) { $0.en }
        Member("lead", party, "Who usually takes it.") { $0.party }
        Member("urgency", urgency) { $0.urgency }
        Member("hints", .words, "Words that suggest it.") { $0.hints }
        Member("fast_lane", .flag) { $0.fastLane }
        Member("place", .whole, "In the lists, from 1; 0 when it is retired.") { $0.place }
        Member("retired", Shape<Instant>.time.orNull) { $0.retired }
    }
    static let categoryState = Shape<CategoryState>.object("CategoryState") {
        Member("category", dictionary, "As it is now; what was planned is in `/rules`.") { $0.category }
        Member("open_cases", .whole, "How many have it and keep it; 1001 for more than a thousand.") { $0.open }
    }
}

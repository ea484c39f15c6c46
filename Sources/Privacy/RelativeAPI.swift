import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension PrivacyShapes {
    static let relation = Shape<Kinship>.choice(Kinship.allCases) { $0.code }
    static let relative = Shape<PrivacyRequest>.object("RelativeRequest") {
        Member("name", .words, "Of the person who died, as it was written.") { $0.deadName }
        Member("relation", relation.orNull, "What the person was to the one who asks.") { $0.relative?.relation }
        Member("home", .words) { $0.relative?.home ?? "" }
        Member("interest", .words, "What it is wanted for.") { $0.relative?.interest ?? "" }
        Member("proof", .words) { $0.relative?.proof ?? "" }
        Member("died", Shape<Day>.day.orNull) { $0.relative?.died }
        Member("confirmed", Shape<Instant>.time.orNull, "When staff found out who it is.") { $0.relative?.confirmed }
        Member("accepted", Shape<Instant>.time.orNull) { $0.relative?.accepted }
    }
    static let arrangement = Shape<Arrangement>.object("Arrangement") {
        Member("nobody", .flag, "No relative may ask for anything.") { $0.nobody }
        Member("excluded", Shape<String>.words.list(), "Tables that relatives do not get.") { $0.excluded }
    }
    struct DeadView: Sendable {
        let request: PrivacyRequest
        let people: [DeadCandidate]
    }
    static let candidate = Shape<DeadCandidate>.object("DeadCandidate") {
        Member("id", .id()) { $0.person }
        Member("name", .words) { $0.name }
        Member("phone_masked", .words) { $0.phone }
        Member("place", .words) { $0.place }
        Member("has_account", .flag) { $0.hasAccount }
        Member("is_minor", .flag) { $0.isMinor }
    }
    static let deadView = Shape<DeadView>.object("RelativeRequestOfStaff") {
        Member("request", staffRequest) { $0.request }
        Member("dead", Shape<PersonID>.id().orNull, "Who it is that died; null until it was found out.") {
            $0.request.relative?.dead
        }
        Member("dead_name", .words) { $0.request.relative?.deadName ?? "" }
        Member("evidence", .words, "What was seen.") { $0.request.relative?.evidence ?? "" }
        Member("confirmed_day", Shape<Day>.day.orNull) { $0.request.relative?.confirmedDay }
        Member("people", candidate.list(), "Those of the estate among whom to choose, while it is not found out.") {
            $0.people
        }
    }
}

extension PrivacyHouse {
    private struct RelativeAsked: Asked {
        let sent: RelativeSent
        init(_ ask: Ask) throws {
            sent = RelativeSent(
                kind: try ask.body("kind", PrivacyShapes.kind),
                name: try ask.body("name", .text(1...40), "Of the person who died."),
                relation: try ask.body("relation", PrivacyShapes.relation),
                estate: try ask.body("estate", .id(), "Where the person lived."),
                home: try ask.body("home", .text(1...100)),
                words: try ask.body.optional("words", .text(0...1000), "Of a correction.") ?? "",
                interest: try ask.body("interest", .text(2...400), "What it is wanted for."),
                proof: try ask.body("proof", .text(2...200)), died: try ask.body("died", .day))
        }
    }
    private struct ArrangementAsked: Asked {
        let nobody: Bool
        let excluded: String
        init(_ ask: Ask) throws {
            nobody = try ask.body("nobody", .flag)
            excluded =
                try ask.body.optional("excluded", .text(0...400), "Names of tables, parted by spaces.") ?? ""
        }
    }
    private struct RelativeNamed: Asked {
        let id: RequestID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct RelativeLooked: Asked {
        let id: RequestID
        let name: String
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            name = try ask.query.optional("name", .text(1...40), "Exactly as it is entered in the estate.") ?? ""
        }
    }
    private struct IdentityAsked: Asked {
        let id: RequestID
        let dead: PersonID
        let died: Day
        let evidence: String
        let endsHomes: Bool
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            dead = try ask.body("dead", .id())
            died = try ask.body("died", .day)
            evidence = try ask.body("evidence", .text(2...400), "What was seen, in words.")
            endsHomes = try ask.body("ends_homes", .flag)
            version = try ask.body("version", .whole(0...1_000_000))
        }
    }
    private struct DecisionAsked: Asked {
        let id: RequestID
        let accept: Bool
        let answer: String
        let version: Int64
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            accept = try ask.body("accept", .flag)
            answer = try ask.body.optional("answer", .text(0...1000), "Needed to refuse, and for a correction.") ?? ""
            version = try ask.body("version", .whole(0...1_000_000))
        }
    }

    func relativeAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/me/privacy/relatives", .signedIn,
            API(
                .account, "Asks about the data of a relative who died; not by token.",
                refuses: [
                    PrivacyRefusal.requestOpen, PrivacyRefusal.tooManyRelatives, PrivacyRefusal.badChoice("estate"),
                ]), RelativeAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.askRelative(
                asked.sent, language: call.context.preferences.language, by: directory.person(call.context))
            return .made(Made(id.text))
        }
        table.post(
            "/api/v1/me/privacy/arrangement", .signedIn,
            API(
                .account, "What relatives may have after one's death; not by token.",
                refuses: [PrivacyRefusal.changedMeanwhile, PrivacyRefusal.badChoice("excluded")]),
            ArrangementAsked.self, .nothing
        ) { asked, call in
            try await desk.arrange(
                Arrangement(nobody: asked.nobody, excluded: asked.excluded.split(separator: " ").map(String.init)),
                of: kinTables.map(\.name), by: directory.person(call.context))
            return .done
        }
        table.post(
            "/api/v1/me/privacy/claims/:id/objection", .signedIn,
            API(
                .account, "Says that one is alive: a relative's request ends; not by token.",
                refuses: [PrivacyRefusal.notFound, PrivacyRefusal.requestOver]), RelativeNamed.self, .nothing
        ) { asked, call in
            try await desk.alive(asked.id, by: directory.person(call.context))
            return .done
        }
        table.get(
            "/api/v1/privacy/requests/:id", .verb(.privacyHandle),
            API(
                .homes, "A relative's request; while it waits, those among whom the person who died is chosen.",
                refuses: [PrivacyRefusal.notFound]), RelativeLooked.self, PrivacyShapes.deadView
        ) { asked, call in .ok(try await deadView(asked.id, asked.name, call.actor)) }
        table.post(
            "/api/v1/privacy/requests/:id/identity", .verb(.privacyHandle),
            API(
                .homes, "Says who died: sign-ins of that account end, and the homes if wanted.",
                refuses: [
                    PrivacyRefusal.notFound, PrivacyRefusal.requestOver, PrivacyRefusal.ownRequest,
                    PrivacyRefusal.identified, PrivacyRefusal.changedMeanwhile, PrivacyRefusal.badChoice("dead"),
                    PrivacyRefusal.deadElsewhere,
                ]), IdentityAsked.self, .nothing
        ) { asked, call in
            try await desk.identify(
                asked.id, dead: asked.dead, on: asked.died, evidence: asked.evidence, endsHomes: asked.endsHomes,
                was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/privacy/requests/:id/decision", .verb(.privacyHandle),
            API(
                .homes, "Accepts or refuses what a relative asked.",
                refuses: [
                    PrivacyRefusal.notFound, PrivacyRefusal.requestOver, PrivacyRefusal.ownRequest,
                    PrivacyRefusal.identifyFirst, PrivacyRefusal.deadPosts, PrivacyRefusal.deadGuardian,
                    PrivacyRefusal.changedMeanwhile, PrivacyRefusal.deadElsewhere, PrivacyRefusal.reasonNeeded,
                ]), DecisionAsked.self, .nothing
        ) { asked, call in
            try await desk.decideRelative(
                asked.id, accept: asked.accept, words: asked.answer, was: asked.version, by: call.actor)
            return .done
        }
    }
}

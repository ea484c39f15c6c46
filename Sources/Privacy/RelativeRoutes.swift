import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension PrivacyHouse {
    /// The parts of somebody's data that a near relative may get.
    var kinTables: [PersonalTable] { sources.flatMap(\.tables).filter(\.isForKin) }

    func relativeRoutes(_ table: RouteTable) {
        table.get("/my/privacy/relative", .signedIn) { _, context in try await askRelative(Returned(), context) }
        table.post("/my/privacy/relative", .signedIn) { request, context in
            try await act(request, context) {
                try await askRelative($0, context)
            } _: { sent in
                try await desk.askRelative(
                    Self.relative(sent), language: context.preferences.language, by: directory.person(context))
                return Href("/my/privacy")
            }
        }
        table.get("/my/privacy/arrangement", .signedIn) { _, context in try await arrangement(Returned(), context) }
        table.post("/my/privacy/arrangement", .signedIn) { request, context in
            try await act(request, context) {
                try await arrangement($0, context)
            } _: { sent in
                let all = kinTables.map(\.name)
                try await desk.arrange(
                    Arrangement(
                        nobody: !sent["nobody"].isEmpty, excluded: all.filter { !sent["not-\($0)"].isEmpty }),
                    of: all, by: directory.person(context))
                return Href("/my/privacy")
            }
        }
        table.post("/my/privacy/requests/:id/alive", .signedIn) { request, context in
            _ = try await context.form(request)
            try await desk.alive(context.id("id"), by: directory.person(context))
            return Answer.redirect(Href("/my/privacy"))
        }
        table.get("/desk/privacy/requests/:id", .verb(.privacyHandle)) { request, context in
            try await relative(context.id("id"), request.asked("name"), Returned(), context)
        }
        table.post("/desk/privacy/requests/:id/identity", .verb(.privacyHandle)) { request, context in
            let id = try context.id("id", RequestTag.self)
            return try await act(request, context) {
                try await relative(id, $0.sent?["name"] ?? "", $0, context)
            } _: { sent in
                guard let dead = PersonID(text: sent["dead"]) else { throw PrivacyRefusal.badChoice("dead") }
                try await desk.identify(
                    id, dead: dead, on: try sent.day("died"), evidence: sent.trimmed("evidence"),
                    endsHomes: !sent["homes"].isEmpty, was: try sent.number("version"), by: context.actor)
                return Href("/desk/privacy/requests/", id.text)
            }
        }
        table.post("/desk/privacy/requests/:id/decision", .verb(.privacyHandle)) { request, context in
            let id = try context.id("id", RequestTag.self)
            return try await act(request, context) {
                try await relative(id, "", $0, context)
            } _: { sent in
                guard ["accept", "refuse"].contains(sent["result"]) else { throw PrivacyRefusal.badChoice("result") }
                try await desk.decideRelative(
                    id, accept: sent["result"] == "accept", words: sent.trimmed("answer"),
                    was: try sent.number("version"), by: context.actor)
                return Href("/desk/privacy/requests/", id.text)
            }
        }
    }

    private static func relative(_ sent: Typed) throws -> RelativeSent {
        guard let kind = RequestKind.allCases.first(where: { $0.code == sent["kind"] }) else {
            throw PrivacyRefusal.badChoice("kind")
        }
        guard let relation = Kinship.allCases.first(where: { $0.code == sent["relation"] }) else {
            throw PrivacyRefusal.badChoice("relation")
        }
        guard let estate = AreaID(text: sent["estate"]) else { throw PrivacyRefusal.badChoice("estate") }
        return RelativeSent(
            kind: kind, name: sent.trimmed("name"), relation: relation, estate: estate, home: sent.trimmed("home"),
            words: sent.trimmed("words"), interest: sent.trimmed("interest"), proof: sent.trimmed("proof"),
            died: try sent.day("died"))
    }

    // MARK: One's own pages

    private func askRelative(_ returned: Returned, _ context: WebContext) async throws -> Response {
        let person = try directory.person(context)
        let day = today
        let (estates, own) = try await database.read { transaction in
            (
                try DirectoryStore.estates(under: .root, transaction),
                try DirectoryStore.homes(of: person, on: day, transaction).first
            )
        }
        let kit = Kit(context, returned)
        let words = context.words
        let way = "relative"
        let main = kit.page(
            words(.kinTitle), "<p class=\"help\">\(words(.kinHelp))</p>",
            kit.form(
                way, Href("/my/privacy/relative"), .kinSend, open: true,
                kit.text(way, "name", .kinName, most: 40),
                kit.select(
                    way, "relation", .kinRelation, Kinship.allCases.map { (value: $0.code, label: words($0.phrase)) }),
                kit.select(
                    way, "estate", .kinEstate, estates.map { (value: $0.id.text, label: $0.name) },
                    value: own?.estate.text ?? ""),
                kit.text(way, "home", .kinHome, value: own?.label ?? "", most: 100),
                kit.date(way, "died", .kinDied),
                kit.select(
                    way, "kind", .kinWhat,
                    RequestKind.allCases.map { (value: $0.code, label: words($0.kinPhrase)) }),
                kit.long(way, "words", .kinWords, most: 1000, required: false),
                kit.long(way, "interest", .kinInterest), kit.text(way, "proof", .kinProof)),
            "<p><a href=\"/my/privacy\">\(words(.back))</a></p>")
        return ownPage(words(.kinTitle), main, returned.refusal, context)
    }

    private func arrangement(_ returned: Returned, _ context: WebContext) async throws -> Response {
        let person = try directory.person(context)
        let now = try await database.read { try ArrangementStore.last(person, $0).arrangement }
        let kit = Kit(context, returned)
        let words = context.words
        let way = "arrangement"
        let parts = kinTables.map {
            kit.check(way, "not-\($0.name)", $0.title, on: now.excluded.contains($0.name))
        }
        let main = kit.page(
            words(.arrangementTitle), "<p class=\"help\">\(words(.arrangementHelp))</p>",
            kit.form(
                way, Href("/my/privacy/arrangement"), .arrangementSave, open: true,
                kit.check(way, "nobody", .arrangementNobody, on: now.nobody),
                """
                <fieldset class="stack-s"><legend><b>\(words(.arrangementExcluded))</b></legend>\
                \(HTML.joined(parts))</fieldset>
                """),
            "<p><a href=\"/my/privacy\">\(words(.back))</a></p>")
        return ownPage(words(.arrangementTitle), main, returned.refusal, context)
    }

    /// What one's own page says about relatives, on both sides.
    func relatives(_ mine: MyPrivacy, _ kit: Kit) -> HTML {
        let words = kit.words
        let claims = mine.claims.map { one in
            kit.row(
                words(one.kind.kinPhrase), Say.exact(one.created), state: status(one, kit),
                end: kit.button(Href("/my/privacy/requests/", one.id.text, "/alive"), words(.claimAlive)))
        }
        let claimed: HTML =
            claims.isEmpty
            ? .empty
            : kit.section(.claimTitle, "<p class=\"note\" role=\"alert\">\(words(.claimHelp))</p>", kit.rows(claims))
        return """
            \(claimed)<p><a href="/my/privacy/relative">\(words(.kinTitle))</a></p>\
            <p><a href="/my/privacy/arrangement">\(words(.arrangementTitle))</a></p>
            """
    }

    // MARK: The desk

    /// A relative's request within reach. While nobody said who died, those of its estate among whom to choose: the
    /// look is audited before any of them is read.
    func deadView(_ id: RequestID, _ name: String, _ actor: Actor) async throws -> PrivacyShapes.DeadView {
        let desk = desk
        let request = try await database.read { try desk.relativeRequest(id, by: actor, $0).request }
        guard request.awaitsDecision, request.relative?.dead == nil, request.person != actor.person else {
            return PrivacyShapes.DeadView(request: request, people: [])
        }
        let wanted = String(name.prefix(40))
        guard TextRules.isPlain(wanted) else { throw PrivacyRefusal.badWords("name") }
        try await desk.lookedForDead(id, wanted, by: actor)
        let people = try await database.read { transaction -> [DeadCandidate] in
            let house = try Deceased.housemates(of: request.person, in: request.area, transaction)
            guard !wanted.isEmpty else { return house }
            let named = try Deceased.named(wanted, in: request.area, transaction).filter { $0.person != request.person }
            let known = Set(named.map(\.person))
            return named + house.filter { !known.contains($0.person) }
        }
        return PrivacyShapes.DeadView(request: request, people: people)
    }

    private func relative(
        _ id: RequestID, _ name: String, _ returned: Returned, _ context: WebContext
    ) async throws -> Response {
        let view = try await deadView(id, name, context.actor)
        guard let relative = view.request.relative else { throw PrivacyRefusal.notFound }
        let (request, wanted) = (view.request, String(name.prefix(40)))
        let isOwn = request.person == context.actor.person
        let mayDecide = request.awaitsDecision && !isOwn
        let place = try await database.read { try DirectoryStore.area(request.area, $0)?.name ?? "" }
        let kit = Kit(context, returned)
        let words = context.words
        let answer: HTML = request.answer.isEmpty ? .empty : "<p class=\"card\">\(request.answer)</p>"
        let main = kit.page(
            "\(words(request.kind.kinPhrase)) · \(request.deadName)",
            "<p>\(status(request, kit)) <span class=\"soft\">\(words(.requestDue, request.due.description))</span></p>",
            kit.section(.kinSaid, facts(said(request, relative, place, kit), kit)),
            relative.dead == nil ? .empty : kit.section(.kinFound, facts(confirmed(request, relative, kit), kit)),
            answer,
            mayDecide && relative.dead == nil ? choice(request, relative, view.people, wanted, kit) : .empty,
            mayDecide || request.mayStop && !isOwn ? decision(request, relative, kit) : .empty,
            isOwn ? "<p class=\"note\">\(words(.refuseOwnRequest))</p>" : .empty,
            request.kind == .closing ? kept(kit) : .empty,
            "<p><a href=\"/desk/privacy\">\(words(.privacyDesk))</a></p>")
        return staffPage(words(.kinTitle), main, returned.refusal, context)
    }

    private func facts(_ pairs: [(Phrase, String)], _ kit: Kit) -> HTML {
        let rows = pairs.filter { !$0.1.isEmpty }.map { pair -> HTML in
            "<tr><th scope=\"row\">\(kit.words(pair.0))</th><td class=\"small\">\(pair.1)</td></tr>"
        }
        return """
            <div class="card scroll" tabindex="0"><table class="plain"><tbody>\(HTML.joined(rows))</tbody></table></div>
            """
    }

    private func said(_ request: PrivacyRequest, _ relative: Relative, _ place: String, _ kit: Kit) -> [(
        Phrase, String
    )] {
        [
            (.kinAsker, request.name), (.kinName, request.deadName),
            (.dataRelation, kit.words(relative.relation.phrase)),
            (.kinEstate, place), (.kinHome, relative.home), (.kinDied, relative.died.description),
            (.kinWhat, kit.words(request.kind.kinPhrase)), (.kinWords, request.words),
            (.kinInterest, relative.interest), (.kinProof, relative.proof),
        ]
    }

    private func confirmed(_ request: PrivacyRequest, _ relative: Relative, _ kit: Kit) -> [(Phrase, String)] {
        [
            (.kinWho, relative.deadName), (.kinDied, relative.confirmedDay?.description ?? ""),
            (.kinEvidence, relative.evidence),
            (.kinAccepted, relative.accepted.map { Say.exact($0) } ?? ""),
            (.requestClosing, request.status.isOpen ? request.act.map { Say.exact($0) } ?? "" : ""),
        ]
    }

    private func choice(
        _ request: PrivacyRequest, _ relative: Relative, _ people: [DeadCandidate], _ name: String, _ kit: Kit
    ) -> HTML {
        let words = kit.words
        let place = Href("/desk/privacy/requests/", request.id.text)
        var seen = Set<PersonID>()
        let chosen = kit.returned.way == "identity" ? kit.returned.sent?["dead"] ?? "" : ""
        let options = people.filter { seen.insert($0.person).inserted }.map { one -> HTML in
            var about = [one.place, one.phone]
            about.append(words(one.isMinor ? .kinMinor : one.hasAccount ? .kinHasAccount : .kinMember))
            if one.name != request.deadName { about.append(words(.kinOtherName)) }
            let mark: HTML = chosen == one.person.text ? " checked" : ""
            return """
                <label class="chip"><input type="radio" name="dead" value="\(one.person.text)" required\(mark)>\
                <span><b>\(one.name)</b> \
                <small>\(about.filter { !$0.isEmpty }.joined(separator: " · "))</small></span></label>
                """
        }
        let way = "identity"
        let form: HTML =
            options.isEmpty
            ? "<p class=\"card soft\">\(words(.kinNobody))</p>"
            : kit.form(
                way, Href("/desk/privacy/requests/", request.id.text, "/identity"), .kinIdentify,
                hidden: [("version", String(request.version)), ("name", name)], open: true,
                "<p>\(words(.kinIdentifyHelp))</p>",
                "<fieldset class=\"stack-s\"><legend>\(words(.kinWho))</legend>\(HTML.joined(options))</fieldset>",
                kit.date(way, "died", .kinDied, value: relative.died),
                kit.long(way, "evidence", .kinEvidence), kit.check(way, "homes", .kinEndHomes, on: true))
        return kit.section(
            .kinWho, "<p class=\"help\">\(words(.kinWhoHelp))</p>",
            """
            <form class="card stack narrow" method="get" action="\(place)"><div class="field">\
            <label for="dead-name">\(words(.kinSearch))</label><input class="in" id="dead-name" name="name" \
            maxlength="40" autocomplete=off value="\(name.isEmpty ? request.deadName : name)"></div>\
            <button class="btn">\(words(.kinSearch))</button></form>
            """, form)
    }

    private func decision(_ request: PrivacyRequest, _ relative: Relative, _ kit: Kit) -> HTML {
        let words = kit.words
        let way = "decision"
        var options = [(value: "refuse", label: words(.kinRefuse))]
        if relative.dead != nil, request.awaitsDecision {
            options.insert((value: "accept", label: words(.kinAccept)), at: 0)
        }
        return kit.form(
            way, Href("/desk/privacy/requests/", request.id.text, "/decision"), .kinDecide,
            hidden: [("version", String(request.version))], open: relative.dead != nil && request.awaitsDecision,
            kit.select(way, "result", .requestAnswerWhich, options),
            kit.long(way, "answer", .kinDecideWords, most: 1000, required: false))
    }
}

extension RequestKind {
    /// What a relative calls it.
    var kinPhrase: Phrase {
        switch self {
        case .copy: .kinCopy
        case .correction: .kinCorrection
        case .closing: .kinDeletion
        }
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension PrivacyHouse {
    private static let sharingPlace = Href("/desk/privacy/sharing")
    private static let mostVersions = 50

    func sharingRoutes(_ table: RouteTable) {
        table.get(Self.sharingPlace.path, .verb(.privacyEdit)) { request, context in
            try await sharing(request.asked("cursor"), Returned(), context)
        }
        table.post(Self.sharingPlace.path, .verb(.privacyEdit)) { request, context in
            try await act(request, context) {
                try await sharing("", $0, context)
            } _: { sent in
                guard let kind = SharingKind.allCases.first(where: { $0.code == sent["kind"] }) else {
                    throw PrivacyRefusal.badChoice("kind")
                }
                guard let basis = LegalBasis.allCases.first(where: { $0.code == sent["basis"] }) else {
                    throw PrivacyRefusal.badChoice("basis")
                }
                let id: SharingID? = sent["entry"].isEmpty ? nil : SharingID(text: sent["entry"])
                guard sent["entry"].isEmpty || id != nil else { throw PrivacyRefusal.badChoice("entry") }
                try await desk.putSharing(
                    Sharing(
                        id: id ?? SharingID(0), version: 0, kind: kind, recipient: sent.trimmed("recipient"),
                        contact: sent.trimmed("contact"), data: sent.trimmed("data"),
                        purpose: sent.trimmed("purpose"), basis: basis, consent: sent["consent"],
                        contract: sent.trimmed("contract"), measures: sent.trimmed("measures"),
                        from: try sent.day("from"), to: sent.trimmed("to").isEmpty ? nil : try sent.day("to")),
                    id, was: id == nil ? 0 : try sent.number("version"), by: context.actor)
                return Self.sharingPlace
            }
        }
    }

    private func sharing(_ cursor: String, _ returned: Returned, _ context: WebContext) async throws -> Response {
        _ = try desk.editor(context.actor)
        let before = SharingID(text: cursor)
        let (found, older, purposes) = try await database.read { transaction in
            let found = try SharingStore.all(before: before, limit: 31, transaction)
            var older: [SharingID: [Sharing]] = [:]
            for one in found where one.version > 1 {
                older[one.id] = Array(
                    try SharingStore.versions(one.id, limit: Self.mostVersions, transaction).dropFirst())
            }
            return (found, older, try ConsentStore.purposes(transaction))
        }
        let kit = Kit(context, returned)
        let words = context.words
        let consents = purposes.filter { $0.inForce && $0.basis == .consent && $0.separate }
        let parts = found.prefix(30).map { one -> HTML in
            let state = one.state(on: today)
            let versions = older[one.id] ?? []
            let history: HTML =
                versions.isEmpty
                ? .empty
                : """
                <details class="card"><summary>\(words(.sharingVersions)) (\(versions.count))</summary>\
                \(HTML.joined(versions.map { facts($0, purposes, kit) }))</details>
                """
            return """
                <section class="stack-s"><h2>\(one.recipient) \
                \(kit.state(state == .running ? .ok : .plain, words(state.phrase)))</h2>\
                \(facts(one, purposes, kit))\(history)\(form(one, consents, kit))</section>
                """
        }
        let list: HTML =
            parts.isEmpty ? "<p class=\"card soft\">\(words(.privacyNone))</p>" : HTML.joined(Array(parts))
        let main = kit.page(
            words(.sharingTitle), "<p class=\"soft\">\(words(.sharingHelp))</p>",
            ExportLinks.make("sharing", context), list,
            kit.more(Self.sharingPlace, found.count > 30 ? found[29].id.text : nil), form(nil, consents, kit))
        return staffPage(words(.sharingTitle), main, returned.refusal, context)
    }

    private func facts(_ one: Sharing, _ purposes: [Purpose], _ kit: Kit) -> HTML {
        let words = kit.words
        let consent = purposes.first { $0.code == one.consent }.map { words.pick(zh: $0.zh, en: $0.en) } ?? one.consent
        let lines: [(Phrase, String)] = [
            (.sharingKind, words(one.kind.phrase)), (.recordData, one.data), (.recordPurpose, one.purpose),
            (.recordBasis, words(one.basis.phrase)), (.sharingConsent, consent), (.sharingContract, one.contract),
            (.sharingContact, one.contact), (.recordMeasures, one.measures), (.sharingFrom, one.from.description),
            (.sharingTo, one.to?.description ?? ""),
        ]
        let rows = lines.filter { !$0.1.isEmpty }.map { line -> HTML in
            "<tr><th scope=\"row\">\(words(line.0))</th><td class=\"small\">\(line.1)</td></tr>"
        }
        return """
            <div class="card scroll" tabindex="0"><table class="plain"><tbody>\(HTML.joined(rows))</tbody></table></div>\
            <p class="soft small num">\(words(.sharingNumbered, String(one.version))) · \(one.author) · \
            \(Say.exact(one.changed))</p>
            """
    }

    private func form(_ one: Sharing?, _ consents: [Purpose], _ kit: Kit) -> HTML {
        let words = kit.words
        let way = one.map { "sharing-\($0.id.text)" } ?? "sharing"
        let kinds = SharingKind.allCases.map { (value: $0.code, label: words($0.phrase)) }
        let bases = LegalBasis.allCases.map { (value: $0.code, label: words($0.phrase)) }
        let purposes =
            [(value: "", label: words(.sharingNoConsent))]
            + consents.map { (value: $0.code, label: words.pick(zh: $0.zh, en: $0.en)) }
        return kit.form(
            way, Self.sharingPlace, one == nil ? .sharingAdd : .sharingEdit,
            hidden: one.map { [("entry", $0.id.text), ("version", String($0.version))] } ?? [],
            kit.select(way, "kind", .sharingKind, kinds, value: one?.kind.code ?? "entrusted"),
            kit.text(way, "recipient", .sharingRecipient, value: one?.recipient ?? "", most: 100),
            kit.text(way, "contact", .sharingContact, value: one?.contact ?? ""),
            kit.long(way, "data", .recordData, value: one?.data ?? "", most: 1000),
            kit.long(way, "purpose", .recordPurpose, value: one?.purpose ?? ""),
            kit.select(way, "basis", .recordBasis, bases, value: one?.basis.code ?? "contract"),
            kit.select(way, "consent", .sharingConsent, purposes, value: one?.consent ?? ""),
            kit.text(way, "contract", .sharingContract, value: one?.contract ?? "", required: false),
            kit.long(way, "measures", .recordMeasures, value: one?.measures ?? "", most: 1000),
            kit.date(way, "from", .sharingFrom, value: one?.from ?? today),
            kit.text(way, "to", .sharingToHelp, value: one?.to?.description ?? "", most: 10, required: false))
    }

    // MARK: JSON

    private struct ListAsked: Asked {
        let paging: Paging
        init(_ ask: Ask) throws { paging = try Paging(ask) }
    }
    private struct OneAsked: Asked {
        let id: SharingID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }
    private struct PutAsked: Asked {
        let id: SharingID?
        let version: Int64
        let sent: Sharing
        init(_ ask: Ask) throws {
            id = try ask.body.optional("id", .id(), "Of the entry to change; a new one when not said.")
            version = try ask.body.optional("version", .whole(0...1_000_000), "Of the entry to change.") ?? 0
            sent = Sharing(
                id: SharingID(0), version: 0, kind: try ask.body("kind", PrivacyShapes.sharingKind),
                recipient: try ask.body("recipient", .text(1...100)), contact: try ask.body("contact", .text(1...200)),
                data: try ask.body("data", .text(1...1000)), purpose: try ask.body("purpose", .text(1...400)),
                basis: try ask.body("basis", PrivacyShapes.basis),
                consent: try ask.body.optional("consent", .text(0...40), "The purpose that people consent to.") ?? "",
                contract: try ask.body.optional("contract", .text(0...200), "Needed for `entrusted`.") ?? "",
                measures: try ask.body("measures", .text(1...1000)), from: try ask.body("from", .day),
                to: try ask.body.optional("to", .day, "The last day."))
        }
    }

    func sharingAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/privacy/sharing", .verb(.privacyEdit),
            API(
                .rules, "Who gets which personal data: the last version of each entry.",
                refuses: [PrivacyRefusal.notFound]), ListAsked.self, PrivacyShapes.sharing.slices
        ) { asked, call in
            _ = try desk.editor(call.actor)
            let limit = asked.paging.limit
            let before: SharingID? = try asked.paging.id()
            let rows = try await database.read { try SharingStore.all(before: before, limit: limit + 1, $0) }
            return .ok(Slice(rows, limit: limit) { $0.id.text })
        }
        table.get(
            "/api/v1/privacy/sharing/:id/versions", .verb(.privacyEdit),
            API(
                .rules, "Every version of one entry, the newest first.", refuses: [PrivacyRefusal.notFound]),
            OneAsked.self, PrivacyShapes.sharing.slices
        ) { asked, call in
            _ = try desk.editor(call.actor)
            let rows = try await database.read {
                try SharingStore.versions(asked.id, limit: Self.mostVersions, $0)
            }
            guard !rows.isEmpty else { throw PrivacyRefusal.notFound }
            return .ok(Slice(rows))
        }
        table.post(
            "/api/v1/privacy/sharing", .verb(.privacyEdit),
            API(
                .rules, "Enters who gets data, or adds the next version of an entry.",
                refuses: [
                    PrivacyRefusal.changedMeanwhile, PrivacyRefusal.notFound, PrivacyRefusal.contractNeeded,
                    PrivacyRefusal.consentNeeded,
                ]), PutAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.putSharing(asked.sent, asked.id, was: asked.version, by: call.actor)
            return .made(Made(id.text))
        }
    }
}

extension PrivacyShapes {
    static let sharingKind = Shape<SharingKind>.choice(SharingKind.allCases) { $0.code }

    static let sharing = Shape<Sharing>.object("Sharing") {
        Member("id", .id()) { $0.id }
        Member("version", .whole) { $0.version }
        Member("kind", sharingKind) { $0.kind }
        Member("recipient", .words) { $0.recipient }
        Member("contact", .words) { $0.contact }
        Member("data", .words) { $0.data }
        Member("purpose", .words) { $0.purpose }
        Member("basis", basis) { $0.basis }
        Member("consent", .words, "The purpose that people consent to; empty for none.") { $0.consent }
        Member("contract", .words) { $0.contract }
        Member("measures", .words) { $0.measures }
        Member("from", .day) { $0.from }
        Member("to", Shape<Day>.day.orNull) { $0.to }
        Member("changed", .time) { $0.changed }
    }
}

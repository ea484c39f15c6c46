import Hummingbird
import Kernel
import Storage
import Web

/// The month in which somebody was born: enough to know from when they agree alone, and no more is kept.
package struct BirthMonth: Hashable, Sendable {
    /// Year times twelve, and 0 for January.
    package let number: Int64

    package init(number: Int64) { self.number = number }

    /// Reads `2018-05`, and a whole day, of which the month is taken.
    package init?(_ text: String) {
        let parts = text.split(whereSeparator: { "-/.".contains($0) })
        guard (2...3).contains(parts.count), parts[0].utf8.count == 4, let year = Int64(parts[0]),
            (1900...2199).contains(year), parts[1].utf8.count <= 2, let month = Int64(parts[1]),
            (1...12).contains(month), parts.count == 2 || Int(parts[2]).map({ (1...31).contains($0) }) ?? false
        else { return nil }
        number = year * 12 + month - 1
    }

    package var text: String {
        let month = number % 12 + 1
        return "\(number / 12)-\(month < 10 ? "0" : "")\(month)"
    }

    /// Below the age on a day. The day of birth is not known, so the whole month of the birthday is below.
    package func isBelow(_ years: Int64, on day: Day) -> Bool { Self.month(of: day) - number <= years * 12 }
    package func isAfter(_ day: Day) -> Bool { number > Self.month(of: day) }

    private static func month(of day: Day) -> Int64 {
        let civil = day.civil
        return Int64(civil.year) * 12 + Int64(civil.month) - 1
    }
}

package struct Minor: Sendable {
    package let id: PersonID
    package let name: String
    package let unit: AreaID
    package let place: String
    package let birth: BirthMonth
    package let guardian: PersonID
    package let guardianName: String
    /// False for a child that an import entered and whose guardian has not agreed yet.
    package let isAgreed: Bool
}

/// Every SQL word about children.
package enum MinorStore {
    package static let most: Int64 = 10

    static func insert(
        _ person: PersonID, guardian: PersonID, unit: AreaID, birth: BirthMonth, agreed: Instant?,
        by author: PersonID?, at now: Instant, _ transaction: any WriteTransaction
    ) throws {
        try transaction.run(
            """
            insert into directory_minor (person_id, guardian_id, unit_id, birth, agreed_ms, created_by, created_ms)
            values (\(person), \(guardian), \(unit), \(birth.number), \(agreed), \(author?.raw ?? 0), \(now))
            on conflict (person_id) do update set guardian_id = excluded.guardian_id, birth = excluded.birth,
                agreed_ms = case when directory_minor.guardian_id = excluded.guardian_id
                    then coalesce(directory_minor.agreed_ms, excluded.agreed_ms) else excluded.agreed_ms end
            """)
    }

    /// False when there is nothing to agree to: another's child, or one agreed to already.
    static func agree(
        _ person: PersonID, guardian: PersonID, at now: Instant, _ transaction: any WriteTransaction
    ) throws -> Bool {
        try transaction.run(
            """
            update directory_minor set agreed_ms = \(now)
            where person_id = \(person) and guardian_id = \(guardian) and agreed_ms is null
            """) == 1
    }

    package static func of(_ guardian: PersonID, _ transaction: any ReadTransaction) throws -> [Minor] {
        try transaction.query(
            """
            select m.person_id, p.name, m.unit_id, b.name, u.name, m.birth, m.guardian_id, g.name,
                m.agreed_ms
            from directory_minor m
            join directory_person p on p.id = m.person_id
            join directory_person g on g.id = m.guardian_id
            join directory_area u on u.id = m.unit_id
            join directory_area b on b.id = u.parent_id
            where m.guardian_id = \(guardian) order by m.person_id limit \(most)
            """
        ) { row in
            Minor(
                id: try row.id(0), name: try row.text(1), unit: try row.id(2),
                place: "\(try row.text(3)) \(try row.text(4))", birth: BirthMonth(number: try row.int(5)),
                guardian: try row.id(6), guardianName: try row.text(7),
                isAgreed: try row.optionalInstant(8) != nil)
        }
    }

    package static func isMinor(_ person: PersonID, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first("select person_id from directory_minor where person_id = \(person)") { try $0.int(0) }
            != nil
    }

    /// Whether a child of that name is entered at a unit.
    static func isThere(_ name: String, in unit: AreaID, _ transaction: any ReadTransaction) throws -> Bool {
        try transaction.first(
            """
            select m.person_id from directory_minor m join directory_person p on p.id = m.person_id
            where m.unit_id = \(unit) and p.name = \(name) limit 1
            """
        ) { try $0.int(0) } != nil
    }

    /// Somebody of that name who lives at a unit and is no child.
    static func guardian(
        _ name: String, in unit: AreaID, on day: Day, _ transaction: any ReadTransaction
    ) throws -> PersonID? {
        try transaction.first(
            """
            select n.id from directory_home h join directory_person n on n.id = h.person_id
            where h.unit_id = \(unit) and n.name = \(name) and h.status = 1 and h.to_day >= \(day)
                and n.id not in (select m.person_id from directory_minor m where m.unit_id = \(unit))
            order by n.id limit 1
            """
        ) { try $0.id(0) }
    }
}

/// What was sent about a child, by a page or by a program. What may not be kept is looked for by its name, so that it
/// is refused and not dropped.
struct MinorSent: Sendable {
    static let contacts = ["phone", "mobile", "photo", "email", "wechat", "contact"]
    var unit: AreaID?
    var name: String
    var birth: String
    var agrees: Bool
    var hasContact: Bool
}

extension HomeActions {
    /// Enters a child of one's own household, as its guardian. No number and no picture is taken.
    func addMinor(_ sent: MinorSent, by actor: Actor) async throws -> PersonID {
        guard let person = actor.person, !actor.byToken else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        let id: PersonID = world.id()
        let home = world.nextID()
        return try await database.write { [journal] transaction in
            let age = try LawLimitStore.value(.minorAge, transaction)
            let years = String(age)
            // A name that is a number in disguise.
            guard !sent.hasContact, sent.name.unicodeScalars.count(where: { $0.properties.numericType != nil }) < 5,
                !sent.name.contains("@")
            else { throw DirectoryRefusal.minorContact(years) }
            guard (1...40).contains(sent.name.unicodeScalars.count), TextRules.isPlain(sent.name),
                sent.name.contains(where: \.isLetter)
            else { throw DirectoryRefusal.badName }
            guard let birth = BirthMonth(sent.birth), !birth.isAfter(today) else { throw DirectoryRefusal.minorBirth }
            guard birth.isBelow(age, on: today) else { throw DirectoryRefusal.minorOld(years) }
            let homes = try DirectoryStore.homes(of: person, on: today, transaction)
            guard let own = homes.first(where: { $0.unit == sent.unit }),
                let unit = try DirectoryStore.area(own.unit, transaction)
            else { throw DirectoryRefusal.noSuchUnit }
            guard sent.agrees, try !MinorStore.isMinor(person, transaction) else {
                throw DirectoryRefusal.minorGuardian
            }
            let known = try MinorStore.of(person, transaction)
            guard known.count < MinorStore.most else { throw DirectoryRefusal.minorMany }
            // Sent twice, it is entered once.
            let same = known.first { $0.name == sent.name && $0.birth == birth && $0.unit == own.unit }
            if let same { return same.id }
            try DirectoryStore.insertPerson(id, name: sent.name, phone: nil, at: now, transaction)
            _ = try DirectoryStore.insertHome(
                person: id, unit: unit, relation: .family, active: true, from: today, to: HomeStore.forever,
                decidedBy: person, id: home, at: now, transaction)
            try MinorStore.insert(
                id, guardian: person, unit: own.unit, birth: birth, agreed: now, by: person, at: now, transaction)
            try journal.audit(
                AuditEntry(
                    area: own.estate, actor: person, verb: "minor.add", subject: id.raw, detail: birth.text), at: now,
                transaction)
            return id
        }
    }

    /// The guardian agrees to what an import entered. Once more changes nothing.
    func agreeMinor(_ id: PersonID, by actor: Actor) async throws {
        guard let person = actor.person, !actor.byToken else { throw DirectoryRefusal.noPost }
        let now = world.now()
        try await database.write { [journal] transaction in
            guard try MinorStore.of(person, transaction).contains(where: { $0.id == id }) else {
                throw DirectoryRefusal.notFound
            }
            guard try MinorStore.agree(id, guardian: person, at: now, transaction) else { return }
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "minor.agree", subject: id.raw), at: now,
                transaction)
        }
    }

    /// Forgets a child of whom one is the guardian.
    func removeMinor(_ id: PersonID, by actor: Actor) async throws {
        guard let person = actor.person, !actor.byToken else { throw DirectoryRefusal.noPost }
        let now = world.now()
        let today = Zone.shanghai.day(of: now)
        try await database.write { [journal] transaction in
            guard try MinorStore.of(person, transaction).contains(where: { $0.id == id }) else {
                throw DirectoryRefusal.notFound
            }
            _ = try DirectoryPersonal.forget(id, today, transaction)
            try journal.audit(
                AuditEntry(area: AreaID(0), actor: person, verb: "minor.remove", subject: id.raw), at: now,
                transaction)
        }
    }
}

extension DirectoryHouse {
    private struct Feedback: Sendable {
        var refusal: (any Refusal)?
        var name = ""
        var birth = ""
        var unit = ""
    }

    private struct MinorAsked: Asked {
        let sent: MinorSent
        init(_ ask: Ask) throws {
            let unit: AreaID = try ask.body("unit", .id(), "One of one's own homes.")
            let name = try ask.body("name", .text(1...40))
            let birth = try ask.body("birth", .text(7...10), "The month, such as `2018-05`.")
            let agrees = try ask.body("agrees", .flag, "That the guardian, who asks, agrees.")
            var contact = false
            for field in ["phone", "photo"] {
                let value = try ask.body.optional(field, .text(0...400), "Of nobody so young: refused.")
                contact = contact || !(value ?? "").isEmpty
            }
            sent = MinorSent(unit: unit, name: name, birth: birth, agrees: agrees, hasContact: contact)
        }
    }
    private struct MinorNamed: Asked {
        let id: PersonID
        init(_ ask: Ask) throws { id = try ask.path("id", .id()) }
    }

    func minorRoutes(_ table: RouteTable) {
        table.get("/my/household", .signedIn) { _, context in try await household(Feedback(), context) }
        table.post("/my/household", .signedIn) { request, context in
            let typed = try await typed(request, context)
            let sent = MinorSent(
                unit: AreaID(text: typed["unit"]), name: typed.trimmed("name"), birth: typed.trimmed("birth"),
                agrees: !typed["agrees"].isEmpty,
                hasContact: MinorSent.contacts.contains { !typed.trimmed($0).isEmpty })
            do {
                _ = try await homes.addMinor(sent, by: context.actor)
                return Answer.redirect(Href("/my/household"))
            } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
                return try await household(
                    Feedback(refusal: refusal, name: sent.name, birth: sent.birth, unit: typed["unit"]), context)
            }
        }
        table.post("/my/household/:id/remove", .signedIn) { request, context in
            _ = try await typed(request, context)
            try await homes.removeMinor(try context.id("id"), by: context.actor)
            return Answer.redirect(Href("/my/household"))
        }
        table.post("/my/household/:id/agree", .signedIn) { request, context in
            _ = try await typed(request, context)
            try await homes.agreeMinor(try context.id("id"), by: context.actor)
            return Answer.redirect(Href("/my/household"))
        }
        table.get(
            "/api/v1/me/minors", .signedIn, API(.account, "Children of whom one is the guardian; not by token."),
            Nothing.self, Self.minorShape.slices
        ) { _, call in
            let person = try person(call.context)
            return .ok(Slice(try await database.read { try MinorStore.of(person, $0) }))
        }
        table.post(
            "/api/v1/me/minors", .signedIn,
            API(
                .account, "Enters a child of one's own household; not by token.",
                refuses: [
                    DirectoryRefusal.minorContact(""), DirectoryRefusal.minorOld(""), DirectoryRefusal.noSuchUnit,
                    DirectoryRefusal.noPost,
                ]), MinorAsked.self, Made.shape, makes: true
        ) { asked, call in
            _ = try person(call.context)
            return .made(Made(try await homes.addMinor(asked.sent, by: call.actor).text))
        }
        table.post(
            "/api/v1/me/minors/:id/agreement", .signedIn,
            API(
                .account, "The guardian agrees to a child that an import entered; not by token.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.noPost]), MinorNamed.self, .nothing
        ) { asked, call in
            _ = try person(call.context)
            try await homes.agreeMinor(asked.id, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/me/minors/:id/removal", .signedIn,
            API(
                .account, "Forgets a child; not by token.",
                refuses: [DirectoryRefusal.notFound, DirectoryRefusal.noPost]), MinorNamed.self, .nothing
        ) { asked, call in
            _ = try person(call.context)
            try await homes.removeMinor(asked.id, by: call.actor)
            return .done
        }
    }

    private static let minorShape = Shape<Minor>.object("Minor") {
        Member("id", .id()) { $0.id }
        Member("name", .words) { $0.name }
        Member("unit", .id()) { $0.unit }
        Member("place", .words) { $0.place }
        Member("birth", .words, "The month, such as `2018-05`.") { $0.birth.text }
        Member("agreed", .flag, "Whether the guardian has agreed.") { $0.isAgreed }
    }

    private func household(_ feedback: Feedback, _ context: WebContext) async throws -> Response {
        let person = try person(context)
        let words = context.words
        let (minors, age) = try await database.read {
            (try MinorStore.of(person, $0), try LawLimitStore.value(.minorAge, $0))
        }
        let rows = minors.map { minor -> HTML in
            let agree: HTML =
                minor.isAgreed
                ? .empty
                : """
                <form method="post" action="\(Href("/my/household/", minor.id.text, "/agree"))">\
                \(Layout.token(context))<button class="btn">\(words(.minorsAgree))</button></form>
                """
            let state: HTML = minor.isAgreed ? .empty : "<small>\(words(.minorsNotAgreed))</small>"
            return """
                <li class="row"><span class="grow"><b>\(minor.name)</b><small>\(minor.place) · \
                \(words(.minorsBorn, minor.birth.text, minor.guardianName))</small>\(state)</span>\(agree)\
                <form method="post" action="\(Href("/my/household/", minor.id.text, "/remove"))">\(Layout.token(context))\
                <button class="btn">\(words(.minorsRemove, minor.name))</button></form></li>
                """
        }
        let list: HTML =
            rows.isEmpty
            ? "<p class=\"card soft\">\(words(.minorsNone))</p>"
            : "<ul class=\"card rows\">\(HTML.joined(rows))</ul>"
        let homes = context.actor.homes.map { (value: $0.unit.text, label: "\($0.estateName) \($0.label)") }
        let refusal = feedback.refusal
        let form: HTML = """
            <form class="card stack" method="post" action="/my/household">\(Layout.token(context))
            <h2>\(words(.minorsAdd))</h2>\(Form.summary(refusal, context))
            <div class="field"><label for="unit">\(words(.minorsHome))</label><select class="in" id="unit" name="unit">\
            \(Options.make(homes, chosen: feedback.unit))</select></div>
            <div class="field"><label for="name">\(words(.dataName))</label><input class="in" id="name" name="name" \
            maxlength="40" required autocomplete=off value="\(feedback.name)"\(Form.invalid(refusal, "name"))>\
            \(Form.error(refusal, for: "name", context))</div>
            <div class="field"><label for="birth">\(words(.minorsBirth))</label><input class="in" id="birth" \
            name="birth" maxlength="10" required inputmode=numeric autocomplete=off value="\(feedback.birth)"\
            \(Form.invalid(refusal, "birth"))>\(Form.error(refusal, for: "birth", context))</div>
            <label class="chip"><input type="checkbox" name="agrees" value="1" required>\
            <span>\(words(.minorsAgree))</span></label>\(Form.error(refusal, for: "agrees", context))
            <button class="btn primary">\(words(.minorsAdd))</button></form>
            """
        let main: HTML = """
            <div class="stack-l"><h1>\(words(.minorsTitle))</h1>
            <p class="help">\(words(.minorsHelp, String(age)))</p>\(list)\(homes.isEmpty ? .empty : form)
            <p><a href="/me">\(words(.back))</a></p></div>
            """
        var page = Page(title: words(.minorsTitle), frame: .resident(.mine), main: main)
        page.narrow = true
        page.homeLink = Href("/home")
        page.end = Layout.elderSwitch(context)
        return shown(page, refusal, context)
    }
}

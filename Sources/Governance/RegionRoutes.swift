import Directory
import Hummingbird
import Kernel
import Storage
import Web

/// Regional rules with who chose them, for the page and for programs.
struct RegionList: Sendable {
    let regions: [Region]
    let choices: [(area: AreaID, region: String)]
    let places: [Area]
    let history: RuleHistory
}

extension GovernanceHouse {
    private struct RegionAsked: Asked {
        let edit: GovernanceDesk.RegionEdit
        private static let items = Shape<RegionItem>.choice(RegionItem.allCases) { $0.rawValue }
        init(_ ask: Ask) throws {
            let region = try ask.body("region", .text(1...20))
            let area: AreaID? = try ask.body.optional("area", .id(), "To choose it for a place.")
            let item = try ask.body.optional("item", Self.items, "To set a number of it.")
            let value = try ask.body.optional("value", .whole(1...3650))
            let why = try ask.body("why", .text(1...120), "Which rule says so.")
            let from = try ask.body.optional("from", .time, "At once when not said.")
            let seen = try ask.body.optional("version", .whole(0...1_000_000_000), "The newest of `/rules`.")
            let what: GovernanceDesk.RegionEdit.What
            if let area {
                what = .choice(area)
            } else {
                guard let item, let value else { throw WebRefusal.missingField("area") }
                what = .number(item, value)
            }
            edit = GovernanceDesk.RegionEdit(region: region, what: what, why: why, from: from, seen: seen)
        }
    }

    func regionRoutes(_ table: RouteTable) {
        table.get("/desk/regions", .staff) { _, context in
            try await regions(Returned(), context)
        }
        table.post("/desk/regions", .verb(.policyEdit)) { request, context in
            let sent = Sent(try await context.form(request))
            do {
                try await desk.editRegion(try Self.edit(sent), by: context.actor)
                return Answer.redirect(Href("/desk/regions"))
            } catch let refusal as any Refusal where refusal.kind == .invalid || refusal.kind == .conflict {
                return try await regions(Returned(sent: sent, refusal: refusal), context)
            }
        }
        table.get(
            "/api/v1/regions", .staff, API(.rules, "What provinces and cities set, with source and date."),
            Nothing.self, RegionShapes.region.slices
        ) { _, _ in .ok(Slice(try await database.read { try RegionStore.all($0) })) }
        table.post(
            "/api/v1/regions", .verb(.policyEdit),
            API(
                .rules, "Chooses a region for a place, or sets one of its numbers.",
                refuses: [
                    GovernanceRefusal.notFound, GovernanceRefusal.badChoice(""), DirectoryRefusal.badStart,
                    DirectoryRefusal.changedMeanwhile,
                ]), RegionAsked.self, .nothing
        ) { asked, call in
            try await desk.editRegion(asked.edit, by: call.actor)
            return .done
        }
    }

    private static func edit(_ sent: Sent) throws -> GovernanceDesk.RegionEdit {
        let what: GovernanceDesk.RegionEdit.What
        switch sent["way"] {
        case "choose": what = .choice(try sent.id("area"))
        case "number":
            guard let item = RegionItem(rawValue: sent["item"]) else { throw GovernanceRefusal.badChoice("item") }
            what = .number(item, try sent.number("value", 1...3650))
        default: throw GovernanceRefusal.badChoice("way")
        }
        return GovernanceDesk.RegionEdit(
            region: sent["region"], what: what, why: sent["why"], from: try RuleEdit.start(sent["start"]),
            seen: Int64(sent["version"]))
    }

    private func regions(_ returned: Returned, _ context: WebContext) async throws -> Response {
        let actor = context.actor
        let scope = actor.may(.policyEdit) ? try actor.scope(.policyEdit) : nil
        let list = try await database.read { transaction in
            RegionList(
                regions: try RegionStore.all(transaction),
                choices: try scope.map { try RegionStore.choices(in: $0, transaction) } ?? [],
                places: try scope.map { try DirectoryStore.areas(in: $0, levels: 1...6, limit: 300, transaction) }
                    ?? [],
                history: try RuleHistory.load(.region, transaction))
        }
        let title = context.words(.regionsTitle)
        let main = Self.main(list, scope != nil, Kit(context, returned), world.now())
        return directory.shown(directory.staffPage(title, main, context), returned.refusal, context)
    }

    private static func main(_ list: RegionList, _ mayEdit: Bool, _ kit: Kit, _ now: Instant) -> HTML {
        let words = kit.words
        let head = HTML.joined(list.regions.map { "<th scope=\"col\">\($0.name)</th>" as HTML })
        let rows = RegionItem.allCases.map { item -> HTML in
            let cells = HTML.joined(
                list.regions.map { region -> HTML in
                    "<td class=\"num\">\(region.values[item].map { String($0) } ?? "–")</td>"
                })
            let use: HTML =
                item.isUsed
                ? "<div><span class=\"state ok\">\(words(.regionUsed))</span></div>"
                : "<div class=\"small soft\">\(words(.regionUnused))</div>"
            return "<tr><th scope=\"row\">\(words(item.phrase))\(use)</th>\(cells)</tr>"
        }
        let sources = list.regions.map { region -> HTML in
            let places = list.choices.filter { $0.region == region.code }.compactMap { choice in
                list.places.first { $0.id == choice.area }?.name
            }
            let chosen = places.isEmpty ? "" : " · \(words(.regionChosen)) \(words.list(places))"
            return kit.row(region.name, "\(region.source) · \(region.since.description)\(chosen)")
        }
        let regions = list.regions.map { (value: $0.code, label: $0.name) }
        let items = RegionItem.allCases.map { item in
            (
                value: item.rawValue,
                label: item.isUsed ? words(item.phrase) : "\(words(item.phrase)) (\(words(.regionUnused)))"
            )
        }
        func common(_ way: String) -> HTML {
            let isThis = kit.returned.way == way
            let start = isThis ? kit.returned.sent?["start"] ?? "" : ""
            let refusal = isThis ? kit.returned.refusal : nil
            return """
                \(kit.text(way, "why", .regionWhy, most: 120))<div class="field"><label for="\(way)-start">\
                \(words(.limitStart)) <span class="soft">\(words(.optional))</span></label><input class="in" \
                type="datetime-local" id="\(way)-start" name="start" value="\(start)"\
                \(Form.invalid(refusal, "start"))>\(Form.error(refusal, for: "start", kit.context))</div>
                """
        }
        let here = Href("/desk/regions")
        let version = [("version", String(list.history.newest))]
        let forms: HTML =
            !mayEdit
            ? .empty
            : kit.form(
                "choose", here, .regionChoose, hidden: version,
                kit.pair(
                    kit.select("choose", "area", .regionPlace, kit.places(list.places)),
                    kit.select("choose", "region", .regionWhich, regions)), common("choose"))
                + kit.form(
                    "number", here, .regionEdit, hidden: version, primary: false,
                    kit.pair(
                        kit.select("number", "region", .regionWhich, regions),
                        kit.select("number", "item", .regionItem, items),
                        kit.text("number", "value", .regionNumber, most: 4, numeric: true)), common("number"))
                + list.history.html(here, whyField: "why", kit.context, now)
        return kit.page(
            words(.regionsTitle), "",
            "<p class=\"help\">\(words(.regionsLead)) <a href=\"/desk/limits\">\(words(.limitsTitle))</a></p>",
            """
            <div class="card scroll" role="region" tabindex="0" aria-label="\(words(.regionsTitle))">\
            <table class="plain"><thead><tr><th scope="col">\(words(.regionItem))</th>\(head)</tr></thead>\
            <tbody>\(HTML.joined(rows))</tbody></table></div>
            """, ExportLinks.make("regions", kit.context), kit.rows(sources, none: .governanceNone), forms)
    }
}

enum RegionShapes {
    static let number = Shape<(item: RegionItem, value: Int64)>.object("RegionNumber") {
        Member("item", Shape<RegionItem>.choice(RegionItem.allCases) { $0.rawValue }) { $0.item }
        Member("value", .whole) { $0.value }
        Member("used", .flag, "Whether something in the house goes by it yet.") { $0.item.isUsed }
    }
    static let region = Shape<Region>.object("Region") {
        Member("code", .words) { $0.code }
        Member("name", .words) { $0.name }
        Member("source", .words) { $0.source }
        Member("since", .day) { $0.since }
        Member("numbers", number.list()) { region in
            RegionItem.allCases.compactMap { item in region.values[item].map { (item: item, value: $0) } }
        }
    }
}

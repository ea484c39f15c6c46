import Directory
import Hummingbird
import Kernel
import Storage
import Web

struct ContractList: Sendable {
    let list: Listing<Contract>
    let areas: [AreaID: Area]
    let bodies: [OrganisationID: Body]
    let dates: [Int64: [ContractDate]]
    let estates: [Area]
    let companies: [Body]
    let today: Day
}

struct ContractView: Sendable {
    let contract: Contract
    let area: Area
    let company: Body?
    let dates: [ContractDate]
    let told: [ContractDate: Instant]
    let others: [Contract]
    let mayEdit: Bool
    let today: Day
}

extension GovernanceHouse {
    func contractRoutes(_ table: RouteTable) {
        let list = Room<ContractList>(
            page: "/desk/contracts", api: "/api/v1/contracts", access: .verb(.governanceRead),
            load: { request, context in try await contracts(request, context) },
            title: { $1.words(.contractsTitle) }, main: { Self.main($0, Kit($2, $1)) },
            json: { list in list.list.json { Self.json($0, list.dates[$0.id.raw] ?? []) } })
        open(list, table)
        write(page: "/desk/contracts", api: "/api/v1/contracts", .verb(.governanceEdit), list, table) { sent, context in
            let id = try await desk.register(try contract(sent), by: context.actor)
            return Made(id.text, Href("/desk/contracts/", id.text))
        }
        let one = Room<ContractView>(
            page: "/desk/contracts/:id", api: "/api/v1/contracts/:id", access: .verb(.governanceRead),
            load: { _, context in try await contractView(context.id("id"), context) },
            title: { view, _ in view.contract.number }, main: { Self.main($0, Kit($2, $1)) },
            json: { Self.json($0.contract, $0.dates) })
        open(one, table)
        write(page: "/desk/contracts/:id", api: "/api/v1/contracts/:id", .verb(.governanceEdit), one, table) {
            sent, context in
            let id = try context.id("id", ContractTag.self)
            let actor = context.actor
            _ = try await database.read { try GovernanceDesk.contract(id, .governanceEdit, actor, $0) }
            switch sent["way"] {
            case "file":
                try await desk.file(
                    id, number: sent["filing"], on: try sent.day("filed"), was: try sent.version(), by: actor)
            case "end":
                try await desk.endContract(
                    id, on: try sent.day("last"), words: sent["why"], was: try sent.version(), by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Made(id.text, Href("/desk/contracts/", id.text))
        }
    }

    private func contract(_ sent: Sent) throws -> Contract {
        Contract(
            id: world.id(), estate: try sent.id("area"), company: try sent.id("company"), owners: sent["owners"],
            number: sent["number"], signed: try sent.day("signed"), from: try sent.day("from"),
            to: try sent.optionalDay("to") ?? HomeStore.forever,
            hundredthsSquareMetre: try sent.number("metres", 0...100_000_000, empty: 0) * 100,
            feeStandard: sent["fee"], filingNumber: sent["filing"], filed: try sent.optionalDay("filed"),
            renews: try sent.optionalID("renews", ContractTag.self)?.raw ?? 0, ended: nil, endedWords: "", version: 1)
    }

    private func contracts(_ request: Request, _ context: WebContext) async throws -> ContractList {
        let actor = context.actor
        let scope = try actor.scope(.governanceRead)
        let editing = actor.may(.governanceEdit) ? try actor.scope(.governanceEdit) : nil
        let (limit, before, today) = (try limit(request), try cursor(request), today)
        return try await database.read { transaction in
            let found = try ContractStore.list(scope, before: before, limit: limit + 1, transaction)
            var dates: [Int64: [ContractDate]] = [:]
            for c in found { dates[c.id.raw] = try GovernanceDesk.dates(c, transaction) }
            return ContractList(
                list: Listing(found, limit: limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.estate), transaction),
                bodies: try BodyStore.bodies(found.map(\.company), transaction), dates: dates,
                estates: try editing.map { try DirectoryStore.areas(in: $0, levels: 6...6, transaction) } ?? [],
                companies: editing == nil
                    ? []
                    : try BodyStore.bodies(in: scope, kind: nil, after: nil, limit: 500, transaction)
                        .filter { $0.kind == .propertyCompany || $0.kind == .propertyProject },
                today: today)
        }
    }

    private func contractView(_ id: ID<ContractTag>, _ context: WebContext) async throws -> ContractView {
        let (actor, today) = (context.actor, today)
        return try await database.read { transaction in
            let (found, area, _) = try GovernanceDesk.contract(id, .governanceRead, actor, transaction)
            return ContractView(
                contract: found, area: area, company: try BodyStore.body(found.company, transaction),
                dates: try GovernanceDesk.dates(found, transaction),
                told: try ContractStore.reminders(of: id, transaction),
                others: try ContractStore.of(found.estate, transaction).filter { $0.id != id },
                mayEdit: actor.may(.governanceEdit, at: area.path), today: today)
        }
    }

    private static func state(_ c: Contract, _ today: Day, _ dates: [ContractDate], _ kit: Kit) -> HTML {
        if c.last < today { return kit.state(.plain, .contractOver) }
        if dates.contains(where: { $0.kind == .filing && $0.day < today }) {
            return kit.state(.late, .contractUnfiled)
        }
        if dates.contains(where: { $0.kind != .filing && $0.day <= today }) { return kit.state(.wait, .contractEnding) }
        return c.from > today ? kit.state(.wait, .contractSoon) : kit.state(.ok, .contractRunning)
    }

    private static func main(_ list: ContractList, _ kit: Kit) -> HTML {
        let words = kit.words
        let rows = list.list.rows.map { c -> HTML in
            kit.link(
                Href("/desk/contracts/", c.id.text), list.areas[c.estate]?.name ?? "",
                "\(c.number) · \(list.bodies[c.company]?.name ?? "") · \(kit.days(c.from, c.last))",
                state: state(c, list.today, list.dates[c.id.raw] ?? [], kit))
        }
        let old = list.list.rows.map {
            (value: $0.id.text, label: "\(list.areas[$0.estate]?.name ?? "") \($0.number)")
        }
        let add: HTML =
            list.estates.isEmpty
            ? .empty
            : kit.form(
                "add", Href("/desk/contracts"), .contractAdd,
                kit.pair(
                    kit.select("add", "area", .contractEstate, kit.places(list.estates)),
                    kit.select(
                        "add", "company", .contractCompany, list.companies.map { (value: $0.id.text, label: $0.name) })),
                kit.text("add", "owners", .contractOwners),
                kit.pair(
                    kit.text("add", "number", .contractNumber, most: 60), kit.day("add", "signed", .contractSigned)),
                kit.pair(
                    kit.day("add", "from", .governanceFrom),
                    kit.day("add", "to", .governanceTo, required: false)),
                kit.pair(
                    kit.text("add", "metres", .contractArea, most: 9, required: false, numeric: true),
                    kit.text("add", "fee", .contractFee, most: 120)),
                kit.pair(
                    kit.text("add", "filing", .contractFiling, most: 60, required: false),
                    kit.day("add", "filed", .contractFiled, required: false)),
                kit.select("add", "renews", .contractRenews, old, required: false))
        return kit.page(
            words(.contractsTitle), "", kit.rows(rows, none: .governanceNone),
            list.list.more(Href("/desk/contracts"), kit.context), add)
    }

    private static func main(_ view: ContractView, _ kit: Kit) -> HTML {
        let words = kit.words
        let c = view.contract
        let here = Href("/desk/contracts/", c.id.text)
        let dates = view.dates.map { date -> HTML in
            let told = view.told[date].map { words(.contractTold, Say.exact($0)) } ?? ""
            return kit.row(
                words(date.kind.phrase), told, tag: date.day.description,
                state: date.day < view.today ? kit.state(.late, .contractPassed) : .empty)
        }
        let others = view.others.map { other -> HTML in
            kit.link(
                Href("/desk/contracts/", other.id.text), other.number, kit.days(other.from, other.last),
                tag: other.id.raw == c.renews ? words(.contractRenewed) : "")
        }
        let version = [("version", String(c.version))]
        let forms: HTML =
            !view.mayEdit || c.ended != nil
            ? .empty
            : kit.form(
                "file", here, .contractFile, hidden: version,
                kit.pair(
                    kit.text("file", "filing", .contractFiling, value: c.filingNumber, most: 60),
                    kit.day("file", "filed", .contractFiled, value: c.filed ?? view.today)))
                + kit.form(
                    "end", here, .contractEnd, hidden: version, kit.day("end", "last", .contractLast),
                    kit.text("end", "why", .governanceWhy, most: 200))
        return kit.page(
            view.area.name, c.number, state(c, view.today, view.dates, kit),
            kit.facts([
                (.contractCompany, "\(view.company?.name ?? "")"), (.contractOwners, "\(c.owners)"),
                (.contractTerm, "\(kit.days(c.from, c.to))"),
                (.contractSigned, "<span class=num>\(c.signed.description)</span>"),
                (
                    .contractArea,
                    c.hundredthsSquareMetre == 0 ? .empty : "<span class=num>\(c.hundredthsSquareMetre / 100)</span>"
                ),
                (.contractFee, "\(c.feeStandard)"), (.contractFiling, "\(c.filingNumber)"),
                (.contractFiled, c.filed.map { "<span class=num>\($0.description)</span>" } ?? .empty),
                (.contractLast, c.ended.map { "<span class=num>\($0.description)</span> \(c.endedWords)" } ?? .empty),
            ]),
            kit.section(.contractDates, kit.rows(dates, none: .governanceNone)),
            kit.section(.contractOthers, kit.rows(others, none: .governanceNone)), forms)
    }

    private static func json(_ c: Contract, _ dates: [ContractDate]) -> JSON {
        .object([
            ("id", .string(c.id.text)), ("estate", .string(c.estate.text)), ("company", .string(c.company.text)),
            ("owners", .string(c.owners)), ("number", .string(c.number)), ("signed", .string(c.signed.description)),
            ("from", .string(c.from.description)), ("to", c.isIndefinite ? .null : .string(c.to.description)),
            ("area_hundredths_square_metre", .int(c.hundredthsSquareMetre)), ("fee_standard", .string(c.feeStandard)),
            ("filing_number", .string(c.filingNumber)), ("filed", .optional(c.filed?.description)),
            ("renews", c.renews == 0 ? .null : .string(ID<ContractTag>(c.renews).text)),
            ("ended", .optional(c.ended?.description)), ("version", .int(c.version)),
            (
                "dates",
                .array(
                    dates.map {
                        .object([("kind", .string($0.kind.rawValue)), ("day", .string($0.day.description))])
                    })
            ),
        ])
    }
}

extension ContractDate.Kind {
    var phrase: Phrase {
        switch self {
        case .company: .contractDateCompany
        case .owners: .contractDateOwners
        case .filing: .contractDateFiling
        }
    }
}

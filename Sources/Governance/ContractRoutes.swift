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
    let notices: [Int64: [ContractNotice]]
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
    let ahead: Set<ContractDate>
    let notices: [ContractNotice]
    let others: [Contract]
    let mayEdit: Bool
    let today: Day
}

struct ContractRow: Sendable {
    let contract: Contract
    let dates: [ContractDate]
    let notices: [ContractNotice]
}

extension GovernanceShapes {
    static let side01 = Shape<ContractSide>.choice(ContractSide.allCases) { $0.code }
    static let means = Shape<NoticeMeans>.choice(NoticeMeans.allCases) { $0.code }
    static let contractNotice = Shape<ContractNotice>.object("ContractNotice") {
        Member("id", .id()) { $0.id }
        Member("side", side01, "Who gave it; the other received it.") { $0.side }
        Member("day", .day) { $0.day }
        Member("means", means) { $0.means }
        Member("words", .words) { $0.words }
        Member("days_of_notice", .whole, "What the limit asked for when it was written down.") { $0.days }
        Member("in_time", .flag) { $0.inTime }
        Member("ends", .day, "The last day of the contract by it, at the earliest.") { $0.ends }
        Member("withdrawn", Shape<Instant>.time.orNull) { $0.withdrawn }
        Member("withdrawn_words", .words) { $0.withdrawnWords }
        Member("version", .whole) { $0.version }
    }
    static let contractDate = Shape<ContractDate>.object("ContractDate") {
        Member("kind", Shape<ContractDate.Kind>.choice(ContractDate.Kind.allCases) { $0.rawValue }) { $0.kind }
        Member("day", .day) { $0.day }
    }
    static let contract = Shape<ContractRow>.object("Contract") {
        Member("id", .id()) { $0.contract.id }
        Member("estate", .id()) { $0.contract.estate }
        Member("company", .id()) { $0.contract.company }
        Member("owners", .words, "Who signed for the owners.") { $0.contract.owners }
        Member("number", .words) { $0.contract.number }
        Member("signed", .day) { $0.contract.signed }
        Member("from", .day) { $0.contract.from }
        Member("to", day, "Null without an end.") { last($0.contract.to) }
        Member("area_hundredths_square_metre", .whole) { $0.contract.hundredthsSquareMetre }
        Member("fee_standard", .words) { $0.contract.feeStandard }
        Member("filing_number", .words, "Empty before it is filed.") { $0.contract.filingNumber }
        Member("filed", day) { $0.contract.filed }
        Member("renews", Shape<ID<ContractTag>>.id().orNull) {
            $0.contract.renews == 0 ? nil : ID<ContractTag>($0.contract.renews)
        }
        Member("ended", day, "The last day of one that was ended.") { $0.contract.ended }
        Member("ended_words", .words) { $0.contract.endedWords }
        Member("version", .whole) { $0.contract.version }
        Member("continues", day, "The first day without a term, where service went on after the last day.") {
            $0.contract.continues
        }
        Member("notices", contractNotice.list(), "Notices that the sides gave each other.") { $0.notices }
        Member("dates", contractDate.list(), "By which the parties and the filing are due.") { $0.dates }
    }
}

extension GovernanceHouse {
    func contractRoutes(_ table: RouteTable) {
        let list = Room<ContractList>(
            page: "/desk/contracts", access: .verb(.governanceRead),
            load: { request, context in try await contracts(Part(request), context.actor) },
            title: { $1.words(.contractsTitle) }, main: { Self.main($0, Kit($2, $1)) })
        open(list, table)
        write("/desk/contracts", .verb(.governanceEdit), list, table) { sent, context in
            Href("/desk/contracts/", try await desk.register(try contract(sent), by: context.actor).text)
        }
        let one = Room<ContractView>(
            page: "/desk/contracts/:id", access: .verb(.governanceRead),
            load: { _, context in try await contractView(context.id("id"), context.actor) },
            title: { view, _ in view.contract.number }, main: { Self.main($0, Kit($2, $1)) })
        open(one, table)
        write("/desk/contracts/:id", .verb(.governanceEdit), one, table) { sent, context in
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
            case "notice":
                try await desk.giveNotice(
                    NewContractNotice(
                        side: try sent.choice("side", \ContractSide.code), day: try sent.day("day"),
                        means: try sent.choice("means", \NoticeMeans.code), words: sent["words"]), of: id, by: actor)
            case let way where way.hasPrefix("withdraw-"):
                try await desk.withdrawNotice(
                    try sent.id("notice"), of: id, words: sent["why"], was: try sent.version(), by: actor)
            case "goOn": try await desk.goOn(id, was: try sent.version(), by: actor)
            default: throw GovernanceRefusal.badChoice("way")
            }
            return Href("/desk/contracts/", id.text)
        }
        contractAPI(table)
        contractNoticeAPI(table)
    }

    private struct RegisterAsked: Asked {
        let estate: AreaID
        let company: OrganisationID
        let owners: String
        let number: String
        let signed: Day
        let from: Day
        let to: Day?
        let metres: Int64
        let fee: String
        let filing: String
        let filed: Day?
        let renews: ID<ContractTag>?
        init(_ ask: Ask) throws {
            estate = try ask.body("area", .id(), "The estate.")
            company = try ask.body("company", .id())
            owners = try ask.body.typed("owners", 1...80, "Who signed for the owners.")
            number = try ask.body.typed("number", 1...60)
            signed = try ask.body("signed", .day)
            from = try ask.body("from", .day)
            to = try ask.body.optional("to", .day, "Missing without an end.")
            metres = try ask.body.optional("square_metres", .whole(0...100_000_000)) ?? 0
            fee = try ask.body.typed("fee", 1...120)
            filing = try ask.body.typedOrNone("filing", 60)
            filed = try ask.body.optional("filed", .day)
            renews = try ask.body.optional("renews", .id(), "The contract that it follows.")
        }
    }
    private struct FileAsked: Asked {
        let id: ID<ContractTag>
        let number: String
        let filed: Day
        let seen: Seen
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            number = try ask.body.typed("filing", 1...60)
            filed = try ask.body("filed", .day)
            seen = try Seen(ask)
        }
    }
    private struct EndContractAsked: Asked {
        let id: ID<ContractTag>
        let last: Day
        let why: String
        let seen: Seen
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            last = try ask.body("last", .day, "The last day.")
            why = try ask.body.typed("why", 1...200)
            seen = try Seen(ask)
        }
    }

    private func contractAPI(_ table: RouteTable) {
        table.get(
            "/api/v1/contracts", .verb(.governanceRead), .list("Service contracts, the newest first."),
            ListAsked.self, GovernanceShapes.contract.slices
        ) { asked, call in
            let view = try await contracts(Part(asked.paging), call.actor)
            return .ok(
                view.list.slice {
                    ContractRow(
                        contract: $0, dates: view.dates[$0.id.raw] ?? [], notices: view.notices[$0.id.raw] ?? [])
                })
        }
        table.post(
            "/api/v1/contracts", .verb(.governanceEdit),
            .act(
                "Registers a contract.",
                [.contractOverlaps(""), .renewalBeforeEnd, .filedBeforeSigned, .endsBeforeItBegins, .badChoice("")]),
            RegisterAsked.self, Made.shape, makes: true
        ) { asked, call in
            let id = try await desk.register(
                Contract(
                    id: world.id(), estate: asked.estate, company: asked.company, owners: asked.owners,
                    number: asked.number, signed: asked.signed, from: asked.from, to: asked.to ?? HomeStore.forever,
                    hundredthsSquareMetre: asked.metres * 100, feeStandard: asked.fee, filingNumber: asked.filing,
                    filed: asked.filed, renews: asked.renews?.raw ?? 0, ended: nil, endedWords: "", version: 1),
                by: call.actor)
            return .made(Made(id.text), at: "/api/v1/contracts/\(id.text)")
        }
        table.get(
            "/api/v1/contracts/:id", .verb(.governanceRead), .one("One contract with its dates."),
            OneAsked<ContractTag>.self, GovernanceShapes.contract
        ) { asked, call in
            let view = try await contractView(asked.id, call.actor)
            return .ok(
                ContractRow(contract: view.contract, dates: view.dates, notices: view.notices),
                version: view.contract.version)
        }
        table.post(
            "/api/v1/contracts/:id/filing", .verb(.governanceEdit),
            .act("Says under which number it was filed, and when.", [.filedBeforeSigned, .badDay("")], matches: true),
            FileAsked.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) {
                try await desk.file(asked.id, number: asked.number, on: asked.filed, was: $0, by: call.actor)
            }
        }
        table.post(
            "/api/v1/contracts/:id/end", .verb(.governanceEdit),
            .act("Ends a contract before its time.", [.contractEnded, .badDay("")], matches: true),
            EndContractAsked.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) {
                try await desk.endContract(asked.id, on: asked.last, words: asked.why, was: $0, by: call.actor)
            }
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

    private func contracts(_ part: Part, _ actor: Actor) async throws -> ContractList {
        let scope = try actor.scope(.governanceRead)
        let offer = try FormOffer(actor)
        let today = today
        return try await database.read { transaction in
            let found = try ContractStore.list(scope, before: part.cursor, limit: part.limit + 1, transaction)
            var dates: [Int64: [ContractDate]] = [:]
            var notices: [Int64: [ContractNotice]] = [:]
            for c in found {
                dates[c.id.raw] = try GovernanceDesk.dates(c, transaction)
                notices[c.id.raw] = try ContractNoticeStore.of(c.id, transaction)
            }
            return ContractList(
                list: Listing(found, limit: part.limit) { $0.id.raw },
                areas: try DirectoryStore.areas(found.map(\.estate), transaction),
                bodies: try BodyStore.bodies(found.map(\.company), transaction), dates: dates, notices: notices,
                estates: try offer.places(6...6, transaction),
                companies: try offer.bodies(in: scope, limit: 500, transaction)
                    .filter { $0.kind == .propertyCompany || $0.kind == .propertyProject },
                today: today)
        }
    }

    private func contractView(_ id: ID<ContractTag>, _ actor: Actor) async throws -> ContractView {
        let today = today
        return try await database.read { transaction in
            let (found, area, _) = try GovernanceDesk.contract(id, .governanceRead, actor, transaction)
            return ContractView(
                contract: found, area: area, company: try BodyStore.body(found.company, transaction),
                dates: try GovernanceDesk.dates(found, transaction),
                told: try ContractStore.reminders(of: id, transaction),
                ahead: Set(try ContractNoticeStore.stages(of: id, transaction).keys),
                notices: try ContractNoticeStore.of(id, transaction),
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
                "\(c.number) · \(list.bodies[c.company]?.name ?? "") · \(term(c, list.dates[c.id.raw] ?? [], kit))",
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
            list.list.more(Href("/desk/contracts"), kit.context),
            ExportLinks.make("contracts", kit.context), add)
    }

    private static func main(_ view: ContractView, _ kit: Kit) -> HTML {
        let words = kit.words
        let c = view.contract
        let here = Href("/desk/contracts/", c.id.text)
        let dates = view.dates.map { date -> HTML in
            let told =
                view.told[date].map { words(.contractTold, Say.exact($0)) }
                ?? (view.ahead.contains(date) ? words(.contractReminded) : "")
            return kit.row(
                words(date.kind.phrase), "\(told)", tag: date.day.description,
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
                    "end", here, .contractEnd, hidden: version, primary: false, kit.day("end", "last", .contractLast),
                    kit.text("end", "why", .governanceWhy, most: 200))
        return kit.page(
            view.area.name, c.number, state(c, view.today, view.dates, kit),
            kit.facts([
                (.contractCompany, "\(view.company?.name ?? "")"), (.contractOwners, "\(c.owners)"),
                (.contractTerm, "\(term(c, view.dates, kit))"),
                (.contractSigned, "<span class=num>\(c.signed.description)</span>"),
                (
                    .contractArea,
                    c.hundredthsSquareMetre == 0 ? .empty : "<span class=num>\(c.hundredthsSquareMetre / 100)</span>"
                ),
                (.contractFee, "\(c.feeStandard)"), (.contractFiling, "\(c.filingNumber)"),
                (.contractFiled, c.filed.map { "<span class=num>\($0.description)</span>" } ?? .empty),
                (.contractLast, c.ended.map { "<span class=num>\($0.description)</span> \(c.endedWords)" } ?? .empty),
            ]),
            kit.section(
                .contractDates,
                kit.rows(dates, none: .governanceNone) + ExportLinks.inside("contract-dates", c.id.text, kit.context)),
            noticeParts(view, kit),
            kit.section(
                .contractOthers,
                kit.rows(others, none: .governanceNone)
                    + ExportLinks.make("contracts", kit.context, title: .contractsTitle)), forms)
    }

}

extension ContractDate.Kind {
    var phrase: Phrase {
        switch self {
        case .company: .contractDateCompany
        case .owners: .contractDateOwners
        case .filing: .contractDateFiling
        case .leave: .contractDateLeave
        case .end: .contractDateEnd
        }
    }
}

import Directory
import Hummingbird
import Kernel
import Storage
import Web

extension GovernanceHouse {
    private struct NoticeAsked: Asked {
        let id: ID<ContractTag>
        let notice: NewContractNotice
        init(_ ask: Ask) throws {
            id = try ask.path("id", .id())
            notice = NewContractNotice(
                side: try ask.body("side", GovernanceShapes.side01, "Who gave it."),
                day: try ask.body("day", .day, "When it was delivered."),
                means: try ask.body("means", GovernanceShapes.means), words: try ask.body.typed("words", 1...400))
        }
    }

    func contractNoticeAPI(_ table: RouteTable) {
        table.post(
            "/api/v1/contracts/:id/notices", .verb(.governanceEdit),
            .act("Writes down that a side gave the other notice.", [.badDay(""), .noticedTwice, .contractEnded]),
            NoticeAsked.self, .nothing
        ) { asked, call in
            try await desk.giveNotice(asked.notice, of: asked.id, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/contracts/:id/notices/:part/withdrawal", .verb(.governanceEdit),
            .act("A notice is taken back; the record stays.", [.contractEnded, .changedMeanwhile]),
            TakenBackAsked<ContractTag, ContractNoticeTag>.self, .nothing
        ) { asked, call in
            try await desk.withdrawNotice(
                asked.part, of: asked.id, words: asked.why, was: asked.version, by: call.actor)
            return .done
        }
        table.post(
            "/api/v1/contracts/:id/continuation", .verb(.governanceEdit),
            .act(
                "Service went on after the last day: the contract holds without a term.",
                [.contractEnded, .contractRunsStill, .noticeStands, .contractOverlaps("")], matches: true),
            SeenAsked<ContractTag>.self, .nothing
        ) { asked, call in
            try await call.on(asked.seen) { try await desk.goOn(asked.id, was: $0, by: call.actor) }
        }
    }

    /// From when to when, and what a notice makes of it.
    static func term(_ c: Contract, _ dates: [ContractDate], _ kit: Kit) -> String {
        var text = kit.days(c.from, c.ended ?? c.to)
        if c.ended == nil, c.isIndefinite {
            text += " · "
            text += c.continues.map { kit.words(.contractOpenSince, $0.description) } ?? kit.words(.contractOpenTerm)
        }
        if let end = dates.first(where: { $0.kind == .end }) {
            text += " · \(kit.words(.contractEarliest)) \(end.day.description)"
        }
        return text
    }

    /// The notices of a contract, and what may be done about them.
    static func noticeParts(_ view: ContractView, _ kit: Kit) -> HTML {
        let (words, c) = (kit.words, view.contract)
        let here = Href("/desk/contracts/", c.id.text)
        func name(_ side: ContractSide) -> String {
            side == .owners ? c.owners : view.company?.name ?? words(.contractSideCompany)
        }
        func title(_ n: ContractNotice) -> String {
            words(.contractNoticeFromTo, name(n.side), name(n.side == .owners ? .company : .owners))
        }
        let rows = view.notices.map { n -> HTML in
            let line = words(
                .contractNoticeLine, n.day.description, words(n.means.phrase), n.words, String(n.days),
                n.ends.description)
            let gone = n.withdrawn.map { " " + words(.contractNoticeWithdrawn, Say.exact($0), n.withdrawnWords) } ?? ""
            return kit.row(
                title(n), "\(line)\(gone)",
                state: n.withdrawn != nil
                    ? .empty
                    : n.inTime ? kit.state(.ok, .contractNoticeInTime) : kit.state(.late, .contractNoticeLate))
        }
        var forms = HTML.empty
        if view.mayEdit, c.ended == nil {
            forms += kit.form(
                "notice", here, .contractNoticeAdd, primary: false,
                kit.pair(
                    kit.select(
                        "notice", "side", .contractNoticeSide,
                        ContractSide.allCases.map { (value: $0.code, label: words($0.phrase)) }),
                    kit.select(
                        "notice", "means", .contractNoticeMeans,
                        NoticeMeans.allCases.map { (value: $0.code, label: words($0.phrase)) }),
                    kit.day("notice", "day", .contractNoticeDay, value: view.today)),
                kit.long("notice", "words", .contractNoticeWords))
            // One form for each: it carries the edition of its notice.
            for n in view.notices where n.withdrawn == nil {
                let way = "withdraw-\(n.id.text)"
                forms += kit.form(
                    way, here, .contractNoticeWithdraw,
                    hidden: [("notice", n.id.text), ("version", String(n.version))], primary: false,
                    "<p class=\"help\">\(title(n))</p>", kit.text(way, "why", .governanceWhy, most: 200))
            }
            if !c.isIndefinite, c.to < view.today {
                forms += kit.form(
                    "goOn", here, .contractGoOn, hidden: [("version", String(c.version))], primary: false)
            }
        }
        return kit.section(
            .contractNotices,
            kit.rows(rows, none: .governanceNone) + ExportLinks.inside("contract-notices", c.id.text, kit.context)
                + forms)
    }
}

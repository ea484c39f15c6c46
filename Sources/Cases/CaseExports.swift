import Directory
import Kernel
import Storage
import Tables
import Web

/// The lists of cases as tables.
extension CasesHouse {
    package var exports: [ListExport] { [caseList, ledgerList, stepsList] }

    /// The desk's list with its filters, as the desk shows it: nobody's phone, nobody who reported.
    private var caseList: ListExport {
        ListExport(
            "cases", .exportCases, [.caseRead],
            [
                .columnTitle, .columnPlace, .columnState, .columnParty, .columnPerson, .columnRegistered, .columnDue,
            ], filters: ["queue", "category", "q"]
        ) { ask, transaction in
            var filter = DeskPages.Filter()
            (filter.queue, filter.category, filter.search) = (
                ask.filter("queue"), ask.filter("category"), ask.filter("q")
            )
            filter.after = ask.cursor ?? ""
            var wanted = try deskFilter(filter)
            wanted.limit = ask.limit
            let found = try CaseStore.desk(ask.scope, wanted, transaction)
            return ListExport.Rows(found, ask, cursor: { "\($0.due.ms)-\($0.id.text)" }) { line in
                [
                    .text(line.title), .text(line.place),
                    .text(ask.words(Self.status(line))),
                    .text(ask.words(line.holder.phrase)), .text(line.assigneeName), .moment(line.registered),
                    line.due >= CaseRecord.never ? .empty : .moment(line.due),
                ]
            }
        }
    }

    /// What one estate has published: for staff who read its cases, as everybody reads it.
    private var ledgerList: ListExport {
        ListExport(
            "ledger", .exportLedger, [.caseRead],
            [
                .columnNumber, .columnTitle, .columnPlace, .columnWords, .columnRegistered, .columnSolved,
                .columnScore,
            ], filters: ["estate"]
        ) { ask, transaction in
            guard let id = AreaID(text: ask.filter("estate")),
                let estate = try DirectoryStore.area(id, transaction), estate.level == .estate,
                ask.scope.contains(estate.path)
            else { throw CaseRefusal.notFound }
            let before = ask.cursor.flatMap { CaseHistoryStore.LedgerCursor(text: $0) }
            let found = try CaseHistoryStore.ledger(estate: id, before: before, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { CaseHistoryStore.LedgerCursor($0).text }) { line in
                [
                    .text(line.number), .text(line.publication.title), .text(line.publication.place),
                    .text(line.publication.body), .moment(line.registered), line.solved.map { .moment($0) } ?? .empty,
                    line.rated == 0 || line.rated == 6 ? .empty : .int(line.rated),
                ]
            }
        }
    }

    /// The steps of one case, in their order.
    private var stepsList: ListExport {
        ListExport(
            "case-steps", .exportSteps, [.caseRead],
            [.columnAt, .columnStep, .columnPerson, .columnParty, .columnWords], filters: ["case"]
        ) { ask, transaction in
            guard let id = CaseID(text: ask.filter("case")) else { throw CaseRefusal.notFound }
            let c = try CaseQueries.staffCase(id, ask.actor, transaction)
            // One case has at most some hundred steps: all of them are one slice.
            let found = CaseQueries.veiled(try CaseHistoryStore.events(id, limit: 2_000, transaction), c)
            let rows = found.map { step -> [Cell] in
                [
                    .moment(step.at), .text(ask.words(CaseScore.label(step.kind))), .text(step.actorName),
                    .text(ask.words(step.party.phrase)), .text(step.words),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }
}

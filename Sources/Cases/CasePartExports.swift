import Directory
import Kernel
import Storage
import Tables
import Web

/// The lists inside the page of one hand-over note, template, batch or colleague, as tables with the rights of that page.
extension CasesHouse {
    package var partExports: [ListExport] { [handoverCases, templateVersions, dispatchItems, workloadCases] }

    /// The cases of a note, of those that the reader may read.
    private var handoverCases: ListExport {
        ListExport(
            inside: "handover-cases", .handoverCasesTitle, [.caseRead],
            [.columnNumber, .columnTitle, .columnPlace, .handoverLine]
        ) { ask, transaction in
            let (note, _, _) = try HandoverActions.seen(try ask.thing(), ask.actor, transaction)
            return try note.items.compactMap { item in
                try CaseQueries.seenCase(item.id, ask.actor, transaction).map {
                    [.text($0.number), .text($0.title), .text($0.place.words), .text(item.line)]
                }
            }
        }
    }

    private var templateVersions: ListExport {
        ListExport(
            inside: "template-versions", .templateVersions, [.caseRead],
            [.templateVersion, .columnName, .templateBody, .columnState, .columnPerson, .columnAt, .coverWhy]
        ) { ask, transaction in
            let (template, _) = try Self.template(try ask.thing(), ask.actor, transaction)
            return try TemplateStore.versions(template.id, transaction).map { one in
                [
                    .int(one.version), .text(one.name), .text(one.body),
                    .text(ask.words(one.ended ? .templateEndedState : .stateInForce)),
                    .text(one.author.isEmpty ? ask.words(.formerColleague) : one.author), .moment(one.at),
                    .text(one.why),
                ]
            }
        }
    }

    /// What became of the cases that the reader dispatched together.
    private var dispatchItems: ListExport {
        ListExport(
            inside: "dispatch-items", .batchTitle, [.caseDispatch],
            [.columnNumber, .columnTitle, .columnPlace, .columnPerson, .columnState]
        ) { ask, transaction in
            try Self.picked(try ask.thing(), ask.actor, transaction).map { item, seen in
                let state = Cell.text(ask.words(item.outcome.message))
                guard let c = seen else { return [.empty, .text(ask.words(.batchUnseen)), .empty, .empty, state] }
                return [.text(c.number), .text(c.title), .text(c.place.words), .text(c.assigneeName), state]
            }
        }
    }

    /// The cases behind a number of somebody's workload; the open ones if no number is said.
    private var workloadCases: ListExport {
        ListExport(
            "workload-cases", .workloadCasesTitle, [.statisticsRead],
            [.columnTitle, .columnPlace, .columnState, .columnRegistered, .columnDue],
            filters: [ListExport.ofThing, "number"]
        ) { ask, transaction in
            let person: PersonID = try ask.thing()
            let number = ask.filter("number")
            guard let list = number.isEmpty ? .open : WorkloadList(rawValue: number) else {
                throw CoverRefusal.badChoice("number")
            }
            let times = WorkloadTimes(now: now())
            _ = try Self.attendingPost(of: person, ask.scope, times, transaction)
            let after = ask.cursor.flatMap { WorkloadCursor(text: $0) }
            let found = try WorkloadStore.behind(
                list, of: person, ask.scope, times, after: after, limit: ask.limit, transaction)
            return ListExport.Rows(
                found.lines.map { line in
                    [
                        .text(line.title), .text(line.place), .text(ask.words(Self.status(line))),
                        .moment(line.registered), line.due >= CaseRecord.never ? .empty : .moment(line.due),
                    ]
                }, next: found.next?.text)
        }
    }

    static func status(_ line: CaseLine) -> Phrase {
        line.suspended ? .statusPaused : CaseWords.status(line.status, forStaff: true, rated: line.rated)
    }
}

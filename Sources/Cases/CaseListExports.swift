import Directory
import Kernel
import Storage
import Tables
import Web

/// What surrounds cases, as tables with the rights of its pages.
extension CasesHouse {
    package var coverExports: [ListExport] {
        [mineList, workloadList, templateList, leaveList, handoverList, categoryList, policyList, statisticsList]
    }

    /// What was given to oneself and to those for whom one stands in now.
    private var mineList: ListExport {
        ListExport(
            "mine", .mineTitle, [.caseRead],
            [.columnTitle, .columnPlace, .columnState, .mineWhose, .columnRegistered, .columnDue]
        ) { ask, transaction in
            guard let person = ask.actor.person else { throw CaseRefusal.notFound }
            let leaves = try LeaveStore.standsIn(person, posts: ask.actor.posts, at: now(), transaction)
            var rows: [[Cell]] = []
            for (whose, name) in [(person, "")] + leaves.map({ ($0.person, $0.personName) }) {
                rows += try WorkloadStore.assigned(whose, ask.scope, limit: 5_000, transaction).map { line in
                    [
                        .text(line.title), .text(line.place),
                        .text(ask.words(Self.status(line))),
                        .text(name), .moment(line.registered),
                        line.due >= CaseRecord.never ? .empty : .moment(line.due),
                    ]
                }
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    private var workloadList: ListExport {
        ListExport(
            "workload", .workloadTitle, [.statisticsRead],
            [
                .columnPerson, .columnRole, .columnOrganisation, .workloadOpen, .workloadOverdue, .workloadWeek,
                .workloadMonth, .workloadMinutes,
            ]
        ) { ask, transaction in
            let found = try Self.workers(
                ask.scope, after: try ask.id().map { PersonID($0) }, limit: ask.limit, WorkloadTimes(now: now()),
                transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.person.raw) }) { one in
                [
                    .text(one.name), .text(one.role.map { ask.words($0.phrase) } ?? ""), .text(one.organisation),
                    .int(one.load.open), .int(one.load.overdue), .int(one.load.week), .int(one.load.month),
                    one.load.medianMs.map { .int($0 / 60_000) } ?? .empty,
                ]
            }
        }
    }

    private var templateList: ListExport {
        ListExport(
            "templates", .templatesTitle, [.caseRead],
            [.columnName, .templateUse, .templateArea, .templateBody, .columnState, .templateVersion]
        ) { ask, transaction in
            let found = try TemplateStore.list(
                ask.scope, after: try ask.id().map { TemplateID($0) }, limit: ask.limit, transaction)
            let places = try DirectoryStore.areas(found.map(\.area), transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
                [
                    .text(one.name), .text(ask.words(one.use.phrase)), .text(places[one.area]?.name ?? ""),
                    .text(one.body), .text(ask.words(one.ended ? .templateEndedState : .stateInForce)),
                    .int(one.version),
                ]
            }
        }
    }

    /// Why somebody is away may be their health: it stays on the page.
    private var leaveList: ListExport {
        ListExport(
            "leaves", .leavesListTitle, [.rosterEdit],
            [.columnPerson, .leaveStandIn, .columnArea, .columnFrom, .columnTo, .columnState]
        ) { ask, transaction in
            var after: (to: Instant, id: LeaveID)?
            if let parts = ask.cursor?.split(separator: "-"), parts.count == 2, let ms = Int64(parts[0]),
                let id = Int64(parts[1])
            {
                after = (Instant(ms: ms), LeaveID(id))
            }
            let now = now()
            let found = try LeaveStore.list(ask.scope, since: now, after: after, limit: ask.limit, transaction)
            let places = try DirectoryStore.areas(found.map(\.area), transaction)
            return ListExport.Rows(found, ask, cursor: { "\($0.to.ms)-\($0.id.raw)" }) { one in
                let state: Phrase =
                    switch one.status {
                    case .asked: .leaveAskedState
                    case .approved: one.isOn(now) ? .leaveOn : .leaveComing
                    case .refused: .leaveRefusedState
                    case .calledOff: .leaveCalledOff
                    }
                return [
                    .text(one.personName), .text(one.standInName), .text(places[one.area]?.name ?? ""),
                    .moment(one.from), .moment(one.to), .text(ask.words(state)),
                ]
            }
        }
    }

    /// The cases of a note are read one by one, with the rights on each.
    private var handoverList: ListExport {
        ListExport(
            "handovers", .handoversListTitle, [.caseRead],
            [.columnPerson, .columnKind, .columnArea, .columnAt, .columnWords, .handoverTaker, .handoverTakenAt]
        ) { ask, transaction in
            let found = try HandoverStore.list(
                ask.scope, openOnly: false, before: try ask.id().map { HandoverID($0) }, limit: ask.limit,
                transaction)
            let places = try DirectoryStore.areas(found.map(\.area), transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
                [
                    .text(one.authorName), .text(ask.words(one.kind.phrase)), .text(places[one.area]?.name ?? ""),
                    .moment(one.at), .text(one.words), .text(one.takenName),
                    one.taken.map { .moment($0) } ?? .empty,
                ]
            }
        }
    }

    private var categoryList: ListExport {
        ListExport(
            "categories", .categoriesTitle, [.policyEdit],
            [
                .categoryPlace, .columnCode, .categoryZh, .categoryEn, .policyKind, .categoryParty, .fieldUrgency,
                .categoryFast, .categoryState,
            ]
        ) { ask, transaction in
            let rows = try CaseHistoryStore.dictionary(transaction).map { one -> [Cell] in
                [
                    one.place > 0 ? .int(one.place) : .empty, .text(one.code), .text(one.zh), .text(one.en),
                    .text(ask.words(PublicPages.kind(one.kind))), .text(ask.words(one.party.phrase)),
                    .text(ask.words(DeskPages.urgency(one.urgency))),
                    .text(ask.words(one.fastLane ? .exportYes : .exportNo)),
                    .text(ask.words(one.retired == nil ? .categoryInUse : .categoryRetired)),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    private var policyList: ListExport {
        ListExport(
            "policies", .policyTitle, [.policyEdit],
            [
                .columnEstate, .fieldKind, .policyKind, .fieldUrgency, .policyAttend, .policyHandle, .policyFeedback,
                .policySource,
            ]
        ) { ask, transaction in
            let policies = try CaseHistoryStore.policies(transaction)
            let areas = try DirectoryStore.areas(policies.map { AreaID($0.area) }.filter { $0.raw > 0 }, transaction)
            let categories = Dictionary(
                try CaseHistoryStore.dictionary(transaction).map { ($0.id.raw, $0) }, uniquingKeysWith: { $1 })
            let any = ask.words(.policyAny)
            let rows = policies.map { one -> [Cell] in
                [
                    .text(areas[AreaID(one.area)]?.name ?? any),
                    .text(categories[one.category].map { ask.words.pick(zh: $0.zh, en: $0.en) } ?? any),
                    .text(CategoryKind(rawValue: one.kind).map { ask.words(PublicPages.kind($0)) } ?? any),
                    .text(Urgency(rawValue: one.urgency).map { ask.words(DeskPages.urgency($0)) } ?? any),
                    .int(Int64(one.attendMinutes)), .int(Int64(one.handleMinutes)),
                    .int(Int64(one.feedbackWorkdays)), .text(one.source),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    /// The last thirty days of one estate.
    private var statisticsList: ListExport {
        ListExport(
            "statistics", .statisticsTitle, [.statisticsRead],
            [.statisticsChannel, .statisticsReported, .statisticsStruck], filters: ["estate"]
        ) { ask, transaction in
            guard let id = AreaID(text: ask.filter("estate")),
                let estate = try DirectoryStore.area(id, transaction), estate.level == .estate,
                ask.scope.contains(estate.path)
            else { throw CaseRefusal.notFound }
            let found = try CaseStore.days(estate: id.raw, from: ask.today.adding(-29), to: ask.today, transaction)
            func sum(_ what: DayCount, _ channel: Channel) -> Int64 {
                found.filter { $0.what == what && $0.channel == channel }.reduce(0) { $0 + $1.n }
            }
            let rows = Channel.allCases.filter { $0 != .imported || sum(.reported, $0) > 0 }.map { channel -> [Cell] in
                [
                    .text(ask.words(DeskPages.channel(channel))), .int(sum(.reported, channel)),
                    .int(sum(.struckOff, channel)),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }
}

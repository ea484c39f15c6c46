import Kernel

/// The limits as law and local rules set them, with where that stands and since when: what `LimitStore.plant` puts into
/// an empty table, to be edited there.
enum LawSeed {
    struct Line: Sendable {
        let key: LimitKey
        let value: Int64
        let source: String
        /// Year, month, day.
        let since: (Int, Int, Int)
    }

    static let lines: [Line] = [
        Line(key: .contractOwnersDays, value: 60, source: "民法典第946条：业主解聘提前60日书面通知", since: (2021, 1, 1)),
        Line(key: .contractCompanyDays, value: 90, source: "民法典第947条：物业不续聘提前90日书面通知", since: (2021, 1, 1)),
        Line(key: .contractFilingDays, value: 10, source: "山东省物业管理条例第57条、青岛市物业管理条例第55条：签订后10日内备案", since: (2019, 1, 1)),
        Line(key: .contractOpenDays, value: 60, source: "民法典第948条：不定期合同解除提前60日书面通知", since: (2021, 1, 1)),
        Line(key: .contractFirstReminder, value: 30, source: "产品默认（可改）：最后一天之前30日提醒一次", since: (2026, 1, 1)),
        Line(key: .contractSecondReminder, value: 7, source: "产品默认（可改）：最后一天之前7日再提醒一次", since: (2026, 1, 1)),
        Line(key: .gridLeast, value: 300, source: "城市网格300至500户的通行做法；GB/T 34300-2017（日期取年初）", since: (2017, 1, 1)),
        Line(key: .gridMost, value: 500, source: "城市网格300至500户的通行做法；GB/T 34300-2017（日期取年初）", since: (2017, 1, 1)),
        Line(key: .microGridLeast, value: 30, source: "各地做法（可改）：微网格30至100户或一个楼道", since: (2026, 1, 1)),
        Line(key: .microGridMost, value: 100, source: "各地做法（可改）：微网格30至100户或一个楼道", since: (2026, 1, 1)),
        Line(key: .committeeSeatsLeast, value: 5, source: "业主大会和业主委员会指导规则第31条：5至11人单数", since: (2010, 1, 1)),
        Line(key: .committeeSeatsMost, value: 11, source: "业主大会和业主委员会指导规则第31条：5至11人单数", since: (2010, 1, 1)),
        Line(key: .committeeYears, value: 5, source: "业主大会和业主委员会指导规则第32条：任期不超过5年", since: (2010, 1, 1)),
        Line(key: .managementSeatsLeast, value: 7, source: "北京市物业管理条例第52至58条：7人以上单数，业主不少于一半", since: (2020, 5, 1)),
        Line(key: .managementYears, value: 3, source: "北京市物业管理条例第52至58条：期限不超过3年", since: (2020, 5, 1)),
        Line(key: .residentsSeatsLeast, value: 5, source: "城市居民委员会组织法（2025修订）第8条：5至9人，至少一名妇女", since: (2026, 1, 1)),
        Line(key: .residentsSeatsMost, value: 9, source: "城市居民委员会组织法（2025修订）第8条：5至9人，至少一名妇女", since: (2026, 1, 1)),
        Line(key: .residentsYears, value: 5, source: "城市居民委员会组织法（2025修订）第14条：任期5年", since: (2026, 1, 1)),
        Line(key: .termNoticeDays, value: 90, source: "指导规则第47条、山东省物业管理条例：届满前3个月换届", since: (2010, 1, 1)),
        Line(key: .noticeWorkdays, value: 5, source: "街道制度（默认，可改）：整改通知5个工作日内答复", since: (2026, 1, 1)),
        Line(key: .leaderYears, value: 3, source: "街道制度（默认，可改）：楼栋长每届3年", since: (2026, 1, 1)),
        Line(key: .leaderVisitDays, value: 7, source: "种子002：楼栋长每周走访", since: (2026, 1, 1)),
        Line(key: .supervisorRoundDays, value: 30, source: "种子000：物业监督员、民情反馈员每月巡查反馈", since: (2026, 1, 1)),
        Line(key: .branchRoundDays, value: 14, source: "种子002：社区选派的监督员每两周监督一次", since: (2026, 1, 1)),
        Line(key: .selectionDays, value: 5, source: "街道制度（默认，可改）：公开选聘公告不少于5日", since: (2026, 1, 1)),
        Line(
            key: .orderDangerMinutes, value: 120, source: "产品默认（可改）：危及生命财产2小时；国办发〔2020〕53号未定全国天数", since: (2026, 1, 1)),
        Line(key: .orderUtilityMinutes, value: 30, source: "产品默认（可改）：停水停电停气、电梯困人立即到，半小时内", since: (2026, 1, 1)),
        Line(key: .orderUrgentMinutes, value: 1440, source: "产品默认（可改）：紧急24小时", since: (2026, 1, 1)),
        Line(key: .orderConsultationDays, value: 1, source: "产品默认（可改）：咨询当天答复", since: (2026, 1, 1)),
        Line(key: .orderGeneralWorkdays, value: 5, source: "产品默认（可改）：一般5个工作日", since: (2026, 1, 1)),
        Line(key: .orderComplexWorkdays, value: 15, source: "产品默认（可改）：复杂15个工作日", since: (2026, 1, 1)),
        Line(key: .letterInformDays, value: 15, source: "信访工作条例（2022）：收到之日起15日内书面告知", since: (2022, 5, 1)),
        Line(key: .letterFinishDays, value: 60, source: "信访工作条例（2022）：受理之日起60日内办结", since: (2022, 5, 1)),
        Line(key: .letterExtensionDays, value: 30, source: "信访工作条例（2022）：可延长一次，不超过30日", since: (2022, 5, 1)),
    ]
}

extension LimitKey {
    var phrase: Phrase {
        switch self {
        case .contractOwnersDays: .limitContractOwners
        case .contractCompanyDays: .limitContractCompany
        case .contractFilingDays: .limitContractFiling
        case .contractOpenDays: .limitContractOpen
        case .contractFirstReminder: .limitFirstReminder
        case .contractSecondReminder: .limitSecondReminder
        case .gridLeast: .limitGridLeast
        case .gridMost: .limitGridMost
        case .microGridLeast: .limitMicroLeast
        case .microGridMost: .limitMicroMost
        case .committeeSeatsLeast: .limitCommitteeLeast
        case .committeeSeatsMost: .limitCommitteeMost
        case .committeeYears: .limitCommitteeYears
        case .managementSeatsLeast: .limitManagementLeast
        case .managementYears: .limitManagementYears
        case .residentsSeatsLeast: .limitResidentsLeast
        case .residentsSeatsMost: .limitResidentsMost
        case .residentsYears: .limitResidentsYears
        case .termNoticeDays: .limitTermNotice
        case .noticeWorkdays: .limitNotice
        case .leaderYears: .limitLeaderYears
        case .leaderVisitDays: .limitLeaderVisit
        case .supervisorRoundDays: .limitSupervisorRound
        case .branchRoundDays: .limitBranchRound
        case .selectionDays: .limitSelection
        case .orderDangerMinutes: .limitOrderDanger
        case .orderUtilityMinutes: .limitOrderUtility
        case .orderUrgentMinutes: .limitOrderUrgent
        case .orderConsultationDays: .limitOrderConsultation
        case .orderGeneralWorkdays: .limitOrderGeneral
        case .orderComplexWorkdays: .limitOrderComplex
        case .letterInformDays: .limitLetterInform
        case .letterFinishDays: .limitLetterFinish
        case .letterExtensionDays: .limitLetterExtension
        }
    }
}

extension Phrase {
    package static let limitsTitle = Phrase("期限和人数的规定", "Limits of law and local rules")
    package static let limitsHelp = Phrase(
        "每一条都写着出处和从哪天起。法律、当地规定变了就在这里改。",
        "Each says where it stands and since when. Change it here when the rules change.")
    package static let limitValue = Phrase("数值", "Value")
    package static let limitSource = Phrase("出处", "Source")
    package static let limitStart = Phrase("从什么时候起改", "Change it from")
    package static let limitSince = Phrase("从哪天起", "Since")
    package static let limitEdit = Phrase("改这一条", "Change it")
    package static let limitName = Phrase("哪一条", "Limit")
    package static let limitContractOwners = Phrase("业主解聘物业，提前通知（天）", "Owners dismiss the company: notice in days")
    package static let limitContractCompany = Phrase("物业不续聘，提前通知（天）", "The company will not renew: notice in days")
    package static let limitContractFiling = Phrase("合同签订后备案（天）", "Filing of a contract after signing: days")
    package static let limitContractOpen = Phrase(
        "不定期物业合同，解除提前通知（天）", "A contract without a term: notice to end it in days")
    package static let limitFirstReminder = Phrase(
        "合同日期的第一次提醒，提前（天）", "First reminder of a date of a contract: days before it")
    package static let limitSecondReminder = Phrase(
        "合同日期的第二次提醒，提前（天）", "Second reminder of a date of a contract: days before it")
    package static let limitGridLeast = Phrase("网格最少户数（提示）", "Grid: least households (a hint)")
    package static let limitGridMost = Phrase("网格最多户数（提示）", "Grid: most households (a hint)")
    package static let limitMicroLeast = Phrase("微网格最少户数（提示）", "Micro-grid: least households (a hint)")
    package static let limitMicroMost = Phrase("微网格最多户数（提示）", "Micro-grid: most households (a hint)")
    package static let limitCommitteeLeast = Phrase("业委会最少人数", "Owners' committee: least seats")
    package static let limitCommitteeMost = Phrase("业委会最多人数", "Owners' committee: most seats")
    package static let limitCommitteeYears = Phrase("业委会任期（年）", "Owners' committee: longest term in years")
    package static let limitManagementLeast = Phrase("物管会最少人数", "Management committee: least seats")
    package static let limitManagementYears = Phrase("物管会期限（年）", "Management committee: longest term in years")
    package static let limitResidentsLeast = Phrase("居委会最少人数", "Residents' committee: least seats")
    package static let limitResidentsMost = Phrase("居委会最多人数", "Residents' committee: most seats")
    package static let limitResidentsYears = Phrase("居委会任期（年）", "Residents' committee: longest term in years")
    package static let limitTermNotice = Phrase("换届提前提醒（天）", "Days before a term ends")
    package static let limitNotice = Phrase("整改通知答复（工作日）", "Answer to a corrective notice: working days")
    package static let limitLeaderYears = Phrase("楼栋长任期（年）", "Building leader: longest term in years")
    package static let limitLeaderVisit = Phrase("楼栋长走访周期（天）", "Building leader: days between visits")
    package static let limitSupervisorRound = Phrase(
        "监督员、反馈员巡查周期（天）", "Supervisors and reporters: days between rounds")
    package static let limitBranchRound = Phrase(
        "选派监督员监督周期（天）", "Supervisor sent by the branch: days between records")
    package static let limitOrderDanger = Phrase("热线工单：危险，分钟", "Hot-line order: danger, minutes")
    package static let limitOrderUtility = Phrase("热线工单：停水停电、困人，分钟", "Hot-line order: utilities and lifts, minutes")
    package static let limitOrderUrgent = Phrase("热线工单：紧急，分钟", "Hot-line order: urgent, minutes")
    package static let limitOrderConsultation = Phrase(
        "热线工单：咨询，天（当天算一天）", "Hot-line order: consultation, days, that day counted")
    package static let limitOrderGeneral = Phrase("热线工单：一般，工作日", "Hot-line order: general, working days")
    package static let limitOrderComplex = Phrase("热线工单：复杂，工作日", "Hot-line order: complex, working days")
    package static let limitLetterInform = Phrase("信访：书面告知，天", "Petition: written notice, days")
    package static let limitLetterFinish = Phrase("信访：受理后办结，天", "Petition: finished after acceptance, days")
    package static let limitLetterExtension = Phrase("信访：最长延期，天", "Petition: longest extension, days")
    package static let limitSelection = Phrase("选聘公告最短天数", "Open selection: least days of notice")
}

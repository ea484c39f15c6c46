import Kernel

/// What provinces and cities set for owners' assemblies and committees (rules.md 2.8), with where that stands and since
/// when: what `RegionStore.plant` puts into empty tables, to be edited there. An item that a text does not fix is missing.
enum RegionSeed {
    struct Region: Sendable {
        let code: String
        let name: String
        let source: String
        let since: (Int, Int, Int)
        let values: [RegionItem: Int64]
    }

    static let regions: [Region] = [
        Region(
            code: "guide", name: "国家指导规则", source: "业主大会和业主委员会指导规则（建房〔2009〕274号）", since: (2010, 1, 1),
            values: [
                .groupDays: 60, .itemsDays: 15, .firstMeetingDays: 90, .seatsLeast: 5, .seatsMost: 11, .years: 5,
                .committeeMeetingDays: 7, .filingDays: 30, .noticeDays: 15, .renewalDays: 90,
            ]),
        Region(
            code: "shandong", name: "山东", source: "山东省物业管理条例（2021年12月文本）", since: (2021, 12, 1),
            values: [
                .groupDays: 60, .listDays: 10, .itemsDays: 15, .firstMeetingDays: 90, .seatsLeast: 5, .years: 5,
                .committeeMeetingDays: 7, .filingDays: 30, .noticeDays: 15, .renewalDays: 90, .contractFilingDays: 10,
            ]),
        Region(
            code: "qingdao", name: "青岛", source: "青岛市物业管理条例", since: (2021, 5, 1),
            values: [
                .groupDays: 30, .listDays: 3, .itemsDays: 15, .firstMeetingDays: 60, .seatsLeast: 3, .years: 5,
                .committeeMeetingDays: 3, .filingDays: 30, .noticeDays: 15, .postedDays: 3, .leaveDays: 30,
                .interimMonths: 6, .renewalDays: 60, .contractFilingDays: 10,
            ]),
        Region(
            code: "beijing", name: "北京", source: "北京市物业管理条例（2020，2024修正）", since: (2020, 5, 1),
            values: [
                .groupDays: 60, .listDays: 7, .itemsDays: 15, .firstMeetingDays: 60, .seatsLeast: 5, .years: 5,
                .committeeMeetingDays: 7, .filingDays: 30, .noticeDays: 15, .leaveDays: 30, .interimMonths: 6,
                .renewalDays: 180,
            ]),
        Region(
            code: "shanghai", name: "上海", source: "上海市住宅物业管理规定（2020年文本，日期取年初）", since: (2020, 1, 1),
            values: [
                .groupDays: 60, .listDays: 7, .itemsDays: 15, .firstMeetingDays: 90, .seatsLeast: 5, .years: 5,
                .filingDays: 30, .noticeDays: 15, .interimMonths: 6,
            ]),
        Region(
            code: "hangzhou", name: "杭州", source: "杭州市物业管理条例（2021年文本，日期取年初）", since: (2021, 1, 1),
            values: [.prepaidMonths: 12, .leaveDays: 15]),
        Region(
            code: "henan", name: "河南", source: "河南省物业管理条例（2017年文本，日期取年初），表决比例以民法典第278条为准", since: (2017, 1, 1),
            values: [
                .groupDays: 30, .itemsDays: 15, .firstMeetingDays: 60, .seatsLeast: 5, .years: 5, .filingDays: 30,
                .postedDays: 7,
            ]),
    ]
}

extension RegionItem {
    var phrase: Phrase {
        switch self {
        case .groupDays: .regionGroup
        case .listDays: .regionList
        case .itemsDays: .regionItems
        case .firstMeetingDays: .regionFirstMeeting
        case .seatsLeast: .regionSeatsLeast
        case .seatsMost: .regionSeatsMost
        case .years: .regionYears
        case .committeeMeetingDays: .regionCommitteeMeeting
        case .filingDays: .regionFiling
        case .noticeDays: .regionNotice
        case .postedDays: .regionPosted
        case .prepaidMonths: .regionPrepaid
        case .leaveDays: .regionLeave
        case .interimMonths: .regionInterim
        case .renewalDays: .regionRenewal
        case .contractFilingDays: .regionContractFiling
        case .gridLeast: .limitGridLeast
        case .gridMost: .limitGridMost
        case .microGridLeast: .limitMicroLeast
        case .microGridMost: .limitMicroMost
        }
    }
}

extension Phrase {
    static let regionsLead = Phrase(
        "各地的规定，有依据和日期。选了一套的地方，标“在用”的按它算，没写的按本系统的期限；“还没用上”的只是记着。",
        "What provinces and cities set. Places that chose one go by what is marked as used; the rest is a record.")
    static let regionUsed = Phrase("在用", "used")
    static let regionUnused = Phrase("还没用上", "not used by this house yet")
    static let regionRenewal = Phrase("业委会届满前几日换届（提醒）", "Re-election before a committee's term ends (days; reminder)")
    static let regionContractFiling = Phrase("物业合同签订后几日内备案", "Service contract filed after signing within (days)")
    static let regionGroup = Phrase("几日内成立筹备组", "Preparation group within (days)")
    static let regionList = Phrase("筹备组名单公示（日）", "Group list published (days)")
    static let regionItems = Phrase("会前公示事项（日）", "Items published before the meeting (days)")
    static let regionFirstMeeting = Phrase("几日内开首次大会", "First assembly within (days)")
    static let regionSeatsLeast = Phrase("业委会最少几人", "Committee, least seats")
    static let regionSeatsMost = Phrase("业委会最多几人", "Committee, most seats")
    static let regionYears = Phrase("任期最长（年）", "Longest term (years)")
    static let regionCommitteeMeeting = Phrase("几日内开业委会首次会议", "First committee meeting within (days)")
    static let regionFiling = Phrase("业委会选出后几日内备案", "Filing of a new committee within (days)")
    static let regionNotice = Phrase("大会提前通知（日）", "Notice of an assembly (days)")
    static let regionPosted = Phrase("通知张贴（日）", "Notices stay up (days)")
    static let regionPrepaid = Phrase("预收物业费最多（月）", "Prepaid fees at most (months)")
    static let regionLeave = Phrase("合同到头，原物业几日内撤出", "Old company leaves after its contract within (days)")
    static let regionInterim = Phrase("应急物业最长（月）", "Interim company at most (months)")
    static let regionItem = Phrase("规定", "Rule")
    static let regionChosen = Phrase("选了的地方", "Chosen by")
    static let regionChoose = Phrase("给一个地方选规则", "Choose for a place")
    static let regionPlace = Phrase("哪里", "Place")
    static let regionWhich = Phrase("哪一套", "Which")
    static let regionWhy = Phrase("依据", "Source")
    static let regionEdit = Phrase("改一个数", "Change a number")
    static let regionNumber = Phrase("数", "Number")
}

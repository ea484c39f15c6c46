import Kernel

extension Phrase {
    package static let dataLetters = Phrase("聘书和任命", "Letters of appointment")
    package static let dataLetterKind = Phrase("哪种任命", "Kind of appointment")
    package static let dataDuties = Phrase("职责", "Duties")
    package static let dataLinks = Phrase("联户", "Household linkage")
    package static let dataList = Phrase("名册", "List")
    package static let dataCandidacies = Phrase("报名选聘", "Candidacies")
    package static let dataSelection = Phrase("哪次选聘", "Selection")
    package static let dataSaid = Phrase("写的话", "What was written")
    package static let dataVehicles = Phrase("登记的车辆", "Vehicles entered")
    package static let dataNumber = Phrase("编号", "Number")
    package static let dataPlate = Phrase("车牌", "Plate")
    package static let keepLetters = Phrase("聘书和任命", "Letters of appointment")
    package static let keepLettersSource = Phrase(
        "产品默认：组织档案，从结束那天起", "Product default: official records, from the day when it ended")
    package static let keepCandidates = Phrase("报名选聘的人", "Candidates of selections")
    package static let keepLinks = Phrase("结束的联户和走访", "Household linkage that ended, with its visits")
    package static let keepGovernanceSource = Phrase(
        "产品默认：诉讼时效三年（民法典第188条）", "Product default: three years of limitation (Civil Code art. 188)")
    package static let keepVehicles = Phrase("注销的车辆", "Vehicles that are entered no more")
    package static let keepVehiclesSource = Phrase(
        "产品默认：搬走后九十天", "Product default: ninety days after the home or the entry ended")
    package static let keepNotices = Phrase("办结的整改通知", "Corrective notices that are closed")
    package static let keepSeats = Phrase("前台窗口的坐班记录", "Seats at merged counters that ended")
    package static let keepMembers = Phrase("责任区的成员", "Members of zones who left")
    package static let keepAppraisals = Phrase("管家和网格员的评价", "Appraisals of stewards and grid officers")
    package static let dataSeats = Phrase("窗口坐班", "Seats at counters")
    package static let dataCounter = Phrase("哪个窗口", "Counter")
    package static let dataZones = Phrase("所在的责任区", "Zones")
    package static let dataZone = Phrase("哪个责任区", "Zone")
    package static let dataAppraisals = Phrase("对我的评价", "Appraisals of my work")
    package static let dataQuarter = Phrase("季度", "Quarter")
    package static let dataMark = Phrase("得分", "Mark")
    package static let keptLetters = Phrase("聘书编号和任期（不带姓名）", "Numbers and terms of letters (without the name)")
    package static let keptLettersWhy = Phrase("组织的任免档案", "Official records of appointments")
}

import Kernel

extension Phrase {
    package static let exportCases = Phrase("没办完的件", "Open cases")
    package static let exportLedger = Phrase("公示台账", "Public ledger")
    package static let exportSteps = Phrase("办理过程", "Steps of the case")
    package static let columnRegistered = Phrase("登记时间", "Registered")
    package static let columnDue = Phrase("期限", "Due")
    package static let columnSolved = Phrase("办好时间", "Solved")
    package static let columnScore = Phrase("评分", "Score")
    package static let columnStep = Phrase("步骤", "Step")
}

extension Phrase {
    package static let mineWhose = Phrase("代谁办", "For whom")
    package static let workloadMinutes = Phrase("处理时长中位数（分钟）", "Median time in minutes")
    package static let templateVersion = Phrase("第几版", "Edition")
    package static let leavesListTitle = Phrase("请假和代班（不含原因）", "Leave and stand-ins, without the reasons")
    package static let handoversListTitle = Phrase("交接（不含件）", "Hand-over notes, without their cases")
    package static let handoverCasesTitle = Phrase("交接里的件", "Cases of a hand-over note")
    package static let workloadCasesTitle = Phrase("一个人工作量里的件", "Cases behind somebody's workload")
    package static let handoverTaker = Phrase("谁接的", "Taken by")
    package static let handoverTakenAt = Phrase("什么时候接的", "Taken at")
}

import Kernel

extension Phrase {
    package static let exportCases = Phrase("没办完的件", "Open cases")
    package static let exportLedger = Phrase("公示台账", "Public ledger")
    package static let exportSteps = Phrase("办理过程", "Steps of the case")
    package static let columnRegistered = Phrase("登记时间", "Registered")
    package static let columnDue = Phrase("期限", "Due")
    package static let columnSolved = Phrase("办好时间", "Solved")
    package static let columnScore = Phrase("评分", "Score")
    package static let columnAt = Phrase("时间", "Time")
    package static let columnStep = Phrase("步骤", "Step")
}

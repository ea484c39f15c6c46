import Kernel

extension Phrase {
    package static let crossTitle = Phrase("交叉任职和利益冲突", "Cross posts and conflicts of interest")
    package static let crossSupervisor = Phrase("在物业任职又监督物业", "Works for the company and supervises it")
    package static let crossOwners = Phrase("在物业任职又在业主组织任职", "Works for the company and sits for the owners")
    package static let crossCommittee = Phrase("在居委会又在监督委员会", "In the residents' committee and in its supervisor")
    package static let crossApprover = Phrase("在物业办事又负责核销", "Handles cases and approves their end")
    package static let crossDeclared = Phrase("物业和社区交叉任职", "Cross post of company and community")
    package static let crossNone = Phrase("没有发现一人多岗。", "Nobody holds posts that meet.")
    package static let crossCoverage = Phrase("双向进入覆盖", "Coverage of two-way entry")
    package static let crossShare = Phrase("{1} 个小区，{0} 个有交叉任职", "{0} of {1} estates have a cross post")
    package static let crossCovered = Phrase("已覆盖", "Covered")
    package static let crossUncovered = Phrase("没有", "Not covered")
    package static let crossOnlyConflicts = Phrase("只看利益冲突", "Only conflicts of interest")
    package static let crossAll = Phrase("看全部", "All of them")
}

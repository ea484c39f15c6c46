import Kernel

extension Phrase {
    package static let dutyDue = Phrase("应做", "Due")
    package static let dutyKeptCount = Phrase("按时", "Kept")
    package static let lastQuarter = Phrase("最近评的季度", "Last appraised quarter")
    package static let lastScore = Phrase("得分", "Score given")
    package static let lastWords = Phrase("评语", "Words of the appraisal")
    package static let crossConflict = Phrase("是否冲突", "Conflict")
    package static let crossFirst = Phrase("第一个职务", "First post")
    package static let crossSecond = Phrase("第二个职务", "Second post")
    package static let slotName = Phrase("哪一项", "Slot")
    package static let slotContact = Phrase("联系人", "Contact")
    package static let linkHomesTitle = Phrase("联户明细：谁联系哪一户", "Linked households: who looks after which home")
    package static let linkVisitCount = Phrase("走访次数", "Visits")
    package static let linkLastVisit = Phrase("最近走访", "Last visit")
    package static let zonePartsTitle = Phrase("网格和责任区：包括哪些楼", "Grids and zones: their buildings")
    package static let zoneMembersTitle = Phrase(
        "网格和责任区：有哪些人（不含党员责任区）", "Grids and zones: their people, without zones of party members")
}

import Kernel

extension Phrase {
    package static let linksTitle = Phrase("党员联户名单", "Who looks after which households")
    package static let myLinksTitle = Phrase("我联系的住户", "Households that I look after")
    package static let linkReveals = Phrase("涉党员身份", "Reveals membership")
    package static let linkClass = Phrase("保护", "Protection")
    package static let linkListAdd = Phrase("建一份名单", "Make a list")
    package static let linkBody = Phrase("哪个组织的名单", "List of")
    package static let linkAdd = Phrase("联一户", "Link a household")
    package static let linkUnit = Phrase("哪一户", "Home")
    package static let linkVisits = Phrase("走访 {0} 次，最近 {1}", "{0} visits, last {1}")
    package static let linkVisit = Phrase("记一次走访", "Record a visit")
}

import Kernel

extension Phrase {
    package static let countersTitle = Phrase("综合服务窗口", "Merged front desks")
    package static let counterAdd = Phrase("设一个窗口", "Open a counter")
    package static let counterPlace = Phrase("在哪里", "Where")
    package static let counterHours = Phrase("什么时候开", "Hours")
    package static let counterSeats = Phrase("坐窗口的人", "Who sits there")
    package static let counterSeat = Phrase("安排一个人", "Seat somebody")
    package static let counterBoth = Phrase("两边权限都有", "Both permission sets")
    package static let counterNoCommunity = Phrase("缺社区岗位", "No community post")
    package static let counterNoProperty = Phrase("缺物业岗位", "No property post")
    package static let counterServices = Phrase("能办的事", "Services")
    package static let counterService = Phrase("加一件能办的事", "Add a service")
    package static let counterSide = Phrase("哪一方的", "Side")
    package static let counterNeeds = Phrase("要带什么", "What to bring")
    package static let counterPrice = Phrase("收费", "Price")
    package static let counterDaysLabel = Phrase("几天办好", "Days")
    package static let counterDays = Phrase("{0} 天办好", "{0} days")
    package static let counterPackage = Phrase("管家套餐：{0}", "Package of {0}")
    package static let counterStewardPhone = Phrase("管家套餐：管家手机号", "For a steward's package: the steward's phone")
    package static let counterDrop = Phrase("不再办", "Remove")
}

import Kernel

extension Phrase {
    package static let findTitle = Phrase("查找", "Find")
    package static let findWords = Phrase("找人、找房、找地方", "A person, a home or a place")
    package static let findHelp = Phrase(
        "可以打名字、拼音、拼音首字母、手机号后四位，或者 3号楼2单元501、3-2-501。",
        "A name, pinyin or its initials, the last four digits of a number, or an address such as 3-2-501.")
    package static let findGo = Phrase("找", "Find")
    package static let findResidents = Phrase("居民", "Residents")
    package static let findStaff = Phrase("岗位上的人", "People at their posts")
    package static let findUnits = Phrase("楼栋和房屋", "Buildings and homes")
    package static let findPlaces = Phrase("地方", "Places")
    package static let findNone = Phrase("在您管的范围里没有找到。", "Nothing was found within your reach.")
    package static let findMore = Phrase("看更多", "More")
    package static let findBack = Phrase("看全部结果", "All results")
    package static let findFormer = Phrase("原来叫 {0}", "Formerly {0}")
    package static let findAudited = Phrase(
        "找人会留下记录：谁在什么时候找过，不记打的字。", "Searches of people leave a record of who searched and when, not of the words.")
    package static let findPartial = Phrase(
        "以前的资料还在整理，现在找到的可能不全。", "Earlier records are still being indexed: some may be missing.")
    package static let findEmpty = Phrase("先打几个字。", "Type something first.")
    package static let findTooShort = Phrase(
        "太短了：拼音要两个字母，数字要三位。", "Too short: two letters of pinyin, or three digits.")
    package static let findTooLong = Phrase("太长了，最多 {0} 个字。", "Too long: {0} characters at most.")
    package static let findPartOfPhone = Phrase(
        "手机号打后四位，或者打全 11 位。", "Of a number, the last four digits or all eleven.")
    package static let findBadCursor = Phrase("这一页找不到了，请从头再找。", "This page is gone. Please search again.")
}

enum FindWords {
    static let separators: Set<Character> = [",", ";", "，", "、", "；", "。"]
}

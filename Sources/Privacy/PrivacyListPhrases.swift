import Kernel

extension Phrase {
    package static let requestsListTitle = Phrase(
        "个人信息请求（不含写的内容）", "Requests about personal data, without what was written")
    package static let requestAsked = Phrase("提出时间", "Asked")
    package static let requestUntil = Phrase("最晚哪天答复", "Answer by")
    package static let requestDecided = Phrase("答复时间", "Answered")
    package static let noticeBy = Phrase("谁改的", "By")
    package static let noticeAcceptances = Phrase("同意人数", "Accepted by")
    package static let periodLeastDays = Phrase("最少天数", "Least days")
    package static let recordChangedLast = Phrase("最近修改", "Last changed")
}

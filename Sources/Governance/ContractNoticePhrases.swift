import Kernel

extension Phrase {
    package static let contractNotices = Phrase("书面通知", "Notices given")
    package static let contractNoticeAdd = Phrase("登记一方的书面通知", "Write down a notice that was given")
    package static let contractNoticeSide = Phrase("谁发的通知", "Who gave it")
    package static let contractNoticeDay = Phrase("哪天送达", "Day on which it was delivered")
    package static let contractNoticeMeans = Phrase("怎样送达", "By what means")
    package static let contractNoticeWords = Phrase("通知说了什么", "What it says")
    package static let contractNoticeFromTo = Phrase("{0} 通知 {1}", "{0} to {1}")
    package static let contractNoticeLine = Phrase(
        "{0} {1}送达：{2}。要提前 {3} 天，最早 {4} 终止。", "{0}, {1}: {2}. {3} days are asked for; it ends {4} at the earliest.")
    package static let contractNoticeInTime = Phrase("按期", "In time")
    package static let contractNoticeLate = Phrase("没有提前够", "Too late")
    package static let contractNoticeWithdraw = Phrase("撤回通知", "Take the notice back")
    package static let contractNoticeWithdrawn = Phrase("{0} 撤回：{1}", "taken back at {0}: {1}")
    package static let contractSideOwners = Phrase("业主一方", "The owners")
    package static let contractSideCompany = Phrase("物业企业", "The company")
    package static let meansHanded = Phrase("当面书面", "in writing by hand")
    package static let meansMailed = Phrase("邮寄", "by mail")
    package static let meansElectronic = Phrase("电子文书", "by electronic document")
    package static let contractGoOn = Phrase("到期后继续服务，转为不定期", "Service went on: without a term from now")
    package static let contractOpenTerm = Phrase("不定期", "Without a term")
    package static let contractOpenSince = Phrase("不定期，{0} 起", "Without a term since {0}")
    package static let contractEarliest = Phrase("已通知，最早终止", "Notice given; ends at the earliest")
    package static let contractDateEnd = Phrase("按通知，合同最早这天终止", "By notice the contract ends then at the earliest")
    package static let contractNoticeDays = Phrase("要提前几天", "Days of notice")
    package static let contractTakenBack = Phrase("什么时候撤回的", "Taken back at")
    package static let contractToldAt = Phrase("什么时候提醒的", "Reminded at")
    package static let contractReminded = Phrase("提前提醒过", "reminded ahead of it")
    package static let tellContractSoon = Phrase(
        "{0}的物业服务合同 {1} 有日期快到了：{2}，还有 {3} 天。", "A date of contract {1} of {0} comes on {2}, in {3} days.")
    package static let refuseContractRuns = Phrase("合同还没到期，不能转为不定期。", "The contract has not run out yet.")
    package static let refuseNoticedTwice = Phrase("这一方已经通知过了。", "That side has given notice already.")
    package static let refuseNoticeStands = Phrase(
        "有一方按期通知了不再续，撤回通知以后才能转为不定期。", "A side gave notice in time: take that back first.")
}

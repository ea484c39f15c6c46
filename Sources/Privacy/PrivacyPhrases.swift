import Kernel

extension Phrase {
    // Refusals.
    package static let refusePrivacyMissing = Phrase("没有找到。", "There is no such thing here.")
    package static let refusePrivacyWords = Phrase(
        "这里要写字，也不能太长或者有怪字符。", "Please write something here, not too long and without odd characters.")
    package static let refusePrivacyChoice = Phrase("请从列出的里面选。", "Please choose one of those listed.")
    package static let refusePrivacyDay = Phrase("日期不对。", "The day is not right.")
    package static let refusePrivacyNumber = Phrase("数字不对。", "The number is not right.")
    package static let refusePrivacyTime = Phrase("时间不对。", "The time is not right.")
    package static let refuseFewerThanLaw = Phrase(
        "最少 {0} 天，不能更短。", "At least {0} days: it cannot be fewer.")
    package static let refusePrivacyChanged = Phrase(
        "刚才有人改过了，请看看最新的再改。", "Somebody changed it meanwhile. Please look at it again.")
    package static let refuseNoticeReplaced = Phrase(
        "隐私告知刚刚换了新版本，请再看一遍。", "There is a new version of the notice. Please read it again.")
    package static let refuseNotConsent = Phrase(
        "这一项不靠同意，没有可以撤回的。", "This does not rest on consent: there is nothing to withdraw.")
    package static let refuseRequestOpen = Phrase("同样的请求已经在办了。", "Such a request is under way already.")
    package static let refuseRequestOver = Phrase("这个请求已经办了，不能再改。", "This request is settled and cannot be changed.")
    package static let refuseAnswerNeeded = Phrase("请写明怎么改的，或者为什么不改。", "Please say what was done, or why not.")
    package static let refuseConfirmFirst = Phrase("请先勾选确认。", "Please tick that you mean it.")
    package static let refusePostsFirst = Phrase(
        "您还有岗位，请先交接再注销。", "You hold a post. Hand it over before closing the account.")
    package static let refuseFileGone = Phrase("文件已经过期删除，请重新导出。", "The file is gone. Please ask for a new copy.")

    // Messages.
    package static let tellCopy = Phrase("您要的个人信息文件准备好了", "The copy of your data is ready")
    package static let tellAnswered = Phrase("您的个人信息请求有答复了", "Your request about your data was answered")

    package static let tellRequestDue = Phrase(
        "有一件个人信息请求，{0} 前要答复", "A request about personal data must be answered by {0}")
    package static let tellRequestLate = Phrase(
        "有一件个人信息请求过了 {0} 还没有办完", "A request about personal data, due on {0}, is overdue")

    // The notice.
    package static let noticeVersion = Phrase("第 {0} 版 · {1} 起生效", "Version {0} · in force from {1}")
    package static let noticeNone = Phrase("还没有发布隐私告知。", "No privacy notice has been published yet.")
    package static let noticeAsk = Phrase("请看一遍，再选同意或者不同意。", "Please read it, then accept or decline.")
    package static let noticeAccept = Phrase("我看过了，同意", "I have read it and accept")
    package static let noticeDecline = Phrase("不同意", "Decline")
    package static let noticeAccepted = Phrase("您在 {0} 同意了这一版。", "You accepted this version on {0}.")
    package static let noticeDeclined = Phrase(
        "您没有同意隐私告知，所以还不能报事。公示可以照常看，下面的权利都可以用，也可以退出登录。",
        "You did not accept the notice, so you cannot report yet. Public pages and your rights stay open to you.")
    package static let noticeAgain = Phrase("再看隐私告知", "Read the notice again")
    package static let noticeNew = Phrase("发布新版本", "Publish a new version")
    package static let noticeFrom = Phrase("从哪天起", "In force from")
    package static let noticeZh = Phrase("中文全文", "Text in Chinese")
    package static let noticeEn = Phrase("英文全文", "Text in English")
    package static let noticeWhy = Phrase("为什么改", "Why")
    package static let noticeCount = Phrase("{0} 人同意", "accepted by {0}")

    // My data.
    package static let consentTitle = Phrase("用我的信息做什么", "What my data is used for")
    package static let consentGiven = Phrase("已同意", "Agreed")
    package static let consentNot = Phrase("没有同意", "Not agreed")
    package static let privacyCopyFailed = Phrase(
        "副本没有做成，是我们的故障。请再申请一次。", "The copy could not be made; the fault is ours. Please ask once more.")
    package static let consentAsks = Phrase("有变化，要重新同意", "It changed: asks again")
    package static let consentNeedless = Phrase("不需要同意：{0}", "Needs no consent: {0}")
    package static let consentGive = Phrase("同意", "Agree")
    package static let consentWithdraw = Phrase("撤回同意", "Withdraw")
    package static let consentSeparate = Phrase("单独同意", "Consent of its own")
    package static let basisConsent = Phrase("本人同意", "Consent")
    package static let basisContract = Phrase("办事所必需", "Needed for the service")
    package static let basisDuty = Phrase("法定义务", "Duty by law")
    package static let basisEmergency = Phrase("紧急情况", "Emergency")
    package static let basisInterest = Phrase("公共利益", "Public interest")
    package static let rightsTitle = Phrase("我的权利", "My rights")
    package static let rightsCopy = Phrase("导出我的全部信息", "Get a copy of all my data")
    package static let rightsCopyHelp = Phrase(
        "做好后在这里下载，一份给人看，一份给程序用。", "It will lie here to download: a page to read, and a file for programs.")
    package static let rightsCorrect = Phrase("请求更正", "Ask for a correction")
    package static let rightsCorrectWhat = Phrase("哪里不对，应该是什么", "What is wrong, and what it should be")
    package static let rightsClose = Phrase("注销账号", "Close my account")
    package static let rightsCloseHelp = Phrase(
        "{0} 天内可以反悔。之后姓名、电话、住房关系、消息都会删除，不能恢复。",
        "You can change your mind for {0} days. Then name, number, homes and messages go for good.")
    package static let rightsCloseConfirm = Phrase("我确认注销", "I mean it: close my account")
    package static let rightsKept = Phrase("按法律要留下的", "What stays, as law asks")
    package static let rightsBack = Phrase("撤回请求", "Take it back")
    package static let rightsRequests = Phrase("我的请求", "My requests")
    package static let rightsNone = Phrase("还没有请求。", "No request yet.")
    package static let rightsRead = Phrase("下载（给人看）", "Download to read")
    package static let rightsData = Phrase("下载（给程序用）", "Download for programs")
    package static let requestCopy = Phrase("导出", "Copy")
    package static let requestCorrection = Phrase("更正", "Correction")
    package static let requestClosing = Phrase("注销", "Closing")
    package static let requestWaiting = Phrase("等待处理", "Waiting")
    package static let requestUnderWay = Phrase("正在办理", "Under way")
    package static let requestDone = Phrase("办好了", "Done")
    package static let requestRefused = Phrase("没有办", "Refused")
    package static let requestTakenBack = Phrase("已撤回", "Taken back")
    package static let requestDue = Phrase("{0} 前答复", "answer by {0}")
    package static let requestActs = Phrase("{0} 注销", "closes {0}")
    package static let requestLate = Phrase("超期", "Late")
    package static let requestCount = Phrase("删除或去名 {0} 条", "{0} rows erased")

    // The desk.
    package static let requestsTitle = Phrase("个人信息请求", "Requests about personal data")
    package static let requestAnswer = Phrase("答复", "Answer")
    package static let requestAnswerWords = Phrase("改了什么，或者为什么不改", "What was done, or why not")
    package static let requestAnswerDone = Phrase("已更正", "Corrected")
    package static let requestAnswerRefuse = Phrase("不更正", "Not corrected")
    package static let requestAnswerWhich = Phrase("结果", "Result")
    package static let purposesTitle = Phrase("处理目的和依据", "Purposes and legal bases")
    package static let purposeEdit = Phrase("改这一项", "Change it")
    package static let purposeAdd = Phrase("加一个目的", "Add a purpose")
    package static let purposeCode = Phrase("代号（英文字母）", "Code (letters)")
    package static let purposeBasis = Phrase("依据", "Legal basis")
    package static let purposeZh = Phrase("中文名", "Name in Chinese")
    package static let purposeEn = Phrase("英文名", "Name in English")
    package static let purposeAboutZh = Phrase("中文说明", "About it in Chinese")
    package static let purposeAboutEn = Phrase("英文说明", "About it in English")
    package static let purposeSeparate = Phrase("要单独同意", "Asks for a consent of its own")
    package static let purposeInForce = Phrase("使用中", "In force")
    package static let purposeEnded = Phrase("已停用", "No longer in force")
    package static let lawSource = Phrase("出处", "Source")
    package static let lawSince = Phrase("从哪天起", "Since")
    package static let periodsTitle = Phrase("保存期限", "How long data is kept")
    package static let periodsHelp = Phrase(
        "到期的每天自动删除或去掉姓名，记录在下面的删除日志里。",
        "What is over its period is deleted or loses its names every day, as the log below says.")
    package static let periodDays = Phrase("天数", "Days")
    package static let periodLeast = Phrase("{0} 天（最少 {1} 天）", "{0} days (at least {1})")
    package static let periodEdit = Phrase("改期限", "Change the period")
    package static let periodClass = Phrase("哪一类", "Class")
    package static let deletionsTitle = Phrase("删除日志", "Log of deletions")
    package static let deletionsNone = Phrase("还没有删除过。", "Nothing was deleted yet.")
    package static let deletionRun = Phrase("哪天", "Day")
    package static let deletionCount = Phrase("条数", "Rows")
    package static let deletionSpan = Phrase("数据从何时到何时", "Data from and to")
    package static let lawLimitsTitle = Phrase("时限规定", "Limits of law")
    package static let lawLimitValue = Phrase("数值", "Value")
    package static let lawLimitEdit = Phrase("改这一条", "Change it")
    package static let privacyMore = Phrase("更多", "More")
    package static let privacyNone = Phrase("没有。", "None.")

    // What a person's own file calls things.
    package static let dataNotices = Phrase("隐私告知的同意记录", "Notices accepted")
    package static let dataConsents = Phrase("同意和撤回", "Consents")
    package static let dataRequests = Phrase("个人信息请求", "Requests about my data")
    package static let dataVersion = Phrase("版本", "Version")
    package static let dataChannel = Phrase("途径", "Channel")
    package static let dataAt = Phrase("时间", "At")
    package static let dataPurpose = Phrase("目的", "Purpose")
    package static let dataGiven = Phrase("同意", "Agreed")
    package static let dataKind = Phrase("种类", "Kind")
    package static let dataWords = Phrase("内容", "Words")
    package static let dataAnswer = Phrase("答复", "Answer")
    package static let fileNothing = Phrase("没有", "Nothing")
    package static let fileYes = Phrase("是", "Yes")
    package static let fileNo = Phrase("否", "No")
    package static let keptConsents = Phrase("同意记录和请求（只有编号）", "Consents and requests (numbers only)")
    package static let keptConsentsWhy = Phrase(
        "个人信息保护法第69条：处理者要能证明自己没有过错", "Personal Information Protection Law art. 69: the proof is on us")
    package static let keepCopies = Phrase("导出文件", "Copies of one's data")
    package static let keepCopiesSource = Phrase("产品默认：七天", "Product default: seven days")
    package static let keepRequests = Phrase("个人信息请求的记录", "Requests about personal data")
    package static let keepRequestsSource = Phrase(
        "个人信息保护法第56条：处理记录至少保存三年", "Personal Information Protection Law art. 56: records for at least three years")
}

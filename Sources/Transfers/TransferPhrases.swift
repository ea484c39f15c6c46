import Kernel

/// How cities call the columns of their tables, and what they write into them.
enum TransferNames {
    static let columns: [TransferField: [String]] = [
        .number: ["工单编号", "工单号", "受理编号", "信访件编号", "编号", "number", "order"],
        .received: ["受理时间", "来电时间", "收到时间", "登记时间", "转办时间", "received"],
        .due: ["办理时限", "截止时间", "到期时间", "办结时限", "要求办结时间", "due", "limit"],
        .grade: ["紧急程度", "工单类别", "工单类型", "等级", "grade"],
        .words: ["诉求内容", "问题描述", "反映内容", "主要内容", "工单内容", "内容", "words"],
        .place: ["详细地址", "事发地址", "地址", "place", "address"],
        .estate: ["小区名称", "小区", "estate"],
        .name: ["来电人", "诉求人", "反映人", "姓名", "name"],
        .phone: ["联系电话", "来电号码", "电话", "手机", "phone"],
        .category: ["问题分类", "诉求分类", "分类", "category"],
        .visited: ["回访时间", "visited"],
        .reached: ["是否响应", "响应情况", "是否联系", "reached"],
        .solved: ["是否解决", "解决情况", "回访结果", "solved"],
        .satisfied: ["是否满意", "满意情况", "满意度", "satisfied"],
    ]
    static let grades: [TransferGrade: [String]] = [
        .danger: ["危险", "危及生命", "特急", "突发"],
        .utility: ["水电气热", "停水停电", "电梯困人", "困人", "民生应急"],
        .urgent: ["紧急", "急件", "加急"],
        .general: ["一般", "普通", "平件", "普通诉求"],
        .complex: ["复杂", "疑难"],
        .consultation: ["咨询", "咨询类", "业务咨询"],
    ]
    /// What stands between the numbers of a day.
    static let dayMarks: Set<Character> = ["-", "/", ".", "年", "月", "日"]
    static let yes: Set<String> = ["是", "已解决", "解决", "满意", "非常满意", "基本满意", "已响应", "已联系", "yes", "1"]
    static let no: Set<String> = ["否", "未解决", "不满意", "未响应", "未联系", "no", "0"]
}

extension TransferGrade {
    var phrase: Phrase {
        switch self {
        case .danger: .gradeDanger
        case .utility: .gradeUtility
        case .urgent: .gradeUrgent
        case .general: .gradeGeneral
        case .complex: .gradeComplex
        case .consultation: .gradeConsultation
        case .letter: .gradeLetter
        }
    }
}

extension VisitFinding {
    var phrase: Phrase {
        switch self {
        case .unknown: .findingUnknown
        case .yes: .findingYes
        case .no: .findingNo
        }
    }
}

extension Phrase {
    static let transfersHelp = Phrase(
        "12345 转来的工单和信访件，编号和时限都是对方的。登记后走一样的办理流程，反馈给来电人的话就是答复。",
        "Orders of 12345 and petitions, with their own number and limit. Each goes through the same loop; what its reporter was told is the answer."
    )
    static let transfersOpen = Phrase("还没答复的", "Not answered yet")
    static let transfersAll = Phrase("全部", "All")
    static let transfersNone = Phrase("没有", "None")
    static let transfersMore = Phrase("再看一些", "More")
    static let transferKind = Phrase("哪里来的", "What it is")
    static let kindHotline = Phrase("热线工单", "Hot-line order")
    static let kindLetter = Phrase("信访件", "Petition")
    static let transferSource = Phrase("来源", "Sender")
    static let transferSourceHelp = Phrase("比如：12345", "For example 12345")
    static let transferMatter = Phrase("什么事", "Matter")
    static let transferNumber = Phrase("工单编号", "Number")
    static let transferReceived = Phrase("收到时间", "Received")
    static let transferDue = Phrase("办结时限", "Limit")
    static let transferDueGiven = Phrase("对方给的时限", "The limit that came with it")
    static let transferDueOwn = Phrase("按本地规定算的时限", "Our own limit")
    static let transferFirstDue = Phrase("原来的时限", "The limit before")
    static let transferCase = Phrase("案件编号", "Case")
    static let transferAnswer = Phrase("答复内容", "Answer")
    static let transferAnsweredAt = Phrase("答复时间", "Answered")
    static let transferInTime = Phrase("是否按时", "In time")
    static let transferKept = Phrase("按时", "In time")
    static let transferLate = Phrase("超时", "Late")
    static let transferWaiting = Phrase("还有 {0}", "{0} left")
    static let transferOver = Phrase("超过 {0}", "{0} over")
    static let transferWhere = Phrase("登记在哪里", "Where")
    static let transferWords = Phrase("反映的事", "What is the matter")
    static let transferPlace = Phrase("详细地址", "Address")
    static let transferName = Phrase("来电人", "Caller")
    static let transferPhone = Phrase("电话", "Phone")
    static let transferGrade = Phrase("紧急程度", "Urgency")
    static let transferTake = Phrase("登记一件", "Register one")
    static let transferImport = Phrase("导入一批（CSV 或 XLSX）", "Import a table (CSV or XLSX)")
    static let transferImportHelp = Phrase(
        "要有编号和内容两列；时限、地址、电话、回访结果有就认。重复导入不会重复登记。",
        "Columns for number and words are needed; limit, address, phone and visit are read where they are. The same table once more changes nothing."
    )
    static let transferFile = Phrase("文件", "File")
    static let transferImported = Phrase(
        "读了 {0} 行：新登记 {1}，延长 {2}，回访 {3}，已有 {4}，没收下 {5}",
        "{0} rows read: {1} new, {2} extended, {3} visits, {4} known, {5} not taken")
    static let transferRefusedRows = Phrase("没收下的行", "Rows that were not taken")
    static let transferLine = Phrase("第几行", "Line")
    static let transferWhy = Phrase("为什么", "Why")
    static let transferAnswerAll = Phrase("把办好的都答复", "Answer all that are done")
    static let transferAnswerHelp = Phrase(
        "已经反馈的工单，一次生成一个答复文件；每件只答复一次，文件可以再下载。",
        "Every order that was fed back goes into one file, once; the file can be fetched again.")
    static let transferBatch = Phrase("答复文件（{0} 件）", "Answers ({0})")
    static let transferExtend = Phrase("延长时限", "Extend the limit")
    static let transferUntil = Phrase("延到", "Until")
    static let transferInform = Phrase("书面告知", "Written notice")
    static let transferTakes = Phrase("是否受理", "Accepted?")
    static let transferAccepts = Phrase("受理", "Accepted")
    static let transferDeclines = Phrase("不予受理", "Not accepted")
    static let transferOn = Phrase("哪一天", "On")
    static let transferInformed = Phrase("告知日期", "Notice given")
    static let transferVisit = Phrase("记回访结果", "Enter the return visit")
    static let transferVisited = Phrase("回访", "Return visit")
    static let transferVisitedWords = Phrase("响应：{0}，解决：{1}，满意：{2}", "reached: {0}, solved: {1}, satisfied: {2}")
    static let transferReached = Phrase("响应了吗", "Reached")
    static let transferSolved = Phrase("解决了吗", "Solved")
    static let transferSatisfied = Phrase("满意吗", "Satisfied")
    static let transferHandOver = Phrase("转信访部门", "Hand to the petition office")
    static let transferHandOverHelp = Phrase(
        "居民报的事本身不是信访件；确实要转的，写明理由，报事人会收到通知。",
        "What a resident reports is no petition by itself. Where it must go there, say why; the reporter is told.")
    static let transferOffice = Phrase("转给哪个部门", "To which office")
    static let transferCaseNumber = Phrase("案件的网址或编号", "Address or id of the case")
    static let transferSent = Phrase("转出", "Handed over")
    static let transferDownload = Phrase("下载", "Download")
    static let findingUnknown = Phrase("没说", "Not said")
    static let findingYes = Phrase("是", "Yes")
    static let findingNo = Phrase("否", "No")
    static let gradeDanger = Phrase("危险", "Danger")
    static let gradeUtility = Phrase("停水停电、困人", "Utilities, lifts")
    static let gradeUrgent = Phrase("紧急", "Urgent")
    static let gradeGeneral = Phrase("一般", "General")
    static let gradeComplex = Phrase("复杂", "Complex")
    static let gradeConsultation = Phrase("咨询", "Consultation")
    static let gradeLetter = Phrase("信访", "Petition")
    static let noticeTransferWarned = Phrase("工单 {0} 快到时限了：{1}", "Order {0} is nearly due: {1}")
    static let noticeTransferBroken = Phrase("工单 {0} 超过时限了：{1}", "Order {0} is over its limit: {1}")
    static let noticeTransferHandedOver = Phrase("“{0}”转给了{1}：{2}", "“{0}” was handed to {1}: {2}")
    static let refuseTransferNotFound = Phrase("没有找到", "Not found")
    static let refuseTransferNoLimit = Phrase("时限表里缺这一项", "The table of limits lacks this one")
    static let refuseTransferWords = Phrase("太短、太长，或有不能用的字符", "Too short, too long, or with signs that cannot be used")
    static let refuseTransferChoice = Phrase("没有这一项", "There is no such choice")
    static let refuseTransferTime = Phrase("时间不对", "This time does not fit")
    static let refuseTransferPhone = Phrase("电话号码不对", "This is no phone number")
    static let refuseTransferNumber = Phrase("这个编号已经登记在别处", "This number is registered elsewhere")
    static let refuseTransferChanged = Phrase("别人刚改过，请看一下再来", "Somebody has just changed it; look again")
    static let refuseTransferAnswered = Phrase("已经答复了", "It is answered already")
    static let refuseTransferNotAnswered = Phrase("还没答复，不能记回访", "It is not answered yet: no visit can be entered")
    static let refuseTransferLetters = Phrase("只有信访件要书面告知", "Only petitions need a written notice")
    static let refuseTransferInformed = Phrase("已经告知过了", "The notice was given already")
    static let refuseTransferNotAccepted = Phrase("受理以后才能延长", "It can be extended only once it is accepted")
    static let refuseTransferExtended = Phrase("只能延长一次", "It can be extended only once")
    static let refuseTransferTooFar = Phrase("最多延长 {0} 天", "At most {0} days")
    static let refuseTransferNothing = Phrase("现在没有可以答复的", "Nothing can be answered now")
    static let refuseTransferNoFile = Phrase("没有选文件", "No file was chosen")
    static let refuseTransferNoHeader = Phrase("找不到“工单编号”和“内容”两列", "No columns for number and words were found")
    static let refuseTransferRows = Phrase(
        "一次最多 {0} 行；前面的已经收下，请分开再导", "At most {0} rows at once; those before are taken, split the rest")
    static let refuseTransferHandedOver = Phrase("已经转过这个部门", "It was handed to that office already")
}

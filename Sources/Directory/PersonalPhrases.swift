import Kernel

/// The limits as law has them: what `LawLimitStore.plant` puts into an empty table, to be edited there.
enum LawLimitSeed {
    struct Line: Sendable {
        let key: LawLimitKey
        let value: Int64
        let source: String
        /// Year, month, day.
        let since: (Int, Int, Int)
    }

    static let lines: [Line] = [
        Line(key: .minorAge, value: 14, source: "个人信息保护法第31条：不满十四周岁由监护人同意", since: (2021, 11, 1)),
        Line(key: .requestWorkdays, value: 15, source: "产品默认（法律要求及时，GB/T 35273为30天）", since: (2026, 1, 1)),
        Line(key: .requestLeadWorkdays, value: 3, source: "产品默认：到期前提醒经办人", since: (2026, 1, 1)),
        Line(key: .closingDays, value: 7, source: "产品默认：注销前留出反悔时间", since: (2026, 1, 1)),
        Line(key: .breachHours, value: 24, source: "网络数据安全管理条例第10条：危害国家安全、公共利益的24小时内报告", since: (2025, 1, 1)),
        Line(key: .breachTellHours, value: 72, source: "个人信息保护法第57条：立即补救并通知（小时数为产品默认）", since: (2021, 11, 1)),
    ]
}

extension LawLimitKey {
    package var phrase: Phrase {
        switch self {
        case .minorAge: .lawMinorAge
        case .requestWorkdays: .lawRequestWorkdays
        case .requestLeadWorkdays: .lawRequestLead
        case .closingDays: .lawClosingDays
        case .breachHours: .lawBreachHours
        case .breachTellHours: .lawBreachTellHours
        }
    }
}

extension Phrase {
    package static let lawMinorAge = Phrase("由监护人同意的年龄（不满，周岁）", "Guardian agrees below this age in years")
    package static let lawRequestWorkdays = Phrase(
        "答复个人信息请求（工作日）", "Answer to a request about one's data: working days")
    package static let lawClosingDays = Phrase("注销可以反悔的天数", "Days to take back the closing of an account")
    package static let lawBreachHours = Phrase("泄露事件报告（小时）", "Hours to report a breach to the authority")
    package static let lawRequestLead = Phrase(
        "个人信息请求到期前提醒（工作日）", "Working days before a request is due that a reminder goes out")
    package static let lawBreachTellHours = Phrase("泄露事件告知本人（小时）", "Hours to tell the people concerned")

    package static let privacyNoticeTitle = Phrase("隐私告知", "Privacy notice")
    package static let privacyTitle = Phrase("我的个人信息", "My personal data")
    package static let privacyDesk = Phrase("个人信息保护", "Personal data")
    package static let personErased = Phrase("已注销用户", "Closed account")

    // What a person's own file calls things.
    package static let dataPerson = Phrase("本人", "Myself")
    package static let dataName = Phrase("姓名", "Name")
    package static let dataPhone = Phrase("手机号", "Mobile number")
    package static let dataLogin = Phrase("登录名", "Login name")
    package static let dataSince = Phrase("开始时间", "Since")
    package static let dataHomes = Phrase("住房关系", "Homes")
    package static let dataPlace = Phrase("地方", "Place")
    package static let dataRelation = Phrase("关系", "Relation")
    package static let dataState = Phrase("状态", "State")
    package static let dataFrom = Phrase("从", "From")
    package static let dataTo = Phrase("到", "To")
    package static let dataPosts = Phrase("岗位", "Posts")
    package static let dataOrganisation = Phrase("单位", "Organisation")
    package static let dataPostTitle = Phrase("职务", "Title")
    package static let dataSessions = Phrase("登录过的设备", "Devices signed in")
    package static let dataDevice = Phrase("设备", "Device")
    package static let dataSeen = Phrase("最近使用", "Last seen")
    package static let dataExpires = Phrase("到期", "Expires")
    package static let dataTokens = Phrase("程序令牌", "Tokens for programs")
    package static let dataScopes = Phrase("权限范围", "Scopes")
    package static let dataInvitations = Phrase("发出的邀请", "Invitations made")
    package static let dataMinors = Phrase("未成年家人", "Children under guardianship")
    package static let dataBirth = Phrase("出生年月", "Month of birth")
    package static let dataLeaves = Phrase("请假和替班", "Leave, and standing in")
    package static let dataLeaveStandIn = Phrase("替别人", "For somebody else")
    package static let dataLeaveWhy = Phrase("原因", "Reason")
    package static let keepLeaves = Phrase("请假记录", "Leave")
    package static let keepLeavesSource = Phrase(
        "产品默认：劳动争议和诉讼时效内", "Product default: as long as a dispute may arise")
    package static let keptPosts = Phrase("岗位任免记录（不带姓名）", "Records of posts held (without the name)")
    package static let keptPostsWhy = Phrase(
        "单位的履职记录，任期结束后按档案要求保存", "Official records of the organisation, kept as its archive requires")
    package static let keptAudit = Phrase(
        "安全日志（编号；网络地址到期就删）", "Security log (numbers; network addresses until their period ends)")
    package static let keptAuditWhy = Phrase(
        "网络安全法第23条：日志至少保存六个月；链式记录，不能单独抽走",
        "Cybersecurity Law art. 23: logs are kept for at least six months; a chain, from which no row can be taken")

    // Periods.
    package static let keepReasons = Phrase("审计里写下的理由", "Reasons in the audit")
    package static let keepAddresses = Phrase("审计里的网络地址", "Network addresses in the audit")
    package static let keepSessions = Phrase("登录记录", "Sign-in records")
    package static let keepSessionsSource = Phrase(
        "网络安全法第23条：日志不少于六个月", "Cybersecurity Law art. 23: logs for at least six months")
    package static let keepCodes = Phrase("验证码记录", "One-time codes")
    package static let keepCodesSource = Phrase("产品默认：最少够用", "Product default: as short as it can be")
    package static let keepInvitations = Phrase("过期的邀请", "Expired invitations")
    package static let keepInvitationsSource = Phrase("产品默认：过期后三十天", "Product default: thirty days after expiry")
    package static let keepTokens = Phrase("过期的程序令牌", "Expired tokens")

    // Household members under the age of consent.
    package static let minorsTitle = Phrase("我家的孩子", "Children of my household")
    package static let minorsHelp = Phrase(
        "不满{0}周岁的孩子只登记姓名和出生年月，由监护人同意。不收电话、照片和其他联系方式。",
        "Of children under {0} only name and month of birth are kept, as the guardian agrees. No number, no picture.")
    package static let minorsNone = Phrase("还没有登记孩子。", "No child is entered yet.")
    package static let minorsAdd = Phrase("登记一个孩子", "Enter a child")
    package static let minorsHome = Phrase("住处", "Home")
    package static let minorsBirth = Phrase("出生年月（如 2018-05）", "Month of birth (such as 2018-05)")
    package static let minorsAgree = Phrase("我是监护人，同意登记", "I am the guardian and agree")
    package static let minorsNotAgreed = Phrase(
        "由物业导入登记，等您作为监护人同意；不同意就删除", "Entered by an import: agree as the guardian, or delete it")
    package static let minorsRemove = Phrase("删除{0}", "Delete {0}")
    package static let minorsBorn = Phrase("{0} 出生 · 监护人 {1}", "born {0} · guardian {1}")
    package static let refuseMinorContact = Phrase(
        "不满{0}周岁的孩子不能留电话、照片或其他联系方式。", "No number, picture or other contact of a child under {0} may be kept.")
    package static let refuseMinorOld = Phrase(
        "满{0}周岁的家人请本人用邀请码加入。", "Somebody of {0} or older joins by an invitation of their own.")
    package static let refuseMinorBirth = Phrase(
        "出生年月要像 2018-05 这样，不能晚于今天。", "The month of birth is like 2018-05, and not in the future.")
    package static let refuseMinorGuardian = Phrase(
        "要有一位住在这里的成年监护人同意。", "An adult guardian who lives here must agree.")
    package static let refuseMinorMany = Phrase(
        "登记的孩子太多了，请联系前台。", "Too many children are entered; please ask the desk.")
    package static let reasonMinorContact = Phrase("未成年人不能带电话", "no number may be kept of a child")
    package static let reasonMinorGuardian = Phrase(
        "未成年人要写明同住的监护人", "a child needs a guardian who lives in the same home")
    package static let reasonMinorRelation = Phrase("未成年人的关系只能是家人", "a child can only be of the family")
    package static let reasonMinorBirth = Phrase("出生年月读不出来", "the month of birth cannot be read")
    package static let importFieldBirth = Phrase("出生年月", "Month of birth")
    package static let importFieldGuardian = Phrase("监护人", "Guardian")
}

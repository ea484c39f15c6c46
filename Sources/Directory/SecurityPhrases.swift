import Kernel

/// Profiles of passwords with where they come from, and the first version of the policy.
enum SecuritySeed {
    static let standard = PasswordProfile(
        code: "asvs5", least: 12, classes: 0, ageDays: 0, history: 1, failures: 5, lockMinutes: 15,
        source: "OWASP ASVS 5.0 第 6.2 节；长度按本系统定为 12", since: Day(year: 2025, month: 5, day: 30) ?? Day(number: 0))
    static let djbh = PasswordProfile(
        code: "djbh", least: 8, classes: 3, ageDays: 90, history: 5, failures: 5, lockMinutes: 30,
        source: "GB/T 22239-2019 身份鉴别，取值按测评惯例", since: Day(year: 2019, month: 12, day: 1) ?? Day(number: 0))
    static let profiles = [standard, djbh]
    static let firstWhy = "默认"
}

extension Phrase {
    package static let roleSecurity = Phrase("安全管理员", "Security administrator")

    // What is refused.
    static let refusePasswordShort = Phrase("密码至少 {0} 个字符。", "A password needs at least {0} characters.")
    static let refusePasswordLong = Phrase("密码太长了，最多 128 个字符。", "A password has at most 128 characters.")
    static let refusePasswordKinds = Phrase(
        "大写、小写、数字、符号至少要有 {0} 种。", "Use at least {0} of capitals, small letters, digits and signs.")
    static let refusePasswordCommon = Phrase(
        "这个密码太容易猜到，或者就是自己的名字。换几个不相干的词。",
        "This password is easy to guess, or made of your own name. Use some words that have nothing to do with each other."
    )
    static let refusePasswordLeaked = Phrase(
        "这个密码在泄露过或者人人都用的密码名单里，别人一试就中。换一个。",
        "This password is on a list of leaked or widely used ones, which attackers try first. Choose another.")
    static let refusePasswordUsed = Phrase("这个密码最近用过，换一个。", "This password was used lately. Choose another.")
    static let refuseWrongFactor = Phrase(
        "验证码不对，或者刚才用过了。等下一个再输。", "The code is wrong or was used already. Wait for the next one.")
    static let refuseFactorLocked = Phrase(
        "错了太多次，第二步先锁一会儿。急用请找安全管理员。",
        "Too many wrong codes: the second step is locked for a while. The security administrator can help.")
    static let refuseFactorThere = Phrase("已经设好第二步了。", "The second step is set up already.")
    static let refuseFactorNeeded = Phrase("您的岗位必须有第二步，不能关。", "Your post needs the second step; it cannot be removed.")
    static let refuseNoFactor = Phrase("这个人没有设第二步。", "This person has no second step.")
    static let refuseNotOneself = Phrase(
        "不能给自己重置，请另一位安全管理员来办。", "Not for oneself: another security administrator does it.")
    static let refuseStepGone = Phrase("过了 10 分钟或已经用过，请重新登录。", "This step is over. Please sign in again.")
    static let refuseSeparatePosts = Phrase(
        "系统、安全、审计管理员不能由同一个人兼任。",
        "System, security and audit administrator may not be the same person.")
    static let refuseBadWhy = Phrase(
        "写明原因，1 到 120 个字，不要写号码。", "Say why, in 1 to 120 characters, without numbers of people.")
    static let refuseBadStart = Phrase("时间要在现在以后、一年以内。", "The time must lie in the coming year.")
    static let refuseBadProfile = Phrase("没有这套密码规则。", "There is no such profile.")
    static let refuseAuditAsked = Phrase("这一项看不懂，请改一改。", "This cannot be read. Please correct it.")

    // The second factor.
    static let factorTitle = Phrase("登录第二步", "Second step of sign-in")
    static let factorLead = Phrase(
        "输完密码，再输一次手机应用里的六位数，别人拿到密码也进不来。",
        "After the password, six digits of an app on your phone: a password alone lets nobody in.")
    static let factorHow = Phrase(
        "在手机上装一个动态口令应用，扫这个码。", "Install an authenticator app on your phone and scan this code.")
    static let factorQR = Phrase("动态口令的二维码", "QR code for the authenticator app")
    static let factorByHand = Phrase("扫不了就把下面的字母数字输进去：", "If you cannot scan it, type these letters and digits:")
    static let factorFirst = Phrase("应用里现在的六位数", "The six digits that the app shows now")
    static let factorCode = Phrase("六位数或恢复码", "Six digits, or a recovery code")
    static let factorAsk = Phrase("打开手机上的动态口令应用。", "Open the authenticator app on your phone.")
    static let factorLost = Phrase(
        "手机不在身边：输一个恢复码。恢复码也没有了：请安全管理员重置。",
        "No phone at hand: type a recovery code. None left: ask the security administrator.")
    static let factorBegin = Phrase("开始设置", "Begin")
    static let factorConfirm = Phrase("确认", "Confirm")
    static let factorOn = Phrase("已经设好。", "Set up.")
    static let factorRemove = Phrase("关掉第二步", "Remove the second step")
    static let factorIsNeeded = Phrase("您的岗位要求登录有第二步。", "Your post requires a second step at sign-in.")
    static let recoveryTitle = Phrase("十个恢复码，只显示这一次", "Ten recovery codes, shown this once")
    static let recoveryLead = Phrase(
        "抄下来收好。手机不在时，一个码能登录一次。", "Keep them safe. Without the phone, each lets you in once.")
    static let recoveryKept = Phrase("抄好了，进去", "I have kept them. Go on")
    static let recoveryLeft = Phrase("还剩 {0} 个恢复码。", "{0} recovery codes left.")
    static let recoveryRenew = Phrase("换十个新的恢复码", "Make ten new recovery codes")

    // Passwords.
    static let passwordAged = Phrase(
        "密码到期了，或者是别人给的。换一个自己的。", "The password is too old, or somebody else chose it. Choose your own.")
    static let passwordRuleLength = Phrase(
        "{0} 到 {1} 个字符，不能是常见的密码。", "{0} to {1} characters, and none that everybody tries first.")
    static let passwordRuleKinds = Phrase(
        "大写、小写、数字、符号至少 {0} 种。", "At least {0} of capitals, small letters, digits and signs.")
    static let passwordRuleHistory = Phrase("不能和最近 {0} 个一样。", "None of the last {0}.")
    static let passwordRuleAge = Phrase("{0} 天换一次。", "To be changed every {0} days.")

    // The security administrator.
    package static let securityTitle = Phrase("登录安全", "Sign-in security")
    static let securityLead = Phrase(
        "密码规则、登录第二步、会话。改动立刻生效，谁改的、为什么都留着。",
        "Password rules, second step, sessions. A change counts at once; who made it and why is kept.")
    static let securityHouseOnly = Phrase(
        "全局规则由最上级的安全管理员改。", "The rules of the house are set by a security administrator of its highest area.")
    static let securityMore = Phrase("后面的", "More")
    static let profileTitle = Phrase("密码规则", "Password rules")
    static let profileASVS = Phrase("长口令（ASVS）", "Long passwords (ASVS)")
    static let profileDJBH = Phrase("等保", "Classified protection (djbh)")
    static let profileInForce = Phrase("现行", "In force")
    static let profileName = Phrase("规则", "Profile")
    static let profileLength = Phrase("最短", "Least")
    static let profileKinds = Phrase("几种字符", "Kinds")
    static let profileAge = Phrase("几天换", "Days")
    static let profileHistory = Phrase("不重复", "History")
    static let profileLock = Phrase("错几次 / 锁几分钟", "Failures / lock minutes")
    static let profileSource = Phrase("依据和日期", "Source and date")
    static let policyChange = Phrase("改规则", "Change the rules")
    static let policyFactor = Phrase("登录要第二步的岗位", "Posts that need a second step")
    static let policyCombines = Phrase(
        "允许一人兼任系统、安全、审计管理员", "One person may be system, security and audit administrator")
    static let policyStart = Phrase("从什么时候起", "From")
    static let policyWhy = Phrase("原因", "Why")
    static let policyHistory = Phrase("改动记录", "Versions")
    static let policyPlanned = Phrase("还没到时间", "Planned")
    package static let regionsTitle = Phrase("地区规则", "Regional rules")
    static let ruleFailed = Phrase("到时没能生效", "Could not be done")
    static let ruleWithdrawn = Phrase("已收回", "Taken back")
    static let ruleWithdraw = Phrase("收回", "Take back")
    static let policyByHouse = Phrase("系统", "The system")
    static let policyFrom = Phrase("生效", "from")
    static let policyYes = Phrase("是", "yes")
    static let policyNo = Phrase("否", "no")
    static let policyRestore = Phrase("恢复这一版", "Restore this")
    static let policyRestored = Phrase("恢复第 {0} 版", "Version {0} restored")
    static let staffSessionsTitle = Phrase("员工会话", "Staff sessions")
    static let staffSessionsLead = Phrase("现在登录着的员工。按一下就让那台设备退出。", "Staff who are signed in. One press ends a session.")
    static let sessionEnd = Phrase("结束", "End")
    static let staffAccountsTitle = Phrase("员工账户", "Staff accounts")
    static let staffAccountsLead = Phrase(
        "解锁、重置第二步、结束所有会话。每一次都记入审计。", "Unlock, reset the second step, end all sessions. Each is audited.")
    static let accountLocked = Phrase("锁到 {0}", "Locked until {0}")
    static let accountFactor = Phrase("有第二步", "Second step")
    static let accountNoFactor = Phrase("没有第二步", "No second step")
    static let accountNoLogin = Phrase("只用手机验证码", "By phone code only")
    static let accountTokens = Phrase("{0} 个令牌", "{0} tokens")
    static let accountTokensToo = Phrase("令牌也收回", "Revoke tokens too")
    static let accountActs = Phrase("办理", "Act")
    static let accountUnlock = Phrase("解锁", "Unlock")
    static let accountReset = Phrase("重置第二步", "Reset the second step")
    static let accountResetWhy = Phrase("为什么重置", "Why it is reset")
    static let accountEnd = Phrase("全部退出", "End all sessions")

    // The audit.
    package static let auditTitle = Phrase("审计", "Audit")
    static let auditLead = Phrase(
        "谁在什么时候、从哪个网络地址做了什么。没有姓名电话；网络地址到期就删；看一次也记一次。",
        "Who did what, when and from where. No names or phones; addresses go in time; each look is recorded as well.")
    static let auditUnsealed = Phrase("还有 {0} 条没有封，最早的：", "{0} rows not sealed yet, the oldest of:")
    static let auditAllSealed = Phrase("全部封好了。", "All rows are sealed.")
    static let auditFrom = Phrase("从哪天", "From")
    static let auditTo = Phrase("到哪天", "To")
    static let auditKind = Phrase("哪一类", "Kind")
    static let auditAny = Phrase("所有", "any")
    static let auditArea = Phrase("地方", "Area")
    static let auditActorField = Phrase("谁（登录名或编号）", "Who (login or number)")
    static let auditActor = Phrase("谁", "Who")
    static let auditRole = Phrase("岗位", "Post")
    static let auditSubject = Phrase("对象编号", "Object")
    static let auditAddress = Phrase("网络地址", "Network address")
    static let auditWords = Phrase("写下的理由", "Reason given")
    static let auditAddressGone = Phrase("到期已删", "deleted in time")
    static let auditTime = Phrase("时间", "Time")
    static let auditVerb = Phrase("做了什么", "Act")
    static let auditSeal = Phrase("封存", "Seal")
    static let auditShow = Phrase("查", "Show")
    static let auditExport = Phrase("导出 CSV", "Export CSV")
    static let auditNone = Phrase("没有。", "None.")
    static let auditOlder = Phrase("更早的", "Older")
    static let auditLookedTo = Phrase("已经查到 {0}，可以接着往前查。", "Looked back to {0}. Go on from there.")
    static let sealWaiting = Phrase("等封", "Waiting")
    static let sealSealed = Phrase("已封", "Sealed")
    static let sealHolds = Phrase("已核验", "Verified")
    static let sealBroken = Phrase("对不上", "Broken")
    static let auditSignIn = Phrase("登录、退出、会话", "Sign-in and sessions")
    static let auditSecrets = Phrase("密码、第二步、令牌", "Passwords, second step, tokens")
    static let auditPosts = Phrase("岗位变动", "Posts")
    static let auditLooks = Phrase("查看原文", "Looks in clear")
    static let auditExports = Phrase("导出", "Exports")
    static let auditRules = Phrase("规则、时限、节假日", "Rules, limits, holidays")
    static let auditPublication = Phrase("公示", "Publication")
    static let auditCases = Phrase("事项", "Cases")
    static let auditDirectory = Phrase("区域、单位、住户、值班", "Areas, organisations, homes, roster")
    static let auditImports = Phrase("导入", "Imports")
    static let auditGovernance = Phrase("共治", "Governance")
    static let auditPrivacy = Phrase("个人信息", "Personal data")
    static let auditAudit = Phrase("看审计", "Looks at the audit")
}

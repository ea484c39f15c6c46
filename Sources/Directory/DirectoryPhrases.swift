import Kernel

extension Phrase {
    package static let webDirectoryNotFound = Phrase("没有找到。", "Not found.")
    package static let refuseNoPost = Phrase("您没有办这件事的岗位。", "You hold no post for this.")
    package static let refuseWrongPassword = Phrase("名字或密码不对。", "The name or the password is wrong.")
    package static let refuseLocked = Phrase(
        "错了太多次，先锁 15 分钟。可以用手机验证码登录。", "Too many wrong attempts: locked for 15 minutes. You can sign in by phone.")
    package static let refuseBadPhone = Phrase(
        "这个手机号不对，应该是 11 位数字。", "This is not a mobile number of 11 digits.")
    package static let refuseWrongCode = Phrase(
        "验证码不对，或者过了 5 分钟。可以再发一次。", "The code is wrong or older than 5 minutes. Ask for another.")
    package static let refuseCodeTooSoon = Phrase("刚发过一条，请等一分钟。", "One was just sent. Please wait a minute.")
    package static let refuseCodeTooMany = Phrase(
        "今天发得太多了，请找前台帮忙。", "Too many codes were sent. Please ask the front desk.")
    package static let refuseBadName = Phrase("名字要写 1 到 40 个字。", "The name needs 1 to 40 characters.")
    package static let refuseBadInvitation = Phrase(
        "邀请码不对，或者已经用过、过期了。", "The invitation is wrong, used or out of date.")
    package static let refuseNoSuchUnit = Phrase("没有这套房，请再选一次。", "There is no such home. Please choose again.")
    package static let refuseHomeDecided = Phrase("别人刚刚办过了。", "Somebody decided this just now.")
    package static let refuseHomeAsked = Phrase("已经申请过了，正在等核对。", "You asked already; it is being checked.")
    package static let refuseBadDate = Phrase("日期不对，写成 2026-03-18 这样。", "The date is wrong. Write it like 2026-03-18.")
    package static let refuseBadShift = Phrase(
        "时间不对：要有开始和结束，最长 24 小时。", "The times are wrong: a start and an end, 24 hours at most.")
    package static let refuseShiftTaken = Phrase("这个人这时候已经有班了。", "This person has a shift then.")
    package static let refuseBadSource = Phrase(
        "写清依据哪个通知，1 到 120 个字。", "Say which notice, in 1 to 120 characters.")
    package static let refuseYear = Phrase("只能是 2004 到 2099 年。", "Only the years 2004 to 2099.")

    // Roles and relations.
    package static let roleDesk = Phrase("物业前台", "Front desk")
    package static let roleSteward = Phrase("红管家", "Red steward")
    package static let roleGrid = Phrase("网格员", "Grid officer")
    package static let roleApprover = Phrase("销号核对", "Strike-off approver")
    package static let roleModerator = Phrase("公示编辑", "Publication editor")
    package static let roleCommittee = Phrase("业委会委员", "Owners' committee")
    package static let roleDepartment = Phrase("部门承办", "Department")
    package static let roleStreet = Phrase("街道", "Street office")
    package static let roleDistrict = Phrase("区里", "District office")
    package static let roleAdministrator = Phrase("系统管理员", "Administrator")
    package static let roleAuditor = Phrase("审计管理员", "Auditor")
    package static let relationOwner = Phrase("业主", "Owner")
    package static let relationCoOwner = Phrase("共有人", "Co-owner")
    package static let relationTenant = Phrase("租户", "Tenant")
    package static let relationFamily = Phrase("家里人", "Family")
    package static let partyCommunity = Phrase("社区", "Community")
    package static let partyProperty = Phrase("物业", "Property")
    package static let partyCommittee = Phrase("业委会", "Owners")
    package static let partyDepartment = Phrase("部门", "Offices")
    package static let partyResident = Phrase("居民", "Residents")

    // Sign-in.
    package static let signInTitle = Phrase("有事报一声，件件有着落", "Say a word, and it gets done")
    package static let signInPhone = Phrase("手机号", "Mobile number")
    package static let signInCode = Phrase("验证码", "Code")
    package static let signInSendCode = Phrase("发验证码", "Send a code")
    package static let signInSendAgain = Phrase("再发一次", "Send again")
    package static let signInSent = Phrase("发出去了，5 分钟内有效。", "Sent. Good for 5 minutes.")
    package static let signInDemoCode = Phrase("这是演示，验证码就在这里：{0}", "This is a demo; the code is {0}")
    package static let signInEnter = Phrase("进小区", "Enter")
    package static let signInStaff = Phrase("工作人员用密码登录", "Staff sign in with a password")
    package static let signInResident = Phrase("居民用手机号登录", "Residents sign in by phone")
    package static let signInLogin = Phrase("登录名", "Login")
    package static let signInPassword = Phrase("密码", "Password")
    package static let signInWho = Phrase("您是哪一位？", "Who are you?")
    package static let signInFirstTime = Phrase(
        "第一次来？登录后认好自己家就行。", "First time here? Sign in, then say which home is yours.")
    package static let signInOpen = Phrase("不登录也能看：", "Open to all: ")
    package static let signInOpenScore = Phrase("谱怎么看", "How to read the score")
    package static let signInOpenLookUp = Phrase("凭查询码看进度", "Look up a report by its code")
    package static let signOut = Phrase("退出登录", "Sign out")
    package static let signOutEverywhere = Phrase("所有手机和电脑都退出", "Sign out on every device")

    // Me and home.
    package static let meTitle = Phrase("我的", "Me")
    package static let meHomes = Phrase("我的家", "My homes")
    package static let meNoHome = Phrase("还没认家。认好了就能报自家的事。", "No home yet. Join one to report from it.")
    package static let meWaiting = Phrase("{0}（等核对）", "{0} (being checked)")
    package static let meName = Phrase("怎么称呼您", "Your name")
    package static let mePhone = Phrase("手机号 {0}", "Mobile {0}")
    package static let meDevices = Phrase("登录过的手机和电脑", "Devices signed in")
    package static let meThisDevice = Phrase("就是这台", "this one")
    package static let meTokens = Phrase("给程序用的口令", "Tokens for programs")
    package static let meTokenName = Phrase("用来做什么", "What for")
    package static let meTokenPost = Phrase("用哪个岗位", "Which post")
    package static let meTokenSelf = Phrase("只办我自己的事", "My own things only")
    package static let meTokenMake = Phrase("做一个", "Make one")
    package static let meTokenShown = Phrase("只显示这一次，请抄好：{0}", "Shown only once, so copy it: {0}")
    package static let meTokenRevoke = Phrase("作废", "Revoke")
    package static let joinTitle = Phrase("认家", "Join a home")
    package static let joinByInvitation = Phrase("有邀请码", "I have an invitation")
    package static let joinCode = Phrase("邀请码", "Invitation code")
    package static let joinByStaff = Phrase("没有邀请码，请前台核对", "No invitation: ask the desk to check")
    package static let joinBuilding = Phrase("哪一栋", "Building")
    package static let joinUnit = Phrase("哪一户", "Home")
    package static let joinEstate = Phrase("哪个小区", "Estate")
    package static let joinRelation = Phrase("您是", "You are")
    package static let joinSend = Phrase("请核对", "Ask")
    package static let joinNext = Phrase("下一步", "Next")
    package static let joinUntil = Phrase("住到哪天（租户填）", "Until (tenants)")
    package static let inviteTitle = Phrase("请家里人进来", "Invite somebody to this home")
    package static let inviteMake = Phrase("做一个邀请码", "Make an invitation")
    package static let inviteShown = Phrase(
        "邀请码 {0}，14 天内有效，只能用一次。", "Invitation {0}: good for 14 days, once.")

    // Staff pages of the directory.
    package static let approvalsTitle = Phrase("认家核对", "Homes to check")
    package static let approvalsNone = Phrase("没有要核对的。", "Nothing to check.")
    package static let approvalsAccept = Phrase("对的，通过", "Accept")
    package static let approvalsRefuse = Phrase("不对，退回", "Refuse")
    package static let rosterTitle = Phrase("值班表", "Duty roster")
    package static let rosterGaps = Phrase("没人值班的钟点：{0}", "Uncovered hours: {0}")
    package static let rosterCovered = Phrase("往后 14 天，每个钟点都有人。", "Every hour of the next 14 days is covered.")
    package static let rosterAdd = Phrase("排一个班", "Add a shift")
    package static let rosterDelete = Phrase("撤掉", "Remove")
    package static let rosterWho = Phrase("谁", "Who")
    package static let rosterFrom = Phrase("从", "From")
    package static let rosterTo = Phrase("到", "To")
    package static let rosterSquad = Phrase("哪一队", "Squad")
    package static let rosterHour = Phrase("{0}，{1} 点：没人", "{0}, {1}:00: nobody")
    package static let squadService = Phrase("客服", "Service")
    package static let squadEngineering = Phrase("工程", "Engineering")
    package static let squadOrder = Phrase("秩序", "Order")
    package static let squadEnvironment = Phrase("环境", "Environment")
    package static let calendarTitle = Phrase("工作日历", "Working calendar")
    package static let calendarUnconfirmed = Phrase(
        "{0} 年还没有确认的放假安排，先按周一到周五算。", "The calendar of {0} is not confirmed: Monday to Friday is used.")
    package static let calendarConfirmed = Phrase("{0} 年已确认：{1}", "{0} is confirmed: {1}")
    package static let calendarAdd = Phrase("改一天", "Change a day")
    package static let calendarDay = Phrase("日期", "Day")
    package static let calendarRest = Phrase("放假", "Day off")
    package static let calendarWork = Phrase("补班", "Make-up workday")
    package static let calendarNormal = Phrase("平常日子", "Ordinary day")
    package static let calendarSource = Phrase("依据哪个通知", "Which notice says so")
    package static let calendarConfirm = Phrase("确认这一年", "Confirm this year")
    package static let calendarYear = Phrase("哪一年", "Year")
}

extension Role {
    package var phrase: Phrase {
        switch self {
        case .desk: .roleDesk
        case .steward: .roleSteward
        case .grid: .roleGrid
        case .approver: .roleApprover
        case .moderator: .roleModerator
        case .committee: .roleCommittee
        case .department: .roleDepartment
        case .street: .roleStreet
        case .district: .roleDistrict
        case .administrator: .roleAdministrator
        case .auditor: .roleAuditor
        }
    }
}

extension HomeRelation {
    package var phrase: Phrase {
        switch self {
        case .owner: .relationOwner
        case .coOwner: .relationCoOwner
        case .tenant: .relationTenant
        case .family: .relationFamily
        }
    }
}

extension Party {
    package var phrase: Phrase {
        switch self {
        case .community: .partyCommunity
        case .property: .partyProperty
        case .committee: .partyCommittee
        case .department: .partyDepartment
        case .resident: .partyResident
        }
    }
}

import Kernel

extension Phrase {
    package static let webDirectoryNotFound = Phrase("没有找到。", "Not found.")
    package static let refuseNumberInReason = Phrase(
        "理由会留着给审计看，里面不要写号码。", "The reason is kept for those who audit: please leave numbers out of it.")
    package static let refuseNoPost = Phrase("您没有办这件事的岗位。", "You hold no post for this.")
    package static let refuseWrongPassword = Phrase("名字或密码不对。", "The name or the password is wrong.")
    package static let refuseLocked = Phrase(
        "错了太多次，先锁 15 到 30 分钟。可以用手机验证码登录。",
        "Too many wrong attempts: locked for 15 to 30 minutes. You can sign in by phone.")
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
    package static let signInNoCodes = Phrase(
        "这里发不了验证码。请用密码登录，或者请前台帮忙。", "Codes cannot be sent here. Sign in with a password, or ask the front desk.")
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
    package static let serviceLine = Phrase("服务电话", "Service telephone")
    package static let serviceLineLabel = Phrase("居民打哪个电话", "The number that residents call")
    package static let serviceLineHelp = Phrase(
        "写值班台的号码，不要写个人的。不填就不显示。", "The desk's number, never a person's own. Left empty, none is shown.")
    package static let refuseServiceLine = Phrase(
        "电话只写数字、空格、- 和 +，3 到 15 位数字。", "A number has 3 to 15 digits, with spaces, - and + only.")
    package static let mePassword = Phrase("密码", "Password")
    package static let passwordChange = Phrase("换一个密码", "Change the password")
    package static let passwordChanged = Phrase(
        "密码换好了，别的手机和电脑都已退出。", "The password is changed; all other devices are signed out.")
    package static let passwordOld = Phrase("现在的密码", "Present password")
    package static let passwordNew = Phrase("新密码", "New password")
    package static let refuseNewPassword = Phrase(
        "新密码不能和现在的一样。", "The new password must differ from the present one.")
    package static let meDevices = Phrase("登录过的手机和电脑", "Devices signed in")
    package static let meThisDevice = Phrase("就是这台", "this one")
    package static let meTokens = Phrase("给程序用的口令", "Tokens for programs")
    package static let meTokenName = Phrase("用来做什么", "What for")
    package static let meTokenPost = Phrase("用哪个岗位", "Which post")
    package static let meTokenSelf = Phrase("只办我自己的事", "My own things only")
    package static let refuseScopes = Phrase("请至少选一项程序要做的事。", "Choose at least one thing for the program to do.")
    package static let meTokenHow = Phrase("程序怎么用口令", "How a program uses a token")
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
    package static let rosterAdd = Phrase("排一个班", "Add a shift")
    package static let rosterDelete = Phrase("撤掉", "Remove")
    package static let rosterWho = Phrase("谁", "Who")
    package static let rosterFrom = Phrase("从", "From")
    package static let rosterTo = Phrase("到", "To")
    package static let rosterSquad = Phrase("哪一队", "Squad")
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
    package static let calendarName = Phrase("什么假（放假的日子可以写）", "Which holiday (for days off, optional)")
    package static let calendarHoliday = Phrase("什么假", "Holiday")
    package static let holidayNewYear = Phrase("元旦", "New Year")
    package static let holidaySpringFestival = Phrase("春节", "Spring Festival")
    package static let holidayTombSweeping = Phrase("清明节", "Tomb-Sweeping Day")
    package static let holidayLabourDay = Phrase("劳动节", "Labour Day")
    package static let holidayDragonBoat = Phrase("端午节", "Dragon Boat Festival")
    package static let holidayMidAutumn = Phrase("中秋节", "Mid-Autumn Festival")
    package static let holidayNationalDay = Phrase("国庆节", "National Day")
    package static let holidayVictoryDay = Phrase("抗战胜利 70 周年", "70th Victory Day")
    package static let calendarSource = Phrase("依据哪个通知", "Which notice says so")
    package static let calendarConfirm = Phrase("确认这一年", "Confirm this year")
    package static let calendarYear = Phrase("哪一年", "Year")

    // The tree of areas.
    package static let areasTitle = Phrase("片区和房屋", "Areas and homes")
    package static let areaProvince = Phrase("省", "Province")
    package static let areaCity = Phrase("市", "City")
    package static let areaDistrict = Phrase("区县", "District")
    package static let areaStreet = Phrase("街道", "Street")
    package static let areaCommunity = Phrase("社区", "Community")
    package static let areaEstate = Phrase("小区", "Estate")
    package static let areaBuilding = Phrase("楼栋", "Building")
    package static let areaUnit = Phrase("住房", "Home")
    package static let areaTrail = Phrase("在哪里", "Where this is")
    package static let areaBelow = Phrase("下面有 {0} 个", "{0} below")
    package static let areaNothingBelow = Phrase("下面还没有。", "Nothing below yet.")
    package static let areaPage = Phrase("第 {0} 到 {1} 个", "{0} to {1}")
    package static let areaAdd = Phrase("添加{0}", "Add one: {0}")
    package static let areaName = Phrase("叫什么", "Name")
    package static let areaAddMany = Phrase("一次添加很多{0}", "Add many: {0}")
    package static let areaBefore = Phrase("号码前面写什么", "Before each number")
    package static let areaBeforeHelp = Phrase("比如 1 单元，可以不填", "Such as Stair 1; may stay empty")
    package static let areaAfter = Phrase("号码后面写什么", "After each number")
    package static let areaAfterHelp = Phrase("比如 号楼，可以不填", "Such as Tower; may stay empty")
    package static let areaNumbers = Phrase("哪些号码", "Which numbers")
    package static let areaNumbersHelp = Phrase(
        "写成 101-104, 201-204 这样，最多 500 个", "Write 101-104, 201-204; at most 500")
    package static let areaCount = Phrase("或者从 1 数到几", "Or count from 1 to")
    package static let areaAddThem = Phrase("都加上", "Add them all")
    package static let areaRename = Phrase("改名字", "Rename")
    package static let areaRenameHelp = Phrase(
        "以前的事，地方还照原来写的。", "What was reported before keeps the place as it was written.")
    package static let householdTitle = Phrase("住户", "Households")
    package static let householdColumn = Phrase("第几户人家", "Number of the household")
    package static let householdNumber = Phrase("第 {0} 户人家", "Household {0}")
    package static let householdNone = Phrase("还没有人认这个家。", "Nobody has joined this home yet.")
    package static let householdUnsettled = Phrase("还没有业主或租户", "No owner or tenant yet")
    package static let householdCount = Phrase("{0} 人", "{0} people")
    package static let householdSince = Phrase("{0} 起", "since {0}")
    package static let householdUntil = Phrase("{0} 到 {1}", "{0} to {1}")
    package static let householdPrivate = Phrase(
        "名字只给核对认家的岗位看。", "Names are shown to posts that check homes only.")

    // Organisations and posts.
    package static let organisationsTitle = Phrase("单位和岗位", "Organisations and posts")
    package static let organisationsNone = Phrase("还没有单位。", "No organisation yet.")
    package static let organisationAdd = Phrase("加一个单位", "Add an organisation")
    package static let organisationName = Phrase("单位名称", "Name")
    package static let organisationParty = Phrase("五方里的哪一方", "Which of the five parties")
    package static let organisationArea = Phrase("服务哪里", "Serves")
    package static let postsTitle = Phrase("岗位", "Posts")
    package static let postsNone = Phrase("还没有岗位。", "No post yet.")
    package static let postOver = Phrase("已结束", "over")
    package static let postSoon = Phrase("还没开始", "not begun")
    package static let postLast = Phrase("最后一天", "Last day")
    package static let postEnd = Phrase("结束", "End")
    package static let postEndHelp = Phrase(
        "写今天，今天 24 点停；写昨天，马上停。", "Today ends it at 24:00; yesterday ends it at once.")
    package static let postCancel = Phrase("收回", "Take back")
    package static let postAdd = Phrase("给人一个岗位", "Give somebody a post")
    package static let postPerson = Phrase("姓名", "Name")
    package static let postPersonHelp = Phrase(
        "手机号已经有人的，名字可以不填。", "May stay empty when the phone is somebody's already.")
    package static let postAnother = Phrase("是另一个人", "Another person")
    package static let postRole = Phrase("角色", "Role")
    package static let postArea = Phrase("管哪里", "Area")
    package static let postTitle = Phrase("职务", "Title")
    package static let postFrom = Phrase("从哪天", "From")
    package static let postTo = Phrase("到哪天", "To")
    package static let postLogin = Phrase("用密码登录（新来的人填）", "Sign-in by password (for somebody new)")
    package static let postLoginHelp = Phrase(
        "不填就用手机验证码登录。", "Leave empty for sign-in by phone code.")
    package static let postPassword = Phrase("初始密码", "Initial password")

    // Invitations made by staff.
    package static let invitationsTitle = Phrase("邀请入住", "Invitations")
    package static let invitationsLead = Phrase(
        "选好哪一户，把邀请码交给要住进来的人。", "Choose the home, then hand the code to whoever moves in.")
    package static let invitationsOpen = Phrase("还没用的邀请", "Open invitations")
    package static let invitationsNone = Phrase("没有还没用的邀请。", "No open invitation.")
    package static let invitationMadeBy = Phrase("{0} 做的，{1} 前有效", "made by {0}, good until {1}")
    package static let invitationFrom = Phrase("从哪天住", "From")
    package static let invitationTo = Phrase("住到哪天", "To")
    package static let invitationWho = Phrase("请谁", "Who is invited")
    package static let invitationHandOver = Phrase(
        "只显示这一次。打印下来，或让对方扫码。", "Shown only once: print it or let them scan it.")
    package static let invitationOther = Phrase("换一户", "Another home")
    package static let refuseAreaName = Phrase(
        "名字要写 1 到 60 个字，至少有一个字或数字。", "The name needs 1 to 60 characters, one of them a letter or digit.")
    package static let refuseAreaTaken = Phrase(
        "这里已经有“{0}”了，一个也没有加。", "{0} is there already. Nothing was changed.")
    package static let refuseNoLevelBelow = Phrase("住房下面不能再分。", "Nothing goes below a home.")
    package static let refuseUnits = Phrase(
        "号码写成 101-104, 201-204 这样，或者只写一个数，1 到 500 个。",
        "Write numbers like 101-104, 201-204, or only a count; 1 to 500 in all.")
    package static let refuseTooManyAreas = Phrase("一处下面最多 2000 个。", "At most 2000 below one place.")
    package static let refuseDirectoryChanged = Phrase(
        "别人刚刚改过，请看看现在是什么样。", "Somebody changed this just now. Please look again.")
    package static let refuseOrganisationName = Phrase("单位名称要写 1 到 60 个字。", "The name needs 1 to 60 characters.")
    package static let refuseOrganisationTaken = Phrase(
        "这个地方已经有同名的单位。", "An organisation of this name serves the area already.")
    package static let refuseBeyondScope = Phrase("您管不到那里。", "That place is beyond your own.")
    package static let refuseOutsideOrganisation = Phrase(
        "这个单位不服务那里。", "The organisation does not serve that place.")
    package static let refusePostDates = Phrase(
        "到的日子不能早于开始的日子，也不能是过去。", "The last day comes before the first, or is over already.")
    package static let refusePostEnd = Phrase(
        "最后一天要在开始之后、原定结束之前，最早写昨天。",
        "The last day lies between the first and the planned last day, yesterday at the earliest.")
    package static let refuseTitle = Phrase("职务最多 40 个字。", "The title has at most 40 characters.")
    package static let refusePostTaken = Phrase(
        "这个人在这些日子已经有这个岗位。", "This person holds this post on some of these days already.")
    package static let refusePostEnded = Phrase("这个岗位已经结束了。", "This post is over already.")
    package static let refuseLastAdministrator = Phrase(
        "这是这里最后一个系统管理员，先安排好接手的人。",
        "This is the last administrator here. Give somebody else the post first.")
    package static let refusePhoneTaken = Phrase(
        "这个手机号是别的名字的人在用。名字写对，或者选“是另一个人”。",
        "The phone belongs to somebody of another name. Correct the name, or choose another person below.")
    package static let refuseSeveralPeople = Phrase(
        "这个手机号有几个人用，请写名字。", "Several people share this phone. Please write the name.")
    package static let refuseLogin = Phrase(
        "登录名用 2 到 40 个英文字母或数字。", "The login has 2 to 40 English letters or digits.")
    package static let refuseLoginTaken = Phrase("这个登录名有人用了。", "This login is taken.")
    package static let refuseLoginForNew = Phrase(
        "已经有这个人了，用他自己的方式登录；登录名和密码请留空。",
        "This person exists and signs in as before. Leave login and password empty.")
    package static let refuseInvitationDates = Phrase(
        "日子不对：从今天起，先开始后结束，最长二十年。",
        "The days are wrong: from today on, the first before the last, twenty years at most.")
    package static let refuseInvitationGone = Phrase("已经用过或者作废了。", "It was used or revoked already.")
}

extension AreaLevel {
    package var phrase: Phrase {
        switch self {
        case .province: .areaProvince
        case .city: .areaCity
        case .district: .areaDistrict
        case .street: .areaStreet
        case .community: .areaCommunity
        case .estate: .areaEstate
        case .building: .areaBuilding
        case .unit: .areaUnit
        }
    }
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
        case .partyAffairs: .rolePartyAffairs
        case .security: .roleSecurity
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

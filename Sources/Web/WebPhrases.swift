import Kernel

extension Phrase {
    package static let brand = Phrase("红管家", "RedSteward")
    package static let skip = Phrase("跳到正文", "Skip to content")
    package static let mainMenu = Phrase("主菜单", "Main menu")
    package static let elderMode = Phrase("长辈版", "Large type")
    package static let standardMode = Phrase("标准版", "Standard")
    package static let darkMode = Phrase("深色", "Dark")
    package static let lightMode = Phrase("浅色", "Light")
    package static let otherLanguage = Phrase("English", "中文")
    package static let tabHome = Phrase("首页", "Home")
    package static let tabReport = Phrase("报事", "Report")
    package static let tabProgress = Phrase("进度", "Progress")
    package static let tabPublic = Phrase("公示", "Ledger")
    package static let tabMine = Phrase("我的", "Me")
    package static let signIn = Phrase("登录", "Sign in")
    package static let send = Phrase("发出去", "Send")
    package static let back = Phrase("返回", "Back")
    package static let save = Phrase("保存", "Save")
    package static let optional = Phrase("可以不填", "optional")
    package static let errorTitle = Phrase("没办成", "That did not work")
    package static let errorKept = Phrase("您填的都还在，改一下再交。", "What you typed is kept. Correct it and send again.")
    package static let errorHome = Phrase("回首页", "Go home")
    package static let errorFault = Phrase(
        "我们这边出了差错，什么都没有保存。请过一会儿再试；要找人帮忙，就报这个号：{0}",
        "Something went wrong on our side and nothing was saved. Please try again later. For help, quote {0}")
    package static let errorFull = Phrase(
        "存不下了，这次没有保存。请告诉管理员，过一会儿再交。", "The disk is full and nothing was saved. Please tell the administrator.")
    package static let errorReadOnly = Phrase(
        "系统这会儿只能看，不能存，这次没有保存。过一会儿再交；一直这样就请告诉管理员。",
        "The system can be read but not written to; nothing was saved. Try again later or tell the administrator.")
    package static let errorBusy = Phrase(
        "系统这会儿忙不过来，这次没有保存。过一会儿再试。", "The system is busy and nothing was saved. Try again in a moment.")
    package static let errorUnknown = Phrase(
        "最后一步断了线，不知道有没有存上。请先看看有没有，没有的话再交一次。",
        "The connection broke at the last step: this may or may not be saved. Look first; if need be, send it again."
    )
    package static let keptTitle = Phrase("您填的都还在", "What you typed is kept")
    package static let keptAgain = Phrase("再交一次", "Send again")
    package static let keptSecret = Phrase("密码请再填一次", "Type the password again")
    package static let keptFiles = Phrase("照片没有留下，请再选一次。", "The photos were not kept; choose them again.")
    package static let keptBack = Phrase(
        "刚才没有办成，您填的都还在。先看看有没有存上，没有就再交一次。",
        "That did not get through. What you typed is still here: look whether it was saved; if not, send it again.")
    package static let webNotFound = Phrase("没有这一页，或者您看不到它。", "There is no such page, or it is not yours to see.")
    package static let webNoticeFirst = Phrase(
        "请先看隐私告知并答复。填好的内容还在下面，答复以后再发一次。",
        "Please read the privacy notice and answer it first. What you typed is below: send it again afterwards.")
    package static let webNoticeRead = Phrase("看隐私告知", "Read the privacy notice")
    package static let webSignInFirst = Phrase("请先登录。", "Please sign in first.")
    package static let webNotYours = Phrase("您的岗位办不了这件事。", "Your post may not do this.")
    package static let webCrossSite = Phrase(
        "这一页放得太久了，或者不是从这里打开的。请回去刷新一下再交。", "This form is stale or came from elsewhere. Reload it and send again.")
    package static let webTooLarge = Phrase("内容太大了，没有收下。", "That is too large and was not accepted.")
    package static let webMalformed = Phrase("内容读不懂，没有收下。", "That could not be read and was not accepted.")
    package static let webTooMany = Phrase("太频繁了，请过一会儿再试。", "Too many attempts. Please try again later.")

    // Time, as people say it.
    package static let today = Phrase("今天", "today")
    package static let yesterday = Phrase("昨天", "yesterday")
    package static let tomorrow = Phrase("明天", "tomorrow")
    package static let monday = Phrase("周一", "Mon")
    package static let tuesday = Phrase("周二", "Tue")
    package static let wednesday = Phrase("周三", "Wed")
    package static let thursday = Phrase("周四", "Thu")
    package static let friday = Phrase("周五", "Fri")
    package static let saturday = Phrase("周六", "Sat")
    package static let sunday = Phrase("周日", "Sun")
    package static let monthDay = Phrase("{0}\u{00A0}月\u{00A0}{1}\u{00A0}日", "{0}/{1}")
    package static let yearMonthDay = Phrase(
        "{0}\u{00A0}年\u{00A0}{1}\u{00A0}月\u{00A0}{2}\u{00A0}日", "{0}-{1}-{2}")
    package static let minutes = Phrase("{0}\u{00A0}分钟", "{0}\u{00A0}min")
    package static let hours = Phrase("{0}\u{00A0}小时", "{0}\u{00A0}h")
    package static let hoursMinutes = Phrase("{0}\u{00A0}小时\u{00A0}{1}\u{00A0}分", "{0}\u{00A0}h {1}\u{00A0}min")
    package static let days = Phrase("{0}\u{00A0}天", "{0}\u{00A0}days")
    package static let workdays = Phrase("{0}\u{00A0}个工作日", "{0}\u{00A0}working days")
}

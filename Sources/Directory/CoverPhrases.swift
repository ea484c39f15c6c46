import Kernel

extension Phrase {
    // Refusals.
    package static let refuseCoverWords = Phrase("这里要写字，也别太长。", "This needs words, and not too many.")
    package static let refuseCoverTime = Phrase("日期或时间不对。", "The date or time is wrong.")
    package static let refuseCoverChoice = Phrase("请选一个。", "Please choose one.")
    package static let refuseCoverEnds = Phrase("结束要在开始之后。", "It must end after it begins.")
    package static let refuseCoverPast = Phrase("已经过去了。", "That is in the past.")
    package static let refuseCoverTooLong = Phrase("最长一年。", "At most a year.")
    package static let refuseLeaveOverlaps = Phrase("这段时间已经请过假了。", "There is leave in that time already.")
    package static let refuseStandInSelf = Phrase("代班的要是别人。", "The stand-in must be somebody else.")
    package static let refuseStandInCannot = Phrase(
        "这个人的岗位办不了这里的事，请换一位。", "This person's post cannot do the work there. Choose another.")
    package static let refuseStandInAway = Phrase("这个人那时候自己也请假。", "This person is away then.")
    package static let refuseStandsIn = Phrase(
        "您那时候正在替别人代班，先换人再请假。", "You stand in for somebody then. Find them another first.")
    package static let refuseOwnLeave = Phrase("自己的假要别人来批。", "Your own leave is decided by somebody else.")
    package static let refuseLeaveOver = Phrase("这个假已经过了。", "This leave is over.")
    package static let refuseShiftOverlaps = Phrase(
        "{0} 已经有班了，这次一个班都没有排。", "{0} has a shift already; nothing was entered.")
    package static let refuseNoDays = Phrase("这样一天也排不上，看看星期和日期。", "No day fits. Look at the weekdays and the dates.")
    package static let refuseTooManyShifts = Phrase(
        "一次最多排 190 天、400 个班。", "At most 190 days and 400 shifts at once.")
    package static let refuseNobodyChosen = Phrase("请至少选一个人。", "Choose at least one person.")
    package static let refuseNotOnDuty = Phrase(
        "您现在不当班，最近也没有下班，没有要交的。", "You are not on duty and were not lately: there is nothing to hand over.")
    package static let refuseOwnNote = Phrase("自己写的交接要别人来接。", "Your own note is taken by somebody else.")
    package static let refuseAcknowledged = Phrase("已经有人接了，不能再改。", "It was taken and can no longer be changed.")
    package static let refuseNothingPicked = Phrase("请至少勾一件。", "Tick at least one case.")
    package static let refuseTooManyPicked = Phrase("一次太多了，请分几次。", "Too many at once. Do it in parts.")
    package static let refuseUnknownField = Phrase("不认识 {0}。", "{0} is not known.")
    package static let refusePersonalInPublic = Phrase(
        "公示的话里不能有号码，也不能有承诺时间。", "Public words hold no numbers of people and no promised time.")
    package static let refuseTemplateEnded = Phrase("这条常用语已经停用。", "This template has ended.")

    // Rosters.
    package static let rosterDesk = Phrase("前台", "Desk")
    package static let rosterStewards = Phrase("红管家", "Stewards")
    package static let rosterHotline = Phrase("热线", "Hotline")
    package static let rosterSquads = Phrase("四支分队", "Squads")
    package static let rosterKind = Phrase("哪一种班", "Which roster")
    package static let rosterWeek = Phrase("哪一周", "Week")
    package static let rosterWeekBefore = Phrase("上一周", "Week before")
    package static let rosterWeekAfter = Phrase("下一周", "Week after")
    package static let rosterWeekCovered = Phrase("这一周，往后每个钟点都有人。", "Every hour left of this week is covered.")
    package static let rosterPlace = Phrase("在哪里", "Where")
    package static let rosterChange = Phrase("换班、改时间", "Change")
    package static let rosterPattern = Phrase("按星期排", "Enter by weekdays")
    package static let rosterWeekdays = Phrase("星期几", "On which weekdays")
    package static let rosterStart = Phrase("几点起", "From")
    package static let rosterEnd = Phrase("到几点", "To")
    package static let rosterOvernight = Phrase(
        "结束不晚于开始，就是到第二天。", "An end that is not after the start is on the next day.")
    package static let rosterHolidays = Phrase("放假的日子", "Holidays")
    package static let rosterSkip = Phrase("日历上放假的不排", "Leave out days off of the calendar")
    package static let rosterCopy = Phrase("照上一周排", "Copy the week before")
    package static let rosterCopyHelp = Phrase(
        "上一周的班往后挪七天。已经有班的、不在这里干了的，都跳过。",
        "The shifts of the week before, seven days later. Who has a shift then, or works here no more, is left out.")
    package static let rosterMade = Phrase("排了 {0} 个班。", "{0} shifts were entered.")
    package static let rosterMadeSkipped = Phrase("排了 {0} 个班，跳过 {1} 个。", "{0} shifts were entered, {1} left out.")
    package static let rosterDouble = Phrase("同时有两个班", "two shifts at once")
    package static let rosterAway = Phrase("请假，{0}代", "on leave, {0} stands in")
    package static let rosterChanges = Phrase("最近的变动", "Latest changes")
    package static let rosterChanged = Phrase("改了", "Changed:")
    package static let rosterRemoved = Phrase("撤了", "Removed:")
    package static let rosterLead = Phrase("前台、红管家、热线和分队，谁什么时候当班", "Desk, stewards, hotline and squads: who is on when")
    package static let dutyNowTitle = Phrase("现在谁当班", "On duty now")
    package static let dutyNowLead = Phrase("这会儿找谁", "Whom to call at this moment")
    package static let dutyOn = Phrase("当班", "on duty")
    package static let dutyUntil = Phrase("到{0}", "until {0}")
    package static let dutyNobody = Phrase("现在没有人。", "Nobody now.")
    package static let coverWhy = Phrase("为什么", "Why")
    package static let coverNothing = Phrase("还没有。", "Nothing yet.")
    package static let coverTitle = Phrase("值班和代班", "Shifts and cover")
}

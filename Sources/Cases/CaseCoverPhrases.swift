import Kernel
import Messaging

/// What shifts and cover tell people in the inbox.
package enum CoverNotices {
    package static let leaveAsked = Notice("cover.leaveAsked", .noticeLeaveAsked)
    package static let leaveApproved = Notice("cover.leaveApproved", .noticeLeaveApproved)
    package static let leaveRefused = Notice("cover.leaveRefused", .noticeLeaveRefused)
    package static let leaveEnded = Notice("cover.leaveEnded", .noticeLeaveEnded)
    package static let standsIn = Notice("cover.standsIn", .noticeStandsIn)
    package static let handover = Notice("cover.handover", .noticeHandover)
    package static let all = [leaveAsked, leaveApproved, leaveRefused, leaveEnded, standsIn, handover]
}

extension Phrase {
    package static let noticeLeaveAsked = Phrase("{0}请假：{1}", "{0} asks for leave: {1}")
    package static let noticeLeaveApproved = Phrase("您的假批了：{0}", "Your leave is approved: {0}")
    package static let noticeLeaveRefused = Phrase("您的假没批（{0}）：{1}", "Your leave ({0}) is refused: {1}")
    package static let noticeLeaveEnded = Phrase("{0}的假不请了，或者提前结束：{1}", "{0}'s leave is off or ended: {1}")
    package static let noticeStandsIn = Phrase("请您替{0}代班：{1}", "You stand in for {0}: {1}")
    package static let noticeHandover = Phrase("{0}写了交接（{1}），请接一下", "{0} left a hand-over note ({1})")

    // Many at once.
    package static let pickTitle = Phrase("一起派单", "Dispatch together")
    package static let pickLead = Phrase("勾几件，一次派给一个人", "Tick several, give them to one person")
    package static let pickHelp = Phrase(
        "勾上要派的，选好派给谁。每一件单独判断；派不了的，会一件件说明原因。",
        "Tick the cases and choose whom. Each is decided by itself; those that cannot go are named with the reason.")
    package static let pickAgain = Phrase("已派，改派", "Dispatched: give again")
    package static let pickSend = Phrase("派出去", "Dispatch")
    package static let pickNone = Phrase("没有要派的。", "Nothing to dispatch.")
    package static let batchTitle = Phrase("派单结果", "What became of them")
    package static let batchTold = Phrase("派出 {0} 件，没派成 {1} 件。", "{0} dispatched, {1} not.")
    package static let batchDone = Phrase("派出去了", "dispatched")
    package static let batchOther = Phrase("没派成。", "It was not dispatched.")
    package static let batchUnseen = Phrase("一件看不到的事", "A case out of sight")

    // Templates.
    package static let templatesTitle = Phrase("常用语", "Reply templates")
    package static let templatesLead = Phrase("写一次，常常用", "Written once, used often")
    package static let templatesPick = Phrase("用常用语", "Use a template")
    package static let templatesNone = Phrase("还没有常用语。", "No template yet.")
    package static let templateAdd = Phrase("写一条常用语", "Write a template")
    package static let templateUse = Phrase("用在哪一步", "For which step")
    package static let templateArea = Phrase("在哪里用", "Offered in")
    package static let templateFor = Phrase("给谁用", "For whom")
    package static let templateOwn = Phrase("只给本单位", "My organisation only")
    package static let templateName = Phrase("叫什么", "Name")
    package static let templateBody = Phrase("怎么说", "Words")
    package static let templateHelp = Phrase("可以写 {0}，用的时候自动填上。", "May hold {0}; they are filled in when it is used.")
    package static let templateChange = Phrase("改这一条", "Change it")
    package static let templateEnd = Phrase("停用", "End it")
    package static let templateEndedState = Phrase("停用了", "ended")
    package static let templateVersions = Phrase("每一版", "Versions")
    package static let templateSoon = Phrase("尽快", "soon")
    package static let templateDone = Phrase("办好了", "Done")
    package static let templateReply = Phrase("回话", "Answer")
    package static let templateReturned = Phrase("退回", "Return")
    package static let templatePaused = Phrase("停钟", "Pause")
    package static let templatePublication = Phrase("公示", "Public text")
    package static let templateFieldNumber = Phrase("编号", "number")
    package static let templateFieldCategory = Phrase("类别", "category")
    package static let templateFieldPromise = Phrase("承诺时间", "promise")
    package static let templateFieldEstate = Phrase("小区", "estate")

    // Leave and one's own queue.
    package static let actedFor = Phrase("{0}（替{1}）", "{0} (for {1})")
    package static let mineTitle = Phrase("我手上的事", "My queue")
    package static let mineLead = Phrase("派给我的，和我替别人办的", "Given to me, and to whom I stand in for")
    package static let mineOwn = Phrase("派给我的", "Given to me")
    package static let mineFor = Phrase("替{0}，到{1}", "For {0}, until {1}")
    package static let mineNone = Phrase("没有。", "None.")
    package static let leavesTitle = Phrase("请假和代班", "Leave and stand-ins")
    package static let leavesLead = Phrase(
        "人请假，手上的事交给代班的。只交事，不交岗位，到时候自动收回。",
        "While somebody is away a stand-in sees to their cases: the queue passes, not the post, and comes back by itself."
    )
    package static let leavesOwn = Phrase("我的", "Mine")
    package static let leavesOthers = Phrase("别人的", "Others")
    package static let leavesNone = Phrase("没有。", "None.")
    package static let leaveWho = Phrase("谁请假", "Who is away")
    package static let leaveStandIn = Phrase("谁代班", "Who stands in")
    package static let leaveAsk = Phrase("请假", "Ask for leave")
    package static let leaveEnter = Phrase("替人登记请假", "Enter leave for a colleague")
    package static let leaveHelp = Phrase(
        "代班的人要有能办这里的事的岗位，自己那时候不请假。", "The stand-in needs a post for the work there and must not be away then.")
    package static let leaveAskedState = Phrase("等批", "asked")
    package static let leaveOn = Phrase("正在代班", "on now")
    package static let leaveComing = Phrase("批了", "approved")
    package static let leaveOverState = Phrase("已结束", "over")
    package static let leaveRefusedState = Phrase("没批", "refused")
    package static let leaveCalledOff = Phrase("不请了", "called off")
    package static let leaveLost = Phrase("代班的人离岗了，没人代", "the stand-in has left: nobody stands in")
    package static let leaveFor = Phrase("{0}代班", "{0} stands in")
    package static let leaveApprove = Phrase("批准", "Approve")
    package static let leaveRefuse = Phrase("不批", "Refuse")
    package static let leaveEndNow = Phrase("现在结束", "End now")
    package static let leaveCallOff = Phrase("不请了", "Call off")

    // Hand-over.
    package static let handoversTitle = Phrase("交接", "Hand-over notes")
    package static let handoversLead = Phrase("下班写，上班接", "Written at the end of a shift, taken by the next")
    package static let handoversWait = Phrase("{0} 份交接没人接", "{0} hand-over notes wait")
    package static let handoversOpen = Phrase("没人接的", "Not taken yet")
    package static let handoversAll = Phrase("最近的", "Latest")
    package static let handoversNone = Phrase("没有。", "None.")
    package static let handoverWrite = Phrase("写交接", "Write a note")
    package static let handoverSend = Phrase("交出去", "Hand over")
    package static let handoverChange = Phrase("改交接", "Change the note")
    package static let handoverWords = Phrase("还有什么没办完", "What is open")
    package static let handoverLine = Phrase("一句话", "One line")
    package static let handoverWaiting = Phrase("没人接", "waits")
    package static let handoverTaken = Phrase("{0}接了", "taken by {0}")
    package static let handoverTake = Phrase("我接了", "I take it")

    // Workload.
    package static let workloadTitle = Phrase("每人的工作量", "Workload by person")
    package static let workloadLead = Phrase("谁手上有多少，办了多少", "Who has how much, and did how much")
    package static let workloadOpen = Phrase("手上", "Open")
    package static let workloadOverdue = Phrase("超时", "Overdue")
    package static let workloadWeek = Phrase("本周办好", "Handled this week")
    package static let workloadMonth = Phrase("本月办好", "Handled this month")
    package static let workloadMedian = Phrase("处理时长中位数", "Median time")
    package static let workloadNobody = Phrase("这里还没有能接单的人。", "Nobody here takes cases yet.")
}

import Kernel

/// What is refused about homes that end and numbers that change, by name.
package enum HomeRefusal: Refusal, Equatable {
    case badEndDay
    case numberTaken
    case sameNumber
    case ownNumber
    case staffNumber

    package var kind: RefusalKind {
        switch self {
        case .ownNumber, .staffNumber: .denied
        case .numberTaken: .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .badEndDay: "day"
        case .numberTaken, .sameNumber: "phone"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .badEndDay: Phrase.refuseEndDay()
        case .numberTaken: Phrase.refuseNumberTaken()
        case .sameNumber: Phrase.refuseSameNumber()
        case .ownNumber: Phrase.refuseOwnNumber()
        case .staffNumber: Phrase.refuseStaffNumber()
        }
    }
}

extension Phrase {
    package static let tellHomeEnded = Phrase(
        "您在 {0} 的住户关系到 {1} 为止。", "Your home {0} ends: {1} is its last day.")
    package static let tellPhoneChanged = Phrase(
        "您登录用的手机号改成了 {0}，其他设备已退出。如果不是您要改的，请马上找物业服务中心。",
        "You sign in by {0} from now on; other devices were signed out. If this was not you, see the service desk at once."
    )

    static let refuseEndDay = Phrase(
        "最后一天要在今天以后（含今天）、不早于入住日，并且早于现在的最后一天。",
        "The last day is today or later, not before the first, and earlier than it is now.")
    static let refuseNumberTaken = Phrase(
        "这个手机号不能用，已经有人在用。", "This number cannot be taken: somebody has it.")
    static let refuseSameNumber = Phrase("现在就是这个手机号。", "This is the number now.")
    static let refuseOwnNumber = Phrase("自己的手机号请在“我的”里改。", "One's own number is changed on one's own page.")
    static let refuseStaffNumber = Phrase(
        "这个人还有您管不到的岗位，请找安全管理员。",
        "This person holds a post beyond your reach. Please ask the security administrator.")

    static let homesOthers = Phrase("住在我家的人", "Who lives in my home")
    static let homesOthersHelp = Phrase(
        "租客和家人搬走后，请在这里结束。", "When a tenant or family has moved out, end it here.")
    static let homeEnd = Phrase("搬走了，结束", "Moved out: end it")
    static let homeEndTitle = Phrase("结束住户关系", "End a home")
    static let homeEndHelp = Phrase(
        "最后一天过后，就看不到这一户的事，也不能再以这一户报事。这一户没有人了，登记的车也一起结束。",
        "After the last day nothing of this home can be seen or reported for. When nobody is left, its vehicles end too."
    )
    static let homeEndAtOnce = Phrase("填昨天就是马上结束。", "Yesterday ends it at once.")
    static let homeLastDay = Phrase("最后一天", "Last day")
    static let homeWhy = Phrase("原因（会记下来）", "Reason (it is kept)")
    static let homeOver = Phrase("已经到期，不能再改。", "This is over and stays as it is.")
    static let homeOpen = Phrase("更正", "Correct")

    static let phoneTitle = Phrase("更换手机号", "Change the number")
    static let phoneHelp = Phrase(
        "验证码发到新手机号。换好以后，旧手机号马上不能登录，其他设备都要重新登录。",
        "A code goes to the new number. The old one stops to sign in at once, and other devices sign in anew.")
    static let phoneNew = Phrase("新手机号", "New number")
    static let phoneSent = Phrase(
        "验证码发到了 {0}，5 分钟内有效。", "A code was sent to {0}. It is good for 5 minutes.")
    static let phoneDone = Phrase("换好了。", "It is changed.")
    static let phoneAskDesk = Phrase(
        "这里发不了验证码，请到物业服务中心更正手机号。",
        "No codes can be sent here. The service desk corrects numbers.")
    static let phoneCorrect = Phrase("更正手机号", "Correct the number")
    static let phoneCorrectHelp = Phrase(
        "请先当面核对本人。旧手机号马上不能登录，本人的设备和令牌全部退出，并收到站内消息。",
        "Check the person first. The old number stops to sign in at once; every device and token of theirs ends.")
}

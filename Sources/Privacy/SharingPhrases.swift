import Kernel

extension Phrase {
    package static let sharingTitle = Phrase("对外提供和委托处理登记", "Sharing and processors")
    package static let sharingHelp = Phrase(
        "谁拿到哪类个人信息、凭什么、到什么时候。改动留下每一版，不删除（法律要求至少保存三年）。",
        "Who gets which data, on what ground and until when. Every version stays: law asks for three years at least.")
    package static let sharingAdd = Phrase("登记一个接收方", "Enter a recipient")
    package static let sharingEdit = Phrase("改这一条", "Change it")
    package static let sharingKind = Phrase("方式", "How")
    package static let sharingEntrusted = Phrase("委托处理（第21条）", "On our behalf (art. 21)")
    package static let sharingProvided = Phrase("对外提供（第23条）", "Passed on (art. 23)")
    package static let sharingJoint = Phrase("共同处理（第20条）", "Together (art. 20)")
    package static let sharingRecipient = Phrase("接收方或受托方", "Recipient")
    package static let sharingContact = Phrase("对方联系方式", "How to reach them")
    package static let sharingContract = Phrase("合同或协议", "Contract")
    package static let sharingConsent = Phrase("单独同意的目的", "Purpose that people consent to")
    package static let sharingFrom = Phrase("从哪天起", "From")
    package static let sharingTo = Phrase("到哪天", "Until")
    package static let sharingToHelp = Phrase("到哪天（没有期限就不写）", "Until (empty for no end)")
    package static let sharingState = Phrase("状态", "State")
    package static let sharingVersion = Phrase("第几版", "Version")
    package static let sharingNumbered = Phrase("第 {0} 版", "Version {0}")
    package static let sharingVersions = Phrase("以前的各版", "Versions before")
    package static let sharingPlanned = Phrase("还没开始", "Not begun")
    package static let sharingRunning = Phrase("进行中", "Running")
    package static let sharingOver = Phrase("已到期", "Over")
    package static let sharingNoConsent = Phrase("不靠同意", "Rests on something else")
    package static let refuseContractNeeded = Phrase(
        "委托处理要有合同，请写合同名称或编号。", "Processing on our behalf needs a contract: say which.")
    package static let refuseConsentNeeded = Phrase(
        "依据是同意的，要选一个使用中的、须单独同意的目的。",
        "What rests on consent names a purpose in force that people consent to on its own.")
}

extension SharingKind {
    var phrase: Phrase {
        switch self {
        case .entrusted: .sharingEntrusted
        case .provided: .sharingProvided
        case .joint: .sharingJoint
        }
    }
}

extension Sharing.State {
    var phrase: Phrase {
        switch self {
        case .planned: .sharingPlanned
        case .running: .sharingRunning
        case .over: .sharingOver
        }
    }
}

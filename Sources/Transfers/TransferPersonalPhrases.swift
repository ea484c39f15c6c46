import Kernel

extension Phrase {
    package static let dataTransfers = Phrase("转办件（12345 工单、信访件）", "Orders of the hot line and petitions")
    package static let dataTransferNumber = Phrase("对方编号", "Their number")
    package static let dataTransferDirection = Phrase("转来或转出", "In or out")
    package static let dataTransferKind = Phrase("种类", "Kind")
    package static let dataTransferOffice = Phrase("对方单位", "Office")
    package static let dataTransferName = Phrase("来电人姓名", "Name of who called")
    package static let dataTransferContact = Phrase("来电号码（部分隐藏）", "Number of who called (masked)")
    package static let dataTransferWords = Phrase("内容", "What it is about")
    package static let dataTransferReceived = Phrase("收到时间", "Received")
    package static let dataTransferDue = Phrase("办理时限", "Due")
    package static let dataTransferWhy = Phrase("延期、不受理或转交的理由", "Reason given")
    package static let dataTransferAnswered = Phrase("答复时间", "Answered")
    package static let dataTransferAnswer = Phrase("答复", "Answer")
    package static let dataTransferSolved = Phrase("回访：是否解决", "Return visit: solved")
    package static let dataTransferSatisfied = Phrase("回访：是否满意", "Return visit: content")
    package static let keptTransfers = Phrase(
        "转办件的编号、时限和回访结果（不带答复和理由）", "Numbers, limits and visit results of transfers (no answer, no reason)")
    package static let keptTransfersWhy = Phrase(
        "信访工作条例：办理过程和结果须登记可查", "Regulations on petitions: how a matter was handled is kept on record")
    package static let keepTransfers = Phrase("转办件的答复和理由", "Answers and reasons of transfers")
    package static let keepTransfersSource = Phrase(
        "民法典第188条：诉讼时效三年", "Civil Code art. 188: three years of limitation")
    package static let refuseTransferNoConsent = Phrase(
        "报事人没有单独同意把信息交给别的单位。请先征得本人同意，再转交。",
        "The person did not consent to share this with another office. Ask for the consent first.")
}

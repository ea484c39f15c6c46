import Kernel

extension Phrase {
    package static let dataMessages = Phrase("消息", "Messages")
    package static let dataMessage = Phrase("消息内容", "Message")
    package static let dataRead = Phrase("看过的时间", "Read at")
    package static let keepMessages = Phrase("站内消息", "Messages in the inbox")
    package static let keepMessagesSource = Phrase("产品默认：一年", "Product default: a year")
}

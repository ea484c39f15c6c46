import Kernel

extension Phrase {
    package static let exportCounted = Phrase("数字后面的件", "The cases behind a number")
    package static let exportCountedWhat = Phrase("数的是什么", "What is counted")
}

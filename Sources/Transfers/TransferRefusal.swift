import Kernel

package enum TransferRefusal: Refusal, Equatable {
    case notFound
    case noLimit
    case badWords(String)
    case badChoice(String)
    case badTime(String)
    case badPhone
    case numberTaken
    case changedMeanwhile
    case answeredAlready
    case notAnswered
    case lettersOnly
    case informedAlready
    case notAccepted
    case extendedAlready
    case extendedTooFar(String)
    case nothingToAnswer
    case noFile
    case noHeader
    case tooManyRows(String)
    case handedOver
    /// Nothing about a person goes to another office without a consent of its own.
    case noConsent

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .numberTaken, .changedMeanwhile, .answeredAlready, .informedAlready, .extendedAlready, .nothingToAnswer,
            .notAnswered, .notAccepted, .handedOver, .noConsent:
            .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .badWords(let field), .badChoice(let field), .badTime(let field): field
        case .badPhone: "phone"
        case .numberTaken: "number"
        case .extendedTooFar: "due"
        case .noFile, .noHeader, .tooManyRows: "file"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.refuseTransferNotFound()
        case .noLimit: Phrase.refuseTransferNoLimit()
        case .badWords: Phrase.refuseTransferWords()
        case .badChoice: Phrase.refuseTransferChoice()
        case .badTime: Phrase.refuseTransferTime()
        case .badPhone: Phrase.refuseTransferPhone()
        case .numberTaken: Phrase.refuseTransferNumber()
        case .changedMeanwhile: Phrase.refuseTransferChanged()
        case .answeredAlready: Phrase.refuseTransferAnswered()
        case .notAnswered: Phrase.refuseTransferNotAnswered()
        case .lettersOnly: Phrase.refuseTransferLetters()
        case .informedAlready: Phrase.refuseTransferInformed()
        case .notAccepted: Phrase.refuseTransferNotAccepted()
        case .extendedAlready: Phrase.refuseTransferExtended()
        case .extendedTooFar(let days): Phrase.refuseTransferTooFar(days)
        case .nothingToAnswer: Phrase.refuseTransferNothing()
        case .noFile: Phrase.refuseTransferNoFile()
        case .noHeader: Phrase.refuseTransferNoHeader()
        case .tooManyRows(let most): Phrase.refuseTransferRows(most)
        case .handedOver: Phrase.refuseTransferHandedOver()
        case .noConsent: Phrase.refuseTransferNoConsent()
        }
    }
}

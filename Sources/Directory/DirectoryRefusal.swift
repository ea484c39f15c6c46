import Kernel

/// Everything that Directory refuses, by name.
package enum DirectoryRefusal: Refusal {
    case notFound
    case noPost
    case wrongPassword
    case locked
    case badPhone
    case wrongCode
    case codeTooSoon
    case codeTooMany
    case badName
    case badInvitation
    case noSuchUnit
    case homeDecidedAlready
    case homeAsked
    case badDate
    case badShift
    case shiftTaken
    case yearOutOfRange
    case badSource

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .noPost: .denied
        case .locked, .codeTooSoon, .codeTooMany: .limited
        case .homeDecidedAlready, .homeAsked, .shiftTaken: .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .wrongPassword: "password"
        case .badPhone: "phone"
        case .wrongCode: "code"
        case .badName: "name"
        case .badInvitation: "invitation"
        case .noSuchUnit: "unit"
        case .badDate, .yearOutOfRange: "day"
        case .badShift: "from"
        case .badSource: "source"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.webDirectoryNotFound()
        case .noPost: Phrase.refuseNoPost()
        case .wrongPassword: Phrase.refuseWrongPassword()
        case .locked: Phrase.refuseLocked()
        case .badPhone: Phrase.refuseBadPhone()
        case .wrongCode: Phrase.refuseWrongCode()
        case .codeTooSoon: Phrase.refuseCodeTooSoon()
        case .codeTooMany: Phrase.refuseCodeTooMany()
        case .badName: Phrase.refuseBadName()
        case .badInvitation: Phrase.refuseBadInvitation()
        case .noSuchUnit: Phrase.refuseNoSuchUnit()
        case .homeDecidedAlready: Phrase.refuseHomeDecided()
        case .homeAsked: Phrase.refuseHomeAsked()
        case .badDate: Phrase.refuseBadDate()
        case .badShift: Phrase.refuseBadShift()
        case .shiftTaken: Phrase.refuseShiftTaken()
        case .yearOutOfRange: Phrase.refuseYear()
        case .badSource: Phrase.refuseBadSource()
        }
    }
}

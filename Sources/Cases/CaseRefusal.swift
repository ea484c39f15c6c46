import Kernel

/// Everything that Cases refuses, by name.
package enum CaseRefusal: Refusal, Equatable {
    case notFound
    case notYours
    case outOfOrder(command: String, status: CaseStatus)
    case suspended
    case notSuspended
    case complaintAboutNobody
    case onlyComplaintsNameSomebody
    case cannotTakeIt
    case dispatchToTheComplainedOf
    case notTheAssignee
    case badScore
    case alreadyRated
    case strikeOffWithoutAnswer
    case ownWork
    case disputesAreNotPublished
    case publishWithoutText
    case placeTooFine
    /// Nobody is named in public without a consent of their own.
    case namesReporter
    /// A field of a text for the public has somebody's mobile number.
    case namesPhone(String)
    /// Nothing that says who reported it goes to a contractor without a consent of its own.
    case notShared
    case noHigherLevel
    case changedMeanwhile
    case mergeIntoItself
    case mergeIntoClosed
    case mergeElsewhere
    case alreadyJoined
    case joinOwn
    case tooShort(String)
    /// A reason that is kept in clear holds what may be somebody's number.
    case numberInReason
    case tooLong(String, Int)
    case badChoice(String)
    case badTime(String)
    /// A promised time does not move the limit.
    case promiseAfterLimit
    case noPlace
    case tooManyPhotos
    /// One person adds so many notes to one case in a day.
    case tooManyNotes
    case noCalendarYear
    case wrongCode
    case keyUsedForOther
    case badCursor
    case badPolicy
    case badCode
    case codeTaken
    /// Another one that can be chosen has the name; which field.
    case nameTaken(String)
    case lastCategory
    case tooManyCategories

    package var kind: RefusalKind {
        switch self {
        case .notFound, .wrongCode: .notFound
        case .notYours, .ownWork, .notTheAssignee, .notShared: .denied
        case .outOfOrder, .suspended, .notSuspended, .changedMeanwhile, .alreadyRated, .alreadyJoined, .keyUsedForOther,
            .mergeIntoClosed, .strikeOffWithoutAnswer, .noHigherLevel, .tooManyNotes:
            .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .numberInReason: "words"
        case .promiseAfterLimit: "promise"
        case .tooShort(let field), .tooLong(let field, _), .badChoice(let field), .badTime(let field): field
        case .nameTaken(let field): field
        case .badCode, .codeTaken: "code"
        case .lastCategory: "retired"
        case .badScore: "score"
        case .noPlace, .placeTooFine: "place"
        case .namesReporter: "body"
        case .namesPhone(let field): field
        case .tooManyPhotos: "photo"
        case .complaintAboutNobody, .onlyComplaintsNameSomebody: "about"
        case .cannotTakeIt, .dispatchToTheComplainedOf: "post"
        case .wrongCode: "code"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.refuseCaseNotFound()
        case .notYours: Phrase.refuseCaseNotYours()
        case .outOfOrder: Phrase.refuseOutOfOrder()
        case .suspended: Phrase.refuseSuspended()
        case .notSuspended: Phrase.refuseNotSuspended()
        case .complaintAboutNobody: Phrase.refuseComplaintAboutNobody()
        case .onlyComplaintsNameSomebody: Phrase.refuseOnlyComplaints()
        case .cannotTakeIt: Phrase.refuseCannotTakeIt()
        case .dispatchToTheComplainedOf: Phrase.refuseComplainedOf()
        case .notTheAssignee: Phrase.refuseNotTheAssignee()
        case .badScore: Phrase.refuseBadScore()
        case .alreadyRated: Phrase.refuseAlreadyRated()
        case .strikeOffWithoutAnswer: Phrase.refuseStrikeOffWithoutAnswer()
        case .ownWork: Phrase.refuseOwnWork()
        case .disputesAreNotPublished: Phrase.refuseDisputes()
        case .publishWithoutText: Phrase.refusePublishWithoutText()
        case .placeTooFine: Phrase.refusePlaceTooFine()
        case .namesReporter: Phrase.refuseNamesReporter()
        case .namesPhone: Phrase.refuseNamesPhone()
        case .notShared: Phrase.refuseSharing()
        case .noHigherLevel: Phrase.refuseNoHigherLevel()
        case .changedMeanwhile: Phrase.refuseChangedMeanwhile()
        case .mergeIntoItself: Phrase.refuseMergeIntoItself()
        case .mergeIntoClosed: Phrase.refuseMergeIntoClosed()
        case .mergeElsewhere: Phrase.refuseMergeElsewhere()
        case .alreadyJoined: Phrase.refuseAlreadyJoined()
        case .joinOwn: Phrase.refuseJoinOwn()
        case .numberInReason: Phrase.refuseNumberInReason()
        case .tooShort: Phrase.refuseTooShort()
        case .tooLong(_, let limit): Phrase.refuseTooLong(String(limit))
        case .badChoice: Phrase.refuseBadChoice()
        case .badTime: Phrase.refuseBadTime()
        case .promiseAfterLimit: Phrase.refusePromiseAfterLimit()
        case .noPlace: Phrase.refuseNoPlace()
        case .tooManyPhotos: Phrase.refuseTooManyPhotos(String(CaseBounds.photos))
        case .tooManyNotes: Phrase.refuseTooManyNotes(String(CaseBounds.notesADay))
        case .noCalendarYear: Phrase.refuseYear()
        case .wrongCode: Phrase.refuseWrongLookUp()
        case .keyUsedForOther: Phrase.refuseKeyUsed()
        case .badCursor: Phrase.refuseBadCursor()
        case .badPolicy: Phrase.refuseBadPolicy()
        case .badCode: Phrase.refuseBadCode()
        case .codeTaken: Phrase.refuseCodeTaken()
        case .nameTaken: Phrase.refuseNameTaken()
        case .lastCategory: Phrase.refuseLastCategory()
        case .tooManyCategories: Phrase.refuseTooManyCategories(String(CategoryRules.most))
        }
    }
}

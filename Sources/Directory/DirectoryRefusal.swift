import Kernel

/// Everything that Directory refuses, by name.
package enum DirectoryRefusal: Refusal, Equatable {
    case notFound
    case noPost
    case wrongPassword
    case newPassword
    case badServiceLine
    case locked
    case badPhone
    case wrongCode
    case codeTooSoon
    case codeTooMany
    case codesNotSent
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
    case areaTaken(String)
    case badAreaName
    case noLevelBelow
    case badUnits
    case tooManyAreas
    case changedMeanwhile
    case badOrganisationName
    case organisationTaken
    case beyondScope
    case outsideOrganisation
    case badPostDates
    case badPostEnd
    case badTitle
    case postTaken
    case postEnded
    case lastAdministrator
    case phoneTaken
    case severalPeople
    case badLogin
    case weakPassword(PasswordFault, String)
    case wrongFactor
    case factorLocked
    case factorThere
    case factorNeeded
    case noFactor
    case notOneself
    case stepGone
    case separatePosts
    case badWhy
    case badStart
    case badProfile
    case badAuditAsked(String)
    case loginTaken
    case loginForNew
    case badInvitationDates
    case invitationGone
    case badScopes
    case areaUnderItself
    case areaStays
    case badNewPlace
    case minorContact(String)
    case minorOld(String)
    case minorBirth
    case minorGuardian
    case minorMany

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .noPost, .beyondScope: .denied
        case .locked, .codeTooSoon, .codeTooMany, .factorLocked: .limited
        case .homeDecidedAlready, .homeAsked, .shiftTaken, .areaTaken, .changedMeanwhile, .organisationTaken,
            .postTaken, .postEnded, .lastAdministrator, .phoneTaken, .loginTaken, .invitationGone, .codesNotSent,
            .areaUnderItself, .factorThere, .factorNeeded, .noFactor, .notOneself, .separatePosts, .minorMany:
            .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .wrongPassword: "password"
        case .weakPassword(_, let field): field
        case .separatePosts: "role"
        case .badWhy: "why"
        case .badStart: "start"
        case .badProfile: "profile"
        case .badAuditAsked(let name): name
        case .newPassword: "fresh"
        case .badServiceLine: "line"
        case .badPhone, .phoneTaken, .codesNotSent: "phone"
        case .wrongCode, .wrongFactor: "code"
        case .minorOld, .minorBirth: "birth"
        case .minorContact: "name"
        case .minorGuardian: "agrees"
        case .badName, .areaTaken, .badAreaName, .badOrganisationName, .organisationTaken, .severalPeople:
            "name"
        case .badInvitation: "invitation"
        case .noSuchUnit: "unit"
        case .badDate, .yearOutOfRange: "day"
        case .badShift, .badInvitationDates: "from"
        case .badUnits: "numbers"
        case .beyondScope, .outsideOrganisation: "area"
        case .badPostDates: "to"
        case .badPostEnd: "last"
        case .badTitle: "title"
        case .badLogin, .loginTaken, .loginForNew: "login"
        case .badSource: "source"
        case .badScopes: "scope"
        case .areaUnderItself, .areaStays, .badNewPlace: "parent"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.webDirectoryNotFound()
        case .noPost: Phrase.refuseNoPost()
        case .wrongPassword: Phrase.refuseWrongPassword()
        case .newPassword: Phrase.refuseNewPassword()
        case .badServiceLine: Phrase.refuseServiceLine()
        case .locked: Phrase.refuseLocked()
        case .badPhone: Phrase.refuseBadPhone()
        case .wrongCode: Phrase.refuseWrongCode()
        case .codeTooSoon: Phrase.refuseCodeTooSoon()
        case .codeTooMany: Phrase.refuseCodeTooMany()
        case .codesNotSent: Phrase.signInNoCodes()
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
        case .areaTaken(let name): Phrase.refuseAreaTaken(name)
        case .badAreaName: Phrase.refuseAreaName()
        case .noLevelBelow: Phrase.refuseNoLevelBelow()
        case .badUnits: Phrase.refuseUnits()
        case .tooManyAreas: Phrase.refuseTooManyAreas()
        case .changedMeanwhile: Phrase.refuseDirectoryChanged()
        case .badOrganisationName: Phrase.refuseOrganisationName()
        case .organisationTaken: Phrase.refuseOrganisationTaken()
        case .beyondScope: Phrase.refuseBeyondScope()
        case .outsideOrganisation: Phrase.refuseOutsideOrganisation()
        case .badPostDates: Phrase.refusePostDates()
        case .badPostEnd: Phrase.refusePostEnd()
        case .badTitle: Phrase.refuseTitle()
        case .postTaken: Phrase.refusePostTaken()
        case .postEnded: Phrase.refusePostEnded()
        case .lastAdministrator: Phrase.refuseLastAdministrator()
        case .phoneTaken: Phrase.refusePhoneTaken()
        case .severalPeople: Phrase.refuseSeveralPeople()
        case .badLogin: Phrase.refuseLogin()
        case .weakPassword(let fault, _): fault.message
        case .wrongFactor: Phrase.refuseWrongFactor()
        case .factorLocked: Phrase.refuseFactorLocked()
        case .factorThere: Phrase.refuseFactorThere()
        case .factorNeeded: Phrase.refuseFactorNeeded()
        case .noFactor: Phrase.refuseNoFactor()
        case .notOneself: Phrase.refuseNotOneself()
        case .stepGone: Phrase.refuseStepGone()
        case .separatePosts: Phrase.refuseSeparatePosts()
        case .badWhy: Phrase.refuseBadWhy()
        case .badStart: Phrase.refuseBadStart()
        case .badProfile: Phrase.refuseBadProfile()
        case .badAuditAsked: Phrase.refuseAuditAsked()
        case .loginTaken: Phrase.refuseLoginTaken()
        case .loginForNew: Phrase.refuseLoginForNew()
        case .badInvitationDates: Phrase.refuseInvitationDates()
        case .invitationGone: Phrase.refuseInvitationGone()
        case .badScopes: Phrase.refuseScopes()
        case .areaUnderItself: Phrase.refuseAreaUnderItself()
        case .areaStays: Phrase.refuseAreaStays()
        case .badNewPlace: Phrase.refuseNewPlace()
        case .minorContact(let years): Phrase.refuseMinorContact(years)
        case .minorOld(let years): Phrase.refuseMinorOld(years)
        case .minorBirth: Phrase.refuseMinorBirth()
        case .minorGuardian: Phrase.refuseMinorGuardian()
        case .minorMany: Phrase.refuseMinorMany()
        }
    }
}

import Kernel

/// Everything that Privacy refuses, by name.
package enum PrivacyRefusal: Refusal, Equatable {
    case notFound
    case badWords(String)
    case badChoice(String)
    case badDay(String)
    case badNumber(String)
    case badTime(String)
    case fewerThanLaw(String)
    case changedMeanwhile
    /// Another version of the notice is in force by now.
    case noticeReplaced
    case notConsent
    case requestOpen
    case requestOver
    case reasonNeeded
    case confirmFirst
    case postsFirst
    case fileGone
    /// Who processes for us does so by a contract.
    case contractNeeded
    /// What rests on consent names a purpose that people consent to on its own.
    case consentNeeded
    /// One does not decide about what one asked oneself.
    case ownRequest
    /// A relative's request is accepted once it is known who died.
    case identifyFirst
    case identified
    /// The person who died holds a post that somebody has to end.
    case deadPosts
    /// The person has a home or a post beyond the reach of whoever handles the request.
    case deadElsewhere
    /// The person who died is the guardian of a child who has no other adult at home.
    case deadGuardian
    case tooManyRelatives
    /// Of an audit.
    case badPeriod

    package var kind: RefusalKind {
        switch self {
        case .notFound, .fileGone: .notFound
        case .changedMeanwhile, .noticeReplaced, .requestOpen, .requestOver, .postsFirst, .ownRequest, .identifyFirst,
            .identified, .deadPosts, .deadElsewhere, .deadGuardian, .tooManyRelatives:
            .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .badWords(let name), .badChoice(let name), .badDay(let name), .badNumber(let name), .badTime(let name):
            name
        case .fewerThanLaw: "days"
        case .notConsent: "purpose"
        case .reasonNeeded: "answer"
        case .confirmFirst: "confirm"
        case .contractNeeded: "contract"
        case .consentNeeded: "consent"
        case .badPeriod: "from"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.refusePrivacyMissing()
        case .badWords: Phrase.refusePrivacyWords()
        case .badChoice: Phrase.refusePrivacyChoice()
        case .badDay: Phrase.refusePrivacyDay()
        case .badNumber: Phrase.refusePrivacyNumber()
        case .badTime: Phrase.refusePrivacyTime()
        case .fewerThanLaw(let days): Phrase.refuseFewerThanLaw(days)
        case .changedMeanwhile: Phrase.refusePrivacyChanged()
        case .noticeReplaced: Phrase.refuseNoticeReplaced()
        case .notConsent: Phrase.refuseNotConsent()
        case .requestOpen: Phrase.refuseRequestOpen()
        case .requestOver: Phrase.refuseRequestOver()
        case .reasonNeeded: Phrase.refuseAnswerNeeded()
        case .confirmFirst: Phrase.refuseConfirmFirst()
        case .postsFirst: Phrase.refusePostsFirst()
        case .fileGone: Phrase.refuseFileGone()
        case .contractNeeded: Phrase.refuseContractNeeded()
        case .consentNeeded: Phrase.refuseConsentNeeded()
        case .ownRequest: Phrase.refuseOwnRequest()
        case .identifyFirst: Phrase.refuseIdentifyFirst()
        case .identified: Phrase.refuseIdentified()
        case .deadPosts: Phrase.refuseDeadPosts()
        case .deadElsewhere: Phrase.refuseDeadElsewhere()
        case .deadGuardian: Phrase.refuseDeadGuardian()
        case .tooManyRelatives: Phrase.refuseTooManyRelatives()
        case .badPeriod: Phrase.refuseBadPeriod()
        }
    }
}

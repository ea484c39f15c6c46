import Kernel

/// Everything that Governance refuses, by name.
package enum GovernanceRefusal: Refusal, Equatable {
    case notFound
    case badWords(String)
    case badChoice(String)
    case badDay(String)
    case badNumber(String)
    case endsBeforeItBegins
    case changedMeanwhile
    case bodyTaken
    case otherEstateBody(String)
    case wrongLevel
    case termTooLong(String)
    case seatsOutside(String, String)
    case seatsEven
    case ownersTooFew
    case noWoman
    case termOverlaps
    case slotDoesNotFit
    case slotTaken
    case appointedAlready
    case appointmentOver
    case membersOnly
    case contractOverlaps(String)
    case contractEnded
    case contractRunsStill
    case noticedTwice
    case noticeStands
    case renewalBeforeEnd
    case filedBeforeSigned
    case noticeNotThere
    case noticeOwnWork
    case noticeSupervisor
    case selectionClosed
    case selectionOpen
    case candidateTwice
    case notYourBuilding
    case notElected
    case tooManyElected
    case buildingInOtherZone(String)
    case partOutside
    case zoneWithoutParts
    case linkedTwice

    case noSteward
    case badgedAlready
    case sameSuperior
    case appraisedTwice
    case notSuperior
    case seatWithoutPosts
    case badPlate
    case vehicleTaken
    case notYourHome
    case reasonNeeded
    /// A reason that is kept in clear holds what may be somebody's number.
    case numberInReason

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .membersOnly, .notYourHome, .noticeOwnWork, .notSuperior: .denied
        case .changedMeanwhile, .bodyTaken, .otherEstateBody, .termOverlaps, .slotTaken, .appointedAlready,
            .appointmentOver, .contractOverlaps, .contractEnded, .contractRunsStill, .noticedTwice, .noticeStands,
            .noticeNotThere, .selectionClosed, .selectionOpen,
            .candidateTwice, .buildingInOtherZone, .linkedTwice, .badgedAlready, .appraisedTwice, .vehicleTaken:
            .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .badWords(let name), .badChoice(let name), .badDay(let name), .badNumber(let name): name
        case .endsBeforeItBegins, .termTooLong, .termOverlaps, .contractOverlaps, .renewalBeforeEnd: "to"
        case .bodyTaken: "name"
        case .otherEstateBody: "kind"
        case .wrongLevel, .partOutside: "area"
        case .seatsOutside, .seatsEven: "seats"
        case .ownersTooFew: "owners"
        case .noWoman: "women"
        case .slotDoesNotFit, .slotTaken: "organisation"
        case .filedBeforeSigned: "filed"
        case .badPlate, .vehicleTaken: "plate"
        case .reasonNeeded, .numberInReason: "why"
        case .notElected, .tooManyElected: "elected"
        case .buildingInOtherZone, .zoneWithoutParts: "part"
        case .notYourBuilding: "building"
        case .sameSuperior: "superior"
        case .appointedAlready, .linkedTwice, .candidateTwice, .seatWithoutPosts: "phone"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.refuseGovernanceMissing()
        case .badWords: Phrase.refuseGovernanceWords()
        case .badChoice: Phrase.refuseGovernanceChoice()
        case .badDay: Phrase.refuseGovernanceDay()
        case .badNumber: Phrase.refuseGovernanceNumber()
        case .endsBeforeItBegins: Phrase.refuseEndsBefore()
        case .changedMeanwhile: Phrase.refuseGovernanceChanged()
        case .bodyTaken: Phrase.refuseBodyTaken()
        case .otherEstateBody(let name): Phrase.refuseOtherEstateBody(name)
        case .wrongLevel: Phrase.refuseWrongLevel()
        case .termTooLong(let years): Phrase.refuseTermTooLong(years)
        case .seatsOutside(let low, let high): Phrase.refuseSeats(low, high)
        case .seatsEven: Phrase.refuseSeatsEven()
        case .ownersTooFew: Phrase.refuseOwnersTooFew()
        case .noWoman: Phrase.refuseNoWoman()
        case .termOverlaps: Phrase.refuseTermOverlaps()
        case .slotDoesNotFit: Phrase.refuseSlotFit()
        case .slotTaken: Phrase.refuseSlotTaken()
        case .appointedAlready: Phrase.refuseAppointedAlready()
        case .appointmentOver: Phrase.refuseAppointmentOver()
        case .membersOnly: Phrase.refuseMembersOnly()
        case .contractOverlaps(let number): Phrase.refuseContractOverlaps(number)
        case .contractEnded: Phrase.refuseContractEnded()
        case .contractRunsStill: Phrase.refuseContractRuns()
        case .noticedTwice: Phrase.refuseNoticedTwice()
        case .noticeStands: Phrase.refuseNoticeStands()
        case .renewalBeforeEnd: Phrase.refuseRenewal()
        case .filedBeforeSigned: Phrase.refuseFiledBefore()
        case .noticeNotThere: Phrase.refuseNoticeStep()
        case .noticeOwnWork: Phrase.refuseNoticeOwn()
        case .noticeSupervisor: Phrase.refuseNoticeSupervisor()
        case .selectionClosed: Phrase.refuseSelectionClosed()
        case .selectionOpen: Phrase.refuseSelectionOpen()
        case .notYourBuilding: Phrase.refuseNotYourBuilding()
        case .candidateTwice: Phrase.refuseCandidateTwice()
        case .notElected: Phrase.refuseNotElected()
        case .tooManyElected: Phrase.refuseTooManyElected()
        case .buildingInOtherZone(let name): Phrase.refuseOtherZone(name)
        case .zoneWithoutParts: Phrase.refuseZoneWithoutParts()
        case .partOutside: Phrase.refusePartOutside()
        case .linkedTwice: Phrase.refuseLinkedTwice()
        case .noSteward: Phrase.refuseNoSteward()
        case .badgedAlready: Phrase.refuseBadgedAlready()
        case .sameSuperior: Phrase.refuseSameSuperior()
        case .appraisedTwice: Phrase.refuseAppraisedTwice()
        case .notSuperior: Phrase.refuseNotSuperior()
        case .seatWithoutPosts: Phrase.refuseSeatWithoutPosts()
        case .badPlate: Phrase.refuseBadPlate()
        case .vehicleTaken: Phrase.refuseVehicleTaken()
        case .notYourHome: Phrase.refuseNotYourHome()
        case .numberInReason: Phrase.refuseNumberInReason()
        case .reasonNeeded: Phrase.refuseReasonNeeded()
        }
    }
}

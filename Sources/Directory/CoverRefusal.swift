import Kernel

/// Everything that shifts and cover refuse, by name.
package enum CoverRefusal: Refusal, Equatable {
    case notFound
    case notYours
    case badWords(String)
    case badTime(String)
    case badChoice(String)
    case endsBeforeItBegins
    case inThePast
    case tooLong
    case changedMeanwhile
    // Leave.
    case leaveOverlaps
    case standInIsSelf
    case standInCannot
    case standInAway
    case standsInForOther
    case ownLeave
    case leaveOver
    // Rosters.
    case shiftOverlaps(String)
    case noDays
    case tooManyShifts
    case nobodyChosen
    // Hand-over notes.
    case notOnDuty
    case ownNote
    case acknowledged
    // Many cases at once.
    case nothingPicked
    case tooManyPicked
    case keyUsedForOther
    // Reply templates.
    case unknownField(String)
    case personalInPublic
    case templateEnded

    package var kind: RefusalKind {
        switch self {
        case .notFound: .notFound
        case .notYours, .ownLeave, .notOnDuty, .ownNote: .denied
        case .changedMeanwhile, .leaveOverlaps, .standInAway, .standsInForOther, .leaveOver, .shiftOverlaps,
            .acknowledged, .keyUsedForOther, .templateEnded:
            .conflict
        default: .invalid
        }
    }

    package var field: String? {
        switch self {
        case .badWords(let name), .badTime(let name), .badChoice(let name): name
        case .endsBeforeItBegins, .tooLong: "to"
        case .inThePast, .leaveOverlaps: "from"
        case .standInIsSelf, .standInCannot, .standInAway: "standin"
        case .nobodyChosen: "person"
        case .noDays: "weekday"
        case .unknownField, .personalInPublic: "body"
        default: nil
        }
    }

    package var message: Message {
        switch self {
        case .notFound: Phrase.webDirectoryNotFound()
        case .notYours: Phrase.webNotYours()
        case .badWords: Phrase.refuseCoverWords()
        case .badTime: Phrase.refuseCoverTime()
        case .badChoice: Phrase.refuseCoverChoice()
        case .endsBeforeItBegins: Phrase.refuseCoverEnds()
        case .inThePast: Phrase.refuseCoverPast()
        case .tooLong: Phrase.refuseCoverTooLong()
        case .changedMeanwhile: Phrase.refuseDirectoryChanged()
        case .leaveOverlaps: Phrase.refuseLeaveOverlaps()
        case .standInIsSelf: Phrase.refuseStandInSelf()
        case .standInCannot: Phrase.refuseStandInCannot()
        case .standInAway: Phrase.refuseStandInAway()
        case .standsInForOther: Phrase.refuseStandsIn()
        case .ownLeave: Phrase.refuseOwnLeave()
        case .leaveOver: Phrase.refuseLeaveOver()
        case .shiftOverlaps(let which): Phrase.refuseShiftOverlaps(which)
        case .noDays: Phrase.refuseNoDays()
        case .tooManyShifts: Phrase.refuseTooManyShifts()
        case .nobodyChosen: Phrase.refuseNobodyChosen()
        case .notOnDuty: Phrase.refuseNotOnDuty()
        case .ownNote: Phrase.refuseOwnNote()
        case .acknowledged: Phrase.refuseAcknowledged()
        case .nothingPicked: Phrase.refuseNothingPicked()
        case .tooManyPicked: Phrase.refuseTooManyPicked()
        case .keyUsedForOther: Phrase.webKeyForOther()
        case .unknownField(let name): Phrase.refuseUnknownField(name)
        case .personalInPublic: Phrase.refusePersonalInPublic()
        case .templateEnded: Phrase.refuseTemplateEnded()
        }
    }
}

/// What people write here: trimmed before, within bounds, without control characters but line ends.
package enum CoverWords {
    package static func checked(_ text: String, _ field: String, _ range: ClosedRange<Int> = 1...200) throws -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.filter { $0 != "\r" } }
        guard range.contains(text.unicodeScalars.count), lines.allSatisfy({ TextRules.isPlain(String($0)) }) else {
            throw CoverRefusal.badWords(field)
        }
        return text
    }
}

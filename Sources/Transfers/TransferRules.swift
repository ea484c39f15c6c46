import Governance
import Kernel

/// The limits that count, read from the table of limits.
package struct TransferLimits: Sendable {
    let values: [LimitKey: Int64]

    package init(_ limits: [Limit]) {
        values = Dictionary(limits.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(_ key: LimitKey) -> Int64 {
        get throws {
            guard let value = values[key] else { throw TransferRefusal.noLimit }
            return value
        }
    }
}

/// When something is due, and what may follow on what: pure.
package enum TransferRules {
    /// 24:00 of the nth day after the day of `start` (rules.md 9.3). A day off at the end does not lengthen it.
    static func endOf(days: Int64, after start: Instant) -> Instant {
        Zone.shanghai.instant(Zone.shanghai.day(of: start).adding(Int(days) + 1))
    }

    /// The house's own limit of a grade (rules.md 9.2): minutes run day and night; working days are over at 24:00.
    package static func due(
        _ grade: TransferGrade, from received: Instant, _ limits: TransferLimits, _ calendar: WorkCalendar
    ) throws -> Instant {
        switch grade {
        case .danger: received.adding(minutes: Int(try limits[.orderDangerMinutes]))
        case .utility: received.adding(minutes: Int(try limits[.orderUtilityMinutes]))
        case .urgent: received.adding(minutes: Int(try limits[.orderUrgentMinutes]))
        // That day counts as the first.
        case .consultation: endOf(days: try limits[.orderConsultationDays] - 1, after: received)
        case .general: calendar.endOf(workdays: Int(try limits[.orderGeneralWorkdays]), after: received)
        case .complex: calendar.endOf(workdays: Int(try limits[.orderComplexWorkdays]), after: received)
        case .letter: endOf(days: try limits[.letterInformDays], after: received)
        }
    }

    /// When four fifths of the limit are used.
    package static func warn(from start: Instant, due: Instant) -> Instant {
        start.adding(ms: max(0, (due.ms - start.ms) / 5 * 4))
    }

    /// The new due of an extension, or why there is none.
    static func extend(_ t: Transfer, to due: Instant, at now: Instant, _ limits: TransferLimits) throws {
        guard t.direction == .incoming, t.answered == nil else { throw TransferRefusal.answeredAlready }
        guard due > t.due, due > now, due < t.due.adding(days: 366) else { throw TransferRefusal.badTime("due") }
        guard t.kind == .letter else { return }
        guard t.accepted != nil else { throw TransferRefusal.notAccepted }
        guard t.extensions == 0 else { throw TransferRefusal.extendedAlready }
        let most = try limits[.letterExtensionDays]
        guard due <= endOf(days: most, after: t.due.adding(ms: -1)) else {
            throw TransferRefusal.extendedTooFar(String(most))
        }
    }

    /// A petition is answered for in writing first: taken or not.
    static func inform(_ t: Transfer, at day: Instant, now: Instant) throws {
        guard t.direction == .incoming, t.kind == .letter else { throw TransferRefusal.lettersOnly }
        guard t.informed == nil, t.answered == nil else { throw TransferRefusal.informedAlready }
        guard day <= now, day >= Zone.shanghai.instant(Zone.shanghai.day(of: t.received)) else {
            throw TransferRefusal.badTime("day")
        }
    }

    static func visit(_ t: Transfer, at moment: Instant, now: Instant) throws {
        guard t.direction == .incoming, let answered = t.answered else { throw TransferRefusal.notAnswered }
        guard moment <= now, Zone.shanghai.day(of: moment) >= Zone.shanghai.day(of: answered) else {
            throw TransferRefusal.badTime("day")
        }
    }
}

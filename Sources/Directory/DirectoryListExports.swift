import Kernel
import Storage
import Tables
import Web

/// What is kept about the work of the house, as tables with the rights of its pages.
extension DirectoryHouse {
    package var listExports: [ListExport] {
        [staffAccountList, staffSessionList, securityPolicyList, calendarList, importList]
            + RuleKind.allCases.map(rules)
    }

    /// Posts that reveal membership of the party are not named.
    private var staffAccountList: ListExport {
        ListExport(
            "staff-accounts", .staffAccountsTitle, [.securityEdit],
            [
                .columnPerson, .columnLogin, .columnRole, .accountLockedUntil, .accountPasswordSet,
                .accountFactorSince, .accountTokenCount,
            ]
        ) { ask, transaction in
            let found = try SecurityStore.accounts(
                ask.scope, on: ask.today, after: try ask.id() ?? 0, limit: ask.limit, transaction)
            let now = world.now()
            return ListExport.Rows(found, ask, cursor: { String($0.person.raw) }) { one in
                let roles = one.roles.filter { $0 != .partyAffairs }.map { ask.words($0.phrase) }
                return [
                    .text(one.name), .text(one.login), .text(ask.words.list(roles)),
                    one.lockedUntil > now ? .moment(one.lockedUntil) : .empty,
                    one.passwordSet.ms > 0 ? .moment(one.passwordSet) : .empty,
                    one.factorSince.map { .moment($0) } ?? .empty, .int(one.tokens),
                ]
            }
        }
    }

    private var staffSessionList: ListExport {
        ListExport(
            "staff-sessions", .staffSessionsTitle, [.securityEdit],
            [.columnPerson, .sessionDevice, .sessionSince, .sessionSeen]
        ) { ask, transaction in
            let found = try SecurityStore.sessions(
                ask.scope, on: ask.today, at: world.now(), after: try ask.id() ?? 0, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id) }) { one in
                [.text(one.name), .text(MePage.device(one.device)), .moment(one.created), .moment(one.seen)]
            }
        }
    }

    /// The versions of the rules of sign-in.
    private var securityPolicyList: ListExport {
        ListExport(
            "security-policies", .securityTitle, [.securityEdit],
            [
                .ruleVersion, .profileTitle, .policyFactor, .policyWhy, .ruleFrom, .ruleBy, .ruleAt,
            ]
        ) { ask, transaction in
            let found = try SecurityStore.policies(limit: 5_000, transaction)
            let names = try DirectoryStore.names(of: found.compactMap(\.by), transaction)
            let rows = found.map { one -> [Cell] in
                [
                    .int(one.version), .text(SecurityPage.name(one.profile, ask.words)),
                    .text(ask.words.list(one.factorRoles.map { ask.words($0.phrase) })), .text(one.why),
                    .moment(max(one.from, one.at)), .text(one.by.flatMap { names[$0] } ?? ask.words(.policyByHouse)),
                    .moment(one.at),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    /// Every day of every year that is not as its weekday says.
    private var calendarList: ListExport {
        ListExport(
            "calendar", .calendarTitle, [.calendarEdit],
            [.calendarDay, .columnKind, .calendarHoliday, .calendarSource]
        ) { ask, transaction in
            let after = try ask.id().map { Day(number: Int32(clamping: $0)) }
            let found = try CalendarStore.days(after: after, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.day.number) }) { one in
                [
                    .day(one.day), .text(ask.words(one.kind == 2 ? .calendarWork : .calendarRest)),
                    .text(CalendarPage.holiday(one.name).map { ask.words($0) } ?? one.name), .text(one.source),
                ]
            }
        }
    }

    private var importList: ListExport {
        ListExport(
            "imports", .importsTitle, DirectoryExports.readers,
            [
                .columnName, .importKind, .columnState, .importAt, .importRowsRead, .importRowsNew,
                .importRowsChanged, .importRowsBad,
            ]
        ) { ask, transaction in
            let found = try ImportStore.list(
                ask.scope.places.map(\.path), before: try ask.id().map { ImportID($0) }, limit: ask.limit, transaction)
            let mine = found.filter { ask.actor.may($0.kind.verb) }
            let rows = try mine.compactMap { one -> [Cell]? in
                do {
                    _ = try imports.load(one.id, ask.actor, transaction)
                } catch is any Refusal {
                    return nil
                }
                return [
                    .text(one.fileName), .text(ask.words(one.kind.phrase)), .text(ask.words(one.status.phrase)),
                    .moment(one.created), .int(one.seen), .int(one.fresh), .int(one.changed), .int(one.bad),
                ]
            }
            return ListExport.Rows(rows, next: found.count == ask.limit ? found.last.map { String($0.id.raw) } : nil)
        }
    }

    /// The past of one kind of rules.
    private func rules(_ kind: RuleKind) -> ListExport {
        ListExport(
            "rules-\(kind.rawValue)", kind.listTitle, Verbs(arrayLiteral: kind.verb),
            [
                .ruleVersion, .ruleSubject, .ruleBefore, .ruleAfter, .policyWhy, .ruleFrom, .ruleBy, .ruleAt,
                .columnState,
            ]
        ) { ask, transaction in
            let found = try RuleBook.list(kind, before: try ask.id() ?? .max, limit: ask.limit, transaction)
            let names = try DirectoryStore.names(of: found.compactMap(\.by), transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.version) }) { one in
                let state: Phrase =
                    switch one.state {
                    case .planned: .policyPlanned
                    case .applied: .ruleApplied
                    case .failed: .ruleFailed
                    case .withdrawn: .ruleWithdrawn
                    }
                return [
                    .int(one.version), .text(one.subject), .text(one.before), .text(one.after), .text(one.why),
                    .moment(one.from), .text(one.by.flatMap { names[$0] } ?? ask.words(.policyByHouse)),
                    .moment(one.at), .text(ask.words(state)),
                ]
            }
        }
    }
}

extension RuleKind {
    fileprivate var listTitle: Phrase {
        switch self {
        case .policy: .rulesOfPolicy
        case .calendar: .rulesOfCalendar
        case .limit: .rulesOfLimit
        case .region: .rulesOfRegion
        case .category: .rulesOfCategory
        }
    }
}

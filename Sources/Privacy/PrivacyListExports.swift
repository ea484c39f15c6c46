import Directory
import Kernel
import Storage
import Tables
import Web

/// What is kept about the privacy of the house, as tables with the rights of their pages.
extension PrivacyHouse {
    package var exports: [ListExport] {
        [requests, notices, purposes, periods, deletions, limits] + RecordKind.allCases.map(register)
            + complianceExports
    }

    /// What people wrote and what they were answered stays on the page.
    private var requests: ListExport {
        ListExport(
            "privacy-requests", .requestsListTitle, [.privacyHandle],
            [
                .columnPerson, .columnKind, .kinName, .dataRelation, .requestAsked, .requestUntil, .columnState,
                .requestDecided,
            ]
        ) { ask, transaction in
            let found = try RequestStore.all(
                in: ask.scope, before: try ask.id().map { RequestID($0) }, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
                [
                    .text(one.name),
                    .text(ask.words(one.relative == nil ? one.kind.phrase : one.kind.kinPhrase)),
                    .text(one.deadName), .text(one.relative.map { ask.words($0.relation.phrase) } ?? ""),
                    .moment(one.created), .day(one.due),
                    .text(ask.words(one.status.phrase)), one.decided.map { .moment($0) } ?? .empty,
                ]
            }
        }
    }

    private var notices: ListExport {
        ListExport(
            "privacy-notices", .privacyNoticeTitle, [.privacyEdit],
            [.sharingVersion, .noticeFrom, .noticeWhy, .noticeBy, .noticeAcceptances, .noticeZh, .noticeEn]
        ) { ask, transaction in
            let found = try NoticeStore.all(before: try ask.id(), limit: ask.limit, transaction)
            return try ListExport.Rows(found, ask, cursor: { String($0.number) }) { one in
                [
                    .int(one.number), .day(one.from), .text(one.why), .text(one.author),
                    .int(try NoticeStore.acceptances(one.number, transaction)), .text(one.zh), .text(one.en),
                ]
            }
        }
    }

    private var purposes: ListExport {
        ListExport(
            "privacy-purposes", .purposesTitle, [.privacyEdit],
            [
                .purposeCode, .columnName, .columnWords, .purposeBasis, .purposeSeparate, .lawSource, .lawSince,
                .purposeInForce, .sharingVersion,
            ]
        ) { ask, transaction in
            let rows = try ConsentStore.purposes(transaction).map { one -> [Cell] in
                [
                    .text(one.code), .text(ask.words.pick(zh: one.zh, en: one.en)),
                    .text(ask.words.pick(zh: one.aboutZh, en: one.aboutEn)), .text(ask.words(one.basis.phrase)),
                    .text(ask.words(one.separate ? .exportYes : .exportNo)), .text(one.source), .day(one.since),
                    .text(ask.words(one.inForce ? .exportYes : .exportNo)), .int(one.version),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    private var periods: ListExport {
        let classes = classes
        return ListExport(
            "privacy-periods", .periodsTitle, [.privacyEdit],
            [.periodClass, .periodDays, .periodLeastDays, .lawSource, .lawSince, .noticeWhy, .noticeBy]
        ) { ask, transaction in
            let rows = try classes.map { one -> [Cell] in
                let now = try PeriodStore.history(one.name, transaction).first
                return [
                    .text(ask.words(one.title)), .int(now?.days ?? one.days), .int(one.least),
                    .text(now?.source ?? ask.words(one.source)), .day(now?.since ?? one.since),
                    .text(now?.why ?? ""), .text(now?.author ?? ""),
                ]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    private var deletions: ListExport {
        let titles = Dictionary(classes.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
        return ListExport(
            "privacy-deletions", .deletionsTitle, [.privacyEdit],
            [.deletionRun, .periodClass, .deletionCount, .columnFrom, .columnTo]
        ) { ask, transaction in
            let before = try ask.id().map { Day(number: Int32(clamping: $0)) }
            // More than a day has; a day's rows stay together, and what does not fit comes with the next slice.
            let limit = max(ask.limit, 500)
            var found = try PeriodStore.deletions(before: before, limit: limit, transaction)
            var next: String?
            if found.count == limit, let last = found.last?.run, found.first?.run != last {
                found.removeAll { $0.run == last }
                next = found.last.map { String($0.run.number) }
            }
            let rows = found.map { one -> [Cell] in
                [
                    .day(one.run), .text(titles[one.name].map { ask.words($0) } ?? one.name), .int(one.count),
                    .moment(one.from), .moment(one.to),
                ]
            }
            return ListExport.Rows(rows, next: next)
        }
    }

    private var limits: ListExport {
        ListExport(
            "privacy-limits", .lawLimitsTitle, [.privacyEdit],
            [.columnName, .lawLimitValue, .lawSource, .lawSince]
        ) { ask, transaction in
            let rows = try LawLimitStore.all(transaction).map { one -> [Cell] in
                [.text(ask.words(one.key.phrase)), .int(one.value), .text(one.source), .day(one.since)]
            }
            return ListExport.Rows(rows, next: nil)
        }
    }

    /// The registers are the whole house's: of an estate's administrator they show nothing.
    private func register(_ kind: RecordKind) -> ListExport {
        let fields = kind.fields
        let moments: [Phrase] =
            kind == .breach
            ? [.breachKnown, .breachReportBy, .breachReported, .breachTellBy, .breachTold] : []
        return ListExport(
            "privacy-\(kind.code)", kind.title, [.privacyEdit],
            [.recordTitle] + fields.map(\.title) + moments
                + [.recordEnded, .sharingVersion, .noticeBy, .recordChangedLast]
        ) { ask, transaction in
            let found =
                ask.actor.housePost(for: .privacyEdit) == nil
                ? []
                : try RecordStore.all(
                    kind, before: try ask.id().map { RecordID($0) }, limit: ask.limit, transaction)
            return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
                func moment(_ value: Instant?) -> Cell { value.map { .moment($0) } ?? .empty }
                let times =
                    kind == .breach ? [one.known, one.reportBy, one.reported, one.tellBy, one.told].map(moment) : []
                let words = fields.map { field in Cell.text(one.fields[field.name] ?? "") }
                return [.text(one.title)] + words + times
                    + [
                        .text(ask.words(one.ended ? .exportYes : .exportNo)), .int(one.version), .text(one.author),
                        .moment(one.changed),
                    ]
            }
        }
    }
}

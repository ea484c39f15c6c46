import Cases
import Directory
import Kernel
import Storage
import Tables
import Web

/// What came from elsewhere and went there, as a table: with the rights of its page, so without complaints about one's
/// own organisation. Who called, and their phone, is in the case alone.
package enum TransferExports {
    package static let all: [ListExport] = [transfers]

    private static let transfers = ListExport(
        "transfers", .transfersTitle, [.caseRead],
        [
            .transferNumber, .transferSource, .transferKind, .transferGrade, .transferMatter, .transferWhere,
            .transferReceived, .transferDue, .transferAnsweredAt, .transferInTime, .transferAnswer,
        ]
    ) { ask, transaction in
        let found = try TransferStore.all(
            ask.scope, before: try ask.id().map { TransferID($0) }, limit: ask.limit, transaction)
        let lines = Dictionary(
            try CaseStore.lines(Set(found.map(\.caseID)).sorted(), transaction).map { ($0.id, $0) },
            uniquingKeysWith: { $1 })
        let areas = try DirectoryStore.areas(found.map(\.area), transaction)
        return ListExport.Rows(found, ask, cursor: { String($0.id.raw) }) { one in
            let state: Phrase? =
                one.direction == .outgoing
                ? .transferSent
                : one.answered.map { one.isLate(at: $0) ? .transferLate : .transferKept }
            return [
                .text(one.number), .text(one.source),
                .text(ask.words(one.kind == .hotline ? .kindHotline : .kindLetter)),
                .text(ask.words(one.grade.phrase)), .text(lines[one.caseID]?.title ?? ""),
                .text(areas[one.area]?.name ?? ""), .moment(one.received), .moment(one.due),
                one.answered.map { .moment($0) } ?? .empty, .text(state.map { ask.words($0) } ?? ""),
                .text(one.answer),
            ]
        }
    }
}

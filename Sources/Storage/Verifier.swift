import Crypto
import Kernel

/// The newest seal of an area. Kept outside the database it proves later that no seal was cut off the end.
package struct SealHead: Sendable, Equatable {
    package let area: AreaID
    package let seq: Int64
    package let hash: [UInt8]
    package init(area: AreaID, seq: Int64, hash: [UInt8]) {
        self.area = area
        self.seq = seq
        self.hash = hash
    }
}

/// What `verify` found.
package struct VerifyReport: Sendable, Equatable {
    package enum BreakKind: String, Sendable {
        /// A seal covers fewer rows than it was made for.
        case deletedRow
        /// A seal covers more rows than it was made for.
        case addedRow
        /// A row, or a field of the seal, is not what was sealed; also two rows that changed places.
        case alteredRow
        /// A seal does not continue the one before it.
        case reorderedSeal
        /// A seal is missing: rows carry its number, a later one exists, or a head kept outside names it.
        case deletedSeal
        /// A seal was not made with the key.
        case wrongSignature
    }

    /// Where an area's chain first does not hold. Nothing of the area from this seal on is proven.
    package struct Break: Sendable, Equatable {
        package let area: AreaID
        package let seq: Int64
        package let kind: BreakKind
        package init(area: AreaID, seq: Int64, kind: BreakKind) {
            self.area = area
            self.seq = seq
            self.kind = kind
        }
    }

    package var seals = 0
    /// Audit rows whose seals hold, and those that no seal covers yet.
    package var sealedRows = 0
    package var unsealedRows = 0
    /// The first break of each area that has one.
    package var breaks: [Break] = []
    package var heads: [SealHead] = []
    /// What the engine's own check says; empty when all is well.
    package var integrity: [String] = []
    package var outboxWaiting = 0
    package var jobsWaiting = 0
    /// Jobs that failed too often: somebody has to look.
    package var jobsGivenUp = 0

    /// The data is whole and no sealed row was touched.
    package var isSound: Bool { breaks.isEmpty && integrity.isEmpty }
}

/// Checks a database from outside: the audit chains, the file, and what waits.
package struct Verifier: Sendable {
    private let key: SymmetricKey
    private let auditKey: [UInt8]

    /// - Parameters:
    ///   - key: the sealer's key.
    ///   - auditKey: the journal's; nil where it is the same.
    package init(key: [UInt8], auditKey: [UInt8]? = nil) {
        self.key = SymmetricKey(data: key)
        self.auditKey = auditKey ?? key
    }

    /// Reads everything, one area at a time.
    /// - Parameter anchors: heads that were kept outside the database.
    package func verify(_ database: any Database, anchors: [SealHead] = []) async throws -> VerifyReport {
        var report = try await database.read(counts)
        let areas = try await database.read { transaction in
            try transaction.query(
                "select area_id from storage_audit union select area_id from storage_seal order by area_id"
            ) { try $0.id(0, AreaTag.self) }
        }
        for area in Set(areas).union(anchors.map(\.area)).sorted() {
            let known = anchors.filter { $0.area == area }
            let chain = try await database.read { try walk(area, known, $0) }
            report.seals += chain.seals
            report.sealedRows += chain.rows
            if let head = chain.head { report.heads.append(head) }
            if let found = chain.firstBreak { report.breaks.append(found) }
        }
        return report
    }

    private func counts(_ transaction: any ReadTransaction) throws -> VerifyReport {
        func count(_ sql: SQL) throws -> Int { Int(try transaction.first(sql) { try $0.int(0) } ?? 0) }
        var report = VerifyReport()
        report.integrity = try transaction.query(.integrityCheck) { try $0.text(0) }.filter { $0 != "ok" }
        report.unsealedRows = try count("select count(*) from storage_audit where seal_seq is null")
        report.outboxWaiting = try count("select count(*) from storage_outbox where done_ms is null")
        report.jobsWaiting = try count(
            "select count(*) from storage_job where done_ms is null and gave_up_ms is null")
        report.jobsGivenUp = try count("select count(*) from storage_job where gave_up_ms is not null")
        return report
    }

    /// A seal with its own rows, whatever came before it.
    func isWhole(_ seal: Seal?, _ rows: [AuditRow]) -> Bool {
        guard let seal, rows.count == seal.count, seal.computeHash(rows) == seal.hash,
            rows.allSatisfy({ isTrue($0, seal.area) })
        else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            seal.signature, authenticating: seal.signedBytes, using: key)
    }

    private func isTrue(_ row: AuditRow, _ area: AreaID) -> Bool {
        row.isTrueToAddress && row.isTrueToWords(area, auditKey)
    }

    private struct Chain {
        var seals = 0
        var rows = 0
        var head: SealHead?
        var firstBreak: VerifyReport.Break?
    }

    private func walk(_ area: AreaID, _ anchors: [SealHead], _ transaction: any ReadTransaction) throws -> Chain {
        var chain = Chain()
        let columns = try AuditRow.columns(transaction)
        while let next = try nextNumber(area, after: chain.head?.seq ?? 0, anchors, transaction) {
            let seal = try transaction.first(
                "select \(Seal.columns) from storage_seal where area_id = \(area) and seq = \(next)", Seal.init)
            let rows = try transaction.query(
                """
                select \(columns) from storage_audit where area_id = \(area) and seal_seq = \(next)
                order by id limit \(Sealer.batchRows + 1)
                """, AuditRow.init)
            if let kind = fault(seal, number: next, after: chain.head, rows, anchors) {
                chain.firstBreak = VerifyReport.Break(area: area, seq: next, kind: kind)
                break
            }
            chain.seals += 1
            chain.rows += rows.count
            chain.head = SealHead(area: area, seq: next, hash: seal?.hash ?? [])
        }
        return chain
    }

    /// The next number that a seal, a row or an anchor names.
    private func nextNumber(
        _ area: AreaID, after seq: Int64, _ anchors: [SealHead], _ transaction: any ReadTransaction
    ) throws -> Int64? {
        let sealed = try transaction.first(
            "select seq from storage_seal where area_id = \(area) and seq > \(seq) order by seq limit 1"
        ) { try $0.int(0) }
        let marked = try transaction.first(
            """
            select seal_seq from storage_audit where area_id = \(area) and seal_seq > \(seq)
            order by seal_seq limit 1
            """
        ) { try $0.int(0) }
        return ([sealed, marked].compactMap { $0 } + anchors.map(\.seq).filter { $0 > seq }).min()
    }

    private func fault(
        _ seal: Seal?, number: Int64, after head: SealHead?, _ rows: [AuditRow], _ anchors: [SealHead]
    ) -> VerifyReport.BreakKind? {
        guard let seal, number == (head?.seq ?? 0) + 1 else { return .deletedSeal }
        guard seal.previousHash == head?.hash ?? [] else { return .reorderedSeal }
        guard rows.count >= seal.count else { return .deletedRow }
        guard rows.count <= seal.count else { return .addedRow }
        guard seal.computeHash(rows) == seal.hash, rows.allSatisfy({ isTrue($0, seal.area) }) else {
            return .alteredRow
        }
        guard HMAC<SHA256>.isValidAuthenticationCode(seal.signature, authenticating: seal.signedBytes, using: key)
        else { return .wrongSignature }
        let anchored = anchors.filter { $0.seq == number }
        return anchored.allSatisfy { $0.hash == seal.hash } ? nil : .reorderedSeal
    }
}

extension SQL {
    /// One row `ok`, or the faults of the file. PostgreSQL checks its own pages.
    static let integrityCheck = SQL(parts: [
        .perEngine(
            sqlite: [.fixed("select integrity_check from pragma_integrity_check")], postgres: [.fixed("select 'ok'")])
    ])
}

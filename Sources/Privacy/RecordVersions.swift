import Directory
import Kernel
import Storage
import Web

package enum RecordVersionMigrations {
    package static let all: [Migration] = [
        Migration(
            "privacy-051-versions",
            """
            -- every version of every entry of a register; one from before there were versions comes in when it is changed
            create table privacy_record_version (
                record_id ID not null,
                version INT64 not null,
                kind INT64 not null,
                title TEXT not null,
                fields TEXT not null,
                known_ms INT64,
                report_ms INT64,
                tell_ms INT64,
                reported_ms INT64,
                told_ms INT64,
                ended FLAG not null,
                why TEXT not null,
                changed_by INT64 not null,
                changed_ms INT64 not null,
                primary key (record_id, version)
            );
            """)
    ]
}

extension RecordStore {
    /// Keeps an entry as it stands now. Done twice it changes nothing.
    static func keep(_ id: RecordID, why: String, _ transaction: any WriteTransaction) throws {
        try transaction.run(
            """
            insert into privacy_record_version
                (record_id, version, kind, title, fields, known_ms, report_ms, tell_ms, reported_ms, told_ms, ended, why,
                changed_by, changed_ms)
            select r.id, r.version, r.kind, r.title, r.fields, r.known_ms, r.report_ms, r.tell_ms, r.reported_ms,
                r.told_ms, r.ended, \(why), r.changed_by, r.changed_ms
            from privacy_record r where r.id = \(id)
            on conflict do nothing
            """)
    }

    /// Every version that is kept of one entry, the newest first.
    package static func versions(
        _ id: RecordID, limit: Int, _ transaction: any ReadTransaction
    ) throws -> [Record] {
        try transaction.query(
            """
            select v.record_id, v.kind, v.title, v.fields, v.known_ms, v.report_ms, v.tell_ms, v.reported_ms, v.told_ms,
                v.ended, v.version, p.name, v.changed_ms, v.why
            from privacy_record_version v left join directory_person p on p.id = v.changed_by
            where v.record_id = \(id) order by v.version desc limit \(limit)
            """
        ) { row in
            var one = try record(row)
            one.why = try row.text(13)
            return one
        }
    }
}

extension Record {
    /// What another version says otherwise, by the titles of the fields.
    func changes(from older: Record, _ words: Words) -> [String] {
        var result = title == older.title ? [] : [words(.recordTitle)]
        result += kind.fields.filter { fields[$0.name] ?? "" != older.fields[$0.name] ?? "" }.map { words($0.title) }
        if known != older.known { result.append(words(.breachKnown)) }
        if reported != older.reported { result.append(words(.breachReported)) }
        if told != older.told { result.append(words(.breachTold)) }
        if ended != older.ended { result.append(words(.recordEnded)) }
        return result
    }
}
